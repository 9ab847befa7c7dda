"""UsualTraffic: what is usual, and the questions that can be put to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from fractions import Fraction
from typing import Any, ClassVar, Self

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, plural
from slokit.calendars import zone, zone_name
from slokit.counts import Axis, Counts
from slokit.counts.axes import kept, labels_of, picks_by_label
from slokit.errors import InvalidCounts, InvalidNumber, OutOfTimeline, WrongType
from slokit.rational import RationalLike, parse_rational
from slokit.timeline import InstantLike, duration_text, instant_text, parse_instant, to_datetime
from slokit.traffic.judging import Hours, line_at
from slokit.traffic.learning import Habits, finest, learn
from slokit.traffic.slots import HOUR, WEEK, buckets_a_slot, local_time, slot_length, slots_of
from slokit.traffic.spells import QuietSpell, shortfall

__all__ = ["UsualTraffic"]

_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


@attrs.frozen(eq=False, repr=False)
class UsualTraffic(Shown):
    """How many events each hour of the week usually brings, and how few are suspicious.

    Made by :meth:`of` from a history. Two are equal when all they hold is equal. They hold arrays, so they have no
    hash.

    Parameters
    ----------
    axes
        The leading axes of the history; each series has its own habits.
    tz
        The zone whose clock counts the hours, by its name.
    slot
        How long an "hour" is, nanoseconds: one hour, or the step of a coarser history.
    asked
        The rate of false alarms asked for.
    habits
        What the history taught, as :meth:`of` has it.

    Examples
    --------
    Nine weeks in which every hour brought 1,200 events, give or take a hundred; then one brings 12:

    >>> totals = [1_200 + (hour * 7919) % 201 - 100 for hour in range(9 * 168)]
    >>> history = Counts.from_buckets(start="2026-01-05T00:00Z", step="1h", good=totals, bad=[0] * len(totals))
    >>> usual = UsualTraffic.of(history, tz="Europe/Berlin", false_alarms="1/1000")
    >>> usual
    UsualTraffic(168 hours of the week, Europe/Berlin · from 1,512 hours · false alarms 1 in 1,513)
    >>> monday = Counts.from_buckets(start="2026-03-09T13:00Z", step="1h", good=[12, 1_190], bad=[0, 0])
    >>> usual.suspicious(monday).tolist()
    [True, False]
    >>> print(usual.reason(monday, "2026-03-09T14:00Z"))
    12 of about 1,174 events expected on Mondays at 14:00 (below the 1 in 1,513 line of 1,049)
    """

    axes: tuple[Axis, ...]
    tz: str
    slot: int
    asked: Fraction
    _habits: Habits

    __hash__: ClassVar[None]  # type: ignore[assignment]

    @classmethod
    def of(cls, counts: Counts, *, tz: str | tzinfo = "UTC", false_alarms: RationalLike = "1/1000") -> Self:
        """Learn from a history.

        Parameters
        ----------
        counts
            Several weeks of it. An hour counts if all of it was observed and nothing of it excluded: exclude outages
            that are known, or the line gives room to the like of them. The step divides an hour, or is a number of
            hours that divides a day; then what is said of hours here holds for spans of that length.
        tz
            The zone whose clock traffic follows.
        false_alarms
            The share of hours that may be called suspicious although nothing is wrong. The history has to be longer
            than one such hour takes to come by; if it is not, the rate is the finest that it supports, and
            :attr:`false_alarms` and the repr say which.

        Raises
        ------
        InvalidTimeline
            If the step does not fit.
        InvalidCounts
            If no hour of the week was seen twice with traffic: that takes more than a week, all in one piece.
        InvalidNumber
            If the rate is not between 0 and 1.
        """
        if not isinstance(counts, Counts):
            raise WrongType(f"counts must be Counts, got {type(counts).__name__}")
        rate = parse_rational(false_alarms, "false_alarms")
        if not 0 < rate < 1:
            raise InvalidNumber(f'false_alarms must be between 0 and 1, such as "1/1000", got {false_alarms!r}')
        name = zone_name(tz)
        slot = slot_length(counts.timeline.step)
        habits = learn(counts, slot, zone(name), rate)
        if not habits.hours.any():
            raise InvalidCounts(_too_short(counts, habits, slot))
        return cls(counts.axes, name, slot, rate, habits)

    # --- looking --------------------------------------------------------------------------------

    @property
    def hours(self) -> int:
        """How many past hours could be held against other weeks; of several series the fewest that any has."""
        return int(self._taught(self._habits.hours).min())

    @property
    def silences(self) -> int:
        """How many of them ended a silence that chance does not explain; of several series all together.

        They are called whatever the line, and so are among the false alarms stated. If they were outages that are
        known, exclude them from the history: the line is higher then, and the rate as asked for.
        """
        return int(self._habits.silent.sum())

    @property
    def false_alarms(self) -> Fraction:
        """The rate of false alarms: hours of the past that would have been called, of all of them, each and one more.

        At most the rate asked for, but where the history is too short for it or holds too many silences. Of several
        series the highest.
        """
        return max(self._rate(row) for row in np.flatnonzero(self._habits.hours).tolist())

    def _rate(self, row: int) -> Fraction:
        held = self._habits
        return Fraction(int(held.silent[row] + held.called[row]) + 1, int(held.hours[row]) + 1)

    def _taught(self, of_series: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return of_series[self._habits.hours > 0]

    def sel(self, **labels: str) -> Self:
        """Pick series by label, as :meth:`slokit.Counts.sel` does.

        Raises
        ------
        UnknownLabel
            If there is no such axis or label.
        """
        axes = self.axes
        rows = np.arange(len(self._habits.hours)).reshape([len(axis.labels) for axis in axes])
        for at, pick in picks_by_label(axes, labels):
            axes = (*axes[:at], *kept(axes[at], pick), *axes[at + 1 :])
            rows = rows[(slice(None),) * at + (pick,)]
        picked = np.atleast_1d(rows).ravel()
        return type(self)(axes, self.tz, self.slot, self.asked, self._habits.rows(picked))

    def expected(self, when: InstantLike) -> float | Any:
        """Return how many events the hour of the week that an instant lies in usually brings.

        Where an hour of the week has no history nothing is expected, and nothing is suspicious.

        Returns
        -------
        float or ndarray of float64
            Of one series a number, None without history; of several an array in the shape of the axes, NaN there.

        Examples
        --------
        >>> fortnight = Counts.from_buckets(start="2026-01-05Z", step="12h", good=range(28), bad=[0] * 28)
        >>> usual = UsualTraffic.of(fortnight, false_alarms="10%")
        >>> usual.expected("2026-02-03T18:00Z")  # a Tuesday: 3 in one week, 17 in the other
        10.0
        """
        slot = local_time(parse_instant(when, "when"), zone(self.tz)) // self.slot
        doubled, weeks = self._habits.doubled[:, slot], self._habits.weeks[:, slot]
        if not self.axes:
            return int(doubled[0]) / 2 if weeks[0] else None
        usual = np.where(weeks > 0, doubled.astype(np.float64) / 2, np.nan)
        shaped = usual.reshape([len(axis.labels) for axis in self.axes])
        shaped.setflags(write=False)
        return shaped

    # --- judging --------------------------------------------------------------------------------

    def suspicious(self, counts: Counts) -> npt.NDArray[np.bool_]:
        """Say at the end of each bucket whether the hour that ends there brought suspiciously little.

        Parameters
        ----------
        counts
            Counts of the same axes, whose step divides an hour (or the step that was learnt from). The hour rolls:
            what is expected of 13:20 to 14:20 is two thirds of the one hour and a third of the next.

        Returns
        -------
        ndarray of bool
            Shape ``(*axes, timeline.size)``. False before the first whole hour, where exclusions took all of the hour
            out, and in hours of the week without history: there nothing is stated. What is unobserved brought nothing:
            a hole in the measurement is a silence too.

        Raises
        ------
        InvalidTimeline
            If the step does not divide an hour.
        InvalidCounts
            If the axes are others.
        """
        found = np.zeros((len(self._habits.hours), counts.timeline.size), np.bool_)
        for row, hours in enumerate(self._judged(counts)):
            found[row] = hours.suspicious()
        shaped = found.reshape(counts.shape)
        shaped.setflags(write=False)
        return shaped

    def spells(self, counts: Counts) -> tuple[QuietSpell, ...]:
        """Return the stretches of suspicious hours, in order of the series and then of time.

        Raises
        ------
        InvalidTimeline, InvalidCounts
            As :meth:`suspicious` does.

        Examples
        --------
        >>> steady = Counts.from_buckets(start="2026-01-05Z", step="1h", good=[60] * 504, bad=[0] * 504)
        >>> dead = Counts.from_buckets(start="2026-02-02T08:00Z", step="30m", good=[30, 30, 0, 0, 0, 30], bad=[0] * 6)
        >>> UsualTraffic.of(steady).spells(dead)
        (QuietSpell(2026-02-02 09:00 UTC for 1h30m: none of about 90 events expected),)
        """
        timeline = counts.timeline
        found = []
        for labels, hours in zip(self._labels(), self._judged(counts), strict=True):
            for first, stop in hours.spells():
                span = timeline.cut(first, stop)
                found.append(
                    QuietSpell(
                        start=to_datetime(span.start),
                        end=to_datetime(span.end),
                        observed=hours.events(first, stop),
                        expected=float(hours.expected(first, stop)),
                        coverage=hours.coverage(first, stop),
                        labels=labels,
                    )
                )
        return tuple(found)

    def reason(self, counts: Counts, when: InstantLike | None = None) -> str | None:
        """Say in words why an hour is suspicious; None if it is not.

        Parameters
        ----------
        counts
            Counts of one series; of several, pick one from both: ``usual.sel(…)`` and ``counts.sel(…)``.
        when
            The hour that ends with the last bucket that has ended by then; by default with the last bucket.

        Raises
        ------
        OutOfTimeline
            If ``when`` lies before the first bucket's end, or a full step past the last.
        InvalidTimeline, InvalidCounts
            As :meth:`suspicious` does.
        """
        if self.axes:
            names = ", ".join(f"{axis.name}=…" for axis in self.axes)
            raise InvalidCounts(f"a reason is one series': pick it from both with sel({names}), or read spells(counts)")
        (hours,) = self._judged(counts)
        bucket = _bucket(counts, when)
        if bucket < 0 or not hours.suspicious()[bucket]:
            return None
        timeline = counts.timeline
        first, stop = bucket + 1 - hours.fill, bucket + 1
        expected = hours.expected(first, stop)
        line = line_at(expected, hours.line, hours.limit)
        rate = _odds(self._rate(0))
        if line:
            at = local_time(timeline.start + first * timeline.step, zone(self.tz))
            minutes = at % (24 * HOUR) * 60 // HOUR
            where = f"on {_DAYS[at // (24 * HOUR)]} at {minutes // 60:02}:{minutes % 60:02}"
            where += "" if self.slot == HOUR else f" for {duration_text(self.slot)}"
            why = f"below the {rate} line of {line:,}"
        else:
            first = hours.first(bucket)
            expected = hours.expected(first, stop)
            where = f"in {duration_text((stop - first) * timeline.step)}"
            why = f"chance alone is silent for so long in fewer than {_odds(hours.limit)}"
        came = hours.events(first, stop)
        return f"{shortfall(came, float(expected), where, hours.coverage(first, stop))} ({why})"

    def _judged(self, counts: Counts) -> Iterator[Hours]:
        """Yield the series of counts, each with what is usual of it."""
        if not isinstance(counts, Counts):
            raise WrongType(f"counts must be Counts, got {type(counts).__name__}; an evaluation was made of some")
        if counts.axes != self.axes:
            raise InvalidCounts(
                f"counts must have the axes that were learnt from, {_axes_text(self.axes)}, got "
                f"{_axes_text(counts.axes)}; sel() picks series from both"
            )
        fill = buckets_a_slot(counts.timeline.step, self.slot)
        slots, _, _ = slots_of(counts.timeline, self.slot, zone(self.tz))
        shape = len(self._habits.hours), counts.timeline.size
        rows = (array.reshape(shape) for array in (counts.total, counts.observed, counts.excluded))
        for row, (total, observed, excluded) in enumerate(zip(*rows, strict=True)):
            expected = self._habits.doubled[row][slots]
            yield Hours.of(
                total,
                observed,
                np.where(excluded, np.zeros((), expected.dtype), expected),
                fill=fill,
                line=self._habits.lines[row],
                limit=finest(self.asked, int(self._habits.hours[row])),
            )

    def _labels(self) -> Iterator[tuple[tuple[str, str], ...]]:
        for index in np.ndindex(*(len(axis.labels) for axis in self.axes)):
            yield labels_of(self.axes, index)

    # --- being a value --------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UsualTraffic):
            return NotImplemented
        mine, theirs = ((one.axes, one.tz, one.slot, one.asked) for one in (self, other))
        return mine == theirs and self._habits.equal(other._habits)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.axes, self.tz, self.slot, self.asked, self._habits)

    def _facts(self) -> Iterator[tuple[str, str]]:
        if self.axes:
            yield "series", plural(len(self._habits.hours), "series", "series")
        seen = int((self._habits.weeks > 0).any(axis=0).sum())
        of_length = "" if self.slot == HOUR else f" of {duration_text(self.slot)}"
        yield "slots", f"{plural(seen, 'hour')}{of_length} of the week, {self.tz}"
        silences = f", {self.silences:,} of them silent" if self.silences else ""
        yield "history", f"from {plural(self.hours, 'hour')}{' each, or more' if self.axes else ''}{silences}"
        short = finest(self.asked, self.hours) > self.asked
        asked = f" ({_odds(self.asked)} takes {_needed(self.asked):,} hours)" if short else ""
        yield "false alarms", f"false alarms {_odds(self.false_alarms)}{asked}"
        if untaught := int((self._habits.hours == 0).sum()):
            yield "untaught", f"{plural(untaught, 'series', 'series')} without history"

    def __repr__(self) -> str:
        return f"UsualTraffic({' · '.join(text for _, text in self._facts())})"


def _odds(rate: Fraction) -> str:
    """Write a rate as people say it."""
    return f"1 in {round(1 / rate):,}"


def _needed(rate: Fraction) -> int:
    """Return how many past hours a rate takes."""
    return -(-rate.denominator // rate.numerator) - 1


def _axes_text(axes: tuple[Axis, ...]) -> str:
    return ", ".join(f"{axis.name} ({len(axis.labels):,})" for axis in axes) or "none"


def _too_short(counts: Counts, habits: Habits, slot: int) -> str:
    """Say why a history teaches nothing."""
    timeline = counts.timeline
    if timeline.size * timeline.step <= WEEK:
        return (
            f"a history must be longer than a week, so that an hour can be held against another of its kind, got "
            f"{duration_text(timeline.size * timeline.step)}"
        )
    if not habits.weeks.any() and timeline.step < slot:
        return (
            "a history must hold hours that were observed throughout, got none; if its buckets are finer than the "
            f'samples, sum them first: counts.resample("{duration_text(slot)}")'
        )
    return "a history must hold two observed hours of one weekday and hour, and events in one of them; got none"


def _bucket(counts: Counts, when: InstantLike | None) -> int:
    """Return the last bucket that has ended by an instant."""
    timeline = counts.timeline
    if when is None or timeline.size == 0:
        return timeline.size - 1
    instant = parse_instant(when, "when")
    bucket = timeline.edge_index(instant) - 1
    if not 0 <= bucket < timeline.size:
        raise OutOfTimeline(
            "when must not be before the end of the first bucket, nor a full bucket after the end of the last: "
            f"{instant_text(timeline.start + timeline.step)} to {instant_text(timeline.end)}, got "
            f"{instant_text(instant)}; if nothing was measured since, say so with counts.extend(until=)"
        )
    return bucket
