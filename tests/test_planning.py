from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, CalendarWindow, Counts, Evaluation, Period
from slokit.analysis import planning
from slokit.analysis.planning import PlanningReview
from slokit.errors import InvalidNumber, InvalidWindow, OutOfTimeline, UnknownLabel, WrongType
from slokit.incidents import Incident, without
from slokit.policy import Reviews
from tests.test_value_objects import BITE

DAY = 86_400_000_000_000
START = "2026-01-01T00:00Z"


def held(name: str, bad: Any, *, total: Any = 1000, target: str = "99%", start: str = START, **more: Any) -> Evaluation:
    """Hold days against an objective over 30 days."""
    lost = np.asarray(bad)
    counts = Counts.from_buckets(start=start, step="1d", bad=lost, total=np.broadcast_to(total, lost.shape))
    return SLO(name, sli=SLI.ratio("up"), target=target, window="30d", **more).evaluate(counts)


def days(first: int, stop: int, kind: str, name: str = "") -> Incident:
    """Return an incident of whole days, counted from the first of January."""
    at = np.datetime64("2026-01-01T00:00", "ns").astype(np.int64)
    return Incident(int(at) + first * DAY, int(at) + stop * DAY, kind=kind, name=name)


def row(**bad: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return ninety days with bad events on some of them: ``d12=3``."""
    out = np.zeros(90, dtype=np.int64)
    for day, number in bad.items():
        out[int(day[1:])] = number
    return out


def test_at_exactly_a_fifth_of_the_budget_nothing_is_proposed() -> None:
    """Strictly more, as a policy asks for a planning item; 180 of 900 allowed is not, 181 is."""
    for bad, priority in ((180, "next"), (181, "first"), (45, "watch"), (46, "next")):
        found = planning.review([held("up", row(d4=bad))], "2026-Q1", incidents=[days(4, 5, "release")])
        assert [one.priority for one in found.classes] == [priority]
        assert found.classes[0].total == Fraction(bad, 900)
        assert found.first == Reviews().planning_share
    assert len(planning.review([held("up", row(d4=181))], "2026-Q1", incidents=[days(4, 5, "x")]).proposals) == 1


def test_what_is_given_back_is_what_the_budget_would_be_without_it() -> None:
    """The same as holding the quarter's budget without the spans of the class."""
    ev = SLO("up", sli=SLI.ratio("up"), target="99%", window="90d").evaluate(
        Counts.from_buckets(start=START, step="1d", bad=row(d4=181, d5=7, d60=40), total=[1000] * 90)
    )
    incidents = [days(4, 6, "release"), days(60, 61, "host")]
    found = planning.review([ev], "2026-Q1", incidents=incidents)
    for one in found.classes:
        back = without(ev, [each for each in incidents if each.kind == one.kind])
        budget = ev.at().error_budget
        assert Fraction(budget.bad - back.bad) / (Fraction(1, 100) * budget.total) == one.total


def test_what_classes_share_counts_once_with_the_one_ranked_before() -> None:
    """Each alone gives back all of its spans; together they give back their union."""
    found = planning.review(
        [held("up", row(d4=100, d5=200, d6=150))], "2026-Q1", incidents=[days(4, 6, "release"), days(5, 7, "host")]
    )
    assert [(one.kind, one.total, one.added) for one in found.classes] == [
        ("host", Fraction(350, 900), Fraction(350, 900)),
        ("release", Fraction(300, 900), Fraction(100, 900)),
    ]
    assert found.gives_back == Fraction(450, 900)


def test_urgency_ranks_before_what_is_given_back_in_all() -> None:
    """A fifth of one budget is more urgent than a tenth of three, which adds up to more."""
    evs = [held(name, row(d4=99, d9=190 * (name == "a"))) for name in ("a", "b", "c")]
    found = planning.review(evs, "2026-Q1", incidents=[days(4, 5, "spread"), days(9, 10, "deep")])
    assert [(one.kind, one.priority) for one in found.classes] == [("deep", "first"), ("spread", "next")]
    assert found.classes[1].total > found.classes[0].total


def test_incidents_may_concern_one_objective_or_all() -> None:
    """By name, and under None all of them."""
    evs = {"a": held("x", row(d4=100)), "b": held("x", row(d4=100))}
    found = planning.review(evs, "2026-Q1", incidents={"a": [days(4, 5, "own")], None: [days(4, 5, "common")]})
    assert {one.kind: one.total for one in found.classes} == {"common": Fraction(2, 9), "own": Fraction(1, 9)}
    with pytest.raises(UnknownLabel, match="there are a, b"):
        planning.review(evs, "2026-Q1", incidents={"c": []})


def test_aspirations_are_shown_and_do_not_count() -> None:
    """Neither for a class, nor for the sprints of a team; where there is nothing else they do."""
    dream = held("dream", row(d4=500), owner="web", enforced=False)
    sober = held("sober", row(d4=10), owner="web")
    found = planning.review([dream, sober], "2026-Q1", incidents=[days(4, 5, "release")])
    assert (found.classes[0].priority, found.classes[0].total) == ("watch", Fraction(1, 90))
    assert found.groups[0].focus == "features"
    assert [one.met for one in found.objectives] == [True, True]
    alone = planning.review([dream], "2026-Q1", incidents=[days(4, 5, "release")])
    assert (alone.classes[0].priority, alone.groups[0].focus) == ("first", "reliability")


def test_teams_are_grouped_by_what_their_budgets_say() -> None:
    """Reliability where a quarter was missed, the budget is gone or a repair is urgent; then balance, then features."""
    evs = [
        held("gone", row(d80=300), owner="a"),
        held("low", row(d80=240), owner="b"),
        held("hit", row(d1=50), owner="c"),
        held("fine", row(d1=1), owner="d", service="s"),
        held("none", row(), total=0, owner="e"),
        held("missed", row(d1=901), owner="f"),
    ]
    found = planning.review(evs, "2026-Q1", incidents={"hit": [days(1, 2, "release")]})
    assert {one.group: one.focus for one in found.groups} == {
        "a": "reliability", "f": "reliability", "b": "balance", "c": "balance", "d": "features", "e": "unknown",
    }  # fmt: skip
    assert [one.focus for one in found.groups][:2] == ["reliability"] * 2
    assert {one.group: one.exhausted for one in found.groups}["a"] == ("gone",)
    assert {one.group for one in planning.review(evs, "2026-Q1", incidents=[], by="service").groups} == {"", "s"}


def test_findings_say_what_else_to_talk_about() -> None:
    """Objectives missed, budgets exhausted or unspent, what no incident explains, silence, incidents without a kind."""
    evs = [
        held("missed", row(d1=901)),
        held("exhausted", row(d1=300)),
        held("unspent", row(d1=1)),
        held("silent", row(), total=0),
        held("half", row(d40=40)[:45]),
    ]
    found = planning.review(evs, "2026-Q1", incidents={"half": [days(40, 41, "")]})
    codes = {(one.subject, one.code) for one in found.findings}
    assert codes == {
        ("missed", "objective-missed"),
        ("missed", "in-no-incident"),
        ("exhausted", "budget-exhausted"),
        ("exhausted", "in-no-incident"),
        ("unspent", "underspent"),
        ("silent", "no-data"),
        ("half", "not-all-observed"),
        ("incidents", "no-kind"),
    }


def test_what_comes_after_the_quarter_is_not_looked_at() -> None:
    """A review of the past is the same whether or not the future is known."""
    bad = np.concatenate([row(d3=50), np.full(60, 900)])
    incidents = [days(3, 100, "release")]
    later = planning.review([held("up", bad)], "2026-Q1", incidents=incidents)
    assert later == planning.review([held("up", bad[:90])], "2026-Q1", incidents=incidents)
    month = SLO("up", sli=SLI.ratio("up"), target="99%", window=CalendarWindow("month"))
    counts = Counts.from_buckets(start=START, step="1d", bad=bad, total=[1000] * 150)
    found = [
        planning.review([month.evaluate(some)], "2026-Q1", incidents=incidents)
        for some in (counts, counts.between(None, "2026-04-01Z"))
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("quarter", "start", "end"),
    [
        ("2026-Q1", "2026-01-01T00:00Z", "2026-04-01T00:00Z"),
        (" 2026q2", "2026-04-01T00:00Z", "2026-07-01T00:00Z"),
        (("2026-01-02T00:00Z", "2026-01-09T00:00Z"), "2026-01-02T00:00Z", "2026-01-09T00:00Z"),
        (Period("2026-01-02T00:00Z", "2026-01-09T00:00Z"), "2026-01-02T00:00Z", "2026-01-09T00:00Z"),
        (
            CalendarWindow("month", every=3, start="2026-02-01").period("2026-03-01T00:00Z"),
            "2026-02-01T00:00Z",
            "2026-05-01T00:00Z",
        ),
    ],
)
def test_a_quarter_is_text_a_period_or_a_pair(quarter: Any, start: str, end: str) -> None:
    """And a fiscal one is a period of a calendar window."""
    found = planning.review([held("up", [1] * 200)], quarter, incidents=[])
    assert found.period == Period(start, end)


def test_a_quarter_in_a_zone_begins_there() -> None:
    """New York's first quarter is an hour short, and begins at five in the morning of UTC."""
    counts = Counts.from_buckets(start=START, step="1h", bad=[1] * 2500, total=[100] * 2500)
    ev = SLO("up", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts)
    found = planning.review([ev], "2026-Q1", incidents=[], tz="America/New_York")
    assert found.objectives[0].total == 2159 * 100


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (InvalidWindow, "quarter must be text", {"quarter": "Q1"}),
        (InvalidWindow, "quarter must be text", {"quarter": "2026-Q5" + "9" * 5000}),
        (WrongType, "quarter must be text", {"quarter": 1}),
        (InvalidWindow, "inside one of 1d; use a step of 12h", {"quarter": ("2026-01-01T12:00Z", "2026-01-03T00:00Z")}),
        (OutOfTimeline, "none does", {"quarter": "2024-Q1"}),
        (OutOfTimeline, "none does", {"quarter": "2027-Q1"}),
        (WrongType, "by must be", {"by": "colour"}),
        (WrongType, "evaluations must be several", {"evaluations": 3}),
        (WrongType, "at least one", {"evaluations": []}),
        (WrongType, "must be an Evaluation", {"evaluations": ["up"]}),
        (UnknownLabel, "twice", {"evaluations": [held("up", row())] * 2}),
        (WrongType, "incidents must be several", {"incidents": 3}),
        (WrongType, "incidents must be several", {"incidents": {None: 1}}),
        (WrongType, r"incidents\[0\] must be an Incident", {"incidents": ["INC-1"]}),
        (InvalidNumber, "next must be 0 or more", {"next": "30%"}),
        (InvalidNumber, "next must be 0 or more", {"first": "-1%", "next": "-2%"}),
    ],
)
def test_what_cannot_be_reviewed_is_refused(error: type[Exception], match: str, arguments: dict[str, Any]) -> None:
    """Each message names the field and what was given."""
    given: dict[str, Any] = {"evaluations": [held("up", row())], "quarter": "2026-Q1", "incidents": []} | arguments
    with pytest.raises(error, match=match):
        planning.review(given.pop("evaluations"), given.pop("quarter"), **given)


def review_that_bites() -> PlanningReview:
    """Return a review in which every text that people type is hostile."""
    name = BITE + "|`x`[a](http://evil.example)"
    evs = [held(name, row(d1=901, d2=3), owner=name, service=name), held("fine", row(d1=3))]
    return planning.review(evs, "2026-Q1", incidents=[days(1, 2, name, name), days(2, 3, "")])


def test_the_review_as_a_page_of_markdown() -> None:
    """Every table has its rows, every cell its place, and nothing that people typed is markup."""
    page = review_that_bites().markdown()
    assert page.startswith("# Review of 2026-Q1\n")
    assert "\u202e" not in page
    assert "<script" not in page
    assert "http://" not in page
    assert "\\|\\`x\\`\\[a\\]\\(http:/\\/evil.example)" in page
    tables = [part.splitlines() for part in page.split("\n\n") if part.startswith("| ")]
    assert len(tables) == 4
    for table in tables:
        # Of bars that are not escaped each line has as many as its heading.
        bars = {line.replace("\\|", "").count("|") for line in table}
        assert len(bars) == 1
    assert "None." in planning.review([held("up", row(d1=100))], "2026-Q1", incidents=[]).markdown()


def test_the_review_as_html_and_at_a_prompt() -> None:
    """Escaped likewise, for all of its rows too."""
    found = review_that_bites()
    assert "<h2>Teams</h2>" in found.html()
    values: list[Any] = [found, *found.classes, *found.objectives, *found.groups]
    for one in values:
        html, shown = one._repr_html_(), (repr(one), str(list(one.__rich_repr__())))
        assert html.startswith("<table>")
        assert not any("<script" in text for text in (html, found.html()))
        assert not any("\u202e" in text for text in (html, found.html(), *shown))
    assert hash(found) == hash(review_that_bites())
    assert found == review_that_bites()


def test_the_review_as_rows_for_a_dataframe() -> None:
    """Flat dicts with equal keys, of plain values."""
    found = review_that_bites()
    for table in ("classes", "objectives", "groups", "findings"):
        rows = found.records(table)
        assert rows
        assert len({tuple(one) for one in rows}) == 1
        assert all(isinstance(value, str | int | float | bool | None) for one in rows for value in one.values())
    assert found.records()[0]["total"] == pytest.approx(904 / 900)
    with pytest.raises(UnknownLabel, match="table must be one of"):
        found.records("rows")  # type: ignore[arg-type]


def test_no_incident_at_all_is_a_review_too() -> None:
    """Nothing to repair, and the objectives all the same."""
    found = planning.review(held("up", row(d1=3)), "2026-Q1", incidents=[])
    assert not found.classes
    assert not found.proposals
    assert found.gives_back == 0
    assert "1 objective, 0 missed" in repr(found)


def test_owners_are_those_who_were_hit_hard() -> None:
    """A shared incident touches everybody's usual errors; concerned are those who lost more than the lower share."""
    evs = [held("a", row(d4=100), owner="a"), held("b", row(d4=1), owner="b")]
    assert planning.review(evs, "2026-Q1", incidents=[days(4, 5, "x")]).classes[0].owners == ("a",)
    evs = [held("a", row(d4=2), owner="a"), held("b", row(d4=1), owner="b")]
    assert planning.review(evs, "2026-Q1", incidents=[days(4, 5, "x")]).classes[0].owners == ("a",)
    assert planning.review(evs, "2026-Q1", incidents=[days(5, 6, "x")]).classes[0].owners == ()
