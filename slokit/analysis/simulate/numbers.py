"""Numbers that describe what is simulated: finite, not negative, and where they are shares at most 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import attrs
import numpy as np

from slokit.errors import InvalidNumber, WrongType

__all__ = ["check_not_negative", "check_several", "check_share", "not_negative", "share"]

_T = TypeVar("_T")


def _check_number(field: str, value: object) -> None:
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, int | float | np.integer | np.floating):
        raise WrongType(f"{field} must be a number, got {type(value).__name__}: {value!r:.100}")


def check_share(field: str, value: float) -> None:
    """Refuse what is no share.

    Raises
    ------
    WrongType
        If it is no number.
    InvalidNumber
        If it is not between 0 and 1.

    Examples
    --------
    >>> check_share("felt", 2)
    Traceback (most recent call last):
    ...
    slokit.errors.InvalidNumber: felt must be between 0 and 1, got 2
    """
    _check_number(field, value)
    if not 0 <= value <= 1:
        raise InvalidNumber(f"{field} must be between 0 and 1, got {str(value)[:60]}")


def check_not_negative(field: str, value: float, most: float = float("inf")) -> None:
    """Refuse what is negative or not finite, or above a limit.

    Raises
    ------
    WrongType
        If it is no number.
    InvalidNumber
        If it is out of range.
    """
    _check_number(field, value)
    if not 0 <= value < float("inf"):
        raise InvalidNumber(f"{field} must be 0 or more, and finite, got {str(value)[:60]}")
    if value > most:
        raise InvalidNumber(f"{field} must be at most {most:,.0f}, got {str(value)[:60]}")


def check_several(field: str, values: Iterable[_T], kind: type[_T]) -> tuple[_T, ...]:
    """Return several of a kind.

    Raises
    ------
    WrongType
        If they are not.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise WrongType(f"{field} must be several, got {type(values).__name__}: {values!r:.100}; write them in a list")
    held = tuple(values)
    for at, one in enumerate(held):
        if not isinstance(one, kind):
            module = kind.__module__.rpartition(".")[0]
            raise WrongType(f"{field}[{at}] must be {module}.{kind.__name__}, got {type(one).__name__}: {one!r:.100}")
    return held


def share(_instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    """Check the field of a class."""
    check_share(attribute.name, value)


def not_negative(_instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    """Check the field of a class."""
    check_not_negative(attribute.name, value)
