"""Reach: how often a target that was said to be achievable was then kept.

``python -m benchmarks.reach`` prints the table of ``docs/howto/choose-a-target.md``. From many origins of real and of
simulated series the achievable target is found, at 95% and without margin, from all that lies before; then the window
that follows is held against it. Nothing after the origin is shown to it, and the origins of a series lie one window
apart, so that no future is counted twice.

Real series are those of ``benchmarks.coverage``, and are left out where they are not there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.coverage import CASES as OTHERS
from benchmarks.coverage import ROOT
from slokit import SLI, SLO, Counts
from slokit.analysis.simulate import Traffic, counts, draw_incidents
from slokit.analysis.targets import achievable
from slokit.analysis.targets.past import PastWindows
from slokit.timeline import parse_duration

__all__ = ["CASES", "Case", "main", "measure"]

BLOCKS = ("1d", "7d", "14d")
CONFIDENCE = "95%"
SEEDS = 12


@dataclass(frozen=True)
class Case:
    """A kind of evidence, and how far apart its origins lie.

    Parameters
    ----------
    name
        What the table calls it.
    series
        Makes its counts: several series count together, each with origins of its own.
    window
        Of the objective.
    warmup
        How much evidence the first origin has behind it.
    """

    name: str
    series: Callable[[Path], Iterator[Counts]]
    window: str = "30d"
    warmup: str = "180d"


def _simulated(incidents: float, memory: str, _: Path) -> Iterator[Counts]:
    """Simulate services whose errors come in bursts, with incidents or without."""
    for seed in range(SEEDS):
        start, duration = "2024-01-01T00:00Z", "720d"
        traffic = Traffic(per_minute=100, error_share=0.0005, error_bursts=1.0, burst_memory=memory)
        happens = draw_incidents(start=start, duration=duration, per_month=incidents, seed=seed) if incidents else ()
        yield counts(traffic, start=start, duration=duration, step="1h", seed=seed, incidents=happens)


CASES = (
    Case("simulated, bursts of 2h", partial(_simulated, 0.0, "2h")),
    Case("simulated, bursts of 2d", partial(_simulated, 0.0, "2d")),
    Case("simulated, bursts of 7d", partial(_simulated, 0.0, "7d")),
    Case("simulated, bursts of 2h and incidents", partial(_simulated, 4.0, "2h")),
    Case("probes, 3 services, 2 years", OTHERS[0].series),
    Case("flights on time, 3 airports, 1 year, by day", OTHERS[1].series, warmup="120d"),
    Case("the same, over 7d", OTHERS[1].series, window="7d", warmup="120d"),
)


@dataclass
class Outcome:
    """What was said to be achievable, and whether it was kept."""

    kept: list[bool]
    shares: list[float]

    def add(self, target: Fraction | None, bad: int, total: int) -> None:
        """Note one origin."""
        self.kept.append(target is not None and Fraction(total - bad, total) >= target)
        self.shares.append(float(1 - (target or 0)))


def measure(case: Case, data: Path) -> dict[str, Outcome]:
    """Find what is achievable from every origin of every series, by every method."""
    slo = SLO(case.name, sli=SLI.ratio("reach"), target=0, window=case.window)
    outcomes = {name: Outcome([], []) for name in (*(f"blocks of {block}" for block in BLOCKS), "the worst so far")}
    window, warmup = (parse_duration(length) for length in (case.window, case.warmup))
    for evidence in case.series(data):
        timeline = evidence.timeline
        for origin in range(timeline.start + warmup, timeline.end - window + 1, window):
            first = (origin - timeline.start) // timeline.step
            stop = first + window // timeline.step
            bad, total = int(evidence.bad[first:stop].sum()), int(evidence.total[first:stop].sum())
            if not total:
                continue
            past = slo.evaluate(evidence.between(end=np.datetime64(origin, "ns")))
            for block in BLOCKS:
                found = achievable(past, confidence=CONFIDENCE, block=block, paths=1000)
                outcomes[f"blocks of {block}"].add(found.target, bad, total)
            worst = PastWindows.of(past).worst
            assert worst is not None
            outcomes["the worst so far"].add(1 - Fraction(worst.bad, worst.total), bad, total)
    return outcomes


def main() -> int:
    """Print the table, case by case."""
    data = Path(os.environ.get("SLOKIT_DATA") or ROOT.parent / "shared" / "data")
    print("| series | origins | method | kept | median budget |")
    print("|---|---:|---|---:|---:|")
    for case in CASES:
        try:
            outcomes = measure(case, data)
        except FileNotFoundError:
            print(f"| {case.name} | no data | | | |")
            continue
        for name, outcome in outcomes.items():
            budget = f"{np.median(outcome.shares):.3%}"
            print(
                f"| {case.name} | {len(outcome.kept)} | {name} | {np.mean(outcome.kept):.0%} | {budget} |", flush=True
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
