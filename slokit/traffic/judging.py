"""The hour that ends with each bucket of one series, held against what is usual."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit.traffic.learning import improbable, quiet

__all__ = ["Hours", "line_at"]


@attrs.frozen(eq=False)
class Hours:
    """One series, bucket by bucket.

    Parameters
    ----------
    totals
        Events up to each bucket, from 0: shape ``(size + 1,)``.
    doubled
        Twice the events expected up to each bucket, times ``fill``, likewise.
    observed
        Observed buckets up to each, likewise.
    last
        Number of the bucket after the last event up to each bucket, 0 without any, shape ``(size,)``.
    fill
        How many buckets make an hour.
    line, limit
        Share of what is expected that is suspicious, and the probability beyond which chance is no reason.
    """

    totals: npt.NDArray[Any]
    doubled: npt.NDArray[Any]
    observed: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    fill: int
    line: Fraction
    limit: Fraction

    @classmethod
    def of(
        cls,
        total: npt.NDArray[np.int64],
        observed: npt.NDArray[np.bool_],
        expected: npt.NDArray[Any],
        *,
        fill: int,
        line: Fraction,
        limit: Fraction,
    ) -> Hours:
        """Sum up; ``expected`` is twice the usual total of the slot of each bucket, 0 where it is excluded."""
        size = len(total)
        after = np.where(total > 0, np.arange(1, size + 1), 0)
        return cls(
            totals=_running(total),
            doubled=_running(expected),
            observed=_running(observed.astype(np.int64)),
            last=np.maximum.accumulate(after) if size else after,
            fill=fill,
            line=line,
            limit=limit,
        )

    def suspicious(self) -> npt.NDArray[np.bool_]:
        """Say at the end of each bucket whether too little came, shape ``(size,)``; False before a whole hour."""
        size, fill = len(self.last), self.fill
        found = np.zeros(size, np.bool_)
        if fill > size:
            return found
        events = self.totals[fill:] - self.totals[:-fill]
        doubled = self.doubled[fill:] - self.doubled[:-fill]
        scale = 2.0 * fill
        came, usual = events.astype(np.float64), doubled.astype(np.float64) / scale
        line = usual * float(self.line)
        few = improbable(came, usual, self.limit)
        low = few & (came < line)
        # Floats within their error of the line say nothing; integers do.
        for at in np.flatnonzero(few & (np.abs(came - line) <= 1e-12 * line)).tolist():
            low[at] = 2 * fill * int(events[at]) < self.line * int(doubled[at])
        since = self.doubled[fill:] - self.doubled[self.last[fill - 1 :]]
        # Where nothing is expected of the hour itself nothing is stated, however long it has been silent.
        silent = (events == 0) & (usual > 0) & (since.astype(np.float64) / scale > quiet(self.limit))
        found[fill - 1 :] = low | silent
        return found

    def first(self, bucket: int) -> int:
        """Return the first bucket of the hour that ends with a bucket or, without an event in it, of the silence."""
        start = bucket + 1 - self.fill
        return int(min(start, self.last[bucket]))

    def spells(self) -> Iterator[tuple[int, int]]:
        """Yield what is quiet of each stretch of suspicious hours, as first bucket and one past the last.

        The first suspicious hour began before traffic fell, and the last ends after it rose: so from both ends of a
        stretch buckets are left out that brought the line's share of what is usual in them, or more.
        """
        came, usual = np.diff(self.totals), np.diff(self.doubled)
        for first, stop in self._stretches():
            floor = usual[first:stop].astype(np.float64) * float(self.line) / (2 * self.fill)
            low = first + np.flatnonzero(came[first:stop].astype(np.float64) < floor)
            yield (int(low[0]), int(low[-1]) + 1) if low.size else (first, stop)

    def _stretches(self) -> Iterator[tuple[int, int]]:
        held: tuple[int, int] | None = None
        for bucket in np.flatnonzero(self.suspicious()).tolist():
            first = self.first(bucket)
            if held is not None and first <= held[1]:
                held = held[0], bucket + 1
                continue
            if held is not None:
                yield held
            held = first, bucket + 1
        if held is not None:
            yield held

    def events(self, first: int, stop: int) -> int:
        """Return how many events some buckets hold."""
        return int(self.totals[stop] - self.totals[first])

    def expected(self, first: int, stop: int) -> Fraction:
        """Return how many are usual."""
        return Fraction(int(self.doubled[stop] - self.doubled[first]), 2 * self.fill)

    def coverage(self, first: int, stop: int) -> float:
        """Return which share of some buckets was observed."""
        return float(Fraction(int(self.observed[stop] - self.observed[first]), stop - first))


def line_at(expected: Fraction, line: Fraction, limit: Fraction) -> int:
    """Return how many events an hour must have not to be suspicious.

    Examples
    --------
    >>> line_at(Fraction(1200), Fraction(31, 120), Fraction(1, 1000))
    310
    >>> (
    ...     line_at(Fraction(20), Fraction(1, 2), Fraction(1, 1000)),
    ...     line_at(Fraction(5), Fraction(1, 2), Fraction(1, 1000)),
    ... )
    (6, 0)
    """
    mean = float(expected)
    if not mean > quiet(limit):
        return 0
    # The least number of events that chance explains: none is too few, what is expected is not.
    low, high = 0, math.ceil(mean)
    while high - low > 1:
        middle = (low + high) // 2
        if improbable(np.array([middle], np.float64), np.array([mean]), limit)[0]:
            low = middle
        else:
            high = middle
    return min(high, math.ceil(expected * line))


def _running(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return sums from the start, beginning with 0: in int64 where they fit, else in Python's integers."""
    fits = values.dtype == np.int64 and int(values.max(initial=0)) * len(values) < 2**63
    sums = np.zeros(len(values) + 1, np.int64 if fits else object)
    np.cumsum(values, dtype=sums.dtype, out=sums[1:])
    return sums
