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
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import numpy as np

from slokit.counts import Counts
from slokit.errors import InvalidCounts, InvalidSLI, StoreError, WrongType
from slokit.evaluation import Evaluation
from slokit.exclusions import Exclusion, parse_exclusions
from slokit.live.backing import Backing
from slokit.live.bounds import StatusBounds
from slokit.live.deciding import Decider
from slokit.live.flusher import Flusher
from slokit.live.judge import Callback
from slokit.live.knowledge import Knowledge, check_tiers, judged_every
from slokit.live.ledger import DecisionLedger
from slokit.live.ledger.revisions import Revision, longest_look
from slokit.live.recording import Memory, Recording
from slokit.live.restarts import Kept, unpacked
from slokit.live.stores import open_store
from slokit.policy import Decision, Policy, PolicyHistory
from slokit.protocols import Clock, Store
from slokit.slo import SLO
from slokit.status import Status
from slokit.timeline import DurationLike, InstantLike, parse_length
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
        :meth:`bounds` what that leaves open: see :mod:`slokit.live.recording.tiered`.

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
        self.measure, self.exemplars = recording.measure, recording.exemplars
        if recording.tiered:
            check_tiers(slo, has_store=store is not None)
        step = judged_every(slo, recording)
        self._backing = None if store is None else Backing(open_store(store), series or slo.name, slo, step, recording)
        keeper = None if self._backing is None else self._backing.keeper
        self._knowledge = Knowledge(slo, recording, keeper, parse_exclusions(exclusions))
        self._decider = Decider(slo, self.policy, recording, self._knowledge, self._backing, initial)
        self._flusher = None if flush_every is None else Flusher(self, flush_every)
        if self._flusher is not None:
            self._decider.begins = self._flusher.begin
            recording.await_event(self._flusher.begin)

    @property
    def has_store(self) -> bool:
        """Whether what it says is about all processes that write to its store."""
        return self._backing is not None

    @property
    def step(self) -> int:
        """What is judged is over so often: a bucket, or for the timeslice methods a slice."""
        return self._knowledge.step

    def _reach(self, retention: DurationLike | None) -> int:
        """Return how far back buckets must be remembered, in nanoseconds."""
        if retention is not None:
            return parse_length(retention, "retention")
        nominal = self.slo.window.nominal
        # A month has up to three days more than its nominal length, a year or a quarter one or two.
        window = 2 * nominal + 4 * 86_400_000_000_000 if isinstance(self.slo.window, CalendarWindow) else nominal
        reach: int = max(window, longest_look(self.policy), *(rule.hold for rule in self.policy.rules))
        return reach

    # --- what follows from it ---------------------------------------------------------------------------------

    def counts(self, *, raw: bool = False) -> Counts:
        """Return what was recorded, the running bucket included.

        Parameters
        ----------
        raw
            Whether exclusions are left unapplied.
        """
        return self._knowledge.counts(raw=raw)

    def evaluation(self) -> Evaluation:
        """Return the evaluation of what was recorded, the running bucket included."""
        return self._knowledge.evaluation()

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
        return StatusBounds(*(self._knowledge.evaluation(laying).at() for laying in ("worst", "best")))

    def decision(self) -> Decision:
        """Return the decision at the end of the last whole bucket; worked out once for each."""
        return self._decider.decision()

    def allows(self, activity: str, *, change: str | None = None) -> bool:
        """Say whether an activity may begin; cheap enough to be asked before every request.

        Raises
        ------
        UnknownActivity
            If the policy does not know the activity or the class of changes.
        """
        return self._decider.allows(activity, change)

    def history(self) -> PolicyHistory:
        """Return the states that were decided, beside the evidence as it is known now."""
        return self._decider.history()

    # --- the ledger -------------------------------------------------------------------------------------------

    @property
    def ledger(self) -> DecisionLedger:
        """What was decided and overridden, on what evidence as known then: the newest 10,000 entries.

        With a store those of all processes; of processes that decided the same at the same bucket end the entry that
        came first stands for all.
        """
        return self._decider.ledger()

    def override(
        self, *activities: str, reason: str, by: str, until: DurationLike | InstantLike, allow: bool = True
    ) -> Decision:
        """Decide against the policy for a while, on the record; return the decision as it is then.

        It is in force here at once, and with a store in all other processes from the next bucket end on at which they
        are asked. Of several overrides of one activity the last counts; when none is in force any more the policy
        decides again.

        Parameters
        ----------
        *activities
            Which ones; all where none is named.
        reason
            Why: what a review will read.
        by
            Who.
        until
            For how long, such as ``"2h"``, or until which instant.
        allow
            Whether they are let through, or held back.

        Raises
        ------
        InvalidPolicy
            If the reason or the name is empty, or the end has passed.
        UnknownActivity
            If the policy does not know an activity.

        Examples
        --------
        >>> from slokit import SLI, SLO
        >>> from slokit.live import ManualClock, Monitor
        >>> slo = SLO("checkout", sli=SLI.ratio("availability"), target="99%", window="1h")
        >>> monitor = Monitor(slo, clock=ManualClock("2026-01-01T00:00Z"))
        >>> decision = monitor.override("deploy", reason="moving house", by="ana", until="2h", allow=False)
        >>> monitor.allows("deploy"), monitor.ledger[-1].override
        (False, deploy blocked by ana until 2026-01-01 02:00 UTC: moving house)
        """
        return self._decider.override(activities, reason, by, until, allow=allow)

    def revisions(self) -> tuple[Revision, ...]:
        """Return each entry of the ledger beside what the same policy says of its bucket on what is known now.

        Late events, and exclusions that were agreed afterwards, make the difference. Of a bucket whose window is not
        remembered whole any more nothing is said: ``retention`` beyond the objective's window is how far back this
        reaches once the monitor has run for so long.
        """
        return self._decider.revisions()

    def on_transition(self, callback: Callback) -> Callable[[], None]:
        """Call back at each change of state, once, in order; the returned function ends that.

        Changes are found when a decision is asked for, or by a thread with ``flush_every``; at most one bucket after
        they are true if that is often enough, and two with a store. Each process that shares a store calls its own
        callbacks. A callback that fails is logged and counted, and stops no other.
        """
        return self._decider.callbacks.add(callback)

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """Spans whose events do not count."""
        return self._knowledge.exclusions

    def exclude(self, exclusions: Exclusion | Iterable[Exclusion]) -> None:
        """Add spans whose events do not count, from now on and for what was recorded."""
        self._decider.exclude(parse_exclusions(exclusions))

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
        self._decider.keep_up()

    @property
    def store_error(self) -> StoreError | None:
        """What went wrong with the store when it was last asked; None while all is well."""
        return None if self._backing is None else self._backing.error

    def close(self) -> None:
        """Record nothing any more, and flush; what was recorded can still be asked for. Closing twice is fine."""
        self.recording.close()
        if self._flusher is not None:
            self._flusher.close()
        self._decider.close()

    # --- restarts ---------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Return all that the monitor knows, as bytes to keep: what was recorded, and the states that were decided.

        See :mod:`slokit.live.snapshot` for their form, and :meth:`restore` for the way back.
        """
        return self._decider.packed()

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
        self._decider.resume(kept)

    @property
    def drops(self) -> Mapping[str, int]:
        """How many events did not count, or lost their exemplar, by reason.

        The reasons are those of :data:`slokit.live.recording.drops.REASONS`.
        """
        return self.recording.drops()

    @property
    def failed_callbacks(self) -> int:
        """How often a callback failed."""
        return self._decider.callbacks.failed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Monitor({self.slo!r}): {self.status()!r}"

    def __reduce__(self) -> Any:
        raise WrongType("a monitor belongs to its process and is not pickled; snapshot() gives what it holds")


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
