"""An evaluation: an objective held against evidence, at the end of every bucket.

It keeps running sums, not the arrays that can be asked of it: each array is made when it is asked for, from two
views of those sums. Compliance, burn rates, alerts and what a policy asks are all the same question to the same
kernel: does a window hold a larger share of bad events than this rational?

Booleans are exact. Floats of arrays are within 1e-12 of the truth, relative to it, and exactly 0 where it is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import html_table, plural
from slokit._kernels import exceed, ratios
from slokit._kernels.sums import PrefixSums, Window
from slokit.budget import Basis, ErrorBudget, ErrorBudgetArrays
from slokit.counts.axes import Axis, axis_index, label_index
from slokit.errors import InvalidAlert, OutOfTimeline, UnknownLabel, WrongType
from slokit.periods import CalendarGrid
from slokit.rational import RationalLike, ceil_fraction, floor_fraction, parse_rational, percent_text
from slokit.status import Status, StatusTable, Verdict
from slokit.timeline import (
    DurationLike,
    InstantLike,
    Timeline,
    duration_text,
    instant_text,
    parse_instant,
    to_datetime,
)
from slokit.windows import RollingWindow

if TYPE_CHECKING:
    from slokit.protocols import Objective

__all__ = ["BurnCondition", "Comparison", "Evaluation", "WorstWindow"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
RationalArray = npt.NDArray[Any]

Comparison = Literal["gt", "gte"]
"""Strictly greater, or at least as great; without data neither holds."""


class BurnCondition(NamedTuple):
    """All of some windows burn faster than a threshold."""

    burn_rate: RationalLike
    windows: tuple[DurationLike, ...]
    op: Comparison = "gt"


@attrs.frozen(kw_only=True)
class WorstWindow:
    """The window of one length that burned fastest.

    Parameters
    ----------
    window
        Its length, as text.
    start, end
        Its edges, in UTC; ``end`` is the end of its last bucket.
    good, bad
        Its events.
    burn_rate
        Its burn rate; None where no window of this length holds data.
    labels
        Which series, as pairs of an axis and its label.
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


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Evaluation:
    """An objective held against evidence: what :meth:`slokit.SLO.evaluate` returns.

    Arrays have shape ``(..., n)``: the leading axes of the counts, then one entry a bucket of :attr:`timeline`, which
    says what was known at that bucket's end. Each is a new array, made when it is asked for.

    Parameters
    ----------
    slo
        The objective.
    timeline
        The buckets, or for the timeslice methods the slices.
    axes
        The leading axes.
    unit
        What is counted: ``"events"``, ``"slices"``, ``"1e-9 slices"``, or what the indicator counts in.
    excluded
        Where exclusions took a bucket out, bool, shape ``(..., n)``.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", good=[99, 95, 100], bad=[1, 5, 0])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="98%", window="2h").evaluate(counts)
    >>> ev.sli, ev.met
    (array([0.99 , 0.97 , 0.975]), array([ True, False, False]))
    >>> ev.error_budget.remaining_ratio.tolist()
    [0.5, -0.5, -0.25]
    >>> ev.burning(1, "2h", "1h")
    array([False,  True, False])
    """

    slo: Objective
    timeline: Timeline
    axes: tuple[Axis, ...]
    unit: str
    excluded: BoolArray
    _bad: PrefixSums
    _total: PrefixSums
    # Sums of the observed mask: one row for all series where it is the same for all.
    _observed: PrefixSums
    # Fractions, shape () where all series share one target, else that of the leading axes.
    _targets: RationalArray
    # Of calendar windows: which period each bucket belongs to.
    _grid: CalendarGrid | None = None
    # Of slices: what one is worth in counts. The whole period's total is then known beforehand.
    _slice_worth: int | None = None
    # The period's total that the caller expects: Python integers, shape () or that of the leading axes.
    _expected: RationalArray | None = None

    __hash__: ClassVar[None]  # type: ignore[assignment]

    # --- the objective's own window -----------------------------------------------------------------

    @property
    def sli(self) -> FloatArray:
        """Share of good events in the window, float64; NaN without data."""
        good = self._total.minus(self._bad)
        return np.asarray(ratios.window_ratios(good, self._total, [self._window])[0])

    @property
    def has_data(self) -> BoolArray:
        """Where the window holds any event, bool."""
        return exceed.has_events(self._total, self._window)

    @property
    def missed(self) -> BoolArray:
        """Where the window has data and its share of good events is below the target, bool."""
        return self.burning(1)

    @property
    def met(self) -> BoolArray:
        """Where the window has data and its share of good events reaches the target, bool."""
        return np.asarray(self.has_data & ~self.missed)

    @property
    def coverage(self) -> FloatArray:
        """Observed buckets over the buckets that the window should hold, float64, 0 to 1.

        A window that reaches before the data is not fully covered. Filling what is missing does not raise coverage.
        """
        held = self._held(np.arange(self.timeline.size))
        covered = self._observed.window_ints(self._window) / held
        return np.array(np.broadcast_to(covered, self.excluded.shape))

    @property
    def error_budget(self) -> ErrorBudgetArrays:
        """The error budget at the end of every bucket, as arrays."""
        at = np.arange(self.timeline.size)
        whole, basis, is_estimate = self._basis_totals(at)
        left = np.asarray(1 - self._targets, dtype=object)
        return ErrorBudgetArrays(
            bad=self._bad.window_exact(self._window),
            basis_total=np.where(self.has_data, whole, 0),
            u=_numerators(left),
            v=_denominators(left),
            basis=basis,
            is_estimate=is_estimate,
        )

    # --- rolling windows of any length ----------------------------------------------------------------

    def burn_rate(self, window: DurationLike | None = None) -> FloatArray:
        """Return the burn rate over a rolling window, float64, shape ``(..., n)``; NaN without data.

        Parameters
        ----------
        window
            Such as ``"1h"``; by default the objective's own (for a calendar window: the period so far).

        Raises
        ------
        InvalidWindow
            If the window is no whole number of buckets; the message names a step that fits.
        """
        span = self._window if window is None else self._buckets(window)
        return np.asarray(self._burn_rates([span], 1)[0])

    def burn_rates(self, windows: Iterable[DurationLike], *, threads: int = 1) -> FloatArray:
        """Return the burn rates over several rolling windows, float64, shape ``(k, ..., n)``.

        One call is faster than k: the running sums are read once.

        Parameters
        ----------
        windows
            k durations, such as ``["5m", "1h", "6h"]``.
        threads
            How many threads share the series; none outlives the call.
        """
        return self._burn_rates([self._buckets(window) for window in windows], threads)

    def burning(self, burn_rate: RationalLike, *windows: DurationLike, op: Comparison = "gt") -> BoolArray:
        """Say where every one of some rolling windows burns faster than a threshold: bool, exact.

        Parameters
        ----------
        burn_rate
            The threshold, read as a decimal: ``14.4`` is 72/5.
        *windows
            Durations; without one, the objective's own window.
        op
            ``"gt"`` for strictly faster, ``"gte"`` for at least as fast. Without data neither holds.

        Raises
        ------
        InvalidWindow
            If a window is no whole number of buckets.

        Examples
        --------
        >>> from slokit import SLI, SLO, Counts
        >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1m", total=[10_000], bad=[144])
        >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="1m").evaluate(counts)
        >>> ev.burning(14.4, "1m"), ev.burning(14.4, "1m", op="gte")
        (array([False]), array([ True]))
        """
        return np.asarray(self.burning_each([BurnCondition(burn_rate, windows, op)])[0])

    def burning_each(self, conditions: Iterable[BurnCondition], *, threads: int = 1) -> BoolArray:
        """Answer several :meth:`burning` questions in one call: bool, shape ``(k, ..., n)``."""
        return exceed.exceeds(self._bad, self._total, [self._question(*c) for c in conditions], threads)

    def worst(self, windows: Iterable[DurationLike]) -> list[WorstWindow]:
        """Find the rolling window of each length that burned fastest, over all series.

        Of equals the one with more bad events is reported, then the earliest.

        Parameters
        ----------
        windows
            Durations, such as ``["5m", "1h", "1d"]``.
        """
        return [self._worst(window) for window in windows]

    # --- one instant ------------------------------------------------------------------------------------

    def at(self, when: InstantLike | None = None) -> Status | StatusTable:
        """Return the status at an instant: one, or a table over leading axes.

        Parameters
        ----------
        when
            The last bucket that is over at this instant is what is reported; the running one would look ahead. By
            default the last bucket of all.

        Raises
        ------
        OutOfTimeline
            If no bucket is over yet, or the last was over a full step before: ``counts.extend(until=)`` makes a
            silence visible.
        """
        bucket = self._bucket_at(when)
        if not self.axes:
            return self._status(bucket, ())
        return StatusTable(
            self.axes, tuple(self[index]._status(bucket, self._names(index)) for index in np.ndindex(*self._lead))
        )

    def events_within(self, window: DurationLike, bucket: int = -1) -> tuple[int, int]:
        """Return good and bad events of a rolling window that ends with a bucket, for one series, as Python integers.

        Raises
        ------
        WrongType
            If there are several series; pick one first.
        InvalidWindow
            If the window is no whole number of buckets.
        """
        if self.axes:
            raise WrongType(f"there are {len(self.axes)} leading axes; pick one series first, with sel() or an index")
        stop = (bucket if bucket >= 0 else self.timeline.size + bucket) + 1
        return self._events(max(stop - self._buckets(window), 0), stop)

    # --- series -----------------------------------------------------------------------------------------

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """The labels along each leading dimension, by its name, in order."""
        return {axis.name: axis.labels for axis in self.axes}

    @property
    def target(self) -> Fraction:
        """The target of these series.

        Raises
        ------
        WrongType
            If they have different ones.
        """
        targets = set(self._targets.flat)
        if len(targets) > 1:
            raise WrongType("the series have targets of their own; pick one series first, with sel() or an index")
        return next(iter(targets), self.slo.target)

    def sel(self, **labels: str | Iterable[str]) -> Evaluation:
        """Pick series by label: one, which drops the axis, or several, which keep it.

        Raises
        ------
        UnknownLabel
            If there is no such axis or label.
        """
        picked = self
        for name, wanted in labels.items():
            at = axis_index(picked.axes, name)
            axis = picked.axes[at]
            rows: int | list[int]
            rows = label_index(axis, wanted) if isinstance(wanted, str) else [label_index(axis, w) for w in wanted]
            picked = picked._take(at, rows)
        return picked

    def __getitem__(self, index: int | tuple[int, ...]) -> Evaluation:
        """Pick a row of the first axis by position, or with a tuple of the first few."""
        rows = index if isinstance(index, tuple) else (index,)
        if len(rows) > len(self.axes):
            raise WrongType(f"there are {len(self.axes)} leading axes, got {len(rows)} positions")
        picked = self
        for row in rows:
            if isinstance(row, bool) or not isinstance(row, int | np.integer):
                raise WrongType(f"a row must be an integer, got {type(row).__name__}; labels go to sel()")
            length = len(picked.axes[0].labels)
            if not -length <= row < length:
                raise UnknownLabel(f"axis {picked.axes[0].name!r} has {length:,} rows, got row {row}")
            picked = picked._take(0, int(row))
        return picked

    def _take(self, axis: int, rows: int | list[int]) -> Evaluation:
        index = (slice(None),) * axis + (rows,)
        held = self.axes[axis]
        kept = () if isinstance(rows, int) else (Axis(held.name, tuple(held.labels[i] for i in rows)),)
        return attrs.evolve(
            self,
            axes=(*self.axes[:axis], *kept, *self.axes[axis + 1 :]),
            excluded=self.excluded[index],
            bad=self._bad.rows(index),
            total=self._total.rows(index),
            observed=self._observed if self._observed.values.ndim == 1 else self._observed.rows(index),
            targets=_pick(self._targets, index),
            expected=None if self._expected is None else _pick(self._expected, index),
        )

    # --- being a value ----------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Evaluation):
            return NotImplemented
        same = (self.slo, self.timeline, self.axes, self.unit) == (other.slo, other.timeline, other.axes, other.unit)
        return same and all(
            np.array_equal(mine, theirs) for mine, theirs in zip(self._arrays(), other._arrays(), strict=True)
        )

    def _arrays(self) -> Iterator[Any]:
        yield from (self.excluded, self._bad.values, self._total.values, self._targets, self._expected)
        yield np.broadcast_to(self._observed.values, self._total.values.shape)

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "objective", f"{percent_text(self.slo.target)} over {self.slo.window}"
        if self.axes:
            yield "series", plural(int(np.prod(self._lead)), "series", "series")
        if self.timeline.size:
            last = instant_text(self.timeline.end)
            yield "buckets", f"{plural(self.timeline.size, 'bucket')} of {duration_text(self.timeline.step)} to {last}"

    def __repr__(self) -> str:
        head = f"Evaluation of {self.slo.name!r}: {', '.join(text for _, text in self._facts())}"
        return f"{head}\n{self.at()!r}"

    def _repr_html_(self) -> str:
        return html_table(list(self._facts()), caption=f"Evaluation of {self.slo.name}") + self.at()._repr_html_()

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        yield "slo", self.slo.name
        yield from self._facts()

    # --- underneath -------------------------------------------------------------------------------------

    @property
    def _lead(self) -> tuple[int, ...]:
        return self._bad.values.shape[:-1]

    @property
    def _window(self) -> Window:
        """The objective's window as the kernels want it."""
        if self._grid is not None:
            return np.maximum(self._grid.left, 0)
        return self._buckets_of(RollingWindow(self.slo.window.nominal))

    def _buckets(self, window: DurationLike) -> int:
        return self._buckets_of(RollingWindow.of(window))

    def _buckets_of(self, window: RollingWindow) -> int:
        return window.buckets(self.timeline.step)

    def _held(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | int:
        """Return how many buckets the window that ends with each bucket should hold."""
        window = self._window
        return window if isinstance(window, int) or self._grid is None else at + 1 - self._grid.left[at]

    def _burn_rates(self, windows: Sequence[Window], threads: int) -> FloatArray:
        scale = np.array([float(1 / (1 - target)) for target in self._targets.flat]).reshape(self._targets.shape)
        return ratios.window_ratios(self._bad, self._total, windows, scale, threads)

    def _question(self, burn_rate: RationalLike, windows: tuple[DurationLike, ...], op: Comparison) -> exceed.Question:
        """Put a burn-rate threshold to the kernel as a share of bad events, reduced to what the counts can show."""
        if op not in ("gt", "gte"):
            raise InvalidAlert(f'op must be "gt" or "gte", got {op!r}')
        rate = parse_rational(burn_rate, "burn_rate")
        if rate < 0:
            raise InvalidAlert(f"burn_rate must not be negative, got {burn_rate}")
        spans: tuple[Window, ...] = tuple(self._buckets(window) for window in windows) or (self._window,)
        # No ratio of counts lies strictly between the threshold and its neighbour with this denominator.
        most = max(1, *(self._total.bound(span) for span in spans))
        nearest = floor_fraction if op == "gt" else ceil_fraction
        # A share above 1 is never reached, however far above: 2 says that in small numbers.
        shares = [nearest(min(rate * (1 - target), Fraction(2)), most) for target in self._targets.flat]
        share = _objects(shares, self._targets.shape)
        return exceed.Question(_numerators(share), _denominators(share), spans, strict=op == "gt")

    def _basis_totals(
        self, at: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.str_], npt.NDArray[np.bool_]]:
        """Return, for some buckets, the events that the budget is a share of, where they come from, and if guessed."""
        window, grid = self._window, self._grid
        so_far = self._total.window_exact(window, (at,))
        basis = np.full(len(at), "window", dtype="<U8")
        guessed = np.zeros(len(at), dtype=np.bool_)
        if grid is None:
            return so_far, basis, guessed
        to_come = grid.right[at] - 1 - at
        if self._slice_worth is not None:
            basis[:] = "full"
            return so_far + to_come * self._slice_worth, basis, guessed
        if self._expected is not None:
            basis[:] = "expected"
            expected = self._expected[..., np.newaxis] if self._expected.ndim else self._expected
        else:
            # The period before, where all of it lies on the timeline: its total is that of its last bucket's window.
            period = np.searchsorted(grid.edges, at, side="right") - 1
            before = np.maximum(period - 1, 0)
            known = (period >= 1) & (grid.edges[before] >= 0)
            basis[:] = np.where(known, "expected", "elapsed")
            last = np.where(known, grid.edges[period] - 1, at)
            expected = np.where(known, self._total.window_exact(window, (last,)), so_far)
        guessed = (basis == "expected") & (to_come > 0)
        basis[to_come == 0] = "full"
        return np.where(to_come > 0, np.maximum(so_far, expected), so_far), basis, guessed

    def _bucket_at(self, when: InstantLike | None) -> int:
        """Return the last bucket that is over at an instant; -1 where there are no buckets at all."""
        timeline = self.timeline
        if when is None or timeline.size == 0:
            return timeline.size - 1
        instant = parse_instant(when, "when")
        bucket = timeline.edge_index(instant) - 1
        if bucket < 0:
            raise OutOfTimeline(
                f"when must not be before the end of the first bucket, "
                f"{instant_text(timeline.start + timeline.step)}, got {instant_text(instant)}; "
                "earlier evidence is missing, or counts.extend(since=) says that there was none"
            )
        if bucket >= timeline.size:
            raise OutOfTimeline(
                f"when must be less than a bucket after the end of the data, {instant_text(timeline.end)}, got "
                f"{instant_text(instant)}; if nothing was measured since, say so with counts.extend(until=)"
            )
        return bucket

    def _events(self, first: int, stop: int) -> tuple[int, int]:
        """Return good and bad events of some buckets of one series."""
        bad, total = (sums.one_window((), first, stop) for sums in (self._bad, self._total))
        return total - bad, bad

    def _status(self, bucket: int, labels: tuple[tuple[str, str], ...]) -> Status:
        """Return the status of one series at the end of a bucket."""
        if bucket < 0:
            budget = ErrorBudget(target=self.target, good=0, bad=0, basis_total=0, unit=self.unit)
            return self._status_of(bucket, labels, budget, "no_data", Fraction(0), Fraction(0))
        at = np.array([bucket])
        window = self._window
        first = max(bucket + 1 - window, 0) if isinstance(window, int) else int(window[bucket])
        good, bad = self._events(first, bucket + 1)
        whole, basis, guessed = self._basis_totals(at)
        budget = ErrorBudget(
            target=self.target,
            good=good,
            bad=bad,
            basis_total=int(whole[0]),
            basis=_BASES[str(basis[0])],
            is_estimate=bool(guessed[0]),
            unit=self.unit,
        )
        held = int(np.ravel(self._held(at))[0])
        seen = self._observed.one_window((), first, bucket + 1)
        taken = int(np.count_nonzero(self.excluded[first : bucket + 1]))
        verdict = self._verdict(budget, bucket)
        return self._status_of(bucket, labels, budget, verdict, Fraction(seen, held), Fraction(taken, held))

    def _status_of(
        self,
        bucket: int,
        labels: tuple[tuple[str, str], ...],
        budget: ErrorBudget,
        verdict: Verdict,
        coverage: Fraction,
        excluded: Fraction,
    ) -> Status:
        return Status(
            name=self.slo.name,
            labels=labels,
            time=to_datetime(self.timeline.start + (bucket + 1) * self.timeline.step) if bucket >= 0 else None,
            good=budget.good,
            bad=budget.bad,
            coverage=float(coverage),
            verdict=verdict,
            target=self.target,
            window=self.slo.window,
            unit=self.unit,
            error_budget=budget,
            excluded=float(excluded),
            evaluation=self,
            bucket=bucket,
        )

    def _verdict(self, budget: ErrorBudget, bucket: int) -> Verdict:
        """Judge a window, or a running period by what it may still come to."""
        bad, total, target = budget.bad, budget.total, budget.target
        if not total:
            return "no_data"
        grid = self._grid
        to_come = int(grid.right[bucket]) - 1 - bucket if grid is not None else 0
        if grid is None or to_come == 0:
            return "met" if Fraction(bad, total) <= 1 - target else "missed"
        if self._slice_worth is not None:
            rest = to_come * self._slice_worth
            if bad > (1 - target) * (total + rest):
                return "lost"
            if bad + rest <= (1 - target) * (total + rest):
                return "secured"
        elif target == 0:
            return "secured"
        period = int(grid.right[bucket] - grid.left[bucket])
        return "at_risk" if bad > Fraction(period - to_come, period) * (1 - target) * budget.basis_total else "on_track"

    def _names(self, index: tuple[int, ...]) -> tuple[tuple[str, str], ...]:
        return tuple((axis.name, axis.labels[i]) for axis, i in zip(self.axes, index, strict=True))

    def _worst(self, window: DurationLike) -> WorstWindow:
        """Find the worst window of one length: floats propose, integers decide."""
        width = self._buckets(window)
        peak: tuple[Fraction, int] | None = None
        found: tuple[tuple[int, ...], int] = ((), 0)
        for index in np.ndindex(*self._lead):
            bad, total = (sums.rows(index).window_exact(width) for sums in (self._bad, self._total))
            target = self._targets[index] if self._targets.ndim else self._targets[()]
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.divide(bad.astype(np.float64), total.astype(np.float64))
            if not np.any(total > 0):
                continue
            near = np.flatnonzero(share >= np.nanmax(share) * (1 - 1e-12))
            # Few different pairs are left: all-bad windows, say, or one window's plateau.
            for pair in dict.fromkeys(zip(bad[near].tolist(), total[near].tolist(), strict=True)):
                rank = Fraction(pair[0], pair[1]) / (1 - target), pair[0]
                if peak is None or rank > peak:
                    where = near[(bad[near] == pair[0]) & (total[near] == pair[1])][0]
                    peak, found = rank, (index, int(where))
        text = duration_text(RollingWindow.of(window).duration)
        if peak is None:
            return WorstWindow(window=text, start=None, end=None, good=0, bad=0, burn_rate=None)
        index, bucket = found
        good, bad_events = self[index]._events(max(bucket + 1 - width, 0), bucket + 1)
        end = self.timeline.start + (bucket + 1) * self.timeline.step
        return WorstWindow(
            window=text,
            start=to_datetime(end - width * self.timeline.step),
            end=to_datetime(end),
            good=good,
            bad=bad_events,
            burn_rate=float(peak[0]),
            labels=self._names(index),
        )


_BASES: dict[str, Basis] = {"window": "window", "full": "full", "expected": "expected", "elapsed": "elapsed"}


def _objects(values: Sequence[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def _numerators(fractions: RationalArray) -> npt.NDArray[Any]:
    return _objects([x.numerator for x in fractions.flat], fractions.shape)


def _denominators(fractions: RationalArray) -> npt.NDArray[Any]:
    return _objects([x.denominator for x in fractions.flat], fractions.shape)


def _pick(values: npt.NDArray[Any], index: tuple[Any, ...]) -> npt.NDArray[Any]:
    """Index values that each series has its own; one value for all stays."""
    return np.asarray(values[index], dtype=object) if values.ndim else values
