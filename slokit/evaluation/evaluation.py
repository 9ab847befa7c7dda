"""An evaluation: an objective held against evidence, at the end of every bucket.

It keeps running sums, not the arrays that can be asked of it: each array is made when it is asked for, from two
views of those sums. Compliance, burn rates, alerts and what a policy asks are all the same question to the same
kernel: does a window hold a larger share of bad events than this rational?

Booleans are exact. Floats of arrays are within 1e-12 of the truth, relative to it, and exactly 0 where it is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import html_table, plural
from slokit._kernels import exceed, ratios
from slokit._kernels.sums import Window as KernelWindow
from slokit.budget import ErrorBudgetArrays
from slokit.counts.axes import Axis, picks_by_label, picks_by_position
from slokit.errors import WrongType
from slokit.evaluation.instants import least_budgets, status_at
from slokit.evaluation.spending import spends, spent_share
from slokit.evaluation.sums import WindowedSums
from slokit.evaluation.thresholds import (
    BurnThreshold,
    Comparison,
    check_threads,
    parse_comparison,
    parse_share,
    several,
)
from slokit.evaluation.worst import WorstWindow, worst_window
from slokit.rational import RationalLike, percent_text
from slokit.status import Status, StatusTable
from slokit.timeline import DurationLike, InstantLike, Timeline, duration_text, instant_text, parse_instant

if TYPE_CHECKING:
    from slokit.protocols import Objective

__all__ = ["Evaluation"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@attrs.frozen(eq=False, repr=False)
class Evaluation:
    """An objective held against evidence: what :meth:`slokit.SLO.evaluate` returns.

    Arrays have shape ``(..., n)``: the leading axes of the counts, then one entry a bucket of :attr:`timeline`, which
    says what was known at that bucket's end. Each is a new array, made when it is asked for (``excluded`` is kept).

    Parameters
    ----------
    slo
        The objective.
    unit
        What is counted: ``"events"``, ``"slices"``, ``"1e-9 slices"``, or what the indicator counts in.
    sums
        The evidence as the kernels want it.

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
    unit: str
    _sums: WindowedSums

    __hash__: ClassVar[None]  # type: ignore[assignment]

    @property
    def timeline(self) -> Timeline:
        """The buckets, or for the timeslice methods the slices."""
        return self._sums.timeline

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The leading axes."""
        return self._sums.axes

    @property
    def excluded(self) -> BoolArray:
        """Where exclusions took a bucket out, bool, shape ``(..., n)``."""
        return self._sums.excluded

    # --- the objective's own window -----------------------------------------------------------------

    @property
    def sli(self) -> FloatArray:
        """Share of good events in the window, float64; NaN without data."""
        sums = self._sums
        return np.asarray(ratios.window_ratios(sums.total.minus(sums.bad), sums.total, [sums.window])[0])

    @property
    def has_data(self) -> BoolArray:
        """Where the window holds any event, bool."""
        return exceed.has_events(self._sums.total, self._sums.window)

    @property
    def bucket_has_data(self) -> BoolArray:
        """Which buckets hold events of their own, filled ones included, bool."""
        # A bucket fits int64, so its running sum has moved even where it has wrapped.
        values = self._sums.total.values
        return np.asarray(values[..., 1:] != values[..., :-1])

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
        sums = self._sums
        covered = sums.observed.window_ints(sums.window) / sums.grid.held(np.arange(self.timeline.size))
        return np.array(np.broadcast_to(covered, self.excluded.shape))

    @property
    def error_budget(self) -> ErrorBudgetArrays:
        """The error budget at the end of every bucket, as arrays."""
        return self._budgets(np.arange(self.timeline.size))

    def _budgets(self, at: npt.NDArray[np.int64]) -> ErrorBudgetArrays:
        """Return the error budgets at the end of some buckets."""
        sums = self._sums
        # All buckets at once are two views; some are gathered.
        cells = None if len(at) == self.timeline.size else (at,)
        total = sums.total.window_exact(sums.window, cells)
        whole, basis, is_estimate = sums.basis_totals(at, total)
        return ErrorBudgetArrays(
            bad=sums.bad.window_exact(sums.window, cells),
            basis_total=np.where(total > 0, whole, 0),
            targets=sums.targets,
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
        span = self._sums.window if window is None else self._sums.buckets(window)
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
        return self._burn_rates([self._sums.buckets(w) for w in several(windows, "windows")], threads)

    def _burn_rates(self, windows: Sequence[KernelWindow], threads: int) -> FloatArray:
        share = self._sums.budget_shares
        return ratios.window_ratios(self._sums.bad, self._sums.total, windows, share, check_threads(threads))

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
        return np.asarray(self.burning_each([BurnThreshold(burn_rate, windows, op)])[0])

    def burning_each(self, thresholds: Iterable[BurnThreshold], *, threads: int = 1) -> BoolArray:
        """Answer several :meth:`burning` questions in one call: bool, shape ``(k, ..., n)``."""
        sums = self._sums
        return exceed.exceeds(sums.bad, sums.total, [sums.question(one) for one in thresholds], check_threads(threads))

    def spent(self, share: RationalLike, window: DurationLike | None = None, *, op: Comparison = "gt") -> BoolArray:
        """Say where more than a share of the objective's whole budget was spent: bool, exact, shape ``(..., n)``.

        Parameters
        ----------
        share
            Of the budget, read as a decimal: ``"2%"`` is 1/50, and 1 is all of it.
        window
            What was spent in a rolling window alone, held against the budget of a rolling window as long as the
            objective's (for a calendar window: its nominal length); by default what the objective's own window spent,
            against the budget as :attr:`error_budget` has it.
        op
            ``"gt"`` for more, ``"gte"`` for at least as much. Without data neither holds.

        Raises
        ------
        InvalidAlert
            If the share is negative.
        InvalidWindow
            If the window is no whole number of buckets.

        Examples
        --------
        >>> from slokit import SLI, SLO, Counts
        >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100, 900], bad=[1, 0])
        >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts)
        >>> ev.spent("10%"), ev.spent("10%", op="gte"), ev.spent("10%", "1h")
        (array([ True, False]), array([ True,  True]), array([ True, False]))
        """
        return spends(self._sums, parse_share(share), window, parse_comparison(op))

    def spent_share(self, window: DurationLike | None = None, bucket: int = -1) -> Fraction | None:
        """Return the share of the objective's whole budget that one series spent, exact; None without data.

        What :meth:`spent` compares, at the end of one bucket.

        Parameters
        ----------
        window
            As for :meth:`spent`: a rolling window alone, or by default the objective's own.
        bucket
            The bucket; negative ones count from the last.

        Raises
        ------
        WrongType
            If there are several series; pick one first.
        OutOfTimeline
            If there is no such bucket.
        InvalidWindow
            If the window is no whole number of buckets.

        Examples
        --------
        >>> from slokit import SLI, SLO, Counts
        >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100, 900], bad=[1, 3])
        >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts)
        >>> ev.spent_share(), ev.spent_share("1h"), ev.spent_share(bucket=0)
        (Fraction(2, 5), Fraction(3, 10), Fraction(1, 1))
        """
        self._sums.check_single("the evaluation")
        return spent_share(self._sums, window, self.timeline.position(bucket))

    def worst(
        self, windows: Iterable[DurationLike], *, start: InstantLike | None = None, end: InstantLike | None = None
    ) -> list[WorstWindow]:
        """Find the rolling window of each length that burned fastest, over all series.

        Windows that reach before the data count only where the data hold no whole one. Of equals the one with more bad
        events is reported, then the earliest.

        Parameters
        ----------
        windows
            Durations, such as ``["5m", "1h", "1d"]``.
        start, end
            Look only at windows that lie wholly inside ``[start, end)``.
        """
        first, last = (None if t is None else parse_instant(t, f) for t, f in ((start, "start"), (end, "end")))
        return [worst_window(self._sums, window, first, last) for window in several(windows, "windows")]

    # --- one instant ------------------------------------------------------------------------------------

    def at(self, when: InstantLike | None = None) -> Status | Any:
        """Return the status at an instant; over leading axes a :class:`~slokit.StatusTable`.

        It is typed ``Status | Any``, so that whoever has one series need not tell a type checker so; whoever has
        several calls :meth:`statuses`, which is always a table.

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
        return self.statuses(when) if self.axes else status_at(self, self._sums.bucket_at(when))

    def statuses(self, when: InstantLike | None = None) -> StatusTable:
        """Return the statuses of all series at an instant, as :meth:`at` does; one series makes a table of one.

        Raises
        ------
        OutOfTimeline
            As for :meth:`at`.
        """
        bucket = self._sums.bucket_at(when)
        return StatusTable(self.axes, tuple(status_at(self, bucket, index) for index in np.ndindex(*self._sums.lead)))

    def events_within(self, window: DurationLike, bucket: int = -1) -> tuple[int, int]:
        """Return good and bad events of a rolling window that ends with a bucket, for one series, as Python integers.

        Raises
        ------
        WrongType
            If there are several series; pick one first.
        InvalidWindow
            If the window is no whole number of buckets.
        """
        self._sums.check_single("the evaluation")
        stop = self.timeline.position(bucket) + 1
        return self._sums.events(max(stop - self._sums.buckets(window), 0), stop)

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
        targets = set(self._sums.targets.flat)
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
        return attrs.evolve(self, sums=self._sums.picked(picks_by_label(self.axes, labels)))

    def __getitem__(self, index: int | slice | tuple[int | slice, ...]) -> Evaluation:
        """Pick rows of the first axis by position, or with a tuple of the first few."""
        return attrs.evolve(self, sums=self._sums.picked(picks_by_position(self.axes, index)))

    def __iter__(self) -> Iterator[Evaluation]:
        if not self.axes:
            raise WrongType("an evaluation of one series has no rows; its arrays have an entry a bucket")
        return (self[row] for row in range(len(self.axes[0].labels)))

    # --- being a value ----------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Frozen, over arrays that nobody may write to.
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Evaluation):
            return NotImplemented
        return (self.slo, self.unit) == (other.slo, other.unit) and self._sums.same_as(other._sums)

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "objective", f"{percent_text(self.slo.target)} over {self.slo.window}"
        if self.axes:
            yield "series", plural(int(np.prod(self._sums.lead)), "series", "series")
        if self.timeline.size:
            last = instant_text(self.timeline.end)
            yield "buckets", f"{plural(self.timeline.size, 'bucket')} of {duration_text(self.timeline.step)} to {last}"

    def __repr__(self) -> str:
        head = f"Evaluation of {self.slo.name!r}: {', '.join(text for _, text in self._facts())}"
        return f"{head}\n{least_budgets(self)!r}" if self.axes else f"{head}\n{self.at()!r}"

    def _repr_html_(self) -> str:
        return (
            html_table(self._facts(), caption=f"Evaluation of {self.slo.name}")
            + (least_budgets(self) if self.axes else self.at())._repr_html_()
        )

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "slo", self.slo.name
        yield from self._facts()
