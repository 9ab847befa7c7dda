"""The fleet: one objective for each of thousands of labels, held live in arrays and judged all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from slokit._display import html_table, plural
from slokit.alerts import Alert, google
from slokit.counts import Axis, Counts
from slokit.errors import InvalidCounts, InvalidWindow, UnknownLabel, WrongType
from slokit.live.clock import SystemClock
from slokit.live.fleet.checks import checked_limit, checked_window, own_targets
from slokit.live.fleet.labels import OVERFLOW
from slokit.live.fleet.limits import SHORT, Limit, Scratch
from slokit.live.fleet.recorder import FleetRecorder
from slokit.live.fleet.rings import BLOCK, Numbers
from slokit.live.fleet.rules import Rules, checked_alerts
from slokit.live.fleet.table import FleetStatus, FleetTable
from slokit.live.fleet.tick import FleetTick
from slokit.live.fleet.tiers import Tiers
from slokit.protocols import Clock
from slokit.slo import SLO
from slokit.timeline import DurationLike, Timeline, duration_text, parse_length, to_datetime
from slokit.windows import RollingWindow

__all__ = ["Fleet"]

_MISSED, _UNCERTAIN, _MET, _NO_DATA = range(4)


class Fleet(FleetRecorder):
    """Records events of many labels, and knows what alerts fire for which.

    What an objective needs of the past are running sums at the starts of its windows, so that is what is kept: at
    every bucket for six hours, every tenth for three days, every sixtieth for the rest. Windows of up to 398 buckets
    are exact. A longer one that begins between two kept edges is answered from the earlier one: less than 10 buckets
    longer up to 4,440 buckets, less than 60 beyond. :meth:`bounds` and ``"uncertain"`` in a status say where that
    matters. For exact windows of any length, exclusions, policies and a store take a :class:`~slokit.live.Monitor`.

    Parameters
    ----------
    slo
        The objective: :class:`~slokit.Occurrences` over a rolling window. Targets of their own, as
        :meth:`slokit.SLO.per` gives them along ``axis``, are those of the labels named; these have a row from the
        beginning, and all others the objective's target.
    axis
        What the labels are: the name of their axis in :meth:`counts`.
    alerts
        Burn-rate and budget-share alerts, without ``pending``, ``min_coverage`` and ``confidence``; by default
        :func:`slokit.alerts.google` for the objective's window.
    resolution
        Length of a bucket.
    limit
        How many labels get a row of their own; the first that come. All others count together in the row
        ``"(other)"``, which is judged too.
    clock
        What tells the time.
    strict
        Whether what would be dropped raises instead: for tests.

    Raises
    ------
    InvalidSLO
        If the objective is one that a fleet does not hold; the message says what does.
    InvalidSLI
        If the indicator judges time and not events.
    InvalidAlert
        If an alert asks for what is not kept.
    InvalidWindow
        If a window is no whole number of buckets.
    InvalidCounts
        If the limit is out of range.

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Fleet, ManualClock
    >>> clock = ManualClock("2026-01-01T00:00Z")
    >>> slo = SLO("api", sli=SLI.ratio("availability"), target="99.9%", window="30d")
    >>> fleet = Fleet(slo, clock=clock)
    >>> for ok in [True] * 19 + [False]:
    ...     fleet.record("acme", ok)
    >>> fleet.add("globex", good=1000)
    >>> clock.advance("1m")
    >>> fleet.tick()
    FleetTick(2026-01-01 00:01:00 UTC: 1 of 2 labels firing, 3 started, 0 ended)
    >>> fleet.burn_rate("acme", "1h"), fleet.labels
    (50.0, ('acme', 'globex'))
    """

    def __init__(
        self,
        slo: SLO,
        axis: str = "tenant",
        alerts: Iterable[Alert] | None = None,
        *,
        resolution: DurationLike = "1m",
        limit: int = 10_000,
        clock: Clock | None = None,
        strict: bool = False,
    ) -> None:
        self.slo, self._window = slo, checked_window(slo)
        self.axis = Axis(axis, ()).name
        step = parse_length(resolution, "resolution")
        self._width = self._window.buckets(step)
        own = own_targets(slo, self.axis, checked_limit(limit))
        named = [label for label in own if label != OVERFLOW]
        # Named labels come first, so their rows are known before any event is.
        rows = {label: row for row, label in enumerate(named, 1)} | {OVERFLOW: 0}
        self._targets: dict[int | None, Fraction] = {rows[label]: target for label, target in own.items()}
        self._targets[None] = slo.target
        held = checked_alerts(google(slo.window) if alerts is None else alerts)
        self._rules = Rules(held, step, self._width, self._targets)
        self._objective = Limit(Fraction(1), self._targets)
        self._room = Scratch()
        super().__init__(
            step,
            Tiers.reaching(max(self._width, self._rules.longest)),
            SystemClock() if clock is None else clock,
            limit=limit,
            named=named,
            strict=strict,
        )

    def _begin(self) -> None:
        super()._begin()
        # What fired at the last tick, by row.
        self._firing: npt.NDArray[np.bool_] = np.zeros((len(self.alerts), 0), dtype=np.bool_)
        self._overflowed = False
        self._order: tuple[tuple[str, ...], bool, tuple[str, ...], npt.NDArray[np.intp]] | None = None

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts that are asked of every label."""
        return self._rules.alerts

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that have a row, in the order in which they came; the overflow row last, once it is used."""
        with self._lock:
            return self._ready()[0]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def nbytes(self) -> int:
        """Bytes of the running sums; 25,088 a label for 30 days of minutes, and room for a quarter more at most."""
        return self._rings.nbytes

    # --- what follows from it ---------------------------------------------------------------------------------

    def tick(self) -> FleetTick:
        """Judge all alerts for all labels at the end of the last whole bucket.

        To be called once a bucket or so; what was not asked for is not judged later. Not from a signal handler: it
        waits for whoever reads.
        """
        with self._lock:
            labels, rows = self._ready()
            end = self._rings.newest
            firing = self._rules.firing(self._rings, end)
            before, self._firing = self._firing, firing
            began, ended = self._changes(before, firing)
            return FleetTick(
                time=to_datetime(end * self.step),
                alerts=self.alerts,
                labels=labels,
                firing=np.take(firing, rows, axis=1),
                started=began,
                ended=ended,
            )

    def _changes(
        self, before: npt.NDArray[np.bool_], firing: npt.NDArray[np.bool_]
    ) -> tuple[tuple[tuple[str, Alert], ...], tuple[tuple[str, Alert], ...]]:
        """Return what fires and did not, and what did and does not, as pairs of a label and an alert."""
        changed = firing.copy()
        changed[:, : before.shape[1]] ^= before
        which, rows = np.nonzero(changed)
        if not len(rows):
            return (), ()
        names, alerts = self._labels.names(), self.alerts
        found = [(names[row], alerts[k]) for k, row in zip(which.tolist(), rows.tolist(), strict=True)]
        burns = firing[which, rows].tolist()
        return (
            tuple(pair for pair, begins in zip(found, burns, strict=True) if begins),
            tuple(pair for pair, begins in zip(found, burns, strict=True) if not begins),
        )

    def statuses(self, most: int | None = None) -> FleetTable:
        """Return a status for each label, the worst first, the running bucket included.

        Parameters
        ----------
        most
            How many; by default all.

        Raises
        ------
        WrongType
            If that is no integer of 0 or more.
        """
        if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 0):
            raise WrongType(f"most must be an integer of 0 or more, got {most!r:.100}")
        with self._lock:
            labels, rows = self._ready()
            whole, sure, ranks = self._judged()
            firing = self._rules.firing(self._rings, self._rings.newest)
            worst = rows[np.lexsort((-self._spent(whole)[rows], ranks[rows]))[:most]]
            statuses = tuple(self._status(int(row), whole, sure, firing) for row in worst)
            return FleetTable(name=self.slo.name, statuses=statuses, count=len(labels))

    def status(self, label: str) -> FleetStatus:
        """Return the status of one label, the running bucket included.

        Raises
        ------
        UnknownLabel
            If the label has no row of its own.
        """
        with self._lock:
            self._ready()
            row = self._row_of(label)
            whole, sure, _ = self._judged()
            return self._status(row, whole, sure, self._rules.firing(self._rings, self._rings.newest))

    def burn_rate(self, label: str, window: DurationLike | None = None) -> float | None:
        """Return how fast a label burns, over a window that ends with the running bucket; None without data in it.

        Parameters
        ----------
        label
            Whose.
        window
            Such as ``"1h"``; by default the objective's.

        Raises
        ------
        UnknownLabel
            If the label has no row of its own.
        InvalidWindow
            If the window is no whole number of buckets, or longer than is remembered.
        """
        (good, bad), _, target = self._events(label, window)
        return _burn(bad, good + bad, target)

    def bounds(self, label: str, window: DurationLike | None = None) -> tuple[float | None, float | None]:
        """Return the least and the greatest burn rate that the window may have; both are the rate where it is exact.

        None where it would hold no events. The parameters are those of :meth:`burn_rate`.
        """
        (good, bad), (sure_good, sure_bad), target = self._events(label, window)
        return _burn(sure_bad, good + sure_bad, target), _burn(bad, sure_good + bad, target)

    def counts(self) -> Counts:
        """Return what the finest tier holds, as counts along the axis, the running bucket included: 399 buckets.

        Raises
        ------
        InvalidCounts
            If a bucket has 2**63 events or more.
        """
        with self._lock:
            labels, rows = self._ready()
            tier, head = self.tiers.tiers[0], self._rings.head
            first = max(self._first, head - tier.size + 1)
            places = np.arange(first, head + 1) % tier.size
            parts: list[Numbers] = [
                np.diff(block.rings[0][places, :, : block.rows], axis=0) for block in self._rings.blocks
            ]
            found = np.concatenate(parts, axis=2)[:, :, rows]
            if found.dtype == object and found.size and int(found.max()) >= 2**63:
                raise InvalidCounts("a bucket has 2**63 events or more, which Counts do not hold")
            bad, total = (np.ascontiguousarray(found[:, i].T, dtype=np.int64) for i in (0, 1))
            seen = self._observed[np.arange(first, head) % tier.size]
        timeline = Timeline(first * self.step, self.step, head - first)
        observed = np.array(np.broadcast_to(seen, bad.shape))
        # Whatever has events was observed, also where the machine slept for the rest of the bucket.
        observed |= total > 0
        axes = (Axis(self.axis, labels),)
        return Counts._trusted(timeline, axes, bad, total, observed, np.zeros(bad.shape, dtype=np.bool_))

    # --- under the lock ---------------------------------------------------------------------------------------

    def _ready(self) -> tuple[tuple[str, ...], npt.NDArray[np.intp]]:
        """Fold what was recorded; return the labels as they are shown, and their rows."""
        self._fold()
        names = self._labels.names()
        self._rings.grow(len(names))
        if not self._overflowed:
            self._overflowed = bool(self._rings.blocks[0].at(0, self._rings.head)[1, 0] > 0)
        order = self._order
        if order is None or order[0] is not names or order[1] != self._overflowed:
            rows = [row for row, name in enumerate(names) if name and row] + [0] * self._overflowed
            labels = tuple(names[row] for row in rows)
            order = self._order = (names, self._overflowed, labels, np.array(rows, dtype=np.intp))
        return order[2:]

    def _judged(self) -> tuple[Numbers, Numbers, npt.NDArray[np.int8]]:
        """Return by row the window's events, those that are in it for certain, and the verdict as a rank."""
        wholes, sures, ranks = [], [], []
        for i, block in enumerate(self._rings.blocks):
            whole = self._rings.sums(block, self._width, self._rings.head)
            sure = self._rings.sure_sums(block, self._width, self._rings.head)
            most = block.most(self._rings.head, SHORT)
            worst, best = np.empty((2, block.rows), dtype=np.bool_)
            for bad, good, out in ((whole[0], sure[1] - sure[0], worst), (sure[0], whole[1] - whole[0], best)):
                self._objective.exceeded(i, bad, good + bad, most, self._room, out)
            rank = np.where(worst != best, _UNCERTAIN, np.where(worst, _MISSED, _MET))
            rank = np.where(np.asarray(sure[1] > 0, dtype=np.bool_), rank, _UNCERTAIN)
            ranks.append(np.where(np.asarray(whole[1] > 0, dtype=np.bool_), rank, _NO_DATA).astype(np.int8))
            wholes.append(whole)
            sures.append(sure)
        return np.concatenate(wholes, axis=1), np.concatenate(sures, axis=1), np.concatenate(ranks)

    def _spent(self, whole: Numbers) -> npt.NDArray[np.float64]:
        """Return which share of its budget each row spent, to sort by: float64, 0 without data."""
        shares = np.full(whole.shape[1], float(1 - self.slo.target))
        for row, target in self._targets.items():
            if row is not None and row < len(shares):
                shares[row] = float(1 - target)
        return np.asarray(whole[0].astype(np.float64) / np.maximum(whole[1].astype(np.float64), 1) / shares)

    def _status(self, row: int, whole: Numbers, sure: Numbers, firing: npt.NDArray[np.bool_]) -> FleetStatus:
        (bad, total), (sure_bad, sure_total) = (tuple(map(int, sums[:, row])) for sums in (whole, sure))
        return FleetStatus(
            axis=self.axis,
            label=self._labels.names()[row],
            time=to_datetime(self._rings.head * self.step),
            good=total - bad,
            bad=bad,
            sure_good=sure_total - sure_bad,
            sure_bad=sure_bad,
            target=self._target(row),
            window=self._window,
            firing=tuple(self.alerts[k] for k in np.flatnonzero(firing[:, row])),
        )

    def _target(self, row: int) -> Fraction:
        return self._targets.get(row, self.slo.target)

    def _row_of(self, label: str) -> int:
        row = self._labels.known(label) if isinstance(label, str) else None
        if row is None:
            raise UnknownLabel(
                f"no row is called {label!r:.100} among {len(self._labels.names()) - 1:,}; "
                f"labels beyond the first {self.limit:,} count in {OVERFLOW!r}"
            )
        return row

    def _events(self, label: str, window: DurationLike | None) -> tuple[tuple[int, int], tuple[int, int], Fraction]:
        """Return good and bad events of a window, those that are in it for certain, and the target."""
        length = self._window if window is None else RollingWindow.of(window)
        width = length.buckets(self.step)
        if width > self.tiers.longest:
            most = duration_text(self.tiers.longest * self.step)
            raise InvalidWindow(f"window must be at most {most}, as nothing older is kept, got {length}")
        with self._lock:
            self._ready()
            row = self._row_of(label)
            block, column = self._rings.blocks[row // BLOCK], row % BLOCK
            head = self._rings.head
            pairs = [
                tuple(map(int, sums[:, column]))
                for sums in (self._rings.sums(block, width, head), self._rings.sure_sums(block, width, head))
            ]
        (bad, total), (sure_bad, sure_total) = pairs
        return (total - bad, bad), (sure_total - sure_bad, sure_bad), self._target(row)

    # --- how it looks -----------------------------------------------------------------------------------------

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "objective", repr(self.slo)
        yield "labels", f"{len(self):,} of at most {self.limit:,} along {self.axis}"
        yield "alerts", "; ".join(map(repr, self.alerts)) or "none"
        yield "memory", f"{self.nbytes:,} bytes"

    def __repr__(self) -> str:
        labels, alerts = plural(len(self), "label"), plural(len(self.alerts), "alert")
        return f"Fleet({self.slo!r}: {labels} along {self.axis}, {alerts})"

    def _repr_html_(self) -> str:
        return html_table(self._facts(), caption="Fleet")

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self._facts()


def _burn(bad: int, total: int, target: Fraction) -> float | None:
    return float(Fraction(bad, total) / (1 - target)) if total else None
