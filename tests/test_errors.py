"""Errors and warnings: a warning is about the caller's line, so that is where it points."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from slokit import SLI, SLO, CalendarWindow, Counts, ErrorBudget, Exclusion, Timeslices, from_dict
from slokit.errors import LabelWithoutCounts, MuchExcluded, OneSidedThreshold, SlokitWarning, SuspiciousTarget
from slokit.rational import parse_target
from slokit.report.summary import summarise
from slokit.slo import OwnTargets

ODD = "0.999%"
UP, LATENCY = SLI.ratio("up"), SLI.threshold("latency", lt=0.2, unit="s")
USABLE = SLI.all_of("usable", LATENCY)
DAILY = SLO("daily", sli=UP, target="99.9%", window="1d")
TODAY = attrs.evolve(DAILY, window=CalendarWindow("day"))
COUNTS = Counts.from_buckets(
    start="2026-01-01T00:00Z", step="1h", bad=[[0] * 24], total=[[9] * 24], labels={"tenant": ["acme"]}
)
MOVING = Exclusion("2026-01-01T06:00Z", "2026-01-01T12:00Z", "moved house")
NOBODY = Exclusion("2026-01-01T06:00Z", "2026-01-01T12:00Z", "moved house", scope={"tenant": "amce"})
ODD_DATA = {
    "slokit": 1,
    "kind": "slo",
    "name": "x",
    "sli": {"kind": "ratio", "name": "up"},
    "target": ODD,
    "window": "1d",
}
SECONDS, SLOW = list(range(200)), [120.0] * 200

# What a caller writes on one line, and what it is warned of.
SAYINGS: list[tuple[type[SlokitWarning], Callable[[], Any]]] = [
    (SuspiciousTarget, lambda: SLO("available", sli=UP, target=ODD, window="30d")),
    (SuspiciousTarget, lambda: parse_target(ODD)),
    (SuspiciousTarget, lambda: ErrorBudget.of(ODD, good=9, bad=1)),
    (SuspiciousTarget, lambda: DAILY.per("tenant", target={"acme": ODD})),
    (SuspiciousTarget, lambda: OwnTargets("tenant", (("acme", ODD),))),
    (SuspiciousTarget, lambda: Timeslices("1m", target=ODD)),
    (SuspiciousTarget, lambda: from_dict(ODD_DATA)),
    (MuchExcluded, lambda: DAILY.evaluate(COUNTS, MOVING)),
    (MuchExcluded, lambda: TODAY.evaluate(COUNTS, MOVING)),
    (MuchExcluded, lambda: summarise(DAILY, COUNTS, exclusions=MOVING)),
    (LabelWithoutCounts, lambda: DAILY.per("tenant", target={"amce": "99%"}).evaluate(COUNTS)),
    (LabelWithoutCounts, lambda: COUNTS.exclude(NOBODY)),
    (LabelWithoutCounts, lambda: DAILY.evaluate(COUNTS, NOBODY)),
    (OneSidedThreshold, lambda: LATENCY.count(SECONDS, SLOW, step="1m", time_unit="s")),
    (OneSidedThreshold, lambda: USABLE.count(SECONDS, {"latency": SLOW}, step="1m", time_unit="s")),
]


@pytest.mark.parametrize(("category", "say"), SAYINGS)
def test_a_warning_points_at_the_callers_line(category: type[SlokitWarning], say: Callable[[], Any]) -> None:
    """Not into slokit, nor at the caller's caller, however many rooms it came through."""
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        say()
    assert {(note.category, note.filename, note.lineno) for note in notes} == {
        (category, __file__, say.__code__.co_firstlineno)
    }


def test_a_warning_is_given_once_for_each_line_of_the_caller() -> None:
    """Python remembers warnings by line: two lines of a program are two, and a line in a loop is one."""
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("default")
        for _ in range(3):
            parse_target(ODD)
        parse_target(ODD)
    assert len(notes) == 2
