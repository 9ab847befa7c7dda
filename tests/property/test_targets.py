"""Targets: every share, worst window, drawn window and credit is what plain loops over fractions say."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import attrs
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from slokit import SLA, SLI, SLO, CalendarWindow, Counts, Policy, alerts
from slokit.analysis import targets
from slokit.analysis.targets.drawn import Drawing, draw_windows
from slokit.analysis.targets.past import PastWindows, pages, state_times, with_target
from slokit.analysis.targets.reach import budget_with_few_digits
from slokit.errors import OutOfTimeline, RoundedWindows
from slokit.sla import Penalty
from tests import oracle_targets as oracle

TARGETS = [Fraction(0), Fraction(1, 2), Fraction(9, 10), Fraction(99, 100), Fraction(999_999_999, 10**9)]
DAY = CalendarWindow("day")


@dataclass(frozen=True)
class Hours:
    """Buckets of an hour, from so many hours after the epoch."""

    first: int
    bad: list[int]
    total: list[int]

    def counts(self) -> Counts:
        """Return them as slokit holds them."""
        start = np.datetime64(self.first * 3600, "s").astype("datetime64[ns]")
        return Counts.from_buckets(start=start, step="1h", total=self.total, bad=self.bad)


@st.composite
def hours(draw: st.DrawFn, least: int = 48) -> Hours:
    """Draw a few days of hours: quiet ones, ordinary ones, enormous ones; bad ones in runs."""
    size = draw(st.integers(least, least + 60))
    seed = draw(st.integers(0, 2**32))
    most = draw(st.sampled_from((1, 3, 100, 2**40, 2**58, 2**62)))
    chance = np.random.default_rng(seed)
    total = chance.integers(0, most, size, endpoint=True) * (chance.random(size) < draw(st.sampled_from((0.4, 1.0))))
    share = np.repeat(chance.choice([0.0, 0.0, 0.01, 0.5, 1.0], size // 5 + 1), 5)[:size]
    bad = [int(n * Fraction(float(s))) for n, s in zip(total.tolist(), share, strict=True)]
    if not total.any():
        total[draw(st.integers(0, size - 1))] = 1
    return Hours(draw(st.integers(-40, 40)), bad, total.tolist())


def objective(window: str | CalendarWindow, target: Fraction = Fraction(9, 10)) -> SLO:
    """Return an objective over a window."""
    return SLO("x", sli=SLI.ratio("up"), target=target, window=window)


@given(
    evidence=hours(), width=st.sampled_from((1, 5, 24, 47, 200)), calendar=st.booleans(), own=st.sampled_from(TARGETS)
)
def test_past_windows_are_what_loops_find(evidence: Hours, width: int, calendar: bool, own: Fraction) -> None:
    """The number of full windows, the number that met each target, and the worst of them, exactly."""
    ev = objective(DAY if calendar else f"{width}h", own).evaluate(evidence.counts())
    windows = (
        oracle.days(evidence.bad, evidence.total, evidence.first)
        if calendar
        else oracle.rolling(evidence.bad, evidence.total, width)
    )
    past = PastWindows.of(ev)
    candidates = [targets.Candidate(target) for target in TARGETS]
    assert len(past.at) == len(windows)
    assert list(past.met(candidates)) == [oracle.met(windows, target) for target in TARGETS]
    for target in TARGETS:
        left = None if past.worst is None else past.worst.left(target)
        assert left == oracle.worst_left(windows, target)


@given(
    evidence=hours(100),
    width=st.sampled_from((1, 5, 24, 31, 96)),
    block=st.integers(1, 2),
    margin=st.sampled_from((Fraction(0), Fraction(1, 5), Fraction(9, 10))),
    confidence=st.sampled_from((Fraction(1, 100), Fraction(1, 2), Fraction(19, 20))),
    seed=st.integers(0, 5),
)
@settings(max_examples=30)
def test_drawn_windows_are_blocks_of_the_circle(
    evidence: Hours, width: int, block: int, margin: Fraction, confidence: Fraction, seed: int
) -> None:
    """Each drawn window sums the buckets that the draws name; shares of them are exact; no higher target is kept."""
    ev = objective(f"{width}h").evaluate(evidence.counts())
    windows = oracle.drawn(evidence.bad, evidence.total, width=width, block=24 * block, day=24, paths=40, seed=seed)
    if not windows:
        return
    drawn = draw_windows(ev, Drawing(block=f"{block}d", paths=40, seed=seed))
    assert list(zip(drawn.bad.tolist(), drawn.total.tolist(), strict=True)) == windows
    for target in TARGETS:
        assert drawn.keeping(target, margin) == oracle.keeping(windows, target, margin)
    found = targets.achievable(ev, confidence=confidence, margin=margin, block=f"{block}d", paths=40, seed=seed)
    if found.target is None:
        assert oracle.keeping(windows, Fraction(0), margin) < confidence
        return
    assert found.kept == oracle.keeping(windows, found.target, margin) >= confidence
    # The next higher target whose budget has two digits is kept too rarely; but where nothing was bad, nothing is.
    budget, digit = 1 - found.target, Fraction(1)
    while budget / digit <= 10:
        digit /= 10
    if not found.by_traffic:
        assert oracle.keeping(windows, 1 - (budget - digit), margin) < confidence


@given(share=st.fractions(Fraction(1, 10**12), 1, max_denominator=10**15))
def test_budgets_are_rounded_up_to_two_digits(share: Fraction) -> None:
    """Never below the share, by less than a tenth of it, and two digits."""
    rounded = budget_with_few_digits(share)
    assert share <= rounded < share * Fraction(11, 10)
    while rounded < 10:
        rounded *= 10
    assert rounded.denominator == 1
    assert rounded <= 100


@given(evidence=hours(), target=st.sampled_from(TARGETS), own=st.sampled_from(TARGETS))
@settings(max_examples=15)
def test_pages_and_states_are_those_of_the_candidate_evaluated_by_itself(
    evidence: Hours, target: Fraction, own: Fraction
) -> None:
    """Another target laid over the same sums says what evaluating the objective with it says."""
    slo = objective("24h", own)
    candidate = targets.Candidate(target).objective(slo)
    alone = candidate.evaluate(evidence.counts())
    under = with_target(slo.evaluate(evidence.counts()), candidate)
    assert under == alone
    rules = alerts.google("30d", min_bad=2)
    held = [one.fitted(alone.timeline.step) for one in rules]
    told = [one for one in alerts.notifications(alone, held) if one.severity == "page"]
    assert pages(under, held) == len(told)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RoundedWindows)
        policy = Policy.default("1d")
        history = policy.evaluate(alone)
        lasted, frozen = state_times(under, policy, enforced=True)
        assert state_times(under, policy, enforced=False) == (lasted, 0)
    assert {name: length / 1e9 for name, length in lasted} == {
        name: time.total_seconds() for name, time in history.time_in_states.items()
    }
    blocked = sum(bool(history.at(when).blocked) for when in alone.timeline.ends)
    assert frozen == blocked * alone.timeline.step


@given(evidence=hours(60), promised=st.sampled_from(TARGETS[1:]), seed=st.integers(0, 3))
@settings(max_examples=20)
def test_expected_credits_are_the_mean_over_drawn_periods(evidence: Hours, promised: Fraction, seed: int) -> None:
    """The tiers hold, the first from the promise on, under the cap; and the agreement as it is owes what it says."""
    tiers = [(Fraction(99, 100), Fraction(1, 10)), (Fraction(9, 10), Fraction(1, 2)), (Fraction(1, 2), Fraction(1))]
    sla = SLA(
        "x", target="99%", window=DAY, penalties=[Penalty(below, credit) for below, credit in tiers], cap=Fraction(3, 4)
    )
    windows = oracle.drawn(evidence.bad, evidence.total, width=24, block=24, day=24, paths=30, seed=seed)
    if not windows:
        return
    table = targets.stakeholders(
        objective("24h"), evidence.counts(), [promised], sla=sla, block="1d", paths=30, seed=seed
    )
    assert table.rows[0].expected_credit == oracle.credit(windows, promised, tiers, Fraction(3, 4))
    assert table.credit_now == oracle.credit(windows, sla.target, tiers, Fraction(3, 4))
    best = table.promise.target
    assert table.rows[0].promise == (None if best is None else min(best, promised))


@given(evidence=hours(60), seed=st.integers(0, 3))
@settings(max_examples=15)
def test_a_higher_target_never_does_better(evidence: Hours, seed: int) -> None:
    """Along the rows fewer windows meet, less is left, fewer drawn windows keep, and credits grow."""
    try:
        advice = targets.advise(objective("24h"), evidence.counts(), TARGETS, block="1d", paths=30, seed=seed)
    except OutOfTimeline as error:
        assert "no" in str(error)  # noqa: PT017 - no window drawn held an event
        return
    rows = advice.rows
    for before, after in pairwise(rows):
        assert after.kept <= before.kept
        if before.windows_met is not None and after.windows_met is not None:
            assert after.windows_met <= before.windows_met
        if before.worst_left is not None and after.worst_left is not None:
            assert after.worst_left <= before.worst_left
    if advice.recommended.is_candidate and advice.recommended.target is not None:
        assert advice.row(advice.recommended.target).achievable
    assert attrs.evolve(advice) == targets.advise(
        objective("24h"), evidence.counts(), TARGETS, block="1d", paths=30, seed=seed
    )
