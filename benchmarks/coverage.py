"""Coverage: how often an interval of a projection held what then happened.

``python -m benchmarks.coverage`` prints the tables of ``docs/explanation/forecasts.md``. From many origins of real and
of simulated series the budget is projected, and what was left of it at the horizon is compared with what the projection
had said. Nothing after the origin is shown to it. The origins of a series lie one horizon apart, so that no future is
counted twice.

Real series are read from ``$SLOKIT_DATA``, by default ``../shared/data`` beside the project, and are left out where
they are not there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from slokit import SLI, SLO, Counts, Evaluation
from slokit.analysis.projection import project
from slokit.analysis.simulate import Traffic, counts, draw_incidents
from slokit.interop.tables import BucketTable, EventTable, read_table
from slokit.timeline import parse_duration

__all__ = ["CASES", "Case", "Outcome", "main", "measure"]

Floats = npt.NDArray[np.float64]
ROOT = Path(__file__).resolve().parent.parent
PATHS = 1_000
INTERVAL = [0.05, 0.5, 0.95]
NANOSECONDS_A_DAY = 86_400 * 10**9


@dataclass(frozen=True)
class Case:
    """A kind of evidence, and how it is projected.

    Parameters
    ----------
    name
        What the table calls it.
    series
        Makes its counts: several series count together, each with origins of its own.
    target, window, horizon
        Of the objective, and how far ahead it is projected.
    warmup
        How much evidence the first origin has behind it.
    methods
        Lengths of a block and of the history (None for all of it), by name.
    """

    name: str
    series: Callable[[Path], Iterator[Counts]]
    target: str
    methods: dict[str, tuple[str, str | None]]
    window: str = "30d"
    horizon: str = "7d"
    warmup: str = "60d"


@dataclass
class Outcome:
    """What was foretold and what happened, origin by origin."""

    truth: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    middle: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, truth: float, foretold: Floats) -> None:
        """Note one origin."""
        self.truth.append(truth)
        for held, value in zip((self.low, self.middle, self.high), foretold.tolist(), strict=True):
            held.append(value)

    @property
    def arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Return truth, low, middle and high."""
        truth, low, middle, high = (np.array(x) for x in (self.truth, self.low, self.middle, self.high))
        return truth, low, middle, high


def _probes(data: Path) -> Iterator[Counts]:
    table = read_table(data / "probes_androidacy" / "probes.csv.gz", by=["service"])
    assert isinstance(table, BucketTable)
    yield from table.count(step="1h")


def _flights(data: Path) -> Iterator[Counts]:
    table = read_table(
        data / "flights_nyc2013" / "flights.csv.gz", time="scheduled_departure_utc", good="good_dep_15", by=["origin"]
    )
    assert isinstance(table, EventTable)
    yield from table.count(step="1d")


def _latency(data: Path) -> Iterator[Counts]:
    path = data / "nab_latency" / "ec2_request_latency_system_failure.csv"
    table = read_table(path, value="value", tz="UTC")
    assert isinstance(table, EventTable)
    yield table.count(SLI.threshold("latency", lte=50), step="1h")


def _simulated(incidents: float, memory: str, _: Path) -> Iterator[Counts]:
    """Simulate services whose errors come in bursts, with incidents or without."""
    for seed in range(4):
        start, duration = "2024-01-01T00:00Z", "728d"
        traffic = Traffic(per_minute=100, error_share=0.0005, error_bursts=1.0, burst_memory=memory)
        happens = draw_incidents(start=start, duration=duration, per_month=incidents, seed=seed) if incidents else ()
        yield counts(traffic, start=start, duration=duration, step="1h", seed=seed, incidents=happens)


HOURLY: dict[str, tuple[str, str | None]] = {
    "blocks of 1d": ("1d", None),
    "blocks of 1d, last 30d": ("1d", "30d"),
    "blocks of 7d": ("7d", None),
    "hours one by one": ("1h", None),
}
DAILY: dict[str, tuple[str, str | None]] = {
    "days one by one": ("1d", None),
    "days one by one, last 30d": ("1d", "30d"),
    "blocks of 7d": ("7d", None),
}
SHORT: dict[str, tuple[str, str | None]] = {"blocks of 6h": ("6h", None), "hours one by one": ("1h", None)}

CASES = (
    Case("probes, 3 services, 2 years", _probes, "95%", HOURLY),
    Case("flights on time, 3 airports, 1 year, by day", _flights, "75%", DAILY),
    Case("latency, 14 days", _latency, "98%", SHORT, window="3d", horizon="12h", warmup="4d"),
    Case("simulated, bursts of 2h", partial(_simulated, 0.0, "2h"), "99.9%", HOURLY),
    Case("simulated, bursts of 2d", partial(_simulated, 0.0, "2d"), "99.9%", HOURLY),
    Case("simulated, bursts of 2h and incidents", partial(_simulated, 4.0, "2h"), "99.9%", HOURLY),
)


def measure(case: Case, data: Path) -> dict[str, Outcome]:
    """Project from every origin of every series, by every method."""
    slo = SLO(case.name, sli=SLI.ratio("coverage"), target=case.target, window=case.window)
    outcomes = {name: Outcome() for name in (*case.methods, "naive", "unchanged")}
    horizon, warmup = (parse_duration(length) for length in (case.horizon, case.warmup))
    for evidence in case.series(data):
        whole, timeline = slo.evaluate(evidence), evidence.timeline
        left = whole.error_budget.remaining_ratio
        for origin in range(timeline.start + warmup, timeline.end - horizon + 1, horizon):
            until = (origin - timeline.start) // timeline.step - 1
            then = until + horizon // timeline.step
            ahead = evidence.total[until + 1 : then + 1]
            if np.isnan(left[then]) or np.isnan(left[until]) or not ahead.any():
                # Nothing was measured that could have been foretold.
                continue
            past = slo.evaluate(evidence.between(end=np.datetime64(origin, "ns")))
            for name, (block, history) in case.methods.items():
                found = project(past, horizon=case.horizon, block=block, history=history, paths=PATHS)
                outcomes[name].add(float(left[then]), found.quantiles(INTERVAL)[:, -1])
            for name, value in _points(past, float(left[until]), case):
                outcomes[name].add(float(left[then]), np.full(3, value))
    return outcomes


def _points(past: Evaluation, left: float, case: Case) -> Iterator[tuple[str, float]]:
    """Foretell a number without an interval: what is left minus what the last day's burn takes, and no change."""
    burn = past.burn_rate("1d")[-1]
    share = parse_duration(case.horizon) / parse_duration(case.window)
    yield "naive", left - (0.0 if np.isnan(burn) else float(burn)) * share
    yield "unchanged", left


def _table(case: Case, outcomes: dict[str, Outcome]) -> Iterator[str]:
    for name, outcome in outcomes.items():
        truth, low, middle, high = outcome.arrays
        error = f"{np.median(np.abs(middle - truth)):.2f} | {np.mean(np.abs(middle - truth)):.2f}"
        if name in case.methods:
            held, edge = np.mean((truth >= low) & (truth <= high)), np.mean((truth == low) | (truth == high))
            outside = f"{np.mean(truth < low):.0%} | {np.mean(truth > high):.0%}"
            spread = f"{held:.0%} | {edge:.0%} | {outside} | {np.median(high - low):.2f}"
        else:
            spread = "| | | |"
        yield f"| {case.name} | {len(truth)} | {name} | {spread} | {error} |"


def main() -> int:
    """Print the table, case by case."""
    data = Path(os.environ.get("SLOKIT_DATA") or ROOT.parent / "shared" / "data")
    print(
        "| series | origins | method | held | on an edge | came out below | above | width | median error | mean error |"
    )
    print("|---|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for case in CASES:
        try:
            outcomes = measure(case, data)
        except FileNotFoundError:
            print(f"| {case.name} | no data | | | | | | | | |")
            continue
        for line in _table(case, outcomes):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
