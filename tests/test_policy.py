"""Policies and decisions: the numbers of the default policy, the cases that must not freeze anybody, and the words."""

from __future__ import annotations

import copy
import warnings
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from slokit import (
    SLI,
    SLO,
    BurnRateAlert,
    CalendarWindow,
    Counts,
    Exclusion,
    Occurrences,
    Policy,
    Rule,
    State,
    Timeslices,
)
from slokit.conditions import BudgetBelow, Exhausted, ExhaustsWithin, Missed, NoDataFor
from slokit.errors import InvalidPolicy, OutOfTimeline, RoundedWindows, UnknownActivity, WrongType
from slokit.incidents import Incident
from slokit.policy import Override, Reviews
from slokit.policy.reviews import severity
from tests.evaluations import START, evaluated

DAY = 288  # buckets of five minutes


def freeze(**given: Any) -> Policy:
    """Return a policy of two states without a warm-up."""
    rules = given.pop("rules", [Rule("frozen", Exhausted(), until=~BudgetBelow("5%"))])
    states = [State("calm"), State("frozen", blocks=["deploy"], exempt=["security"], actions=["stop"])]
    return Policy("freeze", states=states, rules=rules, **given)


# --- the default policy -----------------------------------------------------------------------------------------------


def test_the_default_policy_has_the_numbers_of_its_page() -> None:
    """Healthy, warning, critical; 25% and 5%, holds of six hours, a warm-up of a quarter, stale after an hour."""
    policy = Policy.default()
    assert [state.name for state in policy.states] == ["healthy", "warning", "critical"]
    warning, low, critical = policy.rules
    shares = {alert.share for alert in warning.when.leaves() if hasattr(alert, "share")}
    assert shares == {Fraction(1, 50), Fraction(1, 20), Fraction(1, 10)}
    burns = [alert.burn_rate for alert in warning.when.leaves() if hasattr(alert, "burn_rate")]
    assert burns == [Fraction(72, 5), 6, 1]
    assert (low.when, low.hold, warning.hold) == (BudgetBelow("25%"), 6 * 3600 * 10**9, 6 * 3600 * 10**9)
    assert (critical.when, critical.until, critical.warmup) == (Exhausted(), ~BudgetBelow("5%"), Fraction(1, 4))
    assert policy.stale_after == 3600 * 10**9
    assert not policy.states[1].blocks
    assert set(policy.states[2].exempt) == {"security", "p0", "reliability"}


def test_burn_rates_of_the_default_policy_scale_with_the_window() -> None:
    """14.4 spends 2% in an hour over 30 days; over seven it is 3.36."""
    rates = [leaf.burn_rate for leaf in Policy.default("7d").rules[0].when.leaves() if hasattr(leaf, "burn_rate")]
    assert rates[0] == Fraction("3.36")


def test_critical_is_entered_at_exactly_nothing_left_and_left_at_exactly_five_percent() -> None:
    """At exactly zero the budget is exhausted; a state that ends at 5% ends there, and not a bad event earlier."""
    # 20 buckets of a window allow 1 bad event each: 20 in all.
    bad = [1] * 20 + [0, 0]
    history = freeze().evaluate(evaluated(bad, 100, window="100m"))
    assert history.states.tolist() == ["frozen"] * 20 + ["calm", "calm"]
    # One event more, and a hair less than 5% is left: the state goes on.
    history = freeze().evaluate(evaluated([10] * 20 + [1, 0], 1000, window="100m"))
    assert history.states.tolist()[-2:] == ["frozen", "calm"]


def test_a_state_lasts_until_it_was_clear_for_its_hold() -> None:
    """It ends at the first bucket end that lies six hours behind the last at which its condition held."""
    bad = np.zeros(DAY, dtype=int)
    bad[10] = 100
    policy = freeze(rules=[Rule("frozen", Missed(), hold="6h")])
    states = policy.evaluate(evaluated(bad, window="5m")).states.tolist()
    assert states == ["calm"] * 10 + ["frozen"] * 72 + ["calm"] * (DAY - 82)


# --- what must not freeze anybody (CASES 48), silence (49), typos (51) -----------------------------------------------


def test_one_bad_minute_on_the_first_of_the_month_freezes_nothing() -> None:
    """48: at 00:10 on the 1st of a calendar month, by any budgeting method and with or without an expected total."""
    bad = np.zeros(60, dtype=int)
    bad[10] = 100
    month = CalendarWindow("month")
    for budgeting in (Occurrences(), Timeslices("1m", target="95%")):
        ev = evaluated(bad, 100, target="99.9%", window=month, step="1m", budgeting=budgeting)
        decision = Policy.default(month).evaluate(ev).at()
        assert decision.allows("deploy"), decision
        assert decision.state != "critical"


def test_one_bad_minute_on_the_first_of_a_later_month_freezes_nothing() -> None:
    """48: the month before says how much traffic to expect, and warm-up is long over."""
    bad = np.zeros(31 * 1440 + 60, dtype=int)
    bad[31 * 1440 + 10] = 100
    ev = evaluated(bad, 100, target="99.9%", window=CalendarWindow("month"), step="1m")
    decision = Policy.default(CalendarWindow("month")).evaluate(ev).at()
    assert ev.at().error_budget.basis == "expected"
    assert decision.allows("deploy")
    assert decision.state != "critical"


@pytest.mark.parametrize("start", ["2026-01-10T00:00Z", "2026-01-20T00:00Z", "2026-01-31T10:00Z"])
def test_one_bad_minute_in_the_second_month_of_a_young_service_freezes_nothing(start: str) -> None:
    """48: where the month before is not known in full, the budget is a share of ten minutes, and a week old or not."""
    first = int((np.datetime64("2026-02-01") - np.datetime64(start[:-1])) / np.timedelta64(1, "m"))
    bad = np.zeros(first + 600, dtype=int)
    bad[first + 10] = 100
    ev = evaluated(bad, 100, target="99.9%", window=CalendarWindow("month"), step="1m", start=start)
    history = Policy.default(CalendarWindow("month")).evaluate(ev)
    assert ev.at().error_budget.basis == "elapsed"
    assert ev.at().error_budget.exhausted
    assert not history.episodes("critical")


def test_a_restart_thaws_nothing() -> None:
    """Told that it was critical, a process with an hour of evidence stays so until a quarter of the window is there."""
    bad = np.zeros(8 * DAY, dtype=int)
    history = Policy.default().evaluate(evaluated(bad), initial="critical")
    assert history.at("2026-01-01T01:00Z").state == "critical"
    assert history.at("2026-01-08T11:00Z").state == "critical"
    assert history.at("2026-01-08T12:00Z").state == "healthy"
    assert "first data less than 7d12h ago" in history.at("2026-01-01T01:00Z").reasons[0]


def test_six_errors_among_the_first_five_thousand_requests_freeze_nothing() -> None:
    """48: a new service at 99.9% has overspent a budget of five, and its first quarter of a window is not over."""
    bad = np.zeros(50, dtype=int)
    bad[::9] = 1
    ev = evaluated(bad, 100, target="99.9%")
    assert ev.at().error_budget.exhausted
    decision = Policy.default().evaluate(ev).at()
    assert decision.state != "critical"
    assert decision.allows("deploy")


def test_one_error_in_ten_requests_after_a_restart_freezes_nothing() -> None:
    """48: evidence that begins with the process is young, whatever it holds."""
    decision = Policy.default().evaluate(evaluated([1], 10, target="99.9%")).at()
    assert decision.state != "critical"
    assert decision.allows("deploy")


def test_a_service_that_goes_silent_becomes_unknown() -> None:
    """49: for an hour the last state is held, then nobody can tell; it is never green."""
    observed = np.array([True] * DAY + [False] * 24)
    history = Policy.default().evaluate(evaluated(np.zeros(DAY + 24, dtype=int), observed * 1000, observed=observed))
    assert set(history.states[DAY : DAY + 11].tolist()) == {"healthy"}
    assert set(history.states[DAY + 11 :].tolist()) == {"unknown"}
    assert history.at().reasons == ("nothing measured for 2h, at least 1h",)


def test_a_dead_service_is_bad_where_missing_means_bad() -> None:
    """49: with missing="bad" silence is an outage and no mystery."""
    observed = np.array([True] * DAY + [False] * 24)
    ev = evaluated(
        np.zeros(DAY + 24, dtype=int), observed * 1000, observed=observed, missing="bad", missing_events="last"
    )
    assert Policy.default().evaluate(ev).at().state == "warning"


def test_silence_never_makes_a_state_milder() -> None:
    """While nothing is measured, errors that leave the window do not turn the light green."""
    bad = np.array([1000] * 3 + [0] * 11)
    observed = np.array([True] * 3 + [False] * 11)
    policy = freeze(rules=[Rule("frozen", Missed())], stale_after="30m")
    states = policy.evaluate(evaluated(bad, observed * 1000, observed=observed, window="10m")).states
    assert states.tolist() == ["frozen"] * 8 + ["unknown"] * 6


def test_time_that_was_excluded_is_no_silence() -> None:
    """A maintenance of two hours, agreed beforehand, makes nothing unknown."""
    bad = np.zeros(DAY, dtype=int)
    counts = Counts.from_buckets(start=START, step="5m", bad=bad, total=bad + 1000)
    slo = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="7d")
    maintenance = Exclusion("2026-01-01T20:00Z", "2026-01-01T22:00Z", "database")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert set(Policy.default().evaluate(slo.evaluate(counts, maintenance)).states.tolist()) == {"healthy"}


def test_a_misspelt_activity_is_an_error_that_lists_the_known_ones() -> None:
    """51: a typo that is always allowed would be the worst of answers."""
    decision = Policy.default().evaluate(evaluated([0])).at()
    with pytest.raises(UnknownActivity, match=r'one of deploy, .*got \'depoly\'; did you mean "deploy"'):
        decision.allows("depoly")
    with pytest.raises(UnknownActivity, match=r"change must be one of normal, reliability, security, p0"):
        decision.allows("deploy", change="cosmetic")
    overridden = decision.overridden(allow=True, reason="because", by="ann")
    with pytest.raises(UnknownActivity):
        overridden.allows("depoly")


# --- decisions --------------------------------------------------------------------------------------------------------


def frozen_decision() -> Any:
    """Return a decision that blocks."""
    return freeze().evaluate(evaluated([0] * 20 + [900], 1000, window="100m")).at()


def test_a_state_blocks_its_activities_but_for_exempt_changes() -> None:
    """What the state does not name is allowed, and so is a change that it exempts."""
    decision = frozen_decision()
    assert decision.state == "frozen"
    assert not decision.allows("deploy")
    assert decision.allows("deploy", change="security")
    assert not decision.allows("deploy", change="normal")
    assert decision.allows("experiment")
    assert (decision.blocked, decision.exempt, decision.actions) == (("deploy",), ("security",), ("stop",))


def test_an_override_is_kept_with_its_reason() -> None:
    """What somebody decided against the policy changes the answer and is shown."""
    decision = frozen_decision()
    overridden = decision.overridden(allow=True, reason="rollback of 4711", by="ann", activities=("deploy",))
    assert overridden.allows("deploy")
    assert overridden.override == Override(True, "rollback of 4711", "ann", ("deploy",))
    assert "OVERRIDE deploy allowed by ann: rollback of 4711" in repr(overridden)
    assert not decision.allows("deploy")
    assert overridden != decision
    with pytest.raises(InvalidPolicy, match="reason must be 1 to"):
        decision.overridden(allow=True, reason=" ", by="ann")


def test_an_aspiration_is_judged_and_freezes_nothing() -> None:
    """enforced=False: the state is what it is, and every activity is allowed."""
    decision = freeze().evaluate(evaluated([0] * 20 + [900], window="100m", enforced=False)).at()
    assert decision.state == "frozen"
    assert decision.allows("deploy")
    assert decision.blocked == ()


def test_on_unknown_decides_what_becomes_of_activities() -> None:
    """Blocking means what the gravest state blocks, and exempts what it exempts."""
    ev = evaluated([0], 0)
    assert freeze().evaluate(ev).at().allows("deploy")
    blocked = freeze(on_unknown="block").evaluate(ev).at()
    assert (blocked.state, blocked.is_known) == ("unknown", False)
    assert not blocked.allows("deploy")
    assert blocked.allows("deploy", change="security")


def test_a_decision_is_one_line_that_says_what_matters() -> None:
    """State, budget, burn, outlook, indicator and coverage, in this order."""
    bad = np.zeros(30 * DAY, dtype=int)
    bad[-12:] = 20
    decision = Policy.default().evaluate(evaluated(bad, target="99.9%")).at()
    assert repr(decision) == (
        "WARNING · 97% budget left (8,408 bad events) · 1h burn 20x · gone in ~35h · SLI 99.997% of 8.64 M · "
        "coverage 100%"
    )


def test_reasons_have_figures() -> None:
    """Each condition that holds is named with what was found and what it was held against."""
    bad = np.zeros(30 * DAY, dtype=int)
    bad[-24:] = 50
    decision = Policy.default().evaluate(evaluated(bad, target="99.9%")).at()
    assert decision.reasons[0] == "burn rate 50x over 1h and 50x over 5m exceeds 14.4x with 5 bad events"
    assert "6.9% of the budget spent in 1h, more than 2% with 5 bad events at 25% coverage" in decision.reasons


def test_a_state_that_is_held_says_since_when_and_for_how_long() -> None:
    """During the hold the reason names when it last held, and how much of the hold is over."""
    policy = freeze(rules=[Rule("frozen", Missed(), hold="1h")])
    decision = policy.evaluate(evaluated([0, 100, *[0] * 4], window="5m")).at()
    assert decision.state == "frozen"
    assert decision.reasons == ("clear for 20m of 1h; at 2026-01-01T00:10:00Z 90% good, below the target of 99%",)
    assert decision.since == datetime(2026, 1, 1, 0, 10, tzinfo=UTC)


def test_transitions_say_why_a_state_was_left() -> None:
    """Entered for what held, left for what was clear or came true."""
    history = freeze().evaluate(evaluated([0] * 20 + [900] + [0] * 40, window="100m"))
    changes = [(change.before, change.after, change.reasons) for change in history.transitions]
    assert changes[0] == ("unknown", "calm", ("first data",))
    assert changes[1][:2] == ("calm", "frozen")
    assert changes[1][2] == ("the budget is exhausted (-350% of the budget left)",)
    assert changes[2] == ("frozen", "calm", ("100% of the budget left, not below 5%",))


def test_a_known_start_is_carried_on() -> None:
    """initial= keeps a state that its rule would not leave, and is one name or one a series."""
    ev = evaluated([0] * 20 + [19] + [0] * 3, 100, window="100m")
    assert freeze().evaluate(ev).at().state == "calm"
    carried = freeze().evaluate(evaluated([19, 0], 1000, window="10m"), initial="frozen")
    assert carried.states.tolist() == ["frozen", "calm"]
    kept = freeze(rules=[Rule("frozen", Missed(), until=~BudgetBelow("100%"))]).evaluate(
        evaluated([1, 1], 1000, window="10m"), initial="frozen"
    )
    assert kept.states.tolist() == ["frozen", "frozen"]
    assert kept.at().since is None
    pair = evaluated([[1, 1], [0, 0]], 1000, window="10m", labels={"tenant": ["a", "b"]})
    both = freeze(rules=[Rule("frozen", Missed(), until=~BudgetBelow("100%"))]).evaluate(
        pair, initial=["frozen", "calm"]
    )
    assert both.states[:, -1].tolist() == ["frozen", "calm"]
    with pytest.raises(InvalidPolicy, match="initial must be one of calm, frozen, unknown, got 'cold'"):
        freeze().evaluate(ev, initial="cold")


def test_suspicious_traffic_is_not_believed_to_be_healthy() -> None:
    """Where traffic is far too low, the mildest state becomes unknown; a graver one stays."""
    ev = evaluated([0, 0, 900], window="5m")
    history = freeze().evaluate(ev, suspicious=np.array([False, True, True]))
    assert history.states.tolist() == ["calm", "unknown", "frozen"]
    assert freeze().evaluate(ev, suspicious=np.array([False, True, True])).at("2026-01-01T00:10Z").reasons == (
        "far less traffic than usual, so nothing bad is no good sign",
    )
    with pytest.raises(WrongType, match="suspicious must be a bool array of shape"):
        freeze().evaluate(ev, suspicious=np.zeros(2, dtype=np.bool_))


def test_a_silence_in_the_middle_makes_no_second_episode() -> None:
    """Critical, unknown, critical again: one episode, and one incident review."""
    observed = np.array([True] * 30 + [False] * 20 + [True] * 5)
    bad = np.where(observed, 100, 0)
    history = freeze(reviews=Reviews(incident_review=["frozen"])).evaluate(
        evaluated(bad, observed * 1000, observed=observed, window="1d")
    )
    assert "unknown" in history.states.tolist()
    assert len(history.episodes("frozen")) == 1
    assert history.at().since == datetime(2026, 1, 1, 0, 5, tzinfo=UTC)


def test_windows_are_lengthened_only_where_the_policy_says_so() -> None:
    """The default policy rounds up to buckets of half an hour and says so; others refuse."""
    ev = evaluated([0] * 48, step="30m")
    with pytest.warns(RoundedWindows, match="windows lengthened to whole buckets of 30m"):
        history = Policy.default().evaluate(ev)
    assert len(history.notes) == 1
    assert "1h and 30m" in history.notes[0]
    with pytest.raises(ValueError, match="no whole number of buckets"):
        Policy.default(round_windows=False).evaluate(ev)


def test_what_is_due_follows_from_what_was_spent() -> None:
    """A review for each critical episode, a post-mortem above 20%, a planning item for a class above 20%."""
    bad = np.zeros(30 * DAY, dtype=int)
    bad[20 * DAY : 20 * DAY + 12] = 600
    ev = evaluated(bad, target="99.9%")
    incidents = [Incident("2026-01-21T00:00Z", "2026-01-21T01:00Z", kind="deploy")]
    decision = Policy.default().evaluate(ev).at()
    assert [item.kind for item in decision.due] == ["post-mortem"]
    items = decision.due_with(incidents)
    assert [item.kind for item in items] == ["post-mortem", "planning item"]
    assert items[0].reason == ("2026-01-21 00:00 to 2026-01-21 01:00 UTC spent 89.3% of the budget, more than 20%")
    assert "kind 'deploy' spent 83.3%" in items[1].reason
    assert Policy.default().evaluate(evaluated(np.zeros(30 * DAY, dtype=int))).at().due == ()


@pytest.mark.parametrize(
    ("spent", "within", "hurt", "grade"),
    [
        ("0.5", None, "some", "sev1"),
        ("0.49", None, "some", "sev2"),
        ("0.2", None, "some", "sev2"),
        ("0.05", None, "some", "sev3"),
        ("0.01", None, "some", "sev4"),
        ("0.01", timedelta(hours=6), "some", "sev1"),
        ("0.01", timedelta(days=2), "some", "sev3"),
        ("0.2", None, "everyone", "sev1"),
        ("0.2", None, "internal", "sev3"),
        ("0.5", None, "everyone", "sev1"),
    ],
)
def test_severity_follows_the_share_the_time_and_who_is_hurt(
    spent: str, within: timedelta | None, hurt: Any, grade: str
) -> None:
    """Not the name of the state."""
    assert severity(Fraction(spent), within, hurt) == grade


def test_a_calm_service_has_no_incident_to_grade() -> None:
    """Severity is None where no spell goes on."""
    assert Policy.default().evaluate(evaluated([0] * 20)).at().severity is None
    assert frozen_decision().severity == "sev1"


def test_an_outage_has_one_severity_while_it_goes_on() -> None:
    """Not another one every minute, and not none because the service fell silent."""
    flapping = np.array([0] * 600 + [4, 0] * 30)
    history = freeze().evaluate(evaluated(flapping, 4, target="99.9%", step="1m"))
    ends = history.timeline.ends[-20:]
    assert {history.at(end).severity for end in ends} == {"sev1"}
    observed = np.array([True] * 630 + [False] * 90)
    bad = np.where(np.arange(720) >= 600, 4, 0) * observed
    dead = freeze().evaluate(evaluated(bad, observed * 4, target="99.9%", step="1m", observed=observed))
    assert dead.at().severity == "sev1"


def test_figures_in_reasons_are_on_the_right_side_of_their_mark() -> None:
    """A burn of 14.401 exceeds 14.4, and is not shown as 14.4."""
    bad = np.zeros(30 * DAY, dtype=int)
    bad[-1] = 14401
    page = BurnRateAlert(long_window="5m", burn_rate=14.4)
    assert page.reasons(evaluated(bad, 10**6, target="99.9%")) == ("burn rate 14.401x over 5m exceeds 14.4x",)
    ev = evaluated([0] * 100 + [14401], 720_000, target="99.9%", window="505m")
    found = freeze(reviews=Reviews(post_mortem_within="505m")).evaluate(ev).at().due
    assert [item.reason.split(" spent ")[1] for item in found] == []
    bad = np.zeros(1000, dtype=int)
    bad[-1] = 200_001
    ev = evaluated(bad, 10**6, target="99.9%", window="5000m")
    (item,) = freeze(reviews=Reviews(post_mortem_within="5000m")).evaluate(ev).at().due
    assert item.reason.endswith("spent 20.0001% of the budget, more than 20%")


def test_every_transition_has_a_reason() -> None:
    """Also where its rule ended in a silence through which the state was held, or a doubt about traffic ended."""
    policy = freeze(rules=[Rule("frozen", Exhausted())])
    held = policy.evaluate(evaluated([0, 100, 0, 0, 0], [1000, 1000, 0, 1000, 1000], step="30m", window="30m"))
    assert held.transitions[-1].reasons == ("data again, and nothing holds the state any more",)
    doubted = policy.evaluate(evaluated([0] * 4, window="5m"), suspicious=np.array([False, True, False, False]))
    assert [change.reasons[0] for change in doubted.transitions][-1] == "as much traffic as usual again"


def test_a_state_held_through_an_exclusion_says_so() -> None:
    """Not that there was data in the bucket."""
    counts = Counts.from_buckets(start=START, step="5m", bad=[0, 100, 0], total=[1000] * 3)
    slo = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="5m")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ev = slo.evaluate(counts, Exclusion("2026-01-01T00:10Z", "2026-01-01T00:15Z", "disk"))
    decision = freeze(rules=[Rule("frozen", Missed())]).evaluate(ev).at()
    assert decision.reasons == ("the bucket was excluded: the last state is held",)


def test_an_override_names_activities_as_a_list() -> None:
    """One text would be taken for its letters."""
    with pytest.raises(WrongType, match="activities must be several names"):
        Override(True, "because", "ann", "deploy")


def test_what_blocks_while_unknown_is_added_up() -> None:
    """What the unknown state itself blocks, and with on_unknown="block" what the gravest does."""
    policy = Policy(
        "x",
        states=[State("a"), State("b", blocks=["deploy"])],
        rules=[],
        unknown=State("unknown", blocks=["experiment"]),
        on_unknown="block",
    )
    assert policy.evaluate(evaluated([0], 0)).at().blocked == ("deploy", "experiment")


def test_a_decision_knows_what_could_be_afforded() -> None:
    """More bad events, a canary, and until when the budget lasts."""
    bad = np.zeros(30 * DAY, dtype=int)
    bad[-24:] = 9
    decision = Policy.default().evaluate(evaluated(bad, target="99.9%")).at()
    left = decision.status.error_budget.bad_events_left
    assert left is not None
    assert decision.affords(bad=left)
    assert not decision.affords(bad=left + 1)
    assert decision.canary(share="5%", failure="10%", recover="30m").affordable
    assert decision.lasts_until is not None
    assert decision.lasts_until > decision.time


def test_a_post_mortem_stays_due_for_its_four_weeks() -> None:
    """Across the end of a short window, and of a calendar's period."""
    bad = np.zeros(38 * DAY, dtype=int)
    bad[28 * DAY : 28 * DAY + 12] = 600
    for window in ("7d", CalendarWindow("month")):
        decision = Policy.default().evaluate(evaluated(bad, target="99.9%", window=window)).at()
        assert [item.kind for item in decision.due] == ["post-mortem"], window


# --- histories --------------------------------------------------------------------------------------------------------


def test_time_in_states_adds_up() -> None:
    """Each bucket is in one state."""
    history = freeze().evaluate(evaluated([0] * 20 + [900] + [0] * 40, window="100m"))
    assert sum(history.time_in_states.values(), timedelta()) == timedelta(minutes=5 * 61)
    with pytest.raises(InvalidPolicy, match="state must be one of calm, frozen, unknown"):
        history.time_in("cold")


def test_a_history_of_a_fleet_is_picked_by_label() -> None:
    """By sel or by an index: the history of one series, equal to what that series alone would have."""
    bad = np.zeros((2, 40), dtype=int)
    bad[1, 20] = 900
    ev = evaluated(bad, window="100m", labels={"tenant": ["acme", "globex"]})
    history = freeze().evaluate(ev)
    assert history.sel(tenant="globex") == freeze().evaluate(ev.sel(tenant="globex"))
    assert history[0] == freeze().evaluate(ev[0])
    table = history.decisions()
    assert [one.state for one in table] == ["calm", "frozen"]
    assert table.sel(tenant="globex").state == "frozen"
    assert [dict(one.labels)["tenant"] for one in table.worst_first()] == ["globex", "acme"]
    assert repr(table).splitlines()[1].startswith("globex  FROZEN")
    assert {change.labels for change in history.transitions} == {(("tenant", "acme"),), (("tenant", "globex"),)}


def test_an_instant_outside_the_evidence_is_refused() -> None:
    """As everywhere: before the first bucket end, or a step past the last."""
    history = freeze().evaluate(evaluated([0, 0]))
    with pytest.raises(OutOfTimeline, match="must not be before"):
        history.at(START)
    with pytest.raises(OutOfTimeline, match="less than a bucket after"):
        history.at("2026-01-02T00:00Z")
    assert history.at("2026-01-01T00:05Z").time == datetime(2026, 1, 1, 0, 5, tzinfo=UTC)


def test_a_history_goes_on_where_another_ended() -> None:
    """Its carry knows how long each rule has been clear, which a state's name does not."""
    bad = np.zeros(60, dtype=int)
    bad[10] = 100
    policy = freeze(rules=[Rule("frozen", Missed(), hold="2h")])
    whole = policy.evaluate(evaluated(bad, window="5m"))
    first = policy.evaluate(evaluated(bad[:20], window="5m"))
    rest = evaluated(bad[20:], window="5m", start="2026-01-01T01:40Z")
    assert policy.evaluate(rest, initial=first.carry).states.tolist() == whole.states[20:].tolist()
    assert policy.evaluate(rest, initial="frozen").states.tolist() != whole.states[20:].tolist()
    with pytest.raises(WrongType, match="another policy's, or of other series"):
        Policy.default().evaluate(rest, initial=first.carry)


def test_batch_decisions_are_those_of_the_evidence_until_then() -> None:
    """The decision at an instant of history equals the last one of the evidence cut there."""
    bad = np.zeros(3 * DAY, dtype=int)
    bad[DAY : DAY + 30] = 300
    whole = Policy.default().evaluate(evaluated(bad))
    for stop in (10, DAY + 5, DAY + 40, 2 * DAY):
        cut = Policy.default().evaluate(evaluated(bad[:stop])).at()
        again = whole.at(np.datetime64(cut.time.replace(tzinfo=None)))
        assert again == cut
        assert again.reasons == cut.reasons
        assert repr(again) == repr(cut)


def test_a_history_is_a_value() -> None:
    """Equal where policy, evidence and states are; its arrays are read-only."""
    ev = evaluated([0, 900])
    assert freeze().evaluate(ev) == freeze().evaluate(ev)
    assert freeze().evaluate(ev) != Policy.default().evaluate(ev)
    with pytest.raises(ValueError, match="read-only"):
        freeze().evaluate(ev).codes[0] = 1
    assert copy.deepcopy(Policy.default()) == Policy.default()
    assert hash(Policy.default()) == hash(Policy.default())


# --- what a policy refuses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"states": []}, "states must be 1 to 15, got 0"),
        ({"states": [State("a"), State("a")]}, "states must have names of their own"),
        ({"states": [State("unknown")]}, "none of them 'unknown'"),
        ({"rules": [Rule("a", Missed())]}, r"rules\[0\] must name a state but the mildest, one of 'b', got 'a'"),
        ({"rules": [Rule("c", Missed())]}, "got 'c'"),
        ({"states": [State("a"), State("b", blocks=["fly"])]}, "blocks of state 'b' must be among .* got 'fly'"),
        ({"states": [State("a"), State("b", exempt=["x"])]}, "exempt of state 'b' must be among"),
        ({"on_unknown": "maybe"}, 'on_unknown must be "allow" or "block"'),
        ({"unknown": State("a")}, "unknown must be a state called 'unknown'"),
        ({"reviews": Reviews(incident_review=["c"])}, "incident_review must name states"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(fields: dict[str, Any], message: str) -> None:
    """Each message names the field and what was given."""
    given: dict[str, Any] = {"states": [State("a"), State("b")], "rules": []} | fields
    with pytest.raises(InvalidPolicy, match=message):
        Policy("x", **given)


def test_types_are_checked_at_the_door() -> None:
    """A state is a State, a rule a Rule, a condition a condition, and several names are a list."""
    with pytest.raises(WrongType, match=r"states\[0\] must be a State, got str"):
        Policy("x", states=["a"], rules=[])  # type: ignore[list-item]
    with pytest.raises(WrongType, match="when must be a condition"):
        Rule("a", "exhausted")  # type: ignore[arg-type]
    with pytest.raises(WrongType, match="blocks must be several names"):
        State("a", blocks="deploy")
    with pytest.raises(WrongType, match="evaluation must be an Evaluation, got str: 'x'"):
        Policy.default().evaluate("x")  # type: ignore[arg-type]
    with pytest.raises(InvalidPolicy, match="hold must not be given beside until"):
        Rule("a", Missed(), hold="1h", until=~Missed())
    with pytest.raises(UnknownActivity, match='did you mean "on_unknown"'):
        Policy.default(on_unkown="block")
    with pytest.raises(InvalidPolicy, match="warmup must be a share"):
        Rule("a", Missed(), warmup="150%")


def test_a_rule_may_look_ahead_and_at_silence() -> None:
    """Conditions on what is to come and on what is missing serve like any other."""
    bad = np.zeros(30 * DAY, dtype=int)
    bad[-24:] = 100
    policy = freeze(rules=[Rule("frozen", ExhaustsWithin("12h") | NoDataFor("30m"))])
    decision = policy.evaluate(evaluated(bad, target="99.9%")).at()
    assert decision.state == "frozen"
    assert decision.reasons[0].startswith("budget gone in ~")
