"""What a definition that stands alone may be."""

from __future__ import annotations

from slokit.alerts import BudgetShareAlert, BurnRateAlert
from slokit.budgeting import Occurrences, RatioTimeslices, Timeslices
from slokit.composition import System
from slokit.config.agreements import SLA_, SLO_HISTORY
from slokit.config.codecs import Family
from slokit.config.kinds import BUDGETING, EXCLUSION, SLI_, SLO_, WINDOW
from slokit.config.policies import ALERT, POLICY
from slokit.config.systems import SYSTEM
from slokit.exclusions import Exclusion
from slokit.policy import Policy
from slokit.sla import SLA
from slokit.sli import SLI
from slokit.slo import SLO
from slokit.slo_history import SLOHistory
from slokit.windows import CalendarWindow, RollingWindow

__all__ = ["FAMILY_OF", "FAMILY_OF_KIND"]

FAMILY_OF: dict[type, Family] = {
    SLO: SLO_,
    SLI: SLI_,
    RollingWindow: WINDOW,
    CalendarWindow: WINDOW,
    Occurrences: BUDGETING,
    Timeslices: BUDGETING,
    RatioTimeslices: BUDGETING,
    Exclusion: EXCLUSION,
    BurnRateAlert: ALERT,
    BudgetShareAlert: ALERT,
    Policy: POLICY,
    System: SYSTEM,
    SLA: SLA_,
    SLOHistory: SLO_HISTORY,
}
"""What a definition that stands alone may be, by class."""

FAMILY_OF_KIND: dict[str, Family] = {
    kind: family
    for family in FAMILY_OF.values()
    # Where the tag is the kind, it says both what a table is and of which sort.
    for kind in (family.codecs if family.tag == "kind" else (family.name,))
}
"""The same by the ``kind`` that stands in data."""
