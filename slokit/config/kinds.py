"""Every definition, as the keys that it has in data: the tables, to be read as a reference of the format.

Each key names how it is written (its form), what it is if it is not there, and where the object keeps it. The rules
of what is allowed are the classes' own: a form hands the value to the class, beside stand-ins for the keys that
the class needs too, so that each key is judged alone and all that is wrong is found in one reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any, get_args

import numpy as np

from slokit.alerts import BurnRateAlert
from slokit.budgeting import Occurrences, RatioTimeslices, Timeslices
from slokit.calendars import weekdays_text
from slokit.config.codecs import Codec, Family, Field, Form, never_brief
from slokit.config.places import WRONG, Place, closest, kind_of_data
from slokit.evaluation import Comparison
from slokit.exclusions import Exclusion, Recurrence
from slokit.missing import Missing
from slokit.periods import CALENDAR_UNITS
from slokit.rational import RationalLike, decimal_text, parse_rational, parse_target
from slokit.sli import SLI, AllOf, Deadline, Freshness, Gauge, Ratio, Threshold
from slokit.slo import SLO, OwnTargets
from slokit.timeline import duration_text, instant_text, parse_duration, parse_instant
from slokit.windows import CalendarWindow, RollingWindow

__all__ = ["ALERT", "BUDGETING", "EXCLUSION", "FAMILY_OF", "FAMILY_OF_KIND", "SLI_", "SLO_", "WINDOW"]

Judge = Callable[..., Any]

# Objects that are right in everything but the one field that is being judged.
_an_slo: Judge = partial(SLO, name="x", sli=SLI.ratio("x"), target=0, window="1d")
_a_filled_slo: Judge = partial(_an_slo, missing="good", missing_events=1)
_an_exclusion: Judge = partial(Exclusion, start=0, end=0)
_a_recurring_one: Judge = partial(Exclusion.recurring, days="daily", at="00:00", duration="1h")
_a_gauge: Judge = partial(SLI.gauge, name="x", lt=1)
_a_freshness: Judge = partial(SLI.freshness, name="x")
_a_deadline: Judge = partial(SLI.deadline, name="x", by="00:00", tz="UTC")
_a_calendar: Judge = partial(CalendarWindow, unit="day")
_an_alert: Judge = partial(BurnRateAlert, long_window="1h", burn_rate=1)


# --- forms ----------------------------------------------------------------------------------------------------------


def _same(value: Any, _: Place) -> Any:
    return value


def _judged(judge: Judge, argument: str, form: Form | None = None) -> Form:
    """Return a form whose values the class itself must take, as what it calls ``argument``."""
    inner = form or Form(_same)

    def read(value: Any, place: Place) -> Any:
        found = inner.read(value, place)
        if found is not WRONG:
            judge(**{argument: found})
        return found

    return Form(read, inner.write)


def _choice(of: Any) -> Form:
    """Return the form of a Literal."""
    return Form(lambda value, place: place.choose(value, get_args(of)))


def _read_duration(value: Any, place: Place) -> Any:
    # timedelta64 is what every class takes for a duration; integers mean nanoseconds to some, and nothing to others.
    return np.timedelta64(parse_duration(value, place.key), "ns")


# parse_rational reads 64 characters; a fraction made in Python may need more, and is written as p/q.
_LONGEST_NUMBER = 64
_QUOTIENT = re.compile(r"(-?[0-9]{1,121})/([1-9][0-9]{0,120})")


def _write_number(value: Fraction, _: Place | None = None) -> str:
    text = decimal_text(value)
    return text if len(text) <= _LONGEST_NUMBER else f"{value.numerator}/{value.denominator}"


def _number(value: RationalLike) -> RationalLike:
    """Return a number as the parsers take it."""
    if isinstance(value, str) and len(value) > _LONGEST_NUMBER and (match := _QUOTIENT.fullmatch(value)):
        return Fraction(int(match[1]), int(match[2]))
    return value


def _read_target(value: Any, place: Place) -> Any:
    return place.ask(parse_target, _number(value), "target", names={"target": ""})


def _read_targets(value: Any, place: Place) -> Any:
    if not isinstance(value, Mapping):
        return place.refuse(f"must be a table of labels and their targets, got {kind_of_data(value)}")
    if not all(isinstance(label, str) for label in value):
        return place.refuse("must have labels that are text")
    found = {label: _read_target(target, place.at(label)) for label, target in value.items()}
    return WRONG if WRONG in found.values() else tuple(sorted(found.items()))


def _write_targets(targets: tuple[tuple[str, Fraction], ...], _: Place) -> dict[str, str]:
    return {label: _write_number(target) for label, target in targets}


def _read_bound(value: Any, place: Place) -> Any:
    unit = place.table.get("unit")
    if isinstance(value, list | tuple) and None in value:
        return place.refuse("must be two bounds, got null for one of them; lte and gte take a single one")
    found: Any = [_number(v) for v in value] if isinstance(value, list | tuple) else _number(value)
    Threshold.of(**{place.key: found}, unit=unit)
    return found


def _write_bound(value: Fraction | tuple[Fraction, Fraction], _: Place) -> str | list[str]:
    return [_write_number(v) for v in value] if isinstance(value, tuple) else _write_number(value)


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


def _inside(family: Family) -> Form:
    """Return the form of a definition inside another."""
    return Form(family.read, family.write)


DURATION = Form(_read_duration, lambda value, _: duration_text(value))
INSTANT = Form(lambda value, place: parse_instant(value, place.key), lambda value, _: instant_text(value))
TARGET = Form(_read_target, _write_number)
NUMBER = Form(lambda value, place: parse_rational(_number(value), place.key), _write_number)
BOUND = Form(_read_bound, _write_bound)
CLOCK = Form(_same, lambda value, _: value.isoformat("seconds" if value.second else "minutes"))
DAYS = Form(_same, lambda value, _: weekdays_text(value))
MOMENT = Form(_same, INSTANT.write)  # an instant, or a local date in a zone that the class knows


# --- indicators -----------------------------------------------------------------------------------------------------

_NAME = Field("name", _judged(SLI.ratio, "name"))


def _bounds(rule: str) -> tuple[Field, ...]:
    """Return the keys of a threshold that lies at ``rule`` in the indicator."""
    unit = _judged(partial(SLI.threshold, "x", lt=1), "unit")
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


def _family(name: str, *codecs: Codec, **rest: Any) -> Family:
    return Family(name, {codec.kind: codec for codec in codecs}, **rest)


SLI_ = _family(
    "sli",
    Codec("ratio", Ratio, SLI.ratio, (_NAME,)),
    Codec("threshold", Threshold, SLI.threshold, (_NAME, *_bounds("rule"))),
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
            Field("stale_after", _judged(_a_gauge, "stale_after", DURATION), attribute="rule.stale_after"),
        ),
    ),
    Codec(
        "freshness",
        Freshness,
        SLI.freshness,
        (_NAME, Field("within", _judged(_a_freshness, "within", DURATION), attribute="rule.within")),
    ),
    Codec(
        "deadline",
        Deadline,
        SLI.deadline,
        (
            _NAME,
            Field("by", _judged(_a_deadline, "by", CLOCK), attribute="rule.by"),
            Field("days", _judged(_a_deadline, "days", DAYS), frozenset(range(7)), attribute="rule.days"),
            Field("tz", _judged(_a_deadline, "tz"), attribute="rule.tz"),
            Field("lead", _judged(_a_deadline, "lead", DURATION), None, attribute="rule.lead"),
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
    return RollingWindow(_read_duration(value, place))


WINDOW = _family(
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
            Field("calendar", _judged(CalendarWindow, "unit"), attribute="unit", argument="unit"),
            Field("tz", _judged(_a_calendar, "tz"), "UTC"),
            Field("every", _judged(partial(_a_calendar, start="2026-01-01"), "every"), 1),
            Field("start", _judged(_a_calendar, "start"), None),
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


BUDGETING = _family(
    "budgeting",
    Codec("occurrences", Occurrences, Occurrences, ()),
    Codec("timeslices", Timeslices, Timeslices, (Field("slice", DURATION), Field("target", TARGET))),
    Codec("ratio_timeslices", RatioTimeslices, RatioTimeslices, (Field("slice", DURATION),)),
    tag="method",
    brief=Form(_read_method, never_brief),
)


# --- objectives, exclusions, alerts ---------------------------------------------------------------------------------

OWN_TARGETS = _family(
    "per",
    Codec(
        "per",
        OwnTargets,
        OwnTargets,
        (
            Field("axis", _judged(partial(_an_slo().per, target={}), "axis")),
            Field("target", Form(_read_targets, _write_targets), attribute="targets", argument="targets"),
        ),
    ),
)

SLO_ = _family(
    "slo",
    Codec(
        "slo",
        SLO,
        SLO,
        (
            Field("name", _judged(_an_slo, "name")),
            Field("sli", _inside(SLI_)),
            Field("target", TARGET),
            Field("window", _inside(WINDOW)),
            Field("budgeting", _inside(BUDGETING), Occurrences()),
            Field("missing", _choice(Missing), "ignore"),
            Field("missing_events", _judged(_a_filled_slo, "missing_events"), None),
            Field("service", _judged(_an_slo, "service"), None),
            Field("owner", _judged(_an_slo, "owner"), None),
            Field("description", _judged(_an_slo, "description"), None),
            Field("enforced", _judged(_an_slo, "enforced"), True),
            Field("per", _inside(OWN_TARGETS), None, attribute="own_targets", argument="own_targets"),
        ),
    ),
)

RECURRENCE = _family(
    "recurring",
    Codec(
        "recurring",
        Recurrence,
        lambda **given: Exclusion.recurring(**given).recurrence,
        (
            Field("days", _judged(_a_recurring_one, "days")),
            Field("at", _judged(_a_recurring_one, "at")),
            Field("duration", _judged(_a_recurring_one, "duration", DURATION)),
            Field("tz", _judged(_a_recurring_one, "tz"), "UTC"),
            Field("first", _judged(_a_recurring_one, "first", MOMENT), None),
            Field("until", _judged(_a_recurring_one, "until", MOMENT), None),
        ),
    ),
)

EXCLUSION = _family(
    "exclusion",
    Codec(
        "exclusion",
        Exclusion,
        partial(Exclusion, start=None, end=None),
        (
            Field("start", INSTANT, None),
            Field("end", INSTANT, None),
            Field("recurring", _inside(RECURRENCE), None, attribute="recurrence", argument="recurrence"),
            Field("reason", _judged(_an_exclusion, "reason"), ""),
            Field("approved_by", _judged(_an_exclusion, "approved_by"), None),
            Field("proposed", _judged(_an_exclusion, "proposed"), False),
            Field("scope", Form(_read_scope, _write_scope), ()),
            Field("name", _judged(_an_exclusion, "name"), None),
        ),
    ),
)

ALERT = _family(
    "alert",
    Codec(
        "burn_rate_alert",
        BurnRateAlert,
        BurnRateAlert,
        (
            Field("long_window", DURATION),
            Field("short_window", DURATION, None),
            Field("burn_rate", _judged(_an_alert, "burn_rate", NUMBER)),
            Field("severity", _judged(_an_alert, "severity"), "page"),
            Field("op", _choice(Comparison), "gt"),
        ),
    ),
    tag="kind",
    usual="burn_rate_alert",
)

FAMILY_OF: dict[type, Family] = {
    SLO: SLO_,
    SLI: SLI_,
    RollingWindow: WINDOW,
    CalendarWindow: WINDOW,
    Occurrences: BUDGETING,
    Timeslices: BUDGETING,
    RatioTimeslices: BUDGETING,
    Exclusion: EXCLUSION,
    BurnRateAlert: ALERT,
}
"""What a definition that stands alone may be, by class."""

FAMILY_OF_KIND: dict[str, Family] = {
    kind: family
    for family in FAMILY_OF.values()
    # Where the tag is the kind, it says both what a table is and of which sort.
    for kind in (family.codecs if family.tag == "kind" else (family.name,))
}
"""The same by the ``kind`` that stands in data."""
