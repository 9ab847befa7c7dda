"""A small shop under WSGI and ASGI whose workers share a store, for the servers of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypedDict

from slokit import SLI, SLO
from slokit.live import Monitor
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
