"""One entry of a ledger: what was decided, and on what evidence as it was known then.

Late events and exclusions change what is known of the past; an entry keeps the figures that whoever decided had before
them, and is never changed. It is kept where what was decided changed: the state, what may be done, or the conditions
that the reasons rest on. Figures that merely move on make no entry, or a warning of three days would be four thousand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, get_args

import attrs

from slokit._display import clean, html_table
from slokit.errors import InvalidPolicy, WrongType
from slokit.intervals import parse_edge
from slokit.live.ledger.evidence import Evidence
from slokit.policy import Decision, Override, Rule, Severity
from slokit.policy.state import names_of
from slokit.texts import check_text
from slokit.timeline import InstantLike, instant_text, to_datetime

__all__ = ["LedgerEntry", "end_of", "rules_digest", "verdict_of"]

_MOST_REASONS = 12
_MOST_TEXT = 400
_MOST_BURNS = 32


def _end(value: InstantLike | int) -> int:
    return parse_edge(value, "end", InvalidPolicy)


def _decided(value: InstantLike | int) -> int:
    return parse_edge(value, "decided", InvalidPolicy)


def _lapsed(value: InstantLike | int | None) -> int | None:
    return None if value is None else parse_edge(value, "lapsed", InvalidPolicy)


def _digest(*parts: object) -> str:
    """Return a short text that differs where what it is of differs."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def rules_digest(rules: Sequence[Rule]) -> str:
    """Return a short text that tells the rules of one policy from those of another."""
    return _digest(repr(tuple(rules)))


def verdict_of(decision: Decision) -> tuple[str, str, str, str]:
    """Return what a policy said, overrides left aside, as :attr:`LedgerEntry.verdict` has it."""
    rules = rules_digest(decision._explanation.history.rules)
    return decision.policy.name, rules, decision.state, _digest(*decision.grounds)


def end_of(decision: Decision) -> int:
    """Return the end of the last bucket that a decision looked at, in nanoseconds."""
    explanation = decision._explanation
    return explanation.evaluation.timeline.end_of(explanation.bucket)


def _allowed(values: Iterable[str]) -> tuple[str, ...]:
    return names_of(values, "allowed")


def _blocked(values: Iterable[str]) -> tuple[str, ...]:
    return names_of(values, "blocked")


def _reasons(values: Iterable[str]) -> tuple[str, ...]:
    """Keep the first reasons, cut where they are very long: an entry has a bound."""
    found = tuple(str(value) for value in values)
    more = (f"… {len(found) - _MOST_REASONS} more",) if len(found) > _MOST_REASONS else ()
    return (*(clean(value, _MOST_TEXT) for value in found[:_MOST_REASONS]), *more)


@attrs.frozen(kw_only=True, repr=False)
class LedgerEntry:
    """What was decided at the end of one bucket, or overridden after it; see :meth:`of`.

    Parameters
    ----------
    end
        End of the last bucket looked at: an instant, or integer nanoseconds, as it is kept.
    decided
        When it was decided, by the clock; likewise.
    policy, rules
        The policy's name, and a digest of its rules.
    state
        Name of the state.
    allowed, blocked
        The activities that might begin, and that might not, for changes of no exempt class; overrides considered.
    reasons
        In words and with figures, at most a dozen of 400 characters.
    grounds
        A digest of the conditions that the reasons rest on.
    severity
        Of the incident that went on; None where none did.
    evidence
        What was known.
    override
        What somebody decided against the policy; None where the entry is the policy's own decision.
    lapsed
        When an override ended, where that is why there is an entry; like ``end``.
    writer
        Which process decided.
    """

    end: int = attrs.field(converter=_end)
    decided: int = attrs.field(converter=_decided)
    policy: str
    rules: str = ""
    state: str
    allowed: tuple[str, ...] = attrs.field(default=(), converter=_allowed)
    blocked: tuple[str, ...] = attrs.field(default=(), converter=_blocked)
    reasons: tuple[str, ...] = attrs.field(default=(), converter=_reasons)
    grounds: str = ""
    severity: Severity | None = None
    evidence: Evidence
    override: Override | None = None
    lapsed: int | None = attrs.field(default=None, converter=_lapsed)
    writer: str = ""

    def __attrs_post_init__(self) -> None:
        for field, least in (("policy", 1), ("state", 1), ("rules", 0), ("grounds", 0), ("writer", 0)):
            check_text(field, getattr(self, field), InvalidPolicy, least=least)
        if not isinstance(self.evidence, Evidence):
            raise WrongType(f"evidence must be an Evidence, got {type(self.evidence).__name__}: {self.evidence!r:.100}")
        if self.override is not None and not isinstance(self.override, Override):
            raise WrongType(f"override must be an Override, got {type(self.override).__name__}: {self.override!r:.100}")
        if self.severity is not None and self.severity not in get_args(Severity):
            raise InvalidPolicy(f"severity must be one of {', '.join(get_args(Severity))}, got {self.severity!r:.100}")

    @classmethod
    def of(
        cls,
        decision: Decision,
        *,
        decided: InstantLike | int,
        override: Override | None = None,
        lapsed: int | None = None,
        writer: str = "",
    ) -> LedgerEntry:
        """Make an entry of a decision, whoever decided: a monitor, a gate for deployments, a notebook.

        Parameters
        ----------
        decision
            The decision, with the overrides that were there.
        decided
            When, by the clock; integers are nanoseconds since the epoch.
        override
            What somebody decided against it, if that is what the entry is about.
        lapsed
            When an override ended, if that is what it is about.
        writer
            Who keeps the entry.

        Examples
        --------
        >>> from slokit import SLI, SLO, Counts, Policy
        >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="5m", good=[900] * 99, bad=[100] * 99)
        >>> slo = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="6h")
        >>> decision = Policy.default("6h").evaluate(slo.evaluate(counts)).at()
        >>> LedgerEntry.of(decision, decided="2026-01-01T08:15:02Z")
        2026-01-01 08:15 UTC CRITICAL · blocks deploy, config change, ... · sev1 · -900% of the budget left · ...
        """
        explanation, status = decision._explanation, decision.status
        blocked = decision.blocked
        policy, rules, state, grounds = verdict_of(decision)
        return cls(
            end=end_of(decision),
            decided=decided,
            policy=policy,
            rules=rules,
            state=state,
            allowed=tuple(name for name in decision.policy.activities if name not in blocked),
            blocked=blocked,
            reasons=decision.reasons,
            grounds=grounds,
            severity=decision.severity,
            evidence=Evidence(
                since=explanation.evaluation.timeline.start,
                good=status.good,
                bad=status.bad,
                unit=status.unit,
                target=status.target,
                remaining_ratio=status.error_budget.remaining_ratio,
                coverage=status.coverage,
                burns=decision.burns[:_MOST_BURNS],
            ),
            override=override,
            lapsed=lapsed,
            writer=writer,
        )

    @property
    def time(self) -> datetime:
        """End of the last bucket looked at, in UTC."""
        return to_datetime(self.end)

    @property
    def decided_at(self) -> datetime:
        """When it was decided by the clock, in UTC."""
        return to_datetime(self.decided)

    @cached_property
    def key(self) -> str:
        """What tells entries apart, in the order of the buckets: the end, and a digest of what was decided.

        Processes that decide the same at the same end make one entry of it, whatever each knew of late events.
        """
        what = (*self.verdict, self.allowed, self.blocked, self.lapsed)
        over = "" if self.override is None else f"{self.decided} {self.override.allow} {self.override!r}"
        # Instants before 1970 are negative; digits of one length sort as the numbers do.
        return f"{self.end + 2**63:020d}-{_digest(what, over)}"

    @property
    def verdict(self) -> tuple[str, str, str, str]:
        """What the policy said, overrides left aside: entries that agree in it were decided alike."""
        return self.policy, self.rules, self.state, self.grounds

    # --- being a value --------------------------------------------------------------------------------------

    def row(self) -> dict[str, Any]:
        """Return the entry as one row of plain columns: text, numbers, datetimes and None."""
        override = self.override
        return {
            "time": self.time,
            "decided_at": self.decided_at,
            "policy": self.policy,
            "state": self.state,
            "severity": self.severity,
            "blocked": ", ".join(self.blocked),
            "reasons": "; ".join(self.reasons),
            "good": self.evidence.good,
            "bad": self.evidence.bad,
            "total": self.evidence.total,
            "remaining_ratio": self.evidence.remaining_ratio,
            "coverage": self.evidence.coverage,
            "override": None if override is None else "allow" if override.allow else "block",
            "activities": None if override is None else ", ".join(override.activities),
            "by": None if override is None else override.by,
            "reason": None if override is None else override.reason,
            "until": None if override is None else override.until,
            "writer": self.writer,
        }

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "time", f"{self.time:%Y-%m-%d %H:%M} UTC"
        yield "state", clean(self.state, 40).upper()
        if self.override is not None:
            yield "override", f"OVERRIDE {self.override!r}"
        elif self.blocked:
            yield "blocked", f"blocks {', '.join(clean(name, 40) for name in self.blocked)}"
        if self.lapsed is not None:
            yield "lapsed", f"an override ended at {instant_text(self.lapsed)}"
        if self.severity:
            yield "severity", self.severity
        yield from self.evidence._facts()
        for reason in self.reasons:
            yield "reason", clean(reason, _MOST_TEXT)

    def line(self) -> str:
        """Return the entry as one line."""
        time, state, *rest = (text for _, text in self._facts())
        return " · ".join([f"{time} {state}", *rest])

    def __repr__(self) -> str:
        return self.line()

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self._facts()
        yield "decided", instant_text(self.decided)

    def _repr_html_(self) -> str:
        return html_table(self.__rich_repr__(), caption=f"Decision of {self.policy}")
