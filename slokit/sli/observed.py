"""Rules that judge each observation by itself: ratio, predicate, all-of (threshold and http have rooms of their own).

A rule turns values into booleans and knows nothing of time; counting them into buckets is
:meth:`slokit.counts.Counts.from_events`'s work. Each rule offers the same four things, and that is all the rest
of the package relies on:

- ``judge(values, where, field)``: which observations are good. ``where`` says which are to be judged at all
  (``valid=``); the others come back False and may be anything, NaN included.
- ``doubts(values, where, field)``: what looks wrong about the definition, given all these values.
- ``arguments()``: the arguments of the constructor in :class:`~slokit.sli.SLI`, as they would be typed.
- ``in_words()``: when an observation is good.

The rules are attrs classes with plain fields, exact where they hold numbers, so that definitions can be written
down as data; only :class:`Predicate` holds code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import clean
from slokit.errors import InvalidEvents, InvalidSLI, UnknownLabel, WrongType
from slokit.sli.http import Http
from slokit.sli.limits import BoolArray, flags, is_single, plain_array
from slokit.sli.threshold import Threshold

if TYPE_CHECKING:
    from slokit.sli import SLI

__all__ = ["AllOf", "ObservedRule", "Predicate", "Ratio"]


@attrs.frozen
class Ratio:
    """Observations that carry their own verdict: booleans, or integers 0 and 1."""

    kind: ClassVar[str] = "ratio"
    counts_unit: ClassVar[Literal["events"]] = "events"

    def judge(self, values: Any, where: BoolArray | None, field: str) -> bool | BoolArray:
        """Return the flags themselves."""
        if type(values) is bool:
            return values
        good = flags(values, field, where)
        if good.ndim == 0:
            return bool(good)
        return good if where is None else good & where

    def doubts(self, *_: object) -> Iterator[str]:
        """Doubt nothing: booleans have no unit."""
        return iter(())

    def arguments(self) -> list[str]:
        """Return no arguments."""
        return []

    def in_words(self) -> str:
        """Say when an observation is good."""
        return "counted as good"


@attrs.frozen
class Predicate:
    """Observations judged by a function of the caller's.

    Parameters
    ----------
    function
        Takes the values as an array (or a mapping of arrays, if the values are one) and returns booleans, one a
        value; must be vectorised, since it is called once. A single observation is passed as it is.
    """

    kind: ClassVar[str] = "predicate"
    counts_unit: ClassVar[Literal["events"]] = "events"

    function: Callable[[Any], Any] = attrs.field()

    @function.validator
    def _check_function(self, _: object, value: object) -> None:
        if not callable(value):
            raise WrongType(f"function must be callable, got {type(value).__name__}: {value!r}")

    def judge(self, values: Any, where: BoolArray | None, field: str) -> bool | BoolArray:
        """Ask the function, about what is to be judged only: it need not know what to do with the rest."""
        single = all(map(is_single, values.values())) if isinstance(values, Mapping) else is_single(values)
        if single:
            verdict = self.function(values)
            if not isinstance(verdict, bool | np.bool_):
                raise WrongType(f"function must return a boolean, got {type(verdict).__name__}: {verdict!r}")
            return bool(verdict)
        if isinstance(values, Mapping):
            columns = {key: plain_array(column, f"{field}[{key!r}]", where) for key, column in values.items()}
            shapes = {column.shape for column in columns.values()}
            if len(shapes) != 1:
                raise InvalidEvents(f"{field} must be arrays of one shape, got {_shapes(columns)}")
            (shape,) = shapes
            asked: Any = columns if where is None else {key: column[where] for key, column in columns.items()}
        else:
            array = plain_array(values, field, where)
            shape, asked = array.shape, (array if where is None else array[where])
        answer = np.asarray(self.function(asked))
        expected = shape if where is None else (int(np.count_nonzero(where)),)
        if answer.dtype.kind != "b" or answer.shape != expected:
            raise WrongType(
                f"function must return booleans, one a value: expected shape {expected}, "
                f"got dtype {answer.dtype}, shape {answer.shape}"
            )
        if where is None:
            return answer
        good = np.zeros(shape, dtype=np.bool_)
        good[where] = answer
        return good

    def doubts(self, *_: object) -> Iterator[str]:
        """Doubt nothing: what the function does is unknown."""
        return iter(())

    def arguments(self) -> list[str]:
        """Return the function's name; it reads as typed where the function was typed by name."""
        return [clean(getattr(self.function, "__qualname__", repr(self.function)))]

    def in_words(self) -> str:
        """Say when an observation is good."""
        return f"good by {self.arguments()[0]}"


@attrs.frozen
class AllOf:
    """Observations of several indicators at once, good only where each part is good.

    Parameters
    ----------
    parts
        Indicators that judge single observations, each with a name of its own; nested ones too.

    Raises
    ------
    InvalidSLI
        If there is no part, two share a name, or one lives in time.
    """

    kind: ClassVar[str] = "all_of"
    counts_unit: ClassVar[Literal["events"]] = "events"

    parts: tuple[SLI, ...] = attrs.field()
    # The rule of each part by its name; a service asks for one observation after the other.
    _rules: dict[str, ObservedRule] = attrs.field(init=False, eq=False, repr=False)

    @_rules.default
    def _rules_by_name(self) -> dict[str, ObservedRule]:
        # Defaults come before validators, so what is wrong with the parts is not yet known here.
        parts = self.parts if isinstance(self.parts, tuple) else ()
        return {part.name: cast("ObservedRule", part.rule) for part in parts if hasattr(part, "rule")}

    @parts.validator
    def _check_parts(self, _: object, value: object) -> None:
        if not isinstance(value, tuple):
            raise WrongType(f"parts of all_of must be a tuple of SLIs, got {type(value).__name__}")
        if not value:
            raise InvalidSLI("all_of must have at least one part, got none")
        for part in value:
            # The class itself is made of this rule among others, so it cannot be asked for here.
            if not hasattr(part, "rule"):
                raise WrongType(f"parts of all_of must be SLIs, got {type(part).__name__}: {part!r}")
            if not isinstance(part.rule, ObservedRule):
                raise InvalidSLI(
                    f"parts of all_of must judge single observations, got {part.name!r}, a {part.rule.kind}; "
                    "make it an objective of its own"
                )
        names = [part.name for part in value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InvalidSLI(f"parts of all_of must have names of their own, got {twice!r} twice")

    def part(self, name: str) -> SLI:
        """Return the part of that name.

        Raises
        ------
        UnknownLabel
            If there is none; the message lists the names.
        """
        for part in self.parts:
            if part.name == name:
                return part
        raise UnknownLabel(f"no part is called {name!r}; the parts are {_listed(p.name for p in self.parts)}")

    def judge(self, values: Any, where: BoolArray | None, field: str) -> bool | BoolArray:
        """Judge each part by its own values, and ask for all."""
        if not isinstance(values, dict | Mapping) or values.keys() != self._rules.keys():
            raise self._mismatch(values, field)
        verdicts = {name: rule.judge(values[name], where, f"{field}[{name!r}]") for name, rule in self._rules.items()}
        singles = [verdict for verdict in verdicts.values() if isinstance(verdict, bool)]
        if len(singles) == len(verdicts):
            return all(singles)
        columns = {name: np.asarray(verdict) for name, verdict in verdicts.items()}
        if len({column.shape for column in columns.values()}) != 1:
            raise InvalidEvents(f"{field} must be arrays of one shape, got {_shapes(columns)}")
        return np.asarray(np.logical_and.reduce(list(columns.values())))

    def doubts(self, values: Any, where: BoolArray | None, field: str) -> Iterator[str]:
        """Pass on what the parts doubt."""
        for name, rule in self._rules.items():
            yield from rule.doubts(values[name], where, f"{field}[{name!r}]")

    def arguments(self) -> list[str]:
        """Return the parts."""
        return [repr(part) for part in self.parts]

    def in_words(self) -> str:
        """Say when an observation is good."""
        return " and ".join(f"{name} {rule.in_words()}" for name, rule in self._rules.items())

    def _mismatch(self, values: Any, field: str) -> WrongType | InvalidEvents:
        """Say how values do not answer to the parts, one by one."""
        names = list(self._rules)
        if not isinstance(values, Mapping):
            return WrongType(f"{field} must map each of {_listed(names)} to its values, got {type(values).__name__}")
        missing = [name for name in names if name not in values]
        unknown = [name for name in values if name not in names]
        return InvalidEvents(
            f"{field} must have an entry for each of {_listed(names)}"
            + (f"; missing: {_listed(missing)}" if missing else "")
            + (f"; unknown: {_listed(unknown)}" if unknown else "")
        )


ObservedRule = Ratio | Threshold | Http | Predicate | AllOf


def _listed(names: Iterable[object]) -> str:
    return ", ".join(repr(name) for name in names)


def _shapes(columns: Mapping[Any, npt.NDArray[Any]]) -> str:
    return ", ".join(f"{name!r}: {column.shape}" for name, column in columns.items())
