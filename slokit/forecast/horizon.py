"""Exhausted within a horizon, at the end of every bucket: the forecast as an array, for alerts and policies.

Over a rolling window the question is whether a straight line passes over any point of a stretch of ``E = v*B - u*N``
(bad events over what they may be): the line is what the recent pace adds, the points are what has left the window by
then. Asking at each point costs the horizon's length for each bucket. But a line is highest at one of its ends, so
where even that end lies below the stretch's least point the answer is no. That settles nearly all buckets of ordinary
data at once, and most pieces of the horizon for those that are left. Nothing is rounded: the bounds are integers too.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit._kernels.blocks import row_blocks
from slokit._kernels.sums import PrefixSums, at_start
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import check_evaluation
from slokit.evaluation.sums import WindowedSums, objects
from slokit.forecast.pace import Recent
from slokit.rational import ceil_fraction
from slokit.timeline import DurationLike, parse_duration
from slokit.windows import RollingGrid

__all__ = ["exhausts_within"]

BoolArray = npt.NDArray[np.bool_]
Integers = npt.NDArray[Any]
"""int64, or Python integers in an object array where those might not do."""

_INT64 = 2**63
# Cells that are compared one by one at a time.
_CELLS = 2**18


def exhausts_within(ev: Evaluation, horizon: DurationLike, *, recent: DurationLike = "1h") -> BoolArray:
    """Say at the end of which buckets the budget is exhausted, or will be within a horizon if the recent pace goes on.

    Each bucket's answer is that of :func:`forecast` for the evidence up to it. Without data in the objective's window
    it is False.

    Parameters
    ----------
    ev
        An evaluation, with any leading axes.
    horizon
        How far to look ahead, rounded up to whole buckets; ``"0s"`` asks for what is exhausted already. Beyond the
        window, or the end of a calendar period, the model does not look.
    recent
        How far back the pace is taken from, as for :func:`forecast`.

    Returns
    -------
    ndarray of bool
        Shape ``(..., n)``, exact.

    Raises
    ------
    InvalidDuration
        If a duration cannot be read.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> bad = [0, 0, 0, 1, 1, 1, 1]
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100] * 7, bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.5%", window="7h").evaluate(counts)
    >>> exhausts_within(ev, "1h")
    array([False, False, False, False,  True,  True,  True])
    >>> ev.error_budget.exhausted
    array([False, False, False, False, False,  True,  True])
    """
    check_evaluation(ev)
    sums, step = ev._sums, ev.timeline.step
    reach = -(-parse_duration(horizon, "horizon", least=0) // step)
    pace = Recent.of(recent, step).buckets
    if not sums.excluded.size:
        return np.zeros(sums.excluded.shape, dtype=np.bool_)
    if isinstance(sums.grid, RollingGrid):
        answer = _rolling(sums, sums.grid.width, min(reach, sums.grid.width), pace)
    else:
        answer = _calendar(sums, reach, pace)
    return np.asarray(answer & ev.has_data)


def _shares(sums: WindowedSums, most: int) -> tuple[Integers, Integers, int, int]:
    """Return the budget share of each series as ``u / v``, and the largest of each.

    ``most`` is the largest number that anything compared with a share is divided by: no quotient lies strictly between
    the share and its neighbour with that denominator, which is short where a target has many digits.
    """
    shares = [ceil_fraction(1 - target, max(most, 1)) for target in sums.targets.flat] or [Fraction(1)]
    shape = sums.targets.shape if sums.targets.size else ()
    u, v = ([x.numerator for x in shares], [x.denominator for x in shares])
    return objects(u, shape), objects(v, shape), max(u), max(v)


# --- rolling windows --------------------------------------------------------------------------------------------------


def _rolling(sums: WindowedSums, width: int, reach: int, pace: int) -> BoolArray:
    """Answer for all series of a rolling window of ``width`` buckets."""
    size = sums.timeline.size
    held = min(pace, size)
    u, v, most_u, most_v = _shares(sums, held * sums.total.bound(width) + reach * sums.total.bound(held))
    far = most_v * sums.bad.row_bound + most_u * sums.total.row_bound
    slope = most_v * sums.bad.bound(held) + most_u * sums.total.bound(held)
    fits = max(held * far + reach * slope, most_v) < _INT64
    bad, total = sums.bad.flat(), sums.total.flat()
    rows = len(bad.values)
    per_row = [np.broadcast_to(x, sums.lead).reshape(rows, 1) for x in (u, v)]
    out = np.empty((rows, size), dtype=np.bool_)
    for some in row_blocks(slice(0, rows), size):
        spent, all_events = (_running(x.rows(some), fits) for x in (bad, total))
        one_u, one_v = (x[some].astype(np.int64) if fits else x[some] for x in per_row)
        out[some] = _Model(spent, one_v * spent - one_u * all_events, width, pace).exhausts(reach)
    return out.reshape(*sums.lead, size)


def _running(sums: PrefixSums, fits: bool) -> Integers:
    """Return running sums that have not wrapped, shape ``(rows, n + 1)``."""
    if fits:
        return sums.values
    if sums.row_bound < _INT64:
        return sums.values.astype(object)
    values = np.zeros(sums.values.shape, dtype=object)
    np.cumsum(sums.buckets().astype(object), axis=-1, out=values[..., 1:])
    return values


class _Model:
    """Some rows under the model, as integers that fit their dtype.

    Parameters
    ----------
    bad
        Running sums, shape ``(rows, n + 1)``.
    excess
        ``v * bad - u * total``, likewise.
    width, pace
        Buckets of the window, and of the recent pace.
    """

    __slots__ = ("added", "bad", "excess", "held", "slope", "width")

    def __init__(self, bad: Integers, excess: Integers, width: int, pace: int) -> None:
        self.bad, self.excess, self.width = bad, excess, width
        self.held = np.minimum(np.arange(1, bad.shape[1]), pace)
        self.slope = excess[:, 1:] - at_start(excess, pace)
        self.added = bad[:, 1:] - at_start(bad, pace)

    def gone(self, row: Any, at: Any, k: Any) -> BoolArray:
        """Say where the budget is exhausted ``k`` buckets after the end of bucket ``at``; the arguments broadcast."""
        left = np.maximum(at + 1 - self.width + k, 0)
        more = self.excess[row, at + 1] - self.excess[row, left]
        some = (self.bad[row, at + 1] != self.bad[row, left]) | ((k > 0) & (self.added[row, at] > 0))
        return np.asarray((self.held[at] * more + k * self.slope[row, at] >= 0) & some, dtype=np.bool_)

    def gone_everywhere(self, k: int) -> BoolArray:
        """Say the same of all cells at once, which needs no index: ``(rows, n)``."""
        kept = self.width - k
        more, some = ((x[:, 1:] - at_start(x, kept)) if kept else 0 for x in (self.excess, self.bad))
        positive = some != 0 if not k else (some != 0) | (self.added > 0)
        return np.asarray((self.held * more + k * self.slope >= 0) & positive, dtype=np.bool_)

    def exhausts(self, reach: int) -> BoolArray:
        """Say where that is so for any of ``0 .. reach`` buckets: bool, shape ``(rows, n)``."""
        size = self.slope.shape[1]
        answer = self.gone_everywhere(0)
        if reach:
            answer |= self.gone_everywhere(reach)
        highest = self.held * (self.excess[:, 1:] - self._least(reach)) + np.maximum(reach * self.slope, 0)
        open_row, open_at = np.nonzero(np.asarray(highest >= 0, dtype=np.bool_) & ~answer)
        piece = isqrt(reach) + 1
        least = _sliding_min(self.excess, min(piece, size + 1))
        for k in range(1, reach, piece):
            if not open_row.size:
                break
            found = self._in_piece(open_row, open_at, k, min(k + piece, reach), least)
            answer[open_row[found], open_at[found]] = True
            open_row, open_at = open_row[~found], open_at[~found]
        return answer

    def _least(self, reach: int) -> Integers:
        """Return the least excess among what has left the window by any of ``0 .. reach`` buckets, ``(rows, n)``."""
        size = self.excess.shape[1] - 1
        least = np.empty(self.slope.shape, dtype=self.excess.dtype)
        # Windows that reach before the data: all that there is has left by the end of the stretch, or nothing.
        early = min(self.width - 1, size)
        last = np.maximum(np.arange(1, early + 1) - self.width + reach, 0)
        least[:, :early] = np.minimum.accumulate(self.excess, axis=1)[:, last]
        if early < size:
            least[:, early:] = _sliding_min(self.excess, reach + 1)[:, : size - early]
        return least

    def _in_piece(
        self, row: npt.NDArray[np.intp], at: npt.NDArray[np.intp], first: int, stop: int, least: Integers
    ) -> BoolArray:
        """Say for which of some cells the budget is exhausted after any of ``first .. stop - 1`` buckets."""
        begin = np.clip(at + 1 - self.width + first, 0, least.shape[1] - 1)
        slope = self.slope[row, at]
        highest = self.held[at] * (self.excess[row, at + 1] - least[row, begin]) + np.maximum(
            first * slope, (stop - 1) * slope
        )
        hopeful = np.flatnonzero(highest >= 0)
        found = np.zeros(len(row), dtype=np.bool_)
        k = np.arange(first, stop)
        many = max(_CELLS // len(k), 1)
        for begin_at in range(0, hopeful.size, many):
            some = hopeful[begin_at : begin_at + many]
            found[some] = self.gone(row[some, np.newaxis], at[some, np.newaxis], k).any(axis=1)
        return found


def _sliding_min(values: Integers, width: int) -> Integers:
    """Return the least of each ``width`` neighbours along the last axis, shape ``(..., n - width + 1)``.

    By doubling: two stretches of half the length, overlapping where the width is no power of two.
    """
    least, reached = values, 1
    while reached < width:
        step = min(reached, width - reached)
        least = np.minimum(least[..., :-step], least[..., step:])
        reached += step
    return least


# --- calendar windows -------------------------------------------------------------------------------------------------


def _calendar(sums: WindowedSums, reach: int, pace: int) -> BoolArray:
    """Answer for all series of a calendar window: to the end of each bucket's period, or as far as the reach.

    Nothing leaves a period, so both bounds are straight lines. That of a known or expected total only rises: it is
    reached from some bucket on, and from there the other line is highest at one of its ends.
    """
    at = np.arange(sums.timeline.size)
    to_come = np.minimum(sums.grid.to_come(at), reach)
    held = np.minimum(at + 1, pace)
    bad, total = (x.window_exact(sums.window) for x in (sums.bad, sums.total))
    whole, basis, _ = sums.basis_totals(at, total)
    more_bad, more = (x.window_exact(pace) for x in (sums.bad, sums.total))
    furthest, largest = int(to_come.max()), max(int(whole.max()), sums.total.bound(sums.window))
    pace_held = int(held.max())
    u, v, most_u, most_v = _shares(sums, pace_held * largest + furthest * sums.total.bound(pace))
    far = most_v * sums.bad.bound(sums.window) + most_u * largest
    slope = most_v * sums.bad.bound(pace) + most_u * sums.total.bound(pace)
    fits = max(pace_held * far + furthest * slope, most_v) < _INT64
    as_integers: Callable[[Any], Integers] = lambda x: np.asarray(x).astype(np.int64 if fits else object)  # noqa: E731
    u, v = (as_integers(x[..., np.newaxis] if x.ndim else x) for x in (u, v))
    bad, total, whole, more_bad, more = map(as_integers, (bad, total, whole, more_bad, more))
    last = as_integers(to_come)

    lacking = np.where(basis == "elapsed", 0, held * (u * whole - v * bad))
    gain = v * more_bad
    reached = np.where(lacking <= 0, 0, np.where(gain > 0, -(-lacking // np.maximum(gain, 1)), last + 1))
    excess, rise = held * (v * bad - u * total), v * more_bad - u * more
    begin = np.minimum(reached, last)
    over = (excess + begin * rise >= 0) | (excess + last * rise >= 0)
    return np.asarray((reached <= last) & over, dtype=np.bool_)
