"""Alerts, conditions and policies, as the keys that they have in data.

A condition is a table with its ``kind``: an alert, ``budget_below`` and so on, or ``any``, ``all`` and ``not`` of
others. A policy is its states, the mildest first, and its rules.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from slokit.alerts import BudgetShareAlert, BurnRateAlert
from slokit.conditions import (
    AllOf,
    AnyOf,
    BudgetBelow,
    BudgetSettled,
    DataSince,
    Exhausted,
    ExhaustsWithin,
    Missed,
    NoDataFor,
    Not,
    SpentAtLeast,
)
from slokit.config.codecs import Codec, Family, Field, Form
from slokit.config.forms import DURATION, NUMBER, PAUSE, Judge, choice, family_of, inside, judged, listed
from slokit.config.places import Place, kind_of_data
from slokit.evaluation import Comparison
from slokit.policy import OnUnknown, Policy, Reviews, Rule, State
from slokit.policy.default import ACTIVITIES, CHANGES, UNKNOWN_STATE
from slokit.timeline import UNITS

__all__ = ["ALERT", "CONDITION", "POLICY"]

# Objects that are right in everything but the one field that is being judged.
_a_burn: Judge = partial(BurnRateAlert, long_window="1h", burn_rate=1)
_a_share: Judge = partial(BudgetShareAlert, window="1h", share=1)
_a_rule: Judge = partial(Rule, state="x", when=Exhausted())
_a_state: Judge = partial(State, name="x")
_a_policy: Judge = partial(Policy, name="x", states=[State("x")], rules=[])


def _texts(judge: Judge, argument: str) -> Form:
    """Return the form of a list of names."""

    def read(value: Any, place: Place) -> Any:
        if not isinstance(value, list | tuple):
            return place.refuse(f"must be a list of texts, got {kind_of_data(value)}")
        judge(**{argument: value})
        return tuple(value)

    return Form(read, lambda held, _: list(held))


def _gates(judge: Judge) -> tuple[Field, ...]:
    """Return the keys that all alerts have."""
    return (
        Field("severity", judged(judge, "severity"), "page"),
        Field("op", choice(Comparison), "gt"),
        Field("pending", judged(judge, "pending", PAUSE), 0),
        Field("min_bad", judged(judge, "min_bad"), 0),
        Field("min_total", judged(judge, "min_total"), 0),
        Field("min_coverage", judged(judge, "min_coverage", NUMBER), Fraction(0)),
    )


_ALERTS = (
    Codec(
        "burn_rate_alert",
        BurnRateAlert,
        BurnRateAlert,
        (
            Field("long_window", DURATION),
            Field("short_window", DURATION, None),
            Field("burn_rate", judged(_a_burn, "burn_rate", NUMBER)),
            *_gates(_a_burn),
            Field("confidence", judged(_a_burn, "confidence", NUMBER), None),
        ),
    ),
    Codec(
        "budget_share_alert",
        BudgetShareAlert,
        BudgetShareAlert,
        (
            Field("share", judged(_a_share, "share", NUMBER)),
            Field("window", DURATION),
            *_gates(_a_share),
        ),
    ),
)

ALERT = family_of("alert", *_ALERTS, tag="kind", usual="burn_rate_alert")


# Conditions stand inside conditions, so their form looks the family up when it is used.
def _read_part(value: Any, place: Place) -> Any:
    return CONDITION.read(value, place)


def _write_part(value: Any, place: Place) -> Any:
    return CONDITION.write(value, place)


_PART = Form(_read_part, _write_part)
_PARTS = Form(
    lambda value, place: listed(CONDITION).read(value, place),
    lambda value, place: listed(CONDITION).write(value, place),
)

CONDITION: Family = family_of(
    "condition",
    *_ALERTS,
    Codec("any", AnyOf, AnyOf, (Field("of", _PARTS, attribute="parts", argument="parts"),)),
    Codec("all", AllOf, AllOf, (Field("of", _PARTS, attribute="parts", argument="parts"),)),
    Codec("not", Not, Not, (Field("of", _PART, attribute="part", argument="part"),)),
    Codec("budget_below", BudgetBelow, BudgetBelow, (Field("remaining", judged(BudgetBelow, "remaining", NUMBER)),)),
    Codec("exhausted", Exhausted, Exhausted, ()),
    Codec("missed", Missed, Missed, ()),
    Codec(
        "spent_at_least",
        SpentAtLeast,
        SpentAtLeast,
        (Field("share", judged(SpentAtLeast, "share", NUMBER)), Field("window", DURATION, None)),
    ),
    Codec(
        "exhausts_within",
        ExhaustsWithin,
        ExhaustsWithin,
        (Field("horizon", DURATION), Field("recent", DURATION, UNITS["h"])),
    ),
    Codec("no_data_for", NoDataFor, NoDataFor, (Field("duration", DURATION),)),
    Codec("data_since", DataSince, DataSince, (Field("share", judged(DataSince, "share", NUMBER)),)),
    Codec("budget_settled", BudgetSettled, BudgetSettled, (Field("share", judged(BudgetSettled, "share", NUMBER)),)),
    tag="kind",
)

STATE = family_of(
    "state",
    Codec(
        "state",
        State,
        State,
        (
            Field("name", judged(State, "name")),
            Field("means", judged(_a_state, "means"), ""),
            Field("actions", _texts(_a_state, "actions"), ()),
            Field("blocks", _texts(_a_state, "blocks"), ()),
            Field("exempt", _texts(_a_state, "exempt"), ()),
        ),
    ),
)

RULE = family_of(
    "rule",
    Codec(
        "rule",
        Rule,
        Rule,
        (
            Field("state", judged(partial(Rule, when=Exhausted()), "state")),
            Field("when", _PART),
            Field("hold", judged(_a_rule, "hold", PAUSE), 0),
            Field("until", _PART, None),
            Field("warmup", judged(_a_rule, "warmup", NUMBER), Fraction(0)),
        ),
    ),
)

REVIEWS = family_of(
    "reviews",
    Codec(
        "reviews",
        Reviews,
        Reviews,
        (
            Field("incident_review", _texts(Reviews, "incident_review"), ()),
            Field("post_mortem_share", judged(Reviews, "post_mortem_share", NUMBER), Fraction(1, 5)),
            Field("post_mortem_within", DURATION, 28 * UNITS["d"]),
            Field("planning_share", judged(Reviews, "planning_share", NUMBER), Fraction(1, 5)),
            Field("planning_within", DURATION, 91 * UNITS["d"]),
        ),
    ),
)

POLICY = family_of(
    "policy",
    Codec(
        "policy",
        Policy,
        Policy,
        (
            Field("name", judged(_a_policy, "name")),
            Field("states", listed(STATE)),
            Field("rules", listed(RULE)),
            Field("unknown", inside(STATE), UNKNOWN_STATE),
            Field("stale_after", judged(_a_policy, "stale_after", DURATION), UNITS["h"]),
            Field("on_unknown", choice(OnUnknown), "allow"),
            Field("activities", _texts(_a_policy, "activities"), ACTIVITIES),
            Field("changes", _texts(_a_policy, "changes"), CHANGES),
            Field("round_windows", judged(_a_policy, "round_windows"), False),
            Field("reviews", inside(REVIEWS), Reviews()),
        ),
    ),
)
