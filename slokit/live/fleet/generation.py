"""Generations: what was recorded in one bucket, label by label, in counters that need no lock.

A label has a counter of its own for good and one for bad events, made at its first event: ``next()`` on an
:class:`itertools.count` is one call into C, so many threads, signal handlers and finalizers may add to it
(see :mod:`slokit.live.recording.cells`). A counter begins at its row's number in the upper bits: one pass over all
counters then gives the rows and the counts, without looking a single label up.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["MOST_ROWS", "Counter", "Generation"]

Ints = npt.NDArray[np.int64]

Counter = Any
"""What makes a counter: called with a number, an iterator over it and those that follow, each given out once."""

# Events of one label in one bucket: four million millions, two days of twenty million a second.
_BITS = 42
MOST_ROWS = 2**20
"""So many rows fit above the count, below 2**62."""


class Generation:
    """Counters of a bucket, ``[start, end)`` in nanoseconds.

    Whoever records holds a generation while it adds to it, and may be kept from finishing for any time; so one that is
    over is read again and again until nobody else can hold it.
    """

    __slots__ = ("_counter", "_seen", "bad", "bucket", "end", "good", "start")

    def __init__(self, bucket: int, step: int, counter: Counter = count) -> None:
        self.bucket = bucket
        self.start = bucket * step
        self.end = self.start + step
        self.good: dict[str, Iterator[int]] = {}
        self.bad: dict[str, Iterator[int]] = {}
        self._counter = counter
        nothing: Ints = np.zeros(0, dtype=np.int64)
        self._seen = [nothing, nothing]

    def count(self, label: str, row: int, *, good: bool) -> None:
        """Count one event of a label whose row is known."""
        counters = self.good if good else self.bad
        counter = counters.get(label)
        if counter is None:
            # Of several threads that make one, all get the same.
            counter = counters.setdefault(label, self._counter(row << _BITS))
        next(counter)

    def news(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Return rows and their good events since the last reading, then rows and bad events; for one reader a time."""
        return (*self._news(0, self.good), *self._news(1, self.bad))

    def _news(self, which: int, counters: dict[str, Iterator[int]]) -> tuple[Ints, Ints]:
        held = _values(counters)
        read = np.fromiter(map(next, held), dtype=np.int64, count=len(held))
        rows = read >> _BITS
        # Counters keep their order, and new ones come last.
        seen, fresh = self._seen[which], len(self._seen[which])
        found = np.concatenate([read[:fresh] - seen, read[fresh:] - (rows[fresh:] << _BITS)])
        # Reading took a number out.
        self._seen[which] = read + 1
        return rows, found


def _values(counters: dict[str, Iterator[int]]) -> list[Iterator[int]]:
    while True:
        try:
            return list(counters.values())
        except RuntimeError:  # another thread made one meanwhile, where no lock of the interpreter keeps it out
            continue
