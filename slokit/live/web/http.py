"""Requests as events: which of them count, which are bad, and who is told.

A server knows three ends of a request. It was answered to the last byte: then its status says whether it was good. It
failed: an exception, or an answer that broke off, which is bad although the status that went ahead may have been 200.
Or the client hung up before the answer was whole: then nobody was served and nobody let down, and it does not count,
unless one asks for that. An answer that was already a failure when the client left is one all the same.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from time import perf_counter
from typing import Any, Literal, get_args

import attrs

from slokit._display import clean, html_table
from slokit.errors import InvalidDefinition, InvalidSLI, WrongType
from slokit.live.monitor import Monitor
from slokit.live.recording import Recording

__all__ = ["Cancelled", "Exchange", "HttpEvents", "RequestRecord", "StatusRule"]

_log = logging.getLogger("slokit")

Cancelled = Literal["ignore", "bad"]
"""What becomes of a request whose client hung up before the answer was whole."""

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"))


@attrs.frozen(repr=False)
class StatusRule:
    """Which statuses are bad: ``">=500"``, or ``"500-599,429"``.

    Parameters
    ----------
    text
        Parts separated by commas, each a status, a range with both ends, or a comparison; a status is bad if any part
        says so.

    Raises
    ------
    WrongType
        If that is no text.
    InvalidDefinition
        If a part is empty or cannot be read, or a range is reversed.

    Examples
    --------
    >>> rule = StatusRule("500-599, 429")
    >>> rule, [status for status in (200, 404, 429, 503) if rule.is_bad(status)]
    (StatusRule('500-599, 429'), [429, 503])
    """

    text: str = ">=500"
    _spans: tuple[tuple[int, int], ...] = attrs.field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise WrongType(f'bad must be text such as ">=500", got {type(self.text).__name__}: {self.text!r:.100}')
        object.__setattr__(self, "_spans", tuple(self._span(part.strip()) for part in self.text.split(",")))

    def _span(self, part: str) -> tuple[int, int]:
        """Return the first and the last status of a part."""
        if comparison := re.fullmatch(r"(>=|>|<=|<)\s*([0-9]{1,9})", part):
            number = int(comparison[2])
            most = 10**9
            return {
                ">=": (number, most),
                ">": (number + 1, most),
                "<=": (0, number),
                "<": (0, number - 1),
            }[comparison[1]]
        span = re.fullmatch(r"([0-9]{1,9})(?:\s*-\s*([0-9]{1,9}))?", part)
        if span is None or int(span[1]) > int(span[2] or span[1]):
            raise InvalidDefinition([("bad", f'must be like ">=500" or "500-599,429", got {clean(self.text, 64)!r}')])
        return int(span[1]), int(span[2] or span[1])

    def is_bad(self, status: int) -> bool:
        """Say whether a status is bad."""
        return any(low <= status <= high for low, high in self._spans)

    def __repr__(self) -> str:
        return f"StatusRule({clean(self.text)!r})"


@attrs.frozen(repr=False)
class RequestRecord:
    """One request as it ended, without anything that only one client could have sent.

    Parameters
    ----------
    method
        Such as ``"GET"``; ``"other"`` where it is none that HTTP knows, as clients may make up any number of them.
    route
        The route that answered, as the program wrote it: ``"/users/{id}"``, or the name of a function where a framework
        knows no more. Never the path that was asked for, which names users and orders and is different each time. None
        where no route is known.
    status
        Of the answer; 500 where there was none because the application failed, None where the client hung up before.
    seconds
        From the call of the application to the end of the answer.
    ok
        Whether it counted as good.

    Examples
    --------
    >>> RequestRecord("GET", "/users/{id}", 503, 0.0312, ok=False)
    GET /users/{id}: 503 in 0.0312 s, bad
    """

    method: str
    route: str | None
    status: int | None
    seconds: float
    ok: bool

    def __repr__(self) -> str:
        route = "(no route)" if self.route is None else clean(self.route)
        status = "no answer" if self.status is None else self.status
        judged = "good" if self.ok else "bad"
        return f"{clean(self.method, 20)} {route}: {status} in {self.seconds:.3g} s, {judged}"

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        yield from attrs.asdict(self).items()

    def _repr_html_(self) -> str:
        return html_table(
            ["method", "route", "status", "seconds", "ok"],
            [[self.method, self.route or "", str(self.status or ""), f"{self.seconds:.3g}", str(self.ok)]],
        )


class HttpEvents:
    """The rules by which requests become events, and the monitors that are told.

    Parameters
    ----------
    availability
        A monitor or recording that is told whether each request was good.
    latency
        One that is told the seconds of each too, and judges them by its own indicator; a failure is bad however quick.
    skip
        Paths that do not count, as the application sees them: those that machines ask for and no user. One that ends
        with ``*`` stands for all that begin so.
    bad
        Which statuses are bad; see :class:`StatusRule`.
    cancelled
        What becomes of a request whose client hung up before the answer was whole: ``"ignore"``, as nobody was let
        down, or ``"bad"``. An answer with a bad status is bad either way.
    on_request
        Called with the :class:`RequestRecord` of each request that counts, for labels or objectives of single routes.
        It runs inside the request, so it must not wait; where it fails the first failure is logged, and all are
        counted.
    exemplar
        Called with the scope or environ of a request that may count as bad, for what leads to it, such as
        :func:`~slokit.live.web.trace_id`; see :meth:`slokit.live.Recording.record`. None is none; where it fails that
        is a failed hook as well, and the request counts all the same.

    Raises
    ------
    WrongType
        If an option is of the wrong type.
    InvalidDefinition
        If nobody would be told, the same events would be counted twice, or a rule cannot be read.
    InvalidSLI
        If ``latency`` judges no values.

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Monitor
    >>> monitor = Monitor(SLO("shop", sli=SLI.ratio("availability"), target="99.9%", window="30d"))
    >>> events = HttpEvents(availability=monitor, skip=("/healthz", "/static/*"), bad="500-599,429")
    >>> [events.skips(path) for path in ("/healthz", "/static/logo.png", "/orders")]
    [True, True, False]
    """

    def __init__(
        self,
        *,
        availability: Monitor | Recording | None = None,
        latency: Monitor | Recording | None = None,
        skip: str | Iterable[str] = (),
        bad: str | StatusRule = ">=500",
        cancelled: Cancelled = "ignore",
        on_request: Callable[[RequestRecord], object] | None = None,
        exemplar: Callable[[Mapping[str, Any]], str | None] | None = None,
    ) -> None:
        first, second = _recording("availability", availability), _recording("latency", latency)
        if first is None and second is None and on_request is None:
            raise InvalidDefinition([("availability", "is missing, as are latency and on_request; name one of them")])
        if first is not None and first is second:
            raise InvalidDefinition([("latency", "would count each request twice: it shares availability's recording")])
        if second is not None and second.sli.kind == "ratio":
            raise InvalidSLI(
                f"latency must judge seconds, and {second.sli.name!r} is a ratio; give it as availability, "
                'or use SLI.threshold("latency", lt="300ms")'
            )
        if cancelled not in get_args(Cancelled):
            raise InvalidDefinition([("cancelled", f'must be "ignore" or "bad", got {cancelled!r:.100}')])
        for field, hook in (("on_request", on_request), ("exemplar", exemplar)):
            if hook is not None and (not callable(hook) or inspect.iscoroutinefunction(hook)):
                raise WrongType(f"{field} must be a plain function, got {hook!r:.100}")
        # Monitors hand out their recording's own methods: a call less for each request.
        self._record = None if availability is None else availability.record
        self._observe = None if latency is None else latency.observe
        self._skipped, self._skipped_starts = _skips(skip)
        self.rule = bad if isinstance(bad, StatusRule) else StatusRule(bad)
        self.cancelled = cancelled
        self.on_request = on_request
        self.exemplar = exemplar
        self._failed, self._failed_reads = count(), 0

    def skips(self, path: str) -> bool:
        """Say whether requests for a path do not count."""
        return path in self._skipped or path.startswith(self._skipped_starts)

    def begin(self, method: str, route: Callable[[], str | None], place: Mapping[str, Any] | None = None) -> Exchange:
        """Return a request that begins now; ``route`` is asked for its route when that is wanted, and so is ``place``.

        That is the scope or the environ of the request.
        """
        return Exchange(self, method, route, place)

    def tell(self, exchange: Exchange, seconds: float, status: int | None, ok: bool) -> None:
        """Tell the monitors of a request that ended."""
        exemplar = None
        # Whether the seconds make it bad is the indicator's affair.
        if self.exemplar is not None and exchange.place is not None and not (ok and self._observe is None):
            try:
                exemplar = self.exemplar(exchange.place)
            except Exception:  # noqa: BLE001 - the application serves its users first
                self._note_failure("exemplar")
        if self._record is not None:
            self._record(ok, exemplar)
        if self._observe is not None:
            self._observe(seconds, ok=ok, exemplar=exemplar)
        if self.on_request is not None:
            try:
                method = exchange.method if exchange.method in _METHODS else "other"
                self.on_request(RequestRecord(method, exchange.route(), status, seconds, ok))
            except Exception:  # noqa: BLE001 - the application serves its users first
                self._note_failure("on_request")

    def _note_failure(self, hook: str) -> None:
        if not self.failed_hooks:
            _log.exception("%s failed; further failures are counted and not logged", hook)
        next(self._failed)

    @property
    def failed_hooks(self) -> int:
        """How often ``on_request`` or ``exemplar`` failed."""
        # As in slokit.live.cells: next() is the one step that threads cannot interrupt.
        failed = next(self._failed) - self._failed_reads
        self._failed_reads += 1
        return failed


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
        self._end(self.status is not None and not self._events.rule.is_bad(self.status), self.status or 500)

    def failed(self) -> None:
        """End it in an exception, or an answer that broke off: bad whatever status went ahead."""
        self._end(False, self.status or 500)

    def left(self) -> None:
        """End it by a client that hung up before the answer was whole."""
        if self._events.cancelled == "bad" or (self.status is not None and self._events.rule.is_bad(self.status)):
            self._end(False, self.status)
        self.told = True

    def _end(self, ok: bool, status: int | None) -> None:
        if not self.told:
            self.told = True
            self._events.tell(self, perf_counter() - self._began, status, ok)


def route_told(place: Mapping[str, Any]) -> str | None:
    """Return the route that the application itself put under ``slokit.route``, if it did."""
    told = place.get("slokit.route")
    return told if isinstance(told, str) else None


def _recording(field: str, monitor: Monitor | Recording | None) -> Recording | None:
    if monitor is None or isinstance(monitor, Recording):
        return monitor
    if not isinstance(monitor, Monitor):
        raise WrongType(f"{field} must be a Monitor or a Recording, got {type(monitor).__name__}: {monitor!r:.100}")
    return monitor.recording


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
