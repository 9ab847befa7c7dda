"""What an evaluation keeps: running sums of the evidence, and the objective's window laid over them.

Targets, expected totals and sums may be each series' own; everything here is written for any number of leading axes
and for one series alike, and a series that is picked is the same sums with fewer rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._kernels.exceed import Question
from slokit._kernels.sums import PrefixSums
from slokit._kernels.sums import Window as KernelWindow
from slokit.counts.axes import Axis, Rows, kept
from slokit.errors import OutOfTimeline, WrongType
from slokit.evaluation.thresholds import BurnThreshold
from slokit.periods import CalendarGrid
from slokit.rational import ceil_fraction, floor_fraction
from slokit.timeline import DurationLike, InstantLike, Timeline, instant_text, parse_instant
from slokit.windows import RollingGrid, RollingWindow

__all__ = ["WindowedSums"]

RationalArray = npt.NDArray[Any]


@attrs.frozen(eq=False, kw_only=True)
class WindowedSums:
    """Running sums of one evaluation.

    Parameters
    ----------
    timeline, axes
        Of the buckets or slices that are evaluated.
    bad, total
        Running sums, shape ``(..., n + 1)``.
    observed
        Running sums of the observed mask; one row where it is the same for all series.
    excluded
        Where exclusions took a bucket out, bool, shape ``(..., n)``.
    targets
        Fractions in an object array: shape ``()`` where all series share one, else that of the leading axes.
    grid
        The objective's window, laid over the buckets.
    nominal
        The length of the objective's window in nanoseconds; a calendar's at its nominal length.
    slice_worth
        Of slices: what one is worth in counts. A period's total is then known beforehand.
    expected
        The period's total that the caller expects: Python integers, shape ``()`` or that of the leading axes.
    """

    timeline: Timeline
    axes: tuple[Axis, ...]
    bad: PrefixSums
    total: PrefixSums
    observed: PrefixSums
    excluded: npt.NDArray[np.bool_]
    targets: RationalArray
    grid: RollingGrid | CalendarGrid
    nominal: int
    slice_worth: int | None = None
    expected: RationalArray | None = None

    def __attrs_post_init__(self) -> None:
        for array in (self.excluded, self.targets, self.expected):
            if array is not None:
                array.setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickling arrays forgets that they are read-only; making the sums anew remembers.
        return _restored, (attrs.asdict(self, recurse=False),)

    def same_as(self, other: WindowedSums) -> bool:
        """Say whether these are the same sums on the same timeline, of one objective's evaluation."""
        return (self.timeline, self.axes) == (other.timeline, other.axes) and all(
            np.array_equal(mine, theirs) for mine, theirs in zip(self._arrays(), other._arrays(), strict=True)
        )

    def _arrays(self) -> Iterator[Any]:
        yield from (self.excluded, self.bad.values, self.total.values, self.targets, self.expected)
        yield np.broadcast_to(self.observed.values, self.total.values.shape)

    @property
    def lead(self) -> tuple[int, ...]:
        """Lengths of the leading axes."""
        return self.bad.values.shape[:-1]

    @property
    def budget_shares(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """``1 - target`` as ``u / v``: Python integers in two object arrays of the targets' shape."""
        shape, shares = self.targets.shape, [1 - target for target in self.targets.flat]
        return objects([x.numerator for x in shares], shape), objects([x.denominator for x in shares], shape)

    def check_single(self, what: str) -> None:
        """Refuse several series where one is meant; ``what`` is what the message calls them."""
        if self.axes:
            names = ", ".join(repr(axis.name) for axis in self.axes)
            raise WrongType(
                f"{what} must be of one series, got the axes {names}; pick one with sel() or an index, or evaluate "
                "counts.sum()"
            )

    def target_of(self, index: tuple[int, ...]) -> Fraction:
        """Return the target of one series, given its place along the leading axes."""
        target: Fraction = self.targets[index] if self.targets.ndim else self.targets.item()
        return target

    def shares_at(self, cells: tuple[npt.NDArray[np.intp], ...]) -> npt.NDArray[np.float64]:
        """Return ``1 - target`` of the series of some cells, float64; cells as ``np.nonzero`` gives them."""
        shares = [float(1 - target) for target in self.targets.flat]
        return np.array(shares).reshape(self.targets.shape)[cells[:-1] if self.targets.ndim else ()]

    def allowed(self, bucket: int) -> RationalArray:
        """Return the bad events that the objective allows each series at the end of a bucket, exactly.

        What an :class:`~slokit.ErrorBudget` calls allowed, before it is rounded: Fractions in an object array of the
        leading axes' shape, 0 without data, and where there is no bucket at all (-1).
        """
        allowed = np.full(self.lead, Fraction(0), dtype=object)
        if bucket >= 0:
            at = np.array([bucket])
            total = self.total.window_exact(self.window, (at,)).astype(object)
            whole, _, _ = self.basis_totals(at, total)
            allowed += np.where(total > 0, whole, 0)[..., 0].astype(object) * (1 - self.targets)
        return allowed

    @property
    def window(self) -> KernelWindow:
        """The objective's window as the kernels take it."""
        return self.grid.kernel

    def first(self, bucket: int) -> int:
        """Return the first bucket of the objective's window that ends with a bucket."""
        window = self.window
        return max(bucket + 1 - window, 0) if isinstance(window, int) else int(window[bucket])

    def buckets(self, window: DurationLike | int) -> int:
        """Return how many buckets a rolling window holds, given as a duration or in nanoseconds.

        Raises
        ------
        InvalidWindow
            If that is no whole number.
        """
        return RollingWindow(window).buckets(self.timeline.step)

    def bucket_at(self, when: InstantLike | None) -> int:
        """Return the last bucket that is over at an instant; -1 where there are no buckets at all.

        Raises
        ------
        OutOfTimeline
            If none is over yet, or the last was over a full step before.
        """
        timeline = self.timeline
        if when is None or timeline.size == 0:
            return timeline.size - 1
        instant = parse_instant(when, "when")
        bucket = timeline.edge_index(instant) - 1
        if bucket < 0:
            raise OutOfTimeline(
                f"when must not be before the end of the first bucket, "
                f"{instant_text(timeline.start + timeline.step)}, got {instant_text(instant)}; "
                "if nothing was measured before, say so with counts.extend(since=)"
            )
        if bucket >= timeline.size:
            raise OutOfTimeline(
                f"when must be less than a bucket after the end of the data, {instant_text(timeline.end)}, got "
                f"{instant_text(instant)}; if nothing was measured since, say so with counts.extend(until=) "
                "(settle= holds the last buckets back: at() without an instant is the last one judged)"
            )
        return bucket

    def events(self, first: int, stop: int) -> tuple[int, int]:
        """Return good and bad events of buckets ``first`` to ``stop - 1`` of the one series, as Python integers."""
        bad, total = (sums.one_window((), first, stop) for sums in (self.bad, self.total))
        return total - bad, bad

    def picked(self, picks: Iterable[tuple[int, Rows]]) -> WindowedSums:
        """Return the sums of some rows, picked one axis after another; a single row drops its axis."""
        sums = self
        for axis, rows in picks:
            sums = sums._take(axis, rows)
        return sums

    def _take(self, axis: int, rows: Rows) -> WindowedSums:
        index = (slice(None),) * axis + (rows,)
        return attrs.evolve(
            self,
            axes=(*self.axes[:axis], *kept(self.axes[axis], rows), *self.axes[axis + 1 :]),
            bad=self.bad.rows(index),
            total=self.total.rows(index),
            observed=self.observed if self.observed.values.ndim == 1 else self.observed.rows(index),
            excluded=self.excluded[index],
            targets=_pick(self.targets, index),
            expected=None if self.expected is None else _pick(self.expected, index),
        )

    def question(self, threshold: BurnThreshold) -> Question:
        """Put a burn-rate threshold to the kernel as a share of bad events, reduced to what the counts can show.

        Raises
        ------
        InvalidWindow
            If a window is no whole number of buckets.
        """
        spans: tuple[KernelWindow, ...] = tuple(map(self.buckets, threshold.windows)) or (self.window,)
        # No ratio of counts lies strictly between the threshold and its neighbour with this denominator.
        most = max(1, *(self.total.bound(span) for span in spans))
        nearest = floor_fraction if threshold.op == "gt" else ceil_fraction
        # A share above 1 is never reached, however far above: 2 says that in small numbers.
        shares = [nearest(min(threshold.burn_rate * (1 - target), Fraction(2)), most) for target in self.targets.flat]
        shape = self.targets.shape
        return Question(
            objects([share.numerator for share in shares], shape),
            objects([share.denominator for share in shares], shape),
            spans,
            strict=threshold.op == "gt",
        )

    def basis_totals(
        self, at: npt.NDArray[np.int64], so_far: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.str_], npt.NDArray[np.bool_]]:
        """Return the events that the budget is a share of, at the end of some buckets.

        Parameters
        ----------
        at
            The buckets.
        so_far
            What the objective's window holds with each of them, shape ``(..., len(at))``.

        Returns
        -------
        totals
            int64 or Python integers, shape ``(..., len(at))``.
        basis
            Where they come from, shape ``(len(at),)``: see :data:`slokit.budget.Basis`.
        is_estimate
            Where they may still turn out otherwise, bool, shape ``(len(at),)``.
        """
        none = np.zeros(len(at), dtype=np.bool_)
        if isinstance(self.grid, RollingGrid):
            return so_far, np.full(len(at), "window"), none
        to_come = self.grid.to_come(at)
        if self.slice_worth is not None:
            return so_far + to_come * self.slice_worth, np.full(len(at), "full"), none
        expected: npt.NDArray[Any]
        if self.expected is not None:
            known = ~none
            expected = self.expected[..., np.newaxis] if self.expected.ndim else self.expected
        else:
            # The period before, where all of it lies on the timeline: its total is that of its last bucket's window.
            known, start = self._period_before(self.grid, at)
            last = np.where(known, start - 1, at)
            expected = np.where(known, self.total.window_exact(self.window, (last,)), so_far)
        running = to_come > 0
        basis = np.where(running, np.where(known, "expected", "elapsed"), "full")
        return np.where(running, np.maximum(so_far, expected), so_far), basis, known & running

    def rests_on_elapsed(self) -> npt.NDArray[np.bool_]:
        """Say where the budget is a share of what happened so far in a running period, bool, shape ``(n,)``."""
        at = np.arange(self.timeline.size)
        if isinstance(self.grid, RollingGrid) or self.slice_worth is not None or self.expected is not None:
            return np.zeros(len(at), dtype=np.bool_)
        return np.asarray(~self._period_before(self.grid, at)[0] & (self.grid.to_come(at) > 0))

    @staticmethod
    def _period_before(
        grid: CalendarGrid, at: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """Say for some buckets whether the period before theirs is all on the timeline, and where theirs starts."""
        period = np.searchsorted(grid.edges, at, side="right") - 1
        known = (period >= 1) & (grid.edges[np.maximum(period - 1, 0)] >= 0)
        return np.asarray(known, dtype=np.bool_), np.asarray(grid.edges[period], dtype=np.int64)


def objects(values: Sequence[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return an object array of a shape; numpy would turn Python integers into int64, or fail to."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def _pick(values: npt.NDArray[Any], index: tuple[Any, ...]) -> npt.NDArray[Any]:
    """Index values that each series has its own; one value for all stays."""
    return np.asarray(values[index], dtype=object) if values.ndim else values


def _restored(fields: dict[str, Any]) -> WindowedSums:
    return WindowedSums(**fields)
