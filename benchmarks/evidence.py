"""What the benchmarks count: a fleet of services over minutes, and a stream of single events; both from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from slokit import SLI, SLO, Counts, Evaluation

__all__ = [
    "BUDGET",
    "MINUTES",
    "START",
    "TARGET",
    "Events",
    "Fleet",
    "events",
    "fleet",
    "gains",
    "objective",
    "running_sums",
]

Ints = npt.NDArray[np.int64]

TARGET = "99.95%"
# As a person would write it who works with floats; it is 0.0004999999999999449.
BUDGET = 1 - 0.9995
START = "2026-01-01T00:00Z"
MINUTES = 90 * 1440


@dataclass(frozen=True)
class Fleet:
    """Bad and total events of some services, int64, shape ``(rows, buckets)``, a bucket a minute."""

    bad: Ints
    total: Ints

    @property
    def cells(self) -> int:
        """Buckets of all services."""
        return self.bad.size

    def rows(self, many: int) -> Fleet:
        """Return the first services alone."""
        return Fleet(self.bad[:many], self.total[:many])

    def counts(self) -> Counts:
        """Return the same evidence as slokit holds it."""
        return Counts.from_buckets(start=START, step="1m", bad=self.bad, total=self.total)

    def evaluation(self) -> Evaluation:
        """Return slokit's evaluation of it."""
        return objective().evaluate(self.counts())


def objective() -> SLO:
    """Return the objective that all benchmarks share."""
    return SLO("benchmark", sli=SLI.ratio("benchmark"), target=TARGET, window="30d")


def fleet(rows: int, buckets: int, seed: int = 20) -> Fleet:
    """Draw services by turns: some with a day and a night, some probed 500 times every minute.

    Even traffic meets thresholds exactly, again and again: 18 bad of 2,500 in five minutes is 14.4 times 0.05%, neither
    more nor less. That is where arithmetic in floats decides by its rounding.
    """
    draw = np.random.default_rng(seed)
    minute = np.arange(buckets)
    bad, total = np.empty((2, rows, buckets), np.int64)
    for row in range(rows):
        if row % 2:
            total[row] = 500
        else:
            total[row] = draw.poisson(300 * (1 + 0.8 * np.sin(2 * np.pi * minute / 1440 + row)))
        share = np.full(buckets, 0.0004)
        # An incident every ten days or so, minutes to hours long, between a brown-out and an outage.
        for begin in draw.integers(0, buckets, 1 + buckets // 14_400):
            share[begin : begin + int(draw.integers(3, 400))] = 10 ** draw.uniform(-3, -0.3)
        bad[row] = draw.binomial(total[row], share)
    return Fleet(bad, total)


def running_sums(counts: Ints) -> Ints:
    """Return running sums along time that begin with 0, shape ``(..., buckets + 1)``."""
    running = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1), np.int64)
    np.cumsum(counts, axis=-1, out=running[..., 1:])
    return running


def gains(running: Ints, width: int) -> Ints:
    """Return what running sums gain over windows, shape ``(..., buckets)``; before the data there is nothing."""
    gain: Ints = running[..., 1:].copy()
    gain[..., width:] -= running[..., 1:-width]
    return gain


@dataclass(frozen=True)
class Events:
    """Single events: datetime64[ns], and whether each was good."""

    times: npt.NDArray[np.datetime64]
    good: npt.NDArray[np.bool_]

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.times)

    def first(self, many: int) -> Events:
        """Return the first of them alone."""
        return Events(self.times[:many], self.good[:many])

    def shuffled(self, seed: int = 22) -> Events:
        """Return the same events in no order."""
        order = np.random.default_rng(seed).permutation(self.size)
        return Events(self.times[order], self.good[order])


def events(many: int, days: int = 30, seed: int = 21) -> Events:
    """Draw events in order of time, over whole days from midnight."""
    draw = np.random.default_rng(seed)
    first = np.datetime64(START.removesuffix("Z"), "ns")
    since = np.sort(draw.integers(0, days * 86_400 * 10**9, many))
    return Events(first + since.astype("timedelta64[ns]"), draw.random(many) < 0.999)
