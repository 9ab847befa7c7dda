"""ASGI: requests of asynchronous applications, to the last message of their body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from slokit.live.monitor import Monitor
from slokit.live.recording import Recording
from slokit.live.web.http import Cancelled, Exchange, HttpEvents, RequestRecord, StatusRule, route_told

__all__ = ["AsgiMonitor"]

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, _Receive, _Send], Awaitable[None]]

_BODIES = frozenset(("http.response.body", "http.response.zerocopysend"))


class AsgiMonitor:
    """An application whose requests are told to monitors; anything but HTTP passes through untouched.

    A request lasts from the call of the application to the last message of its body, streams included; what runs after
    that, such as Starlette's background tasks, is no part of it. An exception before is bad and goes on its way, and so
    is an answer that breaks off. The client hung up if the server cancels the application, tells it
    ``http.disconnect``, or raises OSError from ``send``, before the answer is whole.

    Parameters
    ----------
    app
        The application.
    availability, latency, skip, bad, cancelled, on_request, exemplar
        See :class:`~slokit.live.web.HttpEvents`. A path is taken without the ``root_path`` it is mounted at; the route
        is ``scope["slokit.route"]`` if the application sets it, else what Starlette and FastAPI leave in the scope.

    Examples
    --------
    >>> import asyncio
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Monitor
    >>> async def shop(scope, receive, send):
    ...     status = 503 if scope["path"] == "/broken" else 200
    ...     await send({"type": "http.response.start", "status": status, "headers": []})
    ...     await send({"type": "http.response.body", "body": b"hello"})
    >>> monitor = Monitor(SLO("shop", sli=SLI.ratio("availability"), target="90%", window="30d"))
    >>> app = AsgiMonitor(shop, availability=monitor, skip=("/healthz",))
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
        availability: Monitor | Recording | None = None,
        latency: Monitor | Recording | None = None,
        skip: str | Iterable[str] = (),
        bad: str | StatusRule = ">=500",
        cancelled: Cancelled = "ignore",
        on_request: Callable[[RequestRecord], object] | None = None,
        exemplar: Callable[[Mapping[str, Any]], str | None] | None = None,
    ) -> None:
        self.app = app
        self.events = HttpEvents(
            availability=availability,
            latency=latency,
            skip=skip,
            bad=bad,
            cancelled=cancelled,
            on_request=on_request,
            exemplar=exemplar,
        )

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or self.events.skips(_path(scope)):
            await self.app(scope, receive, send)
            return
        exchange = self.events.begin(scope.get("method", ""), lambda: _route(scope), scope)
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
            status = message.get("status")
            self._exchange.status = int(status) if isinstance(status, int) else None
        try:
            await self._send(message)
        except OSError:
            self.gone = True
            raise
        if (kind in _BODIES and not message.get("more_body", False)) or kind == "http.response.pathsend":
            self._exchange.answered()


def _path(scope: _Message) -> str:
    """Return the path within the application; servers differ in whether they take away where it is mounted."""
    path: str = scope.get("path", "")
    root: str = (scope.get("root_path") or "").rstrip("/")
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def _route(scope: _Message) -> str | None:
    told = route_told(scope)
    if told is not None:
        return told
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str):
        return path
    endpoint = scope.get("endpoint")
    if endpoint is None:
        return None
    named = endpoint if hasattr(endpoint, "__qualname__") else type(endpoint)
    return f"{named.__module__}.{named.__qualname__}"
