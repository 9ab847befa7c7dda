"""Approvals: who agreed to an objective and its policy, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date  # noqa: N812  a field is called date

import attrs

from slokit._display import Shown, clean
from slokit.errors import InvalidSLO
from slokit.rationale import parse_date
from slokit.texts import check_text

__all__ = ["Approval"]


def _date(value: str | Date) -> str:
    return parse_date(value, "date")


@attrs.frozen(repr=False)
class Approval(Shown):
    """Who agreed, and when: a record for people.

    Parameters
    ----------
    by
        Who.
    role
        For whom they speak, such as ``"product"``.
    date
        A ``date``, or text such as ``"2026-05-01"``, as it is kept.

    Raises
    ------
    InvalidSLO
        If a text is empty or too long, or the date is none.

    Examples
    --------
    >>> Approval("A. Turing", "engineering", "2026-05-01")
    Approval(2026-05-01: A. Turing, engineering)
    """

    by: str
    role: str
    date: str = attrs.field(converter=_date)

    def __attrs_post_init__(self) -> None:
        for field in ("by", "role"):
            check_text(field, getattr(self, field), InvalidSLO)

    def __repr__(self) -> str:
        return f"Approval({self.date}: {clean(self.by)}, {clean(self.role)})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "by", clean(self.by)
        yield "role", clean(self.role)
        yield "date", self.date
