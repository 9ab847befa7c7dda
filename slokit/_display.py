"""Strings for people: numbers short enough to read, percentages that do not lie, text that cannot bite.

Pure functions from values to strings, and :class:`Shown`, by which value objects use them; no object of slokit is
known here. Two rules run through all of it. Rounding must not change a verdict: a ratio that misses 100%, 0% or its
objective by a hair is shown with as many digits as the hair needs. And whatever people typed is cleaned or escaped
where it is written, not where it is read: a label may hold a terminal's escape sequence, a right-to-left override or a
``<script>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, ClassVar

__all__ = [
    "Shown",
    "amount_text",
    "bar",
    "clean",
    "html_table",
    "html_text",
    "markdown_table",
    "markdown_text",
    "percent",
    "percent_beyond",
    "plural",
    "short",
    "text_table",
    "thousands",
]

_SCALES = ("", "k", "M", "G", "T", "P", "E")
_CAPITALS = re.compile("(?<=[a-z])[A-Z]")
# Joiners shape letters of several scripts and most emoji; they are invisible, and harmless.
_JOINERS = "\u200c\u200d"


def thousands(number: int) -> str:
    """Write an integer in full.

    Examples
    --------
    >>> thousands(12345678)
    '12,345,678'
    """
    return f"{number:,}"


def short(number: int) -> str:
    """Write an integer in at most three digits and a unit; below ten thousand in full.

    Examples
    --------
    >>> short(9_999), short(1_100_000), short(-41_260), short(999_999)
    ('9,999', '1.1 M', '-41.3 k', '1 M')
    """
    if abs(number) < 10_000:
        return f"{number:,}"
    size, scale = abs(number), 0
    while size >= 1000 ** (scale + 1) and scale < len(_SCALES) - 1:
        scale += 1
    while True:
        digits = 3 - len(str(size // 1000**scale))
        figure = round(Fraction(size, 1000**scale), max(digits, 0))
        # 999,999 rounds to a thousand thousands, which has a unit of its own.
        if figure < 1000 or scale == len(_SCALES) - 1:
            break
        scale += 1
    return f"{'-' if number < 0 else ''}{_decimal(figure, max(digits, 0))} {_SCALES[scale]}"


def amount_text(amount: Fraction | int) -> str:
    """Write an amount that need not be whole, such as the bad events that an objective allows.

    From a hundred on the part below one is dropped: whole numbers reach or exceed the amount and its whole part alike.
    Below, three digits are shown, or more where rounding would reach a whole number that the amount does not.

    Examples
    --------
    >>> [amount_text(Fraction(text)) for text in ("0.02", "0.999", "7.2", "66.667", "1000.5", "41260")]
    ['0.02', '0.999', '7.2', '66.7', '1,000', '41.3 k']
    >>> amount_text(Fraction("99.996")), amount_text(Fraction(1, 10**9))
    ('99.996', '1e-09')
    """
    exact = Fraction(amount)
    if abs(exact) >= 100 or exact.denominator == 1:
        return short(int(exact))
    if abs(exact) < Fraction(1, 10**6):
        return f"{float(exact):.3g}"
    # The exponent of the first digit, which is a short text for all that is left here.
    places = 2 - int(f"{float(exact):e}".partition("e")[2])
    while (figure := round(exact, places)) > exact and figure.denominator == 1:
        places += 1
    return _decimal(figure, places)


def plural(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> plural(1, "bucket"), plural(1440, "bucket"), plural(3, "series", "series")
    ('1 bucket', '1,440 buckets', '3 series')
    """
    return f"{number:,} {one if abs(number) == 1 else many or one + 's'}"


def percent(ratio: Fraction | float, digits: int = 2, against: Iterable[Fraction] = ()) -> str:
    """Write a ratio as a percentage that reads on the right side of 0%, 100% and every mark it is held against.

    Parameters
    ----------
    ratio
        Exact where it can be: a float is taken for the binary number that it is.
    digits
        Decimals wanted; trailing zeros are dropped, and more are added while the rounded figure would equal or cross
        a mark that the ratio does not.
    against
        Marks besides 0 and 1, such as the target.

    Examples
    --------
    >>> percent(Fraction(999999, 1000000), 1), percent(Fraction(1, 2)), percent(1.0)
    ('99.9999%', '50%', '100%')
    >>> percent(Fraction(98999, 100000), 1, against=[Fraction(99, 100)])
    '98.999%'
    """
    exact = Fraction(ratio)
    # A ratio that is its mark is shown as the mark, unless no decimal is: a third is never 33.33%.
    marks = [mark for mark in (Fraction(0), Fraction(1), *against) if mark != exact or _is_decimal(mark)]
    places, figure = digits, round(exact * 100, digits)
    # Ends: a ratio that is not the mark leaves it behind at some digit, after some forty for sums of int64.
    while any(_side(figure, mark * 100) != _side(exact, mark) for mark in marks):
        places += 1
        figure = round(exact * 100, places)
    return f"{_decimal(figure, places)}%"


def percent_beyond(ratio: Fraction, digits: int = 2, *, up: bool) -> str:
    """Write a ratio as a percentage that is rounded to one side, as a bound has to be.

    Parameters
    ----------
    ratio
        From 0 to 1.
    digits
        Decimals; more where the figure would else be 0% or 100%, and the ratio is not.
    up
        To which side: an upper bound is rounded up.

    Examples
    --------
    >>> percent_beyond(Fraction(2, 3), up=False), percent_beyond(Fraction(2, 3), up=True)
    ('66.66%', '66.67%')
    >>> percent_beyond(Fraction("0.999999"), up=True)
    '99.9999%'
    """
    while True:
        scaled = ratio * 100 * 10**digits
        figure = Fraction(-(-scaled // 1) if up else scaled // 1) / 10**digits
        if figure / 100 == ratio or 0 < figure < 100:
            return f"{_decimal(figure, digits)}%"
        digits += 1


def bar(share: Fraction | float, width: int = 20) -> str:
    """Draw a share as a bar of blocks; full only at 1 or more, empty only at 0 or less.

    Examples
    --------
    >>> bar(0.38, 10), bar(0.9999, 10), bar(-2, 10)
    ('████░░░░░░', '█████████░', '░░░░░░░░░░')
    """
    filled = round(min(max(share, 0), 1) * width)
    if share < 1:
        filled = min(filled, width - 1)
    if share > 0:
        filled = max(filled, 1)
    return "█" * filled + "░" * (width - filled)


def clean(text: str, limit: int = 200) -> str:
    r"""Make text safe for one line of a terminal: what does not print is written as its escape, and it is not long.

    Examples
    --------
    >>> print(clean("acme\x1b[31m\n"), clean("ab" * 500, limit=5))
    acme\x1b[31m\n abab…
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isprintable():
        return cut
    # repr() knows an escape for all that does not print: controls, overrides, lone surrogates.
    return "".join(c if c.isprintable() or c in _JOINERS else repr(c)[1:-1] for c in cut)


def html_text(value: object, limit: int = 200) -> str:
    """Make anything safe inside an element or a quoted attribute of HTML.

    Examples
    --------
    >>> html_text('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    # A table of 2,231 entities, which no program that shows no HTML need load.
    from html import escape

    return escape(clean(str(value), limit), quote=True)


# Reasons and findings are whole sentences.
_MOST_IN_CELL = 1_000


def html_table(rows: Iterable[Sequence[object]], head: Sequence[object] = (), caption: str = "") -> str:
    """Build a table, every cell escaped; the first cell of a row is its heading.

    Parameters
    ----------
    rows
        Sequences of cells.
    head
        Headings of the columns, if any.
    caption
        A line above, if any.

    Examples
    --------
    >>> html_table([("target", "99.9%")], caption="<SLO>")
    '<table><caption>&lt;SLO&gt;</caption><tbody><tr><th scope="row">target</th><td>99.9%</td></tr></tbody></table>'
    """
    parts = ["<table>"]
    if caption:
        parts.append(f"<caption>{html_text(caption)}</caption>")
    if head:
        cells = "".join(f'<th scope="col">{html_text(cell)}</th>' for cell in head)
        parts.append(f"<thead><tr>{cells}</tr></thead>")
    parts.append("<tbody>")
    for row in rows:
        name, *rest = row
        cells = "".join(f"<td>{html_text(cell, _MOST_IN_CELL)}</td>" for cell in rest)
        parts.append(f'<tr><th scope="row">{html_text(name)}</th>{cells}</tr>')
    parts.append("</tbody></table>")
    return "".join(parts)


def text_table(rows: Iterable[Sequence[object]], head: Sequence[object]) -> str:
    """Build a table for a terminal; every cell is cleaned, the first column stands left and the others right.

    Examples
    --------
    >>> print(text_table([("99%", 12), ("99.9%", 3)], ("target", "pages")))
    target  pages
    99%        12
    99.9%       3
    """
    lines = [[clean(str(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


class Shown:
    """What value objects have in common at a prompt of rich and in a notebook: their facts, and a table of these.

    A class says them in ``_facts``, as texts that are cleaned here; or, where some stand without a name or are no
    text, in a ``__rich_repr__`` of its own. Above the table stands what the class is called, or its ``_caption``.

    Examples
    --------
    >>> class QuietSpell(Shown):
    ...     def _facts(self):
    ...         yield "lasted", "3h"
    >>> QuietSpell()._repr_html_()
    '<table><caption>Quiet spell</caption><tbody><tr><th scope="row">lasted</th><td>3h</td></tr></tbody></table>'
    """

    __slots__ = ()

    _caption: ClassVar[str] = ""

    def _facts(self) -> Iterable[tuple[str, str]]:
        raise NotImplementedError

    def __rich_repr__(self) -> Iterator[Any]:
        yield from ((field, clean(text, 400)) for field, text in self._facts())

    def _repr_html_(self) -> str:
        name = _CAPITALS.sub(lambda found: f" {found[0].lower()}", type(self).__name__)
        return html_table(self.__rich_repr__(), caption=self._caption or name)


# What Markdown, GitHub's flavour included, reads as more than itself inside a line or a cell of a table.
_MARKUP = {sign: f"\\{sign}" for sign in r"\`*_{}[]|~#$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKUP_OF = str.maketrans(_MARKUP)
_OPENERS = re.compile(r"^([-+=:](?=[-+=:\s]|$)|[0-9]{1,9}[.)](?=\s|$))")
_LINKS = re.compile(r"(?i)(//|www\.|@)")


def markdown_text(value: object, limit: int = 200) -> str:
    r"""Make anything plain text inside a line, a list item or a cell of a table of Markdown.

    Examples
    --------
    >>> print(markdown_text("<b>a|b</b> [x](http://x) 1*2"))
    &lt;b&gt;a\|b&lt;/b&gt; \[x\]\(http:/\/x) 1\*2
    >>> print(markdown_text("- no list"), markdown_text("1. no list"), markdown_text("---"))
    \- no list 1\. no list \---
    """
    # Four spaces in front would make code of an item, in which no escape holds.
    text = clean(str(value), limit).lstrip(" ").translate(_MARKUP_OF).replace("\\](", "\\]\\(")
    # Two slashes, a dot and an at sign make links by themselves in some flavours.
    text = _LINKS.sub(lambda found: {"//": "/\\/", "@": "\\@"}.get(found[0], f"{found[0][:-1]}\\."), text)
    return _OPENERS.sub(lambda found: f"{found[1][:-1]}\\{found[1][-1]}", text)


def markdown_table(rows: Iterable[Sequence[object]], head: Sequence[object]) -> str:
    r"""Build a table of Markdown, every cell escaped.

    Examples
    --------
    >>> print(markdown_table([("99.9%", "a|b")], ("target", "why")))
    | target | why |
    |---|---|
    | 99.9% | a\|b |
    """
    lines = ["| " + " | ".join(markdown_text(cell, 1000) for cell in row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def _is_decimal(number: Fraction) -> bool:
    """Say whether finitely many decimals write a number: whether its denominator holds only twos and fives."""
    return bool(10 ** number.denominator.bit_length() % number.denominator == 0)


def _side(value: Fraction, mark: Fraction) -> int:
    return (value > mark) - (value < mark)


def _decimal(figure: Fraction, places: int) -> str:
    """Write a fraction that has at most ``places`` decimals, without trailing zeros."""
    scaled = int(figure * 10**places)
    whole, rest = divmod(abs(scaled), 10**places)
    decimals = f"{rest:0{places}d}".rstrip("0") if places else ""
    return f"{'-' if scaled < 0 else ''}{whole:,}{'.' + decimals if decimals else ''}"
