"""Agreements, and definitions in time, as the keys that they have in data.

As in :mod:`slokit.config.kinds` the rules of what is allowed are the classes' own.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs

from slokit.config.codecs import Codec, Field, Form
from slokit.config.forms import DURATION, NUMBER, Judge, choice, family_of, inside, judged, listed
from slokit.config.kinds import EXCLUSION, MOMENT, SLO_, WINDOW
from slokit.config.places import WRONG, Place
from slokit.sla import SLA, Downtime, Missing, Penalty
from slokit.sli import SLI
from slokit.slo import SLO
from slokit.slo_history import SLOHistory
from slokit.timeline import UNITS
from slokit.windows import CalendarWindow

__all__ = ["SLA_", "SLO_HISTORY"]

# Objects that are right in everything but the one field that is being judged.
_an_sla: Judge = partial(SLA, name="x", target=1, window=CalendarWindow("month"))
_a_penalty: Judge = partial(Penalty, below=1, credit=1)

DOWNTIME = family_of(
    "downtime",
    Codec(
        "downtime",
        Downtime,
        Downtime,
        (
            Field("min_total", judged(Downtime, "min_total"), 1),
            Field("max_sli", judged(Downtime, "max_sli", NUMBER), 0),
            Field("in_a_row", judged(Downtime, "in_a_row"), 1),
            Field("each", DURATION, UNITS["m"]),
        ),
    ),
)

PENALTY = family_of(
    "penalty",
    Codec(
        "penalty",
        Penalty,
        Penalty,
        (
            Field("below", judged(_a_penalty, "below", NUMBER)),
            Field("credit", judged(_a_penalty, "credit", NUMBER)),
        ),
    ),
)

SLA_ = family_of(
    "sla",
    Codec(
        "sla",
        SLA,
        SLA,
        (
            Field("name", judged(_an_sla, "name")),
            Field("target", judged(_an_sla, "target", NUMBER)),
            Field("window", inside(WINDOW)),
            Field("downtime", inside(DOWNTIME), None),
            Field("penalties", listed(PENALTY), ()),
            Field("cap", judged(_an_sla, "cap", NUMBER), 1),
            Field("exclusions", listed(EXCLUSION), ()),
            Field("missing", choice(Missing), "ignore"),
            Field("customer", judged(_an_sla, "customer"), None),
            Field("service", judged(_an_sla, "service"), None),
            Field("description", judged(_an_sla, "description"), None),
        ),
    ),
)


@attrs.frozen
class _Version:
    """A pair of a history, with names."""

    slo: SLO
    since: Any = None


def _comes_in(since: Any) -> SLOHistory:
    """Judge when a definition comes in."""
    slo = SLO("x", sli=SLI.ratio("x"), target=0, window="1d")
    return SLOHistory([(None, slo), (since, slo)])


_VERSION = family_of(
    "version",
    Codec(
        "version",
        _Version,
        _Version,
        (Field("since", judged(_comes_in, "since", MOMENT), None), Field("slo", inside(SLO_))),
    ),
)


def _read_versions(value: Any, place: Place) -> Any:
    found = listed(_VERSION).read(value, place)
    return WRONG if found is WRONG else tuple((version.since, version.slo) for version in found)


def _write_versions(versions: tuple[tuple[int | None, SLO], ...], place: Place) -> Any:
    return listed(_VERSION).write(tuple(_Version(slo, since) for since, slo in versions), place)


SLO_HISTORY = family_of(
    "slo_history",
    Codec(
        "slo_history",
        SLOHistory,
        SLOHistory,
        (
            Field("versions", Form(_read_versions, _write_versions)),
            Field("tz", judged(partial(CalendarWindow, unit="day"), "tz"), "UTC"),
        ),
    ),
)
