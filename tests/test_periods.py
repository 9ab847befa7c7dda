"""Calendar windows: periods in the civil time of a zone."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from slokit.errors import InvalidInstant, InvalidInterval, InvalidWindow, OutOfTimeline, UnknownTimeZone, WrongType
from slokit.periods import CalendarGrid, CalendarWindow, Period
from slokit.timeline import Timeline, instant_text, parse_duration, parse_instant

HOUR = 3_600_000_000_000
DAY = 24 * HOUR


def hours(unit: str, tz: str, civil: str) -> float:
    """Return how many hours the period has that a local time lies in."""
    when = datetime.fromisoformat(civil).replace(tzinfo=ZoneInfo(tz))
    return CalendarWindow(unit, tz=tz).period(when).length / HOUR


@pytest.mark.parametrize(
    ("unit", "tz", "civil", "length"),
    [
        ("day", "America/New_York", "2026-03-08T12:00", 23),
        ("day", "America/New_York", "2026-11-01T12:00", 25),
        ("month", "America/New_York", "2026-03-15T12:00", 743),
        ("quarter", "America/New_York", "2026-02-01T12:00", 2159),
        ("year", "America/New_York", "2026-07-01T00:00", 8760),
        ("day", "Australia/Lord_Howe", "2026-04-05T12:00", 24.5),
        ("day", "Australia/Lord_Howe", "2026-10-04T12:00", 23.5),
        ("month", "Europe/Berlin", "2026-02-01T00:00", 672),
        ("month", "Europe/Berlin", "2028-02-29T23:59", 696),
        ("week", "Europe/Berlin", "2026-03-29T12:00", 167),
        ("week", "Pacific/Apia", "2011-12-31T12:00", 144),
        ("month", "Pacific/Apia", "2011-12-31T12:00", 30 * 24),
        ("day", "UTC", "2016-12-31T23:59:59", 24),
    ],
)
def test_case_17_periods_have_the_hours_that_the_zone_gives_them(unit: str, tz: str, civil: str, length: float) -> None:
    """Days of 23, 24.5 and 25 hours, short months, a week without its Friday; a leap second adds nothing (case 18)."""
    assert hours(unit, tz, civil) == length


def test_case_17_the_day_that_apia_skipped_does_not_exist() -> None:
    """29 December 2011 is followed by the 31st, in both directions."""
    window = CalendarWindow("day", tz="Pacific/Apia")
    last = window.period("2011-12-30T09:59:59Z")
    first = window.period("2011-12-30T10:00Z")
    assert (last.length, first.length) == (DAY, DAY)
    assert last.end == first.start
    assert window.next(last) == first
    assert window.previous(first) == last
    starts = window.edges(last.start - DAY, first.end + DAY)
    assert len(starts) == 5


def test_iso_weeks_start_on_monday() -> None:
    """1 January 2026 was a Thursday: its week began on 29 December."""
    period = CalendarWindow("week").period("2026-01-01T00:00Z")
    assert period == Period(parse_instant("2025-12-29T00:00Z"), parse_instant("2026-01-05T00:00Z"))


def test_a_period_owns_its_start_and_not_its_end() -> None:
    """The last nanosecond of January is January's; the first of February is not."""
    window = CalendarWindow("month", tz="Europe/Berlin")
    january = window.period("2026-01-15T12:00Z")
    assert window.period(january.end - 1) == january
    assert window.period(january.end) == window.next(january)
    assert window.period(january.start) == january
    assert january.start in january
    assert january.end not in january
    assert "2026-01-15T12:00Z" in january


def test_instants_of_every_kind_find_the_same_period() -> None:
    """Aware datetimes of any zone, datetime64, text and nanoseconds."""
    window = CalendarWindow("day", tz="Asia/Kolkata")
    at = datetime(2026, 1, 15, 20, tzinfo=UTC)
    same = [
        at,
        at.astimezone(ZoneInfo("America/New_York")),
        np.datetime64("2026-01-15T20:00", "m"),
        "2026-01-15T20:00Z",
    ]
    assert len({window.period(when) for when in same}) == 1  # type: ignore[arg-type]
    with pytest.raises(InvalidInstant, match="when must have a time zone"):
        window.period(datetime(2026, 1, 15))


def test_every_two_weeks_run_from_their_start_in_both_directions() -> None:
    """A Thursday makes weeks from Thursday; the fortnight before the start exists too."""
    window = CalendarWindow("week", tz="Europe/Berlin", every=2, start="2026-01-15")
    period = window.period("2026-01-20T00:00Z")
    assert instant_text(period.start) == "2026-01-14T23:00:00Z"
    assert period.length == 14 * DAY
    assert window.previous(period).end == period.start
    assert window.nominal == 14 * DAY


def test_a_start_with_a_time_of_day_moves_every_edge() -> None:
    """OpenSLO's startTime: months from the 21st at half past twelve, New York time, winter and summer."""
    window = CalendarWindow.of("1M", tz="America/New_York", start="2020-01-21 12:30:00")
    assert instant_text(window.period("2026-02-01T00:00Z").start) == "2026-01-21T17:30:00Z"
    assert instant_text(window.period("2026-07-01T00:00Z").start) == "2026-06-21T16:30:00Z"


def test_quarters_and_years_may_start_in_any_month() -> None:
    """A fiscal year from 1 April, quarters from February."""
    year = CalendarWindow("year", start="2020-04-01").period("2026-03-31T23:59Z")
    assert instant_text(year.start) == "2025-04-01T00:00:00Z"
    quarter = CalendarWindow.of("1Q", start="2020-02-01").period("2026-01-31T00:00Z")
    assert instant_text(quarter.start) == "2025-11-01T00:00:00Z"


@pytest.mark.parametrize("start", ["2026-01-29", "2026-01-30", "2026-01-31T12:00"])
def test_months_that_start_on_a_day_that_some_months_lack_are_refused(start: str) -> None:
    """29 to 31 for months, quarters and years; days and weeks may start on any."""
    for unit in ("month", "quarter", "year"):
        with pytest.raises(InvalidWindow, match="day from 1 to 28"):
            CalendarWindow(unit, start=start)
    CalendarWindow("week", every=2, start=start)


def test_a_start_is_a_local_time() -> None:
    """Dates, naive datetimes and text make one value; a zone of its own would contradict tz=."""
    starts: list[str | date] = ["2026-01-15", "2026-01-15T00:00", "20260115", date(2026, 1, 15), datetime(2026, 1, 15)]
    assert {CalendarWindow("day", start=start) for start in starts} == {CalendarWindow("day", start="2026-01-15")}
    with pytest.raises(InvalidWindow, match="its zone is tz="):
        CalendarWindow("day", start="2026-01-15T00:00Z")
    with pytest.raises(InvalidWindow, match="whole seconds"):
        CalendarWindow("day", start="2026-01-15T00:00:00.5")
    with pytest.raises(InvalidWindow, match="1678 and 2261"):
        CalendarWindow("day", start="0001-01-01")
    with pytest.raises(InvalidWindow, match="such as"):
        CalendarWindow("day", start="tomorrow")
    with pytest.raises(WrongType):
        CalendarWindow("day", start=2026)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unit", "hint"),
    [
        ("months", '"month"'),
        ("1M", '"month"'),
        ("Week", '"week"'),
        ("Q", '"quarter"'),
        ("decade", "got 'decade'$"),
        ("", "''"),
    ],
)
def test_a_unit_misspelt_is_answered_with_the_one_meant(unit: str, hint: str) -> None:
    """The five units are named, and the likely one among them."""
    with pytest.raises(InvalidWindow, match=f"one of day, week, month, quarter, year.*{hint}"):
        CalendarWindow(unit)


def test_every_needs_a_start_and_a_sensible_number() -> None:
    """Every two months from when? True is not one; a thousand is enough."""
    with pytest.raises(InvalidWindow, match="every=2 needs start="):
        CalendarWindow("month", every=2)
    for every in (0, -1, 1_001):
        with pytest.raises(InvalidWindow, match="1 to 1,000"):
            CalendarWindow("month", every=every, start="2026-01-01")
    for wrong in (True, 2.0, "2"):
        with pytest.raises(WrongType, match="every must be an int"):
            CalendarWindow("month", every=wrong, start="2026-01-01")  # type: ignore[arg-type]
    with pytest.raises(WrongType, match="unit must be text"):
        CalendarWindow(1)  # type: ignore[arg-type]


def test_case_45_a_window_refuses_a_path_for_a_zone() -> None:
    """Also a ValueError, and an InvalidWindow."""
    with pytest.raises(UnknownTimeZone, match="must be an IANA zone"):
        CalendarWindow("month", tz="../../etc/passwd")
    assert issubclass(UnknownTimeZone, InvalidWindow | ValueError)


@pytest.mark.parametrize("text", ["1h", "30m", "0.5d", "M", "1 M", "1Mo", "", "99999d"])
def test_lengths_that_no_calendar_has_are_refused(text: str) -> None:
    """OpenSLO's hours and minutes are no calendar units."""
    with pytest.raises(InvalidWindow, match="whole number of d, w, M, Q or Y"):
        CalendarWindow.of(text)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (CalendarWindow("month", tz="Europe/Berlin"), "calendar month (Europe/Berlin)"),
        (CalendarWindow("year", start="2020-04-01"), "calendar year from 2020-04-01 (UTC)"),
        (
            CalendarWindow("week", "Asia/Kolkata", every=2, start="2026-01-15T09:00"),
            "every 2 calendar weeks from 2026-01-15T09:00:00 (Asia/Kolkata)",
        ),
    ],
)
def test_a_calendar_window_prints_as_it_is_said(window: CalendarWindow, text: str) -> None:
    """str() for sentences, repr() to paste back."""
    assert str(window) == text
    assert eval(repr(window)) == window


@pytest.mark.parametrize(("unit", "days"), [("day", 1), ("week", 7), ("month", 30), ("quarter", 91), ("year", 365)])
def test_nominal_lengths_are_round(unit: str, days: int) -> None:
    """What presets and budget shares take a calendar window for."""
    assert CalendarWindow(unit).nominal == days * DAY


def test_edges_cover_the_range_and_no_more() -> None:
    """The last edge at or before the start, the first at or after the end; one alone where both are one edge."""
    window = CalendarWindow("day")
    assert window.edges(5, DAY - 1).tolist() == [0, DAY]
    assert window.edges(0, DAY).tolist() == [0, DAY]
    assert window.edges(0, DAY + 1).tolist() == [0, DAY, 2 * DAY]
    assert window.edges(DAY, DAY).tolist() == [DAY]
    with pytest.raises(InvalidWindow, match="must not end before they start"):
        window.edges(1, 0)


def test_periods_beyond_the_range_of_nanoseconds_are_refused() -> None:
    """The year 2262 does not end in time; an answer would be an instant of 1677."""
    with pytest.raises(OutOfTimeline, match="beyond the years 1677 and 2262"):
        CalendarWindow("year").period("2262-03-01T00:00Z")


def test_each_bucket_knows_its_period_in_bucket_numbers() -> None:
    """Six hours around midnight: the first day began before the data, the second ends after it."""
    grid = CalendarWindow("day").grid(Timeline.of("2026-01-01T20:00Z", "1h", 6))
    assert grid.left.tolist() == [-20, -20, -20, -20, 4, 4]
    assert grid.right.tolist() == [4, 4, 4, 4, 28, 28]
    assert grid.edges.tolist() == [-20, 4, 28]
    assert not grid.left.flags.writeable
    assert grid == CalendarWindow("day", tz="Etc/UTC").grid(Timeline.of("2026-01-01T20:00Z", "1h", 6))
    assert grid != CalendarWindow("month").grid(Timeline.of("2026-01-01T20:00Z", "1h", 6))
    with pytest.raises(TypeError, match="unhashable"):
        hash(grid)


def test_an_empty_timeline_has_no_periods() -> None:
    """Nor any edge that could lie inside a bucket."""
    grid = CalendarWindow("month").grid(Timeline(7, 60, 0))
    assert grid.left.shape == grid.right.shape == grid.edges.shape == (0,)
    assert isinstance(grid, CalendarGrid)


@pytest.mark.parametrize(
    ("window", "start", "step", "mend"),
    [
        (CalendarWindow("month", tz="Asia/Kolkata"), "2026-01-10T00:00Z", "1h", "use a step of 30m"),
        (
            CalendarWindow("month", tz="Asia/Kolkata"),
            "2026-01-10T00:10Z",
            "1h",
            "use a step of 30m that starts at a whole multiple of it",
        ),
        (CalendarWindow("week"), "2026-01-01T00:00Z", "7d", "use a step of 1d"),
        (CalendarWindow("day"), "2026-01-01T00:00Z", "7h", "use a step of 1h"),
        (CalendarWindow("day", start="2026-01-01T00:00:01"), "2026-01-01T00:00Z", "1m", "use a step of 1s"),
        (CalendarWindow("day"), "2026-01-01T00:00:07Z", "1m", "start the buckets of 1m at a whole multiple of 1m"),
    ],
)
def test_a_period_edge_inside_a_bucket_is_refused_with_a_step_that_fits(
    window: CalendarWindow, start: str, step: str, mend: str
) -> None:
    """Inner and outer edges alike; the step named does fit."""
    timeline = Timeline.of(start, step, 30)
    with pytest.raises(InvalidWindow, match=f"lies inside the bucket .*; {mend}$"):
        window.grid(timeline)
    fits = parse_duration(mend.split()[4] if mend.startswith("use") else "1m")
    window.grid(Timeline(timeline.start - timeline.start % fits, fits, 30))


def test_the_outer_edges_count_too() -> None:
    """Data inside one period, whose far edge no bucket of the same grid meets."""
    with pytest.raises(InvalidWindow, match="use a step of 30m"):
        CalendarWindow("month", tz="Asia/Kolkata").grid(Timeline.of("2026-01-10T00:00Z", "1h", 1))


def test_a_range_longer_than_int64_holds_does_not_wrap() -> None:
    """From 1678 to 2261 the difference of two instants wraps; bucket numbers do not."""
    timeline = Timeline.of("1678-01-01T00:00Z", "1d", 213_000)
    grid = CalendarWindow("year").grid(timeline)
    assert grid.left[0] == 0
    assert grid.edges[-1] >= timeline.size
    assert (np.diff(grid.edges) >= 365).all()


def test_decades_of_days_are_quick() -> None:
    """Forty years of a zone with daylight saving within a second (some 20 ms on an idle machine)."""
    start, end = parse_instant("1990-01-01T00:00Z"), parse_instant("2030-01-01T00:00Z")
    began = clock.perf_counter()
    edges = CalendarWindow("day", tz="America/New_York").edges(start, end)
    assert clock.perf_counter() - began < 1
    assert len(edges) == 14_612
    assert sorted({length // HOUR for length in np.diff(edges).tolist()}) == [23, 24, 25]


@pytest.mark.parametrize(
    ("start", "end", "error", "said"),
    [
        (5, 3, InvalidInterval, "must be after its start, .*; swap them"),
        (5, 5, InvalidInterval, "must be after its start"),
        (0, 2**63, InvalidInterval, "end must lie between the years"),
        ("2026-01-01", "2026-01-02Z", InvalidInstant, "start must name a time zone"),
        (1.5, 3, WrongType, "start must be"),
        (True, 3, WrongType, "start must be"),
    ],
)
def test_a_period_ends_after_it_starts(start: Any, end: Any, error: type[Exception], said: str) -> None:
    """What a calendar gives is a span of time, and so must be what a caller makes."""
    with pytest.raises(error, match=said):
        Period(start, end)
    assert Period("1970-01-01Z", "1970-01-01T01:00Z") == Period(0, HOUR)


def test_a_grid_says_how_many_periods_it_has() -> None:
    """One period is not "1 periods"."""
    assert repr(CalendarWindow("day").grid(Timeline(0, HOUR, 24))) == "CalendarGrid(24 buckets in 1 period)"
    assert repr(CalendarWindow("day").grid(Timeline(0, HOUR, 25))) == "CalendarGrid(25 buckets in 2 periods)"
