"""Sums that may leave int64, without a wrap that nothing would show.

Each count is cut into its upper 31 and its lower 32 bits. Of halves, 2**31 and more can be added up in int64, so their
sums are right, and say what the sum of the whole is or whether it fits. Large sums are rare: the callers look at the
greatest count first, which costs a third of the sum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["exact_sum", "overflows"]

Ints = npt.NDArray[np.int64]

_LOW = 0xFFFF_FFFF


def exact_sum(counts: Ints, axis: int | None = None) -> Any:
    """Sum non-negative counts, int64, over one axis or all.

    Returns
    -------
    int64 or object, scalar or array
        Python integers where int64 might not hold them.

    Examples
    --------
    >>> exact_sum(np.array([2**62, 2**62, 5])) == 2**63 + 5
    True
    """
    width = counts.size if axis is None else counts.shape[axis]
    if int(counts.max(initial=0)) * width < 2**63:
        return counts.sum(axis=axis)
    high, low = (np.asarray((counts >> 32).sum(axis=axis)), np.asarray((counts & _LOW).sum(axis=axis)))
    return high.astype(object) * 2**32 + low.astype(object)


def overflows(adding: Callable[[Ints], Ints], counts: Ints) -> npt.NDArray[np.bool_]:
    """Say where a way of adding up non-negative counts gives 2**63 or more.

    Parameters
    ----------
    adding
        Adds up an array like ``counts``, in whatever groups; called with both halves.
    counts
        int64, at most 2**31 of them a group.

    Examples
    --------
    >>> overflows(lambda array: array.sum(axis=1), np.array([[2**62, 2**62], [2**62, 2**62 - 1]]))
    array([ True, False])
    """
    return np.asarray(adding(counts >> 32) + (adding(counts & _LOW) >> 32) >= 2**31)
