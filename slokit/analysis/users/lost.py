"""The minutes that users lost, added up exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from math import gcd, prod
from typing import Any, Literal, get_args

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, amount_text, clean, html_table, percent, plural
from slokit._kernels.halves import exact_sum
from slokit.analysis.users.shares import axis_of
from slokit.counts.axes import label_index, labels_of
from slokit.errors import InvalidCounts, OutOfTimeline, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import check_evaluation
from slokit.incidents.reading import edge, span_text, window_at
from slokit.timeline import InstantLike

__all__ = ["LostRow", "MinutesLost", "Weighing", "minutes_lost"]

Ints = npt.NDArray[np.int64]

Weighing = Literal["share", "bucket"]
"""How much of a bucket is lost: its share of bad events, or all of it where that share exceeds what the objective
allows, and nothing where it does not."""

_MINUTE = 60_000_000_000
_SHOWN = 5


@attrs.frozen(kw_only=True, repr=False)
class LostRow(Shown):
    """What the users of one series lost.

    Parameters
    ----------
    labels
        Which series, as pairs of an axis and its label; none where there is one series.
    user_minutes
        Minutes times users, exactly.
    of
        All the user-minutes of the buckets that were looked at.
    """

    _caption = "Minutes lost"

    labels: tuple[tuple[str, str], ...]
    user_minutes: Fraction
    of: Fraction

    @property
    def share(self) -> Fraction | None:
        """Share of its user-minutes that were lost; None where it had no user."""
        return self.user_minutes / self.of if self.of else None

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield from self.labels
        yield "lost", f"{amount_text(self.user_minutes)} user-minutes"
        yield "of", f"{'–' if self.share is None else percent(self.share)} of {amount_text(self.of)}"

    def __repr__(self) -> str:
        named = "/".join(clean(label, 40) for _, label in self.labels)
        lost, of = [text for _, text in self._facts()][-2:]
        return f"LostRow({named}{': ' if named else ''}{lost}, {of})"


@attrs.frozen(kw_only=True, repr=False)
class MinutesLost:
    """The user-minutes that were lost in a span, by series and in all.

    Parameters
    ----------
    name
        The objective's name.
    rows
        One a series, those that lost most first.
    start, end
        What was looked at, in UTC; None where there are no buckets.
    weighing
        See :data:`Weighing`.
    """

    name: str
    rows: tuple[LostRow, ...]
    start: datetime | None
    end: datetime | None
    weighing: Weighing

    @property
    def total(self) -> Fraction:
        """All user-minutes that were lost."""
        return sum((row.user_minutes for row in self.rows), Fraction(0))

    @property
    def of(self) -> Fraction:
        """All user-minutes."""
        return sum((row.of for row in self.rows), Fraction(0))

    @property
    def share(self) -> Fraction | None:
        """Share of the user-minutes that were lost; None without users."""
        return self.total / self.of if self.of else None

    def records(self) -> list[dict[str, Any]]:
        """Return a flat dict for each series, for a dataframe."""
        return [{**dict(row.labels), "user_minutes": float(row.user_minutes), "of": float(row.of)} for row in self.rows]

    def _head(self) -> str:
        when = "no data" if self.start is None or self.end is None else span_text(self.start, self.end)
        share = "" if self.share is None else f", {percent(self.share)} of {amount_text(self.of)}"
        return f"{clean(self.name, 60)}: {amount_text(self.total)} user-minutes lost{share} ({when})"

    def __repr__(self) -> str:
        shown = [repr(row) for row in self.rows[:_SHOWN]] if len(self.rows) > 1 else []
        more = [f"… {plural(len(self.rows) - _SHOWN, 'more series', 'more series')}"] if len(self.rows) > _SHOWN else []
        return "\n".join([self._head(), *shown, *more])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "lost", self._head()
        yield from ((f"{at}", repr(row)) for at, row in enumerate(self.rows[:_SHOWN]))

    def _repr_html_(self) -> str:
        rows = []
        for row in self.rows[:20]:
            lost, of = [text for _, text in row._facts()][-2:]
            rows.append(("/".join(clean(label, 40) for _, label in row.labels) or "all", lost, of))
        return html_table(rows, ("series", "lost", "of"), self._head())


def minutes_lost(
    ev: Evaluation,
    users: int | Mapping[str, int] | npt.ArrayLike | None = None,
    *,
    axis: str | None = None,
    weighing: Weighing = "share",
    when: InstantLike | None = None,
    everything: bool = False,
) -> MinutesLost:
    """Add up the minutes that users lost: users times the length of a bucket times how bad it was.

    Parameters
    ----------
    ev
        One series or several.
    users
        How many there are: one number for every series, a number for each label of ``axis``, or integers of a shape
        that broadcasts with ``(..., n)``, such as one a bucket. By default every event is a user who needed the service
        for that bucket.
    axis
        What the labels of ``users`` are of; may be left out where there is one axis.
    weighing
        ``"share"`` loses the share of bad events of each bucket: of 200 users, in a minute in which 3% of events
        failed, 6 user-minutes. ``"bucket"`` loses the whole bucket where it burns faster than 1 and nothing elsewhere,
        as with timeslices, where both are the same.
    when
        The end of the objective's window, as for :meth:`slokit.Evaluation.at`.
    everything
        Look at all buckets instead of one window.

    Returns
    -------
    MinutesLost
        Buckets without events lose nothing.

    Raises
    ------
    InvalidCounts
        If users are negative, no integers, or of a shape that does not broadcast.
    UnknownLabel
        If ``users`` misses a label of the axis, or names one that it does not have.
    WrongType
        If labels are given and no axis can be meant.
    OutOfTimeline
        As for :meth:`slokit.Evaluation.at`; or if ``when`` is given with ``everything``.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(
    ...     start="2026-01-01T00:00Z",
    ...     step="5m",
    ...     total=[[100, 100], [10, 10]],
    ...     bad=[[3, 0], [0, 10]],
    ...     labels={"tenant": ["acme", "globex"]},
    ... )
    >>> ev = SLO("api", sli=SLI.ratio("up"), target="95%", window="10m").evaluate(counts)
    >>> minutes_lost(ev, {"acme": 200, "globex": 12})
    api: 90 user-minutes lost, 4.25% of 2,120 (2026-01-01 00:00 to 00:10 UTC)
    LostRow(globex: 60 user-minutes, 50% of 120)
    LostRow(acme: 30 user-minutes, 1.5% of 2,000)
    >>> minutes_lost(ev, {"acme": 200, "globex": 12}, weighing="bucket").total
    Fraction(60, 1)
    """
    check_evaluation(ev)
    if weighing not in get_args(Weighing):
        raise WrongType(f"weighing must be one of {', '.join(map(repr, get_args(Weighing)))}, got {weighing!r:.60}")
    if everything and when is not None:
        raise OutOfTimeline("when must be left out where everything is looked at")
    first, stop = (0, ev.timeline.size) if everything else window_at(ev, when)
    sums, lead = ev._sums, ev._sums.lead
    bad, total = (np.diff(held.flat().values[:, first : stop + 1], axis=-1) for held in (sums.bad, sums.total))
    shape = (*lead, ev.timeline.size)
    # Not -1: without buckets it could be anything.
    flat = (prod(lead), ev.timeline.size)
    given = None if users is None else _users(ev, users, axis, shape).reshape(flat)[:, first:stop]
    burning = None
    if weighing == "bucket":
        step = np.timedelta64(ev.timeline.step, "ns")
        burning = ev.burning(1, step).reshape(flat)[:, first:stop]
    minutes = Fraction(ev.timeline.step, _MINUTE)
    rows = []
    for row, index in enumerate(np.ndindex(*lead)):
        people = total[row] if given is None else given[row]
        if burning is not None:
            lost = Fraction(_sum(people[burning[row]]))
        elif given is None:
            lost = Fraction(_sum(bad[row]))
        else:
            lost = _shares(people, bad[row], total[row])
        rows.append(LostRow(labels=labels_of(ev.axes, index), user_minutes=lost * minutes, of=_sum(people) * minutes))
    return MinutesLost(
        name=ev.slo.name,
        rows=tuple(sorted(rows, key=lambda row: -row.user_minutes)),
        start=edge(ev, first) if stop > first else None,
        end=edge(ev, stop) if stop > first else None,
        weighing=weighing,
    )


def _users(
    ev: Evaluation, users: int | Mapping[str, int] | npt.ArrayLike, axis: str | None, shape: tuple[int, ...]
) -> Ints:
    """Return users of each bucket, int64, a view of shape ``(..., n)``."""
    if isinstance(users, Mapping):
        _, at = axis_of(ev, axis)
        named = ev.axes[at]
        for label in users:
            label_index(named, label)
        for label in named.labels:
            if label not in users:
                raise InvalidCounts(f"users must say how many there are of each label, got none of {label!r:.100}")
        numbers = np.array([users[label] for label in named.labels], dtype=object)
        held = _integers(numbers).reshape([-1 if place == at else 1 for place in range(len(shape))])
    else:
        held = _integers(np.asarray(users))
    try:
        return np.broadcast_to(held, shape)
    except ValueError:
        raise InvalidCounts(f"users must broadcast with the shape {shape}, got {held.shape}") from None


def _integers(values: npt.NDArray[Any]) -> Ints:
    """Refuse what are no counts."""
    if values.dtype == object:
        if any(isinstance(one, bool) or not isinstance(one, int | np.integer) for one in values.flat):
            raise InvalidCounts(f"users must be integers, got {values.tolist()!r:.100}")
        if any(not 0 <= one < 2**63 for one in values.flat):
            raise InvalidCounts(f"users must be 0 or more and fit 64 bits, got {values.tolist()!r:.100}")
    elif values.dtype.kind not in "iu":
        raise InvalidCounts(f"users must be integers, got dtype {values.dtype}: {values.ravel()[:5].tolist()!r:.100}")
    elif values.size and (values.min() < 0 or int(values.max()) >= 2**63):
        raise InvalidCounts(f"users must be 0 or more and fit 64 bits, got {values.min()} to {values.max()}")
    return values.astype(np.int64)


def _sum(values: Ints) -> int:
    """Add up in Python integers where int64 might not hold it."""
    return int(exact_sum(values))


def _shares(people: Ints, bad: Ints, total: Ints) -> Fraction:
    """Return the sum of people times bad over total, exactly."""
    some = (bad > 0) & (people > 0)
    tops: dict[int, int] = {}
    for number, failed, events in zip(*(held[some].tolist() for held in (people, bad, total)), strict=True):
        tops[events] = tops.get(events, 0) + number * failed
    # Neighbours are joined pair by pair, so that integers grow no faster than what they stand for.
    parts = [(top, events) for events, top in sorted(tops.items())]
    while len(parts) > 1:
        joined = [_added(*both) for both in zip(parts[::2], parts[1::2], strict=False)]
        parts = joined + parts[2 * len(joined) :]
    return Fraction(*parts[0]) if parts else Fraction(0)


def _added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Add two quotients over their least common denominator."""
    (a, b), (c, d) = one, other
    common = gcd(b, d)
    return a * (d // common) + c * (b // common), b // common * d
