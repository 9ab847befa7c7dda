"""Several alerts at once: where each fires, and their episodes beside each other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from slokit.alerts.alert import Alert
from slokit.alerts.episodes import PAGE, Episode, episodes_of
from slokit.conditions import answers
from slokit.errors import WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.thresholds import check_threads

__all__ = ["checked", "episodes", "fires"]

BoolArray = npt.NDArray[np.bool_]


def fires(evaluation: Evaluation, alerts: Iterable[Alert], *, threads: int = 1) -> BoolArray:
    """Say where each of several alerts fires: bool, shape ``(k, ..., n)``, in one pass over the evidence.

    Parameters
    ----------
    evaluation
        What the alerts are held against.
    alerts
        k of them.
    threads
        How many threads share the series; none outlives the call.

    Examples
    --------
    >>> from slokit import SLI, SLO, BurnRateAlert, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="5m", total=[1000] * 3, bad=[0, 20, 20])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(counts)
    >>> fires(ev, [BurnRateAlert(long_window="10m", short_window="5m", burn_rate=14.4)])
    array([[False, False,  True]])
    """
    held = checked(alerts)
    answered = answers(evaluation, held, threads=check_threads(threads))
    if not held:
        return np.empty((0, *evaluation.excluded.shape), dtype=np.bool_)
    return np.stack([answered[alert] for alert in held])


def episodes(evaluation: Evaluation, alerts: Iterable[Alert]) -> tuple[Episode, ...]:
    """Return the episodes of several alerts over all series, in the order of time, inhibited ones marked.

    While a page of a series fires, whoever would get its tickets is told nothing new: the episodes of all other
    severities say which pages fired during them, and when somebody had to be told of them all the same.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts, alerts
    >>> bad = [0] * 12 + [50] * 12 + [0] * 48
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="5m", total=[1000] * 72, bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(counts)
    >>> for episode in alerts.episodes(ev, alerts.google("30d")):
    ...     print(episode)
    Episode(ticket: 2026-01-01 01:05 to still firing, peak 25x, spent 833.3% of the budget, inhibited)
    Episode(page: 2026-01-01 01:10 to 2026-01-01 02:30 UTC, peak 25x, spent 1,896.6% of the budget)
    Episode(page: 2026-01-01 01:20 to 2026-01-01 02:05 UTC, peak 50x, spent 1,875% of the budget)
    """
    held = list(dict.fromkeys(checked(alerts)))
    answered = answers(evaluation, held)
    pages = {alert: answered[alert] for alert in held if alert.severity == PAGE}
    found = [episode for alert in held for episode in episodes_of(evaluation, alert, answered[alert], pages)]
    return tuple(sorted(found, key=lambda episode: (episode.start, episode.alert.severity, episode.labels)))


def checked(alerts: Iterable[Alert]) -> list[Alert]:
    """Read several alerts."""
    if not isinstance(alerts, Iterable):
        raise WrongType(f"alerts must be several alerts, got {alerts!r:.100}; write them in a list")
    held = list(alerts)
    for i, alert in enumerate(held):
        if not isinstance(alert, Alert):
            raise WrongType(
                f"alerts[{i}] must be a BurnRateAlert or a BudgetShareAlert, got {type(alert).__name__}: {alert!r:.100}"
            )
    return held
