"""Deciding: a policy held against what is known, bucket by bucket, in time; what was decided is written down.

Asking is cheap: until the next bucket is over, and no override has ended, the last decision stands, and a comparison
with the clock says so. Of several threads that find a bucket over one works the decision out; the others have the last.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

from slokit.exclusions import Exclusion
from slokit.live import keeping
from slokit.live.backing import Backing
from slokit.live.forks import begins_anew
from slokit.live.judge import Callbacks, Judge
from slokit.live.knowledge import Knowledge
from slokit.live.ledger import DecisionLedger
from slokit.live.ledger.book import Book, until_of
from slokit.live.ledger.revisions import Revision, has_forgotten, revised, settled_from
from slokit.live.recording import Recording
from slokit.live.restarts import Kept, packed
from slokit.policy import Decision, Override, Policy, PolicyHistory
from slokit.policy.decision import permits
from slokit.slo import SLO
from slokit.timeline import DurationLike, InstantLike

__all__ = ["Decider"]

_NEVER = -(2**63)


class Decider:
    """Decides by a policy, in one process; any thread may ask.

    Parameters
    ----------
    slo, policy
        What is judged, and by what.
    recording
        What was recorded here.
    knowledge
        What is known.
    backing
        The store behind it; None without one.
    initial
        Name of the state before, where it is known.
    """

    def __init__(
        self,
        slo: SLO,
        policy: Policy,
        recording: Recording,
        knowledge: Knowledge,
        backing: Backing | None,
        initial: str | None,
    ) -> None:
        self._slo = slo
        self._policy = policy
        self._recording = recording
        self._knowledge = knowledge
        self._backing = backing
        self._book = Book(policy, recording)
        self._lock = threading.Lock()
        self.callbacks = Callbacks()
        self.begins: Callable[[], None] = _nothing
        """Called before anything is decided."""
        self._begin(initial)
        begins_anew(self)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self.callbacks = self.callbacks.anew()

    def _begin(self, initial: str | None) -> None:
        step = self._knowledge.step
        first = self._recording.read().first * self._recording.step // step
        # Of tiers the finest says which states there were: as many are remembered as it has buckets.
        most = self._knowledge.fine if self._recording.tiered else None
        self._judge = Judge(self._policy, step, first, initial, most=most)
        self._identity = self._recording.identity
        self._forget()
        if self._backing is not None:
            self._backing.exchange()
        self._knowledge.evaluation()  # raises now where a window does not fit
        if self._backing is not None:
            self._backing.resume(self._judge)

    def _forget(self) -> None:
        self._known: Callable[[], Decision | None] = _nothing
        self._standing: tuple[int, tuple[Override, ...]] = self._judge.code, ()
        # The hot question "may I?" compares the clock with this and no more.
        self._decided_until = _NEVER

    def _begin_again(self) -> None:
        """Forget what the parent of a forked process had decided; its state is where we begin."""
        with self._lock:
            if self._recording.identity != self._identity:
                self._begin(self._judge.state)

    # --- deciding ---------------------------------------------------------------------------------------------

    def keep_up(self) -> None:
        """Judge what is over since the last time; while somebody does, the others have the last decision."""
        if self._recording.identity != self._identity:
            self._begin_again()
        ever = self._decided_until > _NEVER
        if ever and self._recording.time() < self._decided_until:
            return
        self.begins()
        if not self._lock.acquire(blocking=not ever):
            return
        try:
            if self._recording.time() >= self._decided_until:
                self._decide()
        finally:
            self._lock.release()
        self.callbacks.tell()

    def _decide(self) -> None:
        if self._backing is not None:
            self._backing.exchange()
            self._backing.share(self._book)
        self._decided()
        if self._backing is not None:
            self._backing.keep(self._judge)
            self._backing.share(self._book)

    def _judged(self) -> tuple[PolicyHistory, Decision, int]:
        """Judge what is over and was not judged, and write down what was decided; under the lock."""
        evaluation, first = self._knowledge.over()
        begin = max(self._judge.next - first, 0)
        self.callbacks.queue(self._judge.judge(evaluation, first))
        history = self._judge.history(evaluation, first)
        more_at = evaluation.timeline.end + self._knowledge.step + self._knowledge.delay
        decision, until = self._book.applied(history.at(), more_at)
        self._book.note(history, begin, decision)
        return history, decision, until

    def _decided(self) -> Decision:
        """Work the decision out; under the lock."""
        _, decision, until = self._judged()
        return self._stands(decision, until)

    def _stands(self, decision: Decision, until: int) -> Decision:
        """Have a decision stand until an instant."""
        # It holds the evidence that it rests on: more than tiers take. There it is worked out when it is asked for.
        self._known = weakref.ref(decision) if self._recording.tiered else lambda: decision
        self._standing = decision.code, decision.overrides
        self._decided_until = until
        return decision

    # --- answers ----------------------------------------------------------------------------------------------

    def decision(self) -> Decision:
        """Return the decision at the end of the last whole bucket."""
        self.keep_up()
        decision = self._known()
        if decision is None:
            with self._lock:
                decision = self._decided()
        return decision

    def allows(self, activity: str, change: str | None) -> bool:
        """Say whether an activity may begin."""
        self.keep_up()
        code, overrides = self._standing
        return permits(self._policy, code, activity, change, enforced=self._slo.enforced, overrides=overrides)

    def history(self) -> PolicyHistory:
        """Return the states that were decided, beside the evidence as it is known now."""
        self.keep_up()
        with self._lock:
            return self._judged()[0]

    def ledger(self) -> DecisionLedger:
        """Return what was decided and overridden, with a store by all processes."""
        self.keep_up()
        with self._lock:
            if self._backing is not None:
                self._backing.share(self._book)
            return self._book.ledger

    def override(
        self, activities: tuple[str, ...], reason: str, by: str, until: DurationLike | InstantLike, *, allow: bool
    ) -> Decision:
        """Decide against the policy for a while, on the record."""
        end = until_of(until, self._recording.time())
        made = Override(allow, reason, by, activities, until=end)
        decision = self.decision()
        with self._lock:
            # Another thread may have decided since.
            decision = self._known() or decision
            self._book.override(decision, made)
            decision = self._stands(*self._book.applied(decision, self._decided_until))
            if self._backing is not None:
                self._backing.share(self._book)
        return decision

    def revisions(self) -> tuple[Revision, ...]:
        """Return each entry of the ledger beside what is said of its bucket on what is known now."""
        self.keep_up()
        with self._lock:
            history, *_ = self._judged()
            timeline, ledger = history.timeline, self._book.ledger
            begin = 0
            if any(has_forgotten(entry, timeline.start) for entry in ledger):
                settled = settled_from(self._slo.window, self._policy, timeline.start)
                begin = min(-(-(settled - timeline.start) // timeline.step), timeline.size)
            if self._recording.tiered:
                # Windows that end inside a coarse bucket are not known.
                begin = max(begin, timeline.size - self._knowledge.fine)
            history = self._judge.revised(history, begin)
            return revised(ledger.entries, history, timeline.start + begin * timeline.step)

    def exclude(self, exclusions: tuple[Exclusion, ...]) -> None:
        """Add spans whose events do not count."""
        with self._lock:
            self._knowledge.exclude(exclusions)

    # --- restarts ---------------------------------------------------------------------------------------------

    def packed(self) -> bytes:
        """Return all that is known, as bytes to keep."""
        self.keep_up()
        with self._lock:
            return packed(self._slo, self._recording, self._recording.read(), self._judge, self._book.ledger)

    def resume(self, kept: Kept) -> None:
        """Go on from what an earlier process kept."""
        with self._lock:
            self._book.load(kept.ledger)
            if kept.rules == repr(self._judge.rules):
                kept.resume(self._judge)
            elif kept.state in {state.name for state in self._policy.states}:
                now = self._recording.clock.now() // self._knowledge.step
                self._judge = Judge(self._policy, self._knowledge.step, now, kept.state, most=self._judge.most)
            self._forget()

    def close(self) -> None:
        """Write what the store does not have, and let go of it."""
        if self._backing is None:
            return
        # A signal handler may close in the middle of a decision of its own thread, which nobody can wait out.
        held = self._lock.acquire(timeout=keeping.PATIENCE)
        try:
            self._backing.close(self._book if held else None)
        finally:
            if held:
                self._lock.release()


def _nothing() -> None:
    return None
