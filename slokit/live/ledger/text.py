"""Entries of a ledger as plain data for JSON, and back; nothing that is read is run, and all of it is checked."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import attrs

from slokit.errors import InvalidPolicy
from slokit.live.ledger.entries import LedgerEntry
from slokit.live.ledger.evidence import Evidence
from slokit.policy import Override
from slokit.timeline import instant_text, parse_instant

__all__ = ["entry_data", "entry_of"]

_PLAIN = ("end", "decided", "policy", "rules", "state", "grounds", "severity", "lapsed", "writer")
_LISTS = ("allowed", "blocked", "reasons")


def entry_data(entry: LedgerEntry) -> dict[str, Any]:
    """Return an entry as text, numbers, lists and None.

    Instants are integer nanoseconds; a target is the text of its fraction.
    """
    known, over = entry.evidence, entry.override
    return {
        **{field: getattr(entry, field) for field in _PLAIN},
        **{field: list(getattr(entry, field)) for field in _LISTS},
        "evidence": attrs.asdict(known) | {"target": str(known.target), "burns": [list(burn) for burn in known.burns]},
        "override": None
        if over is None
        else {
            "allow": over.allow,
            "reason": over.reason,
            "by": over.by,
            "activities": list(over.activities),
            "until": None if over.until is None else instant_text(parse_instant(over.until, "until")),
        },
    }


def entry_of(data: Mapping[str, Any]) -> LedgerEntry:
    """Read an entry; what a newer slokit may have added is left out.

    Raises
    ------
    InvalidPolicy
        If it is none.
    """
    try:
        known = data["evidence"]
        evidence = Evidence(**{field.name: known[field.name] for field in attrs.fields(Evidence)} | _target(known))
        over = data["override"]
        override = None if over is None else Override(**{f.name: over[f.name] for f in attrs.fields(Override)})
        fields = {field: data[field] for field in (*_PLAIN, *_LISTS)}
        return LedgerEntry(**fields, evidence=evidence, override=override)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        if isinstance(error, InvalidPolicy):
            raise
        raise InvalidPolicy(f"this is no entry of a ledger: {type(error).__name__}: {error!s:.200}") from None


def _target(known: Mapping[str, Any]) -> dict[str, Fraction]:
    text = known["target"]
    # Digits that nobody wrote would take for ever to read.
    if not isinstance(text, str) or not 1 <= len(text) <= 1_000 or not set(text) <= set("0123456789/"):
        raise InvalidPolicy(f"target must be the text of a fraction, got {text!r:.100}")
    return {"target": Fraction(text)}
