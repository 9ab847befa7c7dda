"""A policy held against evidence: the state at the end of every bucket, and how it came to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, percent, plural
from slokit._kernels.runs import bridged, runs
from slokit.counts.axes import labels_of, picks_by_label, picks_by_position
from slokit.errors import InvalidPolicy, OutOfTimeline
from slokit.evaluation import Evaluation
from slokit.policy.decision import Decision, DecisionTable
from slokit.policy.explain import Explanation
from slokit.policy.state import UNKNOWN, Rule
from slokit.policy.transitions import UNKNOWN_CODE, Carry
from slokit.timeline import InstantLike, Timeline, parse_instant, to_datetime

if TYPE_CHECKING:
    from slokit.policy.policy import Policy

__all__ = ["PolicyHistory", "StateEpisode", "Transition"]


@attrs.frozen(repr=False)
class Transition(Shown):
    """A change of state.

    Parameters
    ----------
    time
        End of the bucket at which the new state was known, in UTC.
    before, after
        Names of the states.
    reasons
        In words: why the new state was entered, or the old one left.
    labels
        Which series, as pairs of an axis and its label.
    """

    time: datetime
    before: str
    after: str
    reasons: tuple[str, ...]
    labels: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        named = "".join(f"{clean(label, 40)}, " for _, label in self.labels)
        why = f": {'; '.join(clean(reason, 400) for reason in self.reasons)}" if self.reasons else ""
        return f"{named}{self.time:%Y-%m-%d %H:%M} UTC {clean(self.before, 40)} -> {clean(self.after, 40)}{why}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from ((axis, clean(label)) for axis, label in self.labels)
        yield "time", f"{self.time:%Y-%m-%d %H:%M} UTC"
        yield "change", f"{clean(self.before, 40)} -> {clean(self.after, 40)}"
        yield "reasons", "; ".join(clean(reason, 400) for reason in self.reasons)


@attrs.frozen(repr=False)
class StateEpisode(Shown):
    """A span during which a state lasted.

    Parameters
    ----------
    state
        Its name.
    start
        End of the first bucket at which it was there, in UTC.
    end
        End of the first bucket at which it no longer was; None while it lasts.
    labels
        Which series, as pairs of an axis and its label.
    """

    _caption = "Episode of a state"

    state: str
    start: datetime
    end: datetime | None
    labels: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        named = "".join(f"{clean(label, 40)}, " for _, label in self.labels)
        end = "now" if self.end is None else f"{self.end:%Y-%m-%d %H:%M} UTC"
        return f"StateEpisode({named}{clean(self.state, 40)}: {self.start:%Y-%m-%d %H:%M} to {end})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from ((axis, clean(label)) for axis, label in self.labels)
        yield "state", clean(self.state, 40)
        yield "start", f"{self.start:%Y-%m-%d %H:%M} UTC"
        yield "end", "lasts" if self.end is None else f"{self.end:%Y-%m-%d %H:%M} UTC"


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PolicyHistory(Shown):
    """The states of a policy at the end of every bucket: what :meth:`Policy.evaluate` returns.

    Parameters
    ----------
    policy, evaluation
        What was held against what.
    codes
        Position of the state in the policy's order of severity, -1 for unknown: int8, shape ``(..., n)``.
    rules
        The policy's rules as they fit the buckets.
    initial
        What was known just before the first bucket.
    carry
        What the last bucket hands on, for :meth:`Policy.evaluate` to go on from.
    suspicious
        Where traffic was suspiciously low: bool, shape ``(..., n)``, or None.
    notes
        What was done that somebody should know of, such as windows that were lengthened.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts, Policy
    >>> counts = Counts.from_buckets(
    ...     start="2026-01-01T00:00Z", step="1h", total=[100] * 240, bad=[0] * 120 + [50] * 2 + [0] * 118
    ... )
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="7d").evaluate(counts)
    >>> from slokit.conditions import BudgetBelow, Exhausted
    >>> from slokit.policy import Rule, State
    >>> policy = Policy(
    ...     "two steps",
    ...     states=[State("healthy"), State("low"), State("gone")],
    ...     rules=[Rule("low", BudgetBelow("25%")), Rule("gone", Exhausted(), until=~BudgetBelow("5%"))],
    ... )
    >>> history = policy.evaluate(ev)
    >>> for transition in history.transitions:
    ...     print(transition)
    2026-01-01 01:00 UTC unknown -> healthy: first data
    2026-01-06 02:00 UTC healthy -> low: 18% of the budget left, below 25%
    2026-01-06 14:00 UTC low -> healthy: 25.4% of the budget left, not below 25%
    """

    policy: Policy
    evaluation: Evaluation
    codes: npt.NDArray[np.int8]
    rules: tuple[Rule, ...]
    initial: Carry
    carry: Carry
    suspicious: npt.NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        self.codes.setflags(write=False)

    @property
    def timeline(self) -> Timeline:
        """The buckets."""
        return self.evaluation.timeline

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the states by code; the last one, which -1 counts to, is unknown."""
        return (*(state.name for state in self.policy.states), UNKNOWN)

    @property
    def states(self) -> npt.NDArray[np.str_]:
        """Names of the states at the end of every bucket, shape ``(..., n)``."""
        return np.asarray(np.array(self.names)[self.codes])

    # --- series -------------------------------------------------------------------------------------------

    def sel(self, **labels: str | Iterable[str]) -> PolicyHistory:
        """Pick series by label: one, which drops the axis, or several, which keep it."""
        return self._picked(self.evaluation.sel(**labels), picks_by_label(self.evaluation.axes, labels))

    def __getitem__(self, index: int | slice | tuple[int | slice, ...]) -> PolicyHistory:
        """Pick rows of the first axis by position, or with a tuple of the first few."""
        return self._picked(self.evaluation[index], picks_by_position(self.evaluation.axes, index))

    def _picked(self, evaluation: Evaluation, picks: Iterable[tuple[int, Any]]) -> PolicyHistory:
        codes, initial, carry, suspicious = self.codes, self.initial, self.carry, self.suspicious
        for axis, rows in picks:
            index = (slice(None),) * axis + (rows,)
            codes, initial, carry = np.asarray(codes[index]), initial.picked(index), carry.picked(index)
            suspicious = None if suspicious is None else np.asarray(suspicious[index])
        return attrs.evolve(
            self, evaluation=evaluation, codes=codes, initial=initial, carry=carry, suspicious=suspicious
        )

    def start_code(self, index: tuple[int, ...] = ()) -> int:
        """Return the code of the state just before the first bucket of one series."""
        return int(self.initial.worst[index]) if self.initial.known[index] else UNKNOWN_CODE

    def _series(self) -> Iterator[tuple[tuple[int, ...], tuple[tuple[str, str], ...]]]:
        """Yield the index and the labels of each series."""
        for index in np.ndindex(*self.codes.shape[:-1]):
            yield index, labels_of(self.evaluation.axes, index)

    # --- over time ----------------------------------------------------------------------------------------

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """All changes of state, over all series, in the order of time, each with its reasons."""
        found = []
        for index, labels in self._series():
            codes, start = self.codes[index], self.start_code(index)
            changes = np.flatnonzero(codes != np.concatenate(([start], codes[:-1])))
            if not changes.size:
                continue
            explanation = Explanation(self._one(index))
            for bucket in changes.tolist():
                before = int(start if bucket == 0 else codes[bucket - 1])
                after = int(codes[bucket])
                found.append(
                    Transition(
                        self._end(bucket),
                        self.names[before],
                        self.names[after],
                        explanation.of_transition(bucket, before, after),
                        labels,
                    )
                )
        return tuple(sorted(found, key=lambda change: (change.time, change.labels)))

    def episodes(self, state: str) -> tuple[StateEpisode, ...]:
        """Return the spans during which a state lasted, over all series, in the order of time.

        A silence in the middle, after which the state is the same as before, does not end it.

        Raises
        ------
        InvalidPolicy
            If the policy has no such state.
        """
        code = self._code(state)
        found = runs((self.codes if code == UNKNOWN_CODE else bridged(self.codes, UNKNOWN_CODE)) == code)
        series = list(self._series())
        size = self.codes.shape[-1]
        episodes = [
            StateEpisode(state, self._end(int(start)), None if stop == size else self._end(int(stop)), series[row][1])
            for row, start, stop in zip(found.rows.tolist(), found.starts, found.stops, strict=True)
        ]
        return tuple(sorted(episodes, key=lambda episode: (episode.start, episode.labels)))

    def time_in(self, state: str) -> timedelta:
        """Return how long a state lasted, over all series together, by whole buckets.

        Raises
        ------
        InvalidPolicy
            If the policy has no such state.
        """
        buckets = int(np.count_nonzero(self.codes == self._code(state)))
        return timedelta(microseconds=buckets * self.timeline.step / 1000)

    @property
    def time_in_states(self) -> dict[str, timedelta]:
        """How long each state lasted, over all series together."""
        return {name: self.time_in(name) for name in self.names}

    def _code(self, state: str) -> int:
        if state not in self.names:
            raise InvalidPolicy(f"state must be one of {', '.join(self.names)}, got {state!r:.100}")
        return UNKNOWN_CODE if state == UNKNOWN else self.names.index(state)

    # --- one instant --------------------------------------------------------------------------------------

    def at(self, when: InstantLike | None = None) -> Decision | Any:
        """Return the decision at an instant; over leading axes a :class:`DecisionTable`.

        It is typed ``Decision | Any``, as :meth:`slokit.Evaluation.at` is; :meth:`decisions` is always a table.

        Parameters
        ----------
        when
            The last bucket that is over at this instant decides; by default the last of all.

        Raises
        ------
        OutOfTimeline
            If no bucket is over yet, or the last was over a full step before.
        """
        return self.decisions(when) if self.evaluation.axes else self._decision(self._bucket(when), (), ())

    def decisions(self, when: InstantLike | None = None) -> DecisionTable:
        """Return the decisions of all series at an instant; one series makes a table of one."""
        bucket = self._bucket(when)
        return DecisionTable(
            self.evaluation.axes, tuple(self._decision(bucket, index, labels) for index, labels in self._series())
        )

    def _bucket(self, when: InstantLike | None) -> int:
        timeline = self.timeline
        if not timeline.size:
            raise OutOfTimeline("there is no bucket to decide by; counts.extend(until=) makes a silence visible")
        if when is None:
            return timeline.size - 1
        self.evaluation[(0,) * len(self.evaluation.axes)].at(when)  # raises where the evidence does not reach
        return timeline.edge_index(parse_instant(when, "when")) - 1

    def _decision(self, bucket: int, index: tuple[int, ...], labels: tuple[tuple[str, str], ...]) -> Decision:
        one = self._one(index)
        codes = one.codes[: bucket + 1]
        codes = codes if codes[-1] == UNKNOWN_CODE else bridged(codes, UNKNOWN_CODE)
        others = np.flatnonzero(codes != codes[-1])
        first = int(others[-1]) + 1 if others.size else 0
        return Decision(
            policy=self.policy,
            state=self.names[int(codes[-1])],
            code=int(codes[-1]),
            time=self._end(bucket),
            since=None if first == 0 and one.start_code() == codes[-1] else self._end(first),
            labels=labels,
            enforced=getattr(self.evaluation.slo, "enforced", True),
            notes=self.notes,
            explanation=Explanation(one, bucket),
        )

    def _one(self, index: tuple[int, ...]) -> PolicyHistory:
        return self[index] if index else self

    def _end(self, bucket: int) -> datetime:
        return to_datetime(self.timeline.end_of(bucket))

    # --- being a value ------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PolicyHistory):
            return NotImplemented
        same = (self.policy, self.rules, self.notes, self.initial) == (
            other.policy,
            other.rules,
            other.notes,
            other.initial,
        )
        mine, theirs = (np.zeros(0) if one.suspicious is None else one.suspicious for one in (self, other))
        return (
            same
            and self.evaluation == other.evaluation
            and np.array_equal(self.codes, other.codes)
            and np.array_equal(mine, theirs)
        )

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "policy", f"{self.policy.name} of {self.evaluation.slo.name}"
        if self.evaluation.axes:
            yield "series", plural(int(np.prod(self.codes.shape[:-1])), "series", "series")
        total = max(self.codes.size, 1)
        for name in self.names:
            share = int(np.count_nonzero(self.codes == self._code(name)))
            if share:
                yield name, f"{percent(share / total, 1)} of the time"
        for note in self.notes:
            yield "note", note

    def _counted(self) -> Mapping[str, int]:
        return {name: len(self.episodes(name)) for name in self.names[1:-1]}

    def __repr__(self) -> str:
        facts = "; ".join(f"{clean(name, 40)}: {clean(text, 400)}" for name, text in self._facts())
        counted = ", ".join(
            plural(count, f"episode of {clean(name, 40)}", f"episodes of {clean(name, 40)}")
            for name, count in self._counted().items()
        )
        tail = f"\n{self.at()!r}" if self.timeline.size and not self.evaluation.axes else ""
        return f"PolicyHistory({facts}; {counted}){tail}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        for name, text in self._facts():
            yield clean(name, 40), clean(text, 400)
        for name, count in self._counted().items():
            yield f"episodes of {clean(name, 40)}", str(count)
