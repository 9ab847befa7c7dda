"""How long before a broken promise somebody was told: the objective's alarms against the agreement's breaches.

A promise is broken at the bucket end at which more has gone bad than the whole period allows: from then on nothing
can mend it. Looking back, that instant is known exactly, and so is which alarms had gone off by then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs
import numpy as np

from slokit._display import Shown
from slokit._kernels.sums import PrefixSums
from slokit.alerts import Alert, episodes
from slokit.counts import Counts
from slokit.errors import OutOfTimeline, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.exclusions import Exclusion
from slokit.periods import Period
from slokit.timeline import Timeline, duration_text, timedelta_ns, to_datetime

if TYPE_CHECKING:
    from slokit.sla.agreement import SLA

__all__ = ["LeadTime", "lead_times"]


@attrs.frozen(kw_only=True, repr=False)
class LeadTime(Shown):
    """When a period's promise was broken, and which alarms came before.

    Parameters
    ----------
    period
        The period.
    breached_at
        The bucket end at which more had gone bad than the whole period allows, in UTC; None if that never was.
    first_alarm
        Start of the first episode of any alert that fired in this period, by then; None if there was none.
    last_alarm
        Start of the last one by then: of the alarm that is nearest to the breach.
    """

    period: Period
    breached_at: datetime | None
    first_alarm: datetime | None = None
    last_alarm: datetime | None = None

    @property
    def lead(self) -> timedelta | None:
        """From the last alarm to the breach; None where there was no breach, or no alarm before it."""
        if self.breached_at is None or self.last_alarm is None:
            return None
        return self.breached_at - self.last_alarm

    @property
    def is_unheralded(self) -> bool:
        """Whether the promise was broken before any alarm."""
        return self.breached_at is not None and self.last_alarm is None

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "period", repr(self.period)
        if self.breached_at is None:
            yield "breach", "no breach"
            return
        yield "breach", f"broken at {self.breached_at:%Y-%m-%d %H:%M} UTC"
        if self.lead is None:
            yield "lead", "no alarm before"
        else:
            yield "lead", f"last alarm {duration_text(timedelta_ns(self.lead))} before"

    def __repr__(self) -> str:
        return f"LeadTime({', '.join(text for _, text in self._facts())})"


def lead_times(
    sla: SLA,
    counts: Counts,
    ev: Evaluation,
    alerts: Iterable[Alert],
    exclusions: Exclusion | Iterable[Exclusion] = (),
) -> tuple[LeadTime, ...]:
    """Return the lead times of all periods; :meth:`slokit.SLA.lead_times` documents it."""
    one_series(ev)
    if counts.axes:
        raise WrongType("counts must be of one series, that of ev; pick one with sel()")
    if not counts.timeline.size:
        raise OutOfTimeline("counts must hold a bucket, and they have none")
    fired = episodes(ev, alerts)
    start = sla.window.period(counts.timeline.start).start
    evidence = sla.evidence(counts.extend(since=np.datetime64(start, "ns")), exclusions)
    edges = sla.window.edges(evidence.timeline.start, evidence.timeline.end).tolist()
    sla.window.grid(evidence.timeline)  # refuses buckets that an edge lies inside
    sums = PrefixSums.of(evidence.bad), PrefixSums.of(evidence.total)
    found = []
    for period in (Period(*pair) for pair in pairwise(edges)):
        at = _breach(sla, evidence.timeline, *sums, period)
        breach = None if at is None else to_datetime(at)
        begins = to_datetime(period.start)
        before = [
            episode.start
            for episode in fired
            if breach is not None and episode.start <= breach and (episode.end is None or episode.end > begins)
        ]
        found.append(
            LeadTime(
                period=period,
                breached_at=breach,
                first_alarm=min(before, default=None),
                last_alarm=max(before, default=None),
            )
        )
    return tuple(found)


def _breach(sla: SLA, timeline: Timeline, bad: PrefixSums, total: PrefixSums, period: Period) -> int | None:
    """Return the bucket end at which a period had more bad than all of it allows."""
    first, stop = (min(max(timeline.edge_index(edge), 0), timeline.size) for edge in (period.start, period.end))
    whole = total.one_window((), first, stop)
    if sla.counts_time:
        # Minutes to come are known in number; how many requests are to come is not.
        whole += timeline.edge_index(period.end) - stop
    allowed = (1 - sla.target) * whole
    # What has gone bad never falls, so that the first bucket with too much is found by halving.
    ends = range(first + 1, stop + 1)
    at = bisect_left(ends, True, key=lambda end: bad.one_window((), first, end) > allowed)
    return timeline.end_of(ends[at] - 1) if at < len(ends) else None
