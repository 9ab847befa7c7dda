"""A small shop under WSGI and ASGI whose workers share a store, for the servers of the tests."""

from __future__ import annotations

import importlib
import os
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypedDict

import prometheus_client

from slokit import SLI, SLO
from slokit.live import Monitor
from slokit.live.expose import PrometheusCollector
from slokit.live.web import AsgiMonitor, WsgiMonitor

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

AVAILABILITY = SLO("shop", sli=SLI.ratio("availability"), target="90%", window="30d")
LATENCY = SLO("shop-latency", sli=SLI.threshold("latency", lt="10s"), target="90%", window="30d")


class Watching(TypedDict):
    """The monitors of a shop, as its middleware takes them."""

    availability: Monitor
    latency: Monitor


def monitors(place: str | None = None) -> Watching:
    """Return monitors of availability and latency, with a store at a place."""
    return {"availability": Monitor(AVAILABILITY, store=place), "latency": Monitor(LATENCY, store=place)}


def wsgi_shop(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer each path in its own way; the process says who it is."""
    if environ["PATH_INFO"] == "/raises":
        raise RuntimeError("the database is gone")
    status = "503 Busy" if environ["PATH_INFO"] == "/broken" else "200 OK"
    start_response(status, [("Content-Type", "text/plain")])
    return (part for part in (b"from ", str(os.getpid()).encode()))


async def asgi_shop(scope: Any, receive: Any, send: Any) -> None:
    """Answer each path in its own way, in two parts."""
    if scope["path"] == "/raises":
        raise RuntimeError("the database is gone")
    status = 503 if scope["path"] == "/broken" else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"so ", "more_body": True})
    await send({"type": "http.response.body", "body": b"!"})


def wsgi(watching: Watching) -> WsgiMonitor:
    """Return the shop under WSGI, watched."""
    return WsgiMonitor(wsgi_shop, skip="/healthz", **watching)


def asgi(watching: Watching) -> AsgiMonitor:
    """Return the shop under ASGI, watched."""
    return AsgiMonitor(asgi_shop, skip="/healthz", **watching)


def worker_application() -> WsgiMonitor:
    """Return what each worker of a server runs; made in the worker, so that each has monitors of its own."""
    watching = monitors(os.environ["SHOP_STORE"])
    IN_WORKER.extend((watching["availability"], watching["latency"]))
    return wsgi(watching)


IN_WORKER: list[Monitor] = []


def worker_exit(server: object, worker: object) -> None:
    """Write what a worker counted, when it goes; gunicorn calls it by this name."""
    for monitor in IN_WORKER:
        monitor.close()


# --- a shop in frameworks, whose workers share a store and flush by themselves ---------------------------------------

SHOP = SLO("shop", sli=SLI.http("shop", latency="30s", bad="500-599,429"), target="90%", window="30d")
ORDERS = SLO("orders", sli=SLI.http("orders", latency="30s", bad="500-599,429"), target="90%", window="30d")
STATUSES = {"/broken": 503, "/slow-down": 429, "/gone": 410}
UNWATCHED = ("/metrics", "/healthz")


def prefork() -> tuple[Monitor, Monitor, Callable[[], bytes]]:
    """Return the monitors of a shop and of its orders, and what tells Prometheus of them: nothing else is needed."""
    place, every = os.environ["SHOP_STORE"], os.environ["SHOP_EVERY"]
    shop = Monitor(SHOP, store=place, flush_every=every)
    orders = Monitor(ORDERS, store=place, flush_every=every)
    registry = prometheus_client.CollectorRegistry()
    registry.register(PrometheusCollector([shop, orders]))
    return shop, orders, lambda: prometheus_client.generate_latest(registry)


def flask_shop() -> Any:
    """Return a shop in Flask, to be made in each worker or before they are forked."""
    flask = importlib.import_module("flask")
    shop, orders, metrics = prefork()
    app = flask.Flask("shop")

    def stream(name: str) -> Any:
        def parts() -> Iterable[str]:
            yield "a"
            if name == "breaks":
                raise RuntimeError("the database is gone")
            yield "b"

        return parts()

    app.add_url_rule("/orders/<name>", "orders", lambda name: name)
    app.add_url_rule("/stream/<name>", "stream", stream)
    app.add_url_rule("/echo", "echo", lambda: (flask.request.get_data(), 200), methods=["POST"])
    app.add_url_rule("/raises", "raises", fails)
    app.add_url_rule("/metrics", "metrics", metrics)
    app.add_url_rule("/healthz", "healthz", lambda: "well")
    for path, status in STATUSES.items():
        app.add_url_rule(path, path, lambda status=status: ("", status))
    app.after_request(lambda answer: answer.headers.set("X-Worker", str(os.getpid())) or answer)
    app.wsgi_app = WsgiMonitor(app.wsgi_app, requests=shop, routes={"/orders/<name>": orders}, skip=UNWATCHED)
    return app


def fastapi_shop() -> Any:
    """Return a shop in FastAPI, to be made in each worker."""
    fastapi, responses = importlib.import_module("fastapi"), importlib.import_module("fastapi.responses")
    shop, orders, metrics = prefork()
    app, router = fastapi.FastAPI(), fastapi.APIRouter(prefix="/orders")

    def order(name: str) -> Any:
        return responses.PlainTextResponse(name)

    async def stream(name: str) -> Any:
        async def parts() -> AsyncIterator[bytes]:
            yield b"a"
            if name == "breaks":
                raise RuntimeError("the database is gone")
            yield b"b"

        return responses.StreamingResponse(parts())

    async def echo(request: Any) -> Any:
        return responses.Response(await request.body())

    router.add_api_route("/{name}", order, methods=["GET", "HEAD"])
    app.include_router(router)
    app.add_api_route("/stream/{name}", stream)
    app.add_route("/echo", echo, methods=["POST"])
    app.add_api_route("/raises", fails_quietly)
    app.add_api_route("/metrics", lambda: responses.PlainTextResponse(metrics()))
    app.add_api_route("/healthz", lambda: "well")
    for path, status in STATUSES.items():
        app.add_api_route(path, answering(responses, status))

    async def named(scope: Any, receive: Any, send: Any) -> None:
        async def told_by(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-worker", str(os.getpid()).encode())]
            await send(message)

        await app(scope, receive, told_by)

    return AsgiMonitor(named, requests=shop, routes={"/orders/{name}": orders}, skip=UNWATCHED)


def answering(responses: Any, status: int) -> Callable[[], Any]:
    """Return an endpoint that answers with a status."""
    return lambda: responses.Response(status_code=status)


def fails_quietly() -> None:
    """Raise KeyError, as endpoints do."""
    fails()


def told(watching: Watching) -> dict[str, tuple[int, int]]:
    """Return good and bad events of each monitor, none of which was dropped."""
    up, fast = watching["availability"], watching["latency"]
    assert not up.drops
    assert not fast.drops
    return {"availability": _events(up), "latency": _events(fast)}


def _events(monitor: Monitor) -> tuple[int, int]:
    status = monitor.status()
    return status.good, status.bad


def both(good: int, bad: int) -> dict[str, tuple[int, int]]:
    """Return what both monitors say of fast requests."""
    return {"availability": (good, bad), "latency": (good, bad)}


def fails(*_: object) -> Any:
    """Raise KeyError, as applications do."""
    raise KeyError("x")
