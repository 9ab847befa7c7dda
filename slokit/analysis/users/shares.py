"""The share of users that the objective is met for, at the end of every bucket, and those who fare worst."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, percent
from slokit.counts.axes import axis_index, labels_of
from slokit.errors import WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import check_evaluation
from slokit.rational import parse_integer
from slokit.status import Status
from slokit.timeline import InstantLike, Timeline, to_datetime

__all__ = ["Within", "axis_of", "within"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_SHOWN = 5


@attrs.frozen(kw_only=True, repr=False)
class Within(Shown):
    """For how many series the objective is met at the end of every bucket; the arrays are read-only.

    Parameters
    ----------
    axis
        What is counted along.
    met, judged
        How many labels of the axis meet the objective, and how many have data to judge by: int64, shape ``(..., n)``
        of the other axes and the buckets.
    evaluation
        What was looked at.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(
    ...     start="2026-01-01T00:00Z",
    ...     step="1h",
    ...     total=[[900, 900], [50, 50], [0, 50]],
    ...     bad=[[1, 1], [0, 9], [0, 0]],
    ...     labels={"tenant": ["acme", "globex", "initech"]},
    ... )
    >>> found = within(SLO("api", sli=SLI.ratio("up"), target="99%", window="1h").evaluate(counts))
    >>> found.met.tolist(), found.judged.tolist()
    ([2, 2], [2, 3])
    >>> found.share_at()
    Fraction(2, 3)
    >>> found
    within api: 66.7% of 3 by tenant at 2026-01-01 02:00 UTC; worst: globex -1,700%, acme 88.9%, initech 100% left
    """

    _caption = "Users within their objective"

    axis: str
    met: Ints = attrs.field(eq=attrs.cmp_using(eq=np.array_equal))
    judged: Ints = attrs.field(eq=attrs.cmp_using(eq=np.array_equal))
    evaluation: Evaluation

    __hash__ = None  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        self.met.setflags(write=False)
        self.judged.setflags(write=False)

    @property
    def timeline(self) -> Timeline:
        """The buckets."""
        return self.evaluation.timeline

    @property
    def share(self) -> Floats:
        """Share of the labels with data that meet the objective, float64, shape ``(..., n)``; NaN where none has."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.met / np.where(self.judged, self.judged, np.nan))

    def share_at(self, when: InstantLike | None = None) -> Fraction | None:
        """Return the share at an instant, exactly, over all other axes too; None without data.

        Raises
        ------
        OutOfTimeline
            As for :meth:`slokit.Evaluation.at`.
        """
        bucket = self.evaluation._sums.bucket_at(when)
        if bucket < 0:
            return None
        met, judged = (int(held[..., bucket].sum()) for held in (self.met, self.judged))
        return Fraction(met, judged) if judged else None

    def worst(self, count: int = _SHOWN, when: InstantLike | None = None) -> tuple[Status, ...]:
        """Return the statuses of the series with the least of their budget left, the worst first.

        Series without data are not among them; of equals the earlier labels come first.

        Parameters
        ----------
        count
            How many at most.
        when
            As for :meth:`slokit.Evaluation.at`.

        Raises
        ------
        OutOfTimeline
            As for :meth:`slokit.Evaluation.at`.
        InvalidNumber
            If ``count`` is negative.
        """
        parse_integer(count, "count")
        ev = self.evaluation
        bucket = ev._sums.bucket_at(when)
        if bucket < 0:
            return ()
        left = ev._budgets(np.array([bucket])).remaining_ratio.ravel()
        some = np.flatnonzero(~np.isnan(left))
        rows = some[np.argsort(left[some], kind="stable")][:count]
        lead = ev._sums.lead
        end = np.datetime64(ev.timeline.end_of(bucket), "ns")
        found = []
        for row in rows.tolist():
            index = tuple(int(i) for i in np.unravel_index(row, lead))
            found.append(attrs.evolve(ev[index].at(end), labels=labels_of(ev.axes, index)))
        return tuple(found)

    def _facts(self) -> Iterator[tuple[str, str]]:
        share = self.share_at() if self.timeline.size else None
        if share is None:
            yield "share", "no data"
            return
        judged = int(self.judged[..., -1].sum())
        when = to_datetime(self.timeline.end)
        yield "share", f"{percent(share, 1)} of {judged:,} by {clean(self.axis, 40)} at {when:%Y-%m-%d %H:%M} UTC"
        names = [
            f"{'/'.join(clean(label, 40) for _, label in status.labels)} {_left(status)}" for status in self.worst()
        ]
        yield "worst", f"worst: {', '.join(names)} left"

    def __repr__(self) -> str:
        return f"within {clean(self.evaluation.slo.name, 60)}: {'; '.join(text for _, text in self._facts())}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "objective", clean(self.evaluation.slo.name)
        yield from self._facts()


def _left(status: Status) -> str:
    ratio = status.error_budget.remaining_ratio
    return "no data" if ratio is None else percent(ratio, 1)


def within(ev: Evaluation, axis: str | None = None) -> Within:
    """Count at the end of every bucket for how many series the objective is met.

    Parameters
    ----------
    ev
        With at least one axis; targets of their own are each held against their own.
    axis
        What users are told apart by; may be left out where there is one axis. Other axes stay.

    Raises
    ------
    WrongType
        If there is no axis, or several and none is named.
    UnknownLabel
        If there is no such axis.
    """
    name, at = axis_of(ev, axis)
    has, missed = ev.has_data, ev.missed
    return Within(
        axis=name, met=(has & ~missed).sum(axis=at, dtype=np.int64), judged=has.sum(axis=at, dtype=np.int64),
        evaluation=ev,
    )  # fmt: skip


def axis_of(ev: Evaluation, axis: str | None) -> tuple[str, int]:
    """Return the name and the place of an axis."""
    axes = check_evaluation(ev).axes
    if axis is None:
        if len(axes) != 1:
            named = f"the axes {', '.join(repr(one.name) for one in axes)}; name one" if axes else "none"
            raise WrongType(f"axis must say what users are told apart by where there is not one alone, got {named}")
        return axes[0].name, 0
    return axis, axis_index(axes, axis)
