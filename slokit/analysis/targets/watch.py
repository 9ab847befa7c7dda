"""What would have watched each candidate: a policy and alerts, as they fit the buckets of the evidence."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from slokit.alerts import Alert, google
from slokit.alerts.firing import checked
from slokit.errors import WrongType
from slokit.policy import Policy
from slokit.slo import SLO
from slokit.timeline import duration_text

__all__ = ["Watch"]


@attrs.frozen(eq=False)
class Watch:
    """What would have watched each candidate: a policy and alerts, fitted to the buckets.

    Parameters
    ----------
    policy, alerts
        As they fit.
    notes
        What was changed so that they do.
    """

    policy: Policy
    alerts: tuple[Alert, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, slo: SLO, step: int, policy: Policy | None, alerts: Iterable[Alert] | None) -> Watch:
        """Take what is given, or the default policy and Google's alerts with their windows lengthened to buckets."""
        chosen = Policy.default(slo.window) if policy is None else policy
        if not isinstance(chosen, Policy):
            raise WrongType(f"policy must be a Policy, got {type(policy).__name__}: {policy!r:.100}")
        rules, notes = chosen.fitted(step)
        fitted = attrs.evolve(chosen, rules=rules, round_windows=False)
        if alerts is None:
            usual = google(slo.window, min_bad=5)
            held: tuple[Alert, ...] = tuple(dict.fromkeys(one.fitted(step) for one in usual))
            if held != usual:
                notes = (*notes, f"Google's alerts, their windows lengthened to buckets of {duration_text(step)}")
        else:
            if isinstance(alerts, Alert) or not isinstance(alerts, Iterable):
                raise WrongType(f"alerts must be several alerts, got {type(alerts).__name__}; write them in a list")
            held = tuple(checked(alerts))
        return cls(fitted, held, notes)
