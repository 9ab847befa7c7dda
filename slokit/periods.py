"""Calendar windows: periods that follow each other without a gap, in the civil time of a zone.

New York has days of 23 and 25 hours, Lord Howe of 23.5 and 24.5, and Apia no 30 December 2011 at all.
Period ``k`` starts where the local clock first reaches ``anchor + k * every * unit``. The civil arithmetic is exact by
itself (days are added to dates, months to months), so only its result is taken to UTC
(:func:`slokit.calendars.civil_instants`): adding 24 hours, or an offset once looked up, would drift at the next
change of the clock. A period that the zone skips has no length, and so does not exist.

Counts live in buckets. A period that begins inside one is refused with a step that fits: rounding would count events
into a period that is not theirs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date, datetime, time, tzinfo

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, plural
from slokit.calendars import civil_instants, local_clock, zone, zone_name
from slokit.errors import InvalidInstant, InvalidInterval, InvalidWindow, OutOfTimeline, WrongType
from slokit.intervals import parse_edge
from slokit.timeline import InstantLike, Timeline, duration_text, instant_text

__all__ = ["CALENDAR_UNITS", "CalendarGrid", "CalendarWindow", "Period"]

_DAY = 86_400_000_000_000
# What nanoseconds hold in every zone: a day and more inside the first and the last instant.
_FIRST_CIVIL, _LAST_CIVIL = np.datetime64("1677-09-23", "s"), np.datetime64("2262-04-10", "s")


def _start(value: InstantLike | int) -> int:
    return parse_edge(value, "start")


def _end(value: InstantLike | int) -> int:
    return parse_edge(value, "end")


@attrs.frozen(repr=False)
class Period(Shown):
    """One period of a calendar window, ``[start, end)``.

    Parameters
    ----------
    start, end
        Instants, or integer nanoseconds since the epoch, as they are kept.

    Raises
    ------
    InvalidInterval
        If it does not end after it starts.
    InvalidInstant
        If an end is no instant.

    Examples
    --------
    >>> CalendarWindow("day", tz="America/New_York").period("2026-03-08T12:00Z")
    Period(2026-03-08T05:00:00Z to 2026-03-09T04:00:00Z, 23h)
    """

    start: int = attrs.field(converter=_start)
    end: int = attrs.field(converter=_end)

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidInterval(
                f"end of a period must be after its start, got {instant_text(self.start)} to {instant_text(self.end)}"
                + ("; swap them" if self.end < self.start else "")
            )

    @property
    def length(self) -> int:
        """Its length, nanoseconds: of the same calendar unit not always the same."""
        return self.end - self.start

    def __contains__(self, instant: InstantLike | int) -> bool:
        return self.start <= parse_edge(instant) < self.end

    def __repr__(self) -> str:
        return f"Period({instant_text(self.start)} to {instant_text(self.end)}, {duration_text(self.length)})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "start", instant_text(self.start)
        yield "end", instant_text(self.end)
        yield "length", duration_text(self.length)


@attrs.frozen(eq=False, repr=False)
class CalendarGrid:
    """Which period each bucket of a timeline belongs to, in bucket numbers.

    Parameters
    ----------
    left
        Number of the first bucket of each bucket's period, int64, shape ``(size,)``; negative where the period begins
        before the timeline.
    right
        One past the last bucket of the period, int64, shape ``(size,)``; above ``size`` where it ends after it.
    edges
        The edges of all periods that the timeline meets, rising, int64, shape ``(periods + 1,)``.
    """

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    edges: npt.NDArray[np.int64]

    def __attrs_post_init__(self) -> None:
        for array in (self.left, self.right, self.edges):
            array.setflags(write=False)

    @property
    def kernel(self) -> npt.NDArray[np.int64]:
        """Where the data of each bucket's window start: the first bucket of its period that is on the timeline."""
        return np.maximum(self.left, 0)

    def held(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return how many buckets of the period have passed with each of some buckets."""
        return at + 1 - self.left[at]

    def to_come(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return how many buckets of the period lie behind each of some buckets."""
        return self.right[at] - 1 - at

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CalendarGrid):
            return NotImplemented
        # left and right follow from the edges and the size.
        return len(self.left) == len(other.left) and np.array_equal(self.edges, other.edges)

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    def __repr__(self) -> str:
        periods = plural(max(len(self.edges) - 1, 0), "period")
        return f"CalendarGrid({plural(len(self.left), 'bucket')} in {periods})"


@attrs.frozen
class _Unit:
    """What a calendar unit is counted in: days from a date, or months from a month."""

    days: int
    months: int
    nominal_days: int


# 1970-01-05 is the Monday of an ISO week; the other units fall together on 1970-01-01.
_UNITS = {
    "day": _Unit(1, 0, 1),
    "week": _Unit(7, 0, 7),
    "month": _Unit(0, 1, 30),
    "quarter": _Unit(0, 3, 91),
    "year": _Unit(0, 12, 365),
}
CALENDAR_UNITS = tuple(_UNITS)
"""The names that ``CalendarWindow(unit)`` knows."""

_MONDAY, _FIRST_DAY = date(1970, 1, 5), date(1970, 1, 1)
_LETTERS = {"d": "day", "w": "week", "M": "month", "Q": "quarter", "Y": "year"}
_SHORT = re.compile(r"([0-9]{1,4})([dwMQY])")
_MAX_EVERY = 1_000


def _tz_name(value: str | tzinfo) -> str:
    return zone_name(value)


def _civil_text(value: str | date | None) -> str | None:
    """Read a local date or date and time, to the second, into one canonical text."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        try:
            moment = datetime.fromisoformat(text if len(text) <= 32 else "")
        except ValueError:
            raise InvalidWindow(
                f'start must be a local date such as "2026-01-15" or "2026-01-15T09:00", got {text[:32]!r}'
            ) from None
    elif isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime.combine(value, time())
    else:
        raise WrongType(f'start must be a local date such as "2026-01-15", got {type(value).__name__}: {value!r}')
    if moment.tzinfo is not None:
        raise InvalidWindow(f"start must be a local time without a zone, got {value}; its zone is tz=")
    if moment.microsecond or not 1678 <= moment.year <= 2261:
        raise InvalidWindow(f"start must be in whole seconds between the years 1678 and 2261, got {value}")
    return moment.date().isoformat() if moment.time() == time() else moment.isoformat()


@attrs.frozen(repr=False)
class CalendarWindow(Shown):
    """Periods of the calendar, one after the other, in the civil time of a zone.

    Parameters
    ----------
    unit
        ``"day"``, ``"week"`` (from Monday, as ISO has it), ``"month"``, ``"quarter"`` or ``"year"``.
    tz
        IANA name, such as ``"Europe/Berlin"``; a ``ZoneInfo`` is taken by its name. Kept as text.
    every
        How many units a period lasts. More than one needs ``start``, which says where to begin counting.
    start
        A local date, or date and time, at which a period starts; the periods go on from it in both directions. Text
        such as ``"2026-01-15"`` or ``"2026-01-15T09:00"``, a ``date`` or a naive ``datetime``; kept as text. Without it
        periods start where the calendar's own do.

    Raises
    ------
    InvalidWindow
        If the unit is unknown, ``every`` is not 1 to 1,000 or lacks its ``start``, or months start on a day 29 to 31,
        which some months do not have.
    UnknownTimeZone
        If the zone is unknown, or no time zone database is installed.

    Examples
    --------
    >>> window = CalendarWindow("month", tz="Europe/Berlin")
    >>> print(window)
    calendar month (Europe/Berlin)
    >>> window.period("2026-03-15T12:00Z")
    Period(2026-02-28T23:00:00Z to 2026-03-31T22:00:00Z, 30d23h)
    >>> print(CalendarWindow("week", every=2, start="2026-01-15"))
    every 2 calendar weeks from 2026-01-15 (UTC)
    """

    unit: str
    tz: str = attrs.field(default="UTC", converter=_tz_name)
    every: int = attrs.field(default=1, kw_only=True)
    start: str | None = attrs.field(default=None, converter=_civil_text, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.unit, str):
            raise WrongType(f'unit must be text such as "month", got {type(self.unit).__name__}: {self.unit!r}')
        if self.unit not in _UNITS:
            close = _LETTERS.get(self.unit.lstrip("1"), self.unit.lower().rstrip("s"))
            hint = f'; did you mean "{close}"?' if close in _UNITS else ""
            raise InvalidWindow(f"unit must be one of {', '.join(_UNITS)}, got {self.unit[:32]!r}{hint}")
        if isinstance(self.every, bool) or not isinstance(self.every, int):
            raise WrongType(f"every must be an int, got {type(self.every).__name__}: {self.every!r}")
        if not 1 <= self.every <= _MAX_EVERY:
            raise InvalidWindow(f"every must be 1 to {_MAX_EVERY:,}, got {self.every}")
        if self.every > 1 and self.start is None:
            raise InvalidWindow(
                f"every={self.every} needs start=, a local date at which one of the periods of "
                f'{self.every} {self.unit}s starts, such as start="2026-01-15"'
            )
        if _UNITS[self.unit].months and self._anchor.day > 28:
            raise InvalidWindow(
                f"start of a {self.unit} must be a day from 1 to 28, which every month has, got {self.start}; "
                "use day 1 or 28"
            )

    @classmethod
    def of(
        cls, length: str, *, tz: str | tzinfo = "UTC", start: str | date | None = None, field: str = "window"
    ) -> CalendarWindow:
        """Make a window of a calendar length as OpenSLO writes it: an integer with ``d``, ``w``, ``M``, ``Q`` or ``Y``.

        Examples
        --------
        >>> CalendarWindow.of("2w", tz="America/New_York", start="2026-01-05T12:30")
        CalendarWindow('week', tz='America/New_York', every=2, start='2026-01-05T12:30:00')
        """
        match = _SHORT.fullmatch(length.strip()) if isinstance(length, str) else None
        if match is None:
            raise InvalidWindow(
                f'{field} must be a whole number of d, w, M, Q or Y, such as "1M", for a calendar window, '
                f"got {str(length)[:32]!r}"
            )
        return cls(_LETTERS[match[2]], tz=zone_name(tz), every=int(match[1]), start=_civil_text(start))

    @property
    def nominal(self) -> int:
        """The length that presets and budget shares take, nanoseconds: 1, 7, 30, 91 or 365 days a unit."""
        return _UNITS[self.unit].nominal_days * self.every * _DAY

    @property
    def _anchor(self) -> datetime:
        """The civil start of period 0."""
        if self.start is not None:
            return datetime.fromisoformat(self.start)
        return datetime.combine(_MONDAY if self.unit == "week" else _FIRST_DAY, time())

    def period(self, when: InstantLike | int) -> Period:
        """Return the period that an instant lies in; integers are nanoseconds since the epoch.

        Raises
        ------
        OutOfTimeline
            If the period reaches beyond 1677 to 2262.

        Examples
        --------
        >>> CalendarWindow("quarter").period("2026-03-15T00:00Z")
        Period(2026-01-01T00:00:00Z to 2026-04-01T00:00:00Z, 90d)
        """
        at = parse_edge(when, "when", InvalidInstant)
        start, end = self.edges(at, at + 1)[:2].tolist()
        return Period(start, end)

    def next(self, period: Period) -> Period:
        """Return the period after one; a day that the zone skips is none.

        Examples
        --------
        >>> window = CalendarWindow("day", tz="Pacific/Apia")
        >>> last = window.period("2011-12-30T00:00Z")  # local 29 December
        >>> print(local_clock(window.next(last).start, zone("Pacific/Apia")).date())
        2011-12-31
        """
        return self.period(period.end)

    def previous(self, period: Period) -> Period:
        """Return the period before one."""
        return self.period(period.start - 1)

    def edges(self, start: int, end: int) -> npt.NDArray[np.int64]:
        """Return the edges of the periods that cover ``[start, end]``.

        Parameters
        ----------
        start, end
            Nanoseconds since the epoch, ``start <= end``.

        Returns
        -------
        ndarray of int64
            Rising, nanoseconds since the epoch: the first is the last edge at or before ``start``, the last the first
            edge at or after ``end``. One edge alone if both are the same edge.

        Raises
        ------
        OutOfTimeline
            If the periods reach beyond 1677 to 2262.

        Examples
        --------
        >>> year = [parse_edge(text) for text in ("2026-01-01T00:00Z", "2027-01-01T00:00Z")]
        >>> len(CalendarWindow("month").edges(*year))
        13
        """
        if end < start:
            raise InvalidWindow(f"edges must not end before they start, got {start} to {end}")
        tz = zone(self.tz)
        # A clock set back may show the start of a period that has begun already, so look two periods further each way.
        first = self._number(local_clock(start, tz)) - 2
        count = self._number(local_clock(end, tz)) + 4 - first
        civil = self._civil_edges(first, count)
        instants = civil_instants(civil[(civil > _FIRST_CIVIL) & (civil < _LAST_CIVIL)], tz)
        # Two edges at one instant bound a period that the zone skips.
        unique = np.unique(instants)
        low, high = np.searchsorted(unique, start, side="right") - 1, np.searchsorted(unique, end, side="left") + 1
        if low < 0 or high > len(unique):
            raise OutOfTimeline(
                f"the periods of {self} around {instant_text(start)} reach beyond the years 1677 and 2262"
            )
        return unique[low:high]

    def _number(self, civil: datetime) -> int:
        """Return the number of the period that a civil time lies in, give or take one."""
        unit, anchor = _UNITS[self.unit], self._anchor
        if unit.days:
            return (civil.date() - anchor.date()).days // (unit.days * self.every)
        months = (civil.year - anchor.year) * 12 + civil.month - anchor.month
        return months // (unit.months * self.every)

    def _civil_edges(self, first: int, count: int) -> npt.NDArray[np.datetime64]:
        """Return the civil starts of ``count`` periods from number ``first`` on, ``datetime64[s]``."""
        unit, anchor = _UNITS[self.unit], self._anchor
        number = np.arange(first, first + count, dtype=np.int64) * self.every
        if unit.days:
            days = (anchor.date() - _FIRST_DAY).days + number * unit.days
        else:
            months = (anchor.year - 1970) * 12 + anchor.month - 1 + number * unit.months
            days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + (anchor.day - 1)
        seconds = days * 86_400 + anchor.hour * 3_600 + anchor.minute * 60 + anchor.second
        return seconds.astype("datetime64[s]")

    def grid(self, timeline: Timeline) -> CalendarGrid:
        """Return, for each bucket of a timeline, where its period starts and ends, in bucket numbers.

        Raises
        ------
        InvalidWindow
            If a period begins or ends inside a bucket, those around the timeline's two ends included; the message
            names a step that fits.
        OutOfTimeline
            If a period reaches beyond 1677 to 2262.

        Examples
        --------
        >>> grid = CalendarWindow("day").grid(Timeline.of("2026-01-01T20:00Z", "1h", 6))
        >>> grid.left.tolist(), grid.right.tolist()
        ([-20, -20, -20, -20, 4, 4], [4, 4, 4, 4, 28, 28])
        """
        if timeline.size == 0:
            none = np.zeros(0, dtype=np.int64)
            return CalendarGrid(none, none, none)
        edges = self.edges(timeline.start, timeline.end)
        inside = edges % timeline.step != timeline.phase
        if inside.any():
            raise InvalidWindow(self._inside_bucket(timeline, edges, int(edges[inside][0])))
        # With equal phases this is (edges - start) // step, whose difference may not fit int64 over five centuries.
        numbers = edges // timeline.step - timeline.start // timeline.step
        met = np.clip(numbers, 0, timeline.size)
        shares = met[1:] - met[:-1]
        return CalendarGrid(np.repeat(numbers[:-1], shares), np.repeat(numbers[1:], shares), numbers)

    def _inside_bucket(self, timeline: Timeline, edges: npt.NDArray[np.int64], edge: int) -> str:
        """Say which edge lies inside which bucket, and which buckets would have it on an edge."""
        step, bucket = duration_text(timeline.step), timeline.floor(edge)
        problem = (
            f"{self}: the period edge {instant_text(edge)} lies inside the bucket {instant_text(bucket)} to "
            f"{instant_text(bucket + timeline.step)}; "
        )
        if timeline.phase and not (edges % timeline.step).any():
            return problem + f"start the buckets of {step} at a whole multiple of {step}"
        # Buckets from counted events start at whole multiples of their step: that grid is the one to fit.
        fits = math.gcd(timeline.step, *edges.tolist())
        where = " that starts at a whole multiple of it" if timeline.start % fits else ""
        return problem + f"use a step of {duration_text(fits)}{where}"

    def __str__(self) -> str:
        base = f"calendar {self.unit}" if self.every == 1 else f"every {self.every} calendar {self.unit}s"
        return f"{base}{f' from {self.start}' if self.start else ''} ({self.tz})"

    def __repr__(self) -> str:
        every = f", every={self.every}" if self.every > 1 else ""
        start = f", start={self.start!r}" if self.start is not None else ""
        return f"CalendarWindow({self.unit!r}, tz={self.tz!r}{every}{start})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "unit", self.unit
        yield "tz", self.tz
        if self.every > 1:
            yield "every", str(self.every)
        if self.start is not None:
            yield "start", self.start
