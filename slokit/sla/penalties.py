"""What a missed promise costs: tiers of credit, and the rounding of money, which is a rule of its own.

A credit is an exact share of the fee. Money has a smallest coin, so the last step rounds, and a statement says how.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Literal, get_args

import attrs

from slokit._display import Shown
from slokit.errors import InvalidSLA, WrongType
from slokit.rational import RationalLike, percent_text
from slokit.sla.shares import parse_share

__all__ = ["Amount", "Money", "Penalty", "Rounding", "check_penalties", "credit_for", "rounded"]

Rounding = Literal["half_up", "half_even", "down", "up"]
"""What becomes of part of a coin: halves away from zero or to the even coin, or always dropped or made whole."""

Amount = Decimal | int | str
"""What money may be written as; a float is refused."""

_MOST_DIGITS = 40
_CURRENCY = re.compile(r"[A-Z]{3}")


def _below(value: RationalLike) -> Fraction:
    return parse_share(value, "below")


def _credit(value: RationalLike) -> Fraction:
    return parse_share(value, "credit")


@attrs.frozen(repr=False)
class Penalty(Shown):
    """A tier: the share of the fee that is due where the uptime is below a threshold.

    Parameters
    ----------
    below
        Uptime strictly below this is in the tier; above 0, at most 1.
    credit
        The share of the fee, above 0, at most 1.

    Raises
    ------
    InvalidSLA
        If a share is out of range.

    Examples
    --------
    >>> Penalty("99.9%", "10%")
    Penalty(below 99.9%: 10% of the fee)
    """

    below: Fraction = attrs.field(converter=_below)
    credit: Fraction = attrs.field(converter=_credit)

    def __attrs_post_init__(self) -> None:
        for field in ("below", "credit"):
            if not getattr(self, field):
                raise InvalidSLA(f"{field} must be above 0, got 0: such a tier owes nothing; leave it out")

    @property
    def text(self) -> str:
        """The tier in words."""
        return f"below {percent_text(self.below)}: {percent_text(self.credit)} of the fee"

    def __repr__(self) -> str:
        return f"Penalty({self.text})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "below", percent_text(self.below)
        yield "credit", percent_text(self.credit)


def check_penalties(penalties: Iterable[Penalty], target: Fraction) -> None:
    """Refuse tiers that are out of order, or that fine a kept promise.

    Raises
    ------
    InvalidSLA
        If thresholds do not fall, credits do not rise, or the first threshold lies above the target.
    WrongType
        If one is no Penalty.
    """
    before: Penalty | None = None
    for i, tier in enumerate(penalties):
        if not isinstance(tier, Penalty):
            raise WrongType(f"penalties[{i}] must be a Penalty, got {type(tier).__name__}: {tier!r:.100}")
        if tier.below > target:
            raise InvalidSLA(
                f"penalties[{i}] must not begin above the target, got below {percent_text(tier.below)} at a target of "
                f"{percent_text(target)}: a kept promise would be fined"
            )
        if before is not None and not tier.below < before.below:
            raise InvalidSLA(
                f"penalties[{i}] must begin below the tier before it, got {percent_text(tier.below)} after "
                f"{percent_text(before.below)}; list the highest threshold first"
            )
        if before is not None and not tier.credit > before.credit:
            raise InvalidSLA(
                f"penalties[{i}] must owe more than the tier before it, got {percent_text(tier.credit)} after "
                f"{percent_text(before.credit)}"
            )
        before = tier


def credit_for(uptime: Fraction, penalties: Iterable[Penalty], cap: Fraction) -> Fraction:
    """Return the share of the fee that is due for an uptime: that of the lowest tier reached, and never above the cap.

    Examples
    --------
    >>> tiers = [Penalty("99.9%", "10%"), Penalty("99%", "25%")]
    >>> [str(credit_for(Fraction(text), tiers, Fraction(1))) for text in ("0.999", "0.9989", "0.98")]
    ['0', '1/10', '1/4']
    """
    return min(max((tier.credit for tier in penalties if uptime < tier.below), default=Fraction(0)), cap)


def _fee(value: Amount) -> Decimal:
    return _amount(value, "fee")


def _quantum(value: Amount) -> Decimal:
    return _amount(value, "quantum")


@attrs.frozen(kw_only=True, repr=False)
class Money(Shown):
    """A fee, and how a share of it becomes an amount.

    Parameters
    ----------
    fee
        What the customer pays for the period: a ``Decimal``, an int or decimal text, not negative. A float is refused.
    currency
        Three capital letters, such as ``"USD"``.
    quantum
        The smallest coin, such as ``"0.01"``.
    rounding
        See :data:`Rounding`.

    Raises
    ------
    InvalidSLA
        If a number cannot be an amount, or a word is unknown.

    Examples
    --------
    >>> Money(fee="12000.50", currency="USD").share(Fraction(1, 3))
    Decimal('4000.17')
    """

    fee: Decimal = attrs.field(converter=_fee)
    currency: str
    quantum: Decimal = attrs.field(default=Decimal("0.01"), converter=_quantum)
    rounding: Rounding = "half_up"

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.currency, str):
            raise WrongType(f"currency must be text, got {type(self.currency).__name__}: {self.currency!r:.100}")
        if not _CURRENCY.fullmatch(self.currency):
            raise InvalidSLA(f'currency must be three capital letters such as "USD", got {self.currency[:40]!r}')
        if not self.quantum:
            raise InvalidSLA('quantum must be above 0, such as "0.01"')
        if self.rounding not in get_args(Rounding):
            raise InvalidSLA(f"rounding must be one of {', '.join(get_args(Rounding))}, got {self.rounding!r:.40}")

    def share(self, credit: Fraction) -> Decimal:
        """Return a share of the fee as whole coins."""
        return rounded(Fraction(self.fee) * credit, self.quantum, self.rounding)

    @property
    def text(self) -> str:
        """The fee and the rule in words."""
        rule = {"half_up": "half up", "half_even": "half to even", "down": "down", "up": "up"}[self.rounding]
        return f"{self.fee:f} {self.currency}, rounded {rule} to {self.quantum:f}"

    def __repr__(self) -> str:
        return f"Money({self.text})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "fee", self.text


def _amount(value: Amount, field: str) -> Decimal:
    """Read an amount of money, exactly."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise WrongType(
            f'{field} must be a Decimal, an int or decimal text such as "12000.50", got {type(value).__name__}: '
            f"{value!r:.100}"
        )
    try:
        # int before Decimal: str() of a huge one is refused by Python itself.
        wide = isinstance(value, int) and value.bit_length() > 4 * _MOST_DIGITS
        amount = None if wide or len(str(value)) > 2 * _MOST_DIGITS else Decimal(value)
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount.is_signed() or not _is_short(amount):
        shown = "a number that is too long" if isinstance(value, int) and value.bit_length() > 256 else repr(value)[:60]
        raise InvalidSLA(f"{field} must be an amount of at most {_MOST_DIGITS} digits, not negative, got {shown}")
    return amount


def _is_short(amount: Decimal) -> bool:
    _, digits, exponent = amount.as_tuple()
    return isinstance(exponent, int) and len(digits) <= _MOST_DIGITS and abs(exponent) <= _MOST_DIGITS


def rounded(amount: Fraction, quantum: Decimal, rounding: Rounding) -> Decimal:
    """Round an amount that is not negative to whole coins, exactly: no context of ``decimal`` has a say.

    Examples
    --------
    >>> [str(rounded(Fraction(x), Decimal("0.05"), "half_up")) for x in ("0.02", "0.025", "1")]
    ['0.00', '0.05', '1.00']
    """
    coins, rest = divmod(amount, Fraction(quantum))
    half = Fraction(quantum) / 2
    match rounding:
        case "half_up":
            more = rest >= half
        case "half_even":
            more = rest > half or (rest == half and coins % 2 == 1)
        case "up":
            more = rest > 0
        case _:
            more = False
    _, digits, exponent = quantum.as_tuple()
    units = (coins + more) * int("".join(map(str, digits)))
    return Decimal((0, tuple(map(int, str(units))), int(exponent)))
