"""WSGI: requests of synchronous applications, until their body is exhausted or closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from slokit.live.web.ending import Cancelled, RequestRecord, status_of
from slokit.live.web.http import Exchange, HttpEvents
from slokit.live.web.listeners import LabelRecorder, Watched
from slokit.live.web.routes import wsgi_path, wsgi_route
from slokit.sli import StatusRule

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["WsgiMonitor"]


class WsgiMonitor:
    """An application whose requests are told to monitors.

    A request lasts from the call of the application until the server has taken the last part of its body, or closes it.
    An exception on the way is bad and goes on its way. A body that is closed before it is whole, which a server does
    when the client hung up, follows ``cancelled``; it is whole if it is exhausted, or as long as its ``Content-Length``
    says.

    Parameters
    ----------
    app
        The application.
    requests, availability, latency, routes, by_route, skip, bad, cancelled, on_request, exemplar
        See :class:`~slokit.live.web.HttpEvents`. The route is ``environ["slokit.route"]`` if the application sets it,
        else the rule that Flask matched.

    Examples
    --------
    >>> from wsgiref.util import setup_testing_defaults
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Monitor
    >>> def shop(environ, start_response):
    ...     start_response("503 Busy" if environ["PATH_INFO"] == "/broken" else "200 OK", [])
    ...     return [b"hello"]
    >>> monitor = Monitor(SLO("shop", sli=SLI.http("shop", latency="10s"), target="90%", window="30d"))
    >>> app = WsgiMonitor(shop, requests=monitor, skip=("/healthz",))
    >>> for path in ["/"] * 19 + ["/broken", "/healthz"]:
    ...     environ = {"PATH_INFO": path}
    ...     setup_testing_defaults(environ)
    ...     body = b"".join(app(environ, lambda status, headers: print))
    >>> monitor.status().good, monitor.status().bad
    (19, 1)
    """

    def __init__(
        self,
        app: WSGIApplication,
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

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if self.events.skips(wsgi_path(environ)):
            return self.app(environ, start_response)
        answer = _Answer(self.events, environ, start_response)
        try:
            # The server hands over its own kinds of arguments, which the application is to see.
            body = self.app(environ, answer.start)
            return (_SizedBody if hasattr(body, "__len__") else _Body)(body, answer)
        except BaseException:
            answer.exchange.failed()
            raise


class _Answer:
    """What an application says of its answer: status, length, and the route by which it came to it."""

    __slots__ = ("_environ", "_headers", "_route", "_start_response", "_wants_route", "exchange")

    def __init__(self, events: HttpEvents, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self._environ = environ
        self._start_response = start_response
        self._headers: list[tuple[str, str]] = []
        self._wants_route = events.wants_route
        self._route: str | None = None
        self.exchange: Exchange = events.begin(environ.get("REQUEST_METHOD", ""), self._routed, environ)

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        # Raises what exc_info holds if the first part is on its way already: then the first status stays.
        given = () if exc_info is None else (exc_info,)
        write = self._start_response(status, headers, *given)
        code = str(status).split(" ", 1)[0]
        self.exchange.status = status_of(int(code)) if re.fullmatch("[0-9]{3}", code) else None
        self._headers = headers
        if self._wants_route:
            # Flask takes its request away before the body is sent.
            self._route = wsgi_route(self._environ)
        return write

    def is_whole(self, sent: int) -> bool:
        """Say whether so many bytes are the whole body, as far as the headers know."""
        if self.exchange.status is None:
            return False
        if self.exchange.method == "HEAD" or self.exchange.status in {204, 304}:
            return True
        try:
            said = [int(value) for name, value in self._headers if name.lower() == "content-length"]
        except (AttributeError, TypeError, ValueError):
            # Whether such headers will do is the server's affair.
            return False
        return bool(said) and 0 <= said[0] <= sent

    def _routed(self) -> str | None:
        return wsgi_route(self._environ) or self._route


class _Body:
    """The body of an answer, which the server takes part by part and closes."""

    __slots__ = ("_answer", "_body", "_parts", "_sent")

    def __init__(self, body: Iterable[bytes], answer: _Answer) -> None:
        self._body = body
        self._parts = iter(body)
        self._answer = answer
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            part = next(self._parts)
        except StopIteration:
            self._answer.exchange.answered()
            raise
        except BaseException:
            self._answer.exchange.failed()
            raise
        if isinstance(part, bytes):
            self._sent += len(part)
        return part

    def close(self) -> None:
        exchange = self._answer.exchange
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException:
            exchange.failed()
            raise
        if self._answer.is_whole(self._sent):
            exchange.answered()
        else:
            exchange.left()


class _SizedBody(_Body):
    """A body of known length: servers add a ``Content-Length`` where that is one part."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type]
