"""Exemplars: for each bad bucket a few of the requests that were bad, by the ids of their traces.

Of all bad events of a bucket that came with an id a fair few are kept: each gets a random number, and those with the
smallest stay. That is a uniform sample whatever the order in which they are looked at, so whoever records only puts an
id into a queue, without a lock, and it is looked at later.

They belong to the process that recorded them: they are in no snapshot and no store, and a forked child begins without.
"""

from __future__ import annotations

import os
import threading
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeGuard

import attrs

from slokit._display import Shown, clean
from slokit.errors import InvalidInterval
from slokit.incidents import Spell
from slokit.intervals import parse_edge
from slokit.timeline import InstantLike, to_datetime

__all__ = ["EACH", "MOST_BUCKETS", "MOST_TEXT", "Exemplar", "Exemplars", "is_id", "picked"]

EACH = 8
"""How many are kept of a bucket."""

MOST_BUCKETS = 1_440
"""Of how many buckets, the newest that had any: a day of minutes in which nothing else happened.

With ids of 32 characters they take 2.2 MB at most, with the longest allowed 3.2 MB, and what waits up to one more.
"""

MOST_TEXT = 128
"""The longest id, in characters."""

_MOST_WAITING = 4_096
_MANY = 256


def _uniform() -> float:
    return int.from_bytes(os.urandom(7)) / 2**56


def _start(value: InstantLike | int) -> int:
    return parse_edge(value, "start")


@attrs.frozen(repr=False)
class Exemplar(Shown):
    """One bad event, by an id that leads to it.

    Parameters
    ----------
    start
        Start of its bucket: an instant, or integer nanoseconds, as it is kept.
    id
        As it was given, such as a trace id.

    Examples
    --------
    >>> Exemplar("2026-03-02T09:00Z", "4bf92f3577b34da6")
    2026-03-02 09:00 UTC 4bf92f3577b34da6
    """

    start: int = attrs.field(converter=_start)
    id: str

    @property
    def time(self) -> datetime:
        """Start of its bucket, in UTC."""
        return to_datetime(self.start)

    def __repr__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M} UTC {clean(self.id, MOST_TEXT)}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "time", f"{self.time:%Y-%m-%d %H:%M} UTC"
        yield "id", clean(self.id, MOST_TEXT)


def is_id(value: object) -> TypeGuard[str]:
    r"""Say whether something can be an id: text that prints, of 1 to 128 characters.

    Examples
    --------
    >>> is_id("4bf92f3577b34da6"), is_id(""), is_id("a\nb"), is_id(b"4bf9")
    (True, False, False, False)
    """
    # A subclass may say anything of its length, or do anything when it is asked.
    return type(value) is str and 0 < len(value) <= MOST_TEXT and value.isprintable()


class Exemplars:
    """A bounded sample of ids a bucket.

    Parameters
    ----------
    each, buckets
        How many ids of how many buckets.
    draw
        Returns a random number from 0 to 1; tests have one of their own.
    """

    def __init__(
        self, *, each: int = EACH, buckets: int = MOST_BUCKETS, draw: Callable[[], float] | None = None
    ) -> None:
        self._each = each
        self._buckets = buckets
        # From the system's entropy: two processes, or two children of one, must not draw alike. A generator of one's
        # own would take 2.6 KB, for each monitor.
        self._draw = draw or _uniform
        self._waiting: deque[tuple[int, str]] = deque()
        self._kept: dict[int, list[tuple[float, str]]] = {}
        self._lock = threading.Lock()

    def note(self, start: int, id: str) -> bool:  # noqa: A002 - what it is
        """Take an id of a bad event of the bucket that starts there; say whether there was room for it to wait.

        May interrupt anything, itself included: it waits for nobody.
        """
        if len(self._waiting) >= _MOST_WAITING:
            return False
        self._waiting.append((start, id))
        if len(self._waiting) >= _MANY and self._lock.acquire(blocking=False):
            try:
                self._fold()
            finally:
                self._lock.release()
        return True

    def _fold(self) -> None:
        """Look at those that wait; under the lock."""
        for _ in range(len(self._waiting)):
            start, id_ = self._waiting.popleft()
            kept = self._kept.get(start)
            if kept is None:
                if len(self._kept) >= self._buckets:
                    oldest = min(self._kept)
                    if start < oldest:
                        continue
                    del self._kept[oldest]
                kept = self._kept[start] = []
            insort(kept, (self._draw(), id_))
            del kept[self._each :]

    def read(self) -> tuple[Exemplar, ...]:
        """Return what is kept, in the order of buckets, those of one bucket in no order."""
        with self._lock:
            self._fold()
            return tuple(Exemplar(start, id_) for start in sorted(self._kept) for _, id_ in self._kept[start])


def picked(
    found: tuple[Exemplar, ...], start: InstantLike | Spell | None, end: InstantLike | None
) -> tuple[Exemplar, ...]:
    """Return those whose buckets start in ``[start, end)``, or in a spell.

    Raises
    ------
    InvalidInterval
        If a spell is given and an end beside it.
    """
    if isinstance(start, Spell):
        if end is not None:
            raise InvalidInterval(f"end must not be given beside a spell, which has one, got {end!r:.100}")
        spell = start
        start, end = spell.start, spell.end
    low = None if start is None else parse_edge(start, "start")
    high = None if end is None else parse_edge(end, "end")
    return tuple(one for one in found if (low is None or one.start >= low) and (high is None or one.start < high))
