"""Tiers: prefix sums of a long past at few places, so that thousands of objectives fit into memory.

A window's sum needs the running sum at its end and at its start, and nothing between. Its end is always now; only
starts lie far back, those of long windows. So running sums are kept at every bucket for the last hours, at every tenth
for days, at every sixtieth for the rest. A start that lies between two kept edges is answered at the earlier one, less
than one tier step earlier, and never at a later one: no event of the window is left out.

Edges count from the epoch in buckets: edge ``e`` is the start of bucket ``e``, and a tier of step ``s`` keeps multiples
of ``s``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import attrs

from slokit._display import Shown, plural

__all__ = ["Tier", "Tiers"]

# Windows of at most so many buckets are answered by the tier of such a step. Six hours of minutes are exact, three days
# are long by at most 9 minutes in 4,320, thirty days by 59 in 43,200: below 1 in 44 of any window.
_REACHES = ((1, 398), (10, 4_440))
_COARSEST = 60

_BYTES_AN_EDGE = 16


@attrs.frozen
class Tier(Shown):
    """Running sums at every ``step``-th edge.

    Parameters
    ----------
    step
        Buckets between two edges.
    reach
        The longest window that it answers, in buckets.
    """

    step: int
    reach: int
    size: int = attrs.field(init=False)
    """How many edges are kept: those of the running bucket, and back to the start of the longest window."""

    @size.default
    def _size(self) -> int:
        # Windows end at the start or the end of the running bucket, so the reach is one bucket more; a span of x steps
        # meets at most ceil(x) + 1 edges.
        return -(-(self.reach + 1) // self.step) + 1

    def place(self, edge: int) -> int:
        """Return where in the ring an edge stands, that of the nearest kept edge at or before it."""
        return edge // self.step % self.size

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "every", plural(self.step, "bucket")
        yield "edges", f"{self.size:,}"
        yield "windows up to", plural(self.reach, "bucket")


@attrs.frozen
class Tiers(Shown):
    """The tiers that answer all windows up to a length, the finest first.

    Parameters
    ----------
    tiers
        At least one.

    Examples
    --------
    >>> Tiers.reaching(43_200).sizes, Tiers.reaching(43_200).nbytes
    ((400, 446, 722), 25088)
    >>> Tiers.reaching(60).sizes
    (62,)
    """

    tiers: tuple[Tier, ...]

    @classmethod
    def reaching(cls, longest: int) -> Tiers:
        """Return the tiers for windows of up to so many buckets."""
        held = [Tier(step, min(reach, longest)) for step, reach in _REACHES]
        kept = [held[0], *(after for before, after in pairwise(held) if before.reach < longest)]
        if kept[-1].reach < longest:
            kept.append(Tier(_COARSEST, longest))
        return cls(tuple(kept))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many edges each tier keeps."""
        return tuple(tier.size for tier in self.tiers)

    @property
    def nbytes(self) -> int:
        """Bytes for one series: two running sums of 8 bytes at each edge."""
        return _BYTES_AN_EDGE * sum(self.sizes)

    @property
    def longest(self) -> int:
        """The longest window that is answered, in buckets."""
        return self.tiers[-1].reach

    def answering(self, window: int) -> int:
        """Return which tier answers a window of so many buckets: the finest that reaches."""
        return next(i for i, tier in enumerate(self.tiers) if window <= tier.reach)

    def floor(self, window: int, end: int) -> int:
        """Return from which edge a window is answered that ends at an edge: its start, or less than a step earlier.

        Examples
        --------
        >>> tiers = Tiers.reaching(43_200)
        >>> tiers.floor(360, 100_007), tiers.floor(4_320, 100_007), tiers.ceil(4_320, 100_007)
        (99647, 95680, 95690)
        """
        step = self.tiers[self.answering(window)].step
        return (end - window) // step * step

    def ceil(self, window: int, end: int) -> int:
        """Return the first kept edge at or after the start of a window."""
        step = self.tiers[self.answering(window)].step
        return -(-(end - window) // step) * step

    def oldest(self, newest: int) -> int:
        """Return the oldest edge that is kept while bucket ``newest`` is running: older events are too late."""
        coarsest = self.tiers[-1]
        return ((newest + 1) // coarsest.step - coarsest.size + 1) * coarsest.step

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        for tier in self.tiers:
            yield f"every {tier.step}", f"{tier.size} edges, windows up to {tier.reach:,} buckets"
