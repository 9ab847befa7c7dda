"""Agreements: what they refuse, what their statements say at the edges, and how they are written for others."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLA, SLI, SLO, BurnRateAlert, CalendarWindow, Counts, Exclusion, Period, RollingWindow, Timeslices
from slokit.analysis.breach import breach
from slokit.errors import (
    InvalidExclusion,
    InvalidNumber,
    InvalidSLA,
    InvalidWindow,
    LabelWithoutCounts,
    OutOfTimeline,
    UnknownLabel,
    WrongType,
)
from slokit.intervals import IntervalSet
from slokit.report.statement import COLUMNS, to_csv, to_html, to_markdown, to_text
from slokit.sla import Downtime, Money, Penalty, Rounding, Statement
from slokit.sla.account import Line

MONTH = CalendarWindow("month", tz="America/Los_Angeles")
TIERS = [Penalty("99.9%", "10%"), Penalty("99%", "25%")]
TERMS: dict[str, Any] = {"target": "99.9%", "window": MONTH, "downtime": Downtime(min_total=3, in_a_row=5)}
API = SLA("api", **TERMS, penalties=TIERS)
BITE = '=cmd|"/c calc"!A1 <script>| *b* [x](y) \u202e\x1b[31m'


def minutes(start: str, size: int, down: list[tuple[int, int]], **more: Any) -> Counts:
    """Return ten requests a minute, none of them good in some spans of minutes."""
    bad = np.zeros(size, dtype=int)
    for first, stop in down:
        bad[first:stop] = 10
    return Counts.from_buckets(start=start, step="1m", total=np.full(size, 10), bad=bad, **more)


# --- the rule for downtime ------------------------------------------------------------------------------------------


def test_a_run_over_the_turn_of_the_month_counts_in_both() -> None:
    """Six minutes, three on each side: each month alone would have too few in a row."""
    # May ends in Los Angeles at 07:00 UTC.
    counts = minutes("2026-06-01T06:00Z", 120, [(57, 63)])
    may, june = API.statements(counts)
    assert (may.down_minutes, june.down_minutes) == (Fraction(3), Fraction(3))
    (line,) = may.lines
    assert line.run[1] - line.run[0] == 6 * 60 * 10**9
    assert may.local(line.end) == "2026-06-01 00:00-07:00"


def test_a_run_at_the_end_of_what_is_known_may_yet_count() -> None:
    """Three minutes at the very end of May are too short so far, and the statement says that it is not final."""
    counts = minutes("2026-05-01T07:00Z", 31 * 1440, [(31 * 1440 - 3, 31 * 1440)])
    may = API.statement(counts, "2026-05")
    assert may.down_minutes == 0
    assert may.until == may.period.end
    assert not may.is_final
    assert "not final" in repr(may)
    more = minutes("2026-05-01T07:00Z", 31 * 1440 + 9, [(31 * 1440 - 3, 31 * 1440 + 2)])
    assert API.statement(more, "2026-05").down_minutes == 3
    assert API.statement(more, "2026-05").is_final


def test_an_exclusion_takes_time_out_and_does_not_shorten_an_outage() -> None:
    """Eight minutes of which four were agreed: the other four count, although they are not five in a row."""
    counts = minutes("2026-05-01T07:00Z", 31 * 1440, [(100, 108)])
    works = Exclusion("2026-05-01T08:42Z", "2026-05-01T08:46Z", "works")
    may = API.statement(counts, "2026-05", exclusions=works)
    assert may.down_minutes == may.excluded_minutes == 4
    assert [(line.kind, line.length // (60 * 10**9)) for line in may.lines] == [
        ("down", 2), ("excluded", 4), ("down", 2),
    ]  # fmt: skip
    assert [out.reasons for out in may.excluded] == [(works.text,)]
    assert may.uptime == 1 - Fraction(4, 31 * 1440 - 4)


def test_exclusions_that_overlap_are_out_once_and_all_named() -> None:
    """The time that two of them share is in the account once, with both reasons."""
    one = Exclusion("2026-05-02T00:00Z", "2026-05-02T02:00Z", "one")
    two = Exclusion("2026-05-02T01:00Z", "2026-05-02T03:00Z", "two")
    agreed = attrs.evolve(API, exclusions=[one])
    counts = minutes("2026-05-01T07:00Z", 31 * 1440, [])
    may = agreed.statement(counts, "2026-05", exclusions=[two])
    assert may.excluded_minutes == 180
    assert [len(out.reasons) for out in may.excluded] == [1, 2, 1]


def test_a_proposed_exclusion_is_listed_and_not_applied() -> None:
    """Nobody has agreed to it yet."""
    counts = minutes("2026-05-01T07:00Z", 31 * 1440, [(1000, 1100)])
    wish = Exclusion("2026-05-01T00:00Z", "2026-06-02T00:00Z", "wish", proposed=True)
    may = API.statement(counts, "2026-05", exclusions=wish)
    assert may.down_minutes == 100
    assert may.proposed == (wish.text,)
    assert "1 exclusion proposed, not applied" in repr(may)


@pytest.mark.parametrize(
    ("missing", "judged", "down"), [("ignore", 31 * 1440 - 60, 0), ("good", 31 * 1440, 0), ("bad", 31 * 1440, 60)]
)
def test_what_nobody_saw_is_what_the_agreement_says(missing: Any, judged: int, down: int) -> None:
    """An unobserved hour is left out, up, or down; and it is shown in each case."""
    counts = minutes("2026-05-01T08:00Z", 31 * 1440 - 60, [])
    may = attrs.evolve(API, missing=missing).statement(counts, "2026-05")
    assert may.up_minutes + may.down_minutes == judged
    assert may.down_minutes == down
    assert may.unobserved_time == 3600 * 10**9
    assert "not observed 1h" in repr(may)


def test_a_minute_with_little_traffic_is_not_down() -> None:
    """Two failures are no downtime where the rule asks for three, and one good request in three is none either."""
    counts = Counts.from_buckets(start="2026-05-01T07:00Z", step="1m", total=[2, 3, 3, 3, 100], bad=[2, 3, 3, 2, 99])
    rule = Downtime(min_total=3, max_sli="1%", in_a_row=1)
    assert attrs.evolve(API, downtime=rule).evidence(counts).bad.tolist() == [0, 1, 1, 0, 1]


def test_shorter_buckets_are_summed_and_longer_ones_refused() -> None:
    """A minute is a minute; five of them in one bucket cannot be told apart."""
    fine = Counts.from_buckets(start="2026-05-01T07:00Z", step="30s", total=[2] * 20, bad=[2] * 20)
    assert API.evidence(fine).bad.tolist() == [1] * 10
    with pytest.raises(InvalidSLA, match="buckets that 1m"):
        API.statement(fine.resample("5m"), "2026-05")


def test_enormous_minutes_are_judged_exactly() -> None:
    """One good request too many among 2**62 keeps the minute up; no product wraps."""
    share = Fraction(1, 10**18)
    rule = attrs.evolve(API, downtime=Downtime(max_sli=share))
    total = 4 * 10**18
    counts = Counts.from_buckets(start="2026-05-01T07:00Z", step="1m", total=[total] * 3, good=[4, 5, 0])
    assert rule.evidence(counts).bad.tolist() == [1, 0, 1]


def test_months_are_as_long_as_the_zone_makes_them() -> None:
    """March has 743 hours in Los Angeles and November 721."""
    for month, hours in (("2026-03", 743), ("2026-11", 721), ("2026-02", 672)):
        statement = API.statement_of([], month)
        assert statement.total_minutes == hours * 60
        assert statement.uptime == 1


# --- requests -------------------------------------------------------------------------------------------------------


def test_an_agreement_without_a_rule_counts_requests() -> None:
    """The share of good requests, exclusions apart, and no time at all."""
    requests = SLA("api", target="99%", window=CalendarWindow("day"), penalties=Penalty("99%", "5%"))
    counts = Counts.from_buckets(start="2026-05-01T00:00Z", step="1h", total=[100] * 24, bad=[0, 30, 50] + [0] * 21)
    day = requests.statement(counts, "2026-05-01", exclusions=Exclusion("2026-05-01T02:10Z", "2026-05-01T02:20Z"))
    assert (day.good, day.bad) == (2270, 30)
    assert day.uptime == Fraction(2270, 2300)
    assert day.credit == Fraction(1, 20)
    assert [(line.kind, line.bad, line.total) for line in day.lines] == [("bad events", 30, 100), ("excluded", 50, 100)]
    with pytest.raises(InvalidSLA, match="counts requests"):
        _ = day.up_minutes
    with pytest.raises(InvalidSLA, match="counts requests"):
        requests.statement_of([], "2026-05-01")
    assert "30 of 100 requests" in to_text(day)


# --- penalties and money --------------------------------------------------------------------------------------------


def test_a_threshold_reached_exactly_is_not_below() -> None:
    """99.9% of 10,000 minutes is a kept promise; one minute less is the first tier."""
    window = CalendarWindow("day", every=10, start="2026-01-01")  # 14,400 minutes
    sla = SLA("x", target="99%", window=window, downtime=Downtime(), penalties=[Penalty("99%", "10%")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    kept = sla.statement_of([(start, start + timedelta(minutes=144))], "2026-01-01")
    missed = sla.statement_of([(start, start + timedelta(minutes=144, microseconds=1))], "2026-01-01")
    assert kept.met is True
    assert missed.met is False
    assert [kept.credit, missed.credit] == [Fraction(0), Fraction(1, 10)]
    assert "uptime 98.999999" in repr(missed)


def test_the_cap_is_the_largest_credit() -> None:
    """However deep the tier."""
    sla = attrs.evolve(API, cap="15%")
    month = sla.statement_of([("2026-05-05T00:00Z", "2026-05-15T00:00Z")], "2026-05", fee="99.99", currency="USD")
    assert month.credit == Fraction(3, 20)
    assert month.amount == Decimal("15.00")


@given(
    fee=st.decimals(0, 10**12, places=3),
    credit=st.fractions(0, 1, max_denominator=10**6),
    quantum=st.sampled_from(("0.01", "0.05", "1", "5", "0.001")),
    rounding=st.sampled_from(("half_up", "half_even", "down", "up")),
)
def test_money_is_rounded_as_stated(fee: Decimal, credit: Fraction, quantum: str, rounding: Rounding) -> None:
    """A whole number of coins, on the stated side of the exact share, whatever the context of decimal."""
    exact = Fraction(fee) * credit
    amount = Money(fee=fee, currency="EUR", quantum=quantum, rounding=rounding).share(credit)
    coin, off = Fraction(quantum), Fraction(amount) - exact
    assert (Fraction(amount) / coin).denominator == 1
    if rounding == "down":
        assert -coin < off <= 0
    elif rounding == "up":
        assert 0 <= off < coin
    else:
        assert abs(off) <= coin / 2
        if abs(off) == coin / 2:
            coins = Fraction(amount) / coin
            assert off > 0 if rounding == "half_up" else coins % 2 == 0


def test_amounts_beyond_the_precision_of_decimal_stay_exact() -> None:
    """Thirty digits of a fee are not rounded to the 28 of decimal's context."""
    fee = "123456789012345678901234567890.12"
    assert Money(fee=fee, currency="VND").share(Fraction(1)) == Decimal(fee)


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"fee": 1.5}, WrongType, "fee must be a Decimal"),
        ({"fee": "NaN"}, InvalidSLA, "fee must be an amount"),
        ({"fee": "-1"}, InvalidSLA, "not negative"),
        ({"fee": "1e-9999999"}, InvalidSLA, "fee must be an amount"),
        ({"fee": 10**5000}, InvalidSLA, "too long"),
        ({"currency": "usd"}, InvalidSLA, "three capital letters"),
        ({"currency": "US\n"}, InvalidSLA, "three capital letters"),
        ({"quantum": 0}, InvalidSLA, "quantum must be above 0"),
        ({"rounding": "floor"}, InvalidSLA, "rounding must be one of"),
    ],
)
def test_money_that_cannot_be_is_refused(fields: dict[str, Any], error: type[Exception], message: str) -> None:
    """Nothing inexact, endless or nameless."""
    usual: dict[str, Any] = {"fee": 1, "currency": "USD"}
    with pytest.raises(error, match=message):
        Money(**(usual | fields))


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"target": 99.9}, InvalidSLA, 'did you mean "99.9%"'),
        ({"target": 0}, InvalidSLA, "promises nothing"),
        ({"target": "x"}, InvalidNumber, "target must be a decimal"),
        ({"window": RollingWindow("30d")}, WrongType, "window must be a CalendarWindow"),
        ({"downtime": "5m"}, WrongType, "downtime must be Downtime"),
        (
            {"penalties": [Penalty("99%", "25%"), Penalty("99.9%", "10%")]},
            InvalidSLA,
            "penalties\\[1\\] must begin below",
        ),
        ({"penalties": [Penalty("99.9%", "10%"), Penalty("99%", "10%")]}, InvalidSLA, "must owe more"),
        ({"penalties": [Penalty("99.95%", "10%")]}, InvalidSLA, "above the target"),
        ({"penalties": ["10%"]}, WrongType, "penalties\\[0\\] must be a Penalty"),
        ({"penalties": "10%"}, WrongType, "penalties must be several"),
        ({"cap": "110%"}, InvalidSLA, "cap must be from 0 to 1"),
        ({"missing": "repeat"}, InvalidSLA, "missing must be one of"),
        ({"missing": "bad", "downtime": None}, InvalidSLA, 'missing must be "ignore"'),
        ({"name": ""}, InvalidSLA, "name must be 1 to"),
        ({"customer": "\x1b"}, InvalidSLA, "customer must not hold control"),
        ({"exclusions": [1]}, WrongType, "exclusions\\[0\\] must be an Exclusion"),
    ],
)
def test_terms_that_cannot_be_are_refused(fields: dict[str, Any], error: type[Exception], message: str) -> None:
    """Each names the field, what was wrong, and how to mend it."""
    with pytest.raises(error, match=message):
        SLA(**({"name": "api", **TERMS} | fields))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Downtime(min_total=0), "min_total must be from 1"),
        (lambda: Downtime(in_a_row=0), "in_a_row must be from 1"),
        (lambda: Downtime(max_sli=1), "max_sli must be at least 0 and below 1"),
        (lambda: Penalty("99%", 0), "credit must be above 0"),
        (lambda: Penalty(0, "10%"), "below must be above 0"),
        (lambda: Penalty("99%", 25), 'did you mean "25%"'),
        (lambda: API.statement_of([], "2026-05-01", fee=5), "currency must be given"),
        (lambda: API.statement_of([], "2026"), "which is a year"),
        (lambda: API.statement_of([], "2026-13"), "real date"),
        (lambda: API.statement_of([], Period(0, 10)), "period must be one of"),
        (lambda: attrs.evolve(API.statement_of([], "2026-05"), bad=1), "must be what the lines add up to"),
        (lambda: attrs.evolve(API.statement_of([], "2026-05"), good=1), "must add up to the period"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, message: str) -> None:
    """Rules, tiers and statements that contradict themselves cannot exist."""
    with pytest.raises(InvalidSLA, match=message):
        make()


def test_evidence_that_does_not_reach_is_refused() -> None:
    """Nothing is said of a month that nobody has evidence of, nor of several series at once."""
    counts = minutes("2026-05-10T00:00Z", 100, [])
    for month in ("2026-04", "2026-06"):
        with pytest.raises(OutOfTimeline, match="must reach into"):
            API.statement(counts, month)
    with pytest.raises(OutOfTimeline, match="has no bucket"):
        API.statement(Counts.empty(step="1m"), "2026-05")
    assert API.statements(Counts.empty(step="1m")) == ()
    two = Counts.from_buckets(start="2026-05-10T00:00Z", step="1m", total=[[1], [1]], bad=[[0], [0]])
    with pytest.raises(WrongType, match="one series"):
        API.statement(two, "2026-05")
    with pytest.raises(WrongType, match="counts must be Counts"):
        API.statement([], "2026-05")  # type: ignore[arg-type]
    kolkata = attrs.evolve(API, window=CalendarWindow("month", tz="Asia/Kolkata"), downtime=Downtime(each="1h"))
    with pytest.raises(InvalidWindow, match="inside the bucket"):
        kolkata.statement(counts.resample("1h"), "2026-05")
    with pytest.raises(InvalidExclusion, match="names the axis 'tenant'"):
        API.statement(counts, "2026-05", exclusions=Exclusion(0, 1, scope={"tenant": "acme"}))
    with pytest.raises(InvalidExclusion, match="names the axis 'tenant'"):
        API.statement_of([], "2026-05", exclusions=Exclusion(0, 1, scope={"tenant": "acme"}))


@pytest.mark.parametrize(
    ("window", "name", "first"),
    [
        (MONTH, "2026-03", "2026-03-01T08:00:00Z"),
        (MONTH, date(2026, 3, 31), "2026-03-01T08:00:00Z"),
        (MONTH, "2026-03-01T07:59Z", "2026-02-01T08:00:00Z"),
        (CalendarWindow("quarter"), "2026-Q2", "2026-04-01T00:00:00Z"),
        (CalendarWindow("year"), "2026", "2026-01-01T00:00:00Z"),
        (CalendarWindow("month", start="2026-01-15"), "2026-05-01", "2026-04-15T00:00:00Z"),
    ],
)
def test_periods_have_the_names_people_use(window: CalendarWindow, name: Any, first: str) -> None:
    """A month's name is the month in the customer's zone."""
    statement = SLA("x", target="99%", window=window, downtime=Downtime()).statement_of([], name)
    assert statement.period.start == int(np.datetime64(first[:-1], "ns").astype(np.int64))


# --- customers ------------------------------------------------------------------------------------------------------


def test_each_customer_has_own_exclusions_and_fee() -> None:
    """Statements come series by series and month by month; a scope is about those it names."""
    start = "2026-05-01T07:00Z"
    acme, globex = (minutes(start, 32 * 1440, [(1000, 1100)]) for _ in range(2))
    both = Counts.from_buckets(
        start=start, step="1m", total=[acme.total, globex.total], bad=[acme.bad, globex.bad],
        labels={"tenant": ["acme", "globex"]},
    )  # fmt: skip
    agreed = Exclusion("2026-05-01T07:00Z", "2026-05-02T07:00Z", "move", scope={"tenant": "acme"})
    found = API.statements(both, exclusions=agreed, fee={"acme": 1000, "globex": "500.50"}, currency="USD")
    assert [(s.customer, str(s.period)[7:14]) for s in found] == [
        ("acme", "2026-05"), ("acme", "2026-06"), ("globex", "2026-05"), ("globex", "2026-06"),
    ]  # fmt: skip
    assert [s.bad for s in found] == [0, 0, 100 * 60 * 10**9, 0]
    assert [s.amount for s in found] == [Decimal("0.00"), Decimal("0.00"), Decimal("50.05"), Decimal("0.00")]
    assert found[2].labels == (("tenant", "globex"),)
    assert attrs.evolve(API.statement(globex, "2026-05"), labels=found[2].labels, customer="globex") == attrs.evolve(
        found[2], money=None
    )
    with pytest.raises(UnknownLabel, match="no fee is given to 'globex'"):
        API.statements(both, fee={"acme": 1}, currency="USD")
    with pytest.raises(UnknownLabel, match="unknown labels 'initech'"):
        API.statements(both, fee={"acme": 1, "globex": 1, "initech": 1}, currency="USD")
    with pytest.raises(UnknownLabel, match="0 axes"):
        API.statements(acme, fee={"acme": 1}, currency="USD")
    with pytest.warns(LabelWithoutCounts, match="initech"):
        API.statements(both, exclusions=attrs.evolve(agreed, scope={"tenant": "initech"}))


# --- spans ----------------------------------------------------------------------------------------------------------


def test_a_record_that_ends_early_is_judged_to_its_end() -> None:
    """What is after it is not known, whatever the spans say."""
    spans = [("2026-05-10T00:00Z", "2026-05-20T00:00Z"), ("2026-05-30T00:00Z", "2026-05-31T00:00Z")]
    found = API.statement_of(spans, "2026-05", until="2026-05-15T07:00Z")
    assert found.total_minutes == 14 * 1440
    assert found.down_minutes == 5 * 1440 + 7 * 60
    assert not found.is_final
    with pytest.raises(OutOfTimeline):
        API.statement_of(spans, "2026-05", until="2026-05-01T07:00Z")
    assert API.statement_of(IntervalSet(spans), "2026-05") == API.statement_of(reversed(spans), "2026-05")


def test_where_an_outage_was_noted_somebody_looked() -> None:
    """A hole in the measurement that an incident overlaps is down, and not left out."""
    down, hole = ("2026-05-02T00:00Z", "2026-05-02T02:00Z"), ("2026-05-02T01:00Z", "2026-05-02T04:00Z")
    found = API.statement_of([down], "2026-05", unobserved=[hole])
    assert found.down_minutes == found.ignored_minutes == 120
    assert attrs.evolve(API, missing="bad").statement_of([down], "2026-05", unobserved=[hole]).down_minutes == 240


def test_a_run_is_the_same_whichever_month_is_asked_for() -> None:
    """Also where it begins before the evidence does, in minutes that nobody saw and that count as down."""
    strict = attrs.evolve(API, missing="bad")
    counts = minutes("2026-06-01T06:59Z", 600, [(0, 3)])
    may, june = strict.statements(counts)
    assert strict.statement(counts, "2026-05") == may
    assert strict.statement(counts, "2026-06") == june
    assert june.down_minutes == 2


# --- beside an objective --------------------------------------------------------------------------------------------


def slo(target: str, window: Any, **more: Any) -> SLO:
    """Return an objective."""
    return SLO("checkout", sli=SLI.ratio("up"), target=target, window=window, **more)


@pytest.mark.parametrize(
    ("target", "window", "tighter", "codes"),
    [
        ("99.95%", "30d", True, []),
        ("99.9%", "30d", False, ["slo-not-tighter"]),
        ("99%", "30d", False, ["slo-not-tighter"]),
        ("99.95%", "60d", True, ["slo-tighter-on-average"]),
        ("99.95%", "61d", False, ["slo-lets-breach-through"]),
        ("99.95%", "7d", True, []),
        ("99.91%", "7d", False, ["slo-lets-breach-through"]),
        ("99.91%", "6d", True, ["slo-tighter-on-average"]),
        ("99.95%", CalendarWindow("quarter", tz="America/Los_Angeles"), False, ["slo-lets-breach-through"]),
        ("99.97%", CalendarWindow("quarter", tz="America/Los_Angeles"), True, []),
        ("99.91%", MONTH, True, []),
        ("99.91%", CalendarWindow("month", tz="UTC"), False, ["slo-lets-breach-through"]),
        ("99.91%", CalendarWindow("day", tz="America/Los_Angeles"), True, []),
        ("99.91%", CalendarWindow("week", tz="America/Los_Angeles"), False, ["slo-lets-breach-through"]),
    ],
)
def test_an_objective_is_tighter_if_it_lets_no_breach_through(
    target: str, window: Any, tighter: bool, codes: list[str]
) -> None:
    """By its target and by its window: what can be bad in a month while the objective is met."""
    room = SLA("api", target="99.9%", window=MONTH).headroom(slo(target, window))
    assert room.is_tighter is tighter
    assert [finding.code for finding in room.findings] == codes
    assert room.allowed == Fraction(30 * 86_400 * 10**9, 1000)
    if codes == ["slo-lets-breach-through"]:
        # The way out that is named is one.
        better = room.findings[0].mend.rpartition("target of ")[2].removesuffix(" or more")
        assert SLA("api", target="99.9%", window=MONTH).headroom(slo(better, window)).is_tighter


@given(
    promise=st.sampled_from(("50%", "99.9%", "99.9999%")),
    above=st.fractions(0, 1, max_denominator=1000).filter(lambda x: 0 < x < 1),
    days=st.integers(1, 400),
)
def test_the_way_out_of_a_headroom_that_is_none_is_one(promise: str, above: Fraction, days: int) -> None:
    """The target that a finding names is below 1, and tight enough; where none is found none is needed."""
    sla = SLA("api", target=promise, window=MONTH)
    target = sla.target + (1 - sla.target) * above
    room = sla.headroom(slo(str(target), f"{days}d"))
    windows = -(-30 // days)
    assert room.is_tighter == ((1 - target) * windows * days <= (1 - sla.target) * 30)
    for finding in room.findings:
        better = finding.mend.rpartition("target of ")[2].removesuffix(" or more")
        mended = sla.headroom(slo(better, f"{days}d"))
        assert mended.is_tighter
        assert finding.code not in {one.code for one in mended.findings}


def test_an_objective_that_is_tighter_in_nominal_months_alone_is_told_so() -> None:
    """All of two budgets fits into a month of 31 days, which breaks the promise while the objective is met."""
    sla = SLA("api", target="99.9%", window=CalendarWindow("month"), downtime=Downtime())
    (found,) = [one for one in sla.headroom(slo("99.92%", "30d")).findings if one.code == "slo-tighter-on-average"]
    bad = 34  # of 43,200 minutes, and the objective allows 34.56
    counts = minutes("2026-04-01T00:00Z", 61 * 1440, [(30 * 1440, 30 * 1440 + bad), (61 * 1440 - bad, 61 * 1440)])
    assert slo("99.92%", "30d").evaluate(counts).met.all()
    assert sla.statement(counts, "2026-05").met is False
    better = found.mend.rpartition("target of ")[2].removesuffix(" or more")
    assert not [f for f in sla.headroom(slo(better, "30d")).findings if f.code == "slo-tighter-on-average"]


@pytest.mark.parametrize("customer", [-1, True, b"x", ["acme"], "", "\0", "x" * 2000])
def test_a_customer_of_a_statement_is_held_to_what_an_agreement_asks_of_one(customer: Any) -> None:
    """What cannot be a name is refused where it is given, and not when the statement is printed."""
    counts = minutes("2026-05-01T00:00Z", 1440, [])
    with pytest.raises((WrongType, InvalidSLA), match="customer must"):
        API.statement(counts, "2026-05", customer=customer)


def test_a_statement_that_is_cut_short_says_so_wherever_it_is() -> None:
    """Spans taken out that are not listed are counted, and none listed at all is no error."""
    out = [Exclusion(f"2026-05-{day:02}T01:00Z", f"2026-05-{day:02}T02:00Z", "move") for day in range(2, 8)]
    found = API.statement_of([("2026-05-20T00:00Z", "2026-05-20T02:00Z")], "2026-05", exclusions=out)
    assert "… 4 more" in to_markdown(found, most_lines=2)
    assert "… 4 more" in to_html(found, most_lines=2)
    assert "… 1 more" in to_text(found, most_lines=0)


@pytest.mark.parametrize("write", [to_text, to_markdown, to_html])
def test_only_statements_are_written_and_only_so_many_lines(write: Callable[..., str]) -> None:
    """Anything else is refused by name."""
    found = API.statement_of([], "2026-05")
    for wrong in (None, 0, "x", [found]):
        with pytest.raises(WrongType, match="statement must be a Statement"):
            write(wrong)
    for lines in (None, 1.5, True):
        with pytest.raises(WrongType, match="most_lines must be"):
            write(found, most_lines=lines)
    with pytest.raises(InvalidNumber, match="most_lines must be 0 or more"):
        write(found, most_lines=-1)
    for several in (None, "x", [None]):
        with pytest.raises(WrongType, match="statement"):
            to_csv(several)  # type: ignore[arg-type]


def test_headroom_knows_series_of_their_own_and_what_is_counted() -> None:
    """The loosest target of all is the headroom; minutes against events is advice."""
    own = slo("99.99%", "30d").per("tenant", target={"acme": "99.5%"})
    room = API.headroom(own)
    assert room.target == Fraction("0.995")
    assert [f.code for f in room.findings] == ["slo-not-tighter", "slo-counts-otherwise"]
    assert API.headroom(slo("99.95%", "30d", budgeting=Timeslices("1m", target="99%"))).findings == ()
    perfect = SLA("all", target="100%", window=MONTH).headroom(slo("99.999%", "30d"))
    assert [f.mend for f in perfect.findings] == ["a promise below 100%: no objective is tighter than that"]
    with pytest.raises(WrongType, match="slo must be an SLO"):
        API.headroom(API)  # type: ignore[arg-type]


def test_lead_time_is_from_the_alarm_to_the_minute_that_breaks_the_promise() -> None:
    """A month of 31 days allows 44 minutes: the alarm fires in a minute, the promise breaks in the 45th."""
    sla = SLA("api", target="99.9%", window=CalendarWindow("month"), downtime=Downtime())
    counts = minutes("2026-05-01T00:00Z", 61 * 1440, [(1000, 1060)])
    ev = slo("99.95%", "30d").evaluate(counts)
    page = BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4)
    may, june = sla.lead_times(counts, ev, [page])
    start = datetime(2026, 5, 1, 16, 40, tzinfo=UTC)
    assert may.breached_at == start + timedelta(minutes=45)
    assert may.first_alarm == may.last_alarm == start + timedelta(minutes=1)
    assert may.lead == timedelta(minutes=44)
    assert june.breached_at is None
    assert june.lead is None
    assert repr(june).endswith("no breach)")
    (unheard, _) = sla.lead_times(counts, ev, [])
    assert unheard.is_unheralded
    agreed = Exclusion("2026-05-01T16:00Z", "2026-05-01T18:00Z", "agreed")
    assert sla.lead_times(counts, ev, [page], exclusions=agreed)[0].breached_at is None


@given(
    bad=st.lists(st.integers(0, 3), min_size=1, max_size=60),
    target=st.sampled_from(("50%", "80%", "90%", "100%")),
    time=st.booleans(),
)
def test_a_breach_is_where_more_went_bad_than_the_whole_period_allows(bad: list[int], target: str, time: bool) -> None:
    """Found by halving, and the same as by adding up from the start."""
    window = CalendarWindow("day")
    sla = SLA("x", target=target, window=window, downtime=Downtime(each="1h", max_sli="1/2") if time else None)
    counts = Counts.from_buckets(start="2026-05-01T05:00Z", step="1h", total=[3] * len(bad), bad=bad)
    found = sla.lead_times(counts, slo("50%", "1h").evaluate(counts), [])
    amounts = [int(b >= 2) if time else b for b in bad]
    share = 1 - Fraction(target[:-1]) / 100
    for lead in found:
        inside = [
            i
            for i in range(len(bad))
            if lead.period.start <= counts.timeline.start + i * 3600 * 10**9 < lead.period.end
        ]
        whole = len(inside) if time else 3 * len(inside)
        if time:
            whole += (lead.period.end - min(lead.period.end, counts.timeline.end)) // (3600 * 10**9)
        over = [i for i in inside if sum(amounts[inside[0] : i + 1]) > share * whole]
        expected = datetime(2026, 5, 1, 6, tzinfo=UTC) + timedelta(hours=over[0]) if over else None
        assert lead.breached_at == expected


def test_the_chance_of_a_breach_agrees_with_a_month_that_is_decided() -> None:
    """What is lost is certain, what never fails cannot be lost, and a promise of 100% hangs on one minute."""
    terms = {"window": CalendarWindow("month"), "downtime": Downtime()}
    sla = SLA("api", target="99.9%", **terms, penalties=TIERS, cap="20%")  # type: ignore[arg-type]
    lost = breach(sla, minutes("2026-05-01T00:00Z", 20 * 1440, [(1000, 1600)]), paths=50)
    assert (lost.chance, [tier.chance for tier in lost.tiers]) == (1.0, [1.0, 1.0])
    assert lost.expected_credit == pytest.approx(0.2)
    assert lost.end == datetime(2026, 6, 1, tzinfo=UTC)
    calm = breach(sla, minutes("2026-05-01T00:00Z", 20 * 1440, []), paths=50)
    assert (calm.chance, calm.expected_credit) == (0.0, 0.0)
    perfect = SLA("all", target="100%", **terms)  # type: ignore[arg-type]
    assert breach(perfect, minutes("2026-05-01T00:00Z", 20 * 1440, []), paths=50).chance == 0
    assert breach(perfect, minutes("2026-05-01T00:00Z", 20 * 1440, [(5, 6)]), paths=50).chance == 1
    some = breach(sla, minutes("2026-05-01T00:00Z", 20 * 1440, [(1000, 1030)]), paths=500)
    assert some.chance >= some.tiers[1].chance
    assert 0 < some.chance < 1
    assert "chance of breaking 99.9% by 2026-06-01" in repr(some)
    assert some == breach(sla, minutes("2026-05-01T00:00Z", 20 * 1440, [(1000, 1030)]), paths=500)
    with pytest.raises(OutOfTimeline):
        breach(sla, Counts.empty(step="1m"))


# --- for those who read it ------------------------------------------------------------------------------------------


def bitten() -> Statement:
    """Return a statement all of whose texts bite."""
    sla = attrs.evolve(API, name=BITE.replace("\x1b", ""), exclusions=[Exclusion(0, 1, "never")])
    out = Exclusion("2026-05-02T00:00Z", "2026-05-02T01:00Z", BITE, name="=1+1")
    counts = minutes("2026-05-01T07:00Z", 31 * 1440, [(1000, 1100), (31 * 1440 - 2, 31 * 1440)])
    return sla.statement(counts, "2026-05", exclusions=out, customer="=HYPERLINK(1)", fee=1, currency="USD")


def test_case_44_what_people_typed_does_not_bite_in_any_form() -> None:
    """Escaped for a terminal, for Markdown, for HTML and for a spreadsheet."""
    statement = bitten()
    for text in (to_text(statement), to_markdown(statement), to_html(statement), to_csv(statement), repr(statement)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<script" not in to_html(statement) + statement._repr_html_()
    assert "<script" not in to_markdown(statement)
    assert "](y)" not in to_markdown(statement)
    table = [line for line in to_markdown(statement).splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") in (3, 5) for line in table)
    rows = list(csv.DictReader(io.StringIO(to_csv([statement, statement]), newline="")))
    assert len(rows) == 2 * len(statement.rows())
    assert tuple(rows[0]) == COLUMNS
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


@pytest.mark.parametrize("text", ["=1", "@SUM(1)", " +1", "\u200d=1", "\uff1d1", "  \uff20SUM(1)"])
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    """Neither at once, nor behind what a spreadsheet skips, nor in the full width of the signs."""
    counts = minutes("2026-05-01T07:00Z", 31 * 1440, [(1000, 1100)])
    statement = attrs.evolve(API, name=text).statement(counts, "2026-05", customer=text)
    rows = list(csv.DictReader(io.StringIO(to_csv(statement), newline="")))
    assert {row[column] for row in rows for column in ("sla", "customer")} == {f"'{text}"}


def test_rows_add_up_to_what_the_statement_says() -> None:
    """Whoever audits it can sum the counted rows, in the zone of the customer and in UTC."""
    statement = bitten()
    rows = statement.rows()
    seconds = sum(Fraction(row["seconds"]) for row in rows if row["counted"])
    assert seconds * 10**9 == statement.bad
    assert sum(Fraction(r["seconds"]) for r in rows if r["kind"] == "exclusion") * 10**9 == statement.excluded_time
    assert {row["kind"] for row in rows} == {"down", "excluded", "too short", "exclusion"}
    assert rows[0]["start"].endswith("-07:00")
    assert rows[0]["start_utc"].endswith("Z")


def test_long_lists_are_cut_and_said_to_be() -> None:
    """A month of a thousand outages does not fill the screen."""
    counts = minutes("2026-05-01T07:00Z", 31 * 1440, [(20 * i, 20 * i + 6) for i in range(300)])
    statement = API.statement(counts, "2026-05")
    for text in (to_text(statement, most_lines=10), to_markdown(statement, most_lines=10)):
        assert "… 290 more" in text
    assert "… 290 more" in to_html(statement, most_lines=10)
    assert "the first 20 of 300" in statement._repr_html_()


def test_statements_are_values() -> None:
    """Equal where all they say is equal, with a hash; a line knows its length."""
    one, other = bitten(), bitten()
    assert one == other
    assert hash(one) == hash(other)
    assert Line(start=1, end=3, kind="down", run=(1, 3)).length == 2
    nothing = API.statement(minutes("2026-05-01T07:00Z", 0, []).extend(until="2026-06-01T07:00Z"), "2026-05")
    assert (nothing.uptime, nothing.met, nothing.credit, nothing.amount) == (None, None, None, None)
    assert repr(nothing).startswith("NO DATA 99.9%")
    assert to_text(nothing)
