"""What repairs would give back, and what users felt, is what plain loops over buckets count, in fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, SLO, Evaluation, Period
from slokit.analysis import planning, users
from slokit.incidents import Incident
from tests.oracle import Series
from tests.property.evidence import Evidence, evidences, targets

pytestmark = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")


def held(row: Evidence, target: Fraction, window: int, **more: Any) -> Evaluation:
    """Hold evidence against an objective over so many buckets."""
    step = row.rows[0].step
    return SLO("x", sli=SLI.ratio("x"), target=target, window=np.timedelta64(window * step, "ns"), **more).evaluate(
        row.counts()
    )


@dataclass(frozen=True)
class Span:
    """An incident as loops see it."""

    start: int
    end: int
    kind: str

    def touches(self, row: Series, i: int) -> bool:
        """Say whether it holds an instant of a bucket."""
        return max(self.start, row.start + i * row.step) < min(self.end, row.start + (i + 1) * row.step)


@st.composite
def incidents(draw: st.DrawFn, row: Series) -> list[Span]:
    """Draw some incidents in and around a row, overlapping, empty, and inside buckets."""
    found = []
    for _ in range(draw(st.integers(0, 6))):
        start = row.start + draw(st.integers(-3, 2 * len(row) + 3)) * row.step // 2
        length = draw(st.integers(0, 7)) * row.step // 2
        found.append(Span(start, start + length, draw(st.sampled_from(("", "release", "host", "dns")))))
    return found


@given(data=st.data(), target=targets(), other=targets(), window=st.integers(1, 9))
def test_repairs_give_back_what_loops_count(
    data: st.DataObject, target: Fraction, other: Fraction, window: int
) -> None:
    """By class and objective, each event once: by itself, beyond those ranked before, and in all."""
    evidence = [data.draw(evidences(goal).filter(lambda one: not one.axes)) for goal in (target, other)]
    goals: tuple[Fraction, ...] = (target, other)
    rows = [one.rows[0] for one in evidence]
    # Both objectives lie over the same quarter; the second may have another size and step.
    size = len(rows[0])
    first = data.draw(st.integers(0, size - 1))
    stop = data.draw(st.integers(first + 1, size))
    period = Period(rows[0].start + first * rows[0].step, rows[0].start + stop * rows[0].step)
    if any((edge - rows[1].start) % rows[1].step for edge in (period.start, period.end)):
        rows, evidence, goals = rows[:1], evidence[:1], goals[:1]
    spans = [data.draw(incidents(rows[0])) for _ in rows]
    shared = data.draw(incidents(rows[0]))
    limits = data.draw(st.sampled_from(((Fraction(1, 5), Fraction(1, 20)), (Fraction(1, 2), Fraction(1, 2)))))

    def declared(some: list[Span]) -> list[Incident]:
        return [Incident(one.start, one.end, kind=one.kind) for one in some]

    names = ["one", "two"][: len(rows)]
    concerned: dict[str | None, list[Incident]] = {None: declared(shared)}
    concerned |= {name: declared(own) for name, own in zip(names, spans, strict=True)}
    found = planning.review(
        {name: held(one, goal, window) for name, one, goal in zip(names, evidence, goals, strict=True)},
        period,
        incidents=concerned,
        first=limits[0],
        next=limits[1],
    )

    inside = [[i for i in range(len(row)) if period.start <= row.start + i * row.step < period.end] for row in rows]
    allowed = [
        (1 - goal) * sum(row.total(i) for i in span) for row, goal, span in zip(rows, goals, inside, strict=True)
    ]
    mine = [[*shared, *own] for own in spans]
    kinds = {one.kind for some in mine for one in some}

    def bad(at: int, wanted: set[str]) -> int:
        row = rows[at]
        return sum(
            row.bad[i] for i in inside[at] if any(one.kind in wanted and one.touches(row, i) for one in mine[at])
        )

    assert {row.kind for row in found.classes} == kinds
    before: set[str] = set()
    ranks = []
    for row in found.classes:
        shares = [Fraction(bad(at, {row.kind})) / allowed[at] for at in range(len(rows)) if allowed[at]]
        added = [
            Fraction(bad(at, before | {row.kind}) - bad(at, before)) / allowed[at]
            for at in range(len(rows))
            if allowed[at]
        ]
        assert row.total == sum(shares)
        assert row.added == sum(added)
        top = max(shares, default=Fraction(0))
        assert row.priority == ("first" if top > limits[0] else "next" if top > limits[1] else "watch")
        by_name = {one.objective: one for one in row.given_back}
        for at, name in enumerate(names):
            assert (by_name[name].bad, by_name[name].allowed) == (bad(at, {row.kind}), allowed[at])
        before.add(row.kind)
        ranks.append((("first", "next", "watch").index(row.priority), -row.total))
    assert ranks == sorted(ranks)
    assert found.gives_back == sum(Fraction(bad(at, kinds)) / allowed[at] for at in range(len(rows)) if allowed[at])
    for at, one in enumerate(found.objectives):
        assert one.bad == sum(rows[at].bad[i] for i in inside[at])
        assert one.outside == one.bad - bad(at, kinds)
        assert one.allowed == allowed[at]
        buckets = Fraction(period.length, rows[at].step)
        assert one.coverage == sum(rows[at].observed[i] for i in inside[at]) / buckets
        missed = 0
        for i in inside[at]:
            seen = range(max(i + 1 - window, 0), i + 1)
            total = sum(rows[at].total(j) for j in seen)
            missed += sum(rows[at].bad[j] for j in seen) > (1 - goals[at]) * total
        assert one.missed_for == missed * rows[at].step


@given(data=st.data(), target=targets(), window=st.integers(1, 9))
def test_users_lose_what_loops_count(data: st.DataObject, target: Fraction, window: int) -> None:
    """Of each series and in all, by share and by bucket, in one window and everywhere, whatever users are given as."""
    evidence = data.draw(evidences(target))
    size, shape = len(evidence.rows[0]), evidence.shape
    ev = held(evidence, target, window)
    everything = data.draw(st.booleans())
    weighing = data.draw(st.sampled_from(("share", "bucket")))
    people = st.integers(0, 50) | st.integers(0, 2**40)
    given_as = data.draw(st.sampled_from(("events", "number", "array", "labels")))
    cells = [[0] * size for _ in evidence.rows]
    argument: Any = None
    axis = None
    if given_as == "events" or (given_as == "labels" and not evidence.axes):
        cells = [[row.total(i) for i in range(size)] for row in evidence.rows]
    elif given_as == "number":
        argument = data.draw(people)
        cells = [[argument] * size for _ in evidence.rows]
    elif given_as == "array":
        cells = [data.draw(st.lists(people, min_size=size, max_size=size)) for _ in evidence.rows]
        argument = np.array(cells, dtype=np.int64).reshape(*shape, size)
    else:
        axis, labels = evidence.axes[-1]
        argument = {label: data.draw(people) for label in labels}
        cells = [[argument[named[axis]]] * size for named in evidence.labels]

    found = users.minutes_lost(ev, argument, axis=axis, weighing=weighing, everything=everything)  # type: ignore[arg-type]

    minutes = Fraction(evidence.rows[0].step, 60_000_000_000)
    lost_by = {row.labels: (row.user_minutes, row.of) for row in found.rows}
    for row, number, named in zip(evidence.rows, cells, evidence.labels, strict=True):
        lost, of = Fraction(0), Fraction(0)
        for i in range(0 if everything else max(size - window, 0), size):
            of += number[i] * minutes
            if row.total(i):
                share = Fraction(row.bad[i], row.total(i))
                lost += number[i] * minutes * (share if weighing == "share" else share > 1 - target)
        assert lost_by[tuple(named.items())] == (lost, of)
    assert found.total == sum(lost for lost, _ in lost_by.values())
    assert [row.user_minutes for row in found.rows] == sorted((lost for lost, _ in lost_by.values()), reverse=True)


@given(data=st.data(), target=targets(), window=st.integers(1, 9))
def test_users_within_are_counted_by_loops(data: st.DataObject, target: Fraction, window: int) -> None:
    """Along one axis, the others kept; and the worst have the least left."""
    evidence = data.draw(evidences(target).filter(lambda one: bool(one.axes)))
    axis, _ = data.draw(st.sampled_from(evidence.axes))
    ev = held(evidence, target, window)
    found = users.within(ev, axis)
    met: dict[tuple[Any, ...], int] = {}
    judged: dict[tuple[Any, ...], int] = {}
    left = []
    for row, named in zip(evidence.rows, evidence.labels, strict=True):
        rest = tuple(label for name, label in named.items() if name != axis)
        for i in range(len(row)):
            seen = range(max(i + 1 - window, 0), i + 1)
            total, bad = sum(row.total(j) for j in seen), sum(row.bad[j] for j in seen)
            met[*rest, i] = met.get((*rest, i), 0) + (total > 0 and Fraction(total - bad, total) >= target)
            judged[*rest, i] = judged.get((*rest, i), 0) + (total > 0)
            if i == len(row) - 1 and total:
                left.append(1 - Fraction(bad) / ((1 - target) * total))
    assert found.met.ravel().tolist() == list(met.values())
    assert found.judged.ravel().tolist() == list(judged.values())
    last = len(evidence.rows[0]) - 1
    total_judged = sum(number for key, number in judged.items() if key[-1] == last)
    total_met = sum(number for key, number in met.items() if key[-1] == last)
    assert found.share_at() == (Fraction(total_met, total_judged) if total_judged else None)
    worst = [status.error_budget.remaining_ratio for status in found.worst(len(left))]
    assert worst == pytest.approx([float(one) for one in sorted(left)], rel=1e-9)
