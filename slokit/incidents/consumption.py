"""Where one series' budget went: its spells and the background, and what it would be without some of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any

import attrs

from slokit._display import amount_text, clean, html_table, plural, short
from slokit.budget import ErrorBudget
from slokit.errors import WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import check_evaluation, one_series
from slokit.incidents.kinds import Incident
from slokit.incidents.reading import edge, events_touched, share_text, span_text, window_at
from slokit.incidents.spells import Spell, spells
from slokit.intervals import IntervalSet
from slokit.rational import RationalLike
from slokit.status import burn_text
from slokit.timeline import DurationLike, InstantLike, duration_text, parse_instant

__all__ = ["Consumption", "Spans", "consumed", "without"]

Spans = Spell | Incident | tuple[InstantLike | int, InstantLike | int] | IntervalSet
"""What a span of time may be given as: a spell, an incident, a pair of instants, or a set of spans."""

_SHOWN = 10


@attrs.frozen(kw_only=True, repr=False)
class Consumption:
    """What consumed the budget of one series: spells, and a background that is all the rest.

    Parameters
    ----------
    name
        The objective's.
    start, end
        The window, as far as there are data, in UTC; None where there are none.
    bad, total
        Its events.
    allowed
        The bad events that the objective allows there.
    spells
        The most expensive first.
    unit
        What is counted.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100] * 5, bad=[1, 1, 30, 12, 1])
    >>> consumed(SLO("checkout", sli=SLI.ratio("up"), target="90%", window="5h").evaluate(counts))
    what consumed the budget of checkout: 45 of 50 allowed bad events, 90%
     84%  42 bad  2026-01-01 02:00 to 04:00 UTC  2h  peak 3x
      6%   3 bad  background
    """

    name: str
    start: datetime | None
    end: datetime | None
    bad: int
    total: int
    allowed: Fraction
    spells: tuple[Spell, ...]
    unit: str = "events"

    @property
    def background_bad(self) -> int:
        """Bad events outside the spells."""
        return self.bad - sum(spell.bad for spell in self.spells)

    @property
    def background_share(self) -> float | None:
        """Share of the budget that the background spent; None without data."""
        return float(self.background_bad / self.allowed) if self.allowed else None

    @property
    def share(self) -> float | None:
        """Share of the budget that is spent; None without data."""
        return float(self.bad / self.allowed) if self.allowed else None

    def _lines(self) -> Iterator[tuple[str, str, str, str, str]]:
        for spell in self.spells[:_SHOWN]:
            when = span_text(spell.start, spell.end), duration_text(spell.duration), f"peak {burn_text(spell.peak)}"
            yield share_text(spell.bad / self.allowed), f"{short(spell.bad)} bad", *when
        if rest := self.spells[_SHOWN:]:
            bad = sum(spell.bad for spell in rest)
            yield share_text(bad / self.allowed), f"{short(bad)} bad", plural(len(rest), "more spell"), "", ""
        if self.allowed:
            bad = self.background_bad
            yield share_text(bad / self.allowed), f"{short(bad)} bad", "background", "", ""

    def _head(self) -> str:
        name = f"what consumed the budget of {clean(self.name, 60)}"
        if not self.allowed:
            return f"{name}: no data"
        spent = f"{short(self.bad)} of {amount_text(self.allowed)} allowed bad {self.unit}"
        return f"{name}: {spent}, {share_text(self.bad / self.allowed)}"

    def __repr__(self) -> str:
        lines = list(self._lines())
        widths = [max((len(line[i]) for line in lines), default=0) for i in range(5)]
        shown = []
        for share, bad, *rest in lines:
            texts = [share.rjust(max(widths[0], 4)), bad.rjust(widths[1])]
            texts += [text.ljust(width) for text, width in zip(rest, widths[2:], strict=True)]
            shown.append("  ".join(texts).rstrip())
        return "\n".join([self._head(), *shown])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from ((line[2], f"{line[0]}, {line[1]}") for line in self._lines())

    def _repr_html_(self) -> str:
        rows = ((when, share, bad, lasting, peak) for share, bad, when, lasting, peak in self._lines())
        return html_table(rows, head=("when", "of the budget", "bad", "for", "peak"), caption=self._head())


def consumed(
    ev: Evaluation,
    when: InstantLike | None = None,
    *,
    burn_rate: RationalLike = 1,
    gap: DurationLike = "30m",
    min_share: RationalLike = 0,
) -> Consumption:
    """Say what consumed the budget of one series: its spells, and the background.

    Parameters
    ----------
    ev
        One series.
    when, burn_rate, gap, min_share
        As for :func:`~slokit.incidents.spells`; what is no spell is background.

    Raises
    ------
    WrongType
        If there are several series; pick one, or evaluate their sum.
    OutOfTimeline
        As for :meth:`slokit.Evaluation.at`.
    """
    first, stop = window_at(one_series(ev), when)
    found = spells(ev, when, burn_rate=burn_rate, gap=gap, min_share=min_share)
    good, bad = ev._sums.events(first, stop)
    return Consumption(
        name=ev.slo.name,
        start=edge(ev, first) if stop else None,
        end=edge(ev, stop) if stop else None,
        bad=bad,
        total=good + bad,
        allowed=ev._sums.allowed(stop - 1).item(),
        spells=found,
        unit=ev.unit,
    )


def without(ev: Evaluation, spans: Spans | Iterable[Spans], when: InstantLike | None = None) -> ErrorBudget:
    """Return the budget as it would be had the bad events of some spans been good.

    The events stay, so the budget is a share of the same total. An exclusion takes them out instead; it is for what
    should not count, and this is for what should not have happened.

    Parameters
    ----------
    ev
        One series; or several, of which the labels of a spell pick one.
    spans
        A spell, an incident, a pair of instants, an :class:`~slokit.IntervalSet`, or several of them. Every bucket
        that they touch counts, once, as far as the objective's window holds it.
    when
        The end of the window, as for :meth:`slokit.Evaluation.at`.

    Raises
    ------
    WrongType
        If there are several series and the spells do not all name the same one.
    InvalidInterval
        If a span ends before it starts.
    OutOfTimeline
        As for :meth:`slokit.Evaluation.at`.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100] * 5, bad=[1, 1, 30, 12, 19])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="5h").evaluate(counts)
    >>> ev.at().error_budget
    ErrorBudget(-26% left · 0 more bad events fit · 63 of 50 allowed were spent)
    >>> without(ev, ("2026-01-01T02:00Z", "2026-01-01T04:00Z"))
    ErrorBudget(58% left · 32 more bad events fit · 21 of 50 allowed were spent)
    """
    several = _listed(spans)
    ev = one_series(_picked(check_evaluation(ev), several))
    first, stop = window_at(ev, when)
    budget: ErrorBudget = ev.at(when).error_budget
    touched = IntervalSet(pair for one in several for pair in _pairs(one))
    _, undone = events_touched(ev, touched, first, stop)
    return attrs.evolve(budget, good=budget.good + undone, bad=budget.bad - undone)


def _listed(spans: Spans | Iterable[Spans]) -> list[Spans]:
    """Return one span or several as a list; a pair of instants is one, a pair of pairs is two."""
    if isinstance(spans, Spell | Incident | IntervalSet):
        return [spans]
    if isinstance(spans, str) or not isinstance(spans, Iterable):
        raise WrongType(
            f"spans must be spells, incidents or pairs of instants, got {type(spans).__name__}: {spans!r:.100}"
        )
    held: list[Any] = list(spans)
    nested = any(isinstance(one, Spell | Incident | IntervalSet | tuple | list) for one in held)
    return [(held[0], held[1])] if len(held) == 2 and not nested else held


def _picked(ev: Evaluation, several: list[Spans]) -> Evaluation:
    """Pick the series that spells name, where there are several and they name one."""
    names = {axis.name for axis in ev.axes}
    named = {tuple(pair for pair in span.labels if pair[0] in names) for span in several if isinstance(span, Spell)}
    if len(named) != 1 or len(only := next(iter(named))) != len(names):
        return ev
    return ev.sel(**dict(only))


def _pairs(span: Spans) -> Iterable[tuple[InstantLike | int, InstantLike | int]]:
    if isinstance(span, IntervalSet):
        return span.spans
    if isinstance(span, Spell):
        return [span._edges or (parse_instant(span.start), parse_instant(span.end))]
    return [(span.start, span.end)] if isinstance(span, Incident) else [span]
