"""Hostile numbers, each with its answer: the list that slokit was built against, as named tests.

The figures are those that a naive version really gave. The case numbers are those of the project's list; cases about
one module alone are tested beside that module.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import isnan, nan
from typing import Literal

import numpy as np
import pytest

from slokit import SLI, SLO, BurnRateAlert, CalendarWindow, Counts, ErrorBudget, Evaluation, Exclusion, Status, alerts
from slokit.errors import (
    InvalidCounts,
    InvalidNumber,
    InvalidTarget,
    InvalidWindow,
    MuchExcluded,
    SlokitError,
    SuspiciousTarget,
    WrongType,
)

START = "2026-01-01T00:00Z"


def evaluate(
    good: object, bad: object, target: object = "0.9", window: str = "5m", *, observed: object = None
) -> Evaluation:
    """Hold minutes of good and bad events against a rolling objective."""
    counts = Counts.from_buckets(start=START, step="1m", good=good, bad=bad, observed=observed)  # type: ignore[arg-type]
    return SLO("case", sli=SLI.ratio("case"), target=target, window=window).evaluate(counts)  # type: ignore[arg-type]


def status_of(ev: Evaluation, when: str | None = None) -> Status:
    """Return the status of a single series."""
    status = ev.at(when)
    assert isinstance(status, Status)
    return status


# --- 1 to 5: at the objective ---------------------------------------------------------------------------------------

AT_THE_OBJECTIVE = [
    (9, 1, "0.9"),
    (1999, 1, "0.9995"),
    (9999, 1, "0.9999"),
    (999, 1, "99.9%"),
    (99_990, 10, "99.99%"),
    (99_999, 1, "99.999%"),
]


@pytest.mark.parametrize(("good", "bad", "target"), AT_THE_OBJECTIVE)
def test_case_1_and_2_exactly_the_objective_is_met_and_exhausted(good: int, bad: int, target: str) -> None:
    """Good over total equal to the target is met, with exactly nothing left."""
    budget = ErrorBudget.of(target, good=good, bad=bad)
    assert budget.remaining == 0
    assert budget.remaining_ratio == 0
    assert budget.exhausted
    assert budget.bad_events_left == 0
    ev = evaluate([good], [bad], target)
    assert ev.met.tolist() == [True]
    assert ev.missed.tolist() == [False]
    assert ev.error_budget.remaining.tolist() == [0.0]
    assert ev.error_budget.remaining_ratio.tolist() == [0.0]
    assert ev.error_budget.exhausted.tolist() == [True]
    status = status_of(ev)
    assert status.met is True
    assert status.verdict == "met"


@pytest.mark.parametrize(("good", "bad", "target"), AT_THE_OBJECTIVE)
def test_case_1_one_good_event_less_is_missed(good: int, bad: int, target: str) -> None:
    """One event to the wrong side of the objective misses it."""
    ev = evaluate([good - 1], [bad + 1], target)
    assert ev.missed.tolist() == [True]
    assert status_of(ev).verdict == "missed"
    assert ev.error_budget.remaining[0] < 0


@pytest.mark.parametrize("text", ["99.9%", "0.999", 0.999, Decimal("0.999"), Fraction(999, 1000), Decimal("0.9990")])
def test_case_3_a_target_is_the_decimal_people_wrote(text: object) -> None:
    """However 99.9% is written, it is stored as 999/1000; a float means its shortest repr."""
    slo = SLO("case", sli=SLI.ratio("case"), target=text, window="30d")  # type: ignore[arg-type]
    assert slo.target == Fraction(999, 1000)
    assert slo == SLO("case", sli=SLI.ratio("case"), target="99.9%", window="30d")


def test_case_4_a_burn_of_exactly_the_threshold() -> None:
    """144 bad of 10,000 at 99.9% burn at exactly 72/5: an alert at 14.4 fires for gte only."""
    ev = evaluate([10_000 - 144], [144], "0.999")
    assert ev.burning(14.4, "1m", op="gte").tolist() == [True]
    assert ev.burning(14.4, "1m").tolist() == [False]
    assert status_of(ev).burn_rate("1m") == 14.4
    assert BurnRateAlert(long_window="1m", burn_rate=14.4, op="gte").fires(ev).tolist() == [True]
    assert BurnRateAlert(long_window="1m", burn_rate=14.4).fires(ev).tolist() == [False]
    # And the other way round: in floats, one of ten at 90% burns faster than 1.
    assert evaluate([9], [1], "0.9").burning(1, "1m").tolist() == [False]


def test_case_5_nothing_left_is_zero() -> None:
    """One bad in a thousand leaves exactly nothing, not 8.9e-16."""
    assert ErrorBudget.of("0.999", good=999, bad=1).remaining_ratio == 0
    assert evaluate([999], [1], "0.999").error_budget.remaining_ratio.tolist() == [0.0]


# --- 6 to 8, 46: size -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("total", "target"), [(10**17, "0.9"), (10**16, "0.999"), (10**18, "0.999999999999999")])
def test_case_6_one_good_event_short_of_a_vast_number(total: int, target: str) -> None:
    """With 10**16 events and more, a single good event still decides."""
    good = int(Fraction(target) * total)
    assert evaluate([good], [total - good], target).met.tolist() == [True]
    assert evaluate([good - 1], [total - good + 1], target).missed.tolist() == [True]


def test_case_7_huge_buckets_do_not_blur_the_small_ones_after_them() -> None:
    """After a hundred buckets of 10**15, five events at 9 in 10 are 9 in 10; float prefix sums say 80 of 80."""
    ev = evaluate([10**15] * 100 + [9] * 5, [0] * 100 + [1] * 5, "0.95")
    assert ev.sli[-1] == 0.9
    assert ev.missed[-1]
    status = status_of(ev)
    assert (status.good, status.bad, status.total) == (45, 5, 50)


def test_case_8_a_month_of_minutes_of_ten_to_the_fifteen() -> None:
    """43,200 x 10**15 events exceed int64: the answer is exact, not 6306511852580896768."""
    minutes = 43_200
    bad = np.full(minutes, 10**12)
    ev = evaluate(np.full(minutes, 10**15) - bad, bad, "99.9%", "30d")
    status = status_of(ev)
    assert status.total == 43_200 * 10**15
    assert status.bad == 43_200 * 10**12
    assert status.verdict == "met"
    assert status.error_budget.remaining == 0
    assert status.error_budget.exhausted
    assert ev.met.all()
    assert np.allclose(ev.error_budget.allowed, np.arange(1, minutes + 1) * 1e12, rtol=1e-12)
    bad[0] += 1
    worse = evaluate(np.full(minutes, 10**15) - bad, bad, "99.9%", "30d")
    assert worse.missed.all()


def test_case_8_a_thousand_buckets_of_nothing_but_good() -> None:
    """9.225e15 good events a bucket, a thousand times over, wrap int64; they are still all good."""
    ev = evaluate([9_225_000_000_000_000] * 1000, [0] * 1000, "99.9%", "1000m")
    assert ev.met.all()
    assert not ev.error_budget.exhausted.any()
    assert (ev.sli == 1).all()


def test_case_46_prefix_sums_that_wrap_to_zero() -> None:
    """Eight buckets of 2**62 sum to zero in int64: there is data, all of it good, and no alert fires."""
    ev = evaluate([2**62] * 8, [0] * 8, "99.9%", "8m")
    assert ev.has_data.all()
    assert ev.met.all()
    assert (ev.sli == 1).all()
    assert status_of(ev).total == 8 * 2**62
    rules = [
        BurnRateAlert(long_window="8m", short_window="2m", burn_rate=14.4),
        BurnRateAlert(long_window="3m", burn_rate="0.000001"),
    ]
    assert not alerts.fires(ev, rules).any()


# --- 9 to 11: what is no count --------------------------------------------------------------------------------------


def test_case_9_unsigned_and_small_integers_are_widened_first() -> None:
    """uint8 200 + 100 is 300 and not 44; a uint64 total one below its good is refused and not 2**64 - 1."""
    counts = Counts.from_buckets(
        start=START, step="1m", good=np.array([200], dtype=np.uint8), bad=np.array([100], dtype=np.uint8)
    )
    assert counts.total.tolist() == [300]
    with pytest.raises(InvalidCounts, match=r"good\[0\]"):
        Counts.from_buckets(
            start=START, step="1m", good=np.array([6], dtype=np.uint64), total=np.array([5], dtype=np.uint64)
        )


@pytest.mark.parametrize(
    ("good", "total"),
    [
        ([1.0, nan, 3.0], [5, 5, 5]),
        ([1.0, float("inf"), 3.0], [5, 5, 5]),
        ([1, -1, 3], [5, 5, 5]),
        ([1, 6, 3], [5, 5, 5]),
    ],
)
def test_case_10_what_cannot_be_counted_is_refused_with_its_place(good: object, total: object) -> None:
    """NaN, infinity, a negative and good above total name the bucket."""
    with pytest.raises(InvalidCounts, match=r"\[1\]"):
        Counts.from_buckets(start=START, step="1m", good=good, total=total)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "good",
    [
        [True, False],
        ["1", "2"],
        [None, 1],
        np.array([1, object()], dtype=object),
        [1, 2, 3],
        [0.5, 1.0],
        "12",
        None,
    ],
)
def test_case_11_only_whole_numbers_of_one_shape_are_counts(good: object) -> None:
    """Booleans, text, None, objects, other shapes and fractions are errors."""
    with pytest.raises(SlokitError):
        Counts.from_buckets(start=START, step="1m", good=good, total=[4, 4])  # type: ignore[arg-type]


# --- 12: nothing happened -------------------------------------------------------------------------------------------


def test_case_12_no_traffic_is_no_data() -> None:
    """Without events there is no ratio, no verdict and no alert, and the budget is untouched."""
    ev = evaluate([0, 0], [0, 0], "0.95")
    assert np.isnan(ev.sli).all()
    assert not ev.has_data.any()
    assert not ev.met.any()
    assert not ev.missed.any()
    assert not ev.error_budget.exhausted.any()
    assert ev.error_budget.allowed.tolist() == ev.error_budget.remaining.tolist() == [0.0, 0.0]
    op: Literal["gt", "gte"]
    for op in ("gt", "gte"):
        assert not ev.burning(1, "1m", op=op).any()
        assert not ev.burning("0.000001", "2m", op=op).any()
    status = status_of(ev)
    assert status.sli is None
    assert status.met is None
    assert status.burn_rate() is None
    assert status.verdict == "no_data"


def test_case_12_one_bad_event_alone_is_total_failure() -> None:
    """One bad event at 95%: nothing was good, and the burn rate is 20."""
    status = status_of(evaluate([0], [1], "0.95"))
    assert status.sli == 0
    assert status.burn_rate() == 20
    assert status.verdict == "missed"


def test_case_12_a_hole_is_not_a_quiet_minute() -> None:
    """An unobserved bucket lowers coverage, an observed one without traffic does not; neither has data."""
    hole = evaluate([0, 5], [0, 0], "0.9", "2m", observed=[False, True])
    quiet = evaluate([0, 5], [0, 0], "0.9", "2m")
    assert hole.coverage.tolist() == [0.0, 0.5]
    assert quiet.coverage.tolist() == [0.5, 1.0]
    assert hole.has_data.tolist() == quiet.has_data.tolist() == [False, True]


# --- 13: targets ----------------------------------------------------------------------------------------------------


def test_case_13_a_target_of_zero_is_a_budget_of_everything() -> None:
    """At target 0 all events may be bad, and no number says how many more."""
    budget = ErrorBudget.of(0, good=1, bad=9)
    assert (budget.allowed, budget.remaining, budget.bad_events_left) == (10, 1, None)
    assert budget.affords(bad=10**9)
    ev = evaluate([0], [7], 0)
    assert ev.met.tolist() == [True]
    assert ev.error_budget.bad_events_left.tolist() == [-1]


@pytest.mark.parametrize("target", [1, 1.0, "100%", 1.5, -0.1, "-1%", nan, float("inf"), "nan"])
def test_case_13_targets_outside_are_refused(target: object) -> None:
    """A target is at least 0 and below 1."""
    with pytest.raises((InvalidTarget, InvalidNumber)):
        SLO("case", sli=SLI.ratio("case"), target=target, window="30d")  # type: ignore[arg-type]


@pytest.mark.parametrize("target", [True, None, [0.9], b"0.9"])
def test_case_13_targets_of_other_types_are_refused(target: object) -> None:
    """A bool is no number here, and neither is anything else that is not one."""
    with pytest.raises(WrongType):
        SLO("case", sli=SLI.ratio("case"), target=target, window="30d")  # type: ignore[arg-type]


def test_case_13_a_forgotten_percent_sign_gets_a_hint() -> None:
    """99.9 is refused with the two things that may have been meant."""
    with pytest.raises(InvalidTarget, match=r"99\.9%.*0\.999"):
        SLO("case", sli=SLI.ratio("case"), target=99.9, window="30d")


def test_case_13_a_percent_sign_too_many_warns() -> None:
    """A target of "0.999%" is lawful, and hardly the one that was meant."""
    with pytest.warns(SuspiciousTarget, match=r"0\.999"):
        slo = SLO("case", sli=SLI.ratio("case"), target="0.999%", window="30d")
    assert slo.target == Fraction(999, 100_000)


def test_case_13_remaining_goes_below_zero() -> None:
    """An overspent budget says by how much."""
    budget = ErrorBudget.of("90%", good=80, bad=20)
    assert (budget.remaining, budget.remaining_ratio, budget.bad_events_left) == (-10, -1, 0)
    assert budget.exhausted


# --- 17, 21, 22: time, end to end -----------------------------------------------------------------------------------


def test_case_17_the_day_of_23_hours_is_a_whole_day() -> None:
    """On the day New York's clocks go forward, 23 hours of full service are the whole day's coverage."""
    counts = Counts.from_buckets(start="2026-03-08T05:00Z", step="1h", good=[1] * 47, bad=[0] * 47)
    slo = SLO("case", sli=SLI.ratio("case"), target="0.9", window=CalendarWindow("day", tz="America/New_York"))
    ev = slo.evaluate(counts)
    assert ev.coverage.tolist() == [1.0] * 47
    assert status_of(ev, "2026-03-09T04:00Z").total == 23
    assert status_of(ev, "2026-03-09T05:00Z").total == 1
    assert status_of(ev, "2026-03-10T04:00Z").total == 24


def test_case_21_a_window_that_is_no_whole_number_of_buckets() -> None:
    """90 seconds are no number of minutes: an error that names the field, never a silent rounding."""
    counts = Counts.from_buckets(start=START, step="1m", good=[1], bad=[0])
    with pytest.raises(InvalidWindow, match="1m"):
        SLO("case", sli=SLI.ratio("case"), target="0.9", window="90s").evaluate(counts)
    ev = evaluate([1], [0])
    for ask in (lambda: ev.burn_rate("90s"), lambda: ev.burning(1, "90s"), lambda: ev.worst(["90s"])):
        with pytest.raises(InvalidWindow):
            _call(ask)


def _call(ask: Callable[[], object]) -> None:
    ask()


def test_case_21_a_window_longer_than_the_data() -> None:
    """What exists is summed, and coverage says how much of the window that is."""
    status = status_of(evaluate([9] * 6, [1] * 6, "0.9", "1h"))
    assert (status.total, status.coverage, status.verdict) == (60, 0.1, "met")


def test_case_22_a_whole_window_excluded_is_no_data() -> None:
    """Excluding everything leaves no data, fully covered, and ev.excluded says so."""
    counts = Counts.from_buckets(start=START, step="1m", good=[0] * 5, bad=[9] * 5)
    slo = SLO("case", sli=SLI.ratio("case"), target="0.9", window="5m")
    everything = Exclusion("2026-01-01T00:00Z", "2026-01-01T00:05Z", reason="moved house")
    with pytest.warns(MuchExcluded, match="100"):
        ev = slo.evaluate(counts, exclusions=[everything])
    assert ev.excluded.all()
    assert status_of(ev).verdict == "no_data"
    assert status_of(ev).coverage == 1


# --- 14, 47 ---------------------------------------------------------------------------------------------------------


def test_case_14_excluding_is_the_same_before_and_during() -> None:
    """evaluate(c, exclusions=x) equals evaluate(c.exclude(x))."""
    counts = Counts.from_buckets(start=START, step="1m", good=[9] * 40, bad=list(range(40)))
    slo = SLO("case", sli=SLI.ratio("case"), target="0.9", window="1h")
    span = Exclusion("2026-01-01T00:03:30Z", "2026-01-01T00:04:10Z", reason="upgrade")
    during = slo.evaluate(counts, exclusions=[span])
    before = slo.evaluate(counts.exclude(span))
    assert np.array_equal(during.sli, before.sli, equal_nan=True)
    assert during.excluded.tolist() == before.excluded.tolist()
    assert np.flatnonzero(during.excluded).tolist() == [3, 4]
    assert status_of(during) == status_of(before)


def test_more_than_five_percent_excluded_warns_and_five_does_not() -> None:
    """Two of forty buckets are 5% of the window and no more; three are."""
    counts = Counts.from_buckets(start=START, step="1m", good=[9] * 40, bad=[1] * 40)
    slo = SLO("case", sli=SLI.ratio("case"), target="0.9", window="40m")
    slo.evaluate(counts, exclusions=[Exclusion("2026-01-01T00:03Z", "2026-01-01T00:05Z", reason="upgrade")])
    with pytest.warns(MuchExcluded):
        slo.evaluate(counts, exclusions=[Exclusion("2026-01-01T00:03Z", "2026-01-01T00:06Z", reason="upgrade")])


@pytest.mark.parametrize("text", ["1e-9999999", "1e9999999", "0." + "9" * 5000, "1/" + "3" * 5000, "9" * 100_000])
def test_case_47_a_number_that_would_take_seconds_is_refused_at_once(text: str) -> None:
    """Digits and exponents are capped before anything is computed with them."""
    before = time.perf_counter()
    with pytest.raises((InvalidTarget, InvalidNumber)):
        SLO("case", sli=SLI.ratio("case"), target=text, window="30d")
    assert time.perf_counter() - before < 0.5


def test_case_12_a_scalar_never_carries_nan() -> None:
    """No data is None wherever one number is asked for."""
    status = status_of(evaluate([0], [0]))
    assert all(
        value is None or not isnan(value)
        for value in (status.sli, status.burn_rate(), status.coverage, status.error_budget.remaining_ratio)
    )
