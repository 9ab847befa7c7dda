"""The score of one alert or policy: its figures, and what became of each incident."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import attrs

from slokit._display import Shown, percent
from slokit.analysis.backtest.figures import Figures, figure_text
from slokit.incidents import Incident

__all__ = ["Outcome", "Score"]


@attrs.frozen(kw_only=True, repr=False)
class Outcome(Shown):
    """What became of one incident.

    Parameters
    ----------
    incident
        The incident.
    notified_at
        When somebody was told: the bucket end at which the firing began that was about it, in UTC. None if nobody was.
    already_firing
        Whether that was at the incident's start or before it.
    detection_time
        From the incident's start to the bucket end at which it fired, 0 where it fired already; None if it did not.
    reset_time
        From the incident's end to the end of the firing; None where it did not fire, or history does not go on.
    spent
        Share of the budget of the objective's window that went from the incident's start until it fired; None where it
        did not fire, or there is no budget.
    """

    _caption = "What became of an incident"

    incident: Incident
    notified_at: datetime | None
    already_firing: bool
    detection_time: timedelta | None
    reset_time: timedelta | None
    spent: float | None

    @property
    def is_detected(self) -> bool:
        """Whether it was found."""
        return self.detection_time is not None

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "incident", repr(self.incident)
        if self.notified_at is None:
            yield "found", "missed"
            return
        how = " (fired already)" if self.already_firing else ""
        yield "found", f"after {figure_text('detect_median', self.detection_time)}{how}"
        yield "notified at", f"{self.notified_at:%Y-%m-%d %H:%M} UTC"
        yield "reset", "unknown" if self.reset_time is None else f"after {figure_text('reset_median', self.reset_time)}"
        if self.spent is not None:
            yield "spent until then", f"{percent(self.spent, 1)} of the budget"

    def __repr__(self) -> str:
        facts = dict(self._facts())
        rest = f", reset {facts['reset']}" if "reset" in facts else ""
        found = facts["found"] if self.notified_at is None else f"found {facts['found']}"
        return f"Outcome({facts['incident']}: {found}{rest})"


@attrs.frozen(kw_only=True, repr=False)
class Score(Figures):
    """How an alert, several or a policy would have served: the figures of :class:`Figures`, and these.

    Parameters
    ----------
    subject
        What was replayed, in words.
    outcomes
        What became of each incident, in the order of time.
    frozen
        Of a policy: how long it would have blocked deployments (the activity ``"deploy"``); None of alerts, and where a
        policy does not know the activity.

    Examples
    --------
    >>> from slokit import SLI, SLO, BurnRateAlert, Counts
    >>> from slokit.analysis.backtest import score
    >>> bad = [0] * 20 + [300] * 4 + [0] * 30 + [300] * 2 + [0] * 20
    >>> counts = Counts.from_buckets(start="2026-01-05T00:00Z", step="5m", total=[1000] * 76, bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="7d").evaluate(counts)
    >>> found = score(ev, BurnRateAlert(long_window="10m", burn_rate=20), [("2026-01-05T01:40Z", "2026-01-05T02:00Z")])
    >>> found
    Score(1 of 1 incident found, nine in ten within 10m; 2 notifications, 1 of them false (227 a month))
    >>> found.precision, found.recall, found.outcomes[0]
    (0.5, 1.0, Outcome(Incident(2026-01-05T01:40Z..02:00Z): found after 10m, reset after 5m))
    """

    subject: str
    outcomes: tuple[Outcome, ...]
    frozen: timedelta | None = None

    @property
    def days_frozen(self) -> float | None:
        """For how many days deployments would have been blocked; None of alerts."""
        return None if self.frozen is None else self.frozen / timedelta(days=1)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain data: numbers and None, times in seconds."""
        return {**Figures.to_dict(self), "days_frozen": self.days_frozen}

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "replayed", self.subject
        yield from Figures._facts(self)
        if self.days_frozen is not None:
            yield "days frozen", f"{self.days_frozen:,.3g}"

    @property
    def summary(self) -> str:
        """The figures in a sentence."""
        frozen = "" if self.days_frozen is None else f", {self.days_frozen:,.3g} days frozen"
        return f"{super().summary}{frozen}"
