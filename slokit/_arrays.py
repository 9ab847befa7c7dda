"""What callers bring as a column of numbers, made an array without losing any of it.

``np.asarray`` drops the mask of a masked array and so counts what somebody had marked as not to be counted, it takes a
generator for one object, and what it says of ragged lists names no argument. There is one door for all of them here.
"""

from __future__ import annotations

from collections.abc import Iterator, ValuesView
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit.errors import InvalidEvents, SlokitError, WrongType

__all__ = ["array_of", "listed", "refuse_masked"]


def array_of(
    values: Any, field: str, mend: str = "pass valid=~mask, or drop such rows", error: type[SlokitError] = InvalidEvents
) -> npt.NDArray[Any]:
    """Return values as an array of any shape and dtype, as a view where that is possible.

    Parameters
    ----------
    values
        Whatever numpy reads, or an iterator.
    field
        The name that an error message gives to the values.
    mend
        What to do about a masked array.
    error
        What to raise for values that are no regular array.

    Raises
    ------
    WrongType
        If they are a masked array, or rows of one.
    SlokitError
        Of the class given, if rows differ in length or a number fits no array.

    Examples
    --------
    >>> array_of((number**2 for number in (1, 2, 3)), "values")
    array([1, 4, 9])
    """
    refuse_masked(values, field, mend)
    values = listed(values)
    try:
        array = np.asarray(values)
    except (OverflowError, TypeError, ValueError) as wrong:
        raise error(f"{field} must be one regular array: {wrong}") from None
    if array.ndim > 1:
        _refuse_masked_rows(values, field, mend, array.ndim - 1)
    return array


def listed(values: Any) -> Any:
    """Return what an iterator holds as a list, and anything else as it is.

    Examples
    --------
    >>> listed(iter("ab")), listed("ab")
    (['a', 'b'], 'ab')
    """
    return list(values) if isinstance(values, Iterator | ValuesView) else values


def refuse_masked(values: object, field: str, mend: str) -> None:
    """Refuse a masked array, whose mask numpy would drop without a word.

    Raises
    ------
    WrongType
        If it is one.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise WrongType(f"{field} must not be a masked array; {mend}")


def _refuse_masked_rows(values: object, field: str, mend: str, depth: int) -> None:
    """Look for masked arrays in lists of rows; the lowest lists hold numbers and are not looked at."""
    if isinstance(values, list | tuple) and depth:
        for index, row in enumerate(values):
            refuse_masked(row, f"{field}[{index}]", mend)
            _refuse_masked_rows(row, f"{field}[{index}]", mend, depth - 1)
