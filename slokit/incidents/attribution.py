"""Attribution: which labels the bad events came from, and what each spent of the budget of all together.

Events add up, so parts of a whole have shares of it, exactly. Slices do not: a minute that is bad for two regions is
one bad minute of their sum, and one that is bad for neither may be bad for both together.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

import attrs
import numpy as np

from slokit._display import Shown, amount_text, clean, html_table, percent, plural, short
from slokit.counts.axes import axis_index
from slokit.errors import InvalidInterval, InvalidSLO, UnknownLabel, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import check_evaluation
from slokit.incidents.reading import edge, looked_at, share_text, span_allowed, span_sums
from slokit.timeline import InstantLike, instant_text, parse_instant

__all__ = ["Attribution", "AttributionRow", "attribution"]

_SHOWN = 20


@attrs.frozen(kw_only=True, repr=False)
class AttributionRow(Shown):
    """What one label has to do with it.

    Parameters
    ----------
    label
        The label.
    good, bad
        Its events.
    total_bad
        The bad events of all labels together.
    allowed
        The bad events that all together may have.
    """

    _caption = "Attribution"

    label: str
    good: int
    bad: int
    total_bad: int
    allowed: Fraction

    @property
    def total(self) -> int:
        """Its events."""
        return self.good + self.bad

    @property
    def share(self) -> float | None:
        """Its share of the bad events; None where there are none."""
        return self.bad / self.total_bad if self.total_bad else None

    @property
    def budget_share(self) -> float | None:
        """What it spent of the budget of all together; None without data."""
        return float(self.bad / self.allowed) if self.allowed else None

    @property
    def sli(self) -> float | None:
        """Its own share of good events; None without data."""
        return self.good / self.total if self.total else None

    def _texts(self) -> tuple[str, str, str, str]:
        return (
            percent(Fraction(self.bad, self.total_bad), 1) if self.total_bad else "–",
            share_text(self.bad / self.allowed if self.allowed else None),
            f"{short(self.bad)} of {short(self.total)}",
            percent(Fraction(self.good, self.total)) if self.total else "no data",
        )

    def __repr__(self) -> str:
        of_bad, of_budget, counts, sli = self._texts()
        return (
            f"AttributionRow({clean(self.label, 40)}: {of_bad} of the bad events, {of_budget} of the budget, "
            f"{counts} bad, SLI {sli})"
        )

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "label", clean(self.label)
        yield from zip(("of the bad events", "of the budget", "bad", "SLI"), self._texts(), strict=True)


@attrs.frozen(kw_only=True, repr=False)
class Attribution:
    """Which labels of an axis the bad events came from, the most first.

    Parameters
    ----------
    by
        The axis.
    start, end
        The span looked at, as far as there are data, in UTC; None where there are none.
    rows
        One a label; their counts add up to the totals, exactly.
    allowed
        The bad events that all labels together may have: ``1 - target`` of the events of each.
    unit
        What is counted.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> pair = {"region": ["eu", "us"]}
    >>> counts = Counts.from_buckets(start="2026-01-01Z", step="1h", total=[[100], [300]], bad=[[1], [11]], labels=pair)
    >>> attribution(SLO("checkout", sli=SLI.ratio("up"), target="95%", window="1h").evaluate(counts), by="region")
    12 bad events by region, 20 allowed
    us  91.7%  55% of the budget  11 of 300  SLI 96.33%
    eu   8.3%   5% of the budget  1 of 100   SLI 99%
    """

    by: str
    start: datetime | None
    end: datetime | None
    rows: tuple[AttributionRow, ...]
    allowed: Fraction
    unit: str = "events"

    @property
    def total_bad(self) -> int:
        """Bad events of all labels together."""
        return sum(row.bad for row in self.rows)

    @property
    def total(self) -> int:
        """Events of all labels together."""
        return sum(row.total for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[AttributionRow]:
        return iter(self.rows)

    def row(self, label: str) -> AttributionRow:
        """Return the row of one label.

        Raises
        ------
        UnknownLabel
            If there is none.
        """
        for row in self.rows:
            if row.label == label:
                return row
        raise UnknownLabel(f"axis {self.by!r} has no label {label!r:.100}; there are {len(self.rows):,} others")

    def _head(self) -> str:
        return f"{short(self.total_bad)} bad {self.unit} by {clean(self.by, 40)}, {amount_text(self.allowed)} allowed"

    def __repr__(self) -> str:
        lines = [(clean(row.label, 40), *row._texts()) for row in self.rows[:_SHOWN]]
        wide = [max((len(line[i]) for line in lines), default=0) for i in range(4)]
        shown = [
            f"{label.ljust(wide[0])}  {of_bad.rjust(wide[1])}  {of_budget.rjust(wide[2])} of the budget  "
            f"{counts.ljust(wide[3])}  SLI {sli}"
            for label, of_bad, of_budget, counts, sli in lines
        ]
        more = len(self.rows) - len(lines)
        return "\n".join([self._head(), *shown, *([f"… {plural(more, 'more label')}"] * (more > 0))])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "by", clean(self.by)
        yield from ((clean(row.label, 40), ", ".join(row._texts())) for row in self.rows[:_SHOWN])

    def _repr_html_(self) -> str:
        rows = [(row.label, *row._texts()) for row in self.rows[:_SHOWN]]
        return html_table(rows, (self.by, "of the bad events", "of the budget", "bad", "SLI"), self._head())


def attribution(
    ev: Evaluation,
    by: str,
    when: InstantLike | None = None,
    *,
    start: InstantLike | None = None,
    end: InstantLike | None = None,
) -> Attribution:
    """Say which labels of an axis the bad events came from.

    Parameters
    ----------
    ev
        What is looked into; its axes other than ``by`` are summed.
    by
        The axis.
    when
        The end of the objective's window, as for :meth:`slokit.Evaluation.at`.
    start, end
        A span to look at instead of the window: the buckets that lie wholly inside it. The budget is then that of the
        span's events.

    Raises
    ------
    UnknownLabel
        If there is no such axis.
    InvalidSLO
        If slices are counted: they do not add up over labels.
    WrongType
        If both an instant and a span are given.
    InvalidInterval
        If the span ends before it starts.
    OutOfTimeline
        As for :meth:`slokit.Evaluation.at`.
    """
    sums = check_evaluation(ev)._sums
    at = axis_index(ev.axes, by)
    if sums.slice_worth is not None:
        raise InvalidSLO(
            f"attribution counts events, and this objective counts {ev.unit}, which do not add up over labels; "
            "attribute the counts with budgeting=Occurrences(), or evaluate their sum()"
        )
    others = tuple(axis for axis in range(len(ev.axes)) if axis != at)
    if start is None and end is None:
        first, stop, budgets = looked_at(ev, when, None)
    elif when is not None:
        raise WrongType("when ends the objective's window, and start and end name another span; give one of the two")
    else:
        first, stop = _span(ev, start, end)
        budgets = span_allowed(ev, first, stop)
    bad, total = (np.asarray(span_sums(part, first, stop).sum(axis=others)) for part in (sums.bad, sums.total))
    allowed, total_bad = budgets.sum() if budgets.size else 0, int(bad.sum()) if bad.size else 0
    rows = [
        AttributionRow(label=label, good=int(n - b), bad=int(b), total_bad=total_bad, allowed=Fraction(allowed))
        for label, b, n in zip(ev.axes[at].labels, bad.tolist(), total.tolist(), strict=True)
    ]
    return Attribution(
        by=by,
        start=edge(ev, first) if stop > first else None,
        end=edge(ev, stop) if stop > first else None,
        rows=tuple(sorted(rows, key=lambda row: -row.bad)),
        allowed=Fraction(allowed),
        unit=ev.unit,
    )


def _span(ev: Evaluation, start: InstantLike | None, end: InstantLike | None) -> tuple[int, int]:
    """Return the buckets that lie wholly inside a span, as far as there are any."""
    timeline = ev.timeline
    begin = timeline.start if start is None else parse_instant(start, "start")
    until = timeline.end if end is None else parse_instant(end, "end")
    if None not in (start, end) and until < begin:
        raise InvalidInterval(f"end must not be before start, got {instant_text(begin)} and {instant_text(until)}")
    first = max(timeline.edge_index(timeline.ceil(begin)), 0)
    return first, max(min(timeline.edge_index(until), timeline.size), first)
