"""Runs along time equal a plain walk from cell to cell, in every row, for any leading shape and for none at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from slokit._kernels.runs import NEVER, bridged, held, last_true, lasting, latched, not_below_since, runs

UNKNOWN = -1
Row = Sequence[Any]
Bools = npt.NDArray[np.bool_]

shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=9)
masks = shapes.flatmap(lambda shape: hnp.arrays(np.bool_, shape))
counts = st.integers(0, 11)


def arrays(count: int, elements: Sequence[Any], dtype: Any) -> st.SearchStrategy[tuple[npt.NDArray[Any], ...]]:
    """Draw several arrays of one shape."""
    of = st.sampled_from(elements)
    return shapes.flatmap(lambda shape: st.tuples(*(hnp.arrays(dtype, shape, elements=of) for _ in range(count))))


def starts(data: st.DataObject, mask: npt.NDArray[Any], values: Sequence[Any], dtype: Any) -> Any:
    """Draw what was before the first cells: one value for all rows, or one for each."""
    if data.draw(st.booleans(), label="one for all"):
        return data.draw(st.sampled_from(values), label="before")
    return data.draw(hnp.arrays(dtype, (*mask.shape[:-1], 1), elements=st.sampled_from(values)), label="before")


def check(found: npt.NDArray[Any], loop: Callable[..., list[Any]], *arrays: Any) -> None:
    """Check every row against a loop that is handed the same rows, and one value for all as it is."""
    for index in np.ndindex(*found.shape[:-1]):
        rows = [array[index].tolist() if isinstance(array, np.ndarray) else [array] for array in arrays]
        assert found[index].tolist() == loop(*rows), index


# --- loops ------------------------------------------------------------------------------------------------------------


def last_by_hand(row: Row) -> list[int]:
    """Remember where the last true cell was."""
    found, last = [], -1
    for i, cell in enumerate(row):
        last = i if cell else last
        found.append(last)
    return found


def lasting_by_hand(row: Row, count: int) -> list[bool]:
    """Count true cells in a row."""
    found, length = [], 0
    for cell in row:
        length = length + 1 if cell else 0
        found.append(bool(cell) and length >= count)
    return found


def held_by_hand(row: Row, ago: int, count: int) -> list[bool]:
    """Look back at a cell and those before it, of which one before the first may be true."""
    past = [i + 1 == ago for i in range(20)][::-1]
    cells = [*past, *row]
    return [any(cells[i - max(count, 1) + 1 : i + 1]) for i in range(len(past), len(cells))]


def latched_by_hand(on: Row, off: Row, before: bool) -> list[bool]:
    """Set, clear, remember."""
    found, state = [], before
    for sets, clears in zip(on, off, strict=True):
        state = True if sets else False if clears else state
        found.append(state)
    return found


def bridged_by_hand(row: Row) -> list[int]:
    """Look for the nearest known cell to either side."""
    found = []
    for i, value in enumerate(row):
        before = next((v for v in reversed(row[:i]) if v != UNKNOWN), None)
        behind = next((v for v in row[i:] if v != UNKNOWN), None)
        found.append(before if value == UNKNOWN and before is not None and before == behind else value)
    return found


def not_below_by_hand(values: Row, fresh: Row, first: int) -> list[int]:
    """Remember the largest, and forget it at a fresh cell."""
    found, largest = [], first
    for value, begins in zip(values, fresh, strict=True):
        largest = value if begins else max(largest, value)
        found.append(largest)
    return found


# --- laws -------------------------------------------------------------------------------------------------------------


@given(mask=masks)
def test_last_true_is_the_latest_so_far(mask: Bools) -> None:
    """Its index, and -1 before the first."""
    check(last_true(mask), last_by_hand, mask)


@given(mask=masks, count=counts)
def test_lasting_is_so_many_in_a_row(mask: Bools, count: int) -> None:
    """A cell and those before it; before the data nothing was true."""
    found = lasting(mask, count)
    assert found.dtype == np.bool_
    check(found, lambda row: lasting_by_hand(row, count), mask)


@given(data=st.data(), mask=masks, count=counts)
def test_held_is_any_of_so_many(data: st.DataObject, mask: Bools, count: int) -> None:
    """A cell and those before it, also where the latest true one lies before the first."""
    ago = starts(data, mask, (1, 2, 3, 10, 11, 2**20, NEVER), np.int64)
    found = held(mask, count, ago=ago)
    assert found.shape == mask.shape
    assert found.dtype == np.bool_
    check(found, lambda row, was: held_by_hand(row, was[0], count), mask, ago)


@given(data=st.data(), pair=arrays(2, (False, True), np.bool_))
def test_a_latch_remembers(data: st.DataObject, pair: tuple[Bools, Bools]) -> None:
    """Set by the one, cleared by the other unless both are there, and as before until either is."""
    before = starts(data, pair[0], (False, True), np.bool_)
    found = latched(*pair, before=before)
    assert found.dtype == np.bool_
    check(found, lambda on, off, was: latched_by_hand(on, off, was[0]), *pair, before)


@given(codes=arrays(1, (UNKNOWN, UNKNOWN, 0, 1, 14), np.int8))
def test_a_bridge_needs_the_same_on_both_sides(codes: tuple[npt.NDArray[np.int8]]) -> None:
    """Unknown cells between two equal known ones are theirs, all others stay."""
    found = bridged(codes[0], UNKNOWN)
    assert found.dtype == np.int8
    check(found, bridged_by_hand, codes[0])


@given(data=st.data(), values=arrays(1, (0, 1, 2, 14), np.int8))
def test_nothing_falls_before_the_next_fresh_cell(data: st.DataObject, values: tuple[npt.NDArray[np.int8]]) -> None:
    """The largest since the last fresh cell; before the first of them no less than what was there."""
    fresh = data.draw(hnp.arrays(np.bool_, values[0].shape), label="fresh")
    first = starts(data, values[0], (0, 1, 14), np.int8)
    found = not_below_since(values[0], fresh, first)
    assert found.dtype == np.int8
    check(found, lambda row, new, was: not_below_by_hand(row, new, was[0]), values[0], fresh, first)


@given(mask=masks)
def test_runs_are_where_a_walk_finds_them(mask: Bools) -> None:
    """Row by row and in the order of time, each with its first cell and the one behind its last."""
    walked = []
    for i, index in enumerate(np.ndindex(*mask.shape[:-1])):
        row, start = [*mask[index].tolist(), False], None
        for cell, value in enumerate(row):
            if value and start is None:
                start = cell
            elif not value and start is not None:
                walked.append((i, start, cell))
                start = None
    found = runs(mask)
    assert list(zip(found.rows.tolist(), found.starts.tolist(), found.stops.tolist(), strict=True)) == walked


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3), (2, 0, 3), (0, 0)])
def test_where_there_is_no_cell_nothing_is_found(shape: tuple[int, ...]) -> None:
    """An empty timeline, or no series: the shape is kept, and there is no run."""
    none = np.zeros(shape, dtype=np.bool_)
    for found in (lasting(none, 3), held(none, 3, ago=1), latched(none, none, before=True), last_true(none)):
        assert found.shape == shape
    codes = none.astype(np.int8)
    assert bridged(codes, UNKNOWN).shape == not_below_since(codes, none, 0).shape == shape
    assert runs(none).rows.size == runs(none).starts.size == runs(none).stops.size == 0


def test_many_runs_do_not_lift_codes_out_of_reach() -> None:
    """Each fresh cell lifts what follows by 16: of thousands of them every code is still what it is."""
    values = np.tile(np.array([14, 0, 3], dtype=np.int8), 5_000)
    fresh = np.tile(np.array([True, False, True]), 5_000)
    assert not_below_since(values, fresh, 0).tolist() == [14, 14, 3] * 5_000
