"""Intervals for a share of bad events, for the difference of two, and a yes or no with evidence behind it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from statistics import NormalDist
from typing import Any, Literal, get_args

import attrs
import numpy as np
import numpy.typing as npt

from slokit._arrays import array_of
from slokit._display import Shown, clean, percent
from slokit.errors import InvalidCounts, InvalidNumber, WrongType
from slokit.rational import RationalLike, parse_rational, parse_target
from slokit.statistics._beta import quantile, tails

__all__ = [
    "Interval",
    "IntervalMethod",
    "burn_rate_interval",
    "difference_interval",
    "ratio_bounds",
    "ratio_interval",
    "surely_above",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

IntervalMethod = Literal["wilson", "jeffreys", "clopper_pearson"]
"""``"wilson"``: the shares that a normal test would not reject; on average right at its level, good at any size.
``"jeffreys"``: the equal-tailed Bayesian interval of the prior Beta(1/2, 1/2); much the same, a little shorter near 0.
``"clopper_pearson"``: the shares that an exact binomial test would not reject; never below its level, and wider for
that."""

_INDEPENDENT = "independent events; bursts make the true interval wider"


def parse_probability(value: RationalLike, field: str) -> Fraction:
    """Read what must be above 0 and below 1, such as a confidence, as a decimal.

    Raises
    ------
    InvalidNumber
        If it is out of that range.
    """
    share = parse_rational(value, field)
    if not 0 < share < 1:
        raise InvalidNumber(f'{field} must be above 0 and below 1, such as "95%", got {value}')
    return share


def _level(value: RationalLike) -> Fraction:
    return parse_probability(value, "level")


@attrs.frozen(kw_only=True, repr=False)
class Interval(Shown):
    """An interval that holds the truth at some level of confidence, under an assumption.

    Parameters
    ----------
    low, high
        Its ends, both included.
    level
        How often intervals made this way hold the truth, above 0 and below 1.
    method
        How it was made.
    assumption
        What that rests on, in words.

    Raises
    ------
    InvalidNumber
        If the ends are out of order, or the level is none.

    Examples
    --------
    >>> ratio_interval(12, 10_000)
    0.0006866 – 0.002096 (95% wilson; assumes independent events)
    >>> 0.001 in ratio_interval(12, 10_000)
    True
    """

    low: float
    high: float
    level: Fraction = attrs.field(converter=_level)
    method: str
    assumption: str

    def __attrs_post_init__(self) -> None:
        if not self.low <= self.high:
            raise InvalidNumber(f"low must be at most high, got {self.low} and {self.high}")

    def __contains__(self, value: float | Fraction) -> bool:
        return bool(self.low <= value <= self.high)

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "low", f"{self.low:.4g}"
        yield "high", f"{self.high:.4g}"
        yield "level", percent(self.level)
        yield "method", self.method
        yield "assumes", self.assumption

    def __repr__(self) -> str:
        method, assumed = clean(self.method, 40).replace("_", "-"), clean(self.assumption).partition(";")[0]
        return f"{self.low:.4g} – {self.high:.4g} ({percent(self.level)} {method}; assumes {assumed})"


def ratio_interval(
    bad: int, total: int, *, level: RationalLike = "95%", method: IntervalMethod = "wilson"
) -> Interval | None:
    """Return an interval for the share of bad events; None without data.

    Parameters
    ----------
    bad, total
        Integers with ``0 <= bad <= total``.
    level
        Above 0 and below 1, read as a decimal.
    method
        See :data:`IntervalMethod`.

    Raises
    ------
    InvalidCounts
        If a count is negative, or bad exceeds the total.
    InvalidNumber
        If the level is none.
    WrongType
        If a count is no integer, or ``method`` is another word.

    Examples
    --------
    Three errors in a thousand requests, and none in a hundred:

    >>> ratio_interval(3, 1_000, method="clopper_pearson")
    0.0006191 – 0.008742 (95% clopper-pearson; assumes independent events)
    >>> ratio_interval(0, 100, method="jeffreys")
    0 – 0.02475 (95% jeffreys; assumes independent events)

    References
    ----------
    Wilson, "Probable inference" (1927). Clopper and Pearson, "The use of confidence or fiducial limits" (1934). Brown,
    Cai and DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001), compares them.
    """
    return _scaled_interval(bad, total, Fraction(1), level, method)


def burn_rate_interval(
    bad: int,
    total: int,
    target: RationalLike,
    *,
    level: RationalLike = "95%",
    method: IntervalMethod = "wilson",
) -> Interval | None:
    """Return an interval for the burn rate, ``(bad / total) / (1 - target)``; None without data.

    Parameters
    ----------
    bad, total, level, method
        As for :func:`ratio_interval`.
    target
        The objective's target: ``"99.9%"``.

    Raises
    ------
    InvalidTarget
        If the target is out of range.

    Examples
    --------
    One error in ten requests burns a hundred times too fast, or not at all:

    >>> burn_rate_interval(1, 10, "99.9%")
    17.88 – 404.2 (95% wilson; assumes independent events)
    """
    return _scaled_interval(bad, total, 1 - parse_target(target), level, method)


def _scaled_interval(
    bad: int, total: int, unit: Fraction, level: RationalLike, method: IntervalMethod
) -> Interval | None:
    """Return the interval of one share, in units of another."""
    sure = _level(level)
    low, high = ratio_bounds(_one(bad, "bad"), _one(total, "total"), level=sure, method=method)
    if np.isnan(low):
        return None
    ends = [float(Fraction(float(end)) / unit) for end in (low, high)]
    return _interval(ends[0], ends[1], sure, method)


def _interval(low: float, high: float, level: Fraction, method: str, assumption: str = _INDEPENDENT) -> Interval:
    return Interval(low=low, high=high, level=level, method=method, assumption=assumption)


def ratio_bounds(
    bad: npt.ArrayLike, total: npt.ArrayLike, *, level: RationalLike = "95%", method: IntervalMethod = "wilson"
) -> tuple[FloatArray, FloatArray]:
    """Return both ends of intervals for many shares of bad events.

    Parameters
    ----------
    bad, total
        Integers of any shapes that broadcast, ``0 <= bad <= total``; Python integers in object arrays too.
    level, method
        As for :func:`ratio_interval`.

    Returns
    -------
    low, high : ndarray of float64
        Shares from 0 to 1; NaN without data. Exactly 0 and 1 where nothing, or everything, was bad. Within 1e-12 of the
        exact ends, relative to them.

    Raises
    ------
    InvalidCounts
        If a count is negative, or bad exceeds the total; the message gives the index.

    Examples
    --------
    >>> low, high = ratio_bounds([0, 3, 0], [100, 1_000, 0])
    >>> low.round(5).tolist(), high.round(5).tolist()
    ([0.0, 0.00102, nan], [0.03699, 0.00878, nan])
    """
    sure = _level(level)
    if method not in get_args(IntervalMethod):
        raise WrongType(f"method must be one of {', '.join(get_args(IntervalMethod))}, got {method!r:.64}")
    failed, passed = _counts(bad, total)
    shape, tail = failed.shape, float((1 - sure) / 2)
    failed, passed = failed.ravel(), passed.ravel()
    low, high = np.zeros(failed.shape), np.ones(failed.shape)
    some, some_good = failed > 0, passed > 0
    if method == "wilson":
        low[some], high[some_good] = (
            _wilson(failed[cells], passed[cells], tail)[end] for end, cells in enumerate((some, some_good))
        )
    else:
        # The posterior of Jeffreys' prior adds a half to either count; the exact test adds one to the other's.
        mine, others = (0.5, 0.5) if method == "jeffreys" else (0.0, 1.0)
        low[some] = quantile(failed[some] + mine, passed[some] + others, tail, upper=False)
        high[some_good] = quantile(failed[some_good] + others, passed[some_good] + mine, tail, upper=True)
    nothing = ~(some | some_good)
    low[nothing] = high[nothing] = np.nan
    return low.reshape(shape), high.reshape(shape)


def _wilson(bad: FloatArray, good: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    """Return the roots of Wilson's quadratic; the smaller one from the product of both, which does not cancel."""
    total = bad + good
    z = -NormalDist().inv_cdf(tail)
    share, spread = bad / total, z * z / total
    sum_of_halves = share + spread / 2 + z * np.sqrt(share * (good / total) / total + spread / total / 4)
    return np.asarray(share * share / sum_of_halves), np.asarray(sum_of_halves / (1 + spread))


def difference_interval(
    bad: int, total: int, other_bad: int, other_total: int, *, level: RationalLike = "95%"
) -> Interval | None:
    """Return an interval for the difference of two shares of bad events, the first less the other.

    Parameters
    ----------
    bad, total
        Of the first.
    other_bad, other_total
        Of the other.
    level
        Above 0 and below 1.

    Returns
    -------
    Interval or None
        From -1 to 1: above 0 the first is worse. None where either has no data.

    Raises
    ------
    InvalidCounts
        If a count is negative, or bad exceeds its total.

    Examples
    --------
    >>> difference_interval(30, 1_000, 20, 2_000)
    0.009587 – 0.03299 (95% newcombe; assumes independent events on either side)

    References
    ----------
    Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17
    (1998), method 10: a hybrid of both shares' Wilson intervals.
    """
    sure = _level(level)
    counts = [_one(value, name) for value, name in ((bad, "bad"), (total, "total"))]
    others = [_one(value, name) for value, name in ((other_bad, "other_bad"), (other_total, "other_total"))]
    low, high = (float(end) for end in ratio_bounds(*counts, level=sure))
    other_low, other_high = (float(end) for end in ratio_bounds(*others, level=sure))
    if np.isnan(low) or np.isnan(other_low):
        return None
    share, other = counts[0] / counts[1], others[0] / others[1]
    apart = float(Fraction(counts[0], counts[1]) - Fraction(others[0], others[1]))
    down, up = np.hypot(share - low, other_high - other), np.hypot(high - share, other - other_low)
    assumption = "independent events on either side; bursts make the true interval wider"
    return _interval(float(apart - down), float(apart + up), sure, "newcombe", assumption)


def surely_above(
    bad: npt.ArrayLike, total: npt.ArrayLike, share: RationalLike | npt.NDArray[Any], *, confidence: RationalLike
) -> BoolArray:
    """Say where the true share of bad events exceeds a share, as far as an exact test can tell from the counts.

    The lower end of the one-sided Clopper-Pearson interval lies above ``share`` exactly where that many bad events or
    more would be rarer than ``1 - confidence``, were the true share no larger: so one binomial tail answers it, and no
    interval is needed. It assumes independent events; in bursts it is sure too soon.

    Parameters
    ----------
    bad, total
        Integers of any shapes that broadcast, ``0 <= bad <= total``.
    share
        A rational, or an object array of them that broadcasts with the counts, such as one a series in a column. At 0
        one bad event is proof; below 0 any event is; at 1 or above nothing is.
    confidence
        Above 0 and below 1.

    Returns
    -------
    ndarray of bool
        False without data.

    Raises
    ------
    InvalidCounts
        If a count is negative, or bad exceeds the total; the message gives the index.

    Examples
    --------
    An error in ten requests is 100 times what 99.9% allows, and still no proof that 14.4 times are exceeded:

    >>> surely_above([1, 2, 100], [10, 10, 1_000], Fraction("0.0144"), confidence="99%")
    array([False,  True,  True])
    """
    chance = float(1 - parse_probability(confidence, "confidence"))
    failed, passed = _counts(bad, total)
    given = share if isinstance(share, np.ndarray) else np.array(parse_rational(share, "share"), dtype=object)
    shares = [parse_rational(value, "share") for value in given.flat]
    # Both sides from the rational: 1 - x in floats would lose what is small.
    below, above = (np.array([float(x) for x in side]) for side in (shares, [1 - x for x in shares]))
    try:
        failed, passed, x, y = np.broadcast_arrays(
            failed, passed, below.reshape(given.shape), above.reshape(given.shape)
        )
    except ValueError:
        raise InvalidCounts(
            f"share must broadcast with the counts, got shapes {given.shape} and {failed.shape}; a column has [:, None]"
        ) from None
    proven = np.where(x < 0, failed + passed > 0, (x == 0) & (failed > 0))
    asked = (x > 0) & (y > 0) & (failed > 0)
    lower, _ = tails(failed[asked], passed[asked] + 1, x[asked], y[asked])
    proven[asked] = lower < chance
    return proven


def _one(value: int, field: str) -> int:
    """Read one count."""
    if isinstance(value, bool | np.bool_ | np.timedelta64) or not isinstance(value, int | np.integer):
        raise WrongType(
            f"{field} must be one integer, got {type(value).__name__}: {value!r:.64}; ratio_bounds takes arrays"
        )
    return int(value)


def _counts(bad: npt.ArrayLike, total: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Read bad events and all events; return bad and good ones as floats of one shape."""
    try:
        failed, whole = np.broadcast_arrays(_integers(bad, "bad"), _integers(total, "total"))
    except ValueError:
        raise InvalidCounts(f"bad and total must broadcast, got shapes {np.shape(bad)} and {np.shape(total)}") from None
    for wrong, text in ((failed < 0, "bad must not be negative"), (failed > whole, "bad must not exceed total")):
        if np.any(wrong):
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            where = f"[{', '.join(map(str, at))}]" if at else ""
            raise InvalidCounts(f"{text}: bad{where} = {failed[at]}, total{where} = {whole[at]}")
    good = np.asarray(whole - failed)
    return np.asarray(failed.astype(np.float64)), np.asarray(good.astype(np.float64))


def _integers(values: npt.ArrayLike, field: str) -> npt.NDArray[Any]:
    """Read integers as int64, or as Python's own where that is too short."""
    array = array_of(values, field, error=InvalidCounts)
    if array.size == 0:
        return np.zeros(array.shape, dtype=np.int64)
    plain = array.dtype == object and all(type(value) is int for value in array.flat)
    if array.dtype.kind not in "iu" and not plain:
        raise WrongType(f"{field} must be integers, got dtype {array.dtype}")
    return array.astype(object if plain or array.dtype == np.uint64 else np.int64)
