"""Thresholds on burn rates: what an alert, or a caller, asks of an evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

import attrs

from slokit.errors import InvalidAlert, WrongType
from slokit.rational import RationalLike, parse_rational
from slokit.timeline import DurationLike, parse_length

__all__ = [
    "BurnThreshold",
    "Comparison",
    "check_threads",
    "parse_burn_rate",
    "parse_comparison",
    "parse_share",
    "several",
]

Comparison = Literal["gt", "gte"]
"""Strictly greater, or at least as great; without data neither holds."""


def parse_burn_rate(value: RationalLike) -> Fraction:
    """Read a burn rate as a decimal; it must not be negative."""
    rate = parse_rational(value, "burn_rate")
    # Comparing fractions takes longer than reading one, and a sweep has thousands.
    if rate.numerator < 0:
        raise InvalidAlert(f"burn_rate must not be negative, got {value}")
    return rate


def parse_share(value: RationalLike) -> Fraction:
    """Read a share of a budget as a decimal; it must not be negative, and may pass 1."""
    share = parse_rational(value, "share")
    if share.numerator < 0:
        raise InvalidAlert(f"share must not be negative, got {value}")
    return share


def parse_comparison(value: Comparison) -> Comparison:
    """Read which comparison is meant."""
    if value not in ("gt", "gte"):
        raise InvalidAlert(f'op must be "gt" or "gte", got {value!r:.60}')
    return value


def several(windows: Iterable[DurationLike], field: str) -> list[DurationLike]:
    """Read several windows; one alone is a mistake, and a text would be taken for its characters."""
    if isinstance(windows, str) or not isinstance(windows, Iterable):
        raise WrongType(f"{field} must be several durations, got {windows!r:.64}; write them in a list")
    return list(windows)


def check_threads(threads: int) -> int:
    """Read a number of threads."""
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise WrongType(f"threads must be an integer of 1 or more, got {threads!r}")
    return threads


def _lengths(values: Iterable[DurationLike | int]) -> tuple[int, ...]:
    return tuple(parse_length(value, "window") for value in values)


@attrs.frozen
class BurnThreshold:
    """All of some rolling windows burn faster than a threshold.

    Parameters
    ----------
    burn_rate
        The threshold, read as a decimal.
    windows
        Durations, kept as integer nanoseconds; none means the objective's own window.
    op
        ``"gt"`` for strictly faster, ``"gte"`` for at least as fast.

    Raises
    ------
    InvalidAlert
        If the threshold is negative or ``op`` is another word.
    InvalidDuration
        If a window cannot be read.

    Examples
    --------
    >>> BurnThreshold(14.4, ["1h", "5m"])
    BurnThreshold(burn_rate=Fraction(72, 5), windows=(3600000000000, 300000000000), op='gt')
    """

    burn_rate: Fraction = attrs.field(converter=parse_burn_rate)
    windows: tuple[int, ...] = attrs.field(default=(), converter=_lengths)
    op: Comparison = attrs.field(default="gt", converter=parse_comparison)
