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
from slokit.evaluation.conditions import BurnCondition, Comparison
from slokit.evaluation.sums import WindowedSums, objects
from slokit.rational import ceil_fraction, floor_fraction
from slokit.timeline import DurationLike
from slokit.windows import RollingGrid

__all__ = ["budget_window", "spends"]


def spends(
    sums: WindowedSums, share: Fraction, window: DurationLike | int | None, op: Comparison
) -> npt.NDArray[np.bool_]:
    """Say where more than a share of the budget was spent: bool, shape ``(..., n)``; see ``Evaluation.spent``."""
    if window is None and isinstance(sums.grid, RollingGrid):
        # The same window on both sides: a burn rate, and its kernel is the faster one.
        return np.asarray(exceeds(sums.bad, sums.total, [sums.question(BurnCondition(share, (), op))])[0])
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


def budget_window(sums: WindowedSums) -> int:
    """Return how many buckets a rolling window as long as the objective's holds; a calendar's at its nominal length.

    Raises
    ------
    InvalidWindow
        If that is no whole number.
    """
    return sums.grid.width if isinstance(sums.grid, RollingGrid) else sums.buckets(sums.nominal)
