"""Bounds of a status, where old buckets are only known as sums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import attrs

from slokit._display import Shown
from slokit.status import Status, Verdict

__all__ = ["StatusBounds"]


@attrs.frozen(repr=False)
class StatusBounds(Shown):
    """The worst and the best that a status may be; what it exactly is lies between.

    Burn rates are bounded too: ``bounds.worst.burn_rate("3d")`` is the most that it may be.

    Parameters
    ----------
    worst
        The status if of each bucket that a window's start cuts all bad events and no good one lay inside of it.
    best
        The status if all of its good events and no bad one did.
    """

    _caption = "Bounds of a status"

    worst: Status
    best: Status

    @property
    def is_certain(self) -> bool:
        """Whether both say the same of the objective, and of whether its budget is exhausted."""
        same = self.worst.error_budget.exhausted == self.best.error_budget.exhausted
        return same and self.verdict != "uncertain"

    @property
    def verdict(self) -> Verdict | Literal["uncertain"]:
        """What both say, or ``"uncertain"``."""
        worst, best = self.worst, self.best
        # Each holds some events that the other lacks: it may be that none of them lay inside.
        maybe_none = not (worst.good or best.bad) and (worst.total or best.total)
        return "uncertain" if worst.verdict != best.verdict or maybe_none else worst.verdict

    def __repr__(self) -> str:
        word = self.verdict.replace("_", " ").upper()
        certain = " for certain" if self.is_certain else ""
        worst, best = self.worst, self.best
        return f"{word}{certain} · {_span(best.bad, worst.bad)} bad, {_span(worst.good, best.good)} good"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "verdict", self.verdict
        yield "worst", repr(self.worst)
        yield "best", repr(self.best)


def _span(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
