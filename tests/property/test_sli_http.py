"""Requests against brute force: sets of statuses, and fractions for the seconds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slokit.sli import SLI, StatusRule

statuses = st.integers(100, 999)
Parts = list[tuple[int, ...]]
spans = st.lists(st.tuples(statuses, statuses).map(lambda pair: tuple(sorted(pair))), min_size=1, max_size=4)
edges = st.sampled_from((Fraction(1, 5), Fraction("0.3"), Fraction(1, 10**9), Fraction(7)))


def named(parts: Parts) -> set[int]:
    """Return the statuses that ranges name."""
    return {status for low, high in parts for status in range(low, high + 1)}


def written(parts: Parts) -> str:
    """Write ranges as people may."""
    return ", ".join(f"{low}-{high}" for low, high in parts)


@given(parts=spans)
def test_a_rule_is_the_union_of_its_parts(parts: Parts) -> None:
    """Whatever their order and overlap, one by one and as an array; and its text is read as itself."""
    rule = StatusRule(written(parts))
    every = np.arange(100, 1000)
    assert {status for status in range(100, 1000) if rule.is_bad(status)} == named(parts)
    assert set(every[rule.are_bad(every, "status")].tolist()) == named(parts)
    assert StatusRule(rule.text) == rule


@given(one=spans, other=spans)
def test_rules_are_equal_exactly_if_their_statuses_are(one: Parts, other: Parts) -> None:
    """Of any two; the text too, and then the hash."""
    same = named(one) == named(other)
    assert (StatusRule(written(one)) == StatusRule(written(other))) is same
    assert (StatusRule(written(one)).text == StatusRule(written(other)).text) is same


@given(
    parts=spans,
    latency=edges,
    requests=st.lists(
        st.tuples(statuses, st.floats(0, 10) | st.sampled_from((0.2, 0.3, 1e-9, 7.0, float("nan"))), st.booleans()),
        max_size=12,
    ),
)
def test_a_request_is_good_exactly_if_both_its_faces_are(
    parts: Parts, latency: Fraction, requests: list[tuple[int, float, bool]]
) -> None:
    """Among those that count; NaN only where the status is bad already, or the request does not count."""
    bad = named(parts)
    requests = [(s, 0.1 if counts and s not in bad and t != t else t, counts) for s, t, counts in requests]
    sli = SLI.http("x", latency=latency, bad=written(parts))
    expected = [s not in bad and Fraction(repr(t)) < latency for s, t, counts in requests if counts]
    columns = {"status": [s for s, _, _ in requests], "seconds": [t for _, t, _ in requests]}
    valid = np.array([counts for _, _, counts in requests], dtype=bool)
    counts = sli.count(np.arange(len(requests)), columns, step="1h", time_unit="s", valid=valid)
    assert int(counts.good.sum()) == sum(expected)
    assert int(counts.total.sum()) == len(expected)
    singles = [sli.is_good({"status": s, "seconds": t}) for s, t, counts in requests if counts]
    assert singles == expected
