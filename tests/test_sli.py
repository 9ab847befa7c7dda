"""Indicators that judge single observations."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slokit.errors import InvalidEvents, InvalidNumber, InvalidSLI, OneSidedThreshold, UnknownLabel, WrongType
from slokit.sli import SLI, AllOf, Predicate, Ratio, Threshold

LATENCY = SLI.threshold("latency", lt="200ms")
UP = SLI.ratio("up")


def below_500(status: Any) -> Any:
    """Judge as a caller's function would."""
    return status < 500


# --- definitions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[31m", "a\x7f", "x" * 201])
def test_a_name_is_short_and_holds_no_control_character(name: str) -> None:
    """What would break a line or a terminal is refused at the door."""
    with pytest.raises(InvalidSLI, match="name must"):
        SLI.ratio(name)


def test_a_name_may_be_of_any_script() -> None:
    """Names are people's: joiners and emoji are no control characters."""
    name = "\u0645\u06cc\u200c\u062e\u0648 👩\u200d💻"
    assert SLI.ratio(name).name == name


def test_a_name_is_text_and_a_rule_is_a_rule() -> None:
    """Neither is taken for the other."""
    with pytest.raises(WrongType, match="name must be text, got int"):
        SLI.ratio(3)  # type: ignore[arg-type]
    with pytest.raises(WrongType, match=r"rule must be one of .* got str"):
        SLI("x", "ratio")  # type: ignore[arg-type]


def test_exactly_one_comparison_is_given() -> None:
    """None, or two, is a contradiction; two say what was probably meant."""
    with pytest.raises(InvalidSLI, match="exactly one of lt, lte, gt, gte, between, got none"):
        SLI.threshold("x")
    with pytest.raises(InvalidSLI, match=r"got lt and gte; two bounds are between=\(low, high\)"):
        SLI.threshold("x", lt=5, gte=2)
    with pytest.raises(InvalidSLI, match="got lt and lte and gt"):
        SLI.threshold("x", lt=5, lte=2, gt=1)
    with pytest.raises(InvalidSLI, match="exactly one of"):
        SLI.gauge("x", stale_after="1m")


@pytest.mark.parametrize("between", [(5, 2), (2, 2), ("1s", "1000ms")])
def test_between_rises(between: tuple[Any, Any]) -> None:
    """Case 13's kind of nonsense: a span of no value at all is refused."""
    with pytest.raises(InvalidSLI, match="between must be two rising bounds"):
        SLI.threshold("x", between=between)


@pytest.mark.parametrize("between", ["12", (1,), (1, 2, 3), 5])
def test_between_is_a_pair(between: Any) -> None:
    """One bound or three are no span, and text is not split into its characters."""
    with pytest.raises(InvalidSLI, match="between must be two bounds"):
        SLI.threshold("x", between=between)


@pytest.mark.parametrize(
    "bound", [float("nan"), float("inf"), Decimal("NaN"), "nan", "fast", "", "1e-9999999", "1" * 65]
)
def test_a_bound_is_a_finite_number(bound: Any) -> None:
    """Cases 13 and 47: NaN compares false with everything, and huge exponents take seconds; both are refused, named."""
    with pytest.raises(InvalidNumber, match=r"^lt must"):
        SLI.threshold("x", lt=bound)
    with pytest.raises(InvalidNumber, match=r"^between\[1\] must"):
        SLI.threshold("x", between=(0, bound))


@pytest.mark.parametrize("bound", [True, None, [1], b"1"])
def test_a_bound_is_no_other_thing(bound: Any) -> None:
    """A boolean is no number, and no bound is no comparison."""
    with pytest.raises((WrongType, InvalidSLI)):
        SLI.threshold("x", lt=bound)


@pytest.mark.parametrize(
    ("bound", "unit", "expected", "expected_unit"),
    [
        ("200ms", None, Fraction(1, 5), "s"),
        ("200ms", "s", Fraction(1, 5), "s"),
        ("200ms", "ms", Fraction(200), "ms"),
        ("200 ms", "us", Fraction(200_000), "us"),
        ("0.2s", "µs", Fraction(200_000), "µs"),
        ("200µs", None, Fraction(1, 5_000), "s"),
        ("1m30s", None, Fraction(90), "s"),
        ("0ms", None, Fraction(0), "s"),
        ("-1.5h", "m", Fraction(-90), "m"),
        (timedelta(milliseconds=200), None, Fraction(1, 5), "s"),
        (np.timedelta64(200, "ms"), "ms", Fraction(200), "ms"),
        (0.2, "s", Fraction(1, 5), "s"),
        ("0.2", None, Fraction(1, 5), None),
        ("19.5", "°C", Fraction(39, 2), "°C"),
        ("19.5 °C", "°C", Fraction(39, 2), "°C"),
        ("5m", "m", Fraction(5), "m"),
        ("2e3", None, Fraction(2000), None),
        ("99%", None, Fraction(99, 100), None),
        ("99%", "%", Fraction(99), "%"),
        ("1/3", None, Fraction(1, 3), None),
        ("5events", "events", Fraction(5), "events"),
    ],
)
def test_a_bound_is_brought_into_the_unit_of_the_values(
    bound: Any, unit: str | None, expected: Fraction, expected_unit: str | None
) -> None:
    """The unit is what the values count; a length of time says its own unit, and without unit= values are seconds."""
    rule = SLI.threshold("x", lte=bound, unit=unit).rule
    assert isinstance(rule, Threshold)
    assert (rule.lte, rule.unit) == (expected, expected_unit)


@pytest.mark.parametrize(
    ("bound", "unit"), [("200ms", "items"), (timedelta(1), "%"), ("5 km", None), ("200 ms", "seconds"), ("1M", None)]
)
def test_a_unit_that_does_not_fit_is_refused(bound: Any, unit: str | None) -> None:
    """A length of time cannot be brought into items, and nobody guesses what km are."""
    with pytest.raises(ValueError, match=r"lt (is a length of time|must)"):
        SLI.threshold("x", lt=bound, unit=unit)


@pytest.mark.parametrize("unit", ["", " ", " s", "a\nb", "x" * 33])
def test_a_unit_is_short_text(unit: str) -> None:
    """A unit is printed behind figures."""
    with pytest.raises(InvalidSLI, match="unit must be"):
        SLI.threshold("x", lt=1, unit=unit)


# --- ratio ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.bool_, np.uint8, np.int8, np.uint64, np.int64])
def test_a_ratio_takes_booleans_and_zeros_and_ones_of_any_width(kind: Any) -> None:
    """Case 9: whatever the dtype, the answer is booleans."""
    good = UP.is_good(np.array([1, 0, 1], dtype=kind))
    assert good.dtype == np.bool_
    assert good.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), (False, False), (1, True), (0, False), (np.True_, True), (np.int8(0), False)]
)
def test_a_ratio_of_one_observation_is_a_bool(value: Any, expected: bool) -> None:
    """A scalar in is a Python bool out."""
    assert UP.is_good(value) is expected


def test_a_ratio_refuses_other_integers_by_index() -> None:
    """Case 10: 2 is no verdict, and -1 is not truth."""
    with pytest.raises(InvalidEvents, match=r"values\[2\] must be 0 or 1, got 2 \(and 1 more\)"):
        UP.is_good([0, 1, 2, -1])
    with pytest.raises(InvalidEvents, match="values must be 0 or 1, got 200"):
        UP.is_good(200)


@pytest.mark.parametrize(
    "values", [["true", "false"], [None, True], ["1"], [0.0, 1.0], np.array([1, 0], dtype=object), "yes", 1.0, None, {}]
)
def test_a_ratio_knows_no_truthiness(values: Any) -> None:
    """Case 11: bool("false") is True, so text, None, floats and objects are refused."""
    with pytest.raises(WrongType, match="values must be booleans or integers 0 and 1"):
        UP.is_good(values)


# --- threshold ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ({"lt": 2}, [True, False, False]),
        ({"lte": 2}, [True, True, False]),
        ({"gt": 2}, [False, False, True]),
        ({"gte": 2}, [False, True, True]),
        ({"between": (2, 3)}, [False, True, True]),
        ({"between": (1.5, 2)}, [False, True, False]),
    ],
)
@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint64, np.float16, np.float32, np.float64])
def test_each_comparison_at_its_bound(comparison: Mapping[str, Any], expected: list[bool], kind: Any) -> None:
    """Strict comparisons leave the bound out, the others take it in; the dtype changes nothing."""
    sli = SLI.threshold("x", **comparison)
    values = np.array([1, 2, 3], dtype=kind)
    assert sli.is_good(values).tolist() == expected
    assert [sli.is_good(v) for v in values] == expected
    assert [sli.is_good(v.item()) for v in values] == expected


def test_a_float_that_prints_as_the_bound_is_the_bound() -> None:
    """The double 0.2 lies above one fifth and the float32 further; whoever measured 0.2 meant 0.2."""
    below, up_to = SLI.threshold("x", lt="0.2"), SLI.threshold("x", lte="0.2")
    for kind in (np.float16, np.float32, np.float64):
        value = np.array([0.2], dtype=kind)
        assert not below.is_good(value)[0]
        assert up_to.is_good(value)[0]
        assert not up_to.is_good(np.nextafter(value, kind(1)))[0]
        assert below.is_good(np.nextafter(value, kind(0)))[0]
    assert not below.is_good(0.2)
    assert up_to.is_good(0.2)


def test_integers_beyond_doubles_are_compared_exactly() -> None:
    """2**53 + 1 is no double: a detour through floats would call it equal to 2**53."""
    sli = SLI.threshold("x", lte=2**53)
    assert sli.is_good(np.array([2**53, 2**53 + 1])).tolist() == [True, False]
    assert sli.is_good(2**53 + 1) is False
    huge = SLI.threshold("x", lt=2**64 - 1)
    assert huge.is_good(np.array([2**64 - 2, 2**64 - 1], dtype=np.uint64)).tolist() == [True, False]
    assert huge.is_good(10**400) is False


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint64])
def test_a_bound_beyond_the_dtype_is_still_a_bound(kind: Any) -> None:
    """Case 9: 300 does not become 44 because the values are bytes."""
    values = np.array([0, 100], dtype=kind)
    assert SLI.threshold("x", lt=10**30).is_good(values).all()
    assert not SLI.threshold("x", gt=10**30).is_good(values).any()
    assert SLI.threshold("x", gte=-(10**30)).is_good(values).all()
    assert SLI.threshold("x", between=(-(10**30), 10**30)).is_good(values).all()
    assert not SLI.threshold("x", lte=-0.5).is_good(values).any()


def test_a_bound_beyond_float16_is_still_a_bound() -> None:
    """A bound that a narrow float cannot hold lies beyond all its values, without a warning."""
    values = np.array([-65504.0, 65504.0], dtype=np.float16)
    assert SLI.threshold("x", lt=10**6).is_good(values).all()
    assert not SLI.threshold("x", gte=10**6).is_good(values).any()


def test_lengths_of_time_know_their_unit() -> None:
    """timedelta64 and timedelta are compared exactly, whatever unit the threshold was written in."""
    for sli in (LATENCY, SLI.threshold("x", lt=200, unit="ms"), SLI.threshold("x", lt="200ms", unit="h")):
        assert sli.is_good(np.array([199, 200], dtype="timedelta64[ms]")).tolist() == [True, False]
        assert sli.is_good(np.array([199_999_999, 200_000_000], dtype="timedelta64[ns]")).tolist() == [True, False]
        assert sli.is_good(np.array([0, 1], dtype="timedelta64[D]")).tolist() == [True, False]
        assert sli.is_good(np.array([7, 8], dtype="timedelta64[25ms]")).tolist() == [True, False]
        assert sli.is_good(timedelta(milliseconds=200)) is False
        assert sli.is_good(timedelta(0)) is True
        assert sli.is_good(np.timedelta64(-5, "s")) is True


def test_lengths_of_time_need_a_threshold_in_time() -> None:
    """A duration is not comparable with items, and months have no length."""
    with pytest.raises(WrongType, match="values are lengths of time"):
        SLI.threshold("x", lt=5, unit="items").is_good(np.array([1], dtype="timedelta64[s]"))
    with pytest.raises(WrongType, match="weeks to nanoseconds"):
        LATENCY.is_good(np.array([1], dtype="timedelta64[M]"))
    with pytest.raises(InvalidEvents, match=r"values\[1\] must be a finite number, got NaT"):
        LATENCY.is_good(np.array([1, "NaT"], dtype="timedelta64[s]"))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_refused_by_index(wrong: float) -> None:
    """Case 10: NaN is neither good nor bad; valid= says whether it counts, and the message says so."""
    with pytest.raises(
        InvalidEvents, match=r"values\[1\] must be a finite number, got .*\(and 1 more\); say with valid="
    ):
        LATENCY.is_good([0.1, wrong, 0.2, wrong])
    with pytest.raises(InvalidEvents, match="values must be a finite number"):
        LATENCY.is_good(wrong)
    with pytest.raises(InvalidEvents, match=r"values\[1, 0\] must"):
        LATENCY.is_good(np.array([[0.1], [wrong]]))


@pytest.mark.parametrize(
    "values",
    [
        True,
        [True, False],
        "0.1",
        ["0.1"],
        None,
        [None, 0.1],
        1j,
        [Decimal("0.1")],
        np.array([0.1], dtype=np.longdouble),
    ],
)
def test_a_threshold_judges_numbers_only(values: Any) -> None:
    """Case 11: booleans, text, None, complex numbers and objects are no measurements."""
    if np.asarray(values).dtype == np.float64:
        pytest.skip("long doubles are doubles on this platform")
    with pytest.raises(WrongType, match="values must be integers, floats or timedelta64"):
        LATENCY.is_good(values)


def test_a_ragged_or_masked_array_is_refused() -> None:
    """Case 11: rows of unequal length are no array, and a mask is never dropped silently."""
    with pytest.raises(InvalidEvents, match="values must be one regular array"):
        LATENCY.is_good([[0.1, 0.2], [0.1]])
    with pytest.raises(WrongType, match=r"pass values\.data and valid=~values\.mask"):
        LATENCY.is_good(np.ma.masked_array([0.1, 0.2], [False, True]))


def test_integers_rounded_by_a_float_beside_them_are_refused() -> None:
    """A list that mixes both becomes doubles; an integer that no double holds would be judged as another number."""
    with pytest.raises(InvalidEvents, match=r"values\[1\] = 9007199254740993 is no double"):
        SLI.threshold("x", lte=2**53).is_good([0.5, 2**53 + 1])
    assert SLI.threshold("x", lte=2**53).is_good([0.5, 2**60]).tolist() == [True, False]


def test_any_shape_comes_back_in_its_shape() -> None:
    """Arrays of any number of dimensions, and empty ones, keep their shape."""
    assert LATENCY.is_good(np.full((2, 3), 0.1)).shape == (2, 3)
    assert LATENCY.is_good([]).shape == (0,)
    assert UP.is_good([]).dtype == np.bool_


# --- predicate ------------------------------------------------------------------------------------------------------


def test_a_predicate_is_asked_once_for_all() -> None:
    """The function sees an array, and a single value as it is."""
    sli = SLI.predicate("answered", below_500)
    assert sli.is_good([200, 503]).tolist() == [True, False]
    assert sli.is_good(503) is False
    assert sli.is_good(np.array([[200], [503]])).tolist() == [[True], [False]]


def test_a_predicate_may_look_at_several_columns() -> None:
    """A mapping of arrays is passed on as such."""
    sli = SLI.predicate("ok", lambda row: (row["status"] < 500) & (row["route"] != "/health"))
    assert sli.is_good({"status": [200, 503, 200], "route": ["/", "/", "/health"]}).tolist() == [True, False, False]
    assert sli.is_good({"status": 200, "route": "/"}) is True
    with pytest.raises(InvalidEvents, match=r"one shape, got 'status': \(2,\), 'route': \(1,\)"):
        sli.is_good({"status": [200, 503], "route": ["/"]})


@pytest.mark.parametrize("function", [lambda v: v * 1.0, lambda v: True, lambda v: (v < 5)[:-1], lambda v: None])
def test_a_predicate_returns_booleans_one_a_value(function: Any) -> None:
    """What is not a verdict for each value is never broadcast or taken for truth."""
    with pytest.raises(WrongType, match="function must return booleans, one a value"):
        SLI.predicate("x", function).is_good([1, 2, 3])


def test_a_predicate_of_one_value_returns_a_boolean() -> None:
    """Truthiness is refused there too."""
    with pytest.raises(WrongType, match="function must return a boolean, got int"):
        SLI.predicate("x", lambda v: 1).is_good(5)
    with pytest.raises(WrongType, match="function must be callable"):
        SLI.predicate("x", "below_500")  # type: ignore[arg-type]


def test_a_predicate_is_not_asked_about_what_does_not_count() -> None:
    """valid= hides the rest from the function, which need not cope with it."""
    seen: list[list[Any]] = []

    def judge(values: Any) -> Any:
        seen.append(values.tolist())
        return np.array([v < 500 for v in values])

    sli = SLI.predicate("x", judge)
    counts = sli.count([1, 2, 3], np.array([200, None, 503], dtype=object), step="1m", time_unit="s", valid=[1, 0, 1])
    assert seen == [[200, 503]]
    assert (counts.good.tolist(), counts.total.tolist()) == ([1], [2])


# --- all_of ---------------------------------------------------------------------------------------------------------


USABLE = SLI.all_of("usable", LATENCY, UP)


def test_all_of_is_good_where_each_part_is() -> None:
    """Each part judges its own values, found by its name."""
    good = USABLE.is_good({"up": [1, 0, 1, 0], "latency": [0.1, 0.1, 0.5, 0.5]})
    assert good.tolist() == [True, False, False, False]
    assert USABLE.is_good({"up": True, "latency": 0.1}) is True
    assert USABLE.is_good({"up": True, "latency": 0.2}) is False


def test_all_of_nests() -> None:
    """A part may be an all_of, whose values are a mapping again."""
    sli = SLI.all_of("journey", USABLE, SLI.ratio("paid"))
    values = {"usable": {"latency": [0.1, 0.1], "up": [1, 1]}, "paid": [1, 0]}
    assert sli.is_good(values).tolist() == [True, False]
    with pytest.raises(InvalidEvents, match=r"values\['usable'\]\['latency'\]\[1\] must be a finite number"):
        sli.is_good({"usable": {"latency": [0.1, np.nan], "up": [1, 1]}, "paid": [1, 0]})


def test_all_of_names_are_its_own() -> None:
    """Two parts of one name could not be told apart in the values."""
    with pytest.raises(InvalidSLI, match="names of their own, got 'up' twice"):
        SLI.all_of("x", UP, SLI.ratio("up"))


def test_all_of_takes_single_observations_only() -> None:
    """Time and events do not add up; and nothing is not a part."""
    with pytest.raises(InvalidSLI, match="must judge single observations, got 'mart', a freshness"):
        SLI.all_of("x", UP, SLI.freshness("mart", within="1h"))
    with pytest.raises(InvalidSLI, match="at least one part"):
        SLI.all_of("x")
    with pytest.raises(WrongType, match="must be SLIs, got str"):
        SLI.all_of("x", "up")  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [[0.1, 0.2], 0.1, None, "up"])
def test_all_of_wants_a_mapping(values: Any) -> None:
    """Values that name no part cannot be shared out."""
    with pytest.raises(WrongType, match="values must map each of 'latency', 'up'"):
        USABLE.is_good(values)


def test_all_of_wants_each_part_and_no_other() -> None:
    """A missing part would be good by silence, and an unknown one a condition that nobody checks."""
    with pytest.raises(InvalidEvents, match=r"missing: 'up'$"):
        USABLE.is_good({"latency": [0.1]})
    with pytest.raises(InvalidEvents, match="missing: 'up'; unknown: 'upp'"):
        USABLE.is_good({"latency": [0.1], "upp": [1]})
    with pytest.raises(InvalidEvents, match="unknown: 'country'"):
        USABLE.is_good({"latency": [0.1], "up": [1], "country": ["de"]})
    with pytest.raises(InvalidEvents, match=r"one shape, got 'latency': \(2,\), 'up': \(1,\)"):
        USABLE.is_good({"latency": [0.1, 0.1], "up": [1]})


def test_a_part_is_found_by_its_name() -> None:
    """An unknown name lists the known ones."""
    assert USABLE.part("latency") is LATENCY
    assert USABLE.parts == (LATENCY, UP)
    assert UP.parts == ()
    with pytest.raises(UnknownLabel, match="no part is called 'upp'; the parts are 'latency', 'up'"):
        USABLE.part("upp")
    with pytest.raises(UnknownLabel, match="'up' has no parts: it is a ratio"):
        UP.part("up")


# --- counting -------------------------------------------------------------------------------------------------------


def test_count_puts_verdicts_into_buckets() -> None:
    """What is_good says of each, count says of each bucket."""
    counts = LATENCY.count([0, 59, 60, 61], [0.1, 0.2, 0.3, 0.1], step="1m", time_unit="s")
    assert (counts.good.tolist(), counts.bad.tolist()) == ([1, 1], [1, 1])


def test_count_leaves_out_what_is_not_valid() -> None:
    """A NaN that does not count is neither good nor bad."""
    counts = LATENCY.count([0, 1, 2], [0.1, np.nan, 0.3], step="1m", time_unit="s", valid=[True, False, True])
    assert (counts.good.tolist(), counts.total.tolist()) == ([1], [2])
    joint = {"latency": [0.1, np.nan, 0.1], "up": np.array([1, 7, 0])}
    counts = USABLE.count([0, 1, 2], joint, step="1m", time_unit="s", valid=np.array([1, 0, 1]))
    assert (counts.good.tolist(), counts.total.tolist()) == ([1], [2])


def test_count_still_refuses_nan_where_it_counts() -> None:
    """The index in the message is the caller's own, not that of what is left."""
    with pytest.raises(InvalidEvents, match=r"values\[2\] must be a finite number"):
        LATENCY.count([0, 1, 2], [np.nan, 0.1, np.nan], step="1m", time_unit="s", valid=[False, True, True])


def test_count_tells_series_apart_and_weighs() -> None:
    """by= and weights= reach the counts."""
    counts = UP.count([0, 1, 2], [1, 0, 1], step="1m", time_unit="s", by={"tenant": ["b", "a", "b"]}, weights=[1, 2, 3])
    assert counts.labels == {"tenant": ("a", "b")}
    assert (counts.good.tolist(), counts.bad.tolist()) == ([[0], [4]], [[2], [0]])


def test_count_passes_the_span_on() -> None:
    """start=, end= and max_gap= mean what they mean for events."""
    counts = UP.count(
        [0, 600],
        [1, 0],
        step="1m",
        time_unit="s",
        start="1970-01-01T00:00Z",
        end="1970-01-01T00:15Z",
        max_gap="3m",
    )
    assert counts.timeline.size == 15
    assert 0 < np.count_nonzero(counts.observed) < 15


def test_count_needs_one_value_for_each_timestamp() -> None:
    """A single value is not spread, and lengths must agree."""
    with pytest.raises(WrongType, match="one for each timestamp"):
        UP.count([0, 1], True, step="1m", time_unit="s")
    with pytest.raises(WrongType, match="values must be given"):
        UP.count([0, 1], step="1m", time_unit="s")
    with pytest.raises(InvalidEvents, match="valid must be one for each of values"):
        LATENCY.count([0, 1], [0.1, 0.2], step="1m", time_unit="s", valid=[True])
    with pytest.raises(ValueError, match="must"):
        UP.count([0, 1], [1, 0, 1], step="1m", time_unit="s")


# --- doubts ---------------------------------------------------------------------------------------------------------


def seconds(count: int) -> Any:
    """Return one timestamp a second."""
    return np.arange(count)


def test_milliseconds_in_an_indicator_in_seconds_warn() -> None:
    """Case 50: every value on one side is a mix-up of units more often than an outage."""
    values = np.linspace(12, 900, 1000)
    with pytest.warns(
        OneSidedThreshold, match=r"^latency: all 1,000 values lie between 12\.0 and 900\.0, none of them be"
    ):
        LATENCY.count(seconds(1000), values, step="1m", time_unit="s")


def test_seconds_in_an_indicator_in_milliseconds_warn() -> None:
    """Case 50, the other way round: all good, and each a hundred times better than asked for."""
    sli = SLI.threshold("latency", lt=200, unit="ms")
    with pytest.warns(OneSidedThreshold, match="all below 200 ms by a factor of more than 100: do they count ms"):
        sli.count(seconds(1000), np.linspace(0.012, 0.9, 1000), step="1m", time_unit="s")
    upward = SLI.threshold("time between failures", gte="5h")
    with pytest.warns(OneSidedThreshold, match="all at least 18000 s by a factor of more than 100"):
        upward.count(seconds(1000), np.linspace(2_000_000, 9_000_000, 1000), step="1m", time_unit="s")


def test_the_warning_points_at_the_caller() -> None:
    """A warning is shown with the line that can mend it."""
    with pytest.warns(OneSidedThreshold) as caught:
        LATENCY.count(seconds(100), np.full(100, 150.0), step="1m", time_unit="s")
    assert caught[0].filename == __file__


def test_a_part_is_doubted_by_its_name() -> None:
    """Which of several columns is in the wrong unit is what one wants to know."""
    values = {"latency": np.full(100, 150.0), "up": np.ones(100, dtype=bool)}
    with pytest.warns(OneSidedThreshold, match=r"usable: all 100 values\['latency'\]"):
        USABLE.count(seconds(100), values, step="1m", time_unit="s")


@pytest.mark.parametrize(
    ("sli", "values"),
    [
        (LATENCY, np.linspace(0.01, 0.19, 1000)),  # a healthy service
        (LATENCY, np.linspace(0.01, 0.21, 1000)),  # a common one
        (LATENCY, np.full(99, 150.0)),  # too few to say
        (SLI.threshold("lag", lte=1000), np.zeros(1000, dtype=int)),  # an empty queue has no unit
        (SLI.threshold("lag", lte=1000), 1 + np.arange(1000) % 3),  # nor has a short one
        (SLI.threshold("lag", lte=1000, unit="s"), np.arange(1000) % 3),
        (SLI.threshold("band", between=(33, 51)), np.where(np.arange(1000) % 2, 20, 60)),  # bad on both sides
        (SLI.threshold("band", between=(1, 10**6)), np.full(1000, 2)),
        (LATENCY, np.full(1000, 5, dtype="timedelta64[m]")),  # a length of time cannot be mixed up
        (UP, np.zeros(1000, dtype=bool)),
    ],
)
def test_plausible_traffic_does_not_warn(sli: SLI, values: Any) -> None:
    """A warning that cries wolf is switched off."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sli.count(seconds(len(values)), values, step="1m", time_unit="s")


def test_what_does_not_count_is_not_doubted() -> None:
    """NaN and outliers outside valid= neither hide a mix-up nor make one."""
    values = np.full(300, 150.0)
    values[:100] = np.nan
    values[100:150] = 0.1
    with pytest.warns(OneSidedThreshold, match="all 150 values"):
        LATENCY.count(seconds(300), values, step="1m", time_unit="s", valid=np.arange(300) >= 150)


def test_is_good_does_not_warn() -> None:
    """Only count sees enough values to have a suspicion."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LATENCY.is_good(np.full(1000, 150.0))


# --- a value object -------------------------------------------------------------------------------------------------

ALL = [
    UP,
    LATENCY,
    SLI.threshold("x", between=("1/3", 2), unit="items"),
    SLI.threshold("x", gte="0.12345678901234567890123"),
    SLI.threshold("x", gt=-5),
    USABLE,
    SLI.all_of("outer", USABLE, SLI.ratio("paid")),
    SLI.gauge("queue lag", lte=1000, stale_after="2m"),
    SLI.freshness("orders mart", within="30m"),
    SLI.deadline("finance mart", by="07:00", days="Mon-Fri", tz="Asia/Kolkata"),
    SLI.deadline("finance mart", by="07:00:30", days="Sat", tz="UTC", lead="2h"),
    SLI.predicate("answered", below_500),
]


@pytest.mark.parametrize("sli", ALL, ids=repr)
def test_a_value_survives_copies_and_pickles(sli: SLI) -> None:
    """Case 37: copies are equal and hash alike."""
    for twin in (copy.copy(sli), copy.deepcopy(sli), pickle.loads(pickle.dumps(sli))):
        assert twin == sli
        assert hash(twin) == hash(sli)


@pytest.mark.parametrize("sli", ALL, ids=repr)
def test_the_repr_reads_as_typed(sli: SLI) -> None:
    """Typing what the prompt shows makes the same indicator."""
    assert eval(repr(sli), {"SLI": SLI, "below_500": below_500}) == sli


@pytest.mark.parametrize("sli", ALL, ids=repr)
def test_an_indicator_cannot_be_changed(sli: SLI) -> None:
    """Case 37: definitions are shared, so they are frozen, rules included."""
    with pytest.raises(AttributeError):
        sli.name = "other"  # type: ignore[misc]
    for field in ("lt", "function", "parts", "within", "by", "threshold"):
        if hasattr(sli.rule, field):
            with pytest.raises(AttributeError):
                setattr(sli.rule, field, None)


def test_equality_is_by_meaning() -> None:
    """Case 37: 200 ms in seconds is one fifth of a second, however it was written."""
    same = [
        SLI.threshold("latency", lt=written, unit="s")
        for written in ("200ms", 0.2, "0.2", Decimal("0.200"), Fraction(1, 5), timedelta(milliseconds=200), "20%")
    ]
    assert len(set(same)) == 1
    assert same[0] == LATENCY
    assert SLI.threshold("latency", lte="200ms") != LATENCY
    assert SLI.threshold("slow", lt="200ms") != LATENCY
    assert SLI.predicate("x", below_500) != SLI.predicate("x", lambda v: v < 500)
    assert hash(SLI.predicate("x", below_500)) == hash(SLI.predicate("x", below_500))


def test_what_the_prompt_shows() -> None:
    """The repr is the constructor's call, in the values' unit."""
    assert repr(LATENCY) == "SLI.threshold('latency', lt=0.2, unit='s')"
    assert repr(USABLE) == "SLI.all_of('usable', SLI.threshold('latency', lt=0.2, unit='s'), SLI.ratio('up'))"
    assert repr(ALL[7]) == "SLI.gauge('queue lag', lte=1000, stale_after='2m')"
    assert repr(ALL[9]) == "SLI.deadline('finance mart', by='07:00', days='Mon-Fri', tz='Asia/Kolkata')"
    assert repr(ALL[11]) == "SLI.predicate('answered', below_500)"


def test_in_words() -> None:
    """str() says when an observation is good."""
    assert str(LATENCY) == "latency: below 0.2 s"
    assert str(USABLE) == "usable: latency below 0.2 s and up counted as good"
    assert str(SLI.threshold("x", between=(1, 2))) == "x: between 1 and 2"
    assert str(ALL[9]) == "finance mart: a run by 07:00 Asia/Kolkata on Mon-Fri"


def test_notebooks_show_names_escaped() -> None:
    """A name is text wherever it is shown."""
    shown = SLI.threshold("<script>x</script>", lt=1, unit="<b>")._repr_html_()
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "&lt;script&gt;" in shown


def test_rich_shows_the_rule_in_words() -> None:
    """Rich prints name, rule and unit."""
    assert list(LATENCY.__rich_repr__()) == ["latency", ("good", "below 0.2 s"), ("counts", "events")]


def test_the_kinds_say_what_they_count() -> None:
    """Reports must not call microseconds events."""
    assert {sli.kind: (sli.is_timed, sli.counts_unit) for sli in ALL} == {
        "ratio": (False, "events"),
        "threshold": (False, "events"),
        "all_of": (False, "events"),
        "predicate": (False, "events"),
        "gauge": (True, "us"),
        "freshness": (True, "us"),
        "deadline": (True, "deadlines"),
    }


def test_rules_are_plain_fields() -> None:
    """Definitions are written down from these, exactly."""
    assert LATENCY.rule == Threshold(lt=Fraction(1, 5), unit="s")
    assert UP.rule == Ratio()
    assert USABLE.rule == AllOf((LATENCY, UP))
    assert SLI.predicate("x", below_500).rule == Predicate(below_500)


def test_a_rule_made_by_hand_is_exact() -> None:
    """Whoever reads definitions from data cannot slip a float in."""
    with pytest.raises(WrongType, match="lt must be exact, a Fraction"):
        Threshold(lt=0.2)  # type: ignore[arg-type]
    with pytest.raises(WrongType, match="between must be exact"):
        Threshold(between=(1, Fraction(2)))  # type: ignore[arg-type]


def test_real_latencies(data_dir: Path) -> None:
    """Of 4,032 points 50 lie above 50; the band finds the dip too."""
    columns = np.loadtxt(
        data_dir / "nab_latency" / "ec2_request_latency_system_failure.csv", delimiter=",", skiprows=1, dtype=str
    )
    values = columns[:, 1].astype(float)
    assert values.size == 4_032
    assert np.count_nonzero(~SLI.threshold("latency", lte=50).is_good(values)) == 50
    counts = SLI.threshold("latency", between=(33, 51)).count(columns[:, 0].astype("datetime64[s]"), values, step="5m")
    assert int(counts.total.sum()) == 4_032
    expected = sum(not Fraction(33) <= Fraction(text) <= Fraction(51) for text in columns[:, 1].tolist())
    assert int(counts.bad.sum()) == expected


def test_masked_timestamps_are_refused_by_every_kind() -> None:
    """What the mask hides must not be counted, by events or by time."""
    stamps = np.ma.masked_array([0, 60], [False, True])
    for sli, values in (
        (UP, [1, 0]),
        (SLI.gauge("lag", lt=5, stale_after="1m"), [1, 9]),
        (SLI.freshness("mart", within="1h"), None),
        (SLI.deadline("mart", by="07:00", tz="UTC"), None),
    ):
        with pytest.raises(WrongType, match=r"timestamps must not be a masked array; .*~mask"):
            sli.count(stamps, values, step="1m", time_unit="s")


def test_values_may_be_iterators() -> None:
    """A generator is read once and judged as the list that it would make, by each kind."""
    both = SLI.all_of("both", LATENCY, UP)
    for sli, values in (
        (UP, lambda: (i > 0 for i in range(3))),
        (LATENCY, lambda: map(float, [9, 0, 0])),
        (SLI.predicate("small", lambda v: v < 5), lambda: iter([9, 1, 1])),
        (SLI.gauge("lag", lt=5, stale_after="1s"), lambda: iter([9, 1, 1])),
        (both, lambda: {"latency": iter([0.1, 0.1, 0.1]), "up": iter([0, 1, 1])}),
    ):
        assert sli.is_good(values()).tolist() == [False, True, True]
        counts = sli.count([0, 1, 2], values(), step="1s", time_unit="s")
        assert (counts.bad > 0).tolist() == [[True, False, False]] or (counts.bad > 0).tolist() == [True, False, False]


def test_a_name_that_no_encoding_writes_is_refused() -> None:
    """Half of a surrogate pair would make print() fail; an override is shown as its escape."""
    with pytest.raises(InvalidSLI, match="lone surrogates"):
        SLI.ratio("\ud800x")
    turned = SLI.all_of("a\u202eb", SLI.ratio("c\u202ed"))
    for shown in (repr(turned), str(turned), turned._repr_html_()):
        assert "\\u202e" in shown
        assert shown.isprintable()
    below_500.__qualname__ = "be\u202elow"
    try:
        assert repr(SLI.predicate("ok", below_500)) == "SLI.predicate('ok', be\\u202elow)"
    finally:
        below_500.__qualname__ = "below_500"
