"""Laws of lint: it never raises for a definition, and what it calls certain is so on every evidence."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, SLO, BudgetShareAlert, BurnRateAlert, Counts
from slokit.alerts import Alert, lint
from slokit.findings import Finding

MINUTES = st.integers(1, 12).map(lambda n: f"{n}m")
TARGETS = st.sampled_from(["0", "50%", "90%", "95%", "99.9%", "2/3"])
RATES = st.fractions(0, 30, max_denominator=7)
OPS = st.sampled_from(["gt", "gte"])
GATES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "min_bad": st.integers(0, 6),
        "min_total": st.integers(0, 40),
        "pending": st.integers(0, 8).map(lambda n: f"{n}m"),
        "op": OPS,
        "severity": st.sampled_from(["page", "ticket", "email"]),
    },
)


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    """An alert of either kind, often a senseless one."""
    gates = draw(GATES)
    if draw(st.booleans()):
        share = draw(st.fractions(0, 3, max_denominator=9))
        return BudgetShareAlert(share=share, window=draw(MINUTES), **gates)
    short = draw(st.none() | MINUTES)
    sure = draw(st.none() | st.sampled_from(["90%", "99%"]))
    rate = draw(RATES)
    return BurnRateAlert(long_window=draw(MINUTES), short_window=short, burn_rate=rate, confidence=sure, **gates)


def counts(total: list[int], bad: list[int], step: str = "1m") -> Counts:
    """Return counts of one series."""
    return Counts.from_buckets(start="2026-01-01T00:00Z", step=step, total=total, bad=bad)


def objective(target: str, window: str) -> SLO:
    """Return an objective on a ratio."""
    return SLO("x", sli=SLI.ratio("x"), target=target, window=window)


def codes(found: tuple[Finding, ...], alert: Alert) -> set[str]:
    """Return what was found of an alert."""
    return {finding.code for finding in found if finding.subject == repr(alert)}


@given(
    target=TARGETS,
    window=MINUTES,
    held=st.lists(alerts(), max_size=4),
    total=st.none() | st.lists(st.integers(0, 30), max_size=30),
    step=st.sampled_from(["1m", "2m", "7m"]),
)
def test_lint_never_raises_for_a_definition(
    target: str, window: str, held: list[Alert], total: list[int] | None, step: str
) -> None:
    """However little sense it makes, on whatever traffic, each finding has a figure or a reason and a way out."""
    evidence = None if total is None else counts(total, [0] * len(total), step)
    for finding in lint(objective(target, window), held, evidence):
        assert finding.message
        assert finding.mend
        assert repr(finding).endswith(f"[{finding.code}]")


@given(target=TARGETS, alert=alerts(), total=st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_what_never_fires_does_not_fire_in_a_total_outage(target: str, alert: Alert, total: list[int]) -> None:
    """And a threshold that is not named as such is reached by a steady outage, where no gate holds it back."""
    slo = objective(target, "12m")
    named = "never-fires" in codes(lint(slo, [alert]), alert)
    fires = alert.fires(slo.evaluate(counts(total, total)))
    assert not (named and fires.any())
    gated = alert.min_bad or alert.min_total or alert.pending or getattr(alert, "confidence", None)
    if not named and isinstance(alert, BurnRateAlert) and not gated:
        assert alert.fires(slo.evaluate(counts([9] * 12, [9] * 12))).all()


@given(target=TARGETS, held=st.lists(alerts(), min_size=2, max_size=2), data=st.data())
def test_a_redundant_alert_never_fires_alone(target: str, held: list[Alert], data: st.DataObject) -> None:
    """Wherever it fires the other does."""
    one, other = held
    slo = objective(target, "12m")
    if repr(one) == repr(other) or "redundant-alert" not in codes(lint(slo, held), one):
        return
    total = data.draw(st.lists(st.integers(0, 30), min_size=1, max_size=40))
    bad = [data.draw(st.integers(0, n)) for n in total]
    evaluation = slo.evaluate(counts(total, bad))
    assert not (one.fires(evaluation) & ~other.fires(evaluation)).any()


@given(target=TARGETS, alert=alerts(), each=st.integers(1, 60))
def test_whether_one_failure_fires_is_what_the_alert_says(target: str, alert: Alert, each: int) -> None:
    """At a steady pace: lint, which has seen no failure, against the alert held against one."""
    slo, size = objective(target, "12m"), 60
    evaluation = slo.evaluate(counts([each] * size, [int(i == 40) for i in range(size)]))
    found = codes(lint(slo, [alert], counts([each] * size, [0] * size)), alert)
    threshold = alert.burn_rate if isinstance(alert, BurnRateAlert) else getattr(alert, "share", Fraction(0))
    short = alert.short_window if isinstance(alert, BurnRateAlert) else None
    if threshold and (short is None or short < alert.windows[0]):
        assert ("one-failure-fires" in found) == bool(alert.fires(evaluation).any())
    fires = alert.fires(slo.evaluate(counts([each] * size, [each] * size)))
    if "evidence-out-of-reach" in found:
        assert not np.asarray(fires).any()
