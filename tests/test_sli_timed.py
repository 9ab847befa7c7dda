"""Indicators that live in time: gauge, freshness, deadline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slokit.counts import Counts
from slokit.errors import InvalidEvents, InvalidSLI, InvalidTimeline, OneSidedThreshold, UnknownTimeZone, WrongType
from slokit.sli import SLI, Deadline, Freshness, Gauge

LAG = SLI.gauge("queue lag", lte=1000, stale_after="2m")
FRESH = SLI.freshness("orders mart", within="30m")
READY = SLI.deadline("finance mart", by="07:00", days="Mon-Fri", tz="Asia/Kolkata")
SECOND = 1_000_000


def at(second: int) -> str:
    """Write a second of 1970-01-01 as ISO text."""
    return f"1970-01-01T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


def in_seconds(counts: Counts) -> tuple[list[Any], list[Any]]:
    """Return good and bad of counts of microseconds, in seconds."""
    return (counts.good / SECOND).tolist(), (counts.bad / SECOND).tolist()


# --- gauge ----------------------------------------------------------------------------------------------------------


def test_a_sample_stands_until_the_next() -> None:
    """Time is what is counted: 90 good seconds, then bad."""
    counts = LAG.count([0, 90], [40, 2500], step="1m", time_unit="s")
    assert in_seconds(counts) == ([60, 30], [0, 30])


def test_a_sample_goes_stale() -> None:
    """After stale_after nothing is known; a bucket of nothing else is unobserved."""
    counts = LAG.count([0, 270], [40, 40], step="1m", time_unit="s")
    assert in_seconds(counts) == ([60, 60, 0, 0, 30], [0, 0, 0, 0, 0])
    assert counts.observed.tolist() == [True, True, False, False, True]


def test_a_burst_of_samples_weighs_its_time_only() -> None:
    """A hundred bad samples within one second are one bad second."""
    ticks = [0, *range(10_000, 11_000, 10), 11_000]
    values = [0, *[5000] * 100, 0]
    counts = LAG.count(ticks, values, step="1m", time_unit="ms")
    assert in_seconds(counts) == ([59], [1])


def test_the_last_sample_stands_to_the_end_given() -> None:
    """end= is now: the running bucket holds what has passed of it."""
    counts = LAG.count([0], [40], step="1m", time_unit="s", end=at(75))
    assert in_seconds(counts) == ([60, 15], [0, 0])
    assert counts.timeline.size == 2


def test_a_sample_before_the_start_says_what_state_it_began_in() -> None:
    """The state is held into the timeline, for as long as it is not stale."""
    counts = LAG.count([0, 150], [5000, 40], step="1m", time_unit="s", start=at(60), end=at(180))
    assert in_seconds(counts) == ([0, 30], [60, 0])
    assert counts.timeline.start == 60 * 10**9


def test_the_later_of_two_samples_at_one_instant_stands() -> None:
    """The order of the input decides, and each instant has one state."""
    counts = LAG.count([0, 30, 30], [40, 40, 9999], step="1m", time_unit="s")
    assert in_seconds(counts) == ([30], [30])
    counts = LAG.count([30, 30, 0], [9999, 40, 40], step="1m", time_unit="s")
    assert in_seconds(counts) == ([60], [0])


def test_an_invalid_sample_was_never_taken() -> None:
    """The state before it is held on; a NaN there is nobody's business."""
    counts = LAG.count([0, 30, 60], [40, np.nan, 40], step="1m", time_unit="s", valid=[True, False, True])
    assert in_seconds(counts) == ([60, 60], [0, 0])
    with pytest.raises(InvalidEvents, match=r"values\[1\] must be a finite number"):
        LAG.count([0, 30, 60], [40, np.nan, 40], step="1m", time_unit="s")


def test_each_queue_has_a_gauge_of_its_own() -> None:
    """by= makes series; a sample of one says nothing of the other."""
    counts = LAG.count(
        [0, 0, 60, 100], [40, 5000, 5000, 40], step="1m", time_unit="s", by={"queue": ["a", "b", "a", "b"]}
    )
    assert counts.labels == {"queue": ("a", "b")}
    assert in_seconds(counts.sel(queue="a")) == ([60, 0], [0, 60])
    assert in_seconds(counts.sel(queue="b")) == ([0, 20], [60, 40])


def test_a_gauge_over_two_axes() -> None:
    """Pairs of labels without a sample are unobserved."""
    counts = LAG.count(
        [0, 0],
        [40, 5000],
        step="1m",
        time_unit="s",
        by={"region": ["eu", "us"], "queue": ["a", "b"]},
    )
    assert counts.shape == (2, 2, 1)
    assert counts.total.tolist() == [[[60 * SECOND], [0]], [[0], [60 * SECOND]]]
    assert counts.observed.tolist() == [[[True], [False]], [[False], [True]]]


def test_time_is_whole_microseconds() -> None:
    """Instants are floored, so that good and bad of a bucket always add up to its known time."""
    counts = LAG.count([0, 1_500, 2_500], [40, 5000, 40], step="1ms", time_unit="ns")
    assert (counts.good.tolist(), counts.bad.tolist()) == ([999], [1])
    with pytest.raises(InvalidSLI, match="stale_after must be whole microseconds"):
        SLI.gauge("x", lt=1, stale_after="1500ns")
    with pytest.raises(InvalidTimeline, match="step must be whole microseconds"):
        LAG.count([0], [1], step="1500ns", time_unit="ns")
    with pytest.raises(InvalidTimeline, match="start must be whole microseconds"):
        LAG.count([0], [1], step="1ms", time_unit="ns", start="1970-01-01T00:00:00.0000005Z")


def test_a_gauge_needs_samples() -> None:
    """Instants alone are no state."""
    with pytest.raises(WrongType, match="values must be given: the samples of a gauge"):
        LAG.count([0, 1], step="1m", time_unit="s")
    with pytest.raises(InvalidEvents, match="values must be one for each of 2 timestamps"):
        LAG.count([0, 1], [1], step="1m", time_unit="s")


def test_a_gauge_judges_samples() -> None:
    """is_good is the threshold's."""
    assert LAG.is_good([1000, 1001]).tolist() == [True, False]
    assert LAG.is_good(1000) is True


def test_a_gauge_doubts_its_unit() -> None:
    """Case 50 holds for samples too."""
    sli = SLI.gauge("lag", lt="2s", stale_after="2m")
    with pytest.warns(OneSidedThreshold, match=r"lag: all 200 values .* do they count s"):
        sli.count(np.arange(200), np.full(200, 900), step="1m", time_unit="s")


def test_a_long_hold_over_many_buckets_is_exact() -> None:
    """A sample that stands for a year fills each of its half a million minutes."""
    sli = SLI.gauge("x", lt=1, stale_after="366d")
    counts = sli.count([30, 86_400 * 365 + 15], [0, 5], step="1m", time_unit="s")
    assert counts.timeline.size == 1440 * 365 + 1
    assert in_seconds(counts)[0][:2] == [30, 60]
    assert int(counts.good.sum()) == (86_400 * 365 - 15) * SECOND
    assert (counts.total[1:] == 60 * SECOND).all()


# --- freshness ------------------------------------------------------------------------------------------------------


def test_the_age_is_a_ramp() -> None:
    """Fresh for half an hour after each success, stale until the next."""
    counts = FRESH.count([at(0), at(3600), at(4000)], step="30m", end=at(7200))
    assert in_seconds(counts) == ([1800, 0, 1800, 400], [0, 1800, 0, 1400])


def test_a_dead_job_turns_bad() -> None:
    """Nothing happens, and with end= that is evidence."""
    counts = FRESH.count([at(0)], step="1h", end=at(3 * 3600))
    assert in_seconds(counts) == ([1800, 0, 0], [1800, 3600, 3600])
    assert counts.observed.all()


def test_before_the_first_success_nothing_is_known() -> None:
    """Neither good nor bad, and unobserved where that is all."""
    counts = FRESH.count([at(5400)], step="1h", start=at(0), end=at(7200))
    assert in_seconds(counts) == ([0, 1800], [0, 0])
    assert counts.observed.tolist() == [False, True]


def test_a_success_before_the_start_is_aged_already() -> None:
    """The timeline opens with the age that the last run has by then."""
    counts = FRESH.count([at(0)], step="20m", start=at(1200), end=at(3600))
    assert in_seconds(counts) == ([600, 0], [600, 1200])


def test_without_end_silence_is_not_called_bad() -> None:
    """After the last observation only what is certain counts: the last success stays good for a while."""
    counts = FRESH.count([at(0), at(600)], step="1d")
    assert in_seconds(counts) == ([2400], [0])
    counts = FRESH.count([at(0), at(600)], step="15m")
    assert in_seconds(counts) == ([900], [0])


def test_a_failed_run_makes_nothing_fresh() -> None:
    """values= says which runs were successes; a failure still shows that time went on."""
    counts = FRESH.count([at(0), at(1200), at(3600)], [True, False, False], step="1h")
    assert in_seconds(counts) == ([1800, 0], [1800, 0])
    assert counts.observed.tolist() == [True, False]
    assert not FRESH.count([at(0)], [False], step="1h", end=at(3600)).observed.any()


def test_each_job_is_as_fresh_as_its_own_runs() -> None:
    """by= makes series, and the whole stream's last observation is how far time is known."""
    counts = FRESH.count([at(0), at(0), at(3600)], step="1h", by={"job": ["a", "b", "b"]}, end=at(7200))
    assert in_seconds(counts.sel(job="a")) == ([1800, 0], [1800, 3600])
    assert in_seconds(counts.sel(job="b")) == ([1800, 1800], [1800, 1800])
    silent = FRESH.count([at(0), at(0), at(3599)], step="1h", by={"job": ["a", "b", "b"]})
    assert in_seconds(silent.sel(job="a")) == ([1800], [1799])


def test_freshness_has_no_verdict_on_values() -> None:
    """It judges instants; one value says nothing, and runs are successes or not."""
    with pytest.raises(WrongType, match="a freshness judges instants"):
        FRESH.is_good(0.5)
    with pytest.raises(WrongType, match="values must be booleans"):
        FRESH.count([at(0)], [0.5], step="1h")


# --- deadline -------------------------------------------------------------------------------------------------------


def test_a_run_by_the_deadline_is_good_and_none_is_bad() -> None:
    """Monday in time, Tuesday late, Wednesday never; the deadline is at 01:30 UTC."""
    runs = ["2026-01-05T01:00Z", "2026-01-06T02:00Z"]
    counts = READY.count(runs, step="1h", start="2026-01-05T00:00Z", end="2026-01-08T00:00Z")
    assert np.flatnonzero(counts.total).tolist() == [1, 25, 49]
    assert np.flatnonzero(counts.good).tolist() == [1]
    assert counts.observed.all()


def test_the_deadline_itself_is_in_time_and_midnight_is_not_too_early() -> None:
    """Both ends count, and a nanosecond outside does not."""
    span: dict[str, Any] = {"step": "1d", "start": "2026-01-05T00:00Z", "end": "2026-01-06T00:00Z"}
    for run, good in [
        ("2026-01-05T01:30:00Z", 1),
        ("2026-01-05T01:30:00.000000001Z", 0),
        ("2026-01-04T18:30:00Z", 1),
        ("2026-01-04T18:29:59.999999999Z", 0),
    ]:
        counts = READY.count([run], **span)
        assert (counts.good.tolist(), counts.total.tolist()) == ([good], [1]), run


def test_lead_replaces_midnight() -> None:
    """A run two days early counts where the definition says so, one run for several deadlines."""
    sli = SLI.deadline("x", by="07:00", tz="UTC", lead="36h")
    counts = sli.count(["2026-01-05T06:00Z"], step="1d", start="2026-01-05T00:00Z", end="2026-01-08T00:00Z")
    assert (counts.good.tolist(), counts.total.tolist()) == ([1, 1, 0], [1, 1, 1])


def test_weekends_are_not_due() -> None:
    """2026-01-03 and 04 are a weekend."""
    sli = SLI.deadline("x", by="07:00", days="Mon-Fri", tz="UTC")
    counts = sli.count([], step="1d", start="2026-01-01T00:00Z", end="2026-01-07T00:00Z")
    assert counts.total.tolist() == [1, 1, 0, 0, 1, 1]
    assert not counts.good.any()


def test_a_deadline_after_the_end_is_not_judged_yet() -> None:
    """At 06:59 nobody is late; at the deadline itself a run may still come."""
    sli = SLI.deadline("x", by="07:00", tz="UTC")
    for end, judged in [("06:59", 0), ("07:00", 0), ("07:01", 1)]:
        counts = sli.count([], step="1d", start="2026-01-05T00:00Z", end=f"2026-01-05T{end}:00Z")
        assert counts.total.tolist() == [judged]


def test_without_start_and_end_the_runs_span_the_evidence() -> None:
    """What was due before the first run or after the last is not called missed; what was met is met."""
    sli = SLI.deadline("x", by="07:00", tz="UTC")
    runs = ["2026-01-05T08:00Z", "2026-01-06T06:00Z", "2026-01-08T06:30Z"]
    counts = sli.count(runs, step="1d")
    assert (counts.good.tolist(), counts.total.tolist()) == ([0, 1, 0, 1], [0, 1, 1, 1])
    late = sli.count(["2026-01-05T06:00Z", "2026-01-06T06:00Z"], [True, False], step="1d")
    assert (late.good.tolist(), late.total.tolist()) == ([1, 0], [1, 0])


def test_daylight_saving_moves_the_deadline_in_utc() -> None:
    """Berlin's 07:00 is 06:00 UTC in winter and 05:00 in summer."""
    sli = SLI.deadline("x", by="07:00", tz="Europe/Berlin")
    counts = sli.count([], step="1h", start="2026-03-28T00:00Z", end="2026-03-30T00:00Z")
    assert np.flatnonzero(counts.total).tolist() == [6, 24 + 5]


def test_a_skipped_or_repeated_time_is_due_once() -> None:
    """Berlin jumps over 02:30 on 2026-03-29 (due at the jump), and shows it twice on 10-25 (due the first time)."""
    sli = SLI.deadline("x", by="02:30", tz="Europe/Berlin")
    counts = sli.count([], step="30m", start="2026-03-29T00:00Z", end="2026-03-30T00:00Z")
    assert np.flatnonzero(counts.total).tolist() == [2]
    counts = sli.count([], step="30m", start="2026-10-25T00:00Z", end="2026-10-26T00:00Z")
    assert np.flatnonzero(counts.total).tolist() == [1]


def test_a_date_that_the_zone_skips_has_no_deadline() -> None:
    """Case 17: Apia had no 2011-12-30, a Friday."""
    for days, due in [("Thu", 1), ("Fri", 0), ("Sat", 1)]:
        sli = SLI.deadline("x", by="07:00", days=days, tz="Pacific/Apia")
        counts = sli.count([], step="7d", start="2011-12-26T00:00Z", end="2012-01-02T00:00Z")
        assert counts.total.tolist() == [due]


def test_a_long_bucket_holds_many_deadlines() -> None:
    """Four weeks of working days are twenty events in one bucket."""
    sli = SLI.deadline("x", by="07:00", days="Mon-Fri", tz="UTC")
    runs = np.arange("2026-01-05T06", "2026-01-15T06", 24, dtype="datetime64[h]")
    counts = sli.count(runs, step="28d", start="2026-01-05T00:00Z", end="2026-02-02T00:00Z")
    assert (counts.good.tolist(), counts.total.tolist()) == ([8], [20])


def test_each_mart_has_its_own_runs() -> None:
    """by= makes series with the same due days."""
    counts = SLI.deadline("x", by="07:00", tz="UTC").count(
        ["2026-01-05T06:00Z", "2026-01-05T07:30Z", "2026-01-06T05:00Z"],
        step="1d",
        start="2026-01-05T00:00Z",
        end="2026-01-07T00:00Z",
        by={"mart": ["a", "b", "b"]},
    )
    assert counts.good.tolist() == [[1, 0], [0, 1]]
    assert counts.total.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"by": "25:00"}, InvalidSLI, "by must be a time of day"),
        ({"by": 7}, WrongType, "by must be"),
        ({"days": "Mon-Fry"}, InvalidSLI, "days must be"),
        ({"days": ""}, InvalidSLI, "days must"),
        ({"tz": "Europe/Berlim"}, UnknownTimeZone, "Europe/Berlin"),
        ({"tz": "../../etc/passwd"}, UnknownTimeZone, "tz must be an IANA zone"),
        ({"lead": "0s"}, ValueError, "lead must be"),
    ],
)
def test_a_deadline_is_checked_at_the_door(wrong: dict[str, Any], error: type[Exception], match: str) -> None:
    """Times, days and zones that are none are refused by their name."""
    with pytest.raises(error, match=match):
        SLI.deadline("x", **({"by": "07:00", "tz": "UTC"} | wrong))


# --- what they share ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sli", [LAG, FRESH, READY], ids=lambda sli: sli.kind)
@pytest.mark.parametrize("option", [{"weights": [1, 1]}, {"weight_unit": "0.01"}, {"max_gap": "5m"}])
def test_options_of_events_are_refused(sli: SLI, option: dict[str, Any]) -> None:
    """Time has no weight but its length, and says itself what was not seen."""
    with pytest.raises(InvalidEvents, match=f"{next(iter(option))} does not apply to a {sli.kind}"):
        sli.count([0, 1], [1, 1], step="1m", time_unit="s", **option)


@pytest.mark.parametrize("sli", [LAG, FRESH, READY], ids=lambda sli: sli.kind)
def test_what_had_not_happened_by_the_end_is_refused(sli: SLI) -> None:
    """The future is an error that names its first event, by the caller's index."""
    with pytest.raises(
        InvalidEvents, match=r"timestamps\[2\] = 1970-01-01T00:01:00Z is not before end=.* \(and 1 more\)"
    ):
        sli.count([0, 99, 60, 61], [1, 1, 1, 1], step="1m", time_unit="s", end=at(60), valid=[1, 0, 1, 1])


@pytest.mark.parametrize("sli", [LAG, FRESH, READY], ids=lambda sli: sli.kind)
def test_an_outlier_is_named_where_the_buckets_would_be_too_many(sli: SLI) -> None:
    """Milliseconds taken for seconds span centuries of seconds."""
    with pytest.raises(InvalidEvents, match=r"at most 134,217,728 buckets, got .* look at timestamps\[1\]"):
        sli.count([1_700_000_000, 0], [1, 1], step="1s", time_unit="s")


@pytest.mark.parametrize("sli", [LAG, FRESH, READY], ids=lambda sli: sli.kind)
def test_an_end_comes_after_its_start(sli: SLI) -> None:
    """A span that ends where it starts holds nothing to judge."""
    with pytest.raises(InvalidTimeline, match="end must be after start"):
        sli.count([], [], step="1m", time_unit="s", start=at(60), end=at(60))


@pytest.mark.parametrize("sli", [LAG, FRESH, READY], ids=lambda sli: sli.kind)
def test_nothing_observed_makes_empty_counts(sli: SLI) -> None:
    """Without observations and without a span there is no bucket."""
    assert sli.count([], [], step="1m", time_unit="s").timeline.size == 0
    assert sli.count([0], [1], step="1m", time_unit="s", valid=[False]).timeline.size == 0
    assert sli.count([0], [1], step="1m", time_unit="s", start=at(60)).timeline.size == 0


def test_silence_over_a_span_means_what_the_kind_says() -> None:
    """A gauge and a freshness know nothing; a deadline knows that nobody came."""
    span: dict[str, Any] = {"step": "1d", "time_unit": "s", "start": at(0), "end": "1970-01-03T00:00Z"}
    assert not LAG.count([], [], **span).observed.any()
    assert not FRESH.count([], **span).observed.any()
    assert READY.count([], **span).bad.tolist() == [1, 1]


@pytest.mark.parametrize("sli", [LAG, FRESH, READY], ids=lambda sli: sli.kind)
def test_the_grid_starts_at_start(sli: SLI) -> None:
    """start= sets the phase; without it edges are multiples of the step since the epoch."""
    assert sli.count([100], [1], step="1m", time_unit="s", start=at(10)).timeline.start == 10 * 10**9
    assert sli.count([100], [1], step="1m", time_unit="s").timeline.start == 60 * 10**9
    assert sli.count([-1], [1], step="1m", time_unit="s").timeline.start == -60 * 10**9


@pytest.mark.parametrize("sli", [LAG, FRESH, READY], ids=lambda sli: sli.kind)
def test_the_order_of_the_input_changes_nothing(sli: SLI) -> None:
    """Observations at different instants may come in any order."""
    generator = np.random.default_rng(2)
    ticks = np.unique(generator.integers(0, 5 * 86_400, 400))
    values, queues = np.ones(ticks.size, dtype=int), generator.integers(0, 3, ticks.size).astype(str)
    order = generator.permutation(ticks.size)
    one, other = (
        sli.count(ticks[i], values[i], step="1h", time_unit="s", by={"queue": queues[i]})
        for i in (np.arange(ticks.size), order)
    )
    assert one == other
    assert one.total.any()


def test_rules_are_exact_plain_fields() -> None:
    """Definitions are written down from these."""
    assert isinstance(LAG.rule, Gauge)
    assert LAG.rule.stale_after == 120 * 10**9
    assert FRESH.rule == Freshness(1800 * 10**9)
    assert isinstance(READY.rule, Deadline)
    assert (READY.rule.days, READY.rule.tz, READY.rule.lead) == (frozenset(range(5)), "Asia/Kolkata", None)


def test_rules_made_by_hand_are_checked_too() -> None:
    """Whoever reads definitions from data makes rules without the constructors of SLI."""
    threshold = LAG.rule.threshold if isinstance(LAG.rule, Gauge) else None
    with pytest.raises(WrongType, match="stale_after must be integer nanoseconds, got float"):
        Gauge(threshold, 60e9)  # type: ignore[arg-type]
    with pytest.raises(InvalidSLI, match="within must be whole microseconds, at least one, got 0s"):
        Freshness(0)
    with pytest.raises(InvalidSLI, match="lead must be a positive number of nanoseconds, got -1"):
        Deadline("07:00", "daily", "UTC", -1)
    with pytest.raises((InvalidSLI, WrongType), match="days must"):
        Deadline("07:00", frozenset({7}), "UTC")
    assert Deadline("07:00", "Mon-Fri", "Asia/Kolkata") == READY.rule


def test_so_many_series_that_no_memory_holds_them_are_refused() -> None:
    """The cap counts the buckets of all series."""
    with pytest.raises(InvalidEvents, match=r"got 43,201 of 1m in each of 5,000 series"):
        LAG.count([0, 43_200 * 60], [1, 1], step="1m", time_unit="s", by={"queue": ([0, 1], list(range(5_000)))})


def test_a_column_of_a_data_frame_is_read_as_its_array() -> None:
    """Libraries hand out instants of their own type one by one; as an array they are datetime64."""

    class Column:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.array(["1970-01-01T00:00", "1970-01-01T00:10"], dtype="datetime64[us]")

    assert in_seconds(FRESH.count(Column(), step="15m")) == ([900], [0])


def test_a_real_gauge_adds_up(data_dir: Path) -> None:
    """Latencies sampled each five minutes, with one gap of 64 minutes: all time but the gap's is known."""
    columns = np.loadtxt(
        data_dir / "nab_latency" / "ec2_request_latency_system_failure.csv", delimiter=",", skiprows=1, dtype=str
    )
    times, values = columns[:, 0].astype("datetime64[s]"), columns[:, 1].astype(float)
    sli = SLI.gauge("latency", lte=50, stale_after="10m")
    counts = sli.count(times, values, step="5m", end=times.max() + np.timedelta64(1, "s"))
    gaps = np.diff(np.unique(times)).astype(int)
    assert int(counts.total.sum()) == (int(np.minimum(gaps, 600).sum()) + 1) * SECOND
    assert np.count_nonzero(~counts.observed) == np.ceil((64 * 60 - 600) / 300) - 1
    assert 0 < int(counts.bad.sum()) < 60 * 300 * SECOND
