from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, BurnRateAlert, CalendarWindow, Policy, Rule, State, alerts
from slokit.analysis.simulate import (
    Catalogue,
    IncidentClass,
    PolicyTrial,
    Traffic,
    catalogue,
    counts,
    try_policy,
)
from slokit.conditions import Exhausted
from slokit.errors import InvalidNumber, InvalidTimeline, InvalidWindow, UnknownActivity, UnknownLabel, WrongType
from slokit.incidents import Incident as Declared
from tests.test_value_objects import BITE

START = "2026-01-01T00:00Z"
DAY = 86_400_000_000_000
QUIET = Traffic(per_minute=100, daily=0.0, weekend=1.0, bursts=0.0, error_share=0.0, error_bursts=0.0)
CHECKOUT = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d")
NOTHING = Catalogue([])
OUTAGES = catalogue([IncidentClass("outage", per_month=1, duration="1h", severity=(0.3, 1))])


# --- catalogues -------------------------------------------------------------------------------------------------------


def test_a_class_comes_as_often_and_lasts_as_long_as_it_says() -> None:
    """Poisson in number, log-normal in length, log-uniform in severity; over many years."""
    kind = IncidentClass("release", per_month=10, duration="20m", severity=(0.01, 1))
    drawn = Catalogue([kind]).draw(start=START, duration="36000d", seed=1)
    assert len(drawn) == pytest.approx(12_000, rel=0.03)
    lengths = np.array([one.duration for one in drawn])
    assert np.median(lengths) == pytest.approx(20 * 60e9, rel=0.05)
    assert (lengths > 5.18 * 20 * 60e9).mean() == pytest.approx(0.05, abs=0.01)
    shares = np.array([one.error_share for one in drawn])
    assert (shares.min() >= 0.01, shares.max() <= 1) == (True, True)
    assert np.median(shares) == pytest.approx(0.1, rel=0.1)
    assert [one.start for one in drawn] == sorted(one.start for one in drawn)


def test_without_spread_all_are_equally_long() -> None:
    """To the second."""
    kind = IncidentClass("x", per_month=5, duration="90s", spread=0, severity=0.5)
    drawn = Catalogue([kind]).draw(start=START, duration="360d")
    assert {(one.duration, one.error_share) for one in drawn} == {(90_000_000_000, 0.5)}


def test_a_spread_beyond_all_floats_ends_with_the_span() -> None:
    """Lengths are a second at least and the whole span at most, without a warning."""
    wild = Catalogue([IncidentClass("wild", per_month=20, duration="10m", spread=5000)])
    lengths = {one.duration for one in wild.draw(start="2026-01-01Z", duration="30d", seed=1)}
    assert lengths == {10**9, 30 * 86_400 * 10**9}


def test_another_class_changes_none_of_the_others() -> None:
    """Each has a stream of its own; equal seeds draw equal years."""
    release, host = (IncidentClass(name, per_month=3, duration="20m") for name in ("release", "host"))
    one, two = (Catalogue(some).draw(start=START, duration="90d", seed=7) for some in ([release], [host, release]))
    assert [each for each in two if each.kind == "release"] == list(one)
    assert one != Catalogue([release]).draw(start=START, duration="90d", seed=8)
    assert one == Catalogue([release]).draw(start=START, duration="90d", seed=7)


def test_services_fail_together_in_what_hits_them_all() -> None:
    """A shared cause shows in both at the same time, by their sensitivities."""
    kind = IncidentClass("dns", per_month=4, duration="2h", spread=0, services={"api": 1, "web": 0.5})
    drawn = catalogue([kind]).draw(start=START, duration="30d", seed=1)
    evidence = counts({"api": QUIET, "web": QUIET}, start=START, duration="30d", step="1h", incidents=drawn, seed=1)
    hit = evidence.bad > 0
    assert (hit[0] == hit[1]).all()
    assert hit[0].any()
    assert evidence.bad[1].sum() / evidence.bad[0].sum() == pytest.approx(0.5, abs=0.05)


def test_a_drawn_incident_can_be_declared() -> None:
    """With its kind, as reviews take it."""
    drawn = OUTAGES.draw(start=START, duration="90d", seed=1)
    assert drawn
    first = drawn[0]
    assert first.declared == Declared(first.start, first.end, kind="outage", name="outage 1")


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (InvalidNumber, "per_month must be 0 or more", {"per_month": -1}),
        (InvalidNumber, "per_month must be 0 or more", {"per_month": float("nan")}),
        (WrongType, "per_month must be a number", {"per_month": "often"}),
        (InvalidNumber, "severity must be above 0", {"severity": 0}),
        (InvalidNumber, "severity must be above 0", {"severity": (0.5, 0.1)}),
        (WrongType, "severity must be a share", {"severity": "all"}),
        (WrongType, "severity must be a share", {"severity": (0.1, 0.2, 0.3)}),
        (InvalidNumber, "shape must be one of", {"shape": "wave"}),
        (InvalidNumber, r"services\['api'\]", {"services": {"api": 2}}),
        (InvalidNumber, "one or more", {"services": []}),
        (WrongType, "services must be names", {"services": "api"}),
        (WrongType, "must be text", {"services": {1: 1.0}}),
        (WrongType, r"services\['api'\] must be a number", {"services": {"api": "half"}}),
        (WrongType, r"services\[1\] must be a name", {"services": ["api", 3]}),
        (WrongType, r"services\[0\] must be a name", {"services": [("api", 1, 2)]}),
        (InvalidNumber, "name must be 1 to 100", {"name": ""}),
    ],
)
def test_what_is_no_class_is_refused(error: type[Exception], match: str, arguments: dict[str, Any]) -> None:
    """Each message names the field."""
    given: dict[str, Any] = {"name": "x", "per_month": 1, "duration": "5m"} | arguments
    with pytest.raises(error, match=match):
        IncidentClass(given.pop("name"), **given)


def test_what_is_no_catalogue_is_refused() -> None:
    """Names twice, other things than classes, and more incidents than anybody could look at."""
    kind = IncidentClass("x", per_month=1e9, duration="5m")
    with pytest.raises(InvalidNumber, match="twice"):
        Catalogue([kind, kind])
    with pytest.raises(WrongType, match=r"classes\[0\]"):
        Catalogue(["x"])  # type: ignore[list-item]
    with pytest.raises(WrongType, match="several"):
        Catalogue(3)  # type: ignore[arg-type]
    with pytest.raises(InvalidNumber, match="100,000 incidents"):
        Catalogue([kind]).draw(start=START, duration="30d")
    with pytest.raises(InvalidNumber, match="seed"):
        OUTAGES.draw(start=START, duration="30d", seed=-1)


# --- trials -----------------------------------------------------------------------------------------------------------


def test_where_nothing_goes_wrong_nobody_is_paged_and_nothing_is_frozen() -> None:
    """All of the budget is left, every month of every run."""
    trial = try_policy(Policy.default(), CHECKOUT, QUIET, NOTHING, months=3, seeds=2)
    assert trial.pages.tolist() == trial.frozen.tolist() == trial.incidents.tolist() == [[0] * 3] * 2
    assert trial.budget_left.tolist() == [[1.0] * 3] * 2
    assert (trial.runs, trial.months, trial.chance_missed) == (2, 3, 0)


def test_a_trial_says_what_the_policy_says_of_the_same_evidence() -> None:
    """Pages, frozen days, budgets and verdicts by month, drawn and judged by hand."""
    policy = Policy.default()
    trial = try_policy(policy, CHECKOUT, QUIET, OUTAGES, months=4, seeds=[5, 11])
    begin = np.datetime64("2025-12-02T00:00", "ns")
    for run, seed in enumerate((5, 11)):
        span = {"start": begin, "duration": "150d"}
        drawn = OUTAGES.draw(**span, seed=seed)  # type: ignore[arg-type]
        ev = CHECKOUT.evaluate(counts(QUIET, **span, step="5m", incidents=drawn, seed=seed))  # type: ignore[arg-type]
        history = policy.evaluate(ev)
        paging = [leaf for rule in policy.rules for leaf in rule.leaves() if getattr(leaf, "severity", "") == "page"]
        told = [one.start for one in alerts.notifications(ev, paging)]  # type: ignore[arg-type]
        for month in range(4):
            first, stop = 8640 * (month + 1), 8640 * (month + 2)
            edges = [begin.astype("datetime64[s]").item() + (ev.timeline.step // 10**9) * np.timedelta64(at, "s").item()
                     for at in (first, stop)]  # fmt: skip
            naive = [one.replace(tzinfo=None) for one in told]
            assert trial.pages[run, month] == sum(edges[0] <= one < edges[1] for one in naive)
            assert trial.frozen[run, month] == (history.states[first:stop] == "critical").sum() * 300 * 10**9
            status = ev.at(ev.timeline.ends[stop - 1])
            assert trial.budget_left[run, month] == pytest.approx(status.error_budget.remaining_ratio)
            assert trial.missed[run, month] == (not status.met)
    assert trial.pages.any()
    assert trial.frozen.any()


def test_equal_arguments_give_equal_trials() -> None:
    """And a seed gives the same run whatever the others are."""
    policy = Policy.default()
    one = try_policy(policy, CHECKOUT, QUIET, OUTAGES, months=2, seeds=[3, 4])
    assert one == try_policy(policy, CHECKOUT, QUIET, OUTAGES, months=2, seeds=[3, 4])
    again = try_policy(policy, CHECKOUT, QUIET, OUTAGES, months=2, seeds=[4])
    assert one.pages[1].tolist() == again.pages[0].tolist()
    assert one.budget_left[1].tolist() == again.budget_left[0].tolist()
    with pytest.raises(ValueError, match="read-only"):
        one.pages[0, 0] = 1


def test_services_of_one_catalogue_are_hit_at_the_same_time() -> None:
    """What names neither of them hits neither, what names both hits both, and one alone is hit alone."""
    kinds = [
        IncidentClass("common", per_month=2, duration="1h", services=["api", "web"]),
        IncidentClass("own", per_month=2, duration="1h", services={"api": 1}),
        IncidentClass("other", per_month=9, duration="1h", services=["db"]),
    ]
    both = {
        name: try_policy(Policy.default(), CHECKOUT, QUIET, Catalogue(kinds), service=name, months=3, seeds=3)
        for name in ("api", "web")
    }
    assert (both["api"].incidents >= both["web"].incidents).all()
    assert both["api"].incidents.sum() > both["web"].incidents.sum() > 0
    only = try_policy(Policy.default(), CHECKOUT, QUIET, Catalogue(kinds[2:]), service="api", months=3, seeds=3)
    assert not only.incidents.any()
    assert (only.budget_left == 1).all()


def test_a_stricter_policy_freezes_at_least_as_long() -> None:
    """On the same years."""
    states = [State("fine"), State("stop", blocks=["deploy"])]
    late = Policy("late", states=states, rules=[Rule("stop", Exhausted())])
    fast = BurnRateAlert(long_window="1h", short_window="5m", burn_rate=2)
    early = Policy("early", states=states, rules=[Rule("stop", Exhausted()), Rule("stop", fast)])
    found = [try_policy(policy, CHECKOUT, QUIET, OUTAGES, months=3, seeds=3) for policy in (late, early)]
    assert (found[1].frozen >= found[0].frozen).all()
    assert found[1].frozen.sum() > found[0].frozen.sum()
    assert found[0].pages.sum() == 0 < found[1].pages.sum()


def test_a_calendar_window_is_tried_too() -> None:
    """A month before is simulated and not counted, whatever its length."""
    slo = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window=CalendarWindow("month"))
    trial = try_policy(Policy.default("30d"), slo, QUIET, OUTAGES, months=2, seeds=2)
    assert trial.pages.shape == (2, 2)
    assert not np.isnan(trial.budget_left).any()


def test_quantiles_are_over_all_months() -> None:
    """Months without data do not count towards what is left."""
    shape = {"pages": [[0, 2], [4, 6]], "frozen": [[0, 0], [0, DAY]], "incidents": [[1, 1], [1, 1]]}
    trial = PolicyTrial(
        policy=Policy.default(),
        slo=CHECKOUT,
        activity="deploy",
        seeds=(0, 1),
        budget_left=np.array([[1.0, np.nan], [0.5, np.nan]]),
        missed=np.array([[False, True], [False, False]]),
        **{name: np.array(values) for name, values in shape.items()},
    )
    assert trial.quantiles("pages", [0, 0.5, 1]).tolist() == [0, 3, 6]
    assert trial.quantiles("budget_left", [0.5]).tolist() == [0.75]
    assert trial.quantiles("days_frozen", [1]).tolist() == [1]
    assert trial.chance_missed == 0.25
    with pytest.raises(InvalidNumber, match="figure must be one of"):
        trial.quantiles("cost")  # type: ignore[arg-type]
    with pytest.raises(InvalidNumber, match="q must be"):
        trial.quantiles("pages", [2])


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (WrongType, "policy must be a Policy", {"policy": 1}),
        (WrongType, "slo must be", {"slo": 1}),
        (WrongType, "traffic must be", {"traffic": {}}),
        (WrongType, "catalogue must be", {"catalogue": []}),
        (WrongType, "months must be an integer", {"months": 1.5}),
        (InvalidNumber, "months must be from 1 to 120", {"months": 0}),
        (InvalidNumber, "seeds must be 1 to", {"seeds": 0}),
        (InvalidNumber, "or more", {"seeds": 10_001}),
        (InvalidNumber, r"seeds\[1\] must be 0 or more", {"seeds": [0, -1]}),
        (WrongType, "seeds must be how many", {"seeds": "12"}),
        (UnknownActivity, "depoly", {"activity": "depoly"}),
        (InvalidWindow, "no whole number of buckets", {"step": "7m"}),
        (InvalidTimeline, "between the years 1677 and 2262", {"start": "1677-10-01Z"}),
        (InvalidTimeline, "between the years 1677 and 2262", {"start": "2262-04-01Z"}),
    ],
)
def test_what_cannot_be_tried_is_refused(error: type[Exception], match: str, arguments: dict[str, Any]) -> None:
    """Each message names the field and what was given."""
    given: dict[str, Any] = {"policy": Policy.default(), "slo": CHECKOUT, "traffic": QUIET, "catalogue": NOTHING}
    given |= arguments
    with pytest.raises(error, match=match):
        try_policy(given.pop("policy"), given.pop("slo"), given.pop("traffic"), given.pop("catalogue"), **given)


def test_names_do_not_bite() -> None:
    """At a prompt, in a notebook and under rich."""
    kind = IncidentClass("x<script>", per_month=1, duration="5m", services=[BITE])
    slo = SLO(BITE, sli=SLI.ratio("up"), target="99.9%", window="30d")
    trial = try_policy(Policy.default(), slo, QUIET, Catalogue([kind]), months=1, seeds=1)
    for one in (kind, Catalogue([kind]), NOTHING, trial):
        html = one._repr_html_()
        assert html.startswith("<table>")
        assert "<script" not in html
        assert "\u202e" not in html + repr(one) + str(list(one.__rich_repr__()))
    assert hash(kind) == hash(IncidentClass("x<script>", per_month=1, duration="5m", services=[BITE]))


def test_a_service_that_nobody_simulates_is_refused() -> None:
    """In counts, as ever: a catalogue that names more services than there are says so."""
    drawn = Catalogue([IncidentClass("x", per_month=9, duration="5m", services=["db"])]).draw(
        start=START, duration="30d"
    )
    with pytest.raises(UnknownLabel, match="'db'"):
        counts({"api": QUIET}, start=START, duration="1d", incidents=drawn)


def test_a_service_is_named_by_text() -> None:
    """Anything else is refused before a month is drawn."""
    wrongs: tuple[Any, ...] = (0, [], {})
    for wrong in wrongs:
        with pytest.raises(WrongType, match="service must be the name"):
            try_policy(Policy.default(), CHECKOUT, QUIET, OUTAGES, service=wrong, months=1, seeds=1)
