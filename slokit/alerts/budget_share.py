"""Alerts on shares of the budget: what one window alone spent of the whole.

A burn rate is a share of the budget only under flat traffic. Under a strong daily cycle a blip at night burns fast and
spends next to nothing, while one at noon burns slower and spends ten times as much: an alert on the share is quiet
about the first and names the second.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Self

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import percent
from slokit.alerts.alert import Alert, Cells, parse_window_length, rounded_up
from slokit.evaluation import Evaluation
from slokit.evaluation.spending import budget_window, spent_shares
from slokit.evaluation.sums import WindowedSums
from slokit.evaluation.thresholds import parse_share
from slokit.rational import percent_text
from slokit.timeline import duration_text

__all__ = ["BudgetShareAlert"]

BoolArray = npt.NDArray[np.bool_]


@attrs.frozen(kw_only=True, repr=False)
class BudgetShareAlert(Alert):
    """Fires while one window alone has spent more than a share of the objective's whole budget.

    Parameters
    ----------
    share
        Of the budget of the objective's window that ends with the same bucket (a calendar window at its nominal
        length): ``"2%"``.
    window
        In which it went: a duration, kept as integer nanoseconds.
    severity, op, pending, min_bad, min_total, min_coverage
        See :class:`Alert`. Where the data are younger than the objective's window the budget is that of the events so
        far, of which a few bad ones are soon a large share; ``min_coverage="25%"`` waits for a quarter of the window.

    Raises
    ------
    InvalidDuration
        If the window cannot be read.
    InvalidAlert
        If the share is negative, a gate is out of range or ``op`` is another word.

    Examples
    --------
    >>> BudgetShareAlert(share="2%", window="1h")
    BudgetShareAlert(page: over 2% of the budget in 1h)
    """

    share: Fraction = attrs.field(converter=parse_share)
    window: int = attrs.field(converter=parse_window_length)

    @property
    def threshold(self) -> Fraction:
        """The share of the budget."""
        return self.share

    @property
    def windows(self) -> tuple[int, ...]:
        """The one window, in nanoseconds."""
        return (self.window,)

    def fitted(self, step: int) -> Self:
        """Return the alert with its window lengthened to whole buckets."""
        return attrs.evolve(self, window=rounded_up(self.window, step))

    def answer(self, evaluation: Evaluation) -> BoolArray:
        """Compare what was spent, ask for evidence, and wait."""
        return self._sustained(evaluation, evaluation.spent(self.share, np.timedelta64(self.window, "ns"), op=self.op))

    def _covering(self, sums: WindowedSums) -> int:
        return budget_window(sums)

    def peaks(self, evaluation: Evaluation, cells: Cells) -> npt.NDArray[np.float64]:
        """Return the share that was spent at some cells."""
        return spent_shares(evaluation._sums, self.window, cells)

    def peak_text(self, peak: float) -> str:
        """Write a share of the budget."""
        return f"{percent(peak, 1)} of the budget"

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say how much of the budget went."""
        spent = evaluation.spent_share(np.timedelta64(self.window, "ns"), bucket)
        gates = "".join(f" {text}" for _, text in self._gates())
        if spent is None:
            return f"no data, no alert ({self._threshold()}{gates})"
        word = "more than" if self.op == "gt" else "at least"
        verdict = f"{word} {percent_text(self.share)}{gates}" if holds else f"no alert ({self._threshold()}{gates})"
        figure = percent(spent, 1, against=[self.share])
        return f"{figure} of the budget spent in {duration_text(self.window)}, {verdict}"

    def _threshold(self) -> str:
        return f"{'over' if self.op == 'gt' else 'at least'} {percent_text(self.share)}"

    def _question(self) -> str:
        return f"{self._threshold()} of the budget in {duration_text(self.window)}"
