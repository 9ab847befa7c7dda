"""Conditions on burn rates: what an alert, or a caller, asks of an evaluation."""

from __future__ import annotations

from typing import Literal, NamedTuple

from slokit.rational import RationalLike
from slokit.timeline import DurationLike

__all__ = ["BurnCondition", "Comparison"]

Comparison = Literal["gt", "gte"]
"""Strictly greater, or at least as great; without data neither holds."""


class BurnCondition(NamedTuple):
    """All of some rolling windows burn faster than a threshold; no window means the objective's own."""

    burn_rate: RationalLike
    windows: tuple[DurationLike, ...]
    op: Comparison = "gt"
