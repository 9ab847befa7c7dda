"""Spells: stretches in which the budget burned fast, joined over short lulls, the most expensive first.

A spell is found, not declared: it is what an incident looks like in the evidence. It begins with a bucket that burns
faster than a threshold and ends with the last one that does before a longer lull; what happens in the lulls inside it
is part of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, short
from slokit._kernels.runs import joined_runs
from slokit._kernels.sums import PrefixSums
from slokit.counts.axes import labels_of
from slokit.errors import InvalidNumber
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import check_evaluation
from slokit.incidents.reading import edge, looked_at, share_text, span_text
from slokit.rational import RationalLike, parse_rational
from slokit.status import burn_text
from slokit.timeline import DurationLike, InstantLike, duration_text, parse_duration, timedelta_ns

__all__ = ["Spell", "spells"]

Indices = npt.NDArray[np.int64]


@attrs.frozen(kw_only=True, repr=False)
class Spell(Shown):
    """A stretch of buckets in which the budget burned fast.

    Parameters
    ----------
    start, end
        Its edges, in UTC: the half-open span of its buckets.
    bad, total
        Its events.
    allowed
        The bad events that the objective allows in the window looked at.
    peak
        The largest burn rate of any one bucket.
    labels
        Which series, as pairs of an axis and its label.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="5m", total=[100] * 6, bad=[0, 9, 2, 0, 0, 1])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="95%", window="30m").evaluate(counts)
    >>> (spell,) = spells(ev, gap="5m")
    >>> spell
    Spell(2026-01-01 00:05 to 00:10 UTC, 5m: 30% of the budget, 9 of 100 bad, peak 1.8x)
    >>> spell.share
    0.3
    """

    start: datetime
    end: datetime
    bad: int
    total: int
    allowed: Fraction
    peak: float
    labels: tuple[tuple[str, str], ...] = ()
    # Datetimes end at microseconds; where buckets do not, this is where they are.
    _edges: tuple[int, int] | None = attrs.field(default=None, eq=False)

    @property
    def share(self) -> float:
        """Share of the window's budget that it spent: above 1 it spent more than there was."""
        return float(self.bad / self.allowed)

    @property
    def duration(self) -> int:
        """How long it lasted, nanoseconds."""
        return timedelta_ns(self.end - self.start) if self._edges is None else self._edges[1] - self._edges[0]

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield from self.labels
        yield "when", f"{span_text(self.start, self.end)}, {duration_text(self.duration)}"
        yield "spent", f"{share_text(self.bad / self.allowed)} of the budget"
        yield "bad", f"{short(self.bad)} of {short(self.total)} bad"
        yield "peak", f"peak {burn_text(self.peak)}"

    def __repr__(self) -> str:
        named = "".join(f"{clean(label, 40)}, " for _, label in self.labels)
        when, *rest = (text for _, text in list(self._facts())[len(self.labels) :])
        return f"Spell({named}{when}: {', '.join(rest)})"


def spells(
    ev: Evaluation,
    when: InstantLike | None = None,
    *,
    burn_rate: RationalLike = 1,
    gap: DurationLike = "30m",
    min_share: RationalLike = 0,
    window: DurationLike | None = None,
) -> tuple[Spell, ...]:
    """Find the spells of fast burning in the objective's window, of all series, the most expensive first.

    Parameters
    ----------
    ev
        What is looked into, with any leading axes.
    when
        The end of the window, as for :meth:`slokit.Evaluation.at`; by default the end of the data.
    burn_rate
        A bucket that burns strictly faster than this belongs to a spell; decided in integers.
    gap
        Spells of one series that are this long apart, or less, are one; what happened between belongs to it.
    min_share
        Spells that spent less of the budget than this are left out.
    window
        A rolling window to look at, such as a policy's ``"28d"``, and whose budget the shares are of: what the
        objective allows of its events. By default the objective's own, and its budget.

    Returns
    -------
    tuple of Spell
        By the share of their series' budget, then by bad events, then in the order of time and labels.

    Raises
    ------
    OutOfTimeline
        As for :meth:`slokit.Evaluation.at`.
    InvalidAlert
        If ``burn_rate`` is negative.
    InvalidNumber
        If ``min_share`` is negative.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100] * 5, bad=[8, 0, 9, 0, 0])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="5h").evaluate(counts)
    >>> [spell.bad for spell in spells(ev, burn_rate="0.5")]
    [9, 8]
    >>> [spell.bad for spell in spells(ev, burn_rate="0.5", gap="1h")]
    [17]
    """
    sums, step = check_evaluation(ev)._sums, ev.timeline.step
    lull = parse_duration(gap, "gap", least=0) // step
    least = parse_rational(min_share, "min_share")
    if least < 0:
        raise InvalidNumber(f"min_share must not be negative, got {min_share}")
    burning = ev.burning(burn_rate, np.timedelta64(step, "ns"))
    first, stop, budgets = looked_at(ev, when, window)
    allowed = budgets.reshape(-1)
    lasting = joined_runs(burning[..., first:stop], lull)
    rows, starts, ends = lasting.rows, lasting.starts, lasting.stops
    bad = _sums(sums.bad.flat(), rows, starts + first, ends + first)
    least_bad = [math.ceil(least * row) for row in allowed.tolist()]
    kept = np.array([b >= least_bad[row] for b, row in zip(bad, rows.tolist(), strict=True)], dtype=np.bool_)
    bad = [b for b, keep in zip(bad, kept.tolist(), strict=True) if keep]
    rows, starts, ends = rows[kept], starts[kept] + first, ends[kept] + first
    total = _sums(sums.total.flat(), rows, starts, ends)
    shares = 1 - np.broadcast_to(sums.targets, sums.lead).reshape(-1)
    peaks = _peaks(sums.bad.flat(), sums.total.flat(), rows, starts, ends)
    found = []
    for row, a, b, failed, events, peak in zip(
        rows.tolist(), starts.tolist(), ends.tolist(), bad, total, peaks, strict=True
    ):
        index = tuple(int(i) for i in np.unravel_index(row, sums.lead)) if sums.lead else ()
        spell = Spell(
            start=edge(ev, a),
            end=edge(ev, b),
            bad=failed,
            total=events,
            allowed=allowed[row],
            peak=float(peak / shares[row]),
            labels=labels_of(ev.axes, index),
            edges=(ev.timeline.start + a * step, ev.timeline.start + b * step),
        )
        found.append(((-spell.share, -failed, a, row), spell))
    return tuple(spell for _, spell in sorted(found, key=lambda pair: pair[0]))


def _sums(sums: PrefixSums, rows: Indices, starts: Indices, ends: Indices) -> list[int]:
    """Return what each of some spans of buckets holds, as Python integers of any size."""
    if not len(rows):
        return []
    if sums.bound(int((ends - starts).max())) < 2**63:
        held: list[int] = (sums.values[rows, ends] - sums.values[rows, starts]).tolist()
        return held
    spans = zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return [sums.one_window((row,), a, b) for row, a, b in spans]


def _peaks(bad: PrefixSums, total: PrefixSums, rows: Indices, starts: Indices, ends: Indices) -> list[Fraction]:
    """Return the largest share of bad events that any one bucket of each span has, exactly."""
    if not len(rows):
        return []
    lengths = ends - starts
    # One entry a bucket of a span: which span, and which bucket.
    span = np.repeat(np.arange(len(rows)), lengths)
    opening = np.cumsum(lengths) - lengths
    bucket = np.arange(len(span)) - opening[span] + starts[span]
    row = rows[span]
    failed, events = (s.values[row, bucket + 1] - s.values[row, bucket] for s in (bad, total))
    ratio = failed / np.maximum(events, 1)
    # Floats propose what lies within their error of the peak, each pair of counts once; fractions decide.
    near = ratio >= np.maximum.reduceat(ratio, opening)[span] * (1 - 1e-12)
    peaks: list[Any] = [Fraction(0)] * len(rows)
    for at, b, n in np.unique(np.stack([span, failed, events])[:, near], axis=1).T.tolist():
        peaks[at] = max(peaks[at], Fraction(b, n))
    return peaks
