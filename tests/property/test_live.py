"""A monitor under anything that may happen to it says what batch evaluation of its counts says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from slokit import SLI, SLO, CalendarWindow, Exclusion, Policy, Rule, State, Timeslices
from slokit.conditions import BudgetBelow, Exhausted, Missed, NoDataFor
from slokit.live import ManualClock, Monitor
from slokit.timeline import parse_instant

START = parse_instant("2026-01-01T00:00Z")
MINUTE = 60 * 10**9
SIZE = 20

POLICY = Policy(
    "drawn",
    states=[State("calm"), State("busy"), State("frozen")],
    rules=[
        Rule("busy", Missed() | NoDataFor("3m"), hold="4m"),
        Rule("frozen", Exhausted(), until=~BudgetBelow("50%"), warmup="25%"),
    ],
    stale_after="6m",
)


def text(instant: int) -> np.datetime64:
    """Return an instant as callers write it."""
    return np.datetime64(instant, "ns")


class LiveEqualsBatch(RuleBasedStateMachine):
    """Events, late ones and time; steps of the clock, exclusions and restarts, in any order."""

    @initialize(
        given=st.sampled_from(
            (
                {"window": "12m"},
                {"window": "12m", "missing": "bad", "missing_events": 2},
                {"window": "12m", "missing": "repeat"},
                {"window": "12m", "budgeting": Timeslices("2m", target="50%")},
                {"window": CalendarWindow("day")},
            )
        )
    )
    def begin(self, given: dict[str, Any]) -> None:
        """Begin with one of several objectives."""
        self.clock = ManualClock(text(START))
        fields: dict[str, Any] = {"sli": SLI.ratio("up"), "target": "80%"} | given
        self.slo = SLO("x", **fields)
        self.monitor = Monitor(self.slo, policy=POLICY, clock=self.clock, retention="20m")
        self.sent = self.lost = 0
        # Where evidence of the past changes, what was decided of it stays, and batch evaluation says otherwise.
        self.straight = True

    @rule(good=st.integers(0, 4), bad=st.integers(0, 4))
    def record(self, good: int, bad: int) -> None:
        """Record events one by one."""
        for ok in [True] * good + [False] * bad:
            self.monitor.record(ok)
        self.sent += good + bad

    @rule(good=st.integers(0, 9), bad=st.integers(0, 9), ago=st.integers(0, 25))
    def add_late(self, good: int, bad: int, ago: int) -> None:
        """Add events that happened before."""
        self.monitor.add(good=good, bad=bad, at=text(self.clock.now() - ago * MINUTE))
        self.sent += good + bad
        self.straight &= ago == 0

    @rule(minutes=st.integers(1, 30), seconds=st.integers(0, 59))
    def pass_time(self, minutes: int, seconds: int) -> None:
        """Let time pass, more than is remembered too."""
        self.clock.advance(f"{minutes * 60 + seconds}s")
        # Beyond what is remembered, batch evaluation begins later than we did.
        self.straight = False if minutes > 2 else self.straight

    @rule(by=st.integers(-90, 90))
    def step_clock(self, by: int) -> None:
        """Set the clock either way."""
        self.clock.step(text(max(self.clock.now() + by * 60 * 10**9 // 10, START)))
        self.straight = False

    @rule(minute=st.integers(-3, 10))
    def exclude(self, minute: int) -> None:
        """Take out a minute."""
        start = START + minute * MINUTE
        self.monitor.exclude(Exclusion(text(start), text(start + MINUTE), "drawn"))
        self.straight = False

    @rule()
    def decide(self) -> None:
        """Ask for a decision: it is that of the last whole bucket."""
        decision = self.monitor.decision()
        assert decision.code == self.monitor.history().codes[-1]
        assert decision.time <= self.monitor.history().at().time

    @rule()
    def restart(self) -> None:
        """Go on in another process from a snapshot."""
        before = self.monitor.history().codes.copy()
        exclusions = self.monitor.exclusions
        lost = sum(self.monitor.recording.drops().values())
        blob = self.monitor.snapshot()
        self.monitor = Monitor.restore(
            blob, self.slo, policy=POLICY, clock=self.clock, retention="20m", exclusions=exclusions
        )
        self.lost += lost
        assert self.monitor.history().codes[-1] == before[-1]

    @invariant()
    def status_is_that_of_the_counts(self) -> None:
        """Exactly, the running bucket included."""
        if hasattr(self, "monitor"):
            assert self.monitor.status() == self.slo.evaluate(self.monitor.counts()).at()

    @invariant()
    def nothing_is_lost_that_is_not_forgotten(self) -> None:
        """What was sent is counted, or dropped by name, or older than is remembered."""
        if hasattr(self, "monitor"):
            counted = int(self.monitor.counts(raw=True).total.sum())
            dropped = sum(self.monitor.recording.drops().values()) + self.lost
            assert counted + dropped <= self.sent
            if self.straight and self.monitor.counts().timeline.size < SIZE:
                assert counted + dropped == self.sent

    @invariant()
    def decisions_are_those_of_history(self) -> None:
        """Where nothing changed the past, the codes are those of batch evaluation, bucket by bucket."""
        if hasattr(self, "monitor") and self.straight and self.monitor.counts().timeline.size < SIZE:
            history = self.monitor.history()
            counts = self.monitor.counts()
            over = history.timeline.end
            if over > counts.timeline.start:
                whole = counts.between(text(counts.timeline.start), text(over))
                assert history.codes.tolist() == POLICY.evaluate(self.slo.evaluate(whole)).codes.tolist()


TestLiveEqualsBatch = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")(LiveEqualsBatch.TestCase)
TestLiveEqualsBatch.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
