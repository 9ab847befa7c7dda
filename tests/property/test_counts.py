"""The algebra of counts: what must hold whatever the evidence."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from slokit import Counts
from slokit.errors import InvalidCounts, InvalidTimeline
from slokit.timeline import Timeline, duration_text
from tests.strategies import counts, shards, timelines

Cell = tuple[str, int, int]
"""A bucket as the brute force knows it: its state, bad events, all events."""

HOLE: Cell = ("hole", 0, 0)


def cells(c: Counts) -> dict[tuple[tuple[str, ...], int], Cell]:
    """Return each bucket by its labels and its first instant."""
    found = {}
    for index in product(*(range(len(axis.labels)) for axis in c.axes)):
        labels = tuple(axis.labels[i] for axis, i in zip(c.axes, index, strict=True))
        for k in range(c.timeline.size):
            at = (*index, k)
            state = "excluded" if c.excluded[at] else "seen" if c.observed[at] else "hole"
            found[labels, c.timeline.start + k * c.timeline.step] = (state, int(c.bad[at]), int(c.total[at]))
    return found


def joined(some: list[Cell], order: list[str]) -> Cell:
    """Join buckets: the greatest state wins, and only what was seen and is not overruled counts."""
    state = max((cell[0] for cell in some), key=order.index, default="hole")
    if state != "seen":
        return (state, 0, 0)
    return (state, sum(cell[1] for cell in some), sum(cell[2] for cell in some))


MERGED = ["hole", "seen", "excluded"]
REDUCED = ["hole", "excluded", "seen"]


def empty_like(c: Counts) -> Counts:
    """Return what adding to these counts must start from."""
    epoch = np.datetime64(c.timeline.phase, "ns")
    return Counts.empty(start=epoch, step=duration_text(c.timeline.step), labels=dict(c.labels) or None)


# --- merging --------------------------------------------------------------------------------------------------------


@given(shards(2, excluded=True))
def test_merging_is_bucket_by_bucket(parts: list[Counts]) -> None:
    """Each bucket of the union holds what both know of it; where neither was looking it is a hole."""
    a, b = parts
    merged, of_a, of_b = cells(a + b), cells(a), cells(b)
    assert set(merged) >= set(of_a) | set(of_b)
    for key, cell in merged.items():
        assert cell == joined([of_a.get(key, HOLE), of_b.get(key, HOLE)], MERGED)
    held = [c.timeline for c in parts if c.timeline.size]
    if held:
        union = (a + b).timeline
        assert union.start == min(t.start for t in held)
        assert union.end == max(t.end for t in held)


@given(shards(2, excluded=True))
def test_merging_is_commutative(parts: list[Counts]) -> None:
    """The order of two shards says nothing."""
    a, b = parts
    assert a + b == b + a


@given(shards(3, excluded=True))
def test_merging_is_associative(parts: list[Counts]) -> None:
    """The grouping of shards says nothing."""
    a, b, c = parts
    assert (a + b) + c == a + (b + c) == sum(parts)


@given(counts(excluded=True))
def test_empty_counts_are_the_identity(c: Counts) -> None:
    """Adding counts without a bucket changes nothing; neither does the 0 that sum() starts from."""
    assume(c.timeline.size or c.timeline.start >= 0)
    assert c + empty_like(c) == c == empty_like(c) + c
    assert 0 + c == c == sum([c])


@given(counts(largest=2**62), st.data())
def test_an_overflow_is_refused_and_never_wrapped(c: Counts, data: st.DataObject) -> None:
    """Merging answers with the sum in Python's integers, or refuses where a bucket could not hold it."""
    other = data.draw(counts(c.timeline, c.axes, largest=2**63 - 1))
    true = [int(a) + int(b) for a, b in zip(c.total.flat, other.total.flat, strict=True)]
    if max(true, default=0) < 2**63:
        assert [int(n) for n in (c + other).total.flat] == true
    else:
        with pytest.raises(InvalidCounts, match=r"2\*\*63"):
            c + other


@given(counts(), st.data())
def test_other_steps_phases_and_axes_are_refused(c: Counts, data: st.DataObject) -> None:
    """Counts that do not fit are an error, whatever they hold."""
    step, phase = c.timeline.step, c.timeline.phase
    wider = data.draw(counts(data.draw(timelines(step * 2)), c.axes))
    with pytest.raises(InvalidTimeline, match="one step and phase"):
        c + wider
    if step > 1:
        shifted = data.draw(counts(data.draw(timelines(step, phase + 1)), c.axes))
        with pytest.raises(InvalidTimeline, match="one step and phase"):
            c + shifted
    if c.axes:
        with pytest.raises(InvalidCounts, match="same axes"):
            c + c.sum(c.axes[0].name)


# --- reducing -------------------------------------------------------------------------------------------------------


@given(counts(excluded=True), st.integers(1, 5))
def test_resampling_is_bucket_by_bucket(c: Counts, factor: int) -> None:
    """A wide bucket is judged on what is left of it, and its edges lie at phase + k * step."""
    old, wide = c.timeline, resampled(c, factor)
    assert wide.timeline.step == old.step * factor
    assert (wide.timeline.start - old.phase) % wide.timeline.step == 0
    groups: dict[tuple[tuple[str, ...], int], list[Cell]] = {}
    for (labels, at), cell in cells(c).items():
        start = at - (at - old.phase) % wide.timeline.step
        groups.setdefault((labels, start), []).append(cell)
    assert cells(wide) == {key: joined(group, REDUCED) for key, group in groups.items()}


def resampled(c: Counts, factor: int) -> Counts:
    """Return the counts in buckets so many times as wide."""
    return c.resample(np.timedelta64(c.timeline.step * factor, "ns"))


@given(counts(excluded=True), st.integers(1, 4), st.integers(1, 4))
def test_resampling_composes(c: Counts, first: int, second: int) -> None:
    """In two steps as in one."""
    assert resampled(resampled(c, first), second) == resampled(c, first * second)


@given(shards(2), st.integers(1, 4))
def test_resampling_and_merging_commute(parts: list[Counts], factor: int) -> None:
    """Shards may be made coarser before they are added or after, where nothing is excluded."""
    a, b = parts
    assume(a.timeline.size and b.timeline.size)
    both = resampled(a, factor) + resampled(b, factor)
    assert resampled(a + b, factor) == both


@given(shards(2))
def test_summing_and_merging_commute(parts: list[Counts]) -> None:
    """Series may be summed before shards are added or after, where nothing is excluded."""
    a, b = parts
    assume(a.timeline.size and b.timeline.size)
    assert (a + b).sum() == a.sum() + b.sum()


@given(counts(excluded=True))
def test_summing_is_bucket_by_bucket(c: Counts) -> None:
    """A sum is seen where any series is, and excluded where all that was observed is."""
    for axis in c.axes:
        at = c.axes.index(axis)
        groups: dict[tuple[tuple[str, ...], int], list[Cell]] = {}
        for (labels, start), cell in cells(c).items():
            groups.setdefault((labels[:at] + labels[at + 1 :], start), []).append(cell)
        assert cells(c.sum(axis.name)) == {key: joined(group, REDUCED) for key, group in groups.items()}


@given(counts(excluded=True), st.integers(1, 4))
def test_summing_and_resampling_commute(c: Counts, factor: int) -> None:
    """Both take the same greatest state, so their order says nothing, and neither does the order of the axes."""
    assert resampled(c.sum(), factor) == resampled(c, factor).sum()
    assert c.sum() == c.sum(*reversed([axis.name for axis in c.axes]))


# --- cutting and stretching -----------------------------------------------------------------------------------------


@given(counts(excluded=True), st.integers(-2, 10))
def test_what_is_cut_apart_adds_up_again(c: Counts, at: int) -> None:
    """Two pieces on either side of any edge make the whole."""
    edge = np.datetime64(c.timeline.start + at * c.timeline.step, "ns")
    before, behind = c.between(end=edge), c.between(start=edge)
    assert before.timeline.size + behind.timeline.size == c.timeline.size
    if c.timeline.size:
        assert before + behind == c


@given(counts(excluded=True), st.integers(-9, 3), st.integers(-3, 9), st.data())
def test_extending_only_adds_holes(c: Counts, before: int, behind: int, data: st.DataObject) -> None:
    """Nothing that was there changes; what is new is whole buckets, and unobserved."""
    old = c.timeline
    inside = data.draw(st.integers(0, old.step - 1))
    since, until = old.start + before * old.step - inside, old.end + behind * old.step + inside
    wide = c.extend(since=np.datetime64(since, "ns"), until=np.datetime64(until, "ns"))
    assert wide.between(np.datetime64(old.start, "ns"), np.datetime64(old.end, "ns")) == c
    assert wide.timeline.start == old.start + min(before, 0) * old.step
    assert wide.timeline.end == old.end + max(behind, 0) * old.step
    assert {cell for key, cell in cells(wide).items() if key not in cells(c)} <= {HOLE}


@given(counts(excluded=True), st.data())
def test_selecting_is_indexing_by_name(c: Counts, data: st.DataObject) -> None:
    """A label picks the row that it names, on any axis, and a list keeps the axis."""
    for at, axis in enumerate(c.axes):
        label = data.draw(st.sampled_from(axis.labels))
        one = cells(c.sel(**{axis.name: label}))
        several = cells(c.sel(**{axis.name: [label]}))
        assert several == {key: cell for key, cell in cells(c).items() if key[0][at] == label}
        assert one == {((*key[0][:at], *key[0][at + 1 :]), key[1]): cell for key, cell in several.items()}
    if c.axes:
        rows = list(c)
        assert rows == [c[i] for i in range(len(rows))] == [c.sel(tenant=label) for label in c.axes[0].labels]
        assert c[1:].axes[0].labels == c.axes[0].labels[1:]


# --- being a value --------------------------------------------------------------------------------------------------


@given(counts(excluded=True))
def test_case_37_copies_are_equal_and_cannot_be_written_to(c: Counts) -> None:
    """copy, deepcopy and pickle give equal counts, still read-only, and a mask of one value stays small."""
    for twin in (copy.copy(c), copy.deepcopy(c), pickle.loads(pickle.dumps(c))):
        assert twin == c
        assert not any(array.flags.writeable for array in arrays(twin))
    assert c != resampled(c, 2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(c)


def arrays(c: Counts) -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    """Return all arrays that counts show."""
    yield from (c.bad, c.total, c.good, c.observed, c.excluded)


@given(counts(excluded=True), st.data())
def test_counts_that_differ_anywhere_are_unequal(c: Counts, data: st.DataObject) -> None:
    """One event, one hole or one nanosecond more is another value."""
    if c.total.size:
        index = data.draw(st.sampled_from(list(np.ndindex(*c.shape))))
        total, observed, excluded = c.total.copy(), c.observed.copy(), c.excluded.copy()
        if excluded[index]:
            excluded[index] = False
        elif observed[index]:
            total[index] += 1
        else:
            observed[index] = True
        assert c != Counts(
            timeline=c.timeline, axes=c.axes, bad=c.bad, total=total, observed=observed, excluded=excluded
        )
    t = c.timeline
    moved = Timeline(t.start + 1, t.step, t.size)
    assert c != Counts(timeline=moved, axes=c.axes, bad=c.bad, total=c.total, observed=c.observed, excluded=c.excluded)


@given(counts(excluded=True), st.integers(1, 4))
def test_every_operation_keeps_the_invariants(c: Counts, factor: int) -> None:
    """What comes out of any operation would pass the door again, is contiguous and read-only."""
    operations: list[Callable[[], Counts]] = [
        lambda: c + c,
        lambda: resampled(c, factor),
        c.sum,
        lambda: c.extend(until=np.datetime64(c.timeline.end + 3 * c.timeline.step, "ns")),
        lambda: c.between(end=np.datetime64(c.timeline.start + c.timeline.step, "ns")),
        lambda: c[::-1] if c.axes else c,
    ]
    for operation in operations:
        new = operation()
        again = Counts(
            timeline=new.timeline,
            axes=new.axes,
            bad=new.bad,
            total=new.total,
            observed=new.observed,
            excluded=new.excluded,
        )
        assert again == new
        for array in arrays(new):
            assert not array.flags.writeable
            assert array.flags.c_contiguous or not any(array.strides)
