"""The buckets that a process remembers: a ring of counts, as long as the longest window needs.

Bucket numbers count from the epoch in steps. What is newer than the newest pushes the oldest out; what is older than
that is refused, and the caller counts it as dropped.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["MOST_EVENTS", "Coarse", "Laying", "Ring"]

Ints = npt.NDArray[np.int64]

MOST_EVENTS = 2**63
"""A bucket has fewer events than that."""


Laying = Literal["last", "best", "worst"]
"""Where the events of a coarse bucket are laid: all in its last step, or so that a window which begins inside of it
holds its good ones alone, or its bad ones alone."""


class Coarse(NamedTuple):
    """Buckets ``[start, stop)`` of which only sums over so many at a time are known."""

    start: int
    stop: int
    factor: int


class Ring:
    """Counts of the last ``size`` buckets.

    Parameters
    ----------
    size
        How many buckets are kept.
    first
        Number of the first bucket there is.
    """

    def __init__(self, size: int, first: int) -> None:
        self.size = size
        self.first = first
        self.newest = first
        self._good: Ints = np.zeros(size, dtype=np.int64)
        self._bad: Ints = np.zeros(size, dtype=np.int64)
        self._observed = np.zeros(size, dtype=np.bool_)
        self._observed[first % size] = True

    @property
    def oldest(self) -> int:
        """Number of the oldest bucket that is kept."""
        return max(self.first, self.oldest_possible)

    def advance(self, bucket: int, *, observed: bool) -> None:
        """Make a bucket the newest; those skipped were observed without traffic, or not at all.

        The cost is that of the skipped buckets, and never more than the ring's.
        """
        skipped = bucket - self.newest - 1
        if skipped >= self.size:
            self._good[:], self._bad[:], self._observed[:] = 0, 0, observed
        else:
            places = np.arange(self.newest + 1, bucket + 1) % self.size
            self._good[places] = self._bad[places] = 0
            self._observed[places] = observed
        self._observed[bucket % self.size] = True
        self.newest = bucket

    def add(self, bucket: int, good: int, bad: int) -> bool:
        """Add events to a bucket that is kept, or to one before the first there is; say whether it could be."""
        if bucket > self.newest or bucket <= self.newest - self.size:
            return False
        self.first = min(self.first, bucket)
        place = bucket % self.size
        self._good[place] += good
        self._bad[place] += bad
        self._observed[place] = True
        return True

    def fits(self, bucket: int, good: int, bad: int) -> bool:
        """Say whether a bucket can take so many more events: all of one are below 2**63."""
        place = bucket % self.size
        return int(self._good[place]) + int(self._bad[place]) + good + bad < MOST_EVENTS

    def set_observed(self, first: int, observed: npt.NDArray[np.bool_]) -> None:
        """Mark buckets from a number on as observed where they were, and be as old as that."""
        for bucket in range(max(first, self.newest - self.size + 1), min(first + len(observed), self.newest + 1)):
            self.first = min(self.first, bucket)
            self._observed[bucket % self.size] |= observed[bucket - first]

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return self._good.nbytes + self._bad.nbytes + self._observed.nbytes

    @property
    def oldest_possible(self) -> int:
        """Number of the oldest bucket there is room for."""
        return self.newest - self.size + 1

    def is_observed(self, bucket: int) -> bool | None:
        """Say whether a bucket was observed; None where there is no room for it."""
        return bool(self._observed[bucket % self.size]) if self.oldest_possible <= bucket <= self.newest else None

    def since(self, first: int) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
        """Return copies of good, bad and observed from a bucket on, in the order of time."""
        places = np.arange(first, self.newest + 1) % self.size
        return self._good[places], self._bad[places], self._observed[places]

    def arrays(self, _laying: Laying = "last") -> tuple[int, Ints, Ints, npt.NDArray[np.bool_]]:
        """Return the number of the oldest bucket, and copies of good, bad and observed in the order of time.

        Nothing is coarse here, so that however it is laid out it is the same.
        """
        return self.oldest, *self.since(self.oldest)
