"""The door for what callers bring as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slokit._arrays import array_of, listed
from slokit.errors import InvalidCounts, InvalidEvents, WrongType

HIDDEN = np.ma.masked_array([1, 2], [False, True])


@pytest.mark.parametrize(
    ("values", "where"),
    [(HIDDEN, "x"), ([[3, 4], HIDDEN], r"x\[1\]"), ([[HIDDEN], [[3, 4]]], r"x\[0\]\[0\]"), (iter([HIDDEN]), r"x\[0\]")],
)
def test_a_mask_is_found_at_any_depth(values: Any, where: str) -> None:
    """np.asarray drops masks of rows too."""
    with pytest.raises(WrongType, match=f"^{where} must not be a masked array; mend it$"):
        array_of(values, "x", "mend it")


def test_what_is_no_array_is_refused_by_its_name() -> None:
    """Ragged rows are numpy's ValueError, in our words and our class."""
    with pytest.raises(InvalidEvents, match=r"^x must be one regular array: "):
        array_of([[1], [1, 2]], "x")
    with pytest.raises(InvalidCounts):
        array_of([[1], [1, 2]], "x", "", InvalidCounts)


def test_an_array_stays_a_view() -> None:
    """Columns of millions are not copied at the door."""
    column = np.arange(3)
    assert array_of(column, "x") is column


def test_iterators_are_listed_and_nothing_else() -> None:
    """A text is no sequence of letters, and a dict no sequence of keys; its values are."""
    assert listed({"a": 1}.values()) == [1]
    assert listed(map(int, "12")) == [1, 2]
    for value in ("ab", {"a": 1}, None, 5):
        assert listed(value) is value
