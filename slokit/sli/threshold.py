"""The threshold: values that are good on one side of a bound.

A threshold is also how percentiles are promised. "p99 below 200 ms in 99.9% of minutes" is a threshold at 200 ms,
minutes as slices with a target of 99%, and a target of 99.9% over the slices: the 99th percentile of a minute, by
nearest rank, is within the bound if and only if 99% of its values are. That is exact, needs no sketch, and the
counts behind it merge, which percentiles do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Any, ClassVar, Literal

import attrs
import numpy as np
import numpy.typing as npt

from slokit.errors import InvalidSLI, WrongType
from slokit.rational import RationalLike, decimal_text, parse_rational
from slokit.sli.limits import BoolArray, Limits, numbers
from slokit.timeline import UNITS, parse_duration

__all__ = ["BoundLike", "Threshold", "read_bound"]

BoundLike = RationalLike | timedelta | np.timedelta64
"""What a threshold may be written as: a number, ``"200ms"``, a timedelta, a timedelta64."""

_COMPARISONS = {"lt": "below", "lte": "at most", "gt": "above", "gte": "at least", "between": "between"}
# A number and what stands behind it. The group is atomic, so that "19.5" is never read as 19 of the unit ".5".
_NUMBER_AND_UNIT = re.compile(r"((?>[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,3})?))\s*([^\s0-9.+-].*)")
# Fewer values than this on one side of a threshold happen; a mix-up of s and ms is a factor of 1,000.
_MANY, _FAR = 100, 100


@attrs.frozen(kw_only=True)
class Threshold:
    """Values that are good on one side of a bound, or between two.

    Exactly one of the comparisons is given. Bounds are exact rationals in ``unit``;
    :meth:`of` reads them from what people write.

    Parameters
    ----------
    lt, lte, gt, gte
        Good below, up to, above, from the bound.
    between
        Good from the first to the second bound, both included.
    unit
        What the values and the bounds count. A unit of time (``ns us ms s m h d w``) can be converted.

    Raises
    ------
    InvalidSLI
        If not exactly one comparison is given, or ``between`` is not rising.
    """

    kind: ClassVar[str] = "threshold"
    counts_unit: ClassVar[Literal["events"]] = "events"

    lt: Fraction | None = None
    lte: Fraction | None = None
    gt: Fraction | None = None
    gte: Fraction | None = None
    between: tuple[Fraction, Fraction] | None = None
    unit: str | None = None
    _limits: Limits = attrs.field(init=False, eq=False, repr=False)

    @_limits.default
    def _make_limits(self) -> Limits:
        given = [name for name in _COMPARISONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise InvalidSLI(
                f"a threshold must have exactly one of {', '.join(_COMPARISONS)}, got {' and '.join(given) or 'none'}"
                + ("; two bounds are between=(low, high)" if len(given) == 2 else "")
            )
        exact = [*(self.between or ()), *(getattr(self, name) for name in given if name != "between")]
        if not all(isinstance(bound, Fraction) for bound in exact):
            raise WrongType(f"{given[0]} must be exact, a Fraction, got {exact}; Threshold.of() reads other numbers")
        low, high = self.between or (
            self.gt if self.gt is not None else self.gte,
            self.lt if self.lt is not None else self.lte,
        )
        if low is not None and high is not None and low >= high:
            raise InvalidSLI(
                f"between must be two rising bounds, got {decimal_text(low)} and {decimal_text(high)}"
                + ("; swap them" if low > high else "; lte= and gte= take a single one")
            )
        return Limits(low, high, self.lt is not None or self.gt is not None, UNITS.get(_plain_unit(self.unit)))

    @classmethod
    def of(
        cls,
        *,
        lt: BoundLike | None = None,
        lte: BoundLike | None = None,
        gt: BoundLike | None = None,
        gte: BoundLike | None = None,
        between: tuple[BoundLike, BoundLike] | None = None,
        unit: str | None = None,
    ) -> Threshold:
        """Make a threshold from bounds as people write them; see :meth:`slokit.sli.SLI.threshold`."""
        if unit is not None:
            _check_unit(unit)
        pair: tuple[BoundLike, ...] = ()
        if between is not None:
            pair = tuple(between) if isinstance(between, list | tuple) and None not in between else ()
            if len(pair) != 2:
                raise InvalidSLI(f"between must be two bounds, (low, high), got {between!r}")
        written = {"lt": lt, "lte": lte, "gt": gt, "gte": gte} | {f"between[{i}]": v for i, v in enumerate(pair)}
        given = {field: value for field, value in written.items() if value is not None}
        if unit is None and any(_is_time(value) for value in given.values()):
            unit = "s"
        exact: dict[str, Fraction] = {field: read_bound(value, field, unit) for field, value in given.items()}
        both = (exact.pop("between[0]"), exact.pop("between[1]")) if len(pair) == 2 else None
        return cls(**exact, between=both, unit=unit)

    def judge(self, values: Any, where: BoolArray | None, field: str) -> bool | BoolArray:
        """Compare each value with the bounds, in the value's own precision."""
        if type(values) is float or type(values) is int:
            return self._limits.admit_one(values, field)
        good = self._limits.admit(numbers(values, field, where), field, where)
        if good.ndim == 0:
            return bool(good)
        return good if where is None else good & where

    def doubts(self, values: Any, where: BoolArray | None, field: str) -> Iterator[str]:
        """Doubt the unit where a hundred values or more all lie on one side of the threshold.

        None good, all on one side, is enough. All good is what a healthy service looks like, so there every value
        must be above zero and a hundred times better than the bound, and the unit one of time: people mix those up,
        while a queue that is always short is just a short queue. A timedelta64 knows its unit and is not doubted.
        """
        kept = numbers(values, field, where)
        # What is true of all is true of a few: a mixed beginning settles it without a look at the rest.
        if kept.size < _MANY or kept.dtype.kind == "m" or (where is None and not self._doubt(kept.ravel()[:_MANY])):
            return
        kept = kept if where is None else kept[where]
        verdict = self._doubt(kept)
        if kept.size >= _MANY and verdict:
            unit = "is the unit right" if self.unit is None else f"do they count {self.unit}"
            yield f"all {kept.size:,} {field} lie between {kept.min()} and {kept.max()}, {verdict}: {unit}?"

    def _doubt(self, values: npt.NDArray[Any]) -> str:
        """Say how all these values lie suspiciously on one side; empty where they do not."""
        if not values.size:
            return ""
        least, most = values.min(), values.max()
        low, high = self._limits.low, self._limits.high
        within = self._limits.admit(np.array([least, most]), "values")
        if within.all():
            if self._limits.nanoseconds is None:
                return ""
            # The two bounds of between= are of one scale, and so are values within them.
            tiny = high is not None and low is None and least > 0 and float(most) * _FAR < float(high)
            huge = low is not None and high is None and low > 0 and float(least) > float(low) * _FAR
            return f"all {self.in_words()} by a factor of more than {_FAR}" if tiny or huge else ""
        if within.any() or (low is not None and high is not None and least < low and most > high):
            return ""
        return f"none of them {self.in_words()}"

    def arguments(self) -> list[str]:
        """Return the comparison and the unit, as typed."""
        typed = [f"{name}={_literal(value)}" for name in _COMPARISONS if (value := getattr(self, name)) is not None]
        return typed if self.unit is None else [*typed, f"unit={self.unit!r}"]

    def in_words(self) -> str:
        """Say when a value is good: ``below 0.2 s``."""
        if self.between is not None:
            low, high = map(decimal_text, self.between)
            said = f"between {low} and {high}"
        else:
            said = next(
                f"{words} {decimal_text(value)}"
                for name, words in _COMPARISONS.items()
                if (value := getattr(self, name)) is not None
            )
        return said if self.unit is None else f"{said} {self.unit}"


def _plain_unit(unit: str | None) -> str:
    """Return a unit in ASCII; the micro sign has two code points."""
    return (unit or "").replace("\u00b5", "u").replace("\u03bc", "u")


def _check_unit(unit: str) -> None:
    """Refuse what would not print as a unit."""
    if not isinstance(unit, str):
        raise WrongType(f'unit must be text such as "s", got {type(unit).__name__}: {unit!r}')
    if not unit.strip() or unit != unit.strip() or len(unit) > 32 or not unit.isprintable():
        raise InvalidSLI(f"unit must be 1 to 32 printable characters without spaces around them, got {unit[:64]!r}")


def _is_time(value: BoundLike) -> bool:
    """Say whether a bound carries a unit of time itself."""
    if isinstance(value, str):
        match = _number_and_unit(value)
        return match is not None and match[2][0] not in "/%"
    return isinstance(value, timedelta | np.timedelta64)


def _number_and_unit(text: str) -> re.Match[str] | None:
    """Take the text of a bound apart; None where it is a plain number, or too long to be anything."""
    return _NUMBER_AND_UNIT.fullmatch(text.strip()) if len(text) <= 64 else None


def read_bound(value: BoundLike, field: str, unit: str | None) -> Fraction:
    """Read one bound, in the unit given."""
    if isinstance(value, timedelta | np.timedelta64):
        return _in_unit(Fraction(parse_duration(value, field)), value, field, unit)
    if not isinstance(value, str) or (match := _number_and_unit(value)) is None:
        return parse_rational(value, field)
    number, suffix = match.groups()
    if suffix == unit:
        return parse_rational(number, field)
    if suffix[0] in "/%":
        return parse_rational(value, field)
    length = UNITS.get(_plain_unit(suffix))
    # "1m30s" is no number with a unit, but still a duration.
    exact = parse_rational(number, field) * length if length is not None else Fraction(parse_duration(value, field))
    return _in_unit(exact, value, field, unit)


def _in_unit(nanoseconds: Fraction, value: BoundLike, field: str, unit: str | None) -> Fraction:
    """Bring a length of time into a unit of time."""
    length = UNITS.get(_plain_unit(unit))
    if length is None:
        raise InvalidSLI(f"{field} is a length of time, {value!r}, but unit={unit!r} is none of {', '.join(UNITS)}")
    return nanoseconds / length


def _literal(value: Fraction | tuple[Fraction, Fraction]) -> str:
    """Write a bound as Python reads it back exactly: as a number if a float keeps it, else as text."""
    if isinstance(value, tuple):
        return f"({_literal(value[0])}, {_literal(value[1])})"
    text = decimal_text(value)
    if value.denominator == 1 or ("/" not in text and parse_rational(float(text)) == value):
        return text
    return repr(text)
