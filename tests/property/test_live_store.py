"""Processes that share a store know the exact sum, whatever is lost on the way, whoever is killed or taken for dead."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from slokit.errors import StoreError
from slokit.live import ManualClock, Monitor
from slokit.live.stores import SqliteStore
from tests.test_live_store import FREEZE, SLO_, START, Wrapped

MINUTE = 60 * 10**9

Events = Counter[tuple[int, str]]
"""How many events by minute and kind."""


class Process:
    """A monitor beside what it was told, and what the store must have of that by now."""

    def __init__(self, place: Path, clock: ManualClock) -> None:
        self.store = Wrapped(SqliteStore(place))
        self.monitor = Monitor(SLO_, policy=FREEZE, clock=clock, store=self.store)
        self.told: Events = Counter()
        self.stored: Events = Counter()
        # What was sent and not acknowledged is sent again before anything else.
        self.sent: Events | None = None
        self.folded = False

    def flush(self, fails: str) -> None:
        """Flush, and know what came of it."""
        self.store.fails = fails
        with contextlib.suppress(StoreError) if fails else contextlib.nullcontext():
            self.monitor.flush()
        self.store.fails = ""
        if not fails:
            self.stored, self.sent, self.folded = self.told.copy(), None, False
            return
        self.sent = self.told.copy() if self.sent is None else self.sent
        if fails == "after" and not self.folded:
            self.stored = self.sent

    def let_go(self) -> None:
        """End without a word, as a process that is killed does."""
        self.store.store.close()


class ProcessesOnOneStore(RuleBasedStateMachine):
    """Up to four at a time."""

    @initialize()
    def begin(self) -> None:
        """Begin with two."""
        self.folder = Path(tempfile.mkdtemp())
        self.clock = ManualClock(START)
        self.gone: Events = Counter()
        self.alive: list[Process] = []
        self.start()
        self.start()

    @rule()
    @precondition(lambda self: len(self.alive) < 4)
    def start(self) -> None:
        """Start one more; it begins by reading and writing."""
        self.alive.append(Process(self.folder / "slo.db", self.clock))

    @rule(who=st.integers(0, 3), good=st.integers(0, 9), bad=st.integers(0, 9), ago=st.sampled_from([0, 0, 0, 1, 20]))
    def add(self, who: int, good: int, bad: int, ago: int) -> None:
        """Tell one of events, late ones too."""
        process = self.alive[who % len(self.alive)]
        at = self.clock.now() - ago * MINUTE
        process.monitor.add(good=good, bad=bad, at=np.datetime64(at, "ns"))
        process.told.update({(at // MINUTE, "good"): good, (at // MINUTE, "bad"): bad})

    @rule(who=st.integers(0, 3), fails=st.sampled_from(["", "", "before", "after"]))
    def flush(self, who: int, fails: str) -> None:
        """Have one flush, which may fail before anything is written, or after all of it was."""
        self.alive[who % len(self.alive)].flush(fails)

    @rule(minutes=st.integers(1, 9))
    def pass_time(self, minutes: int) -> None:
        """Let time pass."""
        self.clock.advance(f"{minutes}m")

    @rule(who=st.integers(0, 3))
    @precondition(lambda self: len(self.alive) > 1)
    def kill(self, who: int) -> None:
        """End one in the middle of anything: what the store has of it stays, and no more."""
        process = self.alive.pop(who % len(self.alive))
        process.let_go()
        self.gone.update(process.stored)

    @rule(who=st.integers(0, 3), fails=st.sampled_from(["", "before", "after"]))
    def take_all_for_dead(self, who: int, fails: str) -> None:
        """Fold the rows of all, as happens to those that sleep for a day, one of them in the middle of a flush."""
        self.alive[who % len(self.alive)].flush(fails)
        self.alive[0].store.store.tidy("checkout", before=0, dead_after=0)
        for process in self.alive:
            process.folded = True

    @rule(who=st.integers(0, 3))
    def decide(self, who: int) -> None:
        """Ask one for a decision, which stays, and its status, which is that of the counts."""
        process = self.alive[who % len(self.alive)]
        process.flush("")
        assert process.monitor.decision().state == process.monitor.history().at().state
        assert process.monitor.status() == SLO_.evaluate(process.monitor.counts()).at()

    @rule()
    def all_know_the_whole(self) -> None:
        """Once each has written and then read, each knows the sum of all, minute by minute."""
        for process in self.alive * 2:
            process.flush("")
        whole = sum((process.told for process in self.alive), self.gone)
        for process in self.alive:
            counts = process.monitor.counts()
            first = counts.timeline.start // MINUTE
            for kind, figures in (("good", counts.good), ("bad", counts.bad)):
                minutes = range(first, first + len(figures))
                assert [whole[minute, kind] for minute in minutes] == figures.tolist()
                forgotten = self.clock.now() // MINUTE - process.monitor.recording.size
                assert all(first <= minute for minute, k in +whole if k == kind and minute > forgotten)

    def teardown(self) -> None:
        """Ask for the whole once more, and let go of all files."""
        if hasattr(self, "folder"):
            try:
                self.all_know_the_whole()
            finally:
                for process in self.alive:
                    process.let_go()
                shutil.rmtree(self.folder)


TestProcessesOnOneStore = ProcessesOnOneStore.TestCase
TestProcessesOnOneStore.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
