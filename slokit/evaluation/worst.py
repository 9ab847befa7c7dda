"""The worst windows: where the burn rate of each length peaked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, short
from slokit.counts.axes import labels_of
from slokit.evaluation.sums import WindowedSums
from slokit.status import burn_text
from slokit.timeline import DurationLike, duration_text, to_datetime

__all__ = ["WorstWindow", "worst_places", "worst_window"]


@attrs.frozen(kw_only=True, repr=False)
class WorstWindow(Shown):
    """The window of one length that burned fastest.

    Parameters
    ----------
    window
        Its length, as text.
    start, end
        Its edges, in UTC; ``end`` is the end of its last bucket. None without data.
    good, bad
        Its events.
    burn_rate
        Its burn rate; None where no window of this length holds data.
    labels
        Which series, as pairs of an axis and its label.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100, 100, 100], bad=[0, 9, 2])
    >>> SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts).worst(["2h"])
    [WorstWindow(2h to 2026-01-01 03:00 UTC: 5.5x, 11 of 200 bad)]
    """

    window: str
    start: datetime | None
    end: datetime | None
    good: int
    bad: int
    burn_rate: float | None
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def total(self) -> int:
        """Events of the window."""
        return self.good + self.bad

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield from self.labels
        yield "window", self.window
        if self.start is not None and self.end is not None and self.burn_rate is not None:
            yield "from", f"{self.start:%Y-%m-%d %H:%M} UTC"
            yield "to", f"{self.end:%Y-%m-%d %H:%M} UTC"
            yield "burn rate", burn_text(self.burn_rate)
            yield "bad", f"{short(self.bad)} of {short(self.total)}"

    def __repr__(self) -> str:
        if self.burn_rate is None or self.end is None:
            return f"WorstWindow({self.window}: no data)"
        named = "".join(f"{clean(label, 40)}, " for _, label in self.labels)
        spent = f"{burn_text(self.burn_rate)}, {short(self.bad)} of {short(self.total)} bad"
        return f"WorstWindow({named}{self.window} to {self.end:%Y-%m-%d %H:%M} UTC: {spent})"


def worst_window(
    sums: WindowedSums, window: DurationLike, start: int | None = None, end: int | None = None
) -> WorstWindow:
    """Find the rolling window of a length that burned fastest, over all series, inside ``[start, end)`` if given.

    A window that reaches before the data is a shorter one; those count only where no span is given and the data hold
    no whole one. Of equals the one with more bad events wins, then the earliest.
    """
    width, timeline = sums.buckets(window), sums.timeline
    text = duration_text(width * timeline.step)
    begin = 0 if start is None else max(timeline.edge_index(timeline.ceil(start)), 0)
    stop = timeline.size if end is None else min(max(timeline.edge_index(end), 0), timeline.size)
    cut_short = start is None and end is None and width > timeline.size
    whole = slice(0 if cut_short else begin + width - 1, stop)
    peak: tuple[Fraction, int] | None = None
    found: tuple[tuple[int, ...], int] = ((), 0)
    for index in np.ndindex(*sums.lead):
        bad, total = (one.rows(index).window_exact(width)[whole] for one in (sums.bad, sums.total))
        share = 1 - sums.target_of(index)
        for where, events, all_events in worst_places(bad, total):
            rank = Fraction(events, all_events) / share, events
            if peak is None or rank > peak:
                peak, found = rank, (index, where + whole.start)
    if peak is None:
        return WorstWindow(window=text, start=None, end=None, good=0, bad=0, burn_rate=None)
    index, bucket = found
    one = sums.picked((0, row) for row in index)
    good, bad_events = one.events(max(bucket + 1 - width, 0), bucket + 1)
    end = timeline.end_of(bucket)
    return WorstWindow(
        window=text,
        start=to_datetime(max(end - width * timeline.step, timeline.start)),
        end=to_datetime(end),
        good=good,
        bad=bad_events,
        burn_rate=float(peak[0]),
        labels=labels_of(sums.axes, index),
    )


def worst_places(bad: npt.NDArray[Any], total: npt.NDArray[Any]) -> list[tuple[int, int, int]]:
    """Return the first place of each pair of counts whose share of bad events may be the largest of one series.

    Each is ``(where, bad, total)``, in Python integers; among them is the largest share, which whoever asks finds
    exactly. Without any event there is none.
    """
    held = np.flatnonzero(total > 0)
    if not held.size:
        return []
    share = bad[held].astype(np.float64) / total[held].astype(np.float64)
    # Floats propose all that lies within their error of the peak; whoever asked compares exactly.
    near = held[share >= share.max() * (1 - 1e-12)]
    pairs: dict[tuple[int, int], int] = {}
    for where in near.tolist():
        pairs.setdefault((int(bad[where]), int(total[where])), where)
    return [(where, *pair) for pair, where in pairs.items()]
