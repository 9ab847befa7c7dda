"""Each request of a web service counts once, by how it ended, and nothing of that is felt by the application."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from slokit import SLI, SLO
from slokit.errors import InvalidDefinition, InvalidSLI, WrongType
from slokit.live import Monitor
from slokit.live.web import AsgiMonitor, HttpEvents, RequestRecord, WsgiMonitor
from tests.web_app import both, fails, monitors, told

# --- rules ------------------------------------------------------------------------------------------------------------


def test_options_that_cannot_be_meant_are_refused() -> None:
    """With what is wrong, and how to mend it."""
    watching = monitors()
    up, fast = watching["availability"], watching["latency"]
    with pytest.raises(InvalidDefinition, match="name one of them"):
        HttpEvents()
    with pytest.raises(InvalidDefinition, match="count each request twice"):
        HttpEvents(availability=fast, latency=Monitor(fast.slo, recording=fast.recording))
    with pytest.raises(InvalidSLI, match="give it as availability"):
        HttpEvents(latency=up)
    with pytest.raises(WrongType, match="availability must be a Monitor or a Recording, got SLO"):
        HttpEvents(availability=up.slo)  # type: ignore[arg-type]
    with pytest.raises(InvalidDefinition, match='"ignore" or "bad"'):
        HttpEvents(availability=up, cancelled="good")  # type: ignore[arg-type]
    with pytest.raises(InvalidDefinition, match="skip: must be like"):
        HttpEvents(availability=up, skip=("healthz",))
    with pytest.raises(WrongType, match="skip must be paths"):
        HttpEvents(availability=up, skip=(b"/healthz",))  # type: ignore[arg-type]
    with pytest.raises(WrongType, match="bad must be text"):
        HttpEvents(availability=up, bad=500)  # type: ignore[arg-type]

    async def hook(record: RequestRecord) -> None: ...

    class Hook:
        async def __call__(self, record: RequestRecord) -> None: ...

    for waits in (hook, Hook()):
        with pytest.raises(WrongType, match="plain function"):
            HttpEvents(on_request=waits)


def test_a_record_shows_what_it_is_and_no_more() -> None:
    """In a terminal and in a notebook, cleaned."""
    record = RequestRecord("GET", "/a/{id}\x1b", None, 0.5, ok=False)
    assert "\x1b" not in repr(record) + record._repr_html_()
    assert "no answer in 0.5 s, bad" in repr(record)
    assert dict(record.__rich_repr__())["status"] == "no answer"
    assert '<th scope="row">route</th><td>/a/{id}\\x1b</td>' in record._repr_html_()


# --- ASGI -------------------------------------------------------------------------------------------------------------

Messages = list[dict[str, Any]]
START = {"type": "http.response.start", "status": 200, "headers": []}
PART = {"type": "http.response.body", "body": b"x", "more_body": True}
LAST = {"type": "http.response.body", "body": b"x"}
BROKEN = START | {"status": 500}


def asgi(app: Any, *, kind: str = "http", path: str = "/", sender: Any = None, **options: Any) -> Messages:
    """Call an application once, watched, and return what it sent."""
    sent: Messages = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    watched = AsgiMonitor(app, **options)
    scope = {"type": kind, "method": "GET", "path": path}
    asyncio.run(watched(scope, receive, sender or send))  # type: ignore[arg-type]
    return sent


def sends(*messages: dict[str, Any], then: BaseException | None = None, listens: bool = False) -> Any:
    """Return an application that sends messages, may hear of a client that left, and may raise."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)
        if listens:
            await receive()
        if then is not None:
            raise then

    return app


@pytest.mark.parametrize(
    ("app", "good", "bad"),
    [
        (sends(START, LAST), 1, 0),
        (sends(START, PART, PART, LAST), 1, 0),
        (sends(START, {"type": "http.response.pathsend", "path": "/x"}), 1, 0),
        (sends(BROKEN, LAST), 0, 1),
        (sends(BROKEN, PART, listens=True), 0, 1),
        (sends(START | {"status": 404}, LAST), 1, 0),
        (sends(), 0, 1),
        (sends(START), 0, 1),
        (sends(START, PART), 0, 1),
        (sends(START, PART, listens=True), 0, 0),
        (sends(listens=True), 0, 0),
        (sends(START, LAST, listens=True), 1, 0),
    ],
)
def test_an_asgi_request_counts_by_how_it_ended(app: Any, good: int, bad: int) -> None:
    """Whole, broken off, or left; and every message arrives as it was sent."""
    watching = monitors()
    sent = asgi(app, **watching)
    assert told(watching) == both(good, bad)
    assert sent == asgi(app, on_request=lambda record: None)


@pytest.mark.parametrize(
    ("app", "error", "good", "bad"),
    [
        (sends(then=KeyError("x")), KeyError, 0, 1),
        (sends(START, PART, then=KeyError("x")), KeyError, 0, 1),
        (sends(BROKEN, LAST, then=KeyError("x")), KeyError, 0, 1),
        (sends(START, LAST, then=KeyError("x")), KeyError, 1, 0),
        (sends(START, PART, then=KeyError("x"), listens=True), KeyError, 0, 0),
        (sends(then=asyncio.CancelledError()), asyncio.CancelledError, 0, 0),
        (sends(START, PART, then=asyncio.CancelledError()), asyncio.CancelledError, 0, 0),
        (sends(BROKEN, PART, then=asyncio.CancelledError()), asyncio.CancelledError, 0, 1),
        (sends(then=TimeoutError()), TimeoutError, 0, 1),
    ],
)
def test_an_asgi_exception_counts_and_goes_on_its_way(app: Any, error: Any, good: int, bad: int) -> None:
    """A failure is bad whatever went ahead; after the last message it is none of the request's."""
    watching = monitors()
    with pytest.raises(error):
        asgi(app, **watching)
    assert told(watching) == both(good, bad)


def test_a_worker_that_is_told_to_exit_fails_its_request() -> None:
    """Servers end a worker that took too long so: nobody hung up."""
    watching = monitors()
    with pytest.raises(SystemExit):
        asgi(sends(then=SystemExit(1)), **watching)
    assert told(watching) == both(0, 1)


def test_a_client_that_left_counts_if_that_is_asked_for() -> None:
    """Cancelled, or told so: bad either way, and there may be no status."""
    records: list[RequestRecord] = []
    watching = monitors()
    options: dict[str, Any] = {**watching, "cancelled": "bad", "on_request": records.append}
    asgi(sends(START, PART, listens=True), **options)
    with pytest.raises(asyncio.CancelledError):
        asgi(sends(then=asyncio.CancelledError()), **options)
    assert told(watching) == both(0, 2)
    assert [(record.status, record.ok) for record in records] == [(200, False), (None, False)]


def test_a_send_that_fails_is_a_client_that_left() -> None:
    """Servers raise OSError there; what else they raise is the application's mistake."""

    async def gone(message: Any) -> None:
        raise BrokenPipeError

    async def strict(message: Any) -> None:
        raise RuntimeError("unexpected message")

    watching = monitors()
    with pytest.raises(BrokenPipeError):
        asgi(sends(START), sender=gone, **watching)
    assert told(watching) == both(0, 0)
    with pytest.raises(RuntimeError):
        asgi(sends(START), sender=strict, **watching)
    assert told(watching) == both(0, 1)


def test_a_websocket_passes_through_untouched() -> None:
    """With the very objects that the server gave."""
    seen: list[Any] = []

    async def app(*arguments: Any) -> None:
        seen.extend(arguments)

    async def channel(*_: Any) -> Any: ...

    watching = monitors()
    scope = {"type": "websocket"}
    asyncio.run(AsgiMonitor(app, **watching)(scope, channel, channel))
    assert all(mine is theirs for mine, theirs in zip(seen, (scope, channel, channel), strict=True))
    assert told(watching) == both(0, 0)


def test_paths_to_skip_are_those_within_the_application() -> None:
    """Wherever it is mounted, and for all that begin so with a star."""
    watching = monitors()
    watched = AsgiMonitor(sends(START, LAST), skip=("/healthz", "/static/*"), **watching)

    async def send(message: Any) -> None: ...

    for root, path in [("", "/healthz"), ("/api", "/api/healthz"), ("", "/static/a.png"), ("/api/", "/healthz")]:
        asyncio.run(watched({"type": "http", "path": path, "root_path": root}, send, send))  # type: ignore[arg-type]
    assert told(watching) == both(0, 0)
    for path in ("/healthz/", "/health", "/static", "/apihealthz"):
        asyncio.run(watched({"type": "http", "path": path, "root_path": "/api"}, send, send))  # type: ignore[arg-type]
    assert told(watching) == both(4, 0)


def test_a_request_lasts_until_its_last_message() -> None:
    """A stream is as slow as its end; what runs after the answer makes it no slower."""
    records: list[RequestRecord] = []

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(PART)
        await asyncio.sleep(0.06)
        await send(LAST)
        await asyncio.sleep(0.2)

    slo = SLO("fast", sli=SLI.threshold("latency", lt="50ms"), target="90%", window="1h")
    monitor = Monitor(slo)
    asgi(stream, latency=monitor, on_request=records.append)
    assert monitor.status().bad == 1
    assert 0.06 <= records[0].seconds < 0.2


def test_requests_that_overlap_are_told_apart() -> None:
    """Each by its own scope."""
    watching = monitors()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START if scope["path"] == "/good" else BROKEN)
        await asyncio.sleep(0.01)
        await send(LAST)

    async def send(message: Any) -> None: ...

    async def many() -> None:
        watched = AsgiMonitor(app, **watching)
        paths = ["/good", "/bad", "/good"] * 20
        scopes = ({"type": "http", "method": "GET", "path": path} for path in paths)
        await asyncio.gather(*(watched(scope, send, send) for scope in scopes))  # type: ignore[arg-type]

    asyncio.run(many())
    assert told(watching) == both(40, 20)


def test_a_hook_that_fails_troubles_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """All its failures are counted, the first is logged, and the monitors have been told."""
    watching = monitors()

    def hook(record: RequestRecord) -> None:
        raise KeyError(record.route)

    watched = AsgiMonitor(sends(START, LAST), on_request=hook, **watching)

    async def send(message: Any) -> None: ...

    for _ in range(3):
        asyncio.run(watched({"type": "http", "path": "/"}, send, send))  # type: ignore[arg-type]
    assert told(watching) == both(3, 0)
    assert (watched.events.failed_hooks, watched.events.failed_hooks, len(caplog.records)) == (3, 3, 1)


def test_a_method_that_a_client_made_up_is_no_label() -> None:
    """There would be one for each client that tries."""
    records: list[RequestRecord] = []
    watched = AsgiMonitor(sends(START, LAST), on_request=records.append)

    async def send(message: Any) -> None: ...

    for method in ("PATCH", "X" * 1_000):
        asyncio.run(watched({"type": "http", "method": method, "path": "/"}, send, send))  # type: ignore[arg-type]
    assert [record.method for record in records] == ["PATCH", "other"]


def test_an_endpoint_is_named_where_there_is_no_route() -> None:
    """By module and name, an object by its class; what the application says itself comes first."""
    records: list[RequestRecord] = []

    def serves(**found: Any) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope.update(found)
            await sends(START, LAST)(scope, receive, send)

        return app

    for found in ({"endpoint": told}, {"endpoint": Parts()}, {"endpoint": told, "slokit.route": "/orders"}, {}):
        asgi(serves(**found), on_request=records.append)
    assert [record.route for record in records] == ["tests.web_app.told", "tests.test_live_web.Parts", "/orders", None]


# --- WSGI -------------------------------------------------------------------------------------------------------------


class Parts:
    """A body that is no list: it may fail, and knows whether it was closed."""

    def __init__(self, *parts: bytes, then: Exception | None = None, closing: Exception | None = None) -> None:
        self.parts, self.then, self.closing, self.closed = iter(parts), then, closing, 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        for part in self.parts:
            return part
        if self.then is not None:
            raise self.then
        raise StopIteration

    def close(self) -> None:
        self.closed += 1
        if self.closing is not None:
            raise self.closing


def wsgi(
    body: Iterable[bytes],
    *,
    status: str = "200 OK",
    length: str = "",
    take: int = 99,
    method: str = "GET",
    **options: Any,
) -> list[bytes]:
    """Serve a body as a server does: at most so many parts, then close, checked on both sides."""

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        headers = [("Content-Type", "text/plain")] * (status[:3] not in {"204", "304"})
        start_response(status, headers + [("Content-Length", length)] * bool(length))
        return body

    environ: dict[str, Any] = {"REQUEST_METHOD": method, "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    served = validator(WsgiMonitor(app if length else validator(app), **options))(environ, lambda *_: print)
    parts = iter(served)
    try:
        return list(islice(parts, take))
    finally:
        served.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("served", "good", "bad"),
    [
        ({"body": [b"a", b"b"]}, 1, 0),
        ({"body": Parts(b"a", b"b")}, 1, 0),
        ({"body": [b"a"], "status": "503 Busy"}, 0, 1),
        ({"body": [b"a"], "status": "404 Not Found"}, 1, 0),
        ({"body": Parts(b"a", b"b"), "take": 1}, 0, 0),
        ({"body": Parts(b"a", b"b"), "take": 1, "cancelled": "bad"}, 0, 1),
        ({"body": Parts(b"a", b"b"), "take": 1, "status": "500 Oh"}, 0, 1),
        ({"body": Parts(b"a", b"b"), "take": 1, "length": "2"}, 0, 0),
        ({"body": Parts(b"aa", b""), "take": 1, "length": "2"}, 1, 0),
        ({"body": Parts(b""), "take": 0, "method": "HEAD"}, 1, 0),
        ({"body": Parts(), "take": 0, "status": "204 No Content"}, 1, 0),
    ],
)
def test_a_wsgi_request_counts_by_how_it_ended(served: dict[str, Any], good: int, bad: int) -> None:
    """Once, when its body is exhausted or closed; a body that is as long as it said is whole."""
    watching = monitors()
    wsgi(**served, **watching)
    assert told(watching) == both(good, bad)
    if isinstance(served["body"], Parts):
        assert served["body"].closed == 1


def test_a_body_that_is_closed_has_ended() -> None:
    """What a server does with it afterwards changes nothing, twice closed included."""
    watching = monitors()

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Parts(b"a")

    body: Any = WsgiMonitor(app, **watching)({}, lambda *_: print)
    body.close()
    assert list(body) == [b"a"]
    body.close()
    assert told(watching) == both(0, 0)


def test_a_wsgi_exception_counts_and_goes_on_its_way() -> None:
    """Of the call, of the body halfway, and of its closing unless the answer was whole."""
    watching = monitors()
    with pytest.raises(KeyError):
        WsgiMonitor(fails, **watching)({}, lambda *_: print)
    assert told(watching) == both(0, 1)
    with pytest.raises(KeyError):
        wsgi(Parts(b"a", then=KeyError("x")), **watching)
    assert told(watching) == both(0, 2)
    with pytest.raises(KeyError):
        wsgi(Parts(b"a", closing=KeyError("x")), take=0, **watching)
    assert told(watching) == both(0, 3)
    with pytest.raises(KeyError):
        wsgi(Parts(b"a", closing=KeyError("x")), **watching)
    assert told(watching) == both(1, 3)


def test_an_application_may_replace_an_answer_that_is_not_yet_sent() -> None:
    """The server gets ``exc_info`` as it is; the last status counts, or what the server raises."""
    watching = monitors()
    begun: list[Any] = []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        try:
            fails()
        except KeyError:
            start_response("500 Oh", [], sys.exc_info())
        return [b"sorry"]

    def server(status: str, headers: Any, exc_info: Any = None) -> Any:
        begun.append((status, exc_info and exc_info[0]))
        return print

    assert list(WsgiMonitor(app, **watching)({}, server)) == [b"sorry"]
    assert begun == [("200 OK", None), ("500 Oh", KeyError)]
    assert told(watching) == both(0, 1)

    def too_late(status: str, headers: Any, exc_info: Any = None) -> Any:
        if exc_info:
            raise exc_info[1]
        return print

    with pytest.raises(KeyError):
        WsgiMonitor(app, **watching)({}, too_late)
    assert told(watching) == both(0, 2)


def test_an_application_may_name_exc_info() -> None:
    """Servers allow for it, so it goes on to them as it always does: by its place."""
    watching = monitors()
    heard: list[Any] = []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [], exc_info=None)
        start_response("500 Oh", [], exc_info=(KeyError, KeyError(), None))
        return [b"sorry"]

    def server(*given: Any) -> Any:
        heard.append(len(given))
        return print

    assert list(WsgiMonitor(app, **watching)({}, server)) == [b"sorry"]
    assert heard == [2, 3]
    assert told(watching) == both(0, 1)


@pytest.mark.parametrize("headers", [None, [(1, 2)], [("Content-Length", "9" * 5000)], [("Content-Length", "a")]])
def test_headers_that_are_none_are_the_servers_affair(headers: Any) -> None:
    """Closing a body raises nothing for them."""
    watching = monitors()

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return Parts(b"a")

    body: Any = WsgiMonitor(app, **watching)({}, lambda *_: print)
    assert next(body) == b"a"
    body.close()
    assert told(watching) == both(0, 0)


def test_a_body_of_known_length_stays_one() -> None:
    """Servers add a Content-Length to a list of one part, and to nothing else."""
    watched = WsgiMonitor(lambda environ, start: environ["body"], on_request=print)
    assert len(watched({"body": [b"a"]}, lambda *_: print)) == 1  # type: ignore[arg-type]
    assert not hasattr(watched({"body": Parts()}, lambda *_: print), "__len__")


def test_wsgi_paths_to_skip_may_have_any_letters() -> None:
    """The path is bytes dressed as latin-1; a skipped request is the application's alone."""
    watching = monitors()
    body = [b"a"]
    watched = WsgiMonitor(lambda environ, start: body, skip=("/gesundheit/größe",), **watching)
    assert watched({"PATH_INFO": "/gesundheit/größe".encode().decode("latin-1")}, lambda *_: print) is body
    assert watched({"PATH_INFO": "/gesundheit"}, lambda *_: print) is not body
    assert told(watching) == both(0, 0)
