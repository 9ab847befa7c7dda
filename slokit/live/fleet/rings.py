"""Rings: running sums of bad and of all events at the edges of tiers, time-major, many series side by side.

Row ``e`` of a ring holds one edge for all series of a block: a window's sums of thousands of series are the difference
of two rows, each read from end to end. The newest edge is the end of the running bucket, the head; it grows as events
come. An event of bucket ``b`` is in every running sum at an edge after ``b``, so a late one is added to all of those.

Series come in blocks. A block that is full is never moved again; the last one grows by a quarter at a time.

Running sums are int64 as long as a bound shows that none can pass 2**63. Where one might, the running sum of the oldest
edge is taken off them all, which changes no window; where that is not enough, the block goes on in Python integers,
exact and slow, until its windows are small again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit.live.fleet.tiers import Tier, Tiers

__all__ = ["BLOCK", "Block", "Rings"]

Numbers = npt.NDArray[Any]
"""int64, or Python integers in an object array where a sum may pass 2**63."""

BLOCK = 4_096
"""How many series a block holds at most: in smaller ones the calls cost more than the work."""

_LEAST = 16
_INT64 = 2**63


class Block:
    """Running sums of some series.

    Attributes
    ----------
    rings
        One array a tier, shape ``(edges, 2, room)``: bad events, and all events.
    rows
        How many series there are; the room beyond them is zero.
    wide
        Whether the sums are Python integers.
    """

    def __init__(self, tiers: Tiers) -> None:
        self._tiers = tiers.tiers
        self.rows = 0
        self.wide = False
        # No running sum exceeds it: a Python integer, never computed from one that may have wrapped.
        self._bound = 0
        self.rings: list[Numbers] = [np.zeros((tier.size, 2, 0), dtype=np.int64) for tier in self._tiers]

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(ring.nbytes for ring in self.rings)

    def grow(self, rows: int) -> None:
        """Have so many series, at most :data:`BLOCK`; new ones had no events at any time."""
        if rows > self.rings[0].shape[2]:
            room = min(BLOCK, max(_LEAST, rows + rows // 4))
            for i, ring in enumerate(self.rings):
                wider = np.zeros((*ring.shape[:2], room), dtype=ring.dtype)
                wider[:, :, : self.rows] = ring[:, :, : self.rows]
                self.rings[i] = wider
        self.rows = rows

    def at(self, tier: int, edge: int) -> Numbers:
        """Return the running sums at a kept edge, shape ``(2, rows)``: a view."""
        return self.rings[tier][self._tiers[tier].place(edge), :, : self.rows]

    def most(self, head: int, enough: int) -> int:
        """Return a number that no window's sum exceeds, a close one where one that is at hand is above enough."""
        if self._bound <= enough or self.wide:
            return self._bound
        oldest = self.rings[-1][self._oldest(head), 1, : self.rows]
        return int((self.at(0, head)[1] - oldest).max(initial=0))

    def _oldest(self, head: int) -> int:
        """Return where the oldest edge stands that is kept: after the newest edge's place, going round."""
        coarsest = self._tiers[-1]
        return (head // coarsest.step + 1) % coarsest.size

    def advance(self, head: int, to: int) -> None:
        """Move the head from one edge to a later one: nothing happened between them."""
        before = self.at(0, head)
        if to - head > 1:
            # The place it is read from may be written to.
            before = before.copy()
        for tier, ring in zip(self._tiers, self.rings, strict=True):
            first, last = head // tier.step + 1, to // tier.step
            if last - first + 1 >= tier.size:
                ring[:, :, : self.rows] = before
            elif first == last:
                ring[first % tier.size, :, : self.rows] = before
            elif first < last:
                ring[np.arange(first, last + 1) % tier.size, :, : self.rows] = before
        if self.wide:
            self._rebase(to)

    def add(self, bucket: int, head: int, columns: Any, bad: Numbers, total: Numbers) -> None:
        """Add events of one bucket to some series: int64, each series once, below 2**63."""
        self._make_room(head, int(total.max(initial=0)))
        for tier, ring in zip(self._tiers, self.rings, strict=True):
            for places in _places(tier, bucket, head):
                part = ring[places]
                part[:, 0, columns] += bad
                part[:, 1, columns] += total

    def _make_room(self, head: int, more: int) -> None:
        """See to it that running sums can grow by so much."""
        if self.wide or self._bound + more < _INT64:
            self._bound += more
            return
        self._bound = int(self.at(0, head)[1].max(initial=0)) + more
        if self._bound >= _INT64:
            self._rebase(head)
            self._bound += more
        if self._bound >= _INT64:
            self.rings = [ring.astype(object) for ring in self.rings]
            self.wide = True

    def _rebase(self, head: int) -> None:
        """Count from the oldest edge on, which changes no difference; and in int64 again if that is enough."""
        base = self.rings[-1][self._oldest(head)].copy()
        for ring in self.rings:
            np.subtract(ring, base, out=ring)
        self._bound = max(map(int, self.at(0, head)[1]), default=0)
        # Some way below, so that it does not go to and fro.
        if self.wide and self._bound < _INT64 // 4:
            self.rings = [ring.astype(np.int64) for ring in self.rings]
            self.wide = False


def _places(tier: Tier, bucket: int, head: int) -> Iterator[slice]:
    """Yield where the kept edges after a bucket stand: one run of places, or two where they go round."""
    last = head // tier.step
    first = max(bucket // tier.step + 1, last - tier.size + 1)
    if first > last:
        return
    begin, end = first % tier.size, last % tier.size
    if begin <= end:
        yield slice(begin, end + 1)
    else:
        yield slice(begin, tier.size)
        yield slice(0, end + 1)


class Rings:
    """Running sums of any number of series, and the bucket that is running.

    Parameters
    ----------
    tiers
        Which edges are kept.
    newest
        Number of the running bucket.
    """

    def __init__(self, tiers: Tiers, newest: int) -> None:
        self.tiers = tiers
        self.newest = newest
        self.rows = 0
        self.blocks: list[Block] = []
        # Which tier answers a window, for those that were asked for.
        self._answering: dict[int, int] = {}

    @property
    def head(self) -> int:
        """The end of the running bucket."""
        return self.newest + 1

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(block.nbytes for block in self.blocks)

    def grow(self, rows: int) -> None:
        """Have so many series."""
        while self.rows < rows:
            if not self.blocks or self.blocks[-1].rows == BLOCK:
                self.blocks.append(Block(self.tiers))
            first = (len(self.blocks) - 1) * BLOCK
            self.blocks[-1].grow(min(rows - first, BLOCK))
            self.rows = first + self.blocks[-1].rows

    def advance(self, bucket: int) -> None:
        """Make a later bucket the running one; costs no more than the rings are long, however far it lies."""
        for block in self.blocks:
            block.advance(self.head, bucket + 1)
        self.newest = bucket

    def add(self, bucket: int, rows: npt.NDArray[np.int64], bad: Numbers, total: Numbers) -> None:
        """Add events of a bucket that is running or over: int64, each row once, its bad and all events."""
        for i, block in enumerate(self.blocks):
            first = i * BLOCK
            mine = (rows >= first) & (rows < first + BLOCK)
            if mine.any():
                block.add(bucket, self.head, rows[mine] - first, bad[mine], total[mine])

    def add_all(self, bucket: int, sums: Numbers) -> None:
        """Add events of a bucket to all rows: int64, shape ``(2, rows)``, bad and all events."""
        if np.count_nonzero(sums[1]) * 8 < self.rows:
            # Few had any: a late event touches many edges, and need not touch them for all.
            rows = np.flatnonzero(sums[1])
            self.add(bucket, rows, sums[0, rows], sums[1, rows])
            return
        for i, block in enumerate(self.blocks):
            bad, total = sums[:, i * BLOCK : i * BLOCK + block.rows]
            block.add(bucket, self.head, slice(0, block.rows), bad, total)

    def sums(self, block: Block, window: int, end: int, room: Numbers | None = None) -> Numbers:
        """Return bad and all events of a window that ends at an edge of the finest tier, shape ``(2, rows)``.

        It begins at :meth:`Tiers.floor`. Where there is room, shape ``(2, BLOCK)``, int64 goes there.
        """
        tier = self._answering.get(window)
        if tier is None:
            tier = self._answering[window] = self.tiers.answering(window)
        out = None if room is None or block.wide else room[:, : block.rows]
        return np.subtract(block.at(0, end), block.at(tier, end - window), out=out)

    def sure_sums(self, block: Block, window: int, end: int) -> Numbers:
        """Return the same from :meth:`Tiers.ceil` on: what is in the window for certain."""
        tier, edge = self.tiers.answering(window), self.tiers.ceil(window, end)
        return np.asarray(block.at(0, end) - block.at(tier, edge))
