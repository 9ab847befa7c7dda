"""Every array and scalar of an Evaluation equals what plain loops over integers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from slokit import SLI, SLO, CalendarWindow, Counts, Evaluation, Exclusion, RatioTimeslices, StatusTable, Timeslices
from slokit.errors import InvalidCounts, OutOfTimeline
from slokit.timeline import to_datetime
from tests import oracle
from tests.oracle import NANOSECONDS, RATIO_UNITS, Moment
from tests.property.agreement import check_basis, check_moments, check_status, exactly, near, same, status_of
from tests.property.evidence import LARGEST, MINUTE, MISSING, Evidence, Outage, evidences, outages, targets, without

pytestmark = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")

HOUR = 60 * MINUTE
DAY = 24 * HOUR
SLI_UNDER_TEST = SLI.ratio("answers")


def as_exclusions(spans: list[Outage]) -> list[Exclusion]:
    """Return the spans as slokit's exclusions."""
    return [
        Exclusion(
            np.datetime64(span.start, "ns"),
            np.datetime64(span.end, "ns"),
            reason="drawn",
            proposed=span.proposed,
            scope={axis: list(names) for axis, names in span.scope} or None,
        )
        for span in spans
    ]


def length(nanoseconds: int) -> timedelta:
    """Return a whole number of seconds as a timedelta."""
    return timedelta(seconds=nanoseconds // NANOSECONDS)


def objective(target: Fraction, window: int | CalendarWindow, **options: object) -> SLO:
    """Return an SLO over a rolling window of nanoseconds, or over a calendar window."""
    span = length(window) if isinstance(window, int) else window
    return SLO("answers", sli=SLI_UNDER_TEST, target=target, window=span, **options)  # type: ignore[arg-type]


def own_targets(
    data: st.DataObject, evidence: Evidence, target: Fraction
) -> tuple[tuple[str, dict[str, Fraction]] | None, list[Fraction]]:
    """Draw targets for some labels of one axis, any of them; return axis and targets, and the target of each row."""
    if not evidence.axes or not data.draw(st.booleans(), label="own targets"):
        return None, [target] * len(evidence.rows)
    axis, names = data.draw(st.sampled_from(evidence.axes), label="axis of own targets")
    own = data.draw(st.dictionaries(st.sampled_from(names), targets(), min_size=1, max_size=2), label="own")
    return (axis, own), [own.get(labels[axis], target) for labels in evidence.labels]


def per_label(slo: SLO, own: tuple[str, Mapping[str, Fraction]] | None) -> SLO:
    """Return the SLO with own targets along their axis, where there are any."""
    return slo if own is None else slo.per(own[0], target=dict(own[1]))


def prepared(
    evidence: Evidence,
    spans: list[Outage],
    settle: int,
    missing: tuple[str, int | str | None],
    slices: tuple[int, Fraction | None] | None = None,
) -> list[oracle.Series]:
    """Return the rows as the windows see them: exclude, settle, slice, fill."""
    rows = [oracle.settled(row, settle) for row in without(evidence, spans)]
    if slices is None:
        return [oracle.filled(row, *missing) for row in rows]
    worth = 1 if slices[1] is not None else RATIO_UNITS
    return [oracle.filled(oracle.sliced(row, *slices), missing[0], worth) for row in rows]


# --- rolling windows ------------------------------------------------------------------------------------------------


@given(data=st.data(), target=targets(), width=st.integers(1, 20))
def test_every_array_over_a_rolling_window(data: st.DataObject, target: Fraction, width: int) -> None:
    """Verdicts, figures and coverage hold for any counts, holes, exclusions, settling time and own targets."""
    evidence = data.draw(evidences(target))
    step = evidence.rows[0].step
    own, goals = own_targets(data, evidence, target)
    missing = data.draw(MISSING)
    spans = data.draw(outages(evidence))
    settle = data.draw(st.sampled_from((0, 0, 1, step, 2 * step + 1)))
    rows = prepared(evidence, spans, settle, missing)
    slo = per_label(objective(target, width * step, missing=missing[0], missing_events=missing[1]), own)

    ev = slo.evaluate(
        evidence.counts(), exclusions=as_exclusions(spans), settle=np.timedelta64(settle, "ns") if settle else "0s"
    )

    check_moments(ev, [oracle.rolling(row, goal, width) for row, goal in zip(rows, goals, strict=True)])
    same("excluded", ev.excluded, [row.excluded for row in rows], "b")
    assert ev.timeline.size == len(rows[0])
    assert ev.unit == "events"
    assert np.shape(ev.sli) == (*evidence.shape, len(rows[0]))


@given(data=st.data(), target=targets(), width=st.integers(1, 8), judged=targets() | st.none())
def test_every_array_over_slices(data: st.DataObject, target: Fraction, width: int, judged: Fraction | None) -> None:
    """Slices are judged after exclusions and filled after that; then they are the events."""
    evidence = data.draw(evidences(target if judged is None else judged))
    step = evidence.rows[0].step
    own, goals = own_targets(data, evidence, target)
    missing = (data.draw(MISSING)[0], None)
    spans = data.draw(outages(evidence))
    per_slice = data.draw(st.sampled_from((1, 2, 3)))
    whole = without(evidence, spans)
    budgeting = (
        RatioTimeslices(length(per_slice * step))
        if judged is None
        else Timeslices(length(per_slice * step), target=judged)
    )
    slo = per_label(objective(target, width * per_slice * step, budgeting=budgeting, missing=missing[0]), own)

    if any(oracle.most_in_a_slice(row, per_slice * step) > LARGEST for row in whole):
        # A slice is a bucket before it is judged, and a bucket must fit.
        with pytest.raises(InvalidCounts):
            slo.evaluate(evidence.counts(), exclusions=as_exclusions(spans))
        return
    ev = slo.evaluate(evidence.counts(), exclusions=as_exclusions(spans))

    rows = prepared(evidence, spans, 0, missing, (per_slice * step, judged))
    check_moments(ev, [oracle.rolling(row, goal, width) for row, goal in zip(rows, goals, strict=True)])
    same("excluded", ev.excluded, [row.excluded for row in rows], "b")
    assert ev.unit == ("1e-9 slices" if judged is None else "slices")
    assert (ev.timeline.start, ev.timeline.step) == (rows[0].start, rows[0].step)


# --- burn rates -----------------------------------------------------------------------------------------------------


@given(data=st.data(), target=targets(), widths=st.lists(st.integers(1, 20), min_size=1, max_size=4))
def test_burn_rates_of_many_windows(data: st.DataObject, target: Fraction, widths: list[int]) -> None:
    """One call with many windows gives what each window alone gives, and both are the ratio of ratios."""
    evidence = data.draw(evidences(target))
    step = evidence.rows[0].step
    own, goals = own_targets(data, evidence, target)
    ev = per_label(objective(target, 7 * step), own).evaluate(evidence.counts())
    truths = [
        [oracle.burn_rates(row, goal, width) for row, goal in zip(evidence.rows, goals, strict=True)]
        for width in widths
    ]

    together = ev.burn_rates([length(width * step) for width in widths])

    assert together.shape == (len(widths), *evidence.shape, len(evidence.rows[0]))
    for k, width in enumerate(widths):
        near("burn_rates", together[k], truths[k])
        near("burn_rate", ev.burn_rate(length(width * step)), truths[k])
    near(
        "burn_rate",
        ev.burn_rate(),
        [oracle.burn_rates(row, goal, 7) for row, goal in zip(evidence.rows, goals, strict=True)],
    )


# --- calendar windows -----------------------------------------------------------------------------------------------

# A zone, a step that divides its offsets, and instants at which its clocks or its calendar do something odd.
PLACES = (
    ("UTC", HOUR, "2024-02-27"),
    ("America/New_York", HOUR, "2026-03-07"),
    ("America/New_York", HOUR, "2026-10-31"),
    ("Asia/Kolkata", HOUR // 2, "2025-12-30"),
    ("Australia/Lord_Howe", HOUR // 2, "2026-04-03"),
    ("Pacific/Apia", HOUR, "2011-12-28"),
    ("Europe/Berlin", HOUR, "2026-03-28"),
)


# Low targets too: where a bad event more counts into the total, they are what tells its worth from that of one that
# does not.
BUDGETS = targets() | st.sampled_from((Fraction(1, 2), Fraction(1, 3), Fraction(1, 10)))


@st.composite
def calendars(draw: st.DrawFn, target: Fraction, per_slice: int = 1) -> tuple[Evidence, str, str]:
    """Draw evidence around an odd instant, with a unit and a zone; long units get long buckets.

    Often it starts where a period does, and reaches into the next. A slice holds ``per_slice`` buckets, and the data
    may start and end inside one.
    """
    zone, step, day = draw(st.sampled_from(PLACES))
    unit = draw(st.sampled_from(("day", "day", "week", "month", "quarter", "year")))
    start = int(np.datetime64(day, "ns").astype(np.int64))
    if unit == "day" or (unit == "week" and draw(st.booleans())):
        most = 60
    else:
        # Whole days as buckets: their edges are local midnights in zones without clock changes only.
        zone, step, most = "UTC", DAY, 100
    on_edge = draw(st.booleans())
    begin, end = oracle.period(start, unit, ZoneInfo(zone))
    into_the_next = (end - begin) // step + 1
    size = draw(st.integers(min(into_the_next, most) if on_edge else 1, most))
    step, size = step // per_slice, size * per_slice + draw(st.integers(0, per_slice - 1))
    start = begin if on_edge else start + draw(st.integers(-20, 20)) * step
    found = draw(evidences(target, sizes=st.just(size), starts=st.just(start), steps=st.just(step), most_axes=1))
    return found, unit, zone


@given(data=st.data(), target=BUDGETS)
def test_every_array_over_a_calendar_window(data: st.DataObject, target: Fraction) -> None:
    """Events: the period so far is judged; its budget is expected, or the period before it, or what happened so far."""
    evidence, unit, zone = data.draw(calendars(target))
    own, goals = own_targets(data, evidence, target)
    missing = data.draw(MISSING)
    guesses = st.integers(1, 1000) | st.integers(1, 2**62)
    expected = data.draw(
        st.none() | st.none() | guesses | st.lists(guesses, min_size=len(evidence.rows), max_size=len(evidence.rows))
    )
    each = expected if isinstance(expected, list) else [expected] * len(evidence.rows)
    spans = data.draw(outages(evidence))
    rows = prepared(evidence, spans, 0, missing)
    slo = objective(target, CalendarWindow(unit, tz=zone), missing=missing[0], missing_events=missing[1])

    ev = per_label(slo, own).evaluate(
        evidence.counts(),
        exclusions=as_exclusions(spans),
        expected_total=np.reshape(expected, evidence.shape) if isinstance(expected, list) else expected,
    )

    truths = [
        oracle.calendar(row, goal, unit, ZoneInfo(zone), expected_total=guess)
        for row, goal, guess in zip(rows, goals, each, strict=True)
    ]
    check_moments(ev, truths)
    # Burn-rate windows roll across the edges of periods.
    near(
        "burn_rate",
        ev.burn_rate(length(3 * rows[0].step)),
        [oracle.burn_rates(row, goal, 3) for row, goal in zip(rows, goals, strict=True)],
    )
    same("burning", ev.burning(1), [[m.missed for m in row] for row in truths], "b")
    near("burn_rate", ev.burn_rate(), [[m.burn for m in row] for row in truths])
    check_statuses(data, ev, evidence, truths, goals)


@given(data=st.data(), target=BUDGETS, judged=targets() | st.none())
def test_every_array_over_calendar_slices(data: st.DataObject, target: Fraction, judged: Fraction | None) -> None:
    """Slices: the whole period's budget is known from its first slice on."""
    per_slice = data.draw(st.sampled_from((1, 2)))
    evidence, unit, zone = data.draw(calendars(target if judged is None else judged, per_slice))
    step = evidence.rows[0].step * per_slice
    own, goals = own_targets(data, evidence, target)
    missing = (data.draw(MISSING)[0], None)
    spans = data.draw(outages(evidence))
    assume(all(oracle.most_in_a_slice(row, step) <= LARGEST for row in evidence.rows))
    rows = prepared(evidence, spans, 0, missing, (step, judged))
    budgeting = RatioTimeslices(length(step)) if judged is None else Timeslices(length(step), target=judged)
    slo = objective(target, CalendarWindow(unit, tz=zone), budgeting=budgeting, missing=missing[0])

    ev = per_label(slo, own).evaluate(evidence.counts(), exclusions=as_exclusions(spans))

    truths = [
        oracle.calendar(row, goal, unit, ZoneInfo(zone), slice_worth=RATIO_UNITS if judged is None else 1)
        for row, goal in zip(rows, goals, strict=True)
    ]
    check_moments(ev, truths)
    check_statuses(data, ev, evidence, truths, goals)


def hours(bad: list[int]) -> list[str]:
    """Return the verdicts of a day of hourly slices at 75%, of which six may be bad."""
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=bad, total=[1] * len(bad))
    slo = objective(Fraction(3, 4), CalendarWindow("day"), budgeting=Timeslices("1h", target="0.5"))
    ev = slo.evaluate(counts)
    return [status_of(ev, ev.timeline.start + (t + 1) * ev.timeline.step).verdict for t in range(len(bad))]


def test_a_running_day_is_secured_or_lost_where_that_is_certain() -> None:
    """Secured once even nothing but bad slices would keep the target, lost with the first slice beyond the budget."""
    good_day = hours([0] * 24)
    assert good_day == ["on_track"] * 17 + ["secured"] * 6 + ["met"]
    bad_day = hours([1] * 7 + [0] * 17)
    assert bad_day == ["at_risk"] * 6 + ["lost"] * 17 + ["missed"]
    # The whole budget at once, and nothing after: exactly on the target at midnight.
    assert hours([1] * 6 + [0] * 18)[-2:] == ["at_risk", "met"]


def test_a_hole_after_an_exclusion_repeats_what_was_measured_before_it() -> None:
    """An excluded bucket holds zero by decree: the last measured bucket lies before it."""
    minute, seen = np.timedelta64(MINUTE, "ns"), [True, True, False]
    start = np.datetime64("2026-01-01T00:00", "ns")
    counts = Counts.from_buckets(start=start, step="1m", good=[8, 5, 0], bad=[2, 5, 0], observed=seen)
    span = Exclusion(start + minute, start + 2 * minute, reason="upgrade")
    for missing, events, held in (("repeat", None, (8, 2)), ("good", "last", (10, 0)), ("bad", "last", (0, 10))):
        slo = objective(Fraction(1, 2), MINUTE, missing=missing, missing_events=events)
        status = status_of(slo.evaluate(counts, exclusions=[span]))
        assert (status.good, status.bad) == held


# --- instants -------------------------------------------------------------------------------------------------------


def check_statuses(
    data: st.DataObject, ev: Evaluation, evidence: Evidence, truths: list[list[Moment]], goals: list[Fraction]
) -> None:
    """Check the status of one drawn series at the end and at a drawn bucket."""
    i = data.draw(st.integers(0, len(truths) - 1), label="series")
    t = data.draw(st.integers(0, len(truths[i]) - 1), label="bucket")
    one = ev.sel(**evidence.labels[i]) if evidence.axes else ev
    check_status(status_of(one), truths[i][-1], goals[i])
    check_status(status_of(one, truths[i][t].end), truths[i][t], goals[i])


@given(data=st.data(), target=targets(), width=st.integers(1, 20))
def test_a_status_is_the_last_full_bucket(data: st.DataObject, target: Fraction, width: int) -> None:
    """An instant means the last bucket that is over; before the first end or a step past the last is an error."""
    evidence = data.draw(evidences(target))
    row = evidence.rows[0]
    own, goals = own_targets(data, evidence, target)
    ev = per_label(objective(target, width * row.step), own).evaluate(evidence.counts())
    truths = [oracle.rolling(row, goal, width) for row, goal in zip(evidence.rows, goals, strict=True)]
    check_statuses(data, ev, evidence, truths, goals)

    edge = row.start + data.draw(st.integers(-1, len(row) + 2), label="edge") * row.step
    when = edge + data.draw(st.sampled_from((-1, 0, 1, row.step // 2)), label="off the edge")
    i = data.draw(st.integers(0, len(truths) - 1), label="row")
    one = ev[evidence.indices()[i]] if evidence.axes else ev
    bucket = oracle.bucket_at(row, when)
    if bucket is None:
        with pytest.raises(OutOfTimeline):
            one.at(np.datetime64(when, "ns"))
        return
    status = status_of(one, when)
    check_status(status, truths[i][bucket], goals[i])
    shorter = data.draw(st.integers(1, 20), label="shorter")
    exactly(
        status.burn_rate(length(shorter * row.step)),
        oracle.burn_rates(evidence.rows[i], goals[i], shorter)[bucket],
    )


@given(data=st.data(), target=targets(), width=st.integers(1, 20))
def test_a_table_holds_the_status_of_each_series(data: st.DataObject, target: Fraction, width: int) -> None:
    """Over leading axes at() gives every series' status, each as if it were alone."""
    evidence = data.draw(evidences(target).filter(lambda found: found.axes))
    row = evidence.rows[0]
    own, goals = own_targets(data, evidence, target)
    ev = per_label(objective(target, width * row.step), own).evaluate(evidence.counts())
    table = ev.at()
    assert isinstance(table, StatusTable)
    assert len(table) == len(evidence.rows)
    for status, series, goal in zip(table, evidence.rows, goals, strict=True):
        check_status(status, oracle.rolling(series, goal, width)[-1], goal)


@given(data=st.data(), target=targets(), width=st.integers(1, 20))
def test_picking_a_series_is_evaluating_it_alone(data: st.DataObject, target: Fraction, width: int) -> None:
    """ev[i] and ev.sel hold the same numbers as an evaluation of that series' own counts."""
    evidence = data.draw(evidences(target).filter(lambda found: found.axes))
    row = evidence.rows[0]
    own, goals = own_targets(data, evidence, target)
    ev = per_label(objective(target, width * row.step), own).evaluate(evidence.counts())
    i = data.draw(st.integers(0, len(evidence.rows) - 1))
    truth = [oracle.rolling(evidence.rows[i], goals[i], width)]
    check_moments(ev[evidence.indices()[i]], truth)
    check_moments(ev.sel(**evidence.labels[i]), truth)
    check_basis(ev, truth)


@pytest.mark.parametrize("window", [HOUR, CalendarWindow("day", tz="America/New_York")])
@pytest.mark.parametrize("labels", [None, {"tenant": ["alpha", "beta"]}])
def test_an_empty_timeline_gives_empty_arrays(
    window: int | CalendarWindow, labels: dict[str, list[str]] | None
) -> None:
    """Nothing measured yet: every array is there, with no bucket in it."""
    ev = objective(Fraction(9, 10), window).evaluate(Counts.empty(step="1m", labels=labels))
    check_moments(ev, [[], []] if labels else [[]])
    assert np.shape(ev.sli) == ((2, 0) if labels else (0,))
    assert ev.burn_rates(["5m", "1h"]).size == ev.burning(1, "5m").size == 0
    assert [worst.burn_rate for worst in ev.worst(["5m"])] == [None]


def test_an_empty_timeline_gives_a_status_without_data() -> None:
    """Nothing measured at all is no data, not an error and not a verdict."""
    status = status_of(objective(Fraction(9, 10), HOUR).evaluate(Counts.empty(step="1m")))
    assert status.verdict == "no_data"
    assert status.met is None
    assert status.sli is None
    assert (status.good, status.bad, status.total) == (0, 0, 0)
    assert not status.error_budget.exhausted


# --- the worst windows ----------------------------------------------------------------------------------------------


@given(data=st.data(), target=targets(), widths=st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True))
def test_no_window_burned_faster_than_the_worst(data: st.DataObject, target: Fraction, widths: list[int]) -> None:
    """For each length the worst window is where the burn rate peaks; of equals more bad events, then the first."""
    evidence = data.draw(evidences(target))
    if data.draw(st.booleans(), label="equal series"):
        evidence = replace(evidence, rows=(evidence.rows[0],) * len(evidence.rows))
    step = evidence.rows[0].step
    own, goals = own_targets(data, evidence, target)
    ends = {to_datetime(evidence.rows[0].end(t)): t for t in range(len(evidence.rows[0]))}
    edges = (
        st.none()
        | st.none()
        | st.integers(-step, (len(evidence.rows[0]) + 1) * step).map(lambda at: evidence.rows[0].start + at)
    )
    start, end = data.draw(edges, label="start"), data.draw(edges, label="end")

    found = (
        per_label(objective(target, 5 * step), own)
        .evaluate(evidence.counts())
        .worst(
            [length(width * step) for width in widths],
            start=None if start is None else np.datetime64(start, "ns"),
            end=None if end is None else np.datetime64(end, "ns"),
        )
    )

    assert len(found) == len(widths)
    for width, worst in zip(widths, found, strict=True):
        peaks = [oracle.worst(row, goal, width, start, end) for row, goal in zip(evidence.rows, goals, strict=True)]
        held = [(peak, i) for i, peak in enumerate(peaks) if peak is not None]
        if not held:
            assert (worst.start, worst.end, worst.burn_rate, worst.total) == (None, None, None, 0)
            continue
        (rate, bad, t), i = max(held, key=lambda one: (one[0][:2], -one[1]))
        assert worst.labels == tuple(evidence.labels[i].items())
        exactly(worst.burn_rate, rate)
        assert worst.start is not None
        assert worst.end is not None
        assert ends[worst.end] == t
        assert worst.end - worst.start == length(min(width, t + 1) * step)
        moment = oracle.rolling(evidence.rows[i], goals[i], width)[t]
        assert (worst.good, worst.bad, worst.total) == (moment.good, bad, moment.total)
