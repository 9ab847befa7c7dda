"""An evaluation as its caller meets it: picking series, statuses, values, and what is refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, CalendarWindow, Counts, Evaluation, StatusTable
from slokit.errors import InvalidAlert, OutOfTimeline, SlokitError, UnknownLabel, WrongType
from slokit.evaluation import BurnThreshold

PAIR = Counts.from_buckets(
    start="2026-01-01T00:00Z",
    step="1h",
    total=np.full((2, 3, 4), 100),
    bad=np.arange(24).reshape(2, 3, 4),
    labels={"tenant": ["acme", "globex"], "region": ["eu", "us", "ap"]},
)
EV: Evaluation = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="2h").evaluate(PAIR)


def test_series_are_picked_as_from_counts() -> None:
    """By label, by position, by slice, one after another, and in a loop: always what the counts would give."""
    slo = EV.slo
    assert isinstance(slo, SLO)
    picks: list[Callable[[Any], Any]] = [
        lambda x: x.sel(tenant="acme"),
        lambda x: x.sel(region=["us", "eu"]),
        lambda x: x.sel(region="ap", tenant="globex"),
        lambda x: x[1],
        lambda x: x[-1, 2],
        lambda x: x[0:1],
        lambda x: x[:, 1:],
        lambda x: x[:, 0],
    ]
    for pick in picks:
        assert pick(EV) == slo.evaluate(pick(PAIR))
    assert list(EV) == [slo.evaluate(row) for row in PAIR]


@pytest.mark.parametrize(
    ("pick", "error"),
    [
        (lambda x: x.sel(tennant="acme"), UnknownLabel),
        (lambda x: x.sel(tenant="acne"), UnknownLabel),
        (lambda x: x.sel(tenant=3), WrongType),
        (lambda x: x[2], UnknownLabel),
        (lambda x: x[True], WrongType),
        (lambda x: x[0, 0, 0], WrongType),
        (lambda x: x["acme"], WrongType),
        (lambda x: list(x[0, 0]), WrongType),
    ],
)
def test_what_is_not_there_is_not_picked(pick: Any, error: type[SlokitError]) -> None:
    """Counts and evaluations refuse alike."""
    for held in (EV, PAIR):
        with pytest.raises(error):
            pick(held)


def test_statuses_are_a_table_whatever_the_axes() -> None:
    """One series makes a table of one; over axes at() is that table."""
    one = EV[0, 0]
    assert isinstance(one.statuses(), StatusTable)
    assert list(one.statuses()) == [one.at()]
    assert EV.at() == EV.statuses()
    assert [s.labels for s in EV.statuses()][:2] == [
        (("tenant", "acme"), ("region", "eu")),
        (("tenant", "acme"), ("region", "us")),
    ]
    assert EV.statuses().sel(region="us", tenant="globex") == EV.statuses()[4]
    with pytest.raises(UnknownLabel, match="region"):
        EV.statuses().sel(tenant="acme")


def test_an_evaluation_is_a_value_that_nobody_can_write_to() -> None:
    """Also after copying and pickling, and neither can its masks, bases and targets be written to (case 37)."""
    again = pickle.loads(pickle.dumps(EV))
    assert again == EV == copy.deepcopy(EV) == copy.copy(EV)
    for held in (EV, again):
        for array in (held.excluded, held._sums.bad.values, held._sums.targets, held.error_budget.basis):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = array[...]
    with pytest.raises(TypeError, match="unhashable"):
        hash(EV)
    with pytest.raises(TypeError, match="unhashable"):
        hash(EV.error_budget)
    assert EV.error_budget == again.error_budget
    assert EV != SLO("checkout", sli=SLI.ratio("up"), target="80%", window="2h").evaluate(PAIR)


@pytest.mark.parametrize(
    "ask",
    [
        lambda ev: ev.burn_rates("5m"),
        lambda ev: ev.burn_rates(5),
        lambda ev: ev.worst("1h"),
        lambda ev: ev.burn_rates(["1h"], threads=0),
        lambda ev: ev.burn_rates(["1h"], threads="2"),
        lambda ev: ev.burning_each([], threads=True),
        lambda ev: ev.events_within("1h"),
    ],
)
def test_a_call_of_the_wrong_shape_is_refused(ask: Any) -> None:
    """In slokit's own words, before anything is computed."""
    with pytest.raises(WrongType):
        ask(EV)


def test_a_bucket_that_is_not_there_has_no_events() -> None:
    """Positions count from either end, and stop there."""
    one = EV[0, 0]
    assert one.events_within("2h") == one.events_within("2h", 3) == (195, 5)
    for bucket in (4, -5):
        with pytest.raises(OutOfTimeline):
            one.events_within("1h", bucket)


def test_a_condition_says_what_is_wrong_with_it() -> None:
    """When it is made."""
    assert BurnThreshold("14.4", [timedelta(hours=1)]) == BurnThreshold(14.4, ["60m"], "gt")
    with pytest.raises(InvalidAlert, match="negative"):
        BurnThreshold(-1)
    with pytest.raises(InvalidAlert, match="gte"):
        BurnThreshold(1, op="ge")  # type: ignore[arg-type]


def test_the_prompt_shows_the_least_budget_of_a_large_fleet() -> None:
    """Twenty of a hundred series, the worst first, and how many more there are; a notebook gets them escaped."""
    names = [f"<b>{i}" for i in range(100)]
    fleet = Counts.from_buckets(
        start="2026-01-01T00:00Z",
        step="1h",
        total=np.full((100, 2), 1000),
        bad=np.arange(200).reshape(100, 2),
        labels={"tenant": names},
    )
    ev = SLO("fleet", sli=SLI.ratio("up"), target="99%", window="2h").evaluate(fleet)
    lines = repr(ev).splitlines()
    assert lines[1] == "100 series, least budget first"
    assert lines[2].startswith("<b>99")
    assert lines[-1] == "… 80 more"
    assert len(lines) == 23
    assert "<b>" not in ev._repr_html_()
    assert "&lt;b&gt;99" in ev._repr_html_()


def test_expected_totals_are_part_of_what_is_compared() -> None:
    """Two evaluations that expect different totals say different things of the budget."""
    slo = SLO("checkout", sli=SLI.ratio("up"), target="90%", window=CalendarWindow("day"))
    assert slo.evaluate(PAIR, expected_total=5000) == slo.evaluate(PAIR, expected_total=5000)
    assert slo.evaluate(PAIR, expected_total=5000) != slo.evaluate(PAIR, expected_total=6000)
    assert slo.evaluate(PAIR, expected_total=5000) != slo.evaluate(PAIR)


def test_the_worst_window_may_be_asked_of_a_span() -> None:
    """Only windows wholly inside count, and where there is none that is said."""
    one = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[10] * 6, bad=[9, 0, 0, 5, 0, 0])
    ev = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="2h").evaluate(one)
    assert ev.worst(["1h"])[0].bad == 9
    assert ev.worst(["1h"], start="2026-01-01T00:30Z")[0].bad == 5
    assert ev.worst(["1h"], end="2026-01-01T03:59Z", start="2026-01-01T01:00Z")[0].burn_rate == 0
    nothing = ev.worst(["3h"], start="2026-01-01T00:00Z", end="2026-01-01T02:00Z")[0]
    assert (nothing.burn_rate, nothing.start, nothing.total) == (None, None, 0)
    assert ev.worst(["9h"])[0].bad == 9  # longer than the data: the worst of what there is
