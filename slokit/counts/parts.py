"""The six fields of counts on their way from one room of this package to another.

Each constructor and each operation is a function from :class:`Parts` (or from what a caller brought) to new Parts, and
:class:`slokit.counts.Counts` is the face over them: so none of them needs to import the class that calls it.

Nearly all evidence is observed throughout and excluded nowhere. A mask that says so is a view of one element with
strides of zero: no memory, and asking whether it is uniform costs nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from slokit.counts.axes import Axis
from slokit.errors import InvalidCounts
from slokit.timeline import Timeline, instant_text

__all__ = ["LARGEST", "Mask", "Numbers", "Parts", "everywhere", "nowhere", "place", "uniform"]

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LARGEST = 2**63 - 1


class Parts(NamedTuple):
    """What counts consist of; arrays have the shape ``(*axes, timeline.size)``."""

    timeline: Timeline
    axes: tuple[Axis, ...]
    bad: Numbers
    total: Numbers
    observed: Mask
    excluded: Mask


def everywhere(shape: tuple[int, ...]) -> Mask:
    """Return a mask that is True throughout, of one element's memory."""
    return np.broadcast_to(np.True_, shape)


def nowhere(shape: tuple[int, ...]) -> Mask:
    """Return a mask that is False throughout, of one element's memory."""
    return np.broadcast_to(np.False_, shape)


def uniform(mask: Mask) -> bool | None:
    """Return the value that a mask is known to have throughout, None where nobody has looked.

    An empty mask is neither: whoever asks takes the general path, which costs nothing there.
    """
    if mask.size and not any(mask.strides):
        return bool(mask.flat[0])
    return None


def place(timeline: Timeline, axes: tuple[Axis, ...], index: tuple[Any, ...]) -> str:
    """Say in words which bucket an index of the arrays means."""
    rows = "".join(f", {axis.name} {axis.labels[int(i)]!r:.100}" for axis, i in zip(axes, index, strict=False))
    return f"bucket {int(index[-1])} ({instant_text(timeline.start + int(index[-1]) * timeline.step)}{rows})"


def refuse_overflow(over: Mask, timeline: Timeline, axes: tuple[Axis, ...], doing: str) -> None:
    """Raise if a sum did not fit, naming the first such bucket."""
    if over.any():
        first = np.unravel_index(int(over.argmax()), over.shape)
        more = int(over.sum()) - 1
        raise InvalidCounts(
            f"{doing} must leave at most 2**63 - 1 events in a bucket; too many in {place(timeline, axes, first)}"
            + (f" (and {more:,} more)" if more else "")
        )
