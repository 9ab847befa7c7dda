"""What rooms pass each other without importing each other: shapes, described once.

An evaluation knows the objective it was made for, although objectives are defined in a room above it, and a status
can look further into the evaluation that it came from; so each is typed by what it needs of the other.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from slokit.timeline import DurationLike, Timeline
    from slokit.windows import Window

__all__ = ["EventSource", "Objective"]


class EventSource(Protocol):
    """What a status asks of the evaluation of one series that it came from."""

    @property
    def timeline(self) -> Timeline:
        """Its buckets."""
        ...

    def events_within(self, window: DurationLike, bucket: int) -> tuple[int, int]:
        """Return good and bad events of a rolling window that ends with a bucket."""
        ...


class Objective(Protocol):
    """What an evaluation and a status say of the objective they are about."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def target(self) -> Fraction:
        """At least this share must be good."""
        ...

    @property
    def window(self) -> Window:
        """Over this window."""
        ...
