"""Requests as events: which of them count, and who is told."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from itertools import count
from time import perf_counter
from typing import Any, Literal, get_args

from slokit._display import clean
from slokit.errors import InvalidDefinition, InvalidSLI, WrongType
from slokit.live.flusher import within
from slokit.live.monitor import Monitor
from slokit.live.recording import Recording
from slokit.live.web.ending import Cancelled, Ending, RequestRecord
from slokit.live.web.listeners import (
    LabelRecorder,
    Listener,
    Watched,
    judging,
    plain_rule,
    recording_of,
    watched,
    watched_routes,
)
from slokit.sli import SLI, Http, StatusRule

__all__ = ["Exchange", "HttpEvents"]

_log = logging.getLogger("slokit")

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"))
_NO_ROUTE = "(none)"


def _none() -> None:
    return None


class HttpEvents:
    """The rules by which requests become events, and who is told of them.

    Parameters
    ----------
    requests
        A monitor or recording, or several, that is told of each request, and judges it by its own indicator:
        ``SLI.http`` by status and seconds, a ratio by what ``bad`` says of the status, a threshold by the seconds,
        where a bad status is bad however quick it came.
    availability
        One that is told whether each request was good, whatever its indicator.
    latency
        One that judges the seconds of each; a failure is bad however quick.
    routes
        The same for single routes: a mapping from a route, as the program wrote it, to monitors, such as
        ``{"/orders/{id}": monitor}``.
    by_route
        Anything with ``record(label, ok)``, such as a fleet, that counts requests by their route; those without one
        are counted under ``"(none)"``. If it has an ``slo``, that indicator judges.
    skip
        Paths that do not count, as the application sees them: those that machines ask for and no user. One that ends
        with ``*`` stands for all that begin so.
    bad
        Which statuses are bad to those whose indicator does not say it: a :class:`slokit.sli.StatusRule`, or its text.
        By default what the http indicators say, or ``">=500"`` if there is none.
    cancelled
        What becomes of a request whose client hung up before the answer was whole: ``"ignore"``, as nobody was let
        down, or ``"bad"``. An answer with a bad status is bad either way.
    on_request
        Called with the :class:`RequestRecord` of each request that counts by ``bad``. It runs inside the request, so it
        must not wait; where it or ``by_route`` fails the first failure is logged, and all are counted.
    exemplar
        Called with the scope or environ of a request that may count as bad, for what leads to it, such as
        :func:`~slokit.live.web.trace_id`; see :meth:`slokit.live.Recording.record`. None is none; where it fails that
        is a failed hook as well, and the request counts all the same.

    Raises
    ------
    WrongType
        If an option is of the wrong type.
    InvalidDefinition
        If nobody would be told, the same events would be counted twice, or ``bad`` contradicts an indicator.
    InvalidSLI
        If an indicator cannot judge requests, or a rule cannot be read.

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Monitor
    >>> sli = SLI.http("shop", latency="300ms", bad="500-599,429")
    >>> monitor = Monitor(SLO("shop", sli=sli, target="99.9%", window="30d"))
    >>> events = HttpEvents(requests=monitor, skip=("/healthz", "/static/*"))
    >>> [events.skips(path) for path in ("/healthz", "/static/logo.png", "/orders")]
    [True, True, False]
    """

    def __init__(
        self,
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
        of_all = [("requests", one) for one in watched("requests", requests)]
        of_all += [
            ("availability", one) for one in watched("availability", () if availability is None else availability)
        ]
        of_all += [("latency", one) for one in watched("latency", () if latency is None else latency)]
        of_routes = watched_routes({} if routes is None else routes)
        if not of_all and not of_routes and by_route is None and on_request is None:
            raise InvalidDefinition(
                [
                    (
                        "requests",
                        "is missing, as are availability, latency, routes, by_route and on_request; name one of them",
                    )
                ]
            )
        _check_once(of_all, of_routes)
        if cancelled not in get_args(Cancelled):
            raise InvalidDefinition([("cancelled", f'must be "ignore" or "bad", got {cancelled!r:.100}')])
        for field, hook in (("on_request", on_request), ("exemplar", exemplar)):
            if hook is not None and not _is_plain(hook):
                raise WrongType(f"{field} must be a plain function, got {hook!r:.100}")
        if by_route is not None and (isinstance(by_route, Watched) or not isinstance(by_route, LabelRecorder)):
            raise WrongType(f"by_route must have record(label, ok), as a fleet has, got {type(by_route).__name__}")
        labelled = _indicator_of(by_route)
        slis = [recording_of(one).sli for _, one in of_all]
        slis += [recording_of(one).sli for several in of_routes.values() for one in several]
        slis += [] if labelled is None else [labelled]
        own = [sli.rule for sli in slis if isinstance(sli.rule, Http)]
        is_needed = len(own) < len(slis) or on_request is not None or (by_route is not None and labelled is None)
        self._plain = plain_rule(bad, own, is_needed=is_needed)
        self.cancelled = cancelled
        self._listeners = [self._listener(field, one) for field, one in of_all]
        self._of_routes = {
            route: [self._listener(f"routes[{clean(route, 60)!r}]", one) for one in several]
            for route, several in of_routes.items()
        }
        self._by_route = by_route
        self._label_judge = judging("by_route", labelled, self._plain, cancelled)
        self._skipped, self._skipped_starts = _skips(skip)
        self.on_request = on_request
        self.exemplar = exemplar
        self._failed, self._failed_reads = count(), 0
        several = [one for _, one in of_all] + [one for some in of_routes.values() for one in some]
        self._monitors = [one for one in dict.fromkeys(several) if isinstance(one, Monitor)]

    def _listener(self, field: str, one: Watched) -> Listener:
        recording = recording_of(one)
        sli: SLI | None = recording.sli
        if field == "latency" and recording.sli.kind == "ratio":
            raise InvalidSLI(
                f"latency must judge seconds, and {recording.sli.name!r} is a ratio; give it as availability, "
                'or use SLI.threshold("latency", lt="300ms")'
            )
        if field == "availability" and not isinstance(recording.sli.rule, Http):
            sli = None
        return Listener(judging(field, sli, self._plain, self.cancelled), recording)

    @property
    def rule(self) -> StatusRule:
        """Which statuses are bad to those whose indicator does not say it."""
        return self._plain.bad

    @property
    def wants_route(self) -> bool:
        """Whether anybody asks for the route of a request."""
        return self.on_request is not None or self._by_route is not None or bool(self._of_routes)

    def skips(self, path: str) -> bool:
        """Say whether requests for a path do not count."""
        return path in self._skipped or path.startswith(self._skipped_starts)

    def begin(self, method: str, route: Callable[[], str | None], place: Mapping[str, Any] | None = None) -> Exchange:
        """Return a request that begins now; ``route`` is asked for its route when that is wanted, and so is ``place``.

        That is the scope or the environ of the request.
        """
        return Exchange(self, method, route, place)

    def tell(self, exchange: Exchange, ending: Ending) -> None:
        """Tell everybody of a request that ended."""
        exemplar = _none if self.exemplar is None else cache(partial(self._exemplar_of, exchange))
        for listener in self._listeners:
            listener.hear(ending, exemplar)
        if self.wants_route:
            try:
                self._tell_of_route(exchange, ending, exemplar)
            except Exception:  # noqa: BLE001 - the application serves its users first
                self._note_failure("on_request or by_route")

    def _exemplar_of(self, exchange: Exchange) -> str | None:
        """Return what leads to a request."""
        try:
            return None if self.exemplar is None or exchange.place is None else self.exemplar(exchange.place)
        except Exception:  # noqa: BLE001 - the application serves its users first
            self._note_failure("exemplar")
            return None

    def _note_failure(self, hook: str) -> None:
        if not self.failed_hooks:
            _log.exception("%s failed; further failures are counted and not logged", hook)
        next(self._failed)

    def _tell_of_route(self, exchange: Exchange, ending: Ending, exemplar: Callable[[], str | None]) -> None:
        route = exchange.route()
        for listener in self._of_routes.get(route, ()) if route is not None else ():
            listener.hear(ending, exemplar)
        try:
            if self._by_route is not None and (ok := self._label_judge(ending)) is not None:
                self._by_route.record(_NO_ROUTE if route is None else route, ok)
        finally:
            if self.on_request is not None and (ok := ending.judged(self._plain, self.cancelled)) is not None:
                method = exchange.method if exchange.method in _METHODS else "other"
                status = ending.status if ending.end == "left" else ending.status or 500
                self.on_request(RequestRecord(method, route, status, ending.seconds, ok))

    @property
    def failed_hooks(self) -> int:
        """How often ``on_request``, ``by_route`` or ``exemplar`` failed."""
        # As in slokit.live.recording.cells: next() is the one step that threads cannot interrupt.
        failed = next(self._failed) - self._failed_reads
        self._failed_reads += 1
        return failed

    def flush(self) -> None:
        """Have monitors write what their stores do not have, as the server is about to end; takes seconds at most."""
        within(monitor.flush for monitor in self._monitors if monitor.has_store)


class Exchange:
    """One request until it has been told of: which happens once, whatever ends it first.

    Parameters
    ----------
    events
        Who is told.
    method
        As it came.
    route
        Returns the route, once that is known.
    place
        The scope or environ.
    """

    __slots__ = ("_began", "_events", "method", "place", "route", "status", "told")

    def __init__(
        self,
        events: HttpEvents,
        method: str,
        route: Callable[[], str | None],
        place: Mapping[str, Any] | None = None,
    ) -> None:
        self._events = events
        self.method = method
        self.route = route
        self.place = place
        self.status: int | None = None
        self.told = False
        self._began = perf_counter()

    def answered(self) -> None:
        """End it with its answer given whole: the status judges."""
        self._end("answered")

    def failed(self) -> None:
        """End it in an exception, or an answer that broke off: bad whatever status went ahead."""
        self._end("failed")

    def left(self) -> None:
        """End it by a client that hung up before the answer was whole."""
        self._end("left")

    def _end(self, end: Literal["answered", "failed", "left"]) -> None:
        if not self.told:
            self.told = True
            self._events.tell(self, Ending(end, self.status, perf_counter() - self._began))


def _check_once(of_all: Iterable[tuple[str, Watched]], of_routes: Mapping[str, tuple[Watched, ...]]) -> None:
    """Refuse recordings that would be told of one request twice."""
    fields: dict[Recording, str] = {}
    for field, one in of_all:
        _refuse_twice(fields, field, one)
    for route, several in of_routes.items():
        # Several routes may share a recording: a request has one of them.
        known = dict(fields)
        for one in several:
            _refuse_twice(known, f"routes[{clean(route, 60)!r}]", one)


def _refuse_twice(fields: dict[Recording, str], field: str, one: Watched) -> None:
    recording = recording_of(one)
    if recording in fields:
        raise InvalidDefinition([(field, f"would count each request twice: it shares {fields[recording]}'s recording")])
    fields[recording] = field


def _is_plain(hook: object) -> bool:
    """Say whether a hook can be called, and has done its work when it returns."""
    waits = inspect.iscoroutinefunction
    return callable(hook) and not waits(hook) and not waits(type(hook).__call__)


def _indicator_of(by_route: object) -> SLI | None:
    """Return the indicator of the objective that a fleet has, if it has one."""
    sli = getattr(getattr(by_route, "slo", None), "sli", None)
    return sli if isinstance(sli, SLI) else None


def _skips(skip: str | Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the paths that do not count, and the beginnings of others."""
    paths = (skip,) if isinstance(skip, str) else tuple(skip)
    for path in paths:
        if not isinstance(path, str):
            raise WrongType(f"skip must be paths, got {type(path).__name__}: {path!r:.100}")
        if not path.startswith("/") or "*" in path[:-1]:
            raise InvalidDefinition([("skip", f'must be like "/healthz" or "/static/*", got {path!r:.100}')])
    whole = frozenset(path for path in paths if not path.endswith("*"))
    return whole, tuple(path[:-1] for path in paths if path.endswith("*"))
