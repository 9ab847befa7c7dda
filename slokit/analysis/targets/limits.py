"""Limits: what each of those who must agree to a target can live with, and what they object to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from fractions import Fraction

import attrs

from slokit._display import Shown, amount_text, clean, percent
from slokit.errors import InvalidNumber, WrongType
from slokit.rational import RationalLike, decimal_text, parse_rational, percent_text

__all__ = ["Limits", "LimitsLike", "Objection"]


def _share(value: RationalLike | None, field: str) -> Fraction | None:
    if value is None:
        return None
    share = parse_rational(value, field)
    if not 0 <= share <= 1:
        raise InvalidNumber(f'{field} must be a share from 0 to 1, such as "95%", got {value}')
    return share


def _rate(value: RationalLike | None, field: str) -> Fraction | None:
    if value is None:
        return None
    rate = parse_rational(value, field)
    if rate < 0:
        raise InvalidNumber(f"{field} must not be negative, got {value}")
    return rate


def _met(value: RationalLike | None) -> Fraction | None:
    return _share(value, "windows_met")


def _pages(value: RationalLike | None) -> Fraction | None:
    return _rate(value, "pages_per_month")


def _freeze(value: RationalLike | None) -> Fraction | None:
    return _rate(value, "freeze_days_per_quarter")


def _credit(value: RationalLike | None) -> Fraction | None:
    return _share(value, "expected_credit")


def _promise(value: RationalLike | None) -> Fraction | None:
    return _share(value, "promise")


@attrs.frozen(kw_only=True, repr=False)
class Limits(Shown):
    """What the stakeholders can live with; whoever has no limit objects to nothing.

    Parameters
    ----------
    windows_met
        Engineering: at least this share of past windows reached.
    pages_per_month
        Operations: at most so many pages in 30 days.
    freeze_days_per_quarter
        Product: at most so many days without changes in 91.
    expected_credit
        Business: at most this share of the fee to be expected as credit.
    promise
        Sales: at least this much to be promised.

    Raises
    ------
    InvalidNumber
        If one is out of range.

    Examples
    --------
    >>> Limits(pages_per_month=4, promise="99.5%")
    Limits(operations: pages_per_month at most 4; sales: promise at least 99.5%)
    """

    windows_met: Fraction | None = attrs.field(default=None, converter=_met)
    pages_per_month: Fraction | None = attrs.field(default=None, converter=_pages)
    freeze_days_per_quarter: Fraction | None = attrs.field(default=None, converter=_freeze)
    expected_credit: Fraction | None = attrs.field(default=None, converter=_credit)
    promise: Fraction | None = attrs.field(default=None, converter=_promise)

    @classmethod
    def of(cls, values: LimitsLike | None) -> Limits:
        """Read limits, as they are or by name.

        Raises
        ------
        InvalidNumber
            If a name is unknown.
        """
        if values is None:
            return cls()
        if isinstance(values, Limits):
            return values
        if not isinstance(values, Mapping):
            raise WrongType(f"limits must be Limits or a mapping of their names, got {type(values).__name__}")
        for name in values:
            if name not in STAKEHOLDERS:
                close = get_close_matches(str(name), STAKEHOLDERS, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise InvalidNumber(f"limits must be among {', '.join(STAKEHOLDERS)}, got {str(name)[:60]!r}{hint}")
        return cls(**values)

    def objections(self, figures: Mapping[str, Fraction | None]) -> Iterator[Objection]:
        """Yield who objects to some figures; what is not known is objected to by nobody."""
        for name, (who, least) in STAKEHOLDERS.items():
            limit, value = getattr(self, name), figures.get(name)
            if limit is not None and value is not None and (value < limit if least else value > limit):
                yield Objection(who, name, value, limit)

    def _facts(self) -> Iterator[tuple[str, str]]:
        for name, (who, least) in STAKEHOLDERS.items():
            if (limit := getattr(self, name)) is not None:
                yield who, f"{name} at {'least' if least else 'most'} {figure_text(name, limit)}"

    def __repr__(self) -> str:
        return f"Limits({'; '.join(f'{who}: {text}' for who, text in self._facts())})"


LimitsLike = Limits | Mapping[str, RationalLike]
"""Limits, or a mapping of their names."""

STAKEHOLDERS = {
    "windows_met": ("engineering", True),
    "pages_per_month": ("operations", False),
    "freeze_days_per_quarter": ("product", False),
    "expected_credit": ("business", False),
    "promise": ("sales", True),
}
"""Whose each figure is, and whether more of it is better."""

_SHARES = ("windows_met", "expected_credit", "promise")


def figure_text(name: str, value: Fraction) -> str:
    """Write a limit in full: the text is what was given."""
    return percent_text(value) if name in _SHARES else decimal_text(value)


@attrs.frozen(repr=False)
class Objection(Shown):
    """Who objects to a row, and why.

    Parameters
    ----------
    who
        The stakeholder.
    figure
        Which figure it is about.
    value, limit
        The figure, exact, and what was asked for.
    """

    who: str
    figure: str
    value: Fraction
    limit: Fraction

    @property
    def text(self) -> str:
        """The objection in words."""
        least = STAKEHOLDERS[self.figure][1]
        shown = _near(self.figure, self.value, self.limit)
        what = self.figure.replace("_", " ")
        return (
            f"{self.who}: {what} {shown}, {'at least' if least else 'at most'} {figure_text(self.figure, self.limit)}"
        )

    def __repr__(self) -> str:
        return f"Objection({clean(self.text)})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "who", self.who
        yield "why", clean(self.text)


def _near(name: str, value: Fraction, limit: Fraction) -> str:
    if name in _SHARES:
        return percent(value, 2, against=[limit])
    # A rate of 4.04 must not read as the 4 that it exceeds.
    places = 1
    while round(value, places) == limit and value != limit:
        places += 1
    return amount_text(round(value, places) or value)
