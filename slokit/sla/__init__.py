"""Agreements: what a customer was promised, what a month owes, and how far objectives stay inside the promise.

An :class:`SLA` has a target, a calendar in the customer's zone, a rule for what is down (:class:`Downtime`), tiers of
credit (:class:`Penalty`), and exclusions of its own. Evidence, or spans of downtime that somebody else has found, makes
a :class:`Statement` of it, in which every instant of the month is in exactly one place.
"""

from __future__ import annotations

from slokit.sla.account import Excluded, Line, LineKind
from slokit.sla.agreement import SLA, SpansLike
from slokit.sla.downtime import Downtime
from slokit.sla.headroom import Headroom
from slokit.sla.lead import LeadTime
from slokit.sla.measured import Missing
from slokit.sla.penalties import Amount, Money, Penalty, Rounding
from slokit.sla.statement import Statement

__all__ = [
    "SLA",
    "Amount",
    "Downtime",
    "Excluded",
    "Headroom",
    "LeadTime",
    "Line",
    "LineKind",
    "Missing",
    "Money",
    "Penalty",
    "Rounding",
    "SpansLike",
    "Statement",
]
