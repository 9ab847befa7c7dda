"""What a review is given, read: a quarter, objectives by name, incidents by objective, and the quarter's evidence."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import attrs

from slokit._kernels.sums import PrefixSums
from slokit.errors import InvalidWindow, UnknownLabel, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.incidents import Incident
from slokit.incidents.reading import events_touched
from slokit.intervals import IntervalSet, span_text
from slokit.periods import CalendarWindow, Period
from slokit.texts import check_text
from slokit.timeline import InstantLike, duration_text, instant_text

__all__ = ["Incidents", "Part", "by_objective", "named_evaluations", "read_quarter"]

Incidents = Iterable[Incident] | Mapping[str, Iterable[Incident]] | Mapping[str | None, Iterable[Incident]]
"""Incidents of all objectives, or by the name of one; under None those of all."""

_QUARTER = re.compile(r"([0-9]{4})-?[Qq]([1-4])")


def read_quarter(quarter: str | Period | tuple[InstantLike, InstantLike], tz: str) -> tuple[str, Period]:
    """Return the name and the span of a quarter."""
    if isinstance(quarter, str):
        match = _QUARTER.fullmatch(quarter.strip()[:20])
        if match is None:
            raise InvalidWindow(
                f'quarter must be text such as "2026-Q1", a Period or a pair of instants, got {quarter!r:.60}'
            )
        year, number = match.groups()
        inside = f"{year}-{3 * int(number) - 1:02}-15T12:00Z"
        return f"{year}-Q{number}", CalendarWindow("quarter", tz=tz).period(inside)
    if isinstance(quarter, tuple | list) and len(quarter) == 2:
        quarter = Period(*quarter)
    if not isinstance(quarter, Period):
        raise WrongType(
            f'quarter must be text such as "2026-Q1", a Period or a pair of instants, got {type(quarter).__name__}: '
            f"{quarter!r:.100}"
        )
    return span_text(quarter.start, quarter.end), quarter


def named_evaluations(evaluations: Mapping[str, Evaluation] | Iterable[Evaluation]) -> Iterator[tuple[str, Evaluation]]:
    """Yield evaluations with what to call them, and refuse two of one name."""
    if isinstance(evaluations, Evaluation):
        evaluations = [evaluations]
    if not isinstance(evaluations, Iterable):
        raise WrongType(f"evaluations must be several, got {type(evaluations).__name__}; write them in a list")
    if isinstance(evaluations, Mapping):
        pairs = list(evaluations.items())
    else:
        held = list(evaluations)
        pairs = [(one_series(ev, f"evaluations[{at}]").slo.name, ev) for at, ev in enumerate(held)]
    if not pairs:
        raise WrongType("evaluations must be at least one")
    names: set[str] = set()
    for name, ev in pairs:
        check_text("the name of an objective", name, UnknownLabel, most=1_000)
        one_series(ev, f"evaluations[{name!r:.40}]")
        if name in names:
            raise UnknownLabel(f"objectives must have names of their own, got {name!r:.60} twice; give them by name")
        names.add(name)
        yield name, ev


def by_objective(incidents: Incidents, names: Sequence[str]) -> dict[str, tuple[Incident, ...]]:
    """Return the incidents that concern each objective."""
    if isinstance(incidents, str) or not isinstance(incidents, Iterable):
        raise WrongType(f"incidents must be several, got {type(incidents).__name__}; write them in a list")
    held: Mapping[Any, Iterable[Incident]] = incidents if isinstance(incidents, Mapping) else {None: incidents}
    read: dict[str | None, tuple[Incident, ...]] = {}
    for name, some in held.items():
        if name is not None and name not in names:
            raise UnknownLabel(f"incidents name the objective {name!r:.60}; there are {', '.join(names)}")
        if isinstance(some, str) or not isinstance(some, Iterable):
            where = "incidents" if name is None else f"incidents[{name!r:.40}]"
            raise WrongType(f"{where} must be several incidents, got {type(some).__name__}: {some!r:.100}")
        read[name] = tuple(some)
        for at, one in enumerate(read[name]):
            if not isinstance(one, Incident):
                where = f"incidents[{at}]" if name is None else f"incidents[{name!r:.40}][{at}]"
                raise WrongType(f"{where} must be an Incident, got {type(one).__name__}: {one!r:.100}")
    return {name: (*read.get(None, ()), *read.get(name, ())) for name in names}


@attrs.frozen(eq=False)
class Part:
    """One objective's evidence up to the end of the quarter.

    Parameters
    ----------
    name
        What it is called.
    ev
        Its evaluation, cut at the end of the quarter.
    first, stop
        The buckets of the quarter that there are.
    buckets
        How many buckets the quarter should hold.
    """

    name: str
    ev: Evaluation
    first: int
    stop: int
    buckets: int

    @classmethod
    def of(cls, name: str, ev: Evaluation, period: Period) -> Part:
        """Lay a quarter over an evaluation.

        Raises
        ------
        InvalidWindow
            If the quarter begins or ends inside a bucket.
        """
        timeline = ev.timeline
        for edge in (period.start, period.end):
            if not timeline.is_edge(edge):
                fits = math.gcd(timeline.step, edge - timeline.start)
                raise InvalidWindow(
                    f"the quarter must begin and end where a bucket of {name!r:.60} does, got "
                    f"{instant_text(edge)} inside one of {duration_text(timeline.step)}; use a step of "
                    f"{duration_text(fits)}"
                )
        stop = min(max(timeline.edge_index(period.end), 0), timeline.size)
        first = min(max(timeline.edge_index(period.start), 0), stop)
        return cls(name, _until(ev, stop), first, stop, period.length // timeline.step)

    @property
    def enforced(self) -> bool:
        """Whether it counts."""
        return bool(getattr(self.ev.slo, "enforced", True))

    @property
    def has_data(self) -> bool:
        """Whether there are buckets of the quarter."""
        return self.first < self.stop

    def touched(self, spans: IntervalSet) -> int:
        """Return the bad events of the quarter that spans touch, each once."""
        return events_touched(self.ev, spans, self.first, self.stop)[1] if self.has_data else 0

    @property
    def allowed(self) -> Fraction:
        """The bad events that the objective allows of the quarter's."""
        return (1 - self.ev.target) * sum(self.ev._sums.events(self.first, self.stop))


def _until(ev: Evaluation, stop: int) -> Evaluation:
    """Return an evaluation as it was at the end of a bucket, without what came later."""
    sums, timeline = ev._sums, ev.timeline.cut(0, stop)
    if stop == ev.timeline.size:
        return ev
    bad, total, observed = (
        PrefixSums(held.values[..., : stop + 1], held.largest, held.row_bound)
        for held in (sums.bad, sums.total, sums.observed)
    )
    cut = attrs.evolve(
        sums, timeline=timeline, bad=bad, total=total, observed=observed, excluded=sums.excluded[..., :stop],
        grid=ev.slo.window.grid(timeline),
    )  # fmt: skip
    return attrs.evolve(ev, sums=cut)
