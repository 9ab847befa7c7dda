"""The monitor: a program's own budget, from the events that it records itself.

Recording is the hot path and knows nothing of objectives; everything else is asked for. A status is what
``slo.evaluate(monitor.counts()).at()`` says, the running bucket included. Decisions are judged at the end of whole
buckets, each once, and kept until the next one is over, so that asking before every request costs a comparison.

Without a store a monitor knows what its own process recorded since it began, and nothing else. With one, what it says
is about all processes that write to it: as they were last read, which is at the end of every bucket, and what it knows
of itself.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import numpy as np

from slokit.counts import Counts
from slokit.errors import InvalidCounts, InvalidSLI, StoreError, WrongType
from slokit.evaluation import Evaluation
from slokit.exclusions import Exclusion, parse_exclusions
from slokit.live.backing import Backing
from slokit.live.bounds import StatusBounds
from slokit.live.evidence import Evidence, check_tiers, judged_every
from slokit.live.flusher import Flusher
from slokit.live.forks import begins_anew
from slokit.live.judge import Callback, Callbacks, Judge
from slokit.live.recording import Memory, Recording
from slokit.live.restarts import Kept, packed, unpacked
from slokit.live.stores import open_store
from slokit.live.tiers import SHAPE
from slokit.policy import Decision, Policy, PolicyHistory
from slokit.policy.decision import permits
from slokit.protocols import Clock, Store
from slokit.slo import SLO
from slokit.status import Status
from slokit.timeline import DurationLike, parse_length
from slokit.windows import CalendarWindow

__all__ = ["Monitor"]


class Monitor:
    """Records events, and knows the status and the decision that follow.

    Parameters
    ----------
    slo
        The objective.
    policy
        What decides; by default :meth:`slokit.Policy.default` for the objective's window.
    resolution
        Length of a bucket. Shorter ones notice sooner, and take memory: 17 bytes each.
    clock
        What tells the time.
    exclusions
        Spans whose events do not count; :meth:`exclude` adds to them.
    initial
        Name of the state before this process began, where it is known.
    recording
        The recording of another monitor whose events these are too: an objective on the same indicator.
    retention
        How far back buckets are remembered; by default as far as the objective's window (of a calendar two periods, as
        the one before says what to expect) and the policy's conditions and holds look.
    store
        Where to keep what was counted: a path for SQLite, a URL for a database, or a store. See
        :mod:`slokit.live.stores`.
    series
        Under which name; by default the objective's.
    flush_every
        How often a thread of this process flushes and finds whether the state changed, such as ``"5s"``; by default
        there is no thread, and both happen when a decision is asked for. See :mod:`slokit.live.flusher`.
    strict
        Whether what would be dropped raises instead: for tests.
    memory
        ``"exact"`` remembers every bucket: 734 KB for 30 days of minutes, and twice that while it knows a decision.
        ``"tiers"`` takes at most 40 KB, remembers what is older than some hours in coarser buckets, and says with
        :meth:`bounds` what that leaves open: see :mod:`slokit.live.tiers`.

    Raises
    ------
    InvalidSLI
        If the indicator judges time and not events.
    InvalidWindow
        If a window is no whole number of buckets.
    InvalidDefinition
        If coarse buckets cannot answer for the objective: it has slices or a calendar window, or there is a store.

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.live import ManualClock, Monitor
    >>> clock = ManualClock("2026-01-01T00:00Z")
    >>> slo = SLO("checkout", sli=SLI.ratio("availability"), target="99%", window="1h")
    >>> monitor = Monitor(slo, clock=clock)
    >>> for ok in [True] * 199 + [False]:
    ...     monitor.record(ok)
    >>> monitor.status()
    MET · 50% budget left (1 bad event) · SLI 99.5% of 200 · coverage 1.7%
    >>> clock.advance("1m")
    >>> monitor.decision().state, monitor.allows("deploy")
    ('healthy', True)
    """

    def __init__(
        self,
        slo: SLO,
        *,
        policy: Policy | None = None,
        resolution: DurationLike = "1m",
        clock: Clock | None = None,
        exclusions: Exclusion | Iterable[Exclusion] = (),
        initial: str | None = None,
        recording: Recording | None = None,
        retention: DurationLike | None = None,
        store: str | os.PathLike[str] | Store | None = None,
        series: str | None = None,
        flush_every: DurationLike | None = None,
        strict: bool = False,
        memory: Memory = "exact",
    ) -> None:
        if not isinstance(slo, SLO):
            raise WrongType(f"slo must be an SLO, got {type(slo).__name__}: {slo!r:.100}")
        self.slo = slo
        self.policy = Policy.default(slo.window) if policy is None else policy
        reach = self._reach(retention)
        if recording is None:
            recording = Recording(
                slo.sli, retention=_span(reach), resolution=resolution, clock=clock, strict=strict, memory=memory
            )
        else:
            _check_shared(recording, slo, reach)
        self.recording = recording
        # The recording's own methods: a call through this class would cost as much again.
        self.record, self.observe, self.add = recording.record, recording.observe, recording.add
        self.measure = recording.measure
        self._lock = threading.Lock()
        self._callbacks = Callbacks()
        if recording.tiered:
            check_tiers(slo, has_store=store is not None)
        step = judged_every(slo, recording)
        self._backing = None if store is None else Backing(open_store(store), series or slo.name, slo, step, recording)
        keeper = None if self._backing is None else self._backing.keeper
        self._evidence = Evidence(slo, recording, keeper, parse_exclusions(exclusions))
        self._flusher = None if flush_every is None else Flusher(self, flush_every)
        self._begin(initial)
        begins_anew(self)
        if self._flusher is not None:
            recording.await_event(self._flusher.begin)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self._callbacks = self._callbacks.anew()

    def _begin(self, initial: str | None) -> None:
        first = self.recording.read().first * self.recording.step // self.step
        # Of tiers the finest says which states there were: as many are remembered as it has buckets.
        self._judge = Judge(self.policy, self.step, first, initial, most=SHAPE[0][1] if self.recording.tiered else None)
        self._identity = self.recording.identity
        self._known: Callable[[], Decision | None] = _nothing
        self._code = self._judge.code
        # The hot question "may I?" compares the clock with this and no more.
        self._decided_until = -(2**63)
        if self._backing is not None:
            self._backing.exchange()
        self._evidence.evaluation()  # raises now where a window does not fit
        if self._backing is not None:
            self._backing.resume(self._judge)

    @property
    def has_store(self) -> bool:
        """Whether what it says is about all processes that write to its store."""
        return self._backing is not None

    @property
    def step(self) -> int:
        """What is judged is over so often: a bucket, or for the timeslice methods a slice."""
        return self._evidence.step

    def _reach(self, retention: DurationLike | None) -> int:
        """Return how far back buckets must be remembered, in nanoseconds."""
        if retention is not None:
            return parse_length(retention, "retention")
        nominal = self.slo.window.nominal
        # A month has up to three days more than its nominal length, a year or a quarter one or two.
        window = 2 * nominal + 4 * 86_400_000_000_000 if isinstance(self.slo.window, CalendarWindow) else nominal
        leaves = [leaf for rule in self.policy.rules for leaf in rule.leaves()]
        looks = [length for leaf in leaves for length in getattr(leaf, "windows", ())]
        reach: int = max(window, self.policy.stale_after, *looks, *(rule.hold for rule in self.policy.rules))
        return reach

    # --- what follows from it ---------------------------------------------------------------------------------

    def counts(self, *, raw: bool = False) -> Counts:
        """Return what was recorded, the running bucket included.

        Parameters
        ----------
        raw
            Whether exclusions are left unapplied.
        """
        return self._evidence.counts(raw=raw)

    def evaluation(self) -> Evaluation:
        """Return the evaluation of what was recorded, the running bucket included."""
        return self._evidence.evaluation()

    def status(self) -> Status:
        """Return the status now, the running bucket included."""
        status: Status = self.evaluation().at()
        return status

    def bounds(self) -> StatusBounds:
        """Return the worst and the best that the status may be; the same twice where every bucket is remembered.

        Examples
        --------
        >>> from slokit import SLI, SLO
        >>> from slokit.live import ManualClock, Monitor
        >>> clock = ManualClock("2026-01-01T00:00Z")
        >>> slo = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="1d")
        >>> monitor = Monitor(slo, clock=clock, memory="tiers")
        >>> monitor.add(good=980, bad=20)  # in the first minute, of which in a day only its ten minutes are known
        >>> clock.advance("1d")
        >>> monitor.add(good=1000)
        >>> monitor.bounds()
        UNCERTAIN · 0 to 20 bad, 1,000 to 1,980 good
        """
        return StatusBounds(*(self._evidence.evaluation(laying).at() for laying in ("worst", "best")))

    def decision(self) -> Decision:
        """Return the decision at the end of the last whole bucket; worked out once for each."""
        self._decide_in_time()
        decision = self._known()
        if decision is None:
            with self._lock:
                decision = self._decided()
        return decision

    def allows(self, activity: str, *, change: str | None = None) -> bool:
        """Say whether an activity may begin; cheap enough to be asked before every request.

        Raises
        ------
        UnknownActivity
            If the policy does not know the activity or the class of changes.
        """
        self._decide_in_time()
        return permits(self.policy, self._code, activity, change, enforced=self.slo.enforced)

    def _decide_in_time(self) -> None:
        """Judge what is over since the last time; while somebody does, the others have the last decision."""
        if self.recording.identity != self._identity:
            self._begin_again()
        ever = self._decided_until > -(2**63)
        if ever and self.recording.time() < self._decided_until:
            return
        if self._flusher is not None:
            self._flusher.begin()
        if not self._lock.acquire(blocking=not ever):
            return
        try:
            self._decide()
        finally:
            self._lock.release()
        self._callbacks.tell()

    def history(self) -> PolicyHistory:
        """Return the states that were decided, beside the evidence as it is known now."""
        self._decide_in_time()
        with self._lock:
            return self._judged()[0]

    def _judged(self) -> tuple[PolicyHistory, Evaluation]:
        """Judge what is over and was not judged; under the lock."""
        evaluation, first = self._evidence.over()
        self._callbacks.queue(self._judge.judge(evaluation, first))
        return self._judge.history(evaluation, first), evaluation

    def _decide(self) -> None:
        if self.recording.time() >= self._decided_until:
            if self._backing is not None:
                self._backing.exchange()
            self._decided()
            if self._backing is not None:
                self._backing.keep(self._judge)

    def _decided(self) -> Decision:
        """Work the decision out; under the lock."""
        history, evaluation = self._judged()
        decision: Decision = history.at()
        # A decision holds the evidence that it rests on: more than tiers take. There it is worked out when asked for.
        self._known = weakref.ref(decision) if self.recording.tiered else lambda: decision
        self._code = decision.code
        # When there is more to judge.
        self._decided_until = evaluation.timeline.end + self.step + self._evidence.delay
        return decision

    def _begin_again(self) -> None:
        """Forget what the parent of a forked process had decided; its state is where we begin."""
        with self._lock:
            if self.recording.identity != self._identity:
                self._begin(self._judge.state)

    def on_transition(self, callback: Callback) -> Callable[[], None]:
        """Call back at each change of state, once, in order; the returned function ends that.

        Changes are found when a decision is asked for, or by a thread with ``flush_every``; at most one bucket after
        they are true if that is often enough, and two with a store. Each process that shares a store calls its own
        callbacks. A callback that fails is logged and counted, and stops no other.
        """
        return self._callbacks.add(callback)

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """Spans whose events do not count."""
        return self._evidence.exclusions

    def exclude(self, exclusions: Exclusion | Iterable[Exclusion]) -> None:
        """Add spans whose events do not count, from now on and for what was recorded."""
        with self._lock:
            self._evidence.exclude(parse_exclusions(exclusions))

    # --- the store --------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write to the store what it does not have, and read what the others wrote; returned means durable.

        Done at the end of every bucket in which a decision is asked for, and with ``flush_every`` by a thread. Without
        a store there is nothing to do.

        Raises
        ------
        StoreError
            If the store cannot be reached; nothing is lost by that, and the next flush writes all.
        """
        if self._backing is not None:
            self._backing.flush()

    def _keep_up(self) -> None:
        """Flush, and find whether the state changed, as far as the store can be reached."""
        if self._backing is not None:
            self._backing.exchange()
        self._decide_in_time()

    @property
    def store_error(self) -> StoreError | None:
        """What went wrong with the store when it was last asked; None while all is well."""
        return None if self._backing is None else self._backing.error

    def close(self) -> None:
        """Record nothing any more, and flush; what was recorded can still be asked for. Closing twice is fine."""
        self.recording.close()
        if self._flusher is not None:
            self._flusher.close()
        if self._backing is not None:
            self._backing.close()

    # --- restarts ---------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Return all that the monitor knows, as bytes to keep: what was recorded, and the states that were decided.

        See :mod:`slokit.live.snapshot` for their form, and :meth:`restore` for the way back.
        """
        self._decide_in_time()
        with self._lock:
            recorded, judge = self.recording.read(), self._judge
            return packed(self.slo, self.recording, recorded, judge)

    @classmethod
    def restore(cls, blob: bytes, slo: SLO, **options: Any) -> Self:
        """Return a monitor that goes on from a snapshot, with what an earlier process recorded.

        The time between them was observed by nobody. Where the policy is another one by now, it begins with the state
        that was decided last, if it has one of that name.

        Parameters
        ----------
        blob
            What :meth:`snapshot` returned.
        slo
            The objective, the same as then.
        **options
            As for the class itself.

        Raises
        ------
        SnapshotError
            If the snapshot is damaged or of a newer version, or of another objective or resolution.

        Examples
        --------
        >>> from slokit import SLI, SLO
        >>> from slokit.live import Monitor
        >>> slo = SLO("checkout", sli=SLI.ratio("availability"), target="99%", window="1h")
        >>> monitor = Monitor(slo)
        >>> monitor.add(good=990, bad=10)
        >>> Monitor.restore(monitor.snapshot(), slo).status().bad
        10
        """
        kept = unpacked(blob)
        monitor = cls(slo, **options)
        monitor._resume(kept)
        return monitor

    def _resume(self, kept: Kept) -> None:
        kept.check(self.slo, self.recording)
        self.recording.merge(kept.recorded)
        with self._lock:
            if kept.rules == repr(self._judge.rules):
                kept.resume(self._judge)
            elif kept.state in {state.name for state in self.policy.states}:
                now = self.recording.clock.now() // self.step
                self._judge = Judge(self.policy, self.step, now, kept.state, most=self._judge.most)
            self._known, self._code, self._decided_until = _nothing, self._judge.code, -(2**63)

    @property
    def drops(self) -> Mapping[str, int]:
        """How many events did not count, by reason; see :data:`slokit.live.drops.REASONS`."""
        return self.recording.drops()

    @property
    def failed_callbacks(self) -> int:
        """How often a callback failed."""
        return self._callbacks.failed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Monitor({self.slo!r}): {self.status()!r}"

    def __reduce__(self) -> Any:
        raise WrongType("a monitor belongs to its process and is not pickled; snapshot() gives what it holds")


def _nothing() -> None:
    return None


def _span(length: int) -> np.timedelta64:
    return np.timedelta64(length, "ns")


def _check_shared(recording: Recording, slo: SLO, reach: int) -> None:
    """Refuse a recording that counts something else, or remembers too little."""
    if not isinstance(recording, Recording):
        raise WrongType(f"recording must be a Recording, as monitor.recording is, got {type(recording).__name__}")
    if recording.sli != slo.sli:
        raise InvalidSLI(
            f"recording must be of the same indicator, got {recording.sli!r} for {slo.sli!r}; give this objective a "
            "recording of its own"
        )
    if reach > recording.size * recording.step:
        raise InvalidCounts(
            "recording must remember as much as this objective looks back; make the one with the longer window first, "
            "or with retention="
        )
