"""How the rooms of incidents read an evaluation: its window, what it allows, and sums over spans of buckets."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from slokit._display import percent
from slokit._kernels.halves import exact_sum
from slokit._kernels.sums import PrefixSums
from slokit.errors import WrongType
from slokit.evaluation import Evaluation
from slokit.intervals import IntervalSet
from slokit.timeline import InstantLike, to_datetime

__all__ = [
    "allowed_at",
    "edge",
    "evaluated",
    "events_touched",
    "one_series",
    "share_text",
    "span_sums",
    "span_text",
    "window_at",
]

Exact = npt.NDArray[Any]
"""Python integers or Fractions in an object array of the leading axes' shape."""


def evaluated(ev: Evaluation) -> Evaluation:
    """Refuse what is no evaluation."""
    if not isinstance(ev, Evaluation):
        raise WrongType(f"ev must be an Evaluation, got {type(ev).__name__}; slo.evaluate(counts) makes one")
    return ev


def one_series(ev: Evaluation) -> Evaluation:
    """Refuse an evaluation of several series."""
    if evaluated(ev).axes:
        names = ", ".join(repr(axis.name) for axis in ev.axes)
        raise WrongType(
            f"one series is needed, and there are leading axes: {names}; pick one with sel() or an index, or evaluate "
            "counts.sum()"
        )
    return ev


def window_at(ev: Evaluation, when: InstantLike | None) -> tuple[int, int]:
    """Return the buckets ``[first, stop)`` of the objective's window at an instant; none where there are no buckets.

    Raises
    ------
    OutOfTimeline
        As for :meth:`slokit.Evaluation.at`.
    """
    bucket = ev._sums.bucket_at(when)
    return (ev._sums.first(bucket), bucket + 1) if bucket >= 0 else (0, 0)


def allowed_at(ev: Evaluation, stop: int) -> Exact:
    """Return the bad events that the objective allows each series at the end of the bucket before ``stop``: Fractions.

    What an :class:`~slokit.ErrorBudget` calls allowed, before it is rounded; 0 without data.
    """
    sums = ev._sums
    allowed = np.full(sums.lead, Fraction(0), dtype=object)
    if stop:
        at = np.array([stop - 1])
        total = sums.total.window_exact(sums.window, (at,)).astype(object)
        whole, _, _ = sums.basis_totals(at, total)
        allowed += np.where(total > 0, whole, 0)[..., 0].astype(object) * (1 - sums.targets)
    return allowed


def span_sums(sums: PrefixSums, first: int, stop: int) -> Exact:
    """Return what buckets ``first`` to ``stop - 1`` of each series hold, as Python integers of any size."""
    if stop <= first:
        return np.full(sums.values.shape[:-1], 0, dtype=object)
    if sums.bound(stop - first) < 2**63:
        return np.asarray(sums.values[..., stop] - sums.values[..., first], dtype=object)
    return np.asarray(exact_sum(np.diff(sums.values[..., first : stop + 1], axis=-1), axis=-1), dtype=object)


def events_touched(ev: Evaluation, spans: IntervalSet, first: int, stop: int) -> tuple[int, int]:
    """Return good and bad events of the buckets in ``[first, stop)`` that a span touches, each once; of one series."""
    touched = spans.bucket_mask(ev.timeline.cut(first, stop))
    # Runs of touched buckets: each is a difference of two running sums, exact at any size.
    edges = np.flatnonzero(np.diff(touched, prepend=False, append=False)) + first
    events = [ev._sums.events(a, b) for a, b in edges.reshape(-1, 2).tolist()]
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
