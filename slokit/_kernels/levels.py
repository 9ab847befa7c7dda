"""Many thresholds at once: how many of them each bucket exceeds, exact at every one of them.

Thresholds that rise are exceeded one after another: where a bucket exceeds the fifth it exceeds the first four. So one
small integer a bucket, its *level*, answers for all of them, and what follows (waiting, evidence, episodes, incidents)
is done once on levels instead of once for each threshold.

Floats find the level of nearly all buckets. A ratio that lies within their error of a threshold is decided by integers:
``q * bad > p * total``, in 64 bits where that is enough and in limbs where it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit._kernels import wide
from slokit._kernels.exceed import BoolArray
from slokit._kernels.ratios import window_ratios
from slokit._kernels.sums import FloatArray, IntArray, PrefixSums

__all__ = ["Levels", "Ratios", "Thresholds", "level_of", "lasting_levels"]

Levels = npt.NDArray[np.int32]
"""How many thresholds are exceeded at the end of each bucket, shape ``(n,)``."""

_INT64 = 2**63
# Ratios that are kept side by side: a quarter of a gigabyte.
_CELLS = 2**25
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

    def __len__(self) -> int:
        return len(self.floats)

    @property
    def least(self) -> float:
        """No ratio below it can exceed any of them."""
        return float(self.floats[0]) * (1 - _ERROR)


@dataclass(frozen=True, slots=True, eq=False)
class Ratios:
    """Bad events of a rolling window over all events of a window as long or of another length, each worked out once.

    Attributes
    ----------
    bad, total
        Running sums of one series, shape ``(n + 1,)``.
    """

    bad: PrefixSums
    total: PrefixSums
    _held: dict[tuple[int, int], FloatArray] = field(default_factory=dict)
    _above: dict[tuple[int, int, float], BoolArray] = field(default_factory=dict)

    def prepare(self, windows: Iterable[tuple[int, int]]) -> None:
        """Work out some ratios in one pass over the sums, where they are of windows of one length and not too many."""
        same = [one[0] for one in dict.fromkeys(windows) if one[0] == one[1]]
        if len(same) * self.bad.size <= _CELLS:
            for window, ratio in zip(same, window_ratios(self.bad, self.total, same), strict=True):
                self._held[window, window] = ratio

    def of(self, windows: tuple[int, int]) -> FloatArray:
        """Return the ratio of one window's bad events to another's events, NaN where that holds none: float64."""
        if windows not in self._held:
            few, many = self.bad.window_floats(windows[0]), self.total.window_floats(windows[1])
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = few / many
            # Bad events may lie before a shorter window that holds none at all.
            ratio[many == 0] = np.nan
            self._held[windows] = ratio
        return self._held[windows]

    def above(self, windows: tuple[int, int], least: float) -> BoolArray:
        """Say where the ratio is at least so much."""
        key = (*windows, least)
        if key not in self._above:
            self._above[key] = self.of(windows) >= least
        return self._above[key]


def level_of(ratios: Ratios, windows: Sequence[tuple[int, int]], thresholds: Thresholds) -> Levels:
    """Return how many thresholds all of some windows exceed at the end of each bucket.

    Parameters
    ----------
    ratios
        Of one series.
    windows
        Pairs of windows in buckets: bad events of the first are held against the events of the second.
    thresholds
        At least one.

    Examples
    --------
    >>> few, many = (PrefixSums.of(np.array(counts)) for counts in ([0, 1, 2, 9], [10, 10, 10, 10]))
    >>> three = Thresholds(np.array([0.1, 0.2, 0.5]), np.array([1, 1, 1], object), np.array([10, 5, 2], object))
    >>> level_of(Ratios(few, many), [(1, 1)], three).tolist()
    [0, 0, 1, 3]
    """
    above = ratios.above(windows[0], thresholds.least)
    for pair in windows[1:]:
        above = above & ratios.above(pair, thresholds.least)
    cells = np.flatnonzero(above)
    calmest = np.minimum.reduce([ratios.of(pair)[cells] for pair in windows])
    side = "left" if thresholds.strict else "right"
    found = np.searchsorted(thresholds.floats, calmest, side=side).astype(np.int32)
    open_cells = np.flatnonzero(_is_open(calmest, thresholds.floats, found))
    if open_cells.size:
        found[open_cells] = _settled(ratios, windows, thresholds, cells[open_cells], calmest[open_cells])
    levels = np.zeros(ratios.bad.size, dtype=np.int32)
    levels[cells] = found
    return levels


def _is_open(values: FloatArray, floats: FloatArray, found: Levels) -> BoolArray:
    """Say which values lie so near a threshold that floats cannot tell on which side."""
    above, below = floats[np.minimum(found, len(floats) - 1)], floats[np.maximum(found - 1, 0)]
    reach = values * _ERROR
    return np.asarray((np.abs(above - values) <= reach) | (np.abs(values - below) <= reach))


def _settled(
    ratios: Ratios,
    windows: Sequence[tuple[int, int]],
    thresholds: Thresholds,
    cells: IntArray,
    values: FloatArray,
) -> Levels:
    """Return the levels of cells that floats leave open, by halving the thresholds that are in question."""
    side = "left" if thresholds.strict else "right"
    low = np.searchsorted(thresholds.floats, values * (1 - 2 * _ERROR), side=side)
    high = np.searchsorted(thresholds.floats, values * (1 + 2 * _ERROR), side=side)
    while (rest := np.flatnonzero(low < high)).size:
        middle = (low[rest] + high[rest]) // 2
        exceeded = np.ones(rest.size, dtype=np.bool_)
        for pair in windows:
            exceeded &= _exceeds(ratios, pair, thresholds, cells[rest], middle)
        low[rest] = np.where(exceeded, middle + 1, low[rest])
        high[rest] = np.where(exceeded, high[rest], middle)
    return low.astype(np.int32)


def _exceeds(
    ratios: Ratios, pair: tuple[int, int], thresholds: Thresholds, cells: IntArray, which: IntArray
) -> BoolArray:
    """Say which cells exceed each its threshold, by integers."""
    compare = np.greater if thresholds.strict else np.greater_equal
    bad, total = ratios.bad, ratios.total
    p, q = thresholds.p[which], thresholds.q[which]
    most_p, most_q = (max(int(x) for x in set(some)) for some in (p, q))
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
