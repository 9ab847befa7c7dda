"""What consumed the budget: spells of fast burning, who it came from, kinds of incidents, and deploys.

A status says how much is left; the next question is where the rest went. Everything here answers it from the same
evaluation and in the same integers: what spells, labels and kinds hold adds up to the window's bad events, to the last
one, and a share of the budget is a share of what the status calls allowed.
"""

from __future__ import annotations

from slokit.incidents.attribution import Attribution, AttributionRow, attribution
from slokit.incidents.consumption import Consumption, consumed, without
from slokit.incidents.kinds import Incident, KindShare, by_kind
from slokit.incidents.marks import Mark, MarkEffect, after_marks
from slokit.incidents.spells import Spell, spells

__all__ = [
    "Attribution",
    "AttributionRow",
    "Consumption",
    "Incident",
    "KindShare",
    "Mark",
    "MarkEffect",
    "Spell",
    "after_marks",
    "attribution",
    "by_kind",
    "consumed",
    "spells",
    "without",
]
