"""A forecast equals the same future played out bucket by bucket in fractions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLO, CalendarWindow, Evaluation, RatioTimeslices, Timeslices
from slokit.forecast import Forecast, exhausts_within, forecast
from slokit.timeline import to_datetime
from tests import oracle
from tests.oracle import RATIO_UNITS, Series
from tests.property.evidence import Evidence, evidences, targets
from tests.property.test_evaluation import BUDGETS, calendars, length, objective, own_targets, per_label

pytestmark = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")

ROLLING = targets() | st.sampled_from((Fraction(1, 2), Fraction(2, 3), Fraction(9, 10)))


@dataclass(frozen=True)
class Future:
    """After how many buckets the budget is exhausted, and then when it no longer is; None if never."""

    has_data: bool
    gone: int | None
    back: int | None


def average(row: Series, t: int, recent: int) -> tuple[Fraction, Fraction]:
    """Return bad and total of an average bucket among the last few that exist."""
    last = range(max(0, t - recent + 1), t + 1)
    return Fraction(sum(row.bad[i] for i in last), len(last)), Fraction(sum(row.total(i) for i in last), len(last))


def verdicts(told: list[bool]) -> tuple[int | None, int | None]:
    """Return when the first of a run of answers is yes, and if that is now, when the first is no."""
    gone = next((k for k, yes in enumerate(told) if yes), None)
    return gone, next((k for k, yes in enumerate(told) if not yes), None) if gone == 0 else None


Play = Callable[[int, int], Future]
"""Plays out so many buckets from the end of a bucket of one row."""


def rolling(row: Series, target: Fraction, width: int, recent: int) -> Play:
    """Append the average bucket and drop the oldest, over and over; after one window nothing new can happen."""

    def play(t: int, steps: int) -> Future:
        bad, total = average(row, t, recent)
        none = Fraction(0)
        window = [
            (Fraction(row.bad[i]), Fraction(row.total(i))) if i >= 0 else (none, none)
            for i in range(t - width + 1, t + 1)
        ]
        spent, events = sum((b for b, _ in window), none), sum((n for _, n in window), none)
        has_data = events > 0
        told = []
        for k in range(min(steps, width) + 1):
            told.append(has_data and spent > 0 and spent >= (1 - target) * events)
            if k < width:
                spent, events = spent + bad - window[k][0], events + total - window[k][1]
        return Future(has_data, *verdicts(told))

    return play


def calendar(row: Series, target: Fraction, unit: str, zone: str, recent: int, moments: list[oracle.Moment]) -> Play:
    """Add the average bucket, over and over, to the end of the period."""

    def play(t: int, steps: int) -> Future:
        bad, total = average(row, t, recent)
        now = moments[t]
        to_come = (oracle.period(row.end(t) - row.step, unit, ZoneInfo(zone))[1] - row.end(t)) // row.step
        spent, events = Fraction(now.bad), Fraction(now.total)
        told = []
        for _ in range(min(steps, to_come) + 1):
            whole = events if now.basis == "elapsed" or now.fixed is None else max(Fraction(now.fixed), events)
            told.append(now.has_data and spent > 0 and spent >= (1 - target) * whole)
            spent, events = spent + bad, events + total
        return Future(now.has_data, *verdicts(told))

    return play


def check(found: Forecast, truth: Future, end: int, step: int) -> None:
    """Hold a forecast against a future."""

    def at(k: int | None) -> tuple[object, object]:
        return (None, None) if k is None else (to_datetime(end + k * step), timedelta(microseconds=k * step // 1000))

    assert found.has_data == truth.has_data
    assert found.time == to_datetime(end)
    assert (found.exhausts_at, found.exhausts_in) == at(truth.gone)
    assert (found.recovers_at, found.recovers_in) == at(truth.back)
    assert found.exhausted == (truth.gone == 0)
    assert found.lasts == (truth.has_data and truth.gone is None)


def check_all(data: st.DataObject, ev: Evaluation, evidence: Evidence, plays: list[Play], recent: int) -> None:
    """Hold the array against every bucket of every row, and the forecast against some buckets."""
    timeline = ev.timeline
    span, ahead = length(recent * timeline.step), data.draw(st.integers(0, 30), label="ahead")
    told = exhausts_within(ev, length(ahead * timeline.step), recent=span)
    assert told.shape == (*evidence.shape, timeline.size)
    truth = [[play(t, ahead).gone is not None for t in range(timeline.size)] for play in plays]
    assert told.reshape(len(plays), -1).tolist() == truth
    at = data.draw(st.lists(st.integers(0, timeline.size - 1), max_size=4, unique=True), label="buckets")
    for index, play in zip(evidence.indices(), plays, strict=True):
        one = ev[index] if index else ev
        for t in at:
            end = timeline.start + (t + 1) * timeline.step
            found = forecast(one, np.datetime64(end, "ns"), recent=span)
            check(found, play(t, 10_000), end, timeline.step)


@given(data=st.data(), target=ROLLING, width=st.integers(1, 24), recent=st.integers(1, 6))
def test_a_rolling_forecast_is_the_future_played_out(
    data: st.DataObject, target: Fraction, width: int, recent: int
) -> None:
    """Any counts, holes, axes and own targets: the bucket at which the budget goes, and the one at which it is back."""
    evidence = data.draw(evidences(target, sizes=st.integers(1, 24), most_axes=2))
    own, goals = own_targets(data, evidence, target)
    ev = per_label(objective(target, width * evidence.rows[0].step), own).evaluate(evidence.counts())
    plays = [rolling(row, goal, width, recent) for row, goal in zip(evidence.rows, goals, strict=True)]
    check_all(data, ev, evidence, plays, recent)


@given(data=st.data(), width=st.integers(20, 90), recent=st.integers(1, 6))
def test_long_windows_of_ordinary_counts(data: st.DataObject, width: int, recent: int) -> None:
    """Windows long enough that their stretches are searched in pieces, with bursts that come and leave."""
    target = data.draw(st.sampled_from((Fraction(1, 2), Fraction(9, 10), Fraction(99, 100))))
    size = data.draw(st.integers(1, 160))
    total = data.draw(st.lists(st.integers(0, 40), min_size=size, max_size=size))
    kinds = data.draw(st.lists(st.sampled_from((0, 0, 0, 0, 0, 1, 2, 100)), min_size=size, max_size=size))
    bad = [min(n, k) for n, k in zip(total, kinds, strict=True)]
    row = oracle.series([n - b for n, b in zip(total, bad, strict=True)], bad)
    evidence = Evidence((), (row,))
    ev = objective(target, width * row.step).evaluate(evidence.counts())
    check_all(data, ev, evidence, [rolling(row, target, width, recent)], recent)


@given(data=st.data(), target=BUDGETS, recent=st.integers(1, 6))
def test_a_calendar_forecast_is_the_future_played_out(data: st.DataObject, target: Fraction, recent: int) -> None:
    """Events, to the end of the period: against an expected total, that of the period before, or what happened."""
    evidence, unit, zone = data.draw(calendars(target))
    own, goals = own_targets(data, evidence, target)
    expected = data.draw(st.none() | st.none() | st.integers(1, 1000) | st.integers(1, 2**62))
    slo = per_label(objective(target, CalendarWindow(unit, tz=zone)), own)
    ev = slo.evaluate(evidence.counts(), expected_total=expected)
    plays = [
        calendar(
            row, goal, unit, zone, recent, oracle.calendar(row, goal, unit, ZoneInfo(zone), expected_total=expected)
        )
        for row, goal in zip(evidence.rows, goals, strict=True)
    ]
    check_all(data, ev, evidence, plays, recent)


@given(data=st.data(), target=BUDGETS, judged=targets() | st.none(), recent=st.integers(1, 6))
def test_a_calendar_forecast_of_slices(
    data: st.DataObject, target: Fraction, judged: Fraction | None, recent: int
) -> None:
    """Slices: the budget is the whole period's from the start, and bad slices are held against it."""
    evidence, unit, zone = data.draw(calendars(target if judged is None else judged))
    step = evidence.rows[0].step
    budgeting = RatioTimeslices(length(step)) if judged is None else Timeslices(length(step), target=judged)
    slo: SLO = objective(target, CalendarWindow(unit, tz=zone), budgeting=budgeting)
    ev = slo.evaluate(evidence.counts())
    worth = RATIO_UNITS if judged is None else 1
    rows = [oracle.sliced(row, step, judged) for row in evidence.rows]
    plays = [
        calendar(row, target, unit, zone, recent, oracle.calendar(row, target, unit, ZoneInfo(zone), slice_worth=worth))
        for row in rows
    ]
    check_all(data, ev, evidence, plays, recent)


@given(data=st.data(), target=ROLLING, width=st.integers(1, 12), ahead=st.integers(0, 15))
def test_an_answer_does_not_know_what_came_later(data: st.DataObject, target: Fraction, width: int, ahead: int) -> None:
    """At every bucket the array says what the evidence up to that bucket alone says."""
    evidence = data.draw(evidences(target, most_axes=1))
    step, size = evidence.rows[0].step, len(evidence.rows[0])
    slo, span = objective(target, width * step), length(2 * step)
    counts = evidence.counts()
    whole = exhausts_within(slo.evaluate(counts), length(ahead * step), recent=span)
    t = data.draw(st.integers(0, size - 1))
    until = np.datetime64(counts.timeline.start + (t + 1) * step, "ns")
    cut = exhausts_within(slo.evaluate(counts.between(end=until)), length(ahead * step), recent=span)
    assert cut.tolist() == whole[..., : t + 1].tolist()
