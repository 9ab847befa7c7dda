"""Tiers: months of buckets in little memory, fine where they are young and coarse where they are old.

====  ==================  ===============  ==========================
tier  length of a bucket  buckets          of minutes that is
====  ==================  ===============  ==========================
0     1 step              400              6 hours and 40 minutes
1     10 steps            446              3 days and 2 hours
2     60 steps            as many as need  a little over the retention
====  ==================  ===============  ==========================

An event, a late one too, goes to its bucket of every tier. For each instant the finest tier answers that still
remembers it. Counts of steps are laid out from that: those of a coarse bucket lie in its last step, so that a window
which begins inside a coarse bucket holds all of it. Sums over such a window are those of the exact window that begins
at the bucket's start: less than one bucket of the tier earlier. Laid out the other two ways, with the bad events of a
coarse bucket last and the good ones first or the other way round, every window holds at least and at most as much bad
as the exact one: its floor and its ceiling.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from slokit.live.recording.ring import MOST_EVENTS, Coarse, Laying, Ring

__all__ = ["SHAPE", "TieredRing"]

SHAPE = ((1, 400), (10, 446), (60, None))
"""Length of a bucket of each tier, in steps (each divides the next), and how many there are; None: as many as need."""

Ints = npt.NDArray[np.int64]


class TieredRing:
    """Counts of the last ``size`` buckets, in tiers.

    It takes and gives what a :class:`~slokit.live.recording.ring.Ring` does.

    Parameters
    ----------
    size
        How many buckets are remembered.
    first
        Number of the first bucket there is.
    shape
        The tiers.

    Examples
    --------
    >>> minutes = TieredRing(43_201, first=29_453_760)
    >>> minutes.nbytes, Ring(43_201, first=29_453_760).nbytes
    (26673, 734417)
    """

    def __init__(self, size: int, first: int, shape: Sequence[tuple[int, int | None]] = SHAPE) -> None:
        self.size = size
        self.first = first
        (_, fine), *coarse = shape
        self._fine = Ring(size if fine is None else min(size, fine), first)
        self._coarse: list[_Coarse] = []
        reach = self._fine.size
        for factor, held in coarse:
            if size > reach:
                # Two more than the retention has: its ends need not be edges, and one bucket is running.
                enough = -(-size // factor) + 2
                self._coarse.append(_Coarse(factor, enough if held is None else min(held, enough), first))
                # The newest bucket may have only just begun: what the others hold is certain.
                reach = (self._coarse[-1].count - 1) * factor + 1

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return self._fine.nbytes + sum(tier.nbytes for tier in self._coarse)

    @property
    def newest(self) -> int:
        """Number of the newest bucket."""
        return self._fine.newest

    @property
    def oldest(self) -> int:
        """Number of the oldest bucket that is remembered: the first, or one that a coarse bucket begins with.

        Were it cut, what was in it before the cut would lie after it.
        """
        oldest = self.newest - self.size + 1
        factor = self._coarse[-1].factor if self._coarse else 1
        return max(self.first, oldest // factor * factor)

    def advance(self, bucket: int, *, observed: bool) -> None:
        """Make a bucket the newest; those skipped were observed without traffic, or not at all."""
        for tier in self._coarse:
            tier.advance(self.newest, bucket, observed=observed)
        self._fine.advance(bucket, observed=observed)

    def add(self, bucket: int, good: int, bad: int) -> bool:
        """Add events to a bucket that is remembered, or to one before the first there is; say whether it could be."""
        if bucket > self.newest or bucket <= self.newest - self.size:
            return False
        self.first = min(self.first, bucket)
        seen = self._fine.is_observed(bucket)
        self._fine.add(bucket, good, bad)
        for tier in self._coarse:
            tier.add(bucket, good, bad, seen=seen)
        return True

    def fits(self, bucket: int, good: int, bad: int) -> bool:
        """Say whether a bucket of every tier can take so many more events: all of one are below 2**63."""
        # The coarsest that there is holds what the finer ones do, and an old event is in no other.
        coarsest = self._coarse[-1] if self._coarse else self._fine
        return coarsest.fits(bucket, good, bad)

    def set_observed(self, first: int, observed: npt.NDArray[np.bool_]) -> None:
        """Mark buckets from a number on as observed where they were, and be as old as that."""
        start, end = max(first, self.newest - self.size + 1), min(first + len(observed), self.newest + 1)
        if start >= end:
            return
        self.first = min(self.first, start)
        marks = observed[start - first : end - first]
        edge = min(max(start, self._fine.oldest_possible), end)
        seen = np.array([bool(self._fine.is_observed(bucket)) for bucket in range(edge, end)], dtype=np.bool_)
        for tier in self._coarse:
            tier.set_observed(start, marks, edge, seen)
        self._fine.set_observed(edge, marks[edge - start :])

    def arrays(self, laying: Laying = "last") -> tuple[int, Ints, Ints, npt.NDArray[np.bool_], tuple[Coarse, ...]]:
        """Return the number of the oldest bucket, good, bad and observed in the order of time, and what is coarse."""
        oldest = self.oldest
        good, bad = np.zeros((2, self.newest + 1 - oldest), dtype=np.int64)
        observed = np.zeros(len(good), dtype=np.bool_)
        spans = []
        start = oldest
        # From the coarsest on: each answers up to the first edge from which on a finer one remembers all.
        known_froms = [self._fine.oldest_possible, *(tier.oldest_possible for tier in self._coarse)]
        for tier, known_from in reversed([*zip(self._coarse, known_froms, strict=False)]):
            stop = start if known_from <= start else -(-known_from // tier.factor) * tier.factor
            if start < stop:
                spans.append(Coarse(start, stop, tier.factor))
                tier.lay(spans[-1], oldest, laying, good, bad, observed)
            start = stop
        here = slice(start - oldest, None)
        good[here], bad[here], observed[here] = self._fine.since(start)
        return oldest, good, bad, observed, tuple(spans)


class _Coarse:
    """One coarse tier: counts of buckets of several steps, and how many of these were observed."""

    def __init__(self, factor: int, count: int, first: int) -> None:
        self.factor = factor
        self.count = count
        self.newest = first // factor
        self._good: Ints = np.zeros(count, dtype=np.int64)
        self._bad: Ints = np.zeros(count, dtype=np.int64)
        self._observed = np.zeros(count, dtype=np.uint8)
        self._observed[self.newest % count] = 1

    @property
    def nbytes(self) -> int:
        return self._good.nbytes + self._bad.nbytes + self._observed.nbytes

    @property
    def oldest_possible(self) -> int:
        """Number of the first step of the oldest bucket that is kept."""
        return (self.newest - self.count + 1) * self.factor

    def advance(self, newest: int, bucket: int, *, observed: bool) -> None:
        """Go on from one step to another."""
        before, self.newest = self.newest, bucket // self.factor
        fresh = np.arange(max(before + 1, self.newest - self.count + 1), self.newest + 1)
        self._good[fresh % self.count] = self._bad[fresh % self.count] = self._observed[fresh % self.count] = 0
        if observed and bucket > newest + 1:
            touched = np.arange(max((newest + 1) // self.factor, self.newest - self.count + 1), self.newest + 1)
            low, high = np.maximum(touched * self.factor, newest + 1), np.minimum((touched + 1) * self.factor, bucket)
            self._observed[touched % self.count] += np.maximum(high - low, 0).astype(np.uint8)
        self._observed[self.newest % self.count] += 1

    def add(self, bucket: int, good: int, bad: int, *, seen: bool | None) -> None:
        """Add events of a step; ``seen`` says whether it was observed before, None that nobody knows any more."""
        number = bucket // self.factor
        if number <= self.newest - self.count:
            return
        place = number % self.count
        self._good[place] += good
        self._bad[place] += bad
        # Of a step that nobody knows any more it may be one of those that were observed.
        self._observed[place] += seen is False

    def fits(self, bucket: int, good: int, bad: int) -> bool:
        """Say whether the bucket of a step can take so many more events."""
        place = bucket // self.factor % self.count
        return int(self._good[place]) + int(self._bad[place]) + good + bad < MOST_EVENTS

    def set_observed(self, start: int, marks: npt.NDArray[np.bool_], edge: int, seen: npt.NDArray[np.bool_]) -> None:
        """Count steps as observed: of those from ``edge`` on it is known whether they were ``seen``, of others not."""
        steps = start + np.flatnonzero(marks)
        known = steps >= edge
        fresh = steps[known][~seen[steps[known] - edge]]
        numbers, added = np.unique(fresh // self.factor, return_counts=True)
        kept = numbers > self.newest - self.count
        self._observed[numbers[kept] % self.count] += added[kept].astype(np.uint8)
        # Of older ones some may be the same: as many as either says were observed, and never fewer.
        numbers, told = np.unique(steps[~known] // self.factor, return_counts=True)
        kept = numbers > self.newest - self.count
        places = numbers[kept] % self.count
        self._observed[places] = np.maximum(self._observed[places], told[kept])

    def lay(
        self, span: Coarse, oldest: int, laying: Laying, good: Ints, bad: Ints, observed: npt.NDArray[np.bool_]
    ) -> None:
        """Lay out a span as steps, in arrays that begin with the step ``oldest``."""
        numbers = np.arange(span.start // self.factor, -(-span.stop // self.factor))
        places = numbers % self.count
        last = (numbers + 1) * self.factor - 1 - oldest
        first = np.maximum(numbers * self.factor, span.start) - oldest
        good[first if laying == "worst" else last] = self._good[places]
        bad[first if laying == "best" else last] = self._bad[places]
        # So many of its steps were observed; which is not known, and the last ones hold its events.
        lengths = last - first + 1
        count = np.minimum(self._observed[places], lengths)
        offsets = np.arange(self.factor)
        steps = last[:, np.newaxis] - offsets
        observed[steps[offsets < count[:, np.newaxis]]] = True
        observed[np.flatnonzero(good[: span.stop - oldest] | bad[: span.stop - oldest])] = True
