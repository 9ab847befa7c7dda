"""Windows: over how long an objective is held.

A rolling window is a length and ends wherever it is asked about; a calendar window
(:mod:`slokit.periods`) is a sequence of periods. Counts live in buckets, so a window that is no whole number of
them is refused with a step that fits: rounding would answer another question than the one asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown
from slokit.errors import InvalidWindow
from slokit.periods import CALENDAR_UNITS, CalendarGrid, CalendarWindow, Period
from slokit.timeline import DurationLike, Timeline, duration_text, parse_duration, parse_length

__all__ = ["CalendarGrid", "CalendarWindow", "Period", "RollingGrid", "RollingWindow", "Window", "parse_window"]


def _length(value: DurationLike | int) -> int:
    return parse_length(value, "window")


@attrs.frozen
class RollingGrid:
    """A rolling window laid over buckets: the counterpart of :class:`CalendarGrid`.

    Parameters
    ----------
    width
        How many buckets the window holds.
    """

    width: int

    @property
    def kernel(self) -> int:
        """The window as the kernels take it."""
        return self.width

    def held(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return how many buckets the window holds that ends with each of some buckets."""
        return np.full(len(at), self.width)

    def to_come(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return 0 for each of some buckets: a rolling window is always over."""
        return np.zeros(len(at), dtype=np.int64)


@attrs.frozen(repr=False)
class RollingWindow(Shown):
    """A window of fixed length that ends wherever it is asked about.

    Parameters
    ----------
    duration
        Its length: text such as ``"30d"``, a timedelta, a timedelta64, or integer nanoseconds, as it is kept.

    Raises
    ------
    InvalidDuration
        If the length cannot be read or is not positive.

    Examples
    --------
    >>> window = RollingWindow("30d")
    >>> print(window)
    30d rolling
    >>> window.buckets(parse_duration("5m"))
    8640
    """

    duration: int = attrs.field(converter=_length)

    @classmethod
    def of(cls, duration: DurationLike) -> RollingWindow:
        """Make a window of a length as people write it; the same as calling the class."""
        return cls(parse_duration(duration, "window"))

    @property
    def nominal(self) -> int:
        """Its length in nanoseconds, under the name that calendar windows have for it too."""
        return self.duration

    def buckets(self, step: int, field: str = "window") -> int:
        """Return how many buckets of ``step`` nanoseconds the window covers.

        Raises
        ------
        InvalidWindow
            If that is no whole number; the message names a step and windows that fit.

        Examples
        --------
        >>> RollingWindow("90s").buckets(parse_duration("1m"))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        slokit.errors.InvalidWindow: window of 1m30s is no whole number of buckets of 1m; use a step of 30s, or ...
        """
        count, rest = divmod(self.duration, step)
        if rest:
            fits = [duration_text(step * k) for k in (count, count + 1) if k]
            raise InvalidWindow(
                f"{field} of {duration_text(self.duration)} is no whole number of buckets of {duration_text(step)}; "
                f"use a step of {duration_text(math.gcd(self.duration, step))}, or a window of {' or '.join(fits)}"
            )
        return count

    def grid(self, timeline: Timeline) -> RollingGrid:
        """Lay the window over buckets.

        Raises
        ------
        InvalidWindow
            If it is no whole number of them.
        """
        return RollingGrid(self.buckets(timeline.step))

    def __str__(self) -> str:
        return f"{duration_text(self.duration)} rolling"

    def __repr__(self) -> str:
        return f"RollingWindow({duration_text(self.duration)!r})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "duration", duration_text(self.duration)


Window = RollingWindow | CalendarWindow
"""Either kind of window; both are hashable, compare by value and have a ``nominal`` length."""


def parse_window(value: DurationLike | Window, field: str = "window") -> Window:
    """Read a window: a duration is a rolling one, a window is itself.

    Raises
    ------
    InvalidDuration
        If a duration cannot be read or is not positive; ``"1M"`` is pointed to calendar windows.
    InvalidWindow
        If the text names a calendar unit instead of a length.

    Examples
    --------
    >>> parse_window("30d"), parse_window(CalendarWindow("week"))
    (RollingWindow('30d'), CalendarWindow('week', tz='UTC'))
    """
    if isinstance(value, RollingWindow | CalendarWindow):
        return value
    if isinstance(value, str) and (unit := value.strip().lower()) in CALENDAR_UNITS:
        raise InvalidWindow(f'{field} must be a duration or a window, got {value!r}; write CalendarWindow("{unit}")')
    return RollingWindow(parse_duration(value, field))
