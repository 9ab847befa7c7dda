"""What traffic is usual by weekday and hour, and where too little came."""

from __future__ import annotations

import copy
import math
import pickle
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, Counts, Exclusion
from slokit.analysis import simulate
from slokit.errors import (
    InvalidCounts,
    InvalidNumber,
    InvalidTimeline,
    OutOfTimeline,
    UnknownLabel,
    UnknownTimeZone,
    WrongType,
)
from slokit.interop.tables import BucketTable, EventTable, read_table
from slokit.timeline import Timeline, instant_text, parse_instant
from slokit.traffic import QuietSpell, UsualTraffic
from slokit.traffic.slots import slots_of

MONDAY = "2026-01-05T00:00Z"
HOUR = 3_600_000_000_000


def hourly(totals: npt.ArrayLike, start: str = MONDAY, step: str = "1h", **more: Any) -> Counts:
    """Make counts of totals, all of them good."""
    total = np.asarray(totals, np.int64)
    return Counts.from_buckets(start=start, step=step, total=total, bad=np.zeros_like(total), **more)


def wandering(weeks: int, level: int = 1200, spread: int = 100) -> npt.NDArray[np.int64]:
    """Return hours around a level, none twice in the same place."""
    hours = np.arange(weeks * 168, dtype=np.int64)
    return level - spread + hours * 7919 % (2 * spread + 1)


# --- the answer ----------------------------------------------------------------------------------------------------


def test_too_little_is_named_with_what_is_usual() -> None:
    """The hour, what came, what is expected, and the line with its rate are all said."""
    history = np.full(12 * 168, 1200)
    history[[700, 1100]] = 310  # the second lowest of 2,016 is the line at 1 in 1,000
    history[900] = 300
    usual = UsualTraffic.of(hourly(history), false_alarms="1/1000")
    monday = hourly([1210, 12, 310, 309], start="2026-04-06T13:00Z")
    assert usual.suspicious(monday).tolist() == [False, True, False, True]
    assert usual.reason(monday, "2026-04-06T15:00Z") == (
        "12 of about 1,200 events expected on Mondays at 14:00 (below the 1 in 1,008 line of 310)"
    )
    assert usual.reason(monday, "2026-04-06T16:00Z") is None


def test_the_share_of_past_hours_called_is_the_rate() -> None:
    """What would have been called of the past, and one more hour, is at most the share asked for, and stated."""
    history = hourly(np.random.default_rng(5).integers(400, 1200, 12 * 168))
    usual = UsualTraffic.of(history, false_alarms="1%")
    assert usual.hours == 2016
    assert usual.false_alarms == Fraction(20, 2017)
    # Judged once more, each hour has a part in its own median: a little fewer are called.
    assert usual.suspicious(history).mean() == pytest.approx(0.01, abs=0.006)


def test_a_rate_finer_than_the_history_is_said_to_be_coarser() -> None:
    """840 hours know nothing of what happens once in a thousand, and do not claim to."""
    usual = UsualTraffic.of(hourly(wandering(5)), false_alarms="1/1000")
    assert usual.asked == Fraction(1, 1000)
    assert usual.false_alarms == Fraction(1, 841)
    assert "false alarms 1 in 841 (1 in 1,000 takes 999 hours)" in repr(usual)
    assert "takes" not in repr(UsualTraffic.of(hourly(wandering(6)), false_alarms="1/1000"))


def test_each_hour_is_held_against_the_other_weeks() -> None:
    """Two weeks and one low hour: a quarter of the other week, and were it in its own median, two fifths of that."""
    history = np.full(2 * 168, 400)
    history[40] = 100
    usual = UsualTraffic.of(hourly(history))
    assert usual.expected("2026-01-06T16:30Z") == 250.0  # the median of both
    assert usual.reason(hourly([1], start="2026-01-19T00:00Z")) == (
        "1 of about 400 events expected on Mondays at 00:00 (below the 1 in 337 line of 100)"
    )


def test_past_silences_are_counted_as_false_alarms_until_they_are_excluded() -> None:
    """An outage in the history makes the stated rate worse, and still does not make silence usual."""
    history = wandering(9)
    history[400:427] = 0
    usual = UsualTraffic.of(hourly(history))
    assert usual.silences == 27
    assert usual.false_alarms == Fraction(28, 1513)
    assert ", 27 of them silent" in repr(usual)
    assert usual.suspicious(hourly([0, 600], start="2026-04-06T00:00Z")).tolist() == [True, True]
    start = parse_instant(MONDAY) + 400 * HOUR
    outage = Exclusion(instant_text(start), instant_text(start + 27 * HOUR), "outage")
    known = UsualTraffic.of(hourly(history).exclude(outage))
    assert (known.silences, known.hours, known.false_alarms) == (0, 1485, Fraction(1, 1486))


# --- low traffic ---------------------------------------------------------------------------------------------------


def test_silence_is_no_news_where_little_is_expected_and_news_after_long() -> None:
    """Of three events an hour none in one hour is chance; none in three, one in 8,000, is not."""
    usual = UsualTraffic.of(hourly([3] * 168 * 7), false_alarms="1/1000")
    quiet = hourly([3, 0, 0, 0, 0, 2], start="2026-03-02T00:00Z")
    assert usual.suspicious(quiet).tolist() == [False, False, False, True, True, False]
    assert usual.reason(quiet, "2026-03-02T04:00Z") == (
        "none of about 9 events expected in 3h (chance alone is silent for so long in fewer than 1 in 1,000)"
    )
    assert usual.spells(quiet) == (
        QuietSpell(
            start=datetime(2026, 3, 2, 1, tzinfo=UTC),
            end=datetime(2026, 3, 2, 5, tzinfo=UTC),
            observed=0,
            expected=12.0,
        ),
    )


def test_a_silence_shorter_than_an_hour_is_never_called() -> None:
    """A job that sends all its events at five past is silent for 55 minutes each hour."""
    minutes = np.zeros(9 * 168 * 12, np.int64)
    minutes[1::12] = 500
    usual = UsualTraffic.of(hourly(minutes, step="5m"))
    assert not usual.suspicious(hourly(minutes, step="5m")).any()
    minutes[-12:] = 0
    assert usual.suspicious(hourly(minutes, step="5m"))[-13:].tolist() == [False] * 2 + [True] * 11


def test_what_chance_does_with_small_numbers_is_not_called() -> None:
    """6 of 20 events are few for a service that always has 20, and not too few for chance at 1 in 1,000."""
    usual = UsualTraffic.of(hourly([20] * 9 * 168))
    assert usual.suspicious(hourly([6, 5], start="2026-03-09T00:00Z")).tolist() == [False, True]


# --- hours and zones -----------------------------------------------------------------------------------------------


def test_an_hour_rolls_between_two_slots() -> None:
    """From 14:45 to 15:45 a quarter of the one hour and three of the other are expected."""
    day = np.full(24, 100)
    day[14], day[15] = 1200, 400
    usual = UsualTraffic.of(hourly(np.tile(day, 7 * 9)))
    quarters = hourly([300, 300, 300, 300, 0, 0, 0], start="2026-03-09T14:00Z", step="15m")
    (spell,) = usual.spells(quarters)
    assert (spell.observed, spell.expected) == (0, 300.0)
    assert usual.reason(quarters) == (
        "300 of about 600 events expected on Mondays at 14:45 (below the 1 in 1,513 line of 512)"
    )


def test_hours_follow_the_local_clock_over_its_changes() -> None:
    """An office that opens at nine opens an hour earlier in UTC once the clocks have gone forward."""
    hours = np.arange(12 * 168)
    at = [datetime(2026, 1, 19, tzinfo=UTC) + timedelta(hours=int(h)) for h in hours]
    open_ = [9 <= moment.astimezone(ZoneInfo("Europe/Berlin")).hour < 17 for moment in at]
    counts = hourly(np.where(open_, 500, 0), start="2026-01-19T00:00Z")
    history, after = counts.between(None, "2026-03-30T00:00Z"), counts.between("2026-03-30T00:00Z")
    assert not UsualTraffic.of(history, tz="Europe/Berlin").suspicious(after).any()
    by_utc = UsualTraffic.of(history).suspicious(after)
    assert by_utc.sum() == 14  # each afternoon at four


def test_the_hour_shown_twice_is_two_hours_and_the_one_skipped_none() -> None:
    """On the night of 25 October Berlin has 25 hours, of which two are that from two to three."""
    totals = np.full(8 * 168, 50)
    usual = UsualTraffic.of(hourly(totals, start="2026-10-04T22:00Z", step="30m"), tz="Europe/Berlin")
    assert usual.hours == 4 * 168
    night = hourly([30, 30, 30], start="2026-10-25T00:00Z")
    assert usual.reason(night) == (
        "30 of about 100 events expected on Sundays at 03:00 (below the 1 in 673 line of 67)"
    )
    for end in ("2026-10-25T01:00Z", "2026-10-25T02:00Z"):
        assert "Sundays at 02:00" in str(usual.reason(night, end))
    night = hourly([30, 30], start="2026-03-29T00:00Z")
    assert "Sundays at 01:00" in str(usual.reason(night, "2026-03-29T01:00Z"))
    assert "Sundays at 03:00" in str(usual.reason(night, "2026-03-29T02:00Z"))


def test_an_hour_without_history_expects_nothing() -> None:
    """A history of the working week says nothing of Saturday, and nothing is not suspicious."""
    observed = np.arange(9 * 168) % 168 < 5 * 24
    history = hourly(np.where(observed, 500, 0), observed=observed)
    usual = UsualTraffic.of(history)
    assert usual.expected("2026-03-14T12:00Z") is None
    assert usual.expected("2026-03-13T12:00Z") == 500.0
    weekend = hourly([0] * 72, start="2026-03-13T00:00Z")
    assert usual.suspicious(weekend).tolist() == [True] * 24 + [False] * 48
    assert "120 hours of the week" in repr(usual)


def test_a_bucket_whose_middle_is_the_change_of_the_clock_lies_behind_it() -> None:
    """At 01:00 UTC on 29 March Berlin's clock shows three."""
    slots, firsts, lengths = slots_of(Timeline.of("2026-03-28T23:30Z", "1h", 3), HOUR, ZoneInfo("Europe/Berlin"))
    assert slots.tolist() == [6 * 24 + hour for hour in (1, 3, 4)]
    assert (firsts.tolist(), lengths.tolist()) == ([0, 1, 2], [1, 1, 1])


@pytest.mark.parametrize("tz", ["UTC", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"])
@pytest.mark.parametrize("step", ["5m", "20m", "1h", "6h", "1d"])
def test_every_step_that_fits_learns_in_every_zone(tz: str, step: str) -> None:
    """A grid that lies beside the local hours still finds the same slot each week."""
    size = 9 * 7 * 86_400_000_000_000 // parse_duration_ns(step)
    usual = UsualTraffic.of(hourly(np.full(size, 60), step=step), tz=tz)
    assert not usual.suspicious(hourly(np.full(400, 60), step=step, start="2026-03-23T00:00Z")).any()
    dead = hourly(np.zeros(400, np.int64), step=step, start="2026-03-23T00:00Z")
    assert usual.suspicious(dead)[12:].all()


def parse_duration_ns(step: str) -> int:
    """Return the length of a step."""
    return {"m": HOUR // 60, "h": HOUR, "d": 24 * HOUR}[step[-1]] * int(step[:-1])


@pytest.mark.parametrize(
    ("step", "words"),
    [("45m", 'resample\\("3h"\\)'), ("7m", 'such as "5m"'), ("5h", 'such as "5m"'), ("2d", "12 or 24 hours")],
)
def test_a_step_that_fits_no_hour_names_one_that_does(step: str, words: str) -> None:
    """Where hours cannot be made of the buckets, the way out is in the message."""
    with pytest.raises(InvalidTimeline, match=words):
        UsualTraffic.of(hourly([1] * 2000, step=step))


def test_counts_coarser_than_the_hours_learnt_are_refused() -> None:
    """A day is no part of an hour."""
    usual = UsualTraffic.of(hourly([60] * 504))
    with pytest.raises(InvalidTimeline, match="slots of 1h, which buckets of 1d do not fill"):
        usual.suspicious(hourly([60], step="1d"))


# --- what was not seen, and what does not count ---------------------------------------------------------------------


def test_a_hole_in_the_measurement_is_a_silence_and_says_so() -> None:
    """Nobody looked: nothing came that anybody knows of, and the words tell the two apart."""
    usual = UsualTraffic.of(hourly([600] * 504))
    half = hourly([10] * 30 + [0] * 30, step="1m", observed=[True] * 30 + [False] * 30)
    assert usual.reason(half) == (
        "300 of about 600 events expected on Mondays at 00:00, 50% of the time observed "
        "(below the 1 in 505 line of 516)"
    )
    gone = half.extend(until="2026-01-05T02:00Z")
    assert "none of about 600 events expected on Mondays at 01:00, nothing observed" in str(usual.reason(gone))
    (spell,) = usual.spells(gone)
    assert (spell.start, spell.coverage) == (datetime(2026, 1, 5, 0, 30, tzinfo=UTC), 0.0)


def test_an_exclusion_takes_what_is_expected_with_it() -> None:
    """Of an hour half excluded half is expected, and of one excluded throughout nothing."""
    usual = UsualTraffic.of(hourly([600] * 504))
    minutes = hourly([10] * 30 + [0] * 30 + [0] * 60, step="1m", start="2026-02-02T00:00Z")
    assert usual.suspicious(minutes)[59]
    out = minutes.exclude(Exclusion("2026-02-02T00:30Z", "2026-02-02T02:00Z", reason="move"))
    assert not usual.suspicious(out).any()
    thin = hourly([1] * 30 + [0] * 30, step="1m", start="2026-02-02T00:00Z")
    thin = thin.exclude(Exclusion("2026-02-02T00:30Z", "2026-02-02T01:00Z", reason="move"))
    assert "30 of about 300 events" in str(usual.reason(thin))


def test_hours_seen_in_part_teach_nothing() -> None:
    """A half-observed or excluded hour is no measure of what an hour brings."""
    minutes = np.full(504 * 2, 30)
    observed = np.ones(504 * 2, bool)
    minutes[100], observed[100] = 0, False
    history = hourly(minutes, step="30m", observed=observed)
    assert UsualTraffic.of(history).hours == 503
    assert UsualTraffic.of(history.exclude(Exclusion(MONDAY, "2026-01-05T00:10Z", reason="move"))).hours == 502
    assert UsualTraffic.of(hourly([30] * 1009, step="30m", start="2026-01-05T00:30Z")).hours == 504


def test_a_hole_ends_a_past_silence() -> None:
    """Two silent hours on either side of one that nobody saw are no silence of four, or of five."""
    totals, observed = np.full(9 * 168, 3), np.ones(9 * 168, bool)
    totals[100:105] = 0
    assert UsualTraffic.of(hourly(totals)).silences == 3
    observed[102] = False
    assert UsualTraffic.of(hourly(totals, observed=observed)).silences == 0


def test_before_a_whole_hour_nothing_is_stated() -> None:
    """59 minutes are no hour."""
    usual = UsualTraffic.of(hourly([600] * 504))
    assert usual.suspicious(hourly([0] * 61, step="1m")).tolist() == [False] * 59 + [True] * 2
    assert usual.suspicious(hourly([0] * 59, step="1m")).tolist() == [False] * 59
    assert usual.suspicious(Counts.empty(step="1m")).shape == (0,)
    assert usual.spells(Counts.empty(step="1m")) == ()
    assert usual.reason(Counts.empty(step="1m")) is None


@pytest.mark.parametrize(
    ("history", "words"),
    [
        (hourly([5] * 168), "longer than a week"),
        (Counts.empty(step="1h"), "longer than a week"),
        (hourly([0] * 504), "two observed hours of one weekday and hour, and events"),
        (hourly([1] * 24 + [0] * 200, observed=[True] * 24 + [False] * 200), "two observed hours"),
        (hourly([1, 0] * 1000, step="10m", observed=[True, False] * 1000), 'resample\\("1h"\\)'),
    ],
)
def test_a_history_that_teaches_nothing_is_refused(history: Counts, words: str) -> None:
    """Each with the reason it teaches nothing."""
    with pytest.raises(InvalidCounts, match=words):
        UsualTraffic.of(history)


@pytest.mark.parametrize("rate", [0, 1, -1, "3/2"])
def test_a_rate_that_is_none_is_refused(rate: Any) -> None:
    """A share of hours lies between none and all of them."""
    with pytest.raises(InvalidNumber, match="false_alarms must be between 0 and 1"):
        UsualTraffic.of(hourly([5] * 504), false_alarms=rate)


def test_what_is_no_counts_and_no_zone_is_refused() -> None:
    """Types and names are checked at the door."""
    with pytest.raises(WrongType, match="counts must be Counts"):
        UsualTraffic.of([1, 2])  # type: ignore[arg-type]
    with pytest.raises(UnknownTimeZone, match="did you mean"):
        UsualTraffic.of(hourly([5] * 504), tz="Europe/Berlim")


@pytest.mark.parametrize("when", ["2026-01-05T00:59Z", "2026-01-05T03:00Z"])
def test_a_reason_for_what_the_counts_do_not_reach_is_refused(when: str) -> None:
    """As for a status: not before the first bucket has ended, nor a bucket after the last."""
    usual, counts = UsualTraffic.of(hourly([600] * 504)), hourly([0, 0])
    assert usual.reason(counts, "2026-01-05T02:59Z") is not None
    with pytest.raises(OutOfTimeline, match="when must not be"):
        usual.reason(counts, when)


# --- fleets ---------------------------------------------------------------------------------------------------------


def fleet() -> tuple[UsualTraffic, Counts]:
    """Return two tenants of different size, and one that never came; and an hour in which two of them are silent."""
    rows = [[1000] * 504, [40] * 504, [0] * 504]
    labels = {"tenant": ["acme", "globex", "initech"]}
    return UsualTraffic.of(hourly(rows, labels=labels)), hourly([[990], [0], [0]], labels=labels)


def test_each_series_has_its_own_habits() -> None:
    """What is much for one tenant is little for another, and of a tenant without traffic nothing is said."""
    usual, now = fleet()
    assert usual.suspicious(now).tolist() == [[False], [True], [False]]
    assert np.array_equal(usual.expected(MONDAY), [1000.0, 40.0, 0.0])
    (spell,) = usual.spells(now)
    assert spell.labels == (("tenant", "globex"),)
    assert repr(spell) == "QuietSpell(globex, 2026-01-05 00:00 UTC for 1h: none of about 40 events expected)"
    assert "3 series" in repr(usual)
    assert "1 series without history" in repr(usual)


def test_a_series_is_picked_by_label() -> None:
    """What is picked is what would have been learnt of that series alone."""
    usual, now = fleet()
    alone = UsualTraffic.of(hourly([40] * 504))
    assert usual.sel(tenant="globex") == alone
    assert alone.reason(now.sel(tenant="globex")) is not None
    assert usual.sel(tenant=["acme", "globex"]).axes[0].labels == ("acme", "globex")  # type: ignore[arg-type]
    with pytest.raises(UnknownLabel, match="did you mean 'globex'"):
        usual.sel(tenant="globe")


def test_other_axes_are_refused() -> None:
    """Rows of a fleet are never matched by position."""
    usual, now = fleet()
    with pytest.raises(InvalidCounts, match=r"learnt from, tenant \(3\), got tenant \(2\)"):
        usual.suspicious(now.sel(tenant=["acme", "globex"]))
    with pytest.raises(InvalidCounts, match="got none; sel"):
        usual.spells(now.sel(tenant="acme"))
    with pytest.raises(InvalidCounts, match=r"sel\(tenant=…\)"):
        usual.reason(now)


# --- being a value --------------------------------------------------------------------------------------------------


def test_equal_histories_teach_equal_habits() -> None:
    """Compared by what they hold; copied, pickled and without a hash."""
    usual = UsualTraffic.of(hourly(wandering(5)), tz="Europe/Berlin")
    assert usual == UsualTraffic.of(hourly(wandering(5)), tz="Europe/Berlin")
    assert usual != UsualTraffic.of(hourly(wandering(5)))
    assert usual != UsualTraffic.of(hourly(wandering(5)), tz="Europe/Berlin", false_alarms="1%")
    assert usual != UsualTraffic.of(hourly(wandering(6)), tz="Europe/Berlin")
    assert usual != 1
    assert UsualTraffic.of(hourly([60] * 504)) != UsualTraffic.of(hourly([60] * 504), tz="Asia/Tokyo")
    assert copy.copy(usual) is copy.deepcopy(usual) is usual
    again = pickle.loads(pickle.dumps(usual))
    assert again == usual
    with pytest.raises(ValueError, match="read-only"):
        again._habits.doubled[0] = 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(usual)
    with pytest.raises(ValueError, match="read-only"):
        usual.suspicious(hourly([1]))[0] = True


def test_both_look_well_in_a_notebook_and_under_rich() -> None:
    """Labels are anybody's text, and bite in neither."""
    bite = "<script>\u202e</script>"
    usual = UsualTraffic.of(hourly([[1000] * 504], labels={"tenant": [bite]}))
    (spell,) = usual.spells(hourly([[0]], labels={"tenant": [bite]}))
    for value in (usual, spell):
        assert "<script>" not in value._repr_html_()
        assert "\u202e" not in repr(value) + "".join(text for _, text in value.__rich_repr__())
    assert dict(usual.__rich_repr__())["slots"] == "168 hours of the week, UTC"
    assert (
        dict(UsualTraffic.of(hourly([99] * 99, step="6h")).__rich_repr__())["slots"]
        == "28 hours of 6h of the week, UTC"
    )
    assert repr(UsualTraffic.of(hourly([99] * 99, step="6h")).reason(hourly([1], step="6h"))).count(
        "Mondays at 00:00 for 6h"
    )


def test_counts_beyond_int64_are_summed_exactly() -> None:
    """Hours of 2**62 events and more neither wrap nor round."""
    big = 2**62
    usual = UsualTraffic.of(hourly([big] * 504 * 2, step="30m"))
    assert usual.expected(MONDAY) == float(2 * big)
    assert usual.suspicious(hourly([big, big, 0, 0, big], step="30m")).tolist() == [False, False, True, True, True]
    low = np.full(504, big)
    low[77] = big - 10**12
    usual = UsualTraffic.of(hourly(low), false_alarms="1/100")
    # the line is the fourth lowest of 504: exactly what is expected, and one event less is below it
    assert usual.suspicious(hourly([big - 1, big - 10**12])).tolist() == [False, True]


# --- the law, against plain loops -----------------------------------------------------------------------------------


class Plain:
    """The same in loops over Python integers and fractions, written from the documentation."""

    def __init__(self, counts: Counts, tz: str, rate: Fraction) -> None:
        self.tz, self.slot = ZoneInfo(tz), max(counts.timeline.step, HOUR)
        hours: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for bucket in range(counts.timeline.size):
            moment = self._middle(counts, bucket)
            hours[moment.date(), self._slot(moment), moment.utcoffset()].append(bucket)
        fill = self.slot // counts.timeline.step
        weeks: dict[int, list[int | None]] = defaultdict(list)
        places: list[tuple[int, int]] = []
        for (_, slot, _), buckets in hours.items():
            whole = len(buckets) == fill and all(counts.observed[b] and not counts.excluded[b] for b in buckets)
            places.append((slot, len(weeks[slot])))
            weeks[slot].append(sum(int(counts.total[b]) for b in buckets) if whole else None)
        self.median = {
            slot: Fraction(median(held))
            for slot, totals in weeks.items()
            if (held := [t for t in totals if t is not None])
        }
        past: list[tuple[int | None, Fraction]] = []
        for slot, place in places:
            others = [t for i, t in enumerate(weeks[slot]) if i != place and t is not None]
            past.append((weeks[slot][place], Fraction(median(others)) if others else Fraction(0)))
        self.hours = sum(total is not None and usual > 0 for total, usual in past)
        self.limit = max(rate, Fraction(1, self.hours + 1))
        silent, shares, since = 0, [], Fraction(0)
        for total, usual in past:
            since = Fraction(0) if total is None or total else since + usual
            if total is None or not usual:
                continue
            if not total and since > -math.log(self.limit):
                silent += 1
            elif self._improbable(total, usual):
                shares.append(total / usual)
        spare = max(math.floor(rate * (self.hours + 1)) - 1 - silent, 0)
        self.line = sorted(shares)[spare] if len(shares) > spare else Fraction(1)
        self.rate = Fraction(silent + sum(share < self.line for share in shares) + 1, self.hours + 1)
        if len(shares) <= spare:
            self.rate = Fraction(silent + len(shares) + 1, self.hours + 1)

    def _middle(self, counts: Counts, bucket: int) -> datetime:
        timeline = counts.timeline
        ns = timeline.start + bucket * timeline.step + timeline.step // 2
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)).astimezone(self.tz)

    def _slot(self, moment: datetime) -> int:
        return (moment.weekday() * 24 + moment.hour) * HOUR // self.slot

    def _improbable(self, events: int, usual: Fraction) -> bool:
        if events >= usual:
            return False
        mean = float(usual)
        return mean - events + (events * math.log(events / mean) if events else 0) > -math.log(self.limit)

    def suspicious(self, counts: Counts) -> list[bool]:
        """Judge each bucket by going back from it."""
        fill = self.slot // counts.timeline.step
        usual = [
            Fraction(0)
            if counts.excluded[b]
            else self.median.get(self._slot(self._middle(counts, b)), Fraction(0)) / fill
            for b in range(counts.timeline.size)
        ]
        found = []
        for end in range(1, counts.timeline.size + 1):
            if end < fill:
                found.append(False)
                continue
            came = sum(int(t) for t in counts.total[end - fill : end])
            expected = sum(usual[end - fill : end], Fraction(0))
            first = end
            while first and not counts.total[first - 1]:
                first -= 1
            silent = not came and expected > 0 and sum(usual[first:end], Fraction(0)) > -math.log(self.limit)
            found.append(silent or (self._improbable(came, expected) and came < self.line * expected))
        return found


@given(
    seed=st.integers(0, 2**32 - 1),
    step=st.sampled_from(["30m", "1h", "2h", "12h"]),
    tz=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]),
    level=st.sampled_from([0.5, 3, 30, 1000]),
    rate=st.sampled_from([Fraction(1, 1000), Fraction(1, 50), Fraction(1, 7)]),
    start=st.sampled_from(["2026-03-15T00:00Z", "2026-10-18T00:00Z", "2026-10-11T07:00Z"]),
)
def test_the_arrays_say_what_plain_loops_say(
    seed: int, step: str, tz: str, level: float, rate: Fraction, start: str
) -> None:
    """Line, rate and every verdict, over changes of the clock, holes, exclusions and silences."""
    draw = np.random.default_rng(seed)
    size = 16 * 24 * HOUR // parse_duration_ns(step)

    def drawn(from_: str) -> Counts:
        observed = draw.random(size) > draw.choice([0, 0.01, 0.1])
        total = draw.poisson(level * draw.lognormal(0, 0.4, size)) * observed * (draw.random(size) > 0.02)
        counts = hourly(total, start=from_, step=step, observed=observed)
        return counts.exclude(Exclusion("2026-10-20T03:10Z", "2026-10-20T07:00Z", reason="move"))

    history, now = drawn(start), drawn("2026-10-18T00:00Z")
    plain = Plain(history, tz, rate)
    if not plain.hours:
        with pytest.raises(InvalidCounts):
            UsualTraffic.of(history, tz=tz, false_alarms=rate)
        return
    usual = UsualTraffic.of(history, tz=tz, false_alarms=rate)
    assert (usual.hours, usual.false_alarms) == (plain.hours, plain.rate)
    assert usual._habits.lines == (plain.line,)
    assert usual.suspicious(now).tolist() == plain.suspicious(now)


def test_quiet_hours_that_follow_each_other_are_one_spell() -> None:
    """Whether single buckets or not; and what lies before and behind is in none."""
    usual = UsualTraffic.of(hourly([600] * 504))
    assert usual.spells(hourly([600, 12, 14, 600, 15])) == (
        QuietSpell(
            start=datetime(2026, 1, 5, 1, tzinfo=UTC),
            end=datetime(2026, 1, 5, 3, tzinfo=UTC),
            observed=26,
            expected=1200.0,
        ),
        QuietSpell(
            start=datetime(2026, 1, 5, 4, tzinfo=UTC),
            end=datetime(2026, 1, 5, 5, tzinfo=UTC),
            observed=15,
            expected=600.0,
        ),
    )


@given(seed=st.integers(0, 2**32 - 1))
def test_spells_are_what_is_suspicious(seed: int) -> None:
    """Each suspicious hour meets a spell, each spell a suspicious hour, and spells hold their own sums."""
    draw = np.random.default_rng(seed)
    usual = UsualTraffic.of(hourly(np.full(504, 60)))
    now = hourly(draw.choice([0, 0, 15, 15, 15, 30], 60), step="15m")
    suspicious = usual.suspicious(now)
    spans = []
    for spell in usual.spells(now):
        part = now.between(spell.start, spell.end)
        assert spell.observed == part.total.sum()
        assert spell.expected == 15.0 * part.timeline.size
        first = now.timeline.edge_index(part.timeline.start)
        spans.append((first, first + part.timeline.size))
        assert suspicious[first : spans[-1][1] + 3].any()
    assert all(before[1] < behind[0] for before, behind in pairwise(spans))
    for end in np.flatnonzero(suspicious).tolist():
        assert any(first <= end and end - 3 < stop for first, stop in spans)


# --- how often it is wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("per_minute", "loose"), [(600, 2), (10, 2), (1, 2), (0.2, 2), (0.05, 4)])
def test_false_alarms_out_of_sample_are_about_as_stated(per_minute: float, loose: float) -> None:
    """Learnt on five weeks, judged on three: of about 10,000 hours that are usual by construction few are called."""
    called, stated, judged = 0, 0.0, 0
    for seed in range(20):
        counts = simulate.counts(
            simulate.Traffic(per_minute=per_minute), start=MONDAY, duration="56d", step="1h", seed=seed
        )
        usual = UsualTraffic.of(counts.between(None, "2026-02-09T00:00Z"), false_alarms="1/100")
        later = usual.suspicious(counts.between("2026-02-09T00:00Z"))
        called, judged = called + int(later.sum()), judged + later.size
        stated += float(usual.false_alarms) * later.size
    assert called < loose * stated
    assert called < 0.02 * judged


def test_a_dead_service_is_noticed_within_the_hour() -> None:
    """Of twenty services of 600 requests a minute, each dead from another hour on, none is missed."""
    for seed in range(20):
        start = parse_instant("2026-02-16T00:00Z") + seed * 5 * HOUR
        dead = simulate.Silence(start=start, duration="1d", observed=True)
        counts = simulate.counts(
            simulate.Traffic(), start=MONDAY, duration="56d", step="5m", seed=seed, silences=[dead]
        )
        usual = UsualTraffic.of(counts.between(None, "2026-02-09T00:00Z"))
        first = counts.timeline.edge_index(start)
        assert usual.suspicious(counts)[first : first + 12].any()


def test_probes_are_quiet_where_their_log_has_a_hole(data_dir: Path) -> None:
    """Five probes an hour: no single missing one is called, four hours without any are, for each of three services."""
    table = read_table(data_dir / "probes_androidacy" / "probes.csv.gz", by=["service"])
    assert isinstance(table, BucketTable)
    counts = table.count(step="1h")
    usual = UsualTraffic.of(counts.between("2025-06-01T00:00Z", "2025-11-01T00:00Z"))
    spells = usual.spells(counts.between("2025-11-01T00:00Z", "2026-03-01T00:00Z"))
    assert [spell.labels[0][1] for spell in spells] == ["api", "vaultwarden", "website"]
    for spell in spells:
        assert (spell.start, spell.coverage) == (datetime(2026, 2, 2, 19, tzinfo=UTC), 0.0)


def test_departures_are_few_on_holidays_only(data_dir: Path) -> None:
    """Learnt until September, judged until the year's end: Thanksgiving, Christmas and New Year's Eve are named."""
    path = data_dir / "flights_nyc2013" / "flights.csv.gz"
    table = read_table(path, time="scheduled_departure_utc", good="good_dep_15")
    assert isinstance(table, EventTable)
    counts = table.count(SLI.ratio("departures"), step="1h")
    usual = UsualTraffic.of(counts.between(None, "2013-10-01T04:00Z"), tz="America/New_York", false_alarms="1/100")
    spells = usual.spells(counts.between("2013-10-01T04:00Z"))
    days = {f"{spell.start.astimezone(ZoneInfo('America/New_York')):%m-%d}" for spell in spells}
    assert days == {"11-28", "11-29", "12-24", "12-25", "12-31"}
    assert usual.false_alarms < Fraction(1, 100)


def test_four_days_are_no_history(data_dir: Path) -> None:
    """The request log holds no weekday twice, and is refused rather than guessed from."""
    table = read_table(data_dir / "http_apache" / "requests.csv.gz")
    assert isinstance(table, EventTable)
    with pytest.raises(InvalidCounts, match=r"longer than a week, .* got 3d1[0-9]h"):
        UsualTraffic.of(table.count(SLI.ratio("requests"), step="1h"))
