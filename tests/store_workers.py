"""What other processes do to a store in the tests: they write, are killed, and fork.

Some are run as programs, because they fork or limit their own process: ``python -m tests.store_workers NAME ARGS``.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from multiprocessing.connection import Connection

import numpy as np

from slokit.errors import StoreError
from slokit.live.stores import open_store
from slokit.protocols import Store, StoredCounts

MINUTE = 60_000_000_000


def buckets(*rows: tuple[int, int, int]) -> StoredCounts:
    """Return (minute, good, bad) as counts."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return StoredCounts(table[:, 0] * MINUTE, table[:, 1], table[:, 2])


def totals(counts: StoredCounts) -> dict[int, tuple[int, int]]:
    """Return counts as a dict from minutes to good and bad."""
    columns = (counts.starts // MINUTE).tolist(), counts.good.tolist(), counts.bad.tolist()
    return {minute: (good, bad) for minute, good, bad in zip(*columns, strict=True)}


def patiently(store: Store, writer: str, sequence: int, counts: StoredCounts, series: str = "s") -> bool:
    """Write until the store answers, as a monitor does; for a minute."""
    until = time.monotonic() + 60
    while True:
        try:
            return store.write(series, writer, sequence, counts)
        except StoreError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def write_many(place: str, writer: str, writes: int) -> None:
    """Raise the same three buckets by one with every write."""
    store = open_store(place)
    for n in range(1, writes + 1):
        patiently(store, writer, n, buckets((0, n, 0), (1, 0, n), (2, n, 2 * n)))
    store.close()


def count_and_tell(place: str, writer: str, told: Connection) -> None:
    """Write rising figures for ever; tell the number of each write that was acknowledged."""
    told.send(0)
    store = open_store(place)
    n = 0
    while True:
        n += 1
        assert store.write("s", writer, n, buckets((0, n, n), (n, 1, 0)))
        told.send(n)


def fork_and_write(place: str) -> None:
    """Write, fork three times with the store in use, and let the parent close while the children go on."""
    store = open_store(place)
    patiently(store, "parent", 1, buckets((0, 1, 0)))
    children = []
    for child in range(3):
        if not (pid := os.fork()):
            try:
                for n in range(1, 6):
                    store.write("s", f"child {child}", n, buckets((0, n, 0)))
                    time.sleep(0.02)
            finally:
                # Killed and not closed: what was acknowledged must not hang on a last good-bye.
                os.kill(os.getpid(), signal.SIGKILL)
        children.append(pid)
    patiently(store, "parent", 2, buckets((0, 2, 0)))
    store.close()
    for pid in children:
        # Another one comes and goes, which would take the log away if nobody seemed to hold it.
        with_none = open_store(place)
        patiently(with_none, f"guest {pid}", 1, buckets((0, 1, 0)))
        with_none.close()
        os.waitpid(pid, 0)


def fill_up(place: str, limit: str) -> None:
    """Write ever more under a limit on the size of files; say what was acknowledged before it did not fit."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    store = open_store(place)
    done = 0
    try:
        for n in range(1, 2_000):
            store.write("s", "w", n, buckets(*((100 * n + m, 1, 1) for m in range(100))))
            done = n
    except StoreError as error:
        os.write(1, f"{done}\n{error}\n".encode())


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
