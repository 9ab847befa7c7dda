"""Judging as time passes: a policy held against what was recorded, one bucket end after another, each once.

Late events change the evidence and so the budget; what was decided at a bucket's end stays decided. So the judge keeps
the codes of the buckets it has judged, and what the last of them hands on (:class:`slokit.policy.transitions.Carry`).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit.evaluation import Evaluation
from slokit.policy import Policy, PolicyHistory, Transition
from slokit.policy.transitions import Carry, step
from slokit.timeline import to_datetime

__all__ = ["Callback", "Callbacks", "Judge"]

Callback = Callable[[Transition], None]
_log = logging.getLogger("slokit")


class Judge:
    """Holds a policy against growing evidence.

    Parameters
    ----------
    policy
        The policy.
    length
        Of a bucket, in nanoseconds.
    first
        Number of the first bucket that is judged.
    initial
        Name of the state before it, where it is known.
    most
        How many codes are remembered; by default as many as there is evidence for.
    """

    def __init__(
        self, policy: Policy, length: int, first: int, initial: str | None = None, *, most: int | None = None
    ) -> None:
        self.policy = policy
        self.most = most
        self.rules, self.notes = policy.fitted(length)
        self._coded = policy.coded(self.rules)
        start = policy.initial_codes(initial)
        self.carry = Carry.of(self._coded, start)
        # The codes of buckets from ``first`` on, and that of the bucket before them.
        self.first, self.before, self.codes = first, int(start), np.zeros(0, dtype=np.int8)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what a snapshot keeps: the codes, and what the last of them hands on."""
        return {"codes": self.codes, **attrs.asdict(self.carry, recurse=False)}

    def resume(self, first: int, before: int, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what :meth:`arrays` kept, of the same rules."""
        self.first, self.before, self.codes = first, before, arrays["codes"]
        self.carry = Carry(**{field.name: arrays[field.name] for field in attrs.fields(Carry)})

    @property
    def code(self) -> int:
        """Code of the last state that was decided."""
        return int(self.codes[-1]) if len(self.codes) else self.before

    @property
    def state(self) -> str:
        """Name of the last state that was decided."""
        return self.policy.state(self.code).name

    @property
    def next(self) -> int:
        """Number of the bucket to be judged next."""
        return self.first + len(self.codes)

    def judge(self, evaluation: Evaluation, first: int) -> list[Transition]:
        """Judge the buckets that were not, of an evaluation that begins with a bucket; return the changes of state."""
        self._remember_from(first)
        begin = self.next - first
        if begin >= evaluation.timeline.size:
            # Another process was ahead of us, or our clock was set back: what was judged is not judged again.
            return []
        codes, self.carry = step(evaluation, self._coded, self.policy.stale_after, self.carry, first=begin)
        before = self.code
        self.codes = np.concatenate([self.codes, codes])
        if not len(codes) or (codes == before).all():
            changes = []
        else:
            since = to_datetime(evaluation.timeline.start + begin * evaluation.timeline.step)
            changes = [change for change in self.history(evaluation, first).transitions if change.time > since]
        if self.most is not None:
            self._remember_from(self.next - self.most)
        return changes

    def _remember_from(self, first: int) -> None:
        """Let go of codes whose evidence is forgotten; before the first the state is what it was told to be."""
        gone = min(max(first - self.first, 0), len(self.codes))
        self.before = int(self.codes[gone - 1]) if gone else self.before
        self.codes = self.codes[gone:].copy()
        if len(self.codes):
            self.first += gone
        else:
            self.first = max(first, self.first + gone)

    def history(self, evaluation: Evaluation, first: int) -> PolicyHistory:
        """Return what was decided, beside the evidence as it is known now, which begins with a bucket."""
        ahead = np.full(max(self.first - first, 0), self.before, dtype=np.int8)
        return PolicyHistory(
            policy=self.policy,
            evaluation=evaluation,
            codes=np.concatenate([ahead, self.codes])[: evaluation.timeline.size],
            rules=self.rules,
            initial=Carry.of(self._coded, np.array(self.before, dtype=np.int8)),
            carry=self.carry,
            notes=self.notes,
        )

    def revised(self, history: PolicyHistory, begin: int) -> PolicyHistory:
        """Judge what was decided again, on the evidence as it is known now, from a bucket on."""
        before = int(history.codes[begin - 1]) if begin else history.start_code()
        initial = Carry.of(self._coded, np.array(before, dtype=np.int8))
        codes, carry = step(history.evaluation, self._coded, self.policy.stale_after, initial, first=begin)
        return attrs.evolve(history, codes=np.concatenate([history.codes[:begin], codes]), carry=carry)


class Callbacks:
    """Who is told of transitions: each once, in order, outside locks; one that fails stops no other."""

    def __init__(self) -> None:
        self._held: dict[int, Callback] = {}
        self._waiting: deque[Transition] = deque()
        self._turn = threading.Lock()
        self._next = 0
        self.failed = 0

    def add(self, callback: Callback) -> Callable[[], None]:
        """Tell somebody from now on; the returned function ends that."""
        key, self._next = self._next, self._next + 1
        self._held[key] = callback

        def end() -> None:
            self._held.pop(key, None)

        return end

    def queue(self, transitions: list[Transition]) -> None:
        """Take transitions to be told of."""
        self._waiting.extend(transitions)

    def tell(self) -> None:
        """Tell of all that waits; a callback that leads here again leaves that to the one that is telling."""
        # Asked again after each turn: what was queued meanwhile found the turn taken.
        while self._waiting and self._turn.acquire(blocking=False):
            try:
                while self._waiting:
                    transition = self._waiting.popleft()
                    for callback in list(self._held.values()):
                        self._call(callback, transition)
            finally:
                self._turn.release()

    def _call(self, callback: Callback, transition: Transition) -> None:
        try:
            callback(transition)
        except Exception:  # noqa: BLE001 - whatever it raises is its own affair
            self.failed += 1
            _log.exception("a callback failed at %r", transition)

    def anew(self) -> Callbacks:
        """Return the same callbacks with nothing to tell: what waited is told of by the parent of a forked child."""
        again = Callbacks()
        for callback in self._held.values():
            again.add(callback)
        return again
