"""Recording for thousands of labels: an event to its bucket and its label's row, from any thread, without waiting.

It is done as in :mod:`slokit.live.recording.recorder`: an event finds the open generation and the counter of its label
in it, and adds one. Only the first event of a label in a bucket does more, and takes no lock either. The lock belongs
to those who read: they fold what was counted into the running sums.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit.counts.axes import texts
from slokit.errors import InvalidEvents, OutOfTimeline, WrongType
from slokit.live.fleet.events import MOST_TOGETHER, Events, Ints, numbers
from slokit.live.fleet.generation import Counter, Generation
from slokit.live.fleet.labels import OVERFLOW, Labels, wrong_label
from slokit.live.fleet.rings import Rings
from slokit.live.fleet.tiers import Tiers
from slokit.live.forks import begins_anew
from slokit.live.recording.cells import ALONE
from slokit.live.recording.door import event_count, misplaced
from slokit.live.recording.drops import Drops
from slokit.protocols import Clock
from slokit.timeline import InstantLike, parse_instant

__all__ = ["FleetRecorder"]

# What waits for the lock is bounded in entries, and in what each holds by MOST_TOGETHER: 100 MB at the very worst.
_MOST_PENDING = 4_096
_A_FEW = 4
# So many buckets may be over before whoever records folds them: where somebody ticks, that is never.
_MOST_OVER = 3


class FleetRecorder:
    """Counts good and bad events by label and by the bucket of the clock.

    Parameters
    ----------
    step
        Length of a bucket in nanoseconds.
    tiers
        At which edges running sums are kept.
    clock
        What tells the time.
    limit
        How many labels get a row of their own.
    named
        Labels that have one from the beginning.
    strict
        Whether what would be dropped raises instead.
    future
        How far beyond the clock an event may be said to lie, in nanoseconds.
    counter
        What makes the counters of a generation; tests have one that gives way in the middle.
    """

    def __init__(
        self,
        step: int,
        tiers: Tiers,
        clock: Clock,
        *,
        limit: int,
        named: Iterable[str] = (),
        strict: bool = False,
        future: int = 3_600_000_000_000,
        counter: Counter = count,
    ) -> None:
        self.step = step
        self.tiers = tiers
        self.limit = limit
        self.strict = strict
        self._clock = clock
        self._now = clock.now
        self._named = tuple(named)
        self._future = future
        self._counter = counter
        self._begin()
        begins_anew(self)

    def _begin(self) -> None:
        """Start from nothing: at first, and in a forked child, which counts for itself."""
        now = self._now()
        self._drops = Drops()
        self._lock = threading.Lock()
        self._pending: deque[Events] = deque()
        self._labels = Labels(self.limit, self._named)
        bucket = now // self.step
        self._first = bucket
        self._rings = Rings(self.tiers, bucket)
        # Whether the buckets of the finest tier were observed, by their number modulo its size.
        self._observed = np.ones(self.tiers.tiers[0].size, dtype=np.bool_)
        self._seen = now, self._clock.monotonic()
        # Open generations by bucket, and those that were taken from there and may still be held by somebody.
        self._generations: dict[int, Generation] = {}
        self._lingering: list[Generation] = []
        self._generation = self._opened(bucket)

    def _after_fork(self) -> None:
        self._begin()

    def _opened(self, bucket: int) -> Generation:
        """Return the generation of a bucket; of several threads that open one, all get the same."""
        found = self._generations.get(bucket)
        if found is None:
            found = self._generations.setdefault(bucket, Generation(bucket, self.step, self._counter))
        return found

    # --- the hot path -----------------------------------------------------------------------------------------

    def record(self, label: str, ok: bool) -> None:
        """Count one event of a label, now; never raises, never waits.

        Parameters
        ----------
        label
            Whose event it is: text of up to 1,024 characters.
        ok
            Whether it was good: a bool. Anything else is a drop, and counted as such, never taken for its truthiness.
        """
        try:
            now = self._now()
            generation = self._generation
            if generation.start <= now < generation.end:
                if ok is True:
                    counter = generation.good.get(label)
                elif ok is False:
                    counter = generation.bad.get(label)
                else:
                    counter = None
                if counter is not None:
                    next(counter)
                    return
            self._record_slowly(label, ok, now)
        except Exception as error:  # noqa: BLE001 - the caller serves its users first
            self._failed(label, error)

    def _failed(self, label: object, error: Exception) -> None:
        """Count a failure, and hand it on only where somebody asked for that."""
        # A label that has no hash fails before anybody looks at it.
        wrong = None if isinstance(label, str) else wrong_label(label)
        if self.strict:
            raise error if wrong is None else wrong
        self._drops.note("broken" if wrong is None else "not a label")

    def _record_slowly(self, label: str, good: object, now: int) -> None:
        """Count an event that opens a bucket, or is the first of its label there, or find out why it does not count."""
        if isinstance(good, np.bool_):
            good = bool(good)
        if not isinstance(good, bool):
            self._drop("not a bool", WrongType(f"ok must be a bool, got {type(good).__name__}: {good!r:.100}"))
        elif (wrong := wrong_label(label)) is not None:
            self._drop("not a label", wrong)
        else:
            generation = self._opened(now // self.step)
            row = self._labels.row(label)
            generation.count(label if row else OVERFLOW, row, good=good)
            if generation.start > self._generation.start:
                self._generation = generation
            # Where nobody ticks, whoever finds the lock free sees to it that generations stay few.
            if len(self._generations) > _MOST_OVER and self._lock.acquire(blocking=False):
                try:
                    self._fold()
                finally:
                    self._lock.release()

    def _drop(self, reason: str, error: Exception, events: int = 1) -> None:
        self._drops.note(reason, events)
        if self.strict:
            raise error

    # --- in bulk ----------------------------------------------------------------------------------------------

    def add(self, label: str, *, good: int = 0, bad: int = 0, at: InstantLike | None = None) -> None:
        """Count several events of a label at once, or late ones; never waits.

        Parameters
        ----------
        label
            Whose events they are.
        good, bad
            How many.
        at
            When they happened; by default now. What is older than is remembered is dropped, and counted as such.

        Raises
        ------
        InvalidCounts
            If a number is negative, or 2**62 or more.
        InvalidEvents
            If the label is too long.
        WrongType
            If a number is no integer, or the label no text.
        InvalidInstant
            If the instant cannot be read.
        """
        if (wrong := wrong_label(label)) is not None:
            raise wrong
        fine, poor = event_count(good, "good"), event_count(bad, "bad")
        instant = None if at is None else parse_instant(at, "at")
        self._add(np.array([self._labels.row(label)]), np.array([fine]), np.array([poor]), instant)

    def add_many(
        self,
        labels: Iterable[str],
        good: int | npt.ArrayLike = 0,
        bad: int | npt.ArrayLike = 0,
        *,
        at: InstantLike | None = None,
    ) -> None:
        """Count events of many labels at once, at one instant; never waits.

        Parameters
        ----------
        labels
            Whose events they are; a label may come several times.
        good, bad
            How many: an integer for each label, or one for all.
        at
            When they happened; by default now.

        Raises
        ------
        InvalidCounts
            If a number is negative, or 2**62 or more, or there are not as many as labels.
        InvalidEvents
            If a label is too long.
        WrongType
            If numbers are no integers, or a label no text.
        InvalidInstant
            If the instant cannot be read.
        """
        held = texts(labels, "labels")
        if longest := next((wrong for wrong in map(wrong_label, held) if wrong is not None), None):
            raise longest
        goods, bads = numbers("good", good, len(held)), numbers("bad", bad, len(held))
        instant = None if at is None else parse_instant(at, "at")
        row = self._labels.row
        rows = np.fromiter(map(row, held), dtype=np.int64, count=len(held))
        self._add(rows, goods, bads, instant)

    def _add(self, rows: Ints, good: Ints, bad: Ints, at: int | None) -> None:
        events = Events(0 if at is None else at, rows, good, bad)
        try:
            now = self._now()
            if at is not None and (misplacement := misplaced(at, now, self._future)) is not None:
                self._drop(*misplacement, events.many)
            else:
                self._put(events if at is not None else events._replace(at=now))
        except Exception:
            if self.strict:
                raise
            self._drops.note("broken", events.many)

    def _put(self, events: Events) -> None:
        # Whoever interrupted the holder of the lock must not wait for it.
        if not self._lock.acquire(blocking=False):
            for first in range(0, events.size, MOST_TOGETHER):
                part = events.part(first)
                if len(self._pending) >= _MOST_PENDING:
                    self._drop("overloaded", InvalidEvents("too many events wait to be counted"), part.many)
                else:
                    self._pending.append(part)
            return
        try:
            self._catch_up()
            self._settle(events)
            # Where nobody reads, those that waited must not wait until there is no room.
            self._drain(_A_FEW)
        finally:
            self._lock.release()

    # --- under the lock ---------------------------------------------------------------------------------------

    def _settle(self, events: Events) -> None:
        """Put events into the running sums."""
        bucket = min(events.at // self.step, self._rings.newest)
        if bucket < self.tiers.oldest(self._rings.newest):
            self._drop("late", OutOfTimeline("the events are older than what is remembered"), events.many)
            return
        for rows, good, bad in events.each_row_once():
            self._open(bucket, int(rows.max(initial=0)) + 1)
            self._rings.add(bucket, rows, bad, good + bad)

    def _open(self, bucket: int, rows: int) -> None:
        """Have room for so many rows, and for a bucket that is remembered."""
        self._first = min(self._first, bucket)
        if bucket > self._rings.newest - len(self._observed):
            self._observed[bucket % len(self._observed)] = True
        self._rings.grow(rows)

    def _catch_up(self) -> None:
        """Make the bucket of the clock the running one; a clock that was set back rewinds nothing."""
        now, monotonic = self._now(), self._clock.monotonic()
        seen_wall, seen_monotonic = self._seen
        self._seen = now, monotonic
        if now // self.step > self._rings.newest:
            # Wall time that no running clock measured was slept through, or jumped over: nobody observed it.
            awake = now - seen_wall <= monotonic - seen_monotonic + self.step
            self._advance(now // self.step, observed=awake)

    def _advance(self, bucket: int, *, observed: bool) -> None:
        size, newest = len(self._observed), self._rings.newest
        skipped = np.arange(max(newest + 1, bucket - size + 1), bucket) % size
        self._observed[skipped] = observed
        self._observed[bucket % size] = True
        self._rings.advance(bucket)

    def _fold(self) -> None:
        """Move what was recorded into the running sums, and let go of generations that are over and nobody holds."""
        now = self._now() // self.step
        if now > self._generation.bucket:
            # Else one that is over would be read now, as the open one, and once more when it is not.
            self._generation = self._opened(now)
        current = self._generation
        for bucket in list(self._generations):
            if self._generations[bucket] is not current:
                # Taken out first: nobody new gets hold of it, and the next event of its bucket opens another.
                self._lingering.append(self._generations.pop(bucket))
        # The oldest first: most of them then are of the running bucket, and are added at one edge.
        over, self._lingering = sorted(self._lingering, key=_bucket, reverse=True), []
        while over:
            generation = over.pop()
            # Asked before it is read: whoever held it until then may have added since.
            alone = sys.getrefcount(generation) <= ALONE
            self._read(generation)
            if not alone:
                self._lingering.append(generation)
        self._read(current)
        self._catch_up()
        self._drain(_MOST_PENDING)

    def _drain(self, most: int) -> None:
        # Not until there is nothing left: who adds faster than this goes on would keep a reader here for ever.
        while self._pending and most:
            most -= 1
            self._settle(self._pending.popleft())

    def _read(self, generation: Generation) -> None:
        """Count what a generation has that is new."""
        if not generation.good and not generation.bad:
            return
        good_rows, good, bad_rows, bad = generation.news()
        if not (good.any() or bad.any()):
            return
        now, newest = self._now() // self.step, self._rings.newest
        if newest < generation.bucket <= now:
            # Of a fold's own time the clock says whether what lies between was slept through.
            awake = self._seen[0] + self._clock.monotonic() - self._seen[1] + self.step >= generation.start
            self._advance(generation.bucket, observed=awake)
        bucket = min(generation.bucket, self._rings.newest)
        if bucket < self.tiers.oldest(self._rings.newest):
            self._drops.note("late", int(good.sum()) + int(bad.sum()))
            return
        size = 1 + max(int(good_rows.max(initial=0)), int(bad_rows.max(initial=0)))
        sums = np.zeros((2, max(size, self._rings.rows)), dtype=np.int64)
        sums[0, bad_rows] = bad
        sums[1, good_rows] = good
        sums[1] += sums[0]
        self._open(bucket, size)
        self._rings.add_all(bucket, sums)

    @property
    def drops(self) -> Mapping[str, int]:
        """How many events did not count, by reason; see :data:`slokit.live.recording.drops.REASONS`."""
        with self._lock:
            return self._drops.tally()

    def __reduce__(self) -> Any:
        raise WrongType("a fleet belongs to its process and is not pickled")


def _bucket(generation: Generation) -> int:
    return generation.bucket
