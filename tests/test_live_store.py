"""Monitors with a store know the whole: all processes and all history, each event once, whatever fails."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slokit import SLI, SLO, Policy, Rule, State
from slokit.conditions import BudgetBelow, Exhausted
from slokit.errors import StoreError
from slokit.live import ManualClock, Monitor, keeping
from slokit.live.stores import SqliteStore
from slokit.protocols import StoredCounts
from tests.conftest import ROOT

START = "2026-01-01T00:00Z"
SLO_ = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="1h")
FREEZE = Policy(
    "freeze",
    states=[State("calm"), State("frozen", blocks=["deploy"])],
    rules=[Rule("frozen", Exhausted(), until=~BudgetBelow("50%"))],
    stale_after="30m",
)


OPEN = contextlib.ExitStack()


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test has opened: Python warns of a connection to SQLite that is merely dropped."""
    with OPEN:
        yield


def monitor(store: Any, clock: ManualClock) -> Monitor:
    """Return a process's monitor."""
    return OPEN.enter_context(Monitor(SLO_, policy=FREEZE, clock=clock, store=store))


def opened(folder: Path) -> SqliteStore:
    """Return the store beside the monitors."""
    return OPEN.enter_context(SqliteStore(folder / "slo.db"))


class Wrapped:
    """A store that fails where it is told to: before it writes, or after, when nobody hears the answer."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.fails = ""

    def write(self, series: str, writer: str, sequence: int, counts: StoredCounts) -> bool:
        """Write, or fail."""
        if self.fails == "before":
            raise StoreError("the database is down")
        done = self.store.write(series, writer, sequence, counts)
        if self.fails == "after":
            raise StoreError("the connection was lost")
        return done

    def read(self, series: str, since: int, *, without: str | None = None) -> StoredCounts:
        """Read, or fail."""
        if self.fails:
            raise StoreError("the database is down")
        return self.store.read(series, since, without=without)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def stored(store: SqliteStore) -> tuple[int, int]:
    """Return all that a store holds."""
    counts = store.read("checkout", 0)
    return int(counts.good.sum()), int(counts.bad.sum())


def test_two_processes_know_the_sum(tmp_path: Path) -> None:
    """Each its own at once, and the other's as it was last read."""
    clock = ManualClock(START)
    one, two = (monitor(tmp_path / "slo.db", clock) for _ in range(2))
    one.add(good=90, bad=10)
    two.add(good=50, bad=50)
    one.flush()
    two.flush()
    assert (two.status().good, two.status().bad) == (140, 60)
    assert (one.status().good, one.status().bad) == (90, 10)
    one.flush()
    assert (one.status().good, one.status().bad) == (140, 60)
    two.add(bad=1)
    assert two.status().bad == 61
    clock.advance("2m")
    assert one.decision().state == two.decision().state == "frozen"
    assert one.status() == SLO_.evaluate(one.counts()).at()


def test_more_events_than_fit_are_refused_and_never_wrong(tmp_path: Path) -> None:
    """Each process counts what fits; together it would wrap, and say that all is well."""
    clock = ManualClock(START)
    one, two = (monitor(tmp_path / "slo.db", clock) for _ in range(2))
    one.add(good=2**62 - 1)
    two.add(good=2**62 - 1)
    for each in (one, two, one):
        each.flush()
    with pytest.raises(StoreError, match="counted some 2\\*\\*63 events in one bucket"):
        one.status()


def test_a_flush_that_is_repeated_counts_once(tmp_path: Path) -> None:
    """Whether it failed before it was written or after: the error is told, and nothing is lost or doubled."""
    clock = ManualClock(START)
    wrapped = Wrapped(opened(tmp_path))
    one = monitor(wrapped, clock)
    for fails in ("before", "after", "after", ""):
        one.add(good=9, bad=1)
        wrapped.fails = fails
        if fails:
            with pytest.raises(StoreError):
                one.flush()
        else:
            one.flush()
    assert stored(wrapped.store) == (36, 4)
    assert (one.status().good, one.status().bad) == (36, 4)


def test_recording_and_deciding_go_on_without_the_store(tmp_path: Path) -> None:
    """The error is surfaced; what was held back is written later."""
    clock = ManualClock(START)
    wrapped = Wrapped(opened(tmp_path))
    one = monitor(wrapped, clock)
    wrapped.fails = "before"
    one.add(good=50, bad=50)
    clock.advance("2m")
    assert one.decision().state == "frozen"
    assert isinstance(one.store_error, StoreError)
    assert stored(wrapped.store) == (0, 0)
    wrapped.fails = ""
    clock.advance("1m")
    one.decision()
    assert one.store_error is None
    assert stored(wrapped.store) == (50, 50)


def test_a_bucket_is_judged_once_others_had_time_to_write(tmp_path: Path) -> None:
    """A bucket after its end, and then not again before the next one is: asking in between costs nothing."""
    clock = ManualClock(START)
    one = monitor(tmp_path / "slo.db", clock)
    one.add(good=9, bad=1)
    clock.advance("2m")
    decided = one.decision()
    assert decided.time.minute == 1
    clock.advance("59s")
    assert one.decision() is decided
    clock.advance("1s")
    assert one.decision().time.minute == 2


@pytest.mark.parametrize("fails", ["", "after"])
def test_a_process_that_was_taken_for_dead_counts_once(tmp_path: Path, fails: str) -> None:
    """Its rows were folded while it slept; it goes on under another name, with what is new alone."""
    clock = ManualClock(START)
    wrapped = Wrapped(opened(tmp_path))
    one, two = monitor(wrapped, clock), monitor(tmp_path / "slo.db", clock)
    one.add(good=9, bad=1)
    one.flush()
    one.add(good=10)
    wrapped.fails = fails
    if fails:
        with pytest.raises(StoreError):
            one.flush()
    wrapped.fails = ""
    wrapped.store.tidy("checkout", before=0, dead_after=0)
    one.add(bad=5)
    one.flush()
    one.add(good=100)
    one.flush()
    assert stored(wrapped.store) == (119, 6)
    assert (one.status().good, one.status().bad) == (119, 6)
    two.flush()
    assert (two.status().good, two.status().bad) == (119, 6)


def test_an_idle_process_that_was_taken_for_dead_counts_once(tmp_path: Path) -> None:
    """It has nothing new to write, and would read its own figures as another's."""
    clock = ManualClock(START)
    store = opened(tmp_path)
    one = monitor(store, clock)
    one.add(good=9, bad=1)
    one.flush()
    store.tidy("checkout", before=0, dead_after=0)
    one.flush()
    assert (one.status().good, one.status().bad) == (9, 1)
    assert stored(store) == (9, 1)


def test_old_buckets_are_dropped_and_the_dead_are_folded_now_and_then(tmp_path: Path) -> None:
    """Once an hour, by whoever flushes: what no window reaches is gone."""
    clock = ManualClock(START)
    store = opened(tmp_path)
    one = monitor(store, clock)
    one.add(good=9, bad=1)
    one.flush()
    clock.advance("3h")
    one.add(good=5)
    one.flush()
    assert stored(store) == (5, 0)


def test_a_new_process_knows_history_and_the_freeze(tmp_path: Path) -> None:
    """It begins with what all before it counted and decided."""
    clock = ManualClock(START)
    one = monitor(tmp_path / "slo.db", clock)
    one.add(good=50, bad=50)
    clock.advance("2m")
    assert one.decision().state == "frozen"
    one.close()
    clock.advance("7m")
    again = monitor(tmp_path / "slo.db", clock)
    assert (again.status().good, again.status().bad) == (50, 50)
    assert again.decision().state == "frozen"
    assert not again.allows("deploy")
    assert again.history().codes[0] == 1


def test_closing_twice_and_asking_afterwards_is_no_trouble_of_the_store(tmp_path: Path) -> None:
    """A store that was let go of on purpose is not one that cannot be reached."""
    clock = ManualClock(START)
    one = monitor(tmp_path / "slo.db", clock)
    one.add(good=9, bad=1)
    one.close()
    one.close()
    clock.advance("3m")
    assert one.decision().state == "frozen"
    assert one.status().bad == 1
    assert one.store_error is None


def test_a_store_of_several_monitors_is_closed_by_the_last(tmp_path: Path) -> None:
    """What one writes after another was closed is kept."""
    clock, store = ManualClock(START), SqliteStore(tmp_path / "slo.db")
    one, other = monitor(store, clock), monitor(store, clock)
    one.close()
    other.add(good=3)
    other.flush()
    assert stored(store) == (3, 0)
    other.close()
    with pytest.raises(StoreError, match="was closed"):
        store.get("checkout", "any")


PROGRAM = """
    import sys
    from slokit import SLI, SLO
    from slokit.live import Monitor
    monitor = Monitor(SLO("checkout", sli=SLI.ratio("up"), target="90%", window="1h"), store=sys.argv[1])
    while True:
        for _ in range(7):
            monitor.record(True)
        monitor.record(False)
        monitor.flush()
        print(int(monitor.recording.counts().total.sum()), flush=True)
"""


def test_what_a_flush_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    """Several lives, each ended by kill -9 at some moment: all that was acknowledged is there, and nothing twice."""
    acknowledged, most = 0, 0
    for round_ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path / "slo.db")],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3 + round_)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
        process.wait()
        process.stdout.close()
        last = int([line for line in lines if line.endswith("\n")][-1])
        acknowledged += last
        # One more flush may have been on its way.
        most += last + 8
        with SqliteStore(tmp_path / "slo.db") as store:
            good, bad = stored(store)
        assert acknowledged <= good + bad <= most
        assert (good, bad) == ((good + bad) * 7 // 8, (good + bad) // 8)
        acknowledged = most = good + bad


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are a matter of POSIX")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_workers_add_up_in_the_store(tmp_path: Path) -> None:
    """As a server that forks its workers does: each writes as itself, and any of them knows the whole."""
    clock = ManualClock(START)
    one = monitor(tmp_path / "slo.db", clock)
    one.add(good=1)
    one.flush()
    for _ in range(4):
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            one.add(good=9, bad=1)
            one.flush()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    one.flush()
    assert (one.status().good, one.status().bad) == (37, 4)
    assert stored(opened(tmp_path)) == (37, 4)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is nobody to ask which files are open")
def test_a_store_that_is_dropped_lets_go_of_its_file(tmp_path: Path) -> None:
    """Without a word of Python's about connections that nobody closed."""
    store = SqliteStore(tmp_path / "slo.db")
    one = Monitor(SLO_, policy=FREEZE, clock=ManualClock(START), store=store)
    one.flush()

    def is_open() -> bool:
        links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        return any(str(tmp_path) in link for link in links)

    assert is_open()
    del one, store
    gc.collect()
    assert not is_open()


def test_a_close_that_interrupts_a_flush_waits_a_while_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a signal handler does that closes: what it stands on cannot be waited out."""
    monkeypatch.setattr(keeping, "PATIENCE", 0.05)
    one = monitor(tmp_path / "slo.db", ManualClock(START))
    one.add(good=9)
    assert one._decider._backing is not None
    with one._decider._lock, one._decider._backing.keeper._lock:
        one.close()
        assert "another flush" in str(one.store_error)
    other = monitor(tmp_path / "slo.db", ManualClock(START))
    assert other.status().good == 0
