"""Sets of half-open spans of time, as a small algebra.

Exclusions overlap, incidents are reported twice, maintenance repeats; what is left out must still be left out
once. A set of spans with one canonical form (sorted, disjoint, never touching) makes union, intersection and
complement plain values, equality means "the same instants", and the laws of sets can be tested as laws.

A span ``[start, end)`` owns ``start`` and not ``end``, as a bucket does, so neighbours share no instant. Time
itself is the span of all instants that an int64 of nanoseconds holds, 1677 to 2262; a complement reaches to its ends.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown
from slokit.errors import InvalidInterval, SlokitError, WrongType
from slokit.timeline import InstantLike, Timeline, duration_text, instant_text, parse_instant

__all__ = ["IntervalSet", "parse_edge", "span_text"]

Span = tuple[int, int]

# datetime64[ns] keeps the least int64 for "not a time".
_FIRST, _LAST = -(2**63) + 1, 2**63 - 1
# How many spans a table has; years of incidents are thousands.
_SHOWN = 20


def parse_edge(value: InstantLike | int, field: str = "instant", error: type[SlokitError] = InvalidInterval) -> int:
    """Read an end of a span: an instant as people write it, or integer nanoseconds since the epoch as slokit holds it.

    Raises
    ------
    InvalidInstant
        If the instant cannot be read.
    WrongType
        If it is no instant at all.
    SlokitError
        Of the class given, if an integer lies outside 1677 to 2262.

    Examples
    --------
    >>> parse_edge("1970-01-01T00:00:01Z"), parse_edge(1_000_000_000)
    (1000000000, 1000000000)
    """
    if isinstance(value, int | np.integer):
        # numpy's tree of types has timedelta64 below integer.
        if isinstance(value, bool | np.timedelta64):
            raise WrongType(f"{field} must be an instant, got {type(value).__name__}: {value!r:.100}")
        if not _FIRST <= value <= _LAST:
            raise error(f"{field} must lie between the years 1677 and 2262, got {value} nanoseconds since the epoch")
        return int(value)
    return parse_instant(value, field)


def span_text(start: int, end: int) -> str:
    """Write a span shortly, in UTC: the end without its date if that is the start's, no seconds where there are none.

    Examples
    --------
    >>> hour = 3_600_000_000_000
    >>> span_text(10 * hour, 12 * hour), span_text(22 * hour, 26 * hour)
    ('1970-01-01T10:00Z..12:00Z', '1970-01-01T22:00Z..1970-01-02T02:00Z')
    """
    first, last = ("" if at in (_FIRST, _LAST) else instant_text(at).replace(":00Z", "Z") for at in (start, end))
    if first and first[:11] == last[:11]:
        last = last[11:]
    return f"{first}..{last}"


def _canonical(pairs: object) -> tuple[Span, ...]:
    """Read pairs of instants into sorted, disjoint spans that do not touch."""
    if isinstance(pairs, IntervalSet):
        return pairs.spans
    if isinstance(pairs, str) or not isinstance(pairs, Iterable):
        raise WrongType(f"spans must be pairs (start, end), got {type(pairs).__name__}: {pairs!r:.100}")
    spans = []
    for i, pair in enumerate(pairs):
        if isinstance(pair, str) or not isinstance(pair, Iterable) or len(ends := tuple(pair)) != 2:
            raise WrongType(f"spans[{i}] must be a pair (start, end), got {pair!r:.100}")
        start, end = (parse_edge(e, f"{side} of spans[{i}]") for e, side in zip(ends, ("start", "end"), strict=True))
        if end < start:
            raise InvalidInterval(
                f"spans[{i}] must not end before it starts, got {instant_text(start)} to {instant_text(end)}; "
                "swap its ends"
            )
        if start < end:
            spans.append((start, end))
    return _joined(sorted(spans))


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join spans that overlap or touch; they come sorted by start."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


@attrs.frozen(repr=False)
class IntervalSet(Shown):
    """A set of instants, held as half-open spans in one canonical form.

    Parameters
    ----------
    spans
        Pairs ``(start, end)`` of instants, or of integer nanoseconds since the epoch, in any order, overlapping or
        not. Spans of zero length hold no instant and are dropped.

    Raises
    ------
    InvalidInterval
        If a span ends before it starts.
    InvalidInstant
        If an end is not an instant.

    Examples
    --------
    >>> outage = IntervalSet([("2026-01-05T10:00Z", "2026-01-05T12:00Z")])
    >>> works = IntervalSet([("2026-01-05T11:00Z", "2026-01-05T13:30Z")])
    >>> outage | works
    IntervalSet(2026-01-05T10:00Z..13:30Z)
    >>> duration_text((outage - works).duration)
    '1h'
    >>> (outage & ~outage) == IntervalSet.empty()
    True
    """

    spans: tuple[Span, ...] = attrs.field(default=(), converter=_canonical)

    @classmethod
    def of(cls, spans: Iterable[tuple[InstantLike | int, InstantLike | int]]) -> IntervalSet:
        """Make a set of pairs ``(start, end)``; the same as calling the class."""
        return cls(spans)

    @classmethod
    def empty(cls) -> IntervalSet:
        """Return the set without instants."""
        return cls(())

    @classmethod
    def full(cls) -> IntervalSet:
        """Return all of time, 1677 to 2262."""
        return cls(((_FIRST, _LAST),))

    def __or__(self, other: IntervalSet) -> IntervalSet:
        if not isinstance(other, IntervalSet):
            return NotImplemented
        return IntervalSet(self.spans + other.spans)

    def __and__(self, other: IntervalSet) -> IntervalSet:
        if not isinstance(other, IntervalSet):
            return NotImplemented
        shared, i, j = [], 0, 0
        while i < len(self.spans) and j < len(other.spans):
            (a, b), (c, d) = self.spans[i], other.spans[j]
            if max(a, c) < min(b, d):
                shared.append((max(a, c), min(b, d)))
            # The span that ends first can meet no later one.
            i, j = (i + 1, j) if b <= d else (i, j + 1)
        return IntervalSet(shared)

    def __invert__(self) -> IntervalSet:
        edges = [_FIRST, *(edge for span in self.spans for edge in span), _LAST]
        return IntervalSet(zip(edges[::2], edges[1::2], strict=True))

    def __sub__(self, other: IntervalSet) -> IntervalSet:
        if not isinstance(other, IntervalSet):
            return NotImplemented
        return self & ~other

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __contains__(self, instant: InstantLike | int) -> bool:
        return self.contains(instant)

    def contains(self, instant: InstantLike | int) -> bool:
        """Say whether an instant lies in one of the spans; a span's end does not."""
        at = parse_edge(instant)
        i = bisect_right(self.spans, at, key=lambda span: span[0])
        return i > 0 and at < self.spans[i - 1][1]

    @property
    def duration(self) -> int:
        """Total length, nanoseconds: what several spans share counts once."""
        return sum(end - start for start, end in self.spans)

    def clip(self, start: int, end: int) -> IntervalSet:
        """Return what lies in ``[start, end)``, nanoseconds since the epoch."""
        return self & IntervalSet(((start, end),))

    def bucket_mask(self, timeline: Timeline) -> npt.NDArray[np.bool_]:
        """Say which buckets a span touches, however little: whole buckets, rounded outward.

        Returns
        -------
        ndarray of bool
            Shape ``(size,)``, a new array.

        Examples
        --------
        >>> timeline = Timeline.of("2026-01-01T00:00Z", "1h", 4)
        >>> IntervalSet([("2026-01-01T00:30Z", "2026-01-01T02:00Z")]).bucket_mask(timeline).tolist()
        [True, True, False, False]
        """
        mask = np.zeros(timeline.size, dtype=np.bool_)
        for start, end in self.spans:
            # Python integers: near the ends of time an int64 difference would wrap.
            first = (start - timeline.start) // timeline.step
            stop = -((timeline.start - end) // timeline.step)
            mask[max(first, 0) : max(stop, 0)] = True
        return mask

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "spans", f"{len(self.spans):,}"
        yield "duration", duration_text(self.duration)
        yield from ((f"{index}", span_text(*span)) for index, span in enumerate(self.spans[:_SHOWN]))

    def __repr__(self) -> str:
        shown = [span_text(*span) for span in self.spans[:3]]
        if len(self.spans) > 3:
            shown.append(f"… {len(self.spans):,} spans, {duration_text(self.duration)} in all")
        return f"IntervalSet({', '.join(shown)})"
