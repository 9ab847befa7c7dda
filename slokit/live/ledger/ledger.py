"""The ledger of decisions: what was decided, on what evidence as known then, and who overrode it, why and until when.

A ledger is a value and knows neither monitors nor clocks: a monitor has one, a gate for deployments may keep another,
and two of one service are put together by a union, since entries never change and equal decisions have equal keys.
Beside it stands what the same policy says today of the same instants (:meth:`DecisionLedger.revised`).
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self, overload

import attrs

from slokit._display import clean, html_table, plural
from slokit.errors import InvalidPolicy, WrongType
from slokit.intervals import parse_edge
from slokit.live.ledger.entries import LedgerEntry
from slokit.live.ledger.revisions import Revision, revised
from slokit.live.ledger.text import entry_data, entry_of
from slokit.policy import PolicyHistory
from slokit.status import SHOWN
from slokit.timeline import InstantLike

__all__ = ["DecisionLedger", "order"]

_MOST_TEXT = 2**28


def order(entry: LedgerEntry) -> tuple[int, int, bool, str]:
    """Return what entries are sorted by: the bucket end, then the clock, and an override after what it overrides."""
    return entry.end, entry.decided, entry.override is not None, entry.key


def _united(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """Put entries in order; of those with one key the first that was decided stays."""
    held: dict[str, LedgerEntry] = {}
    for entry in entries:
        if not isinstance(entry, LedgerEntry):
            raise WrongType(f"entries must be LedgerEntry objects, got {type(entry).__name__}: {entry!r:.100}")
        other = held.setdefault(entry.key, entry)
        if entry.decided < other.decided:
            held[entry.key] = entry
    return tuple(sorted(held.values(), key=order))


@attrs.frozen(repr=False)
class DecisionLedger(Sequence[LedgerEntry]):
    """Entries in the order of their buckets, of which none ever changes.

    Parameters
    ----------
    entries
        In any order; of those that say the same of the same bucket the first that was decided is kept.

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.live import ManualClock, Monitor
    >>> clock = ManualClock("2026-01-01T00:00Z")
    >>> slo = SLO("checkout", sli=SLI.ratio("availability"), target="99%", window="1h")
    >>> monitor = Monitor(slo, clock=clock)
    >>> monitor.add(good=900, bad=100)
    >>> clock.advance("20m")
    >>> monitor.override("deploy", reason="rollback of 4711", by="ana", until="2h").allows("deploy")
    True
    >>> for entry in monitor.ledger:
    ...     print(f"{entry.time:%H:%M}", entry.state, "deploy" in entry.blocked, entry.override)
    00:01 warning False None
    00:15 critical True None
    00:20 critical False deploy allowed by ana until 2026-01-01 02:20 UTC: rollback of 4711
    """

    entries: tuple[LedgerEntry, ...] = attrs.field(default=(), converter=_united)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[LedgerEntry]:
        return iter(self.entries)

    @overload
    def __getitem__(self, index: int) -> LedgerEntry: ...

    @overload
    def __getitem__(self, index: slice) -> DecisionLedger: ...

    def __getitem__(self, index: int | slice) -> LedgerEntry | DecisionLedger:
        return DecisionLedger(self.entries[index]) if isinstance(index, slice) else self.entries[index]

    def plus(self, *entries: LedgerEntry) -> DecisionLedger:
        """Return the ledger with more entries; those that are there already change nothing."""
        return DecisionLedger((*self.entries, *entries))

    @property
    def overrides(self) -> DecisionLedger:
        """The entries in which somebody decided against the policy."""
        return DecisionLedger(entry for entry in self.entries if entry.override is not None)

    def between(self, start: InstantLike | int | None = None, end: InstantLike | int | None = None) -> DecisionLedger:
        """Return the entries that were decided in ``[start, end)`` by the clock; without an end all on that side."""
        low = None if start is None else parse_edge(start, "start", InvalidPolicy)
        high = None if end is None else parse_edge(end, "end", InvalidPolicy)
        return DecisionLedger(
            entry
            for entry in self.entries
            if (low is None or entry.decided >= low) and (high is None or entry.decided < high)
        )

    def at(self, when: InstantLike | int) -> LedgerEntry | None:
        """Return what stood at an instant, of all that had been decided by then; None where nothing had."""
        instant = parse_edge(when, "when", InvalidPolicy)
        return next((entry for entry in reversed(self.entries) if entry.decided <= instant), None)

    def at_bucket(self, end: int) -> LedgerEntry | None:
        """Return what stood at the end of a bucket, in nanoseconds, whenever it was decided; None before the first."""
        position = bisect_right(self.entries, end, key=lambda entry: entry.end)
        return self.entries[position - 1] if position else None

    def revised(self, history: PolicyHistory) -> tuple[Revision, ...]:
        """Return each entry beside what a policy says of its bucket on evidence as it is known now.

        Parameters
        ----------
        history
            The policy held against that evidence: ``policy.evaluate(slo.evaluate(counts))``, of one series. A monitor
            does it by itself: :meth:`slokit.live.Monitor.revisions`.

        Returns
        -------
        tuple of Revision
            One an entry. Where the evidence does not reach back as far as it did, or the policy's rules are others by
            now, it says so instead of comparing what cannot be compared.

        Raises
        ------
        WrongType
            If the history is none, or of several series.
        """
        return revised(self.entries, history)

    # --- as data ----------------------------------------------------------------------------------------------

    def rows(self) -> list[dict[str, Any]]:
        """Return a row an entry, for ``pandas.DataFrame(ledger.rows())`` and the like; see :meth:`LedgerEntry.row`."""
        return [entry.row() for entry in self.entries]

    def to_json(self) -> str:
        """Return the ledger as text that :meth:`from_json` reads; ASCII alone, whatever names and reasons hold."""
        return json.dumps({"version": 1, "entries": [entry_data(entry) for entry in self.entries]}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        InvalidPolicy
            If it is something else, or of a newer version.
        """
        if len(text) > _MOST_TEXT:
            raise InvalidPolicy(f"a ledger must be at most {_MOST_TEXT:,} characters long, got {len(text):,}")
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise InvalidPolicy(f"the ledger is of version {data['version']!r:.40}; a newer slokit reads it")
            return cls(entry_of(entry) for entry in data["entries"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            if isinstance(error, InvalidPolicy):
                raise
            raise InvalidPolicy(f"this is no ledger: {type(error).__name__}: {error!s:.200}") from None

    # --- being a value ----------------------------------------------------------------------------------------

    def _head(self) -> str:
        overrides = len(self.overrides)
        head = plural(len(self), "entry", "entries")
        return head + (f", {plural(overrides, 'override')} among them" if overrides else "")

    def __repr__(self) -> str:
        shown = self.entries[-SHOWN:]
        more = len(self) - len(shown)
        lines = [f"… {more:,} before"] * (more > 0) + [entry.line() for entry in shown]
        return "\n".join([f"DecisionLedger: {self._head()}", *lines])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "ledger", self._head()
        for entry in self.entries[-SHOWN:]:
            yield f"{entry.time:%Y-%m-%d %H:%M} UTC", entry.line()

    def _repr_html_(self) -> str:
        rows = [
            (
                f"{entry.time:%Y-%m-%d %H:%M} UTC",
                entry.state,
                ", ".join(entry.blocked),
                "" if entry.override is None else repr(entry.override),
                repr(entry.evidence),
                "; ".join(clean(reason) for reason in entry.reasons),
            )
            for entry in self.entries[-SHOWN:]
        ]
        return html_table(rows, ("time", "state", "blocks", "override", "known then", "reasons"), self._head())
