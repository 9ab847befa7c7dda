"""The agreement: what a customer was promised, and what a month of evidence makes of it.

An objective is held to decide what to do; an agreement to settle what is owed. So it is judged on whole periods of the
customer's calendar, in the customer's zone, on what the contract calls down, with the exclusions that the contract
knows; and its answer is a statement that can be audited line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import pairwise

import attrs
import numpy as np

from slokit._display import clean, html_table, plural
from slokit.alerts import Alert
from slokit.counts import Counts
from slokit.errors import InvalidSLA, WrongType
from slokit.evaluation import Evaluation
from slokit.exclusions import Exclusion, parse_exclusions
from slokit.intervals import IntervalSet, parse_edge
from slokit.periods import CalendarWindow, Period
from slokit.rational import RationalLike, percent_text
from slokit.sla.downtime import Downtime
from slokit.sla.headroom import Headroom, headroom
from slokit.sla.lead import LeadTime, lead_times
from slokit.sla.measured import Missing, check_missing, in_units, long_runs, measured_spans
from slokit.sla.naming import parse_period
from slokit.sla.penalties import Amount, Money, Penalty, Rounding, check_penalties
from slokit.sla.settling import Labels, check_scopes, fees_of, money_of, settled, stated
from slokit.sla.shares import parse_share
from slokit.sla.statement import Statement
from slokit.slo import SLO
from slokit.texts import check_text
from slokit.timeline import InstantLike

__all__ = ["SLA", "SpansLike"]

SpansLike = IntervalSet | Iterable[tuple[InstantLike | int, InstantLike | int]]
"""Spans as an :class:`~slokit.IntervalSet`, or pairs of instants, overlapping or not."""

_MAX_REMARK = 1_000


def _target(value: RationalLike) -> Fraction:
    return parse_share(value, "target")


def _cap(value: RationalLike) -> Fraction:
    return parse_share(value, "cap")


def _penalties(value: Penalty | Iterable[Penalty]) -> tuple[Penalty, ...]:
    if isinstance(value, Penalty):
        return (value,)
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise WrongType(f"penalties must be several Penalty, got {type(value).__name__}: {value!r:.100}")
    return tuple(value)


def _exclusions(value: Exclusion | Iterable[Exclusion]) -> tuple[Exclusion, ...]:
    return parse_exclusions(value)


def _check_counts(counts: Counts) -> None:
    if not isinstance(counts, Counts):
        raise WrongType(f"counts must be Counts, got {type(counts).__name__}; Counts.from_events(…) makes them")


@attrs.frozen(repr=False)
class SLA:
    """A service level agreement: a promise to a customer, with penalties.

    Parameters
    ----------
    name
        What people call it.
    target
        The promise: at least this share of the period up, or of its requests good. From 0 to 1, and unlike an
        objective's it may be 100%.
    window
        The calendar by which it is settled, in the customer's zone: a :class:`~slokit.CalendarWindow`.
    downtime
        Which minutes are down. Without it requests are counted: uptime is the share of good ones.
    penalties
        What is due: thresholds falling, credits rising.
    cap
        The largest share of the fee that is ever due.
    exclusions
        What this contract takes out, whatever objectives do.
    missing
        What minutes are that nobody observed: ``"ignore"`` leaves them out of the account, ``"good"`` and ``"bad"``
        count them.
    customer, service, description
        Records for people; the customer's name stands on statements.

    Raises
    ------
    InvalidSLA
        If a share is out of range, tiers are out of order, or two fields contradict each other.
    WrongType
        If a field is of another type.

    Examples
    --------
    >>> sla = SLA(
    ...     "enterprise",
    ...     target="99.9%",
    ...     window=CalendarWindow("month", tz="America/Los_Angeles"),
    ...     downtime=Downtime(min_total=3, in_a_row=5),
    ...     penalties=[Penalty("99.9%", "10%"), Penalty("99%", "25%")],
    ... )
    >>> sla
    SLA('enterprise': 99.9% of minutes up, each calendar month (America/Los_Angeles), 2 penalties)
    """

    name: str
    target: Fraction = attrs.field(kw_only=True, converter=_target)
    window: CalendarWindow = attrs.field(kw_only=True)
    downtime: Downtime | None = attrs.field(kw_only=True, default=None)
    penalties: tuple[Penalty, ...] = attrs.field(kw_only=True, default=(), converter=_penalties)
    cap: Fraction = attrs.field(kw_only=True, default=Fraction(1), converter=_cap)
    exclusions: tuple[Exclusion, ...] = attrs.field(kw_only=True, default=(), converter=_exclusions)
    missing: Missing = attrs.field(kw_only=True, default="ignore")
    customer: str | None = attrs.field(kw_only=True, default=None)
    service: str | None = attrs.field(kw_only=True, default=None)
    description: str | None = attrs.field(kw_only=True, default=None)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidSLA)
        for field in ("customer", "service", "description"):
            if (text := getattr(self, field)) is not None:
                check_text(field, text, InvalidSLA, least=0, most=_MAX_REMARK, lines=field == "description")
        if not isinstance(self.window, CalendarWindow):
            raise WrongType(
                f'window must be a CalendarWindow, such as CalendarWindow("month", tz="Europe/Berlin"), got '
                f"{type(self.window).__name__}: {self.window!r:.100}; an agreement is settled period by period"
            )
        if self.downtime is not None and not isinstance(self.downtime, Downtime):
            raise WrongType(
                f"downtime must be Downtime(…), or None to count requests, got {type(self.downtime).__name__}: "
                f"{self.downtime!r:.100}"
            )
        if not self.target:
            raise InvalidSLA("target must be above 0, got 0: it promises nothing")
        check_penalties(self.penalties, self.target)
        check_missing(self.missing, counts_time=self.counts_time)

    @property
    def counts_time(self) -> bool:
        """Whether minutes are counted, and not requests."""
        return self.downtime is not None

    @property
    def rule_text(self) -> str:
        """What counts, in words."""
        return "bad requests" if self.downtime is None else f"minutes down: {self.downtime.text}"

    # --- statements ------------------------------------------------------------------------------------

    def statement(
        self,
        counts: Counts,
        period: Period | InstantLike | date,
        *,
        exclusions: Exclusion | Iterable[Exclusion] = (),
        customer: str | None = None,
        fee: Amount | None = None,
        currency: str | None = None,
        quantum: Amount = "0.01",
        rounding: Rounding = "half_up",
    ) -> Statement:
        """Settle one period of one series.

        Parameters
        ----------
        counts
            The evidence, as it was measured: more of it than the period, so that outages are seen whole. Periods end
            where it ends; ``counts.extend(until=)`` makes a silence visible.
        period
            Such as ``"2026-05"`` for a month, a date or an instant in it, or a :class:`~slokit.Period`.
        exclusions
            Besides the agreement's own: what was agreed for this time.
        customer
            Whom it is for, instead of the agreement's.
        fee, currency, quantum, rounding
            What the customer pays for the period, and how credits become money: see :class:`~slokit.sla.Money`.

        Raises
        ------
        OutOfTimeline
            If the evidence holds nothing of the period.
        InvalidWindow
            If a period begins inside a bucket.
        InvalidSLA
            If the evidence does not fit the agreement.
        WrongType
            If there are several series; pick one, or ask for all :meth:`statements`.
        """
        _check_counts(counts)
        if counts.axes:
            names = ", ".join(repr(axis.name) for axis in counts.axes)
            raise WrongType(f"counts must be of one series, got the axes {names}; pick one with sel(), or statements()")
        money = money_of(fee, currency, quantum, rounding)
        given = (*self.exclusions, *parse_exclusions(exclusions))
        which = [parse_period(period, self.window)]
        whom = self._whom(customer)
        (found,) = settled(self, counts, which, given, lambda _: (whom, money))
        return found

    def statements(
        self,
        counts: Counts,
        *,
        exclusions: Exclusion | Iterable[Exclusion] = (),
        fee: Amount | Mapping[str, Amount] | None = None,
        currency: str | None = None,
        quantum: Amount = "0.01",
        rounding: Rounding = "half_up",
    ) -> tuple[Statement, ...]:
        """Settle every period that the evidence meets, for every series: series by series, in the order of time.

        Parameters
        ----------
        counts
            The evidence. The labels of a series are the customer's name.
        exclusions, currency, quantum, rounding
            As for :meth:`statement`; exclusions may be scoped to customers.
        fee
            One for all, or by the label along the only axis.

        Raises
        ------
        UnknownLabel
            If fees are given by label, and there is not just one axis, or a label has none.
        """
        _check_counts(counts)
        if not counts.timeline.size:
            return ()
        edges = self.window.edges(counts.timeline.start, counts.timeline.end).tolist()
        periods = [Period(*pair) for pair in pairwise(edges)]
        fees = fees_of(fee, counts)
        given = (*self.exclusions, *parse_exclusions(exclusions))

        def whom(labels: Labels) -> tuple[str | None, Money | None]:
            name = ", ".join(label for _, label in labels) or self.customer
            return name, money_of(fees(labels), currency, quantum, rounding)

        return tuple(settled(self, counts, periods, given, whom))

    def statement_of(
        self,
        spans: SpansLike,
        period: Period | InstantLike | date,
        *,
        unobserved: SpansLike = (),
        until: InstantLike | int | None = None,
        exclusions: Exclusion | Iterable[Exclusion] = (),
        customer: str | None = None,
        fee: Amount | None = None,
        currency: str | None = None,
        quantum: Amount = "0.01",
        rounding: Rounding = "half_up",
    ) -> Statement:
        """Settle one period on spans of downtime that somebody else has found, such as the windows of incidents.

        Spans that overlap count once. Of the downtime rule its ``in_a_row`` applies: what is shorter than so many
        minutes is listed and not counted. Nothing is rounded to minutes, exclusions neither.

        Parameters
        ----------
        spans
            When the service was down.
        period
            As for :meth:`statement`.
        unobserved
            When nobody looked; where the service is known to have been down, somebody did.
        until
            Where the record ends; by default it tells all of the period.
        exclusions, customer, fee, currency, quantum, rounding
            As for :meth:`statement`.

        Raises
        ------
        InvalidSLA
            If the agreement counts requests.
        OutOfTimeline
            If the record ends before the period begins.
        """
        if self.downtime is None:
            raise InvalidSLA(f"{self.name!r} counts requests, which spans of time do not have; give it downtime=")
        which = parse_period(period, self.window)
        first, last = IntervalSet.full().spans[0]
        end = last if until is None else parse_edge(until, "until", InvalidSLA)
        known = IntervalSet(((first, end),))
        down, unseen = (IntervalSet(held) & known for held in (spans, unobserved))
        given = (*self.exclusions, *parse_exclusions(exclusions))
        check_scopes(given, None)
        held = measured_spans(down, unseen, end, self.downtime.least, self.missing)
        money = money_of(fee, currency, quantum, rounding)
        return stated(self, held, which, given, self._whom(customer), money)

    def _whom(self, customer: str | None) -> str | None:
        """Return whom a statement is for."""
        if customer is None:
            return self.customer
        check_text("customer", customer, InvalidSLA, most=_MAX_REMARK)
        return customer

    # --- as evidence -----------------------------------------------------------------------------------

    def evidence(self, counts: Counts, exclusions: Exclusion | Iterable[Exclusion] = ()) -> Counts:
        """Return what the agreement counts as counts of their own: one event a minute, bad where it is down.

        An objective over them with the agreement's target and window says at the end of a period what its statement
        says, and in between how fast the promise is being spent. Where requests are counted these are the counts
        themselves without what is excluded.

        Parameters
        ----------
        counts
            The evidence, with any leading axes.
        exclusions
            Besides the agreement's own.

        Examples
        --------
        >>> sla = SLA("api", target="99%", window=CalendarWindow("month"), downtime=Downtime(in_a_row=2))
        >>> counts = Counts.from_buckets(start="2026-05-01T00:00Z", step="1m", good=[0, 9, 0, 0], bad=[9, 0, 9, 9])
        >>> sla.evidence(counts).bad
        array([0, 0, 1, 1])
        """
        _check_counts(counts)
        given = (*self.exclusions, *parse_exclusions(exclusions))
        if self.downtime is None:
            return counts.exclude(given)
        minutes = in_units(counts, self.downtime)
        down, _ = long_runs(minutes, self.downtime, self.missing)
        seen = minutes.observed if self.missing == "ignore" else np.ones(minutes.shape, dtype=np.bool_)
        plain = Counts(
            timeline=minutes.timeline,
            axes=minutes.axes,
            bad=(down & ~minutes.excluded).astype(np.int64),
            total=(seen & ~minutes.excluded).astype(np.int64),
            observed=seen | minutes.excluded,
            excluded=minutes.excluded,
        )
        return plain.exclude(given)

    # --- beside an objective ---------------------------------------------------------------------------

    def headroom(self, slo: SLO) -> Headroom:
        """Say how much tighter an objective is, and find what stands in the way of its being so.

        Both are converted to the agreement's period at its nominal length. ``slo-not-tighter`` is found where the
        target is not above the promise, ``slo-lets-breach-through`` where the objective's window may hide more than a
        period can take, ``slo-tighter-on-average`` where that is so of some real period alone, as months have 28 to 31
        days, and ``slo-counts-otherwise`` where minutes are promised and events watched.

        Examples
        --------
        >>> from slokit import SLI
        >>> sla = SLA("enterprise", target="99.9%", window=CalendarWindow("month"))
        >>> sla.headroom(SLO("api", sli=SLI.ratio("up"), target="99.95%", window="90d")).findings[0].code
        'slo-lets-breach-through'
        """
        return headroom(self, slo)

    def lead_times(
        self,
        counts: Counts,
        ev: Evaluation,
        alerts: Iterable[Alert],
        *,
        exclusions: Exclusion | Iterable[Exclusion] = (),
    ) -> tuple[LeadTime, ...]:
        """Say for each period when its promise was broken, and how long before that the objective's alarms went off.

        Parameters
        ----------
        counts
            The evidence of one series, that the agreement is held against.
        ev
            An evaluation of the objective on the same series.
        alerts
            What watches the objective.
        exclusions
            Besides the agreement's own.

        Raises
        ------
        WrongType
            If there are several series.
        """
        _check_counts(counts)
        return lead_times(self, counts, ev, alerts, exclusions)

    # --- being shown -----------------------------------------------------------------------------------

    @property
    def terms(self) -> tuple[tuple[str, str], ...]:
        """All that was agreed, as pairs of a word and what is agreed of it, for pages and reports."""
        return tuple(self._facts())

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "target", percent_text(self.target)
        yield "window", str(self.window)
        yield "counts", self.rule_text
        for tier in self.penalties:
            yield "penalty", tier.text
        if self.penalties:
            yield "cap", f"{percent_text(self.cap)} of the fee"
        for exclusion in self.exclusions:
            yield "exclusion", exclusion.text
        if self.missing != "ignore":
            yield "missing", self.missing
        for field in ("customer", "service", "description"):
            if (value := getattr(self, field)) is not None:
                yield field, value

    def __repr__(self) -> str:
        what = "minutes up" if self.counts_time else "requests good"
        tiers = f", {plural(len(self.penalties), 'penalty', 'penalties')}" if self.penalties else ""
        return f"SLA({clean(self.name, 60)!r}: {percent_text(self.target)} of {what}, each {self.window}{tiers})"

    def _repr_html_(self) -> str:
        return html_table(self._facts(), caption=f"SLA {self.name}")

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from ((field, clean(text)) for field, text in self._facts())
