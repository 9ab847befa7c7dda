"""The open bucket: two counters that many threads, signal handlers and finalizers may add to without a lock.

``next()`` on an :class:`itertools.count` is one call into C: nothing interrupts it halfway, and no increment is lost.
What it counted is found without parsing anything: a reader calls ``next()`` too, and takes away the readings so far. In
a trial thread-local cells took a fifth more time, a lock twice as much, and a queue that is merged later up to three
times.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import count

__all__ = ["ALONE", "Cell", "Counter"]

Counter = Callable[[], Iterator[int]]
"""What makes a counter: an iterator over 0, 1, 2 and so on, each given out once."""


class Cell:
    """A bucket that is being counted, ``[start, end)`` in nanoseconds.

    Whoever records holds a cell while it adds to it, and may be kept from finishing for any time; so a cell that is
    over is read again and again until nobody else can hold it.
    """

    __slots__ = ("_bad_seen", "_good_seen", "_reads", "bad", "end", "good", "start")

    def __init__(self, start: int, end: int, counter: Counter = count) -> None:
        self.start = start
        self.end = end
        self.good = counter()
        self.bad = counter()
        self._reads = 0
        self._good_seen = 0
        self._bad_seen = 0

    def news(self) -> tuple[int, int]:
        """Return good and bad events since the last reading; for one reader at a time."""
        good, bad = next(self.good) - self._reads, next(self.bad) - self._reads
        self._reads += 1
        found = good - self._good_seen, bad - self._bad_seen
        self._good_seen, self._bad_seen = good, bad
        return found


def _references_of_one() -> int:
    """Return how many references a cell has that only the function knows which took it from a list."""
    cells = [Cell(0, 1)]
    cell = cells.pop()
    return sys.getrefcount(cell)


ALONE = _references_of_one()
"""What ``sys.getrefcount`` says of such a cell; interpreters differ in how they count an argument."""
