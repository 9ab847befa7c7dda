"""What recorders take in bulk: how many events, and when they may have happened."""

from __future__ import annotations

from slokit.errors import InvalidCounts, OutOfTimeline
from slokit.rational import parse_integer

__all__ = ["MOST_EVENTS", "event_count", "misplaced"]

MOST_EVENTS = 2**62 - 1
"""How many events are taken at once: good and bad of one bucket then fit 64 bits."""

# The first instant that no mix-up of units reaches: 2000 in seconds, as nanoseconds of 2000 are.
_EARLIEST = 946_684_800 * 10**9


def event_count(number: int, field: str) -> int:
    """Read how many events there were.

    Raises
    ------
    InvalidCounts
        If it is negative, or 2**62 or more.
    WrongType
        If it is no integer.
    """
    return parse_integer(number, field, 0, MOST_EVENTS, InvalidCounts)


def misplaced(at: int, now: int, future: int) -> tuple[str, OutOfTimeline] | None:
    """Return the reason for a drop, and its error, where no event can have happened at an instant; else None.

    Parameters
    ----------
    at, now
        The instant, and that of the clock, in nanoseconds since the epoch.
    future
        How far beyond the clock it may lie.
    """
    if _EARLIEST <= at <= now + future:
        return None
    error = OutOfTimeline(f"at must lie from 2000 to an hour ahead of the clock, got {at} ns, at {now} ns")
    return "future" if at > now else "ancient", error
