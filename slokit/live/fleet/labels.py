"""Labels: which row a label counts in, found without a lock, and never more rows than there may be."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import count

from slokit.counts.axes import MAX_LABEL
from slokit.errors import InvalidEvents, SlokitError, WrongType

__all__ = ["OVERFLOW", "Labels", "wrong_label"]

OVERFLOW = "(other)"
"""The label of the row in which labels count that have no row of their own."""


def wrong_label(label: object) -> SlokitError | None:
    """Return what is wrong with a label; None if it can be one."""
    if not isinstance(label, str):
        return WrongType(f"label must be text, got {type(label).__name__}: {label!r:.100}")
    if len(label) > MAX_LABEL:
        return InvalidEvents(f"label must be at most {MAX_LABEL:,} characters, got {len(label):,}: {label[:64]!r}")
    return None


class Labels:
    """Rows by label, first come, first served.

    Parameters
    ----------
    limit
        How many labels get a row of their own; the others share row 0.
    named
        Labels that have one from the beginning, whatever comes first.
    """

    def __init__(self, limit: int, named: Iterable[str] = ()) -> None:
        self._limit = limit
        self._rows: dict[str, int] = {OVERFLOW: 0}
        self._fresh = count(1)
        self._returned: deque[int] = deque()
        self._names: tuple[str, ...] = (OVERFLOW,)
        self._named = 1
        for label in named:
            self.row(label)

    def known(self, label: str) -> int | None:
        """Return the row of a label; None if it has none of its own."""
        return self._rows.get(label)

    def row(self, label: str) -> int:
        """Return the row that a label counts in, a new one if there is one left; takes no lock."""
        row = self._rows.get(label)
        if row is not None:
            return row
        if len(self._rows) > self._limit:
            return 0
        try:
            mine = self._returned.pop()
        except IndexError:
            mine = next(self._fresh)
        if mine > self._limit:
            return 0
        # A subclass of str may behave as it likes; what is kept is text alone.
        row = self._rows.setdefault(str.__str__(label), mine)
        if row != mine:
            # Another thread was first.
            self._returned.append(mine)
        return row

    def names(self) -> tuple[str, ...]:
        """Return the labels by row; one that two threads fought for may be free for a while, and is empty text."""
        if len(self._rows) != self._named:
            held = self._rows.copy()
            names = [""] * (max(held.values()) + 1)
            for label, row in held.items():
                names[row] = label
            self._names, self._named = tuple(names), len(held)
        return self._names
