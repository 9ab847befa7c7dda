"""Intervals agree with exact sums, with scipy where that is accurate, and with published tables."""

from __future__ import annotations

import pickle
from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from slokit import statistics as slo_statistics
from slokit.errors import InvalidCounts, InvalidNumber, InvalidTarget, SlokitError, WrongType
from slokit.statistics import (
    Interval,
    IntervalMethod,
    burn_rate_interval,
    difference_interval,
    ratio_bounds,
    ratio_interval,
    surely_above,
)
from slokit.statistics._beta import quantile, tails

METHODS: tuple[IntervalMethod, ...] = get_args(IntervalMethod)


def one(value: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return an array of one float."""
    return np.array([value], dtype=np.float64)


def at_least(bad: int, total: int, share: Fraction) -> Fraction:
    """Return the chance of ``bad`` or more of ``total`` independent events, by the plain sum."""
    return sum(
        (comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(bad, total + 1)), start=Fraction(0)
    )


# --- the incomplete beta function -----------------------------------------------------------------------------------


@given(total=st.integers(1, 40), data=st.data(), share=st.fractions(0, 1, max_denominator=10**6))
def test_a_tail_is_the_sum_of_its_binomial_terms(total: int, data: st.DataObject, share: Fraction) -> None:
    """The tail below is the chance of that many bad events or more, that above what it leaves of one: to 1e-12."""
    bad = data.draw(st.integers(1, total))
    x, y = float(share), float(1 - share)
    lower, upper = tails(one(bad), one(total - bad + 1), one(x), one(y))
    truth = at_least(bad, total, Fraction(x) if x <= 0.5 else 1 - Fraction(y))
    smaller = min(truth, 1 - truth)
    found = lower[0] if truth <= Fraction(1, 2) else upper[0]
    assert found == pytest.approx(float(smaller), rel=1e-12, abs=1e-300)
    assert lower[0] + upper[0] == pytest.approx(1, rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("bad", "total", "share"), [(3, 937_793_722, 1.07e-8), (8, 842_312_973, 1.4e-8), (40, 10**9, 1e-7)]
)
def test_a_few_in_a_billion_are_as_exact_as_few_in_ten(bad: int, total: int, share: float) -> None:
    """Against sums in sixty decimal digits; scipy 1.17 is off by 2e-11 here, and its quantiles by 4e-8."""
    with localcontext() as context:
        context.prec = 60
        x = Decimal(share)
        few = sum(comb(total, k) * x**k * (1 - x) ** (total - k) for k in range(bad))
    lower, upper = tails(one(bad), one(total - bad + 1), one(share), one(1 - share))
    assert min(lower[0], upper[0]) == pytest.approx(float(min(few, 1 - few)), rel=1e-13, abs=0)


@pytest.mark.parametrize(
    ("a", "b", "x", "known"),
    [
        (89_714_652, 381_559_977, 0.19018, 4.07244564971733274e-25),
        (500_000_000, 500_000_001, 0.49989, 1.7382298836385241e-12),
        (123_456_789.5, 987_654_321.5, 0.11105, 4.50270989669615465e-11),
        (201, 1_000_000_000, 1.5e-7, 4.20592526137843635e-5),
    ],
)
def test_hundreds_of_millions_on_both_sides_lose_no_digits(a: float, b: float, x: float, known: float) -> None:
    """Against integrals of the density in forty digits; where scipy 1.17 keeps ten of them."""
    lower, _ = tails(one(a), one(b), one(x), one(1 - x))
    assert lower[0] == pytest.approx(known, rel=1e-13, abs=0)


def drawn(largest: int, cells: int, seed: int) -> tuple[Any, Any, Any]:
    """Return sides of beta functions from one to a power of ten, and arguments within some standard deviations."""
    rng = np.random.default_rng(seed)
    a, b = (np.floor(2 * 10 ** rng.uniform(-0.3, largest, cells)) / 2 + 0.5 for _ in range(2))
    mean = a / (a + b)
    x = mean + rng.normal(size=cells) * 4 * np.sqrt(mean * (1 - mean) / (a + b + 1))
    # Halves and sums of a few bits, so that x and 1 - x are both exact.
    x = np.clip(np.round(x * 2**40) / 2**40, 2.0**-40, 1 - 2.0**-40)
    return a, b, x


@pytest.mark.parametrize(("largest", "tolerance"), [(3, 1e-12), (5, 1e-12), (7, 3e-12), (9, 2e-10)])
def test_tails_are_those_of_scipy(largest: int, tolerance: float) -> None:
    """Small counts to 1e-12, in tails of 1e-280 too; from ten millions on the difference is scipy's own rounding."""
    a, b, x = drawn(largest, 3_000, largest)
    ours, theirs = np.minimum(*tails(a, b, x, 1 - x)), np.minimum(special.betainc(a, b, x), special.betaincc(a, b, x))
    held = theirs > 1e-280
    assert held.sum() > 2_000
    assert np.abs(ours[held] / theirs[held] - 1).max() < tolerance


def test_both_ways_of_reckoning_a_tail_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where either can be used the continued fraction and the integral give the same tail to 1e-12."""
    a, b, x = drawn(3, 3_000, 1)
    large = (a > 60) & (b > 60)
    sides = a[large], b[large], x[large], 1 - x[large]
    small = []
    for limit in (0.0, 1e9):
        monkeypatch.setattr(slo_statistics._beta, "_LARGE", limit)
        small.append(np.minimum(*tails(*sides)))
    held = small[0] > 1e-290
    assert held.sum() > 300
    assert np.abs(small[1][held] / small[0][held] - 1).max() < 1e-12
    assert not np.array_equal(small[0], small[1])


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("chance", [0.4999, 0.025, 1e-6, 1e-30])
def test_a_quantile_has_the_tail_that_was_asked_for(chance: float, upper: bool) -> None:
    """Found where the function, which other tests know, takes that value again; sides of 1/2 to a billion."""
    a, b, _ = drawn(9, 400, 5)
    x = quantile(a, b, chance, upper)
    assert np.all((x >= 0) & (x <= 1))
    inside = (x > 1e-300) & (x < 1 - 1e-6)
    lower, above = tails(a[inside], b[inside], x[inside], 1 - x[inside])
    tail = above if upper else lower
    # One rounding of x moves the tail by so much, by its steepness and in the middle: no double does better.
    steep = np.abs(a[inside] / x[inside] - b[inside] / (1 - x[inside]))
    slack = 1e-11 + 4e-16 * steep + 4e-15 * np.sqrt((a + b) ** 3 / a / b)[inside]
    assert np.all(np.abs(tail / chance - 1) < slack)


def test_shares_beyond_the_support_have_no_tail() -> None:
    """At 0 and at 1 the tails are 0 and 1, and nothing warns."""
    lower, upper = tails(np.ones(2), np.full(2, 5.0), np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    assert (lower.tolist(), upper.tolist()) == ([0, 1], [1, 0])


# --- bounds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.5, 0.95, 0.9999])
def test_bounds_are_those_of_scipys_binomial_test(level: float) -> None:
    """Both ends, for every number of bad events in a few totals; scipy searches exact ones to about 1e-12."""
    for total in (1, 2, 17, 300):
        bad = np.arange(total + 1)
        tests = [stats.binomtest(k, total) for k in bad.tolist()]
        wilson = [test.proportion_ci(level, "wilson") for test in tests]
        exact = [test.proportion_ci(level, "exact") for test in tests]
        for method, known, off in (("wilson", wilson, 1e-15), ("clopper_pearson", exact, 1e-11)):
            low, high = ratio_bounds(bad, total, level=level, method=method)  # type: ignore[arg-type]
            assert low == pytest.approx([ends.low for ends in known], rel=1e-13, abs=off)
            assert high == pytest.approx([ends.high for ends in known], rel=1e-13, abs=off)


def test_exact_bounds_are_quantiles_of_beta_distributions() -> None:
    """To 1e-12, relative to them, where scipy can be held to that."""
    bad, total = np.array([1, 3, 50, 499, 12_345]), np.array([2, 1_000, 100, 500, 10**6])
    low, high = ratio_bounds(bad, total, method="clopper_pearson")
    assert low == pytest.approx(special.betaincinv(bad, total - bad + 1, 0.025), rel=1e-12, abs=0)
    assert high == pytest.approx(special.betainccinv(bad + 1, total - bad, 0.025), rel=1e-12, abs=0)


def test_jeffreys_bounds_are_quantiles_of_the_posterior() -> None:
    """Of Beta(bad + 1/2, good + 1/2), but for the ends of the range, which belong to it."""
    bad, total = np.array([1, 3, 50, 499, 12_345]), np.array([2, 1_000, 100, 500, 10**6])
    low, high = ratio_bounds(bad, total, method="jeffreys")
    assert low == pytest.approx(special.betaincinv(bad + 0.5, total - bad + 0.5, 0.025), rel=1e-12, abs=0)
    assert high == pytest.approx(special.betainccinv(bad + 0.5, total - bad + 0.5, 0.025), rel=1e-12, abs=0)
    assert [end.tolist() for end in ratio_bounds([0, 9], 9, method="jeffreys")] == [
        [0, pytest.approx(special.betaincinv(9.5, 0.5, 0.025), rel=1e-12, abs=0)],
        [pytest.approx(special.betainccinv(0.5, 9.5, 0.025), rel=1e-12, abs=0), 1],
    ]


@pytest.mark.parametrize("method", METHODS)
@given(total=st.integers(1, 10**9), data=st.data())
def test_bounds_hold_the_share_and_mirror_it(method: IntervalMethod, total: int, data: st.DataObject) -> None:
    """The share seen lies between them, and those of the good events are the same ones seen from the other side."""
    bad = data.draw(st.integers(0, total))
    low, high = (float(end) for end in ratio_bounds(bad, total, method=method))
    assert 0 <= low <= bad / total * (1 + 1e-12)
    assert bad / total * (1 - 1e-12) <= high <= 1
    assert (low == 0, high == 1) == (bad == 0, bad == total)
    mirrored = [1 - float(end) for end in ratio_bounds(total - bad, total, method=method)]
    assert [high, low] == pytest.approx(mirrored, abs=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_more_confidence_is_a_wider_interval(method: IntervalMethod) -> None:
    """And ten times the evidence a narrower one."""
    widths = [np.diff(ratio_bounds(7, 100, level=level, method=method)).item() for level in ("50%", "90%", "99.9%")]
    assert widths == sorted(widths)
    assert np.diff(ratio_bounds(70, 1_000, method=method)).item() < widths[1]


@pytest.mark.parametrize("share", [Fraction(1, 100), Fraction(1, 7), Fraction(1, 2)])
def test_an_exact_interval_covers_at_least_its_level(share: Fraction) -> None:
    """Summed over every number of bad events that may occur in thirty, and Wilson's about as often as it says."""
    total, level = 30, Fraction(9, 10)
    chances = [comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(total + 1)]

    def covered(method: IntervalMethod) -> float:
        low, high = ratio_bounds(range(total + 1), total, level=level, method=method)
        return float(sum(c for c, a, b in zip(chances, low, high, strict=True) if a <= share <= b))

    assert covered("clopper_pearson") >= 0.9
    assert covered("wilson") == pytest.approx(0.9, abs=0.07)


def test_arrays_of_any_shape_and_size() -> None:
    """Counts broadcast, beyond int64 too; without data both ends are NaN."""
    low, high = ratio_bounds(np.array([[0, 1]]), np.array([[0], [10]]) + np.array([[0, 1]]))
    assert low.shape == high.shape == (2, 2)
    assert np.isnan([low[0, 0], high[0, 0]]).all()
    huge = np.array([2**70, 0], dtype=object)
    low, high = ratio_bounds(huge, np.array([2**71, 2**64], dtype=object))
    assert low[0] == pytest.approx(0.5)
    assert high[1] == pytest.approx(stats.norm.ppf(0.975) ** 2 / 2**64, rel=1e-9, abs=0)
    assert ratio_bounds(np.array([], dtype=int), 5)[0].shape == (0,)
    assert ratio_bounds(np.uint64(2**63), np.uint64(2**63))[1] == 1


# --- one interval ---------------------------------------------------------------------------------------------------


def test_an_interval_reads_like_what_it_says() -> None:
    """At a prompt, in a notebook and under rich: its ends, its level, and what it stands on."""
    interval = ratio_interval(12, 10_000)
    assert interval is not None
    assert repr(interval) == "0.0006866 – 0.002096 (95% wilson; assumes independent events)"
    assert "bursts make the true interval wider" in interval.assumption
    assert "bursts" in interval._repr_html_()
    assert dict(interval.__rich_repr__())["level"] == "95%"
    odd = Interval(low=0, high=1, level="50%", method="<b>\x1b", assumption="\u202eall; or nothing")
    assert repr(odd) == r"0 – 1 (50% <b>\x1b; assumes \u202eall)"
    assert "<b>" not in odd._repr_html_()


def test_an_interval_is_a_value() -> None:
    """Equal when all it says is, hashable, and the same after pickling; it knows what it holds."""
    interval = ratio_interval(12, 10_000, level=0.95)
    assert interval == ratio_interval(12, 10_000, level="95%") == pickle.loads(pickle.dumps(interval))
    assert hash(interval) == hash(ratio_interval(12, 10_000))
    assert interval is not None
    assert interval.level == Fraction(19, 20)
    assert 0.001 in interval
    assert Fraction(3, 1000) not in interval


def test_no_data_has_no_interval() -> None:
    """None, never 0 to 1: that would be an answer."""
    assert ratio_interval(0, 0) is None
    assert burn_rate_interval(0, 0, "99.9%") is None
    assert difference_interval(0, 0, 1, 2) is difference_interval(1, 2, 0, 0) is None


def test_a_burn_rate_is_the_share_over_the_budget() -> None:
    """A thousandth allowed: both ends a thousandfold."""
    share, burn = ratio_interval(3, 500, method="jeffreys"), burn_rate_interval(3, 500, "99.9%", method="jeffreys")
    assert share is not None
    assert burn is not None
    assert (burn.low, burn.high) == pytest.approx((1000 * share.low, 1000 * share.high), rel=1e-15, abs=0)
    assert (burn.level, burn.method, burn.assumption) == (share.level, share.method, share.assumption)
    with pytest.raises(InvalidTarget):
        burn_rate_interval(3, 500, 99.9)


# Newcombe (1998), table II, method 10.
NEWCOMBE = [
    ((56, 70, 48, 80), (0.0524, 0.3339)),
    ((9, 10, 3, 10), (0.1705, 0.8090)),
    ((6, 7, 2, 7), (0.0582, 0.8062)),
    ((5, 56, 0, 29), (-0.0381, 0.1926)),
    ((0, 10, 0, 20), (-0.1611, 0.2775)),
    ((0, 10, 0, 10), (-0.2775, 0.2775)),
    ((10, 10, 0, 20), (0.6791, 1.0)),
    ((10, 10, 0, 10), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("counts", "ends"), NEWCOMBE)
def test_differences_are_those_of_the_published_table(
    counts: tuple[int, int, int, int], ends: tuple[float, float]
) -> None:
    """To the four places printed; swapping the sides turns the sign."""
    interval, swapped = difference_interval(*counts), difference_interval(*counts[2:], *counts[:2])
    assert interval is not None
    assert swapped is not None
    assert (interval.low, interval.high) == pytest.approx(ends, abs=5e-5)
    assert (-swapped.high, -swapped.low) == pytest.approx((interval.low, interval.high), abs=1e-15)
    assert interval.method == "newcombe"


# --- surely above ---------------------------------------------------------------------------------------------------


@given(
    total=st.integers(0, 30),
    data=st.data(),
    share=st.fractions(0, 1, max_denominator=1000),
    confidence=st.sampled_from(("0.5", "90%", "0.99", "0.999999")),
)
def test_sure_is_what_the_binomial_sum_says(total: int, data: st.DataObject, share: Fraction, confidence: str) -> None:
    """As many bad events or more would be rarer than the doubt that is allowed, were the share no larger."""
    bad = data.draw(st.integers(0, total))
    doubt = 1 - Fraction(confidence.strip("%")) / (100 if "%" in confidence else 1)
    chance = at_least(bad, total, share)
    if chance != doubt:
        assert surely_above(bad, total, share, confidence=confidence).item() == (chance < doubt)


def test_sure_is_where_the_exact_interval_lies_above() -> None:
    """The lower Clopper-Pearson bound at twice the doubt is the one-sided bound; both say the same in every cell."""
    rng = np.random.default_rng(7)
    total = np.floor(10 ** rng.uniform(0, 8, (40, 50))).astype(np.int64)
    bad = rng.binomial(total, np.minimum(1, 10 ** rng.uniform(-4, -1, (40, 50))))
    share = Fraction("0.0144")
    low, _ = ratio_bounds(bad, total, level="90%", method="clopper_pearson")
    sure = surely_above(bad, total, share, confidence="95%")
    assert sure.shape == (40, 50)
    assert 0 < sure.sum() < sure.size
    assert np.array_equal(sure, low > float(share))


def test_the_ends_of_the_range_are_certain() -> None:
    """Below 0 any event proves it, at 0 one bad event; 1 is never exceeded, and no data proves nothing."""
    bad, total = [0, 0, 1, 5], [0, 3, 3, 5]
    known = {-1: [False, True, True, True], 0: [False, False, True, True], 1: [False] * 4, 2: [False] * 4}
    for share, sure in known.items():
        assert surely_above(bad, total, share, confidence="99.9%").tolist() == sure


def test_each_series_may_have_a_share_of_its_own() -> None:
    """A column of rationals, as for a fleet with targets of their own."""
    shares = np.array([[Fraction(1, 1000)], [Fraction(1, 10)]], dtype=object)
    sure = surely_above([[4, 0], [4, 0]], 100, shares, confidence="99%")
    assert sure.tolist() == [[True, False], [False, False]]
    with pytest.raises(InvalidCounts, match="broadcast"):
        surely_above([1, 2, 3], 10, shares.ravel(), confidence="99%")


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "total", "options", "error", "said"),
    [
        (-1, 5, {}, InvalidCounts, "negative"),
        (6, 5, {}, InvalidCounts, "bad = 6, total = 5"),
        (True, 5, {}, WrongType, "bad"),
        (1.0, 5, {}, WrongType, "float"),
        ([1], 5, {}, WrongType, "ratio_bounds"),
        (1, np.timedelta64(5, "s"), {}, WrongType, "total"),
        (1, 5, {"level": 95}, InvalidNumber, "level"),
        (1, 5, {"level": 0}, InvalidNumber, "level"),
        (1, 5, {"level": 1}, InvalidNumber, "95%"),
        (1, 5, {"level": None}, WrongType, "level"),
        (1, 5, {"method": "wald"}, WrongType, "clopper_pearson"),
    ],
)
def test_what_is_no_count_or_no_level_is_refused(
    bad: Any, total: Any, options: dict[str, Any], error: type[SlokitError], said: str
) -> None:
    """With the field, what was given, and what would do."""
    with pytest.raises(error, match=said):
        ratio_interval(bad, total, **options)


def test_arrays_are_refused_with_their_index() -> None:
    """The first cell that is wrong, and floats, booleans and shapes that do not fit."""
    with pytest.raises(InvalidCounts, match=r"bad\[1, 0\] = 7, total\[1, 0\] = 5"):
        ratio_bounds([[1, 2], [7, 8]], 5)
    with pytest.raises(WrongType, match="float64"):
        ratio_bounds([0.5], [1])
    with pytest.raises(WrongType, match="bool"):
        ratio_bounds([True], [1])
    with pytest.raises(InvalidCounts, match="broadcast"):
        ratio_bounds([1, 2, 3], [4, 5])
    with pytest.raises(WrongType, match="masked"):
        ratio_bounds(np.ma.masked_array([1], mask=[True]), 5)
    with pytest.raises(InvalidNumber, match="confidence"):
        surely_above(1, 2, "1%", confidence=2)
    with pytest.raises(InvalidNumber, match="at most high"):
        Interval(low=2, high=1, level="95%", method="x", assumption="y")
