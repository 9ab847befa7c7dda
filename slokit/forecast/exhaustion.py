"""Time to exhaustion of one series at one instant, in Python integers.

With ``r`` recent buckets that held ``b`` bad events of ``n``, and a budget share of ``u / v``, everything is multiplied
by ``r`` so that no average is ever rounded. Until the first bucket of the data leaves the window, and in a calendar
period always, the model is a straight line, whose crossing is a division. Beyond that it is looked up bucket by bucket.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, short
from slokit._kernels.sums import PrefixSums
from slokit.errors import InvalidDuration, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.evaluation.sums import WindowedSums
from slokit.forecast.pace import Pace, Recent, span_of
from slokit.status import burn_text
from slokit.timeline import DurationLike, InstantLike, duration_text, timedelta_ns, to_datetime
from slokit.windows import RollingGrid

__all__ = ["Forecast", "about", "forecast"]

_INT64 = 2**63
_SECOND = 1_000_000_000
# Each unit from twice its length on, so that rounding is off by a quarter at most: 110 minutes, then 2 hours.
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def about(span: timedelta) -> str:
    """Write a length of time as people say it: one number and one unit.

    Parameters
    ----------
    span
        Not negative.

    Raises
    ------
    WrongType
        If it is no timedelta.
    InvalidDuration
        If it is negative.

    Examples
    --------
    >>> [about(timedelta(minutes=minutes)) for minutes in (0, 0.5, 35, 110, 17 * 60, 3 * 1440 + 200)]
    ['~0s', '~30s', '~35m', '~110m', '~17h', '~3d']
    """
    if not isinstance(span, timedelta):
        raise WrongType(f"span must be a timedelta, got {type(span).__name__}: {span!r:.100}")
    length = timedelta_ns(span)
    if length < 0:
        raise InvalidDuration(f"span must not be negative, got {span}")
    for seconds, unit in _UNITS:
        if length >= 2 * seconds * _SECOND:
            return f"~{round(Fraction(length, seconds * _SECOND)):,}{unit}"
    return f"~{round(Fraction(length, _SECOND))}s" if length == 0 or length >= _SECOND else "<1s"


@attrs.frozen(kw_only=True, repr=False)
class Forecast(Shown):
    """When the budget is gone, if what happened lately goes on.

    Parameters
    ----------
    time
        Where the model starts: the end of the last bucket looked at, in UTC; None for evidence without a bucket.
    has_data
        Whether the objective's window holds any event; without one there is nothing to foresee.
    exhausts_at, exhausts_in
        The end of the first bucket at which the budget is exhausted, and how long that is from ``time``: 0 where it is
        exhausted already. None where it lasts as far as the model looks.
    recovers_at, recovers_in
        Of a budget that is exhausted: where it first no longer is. None where that does not happen within the
        horizon, and for a budget that is not exhausted.
    renews_at
        Of a calendar window: the period's end, at which the budget starts anew.
    burn_rate
        The burn rate of the recent buckets; None where they hold no event.
    recent
        How far back the pace was taken from, as text.
    assumption
        What goes on, in words.
    horizon
        How far the model looked: one window (after that it repeats itself), or to the end of the period.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> bad = [0] * 700 + [2] * 20
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100] * 720, bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(counts)
    >>> forecast(ev)
    gone in ~16h (at 2026-01-31 16:00 UTC), if the last 1h goes on
    >>> forecast(ev).assumption
    'every 1h goes as the last (2 bad of 100 events in 1 bucket); what is older than 30d leaves the window'
    """

    time: datetime | None
    has_data: bool
    exhausts_at: datetime | None = None
    exhausts_in: timedelta | None = None
    recovers_at: datetime | None = None
    recovers_in: timedelta | None = None
    renews_at: datetime | None = None
    burn_rate: float | None = None
    recent: str
    assumption: str
    horizon: timedelta

    @property
    def exhausted(self) -> bool:
        """Whether the budget is exhausted already."""
        return self.exhausts_in is not None and not self.exhausts_in

    @property
    def lasts(self) -> bool:
        """Whether there is a budget, and the model sees no end of it."""
        return self.has_data and self.exhausts_in is None

    def _outlook(self) -> str:
        goes_on = f"if the last {self.recent} goes on"
        if not self.has_data or self.time is None:
            return "no data"
        if self.exhausts_in is None or self.exhausts_at is None:
            return f"lasts to the end of the period, {goes_on}" if self.renews_at else f"lasts, {goes_on}"
        if self.exhausts_in:
            return f"gone in {about(self.exhausts_in)} (at {self.exhausts_at:%Y-%m-%d %H:%M} UTC), {goes_on}"
        if self.recovers_in is not None:
            return f"exhausted; back in {about(self.recovers_in)} {goes_on}"
        if self.renews_at is not None:
            return f"exhausted; the budget starts anew in {about(self.renews_at - self.time)}"
        return f"exhausted; not back {goes_on}"

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "outlook", self._outlook()
        if self.time is not None:
            yield "from", f"{self.time:%Y-%m-%d %H:%M} UTC"
        if self.burn_rate is not None:
            yield "burn rate", f"{burn_text(self.burn_rate)} over the last {self.recent}"
        if self.has_data:
            yield "if", self.assumption
            yield "looked ahead", duration_text(timedelta_ns(self.horizon))

    def __repr__(self) -> str:
        return self._outlook()


def forecast(ev: Evaluation, when: InstantLike | None = None, *, recent: DurationLike = "1h") -> Forecast:
    """Say when the budget of one series is exhausted, if the recent pace goes on.

    From the end of a bucket on, each bucket brings the average of the recent ones, exactly; what leaves a rolling
    window is what the evidence holds. In a calendar period nothing leaves, the budget is the period's (of the same
    basis as ``ev.error_budget``: a full or expected total stays what it is unless more has happened, an elapsed one
    grows), and the model looks to the period's end.

    Parameters
    ----------
    ev
        An evaluation of one series.
    when
        The last bucket that is over at this instant is where the model starts; by default the last of all.
    recent
        How far back the pace is taken from: rounded up to whole buckets. Where the data begin later, what there is.

    Raises
    ------
    WrongType
        If ``ev`` holds several series; pick one with ``sel()``.
    OutOfTimeline
        As for ``ev.at(when)``.
    InvalidDuration
        If ``recent`` cannot be read.

    Examples
    --------
    At a burn of 0.5 the 16% that are left would be gone in nine days, did not the outage of 29 days ago leave the
    window tomorrow:

    >>> from slokit import SLI, SLO, Counts
    >>> bad = [0] * 24 + [60] * 10 + [0] * 674 + [1, 0] * 6
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[1000] * 720, bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(counts)
    >>> ev.at().error_budget.remaining_ratio, forecast(ev, recent="2h").burn_rate
    (0.15833333333333333, 0.5)
    >>> forecast(ev, recent="2h")
    lasts, if the last 2h goes on
    """
    sums = one_series(ev)._sums
    step = sums.timeline.step
    span = Recent.of(recent, step)
    bucket = sums.bucket_at(when)
    if bucket < 0:
        return Forecast(time=None, has_data=False, recent=span.text, assumption="no data", horizon=timedelta(0))
    end = sums.timeline.end_of(bucket)
    pace = Pace.at(sums, bucket, span)
    good, bad = sums.events(sums.first(bucket), bucket + 1)
    reach, note = _horizon(sums, bucket, bad + good)
    gone, back = _crossings(sums, bucket, pace, ev.target, (bad, bad + good)) if bad + good else (None, None)
    rolls = isinstance(sums.grid, RollingGrid)
    return Forecast(
        time=to_datetime(end),
        has_data=bad + good > 0,
        exhausts_at=None if gone is None else to_datetime(end + gone * step),
        exhausts_in=None if gone is None else span_of(gone * step),
        recovers_at=None if back is None else to_datetime(end + back * step),
        recovers_in=None if back is None else span_of(back * step),
        renews_at=None if rolls else to_datetime(end + reach * step),
        burn_rate=float(Fraction(pace.bad, pace.total) / (1 - ev.target)) if pace.total else None,
        recent=span.text,
        assumption=f"{pace.text(ev.unit)}; {note}" if bad + good else "no data",
        horizon=span_of(reach * step),
    )


def _horizon(sums: WindowedSums, bucket: int, total: int) -> tuple[int, str]:
    """Return how many buckets the model looks ahead, and what bounds it in words."""
    if isinstance(sums.grid, RollingGrid):
        width = sums.grid.width
        return width, f"what is older than {duration_text(width * sums.timeline.step)} leaves the window"
    whole, basis = _basis(sums, bucket, total)
    kind = "that grow with time" if basis == "elapsed" else f"in all ({basis})"
    to_come = int(sums.grid.to_come(np.array([bucket]))[0])
    return to_come, f"the budget is a share of {short(whole)} {kind} and starts anew at the period's end"


def _basis(sums: WindowedSums, bucket: int, total: int) -> tuple[int, str]:
    """Return the events that a calendar period's budget is a share of, and where they come from."""
    so_far = np.empty(1, dtype=object)
    so_far[0] = total
    whole, basis, _ = sums.basis_totals(np.array([bucket]), so_far)
    return int(whole[0]), str(basis[0])


def _crossings(
    sums: WindowedSums, bucket: int, pace: Pace, target: Fraction, held: tuple[int, int]
) -> tuple[int | None, int | None]:
    """Return after how many buckets the budget is exhausted, and of one that is exhausted now when it no longer is."""
    bad, total = held
    share = 1 - target
    u, v = share.numerator, share.denominator
    # What is spent too much after k buckets, times v * r: at least 0 where the events so far exhaust the budget.
    excess = pace.buckets * (v * bad - u * total)
    slope = v * pace.bad - u * pace.total
    if isinstance(sums.grid, RollingGrid):
        # Until the data's first bucket leaves, the window only gains.
        width = sums.grid.width
        free = max(width - bucket - 1, 0)
        if bad > 0 and excess >= 0:
            line = _first_at_least(-excess - 1, -slope, 1, free)
            return 0, line or _lookup(sums, bucket, width, pace, share, gone=False)
        line = _first_at_least(excess, slope, 1, free)
        return line or _lookup(sums, bucket, width, pace, share, gone=True), None
    to_come = int(sums.grid.to_come(np.array([bucket]))[0])
    whole, basis = _basis(sums, bucket, total)
    # A total that is known or expected is a second bound, which only bad events can reach.
    short_of = 0 if basis == "elapsed" else pace.buckets * (v * bad - u * whole)
    if bad > 0 and excess >= 0 and short_of >= 0:
        return 0, _first_at_least(-excess - 1, -slope, 1, to_come)
    reached = _first_at_least(short_of, v * pace.bad, 1, to_come)
    return None if reached is None else _first_at_least(excess, slope, reached, to_come), None


def _first_at_least(value: int, slope: int, first: int, last: int) -> int | None:
    """Return the first k of ``first .. last`` for which ``value + k * slope >= 0``."""
    if first > last:
        return None
    if value + first * slope >= 0:
        return first
    if slope <= 0:
        return None
    k = -(value // slope)
    return k if k <= last else None


def _lookup(sums: WindowedSums, bucket: int, width: int, pace: Pace, share: Fraction, *, gone: bool) -> int | None:
    """Return the first k at which the budget is exhausted (or is not), while buckets of the data leave the window."""
    stop, u, v = bucket + 1, share.numerator, share.denominator
    first = np.arange(max(stop - width, 0) + 1, stop + 1)
    largest = pace.buckets * max(v * sums.bad.bound(width), u * sums.total.bound(width)) + width * max(
        v * pace.bad, u * pace.total
    )
    fits = max(largest, v) < _INT64
    k = first - stop + width if fits else (first - stop + width).astype(object)
    bad, total = (_kept(running, first, stop, fits) for running in (sums.bad, sums.total))
    bad = pace.buckets * bad + k * pace.bad
    total = pace.buckets * total + k * pace.total
    exhausted = (bad > 0) & (v * bad >= u * total)
    found = np.flatnonzero(exhausted if gone else ~exhausted)
    return int(k[found[0]]) if found.size else None


def _kept(running: PrefixSums, first: npt.NDArray[np.int64], stop: int, fits: bool) -> npt.NDArray[Any]:
    """Return the events of buckets ``first`` to ``stop - 1``, for several firsts that rise by one up to ``stop``."""
    if fits:
        # Wrapped or not, the difference is right where it fits.
        return np.asarray(running.values[stop] - running.values[first])
    counts = np.diff(running.values[first[0] : stop + 1]).astype(object)
    kept = np.zeros(len(first), dtype=object)
    kept[:-1] = np.cumsum(counts[::-1])[::-1]
    return kept
