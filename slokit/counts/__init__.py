"""Counts: the evidence that everything else is computed from, with named axes.

One class, :class:`Counts`, is the face; the rooms behind it read buckets, events and counters, and do the algebra.
"""

from __future__ import annotations

from slokit.counts.axes import Axis
from slokit.counts.evidence import Counts

__all__ = ["Axis", "Counts"]
