"""Evaluations, by example: what the properties draw too seldom to be relied on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, CalendarWindow, Counts, Evaluation

MIDNIGHT = "2026-01-01T00:00Z"


def evaluate(counts: Counts, window: Any, target: str = "50%", **options: Any) -> Evaluation:
    """Hold an objective against counts."""
    return SLO("answers", sli=SLI.ratio("answers"), target=target, window=window).evaluate(counts, **options)


def hours(start: str, size: int) -> Counts:
    """Return hours of ten events each, two of them bad."""
    return Counts.from_buckets(start=start, step="1h", bad=[2] * size, total=[10] * size)


# --- the period before ----------------------------------------------------------------------------------------------


def test_a_day_measured_from_its_first_bucket_on_is_expected_of_the_next() -> None:
    """Evidence that starts exactly on a period's edge holds all of that period: the next one is reckoned from it."""
    budget = evaluate(hours(MIDNIGHT, 30), CalendarWindow("day")).error_budget
    buckets = [0, 23, 25]
    assert budget.basis[buckets].tolist() == ["elapsed", "full", "expected"]
    assert budget.is_estimate[buckets].tolist() == [False, False, True]
    assert budget.allowed[buckets].tolist() == [5.0, 120.0, 120.0]
    assert budget.remaining[buckets].tolist() == [3.0, 72.0, 116.0]


def test_a_day_measured_from_its_second_bucket_on_says_nothing_of_the_next() -> None:
    """Part of a day is no day's traffic: the budget is that of what happened so far."""
    budget = evaluate(hours("2026-01-01T01:00Z", 30), CalendarWindow("day")).error_budget
    assert budget.basis[[0, 22, 24]].tolist() == ["elapsed", "full", "elapsed"]
    assert budget.allowed[[0, 22, 24]].tolist() == [5.0, 115.0, 10.0]


# --- equality -------------------------------------------------------------------------------------------------------


def test_evaluations_of_equal_evidence_are_equal() -> None:
    """Whether or not a total is expected; what was asked of them before does not matter."""
    for expected in (None, 500):
        one, other = (evaluate(hours(MIDNIGHT, 6), CalendarWindow("day"), expected_total=expected) for _ in range(2))
        one.at()
        assert one == other


@pytest.mark.parametrize(("one", "other"), [(500, None), (500, 501)])
def test_what_is_expected_of_a_period_tells_evaluations_apart(one: int, other: int | None) -> None:
    """Their budgets differ, so they do."""
    first, second = (
        evaluate(hours(MIDNIGHT, 6), CalendarWindow("day"), expected_total=expected) for expected in (one, other)
    )
    assert first.error_budget.allowed[-1] != second.error_budget.allowed[-1]
    assert first != second


def test_what_is_expected_of_each_series_tells_evaluations_apart() -> None:
    """One number for all series equals neither two of it that differ nor fewer series."""
    pair = Counts.from_buckets(
        start=MIDNIGHT, step="1h", bad=[[1], [1]], total=[[9], [9]], labels={"tenant": ["acme", "globex"]}
    )
    day = CalendarWindow("day")
    assert evaluate(pair, day, expected_total=[500, 700]) != evaluate(pair, day, expected_total=[500, 500])
    assert evaluate(pair, day, expected_total=[500, 700])[0] == evaluate(pair, day, expected_total=[500, 500])[0]


# --- the worst of equals --------------------------------------------------------------------------------------------


def test_of_equal_series_the_first_is_the_worst() -> None:
    """Two tenants with the same peak: the first of the axis is named, with its first such window."""
    bad = [[0, 3, 0, 3], [3, 3, 0, 0], [3, 0, 0, 0]]
    counts = Counts.from_buckets(
        start=MIDNIGHT, step="1h", bad=bad, total=np.full((3, 4), 10), labels={"tenant": ["acme", "globex", "initech"]}
    )
    (worst,) = evaluate(counts, "4h").worst(["1h"])
    assert worst.labels == (("tenant", "acme"),)
    assert worst.end is not None
    assert worst.end.hour == 2


def test_more_bad_events_outrank_an_earlier_series() -> None:
    """Equal burn rates are no equals where one spent more."""
    counts = Counts.from_buckets(
        start=MIDNIGHT, step="1h", bad=[[3], [30]], total=[[10], [100]], labels={"tenant": ["acme", "globex"]}
    )
    (worst,) = evaluate(counts, "4h").worst(["1h"])
    assert (worst.labels, worst.bad) == ((("tenant", "globex"),), 30)
