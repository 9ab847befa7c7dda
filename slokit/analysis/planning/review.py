"""The review itself: what each class of incidents took from each objective in a quarter, ranked and grouped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Literal, get_args

import numpy as np

from slokit._display import percent
from slokit.analysis.planning.parts import Incidents, Part, by_objective, named_evaluations, read_quarter
from slokit.analysis.planning.rows import ClassRow, Focus, GivenBack, GroupRow, ObjectiveRow, Priority
from slokit.analysis.planning.writing import PlanningReview
from slokit.errors import InvalidNumber, OutOfTimeline, WrongType
from slokit.evaluation import Evaluation
from slokit.findings import Finding
from slokit.incidents import Incident, by_kind
from slokit.intervals import IntervalSet, span_text
from slokit.periods import Period
from slokit.policy import Reviews
from slokit.policy.service import unspent
from slokit.rational import RationalLike, parse_rational, percent_text
from slokit.timeline import InstantLike, duration_text

__all__ = ["review"]

_By = Literal["owner", "service"]

_LITTLE_LEFT = Fraction(1, 4)
_MOST_OUTSIDE = Fraction(1, 2)


def review(
    evaluations: Mapping[str, Evaluation] | Iterable[Evaluation],
    quarter: str | Period | tuple[InstantLike, InstantLike],
    *,
    incidents: Incidents,
    tz: str = "UTC",
    by: _By = "owner",
    first: RationalLike | None = None,
    next: RationalLike = "5%",  # noqa: A002 - the word that the priority has
) -> PlanningReview:
    """Rank classes of incidents by the budget that their repair would give back, and say what teams should go for.

    Parameters
    ----------
    evaluations
        Of one series each: by the name to call them, or several, called by their objectives' names. Steps may differ.
    quarter
        Text such as ``"2026-Q1"``; a :class:`~slokit.Period`, such as a fiscal quarter's
        (``CalendarWindow("month", every=3, start="2026-02-01").period(when)``); or a pair of instants. Data after it
        are not looked at.
    incidents
        With their kinds. Several concern every objective; or by the name of the objective that they concern, those
        under None every one.
    tz
        The zone of a quarter given as text.
    by
        Group objectives by ``"owner"`` or by ``"service"``.
    first, next
        A class that took strictly more than this share of the budget of any one objective is of first (by default the
        share from which a policy asks for a planning item, 20%), or of next priority.

    Returns
    -------
    PlanningReview
        The budget of an objective here is what it allows of its events in the quarter, whatever its own window.
        Aspirations (``enforced=False``) are shown and do not count, unless there is nothing else.

    Raises
    ------
    WrongType
        If an argument is of another type, or an evaluation of several series.
    InvalidWindow
        If the quarter cannot be read, or its ends lie inside a bucket.
    OutOfTimeline
        If none of the evaluations reaches into it.
    UnknownLabel
        If incidents name an objective that is not there, or two objectives have one name.
    InvalidNumber
        If a share is negative, or ``next`` is above ``first``.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> bad = [0] * 90
    >>> bad[10], bad[40], bad[41] = 300, 60, 40
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1d", total=[1000] * 90, bad=bad)
    >>> slo = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d", owner="payments")
    >>> incidents = [
    ...     Incident("2026-01-11T08:00Z", "2026-01-11T12:00Z", kind="release"),
    ...     Incident("2026-02-10T08:00Z", "2026-02-11T12:00Z", kind="dependency"),
    ... ]
    >>> found = review([slo.evaluate(counts)], "2026-Q1", incidents=incidents)
    >>> found
    Review of 2026-Q1: 1 objective, 0 missed; 1 proposal of first priority
    ClassRow(release: first, gives back 33.3% of checkout, 33.3% in all; 1 incident, 4h)
    ClassRow(dependency: next, gives back 11.1% of checkout, 11.1% in all; 1 incident, 1d4h)
    GroupRow(payments: reliability, least budget left 100%, proposals release, dependency)
    checkout: its budget was exhausted for 30d of the quarter; see which repairs would have given it back \
[budget-exhausted]
    >>> found.gives_back
    Fraction(4, 9)
    """
    limits = _limits(first, next)
    if by not in get_args(_By):
        raise WrongType(f"by must be 'owner' or 'service', got {by!r:.60}")
    name, period = read_quarter(quarter, tz)
    parts = [Part.of(called, ev, period) for called, ev in named_evaluations(evaluations)]
    if all(part.first >= part.stop for part in parts):
        raise OutOfTimeline(f"evaluations must reach into {name} ({span_text(period.start, period.end)}), none does")
    given = by_objective(incidents, [part.name for part in parts])
    counting = [part for part in parts if part.enforced] or parts
    classes = _classes(parts, {part.name for part in counting}, given, period, limits)
    objectives = tuple(_objective(part, given[part.name]) for part in parts)
    groups = _groups(objectives, {part.name for part in counting}, classes, limits, by)
    return PlanningReview(
        name=name,
        period=period,
        classes=classes,
        objectives=objectives,
        groups=groups,
        findings=tuple(_findings(parts, objectives, classes, limits[0])),
        first=limits[0],
        next=limits[1],
    )


def _limits(first: RationalLike | None, later: RationalLike) -> tuple[Fraction, Fraction]:
    high = Reviews().planning_share if first is None else parse_rational(first, "first")
    low = parse_rational(later, "next")
    if not 0 <= low <= high:
        raise InvalidNumber(f"next must be 0 or more, and at most first, {percent_text(high)}, got {later}")
    return high, low


def _spans(incidents: Iterable[Incident]) -> IntervalSet:
    return IntervalSet((one.start, one.end) for one in incidents)


def _classes(
    parts: Sequence[Part],
    counting: set[str],
    given: Mapping[str, tuple[Incident, ...]],
    period: Period,
    limits: tuple[Fraction, Fraction],
) -> tuple[ClassRow, ...]:
    """Rank classes of incidents."""
    kinds = sorted({one.kind for some in given.values() for one in some})
    taken: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    for part in parts:
        if part.has_data:
            window = np.timedelta64((part.stop - part.first) * part.ev.timeline.step, "ns")
            for share in by_kind(part.ev, given[part.name], window=window):
                taken[share.kind][part.name] = share.bad
    allowed = {part.name: part.allowed for part in parts}

    def shares(kind: str) -> list[Fraction]:
        return [
            Fraction(bad) / allowed[name] for name, bad in taken[kind].items() if name in counting and allowed[name]
        ]

    priorities = {kind: _priority(max(shares(kind), default=Fraction(0)), limits) for kind in kinds}
    totals = {kind: sum(shares(kind), Fraction(0)) for kind in kinds}
    order = get_args(Priority)
    rows, before = [], {part.name: (IntervalSet.empty(), 0) for part in parts}
    for kind in sorted(kinds, key=lambda kind: (order.index(priorities[kind]), -totals[kind], kind)):
        members = list(dict.fromkeys(one for some in given.values() for one in some if one.kind == kind))
        given_back = []
        for part in parts:
            spans, reached = before[part.name]
            spans |= _spans(one for one in given[part.name] if one.kind == kind)
            now = part.touched(spans)
            before[part.name] = (spans, now)
            bad = taken[kind].get(part.name, 0)
            given_back.append(GivenBack(objective=part.name, bad=bad, added=now - reached, allowed=allowed[part.name]))
        hardest = sorted(given_back, key=lambda one: (one.share is None, -(one.share or 0)))
        owner_of = {part.name: getattr(part.ev.slo, "owner", None) for part in parts}
        concerned = [one for one in hardest if (one.share or 0) > limits[1]] or [one for one in hardest[:1] if one.bad]
        owners = dict.fromkeys(owner for one in concerned if (owner := owner_of[one.objective]))
        rows.append(
            ClassRow(
                kind=kind,
                incidents=sum(max(one.start, period.start) < min(one.end, period.end) for one in members),
                time=_spans(members).clip(period.start, period.end).duration,
                given_back=tuple(hardest),
                priority=priorities[kind],
                total=totals[kind],
                added=sum(
                    (one.added_share or Fraction(0) for one in given_back if one.objective in counting), Fraction(0)
                ),
                owners=tuple(owners),
            )
        )
    return tuple(rows)


def _priority(share: Fraction, limits: tuple[Fraction, Fraction]) -> Priority:
    return "first" if share > limits[0] else "next" if share > limits[1] else "watch"


def _objective(part: Part, incidents: tuple[Incident, ...]) -> ObjectiveRow:
    """Say how one objective fared."""
    ev, slo = part.ev, part.ev.slo
    good, bad = ev._sums.events(part.first, part.stop)
    seen = ev._sums.observed.one_window((), part.first, part.stop)
    within, step = slice(part.first, part.stop), ev.timeline.step
    spent = ev.spent_share() if part.has_data else None
    return ObjectiveRow(
        name=part.name,
        service=getattr(slo, "service", None),
        owner=getattr(slo, "owner", None),
        enforced=part.enforced,
        target=ev.target,
        good=good,
        bad=bad,
        outside=bad - part.touched(_spans(incidents)),
        coverage=Fraction(seen, part.buckets),
        missed_for=int(np.count_nonzero(ev.missed[within])) * step,
        exhausted_for=int(np.count_nonzero(ev.spent(1, op="gte")[within])) * step,
        left=None if spent is None else 1 - spent,
    )


def _groups(
    objectives: tuple[ObjectiveRow, ...],
    counting: set[str],
    classes: tuple[ClassRow, ...],
    limits: tuple[Fraction, Fraction],
    by: _By,
) -> tuple[GroupRow, ...]:
    """Group objectives, and say what the next sprints of each group are for."""
    members: dict[str, list[ObjectiveRow]] = {}
    for row in objectives:
        members.setdefault(getattr(row, by) or "", []).append(row)
    # Which classes hit which objective, and how urgent that is there.
    hits = {
        (row.kind, one.objective): _priority(one.share or Fraction(0), limits)
        for row in classes
        for one in row.given_back
    }
    groups = []
    for group, rows in members.items():
        names = [row.name for row in rows if row.name in counting]
        here = {kind: found for (kind, name), found in hits.items() if name in names and found != "watch"}
        urgent = any(hits[kind, name] == "first" for kind in here for name in names)
        counted = [row for row in rows if row.name in counting]
        left = min((row.left for row in counted if row.left is not None), default=None)
        groups.append(
            GroupRow(
                group=group,
                objectives=tuple(row.name for row in rows),
                missed=tuple(row.name for row in rows if row.met is False),
                exhausted=tuple(row.name for row in rows if row.left is not None and row.left <= 0),
                least_left=left,
                proposals=tuple(row.kind for row in classes if row.kind in here),
                focus=_focus(counted, left, urgent=urgent, some=bool(here)),
            )
        )
    order = get_args(Focus)
    return tuple(sorted(groups, key=lambda row: (order.index(row.focus), row.group)))


def _focus(rows: Sequence[ObjectiveRow], left: Fraction | None, *, urgent: bool, some: bool) -> Focus:
    if urgent or any(row.met is False for row in rows) or (left is not None and left <= 0):
        return "reliability"
    if some or (left is not None and left < _LITTLE_LEFT):
        return "balance"
    return "features" if any(row.total for row in rows) else "unknown"


def _findings(
    parts: Sequence[Part], objectives: Sequence[ObjectiveRow], classes: Sequence[ClassRow], first: Fraction
) -> Iterator[Finding]:
    """Yield what besides should be talked about."""
    for part, row in zip(parts, objectives, strict=True):
        if row.met is None:
            yield Finding(
                "no-data", part.name, "has no events in the quarter", "bring its evidence, or take it out", "advice"
            )
            continue
        if row.met is False and row.spent is not None:
            spent = percent(row.spent, 1, against=[Fraction(1)])
            yield Finding(
                "objective-missed",
                part.name,
                f"missed the quarter: {spent} of its budget was spent",
                "see which repairs would have given it back",
            )
        elif row.exhausted_for:
            yield Finding(
                "budget-exhausted",
                part.name,
                f"its budget was exhausted for {duration_text(row.exhausted_for)} of the quarter",
                "see which repairs would have given it back",
            )
        if row.outside > _MOST_OUTSIDE * row.bad and row.outside > first * row.allowed:
            yield Finding(
                "in-no-incident",
                part.name,
                f"{percent(Fraction(row.outside, row.bad), 1, against=[_MOST_OUTSIDE])} of its bad events lie in no "
                "incident",
                "look for its spells with slokit.incidents.spells, and say of what kind they were",
                "advice",
            )
        if row.coverage < 1:
            yield Finding(
                "not-all-observed",
                part.name,
                f"{percent(row.coverage, 0)} of the quarter was observed",
                "read its figures as those of the part that was",
                "advice",
            )
        if (finding := unspent(part.name, part.ev)) is not None:
            yield finding
    if any(not row.kind and row.incidents for row in classes):
        yield Finding(
            "no-kind", "incidents", "some have no kind, and stand together as one class", "say of what kind each was",
            "advice",
        )  # fmt: skip
