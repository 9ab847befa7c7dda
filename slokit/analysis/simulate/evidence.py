"""Counts and events drawn from what a simulation is told; the page of the package says how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown
from slokit.analysis.simulate.numbers import check_not_negative, check_several, check_share
from slokit.analysis.simulate.scenario import Incident, Latency, Shape, Silence, Traffic
from slokit.analysis.simulate.streams import (
    CATALOGUE,
    COMMON,
    ERRORS,
    INSTANTS,
    TRAFFIC,
    WANDERING,
    stream,
)
from slokit.counts import Counts
from slokit.errors import InvalidNumber, InvalidTimeline, UnknownLabel, WrongType
from slokit.timeline import (
    DurationLike,
    InstantLike,
    Timeline,
    duration_text,
    parse_duration,
    parse_instant,
)

__all__ = ["Events", "counts", "draw_incidents", "events"]

_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
_WEEK = 7 * _DAY
# 1970-01-01 was a Thursday; the week that holds it began three days before.
_MONDAY = -3 * _DAY
_MAX_EVENTS = 2**27
_MAX_INCIDENTS = 100_000


@attrs.frozen(kw_only=True)
class Events(Shown):
    """A stream of simulated events in order of time; the arrays are read-only and of equal length.

    Parameters
    ----------
    timestamps
        Nanoseconds since the epoch, int64, ascending.
    good
        bool.
    latency
        Seconds, float64.
    service
        Index into ``services`` of each event, int64; all 0 where one unnamed service was simulated.
    services
        Names of the services, empty where it has none.
    """

    timestamps: npt.NDArray[np.int64] = attrs.field(eq=attrs.cmp_using(eq=np.array_equal))
    good: npt.NDArray[np.bool_] = attrs.field(eq=attrs.cmp_using(eq=np.array_equal))
    latency: npt.NDArray[np.float64] = attrs.field(eq=attrs.cmp_using(eq=np.array_equal))
    service: npt.NDArray[np.int64] = attrs.field(eq=attrs.cmp_using(eq=np.array_equal))
    services: tuple[str, ...]

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.timestamps)

    def __repr__(self) -> str:
        return f"Events({len(self):,} events, {int((~self.good).sum()):,} bad)"

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "events", f"{len(self):,}, {int((~self.good).sum()):,} bad"
        if self.services:
            yield "services", ", ".join(self.services)


def counts(
    traffic: Traffic | Mapping[str, Traffic],
    *,
    start: InstantLike,
    duration: DurationLike,
    step: DurationLike = "1m",
    seed: int = 0,
    incidents: Sequence[Incident] = (),
    silences: Sequence[Silence] = (),
    common: float = 0.5,
) -> Counts:
    """Simulate good and bad events, bucket by bucket.

    Parameters
    ----------
    traffic
        One service, or several by name: then the counts have a leading axis ``service`` in the order given.
    start, duration, step
        The buckets; ``duration`` is a whole number of steps.
    seed
        A non-negative integer. Equal arguments give equal counts.
    incidents, silences
        What happens. Incidents that overlap add up as independent causes: an event is good if none of them
        spoiled it.
    common
        Share of the variance of the wandering (of traffic, and of errors) that all services have in common.

    Raises
    ------
    InvalidTimeline
        If ``duration`` is not a whole number of steps.
    UnknownLabel
        If an incident or a silence names a service that is not simulated.
    InvalidNumber
        If ``common`` is not between 0 and 1, or ``seed`` is negative.

    Examples
    --------
    >>> from slokit.analysis.simulate import Incident, Traffic
    >>> outage = Incident(start="2026-01-05T10:00Z", duration="30m", error_share=0.5)
    >>> evidence = counts(Traffic(), start="2026-01-05T00:00Z", duration="1d", seed=7, incidents=[outage])
    >>> inside = evidence.between("2026-01-05T10:00Z", "2026-01-05T10:30Z")
    >>> bool(0.45 < inside.bad.sum() / inside.total.sum() < 0.55)
    True
    """
    timeline = _timeline(start, duration, step)
    check_share("common", common)
    incidents, silences = check_several("incidents", incidents, Incident), check_several("silences", silences, Silence)
    named = _named(traffic)
    _check_names([name for name, _ in named], incidents, silences)
    bad, total, observed = (
        np.stack(rows)
        for rows in zip(
            *(_one_service(name, one, timeline, seed, incidents, silences, common) for name, one in named),
            strict=True,
        )
    )
    if not isinstance(traffic, Mapping):
        return Counts.from_buckets(timeline=timeline, bad=bad[0], total=total[0], observed=observed[0])
    return Counts.from_buckets(
        timeline=timeline, bad=bad, total=total, observed=observed, labels={"service": tuple(traffic)}
    )


def events(
    traffic: Traffic | Mapping[str, Traffic],
    *,
    start: InstantLike,
    duration: DurationLike,
    step: DurationLike = "1m",
    seed: int = 0,
    incidents: Sequence[Incident] = (),
    silences: Sequence[Silence] = (),
    common: float = 0.5,
    latency: Latency | None = None,
) -> Events:
    """Simulate single events: those of :func:`counts` with equal arguments, spread out over their buckets.

    Within a bucket events are uniform in time and which of them are bad is drawn without regard to when. Latency is
    independent of it, but for the ``slowdown`` of incidents.

    Parameters
    ----------
    traffic, start, duration, step, seed, incidents, silences, common
        As for :func:`counts`.
    latency
        The distribution of latencies; None is ``Latency()``.

    Raises
    ------
    InvalidNumber
        If there would be more than 2**27 events.

    Examples
    --------
    >>> from slokit.analysis.simulate import Traffic
    >>> stream = events(Traffic(per_minute=60), start="2026-01-05T00:00Z", duration="1h", seed=7)
    >>> bool((stream.timestamps[1:] >= stream.timestamps[:-1]).all())
    True
    """
    evidence = counts(
        traffic, start=start, duration=duration, step=step, seed=seed, incidents=incidents, silences=silences,
        common=common,
    )  # fmt: skip
    timeline, names = evidence.timeline, tuple(traffic) if isinstance(traffic, Mapping) else ()
    total = evidence.total.reshape(-1, timeline.size)
    bad = evidence.bad.reshape(-1, timeline.size)
    size = int(total.sum())
    if size > _MAX_EVENTS:
        raise InvalidNumber(f"at most {_MAX_EVENTS:,} events can be simulated one by one, got {size:,}; use counts()")
    draw = stream(seed, None, INSTANTS)
    shape = latency or Latency()
    flat = total.ravel()
    # Which cell (service, bucket) an event belongs to, and its rank there: the first `bad` of a cell are the bad ones.
    # Their instants are drawn after that, so in order of time they are a uniform choice.
    cell = np.repeat(np.arange(flat.size), flat)
    rank = np.arange(size) - np.repeat(np.cumsum(flat) - flat, flat)
    good = rank >= bad.ravel()[cell]
    service, bucket = np.divmod(cell, timeline.size)
    at = timeline.start + bucket * timeline.step + draw.integers(0, timeline.step, size)
    sigma = np.log(shape.p99 / shape.median) / 2.3263478740408408  # the standard normal's 99% quantile
    slowness = np.exp(sigma * draw.standard_normal(size)) * (shape.median / 1e9)
    slowness *= _slowdown(names, timeline, incidents)[service, bucket]
    order = np.argsort(at, kind="stable")
    at, good, slowness, service = at[order], good[order], slowness[order], service[order]
    for array in (at, good, slowness, service):
        array.setflags(write=False)
    return Events(timestamps=at, good=good, latency=slowness, service=service, services=names)


def draw_incidents(
    *,
    start: InstantLike,
    duration: DurationLike,
    per_month: float = 4.0,
    seed: int = 0,
    services: Sequence[str] = (),
    shared: float = 0.3,
) -> tuple[Incident, ...]:
    """Draw a catalogue of incidents such as a year of operations leaves behind.

    Starts are uniform and their number Poisson; lengths are log-normal (median 20 minutes, one in twenty beyond
    2 h 20 min); shares of errors log-uniform from 0.5% to all; the three shapes are equally likely.

    Parameters
    ----------
    start, duration
        Span in which incidents start.
    per_month
        Expected number in 30 days.
    seed
        A non-negative integer. Equal arguments give equal incidents.
    services
        Names; each incident hits one of them, or with probability ``shared`` all of them, each with a sensitivity
        uniform between 0.2 and 1. Without names incidents hit whatever is simulated.
    shared
        Share of incidents with a cause that all services have in common.

    Examples
    --------
    >>> year = draw_incidents(start="2026-01-01T00:00Z", duration="365d", seed=1, services=["api", "web"])
    >>> bool(30 < len(year) < 70)
    True
    """
    first, span = parse_instant(start, "start"), parse_duration(duration)
    draw = stream(seed, None, CATALOGUE)
    check_not_negative("per_month", per_month)
    check_share("shared", shared)
    services = check_several("services", services, str)
    if per_month * span > _MAX_INCIDENTS * 30 * _DAY:
        raise InvalidNumber(
            f"per_month must let at most {_MAX_INCIDENTS:,} incidents be expected, got {str(per_month)[:60]} over "
            f"{duration_text(span)}"
        )
    catalogue: list[Incident] = []
    for begin in np.sort(
        draw.integers(0, max(1, span // _SECOND), draw.poisson(per_month * span / (30 * _DAY)))
    ).tolist():
        # Whole seconds: nanoseconds would make the catalogue unreadable.
        length = 1 + int(np.exp(draw.normal(np.log(1200.0), 1.18)))
        share = float(np.exp(draw.uniform(np.log(0.005), 0.0)))
        shape: Shape = ("step", "ramp", "spike")[int(draw.integers(3))]
        hits = None
        if services:
            struck = list(services) if draw.random() < shared else [services[int(draw.integers(len(services)))]]
            hits = {name: 1.0 if len(struck) == 1 else float(draw.uniform(0.2, 1.0)) for name in struck}
        catalogue.append(
            Incident(
                start=first + begin * _SECOND, duration=length * _SECOND, error_share=share, shape=shape, hits=hits,
                name=f"incident {len(catalogue) + 1}",
            )
        )  # fmt: skip
    return tuple(catalogue)


def _one_service(
    name: str | None,
    traffic: Traffic,
    timeline: Timeline,
    seed: int,
    incidents: Sequence[Incident],
    silences: Sequence[Silence],
    common: float,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return bad, total and observed of one service, each of shape ``(size,)``."""
    memory = traffic.burst_memory / timeline.step
    shared = stream(seed, None, COMMON)
    own = stream(seed, name, WANDERING)
    busy, faulty = (
        np.sqrt(common) * _wandering(shared, timeline.size, memory)
        + np.sqrt(1 - common) * _wandering(own, timeline.size, memory)
        for _ in range(2)
    )
    expected = traffic.per_minute * (timeline.step / 60e9) * _cycles(traffic, timeline)
    expected *= _lognormal(busy, traffic.bursts)
    fine = 1 - np.minimum(traffic.error_share * _lognormal(faulty, traffic.error_bursts), 1.0)
    for incident in incidents:
        height = incident.sensitivity(name) * incident.profile(timeline)
        expected *= 1 + (incident.traffic - 1) * height
        fine *= 1 - incident.error_share * height
    observed = np.ones(timeline.size, dtype=bool)
    for silence in silences:
        if silence.hits is None or name is None or name in silence.hits:
            share = silence.share(timeline)
            expected *= 1 - share if silence.observed else share == 0
            observed &= silence.observed | (share == 0)
    total = stream(seed, name, TRAFFIC).poisson(np.maximum(expected, 0.0)).astype(np.int64)
    bad = stream(seed, name, ERRORS).binomial(total, np.clip(1 - fine, 0.0, 1.0)).astype(np.int64)
    return bad, total, observed


def _cycles(traffic: Traffic, timeline: Timeline) -> npt.NDArray[np.float64]:
    """Return the expected traffic of each bucket as a multiple of the mean, shape ``(size,)``."""
    starts = timeline.start + np.arange(timeline.size + 1, dtype=np.int64) * timeline.step
    middle = starts[:-1] + timeline.step / 2 - traffic.peak_hour * 3.6e12
    # The mean of a cosine over a bucket is the cosine at its middle times sinc(length / period).
    day = 1 + traffic.daily * np.cos(2 * np.pi * (middle % _DAY) / _DAY) * np.sinc(timeline.step / _DAY)
    week, into = np.divmod(starts - _MONDAY, _WEEK)
    free = np.diff(week * 2 * _DAY + np.maximum(into - 5 * _DAY, 0)) / timeline.step
    return np.asarray(day * (1 + (traffic.weekend - 1) * free) * 7 / (5 + 2 * traffic.weekend))


def _wandering(draw: np.random.Generator, size: int, memory: float) -> npt.NDArray[np.float64]:
    """Return a stationary first-order autoregression of unit variance, ``x[t] = f x[t-1] + noise``.

    Summed by doubling: ``s_2m[t] = s_m[t] + f**m s_m[t-m]``. A loop over buckets in Python takes 60 times as long
    for a month of minutes, and a scaled cumulative sum overflows.
    """
    x = draw.standard_normal(size)
    factor = float(np.exp(-1 / memory)) if memory > 0 else 0.0
    x[1:] *= np.sqrt(1 - factor**2)
    reach = 1
    while reach < size and factor**reach > 1e-12:
        x[reach:] += factor**reach * x[:-reach]
        reach *= 2
    return x


def _lognormal(x: npt.NDArray[np.float64], sigma: float) -> npt.NDArray[np.float64]:
    """Turn a standard normal into a log-normal factor of mean 1."""
    return np.asarray(np.exp(sigma * x - sigma**2 / 2))


def _slowdown(names: tuple[str, ...], timeline: Timeline, incidents: Sequence[Incident]) -> npt.NDArray[np.float64]:
    """Return the factor on latency, shape ``(services, size)``."""
    slow = np.ones((max(1, len(names)), timeline.size))
    for incident in incidents:
        profile = incident.profile(timeline)
        for row, name in enumerate(names or (None,)):
            slow[row] *= 1 + (incident.slowdown - 1) * incident.sensitivity(name) * profile
    return slow


def _named(traffic: Traffic | Mapping[str, Traffic]) -> list[tuple[str | None, Traffic]]:
    """Return services by name; a single one has none."""
    if isinstance(traffic, Traffic):
        return [(None, traffic)]
    if not isinstance(traffic, Mapping) or not traffic:
        raise WrongType(f"traffic must be Traffic(…), or map names of services to it, got {traffic!r:.100}")
    for name, one in traffic.items():
        if not isinstance(name, str) or not isinstance(one, Traffic):
            raise WrongType(f"traffic must map names of services to Traffic(…), got {name!r:.60}: {one!r:.100}")
    return [*traffic.items()]


def _timeline(start: InstantLike, duration: DurationLike, step: DurationLike) -> Timeline:
    """Lay the buckets, refusing a last one that would be cut short."""
    length, bucket = parse_duration(duration, "duration"), parse_duration(step, "step")
    if length % bucket:
        raise InvalidTimeline(
            f"duration must be a whole number of steps, got {duration_text(length)} in steps of {duration_text(bucket)}"
        )
    return Timeline(parse_instant(start, "start"), bucket, length // bucket)


def _check_names(names: Sequence[str | None], incidents: Sequence[Incident], silences: Sequence[Silence]) -> None:
    """Refuse a service that nobody simulates: its incident would silently not happen."""
    touched = {name for incident in incidents for name, _ in incident.hits or ()}
    touched |= {name for silence in silences for name in silence.hits or ()}
    known = sorted(name for name in names if name is not None)
    unknown = sorted(touched.difference(known))
    if unknown:
        raise UnknownLabel(
            f"hits names the service {unknown[0]!r}, which is not simulated; "
            + (f"simulated are {', '.join(known)}" if known else "give traffic as {name: Traffic(…)}")
        )
