"""A statement: what a customer is owed for a period, and every line that it follows from.

Nothing in it is rounded but the amount of money at the very end. The sums are checked against the lines when a
statement is made, so that one that does not add up cannot exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

import attrs

from slokit._display import clean, html_table, percent, plural
from slokit.calendars import local_text, zone
from slokit.errors import InvalidSLA
from slokit.intervals import IntervalSet
from slokit.periods import CalendarWindow, Period
from slokit.rational import percent_text
from slokit.sla.account import Excluded, Line
from slokit.sla.measured import Missing, Span
from slokit.sla.penalties import Money, Penalty, credit_for
from slokit.timeline import duration_text, instant_text

__all__ = ["Statement", "Terms"]

_MINUTE = 60_000_000_000
_SHOWN = 20


class Terms(Protocol):
    """What a statement asks of the agreement that it is about."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def target(self) -> Fraction:
        """The promise."""
        ...

    @property
    def window(self) -> CalendarWindow:
        """Over which periods."""
        ...

    @property
    def penalties(self) -> tuple[Penalty, ...]:
        """What a missed promise costs."""
        ...

    @property
    def cap(self) -> Fraction:
        """The largest share of a fee that is due."""
        ...

    @property
    def missing(self) -> Missing:
        """What unobserved time is."""
        ...

    @property
    def counts_time(self) -> bool:
        """Whether minutes are counted, and not requests."""
        ...

    @property
    def rule_text(self) -> str:
        """What counts, in words."""
        ...


@attrs.frozen(kw_only=True, repr=False)
class Statement:
    """What one customer is owed for one period.

    Parameters
    ----------
    sla
        The agreement.
    customer
        Whom it is for.
    labels
        Which series it was judged on, as pairs of an axis and its label.
    period
        The whole period.
    until
        Up to where it was judged: its end, or before that the end of the evidence. Nanoseconds since the epoch.
    good, bad
        What the promise is held against: nanoseconds up and down, or events.
    excluded_time, ignored_time, unobserved_time
        Nanoseconds that exclusions took out, that were left out because nobody looked, and that nobody saw, whatever
        they counted as.
    lines
        Each span of downtime (or with bad events), and whether it was counted.
    excluded
        Each span that was taken out, with its reasons.
    unobserved
        Each span that nobody saw, exclusions apart.
    proposed
        Exclusions that are only proposed: in words, and not applied.
    may_grow
        Whether a run that is too short so far goes on at the end of the evidence, and may yet count.
    money
        The fee and its rounding, if there is one.

    Raises
    ------
    InvalidSLA
        If the sums do not follow from the lines.

    Examples
    --------
    >>> from slokit import SLA, CalendarWindow, Counts
    >>> from slokit.sla import Downtime, Penalty
    >>> sla = SLA(
    ...     "api",
    ...     target="99.9%",
    ...     window=CalendarWindow("month", tz="Europe/Berlin"),
    ...     downtime=Downtime(),
    ...     penalties=[Penalty("99.9%", "10%")],
    ... )
    >>> statement = sla.statement_of([("2026-03-29T00:30Z", "2026-03-29T02:00Z")], "2026-03", fee=1000, currency="EUR")
    >>> statement
    MISSED 99.9% · uptime 99.798% · down 1h30m of 30d23h · credit 10%, 100.00 EUR · api, 2026-03-01 to 2026-04-01
    >>> statement.uptime, statement.credit, statement.amount
    (Fraction(1483, 1486), Fraction(1, 10), Decimal('100.00'))
    """

    sla: Terms
    customer: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    period: Period
    until: int
    good: int
    bad: int
    excluded_time: int
    ignored_time: int
    unobserved_time: int
    lines: tuple[Line, ...]
    excluded: tuple[Excluded, ...]
    unobserved: tuple[Span, ...] = ()
    proposed: tuple[str, ...] = ()
    may_grow: bool = False
    money: Money | None = None

    def __attrs_post_init__(self) -> None:
        for what, stated, summed in (
            ("bad", self.bad, self._bad_of_lines()),
            ("excluded_time", self.excluded_time, sum(span.length for span in self.excluded)),
            ("unobserved_time", self.unobserved_time, sum(end - start for start, end in self.unobserved)),
        ):
            if stated != summed:
                raise InvalidSLA(f"{what} must be what the lines add up to, {summed}, got {stated}")
        if self.sla.counts_time and self.good + self.bad + self.excluded_time + self.ignored_time != self.total_time:
            raise InvalidSLA("good, bad, excluded_time and ignored_time must add up to the period")

    def _bad_of_lines(self) -> int:
        counted = [line for line in self.lines if line.counted]
        return sum(line.length if self.sla.counts_time else line.bad or 0 for line in counted)

    # --- the answer ------------------------------------------------------------------------------------

    @property
    def uptime(self) -> Fraction | None:
        """The share that was good, ``1 - down / (period - excluded)``; None where nothing could be judged."""
        judged = self.good + self.bad
        return Fraction(self.good, judged) if judged else None

    @property
    def met(self) -> bool | None:
        """Whether the promise was kept; None where nothing could be judged."""
        return None if self.uptime is None else self.uptime >= self.sla.target

    @property
    def credit(self) -> Fraction | None:
        """The share of the fee that is due; None where nothing could be judged."""
        return None if self.uptime is None else credit_for(self.uptime, self.sla.penalties, self.sla.cap)

    @property
    def amount(self) -> Decimal | None:
        """The money that is due, rounded as :attr:`money` says; None without a fee, or where nothing was judged."""
        return None if self.money is None or self.credit is None else self.money.share(self.credit)

    @property
    def is_final(self) -> bool:
        """Whether the whole period was judged, and no run at its end may yet grow long enough to count."""
        return self.until == self.period.end and not self.may_grow

    @property
    def downtime(self) -> IntervalSet:
        """The spans that were counted against the promise."""
        return IntervalSet((line.start, line.end) for line in self.lines if line.counted)

    # --- the sums --------------------------------------------------------------------------------------

    @property
    def total_time(self) -> int:
        """All of the time that was looked at, nanoseconds."""
        return self.until - self.period.start

    @property
    def total_minutes(self) -> Fraction:
        """All of the time: of a whole month in a zone that saves daylight not always a multiple of 1,440."""
        return Fraction(self.total_time, _MINUTE)

    @property
    def up_minutes(self) -> Fraction:
        """Minutes that count as up; with :attr:`down_minutes` and the other two they make :attr:`total_minutes`.

        Raises
        ------
        InvalidSLA
            If the agreement counts requests.
        """
        return self._minutes(self.good)

    @property
    def down_minutes(self) -> Fraction:
        """Minutes that count as down.

        Raises
        ------
        InvalidSLA
            If the agreement counts requests.
        """
        return self._minutes(self.bad)

    @property
    def excluded_minutes(self) -> Fraction:
        """Minutes that exclusions took out."""
        return Fraction(self.excluded_time, _MINUTE)

    @property
    def ignored_minutes(self) -> Fraction:
        """Minutes that were left out because nobody looked."""
        return Fraction(self.ignored_time, _MINUTE)

    def _minutes(self, time: int) -> Fraction:
        if not self.sla.counts_time:
            raise InvalidSLA(f"{self.sla.name!r} counts requests, not minutes; good and bad have them")
        return Fraction(time, _MINUTE)

    # --- as rows ---------------------------------------------------------------------------------------

    @property
    def zone(self) -> tzinfo:
        """The customer's zone."""
        return zone(self.sla.window.tz)

    def local(self, instant: int) -> str:
        """Write an instant in the customer's zone."""
        return local_text(instant, self.zone)

    def rows(self) -> list[dict[str, Any]]:
        """Return the lines as plain data, in order, the exclusions among them: one dict each, all with the same keys.

        ``start`` and ``end`` are text in the customer's zone, ``start_utc`` and ``end_utc`` the same instants in UTC,
        ``seconds`` an exact decimal text, ``kind`` what :data:`~slokit.sla.account.LineKind` lists, or ``exclusion``
        and ``not observed`` for time that was taken out or that nobody saw.
        """
        found = [
            *((line.start, line.end, line.kind, line.counted, line.reasons, line) for line in self.lines),
            *((out.start, out.end, "exclusion", False, out.reasons, None) for out in self.excluded),
            *((start, end, "not observed", False, (), None) for start, end in self.unobserved),
        ]
        return [
            {
                "customer": self.customer or "",
                "start": self.local(start),
                "end": self.local(end),
                "start_utc": instant_text(start),
                "end_utc": instant_text(end),
                "seconds": f"{Decimal(end - start).scaleb(-9).normalize():f}",
                "kind": kind,
                "counted": counted,
                "reasons": "; ".join(reasons),
                "run_start": "" if line is None else self.local(line.run[0]),
                "run_end": "" if line is None else self.local(line.run[1]),
                "bad": None if line is None else line.bad,
                "total": None if line is None else line.total,
            }
            for start, end, kind, counted, reasons, line in sorted(found, key=lambda row: (row[0], row[2]))
        ]

    # --- being shown -----------------------------------------------------------------------------------

    @property
    def word(self) -> str:
        """The answer in a word: ``MET``, ``MISSED`` or ``NO DATA``."""
        return "NO DATA" if self.met is None else "MET" if self.met else "MISSED"

    def quantity(self, number: int) -> str:
        """Write how much was good or bad: a length of time, or events."""
        return duration_text(number) if self.sla.counts_time else f"{number:,}"

    def facts(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to say, the answer first."""
        yield "promise", f"{self.word} {percent_text(self.sla.target)}"
        if self.uptime is not None:
            marks = [self.sla.target, *(tier.below for tier in self.sla.penalties)]
            yield "uptime", f"uptime {percent(self.uptime, 3, against=marks)}"
            judged = self.good + self.bad
            word = "down" if self.sla.counts_time else "bad"
            yield "bad", f"{word} {self.quantity(self.bad)} of {self.quantity(judged)}"
        if self.credit is not None:
            due = "" if self.amount is None or self.money is None else f", {self.amount:f} {self.money.currency}"
            yield "credit", f"credit {percent_text(self.credit)}{due}"
        if self.excluded_time:
            yield "excluded", f"excluded {duration_text(self.excluded_time)}"
        if self.unobserved_time:
            meant = {"ignore": "left out", "good": "counted as up", "bad": "counted as down"}[self.sla.missing]
            yield "unobserved", f"not observed {duration_text(self.unobserved_time)}, {meant}"
        if self.proposed:
            yield "proposed", f"{plural(len(self.proposed), 'exclusion')} proposed, not applied"
        first, last = (self.local(edge)[:10] for edge in (self.period.start, self.period.end))
        whom = f"{clean(self.customer, 60)}, " if self.customer else ""
        yield "whose", f"{clean(self.sla.name, 60)}, {whom}{first} to {last}"
        if not self.is_final:
            yield "final", f"not final, judged to {self.local(self.until)}"

    def __repr__(self) -> str:
        return " · ".join(text for _, text in self.facts())

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self.facts()

    def _repr_html_(self) -> str:
        head = ("start", "end", "length", "what", "why")
        rows = [
            (
                self.local(line.start),
                self.local(line.end),
                duration_text(line.length),
                line.kind if line.counted else f"{line.kind}, not counted",
                "; ".join(line.reasons),
            )
            for line in self.lines[:_SHOWN]
        ]
        more = f", the first {_SHOWN} of {len(self.lines):,}" if len(self.lines) > _SHOWN else ""
        return html_table(self.facts(), caption=f"Statement of {self.sla.name}") + html_table(
            rows, head, f"Lines{more}"
        )
