"""What was measured of one series, as spans of time: when it was down, and when nobody looked.

Runs of down minutes are found over all of the evidence, before a month is cut out of it: an outage that spans the
turn of the month is as long as it was. So here is the whole, and a statement asks for what lies within a period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, get_args

import attrs
import numpy as np
import numpy.typing as npt

from slokit._kernels.exceed import Question, exceeds
from slokit._kernels.runs import runs
from slokit._kernels.sums import PrefixSums
from slokit.counts import Counts
from slokit.counts.axes import labels_of
from slokit.errors import InvalidSLA, InvalidTimeline
from slokit.intervals import IntervalSet
from slokit.rational import ceil_fraction
from slokit.sla.downtime import Downtime
from slokit.timeline import Timeline, duration_text

__all__ = ["Measured", "Missing", "Spans", "check_missing", "in_units", "long_runs", "measured", "measured_spans"]

Missing = Literal["ignore", "good", "bad"]
"""What unobserved minutes are: left out of the account, up, or down."""

BoolArray = npt.NDArray[np.bool_]
Span = tuple[int, int]


def check_missing(missing: Missing, *, counts_time: bool) -> None:
    """Refuse a policy that is unknown, or that needs a weight which requests do not have.

    Raises
    ------
    InvalidSLA
        If it is.
    """
    if missing not in get_args(Missing):
        raise InvalidSLA(f"missing must be one of {', '.join(get_args(Missing))}, got {missing!r:.40}")
    if missing != "ignore" and not counts_time:
        raise InvalidSLA(
            f'missing must be "ignore" where requests are counted, got {missing!r}: nobody knows how many a silent '
            "minute would have had; with downtime= minutes are counted"
        )


@attrs.frozen(eq=False)
class Spans:
    """Sorted disjoint spans in two int64 arrays, nanoseconds since the epoch.

    Parameters
    ----------
    starts, stops
        Shape ``(k,)``.
    """

    starts: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Spans:
        """Make them of pairs that are sorted and disjoint."""
        held = np.array(list(spans), dtype=np.int64).reshape(-1, 2)
        return cls(held[:, 0], held[:, 1])

    @classmethod
    def of_buckets(cls, timeline: Timeline, first: npt.NDArray[np.intp], stop: npt.NDArray[np.intp]) -> Spans:
        """Make them of bucket numbers."""
        return cls(*(timeline.start + edges.astype(np.int64) * timeline.step for edges in (first, stop)))

    @classmethod
    def where(cls, mask: BoolArray, timeline: Timeline) -> Spans:
        """Make them of the runs of a mask, shape ``(size,)``."""
        found = runs(mask)
        return cls.of_buckets(timeline, found.starts, found.stops)

    def within(self, start: int, end: int) -> list[Span]:
        """Return what lies in ``[start, end)``, cut at its ends."""
        first = int(np.searchsorted(self.stops, start, side="right"))
        stop = int(np.searchsorted(self.starts, end, side="left"))
        pairs = zip(self.starts[first:stop].tolist(), self.stops[first:stop].tolist(), strict=True)
        return [(max(a, start), min(b, end)) for a, b in pairs]

    def around(self, instant: int) -> Span:
        """Return the span that owns an instant; the caller knows that one does."""
        i = int(np.searchsorted(self.starts, instant, side="right")) - 1
        return int(self.starts[i]), int(self.stops[i])


@attrs.frozen(eq=False, kw_only=True)
class Measured:
    """What was measured of one series.

    Parameters
    ----------
    labels
        Which series, as pairs of an axis and its label.
    end
        Where the evidence ends: nothing is known from there on.
    step
        The grid to which exclusions are rounded outward, None for exact spans.
    start
        An edge of that grid.
    down
        Runs that are long enough to count.
    short
        Runs that are not.
    unobserved
        Where nobody looked.
    out
        What the evidence itself holds as excluded.
    """

    labels: tuple[tuple[str, str], ...] = ()
    start: int
    end: int
    step: int | None
    down: Spans
    short: Spans
    unobserved: Spans
    out: Spans

    def run_of(self, instant: int) -> Span:
        """Return the whole run that an instant of downtime lies in."""
        for spans in (self.down, self.short):
            if len(spans.starts) and spans.starts[0] <= instant:
                start, stop = spans.around(instant)
                if instant < stop:
                    return start, stop
        return instant, instant

    def may_grow(self, end: int) -> bool:
        """Say whether a run that is short so far reaches both a period's end and the end of what is known."""
        return end == self.end and bool(len(self.short.stops)) and int(self.short.stops[-1]) == end

    def outward(self, spans: Iterable[Span]) -> list[Span]:
        """Round spans outward to whole minutes, where minutes were counted."""
        if self.step is None:
            return list(spans)
        grid = Timeline(self.start, self.step, 0)
        # Neighbours may share a minute now, which is out once.
        return list(IntervalSet((grid.floor(a), grid.ceil(b)) for a, b in spans))


def in_units(counts: Counts, rule: Downtime) -> Counts:
    """Return counts in buckets of one minute, as the rule has it.

    Raises
    ------
    InvalidSLA
        If a minute is no whole number of buckets.
    """
    if counts.timeline.step == rule.each:
        return counts
    try:
        return counts.resample(np.timedelta64(rule.each, "ns"))
    except InvalidTimeline:
        raise InvalidSLA(
            f"counts must have buckets that {duration_text(rule.each)} (each of the downtime rule) is a whole number "
            f"of, got {duration_text(counts.timeline.step)}"
        ) from None


def _is_down(counts: Counts, rule: Downtime) -> BoolArray:
    """Say which minutes are down, whatever stands beside them: at most the share is good, and enough was tried."""
    # good / total <= s is bad / total >= 1 - s, the kernel's own question over one bucket.
    limit = ceil_fraction(1 - rule.max_sli, max(1, int(counts.total.max(initial=0))))
    p, q = (np.array(x, dtype=object) for x in (limit.numerator, limit.denominator))
    sums = PrefixSums.of(counts.bad), PrefixSums.of(counts.total)
    few_good = exceeds(*sums, [Question(p, q, (1,), strict=False)])[0]
    return np.asarray(few_good & (counts.total >= rule.min_total))


def long_runs(counts: Counts, rule: Downtime, missing: Missing) -> tuple[BoolArray, BoolArray]:
    """Say which minutes lie in a run of down ones that counts, and which in one that is too short.

    Returns
    -------
    tuple of two ndarrays of bool
        Shape ``(..., n)`` both.
    """
    down = _is_down(counts, rule)
    if missing == "bad":
        down |= ~counts.observed
    found = runs(down)
    short = found.stops - found.starts < rule.in_a_row
    # +1 where a short run begins, -1 behind it, summed up: no loop over runs.
    rows, size = int(np.prod(down.shape[:-1])), down.shape[-1]
    change = np.zeros((rows, size + 1), dtype=np.int8)
    change[found.rows[short], found.starts[short]] = 1
    change[found.rows[short], found.stops[short]] -= 1
    little = change.cumsum(axis=1, dtype=np.int8)[:, :size].astype(np.bool_).reshape(down.shape)
    return down & ~little, little


def measured(counts: Counts, rule: Downtime | None, missing: Missing) -> Iterator[Measured]:
    """Yield what was measured of each series, the last axis fastest.

    Parameters
    ----------
    counts
        Evidence in buckets of one minute of the rule. Without a rule runs of buckets with bad events stand for
        downtime.
    rule, missing
        Of the agreement.
    """
    timeline = counts.timeline
    if rule is None:
        down, short = counts.bad > 0, np.zeros(counts.shape, dtype=np.bool_)
    else:
        down, short = long_runs(counts, rule, missing)
    for index in np.ndindex(*counts.shape[:-1]):
        yield Measured(
            labels=labels_of(counts.axes, index),
            start=timeline.start,
            end=timeline.end,
            step=timeline.step,
            down=Spans.where(down[index], timeline),
            short=Spans.where(short[index], timeline),
            unobserved=Spans.where(~counts.observed[index], timeline),
            out=Spans.where(counts.excluded[index], timeline),
        )


def measured_spans(down: IntervalSet, unobserved: IntervalSet, end: int, least: int, missing: Missing) -> Measured:
    """Return what spans say that somebody else has found, such as the windows of incidents.

    Parameters
    ----------
    down
        When it was down: a set, so that what overlaps counts once.
    unobserved
        When nobody looked.
    end
        Up to when the spans tell.
    least
        The shortest outage that counts.
    missing
        What unobserved time is.
    """
    # Where somebody noted an outage, somebody looked.
    unseen = unobserved - down
    whole = down | unseen if missing == "bad" else down
    none = Spans.of(())
    return Measured(
        start=0,
        end=end,
        step=None,
        down=Spans.of(span for span in whole if span[1] - span[0] >= least),
        short=Spans.of(span for span in whole if span[1] - span[0] < least),
        unobserved=Spans.of(unseen),
        out=none,
    )
