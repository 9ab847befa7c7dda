"""A policy over whole arrays says what a walk from bucket to bucket says."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, SLO, Evaluation, Exclusion
from slokit.alerts import BudgetShareAlert, BurnRateAlert
from slokit.conditions import (
    AllOf,
    AnyOf,
    BudgetBelow,
    Condition,
    DataSince,
    Exhausted,
    Missed,
    NoDataFor,
    Not,
    SpentAtLeast,
)
from slokit.policy import Policy, Rule, State, transitions
from tests import oracle
from tests.oracle_policy import Gates, RuleSpec, Setting, Spec, holds, states
from tests.property.evidence import Evidence, as_target, evidences, outages, without

pytestmark = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")

TARGETS = [as_target(text) for text in ("0", "0.5", "0.9", "99%", "0.999999999999999")]
SHARES = [Fraction(text) for text in ("0", "0.02", "0.25", "0.5", "1", "3/2")]
# The last of three states is the most severe.
NAMES = ("calm", "busy", "bad", "worst")


def ns(length: int) -> Any:
    """Return a length as classes take it."""
    return np.timedelta64(length, "ns")


@st.composite
def gates(draw: st.DrawFn, step: int) -> Gates:
    """Draw what an alert asks for besides."""
    return Gates(
        op=draw(st.sampled_from(("gt", "gte"))),
        pending=draw(st.sampled_from((0, 0, step // 2, step, 2 * step))),
        min_bad=draw(st.sampled_from((0, 0, 1, 5))),
        min_total=draw(st.sampled_from((0, 0, 2, 1000))),
        min_coverage=draw(st.sampled_from((Fraction(0), Fraction(0), Fraction(1, 2), Fraction(1)))),
    )


def specs(step: int) -> st.SearchStrategy[Spec]:
    """Draw conditions, composed up to a few levels."""
    widths = st.integers(1, 12)
    leaves = st.one_of(
        st.tuples(
            st.just("burn"),
            gates(step),
            st.sampled_from([Fraction(1), Fraction(72, 5), Fraction(1, 2), Fraction(0)]),
            st.lists(widths, min_size=1, max_size=2),
        ),
        st.tuples(st.just("share"), gates(step), st.sampled_from(SHARES), widths),
        st.tuples(st.just("below"), st.sampled_from([Fraction(1), Fraction(1, 4), Fraction(0), Fraction(-1)])),
        st.tuples(st.just("exhausted")),
        st.tuples(st.just("missed")),
        st.tuples(st.just("spent"), st.sampled_from(SHARES), st.none() | widths),
        st.tuples(st.just("silent"), st.sampled_from((step, 2 * step, 2 * step + 1))),
        st.tuples(st.just("since"), st.sampled_from([Fraction(0), Fraction(1, 4), Fraction(1)])),
    )
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            st.tuples(st.sampled_from(("any", "all")), st.lists(parts, min_size=1, max_size=3)),
            st.tuples(st.just("not"), parts),
        ),
        max_leaves=4,
    )


def condition(spec: Spec, step: int) -> Condition:
    """Return the condition that a spec describes."""
    match spec:
        case ("burn", asked, limit, widths):
            return BurnRateAlert(
                long_window=ns(widths[0] * step),
                short_window=ns(widths[1] * step) if len(widths) == 2 else None,
                burn_rate=limit,
                **_gates(asked),
            )
        case ("share", asked, share, width):
            return BudgetShareAlert(share=share, window=ns(width * step), **_gates(asked))
        case ("below", remaining):
            return BudgetBelow(remaining)
        case ("exhausted",):
            return Exhausted()
        case ("missed",):
            return Missed()
        case ("spent", share, width):
            return SpentAtLeast(share, None if width is None else ns(width * step))
        case ("silent", length):
            return NoDataFor(ns(length))
        case ("since", share):
            return DataSince(share)
        case ("any", parts):
            return AnyOf([condition(part, step) for part in parts])
        case ("all", parts):
            return AllOf([condition(part, step) for part in parts])
        case ("not", part):
            return Not(condition(part, step))
    raise AssertionError(spec)


def _gates(asked: Gates) -> dict[str, Any]:
    return {
        "op": asked.op,
        "pending": timedelta(0) if asked.pending == 0 else ns(asked.pending),
        "min_bad": asked.min_bad,
        "min_total": asked.min_total,
        "min_coverage": asked.min_coverage,
    }


@st.composite
def situations(draw: st.DrawFn) -> tuple[Evidence, list[oracle.Series], Evaluation, Fraction, int]:
    """Draw evidence with exclusions and an objective, as slokit holds them and as the oracle does."""
    target = draw(st.sampled_from(TARGETS))
    evidence = draw(evidences(target))
    spans = draw(outages(evidence))
    width = draw(st.integers(1, 12))
    step = evidence.rows[0].step
    slo = SLO("policy", sli=SLI.ratio("policy"), target=target, window=ns(width * step))
    exclusions = [
        Exclusion(
            np.datetime64(span.start, "ns"),
            np.datetime64(span.end, "ns"),
            proposed=span.proposed,
            scope={axis: list(names) for axis, names in span.scope},
        )
        for span in spans
    ]
    return evidence, without(evidence, spans), slo.evaluate(evidence.counts(), exclusions), target, width


@st.composite
def rule_specs(draw: st.DrawFn, step: int) -> list[RuleSpec]:
    """Draw up to three rules, each left after a hold or by another condition."""
    holds_for = st.sampled_from((0, 0, step, 2 * step + 1, 4 * step))
    leaving = st.tuples(holds_for, st.none()) | st.tuples(st.just(0), specs(step))
    drawn = draw(st.lists(st.tuples(st.integers(1, 3), specs(step), leaving), max_size=3))
    return [RuleSpec(code, when, hold, until) for code, when, (hold, until) in drawn]


def drawn_policy(rules: list[RuleSpec], step: int, stale: int) -> Policy:
    """Return the policy that rules describe."""
    return Policy(
        "drawn",
        states=[State(name) for name in NAMES],
        rules=[
            Rule(
                NAMES[rule.code],
                condition(rule.when, step),
                hold=ns(rule.hold) if rule.hold else timedelta(0),
                until=None if rule.until is None else condition(rule.until, step),
            )
            for rule in rules
        ],
        stale_after=ns(stale),
    )


@given(data=st.data(), situation=situations())
def test_a_condition_holds_where_a_loop_says_so(data: st.DataObject, situation: Any) -> None:
    """Alerts with their gates and pending times, and all other conditions, composed, at every bucket of every row."""
    evidence, rows, ev, target, width = situation
    step = evidence.rows[0].step
    spec = data.draw(specs(step))
    given_mask = condition(spec, step).holds(ev).reshape(len(rows), -1)
    for row, cells in zip(rows, given_mask.tolist(), strict=True):
        setting = Setting(row, target, width)
        assert cells == [holds(setting, spec, t) for t in range(len(row))], spec


@given(data=st.data(), situation=situations())
def test_a_service_that_goes_on_says_what_history_says(data: st.DataObject, situation: Any) -> None:
    """Judged up to any bucket and on from what that hands over, with evidence from before: the same codes."""
    evidence, _, ev, _, _ = situation
    step = evidence.rows[0].step
    rules = data.draw(rule_specs(step))
    policy = drawn_policy(rules, step, data.draw(st.sampled_from((step, 3 * step))))
    whole = policy.evaluate(ev)
    size = ev.timeline.size
    first = data.draw(st.integers(0, size))
    coded = policy.coded(policy.rules)
    codes, carry = transitions.step(ev, coded, policy.stale_after, policy.evaluate(ev).initial)
    assert np.array_equal(codes, whole.codes)
    assert carry == whole.carry
    parts, handed = [], whole.initial
    for begin, end in ((0, first), (first, size)):
        some, handed = transitions.step(_until(ev, end), coded, policy.stale_after, handed, first=begin)
        parts.append(some)
    assert np.array_equal(np.concatenate(parts, axis=-1), whole.codes)
    assert handed == whole.carry


def _until(ev: Evaluation, size: int) -> Evaluation:
    """Return the evaluation of the first buckets: what was known at the end of the last of them."""
    sums = ev._sums
    keep = attrs.evolve(sums.timeline, size=size)
    cut = attrs.evolve(
        sums,
        timeline=keep,
        bad=sums.bad.rows((..., slice(0, size + 1))),
        total=sums.total.rows((..., slice(0, size + 1))),
        observed=sums.observed.rows((..., slice(0, size + 1))),
        excluded=sums.excluded[..., :size],
        grid=ev.slo.window.grid(keep),
    )
    return attrs.evolve(ev, sums=cut)


@given(data=st.data(), situation=situations())
def test_states_are_those_of_a_walk_from_bucket_to_bucket(data: st.DataObject, situation: Any) -> None:
    """Holds, until, silence, suspicion and a known start: every code of every row."""
    evidence, rows, ev, target, width = situation
    step = evidence.rows[0].step
    rules = data.draw(rule_specs(step))
    stale = data.draw(st.sampled_from((step, step + 1, 3 * step, 100 * step)))
    initial = data.draw(st.sampled_from((-1, -1, 0, 1, 2, 3)))
    cells = ev.excluded.size
    drawn = data.draw(st.none() | st.lists(st.booleans(), min_size=cells, max_size=cells))
    doubts = None if drawn is None else np.array(drawn, dtype=np.bool_).reshape(ev.excluded.shape)
    policy = drawn_policy(rules, step, stale)
    history = policy.evaluate(ev, initial=None if initial == -1 else NAMES[initial], suspicious=doubts)
    assert history.codes.dtype == np.int8
    doubted = [None] * len(rows) if doubts is None else doubts.reshape(len(rows), -1).tolist()
    for row, codes, doubt in zip(rows, history.codes.reshape(len(rows), -1).tolist(), doubted, strict=True):
        assert codes == states(Setting(row, target, width), rules, stale, initial, doubt), rules
