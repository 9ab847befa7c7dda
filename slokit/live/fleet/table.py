"""Statuses of a fleet: one a label, and a table of them, worst first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Literal, overload

import attrs

from slokit._display import clean, html_table, percent, plural
from slokit.alerts import Alert
from slokit.budget import ErrorBudget
from slokit.errors import UnknownLabel
from slokit.rational import percent_text
from slokit.status import SHOWN, budget_text, lines_text, share_text
from slokit.windows import RollingWindow

__all__ = ["FleetStatus", "FleetTable", "FleetVerdict"]

FleetVerdict = Literal["missed", "uncertain", "met", "no_data"]
"""As for a :class:`~slokit.Status`; ``"uncertain"`` where it depends on events that may not be in the window."""


@attrs.frozen(repr=False, kw_only=True)
class FleetStatus:
    """An objective for one label, the running bucket included.

    The window may begin between two edges that are kept. What is stated then is exact for the window that begins at
    the earlier one; ``sure_good`` and ``sure_bad`` are of the one that begins at the later one, and the truth for the
    objective's own window lies between ``bounds``.

    Parameters
    ----------
    axis, label
        Whose it is.
    time
        End of the running bucket, in UTC.
    good, bad
        Events of the window.
    sure_good, sure_bad
        Those of them that are in it for certain.
    target, window
        The objective's, for this label.
    firing
        The alerts that fire for it, at the end of the last whole bucket.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> status = FleetStatus(
    ...     axis="tenant",
    ...     label="acme",
    ...     time=datetime(2026, 1, 1, tzinfo=UTC),
    ...     good=990,
    ...     bad=10,
    ...     sure_good=980,
    ...     sure_bad=8,
    ...     target=Fraction("0.99"),
    ...     window=RollingWindow("30d"),
    ...     firing=(),
    ... )
    >>> status
    acme: UNCERTAIN · 0% budget left (0 bad events) · SLI 99% of 1,000 · between 98.9899% and 99.1984%
    >>> status.bounds
    (0.98989898989899, 0.9919839679358717)
    """

    axis: str
    label: str
    time: datetime
    good: int
    bad: int
    sure_good: int
    sure_bad: int
    target: Fraction
    window: RollingWindow
    firing: tuple[Alert, ...]

    @property
    def total(self) -> int:
        """Events of the window."""
        return self.good + self.bad

    @property
    def sli(self) -> float | None:
        """Share of good events; None without data."""
        return self.good / self.total if self.total else None

    @property
    def error_budget(self) -> ErrorBudget:
        """The window's budget."""
        return ErrorBudget.of(self.target, good=self.good, bad=self.bad)

    @property
    def remaining_ratio(self) -> float | None:
        """What is left of the budget over what was allowed; None without data."""
        return self.error_budget.remaining_ratio

    @property
    def is_exact(self) -> bool:
        """Whether all events that are stated are in the window for certain."""
        return (self.good, self.bad) == (self.sure_good, self.sure_bad)

    def _bounds(self) -> tuple[Fraction | None, Fraction | None]:
        worst, best = self.sure_good + self.bad, self.good + self.sure_bad
        return (Fraction(self.sure_good, worst) if worst else None, Fraction(self.good, best) if best else None)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the greatest share of good events that the window may have.

        Of the events that may not be in it, at worst the bad ones are and the good ones are not, at best the other way
        round. None where there would be no events.
        """
        worst, best = self._bounds()
        return (None if worst is None else float(worst), None if best is None else float(best))

    @property
    def verdict(self) -> FleetVerdict:
        """Whether the target is reached; ``"uncertain"`` where that depends on events that may not be in the window."""
        if not self.total:
            return "no_data"
        worst, best = self._bounds()
        if not self.sure_good + self.sure_bad or worst is None or best is None:
            # It may hold no event at all.
            return "uncertain"
        if (worst >= self.target) != (best >= self.target):
            return "uncertain"
        return "met" if worst >= self.target else "missed"

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where that is uncertain, and without data."""
        return {"met": True, "missed": False}.get(self.verdict)

    def _facts(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to say, most urgent first."""
        yield "verdict", self.verdict.replace("_", " ").upper()
        if self.total:
            yield "budget", budget_text(self.error_budget)
            yield "sli", share_text(self.error_budget)
        if self.verdict == "uncertain":
            yield "bounds", self._bounds_text()
        if self.firing:
            yield "firing", f"firing {', '.join(_briefly(alert) for alert in self.firing)}"

    def _bounds_text(self) -> str:
        worst, best = (
            "no data" if bound is None else percent(bound, 4, against=[self.target]) for bound in self._bounds()
        )
        return f"between {worst} and {best}"

    def line(self) -> str:
        """Return the one line that ``repr`` shows, without the label."""
        return " · ".join(text for _, text in self._facts())

    def __repr__(self) -> str:
        return f"{clean(self.label, 40)}: {self.line()}"

    def _repr_html_(self) -> str:
        target = f"{percent_text(self.target)} over {self.window}"
        rows = [(self.axis, self.label), ("target", target), *self._facts(), ("at", self.time.isoformat())]
        return html_table(rows, caption="FleetStatus")

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        yield self.axis, clean(self.label, 40)
        yield from self._facts()


def _briefly(alert: Alert) -> str:
    return f"{clean(alert.severity, 40)} ({alert.words})"


@attrs.frozen(repr=False, kw_only=True)
class FleetTable:
    """Statuses of a fleet at one instant, worst first: missed, uncertain, met; least budget first; no data last.

    Parameters
    ----------
    name
        The objective's name.
    statuses
        One a label, of all or of the worst.
    count
        How many labels there are.

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Fleet, ManualClock
    >>> slo = SLO("api", sli=SLI.ratio("up"), target="99%", window="30d")
    >>> fleet = Fleet(slo, alerts=(), clock=ManualClock("2026-01-01T00:00Z"))
    >>> fleet.add_many(["acme", "globex", "initech"], good=[995, 900, 0], bad=[5, 100, 0])
    >>> fleet.statuses()
    3 labels, worst first
    globex   MISSED · -900% budget left (0 bad events) · SLI 90% of 1,000
    acme     MET · 50% budget left (5 bad events) · SLI 99.5% of 1,000
    initech  NO DATA
    >>> fleet.statuses(most=1)[0].label, fleet.statuses().sel("acme").bad
    ('globex', 5)
    """

    name: str
    statuses: tuple[FleetStatus, ...]
    count: int

    def __len__(self) -> int:
        return len(self.statuses)

    def __iter__(self) -> Iterator[FleetStatus]:
        return iter(self.statuses)

    @overload
    def __getitem__(self, index: int) -> FleetStatus: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[FleetStatus, ...]: ...

    def __getitem__(self, index: int | slice) -> FleetStatus | tuple[FleetStatus, ...]:
        return self.statuses[index]

    def sel(self, label: str) -> FleetStatus:
        """Return the status of one label.

        Raises
        ------
        UnknownLabel
            If the table does not hold it.
        """
        for status in self.statuses:
            if status.label == label:
                return status
        raise UnknownLabel(f"the table has no label {label!r:.100} among {len(self.statuses):,} of {self.count:,}")

    def _lines(self) -> list[tuple[str, str]]:
        return [(clean(status.label, 40), status.line()) for status in self.statuses[:SHOWN]]

    def __repr__(self) -> str:
        return lines_text(f"{plural(self.count, 'label')}, worst first", self._lines(), self.count)

    def _repr_html_(self) -> str:
        return html_table(self._lines(), caption=f"{self.name}: {plural(self.count, 'label')}, worst first")

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self._lines()
