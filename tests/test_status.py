"""Tables of statuses."""

from __future__ import annotations

import numpy as np

from slokit import SLI, SLO, Counts, StatusTable


def table(bad: list[list[int]], total: list[list[int]], names: list[str]) -> StatusTable:
    """Return the statuses of several tenants."""
    counts = Counts.from_buckets(
        start="2026-01-01T00:00Z", step="1h", bad=np.array(bad), total=np.array(total), labels={"tenant": names}
    )
    found = SLO("answers", sli=SLI.ratio("answers"), target="90%", window="1h").evaluate(counts).at()
    assert isinstance(found, StatusTable)
    return found


def order(statuses: StatusTable) -> list[str]:
    """Return the tenants, worst first."""
    return [label for status in statuses.worst_first() for _, label in status.labels]


def test_a_series_without_data_comes_last() -> None:
    """Nothing is known of it: it is neither better nor worse than one that spent all, or nothing."""
    found = table(
        [[0], [0], [3], [0], [1]], [[0], [10], [10], [0], [10]], ["silent", "fine", "overspent", "quiet", "spent"]
    )
    assert order(found) == ["overspent", "spent", "fine", "silent", "quiet"]
    assert [status.verdict for status in found.worst_first()] == ["missed", "met", "met", "no_data", "no_data"]


def test_equals_keep_the_order_of_their_axis() -> None:
    """So that a table does not change its rows from one look to the next."""
    assert order(table([[1], [0], [1]], [[10], [10], [10]], ["c", "a", "b"])) == ["c", "b", "a"]
