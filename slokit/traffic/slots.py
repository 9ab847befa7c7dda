"""Slots: the hours of a week, as a local clock shows them.

A bucket belongs to the slot in which its middle lies, so that a grid that is shifted against the local hours by some
minutes (India lies half an hour beside UTC) finds the same slot every week. An hour that the clock shows twice is two
hours of one slot; one that it skips is none.
"""

from __future__ import annotations

from datetime import tzinfo

import numpy as np
import numpy.typing as npt

from slokit.calendars import local_clock
from slokit.errors import InvalidTimeline
from slokit.timeline import Timeline, duration_text

__all__ = ["HOUR", "WEEK", "buckets_a_slot", "local_time", "slot_length", "slots_of"]

_SECOND = 1_000_000_000
HOUR = 3_600 * _SECOND
_DAY = 24 * HOUR
WEEK = 7 * _DAY
# 1970-01-01 was a Thursday: the local week that holds it began three days before.
_SINCE_MONDAY = 3 * _DAY


def slot_length(step: int) -> int:
    """Return how long the slots are that buckets of a step can be summed into, nanoseconds: an hour, or the step.

    Raises
    ------
    InvalidTimeline
        If the step neither divides an hour nor is a whole number of hours that divides a day; names one that fits.
    """
    if HOUR % step == 0:
        return HOUR
    if step % HOUR == 0 and _DAY % step == 0:
        return step
    fits = next((hours for hours in (1, 2, 3, 4, 6, 8, 12, 24) if hours * HOUR % step == 0), None)
    raise InvalidTimeline(
        "traffic by the hour needs a step that divides an hour, or of 1, 2, 3, 4, 6, 8, 12 or 24 hours, "
        f"got {duration_text(step)}; "
        + (f'try counts.resample("{duration_text(fits * HOUR)}")' if fits else 'count in another, such as "5m"')
    )


def buckets_a_slot(step: int, slot: int) -> int:
    """Return how many buckets make a slot.

    Raises
    ------
    InvalidTimeline
        If that is no whole number.
    """
    if slot % step:
        raise InvalidTimeline(
            f"what is usual was learnt by slots of {duration_text(slot)}, which buckets of {duration_text(step)} do "
            "not fill; judge counts whose step divides it, or learn from counts of the longer step"
        )
    return slot // step


def slots_of(
    timeline: Timeline, slot: int, tz: tzinfo
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the slot of each bucket, and where the buckets of one slot after the other begin.

    Parameters
    ----------
    timeline
        The buckets, of at most ``slot`` each.
    slot
        Length of a slot, nanoseconds: a divisor of a day.
    tz
        The zone whose clock counts.

    Returns
    -------
    slots : ndarray of int64, shape (size,)
        0 is the first slot of Monday.
    firsts : ndarray of int64, shape (k,)
        Number of the first bucket of each run of buckets that one hour on the clock holds.
    lengths : ndarray of int64, shape (k,)
        How many buckets each run has: fewer than fill a slot at the ends, and where the clock was changed inside.

    Examples
    --------
    >>> from slokit.calendars import zone
    >>> quarters = Timeline.of("2026-01-04T22:30Z", "15m", 8)  # Sunday 23:30 in Berlin
    >>> [part.tolist() for part in slots_of(quarters, HOUR, zone("Europe/Berlin"))]
    [[167, 167, 0, 0, 0, 0, 1, 1], [0, 2, 6], [2, 4, 2]]
    """
    middles = timeline.start + timeline.step // 2 + np.arange(timeline.size, dtype=np.int64) * timeline.step
    ahead = _ahead(middles, tz)
    hours = (middles + ahead + _SINCE_MONDAY) // slot
    if timeline.step == slot or not timeline.size:
        firsts = np.arange(timeline.size, dtype=np.int64)
    else:
        turns = (np.diff(hours) != 0) | (np.diff(ahead) != 0)
        firsts = np.concatenate([[0], np.flatnonzero(turns) + 1])
    lengths = np.diff(firsts, append=timeline.size)
    return hours % (WEEK // slot), firsts, lengths


def local_time(instant: int, tz: tzinfo) -> int:
    """Return how far into the local week an instant lies, nanoseconds since Monday 00:00.

    Examples
    --------
    >>> from slokit.calendars import zone
    >>> local_time(0, zone("UTC")) == 3 * 24 * HOUR
    True
    """
    return (instant + _offset(instant, tz) + _SINCE_MONDAY) % WEEK


def _offset(instant: int, tz: tzinfo) -> int:
    """Return how far the local clock is ahead of UTC, nanoseconds."""
    second = instant // _SECOND
    shown = np.datetime64(local_clock(second * _SECOND, tz), "s").astype(np.int64)
    return (int(shown) - second) * _SECOND


def _ahead(instants: npt.NDArray[np.int64], tz: tzinfo) -> npt.NDArray[np.int64]:
    """Return the offset at each of some rising instants: the clock is looked at once an hour, a change is searched."""
    if not instants.size:
        return instants
    looks = list(range(int(instants[0]) // HOUR, int(instants[-1]) // HOUR + 2))
    offsets = [_offset(hour * HOUR, tz) for hour in looks]
    edges, shown = [], [offsets[0]]
    for hour, before, behind in zip(looks[1:], offsets, offsets[1:], strict=False):
        if before == behind:
            continue
        low, high = (hour - 1) * HOUR // _SECOND, hour * HOUR // _SECOND
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if _offset(middle * _SECOND, tz) == behind else (middle, high)
        edges.append(high * _SECOND)
        shown.append(behind)
    return np.array(shown, np.int64)[np.searchsorted(np.array(edges, np.int64), instants, side="right")]
