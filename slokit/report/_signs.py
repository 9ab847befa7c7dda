"""The signs of a report: how burn, time and amounts are written in a few columns, and in which colour.

One scale of burn serves the strip, the list of burn rates and the worst windows of a report. It is logarithmic, as
what matters is: three times as fast is one sign higher, and 1x, which spends exactly the budget, is half the height.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import groupby

import attrs

from slokit._display import amount_text
from slokit.report.summary import Column
from slokit.timeline import duration_text, to_datetime

__all__ = [
    "HELD",
    "INDENT",
    "LEVELS",
    "NO_DATA",
    "OUT",
    "Style",
    "amount",
    "bounded",
    "cells",
    "cut",
    "ends",
    "finished",
    "flow",
    "fold",
    "heat",
    "instant",
    "kind",
    "level",
    "line",
    "noun",
    "pad",
    "plain",
    "span",
    "strip",
]

_BOUNDS = (0, 0.1, 0.3, 1, 3, 10, 30)
LEVELS = "▁▂▃▄▅▆▇█"
NO_DATA, _UNSEEN, OUT = "◦", " ", "×"
INDENT = 16
# Holds words together where a line is broken, and becomes a space in the end. Nobody's text has one: clean() writes
# what does not print as its escape.
HELD = "\N{NO-BREAK SPACE}"
_NARROW, _WIDE = 40, 120
_MINUTE, _DAY = 60_000_000_000, 86_400_000_000_000
_PADDING = re.compile(r" +((?:\x1b\[[\d;]*m)*)$")
_ESCAPE = re.compile(r"(\x1b\[[\d;]*m)")
_CODES = {"good": "32", "warn": "33", "bad": "31;1", "dim": "2", "bold": "1"}
_ASCII = str.maketrans({
    "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#", "░": ".", "·": "-", "×": "x",
    "◦": "o", "–": "-", "−": "-", "…": "~", "≥": ">=", "→": "->",
})  # fmt: skip


@attrs.frozen(kw_only=True)
class Style:
    """How a report may be written.

    Parameters
    ----------
    width
        Columns of the terminal, from 40 on; lines are broken and tables shortened to keep within.
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


def bounded(style: Style) -> Style:
    """Return a style with a width that a report can keep to."""
    return attrs.evolve(style, width=min(max(style.width, _NARROW), _WIDE))


def finished(lines: Iterable[str], look: Style) -> str:
    """Break lines to the width, and write them in what the terminal can show; each ends with a newline."""
    text = "".join(f"{row}\n" for line in lines for row in fold(line, look.width)).replace(HELD, " ")
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode() if look.ascii_only else text


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


def amount(number: int | Fraction, unit: str) -> str:
    """Write a number of events; what is counted in microseconds is a length of time."""
    if unit == "us":
        seconds = int(number // 1_000_000) * 1_000_000_000
        return (
            duration_text(seconds) if seconds else f"{int(number):,}us" if number >= 1 else f"{amount_text(number)}us"
        )
    if unit.startswith("1e-9 "):
        whole = Fraction(number, 10**9)
        return amount_text(whole) if 0 < whole < Fraction(1, 1000) else f"{float(whole):,.3f}"
    return amount_text(number)


def noun(unit: str) -> str:
    """Return what the events of a unit are called."""
    return {"us": "of time", "1e-9 slices": "slices"}.get(unit, unit)


def line(title: str, text: str) -> str:
    """Write a line under its title, or under none."""
    return f"  {title:<{INDENT - 2}}{text}".rstrip()


def instant(instant: int) -> str:
    """Write an instant to the minute, or to the second where it is not a full one, in UTC."""
    return to_datetime(instant).strftime(f"%Y-%m-%d{HELD}%H:%M{':%S' if instant % _MINUTE else ''}")


def ends(columns: Sequence[Column], room: int) -> str:
    """Write what goes under the two ends of a strip: dates, or times of day where all of it is less than a day.

    Where they would run into each other, or the strip has no room on one line, they are written as a span.
    """
    start, end = columns[0].start, columns[-1].end
    form = "%Y-%m-%d" if end - start >= _DAY else "%H:%M" if start % _MINUTE == end % _MINUTE == 0 else "%H:%M:%S"
    first, last = (to_datetime(edge).strftime(form) for edge in (start, end))
    gap = len(columns) - len(first) - len(last)
    return f"{first}{HELD * gap}{last}" if gap >= 2 and len(columns) <= room else f"{first} – {last}"


def span(start: datetime, end: datetime) -> str:
    """Write a span in UTC, naming the day once where it is one."""
    seconds = ":%S" if start.second or end.second else ""
    first = start.strftime(f"%Y-%m-%d{HELD}%H:%M{seconds}")
    last = end.strftime(f"%H:%M{seconds}" if start.date() == end.date() else f"%Y-%m-%d{HELD}%H:%M{seconds}")
    return f"{first}{HELD}– {last}"


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
    return _ESCAPE.sub("", text)


def cut(text: str, width: int) -> str:
    """Cut a text down to a width, in columns of a terminal."""
    if cells(text) <= width:
        return text
    while cells(text) >= width:
        text = text[:-1]
    return text + "…"


def fold(text: str, width: int, indent: int = INDENT) -> list[str]:
    """Break a line that is too wide between words, and in a word only where it alone is too wide.

    Lines after the first are indented. A colour ends with a line and begins anew on the next, since pagers forget it.
    ``HELD`` holds words together.

    Examples
    --------
    >>> fold("  Window  2026-06-01 to 2026-07-01, in buckets of 5m", 24, 10)
    ['  Window  2026-06-01 to', '          2026-07-01, in', '          buckets of 5m']
    """
    if cells(plain(text)) <= width:
        return [text]
    lines, used, color = [""], 0, ""

    def begin() -> None:
        nonlocal used
        lines[-1] = _PADDING.sub(r"\1", lines[-1]) + ("\x1b[0m" if color else "")
        lines.append(" " * indent + color)
        used = indent

    for gap, word in re.findall(r"( *)([^ ]*)", text):
        size = cells(plain(word))
        if used + len(gap) > indent and used + len(gap) + size > width and size:
            begin()
        else:
            lines[-1] += gap
            used += len(gap)
        for piece in _ESCAPE.split(word):
            if _ESCAPE.fullmatch(piece):
                color = "" if piece == "\x1b[0m" else piece
                lines[-1] += piece
                continue
            for letter in piece:
                if used + cells(letter) > width:
                    begin()
                lines[-1] += letter
                used += cells(letter)
    return lines


def flow(facts: Sequence[str], look: Style) -> Iterator[str]:
    """Write facts on one line, broken between them where it does not fit."""
    text, *more = facts
    for fact in more:
        if cells(plain(text)) + 3 + cells(plain(fact)) > look.width:
            yield from fold(text, look.width, 2)
            text = "  " + fact
        else:
            text = f"{text} · {fact}"
    yield from fold(text, look.width, 2)
