"""Fleets: what a tick of ten thousand objectives costs, and what each takes in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.evidence import START
from benchmarks.table import Bar, Benchmark, bytes_text
from benchmarks.timing import Contender
from slokit import SLI, SLO
from slokit.alerts import sloth
from slokit.live import Fleet, ManualClock, Monitor

__all__ = ["Work", "benchmark", "frames", "memory", "plainly"]

ROWS = 10_000
FEW = 500
MINUTES = 3 * 1440
BULK = "Fleet.tick(), counts from add_many"
EACH = "Fleet.tick(), counts from record"
NUMPY = "numpy: sums of slices"
PANDAS = "pandas: sums of the last rows"
NOTHING = "nothing"
BAR = "the bar"

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def objective() -> SLO:
    """Return the usual objective."""
    return SLO("api", sli=SLI.ratio("up"), target="99.9%", window="30d")


ALERTS = sloth("30d")
"""Four pairs of windows, from five minutes to three days."""


class Work:
    """A fleet that is some hours old, and what peers would hold of the same events.

    Parameters
    ----------
    rows
        How many labels.
    minutes
        How old it is.
    """

    def __init__(self, rows: int, minutes: int = 400) -> None:
        self.rows = rows
        self.labels = [f"tenant {i}" for i in range(rows)]
        self.clock = ManualClock(START)
        self.fleet = Fleet(objective(), alerts=ALERTS, clock=self.clock, limit=rows)
        # A tenth of the labels burns, so that no alert is calm everywhere.
        self._random = np.random.default_rng(1)
        self.bad, self.total = np.zeros((2, MINUTES, rows), dtype=np.int64)
        for minute in range(MINUTES - minutes, MINUTES):
            self.total[minute], self.bad[minute] = self.add()
        self.fleet.tick()

    def add(self) -> tuple[Ints, Ints]:
        """Count a minute of events of every label, and let it pass."""
        total = self._random.integers(50, 200, self.rows)
        share = np.where(np.arange(self.rows) % 10 == 0, 0.02, 0.0005)
        bad = self._random.binomial(total, share)
        self.fleet.add_many(self.labels, total - bad, bad)
        self.clock.advance("1m")
        return total, bad

    def record(self) -> None:
        """Record an event of every label, and a bad one of every tenth, and let the minute pass."""
        record = self.fleet.record
        for i, label in enumerate(self.labels):
            record(label, True)
            if i % 10 == 0:
                record(label, False)
        self.clock.advance("1m")


def plainly(bad: Ints, total: Ints) -> Bools:
    """Judge the alerts as one would with numpy: a minute a row, a label a column."""
    verdicts = []
    for alert in ALERTS:
        burning = np.ones(bad.shape[1], dtype=np.bool_)
        for window in alert.windows:
            width = window // (60 * 10**9)
            with np.errstate(invalid="ignore"):
                rate = bad[-width:].sum(axis=0) / total[-width:].sum(axis=0) / 0.001
            burning &= rate > float(alert.burn_rate)
        verdicts.append(burning)
    return np.stack(verdicts)


def frames(bad: Ints, total: Ints) -> Callable[[], Bools]:
    """Return what judges them with pandas, for frames of a minute a row and a label a column."""
    import pandas as pd

    few, many = pd.DataFrame(bad), pd.DataFrame(total)

    def judge() -> Bools:
        verdicts: list[Any] = []
        for alert in ALERTS:
            burning = np.ones(bad.shape[1], dtype=np.bool_)
            for window in alert.windows:
                width = window // (60 * 10**9)
                rate = few.tail(width).sum() / many.tail(width).sum() / 0.001
                burning &= (rate > float(alert.burn_rate)).to_numpy()
            verdicts.append(burning)
        return np.stack(verdicts)

    return judge


def benchmark(rows: int = ROWS) -> Benchmark:
    """Set up ticks: every label has new counts at each of them."""
    bulk, each, few = Work(rows), Work(rows), Work(FEW)
    share = FEW / rows
    contenders = [
        Contender(NOTHING, lambda: None),
        Contender(BULK, bulk.fleet.tick, before=bulk.add),
        Contender(EACH, each.fleet.tick, before=each.record),
        Contender(NUMPY, lambda: plainly(few.bad, few.total), share),
    ]
    bars = [
        Bar(BULK, NOTHING, "plus", 1.0),
        Bar(EACH, NOTHING, "plus"),
        Bar(BULK, NUMPY, "at least"),
    ]
    if find_spec("pandas"):
        contenders.append(Contender(PANDAS, frames(few.bad, few.total), share))
        bars.append(Bar(BULK, PANDAS, "at least"))
    return Benchmark(
        title=f"Live tick: {rows:,} SLOs x 4 two-window rules",
        unit="tick",
        contenders=contenders,
        bars=bars,
        notes=(
            "Every label has new counts; a tick rolls to the new minute, folds them and judges all alerts exactly.",
            f"Peers ran on {FEW} SLOs, are given their times {rows // FEW} times, and roll and fold nothing.",
            "With record each label has a counter for good and one for bad events that the tick must read.",
        ),
        repeat=5,
    )


def memory(labels: int = 1_000) -> Benchmark:
    """Measure what an objective over thirty days of minutes takes."""
    names = [f"tenant {i}" for i in range(labels)]

    def fleet() -> object:
        made = Fleet(objective(), clock=ManualClock(START))
        made.add_many(names, good=1)
        for name in names:
            made.record(name, True)
        made.tick()
        return made

    def monitors() -> object:
        held = [Monitor(objective(), clock=ManualClock(START)) for _ in range(5)]
        for one in held:
            one.record(True)
        return held

    ours, exact = "Fleet", "Monitor, exact"
    sizes = {ours: _bytes(fleet) / labels, exact: _bytes(monitors) / 5, BAR: 40_000.0}
    return Benchmark(
        title="Memory of an SLO over 30 days of minutes",
        unit="SLO",
        contenders=(),
        bars=[Bar(ours, BAR, "at most", 1.0), Bar(ours, exact, "at most")],
        notes=("All that is held, as tracemalloc counts it: running sums, labels, counters of the open minute.",),
        sizes=sizes,
        write=bytes_text,
    )


def _bytes(make: Callable[[], object]) -> int:
    """Return how many bytes more there are while something is held."""
    tracemalloc.start()
    try:
        held = make()
        size = tracemalloc.get_traced_memory()[0]
        del held
    finally:
        tracemalloc.stop()
    return size
