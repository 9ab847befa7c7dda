"""What is left of a budget, exactly: ``u * total - v * bad`` for a budget share of ``u / v``.

Everything a budget says follows from this integer: what remains is it over ``v``, spent out is its sign, and how many
more bad events fit is a floor division of it. Taking ``1 - burn`` instead leaves 8.9e-16 of a budget that is
exactly gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit._kernels import wide
from slokit._kernels.sums import FloatArray, IntArray
from slokit._kernels.wide import Wide

__all__ = ["Spare"]

_INT64 = 2**63


@dataclass(frozen=True, slots=True, eq=False)
class Spare:
    """``u * total - v * bad`` of every cell, shape ``(..., n)``: int64 where that holds it, else limbs."""

    value: IntArray | Wide

    @classmethod
    def of(cls, total: npt.NDArray[Any], bad: npt.NDArray[Any], u: npt.NDArray[Any], v: npt.NDArray[Any]) -> Spare:
        """Weigh counts against a budget share.

        Parameters
        ----------
        total, bad
            int64, or Python integers in object arrays, shape ``(..., n)``.
        u, v
            Object arrays of Python integers: shape ``()``, or that of the leading axes.
        """
        most = max(_most(total) * _most(u), _most(bad) * _most(v), _most(u), _most(v))
        if most < _INT64:
            small_u, small_v = (_column(x).astype(np.int64) for x in (u, v))
            return cls(np.asarray(small_u * total.astype(np.int64) - small_v * bad.astype(np.int64)))
        return cls(wide.product_difference(_wide(total), _wide(_column(u)), _wide(bad), _wide(_column(v))))

    def floats(self) -> FloatArray:
        """Return it as float64, within a few roundings, 0 exactly where it is 0."""
        return self.value.astype(np.float64) if isinstance(self.value, np.ndarray) else wide.to_floats(self.value)

    def is_gone(self) -> npt.NDArray[np.bool_]:
        """Say where nothing is left: where it is 0 or less."""
        return np.asarray((self.value if isinstance(self.value, np.ndarray) else wide.signs(self.value)) <= 0)

    def floor_divide(self, divisor: npt.NDArray[Any]) -> IntArray:
        """Return how often a positive divisor fits, int64: 0 where nothing is left, at most 2**63 - 1.

        ``divisor`` is an object array of Python integers, shape ``()`` or that of the leading axes.
        """
        column = _column(divisor)
        if isinstance(self.value, np.ndarray) and _most(divisor) < _INT64:
            return np.asarray(np.maximum(self.value, 0) // column.astype(np.int64))
        value = wide.from_ints(self.value) if isinstance(self.value, np.ndarray) else self.value
        left = tuple(np.where(value[-1] < 0, 0, limb) for limb in value)
        return wide.floor_divide(left, _wide(column))


def _most(integers: npt.NDArray[Any]) -> int:
    # initial= would not mix with Python integers.
    return int(integers.max()) if integers.size else 0


def _column(per_row: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give values that each row has its own of an axis of time to broadcast along."""
    return per_row[..., np.newaxis] if per_row.ndim else per_row


def _wide(integers: npt.NDArray[Any]) -> Wide:
    return wide.from_objects(integers) if integers.dtype == object else wide.from_ints(integers)
