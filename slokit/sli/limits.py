"""Numbers held against exact bounds, in the precision that the numbers really have.

A bound is a rational, as people write it: ``0.2`` is one fifth. A value is what a measurement left behind,
and each kind of it has its own honest comparison:

- An **integer** is exact, so it is compared exactly, also beyond 2**53 where a detour through doubles would
  round it. ``v < p/q`` over integers is ``v <= ceil(p/q) - 1``: one integer comparison.
- A **float** stands for whatever was rounded to it. The double that prints as 0.2 lies a little above one
  fifth, but whoever measured 0.2 meant 0.2; so a float is compared with the float *of its own precision* that
  lies nearest to the bound. It equals the bound exactly if the bound, too, is rounded to it. (Turning each
  value into its shortest decimal gives the same verdicts for bounds of up to 15 digits, at a thousand times
  the cost.)
- A **timedelta64** is an integer count of its unit, so the bound is brought into that unit, never the values.

NaN and the infinities are refused with their index rather than called bad: whether a measurement that failed
counts at all is the indicator's ``valid=``, not the comparison's business.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._arrays import array_of, listed
from slokit.errors import InvalidEvents, WrongType
from slokit.timeline import NUMPY_UNITS, timedelta_ns

__all__ = ["BoolArray", "Limits", "flags", "is_single", "numbers", "plain_array", "refuse"]

BoolArray = npt.NDArray[np.bool_]


@attrs.frozen
class Limits:
    """The span of values that are good: from ``low`` to ``high``, either of which may be missing.

    Parameters
    ----------
    low, high
        The bounds, exact; None where the span is open to that side.
    strict
        Whether a value on a bound is outside. One answer for both sides is all that thresholds need.
    nanoseconds
        What one unit of the bounds is worth, if they are lengths of time; else None.

    Examples
    --------
    >>> limits = Limits(None, Fraction("0.2"), strict=True, nanoseconds=10**9)
    >>> limits.admit(np.array([0.1, 0.2, 0.3]), "values")
    array([ True, False, False])
    >>> limits.admit(np.array([199, 200], dtype="timedelta64[ms]"), "values")
    array([ True, False])
    """

    low: Fraction | None
    high: Fraction | None
    strict: bool
    nanoseconds: int | None = None
    # What the bounds mean to a double and to an integer, worked out once: a service asks one value at a time.
    _doubles: tuple[float, float] = attrs.field(init=False, eq=False, repr=False)
    _integers: tuple[int | None, int | None] = attrs.field(init=False, eq=False, repr=False)

    @_doubles.default
    def _nearest_doubles(self) -> tuple[float, float]:
        # Division of Python integers rounds correctly, and so does float() of a Fraction.
        return (-math.inf if self.low is None else float(self.low), math.inf if self.high is None else float(self.high))

    @_integers.default
    def _nearest_integers(self) -> tuple[int | None, int | None]:
        return _closed(self.low, self.high, strict=self.strict)

    def admit_one(self, value: float | int, field: str) -> bool:
        """Say whether one Python number is within; the same answer as :meth:`admit`, without an array."""
        if type(value) is int:
            low, high = self._integers
            return (low is None or low <= value) and (high is None or value <= high)
        if not math.isfinite(value):
            raise _not_finite(field, value)
        least, most = self._doubles
        return least < value < most if self.strict else least <= value <= most

    def admit(self, values: npt.NDArray[Any], field: str, where: BoolArray | None = None) -> BoolArray:
        """Say which values are within.

        Parameters
        ----------
        values
            Integers, floats or timedelta64, any shape.
        field
            The name that an error message gives to the values.
        where
            Which values are to be judged, same shape; the others may be anything. None: all.

        Returns
        -------
        ndarray of bool
            A new array of the same shape; what ``where`` leaves out is not masked away here.

        Raises
        ------
        InvalidEvents
            If a value to be judged is NaN, infinite or NaT; the message gives its index.
        WrongType
            If lengths of time are held against bounds that are not.
        """
        if values.dtype.kind == "m":
            refuse(np.isnat(values), where, values, field)
            return _between(values.view(np.int64), *self._in_unit_of(values.dtype, field), strict=False)
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            if not finite.all():
                refuse(~finite, where, values, field)
            with np.errstate(over="ignore"):  # a bound beyond the range of float16 is rightly infinite there
                low, high = (None if b is None else values.dtype.type(float(b)) for b in (self.low, self.high))
            return _between(values, low, high, strict=self.strict)
        return _between(values, *self._integers, strict=False)

    def _in_unit_of(self, dtype: np.dtype[Any], field: str) -> tuple[int | None, int | None]:
        """Return the bounds as closed integer bounds in the unit of a timedelta64."""
        unit, count = np.datetime_data(dtype)
        if self.nanoseconds is None:
            raise WrongType(
                f"{field} are lengths of time (dtype {dtype}), but the threshold's unit is not a unit of time"
            )
        if unit not in NUMPY_UNITS:
            raise WrongType(f"{field} must be a timedelta64 in weeks to nanoseconds, got dtype {dtype}")
        scale = Fraction(self.nanoseconds, NUMPY_UNITS[unit] * count)
        low, high = (None if b is None else b * scale for b in (self.low, self.high))
        return _closed(low, high, strict=self.strict)


def _closed(low: Fraction | None, high: Fraction | None, *, strict: bool) -> tuple[int | None, int | None]:
    """Return the least and the greatest integer within the bounds."""
    if strict:
        return (None if low is None else math.floor(low) + 1, None if high is None else math.ceil(high) - 1)
    return (None if low is None else math.ceil(low), None if high is None else math.floor(high))


def _between(values: npt.NDArray[Any], low: Any, high: Any, *, strict: bool) -> BoolArray:
    """Compare with one bound or both; a bound that the dtype cannot hold is compared rightly by numpy 2."""
    below = np.less if strict else np.less_equal
    if low is None:
        return np.asarray(below(values, high))
    above = np.asarray(below(low, values))
    if high is not None:
        above &= below(values, high)
    return above


def numbers(values: Any, field: str, where: BoolArray | None = None) -> npt.NDArray[Any]:
    """Read measurements as an array of integers, floats or timedelta64 of any shape, changing none of them.

    Raises
    ------
    WrongType
        If they are booleans, text or objects, or floats wider than a double.
    InvalidEvents
        If a sequence mixes floats with integers that no double can hold.
    """
    if isinstance(values, timedelta):
        values = np.timedelta64(timedelta_ns(values), "ns")
    values = listed(values)
    array = plain_array(values, field, where)
    if array.dtype.kind in "ium" or (array.dtype.kind == "f" and array.dtype.itemsize <= 8):
        if array.dtype.kind == "f" and not isinstance(values, np.ndarray):
            _check_mixed(values, array, field)
        return array
    hint = {
        "b": "; booleans are judged by SLI.ratio",
        "O": "; missing values need valid= and a number in their place",
        "U": "; convert them to numbers first",
        "f": "; convert them with astype(float)",
    }.get(array.dtype.kind, "")
    raise WrongType(f"{field} must be integers, floats or timedelta64, got dtype {array.dtype}{hint}")


def flags(values: Any, field: str, where: BoolArray | None = None) -> BoolArray:
    """Read booleans, or integers that are 0 or 1, of any shape; nothing else is a verdict.

    Raises
    ------
    InvalidEvents
        If an integer to be judged is neither 0 nor 1; the message gives its index.
    WrongType
        If they are of another kind: truthiness would call the text ``"false"`` good.
    """
    array = plain_array(values, field, where)
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind not in "iu":
        # An empty list is float64 to numpy, and holds nothing that could be wrong.
        if array.size == 0:
            return array.astype(np.bool_)
        raise WrongType(
            f"{field} must be booleans or integers 0 and 1, got dtype {array.dtype}; compare first, as in column == 1"
        )
    yes = np.asarray(array == 1)
    odd = ~yes & (array != 0)
    if odd.any():
        refuse(odd, where, array, field, "must be 0 or 1")
    return yes


def is_single(value: object) -> bool:
    """Say whether a value is one observation rather than an array of them."""
    if isinstance(value, list | tuple | Iterator):
        return False
    return np.ndim(value) == 0  # type: ignore[arg-type]


def plain_array(values: Any, field: str, where: BoolArray | None = None) -> npt.NDArray[Any]:
    """Return values as a plain array, of the shape of ``where`` if that is given."""
    array = array_of(values, field, f"pass {field}.data and valid=~{field}.mask")
    if where is not None and array.shape != where.shape:
        raise InvalidEvents(f"valid must be one for each of {field}, got shapes {where.shape} and {array.shape}")
    return array


def _check_mixed(values: Any, array: npt.NDArray[Any], field: str) -> None:
    """Refuse integers that numpy has just rounded because a float stood beside them."""
    if array.size and isinstance(values, list | tuple) and np.abs(array).max() >= 2**53:
        for index, value in enumerate(values):
            if isinstance(value, int) and float(value) != value:
                raise InvalidEvents(f"{field}[{index}] = {value} is no double; pass integers and floats separately")


def refuse(
    wrong: BoolArray,
    where: BoolArray | None,
    values: npt.NDArray[Any],
    field: str,
    must: str = "must be a finite number",
) -> None:
    """Raise for the first wrong value that counts, if there is one."""
    counted = wrong if where is None else wrong & where
    if not counted.any():
        return
    # A 0-d array has no index to name.
    at = np.unravel_index(int(counted.argmax()), counted.shape)
    name = f"{field}[{', '.join(str(int(i)) for i in at)}]" if at else field
    more = int(np.count_nonzero(counted)) - 1
    raise InvalidEvents(
        f"{name} {must}, got {values[at]}{f' (and {more:,} more)' if more else ''}"
        "; say with valid= which observations count"
    )


def _not_finite(field: str, value: float) -> InvalidEvents:
    return InvalidEvents(f"{field} must be a finite number, got {value}")
