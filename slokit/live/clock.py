"""Clocks: what a running service tells the time by, and one that tests set."""

from __future__ import annotations

import time

from slokit.timeline import DurationLike, InstantLike, parse_duration, parse_instant

__all__ = ["ManualClock", "SystemClock"]


class SystemClock:
    """The machine's clocks."""

    # Bound at once: a lookup less for each event that is recorded.
    now = staticmethod(time.time_ns)
    monotonic = staticmethod(time.monotonic_ns)


class ManualClock:
    """A clock that stands until it is told to go on.

    Parameters
    ----------
    start
        The instant that it shows first.

    Examples
    --------
    >>> clock = ManualClock("2026-01-01T00:00Z")
    >>> clock.advance("90s")
    >>> clock.now() == parse_instant("2026-01-01T00:01:30Z")
    True
    """

    def __init__(self, start: InstantLike) -> None:
        self._now = parse_instant(start, "start")
        self._monotonic = 0

    def now(self) -> int:
        """Return the instant shown, in nanoseconds."""
        return self._now

    def monotonic(self) -> int:
        """Return nanoseconds that only :meth:`advance` adds to."""
        return self._monotonic

    def advance(self, by: DurationLike) -> None:
        """Let time pass."""
        length = parse_duration(by, "by")
        self._now += length
        self._monotonic += length

    def step(self, to: InstantLike) -> None:
        """Set the clock, either way, as an administrator or a sleeping machine does: no time passes."""
        self._now = parse_instant(to, "to")
