"""The default policy: what the field's error-budget policies say, with numbers.

=========  ===========================================================  ================================================
state      entered when                                                 left when
=========  ===========================================================  ================================================
healthy    nothing below holds
warning    a page or ticket burns as Google's do; or 2% of the budget   clear for 6 h
           went in 1 h, 5% in 6 h, 10% in 3 d; or under 25% is left
critical   the budget is exhausted, and a quarter of the window has     5% or more is left: a timer alone flaps as old
           passed since the first data                                  errors roll off
unknown    no data for an hour                                          data
=========  ===========================================================  ================================================

The alerts ask for five bad events, so that one or two in a quiet hour are no alarm, and those on shares for a quarter
of the objective's window, since of a budget that is hardly known yet anything is a large share. Burn rates are scaled
to a window of 30 days unless another is named.

References
----------
*The Site Reliability Workbook*, chapter 5 (alerts) and appendix B, "Example Error Budget Policy".
"""

from __future__ import annotations

from slokit.alerts import Alert, BudgetShareAlert, google
from slokit.conditions import AnyOf, BudgetBelow, Exhausted
from slokit.policy.state import UNKNOWN, Rule, State
from slokit.timeline import DurationLike
from slokit.windows import Window

__all__ = ["ACTIVITIES", "CHANGES", "MIN_BAD", "SHARE_ALERTS", "STATES", "UNKNOWN_STATE", "alerts", "rules"]

MIN_BAD = 5
"""How many bad events the alerts of the default policy want to see."""

ACTIVITIES = ("deploy", "config change", "experiment", "maintenance", "migration")
CHANGES = ("normal", "reliability", "security", "p0")

STATES = (
    State(
        "healthy",
        means="the budget is there to be spent",
        actions=["normal velocity", "routine maintenance and experiments are fine"],
    ),
    State(
        "warning",
        means="the budget goes fast, or little of it is left",
        actions=["review recent changes", "watch more closely", "consider slowing deployments"],
    ),
    State(
        "critical",
        means="the budget is exhausted",
        actions=[
            "freeze changes that are not essential",
            "all hands on reliability",
            "find the root cause",
            "hold an incident review for each new episode",
        ],
        blocks=["deploy", "config change", "experiment", "maintenance", "migration"],
        exempt=["reliability", "security", "p0"],
    ),
)

UNKNOWN_STATE = State(
    UNKNOWN,
    means="nobody can tell how the service fares",
)

SHARE_ALERTS = tuple(
    BudgetShareAlert(share=share, window=window, severity=severity, min_bad=MIN_BAD, min_coverage="25%")
    for share, window, severity in (("2%", "1h", "page"), ("5%", "6h", "page"), ("10%", "3d", "ticket"))
)


def alerts(window: DurationLike | Window) -> tuple[Alert, ...]:
    """Return the alerts of the default policy for objectives over a window."""
    return (*google(window, min_bad=MIN_BAD), *SHARE_ALERTS)


def rules(window: DurationLike | Window) -> tuple[Rule, ...]:
    """Return the rules of the default policy for objectives over a window."""
    return (
        Rule("warning", AnyOf(alerts(window)), hold="6h"),
        Rule("warning", BudgetBelow("25%"), hold="6h"),
        Rule("critical", Exhausted(), until=~BudgetBelow("5%"), warmup="25%"),
    )
