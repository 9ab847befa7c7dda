"""What was read of a table: columns of numbers, and how they become counts.

Nothing here knows of files. Rows keep the line they came from, so that a complaint of the core about ``timestamps[17]``
becomes one about a row that its owner can look up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit.counts import Counts
from slokit.errors import InvalidCounts, InvalidEvents, InvalidFile, InvalidInstant, InvalidTimeline
from slokit.sli import SLI, Http
from slokit.timeline import DurationLike, InstantLike, duration_text, parse_duration, parse_instant

__all__ = ["BucketTable", "EventTable", "Labels"]

Labels = tuple[npt.NDArray[np.int32], tuple[str, ...]]
"""Codes of shape ``(rows,)``, and the labels they stand for."""

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]

# Rows that come at regular times fill most of their buckets; fewer than this are measurements at odd moments.
_REGULAR = 0.1


@attrs.frozen(eq=False, kw_only=True)
class EventTable:
    """Events as read: columns of equal length, in the order of the file.

    Parameters
    ----------
    source
        What to call the file in messages.
    columns
        Which column was read as what.
    timestamps
        Nanoseconds since the epoch, int64.
    good
        Verdicts, bool; None where an indicator has yet to judge the values, or there is nothing to judge.
    values
        float64; None where no value column was asked for.
    statuses
        int16, what is below 0 or above 1,000 as -1 and 1000; None where no status was read, or the rule names texts.
    valid
        bool, which events count at all; None where all do.
    by
        For each column asked for: int32 codes, and the labels they stand for, sorted.
    lines
        The line of the file of each row, in pieces.
    """

    source: str
    columns: Mapping[str, str]
    timestamps: _Ints
    good: _Bools | None
    values: npt.NDArray[np.float64] | None
    statuses: npt.NDArray[np.int16] | None = None
    valid: _Bools | None
    by: Mapping[str, Labels]
    lines: tuple[_Ints | range, ...] = attrs.field(repr=False)

    def __len__(self) -> int:
        return len(self.timestamps)

    def count(
        self,
        sli: SLI | None = None,
        *,
        step: DurationLike = "1m",
        start: InstantLike | None = None,
        end: InstantLike | None = None,
        max_gap: DurationLike | None = None,
    ) -> Counts:
        """Count the events into buckets; those before ``start`` or not before ``end`` are left out.

        Parameters
        ----------
        sli
            Judges what was read: flags or statuses are what a ratio wants, values what a threshold or a gauge wants,
            statuses and values (as seconds) what an http indicator wants, by its own rule; the parts of an all_of each
            take theirs, and freshness and deadline take the good events as successes. None
            takes the verdicts as they are.
        step, start, end, max_gap
            As for :meth:`slokit.sli.SLI.count`.

        Raises
        ------
        InvalidFile
            If the indicator needs a column that was not read, or events do not fit the timeline; names the row.
        """
        judge = SLI.ratio("events") if sli is None else sli
        kept = _within(self.timestamps, None if judge.is_timed else start, end)
        with _named(self.source, self.lines, kept):
            return judge.count(
                _datetimes(self.timestamps[kept]),
                self._observations(judge, kept),
                step=step,
                valid=None if self.valid is None else self.valid[kept],
                by=_by(self.by, kept),
                start=start,
                end=end,
                max_gap=max_gap,
            )

    def _observations(self, sli: SLI, kept: _Bools | slice) -> Any:
        """Return the column that an indicator judges; for an all_of, by part: verdicts and values."""
        if isinstance(sli.rule, Http):
            if self.statuses is None or (sli.rule.latency is not None and self.values is None):
                need = "a column of statuses that are numbers: --status, and of seconds where it has a latency: --value"
                raise InvalidFile(f"{self.source}: {sli.name!r} is an http indicator and needs {need}")
            faces: dict[str, Any] = {"status": self.statuses[kept]}
            return faces if self.values is None else faces | {"seconds": self.values[kept]}
        if sli.kind == "all_of":
            return {part.name: self._observations(part, kept) for part in sli.parts}
        column = self.values if sli.kind in ("threshold", "gauge", "predicate") else self.good
        if column is None and sli.kind not in ("freshness", "deadline"):
            need = "a column of verdicts: --good or --status" if sli.kind == "ratio" else "a column of values: --value"
            raise InvalidFile(f"{self.source}: {sli.name!r} is a {sli.kind} and needs {need}")
        return None if column is None else column[kept]


@attrs.frozen(eq=False, kw_only=True)
class BucketTable:
    """Counts as read: each row stands for the events of a bucket, or for a handful observed at one moment.

    Parameters
    ----------
    source, columns, by, lines
        As for :class:`EventTable`.
    timestamps
        Start of the bucket, nanoseconds since the epoch, int64.
    bad, total
        int64.
    """

    source: str
    columns: Mapping[str, str]
    timestamps: _Ints
    bad: _Ints
    total: _Ints
    by: Mapping[str, Labels]
    lines: tuple[_Ints | range, ...] = attrs.field(repr=False)

    def __len__(self) -> int:
        return len(self.timestamps)

    @property
    def spacing(self) -> int | None:
        """The step that the rows keep, nanoseconds; None where they come at odd moments, or there is but one."""
        # Unsigned, gaps of more than 292 years are exact too. np.unique would do, in ten times the time or more.
        instants = np.sort(self.timestamps)
        gaps = np.diff(instants.view(np.uint64))
        gaps = gaps[gaps > 0]
        if not gaps.size:
            return None
        step = int(np.gcd.reduce(gaps))
        filled = (len(gaps) + 1) * step / (int(instants[-1]) - int(instants[0]) + step)
        return step if filled >= _REGULAR else None

    def count(
        self,
        *,
        step: DurationLike | None = None,
        start: InstantLike | None = None,
        end: InstantLike | None = None,
        max_gap: DurationLike | None = None,
    ) -> Counts:
        """Add the rows up in buckets; those before ``start`` or not before ``end`` are left out.

        A bucket is observed if a row of its series lies in it: a table of buckets says itself what was measured. With
        ``max_gap`` a silence of up to that length between two rows counts as observed too, without traffic.

        Parameters
        ----------
        step
            Length of a bucket; None takes the spacing of the rows.
        start, end
            Edges of buckets; by default the first and the last row's.
        max_gap
            The longest silence that still was a measurement.

        Raises
        ------
        InvalidFile
            If rows come at odd moments and no step is given, if a step would cut the buckets of the file, or if a sum
            does not fit 64 bits.
        """
        spacing = self.spacing
        length = spacing if step is None else parse_duration(step, "step")
        if length is None:
            if len(self) == 1:
                why = "one row does not say how long a bucket is"
            elif int(self.timestamps.min()) == int(self.timestamps.max()):
                why = "rows of one time do not say how long a bucket is"
            else:
                why = "the rows come at odd moments; say how long a bucket is"
            raise InvalidFile(f"{self.source}: {why}: --step 5m (step=)")
        if spacing is not None and length % spacing:
            raise InvalidFile(
                f"{self.source}: rows stand for {duration_text(spacing)} each and cannot be cut into buckets of "
                f"{duration_text(length)}; use a multiple: --step {duration_text(spacing)}"
            )
        kept = _within(self.timestamps, start, end)
        instants, by = self.timestamps[kept], _by(self.by, kept)
        if start is None and spacing is not None and len(instants) and instants[0] % spacing:
            # Five-minute buckets that begin at :02 stay whole on a grid of their own.
            start = np.datetime64(int(instants.min() // length * length + instants[0] % spacing), "ns")
        add = partial(
            Counts.from_events,
            _datetimes(instants),
            np.ones(len(instants), dtype=bool),
            step=np.timedelta64(length, "ns"),
            by=by,
            start=start,
            end=end,
        )
        with _named(self.source, self.lines, kept):
            rows = add(max_gap=max_gap)
            bad, total = (add(weights=amounts[kept]).total for amounts in (self.bad, self.total))
        return Counts.from_buckets(
            timeline=rows.timeline,
            bad=bad,
            total=total,
            observed=rows.total > 0 if max_gap is None else rows.observed,
            labels=rows.labels if rows.axes else None,
        )


def _within(instants: _Ints, start: InstantLike | None, end: InstantLike | None) -> _Bools | slice:
    """Say which rows lie in a span; everything where it is not bounded."""
    if start is None and end is None:
        return slice(None)
    kept = np.ones(len(instants), dtype=bool)
    if start is not None:
        kept &= instants >= parse_instant(start, "start")
    if end is not None:
        kept &= instants < parse_instant(end, "end")
    return kept


def _by(by: Mapping[str, Labels], kept: _Bools | slice) -> dict[str, Labels] | None:
    return {name: (codes[kept], labels) for name, (codes, labels) in by.items()} or None


def _datetimes(instants: _Ints) -> npt.NDArray[np.datetime64]:
    return instants.view("datetime64[ns]")


@contextmanager
def _named(source: str, lines: Sequence[_Ints | range], kept: _Bools | slice) -> Iterator[None]:
    """Turn an index into arrays, which the reader never saw, into a row of the file."""
    try:
        yield
    except (InvalidEvents, InvalidCounts, InvalidInstant, InvalidTimeline) as error:

        def row(match: re.Match[str]) -> str:
            index = int(match[1])
            if not isinstance(kept, slice):
                index = int(np.flatnonzero(kept)[index])
            for piece in lines:
                if index < len(piece):
                    return f"row {piece[index]}"
                index -= len(piece)
            return match[0]

        # What the core adds up as weights are counts of rows to whoever owns the file.
        said = str(error).replace("adding up weights", "adding up rows")
        text = re.sub(r"\b(?:timestamps|values|good|valid)\[(\d+)\]", row, said)
        raise InvalidFile(f"{source}: {text}") from error
