"""Requirements: what a setting must keep to be chosen, written as people say it: ``{"pages_per_month": "<=2"}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean
from slokit.analysis.backtest.figures import FIGURES, Columns
from slokit.config.places import closest
from slokit.errors import InvalidDefinition, SlokitError, WrongType
from slokit.rational import parse_rational
from slokit.timeline import parse_length

__all__ = ["DEFAULT_ORDER", "Requirement", "figure_names", "read_requirements"]

BoolArray = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

DEFAULT_ORDER = ("missed", "false_alarms", "detect_p90", "detect_median", "notifications")
"""By which figures a setting is chosen among those that meet all requirements: the first that differs decides."""

_COMPARES = {"<=": np.less_equal, ">=": np.greater_equal, "<": np.less, ">": np.greater, "==": np.equal}
_TEXT = re.compile(r"\s*(<=|>=|==|<|>)\s*(\S.*)")
_MAX_TEXT = 80


@attrs.frozen
class Requirement(Shown):
    """A bound on one figure.

    Parameters
    ----------
    figure
        One of :data:`~slokit.analysis.backtest.FIGURES`.
    text
        The bound as it was written.
    compare
        ``"<="``, ``"<"``, ``">="``, ``">"`` or ``"=="``.
    limit
        The bound; of times in nanoseconds.
    """

    figure: str
    text: str
    compare: str
    limit: Fraction

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "figure", self.figure
        yield "bound", self.text

    @classmethod
    def read(cls, figure: str, text: object) -> Requirement:
        """Read a bound such as ``"<=10m"``.

        Raises
        ------
        InvalidDefinition
            If there is no such figure, or the bound cannot be read.

        Examples
        --------
        >>> Requirement.read("detect_p90", "<=10m").limit
        Fraction(600000000000, 1)
        """
        if figure not in FIGURES:
            hint = closest(figure, FIGURES) or f"; there are {', '.join(FIGURES)}"
            raise InvalidDefinition([(f"require[{str(figure)[:_MAX_TEXT]!r}]", f"is no figure{hint}")])
        where, is_time = f"require[{figure!r}]", FIGURES[figure].kind == "time"
        match = _TEXT.fullmatch(text) if isinstance(text, str) and len(text) <= _MAX_TEXT else None
        example = "<=10m" if is_time else ">=90%" if FIGURES[figure].kind in ("share", "spent") else "<=2"
        if match is None:
            raise InvalidDefinition(
                [(where, f'must be text such as "{example}": <=, <, >=, > or == and a bound, got {text!r:.80}')]
            )
        compare, bound = match[1], match[2].strip()
        try:
            limit = Fraction(parse_length(bound, where, least=0)) if is_time else parse_rational(bound, where)
        except SlokitError as error:
            raise InvalidDefinition([(where, f'must be text such as "{example}": {error}')]) from None
        return cls(figure, f"{compare}{bound}", compare, limit)

    def met(self, columns: Columns) -> BoolArray:
        """Say which settings keep it, exactly; a figure that is not defined keeps nothing."""
        compare = _COMPARES[self.compare]
        if FIGURES[self.figure].kind == "spent":
            # The figures are correctly rounded, and so is the bound: rounding keeps the order.
            return np.asarray(compare(columns.arrays[self.figure], float(self.limit)))
        top, bottom = columns.quotient(self.figure)
        kept = compare(top * self.limit.denominator, bottom * self.limit.numerator)
        return np.asarray(kept.astype(np.bool_) & (bottom > 0).astype(np.bool_))

    def lacking(self, columns: Columns) -> Floats:
        """Return by how much of the bound each setting misses it: 0 where it is kept, infinite where not defined."""
        value = np.abs(columns.better(self.figure))
        limit = float(self.limit)
        with np.errstate(invalid="ignore"):
            off = np.abs(value - limit) / (limit or 1.0)
        return np.where(self.met(columns), 0.0, np.where(np.isfinite(off), off, np.inf))

    def __str__(self) -> str:
        return f"{self.figure} {clean(self.text, _MAX_TEXT)}"


def read_requirements(require: Mapping[str, str] | None) -> tuple[Requirement, ...]:
    """Read all of them.

    Raises
    ------
    InvalidDefinition
        If one cannot be read.
    """
    if require is None:
        return ()
    if not isinstance(require, Mapping):
        raise WrongType(
            f'require must name figures and bounds, such as {{"pages_per_month": "<=2"}}, got {require!r:.80}'
        )
    return tuple(Requirement.read(figure, text) for figure, text in require.items())


def figure_names(names: Iterable[Any] | None) -> tuple[str, ...]:
    """Read by which figures to choose.

    Raises
    ------
    InvalidDefinition
        If there is no such figure.
    """
    if names is None:
        return DEFAULT_ORDER
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise WrongType(f"prefer must be several figures, got {names!r:.60}; write them in a list")
    found = tuple(names)
    for at, name in enumerate(found):
        if not isinstance(name, str):
            raise WrongType(f"prefer[{at}] must be the name of a figure, got {type(name).__name__}: {name!r:.60}")
        if name not in FIGURES:
            hint = closest(name, FIGURES) or f"; there are {', '.join(FIGURES)}"
            raise InvalidDefinition([(f"prefer[{at}]", f"is no figure{hint}")])
    return found
