"""A policy tried on years that have not happened: how often it would page, for how long it would freeze, what is left.

One simulated year says little, because in another one the outages fall otherwise. So the same policy, objective and
catalogue are held against many years, each of its own seed, and what comes out are distributions. Each year is
preceded by one window of the objective that is simulated and not counted: a year then begins with a full window, as
every later month does.

What the policy would change (a freeze makes releases rarer, and with them incidents) is not fed back: the incidents
are the same whatever it says. Days frozen are therefore what it asks for at the given rate, and not what it achieves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, percent, plural
from slokit.alerts import Alert, notifications
from slokit.analysis.simulate.catalogue import Catalogue
from slokit.analysis.simulate.evidence import counts
from slokit.analysis.simulate.scenario import Incident, Traffic
from slokit.errors import InvalidNumber, InvalidWindow, WrongType
from slokit.evaluation import Evaluation
from slokit.policy import Policy, PolicyHistory
from slokit.rational import parse_integer
from slokit.slo import SLO
from slokit.timeline import DurationLike, InstantLike, Timeline, parse_duration, parse_instant
from slokit.windows import RollingWindow

__all__ = ["Figure", "PolicyTrial", "try_policy"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Figure = Literal["pages", "days_frozen", "budget_left"]
"""What a trial has a distribution of, a month."""

_DAY = 86_400_000_000_000
_MONTH = 30 * _DAY
_PAGE = "page"
_MOST_MONTHS, _MOST_RUNS = 120, 10_000


def _same(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> bool:
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


@attrs.frozen(kw_only=True, repr=False)
class PolicyTrial(Shown):
    """What a policy would have done in many simulated years; the arrays are read-only, shape ``(runs, months)``.

    Parameters
    ----------
    policy, slo
        What was tried.
    activity
        The activity that counts as frozen where the policy blocks it.
    seeds
        One a run.
    pages
        How often somebody was paged, each trouble once: int64.
    frozen
        How long the activity was blocked: int64, nanoseconds.
    budget_left
        What is left of the error budget at the end of each month: float64; below 0 overspent, NaN without data.
    missed
        Whether the objective is missed at the end of each month: bool.
    incidents
        How many incidents of the catalogue hit the service: int64.
    """

    _caption = "Trial of a policy"

    policy: Policy
    slo: SLO
    activity: str
    seeds: tuple[int, ...]
    pages: Ints = attrs.field(eq=attrs.cmp_using(eq=_same))
    frozen: Ints = attrs.field(eq=attrs.cmp_using(eq=_same))
    budget_left: Floats = attrs.field(eq=attrs.cmp_using(eq=_same))
    missed: npt.NDArray[np.bool_] = attrs.field(eq=attrs.cmp_using(eq=_same))
    incidents: Ints = attrs.field(eq=attrs.cmp_using(eq=_same))

    __hash__ = None  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        for array in (self.pages, self.frozen, self.budget_left, self.missed, self.incidents):
            array.setflags(write=False)

    @property
    def runs(self) -> int:
        """How many times the months were simulated."""
        return len(self.pages)

    @property
    def months(self) -> int:
        """How many months of 30 days each run has."""
        return int(self.pages.shape[1])

    @property
    def days_frozen(self) -> Floats:
        """How long the activity was blocked each month, in days: float64, shape ``(runs, months)``."""
        return self.frozen / _DAY

    @property
    def chance_missed(self) -> float:
        """The share of all months at whose end the objective is missed."""
        return float(self.missed.mean())

    def quantiles(self, figure: Figure, q: Sequence[float] = (0.05, 0.5, 0.95)) -> Floats:
        """Return quantiles of a figure over all months of all runs, float64, shape ``(len(q),)``.

        Parameters
        ----------
        figure
            ``"pages"`` and ``"days_frozen"`` a month, or ``"budget_left"`` at a month's end, where months without data
            do not count.
        q
            Numbers from 0 to 1.

        Raises
        ------
        InvalidNumber
            If the figure is unknown, or one of ``q`` is not between 0 and 1.
        """
        if figure not in get_args(Figure):
            raise InvalidNumber(f"figure must be one of {', '.join(get_args(Figure))}, got {figure!r:.60}")
        wanted = np.asarray(q, dtype=np.float64)
        if wanted.ndim != 1 or not ((wanted >= 0) & (wanted <= 1)).all():
            raise InvalidNumber(f"q must be several numbers from 0 to 1, such as [0.05, 0.5, 0.95], got {q!r:.100}")
        values = np.asarray(getattr(self, figure), dtype=np.float64)
        values = values[~np.isnan(values)]
        return np.quantile(values, wanted) if values.size else np.full(len(wanted), np.nan)

    def _spread(self, figure: Figure, write: str) -> str:
        low, middle, high = self.quantiles(figure).tolist()
        if np.isnan(middle):
            return "no data"
        said = [percent(x, 0) if write == "percent" else f"{x:.3g}" for x in (middle, low, high)]
        return f"{said[0]} [5%: {said[1]}, 95%: {said[2]}]"

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "runs", f"{plural(self.runs, 'run')} of {plural(self.months, 'month')}"
        yield "incidents", f"{self.incidents.mean():.3g} incidents a month"
        yield "pages", f"pages a month {self._spread('pages', 'number')}, {self.pages.mean():.3g} on average"
        frozen = f"days without {clean(self.activity, 40)} a month {self._spread('days_frozen', 'number')}"
        yield "frozen", f"{frozen}, {self.days_frozen.mean():.3g} on average"
        yield "left", f"budget left at a month's end {self._spread('budget_left', 'percent')}"
        yield "missed", f"missed at the end of {percent(self.chance_missed, 0)} of months"

    def __repr__(self) -> str:
        head = f"PolicyTrial({clean(self.policy.name, 40)} on {clean(self.slo.name, 40)}"
        return f"{head}: {'; '.join(text for _, text in self._facts())})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "policy", clean(self.policy.name)
        yield "objective", clean(self.slo.name)
        yield from self._facts()


def try_policy(
    policy: Policy,
    slo: SLO,
    traffic: Traffic,
    catalogue: Catalogue,
    *,
    service: str | None = None,
    months: int = 12,
    seeds: int | Iterable[int] = 20,
    start: InstantLike = "2026-01-01T00:00Z",
    step: DurationLike = "5m",
    activity: str = "deploy",
) -> PolicyTrial:
    """Hold a policy against simulated years, and say how they spread.

    Parameters
    ----------
    policy, slo
        What is tried. Pages are those of the policy's own alerts of severity ``"page"``.
    traffic
        What the service is asked, and how often it fails when nothing in particular is wrong.
    catalogue
        What goes wrong.
    service
        The service's name in the catalogue: classes that name services hit it if they name it. Without one all hit it
        fully. The incidents of a seed are the same for every service, so that trials of several can be compared run by
        run: what they have in common hits them at the same time.
    months
        How many months of 30 days are counted, after one window of the objective that is not.
    seeds
        How many runs, seeded 0, 1, …; or their seeds.
    start, step
        Where counting begins, and the buckets.
    activity
        The policy's activity whose freeze is measured, of changes that are of no special class.

    Raises
    ------
    WrongType
        If an argument is of another type.
    InvalidNumber
        If months or seeds are out of range.
    InvalidWindow
        If the objective's window or a month is no whole number of buckets.
    InvalidTimeline
        If the months, or the window before them, do not lie between the years 1677 and 2262.
    UnknownActivity
        If the policy does not know the activity.

    Examples
    --------
    >>> from slokit import SLI, SLO, Policy
    >>> from slokit.analysis.simulate import Catalogue, IncidentClass, Traffic
    >>> slo = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d")
    >>> outages = Catalogue([IncidentClass("outage", per_month=1, duration="30m", severity=(0.1, 1))])
    >>> trial = try_policy(Policy.default(), slo, Traffic(), outages, months=3, seeds=2)
    >>> trial.pages.shape, trial == try_policy(Policy.default(), slo, Traffic(), outages, months=3, seeds=2)
    ((2, 3), True)
    """
    for field, value, cls in (
        ("policy", policy, Policy), ("slo", slo, SLO), ("traffic", traffic, Traffic),
        ("catalogue", catalogue, Catalogue),
    ):  # fmt: skip
        if not isinstance(value, cls):
            raise WrongType(f"{field} must be a {cls.__name__}, got {type(value).__name__}: {value!r:.100}")
    if service is not None and not isinstance(service, str):
        raise WrongType(f"service must be the name of a service, got {type(service).__name__}: {service!r:.100}")
    blocking = [policy.blocks(state, activity) for state in (*policy.states, policy.unknown)]
    drawn = _seeds(seeds)
    lasting = parse_integer(months, "months", 1, _MOST_MONTHS)
    bucket = parse_duration(step, "step")
    a_month = RollingWindow(_MONTH).buckets(bucket, "a month")
    # A window in front, in whole buckets and days, so that calendar periods are whole too where they can be.
    ahead = -(-slo.window.nominal // _DAY) * _DAY
    if ahead % bucket:
        raise InvalidWindow(f"step must divide a day, got {step!r}; use a step such as 5m")
    # Refused here, where the window in front would begin before the year 1677, or the months end after 2262.
    line = Timeline(parse_instant(start, "start") - ahead, bucket, ahead // bucket + lasting * a_month)
    plan = _Plan(line.start, ahead, bucket, ahead // bucket, a_month, lasting, service)
    figures = [_run(policy, slo, traffic, catalogue, plan, np.array(blocking), seed) for seed in drawn]
    pages, frozen, left, missed, incidents = (np.stack(rows) for rows in zip(*figures, strict=True))
    return PolicyTrial(
        policy=policy, slo=slo, activity=activity, seeds=drawn, pages=pages, frozen=frozen, budget_left=left,
        missed=missed, incidents=incidents,
    )  # fmt: skip


def _seeds(seeds: int | Iterable[int]) -> tuple[int, ...]:
    if isinstance(seeds, int | np.integer) and not isinstance(seeds, bool):
        seeds = range(int(seeds))
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        raise WrongType(f"seeds must be how many runs, or several seeds, got {seeds!r:.100}")
    held = tuple(parse_integer(seed, f"seeds[{at}]") for at, seed in zip(range(_MOST_RUNS + 1), seeds, strict=False))
    if not 1 <= len(held) <= _MOST_RUNS:
        raise InvalidNumber(
            f"seeds must be 1 to {_MOST_RUNS:,} runs, got {len(held):,}{'' if not held else ' or more'}"
        )
    return held


@attrs.frozen
class _Plan:
    """Where a run lies, in nanoseconds and buckets.

    Parameters
    ----------
    start, ahead, step
        Its first edge, how much of it is not counted, and its buckets: nanoseconds.
    skip, month
        Buckets that are not counted, and those of a month.
    months
        How many months are counted.
    service
        What the catalogue calls the service.
    """

    start: int
    ahead: int
    step: int
    skip: int
    month: int
    months: int
    service: str | None

    @property
    def length(self) -> np.timedelta64:
        """All of it."""
        return np.timedelta64(self.ahead + self.months * _MONTH, "ns")

    @property
    def begin(self) -> np.datetime64:
        """Its first edge as an instant."""
        return np.datetime64(self.start, "ns")

    def month_of(self, instants: Ints) -> Ints:
        """Return in which month each instant falls; below 0 where it is not counted."""
        return (instants - self.start - self.ahead) // _MONTH

    def tally(self, instants: Iterable[int]) -> Ints:
        """Count instants by month."""
        at = self.month_of(np.fromiter(instants, dtype=np.int64))
        return np.bincount(at[(at >= 0) & (at < self.months)], minlength=self.months)


_Figures = tuple[Ints, Ints, Floats, npt.NDArray[np.bool_], Ints]


def _run(
    policy: Policy,
    slo: SLO,
    traffic: Traffic,
    catalogue: Catalogue,
    plan: _Plan,
    blocking: npt.NDArray[np.bool_],
    seed: int,
) -> _Figures:
    """Return the figures of one run by month."""
    drawn = catalogue.draw(start=plan.begin, duration=plan.length, seed=seed)
    incidents = [hit for one in drawn if (hit := _on(one, plan.service)) is not None]
    named = traffic if plan.service is None else {plan.service: traffic}
    evidence = counts(
        named, start=plan.begin, duration=plan.length, step=np.timedelta64(plan.step, "ns"), seed=seed,
        incidents=incidents,
    )  # fmt: skip
    ev = slo.evaluate(evidence if plan.service is None else evidence[0])
    history = policy.evaluate(ev)
    # Codes count to unknown from behind, and so does the last of what blocks.
    frozen = blocking[history.codes[plan.skip :]].reshape(plan.months, plan.month).sum(axis=1) * plan.step
    ends = plan.skip + plan.month * np.arange(1, plan.months + 1) - 1
    return (
        plan.tally(_paged(ev, history)),
        frozen,
        ev._budgets(ends).remaining_ratio,
        ev.missed[ends],
        plan.tally(one.start for one in incidents),
    )


def _on(incident: Incident, service: str | None) -> Incident | None:
    """Return an incident as it hits one service; None where it does not."""
    if service is None or incident.hits is None:
        return attrs.evolve(incident, hits=None)
    sensitivity = incident.sensitivity(service)
    return attrs.evolve(incident, hits={service: sensitivity}) if sensitivity else None


def _paged(ev: Evaluation, history: PolicyHistory) -> Iterator[int]:
    """Yield when somebody was paged, nanoseconds since the epoch."""
    leaves = [leaf for rule in history.rules for leaf in rule.leaves()]
    pages = [leaf for leaf in dict.fromkeys(leaves) if isinstance(leaf, Alert) and leaf.severity == _PAGE]
    for notification in notifications(ev, pages):
        yield parse_instant(notification.start)
