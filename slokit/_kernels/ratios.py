"""Ratios over windows: many windows in one call, each cell read from cached running sums.

A ratio is the quotient of two differences. Where every running sum stays below 2**53 they are made floats once
and the differences are still exact; otherwise each window's sum is taken in integers and then made a float, so
that a ratio is never off by more than a few roundings, and is 0 exactly where the truth is 0.

Running float sums that add what enters and subtract what leaves, as rolling means often do, drift; no window here
depends on another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit._kernels.blocks import in_threads, row_blocks
from slokit._kernels.sums import FloatArray, IntArray, PrefixSums, Window

__all__ = ["window_ratios"]

_CELLS = 2**17
# Cells of a piece of time: smaller ones are all calls (1.42 ns a cell at 2**15, 1.10 here), larger ones lose the cache.
_EXACT_FLOAT = 2**53


def window_ratios(
    part: PrefixSums,
    whole: PrefixSums,
    windows: Sequence[Window],
    share: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None = None,
    threads: int = 1,
) -> FloatArray:
    """Return ``part / whole`` over windows, NaN where a window holds nothing.

    Parameters
    ----------
    part, whole
        Running sums, shape ``(..., n + 1)``.
    windows
        k windows.
    share
        Divides the ratios by ``u / v``: object arrays of Python integers of at least 1, shape ``()`` or that of the
        leading axes.
    threads
        How many threads share the rows; none is left behind.

    Returns
    -------
    ndarray of float64, shape ``(k, ..., n)``
    """
    lead, size = part.values.shape[:-1], part.size
    out = np.empty((len(windows), *lead, size), dtype=np.float64)
    if out.size == 0:
        return out
    rows, flat = (part.flat(), whole.flat()), out.reshape(len(windows), -1, size)
    plan = _Plan.of(part, whole, lead, share)

    def fill(some: slice) -> None:
        blocks = list(row_blocks(some, size, _CELLS))
        room = np.empty((2, blocks[0].stop - blocks[0].start, size + 1)) if plan.floats else None
        with np.errstate(divide="ignore", invalid="ignore"):
            for block in blocks:
                if room is not None:
                    _by_views(
                        rows[0].values[block], rows[1].values[block], windows, plan.rows(block), room, flat[:, block]
                    )
                else:
                    _by_sums(rows[0].rows(block), rows[1].rows(block), windows, plan.rows(block), flat[:, block])

    in_threads(fill, flat.shape[1], threads)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """How ratios come by their factor ``v / u``: before the division where floats stay exact, else behind it.

    Attributes
    ----------
    floats
        Whether floats hold every running sum.
    times
        What the two running sums are multiplied by first, float64 columns, or None for 1.
    factor
        What ratios are multiplied by at last, a float64 column, or None for 1.
    """

    floats: bool
    times: tuple[FloatArray | None, FloatArray | None]
    factor: FloatArray | None

    @classmethod
    def of(
        cls,
        part: PrefixSums,
        whole: PrefixSums,
        lead: tuple[int, ...],
        share: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None,
    ) -> _Plan:
        floats = part.fits_floats() and whole.fits_floats()
        if share is None:
            return cls(floats, (None, None), None)
        u, v = (np.broadcast_to(np.asarray(x, dtype=object), lead).reshape(-1, 1) for x in share)
        most_u, most_v = (max(int(n) for n in x.flat) for x in (u, v))
        if floats and max(most_v * part.row_bound, most_u * whole.row_bound, most_u, most_v) < _EXACT_FLOAT:
            # bad * v / (total * u) is one rounding from the truth, and a pass over the output is saved.
            times = [None if (x == 1).all() else x.astype(np.float64) for x in (v, u)]
            return cls(True, (times[0], times[1]), None)
        factor = np.array([int(b) / int(a) for a, b in zip(u.flat, v.flat, strict=True)]).reshape(-1, 1)
        return cls(floats, (None, None), factor)

    def rows(self, block: slice) -> _Plan:
        """Return the plan for some rows."""
        first, second = (None if x is None else x[block] for x in self.times)
        return _Plan(self.floats, (first, second), None if self.factor is None else self.factor[block])


def _by_sums(part: PrefixSums, whole: PrefixSums, windows: Sequence[Window], plan: _Plan, out: FloatArray) -> None:
    """Fill a block whose running sums are too long for floats."""
    for k, window in enumerate(windows):
        np.divide(part.window_floats(window), whole.window_floats(window), out=out[k])
        if plan.factor is not None:
            out[k] *= plan.factor


def _by_views(
    part: IntArray, whole: IntArray, windows: Sequence[Window], plan: _Plan, room: FloatArray, out: FloatArray
) -> None:
    """Fill a block from running sums that floats hold exactly; ``room`` takes them as floats.

    Pieces of time outside, windows inside: what was converted is used by all windows while it is in the cache.
    """
    rows, size = out.shape[1:]
    upper, lower = room[:, :rows]
    upper[:, 0] = lower[:, 0] = 0
    step = max(1, min(size, _CELLS // rows))
    above, below = np.empty((2, rows, step))
    for first in range(0, size, step):
        stop = min(first + step, size)
        running = slice(first + 1, stop + 1)
        for ints, floats, times in ((part, upper, plan.times[0]), (whole, lower, plan.times[1])):
            np.copyto(floats[:, running], ints[:, running])
            if times is not None:
                floats[:, running] *= times
        for k, window in enumerate(windows):
            piece = out[k, :, first:stop]
            if isinstance(window, np.ndarray):
                starts = window[first:stop]
                np.divide(
                    upper[:, running] - np.take(upper, starts, axis=-1),
                    lower[:, running] - np.take(lower, starts, axis=-1),
                    out=piece,
                )
            else:
                _divide(upper, lower, window, first, stop, above, below, piece)
            if plan.factor is not None:
                piece *= plan.factor


def _divide(
    upper: FloatArray,
    lower: FloatArray,
    window: int,
    first: int,
    stop: int,
    above: FloatArray,
    below: FloatArray,
    out: FloatArray,
) -> None:
    """Divide the differences over rolling windows that end with buckets ``first`` to ``stop - 1``."""
    whole = min(max(first, window), stop)
    if first < whole:
        # These windows reach before the data: the running sum is the window's.
        np.divide(upper[:, first + 1 : whole + 1], lower[:, first + 1 : whole + 1], out=out[:, : whole - first])
    if whole < stop:
        ends, starts = slice(whole + 1, stop + 1), slice(whole + 1 - window, stop + 1 - window)
        some_above, some_below = above[:, : stop - whole], below[:, : stop - whole]
        np.subtract(upper[:, ends], upper[:, starts], out=some_above)
        np.subtract(lower[:, ends], lower[:, starts], out=some_below)
        np.divide(some_above, some_below, out=out[:, whole - first :])
