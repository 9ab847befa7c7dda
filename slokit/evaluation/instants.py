"""From running sums to a status: one series at the end of one bucket, in Python integers."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np

from slokit.budget import Basis, ErrorBudget
from slokit.evaluation.sums import WindowedSums
from slokit.status import Status, Verdict
from slokit.timeline import to_datetime

if TYPE_CHECKING:
    from slokit.protocols import EventSource, Objective

__all__ = ["status_at"]


def status_at(
    bucket: int,
    *,
    slo: Objective,
    target: Fraction,
    unit: str,
    sums: WindowedSums,
    labels: tuple[tuple[str, str], ...],
    source: EventSource,
) -> Status:
    """Return the status of one series at the end of a bucket; -1 where there are no buckets."""
    at = np.array([bucket])
    if bucket < 0:
        budget = ErrorBudget(target=target, good=0, bad=0, basis_total=0, unit=unit)
        held, seen, taken = 1, 0, 0
    else:
        first, stop = sums.first(bucket), bucket + 1
        good, bad = sums.events(first, stop)
        so_far = np.empty(1, dtype=object)
        so_far[0] = good + bad
        whole, basis, is_estimate = sums.basis_totals(at, so_far)
        budget = ErrorBudget(
            target=target,
            good=good,
            bad=bad,
            basis_total=int(whole[0]),
            basis=cast("Basis", str(basis[0])),
            is_estimate=bool(is_estimate[0]),
            unit=unit,
        )
        held = int(sums.grid.held(at)[0])
        seen = sums.observed.one_window((), first, stop)
        taken = int(np.count_nonzero(sums.excluded[first:stop]))
    timeline = sums.timeline
    return Status(
        name=slo.name,
        labels=labels,
        time=None if bucket < 0 else to_datetime(timeline.start + (bucket + 1) * timeline.step),
        good=budget.good,
        bad=budget.bad,
        coverage=float(Fraction(seen, held)),
        verdict=_verdict(sums, budget, bucket),
        target=target,
        window=slo.window,
        unit=unit,
        error_budget=budget,
        excluded_share=float(Fraction(taken, held)),
        source=source,
        bucket=bucket,
    )


def _verdict(sums: WindowedSums, budget: ErrorBudget, bucket: int) -> Verdict:
    """Judge a window, or a running period by what it may still come to."""
    bad, total, share = budget.bad, budget.total, 1 - budget.target
    if not total:
        return "no_data"
    to_come = int(sums.grid.to_come(np.array([bucket]))[0])
    if to_come == 0:
        return "met" if bad <= share * total else "missed"
    if sums.slice_worth is not None:
        rest = to_come * sums.slice_worth
        if bad > share * (total + rest):
            return "lost"
        if bad + rest <= share * (total + rest):
            return "secured"
    elif budget.target == 0:
        return "secured"
    # Nobody knows what the period will hold: at the traffic so far, the share spent outruns the share of time
    # passed exactly where the budget burns faster than 1.
    if budget.basis == "elapsed":
        return "at_risk" if bad > share * total else "on_track"
    passed = int(sums.grid.held(np.array([bucket]))[0])
    return "at_risk" if bad * (passed + to_come) > passed * share * budget.basis_total else "on_track"
