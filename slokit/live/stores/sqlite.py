"""Counts in a file: SQLite, for the processes of one host.

Writers take turns by locks on the file and through memory that they share, and a disk that is mounted over a network
has neither: the processes of several hosts need :class:`~slokit.live.stores.SqlStore`.

Every write is on the disk before it is acknowledged. The write-ahead log alone would do for a process that is killed;
a machine that loses power also loses what the system had not written out yet, and a recorder drops its own copy
once a write is acknowledged.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from slokit._display import clean
from slokit.errors import StoreError, WrongType
from slokit.live.stores import _schema
from slokit.live.stores._ledger import Ledger
from slokit.live.stores._schema import SQLITE, Transaction, bring_up, refuse_newer
from slokit.timeline import DurationLike

__all__ = ["SqliteStore", "check_place", "prepare", "said"]


class SqliteStore(Ledger):
    """Counts in one file on a disk of this host, shared by all its processes.

    The file is made at the first use, and opened again after a fork or an error. Beside it SQLite keeps a ``-wal`` and
    a ``-shm`` file, which belong to it: a backup takes all three, or is made by ``sqlite3 slo.db ".backup copy.db"``.

    Parameters
    ----------
    path
        The file; its folder must exist.
    timeout
        The longest wait for other processes, and for other threads of this one.

    Raises
    ------
    StoreError
        If the path cannot be such a file: a folder, a device, a circle of links, in a folder that does not exist.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from slokit.protocols import StoredCounts
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = SqliteStore(f"{folder.name}/slo.db")
    >>> minute = StoredCounts(starts=np.array([0]), good=np.array([97]), bad=np.array([3]))
    >>> store.write("checkout", "web-1", 1, minute), store.write("checkout", "web-2", 1, minute)
    (True, True)

    The answer of the first was lost, say, and so it is written again:

    >>> store.write("checkout", "web-1", 1, minute)
    True
    >>> store.read("checkout", since=0)
    StoredCounts(starts=array([0]), good=array([194]), bad=array([6]))
    >>> store.close()
    >>> folder.cleanup()
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: DurationLike = "5s") -> None:
        if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
            raise WrongType(f"path must be a path as text, got {type(path).__name__}: {path!r:.100}")
        self._path = check_place(os.fspath(path))
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        super().__init__(clean(str(self._path)), timeout)

    @contextmanager
    def _begun(self, *, writes: bool) -> Iterator[Transaction]:
        try:
            connection = self._connected()
            # Who begins to read and then writes is refused if others wrote in between; taking the lock first waits.
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            run = _SqliteTransaction(connection)
            refuse_newer(_version(run), self._place)
            yield run
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            # Also where the database rolled back by itself: what a connection is worth after an error is not known.
            self._disconnect()
            raise StoreError(said(error, self._place)) from error
        except BaseException:
            self._disconnect()
            raise

    def _connected(self) -> sqlite3.Connection:
        """Return the connection, to the file that is at the path now."""
        if self._connection is not None and self._file != _identity(self._path):
            # Somebody deleted or replaced it; what is written into a deleted file is lost.
            self._disconnect()
        if self._connection is None:
            self._connection = self._connect()
            self._file, self._owner = _identity(self._path), os.getpid()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        check_place(str(self._path))
        until = time.monotonic() + self._timeout
        while True:
            connection = sqlite3.connect(
                self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False
            )
            try:
                prepare(connection, self._place)
                return connection
            except BaseException as error:
                connection.close()
                # Turning on the log does not wait for others who do so too.
                if not isinstance(error, sqlite3.Error) or _code(error) not in _BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def _disconnect(self) -> None:
        connection, self._connection, self._owner = self._connection, None, None
        if connection is not None:
            # An open transaction is rolled back by this.
            with suppress(sqlite3.Error):
                connection.close()

    def _disown(self) -> NoReturn:
        raise StoreError(
            f"{self._place}: the process was forked while the file was open, unseen by Python or in the middle of a "
            "write, and its locks cannot be trusted here: close the store before the fork"
        )


class _SqliteTransaction(Transaction):
    """Statements on a connection of the standard library."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(SQLITE, time.time_ns())
        self._connection = connection

    def ask(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()

    def each(self, statement: str, rows: Sequence[dict[str, object]]) -> None:
        self._connection.executemany(statement, rows)


def prepare(connection: sqlite3.Connection, place: str) -> None:
    """Make a new connection one that keeps the promises of a store, and the file one that has the tables of today.

    Raises
    ------
    StoreError
        If the tables are of a newer version, which is found before anything is changed; if the disk cannot hold a log.
    sqlite3.Error
        If the file cannot be opened.
    """
    # A file may have been made by anybody: its views and triggers call no functions, its pages are looked at.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    run = _SqliteTransaction(connection)
    current = False
    if run.ask(SQLITE.has_schema) == [(1,)]:
        version = _version(run)
        refuse_newer(version, place)
        current = version == len(_schema.MIGRATIONS)
    ((mode,),) = run.ask("PRAGMA journal_mode = WAL")
    if mode != "wal":
        raise StoreError(
            f"{place}: this place cannot hold a write-ahead log ({mode}): use a disk of this host, or PostgreSQL"
        )
    # NORMAL would leave a commit to the next checkpoint: after a power cut the last seconds were acknowledged and gone.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS says "written" before it is, unless asked this way
    connection.execute("PRAGMA journal_size_limit = 16777216")
    if not current:
        connection.execute("BEGIN IMMEDIATE")
        bring_up(run, place)
        connection.execute("COMMIT")


def _version(run: Transaction) -> object:
    found = run.ask("SELECT version FROM slokit_schema")
    return found[0][0] if len(found) == 1 else None


# --- places -----------------------------------------------------------------------------------------------------------


_SMALLEST = 512  # bytes of the smallest page


def check_place(path: str) -> Path:
    """Return an absolute path that can be a file of counts, or raise StoreError saying what is there instead."""
    shown = clean(path)
    if not path or path == ":memory:":
        raise StoreError(f'path must name a file such as "slo.db", got {shown!r}: counts in memory need no store')
    try:
        place = Path(path).absolute()
        found = place.stat()
    except FileNotFoundError:
        place = Path(path).absolute()
        _check_folder(Path(os.path.realpath(place)).parent, shown)
        return place
    except NotADirectoryError:
        raise StoreError(f"{shown}: a part of this path is a file and not a folder") from None
    except PermissionError:
        raise StoreError(f"{shown}: a folder of this path is closed: let this user enter it, or name another") from None
    except (OSError, ValueError) as error:
        hint = "a circle of links? " if os.path.islink(path) else ""  # noqa: PTH114 - Path.is_symlink raises on it
        raise StoreError(f"{shown}: {hint}{getattr(error, 'strerror', None) or error}; name a file elsewhere") from None
    if stat.S_ISDIR(found.st_mode):
        raise StoreError(f'{shown} is a folder: name a file in it, such as "{shown.rstrip("/")}/slo.db"')
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{shown} is a device, pipe or socket: name a file")
    if 0 < found.st_size < _SMALLEST:
        # SQLite takes so short a file for an empty one, and would write over it.
        raise StoreError(f"{shown}: it is no SQLite file, or was cut off: move it away, or name another")
    return place


def _check_folder(folder: Path, shown: str) -> None:
    if not folder.is_dir():
        raise StoreError(f"{shown}: the folder {clean(str(folder))} does not exist: make it first")


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one at the same path, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


# --- what went wrong --------------------------------------------------------------------------------------------------

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_MENDS = {
    sqlite3.SQLITE_BUSY: "another process has been writing for the whole timeout; the next write tries again",
    sqlite3.SQLITE_LOCKED: "another connection has it locked; the next write tries again",
    sqlite3.SQLITE_FULL: "the disk is full: make room, what was acknowledged is safe",
    sqlite3.SQLITE_IOERR: "the disk refused: look for a full or failing disk, or a limit on the size of files",
    sqlite3.SQLITE_READONLY: "it may not be written: let this user write the file and its folder",
    sqlite3.SQLITE_PERM: "it may not be opened: let this user read and write it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: let this user read and write the file and its folder",
    sqlite3.SQLITE_CORRUPT: "it is damaged: move it and its -wal away and a new one is begun, or bring back a copy",
    sqlite3.SQLITE_NOTADB: "it is no SQLite file, or damaged: move it away, and a new one is begun, or name another",
}


def _code(error: sqlite3.Error) -> int:
    """Return the kind of an error; what the extended code adds is for the message."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def said(error: sqlite3.Error, place: str) -> str:
    """Return what to tell about an error of SQLite, with how to mend it."""
    name = getattr(error, "sqlite_errorname", "")
    detail = clean(f"{error} [{name}]" if name else str(error))
    mend = _MENDS.get(_code(error), "look at the file with the sqlite3 shell, or move it away")
    return f"{place}: {mend} ({detail})"
