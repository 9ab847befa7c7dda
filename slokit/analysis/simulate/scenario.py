"""What a simulation is told: how much traffic, what goes wrong, when nothing is heard.

Definitions only; the files beside this one draw from them. A shape is averaged over each bucket by its exact
integral, so that the same incident means the same errors whatever the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import attrs
import numpy as np
import numpy.typing as npt

from slokit import incidents
from slokit._display import Shown, clean, percent
from slokit.analysis.simulate.numbers import check_share, not_negative, share
from slokit.errors import InvalidNumber
from slokit.intervals import span_text
from slokit.timeline import (
    InstantLike,
    Timeline,
    duration_text,
    instant_text,
    parse_instant,
    parse_length,
)

__all__ = ["Incident", "Latency", "Silence", "Traffic"]

Shape = Literal["step", "ramp", "spike"]
"""How an incident's share of errors runs: at once and steady; rising from nothing; at once and fading."""

# A spike has fallen to exp(-4), 2% of its peak, when its span ends.
_SPIKE_DECAY = 4.0


def _instant_ns(value: InstantLike | int) -> int:
    return value if type(value) is int else parse_instant(value)  # type: ignore[arg-type]


def _pairs(value: Mapping[str, float] | Iterable[tuple[str, float]] | None) -> tuple[tuple[str, float], ...] | None:
    return None if value is None else tuple(sorted(dict(value).items()))


def _names(value: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)


def _sensitivities(_instance: object, _attribute: object, value: tuple[tuple[str, float], ...] | None) -> None:
    for name, sensitivity in value or ():
        check_share(f"hits[{name!r:.60}]", sensitivity)


@attrs.frozen(kw_only=True)
class Traffic(Shown):
    """How much a service is asked, and how often it fails when nothing in particular is wrong.

    Parameters
    ----------
    per_minute
        Mean events a minute, over a whole week.
    daily
        Depth of the daily cycle: 0 is flat, 1 falls to nothing twelve hours from the peak.
    peak_hour
        Hour of the day, UTC, at which traffic is highest.
    weekend
        Traffic of a Saturday or Sunday as a multiple of a weekday's.
    bursts
        Standard deviation of the logarithm of the wandering factor: 0 is pure Poisson, 0.2 wanders by a fifth.
    burst_memory
        Time over which the wandering forgets (its autocorrelation falls to 1/e).
    error_share
        Mean share of bad events outside incidents.
    error_bursts
        As ``bursts``, for the share of errors: they come in clusters.

    Raises
    ------
    InvalidNumber
        If a number is out of its range.

    Examples
    --------
    >>> Traffic(per_minute=1200, weekend=0.4).weekend
    0.4
    """

    per_minute: float = attrs.field(default=600.0, validator=not_negative)
    daily: float = attrs.field(default=0.6, validator=share)
    peak_hour: float = attrs.field(default=14.0, validator=not_negative)
    weekend: float = attrs.field(default=0.6, validator=not_negative)
    bursts: float = attrs.field(default=0.15, validator=not_negative)
    burst_memory: int = attrs.field(default=1_800_000_000_000, converter=parse_length)
    error_share: float = attrs.field(default=0.0002, validator=share)
    error_bursts: float = attrs.field(default=0.5, validator=not_negative)

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "events", f"{self.per_minute:,g} a minute, {percent(self.error_share)} bad"
        yield "cycle", f"{percent(self.daily)} deep, peak at {self.peak_hour:g} h, weekend {self.weekend:g}x"
        forgets = duration_text(self.burst_memory)
        yield "bursts", f"{self.bursts:g}, forgotten in {forgets}; of errors {self.error_bursts:g}"


@attrs.frozen(kw_only=True)
class Incident(Shown):
    """A span in which more goes wrong than usual.

    Parameters
    ----------
    start, duration
        The span; nanoseconds where given as integers.
    error_share
        Share of events that fail because of it, at its height: 1 is an outage, 0.05 a partial failure.
    shape
        ``"step"`` (steady until the end), ``"ramp"`` (linear from nothing to its height, then mended at once) or
        ``"spike"`` (its height at once, then fading to 2% of it).
    hits
        Sensitivity of each service it touches, 0 to 1, multiplying its effects; None hits every service fully.
    traffic
        Factor on traffic at its height: 0.3 where callers give up, 1.5 where they retry.
    slowdown
        Factor on latency at its height; it matters to :func:`events` only.
    name
        What to call it.
    kind
        What kind it was, for reviews of what happened: the name of its class where a catalogue drew it.

    Raises
    ------
    InvalidNumber
        If a share or a sensitivity is not between 0 and 1, or a factor is negative.

    Examples
    --------
    >>> Incident(start="2026-01-07T09:00Z", duration="40m", error_share=0.2, shape="ramp", hits={"api": 1, "web": 0.3})
    Incident('ramp' 20% from 2026-01-07T09:00:00Z for 40m)
    """

    start: int = attrs.field(converter=_instant_ns)
    duration: int = attrs.field(converter=parse_length)
    error_share: float = attrs.field(default=1.0, validator=share)
    shape: Shape = attrs.field(default="step")
    hits: tuple[tuple[str, float], ...] | None = attrs.field(default=None, converter=_pairs, validator=_sensitivities)
    traffic: float = attrs.field(default=1.0, validator=not_negative)
    slowdown: float = attrs.field(default=1.0, validator=not_negative)
    name: str = ""
    kind: str = ""

    @shape.validator
    def _known_shape(self, _attribute: object, value: str) -> None:
        if value not in ("step", "ramp", "spike"):
            raise InvalidNumber(f'shape must be "step", "ramp" or "spike", got {value!r}')

    @property
    def end(self) -> int:
        """First instant after it, nanoseconds since the epoch."""
        return self.start + self.duration

    def sensitivity(self, service: str | None) -> float:
        """Return how strongly it hits a service; with a single unnamed service, fully."""
        return 1.0 if self.hits is None or service is None else dict(self.hits).get(service, 0.0)

    @property
    def declared(self) -> incidents.Incident:
        """What people would have declared afterwards: the span, its kind and its name."""
        return incidents.Incident(self.start, self.end, kind=self.kind, name=self.name)

    def profile(self, timeline: Timeline) -> npt.NDArray[np.float64]:
        """Return its height averaged over each bucket, 0 to 1, shape ``(size,)``.

        The average is the exact integral of the shape over the part of the bucket inside the span: a bucket half
        covered by a step holds 0.5.
        """
        edges = timeline.start + np.arange(timeline.size + 1, dtype=np.int64) * timeline.step
        inside = np.clip((edges - self.start) / self.duration, 0.0, 1.0)
        if self.shape == "ramp":
            area = inside**2 / 2
        elif self.shape == "spike":
            area = -np.expm1(-_SPIKE_DECAY * inside) / _SPIKE_DECAY
        else:
            area = inside
        return np.diff(area) * (self.duration / timeline.step)

    def __repr__(self) -> str:
        what = f"{clean(self.name) or self.shape!r} {self.error_share:.0%}"
        return f"Incident({what} from {instant_text(self.start)} for {duration_text(self.duration)})"

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "span", span_text(self.start, self.end)
        yield "error share", f"{percent(self.error_share)}, {self.shape}"
        if self.traffic != 1 or self.slowdown != 1:
            yield "factors", f"traffic {self.traffic:g}x, latency {self.slowdown:g}x"
        if self.hits is not None:
            yield "hits", ", ".join(f"{service} {percent(sensitivity)}" for service, sensitivity in self.hits)
        yield from ((field, text) for field, text in (("name", self.name), ("kind", self.kind)) if text)


@attrs.frozen(kw_only=True)
class Silence(Shown):
    """A span without events: either nobody came, or nobody counted.

    Parameters
    ----------
    start, duration
        The span; nanoseconds where given as integers.
    observed
        False (default) is a hole in the measurement: every bucket it touches is unobserved. True is a measured
        zero: no traffic inside the span.
    hits
        Names of the services it silences; None silences all.

    Examples
    --------
    >>> Silence(start="2026-01-07T09:00Z", duration="2h").observed
    False
    """

    start: int = attrs.field(converter=_instant_ns)
    duration: int = attrs.field(converter=parse_length)
    observed: bool = False
    hits: tuple[str, ...] | None = attrs.field(default=None, converter=_names)

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "span", span_text(self.start, self.start + self.duration)
        yield "observed", "yes" if self.observed else "no"
        if self.hits is not None:
            yield "hits", ", ".join(self.hits)

    def share(self, timeline: Timeline) -> npt.NDArray[np.float64]:
        """Return the part of each bucket that it silences, 0 to 1, shape ``(size,)``."""
        edges = timeline.start + np.arange(timeline.size + 1, dtype=np.int64) * timeline.step
        return np.asarray(np.diff(np.clip(edges, self.start, self.start + self.duration)) / timeline.step, dtype=float)


@attrs.frozen(kw_only=True)
class Latency(Shown):
    """Latencies as a log-normal, given by two quantiles.

    Parameters
    ----------
    median, p99
        Half of all events, and 99 in 100, are at most this slow.

    Examples
    --------
    >>> Latency(median="80ms", p99="400ms").median
    80000000
    """

    median: int = attrs.field(default=80_000_000, converter=parse_length)
    p99: int = attrs.field(default=400_000_000, converter=parse_length)

    def __attrs_post_init__(self) -> None:
        if self.p99 < self.median:
            raise InvalidNumber(f"p99 must not be below median, got {duration_text(self.p99)}")

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "median", duration_text(self.median)
        yield "p99", duration_text(self.p99)
