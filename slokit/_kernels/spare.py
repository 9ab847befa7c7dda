"""What is left of a budget, exactly: ``u * total - v * bad`` for a budget share of ``u / v``.

Everything a budget says follows from this integer: what remains is it over ``v``, spent out is its sign, and how many
more bad events fit is a floor division of it. Taking ``1 - burn`` instead leaves 8.9e-16 of a budget that is
exactly gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit._kernels import wide
from slokit._kernels.blocks import row_blocks
from slokit._kernels.sums import FloatArray, IntArray
from slokit._kernels.wide import Wide

__all__ = ["Spare"]

_INT64 = 2**63
# Limbs are six or more arrays at once: small blocks keep them all in the cache (35 ns a cell instead of
# 90 over a million cells, for fifteen nines).
_CELLS = 2**13


@dataclass(frozen=True, slots=True, eq=False)
class Spare:
    """``u * total - v * bad`` of every cell.

    Attributes
    ----------
    total, bad
        int64, or Python integers in object arrays, shape ``(..., n)``.
    u, v
        Object arrays of Python integers, ``0 <= u``, ``1 <= v``: shape ``()``, or that of the leading axes.
    """

    total: npt.NDArray[Any]
    bad: npt.NDArray[Any]
    u: npt.NDArray[Any]
    v: npt.NDArray[Any]

    def floats(self) -> FloatArray:
        """Return it as float64, within a few roundings, 0 exactly where it is 0."""
        return self._each(np.float64, lambda value, _: _as_floats(value), self.v)

    def is_gone(self) -> npt.NDArray[np.bool_]:
        """Say where nothing is left: where it is 0 or less."""
        return self._each(np.bool_, lambda value, _: _signs(value) <= 0, self.v)

    def is_overspent(self) -> npt.NDArray[np.bool_]:
        """Say where more than all was spent: where it is below 0."""
        return self._each(np.bool_, lambda value, _: _signs(value) < 0, self.v)

    def floor_divide(self, divisor: npt.NDArray[Any]) -> IntArray:
        """Return how often a positive divisor fits, int64: 0 where nothing is left, at most 2**63 - 1.

        ``divisor`` is an object array of Python integers, shape ``()`` or that of the leading axes.
        """
        return self._each(np.int64, _floor_divide, divisor)

    def _each(
        self,
        dtype: type[np.generic],
        finish: Callable[[IntArray | Wide, npt.NDArray[Any]], Any],
        other: npt.NDArray[Any],
    ) -> npt.NDArray[Any]:
        """Work out blocks of cells and finish each while it is in the cache; ``other`` holds a number for each row."""
        size = self.bad.shape[-1]
        out = np.empty(self.bad.shape, dtype=dtype)
        if not out.size:
            return out
        flat = out.reshape(-1, size)
        total, bad = (np.broadcast_to(x, out.shape).reshape(flat.shape) for x in (self.total, self.bad))
        u, v, other = (x.reshape(-1, 1) for x in (self.u, self.v, other))
        # A factor of 0 makes a small product of a total that no int64 holds.
        most = [_most(x) for x in (total, bad, u, v)]
        fits = max(*most, most[0] * most[2], most[1] * most[3]) < _INT64
        for rows in row_blocks(slice(0, len(flat)), size, _CELLS):
            some_u, some_v, some_other = (x if len(x) == 1 else x[rows] for x in (u, v, other))
            for first in range(0, size, _CELLS):
                cells = rows, slice(first, first + _CELLS)
                value: IntArray | Wide
                if fits:
                    value = some_u.astype(np.int64) * total[cells].astype(np.int64)
                    value -= some_v.astype(np.int64) * bad[cells].astype(np.int64)
                else:
                    value = wide.product_difference(
                        _wide(total[cells]), _wide(some_u), _wide(bad[cells]), _wide(some_v)
                    )
                flat[cells] = finish(value, some_other)
        return out


def _as_floats(value: IntArray | Wide) -> FloatArray:
    return value.astype(np.float64) if isinstance(value, np.ndarray) else wide.to_floats(value)


def _signs(value: IntArray | Wide) -> npt.NDArray[Any]:
    return value if isinstance(value, np.ndarray) else wide.signs(value)


def _floor_divide(value: IntArray | Wide, divisor: npt.NDArray[Any]) -> IntArray:
    if isinstance(value, np.ndarray) and _most(divisor) < _INT64:
        return np.asarray(np.maximum(value, 0) // divisor.astype(np.int64))
    limbs = wide.from_ints(value) if isinstance(value, np.ndarray) else value
    left = tuple(np.where(limbs[-1] < 0, 0, limb) for limb in limbs)
    return wide.floor_divide(left, _wide(divisor))


def _most(integers: npt.NDArray[Any]) -> int:
    # initial= would not mix with Python integers.
    return int(integers.max()) if integers.size else 0


def _wide(integers: npt.NDArray[Any]) -> Wide:
    return wide.from_objects(integers) if integers.dtype == object else wide.from_ints(integers)
