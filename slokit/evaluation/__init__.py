"""Evaluations: an objective held against evidence, over time and at one instant."""

from __future__ import annotations

from slokit.evaluation.conditions import BurnCondition, Comparison
from slokit.evaluation.evaluation import Evaluation
from slokit.evaluation.worst import WorstWindow

__all__ = ["BurnCondition", "Comparison", "Evaluation", "WorstWindow"]
