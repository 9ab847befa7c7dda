"""Counting events into buckets, tens of millions of them, exactly.

Events arrive as integer ticks since the epoch. Two ways lead to the same numbers:

- *In order*, nothing needs to be done with an event but to prove the order. The edges of the buckets are found in the
  timestamps by bisection, all edges at once; the differences of their positions are the totals, and the good events
  between two positions are counted eight at a time, as set bits of machine words.
- *In any order*, each event's bucket is an integer division, and one histogram of ``2 * bucket + good`` answers both
  questions.

Work goes in chunks that stay in the cache, so memory follows the size of the answer, not the number of events. No float
decides anything: 1700000039999999999 ns belongs to bucket 28333333 of a minute, and as float seconds it would fall
into the next one.

The figures in the comments are nanoseconds an event on one thread, 10 million events over 43,200 buckets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from slokit._kernels.halves import overflows

__all__ = ["Extent", "Grid", "buckets_of", "chunks", "extent", "tally", "weigh"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Result = TypeVar("Result")

# Smaller chunks pay for Python's turn of the loop, larger ones leave the cache; 2**16 to 2**20 differ by a tenth.
CHUNK = 2**18
# Where no event is looked at, pieces may be longer; but not so long that their arrays are new memory at each call,
# which costs more than all that is done with it: all events at once take 0.7 longer.
PIECE = 2**20
# How many events lie between the samples that narrow an edge down, and how many are searched around the guess between
# two of them: both powers of two. 64 and 256 are a tenth slower, 16 takes twice as long; a window of 16 misses often.
SAMPLE = 128
WINDOW = 32
# Finding an edge costs as much as dividing and counting some thirty events.
EVENTS_AN_EDGE = 32

# The lowest k bytes of a word, for k from 0 to 7.
_BELOW = np.array([256**k - 1 for k in range(8)], np.uint64)


class Grid(NamedTuple):
    """Buckets in ticks: bucket ``k`` owns ``[start + k * step, start + (k + 1) * step)``."""

    start: int
    step: int
    size: int


class Extent(NamedTuple):
    """Least and greatest tick, and whether they never fall."""

    low: int
    high: int
    ordered: bool


class Piece(NamedTuple):
    """Counts of some of the events from bucket ``first`` on, shape ``(height, k)``."""

    first: int
    bad: Ints
    total: Ints


def chunks(size: int) -> Iterator[slice]:
    """Cut ``range(size)`` into slices that fit the cache."""
    return _cut(slice(0, size), CHUNK)


def _cut(part: slice, length: int) -> Iterator[slice]:
    """Cut a slice into as few pieces of at most a length as it takes, all alike, so that none is a short rest."""
    size = part.stop - part.start
    number = -(-size // length)
    return (slice(part.start + k * size // number, part.start + (k + 1) * size // number) for k in range(number))


def extent(ticks: Ints, threads: int = 1) -> Extent:
    """Look at every tick, of which there is one at least; twice where they are not in order."""

    # 0.28, of which 0.22 are reading memory. All at once: 0.7; as the sign of the least difference: 0.36.
    def rising(part: slice) -> bool:
        later = ticks[part.start + 1 : part.stop + 1]
        return bool((ticks[part.start : part.start + len(later)] <= later).all())

    def ordered(part: slice) -> bool:
        return all(rising(piece) for piece in _cut(part, PIECE))

    if all(_shared(ordered, len(ticks), threads)):
        return Extent(int(ticks[0]), int(ticks[-1]), True)
    ends = [(int(ticks[part].min()), int(ticks[part].max())) for part in chunks(len(ticks))]
    return Extent(min(low for low, _ in ends), max(high for _, high in ends), False)


def tally(
    ticks: Ints,
    grid: Grid,
    good: Bools,
    *,
    valid: Bools | None = None,
    rows: Ints | None = None,
    height: int = 1,
    ordered: bool = False,
    threads: int = 1,
) -> tuple[Ints, Ints]:
    """Count bad and all events of each bucket and row.

    Parameters
    ----------
    ticks
        Where each event lies; all of them inside the grid.
    good
        Whether it was good.
    valid
        Whether it counts at all; None: each does.
    rows, height
        Which of ``height`` rows it belongs to; None: there is one.
    ordered
        Whether the ticks never fall, as :func:`extent` found.
    threads
        How many share the work; numpy lets go of the interpreter's lock meanwhile.

    Returns
    -------
    bad, total
        int64, shape ``(height, grid.size)``.
    """
    in_order = ordered and rows is None and grid.size * EVENTS_AN_EDGE <= len(ticks)

    def count(part: slice) -> list[Piece]:
        if in_order:
            return [_in_order(ticks[p], grid, good[p], None if valid is None else valid[p]) for p in _cut(part, PIECE)]
        seen = None if valid is None else valid[part]
        return [_in_any_order(ticks[part], grid, good[part], seen, None if rows is None else rows[part], height)]

    pieces = [piece for some in _shared(count, len(ticks), threads) for piece in some]
    if len(pieces) == 1 and pieces[0].bad.shape == (height, grid.size):
        return pieces[0].bad, pieces[0].total
    # Counts of some events and counts of the others add up to the counts of all: threads are shards.
    bad, total = np.zeros((height, grid.size), np.int64), np.zeros((height, grid.size), np.int64)
    for first, some_bad, some in pieces:
        bad[:, first : first + some.shape[1]] += some_bad
        total[:, first : first + some.shape[1]] += some
    return bad, total


def weigh(
    ticks: Ints, grid: Grid, weights: Ints, *, rows: Ints | None = None, height: int = 1
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Sum integer weights in each bucket and row.

    Returns
    -------
    sums
        int64, shape ``(height, grid.size)``; wrapped where the truth does not fit.
    over
        Booleans of that shape: whether it does not.
    """

    # bincount sums weights as floats, exact below 2**53 only; add.at sums int64 at the same speed.
    def added(numbers: Ints) -> Ints:
        sums = np.zeros(height * grid.size, np.int64)
        for part in chunks(len(ticks)):
            cells = buckets_of(ticks[part], grid)
            if rows is not None:
                cells += rows[part] * grid.size
            np.add.at(sums, cells, numbers[part])
        return sums.reshape(height, grid.size)

    sums = added(weights)
    fits = int(weights.max(initial=0)) * len(weights) < 2**63
    return sums, np.zeros(sums.shape, np.bool_) if fits else overflows(added, weights)


def buckets_of(ticks: Ints, grid: Grid) -> Ints:
    """Return which bucket of the grid owns each tick; none may lie before its start."""
    # Unsigned division by one number is a multiplication by its inverse in numpy, 0.5; signed and rounded down 0.75;
    # float multiplication after shifting out the twos of the step, exact below 2**50, 1.25.
    since: npt.NDArray[np.uint64] = np.subtract(ticks, grid.start).view(np.uint64)
    np.floor_divide(since, np.uint64(grid.step), out=since)
    return since.view(np.int64)


def _in_order(ticks: Ints, grid: Grid, good: Bools, valid: Bools | None) -> Piece:
    """Count events whose ticks never fall, over the buckets that they reach."""
    first = (int(ticks[0]) - grid.start) // grid.step
    last = (int(ticks[-1]) - grid.start) // grid.step
    edges = np.empty(last - first + 2, np.int64)
    edges[0], edges[-1] = 0, len(ticks)
    edges[1:-1] = _positions(ticks, Grid(grid.start + first * grid.step, grid.step, last - first))
    if valid is None:
        total, good_events = np.diff(edges), _set_between(good, edges)
    else:
        total, good_events = _set_between(valid, edges), _set_between(good & valid, edges)
    return Piece(first, (total - good_events)[np.newaxis], total[np.newaxis])


def _positions(ticks: Ints, grid: Grid) -> Ints:
    """Return how many ticks lie before the end of each bucket; they never fall, the last one lies before no end.

    0.17; by bisection between the samples alone 0.21; ``ticks.searchsorted(ends)`` takes 0.73, and 0.70 chunk by chunk,
    because it mispredicts half of its steps.
    """
    ends = grid.start + grid.step * np.arange(1, grid.size + 1, dtype=np.int64)
    samples = ticks[::SAMPLE].copy()
    # The last sample before each end; the answer is above it and not above the next one.
    last = np.bincount(buckets_of(samples, grid), minlength=grid.size + 1)[: grid.size].cumsum() - 1
    left, right = samples.take(last), samples.take(last + 1, mode="clip")
    # As if events came evenly between two samples, and a window around that, which nearly always holds the answer.
    near = (ends - left) * (SAMPLE / np.maximum(right - left, 1))
    at = last * SAMPLE + np.clip(near.astype(np.int64) - WINDOW // 2, 0, SAMPLE - WINDOW)
    holds = (ticks.take(at, mode="clip") < ends) & (ticks.take(at + WINDOW, mode="clip") >= ends)
    found = _bisected(ticks, ends, at + 1, WINDOW)
    if not holds.all():
        stray = np.flatnonzero(~holds)
        found[stray] = _bisected(ticks, ends[stray], last[stray] * SAMPLE + 1, SAMPLE)
    return found


def _bisected(ticks: Ints, ends: Ints, at: Ints, width: int) -> Ints:
    """Return the first index from ``at`` to ``at + width - 1`` whose tick is not before the end; all ends at once."""
    probe, found, below = np.empty_like(at), np.empty_like(at), np.empty(len(at), np.bool_)
    half = width // 2
    while half:
        np.add(at, half - 1, out=probe)
        # Clipped to the last tick, which lies before no end, so that those near it stay where they are.
        ticks.take(probe, mode="clip", out=found)
        np.less(found, ends, out=below)
        at += np.multiply(below, half, out=probe)
        half //= 2
    return at


def _set_between(flags: Bools, edges: Ints) -> Ints:
    """Count the flags that are set from each edge to the next; edges never fall.

    0.07; ``np.add.reduceat(flags, edges)`` takes 0.78, a running sum 1.5, ``count_nonzero`` of each slice 1.7. A
    running sum over the words takes 0.10, and 0.25 where its memory is new.
    """
    # A byte is a flag and the first is the lowest: "<u8" says so on any machine. What is left over is a word by itself.
    whole = len(flags) // 8
    words = flags[: whole * 8].view("<u8")
    tail = np.uint64(sum(int(flag) << 8 * i for i, flag in enumerate(flags[whole * 8 :])))
    # A byte again is how many are set in a word, and eight of them are a group.
    ones = np.zeros((whole // 8 + 1) * 8, np.uint8)
    np.bitwise_count(words, out=ones[:whole])
    groups = ones.view("<u8")
    before = np.zeros(len(groups), np.uint64)
    np.cumsum(_byte_sum(groups[:-1]), out=before[1:])
    # Set flags before an edge: in whole groups, in whole words of its group, in its word.
    word = edges >> 3
    group = word >> 3
    here = np.where(word < whole, words.take(word, mode="clip"), tail)
    count = before[group]
    count += _byte_sum(groups[group] & _BELOW[word & 7])
    count += np.bitwise_count(here & _BELOW[edges & 7])
    between: Ints = np.diff(count.view(np.int64))
    return between


def _byte_sum(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Add up the eight bytes of each word, where the sum is below 256: the product has it in its highest byte."""
    sums: npt.NDArray[np.uint64] = words * np.uint64(0x0101_0101_0101_0101)
    sums >>= np.uint64(56)
    return sums


def _in_any_order(ticks: Ints, grid: Grid, good: Bools, valid: Bools | None, rows: Ints | None, height: int) -> Piece:
    """Count events as they come."""
    cells = height * grid.size
    bad, total = np.zeros(cells, np.int64), np.zeros(cells, np.int64)
    for part in chunks(len(ticks)):
        at, flags = buckets_of(ticks[part], grid), good[part]
        if rows is not None:
            at += rows[part] * grid.size
        if valid is not None:
            at, flags = at[valid[part]], flags[valid[part]]
        if not len(at):
            continue
        # Logs are nearly in order: a chunk reaches few cells even where there are many.
        low, high = (0, cells - 1) if cells <= CHUNK else (int(at.min()), int(at.max()))
        width = high - low + 1
        if width <= CHUNK:
            # 1.7 for both, and 1.5 if nearly all is good; two histograms, of all and of the bad, depend on that.
            at -= low
            at <<= 1
            at += flags
            pairs = np.bincount(at, minlength=2 * width).reshape(width, 2)
            bad[low : high + 1] += pairs[:, 0]
            total[low : high + 1] += pairs[:, 0] + pairs[:, 1]
        else:
            # Without a histogram a chunk, whose zeros would cost more than its events.
            np.add.at(total, at, 1)
            np.add.at(bad, at[~flags], 1)
    return Piece(0, bad.reshape(height, grid.size), total.reshape(height, grid.size))


def _shared(work: Callable[[slice], Result], size: int, threads: int) -> list[Result]:
    """Do work on ``size`` events, in as many parts as there are threads and the events are worth."""
    parts = list(_cut(slice(0, size), max(-(-size // threads), PIECE)))
    if len(parts) < 2:
        return [work(slice(0, size))]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(parts)) as pool:
        return list(pool.map(work, parts))
