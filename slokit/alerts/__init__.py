"""Alerts: when somebody should look, by how fast the budget burns or how much of it went.

An alert is a definition and a condition; held against an evaluation it gives one exact boolean a bucket and series,
and the episodes during which it fired. All alerts of one call share a pass over the running sums. A burn rate asks how
fast, and is loud at night; a budget share asks how much, and is calm where there is little traffic.
"""

from __future__ import annotations

from slokit.alerts.alert import Alert
from slokit.alerts.budget_share import BudgetShareAlert
from slokit.alerts.burn_rate import BurnRateAlert
from slokit.alerts.episodes import Episode
from slokit.alerts.firing import episodes, fires
from slokit.alerts.lint import lint
from slokit.alerts.notifications import Notification, notifications, told
from slokit.alerts.presets import datadog, elastic, google, pyrra, slo_generator, sloth

__all__ = [
    "Alert",
    "BudgetShareAlert",
    "BurnRateAlert",
    "Episode",
    "Notification",
    "datadog",
    "elastic",
    "episodes",
    "fires",
    "google",
    "lint",
    "notifications",
    "pyrra",
    "slo_generator",
    "sloth",
    "told",
]
