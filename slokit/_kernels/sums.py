"""Prefix sums: any window's sum as the difference of two cells, exact even where the prefix sums have wrapped.

A prefix sum of int64 counts may pass 2**63 and wrap, and nothing in the array shows it: eight buckets of
2**62 sum to zero. What is kept beside the array are therefore bounds that were never computed from it: the
largest bucket, and the largest sum of a whole row, from halves that cannot wrap. A window's difference stays
right across any number of wraps as long as the true sum fits int64; where even that may fail, the sums are
taken in limbs (see :mod:`slokit._kernels.wide`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit._kernels import wide
from slokit._kernels.halves import exact_sum
from slokit._kernels.wide import Wide

__all__ = ["PrefixSums", "Window", "at_start", "width_bound"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

Window = int | IntArray
"""Buckets a rolling window holds, or for each bucket the index of the first bucket of its window, shape ``(n,)``."""

Cells = tuple[npt.NDArray[np.intp], ...]
"""Index arrays of some cells, as ``np.nonzero`` gives them."""

_INT64 = 2**63
_EXACT_FLOAT = 2**53


@dataclass(frozen=True, slots=True, eq=False)
class PrefixSums:
    """Running sums of non-negative counts along time.

    Attributes
    ----------
    values
        int64, shape ``(..., n + 1)``; ``values[..., 0]`` is 0. May have wrapped.
    largest
        No bucket is larger, a Python integer.
    row_bound
        No row sums to more, a Python integer that never wrapped.
    """

    values: IntArray
    largest: int
    row_bound: int

    def __post_init__(self) -> None:
        self.values.setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickling an array forgets that it is read-only; making the sums anew remembers.
        return type(self), (self.values, self.largest, self.row_bound)

    @classmethod
    def of(cls, counts: IntArray) -> PrefixSums:
        """Sum non-negative counts, int64, shape ``(..., n)``."""
        size = counts.shape[-1]
        values = np.empty((*counts.shape[:-1], size + 1), dtype=np.int64)
        values[..., 0] = 0
        np.cumsum(counts, axis=-1, out=values[..., 1:])
        largest = int(counts.max(initial=0))
        if largest * size < _INT64:
            row_bound = int(values[..., -1].max(initial=0))
        else:
            row_bound = max((int(v) for v in np.asarray(exact_sum(counts, axis=-1)).flat), default=0)
        return cls(values, largest, row_bound)

    @property
    def size(self) -> int:
        """Number of buckets, n."""
        return int(self.values.shape[-1]) - 1

    def bound(self, window: Window) -> int:
        """Return a number that no window's sum exceeds."""
        width = width_bound((window,), self.size)
        return min(self.largest * width, self.row_bound)

    def minus(self, part: PrefixSums) -> PrefixSums:
        """Return the sums of the difference, where each bucket of ``part`` is at most its own."""
        # Wrapping cancels: the difference of wrapped sums is the wrapped sum of differences.
        values = self.values - part.values
        return PrefixSums(values, self.largest, self.row_bound)

    def flat(self) -> PrefixSums:
        """Return the same rows along one leading axis."""
        return PrefixSums(self.values.reshape(-1, self.values.shape[-1]), self.largest, self.row_bound)

    def rows(self, index: Any) -> PrefixSums:
        """Return some rows of leading axes; the bounds stay bounds."""
        return PrefixSums(self.values[index], self.largest, self.row_bound)

    def buckets(self) -> IntArray:
        """Return the counts that were summed, int64, shape ``(..., n)``."""
        return np.diff(self.values, axis=-1)

    def window_ints(self, window: Window) -> IntArray:
        """Return each window's sum, int64, shape ``(..., n)``; only right where ``bound(window) < 2**63``."""
        return _window(self.values, window, None)

    def window_wide(self, window: Window, cells: Cells | None = None) -> Wide:
        """Return windows' sums exactly, whatever their size: all, shape ``(..., n)``, or those at some cells."""
        if self.bound(window) < _INT64:
            return wide.from_ints(_window(self.values, window, cells))
        limbs = []
        for limb in wide.from_ints(self.buckets()):
            running = np.zeros(self.values.shape, dtype=np.int64)
            np.cumsum(limb, axis=-1, out=running[..., 1:])
            limbs.append(_window(running, window, cells))
        # Summing limbs of 30 bits over 2**27 buckets takes 57 bits; carrying makes a fourth limb of them.
        return wide.carry((*limbs, np.zeros_like(limbs[0])))

    def window_exact(self, window: Window, cells: Cells | None = None) -> npt.NDArray[Any]:
        """Return windows' sums: int64 where that holds them all, else Python integers in an object array.

        ``cells`` may index the buckets alone, ``(at,)``: then the sums have shape ``(..., len(at))``.
        """
        if self.bound(window) < _INT64:
            return _window(self.values, window, cells)
        return wide.to_objects(self.window_wide(window, cells))

    def window_floats(self, window: Window) -> FloatArray:
        """Return each window's sum as float64, correct to one rounding, and exact below 2**53."""
        if self.bound(window) < _INT64:
            return self.window_ints(window).astype(np.float64)
        return wide.to_floats(self.window_wide(window))

    def fits_floats(self) -> bool:
        """Say whether float64 holds every prefix sum exactly."""
        return self.row_bound < _EXACT_FLOAT

    def one_window(self, row: tuple[int, ...], first: int, stop: int) -> int:
        """Return the sum of buckets ``first`` to ``stop - 1`` of one row as a Python integer, exact at any size."""
        sums = self.values[row]
        if self.bound(stop - first) < _INT64:
            # Python integers do not wrap where int64 would have: take the difference modulo 2**64.
            return (int(sums[stop]) - int(sums[first])) % 2**64
        return sum(int(b) for b in np.diff(sums[first : stop + 1]).astype(object)) if stop > first else 0


def at_start(running: npt.NDArray[Any], window: Window) -> npt.NDArray[Any]:
    """Return the running sum just before each bucket's window, shape ``(..., n)``: zero before the data.

    ``running`` has shape ``(..., n + 1)``. This copies; the hot kernels compare views instead.
    """
    if isinstance(window, np.ndarray):
        return np.take(running, window, axis=-1)
    size = running.shape[-1] - 1
    before = np.zeros((*running.shape[:-1], size), dtype=running.dtype)
    if window < size:
        before[..., window:] = running[..., 1 : size - window + 1]
    return before


def width_bound(windows: tuple[Window, ...], size: int) -> int:
    """Return the most buckets that any of the windows holds."""
    return max(size if isinstance(w, np.ndarray) else min(w, size) for w in windows)


def _window(running: IntArray, window: Window, cells: Cells | None) -> IntArray:
    """Return what running sums gain over windows, everywhere or at some cells."""
    if cells is None:
        return np.asarray(running[..., 1:] - at_start(running, window))
    *rows, bucket = cells
    lead: tuple[Any, ...] = (*rows, ...)
    first = window[bucket] if isinstance(window, np.ndarray) else np.maximum(bucket + 1 - window, 0)
    return np.asarray(running[(*lead, bucket + 1)] - running[(*lead, first)])
