"""Civil time: zones, weekdays and wall-clock times, turned into instants.

People promise "by 07:00 on working days in Kolkata" and "per calendar month in Berlin"; evidence is held in
UTC. One rule takes each civil time to one instant: it is the *first instant at which the local clock has reached
it*. So a time that the clock shows twice means the first showing, a time that it jumps over means the jump, and
the instants of rising civil times never fall, which keeps periods disjoint. A day that a zone skips altogether
(Apia, 2011-12-30) begins and ends at one instant: it has no length, and nothing is due on it.

The other reading of a skipped time, shifting it by the size of the gap as ``datetime`` does, would put midnight
at 01:00 where the day in truth begins with the jump, at the same instant, but puts 00:30 after 01:00.

``zoneinfo`` is imported where it is first needed: UTC needs neither it nor its database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from slokit.errors import InvalidInstant, InvalidWindow, SlokitError, UnknownTimeZone, WrongType
from slokit.timeline import to_datetime

__all__ = [
    "civil_instants",
    "local_clock",
    "local_days",
    "local_instants",
    "local_text",
    "parse_clock",
    "parse_weekdays",
    "recurring_instants",
    "weekdays_text",
    "zone",
    "zone_name",
]

_SECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  civil time has no zone
# The instants that an int64 of nanoseconds holds, in whole seconds: 1677 to 2262.
_FIRST_SECOND, _LAST_SECOND = -(2**63 // _SECOND), (2**63 - 1) // _SECOND
_MARGIN = 16 * 86_400

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Linear, and no dot: a name can neither climb out of the database's folder nor reach its index files.
_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,3}")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")


def zone_name(value: str | tzinfo, field: str = "tz") -> str:
    """Return the checked IANA name of a zone given as text, a ``ZoneInfo`` or ``datetime.UTC``.

    Raises
    ------
    UnknownTimeZone
        If no such zone is known, or no time zone database is installed.
    WrongType
        If it is neither text nor a zone with a name.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> zone_name(ZoneInfo("Europe/Berlin")), zone_name(UTC)
    ('Europe/Berlin', 'UTC')
    """
    name = "UTC" if value is UTC else getattr(value, "key", value)
    if not isinstance(name, str):
        raise WrongType(
            f'{field} must be an IANA zone such as "Europe/Berlin", got {type(value).__name__}: {value!r}; '
            "a fixed offset knows no daylight saving"
        )
    zone(name, field)
    return name


def zone(name: str, field: str = "tz") -> tzinfo:
    """Return the time zone of an IANA name; ``"UTC"`` needs no database.

    Parameters
    ----------
    name
        Such as ``"Europe/Berlin"``. Never a path: dots and leading slashes are refused before any file is looked for.
    field
        The name that an error message gives to the value.

    Raises
    ------
    UnknownTimeZone
        If it is no zone name, an unknown one, or if no time zone database is installed; says which.

    Examples
    --------
    >>> zone("Asia/Kolkata").utcoffset(datetime(2026, 1, 1))
    datetime.timedelta(seconds=19800)
    """
    if not isinstance(name, str):
        raise WrongType(f'{field} must be text such as "Europe/Berlin", got {type(name).__name__}: {name!r}')
    if name in ("UTC", "Etc/UTC"):
        return UTC
    # Zones under right/ count leap seconds, which POSIX time does not have; the two others mean this machine's setting.
    if not _ZONE_NAME.fullmatch(name) or name.startswith("right/") or name in ("localtime", "posixrules"):
        raise UnknownTimeZone(f'{field} must be an IANA zone such as "Europe/Berlin", got {name[:64]!r}')
    found = _zone(name)
    if found is None:
        raise UnknownTimeZone(f"{field} {_why_unknown(name)}")
    return found


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo | None:
    """Look a well-formed name up in the database; None if it is not there."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        # A folder of the database ("Europe") is an OSError on some systems; a stray file is a ValueError.
        return None


def _why_unknown(name: str) -> str:
    """Say whether the name is wrong or the database is missing, and how to mend it."""
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    known = available_timezones()
    if not known:
        return f"{name!r} cannot be looked up, this machine has no time zone database: pip install tzdata"
    by_lower = {k.lower(): k for k in known}
    close = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.75)
    hint = f"; did you mean {by_lower[close[0]]!r}?" if close else '; names look like "Europe/Berlin" or "UTC"'
    return f"{name!r} is not a zone that the time zone database knows{hint}"


def parse_weekdays(
    value: str | Iterable[str], field: str = "days", error: type[SlokitError] = InvalidWindow
) -> frozenset[int]:
    """Read days of the week, Monday 0 to Sunday 6.

    Parameters
    ----------
    value
        ``"Mon-Fri"``, ``"Sat,Sun"``, ``"Fri-Mon"`` (over the weekend), ``"daily"``, full names, in any case; or an
        iterable of such texts.
    field, error
        The name that an error message gives to the value, and the error's class.

    Raises
    ------
    SlokitError
        Of the class given, if there is no day or one that is not a day.

    Examples
    --------
    >>> sorted(parse_weekdays("Mon-Wed, sunday"))
    [0, 1, 2, 6]
    """
    if isinstance(value, str):
        texts = [value]
    elif isinstance(value, Iterable):
        texts = list(value)
    else:
        raise WrongType(f'{field} must be text such as "Mon-Fri", got {type(value).__name__}: {value!r}')
    found: set[int] = set()
    for text in texts:
        if not isinstance(text, str):
            raise WrongType(f'{field} must be text such as "Mon-Fri", got {type(text).__name__}: {text!r}')
        if len(text) > 128:
            raise error(f"{field} must be at most 128 characters long, got {len(text)}")
        for part in text.split(","):
            found |= _weekday_range(part.strip().lower(), text, field, error)
    if not found:
        raise error(f'{field} must name at least one day, such as "Mon-Fri", got {value!r}')
    return frozenset(found)


def _weekday_range(part: str, text: str, field: str, error: type[SlokitError]) -> set[int]:
    """Read one day or one range of days; a range may run over Sunday."""
    if part == "daily":
        return set(range(7))
    ends: list[int] = []
    for name in (name.strip() for name in part.split("-")):
        matches = [day for day, long in enumerate(_LONG_DAYS) if len(name) >= 3 and long.startswith(name)]
        if not matches:
            raise error(f'{field} must be days such as "Mon-Fri", "Sat,Sun" or "daily", got {text!r}')
        ends += matches
    if len(ends) > 2:
        raise error(f'{field} must be ranges of two days such as "Mon-Fri", got {text!r}')
    first, last = ends[0], ends[-1]
    return {(first + i) % 7 for i in range((last - first) % 7 + 1)}


def weekdays_text(days: Iterable[int]) -> str:
    """Write days of the week as the text that :func:`parse_weekdays` reads back.

    Examples
    --------
    >>> weekdays_text({0, 1, 2, 3, 4}), weekdays_text({5, 6}), weekdays_text(range(7))
    ('Mon-Fri', 'Sat,Sun', 'daily')
    """
    held = sorted(set(days))
    if len(held) == 7:
        return "daily"
    runs: list[list[int]] = []
    for day in held:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    # Two neighbours read better as a list: Sat,Sun.
    return ",".join(
        f"{_DAYS[run[0]]}-{_DAYS[run[-1]]}" if len(run) > 2 else ",".join(_DAYS[day] for day in run) for run in runs
    )


def parse_clock(value: str | time, field: str = "at", error: type[SlokitError] = InvalidWindow) -> time:
    """Read a wall-clock time of day, to the second.

    Parameters
    ----------
    value
        ``"07:00"``, ``"7:00"``, ``"07:00:30"`` or a ``time`` without a zone.
    field, error
        The name that an error message gives to the value, and the error's class.

    Raises
    ------
    SlokitError
        Of the class given, if it is no time of day.

    Examples
    --------
    >>> parse_clock("07:00")
    datetime.time(7, 0)
    """
    if isinstance(value, time):
        if value.tzinfo is not None or value.microsecond:
            raise error(f"{field} must be a time of day in whole seconds without a zone, got {value.isoformat()}")
        return value.replace(fold=0)
    if not isinstance(value, str):
        raise WrongType(f'{field} must be text such as "07:00" or a time, got {type(value).__name__}: {value!r}')
    match = _CLOCK.fullmatch(value.strip())
    hour, minute, second = (int(g or 0) for g in match.groups()) if match else (99, 0, 0)
    if match and hour == 24 and minute == second == 0:
        raise error(f'{field} must be before 24:00, got {value!r}; write "00:00" on the following day')
    if hour > 23 or minute > 59 or second > 59:
        raise error(f'{field} must be a time of day such as "07:00", got {value[:32]!r}')
    return time(hour, minute, second)


def local_clock(instant: int, tz: tzinfo) -> datetime:
    """Return what the local clock shows at an instant (nanoseconds), as a naive datetime cut to whole seconds.

    Examples
    --------
    >>> local_clock(0, zone("Asia/Kolkata"))
    datetime.datetime(1970, 1, 1, 5, 30)
    """
    return _local(instant // _SECOND, tz)


def local_text(instant: int, tz: tzinfo) -> str:
    """Write what the local clock shows at an instant (nanoseconds), and how far it is from UTC then.

    The offset tells apart the two showings of an hour that the clock repeats.

    Examples
    --------
    >>> local_text(0, zone("Asia/Kolkata"))
    '1970-01-01 05:30+05:30'
    """
    precision = "microseconds" if instant % _SECOND else "seconds" if instant % (60 * _SECOND) else "minutes"
    return to_datetime(instant).astimezone(tz).isoformat(" ", precision)


def _local(second: int, tz: tzinfo) -> datetime:
    utc = _EPOCH + timedelta(seconds=second)
    return utc if tz is UTC else tz.fromutc(utc.replace(tzinfo=tz)).replace(tzinfo=None, fold=0)


def civil_instants(civil: npt.NDArray[np.datetime64], tz: tzinfo) -> npt.NDArray[np.int64]:
    """Return for each civil time the first instant at which the local clock has reached it.

    Parameters
    ----------
    civil
        Naive local times, ``datetime64[s]``, shape ``(k,)``.
    tz
        The zone of the clock.

    Returns
    -------
    ndarray of int64
        Nanoseconds since the epoch, shape ``(k,)``; not falling where ``civil`` does not fall.

    Raises
    ------
    InvalidInstant
        If one lies outside 1677 to 2262.

    Examples
    --------
    >>> civil = np.array(["2026-03-29T02:30", "2026-03-29T03:00"], dtype="datetime64[s]")  # Berlin jumps over 02:30
    >>> np.unique(civil_instants(civil, zone("Europe/Berlin"))).view("datetime64[ns]").astype("datetime64[s]").tolist()
    [datetime.datetime(2026, 3, 29, 1, 0)]
    """
    seconds = civil.astype("datetime64[s]").astype(np.int64)
    if tz is not UTC:
        # One zoneinfo call costs about half a microsecond: decades of days are milliseconds. A table of transitions
        # would be faster still, but zoneinfo does not publish its own, and probing for one can miss a short summer.
        shifts = [_shift(moment, second, tz) for moment, second in zip(civil.tolist(), seconds.tolist(), strict=True)]
        seconds = seconds - np.array(shifts, dtype=np.int64)
    outside = (seconds <= _FIRST_SECOND) | (seconds >= _LAST_SECOND)
    if outside.any():
        raise InvalidInstant(f"civil times must lie between the years 1677 and 2262, got {civil[outside][0]}")
    return seconds * _SECOND


def _shift(moment: datetime, second: int, tz: tzinfo) -> int:
    """Return what to take from a civil time, in seconds since the epoch, to get its instant."""
    first, last = _offset(moment, tz), _offset(moment.replace(fold=1), tz)
    if first >= last:  # shown once, or twice: then fold 0 is the first showing
        return first
    # Jumped over (PEP 495: fold 0 keeps the offset before the jump). The jump lies between the two readings.
    low, high = second - last, second - first
    while low < high:
        middle = (low + high) // 2
        if _local(middle, tz) >= moment:
            high = middle
        else:
            low = middle + 1
    return second - high


def _offset(moment: datetime, tz: tzinfo) -> int:
    """Return how far the local clock is ahead of UTC, in seconds."""
    ahead = tz.utcoffset(moment)
    return ahead.days * 86_400 + ahead.seconds if ahead is not None else 0


def local_days(start: int, end: int, tz: tzinfo) -> npt.NDArray[np.datetime64]:
    """Return the local dates, ``datetime64[D]``, that the clock shows from ``start`` to ``end``, and one more each way.

    The margin is on purpose: where the clock is set back over midnight, a date has begun before it is shown again.
    """
    first, last = (np.datetime64(local_clock(i, tz).date(), "D") for i in (start, end))
    day = np.timedelta64(1, "D")
    return np.arange(first - day, last + 2 * day, dtype="datetime64[D]")


def local_instants(days: npt.NDArray[np.datetime64], at: time, tz: tzinfo) -> npt.NDArray[np.int64]:
    """Return the instant of a time of day on each of some local dates.

    Parameters
    ----------
    days
        Local dates, ``datetime64[D]``, shape ``(k,)``.
    at
        Time of day; ``time(0)`` gives the first instant of each day.
    tz
        The zone of the clock.

    Returns
    -------
    ndarray of int64
        Nanoseconds since the epoch, shape ``(k,)``; see :func:`civil_instants` for times that a day skips or repeats.

    Examples
    --------
    >>> days = np.array(["2026-03-28", "2026-03-29", "2026-03-30"], dtype="datetime64[D]")
    >>> np.diff(local_instants(days, time(0), zone("Europe/Berlin"))) // 3_600_000_000_000
    array([24, 23])
    """
    seconds = days.astype("datetime64[s]").astype(np.int64) + (at.hour * 3_600 + at.minute * 60 + at.second)
    return civil_instants(seconds.astype("datetime64[s]"), tz)


def recurring_instants(
    start: int, end: int, *, days: frozenset[int], at: time, tz: tzinfo
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.int64]]:
    """Return when a time of day on given days of the week comes round within ``[start, end)``.

    Parameters
    ----------
    start, end
        Nanoseconds since the epoch.
    days
        Days of the week, Monday 0.
    at, tz
        Time of day and the zone of the clock.

    Returns
    -------
    dates : ndarray of datetime64[D], shape (k,)
        The local dates. Dates that the zone skips altogether are not there.
    instants : ndarray of int64, shape (k,)
        The instants, rising.

    Examples
    --------
    >>> week = [int(np.datetime64(day, "ns").astype(np.int64)) for day in ("2026-01-05", "2026-01-12")]
    >>> dates, _ = recurring_instants(*week, days=parse_weekdays("Sat,Sun"), at=time(2), tz=zone("Europe/Berlin"))
    >>> dates.tolist()
    [datetime.date(2026, 1, 10), datetime.date(2026, 1, 11)]
    """
    # A fortnight short of what int64 holds, so that dates a week further on can still be converted.
    low, high = (second * _SECOND for second in (_FIRST_SECOND + _MARGIN, _LAST_SECOND - _MARGIN))
    start, end = max(start, low), min(end, high)
    dates: npt.NDArray[np.datetime64] = (
        local_days(start, end, tz) if start < end else np.array([], dtype="datetime64[D]")
    )
    # 1970-01-01 was a Thursday.
    weekday = (dates.astype(np.int64) + 3) % 7
    dates = dates[np.isin(weekday, sorted(days))]
    instants = local_instants(dates, at, tz)
    # Only a date whose whole length is jumped over does not exist; a jump over the time of day alone moves it.
    midnight = time(0)
    exists = local_instants(dates, midnight, tz) < local_instants(dates + np.timedelta64(1, "D"), midnight, tz)
    kept = exists & (start <= instants) & (instants < end)
    return dates[kept], instants[kept]
