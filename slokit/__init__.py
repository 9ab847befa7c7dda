"""slokit: SLO logic to embed in other programs.

Hand it evidence (good and total events over time) and get exact answers: is the objective met, how
much error budget is left, how fast does it burn.

Names are loaded when they are first touched, so that importing slokit costs little more than numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slokit import (
        alerts,
        analysis,
        composition,
        conditions,
        errors,
        forecast,
        incidents,
        policy,
        sla,
        statistics,
        traffic,
    )
    from slokit.alerts import BudgetShareAlert, BurnRateAlert
    from slokit.budget import ErrorBudget, ErrorBudgetArrays
    from slokit.budgeting import Occurrences, RatioTimeslices, Timeslices
    from slokit.config import from_dict, to_dict
    from slokit.counts import Axis, Counts
    from slokit.evaluation import Evaluation, WorstWindow
    from slokit.exclusions import Exclusion
    from slokit.interop.definitions import load
    from slokit.intervals import IntervalSet
    from slokit.policy import Decision, Policy, PolicyHistory, Rule, State
    from slokit.rationale import Rationale
    from slokit.sla import SLA
    from slokit.sli import SLI
    from slokit.slo import SLO
    from slokit.slo_history import SLOHistory
    from slokit.status import Status, StatusTable
    from slokit.timeline import Timeline
    from slokit.windows import CalendarWindow, Period, RollingWindow

__all__ = [
    "SLA",
    "SLI",
    "SLO",
    "Axis",
    "BudgetShareAlert",
    "BurnRateAlert",
    "CalendarWindow",
    "Counts",
    "Decision",
    "ErrorBudget",
    "ErrorBudgetArrays",
    "Evaluation",
    "Exclusion",
    "IntervalSet",
    "Occurrences",
    "Period",
    "Policy",
    "PolicyHistory",
    "RatioTimeslices",
    "Rationale",
    "RollingWindow",
    "Rule",
    "SLOHistory",
    "State",
    "Status",
    "StatusTable",
    "Timeline",
    "Timeslices",
    "WorstWindow",
    "alerts",
    "analysis",
    "composition",
    "conditions",
    "errors",
    "forecast",
    "from_dict",
    "incidents",
    "load",
    "policy",
    "sla",
    "statistics",
    "to_dict",
    "traffic",
]

__version__ = "0.1.0.dev0"

_ROOMS = {
    "SLA": "sla",
    "SLI": "sli",
    "SLO": "slo",
    "Axis": "counts",
    "BudgetShareAlert": "alerts",
    "BurnRateAlert": "alerts",
    "CalendarWindow": "windows",
    "Counts": "counts",
    "Decision": "policy",
    "ErrorBudget": "budget",
    "ErrorBudgetArrays": "budget",
    "Evaluation": "evaluation",
    "Exclusion": "exclusions",
    "IntervalSet": "intervals",
    "Occurrences": "budgeting",
    "Period": "windows",
    "Policy": "policy",
    "PolicyHistory": "policy",
    "RatioTimeslices": "budgeting",
    "Rationale": "rationale",
    "RollingWindow": "windows",
    "Rule": "policy",
    "SLOHistory": "slo_history",
    "State": "policy",
    "Status": "status",
    "StatusTable": "status",
    "Timeline": "timeline",
    "Timeslices": "budgeting",
    "WorstWindow": "evaluation",
    "from_dict": "config",
    "load": "interop.definitions",
    "to_dict": "config",
}
_MODULES = (
    "alerts",
    "analysis",
    "composition",
    "conditions",
    "errors",
    "forecast",
    "incidents",
    "policy",
    "sla",
    "statistics",
    "traffic",
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value = import_module(f"slokit.{name}")
    elif name in _ROOMS:
        value = getattr(import_module(f"slokit.{_ROOMS[name]}"), name)
    else:
        raise AttributeError(f"module 'slokit' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
