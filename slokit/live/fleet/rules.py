"""Rules: alerts laid over tiers, and asked of all series at once at the end of one bucket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from slokit._display import plural
from slokit.alerts import Alert, BudgetShareAlert, BurnRateAlert
from slokit.alerts.firing import checked
from slokit.errors import InvalidAlert, WrongType
from slokit.live.fleet.limits import SHORT, Limit, Scratch
from slokit.live.fleet.rings import BLOCK, Block, Numbers, Rings
from slokit.windows import RollingWindow

__all__ = ["Rules", "checked_alerts"]

BoolArray = npt.NDArray[np.bool_]


def checked_alerts(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Read the alerts of a fleet, and refuse what is not asked of arrays.

    Raises
    ------
    InvalidAlert
        If one waits, or asks for coverage or confidence.
    WrongType
        If one is neither a burn-rate nor a budget-share alert.
    """
    held = tuple(checked(alerts))
    for i, alert in enumerate(held):
        if type(alert) not in (BurnRateAlert, BudgetShareAlert):
            raise WrongType(f"alerts[{i}] must be a BurnRateAlert or a BudgetShareAlert, got {type(alert).__name__}")
        for field in ("pending", "min_coverage", "confidence"):
            if getattr(alert, field):
                raise InvalidAlert(
                    f"alerts[{i}].{field} must not be given in a Fleet, got {alert!r}; leave it away (min_bad and "
                    "min_total ask for evidence too), or give such a series a Monitor of its own"
                )
    return held


class _Sums:
    """Windows' sums of one block at one edge, each worked out once and only when it is asked for."""

    def __init__(self, windows: Iterable[int]) -> None:
        self._room = {window: np.empty((2, BLOCK), dtype=np.int64) for window in windows}
        self._held: dict[int, Numbers] = {}
        self.most = 0

    def turn_to(self, rings: Rings, block: Block, end: int) -> None:
        """Forget what was worked out, and answer for another block."""
        self._rings, self._block, self._end = rings, block, end
        self._held.clear()
        # No sum of any window is larger.
        self.most = block.most(rings.head, SHORT)

    def of(self, window: int) -> Numbers:
        """Return bad and all events, shape ``(2, rows)``."""
        found = self._held.get(window)
        if found is None:
            found = self._held[window] = self._rings.sums(self._block, window, self._end, self._room[window])
        return found


class _Rule:
    """One alert: pairs of windows, whose bad events are held against all events of the other."""

    def __init__(self, alert: Alert, step: int, window: int, targets: Mapping[int | None, Fraction]) -> None:
        self.windows = tuple(RollingWindow(length).buckets(step) for length in alert.windows)
        self.pairs = tuple((one, window if isinstance(alert, BudgetShareAlert) else one) for one in self.windows)
        self.limit = Limit(alert.threshold, targets, strict=alert.op == "gt")
        self.min_bad, self.min_total = alert.min_bad, alert.min_total
        # A share is one of a budget, and without events in the objective's window there is none.
        self.needs_budget = isinstance(alert, BudgetShareAlert)

    def fires(self, block: int, sums: _Sums, room: Scratch, out: BoolArray) -> None:
        """Write for which series it fires."""
        for i, (over, against) in enumerate(self.pairs):
            verdict = room.verdict[: len(out)] if i else out
            bad, total = sums.of(over)[0], sums.of(against)[1]
            self.limit.exceeded(block, bad, total, sums.most, room, verdict)
            if i:
                out &= verdict
            # Most windows of most fleets are calm, and then the shorter ones need not be looked at.
            if not out.any():
                return
        bad, total = sums.of(self.windows[0])
        if self.min_bad:
            out &= np.asarray(bad >= self.min_bad, dtype=np.bool_)
        if self.min_total:
            out &= np.asarray(total >= self.min_total, dtype=np.bool_)
        if self.needs_budget:
            out &= np.asarray(sums.of(self.pairs[0][1])[1] > 0, dtype=np.bool_)


class Rules:
    """Some alerts, ready to be asked.

    Parameters
    ----------
    alerts
        As :func:`checked_alerts` returns them.
    step
        Length of a bucket in nanoseconds.
    window
        The objective's window, in buckets.
    targets
        Targets by row, and under None that of all other rows.

    Raises
    ------
    InvalidWindow
        If a window is no whole number of buckets.
    """

    def __init__(
        self, alerts: tuple[Alert, ...], step: int, window: int, targets: Mapping[int | None, Fraction]
    ) -> None:
        self.alerts = alerts
        self._rules = [_Rule(alert, step, window, targets) for alert in alerts]
        self._room = Scratch()
        self._sums = _Sums({width for rule in self._rules for pair in rule.pairs for width in pair})

    @property
    def longest(self) -> int:
        """The longest window, in buckets; 0 where there is none."""
        return max((max(rule.windows) for rule in self._rules), default=0)

    def firing(self, rings: Rings, end: int) -> BoolArray:
        """Say which alerts fire for which series at an edge: bool, shape ``(k, rows)``."""
        out = np.empty((len(self._rules), rings.rows), dtype=np.bool_)
        first = 0
        for i, block in enumerate(rings.blocks):
            self._sums.turn_to(rings, block, end)
            for rule, verdict in zip(self._rules, out[:, first : first + block.rows], strict=True):
                rule.fires(i, self._sums, self._room, verdict)
            first += block.rows
        return out

    def __repr__(self) -> str:
        return f"Rules({plural(len(self.alerts), 'alert')})"
