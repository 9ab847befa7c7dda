"""Decisions: the state at one instant, why, and what may be done now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, overload

import attrs

from slokit._display import clean, html_table, plural
from slokit.counts.axes import Axis, series_position
from slokit.forecast import CanaryCost, Forecast, about, canary_cost
from slokit.incidents import Incident
from slokit.policy.explain import Explanation
from slokit.policy.override import Override
from slokit.policy.owed import due, ongoing
from slokit.policy.reviews import Due, Hurt, Severity, severity
from slokit.policy.state import names_of
from slokit.policy.transitions import UNKNOWN_CODE, rank
from slokit.rational import RationalLike
from slokit.status import SHOWN, Status
from slokit.timeline import DurationLike

if TYPE_CHECKING:
    from slokit.policy.policy import Policy

__all__ = ["Decision", "DecisionTable", "permits"]


def permits(
    policy: Policy,
    code: int,
    activity: str,
    change: str | None,
    *,
    enforced: bool,
    overrides: tuple[Override, ...] = (),
) -> bool:
    """Say whether an activity may begin in the state of a code: see :meth:`Decision.allows`."""
    blocked = policy.blocks(policy.state(code), activity, change)
    for override in reversed(overrides):
        if override.is_about(activity):
            return override.allow
    return not (blocked and enforced)


@attrs.frozen(kw_only=True, repr=False)
class Decision:
    """What a policy says at the end of one bucket.

    Two decisions are equal where all they state is; what is looked up in the evidence beyond that (reasons, forecast,
    severity, what is due) does not count.

    Parameters
    ----------
    policy
        Whose decision it is.
    state
        Name of the state.
    code
        Its position in the order of severity, -1 for unknown.
    time
        End of the last bucket looked at, in UTC.
    since
        End of the bucket at which the state was entered; None where it was there before the evidence began.
    labels
        Which series, as pairs of an axis and its label.
    enforced
        False for an aspiration: it is judged and blocks nothing.
    notes
        What was done that somebody should know of.
    overrides
        What people decided against the policy, the oldest first; of several about an activity the last counts.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts, Policy
    >>> bad = [0] * 20 * 24 + [3] * 4
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[1000] * len(bad), bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(counts)
    >>> from slokit.conditions import BudgetBelow, Exhausted
    >>> from slokit.policy import Rule, State
    >>> policy = Policy(
    ...     "freeze",
    ...     states=[State("calm"), State("frozen", blocks=["deploy"], exempt=["security"])],
    ...     rules=[Rule("frozen", BudgetBelow("99%"))],
    ... )
    >>> decision = policy.evaluate(ev).at()
    >>> decision
    FROZEN · 98% budget left (472 bad events) · 1h burn 3x · gone in ~10d · SLI 99.998% of 484 k · coverage 67.2%
    >>> decision.reasons, decision.allows("deploy"), decision.allows("deploy", change="security")
    (('97.5% of the budget left, below 99%',), False, True)
    """

    policy: Policy
    state: str
    code: int
    time: datetime
    since: datetime | None
    labels: tuple[tuple[str, str], ...] = ()
    enforced: bool = True
    notes: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    _explanation: Explanation = attrs.field(eq=False)
    _status: Status = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        # Kept beside the explanation, which is not compared: equal decisions rest on equal evidence.
        object.__setattr__(self, "_status", self._explanation.status)

    # --- what may be done -----------------------------------------------------------------------------------

    def allows(self, activity: str, *, change: str | None = None) -> bool:
        """Say whether an activity may begin.

        Parameters
        ----------
        activity
            One that the policy knows, such as ``"deploy"``.
        change
            A class of changes that the policy knows, such as ``"security"``, which may be exempt.

        Raises
        ------
        UnknownActivity
            If the policy knows no such activity or class; the message lists those it knows.
        """
        return permits(self.policy, self.code, activity, change, enforced=self.enforced, overrides=self.overrides)

    @property
    def override(self) -> Override | None:
        """What somebody decided last against the policy; None if nobody did."""
        return self.overrides[-1] if self.overrides else None

    @property
    def blocked(self) -> tuple[str, ...]:
        """The activities that may not begin now, for changes of no exempt class."""
        return tuple(activity for activity in self.policy.activities if not self.allows(activity))

    @property
    def exempt(self) -> tuple[str, ...]:
        """The classes of changes that the state does not block."""
        if not self.blocked:
            return ()
        return tuple(
            change
            for change in self.policy.changes
            if all(self.allows(activity, change=change) for activity in self.blocked)
        )

    def overridden(self, *, allow: bool, reason: str, by: str, activities: tuple[str, ...] = ()) -> Decision:
        """Return the decision with what somebody decided against it, after what others did, for the record.

        Raises
        ------
        InvalidPolicy
            If the reason or the name is empty.
        UnknownActivity
            If the policy does not know an activity.

        Examples
        --------
        >>> Override(True, "rollback of the release that broke it", "ann")
        all activities allowed by ann: rollback of the release that broke it
        """
        named = names_of(activities, "activities")
        for activity in named:
            self.policy.blocks(self.policy.states[0], activity)
        return attrs.evolve(
            self,
            overrides=(*self.overrides, Override(allow, reason, by, named)),
            explanation=self._explanation,
        )

    def affords(self, *, bad: int) -> bool:
        """Say whether the objective still holds after this many more bad events."""
        return self._status.error_budget.affords(bad=bad)

    def canary(self, *, share: RationalLike, failure: RationalLike, recover: DurationLike) -> CanaryCost:
        """Return what trying a new version on a share of the traffic may cost; see ``slokit.forecast.canary_cost``."""
        return canary_cost(
            self._explanation.evaluation,
            share=share,
            failure=failure,
            recover=recover,
            when=self._explanation.when,
        )

    # --- why, and what follows ------------------------------------------------------------------------------

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the state is what it is, in words and with figures; empty for the mildest."""
        return self._explanation.reasons

    @property
    def grounds(self) -> tuple[str, ...]:
        """Which conditions the reasons rest on: the same for as long as only the figures in the reasons change."""
        return self._explanation.grounds

    @property
    def burns(self) -> tuple[tuple[int, int, int], ...]:
        """What the policy's alerts look at: a window in nanoseconds, with its good and its bad events."""
        return self._explanation.burns

    @property
    def means(self) -> str:
        """What the state says about the service."""
        return self.policy.state(self.code).means

    @property
    def actions(self) -> tuple[str, ...]:
        """What is to be done."""
        return self.policy.state(self.code).actions

    @property
    def status(self) -> Status:
        """The status at the same instant."""
        return self._status

    @property
    def is_known(self) -> bool:
        """Whether the state is known at all."""
        return self.code != UNKNOWN_CODE

    @property
    def forecast(self) -> Forecast:
        """When the budget will be gone, if the last hour goes on."""
        return self._explanation.forecast

    @property
    def lasts_until(self) -> datetime | None:
        """When the budget will be gone, if the last hour goes on; None if it lasts."""
        return self.forecast.exhausts_at

    @property
    def severity(self) -> Severity | None:
        """How grave the incident is that goes on, by what it spent and how soon the rest is gone; None if none does."""
        return self.severity_for("some")

    def severity_for(self, hurt: Hurt) -> Severity | None:
        """Return the same, knowing who is hurt: ``"everyone"``, ``"some"`` or ``"internal"``.

        Raises
        ------
        InvalidPolicy
            If it is another word.
        """
        spell = ongoing(self._explanation.spells, self._explanation.last_data)
        if spell is None:
            return None
        within = self.forecast.exhausts_in
        return severity(spell.bad / spell.allowed, within or None, hurt)

    @property
    def due(self) -> tuple[Due, ...]:
        """What is due by the evidence alone: an incident review, post-mortems, each with its reason."""
        return self.due_with(())

    def due_with(self, incidents: Iterable[Incident]) -> tuple[Due, ...]:
        """Return what is due, planning items included for the kinds of the incidents that people declared."""
        return due(self._explanation, self.policy, self.state, self.since, tuple(incidents))

    # --- being a value --------------------------------------------------------------------------------------

    def _facts(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to say, most urgent first."""
        yield "state", clean(self.state, 40).upper()
        facts = dict(self._status._facts())
        facts.pop("verdict")
        if not self._status.total:
            yield from ((f"reason {i + 1}", clean(reason, 400)) for i, reason in enumerate(self.reasons))
        for field in ("budget", "burn"):
            if field in facts:
                yield field, facts.pop(field)
        if self._status.total:
            yield "forecast", self._outlook()
        yield from facts.items()

    def _outlook(self) -> str:
        found = self.forecast
        if found.exhausts_in is None:
            return "lasts"
        if found.exhausts_in:
            return f"gone in {about(found.exhausts_in)}"
        return "exhausted" if found.recovers_in is None else f"exhausted, back in {about(found.recovers_in)}"

    def line(self) -> str:
        """Return the one line that ``repr`` shows, without the labels."""
        overrides = (f"OVERRIDE {override!r}" for override in self.overrides)
        return " · ".join((*(text for _, text in self._facts()), *overrides))

    def __repr__(self) -> str:
        named = ", ".join(clean(label, 40) for _, label in self.labels)
        return (f"{named}: " if named else "") + self.line()

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from ((axis, clean(label)) for axis, label in self.labels)
        yield from self._facts()
        if self.reasons:
            yield "reasons", "; ".join(clean(reason, 400) for reason in self.reasons)
        if self.actions:
            yield "actions", "; ".join(clean(action, 200) for action in self.actions)
        if self.blocked:
            yield "blocked", ", ".join(clean(name, 40) for name in self.blocked)
        for item in self.due:
            yield "due", repr(item)
        for override in self.overrides:
            yield "override", repr(override)

    def _repr_html_(self) -> str:
        return html_table([*self.__rich_repr__(), ("at", self.time.isoformat())], caption=self._status.name)


def _urgency(decision: Decision) -> tuple[int, bool, float]:
    """Return what decisions are sorted by: the gravest state, unknown before the mildest, then the least budget."""
    left = decision.status.error_budget.remaining_ratio
    return (-int(rank(decision.code)), left is None, 0.0 if left is None else left)


@attrs.frozen(repr=False)
class DecisionTable:
    """The decisions about several series at one instant, in the order of their axes.

    Parameters
    ----------
    axes
        The leading axes.
    decisions
        One decision a series.
    """

    axes: tuple[Axis, ...]
    decisions: tuple[Decision, ...]

    def __len__(self) -> int:
        return len(self.decisions)

    def __iter__(self) -> Iterator[Decision]:
        return iter(self.decisions)

    @overload
    def __getitem__(self, index: int) -> Decision: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Decision, ...]: ...

    def __getitem__(self, index: int | slice) -> Decision | tuple[Decision, ...]:
        return self.decisions[index]

    def sel(self, **labels: str) -> Decision:
        """Return the decision about one series, named by a label for every axis.

        Raises
        ------
        UnknownLabel
            If an axis is missing, or has no such label.
        """
        return self.decisions[series_position(self.axes, labels)]

    def worst_first(self) -> tuple[Decision, ...]:
        """Return the decisions by severity of their states, then by the budget left."""
        return tuple(sorted(self.decisions, key=_urgency))

    def _lines(self) -> list[tuple[str, str]]:
        shown = self.worst_first()[:SHOWN]
        return [(", ".join(clean(label, 40) for _, label in one.labels), one.line()) for one in shown]

    def __repr__(self) -> str:
        lines = self._lines()
        width = max((len(name) for name, _ in lines), default=0)
        more = len(self) - len(lines)
        shown = [f"{name.ljust(width)}  {text}" for name, text in lines] + [f"… {more:,} more"] * (more > 0)
        return "\n".join([f"{plural(len(self), 'series', 'series')}, gravest state first", *shown])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self._lines()

    def _repr_html_(self) -> str:
        return html_table(self._lines(), caption=f"{len(self):,} series, gravest state first")
