"""What a review of a quarter has rows of: classes of incidents, objectives, and the teams that own them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal

import attrs

from slokit._display import Shown, amount_text, clean, html_table, percent, plural
from slokit.rational import percent_text
from slokit.timeline import duration_text

__all__ = ["ClassRow", "Focus", "GivenBack", "GroupRow", "ObjectiveRow", "Priority"]

Priority = Literal["first", "next", "watch"]
"""How urgent the repair of a class of incidents is."""

Focus = Literal["reliability", "balance", "features", "unknown"]
"""What the state of its budgets says a team's next sprints are for."""


def _share_text(share: Fraction | None, *marks: Fraction) -> str:
    return "–" if share is None else percent(share, 1, against=marks)


@attrs.frozen(kw_only=True)
class GivenBack(Shown):
    """What the repair of one class of incidents would give back of one objective's budget.

    Parameters
    ----------
    objective
        The objective's name.
    bad
        Bad events in the spans of the class, each once.
    added
        Those of them that lie in no span of a class ranked before it.
    allowed
        The bad events that the objective allows in the quarter, exactly.
    """

    objective: str
    bad: int
    added: int
    allowed: Fraction

    @property
    def share(self) -> Fraction | None:
        """Share of the quarter's budget; None without data."""
        return self.bad / self.allowed if self.allowed else None

    @property
    def added_share(self) -> Fraction | None:
        """Share of the quarter's budget beyond the classes ranked before it; None without data."""
        return self.added / self.allowed if self.allowed else None

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "objective", self.objective
        yield "bad", f"{self.bad:,} of {amount_text(self.allowed)} allowed ({_share_text(self.share)})"
        yield "beyond those above", f"{self.added:,} ({_share_text(self.added_share)})"


@attrs.frozen(kw_only=True, repr=False)
class ClassRow:
    """What the repair of one class of incidents would give back.

    Parameters
    ----------
    kind
        The class; empty where nobody said.
    incidents
        How many of them touch the quarter.
    time
        The union of their spans inside it, nanoseconds.
    given_back
        By objective, the largest share first.
    priority
        By the largest share of any one objective that counts.
    total
        The shares of all objectives that count, added up: 1 is as much as one budget of the quarter.
    added
        As ``total``, of what the classes ranked before it would not give back already.
    owners
        Who owns objectives from which it took more than the share of next priority, the hardest hit first; of a class
        to watch, who owns the hardest hit.
    """

    kind: str
    incidents: int
    time: int
    given_back: tuple[GivenBack, ...]
    priority: Priority
    total: Fraction
    added: Fraction
    owners: tuple[str, ...]

    @property
    def largest(self) -> GivenBack | None:
        """What it would give back to the objective that it hit hardest; None where none has data."""
        return next((one for one in self.given_back if one.share is not None), None)

    def cells(self, *marks: Fraction) -> tuple[str, ...]:
        """Return what tables show of it, figures on their own side of some marks."""
        most = self.largest
        where = "–" if most is None else f"{_share_text(most.share, *marks)} of {most.objective}"
        return (
            self.kind or "no kind",
            self.priority,
            where,
            _share_text(self.total),
            _share_text(self.added),
            f"{self.incidents:,}",
            duration_text(self.time) if self.time else "–",
            ", ".join(self.owners) or "–",
        )

    def record(self) -> dict[str, Any]:
        """Return it as flat data."""
        most = self.largest
        return {
            "kind": self.kind,
            "priority": self.priority,
            "largest_share": None if most is None or most.share is None else float(most.share),
            "largest_objective": None if most is None else most.objective,
            "total": float(self.total),
            "added": float(self.added),
            "incidents": self.incidents,
            "seconds": self.time / 1e9,
            "owners": ", ".join(self.owners),
        }

    def __repr__(self) -> str:
        kind, priority, where, total, _, _, time, _ = (clean(text, 60) for text in self.cells())
        times = plural(self.incidents, "incident")
        return f"ClassRow({kind}: {priority}, gives back {where}, {total} in all; {times}, {time})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from zip(CLASS_HEAD, (clean(text) for text in self.cells()), strict=True)

    def _repr_html_(self) -> str:
        return html_table(list(zip(CLASS_HEAD, self.cells(), strict=True)), caption="Class of incidents")


CLASS_HEAD = ("class", "priority", "gives back at most", "in all", "beyond those above", "incidents", "time", "owners")


@attrs.frozen(kw_only=True, repr=False)
class ObjectiveRow:
    """How one objective fared in the quarter.

    Parameters
    ----------
    name, service, owner, enforced, target
        As the objective has them.
    good, bad
        Its events in the quarter.
    outside
        Bad events that lie in no incident.
    coverage
        Observed buckets over all of the quarter's: below 1 in a quarter that runs.
    missed_for, exhausted_for
        For how long of the quarter its own window missed the target, and its own budget was exhausted: nanoseconds of
        whole buckets.
    left
        What is left of its own window's budget at the end; below 0 overspent, None without data.
    """

    name: str
    service: str | None
    owner: str | None
    enforced: bool
    target: Fraction
    good: int
    bad: int
    outside: int
    coverage: Fraction
    missed_for: int
    exhausted_for: int
    left: Fraction | None

    @property
    def total(self) -> int:
        """Its events in the quarter."""
        return self.good + self.bad

    @property
    def allowed(self) -> Fraction:
        """The bad events that it allows of the quarter's events, exactly."""
        return (1 - self.target) * self.total

    @property
    def spent(self) -> Fraction | None:
        """The share of that budget that was spent; None without data."""
        return self.bad / self.allowed if self.total else None

    @property
    def met(self) -> bool | None:
        """Whether the quarter's events reach the target; None without data."""
        return None if not self.total else self.bad <= self.allowed

    @property
    def exhausted(self) -> bool:
        """Whether the quarter's budget is gone."""
        return self.bad > 0 and self.bad >= self.allowed

    def cells(self) -> tuple[str, ...]:
        """Return what tables show of it."""
        verdict = {None: "no data", True: "met", False: "missed"}[self.met]
        ratio = None if not self.total else Fraction(self.good, self.total)
        return (
            self.name + ("" if self.enforced else " (aspiration)"),
            self.owner or "–",
            percent_text(self.target),
            "–" if ratio is None else percent(ratio, against=[self.target]),
            verdict,
            _share_text(self.spent, Fraction(1)),
            _share_text(self.outside / self.allowed if self.allowed else None),
            duration_text(self.missed_for) if self.missed_for else "never",
            duration_text(self.exhausted_for) if self.exhausted_for else "never",
            _share_text(self.left, Fraction(0)),
            percent(self.coverage, 0),
        )

    def record(self) -> dict[str, Any]:
        """Return it as flat data."""
        return {
            "name": self.name,
            "service": self.service,
            "owner": self.owner,
            "enforced": self.enforced,
            "target": float(self.target),
            "good": self.good,
            "bad": self.bad,
            "met": self.met,
            "spent": None if self.spent is None else float(self.spent),
            "outside": self.outside,
            "missed_seconds": self.missed_for / 1e9,
            "exhausted_seconds": self.exhausted_for / 1e9,
            "left": None if self.left is None else float(self.left),
            "coverage": float(self.coverage),
        }

    def __repr__(self) -> str:
        name, owner, _, ratio, verdict, spent, *_ = (clean(text, 60) for text in self.cells())
        return f"ObjectiveRow({name} of {owner}: {verdict}, SLI {ratio}, spent {spent} of the quarter's budget)"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from zip(OBJECTIVE_HEAD, (clean(text) for text in self.cells()), strict=True)

    def _repr_html_(self) -> str:
        return html_table(list(zip(OBJECTIVE_HEAD, self.cells(), strict=True)), caption="Objective")


OBJECTIVE_HEAD = (
    "objective", "owner", "target", "SLI", "verdict", "spent", "in no incident", "window missed for",
    "budget exhausted for", "left now", "coverage",
)  # fmt: skip


@attrs.frozen(kw_only=True, repr=False)
class GroupRow:
    """What the budgets of a team, or of a service, say of its next sprints.

    Parameters
    ----------
    group
        The owner or the service; empty where nobody is named.
    objectives
        Names of its objectives.
    missed, exhausted
        Those of them that missed the quarter, and those whose own budget is exhausted at its end.
    least_left
        The least that is left of the budget of any of them that counts; None without data.
    proposals
        Classes of incidents of first or next priority that took more than that from one of them, in their order.
    focus
        ``"reliability"`` where an objective that counts missed the quarter, its budget is exhausted, or a class of
        first priority hit it; ``"balance"`` where under a quarter of a budget is left, or a class of next priority
        hit it; ``"features"`` otherwise, ``"unknown"`` without data.
    """

    group: str
    objectives: tuple[str, ...]
    missed: tuple[str, ...]
    exhausted: tuple[str, ...]
    least_left: Fraction | None
    proposals: tuple[str, ...]
    focus: Focus

    def cells(self) -> tuple[str, ...]:
        """Return what tables show of it."""
        return (
            self.group or "nobody",
            self.focus,
            ", ".join(self.missed) or "–",
            ", ".join(self.exhausted) or "–",
            _share_text(self.least_left, Fraction(0), Fraction(1, 4)),
            ", ".join(kind or "no kind" for kind in self.proposals) or "–",
            f"{len(self.objectives):,}",
        )

    def record(self) -> dict[str, Any]:
        """Return it as flat data."""
        return {
            "group": self.group,
            "focus": self.focus,
            "objectives": ", ".join(self.objectives),
            "missed": ", ".join(self.missed),
            "exhausted": ", ".join(self.exhausted),
            "least_left": None if self.least_left is None else float(self.least_left),
            "proposals": ", ".join(self.proposals),
        }

    def __repr__(self) -> str:
        group, focus, _, _, left, proposals, _ = (clean(text, 60) for text in self.cells())
        return f"GroupRow({group}: {focus}, least budget left {left}, proposals {proposals})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from zip(GROUP_HEAD, (clean(text) for text in self.cells()), strict=True)

    def _repr_html_(self) -> str:
        return html_table(list(zip(GROUP_HEAD, self.cells(), strict=True)), caption="Group")


GROUP_HEAD = ("group", "next sprints", "missed", "exhausted now", "least left now", "proposals", "objectives")
