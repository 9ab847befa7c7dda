"""Labelled incidents over buckets: when an alert may tell of one, and the parts of history that they are scored in.

What an alert says at the end of a bucket it says until the end of the next. So of an incident count the ends of all
buckets that it touches, and the bucket end before its start, whose verdict is in force when it begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

import attrs
import numpy as np
import numpy.typing as npt

from slokit._kernels.sweeps import Spans
from slokit.errors import InvalidNumber, OutOfTimeline, WrongType
from slokit.evaluation import Evaluation
from slokit.incidents import Incident
from slokit.rational import RationalLike, parse_rational
from slokit.timeline import InstantLike, parse_instant

__all__ = ["IncidentLike", "Part", "cut", "part_of", "read_incidents", "split_at"]

Ints = npt.NDArray[np.int64]

IncidentLike = Incident | tuple[InstantLike | int, InstantLike | int]
"""An incident, or its half-open span ``(start, end)`` alone."""


def read_incidents(incidents: Iterable[IncidentLike]) -> tuple[Incident, ...]:
    """Read incidents in the order of time.

    Raises
    ------
    WrongType
        If an entry is neither an incident nor a pair.
    InvalidInterval
        If one ends before it starts.
    """
    if isinstance(incidents, str | Incident) or not isinstance(incidents, Iterable):
        raise WrongType(
            f"incidents must be several incidents, got {type(incidents).__name__}: {incidents!r:.100}; "
            "write them in a list"
        )
    found = []
    for at, one in enumerate(incidents):
        if isinstance(one, Incident):
            found.append(one)
            continue
        if isinstance(one, str) or not isinstance(one, Iterable) or len(ends := tuple(one)) != 2:
            raise WrongType(f"incidents[{at}] must be an Incident or a pair (start, end), got {one!r:.100}")
        found.append(Incident(ends[0], ends[1]))
    return tuple(sorted(found, key=lambda one: (one.start, one.end)))


@attrs.frozen(kw_only=True, eq=False)
class Part:
    """A run of buckets, and the incidents that are scored in it.

    Parameters
    ----------
    first, stop
        The buckets ``[first, stop)``.
    incidents
        Those that begin in it, in the order of time.
    begins
        The bucket each of them begins in, counted from the first of the timeline: shape ``(i,)``.
    spans
        At whose ends an alert may tell of them, counted from the first of the part.
    known_until
        The first bucket behind each incident that nobody observed, or the end of the part: shape ``(i,)``, counted from
        the first of the part.
    observed
        How many buckets were observed.
    """

    first: int
    stop: int
    incidents: tuple[Incident, ...]
    begins: Ints
    spans: Spans
    known_until: Ints
    observed: int


def _reach(ev: Evaluation, incident: Incident, grace: int) -> tuple[int, int]:
    """Return the buckets ``[first, stop)`` at whose ends an alert may tell of an incident; they may lie outside."""
    timeline = ev.timeline
    first = timeline.edge_index(incident.start - grace) - 1
    # Rounded outward; one without length is in one bucket all the same.
    stop = max(timeline.edge_index(timeline.ceil(incident.end)), timeline.edge_index(incident.start) + 1)
    return first, stop


def cut(ev: Evaluation, incidents: tuple[Incident, ...], grace: int, first: int, stop: int) -> Part:
    """Return a part of history with its incidents.

    Incidents that begin before it or behind it are not to be found in it; an alarm during one is true all the same.
    """
    begins = [ev.timeline.edge_index(one.start) for one in incidents]
    inside = [at for at, bucket in enumerate(begins) if first <= bucket < stop]
    reaches = [_reach(ev, one, grace) for one in incidents]
    touched = np.zeros(stop - first, dtype=np.bool_)
    for begin, end in reaches:
        touched[max(begin - first, 0) : max(end - first, 0)] = True
    firsts = np.array([max(reaches[at][0], first) - first for at in inside], dtype=np.int64)
    stops = np.array([min(reaches[at][1], stop) - first for at in inside], dtype=np.int64)
    seen = ev._sums.observed.buckets()[first:stop] > 0
    holes = np.append(np.flatnonzero(~seen), stop - first)
    return Part(
        first=first,
        stop=stop,
        incidents=tuple(incidents[at] for at in inside),
        begins=np.array([begins[at] for at in inside], dtype=np.int64),
        spans=Spans(firsts, stops, np.flatnonzero(touched)),
        known_until=holes[np.searchsorted(holes, stops)],
        observed=int(np.count_nonzero(seen)),
    )


def part_of(
    ev: Evaluation, incidents: tuple[Incident, ...], grace: int, start: InstantLike | None, end: InstantLike | None
) -> Part:
    """Return the part of whole buckets that lie in ``[start, end)``.

    Raises
    ------
    OutOfTimeline
        If there is none.
    """
    timeline = ev.timeline
    first = 0 if start is None else max(timeline.edge_index(timeline.ceil(parse_instant(start, "start"))), 0)
    stop = timeline.size if end is None else min(timeline.edge_index(parse_instant(end, "end")), timeline.size)
    if first >= stop:
        raise OutOfTimeline(f"there is no whole bucket to score from {start or 'the start'} to {end or 'the end'}")
    return cut(ev, incidents, grace, first, stop)


def split_at(ev: Evaluation, incidents: tuple[Incident, ...], grace: int, holdout: RationalLike) -> int:
    """Return the bucket at which the held-out part begins.

    So large a share of the buckets at the end, and more where an incident would lie on both sides.

    Raises
    ------
    InvalidNumber
        If the share is not between 0 and 1, or nothing is left to choose by.
    """
    share = parse_rational(holdout, "holdout")
    if not 0 < share < 1:
        raise InvalidNumber(f'holdout must be a share between 0 and 1, such as 0.3 or "30%", got {holdout}')
    split = ev.timeline.size - ceil(share * ev.timeline.size)
    # In descending order of their starts: moving the split back may bring it into an earlier one.
    reaches = sorted((_reach(ev, one, grace) for one in incidents), reverse=True)
    moved = True
    while moved:
        moved = False
        for first, stop in reaches:
            if first < split < stop:
                split, moved = first, True
    if split <= 0:
        raise InvalidNumber(
            f"holdout must leave history to choose by, got {holdout}: no instant lies between incidents so that "
            "this share or more comes behind it; hold out less, or bring longer evidence"
        )
    return split
