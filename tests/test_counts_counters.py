"""Counts from cumulative counters, with the restarts, holes and races that exporters have."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from slokit import Counts
from slokit.errors import InvalidCounts, InvalidEvents, WrongType


def scraped(total: Any, bad: Any = None, every: int = 60, **more: Any) -> Counts:
    """Read counters scraped once a minute; nothing bad by default."""
    total = np.array(total)
    return Counts.from_counters(
        np.arange(total.shape[-1]) * every,
        total=total,
        bad=np.zeros_like(total) if bad is None else np.array(bad),
        **{"unit": "s", "step": "1m"} | more,
    )


def test_case_23_prometheus_own_example() -> None:
    """0 1 2 3 2 3 4 is seven increases: the fall to 2 is a restart with 2 since."""
    counts = scraped([0, 1, 2, 3, 2, 3, 4])
    assert int(counts.total.sum()) == 7
    assert counts.total.tolist() == [0, 1, 1, 1, 2, 1, 1]


def test_case_23_a_restart_of_one_is_a_restart_of_both() -> None:
    """100 to 5 requests while errors stay at 2: read alone, the errors since the restart would be invisible."""
    counts = scraped([100, 5], [2, 2])
    assert counts.total.tolist() == [0, 5]
    assert counts.bad.tolist() == [0, 2]
    errors_fell = scraped([100, 105], [7, 3])
    assert (errors_fell.total.tolist(), errors_fell.bad.tolist()) == ([0, 105], [0, 3])


def test_case_23_a_missing_scrape_gives_no_increase_of_its_own() -> None:
    """NaN is a failed scrape or a stale marker; what happened meanwhile lands in the next sample's bucket."""
    for bad in ([0, 1, np.nan, 3], [0.0, 1.0, 2.0, 3.0]):
        counts = scraped([10.0, 20.0, np.nan, 50.0], bad)
        assert counts.total.tolist() == [0, 10, 0, 30]
        assert counts.bad.tolist() == [0, 1, 0, 2]
        assert counts.observed.all()


def test_a_first_sample_is_only_a_baseline() -> None:
    """What was counted before anybody looked belongs to no bucket; the bucket exists."""
    counts = scraped([1_000_000], [5])
    assert (counts.total.tolist(), counts.bad.tolist()) == ([0], [0])
    assert scraped([]).shape == (0,)


def test_several_samples_a_bucket_and_several_buckets_a_sample() -> None:
    """An increase lands in the bucket of the sample that shows it, whatever the interval."""
    assert scraped([0, 1, 2, 3, 4, 5], every=15).total.tolist() == [3, 2]
    assert scraped([0, 7, 9], every=150).total.tolist() == [0, 0, 7, 0, 0, 2]


def test_samples_in_any_order() -> None:
    """They are read in the order of their instants."""
    counts = Counts.from_counters([120, 0, 60], total=[9, 0, 4], bad=[2, 0, 1], unit="s", step="1m")
    assert (counts.total.tolist(), counts.bad.tolist()) == ([0, 4, 5], [0, 1, 1])


def test_two_readings_of_one_instant_are_refused_unless_they_agree() -> None:
    """The order of 100 and 99 would decide between 0 and 99 events."""
    same = Counts.from_counters([0, 0, 60], total=[5, 5, 6], bad=[0, 0, 0], unit="s", step="1m")
    assert same.total.tolist() == [0, 1]
    with pytest.raises(InvalidEvents, match="samples 0 and 2 are of one and differ"):
        Counts.from_counters([60, 0, 60], total=[99, 5, 100], bad=[0, 0, 0], unit="s", step="1m")


def test_an_error_scraped_before_its_request_is_refused_or_carried() -> None:
    """The excess waits for the sample that has room for it, and no bucket has more errors than requests."""
    with pytest.raises(InvalidCounts, match=r"bad must not rise by more than total: bad\[1\] by 3, total\[1\] by 1"):
        scraped([0, 1, 4], [0, 3, 3])
    carried = scraped([0, 1, 4], [0, 3, 3], on_conflict="carry")
    assert (carried.total.tolist(), carried.bad.tolist()) == ([0, 1, 3], [0, 1, 2])
    waiting = scraped([0, 1, 2], [0, 3, 3], on_conflict="carry")
    assert waiting.bad.tolist() == [0, 1, 1]
    good = Counts.from_counters([0, 60], total=[0, 1], good=[0, 2], unit="s", step="1m", on_conflict="carry")
    assert (good.total.tolist(), good.bad.tolist()) == ([0, 1], [0, 0])


def test_carrying_is_exact_over_restarts_of_huge_counters() -> None:
    """The waiting line sums beyond int64 without wrapping."""
    huge = 2**62
    counts = scraped([0, huge, 0, huge, 0, huge], [0, 1, 0, 1, 0, 1], on_conflict="carry")
    assert counts.total.tolist() == [0, huge, 0, huge, 0, huge]
    late = scraped([0, 0, huge, 0, huge], [0, 2, 2, 0, huge], on_conflict="carry")
    assert late.bad.tolist() == [0, 0, 2, 0, huge]


def test_a_bucket_that_cannot_hold_its_increases_is_refused() -> None:
    """Three restarts of a counter at 2**62 within a minute are more than int64."""
    with pytest.raises(InvalidCounts, match=r"adding up increases.*bucket 0"):
        scraped([0, 2**62, 0, 2**62, 0], every=10)
    with pytest.raises(InvalidCounts, match="adding up increases"):
        Counts.from_counters([0, 1], good=[0, 2**62], bad=[0, 2**62], unit="s", step="1m")


def test_many_series_share_the_scrapes() -> None:
    """Leading dimensions are series with restarts and misses of their own."""
    counts = scraped([[0, 5, 9], [7, 2, np.nan]], [[0, 0, 1], [3, 1, 9]], labels={"pod": ["a", "b"]}, max_gap="1m")
    assert counts.sel(pod="a").total.tolist() == [0, 5, 4]
    assert counts.sel(pod="b").total.tolist() == [0, 2, 0]
    assert counts.sel(pod="b").bad.tolist() == [0, 1, 0]


def test_a_silence_of_samples_may_be_a_hole() -> None:
    """With max_gap=, buckets wholly inside a longer time without a sample are unobserved; a NaN is no sample."""
    values = [0.0, 1.0, np.nan, np.nan, 4.0]
    assert scraped(values, max_gap="3m").observed.all()
    assert scraped(values, max_gap="2m").observed.tolist() == [True, True, False, False, True]


@pytest.mark.parametrize(
    ("total", "said"),
    [
        ([0, -1], "total[1] = -1"),
        ([0, 1.5], "total[1] = 1.5"),
        ([0, np.inf], "total[1] = inf"),
        ([0, 2.0**63], "total[1] = 9.223372036854776e+18"),
        ([[0, 1], [2, -3]], "total[1, 1] = -3"),
    ],
)
def test_samples_that_are_no_counts_are_refused(total: Any, said: str) -> None:
    """A gauge in a counter's place shows itself."""
    with pytest.raises(InvalidCounts, match=re.escape(said)):
        scraped(total)


def test_what_does_not_fit_is_refused() -> None:
    """Columns of other lengths, one counter, three of them, other types, another policy."""
    stamps: dict[str, Any] = {"unit": "s", "step": "1m"}
    with pytest.raises(InvalidCounts, match="one sample for each of 2 timestamps"):
        Counts.from_counters([0, 60], total=[1], bad=[1], **stamps)
    with pytest.raises(InvalidCounts, match="one shape"):
        Counts.from_counters([0, 60], total=[[1, 2]], bad=[0, 0], **stamps)
    few: dict[str, Any] = {"total": [1]}
    for given in (few, few | {"bad": [0], "good": [1]}):
        with pytest.raises(WrongType, match="two of good, bad and total"):
            Counts.from_counters([0], **given, **stamps)
    with pytest.raises(WrongType, match="must be numbers"):
        Counts.from_counters([0], total=["1"], bad=["0"], **stamps)
    with pytest.raises(WrongType, match="on_conflict"):
        Counts.from_counters([0], total=[1], bad=[0], on_conflict="clip", **stamps)  # type: ignore[arg-type]
    with pytest.raises(InvalidEvents, match=r"timestamps\[1\].*lies not before end"):
        Counts.from_counters([0, 60], total=[1, 2], bad=[0, 0], end=np.datetime64(60, "s"), **stamps)


@pytest.mark.parametrize(
    "total",
    [
        np.ma.masked_array([0, 5, 9], [False, True, False]),
        [np.ma.masked_array([0, 5, 9], [False, True, False]), [0, 1, 2]],
        ([[0, 1, 2]], [np.ma.masked_array([0, 5, 9], [False, True, False])]),
    ],
)
def test_a_masked_array_is_refused_also_as_a_row(total: Any) -> None:
    """The mask would be dropped; a sample that is missing is a NaN, and the message says how to make it one."""
    with pytest.raises(WrongType, match=r"total(\[\d\])* must not be a masked array; .*filled\(np.nan\)"):
        Counts.from_counters([0, 60, 120], unit="s", step="1m", total=total, bad=[0, 0, 0])
    with pytest.raises(WrongType, match=r"timestamps must not be a masked array; .*timestamps\[~mask\]"):
        Counts.from_counters(np.ma.masked_array([0, 60]), unit="s", step="1m", total=[0, 1], bad=[0, 0])


def test_ragged_counters_are_refused_in_our_words() -> None:
    """Rows of unequal length are no array, whatever numpy calls that."""
    ragged: Any = [[0], [1, 2], 3]
    with pytest.raises(InvalidCounts, match="total must be one regular array"):
        Counts.from_counters([0, 60, 120], unit="s", step="1m", total=ragged, bad=[0, 0, 0])


def test_counters_may_be_iterators() -> None:
    """A generator is read as the list that it would make."""
    columns: dict[str, Any] = {"total": (3 * i for i in range(2)), "bad": iter([0, 1])}
    counts = Counts.from_counters([0, 60], unit="s", step="1m", **columns)
    assert (counts.total.tolist(), counts.bad.tolist()) == ([0, 3], [0, 1])
