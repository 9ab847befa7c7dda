"""Rules that live in time: gauge, freshness, deadline.

A request is good or bad when it happens. A queue is too long *for a while*, a table is stale *until* it is written
again, and a report that was not there by seven is bad because nothing happened. These rules turn instants into
evidence of that sort:

==========  ================  ==========================================================================
rule        counts            good
==========  ================  ==========================================================================
gauge       microseconds      while the last sample, not older than ``stale_after``, is within its limits
freshness   microseconds      while the last success is not older than ``within``; bad after
deadline    deadlines         if a run happened in the day's span up to the deadline
==========  ================  ==========================================================================

Time is counted in whole microseconds, so that it adds up exactly and 30 days of it (2.6e12) still leave six digits
of room in each int64; instants are floored to them. Time that nothing is known about is in no count, and a bucket
of nothing else is unobserved: before the first sample or success, and while a gauge is stale.

What silence means hangs on how far the evidence reaches. With ``end=`` (now, in a service) it reaches to there: a dead
job turns bad. Without it, nothing after the last observation, and nothing before the first, is called bad because
nothing happened. Likewise ``start=`` opens the evidence; observations before it still matter, since they say what
state the first bucket began in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import time
from typing import Any, ClassVar, Literal, cast

import attrs
import numpy as np
import numpy.typing as npt

from slokit.calendars import (
    local_instants,
    parse_clock,
    parse_weekdays,
    recurring_instants,
    weekdays_text,
    zone,
    zone_name,
)
from slokit.counts import Counts
from slokit.errors import InvalidSLI, WrongType
from slokit.sli.limits import BoolArray, flags, is_single
from slokit.sli.streams import MICROSECOND, Stream, accumulate
from slokit.sli.threshold import Threshold
from slokit.timeline import duration_text

__all__ = ["Deadline", "Freshness", "Gauge", "TimedRule"]

Numbers = npt.NDArray[np.int64]


def _whole_microseconds(_: object, field: attrs.Attribute[int], value: int) -> None:
    """Refuse lengths that counting in microseconds would shorten."""
    if type(value) is not int:
        raise WrongType(f"{field.name} must be integer nanoseconds, got {type(value).__name__}: {value!r}")
    if value <= 0 or value % MICROSECOND:
        raise InvalidSLI(f"{field.name} must be whole microseconds, at least one, got {duration_text(value)}")


@attrs.frozen
class Gauge:
    """A sampled state, weighted by the time that it holds.

    A sample stands for the time until the next one of its series, but not for longer than ``stale_after``. Of two
    samples at one instant the later in the input stands.

    Parameters
    ----------
    threshold
        Which samples are good.
    stale_after
        How long a sample may stand, nanoseconds, whole microseconds.
    """

    kind: ClassVar[str] = "gauge"
    counts_unit: ClassVar[Literal["us"]] = "us"

    threshold: Threshold = attrs.field(validator=attrs.validators.instance_of(Threshold))
    stale_after: int = attrs.field(validator=_whole_microseconds)

    def judge(self, values: Any, where: BoolArray | None, field: str) -> bool | BoolArray:
        """Judge each sample by the threshold."""
        if values is None:
            raise WrongType(f"{field} must be given: the samples of a gauge")
        return self.threshold.judge(values, where, field)

    def doubts(self, values: Any, where: BoolArray | None, field: str) -> Iterator[str]:
        """Doubt what the threshold doubts."""
        return self.threshold.doubts(values, where, field)

    def tally(self, stream: Stream) -> Counts:
        """Count the good and the whole known time of each bucket."""
        begin = stream.instants // MICROSECOND
        end = np.minimum(_next(stream, begin), begin + self.stale_after // MICROSECOND)
        total = accumulate(stream, stream.series, begin, end)
        good = accumulate(stream, stream.series[stream.good], begin[stream.good], end[stream.good])
        return stream.tally(good, total, total > 0)

    def arguments(self) -> list[str]:
        """Return comparison, unit and staleness, as typed."""
        return [*self.threshold.arguments(), f"stale_after={duration_text(self.stale_after)!r}"]

    def in_words(self) -> str:
        """Say when the state is good."""
        return f"while {self.threshold.in_words()}, by samples up to {duration_text(self.stale_after)} old"


@attrs.frozen
class Freshness:
    """The age of what a job last made: good while it is young enough, bad from then on.

    Parameters
    ----------
    within
        The greatest good age, nanoseconds, whole microseconds.
    """

    kind: ClassVar[str] = "freshness"
    counts_unit: ClassVar[Literal["us"]] = "us"

    within: int = attrs.field(validator=_whole_microseconds)

    def judge(self, values: Any, where: BoolArray | None, field: str) -> bool | BoolArray:
        """Say which runs were successes."""
        return _successes(values, where, field, self.kind)

    def doubts(self, *_: object) -> Iterator[str]:
        """Doubt nothing: an instant has no unit to mix up."""
        return iter(())

    def tally(self, stream: Stream) -> Counts:
        """Count the fresh and the whole known time of each bucket."""
        runs = stream.only_good()
        begin = runs.instants // MICROSECOND
        stale = begin + self.within // MICROSECOND
        reach = stream.horizon if stream.ends_at is not None or stream.last is None else stream.last
        # The last success of a series is certain to stay good for a while, however soon the evidence ends; to any other
        # the evidence reaches at least as far as the next.
        known = np.minimum(np.maximum(stale, reach // MICROSECOND), _next(runs, begin))
        total = accumulate(stream, runs.series, begin, known)
        good = accumulate(stream, runs.series, begin, np.minimum(known, stale))
        return stream.tally(good, total, total > 0)

    def arguments(self) -> list[str]:
        """Return the greatest good age, as typed."""
        return [f"within={duration_text(self.within)!r}"]

    def in_words(self) -> str:
        """Say when the state is good."""
        return f"while the last success is at most {duration_text(self.within)} old"


def _clock(value: str | time) -> time:
    """Read a time of day from its text."""
    return parse_clock(value, "by", InvalidSLI)


def _weekdays(value: str | Iterable[str] | frozenset[int]) -> frozenset[int]:
    """Read days of the week from their text; what was read already is checked only."""
    if isinstance(value, frozenset) and value and value <= frozenset(range(7)):
        return value
    return parse_weekdays(cast("str | Iterable[str]", value), "days", InvalidSLI)


@attrs.frozen
class Deadline:
    """A run by a wall-clock time on given days; no run by then is bad.

    A run counts for a day from the first instant of the local date, or from ``lead`` before the deadline, up to
    the deadline itself, which is still in time. Where the clock shows the time twice, the first showing is
    meant; where it jumps over it, the jump; a date that the zone skips has no deadline.

    Parameters
    ----------
    by
        Time of day, local, to the second; or its text.
    days
        Days of the week, Monday 0; or their text.
    tz
        The zone, kept as its IANA name.
    lead
        How long before the deadline a run may happen, nanoseconds; None: since the local midnight.
    """

    kind: ClassVar[str] = "deadline"
    counts_unit: ClassVar[Literal["deadlines"]] = "deadlines"

    by: time = attrs.field(converter=_clock)
    days: frozenset[int] = attrs.field(converter=_weekdays)
    tz: str = attrs.field(converter=zone_name)
    lead: int | None = attrs.field(default=None)

    @lead.validator
    def _check_lead(self, _: attrs.Attribute[int | None], value: int | None) -> None:
        if value is not None and (type(value) is not int or value <= 0):
            raise InvalidSLI(f"lead must be a positive number of nanoseconds, got {value!r}")

    def judge(self, values: Any, where: BoolArray | None, field: str) -> bool | BoolArray:
        """Say which runs were successes."""
        return _successes(values, where, field, self.kind)

    def doubts(self, *_: object) -> Iterator[str]:
        """Doubt nothing: an instant has no unit to mix up."""
        return iter(())

    def tally(self, stream: Stream) -> Counts:
        """Count the deadlines of each bucket, and those that were met."""
        tz, span = zone(self.tz), stream.timeline
        dates, due = recurring_instants(span.start, stream.horizon, days=self.days, at=self.by, tz=tz)
        opens = local_instants(dates, time(0), tz) if self.lead is None else due - self.lead
        met = _served(stream.only_good(), opens, due)
        # Silence proves a miss only as far as the evidence reaches; what is met is met, whatever comes.
        judged = met | ((stream.known_from <= due) & (due < stream.known_until))
        bucket = (due - span.start) // span.step
        good, total = np.zeros((2, *stream.shape), dtype=np.int64)
        for which, into in ((met, good), (judged, total)):
            series, index = np.nonzero(which)
            # A bucket longer than a day holds several deadlines, of which plain indexing would count one.
            np.add.at(into, (series, bucket[index]), 1)
        return stream.tally(good, total, np.ones(stream.shape, dtype=np.bool_))

    def arguments(self) -> list[str]:
        """Return the deadline, as typed."""
        typed = [f"by={_clock_text(self.by)!r}", f"days={weekdays_text(self.days)!r}", f"tz={self.tz!r}"]
        return typed if self.lead is None else [*typed, f"lead={duration_text(self.lead)!r}"]

    def in_words(self) -> str:
        """Say when a deadline is met."""
        return f"a run by {_clock_text(self.by)} {self.tz} on {weekdays_text(self.days)}"


TimedRule = Gauge | Freshness | Deadline


def _next(stream: Stream, begin: Numbers) -> Numbers:
    """Return for each observation when the next of its series begins; for the last, where counting ends."""
    following = np.empty_like(begin)
    following[:-1] = begin[1:]
    following[stream.is_last()] = stream.horizon // MICROSECOND
    return following


def _served(runs: Stream, opens: Numbers, due: Numbers) -> BoolArray:
    """Say which deadlines saw a run in ``[opens, due]``, shape (series, deadlines).

    Both bounds rise, so the deadlines that one run serves are neighbours: a +1 where they begin and a -1 behind
    them, for each run, leave a running sum that counts the runs of each deadline.
    """
    first, stop = np.searchsorted(due, runs.instants, "left"), np.searchsorted(opens, runs.instants, "right")
    kept = first < stop
    change = np.zeros((runs.shape[0], due.size + 1), dtype=np.int64)
    np.add.at(change, (runs.series[kept], first[kept]), 1)
    np.add.at(change, (runs.series[kept], stop[kept]), -1)
    return np.asarray(np.cumsum(change, axis=1)[:, :-1] > 0)


def _successes(values: Any, where: BoolArray | None, field: str, kind: str) -> bool | BoolArray:
    """Read which runs were successes."""
    if is_single(values):
        raise WrongType(f"a {kind} judges instants, not single values: count(timestamps)")
    good = flags(values, field, where)
    return good if where is None else good & where


def _clock_text(value: time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")
