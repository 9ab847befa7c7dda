"""Integers longer than 64 bits, whole arrays at a time: limbs in base 2**30.

Counts of 2**62 times a target of fifteen nines need 128 bits and more. Python integers in object arrays answer
that too, at half a microsecond a cell; limbs take a tenth of it. Base 2**30 leaves room: a product of two limbs
has 60 bits, so eight of them add up in an int64 before anything must be carried.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Wide",
    "carry",
    "floor_divide",
    "from_ints",
    "from_objects",
    "product_difference",
    "signs",
    "take",
    "to_floats",
    "to_objects",
]

IntArray = npt.NDArray[np.int64]

Wide = tuple[IntArray, ...]
"""Limbs, least first; all but the last lie in ``0 .. 2**30 - 1``, the last carries the sign."""

_BITS = 30
_MASK = 2**_BITS - 1


def from_ints(values: IntArray) -> Wide:
    """Split int64 values into limbs."""
    return (values & _MASK, (values >> _BITS) & _MASK, values >> (2 * _BITS))


def from_objects(values: npt.NDArray[Any]) -> Wide:
    """Split an object array of Python integers, none negative, of any shape and size into limbs."""
    length = max((int(v).bit_length() for v in values.flat), default=1)
    count = max(1, -(-length // _BITS)) + 1
    limbs = [np.array([(int(v) >> (_BITS * k)) & _MASK for v in values.flat], dtype=np.int64) for k in range(count)]
    return tuple(limb.reshape(values.shape) for limb in limbs)


def to_objects(value: Wide) -> npt.NDArray[Any]:
    """Return an object array of Python integers."""
    total = np.asarray(value[-1], dtype=object)
    for limb in value[-2::-1]:
        total = np.asarray(total * 2**_BITS + np.asarray(limb, dtype=object), dtype=object)
    return total


def take(value: Wide, index: Any) -> Wide:
    """Index every limb alike."""
    return tuple(limb[index] for limb in value)


def carry(limbs: Wide) -> Wide:
    """Bring limbs of any size and sign back into their range; the last one keeps what is left."""
    done: list[IntArray] = []
    over: IntArray | int = 0
    for limb in limbs[:-1]:
        full = limb + over
        done.append(full & _MASK)
        over = full >> _BITS
    done.append(limbs[-1] + over)
    return tuple(done)


def product_difference(a: Wide, x: Wide, b: Wide, y: Wide) -> Wide:
    """Return ``a * x - b * y`` exactly; the shapes of the limbs broadcast, and no factor is negative."""
    length = max(len(a) + len(x), len(b) + len(y)) + 1
    places: list[Any] = [np.int64(0)] * length
    for i, p in enumerate(a):
        for j, q in enumerate(x):
            places[i + j] = places[i + j] + p * q
    # At most four limbs stand in a count or its window's sum: neither half of a place passes 2**62.
    for i, p in enumerate(b):
        for j, q in enumerate(y):
            places[i + j] = places[i + j] - p * q
    shape = np.broadcast_shapes(a[0].shape, x[0].shape, b[0].shape, y[0].shape)
    return carry(tuple(np.broadcast_to(np.asarray(place, dtype=np.int64), shape) for place in places))


def signs(value: Wide) -> npt.NDArray[np.int8]:
    """Return -1, 0 or 1 for each value, int8."""
    rest = value[0] != 0
    for limb in value[1:-1]:
        rest |= limb != 0
    top = value[-1]
    return np.where(top < 0, -1, ((top > 0) | rest).astype(np.int8)).astype(np.int8)


def to_floats(value: Wide) -> npt.NDArray[np.float64]:
    """Return float64 values within a few roundings of the truth, and 0 exactly where it is 0."""
    # The limbs of -1 are (2**30 - 1, …, -1): adding those as floats cancels catastrophically, so the sign goes first.
    negative = value[-1] < 0
    magnitude = carry(tuple(np.where(negative, -limb, limb) for limb in value))
    total = magnitude[-1].astype(np.float64)
    for limb in magnitude[-2::-1]:
        total = total * float(2**_BITS) + limb
    return np.where(negative, -total, total)


def floor_divide(value: Wide, divisor: Wide) -> IntArray:
    """Return ``value // divisor``, where both are not negative, as int64: 2**63 - 1 stands for that much or more."""
    estimate = to_floats(value) / to_floats(divisor)
    large = estimate >= 2.0**62
    # A float quotient below 2**62 is off by hundreds at most, and what it leaves over is small enough to say by how
    # many. The sign of what is left is exact, so the last step is never judged by a rounded float.
    quotient = np.asarray(np.where(large, 0.0, np.floor(estimate)).astype(np.int64))
    one = from_ints(np.ones((), dtype=np.int64))
    while True:
        rest = product_difference(value, one, divisor, from_ints(quotient))
        too_small = (signs(product_difference(rest, one, divisor, one)) >= 0) & ~large
        too_large = (signs(rest) < 0) & ~large
        if not (too_small.any() or too_large.any()):
            break
        steps = np.floor(to_floats(rest) / to_floats(divisor))
        steps = np.where(too_small, np.maximum(steps, 1.0), np.where(too_large, np.minimum(steps, -1.0), 0.0))
        quotient = quotient + steps.astype(np.int64)
    if large.any():
        # Rare, and the quotient may not fit: Python integers settle it.
        wholes, parts = (
            take(carry(tuple(np.broadcast_to(x, large.shape) for x in w)), large) for w in (value, divisor)
        )
        quotient[large] = [
            min(int(a) // int(b), 2**63 - 1) for a, b in zip(to_objects(wholes), to_objects(parts), strict=True)
        ]
    return quotient
