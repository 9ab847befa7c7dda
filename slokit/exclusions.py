"""Exclusions: spans of time whose events do not count, and on whose word.

A cloud provider's outage, an agreed maintenance, a load test: what is left out of an objective must be written down
with its reason, and must stay visible. So an exclusion is a value with a scope and a name to ask, it is applied to
evidence that keeps saying which buckets were taken out, and one that is only proposed changes nothing yet.

Whole buckets are taken out, rounded outward: a bucket that an exclusion touches holds events from both sides of its
edge, and nothing says which. Overlapping exclusions take a bucket out once.

Recurring ones are wall-clock habits of a zone ("Sundays 02:00 for two hours, in Berlin"), so the instants move
with its daylight saving. As in RFC 5545, 3.3.6, the whole days of a duration are days of the calendar, which may have
23 or 25 hours, and the rest is elapsed time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, tzinfo
from typing import Protocol

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean
from slokit.calendars import (
    local_instants,
    parse_clock,
    parse_weekdays,
    recurring_instants,
    weekdays_text,
    zone,
    zone_name,
)
from slokit.errors import InvalidExclusion, LabelWithoutCounts, WrongType, warn
from slokit.intervals import IntervalSet, parse_edge, span_text
from slokit.timeline import DurationLike, InstantLike, Timeline, duration_text, parse_length

__all__ = ["Exclusion", "Recurrence", "exclusion_mask", "parse_exclusions", "warn_of_unknown_labels"]

_DAY = 86_400_000_000_000
_MAX_TEXT = 1_000
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Scope = tuple[tuple[str, tuple[str, ...]], ...]


class _NamedAxis(Protocol):
    """What an exclusion asks of an axis of counts."""

    @property
    def name(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...]: ...


def _days(value: str | Iterable[str]) -> str:
    return weekdays_text(parse_weekdays(value, "days", InvalidExclusion))


def _at(value: str | time) -> str:
    text = parse_clock(value, "at", InvalidExclusion).isoformat()
    return text.removesuffix(":00")


def _duration(value: DurationLike | int) -> int:
    length = parse_length(value, "duration")
    if length > 7 * _DAY:
        raise InvalidExclusion(f"duration of what recurs must be at most a week, got {duration_text(length)}")
    return length


def _tz(value: str | tzinfo) -> str:
    return zone_name(value)


@attrs.frozen(kw_only=True, repr=False)
class Recurrence(Shown):
    """A span that comes back on days of the week at a wall-clock time.

    Parameters
    ----------
    days
        Such as ``"Sat,Sun"``, ``"Mon-Fri"`` or ``"daily"``; kept as canonical text.
    at
        Wall-clock time at which it starts, ``"02:00"``; kept as text. A time that the clock jumps over means the jump,
        one that it shows twice the first.
    duration
        How long it lasts: a duration, or integer nanoseconds, as it is kept. Whole days are days of the calendar.
    tz
        IANA name of the zone.
    first, until
        Only occurrences that start in ``[first, until)`` exist: nanoseconds since the epoch, or None for no bound.

    Examples
    --------
    >>> Recurrence(days="sunday", at="2:00", duration="2h", tz="Europe/Berlin")
    Recurrence(Sun 02:00 for 2h, Europe/Berlin)
    """

    days: str = attrs.field(converter=_days)
    at: str = attrs.field(converter=_at)
    duration: int = attrs.field(converter=_duration)
    tz: str = attrs.field(default="UTC", converter=_tz)
    first: int | None = None
    until: int | None = None

    def __attrs_post_init__(self) -> None:
        for field in ("first", "until"):
            value = getattr(self, field)
            if value is not None and type(value) is not int:
                raise WrongType(
                    f"{field} must be nanoseconds since the epoch, got {type(value).__name__}: {value!r:.100}"
                )
        if self.first is not None and self.until is not None and self.until <= self.first:
            raise InvalidExclusion(
                f"until must be after first, got {span_text(self.first, self.until)}; no occurrence would be left"
            )

    def intervals(self, start: int, end: int) -> IntervalSet:
        """Return the occurrences within ``[start, end)``, nanoseconds since the epoch; those at its ends are cut."""
        days, rest = divmod(self.duration, _DAY)
        tz, at = zone(self.tz), parse_clock(self.at)
        # Far enough back for one that began before; two days more, for calendar days longer than 24 hours.
        since = max(start - self.duration - 2 * _DAY, -(2**63) + 1)
        since = since if self.first is None else max(since, self.first)
        before = end if self.until is None else min(end, self.until)
        dates, starts = recurring_instants(since, before, days=parse_weekdays(self.days), at=at, tz=tz)
        ends = (local_instants(dates + np.timedelta64(days, "D"), at, tz) if days else starts) + rest
        return IntervalSet(zip(starts.tolist(), ends.tolist(), strict=True)).clip(start, end)

    @property
    def text(self) -> str:
        """What a person would say: ``"Sun 02:00 for 2h, Europe/Berlin, from 2026-01-01T00:00Z"``."""
        bounds = "" if self.first is None and self.until is None else f", in {span_text(*self._bounds)}"
        return f"{self.days} {self.at} for {duration_text(self.duration)}, {self.tz}{bounds}"

    @property
    def _bounds(self) -> tuple[int, int]:
        first, last = IntervalSet.full().spans[0]
        return (first if self.first is None else self.first, last if self.until is None else self.until)

    def __repr__(self) -> str:
        return f"Recurrence({self.text})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "when", self.text


def _start(value: InstantLike | int | None) -> int | None:
    return None if value is None else parse_edge(value, "start", InvalidExclusion)


def _end(value: InstantLike | int | None) -> int | None:
    return None if value is None else parse_edge(value, "end", InvalidExclusion)


def _scope(value: Mapping[str, str | Iterable[str]] | Scope | None) -> Scope:
    """Read a scope, as a mapping or as it is kept, into sorted pairs of an axis and its sorted labels."""
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        try:
            value = dict(value)
        except (TypeError, ValueError):
            raise WrongType(
                f'scope must map an axis to labels, such as {{"region": "eu"}}, got {type(value).__name__}: '
                f"{value!r:.100}"
            ) from None
    return tuple(sorted((_text(axis, "an axis of scope"), _labels(axis, labels)) for axis, labels in value.items()))


def _labels(axis: str, labels: str | Iterable[str]) -> tuple[str, ...]:
    if isinstance(labels, str):
        return (labels,)
    if not isinstance(labels, Iterable) or not (held := tuple(labels)):
        raise InvalidExclusion(
            f"scope of {axis!r} must be a label or several, got {labels!r}; leave the axis out to mean all of it"
        )
    return tuple(sorted({_text(label, f"a label in scope of {axis!r}") for label in held}))


def _text(value: str, field: str) -> str:
    if not isinstance(value, str):
        raise WrongType(f"{field} must be text, got {type(value).__name__}: {value!r:.100}")
    return value


@attrs.frozen(repr=False)
class Exclusion(Shown):
    """A span of time, or one that recurs, whose events do not count.

    Parameters
    ----------
    start, end
        The half-open span, as instants or integer nanoseconds since the epoch, as they are kept. Both None for a
        recurring exclusion. A span of zero length excludes nothing.
    reason
        Why, in words.
    approved_by
        Who agreed. A record only: it decides nothing.
    proposed
        True for an exclusion that nobody has agreed to yet: it is listed, and not applied.
    scope
        Which series it is about: an axis to a label or several, such as ``{"region": ["eu", "us"]}``; several axes
        must all match. All series if not given. Kept as sorted pairs of an axis and its labels.
    name
        Something to find it by, such as a ticket's number.
    recurrence
        When it comes back, instead of ``start`` and ``end``; see :meth:`recurring`.

    Raises
    ------
    InvalidExclusion
        If the span ends before it starts, has one end only, or a scope holds no labels.
    InvalidInstant
        If an end is no instant.

    Examples
    --------
    >>> Exclusion("2026-01-05T10:00Z", "2026-01-05T12:00Z", "cloud outage", approved_by="sre")
    Exclusion(2026-01-05T10:00Z..12:00Z cloud outage (agreed by sre))
    """

    start: int | None = attrs.field(converter=_start)
    end: int | None = attrs.field(converter=_end)
    reason: str = ""
    approved_by: str | None = attrs.field(default=None, kw_only=True)
    proposed: bool = attrs.field(default=False, kw_only=True)
    scope: Scope = attrs.field(default=None, converter=_scope, kw_only=True)
    name: str | None = attrs.field(default=None, kw_only=True)
    recurrence: Recurrence | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        for field in ("reason", "approved_by", "name"):
            value = getattr(self, field)
            if value is not None or field == "reason":
                _text(value, field)
                if len(value) > _MAX_TEXT:
                    raise InvalidExclusion(f"{field} must be at most {_MAX_TEXT:,} characters long, got {len(value):,}")
        if not isinstance(self.proposed, bool):
            raise WrongType(
                f"proposed must be True or False, got {type(self.proposed).__name__}: {self.proposed!r:.100}"
            )
        if self.recurrence is not None:
            if not isinstance(self.recurrence, Recurrence):
                raise WrongType(f"recurrence must be a Recurrence, got {type(self.recurrence).__name__}")
            if self.start is not None or self.end is not None:
                raise InvalidExclusion("a recurring exclusion has no start and end; bound it with first= and until=")
        elif self.start is None or self.end is None:
            raise InvalidExclusion(
                "an exclusion needs start and end; one that goes on needs an end at which to look again"
            )
        elif self.end < self.start:
            raise InvalidExclusion(f"end must not be before start, got {span_text(self.start, self.end)}; swap them")

    @classmethod
    def recurring(
        cls,
        *,
        days: str | Iterable[str],
        at: str | time,
        duration: DurationLike,
        tz: str | tzinfo = "UTC",
        first: InstantLike | date | None = None,
        until: InstantLike | date | None = None,
        reason: str = "",
        approved_by: str | None = None,
        proposed: bool = False,
        scope: Mapping[str, str | Iterable[str]] | None = None,
        name: str | None = None,
    ) -> Exclusion:
        """Make an exclusion that comes back on days of the week at a wall-clock time.

        Parameters
        ----------
        days, at, duration, tz
            As of :class:`Recurrence`.
        first, until
            Only occurrences that start in ``[first, until)`` exist. An instant, or a local date (``"2026-01-01"``),
            which means its first instant in ``tz``. None for no bound.
        reason, approved_by, proposed, scope, name
            As of the class.

        Examples
        --------
        >>> Exclusion.recurring(days="Sun", at="02:00", duration="2h", tz="Europe/Berlin", reason="patching")
        Exclusion(Sun 02:00 for 2h, Europe/Berlin patching)
        """
        name_of_zone = zone_name(tz)
        recurrence = Recurrence(
            days=days,
            at=at,
            duration=duration,
            tz=name_of_zone,
            first=_bound(first, name_of_zone, "first"),
            until=_bound(until, name_of_zone, "until"),
        )
        return cls(
            None,
            None,
            reason,
            approved_by=approved_by,
            proposed=proposed,
            scope=scope,
            name=name,
            recurrence=recurrence,
        )

    @property
    def applies(self) -> bool:
        """Whether it takes anything out: unless it is only proposed."""
        return not self.proposed

    def intervals(self, start: int, end: int) -> IntervalSet:
        """Return what lies within ``[start, end)``, nanoseconds since the epoch, whether it applies or not.

        Examples
        --------
        >>> weekends = Exclusion.recurring(days="Sat,Sun", at="00:00", duration="1d", tz="America/New_York")
        >>> march = [parse_edge(text) for text in ("2026-03-07T00:00Z", "2026-03-10T00:00Z")]
        >>> weekends.intervals(*march)  # the Sunday has 23 hours
        IntervalSet(2026-03-07T05:00Z..2026-03-09T04:00Z)
        """
        if self.recurrence is not None:
            return self.recurrence.intervals(start, end)
        if self.start is None or self.end is None:  # refused at the door
            return IntervalSet.empty()
        return IntervalSet(((self.start, self.end),)).clip(start, end)

    @property
    def text(self) -> str:
        """One line for people: when, why, about what and who agreed; what does not print is shown as its escape."""
        scope = "; ".join(f"{axis}: {', '.join(labels)}" for axis, labels in self.scope)
        notes = ["proposed"] * self.proposed + [f"agreed by {self.approved_by}"] * bool(self.approved_by)
        parts = [self._when, f"{self.name}:" if self.name else "", self.reason, f"[{scope}]" if scope else ""]
        line = " ".join([*filter(None, parts), *([f"({', '.join(notes)})"] if notes else [])])
        return clean(line, len(line))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Exclusion({self.text})"

    @property
    def _when(self) -> str:
        if self.recurrence is not None:
            return self.recurrence.text
        return "" if self.start is None or self.end is None else span_text(self.start, self.end)

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "when", self._when
        for field in ("name", "reason", "approved_by"):
            if text := getattr(self, field):
                yield field, text
        for axis, labels in self.scope:
            yield f"scope {axis}", ", ".join(labels)
        if self.proposed:
            yield "proposed", "yes: not applied"


def _bound(value: InstantLike | date | None, tz: str, field: str) -> int | None:
    """Read a bound of a recurrence: an instant, or the first instant of a local date."""
    if value is None:
        return None
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError as error:
            raise InvalidExclusion(f"{field} must be a real date, got {value!r}: {error}") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return int(local_instants(np.array([value], dtype="datetime64[D]"), time(), zone(tz))[0])
    return parse_edge(value, field, InvalidExclusion)


def parse_exclusions(value: Exclusion | Iterable[Exclusion], field: str = "exclusions") -> tuple[Exclusion, ...]:
    """Read one exclusion or several.

    Raises
    ------
    WrongType
        If something among them is no exclusion; the message gives its index.
    """
    if isinstance(value, Exclusion):
        return (value,)
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise WrongType(f"{field} must be an Exclusion or several, got {type(value).__name__}: {value!r:.100}")
    held = tuple(value)
    for i, item in enumerate(held):
        if not isinstance(item, Exclusion):
            raise WrongType(f"{field}[{i}] must be an Exclusion, got {type(item).__name__}: {item!r:.100}")
    return held


def exclusion_mask(
    exclusions: Exclusion | Iterable[Exclusion], timeline: Timeline, axes: Sequence[_NamedAxis] = ()
) -> npt.NDArray[np.bool_]:
    """Say which buckets are taken out by the exclusions that apply: whole buckets, rounded outward.

    Parameters
    ----------
    exclusions
        One or several; proposed ones take nothing out, and their scope is checked all the same.
    timeline
        The buckets.
    axes
        The leading axes of the counts, each with ``name`` and ``labels``. Labels of a scope that an axis does not have
        have no effect.

    Returns
    -------
    ndarray of bool
        A new array of shape ``(*leading, size)`` that broadcasts against the counts: an axis that no scope names has
        length 1.

    Raises
    ------
    InvalidExclusion
        If a scope names an axis that is not there.

    Examples
    --------
    >>> timeline = Timeline.of("2026-01-01T00:00Z", "1h", 4)
    >>> exclusion_mask(Exclusion("2026-01-01T01:30Z", "2026-01-01T02:00Z"), timeline).tolist()
    [False, True, False, False]
    """
    held = parse_exclusions(exclusions)
    names = [axis.name for axis in axes]
    for i, exclusion in enumerate(held):
        for name, _ in exclusion.scope:
            if name not in names:
                known = f"the axes are {', '.join(map(repr, names))}" if names else "the counts have no axes"
                raise InvalidExclusion(f"scope of exclusions[{i}] ({exclusion.text}) names the axis {name!r}; {known}")
    # One mask a scope, not one an exclusion: years of incidents are thousands of spans over millions of buckets.
    spans: dict[Scope, list[tuple[int, int]]] = {}
    for exclusion in held:
        if exclusion.applies:
            spans.setdefault(exclusion.scope, []).extend(exclusion.intervals(timeline.start, timeline.end))
    scoped = {name for scope in spans for name, _ in scope}
    mask = np.zeros((*(len(a.labels) if a.name in scoped else 1 for a in axes), timeline.size), dtype=np.bool_)
    for scope, touched in spans.items():
        buckets = np.flatnonzero(IntervalSet(touched).bucket_mask(timeline))
        mask[np.ix_(*_rows(dict(scope), axes, mask.shape), buckets)] = True
    return mask


def warn_of_unknown_labels(exclusions: Iterable[Exclusion], axes: Sequence[_NamedAxis]) -> None:
    """Warn of labels that scopes name and no row has; proposed exclusions are looked at too.

    Apart from :func:`exclusion_mask`, which reports ask for once more: nothing is said twice.
    """
    known = {axis.name: frozenset(axis.labels) for axis in axes}
    # A dict, for the order: each label is named once, where it comes first.
    unknown = {
        f"{label!r:.100} of axis {axis!r}": None
        for exclusion in exclusions
        for axis, labels in exclusion.scope
        for label in labels
        if label not in known[axis]
    }
    if unknown:
        named = ", ".join(list(unknown)[:5]) + (f" and {len(unknown) - 5:,} more" if len(unknown) > 5 else "")
        warn(
            f"exclusions are scoped to {named}, which the counts do not have: nothing is excluded there; "
            "is a label misspelt?",
            LabelWithoutCounts,
        )


def _rows(
    wanted: dict[str, tuple[str, ...]], axes: Sequence[_NamedAxis], shape: tuple[int, ...]
) -> list[npt.NDArray[np.intp]]:
    """Return the indices along each axis that a scope is about; all of an axis that it does not name."""
    return [
        np.array([i for i, label in enumerate(axis.labels) if label in wanted[axis.name]], dtype=np.intp)
        if axis.name in wanted
        else np.arange(length)
        for axis, length in zip(axes, shape, strict=False)
    ]
