"""Statements of a real service: five years of the windows of GitHub's incidents, settled month by month.

The customer is invented (99.9% of each month in Los Angeles, 10% and 25% of the fee); the windows are what was
published. Each figure is reckoned a second time here, minute by minute and without slokit.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from slokit import SLA, CalendarWindow, Counts, Exclusion, IntervalSet, Timeline
from slokit.interop.tables import read_columns
from slokit.sla import Downtime, Penalty, Statement
from slokit.timeline import parse_instants

ZONE = "America/Los_Angeles"
MONTHS = [(y, m) for y in range(2022, 2027) for m in range(1, 13) if (2022, 4) <= (y, m) <= (2026, 7)]
MINUTE = 60 * 10**9
Spans = list[tuple[int, int]]


@pytest.fixture(scope="module")
def windows(data_dir: Path) -> dict[tuple[str, bool], Spans]:
    """Return the windows of each component, in nanoseconds: incidents, and under True maintenance."""
    kinds: Any = {"start": "time", "end": "time", "impact": "label", "component": "label"}
    rows = read_columns(data_dir / "github_statuses" / "incident_windows.csv", kinds)
    found: dict[tuple[str, bool], Spans] = {}
    starts, ends = (parse_instants(rows[side]).tolist() for side in ("start", "end"))
    for start, end, impact, component in zip(starts, ends, rows["impact"], rows["component"], strict=True):
        found.setdefault((component, impact == "maintenance"), []).append((start, end))
    return found


def agreement(component: str, works: Spans, in_a_row: int = 1) -> SLA:
    """Return the promise, with the component's maintenance taken out."""
    return SLA(
        component,
        target="99.9%",
        window=CalendarWindow("month", tz=ZONE),
        downtime=Downtime(in_a_row=in_a_row),
        penalties=[Penalty("99.9%", "10%"), Penalty("99%", "25%")],
        exclusions=[Exclusion(a, b, "maintenance") for a, b in works],
        customer="acme",
    )


def statements(windows: dict[tuple[str, bool], Spans], component: str) -> list[Statement]:
    """Return a statement a month."""
    sla = agreement(component, windows.get((component, True), []))
    return [sla.statement_of(windows[component, False], f"{y}-{m:02}", fee=12_000, currency="USD") for y, m in MONTHS]


def edge(year: int, month: int) -> int:
    """Return when a month begins in Los Angeles, in minutes since the epoch."""
    year, month = (year + 1, 1) if month > 12 else (year, month)
    return int(datetime(year, month, 1, tzinfo=ZoneInfo(ZONE)).astimezone(UTC).timestamp()) // 60


def by_hand(down: Spans, works: Spans, year: int, month: int) -> tuple[int, int]:
    """Return minutes down and minutes judged of a month, one flag a minute."""
    first, stop = edge(year, month), edge(year, month + 1)
    bad, out = np.zeros(stop - first, dtype=bool), np.zeros(stop - first, dtype=bool)
    for flags, spans in ((bad, down), (out, works)):
        for start, end in spans:
            assert start % MINUTE == end % MINUTE == 0
            flags[max(start // MINUTE - first, 0) : max(end // MINUTE - first, 0)] = True
    return int((bad & ~out).sum()), int((~out).sum())


@pytest.mark.parametrize(
    ("component", "down", "twice", "tiers"),
    [
        ("Actions", 25_678, 25_687, {"0": 6, "1/10": 23, "1/4": 23}),
        ("API Requests", 8_009, 8_024, {"0": 18, "1/10": 29, "1/4": 5}),
        ("Copilot", 22_306, 22_688, {"0": 17, "1/10": 22, "1/4": 13}),
    ],
)
def test_a_statement_a_month_and_component(
    windows: dict[tuple[str, bool], Spans], component: str, down: int, twice: int, tiers: dict[str, int]
) -> None:
    """Windows that overlap count once, and 52 months are what one flag a minute says."""
    found = statements(windows, component)
    spans, works = windows[component, False], windows.get((component, True), [])
    for statement, (year, month) in zip(found, MONTHS, strict=True):
        bad, judged = by_hand(spans, works, year, month)
        assert statement.down_minutes == bad
        assert statement.up_minutes == judged - bad
        assert statement.uptime == 1 - Fraction(bad, judged)
        assert statement.is_final
    assert sum(s.down_minutes for s in found) == down
    first, last = found[0].period.start, found[-1].period.end
    assert sum(max(min(b, last) - max(a, first), 0) for a, b in spans) == twice * MINUTE
    assert Counter(str(s.credit) for s in found) == tiers
    assert {str(s.amount) for s in found} <= {"0.00", "1200.00", "3000.00"}


def test_the_worst_month_of_actions(windows: dict[tuple[str, bool], Spans]) -> None:
    """February 2026: 32 hours and 7 minutes down, and no maintenance."""
    (worst,) = [s for s in statements(windows, "Actions") if s.local(s.period.start).startswith("2026-02")]
    assert repr(worst) == (
        "MISSED 99.9% · uptime 95.221% · down 1d8h7m of 28d · credit 25%, 3000.00 USD · Actions, acme, 2026-02-01 to "
        "2026-03-01"
    )
    assert worst.uptime == 1 - Fraction(1_927, 40_320)


@pytest.mark.parametrize(("component", "availability"), [("Actions", 0.9884), ("API Requests", 0.9963)])
def test_the_months_make_up_the_availability_of_the_whole_record(
    windows: dict[tuple[str, bool], Spans], component: str, availability: float
) -> None:
    """From the first window of the record to its last, maintenance counted as up, as the record's own page has it."""
    spans = [span for held in windows.values() for span in held]
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    sla, down = agreement(component, []), windows[component, False]
    months = [(2022, 3), *MONTHS, (2026, 8)]
    found = [sla.statement_of(down, f"{y}-{m:02}", unobserved=[(0, first)], until=last) for y, m in months]
    assert sum(s.good + s.bad for s in found) == last - first
    assert sum(s.good for s in found) / (last - first) == pytest.approx(availability, abs=5e-5)
    assert [s.is_final for s in found] == [True] * 53 + [False]


def test_minutes_and_spans_make_the_same_statements(windows: dict[tuple[str, bool], Spans]) -> None:
    """The same windows as counts of probes, one a minute: ten in a row are found by either way."""
    down, works = windows["Copilot", False], windows.get(("Copilot", True), [])
    sla = agreement("Copilot", works, in_a_row=10)
    start, end = edge(2025, 1), edge(2025, 7)
    timeline = Timeline(start * MINUTE, MINUTE, end - start)
    bad = IntervalSet(down).bucket_mask(timeline).astype(np.int64)
    counts = Counts.from_buckets(timeline=timeline, bad=bad, total=np.ones_like(bad))
    for statement in sla.statements(counts):
        other = sla.statement_of(down, statement.period)
        assert (statement.bad, statement.good, statement.credit) == (other.bad, other.good, other.credit)
