"""The obvious implementation, held against the same checks: each of its usual mistakes must be caught.

A property that passes says nothing until it has been seen to fail. :class:`Obvious` answers as an evening's work
would. Without a mistake it passes; each mistake below is one that published tools make, and the very strategies and
checks that slokit has to pass find it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.property.agreement import check_figures, check_verdicts, same
from tests.property.evidence import Evidence, evidences, rows, targets
from tests.property.test_alerts import thresholds

Array = np.ndarray[Any, Any]
NAN = float("nan")

# What the mistake is, and whether verdicts or only figures can show it.
MISTAKES = {
    "the target is a float": "verdicts",
    "one minus the target is a float": "verdicts",
    "prefix sums are floats": "verdicts",
    "prefix sums wrap": "verdicts",
    "products wrap": "verdicts",
    "exhausted means overspent": "verdicts",
    "zero traffic is perfect": "verdicts",
    "the window is a bucket longer": "verdicts",
    "the budget is a whole number": "figures",
    "remaining is one minus the burn": "figures",
    "remaining stops at zero": "figures",
    "bad events do not count as events": "figures",
    "coverage of what exists": "figures",
}


@dataclass(frozen=True)
class Cell:
    """What the double says of one window."""

    has_data: bool
    met: bool
    sli: float
    coverage: float
    allowed: float
    consumed: float
    remaining: float
    remaining_ratio: float
    exhausted: bool
    bad_events_left: int


class Column:
    """Cells, read one attribute at a time as arrays."""

    def __init__(self, cells: list[Cell]) -> None:
        self.cells = cells

    def __getattr__(self, name: str) -> Array:
        return np.array([getattr(cell, name) for cell in self.cells])

    @property
    def missed(self) -> Array:
        """Return where there is data and the objective is not met."""
        return np.array([cell.has_data and not cell.met for cell in self.cells])

    @property
    def error_budget(self) -> Column:
        """Return the same cells: a budget's names are others than an evaluation's."""
        return self


class Obvious:
    """A rolling objective over one row, with one mistake or none."""

    def __init__(self, row: oracle.Series, target: Fraction, width: int, mistake: str = "") -> None:
        self.row, self.target, self.mistake = row, target, mistake
        self.width = width + 1 if mistake == "the window is a bucket longer" else width

    def sums(self, events: tuple[int, ...]) -> list[Any]:
        """Return prefix sums, one more than there are buckets."""
        if self.mistake == "prefix sums are floats":
            return [0.0, *np.cumsum(np.array(events, dtype=float)).tolist()]
        if self.mistake == "prefix sums wrap":
            return [0, *np.cumsum(np.array(events, dtype=np.int64)).tolist()]
        return [0, *accumulate(events)]

    def column(self) -> Column:
        """Return every window's cell."""
        good, bad, seen = self.sums(self.row.good), self.sums(self.row.bad), self.sums(self.row.observed)
        cells = []
        for t in range(len(self.row)):
            first = max(t + 1 - self.width, 0)
            held = t + 1 - first if self.mistake == "coverage of what exists" else self.width
            coverage = int(seen[t + 1] - seen[first]) / held
            cells.append(self.cell(good[t + 1] - good[first], bad[t + 1] - bad[first], coverage))
        return Column(cells)

    def cell(self, good: float, bad: float, coverage: float) -> Cell:
        """Judge one window."""
        total = good + bad
        if not total > 0:
            perfect = self.mistake == "zero traffic is perfect"
            left = -1 if self.target == 0 else 0
            return Cell(perfect, perfect, 1.0 if perfect else NAN, coverage, 0.0, 0.0, 0.0, NAN, False, left)
        allowed = (1 - self.target) * Fraction(total)
        if self.mistake == "the budget is a whole number":
            allowed = Fraction(int((1 - float(self.target)) * total))
        remaining = allowed - Fraction(bad)
        share = float(remaining / allowed) if allowed else NAN
        if self.mistake == "remaining is one minus the burn":
            share = 1 - float(bad / total) / (1 - float(self.target))
        if self.mistake == "remaining stops at zero":
            remaining = max(remaining, Fraction(0))
        spent = remaining < 0 if self.mistake == "exhausted means overspent" else remaining <= 0
        return Cell(
            has_data=True,
            met=self.met(good, bad),
            sli=float(Fraction(good) / Fraction(total)),
            coverage=coverage,
            allowed=float(allowed),
            consumed=float(bad),
            remaining=float(remaining),
            remaining_ratio=share,
            exhausted=bool(bad > 0 and spent),
            bad_events_left=self.left(remaining),
        )

    def met(self, good: float, bad: float) -> bool:
        """Say whether the objective is met, in one of the ways people write it."""
        total = good + bad
        if self.mistake == "the target is a float":
            return bool(good / total >= float(self.target))
        if self.mistake == "one minus the target is a float":
            return bool(bad / total <= 1 - float(self.target))
        budget = 1 - self.target
        if self.mistake == "products wrap":
            spent = (budget.denominator * bad - budget.numerator * total + 2**63) % 2**64 - 2**63
            return bool(spent <= 0)
        return bool(Fraction(bad) <= budget * Fraction(total))

    def left(self, remaining: Fraction) -> int:
        """Return how many more bad events it can take, as int64 holds it."""
        if self.target == 0:
            return -1
        free = remaining if self.mistake == "bad events do not count as events" else remaining / self.target
        return int(min(max(0, free // 1), 2**63 - 1))


@st.composite
def cases(draw: st.DrawFn) -> tuple[oracle.Series, Fraction, int]:
    """Draw a row, a target and a width as the properties of Evaluation do."""
    target = draw(targets())
    return draw(rows(draw(st.integers(1, 16)), target, 0, 60 * oracle.NANOSECONDS)), target, draw(st.integers(1, 20))


def passes(case: tuple[oracle.Series, Fraction, int], mistake: str) -> bool:
    """Say whether the double passes what slokit has to pass."""
    row, target, width = case
    double, truth = Obvious(row, target, width, mistake).column(), [oracle.rolling(row, target, width)]
    try:
        check_verdicts(double, truth)
        if MISTAKES.get(mistake) != "verdicts":
            check_figures(double, truth)
    except AssertionError:
        return False
    return True


# A fixed seed: this asks whether the strategies reach a mistake, not whether they do so by luck. No shrinking.
SEARCH = settings(max_examples=600, derandomize=True, database=None, phases=[Phase.generate])


@given(case=cases())
def test_without_a_mistake_the_double_passes(case: tuple[oracle.Series, Fraction, int]) -> None:
    """What is caught below is caught for its mistake, not for being another implementation."""
    assert passes(case, "")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_caught(mistake: str) -> None:
    """The strategies find evidence on which the mistake shows, and the checks see it."""
    find(cases(), lambda case: not passes(case, mistake), settings=SEARCH)


@st.composite
def alert_cases(draw: st.DrawFn) -> tuple[Evidence, Fraction, Fraction, int]:
    """Draw evidence, target, threshold and width as the properties of alerts do."""
    target = draw(targets())
    evidence = draw(evidences(target, most_axes=0))
    width = draw(st.integers(1, 20))
    return evidence, target, draw(thresholds(evidence, target, [width])), width


def float_burning(row: oracle.Series, target: Fraction, threshold: Fraction, width: int, op: str) -> Array:
    """Return where a burn rate in floats exceeds the threshold in floats."""
    fires = []
    for t in range(len(row)):
        first = max(t + 1 - width, 0)
        good, bad = sum(row.good[first : t + 1]), sum(row.bad[first : t + 1])
        rate = bad / (good + bad) / (1 - float(target)) if good + bad else 0.0
        fires.append(rate >= float(threshold) if op == "gte" else rate > float(threshold))
    return np.array(fires, dtype=bool)


@pytest.mark.parametrize("op", ["gt", "gte"])
def test_burn_rates_in_floats_are_caught(op: str) -> None:
    """A division and a float threshold fire, or fail to, where fractions say otherwise."""

    def caught(case: tuple[Evidence, Fraction, Fraction, int]) -> bool:
        evidence, target, threshold, width = case
        (row,) = evidence.rows
        try:
            fires = float_burning(row, target, threshold, width, op)
            same("burning", fires, [oracle.burning(row, target, threshold, [width], op)], "b")
        except AssertionError:
            return True
        return False

    find(alert_cases(), caught, settings=SEARCH)


CLASSICS = (
    # Nine of ten at 90%: met, and one minus the float target says 0.09999999999999998.
    ("one minus the target is a float", [9], [1], "0.9"),
    ("one minus the target is a float", [1999], [1], "0.9995"),
    # 10**17 events, one good event short of 90%.
    ("the target is a float", [9 * 10**16 - 1], [10**16 + 1], "0.9"),
    # A budget of one event in ten, of which int() leaves none.
    ("the budget is a whole number", [9], [1], "0.9"),
    # Nothing is left, and the float says 8.9e-16.
    ("remaining is one minus the burn", [999], [1], "0.999"),
)


@pytest.mark.parametrize(("mistake", "good", "bad", "target"), CLASSICS)
def test_the_classic_examples_are_caught(mistake: str, good: list[int], bad: list[int], target: str) -> None:
    """The examples that everybody quotes fail the checks with the mistake, and pass without it."""
    case = (oracle.series(good, bad), Fraction(target), 1)
    assert not passes(case, mistake)
    assert passes(case, "")


def test_float_prefix_sums_forget_the_recent_past() -> None:
    """After a hundred buckets of 10**15 events, five windows of nine in ten read as nothing bad at all."""
    case = (oracle.series([10**15] * 100 + [9] * 5, [0] * 100 + [1] * 5), Fraction(9, 10), 5)
    assert not passes(case, "prefix sums are floats")
    assert passes(case, "")


def test_eight_buckets_of_two_to_the_62_are_not_nothing() -> None:
    """Prefix sums that wrap call a day without one bad event a day without data."""
    case = (oracle.series([2**62] * 8, [0] * 8), Fraction(999, 1000), 8)
    assert not passes(case, "prefix sums wrap")
    assert passes(case, "")
