"""Interval sets: one canonical form, half-open."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from slokit.errors import InvalidInstant, InvalidInterval, WrongType
from slokit.intervals import IntervalSet, parse_edge, span_text
from slokit.timeline import Timeline

HOUR = 3_600_000_000_000
LAST = 2**63 - 1


def test_spans_that_overlap_or_touch_are_one() -> None:
    """Sorted, disjoint and not touching: the one form of a set of instants."""
    assert IntervalSet.of([(5, 9), (0, 3), (3, 4), (8, 12), (20, 21), (0, 2)]).spans == ((0, 4), (5, 12), (20, 21))


def test_a_span_of_no_length_holds_nothing() -> None:
    """It is dropped, wherever it lies; so the set without instants has one form."""
    assert IntervalSet.of([(5, 5)]) == IntervalSet.empty() == IntervalSet()
    assert not IntervalSet.of([(5, 5)])


def test_a_reversed_span_is_refused_with_its_index() -> None:
    """Swapped ends are a mistake, not an empty span."""
    with pytest.raises(InvalidInterval, match=r"spans\[1\] must not end before it starts.*swap its ends"):
        IntervalSet.of([(0, 1), ("2026-01-02T00:00Z", "2026-01-01T00:00Z")])


def test_a_span_owns_its_start_and_not_its_end() -> None:
    """Half-open, to the nanosecond."""
    held = IntervalSet.of([(10, 20), (30, 40)])
    assert [at for at in (9, 10, 19, 20, 29, 30, 39, 40) if held.contains(at)] == [10, 19, 30, 39]
    assert "1970-01-01T00:00:00.000000010Z" in held
    assert datetime(1970, 1, 1, tzinfo=UTC) not in held


def test_instants_of_every_kind_make_the_same_set() -> None:
    """Text, aware datetimes, datetime64 and nanoseconds mean one instant."""
    end = parse_edge("1970-01-01T02:00Z")
    kinds: list[Any] = [
        "1970-01-01T01:00Z",
        datetime(1970, 1, 1, 1, tzinfo=UTC),
        np.datetime64(HOUR, "ns"),
        HOUR,
        np.int64(HOUR),
    ]
    assert {IntervalSet.of([(kind, end)]) for kind in kinds} == {IntervalSet.of([(HOUR, 2 * HOUR)])}


@pytest.mark.parametrize(
    "spans",
    ["ab", 3, [3], ["ab"], [(1, 2, 3)], [(1,)], [(True, 2)], [(np.timedelta64(1, "s"), 2)], [(1.5, 2)], [(None, 2)]],
)
def test_what_is_no_pair_of_instants_is_a_wrong_type(spans: object) -> None:
    """Text of two letters is not a pair, a bool no instant, and a float holds no nanoseconds."""
    with pytest.raises(WrongType):
        IntervalSet.of(spans)  # type: ignore[arg-type]


def test_naive_times_and_centuries_out_of_range_are_refused() -> None:
    """The message names the end of the span it is about."""
    with pytest.raises(InvalidInstant, match=r"start of spans\[0\] must name a time zone"):
        IntervalSet.of([("2026-01-01", "2026-01-02T00:00Z")])
    with pytest.raises(InvalidInterval, match=r"end of spans\[0\] must lie between the years 1677 and 2262"):
        IntervalSet.of([(0, 2**63)])


def test_the_algebra_on_an_example() -> None:
    """Union, intersection, difference and complement of two sets that interleave."""
    a, b = IntervalSet.of([(0, 10), (20, 30)]), IntervalSet.of([(5, 25)])
    assert (a | b).spans == ((0, 30),)
    assert (a & b).spans == ((5, 10), (20, 25))
    assert (a - b).spans == ((0, 5), (25, 30))
    assert (~b).spans == ((-LAST, 5), (25, LAST))
    assert a.clip(8, 22).spans == ((8, 10), (20, 22))
    assert a.duration == 20
    assert len(a) == 2
    assert list(a) == [(0, 10), (20, 30)]


def test_all_of_time_is_the_complement_of_nothing() -> None:
    """The ends of time are where int64 nanoseconds end."""
    assert ~IntervalSet.empty() == IntervalSet.full()
    assert ~IntervalSet.full() == IntervalSet.empty()
    assert IntervalSet.full().duration == 2 * LAST


def test_a_set_combines_with_sets_only() -> None:
    """A list of spans beside an operator is a TypeError, as for Python's own sets."""
    for operation in ("__or__", "__and__", "__sub__"):
        assert getattr(IntervalSet.empty(), operation)([(0, 1)]) is NotImplemented
    with pytest.raises(TypeError, match="unsupported operand"):
        IntervalSet.empty() | [(0, 1)]  # type: ignore[operator]


def test_a_set_is_a_value() -> None:
    """Equal by its instants, hashable, immutable, copied and pickled as itself."""
    a, b = IntervalSet.of([(0, 1), (1, 2)]), IntervalSet.of([(0, 2)])
    assert a == b
    assert hash(a) == hash(b)
    assert copy.deepcopy(a) == pickle.loads(pickle.dumps(a)) == copy.copy(a) == a
    assert a != object()
    with pytest.raises(AttributeError):
        a.spans = ()  # type: ignore[misc]


def test_buckets_are_touched_outward() -> None:
    """A span takes every bucket it meets, however little; one that ends on an edge leaves the next alone."""
    timeline = Timeline(100, 10, 5)
    assert IntervalSet.of([(109, 111)]).bucket_mask(timeline).tolist() == [True, True, False, False, False]
    assert IntervalSet.of([(110, 120)]).bucket_mask(timeline).tolist() == [False, True, False, False, False]
    assert IntervalSet.of([(0, 100), (150, 160)]).bucket_mask(timeline).tolist() == [False] * 5
    assert IntervalSet.full().bucket_mask(timeline).all()
    assert IntervalSet.full().bucket_mask(Timeline(0, 10, 0)).shape == (0,)


def test_buckets_at_the_rim_of_time_do_not_wrap() -> None:
    """The distance from 1677 to 2262 is more than int64 holds; the mask is right all the same."""
    timeline = Timeline(-LAST, 1_000, 3)
    assert IntervalSet.of([(LAST - 1, LAST)]).bucket_mask(timeline).tolist() == [False] * 3
    assert IntervalSet.of([(-LAST + 1_500, LAST)]).bucket_mask(timeline).tolist() == [False, True, True]


def test_a_set_prints_short() -> None:
    """Three spans at most, then how many and how long; no date twice, no idle seconds, open where time ends."""
    assert repr(IntervalSet.empty()) == "IntervalSet()"
    assert repr(~IntervalSet.of([(0, HOUR)])) == "IntervalSet(..1970-01-01T00:00Z, 1970-01-01T01:00Z..)"
    many = IntervalSet.of([(k * 4 * HOUR, k * 4 * HOUR + HOUR) for k in range(5)])
    assert repr(many).endswith("1970-01-01T08:00Z..09:00Z, … 5 spans, 5h in all)")
    assert span_text(1_000_000_000, 2_500_000_000) == "1970-01-01T00:00:01Z..00:00:02.5Z"
