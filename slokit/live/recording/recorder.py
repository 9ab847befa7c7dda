"""Recording: an event to its bucket, from any thread, without waiting for anybody.

An event finds the open cell, sees that the clock lies in it, and adds one: no lock, no queue. Only the first event of
a bucket does more: it registers a new cell, which takes no lock either (of several threads that try, ``setdefault``
lets one win), and swaps it in. Whoever still holds the old one adds to a cell that is read again. So a signal handler
or a finalizer that interrupts any of this counts too.

The lock belongs to those who read, and move cells that are over into the ring. Events in bulk, and late ones, go to
the ring at once if the lock is free, and wait in a queue if not.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from slokit.errors import InvalidCounts, InvalidEvents, OutOfTimeline, WrongType
from slokit.incidents import Spell
from slokit.live.forks import begins_anew
from slokit.live.recording.cells import ALONE, Cell, Counter
from slokit.live.recording.door import misplaced
from slokit.live.recording.drops import Drops
from slokit.live.recording.exemplars import Exemplar, Exemplars, is_id, picked
from slokit.live.recording.ring import Coarse, Laying, Ring
from slokit.live.recording.tiered import TieredRing
from slokit.protocols import Clock
from slokit.timeline import InstantLike

__all__ = ["Recorded", "Recorder"]

_MOST_PENDING = 100_000
_A_FEW = 16
_REFUSALS = {
    "late": (OutOfTimeline, "the event is older than what is remembered"),
    "too many": (InvalidCounts, "a bucket must have fewer than 2**63 events"),
}


class Recorded(NamedTuple):
    """What was recorded, bucket by bucket, in the order of time; of ``coarse`` spans only sums are known."""

    first: int
    good: npt.NDArray[np.int64]
    bad: npt.NDArray[np.int64]
    observed: npt.NDArray[np.bool_]
    coarse: tuple[Coarse, ...] = ()

    @classmethod
    def nothing(cls, bucket: int) -> Recorded:
        """Return one bucket that nobody observed."""
        none = np.zeros(1, dtype=np.int64)
        return cls(bucket, none, none, np.zeros(1, dtype=np.bool_))

    def laid_over(self, first: int, size: int) -> Recorded:
        """Return the same over other buckets: those that it does not hold are empty, and observed by nobody."""
        good, bad = np.zeros((2, size), dtype=np.int64)
        observed = np.zeros(size, dtype=np.bool_)
        begin, end = max(first, self.first), min(first + size, self.first + len(self.good))
        if begin < end:
            here, there = slice(begin - first, end - first), slice(begin - self.first, end - self.first)
            good[here], bad[here], observed[here] = self.good[there], self.bad[there], self.observed[there]
        return Recorded(first, good, bad, observed)

    def whole(self) -> Recorded:
        """Return all but the last bucket, which is still running."""
        return Recorded(self.first, self.good[:-1], self.bad[:-1], self.observed[:-1], self.coarse)


class Recorder:
    """Counts good and bad events by the bucket of the clock.

    Parameters
    ----------
    step
        Length of a bucket in nanoseconds.
    size
        How many buckets are remembered.
    clock
        What tells the time.
    strict
        Whether what would be dropped raises instead.
    tiered
        Whether what is old is remembered in coarser buckets: see :mod:`slokit.live.recording.tiered`.
    future
        How far beyond the clock an event may be said to lie, in nanoseconds.
    counter
        What makes the counters of a cell; tests have one that gives way in the middle.
    """

    def __init__(
        self,
        step: int,
        size: int,
        clock: Clock,
        *,
        strict: bool = False,
        tiered: bool = False,
        future: int = 3_600_000_000_000,
        counter: Counter = count,
    ) -> None:
        self.step = step
        self.size = size
        self.strict = strict
        self.tiered = tiered
        self._clock = clock
        self._now = clock.now
        self._future = future
        self._counter = counter
        self.closed = False
        self._awaiting: tuple[Callable[[], None], ...] = ()
        self._begin()
        begins_anew(self)

    def _begin(self) -> None:
        """Start from nothing: at first, and in a forked child, which counts for itself."""
        now = self._now()
        self.identity = f"{os.getpid():x}-{now:x}-{os.urandom(8).hex()}"
        self._drops = Drops()
        self._exemplars = Exemplars()
        self._lock = threading.Lock()
        self._pending: deque[tuple[int, int, int]] = deque()
        bucket = now // self.step
        self._ring: Ring | TieredRing = (TieredRing if self.tiered else Ring)(self.size, bucket)
        self._seen = now, self._clock.monotonic()
        # Open cells by bucket, and cells that were taken from there and may still be held by somebody.
        self._cells: dict[int, Cell] = {}
        self._lingering: list[Cell] = []
        self._cell = self._closed_cell() if self.closed else self._opened(bucket)
        self._await()

    def _after_fork(self) -> None:
        self._begin()

    def await_event(self, begin: Callable[[], None]) -> None:
        """Have something called with the next event, and in a forked child with its first; it raises nothing."""
        self._awaiting = (*self._awaiting, begin)
        self._await()

    def _await(self) -> None:
        self._is_awaited = bool(self._awaiting)
        if self._is_awaited:
            self._cell = self._closed_cell()

    def _begun(self) -> None:
        """Tell those who waited that there is an event."""
        self._is_awaited = False
        for begin in self._awaiting:
            begin()

    def _closed_cell(self) -> Cell:
        """Return a cell in which no instant lies, so that the hot path need not ask."""
        return Cell(1, 0, self._counter)

    def _opened(self, bucket: int) -> Cell:
        """Return the cell of a bucket; of several threads that open one, all get the same."""
        found = self._cells.get(bucket)
        if found is None:
            made = Cell(bucket * self.step, (bucket + 1) * self.step, self._counter)
            found = self._cells.setdefault(bucket, made)
        return found

    # --- the hot path -----------------------------------------------------------------------------------------

    def record(self, ok: bool, exemplar: str | None = None) -> None:
        """Count one event, now; never raises, never waits.

        Parameters
        ----------
        ok
            Whether it was good: a bool. Anything else is a drop, and counted as such, never taken for its truthiness.
        exemplar
            What leads to a bad event, such as the id of its trace: printable text of at most 128 characters. Of each
            bucket a fair few are kept; of good events none.
        """
        try:
            # In two steps: Python makes a call of an attribute quick where it is a method, and this one is none.
            clock = self._now
            now = clock()
            cell = self._cell
            if cell.start <= now < cell.end:
                if ok is True:
                    next(cell.good)
                    return
                if ok is False:
                    next(cell.bad)
                    if exemplar is not None:
                        self._exemplify(cell.start, exemplar)
                    return
            self._record_slowly(ok, now, exemplar)
        except Exception:  # noqa: BLE001 - the caller serves its users first
            self._failed()

    def _failed(self) -> None:
        """Count a failure, and hand it on only where somebody asked for that."""
        if self.strict:
            raise  # noqa: PLE0704 - called from except clauses alone
        self._drops.note("broken")

    def _exemplify(self, start: int, exemplar: object) -> None:
        """Keep what leads to a bad event, which has been counted."""
        if not is_id(exemplar):
            self._drop(
                "exemplar",
                WrongType(
                    f"exemplar must be text of 1 to 128 characters that prints, got {type(exemplar).__name__}: "
                    f"{exemplar!r:.200}"
                ),
            )
        elif not self._exemplars.note(start, exemplar):
            self._drops.note("exemplar")

    def _record_slowly(self, good: object, now: int, exemplar: object = None) -> None:
        """Count an event that opens a bucket, or find out why it does not count."""
        if isinstance(good, np.bool_):
            good = bool(good)
        if not isinstance(good, bool):
            self._drop("not a bool", WrongType(f"ok must be a bool, got {type(good).__name__}: {good!r:.100}"))
        elif self.closed:
            self._drop("closed", InvalidEvents("the monitor was closed; nothing is recorded any more"))
        else:
            bucket = now // self.step
            cell = self._opened(bucket)
            next(cell.good if good else cell.bad)
            if self._is_awaited:
                self._begun()
            if exemplar is not None and not good:
                self._exemplify(cell.start, exemplar)
            if cell.start > self._cell.start:
                self._cell = cell
                # A bucket is over: whoever finds the lock free moves it to the ring, so that cells stay few.
                if self._lock.acquire(blocking=False):
                    try:
                        self._fold()
                    finally:
                        self._lock.release()

    def _add(self, good: int, bad: int, at: int | None) -> None:
        """Count several events at once, at an instant that may lie back as far as buckets are remembered."""
        now = self._now()
        if self.closed:
            self._drop("closed", InvalidEvents("the monitor was closed; nothing is recorded any more"), good + bad)
        elif at is None:
            self._put(now, good, bad)
        elif (wrong := misplaced(at, now, self._future)) is not None:
            self._drop(*wrong, good + bad)
        else:
            self._put(at, good, bad)

    def _put(self, at: int, good: int, bad: int) -> None:
        if self._is_awaited:
            self._begun()
        # Whoever interrupted the holder of the lock must not wait for it.
        if not self._lock.acquire(blocking=False):
            if len(self._pending) >= _MOST_PENDING:
                self._drop("overloaded", InvalidEvents("too many events wait for a bucket to open"), good + bad)
            else:
                self._pending.append((at, good, bad))
            return
        try:
            self._advance()
            self._settle(at, good, bad)
            # Where nobody reads, those that waited must not wait until there is no room.
            self._drain(_A_FEW)
        finally:
            self._lock.release()

    # --- under the lock ---------------------------------------------------------------------------------------

    def _settle(self, at: int, good: int, bad: int) -> None:
        """Put events into their bucket of the ring."""
        bucket = at // self.step
        bucket = min(bucket, self._ring.newest)
        refusal = self._refusal(bucket, good, bad)
        if refusal is None:
            self._ring.add(bucket, good, bad)
        else:
            kind, why = _REFUSALS[refusal]
            self._drop(refusal, kind(why), good + bad)

    def _refusal(self, bucket: int, good: int, bad: int) -> str | None:
        """Say why events cannot go to a bucket of the ring; None if they can."""
        if not self._ring.newest - self.size < bucket <= self._ring.newest:
            return "late"
        return None if self._ring.fits(bucket, good, bad) else "too many"

    def _advance(self) -> None:
        """Make the bucket of the clock the newest; a clock that was set back rewinds nothing."""
        now, monotonic = self._now(), self._clock.monotonic()
        seen_wall, seen_monotonic = self._seen
        bucket = now // self.step
        if bucket > self._ring.newest:
            self._seen = now, monotonic
            # Wall time that no running clock measured was slept through, or jumped over: nobody observed it.
            awake = now - seen_wall <= monotonic - seen_monotonic + self.step
            self._ring.advance(bucket, observed=awake and not self.closed)

    def _fold(self) -> None:
        """Move what the cells counted into the ring, and let go of those that are over and that nobody holds."""
        self._advance()
        current = self._cell
        for bucket in list(self._cells):
            if self._cells[bucket] is not current:
                # Taken out first: nobody new gets hold of it, and the next event of its bucket opens another.
                self._lingering.append(self._cells.pop(bucket))
        self._read_into_ring(current)
        cells, self._lingering = self._lingering, []
        while cells:
            cell = cells.pop()
            # Asked before it is read: whoever held it until then may have added since. The open cell is held too: a
            # thread that was kept from swapping its own in may do so after a newer one was.
            alone = sys.getrefcount(cell) <= ALONE
            self._read_into_ring(cell)
            if not alone:
                self._lingering.append(cell)

    def _read_into_ring(self, cell: Cell) -> None:
        good, bad = cell.news()
        if good or bad:
            if cell.start > self._ring.newest * self.step:
                # It was opened after the ring was advanced, by a thread that was let in between.
                self._advance()
            self._settle(cell.start, good, bad)

    def _drain(self, most: int) -> None:
        # Not until there is nothing left: who adds faster than this goes on would keep a reader here for ever.
        while self._pending and most:
            most -= 1
            self._settle(*self._pending.popleft())

    def read(self, laying: Laying = "last") -> Recorded:
        """Return all that was recorded, the running bucket included: copies, good and bad of one moment."""
        with self._lock:
            self._fold()
            self._drain(_MOST_PENDING)
            return Recorded(*self._ring.arrays(laying))

    @property
    def nbytes(self) -> int:
        """Bytes that what is remembered takes."""
        return self._ring.nbytes

    def time(self) -> int:
        """Return the instant by which buckets are over: the clock's, and never before the newest bucket there was."""
        return max(self._now(), self._ring.newest * self.step)

    def merge(self, recorded: Recorded) -> None:
        """Add what was recorded elsewhere: an earlier life of the process, or another one."""
        with self._lock:
            self._advance()
            last = recorded.first + len(recorded.good) - 1
            if self._ring.newest < last <= self._ring.newest + self.size:
                # The clock is behind what was recorded: the newest bucket never goes back.
                self._ring.advance(last, observed=False)
            for i in np.flatnonzero(recorded.good | recorded.bad).tolist():
                good, bad = int(recorded.good[i]), int(recorded.bad[i])
                refusal = self._refusal(recorded.first + i, good, bad)
                if refusal is None:
                    self._ring.add(recorded.first + i, good, bad)
                else:
                    self._drops.note(refusal, good + bad)
            self._ring.set_observed(recorded.first, recorded.observed)

    def _drop(self, reason: str, error: Exception, events: int = 1) -> None:
        self._drops.note(reason, events)
        if self.strict:
            raise error

    def note_drop(self, reason: str) -> None:
        """Count an event that was dropped before it came here."""
        self._drops.note(reason)

    def drops(self) -> Mapping[str, int]:
        """Return how many events were dropped, by reason."""
        with self._lock:
            return self._drops.tally()

    def exemplars(
        self, start: InstantLike | Spell | None = None, end: InstantLike | None = None
    ) -> tuple[Exemplar, ...]:
        """Return what leads to bad events that this process recorded: up to 8 of each of the newest 1,440 bad buckets.

        Parameters
        ----------
        start, end
            Those whose buckets start in ``[start, end)``; by default all. Or one spell, as
            :func:`slokit.incidents.spells` finds it.

        Returns
        -------
        tuple of Exemplar
            In the order of buckets; those of one bucket are a uniform sample of its bad events that came with one.
        """
        return picked(self._exemplars.read(), start, end)

    def close(self) -> None:
        """Record nothing any more; what was recorded stays readable. Closing twice is fine."""
        with self._lock:
            self.closed = True
            self._cell = self._closed_cell()

    def __reduce__(self) -> Any:
        raise WrongType("a recorder belongs to its process and is not pickled; snapshot() gives what it holds")
