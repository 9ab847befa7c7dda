"""Strings for people: rounding never changes a verdict, and nothing that people typed bites."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import _display as display


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10 k"),
        (12_345, "12.3 k"),
        (999_499, "999 k"),
        (999_500, "1 M"),
        (1_100_000, "1.1 M"),
        (-1_100_000, "-1.1 M"),
        (2**63 - 1, "9.22 E"),
        (10**22, "10,000 E"),
    ],
)
def test_short_numbers(number: int, said: str) -> None:
    """Three digits and a unit, carried into the next unit where rounding fills one."""
    assert display.short(number) == said


@pytest.mark.parametrize(
    ("ratio", "digits", "said"),
    [
        (Fraction(0), 2, "0%"),
        (Fraction(1), 2, "100%"),
        (Fraction(1, 3), 2, "33.33%"),
        (Fraction(999_999, 1_000_000), 2, "99.9999%"),
        (Fraction(1, 10**9), 2, "0.0000001%"),
        (Fraction(10**20 - 1, 10**20), 0, "99.999999999999999999%"),
        (Fraction(1_000_001, 1_000_000), 2, "100.0001%"),
        (Fraction(-5, 1000), 0, "-0.5%"),
        (Fraction(-99), 0, "-9,900%"),
        (0.5, 0, "50%"),
    ],
)
def test_percentages_do_not_round_to_certainty(ratio: Fraction | float, digits: int, said: str) -> None:
    """0% and 100% are said of nothing else."""
    assert display.percent(ratio, digits) == said


@given(st.fractions(-2, 2, max_denominator=10**12), st.fractions(0, 1, max_denominator=10**6), st.integers(0, 3))
def test_a_percentage_is_on_the_side_of_the_objective_that_the_ratio_is_on(
    ratio: Fraction, target: Fraction, digits: int
) -> None:
    """What reads as met is met, and what reads as exactly the target is exactly the target."""
    shown = Fraction(display.percent(ratio, digits, against=[target]).rstrip("%").replace(",", "")) / 100
    for mark in (Fraction(0), Fraction(1), target):
        if mark != ratio:
            assert (shown > mark, shown < mark) == (ratio > mark, ratio < mark)


@pytest.mark.parametrize(("target", "said"), [("0.9992", "99.92%"), ("0.99950", "99.95%"), ("1/3", "33.3%")])
def test_a_ratio_on_its_objective_is_shown_as_the_objective(target: str, said: str) -> None:
    """99.92% of 99.92% does not read as 99.9%; a third has no decimals that would say it."""
    assert display.percent(Fraction(target), 1, against=[Fraction(target)]) == said


@given(st.fractions(min_value=0, max_value=10**6))
def test_amounts_stay_on_their_side_of_whole_numbers(amount: Fraction) -> None:
    """Five of 4.999 allowed does not read as five of 5, and what is above zero does not read as 0."""
    text = display.amount_text(amount)
    if amount < 10_000:
        shown = Fraction(text.replace(",", ""))
        assert not math.floor(amount) < math.floor(shown)
        assert (shown > 0) == (amount > 0)
        assert abs(shown - amount) <= (1 if amount >= 100 else amount / 199)


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "░░░░"), (1, "████"), (0.5, "██░░"), (0.001, "█░░░"), (0.999, "███░"), (-1, "░░░░"), (7, "████")],
)
def test_bars_are_full_or_empty_only_where_the_share_is(share: float, said: str) -> None:
    """A rest of a budget is seen, and so is what was spent of it."""
    assert display.bar(share, 4) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain", "plain"),
        ("größe ✓ 日本", "größe ✓ 日本"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2028", r"\u2028"),
        ("\x9b31m", r"\x9b31m"),
        ("\ud800", r"\ud800"),
        ("👩\u200d💻\n", "👩\u200d💻\\n"),
    ],
)
def test_case_44_terminals_are_not_commanded(text: str, said: str) -> None:
    """Control characters, overrides and lone surrogates are written as escapes; letters of any script stay."""
    assert display.clean(text) == said


def test_long_texts_are_cut() -> None:
    """A label of a million characters does not fill the screen."""
    assert display.clean("x" * 10**6, limit=10) == "xxxxxxxxx…"
    assert display.clean("x" * 10, limit=10) == "x" * 10


def test_case_44_tables_hold_no_markup_of_others() -> None:
    """Each cell, heading and caption is escaped, quotes too."""
    evil = "<script>\"'&\x00"
    html = display.html_table([(evil, evil)], head=(evil, evil), caption=evil)
    assert "<script>" not in html
    assert "\x00" not in html
    assert html.count("&lt;script&gt;&quot;&#x27;&amp;\\x00") == 5


def test_numbers_with_their_nouns() -> None:
    """One bucket, and many."""
    assert display.plural(1, "bucket") == "1 bucket"
    assert display.plural(0, "bucket") == "0 buckets"
    assert display.plural(2, "series", "series") == "2 series"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a|b", r"a\|b"),
        ("*bold* _it_ `code` # ~", r"\*bold\* \_it\_ \`code\` \# \~"),
        ("<script>", "&lt;script&gt;"),
        ("[x](http://evil.example)", r"\[x\]\(http:/\/evil.example)"),
        ("www.evil.example a@b.example", r"www\.evil.example a\@b.example"),
        ("&lt;", "&amp;lt;"),
        ("two\nlines", r"two\\nlines"),
        ("\u202e", r"\\u202e"),
    ],
)
def test_pages_hold_no_markup_of_others(text: str, said: str) -> None:
    """In Markdown a name is text: no markup, link, cell, line or element of its own."""
    assert display.markdown_text(text) == said
    table = display.markdown_table([(text, "x")], ("a", "b"))
    assert table.splitlines() == ["| a | b |", "|---|---|", f"| {said} | x |"]
