"""Live: a service that knows its own budget, by the same code that judges history.

A :class:`Monitor` records events as they happen, from any thread, and answers at any moment: the status, the decision,
whether a deployment may begin. With a store the processes of a service know the whole, and so does the next one.

A :class:`Fleet` does so for thousands of labels at once, such as tenants, in little memory.
"""

from __future__ import annotations

from slokit.live.bounds import StatusBounds
from slokit.live.clock import ManualClock, SystemClock
from slokit.live.fleet import Fleet
from slokit.live.ledger import DecisionLedger
from slokit.live.ledger.entries import LedgerEntry
from slokit.live.ledger.evidence import Evidence
from slokit.live.ledger.revisions import Revision
from slokit.live.monitor import Monitor
from slokit.live.recording import Recording
from slokit.live.recording.exemplars import Exemplar
from slokit.live.stores import SqliteStore, SqlStore, open_store

__all__ = [
    "DecisionLedger",
    "Evidence",
    "Exemplar",
    "Fleet",
    "LedgerEntry",
    "ManualClock",
    "Monitor",
    "Recording",
    "Revision",
    "SqlStore",
    "SqliteStore",
    "StatusBounds",
    "SystemClock",
    "open_store",
]
