"""The terminal itself: what it can show, and how long a long read still takes.

Asked once, at the edge; everything else is told. Colour is for terminals only, and not where ``NO_COLOR`` is set to
anything (https://no-color.org) or the terminal is dumb. Signs beyond ASCII need an encoding that has them all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from typing import Literal, Self, TextIO

from slokit._display import clean
from slokit.report._signs import LEVELS, Style

__all__ = ["Progress", "style_for"]

# Not a terminal: a pipe, a file, a log. Wide enough for every table, narrow enough for a mail.
_PLAIN_WIDTH = 100
_PATIENCE = 0.5
_EVERY = 0.1


def style_for(stream: TextIO, color: Literal["auto", "always", "never"] = "auto") -> Style:
    """Return how to write a report to a stream.

    Parameters
    ----------
    stream
        Usually standard output.
    color
        ``"auto"`` colours on a terminal, unless ``NO_COLOR`` or ``TERM=dumb`` ask it not to.
    """
    on_terminal = stream.isatty()
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    try:
        f"{LEVELS}░·×◦–…".encode(stream.encoding or "ascii")
        ascii_only = False
    except (UnicodeEncodeError, LookupError):
        ascii_only = True
    return Style(
        width=_width(stream),
        color=color == "always" or (color == "auto" and on_terminal and not plain),
        ascii_only=ascii_only,
    )


def _width(stream: TextIO) -> int:
    """Return the columns that COLUMNS says, which whoever set it meant for pipes too, or else those of a terminal."""
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said[:9]) > 0:
        return int(said[:9])
    try:
        return os.get_terminal_size(stream.fileno()).columns or _PLAIN_WIDTH
    except (OSError, ValueError):
        return _PLAIN_WIDTH


class Progress:
    """Says on a terminal how far a long read has come; silent for short ones, and where nobody looks.

    Parameters
    ----------
    stream
        Usually standard error; None where that is closed.
    what
        What is being read.
    clock
        Seconds that only grow.

    Examples
    --------
    >>> import sys
    >>> with Progress(sys.stdout, "events.csv") as progress:  # no terminal here: nothing is shown
    ...     progress(1_000_000, 2_000_000)
    """

    def __init__(self, stream: TextIO | None, what: str, clock: Callable[[], float] = monotonic) -> None:
        self._stream = stream
        self._what = clean(what, 40)
        self._clock = clock
        self._started = clock()
        self._next = self._started + _PATIENCE if stream is not None and stream.isatty() else float("inf")
        self._shown = 0

    def __call__(self, done: int, size: int | None) -> None:
        """Take note of how many bytes were read, of how many in all if that is known."""
        now = self._clock()
        if self._stream is None or now < self._next:
            return
        self._next = now + _EVERY
        text = f"reading {self._what}: {done / 1e6:,.0f} MB"
        if size:
            left = (now - self._started) * (size - done) / max(done, 1)
            text += f" of {size / 1e6:,.0f}, {done / size:.0%}, {left:,.0f} s left"
        text = text.encode(self._stream.encoding or "ascii", "backslashreplace").decode(
            self._stream.encoding or "ascii"
        )
        self._stream.write(f"\r{text.ljust(self._shown)}")
        self._stream.flush()
        self._shown = len(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None and self._shown:
            self._stream.write(f"\r{' ' * self._shown}\r")
            self._stream.flush()
