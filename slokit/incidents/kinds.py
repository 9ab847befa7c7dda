"""Incidents that people declared, with their kind, and the share of the budget that each kind spent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import attrs

from slokit._display import Shown, clean, plural, short
from slokit.errors import InvalidInterval, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.incidents.reading import events_touched, looked_at, share_text
from slokit.intervals import IntervalSet, parse_edge, span_text
from slokit.texts import check_text
from slokit.timeline import DurationLike, InstantLike, duration_text

__all__ = ["Incident", "KindShare", "by_kind"]


def _start(value: InstantLike | int) -> int:
    return parse_edge(value, "start")


def _end(value: InstantLike | int) -> int:
    return parse_edge(value, "end")


@attrs.frozen(repr=False)
class Incident(Shown):
    """A span of time that people call an incident.

    Parameters
    ----------
    start, end
        The half-open span, as instants or integer nanoseconds since the epoch, as they are kept.
    kind
        What kind it was, such as ``"deploy"`` or ``"dependency"``; empty if nobody said.
    name
        Something to find it by, such as a ticket's number.

    Raises
    ------
    InvalidInterval
        If it ends before it starts, or a text holds what no text should.
    InvalidInstant
        If an end is no instant.

    Examples
    --------
    >>> Incident("2026-01-05T10:00Z", "2026-01-05T12:00Z", kind="dependency", name="INC-4711")
    Incident(2026-01-05T10:00Z..12:00Z INC-4711, dependency)
    """

    start: int = attrs.field(converter=_start)
    end: int = attrs.field(converter=_end)
    kind: str = ""
    name: str = ""

    def __attrs_post_init__(self) -> None:
        if self.end < self.start:
            raise InvalidInterval(
                f"an incident must not end before it starts, got {span_text(self.start, self.end)}; swap its ends"
            )
        for field in ("kind", "name"):
            check_text(field, getattr(self, field), InvalidInterval, least=0)

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "when", span_text(self.start, self.end)
        yield "for", duration_text(self.end - self.start)
        yield from ((field, value) for field in ("kind", "name") if (value := getattr(self, field)))

    def __repr__(self) -> str:
        called = ", ".join(clean(text, 60) for text in (self.name, self.kind) if text)
        return f"Incident({span_text(self.start, self.end)}{' ' if called else ''}{called})"


@attrs.frozen(kw_only=True, repr=False)
class KindShare(Shown):
    """What the incidents of one kind spent.

    Parameters
    ----------
    kind
        The kind.
    incidents
        How many of them touch the window.
    bad, total
        Events in the union of their spans, inside the window.
    allowed
        The bad events that the objective allows in the window looked at.
    """

    _caption = "What a kind of incident spent"

    kind: str
    incidents: int
    bad: int
    total: int
    allowed: Fraction

    @property
    def share(self) -> float | None:
        """Share of the objective's budget; None where it has no data."""
        return float(self.bad / self.allowed) if self.allowed else None

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "kind", self.kind or "no kind"
        yield "incidents", plural(self.incidents, "incident")
        yield "spent", f"{share_text(self.bad / self.allowed if self.allowed else None)} of the budget"
        yield "bad", f"{short(self.bad)} of {short(self.total)} bad"

    def __repr__(self) -> str:
        kind, *rest = (clean(text, 60) for _, text in self._facts())
        return f"KindShare({kind}: {', '.join(rest)})"


def by_kind(
    ev: Evaluation,
    incidents: Iterable[Incident],
    *,
    when: InstantLike | None = None,
    window: DurationLike | None = None,
) -> tuple[KindShare, ...]:
    """Say what each kind of incident spent of one series' budget, most first.

    Parameters
    ----------
    ev
        One series.
    incidents
        In any order; those of one kind may overlap, and their bad events count once. Two kinds at one time both count
        what happened then, so the shares of kinds may add up to more than was spent.
    when
        The end of the window, as for :meth:`slokit.Evaluation.at`.
    window
        A rolling window to look at, such as a policy's ``"91d"``, and whose budget the shares are of: what the
        objective allows of its events. It may be longer than the data, and then holds what there is. By default the
        objective's own, and its budget.

    Returns
    -------
    tuple of KindShare
        One for each kind that was given, one that spent nothing too. Every bucket that a span touches counts.

    Raises
    ------
    WrongType
        If there are several series, or an entry is no incident.
    InvalidWindow
        If the window is no whole number of buckets.
    OutOfTimeline
        As for :meth:`slokit.Evaluation.at`.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100] * 6, bad=[1, 9, 9, 0, 4, 1])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="4h").evaluate(counts)
    >>> release = Incident("2026-01-01T01:00Z", "2026-01-01T03:00Z", kind="release")
    >>> by_kind(ev, [release])
    (KindShare(release: 1 incident, 22.5% of the budget, 9 of 100 bad),)
    >>> by_kind(ev, [release], window="6h")
    (KindShare(release: 1 incident, 30% of the budget, 18 of 200 bad),)
    """
    first, stop, budget = looked_at(one_series(ev), when, window)
    since, until = (ev.timeline.start + at * ev.timeline.step for at in (first, stop))
    if not isinstance(incidents, Iterable):
        raise WrongType(f"incidents must be several, got {type(incidents).__name__}; write them in a list")
    kinds: dict[str, list[Incident]] = {}
    for at, incident in enumerate(incidents):
        if not isinstance(incident, Incident):
            raise WrongType(f"incidents[{at}] must be an Incident, got {type(incident).__name__}: {incident!r:.100}")
        kinds.setdefault(incident.kind, []).append(incident)
    found = []
    for kind, members in kinds.items():
        spans = [(one.start, one.end) for one in members]
        good, bad = events_touched(ev, IntervalSet(spans), first, stop)
        inside = sum(max(start, since) < min(end, until) for start, end in spans)
        found.append(KindShare(kind=kind, incidents=inside, bad=bad, total=good + bad, allowed=budget.item()))
    return tuple(sorted(found, key=lambda share: (-share.bad, share.kind)))
