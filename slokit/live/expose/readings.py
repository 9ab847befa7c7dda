"""Readings: the figures of several monitors at one moment; one that fails does not hide the others.

Both ways out take them from here: what may go wrong is refused where the reader is made, and what goes wrong later is
logged once in a row and counted always.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator

from slokit._display import clean
from slokit.errors import InvalidSLO, WrongType
from slokit.live.expose.figures import FAMILIES, Family, Figure, Labels, figures, identity, parse_windows
from slokit.live.forks import begins_anew
from slokit.live.monitor import Monitor
from slokit.timeline import DurationLike
from slokit.windows import RollingWindow

__all__ = ["FAILED", "Reader", "all_families"]

_log = logging.getLogger("slokit")

FAILED = Family(
    "slokit_failed_readings_total", "counter", "readings", "How often this monitor's figures could not be worked out."
)
"""What a reader tells beside the figures of its monitors."""


def all_families() -> tuple[Family, ...]:
    """Return all that a reader may tell of."""
    return (*FAMILIES.values(), FAILED)


class Reader:
    """Reads the figures of monitors.

    Parameters
    ----------
    monitors
        One, or several.
    windows
        Over which windows burn rates are told; see :func:`~slokit.live.expose.figures`.

    Raises
    ------
    InvalidSLO
        If two monitors could not be told apart by their labels.
    InvalidWindow
        If a window is no whole number of a monitor's buckets.
    WrongType
        If one is no monitor.
    """

    def __init__(self, monitors: Monitor | Iterable[Monitor], windows: Iterable[DurationLike]) -> None:
        self.monitors = _monitors(monitors)
        self._windows = tuple(parse_windows(windows))
        for monitor in self.monitors:
            for window in self._windows:
                RollingWindow(window).buckets(monitor.step, f"of {clean(monitor.slo.name, 60)!r} a window in windows")
        self._lock = threading.Lock()
        self._failed = [0] * len(self.monitors)
        self._failing: set[int] = set()
        begins_anew(self)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self._failed = [0] * len(self.monitors)
        self._failing = set()

    def read(self) -> tuple[Figure, ...]:
        """Return the figures of all monitors that can be read, and how often each could not; raises nothing."""
        return tuple(self._read())

    def _read(self) -> Iterator[Figure]:
        for at, monitor in enumerate(self.monitors):
            try:
                found = figures(monitor, self._windows)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the affair of this monitor alone
                self._note_failure(at, error)
            else:
                self._failing.discard(at)
                yield from found
            yield Figure(FAILED, self._failed[at], identity(monitor))

    def _note_failure(self, at: int, error: Exception) -> None:
        with self._lock:
            self._failed[at] += 1
            is_new = at not in self._failing
            self._failing.add(at)
        # Once until it is well again: a scrape every few seconds would fill the log with the same.
        if is_new:
            _log.error("the figures of %r cannot be worked out", clean(self.monitors[at].slo.name), exc_info=error)


def _monitors(given: Monitor | Iterable[Monitor]) -> tuple[Monitor, ...]:
    """Read monitors, no two of whom have the same labels."""
    if not isinstance(given, Monitor | Iterable):
        raise WrongType(f"monitors must be monitors, got {type(given).__name__}: {given!r:.100}")
    monitors = (given,) if isinstance(given, Monitor) else tuple(given)
    seen: dict[Labels, int] = {}
    for at, monitor in enumerate(monitors):
        if not isinstance(monitor, Monitor):
            raise WrongType(f"monitors[{at}] must be a Monitor, got {type(monitor).__name__}: {monitor!r:.100}")
        before = seen.setdefault(identity(monitor), at)
        if before != at:
            said = ", ".join(f"{name} {clean(text, 60)!r}" for name, text in identity(monitor))
            raise InvalidSLO(
                f"monitors must differ in slo, service or policy, got {said} as monitors[{before}] and [{at}]: their "
                "figures would be one series; expose one of them, or name them differently"
            )
    return monitors
