"""Counts from single events: what is read, what is refused, and where each event lands."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from slokit import Counts
from slokit.counts import tally
from slokit.errors import InvalidEvents, InvalidInstant, InvalidNumber, InvalidTimeline, WrongType

MINUTE = 60_000_000_000


def seconds(stamps: Any, good: Any = None, **more: Any) -> Counts:
    """Count events given in seconds by the minute; all good by default."""
    flags = [True] * len(stamps) if good is None else good
    return Counts.from_events(stamps, flags, **{"step": "1m", "unit": "s"} | more)


# --- cases 15, 16, 18, 20: time -------------------------------------------------------------------------------------


def test_case_15_the_last_nanosecond_of_a_minute_belongs_to_it() -> None:
    """1700000039999999999 is in bucket 28333333; as float seconds it would be in the next."""
    counts = Counts.from_events([1_700_000_039_999_999_999], [True], unit="ns", step="1m")
    assert counts.timeline.start // MINUTE == 28_333_333
    assert counts.total.tolist() == [1]


def test_case_15_an_event_at_an_edge_opens_the_bucket() -> None:
    """Buckets are half-open, on both sides of the epoch: half a second before it is minute -1."""
    assert seconds([59, 60]).total.tolist() == [1, 1]
    before = Counts.from_events([-500], [True], unit="ms", step="1m")
    assert before.timeline.start == -MINUTE
    assert seconds([-61, -60, -1, 0]).total.tolist() == [1, 2, 1]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_case_16_every_unit_says_the_same(unit: str) -> None:
    """Integers with a unit, and datetime64 of that unit, land in the same buckets."""
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    stamps = np.array([1_700_000_000, 1_700_000_100]) * scale
    counts = Counts.from_events(stamps, [True, False], unit=unit, step="1m")
    assert counts == seconds([1_700_000_000, 1_700_000_100], [True, False])
    assert counts == Counts.from_events(stamps.view(f"M8[{unit}]"), [True, False], step="1m")


def test_case_16_no_unit_and_the_wrong_unit_are_refused() -> None:
    """A bare integer says nothing; 1.7e12 as seconds lies in the year 55840; floats lose nanoseconds."""
    with pytest.raises(WrongType, match='unit="s"'):
        Counts.from_events([1_700_000_000], [True], step="1m")
    with pytest.raises(InvalidInstant, match=r"timestamps\[1\] must lie between.*is the unit right"):
        seconds([1_700_000_000, 1_700_000_000_000])
    with pytest.raises(InvalidInstant, match=r'must be "s", "ms", "us" or "ns"'):
        seconds(np.array([1]), unit="m")
    with pytest.raises(WrongType, match="floats lose nanoseconds"):
        seconds([1_700_000_000.5])


def test_columns_of_any_kind_of_instant() -> None:
    """Aware datetimes, ISO texts, coarse datetime64, narrow and big-endian integers, and strided views."""
    stamps = [0, 3600]
    expected = seconds(stamps, step="1h")
    zone = timezone(timedelta(hours=2))
    for column in (
        [datetime.fromtimestamp(s, zone) for s in stamps],
        [datetime.fromtimestamp(s, UTC).isoformat() for s in stamps],
        np.array(stamps, "M8[s]").astype("M8[h]"),
        np.array([0, 60], "M8[m]"),
        np.array(stamps, np.int32),
        np.array(stamps, np.uint64),
        np.array(stamps, ">i8"),
        np.array(stamps, ">M8[s]"),
        np.array([0, 9, 3600, 9], np.int64)[::2],
    ):
        assert Counts.from_events(column, [True, True], unit="s", step="1h") == expected


def test_days_and_steps_finer_than_the_column() -> None:
    """Edges that lie between two ticks of the column are right too."""
    days = Counts.from_events(np.array(["2026-01-01", "2026-01-02"], "M8[D]"), [True, True], step="12h")
    assert days.total.tolist() == [1, 0, 1]
    assert seconds([0, 1, 2], step="1500ms").total.tolist() == [2, 1]
    shifted = seconds([0, 1], step="1s", start=np.datetime64(-500, "ms"), end=np.datetime64(1500, "ms"))
    assert shifted.total.tolist() == [1, 1]


@pytest.mark.parametrize("stamp", [np.datetime64("NaT", "s"), np.datetime64("NaT", "ns"), np.datetime64("NaT", "D")])
def test_a_missing_timestamp_is_refused(stamp: np.datetime64) -> None:
    """NaT is the least int64 in disguise; it must not open a bucket in 1677."""
    column = np.array([np.datetime64(0, "s").astype(stamp.dtype), stamp])
    with pytest.raises(InvalidInstant, match=re.escape("timestamps[1] is not a time (NaT)")):
        Counts.from_events(column, [True, True], step="1m")


def test_case_17_a_naive_time_is_refused() -> None:
    """Without a zone it means another instant to each reader."""
    with pytest.raises(InvalidInstant, match="must have a time zone"):
        Counts.from_events([datetime(2026, 1, 1)], [True], step="1m")


def test_case_18_the_second_after_a_leap_second_opens_the_next_bucket() -> None:
    """POSIX time has no 23:59:60; 1483228800 is the new year, and 1483228799 was the old one."""
    counts = seconds([1_483_228_799, 1_483_228_800])
    assert counts.total.tolist() == [1, 1]
    assert str(counts.timeline.starts[1]).startswith("2017-01-01T00:00:00")
    with pytest.raises(InvalidInstant, match="no leap seconds"):
        Counts.from_events(["2016-12-31T23:59:60Z"], [True], step="1m")


def test_case_20_late_events_land_in_their_own_bucket_and_duplicates_count() -> None:
    """The order in which events arrive says nothing, and two equal events are two events."""
    late = seconds([130, 10, 70, 10], [True, False, True, False])
    assert late == seconds([10, 10, 70, 130], [False, False, True, True])
    assert late.bad.tolist() == [2, 0, 0]


# --- the timeline ---------------------------------------------------------------------------------------------------


def test_edges_are_multiples_of_the_step_since_the_epoch() -> None:
    """So shards of one stream fit each other, whatever they begin with."""
    assert seconds([61, 130]) + seconds([200]) == seconds([61, 130, 200])


def test_a_start_sets_the_phase() -> None:
    """Edges follow a start that is no multiple, and an end must be one of them."""
    counts = seconds([30, 89], start=np.datetime64(30, "s"), end=np.datetime64(150, "s"))
    assert counts.timeline.start == 30 * 10**9
    assert counts.total.tolist() == [2, 0]
    with pytest.raises(InvalidTimeline, match="nearest are 1970-01-01T00:01:30Z and 1970-01-01T00:02:30Z"):
        seconds([30], start=np.datetime64(30, "s"), end=np.datetime64(120, "s"))
    with pytest.raises(InvalidTimeline, match="end must not lie before start"):
        seconds([], start=np.datetime64(60, "s"), end=np.datetime64(0, "s"))


def test_events_outside_of_start_and_end_are_refused() -> None:
    """They are not dropped in silence: the first one is named, and how many there are."""
    with pytest.raises(InvalidEvents, match=r"timestamps\[1\] = 1970-01-01T00:00:59Z lies before.*\(and 1 more\)"):
        seconds([60, 59, 0], start=np.datetime64(60, "s"))
    with pytest.raises(InvalidEvents, match=r"timestamps\[0\] = 1970-01-01T00:01:00Z lies not before end"):
        seconds([60, 59], end=np.datetime64(60, "s"))
    between_ticks = {"step": "1s", "start": np.datetime64(-500, "ms"), "end": np.datetime64(500, "ms")}
    with pytest.raises(InvalidEvents, match=r"timestamps\[1\] = 1969-12-31T23:59:59Z lies before.*59.5Z$"):
        seconds([0, -1], **between_ticks)
    with pytest.raises(InvalidEvents, match=r"timestamps\[1\] = 1970-01-01T00:00:01Z lies not before end.*00.5Z$"):
        seconds([0, 1], **between_ticks)


@pytest.mark.parametrize(
    ("given", "buckets"),
    [
        ({}, 0),
        ({"start": "2026-01-01T00:00Z"}, 0),
        ({"end": "2026-01-01T00:00Z"}, 0),
        ({"start": "2026-01-01T00:00Z", "end": "2026-01-01T00:03Z"}, 3),
    ],
)
def test_no_events(given: dict[str, str], buckets: int) -> None:
    """Nothing happened: no bucket, or those that were asked for, observed and quiet."""
    counts = Counts.from_events([], [], step="1m", **given)  # type: ignore[arg-type]
    assert counts.shape == (buckets,)
    assert counts.observed.all()
    assert not counts.total.any()


def test_an_outlier_is_named_before_the_memory_is_gone() -> None:
    """One timestamp of 1970 among thousands of 2026 would make 1.7 thousand million buckets."""
    stamps = np.arange(1_767_225_600, 1_767_225_600 + 5_000)
    stamps[1234] = 0
    with pytest.raises(InvalidEvents, match=r"timestamps\[1234\] = 1970-01-01T00:00:00Z lies farthest.*2026-01-01T00"):
        seconds(stamps, np.ones(5_000, np.bool_), step="1s")
    stamps[1234] = 4_102_444_800
    with pytest.raises(InvalidEvents, match=r"timestamps\[1234\] = 2100-01-01T00:00:00Z"):
        seconds(stamps, np.ones(5_000, np.bool_), step="1s")
    with pytest.raises(InvalidEvents, match=r"in each of 1,000 series"):
        seconds([0, 10**6], by={"tenant": ([0, 1], [str(i) for i in range(1000)])}, step="1s")
    with pytest.raises(InvalidEvents, match=r"at most 134,217,728 buckets, got [0-9,]+ buckets of 1s; or"):
        seconds([], step="1s", start="2000-01-01T00:00Z", end="2026-01-01T00:00Z")


# --- flags ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint8, np.int32, np.int64, np.uint64, ">i4"])
def test_good_is_boolean_or_0_and_1(dtype: Any) -> None:
    """Any integer type will do."""
    assert seconds([0, 1, 61], np.array([1, 0, 1], dtype)).bad.tolist() == [1, 0]


@pytest.mark.parametrize("wrong", [2, -1, 127])
def test_other_integers_are_refused_with_their_index(wrong: int) -> None:
    """A status of 2 is neither good nor bad, and is not taken for true."""
    with pytest.raises(InvalidEvents, match=rf"good\[1\] = {wrong}"):
        seconds([0, 1], np.array([1, wrong], np.int8))


@pytest.mark.parametrize("wrong", [[1.0, 0.0], ["true", "false"], [None, True], [b"1", b"0"]])
def test_flags_of_other_types_are_refused(wrong: Any) -> None:
    """A float may hide a NaN, and a text is true even where it says false."""
    with pytest.raises(WrongType, match="good must be booleans or 0 and 1"):
        seconds([0, 1], wrong)


@pytest.mark.parametrize("good", [[True], [[True, True]], True])
def test_flags_must_be_one_an_event(good: Any) -> None:
    """Columns of different length do not belong together."""
    with pytest.raises(InvalidEvents, match="one entry for each of 2 timestamps"):
        seconds([0, 1], good)


def test_hidden_entries_are_refused() -> None:
    """A masked array must say what its mask means."""
    with pytest.raises(WrongType, match="valid=~mask"):
        seconds([0, 1], np.ma.masked_array([True, True], [False, True]))


def test_events_that_are_not_valid_are_in_no_count_but_were_heard() -> None:
    """Health checks are no traffic; they show that somebody listened, and anything may stand in their columns."""
    counts = seconds([0, 61, 200], np.array([1, 7, 0], np.int8), valid=[True, False, True])
    assert counts.total.tolist() == [1, 0, 0, 1]
    gapped = seconds([0, 61, 200], valid=[True, False, True], max_gap="2m")
    assert gapped.observed.tolist() == [True, True, False, True]
    assert seconds([0, 61, 200], max_gap="2m").observed.tolist() == [True, True, False, True]
    assert seconds([0, 61], [True, True], valid=[True, False], weights=np.array([2.0, np.nan])).total.tolist() == [2, 0]


# --- silences -------------------------------------------------------------------------------------------------------


def test_a_silence_as_long_as_the_gap_is_allowed() -> None:
    """Only longer ones are holes, to the nanosecond, and the buckets of the events themselves are never holes."""
    assert seconds([30, 330], max_gap="5m").observed.all()
    assert seconds([30, 331], max_gap="5m").observed.tolist() == [True, False, False, False, False, True]
    assert seconds([59, 360], max_gap="301s").observed.all()
    assert not seconds([59, 360], max_gap="300s").observed.all()


def test_silences_reach_to_start_and_end() -> None:
    """A stream that ends before the end asked for may have died: later buckets are holes, if it is long ago."""
    edges = {"start": np.datetime64(0, "s"), "end": np.datetime64(600, "s")}
    assert seconds([300], max_gap="4m", **edges).observed.tolist() == [False] * 5 + [True] + [False] * 4
    assert seconds([300], max_gap="5m", **edges).observed.all()
    assert not seconds([], max_gap="9m", **edges).observed.any()
    assert seconds([], max_gap="10m", **edges).observed.all()


def test_a_silence_of_centuries() -> None:
    """Lengths beyond 292 years are not wrapped into short ones."""
    stamps = np.array(["1680-01-01", "2255-01-01"], "M8[D]")
    counts = Counts.from_events(stamps, [True, True], step="52w", max_gap="50000d")
    assert counts.observed.sum() == 2
    assert counts.observed[[0, -1]].all()
    late = Counts.from_events(stamps[1:], [True], step="52w", start="1680-01-06T00:00Z", max_gap="53290d")
    assert late.observed.tolist() == [False] * (late.timeline.size - 1) + [True]


def test_silences_are_those_of_each_series() -> None:
    """A tenant that says nothing while another does has a hole of its own."""
    stamps = [0, 60, 120, 180, 240]
    counts = seconds(stamps, by={"tenant": ["a", "b", "b", "b", "a"]}, max_gap="2m")
    assert counts.observed.tolist() == [[True, False, False, False, True], [True] * 5]
    assert seconds(stamps, max_gap="2m").observed.all()


# --- series ---------------------------------------------------------------------------------------------------------


def test_series_by_label() -> None:
    """Labels found are sorted as text, several axes are a grid, and a pair nobody used is there with zeros."""
    counts = seconds([0, 1, 2], [True, False, True], by={"region": ["us", "eu", "us"], "status": [200, 503, 200]})
    assert counts.labels == {"region": ("eu", "us"), "status": ("200", "503")}
    assert counts.total[..., 0].tolist() == [[0, 1], [2, 0]]
    assert counts.sel(region="eu", status="503").bad.tolist() == [1]
    assert counts.sum() == seconds([0, 1, 2], [True, False, True])


def test_series_by_code() -> None:
    """Codes and labels name series that no event belongs to, too, in the order given."""
    counts = seconds([0, 1], by={"tenant": (np.array([1, 1], np.int8), ["globex", "acme"])})
    assert counts.labels == {"tenant": ("globex", "acme")}
    assert counts.total.tolist() == [[0], [2]]
    # Two labels of two events are a column, not a pair.
    assert seconds([0, 1], by={"tenant": ("b", "a")}).labels == {"tenant": ("a", "b")}


@pytest.mark.parametrize(
    ("by", "error", "said"),
    [
        ({"tenant": ([0, 2], ["a", "b"])}, InvalidEvents, "code 2 at index 1"),
        ({"tenant": ([0, -1], ["a", "b"])}, InvalidEvents, "code -1 at index 1"),
        ({"tenant": ([0.0, 1.0], ["a", "b"])}, WrongType, "integer codes"),
        ({"tenant": ["a"]}, InvalidEvents, "one entry for each of 2 timestamps"),
        ({"tenant": ["a", None]}, WrongType, "by['tenant'][1] must be text or an integer, got NoneType: None"),
        ({"tenant": [1.5, 2.5]}, WrongType, "by['tenant'][0] must be text or an integer, got float"),
        ({"tenant": [True, False]}, WrongType, "must be text or an integer, got bool"),
        (["a", "b"], WrongType, "by must map names"),
    ],
)
def test_series_that_make_no_sense_are_refused(by: Any, error: type[Exception], said: str) -> None:
    """Codes out of range do not wrap around, and a missing label is no label."""
    with pytest.raises(error, match=re.escape(said)):
        seconds([0, 1], by=by)


# --- weights --------------------------------------------------------------------------------------------------------


def test_weights_are_counted_in_their_unit() -> None:
    """19.99 is 1,999 cents whatever type says so, although 19.99 * 100 is 1998.9999999999998."""
    for weights in (
        [19.99, 5],
        np.array([19.99, 5], np.float32),
        ["19.99", "5"],
        np.array([Decimal("19.99"), Fraction(5)], object),
    ):
        counts = seconds([0, 61], [False, True], weights=weights, weight_unit="0.01")
        assert counts.total.tolist() == [1999, 500]
        assert counts.bad.tolist() == [1999, 0]
    assert seconds([0, 1], weights=[3, 4]).total.tolist() == [7]
    assert seconds([0, 1], weights=np.array([3, 4], np.uint8), weight_unit="0.5").total.tolist() == [14]
    assert seconds([0, 1], weights=[3.0, 6], weight_unit=3).total.tolist() == [3]
    assert seconds([0], weights=[0.1 + 0.2], weight_unit="0.00000000000000001").total.tolist() == [30000000000000004]


@pytest.mark.parametrize(
    ("weights", "unit", "said"),
    [
        ([1, 1.005], "0.01", "weights[1] = 1.005 is 100.5 units of 0.01"),
        ([1, 0.1 + 0.2], "0.1", "weights[1] = 0.30000000000000004"),
        ([1, -1], None, "weights[1] = -1"),
        ([1, 0.5], None, "weights[1] = 0.5"),
        ([1, 2**63 - 1], "0.1", "weights[1] = 9223372036854775807"),
        ([1, 1], 0, "weight_unit must be above zero"),
        ([1], None, "one entry for each of 2"),
    ],
)
def test_weights_that_are_no_multiple_are_refused(weights: Any, unit: Any, said: str) -> None:
    """Nothing is rounded: the index says which weight does not fit the unit."""
    with pytest.raises(InvalidEvents, match=re.escape(said)):
        seconds([0, 1], weights=weights, weight_unit=unit)


def test_weights_of_other_kinds_are_refused() -> None:
    """NaN weighs nothing that can be known, and a boolean is no weight."""
    with pytest.raises(InvalidNumber, match=r"weights\[1\] must be finite"):
        seconds([0, 1], weights=[1.0, np.nan])
    with pytest.raises(WrongType, match="weights must be numbers"):
        seconds([0, 1], weights=[True, False])
    with pytest.raises(WrongType, match="give weights= too"):
        seconds([0, 1], weight_unit="0.01")


def test_weights_add_up_beyond_what_floats_hold_and_not_beyond_int64() -> None:
    """2**53 + 1 is not rounded, and 2**63 is refused with its bucket."""
    assert seconds([0, 1], weights=[2**53, 1]).total.tolist() == [2**53 + 1]
    assert seconds([0, 1, 60], weights=[2**62, 2**62 - 1, 7]).total.tolist() == [2**63 - 1, 7]
    with pytest.raises(Exception, match=r"adding up weights.*bucket 1 \(1970-01-01T00:01:00Z\)"):
        seconds([0, 60, 61], weights=[1, 2**62, 2**62])


# --- size -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [0, -1, True, 1.5, "2"])
def test_threads_are_a_number(threads: Any) -> None:
    """A typo does not become a default."""
    with pytest.raises(WrongType, match="threads must be an int"):
        seconds([0], threads=threads)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("shuffled", [False, True])
def test_many_chunks_agree_with_one_histogram(threads: int, shuffled: bool) -> None:
    """A million events over several chunks and threads, counted the obvious way too."""
    rng = np.random.default_rng(7)
    stamps = np.sort(rng.integers(-(10**6), 10**6, 3 * tally.PIECE + 5))
    if shuffled:
        rng.shuffle(stamps)
    good, valid = rng.random(len(stamps)) < 0.99, rng.random(len(stamps)) < 0.5
    counts = seconds(stamps, good, valid=valid, threads=threads)
    bucket = stamps // 60 - stamps.min() // 60
    assert counts.total.tolist() == np.bincount(bucket[valid], minlength=counts.timeline.size).tolist()
    assert counts.bad.tolist() == np.bincount(bucket[valid & ~good], minlength=counts.timeline.size).tolist()


def test_more_cells_than_fit_a_histogram() -> None:
    """Many series over many buckets take the way without a histogram a chunk."""
    rng = np.random.default_rng(7)
    stamps, codes, good = rng.integers(0, 10**5, 1000), rng.integers(0, 9, 1000), rng.random(1000) < 0.8
    counts = seconds(stamps, good, step="1s", by={"tenant": (codes, list("abcdefghi"))})
    assert counts.total.size > tally.CHUNK
    assert int(counts.total.sum()) == 1000
    assert int(counts.bad.sum()) == int((~good).sum())
    for event in range(0, 1000, 50):
        at = int(stamps[event]) - int(stamps.min())
        alike = (stamps == stamps[event]) & (codes == codes[event])
        assert counts.total[codes[event], at] == int(alike.sum())
        assert counts.bad[codes[event], at] == int((alike & ~good).sum())


@pytest.mark.parametrize("unit", [None, "0.01", "0.3"])
@pytest.mark.parametrize("kind", [list, np.array, lambda w: np.array(w, np.float32), lambda w: [str(x) for x in w]])
def test_a_negative_weight_is_refused_whatever_it_is_written_as(unit: str | None, kind: Any) -> None:
    """A refund among the sales is no negative event: bad may not fall below zero."""
    with pytest.raises(InvalidEvents, match=r"at least zero.*: weights\[1\] = -6"):
        seconds([0, 1, 2], [True, False, True], weights=kind([3.0, -6.0, 3.0]), weight_unit=unit)
    counted = seconds([0, 1, 2], weights=kind([3.0, -6.0, 3.0]), weight_unit=unit, valid=[True, False, True])
    assert counted.bad.tolist() == [0]
    assert seconds([0], weights=[-0.0]).total.tolist() == [0]


@pytest.mark.parametrize(
    "given",
    [
        {"timestamps": np.ma.masked_array([0, 1], [False, True])},
        {"timestamps": np.ma.masked_array(np.array([0, 1], "M8[s]"), [False, True])},
        {"timestamps": np.ma.masked_array([0, 1])},
        {"good": np.ma.masked_array([True, True], [False, True])},
        {"valid": np.ma.masked_array([True, True], [False, True])},
        {"weights": np.ma.masked_array([1, 2], [False, True])},
        {"by": {"tenant": np.ma.masked_array([1, 2], [False, True])}},
        {"by": {"tenant": (np.ma.masked_array([0, 0], [False, True]), ["acme"])}},
    ],
)
def test_a_masked_array_is_refused_in_every_column(given: dict[str, Any]) -> None:
    """The mask would be dropped, and what it hides counted; the message says what to do instead."""
    columns: dict[str, Any] = {"timestamps": [0, 1], "good": [True, True]} | given
    with pytest.raises(WrongType, match=r"must not be a masked array; .*mask"):
        Counts.from_events(**columns, unit="s", step="1m")


@pytest.mark.parametrize(
    ("labels", "index", "kind"),
    [
        (["x", np.nan], 1, "float"),
        ([True, "x"], 0, "bool"),
        ([1, True], 1, "bool"),
        ([1, 1.0], 1, "float"),
        ([[], {}], 0, "list"),
        (np.array([[], {}], dtype=object), 0, "list"),
        (np.array([1, 1.0, None], dtype=object)[1:], 0, "float"),
        (["x", np.timedelta64(1, "s")], 1, "timedelta64"),
        (np.array([1, 2], "M8[ns]"), 0, "datetime64"),
        (np.array([1, 2], "m8[ns]"), 0, "timedelta64"),
        (np.array([True, False]), 0, "bool"),
        (np.array([1.0, 2.0]), 0, "float"),
    ],
)
def test_what_is_neither_text_nor_integer_is_no_label(labels: Any, index: int, kind: str) -> None:
    """Numpy would make texts of what stands beside texts, and True equals 1: neither becomes a label unseen."""
    with pytest.raises(WrongType, match=rf"by\['tenant'\]\[{index}\] must be text or an integer, got {kind}"):
        seconds([0, 1], by={"tenant": labels})


def test_labels_may_be_written_as_text_and_as_integers() -> None:
    """A list of both is read as it is, and numpy's own scalars too."""
    mixed = seconds([0, 1, 2, 3], by={"status": [200, "200", np.int64(404), np.str_("404")]})
    assert mixed.labels == {"status": ("200", "404")}
    assert mixed.total.tolist() == [[2], [2]]


def test_columns_may_be_iterators() -> None:
    """A generator is read once, in every column as in timestamps."""
    columns: dict[str, Any] = {
        "timestamps": (s for s in (0, 1, 61)),
        "good": (s > 0 for s in (0, 1, 61)),
        "valid": iter([True, True, True]),
        "weights": map(int, "234"),
        "by": {"tenant": (name for name in "aba")},
    }
    counts = Counts.from_events(**columns, unit="s", step="1m")
    assert counts.bad.tolist() == [[2, 0], [0, 0]]
    assert counts.good.tolist() == [[0, 4], [3, 0]]
