"""Exclusions: spans whose events do not count."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pytest

from slokit import Counts
from slokit.errors import (
    InvalidDuration,
    InvalidExclusion,
    InvalidInstant,
    LabelWithoutCounts,
    UnknownTimeZone,
    WrongType,
)
from slokit.exclusions import Exclusion, Recurrence, exclusion_mask, parse_exclusions
from slokit.intervals import IntervalSet
from slokit.timeline import Timeline, instant_text, parse_instant

HOUR = 3_600_000_000_000
DAY = 24 * HOUR


@attrs.frozen
class Axis:
    """What an axis of counts looks like from here."""

    name: str
    labels: tuple[str, ...]


REGION, TIER = Axis("region", ("ap", "eu", "us")), Axis("tier", ("free", "paid"))
OUTAGE = Exclusion("2026-01-05T10:00Z", "2026-01-05T12:00Z", "cloud outage", approved_by="sre")


def spans(exclusion: Exclusion, start: str, end: str) -> list[tuple[str, str]]:
    """Return the intervals of an exclusion within a range as text."""
    held = exclusion.intervals(parse_instant(start), parse_instant(end))
    return [(instant_text(a), instant_text(b)) for a, b in held]


# --- one span -------------------------------------------------------------------------------------------------------


def test_case_22_exclusions_are_a_union_of_half_open_spans() -> None:
    """Two that overlap take a bucket out once; one that ends on an edge leaves the next bucket alone."""
    timeline = Timeline(0, HOUR, 6)
    overlapping = [Exclusion(0, 2 * HOUR), Exclusion(HOUR, 3 * HOUR)]
    assert exclusion_mask(overlapping, timeline).tolist() == [True, True, True, False, False, False]


def test_case_22_an_exclusion_of_zero_length_is_a_no_op() -> None:
    """It is accepted, and takes nothing out, wherever it lies."""
    for at in (0, HOUR // 2, HOUR):
        assert not exclusion_mask(Exclusion(at, at), Timeline(0, HOUR, 3)).any()


def test_case_22_a_reversed_exclusion_is_an_error() -> None:
    """The message shows the span and how to mend it."""
    with pytest.raises(InvalidExclusion, match=r"end must not be before start, got .*; swap them"):
        Exclusion("2026-01-05T12:00Z", "2026-01-05T10:00Z")


def test_case_22_unaligned_exclusions_are_rounded_outward() -> None:
    """A nanosecond of a bucket takes the whole bucket out, on both sides."""
    assert exclusion_mask(Exclusion(HOUR - 1, HOUR + 1), Timeline(0, HOUR, 3)).tolist() == [True, True, False]


def test_case_22_an_exclusion_may_hold_the_whole_timeline() -> None:
    """What lies outside is nobody's business."""
    assert exclusion_mask(Exclusion(-DAY, DAY), Timeline(0, HOUR, 3)).all()
    assert not exclusion_mask([Exclusion(-DAY, 0), Exclusion(3 * HOUR, DAY)], Timeline(0, HOUR, 3)).any()
    assert exclusion_mask(Exclusion(-DAY, DAY), Timeline(0, HOUR, 0)).shape == (0,)


def test_an_exclusion_applies_unless_it_is_only_proposed() -> None:
    """Who approved it is a record, and decides nothing."""
    assert OUTAGE.applies
    assert Exclusion(0, HOUR).applies
    proposed = attrs.evolve(OUTAGE, proposed=True)
    assert not proposed.applies
    timeline = Timeline.of("2026-01-05T00:00Z", "1h", 24)
    assert exclusion_mask(OUTAGE, timeline).sum() == 2
    assert exclusion_mask(proposed, timeline).sum() == 0
    assert proposed.intervals(timeline.start, timeline.end).duration == 2 * HOUR


def test_an_exclusion_is_a_value() -> None:
    """Case 37: equal however written, hashable, immutable, evolved, copied and pickled."""
    scope: dict[str, Any] = {"tier": "paid", "region": ["us", "eu", "us"]}
    a = Exclusion("2026-01-05T10:00Z", datetime(2026, 1, 5, 12, tzinfo=UTC), "x", scope=scope)
    b = Exclusion(np.datetime64("2026-01-05T10:00", "m"), parse_instant("2026-01-05T12:00Z"), "x", scope=a.scope)
    assert a == b
    assert len({a, b, attrs.evolve(a), copy.deepcopy(a), pickle.loads(pickle.dumps(a))}) == 1
    assert a.scope == (("region", ("eu", "us")), ("tier", ("paid",)))
    with pytest.raises(AttributeError):
        a.reason = "y"  # type: ignore[misc]


def test_the_fields_of_an_exclusion_are_plain_and_make_it_again() -> None:
    """Definitions as data need no more than the attributes."""
    weekly = Exclusion.recurring(
        days="Sun", at="02:00", duration="2h", tz="Europe/Berlin", first="2026-01-01", scope={"region": "eu"}
    )
    for exclusion in (OUTAGE, weekly):
        fields = {name: getattr(exclusion, name) for name in attrs.fields_dict(Exclusion)}
        assert Exclusion(**fields) == exclusion
    assert weekly.recurrence is not None
    fields = {name: getattr(weekly.recurrence, name) for name in attrs.fields_dict(Recurrence)}
    assert {type(value) for value in fields.values()} <= {str, int, type(None)}
    assert Recurrence(**fields) == weekly.recurrence


def test_an_exclusion_reads_as_one_line() -> None:
    """When, why, about what, and on whose word."""
    assert OUTAGE.text == str(OUTAGE) == "2026-01-05T10:00Z..12:00Z cloud outage (agreed by sre)"
    assert repr(OUTAGE) == f"Exclusion({OUTAGE.text})"
    full = attrs.evolve(OUTAGE, proposed=True, name="INC-7", scope={"region": ["us", "eu"], "tier": "free"})
    assert full.text == (
        "2026-01-05T10:00Z..12:00Z INC-7: cloud outage [region: eu, us; tier: free] (proposed, agreed by sre)"
    )
    assert Exclusion(0, 25 * HOUR).text == "1970-01-01T00:00Z..1970-01-02T01:00Z"


def test_hostile_text_stays_on_its_line() -> None:
    """Newlines and terminal escapes do not reach a terminal through the text of an exclusion."""
    text = Exclusion(0, HOUR, "a\x1b[2Jb\nc").text
    assert text.endswith("a\\x1b[2Jb\\nc")
    assert "\\u202e" in repr(Exclusion(0, HOUR, "a\u202eb", scope={"region": "\ud800"}))
    with pytest.raises(InvalidExclusion, match="at most 1,000 characters"):
        Exclusion(0, HOUR, "x" * 1_001)


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": 3},
        {"reason": None},
        {"approved_by": ["sre"]},
        {"name": 7},
        {"proposed": "yes"},
        {"proposed": 1},
        {"recurrence": "weekly"},
        {"scope": 3},
        {"scope": "region"},
        {"scope": ["region"]},
        {"scope": {1: "eu"}},
        {"scope": {"region": [1]}},
    ],
)
def test_fields_of_the_wrong_type_are_refused(fields: dict[str, Any]) -> None:
    """Truthiness decides nothing."""
    with pytest.raises(WrongType):
        Exclusion(0, HOUR, **fields)


@pytest.mark.parametrize("labels", [[], (), None, 3])
def test_a_scope_without_labels_is_refused(labels: object) -> None:
    """It would exclude nothing, silently."""
    with pytest.raises(InvalidExclusion, match="leave the axis out to mean all of it"):
        Exclusion(0, HOUR, scope={"region": labels})  # type: ignore[dict-item]


def test_an_exclusion_has_both_ends_or_recurs() -> None:
    """One end alone is no span, and a recurrence has its own bounds."""
    weekly = Recurrence(days="Sun", at="02:00", duration="2h")
    for start, end in ((None, HOUR), (0, None), (None, None)):
        with pytest.raises(InvalidExclusion, match="needs start and end"):
            Exclusion(start, end)
    with pytest.raises(InvalidExclusion, match="bound it with first= and until="):
        Exclusion(0, HOUR, recurrence=weekly)
    with pytest.raises(InvalidInstant, match="end must name a time zone"):
        Exclusion(0, "2026-01-01T00:00")
    with pytest.raises(InvalidExclusion, match="1677 and 2262"):
        Exclusion(0, 2**70)


# --- recurring ------------------------------------------------------------------------------------------------------


def test_a_recurring_exclusion_keeps_the_wall_clock_over_a_change() -> None:
    """Sundays at 02:00 in Berlin: 01:00 UTC in winter, midnight in summer."""
    weekly = Exclusion.recurring(days="Sun", at="02:00", duration="2h", tz="Europe/Berlin", reason="patching")
    assert spans(weekly, "2026-01-05T00:00Z", "2026-01-19T00:00Z") == [
        ("2026-01-11T01:00:00Z", "2026-01-11T03:00:00Z"),
        ("2026-01-18T01:00:00Z", "2026-01-18T03:00:00Z"),
    ]
    assert spans(weekly, "2026-07-05T00:00Z", "2026-07-06T00:00Z") == [("2026-07-05T00:00:00Z", "2026-07-05T02:00:00Z")]
    # The Sunday of the change has no 02:00: the two hours begin with the jump.
    assert spans(weekly, "2026-03-29T00:00Z", "2026-03-30T00:00Z") == [("2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z")]
    assert weekly.text == "Sun 02:00 for 2h, Europe/Berlin patching"


def test_whole_days_are_days_of_the_calendar() -> None:
    """RFC 5545: a day from Sunday midnight is the whole Sunday, of 23 or 25 hours; hours are elapsed hours."""
    sundays = Exclusion.recurring(days="Sun", at="00:00", duration="1d", tz="America/New_York")
    assert (
        sundays.intervals(parse_instant("2026-03-04T00:00Z"), parse_instant("2026-03-10T00:00Z")).duration == 23 * HOUR
    )
    assert (
        sundays.intervals(parse_instant("2026-10-28T00:00Z"), parse_instant("2026-11-03T00:00Z")).duration == 25 * HOUR
    )
    longer = Exclusion.recurring(days="Sun", at="00:00", duration="25h", tz="America/New_York")
    assert (
        longer.intervals(parse_instant("2026-03-04T00:00Z"), parse_instant("2026-03-10T00:00Z")).duration == 24 * HOUR
    )


def test_neighbouring_days_leave_no_seam() -> None:
    """A weekend of two whole days is one span."""
    weekend = Exclusion.recurring(days="Sat,Sun", at="00:00", duration="24h", tz="Asia/Kolkata")
    assert spans(weekend, "2026-01-05T00:00Z", "2026-01-12T00:00Z") == [
        ("2026-01-09T18:30:00Z", "2026-01-11T18:30:00Z")
    ]


def test_an_occurrence_that_began_before_the_range_is_cut_and_not_lost() -> None:
    """23:00 for two hours, asked from midnight on: its second hour."""
    nightly = Exclusion.recurring(days="daily", at="23:00", duration="2h")
    assert spans(nightly, "2026-01-06T00:00Z", "2026-01-06T12:00Z") == [
        ("2026-01-06T00:00:00Z", "2026-01-06T01:00:00Z")
    ]
    assert spans(nightly, "2026-01-06T23:30Z", "2026-01-07T00:30Z") == [
        ("2026-01-06T23:30:00Z", "2026-01-07T00:30:00Z")
    ]


def test_the_last_moments_of_a_day_of_25_hours_belong_to_it() -> None:
    """Berlin's long Sunday began over a day before its last half hour: asked only of that, it is still out."""
    sundays = Exclusion.recurring(days="Sun", at="00:00", duration="1d", tz="Europe/Berlin")
    for start in ("2026-10-25T22:00Z", "2026-10-25T22:30Z", "2026-10-25T22:59:59Z"):
        found = sundays.intervals(parse_instant(start), parse_instant("2026-10-25T23:00Z"))
        assert found.spans == ((parse_instant(start), parse_instant("2026-10-25T23:00Z")),)
    assert exclusion_mask(sundays, Timeline.of("2026-10-25T22:30Z", "30m", 2)).tolist() == [True, False]


def test_first_and_until_bound_the_starts() -> None:
    """Half-open: an occurrence at first exists, one at until does not, and one that began goes on to its end."""
    nightly = Exclusion.recurring(
        days="daily", at="23:00", duration="2h", first="2026-01-05T23:00Z", until="2026-01-07T23:00Z"
    )
    assert spans(nightly, "2026-01-01T00:00Z", "2026-02-01T00:00Z") == [
        ("2026-01-05T23:00:00Z", "2026-01-06T01:00:00Z"),
        ("2026-01-06T23:00:00Z", "2026-01-07T01:00:00Z"),
    ]
    assert spans(nightly, "2026-01-08T00:00Z", "2026-02-01T00:00Z") == []


def test_bounds_may_be_local_dates() -> None:
    """A date means its first instant in the zone; a naive datetime is still refused."""
    made = [
        Exclusion.recurring(days="Mon-Fri", at=time(2), duration="2h", tz=ZoneInfo("Asia/Kolkata"), first=first)
        for first in ("2026-01-05", date(2026, 1, 5), "2026-01-04T18:30Z")
    ]
    assert len(set(made)) == 1
    with pytest.raises(InvalidInstant, match="first must have a time zone"):
        Exclusion.recurring(days="Mon", at="02:00", duration="2h", first=datetime(2026, 1, 5))
    with pytest.raises(InvalidExclusion, match="until must be a real date"):
        Exclusion.recurring(days="Mon", at="02:00", duration="2h", until="2026-02-30")
    with pytest.raises(InvalidExclusion, match="until must be after first"):
        Exclusion.recurring(days="Mon", at="02:00", duration="2h", first="2026-01-05", until="2026-01-05")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"days": "Mo"}, InvalidExclusion),
        ({"at": "25:00"}, InvalidExclusion),
        ({"duration": "8d"}, InvalidExclusion),
        ({"duration": 0}, InvalidDuration),
        ({"duration": "-2h"}, InvalidDuration),
        ({"duration": True}, WrongType),
        ({"duration": 1.5}, WrongType),
        ({"tz": "../../etc/passwd"}, UnknownTimeZone),
        ({"first": "x"}, WrongType),
        ({"until": 1.0}, WrongType),
    ],
)
def test_a_recurrence_that_cannot_be_is_refused(fields: dict[str, Any], error: type[Exception]) -> None:
    """Each field by itself, with an error of its kind."""
    with pytest.raises(error):
        Recurrence(**{"days": "Mon", "at": "02:00", "duration": "2h", **fields})


def test_a_recurrence_has_one_form() -> None:
    """However its days, time and duration were written."""
    a = Recurrence(days="monday-friday", at="2:00", duration="120m", tz="Europe/Berlin")
    assert a == Recurrence(days=["Mon", "Tue", "Wed", "Thu", "Fri"], at=time(2), duration=2 * HOUR, tz="Europe/Berlin")
    assert (a.days, a.at, a.duration) == ("Mon-Fri", "02:00", 2 * HOUR)
    assert repr(a) == "Recurrence(Mon-Fri 02:00 for 2h, Europe/Berlin)"
    assert Recurrence(days="Mon", at="02:00:30", duration="2h", first=0).text.endswith("UTC, in 1970-01-01T00:00Z..")


def test_a_recurrence_may_be_asked_for_all_of_time() -> None:
    """Nothing wraps at the rim."""
    full = IntervalSet.full().spans[0]
    weekly = Exclusion.recurring(days="Sun", at="00:00", duration="7d")
    assert len(weekly.intervals(*full)) == 1
    assert len(Exclusion.recurring(days="Sun", at="02:00", duration="2h").intervals(*full)) > 30_000


# --- masks ----------------------------------------------------------------------------------------------------------


def test_a_mask_without_scopes_broadcasts_over_every_axis() -> None:
    """No memory is spent on axes that no scope names."""
    mask = exclusion_mask(Exclusion(HOUR, 2 * HOUR), Timeline(0, HOUR, 3), [REGION, TIER])
    assert mask.shape == (1, 1, 3)
    assert mask[0, 0].tolist() == [False, True, False]


def test_a_scope_takes_out_its_labels_only() -> None:
    """Several labels of an axis are alternatives, several axes must all match, other exclusions are added."""
    timeline = Timeline(0, HOUR, 2)
    scoped = Exclusion(0, HOUR, scope={"region": ["eu", "us"]})
    mask = exclusion_mask(scoped, timeline, [REGION, TIER])
    assert mask.shape == (3, 1, 2)
    assert mask[:, 0, 0].tolist() == [False, True, True]
    both = exclusion_mask(
        [scoped, Exclusion(HOUR, 2 * HOUR, scope={"tier": "free", "region": "ap"})], timeline, [REGION, TIER]
    )
    assert both.shape == (3, 2, 2)
    assert both[..., 0].tolist() == [[False, False], [True, True], [True, True]]
    assert both[..., 1].tolist() == [[True, False], [False, False], [False, False]]
    everywhere = exclusion_mask([scoped, Exclusion(HOUR, 2 * HOUR)], timeline, [REGION, TIER])
    assert everywhere[:, 0, 1].all()


def test_a_label_that_the_axis_lacks_has_no_effect() -> None:
    """It is the caller who says so: one call may ask for several masks."""
    mask = exclusion_mask(Exclusion(0, HOUR, scope={"region": ["mars", "eu"]}), Timeline(0, HOUR, 1), [REGION])
    assert mask.tolist() == [[False], [True], [False]]
    assert not exclusion_mask(Exclusion(0, HOUR, scope={"region": "mars"}), Timeline(0, HOUR, 1), [REGION]).any()


def test_a_scope_naming_an_absent_axis_is_an_error() -> None:
    """Also of an exclusion that is only proposed; the axes that there are, are named."""
    timeline = Timeline(0, HOUR, 1)
    wrong = Exclusion(0, HOUR, "works", scope={"regoin": "eu"}, proposed=True)
    with pytest.raises(
        InvalidExclusion, match=r"exclusions\[1\] .*works.* names the axis 'regoin'; the axes are 'region', 'tier'"
    ):
        exclusion_mask([OUTAGE, wrong], timeline, [REGION, TIER])
    with pytest.raises(InvalidExclusion, match="the counts have no axes"):
        exclusion_mask(wrong, timeline)


def test_exclusions_are_one_or_several() -> None:
    """A generator will do; what is none is refused by its index."""
    assert parse_exclusions(OUTAGE) == parse_exclusions(e for e in [OUTAGE]) == (OUTAGE,)
    assert parse_exclusions(()) == ()
    with pytest.raises(WrongType, match=r"exclusions\[1\] must be an Exclusion, got tuple"):
        parse_exclusions([OUTAGE, (0, 1)])  # type: ignore[list-item]
    for wrong in ("x", 3, None):
        with pytest.raises(WrongType, match="must be an Exclusion or several"):
            parse_exclusions(wrong)  # type: ignore[arg-type]


def test_a_label_that_no_row_has_is_named_in_one_warning() -> None:
    """A misspelt label would silently exclude nothing; labels that there are, are not named, and all is said once."""
    counts = Counts.from_buckets(
        start="2026-01-05T10:00Z", step="1h", total=[[5], [5]], bad=[[5], [0]], labels={"region": ["eu", "us"]}
    )
    wrong = attrs.evolve(OUTAGE, scope={"region": ["eu", "eu-wset"]})
    proposed = attrs.evolve(OUTAGE, scope={"region": "mars"}, proposed=True)
    with pytest.warns(LabelWithoutCounts, match="'eu-wset' of axis 'region', 'mars' of axis 'region', which") as said:
        out = counts.exclude([wrong, wrong, proposed])
    assert len(said) == 1
    assert out.total.tolist() == [[0], [5]]
    many = attrs.evolve(OUTAGE, scope={"region": [f"r{i}" for i in range(9)]})
    with pytest.warns(LabelWithoutCounts, match="'r4' of axis 'region' and 4 more, which"):
        assert counts.exclude(many) == counts
    assert counts.exclude(attrs.evolve(OUTAGE, scope={"region": "eu"})) == out
