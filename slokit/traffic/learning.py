"""From a history to what is usual: a median for each slot, and the line below which an hour is suspicious.

Medians are kept doubled, so that those of an even number of weeks are integers too.
"""

from __future__ import annotations

import math
from datetime import tzinfo
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit.counts import Counts
from slokit.traffic.slots import WEEK, buckets_a_slot, slots_of

__all__ = ["Habits", "finest", "improbable", "learn", "quiet"]

# Int64 or, where its range does not suffice, Python's integers.
Whole = npt.NDArray[Any]


@attrs.frozen(eq=False)
class Habits:
    """What a history teaches; the arrays have one row a series, in the order of the axes, and are read-only.

    Parameters
    ----------
    doubled
        Twice the median of each slot, int64 (or Python's integers), shape ``(series, slots)``; 0 without history.
    weeks
        How many hours that is the median of, likewise.
    hours
        How many past hours could be held against other weeks that had traffic, shape ``(series,)``.
    silent
        How many of them ended a silence that chance does not explain.
    called
        How many of the others lie below the line.
    lines
        The line, as a share of what is expected.
    """

    doubled: Whole
    weeks: npt.NDArray[np.int64]
    hours: npt.NDArray[np.int64]
    silent: npt.NDArray[np.int64]
    called: npt.NDArray[np.int64]
    lines: tuple[Fraction, ...]

    def __attrs_post_init__(self) -> None:
        for array in self._arrays:
            array.setflags(write=False)

    @property
    def _arrays(self) -> tuple[Whole, ...]:
        return self.doubled, self.weeks, self.hours, self.silent, self.called

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor: numpy's own pickling forgets that an array is read-only.
        return type(self), (*self._arrays, self.lines)

    def rows(self, picked: npt.NDArray[np.int64]) -> Habits:
        """Return those of some series."""
        doubled, weeks, hours, silent, called = (array[picked] for array in self._arrays)
        return Habits(doubled, weeks, hours, silent, called, tuple(self.lines[row] for row in picked.tolist()))

    def equal(self, other: Habits) -> bool:
        """Say whether all they hold is equal."""
        pairs = zip(self._arrays, other._arrays, strict=True)
        return self.lines == other.lines and all(np.array_equal(*pair) for pair in pairs)


def improbable(events: npt.NDArray[np.float64], expected: npt.NDArray[np.float64], limit: Fraction) -> Any:
    """Say where so few events, or fewer, come with less than a probability, by Chernoff's bound for Poisson's law.

    The bound is never below the probability itself, so that chance is given more room than it needs: of 20 expected
    events, 5 are improbable at 1 in 1,000, where the sum of the law's terms would call 7 so. It is exact for no event
    at all, needs no sum of terms, and holds for 3 expected events as for a billion.

    Parameters
    ----------
    events, expected
        float64, of one shape.
    limit
        The probability.

    Returns
    -------
    ndarray of bool
        Of that shape; False where nothing is expected.

    Examples
    --------
    >>> improbable(np.array([0.0, 5.0, 6.0, 0.0]), np.array([7.0, 20.0, 20.0, 6.0]), Fraction(1, 1000)).tolist()
    [True, True, False, False]

    References
    ----------
    ``P(X <= x) <= exp(-m) (e m / x)**x`` for ``x < m``: Mitzenmacher, Upfal, *Probability and Computing*, on tail
    bounds of the Poisson distribution.
    """
    some = np.where(events > 0, events, 1.0)
    mean = np.where(expected > 0, expected, 1.0)
    weight = expected - events + np.where(events > 0, some * np.log(some / mean), 0.0)
    return (events < expected) & (weight > quiet(limit))


def quiet(limit: Fraction) -> float:
    """Return how many events must be expected so that none at all is less likely than a probability."""
    return -math.log(limit)


def learn(counts: Counts, slot: int, tz: tzinfo, rate: Fraction) -> Habits:
    """Learn what is usual.

    Parameters
    ----------
    counts
        The history. An hour counts if all of it was observed and nothing of it excluded.
    slot
        Length of a slot, nanoseconds.
    tz
        The zone whose clock counts.
    rate
        Share of false alarms wanted.
    """
    timeline = counts.timeline
    fill = buckets_a_slot(timeline.step, slot)
    slots, firsts, lengths = slots_of(timeline, slot, tz)
    series = math.prod(counts.shape[:-1])
    total: Whole = counts.total.reshape(series, timeline.size)
    usable = (counts.observed & ~counts.excluded).reshape(series, timeline.size)
    if int(total.max(initial=0)) * fill >= 2**62:  # twice a median must fit as well
        total = total.astype(object)
    if fill > 1 and timeline.size:
        total = np.add.reduceat(total, firsts, axis=-1)
        usable = np.logical_and.reduceat(usable, firsts, axis=-1) & (lengths == fill)
    doubled, weeks, others = _medians(total, usable, slots[firsts], WEEK // slot)
    found = [_line(*rows, rate) for rows in zip(total, usable, others, strict=True)]
    hours, silent, called = (np.array([one[i] for one in found], np.int64) for i in range(3))
    return Habits(doubled, weeks, hours, silent, called, tuple(one[3] for one in found))


def _medians(
    totals: Whole, usable: npt.NDArray[np.bool_], slots: npt.NDArray[np.int64], number: int
) -> tuple[Whole, npt.NDArray[np.int64], Whole]:
    """Return twice the median of each slot, of how many hours it is, and for each hour twice that of the others.

    The hours of a slot are laid side by side and sorted, those that do not count behind all others; the median without
    one of them is then a matter of places.
    """
    beyond = 2**63 - 1 if totals.dtype == np.int64 else 2**200
    order = np.argsort(slots, kind="stable")
    held = np.bincount(slots, minlength=number)
    place = np.empty(len(slots), np.int64)
    place[order] = np.arange(len(slots)) - np.repeat(np.cumsum(held) - held, held)
    width = max(int(held.max(initial=0)), 1)
    table = np.full((len(totals), number, width), beyond, totals.dtype)
    table[:, slots, place] = np.where(usable, totals, beyond)
    by_size = np.argsort(table, axis=-1, kind="stable")
    rank = np.argsort(by_size, axis=-1, kind="stable")
    table = np.take_along_axis(table, by_size, axis=-1)
    weeks = np.zeros((len(totals), number), np.int64)
    for row, mask in enumerate(usable):
        weeks[row] = np.bincount(slots[mask], minlength=number)

    def at(places: npt.NDArray[np.int64]) -> Whole:
        return np.take_along_axis(table, np.clip(places, 0, width - 1), axis=-1)

    many = weeks[..., np.newaxis]
    zero = np.zeros((), totals.dtype)
    doubled = np.where(many > 0, at((many - 1) // 2), zero) + np.where(many > 0, at(many // 2), zero)
    low, high = (many - 2) // 2, (many - 1) // 2
    pair = [np.where(many > 1, at(middle + (middle >= rank)), zero) for middle in (low, high)]
    others = (pair[0] + pair[1])[:, slots, place]
    return doubled[..., 0], weeks, np.where(usable, others, zero)


def _line(
    totals: Whole, usable: npt.NDArray[np.bool_], others: Whole, rate: Fraction
) -> tuple[int, int, int, Fraction]:
    """Return how many hours of one series can be judged, are silent and lie below the line; and the line.

    Of n hours like those of the past, the next one lies below the k-th lowest with probability k / (n + 1): so this
    many may be called. Silences are called whatever the line says and use some of them up; if they use up all, the
    line is the lowest hour that had events.
    """
    events, expected = totals.astype(np.float64), others.astype(np.float64) / 2
    judged = usable & (expected > 0)
    hours = int(judged.sum())
    limit = finest(rate, hours)
    silent = judged & (totals == 0) & (_since_last_event(events, expected, usable) > quiet(limit))
    few = judged & ~silent & improbable(events, expected, limit)
    silences, candidates = int(silent.sum()), int(few.sum())
    spare = max(math.floor(rate * (hours + 1)) - 1 - silences, 0)
    if candidates <= spare:
        return hours, silences, candidates, Fraction(1)
    shares = events[few] / expected[few]
    # A quotient of doubles never swaps two fractions, but may take them for one.
    lowest = shares <= np.partition(shares, spare)[spare]
    exact = sorted(Fraction(2 * int(t), int(d)) for t, d in zip(totals[few][lowest], others[few][lowest], strict=True))
    return hours, silences, sum(share < exact[spare] for share in exact), exact[spare]


def finest(rate: Fraction, hours: int) -> Fraction:
    """Return a rate, or the finest that so many hours can show."""
    return max(rate, Fraction(1, hours + 1))


def _since_last_event(
    events: npt.NDArray[np.float64], expected: npt.NDArray[np.float64], usable: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return for each hour how much was expected since the last event or hole before it."""
    running = np.cumsum(np.where(usable, expected, 0.0))
    broken = np.where((events > 0) | ~usable, np.arange(len(events)), -1)
    last = np.maximum.accumulate(broken) if len(events) else broken
    return running - np.where(last >= 0, running[last], 0.0)
