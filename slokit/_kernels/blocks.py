"""Blocks: how a large array is cut so that what is read once stays in the cache until it is used up.

5,000 rows of 1,440 buckets took 20.5 ns a bucket row by row (the calls cost more than the work) and 4.6 in
blocks; whole arrays at once lose the cache instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

__all__ = ["CELLS", "in_threads", "row_blocks"]

CELLS = 2**16
"""Cells a block aims at: with two arrays of scratch a megabyte and a half. A longer row is a block of its own."""


def row_blocks(rows: slice, size: int, cells: int = CELLS) -> Iterator[slice]:
    """Yield slices of whole rows, at least one and otherwise about ``cells`` cells each."""
    many = max(1, cells // max(size, 1))
    for first in range(rows.start, rows.stop, many):
        yield slice(first, min(first + many, rows.stop))


def in_threads(work: Callable[[slice], None], rows: int, threads: int) -> None:
    """Share rows among threads that are gone when this returns; numpy lets go of the GIL inside.

    Each thread gets one run of rows, so that ``work`` can make its scratch once: memory fresh from the system is
    slower to touch than the arithmetic done in it (20 ns a bucket instead of 3).
    """
    if threads <= 1 or rows <= 1:
        work(slice(0, rows))
        return
    # Imported late: only calls that ask for threads pay for it.
    from concurrent.futures import ThreadPoolExecutor

    share = -(-rows // threads)
    with ThreadPoolExecutor(threads) as pool:
        parts = [slice(first, min(first + share, rows)) for first in range(0, rows, share)]
        for done in [pool.submit(work, part) for part in parts]:
            done.result()
