"""Recording loses nothing: threads, roll-overs, timers, finalizers, forks, and clocks that step."""

from __future__ import annotations

import gc
import os
import signal
import threading
from itertools import count
from typing import Any

import numpy as np
import pytest

from slokit.errors import InvalidCounts, InvalidEvents, OutOfTimeline, WrongType
from slokit.live.clock import ManualClock, SystemClock
from slokit.live.recording import recorder as recorder_module
from slokit.live.recording.recorder import Recorded, Recorder
from tests.pressing import FastClock, Unlocked, Yielding, interrupted, switching

MINUTE = 60 * 10**9
MILLISECOND = 10**6


def sums(recorder: Recorder) -> tuple[int, int]:
    """Return all good and bad events."""
    recorded = recorder.read()
    return int(recorded.good.sum()), int(recorded.bad.sum())


def hammer(recorder: Any, threads: int, records: int) -> None:
    """Record from several threads at once, one in ten bad."""

    def work() -> None:
        for i in range(records):
            recorder.record(i % 10 != 0)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


# --- nothing is lost --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [0.005, 1e-6])
def test_threads_lose_nothing_across_roll_overs_and_readings(interval: float) -> None:
    """Eight threads, buckets that roll every millisecond, and a reader all the while: the exact sum."""
    records = 20_000
    recorder = Recorder(10**9, 10**5, FastClock())
    done = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not done.is_set():
            seen.append(sum(sums(recorder)))

    reader = threading.Thread(target=read)
    with switching(interval):
        reader.start()
        hammer(recorder, 8, records)
        done.set()
        reader.join()
    assert sums(recorder) == (8 * records * 9 // 10, 8 * records // 10)
    assert seen == sorted(seen)
    assert len(recorder.read().good) > 20
    assert recorder.drops() == {}


def test_a_switch_in_the_middle_loses_nothing() -> None:
    """Wherever a thread gives way while it holds a cell, its event is in some reading."""
    recorder = Recorder(10**9, 10**5, FastClock(), counter=Yielding)
    hammer(recorder, 8, 1_000)
    assert sums(recorder) == (7_200, 800)


def test_this_test_would_notice_a_counter_without_a_lock() -> None:
    """The double that loses events does lose them: else the tests above prove nothing."""
    recorder = Recorder(10**18, 10, SystemClock(), counter=Unlocked)
    hammer(recorder, 8, 1_000)
    assert sum(sums(recorder)) < 8_000


def test_a_timer_whose_handler_records_loses_nothing() -> None:
    """The handler interrupts recording, rolling over and reading, in the one thread that holds the lock."""
    recorder = Recorder(10**9, 10**5, FastClock())

    def work(turn: int) -> None:
        recorder.record(True)
        if turn % 50 == 0:
            recorder.read()

    recorded, handled = interrupted(lambda: recorder.record(True), work)
    assert sums(recorder) == (recorded + handled, 0)


def test_a_finalizer_that_records_loses_nothing() -> None:
    """Garbage collection strikes anywhere, inside the recorder too."""
    recorder = Recorder(10**9, 10**5, FastClock())

    class Finalized:
        def __del__(self) -> None:
            recorder.record(False)

    for _ in range(2_000):
        Finalized()
        recorder.record(True)
        recorder.read()
    gc.collect()
    assert sums(recorder) == (2_000, 2_000)


def test_a_cell_is_kept_for_as_long_as_somebody_holds_it() -> None:
    """A thread that was kept from adding for many buckets is still counted, in the bucket of its event."""
    clock = ManualClock("2026-01-01T00:00Z")
    recorder = Recorder(MINUTE, 100, clock)
    held = recorder._cell
    for _ in range(20):
        clock.advance("1m")
        recorder.read()
    next(held.bad)
    recorded = recorder.read()
    assert recorded.bad.tolist() == [1] + [0] * 20
    del held
    recorder.read()
    recorder.read()
    assert len(recorder._cells) + len(recorder._lingering) <= 1


def test_a_slow_thread_may_swap_an_old_cell_in() -> None:
    """Kept from swapping its own cell in until a newer one was: what is added to it is found all the same."""
    clock = ManualClock("2026-01-01T00:00Z")
    recorder = Recorder(MINUTE, 100, clock)
    late = recorder._cell
    clock.advance("1m")
    recorder.record(True)
    newer = recorder._cell
    assert newer is not late
    recorder._cell = late
    del late
    recorder.read()
    next(recorder._cell.bad)
    recorder._cell = newer
    assert sums(recorder) == (1, 1)


def test_a_bucket_that_opens_while_cells_are_read_keeps_its_events() -> None:
    """A thread that is let in after the ring was advanced: its event is of its own bucket, not of the one before."""
    clock = ManualClock("2026-01-01T00:00Z")
    recorder = Recorder(MINUTE, 100, clock)
    advance = recorder._advance

    def interrupted() -> None:
        advance()
        recorder._advance = advance  # type: ignore[method-assign]
        clock.advance("1m")
        recorder.record(False)

    recorder._advance = interrupted  # type: ignore[method-assign]
    assert recorder.read().bad.tolist() == [0, 1]


# --- what is no event -------------------------------------------------------------------------------------------------


def test_what_is_no_bool_is_dropped_and_counted() -> None:
    """Never taken for its truthiness; numpy's bools are bools."""
    recorder = Recorder(MINUTE, 10, ManualClock("2026-01-01T00:00Z"))
    values: list[Any] = ["yes", 1, 0, None, 0.5, [], np.int64(1)]
    for value in values:
        recorder.record(value)
    recorder.record(np.True_)  # type: ignore[arg-type]
    recorder.record(np.False_)  # type: ignore[arg-type]
    assert sums(recorder) == (1, 1)
    assert recorder.drops() == {"not a bool": 7}
    assert recorder.drops() == {"not a bool": 7}
    strict = Recorder(MINUTE, 10, ManualClock("2026-01-01T00:00Z"), strict=True)
    with pytest.raises(WrongType, match="ok must be a bool, got str: 'yes'"):
        strict.record("yes")  # type: ignore[arg-type]


def test_after_closing_nothing_counts() -> None:
    """Closing twice is fine; what was recorded can be read, and the clock goes on."""
    clock = ManualClock("2026-01-01T00:00Z")
    recorder = Recorder(MINUTE, 10, clock)
    recorder.record(True)
    recorder.close()
    recorder.close()
    recorder.record(True)
    recorder._add(5, 5, None)
    clock.advance("1m")
    recorder.record(False)
    assert sums(recorder) == (1, 0)
    assert recorder.drops() == {"closed": 12}
    assert recorder.read().observed.tolist() == [True, True]
    clock.advance("3m")
    assert recorder.read().observed.tolist() == [True, True, False, False, True]
    strict = Recorder(MINUTE, 10, clock, strict=True)
    strict.close()
    with pytest.raises(InvalidEvents, match="was closed"):
        strict.record(True)


# --- time -------------------------------------------------------------------------------------------------------------


def at(text: str) -> int:
    """Return an instant as the recorder takes it."""
    return int(np.datetime64(text, "ns").astype(np.int64))


def test_late_events_go_to_their_own_bucket() -> None:
    """In any order, within what is remembered; what is older is dropped, and so is what is far ahead."""
    clock = ManualClock("2026-01-01T12:00Z")
    recorder = Recorder(MINUTE, 10, clock)
    clock.advance("2m")
    recorder._add(2, 1, at("2026-01-01T12:01:59"))
    recorder._add(1, 0, at("2026-01-01T12:00:00"))
    recorder._add(0, 3, at("2026-01-01T11:54:00"))
    recorder._add(7, 7, at("2026-01-01T11:50:00"))
    recorder._add(1, 1, at("2026-01-01T14:00:00"))
    recorder._add(0, 1, 1_767_225_600)
    recorder._add(0, 1, at("2026-01-01T12:03:00"))
    recorded = recorder.read()
    assert recorded.first == at("2026-01-01T11:54:00") // MINUTE
    assert recorded.bad.tolist() == [3, 0, 0, 0, 0, 0, 0, 1, 1]
    assert recorded.good.tolist() == [0, 0, 0, 0, 0, 0, 1, 2, 0]
    assert recorded.observed.tolist() == [True, False, False, False, False, False, True, True, True]
    assert recorder.drops() == {"late": 14, "future": 2, "ancient": 1}
    strict = Recorder(MINUTE, 10, clock, strict=True)
    with pytest.raises(OutOfTimeline, match="from 2000 to an hour ahead"):
        strict._add(1, 0, at("2026-01-02T00:00:00"))


def test_an_hour_ahead_is_the_farthest_and_2000_the_earliest() -> None:
    """Both ends count; a nanosecond beyond either is dropped."""
    clock = ManualClock("2026-01-01T12:00Z")
    recorder = Recorder(MINUTE, 10, clock)
    for instant in ("2026-01-01T13:00:00", "2026-01-01T13:00:00.000000001", "2000-01-01", "1999-12-31T23:59:59.9"):
        recorder._add(1, 0, at(instant))
    # So early an event is no mix-up of units, and older than is remembered.
    assert recorder.drops() == {"future": 1, "late": 1, "ancient": 1}
    assert sums(recorder) == (1, 0)


def test_what_came_while_the_lock_was_held_is_in_the_next_reading() -> None:
    """A signal handler that adds in the middle of a reading waits for nobody; its events do."""
    clock = ManualClock("2026-01-01T12:00Z")
    recorder = Recorder(MINUTE, 10, clock)
    with recorder._lock:
        recorder._add(3, 2, None)
        recorder._add(1, 0, at("2026-01-01T11:55:00"))
    assert recorder.read().good.tolist() == [1, 0, 0, 0, 0, 3]
    assert sums(recorder) == (4, 2)


def test_who_adds_without_end_keeps_no_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading takes along what comes meanwhile, but no more than may wait; the rest is in the next one."""
    monkeypatch.setattr("slokit.live.recording.recorder._MOST_PENDING", 20)
    recorder = Recorder(MINUTE, 10, ManualClock("2026-01-01T12:00Z"))
    settle, adds = recorder._settle, count(1)

    def interrupted(at: int, good: int, bad: int) -> None:
        settle(at, good, bad)
        if next(adds) < 1_000:
            recorder._add(1, 0, None)

    with recorder._lock:
        recorder._add(1, 0, None)
    monkeypatch.setattr(recorder, "_settle", interrupted)
    assert sums(recorder) == (20, 0)
    assert sums(recorder) == (40, 0)


def test_what_waits_is_counted_where_nobody_reads() -> None:
    """Each that finds the lock free takes some along, so that there is room again."""
    recorder = Recorder(MINUTE, 10, ManualClock("2026-01-01T12:00Z"))
    with recorder._lock:
        for _ in range(100):
            recorder._add(1, 0, None)
    for _ in range(10):
        recorder._add(1, 0, None)
    assert not recorder._pending
    assert sums(recorder) == (110, 0)


@pytest.mark.parametrize("tiered", [False, True])
def test_a_bucket_that_is_full_takes_no_more(tiered: bool) -> None:
    """Of counts that do not fit 64 bits what is too much is dropped and counted, and none is ever wrong."""
    clock = ManualClock("2026-01-01T12:00Z")
    recorder = Recorder(MINUTE, 1_000, clock, tiered=tiered)
    for _ in range(3):
        recorder._add(2**62 - 1, 0, None)
    recorder._add(0, 1, None)
    assert sums(recorder) == (2**63 - 2, 1)
    assert recorder.drops() == {"too many": 2**62 - 1}
    recorder.record(True)
    assert sums(recorder) == (2**63 - 2, 1)
    assert recorder.drops() == {"too many": 2**62}
    clock.advance("1m")
    recorder._add(5, 0, None)
    # In tiers the bucket of ten minutes is full by then.
    assert recorder.read().good.tolist() == [2**63 - 2, 0 if tiered else 5]
    strict = Recorder(MINUTE, 10, clock, strict=True, tiered=tiered)
    strict._add(2**62 - 1, 2**62 - 1, None)
    with pytest.raises(InvalidCounts, match=r"fewer than 2\*\*63"):
        strict._add(2, 0, None)


def test_time_does_not_go_back_with_the_clock() -> None:
    """What was over stays over."""
    clock = ManualClock("2026-01-01T12:00Z")
    recorder = Recorder(MINUTE, 10, clock)
    clock.advance("5m")
    recorder.record(True)
    clock.step("2026-01-01T12:01Z")
    assert recorder.time() == at("2026-01-01T12:05:00")


def test_a_clock_set_back_rewinds_nothing() -> None:
    """Events go to the bucket that the clock shows; the newest bucket stays the newest."""
    clock = ManualClock("2026-01-01T12:00Z")
    recorder = Recorder(MINUTE, 100, clock)
    recorder.record(True)
    clock.advance("5m")
    recorder.record(True)
    clock.step("2026-01-01T12:04:55Z")
    recorder.record(False)
    clock.step("2026-01-01T11:05Z")
    recorder.record(False)
    recorded = recorder.read()
    assert recorded.first + len(recorded.good) - 1 == at("2026-01-01T12:05:00") // MINUTE
    assert (int(recorded.good.sum()), int(recorded.bad.sum())) == (2, 2)
    assert recorded.bad[-2] == 1
    assert recorder.drops() == {}


def test_a_machine_that_slept_observed_nothing_meanwhile() -> None:
    """Wall time went on and the running clock did not: a gap. A quiet hour that was lived through is none."""
    clock = ManualClock("2026-01-01T12:00Z")
    recorder = Recorder(MINUTE, 1_000, clock)
    clock.advance("1h")
    recorder.record(True)
    assert recorder.read().observed.all()
    clock.step("2026-01-01T14:00Z")
    recorder.record(True)
    observed = recorder.read().observed
    assert observed[:61].all()
    assert not observed[61:-1].any()
    assert observed[-1]
    # A clock that is put right by a minute skips none; by more, the buckets between were not lived through.
    for minutes, skipped in ((2, True), (3, False)):
        clock = ManualClock("2026-01-01T12:00Z")
        recorder = Recorder(MINUTE, 1_000, clock)
        clock.advance(f"{minutes - 1}m" if skipped else "1m")
        clock.step(f"2026-01-01T12:0{minutes}Z")
        assert recorder.read().observed.tolist() == [True, *[skipped] * (minutes - 1), True]


def test_a_jump_of_years_costs_no_more_than_the_ring() -> None:
    """Everything remembered is over, and that is found at once."""
    clock = ManualClock("2026-01-01T12:00Z")
    recorder = Recorder(10**9, 100, clock)
    recorder.record(True)
    clock.step("2126-01-01T12:00Z")
    recorder.record(False)
    recorded = recorder.read()
    assert len(recorded.good) == 100
    assert (int(recorded.good.sum()), int(recorded.bad.sum())) == (0, 1)
    assert not recorded.observed[:-1].any()


def test_memory_is_bounded_by_the_ring() -> None:
    """However long it runs."""
    clock = ManualClock("2026-01-01T12:00Z")
    recorder = Recorder(MINUTE, 50, clock)
    for _ in range(200):
        recorder.record(True)
        clock.advance("1m")
    recorded = recorder.read()
    assert recorded.good.tolist() == [1] * 49 + [0]
    assert len(recorder._cells) + len(recorder._lingering) <= 2


# --- processes --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are a matter of POSIX")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_children_begin_at_zero_whatever_the_parent_was_doing() -> None:
    """Fifty forks while other threads record and read: each child counts its own, within five seconds."""
    recorder = Recorder(10**9, 10**5, FastClock())
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            recorder.record(True)
            recorder.read()

    workers = [threading.Thread(target=busy) for _ in range(3)]
    for worker in workers:
        worker.start()
    identities = {recorder.identity}
    try:
        for _ in range(50):
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                signal.alarm(5)
                for _ in range(10):
                    recorder.record(False)
                os.write(writing, f"{sums(recorder)} {recorder.identity}".encode())
                os._exit(0)
            os.close(writing)
            with os.fdopen(reading, "rb") as pipe:
                found, identity = pipe.read().decode().rsplit(" ", 1)
            assert os.waitpid(child, 0)[1] == 0
            assert found == "(0, 10)"
            identities.add(identity)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert len(identities) == 51


def test_a_recorder_is_not_pickled() -> None:
    """It belongs to its process."""
    with pytest.raises(WrongType, match="belongs to its process"):
        Recorder(MINUTE, 10, SystemClock()).__reduce__()


def test_what_was_recorded_elsewhere_adds_up() -> None:
    """Bucket by bucket, as far as is remembered; and so does what was observed."""
    clock = ManualClock("2026-01-01T12:00Z")
    mine = Recorder(MINUTE, 5, clock)
    mine.record(True)
    first = mine.read().first - 6
    theirs = Recorded(
        first, np.array([9, 1, 0, 2, 0, 0, 4]), np.array([9, 0, 0, 1, 0, 0, 0]), np.array([True] * 5 + [False] * 2)
    )
    mine.merge(theirs)
    recorded = mine.read()
    assert recorded.good.tolist() == [0, 2, 0, 0, 5]
    assert recorded.bad.tolist() == [0, 1, 0, 0, 0]
    assert recorded.observed.tolist() == [True, True, True, False, True]
    assert mine.drops() == {"late": 19}


def test_so_many_additions_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that find the lock held wait; the first beyond the limit is dropped, and counted by its reason."""
    monkeypatch.setattr(recorder_module, "_MOST_PENDING", 2)
    recorder = Recorder(MINUTE, 10, ManualClock("2026-01-01T12:00Z"))
    with recorder._lock:
        for _ in range(3):
            recorder._add(1, 0, None)
    assert sums(recorder) == (2, 0)
    assert recorder.drops() == {"overloaded": 1}


@pytest.mark.parametrize(("ahead", "kept"), [(10, 1), (11, 0)])
def test_what_comes_from_a_clock_that_is_ahead_is_kept_within_the_ring(ahead: int, kept: int) -> None:
    """As far ahead as the ring is long; farther than that the clocks cannot be of one world."""
    recorder = Recorder(MINUTE, 10, ManualClock("2026-01-01T12:00Z"))
    first = at("2026-01-01T12:00:00") // MINUTE + ahead
    recorder.merge(Recorded(first, np.array([1]), np.array([0]), np.array([True])))
    assert sums(recorder) == (kept, 0)
    assert sum(recorder.drops().values()) == 1 - kept
