"""Several objectives of one service: the worst state, the one that leads, and budgets that nobody spends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, Counts, Evaluation, Policy, Rule, State
from slokit.conditions import BudgetBelow, Exhausted
from slokit.errors import InvalidPolicy, OutOfTimeline, UnknownActivity, UnknownLabel, WrongType
from slokit.policy import together, unspent
from slokit.timeline import parse_duration
from tests.evaluations import evaluated

POLICY = Policy(
    "three",
    states=[State("healthy"), State("low"), State("gone", blocks=["deploy"], exempt=["security"])],
    rules=[Rule("low", BudgetBelow("25%")), Rule("gone", Exhausted())],
)


def held(bad: list[int], *, step: str = "1h", total: int = 100, **options: Any) -> Evaluation:
    """Hold buckets against 90% over ten of them."""
    window = np.timedelta64(10 * parse_duration(step), "ns")
    return evaluated(bad, total, target="90%", window=window, step=step, **options)


def test_the_service_is_as_badly_off_as_its_worst_objective() -> None:
    """At each bucket end, and the one that is worst off leads; of equals the one with less budget left."""
    service = together(POLICY, {"up": held([0, 9, 9, 0]), "fast": held([0, 0, 12, 10]), "right": held([0, 0, 0, 99])})
    assert service["up"].states.tolist() == ["healthy", "healthy", "healthy", "healthy"]
    assert service.states.tolist() == ["healthy", "healthy", "healthy", "gone"]
    assert service.leading.tolist() == ["up", "up", "up", "right"]
    decision = service.at()
    assert (decision.state, decision.leading) == ("gone", "right")
    assert not decision.allows("deploy")
    assert decision.allows("deploy", change="security")
    assert decision.reasons[0].startswith("right: the budget is exhausted")
    assert repr(decision).startswith("GONE · led by right: GONE · ")
    with pytest.raises(UnknownActivity):
        decision.allows("depoly")


def test_unknown_is_worse_than_the_mildest_state_and_better_than_all_others() -> None:
    """One silent objective makes a healthy service unknown, and hides no trouble of another."""
    silent = held([0, 0, 0], total=0)
    assert together(POLICY, {"up": held([0, 0, 0]), "fast": silent}).states.tolist() == ["unknown"] * 3
    assert together(POLICY, {"up": held([0, 0, 99]), "fast": silent}).states.tolist()[-1] == "gone"


def test_an_aspiration_is_shown_and_does_not_count() -> None:
    """enforced=False: judged beside the others, and neither leads nor blocks."""
    service = together(POLICY, {"up": held([0, 0]), "dream": held([99, 99], enforced=False)})
    assert service.states.tolist() == ["healthy", "healthy"]
    assert service.at().allows("deploy")
    assert service.at()["dream"].state == "gone"


def test_steps_may_differ() -> None:
    """At each end of either what was last known of the other counts, from the latest start to the earliest end."""
    hourly = held([0, 99, 0], start="2026-01-01T00:00Z")
    quarters = held([0] * 9, step="15m", start="2026-01-01T00:30Z")
    service = together(POLICY, {"hourly": hourly, "quarters": quarters})
    ends = service.ends.astype("datetime64[m]").astype(str).tolist()
    assert ends[0] == "2026-01-01T01:00"
    assert ends[-1] == "2026-01-01T02:45"
    assert service.states.tolist() == ["healthy"] * 4 + ["gone"] * 4
    assert service.at("2026-01-01T01:59Z").state == "healthy"
    assert service.at("2026-01-01T02:10Z").state == "gone"


def test_what_cannot_be_judged_together_is_refused() -> None:
    """No evaluations, several series, no time in common, or an instant before it."""
    with pytest.raises(WrongType, match="at least one"):
        together(POLICY, {})
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=[[0]], total=[[1]])
    with pytest.raises(WrongType, match=r"evaluations\['x'\] must be of one series"):
        together(POLICY, {"x": SLO("x", sli=SLI.ratio("x"), target="90%", window="1h").evaluate(counts)})
    with pytest.raises(OutOfTimeline, match="must have time in common"):
        together(POLICY, {"a": held([0]), "b": held([0], start="2026-03-01T00:00Z")})
    with pytest.raises(OutOfTimeline, match="when must be less than a bucket after"):
        together(POLICY, {"a": held([0])}).at("2030-01-01T00:00Z")
    with pytest.raises(UnknownLabel, match="no objective is called 'b'; there are a"):
        together(POLICY, {"a": held([0])})["b"]
    with pytest.raises(WrongType, match="policy must be a Policy"):
        together("strict", {"a": held([0])})  # type: ignore[arg-type]
    with pytest.raises(OutOfTimeline, match="when must not be before"):
        together(POLICY, {"a": held([0])}).at("2025-01-01T00:00Z")


def test_a_budget_that_nobody_spends_is_a_finding() -> None:
    """Underspent below a tenth, never missed above it, nothing where it was missed or the history is short."""
    codes = {
        name: (found.code if (found := unspent(name, held(bad))) else None)
        for name, bad in {
            "untouched": [0] * 40,
            "little": [1] * 40,
            "more": [2] * 40,
            "missed": [0] * 38 + [100, 100],
            "short": [0] * 29,
        }.items()
    }
    assert codes == {
        "untouched": "underspent",
        "little": "underspent",
        "more": "never-missed",
        "missed": None,
        "short": None,
    }
    silent = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=[0] * 40, total=[100] + [0] * 39)
    slo = SLO("x", sli=SLI.ratio("x"), target="90%", window="10h")
    assert unspent("silent", slo.evaluate(silent)) is None
    with pytest.raises(InvalidPolicy, match="little must be a share"):
        unspent("x", held([0] * 40), little=10)
    with pytest.raises(InvalidPolicy, match="windows must be a whole number"):
        unspent("x", held([0] * 40), windows=0)
    service = together(POLICY, {"up": held([0] * 40), "fast": held([0] * 38 + [100, 100])})
    assert [finding.subject for finding in service.findings()] == ["up"]


def test_a_service_history_is_a_value() -> None:
    """Equal where its histories and ends are, and well at a prompt and in a notebook."""
    service = together(POLICY, {"up": held([0, 0])})
    assert service == together(POLICY, {"up": held([0, 0])})
    assert service != together(POLICY, {"up": held([0, 1])})
    assert service._repr_html_().startswith("<table>")
    assert "up" in repr(service)
