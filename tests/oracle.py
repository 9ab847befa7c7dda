"""Brute force: what every figure of an evaluation must be, by plain loops over Python integers.

Nothing here imports slokit. The semantics are written down a second time from the words of the documentation,
in the slowest way that is obviously right: a window is a ``for`` loop over its buckets, a ratio is a
:class:`~fractions.Fraction`, a calendar period is found from the local date. A property that compares the
library with this file fails where either of the two is wrong, and this one is short enough to be read.

One :class:`Series` is one row of evidence. Leading axes are several rows, each asked alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

NANOSECONDS = 1_000_000_000

# A slice of RatioTimeslices is worth this many units, and its good share is rounded down to whole ones.
RATIO_UNITS = 1_000_000_000


# --- evidence -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Series:
    """Counts of one row: bucket ``i`` is ``[start + i * step, start + (i + 1) * step)`` in nanoseconds."""

    start: int
    step: int
    good: tuple[int, ...]
    bad: tuple[int, ...]
    observed: tuple[bool, ...]
    excluded: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.good)

    def total(self, i: int) -> int:
        """Return the events of bucket ``i``."""
        return self.good[i] + self.bad[i]

    def end(self, i: int) -> int:
        """Return the instant at which bucket ``i`` is over."""
        return self.start + (i + 1) * self.step


def series(
    good: list[int],
    bad: list[int],
    observed: list[bool] | None = None,
    *,
    start: int = 0,
    step: int = 60 * NANOSECONDS,
) -> Series:
    """Return a row of evidence; what was not observed holds no events."""
    seen = [True] * len(good) if observed is None else observed
    return Series(
        start,
        step,
        tuple(g if o else 0 for g, o in zip(good, seen, strict=True)),
        tuple(b if o else 0 for b, o in zip(bad, seen, strict=True)),
        tuple(seen),
        tuple([False] * len(good)),
    )


def exclude(row: Series, spans: list[tuple[int, int]]) -> Series:
    """Take out every bucket that any half-open span touches: it holds zero and counts as observed."""
    good, bad, observed, excluded = list(row.good), list(row.bad), list(row.observed), list(row.excluded)
    for i in range(len(row)):
        first, last = row.end(i) - row.step, row.end(i)
        if any(begin < finish and begin < last and finish > first for begin, finish in spans):
            good[i], bad[i], observed[i], excluded[i] = 0, 0, True, True
    return replace(row, good=tuple(good), bad=tuple(bad), observed=tuple(observed), excluded=tuple(excluded))


def cut(row: Series, size: int) -> Series:
    """Keep the first ``size`` buckets."""
    return replace(
        row,
        good=row.good[:size],
        bad=row.bad[:size],
        observed=row.observed[:size],
        excluded=row.excluded[:size],
    )


def settled(row: Series, settle: int) -> Series:
    """Keep the buckets that were over at least ``settle`` nanoseconds before the end of the data."""
    if not len(row):
        return row
    now = row.end(len(row) - 1)
    return cut(row, sum(1 for i in range(len(row)) if row.end(i) + settle <= now))


def _slices(row: Series, length: int) -> dict[int, list[int]]:
    """Return the buckets of each slice; slice edges lie at the row's phase plus whole lengths."""
    phase = row.start % row.step
    groups: dict[int, list[int]] = {}
    for i in range(len(row)):
        groups.setdefault((row.start + i * row.step - phase) // length, []).append(i)
    return groups


def most_in_a_slice(row: Series, length: int) -> int:
    """Return the events of the fullest slice."""
    return max((sum(row.total(i) for i in members) for members in _slices(row, length).values()), default=0)


def sliced(row: Series, length: int, target: Fraction | None) -> Series:
    """Judge each slice of ``length`` nanoseconds; a slice is then one event (``target``) or a share (None).

    The first and the last slice may be partly there: they are judged on what exists.
    """
    if not len(row):
        return replace(row, step=length)
    groups = _slices(row, length)
    good: list[int] = []
    bad: list[int] = []
    observed: list[bool] = []
    excluded: list[bool] = []
    for k in range(min(groups), max(groups) + 1):
        members = groups[k]
        g, n = sum(row.good[i] for i in members), sum(row.total(i) for i in members)
        if n == 0:
            worth = (0, 0)
        elif target is None:
            share = floor(Fraction(g, n) * RATIO_UNITS)
            worth = (share, RATIO_UNITS - share)
        else:
            worth = (1, 0) if Fraction(g, n) >= target else (0, 1)
        good.append(worth[0])
        bad.append(worth[1])
        observed.append(any(row.observed[i] for i in members))
        judged = any(row.observed[i] and not row.excluded[i] for i in members)
        excluded.append(any(row.excluded[i] for i in members) and not judged)
    start = min(groups) * length + row.start % row.step
    return Series(start, length, tuple(good), tuple(bad), tuple(observed), tuple(excluded))


def filled(row: Series, missing: str, events: int | str | None) -> Series:
    """Fill the unobserved buckets; they stay unobserved, so coverage does not rise.

    ``events`` is the weight of a filled bucket, or "last" for the total of the last bucket that was observed and
    not excluded. "repeat" takes that bucket's own good and bad. Before any such bucket nothing is known to repeat.
    """
    good, bad = list(row.good), list(row.bad)
    last: int | None = None
    for i in range(len(row)):
        if row.observed[i]:
            if not row.excluded[i]:
                last = i
            continue
        if missing == "ignore":
            continue
        if missing == "repeat":
            if last is not None:
                good[i], bad[i] = row.good[last], row.bad[last]
            continue
        if isinstance(events, int):
            weight = events
        else:
            weight = 0 if last is None else row.total(last)
        good[i], bad[i] = (weight, 0) if missing == "good" else (0, weight)
    return replace(row, good=tuple(good), bad=tuple(bad))


# --- one budget -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Budget:
    """The error budget of one window, as exact rationals."""

    allowed: Fraction
    consumed: int
    remaining: Fraction
    remaining_ratio: Fraction | None
    exhausted: bool
    bad_events_left: int | None


def budget(target: Fraction, good: int, bad: int, fixed: int | None = None) -> Budget:
    """Return the budget of ``good`` and ``bad`` events, or of a period that will hold ``fixed`` events in all.

    Without any event so far there is no budget to speak of, whatever the period will hold.
    """
    total = good + bad
    basis = total if fixed is None or total == 0 else max(fixed, total)
    allowed = (1 - target) * basis
    remaining = allowed - bad
    if target == 0:
        left = None
    elif fixed is None:
        left = max(0, floor(remaining / target))
    else:
        left = max(0, floor(remaining))
    return Budget(
        allowed=allowed,
        consumed=bad,
        remaining=remaining,
        remaining_ratio=remaining / allowed if allowed else None,
        exhausted=total > 0 and bad > 0 and remaining <= 0,
        bad_events_left=left,
    )


def can_take(target: Fraction, good: int, bad: int, more: int, fixed: int | None = None) -> bool:
    """Say whether the objective still holds when ``more`` bad events happen."""
    if fixed is not None:
        return bad + more <= (1 - target) * max(fixed, good + bad)
    return bad + more <= (1 - target) * (good + bad + more)


# --- windows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """Everything known at the end of one bucket."""

    end: int
    good: int
    bad: int
    sli: Fraction | None
    burn: Fraction | None
    has_data: bool
    met: bool
    missed: bool
    coverage: Fraction
    budget: Budget
    basis: str
    is_estimate: bool
    verdict: str
    fixed: int | None = None

    @property
    def total(self) -> int:
        """Return the events of the window."""
        return self.good + self.bad


def _window(row: Series, first: int, last: int) -> tuple[int, int, int]:
    """Return good, bad and observed buckets of ``first .. last``, as far as there is data."""
    good = bad = seen = 0
    for i in range(max(first, 0), last + 1):
        good += row.good[i]
        bad += row.bad[i]
        seen += row.observed[i]
    return good, bad, seen


def _burn(target: Fraction, good: int, bad: int) -> Fraction | None:
    return None if good + bad == 0 else Fraction(bad, good + bad) / (1 - target)


def burn_rates(row: Series, target: Fraction, width: int) -> list[Fraction | None]:
    """Return the burn rate over the last ``width`` buckets at every bucket's end; None without data."""
    result = []
    for t in range(len(row)):
        good, bad, _ = _window(row, t - width + 1, t)
        result.append(_burn(target, good, bad))
    return result


def burning(row: Series, target: Fraction, threshold: Fraction, widths: list[int], op: str = "gt") -> list[bool]:
    """Say where all windows burn faster than the threshold ("gte": at least as fast); never without data."""
    rates = [burn_rates(row, target, width) for width in widths]

    def faster(rate: Fraction | None) -> bool:
        return rate is not None and (rate >= threshold if op == "gte" else rate > threshold)

    return [all(faster(rate[t]) for rate in rates) for t in range(len(row))]


def rolling(row: Series, target: Fraction, width: int) -> list[Moment]:
    """Return what is known at every bucket's end about the last ``width`` buckets."""
    moments = []
    for t in range(len(row)):
        good, bad, seen = _window(row, t - width + 1, t)
        data = good + bad > 0
        met = data and Fraction(good, good + bad) >= target
        moments.append(
            Moment(
                end=row.end(t),
                good=good,
                bad=bad,
                sli=Fraction(good, good + bad) if data else None,
                burn=_burn(target, good, bad),
                has_data=data,
                met=met,
                missed=data and not met,
                coverage=Fraction(seen, width),
                budget=budget(target, good, bad),
                basis="window",
                is_estimate=False,
                verdict="no_data" if not data else "met" if met else "missed",
            )
        )
    return moments


def worst(
    row: Series, target: Fraction, width: int, start: int | None = None, end: int | None = None
) -> tuple[Fraction, int, int] | None:
    """Return the highest burn rate of any window, its bad events and its last bucket; of equals more bad, then first.

    With a start or an end only windows that lie wholly inside count. A window that reaches before the data is a shorter
    one: it counts only where neither is given and there is no whole one.
    """
    bounded = start is not None or end is not None
    first = 0 if width > len(row) and not bounded else width - 1
    found: tuple[Fraction, int, int] | None = None
    for t in range(first, len(row)):
        if start is not None and row.end(t) - width * row.step < start:
            continue
        if end is not None and row.end(t) > end:
            continue
        good, bad, _ = _window(row, t - width + 1, t)
        rate = _burn(target, good, bad)
        if rate is not None and (found is None or (rate, bad) > found[:2]):
            found = rate, bad, t
    return found


# --- calendar -------------------------------------------------------------------------------------------------------


def _first_day(unit: str, day: date) -> date:
    match unit:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.isoweekday() - 1)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        case _:
            return date(day.year, 1, 1)


# Longer than any period of the unit and shorter than two: from a first day it always lands in the next period.
_STRIDE = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * NANOSECONDS


def period(instant: int, unit: str, zone: ZoneInfo) -> tuple[int, int]:
    """Return start and end of the local day, week, month, quarter or year that holds the instant."""
    local = datetime.fromtimestamp(instant // NANOSECONDS, zone).date()
    first = _first_day(unit, local)
    following = _first_day(unit, first + timedelta(days=_STRIDE[unit]))
    return _midnight(first, zone), _midnight(following, zone)


def calendar(
    row: Series,
    target: Fraction,
    unit: str,
    zone: ZoneInfo,
    *,
    slice_worth: int | None = None,
    expected_total: int | None = None,
) -> list[Moment]:
    """Return what is known at every bucket's end about its period so far.

    ``slice_worth`` says that buckets are slices worth so many units each: the whole period's budget is then known.
    """
    moments = []
    for t in range(len(row)):
        begin, finish = period(row.end(t) - row.step, unit, zone)
        first = (begin - row.start) // row.step
        to_come = (finish - row.end(t)) // row.step
        good, bad, seen = _window(row, first, t)
        total = good + bad
        data = total > 0
        met = data and Fraction(good, total) >= target
        fixed, basis, estimate = None, "elapsed", False
        if to_come == 0:
            fixed, basis = total, "full"
        elif slice_worth is not None:
            fixed, basis = total + to_come * slice_worth, "full"
        elif expected_total is not None:
            fixed, basis, estimate = max(expected_total, total), "expected", True
        else:
            before, _ = period(begin - 1, unit, zone)
            if before >= row.start:
                was = _window(row, (before - row.start) // row.step, first - 1)
                fixed, basis, estimate = max(was[0] + was[1], total), "expected", True
        worth = budget(target, good, bad, fixed)
        elapsed = Fraction(row.end(t) - begin, finish - begin)
        if not data:
            verdict = "no_data"
        elif to_come == 0:
            verdict = "met" if met else "missed"
        else:
            # Where nobody knows what the period will hold, it is reckoned at the traffic so far.
            whole = worth.allowed if basis != "elapsed" else worth.allowed / elapsed
            verdict = "at_risk" if bad / whole > elapsed else "on_track"
            if slice_worth is not None:
                rest = to_come * slice_worth
                if bad > (1 - target) * (total + rest):
                    verdict = "lost"
                elif bad + rest <= (1 - target) * (total + rest):
                    verdict = "secured"
            elif target == 0:
                verdict = "secured"
        moments.append(
            Moment(
                end=row.end(t),
                good=good,
                bad=bad,
                sli=Fraction(good, total) if data else None,
                burn=_burn(target, good, bad),
                has_data=data,
                met=met,
                missed=data and not met,
                coverage=Fraction(seen, t - first + 1),
                budget=worth,
                basis=basis,
                is_estimate=estimate,
                verdict=verdict,
                fixed=fixed,
            )
        )
    return moments


# --- instants -------------------------------------------------------------------------------------------------------


def bucket_at(row: Series, when: int) -> int | None:
    """Return the last bucket that is over at ``when``; None before the first end, or a full step past the last."""
    found = None
    for t in range(len(row)):
        if row.end(t) <= when:
            found = t
    if found is None or when >= row.end(len(row) - 1) + row.step:
        return None
    return found
