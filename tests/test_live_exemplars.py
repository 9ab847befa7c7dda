"""Exemplars are a fair few of the bad events of a bucket, and never in the way of whoever records."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import random
import signal
import threading
from collections import Counter
from typing import Any

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, SLO
from slokit.errors import InvalidDefinition, InvalidInterval, WrongType
from slokit.incidents import spells
from slokit.live import Exemplar, ManualClock, Monitor, Recording
from slokit.live.recording.exemplars import MOST_TEXT, Exemplars
from slokit.live.recording.recorder import Recorder
from slokit.live.web import AsgiMonitor, HttpEvents, WsgiMonitor, trace_id
from slokit.timeline import parse_instant
from tests.pressing import FastClock, interrupted, switching

START = "2026-01-01T00:00Z"
MINUTE = 60 * 10**9
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def recorder(**given: Any) -> tuple[Recorder, ManualClock]:
    """Return a recorder of minutes, and its clock."""
    clock = ManualClock(START)
    return Recorder(MINUTE, 100, clock, **given), clock


@given(
    events=st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 2)), max_size=120),
    each=st.integers(1, 5),
    seed=st.integers(0, 10),
)
def test_of_each_bucket_at_most_so_many_are_kept_and_only_bad_ones(
    events: list[tuple[bool, bool, int]], each: int, seed: int
) -> None:
    """All of them where they are few, and each in the bucket of its event."""
    one, clock = recorder()
    one._exemplars = Exemplars(each=each, draw=random.Random(seed).random)
    bad: dict[int, set[str]] = {}
    for number, (ok, has_one, minutes) in enumerate(events):
        clock.advance(f"{minutes}m") if minutes else None
        one.record(ok, str(number) if has_one else None)
        if has_one and not ok:
            bad.setdefault(clock.now() // MINUTE * MINUTE, set()).add(str(number))
    found = one.exemplars()
    assert [e.start for e in found] == sorted(e.start for e in found)
    by_bucket = {start: [e.id for e in found if e.start == start] for start in bad}
    assert sum(map(len, by_bucket.values())) == len(found)
    for start, ids in by_bucket.items():
        assert len(ids) == len(set(ids)) == min(each, len(bad[start]))
        assert set(ids) <= bad[start]
    recorded = one.read()
    assert int(recorded.bad.sum()) == sum(not ok for ok, *_ in events)
    assert one.drops() == {}


def test_every_bad_event_is_kept_as_often_as_any_other() -> None:
    """A chi-square over 4,000 buckets of 20 bad events each, of which 4 are kept: fixed seed, bound of one in 10^6."""
    sample = Exemplars(each=4, buckets=10**6, draw=random.Random(4711).random)
    rounds, events = 4_000, 20
    for start in range(rounds):
        for number in range(events):
            assert sample.note(start, str(number))
    counted = Counter(e.id for e in sample.read())
    assert sum(counted.values()) == rounds * 4
    expected = rounds * 4 / events
    # Of 20 of which 4 are drawn without replacement the sum is 19/16 of a chi-square with 19 degrees of freedom.
    spread = sum((counted[str(n)] - expected) ** 2 / expected for n in range(events)) * 19 / 16
    assert scipy.stats.chi2.sf(spread, events - 1) > 1e-6
    assert scipy.stats.chi2.cdf(spread, events - 1) > 1e-6


def test_the_newest_buckets_are_remembered() -> None:
    """A bad bucket more pushes the oldest out; one that is older than all comes too late."""
    sample = Exemplars(each=2, buckets=3, draw=random.Random(1).random)
    for start in (10, 20, 30, 5, 40, 15, 30, 30):
        sample.note(start, f"id {start}")
    assert [(e.start, e.id) for e in sample.read()] == [(20, "id 20"), *[(30, "id 30")] * 2, (40, "id 40")]


def test_what_is_no_id_is_counted_and_the_event_too() -> None:
    """Text that prints, and is short; nothing else is kept, and a bad event is bad whatever came with it."""

    class Sly(str):
        __slots__ = ()

        def __len__(self) -> int:
            raise RuntimeError

    one, _ = recorder()
    bad: list[Any] = ["", "x" * (MOST_TEXT + 1), "a\nb", "\x1b[31m", "\ud800", b"4bf9", 7, True, [], Sly("4bf9")]
    for exemplar in bad:
        one.record(False, exemplar)
    one.record(False, "x" * MOST_TEXT)
    one.record(True, "")
    one.record("no", "4bf9")  # type: ignore[arg-type]
    assert one.drops() == {"exemplar": len(bad), "not a bool": 1}
    assert (int(one.read().bad.sum()), int(one.read().good.sum())) == (len(bad) + 1, 1)
    assert [e.id for e in one.exemplars()] == ["x" * MOST_TEXT]
    strict, _ = recorder(strict=True)
    with pytest.raises(WrongType, match="exemplar must be text of 1 to 128 characters that prints, got int: 7"):
        strict.record(False, 7)  # type: ignore[arg-type]


def test_observations_and_bucket_openers_have_them_too() -> None:
    """The event that opens a bucket, and one that its indicator finds bad."""
    clock = ManualClock(START)
    one = Recording(SLI.threshold("latency", lt="200ms"), retention="1h", clock=clock)
    one.observe(0.1, exemplar="quick")
    one.observe(1.2, exemplar="slow")
    clock.advance("1m")
    one.observe(0.1, ok=False, exemplar="failed")
    one.observe("what", exemplar="not judged")
    assert one.exemplars() == (Exemplar(START, "slow"), Exemplar("2026-01-01T00:01Z", "failed"))
    one.close()
    one.record(False, "closed")
    assert len(one.exemplars()) == 2


def test_they_are_asked_for_by_span_and_by_spell() -> None:
    """Half-open, as all spans; what a spell cost leads to its requests."""
    clock = ManualClock(START)
    one = Monitor(SLO("checkout", sli=SLI.ratio("up"), target="90%", window="1h"), clock=clock)
    for minute in range(10):
        one.add(good=10)
        if minute in {1, 4, 5, 8}:
            for i in range(5):
                one.record(False, f"{minute}-{i}")
        clock.advance("1m")
    (first, *_, last) = sorted(spells(one.evaluation(), gap="1m"), key=lambda spell: spell.start)
    assert {e.id[0] for e in one.exemplars(first)} == {"1"}
    assert {e.id[0] for e in one.exemplars(last)} == {"8"}
    assert {e.id[0] for e in one.exemplars("2026-01-01T00:04Z", "2026-01-01T00:08Z")} == {"4", "5"}
    assert {e.id[0] for e in one.exemplars(end="2026-01-01T00:04Z")} == {"1"}
    with pytest.raises(InvalidInterval, match="end must not be given beside a spell"):
        one.exemplars(first, "2026-01-01T00:04Z")


def test_an_exemplar_is_a_value_that_does_not_bite() -> None:
    """Shown escaped; equal by value."""
    one = Exemplar(START, "<script>")
    assert one == Exemplar(parse_instant(START), "<script>")
    assert "<script" not in one._repr_html_()
    assert dict(one.__rich_repr__())["id"] == "<script>"
    assert repr(one) == "2026-01-01 00:00 UTC <script>"


# --- nothing is in the way --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [0.005, 1e-6])
def test_threads_lose_no_event_over_them(interval: float) -> None:
    """Eight threads over buckets that roll, and a reader: exact sums, and ids of bad events of that bucket alone."""
    one = Recorder(10**9, 10**5, FastClock())
    one._exemplars = Exemplars(buckets=10**5)
    done = threading.Event()

    def work(name: int) -> None:
        for i in range(5_000):
            one.record(i % 10 != 0, f"{name}-{i}")

    def read() -> None:
        while not done.is_set():
            one.exemplars()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    reader = threading.Thread(target=read)
    with switching(interval):
        reader.start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        reader.join()
    recorded = one.read()
    assert (int(recorded.good.sum()), int(recorded.bad.sum())) == (36_000, 4_000)
    counted = Counter(e.start for e in one.exemplars())
    bad = {(recorded.first + i) * 10**9: n for i, n in enumerate(recorded.bad.tolist()) if n}
    assert {start: min(n, 8) for start, n in bad.items()} == dict(counted)
    assert one.drops() == {}
    assert all(int(e.id.split("-")[1]) % 10 == 0 for e in one.exemplars())


def test_a_timer_whose_handler_records_bad_events_hangs_nowhere() -> None:
    """It interrupts noting, folding and reading in the one thread that holds their lock."""
    one = Recorder(10**9, 10**5, FastClock())
    ids = itertools.count()

    def work(turn: int) -> None:
        one.record(False, f"main-{next(ids)}")
        if turn % 50 == 0:
            one.exemplars()

    recorded, handled = interrupted(lambda: one.record(False, f"handler-{next(ids)}"), work)
    assert int(one.read().bad.sum()) == recorded + handled
    assert all(n <= 8 for n in Counter(e.start for e in one.exemplars()).values())


def test_a_finalizer_that_records_hangs_nowhere() -> None:
    """Garbage collection strikes anywhere."""
    one = Recorder(10**9, 10**5, FastClock())

    class Finalized:
        def __del__(self) -> None:
            one.record(False, "finalized")

    for _ in range(2_000):
        Finalized()
        one.record(False, "main")
        one.exemplars()
    gc.collect()
    assert int(one.read().bad.sum()) == 4_000


def test_those_that_wait_are_bounded() -> None:
    """While somebody holds the lock for long, ids are dropped and counted; events are not."""
    one, _ = recorder()
    with one._exemplars._lock:
        for i in range(5_000):
            one.record(False, str(i))
        assert len(one._exemplars._waiting) == 4_096
    assert one.drops() == {"exemplar": 5_000 - 4_096}
    assert int(one.read().bad.sum()) == 5_000
    assert len(one.exemplars()) == 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are a matter of POSIX")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_begins_without_any() -> None:
    """It holds no lock of its parent's, and what led to its parent's failures is its parent's."""
    one, _ = recorder()
    one.record(False, "parent")
    one._exemplars._lock.acquire()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        before = [e.id for e in one.exemplars()]
        one.record(False, "child")
        os.write(writing, repr((before, [e.id for e in one.exemplars()])).encode())
        os._exit(0)
    one._exemplars._lock.release()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read().decode()
    assert os.waitpid(child, 0)[1] == 0
    assert found == "([], ['child'])"
    assert [e.id for e in one.exemplars()] == ["parent"]


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ({"HTTP_TRACEPARENT": PARENT}, TRACE),
        ({"headers": [(b"host", b"x"), (b"traceparent", PARENT.encode())]}, TRACE),
        ({"headers": [(b"traceparent", f"cc-{TRACE}-00f067aa0ba902b7-01-more".encode())]}, TRACE),
        ({"headers": [(b"traceparent", PARENT.encode())] * 2}, None),
        ({"headers": [(b"traceparent", b"\xff" * 55)]}, None),
        ({"headers": []}, None),
        ({}, None),
        ({"HTTP_TRACEPARENT": PARENT.upper()}, None),
        ({"HTTP_TRACEPARENT": PARENT + "\n"}, None),
        ({"HTTP_TRACEPARENT": PARENT.replace(TRACE, "0" * 32)}, None),
        ({"HTTP_TRACEPARENT": "00-" + "a" * 10**6}, None),
    ],
)
def test_a_trace_is_read_from_the_headers(place: dict[str, Any], found: str | None) -> None:
    """As W3C says; what is made up is none."""
    assert trace_id(place) == found


def shop(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer, well or not."""
    start_response("503 Busy" if environ["PATH_INFO"] == "/broken" else "200 OK", [])
    return [b"hello"]


def test_bad_requests_leave_their_traces() -> None:
    """Of a WSGI and an ASGI application; a hook that fails is counted, and the request too."""
    clock = ManualClock(START)
    one = Recording(SLI.ratio("up"), retention="1h", clock=clock)
    app: Any = WsgiMonitor(shop, availability=one, exemplar=trace_id)
    for path in ("/", "/broken"):
        environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "HTTP_TRACEPARENT": PARENT}
        b"".join(app(environ, lambda *_: None))
    assert one.exemplars() == (Exemplar(START, TRACE),)
    two = Recording(SLI.threshold("latency", gt=10**6), retention="1h", clock=clock)
    asked: list[Any] = []

    def hook(place: Any) -> str:
        asked.append(place)
        raise RuntimeError

    events = HttpEvents(availability=one, latency=two, exemplar=hook)
    exchange = events.begin("GET", lambda: None, {"PATH_INFO": "/"})
    exchange.status = 200
    exchange.answered()
    assert asked == [{"PATH_INFO": "/"}]
    assert events.failed_hooks == 1
    assert int(two.counts().bad.sum()) == 1
    with pytest.raises(WrongType, match="exemplar must be a plain function"):
        HttpEvents(availability=one, exemplar="traceparent")  # type: ignore[arg-type]
    with pytest.raises(InvalidDefinition):
        HttpEvents(exemplar=trace_id)


def test_a_slow_request_leaves_its_trace() -> None:
    """Of an ASGI application whose latency is judged: the indicator says which are bad."""
    clock = ManualClock(START)
    slow = Recording(SLI.threshold("latency", gt=10**6), retention="1h", clock=clock)

    async def served(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    async def sent(message: Any) -> None:
        pass

    app = AsgiMonitor(served, latency=slow, exemplar=trace_id)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"traceparent", PARENT.encode())]}
    asyncio.run(app(scope, None, sent))  # type: ignore[arg-type]
    assert [e.id for e in slow.exemplars()] == [TRACE]
