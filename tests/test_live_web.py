"""Each request of a web service counts once, by how it ended, and nothing of that is felt by the application."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, SLO
from slokit.errors import InvalidDefinition, InvalidSLI, WrongType
from slokit.live import Monitor
from slokit.live.web import AsgiMonitor, HttpEvents, RequestRecord, StatusRule, WsgiMonitor
from tests import web_app
from tests.conftest import IN_CI, ROOT
from tests.web_app import monitors


def framework(name: str) -> Any:
    """Return an installed framework; skip without it, but not in CI, where a test that is skipped proves nothing."""
    return importlib.import_module(name) if IN_CI else pytest.importorskip(name)


def told(given: dict[str, Monitor]) -> dict[str, tuple[int, int]]:
    """Return good and bad events of each monitor, once nothing was dropped."""
    assert all(not monitor.drops for monitor in given.values())
    statuses = {name: monitor.status() for name, monitor in given.items()}
    return {name: (status.good, status.bad) for name, status in statuses.items()}


def both(good: int, bad: int) -> dict[str, tuple[int, int]]:
    """Return what both monitors say of fast requests."""
    return {"availability": (good, bad), "latency": (good, bad)}


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        (">=500", [500, 503, 599]),
        (" 500-599 , 429 ", [429, 500, 503, 599]),
        ("<200, >503", [101, 599]),
        ("<=200,404", [101, 200, 404]),
        ("500 - 503", [500, 503]),
    ],
)
def test_a_rule_says_which_statuses_are_bad(rule: str, bad: list[int]) -> None:
    """Comparisons, ranges with both ends and single statuses, in any mixture."""
    statuses = [101, 200, 404, 429, 500, 503, 599]
    assert [status for status in statuses if StatusRule(rule).is_bad(status)] == bad


@pytest.mark.parametrize("rule", ["", "500,", "599-500", "=500", ">=", "5xx", "-1", "500-", "\u0665\u0660\u0660"])
def test_a_rule_that_cannot_be_read_is_refused(rule: str) -> None:
    """When the application starts, and not at the first failure."""
    with pytest.raises(InvalidDefinition, match='bad: must be like ">=500"'):
        StatusRule(rule)


@given(spans=st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999)), min_size=1, max_size=4))
def test_a_rule_is_the_union_of_its_parts(spans: list[tuple[int, int]]) -> None:
    """Whatever their order and overlap."""
    ordered = [sorted(span) for span in spans]
    rule = StatusRule(",".join(f"{low}-{high}" for low, high in ordered))
    union = {status for low, high in ordered for status in range(low, high + 1)}
    assert {status for status in range(1_000) if rule.is_bad(status)} == union


def test_options_that_cannot_be_meant_are_refused() -> None:
    """With what is wrong, and how to mend it."""
    given = monitors(None)
    up, fast = given["availability"], given["latency"]
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

    with pytest.raises(WrongType, match="plain function"):
        HttpEvents(on_request=hook)


def test_a_record_shows_what_it_is_and_no_more() -> None:
    """In a terminal and in a notebook, cleaned."""
    record = RequestRecord("GET", "/a/{id}\x1b", None, 0.5, ok=False)
    assert "\x1b" not in repr(record) + record._repr_html_()
    assert "no answer in 0.5 s, bad" in repr(record)
    assert dict(record.__rich_repr__())["status"] is None


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
    scope = {"type": kind, "method": "GET", "path": path, "root_path": options.pop("root", "")}
    asyncio.run(watched(scope, receive, sender or send))
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
    given = monitors(None)
    sent = asgi(app, **given)
    assert told(given) == both(good, bad)
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
    given = monitors(None)
    with pytest.raises(error):
        asgi(app, **given)
    assert told(given) == both(good, bad)


def test_a_worker_that_is_told_to_exit_fails_its_request() -> None:
    """Servers end a worker that took too long so: nobody hung up."""
    given = monitors(None)
    with pytest.raises(SystemExit):
        asgi(sends(then=SystemExit(1)), **given)
    assert told(given) == both(0, 1)


def test_a_client_that_left_counts_if_that_is_asked_for() -> None:
    """Cancelled, or told so: bad either way, and there may be no status."""
    records: list[RequestRecord] = []
    given = monitors(None)
    options: dict[str, Any] = {**given, "cancelled": "bad", "on_request": records.append}
    asgi(sends(START, PART, listens=True), **options)
    with pytest.raises(asyncio.CancelledError):
        asgi(sends(then=asyncio.CancelledError()), **options)
    assert told(given) == both(0, 2)
    assert [(record.status, record.ok) for record in records] == [(200, False), (None, False)]


def test_a_send_that_fails_is_a_client_that_left() -> None:
    """Servers raise OSError there; what else they raise is the application's mistake."""

    async def gone(message: Any) -> None:
        raise BrokenPipeError

    async def strict(message: Any) -> None:
        raise RuntimeError("unexpected message")

    given = monitors(None)
    with pytest.raises(BrokenPipeError):
        asgi(sends(START), sender=gone, **given)
    assert told(given) == both(0, 0)
    with pytest.raises(RuntimeError):
        asgi(sends(START), sender=strict, **given)
    assert told(given) == both(0, 1)


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_is_not_http_passes_through_untouched(kind: str) -> None:
    """With the very objects that the server gave."""
    seen: list[Any] = []

    async def app(*arguments: Any) -> None:
        seen.extend(arguments)

    async def channel(*_: Any) -> Any: ...

    given = monitors(None)
    scope = {"type": kind}
    asyncio.run(AsgiMonitor(app, **given)(scope, channel, channel))
    assert all(mine is theirs for mine, theirs in zip(seen, (scope, channel, channel), strict=True))
    assert told(given) == both(0, 0)


def test_paths_to_skip_are_those_within_the_application() -> None:
    """Wherever it is mounted, and for all that begin so with a star."""
    given = monitors(None)
    watched = AsgiMonitor(sends(START, LAST), skip=("/healthz", "/static/*"), **given)

    async def send(message: Any) -> None: ...

    for root, path in [("", "/healthz"), ("/api", "/api/healthz"), ("", "/static/a.png"), ("/api/", "/healthz")]:
        asyncio.run(watched({"type": "http", "path": path, "root_path": root}, send, send))  # type: ignore[arg-type]
    assert told(given) == both(0, 0)
    for path in ("/healthz/", "/health", "/static", "/apihealthz"):
        asyncio.run(watched({"type": "http", "path": path, "root_path": "/api"}, send, send))  # type: ignore[arg-type]
    assert told(given) == both(4, 0)


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
    given = monitors(None)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START if scope["path"] == "/good" else BROKEN)
        await asyncio.sleep(0.01)
        await send(LAST)

    async def send(message: Any) -> None: ...

    async def many() -> None:
        watched = AsgiMonitor(app, **given)
        paths = ["/good", "/bad", "/good"] * 20
        scopes = ({"type": "http", "method": "GET", "path": path} for path in paths)
        await asyncio.gather(*(watched(scope, send, send) for scope in scopes))  # type: ignore[arg-type]

    asyncio.run(many())
    assert told(given) == both(40, 20)


def test_a_hook_that_fails_troubles_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """All its failures are counted, the first is logged, and the monitors have been told."""
    given = monitors(None)

    def hook(record: RequestRecord) -> None:
        raise KeyError(record.route)

    watched = AsgiMonitor(sends(START, LAST), on_request=hook, **given)

    async def send(message: Any) -> None: ...

    for _ in range(3):
        asyncio.run(watched({"type": "http", "path": "/"}, send, send))  # type: ignore[arg-type]
    assert told(given) == both(3, 0)
    assert (watched.events.failed_hooks, watched.events.failed_hooks, len(caplog.records)) == (3, 3, 1)


def test_a_method_that_a_client_made_up_is_no_label() -> None:
    """There would be one for each client that tries."""
    records: list[RequestRecord] = []
    watched = AsgiMonitor(sends(START, LAST), on_request=records.append)

    async def send(message: Any) -> None: ...

    for method in ("PATCH", "X" * 1_000):
        asyncio.run(watched({"type": "http", "method": method, "path": "/"}, send, send))  # type: ignore[arg-type]
    assert [record.method for record in records] == ["PATCH", "other"]


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
    """Serve a body as a server does: at most so many parts, then close, with both sides checked against the standard."""

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        headers = [("Content-Type", "text/plain")] * (status[:3] not in {"204", "304"})
        start_response(status, headers + [("Content-Length", length)] * bool(length))
        return body

    environ: dict[str, Any] = {"REQUEST_METHOD": method, "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    served = validator(WsgiMonitor(app if length else validator(app), **options))(environ, lambda *_: print)
    parts = iter(served)
    try:
        return [part for part, _ in zip(parts, range(take), strict=False)]
    finally:
        served.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given_", "good", "bad"),
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
def test_a_wsgi_request_counts_by_how_it_ended(given_: dict[str, Any], good: int, bad: int) -> None:
    """Once, when its body is exhausted or closed; a body that is as long as it said is whole."""
    given = monitors(None)
    wsgi(**given_, **given)
    assert told(given) == both(good, bad)
    if isinstance(given_["body"], Parts):
        assert given_["body"].closed == 1


def test_a_wsgi_exception_counts_and_goes_on_its_way() -> None:
    """Of the call, of the body halfway, and of its closing unless the answer was whole."""
    given = monitors(None)
    with pytest.raises(KeyError):
        WsgiMonitor(lambda environ, start: {}["x"], **given)({}, lambda *_: print)
    assert told(given) == both(0, 1)
    with pytest.raises(KeyError):
        wsgi(Parts(b"a", then=KeyError("x")), **given)
    assert told(given) == both(0, 2)
    with pytest.raises(KeyError):
        wsgi(Parts(b"a", closing=KeyError("x")), take=0, **given)
    assert told(given) == both(0, 3)
    with pytest.raises(KeyError):
        wsgi(Parts(b"a", closing=KeyError("x")), **given)
    assert told(given) == both(1, 3)


def test_an_application_may_replace_an_answer_that_is_not_yet_sent() -> None:
    """The server gets ``exc_info`` as it is; the last status counts, or what the server raises."""
    given = monitors(None)
    begun: list[Any] = []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        try:
            {}["x"]
        except KeyError:
            start_response("500 Oh", [], sys.exc_info())
        return [b"sorry"]

    def server(status: str, headers: Any, exc_info: Any = None) -> Any:
        begun.append((status, exc_info and exc_info[0]))
        return print

    assert list(WsgiMonitor(app, **given)({}, server)) == [b"sorry"]
    assert begun == [("200 OK", None), ("500 Oh", KeyError)]
    assert told(given) == both(0, 1)

    def too_late(status: str, headers: Any, exc_info: Any = None) -> Any:
        if exc_info:
            raise exc_info[1]
        return print

    with pytest.raises(KeyError):
        WsgiMonitor(app, **given)({}, too_late)
    assert told(given) == both(0, 2)


def test_a_body_of_known_length_stays_one() -> None:
    """Servers add a Content-Length to a list of one part, and to nothing else."""
    watched = WsgiMonitor(lambda environ, start: environ["body"], on_request=print)
    assert len(watched({"body": [b"a"]}, lambda *_: print)) == 1  # type: ignore[arg-type]
    assert not hasattr(watched({"body": Parts()}, lambda *_: print), "__len__")


def test_wsgi_paths_to_skip_may_have_any_letters() -> None:
    """The path is bytes dressed as latin-1; a skipped request is the application's alone."""
    given = monitors(None)
    body = [b"a"]
    watched = WsgiMonitor(lambda environ, start: body, skip=("/gesundheit/größe",), **given)
    assert watched({"PATH_INFO": "/gesundheit/größe".encode().decode("latin-1")}, lambda *_: print) is body
    assert watched({"PATH_INFO": "/gesundheit"}, lambda *_: print) is not body
    assert told(given) == both(0, 0)


# --- frameworks -------------------------------------------------------------------------------------------------------


def test_starlette_tells_its_routes() -> None:
    """Templates and never paths; exceptions, streams and missing pages count as what they are."""
    framework("starlette")
    framework("httpx")
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    def user(request: Any) -> Any:
        return PlainTextResponse(request.path_params["name"])

    def broken(request: Any) -> Any:
        raise KeyError("x")

    async def parts() -> Any:
        yield b"a"
        yield b"b"

    given = monitors(None)
    records: list[RequestRecord] = []
    app = Starlette(
        routes=[
            Route("/users/{name}", user),
            Route("/broken", broken),
            Route("/stream", lambda request: StreamingResponse(parts())),
            Route("/healthz", lambda request: PlainTextResponse("well")),
        ],
        middleware=[Middleware(AsgiMonitor, skip="/healthz", on_request=records.append, **given)],  # type: ignore[arg-type]
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        answers = [client.get(path) for path in ("/users/ada", "/broken", "/stream", "/nowhere", "/healthz")]
    assert [answer.status_code for answer in answers] == [200, 500, 200, 404, 200]
    assert answers[2].text == "ab"
    assert [(record.route, record.status, record.ok) for record in records] == [
        ("/users/{name}", 200, True),
        ("/broken", 500, False),
        ("/stream", 200, True),
        (None, 404, True),
    ]
    assert told(given) == both(3, 1)


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
    here = "tests.test_live_web"
    assert [record.route for record in records] == [f"{here}.told", f"{here}.Parts", "/orders", None]


def test_flask_tells_its_routes() -> None:
    """Although it takes its request away before the body is sent."""
    flask = framework("flask")
    app = flask.Flask("shop")
    app.add_url_rule("/users/<name>", view_func=lambda name: name, endpoint="user")
    app.add_url_rule("/stream", view_func=lambda: (part for part in ("a", "b")), endpoint="stream")
    app.add_url_rule("/broken", view_func=lambda: {}["x"], endpoint="broken")
    given = monitors(None)
    records: list[RequestRecord] = []
    app.wsgi_app = WsgiMonitor(app.wsgi_app, on_request=records.append, **given)  # type: ignore[arg-type]
    client = app.test_client()
    texts = [client.get(path).text for path in ("/users/ada", "/stream", "/broken", "/nowhere")]
    assert texts[:2] == ["ada", "ab"]
    assert client.head("/users/ada").status_code == 200
    assert [(record.method, record.route, record.status) for record in records] == [
        ("GET", "/users/<name>", 200),
        ("GET", "/stream", 200),
        ("GET", "/broken", 500),
        ("GET", None, 404),
        ("HEAD", "/users/<name>", 200),
    ]
    assert told(given) == both(4, 1)


def test_django_counts_and_may_tell_its_routes() -> None:
    """A middleware of two lines hands over the route that Django keeps to itself."""
    django = framework("django")
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse, StreamingHttpResponse
    from django.urls import path

    def tell_route(get_response: Any) -> Any:
        def serve(request: Any) -> Any:
            response = get_response(request)
            if request.resolver_match is not None:
                request.environ["slokit.route"] = request.resolver_match.route
            return response

        return serve

    urls = type(sys)("shop_urls")
    urls.tell_route = tell_route  # type: ignore[attr-defined]
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("users/<name>", lambda request, name: HttpResponse(name)),
        path("stream", lambda request: StreamingHttpResponse(iter([b"a", b"b"]))),
        path("broken", lambda request: {}["x"]),
    ]
    sys.modules["shop_urls"] = urls
    settings.configure(
        ROOT_URLCONF="shop_urls", MIDDLEWARE=["shop_urls.tell_route"], ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None
    )
    django.setup()
    given = monitors(None)
    records: list[RequestRecord] = []
    watched = validator(WsgiMonitor(WSGIHandler(), on_request=records.append, **given))
    bodies = []
    for asked in ("/users/ada", "/stream", "/broken", "/nowhere"):
        environ: dict[str, Any] = {"PATH_INFO": asked, "QUERY_STRING": ""}
        setup_testing_defaults(environ)
        body = watched(environ, lambda *_: print)
        bodies.append(b"".join(body))
        body.close()  # type: ignore[attr-defined]
    assert bodies[:2] == [b"ada", b"ab"]
    assert [(record.route, record.status) for record in records] == [
        ("users/<name>", 200),
        ("stream", 200),
        ("broken", 500),
        (None, 404),
    ]
    assert told(given) == both(3, 1)


# --- servers ----------------------------------------------------------------------------------------------------------

LOAD = ["/orders"] * 30 + ["/broken"] * 6 + ["/raises"] * 4 + ["/healthz"] * 5


def ask(url: str) -> tuple[int, bytes]:
    """Return status and body; on the loop-back device, whatever proxy the machine has."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def load(port: int) -> Counter[int]:
    """Send the load from four threads, and return how often each status came."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, [f"http://127.0.0.1:{port}{path}" for path in LOAD]))
    return Counter(status for status, _ in answers)


def eventually(what: Callable[[], bool]) -> None:
    """Wait for something, ten seconds at most."""
    until = time.monotonic() + 10
    while not what():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.02)


SENT = both(30, 10)


def test_a_server_of_the_standard_library_tells_what_was_sent() -> None:
    """Each request once, by its status, a failure as the 500 that the server makes of it."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def get_stderr(self) -> Any:
            return open(os.devnull, "w")  # noqa: PTH123

    given = monitors(None)
    with make_server("127.0.0.1", 0, web_app.wsgi(given), handler_class=Quiet) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            assert load(server.server_port) == {200: 35, 503: 6, 500: 4}
        finally:
            server.shutdown()
            thread.join()
    assert told(given) == SENT


@contextmanager
def uvicorn_serving(app: Any) -> Iterator[int]:
    """Serve in a thread, and yield the port."""
    uvicorn = framework("uvicorn")
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            eventually(lambda: bool(server.started))
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def test_uvicorn_tells_what_was_sent() -> None:
    """Each request once, by its status."""
    given = monitors(None)
    with uvicorn_serving(web_app.asgi(given)) as port:
        assert load(port) == {200: 35, 503: 6, 500: 4}
    assert told(given) == SENT


def test_a_client_that_hangs_up_is_in_no_count() -> None:
    """A real one, in the middle of a stream that listens for it."""
    ended = threading.Event()

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        try:
            await receive()  # the request itself
            await send(START)
            await send(PART)
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            ended.set()

    given = monitors(None)
    with uvicorn_serving(AsgiMonitor(stream, **given)) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert ended.wait(10)
    assert told(given) == both(0, 0)


@pytest.mark.skipif(os.name != "posix", reason="gunicorn forks")
def test_workers_that_share_a_store_add_up_to_what_was_sent(tmp_path: Path) -> None:
    """Two workers of gunicorn; each writes what it counted when it goes."""
    framework("gunicorn")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    store = str(tmp_path / "slo.db")
    command = [sys.executable, "-m", "gunicorn", "--workers=2", f"--bind=127.0.0.1:{port}", "--log-level=critical"]
    command += ["--config=python:tests.web_app", "--no-control-socket", "tests.web_app:worker_application()"]
    environment = {**os.environ, "SHOP_STORE": store, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL) as server:
        try:

            def both_answer() -> bool:
                with pytest.MonkeyPatch.context():
                    try:
                        workers.add(ask(f"http://127.0.0.1:{port}/healthz")[1])
                    except OSError:
                        assert server.poll() is None, "the server ended"
                return len(workers) == 2

            workers: set[bytes] = set()
            eventually(both_answer)
            assert load(port) == {200: 35, 503: 6, 500: 4}
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)
    assert told(monitors(store)) == SENT
