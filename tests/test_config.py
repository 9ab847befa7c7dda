"""Definitions as data: what is written, what may be read, and every complaint with its path."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from slokit import (
    SLI,
    SLO,
    BudgetShareAlert,
    BurnRateAlert,
    CalendarWindow,
    Exclusion,
    Occurrences,
    Policy,
    RatioTimeslices,
    RollingWindow,
    Rule,
    State,
    Timeslices,
    from_dict,
    load,
    to_dict,
)
from slokit.composition import Part, System, all_of, any_of, at_least, journeys, optional
from slokit.conditions import BudgetBelow, DataSince, Exhausted, ExhaustsWithin, Leaf, Missed, NoDataFor, SpentAtLeast
from slokit.config import Definitions
from slokit.errors import InvalidDefinition, SuspiciousTarget, UnknownLabel, WrongType
from slokit.policy import Reviews

RATIO = {"kind": "ratio", "name": "up"}
SLO_ = {"name": "checkout", "sli": RATIO, "target": "99.9%", "window": "30d"}
POLICY: dict[str, Any] = {"name": "x", "states": [{"name": "a"}, {"name": "b"}], "rules": []}


def problems(data: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong with data, by path."""
    with pytest.raises(InvalidDefinition) as caught:
        from_dict(data)
    assert len(set(caught.value.problems)) == len(caught.value.problems)  # nothing is said twice
    return dict(caught.value.problems)


def problems_of_slo(**changes: Any) -> dict[str, str]:
    """Return what is wrong with an objective, some of whose keys were changed."""
    return problems({"slokit": 1, "kind": "slo", **SLO_, **changes})


def an_slo(**changes: Any) -> SLO:
    """Make an objective of data, some of whose keys were changed."""
    return from_dict({"slokit": 1, "kind": "slo", **SLO_, **changes}, SLO)


# --- what is written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "data"),
    [
        (SLI.ratio("up"), {"kind": "ratio", "name": "up"}),
        (
            SLI.threshold("latency", lt="200ms"),
            {"kind": "threshold", "name": "latency", "lt": "0.2", "unit": "s"},
        ),
        (
            SLI.threshold("room", between=("19.5", 23)),
            {"kind": "threshold", "name": "room", "between": ["19.5", "23"]},
        ),
        (
            SLI.all_of("usable", SLI.ratio("ok"), SLI.threshold("x", gte=Fraction(1, 3))),
            {
                "kind": "all_of",
                "name": "usable",
                "parts": [{"kind": "ratio", "name": "ok"}, {"kind": "threshold", "name": "x", "gte": "1/3"}],
            },
        ),
        (
            SLI.gauge("lag", lte=1000, stale_after="2m"),
            {"kind": "gauge", "name": "lag", "lte": "1000", "stale_after": "2m"},
        ),
        (SLI.freshness("mart", within="30m"), {"kind": "freshness", "name": "mart", "within": "30m"}),
        (
            SLI.deadline("mart", by="07:00", days="Mon-Fri", tz="Asia/Kolkata", lead="1h30m"),
            {
                "kind": "deadline",
                "name": "mart",
                "by": "07:00",
                "days": "Mon-Fri",
                "tz": "Asia/Kolkata",
                "lead": "1h30m",
            },
        ),
        (
            SLI.deadline("mart", by="07:00:30", tz="UTC"),
            {"kind": "deadline", "name": "mart", "by": "07:00:30", "tz": "UTC"},
        ),
        (RollingWindow("30d"), {"kind": "window", "rolling": "30d"}),
        (
            CalendarWindow("week", tz="Europe/Berlin", every=2, start="2026-01-05"),
            {"kind": "window", "calendar": "week", "tz": "Europe/Berlin", "every": 2, "start": "2026-01-05"},
        ),
        (Occurrences(), {"kind": "budgeting", "method": "occurrences"}),
        (
            Timeslices("1m", target="99%"),
            {"kind": "budgeting", "method": "timeslices", "slice": "1m", "target": "0.99"},
        ),
        (RatioTimeslices("5m"), {"kind": "budgeting", "method": "ratio_timeslices", "slice": "5m"}),
        (
            Exclusion("2026-01-05T10:00Z", "2026-01-05T12:00Z", "outage", scope={"region": ["us", "eu"], "az": "1"}),
            {
                "kind": "exclusion",
                "start": "2026-01-05T10:00:00Z",
                "end": "2026-01-05T12:00:00Z",
                "reason": "outage",
                "scope": {"az": "1", "region": ["eu", "us"]},
            },
        ),
        (
            Exclusion.recurring(days="Sun", at="02:00", duration="2h", tz="Europe/Berlin", proposed=True),
            {
                "kind": "exclusion",
                "recurring": {"days": "Sun", "at": "02:00", "duration": "2h", "tz": "Europe/Berlin"},
                "proposed": True,
            },
        ),
        (
            BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4),
            {"kind": "burn_rate_alert", "long_window": "1h", "short_window": "5m", "burn_rate": "14.4"},
        ),
        (
            BurnRateAlert(
                long_window="1h",
                burn_rate=6,
                severity="ticket",
                op="gte",
                pending="2m",
                min_bad=5,
                min_total=100,
                min_coverage="50%",
                confidence="99%",
            ),
            {
                "kind": "burn_rate_alert",
                "long_window": "1h",
                "burn_rate": "6",
                "severity": "ticket",
                "op": "gte",
                "pending": "2m",
                "min_bad": 5,
                "min_total": 100,
                "min_coverage": "0.5",
                "confidence": "0.99",
            },
        ),
        (
            BudgetShareAlert(share="2%", window="1h", min_coverage="25%"),
            {"kind": "budget_share_alert", "share": "0.02", "window": "1h", "min_coverage": "0.25"},
        ),
        (
            Policy("calm", states=[State("calm")], rules=[]),
            {"kind": "policy", "name": "calm", "states": [{"name": "calm"}], "rules": []},
        ),
    ],
)
def test_each_definition_is_written_as_people_would(definition: Any, data: dict[str, Any]) -> None:
    """Exact numbers, durations and instants are text, defaults are left out, and all of it reads back equal."""
    assert to_dict(definition) == {"slokit": 1, **data}
    assert from_dict({"slokit": 1, **data}) == definition


def test_an_objective_is_written_with_what_it_is_made_of() -> None:
    """Inside an objective a window is a duration, and nothing says again what its place says."""
    slo = SLO(
        "checkout",
        sli=SLI.ratio("up"),
        target="99.9%",
        window="30d",
        budgeting=Timeslices("1m", target="99%"),
        enforced=False,
    ).per("tenant", target={"acme": "99.95%"})
    assert to_dict(slo) == {
        "slokit": 1,
        "kind": "slo",
        "name": "checkout",
        "sli": RATIO,
        "target": "0.999",
        "window": "30d",
        "budgeting": {"method": "timeslices", "slice": "1m", "target": "0.99"},
        "enforced": False,
        "per": {"axis": "tenant", "target": {"acme": "0.9995"}},
    }


def test_a_policy_is_written_with_its_states_rules_and_reviews() -> None:
    """Conditions say their kind and what they are made of; what is the default is left out."""
    policy = Policy(
        "release",
        states=[State("calm"), State("frozen", means="stop", actions=["mend"], blocks=["ship"], exempt=["p0"])],
        rules=[
            Rule("frozen", (Exhausted() | SpentAtLeast("20%", "6h")) & DataSince("25%"), until=~BudgetBelow("5%")),
            Rule("frozen", ExhaustsWithin("4h") | Missed() | NoDataFor("2h"), hold="1h", warmup="10%"),
        ],
        unknown=State("unknown", actions=["look"]),
        stale_after="30m",
        on_unknown="block",
        activities=["ship"],
        changes=["p0"],
        round_windows=True,
        reviews=Reviews(incident_review=["frozen"], planning_share="1/3", planning_within="90d"),
    )
    spent = {"kind": "spent_at_least", "share": "0.2", "window": "6h"}
    several = [{"kind": "exhausts_within", "horizon": "4h"}, {"kind": "missed"}]
    assert to_dict(policy) == {
        "slokit": 1,
        "kind": "policy",
        "name": "release",
        "states": [
            {"name": "calm"},
            {"name": "frozen", "means": "stop", "actions": ["mend"], "blocks": ["ship"], "exempt": ["p0"]},
        ],
        "rules": [
            {
                "state": "frozen",
                "when": {
                    "kind": "all",
                    "of": [
                        {"kind": "any", "of": [{"kind": "exhausted"}, spent]},
                        {"kind": "data_since", "share": "0.25"},
                    ],
                },
                "until": {"kind": "not", "of": {"kind": "budget_below", "remaining": "0.05"}},
            },
            {
                "state": "frozen",
                "when": {"kind": "any", "of": [*several, {"kind": "no_data_for", "duration": "2h"}]},
                "hold": "1h",
                "warmup": "0.1",
            },
        ],
        "unknown": {"name": "unknown", "actions": ["look"]},
        "stale_after": "30m",
        "on_unknown": "block",
        "activities": ["ship"],
        "changes": ["p0"],
        "round_windows": True,
        "reviews": {"incident_review": ["frozen"], "planning_share": "1/3", "planning_within": "90d"},
    }
    assert from_dict(to_dict(policy)) == policy


@pytest.mark.parametrize("window", ["30d", "7d", CalendarWindow("month"), CalendarWindow("week", tz="Europe/Berlin")])
def test_the_default_policy_can_be_written_down_and_changed(window: Any) -> None:
    """Written for any window it reads back equal, so that a team may start from it and review what it changes."""
    policy = Policy.default(window)
    assert from_dict(to_dict(policy)) == policy
    stricter = to_dict(policy) | {"on_unknown": "block"}
    assert from_dict(stricter) == Policy.default(window, on_unknown="block") != policy


class Tuesdays(Leaf):
    """A condition that somebody wrote in Python."""

    words = "it is Tuesday"

    def answer(self, evaluation: Any) -> Any:
        """Hold never."""
        return evaluation.missed & False

    def say(self, evaluation: Any, bucket: int, *, holds: bool) -> str:
        """Say so."""
        return self.words


def test_a_condition_of_ones_own_is_refused_with_its_path() -> None:
    """Code is no data: it can be used in Python, and not be written."""
    policy = Policy("x", states=[State("a"), State("b")], rules=[Rule("b", Exhausted() | ~Tuesdays())])
    with pytest.raises(
        InvalidDefinition, match=r"^policy\.rules\[0\]\.when\.of\[1\]\.of: is a Tuesdays, which has no form"
    ):
        to_dict(policy)


def test_conditions_nested_too_deeply_are_refused_both_ways() -> None:
    """What is written can be read, so both stop at one depth."""
    deep: dict[str, Any] = {"kind": "exhausted"}
    for _ in range(28):
        deep = {"kind": "not", "of": deep}
    data = {"slokit": 1, "kind": "policy", **POLICY, "rules": [{"state": "b", "when": deep}]}
    assert to_dict(from_dict(data, Policy)) == data
    for _ in range(4):
        deep = {"kind": "not", "of": deep}
    (message,) = problems(data | {"rules": [{"state": "b", "when": deep}]}).values()
    assert message == "is nested deeper than 32 levels"


def test_a_fraction_too_long_for_text_of_a_number_is_kept() -> None:
    """A target made in Python of 400 bits is written as p/q, and reads back exactly."""
    slo = SLO("x", sli=SLI.ratio("up"), target=Fraction(2**390 - 1, 2**390), window="30d")
    assert from_dict(to_dict(slo)) == slo


def test_a_predicate_is_refused_with_its_path() -> None:
    """Code is no data, wherever it hides."""
    usable = SLI.all_of("usable", SLI.ratio("ok"), SLI.predicate("odd", lambda x: x % 2 == 1))
    with pytest.raises(
        InvalidDefinition, match=r"^slo\.sli\.parts\[1\]: holds code, which is no data: make it in Python"
    ):
        to_dict(SLO("x", sli=usable, target=0.9, window="30d"))
    found = problems_of_slo(sli={"kind": "predicate", "name": "odd"})
    assert found["slo.sli"].startswith("holds code")


def test_what_is_no_definition_is_refused() -> None:
    """Rules and numbers are parts, not definitions."""
    with pytest.raises(WrongType, match=r"to_dict writes Definitions, SLO, SLI, .* got Ratio"):
        to_dict(SLI.ratio("up").rule)  # type: ignore[arg-type]


# --- what may be read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["99.9%", "0.999", 0.999, Decimal("0.999"), Fraction(999, 1000), "999/1000"])
def test_a_target_may_be_written_as_the_class_takes_it(target: Any) -> None:
    """Cases 3 and 37: all of them are the same decimal."""
    assert an_slo(target=target).target == Fraction(999, 1000)


def test_native_times_are_read() -> None:
    """TOML has dates and times of its own; a date means its first instant in the zone."""
    span = {"start": datetime(2026, 1, 5, 10, tzinfo=UTC), "end": "2026-01-05T13:00+01:00"}
    assert from_dict({"slokit": 1, "kind": "exclusion", **span}) == Exclusion("2026-01-05T10:00Z", "2026-01-05T12:00Z")
    habit = {"days": ["Sat", "Sun"], "at": time(2), "duration": timedelta(hours=2), "tz": "Europe/Berlin"}
    found = from_dict({"slokit": 1, "kind": "exclusion", "recurring": habit | {"first": date(2026, 1, 1)}}, Exclusion)
    assert found.recurrence is not None
    assert found.recurrence.first == 1_767_222_000 * 10**9  # 2025-12-31T23:00Z
    assert an_slo(window={"calendar": "month", "start": date(2026, 1, 15)}).window == CalendarWindow(
        "month", start="2026-01-15"
    )


def test_bounds_may_have_a_unit_of_their_own() -> None:
    """A threshold is read as its constructor reads it."""
    data = {"slokit": 1, "kind": "threshold", "name": "latency", "lt": "200ms", "unit": "ms"}
    assert from_dict(data) == SLI.threshold("latency", lt=200, unit="ms")


def test_short_forms_of_budgeting_and_windows() -> None:
    """A method without settings is a word; a rolling window may be a table too."""
    slo = an_slo(budgeting="occurrences", window={"rolling": "7d"})
    assert slo.budgeting == Occurrences()
    assert slo.window == RollingWindow("7d")


def test_null_is_a_key_left_out_where_it_may_be() -> None:
    """JSON writers say null for what is not there; a key that must be there may not be null."""
    assert an_slo(owner=None, missing_events=None) == an_slo()
    assert problems_of_slo(target=None) == {"slo.target": "must be a number or its text, got NoneType: None"}


def test_a_definition_written_alone_can_be_put_inside_another() -> None:
    """Its version and its kind are in place there too, and are checked."""
    written = to_dict(SLI.freshness("mart", within="30m"))
    assert an_slo(sli=written, budgeting=to_dict(Timeslices("1m", target=0.9))).sli == SLI.freshness("mart", "30m")
    assert problems_of_slo(sli=written | {"slokit": 2}) == {
        "slo.sli.slokit": "is 2, from a newer slokit; this one reads 1: pip install -U slokit"
    }
    assert problems_of_slo(budgeting={"kind": "window", "method": "occurrences"}) == {
        "slo.budgeting.kind": "must be \"budgeting\" here, got 'window'"
    }


def test_the_class_wanted_can_be_said() -> None:
    """A caller who needs an objective is told when the data are an indicator."""
    with pytest.raises(WrongType, match="data must define a SLO, got a SLI"):
        from_dict({"slokit": 1, **RATIO}, SLO)


def test_a_suspicious_target_warns_in_data_too() -> None:
    """Case 13: percent below one in a hundred was probably a fraction."""
    with pytest.warns(SuspiciousTarget):
        an_slo(target="0.999%")


# --- complaints -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"target": 99.9}, "slo.target", 'must be at least 0 and below 1, got 99.9; did you mean "99.9%" or 0.999?'),
        ({"target": float("nan")}, "slo.target", "must be finite, got nan"),
        ({"target": True}, "slo.target", "must be a number, got True"),
        ({"target": Decimal("1e-999")}, "slo.target", "must have an exponent of at most 40 either way"),
        ({"window": "1M"}, "slo.window", "the calendar's own periods are a table: { calendar = \"month\""),
        ({"window": "quarter"}, "slo.window", "the calendar's own periods are a table: { calendar = \"quarter\""),
        ({"window": 30}, "slo.window", 'must be text with a unit such as "5m"'),
        ({"window": {"calendar": "mont"}}, "slo.window.calendar", "must be one of day, week, month"),
        ({"window": {"calendar": "day", "rolling": "1d"}}, "slo.window", "must have exactly one of the keys"),
        ({"window": {"calendar": "day", "tz": "../../etc/passwd"}}, "slo.window.tz", "must be an IANA zone"),
        ({"window": {"calendar": "day", "tz": "Europe/Berln"}}, "slo.window.tz", "did you mean 'Europe/Berlin'?"),
        ({"window": {"calendar": "week", "every": 2}}, "slo.window", "every=2 needs start="),
        ({"window": {"calendar": "month", "start": "2026-01-30"}}, "slo.window.start", "start of a month must be"),
        ({"window": {"calendar": "month", "every": True}}, "slo.window.every", "must be an int, got bool"),
        ({"budgeting": {"method": "slices"}}, "slo.budgeting.method", 'did you mean "timeslices"?'),
        ({"budgeting": {"slice": "1m"}}, "slo.budgeting.method", "is missing: one of occurrences, timeslices"),
        ({"budgeting": 7}, "slo.budgeting", 'must be a table such as { method = "timeslices"'),
        ({"budgeting": "ratio_timeslices"}, "slo.budgeting.slice", "is missing"),
        ({"budgeting": {"method": "ratio_timeslices", "slice": "7m"}}, "slo.window", "window of 30d is no whole"),
        ({"missing": "good"}, "slo", "missing='good' must say how many events a missing bucket stands for"),
        ({"missing_events": 10}, "slo.missing_events", "must not be given, because missing=\"ignore\" fills nothing"),
        ({"missing": "Good"}, "slo.missing", 'did you mean "good"?'),
        ({"enforced": "no"}, "slo.enforced", "must be a bool, got str: 'no'"),
        ({"name": ""}, "slo.name", "and not blank"),
        ({"sli": None}, "slo.sli", "must be a table, or the name of an indicator of the document, got null"),
        ({"sli": "up"}, "slo.sli", "must be a table, or the name of an indicator written above as [[sli]], got 'up'"),
        ({"sli": {"name": "x"}}, "slo.sli.kind", "is missing: one of ratio, threshold"),
        ({"sli": {"kind": ["ratio"], "name": "x"}}, "slo.sli.kind", 'must be one of "ratio"'),
        ({"sli": RATIO | {"lt": 1}}, "slo.sli.lt", "is no key of ratio; its keys are name"),
        ({"sli": {"kind": "all_of", "name": "x", "parts": []}}, "slo.sli", "all_of must have at least one part"),
        ({"sli": {"kind": "all_of", "name": "x", "parts": {}}}, "slo.sli.parts", "must be a list of indicators"),
        (
            {"sli": {"kind": "all_of", "name": "x", "parts": [RATIO, RATIO]}},
            "slo.sli.parts",
            "must have names of their own, got 'up' twice",
        ),
        ({"sli": {"kind": "threshold", "name": "x"}}, "slo.sli", "a threshold must have exactly one of lt, lte"),
        ({"sli": {"kind": "threshold", "name": "x", "lt": "5q"}}, "slo.sli.lt", "must be numbers with the units"),
        (
            {"sli": {"kind": "threshold", "name": "x", "between": [2, 1]}},
            "slo.sli.between",
            "must be two rising bounds, got 2 and 1; swap them",
        ),
        ({"sli": {"kind": "threshold", "name": "x", "between": [None, 1]}}, "slo.sli.between", "must be two bounds"),
        ({"sli": {"kind": "threshold", "name": "x", "lt": "1s", "unit": "items"}}, "slo.sli.lt", "is a length of time"),
        ({"sli": {"kind": "threshold", "name": "x", "lt": 1, "unit": " "}}, "slo.sli.unit", "must be 1 to 32"),
        ({"sli": {"kind": "gauge", "name": "x", "lt": 1, "stale_after": "1ns"}}, "slo.sli.stale_after", "whole"),
        ({"sli": {"kind": "deadline", "name": "x", "by": "25:00", "tz": "UTC"}}, "slo.sli.by", "must be a time of day"),
        ({"per": {"axis": "tenant", "target": {"a.b": 2}}}, "slo.per.target['a.b']", "must be at least 0 and below 1"),
        ({"per": {"axis": "tenant", "target": [1]}}, "slo.per.target", "must be a table of labels and their targets"),
        ({"per": {"axis": "tenant", "target": {1: 0.9}}}, "slo.per.target", "must have labels that are text"),
        ({"\x1b[31m": 1}, r"slo['\\x1b[31m']", "is no key of slo"),
        ({"kind": "slos"}, "kind", 'did you mean "slo"?'),
        ({"kind": 1}, "kind", 'must be one of "slo", "ratio"'),
    ],
)  # fmt: skip
def test_a_complaint_has_a_path_and_a_way_out(changes: dict[str, Any], path: str, message: str) -> None:
    """Cases 3, 10, 13, 40 and 45: what is wrong is named where it stands, in the words of the class itself."""
    found = problems_of_slo(**changes)
    assert list(found) == [path]
    assert message in found[path]


GONE = {"kind": "exhausted"}


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"states": []}, "states", "must be 1 to 15, got 0"),
        ({"states": [{"name": "a"}] * 2}, "states", "must have names of their own, none of them 'unknown'"),
        ({"states": {"name": "a"}}, "states", "must be a list of tables, got a table"),
        ({"states": [{"nam": "a"}]}, "states[0].nam", 'is no key of state; did you mean "name"?'),
        ({"states": [{"name": "a", "blocks": "deploy"}]}, "states[0].blocks", "must be a list of texts, got str"),
        ({"states": [{"name": "a", "actions": [["x"]]}]}, "states[0].actions", "must be text, got list: ['x']"),
        ({"states": [{"name": "a", "means": "\x1b[2J"}]}, "states[0].means", "must not hold control characters"),
        ({"states": [{"name": "a"}, {"name": "b", "blocks": ["fly"]}]}, "", "blocks of state 'b' must be among the"),
        ({"states": [{"name": "a"}, {"name": "b", "exempt": ["fly"]}]}, "", "exempt of state 'b' must be among the"),
        ({"rules": [{"state": "c", "when": GONE}]}, "rules[0]", "must name a state but the mildest, one of 'b', got"),
        ({"rules": [{"state": "b", "when": GONE}, {"state": "a", "when": GONE}]}, "rules[1]", "one of 'b', got 'a'"),
        ({"rules": [{"state": "b"}]}, "rules[0].when", "is missing"),
        ({"rules": [{"when": GONE}]}, "rules[0].state", "is missing"),
        ({"rules": [{"state": "b", "when": "exhausted"}]}, "rules[0].when", "must be a table, got str: 'exhausted'"),
        ({"rules": [{"state": "b", "when": {"of": []}}]}, "rules[0].when.kind", "is missing: one of burn_rate_alert"),
        ({"rules": [{"state": "b", "when": GONE, "until": {"kind": "missd"}}]}, "rules[0].until.kind", '"missed"?'),
        ({"rules": [{"state": "b", "when": GONE, "hold": "-1s"}]}, "rules[0].hold", "must be numbers with the units"),
        ({"rules": [{"state": "b", "when": GONE, "warmup": 2}]}, "rules[0].warmup", "must be a share of the window"),
        ({"unknown": {"name": "x"}}, "unknown", "must be a state called 'unknown', got 'x'"),
        ({"on_unknown": "Allow"}, "on_unknown", 'did you mean "allow"?'),
        ({"stale_after": 0}, "stale_after", 'must be text with a unit such as "5m"'),
        ({"activities": [1]}, "activities", "must be text, got int: 1"),
        ({"round_windows": "yes"}, "round_windows", "must be a bool, got str"),
        ({"reviews": {"planning_share": -1}}, "reviews.planning_share", "must not be negative, got -1"),
        ({"reviews": {"incident_review": ["c"]}}, "", "incident_review must name states of the policy, a, b, got 'c'"),
        ({"stale_aftr": "2h"}, "stale_aftr", 'is no key of policy; did you mean "stale_after"?'),
    ],
)
def test_a_complaint_about_a_policy_has_a_path(changes: dict[str, Any], path: str, message: str) -> None:
    """What is wrong with a policy is named where it stands, down to the key of a condition."""
    found = problems({"slokit": 1, "kind": "policy", **POLICY, **changes})
    where = f"policy.{path}" if path else "policy"
    assert list(found) == [where]
    assert message in found[where]


@pytest.mark.parametrize(
    ("condition", "path", "message"),
    [
        ({"kind": "budget_below", "remaining": 25}, ".remaining", "must be at most 1 (all of the budget), got 25"),
        ({"kind": "budget_below"}, ".remaining", "is missing"),
        ({"kind": "exhausted", "share": 1}, ".share", "is no key of exhausted"),
        ({"kind": "spent_at_least", "share": -1}, ".share", "must not be negative, got -1"),
        ({"kind": "spent_at_least", "share": 1, "window": "0s"}, ".window", "must be longer than zero"),
        ({"kind": "exhausts_within", "horizon": "1M"}, ".horizon", "must have a fixed length"),
        ({"kind": "exhausts_within", "horizon": "1h", "recent": 5}, ".recent", "must be text with a unit"),
        ({"kind": "no_data_for", "duration": "0s"}, ".duration", "must be longer than zero"),
        ({"kind": "data_since", "share": 2}, ".share", "must be from 0 to 1, got 2"),
        ({"kind": "any", "of": []}, ".of", "must be at least one condition, got none"),
        ({"kind": "all", "of": GONE}, ".of", "must be a list of tables, got a table"),
        ({"kind": "all"}, ".of", "is missing"),
        ({"kind": "not", "of": [GONE]}, ".of", "must be a table, got a list"),
        ({"kind": "any", "of": [GONE, {"kind": "not", "of": {"kind": 5}}]}, ".of[1].of.kind", "must be one of"),
        ({"kind": "burn_rate_alert", "long_window": "1h", "burn_rate": -2}, ".burn_rate", "must not be negative"),
        ({"kind": "burn_rate_alert", "long_window": "1h", "burn_rate": 2, "op": ">"}, ".op", 'must be one of "gt"'),
        (
            {"kind": "burn_rate_alert", "long_window": "1h", "burn_rate": 2, "confidence": "100%"},
            ".confidence",
            'must lie between 0 and 1, such as "99%", got 1',
        ),
        ({"kind": "budget_share_alert", "share": 1, "window": "1h", "min_bad": True}, ".min_bad", "must be an integer"),
        (
            {"kind": "budget_share_alert", "share": 1, "window": "1h", "min_total": 2**63},
            ".min_total",
            "must be from 0",
        ),
        ({"kind": "budget_share_alert", "share": 1, "window": "1h", "min_coverage": 2}, ".min_coverage", "from 0 to 1"),
        ({"kind": "budget_share_alert", "share": 1, "window": "1h", "pending": "x"}, ".pending", "must be numbers"),
        (
            {"kind": "budget_share_alert", "share": 1, "window": "1h", "burn_rate": 1},
            ".burn_rate",
            "is no key of budget",
        ),
    ],
)
def test_a_complaint_about_a_condition_has_a_path(condition: dict[str, Any], path: str, message: str) -> None:
    """Wherever it stands: in a rule, in what leaves it, or inside another condition."""
    for changes, where in (
        ({"when": condition}, "rules[0].when"),
        ({"when": GONE, "until": {"kind": "not", "of": condition}}, "rules[0].until.of"),
    ):
        found = problems({"slokit": 1, "kind": "policy", **POLICY, "rules": [{"state": "b", **changes}]})
        assert list(found) == [f"policy.{where}{path}"]
        assert message in found[f"policy.{where}{path}"]


def test_keys_that_must_be_there_are_missed() -> None:
    """Each of them by its path."""
    found = problems({"slokit": 1, "kind": "slo"})
    assert found == {f"slo.{key}": "is missing" for key in ("name", "sli", "target", "window")}


def test_a_misspelt_key_is_not_missed_as_well() -> None:
    """The hint says which key was meant; that this is not there is no second mistake."""
    data = {key: value for key, value in SLO_.items() if key != "target"}
    found = problems({"slokit": 1, "kind": "slo", **data, "Tar-get": "99.9%"})
    assert found == {"slo.Tar-get": 'is no key of slo; did you mean "target"?'}


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (None, "is missing: write slokit = 1, the version of the format, at the top"),
        (2, "is 2, from a newer slokit; this one reads 1: pip install -U slokit"),
        (0, "must be 1, the version of the format, got 0"),
        (True, "must be 1, the version of the format, got True"),
        (1.0, "must be 1, the version of the format, got 1.0"),
        ("1", "must be 1, the version of the format, got '1'"),
    ],
)
def test_a_version_that_is_not_known_is_refused_alone(version: Any, message: str) -> None:
    """Case 34: what another version means by the rest is not known, so nothing else is said about it."""
    data = {"slo": [{"tragte": 1}]} if version is None else {"slokit": version, "slo": [{"tragte": 1}]}
    assert problems(data) == {"slokit": message}


def test_what_is_no_table_is_refused() -> None:
    """The outermost thing is the caller's own, and so the error a WrongType."""
    with pytest.raises(WrongType, match="from_dict reads a table, got a list"):
        from_dict([1])  # type: ignore[call-overload]


def test_a_hundred_problems_are_enough() -> None:
    """A file of something else does not fill a screen for each of its lines, nor time with looking for hints."""
    with pytest.raises(InvalidDefinition) as caught:
        from_dict({"slokit": 1, "slo": [1] * 250})
    assert len(caught.value.problems) == 101
    assert caught.value.problems[-1] == ("document", "has more problems; these are the first 100")


def test_messages_are_one_short_line() -> None:
    """Case 44: what people typed is cleaned, and cut where it is endless."""
    (message,) = problems_of_slo(enforced="\x1b[2J" + "x" * 100_000).values()
    assert message.isprintable()
    assert len(message) <= 400


@pytest.mark.parametrize(
    "tables",
    [
        [{f"k{i}": 1 for i in range(100_000)}],
        [SLO_ | {"name": str(i), "window": {"calendar": "day", "tz": f"Europe/Berln{i}"}} for i in range(20_000)],
        [SLO_] * 20_000,
    ],
)
def test_much_that_is_wrong_is_refused_soon(tables: list[dict[str, Any]]) -> None:
    """Case 45: a complaint with a hint takes milliseconds; a file of nothing but mistakes takes no minutes."""
    started = process_time()
    assert len(problems({"slokit": 1, "slo": tables})) >= 100
    assert process_time() - started < 10


# --- extent ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: {"parts": x}, lambda x: {"sli": [x]}])
def test_data_nested_too_deeply_are_refused(wrap: Any) -> None:
    """Case 38: depth never becomes a RecursionError, also where the data only have to be shown."""
    deep: Any = "x"
    for _ in range(5_000):
        deep = wrap(deep)
    assert "64 levels" in problems({"slokit": 1, "kind": "slo", **SLO_, "name": deep})["document"]


def test_data_that_hold_themselves_are_refused() -> None:
    """Case 38: a loop by reference is infinitely deep."""
    loop: dict[str, Any] = {"slokit": 1, "kind": "all_of", "name": "x"}
    loop["parts"] = [loop]
    assert "64 levels" in problems(loop)["document"]


def test_a_bomb_of_references_is_refused() -> None:
    """Case 38: nine lists of nine times the one before would be 387 million values."""
    bomb: list[Any] = ["x"] * 9
    for _ in range(9):
        bomb = [bomb] * 9
    assert "200,000 values" in problems({"slokit": 1, "slo": bomb})["document"]


def test_an_indicator_of_too_many_layers_is_refused_both_ways() -> None:
    """What is written can be read, so both stop at one depth, with the path."""
    sli = SLI.ratio("x")
    for _ in range(14):
        sli = SLI.all_of("x", sli)
    assert from_dict(to_dict(sli)) == sli
    deeper = SLI.all_of("x", SLI.all_of("x", SLI.all_of("x", sli)))
    with pytest.raises(InvalidDefinition, match=r"^sli(\.parts\[0\]){17}: is nested deeper than 32 levels$"):
        to_dict(deeper)
    table = to_dict(sli)
    for _ in range(3):
        table = {"slokit": 1, "kind": "all_of", "name": "x", "parts": [table]}
    assert "is nested deeper than 32 levels" in next(iter(problems(table).values()))


# --- documents ------------------------------------------------------------------------------------------------------

DOCUMENT: dict[str, Any] = {
    "slokit": 1,
    "sli": [{"kind": "ratio", "name": "up"}],
    "slo": [SLO_ | {"sli": "up"}, SLO_ | {"name": "monthly", "sli": "up", "window": {"calendar": "month"}}],
    "exclusion": [{"start": "2026-01-05T10:00Z", "end": "2026-01-05T12:00Z", "reason": "outage"}],
    "alert": [{"long_window": "1h", "short_window": "5m", "burn_rate": "14.4"}],
}


def test_a_document_is_a_sequence_of_its_objectives() -> None:
    """By position and by name, and with what goes with them."""
    found = from_dict(DOCUMENT, Definitions)
    assert [slo.name for slo in found] == ["checkout", "monthly"]
    assert len(found) == 2
    assert found["monthly"] is found[1] is found.slos[-1]
    assert found[:1] == found.slos[:1]
    assert found[0] in found
    assert found.index(found[1]) == 1
    assert found.exclusions == (Exclusion("2026-01-05T10:00Z", "2026-01-05T12:00Z", "outage"),)
    assert found.alerts == (BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4),)
    assert found.slis == (SLI.ratio("up"),)
    assert hash(found) == hash(from_dict(to_dict(found)))
    with pytest.raises(UnknownLabel, match="no SLO is called 'montly'; did you mean \"monthly\""):
        found["montly"]
    with pytest.raises(UnknownLabel, match="the SLOs are 'checkout', 'monthly'"):
        found["x"]
    with pytest.raises(IndexError):
        found[2]


def test_what_is_found_by_name_is_in_a_document() -> None:
    """A name, an objective, and nothing else: neither another of that name, nor an indicator's name, nor a position."""
    found = from_dict(DOCUMENT, Definitions)
    for one in ("checkout", "monthly", found["monthly"], an_slo()):
        assert one in found
    for other in ("montly", "", "up", 0, None, found.slis[0], an_slo(target="99%"), found.slos):
        assert other not in found


def test_a_document_written_refers_to_its_indicators() -> None:
    """What two objectives share is written once."""
    found = from_dict(DOCUMENT, Definitions)
    assert [slo["sli"] for slo in to_dict(found)["slo"]] == ["up", "up"]
    other = Definitions(found.slos, slis=[SLI.threshold("up", lt=1)])  # of the same name, and not the same
    assert [slo["sli"] for slo in to_dict(other)["slo"]] == [RATIO, RATIO]


def test_an_indicator_may_be_made_of_those_above() -> None:
    """Parts are named as objectives name indicators; only what stands above is there, so nothing can go in circles."""
    usable = {"kind": "all_of", "name": "usable", "parts": ["up"]}
    data = {"slokit": 1, "sli": [RATIO, usable], "slo": [SLO_ | {"sli": "usable"}]}
    assert from_dict(data, Definitions)[0].sli == SLI.all_of("usable", SLI.ratio("up"))
    assert list(problems(data | {"sli": [usable, RATIO]})) == ["sli[0].parts[0]"]


def test_problems_of_a_whole_document_come_at_once() -> None:
    """Each where it stands; who refers to an indicator that is wrong has made no mistake of their own."""
    found = problems({
        "slokit": 1,
        "sli": [{"kind": "rato", "name": "up"}, {"kind": "ratio", "name": "up"}],
        "slo": [SLO_ | {"sli": "up"}, SLO_ | {"target": 2, "sli": "upp"}, "x"],
        "exclusion": {"start": "2026-01-05T10:00Z"},
        "alert": [{"long_window": "1h", "burn_rate": -1, "op": "ge"}],
        "alerts": [],
    })  # fmt: skip
    assert list(found) == [
        "alerts",
        "sli[0].kind",
        "sli[1].name",
        "slo[1].sli",
        "slo[1].target",
        "slo[2]",
        "slo[1].name",
        "exclusion",
        "alert[0].burn_rate",
        "alert[0].op",
    ]
    assert found["alerts"] == 'is no part of a document; did you mean "alert"?'
    assert found["slo[1].name"] == "must be a name of its own, got 'checkout', which slo[0] has"
    assert found["exclusion"] == "must be a list of tables, written as [[exclusion]], got a table"


def test_no_time_at_all_may_be_written() -> None:
    """A hold or a pending time of zero is what is meant by none."""
    alert = {"kind": "budget_share_alert", "share": "2%", "window": "1h", "pending": "0s"}
    data = {"slokit": 1, "kind": "policy", **POLICY, "rules": [{"state": "b", "when": alert, "hold": "0s"}]}
    assert from_dict(data, Policy).rules == (Rule("b", BudgetShareAlert(share="2%", window="1h")),)


def test_a_document_holds_policies(tmp_path: Path) -> None:
    """In TOML as people write it; beside objectives or alone, and each with a name of its own."""
    path = tmp_path / "policies.toml"
    path.write_text(
        """
slokit = 1

[[policy]]
name = "release"
states = [{ name = "calm" }, { name = "frozen", blocks = ["deploy"], exempt = ["security"] }]
stale_after = "30m"

[[policy.rules]]
state = "frozen"
when = { kind = "any", of = [
    { kind = "exhausted" },
    { kind = "burn_rate_alert", long_window = "1h", short_window = "5m", burn_rate = 14.4 },
] }
until = { kind = "not", of = { kind = "budget_below", remaining = "5%" } }
warmup = 0.25

[[policy]]
name = "watch"
states = [{ name = "calm" }, { name = "busy" }]
rules = [{ state = "busy", when = { kind = "budget_share_alert", share = "2%", window = "1h" }, hold = "6h" }]
""",
        encoding="utf-8",
    )
    found = load(path)
    fast = BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4)
    assert found == Definitions(
        policies=[
            Policy(
                "release",
                states=[State("calm"), State("frozen", blocks=["deploy"], exempt=["security"])],
                rules=[Rule("frozen", Exhausted() | fast, until=~BudgetBelow("5%"), warmup="25%")],
                stale_after="30m",
            ),
            Policy(
                "watch",
                states=[State("calm"), State("busy")],
                rules=[Rule("busy", BudgetShareAlert(share="2%", window="1h"), hold="6h")],
            ),
        ]
    )
    assert len(found) == 0
    assert from_dict(to_dict(found)) == found
    assert repr(found) == "Definitions(0 SLOs, 2 policies)"
    assert hash(found) == hash(from_dict(to_dict(found)))


def test_policies_of_one_name_could_not_be_told_apart() -> None:
    """In data and by hand; a policy that is wrong keeps its name for the next one."""
    assert problems({"slokit": 1, "policy": [POLICY, POLICY]}) == {
        "policy[1].name": "must be a name of its own, got 'x', which policy[0] has"
    }
    assert list(problems({"slokit": 1, "policy": [POLICY | {"states": []}, POLICY]})) == [
        "policy[0].states",
        "policy[1].name",
    ]
    policy = from_dict({"slokit": 1, "kind": "policy", **POLICY}, Policy)
    with pytest.raises(InvalidDefinition, match=r"policy\[1\]\.name: must be a name of its own, got 'x'"):
        Definitions(policies=[policy, policy])
    with pytest.raises(WrongType, match=r"policies\[0\] must be an? Policy, got SLO"):
        Definitions(policies=[an_slo()])


@pytest.mark.parametrize("data", [{}, {"name": "x"}])
def test_a_document_of_nothing_is_refused(data: dict[str, Any]) -> None:
    """No objectives at all is never what a file was written for; an empty list says it on purpose."""
    assert "defines nothing" in problems({"slokit": 1} | data)["document"]
    assert from_dict({"slokit": 1, "slo": []}) == Definitions()


def test_definitions_made_by_hand_are_checked() -> None:
    """Two of one name could not be told apart, and an SLO is no exclusion."""
    slo = an_slo()
    with pytest.raises(InvalidDefinition, match=r"slo\[1\]\.name: must be a name of its own, got 'checkout'"):
        Definitions([slo, slo])
    with pytest.raises(WrongType, match=r"exclusions\[0\] must be an Exclusion, got SLO"):
        Definitions(exclusions=[slo])


def test_definitions_show_themselves() -> None:
    """Case 44: in a line, in a notebook with everything escaped, and to rich."""
    slo = an_slo(name="<b>checkout</b>", owner="<i>")
    found = Definitions([slo], alerts=[BurnRateAlert(long_window="1h", burn_rate=2)])
    assert repr(found) == "Definitions(1 SLO, 1 alert: <b>checkout</b>)"
    assert repr(Definitions([an_slo(name=str(i)) for i in range(7)])) == "Definitions(7 SLOs: 0, 1, 2, 3, 4, …)"
    assert "&lt;b&gt;checkout" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    assert "<i>" not in found._repr_html_()
    assert dict(found.__rich_repr__()) == {"slos": [slo], "alerts": list(found.alerts)}


# --- systems --------------------------------------------------------------------------------------------------------

SYSTEM_TOML = """
slokit = 1

[[system]]
structure = "all_of"
name = "checkout"
parts = [
    { name = "web", target = "99.95%", slice_target = 1 },
    { structure = "any_of", name = "payment", parts = [{ name = "stripe" }, { name = "adyen" }] },
    { structure = "at_least", name = "quorum", least = 2, parts = [{ name = "a" }, { name = "b" }, { name = "c" }] },
    { structure = "optional", part = { name = "recommendations" } },
]

[[system]]
structure = "journeys"
name = "shop"
shares = [
    { weight = "20%", part = { structure = "all_of", name = "buy", parts = [{ name = "web" }, { name = "db" }] } },
    { weight = "80%", part = { name = "web" } },
]
"""


def test_a_document_holds_systems(tmp_path: Path) -> None:
    """In TOML as people write it: parts need no structure, and groups stand inside each other."""
    path = tmp_path / "systems.toml"
    path.write_text(SYSTEM_TOML, encoding="utf-8")
    found = load(path)
    web = Part("web", target="99.95%", slice_target=1)
    payment = any_of("payment", Part("stripe"), Part("adyen"))
    quorum = at_least(2, "quorum", Part("a"), Part("b"), Part("c"))
    buy = all_of("buy", Part("web"), Part("db"))
    assert found == Definitions(
        systems=[
            all_of("checkout", web, payment, quorum, optional(Part("recommendations"))),
            journeys("shop", ("20%", buy), ("80%", Part("web"))),
        ]
    )
    assert from_dict(to_dict(found)) == found
    assert repr(found) == "Definitions(0 SLOs, 2 systems)"
    assert "Systems" in found._repr_html_()
    (first, _) = found.systems
    data = to_dict(first)
    assert (data["kind"], data["structure"], data["name"]) == ("system", "all_of", "checkout")
    assert from_dict(data, System) == first


def test_what_is_wrong_with_a_system_is_found_in_one_reading() -> None:
    """Each place by its path; a mean inside a structure is none of the structures there."""
    part = {"name": "a"}
    broken = [
        part | {"target": 99.9},
        {"structure": "at_least", "name": "", "least": 3, "parts": [{"name": "q"}]},
        {"structure": "weighted", "name": "x", "shares": []},
        {"structure": "optional", "part": part | {"slice_target": 2}},
        7,
    ]
    found = problems({"slokit": 1, "system": [{"structure": "all_of", "name": "x", "parts": broken}]})
    assert found == {
        "system[0].parts[0].target": 'must be at least 0 and below 1, got 99.9; did you mean "99.9%" or 0.999?',
        "system[0].parts[1].name": "must be 1 to 200 characters and not blank, got 0: ''",
        "system[0].parts[2].structure": (
            'must be one of "part", "all_of", "any_of", "at_least", "optional", got \'weighted\''
        ),
        "system[0].parts[3].part.slice_target": "must be above 0 and at most 1, got 2; 1 allows no bad event",
        "system[0].parts[4]": "must be a table, got int: 7",
    }
    least = {"structure": "at_least", "name": "x", "least": 3, "parts": [part]}
    twice = {"structure": "all_of", "name": "x", "parts": [part, part]}
    unequal = {"structure": "all_of", "name": "y", "parts": [part, {**twice, "parts": [part | {"target": "9%"}]}]}
    weights = {"structure": "journeys", "name": "z", "shares": [{"weight": "20%", "part": part}]}
    found = problems({"slokit": 1, "system": [least, twice, unequal, weights]})
    assert found["system[0].least"] == "must be 1 to 1, the number of parts, got 3"
    assert found["system[1].name"] == "must be a name of its own, got 'x', which system[0] has"
    assert found["system[1].parts"] == "must have different names, got 'a' twice"
    assert found["system[2]"].startswith("a part that stands in several places must be the same in each")
    assert found["system[3].shares"] == "must add up to 1, got 0.2; weighted() takes any weights"
    nested: dict[str, object] = {"name": "a"}
    for _ in range(40):
        nested = {"structure": "all_of", "name": "x", "parts": [nested]}
    assert "levels" in str(problems({"slokit": 1, "system": [nested]}))
