"""Keeping: what a recording counted, in a store that others write to as well.

Each process writes the absolute figures of its own buckets, so that a write whose acknowledgement was lost is written
again and counts once. What all of them counted is what the others' rows say, as they were last read, and what this
process knows of itself, which is newer than its rows. Nothing is queued: until a write succeeds, what was to be written
is still in the recording's ring, however long the store is away.
"""

from __future__ import annotations

import threading

import numpy as np

from slokit.errors import StoreError
from slokit.live.forks import begins_anew
from slokit.live.recording import Recording
from slokit.live.recording.recorder import Recorded
from slokit.protocols import Store, StoredCounts

__all__ = ["PATIENCE", "Keeper"]

PATIENCE = 5.0
"""Seconds that a flush waits for another of the same process."""

_ATTEMPTS = 3
_MOST = 0.999 * 2**63
_TIDY_EVERY = 3_600_000_000_000
# A process that was silent for a day is gone; if it only slept, it notices and goes on under another name.
_DEAD_AFTER = 24 * 3_600_000_000_000


class Keeper:
    """Writes a recording to a store, and reads what the others wrote.

    Parameters
    ----------
    store
        Where.
    series
        Under which name.
    recording
        What was counted here.
    """

    def __init__(self, store: Store, series: str, recording: Recording) -> None:
        self._store = store
        self.series = series
        self._recording = recording
        self._begin()
        begins_anew(self)

    def _after_fork(self) -> None:
        # Another thread of the parent may have held it.
        self._lock = threading.Lock()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._identity = self._recording.identity
        self._tidied: int | None = None
        self._life = 0
        self._sequence = 0
        nothing = Recorded.nothing(self._recording.read().first)
        self._kept = nothing  # what the store has acknowledged
        self._sent: tuple[int, Recorded] | None = None  # what it may have, not acknowledged
        self._folded = nothing  # what it holds under no name of ours any more
        self._others = StoredCounts(*np.zeros((3, 0), dtype=np.int64))

    @property
    def writer(self) -> str:
        """Under which name this process writes: a new one after a fork, and after it was taken for dead."""
        return f"{self._identity}-{self._life}"

    def flush(self) -> None:
        """Write what the store does not have, and read what the others have written since.

        Raises
        ------
        StoreError
            If the store cannot be reached; nothing is lost by that.
        """
        if self._identity != self._recording.identity:
            self._begin()
        # Whoever interrupted a flush of its own thread, as a signal handler does that closes, could wait for ever.
        if not self._lock.acquire(timeout=PATIENCE):
            raise StoreError(f"another flush of {self.series[:64]!r} has been going on for {PATIENCE:g} s")
        try:
            self._flush()
        finally:
            self._lock.release()

    def _flush(self) -> None:
        step = self._recording.step
        since = (self._recording.clock.now() // step + 1 - self._recording.size) * step
        self._tidy(since)
        # Whoever was taken for dead between the two would read its own figures as another's: once more then.
        for _ in range(_ATTEMPTS):
            self._write(self._recording.read())
            self._others = self._store.read(self.series, since, without=self.writer)
            if self._store.folded(self.series, self.writer) is None:
                return
        raise StoreError(f"the store takes {self.writer!r} for dead although it writes; check the clocks of all hosts")

    def _tidy(self, since: int) -> None:
        """Now and then drop what nobody remembers, and fold the rows of processes that are gone."""
        now = self._recording.clock.monotonic()
        if self._tidied is None or now - self._tidied >= _TIDY_EVERY:
            self._tidied = now
            self._store.tidy(self.series, before=since, dead_after=_DEAD_AFTER)

    def _write(self, recorded: Recorded) -> None:
        if self._sent is not None:
            # Nobody heard the answer: the same again, under the same number, so that there is one such write at most.
            self._send(*self._sent)
        self._send(self._sequence + 1, recorded)

    def _send(self, sequence: int, recorded: Recorded) -> None:
        """Write what is new in a recording; where the writer was taken for dead, go on as another."""
        # Without any news it is a sign of life, and the answer says whether anybody doubted it.
        rows = self._rows(recorded)
        self._sequence, self._sent = sequence, (sequence, recorded)
        if not self._store.write(self.series, self.writer, sequence, rows):
            if sequence == 1:
                raise StoreError(f"the store takes {self.writer!r} for dead, which has just begun; check its clock")
            self._begin_another_life()
            self._send(1, recorded)
            return
        self._kept, self._sent = recorded, None

    def _begin_another_life(self) -> None:
        """Go on under a new name: what the old one wrote was folded into others' rows."""
        last = self._store.folded(self.series, self.writer)
        # Of a write that was not acknowledged the store knows whether it came to be.
        if self._sent is not None and last is not None and last >= self._sent[0]:
            self._kept = self._sent[1]
        self._folded, self._sent = self._kept, None
        self._life += 1
        self._sequence = 0

    def _rows(self, recorded: Recorded) -> StoredCounts:
        """Return our own figures of the buckets that the store does not have as they are now."""
        kept, folded = (one.laid_over(recorded.first, len(recorded.good)) for one in (self._kept, self._folded))
        changed = (recorded.good != kept.good) | (recorded.bad != kept.bad) | (recorded.observed & ~kept.observed)
        places = np.flatnonzero(changed)
        return StoredCounts(
            (recorded.first + places) * self._recording.step,
            recorded.good[places] - folded.good[places],
            recorded.bad[places] - folded.bad[places],
        )

    def whole(self, recorded: Recorded) -> Recorded:
        """Return what was recorded here and by all others, as far as that is known.

        Raises
        ------
        StoreError
            If a bucket of all of them together holds so many events that they might not fit 64 bits.
        """
        with self._lock:
            others, folded = self._others, self._folded
        if not len(others.starts):
            return recorded
        numbers = others.starts // self._recording.step
        end = recorded.first + len(recorded.good)
        inside = (numbers < end) & (numbers >= end - self._recording.size)
        numbers = numbers[inside]
        first = min(recorded.first, int(numbers.min())) if len(numbers) else recorded.first
        ours, theirs = (one.laid_over(first, end - first) for one in (recorded, folded))
        good, bad, observed = ours.good - theirs.good, ours.bad - theirs.bad, ours.observed
        here = numbers - first
        # As floats, which do not wrap: near the end they refuse a thousandth too early.
        parts = np.array([good[here], bad[here], others.good[inside], others.bad[inside]], dtype=np.float64)
        if parts.sum(axis=0).max(initial=0) > _MOST:
            raise StoreError(f"all processes of {self.series[:64]!r} counted some 2**63 events in one bucket, or more")
        good[here] += others.good[inside]
        bad[here] += others.bad[inside]
        observed[here] = True
        return Recorded(first, good, bad, observed)
