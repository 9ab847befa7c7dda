"""Where monitors keep what they counted, so that it outlives the process and is shared with others.

A monitor without a store knows its own process and no more. A store is where the processes of one service add up, and
where a restarted one finds what it had counted:

=====================  ==============================================  ====================================
store                  for                                             needs
=====================  ==============================================  ====================================
:class:`SqliteStore`   the processes of one host: a file on its disk   nothing
:class:`SqlStore`      the processes of many hosts: a PostgreSQL       ``pip install "slokit[sql]"``
=====================  ==============================================  ====================================

Both keep the promises of :class:`slokit.protocols.Store`: a write that returned survives the kill of the process and
of the machine, and a write that is repeated because nobody heard its answer counts once. What goes wrong with a store
(it is locked, full, damaged, away) is a :class:`~slokit.errors.StoreError`, and nothing of that write was applied, or
it is applied whole and its repeat changes nothing.
"""

from __future__ import annotations

import os

from slokit.errors import WrongType
from slokit.live.stores.sql import SqlStore
from slokit.live.stores.sqlite import SqliteStore
from slokit.protocols import Store

__all__ = ["SqlStore", "SqliteStore", "open_store"]


def open_store(where: str | os.PathLike[str] | Store) -> Store:
    """Return the store at a place.

    Parameters
    ----------
    where
        A path, such as ``"slo.db"``: a :class:`SqliteStore`. Text with ``://``, such as
        ``"postgresql://slo@db.internal/slo"``: a :class:`SqlStore`. A store is itself.

    Raises
    ------
    WrongType
        If it is none of these.
    StoreError
        If no store can be there, such as at a path that is a folder.
    MissingExtra
        If the place is a database and the library that reaches it is not installed.

    Examples
    --------
    >>> open_store("slo.db")
    SqliteStore('.../slo.db')
    """
    if isinstance(where, str) and "://" in where:
        return SqlStore(where)
    if isinstance(where, str | os.PathLike):
        return SqliteStore(where)
    if not callable(getattr(where, "write", None)) or not callable(getattr(where, "read", None)):
        raise WrongType(
            f'a store must be a path such as "slo.db", a URL such as "postgresql://host/name" or a store, '
            f"got {type(where).__name__}: {where!r:.100}"
        )
    return where
