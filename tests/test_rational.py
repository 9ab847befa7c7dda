"""Rationals from text, targets and their hints, and the neighbours with small denominators."""

from __future__ import annotations

import time
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit.errors import InvalidNumber, InvalidTarget, SlokitError, SuspiciousTarget, WrongType
from slokit.rational import (
    ceil_fraction,
    decimal_text,
    floor_fraction,
    parse_rational,
    parse_target,
    percent_text,
)

# --- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.999", Fraction(999, 1000)),
        (" 0.999 ", Fraction(999, 1000)),
        ("99.9%", Fraction(999, 1000)),
        ("99.9 %", Fraction(999, 1000)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("+1.5", Fraction(3, 2)),
        ("-0.25", Fraction(-1, 4)),
        ("1e-3", Fraction(1, 1000)),
        ("1E3", Fraction(1000)),
        ("1e2%", Fraction(1)),
        ("1/3", Fraction(1, 3)),
        ("-2 / 6", Fraction(-1, 3)),
        ("100/3%", Fraction(1, 3)),
        (Decimal("0.9990"), Fraction(999, 1000)),
        (Decimal("1E+2"), Fraction(100)),
        (Fraction(2, 6), Fraction(1, 3)),
        (0, Fraction(0)),
        (-7, Fraction(-7)),
        (np.int64(7), Fraction(7)),
        (np.uint8(7), Fraction(7)),
    ],
)
def test_a_rational_is_what_its_text_says(written: str, meant: Fraction) -> None:
    """Decimals, percent, quotients and numbers of every exact kind are read exactly."""
    assert parse_rational(written) == meant


@pytest.mark.parametrize("written", [0.999, np.float64(0.999), np.float32(0.999), np.float16(0.999)])
def test_case_3_a_float_means_its_shortest_text(written: float) -> None:
    """The double beneath 0.999 is not 0.999; what was typed is, at numpy's narrower widths too."""
    assert parse_rational(written) == Fraction(999, 1000) != Fraction(float(written))


def test_case_3_floats_that_arithmetic_has_spoilt_are_taken_at_their_word() -> None:
    """99.9 / 100 prints as 0.9990000000000001, and that is what it means: nobody guesses a rounder number."""
    assert parse_rational(99.9 / 100) == Fraction("0.9990000000000001")


@given(value=st.floats(min_value=1e-30, max_value=1e30) | st.floats(min_value=-1e30, max_value=-1e-30))
def test_case_3_every_float_is_its_repr(value: float) -> None:
    """The rational is the one that Python's shortest text names, and gives the same float back."""
    assert parse_rational(value) == Fraction(repr(value))
    assert float(parse_rational(value)) == value


@given(digits=st.integers(-(10**40), 10**40), places=st.integers(0, 40))
def test_decimal_text_is_read_back(digits: int, places: int) -> None:
    """A decimal survives being written and read, as a decimal and as percent."""
    value = Fraction(digits, 10**places)
    assert parse_rational(decimal_text(value)) == value
    assert parse_rational(percent_text(value)) == value


@given(value=st.fractions(max_denominator=10**12).filter(lambda x: abs(x) < 10**12))
def test_any_fraction_is_read_back(value: Fraction) -> None:
    """Where no decimal exists the quotient is written instead."""
    assert parse_rational(decimal_text(value)) == value
    assert parse_rational(percent_text(value)) == value


@given(value=st.fractions(max_denominator=10**6))
def test_decimal_text_is_a_decimal_exactly_where_one_exists(value: Fraction) -> None:
    """A slash appears only where the denominator has a factor other than 2 and 5, and no digit is spare."""
    rest = value.denominator
    for factor in (2, 5):
        while rest % factor == 0:
            rest //= factor
    text = decimal_text(value)
    assert ("/" in text) == (rest != 1)
    assert "." not in text or not text.endswith(("0", "."))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(7), "7"),
        (Fraction(1, 2), "0.5"),
        (Fraction(-1, 8), "-0.125"),
        (Fraction(1, 1000), "0.001"),
        (Fraction(123, 100), "1.23"),
        (Fraction(2, 3), "2/3"),
    ],
)
def test_decimals_are_written_as_people_write_them(value: Fraction, text: str) -> None:
    """No exponent, a zero before the point, nothing after the last digit that counts."""
    assert decimal_text(value) == text


def test_fifteen_nines_are_kept() -> None:
    """A target may have more nines than a double has digits."""
    assert percent_text(parse_target("99.99999999999999999%")) == "99.99999999999999999%"
    assert 1 - parse_target("0.99999999999999999999") == Fraction(1, 10**20)


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        ".",
        "%",
        "e5",
        "1e",
        "0x10",
        "1_000",
        "1,5",
        "nan",
        "inf",
        "-inf",
        "٣",
        "1/0",
        "1/-3",
        "1/2/3",
        "9%%",
        "a",
    ],
)
def test_text_that_is_no_number_is_refused(written: str) -> None:
    """The message shows how a number is written, and what was given."""
    with pytest.raises(InvalidNumber, match=r"^share must be a decimal number such as 0\.999 or 99\.9%, got '"):
        parse_rational(written, "share")


@pytest.mark.parametrize("written", [float("nan"), float("inf"), -float("inf"), np.float32("nan"), Decimal("sNaN")])
def test_numbers_that_are_not_finite_are_refused(written: float) -> None:
    """NaN and infinity compare oddly with everything; they get no further than the door."""
    with pytest.raises(InvalidNumber, match=r"^threshold must be finite, got "):
        parse_rational(written, "threshold")


@pytest.mark.parametrize("written", [True, np.True_, None, 1j, b"0.9", ["0.9"], object()])
def test_values_of_other_types_are_refused(written: object) -> None:
    """A bool is no number, and the message names the type."""
    with pytest.raises(WrongType, match=r"^share must be a number( or its text)?, got "):
        parse_rational(written, "share")  # type: ignore[arg-type]


def test_a_length_of_time_is_no_number() -> None:
    """timedelta64 says it is an Integral; five seconds are no five."""
    with pytest.raises(SlokitError):
        parse_rational(np.timedelta64(5, "s"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("0." + "1" * 70, "at most 64 characters long, got 72"),
        (Decimal("0." + "1" * 70), "at most 64 characters long, got 72"),
        ("1e41", "exponent of at most 40 either way"),
        ("1e-999", "exponent of at most 40 either way"),
        (1e300, "exponent of at most 40 either way"),
        ("1e-9999999", "have an exponent of at most 40"),
        (Decimal("1e-9999999"), "have an exponent of at most 40"),
        (2**400, "fit 400 bits"),
        (Fraction(1, 2**400), "fit 400 bits"),
        ("9" * 5000, "at most 64 characters long, got 5000"),
    ],
)
def test_case_47_numbers_that_would_take_seconds_are_refused_at_once(written: str, complaint: str) -> None:
    """Fraction("1e-9999999") takes 6.6 s; what is too long is measured before it is read."""
    before = time.perf_counter()
    with pytest.raises(InvalidNumber, match=f"^share must (.* )?{complaint}"):
        parse_rational(written, "share")
    assert time.perf_counter() - before < 0.1


def test_the_caps_let_through_what_is_just_within_them() -> None:
    """64 characters, an exponent of 40 and 400 bits are allowed."""
    assert parse_rational("0." + "1" * 62) < Fraction(1, 9)
    assert parse_rational("1e40") == 10**40
    assert parse_rational(2**400 - 1) == 2**400 - 1


# --- targets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [0, "0", "0%", 0.999, "99.9%", "0.99999999999999999999", Fraction(2, 3), "1e-30"])
def test_case_13_targets_from_zero_to_below_one(written: str) -> None:
    """Everything of at least 0 and below 1 is a target, exactly."""
    assert parse_target(written) == parse_rational(written)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        (99.9, 'got 99.9; did you mean "99.9%" or 0.999?'),
        ("99.95", 'got 99.95; did you mean "99.95%" or 0.9995?'),
        (99, 'got 99; did you mean "99%" or 0.99?'),
        (1, "got 1; a target of 100% leaves no error budget, so nothing could ever be decided by it"),
        ("100%", "got 100%; a target of 100% leaves no error budget, so nothing could ever be decided by it"),
        (100, "got 100"),
        (-0.1, "got -0.1"),
        ("-1%", "got -1%"),
    ],
)
def test_case_13_targets_outside_are_refused_with_what_was_meant(written: str, hint: str) -> None:
    """A forgotten percent sign is recognised; beyond that nothing is guessed."""
    with pytest.raises(InvalidTarget) as caught:
        parse_target(written)
    assert str(caught.value) == f"target must be at least 0 and below 1, {hint}"


@pytest.mark.parametrize("written", ["nan", float("nan"), "five nines"])
def test_case_13_what_is_no_number_is_no_target(written: str) -> None:
    """The complaint is about the number, and is an InvalidNumber like every wrong target."""
    with pytest.raises(InvalidNumber, match=r"^slice target must be "):
        parse_target(written, "slice target")


@pytest.mark.parametrize("written", ["0.999%", " 0.5 % ", "1e-3%"])
def test_case_13_a_percent_sign_too_many_warns(written: str) -> None:
    """Less than one in a hundred is legal, and hardly ever meant."""
    with pytest.warns(SuspiciousTarget, match=r"is less than one in a hundred; did you mean "):
        parse_target(written)


def test_case_13_the_warning_names_both_ways_out() -> None:
    """The number without its sign, or the sign with a hundred times as much."""
    with pytest.warns(SuspiciousTarget, match=r"^target 0\.999% is .*; did you mean 0\.999 or 99\.9%\?$"):
        parse_target("0.999%")


@pytest.mark.parametrize("written", ["0%", "1%", "0.00999", 0.001])
def test_case_13_no_warning_where_nothing_is_odd(written: str) -> None:
    """Zero is meant; a small number without a percent sign is what it says."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parse_target(written)


def test_case_13_too_many_percent_are_not_read_as_a_forgotten_sign() -> None:
    """150% has its sign already: "1.5%" was not meant."""
    with pytest.raises(InvalidTarget) as caught:
        parse_target("150%")
    assert "1.5%" not in str(caught.value)


# --- neighbours with small denominators -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "limit", "below", "above"),
    [
        (Fraction("0.0144"), 100, Fraction(1, 70), Fraction(1, 69)),
        (Fraction(1, 3), 1, Fraction(0), Fraction(1)),
        (Fraction(1, 3), 3, Fraction(1, 3), Fraction(1, 3)),
        (Fraction(7, 2), 1, Fraction(3), Fraction(4)),
        (Fraction(1, 10**15), 10**6, Fraction(0), Fraction(1, 10**6)),
        (Fraction(314159, 100000), 113, Fraction(333, 106), Fraction(355, 113)),
        (Fraction(0), 1, Fraction(0), Fraction(0)),
    ],
)
def test_the_neighbours_of_a_fraction(x: Fraction, limit: int, below: Fraction, above: Fraction) -> None:
    """Worked by hand; 333/106 and 355/113 are the ones around pi's first digits."""
    assert floor_fraction(x, limit) == below
    assert ceil_fraction(x, limit) == above
