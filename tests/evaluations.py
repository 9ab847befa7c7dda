"""A row of bad events held against an objective: what most tests of what is asked of an evaluation begin with."""

from __future__ import annotations

from typing import Any

import numpy as np

from slokit import SLI, SLO, Counts, Evaluation

START = "2026-01-01T00:00Z"


def evaluated(
    bad: Any,
    total: Any = 1000,
    *,
    target: Any = "99%",
    window: Any = "30d",
    start: str = START,
    step: str = "5m",
    observed: Any = None,
    labels: Any = None,
    expected_total: Any = None,
    **options: Any,
) -> Evaluation:
    """Hold a row of buckets, or several with labels, against an objective; one total is that of every bucket."""
    lost = np.asarray(bad)
    totals = np.broadcast_to(np.asarray(total), lost.shape)
    counts = Counts.from_buckets(start=start, step=step, bad=lost, total=totals, observed=observed, labels=labels)
    slo = SLO("checkout", sli=SLI.ratio("up"), target=target, window=window, **options)
    return slo.evaluate(counts, expected_total=expected_total)
