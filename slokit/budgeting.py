"""Budgeting methods: what counts as one event against the budget.

The names and meanings are OpenSLO's. With Occurrences every event counts alike, so busy hours weigh more. With
Timeslices each slice of time is judged by a target of its own and then counts as one event: a minute of night weighs
as much as one at noon. "p99 below 200 ms in 99.9% of minutes" is a threshold indicator with Timeslices of one minute
and a slice target of 0.99 (the nearest-rank percentile), exact and without a sketch.

RatioTimeslices averages the slices' ratios, in units of 1e-9 rounded down: an average of ratios lets a quiet minute
outvote a busy one and is here for OpenSLO's sake.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown
from slokit._kernels import wide
from slokit._kernels.exceed import Question, exceeds
from slokit._kernels.sums import PrefixSums
from slokit.counts import Counts
from slokit.rational import RationalLike, parse_target, percent_text
from slokit.timeline import DurationLike, duration_text, parse_length

__all__ = ["Budgeting", "Occurrences", "RatioTimeslices", "Timeslices"]

RATIO_UNITS = 1_000_000_000


def _slice(value: DurationLike | int) -> int:
    return parse_length(value, "slice")


def _slice_target(value: RationalLike) -> Fraction:
    return parse_target(value, "slice target")


@attrs.frozen(repr=False)
class Occurrences(Shown):
    """Every event counts alike.

    Examples
    --------
    >>> Occurrences()
    Occurrences()
    """

    def __repr__(self) -> str:
        return "Occurrences()"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "counts", "each event"


@attrs.frozen(repr=False)
class Timeslices(Shown):
    """Each slice of time that had traffic counts as one event, good where it reaches a target of its own.

    Parameters
    ----------
    slice
        Length of a slice: text, a timedelta, a timedelta64, or integer nanoseconds, as it is kept.
    target
        At least this share of a slice's events must be good, ``0 <= target < 1``.

    Raises
    ------
    InvalidDuration
        If the length cannot be read.
    InvalidTarget
        If the target is out of range.

    Examples
    --------
    >>> Timeslices("1m", target=0.99)
    Timeslices('1m', target='99%')
    """

    slice: int = attrs.field(converter=_slice)
    target: Fraction = attrs.field(converter=_slice_target, kw_only=True)

    def __repr__(self) -> str:
        return f"Timeslices({duration_text(self.slice)!r}, target={percent_text(self.target)!r})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "slice", duration_text(self.slice)
        yield "target", percent_text(self.target)


@attrs.frozen(repr=False)
class RatioTimeslices(Shown):
    """Each slice of time that had traffic counts with its share of good events, in units of 1e-9, rounded down.

    Parameters
    ----------
    slice
        Length of a slice: text, a timedelta, a timedelta64, or integer nanoseconds, as it is kept.

    Examples
    --------
    >>> RatioTimeslices("5m")
    RatioTimeslices('5m')
    """

    slice: int = attrs.field(converter=_slice)

    def __repr__(self) -> str:
        return f"RatioTimeslices({duration_text(self.slice)!r})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "slice", duration_text(self.slice)


Budgeting = Occurrences | Timeslices | RatioTimeslices
"""A budgeting method."""


def slice_worth(budgeting: Budgeting) -> int | None:
    """Return what a slice counts; None for a method without slices."""
    match budgeting:
        case Timeslices():
            return 1
        case RatioTimeslices():
            return RATIO_UNITS
        case _:
            return None


def slices_missed(slices: Counts, target: Fraction) -> npt.NDArray[np.bool_]:
    """Say which buckets, each taken as a slice, have less than ``target`` of their events good; none without events.

    Parameters
    ----------
    slices
        Counts whose buckets are the slices.
    target
        From 0 to 1; at 1 one bad event is enough.

    Returns
    -------
    ndarray of bool, shape ``slices.shape``

    Examples
    --------
    >>> minutes = Counts.from_buckets(start="2026-01-01T00:00Z", step="1m", good=[99, 98, 0], bad=[1, 2, 0])
    >>> slices_missed(minutes, Fraction("0.99"))
    array([False,  True, False])
    """
    # A slice is a window of one bucket: the kernel's own question decides it.
    limit = 1 - target
    p, q = (np.array(x, dtype=object) for x in (limit.numerator, limit.denominator))
    return np.asarray(exceeds(PrefixSums.of(slices.bad), PrefixSums.of(slices.total), [Question(p, q, (1,))])[0])


def judged(counts: Counts, budgeting: Budgeting) -> Counts:
    """Turn events into what the method counts; unobserved slices stay unobserved."""
    if isinstance(budgeting, Occurrences):
        return counts
    slices = counts.resample(np.timedelta64(budgeting.slice, "ns"))
    if isinstance(budgeting, Timeslices):
        bad = slices_missed(slices, budgeting.target).astype(np.int64)
        total = (slices.total > 0).astype(np.int64)
    else:
        good = _billionths(slices)
        total = np.where(slices.total > 0, RATIO_UNITS, 0)
        bad = total - good
    return Counts._trusted(slices.timeline, slices.axes, bad, total, slices.observed, slices.excluded)


def _billionths(slices: Counts) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return ``floor(1e9 * good / total)`` of each slice, 0 without traffic."""
    total = np.maximum(slices.total, 1)
    if int(total.max(initial=1)) < 2**63 // RATIO_UNITS:
        return np.asarray(slices.good * RATIO_UNITS // total)
    none = wide.from_ints(np.zeros((), dtype=np.int64))
    scaled = wide.product_difference(wide.from_ints(slices.good), wide.from_ints(np.array(RATIO_UNITS)), none, none)
    return wide.floor_divide(scaled, wide.from_ints(total))
