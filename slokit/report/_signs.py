"""The signs of a report: how burn, time and amounts are written in a few columns, and in which colour.

One scale of burn serves the strip, the list of burn rates and the worst windows of a report. It is logarithmic, as
what matters is: three times as fast is one sign higher, and 1x, which spends exactly the budget, is half the height.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

import attrs

from slokit._display import short
from slokit.report.summary import Column
from slokit.timeline import duration_text, to_datetime

__all__ = [
    "ASCII",
    "LEVELS",
    "NO_DATA",
    "OUT",
    "Style",
    "amount",
    "cells",
    "heat",
    "instant",
    "kind",
    "level",
    "line",
    "noun",
    "pad",
    "plain",
    "short_date",
    "span",
    "strip",
]

_BOUNDS = (0, 0.1, 0.3, 1, 3, 10, 30)
LEVELS = "▁▂▃▄▅▆▇█"
NO_DATA, _UNSEEN, OUT = "◦", " ", "×"
_INDENT = 16
_CODES = {"good": "32", "warn": "33", "bad": "31;1", "dim": "2", "bold": "1"}
ASCII = str.maketrans({
    "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#", "░": ".", "·": "-", "×": "x",
    "◦": "o", "–": "-", "−": "-", "…": "~", "≥": ">=", "→": "->",
})  # fmt: skip


@attrs.frozen(kw_only=True)
class Style:
    """How a report may be written.

    Parameters
    ----------
    width
        Columns of the terminal; lines are kept within, where words allow.
    color
        Whether to colour by ANSI escapes.
    ascii_only
        Whether to keep to ASCII.
    most_series
        How many series of several are listed.
    """

    width: int = 100
    color: bool = False
    ascii_only: bool = False
    most_series: int = 20

    def paint(self, role: str, text: str) -> str:
        """Colour text by its role: good, warn, bad, dim or bold."""
        return f"\x1b[{_CODES[role]}m{text}\x1b[0m" if self.color and text.strip() else text


def level(rate: float) -> int:
    """Return the index into LEVELS of a burn rate."""
    return bisect_left(_BOUNDS, rate)


def heat(rate: float | None) -> str:
    """Return the role that colours a burn rate."""
    return "dim" if rate is None else "good" if rate <= 1 else "warn" if rate <= 10 else "bad"


def kind(column: Column) -> str:
    """Say whether a column holds data, nothing, nothing that was observed, or what was taken out."""
    if column.excluded:
        return "out"
    if column.burn_rate is None:
        return "no data" if column.observed else "unseen"
    return "data"


def strip(columns: Iterable[Column], look: Style) -> str:
    """Draw columns, a sign each; neighbours of one colour share an escape."""
    signs = [_sign(column) for column in columns]
    return "".join(look.paint(role, "".join(text for _, text in run)) for role, run in groupby(signs, lambda s: s[0]))


def _sign(column: Column) -> tuple[str, str]:
    """Return the role and the sign of a column."""
    which = kind(column)
    if which == "data":
        return heat(column.burn_rate), LEVELS[level(column.burn_rate or 0)]
    return "dim", {"out": OUT, "no data": NO_DATA, "unseen": _UNSEEN}[which]


def amount(number: int, unit: str) -> str:
    """Write a number of events; what is counted in microseconds is a length of time."""
    if unit == "us":
        seconds = number // 1_000_000 * 1_000_000_000
        return duration_text(seconds) if seconds else f"{number:,}us"
    if unit.startswith("1e-9 "):
        return f"{number / 1e9:,.3f}"
    return short(number)


def noun(unit: str) -> str:
    """Return what the events of a unit are called."""
    return {"us": "of time", "1e-9 slices": "slices"}.get(unit, unit)


def line(title: str, text: str) -> str:
    """Write a line under its title, or under none."""
    return f"  {title:<{_INDENT - 2}}{text}".rstrip()


def instant(instant: int) -> str:
    """Write an instant to the minute, in UTC."""
    return to_datetime(instant).strftime("%Y-%m-%d %H:%M")


def short_date(instant: int) -> str:
    """Write the date of an instant, in UTC."""
    return to_datetime(instant).strftime("%Y-%m-%d")


def span(start: datetime, end: datetime) -> str:
    """Write a span in UTC, naming the day once where it is one."""
    seconds = ":%S" if start.second or end.second else ""
    first = start.strftime(f"%Y-%m-%d %H:%M{seconds}")
    last = end.strftime(f"%H:%M{seconds}" if start.date() == end.date() else f"%Y-%m-%d %H:%M{seconds}")
    return f"{first} – {last}"


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) == "Cf"
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill up to a width, in columns of a terminal."""
    fill = " " * (width - cells(text))
    return fill + text if right else text + fill


def plain(text: str) -> str:
    """Take colour out again, to measure."""
    for code in _CODES.values():
        text = text.replace(f"\x1b[{code}m", "")
    return text.replace("\x1b[0m", "")
