"""Evidence of several parts brought to one grid of buckets, with a record of what was done to it.

Only what loses nothing is done: buckets are summed into wider ones, and spans that only some parts cover are cut. The
widest bucket sets the step, and its edges are the edges. Buckets that no sum can bring there are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import gcd, lcm
from typing import Any

import attrs
import numpy as np

from slokit._display import Shown, clean, plural
from slokit.composition.nodes import Part
from slokit.composition.walks import unknown_part
from slokit.counts import Counts
from slokit.errors import InvalidCounts, InvalidSystem, InvalidTimeline, WrongType
from slokit.timeline import DurationLike, Timeline, duration_text, instant_text, parse_duration

__all__ = ["FRONT", "REQUESTS", "Alignment", "align", "check_evidence"]

# Evidence that is no part's. No part is called so: control characters are nobody's name.
FRONT = "\0front"
REQUESTS = "\0requests"

_SHOWN = 20


@attrs.frozen(kw_only=True, repr=False)
class Alignment(Shown):
    """How the evidence of parts was brought together.

    Parameters
    ----------
    timeline
        The buckets that all were brought to.
    given
        Pairs of a name and the buckets that its evidence came in.

    Examples
    --------
    >>> from slokit.timeline import Timeline
    >>> web, db = Timeline.of("2026-01-01T00:00Z", "1m", 60), Timeline.of("2026-01-01T00:00Z", "5m", 6)
    >>> Alignment(timeline=db, given=(("web", web), ("db", db)))
    6 buckets of 5m from 2026-01-01T00:00:00Z
    web: buckets of 1m summed, 30m cut behind
    """

    timeline: Timeline
    given: tuple[tuple[str, Timeline], ...]

    @property
    def changes(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a name and what was done to its evidence, for those to which anything was."""
        return tuple((name, said) for name, given in self.given if (said := ", ".join(self._done(given))))

    def _done(self, given: Timeline) -> Iterator[str]:
        whole = self.timeline
        if given.step != whole.step:
            yield f"buckets of {duration_text(given.step)} summed"
        # Wide buckets may begin before the data and end behind them: that cuts nothing.
        for length, where in ((whole.start - given.start, "before"), (given.end - whole.end, "behind")):
            if length > 0:
                yield f"{duration_text(length)} cut {where}"
        if given.start - whole.start >= whole.step or whole.end - given.end >= whole.step:
            yield "does not cover all of it"

    def __repr__(self) -> str:
        return "\n".join([self._head(), *(f"{clean(name, 40)}: {said}" for name, said in self.changes[:_SHOWN])])

    def _head(self) -> str:
        span = self.timeline
        return f"{plural(span.size, 'bucket')} of {duration_text(span.step)} from {instant_text(span.start)}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "buckets", self._head()
        yield from ((clean(name), said) for name, said in self.changes[:_SHOWN])


def check_evidence(given: Any, known: Mapping[str, Part], wanted: Iterable[str]) -> dict[str, Counts]:
    """Return the evidence by name, of parts that are known and of all that are wanted, with the same axes.

    Raises
    ------
    WrongType
        If it is no mapping, or holds anything but counts.
    UnknownLabel
        If a name is no part.
    InvalidSystem
        If a part that is wanted has none.
    InvalidCounts
        If axes differ.
    """
    if not isinstance(given, Mapping):
        raise WrongType(
            f'counts must map names of parts to their counts, such as {{"web": counts}}, got {type(given).__name__}'
        )
    for name, counts in given.items():
        if name not in known:
            raise unknown_part("counts", name, known)
        if not isinstance(counts, Counts):
            raise WrongType(f"counts[{name!r:.64}] must be Counts, got {type(counts).__name__}: {counts!r:.100}")
    for name in wanted:
        if name not in given:
            raise InvalidSystem(f"counts[{name!r:.64}] is missing; without its evidence nothing can be measured")
    _check_axes(given)
    return dict(given)


def _check_axes(given: Mapping[str, Counts]) -> None:
    (first, counts), *others = given.items()
    for name, other in others:
        if other.axes != counts.axes:
            raise InvalidCounts(
                f"{_field(name)} must have the axes and labels of {_field(first)}, got {other.labels!r:.100} and "
                f"{counts.labels!r:.100}; sel() or sum() them to what they share"
            )


def _field(name: str) -> str:
    """Return what the caller knows some evidence by."""
    return name[1:] if name in {FRONT, REQUESTS} else f"counts[{name!r:.64}]"


def align(
    given: Mapping[str, Counts], *, step: DurationLike | None, covering: Iterable[str]
) -> tuple[dict[str, Counts], Alignment]:
    """Bring evidence to one grid of buckets, over the span that some of it covers together.

    Parameters
    ----------
    given
        Evidence by name, at least one.
    step
        Length of a bucket; by default that of the widest.
    covering
        Names of those whose common span is kept; the others are cut to it, and unobserved where they have nothing.

    Raises
    ------
    InvalidTimeline
        If buckets do not fit into wider ones, or nothing is covered by all.
    InvalidCounts
        If axes differ.
    """
    _check_axes(given)
    widest = max(counts.timeline.step for counts in given.values())
    length = widest if step is None else parse_duration(step, "step")
    phase = _common_phase(given, length)
    wide = {name: _widened(counts, length, phase) for name, counts in given.items()}
    spans = {name: wide[name].timeline for name in covering}
    latest, earliest = (max(spans, key=lambda n: spans[n].start), min(spans, key=lambda n: spans[n].end))
    start, end = spans[latest].start, spans[earliest].end
    if end <= start:
        raise InvalidTimeline(
            f"counts must share a span of time: {_field(earliest)} end at {instant_text(end)}, and "
            f"{_field(latest)} start at {instant_text(start)}"
        )
    timeline = Timeline(start, length, (end - start) // length)
    fitted = {name: _fitted(counts, start, end) for name, counts in wide.items()}
    shown = tuple((name.removeprefix("\0"), counts.timeline) for name, counts in given.items())
    return fitted, Alignment(timeline=timeline, given=shown)


def _common_phase(given: Mapping[str, Counts], step: int) -> int:
    """Return an instant that is an edge of all evidence, from which buckets of ``step`` can be counted.

    Edges of one lie at ``phase + k * length``. Those that two have in common are found by the Chinese remainder
    theorem, and lie so far apart as the least common multiple of both lengths.
    """
    first = next(iter(given))
    phase, length = 0, 1
    for name, counts in given.items():
        own = counts.timeline
        if step % own.step:
            fits = lcm(*(other.timeline.step for other in given.values()))
            raise InvalidTimeline(
                f"{_field(name)} has buckets of {duration_text(own.step)}, which do not fit into "
                f"{duration_text(step)}; step={duration_text(fits)!r} fits all parts"
            )
        shared = gcd(length, own.step)
        apart, rest = divmod(own.phase - phase, shared)
        if rest:
            raise InvalidTimeline(
                f"{_field(name)} has buckets whose starts do not fit those before it: {instant_text(own.start)} and "
                f"{_field(first)} from {instant_text(given[first].timeline.start)} have no edge in common by steps of "
                f"{duration_text(own.step)}; count the events again with starts on one grid"
            )
        width = own.step // shared
        phase += length * (apart * pow(length // shared, -1, width) % width)
        length = lcm(length, own.step)
    return phase


def _widened(counts: Counts, step: int, phase: int) -> Counts:
    """Sum buckets into those of ``step`` whose edges lie at ``phase + k * step``."""
    own = counts.timeline
    if step == own.step:
        return counts
    # resample() lays edges from the counts' own phase, so the time axis is moved there and back.
    shift = phase - own.phase
    return _moved(_moved(counts, -shift).resample(np.timedelta64(step, "ns")), shift)


def _moved(counts: Counts, by: int) -> Counts:
    timeline = attrs.evolve(counts.timeline, start=counts.timeline.start + by)
    return Counts._trusted(timeline, counts.axes, counts.bad, counts.total, counts.observed, counts.excluded)


def _fitted(counts: Counts, start: int, end: int) -> Counts:
    """Cut counts to a span, and stretch them where they do not cover it."""
    ends = np.datetime64(start, "ns"), np.datetime64(end, "ns")
    # Cut first, so that what is stretched is short; again, where all of it lay outside.
    return counts.between(*ends).extend(since=ends[0], until=ends[1]).between(*ends)
