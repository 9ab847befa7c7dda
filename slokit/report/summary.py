"""What a report says of an objective: chosen and reckoned here, written down elsewhere.

Text, pages and JSON must not disagree, so they write down the same values. A summary answers what a reader asks in
that order: is it met and what is left of the budget; how fast does it burn; when was it worst; how did it run over
the window; what was not seen; and what was left out on whose word, with the figures as they would be had
everything counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

import attrs
import numpy as np
import numpy.typing as npt

from slokit.counts import Counts
from slokit.evaluation import Evaluation, WorstWindow
from slokit.exclusions import Exclusion, exclusion_mask, parse_exclusions
from slokit.slo import SLO
from slokit.status import Status, urgency
from slokit.timeline import DurationLike, InstantLike, Timeline, duration_text, parse_instant
from slokit.windows import CalendarWindow

__all__ = ["Column", "Hole", "Summary", "Taken", "summarise"]

_MINUTE = 60_000_000_000
_HOUR, _DAY = 60 * _MINUTE, 1440 * _MINUTE
# The windows people know from burn-rate alerts; of these, those that the buckets and the objective's window allow.
_USUAL = (5 * _MINUTE, _HOUR, 6 * _HOUR, _DAY, 3 * _DAY)
_MOST_STRIPS = 40
# Lengths of time that a strip may be drawn in: each divides the next useful one, and a reader can count them.
_ROUND = tuple(n * _MINUTE for n in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 40320))


@attrs.frozen(kw_only=True)
class Column:
    """A stretch of the window: what a strip draws as one sign.

    Parameters
    ----------
    start, end
        Nanoseconds since the epoch.
    good, bad
        Events in it.
    burn_rate
        None without data.
    excluded
        Whether all of it was taken out.
    observed
        Whether any of it was observed.
    """

    start: int
    end: int
    good: int
    bad: int
    burn_rate: float | None
    excluded: bool
    observed: bool


@attrs.frozen(kw_only=True)
class Hole:
    """What was not observed of a window.

    Parameters
    ----------
    buckets
        How many buckets of the data are holes; for several series, of all of them together.
    before
        Buckets that the window reaches back before the data.
    count
        How many holes there are in the data; of several series, those that they have in common.
    start, end
        The longest of them, nanoseconds since the epoch; both 0 without any.
    """

    buckets: int
    count: int
    before: int
    start: int
    end: int


@attrs.frozen(kw_only=True)
class Taken:
    """What one exclusion took out of the window.

    Parameters
    ----------
    exclusion
        The exclusion.
    times
        How many spans of it lie in the window.
    buckets
        How many buckets they take out, of all series together; 0 if it is only proposed.
    good, bad
        The events that these buckets held.
    """

    exclusion: Exclusion
    times: int
    buckets: int
    good: int
    bad: int


@attrs.frozen(kw_only=True, eq=False)
class Summary:
    """What a report says of one objective.

    Parameters
    ----------
    slo
        The objective.
    source
        Where the evidence came from, for the heading.
    timeline
        The buckets of the evidence.
    statuses
        One status a series, least budget first; a single one without labels.
    start, end
        The window or period reported, nanoseconds since the epoch; ``end`` is the end of the last bucket.
    period_end
        Where a calendar period ends; None for a rolling window.
    burns
        Burn rates by window, text to rate, shortest first, of the worst series; the last is the objective's own.
    worst
        The worst window of each usual length inside the window reported, over all series.
    strips
        The window cut into columns, for the first forty of ``statuses``.
    hole
        What was not observed.
    taken
        What each exclusion did.
    without
        The statuses had nothing been excluded, in the order of ``statuses``; empty if nothing was.
    """

    slo: SLO
    source: str
    timeline: Timeline
    statuses: tuple[Status, ...]
    start: int
    end: int
    period_end: int | None
    burns: tuple[tuple[str, float | None], ...]
    worst: tuple[WorstWindow, ...]
    strips: tuple[tuple[Column, ...], ...]
    hole: Hole
    taken: tuple[Taken, ...]
    without: tuple[Status, ...]

    @property
    def status(self) -> Status:
        """The status of the series with the least budget left."""
        return self.statuses[0]

    @property
    def missed(self) -> bool:
        """Whether any series has missed the objective."""
        return any(status.met is False for status in self.statuses)

    @property
    def unknown(self) -> bool:
        """Whether any series has no data."""
        return any(status.met is None for status in self.statuses)


def summarise(
    slo: SLO,
    counts: Counts,
    *,
    exclusions: Exclusion | Iterable[Exclusion] = (),
    at: InstantLike | None = None,
    settle: DurationLike = "0s",
    expected_total: int | None = None,
    source: str = "",
    columns: int = 60,
) -> Summary:
    """Hold an objective against evidence and choose what to say.

    Parameters
    ----------
    slo, counts, exclusions, settle, expected_total
        As for :meth:`slokit.SLO.evaluate`.
    at
        The instant to report; by default the end of the evidence.
    source
        What to call the evidence.
    columns
        Most columns of a strip; several series have short ones.

    Raises
    ------
    SlokitError
        As ``evaluate`` and ``at`` raise.

    Examples
    --------
    >>> from slokit import SLI
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", good=[990, 999], bad=[10, 1])
    >>> slo = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="2h")
    >>> summarise(slo, counts).burns
    (('1h', 0.1), ('2h', 0.55))
    """
    held = parse_exclusions(exclusions)
    evaluation = slo.evaluate(counts, held, settle=settle, expected_total=expected_total)
    statuses = evaluation.statuses(at)
    order = sorted(range(len(statuses)), key=lambda i: urgency(statuses[i]))
    status = statuses[order[0]]
    timeline = evaluation.timeline
    end = timeline.start if status.time is None else parse_instant(status.time)
    # The bucket that ends at a period's edge belongs to the period before it.
    period = slo.window.period(end - 1) if isinstance(slo.window, CalendarWindow) else None
    start = end - slo.window.nominal if period is None else period.start
    # Beside other figures in a row of a table there is room for a short strip only.
    most = columns if not counts.axes else min(columns, 24)
    usual = [duration_text(w) for w in _USUAL if w % timeline.step == 0 and w < slo.window.nominal]
    own = f"{slo.window.unit} so far" if isinstance(slo.window, CalendarWindow) else duration_text(slo.window.duration)
    return Summary(
        slo=slo,
        source=source,
        timeline=counts.timeline,
        statuses=tuple(statuses[i] for i in order),
        start=start,
        end=end,
        period_end=None if period is None else period.end,
        burns=(*((window, status.burn_rate(window)) for window in usual), (own, status.burn_rate())),
        # What burned before the window is another report's business.
        worst=tuple(w for w in evaluation.worst(usual, start=_instant(start), end=_instant(end)) if w.end is not None),
        strips=tuple(
            _strip(_series(evaluation, i), _row(counts, i), counts.timeline, start, end, most)
            for i in order[:_MOST_STRIPS]
        ),
        hole=_hole(counts, start, end),
        taken=tuple(_taken(exclusion, counts, start, end) for exclusion in held),
        without=_without(slo, counts, held, at, settle, expected_total, order),
    )


def _instant(nanoseconds: int) -> np.datetime64:
    return np.datetime64(nanoseconds, "ns")


def _without(
    slo: SLO,
    counts: Counts,
    exclusions: Sequence[Exclusion],
    at: InstantLike | None,
    settle: DurationLike,
    expected_total: int | None,
    order: Sequence[int],
) -> tuple[Status, ...]:
    """Return the statuses had nothing been excluded."""
    if not any(exclusion.applies for exclusion in exclusions):
        return ()
    statuses = slo.evaluate(counts, settle=settle, expected_total=expected_total).statuses(at)
    return tuple(statuses[i] for i in order)


def _series(evaluation: Evaluation, number: int) -> Evaluation:
    """Return one series by its number in C order."""
    lead = tuple(len(axis.labels) for axis in evaluation.axes)
    return evaluation[tuple(int(i) for i in np.unravel_index(number, lead))] if lead else evaluation


def _row(counts: Counts, number: int) -> npt.NDArray[np.bool_]:
    """Return where one series was observed, shape ``(n,)``."""
    return np.asarray(counts.observed[np.unravel_index(number, counts.shape[:-1])] if counts.axes else counts.observed)


def _strip(
    evaluation: Evaluation, seen: npt.NDArray[np.bool_], buckets: Timeline, start: int, end: int, columns: int
) -> tuple[Column, ...]:
    """Cut the window into columns of a round length whose edges a calendar shows (in UTC)."""
    timeline = evaluation.timeline
    first, last = max(start, timeline.start), end
    if last <= first:
        return ()
    width = next((w for w in _ROUND if w % timeline.step == 0 and (last - first) / w <= columns), None)
    if width is None:
        width = -(-(last - first) // (columns * timeline.step)) * timeline.step
    edges = [first, *range(first - first % width + width, last, width), last]
    # Edges of a round grid may not be edges of these buckets, where those have a phase of their own.
    edges = sorted({max(first, timeline.floor(edge)) for edge in edges})
    found = []
    for left, right in pairwise(edges):
        i, j = timeline.edge_index(left), timeline.edge_index(right)
        good, bad = evaluation.events_within(np.timedelta64(right - left, "ns"), j - 1)
        rate = float(Fraction(bad, good + bad) / (1 - evaluation.target)) if good + bad else None
        observed = seen[max(buckets.edge_index(left), 0) : max(buckets.edge_index(right), 0)]
        found.append(
            Column(
                start=left, end=right, good=good, bad=bad, burn_rate=rate,
                excluded=bool(evaluation.excluded[i:j].all()), observed=bool(observed.any()),
            )
        )  # fmt: skip
    return tuple(found)


def _hole(counts: Counts, start: int, end: int) -> Hole:
    """Find what of the window was not observed."""
    timeline = counts.timeline
    i, j = (min(max(timeline.edge_index(edge), 0), timeline.size) for edge in (start, end))
    unseen = ~counts.observed[..., i:j]
    # A hole of a fleet is where nobody was observed.
    all_unseen = unseen.all(axis=tuple(range(unseen.ndim - 1)))
    edges = np.flatnonzero(np.diff(np.concatenate(([False], all_unseen, [False])).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2]
    longest = int((ends - begins).argmax()) if len(begins) else None
    return Hole(
        buckets=int(np.count_nonzero(unseen)),
        count=len(begins),
        before=max(0, -timeline.edge_index(start)) if timeline.size else 0,
        start=0 if longest is None else timeline.start + (i + int(begins[longest])) * timeline.step,
        end=0 if longest is None else timeline.start + (i + int(ends[longest])) * timeline.step,
    )


def _taken(exclusion: Exclusion, counts: Counts, start: int, end: int) -> Taken:
    """Find what one exclusion takes out of the window."""
    timeline = counts.timeline
    i, j = (min(max(timeline.edge_index(edge), 0), timeline.size) for edge in (start, end))
    within = exclusion.intervals(max(start, timeline.start), end)
    mask = np.broadcast_to(exclusion_mask(exclusion, timeline, counts.axes), counts.shape)[..., i:j]
    # Python integers: what is left out may be more than 64 bits hold.
    bad, total = (sum(a[..., i:j][mask].tolist()) for a in (counts.bad, counts.total))
    return Taken(exclusion=exclusion, times=len(within), buckets=int(np.count_nonzero(mask)), good=total - bad, bad=bad)
