"""From an evaluation to statuses: one series at the end of one bucket, in Python integers."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, cast

import attrs
import numpy as np

from slokit.budget import Basis, ErrorBudget
from slokit.counts.axes import labels_of
from slokit.evaluation.sums import WindowedSums
from slokit.status import SHOWN, Status, StatusTable, Verdict
from slokit.timeline import to_datetime

if TYPE_CHECKING:
    from slokit.evaluation.evaluation import Evaluation

__all__ = ["least_budgets", "status_at"]


def status_at(evaluation: Evaluation, bucket: int, index: tuple[int, ...] = ()) -> Status:
    """Return the status of one series at the end of a bucket; -1 where there are no buckets.

    ``index`` is the place of the series along all leading axes.
    """
    source = attrs.evolve(evaluation, sums=evaluation._sums.picked((0, row) for row in index)) if index else evaluation
    slo, target, unit, sums = source.slo, source.target, source.unit, source._sums
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
    return Status(
        name=slo.name,
        labels=labels_of(evaluation.axes, index),
        time=None if bucket < 0 else to_datetime(sums.timeline.end_of(bucket)),
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


def least_budgets(evaluation: Evaluation) -> StatusTable:
    """Return the last statuses to show: of a large fleet those with the least budget, found without the others."""
    lead, size = evaluation._sums.lead, evaluation.timeline.size
    if prod(lead) <= SHOWN or not size:
        return evaluation.statuses()
    left = np.ravel(evaluation._budgets(np.array([size - 1])).remaining_ratio)
    rows = np.argsort(left, kind="stable")[:SHOWN]
    found = zip(*(x.tolist() for x in np.unravel_index(rows, lead)), strict=True)
    return StatusTable(evaluation.axes, tuple(status_at(evaluation, size - 1, index) for index in found), prod(lead))


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
