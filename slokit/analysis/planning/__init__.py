"""Planning a quarter from what the last one spent: which repairs would give back most, and whose they are.

Every class of incidents is asked one question: had the bad events of its spans been good, how much of the quarter's
budget would have been left? That is what :func:`slokit.incidents.without` says of a window, and here of the quarter and
of every objective. A class that would have given back more than a fifth of one budget is a proposal of first priority.

Classes overlap, and then both are right: each alone would have given back what they share. So a row says what a class
gives back by itself, and besides what it adds to those ranked before it, in which every event counts once; the latter
adds up to what all repairs together would give back.
"""

from __future__ import annotations

from slokit.analysis.planning.review import review
from slokit.analysis.planning.rows import ClassRow, Focus, GivenBack, GroupRow, ObjectiveRow, Priority
from slokit.analysis.planning.writing import PlanningReview

__all__ = [
    "ClassRow",
    "Focus",
    "GivenBack",
    "GroupRow",
    "ObjectiveRow",
    "PlanningReview",
    "Priority",
    "review",
]
