"""Recording: what one event costs the program that it happens in."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from itertools import repeat
from typing import Any

from benchmarks.table import Bar, Benchmark
from benchmarks.timing import Contender
from slokit import SLI, SLO
from slokit.live import Monitor

__all__ = ["benchmark", "counted"]

MANY = 100_000
SLOKIT = "Monitor.record(True)"
PROMETHEUS = "prometheus_client Counter.inc()"
OTEL = "OpenTelemetry Counter.add(1)"
NOTHING = "an empty function of one argument"


def _each(function: Callable[..., Any], *argument: object) -> Callable[[], None]:
    """Return what calls a function many times, as a loop in a program does."""

    def run() -> None:
        for _ in repeat(None, MANY):
            function(*argument)

    return run


def monitor() -> Monitor:
    """Return a monitor of the usual size: minutes of thirty days."""
    return Monitor(SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d"))


def counted() -> dict[str, int]:
    """Record as often as a run does with each, and return what each counted."""
    ours = monitor()
    _each(ours.record, True)()
    found = {SLOKIT: int(ours.counts().good.sum())}
    if find_spec("prometheus_client"):
        from prometheus_client import CollectorRegistry, Counter

        counter = Counter("events", "Events.", registry=CollectorRegistry())
        _each(counter.inc)()
        found[PROMETHEUS] = int(next(iter(counter.collect())).samples[0].value)
    return found


def benchmark() -> Benchmark:
    """Set up the work: one thread, the clock of the machine, a bucket of a minute."""
    contenders = [
        Contender(SLOKIT, _each(monitor().record, True), MANY),
        Contender(NOTHING, _each(lambda _: None, True), MANY),
    ]
    bars = [Bar(SLOKIT, NOTHING, "at most")]
    if find_spec("prometheus_client"):
        from prometheus_client import CollectorRegistry, Counter

        counter = Counter("events", "Events.", registry=CollectorRegistry())
        contenders.append(Contender(PROMETHEUS, _each(counter.inc), MANY))
        bars.append(Bar(SLOKIT, PROMETHEUS, "at most", 0.6))
    if find_spec("opentelemetry.sdk"):
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader

        meter = MeterProvider([InMemoryMetricReader()]).get_meter("benchmarks")
        contenders.append(Contender(OTEL, _each(meter.create_counter("events").add, 1), MANY))
        bars.append(Bar(SLOKIT, OTEL, "at most", 0.05))
    return Benchmark(
        title="Recording: one event, attributed to its minute, exact from any thread",
        unit="event",
        contenders=contenders,
        bars=bars,
        notes=("The calls of a bound method, one after another, on one thread; the loop is in all of them.",),
    )
