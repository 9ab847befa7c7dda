"""Thousands of settings at once: every window pair, threshold and gate of a grid, replayed over the same history.

Settings that differ in their threshold alone share one pass (:mod:`slokit._kernels.levels`,
:mod:`slokit._kernels.sweeps`), so that a threshold more costs next to nothing. What comes out is to the last figure
what :func:`~slokit.analysis.backtest.score` says of each setting alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from slokit._kernels.levels import Levels
from slokit._kernels.sweeps import Tally, tally
from slokit.alerts.episodes import PAGE
from slokit.analysis.backtest.figures import Columns
from slokit.analysis.backtest.grid import Grid, WindowsLike, grid_of, levels_of
from slokit.analysis.backtest.labels import IncidentLike, Part, cut, read_incidents, split_at
from slokit.analysis.backtest.replay import replay
from slokit.analysis.backtest.requirements import figure_names, read_requirements
from slokit.analysis.backtest.table import Sweep
from slokit.errors import InvalidNumber, OutOfTimeline
from slokit.evaluation import Comparison, Evaluation
from slokit.evaluation.checks import one_series
from slokit.rational import RationalLike
from slokit.timeline import DurationLike, parse_length

__all__ = ["sweep"]

# Cells of incidents and settings that are worked out together: some ten arrays of them are held at once.
_CELLS = 2**19
_MOST_CELLS = 2**25


def sweep(
    ev: Evaluation,
    incidents: Iterable[IncidentLike],
    *,
    windows: Iterable[WindowsLike],
    burn_rates: Iterable[RationalLike] = (),
    shares: Iterable[RationalLike] = (),
    pendings: Iterable[DurationLike | int] = ("0s",),
    min_bads: Iterable[int] = (0,),
    min_totals: Iterable[int] = (0,),
    min_coverage: RationalLike = 0,
    op: Comparison = "gt",
    severity: str = PAGE,
    require: Mapping[str, str] | None = None,
    prefer: Iterable[str] | None = None,
    holdout: RationalLike | None = None,
    grace: DurationLike = "0s",
) -> Sweep:
    """Score every setting of a grid of alerts, each as if it had been there alone.

    Parameters
    ----------
    ev
        One series.
    incidents
        What should have been found, as for :func:`~slokit.analysis.backtest.score`.
    windows
        Windows, or pairs of a long and a short one: ``["30m", ("1h", "5m"), ("6h", "30m")]``.
    burn_rates
        Thresholds of a :class:`~slokit.BurnRateAlert` over each of the windows.
    shares
        Thresholds of a :class:`~slokit.BudgetShareAlert` over each of the long windows.
    pendings, min_bads, min_totals
        What to ask for besides: each combination is tried with each threshold.
    min_coverage, op, severity
        Of all alerts alike.
    require
        Bounds on figures that a setting must keep where it is chosen, such as ``{"pages_per_month": "<=2",
        "detect_p90": "<=10m", "recall": ">=90%"}``; a figure that is not defined keeps no bound.
    prefer
        By which figures the best is chosen among those that keep them, the most important first: by default fewest
        missed incidents, then fewest false alarms, then the fastest detection (``detect_p90``, then
        ``detect_median``), then fewest notifications.
    holdout
        The share of time, such as 0.3, that is held out at the end: settings are chosen by what lies before, and their
        figures behind it stand beside. Where an incident would lie on both sides, more is held out.
    grace
        How long before an incident's start a firing may be about it already.

    Raises
    ------
    WrongType
        If there are several series, or something is of another kind than it should be.
    InvalidAlert
        If there is nothing to sweep over, or a threshold or a gate is out of range.
    InvalidDefinition
        If a requirement or a preference names no figure, or a bound cannot be read.
    InvalidNumber
        If there are too many settings, or nothing is left to choose by.
    InvalidWindow
        If a window is no whole number of buckets.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> bad = ([0] * 100 + [300] * 12 + [0] * 60 + [60] + [0] * 115) * 4
    >>> counts = Counts.from_buckets(start="2026-01-05T00:00Z", step="5m", total=[1000] * 1152, bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts)
    >>> outages = [(f"2026-01-{day:02}T08:20Z", f"2026-01-{day:02}T09:20Z") for day in range(5, 9)]
    >>> found = sweep(
    ...     ev,
    ...     outages,
    ...     windows=[("1h", "5m"), ("6h", "30m")],
    ...     burn_rates=[1, 2, 5, 10, 15, 20],
    ...     pendings=["0s", "5m"],
    ...     require={"false_alarms_per_month": "<=2", "detect_p90": "<=10m"},
    ...     holdout="25%",
    ... )
    >>> found.best.alert, found.best.held_out.recall
    (BurnRateAlert(page: over 1x in 1h and 5m), 1.0)
    """
    length = parse_length(grace, "grace", least=0)
    known = read_incidents(incidents)
    size = one_series(ev).timeline.size
    if not size:
        raise OutOfTimeline("there is no bucket to score; bring counts")
    requirements, order = read_requirements(require), figure_names(prefer)
    fixed = {"op": op, "severity": severity, "min_coverage": min_coverage}
    grid = grid_of(
        windows=windows,
        burn_rates=burn_rates,
        shares=shares,
        pendings=pendings,
        min_bads=min_bads,
        min_totals=min_totals,
        fixed=fixed,
    )
    split = size if holdout is None else split_at(ev, known, length, holdout)
    parts = [cut(ev, known, length, 0, split)]
    if split < size:
        parts.append(cut(ev, known, length, split, size))
    _check_size(grid, len(known))
    columns = [_Gathered(ev, part) for part in parts]
    for family, levels in zip(grid.families, levels_of(ev, grid), strict=True):
        for gathered in columns:
            gathered.add(levels, len(family.thresholds))
    return Sweep(
        evaluation=ev,
        grid=grid,
        rows=np.arange(len(grid)),
        chosen_by=parts[0],
        held_out=parts[1] if len(parts) > 1 else None,
        columns_of=tuple(gathered.joined() for gathered in columns),
        requirements=requirements,
        prefer=order,
    )


class _Gathered:
    """Figures of one part, family by family; tables of incidents and settings live only until they are figures."""

    def __init__(self, ev: Evaluation, part: Part) -> None:
        self._ev, self._part = ev, part
        self._waiting: list[Tally] = []
        self._cells = 0
        self._done: list[Columns] = []

    def add(self, levels: Levels, thresholds: int) -> None:
        """Replay a family."""
        part = self._part
        self._waiting.append(tally(levels[part.first : part.stop], thresholds, part.spans))
        self._cells += thresholds * max(len(part.incidents), 1)
        if self._cells >= _CELLS:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._done.append(replay(self._ev, self._part, self._waiting).columns)
            self._waiting, self._cells = [], 0

    def joined(self) -> Columns:
        """Return the figures of all families."""
        self._flush()
        return Columns.joined(self._done)


def _check_size(grid: Grid, incidents: int) -> None:
    most = max(len(family.thresholds) for family in grid.families)
    if most * incidents > _MOST_CELLS:
        raise InvalidNumber(
            f"thresholds times incidents must be at most {_MOST_CELLS:,}, got {most:,} times {incidents:,}; "
            "leave some thresholds out"
        )
