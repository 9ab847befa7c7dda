"""Every definition, as the keys that it has in data: the tables, to be read as a reference of the format.

Each key names how it is written (its form), what it is if it is not there, and where the object keeps it. The rules
of what is allowed are the classes' own: a form hands the value to the class, beside stand-ins for the keys that
the class needs too, so that each key is judged alone and all that is wrong is found in one reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Any, get_args

from slokit.alerts import BurnRateAlert
from slokit.budgeting import Occurrences, RatioTimeslices, Timeslices
from slokit.calendars import weekdays_text
from slokit.config.codecs import Codec, Field, Form, never_brief
from slokit.config.forms import (
    DURATION,
    INSTANT,
    LONGEST_NUMBER,
    TARGET,
    TARGETS,
    Judge,
    choice,
    family_of,
    inside,
    judged,
    listed,
    number,
    read_duration,
    same,
    write_number,
)
from slokit.config.places import WRONG, Place, closest, kind_of_data
from slokit.exclusions import Exclusion, Recurrence
from slokit.missing import Missing
from slokit.periods import CALENDAR_UNITS
from slokit.rationale import Rationale, RationaleKind
from slokit.sli import SLI, AllOf, Deadline, Freshness, Gauge, Http, Ratio, Threshold
from slokit.sli.http import latency_text
from slokit.slo import SLO, OwnTargets
from slokit.timeline import duration_text
from slokit.windows import CalendarWindow, RollingWindow

__all__ = ["BUDGETING", "EXCLUSION", "MOMENT", "SLI_", "SLO_", "WINDOW"]

# Objects that are right in everything but the one field that is being judged.
_an_slo: Judge = partial(SLO, name="x", sli=SLI.ratio("x"), target=0, window="1d")
_a_filled_slo: Judge = partial(_an_slo, missing="good", missing_events=1)
_an_exclusion: Judge = partial(Exclusion, start=0, end=0)
_a_recurring_one: Judge = partial(Exclusion.recurring, days="daily", at="00:00", duration="1h")
_an_http: Judge = partial(SLI.http, name="x")
_a_gauge: Judge = partial(SLI.gauge, name="x", lt=1)
_a_freshness: Judge = partial(SLI.freshness, name="x")
_a_deadline: Judge = partial(SLI.deadline, name="x", by="00:00", tz="UTC")
_a_calendar: Judge = partial(CalendarWindow, unit="day")
_an_alert: Judge = partial(BurnRateAlert, long_window="1h", burn_rate=1)


# --- forms of their own ----------------------------------------------------------------------------------------------


def _read_bound(value: Any, place: Place) -> Any:
    unit = place.table.get("unit")
    if isinstance(value, list | tuple) and None in value:
        return place.refuse("must be two bounds, got null for one of them; lte and gte take a single one")
    found: Any = [number(v) for v in value] if isinstance(value, list | tuple) else number(value)
    Threshold.of(**{place.key: found}, unit=unit)
    return found


def _write_bound(value: Fraction | tuple[Fraction, Fraction], _: Place) -> str | list[str]:
    return [write_number(v) for v in value] if isinstance(value, tuple) else write_number(value)


def _write_latency(value: Fraction, _: Place) -> str:
    text = latency_text(value)
    return text if len(text) <= LONGEST_NUMBER else write_number(value)


def _read_scope(value: Any, place: Place) -> Any:
    if not isinstance(value, Mapping):
        return place.refuse(f'must be a table of axes and labels, such as region = "eu", got {kind_of_data(value)}')
    for axis, labels in value.items():
        listed = labels if isinstance(labels, list | tuple) else [labels]
        if not listed or not all(isinstance(label, str) for label in listed):
            place.at(axis).refuse(f"must be a label or a list of labels, got {labels!r}")
    return value


def _write_scope(scope: tuple[tuple[str, tuple[str, ...]], ...], _: Place) -> dict[str, Any]:
    return {axis: labels[0] if len(labels) == 1 else list(labels) for axis, labels in scope}


def _read_parts(value: Any, place: Place) -> Any:
    if not isinstance(value, list | tuple):
        return place.refuse(f"must be a list of indicators, got {kind_of_data(value)}")
    found = [SLI_.read(part, place.item(i)) for i, part in enumerate(value)]
    return WRONG if any(part is WRONG for part in found) else found


def _write_parts(parts: tuple[SLI, ...], place: Place) -> list[Any]:
    return [SLI_.write(part, place.item(i)) for i, part in enumerate(parts)]


BOUND = Form(_read_bound, _write_bound)
LATENCY = Form(lambda value, _: number(value), _write_latency)
CLOCK = Form(same, lambda value, _: value.isoformat("seconds" if value.second else "minutes"))
DAYS = Form(same, lambda value, _: weekdays_text(value))
MOMENT = Form(same, INSTANT.write)  # an instant, or a local date in a zone that the class knows


# --- indicators -----------------------------------------------------------------------------------------------------

_NAME = Field("name", judged(SLI.ratio, "name"))


def _bounds(rule: str) -> tuple[Field, ...]:
    """Return the keys of a threshold that lies at ``rule`` in the indicator."""
    unit = judged(partial(SLI.threshold, "x", lt=1), "unit")
    return (
        *(Field(key, BOUND, None, attribute=f"{rule}.{key}") for key in ("lt", "lte", "gt", "gte", "between")),
        Field("unit", unit, None, attribute=f"{rule}.unit"),
    )


def _indicator_named(value: Any, place: Place) -> Any:
    """Look an indicator up by its name, where the document has indicators of its own."""
    if not isinstance(value, str):
        return place.refuse(f"must be a table, or the name of an indicator of the document, got {kind_of_data(value)}")
    if value not in place.indicators:
        return place.refuse(
            f"must be a table, or the name of an indicator written above as [[sli]], got {value!r}"
            + closest(value, place.indicators)
        )
    return place.indicators[value]


def _name_of_indicator(value: Any, place: Place) -> str | None:
    return value.name if place.indicators.get(value.name) == value else None


SLI_ = family_of(
    "sli",
    Codec("ratio", Ratio, SLI.ratio, (_NAME,)),
    Codec("threshold", Threshold, SLI.threshold, (_NAME, *_bounds("rule"))),
    Codec(
        "http",
        Http,
        SLI.http,
        (
            _NAME,
            Field("latency", judged(_an_http, "latency", LATENCY), None, attribute="rule.latency"),
            Field("bad", judged(_an_http, "bad"), ">=500", attribute="rule.bad.text"),
        ),
    ),
    Codec(
        "all_of",
        AllOf,
        lambda name, parts: SLI.all_of(name, *parts),
        (_NAME, Field("parts", Form(_read_parts, _write_parts))),
    ),
    Codec(
        "gauge",
        Gauge,
        SLI.gauge,
        (
            _NAME,
            *_bounds("rule.threshold"),
            Field("stale_after", judged(_a_gauge, "stale_after", DURATION), attribute="rule.stale_after"),
        ),
    ),
    Codec(
        "freshness",
        Freshness,
        SLI.freshness,
        (_NAME, Field("within", judged(_a_freshness, "within", DURATION), attribute="rule.within")),
    ),
    Codec(
        "deadline",
        Deadline,
        SLI.deadline,
        (
            _NAME,
            Field("by", judged(_a_deadline, "by", CLOCK), attribute="rule.by"),
            Field("days", judged(_a_deadline, "days", DAYS), frozenset(range(7)), attribute="rule.days"),
            Field("tz", judged(_a_deadline, "tz"), attribute="rule.tz"),
            Field("lead", judged(_a_deadline, "lead", DURATION), None, attribute="rule.lead"),
        ),
    ),
    tag="kind",
    refused={"predicate": "holds code, which is no data: make it in Python with SLI.predicate(name, function)"},
    brief=Form(_indicator_named, _name_of_indicator),
)


# --- windows and budgeting methods ----------------------------------------------------------------------------------


# What OpenSLO, and people, write for a calendar's period; as a duration it would have no length.
_SHORT_UNITS = {"M": "month", "1M": "month", "Q": "quarter", "1Q": "quarter", "Y": "year", "1Y": "year"}


def _read_rolling(value: Any, place: Place) -> Any:
    text = value.strip() if isinstance(value, str) else ""
    unit = _SHORT_UNITS.get(text, text.lower())
    if unit in CALENDAR_UNITS:
        return place.refuse(
            f'must be a duration such as "30d", got {value!r}; the calendar\'s own periods are a table: '
            f'{{ calendar = "{unit}", tz = "Europe/Berlin" }}'
        )
    return RollingWindow(read_duration(value, place))


WINDOW = family_of(
    "window",
    Codec(
        "rolling",
        RollingWindow,
        RollingWindow,
        (Field("rolling", DURATION, attribute="duration", argument="duration"),),
    ),
    Codec(
        "calendar",
        CalendarWindow,
        CalendarWindow,
        (
            Field("calendar", judged(CalendarWindow, "unit"), attribute="unit", argument="unit"),
            Field("tz", judged(_a_calendar, "tz"), "UTC"),
            Field("every", judged(partial(_a_calendar, start="2026-01-01"), "every"), 1),
            Field("start", judged(_a_calendar, "start"), None),
        ),
    ),
    brief=Form(
        _read_rolling,
        lambda value, _: duration_text(value.duration) if isinstance(value, RollingWindow) else None,
    ),
)


def _read_method(value: Any, place: Place) -> Any:
    if not isinstance(value, str):
        return place.refuse(
            'must be a table such as { method = "timeslices", slice = "1m", target = "99%" }, '
            f"got {kind_of_data(value)}"
        )
    return BUDGETING.read({"method": value}, place)


BUDGETING = family_of(
    "budgeting",
    Codec("occurrences", Occurrences, Occurrences, ()),
    Codec("timeslices", Timeslices, Timeslices, (Field("slice", DURATION), Field("target", TARGET))),
    Codec("ratio_timeslices", RatioTimeslices, RatioTimeslices, (Field("slice", DURATION),)),
    tag="method",
    brief=Form(_read_method, never_brief),
)


# --- objectives, exclusions, alerts ---------------------------------------------------------------------------------

OWN_TARGETS = family_of(
    "per",
    Codec(
        "per",
        OwnTargets,
        OwnTargets,
        (
            Field("axis", judged(partial(_an_slo().per, target={}), "axis")),
            Field("target", TARGETS, attribute="targets", argument="targets"),
        ),
    ),
)

_a_reason: Judge = partial(Rationale, kind="other", source="x", value="x")

RATIONALE = family_of(
    "rationale",
    *(
        Codec(
            kind,
            Rationale,
            partial(Rationale, kind=kind),
            (
                Field("source", judged(_a_reason, "source")),
                Field("value", judged(_a_reason, "value")),
                Field("date", judged(_a_reason, "date"), None),
            ),
        )
        for kind in get_args(RationaleKind)
    ),
    tag="kind",
)

SLO_ = family_of(
    "slo",
    Codec(
        "slo",
        SLO,
        SLO,
        (
            Field("name", judged(_an_slo, "name")),
            Field("sli", inside(SLI_)),
            Field("target", TARGET),
            Field("window", inside(WINDOW)),
            Field("budgeting", inside(BUDGETING), Occurrences()),
            Field("missing", choice(Missing), "ignore"),
            Field("missing_events", judged(_a_filled_slo, "missing_events"), None),
            Field("service", judged(_an_slo, "service"), None),
            Field("owner", judged(_an_slo, "owner"), None),
            Field("description", judged(_an_slo, "description"), None),
            Field("enforced", judged(_an_slo, "enforced"), True),
            Field("per", inside(OWN_TARGETS), None, attribute="own_targets", argument="own_targets"),
            Field("rationale", listed(RATIONALE), ()),
        ),
    ),
)

RECURRENCE = family_of(
    "recurring",
    Codec(
        "recurring",
        Recurrence,
        lambda **given: Exclusion.recurring(**given).recurrence,
        (
            Field("days", judged(_a_recurring_one, "days")),
            Field("at", judged(_a_recurring_one, "at")),
            Field("duration", judged(_a_recurring_one, "duration", DURATION)),
            Field("tz", judged(_a_recurring_one, "tz"), "UTC"),
            Field("first", judged(_a_recurring_one, "first", MOMENT), None),
            Field("until", judged(_a_recurring_one, "until", MOMENT), None),
        ),
    ),
)

EXCLUSION = family_of(
    "exclusion",
    Codec(
        "exclusion",
        Exclusion,
        partial(Exclusion, start=None, end=None),
        (
            Field("start", INSTANT, None),
            Field("end", INSTANT, None),
            Field("recurring", inside(RECURRENCE), None, attribute="recurrence", argument="recurrence"),
            Field("reason", judged(_an_exclusion, "reason"), ""),
            Field("approved_by", judged(_an_exclusion, "approved_by"), None),
            Field("proposed", judged(_an_exclusion, "proposed"), False),
            Field("scope", Form(_read_scope, _write_scope), ()),
            Field("name", judged(_an_exclusion, "name"), None),
        ),
    ),
)
