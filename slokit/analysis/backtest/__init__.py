"""Backtests: what alerts and policies would have said about incidents that people remember.

An alert is a trade: sooner and more often, or later and less. :func:`score` replays one, several or a policy over
history and holds what they would have said against labelled incidents; :func:`sweep` does so for thousands of settings
at once, and gives the best that keeps what is required. A setting that was chosen by a history does well in it; what it
does in the part that was held out is what to believe.
"""

from __future__ import annotations

from slokit.analysis.backtest.choice import Choice
from slokit.analysis.backtest.figures import FIGURES, Figures
from slokit.analysis.backtest.requirements import Requirement
from slokit.analysis.backtest.score import Outcome, Score
from slokit.analysis.backtest.scoring import score
from slokit.analysis.backtest.sweeping import sweep
from slokit.analysis.backtest.table import Sweep

__all__ = ["FIGURES", "Choice", "Figures", "Outcome", "Requirement", "Score", "Sweep", "score", "sweep"]
