"""Backtests: scores of alerts and policies, and what a sweep is asked and answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, BudgetShareAlert, BurnRateAlert, Counts, Evaluation, Policy, Rule, State, alerts
from slokit.analysis import backtest
from slokit.analysis.backtest import FIGURES, Sweep, score, sweep
from slokit.errors import (
    InvalidAlert,
    InvalidDefinition,
    InvalidInterval,
    InvalidNumber,
    InvalidPolicy,
    NothingFits,
    OutOfTimeline,
    WrongType,
)
from slokit.incidents import Incident

BITE = "<script>\u202e</script>"
HOUR = timedelta(hours=1)
# What a type checker would refuse is refused without one too.
replay: Any = score


def at(hours: float) -> datetime:
    """Return an instant of the day of these tests."""
    return datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hours)


def an_evaluation(bad: list[int], observed: list[bool] | None = None, target: str = "99%") -> Evaluation:
    """Return hours of a hundred events, of which so many are bad."""
    counts = Counts.from_buckets(
        start="2026-01-05T00:00Z", step="1h", total=[100] * len(bad), bad=bad, observed=observed
    )
    return SLO("checkout", sli=SLI.ratio("up"), target=target, window="1d").evaluate(counts)


PAGE = BurnRateAlert(long_window="1h", burn_rate=5)


# --- scores -----------------------------------------------------------------------------------------------------------


def test_times_run_from_the_incidents_ends() -> None:
    """Found at the end of the first hour that burns, over at the end of the first that does not."""
    ev = an_evaluation([0, 0, 0, 50, 50, 50, 0, 0])
    found = score(ev, PAGE, [(at(2.5), at(5.25))])
    (outcome,) = found.outcomes
    assert (outcome.detection_time, outcome.reset_time) == (1.5 * HOUR, 1.75 * HOUR)
    assert outcome.notified_at == at(4)
    assert outcome.spent == pytest.approx(50 / 4)
    assert (found.precision, found.recall, found.pages_per_month) == (1.0, 1.0, 90.0)


def test_firing_already_is_no_time_and_is_said() -> None:
    """What fired at an incident's start found it at once, and the page came when the firing began."""
    found = score(an_evaluation([0, 50, 50, 50, 0, 0]), PAGE, [(at(3), at(3.5))])
    (outcome,) = found.outcomes
    assert (outcome.already_firing, outcome.detection_time, outcome.notified_at) == (True, timedelta(0), at(2))
    assert outcome.spent == 0
    assert found.already_firing == 1


def test_grace_takes_what_fired_before() -> None:
    """A label that is late by half an hour is no missed incident and no false alarm, where that is allowed."""
    ev = an_evaluation([0, 50, 0, 0, 0, 0])
    late = [(at(3.5), at(4))]
    strict, kind = score(ev, PAGE, late), score(ev, PAGE, late, grace="1h")
    assert (strict.detected, strict.false_alarms) == (0, 1)
    assert (kind.detected, kind.false_alarms, kind.detect_p90) == (1, 0, timedelta(0))


@pytest.mark.parametrize(
    ("bad", "observed"),
    [([0, 50, 50], None), ([0, 50, 50, 0], [True, True, True, False]), ([0, 50, 50, 50], None)],
    ids=["the data end", "a hole", "it fires until the end"],
)
def test_reset_is_unknown_where_history_does_not_go_on(bad: list[int], observed: list[bool] | None) -> None:
    """No data is no recovery."""
    if observed is not None:
        total = [100 * seen for seen in observed]
        counts = Counts.from_buckets(start="2026-01-05T00:00Z", step="1h", total=total, bad=bad, observed=observed)
        ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="1d").evaluate(counts)
    else:
        ev = an_evaluation(bad)
    found = score(ev, PAGE, [(at(1), at(3))])
    assert (found.detected, found.reset_unknown, found.reset_p90) == (1, 1, None)


@pytest.mark.parametrize(("hours", "reset"), [(4, None), (5, timedelta(0))])
def test_what_was_over_before_the_incident_reset_at_once_if_history_goes_on(
    hours: int, reset: timedelta | None
) -> None:
    """It might have fired again behind the end of the data."""
    found = score(an_evaluation([0, 50, 0, 0, 0][:hours]), PAGE, [(at(1), at(4))])
    assert (found.detected, found.reset_p90, found.reset_unknown) == (1, reset, int(reset is None))


def test_incidents_outside_the_span_are_not_missed_and_excuse_alarms() -> None:
    """An incident that began before the data is not to be found in them, and a page during it is true."""
    found = score(an_evaluation([50, 0, 0, 0]), PAGE, [(at(-5), at(1)), (at(90), at(91))])
    assert (found.incidents, found.recall, found.true_alarms, found.precision) == (0, None, 1, 1.0)


def test_pages_that_overlap_are_told_of_once_and_tickets_where_no_page_fires() -> None:
    """Several alerts are scored by notifications, as people get them."""
    ev = an_evaluation([0, 0, 50, 50, 50, 0, 0, 3, 0, 0])
    several = [
        PAGE,
        BurnRateAlert(long_window="2h", burn_rate=10),
        BurnRateAlert(long_window="1h", burn_rate=1, severity="ticket"),
    ]
    for severity in ("page", "ticket"):
        told = [one for one in alerts.notifications(ev, several) if one.severity == severity]
        found = score(ev, several, [(at(2), at(5))], severity=severity)
        assert found.notifications == len(told) == 1
    assert score(ev, several, [(at(2), at(5))], severity=None).notifications == 2
    assert (score(ev, several, [(at(2), at(5))], severity="ticket").false_alarms) == 1


def test_a_policy_is_scored_by_its_states_and_says_how_long_it_froze() -> None:
    """It fires in all states but the first, or in those named; deployments are blocked where the state says so."""
    policy = Policy(
        "two",
        states=[State("calm"), State("wary"), State("frozen", blocks=["deploy"])],
        rules=[
            Rule("wary", BurnRateAlert(long_window="1h", burn_rate=5)),
            Rule("frozen", BurnRateAlert(long_window="1h", burn_rate=40)),
        ],
    )
    ev = an_evaluation([0, 10, 50, 50, 10, 0, 0, 0, 10, 0])
    found = score(ev, policy, [(at(1), at(5))])
    assert (found.detected, found.notifications, found.false_alarms, found.frozen) == (1, 2, 1, 2 * HOUR)
    assert found.days_frozen == pytest.approx(2 / 24)
    frozen = score(ev, policy.evaluate(ev), [(at(1), at(5))], states=["frozen"])
    assert (frozen.detect_p90, frozen.notifications, frozen.frozen) == (2 * HOUR, 1, 2 * HOUR)
    assert score(ev, PAGE, []).frozen is None


def test_a_composite_condition_can_be_scored() -> None:
    """Whatever answers yes or no at the end of every bucket can be replayed."""
    both = PAGE & BurnRateAlert(long_window="2h", burn_rate=10)
    assert score(an_evaluation([0, 12, 50, 0]), both, [(at(2), at(3))]).detect_p90 == HOUR


def test_budget_spent_is_exact_where_floats_are_not() -> None:
    """Sums beyond 2**53 are divided as Python integers."""
    total = 2**61
    counts = Counts.from_buckets(start="2026-01-05T00:00Z", step="1h", total=[total] * 3, bad=[0, 1, total // 7])
    ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="1d").evaluate(counts)
    found = score(ev, PAGE, [(at(1), at(3))])
    assert found.spent_worst == float(Fraction(1 + total // 7) / (Fraction(1, 100) * 3 * total))


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda ev: replay(ev, PAGE, "2026"), WrongType, "incidents must be several"),
        (lambda ev: replay(ev, PAGE, [("2026-01-05T00:00Z",)]), WrongType, r"incidents\[0\] must be an Incident or a"),
        (lambda ev: replay(ev, PAGE, [(at(2), at(1))]), InvalidInterval, "must not end before it starts"),
        (lambda ev: replay(ev, [PAGE], [], severity="ticket"), InvalidAlert, "there are 'page'"),
        (lambda ev: replay(ev, [PAGE], [], severity=["page"]), InvalidAlert, "there are 'page'"),
        (lambda ev: replay(ev, [], []), InvalidAlert, "there are none"),
        (lambda ev: replay(ev, PAGE, [], states=["critical"]), WrongType, "states are those of a policy"),
        (lambda ev: replay(ev, Policy.default("1d"), [], states=["crit"]), InvalidPolicy, "states must be among"),
        (lambda ev: replay(ev, PAGE, [], start=at(99)), OutOfTimeline, "no whole bucket to score"),
        (lambda ev: replay(ev, PAGE, [], grace="-1m"), ValueError, "grace"),
        (lambda ev: replay("ev", PAGE, []), WrongType, "ev must be an Evaluation"),
    ],
)
@pytest.mark.filterwarnings("ignore::slokit.errors.RoundedWindows")
def test_a_score_that_makes_no_sense_is_refused(ask: Any, error: type[Exception], message: str) -> None:
    """The message says which argument, and what to bring."""
    with pytest.raises(error, match=message):
        ask(an_evaluation([0, 50, 0]))


def test_several_series_are_refused_and_a_history_must_be_of_the_evaluation() -> None:
    """One series at a time: incidents belong to one."""
    counts = Counts.from_buckets(
        start="2026-01-05T00:00Z", step="1h", total=[[9], [9]], bad=[[0], [0]], labels={"tenant": ["a", "b"]}
    )
    several = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="1d").evaluate(counts)
    for ask in (lambda: score(several, PAGE, []), lambda: sweep(several, [], windows=["1h"], burn_rates=[1])):
        with pytest.raises(WrongType, match="must be of one series"):
            ask()
    policy = Policy("one", states=[State("calm"), State("wary")], rules=[Rule("wary", PAGE)])
    with pytest.raises(InvalidPolicy, match="must be of the evaluation given"):
        score(several[0], policy.evaluate(an_evaluation([0, 1])), [])


# --- sweeps -----------------------------------------------------------------------------------------------------------

TROUBLE = [0, 0, 50, 50, 0, 0, 4, 0, 0, 0, 20, 20, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 4, 0]
INCIDENTS = [(at(2), at(4)), (at(10), at(12)), (at(17), at(18))]


def a_sweep(**more: Any) -> Sweep:
    """Sweep over three incidents and two blips."""
    fields: dict[str, Any] = {"windows": ["1h", ("2h", "1h")], "burn_rates": [1, 3, 10, 25, 60], **more}
    return sweep(an_evaluation(TROUBLE), INCIDENTS, **fields)


def test_the_best_keeps_what_is_required_and_is_ready_to_use() -> None:
    """All incidents, no false alarm; the middle of the settings that did as well."""
    found = a_sweep(require={"recall": ">=100%", "false_alarms": "<=0", "detect_p90": "<=1h"})
    best = found.best
    assert best.alert == BurnRateAlert(long_window="1h", burn_rate=10)
    assert (best.score.recall, best.score.false_alarms, best.unmet) == (1.0, 0, ())
    assert (len(found), best.meeting, best.equals) == (10, 2, 2)
    assert "2 of 10 settings meet recall >=100% and false_alarms <=0 and detect_p90 <=1h" in best.explain()
    assert "; 1 other did as well." in best.explain()
    assert "Nothing was held out" in best.explain()


def test_a_figure_to_prefer_is_named_by_text() -> None:
    """Anything else is refused as what it is, also what cannot be hashed."""
    with pytest.raises(WrongType, match=r"prefer\[0\] must be the name of a figure"):
        a_sweep(burn_rates=[1], prefer=[["missed"]])


def test_what_is_preferred_decides() -> None:
    """By default a missed incident weighs more than a false alarm; whoever sees it otherwise says so."""
    assert a_sweep(burn_rates=[1, 25]).best.alert.threshold == 1
    other = a_sweep(burn_rates=[1, 25], prefer=["false_alarms", "missed"]).best
    assert other.alert.threshold == 25
    assert "chosen for least false_alarms, then least missed" in other.explain()


def test_nothing_fits_and_the_nearest_is_named() -> None:
    """The message says what the nearest lacks."""
    found = a_sweep(require={"recall": ">=100%", "pages_per_month": "<=10"})
    with pytest.raises(NothingFits, match=r"none of 10 settings meets .*the nearest, BurnRateAlert.*, has recall 0%"):
        _ = found.best
    assert [str(one) for one in found.nearest.unmet] == ["recall >=100%"]
    assert "No one of 10 settings meets" in found.nearest.explain()


@pytest.mark.parametrize(
    ("figure", "bound", "keeps"),
    [
        ("recall", ">=2/3", lambda one: 3 * one.detected >= 2 * one.incidents),
        ("recall", "> 2/3", lambda one: 3 * one.detected > 2 * one.incidents),
        ("missed", "==1", lambda one: one.missed == 1),
        ("detect_p90", "<=1h", lambda one: one.detect_p90 is not None and one.detect_p90 <= HOUR),
        ("detect_p90", "<2h", lambda one: one.detect_p90 is not None and one.detect_p90 < 2 * HOUR),
        ("precision", ">=100%", lambda one: one.notifications > 0 and one.false_alarms == 0),
        ("pages_per_month", "<=90", lambda one: one.notifications <= 3),
        ("spent_worst", "<=20", lambda one: one.spent_worst is not None and one.spent_worst <= 20),
        ("firing_share", "<5/24", lambda one: 24 * one.firing_share < 5),
    ],
)
def test_bounds_are_exact_and_what_is_not_defined_keeps_none(figure: str, bound: str, keeps: Any) -> None:
    """At the bound, and on either side; an alert that never fires has no detection time."""
    found = a_sweep(require={figure: bound})
    meets = found.to_dict()["meets"]
    assert meets == [keeps(found.figures(row)) for row in range(len(found))]
    assert set(meets) == {True, False}


def test_held_out_figures_stand_beside() -> None:
    """The last of three incidents is held out; the split lies between incidents, earlier where one would be cut."""
    found = a_sweep(holdout="30%", require={"recall": ">=100%"})
    assert found.held_out is not None
    assert (found.held_out.first, len(found.held_out.incidents)) == (16, 1)
    assert (found.figures(0).incidents, found.held_out_figures(0).incidents) == (2, 1)  # type: ignore[union-attr]
    assert found.columns[-1] == "held_out_firing_share"
    explained = found.best.explain()
    assert "Held out, from 2026-01-05 16:00 UTC: 1 of 1 incident found" in explained
    assert "So few held-out incidents say little" in explained
    assert found.best.split == at(16)
    cut = a_sweep(holdout=Fraction(13, 24))
    assert cut.held_out is not None
    assert cut.held_out.first == 9
    with pytest.raises(InvalidNumber, match="holdout must leave history to choose by"):
        sweep(an_evaluation(TROUBLE), [(at(0), at(24))], windows=["1h"], burn_rates=[1], holdout=0.3)
    empty = sweep(an_evaluation(TROUBLE), INCIDENTS[:1], windows=["1h"], burn_rates=[1], holdout=0.3)
    assert "No incident was held out" in empty.best.explain()


def test_the_front_holds_what_nothing_beats() -> None:
    """No row of the front is beaten by any row, and every other row is beaten or equalled by one of it."""
    found = a_sweep(burn_rates=[Fraction(k, 2) for k in range(1, 130)], pendings=["0s", "1h"])

    def point(table: Sweep, row: int) -> tuple[Any, ...]:
        figures = table.figures(row)
        return figures.missed, figures.false_alarms, figures.detect_p90 or timedelta.max

    front = found.pareto()
    points = [point(front, row) for row in range(len(front))]
    every = [point(found, row) for row in range(len(found))]
    assert len(set(points)) == len(points) < len(every)
    assert points == sorted(points)
    for one in points:
        assert not any(all(a <= b for a, b in zip(other, one, strict=True)) and other != one for other in every)
    for other in every:
        assert any(all(a <= b for a, b in zip(one, other, strict=True)) for one in points)
    assert front.pareto() == front != found


def test_a_table_for_any_dataframe() -> None:
    """Columns are plain lists of one length; settings can be told apart."""
    found = a_sweep(shares=["50%", "200%"], pendings=["0s", "1h"], min_bads=[0, 30], holdout=0.3)
    table = found.to_dict()
    assert tuple(table) == found.columns
    assert {len(column) for column in table.values()} == {len(found)} == {2 * 5 * 4 + 2 * 2 * 4}
    assert {type(cell) for column in table.values() for cell in column} <= {str, int, float, bool, type(None)}
    assert set(table["kind"]) == {"burn_rate", "budget_share"}
    keys = list(zip(*(table[name] for name in found.columns[:7]), strict=True))
    assert len(set(keys)) == len(keys)
    share = found.alert(len(found) - 1)
    assert isinstance(share, BudgetShareAlert)
    assert (share.share, share.pending, share.min_bad) == (Fraction(2), 3_600_000_000_000, 30)
    with pytest.raises(OutOfTimeline, match="row must be one of"):
        found.alert(len(found))


def test_thresholds_that_stand_twice_are_one_setting_and_come_in_order() -> None:
    """14.4 and 72/5 are the same burn rate."""
    found = a_sweep(burn_rates=["20", 14.4, "72/5", Fraction(72, 5)], windows=["1h"])
    assert [row["threshold"] for row in found.records()] == [14.4, 20.0]


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"windows": "1h"}, WrongType, "windows must be several"),
        ({"windows": [("1h", "5m", "1m")]}, WrongType, r"windows\[0\] must be a window or a pair"),
        ({"windows": ["90m"]}, ValueError, "whole number"),
        ({"burn_rates": []}, InvalidAlert, "at least one window"),
        ({"burn_rates": [-1]}, InvalidAlert, "must not be negative"),
        ({"pendings": []}, InvalidAlert, "one of each gate"),
        ({"burn_rates": range(2**20)}, InvalidNumber, "at most 1,048,576 settings, got 2,097,152"),
        ({"holdout": 1}, InvalidNumber, "between 0 and 1"),
        ({"require": ["recall"]}, WrongType, "require must name figures and bounds"),
        ({"require": {"pages_per_mnth": "<=2"}}, InvalidDefinition, 'did you mean "pages_per_month"'),
        ({"require": {"zzz": "<=2"}}, InvalidDefinition, "is no figure; there are incidents, detected"),
        ({"require": {"detect_p90": "10m"}}, InvalidDefinition, 'must be text such as "<=10m"'),
        ({"require": {"detect_p90": "<=10"}}, InvalidDefinition, "units"),
        ({"require": {"recall": ">=lots"}}, InvalidDefinition, "decimal number"),
        ({"require": {"recall": 0.9}}, InvalidDefinition, 'such as ">=90%"'),
        ({"prefer": ["recal"]}, InvalidDefinition, 'did you mean "recall"'),
        ({"prefer": "recall"}, WrongType, "prefer must be several figures"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(fields: dict[str, Any], error: type[Exception], message: str) -> None:
    """The message says which argument, and what to bring."""
    with pytest.raises(error, match=message):
        a_sweep(**fields)


def test_an_empty_history_is_refused() -> None:
    """There is nothing to score."""
    empty = SLO("x", sli=SLI.ratio("x"), target="99%", window="1d").evaluate(
        Counts.from_buckets(start="2026-01-05T00:00Z", step="1h", total=[], bad=[])
    )
    for ask in (lambda: score(empty, PAGE, []), lambda: sweep(empty, [], windows=["1h"], burn_rates=[1])):
        with pytest.raises(OutOfTimeline, match="bucket to score"):
            ask()


def test_figures_of_large_tables_are_those_of_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many settings are worked out together changes nothing."""
    whole = a_sweep(pendings=["0s", "1h"], holdout=0.3)
    monkeypatch.setattr("slokit.analysis.backtest.sweeping._CELLS", 1)
    assert a_sweep(pendings=["0s", "1h"], holdout=0.3) == whole
    monkeypatch.setattr("slokit.analysis.backtest.sweeping._MOST_CELLS", 9)
    with pytest.raises(InvalidNumber, match="thresholds times incidents must be at most 9, got 5 times 3"):
        a_sweep()


def test_what_a_backtest_returns_looks_well_everywhere() -> None:
    """Tables for notebooks, facts for rich, one line for a prompt; no text bites, and arrays are read-only."""
    ev = an_evaluation(TROUBLE)
    named: list[Any] = [Incident(*INCIDENTS[0], kind=BITE + "k", name=BITE), *INCIDENTS[1:]]
    found = sweep(ev, named, windows=["1h"], burn_rates=[1, 3], severity=BITE, holdout=0.3, require={"recall": ">=50%"})
    one = score(ev, found.alert(0), named)
    for shown in (found, found.pareto(), found.best, found.nearest, found.figures(0), one, *one.outcomes[::2]):
        html = shown._repr_html_()  # type: ignore[attr-defined]
        assert html.startswith("<table>")
        assert "\n" not in html
        assert list(shown.__rich_repr__())  # type: ignore[attr-defined]
        for text in (html, repr(shown), "".join(map(str, shown.__rich_repr__()))):  # type: ignore[attr-defined]
            assert "\u202e" not in text
        assert "<script" not in html
    assert "\u202e" not in found.best.explain()
    assert found == sweep(
        ev, named, windows=["1h"], burn_rates=[1, 3], severity=BITE, holdout=0.3, require={"recall": ">=50%"}
    )
    assert found != found.pareto() or len(found) == len(found.pareto())
    assert not found.rows.flags.writeable
    assert hash(one) == hash(score(ev, found.alert(0), named))
    with pytest.raises(TypeError, match="unhashable"):
        hash(found)


def test_the_room_offers_what_its_page_lists() -> None:
    """Every figure of a score is a field, and plain data has them all."""
    one = score(an_evaluation(TROUBLE), PAGE, INCIDENTS)
    assert set(FIGURES) | {"days_frozen"} == set(one.to_dict())
    assert all(hasattr(backtest, name) for name in backtest.__all__)
    assert np.isfinite(one.to_dict()["detect_p90"])
