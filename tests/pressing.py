"""What presses on code that many may enter: a fast clock, eager switches, timers, and counters that give way."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any


class FastClock:
    """The machine's clock, a thousand times as fast: buckets of a second roll over every millisecond."""

    def __init__(self) -> None:
        self._began = time.time_ns()

    def now(self) -> int:
        """Return a fast instant."""
        return self._began + (time.time_ns() - self._began) * 1_000

    def monotonic(self) -> int:
        """Return the same: it never steps."""
        return self.now()


class Yielding:
    """The real counter, with a switch before and after it counts."""

    def __init__(self, start: int = 0) -> None:
        self._count = count(start)

    def __iter__(self) -> Yielding:
        return self

    def __next__(self) -> int:
        time.sleep(0)
        value = next(self._count)
        time.sleep(0)
        return value


class Unlocked:
    """A counter as one would write it in Python, with a switch where it hurts."""

    def __init__(self, start: int = 0) -> None:
        self._value = start

    def __iter__(self) -> Unlocked:
        return self

    def __next__(self) -> int:
        value = self._value
        time.sleep(0)
        self._value = value + 1
        return value


@contextmanager
def switching(interval: float) -> Iterator[None]:
    """Have threads switch as often as that."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(interval)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def interrupted(handler: Callable[[], Any], work: Callable[[int], Any]) -> tuple[int, int]:
    """Do some work again and again for half a second, interrupted every millisecond by a signal whose handler is told.

    Return how often the work was done, and how often it was interrupted.
    """
    handled = 0

    def handle(*_: Any) -> None:
        nonlocal handled
        handled += 1
        handler()

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        done = 0
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            done += 1
            work(done)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert handled > 50
    return done, handled
