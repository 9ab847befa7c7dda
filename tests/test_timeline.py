"""Durations, instants and the timeline: what is read, what is refused, and where the edges lie."""

from __future__ import annotations

import copy
import pickle
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit.errors import InvalidDuration, InvalidInstant, InvalidTimeline, OutOfTimeline, SlokitError, WrongType
from slokit.timeline import (
    MAX_BUCKETS,
    Timeline,
    duration_text,
    instant_text,
    parse_duration,
    parse_instant,
    parse_instants,
    parse_length,
    to_datetime,
)

SECOND = 10**9
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
FIRST, LAST = -(2**63) + 1, 2**63 - 1


# --- durations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("5m", 5 * MINUTE),
        ("1h30m", 90 * MINUTE),
        (" 1h 30m ", 90 * MINUTE),
        ("30 m", 30 * MINUTE),
        ("30m1h", 90 * MINUTE),
        ("30d", 30 * DAY),
        ("2w", 14 * DAY),
        ("500ms", SECOND // 2),
        ("7us", 7_000),
        ("7µs", 7_000),
        ("1ns", 1),
        (timedelta(hours=1, microseconds=1), HOUR + 1_000),
        (timedelta(days=3), 3 * DAY),
        (np.timedelta64(90, "m"), 90 * MINUTE),
        (np.timedelta64(2, "W"), 14 * DAY),
        (np.timedelta64(2, "D"), 2 * DAY),
        (np.timedelta64(7, "ns"), 7),
        (np.array([3], dtype="timedelta64[10s]")[0], 30 * SECOND),
    ],
)
def test_a_duration_is_read_as_integer_nanoseconds(written: str, length: int) -> None:
    """Text with units in any order, timedelta and timedelta64 of every fixed unit."""
    assert parse_duration(written) == length


def test_the_longest_duration_is_146_years() -> None:
    """2**62 ns fit, one more does not: twice a duration must still be an int64."""
    assert parse_duration(np.timedelta64(2**62, "ns")) == 2**62
    with pytest.raises(InvalidDuration, match=r"^window must be longer than zero and at most 146 years, got "):
        parse_duration(np.timedelta64(2**62 + 1, "ns"), "window")


@given(length=st.integers(1, 2**62) | st.integers(1, 10**6).map(lambda k: k * MINUTE))
def test_duration_text_is_read_back(length: int) -> None:
    """What is printed is what was meant."""
    assert parse_duration(duration_text(length)) == length


@given(days=st.integers(0, 50_000), seconds=st.integers(0, 86_399), micros=st.integers(0, 999_999))
def test_a_timedelta_is_read_without_floats(days: int, seconds: int, micros: int) -> None:
    """total_seconds() loses microseconds beyond 270 years; the parts do not."""
    length = (days * 86_400 + seconds) * SECOND + micros * 1_000
    if length:
        assert parse_duration(timedelta(days=days, seconds=seconds, microseconds=micros)) == length


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0s"),
        (90 * MINUTE, "1h30m"),
        (14 * DAY, "14d"),
        (1_500_000_000, "1s500ms"),
        (-MINUTE, "-1m"),
        (1_001, "1us1ns"),
    ],
)
def test_durations_print_as_they_are_said(length: int, text: str) -> None:
    """Largest unit first; a week is seven days, so that windows of all lengths compare at a glance."""
    assert duration_text(length) == text


@pytest.mark.parametrize("written", ["1M", "3M", "1mo", "1months", "1Q", "1y", "1Y", "1d1M"])
def test_months_and_years_have_no_fixed_length(written: str) -> None:
    """1M is not 30 days, nor a minute: the message leads to both."""
    with pytest.raises(InvalidDuration, match=r'^window must have a fixed length, got .* CalendarWindow\("month"\)'):
        parse_duration(written, "window")


def test_a_month_meant_as_minutes_is_told_how_to_write_them() -> None:
    """The number that was given is in the advice."""
    with pytest.raises(InvalidDuration, match=r'minutes are written "15m"$'):
        parse_duration("15M")


@pytest.mark.parametrize(
    "written",
    ["", " ", "5", "m", "-5m", "+5m", "1.5h", "5x", "1 week", "5min", "1h-5m", "5m,", "PT5M", "\u0665m", "1e3s"],
)
def test_other_text_is_no_duration(written: str) -> None:
    """The message lists the units, gives an example, and repeats what was given."""
    with pytest.raises(InvalidDuration) as caught:
        parse_duration(written, "step")
    assert str(caught.value) == (
        f'step must be numbers with the units ns, us, ms, s, m, h, d, w, such as "5m" or "1h30m", got {written!r}'
    )


@pytest.mark.parametrize("written", ["0s", "0h0m", timedelta(0), timedelta(days=-1), np.timedelta64(-5, "s")])
def test_a_duration_is_longer_than_zero(written: str) -> None:
    """Nothing lasts no time, or less."""
    with pytest.raises(InvalidDuration, match=r"^duration must be longer than zero and at most 146 years, got "):
        parse_duration(written)


@pytest.mark.parametrize("written", ["9999999999999999999w", timedelta.max, np.timedelta64(2**62, "W")])
def test_a_duration_beyond_all_reason_is_refused_not_wrapped(written: str) -> None:
    """The product with the unit is a Python integer: it cannot wrap into something plausible."""
    with pytest.raises(InvalidDuration, match="at most 146 years"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        (np.timedelta64("NaT", "s"), "must be a timedelta64 with a unit of fixed length"),
        (np.timedelta64(1, "M"), "must be a timedelta64 with a unit of fixed length"),
        (np.timedelta64(1, "Y"), "must be a timedelta64 with a unit of fixed length"),
        (np.timedelta64(1_000, "ps"), "must be whole nanoseconds"),
    ],
)
def test_a_timedelta64_without_a_fixed_length_is_refused(written: np.timedelta64, complaint: str) -> None:
    """Months, years, NaT and numbers without a unit, as numpy has them."""
    with pytest.raises(InvalidDuration, match=f"^duration {complaint}, got "):
        parse_duration(written)


@pytest.mark.parametrize("written", [5, 5.0, True, None, b"5m", ["5m"]])
def test_a_duration_of_another_type_is_refused(written: object) -> None:
    """A bare number has no unit."""
    with pytest.raises(
        WrongType, match=r'^duration must be text with a unit such as "5m", a timedelta or a timedelta64'
    ):
        parse_duration(written)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["1" * 26, "1" * 64, "1h" * 31 + "1", "1m" * 26 + "x", "1" * 10**6 + "s", " " * 10**6])
def test_case_45_the_duration_parser_is_linear(text: str) -> None:
    """A nested quantifier takes three seconds over 26 digits; these are refused before a blink is over."""
    before = time.perf_counter()
    with pytest.raises(InvalidDuration):
        parse_duration(text)
    assert time.perf_counter() - before < 0.1


def test_case_45_a_long_text_is_refused_by_its_length() -> None:
    """64 characters say any duration; the message does not repeat a megabyte."""
    with pytest.raises(InvalidDuration, match=r"^duration must be at most 64 characters long, got 1000000$"):
        parse_duration("1h" * 500_000)


# --- instants -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00Z", 0),
        ("1970-01-01Z", 0),
        ("1970-01-01 00:00:00 UTC", 0),
        ("1970-01-01T01:00+01:00", 0),
        ("1970-01-01T01:00 +0100", 0),
        ("1969-12-31T19:00:00-05:00", 0),
        (" 1970-01-01t00:00z ".replace("t", "T"), 0),
        ("1970-01-01T00:00:00.5Z", SECOND // 2),
        ("1970-01-01T00:00:00,5Z", SECOND // 2),
        ("1970-01-01T00:00:00.123456789Z", 123_456_789),
        ("1969-12-31T23:59:59.999999999Z", -1),
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        (datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC), 1_000),
        (np.datetime64(1, "s"), SECOND),
        (np.datetime64(-1, "ns"), -1),
        (np.datetime64("1971", "Y"), 365 * DAY),
        (np.datetime64("1970-02", "M"), 31 * DAY),
        (np.datetime64(1, "W"), 7 * DAY),
    ],
)
def test_an_instant_is_read_to_the_nanosecond(written: str, instant: int) -> None:
    """ISO text with a zone, aware datetimes and datetime64 of any unit."""
    assert parse_instant(written) == instant


@given(instant=st.integers(FIRST, LAST) | st.integers(-(10**6), 10**6).map(lambda k: k * MINUTE))
def test_instant_text_is_read_back(instant: int) -> None:
    """Every nanosecond from 1677 to 2262 survives being written and read."""
    assert parse_instant(instant_text(instant)) == instant


@given(
    moment=st.datetimes(
        min_value=datetime(1678, 1, 2),
        max_value=datetime(2262, 4, 10),
        timezones=st.sampled_from([UTC, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
    )
)
def test_an_aware_datetime_is_an_instant_and_back(moment: datetime) -> None:
    """Microseconds are kept, whatever the zone or the fold; a datetime comes back as the same instant in UTC."""
    instant = parse_instant(moment)
    assert to_datetime(instant) == moment.astimezone(UTC)
    assert parse_instant(moment.isoformat() if not moment.utcoffset().seconds % 60 else moment) == instant  # type: ignore[union-attr]


@given(instant=st.integers(FIRST + 1_000, LAST))
def test_to_datetime_never_looks_ahead(instant: int) -> None:
    """Nanoseconds are cut towards the past, before the epoch too."""
    assert instant - 999 <= parse_instant(to_datetime(instant)) <= instant


@pytest.mark.parametrize(
    "text", ["1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "1677-09-22T00:00:00Z", "2100-12-31T23:59:59.001Z"]
)
def test_instants_print_with_as_many_digits_as_they_need(text: str) -> None:
    """Seconds always, a fraction only where there is one."""
    assert instant_text(parse_instant(text)) == text


def test_case_17_a_naive_datetime_is_refused() -> None:
    """It means another instant to each reader."""
    with pytest.raises(
        InvalidInstant, match=r"^start must have a time zone, got the naive datetime 2026-01-01T00:00:00; "
    ):
        parse_instant(datetime(2026, 1, 1), "start")


def test_case_17_naive_text_is_refused_with_the_text_that_would_do() -> None:
    """The mend is one letter."""
    with pytest.raises(InvalidInstant) as caught:
        parse_instant("2026-01-01 00:00", "start")
    assert str(caught.value) == (
        "start must name a time zone, got '2026-01-01 00:00'; write \"2026-01-01 00:00Z\" if it is UTC"
    )


def test_case_17_the_two_readings_of_an_ambiguous_hour_are_an_hour_apart() -> None:
    """Python calls fold=0 and fold=1 equal, and subtracts within a zone by the wall clock; as instants they differ."""
    first = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    second = first.replace(fold=1)
    assert first == second
    assert parse_instant(second) - parse_instant(first) == HOUR


def test_case_17_a_day_of_23_hours_is_23_hours() -> None:
    """Same-zone subtraction says 24."""
    days = [datetime(2026, 3, day, tzinfo=ZoneInfo("America/New_York")) for day in (8, 9)]
    assert days[1] - days[0] == timedelta(hours=24)
    assert parse_instant(days[1]) - parse_instant(days[0]) == 23 * HOUR


def test_case_18_a_leap_second_cannot_be_written() -> None:
    """POSIX time has none: 23:59:60 is refused, and the second after it opens the next bucket."""
    with pytest.raises(InvalidInstant, match=r"POSIX time, which has no leap seconds, .*; use the second after it$"):
        parse_instant("2016-12-31T23:59:60Z")
    assert parse_instant("2017-01-01T00:00:00Z") == 1_483_228_800 * SECOND
    timeline = Timeline.of("2016-12-31T23:59:00Z", "1m", 2)
    assert timeline.edge_index(1_483_228_800 * SECOND) == 1


@pytest.mark.parametrize(
    "written",
    [
        "",
        "now",
        "2026",
        "2026-1-1Z",
        "20260101T000000Z",
        "2026-01-01T00Z",
        "2026-01-01T00:00:00.1234567891Z",
        "x" * 100,
    ],
)
def test_text_that_is_no_iso_instant_is_refused(written: str) -> None:
    """The message shows one; what was given is cut to 64 characters."""
    with pytest.raises(InvalidInstant) as caught:
        parse_instant(written, "when")
    assert str(caught.value) == f'when must be ISO text such as "2026-01-01T00:00Z", got {written[:64]!r}'


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-30Z",
        "2026-13-01Z",
        "2026-01-01T25:00Z",
        "2026-01-01T00:61Z",
        "2026-01-01T00:00+99:00",
        "0000-01-01Z",
        "0001-01-01T00:00+05:00",
    ],
)
def test_dates_that_do_not_exist_are_refused(written: str) -> None:
    """The 30th of February, hours past 24, offsets past a day, and years that no calendar here holds."""
    with pytest.raises(InvalidInstant, match=r"^when must be a real date and time, got "):
        parse_instant(written, "when")


@pytest.mark.parametrize(
    "written", ["1600-01-01Z", "2300-01-01Z", datetime(1600, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
def test_instants_outside_64_bits_are_refused(written: str) -> None:
    """datetime64[ns] holds 1677 to 2262, and nothing wraps."""
    with pytest.raises(InvalidInstant, match=r"^instant must lie between the years 1677 and 2262, got "):
        parse_instant(written)


def test_the_first_and_the_last_instant_are_read() -> None:
    """The least int64 is numpy's NaT, and so no instant."""
    assert parse_instant("1677-09-21T00:12:43.145224193Z") == FIRST
    assert parse_instant("2262-04-11T23:47:16.854775807Z") == LAST
    with pytest.raises(InvalidInstant, match="between the years 1677 and 2262"):
        parse_instant("1677-09-21T00:12:43.145224192Z")


@pytest.mark.parametrize("written", [0, 1.5, True, None, date(2026, 1, 1), b"2026-01-01Z", timedelta(1)])
def test_an_instant_of_another_type_is_refused(written: object) -> None:
    """A bare number has no unit, and a date no zone."""
    with pytest.raises(
        WrongType, match=r"^instant must be ISO text with a zone, an aware datetime or a datetime64, got "
    ):
        parse_instant(written)  # type: ignore[arg-type]


@pytest.mark.parametrize("written", [np.datetime64("NaT", "s"), np.datetime64("NaT", "ns"), np.datetime64(1, "ps")])
def test_a_datetime64_that_is_no_nanosecond_is_refused(written: np.datetime64) -> None:
    """NaT is not a time, and picoseconds would be cut."""
    with pytest.raises(InvalidInstant):
        parse_instant(written)


@pytest.mark.parametrize(("moment", "offset"), [(datetime.min, 5), (datetime.max, -5)])
def test_a_datetime_that_no_utc_can_hold_is_refused(moment: datetime, offset: int) -> None:
    """An offset carries the first and last day of Python's calendar past its ends."""
    with pytest.raises(SlokitError):
        parse_instant(moment.replace(tzinfo=timezone(timedelta(hours=offset))))


# --- many instants --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        np.array([0, 1_500_000_000], dtype="datetime64[ns]"),
        np.array([0, 1_500], dtype="datetime64[ms]"),
        [np.datetime64(0, "s"), np.datetime64(1_500, "ms")],
        ["1970-01-01Z", "1970-01-01T00:00:01.5Z"],
        ("1970-01-01Z", "1970-01-01T01:00:01.5+01:00"),
        np.array(["1970-01-01Z", "1970-01-01T00:00:01.5Z"]),
        [datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)],
        np.array([datetime(1970, 1, 1, tzinfo=UTC), "1970-01-01T00:00:01.5Z"], dtype=object),
        (text for text in ("1970-01-01Z", "1970-01-01T00:00:01.5Z")),
    ],
)
def test_instants_are_read_however_they_come(values: Any) -> None:
    """Arrays of datetime64 of any unit, sequences and iterators of what parse_instant takes."""
    assert parse_instants(values).tolist() == [0, 1_500_000_000]


@pytest.mark.parametrize(("unit", "scale"), [("s", SECOND), ("ms", 10**6), ("us", 1_000), ("ns", 1)])
@pytest.mark.parametrize("dtype", [np.int64, np.uint32, np.int16, ">i8", "<u8", None])
def test_case_16_integers_count_what_they_are_said_to_count(unit: str, scale: int, dtype: Any) -> None:
    """Every width and byte order of integers, with the unit named."""
    values = [0, 1, 30_000]
    given_values = values if dtype is None else np.array(values, dtype=dtype)
    assert parse_instants(given_values, unit=unit).tolist() == [value * scale for value in values]


def test_case_16_integers_without_a_unit_are_refused() -> None:
    """1.7e12 seconds is the year 55840: nobody guesses."""
    with pytest.raises(WrongType, match=r'^times are integers: say what they count with unit="s", "ms", "us" or "ns"$'):
        parse_instants([1_700_000_000], "times")


def test_case_16_milliseconds_taken_for_seconds_are_refused() -> None:
    """The year 55840 lies beyond what nanoseconds hold, and the message asks the right question."""
    with pytest.raises(InvalidInstant, match=r"^timestamps\[1\] must lie .* got 1700000000000; is the unit right\?$"):
        parse_instants([1_700_000_000, 1_700_000_000_000], unit="s")


def test_case_16_a_unit_that_is_none_is_refused() -> None:
    """Minutes since the epoch are nobody's timestamps."""
    with pytest.raises(InvalidInstant, match=r"^unit of timestamps must be \"s\", \"ms\", \"us\" or \"ns\", got 'm'$"):
        parse_instants([1], unit="m")


def test_case_15_floats_are_refused_because_they_lose_nanoseconds() -> None:
    """1700000039.999999999 is no double: it would fall into the next minute."""
    for values in ([1_700_000_039.999999999], np.array([1.0]), np.array([1.0], dtype=np.float32)):
        with pytest.raises(WrongType, match=r"floats lose nanoseconds: convert them to integers first$"):
            parse_instants(values, unit="s")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (["1970-01-01Z", "yesterday"], r"timestamps\[1\] must be ISO text such as"),
        (["1970-01-01Z", "1970-01-01"], r"timestamps\[1\] must name a time zone"),
        ([datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1)], r"timestamps\[1\] must have a time zone"),
        (["1970-01-01Z", None], r"timestamps\[1\] must be ISO text with a zone"),
        ([1, "1970-01-01Z"], r"timestamps\[0\] must be ISO text with a zone"),
        ([True, False], r"timestamps\[0\] must be ISO text with a zone"),
        ([np.timedelta64(1, "s")], r"timestamps\[0\] must be ISO text with a zone"),
        (np.array([0, "NaT"], dtype="datetime64[ns]"), r"timestamps\[1\] is not a time \(NaT\); drop such rows first"),
        ([np.datetime64(0, "s"), np.datetime64("NaT", "s")], r"timestamps\[1\] is not a time \(NaT\)"),
        (np.array([0, 300], dtype="datetime64[Y]"), r"timestamps\[1\] must lie between the years 1677 and 2262"),
        (np.array([1], dtype="datetime64[ps]"), "timestamps must be in nanoseconds or coarser, got dtype datetime64"),
        (np.array([True]), "timestamps must be datetime64, .* got dtype bool"),
        (np.array([b"1970"]), "timestamps must be datetime64, .* got dtype"),
        (np.array([1], dtype="timedelta64[s]"), "timestamps must be datetime64, .* got dtype timedelta64"),
        (np.zeros((2, 2), dtype="datetime64[ns]"), "timestamps must have one dimension, got 2"),
        (np.array(0, dtype="datetime64[ns]"), "timestamps must have one dimension, got 0"),
        ("1970-01-01Z", "timestamps must be a sequence of instants, got one text"),
    ],
)
def test_instants_that_cannot_be_read_are_refused_with_their_place(values: Any, complaint: str) -> None:
    """Each complaint names the field, and the index where there is one."""
    with pytest.raises(SlokitError, match=f"^{complaint}"):
        parse_instants(values)


def test_an_integer_beyond_64_bits_is_refused() -> None:
    """Python's integers have no end; a list of them may."""
    with pytest.raises(InvalidInstant, match=r"^timestamps must fit 64 bits$"):
        parse_instants([2**70], unit="ns")
    with pytest.raises(InvalidInstant, match=r"^timestamps\[0\] must lie between"):
        parse_instants(np.array([2**63], dtype=np.uint64), unit="ns")


def test_nothing_is_read_as_nothing() -> None:
    """An empty sequence, with a unit or without."""
    empty: list[Any] = [[], (), np.array([], dtype="datetime64[s]"), np.array([], dtype="datetime64[ns]")]
    for values in empty:
        assert parse_instants(values).shape == (0,)
        assert parse_instants(values).dtype == np.int64
    assert parse_instants(np.array([], dtype=np.int64), unit="s").shape == (0,)


def test_nanoseconds_are_not_copied() -> None:
    """Ten million timestamps that are right already are looked at where they lie."""
    stamps = np.array([1, 2, 3], dtype="datetime64[ns]")
    numbers = np.array([1, 2, 3], dtype=np.int64)
    assert np.shares_memory(parse_instants(stamps), stamps)
    assert np.shares_memory(parse_instants(numbers, unit="ns"), numbers)
    assert parse_instants(stamps[::2]).tolist() == [1, 3]


@given(
    values=st.lists(st.integers(-(2**40), 2**40), max_size=20), unit=st.sampled_from(["s", "ms", "us", "ns", "D", "h"])
)
def test_many_instants_are_each_instant(values: list[int], unit: str) -> None:
    """The array reader and the scalar reader are one; what one refuses the other refuses."""
    stamps = np.array(values, dtype=f"datetime64[{unit}]")
    try:
        one_by_one = [parse_instant(stamp) for stamp in stamps]
    except InvalidInstant:
        with pytest.raises(InvalidInstant):
            parse_instants(stamps)
    else:
        assert parse_instants(stamps).tolist() == one_by_one


@pytest.mark.parametrize("unit", ["ns", "s"])
def test_the_byte_order_of_datetime64_does_not_matter(unit: str) -> None:
    """Files from other machines are read as the same instants, never as other ones."""
    native = np.array(["1970-01-02"], dtype=f"datetime64[{unit}]")
    assert parse_instants(native.astype(native.dtype.newbyteorder(">"))).tolist() == [DAY]


@pytest.mark.parametrize(("value", "unit"), [(2**62, "D"), (2**64 // 604_800 + 1, "W")])
def test_a_calendar_date_beyond_all_years_is_refused_not_wrapped(value: int, unit: str) -> None:
    """Day 2**62 becomes 1970 in numpy without a word."""
    with pytest.raises(InvalidInstant):
        parse_instants(np.array([value]).astype(f"datetime64[{unit}]"))


@pytest.mark.parametrize("values", [None, 5, np.int64(5)])
def test_what_is_no_sequence_is_refused(values: Any) -> None:
    """A single number or nothing at all is answered by slokit's own error."""
    with pytest.raises(SlokitError):
        parse_instants(values, unit="s")


# --- the timeline ---------------------------------------------------------------------------------------------------


def timelines() -> st.SearchStrategy[Timeline]:
    """Draw timelines of all phases, some before the epoch."""
    return st.builds(Timeline, st.integers(-(10**6), 10**6), st.integers(1, 1_000), st.integers(0, 50))


def test_a_timeline_is_its_start_step_and_size() -> None:
    """A value: equal, hashed, copied and pickled by what it says; and printed as it is said."""
    timeline = Timeline.of("2026-01-01T00:00Z", "1m", 1_440)
    assert timeline == Timeline(timeline.start, MINUTE, 1_440)
    assert len({timeline, copy.deepcopy(timeline), pickle.loads(pickle.dumps(timeline))}) == 1
    assert repr(timeline) == "Timeline(1440 × 1m from 2026-01-01T00:00:00Z)"
    with pytest.raises(AttributeError):
        timeline.size = 3  # type: ignore[misc]


def test_a_timeline_knows_its_edges() -> None:
    """Starts and ends as datetime64, read-only; the end is the first instant it does not own."""
    timeline = Timeline.of("2026-01-01T00:00Z", "1m", 3)
    assert timeline.starts.tolist() == [timeline.start + k * MINUTE for k in range(3)]
    assert timeline.ends.dtype == "datetime64[ns]"
    assert timeline.ends[-1] == np.datetime64(timeline.end, "ns") == np.datetime64("2026-01-01T00:03")
    with pytest.raises(ValueError, match="read-only"):
        timeline.starts[0] = 0


def test_case_15_integer_nanoseconds_fall_into_their_own_bucket() -> None:
    """Float seconds put 1700000039.999999999 into the next minute, and int(-0.5) into bucket 0."""
    minutes = Timeline(0, MINUTE, 0)
    assert minutes.edge_index(1_700_000_039_999_999_999) == 28_333_333
    assert int(1_700_000_039.999999999 // 60) == 28_333_334
    assert minutes.edge_index(-SECOND // 2) == -1
    assert int(-0.5 / 60) == 0


@given(timeline=timelines(), instant=st.integers(-(10**6), 10**6))
def test_every_instant_lies_between_two_edges(timeline: Timeline, instant: int) -> None:
    """Floor and ceil are the nearest edges, less than a step apart, and equal exactly on the grid."""
    low, high = timeline.floor(instant), timeline.ceil(instant)
    assert low <= instant <= high
    assert high - low == (0 if timeline.is_edge(instant) else timeline.step)
    assert timeline.is_edge(low)
    assert timeline.is_edge(high)
    assert low == timeline.start + timeline.edge_index(instant) * timeline.step


@given(timeline=timelines(), first=st.integers(-60, 60), length=st.integers(0, 60))
def test_a_cut_is_the_same_buckets(timeline: Timeline, first: int, length: int) -> None:
    """Phase and step stay; the indices may reach outside."""
    part = timeline.cut(first, first + length)
    assert (part.step, part.phase, part.size) == (timeline.step, timeline.phase, length)
    assert part.start == timeline.start + first * timeline.step


@given(
    start=st.integers(-1_000, 1_000),
    step=st.integers(1, 60),
    spans=st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 50)), min_size=1, max_size=4),
)
def test_a_union_is_the_shortest_that_holds_all(start: int, step: int, spans: list[tuple[int, int]]) -> None:
    """In any order; an empty timeline adds nothing, and union with itself changes nothing."""
    parts = [Timeline(start + first * step, step, size) for first, size in spans]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.union(part)
    backwards = parts[-1]
    for part in reversed(parts[:-1]):
        backwards = part.union(backwards)
    held = [part for part in parts if part.size]
    assert whole == backwards == whole.union(whole)
    assert whole.size == ((max(p.end for p in held) - min(p.start for p in held)) // step if held else 0)
    assert whole.start == min(p.start for p in held or parts)


def test_timelines_of_another_step_or_phase_have_no_union() -> None:
    """The message shows both grids and the way out."""
    with pytest.raises(
        InvalidTimeline, match=r"^timelines must have one step and phase, got 5m at 0s and 5m at 1m; resample"
    ):
        Timeline(0, 5 * MINUTE, 10).union(Timeline(MINUTE, 5 * MINUTE, 10))
    with pytest.raises(InvalidTimeline, match="got 5m at 0s and 1m at 0s"):
        Timeline(0, 5 * MINUTE, 10).union(Timeline(0, MINUTE, 10))


def test_a_union_over_too_long_a_gap_is_refused() -> None:
    """Two days of seconds a century apart are no table of seconds."""
    with pytest.raises(InvalidTimeline, match=r"^size must be 0 to 134,217,728 buckets, got .*; use a longer step$"):
        Timeline.of("1970-01-01Z", "1s", 10).union(Timeline.of("2070-01-01Z", "1s", 10))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ((0, 0, 1), "step must be at least one nanosecond, got 0"),
        ((0, -5, 1), "step must be at least one nanosecond, got -5"),
        ((0, 1, -1), "size must be 0 to 134,217,728 buckets, got -1"),
        ((0, 1, MAX_BUCKETS + 1), "size must be 0 to 134,217,728 buckets, got 134,217,729; use a longer step"),
        ((-(2**63), 1, 1), "the timeline must lie between the years 1677 and 2262"),
        ((2**63 - 5, 1, 10), "the timeline must lie between the years 1677 and 2262"),
        ((0, DAY, MAX_BUCKETS), "the timeline must lie between the years 1677 and 2262"),
    ],
)
def test_timelines_out_of_range_are_refused(fields: tuple[int, int, int], complaint: str) -> None:
    """Everything later multiplies start, step and size as int64: they must fit."""
    with pytest.raises(InvalidTimeline, match=f"^{complaint}"):
        Timeline(*fields)


@pytest.mark.parametrize("fields", [(0.0, 1, 1), (0, "1m", 1), (0, 1, True), (0, 1, np.int64(1)), (0, None, 1)])
def test_timelines_of_other_types_are_refused(fields: tuple[Any, Any, Any]) -> None:
    """The raw constructor takes Python integers only; Timeline.of reads what people write."""
    with pytest.raises(WrongType, match=r"^(start|step|size) must be an int, got "):
        Timeline(*fields)


def test_the_longest_timeline_is_made_without_making_its_edges() -> None:
    """2**27 seconds are 24 bytes until somebody asks for the edges."""
    assert Timeline.of("2026-01-01Z", "1s", MAX_BUCKETS).size == MAX_BUCKETS


@pytest.mark.parametrize("size", [5.7, "5", True, None])
def test_a_size_that_is_no_integer_is_refused(size: Any) -> None:
    """5.7 buckets are a mistake, not five."""
    with pytest.raises(SlokitError):
        Timeline.of("2026-01-01Z", "1m", size)


class _Stamp(datetime):
    """A datetime with nanoseconds, as pandas' Timestamp is."""

    nanosecond = 7


class _Gap(timedelta):
    """A timedelta with nanoseconds, as pandas' Timedelta is."""

    nanoseconds = 500


def test_the_nanoseconds_of_a_subclass_are_kept() -> None:
    """A pandas Timestamp is a datetime and more; what is more must not be cut."""
    assert parse_instant(_Stamp(1970, 1, 1, tzinfo=UTC)) == 7
    assert parse_duration(_Gap(microseconds=1)) == 1_500


@given(start=st.integers(-(10**18), 10**18), step=st.integers(1, HOUR), size=st.integers(1, 50), data=st.data())
def test_a_bucket_ends_where_the_next_one_starts(start: int, step: int, size: int, data: st.DataObject) -> None:
    """Counted from the first or from the last, as Python's integers or numpy's narrow ones."""
    timeline = Timeline(start, step, size)
    bucket = data.draw(st.integers(-size, size - 1), label="bucket")
    end = timeline.end_of(bucket)
    assert end == timeline.end_of(np.int32(bucket)) == timeline.ends.astype(np.int64)[bucket]  # type: ignore[arg-type]
    assert timeline.position(bucket) == range(size)[bucket]
    assert timeline.end_of(-1) == timeline.end


@pytest.mark.parametrize(("size", "bucket"), [(3, 3), (3, -4), (0, 0), (0, -1)])
def test_a_bucket_that_is_not_there_has_no_end(size: int, bucket: int) -> None:
    """Neither before the first nor behind the last."""
    with pytest.raises(OutOfTimeline, match=f"bucket must be one of {size}, got {bucket}; negative ones count from"):
        Timeline(0, 1, size).end_of(bucket)


@pytest.mark.parametrize("zero", [0, np.int64(0), "0s", timedelta(0), np.timedelta64(0, "s")])
def test_no_time_at_all_is_a_length_where_it_is_allowed(zero: Any) -> None:
    """However it is written, and only where the caller says so."""
    assert parse_length(zero, "hold", least=0) == 0
    with pytest.raises(InvalidDuration, match="hold must be longer than zero"):
        parse_length(zero, "hold")
    with pytest.raises(InvalidDuration, match="hold must be zero or longer and at most 146 years, got -1 nanoseconds"):
        parse_length(-1, "hold", least=0)
