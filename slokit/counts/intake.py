"""What callers bring with events, made into plain arrays: ticks, flags, weights, rows.

Columns of millions are looked at once and copied only where their type asks for it. Timestamps stay in the unit they
come in (ticks) as long as the buckets' edges are whole ticks too: a column of seconds need not become nanoseconds to
be counted by the minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from slokit._arrays import array_of, listed, refuse_masked
from slokit.counts.axes import Axis, is_label, texts
from slokit.counts.parts import LARGEST, Mask, Numbers
from slokit.counts.tally import chunks
from slokit.errors import InvalidEvents, InvalidInstant, WrongType
from slokit.rational import RationalLike, parse_rational
from slokit.timeline import NUMPY_UNITS, UNITS, InstantLike, parse_instants

__all__ = ["Instants", "Rows", "Ticks", "flags_of", "refuse_beyond", "rows_of", "ticks_of", "weights_of"]

Instants = npt.ArrayLike | Iterable[InstantLike]
"""What a column of instants may be: anything numpy reads as datetime64 or integers, aware datetimes, ISO texts."""


class Ticks(NamedTuple):
    """Timestamps as integers, and how many nanoseconds one of them counts."""

    values: Numbers
    length: int

    def as_nanoseconds(self) -> Ticks:
        """Return the same instants in ticks of a nanosecond, refusing those beyond 1677 to 2262."""
        return self if self.length == 1 else Ticks(self.values * np.int64(self.length), 1)


class Rows(NamedTuple):
    """Which series each event belongs to; ``of`` is None where there is one for all."""

    axes: tuple[Axis, ...]
    of: Numbers | None

    @property
    def height(self) -> int:
        """Number of series."""
        count = 1
        for axis in self.axes:
            count *= len(axis.labels)
        return count


def ticks_of(timestamps: Instants, unit: str | None) -> Ticks:
    """Read timestamps, as a view where that is possible.

    Raises
    ------
    InvalidInstant
        If one is no time, or lies outside 1677 to 2262.
    WrongType
        If they are floats, integers without a unit, or a masked array.
    """
    refuse_masked(timestamps, "timestamps", "drop such rows first, as in timestamps[~mask]")
    if not hasattr(timestamps, "__array__"):
        return Ticks(parse_instants(timestamps, "timestamps", unit), 1)
    array = np.asarray(timestamps)
    if array.dtype.kind in "Mi" and not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    tick = 0
    if array.dtype.kind == "M":
        name, count = np.datetime_data(array.dtype)
        tick = NUMPY_UNITS.get(name, 0) * count
    elif array.dtype == np.int64 and unit in ("s", "ms", "us", "ns"):
        tick = UNITS[unit]
    if array.ndim != 1 or not tick:
        return Ticks(parse_instants(array, "timestamps", unit), 1)
    return Ticks(array.view(np.int64), tick)


def refuse_beyond(ticks: Ticks, low: int, high: int) -> None:
    """Refuse ticks that are no time or lie outside what datetime64[ns] can say, given the least and the greatest.

    Raises
    ------
    InvalidInstant
        Naming the first of them.
    """
    for extreme in (low, high):
        if not -LARGEST <= extreme * ticks.length <= LARGEST:
            index = int((ticks.values == extreme).argmax())
            if extreme == -LARGEST - 1:
                raise InvalidInstant(f"timestamps[{index}] is not a time (NaT); drop such rows first")
            raise InvalidInstant(
                f"timestamps[{index}] must lie between the years 1677 and 2262, got {extreme}; is the unit right?"
            )


def flags_of(values: npt.ArrayLike, field: str, size: int, valid: Mask | None = None) -> Mask:
    """Read booleans or 0 and 1, one an event; where ``valid`` is False anything may stand.

    Raises
    ------
    WrongType
        If they are neither: a float or a text has no truth that everybody agrees on.
    InvalidEvents
        If there are more or fewer than events, or an integer is neither 0 nor 1.
    """
    array = _column(values, field, size)
    if array.dtype == np.bool_ or not size:
        return np.ascontiguousarray(array, dtype=np.bool_)
    if array.dtype.kind not in "iu":
        raise WrongType(
            f"{field} must be booleans or 0 and 1, got dtype {array.dtype}: compare it first, as in x <= 0.2"
        )
    flags = np.empty(size, np.bool_)
    # As unsigned numbers those below zero are large, so that one comparison a chunk finds both kinds.
    numbers = array.view(f"{array.dtype.byteorder}u{array.dtype.itemsize}")
    for part in chunks(size):
        if (numbers[part] > 1).any():
            wrong = numbers[part] > 1 if valid is None else (numbers[part] > 1) & valid[part]
            if wrong.any():
                index = part.start + int(wrong.argmax())
                raise InvalidEvents(f"{field} must be booleans or 0 and 1: {field}[{index}] = {array[index]}")
        flags[part] = numbers[part]
    return flags


def weights_of(
    weights: npt.ArrayLike, weight_unit: RationalLike | None, size: int, valid: Mask | None = None
) -> Numbers:
    """Read weights as whole multiples of their unit; where ``valid`` is False anything may stand.

    Parameters
    ----------
    weights
        Integers; or, with a unit, decimals of any kind: floats (their shortest text), Decimal, text.
    weight_unit
        What one of the resulting counts is worth, such as ``"0.01"``; None: 1.

    Raises
    ------
    InvalidEvents
        If one is negative or no whole multiple of the unit; the message names its index.
    WrongType
        If they are no numbers.
    """
    array = _column(weights, "weights", size)
    unit = Fraction(1) if weight_unit is None else parse_rational(weight_unit, "weight_unit")
    if unit <= 0:
        raise InvalidEvents(f"weight_unit must be above zero, got {weight_unit!r}")
    if valid is not None:
        array = np.where(valid, array, np.zeros(1, np.int64).astype(array.dtype))
    if array.dtype.kind not in "iufOU" and size:
        raise WrongType(f"weights must be numbers, got dtype {array.dtype}")
    if array.dtype.kind in "if" and array.size and array.min() < 0:
        index = int((array < 0).argmax())
        raise InvalidEvents(f"weights must be at least zero: weights[{index}] = {array[index]}")
    quick = _scaled_floats(array, unit) if array.dtype == np.float64 else _scaled_integers(array, unit)
    return _scaled_one_by_one(array, unit) if quick is None else quick


def rows_of(by: Mapping[str, Any] | None, size: int) -> Rows:
    """Read which series each event belongs to.

    Parameters
    ----------
    by
        For each axis one label an event: texts or integers; or a pair ``(codes, labels)`` of integers and what they
        stand for. Labels found are sorted as text.

    Raises
    ------
    InvalidEvents
        If there are more or fewer labels than events, or a code stands for nothing.
    """
    if by is None:
        return Rows((), None)
    if not isinstance(by, Mapping):
        raise WrongType(f'by must map names to labels, such as {{"carrier": column}}, got {type(by).__name__}')
    axes, rows = [], None
    for name, values in by.items():
        field = f"by[{name!r}]"
        paired = isinstance(values, tuple) and len(values) == 2 and not any(isinstance(v, str | int) for v in values)
        codes, labels = (
            _coded(values[0], texts(values[1], field), field, size) if paired else _found(values, field, size)
        )
        axes.append(Axis(name, labels))
        rows = codes if rows is None else rows * len(labels) + codes
    return Rows(tuple(axes), rows)


def _column(values: npt.ArrayLike, field: str, size: int) -> npt.NDArray[Any]:
    """Return an array of one dimension with an entry for each event."""
    array = array_of(values, field)
    if array.ndim != 1 or len(array) != size:
        raise InvalidEvents(f"{field} must have one entry for each of {size:,} timestamps, got shape {array.shape}")
    return array


def _scaled_integers(values: npt.NDArray[Any], unit: Fraction) -> Numbers | None:
    """Divide integers by the n-th part of one exactly, or None where that is not the question or does not fit."""
    if values.dtype.kind not in "iu" or unit.numerator != 1 or not values.size:
        return None
    if int(values.min()) < 0 or int(values.max()) * unit.denominator > LARGEST:
        return None
    return values.astype(np.int64) * unit.denominator


def _scaled_floats(values: npt.NDArray[np.float64], unit: Fraction) -> Numbers | None:
    """Divide by a decimal unit exactly, or None where floats are too coarse to know.

    A decimal of up to 15 digits is the shortest text of its float. So ``w`` means ``k * unit`` just when ``k * unit``,
    correctly rounded, is ``w``, and the quotient of two floats that hold integers exactly is correctly rounded.
    """
    digits = unit.denominator
    if 10**15 % digits or unit.numerator >= 10**15:
        return None
    power = next(10**e for e in range(16) if 10**e % digits == 0)
    pieces = unit.numerator * (power // digits)
    with np.errstate(invalid="ignore", over="ignore"):
        units = np.rint(values * power / pieces)
        known = (np.abs(units) * pieces < 10.0**15) & (units * pieces / power == values)
    return units.astype(np.int64) if known.all() else None


def _scaled_one_by_one(values: npt.NDArray[Any], unit: Fraction) -> npt.NDArray[Any]:
    """Divide each by the unit as fractions; the way of odd units, long decimals and texts, and of what is wrong."""
    scaled = np.empty(len(values), np.int64)
    for index, value in enumerate(values):  # not tolist(): float32(0.1) means 0.1, not the double it widens to
        multiple = parse_rational(value, f"weights[{index}]") / unit
        if multiple.denominator != 1 or not 0 <= multiple <= LARGEST:
            raise InvalidEvents(
                f"weights must be whole multiples of weight_unit, at least zero and below 2**63: weights[{index}] = "
                f"{value!s:.50} is {float(multiple):.6g} units of {Decimal(unit.numerator) / unit.denominator}"
            )
        scaled[index] = int(multiple)
    return scaled


def _coded(values: npt.ArrayLike, labels: tuple[str, ...], field: str, size: int) -> tuple[Numbers, tuple[str, ...]]:
    """Check codes against the labels they stand for."""
    codes = _column(values, field, size)
    if codes.dtype.kind not in "iu" and size:
        raise WrongType(f"{field} must be integer codes and their labels, got codes of dtype {codes.dtype}")
    wrong = (codes < 0) | (codes >= len(labels))
    if wrong.any():
        index = int(wrong.argmax())
        raise InvalidEvents(
            f"{field} has {len(labels):,} labels, and code {codes[index]} at index {index} is none of them"
        )
    return codes.astype(np.int64), labels


def _found(values: npt.ArrayLike, field: str, size: int) -> tuple[Numbers, tuple[str, ...]]:
    """Find the different labels of a column, sorted as text, and code the column by them."""
    values = listed(values)
    if isinstance(values, list | tuple) and len(values) == size:
        # numpy would make texts of what stands beside texts: NaN the label "nan", True the label "True".
        array = np.fromiter(values, dtype=np.object_, count=size)
    else:
        array = _column(values, field, size)
    if array.dtype.kind in "iu":
        numbers, where = np.unique(array, return_inverse=True)
        different = numbers.tolist()
    else:
        # For texts a table of what was seen beats sorting them with np.unique, by 1.3 in fixed width and by 11 as
        # objects; for integers np.unique wins by 4.
        # As a list a datetime64[ns] becomes integers, which would pass for labels.
        items = list(array) if array.dtype.kind in "mM" else array.tolist()
        if not all(map(is_label, set(map(type, items)))):
            index = next(i for i, item in enumerate(items) if not is_label(type(item)))
            raise WrongType(
                f"{field}[{index}] must be text or an integer, got {type(items[index]).__name__}: "
                f"{items[index]!r:.100}; drop such events or give them a label"
            )
        different = list(dict.fromkeys(items))
        place = {item: at for at, item in enumerate(different)}
        where = np.fromiter(map(place.__getitem__, items), np.int64, count=size)
    names = texts(different, field)
    labels = tuple(sorted(set(names)))
    code_of = {label: code for code, label in enumerate(labels)}
    return np.array([code_of[name] for name in names], np.int64)[where], labels
