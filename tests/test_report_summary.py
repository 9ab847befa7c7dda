"""What a report says agrees with what the evaluation says."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from slokit import SLI, SLO, Counts
from slokit.report.summary import summarise

START = "2026-01-01T00:00Z"


def slo(window: str) -> SLO:
    """Return an objective to report on."""
    return SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window=window)


def test_the_worst_windows_are_those_of_the_evaluation() -> None:
    """Of 1,500 equal peaks the report names the one with most bad events, as ev.worst does, however late it comes."""
    total = np.full(1_500, 100)
    total[1_400] = 1_000
    counts = Counts.from_buckets(start=START, step="1h", bad=total // 100, total=total)
    ev = slo("1500h").evaluate(counts)
    summary = summarise(slo("1500h"), counts)
    assert list(summary.worst) == ev.worst(["1h", "6h", "1d", "3d"])
    assert (summary.worst[0].start, summary.worst[0].bad) == (datetime(2026, 2, 28, 8, tzinfo=UTC), 10)


def test_of_equal_series_the_report_and_the_evaluation_name_the_same() -> None:
    """The first of 1,500 tenants that are alike."""
    shape, names = (1_500, 2), [f"t{i:04d}" for i in range(1_500)]
    counts = Counts.from_buckets(
        start=START, step="1h", bad=np.ones(shape, int), total=np.full(shape, 100), labels={"tenant": names}
    )
    (worst,) = summarise(slo("2h"), counts).worst
    assert [worst] == slo("2h").evaluate(counts).worst(["1h"])
    assert worst.labels == (("tenant", "t0000"),)


def test_a_length_without_data_is_left_out() -> None:
    """No window of six hours lies in two, so nothing is said of six hours; nor of any length without traffic."""
    quiet = Counts.from_buckets(start=START, step="1h", bad=[0] * 12, total=[0] * 12)
    short = Counts.from_buckets(start=START, step="1h", bad=[1] * 2, total=[9] * 2)
    assert summarise(slo("12h"), quiet).worst == ()
    assert [worst.window for worst in summarise(slo("12h"), short).worst] == ["1h"]


def test_series_come_in_the_order_of_the_table() -> None:
    """Least budget first, those without data last, and the strips and the figures without exclusions beside them."""
    bad, total = [[0], [5], [0], [1], [1]], [[0], [10], [10], [10], [10]]
    counts = Counts.from_buckets(
        start=START, step="1h", bad=bad, total=total, labels={"tenant": ["silent", "worst", "fine", "c", "a"]}
    )
    summary = summarise(slo("1h"), counts)
    assert summary.statuses == slo("1h").evaluate(counts).statuses().worst_first()
    assert [status.labels[0][1] for status in summary.statuses] == ["worst", "c", "a", "fine", "silent"]
    assert [sum(column.bad for column in strip) for strip in summary.strips] == [5, 1, 1, 0, 0]
