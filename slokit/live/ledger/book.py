"""The book of a monitor: its ledger as it grows, the overrides that are in force, and what the store does not have yet.

An entry is made where what was decided differs from what stood at that bucket end. Several processes decide the same
of the same buckets; the keys of entries say so, and putting their ledgers together is a union, in any order and as
often as one likes: nothing is lost by whoever writes last, and nothing is there twice.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterable
from datetime import datetime

import attrs
import numpy as np

from slokit.errors import InvalidPolicy
from slokit.live.ledger.entries import LedgerEntry, end_of, verdict_of
from slokit.live.ledger.ledger import DecisionLedger
from slokit.live.ledger.text import entry_data, entry_of
from slokit.live.recording.recording import Recording
from slokit.policy import Decision, Override, Policy, PolicyHistory
from slokit.protocols import Store
from slokit.timeline import DurationLike, InstantLike, parse_duration, parse_instant

__all__ = ["MOST_BYTES", "MOST_ENTRIES", "Book", "log_name", "until_of"]

_log = logging.getLogger("slokit")

MOST_ENTRIES = 10_000
"""How many entries are kept; of more the oldest go. They take some 3 KB each in memory."""

MOST_BYTES = 2**25
"""How long they may be as data, together."""

# After a long absence the newest changes of state are written down; the history has all of them.
_MOST_AT_ONCE = 1_000
_DATE = re.compile(r"\s*[0-9]{4}-")


class Book:
    """Keeps the ledger of one monitor; for one thread at a time.

    Parameters
    ----------
    policy
        Whose decisions they are.
    recording
        Whose clock and name they carry.
    """

    def __init__(self, policy: Policy, recording: Recording) -> None:
        self.policy = policy
        self._recording = recording
        # Swapped as a whole: a child that is forked in the middle has the one or the other.
        self.ledger = DecisionLedger()
        self._sizes: dict[str, int] = {}
        self._unsent: dict[str, bytes] = {}
        self._fetched: set[str] = set()
        self._has_looked_back = False

    # --- what is written down -----------------------------------------------------------------------------------

    def note(self, history: PolicyHistory, begin: int, decision: Decision) -> None:
        """Write down what was decided, where it is another thing than stood there.

        Parameters
        ----------
        history
            What was judged.
        begin
            The first bucket of it that was judged only now.
        decision
            That of its last bucket, with the overrides in force.
        """
        now = self._recording.time()
        fresh: list[LedgerEntry] = []
        for bucket in self._changes(history, begin):
            past = history.at(np.datetime64(history.timeline.end_of(bucket), "ns"))
            self._consider(past, now, fresh, judged=True, asked=False)
        self._consider(decision, now, fresh, judged=begin < history.timeline.size, asked=True)
        self._add(fresh, ours=True)

    @staticmethod
    def _changes(history: PolicyHistory, begin: int) -> list[int]:
        """Return the buckets, but for the last, at whose end the state changed and that were judged only now."""
        codes = np.concatenate([[history.start_code()], history.codes])
        changed = begin + np.flatnonzero(codes[begin + 1 : -1] != codes[begin:-2])
        return [int(bucket) for bucket in changed[-_MOST_AT_ONCE:]]

    def _consider(self, decision: Decision, now: int, fresh: list[LedgerEntry], *, judged: bool, asked: bool) -> None:
        """Write a decision down if it is another than stood there.

        Late events change the reasons of a bucket that was judged before, and that is not deciding. And only at the
        last bucket was it asked what may be done, where overrides come and go.
        """
        standing = self.ledger.at_bucket(end_of(decision))
        if fresh and (standing is None or fresh[-1].end >= standing.end):
            standing = fresh[-1]
        lapsed = None
        if standing is not None:
            *state, grounds = verdict_of(decision)
            *stood, stood_on = standing.verdict
            if state == stood and not (judged and grounds != stood_on):
                if not asked or standing.blocked == decision.blocked:
                    return
                lapsed = self._lapsed(standing.decided, now)
        fresh.append(LedgerEntry.of(decision, decided=now, lapsed=lapsed, writer=self._recording.identity))

    def _lapsed(self, since: int, now: int) -> int | None:
        """Return when the last override ended that did after an instant; None if none did."""
        ends = [end for end, _ in self._overrides() if since < end <= now]
        return max(ends, default=None)

    def _add(self, entries: Iterable[LedgerEntry], *, ours: bool) -> None:
        held = {entry.key for entry in self.ledger}
        # Of a key that is there the entry stays: what was shown once is not changed, by us or by others.
        new = [entry for entry in entries if entry.key not in held]
        if not new:
            return
        for entry in new:
            blob = json.dumps({"version": 1, **entry_data(entry)}, allow_nan=False).encode()
            self._sizes[entry.key] = len(blob)
            if ours:
                self._unsent[entry.key] = blob
        self.ledger = self._bounded(self.ledger.plus(*new))

    def _bounded(self, ledger: DecisionLedger) -> DecisionLedger:
        """Let the oldest entries go where there are too many, but for overrides that are in force."""
        surplus = len(ledger) - MOST_ENTRIES
        bytes_over = sum(self._sizes[entry.key] for entry in ledger) - MOST_BYTES
        if surplus <= 0 and bytes_over <= 0:
            return ledger
        now = self._recording.time()
        kept = []
        for entry in ledger:
            if (surplus > 0 or bytes_over > 0) and not (entry.override is not None and _end(entry.override) > now):
                surplus -= 1
                bytes_over -= self._sizes.pop(entry.key)
                self._unsent.pop(entry.key, None)
            else:
                kept.append(entry)
        return DecisionLedger(kept)

    def load(self, entries: Iterable[LedgerEntry]) -> None:
        """Take over what an earlier process wrote down; a store is sent it too, which may have it already."""
        self._add(entries, ours=True)

    # --- overrides ----------------------------------------------------------------------------------------------

    def override(self, decision: Decision, override: Override) -> None:
        """Write down what somebody decided against a decision.

        Raises
        ------
        UnknownActivity
            If the policy does not know an activity.
        """
        for activity in override.activities:
            self.policy.blocks(self.policy.states[0], activity)
        against = attrs.evolve(decision, overrides=(*decision.overrides, override), explanation=decision._explanation)
        # Of two that a coarse clock puts at one instant the second counts all the same.
        last = max((entry.decided for entry in self.ledger if entry.override is not None), default=-(2**63))
        now = max(self._recording.time(), last + 1)
        self._add([LedgerEntry.of(against, decided=now, override=override, writer=self._recording.identity)], ours=True)

    def _overrides(self) -> list[tuple[int, Override]]:
        """Return all overrides of the policy with their ends, in the order in which they were made."""
        made = [e for e in self.ledger if e.override is not None and e.policy == self.policy.name]
        return [(_end(e.override), e.override) for e in sorted(made, key=lambda e: e.decided) if e.override is not None]

    def applied(self, decision: Decision, until: int) -> tuple[Decision, int]:
        """Return a decision with the overrides that are in force, and until when it is that."""
        now = self._recording.time()
        active = [(end, override) for end, override in self._overrides() if end > now]
        overrides = tuple(override for _, override in active)
        if overrides != decision.overrides:
            decision = attrs.evolve(decision, overrides=overrides, explanation=decision._explanation)
        return decision, min([until, *(end for end, _ in active)])

    # --- the store ----------------------------------------------------------------------------------------------

    def fetch(self, store: Store, series: str, log: str) -> None:
        """Read what others wrote down.

        Raises
        ------
        StoreError
            If the store cannot be reached.
        """
        self._add(self._fetched_from(store, series, log), ours=False)
        if not self._has_looked_back:
            # An override may be in force and older than all that the log keeps; from here on we see each when it comes.
            now = self._recording.time()
            made = self._fetched_from(store, series, _overrides_of(log))
            self._add([e for e in made if e.override is not None and _end(e.override) > now], ours=False)
            self._has_looked_back = True
        if len(self._fetched) > 4 * MOST_ENTRIES:
            self._fetched.clear()

    def _fetched_from(self, store: Store, series: str, log: str) -> list[LedgerEntry]:
        """Return the entries of a log that are not known."""
        known = self._fetched | {entry.key for entry in self.ledger}
        found = []
        for key, blob in store.entries(series, log, without=known).items():
            self._fetched.add(key)
            try:
                found.append(entry_of(json.loads(blob)))
            except (InvalidPolicy, ValueError, RecursionError) as error:
                # Of a newer slokit, or damaged: what cannot be read must not keep the rest from being known.
                _log.warning("an entry of the ledger in the store cannot be read, and is left out: %.300s", error)
        return found

    def send(self, store: Store, series: str, log: str) -> None:
        """Write what the store does not have.

        Raises
        ------
        StoreError
            If the store cannot be reached; nothing is lost by that.
        """
        if self._unsent:
            sent = dict(self._unsent)
            made = {entry.key for entry in self.ledger if entry.override is not None}
            if overrides := {key: blob for key, blob in sent.items() if key in made}:
                store.append(series, _overrides_of(log), overrides, most=MOST_ENTRIES)
            store.append(series, log, sent, most=MOST_ENTRIES)
            for key in sent:
                self._unsent.pop(key, None)


def log_name(policy: Policy, fingerprint: object) -> str:
    """Return under which name a ledger is kept: that of the objective, and of the policy whatever its rules are."""
    text = json.dumps([policy.name, str(fingerprint)])
    return f"ledger-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _overrides_of(log: str) -> str:
    """Return where overrides are kept once more, so that no number of decisions pushes one out that is in force."""
    return f"{log}-overrides"


def until_of(until: DurationLike | InstantLike, now: int) -> np.datetime64:
    """Return when something ends that is said to last so long, or until then.

    Raises
    ------
    InvalidPolicy
        If that has passed.
    InvalidDuration
        If it can be read as neither.

    Examples
    --------
    >>> until_of("2h", 0), until_of("1970-01-01T02:00Z", 0)
    (np.datetime64('1970-01-01T02:00:00.000000000'), np.datetime64('1970-01-01T02:00:00.000000000'))
    """
    is_instant = isinstance(until, datetime | np.datetime64) or (isinstance(until, str) and _DATE.match(until))
    end = parse_instant(until, "until") if is_instant else now + parse_duration(until, "until")  # type: ignore[arg-type]
    if end <= now:
        raise InvalidPolicy(f"until must lie ahead of the clock, got {until!r:.100}")
    return np.datetime64(end, "ns")


def _end(override: Override) -> int:
    """Return when an override ends, in nanoseconds; one that does not say so is over."""
    return -(2**63) if override.until is None else parse_instant(override.until, "until")
