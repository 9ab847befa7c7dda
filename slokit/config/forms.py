"""How single values stand in data: the forms that the tables of all definitions share.

The rules of what is allowed are the classes' own: a form hands the value to the class, beside stand-ins for the fields
that the class needs too, so that each key is judged alone and all that is wrong is found in one reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any, get_args

import numpy as np

from slokit.config.codecs import Codec, Family, Form
from slokit.config.places import WRONG, Place, kind_of_data
from slokit.rational import RationalLike, decimal_text, parse_rational, parse_target
from slokit.timeline import duration_text, instant_text, parse_duration, parse_instant

__all__ = [
    "DURATION",
    "INSTANT",
    "LONGEST_NUMBER",
    "NUMBER",
    "PAUSE",
    "TARGET",
    "TARGETS",
    "Judge",
    "choice",
    "family_of",
    "inside",
    "judged",
    "listed",
    "number",
    "read_duration",
    "same",
    "write_number",
]

Judge = Callable[..., Any]
"""A class, with stand-ins for all fields but one."""


def same(value: Any, _: Place) -> Any:
    """Take the value as it is."""
    return value


def judged(judge: Judge, argument: str, form: Form | None = None) -> Form:
    """Return a form whose values the class itself must take, as what it calls ``argument``."""
    inner = form or Form(same)

    def read(value: Any, place: Place) -> Any:
        found = inner.read(value, place)
        if found is not WRONG:
            judge(**{argument: found})
        return found

    return Form(read, inner.write)


def choice(of: Any) -> Form:
    """Return the form of a Literal."""
    return Form(lambda value, place: place.choose(value, get_args(of)))


def read_duration(value: Any, place: Place, *, least: int = 1) -> Any:
    """Read a length of time."""
    # timedelta64 is what every class takes for a duration; integers mean nanoseconds to some, and nothing to others.
    return np.timedelta64(parse_duration(value, place.key, least=least), "ns")


# parse_rational reads 64 characters; a fraction made in Python may need more, and is written as p/q.
LONGEST_NUMBER = 64
_QUOTIENT = re.compile(r"(-?[0-9]{1,121})/([1-9][0-9]{0,120})")


def write_number(value: Fraction, _: Place | None = None) -> str:
    """Write a number as its decimal, or as a quotient."""
    text = decimal_text(value)
    return text if len(text) <= LONGEST_NUMBER else f"{value.numerator}/{value.denominator}"


def number(value: RationalLike) -> RationalLike:
    """Return a number as the parsers take it."""
    if isinstance(value, str) and len(value) > LONGEST_NUMBER and (match := _QUOTIENT.fullmatch(value)):
        return Fraction(int(match[1]), int(match[2]))
    return value


def _read_target(value: Any, place: Place) -> Any:
    return place.ask(parse_target, number(value), "target", names={"target": ""})


def _read_targets(value: Any, place: Place) -> Any:
    if not isinstance(value, Mapping):
        return place.refuse(f"must be a table of labels and their targets, got {kind_of_data(value)}")
    if not all(isinstance(label, str) for label in value):
        return place.refuse("must have labels that are text")
    found = {label: _read_target(target, place.at(label)) for label, target in value.items()}
    return WRONG if WRONG in found.values() else tuple(sorted(found.items()))


def _write_targets(targets: tuple[tuple[str, Fraction], ...], _: Place) -> dict[str, str]:
    return {label: write_number(target) for label, target in targets}


def inside(family: Family) -> Form:
    """Return the form of a definition inside another."""
    return Form(family.read, family.write)


def listed(family: Family) -> Form:
    """Return the form of a list of definitions."""

    def read(value: Any, place: Place) -> Any:
        if not isinstance(value, list | tuple):
            return place.refuse(f"must be a list of tables, got {kind_of_data(value)}")
        found = [family.read(one, place.item(i)) for i, one in enumerate(value)]
        return WRONG if any(one is WRONG for one in found) else tuple(found)

    return Form(read, lambda held, place: [family.write(one, place.item(i)) for i, one in enumerate(held)])


DURATION = Form(read_duration, lambda value, _: duration_text(value))
PAUSE = Form(partial(read_duration, least=0), lambda value, _: duration_text(value) if value else "0s")
INSTANT = Form(lambda value, place: parse_instant(value, place.key), lambda value, _: instant_text(value))
TARGET = Form(_read_target, write_number)
TARGETS = Form(_read_targets, _write_targets)
NUMBER = Form(lambda value, place: parse_rational(number(value), place.key), write_number)


def family_of(name: str, *codecs: Codec, **rest: Any) -> Family:
    """Return a family by the kinds of its codecs."""
    return Family(name, {codec.kind: codec for codec in codecs}, **rest)
