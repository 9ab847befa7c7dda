"""Forked children: what must begin anew in one, whatever its parent was doing at that moment.

A lock that another thread of the parent held would never be released in the child, and what the parent counted is the
parent's: a child that kept it would have it counted twice. So whoever holds either says here what to do.
"""

from __future__ import annotations

import os
import weakref
from typing import Protocol

__all__ = ["begins_anew"]


class _Forked(Protocol):
    def _after_fork(self) -> None:
        """Begin anew, in a child, before anything else runs there."""
        ...


_alive: weakref.WeakSet[_Forked] = weakref.WeakSet()


def begins_anew(holder: _Forked) -> None:
    """Have ``_after_fork`` called in every child that is forked while the holder lives."""
    _alive.add(holder)


def _after_fork() -> None:
    for holder in list(_alive):
        holder._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
