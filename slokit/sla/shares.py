"""Shares of an agreement: thresholds, credits and the cap, which unlike an objective's target may be all of it."""

from __future__ import annotations

from fractions import Fraction

from slokit.errors import InvalidSLA
from slokit.rational import RationalLike, decimal_text, parse_rational

__all__ = ["parse_share"]


def parse_share(value: RationalLike, field: str) -> Fraction:
    """Read a share: a rational from 0 to 1, both included.

    Raises
    ------
    InvalidSLA
        If it lies outside; where percent was plainly meant the message says how to write it.

    Examples
    --------
    >>> parse_share("99.9%", "below")
    Fraction(999, 1000)
    """
    share = parse_rational(value, field)
    if not 0 <= share <= 1:
        meant = f'; did you mean "{decimal_text(share)}%"?' if 1 < share <= 100 and "%" not in str(value) else ""
        raise InvalidSLA(f"{field} must be from 0 to 1, got {value}{meant}")
    return share
