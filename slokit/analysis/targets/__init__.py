"""Targets: which one to choose, from history.

:func:`advise` holds candidates against history and against windows drawn anew from it, and recommends one with reasons;
:func:`achievable` answers the one question of how high a target may be. :func:`stakeholders` shows each candidate as
those who must agree to it see it, and who objects. :func:`thresholds` is about the other half of a latency objective:
how fast is good.
"""

from __future__ import annotations

from slokit.analysis.targets.advice import Advice, advise
from slokit.analysis.targets.bends import ThresholdRow, ThresholdTable, thresholds
from slokit.analysis.targets.candidates import Candidate
from slokit.analysis.targets.limits import Limits, Objection
from slokit.analysis.targets.reach import Achievable, achievable
from slokit.analysis.targets.recommending import Recommendation
from slokit.analysis.targets.rows import CandidateRow
from slokit.analysis.targets.table import StakeholderRow, StakeholderTable, stakeholders

__all__ = [
    "Achievable",
    "Advice",
    "Candidate",
    "CandidateRow",
    "Limits",
    "Objection",
    "Recommendation",
    "StakeholderRow",
    "StakeholderTable",
    "ThresholdRow",
    "ThresholdTable",
    "achievable",
    "advise",
    "stakeholders",
    "thresholds",
]
