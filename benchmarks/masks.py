"""Exact firing masks: three two-window rules in one call, for a fleet of services.

The peers work in floats and so are wrong where a window burns exactly as fast as its threshold; the notes say in how
many buckets. They are compared with slokit everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.evidence import BUDGET, MINUTES, Fleet, fleet, gains, objective, running_sums
from benchmarks.peers import Peer
from benchmarks.table import Bar, Benchmark
from benchmarks.timing import Contender
from slokit import BurnRateAlert, alerts

__all__ = ["ALERTS", "PEERS", "RULES", "at_boundary", "benchmark", "differences", "exact", "ours"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Long and short window in minutes, and the burn rate that both must exceed: chapter 5 of the SRE workbook.
RULES = ((60, 5, 14.4), (360, 30, 6.0), (4320, 360, 1.0))
ALERTS = tuple(
    BurnRateAlert(long_window=f"{long}m", short_window=f"{short}m", burn_rate=rate) for long, short, rate in RULES
)


def ours(evidence: Fleet) -> Bools:
    """Return slokit's answer, shape ``(3, rows, buckets)``."""
    return alerts.fires(evidence.evaluation(), ALERTS)


def exact(evidence: Fleet) -> Bools:
    """Return the answer by integers that slokit has no part in, shape ``(3, rows, buckets)``."""
    return np.stack([(long > 0) & (short > 0) for long, short in _excesses(evidence)])


def at_boundary(evidence: Fleet) -> Bools:
    """Say where a window of a rule burns exactly as fast as its threshold, or holds nothing."""
    return np.stack([(long == 0) | (short == 0) for long, short in _excesses(evidence)])


def _excesses(evidence: Fleet) -> Iterator[tuple[Ints, Ints]]:
    """Yield for each rule by how much its windows' bad events exceed what the threshold allows, times 100,000."""
    bad, total = running_sums(evidence.bad), running_sums(evidence.total)
    for long, short, rate in RULES:
        # Thresholds have one digit behind the point, and the budget is 50 of 100,000.
        allowed = round(rate * 10) * 5
        long_excess, short_excess = (100_000 * gains(bad, w) - allowed * gains(total, w) for w in (long, short))
        yield long_excess, short_excess


def _numpy(evidence: Fleet) -> Callable[[], Bools]:
    def burns(bad: Ints, total: Ints, width: int) -> Floats:
        return gains(bad, width) / gains(total, width) / BUDGET

    def run() -> Bools:
        masks = np.empty((len(RULES), *evidence.bad.shape), np.bool_)
        with np.errstate(divide="ignore", invalid="ignore"):
            # Row by row: whole arrays at once leave the cache at every step, and take more than twice as long.
            for row in range(len(evidence.bad)):
                bad, total = running_sums(evidence.bad[row]), running_sums(evidence.total[row])
                for rule, (long, short, rate) in enumerate(RULES):
                    masks[rule, row] = (burns(bad, total, long) > rate) & (burns(bad, total, short) > rate)
        return masks

    return run


def _pandas(evidence: Fleet) -> Callable[[], list[Any]]:
    import pandas as pd

    bad, total = pd.DataFrame(evidence.bad.T), pd.DataFrame(evidence.total.T)

    def burns(width: int) -> Any:
        return bad.rolling(width, min_periods=1).sum() / total.rolling(width, min_periods=1).sum() / BUDGET

    return lambda: [(burns(long) > rate) & (burns(short) > rate) for long, short, rate in RULES]


def _numba(evidence: Fleet, loop: Callable[..., None]) -> Callable[[], Bools]:
    import numba

    # In plain Python 0 / 0 raises, also when compiled; numpy's rules give NaN, which exceeds nothing.
    fill = numba.njit(error_model="numpy")(loop)
    widths = np.array([rule[:2] for rule in RULES])
    rates = np.array([rate for *_, rate in RULES])

    def run() -> Bools:
        masks = np.empty((len(RULES), *evidence.bad.shape), np.bool_)
        fill(evidence.bad, evidence.total, widths, rates, masks)
        return masks

    return run


def _dividing(bad: Ints, total: Ints, widths: Ints, rates: Floats, masks: Bools) -> None:
    """Slide two windows along each row and compare burn rates, as they are defined."""
    for rule in range(len(widths)):
        long, short, rate = widths[rule, 0], widths[rule, 1], rates[rule]
        for row in range(bad.shape[0]):
            long_bad = long_total = short_bad = short_total = 0
            for t in range(bad.shape[1]):
                long_bad += bad[row, t]
                long_total += total[row, t]
                short_bad += bad[row, t]
                short_total += total[row, t]
                if t >= long:
                    long_bad -= bad[row, t - long]
                    long_total -= total[row, t - long]
                if t >= short:
                    short_bad -= bad[row, t - short]
                    short_total -= total[row, t - short]
                burn_long, burn_short = long_bad / long_total / BUDGET, short_bad / short_total / BUDGET
                masks[rule, row, t] = burn_long > rate and burn_short > rate


def _multiplying(bad: Ints, total: Ints, widths: Ints, rates: Floats, masks: Bools) -> None:
    """Do the same without a division and without a branch between the two windows.

    The quickest of several: from running sums it took a fifth longer.
    """
    for rule in range(len(widths)):
        long, short, limit = widths[rule, 0], widths[rule, 1], rates[rule] * BUDGET
        for row in range(bad.shape[0]):
            long_bad = long_total = short_bad = short_total = 0
            for t in range(bad.shape[1]):
                long_bad += bad[row, t]
                long_total += total[row, t]
                short_bad += bad[row, t]
                short_total += total[row, t]
                if t >= long:
                    long_bad -= bad[row, t - long]
                    long_total -= total[row, t - long]
                if t >= short:
                    short_bad -= bad[row, t - short]
                    short_total -= total[row, t - short]
                masks[rule, row, t] = (long_bad > limit * long_total) & (short_bad > limit * short_total)


PEERS = (
    Peer("numba", "numba", partial(_numba, loop=_dividing), np.asarray),
    Peer("numba, tuned", "numba", partial(_numba, loop=_multiplying), np.asarray),
    Peer("numpy", "numpy", _numpy, np.asarray),
    Peer("pandas", "pandas", _pandas, lambda frames: np.stack([frame.to_numpy().T for frame in frames])),
)
_SHARE = 4
LIMITS = {"numba": 2.0, "numpy": 3.0, "pandas": 25.0}


def differences(peer: Peer, evidence: Fleet) -> int:
    """Count the buckets in which a peer is not of slokit's opinion, and has not the excuse of a boundary."""
    return int(np.count_nonzero((peer.answer(evidence) != ours(evidence)) & ~at_boundary(evidence)))


def benchmark(rows: int = 200, buckets: int = MINUTES, threads: int = 1) -> Benchmark:
    """Set up the work; peers are compared with slokit on so many threads."""
    evidence = fleet(rows, buckets)
    counts, slo = evidence.counts(), objective()
    evaluation = slo.evaluate(counts)
    exact = alerts.fires(evaluation, ALERTS)
    bad, total = running_sums(evidence.bad), running_sums(evidence.total)

    def floor() -> Bools:
        bad.max()
        total.max()
        masks = np.empty(exact.shape, np.bool_)
        masks.fill(True)
        return masks

    cells = evidence.cells
    one, two, whole, least = (
        "fires",
        f"fires, threads={max(2, threads)}",
        "SLO.evaluate and fires",
        "floor: read, write",
    )
    contenders = [
        Contender(one, lambda: alerts.fires(evaluation, ALERTS), cells),
        Contender(two, lambda: alerts.fires(evaluation, ALERTS, threads=max(2, threads)), cells),
        Contender(whole, lambda: alerts.fires(slo.evaluate(counts), ALERTS), cells),
        Contender(least, floor, cells),
    ]
    bars = [Bar(one, least, "at most", 4.0), Bar(two, least, "at most")]
    wrong = []
    for peer in PEERS:
        if peer.installed:
            part = evidence.rows(max(1, rows // _SHARE))
            run = peer.prepare(part)
            wrong.append(f"{peer.name} {np.count_nonzero(peer.plain(run()) != exact[:, : len(part.bad)]):,}")
            contenders.append(Contender(peer.name, run, part.cells))
            bars.append(Bar(one if threads == 1 else two, peer.name, "at least", LIMITS.get(peer.name)))
    bars += [Bar(whole, peer.name, "at least") for peer in PEERS]
    return Benchmark(
        title=f"Exact firing masks: {len(RULES)} two-window rules, {rows} services x {buckets:,} minutes",
        unit="minute, all rules",
        contenders=contenders,
        bars=bars,
        notes=(
            "Floor: the largest entry of both running sums (reads the input once), and a new array of masks filled.",
            "An evaluation keeps its running sums; the peers begin from counts, as `SLO.evaluate and fires` does.",
            "The peers run on a quarter of the services, so that a round stays short.",
            'numba compares burn rates as they are defined; "tuned" has no division and no branch between the windows.',
            f"slokit is exact. Buckets in which the float answers of a peer are wrong: {', '.join(wrong)}.",
        ),
    )
