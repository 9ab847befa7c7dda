"""Figures of a backtest: how many incidents were found and how soon, and what that cost in pages.

The words are those of the SRE workbook's chapter on alerting. *Precision* is the share of pages that were about an
incident, *recall* the share of incidents that somebody was paged for; *detection time* runs from an incident's start to
the page, *reset time* from its end to the end of the firing.

A sweep has thousands of rows of them, so they are kept as columns of integers, in which requirements are judged; what
people read is made of one row when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any, Literal

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, percent, plural
from slokit.timeline import UNITS, duration_text

__all__ = ["FIGURES", "MONTH", "Columns", "Figures", "Measure", "figure_text"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MONTH = 30 * UNITS["d"]
"""What "a month" means here: 30 days, in nanoseconds."""

Kind = Literal["count", "time", "share", "monthly", "spent"]


@attrs.frozen
class Measure:
    """What kind of number a figure is.

    Parameters
    ----------
    kind
        A count, a length of time, a share, a number a month, or a share of the budget (which alone is kept as a float).
    more_is_better
        Whether one would rather have it large.
    top, bottom
        Of shares and monthly numbers: the columns that they are the quotient of.
    """

    kind: Kind
    more_is_better: bool = False
    top: str = ""
    bottom: str = ""


FIGURES = {
    "incidents": Measure("count", more_is_better=True),
    "detected": Measure("count", more_is_better=True),
    "missed": Measure("count"),
    "already_firing": Measure("count"),
    "notifications": Measure("count"),
    "true_alarms": Measure("count", more_is_better=True),
    "false_alarms": Measure("count"),
    "precision": Measure("share", more_is_better=True, top="true_alarms", bottom="notifications"),
    "recall": Measure("share", more_is_better=True, top="detected", bottom="incidents"),
    "pages_per_month": Measure("monthly", top="notifications", bottom="observed"),
    "false_alarms_per_month": Measure("monthly", top="false_alarms", bottom="observed"),
    "detect_median": Measure("time"),
    "detect_p90": Measure("time"),
    "reset_median": Measure("time"),
    "reset_p90": Measure("time"),
    "reset_unknown": Measure("count"),
    "spent_median": Measure("spent"),
    "spent_worst": Measure("spent"),
    "firing_share": Measure("share", top="firing", bottom="span"),
}
"""The figures of every score, in the order of tables."""


def figure_text(name: str, value: Any) -> str:
    """Write a figure for people.

    Examples
    --------
    >>> figure_text("detect_p90", timedelta(minutes=6)), figure_text("recall", 0.75), figure_text("recall", None)
    ('6m', '75%', '–')
    """
    if value is None:
        return "–"
    match FIGURES[name].kind:
        case "time":
            return duration_text(round(value / timedelta(microseconds=1)) * 1_000)
        case "share" | "spent":
            return percent(value, 1)
        case "monthly":
            return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
        case _:
            return f"{value:,}"


@attrs.frozen(kw_only=True, repr=False)
class Figures(Shown):
    """The figures of one alert, policy or setting over a span of history; None where one is not defined.

    Parameters
    ----------
    incidents
        Incidents that began in the span.
    detected, missed
        Those during which it fired, and the others.
    already_firing
        Of those detected, the ones at whose start it fired already, or had within the grace before: nobody was told of
        them anew.
    notifications
        Runs of firing, each told of once.
    true_alarms, false_alarms
        Those that touch an incident, and the others.
    precision
        True alarms over notifications; None without any.
    recall
        Detected over incidents; None without any.
    pages_per_month, false_alarms_per_month
        Notifications, and false alarms, in 30 days of observed time; None if nothing was observed.
    detect_median, detect_p90
        Time from an incident's start to the bucket end at which it fired, of those detected: the smallest time that
        half of them, or nine in ten, do not exceed; 0 where it fired already.
    reset_median, reset_p90
        Likewise the time from an incident's end to the end of the firing, of those after which history goes on.
    reset_unknown
        Detected incidents after which it does not: the evidence ends, or has a hole, before the firing was over.
    spent_median, spent_worst
        Share of the budget of the objective's window that was spent from an incident's start until it fired.
    firing_share
        Share of all buckets at whose ends it fired. Whatever fires always finds everything.
    """

    incidents: int
    detected: int
    missed: int
    already_firing: int
    notifications: int
    true_alarms: int
    false_alarms: int
    precision: float | None
    recall: float | None
    pages_per_month: float | None
    false_alarms_per_month: float | None
    detect_median: timedelta | None
    detect_p90: timedelta | None
    reset_median: timedelta | None
    reset_p90: timedelta | None
    reset_unknown: int
    spent_median: float | None
    spent_worst: float | None
    firing_share: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain data: numbers and None, times in seconds."""
        values = {name: getattr(self, name) for name in FIGURES}
        return {
            name: value.total_seconds() if isinstance(value, timedelta) else value for name, value in values.items()
        }

    @property
    def summary(self) -> str:
        """The figures in a sentence."""
        if not self.incidents:
            found = "no incidents"
        else:
            found = f"{self.detected:,} of {plural(self.incidents, 'incident')} found"
        if self.detect_p90 is not None:
            found += f", nine in ten within {figure_text('detect_p90', self.detect_p90)}"
        alarms = f"{plural(self.notifications, 'notification')}, {self.false_alarms:,} of them false"
        rate = figure_text("pages_per_month", self.pages_per_month)
        return f"{found}; {alarms} ({rate} a month)"

    def _facts(self) -> Iterator[tuple[str, str]]:
        for name in FIGURES:
            yield name.replace("_", " "), figure_text(name, getattr(self, name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.summary})"


@attrs.frozen(kw_only=True, eq=False)
class Columns:
    """Figures of ``n`` settings as integers: counts, buckets' lengths in nanoseconds; -1 where one is not defined.

    Parameters
    ----------
    incidents, observed, span
        Of all settings alike: incidents, and observed and all time in nanoseconds.
    arrays
        Counts and times, int64, and shares of the budget, float64 with NaN: each of shape ``(n,)``.
    """

    incidents: int
    observed: int
    span: int
    arrays: dict[str, npt.NDArray[Any]]

    def __attrs_post_init__(self) -> None:
        for array in self.arrays.values():
            array.setflags(write=False)

    @property
    def size(self) -> int:
        """How many settings there are."""
        return len(self.arrays["notifications"])

    def ints(self, name: str) -> Ints:
        """Return a count or a time, -1 where it is not defined."""
        if name in ("incidents", "observed", "span"):
            return np.full(self.size, getattr(self, name), dtype=np.int64)
        match name:
            case "missed":
                return np.asarray(self.incidents - self.arrays["detected"])
            case "false_alarms":
                return np.asarray(self.arrays["notifications"] - self.arrays["true_alarms"])
            case _:
                return np.asarray(self.arrays[name])

    def quotient(self, name: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return a figure that is no share of the budget as the quotient of Python integers; 0 / 0 is not defined."""
        measure = FIGURES[name]
        if measure.kind in ("count", "time"):
            top = self.ints(name).astype(object)
            return top, np.where(top < 0, 0, 1).astype(object)
        top, bottom = (self.ints(part).astype(object) for part in (measure.top, measure.bottom))
        return (top * MONTH if measure.kind == "monthly" else top), bottom

    def value(self, name: str, row: int) -> Any:
        """Return one figure of one setting as people have it; None where it is not defined."""
        measure = FIGURES[name]
        if measure.kind == "spent":
            share = float(self.arrays[name][row])
            return None if np.isnan(share) else share
        if measure.kind in ("count", "time"):
            number = int(self.ints(name)[row])
            if measure.kind == "count":
                return number
            return None if number < 0 else timedelta(microseconds=number / 1_000)
        top, bottom = (int(self.ints(part)[row]) for part in (measure.top, measure.bottom))
        if not bottom:
            return None
        return float(Fraction(top * MONTH if measure.kind == "monthly" else top, bottom))

    def row(self, row: int) -> dict[str, Any]:
        """Return all figures of one setting, by name."""
        return {name: self.value(name, row) for name in FIGURES}

    def better(self, name: str) -> Floats:
        """Return a figure as floats to sort by: less is better, and infinite where it is not defined."""
        measure = FIGURES[name]
        if measure.kind == "spent":
            return np.where(np.isnan(self.arrays[name]), np.inf, self.arrays[name])
        top, bottom = self.quotient(name)
        known = bottom > 0
        value = np.where(known, top, 0).astype(np.float64) / np.where(known, bottom, 1).astype(np.float64)
        return np.where(known, -value if measure.more_is_better else value, np.inf)

    def same_as(self, other: Columns) -> bool:
        """Say whether all figures are the same."""
        return (self.incidents, self.observed, self.span) == (other.incidents, other.observed, other.span) and all(
            np.array_equal(mine, other.arrays[name], equal_nan=mine.dtype.kind == "f")
            for name, mine in self.arrays.items()
        )

    @classmethod
    def joined(cls, several: Sequence[Columns]) -> Columns:
        """Return the figures of several lists of settings in one part of history, one after another."""
        first = several[0]
        arrays = {name: np.concatenate([one.arrays[name] for one in several]) for name in first.arrays}
        return attrs.evolve(first, arrays=arrays)
