"""Many thresholds at once: how many of them each bucket exceeds, exact at every one of them.

Thresholds that rise are exceeded one after another: where a bucket exceeds the fifth it exceeds the first four. So one
small integer a bucket, its *level*, answers for all of them, and what follows (waiting, evidence, episodes, incidents)
is done once on levels instead of once for each threshold.

Floats find the level of nearly all buckets. A ratio that lies within their error of a threshold is decided by integers:
``q * bad > p * total``, in 64 bits where that is enough and in limbs where it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from slokit._kernels import wide
from slokit._kernels.exceed import BoolArray
from slokit._kernels.sums import FloatArray, PrefixSums

__all__ = ["Levels", "Pair", "Question", "Thresholds", "lasting_levels", "levels_of"]

Levels = npt.NDArray[np.int32]
"""How many thresholds are exceeded at the end of each bucket, shape ``(n,)``."""

_INT64 = 2**63
# A ratio carries the roundings of two sums and a quotient, a threshold that of p / q: less than ten half-ulps in all. A
# cell that is left to the integers without need only costs time.
_ERROR = 4e-15


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """Thresholds on ``bad / total``, in ascending order.

    Attributes
    ----------
    floats
        Each correctly rounded, float64, shape ``(k,)``.
    p, q
        Each as ``p / q``: object arrays of Python integers, ``0 <= p``, ``1 <= q``.
    strict
        True for ``>``. Otherwise ``>=``, and windows without events are still at level 0.
    """

    floats: FloatArray
    p: npt.NDArray[Any]
    q: npt.NDArray[Any]
    strict: bool = True

    @property
    def side(self) -> Literal["left", "right"]:
        """Where a ratio stands among them, if it is one of them."""
        return "left" if self.strict else "right"

    @property
    def least(self) -> float:
        """No ratio below it can exceed any of them."""
        return float(self.floats[0]) * (1 - _ERROR)


Cells = npt.NDArray[np.intp]
"""Which buckets are meant."""

Pair = tuple[int, int]
"""Windows in buckets: bad events of the first are held against the events of the second."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A question: how many of some thresholds all of some windows exceed.

    Attributes
    ----------
    pairs
        At least one pair of windows.
    thresholds
        At least one.
    """

    pairs: tuple[Pair, ...]
    thresholds: Thresholds


def levels_of(bad: PrefixSums, total: PrefixSums, questions: Sequence[Question]) -> list[Levels]:
    """Return how many thresholds are exceeded at the end of each bucket, for each of some questions.

    Parameters
    ----------
    bad, total
        Running sums of one series, shape ``(n + 1,)``.
    questions
        k of them.

    Returns
    -------
    list of ndarray of int32, each of shape ``(n,)``

    Examples
    --------
    >>> few, many = (PrefixSums.of(np.array(counts)) for counts in ([0, 1, 2, 9], [10, 10, 10, 10]))
    >>> three = Thresholds(np.array([0.1, 0.2, 0.5]), np.array([1, 1, 1], object), np.array([10, 5, 2], object))
    >>> [levels.tolist() for levels in levels_of(few, many, [Question(((1, 1),), three)])]
    [[0, 0, 1, 3]]
    """
    out = []
    for question, (cells, values) in zip(questions, _hot_cells(bad, total, questions), strict=True):
        thresholds = question.thresholds
        found = np.searchsorted(thresholds.floats, values, side=thresholds.side).astype(np.int32)
        open_cells = np.flatnonzero(_is_open(values, thresholds.floats, found))
        if open_cells.size:
            found[open_cells] = _settled(bad, total, question, cells[open_cells], values[open_cells])
        levels = np.zeros(bad.size, dtype=np.int32)
        levels[cells] = found
        out.append(levels)
    return out


def _hot_cells(bad: PrefixSums, total: PrefixSums, questions: Sequence[Question]) -> list[tuple[Cells, FloatArray]]:
    """Return the buckets that may exceed the least threshold of each question, and the least ratio of its windows.

    Most buckets are calm, and are found out by one comparison a window: ``F[t] = B[t] - c * N[t]`` rises over a window
    that holds a larger share than ``c``, as in :mod:`slokit._kernels.exceed`. Here ``F`` is a float, and a margin keeps
    what its rounding might lose. Ratios are worked out for the others alone.
    """
    few = _Gains.of(bad, {pair[0] for question in questions for pair in question.pairs})
    many = _Gains.of(total, {pair[1] for question in questions for pair in question.pairs})
    tilted: dict[float, tuple[FloatArray, FloatArray]] = {}
    hot: dict[tuple[Pair, float], BoolArray] = {}
    found = []
    for question in questions:
        least = question.thresholds.least
        for pair in question.pairs:
            if (pair, least) in hot:
                continue
            if few.running is None or many.running is None or pair[0] != pair[1]:
                hot[pair, least] = few.all(pair[0]) >= many.all(pair[1]) * (least * (1 - _ERROR))
                continue
            if least not in tilted:
                before = few.running - least * many.running
                # Each of the two ends is off by less than two roundings of what it is made of.
                tilted[least] = before, before + _ERROR * (bad.row_bound + least * total.row_bound)
            hot[pair, least] = _rises_over(*tilted[least], pair[0])
        cells = np.flatnonzero(np.logical_and.reduce([hot[pair, least] for pair in question.pairs]))
        values = np.minimum.reduce([_ratio(few, many, pair, cells) for pair in question.pairs])
        kept = values >= least
        found.append((cells[kept], values[kept]))
    return found


def _rises_over(before: FloatArray, after: FloatArray, window: int) -> BoolArray:
    """Say over which windows a running sum does not fall by more than what lies between its two forms."""
    out = np.empty(before.size - 1, dtype=np.bool_)
    width = min(window, out.size)
    np.greater_equal(after[1 : width + 1], before[0], out=out[:width])
    np.greater_equal(after[width + 1 :], before[1 : out.size - width + 1], out=out[width:])
    return out


def _ratio(few: _Gains, many: _Gains, pair: Pair, cells: Cells) -> FloatArray:
    """Return the ratio of bad events to all at some cells, NaN where the second window holds none."""
    below = many.at(pair[1], cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = few.at(pair[0], cells) / below
    # Bad events may lie before a shorter window that holds none at all.
    return np.where(below == 0, np.nan, ratio)


@dataclass(frozen=True, slots=True, eq=False)
class _Gains:
    """What running sums gain over windows, as floats.

    Attributes
    ----------
    sums
        The running sums.
    running
        The same as floats, where floats hold them exactly; else None.
    whole
        Else the sums of all windows, by window.
    """

    sums: PrefixSums
    running: FloatArray | None
    whole: dict[int, FloatArray]

    @classmethod
    def of(cls, sums: PrefixSums, windows: set[int]) -> _Gains:
        if sums.fits_floats():
            return cls(sums, sums.values.astype(np.float64), {})
        return cls(sums, None, {window: sums.window_floats(window) for window in windows})

    def all(self, window: int) -> FloatArray:
        """Return the sums of the windows that end with each bucket."""
        return self.whole[window] if self.running is None else self.sums.window_floats(window)

    def at(self, window: int, cells: Cells) -> FloatArray:
        """Return the sums of the windows that end with some buckets."""
        if self.running is None:
            return self.whole[window][cells]
        return self.running[cells + 1] - self.running[np.maximum(cells + 1 - window, 0)]


def _is_open(values: FloatArray, floats: FloatArray, found: Levels) -> BoolArray:
    """Say which values lie so near a threshold that floats cannot tell on which side."""
    above, below = floats[np.minimum(found, len(floats) - 1)], floats[np.maximum(found - 1, 0)]
    reach = values * _ERROR
    return np.asarray((np.abs(above - values) <= reach) | (np.abs(values - below) <= reach))


def _settled(bad: PrefixSums, total: PrefixSums, question: Question, cells: Cells, values: FloatArray) -> Levels:
    """Return the levels of cells that floats leave open, by halving the thresholds that are in question."""
    thresholds = question.thresholds
    low, high = (
        np.searchsorted(thresholds.floats, values * (1 + off), side=thresholds.side)
        for off in (-2 * _ERROR, 2 * _ERROR)
    )
    while (rest := np.flatnonzero(low < high)).size:
        middle = (low[rest] + high[rest]) // 2
        exceeded = np.ones(rest.size, dtype=np.bool_)
        for pair in question.pairs:
            exceeded &= _exceeds(bad, total, pair, thresholds, cells[rest], middle)
        low[rest] = np.where(exceeded, middle + 1, low[rest])
        high[rest] = np.where(exceeded, high[rest], middle)
    return low.astype(np.int32)


def _exceeds(
    bad: PrefixSums,
    total: PrefixSums,
    pair: Pair,
    thresholds: Thresholds,
    cells: Cells,
    which: Cells,
) -> BoolArray:
    """Say which cells exceed each its threshold, by integers."""
    compare = np.greater if thresholds.strict else np.greater_equal
    p, q = thresholds.p[which], thresholds.q[which]
    most_p, most_q = max(p), max(q)
    if max(most_q * bad.bound(pair[0]), most_p * total.bound(pair[1]), most_p, most_q) < _INT64:
        few, many = bad.window_exact(pair[0], (cells,)), total.window_exact(pair[1], (cells,))
        return np.asarray(compare(few * q.astype(np.int64), many * p.astype(np.int64)))
    excess = wide.product_difference(
        bad.window_wide(pair[0], (cells,)),
        wide.from_objects(q),
        total.window_wide(pair[1], (cells,)),
        wide.from_objects(p),
    )
    return np.asarray(compare(wide.signs(excess), 0))


def lasting_levels(levels: Levels, count: int) -> Levels:
    """Return the lowest level of each bucket and the ``count - 1`` before it; before the data it was 0.

    A threshold that must have been exceeded for so long is exceeded where this is above it.

    Examples
    --------
    >>> lasting_levels(np.array([2, 3, 1, 2], np.int32), 2).tolist()
    [0, 2, 1, 1]
    """
    if count <= 1:
        return levels
    if count > levels.size:
        return np.zeros_like(levels)
    lowest, reach = levels, 1
    # Two overlapping spans make one up to twice as long.
    while reach < count:
        more = min(reach, count - reach)
        lowest = np.minimum(lowest[more:], lowest[:-more])
        reach += more
    return np.concatenate([np.zeros(count - 1, dtype=np.int32), lowest])
