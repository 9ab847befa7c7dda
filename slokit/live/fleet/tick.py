"""Ticks: what the alerts of a fleet said at the end of one bucket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, plural
from slokit.alerts import Alert
from slokit.status import SHOWN

__all__ = ["FleetTick"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class FleetTick(Shown):
    """Which alerts fire for which labels.

    Parameters
    ----------
    time
        End of the bucket that was judged, in UTC.
    alerts
        The k alerts.
    labels
        The n labels, in the order in which they came; the overflow row last, once something counts in it.
    firing
        bool, shape ``(k, n)``, read-only.
    started, ended
        What has begun to fire, and what has ceased to, since the tick before: pairs of a label and an alert.

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Fleet, ManualClock
    >>> clock = ManualClock("2026-01-01T00:00Z")
    >>> fleet = Fleet(SLO("api", sli=SLI.ratio("up"), target="99.9%", window="30d"), clock=clock)
    >>> fleet.add_many(["acme", "globex"], good=[990, 1000], bad=[10, 0])
    >>> clock.advance("1m")
    >>> tick = fleet.tick()
    >>> tick.firing.shape, tick.firing[1].tolist(), tick.started[0]
    ((3, 2), [True, False], ('acme', BurnRateAlert(page: over 6x in 6h and 30m)))
    """

    time: datetime
    alerts: tuple[Alert, ...]
    labels: tuple[str, ...]
    firing: npt.NDArray[np.bool_]
    started: tuple[tuple[str, Alert], ...]
    ended: tuple[tuple[str, Alert], ...]

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        self.firing.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FleetTick):
            return NotImplemented
        mine, theirs = (
            (one.time, one.alerts, one.labels, one.started, one.ended, one.firing.tobytes()) for one in (self, other)
        )
        return mine == theirs

    @property
    def firing_labels(self) -> tuple[str, ...]:
        """The labels for which any alert fires."""
        return tuple(self.labels[i] for i in np.flatnonzero(self.firing.any(axis=0)))

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "at", f"{self.time:%Y-%m-%d %H:%M:%S} UTC"
        yield "firing", f"{len(self.firing_labels):,} of {plural(len(self.labels), 'label')}"
        for name, pairs in (("started", self.started), ("ended", self.ended)):
            for label, alert in pairs[:SHOWN]:
                yield name, f"{clean(label, 40)}: {alert!r}"
            if len(pairs) > SHOWN:
                yield name, f"… {len(pairs) - SHOWN:,} more"

    def __repr__(self) -> str:
        return (
            f"FleetTick({self.time:%Y-%m-%d %H:%M:%S} UTC: {len(self.firing_labels):,} of "
            f"{plural(len(self.labels), 'label')} firing, {len(self.started):,} started, {len(self.ended):,} ended)"
        )
