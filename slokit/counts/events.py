"""Counts from single events: one timestamp each, and whether it was good.

The timeline follows from the events unless ``start=`` and ``end=`` say more: edges are multiples of the step since the
epoch, so that shards of one stream fit each other whatever they begin with. An event at an edge belongs to the bucket
that starts there.

A bucket without events may be a quiet one or a hole in the measurement, and nothing in the events tells which. By
default it is quiet; ``max_gap=`` says from which length on silence means that nobody was listening.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from slokit.counts.intake import Instants, Rows, Ticks, flags_of, refuse_beyond, rows_of, ticks_of, weights_of
from slokit.counts.parts import Mask, Numbers, everywhere, nowhere, refuse_overflow
from slokit.counts.silence import heard_throughout
from slokit.counts.tally import Extent, Grid, extent, tally, weigh
from slokit.errors import InvalidEvents, InvalidTimeline, WrongType
from slokit.rational import RationalLike
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

if TYPE_CHECKING:
    from slokit.counts.evidence import Counts

__all__ = ["from_events", "gridded", "span"]


def from_events(
    cls: type[Counts],
    timestamps: Instants,
    good: npt.ArrayLike,
    *,
    step: DurationLike,
    unit: str | None = None,
    valid: npt.ArrayLike | None = None,
    by: Mapping[str, Any] | None = None,
    weights: npt.ArrayLike | None = None,
    weight_unit: RationalLike | None = None,
    start: InstantLike | None = None,
    end: InstantLike | None = None,
    max_gap: DurationLike | None = None,
    threads: int = 1,
) -> Counts:
    """Count single events; in any order, and four times as fast where they are in order.

    Parameters
    ----------
    timestamps
        When each happened: ``datetime64`` of any unit (UTC), aware datetimes, ISO texts, or integers with ``unit``.
    good
        Whether each was good: booleans, or 0 and 1.
    step
        Length of a bucket. Edges are multiples of it since the epoch, or since ``start``.
    unit
        What integers count since the epoch: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``.
    valid
        Which events count at all, as booleans. The others are in no count, but they were heard: they take part in
        the timeline and end a silence.
    by
        For each axis wanted one label an event (texts or integers), or a pair ``(codes, labels)``.
    weights, weight_unit
        What each event counts for, a whole multiple of the unit: ``weights=[19.99, 5], weight_unit="0.01"`` counts
        cents. Not below zero.
    start, end
        Edges of the timeline, by default around the events; an event outside is an error.
    max_gap
        A silence longer than this, of the stream or with ``by`` of the series, is a hole in the measurement: the
        buckets wholly inside it are unobserved. By default all are observed.
    threads
        How many share the counting; worth it from some millions of events.

    Raises
    ------
    InvalidEvents
        If columns differ in length, a flag is no flag, a weight no multiple, an event lies outside of the timeline,
        or so far away that there would be more than 2**27 buckets; the message names its index.
    InvalidInstant
        If a timestamp is no time.
    InvalidTimeline
        If ``end`` is no edge.
    WrongType
        If timestamps are floats or integers without a unit, or flags anything but booleans and integers.

    Examples
    --------
    >>> from slokit.counts import Counts
    >>> counts = Counts.from_events([59, 60, 61, 185], [True, True, False, True], unit="s", step="1m")
    >>> counts.good, counts.bad
    (array([1, 1, 0, 1]), array([0, 1, 0, 0]))
    >>> Counts.from_events([59, 185], [True, True], unit="s", step="1m", max_gap="2m").observed
    array([ True, False, False,  True])
    """
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise WrongType(f"threads must be an int of at least 1, got {threads!r}")
    if weight_unit is not None and weights is None:
        raise WrongType("weight_unit says what weights= are multiples of; give weights= too")
    ticks = ticks_of(timestamps, unit)
    size = len(ticks.values)
    counted = None if valid is None else flags_of(valid, "valid", size)
    flags = flags_of(good, "good", size, counted)
    rows = rows_of(by, size)
    reach = extent(ticks.values, threads) if size else None
    if reach is not None:
        refuse_beyond(ticks, reach.low, reach.high)
    timeline = span(ticks, reach, parse_duration(step, "step"), start, end, rows.height)
    shape = (*(len(axis.labels) for axis in rows.axes), timeline.size)
    ticks, grid = gridded(ticks, timeline)
    if weights is None:
        ordered = reach is not None and reach.ordered
        bad, total = tally(
            ticks.values,
            grid,
            flags,
            valid=counted,
            rows=rows.of,
            height=rows.height,
            ordered=ordered,
            threads=threads,
        )
    else:
        bad, total = _weighed(ticks, grid, flags, weights_of(weights, weight_unit, size, counted), rows, timeline)
    observed = everywhere(shape)
    if max_gap is not None:
        # What is not valid counts nowhere, but it was heard; and so was what weighs nothing.
        heard = total
        if counted is not None or weights is not None:
            _, heard = tally(ticks.values, grid, flags, rows=rows.of, height=rows.height)
        gap = parse_duration(max_gap, "max_gap") // ticks.length
        observed = heard_throughout(ticks.values, grid, heard, rows.of, gap).reshape(shape)
        observed = everywhere(shape) if observed.all() else observed
    return cls._trusted(timeline, rows.axes, bad.reshape(shape), total.reshape(shape), observed, nowhere(shape))


def span(
    ticks: Ticks,
    reach: Extent | None,
    step: int,
    start: InstantLike | None,
    end: InstantLike | None,
    height: int = 1,
) -> Timeline:
    """Find the buckets that hold all events, or those that ``start`` and ``end`` ask for.

    Raises
    ------
    InvalidEvents
        If an event lies outside of what was asked for, or so far away that there would be more than 2**27 buckets.
    InvalidTimeline
        If ``end`` lies inside a bucket or before the start.
    """
    first = None if start is None else parse_instant(start, "start")
    stop = None if end is None else parse_instant(end, "end")
    phase = 0 if first is None else first % step
    grid = Timeline(phase, step, 0)
    if stop is not None and not grid.is_edge(stop):
        raise InvalidTimeline(
            f"end must lie on an edge of the buckets of {duration_text(step)}, got {instant_text(stop)}; "
            f"the nearest are {instant_text(grid.floor(stop))} and {instant_text(grid.ceil(stop))}"
        )
    if reach is not None:
        low, high = reach.low * ticks.length, reach.high * ticks.length
        if first is not None and low < first:
            _refuse_outside(ticks, ticks.values < -(-first // ticks.length), f"before start {instant_text(first)}")
        if stop is not None and high >= stop:
            _refuse_outside(ticks, ticks.values >= -(-stop // ticks.length), f"not before end {instant_text(stop)}")
        first = grid.floor(low) if first is None else first
        stop = grid.floor(high) + step if stop is None else stop
    else:
        first = (0 if stop is None else stop) if first is None else first
        stop = first if stop is None else stop
    if stop < first:
        raise InvalidTimeline(f"end must not lie before start, got {instant_text(first)} to {instant_text(stop)}")
    size = (stop - first) // step
    if size * height > MAX_BUCKETS:
        _refuse_size(ticks, reach, size, height, step)
    return Timeline(first, step, size)


def _refuse_outside(ticks: Ticks, outside: Mask, where: str) -> None:
    index = int(outside.argmax())
    more = int(outside.sum()) - 1
    raise InvalidEvents(
        f"timestamps must lie in [start, end): timestamps[{index}] = {_text(ticks, index)} lies {where}"
        + (f" (and {more:,} more)" if more else "")
    )


def _refuse_size(ticks: Ticks, reach: Extent | None, size: int, height: int, step: int) -> None:
    """Refuse a timeline too long to hold, naming the event that is farthest from the others."""
    buckets = f"{size:,} buckets of {duration_text(step)}" + (f" in each of {height:,} series" if height > 1 else "")
    hint = ""
    if reach is not None:
        # The median of a hundred thousand of them tells the crowd from the stray.
        middle = int(np.median(ticks.values[:: len(ticks.values) // 100_000 + 1]))
        extreme = reach.low if middle - reach.low > reach.high - middle else reach.high
        index = int((ticks.values == extreme).argmax())
        hint = (
            f"; timestamps[{index}] = {_text(ticks, index)} lies farthest from the middle of them, "
            f"{instant_text(middle * ticks.length)}: drop it, or check the unit"
        )
    raise InvalidEvents(
        f"timestamps must span at most {MAX_BUCKETS:,} buckets, got {buckets}{hint}; or take a longer step"
    )


def _text(ticks: Ticks, index: int) -> str:
    return instant_text(int(ticks.values[index]) * ticks.length)


def gridded(ticks: Ticks, timeline: Timeline) -> tuple[Ticks, Grid]:
    """Express the timeline in ticks, and the ticks in nanoseconds if the edges lie between them."""
    if timeline.start % ticks.length or timeline.step % ticks.length:
        ticks = ticks.as_nanoseconds()
    return ticks, Grid(timeline.start // ticks.length, timeline.step // ticks.length, timeline.size)


def _weighed(
    ticks: Ticks, grid: Grid, good: Mask, weights: Numbers, rows: Rows, timeline: Timeline
) -> tuple[Numbers, Numbers]:
    """Sum the weights of bad and of all events."""
    total, over = weigh(ticks.values, grid, weights, rows=rows.of, height=rows.height)
    shape = (*(len(axis.labels) for axis in rows.axes), timeline.size)
    refuse_overflow(over.reshape(shape), timeline, rows.axes, "adding up weights")
    bad, _ = weigh(ticks.values, grid, np.where(good, 0, weights), rows=rows.of, height=rows.height)
    return bad, total
