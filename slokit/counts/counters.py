"""Counts from cumulative counters, as exporters publish them: totals since a start that nobody announced.

Only increases are evidence. A first sample is a baseline: what it counted happened before anybody looked, so its
bucket exists and holds nothing. An increase lands in the bucket of the sample that shows it, because when in between
it happened is not known. The rules of Prometheus' ``increase()`` apply without its extrapolation, which makes
fractions of events.

Two counters of one process restart together. That one of them fell proves it for both: from 100 to 5 requests and
from 2 to 2 errors is a restart with 5 requests and 2 errors since, and each counter by itself would show none of the
errors. A sample in which either is missing (NaN: a failed scrape, a stale marker) is no sample.

The pair is not read in one instant, so an error may be scraped before its request: an increase of the part above the
whole's. That is refused, or with ``on_conflict="carry"`` the excess waits for the next sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from slokit._arrays import array_of
from slokit.counts.axes import axes_of
from slokit.counts.buckets import subscript
from slokit.counts.events import gridded, span
from slokit.counts.intake import Instants, refuse_beyond, ticks_of
from slokit.counts.parts import LARGEST, Mask, Numbers, everywhere, nowhere, refuse_overflow
from slokit.counts.silence import heard_throughout
from slokit.counts.tally import buckets_of, extent, weigh
from slokit.errors import InvalidCounts, InvalidEvents, WrongType
from slokit.timeline import DurationLike, InstantLike, parse_duration

if TYPE_CHECKING:
    from slokit.counts.evidence import Counts

__all__ = ["from_counters"]


def from_counters(
    cls: type[Counts],
    timestamps: Instants,
    *,
    bad: npt.ArrayLike | None = None,
    total: npt.ArrayLike | None = None,
    good: npt.ArrayLike | None = None,
    step: DurationLike,
    unit: str | None = None,
    start: InstantLike | None = None,
    end: InstantLike | None = None,
    on_conflict: Literal["raise", "carry"] = "raise",
    max_gap: DurationLike | None = None,
    labels: Mapping[str, Iterable[Any]] | None = None,
) -> Counts:
    """Count what two cumulative counters show, such as errors and requests of an exporter.

    A first sample is only a baseline, and its bucket exists with zero. An increase lands in the bucket of the
    sample that shows it. Either counter falling is a restart of both, so that what they show was counted since. A
    sample with a NaN is none.

    Parameters
    ----------
    timestamps
        When the samples were taken, as in :meth:`from_events`; in any order.
    bad, total, good
        Two of them: cumulative whole numbers, time last, any number of leading dimensions.
    step, unit, start, end, max_gap
        As in :meth:`from_events`.
    on_conflict
        What to do where the part rises by more than the total: ``"raise"``, or ``"carry"`` the excess to the next
        sample. What still waits after the last one is in no count.
    labels
        One entry for each leading dimension, as in :meth:`from_buckets`.

    Raises
    ------
    InvalidCounts
        If a sample is no count, shapes do not fit, or the part rises by more than the total.
    InvalidEvents
        If two samples of one instant differ, or one lies outside of the timeline.

    Examples
    --------
    >>> from slokit.counts import Counts
    >>> Counts.from_counters(
    ...     [0, 60, 120, 180, 240, 300, 360], unit="s", step="1m", total=[0, 1, 2, 3, 2, 3, 4], bad=[0] * 7
    ... ).total
    array([0, 1, 1, 1, 2, 1, 1])
    """
    if on_conflict not in ("raise", "carry"):
        raise WrongType(f'on_conflict must be "raise" or "carry", got {on_conflict!r}')
    given = {name: value for name, value in (("bad", bad), ("good", good), ("total", total)) if value is not None}
    if len(given) != 2:
        raise WrongType(f"give two of good, bad and total, the third follows; got {', '.join(given) or 'none'}")
    ticks = ticks_of(timestamps, unit)
    (one, first), (other, second) = given.items()
    pair = Pair(one, other, *_readings(one, first, other, second, len(ticks.values)))
    leading = pair.first.shape[:-1]
    axes = axes_of(labels, leading)
    reach = extent(ticks.values) if len(ticks.values) else None
    if reach is not None:
        refuse_beyond(ticks, reach.low, reach.high)
    timeline = span(ticks, reach, parse_duration(step, "step"), start, end, int(np.prod(leading)))
    ticks, grid = gridded(ticks, timeline)
    # A counter only makes sense in order; the sort is stable, so that equal instants keep theirs.
    order = np.arange(len(ticks.values)) if reach is None or reach.ordered else np.argsort(ticks.values, kind="stable")
    gap = None if max_gap is None else parse_duration(max_gap, "max_gap") // ticks.length

    shape = (*leading, timeline.size)
    sums = {name: np.zeros(shape, np.int64) for name in given}
    over, observed = np.zeros(shape, np.bool_), np.ones(shape, np.bool_)
    for row in np.ndindex(*leading):
        kept = order[~pair.missing[row][order]]
        at = ticks.values[kept]
        increases = _increases(pair, row, kept, at, carry=on_conflict == "carry")
        for name, increase in zip(given, increases, strict=True):
            # The first sample is a baseline, so there is one increase less than there are samples.
            found, beyond = weigh(at[1:], grid, increase)
            sums[name][row], over[row] = found[0], over[row] | beyond[0]
        if gap is not None:
            heard = np.bincount(buckets_of(at, grid), minlength=timeline.size)[np.newaxis]
            observed[row] = heard_throughout(at, grid, heard, None, gap)[0]
    if "total" not in sums:
        over |= sums["bad"] > LARGEST - sums["good"]
        sums["total"] = sums["bad"] + sums["good"]
    refuse_overflow(over, timeline, axes, "adding up increases")
    bads = sums["bad"] if "bad" in sums else sums["total"] - sums["good"]
    seen = everywhere(shape) if observed.all() else observed
    return cls._trusted(timeline, axes, bads, sums["total"], seen, nowhere(shape))


class Pair(NamedTuple):
    """Readings of two counters, shape ``(..., samples)``; where ``missing``, neither says anything."""

    name: str
    other: str
    first: Numbers
    second: Numbers
    missing: Mask


def _readings(
    one: str, first: npt.ArrayLike, other: str, second: npt.ArrayLike, size: int
) -> tuple[Numbers, Numbers, Mask]:
    """Read two counters; a sample in which either is missing is none of either."""
    (a, no_a), (b, no_b) = _counter(first, one, size), _counter(second, other, size)
    if a.shape != b.shape:
        raise InvalidCounts(f"{one} and {other} must have one shape, got {a.shape} and {b.shape}")
    return a, b, no_a | no_b


def _counter(values: npt.ArrayLike, field: str, size: int) -> tuple[Numbers, Mask]:
    """Read one counter and where it is missing; Prometheus' samples are floats."""
    array = array_of(values, field, f"fill it with NaN, as in {field}.astype(float).filled(np.nan)", InvalidCounts)
    if array.ndim == 0 or array.shape[-1] != size:
        raise InvalidCounts(f"{field} must have one sample for each of {size:,} timestamps, got shape {array.shape}")
    if array.dtype.kind not in "iuf" and size:
        raise WrongType(f"{field} must be numbers, got dtype {array.dtype}; a missing sample is NaN")
    missing = np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, np.bool_)
    filled = np.where(missing, 0, array) if missing.any() else array
    wrong = (filled < 0) | (filled > LARGEST)
    if array.dtype.kind == "f":
        # LARGEST as a float is 2**63 itself, which is one too many.
        wrong |= (filled != np.floor(filled)) | (filled >= 2.0**63)
    if wrong.any():
        index = np.unravel_index(int(wrong.argmax()), wrong.shape)
        raise InvalidCounts(
            f"{field} must be a whole number from zero to 2**63 - 1: {subscript(field, index)} = {array[index]}"
        )
    return filled.astype(np.int64), missing


def _increases(pair: Pair, row: tuple[int, ...], kept: Numbers, at: Numbers, *, carry: bool) -> tuple[Numbers, Numbers]:
    """Return what each sample of one series shows beyond the sample before it, for both counters."""
    a, b = pair.first[row][kept], pair.second[row][kept]
    rise_a, rise_b = np.diff(a), np.diff(b)
    twice = (np.diff(at) == 0) & ((rise_a != 0) | (rise_b != 0))
    if twice.any():
        before, after = kept[int(twice.argmax())], kept[int(twice.argmax()) + 1]
        raise InvalidEvents(
            f"a counter must have one reading at an instant: samples {before} and {after} are of one and differ"
        )
    reset = (rise_a < 0) | (rise_b < 0)
    rise_a, rise_b = np.where(reset, a[1:], rise_a), np.where(reset, b[1:], rise_b)
    if pair.other != "total":
        return rise_a, rise_b
    wrong = rise_a > rise_b
    if not wrong.any():
        return rise_a, rise_b
    if not carry:
        first = int(wrong.argmax())
        index = (*row, int(kept[first + 1]))
        raise InvalidCounts(
            f"{pair.name} must not rise by more than total: {subscript(pair.name, index)} by {rise_a[first]:,}, "
            f"{subscript('total', index)} by {rise_b[first]:,} (and {int(wrong.sum()) - 1:,} more samples); "
            'on_conflict="carry" lets the excess wait for the next sample'
        )
    return _carried(rise_a, rise_b), rise_b


def _carried(part: Numbers, whole: Numbers) -> Numbers:
    """Let what rises above the whole wait until there is room; what still waits at the end is in no count.

    With ``d = part - whole`` and ``S`` its running sum, what waits after sample ``i`` is ``S[i] - min(0, S[0..i])``:
    the waiting line of Lindley, *The theory of queues with a single server*, 1952.
    """
    largest = max(int(part.max()), int(whole.max()))
    # Sums over many restarts of huge counters leave int64; Python's integers do not.
    kind = np.int64 if largest * len(part) <= LARGEST else np.object_
    line = np.cumsum(part.astype(kind) - whole.astype(kind))
    waiting = line - np.minimum(np.minimum.accumulate(line), 0)
    counted = part.astype(kind) + np.concatenate([[0], waiting[:-1]]) - waiting
    return np.asarray(counted, dtype=np.int64)
