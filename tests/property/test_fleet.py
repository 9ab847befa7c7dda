"""A fleet says what loops over Python integers say, whatever happens to it and however coarse its tiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from slokit import SLI, SLO, BudgetShareAlert, BurnRateAlert, alerts
from slokit.live import Fleet, ManualClock
from slokit.live.fleet import OVERFLOW, Tiers
from slokit.live.fleet.rings import Rings
from slokit.timeline import parse_instant

START = parse_instant("2026-01-01T00:00Z")
MINUTE = 60 * 10**9
UP = SLI.ratio("up")

Events = Mapping[int, tuple[int, int]]
"""Good and bad events by bucket."""


def text(instant: int) -> np.datetime64:
    """Return an instant as callers write it."""
    return np.datetime64(instant, "ns")


# --- the oracle: loops over events ------------------------------------------------------------------------------------


def tier_step(width: int) -> int:
    """Return how far apart the edges are from which a window of so many buckets is answered."""
    return 1 if width <= 398 else 10 if width <= 4_440 else 60


def between(events: Events, start: int, end: int) -> tuple[int, int]:
    """Add up good and bad events of buckets from start to before end."""
    held = [counts for bucket, counts in events.items() if start <= bucket < end]
    return sum(good for good, _ in held), sum(bad for _, bad in held)


def answered(events: Events, width: int, end: int) -> tuple[int, int]:
    """Add up the window that begins at the last kept edge at or before its start."""
    step = tier_step(width)
    return between(events, (end - width) // step * step, end)


def exceeds(bad: int, total: int, limit: Fraction, op: str) -> bool:
    """Compare as fractions; nothing is exceeded without data."""
    if not total:
        return False
    return Fraction(bad, total) > limit if op == "gt" else Fraction(bad, total) >= limit


def fires(alert: Any, events: Events, end: int, window: int, target: Fraction) -> bool:
    """Say whether an alert fires at the end of a bucket."""
    widths = [length // MINUTE for length in alert.windows]
    good, bad = answered(events, widths[0], end)
    if bad < alert.min_bad or good + bad < alert.min_total:
        return False
    if isinstance(alert, BudgetShareAlert):
        return exceeds(bad, sum(answered(events, window, end)), alert.share * (1 - target), alert.op)
    sums = [answered(events, width, end) for width in widths]
    return all(exceeds(b, g + b, alert.burn_rate * (1 - target), alert.op) for g, b in sums)


# --- anything that may happen -----------------------------------------------------------------------------------------

ALERTS = (
    BurnRateAlert(long_window="1h", short_window="5m", burn_rate=2),
    BurnRateAlert(long_window="12h", short_window="6h", burn_rate=1, op="gte", min_bad=2),
    BurnRateAlert(long_window="4d", burn_rate="1.5", severity="ticket", min_total=5),
    BudgetShareAlert(share="10%", window="1d"),
    BudgetShareAlert(share="100%", window="7d", op="gte"),
)
WIDTH = 5 * 1440
LABELS = ("a", "b", "c", "d", "e", OVERFLOW)


class FleetIsWhatLoopsSay(RuleBasedStateMachine):
    """Events one by one, in bulk and late; time, a clock that steps, and more labels than rows."""

    @initialize(own=st.booleans(), second=st.integers(0, 59), minute=st.integers(0, 70))
    def begin(self, own: bool, second: int, minute: int) -> None:
        """Begin anywhere between edges."""
        self.clock = ManualClock(text(START + minute * MINUTE + second * 10**9))
        self.slo = SLO("x", sli=UP, target="80%", window="5d")
        self.targets: dict[str, Fraction] = {}
        if own:
            self.slo = self.slo.per("tenant", target={"b": "0.9123456789012345", OVERFLOW: "50%"})
            self.targets = {"b": Fraction("0.9123456789012345"), OVERFLOW: Fraction(1, 2)}
        self.fleet = Fleet(self.slo, alerts=ALERTS, limit=3, clock=self.clock)
        self.rows = ["b"] if own else []
        self.sums: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        self.newest = self.bucket
        self.dropped = 0
        self.fired: set[tuple[str, Any]] = set()

    @property
    def bucket(self) -> int:
        """The bucket of the clock."""
        return self.clock.now() // MINUTE

    def row(self, label: str) -> str:
        """Return where a label counts: first come, first served."""
        if label not in self.rows and label != OVERFLOW and len(self.rows) < 3:
            self.rows.append(label)
        return label if label in self.rows else OVERFLOW

    def count(self, label: str, bucket: int, good: int, bad: int) -> None:
        """Count as the fleet should."""
        row = self.row(label)
        if not good and not bad:
            return
        counts = self.sums[row][min(bucket, max(self.newest, self.bucket))]
        counts[0] += good
        counts[1] += bad

    @rule(label=st.sampled_from(LABELS), good=st.integers(0, 4), bad=st.integers(0, 4))
    def record(self, label: str, good: int, bad: int) -> None:
        """Record events one by one."""
        for ok in [True] * good + [False] * bad:
            self.fleet.record(label, ok)
        if good or bad:
            self.count(label, self.bucket, good, bad)

    @rule(label=st.sampled_from(LABELS), good=st.integers(0, 9), bad=st.integers(0, 9), ago=st.integers(-5, 12_000))
    def add(self, label: str, good: int, bad: int, ago: int) -> None:
        """Add events that happened before, or are said to lie ahead."""
        at = self.clock.now() - ago * MINUTE
        self.fleet.add(label, good=good, bad=bad, at=text(at))
        self.newest = max(self.newest, self.bucket)
        bucket = min(at // MINUTE, self.newest)
        # The longest window is seven days; an edge or two more are kept.
        if bucket >= self.fleet.tiers.oldest(self.newest):
            self.count(label, bucket, good, bad)
        else:
            assert bucket < self.newest - 7 * 1440
            self.row(label)
            self.dropped += good + bad

    @rule(labels=st.lists(st.sampled_from(LABELS), max_size=6), good=st.integers(0, 9))
    def add_many(self, labels: list[str], good: int) -> None:
        """Add events of several labels, some of them twice."""
        bad = np.arange(len(labels)) % 3
        self.fleet.add_many(labels, good, bad)
        self.newest = max(self.newest, self.bucket)
        for i, label in enumerate(labels):
            self.count(label, self.bucket, good, int(bad[i]))

    @rule(seconds=st.integers(1, 7_000))
    def pass_time(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.advance(f"{seconds}s")

    @rule(hours=st.integers(5, 24 * 9))
    def sleep(self, hours: int) -> None:
        """Sleep for longer than is remembered, perhaps."""
        self.tick()
        self.clock.step(text(self.clock.now() + hours * 60 * MINUTE))
        self.tick()

    @rule(minutes=st.integers(1, 180))
    def set_back(self, minutes: int) -> None:
        """Set the clock back."""
        self.clock.step(text(max(self.clock.now() - minutes * MINUTE, START)))

    def target(self, label: str) -> Fraction:
        """Return the target of a label."""
        return self.targets.get(label, Fraction(4, 5))

    def shown(self) -> list[str]:
        """Return the labels as they must be shown."""
        return [*self.rows, *([OVERFLOW] if OVERFLOW in self.sums else [])]

    @rule()
    def tick(self) -> None:
        """Every alert of every label is what the loops say, and what is new is named."""
        tick = self.fleet.tick()
        self.newest = max(self.newest, self.bucket)
        assert tick.time.timestamp() == self.newest * 60
        assert list(tick.labels) == self.shown()
        want = {
            (label, alert)
            for label in tick.labels
            for alert in ALERTS
            if fires(alert, self.held(label), self.newest, WIDTH, self.target(label))
        }
        found = {(tick.labels[i], ALERTS[k]) for k, i in np.argwhere(tick.firing).tolist()}
        assert found == want
        assert set(tick.started) == want - self.fired
        assert set(tick.ended) == self.fired - want
        self.fired = want

    def held(self, label: str) -> Events:
        """Return the events of a label."""
        return {bucket: (good, bad) for bucket, (good, bad) in self.sums[label].items()} if label in self.sums else {}

    @rule(width=st.sampled_from([1, 5, 398, 399, 1440, 4_440, 4_441, 5_000, 7_200]), of=st.integers(0, 3))
    def burn_rate(self, width: int, of: int) -> None:
        """A burn rate is that of the window from an edge on, and the true one lies within the bounds."""
        labels = self.fleet.labels
        self.newest = max(self.newest, self.bucket)
        if not labels:
            return
        label = labels[of % len(labels)]
        window, end, target = np.timedelta64(width, "m"), self.newest + 1, self.target(label)
        good, bad = answered(self.held(label), width, end)
        want = float(Fraction(bad, good + bad) / (1 - target)) if good + bad else None
        assert self.fleet.burn_rate(label, window) == want
        least, most = self.fleet.bounds(label, window)
        good, bad = between(self.held(label), end - width, end)
        if good + bad:
            true = float(Fraction(bad, good + bad) / (1 - target))
            assert least is not None
            assert most is not None
            assert least <= true <= most
        if width <= 398:
            assert least == most == want

    @invariant()
    def statuses_are_what_loops_say(self) -> None:
        """All labels, exactly; what is certain is true of the objective's own window, and the worst come first."""
        if not hasattr(self, "fleet"):
            return
        table = self.fleet.statuses()
        self.newest = max(self.newest, self.bucket)
        end = self.newest + 1
        assert sorted(status.label for status in table) == sorted(self.shown())
        for status in table:
            events, target = self.held(status.label), self.target(status.label)
            assert (status.good, status.bad) == answered(events, WIDTH, end)
            good, bad = between(events, end - WIDTH, end)
            true = "no_data" if not good + bad else "met" if Fraction(good, good + bad) >= target else "missed"
            assert status.verdict in (true, "uncertain")
            if status.is_exact:
                assert status.verdict == true
            if good + bad and None not in status.bounds:
                least, most = status.bounds
                assert least is not None
                assert most is not None
                assert least <= good / (good + bad) <= most
        order = {"missed": 0, "uncertain": 1, "met": 2, "no_data": 3}
        ranks = [order[status.verdict] for status in table]
        assert ranks == sorted(ranks)
        for first, second in pairwise(table):
            if first.verdict == second.verdict != "no_data":
                assert first.remaining_ratio is not None
                assert second.remaining_ratio is not None
                assert first.remaining_ratio <= second.remaining_ratio + 1e-9
        assert table[:1] == self.fleet.statuses(most=1)[:]

    @invariant()
    def nothing_is_lost(self) -> None:
        """What was sent is counted, or dropped by name."""
        if hasattr(self, "fleet"):
            assert sum(self.fleet.drops.values()) == self.dropped


TestFleetIsWhatLoopsSay = FleetIsWhatLoopsSay.TestCase
TestFleetIsWhatLoopsSay.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


# --- batch ------------------------------------------------------------------------------------------------------------

SHORT = (
    BurnRateAlert(long_window="1h", short_window="5m", burn_rate=2),
    BurnRateAlert(long_window="30m", burn_rate=1, op="gte", min_bad=3),
    BudgetShareAlert(share="20%", window="20m", min_total=10),
    BudgetShareAlert(share="0%", window="2h", op="gte"),
)


@given(data=st.data(), minutes=st.integers(1, 90), target=st.sampled_from(["80%", "0.987654321098765", "0%"]))
def test_a_tick_is_what_batch_evaluation_of_the_counts_says(data: st.DataObject, minutes: int, target: str) -> None:
    """Where all windows lie in the finest tier nothing differs: alerts of whole buckets, the status of all."""
    shape = (3, minutes)
    total = np.array(data.draw(st.lists(st.integers(0, 12), min_size=3 * minutes, max_size=3 * minutes))).reshape(shape)
    share = np.array(data.draw(st.lists(st.integers(0, 3), min_size=3 * minutes, max_size=3 * minutes))).reshape(shape)
    bad = total * share // 6
    clock = ManualClock(text(START))
    slo = SLO("x", sli=UP, target=target, window="90m").per("tenant", target={"b": "95%"})
    fleet = Fleet(slo, alerts=SHORT, clock=clock)
    labels = ["b", "a", "c"]
    ticks = []
    for minute in range(minutes):
        fleet.add_many(labels, total[:, minute] - bad[:, minute], bad[:, minute])
        clock.advance("1m")
        ticks.append(fleet.tick().firing)
    counts = fleet.counts()
    assert counts.labels == {"tenant": tuple(labels)}
    assert counts.total.tolist() == np.pad(total, ((0, 0), (0, 1))).tolist()
    assert counts.bad.tolist() == np.pad(bad, ((0, 0), (0, 1))).tolist()
    batch = alerts.fires(slo.evaluate(counts), SHORT)
    assert np.stack(ticks, axis=-1).tolist() == batch[..., :-1].tolist()
    table: Any = slo.evaluate(counts).at()
    for label, status in zip(labels, table, strict=True):
        mine = fleet.status(label)
        assert (mine.good, mine.bad, mine.verdict) == (status.good, status.bad, status.verdict)
        assert mine.remaining_ratio == status.error_budget.remaining_ratio
        assert fleet.burn_rate(label, "30m") == status.burn_rate("30m")


# --- large counts -----------------------------------------------------------------------------------------------------

counts = st.one_of(st.integers(0, 5), st.integers(2**61, 2**62 - 1), st.integers(2**30, 2**34))


@settings(deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from("ab"), counts, counts, st.integers(0, 100), st.integers(0, 90)), max_size=25
    ),
    target=st.sampled_from(["0.5", "0.999", "0.999999999999999"]),
)
def test_counts_of_any_size_are_judged_exactly(steps: list[tuple[str, int, int, int, int]], target: str) -> None:
    """Running sums beyond int64, windows beyond it, and small windows after that: never a wrapped number."""
    clock = ManualClock(text(START))
    asked = (
        BurnRateAlert(long_window="1h", short_window="5m", burn_rate="1.000000001"),
        BudgetShareAlert(share="50%", window="10h", op="gte"),
    )
    fleet = Fleet(SLO("x", sli=UP, target=target, window="12h"), alerts=asked, clock=clock)
    sums: dict[str, dict[int, tuple[int, int]]] = {"a": {}, "b": {}}
    fleet.add_many(["a", "b"])
    for label, good, bad, minutes, ago in steps:
        at = clock.now() - ago * MINUTE
        fleet.add(label, good=good, bad=bad, at=text(at))
        had = sums[label].get(at // MINUTE, (0, 0))
        sums[label][at // MINUTE] = had[0] + good, had[1] + bad
        clock.advance(f"{minutes + 1}m")
        end = clock.now() // MINUTE
        found = fleet.tick().firing
        want = [[fires(alert, sums[one], end, 720, Fraction(target)) for one in "ab"] for alert in asked]
        assert found.tolist() == want
        for one in "ab":
            status = fleet.status(one)
            assert (status.good, status.bad) == answered(sums[one], 720, end + 1)
            worst = fleet.statuses()[0]
            assert worst.verdict == fleet.status(worst.label).verdict
    assert fleet.drops == {}
    # What is long ago is forgotten, and the sums are in int64 again.
    clock.advance("30h")
    fleet.tick()
    assert not any(block.wide for block in fleet._rings.blocks)


# --- tiers ------------------------------------------------------------------------------------------------------------


@given(longest=st.integers(1, 200_000), end=st.integers(300_000, 10**8), data=st.data())
def test_every_window_has_its_edges(longest: int, end: int, data: st.DataObject) -> None:
    """A window begins at a kept edge less than a step before its start, and the next one is kept too."""
    tiers = Tiers.reaching(longest)
    window = data.draw(st.integers(1, longest))
    step = tiers.tiers[tiers.answering(window)].step
    start, floor, ceil = end - window, tiers.floor(window, end), tiers.ceil(window, end)
    assert floor <= start < floor + step
    assert ceil - step < start <= ceil <= end
    assert (step - 1) * 44 < window
    tier = tiers.tiers[tiers.answering(window)]
    # As the last whole bucket, and as the running one: in both cases the newest edge is that of the running bucket.
    for newest in (end, end - 1):
        assert (newest + 1) // tier.step - floor // tier.step < tier.size
        assert tiers.oldest(newest) <= floor
    assert all(one.size * one.step < two.size * two.step for one, two in pairwise(tiers.tiers))


@given(
    moves=st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 9)), max_size=12),
    longest=st.sampled_from([3, 399, 6_000]),
)
def test_rings_hold_running_sums_whatever_is_skipped(moves: list[tuple[int, int]], longest: int) -> None:
    """However far the head goes at once, each kept edge has the sum of all events before it."""
    rings = Rings(Tiers.reaching(longest), 1_000_007)
    rings.grow(1)
    one = np.zeros(1, dtype=np.int64)
    events: dict[int, int] = {}
    for by, bad in moves:
        if by:
            rings.advance(rings.newest + by)
        rings.add(rings.newest, one, np.array([bad]), np.array([bad]))
        events[rings.newest] = events.get(rings.newest, 0) + bad
    for tier, ring in zip(rings.tiers.tiers, rings.blocks[0].rings, strict=True):
        last = rings.head // tier.step
        for k in range(last - tier.size + 1, last + 1):
            want = sum(bad for bucket, bad in events.items() if bucket < k * tier.step)
            assert ring[k % tier.size, :, 0].tolist() == [want, want]


pytestmark = pytest.mark.filterwarnings("error")
