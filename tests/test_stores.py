from __future__ import annotations

import contextlib
import gc
import itertools
import multiprocessing
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from slokit.errors import InvalidCounts, InvalidNumber, MissingExtra, StoreError, WrongType
from slokit.live.stores import SqliteStore, SqlStore, _schema, open_store
from slokit.live.stores._ledger import Ledger
from slokit.protocols import StoredCounts
from tests.conftest import IN_CI, ROOT
from tests.postgres import Server, programs
from tests.store_workers import MINUTE, buckets, count_and_tell, patiently, totals, write_many

# The full number, for a change to the stores, is 200: the default suite has no time for it.
KILL_ROUNDS = int(os.environ.get("SLOKIT_KILL_ROUNDS", "0"))
DAY = 86_400_000_000_000

# Processes from a fresh one that has opened nothing; spawning each would spend the time of these tests on imports.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.store_workers", "sqlalchemy.dialects.postgresql.psycopg", "psycopg"])
BIG = 2**63 - 1


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Return a PostgreSQL server of this session; skips where PostgreSQL is not installed, and fails so in CI."""
    binaries = programs()
    if binaries is None:
        reason = "no PostgreSQL here: install the package postgresql"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    started = Server(binaries)
    yield started
    started.remove()


@pytest.fixture(params=["sqlite", "sqlite by url", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where to open an empty store, of each kind in turn."""
    if request.param == "postgresql":
        return request.getfixturevalue("server").database()  # type: ignore[no-any-return]
    return f"sqlite:///{tmp_path}/slo.db" if "url" in request.param else f"{tmp_path}/slo.db"


@pytest.fixture
def store(place: str) -> Iterator[Ledger]:
    """Return an empty store of each kind."""
    with opened(place) as one:
        yield one


def opened(place: str, timeout: str = "30s") -> Ledger:
    """Open a store that waits for long: machines are shared."""
    return SqlStore(place, timeout=timeout) if "://" in place else SqliteStore(place, timeout=timeout)


def age(place: str, writer: str, by: int) -> None:
    """Let a writer have been silent for long."""
    url = place.replace("postgresql:", "postgresql+psycopg:") if "://" in place else f"sqlite:///{place}"
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        statement = "UPDATE slokit_writers SET seen = seen - :by WHERE writer = :writer"
        connection.execute(sqlalchemy.text(statement), {"by": by, "writer": writer})
    engine.dispose()


def everything(store: Ledger, series: str = "s") -> dict[int, tuple[int, int]]:
    """Return all buckets of a series."""
    return totals(store.read(series, -(2**63)))


# --- one writer -----------------------------------------------------------------------------------------------------


def test_figures_are_absolute_and_other_buckets_stay(store: Ledger) -> None:
    """A write sets the buckets that it names, and touches no other bucket, writer or series."""
    assert store.write("s", "w", 1, buckets((0, 1, 2), (1, 3, 4)))
    assert store.write("s", "w", 2, buckets((1, 5, 6), (2, 0, 0)))
    assert store.write("s", "v", 1, buckets((1, 10, 10)))
    assert store.write("other", "w", 1, buckets((1, 7, 7)))
    assert everything(store) == {0: (1, 2), 1: (15, 16), 2: (0, 0)}
    assert totals(store.read("s", MINUTE)) == {1: (15, 16), 2: (0, 0)}
    assert totals(store.read("s", 0, without="v")) == {0: (1, 2), 1: (5, 6), 2: (0, 0)}
    assert everything(store, "other") == {1: (7, 7)}


def test_columns_are_int64_also_where_there_is_nothing(store: Ledger) -> None:
    """An empty answer can be added to another like any."""
    found = store.read("s", 0)
    assert [column.dtype for column in found] == [np.int64] * 3
    assert [column.size for column in found] == [0, 0, 0]


def test_an_acknowledged_write_that_is_repeated_changes_nothing(store: Ledger) -> None:
    """A retry is acknowledged and counted once, whatever it holds."""
    assert store.write("s", "w", 5, buckets((0, 1, 1)))
    assert store.write("s", "w", 5, buckets((0, 1, 1)))
    assert store.write("s", "w", 5, buckets((0, 9, 9), (1, 9, 9)))
    assert everything(store) == {0: (1, 1)}


def test_a_write_that_was_overtaken_changes_nothing(store: Ledger) -> None:
    """An older write that arrives late does not put older figures back."""
    assert store.write("s", "w", 5, buckets((0, 5, 5)))
    assert store.write("s", "w", 4, buckets((0, 4, 4), (1, 4, 4)))
    assert everything(store) == {0: (5, 5)}
    assert store.write("s", "w", 6, buckets((0, 6, 6)))
    assert everything(store) == {0: (6, 6)}


def test_a_write_whose_answer_was_lost_counts_once(store: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there although the writer never heard, and its repeat does not add to it."""
    begun = store._begun

    @contextlib.contextmanager
    def deaf(*, writes: bool) -> Iterator[Any]:
        with begun(writes=writes) as run:
            yield run
        raise StoreError("the line went dead")

    monkeypatch.setattr(store, "_begun", deaf)
    with pytest.raises(StoreError, match="dead"):
        store.write("s", "w", 1, buckets((0, 1, 2)))
    monkeypatch.undo()
    assert everything(store) == {0: (1, 2)}
    assert store.write("s", "w", 1, buckets((0, 1, 2)))
    assert everything(store) == {0: (1, 2)}


def test_a_write_that_failed_half_way_did_not_happen(store: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its rows nor its sequence are there, and its repeat is a first write."""
    store.write("s", "w", 1, buckets((0, 1, 1)))
    monkeypatch.setattr("slokit.live.stores._ledger._SET", "INSERT INTO no_such_table VALUES (:good)")
    with pytest.raises(StoreError, match="no_such_table"):
        store.write("s", "w", 2, buckets((0, 2, 2)))
    monkeypatch.undo()
    assert everything(store) == {0: (1, 1)}
    assert store.write("s", "w", 2, buckets((0, 2, 2)))
    assert everything(store) == {0: (2, 2)}


def test_values_are_kept_byte_for_byte(store: Ledger) -> None:
    """A value is what was put last under its key, in its series."""
    assert store.get("s", "k") is None
    store.put("s", "k", b"old")
    store.put("s", "k", bytes(range(256)) * 300)
    store.put("other", "k", b"")
    assert store.get("s", "k") == bytes(range(256)) * 300
    assert store.get("other", "k") == b""


def test_what_was_written_is_there_for_the_next_process(place: str) -> None:
    """Closing keeps everything, and closing twice is fine."""
    first = opened(place)
    first.write("s", "w", 1, buckets((0, 1, 2)))
    first.close()
    first.close()
    with pytest.raises(StoreError, match="closed"):
        first.read("s", 0)
    with opened(place) as second:
        assert everything(second) == {0: (1, 2)}
        assert second.write("s", "w", 1, buckets((0, 9, 9)))
        assert everything(second) == {0: (1, 2)}


# --- the door ---------------------------------------------------------------------------------------------------------

HOSTILE = [
    "'; DROP TABLE slokit_counts; --",
    '"',
    "%s %(x)s :x ?",
    "a\\b",
    "\u202eevil",
    "💥" * 200,
    " s ",
    "S",
    "ß",
    "é",
]


def test_hostile_names_are_names(store: Ledger) -> None:
    """Nothing in a name is read as a command, and names that merely look alike are different."""
    names = [*HOSTILE, "e\u0301", "s"]
    for n, name in enumerate(names, start=1):
        assert store.write(name, name, 1, buckets((0, n, 0)))
        store.put(name, name, name.encode())
    for n, name in enumerate(names, start=1):
        assert everything(store, name) == {0: (n, 0)}
        assert totals(store.read(name, 0, without=name)) == {}
        assert store.get(name, name) == name.encode()
        store.tidy(name, before=0, dead_after=0)
        assert store.folded(name, name) == 1


def test_a_log_is_a_union_whoever_writes(store: Ledger) -> None:
    """What is there stays as it is; keys come in their order; another log, series or value is another."""
    store.append("s", "log", {"b": b"1", "a": b"2"}, most=10)
    store.append("s", "log", {"b": b"other", "c": b""}, most=10)
    store.append("s", "log0", {"a": b"x"}, most=10)
    store.append("s", "lo", {"g/a": b"x"}, most=10)
    store.append("t", "log", {"a": b"x"}, most=10)
    store.put("s", "log", b"x")
    assert list(store.entries("s", "log").items()) == [("a", b"2"), ("b", b"1"), ("c", b"")]
    assert store.entries("s", "log", without={"a", "c", "z"}) == {"b": b"1"}
    assert store.entries("s", "nothing") == {}
    store.append("s", "log", {}, most=1)
    assert store.entries("s", "log") == {"c": b""}


def test_a_log_keeps_the_last(store: Ledger) -> None:
    """Of more than its bound those whose keys come first go, late ones among them."""
    for n in range(20):
        store.append("s", "log", {f"{n:02}": b"x", f"{n:02}-again": b"y"}, most=5)
    assert list(store.entries("s", "log")) == ["17-again", "18", "18-again", "19", "19-again"]
    store.append("s", "log", {"00": b"late"}, most=5)
    assert "00" not in store.entries("s", "log")
    assert store.get("s", "log/19") == b"x"


def test_a_log_takes_what_is_one(store: Ledger) -> None:
    """All or nothing."""
    for log, entries, most, error in (
        ("a/b", {"k": b""}, 1, InvalidCounts),
        ("", {"k": b""}, 1, InvalidCounts),
        ("log", {"k": "text", "j": b""}, 1, WrongType),
        ("log", {"j": b"", "\x00": b""}, 1, InvalidCounts),
        ("log", {"k" * 199: b""}, 1, InvalidCounts),
        ("log", {"k": b""}, 0, InvalidNumber),
    ):
        with pytest.raises(error):
            store.append("s", log, entries, most=most)  # type: ignore[arg-type]
    assert store.entries("s", "log") == {}


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("", "w", 1, buckets()), InvalidCounts, "series must be 1 to 200"),
        (("s", "w" * 201, 1, buckets()), InvalidCounts, "writer must be 1 to 200"),
        (("s", "w\0", 1, buckets()), InvalidCounts, "writer must not hold control"),
        (("s\ud800", "w", 1, buckets()), InvalidCounts, "series must not hold"),
        ((b"s", "w", 1, buckets()), WrongType, "series must be text"),
        (("s", "w", -1, buckets()), InvalidNumber, "sequence must be from 0 to"),
        (("s", "w", 2**63, buckets()), InvalidNumber, "sequence"),
        (("s", "w", True, buckets()), WrongType, "sequence must be an integer"),
        (("s", "w", 1, buckets((0, -1, 0))), InvalidCounts, r"good must not be negative, got good\[0\] = -1"),
        (("s", "w", 1, buckets((0, 0, 0), (1, 0, -2))), InvalidCounts, r"bad\[1\] = -2"),
        (("s", "w", 1, buckets((1, 0, 0), (1, 0, 0))), InvalidCounts, "starts must rise"),
        (("s", "w", 1, StoredCounts(*np.zeros((3, 1)))), WrongType, "starts must be a row of integers"),
        (("s", "w", 1, StoredCounts(*np.zeros((3, 1, 1), int))), WrongType, "2 dimensions"),
        (("s", "w", 1, StoredCounts(*np.full((3, 1), 2**63, np.uint64))), InvalidCounts, r"below 2\*\*63"),
        (("s", "w", 1, buckets((0, 1, 1))._replace(bad=np.zeros(2, int))), InvalidCounts, "got 1, 1 and 2"),
        (("s", "w", 1, None), WrongType, "starts"),
    ],
)
def test_what_no_store_can_hold_is_refused_by_name(
    arguments: Any, error: type[Exception], says: str, tmp_path: Path
) -> None:
    """It is refused before the database is touched, and not as something to try again."""
    with pytest.raises(error, match=says):
        SqliteStore(tmp_path / "slo.db").write(*arguments)
    assert list(tmp_path.iterdir()) == []


def test_other_arguments_are_refused_by_name(tmp_path: Path) -> None:
    """So are those of the other methods."""
    store = SqliteStore(tmp_path / "slo.db")
    calls: list[tuple[type[Exception], str, Callable[[], object]]] = [
        (InvalidNumber, "since", lambda: store.read("s", 2**63)),
        (InvalidCounts, "without", lambda: store.read("s", 0, without="")),
        (WrongType, "value", lambda: store.put("s", "k", "text")),  # type: ignore[arg-type]
        (InvalidCounts, "value", lambda: store.put("s", "k", bytes(2**26 + 1))),
        (InvalidCounts, "key", lambda: store.get("s", "")),
        (InvalidNumber, "dead_after", lambda: store.tidy("s", before=0, dead_after=-1)),
        (WrongType, "before", lambda: store.tidy("s", before=0.0, dead_after=0)),  # type: ignore[arg-type]
    ]
    for error, field, call in calls:
        with pytest.raises(error, match=f"^{field} must"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_sums_that_fit_no_int64_are_refused_and_never_wrong(store: Ledger) -> None:
    """The largest figures are kept; their sum is an error for the reader, and folding them changes nothing."""
    store.write("s", "v", BIG, buckets((0, BIG, BIG), (1, 1, 1)))
    assert everything(store) == {0: (BIG, BIG), 1: (1, 1)}
    store.write("s", "w", 1, buckets((0, 1, 0), (1, 1, 1)))
    with pytest.raises(StoreError, match=r"2\*\*63|overflow"):
        store.read("s", 0)
    with pytest.raises(StoreError):
        store.tidy("s", before=0, dead_after=0)
    assert store.folded("s", "v") is None
    assert totals(store.read("s", 0, without="w")) == {0: (BIG, BIG), 1: (1, 1)}
    store.tidy("s", before=MINUTE, dead_after=0)
    assert everything(store) == {1: (2, 2)}


# --- tidying ----------------------------------------------------------------------------------------------------------


def test_the_dead_are_folded_and_their_figures_stay(store: Ledger, place: str) -> None:
    """Old buckets go; those of a silent writer are added to those of the dead before it; the living keep theirs."""
    for writer in ("a", "b", "c"):
        store.write("s", writer, 7, buckets((0, 1, 1), (5, 1, 2)))
    age(place, "a", DAY)
    store.tidy("s", before=MINUTE, dead_after=DAY // 2)
    assert everything(store) == {5: (3, 6)}
    assert [store.folded("s", writer) for writer in ("a", "b", "c")] == [7, None, None]
    age(place, "b", DAY)
    store.tidy("s", before=MINUTE, dead_after=DAY // 2)
    assert everything(store) == {5: (3, 6)}
    assert totals(store.read("s", 0, without="c")) == {5: (2, 4)}
    assert store.write("s", "c", 8, buckets((5, 2, 2)))
    assert everything(store) == {5: (4, 6)}


def test_a_writer_that_only_slept_is_told_what_was_counted(store: Ledger, place: str) -> None:
    """Its writes are refused until its last bucket is gone, and it goes on under another name."""
    store.write("s", "sleeper", 2, buckets((5, 1, 0)))
    store.write("s", "sleeper", 3, buckets((4, 10, 1)))  # its last bucket is still that of minute 5
    age(place, "sleeper", DAY)
    store.tidy("s", before=0, dead_after=DAY)
    for sequence in (2, 3, 4):
        assert store.write("s", "sleeper", sequence, buckets((5, 9, 9))) is False
    assert store.folded("s", "sleeper") == 3
    assert store.write("s", "sleeper again", 1, buckets((5, 1, 1)))
    assert everything(store) == {4: (10, 1), 5: (2, 1)}
    store.tidy("s", before=5 * MINUTE, dead_after=DAY)
    assert store.folded("s", "sleeper") == 3
    store.tidy("s", before=5 * MINUTE + 1, dead_after=DAY)
    assert store.folded("s", "sleeper") is None


def test_a_write_without_buckets_says_that_its_writer_lives(store: Ledger, place: str) -> None:
    """A service without traffic is not taken for dead as long as it says so; a mere repeat says nothing."""
    for writer in ("quiet", "gone"):
        store.write("s", writer, 1, buckets((0, 1, 1)))
        age(place, writer, DAY)
    assert store.write("s", "quiet", 2, buckets())
    assert store.write("s", "gone", 1, buckets((0, 1, 1)))
    store.tidy("s", before=0, dead_after=DAY // 2)
    assert [store.folded("s", writer) for writer in ("quiet", "gone")] == [None, 1]


def test_tidying_an_empty_series_is_nothing(store: Ledger) -> None:
    """Neither nothing at all nor a writer without buckets leaves anything behind."""
    store.tidy("s", before=0, dead_after=0)
    assert store.write("s", "w", 1, buckets())
    store.tidy("s", before=0, dead_after=0)
    assert everything(store) == {}
    assert store.folded("s", "w") is None


class Sleeper:
    """A monitor in small: what it counted since it took its name, and what it does when it was taken for dead."""

    def __init__(self, store: Ledger, name: str) -> None:
        self.store, self.name, self.lives, self.sequence = store, name, 0, 0
        self.counted: Counter[int] = Counter()
        self.sent: list[Counter[int]] = [Counter()]

    def count(self, minute: int) -> None:
        self.counted[minute] += 1
        self.sequence += 1
        self.sent.append(self.counted.copy())
        figures = buckets(*((at, n, 2 * n) for at, n in sorted(self.counted.items())))
        while not patiently(self.store, f"{self.name}/{self.lives}", self.sequence, figures):
            applied = self.store.folded("s", f"{self.name}/{self.lives}")
            assert applied is not None
            self.counted -= self.sent[applied]
            self.lives, self.sequence, self.sent = self.lives + 1, 1, [Counter(), self.counted.copy()]
            figures = buckets(*((at, n, 2 * n) for at, n in sorted(self.counted.items())))


def test_tidying_among_writers_keeps_every_sum(place: str) -> None:
    """While everybody is taken for dead all the time, no sum ever falls, and the last is exact."""
    writes, writers = 25, 3

    def work(name: str) -> None:
        with opened(place) as mine:
            me = Sleeper(mine, name)
            for n in range(writes):
                me.count(n % 4)

    with opened(place) as store:
        store.write("s", "w", 1, buckets())
        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(writers)]
        for thread in threads:
            thread.start()
        seen = 0
        while any(thread.is_alive() for thread in threads):
            store.tidy("s", before=0, dead_after=0)
            found = everything(store).values()
            assert all(bad == 2 * good for good, bad in found)
            before, seen = seen, sum(good for good, _ in found)
            assert seen >= before
        for thread in threads:
            thread.join()
        want = {n: writers * len(range(n, writes, 4)) for n in range(4)}
        assert everything(store) == {n: (good, 2 * good) for n, good in want.items()}
        store.tidy("s", before=0, dead_after=0)
        assert everything(store) == {n: (good, 2 * good) for n, good in want.items()}


WRITERS = st.sampled_from(["a", "b", "c"])
FIGURES = st.dictionaries(st.integers(0, 4), st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3)


class Model(RuleBasedStateMachine):
    """A store beside a dict of writers that knows the rules and no database."""

    store: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[int, tuple[int, int]]] = {"": {}}
        self.sequences: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.tombstones: set[str] = set()
        self.series = f"s{next(SERIES)}"

    @rule(writer=WRITERS, sequence=st.integers(0, 6), figures=FIGURES)
    def write(self, writer: str, sequence: int, figures: dict[int, tuple[int, int]]) -> None:
        table = buckets(*((at, *pair) for at, pair in sorted(figures.items())))
        assert self.store.write(self.series, writer, sequence, table) is (writer not in self.tombstones)
        if writer not in self.tombstones and sequence > self.sequences.get(writer, -1):
            self.sequences[writer] = sequence
            self.rows.setdefault(writer, {}).update(figures)
            self.last[writer] = max([self.last.get(writer, -1), *figures])

    @rule(before=st.integers(0, 5), everybody=st.booleans())
    def tidy(self, before: int, everybody: bool) -> None:
        self.store.tidy(self.series, before=before * MINUTE, dead_after=0 if everybody else DAY)
        for writer, rows in self.rows.items():
            self.rows[writer] = {at: pair for at, pair in rows.items() if at >= before}
        if everybody:
            for writer in set(self.rows) - {""}:
                for at, (good, bad) in self.rows.pop(writer).items():
                    old = self.rows[""].get(at, (0, 0))
                    self.rows[""][at] = (old[0] + good, old[1] + bad)
            self.tombstones |= set(self.sequences)
        for writer in [name for name in self.tombstones if self.last[name] < before]:
            self.tombstones.remove(writer)
            del self.sequences[writer], self.last[writer]

    @invariant()
    def agrees(self) -> None:
        for without in (None, "a"):
            want: dict[int, tuple[int, int]] = {}
            for writer, rows in self.rows.items():
                for at, (good, bad) in rows.items() if writer != without else ():
                    want[at] = (want.get(at, (0, 0))[0] + good, want.get(at, (0, 0))[1] + bad)
            assert totals(self.store.read(self.series, 0, without=without)) == want
        for writer in ("a", "b", "c"):
            folded = self.sequences[writer] if writer in self.tombstones else None
            assert self.store.folded(self.series, writer) == folded


SERIES = itertools.count()


def test_a_store_is_a_dict_of_writers(store: Ledger) -> None:
    """Whatever is written, repeated, overtaken and tidied, in any order, the sums are those of the rules."""
    machine = type("Machine", (Model,), {"store": store})
    machine.TestCase.settings = settings(stateful_step_count=20, max_examples=12)  # type: ignore[attr-defined]
    machine.TestCase("runTest").runTest()  # type: ignore[attr-defined]


# --- many at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "writers"), [("sqlite", 20), ("postgresql", 6)])
def test_many_processes_lose_nothing(kind: str, writers: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """They begin with an empty place at once, and every total is exact."""
    writes = 15
    place = f"{tmp_path}/slo.db" if kind == "sqlite" else request.getfixturevalue("server").database()
    processes = [PROCESSES.Process(target=write_many, args=(place, f"p{n}", writes)) for n in range(writers)]
    for process in processes:
        process.start()
    until = time.monotonic() + 120
    for process in processes:
        process.join(timeout=max(0.1, until - time.monotonic()))
    assert [process.exitcode for process in processes] == [0] * writers
    with opened(place) as store:
        all_of_it = writers * writes
        assert everything(store) == {0: (all_of_it, 0), 1: (0, all_of_it), 2: (all_of_it, 2 * all_of_it)}


def test_processes_that_start_together_make_the_tables_once(tmp_path: Path, server: Server) -> None:
    """Nobody is told that a table is there already, nor that the file is locked."""
    for place in (server.database(), server.database(), f"{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db"):
        stores = [opened(place) for _ in range(8)]
        start, failed = threading.Barrier(len(stores)), list[Exception]()

        def begin(one: Ledger, start: threading.Barrier = start, failed: list[Exception] = failed) -> None:
            start.wait()
            try:
                one.write("s", f"w{id(one)}", 1, buckets((0, 1, 0)))
            except StoreError as error:
                failed.append(error)

        threads = [threading.Thread(target=begin, args=(one,)) for one in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert everything(stores[0]) == {0: (8, 0)}
        for one in stores:
            one.close()


def test_threads_take_turns(store: Ledger) -> None:
    """One store serves all threads of a process."""
    threads = [
        threading.Thread(
            target=lambda n=n: [store.write("s", f"t{n}", k, buckets((0, k, 0), (n, k, k))) for k in range(1, 11)]
        )
        for n in range(1, 6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert everything(store) == {0: (50, 0)} | dict.fromkeys(range(1, 6), (10, 10))


def test_a_store_in_use_by_another_thread_is_waited_for_and_no_longer(tmp_path: Path) -> None:
    """Also where a signal handler writes in the middle of a write, which nobody could wait out."""
    store = opened(f"{tmp_path}/slo.db", timeout="50ms")
    with store._transaction(writes=False), pytest.raises(StoreError, match="another thread"):
        store.write("s", "w", 1, buckets())
    assert store.write("s", "w", 1, buckets())
    store.close()


def test_a_locked_file_is_a_store_error_that_passes(tmp_path: Path) -> None:
    """Somebody who writes for longer than the timeout costs one write, not the next."""
    with opened(f"{tmp_path}/slo.db", timeout="50ms") as store:
        store.write("s", "w", 1, buckets((0, 1, 0)))
        other = sqlite3.connect(tmp_path / "slo.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process has been writing"):
            store.write("s", "w", 2, buckets((0, 2, 0)))
        assert everything(store) == {0: (1, 0)}
        other.execute("ROLLBACK")
        other.close()
        assert store.write("s", "w", 2, buckets((0, 2, 0)))


def test_rows_that_others_hold_are_a_store_error_that_passes(server: Server) -> None:
    """In PostgreSQL too, a wait has an end."""
    place = server.database()
    with opened(place, timeout="200ms") as store:
        store.write("s", "w", 1, buckets((0, 1, 0)))
        engine = sqlalchemy.create_engine(place.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as other:
            other.execute(sqlalchemy.text("SELECT 1 FROM slokit_writers FOR UPDATE"))
            with pytest.raises(StoreError, match="others held the rows"):
                store.write("s", "w", 2, buckets((0, 2, 0)))
        engine.dispose()
        assert store.write("s", "w", 2, buckets((0, 2, 0)))
        assert everything(store) == {0: (2, 0)}


# --- what fails -------------------------------------------------------------------------------------------------------


def run_worker(*arguments: str) -> str:
    """Run a function of tests.store_workers as a program, and return what it says."""
    command = [sys.executable, "-m", "tests.store_workers", *arguments]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=90, check=True).stdout


def wait_for_the_dead(place: str) -> None:
    """Wait until PostgreSQL noticed that a client died: until then it may still commit what had arrived."""
    if not place.startswith("postgresql"):
        return
    others = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    engine = sqlalchemy.create_engine(place.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        while connection.execute(sqlalchemy.text(others)).scalar_one():
            connection.rollback()  # the view stands still within a transaction
            time.sleep(0.005)
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_acknowledged_survives_a_kill(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """After each kill at any instant: all acknowledged writes, at most the one in flight, and each whole, once."""
    rounds = (KILL_ROUNDS or 12) if kind == "sqlite" else (KILL_ROUNDS // 4 or 6)
    place = f"{tmp_path}/slo.db" if kind == "sqlite" else request.getfixturevalue("server").database()
    want: Counter[int] = Counter()
    for life in range(rounds):
        mine, its = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=count_and_tell, args=(place, f"life {life}", its))
        process.start()
        its.close()
        acknowledged = mine.recv()
        time.sleep(random.uniform(0, 0.15))  # not seeded: the instants are the disk's anyway
        process.kill()
        with contextlib.suppress(EOFError, OSError):
            while True:
                acknowledged = mine.recv()
        process.join()
        mine.close()
        wait_for_the_dead(place)
        with opened(place) as store:
            found = {minute: good for minute, (good, _) in everything(store).items()}
        applied = found.get(0, 0) - want[0]
        assert acknowledged <= applied <= acknowledged + 1
        want[0] += applied
        want.update(range(1, applied + 1))
        assert found == +want


def test_a_database_that_was_stopped_and_started_is_found_again(server: Server) -> None:
    """While it is away each write is a StoreError at once; afterwards the same store goes on."""
    place = server.database()
    with opened(place) as store:
        assert store.write("s", "w", 1, buckets((0, 1, 0)))
        server.stop()
        try:
            for _ in range(2):
                with pytest.raises(StoreError, match="cannot be reached"):
                    store.write("s", "w", 2, buckets((0, 2, 0)))
        finally:
            server.start()
        assert store.write("s", "w", 2, buckets((0, 2, 0)))
        assert everything(store) == {0: (2, 0)}
        server.stop()
        server.start()
        # A connection that died unseen while nobody used it costs nothing.
        assert store.write("s", "w", 3, buckets((0, 3, 0)))
        assert everything(store) == {0: (3, 0)}


def test_a_fork_with_a_store_in_use_loses_nothing(place: str) -> None:
    """Parent and children go on, each with a connection of its own, and no close of one takes the file from another."""
    run_worker("fork_and_write", place)
    with opened(place) as store:
        assert everything(store) == {0: (2 + 3 * 5 + 3, 0)}


@pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <sqlite3.Connection:pytest.PytestUnraisableExceptionWarning")
def test_a_connection_from_before_an_unseen_fork_is_not_used(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's locks cannot be had again in such a child, which says so; PostgreSQL is called anew."""
    store = opened(place)
    store.write("s", "w", 1, buckets((0, 1, 0)))
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        if "postgresql" in place:
            assert store.write("s", "w", 2, buckets((0, 2, 0)))
            assert everything(store) == {0: (2, 0)}
        else:
            for _ in range(2):
                with pytest.raises(StoreError, match="close the store before the fork"):
                    store.write("s", "w", 2, buckets((0, 2, 0)))
        store.close()
    # The connection that was left to the parent, whose drivers warn when it goes.
    del store
    gc.collect()
    if "postgresql" not in place:
        with opened(place) as again:
            assert everything(again) == {0: (1, 0)}


def test_a_full_disk_is_a_store_error_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    """What did not fit is not there, what was acknowledged is, and writing goes on once there is room."""
    file = tmp_path / "slo.db"
    done, message = run_worker("fill_up", str(file), "300000").splitlines()
    assert "disk" in message
    with opened(str(file)) as store:
        assert everything(store) == dict.fromkeys(range(100, 100 * int(done) + 100), (1, 1))
        assert store.write("s", "w", 10**6, buckets((0, 1, 1)))


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a disk; the test above limits files instead")
def test_a_full_tmpfs_is_said_to_be_full(tmp_path: Path) -> None:
    """A disk without room is told apart from one that fails, and tidying makes room on it."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(tmp_path)], check=False)
    if mounted.returncode:
        return  # a container may forbid it even to root; the test above stands in
    try:
        with opened(f"{tmp_path}/slo.db") as store:
            done = itertools.count()

            def fill() -> None:
                for n in done:
                    store.write("s", "w", n, buckets(*((100 * n + m, 1, 1) for m in range(100))))

            with pytest.raises(StoreError, match="the disk is full"):
                fill()
            assert everything(store) == dict.fromkeys(range(100 * (next(done) - 1)), (1, 1)) != {}
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_file_that_was_deleted_is_begun_anew(tmp_path: Path) -> None:
    """A write is not acknowledged into a file that is no longer there."""
    file = tmp_path / "slo.db"
    with opened(str(file)) as store:
        store.write("s", "w", 1, buckets((0, 1, 0)))
        for left in tmp_path.iterdir():
            left.unlink()
        assert store.write("s", "w", 2, buckets((0, 2, 0)))
        with opened(str(file)) as other:
            assert everything(other) == {0: (2, 0)}


# --- places -----------------------------------------------------------------------------------------------------------


PLACES: list[tuple[Callable[[Path], object], str]] = [
    (Path.mkdir, "is a folder"),
    (lambda at: at.symlink_to(at), "circle of links"),
    (os.mkfifo, "pipe"),
    (lambda at: at.symlink_to(at.parent / "missing" / "slo.db"), "make it first"),
]


@pytest.mark.parametrize(("made", "says"), PLACES, ids=["folder", "circle", "pipe", "link to nowhere"])
@pytest.mark.parametrize("url", ["", "sqlite:///"])
def test_a_place_that_cannot_be_a_file_is_refused_at_once(
    made: Callable[[Path], object], says: str, url: str, tmp_path: Path
) -> None:
    """It says what is there and what to do, before anything is recorded."""
    made(tmp_path / "slo.db")
    with pytest.raises(StoreError, match=says):
        open_store(f"{url}{tmp_path}/slo.db")


@pytest.mark.parametrize("path", ["", ":memory:", "missing/slo.db", "file/slo.db", "a\0b", "x" * 5_000])
def test_a_path_that_cannot_be_is_refused(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No path is taken for memory, or for a temporary file, without a word."""
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(StoreError):
        SqliteStore(path)


def test_a_commit_waits_until_the_disk_has_it(tmp_path: Path) -> None:
    """No test cuts the power, so what SQLite promises for that case is asked of the connections that write."""
    asked = ("PRAGMA synchronous", "PRAGMA fullfsync", "PRAGMA journal_mode", "PRAGMA trusted_schema")
    with SqliteStore(tmp_path / "slo.db") as plain, SqlStore(f"sqlite:///{tmp_path}/slo.db") as by_url:
        connection = plain._connected()
        assert [connection.execute(one).fetchone()[0] for one in asked] == [2, 1, "wal", 0]
        with by_url._engine.connect() as other:
            assert [other.exec_driver_sql(one).scalar_one() for one in asked] == [2, 1, "wal", 0]


def test_links_are_followed(tmp_path: Path) -> None:
    """A link and its file are one store."""
    (tmp_path / "link.db").symlink_to(tmp_path / "slo.db")
    with opened(f"{tmp_path}/link.db") as one, opened(f"{tmp_path}/slo.db") as other:
        one.write("s", "w", 1, buckets((0, 1, 0)))
        assert everything(other) == {0: (1, 0)}


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """Be nobody for a while, where the tests run as root, whom no mode of a file stops."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize(
    "mode",
    [(0o444, 0o555), (0o666, 0o555), (0o000, 0o777), (0o666, 0o600)],
    ids=["read-only", "folder", "closed", "not-entered"],
)
def test_a_file_without_rights_is_a_store_error(mode: tuple[int, int], tmp_path: Path) -> None:
    """Whichever right is missing, the message says which to give; nothing was written."""
    # Nobody must come this far, however many folders pytest and its workers have put around it.
    shared = Path(tempfile.gettempdir())
    for folder in (tmp_path, *tmp_path.parents):
        if shared in folder.parents:
            folder.chmod(0o755)
    file = tmp_path / "slo.db"
    with opened(str(file)) as store:
        store.write("s", "w", 1, buckets((0, 1, 0)))
    file.chmod(mode[0])
    tmp_path.chmod(mode[1])
    with without_rights(), pytest.raises(StoreError, match="let this user"), opened(str(file)) as store:
        store.write("s", "w", 2, buckets((0, 2, 0)))
    tmp_path.chmod(0o755)
    file.chmod(0o644)
    with opened(str(file)) as store:
        assert everything(store) == {0: (1, 0)}


def test_a_damaged_file_is_a_store_error_or_is_read(tmp_path: Path) -> None:
    """Cut off or changed anywhere, a file raises nothing else, and none is changed by looking at it."""
    whole = tmp_path / "whole.db"
    with opened(str(whole)) as store:
        for n in range(1, 40):
            store.write("s", f"w{n}", n, buckets(*((m, n, 1) for m in range(20))))
    data = whole.read_bytes()
    dice = random.Random(1)
    cuts = [data[:n] for n in (1, 15, 16, 99, 100, 1000, 4096, 5000, len(data) - 4096, len(data) - 1)]
    flips = []
    for _ in range(60):
        changed = bytearray(data)
        for _ in range(dice.choice((1, 20))):
            changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        flips.append(bytes(changed))
    refused = 0
    for n, content in enumerate([b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000, *cuts, *flips]):
        file = tmp_path / f"{n}.db"
        file.write_bytes(content)
        calls: list[Callable[[Ledger], object]] = [
            lambda one: one.read("s", 0),
            lambda one: one.write("s", "w1", 99, buckets((0, 1, 1))),
            lambda one: one.tidy("s", before=MINUTE, dead_after=0),
            lambda one: one.folded("s", "w1"),
        ]
        for call in calls:
            try:
                with opened(str(file), timeout="100ms") as store:
                    call(store)
            except StoreError:
                refused += 1
    assert refused > 20


def test_garbage_is_left_as_it_is(tmp_path: Path) -> None:
    """A file that is something else is never overwritten."""
    file = tmp_path / "slo.db"
    for content in (b"my thesis\n" * 500, b"x"):
        file.write_bytes(content)
        with pytest.raises(StoreError, match="no SQLite file"), opened(str(file)) as store:
            store.write("s", "w", 1, buckets())
        assert file.read_bytes() == content


# --- versions ---------------------------------------------------------------------------------------------------------


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be the slokit of a later version, whose tables have one more column."""
    more = ("ALTER TABLE slokit_counts ADD COLUMN slow BIGINT NOT NULL DEFAULT 0",)
    monkeypatch.setattr(_schema, "MIGRATIONS", (*_schema.MIGRATIONS, more))


def test_older_tables_are_migrated_and_newer_ones_refused(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade keeps what is there, and the older version neither reads nor writes what it does not know."""
    old = opened(place)
    old.write("s", "w", 1, buckets((0, 1, 2)))
    with monkeypatch.context() as upgraded:
        later(upgraded)
        with opened(place) as new:
            assert everything(new) == {0: (1, 2)}
            assert new.write("s", "w", 2, buckets((0, 2, 2)))
    # One that was running all the time is told too.
    for one in (old, opened(place)):
        with pytest.raises(StoreError, match="of version 2, and this slokit knows versions up to 1"):
            one.read("s", 0)
        with pytest.raises(StoreError, match="of version 2, and this slokit knows versions up to 1"):
            one.write("s", "w", 3, buckets((0, 3, 3)))
        one.close()
    later(monkeypatch)
    with opened(place) as new:
        assert everything(new) == {0: (2, 2)}


def test_a_newer_file_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one byte of it changes."""
    file = tmp_path / "slo.db"
    with monkeypatch.context() as upgraded:
        later(upgraded)
        with opened(str(file)) as new:
            new.write("s", "w", 1, buckets((0, 1, 2)))
    before = file.read_bytes()
    with opened(str(file)) as store, pytest.raises(StoreError, match="version 2"):
        store.write("s", "w", 2, buckets((0, 2, 2)))
    assert file.read_bytes() == before
    assert [left.name for left in tmp_path.iterdir()] == ["slo.db"]


@pytest.mark.parametrize("statement", ["DELETE FROM slokit_schema", "UPDATE slokit_schema SET version = 'x'"])
def test_tables_without_a_version_are_refused(statement: str, tmp_path: Path) -> None:
    """What cannot be a table of slokit is not guessed at."""
    with opened(f"{tmp_path}/slo.db") as store:
        store.write("s", "w", 1, buckets((0, 1, 0)))
        other = sqlite3.connect(tmp_path / "slo.db", isolation_level=None)
        other.execute(statement)
        other.close()
        with pytest.raises(StoreError, match="name no version"):
            store.read("s", 0)


# --- which store ------------------------------------------------------------------------------------------------------


def test_a_place_says_which_store_it_is(tmp_path: Path) -> None:
    """A path is a file, a URL a database, and a store itself."""
    assert isinstance(open_store(f"{tmp_path}/slo.db"), SqliteStore)
    assert isinstance(open_store(tmp_path / "slo.db"), SqliteStore)
    assert isinstance(open_store(f"sqlite:///{tmp_path}/slo.db"), SqlStore)
    assert isinstance(open_store("postgresql+psycopg://h/x"), SqlStore)
    one = SqliteStore(tmp_path / "slo.db")
    assert open_store(one) is one
    for wrong in (None, 7, b"slo.db"):
        with pytest.raises(WrongType, match="a store must be"):
            open_store(wrong)  # type: ignore[arg-type]


def test_both_ways_to_a_file_are_one_store(tmp_path: Path) -> None:
    """What one wrote the other reads, and their writes take turns."""
    with opened(f"{tmp_path}/slo.db") as one, opened(f"sqlite:///{tmp_path}/slo.db") as other:
        one.write("s", "w", 1, buckets((0, 1, 0)))
        other.write("s", "v", 1, buckets((0, 1, 1)))
        assert everything(one) == everything(other) == {0: (2, 1)}


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:hunter2@h:port/x", "mysql://u:hunter2@h/x", "postgresql+asyncpg://u:hunter2@h/x", "u:hunter2://"],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    """Messages end in logs."""
    with pytest.raises((StoreError, MissingExtra)) as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)


def test_the_password_of_a_store_is_not_shown() -> None:
    """Neither by its repr nor when it cannot be reached."""
    store = SqlStore("postgresql://u:hunter2@127.0.0.1:1/x", timeout="1s")
    assert "hunter2" not in repr(store)
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        store.read("s", 0)
    assert "hunter2" not in str(caught.value)
    store.close()


def test_sqlalchemy_is_not_needed_before_it_is_used() -> None:
    """Without it a file works, and a URL says what to install."""
    program = """
import sys
sys.modules["sqlalchemy"] = sys.modules["psycopg"] = None
from slokit.live.stores import open_store
print(open_store("slo.db"))
try:
    open_store("postgresql://h/x")
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 'pip install "slokit[sql]"' in done.stdout
