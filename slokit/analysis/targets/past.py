"""What the past says of a target: full windows that kept it, the worst of them, pages, and days in each state.

A window that reaches before the data, or a period that is not over, is no full window and is not counted; nor is one
without any event. All candidates are put to the kernel in one call, over the running sums of one evaluation: a target
``t`` is missed where the evaluation's own target burns faster than ``(1 - t) / (1 - target)``, which is the same
comparison of integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction

import attrs
import numpy as np
import numpy.typing as npt

from slokit.alerts import Alert, notifications
from slokit.alerts.episodes import PAGE
from slokit.analysis.targets.candidates import Candidate
from slokit.evaluation import Evaluation
from slokit.evaluation.thresholds import BurnThreshold
from slokit.evaluation.worst import worst_places
from slokit.periods import CalendarGrid
from slokit.policy import Policy
from slokit.slo import SLO
from slokit.timeline import UNITS, to_datetime

__all__ = ["DAY", "MONTH", "QUARTER", "PastWindows", "WorstPast", "pages", "state_times", "with_target"]

DAY = UNITS["d"]
# Rates are told by the lengths at which calendar windows are counted elsewhere.
MONTH = 30 * DAY
QUARTER = 91 * DAY


@attrs.frozen
class WorstPast:
    """The full window with the largest share of bad events: the worst for every target."""

    bad: int
    total: int
    end: datetime

    def left(self, target: Fraction) -> Fraction:
        """Return the share of the budget of a target that was left, exact; negative where it was overspent."""
        return 1 - Fraction(self.bad, self.total) / (1 - target)


@attrs.frozen(eq=False)
class PastWindows:
    """The full windows of one series that hold events.

    Parameters
    ----------
    ev
        The evaluation.
    at
        The buckets that they end with, shape ``(k,)``.
    end_to_end
        How many windows fit beside each other; for a calendar, the full periods.
    """

    ev: Evaluation
    at: npt.NDArray[np.int64]
    end_to_end: Fraction

    @classmethod
    def of(cls, ev: Evaluation) -> PastWindows:
        """Find them."""
        sums = ev._sums
        size, grid = sums.timeline.size, sums.grid
        every = np.arange(size)
        if isinstance(grid, CalendarGrid):
            full = (grid.left >= 0) & (grid.to_come(every) == 0)
        else:
            full = every >= grid.width - 1
        beside = Fraction(int(full.sum())) if isinstance(grid, CalendarGrid) else Fraction(size, grid.width)
        return cls(ev, np.flatnonzero(full & ev.has_data), beside)

    def met(self, candidates: Sequence[Candidate]) -> tuple[int, ...]:
        """Return how many of the windows met each target."""
        base = 1 - self.ev.target
        missed = self.ev.burning_each([BurnThreshold((1 - one.target) / base) for one in candidates])
        return tuple(len(self.at) - int(np.count_nonzero(row[self.at])) for row in missed)

    @property
    def worst(self) -> WorstPast | None:
        """The worst of them; None where there is none."""
        if not len(self.at):
            return None
        sums = self.ev._sums
        bad, total = (one.window_exact(sums.window, (self.at,)) for one in (sums.bad, sums.total))
        where, failed, events = max(worst_places(bad, total), key=lambda place: Fraction(place[1], place[2]))
        return WorstPast(failed, events, to_datetime(sums.timeline.end_of(int(self.at[where]))))


def with_target(ev: Evaluation, slo: SLO) -> Evaluation:
    """Return the same evidence held against an objective that differs in its target alone."""
    target = np.array(slo.target, dtype=object)
    return attrs.evolve(ev, slo=slo, sums=attrs.evolve(ev._sums, targets=target))


def pages(ev: Evaluation, alerts: Iterable[Alert]) -> int:
    """Return how often people would have been paged."""
    return sum(one.severity == PAGE for one in notifications(ev, alerts))


def state_times(ev: Evaluation, policy: Policy, *, enforced: bool) -> tuple[tuple[tuple[str, int], ...], int]:
    """Return how long each state lasted, and how long any activity was blocked: nanoseconds, by whole buckets.

    An aspiration blocks nothing.
    """
    history = policy.evaluate(ev)
    step = ev.timeline.step
    lasted = tuple(
        (name, int(np.count_nonzero(history.codes == code)) * step)
        for code, name in ((*enumerate(history.names[:-1]), (-1, history.names[-1])))
    )
    if not enforced:
        return lasted, 0
    states = {state.name: state for state in (*policy.states, policy.unknown)}
    frozen = sum(
        length for name, length in lasted if any(policy.blocks(states[name], one) for one in policy.activities)
    )
    return lasted, frozen
