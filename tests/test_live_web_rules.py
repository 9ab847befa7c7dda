"""Who is told of requests, and by which rule each of them judges; objectives of single routes, without any path."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO
from slokit.errors import InvalidDefinition, InvalidSLI, StoreError, WrongType
from slokit.live import Monitor, Recording
from slokit.live.web import AsgiMonitor, HttpEvents, RequestRecord, WsgiMonitor
from slokit.protocols import StoredCounts
from slokit.sli import StatusRule

HOUR = "1h"
LAST = {"type": "http.response.body", "body": b"x"}


def recording(sli: SLI) -> Recording:
    """Return a recording of an indicator."""
    return Recording(sli, retention=HOUR)


def told(one: Recording) -> tuple[int, int]:
    """Return good and bad events, none of which was dropped."""
    assert not one.drops()
    return int(one.counts().good.sum()), int(one.counts().bad.sum())


class Labels:
    """What counts by label, as a fleet does, and may fail."""

    def __init__(self, slo: Any = None, *, fails: bool = False) -> None:
        self.slo, self.fails = slo, fails
        self.seen: Counter[tuple[str, bool]] = Counter()

    def record(self, label: str, ok: bool) -> None:
        """Count one event."""
        if self.fails:
            raise KeyError(label)
        self.seen[label, ok] += 1


def serve(watched: AsgiMonitor, *statuses: object, **scope: Any) -> None:
    """Send requests that are answered with statuses."""

    async def send(message: Any) -> None: ...

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    for status in statuses:
        told_so = {"type": "http", "method": "GET", "path": "/", "status": status, **scope}
        asyncio.run(watched(told_so, receive, send))


async def answers(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the status that the scope asks for, after so many seconds; ``left`` is a client that hangs up."""
    await asyncio.sleep(scope.get("seconds", 0))
    await send({"type": "http.response.start", "status": scope["status"], "headers": []})
    if scope.get("left"):
        await receive()
        return
    await send(LAST)


# --- rules ------------------------------------------------------------------------------------------------------------


def test_one_monitor_is_told_status_and_seconds() -> None:
    """Good only where both are; a failure and a slow answer are one bad event each, and so are both at once."""
    usable = recording(SLI.http("shop", latency="40ms", bad="500-599,429"))
    watched = AsgiMonitor(answers, requests=usable)
    serve(watched, 200, 404, 429, 503)
    assert told(usable) == (2, 2)
    serve(watched, 200, 503, seconds=0.06)
    assert told(usable) == (2, 4)


def test_each_indicator_judges_by_its_own_rule() -> None:
    """Of one request: http by status and seconds, a ratio by the status, a threshold by seconds where it was good."""
    usable, quick = recording(SLI.http("shop", latency="40ms")), recording(SLI.threshold("quick", lt="40ms"))
    up, strict = recording(SLI.ratio("up")), recording(SLI.http("strict", bad=">=400"))
    watched = AsgiMonitor(answers, requests=[usable, quick, up, strict], bad=">=500")
    serve(watched, 200, 404, 503)
    serve(watched, 200, 503, seconds=0.06)
    assert [told(one) for one in (usable, quick, up, strict)] == [(2, 3), (2, 3), (3, 2), (2, 3)]


def test_a_request_that_was_left_counts_by_each_rule() -> None:
    """In no count, unless the status that went ahead is a bad one by that rule, or one asks for it."""
    up, strict = recording(SLI.http("up")), recording(SLI.http("strict", bad="200"))
    serve(AsgiMonitor(answers, requests=[up, strict]), 200, left=True)
    assert (told(up), told(strict)) == ((0, 0), (0, 1))
    serve(AsgiMonitor(answers, requests=up, cancelled="bad"), 200, left=True)
    assert told(up) == (0, 1)


@pytest.mark.parametrize("status", [0, 99, 1000, -1, True, None, "200", 2**70])
def test_what_is_no_status_is_a_failure(status: object) -> None:
    """Whatever an application says: never a drop, never good."""
    up, ratio = recording(SLI.http("up")), recording(SLI.ratio("up"))
    serve(AsgiMonitor(answers, requests=[up, ratio]), status)
    assert told(up) == told(ratio) == (0, 1)

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response(f"{status} Odd", [])
        return [b"x"]

    if status != "200":
        list(WsgiMonitor(app, requests=up)({"PATH_INFO": "/"}, lambda *_: print))
        assert told(up) == (0, 2)


def test_there_are_no_two_truths_about_a_status() -> None:
    """The rule of an indicator is everybody's; where indicators differ it must be said, if somebody needs it."""
    lenient, strict = recording(SLI.http("x", bad="500-599,429")), recording(SLI.http("y", bad=">=400"))
    assert HttpEvents(requests=lenient, on_request=print).rule == StatusRule("429,500-599")
    assert HttpEvents(requests=lenient, bad="429,500-599").rule == StatusRule("429,500-599")
    assert HttpEvents(on_request=print).rule == StatusRule(">=500")
    assert HttpEvents(requests=[lenient, strict], on_request=print, bad=">=500").rule == StatusRule(">=500")
    HttpEvents(requests=[lenient, strict])
    with pytest.raises(InvalidDefinition, match="bad: must not be '>=500' where the indicator says '429,500-599'"):
        HttpEvents(requests=lenient, bad=">=500")
    with pytest.raises(InvalidDefinition, match="bad: is missing: indicators say '429,500-599' and '>=400'"):
        HttpEvents(requests=[lenient, strict], on_request=print)
    with pytest.raises(InvalidDefinition, match="bad: is missing"):
        HttpEvents(
            requests=lenient,
            by_route=Labels(SLO("r", sli=SLI.http("z"), target=0.9, window="1h")),
            latency=recording(SLI.threshold("t", lt=1)),
        )


def test_options_that_cannot_be_meant_are_refused() -> None:
    """Before the first request."""
    up = recording(SLI.http("x"))
    monitor = Monitor(SLO("x", sli=SLI.http("x"), target="90%", window="1h"))
    with pytest.raises(InvalidDefinition, match="requests: would count each request twice: it shares requests's rec"):
        HttpEvents(requests=[monitor, monitor.recording])
    with pytest.raises(InvalidDefinition, match=r"routes\['/a'\]: would count each request twice: it shares"):
        HttpEvents(requests=up, routes={"/a": up})
    with pytest.raises(InvalidSLI, match="requests must judge requests, and 'odd' is a predicate"):
        HttpEvents(requests=recording(SLI.predicate("odd", np.isfinite)))
    with pytest.raises(WrongType, match="requests must be a Monitor or a Recording, got SLO"):
        HttpEvents(requests=monitor.slo)  # type: ignore[arg-type]
    with pytest.raises(WrongType, match="requests must be a Monitor or a Recording, got str"):
        HttpEvents(requests="up")  # type: ignore[arg-type]
    with pytest.raises(WrongType, match="routes must map routes"):
        HttpEvents(routes=[monitor])  # type: ignore[arg-type]
    with pytest.raises(WrongType, match=r"routes\['/a'\] must be a Monitor"):
        HttpEvents(routes={"/a": print})  # type: ignore[dict-item]
    for odd in (monitor, up, print):
        with pytest.raises(WrongType, match=r"by_route must have record\(label, ok\)"):
            HttpEvents(by_route=odd)  # type: ignore[arg-type]
    with pytest.raises(InvalidSLI, match="by_route must judge requests"):
        HttpEvents(by_route=Labels(SLO("x", sli=SLI.predicate("odd", np.isfinite), target=0.9, window="1h")))


# --- routes -----------------------------------------------------------------------------------------------------------


async def routed(scope: Any, receive: Any, send: Any) -> None:
    """Answer under the route that the first part of the path names, if it names one."""
    known = {"orders": "/orders/{id}", "users": "/users/{id}"}.get(scope["path"].split("/")[1])
    if known is not None:
        scope["slokit.route"] = known
    await answers(scope, receive, send)


def test_a_route_has_an_objective_of_its_own() -> None:
    """Told of its requests alone, and several routes may share one."""
    orders, people, both = (recording(SLI.http(name, latency="10s")) for name in ("orders", "users", "both"))
    watched = AsgiMonitor(routed, routes={"/orders/{id}": [orders, both], "/users/{id}": (people, both), "/none": []})
    for path in ("/orders/1", "/orders/2", "/users/1", "/nowhere"):
        serve(watched, 200, 500, path=path)
    assert (told(orders), told(people), told(both)) == ((2, 2), (1, 1), (3, 3))


def test_requests_are_counted_by_their_route_and_never_by_their_path() -> None:
    """However many paths there are: as many labels as routes, and one for what has none; none is lost."""
    labels = Labels()
    watched = AsgiMonitor(routed, by_route=labels)
    for n in range(300):
        serve(watched, 200, path=f"/{('orders', 'users', f'x{n}', chr(0) * n)[n % 4]}/{n}")
    serve(watched, 503, path="/orders/../../etc/passwd")
    assert labels.seen == {
        ("/orders/{id}", True): 75,
        ("/users/{id}", True): 75,
        ("(none)", True): 150,
        ("/orders/{id}", False): 1,
    }


@pytest.mark.parametrize(
    ("sli", "seen"),
    [
        (None, {("(none)", True): 3, ("(none)", False): 2}),
        (SLI.ratio("x"), {("(none)", True): 3, ("(none)", False): 2}),
        (SLI.http("x", latency="40ms", bad=">=500"), {("(none)", True): 2, ("(none)", False): 3}),
        (SLI.threshold("x", lt="40ms"), {("(none)", True): 2, ("(none)", False): 3}),
    ],
)
def test_what_counts_by_route_judges_by_its_objective(sli: SLI | None, seen: dict[tuple[str, bool], int]) -> None:
    """If it has one; else by the status."""
    labels = Labels(None if sli is None else SLO("x", sli=sli, target="90%", window="1h"))
    watched = AsgiMonitor(answers, by_route=labels)
    serve(watched, 200, 404, 503)
    serve(watched, 200, 503, seconds=0.06)
    serve(watched, 200, left=True)
    assert labels.seen == seen


def test_what_counts_by_route_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody else is told less for it; failures are counted, the first is logged."""
    up, records = recording(SLI.http("up")), list[RequestRecord]()
    watched = AsgiMonitor(answers, requests=up, by_route=Labels(fails=True), on_request=records.append)
    serve(watched, 200, 200, 503)
    assert told(up) == (2, 1)
    assert [record.ok for record in records] == [True, True, False]
    assert (watched.events.failed_hooks, len(caplog.records)) == (3, 1)


def test_wsgi_tells_of_routes_too() -> None:
    """What the application puts into its environ, until the body is sent."""
    orders, labels = recording(SLI.http("orders", latency="10s")), Labels()

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        environ["slokit.route"] = "/orders/{id}"
        return [b"x"]

    watched = WsgiMonitor(app, routes={"/orders/{id}": orders}, by_route=labels)
    assert list(watched({"PATH_INFO": "/orders/1"}, lambda *_: print)) == [b"x"]
    assert told(orders) == (1, 0)
    assert labels.seen == {("/orders/{id}", True): 1}


# --- the end ----------------------------------------------------------------------------------------------------------


class Store:
    """A store that counts how often it was written to, and may fail."""

    def __init__(self, *, fails: bool = False) -> None:
        self.writes, self.fails = 0, fails

    def write(self, *_: Any) -> bool:
        """Count a write."""
        self.writes += 1
        if self.fails:
            raise StoreError("away")
        return True

    def read(self, *_: Any, **__: Any) -> Any:
        """Return nothing."""
        return StoredCounts(*np.zeros((3, 0), dtype=np.int64))

    def folded(self, *_: Any) -> None:
        """Fold nobody."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


@pytest.mark.parametrize("end", ["complete", "failed"])
@pytest.mark.parametrize("fails", [False, True])
def test_monitors_write_when_the_application_has_shut_down(end: str, fails: bool) -> None:
    """Before the server hears of it; what fails there keeps nobody from ending."""
    store = Store(fails=fails)
    monitor = Monitor(SLO("x", sli=SLI.http("x"), target="90%", window="1h"), store=store)
    alone = Monitor(SLO("y", sli=SLI.http("y"), target="90%", window="1h"))
    before, heard = store.writes, list[tuple[str, int]]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})
        await send({"type": f"lifespan.shutdown.{end}"})

    async def send(message: Any) -> None:
        heard.append((message["type"], store.writes - before))

    watched = AsgiMonitor(app, requests=[monitor, alone])
    asyncio.run(watched({"type": "lifespan"}, send, send))  # type: ignore[arg-type]
    assert heard == [("lifespan.startup.complete", 0), (f"lifespan.shutdown.{end}", 1)]


def test_a_worker_that_exits_in_a_generator_fails_its_request() -> None:
    """As gunicorn ends a worker that took too long."""
    up = recording(SLI.http("up"))

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield b"x"
        sys.exit(1)

    body = iter(WsgiMonitor(app, requests=up)({"PATH_INFO": "/"}, lambda *_: print))
    assert next(body) == b"x"
    with pytest.raises(SystemExit):
        next(body)
    assert told(up) == (0, 1)
