"""Conditions in words: why each holds, why it does not, and how they compose; what they answer is property-tested."""

from __future__ import annotations

import copy
import pickle
from functools import partial
from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, BudgetShareAlert, BurnRateAlert, CalendarWindow, Counts, Evaluation, Exclusion
from slokit.conditions import (
    AllOf,
    AnyOf,
    BudgetBelow,
    BurnLeaf,
    Condition,
    DataSince,
    Exhausted,
    ExhaustsWithin,
    Leaf,
    Missed,
    NoDataFor,
    Not,
    SpentAtLeast,
    answers,
)
from slokit.errors import InvalidAlert, InvalidDuration, InvalidPolicy, OutOfTimeline, SlokitError, WrongType
from tests import evaluations

TWO_HOURS = 24  # buckets of five minutes
evaluated = partial(evaluations.evaluated, window="2h")

QUIET = evaluated([0] * TWO_HOURS)
LOUD = evaluated([0] * (TWO_HOURS - 1) + [200])
GONE = evaluated([0] * (TWO_HOURS - 1) + [500])
SILENT = evaluated([0] * TWO_HOURS, 0)

FAST = BurnRateAlert(long_window="1h", short_window="5m", burn_rate=1.4)
SURE = BurnRateAlert(long_window="1h", burn_rate=1, op="gte", min_bad=5, min_coverage="50%", confidence="99%")
SHARE = BudgetShareAlert(share="2%", window="1h")
AT_LEAST = BudgetShareAlert(share="2%", window="1h", op="gte", pending="5m", min_total=10)
EVIDENCE = "with 5 bad events at 50% coverage with 99% confidence if events are independent"


# --- reasons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "ev", "holds", "reason"),
    [
        (FAST, LOUD, True, "burn rate 1.67x over 1h and 20x over 5m exceeds 1.4x"),
        (FAST, QUIET, False, "burn rate 0x over 1h and 0x over 5m, no alert (over 1.4x)"),
        (FAST, SILENT, False, "burn rate no data over 1h and no data over 5m, no alert (over 1.4x)"),
        (SURE, LOUD, True, f"burn rate 1.67x over 1h reaches 1x {EVIDENCE}"),
        (SURE, QUIET, False, f"burn rate 0x over 1h, no alert (at least 1x {EVIDENCE})"),
        (SHARE, LOUD, True, "83.3% of the budget spent in 1h, more than 2%"),
        (SHARE, QUIET, False, "0% of the budget spent in 1h, no alert (over 2%)"),
        (SHARE, SILENT, False, "no data, no alert (over 2%)"),
        (AT_LEAST, LOUD, False, "83.3% of the budget spent in 1h, no alert (at least 2% for 5m of 10 events)"),
        (BudgetBelow("25%"), LOUD, True, "16.7% of the budget left, below 25%"),
        (BudgetBelow("25%"), QUIET, False, "100% of the budget left, not below 25%"),
        (BudgetBelow("25%"), SILENT, False, "no data, not below 25%"),
        (BudgetBelow("-50%"), GONE, True, "-108.3% of the budget left, below -50%"),
        (Exhausted(), GONE, True, "the budget is exhausted (-108.3% of the budget left)"),
        (Exhausted(), LOUD, False, "the budget is not exhausted (16.7% of the budget left)"),
        (Exhausted(), SILENT, False, "the budget is not exhausted (no data)"),
        (Missed(), GONE, True, "97.92% good, below the target of 99%"),
        (Missed(), LOUD, False, "99.17% good, not below the target of 99%"),
        (Missed(), SILENT, False, "no data"),
        (SpentAtLeast("50%"), LOUD, True, "83.3% of the budget spent, at least 50%"),
        (SpentAtLeast("50%"), QUIET, False, "0% of the budget spent, below 50%"),
        (SpentAtLeast("50%", "1h"), LOUD, True, "83.3% of the budget spent in 1h, at least 50%"),
        (SpentAtLeast("50%", "1h"), SILENT, False, "no data"),
        (
            ExhaustsWithin("4h"),
            LOUD,
            True,
            "budget gone in ~15m (at 2026-01-01 02:15 UTC), if the last 1h goes on; within 4h",
        ),
        (ExhaustsWithin("4h"), QUIET, False, "budget lasts, if the last 1h goes on; not within 4h"),
        (ExhaustsWithin("4h"), SILENT, False, "budget no data; not within 4h"),
        (NoDataFor("2h"), SILENT, True, "nothing measured for 2h, at least 2h"),
        (NoDataFor("3h"), SILENT, False, "nothing measured for 2h, less than 3h"),
        (NoDataFor("10m"), LOUD, False, "data in the last bucket"),
        (DataSince("50%"), LOUD, True, "first data at least 1h ago"),
        (DataSince("100%"), evaluated([0] * 3), False, "first data less than 2h ago"),
        (DataSince("0%"), SILENT, False, "no data yet"),
    ],
)
def test_a_leaf_says_what_was_found(condition: Leaf, ev: Evaluation, holds: bool, reason: str) -> None:
    """With figures, and in words that fit whether it holds; its negation has the same ones."""
    assert condition.holds(ev)[-1] == holds
    assert condition.reasons(ev) == (~condition).reasons(ev) == (reason,)
    assert (~condition).holds(ev)[-1] != holds


def test_figures_never_contradict_the_verdict() -> None:
    """What is a hair below a mark is not written as the mark."""
    ev = evaluated([750_001], 100_000_000, window="5m")
    assert BudgetBelow("25%").reasons(ev) == ("24.9999% of the budget left, below 25%",)
    ev = evaluated([749_999], 100_000_000, window="5m")
    assert BudgetBelow("25%").reasons(ev) == ("25.0001% of the budget left, not below 25%",)


def test_reasons_of_a_bucket_are_of_that_bucket() -> None:
    """By position from the start or from the end; a bucket that is none is refused."""
    ev = evaluated([0, 500, 0], window="5m")
    assert [Missed().reasons(ev, t)[0].split(" good")[0] for t in range(3)] == ["100%", "50%", "100%"]
    assert [Missed().reasons(ev, t) for t in (-1, -2, -3)] == [Missed().reasons(ev, t) for t in (2, 1, 0)]
    assert SpentAtLeast("1%", "5m").reasons(ev, 1) == ("5,000% of the budget spent in 5m, at least 1%",)
    assert SHARE.reasons(ev, 0) == ("0% of the budget spent in 1h, no alert (over 2%)",)
    for bucket in (3, -4):
        with pytest.raises(OutOfTimeline, match=rf"bucket must be one of 3, got {bucket}"):
            Missed().reasons(ev, bucket)


def test_over_a_calendar_window_the_budget_is_the_periods() -> None:
    """What is left is reckoned from what the period will hold, as the error budget is."""
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[1000] * 100, bad=[0] * 99 + [200])
    slo = SLO("checkout", sli=SLI.ratio("up"), target="99%", window=CalendarWindow("month"))
    ev = slo.evaluate(counts, expected_total=744_000)
    assert BudgetBelow("98%").reasons(ev) == ("97.3% of the budget left, below 98%",)
    assert SpentAtLeast("2%").reasons(ev) == ("2.7% of the budget spent, at least 2%",)
    assert SpentAtLeast("15%", "1h").reasons(ev) == ("20% of the budget spent in 1h, at least 15%",)
    assert DataSince("10%").reasons(ev) == ("first data at least 3d ago",)


def test_time_that_was_excluded_is_not_counted_as_silence() -> None:
    """Half an hour of which ten minutes were maintenance is a silence of twenty."""
    observed = [True] * 6 + [False] * 6
    counts = Counts.from_buckets(
        start="2026-01-01T00:00Z", step="5m", total=[9] * 6 + [0] * 6, bad=[0] * 12, observed=observed
    )
    slo = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="7d")
    ev = slo.evaluate(counts, Exclusion("2026-01-01T00:40Z", "2026-01-01T00:50Z", "maintenance"))
    assert NoDataFor("20m").reasons(ev) == ("nothing measured for 20m, at least 20m",)
    assert not NoDataFor("25m").holds(ev).any()


@pytest.mark.parametrize(
    "condition",
    [
        FAST,
        SURE,
        BurnRateAlert(long_window="1h", burn_rate=0, op="gte"),
        SHARE,
        BudgetShareAlert(share=0, window="1h", op="gte"),
        BudgetBelow(1),
        Exhausted(),
        Missed(),
        SpentAtLeast(0),
        SpentAtLeast(0, "1h"),
        ExhaustsWithin("30d"),
        DataSince(0),
    ],
    ids=repr,
)
def test_without_data_no_condition_holds(condition: Condition) -> None:
    """Not even one that anything at all would fulfil; silence alone is what NoDataFor asks for."""
    assert not condition.holds(SILENT).any()
    assert NoDataFor("5m").holds(SILENT).all()


# --- composed ---------------------------------------------------------------------------------------------------------

LOW, GONE_, LATE = BudgetBelow("25%"), Exhausted(), Missed()
LOW_SAID = "16.7% of the budget left, below 25%"
NOT_GONE = "the budget is not exhausted (16.7% of the budget left)"
NOT_LATE = "99.17% good, not below the target of 99%"


@pytest.mark.parametrize(
    ("condition", "holds", "reasons"),
    [
        (LOW | GONE_, True, (LOW_SAID,)),
        (GONE_ | LATE, False, (NOT_GONE, NOT_LATE)),
        (LOW & GONE_, False, (NOT_GONE,)),
        (LOW & ~GONE_, True, (LOW_SAID, NOT_GONE)),
        (~LOW & GONE_, False, (LOW_SAID, NOT_GONE)),
        (~(LOW | GONE_), False, (LOW_SAID,)),
        (~(GONE_ | LATE), True, (NOT_GONE, NOT_LATE)),
        (~(LOW & GONE_), True, (NOT_GONE,)),
        ((GONE_ | LATE) & LOW, False, (NOT_GONE, NOT_LATE)),
        ((GONE_ & LOW) | (LOW & ~LATE), True, (LOW_SAID, NOT_LATE)),
        (~(~LOW), True, (LOW_SAID,)),
        (Not(Not(LOW)), True, (LOW_SAID,)),
    ],
    ids=repr,
)
def test_a_composite_names_what_decided(condition: Condition, holds: bool, reasons: tuple[str, ...]) -> None:
    """Of any-of the parts that hold, of all-of the parts that do not; where all are needed, all of them."""
    assert condition.holds(LOUD)[-1] == holds
    assert condition.reasons(LOUD) == reasons


def test_a_reason_is_given_once() -> None:
    """However often a leaf stands in a composite."""
    assert ((LOW & ~GONE_) | (LOW & ~LATE)).reasons(LOUD) == (LOW_SAID, NOT_GONE, NOT_LATE)


def test_composites_of_one_kind_are_one() -> None:
    """Nested ones are taken apart, and of what stands twice the first is kept; other kinds stay as they are."""
    assert (LOW | GONE_) | LATE == LOW | (GONE_ | LATE) == AnyOf([LOW, GONE_, LATE])
    assert (LOW & GONE_) & LATE == LOW & (GONE_ & LATE) == AllOf([LOW, GONE_, LATE])
    assert (LOW | GONE_ | LOW).parts == (LOW, GONE_)
    assert AllOf([LOW, BudgetBelow("0.25")]).parts == (LOW,)
    assert ((LOW | GONE_) & LATE).parts == (LOW | GONE_, LATE)
    assert ((LOW & GONE_) | LATE).parts == (LOW & GONE_, LATE)
    assert ~~LOW is LOW
    twice: Condition = Not(Not(LOW))
    assert twice != LOW
    assert (LOW | GONE_) != (GONE_ | LOW)
    alone: Condition = AnyOf([LOW])
    assert alone != AllOf([LOW])


def test_the_leaves_of_a_composite_are_those_of_its_parts() -> None:
    """In their order, one for each place in which they stand."""
    assert list(((LOW | ~GONE_) & (LATE | LOW)).leaves()) == [LOW, GONE_, LATE, LOW]


def test_a_repr_has_the_parentheses_that_python_needs() -> None:
    """What is printed, evaluated again, is the same condition."""
    kinds: list[type] = [BudgetBelow, Exhausted, ExhaustsWithin, Missed, SpentAtLeast, NoDataFor, DataSince]
    names = {kind.__name__: kind for kind in kinds}
    spent, silent, young, soon = SpentAtLeast("20%", "6h"), NoDataFor("1h"), DataSince("25%"), ExhaustsWithin("4h")
    for condition, text in (
        (LOW | GONE_, "BudgetBelow('25%') | Exhausted()"),
        ((LOW | GONE_) & LATE, "(BudgetBelow('25%') | Exhausted()) & Missed()"),
        (LOW | (GONE_ & LATE), "BudgetBelow('25%') | (Exhausted() & Missed())"),
        (~(LOW | GONE_), "~(BudgetBelow('25%') | Exhausted())"),
        (~LOW & GONE_, "~BudgetBelow('25%') & Exhausted()"),
        (~((spent & silent) | ~young), "~((SpentAtLeast('20%', '6h') & NoDataFor('1h')) | ~DataSince('25%'))"),
        (soon | SpentAtLeast(2), "ExhaustsWithin('4h', recent='1h') | SpentAtLeast('200%')"),
    ):
        assert repr(condition) == text
        assert eval(text, names) == condition


def test_conditions_are_values() -> None:
    """Equal and of one hash where they ask the same, also copied and pickled."""
    for condition in (FAST, AT_LEAST, (LOW | GONE_) & ~LATE, SpentAtLeast("20%", "6h"), ExhaustsWithin("4h")):
        for other in (copy.copy(condition), copy.deepcopy(condition), pickle.loads(pickle.dumps(condition))):
            assert other == condition
            assert hash(other) == hash(condition)


def test_a_condition_has_no_truth_of_its_own() -> None:
    """``and``, ``or`` and ``not`` would ask for one; what is no condition cannot be composed."""
    for condition in (LOW, LOW | GONE_, LOW & GONE_, ~LOW, FAST):
        with pytest.raises(WrongType, match=r"compose conditions with \|, & and ~"):
            bool(condition)
    with pytest.raises(WrongType, match="only over evidence"):
        any([LOW, GONE_])
    others: list[Any] = [True, "exhausted", None]
    for other in others:
        with pytest.raises(TypeError, match="unsupported operand"):
            LOW | other
        with pytest.raises(TypeError, match="unsupported operand"):
            other & LOW


@pytest.mark.parametrize("make", [AnyOf, AllOf])
def test_a_composite_is_made_of_conditions(make: Any) -> None:
    """Of at least one, and of nothing else, whatever it is."""
    with pytest.raises(WrongType, match="at least one condition, got none"):
        make([])
    for parts, given in (([LOW, "x"], "str: 'x'"), ([[LOW]], "list"), ("ab", "str: 'a'"), ([{}], "dict")):
        with pytest.raises(WrongType, match=f"parts must be conditions, got {given}"):
            make(parts)
    with pytest.raises(WrongType, match="parts must be several conditions, got Exhausted"):
        make(Exhausted())
    with pytest.raises(WrongType, match="part must be a condition, got str"):
        Not("x")  # type: ignore[arg-type]


def test_several_series_are_answered_and_one_is_explained() -> None:
    """Over leading axes there is an answer for each; reasons are of one."""
    bad = np.zeros((2, 4), dtype=int)
    bad[1, 3] = 500
    counts = Counts.from_buckets(
        start="2026-01-01T00:00Z", step="5m", total=bad * 0 + 1000, bad=bad, labels={"tenant": ["a", "b"]}
    )
    ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="5m").evaluate(counts)
    assert (LATE & ~NoDataFor("5m")).holds(ev).tolist() == [[False] * 4, [False] * 3 + [True]]
    with pytest.raises(WrongType, match="evaluation must be of one series, got the axes 'tenant'; pick one"):
        LATE.reasons(ev)
    assert LATE.reasons(ev.sel(tenant="b")) == ("50% good, below the target of 99%",)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: BudgetBelow(25), InvalidPolicy, "remaining must be at most 1"),
        (lambda: SpentAtLeast(-1), InvalidAlert, "share must not be negative, got -1"),
        (lambda: SpentAtLeast(1, "0s"), InvalidDuration, "window must be longer than zero"),
        (lambda: ExhaustsWithin("1M"), InvalidDuration, "horizon must have a fixed length"),
        (lambda: ExhaustsWithin("1h", recent="0s"), InvalidDuration, "recent must be longer than zero"),
        (lambda: NoDataFor("0s"), InvalidDuration, "duration must be longer than zero"),
        (lambda: DataSince("101%"), InvalidPolicy, "share must be from 0 to 1"),
        (
            lambda: LOW.holds(Counts.empty(step="1m")),  # type: ignore[arg-type]
            WrongType,
            r"evaluation must be an Evaluation, got Counts: .*; slo.evaluate\(…\) makes it",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(make: Any, error: type[SlokitError], message: str) -> None:
    """By the field's name, when the condition is made."""
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("labels", [None, {"tenant": ["a", "b"]}])
def test_where_there_is_no_bucket_there_is_no_answer(labels: dict[str, list[str]] | None) -> None:
    """An empty timeline: empty arrays of every condition, and reasons of none."""
    ev = SLO("x", sli=SLI.ratio("x"), target="99%", window="1h").evaluate(Counts.empty(step="1m", labels=labels))
    every = [FAST, SURE, SHARE, AT_LEAST, LOW, GONE_, LATE, SpentAtLeast(1), SpentAtLeast(1, "5m"), NoDataFor("5m")]
    every += [DataSince("25%"), ExhaustsWithin("4h")]
    for condition in (*every, AnyOf(every), AllOf(every), ~AnyOf(every)):
        assert condition.holds(ev).shape == ((2, 0) if labels else (0,))
    with pytest.raises(SlokitError):
        LOW.reasons(ev)


class Tuesdays(Leaf):
    """A condition that somebody wrote in Python, who thought of no notebook."""

    words = "it is <Tuesday>"

    def answer(self, evaluation: Evaluation) -> Any:
        """Hold never."""
        return evaluation.missed & False

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say so."""
        return self.words


def test_a_condition_of_ones_own_is_shown_in_its_words() -> None:
    """A notebook shows it as a table like those of the package, and text stays text."""
    assert list(Tuesdays().__rich_repr__()) == [("condition", "it is <Tuesday>")]
    assert "it is &lt;Tuesday&gt;" in Tuesdays()._repr_html_()
    assert "Tuesdays" in Tuesdays()._repr_html_()


@pytest.mark.parametrize("leaf", [FAST, SURE, Missed()])
def test_what_begins_with_a_burn_rate_says_alone_what_it_says_among_others(leaf: BurnLeaf) -> None:
    """Whether it shares the pass over the running sums or asks for its own."""
    for ev in (QUIET, LOUD, GONE, SILENT):
        assert leaf.answer(ev).tolist() == answers(ev, [Exhausted(), leaf])[leaf].tolist()
