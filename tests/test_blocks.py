"""Blocks and threads: how arrays are shared out."""

from __future__ import annotations

import threading

import pytest

from slokit._kernels.blocks import in_threads, row_blocks


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("guilty", [0, 4])
def test_an_exception_of_a_worker_reaches_the_caller(threads: int, guilty: int) -> None:
    """Else a part of the result would be whatever the memory held."""

    def work(rows: slice) -> None:
        if rows.start <= guilty < rows.stop:
            raise MemoryError("no scratch")

    with pytest.raises(MemoryError, match="no scratch"):
        in_threads(work, 5, threads)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_each_row_is_worked_on_once(rows: int, threads: int) -> None:
    """However many threads share them, and none is left behind."""
    before = threading.active_count()
    done: list[int] = []

    def work(part: slice) -> None:
        done.extend(range(part.start, part.stop))

    in_threads(work, rows, threads)
    assert sorted(done) == list(range(rows))
    assert threading.active_count() == before


@pytest.mark.parametrize(("size", "height"), [(10, 3), (30, 1), (1000, 1), (0, 7)])
def test_blocks_are_whole_rows_of_about_so_many_cells(size: int, height: int) -> None:
    """At least one row, and together all of them."""
    blocks = list(row_blocks(slice(2, 9), size, 30))
    assert [row for block in blocks for row in range(block.start, block.stop)] == list(range(2, 9))
    assert blocks[0].stop - blocks[0].start == height
