"""A status: what an evaluation says at one instant, as plain numbers.

Scalars are Python integers and the doubles nearest to the exact rationals; what is not known is None. The same
question over time is an :class:`~slokit.Evaluation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, overload

import attrs

from slokit._display import clean, html_table, percent, plural, short
from slokit.budget import ErrorBudget
from slokit.counts.axes import Axis, series_position
from slokit.rational import decimal_text, percent_text
from slokit.timeline import DurationLike
from slokit.windows import Window

if TYPE_CHECKING:
    from slokit.protocols import EventSource

__all__ = [
    "SHOWN",
    "Status",
    "StatusTable",
    "Verdict",
    "budget_text",
    "burn_rate_of",
    "burn_text",
    "lines_text",
    "share_text",
    "urgency",
]

SHOWN = 20
"""How many series a table shows."""

Verdict = Literal["met", "missed", "no_data", "on_track", "at_risk", "secured", "lost"]
"""``met``, ``missed`` or ``no_data`` over a rolling window and a full period. In a running period ``at_risk`` where
the share of the budget that is spent exceeds the share of the period that has passed, else ``on_track``; ``secured`` or
``lost`` where nothing that may still happen can change the outcome."""


@attrs.frozen(repr=False, kw_only=True)
class Status:
    """An objective at the end of one bucket.

    Two statuses are equal where all they state is; what :meth:`burn_rate` can look up beyond that does not count.

    Parameters
    ----------
    name
        The objective's name.
    labels
        Which series this is, as pairs of an axis and its label; empty for counts of one series.
    time
        End of the last bucket looked at, in UTC; None for evidence without a bucket.
    good, bad
        Events of the window.
    coverage
        Observed buckets over the buckets the window should hold, 0 to 1.
    verdict
        See :data:`Verdict`.
    target, window
        The objective's.
    unit
        What is counted.
    error_budget
        The window's budget.
    excluded_share
        Share of the window's buckets that exclusions took out.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", good=[990, 999], bad=[10, 1])
    >>> status = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="2h").evaluate(counts).at()
    >>> status
    MET · 45% budget left (9 bad events) · 1h burn 0.1x · SLI 99.45% of 2,000 · coverage 100%
    >>> status.burn_rate("1h"), status.met, status.error_budget.consumed
    (0.1, True, 11)
    """

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    time: datetime | None
    good: int
    bad: int
    coverage: float
    verdict: Verdict
    target: Fraction
    window: Window
    unit: str
    error_budget: ErrorBudget
    excluded_share: float = 0.0
    _source: EventSource | None = attrs.field(default=None, eq=False)
    _bucket: int = attrs.field(default=-1, eq=False)

    @property
    def total(self) -> int:
        """Events of the window."""
        return self.good + self.bad

    @property
    def has_data(self) -> bool:
        """Whether the window holds any event."""
        return self.total > 0

    @property
    def sli(self) -> float | None:
        """Share of good events; None without data."""
        return self.good / self.total if self.total else None

    @property
    def met(self) -> bool | None:
        """Whether the evidence so far reaches the target; None without data."""
        return Fraction(self.good, self.total) >= self.target if self.total else None

    def burn_rate(self, window: DurationLike | None = None) -> float | None:
        """Return the burn rate over a rolling window that ends here; None without data in it.

        Parameters
        ----------
        window
            Such as ``"1h"``; by default the objective's own (for a calendar window: the period so far).

        Raises
        ------
        InvalidWindow
            If the window is no whole number of buckets.
        """
        if window is None:
            return burn_rate_of(self.bad, self.total, self.target)
        if self._source is None or self._bucket < 0:
            return None
        good, bad = self._source.events_within(window, self._bucket)
        return burn_rate_of(bad, good + bad, self.target)

    def _facts(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to say, most urgent first."""
        if not self.total:
            yield "verdict", "NO DATA"
        else:
            word = "MET" if self.met else "MISSED"
            final = self.verdict in ("met", "missed")
            yield "verdict", word if final else f"{word} so far, {self.verdict.replace('_', ' ')}"
            yield "budget", budget_text(self.error_budget)
            if (hour := self._hour()) is not None:
                yield "burn", f"1h burn {burn_text(hour)}"
            yield "sli", share_text(self.error_budget)
        yield "coverage", f"coverage {percent(self.coverage, 1)}"
        if self.excluded_share:
            yield "excluded", f"{percent(self.excluded_share, 1)} excluded"

    def _hour(self) -> float | None:
        """Return the burn over the last hour where that is a narrower question than the window's."""
        source, hour = self._source, 3_600_000_000_000
        if source is None or hour % source.timeline.step or self.window.nominal <= hour:
            return None
        return self.burn_rate("1h")

    def line(self) -> str:
        """Return the one line that ``repr`` shows, without the labels."""
        return " · ".join(text for _, text in self._facts())

    def __repr__(self) -> str:
        named = ", ".join(clean(label, 40) for _, label in self.labels)
        return (f"{named}: " if named else "") + self.line()

    def _repr_html_(self) -> str:
        rows = [*self.labels, ("target", f"{percent_text(self.target)} over {self.window}"), *self._facts()]
        if self.time is not None:
            rows.append(("at", self.time.isoformat()))
        return html_table(rows, caption=self.name)

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        yield "name", self.name
        yield from self.labels
        yield from self._facts()


def urgency(status: Status) -> tuple[bool, float]:
    """Return what statuses are sorted by: what is left of the budget, least first, and no data last."""
    left = status.error_budget.remaining_ratio
    return (left is None, 0.0 if left is None else left)


def budget_text(budget: ErrorBudget) -> str:
    """Write what is left of a budget.

    Examples
    --------
    >>> budget_text(ErrorBudget.of("99%", good=991, bad=9))
    '10% budget left (1 bad event)'
    """
    ratio, left = budget.remaining_ratio, budget.bad_events_left
    share = "no" if ratio is None else percent(ratio, 0 if abs(ratio) >= 0.1 else 1)
    fit = "any number of" if left is None else short(left)
    return f"{share} budget left ({fit} bad {'event' if left == 1 and budget.unit == 'events' else budget.unit})"


def share_text(budget: ErrorBudget) -> str:
    """Write the share of good events of a budget that has any.

    Examples
    --------
    >>> share_text(ErrorBudget.of("99%", good=991, bad=9))
    'SLI 99.1% of 1,000'
    """
    share = percent(Fraction(budget.good, budget.total), against=[budget.target])
    return f"SLI {share} of {short(budget.total)}{'' if budget.unit == 'events' else f' {budget.unit}'}"


def lines_text(head: str, lines: Sequence[tuple[str, str]], count: int) -> str:
    """Write a table of names and what is said of them, of which only the first lines of so many are given.

    Examples
    --------
    >>> print(lines_text("3 series", [("acme", "MET"), ("globex", "MET")], 3))
    3 series
    acme    MET
    globex  MET
    … 1 more
    """
    width = max((len(name) for name, _ in lines), default=0)
    more = count - len(lines)
    shown = [f"{name.ljust(width)}  {text}" for name, text in lines] + [f"… {more:,} more"] * (more > 0)
    return "\n".join([head, *shown])


def burn_text(rate: Fraction | float, against: Iterable[Fraction] = ()) -> str:
    """Write a burn rate for people: three digits, and never 0 where something burns.

    ``against`` are marks, such as an alert's threshold, that the figure shown must not reach or cross where the rate
    does not: then it has more digits.

    Examples
    --------
    >>> burn_text(16.2345), burn_text(0), burn_text(0.00012)
    ('16.2x', '0x', '0.00012x')
    >>> burn_text(Fraction(14401, 1000), against=[Fraction("14.4")])
    '14.401x'
    """
    exact = Fraction(rate)
    marks = [mark for mark in against if mark != exact]
    digits, figure = 3, round_to(exact, 3)
    while any((figure > mark) - (figure < mark) != (exact > mark) - (exact < mark) for mark in marks):
        digits += 1
        figure = round_to(exact, digits)
    if digits > 3:
        return f"{decimal_text(figure)}x"
    rate = float(rate)
    return f"{rate:.3g}x" if 0.001 <= rate < 1000 or rate == 0 else f"{rate:.2g}x" if rate < 1 else f"{rate:,.0f}x"


def round_to(value: Fraction, digits: int) -> Fraction:
    """Round a rational to so many significant decimal digits.

    Examples
    --------
    >>> round_to(Fraction(14401, 1000), 4), round_to(Fraction(0), 3)
    (Fraction(72, 5), Fraction(0, 1))
    """
    if not value:
        return value
    whole = abs(value)
    places = digits - len(str(int(whole))) if whole >= 1 else digits + len(str(int(1 / whole))) - 1
    return round(value, places)


def burn_rate_of(bad: int, total: int, target: Fraction) -> float | None:
    """Divide in Python integers, so that the one rounding is the last."""
    return float(Fraction(bad, total) / (1 - target)) if total else None


@attrs.frozen(repr=False)
class StatusTable:
    """The statuses of several series at one instant, in the order of their axes.

    Indexing with a number or iterating goes through all series, the last axis fastest.

    Parameters
    ----------
    axes
        The leading axes.
    statuses
        One status a series.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> pair = {"tenant": ["acme", "globex"]}
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", good=[[9], [1]], bad=[[1], [9]], labels=pair)
    >>> table = SLO("checkout", sli=SLI.ratio("up"), target="80%", window="1h").evaluate(counts).at()
    >>> table.sel(tenant="globex").verdict
    'missed'
    >>> [status.verdict for status in table.worst_first()]
    ['missed', 'met']
    """

    axes: tuple[Axis, ...]
    statuses: tuple[Status, ...]
    # How many series there are, where only the most urgent of them are shown.
    _count: int | None = attrs.field(default=None, eq=False)

    def __len__(self) -> int:
        return len(self.statuses)

    def __iter__(self) -> Iterator[Status]:
        return iter(self.statuses)

    @overload
    def __getitem__(self, index: int) -> Status: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Status, ...]: ...

    def __getitem__(self, index: int | slice) -> Status | tuple[Status, ...]:
        return self.statuses[index]

    def sel(self, **labels: str) -> Status:
        """Return the status of one series, named by a label for every axis.

        Raises
        ------
        UnknownLabel
            If an axis is missing, or has no such label.
        """
        return self.statuses[series_position(self.axes, labels)]

    def worst_first(self) -> tuple[Status, ...]:
        """Return the statuses by :func:`urgency`: least budget first, those without data last."""
        return tuple(sorted(self.statuses, key=urgency))

    def _lines(self) -> list[tuple[str, str]]:
        return [(", ".join(clean(label, 40) for _, label in s.labels), s.line()) for s in self.worst_first()[:SHOWN]]

    def __repr__(self) -> str:
        count = self._count or len(self.statuses)
        return lines_text(f"{plural(count, 'series', 'series')}, least budget first", self._lines(), count)

    def _repr_html_(self) -> str:
        name = self.statuses[0].name if self.statuses else "no series"
        return html_table(
            self._lines(), caption=f"{name}: {self._count or len(self.statuses):,} series, least budget first"
        )

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self._lines()
