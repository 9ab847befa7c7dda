"""Counts from buckets, what may be done with them, and how they look."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest

from slokit import Counts, Exclusion
from slokit.counts import Axis
from slokit.errors import InvalidCounts, InvalidTimeline, UnknownLabel, WrongType
from slokit.timeline import Timeline

START = "2026-01-01T00:00Z"


def minutes(good: Any, bad: Any = None, **more: Any) -> Counts:
    """Return counts by the minute; nothing bad by default."""
    return Counts.from_buckets(
        start=START, step="1m", good=good, bad=np.zeros_like(good) if bad is None else bad, **more
    )


def tenants() -> Counts:
    """Return two tenants over three minutes, one minute of one of them unobserved."""
    return minutes(
        [[9, 9, 0], [5, 0, 3]],
        [[1, 0, 0], [0, 0, 2]],
        observed=[[True, True, True], [True, False, True]],
        labels={"tenant": ["acme", "globex"]},
    )


# --- from buckets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"good": [9, 0], "bad": [1, 0]},
        {"good": [9, 0], "total": [10, 0]},
        {"bad": [1, 0], "total": [10, 0]},
        {"total": [10.0, 0.0], "bad": np.array([1, 0], np.uint8)},
    ],
)
def test_any_two_of_good_bad_and_total_say_the_same(given: dict[str, Any]) -> None:
    """The third number follows from the other two."""
    counts = Counts.from_buckets(start=START, step="1m", **given)
    assert counts.good.tolist() == [9, 0]
    assert counts.bad.tolist() == [1, 0]
    assert counts.total.tolist() == [10, 0]
    assert counts.observed.tolist() == [True, True]
    assert counts.excluded.tolist() == [False, False]


@pytest.mark.parametrize("given", [{}, {"good": [1]}, {"good": [1], "bad": [1], "total": [2]}])
def test_one_or_three_of_them_are_refused(given: dict[str, Any]) -> None:
    """Three numbers might contradict each other, one says too little."""
    with pytest.raises(WrongType, match="two of good, bad and total"):
        Counts.from_buckets(start=START, step="1m", **given)


def test_a_timeline_stands_for_start_and_step() -> None:
    """Either way of saying when gives equal counts, and both at once is an error."""
    timeline = Timeline.of(START, "1m", 2)
    assert Counts.from_buckets(timeline=timeline, good=[1, 2], bad=[0, 0]) == minutes([1, 2])
    with pytest.raises(WrongType, match="not both"):
        Counts.from_buckets(timeline=timeline, step="1m", good=[1, 2], bad=[0, 0])
    with pytest.raises(WrongType, match="start= and step="):
        Counts.from_buckets(good=[1, 2], bad=[0, 0])
    with pytest.raises(InvalidCounts, match="2 buckets, got 3"):
        Counts.from_buckets(timeline=timeline, good=[1, 2, 3], bad=[0, 0, 0])


def test_what_was_given_may_be_used_on() -> None:
    """Numbers are copied: writing to the caller's arrays afterwards changes no counts."""
    total, bad, seen = np.array([10, 20]), np.array([1, 2]), np.array([True, True])
    counts = Counts.from_buckets(start=START, step="1m", total=total, bad=bad, observed=seen)
    total[0], bad[0], seen[0] = 99, 99, False
    assert counts == minutes([9, 18], [1, 2])


def test_arrays_are_read_only() -> None:
    """Nobody changes evidence in place."""
    counts = tenants()
    for array in (counts.good, counts.bad, counts.total, counts.observed, counts.excluded, counts.timeline.starts):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_axes_without_labels_get_names() -> None:
    """Leading dimensions are axis0, axis1 and so on, and their labels are positions."""
    counts = minutes(np.ones((2, 3, 4), np.int64))
    assert counts.labels == {"axis0": ("0", "1"), "axis1": ("0", "1", "2")}
    assert counts.shape == (2, 3, 4)


def test_one_row_of_observed_stands_for_all_series() -> None:
    """A scrape that failed failed for all of them."""
    counts = minutes([[1, 0], [2, 0]], observed=[True, False])
    assert counts.observed.tolist() == [[True, False], [True, False]]


def test_masks_that_say_nothing_take_no_memory() -> None:
    """Observed throughout and excluded nowhere are views of one element."""
    counts = minutes(np.ones(100_000, np.int64), observed=np.ones(100_000, np.bool_))
    assert counts.observed.strides == counts.excluded.strides == (0,)
    assert (counts + counts).observed.strides == counts.resample("5m").observed.strides == (0,)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"tenant": ["a", "b", "c"]}, "2 labels, one a row, got 3"),
        ({"tenant": ["a", "a"]}, "different, got 'a' twice"),
        ({"tenant": ["a", "b"], "region": ["eu"]}, "2 entries for 1"),
        ({"time": ["a", "b"]}, 'must not be "time"'),
        ({"": ["a", "b"]}, "1 to 100"),
        ({"__name__": ["a", "b"]}, "start with"),
        ({"tenant\n": ["a", "b"]}, "letters"),
        ({"ten\x1bant": ["a", "b"]}, "letters"),
        ({"tenant": ["a", "b" * 2000]}, "at most 1,024 characters"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: dict[str, list[str]], said: str) -> None:
    """Names and labels are checked at the door, and the message says which."""
    with pytest.raises(InvalidCounts, match=re.escape(said)):
        minutes([[1], [2]], labels=labels)


@pytest.mark.parametrize("labels", [["a", "b"], {"tenant": "ab"}, {"tenant": [None, "b"]}, {"tenant": [True, False]}])
def test_labels_of_other_types_are_refused(labels: Any) -> None:
    """A list has no name, one text is no list, and None is nobody's label."""
    with pytest.raises(WrongType, match="labels"):
        minutes([[1], [2]], labels=labels)


def test_status_codes_are_labels_too() -> None:
    """Integers are written in decimal."""
    assert minutes([[1], [2]], labels={"status": [200, np.int64(503)]}).labels == {"status": ("200", "503")}


# --- cases 7 to 11: hostile numbers ---------------------------------------------------------------------------------


def test_case_7_and_8_sums_beyond_any_float_are_exact() -> None:
    """A bucket of 10**15 events next to ones of ten loses none of them, and the whole may exceed int64."""
    counts = minutes([10**15] * 100 + [9] * 5, [0] * 100 + [1] * 5)
    assert counts.resample("105m").total.tolist() == [10**17 + 50]
    assert "43,200,000,000,000,000,000 events" in repr(minutes([10**15] * 43_200))


def test_case_8_a_sum_that_does_not_fit_is_refused() -> None:
    """Resampling, summing and merging refuse what int64 cannot hold, and name the bucket."""
    huge = minutes([2**62, 2**62, 1])
    with pytest.raises(InvalidCounts, match=r"resampling.*bucket 0 \(2026-01-01T00:00:00Z\)"):
        huge.resample("3m")
    with pytest.raises(InvalidCounts, match=r"merging.*bucket 0.*\(and 1 more\)"):
        huge + huge
    with pytest.raises(InvalidCounts, match=r"summing over 'axis0'.*bucket 1"):
        minutes([[1, 2**62], [1, 2**62]]).sum()
    assert minutes([2**62, 2**62 - 1]).resample("2m").total.tolist() == [2**63 - 1]
    assert minutes([[2**62], [2**62 - 1]]).sum().total.tolist() == [2**63 - 1]


def test_case_9_narrow_and_unsigned_integers_do_not_wrap() -> None:
    """uint8 200 + 100 is 300, and uint64 5 of 6 leaves 1."""
    counts = minutes(np.array([200], np.uint8), np.array([100], np.uint8))
    assert counts.total.tolist() == [300]
    assert Counts.from_buckets(
        start=START, step="1m", total=np.array([6], np.uint64), good=np.array([5], np.uint64)
    ).bad.tolist() == [1]


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ([1, -1], [0, 0], "good must not be negative: good[1] = -1"),
        ([1.0, np.nan], [0, 0], "good must be a whole number below 2**63: good[1] = nan"),
        ([1.0, np.inf], [0, 0], "good[1] = inf"),
        ([1.0, -np.inf], [0, 0], "good[1] = -inf"),
        ([1.0, 1.5], [0, 0], "good[1] = 1.5"),
        ([1.0, 1e19], [0, 0], "good[1] = 1e+19"),
        (np.array([1, 2**63], np.uint64), [0, 0], "good must be below 2**63: good[1] = 9223372036854775808"),
        ([1, 2**62], [0, 2**62], "good + bad must be below 2**63: good[1] = 4611686018427387904"),
        ([[1, 2], [3, -4]], [[0, 0], [0, 0]], "good[1, 1] = -4"),
    ],
)
def test_case_10_numbers_that_are_no_counts_are_refused_with_their_index(good: Any, bad: Any, said: str) -> None:
    """Not clamped, not summed, not cast: named."""
    with pytest.raises(InvalidCounts, match=re.escape(said)):
        minutes(np.array(good), bad)


@pytest.mark.parametrize("part", ["good", "bad"])
def test_case_10_a_part_above_the_total_is_refused(part: str) -> None:
    """12 of 10 is a defect upstream, and hiding it would hide the outage behind it."""
    with pytest.raises(InvalidCounts, match=rf"{part}\[1\] = 12, total\[1\] = 10 \(and 1 more bucket\)"):
        Counts.from_buckets(start=START, step="1m", total=[5, 10, 1], **{part: [5, 12, 2]})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "good",
    [
        [True, False],
        ["1", "2"],
        [1, None],
        np.array([1, 2], object),
        np.array([1, 2], "m8[s]"),
        np.array([1, 2], complex),
        7,
        None,
        np.ma.masked_array([1, 2], [True, False]),
    ],
)
def test_case_11_what_is_no_number_is_refused(good: Any) -> None:
    """Booleans, texts, None, objects and hidden entries have no sum that everybody agrees on."""
    with pytest.raises(WrongType, match="good"):
        Counts.from_buckets(start=START, step="1m", good=good, bad=[0, 0])


def test_case_11_unequal_shapes_are_refused() -> None:
    """Nothing is broadcast: a missing row is a mistake, not a wish."""
    with pytest.raises(InvalidCounts, match=re.escape("one shape, got (2,) and (3,)")):
        minutes([1, 2], [0, 0, 0])
    with pytest.raises(InvalidCounts, match="one regular array"):
        minutes(np.zeros(2), [[1], [1, 2]])
    with pytest.raises(InvalidCounts, match="observed must have the shape"):
        minutes([1, 2], observed=[True])
    with pytest.raises(WrongType, match="observed must be booleans"):
        minutes([1, 2], observed=[1, 0])


def test_counts_where_nobody_was_looking_are_refused() -> None:
    """A bucket cannot be unobserved and hold events."""
    with pytest.raises(InvalidCounts, match=r"unobserved bucket.*bucket 1 \(2026-01-01T00:01:00Z\), total 2"):
        minutes([1, 2], observed=[True, False])


# --- the door of the class ------------------------------------------------------------------------------------------


def fields(**changed: Any) -> dict[str, Any]:
    """Return the fields of two quiet minutes, some of them changed."""
    return {
        "timeline": Timeline.of(START, "1m", 2),
        "axes": (),
        "bad": np.zeros(2, np.int64),
        "total": np.zeros(2, np.int64),
        "observed": np.ones(2, np.bool_),
        "excluded": np.zeros(2, np.bool_),
    } | changed


@pytest.mark.parametrize(
    "changed",
    [
        {"bad": np.array([0, 1])},
        {"bad": np.array([0, -1])},
        {"total": np.zeros(3, np.int64)},
        {"total": np.array([0, 1]), "observed": np.array([True, False])},
        {"total": np.array([0, 1]), "excluded": np.array([False, True])},
        {"observed": np.array([True, False]), "excluded": np.array([False, True])},
        {"axes": (Axis("a", ("x",)), Axis("a", ("x",)))} | {k: np.zeros((1, 1, 2), np.int64) for k in ("bad", "total")},
    ],
)
def test_fields_that_contradict_each_other_are_refused(changed: dict[str, Any]) -> None:
    """Counts made field by field keep the invariants too."""
    with pytest.raises(InvalidCounts):
        Counts(**fields(**changed))


@pytest.mark.parametrize("changed", [{"bad": [0, 0]}, {"total": np.zeros(2)}, {"observed": np.zeros(2, np.int8)}])
def test_fields_of_another_dtype_are_refused(changed: dict[str, Any]) -> None:
    """The fields are int64 and bool; from_buckets is where other types are read."""
    with pytest.raises(WrongType, match="must be an array of"):
        Counts(**fields(**changed))


def test_counts_are_frozen() -> None:
    """A field cannot be set."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        minutes([1]).total = np.zeros(1, np.int64)  # type: ignore[misc]


# --- doing --------------------------------------------------------------------------------------------------------


def test_a_hole_between_shards_is_unobserved() -> None:
    """Adding January and March says nothing of February."""
    merged = minutes([1]) + Counts.from_buckets(start="2026-01-01T00:03Z", step="1m", good=[2], bad=[0])
    assert merged.total.tolist() == [1, 0, 0, 2]
    assert merged.observed.tolist() == [True, False, False, True]


def test_case_14_splitting_a_bucket_changes_no_sum() -> None:
    """Finer buckets that add up to the same are the same, once resampled."""
    whole = Counts.from_buckets(start=START, step="1h", good=[60], bad=[6])
    fine = minutes([1] * 60, [1] * 6 + [0] * 54)
    assert fine.resample("1h") == whole


def test_only_counts_can_be_added() -> None:
    """A number or a list is no evidence; the 0 of sum() is the one exception."""
    assert sum([minutes([1]), minutes([2])]) == minutes([3])
    for other in (1, True, None, [1]):
        with pytest.raises(TypeError, match="unsupported operand"):
            minutes([1]) + other  # type: ignore[operator]
        with pytest.raises(TypeError, match=r"unsupported operand|can only concatenate"):
            other + minutes([1])


def test_case_15_half_open_buckets_before_the_epoch() -> None:
    """Edges of negative instants round down, so resampling at -30 s opens the minute at -60 s."""
    counts = Counts.from_buckets(start="1969-12-31T23:59:30Z", step="30s", good=[1, 2], bad=[0, 0])
    assert counts.resample("1m").timeline.start == -60_000_000_000
    assert counts.resample("1m").total.tolist() == [1, 2]


@pytest.mark.parametrize("step", ["90s", "30s"])
def test_resampling_to_what_does_not_fit_is_refused(step: str) -> None:
    """Neither half buckets nor finer ones; the message names what fits."""
    with pytest.raises(InvalidTimeline, match="1m fits"):
        minutes([1, 2]).resample(step)


def test_cutting_inside_a_bucket_is_refused() -> None:
    """The message names the edges on either side."""
    with pytest.raises(InvalidTimeline, match=r"start.*nearest are 2026-01-01T00:00:00Z and 2026-01-01T00:01:00Z"):
        minutes([1, 2]).between("2026-01-01T00:00:30Z")
    with pytest.raises(InvalidTimeline, match="end must not lie before start"):
        minutes([1, 2]).between("2026-01-01T00:02Z", "2026-01-01T00:01Z")


def test_cutting_beyond_the_data_gives_what_there_is() -> None:
    """A span that reaches outside is clipped, and one that lies outside leaves no bucket."""
    assert minutes([1, 2]).between("2025-01-01T00:00Z", "2027-01-01T00:00Z") == minutes([1, 2])
    assert minutes([1, 2]).between("2027-01-01T00:00Z").shape == (0,)
    assert minutes([1, 2]).between(end="2025-01-01T00:00Z").shape == (0,)


def test_extending_takes_whole_buckets_only() -> None:
    """The running minute is not added, and nothing is cut."""
    wide = minutes([1, 2]).extend(since="2025-12-31T23:58:30Z", until="2026-01-01T00:03:59Z")
    assert wide.total.tolist() == [0, 1, 2, 0]
    assert wide.observed.tolist() == [False, True, True, False]
    assert minutes([1, 2]).extend(since="2026-01-01T00:01Z", until="2026-01-01T00:01Z") == minutes([1, 2])
    with pytest.raises(InvalidTimeline, match="134,217,728"):
        Counts.from_buckets(start=START, step="1s", good=[1], bad=[0]).extend(until="2031-01-01T00:00Z")


def test_case_22_excluded_buckets_are_whole_and_marked() -> None:
    """A span inside a minute takes the minute out; what is taken out holds nothing and counts as observed."""
    span = Exclusion("2026-01-01T00:00:59Z", "2026-01-01T00:01:01Z", reason="move")
    out = tenants().exclude(span)
    assert out.total.tolist() == [[0, 0, 0], [0, 0, 5]]
    assert out.observed.tolist() == [[True] * 3] * 2
    assert out.excluded.tolist() == [[True, True, False]] * 2
    assert out.exclude([span]) == out
    scoped = Exclusion(START, "2026-01-01T00:01Z", scope={"tenant": "acme"})
    assert tenants().exclude([scoped]).excluded.tolist() == [[True, False, False], [False] * 3]
    assert tenants().exclude([]) == tenants()


def test_case_22_excluding_everything_leaves_no_event() -> None:
    """The whole span out is no data, and still fully observed."""
    out = tenants().exclude(Exclusion("2025-01-01T00:00Z", "2027-01-01T00:00Z"))
    assert not out.total.any()
    assert out.observed.all()
    assert out.excluded.all()


def test_what_is_out_for_one_shard_is_out_for_the_sum() -> None:
    """Merging takes a bucket out if either shard did, and resampling judges on what is left."""
    out = minutes([1, 2]).exclude(Exclusion(START, "2026-01-01T00:01Z"))
    merged = out + minutes([5, 5])
    assert merged.total.tolist() == [0, 7]
    assert merged.excluded.tolist() == [True, False]
    wide = merged.resample("2m")
    assert (wide.total.tolist(), wide.excluded.tolist()) == ([7], [False])


def test_sum_and_sel_by_name() -> None:
    """A sum is observed where any series is; a selection keeps what the row knew."""
    counts = tenants()
    assert counts.sum("tenant").total.tolist() == [15, 9, 5]
    assert counts.sum("tenant").observed.tolist() == [True, True, True]
    assert counts.sel(tenant="globex").observed.tolist() == [True, False, True]
    assert counts.sel(tenant=["globex", "acme"]).labels == {"tenant": ("globex", "acme")}
    assert counts[-1] == counts.sel(tenant="globex")
    assert [row.total.sum() for row in counts] == [19, 10]


def test_unknown_names_are_answered_with_known_ones() -> None:
    """A typo gets a proposal."""
    with pytest.raises(UnknownLabel, match="did you mean 'globex'"):
        tenants().sel(tenant="globx")
    with pytest.raises(UnknownLabel, match="no axis is called 'tennant'; there are 'tenant'"):
        tenants().sel(tennant="acme")
    with pytest.raises(UnknownLabel, match="no axes"):
        minutes([1]).sum("tenant")
    with pytest.raises(UnknownLabel, match="2 rows, got row 2"):
        tenants()[2]
    for wrong in (0, 1.5, None):
        with pytest.raises(WrongType, match="label"):
            tenants().sel(tenant=wrong)  # type: ignore[arg-type]


def test_rows_are_no_buckets() -> None:
    """Indexing picks series; without axes there is none to pick, and the message says what to use."""
    with pytest.raises(WrongType, match="between"):
        minutes([1, 2])[0]
    with pytest.raises(WrongType, match="zip"):
        iter(minutes([1, 2]))
    for wrong in ("acme", True, 1.0):
        with pytest.raises(WrongType, match="row must be"):
            tenants()[wrong]  # type: ignore[index]


def test_case_21_no_buckets_are_counts_too() -> None:
    """Everything that can be asked of counts can be asked of empty ones."""
    none = Counts.empty(step="1m", labels={"tenant": ["acme", "globex"]})
    assert none.shape == (2, 0)
    assert none.resample("5m").shape == (2, 0)
    assert none.sum().shape == (0,)
    assert none.sel(tenant="acme").between(START).shape == (0,)
    assert none.exclude(Exclusion(START, "2027-01-01T00:00Z")) == none
    assert none + tenants() == tenants()
    assert repr(none.sum()) == "Counts(0 buckets of 1m · no events)"


def test_the_later_of_two_empty_starts_stands() -> None:
    """The default of empty() lies in 1970, so that it is the identity of empty counts too."""
    later = Counts.empty(step="1m", start=START)
    assert Counts.empty(step="1m") + later == later == later + Counts.empty(step="1m")


# --- showing --------------------------------------------------------------------------------------------------------


def test_the_line_at_a_prompt() -> None:
    """Span, events, share of bad ones and coverage, in words."""
    assert repr(tenants()) == (
        "Counts(2 series × 3 buckets of 1m from 2026-01-01T00:00:00Z · 29 events, 10.34% bad · 83.3% observed)"
    )
    assert repr(minutes([1], [0])) == (
        "Counts(1 bucket of 1m from 2026-01-01T00:00:00Z · 1 event, 0% bad · 100% observed)"
    )
    out = tenants().exclude(Exclusion(START, "2026-01-01T00:01Z"))
    assert repr(out).endswith("· 83.3% observed · 33.3% excluded)")


def test_one_hole_in_a_million_does_not_read_as_full_coverage() -> None:
    """Rounding must not hide a hole, nor a bad event."""
    seen = np.ones(1_000_000, np.bool_)
    seen[7] = False
    bad = np.zeros(1_000_000, np.int64)
    bad[0] = 1
    text = repr(minutes(np.where(seen, 999, 0), bad, observed=seen))
    assert "99.9999% observed" in text
    assert "0.0000001% bad" in text


def test_case_44_hostile_labels_are_escaped_in_notebooks() -> None:
    """A label is text in the table, never markup, and never a terminal's command."""
    hostile = "<script>alert('x')</script>\x1b[31m"
    html = minutes([[1]], labels={"tenant": [hostile]})._repr_html_()
    assert "<script>" not in html
    assert "\x1b" not in html
    assert "&lt;script&gt;" in html


def test_rich_sees_the_same_facts() -> None:
    """The pairs for rich are the pieces of the line."""
    assert dict(tenants().__rich_repr__())["events"] == "29 events, 10.34% bad"


def test_equality_is_by_value_and_never_by_shape_alone() -> None:
    """Another type is unequal, and equal numbers under other names are unequal."""
    assert tenants() == tenants()
    assert tenants() != "Counts"
    assert minutes([[1]], labels={"a": ["x"]}) != minutes([[1]], labels={"b": ["x"]})
    assert minutes([1, 0]) != minutes([1, 0], observed=[True, False])


def test_decimals_are_no_counts() -> None:
    """Decimal and Fraction are objects to numpy; weights= of from_events scales them exactly."""
    for value in (Decimal(1), Fraction(1)):
        with pytest.raises(WrongType, match="good must be integers"):
            Counts.from_buckets(start=START, step="1m", good=np.array([value]), bad=[0])


@pytest.mark.parametrize("labels", [{"a": 5}, {"a": "eu"}, 5, {"a": [None]}, {5: ["x"]}])
def test_empty_counts_are_labelled_like_others(labels: Any) -> None:
    """What is no axis is refused in our own words, without any bucket too."""
    with pytest.raises(WrongType, match="must"):
        Counts.empty(step="1h", labels=labels)
    assert Counts.empty(step="1h", labels={"a": iter(["x", 5])}).labels == {"a": ("x", "5")}


def test_all_buckets_of_all_series_are_limited_together() -> None:
    """Ten long series take the memory of one ten times as long: extend and + refuse as from_events does."""
    many = Counts.from_buckets(start=START, step="1s", good=[[1]] * 10, bad=[[0]] * 10)
    with pytest.raises(InvalidTimeline, match=r"at most 134,217,728 buckets, got .* in each of 10 series"):
        many.extend(until="2026-08-01T00:00Z")
    late = Counts.from_buckets(start="2026-08-01T00:00Z", step="1s", good=[[1]] * 10, bad=[[0]] * 10)
    with pytest.raises(InvalidTimeline, match="in each of 10 series"):
        many + late


def test_masks_are_refused_wherever_arrays_are_taken() -> None:
    """Also in observed, and in arrays that are handed to the class itself."""
    with pytest.raises(WrongType, match="observed must not be a masked array"):
        minutes([1, 0], observed=np.ma.masked_array([True, False], [True, False]))
    whole = minutes([1, 0])
    with pytest.raises(WrongType, match="total must not be a masked array"):
        attrs.evolve(whole, total=np.ma.masked_array(whole.total, [True, False]))
    assert minutes(iter([1, 0]), iter([0, 0]), observed=iter([True, True])) == whole
