"""ASGI: requests of asynchronous applications, to the last message of their body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from slokit.live.web.ending import Cancelled, RequestRecord, status_of
from slokit.live.web.http import Exchange, HttpEvents
from slokit.live.web.listeners import LabelRecorder, Watched
from slokit.live.web.routes import asgi_path, asgi_route
from slokit.sli import StatusRule

__all__ = ["AsgiMonitor"]

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, _Receive, _Send], Awaitable[None]]

_BODIES = frozenset(("http.response.body", "http.response.zerocopysend"))


class AsgiMonitor:
    """An application whose requests are told to monitors; websockets pass through untouched.

    A request lasts from the call of the application to the last message of its body, streams included; what runs after
    that, such as Starlette's background tasks, is no part of it. An exception before is bad and goes on its way, and so
    is an answer that breaks off. The client hung up if the server cancels the application, tells it
    ``http.disconnect``, or raises OSError from ``send``, before the answer is whole. When the application says that it
    has shut down, monitors write what their stores do not have.

    Parameters
    ----------
    app
        The application.
    requests, availability, latency, routes, by_route, skip, bad, cancelled, on_request, exemplar
        See :class:`~slokit.live.web.HttpEvents`. A path is taken without the ``root_path`` it is mounted at; the route
        is ``scope["slokit.route"]`` if the application sets it, else what Starlette and FastAPI leave in the scope,
        with the templates of what it is mounted below.

    Examples
    --------
    >>> import asyncio
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Monitor
    >>> async def shop(scope, receive, send):
    ...     status = 503 if scope["path"] == "/broken" else 200
    ...     await send({"type": "http.response.start", "status": status, "headers": []})
    ...     await send({"type": "http.response.body", "body": b"hello"})
    >>> monitor = Monitor(SLO("shop", sli=SLI.http("shop", latency="10s"), target="90%", window="30d"))
    >>> app = AsgiMonitor(shop, requests=monitor, skip=("/healthz",))
    >>> async def sent(message):
    ...     pass
    >>> for path in ["/"] * 19 + ["/broken", "/healthz"]:
    ...     asyncio.run(app({"type": "http", "method": "GET", "path": path}, None, sent))
    >>> monitor.status().good, monitor.status().bad
    (19, 1)
    """

    def __init__(
        self,
        app: _App,
        *,
        requests: Watched | Iterable[Watched] | None = None,
        availability: Watched | None = None,
        latency: Watched | None = None,
        routes: Mapping[str, Watched | Iterable[Watched]] | None = None,
        by_route: LabelRecorder | None = None,
        skip: str | Iterable[str] = (),
        bad: str | StatusRule | None = None,
        cancelled: Cancelled = "ignore",
        on_request: Callable[[RequestRecord], object] | None = None,
        exemplar: Callable[[Mapping[str, Any]], str | None] | None = None,
    ) -> None:
        self.app = app
        self.events = HttpEvents(
            requests=requests,
            availability=availability,
            latency=latency,
            routes=routes,
            by_route=by_route,
            skip=skip,
            bad=bad,
            cancelled=cancelled,
            on_request=on_request,
            exemplar=exemplar,
        )

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, self._until_shutdown(send))
            return
        if scope["type"] != "http" or self.events.skips(asgi_path(scope)):
            await self.app(scope, receive, send)
            return
        exchange = self.events.begin(scope.get("method", ""), lambda: asgi_route(scope), scope)
        wire = _Wire(exchange, receive, send)
        try:
            await self.app(scope, wire.receive, wire.send)
        except BaseException as error:
            # Beside Exception there are the cancellations of asyncio and trio, and the two that end a process.
            if wire.gone or not isinstance(error, Exception | KeyboardInterrupt | SystemExit):
                exchange.left()
            else:
                exchange.failed()
            raise
        if wire.gone:
            exchange.left()
        else:
            exchange.failed()

    def _until_shutdown(self, send: _Send) -> _Send:
        """Return a ``send`` that writes to the stores before the server hears that the application has ended."""

        async def told(message: _Message) -> None:
            # Servers that were ended by a signal raise it again after this: nothing of Python's own runs any more.
            if message.get("type") in {"lifespan.shutdown.complete", "lifespan.shutdown.failed"}:
                self.events.flush()
            await send(message)

        return told


class _Wire:
    """The two directions of a connection, watched."""

    __slots__ = ("_exchange", "_receive", "_send", "gone")

    def __init__(self, exchange: Exchange, receive: _Receive, send: _Send) -> None:
        self._exchange = exchange
        self._receive = receive
        self._send = send
        self.gone = False

    async def receive(self) -> _Message:
        message = await self._receive()
        if message.get("type") == "http.disconnect":
            self.gone = True
        return message

    async def send(self, message: _Message) -> None:
        kind = message.get("type")
        if kind == "http.response.start":
            # Before it is sent: a failure is one, even if the client is not there any more to hear of it.
            self._exchange.status = status_of(message.get("status"))
        try:
            await self._send(message)
        except OSError:
            self.gone = True
            raise
        if (kind in _BODIES and not message.get("more_body", False)) or kind == "http.response.pathsend":
            self._exchange.answered()
