"""What is owed after an incident: who must review what, found from what the incidents spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from slokit._display import percent
from slokit.incidents import Incident, Spell, by_kind, spells
from slokit.policy.reviews import Due
from slokit.rational import percent_text
from slokit.timeline import duration_text

if TYPE_CHECKING:
    from slokit.policy.explain import Explanation
    from slokit.policy.policy import Policy

__all__ = ["due", "ongoing"]

_GAP = timedelta(minutes=30)


def ongoing(spells: Sequence[Spell], now: datetime) -> Spell | None:
    """Return the spell that goes on, the most expensive if there are several.

    It does while it is no further back than what joins two spells to one; and a service that fell silent has not
    recovered, so ``now`` is the end of its last data.
    """
    return next((spell for spell in spells if spell.end >= now - _GAP), None)


def due(
    explanation: Explanation, policy: Policy, state: str, since: datetime | None, incidents: tuple[Incident, ...]
) -> tuple[Due, ...]:
    """Return what is due at the end of a bucket, each with its reason."""
    return (
        *_incident_reviews(policy, state, since),
        *_post_mortems(explanation, policy),
        *_planning(explanation, policy, incidents),
    )


def _incident_reviews(policy: Policy, state: str, since: datetime | None) -> Iterator[Due]:
    if state in policy.reviews.incident_review:
        began = f"since {since:%Y-%m-%d %H:%M} UTC" if since is not None else "since before the evidence began"
        yield Due("incident review", f"{state} {began}")


def _post_mortems(explanation: Explanation, policy: Policy) -> Iterator[Due]:
    reviews = policy.reviews
    window = np.timedelta64(reviews.post_mortem_within, "ns")
    for spell in spells(explanation.evaluation, explanation.when, window=window):
        if spell.bad > reviews.post_mortem_share * spell.allowed:
            span = f"{spell.start:%Y-%m-%d %H:%M} to {spell.end:%Y-%m-%d %H:%M} UTC"
            limit = reviews.post_mortem_share
            spent = percent(spell.bad / spell.allowed, 1, against=[limit])
            yield Due("post-mortem", f"{span} spent {spent} of the budget, more than {percent_text(limit)}")


def _planning(explanation: Explanation, policy: Policy, incidents: tuple[Incident, ...]) -> Iterator[Due]:
    reviews = policy.reviews
    if not incidents:
        return
    window = np.timedelta64(reviews.planning_within, "ns")
    for kind in by_kind(explanation.evaluation, incidents, when=explanation.when, window=window):
        if kind.allowed and kind.bad > reviews.planning_share * kind.allowed:
            yield Due(
                "planning item",
                f"incidents of kind {kind.kind!r} spent "
                f"{percent(kind.bad / kind.allowed, 1, against=[reviews.planning_share])} of the budget of "
                f"{duration_text(reviews.planning_within)}, more than {percent_text(reviews.planning_share)}",
            )
