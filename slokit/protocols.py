"""What rooms pass each other without importing each other: shapes, described once.

An evaluation knows the objective it was made for, although objectives are defined in a room above it; so the
evaluation is typed by what it needs of one.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from slokit.windows import Window

__all__ = ["Objective"]


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
