"""The laws of interval sets, and what a set of integers says of each operation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slokit.intervals import IntervalSet
from slokit.timeline import Timeline

SIZE = 24
spans = st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(lambda pair: (min(pair), max(pair)))
span_lists = st.lists(spans, max_size=6)
EMPTY, FULL = IntervalSet.empty(), IntervalSet.full()


def sets() -> st.SearchStrategy[IntervalSet]:
    """Return small sets and their complements, which reach to the ends of time."""
    return st.builds(lambda pairs, flip: ~IntervalSet(pairs) if flip else IntervalSet(pairs), span_lists, st.booleans())


def members(held: IntervalSet) -> set[int]:
    """Return which instants around the small ones the set says it holds."""
    return {at for at in range(-2, SIZE + 2) if held.contains(at)}


@given(pairs=span_lists)
def test_a_set_holds_what_its_spans_hold(pairs: list[tuple[int, int]]) -> None:
    """Membership, duration and the canonical form, against the set of all integers in the spans."""
    held, wanted = IntervalSet(pairs), {at for start, end in pairs for at in range(start, end)}
    assert members(held) == wanted
    assert held.duration == len(wanted)
    edges = [edge for span in held for edge in span]
    assert edges == sorted(set(edges)), "sorted, disjoint, never touching, none empty"


@given(a=sets(), b=sets())
def test_operations_are_those_of_sets_of_instants(a: IntervalSet, b: IntervalSet) -> None:
    """Union, intersection, difference, complement and clipping, instant by instant."""
    world = members(FULL)
    assert members(a | b) == members(a) | members(b)
    assert members(a & b) == members(a) & members(b)
    assert members(a - b) == members(a) - members(b)
    assert members(~a) == world - members(a)
    assert members(a.clip(3, 9)) == members(a) & set(range(3, 9))


@given(a=sets(), b=sets(), c=sets())
def test_the_algebra_keeps_its_laws(a: IntervalSet, b: IntervalSet, c: IntervalSet) -> None:
    """Associative, commutative, distributive, idempotent, absorbing; complements and De Morgan; as equal values."""
    assert a | (b | c) == (a | b) | c
    assert a & (b & c) == (a & b) & c
    assert (a | b, a & b) == (b | a, b & a)
    assert a & (b | c) == (a & b) | (a & c)
    assert a | (b & c) == (a | b) & (a | c)
    assert a | a == a & a == a
    assert a | (a & b) == a & (a | b) == a
    assert (a | EMPTY, a & FULL, a | FULL, a & EMPTY) == (a, a, FULL, EMPTY)
    assert (a | ~a, a & ~a, ~~a) == (FULL, EMPTY, a)
    assert ~(a | b) == ~a & ~b
    assert a - b == a & ~b
    assert (a | b).duration == a.duration + b.duration - (a & b).duration


@given(pairs=span_lists, shuffled=st.randoms(use_true_random=False))
def test_one_set_has_one_form(pairs: list[tuple[int, int]], shuffled: object) -> None:
    """Order, repetition and cutting of the spans do not show: equal sets are equal values with equal hashes."""
    held = IntervalSet(pairs)
    pieces = [(at, at + 1) for start, end in pairs for at in range(start, end)] + pairs
    shuffled.shuffle(pieces)  # type: ignore[attr-defined]
    again = IntervalSet(pieces)
    assert again == held
    assert hash(again) == hash(held)


@given(held=sets(), start=st.integers(-5, SIZE), step=st.integers(1, 7), size=st.integers(0, 9))
def test_a_bucket_is_touched_where_it_shares_an_instant(held: IntervalSet, start: int, step: int, size: int) -> None:
    """Rounded outward: one instant of the bucket is enough, none is not."""
    wanted = [any(held.contains(start + k * step + at) for at in range(step)) for k in range(size)]
    assert held.bucket_mask(Timeline(start, step, size)).tolist() == wanted
