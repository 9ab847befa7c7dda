"""Policies and decisions: which state are we in, since when, why, and what may be done now."""

from __future__ import annotations

from slokit.policy.decision import Decision, DecisionTable
from slokit.policy.history import PolicyHistory, StateEpisode, Transition
from slokit.policy.override import Override
from slokit.policy.policy import OnUnknown, Policy
from slokit.policy.reviews import Due, DueKind, Hurt, Reviews, Severity
from slokit.policy.service import ServiceDecision, ServiceHistory, together, unspent
from slokit.policy.state import Rule, State

__all__ = [
    "Decision",
    "DecisionTable",
    "Due",
    "DueKind",
    "Hurt",
    "OnUnknown",
    "Override",
    "Policy",
    "PolicyHistory",
    "Reviews",
    "Rule",
    "ServiceDecision",
    "ServiceHistory",
    "Severity",
    "State",
    "StateEpisode",
    "Transition",
    "together",
    "unspent",
]
