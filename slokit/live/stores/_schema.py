"""The tables of a store, and how those of an older version become those of today.

A database counts the migrations that were applied to it; an empty one has seen none. So a new table set and an old
one take the same way, and a database that has seen more than this version knows is left alone: what its newer columns
mean cannot be guessed. The version is looked at in every transaction and not only at the start, because the newer
version of a service may migrate while the older one still runs.

All text is that of both databases; where they differ, a :class:`Dialect` fills in the word.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

from slokit.errors import StoreError

__all__ = ["MIGRATIONS", "POSTGRESQL", "SQLITE", "Dialect", "Transaction", "bring_up", "refuse_newer"]


class Dialect(NamedTuple):
    """The words in which two databases differ.

    Attributes
    ----------
    text, blob
        Types of columns. PostgreSQL's text is compared byte by byte: an index in the order of a locale is broken by
        an upgrade of the system's library.
    options
        What ends a table's definition.
    lock
        What ends a query whose rows nobody else may change before the transaction ends. A writing transaction of
        SQLite has the whole file.
    has_schema
        Asks for 1 if there are tables of slokit, 0 if not.
    alone
        Makes processes that start together create the tables one after the other; empty where they do so anyway.
    """

    text: str
    blob: str
    options: str
    lock: str
    has_schema: str
    alone: str


# Rows of a table without a rowid lie in the order of the key, so that one window is one run of pages.
SQLITE = Dialect(
    text="TEXT",
    blob="BLOB",
    options=" WITHOUT ROWID",
    lock="",
    has_schema="SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'slokit_schema'",
    alone="",
)
POSTGRESQL = Dialect(
    text='TEXT COLLATE "C"',
    blob="BYTEA",
    options="",
    lock=" FOR UPDATE",
    has_schema="SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('slokit_schema')",
    alone="SELECT CAST(pg_advisory_xact_lock(7738135647) AS TEXT)",  # any number of our own
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE slokit_schema (version BIGINT NOT NULL)",
        "INSERT INTO slokit_schema (version) VALUES (0)",
        # seen: when the writer last wrote, by the store's clock. folded: 1 once its rows belong to the writer ''.
        # until: the start of the last bucket it ever wrote, which says how long its tombstone must stay.
        (
            "CREATE TABLE slokit_writers (series {text} NOT NULL, writer {text} NOT NULL, sequence BIGINT NOT NULL,"
            " seen BIGINT NOT NULL, folded BIGINT NOT NULL, until BIGINT, PRIMARY KEY (series, writer)){options}"
        ),
        # The bound from above is not idle: SQLite makes a float of integers whose sum overflows, and this refuses it.
        # The order of the key serves readers, who ask for a run of time. Folding a writer scans its series: rare.
        (
            "CREATE TABLE slokit_counts (series {text} NOT NULL, start BIGINT NOT NULL, writer {text} NOT NULL,"
            " good BIGINT NOT NULL CHECK (good BETWEEN 0 AND 9223372036854775807),"
            " bad BIGINT NOT NULL CHECK (bad BETWEEN 0 AND 9223372036854775807),"
            " PRIMARY KEY (series, start, writer)){options}"
        ),
        (
            "CREATE TABLE slokit_values (series {text} NOT NULL, name {text} NOT NULL, content {blob} NOT NULL,"
            " PRIMARY KEY (series, name)){options}"
        ),
    ),
)
"""What leads from each version to the next; a released one is never edited. Their number is the version of today."""


class Transaction(ABC):
    """What the statements of a store run in: all of them happen, or none.

    Parameters
    ----------
    dialect
        The words of the database.
    now
        The wall clock of whoever keeps the store, nanoseconds since the epoch.
    """

    def __init__(self, dialect: Dialect, now: int) -> None:
        self.dialect, self.now = dialect, now

    @abstractmethod
    def ask(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""

    @abstractmethod
    def each(self, statement: str, rows: Sequence[dict[str, object]]) -> None:
        """Run a statement that returns nothing, once a row."""

    def do(self, statement: str, **values: object) -> None:
        """Run a statement that returns nothing."""
        self.each(statement, [values])


def bring_up(run: Transaction, place: str) -> None:
    """Create the tables, or migrate them; raise StoreError if they are of a newer version."""
    if (found := _version(run, place)) == len(MIGRATIONS):
        return
    if run.dialect.alone:
        run.ask(run.dialect.alone)
        found = _version(run, place)  # another process may have been quicker
    for statements in MIGRATIONS[found:]:
        for statement in statements:
            run.do(statement.format(**run.dialect._asdict()))
    run.do("UPDATE slokit_schema SET version = :version", version=len(MIGRATIONS))


def refuse_newer(found: object, place: str) -> None:
    """Raise StoreError unless tables are of a version that this slokit can read and write, or bring up to it."""
    if not isinstance(found, int) or found < 0:
        raise StoreError(f"{place}: the tables name no version, but {found!r:.40}; they are damaged or not slokit's")
    if found > len(MIGRATIONS):
        raise StoreError(
            f"{place}: the tables are of version {found}, and this slokit knows versions up to {len(MIGRATIONS)}; "
            "nothing was changed: upgrade slokit here, or keep these counts elsewhere"
        )


def _version(run: Transaction, place: str) -> int:
    """Return how many migrations a database has seen."""
    if run.ask(run.dialect.has_schema) == [(0,)]:
        return 0
    found = [row[0] for row in run.ask("SELECT version FROM slokit_schema")]
    version = found[0] if len(found) == 1 else None
    refuse_newer(version, place)
    return int(version or 0)
