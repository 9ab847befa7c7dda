"""Sweeps: what all thresholds of an alert would have done in some incidents, from one pass over their levels.

A threshold ``k`` fires where the level is above ``k`` (see :mod:`slokit._kernels.levels`). So an episode of it starts
where the level rises from ``k`` or less to more; the first bucket at which it fires in a span is where the span's
running maximum passes ``k``; and it is over where a running minimum falls to ``k``. Each is a few array operations for
all thresholds together, and none compares a bucket with a threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from slokit._kernels.levels import Levels

__all__ = ["Spans", "Tally", "tally"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Incidents as buckets, at whose ends an alert may tell of them.

    Attributes
    ----------
    first, stop
        First bucket of each, and the one behind its last, shape ``(i,)``; none is empty.
    touched
        Which buckets belong to an incident, these or others that are not to be found: ascending, shape ``(m,)``.
    """

    first: Ints
    stop: Ints
    touched: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What each of ``k`` thresholds would have done.

    Attributes
    ----------
    episodes
        Runs of buckets at which it fires, int64, shape ``(k,)``.
    true
        Those that touch an incident.
    firing
        Buckets at which it fires.
    found
        The first bucket of each incident at which it fires, -1 where there is none: int64, shape ``(i, k)``.
    over
        The first bucket behind the last of these at which it does not fire, the number of buckets where it fires until
        the end, -1 where it never did.
    """

    episodes: Ints
    true: Ints
    firing: Ints
    found: Ints
    over: Ints


def tally(levels: Levels, thresholds: int, spans: Spans) -> Tally:
    """Hold all thresholds against the incidents.

    Parameters
    ----------
    levels
        Of each bucket, from 0 to ``thresholds``, shape ``(n,)``.
    thresholds
        How many there are, k.
    spans
        The incidents.

    Examples
    --------
    >>> spans = Spans(np.array([1]), np.array([4]), np.array([1, 2, 3]))
    >>> found = tally(np.array([0, 1, 2, 2, 1, 0, 1], np.int32), 2, spans)
    >>> found.episodes.tolist(), found.true.tolist(), found.found.tolist(), found.over.tolist()
    ([2, 1], [1, 1], [[1, 2]], [[5, 4]])
    """
    # A mask first: numpy finds the true cells of one several times as fast.
    cells = np.flatnonzero(levels > 0)
    here = levels[cells]
    before = np.where(cells > 0, levels[cells - 1], 0)
    # How many buckets stand above each level.
    firing = np.bincount(here, minlength=thresholds + 1)[::-1].cumsum()[::-1][1:]
    found, over = _found_and_over(levels, cells, thresholds, spans)
    return Tally(
        episodes=_rises(before, here, thresholds),
        true=_rises(_lowest_since(levels, spans.touched), levels[spans.touched], thresholds),
        firing=firing.astype(np.int64),
        found=found,
        over=over,
    )


def _rises(before: Levels, here: Levels, thresholds: int) -> Ints:
    """Count for each threshold how often it was not exceeded before and is here."""
    rising = here > before
    entered = np.bincount(before[rising], minlength=thresholds + 1)
    left = np.bincount(here[rising], minlength=thresholds + 1)
    return np.cumsum(entered - left)[:thresholds].astype(np.int64)


def _lowest_since(levels: Levels, touched: Ints) -> Levels:
    """Return the lowest level from the touched bucket before each touched one up to its neighbour; 0 for the first.

    An episode that touches incidents is counted at the first touched bucket of it: where it was interrupted since the
    touched bucket before.
    """
    if not touched.size:
        return levels[:0]
    lowest = np.zeros(touched.size, dtype=levels.dtype)
    lowest[1:] = levels[touched[:-1]]
    heads = np.flatnonzero(np.diff(touched) > 1) + 1
    if heads.size:
        edges = np.stack([touched[heads - 1], touched[heads]], axis=1).ravel()
        lowest[heads] = np.minimum.reduceat(levels, edges)[::2]
    return lowest


def _found_and_over(levels: Levels, cells: Ints, thresholds: int, spans: Spans) -> tuple[Ints, Ints]:
    """Return where each threshold first fires in each incident, and where its last firing there is over."""
    at, row = _cells_of(spans.first, spans.stop)
    many, values = len(spans.first), levels[at]
    found = _first_above(values, at, row, many, thresholds)
    last = _first_above(values[::-1], at[::-1], many - 1 - row[::-1], many, thresholds)[::-1]
    ends = spans.stop[:, np.newaxis]
    over = np.where(last == ends - 1, _over_after(levels, cells, thresholds, spans.stop), last + 1)
    return found, np.where(last < 0, -1, over)


def _over_after(levels: Levels, cells: Ints, thresholds: int, stops: Ints) -> Ints:
    """Return the first bucket from each stop on at which each threshold is not exceeded, shape ``(i, k)``."""
    unique, which = np.unique(stops, return_inverse=True)
    size = levels.size
    # Behind a bucket at level 0 all thresholds are answered, and behind the next stop that one answers.
    ends = np.minimum(_calm_from(cells, unique) + 1, np.append(unique[1:], size))
    at, row = _cells_of(unique, ends)
    fallen = _first_above(thresholds - levels[at], at, row, len(unique), thresholds)[:, ::-1]
    answers = np.where(fallen < 0, size, fallen)
    return np.asarray(np.minimum.accumulate(answers[::-1], axis=0)[::-1][which])


def _calm_from(cells: Ints, stops: Ints) -> Ints:
    """Return the first bucket from each stop on that is at level 0, given those that are not."""
    if not cells.size:
        return stops
    lasts = np.append(np.flatnonzero(np.diff(cells) > 1), cells.size - 1)
    next_cell = np.minimum(np.searchsorted(cells, stops), cells.size - 1)
    behind = cells[lasts[np.searchsorted(lasts, next_cell)]] + 1
    return np.where(cells[next_cell] == stops, behind, stops)


def _cells_of(first: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """Return the buckets of some spans, one span after another, and which span each belongs to."""
    lengths = stop - first
    row = np.repeat(np.arange(len(first)), lengths)
    at = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + first[row]
    return at, row


def _first_above(values: Levels, at: Ints, row: Ints, rows: int, thresholds: int) -> Ints:
    """Return the first cell of each row whose value is above each threshold, -1 where none is: shape ``(rows, k)``.

    ``values`` come row by row; ``at`` names their cells.
    """
    out = np.full((rows, thresholds), -1, dtype=np.int64)
    if not values.size:
        return out
    # Each row is lifted above all rows before it, so that one running maximum serves all.
    floor = row * (thresholds + 1)
    highest = np.maximum.accumulate(floor + values)
    before = np.maximum(np.concatenate(([-1], highest[:-1])), floor)
    records = np.flatnonzero(highest > before)
    steps = (highest - before)[records]
    reached = np.bincount(row[records], weights=steps, minlength=rows).astype(np.int64)
    out[np.arange(thresholds) < reached[:, np.newaxis]] = np.repeat(at[records], steps)
    return out
