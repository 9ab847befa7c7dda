"""Exclusions against loops over minutes, days and series."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import attrs
from hypothesis import given
from hypothesis import strategies as st

from slokit.exclusions import Exclusion, exclusion_mask
from slokit.timeline import Timeline

MINUTE = 60_000_000_000
DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen
class Axis:
    """What an axis of counts looks like from here."""

    name: str
    labels: tuple[str, ...]


AXES = [Axis("region", ("ap", "eu", "us")), Axis("tier", ("free", "paid"))]


@st.composite
def exclusions(draw: st.DrawFn) -> Exclusion:
    """Draw a span, perhaps scoped, perhaps only proposed, perhaps to labels that are not there."""
    start, end = sorted((draw(st.integers(-5, 60)), draw(st.integers(-5, 60))))
    scope = {
        axis.name: draw(st.lists(st.sampled_from([*axis.labels, "elsewhere"]), min_size=1))
        for axis in AXES
        if draw(st.booleans())
    }
    return Exclusion(start, end, scope=scope, proposed=draw(st.integers(0, 3)) == 0)


@given(
    held=st.lists(exclusions(), max_size=4), start=st.integers(-3, 20), step=st.integers(1, 9), size=st.integers(0, 8)
)
def test_the_mask_is_what_a_loop_over_series_and_buckets_says(
    held: list[Exclusion], start: int, step: int, size: int
) -> None:
    """A bucket of a series is out if an exclusion that applies and is about it shares an instant with it."""
    timeline = Timeline(start, step, size)
    mask = exclusion_mask(held, timeline, AXES)
    assert mask.ndim == 3
    for (i, region), (j, tier), k in product(enumerate(AXES[0].labels), enumerate(AXES[1].labels), range(size)):
        low, high = start + k * step, start + (k + 1) * step
        series = {"region": region, "tier": tier}
        wanted = any(
            e.applies
            and all(series[axis] in labels for axis, labels in e.scope)
            and any(e.start <= at < e.end for at in range(low, high))  # type: ignore[operator]
            for e in held
        )
        assert mask[i % mask.shape[0], j % mask.shape[1], k] == wanted


@given(
    place=st.sampled_from(
        [
            ("America/New_York", datetime(2026, 3, 8)),
            ("America/New_York", datetime(2026, 11, 1)),
            ("Australia/Lord_Howe", datetime(2026, 4, 5)),
            ("Pacific/Apia", datetime(2011, 12, 30)),
            ("America/Sao_Paulo", datetime(2018, 11, 4)),
            ("Asia/Kolkata", datetime(2026, 1, 1)),
            ("Europe/Berlin", datetime(2026, 10, 25)),
        ]
    ),
    days=st.sets(st.sampled_from(range(7)), min_size=1) | st.just({4, 6}),
    at=st.sampled_from([time(0), time(2), time(2, 30), time(3), time(9), time(23, 30)]),
    whole_days=st.integers(0, 2),
    hours=st.just(0) | st.integers(0, 30),
    first=st.none() | st.integers(-200, 200),
    until=st.none() | st.integers(201, 400),
    asked=st.just((280, 376)) | st.tuples(st.integers(280, 375), st.integers(1, 6)).map(lambda at: (at[0], sum(at))),
)
def test_what_recurs_is_what_a_clock_on_the_wall_says(
    place: tuple[str, datetime],
    days: set[int],
    at: time,
    whole_days: int,
    hours: int,
    first: int | None,
    until: int | None,
    asked: tuple[int, int],
) -> None:
    """Watched in half hours: from the clock's first reaching the time on a day that it showed, for as long as was said.

    Whole days last until the clock reaches the same time that many dates on; the rest is elapsed time.
    """
    tz, near = place
    zone, half = ZoneInfo(tz), 30 * MINUTE
    length = whole_days * 48 + hours * 2 or 1
    # 24 hours written as hours are a whole day too.
    whole, rest = divmod(length, 48)
    begin = int((near.replace(tzinfo=UTC) - EPOCH) / timedelta(minutes=30)) - 300
    latest, shown, dates = datetime.min, [], set()
    for k in range(1_000):
        clock = (EPOCH + timedelta(minutes=30) * (begin + k)).astimezone(zone).replace(tzinfo=None)
        latest = max(latest, clock)
        shown.append(latest)
        dates.add(clock.date())

    def reached(civil: datetime) -> int:
        return begin + next(k for k, latest in enumerate(shown) if latest >= civil)

    out = set()
    middle = near.date()
    for day in (middle + timedelta(days=offset) for offset in range(-5, 6)):
        if day not in dates or day.weekday() not in days:
            continue
        starts = reached(datetime.combine(day, at))
        since, before = -300 if first is None else first, 700 if until is None else until
        if not since <= starts - begin - 300 < before:
            continue
        ends = (reached(datetime.combine(day + timedelta(days=whole), at)) if whole else starts) + rest
        out |= set(range(starts, ends))
    made = Exclusion.recurring(
        days=[DAY_NAMES[day] for day in sorted(days)],
        at=at,
        duration=timedelta(minutes=30 * length),
        tz=tz,
        first=None if first is None else EPOCH + timedelta(minutes=30) * (begin + 300 + first),
        until=None if until is None else EPOCH + timedelta(minutes=30) * (begin + 300 + until),
    )
    # The middle day and a little, well inside what was watched, or a few half hours of it.
    timeline = Timeline((begin + asked[0]) * half, half, asked[1] - asked[0])
    mask = exclusion_mask(made, timeline)
    assert mask.tolist() == [begin + k in out for k in range(*asked)]
