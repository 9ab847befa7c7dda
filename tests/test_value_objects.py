"""What all public value objects have in common: how they look at a prompt, in a notebook and under rich."""

from __future__ import annotations

from inspect import isclass
from typing import Any

import pytest

import slokit
from slokit import (
    SLI,
    SLO,
    BurnRateAlert,
    CalendarWindow,
    Counts,
    ErrorBudget,
    Exclusion,
    IntervalSet,
    Occurrences,
    Period,
    RatioTimeslices,
    RollingWindow,
    Timeslices,
)

BITE = "<script>\u202e</script>"


def examples() -> list[Any]:
    """Return one object of each public class, with text that bites wherever people type it."""
    one = Counts.from_buckets(
        start="2026-01-01T00:00Z", step="1h", total=[[100, 50]], bad=[[1, 0]], labels={"tenant": [BITE]}
    )
    slo = SLO(BITE, sli=SLI.ratio(BITE), target="99%", window="2h", owner=BITE)
    evaluation = slo.evaluate(one)
    return [
        one,
        slo,
        evaluation,
        slo.sli,
        one.axes[0],
        one.timeline,
        evaluation.at(),
        evaluation[0].at(),
        evaluation.error_budget,
        evaluation.worst(["1h"])[0],
        ErrorBudget.of("99%", bad=1, total=100),
        BurnRateAlert(long_window="1h", burn_rate=2, severity=BITE),
        RollingWindow("30d"),
        CalendarWindow("week", tz="Europe/Berlin", every=2, start="2026-01-05"),
        Period(0, 1),
        IntervalSet([(0, 1), (2, 3)]),
        Exclusion("2026-01-01T00:00Z", "2026-01-02T00:00Z", BITE, name=BITE, approved_by=BITE, scope={BITE: BITE}),
        Exclusion.recurring(days="Sun", at="02:00", duration="2h", reason=BITE, proposed=True),
        Occurrences(),
        Timeslices("1m", target=0.99),
        RatioTimeslices("1m"),
    ]


PUBLIC = [value for name in slokit.__all__ if isclass(value := getattr(slokit, name))]


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_a_public_class_looks_well_everywhere(kind: type[Any]) -> None:
    """Each has a table for notebooks, facts for rich and one line for a prompt, and none of them lets text bite."""
    held = [example for example in examples() if type(example) is kind]
    assert held
    for example in held:
        html = example._repr_html_()
        assert html.startswith("<table>")
        assert "<script" not in html
        facts = list(example.__rich_repr__())
        assert facts
        assert all(isinstance(fact, str) or (len(fact) == 2 and isinstance(fact[0], str)) for fact in facts)
        for shown in (html, repr(example), str(example)):
            assert "\u202e" not in shown
            assert "\n" not in html
