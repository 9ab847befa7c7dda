"""Conditions: questions put to an evaluation, answered at the end of every bucket, and composed.

A policy enters a state where a condition holds; an alert is a condition too. ``|``, ``&`` and ``~`` make one of
several. Each is asked over whole arrays and answers exactly; and each can say in words, with figures, why it holds.
"""

from __future__ import annotations

from slokit.conditions.algebra import AllOf, AnyOf, BurnLeaf, Condition, Leaf, Not, answers
from slokit.conditions.budget import BudgetBelow, Exhausted, ExhaustsWithin, Missed, SpentAtLeast
from slokit.conditions.silence import BudgetSettled, DataSince, NoDataFor

__all__ = [
    "AllOf",
    "AnyOf",
    "BudgetBelow",
    "BudgetSettled",
    "BurnLeaf",
    "Condition",
    "DataSince",
    "Exhausted",
    "ExhaustsWithin",
    "Leaf",
    "Missed",
    "NoDataFor",
    "Not",
    "SpentAtLeast",
    "answers",
]
