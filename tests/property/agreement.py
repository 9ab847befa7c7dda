"""What it means for an evaluation to agree with the oracle, cell by cell.

Booleans and integers must be equal. Array floats must lie within 1e-12 of the truth, relative to it, be exactly zero
where the truth is zero, and NaN where there is no data. Floats of a scalar must be the doubles nearest to the exact
rationals. The checks take anything that has an evaluation's attributes, so that an implementation known to be wrong
can be held against them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isnan
from typing import Protocol

import numpy as np

from slokit import ErrorBudget, Evaluation, Status
from tests import oracle
from tests.oracle import Moment

TOLERANCE = Fraction(1, 10**12)
LARGEST = 2**63 - 1

Truth = Fraction | int | None


class Figures(Protocol):
    """The arrays of an error budget."""

    @property
    def allowed(self) -> object: ...
    @property
    def consumed(self) -> object: ...
    @property
    def remaining(self) -> object: ...
    @property
    def remaining_ratio(self) -> object: ...
    @property
    def exhausted(self) -> object: ...
    @property
    def bad_events_left(self) -> object: ...
    @property
    def basis(self) -> object: ...
    @property
    def is_estimate(self) -> object: ...


class Judged(Protocol):
    """The arrays of an evaluation."""

    @property
    def sli(self) -> object: ...
    @property
    def met(self) -> object: ...
    @property
    def missed(self) -> object: ...
    @property
    def has_data(self) -> object: ...
    @property
    def coverage(self) -> object: ...
    @property
    def error_budget(self) -> Figures: ...


def near(name: str, given: object, truths: Sequence[Sequence[Truth]]) -> None:
    """Check an array of floats against exact values, one list a row; None is NaN."""
    flat = np.asarray(given)
    assert flat.dtype == np.float64, f"{name} is {flat.dtype}"
    cells, exact = (
        flat.reshape(-1).tolist(),
        [None if truth is None else Fraction(truth) for row in truths for truth in row],
    )
    assert len(cells) == len(exact), f"{name} has {flat.shape} cells"
    for i, (cell, truth) in enumerate(zip(cells, exact, strict=True)):
        if truth is None:
            assert isnan(cell), f"{name}[{i}] is {cell!r} without data"
        elif truth == 0:
            assert cell == 0, f"{name}[{i}] is {cell!r}, must be exactly 0"
        else:
            assert not isnan(cell), f"{name}[{i}] is NaN, must be {float(truth)!r}"
            assert abs(Fraction(cell) - truth) <= TOLERANCE * abs(truth), f"{name}[{i}] is {cell!r}, not {truth}"


def same(name: str, given: object, truths: Sequence[Sequence[object]], kind: str) -> None:
    """Check an array of booleans or integers (dtype kind "b" or "i") for equality, one list a row."""
    flat = np.asarray(given)
    assert flat.dtype.kind == kind, f"{name} is {flat.dtype}"
    assert flat.reshape(-1).tolist() == [truth for row in truths for truth in row], f"{name} differs"


def _left(moment: Moment) -> int:
    # An array of int64 has no None, and stops at its largest number.
    return -1 if moment.budget.bad_events_left is None else min(moment.budget.bad_events_left, LARGEST)


def check_verdicts(ev: Judged, truths: list[list[Moment]]) -> None:
    """Check everything that is true or false."""
    same("has_data", ev.has_data, [[m.has_data for m in row] for row in truths], "b")
    same("met", ev.met, [[m.met for m in row] for row in truths], "b")
    same("missed", ev.missed, [[m.missed for m in row] for row in truths], "b")
    same("exhausted", ev.error_budget.exhausted, [[m.budget.exhausted for m in row] for row in truths], "b")


def check_figures(ev: Judged, truths: list[list[Moment]]) -> None:
    """Check everything that is a number."""
    near("sli", ev.sli, [[m.sli for m in row] for row in truths])
    near("coverage", ev.coverage, [[m.coverage for m in row] for row in truths])
    near("allowed", ev.error_budget.allowed, [[m.budget.allowed for m in row] for row in truths])
    near("consumed", ev.error_budget.consumed, [[m.budget.consumed for m in row] for row in truths])
    near("remaining", ev.error_budget.remaining, [[m.budget.remaining for m in row] for row in truths])
    near(
        "remaining_ratio", ev.error_budget.remaining_ratio, [[m.budget.remaining_ratio for m in row] for row in truths]
    )
    same("bad_events_left", ev.error_budget.bad_events_left, [[_left(m) for m in row] for row in truths], "i")


def check_basis(ev: Judged, truths: list[list[Moment]]) -> None:
    """Check what the budget is reckoned from; it depends on time alone, so all rows say the same."""
    for row in truths:
        assert np.asarray(ev.error_budget.basis).tolist() == [m.basis for m in row]
        assert np.asarray(ev.error_budget.is_estimate).tolist() == [m.is_estimate for m in row]


def check_moments(ev: Judged, truths: list[list[Moment]]) -> None:
    """Check every array of an evaluation, rows in C order."""
    check_verdicts(ev, truths)
    check_figures(ev, truths)
    check_basis(ev, truths)


def exactly(given: float | None, truth: Truth) -> None:
    """Check that a scalar is the double nearest to the exact value, or None."""
    assert given == (None if truth is None else float(truth))


def check_budget(budget: ErrorBudget, truth: oracle.Budget) -> None:
    """Check a scalar error budget."""
    exactly(budget.allowed, truth.allowed)
    assert budget.consumed == truth.consumed
    exactly(budget.remaining, truth.remaining)
    exactly(budget.remaining_ratio, truth.remaining_ratio)
    assert budget.exhausted is truth.exhausted
    assert budget.bad_events_left == truth.bad_events_left


def status_of(ev: Evaluation, when: int | None = None) -> Status:
    """Return the status of a single series, at an instant in nanoseconds or at the end."""
    status = ev.at() if when is None else ev.at(np.datetime64(when, "ns"))
    assert isinstance(status, Status)
    return status


def check_status(status: Status, moment: Moment, target: Fraction) -> None:
    """Check everything a status says about its window."""
    assert (status.good, status.bad, status.total) == (moment.good, moment.bad, moment.total)
    exactly(status.sli, moment.sli)
    exactly(status.burn_rate(), moment.burn)
    exactly(status.coverage, moment.coverage)
    assert status.met is (moment.met if moment.has_data else None)
    assert status.verdict == moment.verdict
    assert status.target == target
    assert status.time is not None
    assert round(status.time.timestamp() * 1_000_000) == moment.end // 1_000
    check_budget(status.error_budget, moment.budget)
    assert status.error_budget.basis == moment.basis
    if moment.has_data:
        left = moment.budget.bad_events_left
        for more in (1, 10**6) if left is None else (max(left, 1), left + 1):
            truth = oracle.can_take(target, moment.good, moment.bad, more, moment.fixed)
            assert status.error_budget.affords(bad=more) is truth
    assert bool(status.error_budget.is_estimate) is moment.is_estimate
