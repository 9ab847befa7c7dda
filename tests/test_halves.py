"""Sums of counts beyond int64, from halves that cannot wrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit._kernels.halves import exact_sum, overflows

COUNTS = st.lists(
    st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=5
)


@given(COUNTS)
def test_sums_are_those_of_python_integers(rows: list[list[int]]) -> None:
    """Whatever the counts, along an axis and over all, and the answer whether int64 would have held them."""
    counts = np.array(rows, dtype=np.int64)
    truth = [sum(row) for row in rows]
    assert [int(v) for v in exact_sum(counts, axis=1)] == truth
    assert int(exact_sum(counts)) == sum(truth)
    over = overflows(lambda array: np.asarray(array.sum(axis=1)), counts)
    assert over.tolist() == [v >= 2**63 for v in truth]


@pytest.mark.parametrize("last", [2**62 - 1, 2**62])
def test_the_last_sum_that_fits_is_known_from_the_first_that_does_not(last: int) -> None:
    """2**63 - 1 events fit a bucket, one more does not."""
    counts = np.array([2**62, last])
    assert bool(overflows(lambda array: np.asarray(array.sum()), counts)) is (last == 2**62)
    assert int(exact_sum(counts)) == 2**62 + last


def test_the_sum_of_nothing_is_zero() -> None:
    """Counts without buckets have a sum too."""
    assert int(exact_sum(np.zeros((2, 0), np.int64))) == 0
