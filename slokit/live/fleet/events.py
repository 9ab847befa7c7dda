"""Events of many labels at one instant, as they come to a fleet in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from slokit._arrays import array_of
from slokit._kernels.halves import exact_sum
from slokit.errors import InvalidCounts, WrongType
from slokit.live.recording.door import MOST_EVENTS

__all__ = ["MOST_TOGETHER", "Events", "Ints", "numbers"]

Ints = npt.NDArray[np.int64]

MOST_TOGETHER = 1_024
"""How many rows wait for the lock in one piece."""

_INT64 = 2**63


class Events(NamedTuple):
    """Events of one instant: rows, which may repeat, and how many were good and bad."""

    at: int
    rows: Ints
    good: Ints
    bad: Ints

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def many(self) -> int:
        """How many events."""
        return int(exact_sum(self.good)) + int(exact_sum(self.bad))

    def part(self, first: int) -> Events:
        """Return some of the rows, so few that each part holds little memory."""
        some = slice(first, first + MOST_TOGETHER)
        return Events(self.at, self.rows[some], self.good[some], self.bad[some])

    def each_row_once(self) -> Iterable[tuple[Ints, Ints, Ints]]:
        """Yield rows with their good and bad events, none twice in one piece, and no sum of a piece too large."""
        rows = np.unique(self.rows)
        if len(rows) == self.size:
            yield self.rows, self.good, self.bad
        elif self.many < _INT64:
            sums = np.zeros((2, len(rows)), dtype=np.int64)
            places = np.searchsorted(rows, self.rows)
            for total, counts in zip(sums, (self.good, self.bad), strict=True):
                np.add.at(total, places, counts)
            yield rows, sums[0], sums[1]
        else:
            for i in range(self.size):
                yield self.rows[i : i + 1], self.good[i : i + 1], self.bad[i : i + 1]


def numbers(field: str, values: int | npt.ArrayLike, size: int) -> Ints:
    """Read how many events there were of each of ``size`` labels: int64, a copy.

    Raises
    ------
    InvalidCounts
        If a number is negative, or 2**62 or more, or there are not as many as labels.
    WrongType
        If they are no integers.
    """
    array = array_of(values, field, "fill it with 0", InvalidCounts)
    if array.dtype.kind not in "iu" and array.size:
        raise WrongType(f"{field} must be integers, one a label or one for all, got dtype {array.dtype}")
    if array.ndim and array.shape != (size,):
        raise InvalidCounts(f"{field} must have one number for each of {size:,} labels, got shape {array.shape}")
    wrong = np.flatnonzero((array < 0) | (array > MOST_EVENTS))
    if wrong.size:
        index = f"[{wrong[0]}]" if array.ndim else ""
        raise InvalidCounts(f"{field} must be 0 or more and below 2**62, got {field}{index} = {array.flat[wrong[0]]}")
    # A copy: what waits for the lock must not change meanwhile.
    return np.array(np.broadcast_to(array, size), dtype=np.int64)
