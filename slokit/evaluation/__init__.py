"""Evaluations: an objective held against evidence, over time and at one instant."""

from __future__ import annotations

from slokit.evaluation.evaluation import Evaluation
from slokit.evaluation.thresholds import BurnThreshold, Comparison
from slokit.evaluation.worst import WorstWindow

__all__ = ["BurnThreshold", "Comparison", "Evaluation", "WorstWindow"]
