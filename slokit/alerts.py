"""Alerts on burn rates: a long window that says it matters and a short one that says it is still going on.

An alert is a definition; held against an evaluation it gives one exact boolean a bucket and series. All alerts of
one call share a pass over the running sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import clean, html_table
from slokit.errors import InvalidAlert, WrongType
from slokit.evaluation import BurnCondition, Comparison, Evaluation
from slokit.evaluation.conditions import parse_burn_rate, parse_comparison
from slokit.rational import decimal_text
from slokit.texts import check_text
from slokit.timeline import DurationLike, duration_text, parse_length

__all__ = ["BurnRateAlert", "fires"]


def _length(value: DurationLike | int) -> int:
    return parse_length(value, "window")


def _optional_length(value: DurationLike | int | None) -> int | None:
    return None if value is None else _length(value)


@attrs.frozen(kw_only=True, repr=False)
class BurnRateAlert:
    """Fires while a long and a short window both burn faster than a threshold.

    Parameters
    ----------
    long_window
        How much must have burnt: a duration, kept as integer nanoseconds.
    short_window
        Whether it still burns, so that the alert ends soon after the trouble; None for one window alone.
    burn_rate
        The threshold: 1 spends exactly the budget over the objective's window. Read as a decimal.
    severity
        Who is told, such as ``"page"`` or ``"ticket"``.
    op
        ``"gt"`` for strictly faster, ``"gte"`` for at least as fast.

    Raises
    ------
    InvalidDuration
        If a window cannot be read.
    InvalidAlert
        If the threshold is negative or ``op`` is another word.

    Examples
    --------
    >>> BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4)
    BurnRateAlert(page: over 14.4x in 1h and 5m)

    References
    ----------
    *The Site Reliability Workbook*, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
    """

    long_window: int = attrs.field(converter=_length)
    short_window: int | None = attrs.field(default=None, converter=_optional_length)
    burn_rate: Fraction = attrs.field(converter=parse_burn_rate)
    severity: str = "page"
    op: Comparison = attrs.field(default="gt", converter=parse_comparison)

    def __attrs_post_init__(self) -> None:
        check_text("severity", self.severity, InvalidAlert)

    @property
    def condition(self) -> BurnCondition:
        """The question that the alert puts to an evaluation."""
        return BurnCondition(self.burn_rate, self._windows, self.op)

    @property
    def _windows(self) -> tuple[int, ...]:
        return (self.long_window,) if self.short_window is None else (self.long_window, self.short_window)

    def fires(self, evaluation: Evaluation) -> npt.NDArray[np.bool_]:
        """Say at the end of which buckets the alert fires: bool, shape ``(..., n)``, exact.

        Raises
        ------
        InvalidWindow
            If a window is no whole number of buckets.
        """
        return np.asarray(fires(evaluation, [self])[0])

    def __repr__(self) -> str:
        spans = " and ".join(duration_text(window) for window in self._windows)
        word = "over" if self.op == "gt" else "at least"
        return f"BurnRateAlert({clean(self.severity, 40)}: {word} {decimal_text(self.burn_rate)}x in {spans})"

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "severity", self.severity
        yield "burn rate", f"{'over' if self.op == 'gt' else 'at least'} {decimal_text(self.burn_rate)}x"
        yield "windows", " and ".join(duration_text(window) for window in self._windows)

    def _repr_html_(self) -> str:
        return html_table(list(self._facts()), caption="Burn-rate alert")

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self._facts()


def fires(evaluation: Evaluation, alerts: Iterable[BurnRateAlert], *, threads: int = 1) -> npt.NDArray[np.bool_]:
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
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="5m", total=[1000] * 3, bad=[0, 20, 20])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(counts)
    >>> fires(ev, [BurnRateAlert(long_window="10m", short_window="5m", burn_rate=14.4)])
    array([[False, False,  True]])
    """
    if not isinstance(evaluation, Evaluation):
        raise WrongType(
            f"alerts are held against an Evaluation, got {type(evaluation).__name__}; slo.evaluate(…) makes it"
        )
    held = list(alerts)
    for i, alert in enumerate(held):
        if not isinstance(alert, BurnRateAlert):
            raise WrongType(f"alerts[{i}] must be a BurnRateAlert, got {type(alert).__name__}: {alert!r:.100}")
    return evaluation.burning_each([alert.condition for alert in held], threads=threads)
