"""Runs along time: what a verdict of one bucket means for those around it.

A pending time asks that a verdict has stood for a while, a hold that it stood at any time of late, a latch that it
stood and nothing ended it since. Each is one pass over indices, none looks at a bucket twice, and none depends on
how long the while is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

__all__ = [
    "NEVER",
    "Runs",
    "bridged",
    "held",
    "joined_runs",
    "last_true",
    "lasting",
    "latched",
    "not_below_since",
    "runs",
]

BoolArray = npt.NDArray[np.bool_]
IndexArray = npt.NDArray[np.intp]
TimeArray = npt.NDArray[np.int32]


def last_true(mask: BoolArray) -> TimeArray:
    """Return the index of the latest true cell up to each one, -1 before the first: int32, shape ``(..., n)``."""
    # No timeline holds more than 2**27 buckets, and half the memory is half the time.
    at = np.where(mask, np.arange(mask.shape[-1], dtype=np.int32), np.int32(-1))
    return np.asarray(np.maximum.accumulate(at, axis=-1, out=at))


def lasting(mask: BoolArray, count: int) -> BoolArray:
    """Say where a cell and the ``count - 1`` before it are all true; what lies before the data was not.

    Examples
    --------
    >>> lasting(np.array([True, True, True, False, True]), 2).tolist()
    [False, True, True, False, False]
    """
    if count <= 1:
        return mask
    if not mask.any():
        return mask
    return np.asarray(np.arange(mask.shape[-1], dtype=np.int32) - last_true(~mask) >= count)


NEVER = 2**31 - 1
"""How many cells back what has never been true lies."""


def held(mask: BoolArray, count: int, *, ago: int | npt.NDArray[np.int64] = NEVER) -> BoolArray:
    """Say where a cell or any of the ``count - 1`` before it is true.

    ``ago`` says how many cells before the first one the latest true one lies, for all rows or, shape ``(..., 1)``, for
    each: 1 is the cell just before.

    Examples
    --------
    >>> held(np.array([False, True, False, False]), 2, ago=1).tolist()
    [True, True, True, False]
    """
    if count <= 1 or not (mask.any() or np.any(np.asarray(ago) < count)):
        return mask
    last, index = last_true(mask), np.arange(mask.shape[-1], dtype=np.int32)
    return np.asarray(np.where(last >= 0, index - last < count, index < count - np.asarray(ago, dtype=np.int64)))


def latched(on: BoolArray, off: BoolArray, *, before: bool | BoolArray = False) -> BoolArray:
    """Say where a latch is on: set by ``on``, cleared by ``off`` unless ``on`` is true in the same cell.

    ``before`` says whether it was on before the first cell, for all rows or, shape ``(..., 1)``, for each.

    Examples
    --------
    >>> on, off = np.array([True, False, False, True]), np.array([False, False, True, True])
    >>> latched(on, off).tolist()
    [True, True, False, True]
    """
    if not (on.any() or np.any(before)):
        return on
    set_at, cleared_at = last_true(on), last_true(off & ~on)
    return np.asarray(np.where((set_at < 0) & (cleared_at < 0), before, set_at > cleared_at))


def bridged(values: npt.NDArray[np.int8], unknown: int) -> npt.NDArray[np.int8]:
    """Return values with unknown cells filled where the known ones on both sides are the same.

    Examples
    --------
    >>> bridged(np.array([2, -1, -1, 2, -1, 0, -1], np.int8), -1).tolist()
    [2, 2, 2, 2, -1, 0, -1]
    """
    known = values != unknown
    before = last_true(known)
    behind = values.shape[-1] - 1 - last_true(known[..., ::-1])[..., ::-1]
    both = ~known & (before >= 0) & (behind < values.shape[-1])
    ends = [np.take_along_axis(values, np.where(both, at, 0), axis=-1) for at in (before, behind)]
    return np.where(both & (ends[0] == ends[1]), ends[0], values)


def not_below_since(
    values: npt.NDArray[np.int8], fresh: BoolArray, first: int | npt.NDArray[np.int8]
) -> npt.NDArray[np.int8]:
    """Return the largest value since the latest fresh cell, that one included: int8, shape ``(..., n)``.

    Before the first fresh cell it is the largest of ``first`` (one, or one a row: shape ``(..., 1)``) and the values so
    far.

    Examples
    --------
    >>> values, fresh = np.array([0, 2, 0, 1, 0], np.int8), np.array([True, False, False, True, False])
    >>> not_below_since(values, fresh, 0).tolist()
    [0, 2, 2, 1, 1]
    """
    # Each run of cells is lifted above all that came before it; codes are below 16.
    run = np.cumsum(fresh, axis=-1, dtype=np.int64)
    lifted = run * 16 + np.where(run == 0, np.maximum(values, first), values)
    return np.asarray((np.maximum.accumulate(lifted, axis=-1) - run * 16).astype(np.int8))


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """The runs of true cells of a mask, row by row and in the order of time.

    Attributes
    ----------
    rows
        Which row of the flattened leading axes, shape ``(k,)``.
    starts, stops
        First cell, and the cell behind the last one, shape ``(k,)``.
    """

    rows: IndexArray
    starts: IndexArray
    stops: IndexArray


def runs(mask: BoolArray) -> Runs:
    """Find the runs of true cells, shape ``(..., n)``.

    Examples
    --------
    >>> found = runs(np.array([[True, True, False], [False, False, True]]))
    >>> found.rows.tolist(), found.starts.tolist(), found.stops.tolist()
    ([0, 1], [0, 2], [2, 3])
    """
    size = mask.shape[-1]
    # Without cells numpy cannot tell how many rows there are.
    flat = mask.reshape(prod(mask.shape[:-1]), size)
    edges = np.zeros((len(flat), size + 1), dtype=np.bool_)
    edges[:, 1:size] = flat[:, 1:] != flat[:, :-1]
    if size:
        edges[:, 0], edges[:, size] = flat[:, 0], flat[:, -1]
    # Within a row the edges take turns: into a run, out of it.
    rows, cells = np.nonzero(edges)
    return Runs(rows[::2], cells[::2], cells[1::2])


def joined_runs(mask: BoolArray, lull: int) -> Runs:
    """Find the runs of true cells, those of one row joined that at most ``lull`` false cells lie between.

    Examples
    --------
    >>> found = joined_runs(np.array([True, False, True, False, False, True]), 1)
    >>> found.starts.tolist(), found.stops.tolist()
    ([0, 5], [3, 6])
    """
    found = runs(mask)
    rows, starts, stops = found.rows, found.starts, found.stops
    # They are in the order of rows and time, so neighbours among them are neighbours in time.
    apart = np.ones(len(rows), dtype=np.bool_)
    apart[1:] = (rows[1:] != rows[:-1]) | (starts[1:] - stops[:-1] > lull)
    opening = np.flatnonzero(apart)
    closing = np.append(opening[1:], len(rows)) - 1 if len(rows) else opening
    return Runs(rows[opening], starts[opening], stops[closing])
