"""Limits: exact comparisons of sums with a share of other sums, thousands of series at once, each with its own share.

``bad / total > p / q`` is ``q * bad > p * total`` in integers. In int64 that is two products and a comparison, and safe
while no product can reach 2**63. Sums are mostly small, and p and q mostly few digits long; so the largest sum decides,
which costs one look at them. A long decimal is first replaced by the nearest fraction on the safe side whose
denominator is as large as any sum, which changes no verdict (see :func:`slokit.rational.floor_fraction`). What does not
fit even so is done in Python integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from slokit.live.fleet.rings import BLOCK, Numbers
from slokit.rational import ceil_fraction, floor_fraction

__all__ = ["SHORT", "Limit", "Scratch"]

BoolArray = npt.NDArray[np.bool_]

_INT64 = 2**63
SHORT = 2**31
"""Sums up to here take fractions of such a denominator, and their products stay below 2**62."""


class _Fractions(NamedTuple):
    """p and q of some series: one for all of them, or one each, and the largest there is."""

    p: Any
    q: Any
    most: int

    @classmethod
    def of(cls, shares: list[Fraction]) -> _Fractions:
        p, q = [share.numerator for share in shares], [share.denominator for share in shares]
        most = max(*p, *q)
        if len(set(shares)) == 1:
            return cls(p[0], q[0], most)
        dtype: Any = np.int64 if most < _INT64 else object
        return cls(np.array(p, dtype=dtype), np.array(q, dtype=dtype), most)

    def first(self, rows: int) -> tuple[Any, Any]:
        """Return p and q of the first rows."""
        return (self.p[:rows], self.q[:rows]) if isinstance(self.p, np.ndarray) else (self.p, self.q)


class Scratch:
    """Room for two products and a verdict of a block, made once."""

    def __init__(self) -> None:
        self.left, self.right = np.empty((2, BLOCK), dtype=np.int64)
        self.verdict: BoolArray = np.empty(BLOCK, dtype=np.bool_)


class Limit:
    """A share that sums are held against: a multiple of ``1 - target``, which some series have of their own.

    Parameters
    ----------
    factor
        The multiple: a burn rate, or a share of the budget.
    targets
        Targets by row, and under None that of all other rows.
    strict
        Whether the share must be exceeded; otherwise reaching it is enough, where there are any events.
    """

    def __init__(self, factor: Fraction, targets: Mapping[int | None, Fraction], *, strict: bool = True) -> None:
        self.strict = strict
        nearest = floor_fraction if strict else ceil_fraction
        exact = {row: factor * (1 - target) for row, target in targets.items()}
        short = {row: nearest(share, SHORT) for row, share in exact.items()}
        self._exact, self._short = _by_block(exact), _by_block(short)

    def exceeded(self, block: int, bad: Numbers, total: Numbers, most: int, room: Scratch, out: BoolArray) -> None:
        """Say which series exceed the limit.

        Parameters
        ----------
        block
            Which block they are.
        bad, total
            Sums, the first of them first; int64, or Python integers.
        most
            A number that none of them exceeds.
        room
            Scratch.
        out
            Where to write.
        """
        rows = len(out)
        fractions = self._short if most <= SHORT else self._exact
        held = fractions.get(block, fractions[None])
        p, q = held.first(rows)
        compare = np.greater if self.strict else np.greater_equal
        if bad.dtype == total.dtype != object and held.most * max(most, 1) < _INT64:
            np.multiply(bad, q, out=room.left[:rows])
            np.multiply(total, p, out=room.right[:rows])
            compare(room.left[:rows], room.right[:rows], out=out)
        else:
            out[:] = compare(bad.astype(object) * q, total.astype(object) * p)
        if not self.strict:
            out &= np.asarray(total > 0, dtype=np.bool_)


def _by_block(shares: Mapping[int | None, Fraction]) -> dict[int | None, _Fractions]:
    """Return the fractions of the blocks that have some of their own, and under None those of all others."""
    usual = shares[None]
    found: dict[int | None, _Fractions] = {None: _Fractions.of([usual])}
    rows: dict[int, dict[int, Fraction]] = {}
    for row, share in shares.items():
        if row is not None:
            rows.setdefault(row // BLOCK, {})[row % BLOCK] = share
    for block, own in rows.items():
        found[block] = _Fractions.of([own.get(column, usual) for column in range(BLOCK)])
    return found
