"""Rolling windows, and what may be written for a window."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta

import numpy as np
import pytest

from slokit.errors import InvalidDuration, InvalidWindow, WrongType
from slokit.timeline import parse_duration
from slokit.windows import CalendarWindow, RollingWindow, parse_window

DAY = 86_400_000_000_000


def test_a_rolling_window_is_its_length_however_written() -> None:
    """Text, timedelta, timedelta64 and nanoseconds make equal, equally hashed values."""
    written = ["30d", "720h", timedelta(days=30), np.timedelta64(30, "D"), 30 * DAY]
    assert {RollingWindow(text) for text in written} == {RollingWindow.of("30d")}  # type: ignore[arg-type]
    assert RollingWindow("30d").duration == RollingWindow("30d").nominal == 30 * DAY


def test_a_rolling_window_covers_whole_buckets() -> None:
    """The count is exact where it is whole."""
    assert RollingWindow("30d").buckets(parse_duration("1m")) == 43_200


def test_a_window_of_one_and_a_half_buckets_is_refused_with_a_step_that_fits() -> None:
    """The step named divides both; the windows named are the neighbours; the field is the caller's."""
    with pytest.raises(InvalidWindow, match=r"long_window of 1m30s .* use a step of 30s, or a window of 1m or 2m"):
        RollingWindow("90s").buckets(parse_duration("1m"), "long_window")


def test_a_window_shorter_than_a_bucket_is_refused() -> None:
    """No window of length zero is proposed."""
    with pytest.raises(InvalidWindow, match=r"use a step of 30s, or a window of 1m$"):
        RollingWindow("30s").buckets(parse_duration("1m"))


@pytest.mark.parametrize("value", [0, -1, 2**62 + 1])
def test_integer_lengths_out_of_range_are_refused(value: int) -> None:
    """Nanoseconds are taken as slokit keeps them, and checked like any other."""
    with pytest.raises(InvalidDuration, match="at most 146 years"):
        RollingWindow(value)


def test_a_window_prints_as_it_is_said() -> None:
    """str() for sentences, repr() to paste back."""
    assert str(RollingWindow("90m")) == "1h30m rolling"
    assert eval(repr(RollingWindow("90m"))) == RollingWindow("90m")


def test_parse_window_takes_durations_and_windows() -> None:
    """A duration is a rolling window; windows are themselves."""
    month = CalendarWindow("month")
    assert parse_window("30d") == parse_window(timedelta(days=30)) == RollingWindow("30d")
    assert parse_window(month) is month


def test_months_are_no_duration_and_say_so() -> None:
    """Both ways of asking for a month by mistake lead to CalendarWindow."""
    with pytest.raises(InvalidDuration, match=r'CalendarWindow\("month"\)'):
        parse_window("1M")
    with pytest.raises(
        InvalidWindow, match=r"^long must be a duration or a window, got \'Month\'; write CalendarWindow"
    ):
        parse_window("Month", "long")


@pytest.mark.parametrize("value", [30, True, None, 1.5, ["30d"]])
def test_a_window_of_the_wrong_type_is_refused(value: object) -> None:
    """A bare number has no unit: nanoseconds are for RollingWindow itself."""
    with pytest.raises(WrongType):
        parse_window(value)  # type: ignore[arg-type]
    with pytest.raises(WrongType):
        RollingWindow(True)


def test_windows_are_values() -> None:
    """Case 37: copied, pickled, hashed, immutable; a rolling day is not a calendar day."""
    for window in (RollingWindow("1d"), CalendarWindow("day", tz="Asia/Kolkata")):
        assert copy.deepcopy(window) == pickle.loads(pickle.dumps(window)) == window
        assert hash(copy.copy(window)) == hash(window)
    day: object = CalendarWindow("day")
    assert RollingWindow("1d") != day
    with pytest.raises(AttributeError):
        RollingWindow("1d").duration = 3  # type: ignore[misc]
