"""Notifications: what people are told of several alerts, each trouble once.

Alerts overlap: a slow one goes on where a fast one flaps, and a ticket says hours later what a page has said. So
people are told of a span during which any page fires, whichever it is, once; and of other severities only where no
page fires.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean
from slokit._kernels.runs import runs
from slokit.alerts.alert import Alert
from slokit.alerts.episodes import PAGE, end_of
from slokit.alerts.firing import checked
from slokit.conditions import answers
from slokit.counts.axes import labels_of
from slokit.evaluation import Evaluation

__all__ = ["Notification", "notifications", "told"]

BoolArray = npt.NDArray[np.bool_]


@attrs.frozen(kw_only=True, repr=False)
class Notification(Shown):
    """A span that somebody is told of once.

    Parameters
    ----------
    severity
        Who is told.
    start
        End of the first bucket at which an alert of this severity fired, and no page unless this is one, in UTC.
    end
        End of the first bucket at which that was over; None while it goes on.
    alerts
        The alerts that fired during it.
    labels
        Which series, as pairs of an axis and its label.
    """

    severity: str
    start: datetime
    end: datetime | None
    alerts: tuple[Alert, ...]
    labels: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        named = "".join(f"{clean(label, 40)}, " for _, label in self.labels)
        end = "now" if self.end is None else f"{self.end:%Y-%m-%d %H:%M} UTC"
        return f"Notification({named}{clean(self.severity, 40)}: {self.start:%Y-%m-%d %H:%M} to {end})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from ((axis, clean(label)) for axis, label in self.labels)
        yield "severity", clean(self.severity, 40)
        yield "start", f"{self.start:%Y-%m-%d %H:%M} UTC"
        yield "end", "goes on" if self.end is None else f"{self.end:%Y-%m-%d %H:%M} UTC"
        yield "alerts", ", ".join(map(repr, self.alerts))


def notifications(evaluation: Evaluation, alerts: Iterable[Alert]) -> tuple[Notification, ...]:
    """Return what people are told of several alerts over all series, in the order of time.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts, alerts
    >>> bad = [0] * 12 + [50] * 12 + [0] * 48
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="5m", total=[1000] * 72, bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(counts)
    >>> for notification in alerts.notifications(ev, alerts.google("30d")):
    ...     print(notification)
    Notification(ticket: 2026-01-01 01:05 to 2026-01-01 01:10 UTC)
    Notification(page: 2026-01-01 01:10 to 2026-01-01 02:30 UTC)
    Notification(ticket: 2026-01-01 02:30 to now)
    """
    held = list(dict.fromkeys(checked(alerts)))
    answered = answers(evaluation, held)
    found: list[Notification] = []
    for severity, mask in _told(evaluation, answered).items():
        members = {alert: answered[alert] for alert in held if alert.severity == severity}
        found += _spans(evaluation, severity, mask, members)
    return tuple(sorted(found, key=lambda one: (one.start, one.severity, one.labels)))


def told(evaluation: Evaluation, alerts: Iterable[Alert]) -> dict[str, BoolArray]:
    """Say at the end of which buckets each severity is told of something: bool arrays, shape ``(..., n)``.

    Pages where any of them fires, other severities where one of theirs does and no page: the runs of each are the
    :func:`notifications`.

    Examples
    --------
    >>> from slokit import SLI, SLO, BurnRateAlert, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100] * 4, bad=[0, 9, 0, 2])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts)
    >>> page = BurnRateAlert(long_window="1h", burn_rate=5)
    >>> ticket = BurnRateAlert(long_window="2h", burn_rate=1, severity="ticket")
    >>> {severity: mask.tolist() for severity, mask in told(ev, [page, ticket]).items()}
    {'page': [False, True, False, False], 'ticket': [False, False, True, False]}
    """
    return _told(evaluation, answers(evaluation, checked(alerts)))


def _told(evaluation: Evaluation, answered: Mapping[Any, BoolArray]) -> dict[str, BoolArray]:
    """Say where each severity is told, given where each alert fires."""
    paged = _any_of(evaluation, [mask for alert, mask in answered.items() if alert.severity == PAGE])
    found: dict[str, BoolArray] = {}
    for severity in dict.fromkeys(alert.severity for alert in answered):
        any_fires = _any_of(evaluation, [mask for alert, mask in answered.items() if alert.severity == severity])
        found[severity] = any_fires if severity == PAGE else any_fires & ~paged
    return found


def _any_of(evaluation: Evaluation, masks: list[BoolArray]) -> BoolArray:
    none = np.zeros(evaluation.excluded.shape, dtype=np.bool_)
    return np.asarray(np.logical_or.reduce([none, *masks]))


def _spans(
    evaluation: Evaluation, severity: str, told: BoolArray, members: dict[Alert, BoolArray]
) -> Iterator[Notification]:
    """Yield a notification for each run of bucket ends."""
    found, lead = runs(told), told.shape[:-1]
    for row, start, stop in zip(found.rows.tolist(), found.starts.tolist(), found.stops.tolist(), strict=True):
        index = tuple(int(i) for i in np.unravel_index(row, lead)) if lead else ()
        cells: tuple[Any, ...] = (*index, slice(start, stop))
        yield Notification(
            severity=severity,
            start=end_of(evaluation, start),
            end=None if stop == told.shape[-1] else end_of(evaluation, stop),
            alerts=tuple(alert for alert, mask in members.items() if mask[cells].any()),
            labels=labels_of(evaluation.axes, index),
        )
