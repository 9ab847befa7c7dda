"""Ratios over windows: many windows in one call, each cell read from cached running sums.

A ratio is the quotient of two differences. Where every running sum stays below 2**53 they are made floats once
and the differences are still exact; otherwise each window's sum is taken in integers and then made a float, so
that a ratio is never off by more than a few roundings, and is 0 exactly where the truth is 0.

Running float sums that add what enters and subtract what leaves, as rolling means often do, drift; no window here
depends on another.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from slokit._kernels.blocks import in_threads, row_blocks
from slokit._kernels.sums import FloatArray, IntArray, PrefixSums, Window

__all__ = ["window_ratios"]

_CHUNK = 2**15
# A chunk of both differences and of the output, 256 KiB each, stays in a core's own cache between three passes.


def window_ratios(
    part: PrefixSums,
    whole: PrefixSums,
    windows: Sequence[Window],
    scale: FloatArray | None = None,
    threads: int = 1,
) -> FloatArray:
    """Return ``part / whole`` over windows, NaN where a window holds nothing.

    Parameters
    ----------
    part, whole
        Running sums, shape ``(..., n + 1)``.
    windows
        k windows.
    scale
        Multiplies the ratios: shape ``()`` or that of the leading axes.
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
    part_rows, whole_rows, flat = part.flat(), whole.flat(), out.reshape(len(windows), -1, size)
    factors = None if scale is None else np.broadcast_to(np.asarray(scale, dtype=np.float64), lead).reshape(-1, 1)

    floats = part.fits_floats() and whole.fits_floats()

    def fill(rows: slice) -> None:
        blocks = list(row_blocks(rows, size))
        room = np.empty((2, blocks[0].stop - blocks[0].start, size + 1)) if floats else None
        for block in blocks:
            factor = None if factors is None else factors[block]
            with np.errstate(divide="ignore", invalid="ignore"):
                if room is not None:
                    _by_views(part_rows.values[block], whole_rows.values[block], windows, factor, room, flat[:, block])
                else:
                    _by_sums(part_rows.rows(block), whole_rows.rows(block), windows, factor, flat[:, block])

    in_threads(fill, flat.shape[1], threads)
    return out


def _by_sums(
    part: PrefixSums, whole: PrefixSums, windows: Sequence[Window], factor: FloatArray | None, out: FloatArray
) -> None:
    """Fill a block whose running sums are too long for floats."""
    for k, window in enumerate(windows):
        np.divide(part.window_floats(window), whole.window_floats(window), out=out[k])
        if factor is not None:
            out[k] *= factor


def _by_views(
    part: IntArray,
    whole: IntArray,
    windows: Sequence[Window],
    factor: FloatArray | None,
    room: FloatArray,
    out: FloatArray,
) -> None:
    """Fill a block from running sums that floats hold exactly; ``room`` takes them as floats."""
    rows, size = out.shape[1:]
    upper, lower = room[:, :rows]
    np.copyto(upper, part)
    np.copyto(lower, whole)
    chunk = np.empty((2, rows, min(max(1, _CHUNK // rows), size)))
    for k, window in enumerate(windows):
        if isinstance(window, np.ndarray):
            _gathered(upper, lower, window, out[k])
        else:
            early = min(window, size)
            for ends, starts, cells in (
                (slice(1, early + 1), slice(0, 1), slice(0, early)),
                (slice(early + 1, size + 1), slice(1, size - early + 1), slice(early, size)),
            ):
                _fill(upper[:, ends], upper[:, starts], lower[:, ends], lower[:, starts], chunk, out[k][:, cells])
        if factor is not None:
            np.multiply(out[k], factor, out=out[k])


def _fill(
    upper_end: FloatArray,
    upper_start: FloatArray,
    lower_end: FloatArray,
    lower_start: FloatArray,
    room: FloatArray,
    out: npt.NDArray[np.float64],
) -> None:
    """Divide two differences of views, a chunk at a time; a start of one column is broadcast."""
    size, step = out.shape[-1], room.shape[-1]
    for first in range(0, size, step):
        cells = slice(first, min(first + step, size))
        ends = slice(0, 1) if upper_start.shape[-1] == 1 and size != 1 else cells
        above, below = room[0][:, : cells.stop - first], room[1][:, : cells.stop - first]
        np.subtract(upper_end[:, cells], upper_start[:, ends], out=above)
        np.subtract(lower_end[:, cells], lower_start[:, ends], out=below)
        np.divide(above, below, out=out[:, cells])


def _gathered(upper: FloatArray, lower: FloatArray, window: npt.NDArray[np.int64], out: FloatArray) -> None:
    """Divide differences whose starts are gathered by index, for calendar windows."""
    np.divide(upper[:, 1:] - np.take(upper, window, axis=-1), lower[:, 1:] - np.take(lower, window, axis=-1), out=out)
