"""Statements against brute force: every minute of a period is where plain loops put it, and the sums are exact."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLA, SLI, SLO, CalendarWindow, Counts, Exclusion, IntervalSet
from slokit.periods import Period
from slokit.sla import Downtime, Penalty, Statement
from slokit.timeline import parse_instant
from tests import oracle, oracle_sla
from tests.oracle import Series

HOUR = 3_600_000_000_000
# Days on which the clock changes, and an ordinary one.
DAYS = ("2026-03-28T12:00Z", "2026-10-24T13:00Z", "2026-06-01T00:00Z")
ZONES = ("Europe/Berlin", "America/New_York", "UTC")
TIERS = (("0.9", "10%"), ("3/4", "25%"), ("1/3", "100%"))


@st.composite
def rows(draw: st.DrawFn) -> Series:
    """Draw two days and a bit of hours: quiet, down, nearly down, unobserved or excluded, in spells."""
    good: list[int] = []
    bad: list[int] = []
    observed: list[bool] = []
    excluded: list[bool] = []
    size = draw(st.integers(1, 60))
    while len(good) < size:
        state = draw(st.sampled_from(("up", "up", "down", "down", "nearly", "quiet", "hole", "out")))
        for _ in range(draw(st.integers(1, 6))):
            total = draw(st.integers(1, 6)) if state in ("up", "down", "nearly") else 0
            lost = {"down": total, "nearly": max(total - 1, 0)}.get(state, 0)
            good.append(total - lost)
            bad.append(lost)
            observed.append(state != "hole")
            excluded.append(state == "out")
    start = parse_instant(draw(st.sampled_from(DAYS))) + draw(st.integers(-14, 14)) * HOUR
    return Series(start, HOUR, tuple(good[:size]), tuple(bad[:size]), tuple(observed[:size]), tuple(excluded[:size]))


def counts_of(row: Series) -> Counts:
    """Return a row as slokit holds it."""
    good, bad = np.array(row.good), np.array(row.bad)
    counts = Counts.from_buckets(
        start=np.datetime64(row.start, "ns"),
        step=np.timedelta64(row.step, "ns"),
        good=good,
        bad=bad,
        observed=np.array(row.observed),
    )
    out = [Exclusion(row.end(i) - row.step, row.end(i), "before") for i in range(len(row)) if row.excluded[i]]
    return counts.exclude(out)


@st.composite
def spans(draw: st.DrawFn, row: Series) -> list[tuple[int, int]]:
    """Draw spans that overlap each other and the ends of the row, mostly off its grid."""
    edge = st.integers(row.start - 20 * HOUR, row.end(len(row) - 1) + 20 * HOUR)
    pairs = draw(st.lists(st.tuples(edge, st.integers(0, 9 * HOUR)), max_size=4))
    return [(start, start + length) for start, length in pairs]


def checked(statement: Statement, sums: oracle_sla.Sums, step: int, *, time: bool) -> None:
    """Compare a statement with what the loops say."""
    assert statement.excluded_time == sums.excluded * step
    assert statement.ignored_time == sums.ignored * step
    assert statement.unobserved_time == sums.unobserved * step
    good, bad = (sums.up * step, sums.down * step) if time else (sums.good, sums.bad)
    assert (statement.good, statement.bad) == (good, bad)
    assert statement.uptime == (Fraction(good, good + bad) if good + bad else None)
    kinds = {at: line.kind for line in statement.lines for at in range(line.start, line.end, step)}
    assert kinds == sums.kinds
    uptime = statement.uptime
    if uptime is None:
        assert statement.credit is None
        assert statement.met is None
    else:
        due = [Fraction(credit[:-1]) / 100 for below, credit in TIERS if uptime < Fraction(below)]
        assert statement.credit == min(max(due, default=Fraction(0)), Fraction(1, 2))
        assert statement.met == (uptime >= Fraction("0.9"))


@given(
    data=st.data(),
    row=rows(),
    zone=st.sampled_from(ZONES),
    rule=st.tuples(st.integers(1, 4), st.sampled_from((Fraction(0), Fraction(1, 5), Fraction(1, 3))), st.integers(1, 5))
    | st.none(),
    missing=st.sampled_from(("ignore", "good", "bad")),
)
def test_a_statement_is_what_plain_loops_say(
    data: st.DataObject, row: Series, zone: str, rule: tuple[int, Fraction, int] | None, missing: str
) -> None:
    """Over days of 23, 24 and 25 hours, with runs across midnight, holes, and exclusions that overlap."""
    policy = missing if rule else "ignore"
    own, given_too = data.draw(spans(row)), data.draw(spans(row))
    sla = SLA(
        "api",
        target="0.9",
        window=CalendarWindow("day", tz=zone),
        downtime=None if rule is None else Downtime(min_total=rule[0], max_sli=rule[1], in_a_row=rule[2], each="1h"),
        penalties=[Penalty(*tier) for tier in TIERS],
        cap="1/2",
        exclusions=[Exclusion(a, b, "own") for a, b in own],
        missing=policy,  # type: ignore[arg-type]
    )
    counts, more = counts_of(row), [Exclusion(a, b, "given") for a, b in given_too]
    statements = sla.statements(counts, exclusions=more)
    here = ZoneInfo(zone)
    first = oracle.period(row.start, "day", here)[0]
    at, wanted = row.start, []
    while at < row.end(len(row) - 1):
        wanted.append(oracle.period(at, "day", here))
        at = wanted[-1][1]
    assert [(s.period.start, s.period.end) for s in statements] == wanted
    for statement, period in zip(statements, wanted, strict=True):
        sums = oracle_sla.statement(row, period, first, own + given_too, rule=rule, missing=policy)
        checked(statement, sums, HOUR, time=rule is not None)
        assert statement.until == min(period[1], row.end(len(row) - 1))
        assert sla.statement(counts, Period(*period), exclusions=more) == statement
        total = sums.up + sums.down + sums.excluded + sums.ignored
        assert statement.total_time == total * HOUR


@given(data=st.data(), row=rows(), in_a_row=st.integers(1, 4), missing=st.sampled_from(("ignore", "good", "bad")))
def test_the_evidence_of_an_agreement_says_what_its_statements_say(
    data: st.DataObject, row: Series, in_a_row: int, missing: str
) -> None:
    """An objective over it, with the same target and window, meets and misses the same whole periods."""
    sla = SLA(
        "api",
        target="3/4",
        window=CalendarWindow("day", tz="Europe/Berlin"),
        downtime=Downtime(in_a_row=in_a_row, each="1h"),
        missing=missing,  # type: ignore[arg-type]
    )
    counts = counts_of(row)
    first = sla.window.period(np.datetime64(row.start, "ns")).start
    counts = counts.extend(since=np.datetime64(first, "ns"))
    more = [Exclusion(a, b, "given") for a, b in data.draw(spans(row))]
    slo = SLO("api", sli=SLI.ratio("up"), target="3/4", window=sla.window)
    evidence = sla.evidence(counts).exclude(more)
    assert sla.evidence(counts, more) == evidence
    evaluation = slo.evaluate(Counts.from_buckets(timeline=evidence.timeline, bad=evidence.bad, total=evidence.total))
    for statement in sla.statements(counts, exclusions=more):
        status = evaluation.at(np.datetime64(statement.until, "ns"))
        assert status.met == statement.met
        assert (status.good * HOUR, status.bad * HOUR) == (statement.good, statement.bad)


@given(data=st.data(), row=rows(), least=st.integers(1, 5), missing=st.sampled_from(("ignore", "good", "bad")))
def test_spans_count_once_however_they_overlap(data: st.DataObject, row: Series, least: int, missing: str) -> None:
    """Spans that others found are accounted for to the nanosecond, as a set and not as a sum."""
    down, unseen, out = (data.draw(spans(row)) for _ in range(3))
    window = CalendarWindow("day", tz="America/New_York")
    sla = SLA(
        "api",
        target="99%",
        window=window,
        downtime=Downtime(in_a_row=least, each="1h"),
        missing=missing,  # type: ignore[arg-type]
    )
    period = window.period(np.datetime64(row.start, "ns"))
    statement = sla.statement_of(
        down, period, unobserved=unseen, exclusions=[Exclusion(a, b, "agreed") for a, b in out]
    )
    # Between two neighbouring edges nothing changes, so that one look at each stretch is enough.
    edges = sorted({period.start, period.end, *(e for s in (down, unseen, out) for pair in s for e in pair)})
    inside = [(a, b) for a, b in pairwise(edges) if a >= period.start and b <= period.end]

    def within(pairs: list[tuple[int, int]], at: int) -> bool:
        return any(a <= at < b for a, b in pairs)

    whole = IntervalSet(down)
    whole = whole | IntervalSet(unseen) if missing == "bad" else whole
    counted = [(a, b) for a, b in whole if b - a >= least * HOUR]
    bad = excluded = ignored = 0
    for a, b in inside:
        if within(out, a):
            excluded += b - a
        elif within(counted, a):
            bad += b - a
        elif missing == "ignore" and within(unseen, a) and not within(down, a):
            ignored += b - a
    assert (statement.bad, statement.excluded_time, statement.ignored_time) == (bad, excluded, ignored)
    assert statement.good == period.length - bad - excluded - ignored
    assert statement.downtime.duration == bad
    assert statement.is_final
