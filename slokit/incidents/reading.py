"""How the rooms of incidents read an evaluation: its window, what it allows, and sums over spans of buckets."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit._display import percent
from slokit._kernels.halves import exact_sum
from slokit._kernels.runs import runs
from slokit._kernels.sums import PrefixSums
from slokit.evaluation import Evaluation
from slokit.intervals import IntervalSet
from slokit.timeline import DurationLike, InstantLike, to_datetime

__all__ = [
    "edge",
    "events_touched",
    "looked_at",
    "share_text",
    "span_allowed",
    "span_sums",
    "span_text",
    "window_at",
]

Exact = npt.NDArray[Any]
"""Python integers or Fractions in an object array of the leading axes' shape."""


def window_at(ev: Evaluation, when: InstantLike | None) -> tuple[int, int]:
    """Return the buckets ``[first, stop)`` of the objective's window at an instant; none where there are no buckets.

    Raises
    ------
    OutOfTimeline
        As for :meth:`slokit.Evaluation.at`.
    """
    bucket = ev._sums.bucket_at(when)
    return (ev._sums.first(bucket), bucket + 1) if bucket >= 0 else (0, 0)


def looked_at(ev: Evaluation, when: InstantLike | None, window: DurationLike | None) -> tuple[int, int, Exact]:
    """Return the buckets ``[first, stop)`` of a rolling window at an instant, and what it allows each series.

    By default those of the objective's own window, and its budget.

    Raises
    ------
    InvalidWindow
        If the window is no whole number of buckets.
    OutOfTimeline
        As for :meth:`slokit.Evaluation.at`.
    """
    first, stop = window_at(ev, when)
    if window is None:
        return first, stop, ev._sums.allowed(stop - 1)
    first = max(stop - ev._sums.buckets(window), 0)
    return first, stop, span_allowed(ev, first, stop)


def span_allowed(ev: Evaluation, first: int, stop: int) -> Exact:
    """Return the bad events that the objective allows each series of the events of some buckets: Fractions."""
    sums = ev._sums
    return np.asarray((1 - sums.targets) * span_sums(sums.total, first, stop), dtype=object)


def span_sums(sums: PrefixSums, first: int, stop: int) -> Exact:
    """Return what buckets ``first`` to ``stop - 1`` of each series hold, as Python integers of any size."""
    if stop <= first:
        return np.full(sums.values.shape[:-1], 0, dtype=object)
    if sums.bound(stop - first) < 2**63:
        return np.asarray(sums.values[..., stop] - sums.values[..., first], dtype=object)
    return np.asarray(exact_sum(np.diff(sums.values[..., first : stop + 1], axis=-1), axis=-1), dtype=object)


def events_touched(ev: Evaluation, spans: IntervalSet, first: int, stop: int) -> tuple[int, int]:
    """Return good and bad events of the buckets in ``[first, stop)`` that a span touches, each once; of one series."""
    # Each run of touched buckets is a difference of two running sums, exact at any size.
    touched = runs(spans.bucket_mask(ev.timeline.cut(first, stop)))
    pairs = zip(touched.starts.tolist(), touched.stops.tolist(), strict=True)
    events = [ev._sums.events(first + start, first + end) for start, end in pairs]
    return sum(good for good, _ in events), sum(bad for _, bad in events)


def edge(ev: Evaluation, index: int) -> datetime:
    """Return the edge at which a bucket starts, in UTC."""
    return to_datetime(ev.timeline.start + index * ev.timeline.step)


def span_text(start: datetime, end: datetime) -> str:
    """Write a span for people, the end without its date where that is the start's."""
    same = start.date() == end.date()
    return f"{start:%Y-%m-%d %H:%M} to {end:{'%H:%M' if same else '%Y-%m-%d %H:%M'}} UTC"


def share_text(share: Fraction | float | None) -> str:
    """Write a share of a budget, to a tenth of a percent."""
    return "–" if share is None else percent(share, 1)
