"""What users felt: the share of them within the objective, and the minutes that they lost.

One objective over all traffic may be met while a tenth of the tenants are in ruins: their events are few. With an axis
of tenants, regions or whatever users are told apart by, :func:`within` says what share of them the objective is met
for, and :func:`minutes_lost` for how long how many users could not work. Both are exact: counts of series, and
Fractions of minutes.
"""

from __future__ import annotations

from slokit.analysis.users.lost import LostRow, MinutesLost, Weighing, minutes_lost
from slokit.analysis.users.shares import Within, within

__all__ = ["LostRow", "MinutesLost", "Weighing", "Within", "minutes_lost", "within"]
