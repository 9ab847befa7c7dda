"""Growth: the cost per unit of work as the work doubles, and as windows get longer; it should stay what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.evidence import Events, Fleet, events, fleet
from benchmarks.masks import ALERTS
from benchmarks.table import Bar, Benchmark
from benchmarks.timing import Contender
from slokit import BurnRateAlert, Counts, Evaluation, alerts

__all__ = ["benchmark"]

_GIVE = 1.3


def benchmark(rows: int = 200, buckets: int = 2**16, many: int = 10_000_000) -> Benchmark:
    """Set up the work: each kind of growth is a few contenders, compared with the first of them."""
    kinds = [*_burn_rates(rows, buckets), *_fires(rows, buckets), *_events(many)]
    return Benchmark(
        title="Growth: the cost of one unit as the work grows",
        unit="bucket of one series and window, or event",
        contenders=[contender for kind in kinds for contender in kind],
        bars=[Bar(grown.name, kind[0].name, "at most", _GIVE) for kind in kinds for grown in kind[1:]],
        notes=(
            "Promised: linear in the work, flat in a window's length. If quadratic, four times as much would be 4.",
            f"{_GIVE:g} leaves room for what falls out of the caches.",
        ),
    )


def _burn_rates(rows: int, buckets: int) -> Iterator[list[Contender]]:
    whole = fleet(rows, buckets)
    everything = whole.evaluation()

    def rates(name: str, evaluation: Evaluation, windows: Sequence[str] = ("5m", "1h", "6h", "3d")) -> Contender:
        cells = evaluation.excluded.size * len(windows)
        return Contender(f"burn_rates, {name}", lambda: evaluation.burn_rates(windows), cells)

    yield [rates(f"{rows} x {n:,} buckets", _first(whole, n)) for n in (buckets // 4, buckets // 2, buckets)]
    single = fleet(1, 32 * buckets)
    yield [rates(f"1 x {n:,} buckets", _first(single, n)) for n in (8 * buckets, 16 * buckets, 32 * buckets)]
    yield [rates(f"{n} series", whole.rows(n).evaluation()) for n in (rows // 4, rows // 2, rows)]
    yield [rates(f"{n} windows", everything, [f"{60 * (k + 1)}m" for k in range(n)]) for n in (2, 4, 8)]
    yield [rates(f"a window of {n:,} buckets", everything, [f"{n}m"]) for n in (10, 100, 1_000, 10_000)]


def _fires(rows: int, buckets: int) -> Iterator[list[Contender]]:
    whole = fleet(rows, buckets)
    everything = whole.evaluation()

    def fires(name: str, evaluation: Evaluation, rules: Sequence[BurnRateAlert] = ALERTS) -> Contender:
        return Contender(f"fires, {name}", lambda: alerts.fires(evaluation, rules), evaluation.excluded.size)

    def rule(long: int) -> BurnRateAlert:
        return BurnRateAlert(long_window=f"{long}m", short_window="5m", burn_rate="14.4")

    yield [fires(f"{rows} x {n:,} buckets", _first(whole, n)) for n in (buckets // 4, buckets // 2, buckets)]
    single = fleet(1, 32 * buckets)
    yield [fires(f"1 x {n:,} buckets", _first(single, n)) for n in (8 * buckets, 16 * buckets, 32 * buckets)]
    yield [fires(f"{n} series", whole.rows(n).evaluation()) for n in (rows // 4, rows // 2, rows)]
    yield [fires(f"a window of {n:,} buckets", everything, [rule(n)]) for n in (10, 100, 1_000, 10_000)]


def _events(many: int) -> Iterator[list[Contender]]:
    whole = events(many, days=28)

    def counted(name: str, part: Events) -> Contender:
        return Contender(
            f"from_events, {name}", lambda: Counts.from_events(part.times, part.good, step="1m"), part.size
        )

    firsts = [whole.first(n) for n in (many // 4, many // 2, many)]
    yield [counted(f"{part.size:,} in order", part) for part in firsts]
    yield [counted(f"{part.size:,} in no order", part.shuffled()) for part in firsts]


def _first(whole: Fleet, buckets: int) -> Evaluation:
    return Fleet(whole.bad[:, :buckets], whole.total[:, :buckets]).evaluation()
