"""Who is told of requests, and by which rule each of them judges: its own, where its indicator has one.

An indicator of requests (``SLI.http``) says itself which statuses are bad. A ratio, a threshold on seconds, and whoever
has no indicator, take the middleware's word for that, which is ``bad``; so that there are no two truths about one
status by oversight, ``bad`` is by default what the indicators say, and must not contradict the only one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

from slokit._display import clean
from slokit.errors import InvalidDefinition, InvalidSLI, WrongType
from slokit.live.monitor import Monitor
from slokit.live.recording import Recording
from slokit.live.web.ending import Cancelled, Ending
from slokit.sli import SLI, Http, Ratio, StatusRule, Threshold

__all__ = ["LabelRecorder", "Listener", "Watched", "judging", "plain_rule", "watched", "watched_routes"]

Watched = Monitor | Recording
"""What requests are recorded in."""


@runtime_checkable
class LabelRecorder(Protocol):
    """What counts events by a label; it must bound how many labels it tells apart."""

    def record(self, label: str, ok: bool) -> object:
        """Count one event of a label; must neither wait nor keep labels without bound."""
        ...


class Listener(NamedTuple):
    """A recording that is told, and how it judges; None is an end that does not count."""

    judge: Callable[[Ending], bool | None]
    recording: Recording

    def hear(self, ending: Ending, exemplar: Callable[[], str | None]) -> None:
        """Record a request, with what leads to it where it is bad."""
        ok = self.judge(ending)
        if ok is not None:
            self.recording.record(ok, None if ok else exemplar())


def watched(field: str, given: object) -> tuple[Watched, ...]:
    """Read a monitor or recording, several, or None for none.

    Raises
    ------
    WrongType
        If there is something else.
    """
    if given is None:
        return ()
    several = (given,) if isinstance(given, Watched) or not isinstance(given, Iterable) else tuple(given)
    for one in several:
        if not isinstance(one, Watched):
            raise WrongType(f"{field} must be a Monitor or a Recording, got {type(one).__name__}: {one!r:.100}")
    return several


def watched_routes(given: object) -> dict[str, tuple[Watched, ...]]:
    """Read monitors by their routes.

    Raises
    ------
    WrongType
        If that is no mapping from text to monitors.
    """
    if not isinstance(given, Mapping) or not all(isinstance(route, str) for route in given):
        raise WrongType(f'routes must map routes such as "/orders/{{id}}" to monitors, got {given!r:.100}')
    return {route: watched(f"routes[{clean(route, 60)!r}]", one) for route, one in given.items()}


def recording_of(one: Watched) -> Recording:
    """Return what a monitor records in: a call less for each request."""
    return one.recording if isinstance(one, Monitor) else one


def plain_rule(bad: str | StatusRule | None, rules: Iterable[Http], *, is_needed: bool) -> Http:
    """Return the rule of those who have none of their own.

    Parameters
    ----------
    bad
        What was said of it.
    rules
        Those of indicators that have one.
    is_needed
        Whether there is somebody without.

    Raises
    ------
    InvalidDefinition
        If there would be two truths about a status.
    """
    said = None if bad is None else bad if isinstance(bad, StatusRule) else StatusRule(bad)
    known = {rule.bad for rule in rules}
    if said is None:
        if len(known) > 1 and is_needed:
            listed = " and ".join(sorted(repr(rule.text) for rule in known))
            raise InvalidDefinition([("bad", f"is missing: indicators say {listed}; which is meant for the others?")])
        return Http(bad=min(known, key=str) if known else StatusRule())
    if len(known) == 1 and said not in known:
        (other,) = known
        raise InvalidDefinition(
            [("bad", f"must not be {said.text!r} where the indicator says {other.text!r}; leave it away, or mend one")]
        )
    return Http(bad=said)


def judging(field: str, sli: SLI | None, plain: Http, cancelled: Cancelled) -> Callable[[Ending], bool | None]:
    """Return how an indicator judges the end of a request.

    Raises
    ------
    InvalidSLI
        If it is one that cannot judge requests.
    """
    rule: Any = Ratio() if sli is None else sli.rule
    if isinstance(rule, Http | Ratio):
        own = rule if isinstance(rule, Http) else plain
        return lambda ending: ending.judged(own, cancelled)
    if not isinstance(rule, Threshold):
        assert sli is not None  # noqa: S101 - None was read as a ratio
        raise InvalidSLI(
            f"{field} must judge requests, and {sli.name!r} is a {sli.kind}; use SLI.http, or a ratio of answers, or a "
            "threshold on their seconds"
        )

    def judge(ending: Ending) -> bool | None:
        ok = ending.judged(plain, cancelled)
        return ok and bool(rule.judge(ending.seconds, None, "seconds"))

    return judge
