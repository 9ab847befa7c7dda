"""The middleware in real frameworks and behind real servers: what was sent is what was counted."""

from __future__ import annotations

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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from slokit.live.web import AsgiMonitor, RequestRecord, WsgiMonitor
from tests import web_app
from tests.conftest import IN_CI, ROOT
from tests.web_app import both, fails, monitors, told


def framework(name: str) -> Any:
    """Return an installed framework; skip without it, but not in CI, where a test that is skipped proves nothing."""
    return importlib.import_module(name) if IN_CI else pytest.importorskip(name)


START = {"type": "http.response.start", "status": 200, "headers": []}
PART = {"type": "http.response.body", "body": b"x", "more_body": True}


# --- frameworks -------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient` is deprecated")
def test_starlette_tells_its_routes() -> None:
    """Templates and never paths; exceptions, streams and missing pages count as what they are."""
    framework("httpx")
    middleware, responses = framework("starlette.middleware"), framework("starlette.responses")
    route = framework("starlette.routing").Route

    def user(request: Any) -> Any:
        return responses.PlainTextResponse(request.path_params["name"])

    async def parts() -> Any:
        yield b"a"
        yield b"b"

    watching = monitors()
    records: list[RequestRecord] = []
    app = framework("starlette.applications").Starlette(
        routes=[
            route("/users/{name}", user),
            route("/broken", fails),
            route("/stream", lambda request: responses.StreamingResponse(parts())),
            route("/healthz", lambda request: responses.PlainTextResponse("well")),
        ],
        middleware=[middleware.Middleware(AsgiMonitor, skip="/healthz", on_request=records.append, **watching)],
    )
    with framework("starlette.testclient").TestClient(app, raise_server_exceptions=False) as client:
        answers = [client.get(path) for path in ("/users/ada", "/broken", "/stream", "/nowhere", "/healthz")]
    assert [answer.status_code for answer in answers] == [200, 500, 200, 404, 200]
    assert answers[2].text == "ab"
    assert [(record.route, record.status, record.ok) for record in records] == [
        ("/users/{name}", 200, True),
        ("/broken", 500, False),
        ("/stream", 200, True),
        (None, 404, True),
    ]
    assert told(watching) == both(3, 1)


def test_flask_tells_its_routes() -> None:
    """Although it takes its request away before the body is sent."""
    flask = framework("flask")
    app = flask.Flask("shop")
    app.add_url_rule("/users/<name>", view_func=lambda name: name, endpoint="user")
    app.add_url_rule("/stream", view_func=lambda: (part for part in ("a", "b")), endpoint="stream")
    app.add_url_rule("/broken", view_func=fails, endpoint="broken")
    watching = monitors()
    records: list[RequestRecord] = []
    app.wsgi_app = WsgiMonitor(app.wsgi_app, on_request=records.append, **watching)
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
    assert told(watching) == both(4, 1)


def test_django_counts_and_may_tell_its_routes() -> None:
    """A middleware of two lines hands over the route that Django keeps to itself."""
    django = framework("django")
    http, path = framework("django.http"), framework("django.urls").path
    handler = framework("django.core.handlers.wsgi").WSGIHandler

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
        path("users/<name>", lambda request, name: http.HttpResponse(name)),
        path("stream", lambda request: http.StreamingHttpResponse(iter([b"a", b"b"]))),
        path("broken", fails),
    ]
    sys.modules["shop_urls"] = urls
    framework("django.conf").settings.configure(
        ROOT_URLCONF="shop_urls", MIDDLEWARE=["shop_urls.tell_route"], ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None
    )
    django.setup()
    watching = monitors()
    records: list[RequestRecord] = []
    watched = validator(WsgiMonitor(handler(), on_request=records.append, **watching))
    bodies = []
    for asked in ("/users/ada", "/stream", "/broken", "/nowhere"):
        environ: dict[str, Any] = {"PATH_INFO": asked, "SCRIPT_NAME": "", "QUERY_STRING": ""}
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
    assert told(watching) == both(3, 1)


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
            return StringIO()

    watching = monitors()
    with make_server("127.0.0.1", 0, web_app.wsgi(watching), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            assert load(server.server_port) == {200: 35, 503: 6, 500: 4}
        finally:
            server.shutdown()
            thread.join()
    assert told(watching) == SENT


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
    watching = monitors()
    with uvicorn_serving(web_app.asgi(watching)) as port:
        assert load(port) == {200: 35, 503: 6, 500: 4}
    assert told(watching) == SENT


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

    watching = monitors()
    with uvicorn_serving(AsgiMonitor(stream, **watching)) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert ended.wait(10)
    assert told(watching) == both(0, 0)


@pytest.mark.skipif(os.name != "posix", reason="gunicorn forks")
def test_workers_that_share_a_store_add_up_to_what_was_sent(tmp_path: Path) -> None:
    """Two workers of gunicorn; each writes what it counted when it goes."""
    framework("gunicorn")
    store = str(tmp_path / "slo.db")
    environment = {**os.environ, "SHOP_STORE": store, "PYTHONPATH": str(ROOT)}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port, place = listening.getsockname()[1], listening.fileno()
        command = [sys.executable, "-m", "gunicorn", "--workers=2", f"--bind=fd://{place}", "--log-level=critical"]
        command += ["--config=python:tests.web_app", "--no-control-socket", "tests.web_app:worker_application()"]
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL, pass_fds=[place])
    workers: set[bytes] = set()

    def both_answer() -> bool:
        with ThreadPoolExecutor(4) as pool:
            workers.update(body for _, body in pool.map(ask, [f"http://127.0.0.1:{port}/healthz"] * 4))
        return len(workers) == 2

    try:
        eventually(both_answer)
        assert load(port) == {200: 35, 503: 6, 500: 4}
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)
    after = monitors(store)
    assert told(after) == SENT
    after["availability"].close()
    after["latency"].close()
