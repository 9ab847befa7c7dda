"""What a store does, whichever database keeps it: who may write, what a repeat is, how the dead are folded.

Each writer owns its rows and sets them to absolute figures; its row in ``slokit_writers`` holds the last sequence
that was applied, and is changed in the same transaction. A repeat is then known by its sequence alone.

A writer that was silent for long is taken for dead, and its rows are added into those of the writer ``''``: else a
service that restarts every minute would leave a row a bucket for each of its lives. It may only have slept. So its own
row stays, marked as folded, until the last bucket it wrote has been dropped: until then it is told that its figures
are counted already, and must go on under another name.

Deadlocks cannot form: a write locks its writer's row, and then rows of counts that only it or a tidying transaction
changes; tidying locks the rows of all writers first, always in the same order.
"""

from __future__ import annotations

import os
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Self

import numpy as np

from slokit.errors import StoreError
from slokit.live.stores import _door as door
from slokit.live.stores._schema import Transaction
from slokit.protocols import StoredCounts
from slokit.timeline import DurationLike, parse_duration

__all__ = ["Ledger"]

_WRITER = "SELECT sequence, folded, until FROM slokit_writers WHERE series = :series AND writer = :writer"
_NEW_WRITER = (
    "INSERT INTO slokit_writers (series, writer, sequence, seen, folded) VALUES (:series, :writer, -1, :now, 0)"
    " ON CONFLICT (series, writer) DO NOTHING"
)
_SEEN = (
    "UPDATE slokit_writers SET sequence = :sequence, seen = :now, until = :until"
    " WHERE series = :series AND writer = :writer"
)
_SET = (
    "INSERT INTO slokit_counts (series, start, writer, good, bad) VALUES (:series, :start, :writer, :good, :bad)"
    " ON CONFLICT (series, start, writer) DO UPDATE SET good = excluded.good, bad = excluded.bad"
)
_FOLDED = "SELECT sequence FROM slokit_writers WHERE series = :series AND writer = :writer AND folded = 1"
_READ = "SELECT start, SUM(good), SUM(bad) FROM slokit_counts WHERE series = :series AND start >= :since"
_PUT = (
    "INSERT INTO slokit_values (series, name, content) VALUES (:series, :name, :content)"
    " ON CONFLICT (series, name) DO UPDATE SET content = excluded.content"
)
# A log is the values whose names begin with its own and a slash; "0" is the sign that follows the slash.
_ADD = (
    "INSERT INTO slokit_values (series, name, content) VALUES (:series, :name, :content)"
    " ON CONFLICT (series, name) DO NOTHING"
)
_NAMES = "SELECT name FROM slokit_values WHERE series = :series AND name > :low AND name < :high ORDER BY name"
_DROP_VALUE = "DELETE FROM slokit_values WHERE series = :series AND name = :name"
_GET = "SELECT content FROM slokit_values WHERE series = :series AND name = :name"

_WRITERS = "SELECT writer, seen, folded FROM slokit_writers WHERE series = :series ORDER BY writer"
_DROP = "DELETE FROM slokit_counts WHERE series = :series AND start < :before"
_BURY = "UPDATE slokit_writers SET folded = 1 WHERE series = :series AND writer = :writer"
_FOLD = (
    "INSERT INTO slokit_counts (series, start, writer, good, bad)"
    " SELECT series, start, '', SUM(good), SUM(bad) FROM slokit_counts WHERE series = :series AND writer IN"
    " (SELECT writer FROM slokit_writers WHERE series = :series AND folded = 1) GROUP BY series, start"
    " ON CONFLICT (series, start, writer) DO UPDATE"
    " SET good = slokit_counts.good + excluded.good, bad = slokit_counts.bad + excluded.bad"
)
_EMPTY = (
    "DELETE FROM slokit_counts WHERE series = :series AND writer IN"
    " (SELECT writer FROM slokit_writers WHERE series = :series AND folded = 1)"
)
_FORGET = "DELETE FROM slokit_writers WHERE series = :series AND folded = 1 AND (until IS NULL OR until < :before)"


class Ledger(ABC):
    """A store over a database, of which a subclass says how to reach it.

    One transaction at a time and one connection a process: monitors write every few seconds, and a database counts
    its connections. Both end before a fork and begin again after it, in the parent and in the child.

    Parameters
    ----------
    place
        What messages call the store.
    timeout
        The longest wait for a transaction's turn.
    """

    def __init__(self, place: str, timeout: DurationLike) -> None:
        self._place = place
        self._timeout = parse_duration(timeout, "timeout") / 1e9
        self._lock = threading.Lock()
        self._closed = False
        self._owner: int | None = None  # the process that opened the connection; None without one
        _all[id(self)] = self

    @abstractmethod
    def _begun(self, *, writes: bool) -> AbstractContextManager[Transaction]:
        """Run a transaction; whatever the database raises is a StoreError, and then nothing happened."""

    @abstractmethod
    def _disconnect(self) -> None:
        """Close what is open, without an error; the next transaction opens it again."""

    @abstractmethod
    def _disown(self) -> None:
        """Make do with a connection that came over a fork nobody announced."""

    def write(self, series: str, writer: str, sequence: int, counts: StoredCounts) -> bool:
        """Set a writer's own figures of some buckets, all or none, durably: see :class:`slokit.protocols.Store`.

        A write whose sequence is not above the last one applied is its repeat, or was overtaken: it is acknowledged,
        and changes nothing. A write without buckets tells that the writer lives.

        Raises
        ------
        StoreError
            If it cannot be written now. Write the same again later, under the same sequence or a higher one.
        InvalidCounts
            If figures are negative, the buckets do not rise, or a name is longer than 200 characters.
        InvalidNumber
            If the sequence is negative, or does not fit 64 bits.
        """
        me = door.names(series=series, writer=writer)
        number = door.whole(sequence, "sequence")
        rows = [me | row for row in door.rows(counts)]
        with self._transaction(writes=True) as run:
            query = _WRITER + run.dialect.lock
            # A row of a writer that is new is made first and locked then: it may have come from a twin of this very
            # write, which a connection that was given up had still carried to the database.
            while not (known := run.ask(query, **me)):
                run.do(_NEW_WRITER, **me, now=run.now)
            ((stored, folded, until),) = known
            if folded:
                return False
            if number > stored:
                last = [until] if until is not None else []
                last += [row["start"] for row in rows[-1:]]
                run.do(_SEEN, **me, sequence=number, now=run.now, until=max(last, default=None))
                run.each(_SET, rows)
        return True

    def folded(self, series: str, writer: str) -> int | None:
        """Return the last sequence of a writer whose rows were folded, None if they were not."""
        me = door.names(series=series, writer=writer)
        with self._transaction(writes=False) as run:
            found = run.ask(_FOLDED, **me)
        return int(found[0][0]) if found else None

    def read(self, series: str, since: int, *, without: str | None = None) -> StoredCounts:
        """Return the sums of all writers but one, of buckets that start at an instant or later.

        Raises
        ------
        StoreError
            If they cannot be read now, or a sum is 2**63 or more.
        """
        values = door.names(series=series) if without is None else door.names(series=series, without=without)
        values["since"] = door.whole(since, "since", door.LEAST)
        but = "" if without is None else " AND writer <> :without"
        with self._transaction(writes=False) as run:
            rows = run.ask(f"{_READ}{but} GROUP BY start ORDER BY start", **values)
            # PostgreSQL sums to decimals, which are exact; a float can only come from a damaged file.
            if any(type(figure) is float for row in rows for figure in row):
                raise ValueError("a figure is no integer")
        columns = [[int(row[column]) for row in rows] for column in range(3)]
        if rows and max(map(max, columns)) >= 2**63:
            raise StoreError(f"{self._place}: a sum over all writers of {series[:64]!r} is 2**63 or more")
        return StoredCounts(*(np.array(column, dtype=np.int64) for column in columns))

    def put(self, series: str, key: str, value: bytes) -> None:
        """Keep a value beside the counts, instead of the one with the same key; at most 64 MiB.

        Raises
        ------
        StoreError
            If it cannot be written now.
        """
        names, content = door.names(series=series, key=key), door.value(value, "value")
        with self._transaction(writes=True) as run:
            run.do(_PUT, series=names["series"], name=names["key"], content=content)

    def get(self, series: str, key: str) -> bytes | None:
        """Return a value, or None."""
        names = door.names(series=series, key=key)
        with self._transaction(writes=False) as run:
            found = run.ask(_GET, series=names["series"], name=names["key"])
        return bytes(found[0][0]) if found else None

    def append(self, series: str, log: str, entries: Mapping[str, bytes], *, most: int) -> None:
        """Add entries to a log beside the counts, all or none; one whose key is there already stays as it is.

        Parameters
        ----------
        series
            What is counted.
        log
            Name of the log, without a slash.
        entries
            Values of at most 64 MiB, by keys that sort as they follow each other.
        most
            How many the log keeps, at least 1: of more those whose keys come first are dropped.

        Raises
        ------
        StoreError
            If they cannot be written now; nothing was.
        """
        one, limit, inside = door.names(series=series), door.whole(most, "most", 1), door.names_of(log)
        rows = [
            {**one, "name": door.name_in(log, key), "content": door.value(entries[key], f"entries[{key[:64]!r}]")}
            for key in sorted(entries)
        ]
        with self._transaction(writes=True) as run:
            run.each(_ADD, rows)
            names = run.ask(_NAMES, **one, **inside)
            if len(names) > limit:
                run.each(_DROP_VALUE, [{**one, "name": name} for (name,) in names[: len(names) - limit]])

    def entries(self, series: str, log: str, *, without: Collection[str] = ()) -> dict[str, bytes]:
        """Return the entries of a log in the order of their keys, but for those whose keys are known already.

        Raises
        ------
        StoreError
            If they cannot be read now.
        """
        one = door.names(series=series)
        found = {}
        with self._transaction(writes=False) as run:
            for (name,) in run.ask(_NAMES, **one, **door.names_of(log)):
                key = str(name)[len(log) + 1 :]
                # What a tidying writer dropped between the two is not there any more.
                if key not in without and (content := run.ask(_GET, **one, name=name)):
                    found[key] = bytes(content[0][0])
        return found

    def tidy(self, series: str, *, before: int, dead_after: int) -> None:
        """Drop buckets that start before an instant; fold the rows of writers that were silent for so long into one.

        All in one transaction: a reader sees the sums of the buckets that stay, the same before and after.

        Parameters
        ----------
        series
            What is counted.
        before
            Nanoseconds since the epoch; also how long folded writers are remembered: as long as a bucket of theirs is.
        dead_after
            Nanoseconds since a writer's last write, by the clock of the host (SQLite) or of the database. A writer that
            was wrongly taken for dead loses nothing.

        Raises
        ------
        StoreError
            If it cannot be done now; nothing was.
        """
        one = door.names(series=series)
        edge = door.whole(before, "before", door.LEAST)
        silence = door.whole(dead_after, "dead_after")
        with self._transaction(writes=True) as run:
            # The row of '' always exists here, so that two that tidy at once take turns from the first statement on.
            run.do(_NEW_WRITER, **one, writer="", now=run.now)
            writers = run.ask(_WRITERS + run.dialect.lock, **one)
            # Dropping first makes room on a full disk, and leaves less to fold.
            run.do(_DROP, **one, before=edge)
            dead = [name for name, seen, folded in writers if name and not folded and run.now - seen >= silence]
            if dead:
                run.each(_BURY, [{**one, "writer": name} for name in dead])
                run.do(_FOLD, **one)
                run.do(_EMPTY, **one)
            run.do(_FORGET, **one, before=edge)

    def close(self) -> None:
        """Let go of files and connections; closing twice is fine. A closed store refuses all else."""
        self._closed = True
        # A transaction that outlasts the wait lets go at its own end: an exit must not hang on a database.
        if self._lock.acquire(timeout=self._timeout):
            try:
                self._let_go()
            finally:
                self._lock.release()

    def __del__(self) -> None:
        # Nobody can use it any more, and Python complains of connections to SQLite that are merely dropped.
        with suppress(Exception):
            self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._place!r})"

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Transaction]:
        if not self._lock.acquire(timeout=self._timeout):
            raise StoreError(f"{self._place}: another thread has been using the store for {self._timeout:g} s")
        try:
            if self._closed:
                raise StoreError(f"{self._place}: the store was closed; open it again")
            if self._owner not in (None, os.getpid()):
                self._disown()
            with self._begun(writes=writes) as run:
                try:
                    yield run
                except (TypeError, ValueError, OverflowError, ArithmeticError) as error:
                    # Arguments were checked before: what does not fit here was found in the store.
                    raise StoreError(f"{self._place}: holds what no store wrote ({error}): {_DAMAGED}") from error
        finally:
            if self._closed:
                self._let_go()
            self._lock.release()

    def _let_go(self) -> None:
        if self._owner in (None, os.getpid()):
            self._disconnect()
        self._owner = None


_DAMAGED = "it is damaged; move it away, and a new one is begun, or bring back a copy"


# --- forks ------------------------------------------------------------------------------------------------------------

# SQLite keeps a table of its locks in the process. A child inherits that table and not the locks: it believes that its
# own, new connection is locked already, and once the parent closes, the file beneath the child is taken away (tried:
# five acknowledged writes of five were lost). No code in the child can mend that, so nothing may be open at a fork.
_all: weakref.WeakValueDictionary[int, Ledger] = weakref.WeakValueDictionary()
_held = threading.local()


def _ledgers() -> list[Ledger]:
    # valuerefs() copies at once; an iterator would trip over a store that another thread opens meanwhile.
    return [ledger for ref in _all.valuerefs() if (ledger := ref()) is not None]


def _before_fork() -> None:
    _held.ledgers = []
    for ledger in _ledgers():
        # Held over the fork, so that no thread of the parent connects in between. Without its turn the store keeps
        # its connection, and the child will refuse it.
        if ledger._lock.acquire(timeout=ledger._timeout):
            _held.ledgers.append(ledger)
            ledger._let_go()


def _after_fork_in_parent() -> None:
    for ledger in _held.ledgers:
        ledger._lock.release()
    _held.ledgers = []


def _after_fork_in_child() -> None:
    _held.ledgers = []
    for ledger in _ledgers():
        # Whatever thread held the old lock does not exist here.
        ledger._lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
