"""Counts in a database: PostgreSQL, for the processes of many hosts, through SQLAlchemy.

The statements are those of the file (:mod:`slokit.live.stores.sqlite`), which can be reached this way too. What differs
is who is trusted with the time (the database, whose clock all hosts share), and what may happen to a connection:
it is tried before it is used, so that a database that was stopped and started costs at most one failed write.

No wait is without an end: connecting, locks, statements and a network that swallows packets each have the timeout.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from slokit._display import clean
from slokit.errors import MissingExtra, StoreError, WrongType
from slokit.live.stores._ledger import Ledger
from slokit.live.stores._schema import POSTGRESQL, SQLITE, Dialect, Transaction, bring_up, refuse_newer
from slokit.live.stores.sqlite import check_place, prepare, said
from slokit.timeline import DurationLike

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine, TextClause

__all__ = ["SqlStore"]

# For this transaction alone, so that a pooler that hands the connection on hands on no limits. A statement may take
# twice as long as its locks: who waits for others is then told so.
_PG_BEGIN = (
    "SELECT set_config('lock_timeout', :limit, true), set_config('statement_timeout', :twice, true),"
    " CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) * 1000"
)
_VERSION = "SELECT version FROM slokit_schema"


class SqlStore(Ledger):
    """Counts in a PostgreSQL database, shared by processes of many hosts.

    It makes four tables, ``slokit_schema``, ``slokit_writers``, ``slokit_counts`` and ``slokit_values``, in the first
    schema of the user's search path; where they exist, it needs no right to create any. Nothing is connected before
    the first use. Each process has one connection.

    Parameters
    ----------
    url
        As SQLAlchemy reads it: ``"postgresql://user:password@host/name"``, whose driver is psycopg unless it names
        another, or ``"sqlite:///slo.db"``. The password is never shown.
    timeout
        The longest wait: for a connection, for other transactions, for a statement.

    Raises
    ------
    StoreError
        If the URL cannot be read, or is of a database other than these two.
    MissingExtra
        If SQLAlchemy or the driver is not installed.

    Examples
    --------
    >>> SqlStore("postgresql://slo:secret@db.internal/slo")
    SqlStore('postgresql+psycopg://slo:***@db.internal/slo')
    """

    def __init__(self, url: str | URL, *, timeout: DurationLike = "5s") -> None:
        where = _url(url)
        super().__init__(clean(where.render_as_string(hide_password=True)), timeout)
        self._dialect = _DIALECTS[where.get_backend_name()]
        self._ready = False
        self._engine = self._engine_of(where)

    def _engine_of(self, url: URL) -> Engine:
        import sqlalchemy
        from sqlalchemy.pool import QueuePool

        options: dict[str, Any] = {"pool_pre_ping": True}
        if self._dialect is SQLITE:
            url = url.set(database=str(check_place(url.database or "")))
            limits: dict[str, Any] = {"timeout": self._timeout, "isolation_level": None, "check_same_thread": False}
        else:
            # Rows are locked, and looked at again once the lock is had: what stricter levels answer with an error.
            options["isolation_level"] = "READ COMMITTED"
            seconds = max(2, round(self._timeout))
            limits = {"connect_timeout": seconds, "tcp_user_timeout": seconds * 1000}
            if url.get_driver_name() not in {"psycopg", "psycopg2"}:
                limits = {}
        limits = {key: value for key, value in limits.items() if key not in url.query}
        try:
            engine = sqlalchemy.create_engine(
                url, connect_args=limits, poolclass=QueuePool, pool_size=1, max_overflow=0, **options
            )
        except ImportError as error:
            driver = url.get_driver_name()
            mend = 'pip install "slokit[sql]"' if driver == "psycopg" else f"install {driver}, or name psycopg"
            raise MissingExtra(f"reaching {self._place} needs the driver {driver}: {mend}") from error
        except (sqlalchemy.exc.SQLAlchemyError, TypeError) as error:
            raise StoreError(f"{self._place}: {_first_line(error)}") from None
        if engine.dialect.is_async:
            raise StoreError(f"{self._place}: the driver {engine.dialect.driver} is asynchronous; name psycopg")
        if self._dialect is SQLITE:
            sqlalchemy.event.listen(engine, "connect", lambda connection, _: prepare(connection, self._place))
        return engine

    @contextmanager
    def _begun(self, *, writes: bool) -> Iterator[Transaction]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            self._owner = os.getpid()
            if not self._ready and self._dialect is POSTGRESQL:
                with self._engine.begin() as connection:
                    bring_up(self._opened(connection), self._place)
                self._ready = True
            with self._engine.connect() as connection:
                if self._dialect is SQLITE:
                    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
                run = self._opened(connection)
                refuse_newer(next((row[0] for row in run.ask(_VERSION)), None), self._place)
                yield run
                connection.commit()
        except (SQLAlchemyError, sqlite3.Error) as error:
            # The tables may have been dropped, or the place be another database by now: look again.
            self._ready = False
            self._disconnect()
            raise StoreError(self._said(error)) from error
        except BaseException:
            self._disconnect()
            raise

    def _opened(self, connection: Connection) -> Transaction:
        if self._dialect is SQLITE:
            return _SqlTransaction(SQLITE, time.time_ns(), connection)
        limit = max(1, round(self._timeout * 1000))
        limits = {"limit": str(limit), "twice": str(2 * limit)}
        ((_, _, now),) = connection.execute(_statement(_PG_BEGIN), limits).all()
        return _SqlTransaction(POSTGRESQL, int(now), connection)

    def _disconnect(self) -> None:
        with suppress(Exception):
            self._engine.dispose()
        self._owner = None

    def _disown(self) -> None:
        if self._dialect is SQLITE:
            raise StoreError(
                f"{self._place}: the process was forked while the file was open, unseen by Python or in the middle of "
                "a write, and its locks cannot be trusted here: close the store before the fork"
            )
        # The parent still speaks over this socket: the child forgets it, without a word to the database.
        self._engine.dispose(close=False)

    def _said(self, error: Exception) -> str:
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, sqlite3.Error):
            return said(cause, self._place)
        state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or ""
        mend = next((mend for start, mend in _MENDS.items() if state.startswith(start)), _MENDS[""])
        return f"{self._place}: {mend} ({_first_line(cause)})"


class _SqlTransaction(Transaction):
    """Statements on a connection of SQLAlchemy."""

    def __init__(self, dialect: Dialect, now: int, connection: Connection) -> None:
        super().__init__(dialect, now)
        self._connection = connection

    def ask(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._connection.execute(_statement(statement), values)]

    def each(self, statement: str, rows: Sequence[dict[str, object]]) -> None:
        if rows:  # an empty list would run it once, without values
            self._connection.execute(_statement(statement), list(rows))


# By the start of the SQLSTATE, the longest first; "" is what a server that does not answer comes to.
_MENDS = {
    "55P03": "others held the rows for the whole timeout; the next write tries again",
    "57014": "a statement took longer than the timeout; the next write tries again",
    "42501": "this user has no right to it: grant it, or name another user",
    "22003": "a sum over all writers is 2**63 or more",
    "28": "the database does not know this user: look at the user and the password in the URL",
    "3D": "there is no such database: create it, or name another",
    "53": "the database has run out of something: disk, memory or connections",
    "42": "the tables are not as slokit makes them; look who changed them",
    "25006": "the database is read-only: name the primary and not its replica",
    "": "it cannot be reached or used now; the next write tries again",
}

_DIALECTS = {"postgresql": POSTGRESQL, "sqlite": SQLITE}


def _url(url: str | URL) -> URL:
    """Read a URL; messages do not show it, for it may hold a password anywhere."""
    try:
        import sqlalchemy
    except ImportError as error:
        raise MissingExtra('keeping counts in a database needs SQLAlchemy: pip install "slokit[sql]"') from error

    if not isinstance(url, str | sqlalchemy.URL):
        raise WrongType(f'url must be text such as "postgresql://host/name", got {type(url).__name__}')
    try:
        read = sqlalchemy.make_url(url)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise StoreError(
            "url cannot be read: it must look like postgresql://user:password@host:5432/name, with @ : / in the "
            "password written as %40 %3A %2F"
        ) from None
    if read.drivername in {"postgresql", "postgres"}:
        read = read.set(drivername="postgresql+psycopg")
    if read.get_backend_name() not in _DIALECTS:
        raise StoreError(f"url must be of postgresql or sqlite, got {clean(read.drivername)}")
    return read


@lru_cache(maxsize=64)
def _statement(statement: str) -> TextClause:
    """Return a statement as SQLAlchemy wants it; it compiles each object anew."""
    import sqlalchemy

    return sqlalchemy.text(statement)


def _first_line(error: BaseException) -> str:
    return clean(next(iter(str(error).strip().splitlines()), type(error).__name__), 300)
