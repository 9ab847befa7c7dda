"""The middleware in real frameworks and behind real servers: what was sent is what was counted."""

from __future__ import annotations

import importlib
import os
import re
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
from itertools import count, repeat
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from slokit.live import Monitor
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


def eventually(what: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something, ten seconds at most if nothing else is said."""
    until = time.monotonic() + seconds
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


# --- many workers under load, each of which tells the whole -----------------------------------------------------------

WIRE = {
    "order": b"GET /orders/%d",
    "head": b"HEAD /orders/%d",
    "stream": b"GET /stream/%d",
    "nowhere": b"GET /%%2e%%2e/%%00/%d/%%F0%%9F%%92%%A9?a=%%ff",
    "gone": b"GET /gone?%d",
    "wrong method": b"DELETE /orders/%d",
    "made-up method": b"ORDERS%d /",
    "continue": b"POST /echo?%d",
    "broken": b"GET /broken?%d",
    "slow down": b"GET /slow-down?%d",
    "raises": b"GET /raises?%d",
    "breaks": b"GET /stream/breaks?%d",
    "metrics": b"GET /metrics?%d",
    "health": b"GET /healthz?%d",
}
BODY = b"Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"
GOOD = ("order", "head", "stream", "nowhere", "gone", "wrong method", "made-up method", "continue")
BAD = ("broken", "slow down", "raises", "breaks")
ROUNDS = 12


def wire(port: int, kind: str, number: int = 0) -> bytes:
    """Send a request, and return all that comes back."""
    request = WIRE[kind] % number + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    request += BODY if kind == "continue" else b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(request)
        parts = []
        try:
            while part := client.recv(65536):
                parts.append(part)
        except ConnectionResetError:
            pass  # an answer that breaks off may end so
    return b"".join(parts)


def mixed_load(port: int) -> dict[str, Counter[int]]:
    """Send everything many times from eight threads, and return which statuses came for what."""
    asked = [kind for kind in WIRE for _ in range(ROUNDS)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(wire, repeat(port), asked, count()))
    found: dict[str, Counter[int]] = {kind: Counter() for kind in WIRE}
    for kind, answer in zip(asked, answers, strict=True):
        lines = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.")]
        found[kind][int(lines[-1].split()[1]) if lines else 0] += 1
    return found


def worker_of(answer: bytes) -> bytes:
    """Return which worker answered."""
    head = answer.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
    return next(line for line in head if line.startswith(b"x-worker"))


def scrape(port: int) -> tuple[bytes, dict[str, tuple[int, int]]]:
    """Return which worker answered, and good and bad events of each objective by it."""
    answer = wire(port, "metrics")
    text = answer.partition(b"\r\n\r\n")[2].decode()
    found = {}
    for slo in ("shop", "orders"):
        good, bad = (
            re.search(rf'^slokit_{kind}_events{{policy="default",slo="{slo}"}} ([0-9.]+)$', text, re.MULTILINE)
            for kind in ("good", "bad")
        )
        assert good is not None
        assert bad is not None
        found[slo] = int(float(good[1])), int(float(bad[1]))
    assert not re.search(r"^slokit_(dropped_events|failed_readings)_total{[^}]*} (?!0.0$)", text, re.MULTILINE)
    assert 'slokit_store_up{policy="default",slo="shop"} 1.0' in text
    return worker_of(answer), found


@contextmanager
def workers(
    tmp_path: Path, command: Callable[[int], list[str]], number: int, every: str
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a server of several workers; yield its port when all of them answer."""
    environment = {**os.environ, "SHOP_STORE": str(tmp_path / "slo.db"), "SHOP_EVERY": every, "PYTHONPATH": str(ROOT)}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        port, place = listening.getsockname()[1], listening.fileno()
        server = subprocess.Popen(
            [sys.executable, "-m", *command(place)],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.DEVNULL,
            pass_fds=[place],
        )
    try:
        seen: set[bytes] = set()

        def all_answer() -> bool:
            with ThreadPoolExecutor(8) as pool:
                seen.update(map(worker_of, pool.map(wire, [port] * 8, ["health"] * 8)))
            return len(seen) == number

        eventually(all_answer, 60)
        yield port, server
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def gunicorn(place: int) -> list[str]:
    """Return the command of four workers that run Flask."""
    framework("flask")
    framework("gunicorn")
    options = ["--workers=4", f"--bind=fd://{place}", "--log-level=critical", "--no-control-socket"]
    return ["gunicorn", *options, "tests.web_app:flask_shop()"]


def gunicorn_preloaded(place: int) -> list[str]:
    """Return the same with threads, and workers that are forked after the monitors were made."""
    return [*gunicorn(place), "--preload", "--threads=4"]


def uvicorn(place: int) -> list[str]:
    """Return the command of two workers that run FastAPI."""
    framework("fastapi")
    framework("uvicorn")
    options = ["--workers=2", f"--fd={place}", "--log-level=critical", "--factory"]
    return ["uvicorn", *options, "tests.web_app:fastapi_shop"]


def whole(command: object) -> dict[str, tuple[int, int]]:
    """Return good and bad events of what was sent; FastAPI knows the route of a wrong method too, Flask does not."""
    orders = 3 if command is uvicorn else 2
    return {"shop": (len(GOOD) * ROUNDS, len(BAD) * ROUNDS), "orders": (orders * ROUNDS, 0)}


def check_answers(found: dict[str, Counter[int]]) -> None:
    """Check that the load was answered as it should have been: else the counts would prove nothing."""
    assert found["order"] == found["head"] == found["stream"] == found["continue"] == {200: ROUNDS}
    assert found["broken"] == {503: ROUNDS}
    assert found["slow down"] == {429: ROUNDS}
    assert found["raises"] == {500: ROUNDS}
    assert all(200 <= status < 500 for kind in GOOD for status in found[kind])
    assert all(status in (0, 200) for status in found["breaks"])  # what went ahead, if it did


@pytest.mark.skipif(os.name != "posix", reason="the listening socket is handed over")
@pytest.mark.parametrize(("command", "number"), [(gunicorn, 4), (gunicorn_preloaded, 4), (uvicorn, 2)])
def test_any_worker_tells_the_whole(command: Any, number: int, tmp_path: Path) -> None:
    """What the clients sent, from whichever worker a scrape reaches, by nothing but a store and flush_every."""
    with workers(tmp_path, command, number, "200ms") as (port, _):
        check_answers(mixed_load(port))
        right: set[bytes] = set()

        def all_are_right() -> bool:
            with ThreadPoolExecutor(8) as pool:
                right.update(worker for worker, found in pool.map(scrape, [port] * 8) if found == whole(command))
            return len(right) == number

        eventually(all_are_right, 60)


@pytest.mark.skipif(os.name != "posix", reason="the listening socket is handed over")
@pytest.mark.parametrize(("command", "number"), [(gunicorn, 4), (uvicorn, 2)])
def test_workers_that_are_told_to_end_have_written(command: Any, number: int, tmp_path: Path) -> None:
    """Although none of them had flushed by then, and nobody closes a monitor."""
    with workers(tmp_path, command, number, "1h") as (port, _):
        check_answers(mixed_load(port))
    for slo in (web_app.SHOP, web_app.ORDERS):
        with Monitor(slo, store=tmp_path / "slo.db") as after:
            assert (after.status().good, after.status().bad) == whole(command)[slo.name]
