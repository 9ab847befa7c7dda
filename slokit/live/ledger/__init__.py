"""The ledger: what was decided, on what evidence as known then, and who decided otherwise, beside what is known now."""

from __future__ import annotations

from slokit.live.ledger.entries import LedgerEntry
from slokit.live.ledger.evidence import Evidence
from slokit.live.ledger.ledger import DecisionLedger
from slokit.live.ledger.revisions import Revision

__all__ = ["DecisionLedger", "Evidence", "LedgerEntry", "Revision"]
