"""Sweeps: thousands of alert settings held against labelled incidents, over one service's quarter of minutes.

The peers replay one setting after another, as everybody does who has no sweep: for each setting where it fires, how
often that begins, how often outside the incidents, and the first minute at which it fires in each of them. They work on
a sample of the settings, and the time of one is what is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.evidence import BUDGET, MINUTES, Fleet, fleet, gains, objective, running_sums
from benchmarks.peers import Peer
from benchmarks.table import Bar, Benchmark
from benchmarks.timing import Contender
from slokit import BurnRateAlert, Evaluation
from slokit.analysis.backtest import Sweep, score, sweep

__all__ = ["PEERS", "RATES", "WINDOWS", "Work", "benchmark", "differences", "work"]

Ints = npt.NDArray[np.int64]

# Long and short window in minutes: those of the SRE workbook.
WINDOWS = ((60, 5), (360, 30), (4320, 360))
# Every fiftieth from 1 to 21, each a little above, so that no window burns exactly as fast: floats would guess there.
RATES = tuple(f"{1 + k / 50:.2f}7" for k in range(1000))
_ASK = 40


class Work:
    """One service's minutes, its incidents, and settings as ``(long, short, rate)``."""

    def __init__(self, minutes: int, seed: int = 23) -> None:
        draw = np.random.default_rng(seed)
        drawn = fleet(2, minutes)
        self.fleet = Fleet(drawn.bad[1:], drawn.total[1:])
        self.evaluation: Evaluation = self.fleet.evaluation()[0]
        begins = np.sort(draw.integers(0, minutes - 400, 20))
        self.spans = [(int(begin), int(begin + draw.integers(5, 400))) for begin in begins]
        self.settings = [(long, short, rate) for long, short in WINDOWS for rate in RATES]

    @property
    def incidents(self) -> list[tuple[int, int]]:
        """The incidents in nanoseconds."""
        timeline = self.evaluation.timeline
        return [(timeline.start + a * timeline.step, timeline.start + b * timeline.step) for a, b in self.spans]

    def sample(self, many: int) -> Sequence[tuple[int, int, str]]:
        """Return settings spread evenly over all."""
        return self.settings[:: max(1, len(self.settings) // many)]


def work(minutes: int = MINUTES) -> Work:
    """Draw the evidence and the incidents."""
    return Work(minutes)


def ours(some: Work) -> Sweep:
    """Return slokit's answer to all settings."""
    windows = [(f"{long}m", f"{short}m") for long, short in WINDOWS]
    return sweep(some.evaluation, some.incidents, windows=windows, burn_rates=RATES)


def _alone(some: Work, settings: Sequence[tuple[int, int, str]]) -> list[Any]:
    """Score settings one after another with slokit."""
    incidents = some.incidents
    return [
        score(
            some.evaluation,
            BurnRateAlert(long_window=f"{long}m", short_window=f"{short}m", burn_rate=rate),
            incidents,
        )
        for long, short, rate in settings
    ]


Row = tuple[int, int, tuple[int, ...]]
"""Episodes, those outside incidents, and minutes from each incident's start to the page: 0 already, -1 never."""


def _judged(firing: npt.NDArray[np.bool_], spans: Sequence[tuple[int, int]]) -> Row:
    """Hold one mask against the incidents."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], firing, [False])).view(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    true = np.zeros(len(starts), np.bool_)
    found = []
    for begin, end in spans:
        # The verdict at the incident's start is that of the minute before.
        first = max(begin - 1, 0)
        hits = np.flatnonzero(firing[first:end])
        found.append(max(int(hits[0]) + first + 1 - begin, 0) if hits.size else -1)
        true[np.searchsorted(stops, first, side="right") : np.searchsorted(starts, end)] = True
    return len(starts), int(np.count_nonzero(~true)), tuple(found)


def _numpy(question: tuple[Work, Sequence[tuple[int, int, str]]]) -> Callable[[], list[Row]]:
    some, settings = question

    def run() -> list[Row]:
        rows = []
        bad, total = running_sums(some.fleet.bad[0]), running_sums(some.fleet.total[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            for long, short, rate in settings:
                limit = float(rate)
                burning = gains(bad, long) / gains(total, long) / BUDGET > limit
                burning &= gains(bad, short) / gains(total, short) / BUDGET > limit
                rows.append(_judged(burning, some.spans))
        return rows

    return run


def _pandas(question: tuple[Work, Sequence[tuple[int, int, str]]]) -> Callable[[], list[Row]]:
    import pandas as pd

    some, settings = question
    bad, total = pd.Series(some.fleet.bad[0]), pd.Series(some.fleet.total[0])

    def burns(width: int) -> Any:
        return bad.rolling(width, min_periods=1).sum() / total.rolling(width, min_periods=1).sum() / BUDGET

    def run() -> list[Row]:
        rows = []
        for long, short, rate in settings:
            firing = (burns(long) > float(rate)) & (burns(short) > float(rate))
            rows.append(_judged(firing.to_numpy(), some.spans))
        return rows

    return run


PEERS = (Peer("numpy", "numpy", _numpy, np.asarray), Peer("pandas", "pandas", _pandas, np.asarray))
_LIMITS = {"numpy": 400.0, "pandas": 2000.0}


def differences(peer: Peer, some: Work, many: int = _ASK) -> int:
    """Count the settings in which a peer is not of slokit's opinion."""
    settings = some.sample(many)
    found = ours(some)
    place = {setting: at for at, setting in enumerate(some.settings)}
    wrong = 0
    for setting, (episodes, false, minutes) in zip(settings, peer.prepare((some, settings))(), strict=True):
        figures = found.figures(place[setting])
        alone = _alone(some, [setting])[0]
        step = some.evaluation.timeline.step
        told = tuple(
            -1 if one.detection_time is None else round(one.detection_time.total_seconds() * 1e9) // step
            for one in alone.outcomes
        )
        wrong += (figures.notifications, figures.false_alarms, told) != (episodes, false, minutes)
        wrong += figures.detected != sum(one >= 0 for one in told)
    return wrong


def benchmark(minutes: int = MINUTES) -> Benchmark:
    """Set up the work; whoever replays one by one does so for a sample."""
    some = work(minutes)
    everything = f"sweep, {len(some.settings):,} settings"
    several = some.sample(_ASK)
    alone = "score, one by one"
    slo, counts = objective(), some.fleet.counts()

    def whole() -> Sweep:
        windows = [(f"{long}m", f"{short}m") for long, short in WINDOWS]
        return sweep(slo.evaluate(counts)[0], some.incidents, windows=windows, burn_rates=RATES)

    contenders = [
        Contender(everything, lambda: ours(some), len(some.settings)),
        Contender("SLO.evaluate and sweep", whole, len(some.settings)),
        Contender(alone, lambda: _alone(some, several), len(several)),
    ]
    bars = [Bar(everything, alone, "at least", 100.0)]
    for peer in PEERS:
        if peer.installed:
            few = several if peer.name == "numpy" else several[::4]
            contenders.append(Contender(peer.name, peer.prepare((some, few)), len(few)))
            bars.append(Bar(everything, peer.name, "at least", _LIMITS[peer.name]))
    bars += [Bar("SLO.evaluate and sweep", peer.name, "at least") for peer in PEERS]
    return Benchmark(
        title=f"Sweep: {len(some.settings):,} alert settings, {minutes:,} minutes, {len(some.spans)} incidents",
        unit="setting",
        contenders=contenders,
        bars=bars,
        notes=(
            f"Whoever replays one after another does {len(several)} settings (pandas a quarter of those) of all.",
            f"{len(WINDOWS)} pairs of windows, {len(RATES):,} burn rates.",
            "slokit works out all figures of a score, the peers only alarms, false alarms and detection times.",
            "The settings avoid exact ties, where floats would answer otherwise; slokit is exact there too.",
        ),
    )
