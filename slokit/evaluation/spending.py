"""How much of the whole budget went: what a window spent, held against the budget of the objective's window.

A burn rate compares a window's bad events with the events of the same window, a budget share with those of the
objective's window: a quiet night can burn fast and cost nothing. Both are ``q * bad > p * total`` in integers; here the
two sums come from windows of different lengths.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from slokit._kernels.exceed import exceeds
from slokit._kernels.spare import Spare
from slokit.evaluation.sums import WindowedSums, objects
from slokit.evaluation.thresholds import BurnThreshold, Comparison
from slokit.rational import ceil_fraction, floor_fraction
from slokit.timeline import DurationLike
from slokit.windows import RollingGrid

__all__ = ["budget_window", "share_of_budget", "spends", "spent_share", "spent_shares"]


def spends(
    sums: WindowedSums, share: Fraction, window: DurationLike | int | None, op: Comparison
) -> npt.NDArray[np.bool_]:
    """Say where more than a share of the budget was spent: bool, shape ``(..., n)``; see ``Evaluation.spent``."""
    if window is None and isinstance(sums.grid, RollingGrid):
        # The same window on both sides: a burn rate, and its kernel is the faster one.
        return np.asarray(exceeds(sums.bad, sums.total, [sums.question(BurnThreshold(share, (), op))])[0])
    if window is None:
        held = sums.total.window_exact(sums.window)
        whole = np.where(held > 0, sums.basis_totals(np.arange(sums.timeline.size), held)[0], 0)
        bad, most = sums.bad.window_exact(sums.window), int(whole.max(initial=0) if whole.size else 0)
    else:
        span = budget_window(sums)
        whole, bad = sums.total.window_exact(span), sums.bad.window_exact(sums.buckets(window))
        most = sums.total.bound(span)
    nearest = floor_fraction if op == "gt" else ceil_fraction
    limits = [nearest(share * (1 - target), max(most, 1)) for target in sums.targets.flat]
    shape = sums.targets.shape
    spare = Spare(
        whole, bad, objects([x.numerator for x in limits], shape), objects([x.denominator for x in limits], shape)
    )
    return np.asarray((spare.is_overspent() if op == "gt" else spare.is_gone()) & (whole > 0))


def spent_share(sums: WindowedSums, window: DurationLike | int | None, bucket: int) -> Fraction | None:
    """Return the share of its budget that one series spent at the end of a bucket; see ``Evaluation.spent_share``."""
    stop = bucket + 1
    if window is not None:
        return share_of_budget(sums, sums.events(max(stop - sums.buckets(window), 0), stop)[1], stop)
    allowed: Fraction = sums.allowed(bucket).item()
    return sums.events(sums.first(bucket), stop)[1] / allowed if allowed else None


def share_of_budget(sums: WindowedSums, bad: int, stop: int, index: tuple[int, ...] = ()) -> Fraction | None:
    """Return which share of a budget some bad events of one series are; None without data.

    The budget is that of a rolling window as long as the objective's that ends with the bucket before ``stop``.
    """
    whole = sums.total.one_window(index, max(stop - budget_window(sums), 0), stop)
    return Fraction(bad) / ((1 - sums.target_of(index)) * whole) if whole else None


def spent_shares(
    sums: WindowedSums, window: DurationLike | int, cells: tuple[npt.NDArray[np.intp], ...]
) -> npt.NDArray[np.float64]:
    """Return the shares of the budget that a rolling window spent at some cells with data, float64."""
    whole = sums.total.window_exact(budget_window(sums), cells).astype(np.float64)
    bad = sums.bad.window_exact(sums.buckets(window), cells).astype(np.float64)
    return np.asarray(bad / whole / sums.shares_at(cells))


def budget_window(sums: WindowedSums) -> int:
    """Return how many buckets a rolling window as long as the objective's holds; a calendar's at its nominal length.

    Raises
    ------
    InvalidWindow
        If that is no whole number.
    """
    return sums.grid.width if isinstance(sums.grid, RollingGrid) else sums.buckets(sums.nominal)
