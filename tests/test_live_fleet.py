"""A fleet loses nothing, refuses what it does not do, and stays small whatever labels come."""

from __future__ import annotations

import os
import signal
import threading
import time
import tracemalloc
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, BudgetShareAlert, BurnRateAlert, CalendarWindow, Timeslices, alerts
from slokit.errors import (
    InvalidAlert,
    InvalidCounts,
    InvalidEvents,
    InvalidSLI,
    InvalidSLO,
    InvalidWindow,
    OutOfTimeline,
    UnknownLabel,
    WrongType,
)
from slokit.live import Fleet, ManualClock
from slokit.live.fleet import OVERFLOW, FleetTick, Tiers
from slokit.live.fleet.recorder import FleetRecorder
from tests.pressing import FastClock, Unlocked, Yielding, interrupted, switching

UP = SLI.ratio("up")
BITE = "<script>\u202e\x1b[31m</script>"


def objective(window: str = "30d", **fields: Any) -> SLO:
    """Return an objective."""
    return SLO("api", sli=UP, target="99%", window=window, **fields)


def made(clock: ManualClock | None = None, window: str = "30d", **fields: Any) -> Fleet:
    """Return a fleet whose clock stands."""
    return Fleet(objective(window), clock=clock or ManualClock("2026-01-01T12:00Z"), **fields)


def sums(fleet: Fleet) -> tuple[int, int]:
    """Return all good and bad events."""
    table = fleet.statuses()
    return sum(status.good for status in table), sum(status.bad for status in table)


# --- nothing is lost --------------------------------------------------------------------------------------------------


def hammer(fleet: FleetRecorder, threads: int, records: int) -> None:
    """Record for several labels from several threads at once, one in ten bad, and sometimes in bulk."""
    labels = [f"tenant {i}" for i in range(7)]

    def work() -> None:
        for i in range(records):
            fleet.record(labels[i % 7], i % 10 != 0)
            # So seldom that all of them may wait, should the reader hold the lock until the end.
            if i % 300 == 0:
                fleet.add(labels[i % 5], good=9, bad=1)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


@pytest.mark.parametrize("interval", [0.005, 1e-6])
@pytest.mark.parametrize("limit", [3, 100])
def test_threads_lose_nothing_across_roll_overs_and_ticks(interval: float, limit: int) -> None:
    """Eight threads, buckets that roll every millisecond, and ticks all the while: the exact sum, good and bad."""
    records = 3_000
    fleet = Fleet(objective("3d"), resolution="1s", limit=limit, clock=FastClock())
    done = threading.Event()
    seen: list[int] = []

    def ticking() -> None:
        while not done.is_set():
            fleet.tick()
            seen.append(sum(sums(fleet)))

    ticker = threading.Thread(target=ticking)
    with switching(interval):
        ticker.start()
        rounds = 0
        # Until the ticker had its turns too.
        while rounds < 2 or (len(seen) < 6 and rounds < 40):
            hammer(fleet, 8, records)
            rounds += 1
        done.set()
        ticker.join()
    sent, bulk = rounds * 8 * records, rounds * 8 * records // 300
    assert fleet.drops == {}
    assert sums(fleet) == (sent * 9 // 10 + 9 * bulk, sent // 10 + bulk)
    assert seen == sorted(seen)
    assert len(seen) >= 6
    assert len(fleet) == (4 if limit == 3 else 7)
    fleet.tick()
    assert len(fleet._generations) + len(fleet._lingering) <= 2


def test_a_switch_in_the_middle_loses_nothing() -> None:
    """Wherever a thread gives way while it holds a generation, its event is in some reading."""
    fleet = Fleet(objective("3d"), resolution="1s", clock=FastClock())
    fleet._counter = Yielding
    fleet._begin()
    hammer(fleet, 8, 700)
    assert sums(fleet) == (8 * 630 + 8 * 27, 8 * 70 + 8 * 3)


def test_this_test_would_notice_a_counter_without_a_lock() -> None:
    """The double that loses events does lose them: else the test above proves nothing."""
    fleet = Fleet(objective("3d"), clock=FastClock())
    fleet._counter = Unlocked
    fleet._begin()
    hammer(fleet, 8, 700)
    assert sum(sums(fleet)) < 8 * 730


def test_a_timer_whose_handler_records_loses_nothing() -> None:
    """The handler interrupts recording, rolling over and ticks, in the one thread that holds the lock."""
    fleet = Fleet(objective("3d"), resolution="1s", limit=20, clock=FastClock())
    late = count()

    def handle() -> None:
        fleet.record(f"late {next(late) % 30}", True)
        fleet.add("bulk", good=1)

    def work(turn: int) -> None:
        fleet.record("mine", True)
        if turn % 50 == 0:
            fleet.tick()

    recorded, handled = interrupted(handle, work)
    assert sums(fleet) == (recorded + 2 * handled, 0)


def test_a_finalizer_that_records_loses_nothing() -> None:
    """Garbage collection strikes anywhere, inside the fleet too."""
    fleet = Fleet(objective("3d"), resolution="1s", clock=FastClock())

    class Finalized:
        def __del__(self) -> None:
            fleet.record("dying", False)

    for i in range(1_000):
        Finalized()
        fleet.record(f"tenant {i % 9}", True)
        fleet.tick()
    assert sums(fleet) == (1_000, 1_000)


def test_a_generation_is_kept_for_as_long_as_somebody_holds_it() -> None:
    """A thread that was kept from adding for many buckets is still counted, in the bucket of its event."""
    clock = ManualClock("2026-01-01T12:00Z")
    fleet = made(clock)
    fleet.record("acme", False)
    held = fleet._generation
    for _ in range(20):
        clock.advance("1m")
        fleet.tick()
    next(held.bad["acme"])
    assert fleet.counts().bad.tolist() == [[2] + [0] * 20]
    del held
    fleet.tick()
    assert not fleet._lingering


def test_events_that_find_the_lock_taken_wait_and_are_counted() -> None:
    """In bulk too; and what does not fit any more is a drop that is counted, never a silence."""
    fleet = made()
    labels = [f"tenant {i}" for i in range(3_000)]
    with fleet._lock:
        fleet.add("acme", good=2, bad=1)
        fleet.add_many(labels, good=1)
        assert [part.size for part in fleet._pending] == [1, 1_024, 1_024, 952]
        for _ in range(5_000):
            fleet.add("acme", bad=1)
        assert len(fleet._pending) == 4_096
    assert sums(fleet) == (3_002, 1 + 4_096 - 4)
    assert fleet.drops == {"overloaded": 5_000 - 4_092}


def test_who_adds_without_end_keeps_no_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick takes along what comes meanwhile, but no more than may wait; the rest is in the next one."""
    monkeypatch.setattr("slokit.live.fleet.recorder._MOST_PENDING", 20)
    fleet = made()
    settle, adds = fleet._settle, count(1)

    def interrupted(events: Any) -> None:
        settle(events)
        if next(adds) < 1_000:
            fleet.add("acme", good=1)

    with fleet._lock:
        fleet.add("acme", good=1)
    monkeypatch.setattr(fleet, "_settle", interrupted)
    assert sums(fleet) == (20, 0)
    assert sums(fleet) == (40, 0)


def test_what_waits_is_counted_where_nobody_ticks() -> None:
    """Each that finds the lock free takes some along, so that there is room again."""
    fleet = made()
    with fleet._lock:
        for _ in range(30):
            fleet.add("acme", good=1)
    for _ in range(10):
        fleet.add("acme", good=1)
    assert not fleet._pending
    assert sums(fleet) == (40, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are a matter of POSIX")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_children_begin_at_zero_whatever_the_parent_was_doing() -> None:
    """Twenty forks while other threads record and tick: each child counts its own, with the targets there were."""
    slo = objective("3d").per("tenant", target={"gold": "50%"})
    fleet = Fleet(slo, resolution="1s", clock=FastClock())
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            fleet.record("parent", True)
            fleet.tick()

    workers = [threading.Thread(target=busy) for _ in range(3)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(20):
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                signal.alarm(5)
                for label in ("gold", "mine"):
                    for _ in range(10):
                        fleet.record(label, label == "mine")
                    fleet.record(label, True)
                fleet.tick()
                said = f"{fleet.labels} {sums(fleet)} {fleet.status('gold').target} {fleet.status('mine').target}"
                os.write(writing, said.encode())
                os._exit(0)
            os.close(writing)
            with os.fdopen(reading, "rb") as pipe:
                assert pipe.read().decode() == "('gold', 'mine') (12, 10) 1/2 99/100"
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        for worker in workers:
            worker.join()


# --- many labels ------------------------------------------------------------------------------------------------------


def test_a_million_labels_keep_memory_bounded_and_totals_exact() -> None:
    """Whatever comes after the first hundred counts together; no dict grows, also where nobody ticks."""
    clock = ManualClock("2026-01-01T12:00Z")
    fleet = made(clock, limit=100)
    for i in range(100):
        fleet.record(f"tenant {i}", True)
    fleet.tick()
    record = fleet.record
    for i in range(980_000):
        record(f"name {i}", i % 4 != 0)
        if i % 100_000 == 0:
            clock.advance("1m")
    # Tracing is slow: by now it shows whether anything grows with the labels.
    tracemalloc.start()
    try:
        for i in range(980_000, 1_000_000):
            record(f"name {i}", i % 4 != 0)
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert grown < 50_000
    held = [*fleet._generations.values(), *fleet._lingering]
    assert len(held) <= 5
    assert max(len(generation.good) for generation in held) <= 101
    assert len(fleet._labels._rows) == 101
    assert len(fleet) == 101
    assert fleet.labels[-1] == OVERFLOW
    other = fleet.status(OVERFLOW)
    assert (other.good, other.bad) == (750_000, 250_000)
    assert sums(fleet) == (750_100, 250_000)
    clock.advance("1m")
    assert [label for label, _ in fleet.tick().started if label != OVERFLOW] == []
    assert fleet._firing[:, 0].any()


def test_no_name_takes_the_overflow_row_away() -> None:
    """A label of that name counts there, from the beginning, and takes no other's place."""
    fleet = made(limit=2)
    for label in (OVERFLOW, "a", "b", "c", OVERFLOW):
        fleet.record(label, False)
    assert fleet.labels == ("a", "b", OVERFLOW)
    assert [fleet.status(label).bad for label in fleet.labels] == [1, 1, 3]
    with pytest.raises(UnknownLabel, match=r"'c' among 2; labels beyond the first 2 count in '\(other\)'"):
        fleet.status("c")


def test_labels_with_targets_of_their_own_have_a_row_whatever_comes_first() -> None:
    """The first to come cannot take the rows of those that were named; the overflow row may be named too."""
    slo = objective().per("tenant", target={"gold": "99.9%", OVERFLOW: "50%"})
    fleet = Fleet(slo, limit=2, clock=ManualClock("2026-01-01T12:00Z"))
    fleet.add_many(["x", "y", "z", "gold"], good=995, bad=5)
    assert fleet.labels == ("gold", "x", OVERFLOW)
    assert [str(fleet.status(label).target) for label in fleet.labels] == ["999/1000", "99/100", "1/2"]
    assert [fleet.status(label).verdict for label in fleet.labels] == ["missed", "met", "met"]
    with pytest.raises(InvalidCounts, match="limit must have room for 2 labels"):
        Fleet(slo, limit=1)
    with pytest.raises(InvalidSLO, match=r"must lie along 'region', got 'tenant'; write Fleet\(…, axis='tenant'\)"):
        Fleet(slo, axis="region")


def test_more_labels_than_a_block_holds() -> None:
    """Rows of all blocks are judged, each with its own target; memory is what is documented."""
    clock = ManualClock("2026-01-01T12:00Z")
    labels = [f"tenant {i}" for i in range(9_000)]
    slo = objective("2h").per("tenant", target={f"tenant {i}": "90%" for i in range(0, 9_000, 2)})
    alert = BurnRateAlert(long_window="1h", short_window="5m", burn_rate=1)
    fleet = Fleet(slo, alerts=[alert], clock=clock)
    fleet.add_many(labels, good=95, bad=5)
    clock.advance("1m")
    tick = fleet.tick()
    assert {label for label, _ in tick.started} == {f"tenant {i}" for i in range(1, 9_000, 2)}
    assert tick.firing.sum() == 4_500
    assert {status.verdict for status in fleet.statuses(4_500)} == {"missed"}
    assert len(fleet.statuses()) == 9_000
    assert fleet.nbytes <= 9_001 * 1.25 * fleet.tiers.nbytes


def test_memory_is_what_is_documented() -> None:
    """Thirty days of minutes take less than 40 KB a label, all that a fleet holds counted."""
    fleet = made()
    labels = [f"tenant {i}" for i in range(1_000)]
    tracemalloc.start()
    try:
        fleet.add_many(labels, good=1)
        for label in labels:
            fleet.record(label, True)
        fleet.tick()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 25_088 <= fleet.nbytes / 1_000 <= held / 1_000 < 40_000


# --- what is no event -------------------------------------------------------------------------------------------------


def test_what_cannot_be_counted_is_dropped_by_reason_and_never_raises() -> None:
    """No truthiness, no label that is no text, no long one; numpy's bools and texts are taken."""
    fleet = made()
    record: Any = fleet.record
    values: list[Any] = ["yes", 1, None, []]
    for value in values:
        record("acme", value)
    labels: list[Any] = [None, 5, b"acme", [], {}, "x" * 1_025]
    for label in labels:
        record(label, True)
    record(np.str_("acme"), np.True_)
    record("acme", np.False_)
    assert sums(fleet) == (1, 1)
    assert fleet.drops == {"not a bool": 4, "not a label": 6}
    assert [type(label) for label in fleet.labels] == [str]
    strict = made(strict=True)
    for label, ok, error in (("acme", 1, WrongType), ([], True, WrongType), (5, True, WrongType)):
        with pytest.raises(error):
            strict.record(label, ok)  # type: ignore[arg-type]
    with pytest.raises(InvalidEvents, match="at most 1,024 characters, got 1,025"):
        strict.record("x" * 1_025, True)


def test_a_clock_that_fails_is_a_drop() -> None:
    """The caller serves its users first."""
    fleet = made()

    def fail() -> int:
        raise OSError

    fleet._now = fail
    fleet.record("acme", True)
    fleet.add("acme", good=3)
    fleet._now = fleet._clock.now
    assert fleet.drops == {"broken": 4}


def test_bulk_is_checked_before_anything_counts() -> None:
    """The message names the field and the place; nothing is half-done."""
    fleet = made()
    add, many = fleet.add, fleet.add_many
    cases: list[tuple[Any, type[Exception], str]] = [
        (lambda: add("a", good=-1), InvalidCounts, "good must be from 0 to"),
        (lambda: add("a", bad=2**62), InvalidCounts, "bad must be from 0 to"),
        (lambda: add("a", bad=True), WrongType, "bad must be an integer, got bool"),
        (lambda: add("a", good=1.5), WrongType, "good must be an integer, got float"),  # type: ignore[arg-type]
        (lambda: add(5, good=1), WrongType, "label must be text, got int"),  # type: ignore[arg-type]
        (lambda: add("x" * 2_000, good=1), InvalidEvents, "at most 1,024"),
        (lambda: many("acme", 1), WrongType, "labels must be a sequence"),
        (lambda: many(["a", None], 1), WrongType, r"labels\[1\]"),  # type: ignore[list-item]
        (lambda: many(["a", "b"], [1, 2, 3]), InvalidCounts, r"for each of 2 labels, got shape \(3,\)"),
        (lambda: many(["a", "b"], [1, -2]), InvalidCounts, r"good\[1\] = -2"),
        (lambda: many(["a", "b"], 0, -1), InvalidCounts, "bad = -1"),
        (lambda: many(["a"], [0.5]), WrongType, "good must be integers"),
        (lambda: many(["a"], [2**63 + 5]), InvalidCounts, r"good\[0\]"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=message):
            call()
    assert sums(fleet) == (0, 0)
    many([], 5)
    many(iter(["a", "a"]), [1, 2], np.array([3, 4], dtype=np.uint8))
    assert sums(fleet) == (3, 7)
    many(["a"] * 4, 2**62 - 1)
    assert sums(fleet) == (3 + 4 * (2**62 - 1), 7)
    assert fleet._rings.blocks[0].wide


def test_late_events_count_in_their_own_bucket_and_too_late_ones_are_dropped() -> None:
    """As far back as the longest window reaches, in any order."""
    clock = ManualClock("2026-03-01T12:00Z")
    fleet = made(clock)
    for at in ("2026-03-01T11:58:30Z", "2026-02-28T12:00Z", "2026-01-30T12:00Z", "2026-03-01T12:30Z"):
        fleet.add("acme", bad=1, at=at)
    assert [fleet.burn_rate("acme", window) is None for window in ("1m", "3m")] == [False, False]
    assert [fleet._events("acme", window)[0][1] for window in ("1m", "3m", "2d", "30d")] == [1, 2, 3, 4]
    fleet.add("acme", good=2, bad=1, at="2026-01-28T12:00Z")
    fleet.add("acme", good=2, at="2026-03-01T14:00Z")
    fleet.add("acme", good=1, at="1970-01-21T00:00Z")
    assert fleet.drops == {"late": 3, "future": 2, "ancient": 1}
    strict = made(clock, strict=True)
    with pytest.raises(OutOfTimeline, match="older than what is remembered"):
        strict.add("acme", good=1, at="2026-01-01T12:00Z")
    with pytest.raises(OutOfTimeline, match="to an hour ahead"):
        strict.add("acme", good=1, at="2026-03-02T12:00Z")


# --- time -------------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_rewinds_nothing_and_loses_nothing() -> None:
    """Events go to the bucket that the clock shows; ticks stay at the newest bucket there was."""
    clock = ManualClock("2026-01-01T12:00Z")
    fleet = made(clock)
    fleet.record("acme", True)
    clock.advance("5m")
    fleet.record("acme", True)
    first = fleet.tick()
    clock.step("2026-01-01T11:30Z")
    for _ in range(10):
        fleet.record("acme", False)
        clock.advance("1m")
    assert fleet.tick().time == first.time
    assert sums(fleet) == (2, 10)
    assert fleet.counts().bad.sum() == 10
    assert fleet.drops == {}
    assert len(fleet._generations) <= 2


def test_a_jump_of_years_costs_no_more_than_the_rings() -> None:
    """Everything remembered is over, what was recorded meanwhile is not; the sleep was observed by nobody."""
    clock = ManualClock("2026-01-01T12:00Z")
    fleet = made(clock)
    fleet.record("acme", False)
    clock.advance("1m")
    fleet.tick()
    fleet.record("acme", False)
    clock.step("2126-01-01T12:00Z")
    fleet.record("acme", True)
    began = time.perf_counter()
    tick = fleet.tick()
    assert time.perf_counter() - began < 1
    assert tick.time.year == 2126
    assert sums(fleet) == (1, 0)
    observed = fleet.counts().observed
    assert observed.shape == (1, 399)
    assert observed[0].tolist() == [False] * 398 + [True]


def test_a_quiet_hour_is_observed_and_a_sleep_is_not() -> None:
    """Counts say which buckets somebody watched."""
    clock = ManualClock("2026-01-01T12:00Z")
    fleet = made(clock)
    fleet.record("acme", True)
    clock.advance("10m")
    fleet.tick()
    clock.step("2026-01-01T12:20Z")
    fleet.tick()
    clock.advance("2m")
    assert fleet.counts().observed[0].tolist() == [True] * 11 + [False] * 9 + [True] * 3


def test_generations_stay_few_where_nobody_ticks() -> None:
    """Whoever records folds what is over, now and then."""
    clock = ManualClock("2026-01-01T12:00Z")
    fleet = made(clock)
    for _ in range(100):
        fleet.record("acme", True)
        clock.advance("1m")
        assert len(fleet._generations) + len(fleet._lingering) <= 5
    assert sums(fleet) == (100, 0)


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_a_tick_names_what_started_and_ended() -> None:
    """Once each; and a tick is a value."""
    clock = ManualClock("2026-01-01T12:00Z")
    alert = BurnRateAlert(long_window="10m", short_window="5m", burn_rate=2)
    fleet = made(clock, alerts=[alert])
    fleet.add_many(["acme", "globex"], good=90, bad=[10, 0])
    assert fleet.tick().started == ()
    clock.advance("1m")
    tick = fleet.tick()
    assert (tick.started, tick.ended, tick.firing_labels) == ((("acme", alert),), (), ("acme",))
    assert tick.firing.tolist() == [[True, False]]
    with pytest.raises(ValueError, match="read-only"):
        tick.firing[0, 0] = False
    again = fleet.tick()
    assert again.started == ()
    assert again != tick
    assert again == fleet.tick()
    clock.advance("6m")
    assert fleet.tick().ended == (("acme", alert),)
    with pytest.raises(TypeError, match="unhashable"):
        hash(tick)
    assert tick != 5


def test_an_uncertain_verdict_is_known_as_such() -> None:
    """Where it hangs on events that may or may not be in the window, a status says so, and between what."""
    clock = ManualClock("2026-01-01T00:05Z")
    fleet = made(clock, window="30d", alerts=())
    fleet.add("acme", bad=10)
    clock.advance("2h")
    fleet.add("acme", good=990)
    assert fleet.status("acme").verdict == "met"
    clock.step("2026-01-31T00:04:30Z")
    assert (fleet.status("acme").verdict, fleet.status("acme").bad) == ("met", 10)
    clock.step("2026-01-31T00:15:30Z")
    fleet.add("acme", bad=5)
    status = fleet.status("acme")
    assert (status.good, status.bad, status.sure_good, status.sure_bad) == (990, 15, 990, 5)
    assert (status.verdict, status.met) == ("uncertain", None)
    assert status.bounds == (990 / 1_005, 990 / 995)
    assert "UNCERTAIN" in repr(status)
    assert fleet.bounds("acme") == (float(Fraction(500, 995)), float(Fraction(1_500, 1_005)))
    clock.step("2026-01-31T01:00Z")
    assert fleet.status("acme").verdict == "met"
    assert fleet.status("acme").is_exact


def test_what_a_fleet_does_not_do_is_refused_by_name() -> None:
    """And the message says what to use instead."""
    fresh = SLI.freshness("f", within="1h")
    clock = ManualClock("2026-01-01T00:00Z")
    cases: list[tuple[Any, type[Exception], str]] = [
        (lambda: Fleet(5), WrongType, "slo must be an SLO"),  # type: ignore[arg-type]
        (
            lambda: Fleet(SLO("x", sli=fresh, target="9%", window="1d")),
            InvalidSLI,
            "judges time",
        ),
        (
            lambda: Fleet(SLO("x", sli=UP, target="9%", window=CalendarWindow("month"))),
            InvalidSLO,
            "must be rolling, got .*Monitor",
        ),
        (lambda: Fleet(objective(budgeting=Timeslices("1m", target=0.9))), InvalidSLO, "must be Occurrences.*Monitor"),
        (lambda: Fleet(objective(missing="repeat")), InvalidSLO, 'missing of a Fleet must be "ignore"'),
        (lambda: made(alerts=alerts.pyrra("30d")), InvalidAlert, r"alerts\[0\].pending must not be given in a Fleet"),
        (lambda: made(alerts=alerts.google("30d", confidence="99%")), InvalidAlert, r"alerts\[0\].confidence"),
        (
            lambda: made(alerts=[BudgetShareAlert(share="2%", window="1h", min_coverage="5%")]),
            InvalidAlert,
            r"alerts\[0\].min_coverage",
        ),
        (lambda: made(alerts=["page"]), WrongType, r"alerts\[0\]"),
        (lambda: made(limit=0), InvalidCounts, "limit must be from 1"),
        (lambda: made(limit=True), WrongType, "limit must be an integer, got bool"),
        (lambda: made(resolution="7m"), InvalidWindow, "no whole number of buckets"),
        (lambda: made(axis="time"), InvalidCounts, "name of an axis"),
        (lambda: made().burn_rate("acme"), UnknownLabel, "no row is called 'acme'"),
        (lambda: made().statuses(most=-1), WrongType, "most must be"),
        (lambda: made().__reduce__(), WrongType, "not pickled"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=message):
            call()
    fleet = made(clock)
    fleet.record("acme", True)
    with pytest.raises(InvalidWindow, match="window must be at most 30d, as nothing older is kept, got 31d rolling"):
        fleet.burn_rate("acme", "31d")
    with pytest.raises(InvalidWindow, match="no whole number"):
        fleet.burn_rate("acme", "90s")


def test_nothing_that_people_typed_bites() -> None:
    """Labels are escaped at a prompt, in a notebook and under rich."""
    clock = ManualClock("2026-01-01T12:00Z")
    fleet = made(clock)
    fleet.add_many([BITE, "globex"], good=[0, 5], bad=[9, 0])
    clock.advance("1m")
    for shown in (fleet, fleet.tick(), fleet.status(BITE), fleet.statuses(), fleet.tiers):
        for text in (repr(shown), shown._repr_html_(), *(str(part) for pair in shown.__rich_repr__() for part in pair)):
            assert "\x1b" not in text
            assert "\u202e" not in text
        assert "<script>" not in shown._repr_html_()
    assert "\n" not in repr(fleet.tick())


def test_a_table_shows_the_worst_and_says_how_many_more() -> None:
    """Missed first, then by what is left; at most twenty lines."""
    fleet = made()
    fleet.add_many([f"t{i:02}" for i in range(30)], good=[1_000 - i for i in range(30)], bad=list(range(30)))
    fleet.add_many(["idle"])
    table = fleet.statuses()
    lines = repr(table).splitlines()
    assert lines[0] == "31 labels, worst first"
    assert lines[1].startswith("t29  MISSED")
    assert lines[-1] == "… 11 more"
    assert len(lines) == 22
    assert table[-1].label == "idle"
    assert table.sel("t03").bad == 3
    with pytest.raises(UnknownLabel, match="no label 'x' among 31 of 31"):
        table.sel("x")
    assert "31 labels, worst first" in table._repr_html_()
    assert fleet.statuses(most=2).statuses == table[:2]


def test_an_empty_fleet_answers() -> None:
    """Before the first event there is no label, and nothing fires."""
    fleet = made()
    assert (len(fleet), fleet.labels, len(fleet.statuses()), fleet.drops) == (0, (), 0, {})
    tick = fleet.tick()
    assert isinstance(tick, FleetTick)
    assert tick.firing.shape == (3, 0)
    assert fleet.counts().shape == (0, 1)
    assert fleet.status(OVERFLOW).verdict == "no_data"


def test_tiers_are_no_longer_than_the_windows_want() -> None:
    """A short objective keeps few edges."""
    assert Tiers.reaching(60).sizes == (62,)
    assert Tiers.reaching(1_440).sizes == (400, 146)
    assert Tiers.reaching(43_200).nbytes == 25_088
    assert made(window="1h", alerts=()).tiers.nbytes == 62 * 16
