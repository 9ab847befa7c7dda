"""Deploys as marks: how the budget burned after each one, and how at the same hours of quiet days.

Errors follow the hours of the day, so what came after a deploy at ten in the morning is held against ten in the
morning of other days. Two answers stand side by side. The rank among those quiet periods assumes nothing but that the
days are alike. The interval of the difference says how large it may be, and assumes independent events; in bursts it
is too narrow. Neither says that the deploy was the cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from fractions import Fraction

import attrs
import numpy as np

from slokit._display import clean, html_table, plural, short
from slokit.calendars import civil_instants, local_clock, local_days, zone, zone_name
from slokit.errors import InvalidInterval, InvalidWindow, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.incidents.reading import edge, span_text
from slokit.intervals import parse_edge
from slokit.rational import RationalLike
from slokit.statistics import Interval, difference_interval
from slokit.status import burn_text
from slokit.texts import check_text
from slokit.timeline import DurationLike, InstantLike, duration_text, instant_text, parse_duration

__all__ = ["Mark", "MarkEffect", "after_marks"]

_DAY = 86_400_000_000_000
_SECOND = 1_000_000_000


def _time(value: InstantLike | int) -> int:
    return parse_edge(value, "time")


@attrs.frozen(repr=False)
class Mark:
    """A moment at which something was done, such as a deploy.

    Parameters
    ----------
    time
        An instant, or integer nanoseconds since the epoch, as it is kept.
    name
        What it was, such as a version.

    Raises
    ------
    InvalidInstant
        If it is no instant.
    InvalidInterval
        If the name holds what no text should.

    Examples
    --------
    >>> Mark("2026-01-05T10:03Z", "v1.4")
    Mark(2026-01-05T10:03:00Z v1.4)
    """

    time: int = attrs.field(converter=_time)
    name: str = ""

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidInterval, least=0)

    def __repr__(self) -> str:
        return f"Mark({instant_text(self.time)}{' ' if self.name else ''}{clean(self.name, 60)})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "time", instant_text(self.time)
        yield "name", clean(self.name)

    def _repr_html_(self) -> str:
        return html_table([("time", instant_text(self.time)), ("name", self.name)], caption="Mark")


@attrs.frozen(kw_only=True, repr=False)
class MarkEffect:
    """How the budget burned after a mark, and at the same hours of quiet days.

    Parameters
    ----------
    mark
        The mark.
    start, end
        The span after it, in UTC: from the next edge of a bucket on, so up to a bucket later than the mark.
    good, bad
        Its events, as far as there are data.
    burn_rate
        Its burn rate; None without data.
    quiet_periods
        How many spans of the same hours on other days are near no mark and hold data.
    quiet_burn_rate
        The burn rate of all of them together; None where there are none.
    higher_than
        In how many of them the budget burned strictly slower than after the mark; None where either side is missing.
    difference
        An interval for the difference of the two burn rates; None where either side is missing.
    """

    mark: Mark
    start: datetime
    end: datetime
    good: int
    bad: int
    burn_rate: float | None
    quiet_periods: int
    quiet_burn_rate: float | None
    higher_than: int | None
    difference: Interval | None

    @property
    def total(self) -> int:
        """Events of the span after the mark."""
        return self.good + self.bad

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "after", span_text(self.start, self.end)
        if self.burn_rate is None:
            yield "burn", "no data"
            return
        yield "burn", f"burn {burn_text(self.burn_rate)} ({short(self.bad)} of {short(self.total)} bad)"
        if self.quiet_burn_rate is None:
            yield "quiet", "no quiet period to compare with"
            return
        yield "quiet", f"{burn_text(self.quiet_burn_rate)} in quiet periods"
        periods = plural(self.quiet_periods, "quiet period")
        yield "rank", f"higher than {self.higher_than} of {periods} of the same hours"
        yield "difference", repr(self.difference)

    def __repr__(self) -> str:
        called = clean(self.mark.name, 60) or instant_text(self.mark.time)
        return f"MarkEffect({called}: {' · '.join(text for field, text in self._facts() if field != 'difference')})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "mark", repr(self.mark)
        yield from self._facts()

    def _repr_html_(self) -> str:
        return html_table([("mark", instant_text(self.mark.time)), *self._facts()], caption=self.mark.name or "Mark")


def after_marks(
    ev: Evaluation,
    marks: Iterable[Mark],
    *,
    within: DurationLike = "1h",
    quiet: DurationLike = "2h",
    tz: str | tzinfo = "UTC",
    level: RationalLike = "95%",
) -> tuple[MarkEffect, ...]:
    """Hold what came after each mark against quiet periods of the same hours.

    Parameters
    ----------
    ev
        One series.
    marks
        Such as deploys; give all there were, since none of them may lie near a quiet period.
    within
        How long after a mark is looked at: whole buckets, at most a day. A mark inside a bucket is moved to its end:
        the bucket holds events from before the mark too.
    quiet
        How far from every mark a quiet period must stay, before and after it.
    tz
        The zone of the hours: where people sleep, and so where traffic follows the clock.
    level
        Of the interval of the difference.

    Returns
    -------
    tuple of MarkEffect
        One a mark, in their order.

    Raises
    ------
    WrongType
        If there are several series, or an entry is no mark.
    InvalidWindow
        If ``within`` is no whole number of buckets, or longer than a day.
    InvalidNumber
        If the level is not above 0 and below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from slokit import SLI, SLO, Counts
    >>> bad = np.ones(10 * 24, dtype=int)
    >>> bad[8 * 24 + 10] = 20
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[1000] * len(bad), bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.5%", window="7d").evaluate(counts)
    >>> (effect,) = after_marks(ev, [Mark("2026-01-09T09:40Z", "v1.4")])
    >>> effect
    MarkEffect(v1.4: 2026-01-09 10:00 to 11:00 UTC · burn 4x (20 of 1,000 bad) · 0.2x in quiet periods · higher than 9 \
of 9 quiet periods of the same hours)
    >>> effect.difference
    2.385 – 5.94 (95% newcombe; assumes independent events on either side)
    """
    if not isinstance(marks, Iterable):
        raise WrongType(f"marks must be several, got {type(marks).__name__}; write them in a list")
    sums, held = one_series(ev)._sums, list(marks)
    for at, mark in enumerate(held):
        if not isinstance(mark, Mark):
            raise WrongType(f"marks[{at}] must be a Mark, got {type(mark).__name__}: {mark!r:.100}")
    width = sums.buckets(within)
    if width * ev.timeline.step > _DAY:
        raise InvalidWindow(
            f"within must be at most 1d, got {duration_text(width * ev.timeline.step)}: longer spans of neighbouring "
            "days would overlap"
        )
    clear = parse_duration(quiet, "quiet", least=0)
    times = np.array(sorted(mark.time for mark in held), dtype=np.int64)
    local = zone(zone_name(tz))
    return tuple(_effect(ev, mark, width, _quiet_starts(ev, mark, width, clear, times, local), level) for mark in held)


def _first(ev: Evaluation, instant: int) -> int:
    """Return the first bucket that starts at an instant or after it; below 0 or beyond the data too."""
    return ev.timeline.edge_index(ev.timeline.ceil(instant))


def _quiet_starts(
    ev: Evaluation, mark: Mark, width: int, clear: int, times: np.ndarray[tuple[int], np.dtype[np.int64]], tz: tzinfo
) -> list[int]:
    """Return the first buckets of spans at the same local time of other days that are far enough from every mark."""
    timeline = ev.timeline
    if not timeline.size:
        return []
    begins = timeline.start + _first(ev, mark.time) * timeline.step
    clock, days = local_clock(begins, tz), local_days(timeline.start, timeline.end, tz)
    days = days[days != np.datetime64(clock.date())]
    of_day = np.timedelta64(clock.hour * 3_600 + clock.minute * 60 + clock.second, "s")
    starts = []
    for instant in civil_instants(days.astype("datetime64[s]") + of_day, tz).tolist():
        first = _first(ev, instant + begins % _SECOND)
        start, end = (timeline.start + at * timeline.step for at in (first, first + width))
        near = np.searchsorted(times, start - clear, side="right") < np.searchsorted(times, end + clear, side="left")
        if first >= 0 and first + width <= timeline.size and not near:
            starts.append(first)
    return starts


def _effect(ev: Evaluation, mark: Mark, width: int, starts: Sequence[int], level: RationalLike) -> MarkEffect:
    """Compare one span with the quiet ones, in integers."""
    sums, share, size = ev._sums, 1 - ev.target, ev.timeline.size
    first = _first(ev, mark.time)
    inside = [min(max(at, 0), size) for at in (first, first + width)]
    good, bad = sums.events(*inside)
    periods = [(failed, passed + failed) for passed, failed in (sums.events(at, at + width) for at in starts)]
    periods = [(failed, total) for failed, total in periods if total]
    total, quiet_bad, quiet_total = good + bad, sum(b for b, _ in periods), sum(n for _, n in periods)
    apart = difference_interval(bad, total, quiet_bad, quiet_total, level=level)
    return MarkEffect(
        mark=mark,
        start=edge(ev, first),
        end=edge(ev, first + width),
        good=good,
        bad=bad,
        burn_rate=float(Fraction(bad, total) / share) if total else None,
        quiet_periods=len(periods),
        quiet_burn_rate=float(Fraction(quiet_bad, quiet_total) / share) if quiet_total else None,
        higher_than=sum(bad * n > b * total for b, n in periods) if total and periods else None,
        difference=None if apart is None else _in_burn(apart, share),
    )


def _in_burn(interval: Interval, share: Fraction) -> Interval:
    low, high = (float(Fraction(end) / share) for end in (interval.low, interval.high))
    return attrs.evolve(interval, low=low, high=high)
