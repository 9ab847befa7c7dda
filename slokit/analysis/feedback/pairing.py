"""An evaluation and complaints laid over the same buckets.

Their buckets seldom fit: an indicator has minutes, ratings have days. Both are added up over common buckets, whose
edges are those of the coarser of the two, over the time that they share; what would fill a common bucket only in part
is left out. Sums are exact, so a bucket of the result is what anybody would count by hand.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import attrs
import numpy as np
import numpy.typing as npt

from slokit._kernels.halves import exact_sum
from slokit.counts import Counts
from slokit.errors import InvalidCounts, InvalidTimeline, OutOfTimeline, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.timeline import DurationLike, Timeline, duration_text, instant_text, parse_duration

__all__ = ["Pair", "Per", "pair"]

Per = Literal["contact", "event", "bucket"]
"""What complaints are counted against: all contacts of the bucket (the total of the complaints' counts), the service's
own events in it, or nothing, as many as there were."""

Exact = npt.NDArray[Any]
"""int64, or Python integers in an object array where int64 might not hold them; shape ``(n,)``."""
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_HOUR = 3_600_000_000_000


@attrs.frozen(eq=False)
class Pair:
    """What both say in the same buckets; all arrays have shape ``(n,)``.

    Parameters
    ----------
    timeline
        The common buckets.
    bad, total
        The service's events.
    seen
        Where the service was observed, at least in part.
    complaints, contacts
        What customers said; contacts by what ``per`` counts them against.
    heard
        Where customers could be heard: the counts of complaints were observed, at least in part.
    """

    timeline: Timeline
    bad: Exact
    total: Exact
    seen: Mask
    complaints: Exact
    contacts: Exact
    heard: Mask

    @property
    def bad_share(self) -> Floats:
        """Share of bad events, NaN where the service had none."""
        return _ratio(self.bad, self.total, self.seen)

    @property
    def complaint_rate(self) -> Floats:
        """Complaints over what they are counted against, NaN where there was nothing."""
        return _ratio(self.complaints, self.contacts, self.heard)


def _ratio(part: Exact, whole: Exact, known: Mask) -> Floats:
    some = known & np.asarray(whole > 0, dtype=np.bool_)
    out = np.full(len(part), np.nan)
    out[some] = part[some].astype(np.float64) / whole[some].astype(np.float64)
    return out


def pair(ev: Evaluation, complaints: Counts, step: DurationLike | None, per: Per) -> Pair:
    """Lay an evaluation and complaints over common buckets.

    Parameters
    ----------
    ev, complaints
        Of one series each.
    step
        Length of the common buckets, a multiple of both steps; by default the longer one, or an hour if that is longer
        and both fit it.
    per
        See :data:`Per`.

    Raises
    ------
    WrongType
        If one of them is of several series, or of another type.
    InvalidTimeline
        If the step does not fit, or the edges of the coarser buckets are no edges of the finer ones.
    OutOfTimeline
        If they share no whole common bucket.
    InvalidCounts
        If complaints are to be counted against contacts and all contacts are complaints.
    """
    one_series(ev)
    if not isinstance(complaints, Counts):
        raise WrongType(f"complaints must be Counts, got {type(complaints).__name__}: {complaints!r:.100}")
    if complaints.axes:
        raise WrongType("complaints must be of one series; pick one with sel() or an index, or sum them")
    if per not in get_args(Per):
        raise WrongType(f"per must be one of {', '.join(map(repr, get_args(Per)))}, got {per!r:.60}")
    if per == "contact" and complaints.bad.any() and np.array_equal(complaints.bad, complaints.total):
        raise InvalidCounts(
            "complaints must say how many contacts there were, and every contact is a complaint here; count them "
            'against the service\'s events with per="event", or as they are with per="bucket"'
        )
    common = _common(ev.timeline, complaints.timeline, step)
    sums = ev._sums
    observed = np.broadcast_to(sums.observed.buckets(), ev.excluded.shape) > 0
    bad, total = (_gathered(held.buckets(), ev.timeline, common) for held in (sums.bad, sums.total))
    said, contacts = (_gathered(held, complaints.timeline, common) for held in (complaints.bad, complaints.total))
    seen = _gathered((observed & ~ev.excluded).astype(np.int64), ev.timeline, common) > 0
    heard = _gathered((complaints.observed & ~complaints.excluded).astype(np.int64), complaints.timeline, common) > 0
    whole = {"contact": contacts, "event": total, "bucket": np.ones(common.size, dtype=np.int64)}[per]
    # What stands in for a missing bucket is evidence as the objective has it.
    seen = np.asarray(seen | (total > 0), dtype=np.bool_)
    return Pair(common, bad, total, seen, said, whole, np.asarray(heard, dtype=np.bool_))


def _common(mine: Timeline, theirs: Timeline, step: DurationLike | None) -> Timeline:
    """Return the common buckets."""
    coarse, fine = (mine, theirs) if mine.step >= theirs.step else (theirs, mine)
    if step is None:
        hourly = coarse.step < _HOUR and not (_HOUR % coarse.step or _HOUR % fine.step)
        length = _HOUR if hourly else coarse.step
    else:
        length = parse_duration(step, "step")
    for what, line in (("the evaluation's", mine), ("the complaints'", theirs)):
        if length % line.step:
            raise InvalidTimeline(
                f"step must be a multiple of {what} buckets of {duration_text(line.step)}, got {duration_text(length)}"
            )
    if (coarse.start - fine.start) % fine.step:
        raise InvalidTimeline(
            f"the buckets of {duration_text(coarse.step)} must begin where one of {duration_text(fine.step)} does, got "
            f"edges at {instant_text(coarse.start)} and {instant_text(fine.start)}"
        )
    # Whole steps of the coarser phase; hours and days on the epoch's where the phase allows it.
    phase = coarse.phase
    begin = max(mine.start, theirs.start)
    first = begin + (phase - begin) % length
    size = (min(mine.end, theirs.end) - first) // length
    if size < 1:
        raise OutOfTimeline(
            f"the evaluation and the complaints must share a whole bucket of {duration_text(length)}, got "
            f"{instant_text(mine.start)} to {instant_text(mine.end)} and {instant_text(theirs.start)} to "
            f"{instant_text(theirs.end)}"
        )
    return Timeline(first, length, size)


def _gathered(values: npt.NDArray[np.int64], timeline: Timeline, common: Timeline) -> Exact:
    """Add up buckets over the common ones."""
    first = timeline.edge_index(common.start)
    width = common.step // timeline.step
    held = np.asarray(values[first : first + width * common.size]).reshape(common.size, width)
    return np.asarray(exact_sum(held, axis=1))
