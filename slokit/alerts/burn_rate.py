"""Alerts on burn rates: a long window that says it matters and a short one that says it is still going on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Self

import attrs
import numpy as np
import numpy.typing as npt

from slokit.alerts.alert import Alert, Cells, parse_optional_window, parse_window_length, rounded_up
from slokit.conditions import BurnLeaf
from slokit.errors import InvalidAlert
from slokit.evaluation import BurnThreshold, Evaluation
from slokit.evaluation.sums import WindowedSums
from slokit.evaluation.thresholds import parse_burn_rate
from slokit.rational import RationalLike, decimal_text, floor_fraction, parse_rational, percent_text
from slokit.statistics import surely_above
from slokit.status import burn_text
from slokit.timeline import duration_text

__all__ = ["BurnRateAlert", "share_to_prove"]

BoolArray = npt.NDArray[np.bool_]


def _confidence(value: RationalLike | None) -> Fraction | None:
    if value is None:
        return None
    confidence = parse_rational(value, "confidence")
    if not 0 < confidence < 1:
        raise InvalidAlert(f'confidence must lie between 0 and 1, such as "99%", got {value}')
    return confidence


def share_to_prove(burn_rate: Fraction, target: Fraction) -> Fraction:
    """Return the share of bad events that is a burn rate, for a test in floats: at most 1, and not too long for it.

    Examples
    --------
    >>> share_to_prove(Fraction("14.4"), Fraction("0.999"))
    Fraction(9, 625)
    """
    return floor_fraction(min(burn_rate * (1 - target), Fraction(1)), 2**200)


@attrs.frozen(kw_only=True, repr=False)
class BurnRateAlert(Alert, BurnLeaf):
    """Fires while a long and a short window both burn faster than a threshold.

    Parameters
    ----------
    long_window
        How much must have burnt: a duration, kept as integer nanoseconds.
    short_window
        Whether it still burns, so that the alert ends soon after the trouble; None for one window alone.
    burn_rate
        The threshold: 1 spends exactly the budget over the objective's window. Read as a decimal.
    severity, op, pending, min_bad, min_total, min_coverage
        See :class:`Alert`.
    confidence
        Such as ``"99%"``: besides, an exact binomial test of the long window must say with this confidence that its
        true burn rate is above the threshold. It takes the events for independent of each other; where bad ones
        come in bursts it is surer than it should be. None does not ask.

    Raises
    ------
    InvalidDuration
        If a window cannot be read.
    InvalidAlert
        If the threshold is negative, a gate is out of range or ``op`` is another word.

    Examples
    --------
    >>> BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4)
    BurnRateAlert(page: over 14.4x in 1h and 5m)
    >>> BurnRateAlert(long_window="1h", burn_rate=14.4, severity="ticket", pending="2m", min_bad=5)
    BurnRateAlert(ticket: over 14.4x in 1h for 2m with 5 bad events)

    References
    ----------
    *The Site Reliability Workbook*, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
    """

    long_window: int = attrs.field(converter=parse_window_length)
    short_window: int | None = attrs.field(default=None, converter=parse_optional_window)
    burn_rate: Fraction = attrs.field(converter=parse_burn_rate)
    confidence: Fraction | None = attrs.field(default=None, converter=_confidence)

    @property
    def burn_threshold(self) -> BurnThreshold:
        """The question that the alert puts to an evaluation."""
        return BurnThreshold(self.burn_rate, self.windows, self.op)

    @property
    def threshold(self) -> Fraction:
        """The burn rate."""
        return self.burn_rate

    @property
    def windows(self) -> tuple[int, ...]:
        """The long window, and the short one if there is one, in nanoseconds."""
        return (self.long_window,) if self.short_window is None else (self.long_window, self.short_window)

    def fitted(self, step: int) -> Self:
        """Return the alert with windows lengthened to whole buckets.

        Examples
        --------
        >>> BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4).fitted(1800 * 10**9)
        BurnRateAlert(page: over 14.4x in 1h and 30m)
        """
        short = None if self.short_window is None else rounded_up(self.short_window, step)
        return attrs.evolve(self, long_window=rounded_up(self.long_window, step), short_window=short)

    def given(self, evaluation: Evaluation, burning: BoolArray) -> BoolArray:
        """Ask for evidence where it burns, and wait."""
        return self._sustained(evaluation, burning)

    def _covering(self, sums: WindowedSums) -> int:
        return sums.buckets(self.long_window)

    def _is_sure(self, sums: WindowedSums, cells: Cells) -> BoolArray:
        if self.confidence is None:
            return super()._is_sure(sums, cells)
        width = sums.buckets(self.long_window)
        bad, total = sums.bad.window_exact(width, cells), sums.total.window_exact(width, cells)
        sure = np.ones(bad.shape, dtype=np.bool_)
        # One test for each target: series have few different ones.
        targets = sums.targets[cells[:-1]] if sums.targets.ndim else np.full(bad.shape, sums.targets.item())
        for target in set(targets.flat):
            same = np.array([one == target for one in targets.flat], dtype=np.bool_)
            limit = share_to_prove(self.burn_rate, target)
            sure[same] = surely_above(bad[same], total[same], limit, confidence=self.confidence)
        return sure

    def peaks(self, evaluation: Evaluation, cells: Cells) -> npt.NDArray[np.float64]:
        """Return the burn rate of the calmer window at some cells."""
        sums = evaluation._sums
        rates = [
            sums.bad.window_exact(width, cells).astype(np.float64)
            / sums.total.window_exact(width, cells).astype(np.float64)
            for width in map(sums.buckets, self.windows)
        ]
        return np.asarray(np.minimum.reduce(rates) / sums.shares_at(cells))

    def peak_text(self, peak: float) -> str:
        """Write a burn rate."""
        return burn_text(peak)

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say how fast each window burns."""
        found = []
        for window in self.windows:
            good, bad = evaluation.events_within(np.timedelta64(window, "ns"), bucket)
            rate = Fraction(bad, good + bad) / (1 - evaluation.target) if good + bad else None
            figure = "no data" if rate is None else burn_text(rate, against=[self.burn_rate])
            found.append(f"{figure} over {duration_text(window)}")
        gates = "".join(f" {text}" for _, text in self._gates())
        if holds:
            word = "exceeds" if self.op == "gt" else "reaches"
            return f"burn rate {' and '.join(found)} {word} {decimal_text(self.burn_rate)}x{gates}"
        return f"burn rate {' and '.join(found)}, no alert ({self._threshold()}{gates})"

    def _threshold(self) -> str:
        return f"{'over' if self.op == 'gt' else 'at least'} {decimal_text(self.burn_rate)}x"

    def _question(self) -> str:
        return f"{self._threshold()} in {' and '.join(duration_text(window) for window in self.windows)}"

    def _gates(self) -> Iterator[tuple[str, str]]:
        yield from super()._gates()
        if self.confidence is not None:
            yield "confidence", f"with {percent_text(self.confidence)} confidence if events are independent"
