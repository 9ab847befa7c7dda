"""Periods by the names that people have for them: ``"2026-05"`` is May, in the zone of whoever is promised it."""

from __future__ import annotations

import re
from datetime import date, datetime, time

import numpy as np

from slokit.calendars import local_instants, zone
from slokit.errors import InvalidSLA, OutOfTimeline
from slokit.periods import CalendarWindow, Period
from slokit.timeline import InstantLike

__all__ = ["parse_period"]

_DATE = re.compile(r"([0-9]{4})(?:-Q([1-4])|-([0-9]{2})(?:-([0-9]{2}))?)?")


def parse_period(value: Period | InstantLike | date, window: CalendarWindow) -> Period:
    """Read which period of a window is meant.

    Parameters
    ----------
    value
        ``"2026"``, ``"2026-Q2"`` or ``"2026-05"`` for a window of just that unit; a local date that lies in it, as text
        or ``date``; an instant that does; or the period itself.
    window
        The window, whose zone a date is read in.

    Raises
    ------
    InvalidSLA
        If a name is of another unit than the window, no date, or a period is not one of the window's.

    Examples
    --------
    >>> parse_period("2026-03", CalendarWindow("month", tz="America/New_York"))
    Period(2026-03-01T05:00:00Z to 2026-04-01T04:00:00Z, 30d23h)
    """
    if isinstance(value, Period):
        try:
            found = window.period(value.start)
        except OutOfTimeline:
            found = None
        if found != value:
            raise InvalidSLA(f"period must be one of {window}, got {value!r}")
        return value
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is not None:
        value = _local_date(match, str(value), window)
    if isinstance(value, date) and not isinstance(value, datetime):
        day = np.array([value], dtype="datetime64[D]")
        return window.period(int(local_instants(day, time(), zone(window.tz))[0]))
    return window.period(value)


def _local_date(match: re.Match[str], text: str, window: CalendarWindow) -> date:
    year, quarter, month, day = match.groups()
    unit = "day" if day else "month" if month else "quarter" if quarter else "year"
    own = window.every == 1 and window.start is None
    if unit != "day" and not (own and window.unit == unit):
        raise InvalidSLA(
            f'period must name a date in it, such as "2026-05-17", for a {window}, got {text[:40]!r}, which is a {unit}'
        )
    try:
        return date(int(year), int(month or 3 * int(quarter or 1) - 2), int(day or 1))
    except ValueError as error:
        raise InvalidSLA(f"period must be a real date, got {text[:40]!r}: {error}") from None
