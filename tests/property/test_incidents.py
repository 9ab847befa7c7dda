"""What spells, labels, kinds and marks hold is what plain loops over buckets count, at any size of counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, SLO, Evaluation
from slokit.incidents import Incident, Mark, after_marks, attribution, by_kind, consumed, spells, without
from slokit.timeline import to_datetime
from tests import oracle
from tests.oracle import NANOSECONDS, Series
from tests.property.evidence import MINUTE, Evidence, evidences, targets

pytestmark = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")

HOUR = 60 * MINUTE
DAY = 24 * HOUR


def instant(nanoseconds: int) -> np.datetime64:
    """Return nanoseconds since the epoch as an instant."""
    return np.datetime64(nanoseconds, "ns")


def evaluation(evidence: Evidence, target: Fraction, width: int, own: dict[str, Fraction] | None = None) -> Evaluation:
    """Hold the evidence against an objective over ``width`` buckets, with targets of their own along the first axis."""
    step = evidence.rows[0].step
    slo = SLO("x", sli=SLI.ratio("x"), target=target, window=timedelta(seconds=width * step // NANOSECONDS))
    if own:
        slo = slo.per(evidence.axes[0][0], target=dict(own))
    return slo.evaluate(evidence.counts())


def own_targets(
    data: st.DataObject, evidence: Evidence, target: Fraction
) -> tuple[dict[str, Fraction], list[Fraction]]:
    """Draw targets of their own for some labels of the first axis; return them and the target of each row."""
    if not evidence.axes or not data.draw(st.booleans()):
        return {}, [target] * len(evidence.rows)
    axis, names = evidence.axes[0]
    own = data.draw(st.dictionaries(st.sampled_from(names), targets(), min_size=1, max_size=2))
    return own, [own.get(labels[axis], target) for labels in evidence.labels]


# --- spells ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """A spell as loops find it: its buckets, its events and the fastest of them."""

    first: int
    stop: int
    bad: int
    total: int
    peak: Fraction


def stretches(row: Series, target: Fraction, window: range, rate: Fraction, gap: int) -> list[Stretch]:
    """Walk through the buckets of a window; a lull longer than ``gap`` nanoseconds ends a spell."""
    found: list[list[int]] = []
    for i in window:
        if row.total(i) and Fraction(row.bad[i], row.total(i)) / (1 - target) > rate:
            if found and (i - found[-1][-1] - 1) * row.step <= gap:
                found[-1] = [found[-1][0], i]
            else:
                found.append([i, i])
    return [
        Stretch(
            first,
            last + 1,
            sum(row.bad[first : last + 1]),
            sum(row.total(i) for i in range(first, last + 1)),
            max(Fraction(row.bad[i], row.total(i)) for i in range(first, last + 1) if row.total(i)) / (1 - target),
        )
        for first, last in found
    ]


RATES = st.sampled_from((Fraction(0), Fraction(1, 2), Fraction(1), Fraction(1), Fraction(3), Fraction(20)))


@given(data=st.data(), target=targets(), width=st.integers(1, 20), rate=RATES)
def test_spells_are_what_a_walk_through_the_buckets_finds(
    data: st.DataObject, target: Fraction, width: int, rate: Fraction
) -> None:
    """Edges, events, peaks, labels, shares and order, of all series together and of those above a share."""
    evidence = data.draw(evidences(target))
    own, goals = own_targets(data, evidence, target)
    size, step = len(evidence.rows[0]), evidence.rows[0].step
    t = data.draw(st.integers(0, size - 1))
    gap = data.draw(st.sampled_from((0, 1, step - 1, step, 2 * step, 3 * step + 1)))
    share = data.draw(st.sampled_from((Fraction(0), Fraction(0), Fraction(1, 10), Fraction(1))))
    window = range(max(t + 1 - width, 0), t + 1)
    truth = []
    for number, (row, goal, labels) in enumerate(zip(evidence.rows, goals, evidence.labels, strict=True)):
        allowed = (1 - goal) * sum(row.total(i) for i in window)
        for one in stretches(row, goal, window, rate, gap):
            if one.bad >= share * allowed:
                rank = (-float(one.bad / allowed), -one.bad, one.first, number)
                truth.append((rank, tuple(labels.items()), one, allowed))
    truth.sort(key=lambda entry: entry[0])

    found = spells(
        evaluation(evidence, target, width, own),
        instant(evidence.rows[0].end(t)),
        burn_rate=rate,
        gap=np.timedelta64(gap, "ns"),
        min_share=share,
    )

    assert len(found) == len(truth)
    start = evidence.rows[0].start
    for spell, (_, named, one, allowed) in zip(found, truth, strict=True):
        assert spell.labels == named
        assert spell._edges == (start + one.first * step, start + one.stop * step)
        assert (spell.start, spell.end) == tuple(to_datetime(edge) for edge in spell._edges)
        assert (spell.bad, spell.total, spell.allowed) == (one.bad, one.total, allowed)
        assert spell.peak == float(one.peak)
        assert spell.share == float(one.bad / allowed)


@given(data=st.data(), target=targets(), width=st.integers(1, 20), rate=RATES)
def test_spells_and_background_are_all_there_is(
    data: st.DataObject, target: Fraction, width: int, rate: Fraction
) -> None:
    """They add up to the window's bad events, and the budget without them holds the background alone."""
    evidence = data.draw(evidences(target, most_axes=0))
    row = evidence.rows[0]
    t = data.draw(st.integers(0, len(row) - 1))
    when, window = instant(row.end(t)), range(max(t + 1 - width, 0), t + 1)
    ev = evaluation(evidence, target, width)

    whole = consumed(ev, when, burn_rate=rate, gap="5m")

    assert whole.bad == sum(row.bad[i] for i in window) == whole.background_bad + sum(s.bad for s in whole.spells)
    assert whole.total == sum(row.total(i) for i in window)
    assert whole.background_bad >= 0
    budget, left = ev.at(when).error_budget, without(ev, whole.spells, when)
    assert (left.bad, left.total, left.basis_total) == (whole.background_bad, budget.total, budget.basis_total)


@given(data=st.data(), target=targets(), width=st.integers(1, 20))
def test_the_budget_without_spans_has_their_bad_events_as_good_ones(
    data: st.DataObject, target: Fraction, width: int
) -> None:
    """Every bucket that a span touches counts once, as far as the window holds it, however the spans overlap."""
    evidence = data.draw(evidences(target, most_axes=0))
    row = evidence.rows[0]
    reach = st.integers(row.start - row.step, row.end(len(row) - 1) + row.step)
    spans = [sorted(pair) for pair in data.draw(st.lists(st.tuples(reach, reach), max_size=3))]
    t = data.draw(st.integers(0, len(row) - 1))
    window = range(max(t + 1 - width, 0), t + 1)
    touched = [i for i in window if any(a < b and a < row.end(i) and b > row.end(i) - row.step for a, b in spans)]

    budget = without(evaluation(evidence, target, width), [(a, b) for a, b in spans], instant(row.end(t)))

    undone = sum(row.bad[i] for i in touched)
    assert budget.bad == sum(row.bad[i] for i in window) - undone
    assert budget.good == sum(row.good[i] for i in window) + undone


# --- labels and kinds -----------------------------------------------------------------------------------------------


@given(data=st.data(), target=targets(), width=st.integers(1, 20))
def test_labels_add_up_to_the_whole(data: st.DataObject, target: Fraction, width: int) -> None:
    """Each label's events are those of its rows, most bad first; what all may have is what their targets allow."""
    evidence = data.draw(evidences(target).filter(lambda found: found.axes))
    own, goals = own_targets(data, evidence, target)
    first_row, size = evidence.rows[0], len(evidence.rows[0])
    by, names = data.draw(st.sampled_from(evidence.axes))
    if data.draw(st.booleans()):
        t = data.draw(st.integers(0, size - 1))
        window = range(max(t + 1 - width, 0), t + 1)
        options = {"when": instant(first_row.end(t))}
    else:
        start, end = sorted(data.draw(st.integers(first_row.start - 1, first_row.end(size - 1) + 1)) for _ in range(2))
        window = range(size)
        window = range(
            next((i for i in window if first_row.end(i) - first_row.step >= start), size),
            max((i + 1 for i in window if first_row.end(i) <= end), default=0),
        )
        options = {"start": instant(start), "end": instant(end)}

    found = attribution(evaluation(evidence, target, width, own), by, **options)

    truth = dict.fromkeys(names, (0, 0))
    for row, labels in zip(evidence.rows, evidence.labels, strict=True):
        good, bad = truth[labels[by]]
        truth[labels[by]] = good + sum(row.good[i] for i in window), bad + sum(row.bad[i] for i in window)
    assert {row.label: (row.good, row.bad) for row in found.rows} == truth
    assert [row.bad for row in found.rows] == sorted((bad for _, bad in truth.values()), reverse=True)
    assert found.total_bad == sum(bad for _, bad in truth.values())
    assert found.allowed == sum(
        ((1 - goal) * row.total(i) for row, goal in zip(evidence.rows, goals, strict=True) for i in window), Fraction(0)
    )
    for part in found.rows:
        total = part.good + part.bad
        assert part.share == (float(Fraction(part.bad, found.total_bad)) if found.total_bad else None)
        assert part.budget_share == (float(part.bad / found.allowed) if found.allowed else None)
        assert part.sli == (float(Fraction(part.good, total)) if total else None)


@given(data=st.data(), target=targets(), width=st.integers(1, 20), looked_at=st.none() | st.integers(1, 30))
def test_kinds_hold_the_union_of_their_spans(
    data: st.DataObject, target: Fraction, width: int, looked_at: int | None
) -> None:
    """Inside the window asked for, each touched bucket once a kind; the budget is that of its events."""
    evidence = data.draw(evidences(target, most_axes=0))
    row = evidence.rows[0]
    reach = st.integers(row.start - row.step, row.end(len(row) - 1) + row.step)
    incidents = [
        Incident(min(pair), max(pair), kind=kind)
        for pair, kind in data.draw(st.lists(st.tuples(st.tuples(reach, reach), st.sampled_from("ab")), max_size=4))
    ]
    t = data.draw(st.integers(0, len(row) - 1))
    window = range(max(t + 1 - (looked_at or width), 0), t + 1)
    allowed = (1 - target) * sum(row.total(i) for i in window)

    found = by_kind(
        evaluation(evidence, target, width),
        incidents,
        when=instant(row.end(t)),
        window=None if looked_at is None else timedelta(seconds=looked_at * row.step // NANOSECONDS),
    )

    truth = {}
    for kind in {incident.kind for incident in incidents}:
        spans = [(one.start, one.end) for one in incidents if one.kind == kind and one.start < one.end]
        hits = {i: [s for s in spans if s[0] < row.end(i) and s[1] > row.end(i) - row.step] for i in window}
        touched = [i for i, those in hits.items() if those]
        count = sum(any(span in those for those in hits.values()) for span in spans)
        truth[kind] = (count, sum(row.bad[i] for i in touched), sum(row.total(i) for i in touched))
    assert {one.kind: (one.incidents, one.bad, one.total) for one in found} == truth
    assert [one.bad for one in found] == sorted((one.bad for one in found), reverse=True)
    assert all(one.share == (float(one.bad / allowed) if allowed else None) for one in found)


# --- marks ----------------------------------------------------------------------------------------------------------


@given(data=st.data(), width=st.integers(1, 4))
def test_a_mark_is_held_against_the_same_hours_of_quiet_days(data: st.DataObject, width: int) -> None:
    """Days in UTC: each other day whose span lies in the data, holds events and is far enough from every mark."""
    target = Fraction(9, 10)
    step, size = 4 * HOUR, 30
    start = data.draw(st.sampled_from((0, 6 * HOUR, -DAY)))
    evidence = data.draw(
        evidences(target, sizes=st.just(size), starts=st.just(start), steps=st.just(step), most_axes=0)
    )
    row = evidence.rows[0]
    times = data.draw(st.lists(st.integers(start - DAY, start + size * step + DAY), min_size=1, max_size=3))
    clear = data.draw(st.sampled_from((0, HOUR, 5 * HOUR)))

    found = after_marks(
        evaluation(evidence, target, 10),
        [Mark(time) for time in times],
        within=timedelta(hours=4 * width),
        quiet=timedelta(seconds=clear // NANOSECONDS),
    )

    edges = [start + i * step for i in range(-100, 200)]
    for time, effect in zip(times, found, strict=True):
        first = min(edge for edge in edges if edge >= time)
        assert effect.start == to_datetime(first)
        periods = []
        # Where days of 24 hours and buckets of 4 agree, the same time of day is an edge again.
        for day in range(-10, 20):
            begin = first + day * DAY
            end = begin + width * step
            if day == 0 or begin < start or end > start + size * step:
                continue
            if any(begin - clear < other < end + clear for other in times):
                continue
            held = [i for i in range(size) if begin <= row.end(i) - step < end]
            events = sum(row.bad[i] for i in held), sum(row.total(i) for i in held)
            if events[1]:
                periods.append(events)
        mine = [i for i in range(size) if first <= row.end(i) - step < first + width * step]
        bad, total = sum(row.bad[i] for i in mine), sum(row.total(i) for i in mine)
        assert (effect.bad, effect.total, effect.quiet_periods) == (bad, total, len(periods))
        slower = [Fraction(b, n) < Fraction(bad, total) for b, n in periods] if total else []
        assert effect.higher_than == (sum(slower) if total and periods else None)
        assert effect.burn_rate == (float(Fraction(bad, total) * 10) if total else None)
        pooled = sum(b for b, _ in periods), sum(n for _, n in periods)
        assert effect.quiet_burn_rate == (float(Fraction(*pooled) * 10) if periods else None)
        assert (effect.difference is None) == (not total or not periods)


def test_the_oracle_sees_a_lull_of_exactly_the_gap() -> None:
    """A lull as long as the gap joins, a nanosecond less of gap does not: the loops above know the difference."""
    row = oracle.series([0, 1, 0], [1, 0, 1])
    assert len(stretches(row, Fraction(1, 2), range(3), Fraction(1), row.step)) == 1
    assert len(stretches(row, Fraction(1, 2), range(3), Fraction(1), row.step - 1)) == 2
