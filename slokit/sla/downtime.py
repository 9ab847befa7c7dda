"""Which minutes of a service are down: the rule of an agreement that promises time.

An agreement that counts requests needs no such rule. Most count minutes: one is down in which enough was tried and
(next to) nothing worked, and often only as one of several in a row, so that a hiccup owes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import attrs

from slokit._display import Shown
from slokit.errors import InvalidSLA
from slokit.rational import RationalLike, parse_integer, parse_rational, percent_text
from slokit.timeline import DurationLike, duration_text, parse_length

__all__ = ["Downtime"]

_MOST_IN_A_ROW = 2**27


def _min_total(value: int) -> int:
    return parse_integer(value, "min_total", 1, 2**63 - 1, InvalidSLA)


def _in_a_row(value: int) -> int:
    return parse_integer(value, "in_a_row", 1, _MOST_IN_A_ROW, InvalidSLA)


def _max_sli(value: RationalLike) -> Fraction:
    share = parse_rational(value, "max_sli")
    if not 0 <= share < 1:
        raise InvalidSLA(f"max_sli must be at least 0 and below 1, got {value}; at 1 every minute would be down")
    return share


def _each(value: DurationLike | int) -> int:
    return parse_length(value, "each")


@attrs.frozen(kw_only=True, repr=False)
class Downtime(Shown):
    """Which minutes are down, and how many of them in a row count.

    Parameters
    ----------
    min_total
        A minute with fewer events than this is not down: too little was tried to tell. At least 1.
    max_sli
        A minute is down where at most this share of its events was good; 0: none was.
    in_a_row
        Minutes count only in runs of at least so many. Runs are found before they are cut into months, and before
        exclusions are taken out.
    each
        What a minute is: a duration, or integer nanoseconds, as it is kept. Counts in shorter buckets are summed.

    Raises
    ------
    InvalidSLA
        If a number is out of range.

    Examples
    --------
    >>> Downtime(min_total=3, in_a_row=5)
    Downtime(each 1m with 3 or more events and at most 0% good, 5 or more in a row)
    """

    min_total: int = attrs.field(default=1, converter=_min_total)
    max_sli: Fraction = attrs.field(default=Fraction(0), converter=_max_sli)
    in_a_row: int = attrs.field(default=1, converter=_in_a_row)
    each: int = attrs.field(default=60_000_000_000, converter=_each)

    @property
    def least(self) -> int:
        """The shortest outage that counts, nanoseconds."""
        return self.in_a_row * self.each

    @property
    def text(self) -> str:
        """The rule in words."""
        row = f", {self.in_a_row:,} or more in a row" if self.in_a_row > 1 else ""
        events = f"{self.min_total:,} or more events" if self.min_total > 1 else "any event"
        return f"each {duration_text(self.each)} with {events} and at most {percent_text(self.max_sli)} good{row}"

    def __repr__(self) -> str:
        return f"Downtime({self.text})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "down", self.text
