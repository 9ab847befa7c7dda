"""A budget on its own, and the laws that every budget obeys."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from slokit import SLI, SLO, Counts, ErrorBudget, Evaluation
from tests import oracle
from tests.property.agreement import check_budget
from tests.property.evidence import LARGEST, MINUTE, Evidence, evidences, targets

pytestmark = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")

IntArray = npt.NDArray[np.int64]

# Sums of windows pass int64, so a budget takes them too.
EVENTS = st.integers(0, 20) | st.integers(0, 10**6) | st.integers(0, 2**62) | st.integers(0, 2**80)


@st.composite
def near_targets(draw: st.DrawFn) -> tuple[Fraction, int, int]:
    """Draw a target with good and bad, often exactly at the objective or one event off it."""
    target = draw(targets())
    if draw(st.booleans()):
        return target, draw(EVENTS), draw(EVENTS)
    k = draw(st.integers(1, 1000) | st.integers(1, 2**60))
    bad = k * (1 - target).numerator + draw(st.integers(-1, 1))
    total = k * (1 - target).denominator
    return target, total - bad, max(bad, 0)


@given(case=near_targets())
def test_every_figure_of_a_budget_is_the_nearest_double(case: tuple[Fraction, int, int]) -> None:
    """Floats of a scalar budget are exact rationals rounded once; verdicts and integers are exact."""
    target, good, bad = case
    assume(good >= 0)
    made = ErrorBudget.of(target, good=good, bad=bad)
    check_budget(made, oracle.budget(target, good, bad))
    assert made == ErrorBudget.of(target, good=good, total=good + bad)
    assert made == ErrorBudget.of(target, bad=bad, total=good + bad)
    assert hash(made) == hash(ErrorBudget.of(target, good=good, total=good + bad))


@given(case=near_targets(), more=st.integers(1, 10) | st.integers(1, 2**62))
def test_a_budget_affords_what_keeps_the_objective(case: tuple[Fraction, int, int], more: int) -> None:
    """affords(bad=k) says whether the SLO would still be met after k more bad events, which also count as events."""
    target, good, bad = case
    assume(good >= 0)
    made = ErrorBudget.of(target, good=good, bad=bad)
    assert made.affords(bad=more) is oracle.can_take(target, good, bad, more)


@given(case=near_targets())
def test_bad_events_left_is_the_most_that_can_be_afforded(case: tuple[Fraction, int, int]) -> None:
    """The number itself is affordable, and one more is not."""
    target, good, bad = case
    assume(good >= 0 and target > 0 and good + bad > 0)
    assume(oracle.can_take(target, good, bad, 0))
    left = ErrorBudget.of(target, good=good, bad=bad).bad_events_left
    assert left is not None
    assert oracle.can_take(target, good, bad, left)
    assert not oracle.can_take(target, good, bad, left + 1)


# --- laws of Evaluation and its budget (occurrences, rolling, with data, nothing filled) -----------------------------


def evaluate(evidence: Evidence, target: Fraction, width: int, counts: Counts | None = None) -> Evaluation:
    """Hold the evidence against an objective over ``width`` of its own buckets."""
    window = timedelta(minutes=width * evidence.rows[0].step // MINUTE)
    return SLO("law", sli=SLI.ratio("law"), target=target, window=window).evaluate(counts or evidence.counts())


def rebuilt(evidence: Evidence, good: IntArray, bad: IntArray, step: int | None = None) -> Counts:
    """Return other counts on the same timeline, or on one of another step."""
    row = evidence.rows[0]
    return Counts.from_buckets(
        start=np.datetime64(row.start, "ns"), step=np.timedelta64(step or row.step, "ns"), good=good, bad=bad
    )


@given(data=st.data(), target=targets(), width=st.integers(1, 20))
def test_met_is_a_budget_not_overspent(data: st.DataObject, target: Fraction, width: int) -> None:
    """With data, met says the same as remaining >= 0, and missed the same as remaining < 0."""
    ev = evaluate(data.draw(evidences(target)), target, width)
    remaining = ev.error_budget.remaining
    assert np.array_equal(ev.met, ev.has_data & (remaining >= 0))
    assert np.array_equal(ev.missed, ev.has_data & (remaining < 0))
    assert not np.any(ev.met & ev.missed)


@given(data=st.data(), target=targets(), width=st.integers(1, 12), parts=st.integers(2, 4))
def test_splitting_buckets_changes_nothing(data: st.DataObject, target: Fraction, width: int, parts: int) -> None:
    """The same events in finer buckets give the same answers at the coarse edges, however they are spread."""
    evidence = data.draw(evidences(target, most_axes=0))
    (row,) = evidence.rows
    good, bad = (spread(data, side, parts) for side in (row.good, row.bad))
    fine = rebuilt(evidence, good, bad, row.step // parts)
    coarse, finer = evaluate(evidence, target, width), evaluate(evidence, target, width, fine)
    at_edges = slice(parts - 1, None, parts)
    assert np.array_equal(finer.met[at_edges], coarse.met)
    assert np.array_equal(finer.missed[at_edges], coarse.missed)
    assert np.array_equal(finer.error_budget.exhausted[at_edges], coarse.error_budget.exhausted)
    assert np.array_equal(finer.error_budget.bad_events_left[at_edges], coarse.error_budget.bad_events_left)
    assert np.allclose(finer.sli[at_edges], coarse.sli, rtol=1e-12, atol=0, equal_nan=True)
    if row.start % row.step == row.start % fine.timeline.step:
        # Else the coarse buckets lie off the grid that resampling keeps to.
        assert fine.resample(np.timedelta64(row.step, "ns")).bad.tolist() == list(row.bad)


def spread(data: st.DataObject, events: tuple[int, ...], parts: int) -> IntArray:
    """Spread each bucket's events over ``parts`` finer ones."""
    fine = []
    for count in events:
        cuts = sorted(data.draw(st.integers(0, count)) for _ in range(parts - 1))
        fine += [after - before for before, after in zip([0, *cuts], [*cuts, count], strict=True)]
    return np.array(fine, dtype=np.int64)


@given(
    data=st.data(), target=targets(), width=st.integers(1, 20), factor=st.sampled_from((2, 3, 10, 999, 10**9, 2**61))
)
def test_scaling_all_counts_changes_no_verdict(data: st.DataObject, target: Fraction, width: int, factor: int) -> None:
    """Ratios and verdicts do not know how large the counts are."""
    evidence = data.draw(evidences(target))
    counts = evidence.counts()
    assume(int(counts.total.max()) * factor <= LARGEST)
    plain = evaluate(evidence, target, width)
    scaled = evaluate(evidence, target, width, rebuilt(evidence, counts.good * factor, counts.bad * factor))
    assert np.array_equal(plain.met, scaled.met)
    assert np.array_equal(plain.missed, scaled.missed)
    assert np.array_equal(plain.error_budget.exhausted, scaled.error_budget.exhausted)
    assert np.allclose(plain.sli, scaled.sli, rtol=1e-12, atol=0, equal_nan=True)
    assert np.allclose(plain.burn_rate(), scaled.burn_rate(), rtol=1e-12, atol=0, equal_nan=True)


@given(data=st.data(), target=targets(), width=st.integers(1, 20))
def test_one_bad_event_less_never_makes_it_worse(data: st.DataObject, target: Fraction, width: int) -> None:
    """Taking a bad event away, or making it good, never turns met into missed."""
    evidence = data.draw(evidences(target, most_axes=0))
    (row,) = evidence.rows
    where = [t for t in range(len(row)) if row.bad[t]]
    assume(where)
    t = data.draw(st.sampled_from(where))
    good, bad = np.array(row.good), np.array(row.bad)
    bad[t] -= 1
    good[t] += data.draw(st.sampled_from((0, 1)))
    before, after = evaluate(evidence, target, width), evaluate(evidence, target, width, rebuilt(evidence, good, bad))
    assert not np.any(before.met & after.missed)
    assert not np.any(after.sli < before.sli * (1 - 1e-12))
