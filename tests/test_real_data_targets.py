"""Targets for measured history: what a year of departures would have meant to whom."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from slokit import SLA, SLI, SLO, CalendarWindow, Counts, Rationale
from slokit.analysis import targets
from slokit.interop.tables import EventTable, read_table
from slokit.sla import Penalty

NEW_YORK = "America/New_York"
MONTH = CalendarWindow("month", tz=NEW_YORK)
LADDER = ["60%", "65%", "70%", "75%", "80%"]


@pytest.fixture(scope="module")
def flights(data_dir: Path) -> Counts:
    """Departures by the hour and origin; good is on time within 15 minutes and not cancelled."""
    path = data_dir / "flights_nyc2013" / "flights.csv.gz"
    table = read_table(path, time="scheduled_departure_utc", good="good_dep_15", by=["origin"])
    assert isinstance(table, EventTable)
    return table.count(step="1h")


def on_time(window: str | CalendarWindow = "30d") -> SLO:
    """Return the objective that three of four departures are on time."""
    return SLO("on time", sli=SLI.ratio("departures"), target="75%", window=window)


@pytest.mark.parametrize(
    ("origin", "met", "recommended", "achievable"),
    [
        ("EWR", [8036, 7389, 5591, 2591, 2181], 0.58, 0.58),
        ("JFK", [8036, 7561, 7057, 6316, 2865], 0.60, 0.64),
        ("LGA", [8036, 8036, 7372, 6162, 3001], 0.65, 0.65),
    ],
)
def test_advice_for_each_airport(
    flights: Counts, origin: str, met: list[int], recommended: float, achievable: float
) -> None:
    """Of 8,036 windows of 30 days; with a fifth of the budget left in 95% of drawn windows."""
    advice = targets.advise(on_time(), flights.sel(origin=origin), LADDER)
    assert [row.windows for row in advice] == [8036] * 5
    assert [row.windows_met for row in advice] == [Fraction(count, 8036) for count in met]
    # Draws may change between releases of numpy: a point of tolerance.
    assert float(advice.achievable.target or 0) == pytest.approx(achievable, abs=0.01)
    # A point more or less decides whether a candidate is reached: of Newark none is.
    assert float(advice.recommended.target or 0) == pytest.approx(recommended, abs=0.05)
    assert advice.recommended.is_candidate is (origin != "EWR")


def test_the_worst_window_of_newark_overspent_by_half(flights: Counts) -> None:
    """At 75% half as much again as the budget was spent in the worst 30 days, and no alert of Google's can page."""
    advice = targets.advise(on_time(), flights.sel(origin="EWR"), ["75%"], rationale=Rationale("survey", "x", "80%"))
    row = advice.rows[0]
    assert row.worst_left is not None
    assert float(row.worst_left) == pytest.approx(-0.5182, abs=5e-5)
    assert dict(row.days)["critical"] == Fraction(3946, 24)
    found = {finding.code for finding in advice.findings}
    assert {"never-pages", "out-of-reach", "expectation-out-of-reach"} <= found


def months_of(path: Path, origin: str) -> dict[str, tuple[int, int]]:
    """Return good departures and all of them for each month of New York, row by row."""
    zone = ZoneInfo(NEW_YORK)
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["origin"] == origin:
                text = row["scheduled_departure_utc"].replace("Z", "").replace(" ", "T")
                local = datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(zone)
                month = found[f"{local:%Y-%m}"]
                month[0] += row["good_dep_15"].lower() in {"1", "true"}
                month[1] += 1
    return {month: (good, total) for month, (good, total) in found.items()}


def test_who_objects_at_kennedy(flights: Counts, data_dir: Path) -> None:
    """By calendar months in New York: 70% is the only row that nobody objects to."""
    sla = SLA(
        "punctuality",
        target="75%",
        window=MONTH,
        penalties=[Penalty("75%", "5%"), Penalty("70%", "10%"), Penalty("60%", "25%")],
    )
    table = targets.stakeholders(
        on_time(MONTH),
        flights.sel(origin="JFK"),
        [*LADDER[:4], targets.Candidate("80%", enforced=False)],
        sla=sla,
        limits={
            "windows_met": "80%",
            "pages_per_month": 4,
            "freeze_days_per_quarter": 10,
            "expected_credit": "2%",
            "promise": "70%",
        },
    )
    # January is not whole: its first departures were at dawn.
    months = months_of(data_dir / "flights_nyc2013" / "flights.csv.gz", "JFK")
    whole = [Fraction(*figures) for month, figures in months.items() if month != "2013-01"]
    assert [row.windows_met for row in table] == [
        Fraction(sum(share >= row.target for share in whole), 11) for row in table
    ]
    assert [row.windows_met for row in table] == [1, 1, Fraction(9, 11), Fraction(8, 11), Fraction(3, 11)]
    assert [row.target for row in table.accepted] == [Fraction(7, 10)]
    assert [[one.who for one in row.objections] for row in table] == [
        ["sales"],
        ["sales"],
        [],
        ["engineering"],
        ["engineering", "business"],
    ]
    assert float(table.rows[3].freeze_days_per_quarter) == pytest.approx(7.14, abs=0.005)
    assert table.rows[4].freeze_days_per_quarter == 0
    owed = [float(row.expected_credit or 0) for row in table]
    assert owed == pytest.approx([0, 0, 0.002, 0.011, 0.036], abs=0.003)
    assert float(table.promise.target or 0) == pytest.approx(0.71, abs=0.01)
