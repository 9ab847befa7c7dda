"""Definitions in time: what was judged stays judged, and each bucket knows by which definition."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import (
    SLI,
    SLO,
    CalendarWindow,
    Counts,
    Exclusion,
    Rationale,
    SLOHistory,
    Timeslices,
)
from slokit.errors import InvalidSLO, OutOfTimeline, WrongType
from slokit.live.restarts import fingerprint

LOOSE = SLO("checkout", sli=SLI.ratio("up"), target="99%", window=CalendarWindow("month", tz="Europe/Berlin"))
TIGHT = attrs.evolve(LOOSE, target="99.9%")
BERLIN = {"tz": "Europe/Berlin"}


def hours(start: str = "2026-03-31T22:00Z", days: int = 61, bad: int = 5) -> Counts:
    """Return April and May in Berlin, half a percent bad in each hour."""
    return Counts.from_buckets(start=start, step="1h", total=[1000] * (24 * days), bad=[bad] * (24 * days))


def test_a_target_changed_in_may_does_not_rewrite_april() -> None:
    """April's last word is the same before the change was thought of and after it."""
    counts = hours()
    history = SLOHistory([(None, LOOSE), ("2026-05-01", TIGHT)], **BERLIN)
    ev = history.evaluate(counts)
    april, may = "2026-04-30T22:00Z", "2026-05-31T22:00Z"
    assert ev.at(april) == LOOSE.evaluate(counts).at(april)
    assert ev.at(april).verdict == "met"
    assert ev.at(may).verdict == "missed"
    assert ev.at(may).target == TIGHT.target
    whole = LOOSE.evaluate(counts).met
    assert ev.met[: 30 * 24].tolist() == whole[: 30 * 24].tolist()
    assert not ev.met[30 * 24 :].any()
    assert ev.has_data.all()


def test_a_bucket_that_ends_as_a_definition_comes_in_belongs_to_the_one_before() -> None:
    """The last hour of April is April's, although the definition of May is in force at its very end."""
    history = SLOHistory([(None, LOOSE), ("2026-05-01", TIGHT)], **BERLIN)
    assert history.at("2026-04-30T22:00Z") == TIGHT
    assert history.at("2026-04-30T21:59:59.999999999Z") == LOOSE
    assert history.evaluate(hours()).at("2026-04-30T22:59Z").target == LOOSE.target
    assert history.evaluate(hours()).at("2026-04-30T23:00Z").target == TIGHT.target


def test_a_change_inside_a_bucket_is_judged_by_what_is_in_force_at_its_end() -> None:
    """Nobody can tell which events of the bucket came before."""
    rolling = attrs.evolve(LOOSE, window="2h")
    history = SLOHistory([(None, rolling), ("2026-04-01T10:30Z", attrs.evolve(rolling, target="99.9%"))])
    pieces = history.evaluate(hours()).pieces
    assert [str(piece.timeline.ends[0])[:16] for piece in pieces] == ["2026-03-31T23:00", "2026-04-01T11:00"]
    assert str(pieces[0].timeline.ends[-1])[:16] == "2026-04-01T10:00"


@given(
    bad=st.lists(st.integers(0, 10), min_size=1, max_size=24),
    cuts=st.lists(st.integers(-2, 26), max_size=3, unique=True).map(sorted),
    settle=st.integers(0, 3),
)
def test_each_bucket_is_judged_as_its_definition_judges_it(bad: list[int], cuts: list[int], settle: int) -> None:
    """The joined arrays are, bucket by bucket, those of the one definition that was in force, over its whole window."""
    start = datetime(2026, 4, 1, tzinfo=UTC)
    counts = Counts.from_buckets(start=start, step="1h", total=[10] * len(bad), bad=bad)
    targets = ["50%", "70%", "90%", "99%"]
    slos = [
        attrs.evolve(LOOSE, target=target, window=f"{width}h")
        for target, width in zip(targets, (3, 5, 2, 4), strict=True)
    ]
    since: list[Any] = [None, *(start.replace(microsecond=0).timestamp() + 3600 * cut for cut in cuts)]
    versions = [
        (None if at is None else int(at) * 10**9, slo) for at, slo in zip(since, slos[: len(since)], strict=True)
    ]
    ev = SLOHistory(versions).evaluate(counts, settle=np.timedelta64(settle, "h"))
    alone = [slo.evaluate(counts) for slo in slos]
    size = max(len(bad) - settle, 0)
    which = [sum(cut <= bucket for cut in cuts) for bucket in range(size)]
    for field in ("met", "missed", "has_data", "sli"):
        want = [getattr(alone[k], field)[bucket] for bucket, k in enumerate(which)]
        assert getattr(ev, field).tolist() == want
    assert ev.remaining_ratio.tolist() == [alone[k].error_budget.remaining_ratio[i] for i, k in enumerate(which)]
    for bucket, k in enumerate(which):
        end = counts.timeline.ends[bucket]
        assert ev.at(end) == alone[k].at(end)
    if size:
        assert ev.at() == alone[which[-1]].at(counts.timeline.ends[size - 1])


def test_exclusions_and_leading_axes_go_through() -> None:
    """The definition of a time judges what is left of it, series by series."""
    counts = Counts.from_buckets(
        start="2026-04-30T20:00Z", step="1h", total=[[10] * 4] * 2, bad=[[9] * 4, [0] * 4], labels={"t": ["a", "b"]}
    )
    slo = attrs.evolve(LOOSE, window="1h")
    history = SLOHistory([(None, slo), ("2026-05-01", attrs.evolve(slo, target="0.05"))], **BERLIN)
    with pytest.warns(UserWarning, match="take 100"):
        ev = history.evaluate(counts, Exclusion("2026-04-30T20:00Z", "2026-04-30T21:00Z", "works"))
    assert ev.met.tolist() == [[False, False, True, True], [False, True, True, True]]
    assert ev.has_data.tolist() == [[False, True, True, True]] * 2
    assert [status.met for status in ev.statuses("2026-04-30T22:00Z")] == [False, True]


def test_slices_behind_events_are_looked_at_piece_by_piece() -> None:
    """What counts otherwise has no common timeline; an instant is answered all the same."""
    slices = attrs.evolve(LOOSE, window="4h", budgeting=Timeslices("2h", target="99.9%"))
    history = SLOHistory([(None, attrs.evolve(LOOSE, window="4h")), ("2026-04-01T05:00Z", slices)])
    ev = history.evaluate(hours("2026-04-01T00:00Z", 1))
    with pytest.raises(InvalidSLO, match="one grid"):
        _ = ev.met
    assert ev.at("2026-04-01T05:30Z").unit == "events"
    assert ev.at("2026-04-01T06:00Z").unit == "slices"
    assert ev.at("2026-04-01T05:59Z").time == datetime(2026, 4, 1, 5, tzinfo=UTC)


def test_instants_outside_the_evidence_are_refused() -> None:
    """As by one definition alone."""
    ev = SLOHistory([(None, LOOSE), ("2026-05-01", TIGHT)], **BERLIN).evaluate(hours())
    for when in ("2026-03-31T22:30Z", "2026-06-01T02:00Z"):
        with pytest.raises(OutOfTimeline):
            ev.at(when)


def test_a_definition_that_ended_before_the_evidence_need_not_fit_it() -> None:
    """Slices that were finer than today's buckets, or a window that is no whole number of them, judge nothing here."""
    now = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="1h")
    counts = Counts.from_buckets(start="2026-05-01T00:00Z", step="5m", total=[9] * 5, bad=[1] * 5)
    for fields in ({"budgeting": Timeslices("1m", target="99%")}, {"window": "7m"}):
        before: SLO = attrs.evolve(now, **fields)
        for since in ("2026-04-01", "2026-05-01"):
            found = SLOHistory([(None, before), (since, now)]).evaluate(counts)
            assert found.pieces[0].slo == now
            assert np.array_equal(found.met, now.evaluate(counts).met)


def test_a_definition_that_is_not_yet_in_force_judges_nothing() -> None:
    """Nor does one whose time was over before the evidence begins."""
    history = SLOHistory([(None, LOOSE), ("2026-01-01", TIGHT), ("2027-01-01", LOOSE)])
    (piece,) = history.evaluate(hours()).pieces
    assert piece.slo == TIGHT
    assert piece.evaluation == TIGHT.evaluate(hours())


@pytest.mark.parametrize(
    ("versions", "error", "message"),
    [
        ([], InvalidSLO, "must hold a definition"),
        ([("2026-05-01", LOOSE)], InvalidSLO, "versions\\[0\\] must come in at None"),
        ([(None, LOOSE), ("2026-05-32", TIGHT)], InvalidSLO, "real date"),
        ([(None, LOOSE), ("2026-05-01", TIGHT), ("2026-05-01", LOOSE)], InvalidSLO, "order of time"),
        ([(None, LOOSE), (None, TIGHT)], InvalidSLO, "order of time"),
        ([(None, LOOSE), ("2026-05-01", attrs.evolve(TIGHT, name="other"))], InvalidSLO, "name of the first"),
        ([(None, "x")], WrongType, "must hold an SLO"),
        ([None], WrongType, "must be a pair"),
        ("abc", WrongType, "must be pairs"),
    ],
)
def test_histories_that_cannot_be_are_refused(versions: Any, error: type[Exception], message: str) -> None:
    """Each with what was wrong, and where."""
    with pytest.raises(error, match=message):
        SLOHistory(versions)


def test_dates_are_read_in_the_zone() -> None:
    """1 May begins at different instants in Berlin and in New York; dates, texts and instants say the same."""
    berlin = SLOHistory([(None, LOOSE), (date(2026, 5, 1), TIGHT)], **BERLIN)
    assert berlin == SLOHistory([(None, LOOSE), ("2026-05-01T00:00+02:00", TIGHT)], **BERLIN)
    assert berlin.versions[1][0] != SLOHistory([(None, LOOSE), ("2026-05-01", TIGHT)]).versions[1][0]
    assert hash(berlin) == hash(attrs.evolve(berlin))
    assert berlin.current == TIGHT


# --- rationale ------------------------------------------------------------------------------------------------------


def test_a_reason_changes_no_verdict_and_no_snapshot() -> None:
    """An objective with another reason is another value, and goes on from the same live snapshot."""
    told = attrs.evolve(LOOSE, rationale=Rationale("survey", source="panel", value="slow is down", date="2026-03-01"))
    assert told != LOOSE
    assert told.rationale[0].date == "2026-03-01"
    assert fingerprint(told) == fingerprint(LOOSE)
    assert told.evaluate(hours())._sums.same_as(LOOSE.evaluate(hours())._sums)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "guess"}, "kind must be one of survey"),
        ({"source": ""}, "source must be 1 to"),
        ({"value": "\x1b[31m"}, "value must not hold control"),
        ({"date": "2026-02-30"}, "date must be a real date"),
        ({"date": "yesterday"}, "date must be a real date"),
        ({"date": datetime(2026, 1, 1, tzinfo=UTC)}, "date must be a date"),
    ],
)
def test_reasons_that_cannot_be_are_refused(fields: dict[str, Any], message: str) -> None:
    """A reason has a kind, words and a real date."""
    given: dict[str, Any] = {"kind": "survey", "source": "panel", "value": "x"}
    with pytest.raises((InvalidSLO, WrongType), match=message):
        Rationale(**(given | fields))
    with pytest.raises(WrongType, match="rationale\\[0\\] must be a Rationale"):
        attrs.evolve(LOOSE, rationale=["because"])  # type: ignore[list-item]
