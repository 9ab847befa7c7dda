"""Tiers answer as exact buckets do, for a window that begins less than one coarse bucket earlier, and bound those."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from slokit import SLI, SLO, Exclusion, Policy, Rule, State
from slokit.conditions import BudgetBelow, Exhausted, Missed
from slokit.live import ManualClock, Monitor
from slokit.live.recording.ring import Ring
from slokit.live.recording.tiered import TieredRing
from slokit.timeline import parse_instant

SMALL = ((1, 7), (3, 8), (6, None))

Step = tuple[str, int, int, bool]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.sampled_from([1, 1, 1, 2, 5, 11, 80]), st.just(0), st.booleans()),
        st.tuples(st.just("add"), st.sampled_from([0, 0, 1, 2, 5, 10, 30, 70]), st.integers(0, 9), st.just(True)),
    ),
    max_size=40,
)


def both(size: int, first: int, drawn: list[Step]) -> tuple[Ring, TieredRing]:
    """Put the same into a ring and into tiers."""
    exact, tiers = Ring(size, first), TieredRing(size, first, SMALL)
    for what, by, events, observed in drawn:
        if what == "pass":
            for one in (exact, tiers):
                one.advance(one.newest + by, observed=observed)
        else:
            assert exact.add(exact.newest - by, events, by % 3) == tiers.add(tiers.newest - by, events, by % 3)
    return exact, tiers


@given(size=st.sampled_from([5, 20, 22, 23, 24, 30, 60]), first=st.integers(0, 40), drawn=steps)
def test_a_window_is_exact_from_the_edge_before_it_and_within_bounds(size: int, first: int, drawn: list[Step]) -> None:
    """Also after late events, gaps and jumps, for windows of every length that end now."""
    exact, tiers = both(size, first, drawn)
    oldest, good, bad, _ = exact.arrays()
    start, laid_good, laid_bad, _, coarse = tiers.arrays()
    best, worst = tiers.arrays("best"), tiers.arrays("worst")
    assert start <= oldest
    if oldest > exact.newest - SMALL[0][1]:
        assert not coarse, "the finest tier remembers all"
    for width in range(1, len(good) + 1):
        begin = exact.newest - width + 1
        spans = [span for span in coarse if span.start <= begin < span.stop]
        # The oldest coarse bucket may begin before what the exact ones remember: then only the bounds can be compared.
        edge = max(exact.first, begin // spans[0].factor * spans[0].factor) if spans else begin
        if edge >= oldest:
            assert laid_good[edge - start :].sum() == good[edge - oldest :].sum()
            assert laid_good[begin - start :].sum() == good[edge - oldest :].sum()
            assert laid_bad[begin - start :].sum() == bad[edge - oldest :].sum()
        assert best[2][-width:].sum() <= bad[-width:].sum() <= worst[2][-width:].sum()
        assert worst[1][-width:].sum() <= good[-width:].sum() <= best[1][-width:].sum()


@given(size=st.sampled_from([20, 30, 60]), first=st.integers(0, 40), drawn=steps)
def test_whole_coarse_buckets_know_how_many_of_theirs_were_observed(size: int, first: int, drawn: list[Step]) -> None:
    """Exactly, unless an event came so late that nobody knows whether its bucket was."""
    punctual = [step for step in drawn if step[0] == "pass" or step[1] < 7]
    exact, tiers = both(size, first, punctual)
    oldest, _, _, observed = exact.arrays()
    start, _, _, laid, coarse = tiers.arrays()
    for span in coarse:
        for edge in range(-(-max(span.start, oldest) // span.factor) * span.factor, span.stop, span.factor):
            here, there = slice(edge - start, edge - start + span.factor), slice(edge - oldest, None)
            assert laid[here].sum() == observed[there][: span.factor].sum()


@given(size=st.sampled_from([20, 60]), first=st.integers(0, 40), drawn=steps, later=st.integers(0, 30))
def test_what_was_laid_out_is_taken_in_again(size: int, first: int, drawn: list[Step], later: int) -> None:
    """Tiers that are filled from the layout of others lay out the same, as a restart needs."""
    _, tiers = both(size, first, drawn)
    oldest, good, bad, observed, _ = tiers.arrays()
    again = TieredRing(size, tiers.newest, SMALL)
    again.advance(tiers.newest + later, observed=False)
    tiers.advance(tiers.newest + later, observed=False)
    for place in np.flatnonzero(good | bad).tolist():
        again.add(oldest + place, int(good[place]), int(bad[place]))
    again.set_observed(oldest, observed)
    mine, theirs = again.arrays(), tiers.arrays()
    newer = max(mine[0], theirs[0], tiers.newest - size + 1 + 6)
    for ours, others in zip(mine[1:3], theirs[1:3], strict=True):
        assert ours[newer - mine[0] :].tolist() == others[newer - theirs[0] :].tolist()


def test_a_tier_answers_no_further_back_than_it_has_whole_buckets_for() -> None:
    """Whatever the size is, a bad event stays known for as long as it is remembered."""
    for size in range(15, 40):
        tiers = TieredRing(size, 100, SMALL)
        tiers.add(100, 0, 7)
        for newest in range(101, 100 + size):
            tiers.advance(newest, observed=True)
            assert tiers.arrays()[2].sum() == 7


POLICY = Policy(
    "drawn",
    states=[State("calm"), State("busy"), State("frozen")],
    rules=[
        Rule("busy", Missed(), hold="4m"),
        Rule("frozen", Exhausted(), until=~BudgetBelow("50%"), warmup="25%"),
    ],
    stale_after="6m",
)
MINUTE = 60 * 10**9
START = parse_instant("2026-01-01T00:00Z")


def text(instant: int) -> np.datetime64:
    """Return an instant as callers write it."""
    return np.datetime64(instant, "ns")


class TieredMonitor(RuleBasedStateMachine):
    """A monitor in tiers beside an exact one that hears the same; the window is five times what the finest tier has."""

    @initialize()
    def begin(self) -> None:
        """Begin both."""
        self.clock = ManualClock(text(START))
        self.slo = SLO("x", sli=SLI.ratio("up"), target="80%", window="36m")
        self.exact = Monitor(self.slo, policy=POLICY, clock=self.clock, retention="60m")
        self.tiered = Monitor(self.slo, policy=POLICY, clock=self.clock, retention="60m", memory="tiers")

    @rule(good=st.integers(0, 9), bad=st.integers(0, 9), ago=st.integers(0, 40))
    def add(self, good: int, bad: int, ago: int) -> None:
        """Add events, late ones too."""
        for one in (self.exact, self.tiered):
            one.add(good=good, bad=bad, at=text(self.clock.now() - ago * MINUTE))

    @rule(minutes=st.integers(1, 30))
    def pass_time(self, minutes: int) -> None:
        """Let time pass."""
        self.clock.advance(f"{minutes}m")

    @rule(minute=st.integers(-3, 60), length=st.integers(1, 9))
    def exclude(self, minute: int, length: int) -> None:
        """Take out some minutes."""
        start = START + minute * MINUTE
        for one in (self.exact, self.tiered):
            one.exclude(Exclusion(text(start), text(start + length * MINUTE), "drawn"))

    @rule()
    def decide(self) -> None:
        """Ask both, and restart the one in tiers."""
        self.exact.decision()
        assert self.tiered.decision().allows("deploy") == self.tiered.allows("deploy")
        exclusions = self.tiered.exclusions
        blob = self.tiered.snapshot()
        self.tiered = Monitor.restore(
            blob,
            self.slo,
            policy=POLICY,
            clock=self.clock,
            retention="60m",
            memory="tiers",
            exclusions=exclusions,
        )

    @invariant()
    def the_exact_one_lies_between_the_bounds(self) -> None:
        """Good, bad and burn rates; a verdict that is certain is the exact one's."""
        if not hasattr(self, "tiered"):
            return
        status, bounds = self.exact.status(), self.tiered.bounds()
        assert bounds.best.bad <= status.bad <= bounds.worst.bad
        assert bounds.worst.good <= status.good <= bounds.best.good
        if bounds.is_certain:
            assert bounds.verdict == status.verdict
        for window in ("20m", "36m"):
            burn, most = status.burn_rate(window), bounds.worst.burn_rate(window)
            # At worst there was nothing, where all that there may have been was good.
            assert burn is None or burn <= (most or 0)
        assert bounds.best.bad <= self.tiered.status().bad <= bounds.worst.bad

    @invariant()
    def the_newest_are_exact(self) -> None:
        """What lies in the finest tier is what was recorded."""
        if hasattr(self, "tiered"):
            mine, exact = self.tiered.counts(), self.exact.counts()
            fine = min(mine.timeline.size, exact.timeline.size, 4)
            for name in ("good", "bad", "observed", "excluded"):
                ours, theirs = (getattr(counts, name)[-fine:].tolist() for counts in (mine, exact))
                assert ours == theirs


@pytest.fixture(autouse=True, scope="module")
def small_tiers() -> Any:
    """Make tiers so small that a few minutes fill them."""
    with pytest.MonkeyPatch.context() as patch:
        begin = TieredRing.__init__

        def smaller(self: TieredRing, size: int, first: int, shape: Any = SMALL) -> None:
            begin(self, size, first, shape)

        patch.setattr(TieredRing, "__init__", smaller)
        yield


TestTieredMonitor = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")(TieredMonitor.TestCase)
TestTieredMonitor.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
