"""A monitor says what history says, decides each bucket once, and never troubles whoever records."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import pickle
import signal
import threading
import time
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from slokit import SLI, SLO, CalendarWindow, Exclusion, Policy, Rule, State, Timeslices
from slokit.conditions import BudgetBelow, Exhausted, Missed
from slokit.config import to_dict
from slokit.errors import (
    InvalidCounts,
    InvalidDefinition,
    InvalidSLI,
    InvalidWindow,
    SnapshotError,
    UnknownActivity,
    WrongType,
)
from slokit.live import ManualClock, Monitor, Recording
from slokit.live.recording.measure import Measure
from slokit.live.recording.tiered import TieredRing
from slokit.live.snapshot import encode
from slokit.policy import Transition

START = "2026-01-01T00:00Z"


def objective(**given: Any) -> SLO:
    """Return an objective over an hour."""
    fields: dict[str, Any] = {"sli": SLI.ratio("up"), "target": "90%", "window": "1h"} | given
    return SLO("checkout", **fields)


FREEZE = Policy(
    "freeze",
    states=[State("calm"), State("frozen", blocks=["deploy"], exempt=["security"])],
    rules=[Rule("frozen", Exhausted(), until=~BudgetBelow("50%"))],
    stale_after="30m",
)


def monitor(**given: Any) -> tuple[Monitor, ManualClock]:
    """Return a monitor and the clock that it tells the time by."""
    clock = ManualClock(START)
    slo = given.pop("slo", objective())
    return Monitor(slo, policy=given.pop("policy", FREEZE), clock=clock, **given), clock


def record(one: Monitor, good: int, bad: int = 0) -> None:
    """Record events one by one."""
    for ok in [True] * good + [False] * bad:
        one.record(ok)


# --- recording --------------------------------------------------------------------------------------------------------


def test_a_status_is_that_of_the_counts() -> None:
    """The running bucket included, exclusions applied."""
    one, clock = monitor(exclusions=Exclusion("2026-01-01T00:02Z", "2026-01-01T00:03Z", "disk"))
    for minute in range(5):
        record(one, 9, minute)
        clock.advance("1m")
    record(one, 1)
    assert one.status() == one.slo.evaluate(one.counts()).at()
    assert one.status() == one.evaluation().at()
    assert one.counts() == one.counts(raw=True).exclude(Exclusion("2026-01-01T00:02Z", "2026-01-01T00:03Z", "disk"))
    assert (one.status().good, one.status().bad) == (37, 8)


def test_observations_go_through_the_indicator() -> None:
    """One value, values by name, and a failure, which may be quick or have no value; a bool of numpy is one."""
    one, _ = monitor(slo=objective(sli=SLI.threshold("latency", lt="200ms")))
    one.observe(0.1)
    one.observe(0.3)
    one.observe(0.1, ok=False)
    one.observe("slow")
    one.observe(0.1, ok="yes")  # type: ignore[arg-type]
    assert (one.status().good, one.status().bad) == (1, 2)
    assert one.recording.drops() == {"not judged": 1, "not a bool": 1}
    one.observe(0.3, ok=np.True_)  # type: ignore[arg-type]
    one.observe(0.1, ok=np.False_)  # type: ignore[arg-type]
    for nothing in (None, float("nan"), "timed out"):
        one.observe(nothing, ok=False)
    assert (one.status().good, one.status().bad) == (1, 7)
    assert one.recording.drops() == {"not judged": 1, "not a bool": 1}
    both = SLI.all_of("usable", SLI.threshold("latency", lt="200ms"), SLI.ratio("up"))
    two, _ = monitor(slo=objective(sli=both))
    two.observe(latency=0.1, up=True)
    two.observe(latency=0.1, up=False)
    two.observe(latency=0.1)
    assert (two.status().good, two.status().bad) == (1, 1)
    assert two.recording.drops() == {"not judged": 1}


def test_bulk_and_late_events_are_added() -> None:
    """To their own bucket; what is no count is refused, for it is the program's mistake and no event."""
    one, clock = monitor()
    clock.advance("10m")
    one.add(good=5, bad=2, at="2026-01-01T00:03:30Z")
    one.add(bad=1)
    counts = one.counts()
    assert (int(counts.bad[3]), int(counts.bad[10]), int(counts.good[3])) == (2, 1, 5)
    with pytest.raises(InvalidCounts, match="bad must be from 0 to"):
        one.add(bad=-1)
    with pytest.raises(WrongType, match="good must be an integer"):
        one.add(good=1.5)  # type: ignore[arg-type]


def test_a_block_and_a_function_are_measured() -> None:
    """An exception is bad, however quick; what was raised goes on its way."""
    one, _ = monitor(slo=objective(sli=SLI.threshold("latency", lt="10s")))
    with one.measure():
        pass
    with pytest.raises(KeyError), one.measure():
        raise KeyError

    @one.measure()
    def double(x: int) -> int:
        return 2 * x

    @one.measure()
    def numbers() -> Iterator[int]:
        yield 1
        yield 2

    assert (double(4), double.__name__, list(numbers())) == (8, "double", [1, 2])
    assert (one.status().good, one.status().bad) == (3, 1)


def test_coroutines_are_measured_and_cancelling_is_nobodys_failure() -> None:
    """Functions stay what they are; with cancelled="bad" a caller who hung up counts."""
    one, _ = monitor()

    @one.measure()
    async def work(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    @one.measure(cancelled="bad")
    async def strictly(seconds: float) -> None:
        await asyncio.sleep(seconds)

    @one.measure()
    async def stream() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def all_of_it() -> None:
        assert asyncio.iscoroutinefunction(work)
        assert await work(0) == "done"
        assert [number async for number in stream()] == [1, 2]
        async with one.measure():
            pass
        for slow in (work, strictly):
            task = asyncio.ensure_future(slow(10))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(all_of_it())
    assert (one.status().good, one.status().bad) == (3, 1)


def test_a_measured_stream_is_handed_all_that_comes() -> None:
    """What is sent and thrown reaches the generator that was decorated, and closing it closes that one at once."""
    one, _ = monitor()
    heard: list[object] = []

    @one.measure()
    async def echo(last: str) -> AsyncGenerator[object, object]:
        said: object = None
        try:
            while said != "stop":
                try:
                    said = yield said
                except KeyError as error:
                    said = error
                heard.append(said)
        finally:
            heard.append(last)

    async def talk() -> None:
        stream = echo("whole")
        assert await stream.__anext__() is None
        assert await stream.asend("a") == "a"
        error = KeyError("b")
        assert await stream.athrow(error) is error
        with pytest.raises(StopAsyncIteration):
            await stream.asend("stop")
        stream = echo("closed")
        await stream.__anext__()
        await stream.aclose()
        assert heard == ["a", error, "stop", "whole", "closed"]
        stream = echo("failed")
        await stream.__anext__()
        with pytest.raises(OSError, match="gone"):
            await stream.athrow(OSError("gone"))

    asyncio.run(talk())
    assert (one.status().good, one.status().bad) == (1, 1)


def test_methods_of_any_kind_are_measured() -> None:
    """Below a decorator of the class, above it, and objects that are called: an await is part of the call."""
    one, _ = monitor()

    class Shop:
        @one.measure()
        @staticmethod
        async def ship() -> None:
            raise KeyError

        @one.measure()
        @classmethod
        def name(cls) -> str:
            return cls.__name__

        @one.measure()
        async def pay(self) -> None:
            raise KeyError

        async def __call__(self) -> None:
            raise KeyError

    assert Shop.name() == "Shop"
    for fails in (Shop.ship, Shop().pay, one.measure()(Shop())):
        with pytest.raises(KeyError):
            asyncio.run(fails())
    assert (one.status().good, one.status().bad) == (1, 3)


def test_blocks_that_share_a_measure_have_their_own_seconds() -> None:
    """Of tasks and threads that overlap each is told how long its own took; blocks within blocks too."""
    told: list[float] = []
    shared = Measure(lambda seconds, _: told.append(seconds))

    async def block(before: float, seconds: float) -> None:
        await asyncio.sleep(before)
        async with shared:
            await asyncio.sleep(seconds)

    async def tasks() -> None:
        await asyncio.gather(block(0, 0.1), block(0.05, 0.4))

    asyncio.run(tasks())
    assert told[0] < 0.3 < told[1]
    inside, outside = threading.Event(), threading.Event()

    def thread() -> None:
        with shared:
            inside.set()
            outside.wait(10)

    told.clear()
    with shared:
        time.sleep(0.2)
        with shared:
            begun = threading.Thread(target=thread)
            begun.start()
            inside.wait(10)
    outside.set()
    begun.join()
    assert told[0] < 0.2 <= told[1]
    assert told[2] < 0.2


def test_a_block_may_be_left_by_another_thread_than_entered() -> None:
    """As that of a generator is that nobody goes on with."""
    told: list[bool] = []
    shared = Measure(lambda _, ok: told.append(ok))
    shared.__enter__()
    other = threading.Thread(target=shared.__exit__, args=(None, None, None))
    other.start()
    other.join()
    assert told == [True]


def test_what_cannot_be_measured_is_refused() -> None:
    """A slip in ``cancelled`` would count what nobody asked for."""
    one, _ = monitor()
    with pytest.raises(InvalidDefinition, match='cancelled: must be "ignore" or "bad", got \'Bad\''):
        one.measure(cancelled="Bad")
    with pytest.raises(WrongType, match="decorates functions, got int"):
        one.measure()(3)  # type: ignore[type-var]


def test_recording_never_raises() -> None:
    """Not even where the clock itself is broken; the failure is counted."""
    one, _ = monitor()

    def broken() -> int:
        raise OSError("no clock")

    one.recording._now = broken
    one.record(True)
    assert one.recording.drops() == {"broken": 1}


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_decision_is_that_of_the_last_whole_bucket() -> None:
    """The running one would look ahead; and batch evaluation of the same buckets says the same."""
    one, clock = monitor()
    assert one.decision().state == "unknown"
    record(one, 50, 50)
    assert one.decision().state == "unknown"
    clock.advance("1m")
    assert one.decision().state == "frozen"
    record(one, 1000)
    assert one.decision().state == "frozen"
    clock.advance("1m")
    assert one.decision().state == "calm"
    whole = one.counts().between(START, "2026-01-01T00:02Z")
    batch = FREEZE.evaluate(one.slo.evaluate(whole))
    assert one.history().codes.tolist() == batch.codes.tolist()
    assert one.decision() == batch.at()


def test_a_decision_is_kept_until_the_next_bucket() -> None:
    """Asking again costs no evaluation."""
    one, clock = monitor()
    record(one, 10)
    clock.advance("1m")
    first = one.decision()
    record(one, 0, 100)
    clock.advance("59s")
    assert one.decision() is first
    clock.advance("1s")
    assert one.decision() is not first
    assert not one.allows("deploy")
    assert one.allows("deploy", change="security")
    with pytest.raises(UnknownActivity, match="did you mean"):
        one.allows("depoly")


def test_late_events_change_the_budget_and_no_decision_of_the_past() -> None:
    """What was decided at a bucket's end stays decided."""
    one, clock = monitor(policy=Policy("x", states=[State("ok"), State("bad")], rules=[Rule("bad", Missed())]))
    for _ in range(3):
        record(one, 10)
        clock.advance("1m")
        one.decision()
    one.add(bad=100, at="2026-01-01T00:00:30Z")
    record(one, 10)
    clock.advance("1m")
    assert one.history().states.tolist() == ["ok", "ok", "ok", "bad"]
    assert one.status().bad == 100


def test_transitions_call_back_once_each_in_order() -> None:
    """Also where several buckets are judged at once, and a callback fails or asks the monitor again."""
    one, clock = monitor()
    seen: list[tuple[str, str]] = []

    def note(transition: Transition) -> None:
        seen.append((transition.before, transition.after))
        one.decision()
        record(one, 1)

    def fail(_: Transition) -> None:
        raise RuntimeError("pager is down")

    one.on_transition(fail)
    end = one.on_transition(note)
    record(one, 50, 50)
    clock.advance("1m")
    record(one, 1000)
    clock.advance("3m")
    one.decision()
    assert seen == [("unknown", "frozen"), ("frozen", "calm")]
    assert one.failed_callbacks == 2
    one.decision()
    end()
    clock.advance("1h")
    one.decision()
    assert len(seen) == 2


def test_an_interrupt_in_a_callback_goes_on_its_way() -> None:
    """It is for the program; what waits is told of next time."""
    one, clock = monitor()
    told: list[Transition] = []

    def interrupt(_: Transition) -> None:
        if not told:
            told.append(_)
            raise KeyboardInterrupt
        told.append(_)

    one.on_transition(interrupt)
    record(one, 1, 1)
    clock.advance("1m")
    with pytest.raises(KeyboardInterrupt):
        one.decision()
    record(one, 1000)
    clock.advance("1m")
    one.decision()
    assert len(told) == 2


def test_many_threads_may_ask_while_others_record() -> None:
    """Each gets a decision, and nothing is lost."""
    one, clock = monitor()
    wrong: list[BaseException] = []

    def work() -> None:
        try:
            for i in range(300):
                one.record(i % 3 != 0)
                one.allows("deploy")
                if i % 100 == 0:
                    clock.advance("1m")
                    one.status()
        except BaseException as error:  # noqa: BLE001 - told in the main thread
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert int(one.counts().total.sum()) == 1800
    assert one.decision().time == one.history().at().time


def test_silence_becomes_unknown() -> None:
    """The clock goes on where nothing is recorded."""
    one, clock = monitor()
    record(one, 10)
    clock.advance("20m")
    assert one.decision().state == "calm"
    clock.advance("20m")
    assert one.decision().state == "unknown"


def test_several_objectives_share_a_recording() -> None:
    """One event, as many budgets as there are objectives on the indicator."""
    one, clock = monitor()
    two = Monitor(objective(target="99%", window="30m"), policy=FREEZE, recording=one.recording)
    record(one, 95, 5)
    clock.advance("1m")
    assert (one.status().met, two.status().met) == (True, False)
    assert (one.decision().state, two.decision().state) == ("calm", "frozen")
    with pytest.raises(InvalidSLI, match="must be of the same indicator"):
        Monitor(objective(sli=SLI.ratio("fast")), recording=one.recording)
    with pytest.raises(InvalidCounts, match="must remember as much"):
        Monitor(objective(window="30d"), recording=one.recording)


def test_slices_and_calendars_are_judged_live_too() -> None:
    """The same SLO, whatever its method and window."""
    for given in ({"budgeting": Timeslices("5m", target="90%")}, {"window": CalendarWindow("day")}):
        one, clock = monitor(slo=objective(**given))
        for minute in range(12):
            record(one, 9, minute % 3)
            clock.advance("1m")
            one.decision()
        assert one.status() == one.slo.evaluate(one.counts()).at()
        whole = one.counts().between(START, "2026-01-01T00:10Z" if "budgeting" in given else "2026-01-01T00:12Z")
        batch = FREEZE.evaluate(one.slo.evaluate(whole))
        assert one.history().codes.tolist() == batch.codes.tolist()
        assert one.decision() == batch.at()


def test_exclusions_may_come_later() -> None:
    """Retroactive for the budget; what was decided stays."""
    one, clock = monitor()
    record(one, 0, 50)
    clock.advance("1m")
    assert one.decision().state == "frozen"
    one.exclude(Exclusion(START, "2026-01-01T00:01Z", "load test"))
    record(one, 10)
    clock.advance("1m")
    assert one.status().bad == 0
    assert one.history().states.tolist() == ["frozen", "calm"]


def test_what_cannot_be_monitored_is_refused() -> None:
    """At once, and not at the first event."""
    with pytest.raises(InvalidSLI, match="judges time and not events"):
        Monitor(objective(sli=SLI.gauge("lag", lte=5, stale_after="2m")))
    with pytest.raises(InvalidWindow, match="no whole number of buckets"):
        Monitor(objective(), resolution="7m")
    with pytest.raises(WrongType, match="slo must be an SLO"):
        Monitor("checkout")  # type: ignore[arg-type]
    with pytest.raises(InvalidCounts, match="retention must be at most"):
        Recording(SLI.ratio("up"), retention="10000d", resolution="1s")


def test_a_monitor_belongs_to_its_process() -> None:
    """It is neither pickled nor copied; after closing it counts nothing and can still be asked."""
    one, _ = monitor()
    record(one, 3)
    for away in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(WrongType, match="belongs to its process"):
            away(one)
    with one:
        pass
    one.record(True)
    assert one.status().good == 3
    assert one.recording.drops() == {"closed": 1}
    assert repr(one).startswith("Monitor(SLO('checkout'")


def test_as_much_is_remembered_as_anything_looks_back() -> None:
    """Of a calendar the period before too, which says what to expect; a hold that outlasts the window; no less."""
    day = 1440
    month = Monitor(SLO("x", sli=SLI.ratio("x"), target="99%", window=CalendarWindow("month")))
    assert month.recording.size > 62 * day
    holding = attrs.evolve(FREEZE, rules=[Rule("frozen", Exhausted(), hold="5h")])
    assert monitor(policy=holding)[0].recording.size == 5 * 60 + 1
    assert monitor()[0].recording.size == 61


def test_callbacks_that_ask_again_keep_the_order_for_all() -> None:
    """A change that is found while somebody is told of another waits until all others have heard of that."""
    one, clock = monitor()
    heard: list[tuple[str, str]] = []

    def asks(change: Transition) -> None:
        heard.append(("asks", change.after))
        if change.after == "calm":
            record(one, 0, 90)
            clock.advance("1m")
            assert one.decision().state == "frozen"

    one.on_transition(asks)
    one.on_transition(lambda change: heard.append(("listens", change.after)))
    record(one, 9)
    clock.advance("1m")
    one.decision()
    assert heard == [(who, state) for state in ("calm", "frozen") for who in ("asks", "listens")]


def test_memory_of_thirty_days_is_what_the_docs_say() -> None:
    """17 bytes a bucket, and room for the window."""
    one = Monitor(SLO("x", sli=SLI.ratio("x"), target="99.9%", window="30d"))
    assert one.recording.size == 30 * 1440 + 1
    assert one.recording.nbytes == 17 * one.recording.size


# --- restarts ---------------------------------------------------------------------------------------------------------


def test_a_restart_goes_on_where_the_last_process_ended() -> None:
    """Counts, states and the freeze; the time between was observed by nobody."""
    one, clock = monitor()
    record(one, 50, 50)
    clock.advance("1m")
    assert one.decision().state == "frozen"
    blob = one.snapshot()
    clock.advance("5m")
    again = Monitor.restore(blob, one.slo, policy=FREEZE, clock=clock)
    assert again.decision().state == "frozen"
    assert (again.status().good, again.status().bad) == (50, 50)
    assert (
        again.counts().observed.tolist()
        == [True, True, False, False, False, False, True][: len(again.counts().observed)]
    )
    record(again, 2000)
    clock.advance("1m")
    assert again.decision().state == "calm"
    assert np.array_equal(again.history().codes[:1], one.history().codes[:1])


def test_a_restart_with_another_policy_keeps_the_name_of_the_state() -> None:
    """If it has one of that name; the counts are the objective's and stay."""
    one, clock = monitor()
    record(one, 50, 50)
    clock.advance("1m")
    blob = one.snapshot()
    other = Policy("other", states=[State("calm"), State("frozen")], rules=[Rule("frozen", Missed(), hold="1h")])
    again = Monitor.restore(blob, one.slo, policy=other, clock=clock)
    assert again.decision().state == "frozen"
    assert again.status().bad == 50


@pytest.mark.parametrize(
    ("slo", "options", "message"),
    [
        (objective(target="95%"), {}, "of another objective"),
        (objective(window="2h"), {}, "of another objective"),
        (objective(sli=SLI.ratio("fast")), {}, "of another objective"),
        (objective(), {"resolution": "30s"}, "must be the same"),
    ],
)
def test_a_snapshot_of_something_else_is_refused(slo: SLO, options: dict[str, Any], message: str) -> None:
    """Remarks for people may differ; what is counted and how may not."""
    one, clock = monitor()
    blob = one.snapshot()
    assert Monitor.restore(blob, objective(owner="ann"), clock=clock).status().bad == 0
    with pytest.raises(SnapshotError, match=message):
        Monitor.restore(blob, slo, clock=clock, **options)


def test_a_snapshot_that_was_damaged_is_refused_whole() -> None:
    """Cut at any byte, with any bit turned over, empty, or something else: one error, nothing half-done."""
    one, _ = monitor(slo=objective(window="3m"), policy=Policy("x", states=[State("a")], rules=[], stale_after="1m"))
    record(one, 3, 1)
    blob = one.snapshot()
    damaged = [blob[:size] for size in range(len(blob))]
    damaged += [blob[:at] + bytes([blob[at] ^ 1 << bit]) + blob[at + 1 :] for at in range(len(blob)) for bit in (0, 7)]
    damaged += [b"", b"[" * 10_000_000, blob + b"x", blob * 2]
    for bad in damaged:
        with pytest.raises(SnapshotError):
            Monitor.restore(bad, one.slo)
    with pytest.raises(WrongType, match="must be bytes"):
        Monitor.restore("snapshot", one.slo)  # type: ignore[arg-type]


def test_a_snapshot_of_a_newer_version_is_refused() -> None:
    """And says which version reads it."""
    one, _ = monitor()
    blob = bytearray(one.snapshot())
    blob[8] = 99
    with pytest.raises(SnapshotError, match="of version 99, newer than 2"):
        Monitor.restore(bytes(blob), one.slo)


def test_a_header_that_means_nothing_is_refused() -> None:
    """A checksum says that nobody changed it, and not that it makes sense."""
    slo = objective()
    for header in ({}, {"slo": 1}, {"slo": to_dict(slo), "step": "x"}):
        with pytest.raises(SnapshotError):
            Monitor.restore(encode(header, {}), slo)
    text = b'{"slo": NaN, "arrays": {}}'
    body = len(text).to_bytes(4, "little") + text
    head = b"SLOKIT\0\0" + (1).to_bytes(4, "little") + len(body).to_bytes(8, "little")
    digest = sha256(head + bytes(32) + body).digest()
    with pytest.raises(SnapshotError, match="NaN is no number"):
        Monitor.restore(head + digest + body, slo)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are a matter of POSIX")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_counts_for_itself_and_knows_the_state() -> None:
    """It begins at zero, holds no lock of its parent's threads, and goes on in the state that was decided."""
    one, clock = monitor()
    record(one, 50, 50)
    clock.advance("1m")
    assert one.decision().state == "frozen"
    one._decider._lock.acquire()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        one.record(True)
        clock.advance("1m")
        told = (one.decision().state, int(one.counts().total.sum()), one.allows("deploy"))
        os.write(writing, repr(told).encode())
        os._exit(0)
    one._decider._lock.release()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read().decode()
    assert os.waitpid(child, 0)[1] == 0
    assert found == "('calm', 1, True)"
    assert int(one.counts().total.sum()) == 100


# --- tiers ------------------------------------------------------------------------------------------------------------


def test_a_month_of_minutes_takes_less_than_forty_kilobytes_in_tiers() -> None:
    """All that a monitor holds once it has decided; policies are shared, and each entry of the ledger takes 5 more."""
    slo = objective(window="30d", target="99.9%")
    one, clock = monitor(slo=slo, policy=Policy.default(slo.window), memory="tiers")
    for _ in range(31 * 24):
        one.add(good=1000, bad=2)
        clock.advance("1h")
    one.decision()
    gc.collect()
    tracemalloc.start()
    try:
        kept = [Monitor.restore(one.snapshot(), slo, policy=one.policy, clock=clock, memory="tiers") for _ in range(5)]
        assert [each.allows("deploy") for each in kept] == [False] * 5
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] / len(kept)
    finally:
        tracemalloc.stop()
    assert 1 <= len(kept[0].ledger) <= 3
    assert len(one._decider._judge.codes) == one._knowledge.fine
    assert kept[0].recording.nbytes < held < 40_000 + 5_000 * len(kept[0].ledger)


def test_tiers_say_what_the_exact_buckets_say() -> None:
    """Where windows begin with a coarse bucket, of the default policy too, state by state."""
    slo = objective(window="3d", target="99%")
    exact, clock = monitor(slo=slo, policy=Policy.default(slo.window))
    tiered = Monitor(slo, policy=exact.policy, clock=clock, memory="tiers")
    states = set()
    for hour in range(24 * 5):
        for one in (exact, tiered):
            one.add(good=1000, bad=600 if hour in (30, 31) else 1)
        clock.advance("1h")
        states.add(tiered.decision().state)
        assert tiered.decision().state == exact.decision().state
        assert tiered.allows("deploy") == exact.allows("deploy")
        assert tiered.decision().status == exact.decision().status
        bounds = tiered.bounds()
        assert bounds.best.bad <= exact.status().bad <= bounds.worst.bad
    assert states == {"healthy", "warning", "critical"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"budgeting": Timeslices("1m", target="50%")}, 'memory: must be "exact" for Timeslices'),
        ({"window": CalendarWindow("month")}, 'memory: must be "exact" for a calendar window'),
        ({"missing": "bad", "missing_events": 2}, 'memory: must be "exact" for missing="bad"'),
    ],
)
def test_what_needs_every_bucket_is_refused_in_tiers(given: dict[str, Any], message: str) -> None:
    """Each with its reason."""
    with pytest.raises(InvalidDefinition, match=message):
        monitor(slo=objective(**given), memory="tiers")


def test_tiers_and_a_store_do_not_go_together(tmp_path: Path) -> None:
    """It keeps every bucket anyway."""
    with pytest.raises(InvalidDefinition, match="a store, which keeps every bucket"):
        monitor(memory="tiers", store=tmp_path / "slo.db")
    with pytest.raises(InvalidDefinition, match='memory: must be "exact" or "tiers", got \'some\''):
        monitor(memory="some")


def test_coarse_buckets_are_never_taken_for_exact_ones() -> None:
    """A snapshot of tiers is restored in tiers; one of exact buckets in either."""
    one, clock = monitor(memory="tiers")
    record(one, 9, 1)
    with pytest.raises(SnapshotError, match='as memory is "tiers"; restore it with the same'):
        Monitor.restore(one.snapshot(), one.slo, clock=clock)
    two, clock = monitor()
    record(two, 9, 1)
    assert Monitor.restore(two.snapshot(), two.slo, clock=clock, memory="tiers").status() == two.status()


def test_bounds_say_the_same_where_every_bucket_is_known() -> None:
    """And show themselves as text and as a table."""
    one, _ = monitor()
    record(one, 19, 1)
    bounds = one.bounds()
    assert bounds.worst == bounds.best == one.status()
    assert repr(bounds) == "MET for certain · 1 bad, 19 good"
    assert dict(bounds.__rich_repr__())["verdict"] == "met"
    assert "<table" in bounds._repr_html_()


def test_tiers_that_may_hold_no_event_of_the_window_are_uncertain() -> None:
    """Where all that is known may lie before the window, no verdict is what both bounds happen to say."""
    slo = objective(target="0", window="1d")
    clock = ManualClock("2026-01-01T00:00Z")
    one = Monitor(slo, clock=clock, memory="tiers")
    one.add(good=22, bad=9)
    clock.advance("1d")
    assert one.bounds().verdict == "uncertain"
    assert not one.bounds().is_certain
    assert Monitor(slo, clock=clock, memory="tiers").bounds().verdict == "no_data"


def test_an_exclusion_takes_whole_coarse_buckets_out() -> None:
    """What lay in an hour of which a minute is out is not known any more: it is out, and the bounds say what it was."""
    one, clock = monitor(slo=objective(window="5d"), memory="tiers")
    record(one, 90, 5)
    clock.advance("30m")
    record(one, 9, 1)
    clock.advance("4d")
    one.exclude(Exclusion("2026-01-01T00:30Z", "2026-01-01T00:31Z", "disk"))
    assert (one.status().good, one.status().bad) == (0, 0)
    assert (one.counts(raw=True).good.sum(), one.counts(raw=True).bad.sum()) == (99, 6)
    bounds = one.bounds()
    assert (bounds.worst.good, bounds.worst.bad) == (0, 6)
    assert (bounds.best.good, bounds.best.bad) == (99, 0)


def test_tiers_revise_nothing_that_they_do_not_know_bucket_by_bucket() -> None:
    """A window that ended inside of what is a coarse bucket by now would be another one."""
    one, clock = monitor(slo=objective(window="3d"), memory="tiers", retention="9d")
    record(one, 9, 9)
    clock.advance("1m")
    assert one.decision().state == "frozen"
    assert one.revisions()[0].is_known
    clock.advance("6h")
    assert one.revisions()[0].is_known
    clock.advance("1h")
    assert not one.revisions()[0].is_known


def test_tiers_know_the_newest_buckets_one_by_one() -> None:
    """As many as they say, in every minute of a coarse bucket, and in one of these minutes no more."""
    known = []
    for minute in range(10):
        ring = TieredRing(10_000, 0)
        ring.advance(5_000 + minute, observed=True)
        *_, coarse = ring.arrays()
        known.append(ring.newest + 1 - coarse[-1].stop)
    assert monitor(memory="tiers")[0]._knowledge.fine == min(known)
