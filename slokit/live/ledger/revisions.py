"""Beside the ledger: what the same policy says today of the same instants, on evidence as it is known now.

Late events and exclusions that were agreed afterwards change what is known of the past. A revision says what that would
have meant, and nothing is undone by it. It is only made where it can be: figures of a window whose beginning has been
forgotten since would differ for that reason alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import numpy as np

from slokit._display import Shown, clean, percent, short
from slokit.errors import WrongType
from slokit.live.ledger.entries import LedgerEntry, rules_digest
from slokit.policy import Policy, PolicyHistory
from slokit.timeline import Timeline
from slokit.windows import CalendarWindow, Window

__all__ = ["Revision", "has_forgotten", "longest_look", "revised", "settled_from"]


@attrs.frozen(kw_only=True, repr=False)
class Revision(Shown):
    """An entry, and what is said of the same bucket on the evidence as it is known now.

    Parameters
    ----------
    entry
        What was decided.
    state
        Name of the state now; None where that cannot be said.
    good, bad
        Events of the window now; None likewise.
    remaining_ratio
        The share of the budget left, as it is known now; None likewise, and without data.
    why_not
        Why nothing is said; empty where something is.
    """

    entry: LedgerEntry
    state: str | None = None
    good: int | None = None
    bad: int | None = None
    remaining_ratio: float | None = None
    why_not: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the evidence still says something of that bucket."""
        return not self.why_not

    @property
    def state_differs(self) -> bool:
        """Whether another state would be decided today; False where nobody can tell."""
        return self.is_known and self.state != self.entry.state

    @property
    def differs(self) -> bool:
        """Whether the state or the events of the window are others by now; False where nobody can tell."""
        then = self.entry.evidence
        return self.is_known and (self.state_differs or (self.good, self.bad) != (then.good, then.bad))

    def _facts(self) -> Iterator[tuple[str, str]]:
        then = self.entry.evidence
        yield "time", f"{self.entry.time:%Y-%m-%d %H:%M} UTC"
        yield "decided", f"{clean(self.entry.state, 40)} on {short(then.bad)} of {short(then.total)} bad"
        if self.state is None or self.bad is None or self.good is None:
            yield "now", f"not known: {clean(self.why_not)}"
            return
        left = "" if self.remaining_ratio is None else f", {percent(self.remaining_ratio, 1)} of the budget left"
        yield "now", f"{clean(self.state, 40)} on {short(self.bad)} of {short(self.good + self.bad)} bad{left}"
        yield "verdict", "another state" if self.state_differs else "other figures" if self.differs else "the same"

    def __repr__(self) -> str:
        time, decided, now, *rest = (text for _, text in self._facts())
        return f"{time}: decided {decided}; now {now}" + "".join(f" ({text})" for text in rest)


def longest_look(policy: Policy) -> int:
    """Return how far back the conditions of a policy look beside the objective's window, in nanoseconds."""
    leaves = [leaf for rule in policy.rules for leaf in rule.leaves()]
    looks: list[int] = [length for leaf in leaves for length in getattr(leaf, "windows", ())]
    return max(policy.stale_after, *looks, 0)


def settled_from(window: Window, policy: Policy, start: int) -> int:
    """Return from which bucket end on all that is looked back to lies behind an instant, both in nanoseconds.

    A calendar window looks back to the start of the period before, which says how much to expect of this one.
    """
    if isinstance(window, CalendarWindow):
        full = window.next(window.period(start - 1))
        return max(full.end, start + longest_look(policy))
    return start + max(window.nominal, longest_look(policy))


def has_forgotten(entry: LedgerEntry, start: int) -> bool:
    """Say whether evidence that begins at an instant, in nanoseconds, lacks what an entry rested on."""
    known = entry.evidence
    return start > known.since and bool(known.total or known.coverage)


def revised(
    entries: Sequence[LedgerEntry], history: PolicyHistory, judged_from: int | None = None
) -> tuple[Revision, ...]:
    """Return each entry beside what a history says of its bucket; see :meth:`DecisionLedger.revised`.

    Parameters
    ----------
    entries
        What was decided.
    history
        What is said now.
    judged_from
        From where on it was judged anew, in nanoseconds; by default all of it was.
    """
    if not isinstance(history, PolicyHistory) or history.evaluation.axes:
        raise WrongType(f"history must be the PolicyHistory of one series, got {history!r:.100}")
    if not entries:
        return ()
    rules = rules_digest(history.rules)
    evaluation, timeline = history.evaluation, history.timeline
    slo = evaluation.slo
    window = slo.window
    # The states before are known too by then, whatever their rules held for.
    full_from = settled_from(window, history.policy, timeline.start) + max(
        (rule.hold for rule in history.rules), default=0
    )
    begin = timeline.start if judged_from is None else judged_from
    found = []
    for entry in entries:
        why_not = _why_not(entry, rules, timeline, begin, full_from)
        if why_not:
            found.append(Revision(entry=entry, why_not=why_not))
            continue
        bucket = timeline.edge_index(entry.end) - 1
        status = evaluation.at(np.datetime64(entry.end, "ns"))
        found.append(
            Revision(
                entry=entry,
                state=history.names[int(history.codes[bucket])],
                good=status.good,
                bad=status.bad,
                remaining_ratio=status.error_budget.remaining_ratio,
            )
        )
    return tuple(found)


def _why_not(entry: LedgerEntry, rules: str, timeline: Timeline, begin: int, full_from: int) -> str:
    """Say why nothing can be said of an entry's bucket; nothing where something can."""
    if entry.rules != rules:
        return "it was decided by other rules"
    if not timeline.start < entry.end <= timeline.end or not timeline.is_edge(entry.end):
        return "its bucket is not in the evidence"
    if entry.end <= (full_from if has_forgotten(entry, timeline.start) else begin):
        return "evidence that it rested on has been forgotten; a longer retention= keeps it"
    return ""
