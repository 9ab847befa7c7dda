"""The algebra of counts: merge, resample, sum, cut and stretch.

Merging two counts of one step, phase and axes is associative and commutative, and counts without buckets are its
identity: shards may be added in any order and any grouping. That holds because each bucket is in one of three states
and each operation takes the greatest:

=============  ============================  ===========================================
operation      order of the states           why
=============  ============================  ===========================================
merge          unobserved < seen < excluded  a span agreed to be out is out for all
resample, sum  unobserved < excluded < seen  a wide bucket is judged on what is left of it
=============  ============================  ===========================================

The two orders differ, so merging and resampling commute only where nothing is excluded: exclude after merging.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from slokit._kernels.halves import overflows
from slokit.counts.axes import Rows, kept
from slokit.counts.parts import LARGEST, Mask, Numbers, Parts, everywhere, nowhere, refuse_overflow, uniform
from slokit.errors import InvalidCounts, InvalidTimeline
from slokit.timeline import MAX_BUCKETS, Timeline, duration_text, instant_text

__all__ = ["between", "exclude", "extend", "merge", "resample", "sum_axis", "take"]

Scalar = TypeVar("Scalar", np.int64, np.bool_)


def merge(a: Parts, b: Parts) -> Parts:
    """Add two counts, bucket by bucket, over the union of their timelines."""
    if a.axes != b.axes:
        raise InvalidCounts(
            f"counts to be added must have the same axes and labels in one order, got {_named(a)} and {_named(b)}; "
            "sel() or sum() them to what they share"
        )
    timeline = a.timeline.union(b.timeline)  # refuses another step or phase, of empty counts too
    if not (a.timeline.size and b.timeline.size):
        # Of two empty ones the later start stands: Counts.empty() starts in 1970 and so changes neither.
        return max(a, b, key=lambda parts: (parts.timeline.size, parts.timeline.start))
    a, b = _stretched(a, timeline), _stretched(b, timeline)
    observed, excluded = _either(a.observed, b.observed), _either(a.excluded, b.excluded)
    totals = [_without(parts.total, excluded) for parts in (a, b)]
    if int(totals[0].max(initial=0)) + int(totals[1].max(initial=0)) > LARGEST:
        refuse_overflow(totals[0] > LARGEST - totals[1], timeline, a.axes, "merging")
    bad = _without(a.bad, excluded) + _without(b.bad, excluded)
    return Parts(timeline, a.axes, bad, totals[0] + totals[1], observed, excluded)


def resample(parts: Parts, step: int) -> Parts:
    """Sum buckets into wider ones, whose edges lie at ``phase + k * step`` wherever the data start."""
    old = parts.timeline
    if step == old.step:
        return parts
    if step % old.step:
        fits = max(step // old.step, 1) * old.step
        raise InvalidTimeline(
            f"step must be a multiple of the buckets' {duration_text(old.step)}, got {duration_text(step)}; "
            f"{duration_text(fits)} fits"
        )
    start = old.start - (old.start - old.phase) % step
    width = step // old.step
    skipped = (old.start - start) // old.step
    timeline = Timeline(start, step, -(-(skipped + old.size) // width) if old.size else 0)
    # The first wide bucket begins before the data when they do not start on its edge.
    first = np.maximum(np.arange(timeline.size) * width - skipped, 0)
    shape = (*parts.total.shape[:-1], timeline.size)
    if not old.size:
        return parts._replace(timeline=timeline)

    def wide(array: Numbers) -> Numbers:
        return np.add.reduceat(array, first, axis=-1)

    def some(mask: Mask) -> Mask:
        return np.logical_or.reduceat(mask, first, axis=-1)

    if int(parts.total.max(initial=0)) * width > LARGEST:
        refuse_overflow(overflows(wide, parts.total), timeline, parts.axes, "resampling")
    observed, excluded = _reduced(parts, some, shape)
    return Parts(timeline, parts.axes, wide(parts.bad), wide(parts.total), observed, excluded)


def sum_axis(parts: Parts, axis: int) -> Parts:
    """Sum over one leading dimension, which disappears."""
    axes = parts.axes[:axis] + parts.axes[axis + 1 :]
    shape = parts.total.shape[:axis] + parts.total.shape[axis + 1 :]
    if int(parts.total.max(initial=0)) * parts.total.shape[axis] > LARGEST:
        over = overflows(lambda array: np.asarray(array.sum(axis=axis)), parts.total)
        refuse_overflow(over, parts.timeline, axes, f"summing over {parts.axes[axis].name!r}")
    observed, excluded = _reduced(parts, lambda mask: np.logical_or.reduce(mask, axis=axis), shape)
    return Parts(parts.timeline, axes, parts.bad.sum(axis=axis), parts.total.sum(axis=axis), observed, excluded)


def between(parts: Parts, start: int | None, end: int | None) -> Parts:
    """Keep the buckets of a span whose ends lie on edges."""
    timeline = parts.timeline
    for name, instant in (("start", start), ("end", end)):
        if instant is not None and not timeline.is_edge(instant):
            raise InvalidTimeline(
                f"{name} must lie on an edge of the buckets of {duration_text(timeline.step)}, got "
                f"{instant_text(instant)}; the nearest are {instant_text(timeline.floor(instant))} and "
                f"{instant_text(timeline.ceil(instant))}"
            )
    if start is not None and end is not None and end < start:
        raise InvalidTimeline(f"end must not lie before start, got {instant_text(start)} to {instant_text(end)}")
    first = 0 if start is None else min(max(timeline.edge_index(start), 0), timeline.size)
    stop = timeline.size if end is None else min(max(timeline.edge_index(end), first), timeline.size)
    if (first, stop) == (0, timeline.size):
        return parts
    return _cut(parts, first, stop)


def extend(parts: Parts, since: int | None, until: int | None) -> Parts:
    """Add unobserved buckets, whole ones only, before and behind."""
    timeline = parts.timeline
    first = 0 if since is None else min(timeline.edge_index(timeline.ceil(since)), 0)
    stop = timeline.size if until is None else max(timeline.edge_index(until), timeline.size)
    return parts if (first, stop) == (0, timeline.size) else _stretched(parts, timeline.cut(first, stop))


def exclude(parts: Parts, mask: Mask) -> Parts:
    """Empty the buckets of a mask that broadcasts to the counts, and call them observed and excluded."""
    if not mask.any():
        return parts
    shape = parts.total.shape
    out = np.broadcast_to(mask, shape)
    observed = parts.observed if uniform(parts.observed) else parts.observed | out
    return parts._replace(
        bad=np.where(out, 0, parts.bad),
        total=np.where(out, 0, parts.total),
        observed=observed,
        excluded=out.copy() if uniform(parts.excluded) is False else parts.excluded | out,
    )


def take(parts: Parts, axis: int, rows: Rows) -> Parts:
    """Pick rows of one leading dimension; a single integer drops the dimension."""
    where = (slice(None),) * axis + (rows,)
    # A view of a uniform mask keeps its strides of zero; a row picked by a list is a copy, as numpy makes it.
    bad, total = (np.ascontiguousarray(array[where]) for array in (parts.bad, parts.total))
    observed, excluded = (_contiguous(mask, mask[where]) for mask in (parts.observed, parts.excluded))
    return Parts(
        parts.timeline,
        (*parts.axes[:axis], *kept(parts.axes[axis], rows), *parts.axes[axis + 1 :]),
        bad,
        total,
        observed,
        excluded,
    )


def _contiguous(whole: Mask, piece: Mask) -> Mask:
    """Return a piece of a mask, still of one element's memory where the whole was."""
    known = uniform(whole)
    return np.ascontiguousarray(piece) if known is None else np.broadcast_to(np.bool_(known), piece.shape)


def _cut(parts: Parts, first: int, stop: int) -> Parts:
    """Keep the buckets ``first`` to ``stop - 1``."""
    bad, total = (np.ascontiguousarray(array[..., first:stop]) for array in (parts.bad, parts.total))
    observed, excluded = (_contiguous(mask, mask[..., first:stop]) for mask in (parts.observed, parts.excluded))
    return Parts(parts.timeline.cut(first, stop), parts.axes, bad, total, observed, excluded)


def _stretched(parts: Parts, timeline: Timeline) -> Parts:
    """Lay counts into a timeline that holds theirs; what is new is unobserved."""
    if parts.timeline == timeline:
        return parts
    shape = (*parts.total.shape[:-1], timeline.size)
    if prod(shape) > MAX_BUCKETS:
        raise InvalidTimeline(
            f"counts must hold at most {MAX_BUCKETS:,} buckets, got {timeline.size:,} of "
            f"{duration_text(timeline.step)} in each of {prod(shape[:-1]):,} series; resample() them first, or take "
            "fewer series with sel()"
        )
    first = timeline.edge_index(parts.timeline.start)
    old = slice(first, first + parts.timeline.size)

    def laid(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
        wide = np.zeros(shape, array.dtype)
        wide[..., old] = array
        return wide

    excluded = nowhere(shape) if uniform(parts.excluded) is False else laid(parts.excluded)
    return Parts(timeline, parts.axes, laid(parts.bad), laid(parts.total), laid(parts.observed), excluded)


def _either(a: Mask, b: Mask) -> Mask:
    """Return ``a | b``, of one element's memory where it is known to be uniform."""
    for one, other in ((a, b), (b, a)):
        if uniform(one) is True or uniform(other) is False:
            return one
    return a | b


def _without(array: Numbers, excluded: Mask) -> Numbers:
    """Return the array with zeros where something is excluded."""
    return array if uniform(excluded) is False else np.where(excluded, 0, array)


def _reduced(parts: Parts, some: Callable[[Mask], Mask], shape: tuple[int, ...]) -> tuple[Mask, Mask]:
    """Return observed and excluded of buckets that each stand for several, by the second order of the table above."""
    if uniform(parts.excluded) is False:
        return (everywhere(shape) if uniform(parts.observed) else some(parts.observed)), nowhere(shape)
    return some(parts.observed), some(parts.excluded) & ~some(parts.observed & ~parts.excluded)


def _named(parts: Parts) -> str:
    """Say which axes counts have, and how many labels along each."""
    return ", ".join(f"{axis.name!r} ({len(axis.labels):,})" for axis in parts.axes) or "none"
