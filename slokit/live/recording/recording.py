"""Recordings: a stream of events, judged by one indicator, for any number of objectives on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np

from slokit.counts import Counts
from slokit.errors import InvalidCounts, InvalidDefinition, InvalidSLI, WrongType
from slokit.live.clock import SystemClock
from slokit.live.recording.door import event_count
from slokit.live.recording.measure import Measure
from slokit.live.recording.recorder import Recorded, Recorder
from slokit.protocols import Clock
from slokit.sli import SLI, Http, Ratio
from slokit.timeline import MAX_BUCKETS, DurationLike, InstantLike, Timeline, parse_instant, parse_length

__all__ = ["Memory", "Recording", "counts_of"]

Memory = Literal["exact", "tiers"]
"""Every bucket for as long as it is remembered, or coarser ones the older they are.

See :mod:`slokit.live.recording.tiered`.
"""


def counts_of(recorded: Recorded, step: int) -> Counts:
    """Return what was recorded as counts of one series, in buckets of ``step`` nanoseconds."""
    timeline = Timeline(recorded.first * step, step, len(recorded.good))
    none = np.zeros(len(recorded.good), dtype=np.bool_)
    return Counts._trusted(timeline, (), recorded.bad, recorded.good + recorded.bad, recorded.observed, none)


class Recording(Recorder):
    """Counts events as they happen, from any thread; monitors of several objectives may share one.

    Parameters
    ----------
    sli
        The indicator that says which observations are good.
    retention
        How far back buckets are remembered: at 17 bytes each, 734 KB for 30 days of minutes.
    resolution
        Length of a bucket.
    clock
        What tells the time.
    strict
        Whether what would be dropped raises instead: for tests.
    memory
        ``"exact"``, or ``"tiers"`` for 27 KB instead of 734, with bounds for what that leaves open.

    Raises
    ------
    InvalidSLI
        If the indicator judges time and not events.
    InvalidDefinition
        If ``memory`` is neither.
    InvalidCounts
        If that would be more buckets than fit.

    Examples
    --------
    >>> recording = Recording(SLI.threshold("latency", lt="200ms"), retention="1h")
    >>> recording.observe(0.12)
    >>> recording.observe(0.31)
    >>> int(recording.counts().good.sum()), int(recording.counts().bad.sum())
    (1, 1)
    """

    def __init__(
        self,
        sli: SLI,
        *,
        retention: DurationLike,
        resolution: DurationLike = "1m",
        clock: Clock | None = None,
        strict: bool = False,
        memory: Memory = "exact",
    ) -> None:
        if memory not in get_args(Memory):
            raise InvalidDefinition([("memory", f'must be "exact" or "tiers", got {memory!r:.100}')])
        if not isinstance(sli, SLI):
            raise WrongType(f"sli must be an SLI, got {type(sli).__name__}: {sli!r:.100}")
        if sli.is_timed:
            raise InvalidSLI(f"{sli.name!r} is a {sli.kind}, which judges time and not events; sli.count(…) counts it")
        step = parse_length(resolution, "resolution")
        size = -(-parse_length(retention, "retention") // step) + 1
        if size > MAX_BUCKETS:
            raise InvalidCounts(f"retention must be at most {MAX_BUCKETS:,} buckets, got {size:,}; make them longer")
        self.sli = sli
        self.memory = memory
        told_by = SystemClock() if clock is None else clock
        super().__init__(step, size, told_by, strict=strict, tiered=memory == "tiers")

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        return self._clock

    def counts(self) -> Counts:
        """Return what was recorded, the running bucket included."""
        return counts_of(self.read(), self.step)

    def observe(self, value: Any = None, *, ok: bool = True, exemplar: str | None = None, **values: Any) -> None:
        """Count one observation through the indicator, now; never raises, never waits.

        Parameters
        ----------
        value
            What was observed, such as seconds.
        ok
            False makes it bad whatever its value, as a failure is that was quick, or that has none.
        exemplar
            What leads to it if it turns out bad, such as the id of its trace; see :meth:`record`.
        **values
            For an indicator of several parts the value of each, by its name; for http ``status=`` and ``seconds=``.
        """
        if ok is not True:
            ok = bool(ok) if isinstance(ok, np.bool_) else ok
            if ok is False:
                self.record(False, exemplar)
                return
        try:
            good = self._judged(value, values)
        except Exception:
            self.note_drop("not judged")
            if self.strict:
                raise
            return
        self.record(good if ok is True else ok, exemplar)

    def _judged(self, value: Any, values: Mapping[str, Any]) -> bool:
        if values and value is not None:
            raise WrongType("observe takes one value, or values by name, and not both")
        return bool(self.sli.is_good(dict(values) if values else value))

    def add(self, *, good: int = 0, bad: int = 0, at: InstantLike | None = None) -> None:
        """Count several events at once, or late ones; never waits.

        Parameters
        ----------
        good, bad
            How many.
        at
            When they happened; by default now. What is older than is remembered is dropped, and counted as such.

        Raises
        ------
        InvalidCounts
            If a number is negative, or 2**62 or more.
        WrongType
            If it is no integer.
        InvalidInstant
            If the instant cannot be read.
        """
        fine, poor = event_count(good, "good"), event_count(bad, "bad")
        instant = None if at is None else parse_instant(at, "at")
        try:
            self._add(fine, poor, instant)
        except Exception:  # noqa: BLE001 - the caller serves its users first
            self._failed()

    def measure(self, *, cancelled: str = "ignore") -> Measure:
        """Return a context manager and decorator that observes how long something takes; an exception is bad.

        Parameters
        ----------
        cancelled
            What becomes of a task that was cancelled: ``"ignore"``, as nobody was let down, or ``"bad"``.

        Examples
        --------
        >>> recording = Recording(SLI.threshold("latency", lt="200ms"), retention="1h")
        >>> with recording.measure():
        ...     pass
        >>> @recording.measure()
        ... def pay():
        ...     return "paid"
        >>> pay(), int(recording.counts().good.sum())
        ('paid', 2)
        """
        return Measure(self._measured, cancelled)

    def _measured(self, seconds: float, ok: bool) -> None:
        rule = self.sli.rule
        if isinstance(rule, Http):
            self.record(ok and rule.is_quick(seconds))
        elif isinstance(rule, Ratio):
            self.record(ok)
        else:
            self.observe(seconds, ok=ok)
