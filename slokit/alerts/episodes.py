"""Episodes: the spans during which an alert fired, and what was told to whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, percent
from slokit._kernels.runs import runs
from slokit.counts.axes import labels_of
from slokit.evaluation import Evaluation
from slokit.evaluation.spending import share_of_budget
from slokit.timeline import to_datetime

if TYPE_CHECKING:
    from slokit.alerts.alert import Alert

__all__ = ["PAGE", "Episode", "end_of", "episodes_of"]

BoolArray = npt.NDArray[np.bool_]
PAGE = "page"
"""The severity that inhibits all others."""


@attrs.frozen(kw_only=True, repr=False)
class Episode(Shown):
    """A span during which an alert fired.

    Parameters
    ----------
    alert
        The alert.
    start
        End of the first bucket at which it fired, in UTC.
    end
        End of the first bucket at which it no longer fired; None while it fires.
    peak
        Largest value that was compared with the threshold: of a burn-rate alert the burn rate of its calmer window, of
        a budget-share alert the share.
    bad
        Bad events of the buckets at whose ends it fired.
    spent
        The share of the budget that they are, by the budget of the objective's window at the last of these buckets.
    labels
        Which series, as pairs of an axis and its label.
    inhibited_by
        Pages of the same series that fired during it; a page itself is inhibited by none.
    notified_at
        The first bucket end at which it fired and no page did, so that somebody had to be told; None if there is none.
    """

    alert: Alert
    start: datetime
    end: datetime | None
    peak: float
    bad: int
    spent: float
    labels: tuple[tuple[str, str], ...] = ()
    inhibited_by: tuple[Alert, ...] = ()
    notified_at: datetime | None = None

    @property
    def is_firing(self) -> bool:
        """Whether it goes on at the end of the data."""
        return self.end is None

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield from self.labels
        yield "alert", repr(self.alert)
        yield "start", f"{self.start:%Y-%m-%d %H:%M} UTC"
        yield "end", "still firing" if self.end is None else f"{self.end:%Y-%m-%d %H:%M} UTC"
        yield "peak", self.alert.peak_text(self.peak)
        yield "spent", f"{percent(self.spent, 1)} of the budget"
        if self.inhibited_by:
            yield "inhibited by", ", ".join(map(repr, self.inhibited_by))

    def __repr__(self) -> str:
        facts = dict(self._facts())
        named = "".join(f"{clean(label, 40)}, " for _, label in self.labels)
        span = f"{facts['start'].removesuffix(' UTC')} to {facts['end']}"
        by = ", inhibited" if self.inhibited_by else ""
        figures = f"peak {facts['peak']}, spent {facts['spent']}{by}"
        return f"Episode({named}{clean(self.alert.severity, 40)}: {span}, {figures})"


def episodes_of(
    evaluation: Evaluation,
    alert: Alert,
    firing: BoolArray,
    pages: dict[Alert, BoolArray] | None = None,
) -> tuple[Episode, ...]:
    """Return the episodes of one alert, given where it and the pages that may inhibit it fire."""
    found = runs(firing)
    if not found.rows.size:
        return ()
    sums, lead = evaluation._sums, firing.shape[:-1]
    # The cells of a run lie side by side in the order of rows, so that its peak is one segment's.
    lengths = found.stops - found.starts
    offsets = np.cumsum(lengths) - lengths
    peaks = np.maximum.reduceat(alert.peaks(evaluation, np.nonzero(firing)), offsets)
    inhibiting = {} if pages is None or alert.severity == PAGE else pages
    episodes = []
    for row, start, stop, peak in zip(found.rows, found.starts, found.stops, peaks, strict=True):
        index = tuple(int(i) for i in np.unravel_index(row, lead)) if lead else ()
        cells: tuple[Any, ...] = (*index, slice(start, stop))
        by = tuple(page for page, mask in inhibiting.items() if mask[cells].any())
        told = ~np.logical_or.reduce([pages[page][cells] for page in by]) if pages and by else np.ones(1, np.bool_)
        bad = sums.bad.one_window(index, int(start), int(stop))
        episodes.append(
            Episode(
                alert=alert,
                start=end_of(evaluation, int(start)),
                end=None if stop == firing.shape[-1] else end_of(evaluation, int(stop)),
                peak=float(peak),
                bad=bad,
                spent=float(share_of_budget(sums, bad, int(stop), index) or 0),
                labels=labels_of(evaluation.axes, index),
                inhibited_by=by,
                notified_at=end_of(evaluation, int(start) + int(told.argmax())) if told.any() else None,
            )
        )
    return tuple(sorted(episodes, key=lambda episode: (episode.start, episode.labels)))


def end_of(evaluation: Evaluation, bucket: int) -> datetime:
    """Return the end of a bucket, in UTC."""
    return to_datetime(evaluation.timeline.end_of(bucket))
