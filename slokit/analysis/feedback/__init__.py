"""Customers' feedback beside an objective: whether they go together, and where one of them is alone.

An indicator is a guess at what hurts customers, and complaints, ratings or tickets are what they say. Held side by side
they answer two questions. Do they go together at all, beyond the hours of the day that both follow, and beyond what two
wandering series do by chance? That is :func:`associate`. And where do they part: hurt that the objective is silent
about, alarms that nobody felt? That is :func:`corners`, whose spells are a list for people to look at.

Neither proves a cause. A recommendation is made only where the association is there and the spells are enough to tell.
"""

from __future__ import annotations

from slokit.analysis.feedback.association import Association, associate
from slokit.analysis.feedback.corners import Corner, Corners, CornerSpell, corners
from slokit.analysis.feedback.pairing import Per

__all__ = ["Association", "Corner", "CornerSpell", "Corners", "Per", "associate", "corners"]
