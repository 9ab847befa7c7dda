"""Exit statuses, by name; what each means to a pipeline is said in :mod:`slokit.__main__`."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Exit"]


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    MISSED = 1
    BLOCKED = 1
    USAGE = 2
    UNKNOWN = 3
    # EX_SOFTWARE of BSD's sysexits.
    FAULT = 70
    # What a shell reports of a program that an interrupt or a closed pipe ended.
    INTERRUPT = 130
    PIPE = 141
