"""Rows: what one candidate would have meant."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import attrs

from slokit._display import Shown, amount_text, clean, percent
from slokit.rational import percent_text

__all__ = ["CandidateRow", "rate_text"]


@attrs.frozen(kw_only=True, repr=False)
class CandidateRow(Shown):
    """What one candidate would have meant.

    Parameters
    ----------
    target, enforced
        The candidate.
    is_current
        Whether it is the objective's own target.
    windows, windows_met
        How many full windows held events, and the share of them that met it, exact; None where there is no such window.
    worst_left
        The share of the budget left in the worst of them, exact, negative where overspent; None where there is none.
    pages, pages_per_month
        How often the alerts would have paged, and that a month of 30 days, exact.
    days
        Days that the policy spent in each state, exact: pairs of a state's name and the days.
    freeze_days_per_quarter
        Days a quarter of 91 in which a state blocked anything, exact; 0 for an aspiration.
    kept
        The share of drawn windows that keep it with the margin, exact.
    achievable
        Whether that reaches the confidence.
    """

    _caption = "Candidate"

    target: Fraction
    enforced: bool
    is_current: bool
    windows: int
    windows_met: Fraction | None
    worst_left: Fraction | None
    pages: int
    pages_per_month: Fraction
    days: tuple[tuple[str, Fraction], ...]
    freeze_days_per_quarter: Fraction
    kept: Fraction
    achievable: bool

    @property
    def name(self) -> str:
        """The target, and what is special about it."""
        marks = (["now"] if self.is_current else []) + ([] if self.enforced else ["aspiration"])
        return percent_text(self.target) + (f" ({', '.join(marks)})" if marks else "")

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table: texts, in the order of :attr:`Advice.head` without what is expected."""
        met = "none full" if self.windows_met is None else percent(self.windows_met, 1)
        left = "" if self.worst_left is None else percent(self.worst_left, 0 if abs(self.worst_left) >= 1 else 1)
        states = (amount_text(round(days, 1)) for _, days in self.days)
        kept = percent(self.kept, 1)
        return (
            self.name,
            met,
            left,
            rate_text(self.pages_per_month),
            *states,
            kept,
            "yes" if self.achievable else "no",
        )

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "candidate", self.name
        yield "windows met", "no full window" if self.windows_met is None else percent(self.windows_met, 1)
        if self.worst_left is not None:
            yield "worst left", percent(self.worst_left, 1)
        yield "pages a month", rate_text(self.pages_per_month)
        for state, days in self.days:
            yield f"days {clean(state, 40)}", amount_text(round(days, 1))
        yield "kept", f"{percent(self.kept, 1)} of drawn windows"
        yield "achievable", "yes" if self.achievable else "no"

    def __repr__(self) -> str:
        return f"CandidateRow({', '.join(f'{field} {text}' for field, text in self._facts())})"


def rate_text(rate: Fraction) -> str:
    """Write how often something happens, to one decimal, and never 0 where it happens.

    Examples
    --------
    >>> rate_text(Fraction(1, 3)), rate_text(Fraction(0)), rate_text(Fraction(1, 100))
    ('0.3', '0', '0.01')
    """
    return amount_text(round(rate, 1) or rate)
