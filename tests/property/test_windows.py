"""Windows against clocks that are watched minute by minute.

The watcher knows one thing about zones: what a clock on the wall shows at each instant (``astimezone``). A period
begins when the clock first reaches its start, so the watcher keeps the latest time that the clock has shown so far and
asks the calendar which period that is in, by rules written down here a second time.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit.errors import InvalidWindow
from slokit.timeline import Timeline, parse_duration
from slokit.windows import CalendarWindow, RollingWindow

MINUTE = 60_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Where clocks did odd things: a zone, a day near the change, and the minutes that its offsets are multiples of.
CHANGES = [
    ("America/New_York", date(2026, 3, 8), 30),
    ("America/New_York", date(2026, 11, 1), 30),
    ("Australia/Lord_Howe", date(2026, 4, 5), 30),
    ("Australia/Lord_Howe", date(2026, 10, 4), 30),
    ("Pacific/Apia", date(2011, 12, 30), 30),
    ("Pacific/Kwajalein", date(1993, 8, 21), 30),
    ("America/Sao_Paulo", date(2018, 11, 4), 30),
    ("America/Sao_Paulo", date(2018, 2, 18), 30),
    ("America/St_Johns", date(2010, 11, 7), 1),
    ("America/Havana", date(2026, 11, 1), 30),
    ("Asia/Kathmandu", date(1986, 1, 1), 15),
    ("Africa/Casablanca", date(2026, 2, 15), 30),
    ("UTC", date(2016, 12, 31), 30),
    ("Europe/Berlin", date(2028, 2, 29), 30),
]
# Around the jumps most of all, for that is where readings differ.
CLOCKS = [time(0), time(0), time(1), time(2), time(2, 30), time(3), time(9), time(23, 30)]


def instant(moment: datetime) -> int:
    """Return whole minutes since the epoch as nanoseconds."""
    return ((moment - EPOCH) // timedelta(minutes=1)) * MINUTE


def period_name(shown: datetime, unit: str, every: int, anchor: datetime | None) -> object:
    """Return something that is equal for two civil times of one period and differs between periods."""
    if anchor is None:
        names = {
            "day": shown.date(),
            "week": shown.isocalendar()[:2],
            "month": (shown.year, shown.month),
            "quarter": (shown.year, (shown.month + 2) // 3),
            "year": shown.year,
        }
        return names[unit]
    if unit in ("day", "week"):
        return math.floor((shown - anchor) / timedelta(days=every * (7 if unit == "week" else 1)))
    # Count the whole months from the anchor that the civil time has completed.
    months = (shown.year - anchor.year) * 12 + shown.month - anchor.month
    if (shown.day, shown.time()) < (anchor.day, anchor.time()):
        months -= 1
    return months // (every * {"month": 1, "quarter": 3, "year": 12}[unit])


def watch(start: datetime, minutes: int, count: int, tz: str) -> list[datetime]:
    """Return, for each of ``count`` steps, the latest time that a local clock has shown since two days before."""
    zone, latest, seen = ZoneInfo(tz), datetime.min, []
    step = timedelta(minutes=minutes)
    for k in range(-(2 * 1440 // minutes), count):
        latest = max(latest, (start + k * step).astimezone(zone).replace(tzinfo=None))
        seen.append(latest)
    return seen[-count:]


@st.composite
def calendars(draw: st.DrawFn, tz: str, near: date) -> tuple[CalendarWindow, str, int, datetime | None]:
    """Draw a window of a zone whose edges lie on half hours of its clock, and what it was made of."""
    unit = draw(st.sampled_from(["day", "week", "month", "quarter", "year"]))
    every = draw(st.integers(1, 3))
    anchor = None
    if every > 1 or draw(st.booleans()):
        day = near + timedelta(days=draw(st.integers(-800, 800)))
        if unit in ("month", "quarter", "year"):
            day = day.replace(day=min(day.day, 28))
        anchor = datetime.combine(day, datetime.min.time()) + timedelta(
            hours=draw(st.sampled_from([0, 0, 1, 2, 9, 23]))
        )
    return CalendarWindow(unit, tz=tz, every=every, start=anchor), unit, every, anchor


@given(data=st.data(), change=st.sampled_from(CHANGES))
def test_periods_begin_when_the_clock_on_the_wall_says_so(data: st.DataObject, change: tuple[str, date, int]) -> None:
    """Left and right of every bucket, around the odd days of odd zones, for every unit, number and start."""
    tz, near, minutes = change
    window, unit, every, anchor = data.draw(calendars(tz, near))
    # Long enough to see an edge more often than not, but no year of minutes.
    days = {"day": 5, "week": 12, "month": 45, "quarter": 100, "year": 300}[unit] if minutes > 1 else 5
    count = days * 1440 // minutes
    start = datetime(near.year, near.month, near.day, tzinfo=UTC) - timedelta(days=data.draw(st.integers(1, days - 2)))
    names = [period_name(shown, unit, every, anchor) for shown in watch(start, minutes, count, tz)]
    grid = window.grid(Timeline(instant(start), minutes * MINUTE, count))
    changes = [k for k in range(1, count) if names[k] != names[k - 1]]
    # What lies outside what was watched is known to lie outside, and no more.
    left = [0, *changes]
    right = [*changes, count]
    for first, stop in zip(left, right, strict=True):
        found = {(a, b) for a, b in zip(grid.left[first:stop].tolist(), grid.right[first:stop].tolist(), strict=True)}
        assert len(found) == 1
        low, high = found.pop()
        assert low == first or (first == 0 and low < 0)
        assert high == stop or (stop == count and high > count)


@given(data=st.data(), change=st.sampled_from(CHANGES), offset=st.integers(-5 * 1440, 5 * 1440))
def test_periods_follow_each_other_without_a_gap(
    data: st.DataObject, change: tuple[str, date, int], offset: int
) -> None:
    """Each instant lies in its period, neighbours meet, edges are those of the periods, and none is empty."""
    tz, near, _ = change
    window, *_ = data.draw(calendars(tz, near))
    at = instant(datetime(near.year, near.month, near.day, tzinfo=UTC)) + offset * MINUTE
    period = window.period(at)
    after, before = window.next(period), window.previous(period)
    assert period.start <= at < period.end
    assert (before.end, after.start) == (period.start, period.end)
    assert min(before.length, period.length, after.length) > 0
    assert window.period(period.start) == window.period(period.end - 1) == period
    edges = window.edges(before.start, after.end).tolist()
    assert edges == [before.start, period.start, period.end, after.end]


@given(data=st.data(), change=st.sampled_from(CHANGES), step=st.integers(1, 3 * 1440), size=st.integers(1, 50))
def test_an_edge_inside_a_bucket_is_refused_and_none_other(
    data: st.DataObject, change: tuple[str, date, int], step: int, size: int
) -> None:
    """Refused exactly where an edge of a period that the buckets meet is no edge of a bucket."""
    tz, near, _ = change
    window, *_ = data.draw(calendars(tz, near))
    start = instant(datetime(near.year, near.month, near.day, tzinfo=UTC)) // (step * MINUTE) * step * MINUTE
    timeline = Timeline(start, step * MINUTE, size)
    period = window.period(timeline.start)
    wanted = timeline.is_edge(period.start)
    while period.end < timeline.end:
        wanted &= timeline.is_edge(period.end)
        period = window.next(period)
    wanted &= timeline.is_edge(period.end)
    if wanted:
        window.grid(timeline)
    else:
        with pytest.raises(InvalidWindow, match="use a step of"):
            window.grid(timeline)


@given(length=st.integers(1, 10_000), step=st.integers(1, 1_000))
def test_a_rolling_window_is_a_whole_number_of_buckets_or_names_a_step(length: int, step: int) -> None:
    """The count is exact; the step in the message divides the window and the step that did not fit."""
    window = RollingWindow(length)
    if length % step == 0:
        assert window.buckets(step) * step == length
        return
    with pytest.raises(InvalidWindow) as caught:
        window.buckets(step)
    proposed = parse_duration(str(caught.value).partition("use a step of ")[2].partition(",")[0])
    assert window.buckets(proposed) * proposed == length
    assert step % proposed == 0
