"""Policies at their edges: no bucket at all, alerts that become one, and arguments of another shape than they take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, BudgetShareAlert, BurnRateAlert, Counts, Policy, Rule, State, alerts
from slokit.conditions import Exhausted
from slokit.errors import InvalidAlert, OutOfTimeline, RoundedWindows, WrongType
from slokit.incidents import spells
from slokit.policy.owed import ongoing

SLO_ = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="2h")
STATES = (State("calm"), State("busy"))


def hourly(bad: list[int]) -> Counts:
    """Return buckets of an hour."""
    return Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[1000] * len(bad), bad=bad)


@pytest.mark.parametrize("labels", [None, {"tenant": ["a", "b"]}])
def test_a_policy_without_a_bucket_has_no_states(labels: dict[str, list[str]] | None) -> None:
    """An empty timeline gives an empty history, and a decision is refused with what would mend it."""
    history = Policy.default().evaluate(SLO_.evaluate(Counts.empty(step="1m", labels=labels)))
    assert history.codes.shape == history.states.shape == ((2, 0) if labels else (0,))
    assert history.transitions == ()
    assert history.episodes("critical") == history.episodes("unknown") == ()
    assert set(history.time_in_states.values()) == {timedelta()}
    assert "default of checkout" in repr(history)
    assert history._repr_html_().startswith("<table>")
    with pytest.raises(OutOfTimeline, match=r"there is no bucket to decide by; counts.extend\(until=\)"):
        history.at()


def test_a_spell_goes_on_as_long_as_another_would_join_it() -> None:
    """Bad events half an hour after its end would belong to it, so until then it is not over."""
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="5m", total=[100] * 12, bad=[0] * 5 + [90] + [0] * 6)
    (spell,) = spells(SLO_.evaluate(counts))
    assert ongoing([spell], spell.end + timedelta(minutes=30)) is spell
    assert ongoing([spell], spell.end + timedelta(minutes=30, microseconds=1)) is None


def test_alerts_that_become_one_by_lengthening_are_one() -> None:
    """Of windows of 20 and 40 minutes an hourly step makes twice the same alert: the composite has it once."""
    shorter, longer = (BurnRateAlert(long_window=window, burn_rate=2) for window in ("20m", "40m"))
    policy = Policy("x", states=STATES, rules=[Rule("busy", shorter | longer, until=~longer)], round_windows=True)
    with pytest.warns(RoundedWindows, match="lengthened to whole buckets of 1h"):
        history = policy.evaluate(SLO_.evaluate(hourly([0, 50, 0])))
    assert history.states.tolist() == ["calm", "busy", "calm"]
    assert history.rules[0].when.fitted(1) == history.rules[0].when
    (note,) = history.notes
    assert note.count(" as ") == 2
    assert "20m" in note
    assert "40m" in note


def test_a_default_policy_is_lengthened_to_any_step() -> None:
    """Also to buckets of a day, where several of its windows are one."""
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1d", total=[1000] * 40, bad=[0] * 39 + [900])
    slo = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d")
    with pytest.warns(RoundedWindows):
        history = Policy.default().evaluate(slo.evaluate(counts))
    assert history.at().state == "critical"


@pytest.mark.parametrize("field", ["states", "rules"])
@pytest.mark.parametrize("value", [5, None, "calm"])
def test_several_are_written_in_a_list(field: str, value: Any) -> None:
    """One of something, or nothing, is refused by the field's name."""
    fields: dict[str, Any] = {"states": STATES, "rules": []}
    with pytest.raises(WrongType, match=f"{field} must be several {field}, got .*; write them in a list"):
        Policy("x", **(fields | {field: value}))


@pytest.mark.parametrize("value", [[["stop"]], [{}], [5], [None]])
def test_names_are_text(value: Any) -> None:
    """A list in a list is no name, and no fault of slokit."""
    with pytest.raises(WrongType, match="actions must be text, got "):
        State("x", actions=value)


def test_one_activity_to_override_is_written_in_a_list() -> None:
    """Its letters would be taken for activities."""
    decision = Policy("x", states=STATES, rules=[Rule("busy", Exhausted())]).evaluate(SLO_.evaluate(hourly([0]))).at()
    with pytest.raises(WrongType, match="activities must be several names, got 'deploy'; write them in a list"):
        decision.overridden(allow=True, reason="x", by="ann", activities="deploy")  # type: ignore[arg-type]


@pytest.mark.parametrize("alerts_", [None, 5, BurnRateAlert(long_window="1h", burn_rate=1)])
def test_several_alerts_are_written_in_a_list(alerts_: Any) -> None:
    """One alert has a method of its own."""
    ev = SLO_.evaluate(hourly([0]))
    for function in (alerts.fires, alerts.episodes, alerts.notifications):
        with pytest.raises(WrongType, match=r"alerts must be several alerts, got .*; write them in a list"):
            function(ev, alerts_)


@pytest.mark.parametrize("field", ["min_bad", "min_total"])
@pytest.mark.parametrize(
    ("value", "given"),
    [(-1, "got -1$"), (2**63, "got more$"), (10**5000, "got more$"), (-(10**5000), "got less$")],
    ids=["below 0", "above int64", "endless", "endless below 0"],
)
def test_no_gate_asks_for_more_events_than_there_can_be(field: str, value: int, given: str) -> None:
    """From none to as many as a bucket holds; a number of 5,000 digits is refused without being written."""
    gate: dict[str, Any] = {field: value}
    with pytest.raises(InvalidAlert, match=rf"{field} must be from 0 to 9,223,372,036,854,775,807, {given}"):
        BudgetShareAlert(share="2%", window="1h", **gate)
    most: dict[str, Any] = {field: 2**63 - 1}
    alert = BudgetShareAlert(share=0, op="gte", window="1h", **most)
    assert not alert.fires(SLO_.evaluate(hourly([0, 5]))).any()


@pytest.mark.parametrize("coverage", ["0.999999999999999999", "0." + "9" * 60, "0." + "0" * 60 + "1"])
def test_coverage_of_many_digits_is_exact(coverage: str) -> None:
    """Nearly all is all of few buckets and hardly any is one, however many digits say so."""
    observed = np.array([False] * 2 + [True] * 4)
    counts = Counts.from_buckets(
        start="2026-01-01T00:00Z", step="1h", total=observed * 1000, bad=observed * 900, observed=observed
    )
    alert = BurnRateAlert(long_window="3h", burn_rate=1, min_coverage=coverage)
    expected = [False] * 4 + [True] * 2 if coverage.startswith("0.9") else [False] * 2 + [True] * 4
    assert alert.fires(SLO_.evaluate(counts)).tolist() == expected
