"""A thread that flushes, for those who ask: from the first event on, in each process, until its monitor ends."""

from __future__ import annotations

import _thread
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from slokit import SLI, SLO, Policy, Rule, State
from slokit.conditions import Exhausted
from slokit.errors import InvalidDuration, StoreError
from slokit.live import ManualClock, Monitor
from slokit.live.flusher import within
from slokit.live.stores import SqliteStore
from tests.conftest import ROOT

SLO_ = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="1h")
FREEZE = Policy("freeze", states=[State("calm"), State("frozen")], rules=[Rule("frozen", Exhausted())])
START = "2026-01-01T00:00Z"


def eventually(what: Callable[[], Any]) -> None:
    """Wait for something, ten seconds at most."""
    until = time.monotonic() + 10
    while not what():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.01)


def running() -> int:
    """Return how many threads there are, those that threading does not know included."""
    return _thread._count()


def stored(place: Path) -> tuple[int, int]:
    """Return all that a store holds."""
    with SqliteStore(place) as store:
        counts = store.read("checkout", 0)
    return int(counts.good.sum()), int(counts.bad.sum())


# --- when there is one ------------------------------------------------------------------------------------------------


def test_there_is_no_thread_without_asking(tmp_path: Path) -> None:
    """Nor with asking, before something is recorded: the master of a forking server has none."""
    before = running()
    with (
        Monitor(SLO_, store=tmp_path / "a.db") as plain,
        Monitor(SLO_, store=tmp_path / "b.db", flush_every="1h") as one,
    ):
        plain.record(True)
        plain.decision()
        one.status()
        one.flush()
        assert running() == before
        one.record(True)
        one.record(True)
        eventually(lambda: running() == before + 1)
        assert (one.status().good, one.drops) == (2, {})
    eventually(lambda: running() == before)


@pytest.mark.parametrize(
    "begin", [lambda one: one.add(bad=3), lambda one: one.decision(), lambda one: one.observe(True)]
)
def test_any_event_or_decision_begins_it(begin: Callable[[Monitor], object]) -> None:
    """One thread, however many ask."""
    before = running()
    with Monitor(SLO_, flush_every="1h") as one:
        begin(one)
        threads = [threading.Thread(target=lambda: [one.record(True) for _ in range(100)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually(lambda: running() == before + 1)
    eventually(lambda: running() == before)


def test_a_signal_handler_may_record_first() -> None:
    """Where it would wait for whatever it interrupted, it would wait for ever."""
    before = running()
    with Monitor(SLO_, flush_every="1h") as one:
        old = signal.signal(signal.SIGALRM, lambda *_: one.record(True))
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.001)
            # A lock of this module is held most of the time.
            while not one.status().good:
                threading.Thread(target=int).start()
        finally:
            signal.signal(signal.SIGALRM, old)
        eventually(lambda: running() == before + 1)


@pytest.mark.parametrize("every", ["0s", "99ms", "-1s", "often"])
def test_a_length_that_cannot_be_meant_is_refused(every: str) -> None:
    """A disk is not written to all the time."""
    with pytest.raises(InvalidDuration, match="flush_every"):
        Monitor(SLO_, flush_every=every)


# --- what it does -----------------------------------------------------------------------------------------------------


def test_it_writes_what_was_recorded_and_reads_what_others_did(tmp_path: Path) -> None:
    """Without anybody asking for anything."""
    place = tmp_path / "slo.db"
    with Monitor(SLO_, store=place, flush_every="100ms") as one, Monitor(SLO_, store=place, flush_every="100ms") as two:
        for ok in [True] * 9 + [False]:
            one.record(ok)
        two.record(True)
        eventually(lambda: stored(place) == (10, 1))
        eventually(lambda: (one.status().good, one.status().bad) == (two.status().good, two.status().bad) == (10, 1))


def test_transitions_are_found_in_time() -> None:
    """Although nobody asks for a decision; a callback that raises, or exits, stops nothing."""
    clock = ManualClock(START)
    heard: list[str] = []

    def exits(transition: Any) -> None:
        heard.append(f"exits {transition.after}")
        sys.exit(1)

    def fails(transition: Any) -> None:
        heard.append(f"fails {transition.after}")
        raise KeyError

    with Monitor(SLO_, policy=FREEZE, clock=clock, flush_every="100ms") as one:
        one.on_transition(fails)
        one.on_transition(exits)
        one.add(good=1, bad=99)
        clock.advance("1m")
        eventually(lambda: heard == ["fails frozen", "exits frozen"])
        one.add(good=100_000)
        clock.advance("1m")
        eventually(lambda: heard[2:] == ["fails calm", "exits calm"])
        assert one.failed_callbacks == 2


class Away(SqliteStore):
    """A store that can be away, and then fails in ways of its own."""

    fails: BaseException | None = None

    def write(self, *arguments: Any, **named: Any) -> bool:
        """Write, or fail."""
        if self.fails is not None:
            raise self.fails
        return super().write(*arguments, **named)


@pytest.mark.parametrize("failure", [StoreError("away"), MemoryError(), ZeroDivisionError()])
def test_it_survives_whatever_a_store_raises(tmp_path: Path, failure: Exception, caplog: Any) -> None:
    """The failure is told once, and what was recorded is written when the store is back."""
    store = Away(tmp_path / "slo.db")
    with Monitor(SLO_, store=store, flush_every="100ms") as one:
        store.fails = failure
        one.record(False)
        eventually(lambda: caplog.records)
        time.sleep(0.35)
        assert len(caplog.records) == 1
        assert (one.store_error is failure) is isinstance(failure, StoreError)
        store.fails = None
        eventually(lambda: stored(tmp_path / "slo.db") == (0, 1))
        eventually(lambda: one.store_error is None)


# --- how it ends ------------------------------------------------------------------------------------------------------


def test_closing_ends_it_at_once(tmp_path: Path) -> None:
    """However long it would have waited; twice is fine, and nothing begins afterwards."""
    before = running()
    one = Monitor(SLO_, store=tmp_path / "slo.db", flush_every="1h")
    one.record(True)
    began = time.monotonic()
    one.close()
    one.close()
    assert time.monotonic() - began < 2
    assert running() == before
    one.record(True)
    one.decision()
    assert running() == before
    assert stored(tmp_path / "slo.db") == (1, 0)


def test_a_callback_may_close_the_monitor() -> None:
    """The thread does not wait for itself."""
    clock = ManualClock(START)
    one = Monitor(SLO_, policy=FREEZE, clock=clock, flush_every="100ms")
    closed = threading.Event()

    def close(_: object) -> None:
        one.close()
        closed.set()

    one.on_transition(close)
    one.add(bad=99)
    clock.advance("1m")
    assert closed.wait(10)


def test_a_monitor_that_nobody_holds_ends_it() -> None:
    """The thread does not keep it alive, though it may wait for long."""
    before = running()
    one = Monitor(SLO_, flush_every="1h")
    one.on_transition(partial(print, one))  # a circle: found by the garbage collector alone
    one.record(True)
    eventually(lambda: running() == before + 1)
    known = weakref.ref(one)
    del one
    gc.collect()
    assert known() is None
    eventually(lambda: running() == before)


def run(script: str, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a script that knows Monitor and an objective."""
    head = (
        "import os, sys, threading, time\n"
        "from slokit.live import Monitor\n"
        "from tests.test_live_flusher import SLO_, Away\n"
        "place = sys.argv[1]\n"
    )
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", head + script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_a_process_that_ends_has_written(tmp_path: Path) -> None:
    """Without anybody closing the monitor."""
    place = tmp_path / "slo.db"
    done = run("one = Monitor(SLO_, store=place, flush_every='1h')\nfor _ in range(5): one.record(True)\n", str(place))
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(place) == (5, 0)


CHILD = """
import multiprocessing
def work(place, times):
    global one
    one = Monitor(SLO_, store=place, flush_every="1h")
    for _ in range(times): one.record(True)
child = multiprocessing.get_context(sys.argv[2]).Process(target=work, args=(place, 5))
child.start()
child.join()
sys.exit(child.exitcode)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_child_of_multiprocessing_that_ends_has_written(tmp_path: Path) -> None:
    """Although it ends without the handlers of atexit; also by a monitor that its parent made."""
    own, inherited = tmp_path / "own.db", tmp_path / "inherited.db"
    done = run(CHILD, str(own), "fork")
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(own) == (5, 0)
    given = CHILD.replace('one = Monitor(SLO_, store=place, flush_every="1h")', "pass")
    parent = "one = Monitor(SLO_, store=place, flush_every='1h')\n"
    done = run(parent + given, str(inherited), "fork")
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(inherited) == (5, 0)


def test_a_store_that_hangs_keeps_no_process_from_ending(tmp_path: Path) -> None:
    """It is waited for, for a bounded time."""
    script = (
        "from slokit.live import flusher\n"
        "flusher._PATIENCE = 0.5\n"
        "class Hangs(Away):\n"
        "    def write(self, *_, **__):\n"
        "        if threading.main_thread() is threading.current_thread(): return True\n"
        "        time.sleep(60)\n"
        "one = Monitor(SLO_, store=Hangs(place), flush_every='100ms')\n"
        "one.record(True)\n"
        "time.sleep(0.3)\n"
    )
    began = time.monotonic()
    done = run(script, str(tmp_path / "slo.db"))
    assert done.returncode == 0
    assert time.monotonic() - began < 20
    assert "the process does not wait for it" in done.stderr


def test_works_that_hang_are_left_behind(caplog: Any) -> None:
    """And one that fails is told of."""
    done: list[int] = []
    assert within([lambda: done.append(1), lambda: 1 // 0, lambda: done.append(2)])
    assert done == [1, 2]
    assert len(caplog.records) == 1
    hang = threading.Event()
    assert not within([hang.wait], 0.05)
    hang.set()


FORKS = """
one = Monitor(SLO_, store=place, flush_every="100ms")
two = Monitor(SLO_, recording=one.recording, flush_every="100ms")
stop = threading.Event()
recorded = [0] * 3

def load(at):
    while not stop.is_set():
        one.record(True)
        recorded[at] += 1
        time.sleep(0)

threads = [threading.Thread(target=load, args=(at,)) for at in range(3)]
for thread in threads: thread.start()
children = []
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of a fork beside threads
for n in range(12):
    time.sleep(0.03)
    pid = os.fork()
    if not pid:
        for _ in range(7): one.record(False)
        if n % 3 == 0:
            sys.exit(0)  # the last flush is at exit
        if n % 3 == 1:
            one.close()
            os._exit(0)
        until = time.monotonic() + 20
        writer = one._backing.keeper
        while writer._identity != one.recording.identity or writer._kept.bad.sum() < 7:  # its own thread writes
            if time.monotonic() > until: os._exit(3)
            time.sleep(0.01)
        os._exit(0)
    children.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
stop.set()
for thread in threads: thread.join()
one.close(); two.close()
print(sum(recorded), codes)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_forks_under_load_lose_nothing(tmp_path: Path) -> None:
    """A child has a thread of its own from its first event on, whatever its parent's was doing; each event once."""
    done = run(FORKS, str(tmp_path / "slo.db"))
    assert done.returncode == 0, done.stderr
    recorded, _, codes = done.stdout.partition(" ")
    assert codes.strip() == str([0] * 12)
    assert stored(tmp_path / "slo.db") == (int(recorded), 12 * 7)
