"""Intervals for ratios and burn rates: how far the few events that were seen pin down the truth behind them.

Compliance is exact: what happened, happened. How a service would fare with more of the same traffic is another
question, and ten requests say little about it. Every answer here is an interval with its level, its method and the
assumption that it stands on, in words. That assumption is always the same one and is rarely quite true: failures come
in bursts, and then the true interval is wider.
"""

from __future__ import annotations

from slokit.statistics.intervals import (
    Interval,
    IntervalMethod,
    burn_rate_interval,
    difference_interval,
    ratio_bounds,
    ratio_interval,
    surely_above,
)

__all__ = [
    "Interval",
    "IntervalMethod",
    "burn_rate_interval",
    "difference_interval",
    "ratio_bounds",
    "ratio_interval",
    "surely_above",
]
