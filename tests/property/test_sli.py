"""Indicators against brute force: fractions for thresholds, a walk through time for what lives in time.

The walks know nothing of sorting, segments or running sums. They ask at each tick of a coarse clock what was known
then; instants, steps and ages are whole ticks, so the answers must agree exactly.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from slokit.counts import Counts
from slokit.sli import SLI

NANOSECONDS = 1_000_000_000
SECOND = 1_000_000  # in microseconds
COMPARISONS = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}


# --- thresholds -----------------------------------------------------------------------------------------------------


def threshold(name: str, bound: Any, unit: str | None = None) -> SLI:
    """Make a threshold of a comparison's name."""
    bounds: dict[str, Any] = {name: bound}
    return SLI.threshold("x", **bounds, unit=unit)


# Fifteen digits survive a double and back; a bound of more digits is no decimal that a float could be told from.
decimals = st.builds(
    lambda digits, places: Fraction(digits, 10**places), st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 20)
)


@st.composite
def near(draw: st.DrawFn, bound: Fraction) -> float:
    """Draw a double on the bound, a few steps beside it, or anywhere."""
    if draw(st.booleans()):
        value, towards = float(bound), draw(st.sampled_from((-np.inf, np.inf)))
        for _ in range(draw(st.integers(0, 3))):
            value = float(np.nextafter(value, towards))
        return value
    return draw(st.floats(allow_nan=False, allow_infinity=False))


@given(data=st.data(), bound=decimals, name=st.sampled_from(sorted(COMPARISONS)))
def test_floats_are_what_they_print_as(data: st.DataObject, bound: Fraction, name: str) -> None:
    """The verdict on a double is that on its shortest decimal; an array's is each value's own."""
    values = data.draw(st.lists(near(bound), max_size=8))
    sli = threshold(name, bound)
    expected = [COMPARISONS[name](Fraction(repr(value)), bound) for value in values]
    assert sli.is_good(np.array(values, dtype=np.float64)).tolist() == expected
    assert [sli.is_good(value) for value in values] == expected


@given(
    data=st.data(),
    digits=st.integers(-(10**6) + 1, 10**6 - 1),
    places=st.integers(0, 8),
    name=st.sampled_from(sorted(COMPARISONS)),
)
def test_narrow_floats_are_what_they_print_as(data: st.DataObject, digits: int, places: int, name: str) -> None:
    """Six digits survive a float32 and back."""
    bound = Fraction(digits, 10**places)
    steps = data.draw(st.integers(-3, 3))
    value = np.float32(float(bound))
    for _ in range(abs(steps)):
        value = np.nextafter(value, np.float32(np.copysign(np.inf, steps)))
    sli = threshold(name, bound)
    assert sli.is_good(np.array([value])).tolist() == [COMPARISONS[name](Fraction(str(value)), bound)]


dtypes = st.sampled_from((np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64))


@given(data=st.data(), dtype=dtypes, denominator=st.integers(1, 10**6), name=st.sampled_from(sorted(COMPARISONS)))
def test_integers_are_compared_as_fractions(data: st.DataObject, dtype: Any, denominator: int, name: str) -> None:
    """Exact at any size, also where neighbours share a double, and with bounds that the dtype cannot hold."""
    info = np.iinfo(dtype)
    values = data.draw(st.lists(st.integers(int(info.min), int(info.max)), min_size=1, max_size=8))
    # Around one of the values, to within less than one.
    centre = data.draw(st.sampled_from(values) | st.integers(-(2**66), 2**66))
    bound = centre + Fraction(data.draw(st.integers(-2 * denominator, 2 * denominator)), denominator)
    sli = threshold(name, bound)
    expected = [COMPARISONS[name](value, bound) for value in values]
    assert sli.is_good(np.array(values, dtype=dtype)).tolist() == expected
    assert [sli.is_good(value) for value in values] == expected


@given(
    values=st.lists(st.integers(-100, 100)),
    low=st.fractions(-100, 100, max_denominator=7),
    width=st.fractions(0, 100, max_denominator=7),
)
def test_between_is_both_bounds_at_once(values: list[int], low: Fraction, width: Fraction) -> None:
    """A band is gte and lte, for integers and for the same numbers as floats."""
    assume(width > 0)
    band = SLI.threshold("x", between=(low, low + width))
    above, below = SLI.threshold("x", gte=low), SLI.threshold("x", lte=low + width)
    for array in (np.array(values, dtype=np.int64), np.array(values, dtype=np.float64)):
        assert band.is_good(array).tolist() == (above.is_good(array) & below.is_good(array)).tolist()


@given(
    values=st.lists(st.integers(-(2**62), 2**62), max_size=8),
    bound=decimals,
    unit=st.sampled_from(("ns", "us", "ms", "s", "m", "h")),
)
def test_lengths_of_time_are_compared_as_fractions(values: list[int], bound: Fraction, unit: str) -> None:
    """A timedelta64 of any unit against a bound of any other, without a rounding or an overflow."""
    nanoseconds = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
    sli = SLI.threshold("x", lte=bound, unit=unit)
    for numpy_unit, length in (("ns", 1), ("ms", 10**6), ("D", 86_400 * 10**9)):
        expected = [value * length <= bound * nanoseconds[unit] for value in values]
        assert sli.is_good(np.array(values, dtype=f"timedelta64[{numpy_unit}]")).tolist() == expected


bounds = st.one_of(decimals, st.fractions(max_denominator=1000), st.integers(-(2**80), 2**80).map(Fraction))


@given(
    name=st.sampled_from((*COMPARISONS, "between")),
    low=bounds,
    high=bounds,
    unit=st.none() | st.sampled_from(("ms", "%", "°C")),
)
def test_the_repr_reads_as_typed(name: str, low: Fraction, high: Fraction, unit: str | None) -> None:
    """No digit of a bound is lost at the prompt."""
    assume(low < high)
    sli = threshold(name, (low, high) if name == "between" else low, unit)
    assert eval(repr(sli), {"SLI": SLI}) == sli


# --- time -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Log:
    """Observations in whole seconds, in any order: when, of which series, good or not, counted at all or not."""

    seconds: list[int]
    series: list[int]
    good: list[bool]
    valid: list[bool]
    step: int
    start: int | None
    end: int | None

    def count(self, sli: SLI, values: list[Any]) -> Counts:
        """Count the log by an indicator."""
        return sli.count(
            np.array(self.seconds, dtype=np.int64),
            np.array(values),
            step=f"{self.step}s",
            time_unit="s",
            valid=np.array(self.valid, dtype=bool),
            by={"series": [f"s{code}" for code in self.series]},
            start=None if self.start is None else np.datetime64(self.start, "s"),
            end=None if self.end is None else np.datetime64(self.end, "s"),
        )

    def kept(self) -> list[int]:
        """Return the indices of what counts at all."""
        return [i for i, valid in enumerate(self.valid) if valid]

    def edges(self) -> tuple[int, int]:
        """Return the first edge and the number of buckets; written down a second time from the documentation."""
        seen = [self.seconds[i] for i in self.kept()]
        if not seen and (self.start is None or self.end is None):
            return 0, 0
        first = self.start if self.start is not None else min(seen) // self.step * self.step
        size, last = 0, self.end - 1 if self.end is not None else max(seen)
        while first + size * self.step <= last:
            size += 1
        return first, size


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Draw a log of at most three series within two minutes or so."""
    size = draw(st.integers(0, 12))

    def many(elements: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(elements, min_size=size, max_size=size))

    start = draw(st.none() | st.integers(-30, 60))
    seconds = many(st.integers(-40, 90))
    end = draw(st.none() | st.integers(max([*seconds, start if start is not None else -41]) + 1, 150)) if size else None
    return Log(
        seconds,
        many(st.integers(0, 2)),
        many(st.booleans()),
        many(st.integers(0, 5).map(bool)),
        draw(st.integers(1, 40)),
        start,
        end,
    )


def walked(log: Log, state: Any) -> dict[str, tuple[list[int], list[int]]]:
    """Return good and bad seconds of each bucket by asking ``state`` about each second of each series."""
    first, size = log.edges()
    last = first + size * log.step if log.end is None else min(log.end, first + size * log.step)
    rows = {}
    for code in sorted(set(log.series)):
        good, bad = [0] * size, [0] * size
        for second in range(first, last):
            verdict = state(code, second)
            if verdict is not None:
                (good if verdict else bad)[(second - first) // log.step] += 1
        rows[f"s{code}"] = (good, bad)
    return rows


def agrees(counts: Counts, rows: dict[str, tuple[list[int], list[int]]]) -> None:
    """Compare counts of microseconds with seconds that were walked."""
    assert counts.labels == {"series": tuple(rows)}
    for label, (good, bad) in rows.items():
        row = counts.sel(series=label)
        assert (row.good.tolist(), row.bad.tolist()) == ([g * SECOND for g in good], [b * SECOND for b in bad]), label
        assert row.observed.tolist() == [g + b > 0 for g, b in zip(good, bad, strict=True)]


@given(log=logs(), stale_after=st.integers(1, 60))
@example(log=Log([0, 0], [0, 0], [True, False], [True, True], 10, None, None), stale_after=5)
def test_a_gauge_is_a_walk_through_its_samples(log: Log, stale_after: int) -> None:
    """Each second belongs to the latest sample of its series, while that is not stale."""
    counts = log.count(SLI.gauge("x", lte=5, stale_after=f"{stale_after}s"), [0 if good else 9 for good in log.good])

    def state(code: int, second: int) -> bool | None:
        standing, when = None, None
        for i in log.kept():
            if log.series[i] == code and log.seconds[i] <= second and (when is None or log.seconds[i] >= when):
                standing, when = log.good[i], log.seconds[i]
        return standing if when is not None and second - when < stale_after else None

    agrees(counts, walked(log, state))


@given(log=logs(), within=st.integers(1, 60))
def test_freshness_is_a_walk_through_its_ages(log: Log, within: int) -> None:
    """Each second is as good as its age; bad only as far as the evidence reaches."""
    counts = log.count(SLI.freshness("x", within=f"{within}s"), log.good)
    seen = [log.seconds[i] for i in log.kept()]

    def state(code: int, second: int) -> bool | None:
        successes = [log.seconds[i] for i in log.kept() if log.series[i] == code and log.good[i]]
        past = [when for when in successes if when <= second]
        if not past:
            return None
        if second - max(past) < within:
            return True
        return False if log.end is not None or second < max(seen) else None

    agrees(counts, walked(log, state))


# --- deadlines ------------------------------------------------------------------------------------------------------

TICK = 900  # quarter hours: all the zones below move by whole ones
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia")
# Each is a day before or at a change of some zone's clock, or of its side of the date line.
ANCHORS = (
    "2026-03-07",
    "2026-10-30",
    "2026-03-28",
    "2026-10-24",
    "2026-04-03",
    "2026-10-02",
    "2011-12-28",
    "2026-07-01",
)


def local(second: int, zone: ZoneInfo) -> datetime:
    """Return what the clock shows."""
    return datetime.fromtimestamp(second, zone).replace(tzinfo=None)


def deadlines(zone: ZoneInfo, by: time, first: int, last: int) -> list[tuple[date, int, int]]:
    """Return date, first instant and deadline of each local date that exists, by looking at the clock at each tick."""
    clock = [(second, local(second, zone)) for second in range(first, last, TICK)]
    found = []
    day = clock[0][1].date() + timedelta(1)
    while day < clock[-1][1].date():
        if any(shown.date() == day for _, shown in clock):
            opens, due = (next(s for s, shown in clock if shown >= datetime.combine(day, t)) for t in (time(0), by))
            found.append((day, opens, due))
        day += timedelta(1)
    return found


@settings(max_examples=30)
@given(data=st.data())
def test_a_deadline_is_a_walk_through_the_days(data: st.DataObject) -> None:
    """Each due day is one event, good if some run lies between its opening and its deadline."""
    name = data.draw(st.sampled_from(ZONES))
    zone = ZoneInfo(name)
    origin = int(np.datetime64(data.draw(st.sampled_from(ANCHORS)), "s").astype(np.int64))
    quarter = data.draw(st.integers(0, 95))
    by = time(quarter // 4, quarter % 4 * 15)
    days = data.draw(st.sets(st.sampled_from(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")), min_size=1))
    lead = data.draw(st.none() | st.integers(1, 60))
    length = data.draw(st.integers(1, 5 * 24))
    start, end = origin, origin + length * 3600
    runs = data.draw(st.lists(st.integers(-2 * 86_400 // TICK, length * 4 - 1), max_size=12))
    nudges = data.draw(st.lists(st.integers(-1, 1), min_size=len(runs), max_size=len(runs)))
    seconds = [min(origin + run * TICK + nudge, end - 1) for run, nudge in zip(runs, nudges, strict=True)]
    marts = data.draw(st.lists(st.integers(0, 1), min_size=len(runs), max_size=len(runs)))
    started, ended = data.draw(st.booleans()), data.draw(st.booleans())
    step = data.draw(st.sampled_from((TICK, 3600, 7 * 3600, 86_400, 3 * 86_400)))
    sli = SLI.deadline("x", by=by, days=days, tz=name, lead=None if lead is None else f"{lead}h")
    assume(ended or max(seconds, default=-1) >= start)
    assume(started or seconds)

    counts = sli.count(
        seconds,
        step=f"{step}s",
        time_unit="s",
        by={"mart": [str(mart) for mart in marts]},
        start=np.datetime64(start, "s") if started else None,
        end=np.datetime64(end, "s") if ended else None,
    )

    first = start if started else min(seconds)
    start = start if started else first // step * step
    last = end if ended else max(seconds)
    size = -(-(last + (0 if ended else 1) - start) // step)
    assert counts.timeline.size == size
    for mart in sorted(set(marts)):
        good, total = [0] * size, [0] * size
        own = [second for second, code in zip(seconds, marts, strict=True) if code == mart]
        for day, midnight, due in deadlines(zone, by, origin - 3 * 86_400, end + 7 * 86_400):
            if ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day.weekday()] not in days:
                continue
            opens = midnight if lead is None else due - lead * 3600
            met = any(opens <= run <= due for run in own)
            known = (due < end if ended else (due <= last or met)) and (due >= first or met)
            if start <= due < start + size * step and known:
                total[(due - start) // step] += 1
                good[(due - start) // step] += met
        row = counts.sel(mart=str(mart))
        assert (row.good.tolist(), row.total.tolist()) == (good, total)
        assert row.observed.all()
