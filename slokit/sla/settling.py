"""From evidence to statements: what every way of settling an agreement has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from slokit._kernels.sums import PrefixSums
from slokit.counts import Counts
from slokit.errors import InvalidSLA, OutOfTimeline, UnknownLabel
from slokit.exclusions import Exclusion, exclusion_mask, warn_of_unknown_labels
from slokit.intervals import IntervalSet
from slokit.periods import Period
from slokit.sla.account import Account, Line, account
from slokit.sla.measured import Measured, in_units, measured
from slokit.sla.penalties import Amount, Money, Rounding
from slokit.sla.statement import Statement
from slokit.timeline import Timeline, instant_text

if TYPE_CHECKING:
    from slokit.sla.agreement import SLA

__all__ = ["Labels", "Whom", "check_scopes", "fees_of", "money_of", "settled", "stated"]

Labels = tuple[tuple[str, str], ...]
Whom = Callable[[Labels], tuple[str | None, Money | None]]
"""From the labels of a series to the customer's name and fee."""


@attrs.frozen(eq=False)
class _Events:
    """The events of one series, for an agreement that counts them."""

    timeline: Timeline
    bad: PrefixSums
    total: PrefixSums

    def within(self, start: int, end: int) -> tuple[int, int]:
        """Return bad events and events of a span on bucket edges."""
        first, stop = (self.timeline.edge_index(edge) for edge in (start, end))
        return self.bad.one_window((), first, stop), self.total.one_window((), first, stop)

    def counted(self, found: Account, start: int, end: int) -> tuple[tuple[Line, ...], int, int]:
        """Return lines with their events, and the good and bad events that count."""
        bad, total = self.within(start, end)
        for out in found.excluded_spans:
            out_bad, out_total = self.within(out.start, out.end)
            bad, total = bad - out_bad, total - out_total
        lines = []
        for line in found.lines:
            its_bad, its_total = self.within(line.start, line.end)
            kind = "bad events" if line.counted else line.kind
            lines.append(attrs.evolve(line, kind=kind, bad=its_bad, total=its_total))
        return tuple(lines), total - bad, bad


def settled(
    sla: SLA, counts: Counts, periods: Sequence[Period], exclusions: Sequence[Exclusion], whom: Whom
) -> Iterator[Statement]:
    """Yield the statements of all series over some periods, which are in order.

    Raises
    ------
    OutOfTimeline
        If the evidence holds nothing of a period.
    InvalidWindow
        If a period begins inside a bucket.
    """
    evidence = counts if sla.downtime is None else in_units(counts, sla.downtime)
    timeline = evidence.timeline
    if not timeline.size or timeline.start >= periods[0].end:
        begins = f", and begins at {instant_text(timeline.start)}" if timeline.size else ", and has no bucket"
        raise OutOfTimeline(
            f"the evidence must reach into {periods[0]!r}{begins}; if nothing was measured before, say so with "
            "counts.extend(since=)"
        )
    # What lies before the evidence was not observed: its first period is accounted for from the start, whichever of
    # them is asked for, so that runs are the same in each.
    evidence = evidence.extend(since=np.datetime64(sla.window.period(timeline.start).start, "ns"))
    for which in periods:
        # Both edges of the period that the bucket at its start lies in are on the grid, or named in the error.
        at = min(max(evidence.timeline.edge_index(which.start), 0), evidence.timeline.size - 1)
        sla.window.grid(evidence.timeline.cut(at, at + 1))
    check_scopes(exclusions, evidence)
    warn_of_unknown_labels(exclusions, evidence.axes)
    series = measured(evidence, sla.downtime, sla.missing)
    for index, held in zip(np.ndindex(*evidence.shape[:-1]), series, strict=True):
        events = None
        if sla.downtime is None:
            bad, total = (PrefixSums.of(part[index]) for part in (evidence.bad, evidence.total))
            events = _Events(evidence.timeline, bad, total)
        mine = [one for one in exclusions if _is_about(one, dict(held.labels))]
        customer, money = whom(held.labels)
        for which in periods:
            yield stated(sla, held, which, mine, customer, money, events)


def stated(
    sla: SLA,
    held: Measured,
    period: Period,
    exclusions: Sequence[Exclusion],
    customer: str | None,
    money: Money | None,
    events: _Events | None = None,
) -> Statement:
    """Return the statement of one series for one period."""
    until = min(period.end, held.end)
    if until <= period.start:
        raise OutOfTimeline(
            f"the evidence must reach into {period!r}, and ends at {instant_text(held.end)}; if nothing was measured "
            "since, say so with counts.extend(until=)"
        )
    applied = [(one.text, one.intervals(period.start, until).spans) for one in exclusions if one.applies]
    found = account(held, applied, period.start, until, sla.missing)
    lines, bad = found.lines, found.down
    good = found.total - found.down - found.excluded - found.ignored
    if events is not None:
        lines, good, bad = events.counted(found, period.start, until)
    out = IntervalSet((span.start, span.end) for span in found.excluded_spans)
    unseen = IntervalSet(held.unobserved.within(period.start, until)) - out
    return Statement(
        sla=sla,
        customer=customer,
        labels=held.labels,
        period=period,
        until=until,
        good=good,
        bad=bad,
        excluded_time=found.excluded,
        ignored_time=found.ignored,
        unobserved_time=found.unobserved,
        lines=lines,
        excluded=found.excluded_spans,
        unobserved=unseen.spans,
        proposed=tuple(one.text for one in exclusions if not one.applies and one.intervals(period.start, period.end)),
        may_grow=held.may_grow(until),
        money=money,
    )


def check_scopes(exclusions: Iterable[Exclusion], counts: Counts | None) -> None:
    """Refuse exclusions that are scoped to an axis which the evidence does not have.

    Raises
    ------
    InvalidExclusion
        If one is.
    """
    # The mask of no buckets: its own check says what is wrong.
    exclusion_mask(exclusions, Timeline(0, 1, 0), () if counts is None else counts.axes)


def _is_about(exclusion: Exclusion, labels: Mapping[str, str]) -> bool:
    return all(labels[axis] in wanted for axis, wanted in exclusion.scope)


def money_of(fee: Amount | None, currency: str | None, quantum: Amount, rounding: Rounding) -> Money | None:
    """Read what a customer pays.

    Raises
    ------
    InvalidSLA
        If a fee has no currency.
    """
    if fee is None:
        return None
    if currency is None:
        raise InvalidSLA('currency must be given with a fee, such as currency="USD"')
    return Money(fee=fee, currency=currency, quantum=quantum, rounding=rounding)


def fees_of(fee: Amount | Mapping[str, Amount] | None, counts: Counts) -> Callable[[Labels], Amount | None]:
    """Return which fee each series pays.

    Raises
    ------
    UnknownLabel
        If fees are given by label and there is not just one axis, or its labels are others.
    """
    if not isinstance(fee, Mapping):
        return lambda _: fee
    if len(counts.axes) != 1:
        raise UnknownLabel(
            f"fee must be one for all where there are {len(counts.axes)} axes; by label it needs just one axis"
        )
    labels = counts.axes[0].labels
    absent = [label for label in labels if label not in fee]
    unknown = [label for label in fee if label not in labels]
    if absent or unknown:
        which, what = (absent, "no fee is given to") if absent else (unknown, "fees are given to unknown labels")
        raise UnknownLabel(
            f"fee must have an amount for each label of {counts.axes[0].name!r}: {what} {which[0]!r:.100}"
        )
    return lambda which: fee[which[0][1]]
