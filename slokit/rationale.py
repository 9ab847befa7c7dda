"""Why a target is what it is: what users said, what others offer, what the business needs.

A target without a reason cannot be argued with. A reason is a record for people: it decides nothing, and it stands
beside the definition, with its source and its date, so that a review can ask whether it still holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date as Date  # noqa: N812  a field is called date
from datetime import datetime
from typing import Literal, get_args

import attrs

from slokit._display import Shown, clean
from slokit.errors import InvalidSLO, WrongType
from slokit.texts import check_text

__all__ = ["Rationale", "RationaleKind", "parse_date"]

RationaleKind = Literal["survey", "feedback", "competitor", "business", "contract", "dependency", "history", "other"]
"""Where a reason comes from: what users answered when asked, or said unasked; what others offer; what the business
needs; what a contract promises; what dependencies can carry; what was reached so far."""

_MAX_TEXT = 1_000
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_date(value: str | Date, field: str) -> str:
    """Read a date into its ISO text.

    Raises
    ------
    InvalidSLO
        If it is no real date.
    WrongType
        If it is neither a date nor text.
    """
    if isinstance(value, Date) and not isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        raise WrongType(f'{field} must be a date such as "2026-05-01", got {type(value).__name__}: {value!r:.100}')
    text = value.strip()
    try:
        return Date.fromisoformat(text if _DATE.fullmatch(text) else "").isoformat()
    except ValueError:
        raise InvalidSLO(f'{field} must be a real date such as "2026-05-01", got {value[:40]!r}') from None


def _date_text(value: str | Date | None) -> str | None:
    return None if value is None else parse_date(value, "date")


@attrs.frozen(repr=False)
class Rationale(Shown):
    """One reason for a target.

    Parameters
    ----------
    kind
        See :data:`RationaleKind`.
    source
        Who said so, or where it is written.
    value
        What was said, in words and figures.
    date
        When: a ``date``, or text such as ``"2026-05-01"``, as it is kept.

    Raises
    ------
    InvalidSLO
        If the kind is unknown, a text is empty or long, or the date is none.

    Examples
    --------
    >>> Rationale("survey", source="customer survey 2026", value="9 of 10 expect a page within 2 s", date="2026-03-01")
    Rationale(survey, 2026-03-01: 9 of 10 expect a page within 2 s (customer survey 2026))
    """

    kind: RationaleKind
    source: str
    value: str
    date: str | None = attrs.field(default=None, converter=_date_text)

    def __attrs_post_init__(self) -> None:
        if self.kind not in get_args(RationaleKind):
            raise InvalidSLO(f"kind must be one of {', '.join(get_args(RationaleKind))}, got {self.kind!r:.100}")
        for field in ("source", "value"):
            check_text(field, getattr(self, field), InvalidSLO, most=_MAX_TEXT, lines=field == "value")

    @property
    def text(self) -> str:
        """One line for people; what does not print is shown as its escape."""
        when = f", {self.date}" if self.date else ""
        return f"{self.kind}{when}: {clean(self.value, _MAX_TEXT)} ({clean(self.source, _MAX_TEXT)})"

    def __repr__(self) -> str:
        return f"Rationale({self.text})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        for field in ("kind", "source", "value", "date"):
            if (value := getattr(self, field)) is not None:
                yield field, clean(value, _MAX_TEXT)
