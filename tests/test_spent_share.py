"""The share of the budget that was spent, as one exact number; and what is refused besides."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, SLO, CalendarWindow, Counts, Evaluation
from slokit.errors import InvalidWindow, OutOfTimeline, WrongType
from slokit.evaluation.checks import check_evaluation, one_series
from tests.evaluations import evaluated

HOURS = st.lists(st.tuples(st.integers(0, 2**61), st.integers(0, 2**61)), min_size=1, max_size=30)
TARGETS = st.fractions(min_value=0, max_value=Fraction(99_999, 100_000), max_denominator=100_000)


def over(hours: list[tuple[int, int]], target: Fraction, window: str | timedelta | CalendarWindow) -> Evaluation:
    """Hold pairs of good and bad events, an hour each, against a target, half a day before a month begins."""
    bad, total = [lost for _, lost in hours], [good + lost for good, lost in hours]
    return evaluated(bad, total, target=target, window=window, start="2026-01-31T12:00Z", step="1h")


@given(hours=HOURS, target=TARGETS, width=st.integers(1, 40), part=st.integers(1, 40), data=st.data())
def test_a_rolling_window_spent_what_fractions_say(
    hours: list[tuple[int, int]], target: Fraction, width: int, part: int, data: st.DataObject
) -> None:
    """Bad events of the one window over what the target allows of the events of the other; None without any."""
    bucket = data.draw(st.integers(-len(hours), len(hours) - 1), label="bucket")
    ev = over(hours, target, timedelta(hours=width))
    stop = bucket % len(hours) + 1
    allowed = (1 - target) * sum(good + bad for good, bad in hours[max(stop - width, 0) : stop])
    for window, length in ((None, width), (timedelta(hours=part), part)):
        spent = sum(bad for _, bad in hours[max(stop - length, 0) : stop])
        assert ev.spent_share(window, bucket) == (Fraction(spent) / allowed if allowed else None)


@given(hours=HOURS, target=TARGETS, part=st.none() | st.integers(1, 40))
def test_the_share_is_where_more_ends_and_at_least_begins(
    hours: list[tuple[int, int]], target: Fraction, part: int | None
) -> None:
    """In a month of which half a day is known too: at least exactly that share was spent, and not more."""
    ev = over(hours, target, CalendarWindow("month"))
    window = None if part is None else timedelta(hours=part)
    for bucket in range(len(hours)):
        share = ev.spent_share(window, bucket)
        if share is None:
            assert not ev.spent(0, window, op="gte")[bucket]
        else:
            assert ev.spent(share, window, op="gte")[bucket]
            assert not ev.spent(share, window)[bucket]


@given(hours=HOURS, target=TARGETS)
def test_what_a_budget_has_left_is_what_was_not_spent(hours: list[tuple[int, int]], target: Fraction) -> None:
    """The share is that of the error budget, of which a status shows the rounded rest."""
    ev = over(hours, target, CalendarWindow("month"))
    share = ev.spent_share()
    left = ev.at().error_budget.remaining_ratio
    assert (left is None) if share is None else (left == float(1 - share))


def test_a_period_without_an_event_yet_has_spent_no_share() -> None:
    """Whatever is expected of it: there is nothing to judge, as in its status."""
    ev = evaluated([0, 2], [0, 10], window=CalendarWindow("month"), expected_total=1000, step="1h")
    assert (ev.spent_share(bucket=0), ev.spent_share(bucket=1)) == (None, Fraction(2, 10))
    assert ev.at("2026-01-01T01:00Z").error_budget.remaining_ratio is None


def test_a_short_window_is_held_against_a_long_budget() -> None:
    """The budget of the last three hours, of which the one before does not count."""
    ev = evaluated([90, 1, 1, 3], [900, 100, 100, 300], window="3h", step="1h")
    assert (ev.spent_share("1h"), ev.spent_share("2h"), ev.spent_share()) == (
        Fraction(3, 5),
        Fraction(4, 5),
        Fraction(1),
    )


def test_the_share_is_that_of_one_series_and_bucket() -> None:
    """Several series have no one share, and where there is no bucket nothing was spent."""
    counts = Counts.from_buckets(
        start="2026-01-01T00:00Z", step="1h", total=[[9, 9]] * 2, bad=[[0, 1]] * 2, labels={"region": ["eu", "us"]}
    )
    ev = SLO("checkout", sli=SLI.ratio("up"), target="50%", window="2h").evaluate(counts)
    assert ev.sel(region="us").spent_share() == Fraction(1, 9)
    with pytest.raises(WrongType, match="one series, got the axes 'region'; pick one"):
        ev.spent_share()
    for bucket in (2, -3):
        with pytest.raises(OutOfTimeline, match=f"bucket must be one of 2, got {bucket}"):
            ev[0].spent_share(bucket=bucket)
    with pytest.raises(InvalidWindow):
        ev[0].spent_share("90m")


@given(totals=st.lists(st.lists(st.integers(0, 2**61), min_size=3, max_size=3), min_size=1, max_size=4))
def test_what_is_allowed_is_the_same_of_each_series_alone(totals: list[list[int]]) -> None:
    """Exactly, whatever the sums; and nothing where there is no bucket."""
    labels = {"tenant": [f"t{i}" for i in range(len(totals))]}
    total = np.array(totals)
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=total, bad=total * 0, labels=labels)
    ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="3h").evaluate(counts)
    assert ev._sums.allowed(2).tolist() == [Fraction(sum(row), 1000) for row in totals]
    assert ev._sums.allowed(-1).tolist() == [0] * len(totals)


def test_what_is_no_evaluation_of_one_series_is_refused_by_name() -> None:
    """The message says which argument it was, what came, and what makes one."""
    with pytest.raises(WrongType, match=r"ev must be an Evaluation, got str: 'x'; slo\.evaluate"):
        check_evaluation("x")  # type: ignore[arg-type]
    with pytest.raises(WrongType, match=r"rates must be an Evaluation, got int"):
        one_series(5, "rates")  # type: ignore[arg-type]
    ev = over([(1, 0)], Fraction(1, 2), "1h")
    assert one_series(ev) is check_evaluation(ev) is ev
