"""Exact rationals: targets, thresholds and shares as people write them.

A target such as ``0.999`` is a decimal, not the binary double nearest to it, and verdicts at the
boundary hang on the difference. Everything here keeps the decimal; floats appear only for display.

Comparing ``bad / total`` with a threshold ``p / q`` multiplies counts by ``p`` and ``q``. Long decimals
make those products overflow int64, although they carry more precision than any ratio of counts can
show: see :func:`floor_fraction`.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real

import numpy as np

from slokit.errors import InvalidNumber, InvalidTarget, SlokitError, SuspiciousTarget, WrongType, warn

__all__ = [
    "RationalLike",
    "ceil_fraction",
    "decimal_text",
    "floor_fraction",
    "parse_integer",
    "parse_rational",
    "parse_target",
    "percent_text",
]

RationalLike = str | Decimal | Fraction | float | int
"""What a rational may be written as. A float means its shortest decimal text."""

# Fraction("1e-9999999") builds a ten-million-digit integer (6.6 s), so text is measured before it is read.
_MAX_CHARACTERS = 64
_MAX_EXPONENT = 40
# Fractions and integers given as such are bounded likewise: 2**400 holds every decimal the caps let through.
_MAX_BITS = 400

_NUMBER = re.compile(r"([+-]?[0-9]*\.?[0-9]*)(?:[eE]([+-]?[0-9]+))?")
_QUOTIENT = re.compile(r"([+-]?[0-9]+)\s*/\s*([0-9]+)")


def parse_rational(value: RationalLike, field: str = "value") -> Fraction:
    """Read a rational from its decimal text, exactly.

    Parameters
    ----------
    value
        ``"0.999"``, ``"99.9%"``, ``"1/3"``, a ``Decimal``, ``Fraction``, int or float (its shortest repr). Text
        holds at most 64 characters and an exponent of at most 40 either way.
    field
        The name that an error message gives to the value.

    Raises
    ------
    InvalidNumber
        If the text is no number, is too long, or is not finite.
    WrongType
        If the value is of another type; a bool is no number here.

    Examples
    --------
    >>> parse_rational("99.9%")
    Fraction(999, 1000)
    >>> parse_rational(14.4)
    Fraction(72, 5)
    """
    # What people write most comes first: asking after abstract kinds of numbers costs as much as reading it.
    if isinstance(value, str):
        return _from_text(value, field)
    # np.bool_ is neither Integral nor Real, so the built-in bool is refused by name; and numpy counts a timedelta64
    # among its integers.
    if isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", None) == "m":
        raise WrongType(f"{field} must be a number, got {value!r}")
    if isinstance(value, Fraction):
        return _bounded(value, field)
    if isinstance(value, Integral):
        return _bounded(Fraction(int(value)), field)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise InvalidNumber(f"{field} must be finite, got {value}")
        return _from_text(str(value), field)
    if isinstance(value, Real):
        # numpy prints its scalars at their own precision: float32(0.999) means 0.999, not the double beneath it.
        if not math.isfinite(value):
            raise InvalidNumber(f"{field} must be finite, got {value}")
        return _from_text(str(value), field)
    raise WrongType(f"{field} must be a number or its text, got {type(value).__name__}: {value!r}")


def parse_integer(
    value: int, field: str, least: int = 0, most: int | None = None, error: type[SlokitError] = InvalidNumber
) -> int:
    """Read an integer within bounds, both included, as a Python integer.

    Parameters
    ----------
    value
        An integer, numpy's too; a bool is none, nor is a length of time, although numpy counts both among them.
    field
        The name that an error message gives to the value.
    least, most
        The bounds; without ``most`` there is none above.
    error
        What is raised where it lies outside.

    Raises
    ------
    WrongType
        If it is no integer.

    Examples
    --------
    >>> parse_integer(7, "seed")
    7
    >>> parse_integer(0, "paths", 1, 10)
    Traceback (most recent call last):
    slokit.errors.InvalidNumber: paths must be from 1 to 10, got 0
    """
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, int | np.integer):
        raise WrongType(f"{field} must be an integer, got {type(value).__name__}: {value!r:.100}")
    if value < least or (most is not None and value > most):
        bounds = f"{least:,} or more" if most is None else f"from {least:,} to {most:,}"
        # Python refuses to write integers of more than 4,300 digits.
        given = f"{value:,}" if -(2**63) < value < 2**63 else "less" if value < 0 else "more"
        raise error(f"{field} must be {bounds}, got {given}")
    return int(value)


def parse_target(value: RationalLike, field: str = "target") -> Fraction:
    """Read a target: a rational of at least 0 and below 1.

    Parameters
    ----------
    value
        As for :func:`parse_rational`.
    field
        The name that an error message gives to the value.

    Raises
    ------
    InvalidTarget
        If it lies outside ``[0, 1)``; where percent was plainly meant the message says how to write it.

    Warns
    -----
    SuspiciousTarget
        For percent text below 1%, such as ``"0.999%"``.

    Examples
    --------
    >>> parse_target("99.95%")
    Fraction(1999, 2000)
    """
    target = parse_rational(value, field)
    if not 0 <= target < 1:
        raise InvalidTarget(f"{field} must be at least 0 and below 1, got {value}{_target_hint(value, target)}")
    if isinstance(value, str) and value.rstrip().endswith("%") and 0 < target < Fraction(1, 100):
        warn(
            f"{field} {value.strip()} is less than one in a hundred; "
            f"did you mean {decimal_text(target * 100)} or {percent_text(target * 100)}?",
            SuspiciousTarget,
        )
    return target


def _target_hint(value: RationalLike, target: Fraction) -> str:
    """Say what was probably meant by a target outside its range."""
    if target == 1:
        return "; a target of 100% leaves no error budget, so nothing could ever be decided by it"
    if 1 < target < 100 and not (isinstance(value, str) and "%" in value):
        return f'; did you mean "{decimal_text(target)}%" or {decimal_text(target / 100)}?'
    return ""


def decimal_text(value: Fraction) -> str:
    """Write a rational as its shortest decimal where it has one, else as ``p/q``.

    Examples
    --------
    >>> decimal_text(Fraction(999, 1000)), decimal_text(Fraction(1, 3))
    ('0.999', '1/3')
    """
    denominator, twos, fives = value.denominator, 0, 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    if denominator != 1:
        return str(value)
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def percent_text(value: Fraction) -> str:
    """Write a rational as percent, exactly.

    Examples
    --------
    >>> percent_text(Fraction(999, 1000)), percent_text(Fraction(1, 3))
    ('99.9%', '100/3%')
    """
    return f"{decimal_text(value * 100)}%"


def floor_fraction(x: Fraction, limit: int) -> Fraction:
    """Return the largest fraction not above ``x`` whose denominator is at most ``limit``.

    No ratio of counts with ``total <= limit`` lies strictly between the result and ``x``, so
    ``bad / total > x`` and ``bad / total > floor_fraction(x, limit)`` are the same question.

    Parameters
    ----------
    x
        A non-negative rational.
    limit
        Largest denominator allowed, at least 1: in practice the largest total of any window.

    Examples
    --------
    >>> floor_fraction(Fraction("0.0144"), 100)
    Fraction(1, 70)

    References
    ----------
    Farey neighbours by continued fractions: Graham, Knuth, Patashnik, *Concrete Mathematics*, 4.5.
    """
    return _farey_neighbours(x, limit)[0]


def ceil_fraction(x: Fraction, limit: int) -> Fraction:
    """Return the smallest fraction not below ``x`` whose denominator is at most ``limit``.

    The counterpart of :func:`floor_fraction` for comparisons with ``>=``.

    Examples
    --------
    >>> ceil_fraction(Fraction("0.0144"), 100)
    Fraction(1, 69)
    """
    return _farey_neighbours(x, limit)[1]


def _farey_neighbours(x: Fraction, limit: int) -> tuple[Fraction, Fraction]:
    """Return the nearest fractions at or below, and at or above ``x``, with denominators up to ``limit``."""
    if x.denominator <= limit:
        return x, x
    # Fraction.limit_denominator finds the same two neighbours but returns the nearer one, which may
    # lie on the wrong side of x: a verdict would change.
    before_p, before_q, p, q = 0, 1, 1, 0
    n, d = x.numerator, x.denominator
    while True:
        a = n // d
        if before_q + a * q > limit:
            break
        before_p, before_q, p, q = p, q, before_p + a * p, before_q + a * q
        n, d = d, n - a * d
    steps = (limit - before_q) // q
    one = Fraction(p, q)
    other = Fraction(before_p + steps * p, before_q + steps * q)
    return (one, other) if one < other else (other, one)


def _from_text(text: str, field: str) -> Fraction:
    """Read plain, percent or quotient text under the caps."""
    if len(text) > _MAX_CHARACTERS:
        raise InvalidNumber(f"{field} must be at most {_MAX_CHARACTERS} characters long, got {len(text)}")
    body = text.strip()
    scale = 1
    if body.endswith("%"):
        body, scale = body[:-1].rstrip(), 100
    quotient = _QUOTIENT.fullmatch(body) if "/" in body else None
    if quotient is not None and int(quotient[2]) != 0:
        return Fraction(int(quotient[1]), int(quotient[2])) / scale
    match = _NUMBER.fullmatch(body)
    if match is None or not match[1].strip("+-."):
        raise InvalidNumber(f"{field} must be a decimal number such as 0.999 or 99.9%, got {text!r}")
    if match[2] is not None and abs(int(match[2])) > _MAX_EXPONENT:
        raise InvalidNumber(f"{field} must have an exponent of at most {_MAX_EXPONENT} either way, got {text!r}")
    if match[2] is not None:
        return Fraction(body) / scale
    # Fraction would read the text a second time.
    whole, _, decimals = body.partition(".")
    return Fraction(int(whole + decimals), scale * 10 ** len(decimals))


def _bounded(value: Fraction, field: str) -> Fraction:
    """Refuse integers so long that every later product would crawl."""
    if max(abs(value.numerator).bit_length(), value.denominator.bit_length()) > _MAX_BITS:
        raise InvalidNumber(f"{field} must fit {_MAX_BITS} bits above and below the line, got a longer fraction")
    return value
