"""The error budget: how many bad events an objective allows, and what is left of them.

A budget is ``1 - target`` of the events of a window. It is reckoned in integers from end to end: with the share
written ``u / v``, what remains is ``(u * total - v * bad) / v``, so that a budget which is exactly gone says 0, never
8.9e-16 or -4.69e-12 %. At exactly 0 the objective is still met and the budget is exhausted: both are true.

In a calendar period the events still to come have a share of the budget too; otherwise one bad minute at 00:10 on
the first of the month reads -9,900 %. The ``basis`` says which total the budget was reckoned from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, ClassVar, Literal, get_args

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, amount_text, html_table, percent, short
from slokit._kernels.spare import Spare
from slokit.errors import InvalidCounts, WrongType
from slokit.rational import RationalLike, parse_target, percent_text

__all__ = ["Basis", "ErrorBudget", "ErrorBudgetArrays"]

Basis = Literal["window", "full", "expected", "elapsed"]
"""Which events a budget is a share of: a rolling window's; the whole period's, known; those expected of the period;
or those of the period so far."""


def _count(value: int, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise WrongType(f"{field} must be an integer, got {type(value).__name__}: {value!r}")
    if value < 0:
        raise InvalidCounts(f"{field} must not be negative, got {value}")
    return int(value)


def _is_count(_: object, attribute: attrs.Attribute[int], value: int) -> None:
    _count(value, attribute.name)


def _plain(value: int) -> int:
    """Turn numpy's integers into Python's, which have no width."""
    return int(value) if isinstance(value, np.integer) and not isinstance(value, np.timedelta64) else value


@attrs.frozen(repr=False, kw_only=True)
class ErrorBudget:
    """The error budget of one window, exact.

    Usually found on a :class:`~slokit.Status`; :meth:`of` makes one of bare counts.

    Parameters
    ----------
    target
        The objective's target.
    good, bad
        Events of the window so far.
    basis_total
        The events that the budget is a share of, at least ``good + bad``.
    basis
        Where that total comes from.
    is_estimate
        Whether it may still turn out otherwise.
    unit
        What is counted: ``"events"``, ``"slices"`` and so on.

    Examples
    --------
    >>> budget = ErrorBudget.of("99.9%", good=999_412, bad=588)
    >>> budget
    ErrorBudget(41.2% left · 412 more bad events fit · 588 of 1,000 allowed were spent)
    >>> budget.remaining_ratio, budget.bad_events_left, budget.affords(bad=413)
    (0.412, 412, False)
    """

    target: Fraction = attrs.field(converter=parse_target)
    good: int = attrs.field(validator=_is_count, converter=_plain)
    bad: int = attrs.field(validator=_is_count, converter=_plain)
    basis_total: int = attrs.field(validator=_is_count, converter=_plain)
    basis: Basis = "window"
    is_estimate: bool = False
    unit: str = "events"

    def __attrs_post_init__(self) -> None:
        if self.basis not in get_args(Basis):
            raise InvalidCounts(f"basis must be one of {', '.join(get_args(Basis))}, got {self.basis!r}")
        if self.basis_total < self.good + self.bad:
            raise InvalidCounts(
                f"basis_total must be at least good + bad, got {self.basis_total} and {self.good} + {self.bad}"
            )

    @classmethod
    def of(
        cls,
        target: RationalLike,
        *,
        good: int | None = None,
        bad: int | None = None,
        total: int | None = None,
    ) -> ErrorBudget:
        """Make the budget of bare counts.

        Parameters
        ----------
        target
            At least 0 and below 1: ``"99.9%"``, ``0.999``.
        good, bad, total
            Any two of them.

        Raises
        ------
        InvalidTarget
            If the target is out of range.
        InvalidCounts
            If a count is negative, or good or bad exceed the total.
        WrongType
            If a count is no integer, or not exactly two were given.
        """
        given = {"good": good, "bad": bad, "total": total}
        counts = {field: _count(value, field) for field, value in given.items() if value is not None}
        if len(counts) != 2:
            raise WrongType(f"two of good, bad and total must be given, got {', '.join(counts) or 'none'}")
        whole = counts.get("total", counts.get("good", 0) + counts.get("bad", 0))
        for field in ("good", "bad"):
            if counts.get(field, 0) > whole:
                raise InvalidCounts(f"{field} must not exceed total: {field} = {counts[field]}, total = {whole}")
        lost = counts["bad"] if "bad" in counts else whole - counts["good"]
        return cls(target=target, good=whole - lost, bad=lost, basis_total=whole)

    @property
    def total(self) -> int:
        """Events of the window so far."""
        return self.good + self.bad

    @property
    def allowed(self) -> float:
        """Bad events the objective allows, ``(1 - target) * basis_total``; 0 without data."""
        return _float(self._allowed)

    @property
    def consumed(self) -> int:
        """Bad events that happened."""
        return self.bad

    @property
    def remaining(self) -> float:
        """Bad events still allowed; negative once overspent, and exactly 0 where it is exactly gone."""
        return _float(self._allowed - self.bad)

    @property
    def remaining_ratio(self) -> float | None:
        """What remains over what was allowed; 1 is untouched, below 0 overspent. None without data."""
        return _float((self._allowed - self.bad) / self._allowed) if self.total else None

    @property
    def exhausted(self) -> bool:
        """Whether something was spent and nothing is left. At exactly 0 the objective is still met."""
        return self.bad > 0 and self._allowed <= self.bad

    @property
    def bad_events_left(self) -> int | None:
        """How many more bad events fit, each counted into the total too; None at a target of 0, which allows any.

        ``floor(((1 - t) * N - B) / t)``. Where the basis fixes the total, more events do not raise it:
        ``floor((1 - t) * N - B)``.
        """
        if self.target == 0:
            return None
        left = self._allowed - self.bad
        return max(0, int((left if self._is_fixed else left / self.target) // 1))

    def affords(self, *, bad: int) -> bool:
        """Say whether the objective still holds after this many more bad events.

        Examples
        --------
        >>> ErrorBudget.of("99%", good=99, bad=1).affords(bad=1)
        False
        """
        more = _count(bad, "bad")
        # Where the total is fixed more events do not raise it; elsewhere each bad one counts into it too.
        allowed = self._allowed if self._is_fixed else (1 - self.target) * (self.basis_total + more)
        return self.bad + more <= allowed

    @property
    def _allowed(self) -> Fraction:
        return (1 - self.target) * self.basis_total if self.total else Fraction(0)

    @property
    def _is_fixed(self) -> bool:
        return self.basis in ("full", "expected")

    def _facts(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to say, in words."""
        if not self.total:
            yield "left", "no data"
            return
        yield "left", f"{percent((self._allowed - self.bad) / self._allowed, 1)} left"
        if self.bad_events_left is not None:
            yield "fit", f"{short(self.bad_events_left)} more bad {self.unit} fit"
        yield "spent", f"{short(self.bad)} of {amount_text(self._allowed)} allowed were spent"
        if self.basis != "window":
            yield "basis", f"basis: {self.basis}{', estimated' if self.is_estimate else ''}"

    def __repr__(self) -> str:
        return f"ErrorBudget({' · '.join(text for _, text in self._facts())})"

    def _repr_html_(self) -> str:
        rows = [("target", percent_text(self.target)), *self._facts()]
        return html_table(rows, caption="Error budget")

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        yield "target", percent_text(self.target)
        yield "allowed", self.allowed
        yield "consumed", self.consumed
        yield "remaining_ratio", self.remaining_ratio
        yield "exhausted", self.exhausted


def _float(value: Fraction) -> float:
    """Return the nearest double, infinity beyond the largest."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


FloatArray = npt.NDArray[np.float64]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ErrorBudgetArrays(Shown):
    """The error budget at the end of every bucket, as arrays of shape ``(..., n)``, each made when it is asked for.

    Without data ``allowed``, ``consumed`` and ``remaining`` are 0, ``remaining_ratio`` is NaN and nothing is exhausted.
    Floats are within 1e-12 of the truth, relative to it, and exactly 0 where it is 0.
    """

    _caption = "Error budgets"

    # Integers, int64 or Python's own where that is too short, 0 without data; a Fraction for all series or one each.
    _bad: npt.NDArray[Any]
    _basis_total: npt.NDArray[Any]
    _targets: npt.NDArray[Any]
    basis: npt.NDArray[np.str_]
    """Which total the budget is a share of, shape ``(n,)``: see :data:`Basis`."""
    is_estimate: npt.NDArray[np.bool_]
    """Where that total may still turn out otherwise, shape ``(n,)``."""

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        for array in self._arrays():
            array.setflags(write=False)

    def _arrays(self) -> tuple[npt.NDArray[Any], ...]:
        return (self._bad, self._basis_total, self._targets, self.basis, self.is_estimate)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ErrorBudgetArrays):
            return NotImplemented
        return all(np.array_equal(a, b) for a, b in zip(self._arrays(), other._arrays(), strict=True))

    @property
    def allowed(self) -> FloatArray:
        """Bad events the objective allows, float64."""
        return np.asarray(self._basis_total.astype(np.float64) * _quotient(self._u, self._v))

    @property
    def consumed(self) -> FloatArray:
        """Bad events that happened, float64."""
        return self._bad.astype(np.float64)

    @property
    def remaining(self) -> FloatArray:
        """Bad events still allowed, float64; negative once overspent."""
        return np.asarray(self._spare.floats() * _quotient(np.ones_like(self._v), self._v))

    @property
    def remaining_ratio(self) -> FloatArray:
        """What remains over what was allowed, float64; NaN without data."""
        with np.errstate(invalid="ignore", divide="ignore"):
            whole = self._basis_total.astype(np.float64) * _quotient(self._u, np.ones_like(self._u))
            return np.asarray(self._spare.floats() / whole)

    @property
    def exhausted(self) -> npt.NDArray[np.bool_]:
        """Where something was spent and nothing is left, bool."""
        return np.asarray(self._spare.is_gone() & (self._bad > 0))

    @property
    def bad_events_left(self) -> npt.NDArray[np.int64]:
        """How many more bad events fit, int64: -1 at a target of 0; 2**63 - 1 stands for that many or more."""
        spare, target = self._spare, np.asarray(self._v - self._u, dtype=object)
        fixed = np.isin(self.basis, ("full", "expected"))
        # A target of 0 has no divisor; its rows get -1 whatever 1 in its place would give.
        divisor = np.asarray(np.where(target == 0, 1, target), dtype=object)
        if fixed.all():
            left = spare.floor_divide(self._v)
        elif fixed.any():
            left = np.where(fixed, spare.floor_divide(self._v), spare.floor_divide(divisor))
        else:
            left = spare.floor_divide(divisor)
        free = np.asarray(target == 0, dtype=np.bool_)
        return np.where(free[..., np.newaxis] if free.ndim else free, -1, left)

    @property
    def _u(self) -> npt.NDArray[Any]:
        """Numerators of ``1 - target``."""
        return _integers(target.denominator - target.numerator for target in self._targets.flat).reshape(
            self._targets.shape
        )

    @property
    def _v(self) -> npt.NDArray[Any]:
        """Denominators of ``1 - target``."""
        return _integers(target.denominator for target in self._targets.flat).reshape(self._targets.shape)

    @property
    def _spare(self) -> Spare:
        return Spare(self._basis_total, self._bad, self._u, self._v)

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "shape", " × ".join(map(str, self._bad.shape))
        if self._bad.size:
            yield "basis", ", ".join(sorted(set(self.basis.tolist())))
            last = self.remaining_ratio[..., -1]
            known = last[~np.isnan(last)]
            if known.size:
                yield "left at the end", f"{percent(float(known.min()), 1)}" + (" at worst" if last.size > 1 else "")

    def __repr__(self) -> str:
        return f"ErrorBudgetArrays({', '.join(f'{name} {text}' for name, text in self._facts())})"


def _integers(values: Iterable[int]) -> npt.NDArray[Any]:
    """Return Python integers in an object array, whatever their size."""
    held = list(values)
    array = np.empty(len(held), dtype=object)
    array[:] = held
    return array


def _quotient(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> FloatArray:
    """Divide Python integers to the nearest float64, one a row, ready to broadcast along time."""
    ratios = np.array([int(a) / int(b) for a, b in zip(above.flat, below.flat, strict=True)]).reshape(above.shape)
    return ratios[..., np.newaxis] if ratios.ndim else ratios
