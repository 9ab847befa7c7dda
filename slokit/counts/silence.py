"""Which buckets nobody heard anything in or around: holes in the measurement, as far as events can tell.

A silence is the time between two consecutive events, between the start of the timeline and the first one, or between
the last one and the end. A bucket is unobserved if it lies wholly inside a silence longer than the gap allowed.

The number of empty buckets in a row nearly settles the length of the silence around them: it is longer than they are,
and by less than two buckets. Only where the gap lies between these bounds must the events on either side be looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slokit.counts.parts import Mask, Numbers
from slokit.counts.tally import Grid, buckets_of, chunks

__all__ = ["heard_throughout"]


def heard_throughout(ticks: Numbers, grid: Grid, heard: Numbers, rows: Numbers | None, gap: int) -> Mask:
    """Return False for the buckets wholly inside a silence longer than ``gap``.

    Parameters
    ----------
    ticks, rows
        Where each event lies, and in which row; None: there is one.
    grid
        The buckets, in ticks.
    heard
        Number of events of each bucket, shape ``(height, grid.size)``.
    gap
        Longest silence that says nothing, in ticks.

    Returns
    -------
    ndarray of bool
        Shape ``(height, grid.size)``.
    """
    height, size = heard.shape
    # Runs of empty buckets: an edge of one is where a row changes between empty and not; outside nothing is empty.
    empty = np.zeros((height, size + 2), np.int8)
    empty[:, 1:-1] = heard == 0
    turns = np.diff(empty, axis=1)
    row, first = np.nonzero(turns == 1)
    _, stop = np.nonzero(turns == -1)  # row-major both, so that the n-th ends are of the n-th run
    opened, closed = first > 0, stop < size  # by an event, not by the edge of the timeline

    # A timeline longer than 292 years leaves int64 where its lengths are added; Python's integers do not.
    exact: Any = np.int64 if (grid.size + 2) * grid.step < 2**63 else np.object_
    inside = (stop - first).astype(exact) * grid.step
    # With an event before, the silence began inside the bucket before; likewise behind.
    least = inside + opened
    most = inside + opened * grid.step + closed * (grid.step - 1)
    silent = np.asarray(least > gap, np.bool_)
    open_question = ~silent & np.asarray(most > gap, np.bool_)
    if open_question.any():
        which = np.flatnonzero(open_question)
        began, ended = grid.start + first[which] * grid.step, grid.start + stop[which] * grid.step
        cells = [row[which] * size + first[which] - 1, row[which] * size + stop[which]]
        last, next_one = _outermost(ticks, grid, rows, height, cells[0][opened[which]], cells[1][closed[which]])
        began[opened[which]], ended[closed[which]] = last, next_one
        silent[which] = ended.astype(exact) - began.astype(exact) > gap

    # A run's buckets between its two edges: +1 where a silent one starts, -1 where it stops, summed up.
    change = np.zeros((height, size + 1), np.int8)
    np.add.at(change, (row[silent], first[silent]), 1)
    np.add.at(change, (row[silent], stop[silent]), -1)
    return np.asarray(change.cumsum(axis=1, dtype=np.int8)[:, :-1] == 0)


def _outermost(
    ticks: Numbers, grid: Grid, rows: Numbers | None, height: int, before: Numbers, behind: Numbers
) -> tuple[Numbers, Numbers]:
    """Return the last tick in each cell of ``before`` and the first one in each cell of ``behind``."""
    limits = np.iinfo(np.int64)
    cells = np.unique(np.concatenate([before, behind]))
    slot = np.full(height * grid.size, -1, np.int64)
    slot[cells] = np.arange(len(cells))
    last, first = np.full(len(cells), limits.min), np.full(len(cells), limits.max)
    for part in chunks(len(ticks)):
        at = buckets_of(ticks[part], grid)
        if rows is not None:
            at += rows[part] * grid.size
        mine = slot[at]
        near = mine >= 0
        np.maximum.at(last, mine[near], ticks[part][near])
        np.minimum.at(first, mine[near], ticks[part][near])
    return last[slot[before]], first[slot[behind]]
