"""What rooms pass each other without importing each other: shapes, described once.

An evaluation knows the objective it was made for, although objectives are defined in a room above it, and a status
can look further into the evaluation that it came from; so each is typed by what it needs of the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from slokit.timeline import DurationLike, Timeline
    from slokit.windows import Window

__all__ = ["Clock", "EventSource", "Objective", "Store", "StoredCounts", "Tabular"]


class Clock(Protocol):
    """What a running service tells the time by; tests have one that they set."""

    def now(self) -> int:
        """Return the instant, in nanoseconds since the epoch: buckets are of wall time, which may step either way."""
        ...

    def monotonic(self) -> int:
        """Return nanoseconds that only ever grow, and stop while the machine sleeps: what tells a step from time."""
        ...


class StoredCounts(NamedTuple):
    """Buckets with their events, in the order of time."""

    starts: npt.NDArray[np.int64]
    """Start of each bucket, int64, nanoseconds since the epoch, rising."""
    good: npt.NDArray[np.int64]
    """Good events of each, int64."""
    bad: npt.NDArray[np.int64]
    """Bad events of each, int64."""


class Store(Protocol):
    """Where monitors keep what they counted, and find what all of them did.

    Each writer owns its rows and writes absolute figures, so that a write whose acknowledgement was lost is written
    again and changes nothing. Readers add up all writers.
    """

    def write(self, series: str, writer: str, sequence: int, counts: StoredCounts) -> bool:
        """Set a writer's own figures of some buckets, all or none, durably; the rest of its buckets stay.

        Parameters
        ----------
        series
            What is counted; the same text in every process that counts it.
        writer
            Who counted: unlike any other process, also a forked one.
        sequence
            Grows with each write of a writer.
        counts
            Absolute figures.

        Returns
        -------
        bool
            False where the writer was taken for dead and its rows have been folded into others: nothing was written.
            :meth:`folded` then says up to which sequence they were.
        """
        ...

    def folded(self, series: str, writer: str) -> int | None:
        """Return the last sequence of a writer whose rows were folded, None if they were not."""
        ...

    def read(self, series: str, since: int, *, without: str | None = None) -> StoredCounts:
        """Return the sums of all writers but one, of buckets that start at an instant or later."""
        ...

    def put(self, series: str, key: str, value: bytes) -> None:
        """Keep a value beside the counts, instead of the one with the same key."""
        ...

    def get(self, series: str, key: str) -> bytes | None:
        """Return a value, or None."""
        ...

    def append(self, series: str, log: str, entries: Mapping[str, bytes], *, most: int) -> None:
        """Add entries to a log beside the counts, all or none, durably; one whose key is there already stays as it is.

        So several writers may add the same, and any of them again. Of more than ``most`` those whose keys come first
        are dropped.
        """
        ...

    def entries(self, series: str, log: str, *, without: Collection[str] = ()) -> dict[str, bytes]:
        """Return the entries of a log in the order of their keys, but for those whose keys are known already."""
        ...

    def tidy(self, series: str, *, before: int, dead_after: int) -> None:
        """Drop buckets that start before an instant; fold the rows of writers that were silent for so long into one."""
        ...

    def close(self) -> None:
        """Let go of files and connections; closing twice is fine."""
        ...


class EventSource(Protocol):
    """What a status asks of the evaluation of one series that it came from."""

    @property
    def timeline(self) -> Timeline:
        """Its buckets."""
        ...

    def events_within(self, window: DurationLike, bucket: int) -> tuple[int, int]:
        """Return good and bad events of a rolling window that ends with a bucket."""
        ...


class Tabular(Protocol):
    """A table of texts, whatever it is about: what analyses hand to reports."""

    @property
    def title(self) -> str:
        """What the table is about, in one line."""
        ...

    @property
    def head(self) -> tuple[str, ...]:
        """The names of the columns."""
        ...

    def cells(self) -> tuple[tuple[str, ...], ...]:
        """Return the rows, each as long as the head."""
        ...

    def remarks(self) -> Iterator[str]:
        """Yield what stands below the table: findings, and what the figures rest on."""
        ...


class Objective(Protocol):
    """What an evaluation and a status say of the objective they are about."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def target(self) -> Fraction:
        """At least this share must be good."""
        ...

    @property
    def window(self) -> Window:
        """Over this window."""
        ...
