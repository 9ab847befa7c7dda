"""How likely the objective will be missed: the evidence drawn anew, many times, and played forward.

:func:`slokit.forecast.forecast` says what follows if the last hour goes on. This says what follows if the coming weeks
are like the past ones, and how far apart such weeks can come out. The future of each path is made of blocks of the
evidence, drawn with replacement from a circle (its end is joined to its beginning, so that every hour is equally
likely). Bad and total events are drawn together, and whole blocks at a time, because errors come in bursts: hours drawn
one by one would never make a bad day, and the interval would be far too narrow. What leaves a rolling window meanwhile
is the evidence itself, and later the path.

So a path knows nothing that the evidence does not: no trend, no new kind of failure, no outage longer than the
history has room for. ``docs/explanation/forecasts.md`` has how often the intervals held on real services, which is
not as often as they say.

References
----------
Politis and Romano, "A Circular Block-Resampling Procedure for Stationary Data", in *Exploring the Limits of Bootstrap*,
1992.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import html_table, percent
from slokit.errors import InvalidCounts, InvalidNumber, InvalidWindow, OutOfTimeline
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.evaluation.sums import WindowedSums
from slokit.rational import parse_integer
from slokit.timeline import DurationLike, Timeline, duration_text, to_datetime
from slokit.windows import CalendarGrid, CalendarWindow, RollingGrid, RollingWindow

__all__ = ["Projection", "project"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_HOUR = 3_600_000_000_000
_INT64 = 2**63
_MAX_CELLS = 2**26
_same = partial(np.array_equal, equal_nan=True)


@attrs.frozen(kw_only=True, repr=False)
class Projection:
    """Many futures of one objective; the arrays are read-only.

    Parameters
    ----------
    name
        The objective's name.
    times
        The end of each step to come, ``datetime64[ns]``, shape ``(k,)``.
    remaining_ratio
        What is left of the error budget then, on each path: float64, shape ``(paths, k)``; 1 is untouched, below 0
        overspent, NaN where the path's window holds no event.
    chance_missed
        The share of paths that miss the objective at each of these instants, float64, shape ``(k,)``.
    chance_of_missing
        The share of paths that miss it: over a rolling window at any of these instants, over a calendar window at the
        period's end.
    chance_exhausted
        The share of paths whose budget is exhausted at any of these instants.
    calendar
        Whether the last instant is the end of a calendar period.
    step, block, history
        Length of a step, of a block, and of the evidence that blocks are drawn from: nanoseconds.

    Examples
    --------
    >>> from slokit import SLO, SLI
    >>> from slokit.analysis.simulate import Traffic, counts
    >>> evidence = counts(
    ...     Traffic(error_share=0.0008, error_bursts=1.0), start="2026-01-01T00:00Z", duration="60d", step="1h", seed=1
    ... )
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(evidence)
    >>> outlook = project(ev)
    >>> outlook.quantiles([0.05, 0.5, 0.95]).shape, outlook.chance_missed.shape
    ((3, 720), (720,))
    """

    name: str
    times: npt.NDArray[np.datetime64] = attrs.field(eq=attrs.cmp_using(eq=np.array_equal))
    remaining_ratio: Floats = attrs.field(eq=attrs.cmp_using(eq=_same))
    chance_missed: Floats = attrs.field(eq=attrs.cmp_using(eq=np.array_equal))
    chance_of_missing: float
    chance_exhausted: float
    calendar: bool
    step: int
    block: int
    history: int

    __hash__ = None  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        for array in (self.times, self.remaining_ratio, self.chance_missed):
            array.setflags(write=False)

    @property
    def paths(self) -> int:
        """How many futures were drawn."""
        return len(self.remaining_ratio)

    @property
    def at_end(self) -> Floats:
        """What is left of the budget at the last instant, one number a path: float64, shape ``(paths,)``."""
        return self.remaining_ratio[:, -1]

    @property
    def assumption(self) -> str:
        """What a path is made of, in words."""
        return (
            f"each path is made of blocks of {duration_text(self.block)} drawn from the last "
            f"{duration_text(self.history)} in steps of {duration_text(self.step)}; what never happened there does not "
            "happen"
        )

    def quantiles(self, q: Sequence[float] | Floats) -> Floats:
        """Return quantiles of what is left of the budget over time, float64, shape ``(len(q), k)``.

        Paths without data at an instant do not count there; NaN where none has any.

        Parameters
        ----------
        q
            Numbers from 0 to 1, such as ``[0.05, 0.5, 0.95]``.

        Raises
        ------
        InvalidNumber
            If one is not between 0 and 1.
        """
        return self._quantiles(q, self.remaining_ratio)

    def _quantiles(self, q: Sequence[float] | Floats, ratios: Floats) -> Floats:
        wanted = np.asarray(q, dtype=np.float64)
        if wanted.ndim != 1 or not ((wanted >= 0) & (wanted <= 1)).all():
            raise InvalidNumber(f"q must be several numbers from 0 to 1, such as [0.05, 0.5, 0.95], got {q!r:.100}")
        gaps = np.isnan(ratios)
        if not gaps.any():
            return np.quantile(ratios, wanted, axis=0)
        out = np.full((len(wanted), ratios.shape[1]), np.nan)
        some = np.flatnonzero(~gaps.all(axis=0))
        out[:, some] = np.nanquantile(ratios[:, some], wanted, axis=0)
        return out

    @property
    def _until(self) -> datetime:
        return to_datetime(int(self.times[-1].astype(np.int64)))

    def _facts(self) -> Iterator[tuple[str, str]]:
        by = f"{self._until:%Y-%m-%d %H:%M} UTC".replace(" 00:00 UTC", "")
        chance = percent(self.chance_of_missing, 0)
        yield "missing", f"{chance} chance of missing {'the period to' if self.calendar else 'by'} {by}"
        low, middle, high = self._quantiles([0.05, 0.5, 0.95], self.at_end[:, np.newaxis])[:, 0].tolist()
        if np.isnan(middle):
            yield "left", "no data"
        else:
            yield "left", f"budget left {_percent(middle)} [5%: {_percent(low)}, 95%: {_percent(high)}]"
        drawn = f"blocks of {duration_text(self.block)} of the last {duration_text(self.history)}"
        yield "drawn", f"{drawn}, {self.paths:,} paths"

    def __repr__(self) -> str:
        return "; ".join(text for _, text in self._facts())

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self._facts()
        yield "exhausted", f"{percent(self.chance_exhausted, 0)} chance that the budget is exhausted before that"
        yield "assumption", self.assumption

    def _repr_html_(self) -> str:
        return html_table(self.__rich_repr__(), caption=f"Projection of {self.name}")


def _percent(ratio: float) -> str:
    return percent(ratio, 0 if abs(ratio) >= 0.1 else 1)


def project(
    ev: Evaluation,
    *,
    horizon: DurationLike | None = None,
    block: DurationLike = "1d",
    step: DurationLike | None = None,
    paths: int = 2000,
    seed: int = 0,
    history: DurationLike | None = None,
) -> Projection:
    """Project the error budget of one series by a circular block bootstrap of its evidence.

    Parameters
    ----------
    ev
        An evaluation of one series; the projection starts at the end of its last bucket. Buckets in which nothing was
        observed, or which were excluded, are drawn like any other, as what they count: by default nothing.
    horizon
        How far to project over a rolling window, a whole number of steps; by default ``"30d"``. A calendar window is
        always projected to the end of the running period, or of the next one where the last has just ended.
    block
        Length of the blocks, a whole number of steps: longer than bursts last, and whole days where traffic has a
        daily cycle.
    step
        Length of a step, a whole number of buckets. By default an hour where buckets (and the rolling window) fit it,
        else a bucket.
    paths
        How many futures to draw.
    seed
        A non-negative integer. Equal arguments give equal projections; numpy may change its draws between releases.
    history
        How much of the evidence, counted from its end, blocks are drawn from: at least two blocks. By default all.

    Raises
    ------
    WrongType
        If ``ev`` holds several series; pick one with ``sel()``.
    InvalidWindow
        If a duration is no whole number of steps, the history holds fewer than two blocks, or a horizon is given for a
        calendar window.
    OutOfTimeline
        If the evidence is shorter than the history, or there is none.
    InvalidNumber
        If ``paths`` or ``seed`` is out of range, or there would be more than 2**26 steps in all.
    InvalidCounts
        If the events of a path, times the digits of the target, might not fit int64.

    Examples
    --------
    Evidence that never changes has one future:

    >>> from slokit import SLI, SLO, Counts
    >>> steady = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[1000] * 720, bad=[0, 1] * 360)
    >>> project(SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(steady))
    0% chance of missing by 2026-03-02; budget left 50% [5%: 50%, 95%: 50%]; blocks of 1d of the last 30d, 2,000 paths
    """
    sums = one_series(ev)._sums
    if not sums.timeline.size:
        raise OutOfTimeline("ev must hold evidence to draw from, and it has no bucket")
    to_come, fresh = _to_come(ev, sums, horizon)
    plan = _Plan.of(sums, to_come, block, step, history)
    _check_draws(paths, seed, plan.steps)
    share = 1 - ev.target
    u, v = share.numerator, share.denominator
    _check_size(sums, plan, u, v)

    bad, total = _drawn(sums, plan, paths, seed)
    if isinstance(sums.grid, RollingGrid):
        for path, running in ((bad, sums.bad), (total, sums.total)):
            _roll(path, running.values, sums.grid.width, plan)
        whole = total
    else:
        if not fresh:
            good_so_far, bad_so_far = sums.events(sums.first(sums.timeline.size - 1), sums.timeline.size)
            bad += bad_so_far
            total += good_so_far + bad_so_far
        whole = _period_totals(sums, total, plan, to_come, fresh=fresh)

    spent, allowed = v * bad, u * whole
    missed = spent > (allowed if whole is total else u * total)
    exhausted = (spent >= allowed) & (bad > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (allowed - spent) / allowed
    ratio[total == 0] = np.nan
    by_path = missed.any(axis=1) if isinstance(sums.grid, RollingGrid) else missed[:, -1]
    return Projection(
        name=ev.slo.name,
        times=plan.ends(sums.timeline, to_come),
        remaining_ratio=ratio,
        chance_missed=missed.mean(axis=0),
        chance_of_missing=float(by_path.mean()),
        chance_exhausted=float((exhausted & (total > 0)).any(axis=1).mean()),
        calendar=not isinstance(sums.grid, RollingGrid),
        step=plan.buckets * sums.timeline.step,
        block=plan.block * plan.buckets * sums.timeline.step,
        history=plan.history * plan.buckets * sums.timeline.step,
    )


def _to_come(ev: Evaluation, sums: WindowedSums, horizon: DurationLike | None) -> tuple[int, bool]:
    """Return how many buckets to project, and whether they begin a new calendar period."""
    window, timeline = ev.slo.window, sums.timeline
    if not isinstance(window, CalendarWindow):
        return RollingWindow.of("30d" if horizon is None else horizon).buckets(timeline.step, "horizon"), False
    if horizon is not None:
        raise InvalidWindow(
            f"horizon must be left out for a {window}, which is projected to the end of its period, got {horizon!r}"
        )
    to_come = int(sums.grid.to_come(np.array([timeline.size - 1]))[0])
    if to_come:
        return to_come, False
    return int(window.grid(Timeline(timeline.end, timeline.step, 1)).right[0]), True


@attrs.frozen
class _Plan:
    """What is drawn, counted in buckets and steps.

    Parameters
    ----------
    buckets
        Buckets a step.
    steps
        Steps to come; the last may be cut short by the end of a period.
    last
        Buckets of the last step.
    block, history
        Steps of a block, and of the evidence drawn from.
    """

    buckets: int
    steps: int
    last: int
    block: int
    history: int

    @classmethod
    def of(
        cls,
        sums: WindowedSums,
        to_come: int,
        block: DurationLike,
        step: DurationLike | None,
        history: DurationLike | None,
    ) -> _Plan:
        """Lay steps over buckets, and blocks over steps."""
        bucket, size = sums.timeline.step, sums.timeline.size
        rolling = isinstance(sums.grid, RollingGrid)
        width = sums.grid.width if isinstance(sums.grid, RollingGrid) else 0
        if step is None:
            fits = _HOUR % bucket == 0 and not (width * bucket % _HOUR or (rolling and to_come * bucket % _HOUR))
            many = _HOUR // bucket if fits else 1
        else:
            many = RollingWindow.of(step).buckets(bucket, "step")
        length = many * bucket
        if rolling:
            RollingWindow(width * bucket).buckets(length)
            RollingWindow(to_come * bucket).buckets(length, "horizon")
        blocks = RollingWindow.of(block).buckets(length, "block")
        held = size // many
        if history is not None:
            asked = RollingWindow.of(history).buckets(length, "history")
            if asked > held:
                raise OutOfTimeline(
                    f"history must lie inside the evidence, which holds {duration_text(size * bucket)}, got "
                    f"{duration_text(asked * length)}"
                )
            held = asked
        if held < 2 * blocks:
            raise InvalidWindow(
                f"history must hold at least 2 blocks of {duration_text(blocks * length)}, got "
                f"{duration_text(held * length)}; bring more evidence, or a shorter block"
            )
        steps = -(-to_come // many)
        return cls(many, steps, to_come - (steps - 1) * many, blocks, held)

    def ends(self, timeline: Timeline, to_come: int) -> npt.NDArray[np.datetime64]:
        """Return the end of each step."""
        after = np.minimum(np.arange(1, self.steps + 1) * self.buckets, to_come)
        return (timeline.end + after * timeline.step).astype("datetime64[ns]")


def _check_draws(paths: int, seed: int, steps: int) -> None:
    parse_integer(paths, "paths", 1)
    parse_integer(seed, "seed")
    if paths * steps > _MAX_CELLS:
        raise InvalidNumber(
            f"paths must be at most {_MAX_CELLS // steps:,} of {steps:,} steps, got {paths:,}; or take a longer step"
        )


def _check_size(sums: WindowedSums, plan: _Plan, u: int, v: int) -> None:
    """Refuse what might not fit: the bounds are Python integers, and no sum is taken before."""
    drawn = plan.steps * plan.buckets
    bad, total = (x.row_bound + drawn * x.largest for x in (sums.bad, sums.total))
    expected = 0 if sums.expected is None else int(sums.expected.item())
    whole = max(total, expected) + drawn * (sums.slice_worth or 0)
    if max(v * bad, u * whole, v) >= _INT64:
        raise InvalidCounts(
            f"the events of a path (up to {whole:,}) times the denominator of the target ({v:,}) must fit 64 bits; "
            "shorten the horizon, or write the target with fewer digits"
        )


def _drawn(sums: WindowedSums, plan: _Plan, paths: int, seed: int) -> tuple[Ints, Ints]:
    """Return bad and total events that each path has gained by the end of each step, shape ``(paths, steps)``."""
    draw = np.random.default_rng(seed)
    begin = draw.integers(0, plan.history, size=(paths, -(-plan.steps // plan.block)))
    chosen = (begin[:, :, np.newaxis] + np.arange(plan.block)) % plan.history
    index = chosen.reshape(paths, -1)[:, : plan.steps]
    gained = []
    for running in (sums.bad, sums.total):
        tail = np.diff(running.values[-plan.history * plan.buckets - 1 :]).reshape(plan.history, plan.buckets)
        path = tail.sum(axis=1)[index]
        if plan.last != plan.buckets:
            # The period ends inside the last step: of that one only the buckets before the end.
            path[:, -1] = tail[:, : plan.last].sum(axis=1)[index[:, -1]]
        gained.append(np.cumsum(path, axis=1, out=path))
    return gained[0], gained[1]


def _roll(path: Ints, running: Ints, width: int, plan: _Plan) -> None:
    """Turn what paths have gained into what the rolling window holds then, in place."""
    steps, lag = plan.steps, width // plan.buckets
    if lag < steps:
        # Beyond one window what the path itself brought leaves. Copied, as it is read after it is overwritten.
        path[:, lag:] -= path[:, : steps - lag].copy()
    stop = len(running) - 1
    left = np.clip(stop - width + np.arange(1, steps + 1) * plan.buckets, 0, stop)
    path += running[stop] - running[left]


def _period_totals(sums: WindowedSums, total: Ints, plan: _Plan, to_come: int, *, fresh: bool) -> Ints:
    """Return the events that the budget is a share of at the end of each step, as an evaluation would say then."""
    if sums.slice_worth is not None:
        after = np.minimum(np.arange(1, plan.steps + 1) * plan.buckets, to_come)
        return np.asarray(total + (to_come - after) * sums.slice_worth)
    expected = _expected(sums, fresh=fresh)
    if expected is None:
        return total
    whole = np.maximum(total, expected)
    # At its end the period holds what it holds, whatever was expected.
    whole[:, -1] = total[:, -1]
    return whole


def _expected(sums: WindowedSums, *, fresh: bool) -> int | None:
    """Return the events that the projected period is expected to hold; None where nobody knows."""
    last = sums.timeline.size - 1
    if sums.expected is not None:
        return int(sums.expected.item())
    if fresh and isinstance(sums.grid, CalendarGrid):
        # The period that has just ended is the one before, where all of it lies on the timeline.
        first = int(sums.grid.left[last])
        return sum(sums.events(first, last + 1)) if first >= 0 else None
    so_far = np.array([sum(sums.events(sums.first(last), last + 1))], dtype=object)
    whole, basis, _ = sums.basis_totals(np.array([last]), so_far)
    return int(whole[0]) if basis[0] == "expected" else None
