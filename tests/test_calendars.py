"""Zones, weekdays and wall-clock times."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from slokit.calendars import (
    civil_instants,
    local_clock,
    local_instants,
    parse_clock,
    parse_weekdays,
    recurring_instants,
    weekdays_text,
    zone,
    zone_name,
)
from slokit.errors import InvalidExclusion, InvalidInstant, InvalidWindow, UnknownTimeZone, WrongType
from slokit.timeline import instant_text, parse_instant


def instants(name: str, *civil: str) -> list[str]:
    """Return the instants of civil times as text."""
    found = civil_instants(np.array(civil, dtype="datetime64[s]"), zone(name))
    return [instant_text(i) for i in found.tolist()]


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "Europe/../UTC",
        "Europe/Berlin\n",
        "Europe\\Berlin",
        "",
        " UTC",
        "Europe/Berlin\0",
        "a" * 10_000,
        "tzdata.zi",
        "right/Europe/Berlin",
        "localtime",
        "Europe",
        "Europe/",
        "leapseconds",
        "Ёurope/Berlin",
    ],
)
def test_case_45_a_zone_is_a_name_and_never_a_path(name: str) -> None:
    """Whatever could climb out of the database, or is none of its zones, is a ValueError of bounded length."""
    with pytest.raises(UnknownTimeZone) as caught:
        zone(name)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) < 300


def test_a_zone_misspelt_is_answered_with_the_one_that_is_close() -> None:
    """The message carries the correction, whether letters or their case are wrong."""
    with pytest.raises(UnknownTimeZone, match="did you mean 'Europe/Berlin'"):
        zone("Europe/Berln")
    with pytest.raises(UnknownTimeZone, match="did you mean 'America/New_York'"):
        zone("america/new_york")


def test_a_zone_may_be_given_as_an_object_that_has_a_name() -> None:
    """ZoneInfo and datetime.UTC are taken by name; a fixed offset has none and is refused."""
    assert zone_name(ZoneInfo("Asia/Kolkata")) == "Asia/Kolkata"
    assert zone_name(UTC) == zone_name("UTC") == "UTC"
    with pytest.raises(WrongType, match="knows no daylight saving"):
        zone_name(timezone(timedelta(hours=1)))
    with pytest.raises(WrongType, match="got int: 3"):
        zone(3)  # type: ignore[arg-type]


def test_without_a_time_zone_database_utc_works_and_other_zones_say_what_to_install() -> None:
    """A slim container has no database: a typed error names the package, and UTC does not even import zoneinfo."""
    program = """
import sys
sys.modules["tzdata"] = None  # as if it were not installed
from slokit.windows import CalendarWindow
from slokit.errors import UnknownTimeZone
CalendarWindow("month").period("2026-01-15T00:00Z")
assert "zoneinfo" not in sys.modules
try:
    CalendarWindow("month", tz="Europe/Berlin")
except UnknownTimeZone as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONTZPATH": "", "PYTHONPATH": ":".join(p or "." for p in sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pip install tzdata" in done.stdout
    assert "Europe/Berlin" in done.stdout


def test_weekdays_are_read_in_every_way_people_write_them() -> None:
    """Ranges, lists, ranges over Sunday, full names, any case, several texts."""
    assert parse_weekdays("Mon-Fri") == {0, 1, 2, 3, 4}
    assert parse_weekdays("Sat,Sun") == parse_weekdays("sat - SUN") == parse_weekdays(["Saturday", "sun"]) == {5, 6}
    assert parse_weekdays("Fri-Mon") == {4, 5, 6, 0}
    assert parse_weekdays("daily") == parse_weekdays("Mon-Sun") == set(range(7))
    assert parse_weekdays("tues,Thur") == {1, 3}


def test_every_set_of_weekdays_is_read_back_from_its_text() -> None:
    """The canonical text is one that the parser reads, for all 127 sets."""
    for bits in range(1, 128):
        days = frozenset(day for day in range(7) if bits >> day & 1)
        assert parse_weekdays(weekdays_text(days)) == days


@pytest.mark.parametrize("text", ["", "Mo", "Mon-", "Mon-Wed-Fri", "Mon;Tue", "Montag", "7", ",", "mon" * 100])
def test_what_is_no_weekday_is_refused_with_an_example(text: str) -> None:
    """The message names the field; the error's class is the caller's."""
    with pytest.raises(InvalidExclusion, match=r"^due days must be"):
        parse_weekdays(text, "due days", InvalidExclusion)


def test_weekdays_of_the_wrong_type_are_refused() -> None:
    """A number is no day: Monday is 0 in one language and 1 in the next."""
    with pytest.raises(WrongType, match="got int: 1"):
        parse_weekdays([1])  # type: ignore[list-item]
    with pytest.raises(WrongType, match="got int: 1"):
        parse_weekdays(1)  # type: ignore[arg-type]
    with pytest.raises(InvalidWindow, match="at least one day"):
        parse_weekdays([])


def test_clock_times_are_read_to_the_second() -> None:
    """Hours may have one digit; a time object is itself."""
    assert parse_clock("7:05") == parse_clock("07:05:00") == parse_clock(time(7, 5)) == time(7, 5)
    assert parse_clock(" 23:59:59 ") == time(23, 59, 59)


@pytest.mark.parametrize("text", ["", "7", "7:5", "25:00", "07:60", "07:00:60", "07:00Z", "7am", "\u0660\u0667:00"])
def test_what_is_no_clock_time_is_refused(text: str) -> None:
    """No guess is made about a time that is not plainly one."""
    with pytest.raises(InvalidWindow, match='must be a time of day such as "07:00"'):
        parse_clock(text)


def test_clock_times_that_another_field_must_carry_are_refused() -> None:
    """24:00 belongs to the following day, a zone to tz=, and fractions of a second to nobody's calendar."""
    with pytest.raises(InvalidWindow, match="on the following day"):
        parse_clock("24:00")
    with pytest.raises(InvalidWindow, match="without a zone"):
        parse_clock(time(7, tzinfo=UTC))
    with pytest.raises(InvalidWindow, match="whole seconds"):
        parse_clock(time(7, microsecond=1))
    with pytest.raises(WrongType):
        parse_clock(7)  # type: ignore[arg-type]


def test_a_time_that_the_clock_jumps_over_is_the_jump() -> None:
    """Berlin has no 02:30 on 29 March 2026: the clock reaches it when it jumps to 03:00."""
    assert instants(
        "Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T02:00", "2026-03-29T02:30", "2026-03-29T03:00"
    ) == [
        "2026-03-29T00:59:59Z",
        "2026-03-29T01:00:00Z",
        "2026-03-29T01:00:00Z",
        "2026-03-29T01:00:00Z",
    ]


def test_a_time_that_the_clock_shows_twice_is_the_first_showing() -> None:
    """Berlin shows 02:30 twice on 25 October 2026, first in summer time."""
    assert instants("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T03:00") == [
        "2026-10-25T00:30:00Z",
        "2026-10-25T02:00:00Z",
    ]


def test_midnight_that_does_not_exist_is_the_first_instant_of_its_day() -> None:
    """São Paulo's summer time began at midnight: 4 November 2018 starts at 01:00 local time."""
    assert instants("America/Sao_Paulo", "2018-11-04T00:00") == ["2018-11-04T03:00:00Z"]


def test_midnight_shown_twice_starts_its_day_once() -> None:
    """St. John's set its clock back at 00:01 in 2010: the day begins with the first of two midnights."""
    assert instants("America/St_Johns", "2010-11-07T00:00") == ["2010-11-07T02:30:00Z"]


def test_a_day_that_the_zone_skips_starts_where_the_next_one_does() -> None:
    """Apia went from 29 to 31 December 2011; every time of the 30th is the jump."""
    assert set(instants("Pacific/Apia", "2011-12-30T00:00", "2011-12-30T18:00", "2011-12-31T00:00")) == {
        "2011-12-30T10:00:00Z"
    }


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("America/New_York", "2026-03-08"),
        ("America/New_York", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04"),
        ("America/Sao_Paulo", "2018-11-04"),
        ("America/Sao_Paulo", "2018-02-18"),
        ("America/St_Johns", "2010-03-14"),
        ("America/St_Johns", "2010-11-07"),
        ("Pacific/Apia", "2011-12-30"),
        ("Asia/Kathmandu", "1986-01-01"),
        ("Asia/Kolkata", "2026-01-01"),
    ],
)
def test_every_minute_of_odd_days_is_where_a_watched_clock_first_reaches_it(name: str, day: str) -> None:
    """Each civil minute of three days, against a clock on the wall that is looked at minute by minute."""
    tz, first = ZoneInfo(name), datetime.fromisoformat(day) - timedelta(days=1)
    watched = first.replace(tzinfo=UTC) - timedelta(days=1)
    latest, at, wanted = datetime.min, watched, []
    for minute in (first + timedelta(minutes=k) for k in range(3 * 1440)):
        while latest < minute:
            latest = max(latest, at.astimezone(tz).replace(tzinfo=None))
            at += timedelta(minutes=1)
        wanted.append(at - timedelta(minutes=1))
    civil = np.datetime64(first, "s") + np.arange(3 * 1440) * np.timedelta64(60, "s")
    found = civil_instants(civil, zone(name))
    assert found.tolist() == [parse_instant(moment) for moment in wanted]


def test_civil_times_beyond_what_nanoseconds_hold_are_refused() -> None:
    """A wrapped int64 would be an instant of another century."""
    for name in ("UTC", "Europe/Berlin"):
        with pytest.raises(InvalidInstant, match="1677 and 2262"):
            instants(name, "2300-01-01T00:00")


def test_the_local_clock_is_read_before_the_epoch_too() -> None:
    """Half a second before the epoch the clock still shows the second that is running."""
    assert local_clock(-500_000_000, UTC) == datetime(1969, 12, 31, 23, 59, 59)
    assert local_clock(-500_000_000, zone("Asia/Kolkata")) == datetime(1970, 1, 1, 5, 29, 59)


def test_local_instants_keep_the_wall_clock_time_over_a_change() -> None:
    """07:00 in New York is 12:00 UTC on one day and 11:00 on the next."""
    days = np.array(["2026-03-07", "2026-03-08"], dtype="datetime64[D]")
    assert [instant_text(i) for i in local_instants(days, time(7), zone("America/New_York")).tolist()] == [
        "2026-03-07T12:00:00Z",
        "2026-03-08T11:00:00Z",
    ]


def test_recurring_instants_are_those_of_the_half_open_range() -> None:
    """An occurrence at the start is in, one at the end is not."""
    start, end = parse_instant("2026-01-05T01:30Z"), parse_instant("2026-01-08T01:30Z")
    dates, found = recurring_instants(start, end, days=frozenset(range(7)), at=time(7), tz=zone("Asia/Kolkata"))
    assert dates.tolist() == [date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 7)]
    assert found[0] == start
    _, none = recurring_instants(start, start, days=frozenset(range(7)), at=time(7), tz=zone("Asia/Kolkata"))
    assert none.size == 0


def test_nothing_recurs_on_a_day_that_the_zone_skips() -> None:
    """30 December 2011 was to be a Friday in Apia: there was none that week."""
    start, end = parse_instant("2011-12-26T00:00Z"), parse_instant("2012-01-08T00:00Z")
    dates, _ = recurring_instants(start, end, days=parse_weekdays("Fri"), at=time(7), tz=zone("Pacific/Apia"))
    assert dates.tolist() == [date(2012, 1, 6)]


def test_a_time_of_day_that_is_jumped_over_still_recurs_on_its_day() -> None:
    """Only a whole day that is skipped drops out; 02:30 on the day of the jump is the jump."""
    start, end = parse_instant("2026-03-28T00:00Z"), parse_instant("2026-03-31T00:00Z")
    _, found = recurring_instants(start, end, days=parse_weekdays("daily"), at=time(2, 30), tz=zone("Europe/Berlin"))
    assert [instant_text(i) for i in found.tolist()] == [
        "2026-03-28T01:30:00Z",
        "2026-03-29T01:00:00Z",
        "2026-03-30T00:30:00Z",
    ]


def test_all_of_time_can_be_asked_for() -> None:
    """The widest range is answered, and not refused at its rim."""
    dates, _ = recurring_instants(-(2**63) + 1, 2**63 - 1, days=frozenset({0}), at=time(0), tz=UTC)
    assert len(dates) > 30_000
