"""Several objectives of one service, judged together: the worst of their states, and which objective leads.

Availability, latency and correctness of one service have budgets of their own, and one team. The service is as badly
off as the worst of them; of equals the one with the least budget left leads. Aspirations are judged and shown, and do
not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, TypeVar

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, percent
from slokit.errors import InvalidPolicy, OutOfTimeline, UnknownLabel, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.findings import Finding
from slokit.policy.decision import Decision
from slokit.policy.history import PolicyHistory
from slokit.policy.policy import Policy
from slokit.policy.transitions import rank
from slokit.rational import RationalLike, parse_rational
from slokit.texts import check_text
from slokit.timeline import InstantLike, duration_text, instant_text, parse_instant

_Held = TypeVar("_Held")

__all__ = ["ServiceDecision", "ServiceHistory", "together", "unspent"]


def together(policy: Policy, evaluations: Mapping[str, Evaluation]) -> ServiceHistory:
    """Hold a policy against several objectives of one service.

    Parameters
    ----------
    policy
        The policy of all of them.
    evaluations
        Of one series each, by the name of what they measure (the dimension): ``{"availability": …, "latency": …}``.
        Steps may differ: what was last known is what counts at each bucket end of any of them, from the latest start
        to the earliest end.

    Raises
    ------
    WrongType
        If there is none, or one has several series.
    OutOfTimeline
        If they have no time in common.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts, Policy
    >>> def held(name, bad):
    ...     buckets = {"total": [1000] * 2880, "bad": [bad] * 2880}
    ...     counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="5m", **buckets)
    ...     return SLO(name, sli=SLI.ratio(name), target="99%", window="7d").evaluate(counts)
    >>> service = together(Policy.default(), {"availability": held("up", 1), "latency": held("fast", 9)})
    >>> service.at()
    WARNING · led by latency: WARNING · 10% budget left (2,036 bad events) · 1h burn 0.9x · lasts · SLI 99.1% of \
2.02 M · coverage 100%
    """
    if not isinstance(policy, Policy):
        raise WrongType(f"policy must be a Policy, got {type(policy).__name__}: {policy!r:.100}")
    if not isinstance(evaluations, Mapping) or not evaluations:
        raise WrongType(f"evaluations must map names to evaluations, at least one, got {evaluations!r:.100}")
    for name, evaluation in evaluations.items():
        check_text("the name of an objective", name, InvalidPolicy)
        one_series(evaluation, f"evaluations[{name!r:.40}]")
    histories = {name: policy.evaluate(evaluation) for name, evaluation in evaluations.items()}
    timelines = [evaluation.timeline for evaluation in evaluations.values()]
    first = max(timeline.start + timeline.step for timeline in timelines)
    last = min(timeline.end for timeline in timelines)
    # Later than a step after its end nothing is known of an objective, so the shortest one ends all.
    ends = np.unique(np.concatenate([timeline.ends.astype(np.int64) for timeline in timelines]))
    ends = ends[(ends >= first) & (ends <= last)]
    if not ends.size:
        raise OutOfTimeline(
            f"evaluations must have time in common, but one begins at {instant_text(first)} and one is over at "
            f"{instant_text(last)}"
        )
    return ServiceHistory(histories=tuple(histories.items()), ends=ends.astype("datetime64[ns]"))


def _named(pairs: tuple[tuple[str, _Held], ...], name: str) -> _Held:
    """Return what belongs to the name of an objective."""
    for known, value in pairs:
        if known == name:
            return value
    raise UnknownLabel(f"no objective is called {name!r:.60}; there are {', '.join(known for known, _ in pairs)}")


@attrs.frozen(repr=False, kw_only=True)
class ServiceDecision(Shown):
    """What a policy says of a service at one instant.

    Parameters
    ----------
    state
        The worst state of those that count.
    leading
        The objective that is worst off.
    decisions
        Pairs of a name and the decision about it.
    """

    _caption = "Service"

    state: str
    leading: str
    decisions: tuple[tuple[str, Decision], ...]

    def __getitem__(self, name: str) -> Decision:
        return _named(self.decisions, name)

    def allows(self, activity: str, *, change: str | None = None) -> bool:
        """Say whether an activity may begin: only where every objective allows it.

        Raises
        ------
        UnknownActivity
            If the policy knows no such activity or class of changes.
        """
        answers = [decision.allows(activity, change=change) for _, decision in self.decisions]
        return all(answers)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, with the name of the objective before each."""
        return tuple(f"{name}: {reason}" for name, decision in self.decisions for reason in decision.reasons)

    @property
    def actions(self) -> tuple[str, ...]:
        """What is to be done in the worst state."""
        return self[self.leading].actions

    def line(self) -> str:
        """Return the one line that ``repr`` shows."""
        return f"{clean(self.state, 40).upper()} · led by {clean(self.leading, 40)}: {self[self.leading].line()}"

    def __repr__(self) -> str:
        return self.line()

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "state", clean(self.state, 40).upper()
        yield from ((clean(name, 40), decision.line()) for name, decision in self.decisions)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ServiceHistory(Shown):
    """The states of a service over time: what :func:`together` returns.

    Parameters
    ----------
    histories
        Pairs of a name and the history of that objective.
    ends
        The bucket ends at which all of them are known, datetime64[ns], shape ``(n,)``.
    """

    histories: tuple[tuple[str, PolicyHistory], ...]
    ends: npt.NDArray[np.datetime64]

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        self.ends.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ServiceHistory):
            return NotImplemented
        return self.histories == other.histories and np.array_equal(self.ends, other.ends)

    def __getitem__(self, name: str) -> PolicyHistory:
        return _named(self.histories, name)

    @property
    def _counting(self) -> list[tuple[str, PolicyHistory]]:
        """Return the objectives that count; all of them where every one is an aspiration."""
        enforced = [
            (name, history) for name, history in self.histories if getattr(history.evaluation.slo, "enforced", True)
        ]
        return enforced or list(self.histories)

    def _buckets(self, history: PolicyHistory) -> npt.NDArray[np.intp]:
        """Return the bucket of a history that was over last at each end."""
        timeline = history.timeline
        return np.asarray((self.ends.astype(np.int64) - timeline.start) // timeline.step - 1)

    @property
    def _shortest_step(self) -> int:
        return min(history.timeline.step for _, history in self.histories)

    @property
    def codes(self) -> npt.NDArray[np.int8]:
        """Code of the worst state at each end, -1 for unknown: int8, shape ``(n,)``."""
        codes = np.stack([history.codes[self._buckets(history)] for _, history in self._counting])
        worst = rank(codes).argmax(axis=0)
        return np.asarray(np.take_along_axis(codes, worst[np.newaxis], axis=0)[0])

    @property
    def states(self) -> npt.NDArray[np.str_]:
        """Name of the worst state at each end, shape ``(n,)``."""
        return np.asarray(np.array(self.histories[0][1].names)[self.codes])

    @property
    def leading(self) -> npt.NDArray[np.str_]:
        """Which objective is worst off at each end: by its state, then by the budget left; shape ``(n,)``."""
        counting = self._counting
        ranks, left = [], []
        for _, history in counting:
            buckets = self._buckets(history)
            ranks.append(rank(history.codes[buckets]))
            left.append(history.evaluation.error_budget.remaining_ratio[buckets])
        # Without data there is nothing to lead with; a float of infinity is behind all that is known.
        budgets, grades = np.nan_to_num(np.stack(left), nan=np.inf), np.stack(ranks)
        order = np.lexsort((budgets, -grades.astype(np.int64)), axis=0)
        return np.asarray(np.array([name for name, _ in counting])[order[0]])

    def at(self, when: InstantLike | None = None) -> ServiceDecision:
        """Return the decision about the service at an instant, by default at the last end that all share.

        Raises
        ------
        OutOfTimeline
            If that is before the first end, or past the last.
        """
        if when is None:
            position = len(self.ends) - 1
        else:
            instant = np.datetime64(parse_instant(when, "when"), "ns")
            position = int(np.searchsorted(self.ends, instant, side="right")) - 1
            if instant >= self.ends[-1] + np.timedelta64(self._shortest_step, "ns"):
                raise OutOfTimeline(
                    f"when must be less than a bucket after {self.ends[-1]}Z, the last end that all objectives share, "
                    f"got {instant}Z; counts.extend(until=) makes a silence visible"
                )
            if position < 0:
                raise OutOfTimeline(
                    f"when must not be before {self.ends[0]}Z, where all objectives are known, got {instant}Z"
                )
        end = self.ends[position]
        decisions = tuple((name, history.at(end)) for name, history in self.histories)
        return ServiceDecision(
            state=str(self.states[position]), leading=str(self.leading[position]), decisions=decisions
        )

    def findings(self, *, little: RationalLike = "10%", windows: int = 3) -> tuple[Finding, ...]:
        """Return what the history says about the objectives themselves: see :func:`unspent`."""
        found = [unspent(name, history.evaluation, little=little, windows=windows) for name, history in self.histories]
        return tuple(finding for finding in found if finding is not None)

    def __repr__(self) -> str:
        names = ", ".join(clean(name, 40) for name, _ in self.histories)
        return f"ServiceHistory({names})\n{self.at()!r}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self.at().__rich_repr__()


def unspent(name: str, evaluation: Evaluation, *, little: RationalLike = "10%", windows: int = 3) -> Finding | None:
    """Point at a budget that was never missed, or of which far too little was spent, for long.

    A budget is there to be spent: an objective that nothing ever comes near says nothing, and reliability that nobody
    asked for was paid for in changes not made.

    Parameters
    ----------
    name
        What to call the objective.
    evaluation
        Of one series.
    little
        Never having spent more than this share of the budget is far too little.
    windows
        For how many of the objective's windows there must be data before anything is said.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1d", total=[10_000] * 90, bad=[1] * 90)
    >>> unspent("up", SLO("up", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts))
    up: never spent more than 1% of its budget in 90d; raise the target, or spend the budget on changes and \
experiments [underspent]
    """
    one_series(evaluation, "evaluation")
    share = parse_rational(little, "little")
    if not 0 < share <= 1:
        raise InvalidPolicy(f"little must be a share of the budget above 0 and up to 1, got {little}")
    if isinstance(windows, bool) or not isinstance(windows, int) or windows < 1:
        raise InvalidPolicy(f"windows must be a whole number of 1 or more, got {windows!r}")
    has = np.flatnonzero(evaluation.bucket_has_data)
    timeline, nominal = evaluation.timeline, evaluation.slo.window.nominal
    length = (timeline.size - int(has[0])) * timeline.step if has.size else 0
    # A window's silence spends nothing, and is no reliability.
    silences = np.diff(np.append(has, timeline.size)) if has.size else np.zeros(1, dtype=np.int64)
    if length < windows * nominal or int(silences.max()) * timeline.step >= nominal or evaluation.missed.any():
        return None
    known = duration_text(length)
    ratio = evaluation.error_budget.remaining_ratio
    most = 1 - float(np.nanmin(ratio))
    if evaluation.spent(share).any():
        return Finding(
            "never-missed",
            name,
            f"never missed in {known}, and spent at most {percent(most, 1)} of its budget",
            "ask whether the target says what users need; a target that is never missed gives no signal",
            "advice",
        )
    return Finding(
        "underspent",
        name,
        f"never spent more than {percent(most, 1, against=[share])} of its budget in {known}",
        "raise the target, or spend the budget on changes and experiments",
        "advice",
    )
