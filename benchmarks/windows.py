"""Windowed SLI: burn rates over eight windows in one call, for a fleet of services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.evidence import BUDGET, MINUTES, Fleet, fleet, gains, objective, running_sums
from benchmarks.peers import Peer
from benchmarks.table import Bar, Benchmark
from benchmarks.timing import Contender

__all__ = ["PEERS", "WINDOWS", "benchmark", "differences", "ours"]

Floats = npt.NDArray[np.float64]

WINDOWS = {"5m": 5, "30m": 30, "1h": 60, "2h": 120, "6h": 360, "1d": 1440, "3d": 4320, "30d": 43_200}


def ours(evidence: Fleet) -> Floats:
    """Return slokit's answer, shape ``(8, rows, buckets)``."""
    return evidence.evaluation().burn_rates(WINDOWS)


def _bottleneck(evidence: Fleet) -> Callable[[], list[Floats]]:
    import bottleneck

    def run() -> list[Floats]:
        answers = []
        for window in WINDOWS.values():
            width = min(window, evidence.bad.shape[1])  # a longer one is refused
            rates = bottleneck.move_sum(evidence.bad, width, min_count=1, axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                np.divide(rates, bottleneck.move_sum(evidence.total, width, min_count=1, axis=1), out=rates)
            answers.append(np.divide(rates, BUDGET, out=rates))
        return answers

    return run


def _polars(evidence: Fleet) -> Callable[[], Any]:
    import polars as pl

    rows = range(len(evidence.bad))
    frame = pl.DataFrame(
        {f"bad {row}": evidence.bad[row] for row in rows} | {f"total {row}": evidence.total[row] for row in rows}
    )
    # One select holds all expressions, so that polars shares them among its threads.
    rates = [
        (
            pl.col(f"bad {row}").rolling_sum(width, min_samples=1)
            / pl.col(f"total {row}").rolling_sum(width, min_samples=1)
            / BUDGET
        ).alias(f"{width} {row}")
        for width in WINDOWS.values()
        for row in rows
    ]
    return lambda: frame.select(rates)


def _pandas(evidence: Fleet) -> Callable[[], list[Any]]:
    import pandas as pd

    bad, total = pd.DataFrame(evidence.bad.T), pd.DataFrame(evidence.total.T)

    def run() -> list[Any]:
        return [
            bad.rolling(width, min_periods=1).sum() / total.rolling(width, min_periods=1).sum() / BUDGET
            for width in WINDOWS.values()
        ]

    return run


def _numpy(evidence: Fleet) -> Callable[[], Floats]:
    def run() -> Floats:
        rates = np.empty((len(WINDOWS), *evidence.bad.shape))
        with np.errstate(divide="ignore", invalid="ignore"):
            # Row by row: whole arrays at once leave the cache at every step.
            for row in range(len(evidence.bad)):
                bad, total = running_sums(evidence.bad[row]), running_sums(evidence.total[row])
                for at, width in enumerate(WINDOWS.values()):
                    rates[at, row] = gains(bad, width) / gains(total, width) / BUDGET
        return rates

    return run


PEERS = (
    Peer("bottleneck", "bottleneck", _bottleneck, np.stack),
    Peer("polars", "polars", _polars, lambda frame: frame.to_numpy().T.reshape(len(WINDOWS), -1, frame.height)),
    Peer("pandas", "pandas", _pandas, lambda frames: np.stack([frame.to_numpy().T for frame in frames])),
    Peer("numpy", "numpy", _numpy, np.asarray),
)
_SHARE = 4
LIMITS = {"bottleneck": 2.5, "polars": 10.0, "pandas": 15.0}


def differences(peer: Peer, evidence: Fleet) -> int:
    """Count the burn rates of a peer that are not slokit's, but for the rounding of ``1 - 0.9995``."""
    return int(np.count_nonzero(~np.isclose(peer.answer(evidence), ours(evidence), rtol=1e-12, atol=0, equal_nan=True)))


def benchmark(rows: int = 200, buckets: int = MINUTES, threads: int = 1) -> Benchmark:
    """Set up the work; peers are compared with slokit on so many threads."""
    evidence = fleet(rows, buckets)
    counts, slo = evidence.counts(), objective()
    evaluation = slo.evaluate(counts)
    output = evaluation.burn_rates(WINDOWS)
    cells = output.size
    one, two, whole, copy = (
        "burn_rates",
        f"burn_rates, threads={max(2, threads)}",
        "SLO.evaluate and burn_rates",
        "floor: copy",
    )
    contenders = [
        Contender(one, lambda: evaluation.burn_rates(WINDOWS), cells),
        Contender(two, lambda: evaluation.burn_rates(WINDOWS, threads=max(2, threads)), cells),
        Contender(whole, lambda: slo.evaluate(counts).burn_rates(WINDOWS), cells),
        Contender(copy, output.copy, cells),
    ]
    bars = [Bar(one, copy, "at most", 2.2), Bar(two, copy, "at most", 1.5)]
    for peer in PEERS:
        if peer.installed:
            part = evidence.rows(max(1, rows // _SHARE))
            contenders.append(Contender(peer.name, peer.prepare(part), part.cells * len(WINDOWS)))
            bars.append(Bar(one if threads == 1 else two, peer.name, "at least", LIMITS.get(peer.name)))
    bars += [Bar(whole, peer.name, "at least") for peer in PEERS]
    return Benchmark(
        title=f"Windowed SLI: burn rates over {len(WINDOWS)} windows, {rows} services x {buckets:,} minutes",
        unit="minute and window",
        contenders=contenders,
        bars=bars,
        notes=(
            "Floor: a copy of the output into newly allocated memory, by one thread.",
            "An evaluation keeps its running sums; the peers begin from counts, as `SLO.evaluate and burn_rates` does.",
            "The peers run on a quarter of the services, so that a round stays short.",
        ),
    )
