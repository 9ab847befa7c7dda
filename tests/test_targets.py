"""Targets: what is recommended and found, what is refused, and how it is shown."""

from __future__ import annotations

import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from slokit import SLA, SLI, SLO, BurnRateAlert, CalendarWindow, Counts, Policy, Rationale, Timeslices
from slokit.analysis import targets
from slokit.analysis.simulate import Traffic, counts
from slokit.analysis.targets import Candidate, Limits
from slokit.analysis.targets.expectations import expectations
from slokit.errors import InvalidEvents, InvalidNumber, InvalidTarget, InvalidWindow, OutOfTimeline, WrongType
from slokit.sla import Downtime, Penalty

START = "2026-01-01T00:00Z"
BITE = "<script>\u202e</script>"
LADDER = ["99%", "99.5%", "99.9%", "99.95%"]


def steady(bad: int = 1, total: int = 1000, days: int = 120) -> Counts:
    """Return hours that are all alike."""
    return Counts.from_buckets(start=START, step="1h", total=[total] * 24 * days, bad=[bad] * 24 * days)


def objective(target: str = "99.5%", window: str | CalendarWindow = "30d", **options: Any) -> SLO:
    """Return an objective."""
    return SLO("checkout", sli=SLI.ratio("availability"), target=target, window=window, **options)


def advice(evidence: Counts | None = None, candidates: Any = LADDER, **options: Any) -> targets.Advice:
    """Return advice on hours that are all alike, a thousandth of them bad."""
    return targets.advise(objective(), steady() if evidence is None else evidence, candidates, paths=50, **options)


def codes(found: targets.Advice) -> set[tuple[str, str]]:
    """Return what was found of what."""
    return {(finding.code, finding.subject) for finding in found.findings}


# --- what is recommended ----------------------------------------------------------------------------------------------


def test_without_expectations_the_highest_achievable_is_recommended() -> None:
    """A thousandth is bad: 99.9% is kept with nothing left, so with a margin 99.5% is the most."""
    found = advice()
    assert found.recommended.target == Fraction("0.995")
    assert found.recommended.is_candidate
    assert advice(margin=0).recommended.target == Fraction("0.999")


def test_at_the_boundary_a_steady_service_keeps_exactly_its_share() -> None:
    """Exactly a thousandth is bad in every window: 99.9% is kept by all, and no higher target by any."""
    found = advice(candidates=["99.9%", "99.90001%"], margin=0)
    assert [row.kept for row in found] == [1, 0]
    assert [row.windows_met for row in found] == [1, 0]
    assert found.rows[0].worst_left == 0
    assert found.achievable.target == Fraction("0.999")


def test_users_who_are_content_with_less_get_the_lowest_that_suffices() -> None:
    """Budgets are meant to be spent: more than is asked for is not recommended."""
    found = advice(rationale=[Rationale("survey", "a survey", "99%")])
    assert found.recommended.target == Fraction("0.99")
    assert "lowest" in found.recommended.reasons[0]


def test_what_the_objective_itself_says_is_expected_too() -> None:
    """Reasons that a definition carries need not be given again, and count once where they are."""
    said = Rationale("survey", "a survey", "99%")
    slo = objective(rationale=[said])
    found = targets.advise(slo, steady(), LADDER, rationale=said, paths=50)
    assert found.rationale == (said,)
    assert found == targets.advise(slo, steady(), LADDER, paths=50)


def test_a_contract_must_be_passed_not_reached() -> None:
    """An objective is tighter than what it guards."""
    found = advice(rationale=[Rationale("contract", "the enterprise plan", "99%")])
    assert found.recommended.target == Fraction("0.995")


def test_what_nobody_can_reach_is_said() -> None:
    """The highest achievable is recommended, it falls short, and a finding says so."""
    found = advice(rationale=Rationale("competitor", "a rival", "99.99%"))
    assert found.recommended.target == Fraction("0.995")
    assert "falls short" in found.recommended.reasons[1]
    assert ("expectation-out-of-reach", "competitor 99.99% (a rival)") in codes(found)


def test_a_dependency_bounds_what_is_recommended() -> None:
    """What it cannot carry is not recommended, and an expectation above it is found."""
    said = [Rationale("dependency", "the database", "99.2%"), Rationale("survey", "a survey", "99.5%")]
    found = advice(rationale=said)
    assert found.recommended.target == Fraction("0.99")
    assert "expectations-disagree" in {finding.code for finding in found.findings}


def test_only_a_share_and_nothing_else_is_held_against_candidates() -> None:
    """A number in a sentence may mean anything."""
    said = [
        Rationale("survey", "s", "9 of 10 expect a page within 2 s"),
        Rationale("survey", "s", "0.995"),
        Rationale("history", "s", "99.7%"),
        Rationale("survey", "s", "100%"),
        Rationale("survey", "s", "0.5%"),
    ]
    assert [(one.share, one.rule) for one in expectations(said)] == [
        (Fraction("0.995"), "reach"),
        (Fraction("0.997"), None),
        (Fraction("0.005"), "reach"),
    ]


def test_aspirations_are_judged_and_freeze_nothing_and_are_not_recommended() -> None:
    """The same target enforced blocks for months; as an aspiration it is told."""
    both = advice(candidates=["99.5%", "99.99%"]), advice(candidates=["99.5%", Candidate("99.99%", enforced=False)])
    enforced, aspired = (found.row("99.99%") for found in both)
    assert enforced.freeze_days_per_quarter > 60
    assert aspired.freeze_days_per_quarter == 0
    assert aspired.days == enforced.days
    assert aspired.pages == enforced.pages
    only = advice(candidates=[Candidate("90%", enforced=False)])
    assert not only.recommended.is_candidate
    assert all(not row.enforced for row in targets.advise(objective(enforced=False), steady(), LADDER, paths=9))


def test_nothing_is_achievable_where_all_is_bad() -> None:
    """No target leaves a margin where nothing but failures happened."""
    found = advice(steady(1000, 1000))
    assert found.achievable.target is None
    assert found.recommended.target is None
    assert targets.achievable(steady(1000, 1000), window="30d").target == 0


def test_where_nothing_is_bad_the_traffic_is_the_limit() -> None:
    """Of 720 windows' events one bad one would be the whole budget: no higher target can be told from 100%."""
    found = targets.achievable(steady(0, 10), window="30d", paths=20)
    assert found.by_traffic
    assert found.target == 1 - Fraction(14, 100_000)  # 1 / 7,200, rounded up to two digits
    assert "nothing bad" in repr(found)


# --- what is found ----------------------------------------------------------------------------------------------------


def test_never_missed_and_always_missed_are_found() -> None:
    """99.7% left two thirds of its budget; 99.8% half of it, and is neither; 99.95% was met by no window."""
    found = codes(advice(candidates=["99%", "99.7%", "99.8%", "99.9%", "99.95%"]))
    assert ("never-missed", "99.7%") in found
    assert not any(subject == "99.8%" for _, subject in found)
    assert ("never-missed", "99%") in found
    assert ("always-missed", "99.95%") in found
    assert not any(subject == "99.9%" for _, subject in found)


def test_a_target_that_the_traffic_cannot_carry_is_found() -> None:
    """Seven events a window: one failure is more than the whole budget of 99.9%."""
    thin = np.zeros(120 * 24, dtype=int)
    thin[::100] = 1
    found = advice(Counts.from_buckets(start=START, step="1h", total=thin, bad=0 * thin))
    assert ("too-few-events", "99.9%") in codes(found)


def test_a_history_of_two_windows_is_too_short() -> None:
    """The share of windows met then says little; of less than one window it says nothing."""
    assert "short-history" in {code for code, _ in codes(advice(steady(days=60)))}
    none = advice(steady(days=20))
    assert none.rows[0].windows_met is None
    assert none.rows[0].worst_left is None
    assert "none full" in repr(none)


def test_alerts_that_can_never_fire_are_found() -> None:
    """At 75% a total outage burns 4x: no page is no calm."""
    found = advice(candidates=["75%", "99.9%"], alerts=[BurnRateAlert(long_window="1h", burn_rate=14.4)])
    assert ("never-pages", "75%") in codes(found)
    assert ("never-pages", "99.9%") not in codes(found)


@pytest.mark.parametrize(("days", "windows"), [(29, 0), (30, 1), (31, 25), (120, 90 * 24 + 1)])
def test_rolling_windows_lie_wholly_on_the_data(days: int, windows: int) -> None:
    """The first full one ends with its thirtieth day, and each hour after that ends another."""
    assert advice(steady(days=days)).rows[0].windows == windows


def test_calendar_windows_are_whole_periods() -> None:
    """Of January to April 30 three months are whole, and a bad April 30 changes only what is not over."""
    evidence = steady(days=119)
    found = targets.advise(objective(window=CalendarWindow("month")), evidence, LADDER, paths=20)
    assert found.rows[0].windows == 3
    assert found.end_to_end == 3


def test_slices_are_events() -> None:
    """With timeslices a window holds slices, and the drawn windows do."""
    slo = objective("99%", budgeting=Timeslices("1h", target="99.5%"))
    found = targets.advise(slo, steady(), ["99%"], paths=20)
    assert found.rows[0].kept == 1
    assert found.achievable.by_traffic


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"candidates": "99%"}, WrongType, "candidates must be several targets"),
        ({"candidates": []}, InvalidNumber, "candidates must be 1 to 100, got 0"),
        ({"candidates": ["99%", 0.99]}, InvalidNumber, "candidates must differ, got 99% twice"),
        ({"candidates": [99.9]}, InvalidTarget, 'did you mean "99.9%" or 0.999'),
        ({"confidence": 1}, InvalidNumber, "confidence must be above 0 and below 1"),
        ({"margin": 1}, InvalidNumber, "margin must be a share of the budget"),
        ({"block": "36h"}, InvalidWindow, "block of 1d12h is no whole number of buckets of 1d"),
        ({"block": "61d"}, InvalidWindow, "must hold at least 2 blocks of 61d"),
        ({"paths": 0}, InvalidNumber, "paths must be 1 or more"),
        ({"paths": 2**26}, InvalidNumber, "paths must be at most"),
        ({"paths": 2.5}, WrongType, "paths must be an integer"),
        ({"seed": -1}, InvalidNumber, "seed must be 0 or more"),
        ({"policy": "default"}, WrongType, "policy must be a Policy"),
        ({"alerts": BurnRateAlert(long_window="1h", burn_rate=2)}, WrongType, "alerts must be several"),
        ({"rationale": ["99%"]}, WrongType, r"rationale\[0\] must be a Rationale"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], error: type[Exception], said: str) -> None:
    """Each error names the field and says how to mend it."""
    with pytest.raises(error, match=said):
        targets.advise(objective(), steady(), **{"paths": 9, **options})


def test_evidence_that_does_not_fit_is_refused() -> None:
    """Several series, buckets that do not fit days, no events, and counts without a window."""
    two = Counts.from_buckets(
        start=START, step="1h", total=[[1] * 720] * 2, bad=[[0] * 720] * 2, labels={"t": ["a", "b"]}
    )
    with pytest.raises(WrongType, match="counts must be of one series"):
        targets.advise(objective(), two)
    odd = Counts.from_buckets(start=START, step="7h", total=[1] * 720, bad=[0] * 720)
    with pytest.raises(InvalidWindow, match="buckets must fit whole days"):
        targets.achievable(odd, window="7d")
    with pytest.raises(OutOfTimeline, match="must hold events"):
        targets.achievable(steady(0, 0), window="7d")
    with pytest.raises(WrongType, match="window must be given with counts"):
        targets.achievable(steady())
    with pytest.raises(WrongType, match="evidence must be an Evaluation or Counts"):
        targets.achievable("99%")  # type: ignore[arg-type]
    with pytest.raises(InvalidNumber, match="target must be one of the candidates, 99%"):
        advice(candidates=["99%"]).row("99.9%")


# --- the stakeholders' table ------------------------------------------------------------------------------------------


def test_objections_name_who_and_why() -> None:
    """Each limit is somebody's; at the limit nobody objects."""
    table = targets.stakeholders(
        objective(),
        steady(),
        ["99%", "99.9%", "99.95%"],
        limits={"windows_met": 1, "freeze_days_per_quarter": 0, "promise": "99.9%"},
        paths=50,
    )
    assert [[one.who for one in row.objections] for row in table] == [
        ["sales"],
        ["product"],
        ["engineering", "product"],
    ]
    assert table.rows[0].objections[0].text == "sales: promise 99%, at least 99.9%"
    assert table.accepted == ()
    assert targets.stakeholders(objective(), steady(), ["99%"], paths=9).accepted


def test_the_default_policy_freezes_where_the_budget_is_exactly_gone() -> None:
    """At exactly zero the objective is met and exhausted: it freezes, and the table says both."""
    row = targets.stakeholders(objective(), steady(), ["99.9%"], paths=9).rows[0]
    assert row.windows_met == 1
    assert row.freeze_days_per_quarter > 60


def test_an_agreement_in_minutes_owes_for_its_minutes() -> None:
    """Every day one hour is down: 1/24 of each month, whatever share of requests that is."""
    total, bad = np.full(60 * 1440, 10), np.zeros(60 * 1440, dtype=int)
    bad.reshape(60, 1440)[:, :60] = 10
    evidence = Counts.from_buckets(start=START, step="1m", total=total, bad=bad)
    sla = SLA(
        "x",
        target="99%",
        window=CalendarWindow("month"),
        downtime=Downtime(in_a_row=5),
        penalties=[Penalty("99%", "10%"), Penalty("96%", "30%")],
    )
    table = targets.stakeholders(objective("99%"), evidence, ["95%", "97%"], sla=sla, paths=20)
    assert [row.expected_credit for row in table] == [0, Fraction(3, 10)]
    assert table.credit_now == Fraction(3, 10)
    assert table.promise.target == Fraction("0.958")
    free = targets.stakeholders(
        objective("99%"), evidence, ["95%"], sla=SLA("y", target="99%", window=sla.window), paths=9
    )
    assert free.rows[0].expected_credit == 0


def test_whoever_misses_what_was_promised_owes_something() -> None:
    """99.9% promised and 99.5% reached: the first tier is due, although it begins at 99%; and the cap holds."""
    month = CalendarWindow("month")
    tiers = [Penalty("99%", "10%"), Penalty("98%", "50%")]
    for cap, due in ((1, Fraction(1, 10)), ("5%", Fraction(1, 20))):
        sla = SLA("x", target="99%", window=month, penalties=tiers, cap=cap)
        table = targets.stakeholders(objective(), steady(5), ["99.5%", "99.9%"], sla=sla, paths=9)
        assert [row.expected_credit for row in table] == [0, due]
        assert table.credit_now == 0


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"page_per_month": 4}, "did you mean 'pages_per_month'"),
        ({"windows_met": 95}, 'windows_met must be a share from 0 to 1, such as "95%", got 95'),
        ({"pages_per_month": -1}, "pages_per_month must not be negative"),
    ],
)
def test_limits_that_cannot_be_are_refused(limits: dict[str, Any], said: str) -> None:
    """A misspelt limit would be no limit."""
    with pytest.raises(InvalidNumber, match=said):
        targets.stakeholders(objective(), steady(), limits=limits)


def test_limits_are_values() -> None:
    """By name or as they are, and an objection does not round to its limit."""
    assert Limits.of({"pages_per_month": "4"}) == Limits(pages_per_month=4)
    (one,) = Limits(pages_per_month=4).objections({"pages_per_month": Fraction(401, 100)})
    assert one.text == "operations: pages per month 4.01, at most 4"


# --- thresholds -------------------------------------------------------------------------------------------------------


def latencies(bend: float | None, seed: int = 1) -> tuple[Any, Any, Any]:
    """Draw latencies, and outcomes that rise beyond a latency."""
    draw = np.random.default_rng(seed)
    values = draw.lognormal(np.log(0.2), 0.8, 20_000)
    rise = 0.0 if bend is None else 0.15
    chance = 0.02 + rise * np.maximum(np.log(values) - np.log(bend or 1), 0)
    return np.arange(len(values)) * 300, values, draw.random(len(values)) < np.minimum(chance, 1)


@pytest.mark.parametrize("bend", [0.2, 0.4, 0.8])
def test_the_outcome_bends_where_it_was_made_to(bend: float) -> None:
    """Of seven thresholds the one at which the outcome begins to rise is found."""
    times, values, outcome = latencies(bend)
    tried = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2]
    found = targets.thresholds(
        "latency", times, values, candidates=tried, unit="s", time_unit="s", outcome=outcome, window="7d", paths=20
    )
    assert found.bend is not None
    assert found.bend.text == f"at most {bend} s"
    assert [row.good for row in found] == [int((values <= bound).sum()) for bound in tried]
    assert found.bend.outcomes_beyond == int(outcome[values > bend].sum())


def test_an_outcome_that_does_not_depend_on_the_value_bends_nowhere() -> None:
    """In ten draws of chance alone at most one threshold seems to matter."""
    bends = 0
    for seed in range(10):
        times, values, outcome = latencies(None, seed)
        found = targets.thresholds(
            "latency", times, values, candidates=[0.4], unit="s", time_unit="s", outcome=outcome, window="7d", paths=2
        )
        bends += found.bend is not None
    assert bends <= 1


def test_an_outcome_that_falls_again_does_not_bend() -> None:
    """Worse beyond on the whole, but least so where the values are largest: no line rises from there."""
    values = np.repeat([0.5, 2.0, 100.0], [1000, 300, 700])
    outcome = values == 2.0
    found = targets.thresholds(
        "latency", np.arange(2000) * 3600, values, candidates=[1], unit="s", time_unit="s", outcome=outcome, paths=2
    )
    worse = found.rows[0].worse
    assert worse is not None
    assert worse.low > 0
    assert found.bend is None


def test_of_thresholds_that_no_value_tells_apart_the_strictest_stands_first_and_bends() -> None:
    """Rows come by their bounds, whatever the order in which they were given, and the strictest of equals is found."""
    times, values, outcome = np.arange(300) * 3600, np.tile([0.1, 0.3, 0.6], 100), np.tile([False, False, True], 100)
    given: dict[str, Any] = {"unit": "s", "time_unit": "s", "outcome": outcome, "paths": 2}
    found = targets.thresholds("latency", times, values, candidates=["500ms", "350ms", "400ms", "50ms"], **given)
    assert [row.text for row in found] == [f"at most {bound} s" for bound in ("0.05", "0.35", "0.4", "0.5")]
    assert found.bend is not None
    assert found.bend.text == "at most 0.35 s"


def test_thresholds_refuse_what_does_not_fit() -> None:
    """Outcomes are booleans, one an observation; a short history has no achievable target, and says so."""
    times, values, outcome = latencies(0.4)
    plain: dict[str, Any] = {"candidates": ["400ms"], "unit": "s", "time_unit": "s"}
    with pytest.raises(WrongType, match="outcome must be booleans"):
        targets.thresholds("latency", times, values, outcome=outcome * 1, **plain)
    with pytest.raises(InvalidEvents, match="one entry an observation, 20,000"):
        targets.thresholds("latency", times, values, outcome=outcome[1:], **plain)
    with pytest.raises(WrongType, match="candidates must be several thresholds"):
        targets.thresholds("latency", times, values, candidates="400ms")
    with pytest.raises(InvalidEvents, match="at least one"):
        targets.thresholds("latency", [], [], **plain)
    short = targets.thresholds("latency", times[:100], values[:100], **plain)
    assert short.rows[0].achievable is None
    assert any("at least 2 blocks" in remark for remark in short.remarks())


# --- being shown ------------------------------------------------------------------------------------------------------


def shown() -> list[Any]:
    """Return one of each, with text that bites."""
    slo = SLO(BITE, sli=SLI.ratio(BITE), target="99%", window="30d")
    said = [Rationale("survey", BITE, "99.9%"), Rationale("survey", BITE, BITE)]
    table = targets.stakeholders(slo, steady(), LADDER, rationale=said, limits={"windows_met": 1}, paths=9)
    times, values, outcome = latencies(0.4)
    rows = targets.thresholds(
        BITE, times, values, candidates=[0.4], unit="s", time_unit="s", outcome=outcome, window="7d", paths=2
    )
    found = table.advice
    return [
        *(table, table.rows[-1], table.rows[-1].objections[0], table.limits, table.promise),
        *(found, found.rows[0], found.recommended, found.achievable, Candidate("99%", enforced=False)),
        *(rows, rows.rows[0]),
    ]


@pytest.mark.parametrize("index", range(12))
def test_what_is_shown_does_not_bite(index: int) -> None:
    """Tables for notebooks, facts for rich, and text for a prompt."""
    one = shown()[index]
    assert type(one).__name__ in targets.__all__
    html = one._repr_html_()
    assert html.startswith("<table>")
    assert "<script" not in html
    assert list(one.__rich_repr__())
    for text in (html, repr(one)):
        assert "\u202e" not in text


def test_they_are_values() -> None:
    """Equal arguments give equal advice, which survives a pickle; another seed draws other windows."""
    bursty = counts(Traffic(error_bursts=1.0, burst_memory="1d"), start=START, duration="90d", step="1h", seed=1)
    one, same, other = (targets.advise(objective(), bursty, LADDER, paths=200, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert hash(one) == hash(same)
    assert pickle.loads(pickle.dumps(one)) == one
    assert one.achievable.bad_share != other.achievable.bad_share
    assert {type(row) for row in one} == {targets.CandidateRow}
    assert len(one) == len(LADDER)


def test_the_default_candidates_are_the_usual_ones_and_the_objectives_own() -> None:
    """Nobody need name any."""
    found = targets.advise(objective("99.7%"), steady(), policy=Policy.default(), paths=9)
    assert [row.name for row in found][3:6] == ["99.5%", "99.7% (now)", "99.9%"]
