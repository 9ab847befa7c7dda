"""What a sweep returns: a row of figures for each setting, the best of them, and the front of those worth a thought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import html_table, plural
from slokit.alerts import Alert, BurnRateAlert
from slokit.analysis.backtest.choice import Choice
from slokit.analysis.backtest.figures import FIGURES, Columns, Figures, figure_text
from slokit.analysis.backtest.grid import Grid
from slokit.analysis.backtest.labels import Part
from slokit.analysis.backtest.requirements import Requirement
from slokit.analysis.backtest.scoring import score_of
from slokit.errors import NothingFits, OutOfTimeline
from slokit.evaluation import Evaluation
from slokit.timeline import duration_text, to_datetime

__all__ = ["Sweep"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_SETTING = ("kind", "long_window", "short_window", "threshold", "pending", "min_bad", "min_total")
_HELD_OUT = "held_out_"
_SHOWN = 10
_FRONT = ("missed", "false_alarms", "detect_p90")
# What a table for people has room for.
_BRIEF = ("detected", "false_alarms", "pages_per_month", "detect_p90")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Sweep:
    """The figures of all settings of a sweep: what :func:`sweep` returns.

    Parameters
    ----------
    evaluation
        What the settings were held against.
    grid
        All settings.
    rows
        Which of them the table has, int64, shape ``(n,)``; read-only.
    chosen_by, held_out
        The parts of history: that by which settings are chosen, and the one held out, if any.
    columns_of
        The figures in each part.
    requirements
        What a setting must keep.
    prefer
        By which figures the best is chosen among those that do.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> from slokit.analysis.backtest import sweep
    >>> bad = [0] * 100 + [300] * 12 + [0] * 60 + [60] + [0] * 115
    >>> counts = Counts.from_buckets(start="2026-01-05T00:00Z", step="5m", total=[1000] * 288, bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts)
    >>> outage = ("2026-01-05T08:20Z", "2026-01-05T09:20Z")
    >>> found = sweep(ev, [outage], windows=[("1h", "5m"), "15m"], burn_rates=[1, 2, 5, 10, 20])
    >>> found.best.alert, found.best.score.detect_p90
    (BurnRateAlert(page: over 2x in 1h and 5m), datetime.timedelta(seconds=300))
    >>> len(found), found.to_dict()["false_alarms"]
    (10, [0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
    """

    evaluation: Evaluation
    grid: Grid
    rows: Ints
    chosen_by: Part
    held_out: Part | None
    columns_of: tuple[Columns, ...]
    requirements: tuple[Requirement, ...]
    prefer: tuple[str, ...]

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        self.rows.setflags(write=False)

    # --- rows -------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.rows)

    def alert(self, row: int) -> Alert:
        """Return the alert of a row.

        Raises
        ------
        OutOfTimeline
            If there is no such row.
        """
        return self.grid.alert(self._place(row))

    def figures(self, row: int) -> Figures:
        """Return the figures of a row, in the history that settings are chosen by."""
        return Figures(**self.columns_of[0].row(self._place(row)))

    def held_out_figures(self, row: int) -> Figures | None:
        """Return the figures of a row in the part that was held out; None if none was."""
        return None if self.held_out is None else Figures(**self.columns_of[1].row(self._place(row)))

    def _place(self, row: int) -> int:
        if not -len(self) <= row < len(self):
            raise OutOfTimeline(f"row must be one of {len(self):,}, got {row}; negative ones count from the last")
        return int(self.rows[row])

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: the setting, its figures, whether it meets what is required, the held-out figures."""
        held = () if self.held_out is None else tuple(_HELD_OUT + name for name in FIGURES)
        return (*_SETTING, *FIGURES, "meets", *held)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the rows as plain data, ready for any dataframe or for JSON.

        Times are seconds, windows text such as ``"1h"``, thresholds floats (``alert(row)`` has them exact), and what is
        not defined is None.
        """
        meets = self._meets(self.columns_of[0])
        for at in self.rows.tolist():
            plain = Figures(**self.columns_of[0].row(at)).to_dict()
            record = {**_setting(self.grid.alert(at)), **plain, "meets": bool(meets[at])}
            if self.held_out is not None:
                held = Figures(**self.columns_of[1].row(at)).to_dict()
                record |= {_HELD_OUT + name: value for name, value in held.items()}
            yield record

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns by name, each a list: what the constructors of pandas' and polars' frames take."""
        rows = list(self.records())
        return {name: [row[name] for row in rows] for name in self.columns}

    # --- choosing ---------------------------------------------------------------------------------------------

    @property
    def best(self) -> Choice:
        """The setting that does best where it is chosen, of those that meet all requirements there.

        By the figures in ``prefer``, the first that differs; of equals the one in the middle, in the order of rows.

        Raises
        ------
        NothingFits
            If none meets them; the message has the nearest.
        """
        meets = self._meets(self.columns_of[0])[self.rows]
        if not meets.any():
            nearest = self.nearest
            lacks = ", ".join(
                f"{one.figure} {figure_text(one.figure, getattr(nearest.score, one.figure))}" for one in nearest.unmet
            )
            asked = " and ".join(map(str, self.requirements))
            raise NothingFits(
                f"none of {plural(len(self), 'setting')} meets {asked}; the nearest, {nearest.alert!r}, has {lacks}; "
                "require less, or try other settings (nearest is this one)"
            )
        found = self.rows[meets]
        keys = self._keys(found)
        first = int(np.lexsort(keys[::-1])[0]) if keys else 0
        equals = found[np.logical_and.reduce([np.ones(len(found), np.bool_), *(key == key[first] for key in keys)])]
        # The one in the middle lies farthest from where the figures change.
        return self._choice(int(equals[(len(equals) - 1) // 2]), len(found), len(equals))

    @property
    def nearest(self) -> Choice:
        """The setting that misses fewest requirements, and of those by the least share of the bound."""
        columns = self.columns_of[0]
        lacking = np.array([one.lacking(columns)[self.rows] for one in self.requirements]).reshape(-1, len(self))
        # Infinite where a figure is not defined: no share of the bound is as far.
        keys = [(lacking > 0).sum(axis=0), lacking.sum(axis=0), *self._keys(self.rows)]
        first = int(self.rows[np.lexsort(keys[::-1])[0]])
        return self._choice(first, int(self._meets(columns)[self.rows].sum()), 1)

    def pareto(self) -> Sweep:
        """Return the rows that no other beats: in missed incidents, in false alarms and in ``detect_p90`` together.

        A row is beaten by one that is no worse in any of the three and better in one. Of rows alike in all three the
        first is kept. They come by missed incidents, fewest first, then by false alarms.
        """
        columns = self.columns_of[0]
        points = np.stack(
            [columns.better(name)[self.rows] for name in ("missed", "false_alarms", "detect_p90")], axis=1
        )
        unique, first = np.unique(points, axis=0, return_index=True)
        kept: list[int] = []
        for at, point in enumerate(unique):
            # Sorted: only rows before this one can be no worse in the first figure, and if one is, one of the front is.
            if not (unique[kept] <= point).all(axis=1).any():
                kept.append(at)
        return attrs.evolve(self, rows=self.rows[first[kept]])

    def _keys(self, rows: Ints) -> list[Floats]:
        return [self.columns_of[0].better(name)[rows] for name in self.prefer]

    def _meets(self, columns: Columns) -> npt.NDArray[np.bool_]:
        met = np.ones(columns.size, dtype=np.bool_)
        for one in self.requirements:
            met &= one.met(columns)
        return met

    def _choice(self, row: int, meeting: int, equals: int) -> Choice:
        alert, ev = self.grid.alert(row), self.evaluation
        firing = alert.fires(ev)
        held = self.held_out
        unmet = tuple(one for one in self.requirements if not one.met(self.columns_of[0])[row])
        return Choice(
            alert=alert,
            score=score_of(ev, firing, self.chosen_by, repr(alert)),
            held_out=None if held is None else score_of(ev, firing, held, repr(alert)),
            split=None if held is None else to_datetime(ev.timeline.start + held.first * ev.timeline.step),
            unmet=unmet,
            settings=len(self),
            meeting=meeting,
            equals=equals,
            requirements=self.requirements,
            prefer=self.prefer,
        )

    # --- being a value ----------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sweep):
            return NotImplemented
        mine, theirs = (
            (x.evaluation, x.grid, x.chosen_by.first, x.chosen_by.stop, x.requirements, x.prefer, x._incidents)
            for x in (self, other)
        )
        return (
            mine == theirs
            and np.array_equal(self.rows, other.rows)
            and len(self.columns_of) == len(other.columns_of)
            and all(a.same_as(b) for a, b in zip(self.columns_of, other.columns_of, strict=True))
        )

    @property
    def _incidents(self) -> tuple[Any, ...]:
        return self.chosen_by.incidents, None if self.held_out is None else self.held_out.incidents

    def _facts(self) -> Iterator[tuple[str, str]]:
        step = self.evaluation.timeline.step
        yield "settings", f"{len(self):,}"
        if self.requirements:
            met = int(self._meets(self.columns_of[0])[self.rows].sum())
            yield "required", f"{' and '.join(map(str, self.requirements))}: met by {met:,}"
        for name, part in (("chosen by", self.chosen_by), ("held out", self.held_out)):
            if part is not None:
                length = duration_text((part.stop - part.first) * step)
                yield name, f"{length} with {plural(len(part.incidents), 'incident')}"

    def __repr__(self) -> str:
        return f"Sweep({'; '.join(f'{name}: {text}' for name, text in self._facts())})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self._facts()

    def _repr_html_(self) -> str:
        rows = []
        for row in range(min(len(self), _SHOWN)):
            figures, held = self.figures(row), self.held_out_figures(row)
            cells = [figure_text(name, getattr(one, name)) for one in (figures, held) if one for name in _BRIEF]
            rows.append((repr(self.alert(row)), *cells))
        names = [name.replace("_", " ") for name in _BRIEF]
        held_names = [] if self.held_out is None else [f"held out: {name}" for name in names]
        more = f", the first {_SHOWN}" if len(self) > _SHOWN else ""
        facts = "; ".join(f"{name}: {text}" for name, text in self._facts())
        return html_table(rows, head=("alert", *names, *held_names), caption=f"Sweep: {facts}{more}")


def _setting(alert: Alert) -> dict[str, Any]:
    """Return a setting as plain data."""
    burns = isinstance(alert, BurnRateAlert)
    long, *short = (duration_text(window) for window in alert.windows)
    values = (
        "burn_rate" if burns else "budget_share",
        long,
        short[0] if short else None,
        float(alert.threshold),
        duration_text(alert.pending),
        alert.min_bad,
        alert.min_total,
    )
    return dict(zip(_SETTING, values, strict=True))
