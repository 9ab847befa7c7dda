"""Durations, instants, and the timeline: a run of equal buckets.

All time inside slokit is integer nanoseconds since the epoch, in UTC. Float seconds put
1700000039.999999999 into the next minute, and civil times without a zone mean a different instant to each
reader; so both are refused at the door and never met again inside.

POSIX time has no leap seconds: a minute is sixty seconds always, and 23:59:60 cannot be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._arrays import refuse_masked
from slokit._display import Shown
from slokit.errors import InvalidDuration, InvalidInstant, InvalidTimeline, OutOfTimeline, WrongType

__all__ = [
    "MAX_BUCKETS",
    "NUMPY_UNITS",
    "UNITS",
    "DurationLike",
    "InstantLike",
    "Timeline",
    "duration_text",
    "instant_text",
    "parse_duration",
    "parse_instant",
    "parse_instants",
    "parse_length",
    "timedelta_ns",
    "to_datetime",
]

DurationLike = str | timedelta | np.timedelta64
"""What a length of time may be written as: ``"5m"``, ``"1h30m"``, a timedelta, a timedelta64."""

InstantLike = str | datetime | np.datetime64
"""What a point in time may be written as: ISO text with a zone, an aware datetime, a datetime64 (UTC)."""

MAX_BUCKETS = 2**27
"""Most buckets that one timeline holds: 255 years of minutes, 4 years of seconds."""

UNITS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
}
"""Nanoseconds of each unit that a length of time is written in."""

NUMPY_UNITS = UNITS | {"D": UNITS["d"], "W": UNITS["w"]}
"""The same under the names that numpy has for days and weeks; months and years have no fixed length."""

# datetime64[ns] holds 1677 to 2262; its least int64 means "not a time".
_FIRST_INSTANT, _LAST_INSTANT = -(2**63) + 1, 2**63 - 1
_MAX_DURATION = 2**62

# One number and one unit a turn, no nested quantifier: the time to refuse a text is linear in its length.
_DURATION_PART = re.compile(r"([0-9]{1,19})\s*([a-zA-Zµ]{1,2})\s*")
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?"
    r"\s?(Z|z|UTC|[+-][0-9]{2}:?[0-9]{2})?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_duration(value: DurationLike, field: str = "duration", *, least: int = 1) -> int:
    """Read a positive length of time as integer nanoseconds.

    Parameters
    ----------
    value
        Text of numbers with units (``ns us ms s m h d w``), largest first or not: ``"5m"``, ``"1h30m"``; a
        ``timedelta``; a ``timedelta64`` with a unit of fixed length. A day is 24 hours.
    field
        The name that an error message gives to the value.
    least
        The shortest allowed, nanoseconds: 1, or 0 where no time at all makes sense too.

    Raises
    ------
    InvalidDuration
        If it cannot be read, is shorter than ``least`` or is longer than 146 years. Months and years have no fixed
        length: a calendar window is what counts them.

    Examples
    --------
    >>> parse_duration("1h30m")
    5400000000000
    """
    if isinstance(value, str):
        length = _duration_from_text(value, field)
    elif isinstance(value, timedelta):
        length = timedelta_ns(value)
    elif isinstance(value, np.timedelta64):
        length = _duration_from_numpy(value, field)
    else:
        raise WrongType(
            f'{field} must be text with a unit such as "5m", a timedelta or a timedelta64, '
            f"got {type(value).__name__}: {value!r:.100}"
        )
    return _bounded(length, field, repr(value), least)


def parse_length(value: DurationLike | int, field: str = "duration", *, least: int = 1) -> int:
    """Read a duration, or integer nanoseconds as value objects keep them.

    Raises
    ------
    InvalidDuration
        If it cannot be read, is shorter than ``least`` (1, or 0 where no time at all makes sense too) or is longer
        than 146 years.

    Examples
    --------
    >>> parse_length("1m"), parse_length(60_000_000_000)
    (60000000000, 60000000000)
    """
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, int | np.integer):
        return parse_duration(value, field, least=least)  # type: ignore[arg-type]
    return _bounded(int(value), field, f"{value} nanoseconds", least)


def timedelta_ns(value: timedelta) -> int:
    """Return a timedelta of any sign as integer nanoseconds; its ``total_seconds()`` is a float.

    Examples
    --------
    >>> timedelta_ns(timedelta(days=-1, microseconds=1))
    -86399999999000
    """
    length = ((value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds) * 1_000
    return length + getattr(value, "nanoseconds", 0)  # pandas' subclass has them


def duration_text(length: int) -> str:
    """Write nanoseconds as the shortest text that :func:`parse_duration` reads back; weeks are written as days.

    Examples
    --------
    >>> duration_text(5_400_000_000_000), duration_text(30 * 86_400 * 10**9)
    ('1h30m', '30d')
    """
    if length == 0:
        return "0s"
    parts, rest = [], abs(length)
    for unit in ("d", "h", "m", "s", "ms", "us", "ns"):
        count, rest = divmod(rest, UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if length < 0 else "") + "".join(parts)


def parse_instant(value: InstantLike, field: str = "instant") -> int:
    """Read a point in time as integer nanoseconds since the epoch.

    Parameters
    ----------
    value
        ISO text with a zone (``"2026-01-01T00:00Z"``, ``"2026-01-01 01:00:00.5+01:00"``), an aware ``datetime``,
        or a ``datetime64``, which numpy defines as UTC.
    field
        The name that an error message gives to the value.

    Raises
    ------
    InvalidInstant
        If the text is no ISO instant, names no zone, or lies outside 1677 to 2262.
    WrongType
        If it is of another type: a bare number has no unit.

    Examples
    --------
    >>> parse_instant("1970-01-01T00:00:01.5Z")
    1500000000
    """
    if isinstance(value, str):
        instant = _instant_from_text(value, field)
    elif isinstance(value, datetime):
        if value != value:  # noqa: PLR0124 (pandas' NaT calls itself a datetime, and equals nothing)
            raise InvalidInstant(f"{field} is not a time (NaT); drop such rows first")
        if value.utcoffset() is None:
            raise InvalidInstant(
                f"{field} must have a time zone, got the naive datetime {value.isoformat()}; "
                "add one with .replace(tzinfo=…)"
            )
        try:
            # Subtracting datetimes of one zone ignores daylight saving; in UTC it cannot.
            instant = _since_epoch(value.astimezone(UTC)) + getattr(value, "nanosecond", 0)  # pandas' subclass has them
        except OverflowError:
            raise InvalidInstant(f"{field} must lie between the years 1677 and 2262, got {value}") from None
    elif isinstance(value, np.datetime64):
        return int(parse_instants(np.array([value]), field)[0])
    else:
        raise WrongType(
            f"{field} must be ISO text with a zone, an aware datetime or a datetime64, "
            f"got {type(value).__name__}: {value!r:.100}"
        )
    if not _FIRST_INSTANT <= instant <= _LAST_INSTANT:
        raise InvalidInstant(f"{field} must lie between the years 1677 and 2262, got {value}")
    return instant


def parse_instants(values: Any, field: str = "timestamps", unit: str | None = None) -> npt.NDArray[np.int64]:
    """Read many points in time as nanoseconds since the epoch.

    Parameters
    ----------
    values
        An array of ``datetime64``; an array of integers with ``unit``; or a sequence of aware datetimes or ISO texts.
        One dimension.
    field
        The name that an error message gives to the values.
    unit
        What an integer counts since the epoch: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``.

    Returns
    -------
    ndarray of int64
        A new array, or a view of ``values`` where those are nanoseconds already.

    Raises
    ------
    InvalidInstant
        If a value is not a time or lies outside 1677 to 2262; the message gives its index.
    WrongType
        If integers come without a unit, floats at all (1700000039.999999999 is no double), or a masked array.

    Examples
    --------
    >>> parse_instants([1_700_000_000], unit="s")
    array([1700000000000000000])
    """
    if unit is not None and unit not in ("s", "ms", "us", "ns"):
        raise InvalidInstant(f'unit of {field} must be "s", "ms", "us" or "ns", got {unit!r:.60}')
    refuse_masked(values, field, f"drop such rows first, as in {field}[~mask]")
    array = values if isinstance(values, np.ndarray) else _array_of_instants(values, field)
    if array.ndim != 1:
        raise WrongType(f"{field} must have one dimension, got {array.ndim}")
    if array.dtype.kind == "M":
        return _from_datetime64(array, field)
    if array.dtype.kind in "iu":
        if unit is None:
            raise WrongType(f'{field} are integers: say what they count with unit="s", "ms", "us" or "ns"')
        return _scaled(array, UNITS[unit], field)
    if array.dtype.kind in "OU":
        return np.array([parse_instant(v, f"{field}[{i}]") for i, v in enumerate(array.tolist())], dtype=np.int64)
    raise WrongType(
        f"{field} must be datetime64, aware datetimes, ISO texts or integers with a unit, got dtype {array.dtype}"
        + ("; floats lose nanoseconds: convert them to integers first" if array.dtype.kind == "f" else "")
    )


def instant_text(instant: int) -> str:
    """Write nanoseconds since the epoch as ISO text in UTC, with only as many digits as it needs.

    Examples
    --------
    >>> instant_text(1_500_000_000)
    '1970-01-01T00:00:01.5Z'
    """
    seconds, fraction = divmod(instant, 1_000_000_000)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{fraction:09d}".rstrip("0") if fraction else "") + "Z"


def to_datetime(instant: int) -> datetime:
    """Return nanoseconds since the epoch as an aware datetime in UTC, cut to whole microseconds.

    Examples
    --------
    >>> to_datetime(0)
    datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return _EPOCH + timedelta(microseconds=instant // 1_000)


@attrs.frozen
class Timeline(Shown):
    """A run of equal half-open buckets ``[start + k * step, start + (k + 1) * step)``.

    Parameters
    ----------
    start
        First edge, nanoseconds since the epoch.
    step
        Length of a bucket, nanoseconds, at least 1.
    size
        Number of buckets, 0 to 2**27.

    Raises
    ------
    InvalidTimeline
        If step or size are out of range, or the last edge lies beyond 2262.

    Examples
    --------
    >>> Timeline.of("2026-01-01T00:00Z", "1m", 1440)
    Timeline(1440 × 1m from 2026-01-01T00:00:00Z)
    """

    start: int
    step: int
    size: int

    def __attrs_post_init__(self) -> None:
        for name in ("start", "step", "size"):
            value = getattr(self, name)
            if type(value) is not int:
                raise WrongType(f"{name} must be an int, got {type(value).__name__}: {value!r}")
        if self.step < 1:
            raise InvalidTimeline(f"step must be at least one nanosecond, got {self.step}")
        if not 0 <= self.size <= MAX_BUCKETS:
            raise InvalidTimeline(f"size must be 0 to {MAX_BUCKETS:,} buckets, got {self.size:,}; use a longer step")
        if self.start < _FIRST_INSTANT or self.end > _LAST_INSTANT:
            raise InvalidTimeline(
                f"the timeline must lie between the years 1677 and 2262, got start {self.start} and "
                f"{self.size:,} buckets of {duration_text(self.step)}"
            )

    @classmethod
    def of(cls, start: InstantLike, step: DurationLike, size: int) -> Timeline:
        """Make a timeline from an instant and a duration as people write them."""
        if isinstance(size, np.integer) and not isinstance(size, np.timedelta64):
            size = int(size)
        return cls(parse_instant(start, "start"), parse_duration(step, "step"), size)

    @property
    def end(self) -> int:
        """The last edge, nanoseconds since the epoch: the first instant that no bucket owns."""
        return self.start + self.step * self.size

    @property
    def phase(self) -> int:
        """Where the grid of edges lies against the epoch: ``start mod step``, nanoseconds."""
        return self.start % self.step

    @property
    def starts(self) -> npt.NDArray[np.datetime64]:
        """First instant of each bucket, ``datetime64[ns]``, shape ``(size,)``."""
        return self._edges(self.start)

    @property
    def ends(self) -> npt.NDArray[np.datetime64]:
        """First instant after each bucket, ``datetime64[ns]``, shape ``(size,)``."""
        return self._edges(self.start + self.step)

    def _edges(self, first: int) -> npt.NDArray[np.datetime64]:
        edges = (np.arange(self.size, dtype=np.int64) * self.step + first).view("datetime64[ns]")
        edges.setflags(write=False)
        return edges

    def position(self, bucket: int) -> int:
        """Return which bucket is meant, counted from the first; negative ones count from the last.

        Raises
        ------
        OutOfTimeline
            If there is no such bucket.
        """
        if not -self.size <= bucket < self.size:
            raise OutOfTimeline(f"bucket must be one of {self.size:,}, got {bucket}; negative ones count from the last")
        return int(bucket) % self.size

    def end_of(self, bucket: int) -> int:
        """Return the end of a bucket, nanoseconds since the epoch; negative buckets count from the last.

        Raises
        ------
        OutOfTimeline
            If there is no such bucket.

        Examples
        --------
        >>> timeline = Timeline(start=0, step=10, size=3)
        >>> timeline.end_of(0), timeline.end_of(-1)
        (10, 30)
        """
        return self.start + (self.position(bucket) + 1) * self.step

    def is_edge(self, instant: int) -> bool:
        """Say whether an instant lies on the grid of edges, inside the timeline or beyond."""
        return (instant - self.start) % self.step == 0

    def edge_index(self, instant: int) -> int:
        """Return which edge lies at or before an instant: 0 is ``start``; below 0 or above ``size`` is outside."""
        return (instant - self.start) // self.step

    def floor(self, instant: int) -> int:
        """Return the edge at or before an instant."""
        return instant - (instant - self.start) % self.step

    def ceil(self, instant: int) -> int:
        """Return the edge at or after an instant."""
        return instant + (self.start - instant) % self.step

    def cut(self, first: int, stop: int) -> Timeline:
        """Return the timeline of buckets ``first`` to ``stop - 1``; the indices may reach outside."""
        return Timeline(self.start + first * self.step, self.step, stop - first)

    def union(self, other: Timeline) -> Timeline:
        """Return the shortest timeline that holds both; an empty one adds nothing.

        Raises
        ------
        InvalidTimeline
            If step or phase differ.
        """
        if self.step != other.step or self.phase != other.phase:
            raise InvalidTimeline(
                f"timelines must have one step and phase, got {duration_text(self.step)} at "
                f"{duration_text(self.phase)} and {duration_text(other.step)} at {duration_text(other.phase)}; "
                "resample() one of them first"
            )
        held = [t for t in (self, other) if t.size] or [self, other]
        start = min(t.start for t in held)
        end = max(t.end for t in held) if held[0].size else start
        return Timeline(start, self.step, (end - start) // self.step)

    def __repr__(self) -> str:
        return f"Timeline({self.size} × {duration_text(self.step)} from {instant_text(self.start)})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "start", instant_text(self.start)
        yield "step", duration_text(self.step)
        yield "size", f"{self.size:,}"
        yield "end", instant_text(self.end)


def _bounded(length: int, field: str, given: str, least: int) -> int:
    """Refuse what is too short or too long."""
    if not least <= length <= _MAX_DURATION:
        bound = "longer than zero" if least else "zero or longer"
        raise InvalidDuration(f"{field} must be {bound} and at most 146 years, got {given}")
    return length


def _duration_from_text(text: str, field: str) -> int:
    """Sum the parts of a duration's text."""
    total, at, body = 0, 0, text.strip()
    if len(body) > 64:
        raise InvalidDuration(f"{field} must be at most 64 characters long, got {len(body)}")
    while at < len(body):
        part = _DURATION_PART.match(body, at)
        if part is None:
            break
        unit = part[2].replace("µ", "u")
        if unit in ("M", "Q", "Y", "mo", "y"):
            raise InvalidDuration(
                f"{field} must have a fixed length, got {text!r}; months, quarters and years are "
                f'CalendarWindow("month"), "quarter" and "year"; minutes are written "{part[1]}m"'
            )
        if unit not in UNITS:
            break
        total, at = total + int(part[1]) * UNITS[unit], part.end()
    if at < len(body) or not body:
        raise InvalidDuration(
            f'{field} must be numbers with the units {", ".join(UNITS)}, such as "5m" or "1h30m", got {text!r}'
        )
    return total


def _duration_from_numpy(value: np.timedelta64, field: str) -> int:
    """Turn a timedelta64 of any fixed unit into nanoseconds, refusing months, NaT and overflow."""
    unit, count = np.datetime_data(value.dtype)
    if np.isnat(value) or unit in ("Y", "M", "generic"):
        raise InvalidDuration(f"{field} must be a timedelta64 with a unit of fixed length, got {value!r}")
    scale = NUMPY_UNITS.get(unit)
    if scale is None:
        raise InvalidDuration(f"{field} must be whole nanoseconds, got {value!r}")
    return int(value.astype(np.int64)) * count * scale


def _instant_from_text(text: str, field: str) -> int:
    """Read ISO text to the nanosecond; ``datetime.fromisoformat`` drops digits after the sixth."""
    body = text.strip()
    match = _ISO.fullmatch(body) if len(body) <= 64 else None
    if match is None:
        raise InvalidInstant(f'{field} must be ISO text such as "2026-01-01T00:00Z", got {body[:64]!r}')
    day, hour, minute, second, fraction, zone = match.groups()
    if zone is None:
        raise InvalidInstant(f'{field} must name a time zone, got {body!r}; write "{body}Z" if it is UTC')
    if second == "60":
        raise InvalidInstant(
            f"{field} must be POSIX time, which has no leap seconds, got {body!r}; use the second after it"
        )
    offset = "+00:00" if zone in ("Z", "z", "UTC") else zone
    try:
        civil = datetime.fromisoformat(f"{day}T{hour or '00'}:{minute or '00'}:{second or '00'}{offset}")
        # An offset can carry the first or last day that datetime knows past its range.
        return _since_epoch(civil.astimezone(UTC)) + int((fraction or "").ljust(9, "0"))
    except (ValueError, OverflowError) as error:
        raise InvalidInstant(f"{field} must be a real date and time, got {body!r}: {error}") from None


def _since_epoch(moment: datetime) -> int:
    """Count whole nanoseconds from the epoch to a datetime in UTC."""
    return timedelta_ns(moment - _EPOCH)


def _array_of_instants(values: Iterable[Any], field: str) -> npt.NDArray[Any]:
    """Make an array of a sequence; numpy would turn aware datetimes into objects and mixed ints into floats."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        kind = "one text" if isinstance(values, str) else type(values).__name__
        raise WrongType(f"{field} must be a sequence of instants, got {kind}: {values!r:.64}")
    if getattr(getattr(values, "dtype", None), "tz", None) is not None and hasattr(values, "to_numpy"):
        # A pandas column with a zone: its own conversion to UTC takes nanoseconds a row, its elements microseconds.
        return np.asarray(values.to_numpy("datetime64[ns]"))
    items: Sequence[Any] = values if isinstance(values, Sequence) else list(values)
    if len(items) == 0:
        return np.array([], dtype="datetime64[ns]")
    if all(isinstance(item, np.datetime64) for item in items):
        return np.array(items)
    # numpy counts timedelta64 among its integers; a length of time is no point in it.
    if all(isinstance(item, int | np.integer) and not isinstance(item, bool | np.timedelta64) for item in items):
        try:
            return np.array(items, dtype=np.int64)
        except OverflowError:
            raise InvalidInstant(f"{field} must fit 64 bits") from None
    if any(isinstance(item, float | np.floating) for item in items):
        return np.array(items, dtype=np.float64)
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def _from_datetime64(array: npt.NDArray[Any], field: str) -> npt.NDArray[np.int64]:
    """Turn datetime64 of any unit into int64 nanoseconds."""
    missing = np.isnat(array)
    if missing.any():
        raise InvalidInstant(f"{field}[{int(missing.argmax())}] is not a time (NaT); drop such rows first")
    unit, count = np.datetime_data(array.dtype)
    if unit in ("Y", "M"):
        # Years and months have no one length, so numpy counts their days; no date past the year 9999 is meant.
        far = np.abs(array.astype(np.int64)) > 10_000 * (1 if unit == "Y" else 12)
        _refuse_far(far, array, field)
        array, unit, count = array.astype("datetime64[D]"), "D", 1
    scale = NUMPY_UNITS.get(unit)
    if scale is None:
        raise InvalidInstant(f"{field} must be in nanoseconds or coarser, got dtype {array.dtype}")
    # A view would read the bytes of another byte order backwards; astype copies only where it must.
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return _scaled(native.view(np.int64), scale * count, field)


def _refuse_far(far: npt.NDArray[np.bool_], array: npt.NDArray[Any], field: str) -> None:
    if far.any():
        index = int(far.argmax())
        raise InvalidInstant(f"{field}[{index}] must lie between the years 1677 and 2262, got {array[index]}")


def _scaled(array: npt.NDArray[Any], scale: int, field: str) -> npt.NDArray[np.int64]:
    """Multiply integers by nanoseconds per unit, refusing what leaves int64."""
    if array.size:
        for index in (int(array.argmin()), int(array.argmax())):
            if not _FIRST_INSTANT <= int(array[index]) * scale <= _LAST_INSTANT:
                raise InvalidInstant(
                    f"{field}[{index}] must lie between the years 1677 and 2262, got {array[index]}; is the unit right?"
                )
    return array.view(np.int64) if scale == 1 and array.dtype == np.int64 else array.astype(np.int64) * scale
