"""Observations in time, and how spans of time are added up in buckets.

The rules of :mod:`slokit.sli.timed` all start from the same thing: instants, sorted within each series, laid over a
timeline. Several series (a gauge a queue) are one sorted array with a column of codes, so no rule loops over
series and none over observations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit.counts import Axis, Counts
from slokit.counts.intake import rows_of
from slokit.errors import InvalidEvents, InvalidTimeline
from slokit.sli.limits import BoolArray
from slokit.timeline import (
    MAX_BUCKETS,
    DurationLike,
    InstantLike,
    Timeline,
    duration_text,
    instant_text,
    parse_duration,
    parse_instant,
)

__all__ = ["MICROSECOND", "Stream", "accumulate"]

MICROSECOND = 1_000

Numbers = npt.NDArray[np.int64]


@attrs.frozen(kw_only=True, eq=False)
class Stream:
    """Observations sorted by series and, within each, by time.

    Parameters
    ----------
    timeline
        The buckets to count into.
    axes
        One axis a key of ``by=``; ``series`` counts through them in C order.
    series, instants, good
        Code, nanoseconds and verdict of each observation, shape ``(k,)``; int64, int64, bool.
    opens_at, ends_at
        Where the evidence was said to start and end, nanoseconds; None where nobody said.
    first, last
        The first and the last observation's instant, good or not; None without any.
    """

    timeline: Timeline
    axes: tuple[Axis, ...]
    series: Numbers
    instants: Numbers
    good: BoolArray
    opens_at: int | None
    ends_at: int | None
    first: int | None
    last: int | None

    @classmethod
    def of(
        cls,
        instants: Numbers,
        good: BoolArray | None,
        where: BoolArray | None,
        by: Mapping[str, Any] | None,
        *,
        step: DurationLike,
        start: InstantLike | None,
        end: InstantLike | None,
    ) -> Stream:
        """Sort observations into a stream; the parameters are those of :meth:`slokit.sli.SLI.count`.

        Raises
        ------
        InvalidEvents
            If arrays differ in length, or observations do not fit the timeline.
        InvalidTimeline
            If ``end`` is not after ``start``.
        """
        size = instants.size
        good = np.ones(size, dtype=np.bool_) if good is None else good
        for field, given in (("values", good), ("valid", where)):
            if given is not None and given.shape != (size,):
                raise InvalidEvents(f"{field} must be one for each of {size:,} timestamps, got shape {given.shape}")
        rows = rows_of(by, size)
        series = np.zeros(size, dtype=np.int64) if rows.of is None else rows.of
        numbering = np.arange(size) if where is None else np.flatnonzero(where)
        if numbering.size < size:
            series, instants, good = series[numbering], instants[numbering], good[numbering]
        opens_at = None if start is None else parse_instant(start, "start")
        ends_at = None if end is None else parse_instant(end, "end")
        timeline = _lay_out(instants, numbering, parse_duration(step, "step"), opens_at, ends_at, rows.height)
        first, last = (int(instants.min()), int(instants.max())) if instants.size else (None, None)
        # lexsort is stable: of two samples at one instant the later in the input stays the later.
        order = np.lexsort((instants, series))
        return cls(
            timeline=timeline,
            axes=rows.axes,
            series=series[order],
            instants=instants[order],
            good=good[order],
            opens_at=opens_at,
            ends_at=ends_at,
            first=first,
            last=last,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Number of series and of buckets."""
        count = 1
        for axis in self.axes:
            count *= len(axis.labels)
        return count, self.timeline.size

    @property
    def known_from(self) -> int:
        """The first instant that the evidence reaches: before it, silence says nothing."""
        return self.timeline.start if self.opens_at is not None or self.first is None else self.first

    @property
    def known_until(self) -> int:
        """The first instant that the evidence does not reach: from it on, silence says nothing."""
        if self.ends_at is not None:
            return self.ends_at
        return self.timeline.start if self.last is None else self.last + 1

    @property
    def horizon(self) -> int:
        """The first instant that is not counted any more, whatever is known of it."""
        return self.timeline.end if self.ends_at is None else self.ends_at

    def only_good(self) -> Stream:
        """Return the good observations; how far the evidence reaches does not change."""
        if self.good.all():
            return self
        return attrs.evolve(
            self, series=self.series[self.good], instants=self.instants[self.good], good=self.good[self.good]
        )

    def is_last(self) -> BoolArray:
        """Say which observations are the last of their series, shape ``(k,)``."""
        last = np.ones(self.series.size, dtype=np.bool_)
        np.not_equal(self.series[1:], self.series[:-1], out=last[:-1])
        return last

    def tally(self, good: Numbers, total: Numbers, observed: BoolArray) -> Counts:
        """Make counts of arrays of the stream's shape."""
        shape = (*(len(axis.labels) for axis in self.axes), self.timeline.size)
        return Counts.from_buckets(
            timeline=self.timeline,
            good=good.reshape(shape),
            total=total.reshape(shape),
            observed=observed.reshape(shape),
            labels={axis.name: axis.labels for axis in self.axes},
        )


def _lay_out(
    instants: Numbers, numbering: Numbers, step: int, start: int | None, end: int | None, height: int
) -> Timeline:
    """Return the timeline for observations that live in time.

    Edges lie on multiples of ``step`` since the epoch, or since ``start``. The last bucket is the one that holds the
    last observation, or that ``end`` cuts or closes. Unlike an event, an observation before ``start`` is
    welcome: it says what state the timeline began in. ``numbering`` has the index that the caller knows each by.
    """
    if start is not None and end is not None and end <= start:
        raise InvalidTimeline(f"end must be after start, got {instant_text(start)} to {instant_text(end)}")
    if not instants.size and (start is None or end is None):
        return Timeline(start or 0, step, 0)

    def named(index: int) -> str:
        return f"timestamps[{numbering[index]}] = {instant_text(int(instants[index]))}"

    latest = int(instants.argmax()) if instants.size else -1
    if end is not None and instants.size and instants[latest] >= end:
        late = instants >= end
        more = int(np.count_nonzero(late)) - 1
        raise InvalidEvents(
            f"{named(int(late.argmax()))} is not before end={instant_text(end)}"
            f"{f' (and {more:,} more)' if more else ''}; leave out what had not happened by then, or give a later end"
        )
    first = int(instants.min()) // step * step if start is None else start
    stop = int(instants[latest]) + 1 if end is None else end
    # Nothing but observations before start leaves no bucket.
    size = max(-(-(stop - first) // step), 0)
    if size * height > MAX_BUCKETS:
        outlier = "" if not instants.size else f"; look at {named(int(instants.argmin()) if start is None else latest)}"
        raise InvalidEvents(
            f"step must leave at most {MAX_BUCKETS:,} buckets, got {size:,} of {duration_text(step)}"
            f"{f' in each of {height:,} series' if height > 1 else ''}{outlier}"
        )
    return Timeline(first, step, size)


def accumulate(stream: Stream, series: Numbers, begin: Numbers, end: Numbers) -> Numbers:
    """Add up half-open spans of time in the buckets of each series.

    Parameters
    ----------
    stream
        Gives timeline and number of series; step and start are whole microseconds.
    series, begin, end
        Code of each span, its first microsecond since the epoch and the first after it, int64, shape ``(k,)``. Spans
        of one series do not overlap; what lies outside the timeline is cut off, and a span may be empty.

    Returns
    -------
    ndarray of int64
        Microseconds, shape ``(series, n)``.

    Notes
    -----
    A span gives its head to one bucket, its tail to another and a whole step to each between. The whole steps are a
    running sum of +1 and -1, so the cost is one pass over the spans and one over the buckets, however long the
    spans are. (Cutting each span at each edge would take memory by the product of both.)
    """
    for field, length in (("step", stream.timeline.step), ("start", stream.timeline.start)):
        if length % MICROSECOND:
            raise InvalidTimeline(f"{field} must be whole microseconds where time is counted, got {length} ns")
    count, size = stream.shape
    step, origin = stream.timeline.step // MICROSECOND, stream.timeline.start // MICROSECOND
    begin = np.maximum(begin - origin, 0)
    end = np.minimum(end - origin, size * step)
    kept = begin < end
    row, begin, end = series[kept] * size, begin[kept], end[kept]
    head, tail = begin // step, (end - 1) // step
    within = np.zeros(count * size, dtype=np.int64)
    np.add.at(within, row + head, np.minimum(end, (head + 1) * step) - begin)
    longer = head < tail
    row, head, tail, end = row[longer], head[longer], tail[longer], end[longer]
    np.add.at(within, row + tail, end - tail * step)
    whole = np.zeros(count * size + 1, dtype=np.int64)
    np.add.at(whole, row + head + 1, 1)
    np.add.at(whole, row + tail, -1)
    np.cumsum(whole, out=whole)
    within += whole[:-1] * step
    return within.reshape(count, size)
