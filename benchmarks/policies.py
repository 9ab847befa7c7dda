"""Policies: what the states of a quarter of minutes cost beside the alerts that they are made of."""

from __future__ import annotations

import warnings

from benchmarks.evidence import fleet
from benchmarks.table import Bar, Benchmark
from benchmarks.timing import Contender
from slokit import SLI, SLO, Counts, Evaluation, Policy, alerts
from slokit.errors import SlokitWarning

__all__ = ["benchmark", "evaluation"]

POLICY, ALERTS, EVALUATE = "Policy.default().evaluate", "alerts.fires of its six alerts", "SLO.evaluate"


def evaluation(rows: int, buckets: int) -> tuple[SLO, Counts, Evaluation]:
    """Return an objective, a fleet's counts and the one held against the other."""
    some = fleet(rows, buckets)
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1m", bad=some.bad, total=some.total)
    slo = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d")
    return slo, counts, slo.evaluate(counts)


def benchmark(rows: int = 20, buckets: int = 129_600) -> Benchmark:
    """Set up the work: states, which need all conditions, holds and silences, and the alerts alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SlokitWarning)
        slo, counts, held = evaluation(rows, buckets)
    policy = Policy.default()
    asked = [leaf for rule in policy.rules[:1] for leaf in rule.when.leaves() if isinstance(leaf, alerts.Alert)]
    cells = rows * buckets
    return Benchmark(
        title=f"Policies: {rows} x {buckets:,} buckets, three states, six alerts, two conditions on the budget",
        unit="bucket",
        contenders=[
            Contender(POLICY, lambda: policy.evaluate(held), cells),
            Contender(ALERTS, lambda: alerts.fires(held, asked), cells),
            Contender(EVALUATE, lambda: slo.evaluate(counts), cells),
        ],
        bars=[Bar(POLICY, ALERTS, "at most"), Bar(POLICY, EVALUATE, "at most")],
        notes=("No peer has states, so nothing is promised; the alerts are the floor.",),
    )
