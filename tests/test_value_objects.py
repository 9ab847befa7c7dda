"""What all public value objects have in common: how they look at a prompt, in a notebook and under rich."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from inspect import isclass
from typing import Any

import pytest

import slokit
from slokit import (
    SLA,
    SLI,
    SLO,
    BudgetShareAlert,
    BurnRateAlert,
    CalendarWindow,
    Counts,
    ErrorBudget,
    Exclusion,
    IntervalSet,
    Occurrences,
    Period,
    Policy,
    Rationale,
    RatioTimeslices,
    RollingWindow,
    Rule,
    SLOHistory,
    State,
    Timeslices,
    alerts,
    composition,
    conditions,
    policy,
    sla,
)
from slokit.analysis import simulate
from slokit.analysis.backtest import Requirement
from slokit.analysis.breach import TierChance
from slokit.analysis.planning import GivenBack
from slokit.analysis.simulate import Latency, Silence, Traffic
from slokit.analysis.targets import Candidate, Limits
from slokit.conditions import (
    AllOf,
    AnyOf,
    BudgetBelow,
    BudgetSettled,
    DataSince,
    Exhausted,
    ExhaustsWithin,
    Leaf,
    Missed,
    NoDataFor,
    Not,
    SpentAtLeast,
)
from slokit.incidents import Incident
from slokit.live import Fleet, ManualClock, Monitor
from slokit.live.web import RequestRecord
from slokit.policy import Override, Reviews, together
from slokit.report.approval import Approval
from slokit.sla import Downtime, Money, Penalty

BITE = "<script>\u202e</script>"


def examples() -> list[Any]:
    """Return one object of each public class, with text that bites wherever people type it."""
    one = Counts.from_buckets(
        start="2026-01-01T00:00Z", step="1h", total=[[100, 50]], bad=[[1, 0]], labels={"tenant": [BITE]}
    )
    slo = SLO(BITE, sli=SLI.ratio(BITE), target="99%", window="2h", owner=BITE)
    evaluation = slo.evaluate(one)
    return [
        one,
        slo,
        evaluation,
        slo.sli,
        one.axes[0],
        one.timeline,
        evaluation.at(),
        evaluation[0].at(),
        evaluation.error_budget,
        evaluation.worst(["1h"])[0],
        ErrorBudget.of("99%", bad=1, total=100),
        BurnRateAlert(long_window="1h", burn_rate=2, severity=BITE),
        BudgetShareAlert(share="2%", window="1h", severity=BITE, min_bad=5),
        RollingWindow("30d"),
        CalendarWindow("week", tz="Europe/Berlin", every=2, start="2026-01-05"),
        Period(0, 1),
        IntervalSet([(0, 1), (2, 3)]),
        Exclusion("2026-01-01T00:00Z", "2026-01-02T00:00Z", BITE, name=BITE, approved_by=BITE, scope={BITE: BITE}),
        Exclusion.recurring(days="Sun", at="02:00", duration="2h", reason=BITE, proposed=True),
        Occurrences(),
        Timeslices("1m", target=0.99),
        RatioTimeslices("1m"),
        *of_policies(),
        *of_agreements(slo),
    ]


def of_analysis(slo: SLO) -> list[Any]:
    """Return one object of each class of definitions for simulations and reviews, with the same text."""
    traffic = Traffic(per_minute=2)
    incident = simulate.Incident(start=0, duration="1h", name=BITE, kind=BITE, hits={BITE: 1}, traffic=2)
    limits = Limits.of({"pages_per_month": 4})
    return [
        traffic,
        incident,
        Silence(start=0, duration="1h", hits=[BITE]),
        Latency(),
        simulate.events({BITE: traffic}, start="2026-01-01T00:00Z", duration="1h", seed=1),
        Requirement.read("detect_p90", "<=10m"),
        GivenBack(objective=BITE, bad=1, added=0, allowed=Fraction(3, 2)),
        TierChance(Fraction("0.99"), Fraction("0.1"), 0.25),
        Candidate("99%", enforced=False),
        limits,
        *limits.objections({"pages_per_month": Fraction(9)}),
        RequestRecord(BITE, BITE, 503, 0.5, ok=False),
        Approval(by=BITE, role=BITE, date="2026-01-01"),
        *slo_pieces(slo),
    ]


def slo_pieces(slo: SLO) -> list[Any]:
    """Return an evaluation by a history of definitions, and what each of these judged."""
    history = SLOHistory([(None, slo), ("2026-01-02", slo)])
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[9] * 48, bad=[0] * 48)
    judged = history.evaluate(counts)
    return [judged, *judged.pieces]


def of_live(slo: SLO) -> list[Any]:
    """Return one object of each class of what runs in the process, with the same text."""
    clock = ManualClock("2026-01-01T00:00Z")
    fleet = Fleet(SLO(BITE, sli=SLI.ratio("up"), target="99%", window="2h"), clock=clock)
    fleet.record(BITE, ok=False)
    monitor = Monitor(slo, resolution="1h", clock=clock)
    monitor.record(False, exemplar="trace")
    clock.advance("1h")
    monitor.override(reason=BITE, by=BITE, until="2h")
    return [
        fleet,
        fleet.tick(),
        fleet.status(BITE),
        fleet.statuses(),
        fleet.tiers,
        *fleet.tiers.tiers,
        monitor.ledger,
        *monitor.ledger,
        monitor.ledger[0].evidence,
        *monitor.revisions(),
        *monitor.exemplars(),
        monitor.bounds(),
    ]


def of_systems() -> list[Any]:
    """Return one object of each class of the definitions of systems, with the same text."""
    web, db = composition.Part(BITE, target="99%"), composition.Part("db", target="99.9%")
    return [
        web,
        composition.OptionalPart(web),
        composition.AllOf(BITE, [web, db]),
        composition.AnyOf(BITE, [web, db]),
        composition.AtLeast(BITE, [web, db], 1),
    ]


def of_agreements(slo: SLO) -> list[Any]:
    """Return one object of each class of agreements and definitions in time, with the same text."""
    named = BITE.replace("\u202e", "")
    works = Exclusion("2026-01-01T00:00Z", "2026-01-01T01:00Z", BITE)
    promise = SLA(
        BITE,
        target="99%",
        window=CalendarWindow("day"),
        downtime=Downtime(in_a_row=2),
        penalties=[Penalty("99%", "10%")],
        exclusions=[works],
        customer=BITE,
    )
    down = [("2026-01-01T00:30Z", "2026-01-01T04:00Z")]
    statement = promise.statement_of(down, "2026-01-01", fee=1, currency="USD")
    reason = Rationale("survey", source=BITE, value=BITE, date="2026-01-01")
    history = SLOHistory([(None, slo), ("2026-01-02", slo)])
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1m", total=[1] * 60, bad=[1] * 60)
    return [
        promise,
        promise.downtime,
        *promise.penalties,
        statement,
        *statement.lines,
        *statement.excluded,
        statement.money,
        promise.headroom(slo),
        *promise.lead_times(counts, SLO(named, sli=slo.sli, target="99%", window="1h").evaluate(counts), []),
        reason,
        history,
        Money(fee="1.5", currency="EUR"),
    ]


def of_policies() -> list[Any]:
    """Return one object of each class of alerts, conditions and policies, with the same text."""
    biting = BurnRateAlert(long_window="1h", burn_rate=2, severity=BITE)
    leaves: list[Leaf] = [
        BudgetBelow("25%"),
        Exhausted(),
        ExhaustsWithin("4h"),
        Missed(),
        NoDataFor("1h"),
        DataSince("1%"),
        BudgetSettled("1%"),
    ]
    leaves += [SpentAtLeast("20%", "1h"), biting]
    bites = Policy(
        BITE,
        states=[
            State("calm" + BITE),
            State(BITE, means=BITE, actions=[BITE], blocks=[BITE], exempt=[BITE + "!"]),
        ],
        rules=[Rule(BITE, AnyOf(leaves), until=~AllOf(leaves))],
        activities=[BITE, BITE + "?"],
        changes=[BITE, BITE + "!"],
        reviews=Reviews(incident_review=[BITE]),
    )
    counts = Counts.from_buckets(
        start="2026-01-01T00:00Z",
        step="1h",
        total=[[100] * 9, [100] * 9],
        bad=[[0] * 4 + [9] * 5, [0, 9] + [0] * 7],
        labels={"tenant": [BITE, BITE + "!"]},
    )
    slo = SLO(BITE, sli=SLI.ratio(BITE), target="99%", window="2h")
    evaluation = slo.evaluate(counts)
    incident = Incident("2026-01-01T04:00Z", "2026-01-01T09:00Z", kind=BITE)
    history = bites.evaluate(evaluation)
    one = history[0].at()
    due: list[Any] = list(one.due_with([incident]))
    assert {item.kind for item in due} == {"incident review", "post-mortem", "planning item"}
    service = together(bites, {BITE: evaluation[0], BITE + "!": evaluation[1]})
    return [
        *leaves,
        AnyOf(leaves),
        AllOf(leaves),
        Not(AnyOf(leaves)),
        Not(biting),
        *alerts.episodes(evaluation, [biting, BurnRateAlert(long_window="1h", burn_rate=1)]),
        *alerts.notifications(evaluation, [biting]),
        bites,
        *bites.states,
        bites.unknown,
        *bites.rules,
        bites.reviews,
        history,
        history[0],
        history.at(),
        *history.decisions(),
        one.overridden(allow=True, reason=BITE, by=BITE, activities=(BITE,)),
        Override(False, BITE, BITE, (BITE,)),
        *due,
        *history.transitions,
        *history.episodes(BITE),
        service,
        service.at(),
    ]


ROOMS = (slokit, alerts, conditions, policy, sla)
# Kinds of objects, which nothing is by itself.
KINDS = {alerts.Alert, conditions.BurnLeaf, conditions.Condition, conditions.Leaf}
PUBLIC = [
    value
    for value in dict.fromkeys(getattr(room, name) for room in ROOMS for name in room.__all__)
    if isclass(value) and value not in KINDS
]


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_a_public_class_looks_well_everywhere(kind: type[Any]) -> None:
    """Each has a table for notebooks, facts for rich and one line for a prompt, and none of them lets text bite."""
    held = [example for example in examples() if type(example) is kind]
    assert held
    looks_well(held)


@pytest.mark.parametrize("of", [of_analysis, of_live, lambda _: of_systems()], ids=["analysis", "live", "systems"])
def test_so_does_what_the_edges_have(of: Callable[[SLO], list[Any]]) -> None:
    """Objects of the rooms around the core too."""
    looks_well(of(SLO(BITE, sli=SLI.ratio(BITE), target="99%", window="2h", owner=BITE)))


def looks_well(held: list[Any]) -> None:
    """Hold each object against what all have in common."""
    for example in held:
        html = example._repr_html_()
        assert html.startswith("<table>")
        assert "<script" not in html
        facts = list(example.__rich_repr__())
        assert facts
        assert all(isinstance(fact, str) or (len(fact) == 2 and isinstance(fact[0], str)) for fact in facts)
        for shown in (html, repr(example), str(example)):
            assert "\u202e" not in shown
            assert "\n" not in html
