"""The monitor: a program's own budget, from the events that it records itself.

Recording is the hot path and knows nothing of objectives; everything else is asked for. A status is what
``slo.evaluate(monitor.counts()).at()`` says, the running bucket included. Decisions are judged at the end of whole
buckets, each once, and kept until the next one is over, so that asking before every request costs a comparison.

Without a store a monitor knows what its own process recorded since it began, and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import attrs
import numpy as np

from slokit.config import to_dict
from slokit.counts import Counts
from slokit.errors import InvalidCounts, InvalidDefinition, InvalidSLI, SnapshotError, WrongType
from slokit.evaluation import Evaluation
from slokit.exclusions import Exclusion
from slokit.live.forks import begins_anew
from slokit.live.judge import Callback, Callbacks, Judge
from slokit.live.recorder import Recorded
from slokit.live.recording import Recording, counts_of
from slokit.live.snapshot import decode, encode
from slokit.policy import Decision, Policy, PolicyHistory
from slokit.protocols import Clock
from slokit.slo import SLO
from slokit.status import Status
from slokit.timeline import DurationLike, duration_text, parse_length
from slokit.windows import CalendarWindow

__all__ = ["Monitor"]

_MOST_EVENTS = 2**62


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
    strict
        Whether what would be dropped raises instead: for tests.

    Raises
    ------
    InvalidSLI
        If the indicator judges time and not events.
    InvalidWindow
        If a window is no whole number of buckets.

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
        strict: bool = False,
    ) -> None:
        if not isinstance(slo, SLO):
            raise WrongType(f"slo must be an SLO, got {type(slo).__name__}: {slo!r:.100}")
        self.slo = slo
        self.policy = Policy.default(slo.window) if policy is None else policy
        self._exclusions: tuple[Exclusion, ...] = (
            (exclusions,) if isinstance(exclusions, Exclusion) else tuple(exclusions)
        )
        reach = self._reach(retention)
        if recording is None:
            recording = Recording(slo.sli, retention=_span(reach), resolution=resolution, clock=clock, strict=strict)
        else:
            _check_shared(recording, slo, reach)
        self.recording = recording
        # The recording's own methods: a call through this class would cost as much again.
        self.record, self.observe, self.add = recording.record, recording.observe, recording.add
        self.measure, self.close = recording.measure, recording.close
        self._lock = threading.Lock()
        self._callbacks = Callbacks()
        self._begin(initial)
        begins_anew(self)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self._callbacks = self._callbacks.anew()

    def _begin(self, initial: str | None) -> None:
        first = self.recording.read().first * self.recording.step // self._step
        self._judge = Judge(self.policy, self._step, first, initial)
        self._identity = self.recording.identity
        self._decision: Decision | None = None
        # The hot question "may I?" compares the clock with this and no more.
        self._decided_until = -(2**63)
        self._evaluate(self.counts())  # raises now where a window does not fit

    @property
    def _step(self) -> int:
        """What is judged is over so often: a bucket, or for the timeslice methods a slice."""
        return getattr(self.slo.budgeting, "slice", None) or self.recording.step

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
        counts = self.recording.counts()
        return counts if raw else counts.exclude(self._exclusions)

    def _evaluate(self, counts: Counts) -> Evaluation:
        return self.slo.evaluate(counts)

    def evaluation(self) -> Evaluation:
        """Return the evaluation of what was recorded, the running bucket included."""
        return self._evaluate(self.counts())

    def status(self) -> Status:
        """Return the status now, the running bucket included."""
        status: Status = self.evaluation().at()
        return status

    def decision(self) -> Decision:
        """Return the decision at the end of the last whole bucket; worked out once for each."""
        if self.recording.identity != self._identity:
            self._begin_again()
        decided = self._decision
        if decided is not None and self.recording.clock.now() < self._decided_until:
            return decided
        # While somebody works it out, the others have the last one.
        if not self._lock.acquire(blocking=decided is None):
            assert decided is not None  # noqa: S101 - else the lock was waited for
            return decided
        try:
            decided = self._decide()
        finally:
            self._lock.release()
        self._callbacks.tell()
        return decided

    def allows(self, activity: str, *, change: str | None = None) -> bool:
        """Say whether an activity may begin; cheap enough to be asked before every request.

        Raises
        ------
        UnknownActivity
            If the policy does not know the activity or the class of changes.
        """
        return self.decision().allows(activity, change=change)

    def history(self) -> PolicyHistory:
        """Return the states that were decided, beside the evidence as it is known now."""
        self.decision()
        with self._lock:
            return self._judge.history(self._full()[0])

    def _full(self) -> tuple[Evaluation, int]:
        """Return the evaluation of what is over, and the number of its first bucket or slice."""
        counts = counts_of(self.recording.read().whole(), self.recording.step)
        over = counts.timeline.end // self._step * self._step
        if counts.timeline.start < over < counts.timeline.end:
            counts = counts.between(_instant(counts.timeline.start), _instant(over))
        elif over <= counts.timeline.start:
            counts = counts_of(Recorded.nothing(over // self.recording.step - 1), self.recording.step)
        evaluation = self._evaluate(counts.exclude(self._exclusions))
        return evaluation, evaluation.timeline.start // self._step

    def _decide(self) -> Decision:
        """Judge what is over; under the lock."""
        if self._decision is not None and self.recording.clock.now() < self._decided_until:
            return self._decision
        evaluation, first = self._full()
        self._callbacks.queue(self._judge.judge(evaluation, first))
        return self._until(self._judge.history(evaluation).at(), evaluation.timeline.end + self._step)

    def _until(self, decision: Decision, until: int) -> Decision:
        self._decision, self._decided_until = decision, until
        return decision

    def _begin_again(self) -> None:
        """Forget what the parent of a forked process had decided; its state is where we begin."""
        with self._lock:
            if self.recording.identity != self._identity:
                self._begin(self._judge.state)

    def on_transition(self, callback: Callback) -> Callable[[], None]:
        """Call back at each change of state, once, in order; the returned function ends that.

        Changes are found when a decision is asked for, at most one bucket after they are true if that is often enough.
        A callback that fails is logged and counted, and stops no other.
        """
        return self._callbacks.add(callback)

    def exclude(self, exclusions: Exclusion | Iterable[Exclusion]) -> None:
        """Add spans whose events do not count, from now on and for what was recorded."""
        more = (exclusions,) if isinstance(exclusions, Exclusion) else tuple(exclusions)
        with self._lock:
            self._exclusions = (*self._exclusions, *more)

    # --- restarts ---------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Return all that the monitor knows, as bytes to keep: what was recorded, and the states that were decided.

        See :mod:`slokit.live.snapshot` for their form, and :meth:`restore` for the way back.
        """
        self.decision()
        with self._lock:
            recorded, judge = self.recording.read(), self._judge
            header = {
                "slo": _fingerprint(self.slo),
                "rules": repr(judge.rules),
                "step": self.recording.step,
                "first": recorded.first,
                "judged": [judge.first, judge.before],
                "state": judge.state,
                "writer": self.recording.identity,
            }
            arrays = {"good": recorded.good, "bad": recorded.bad, "observed": recorded.observed, **judge.arrays()}
            return encode(header, arrays)

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
        header, arrays = decode(blob)
        monitor = cls(slo, **options)
        try:
            monitor._resume(header, arrays)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, SnapshotError):
                raise
            raise SnapshotError(f"the snapshot lacks what a monitor needs: {error!s:.200}") from None
        return monitor

    def _resume(self, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        if header["slo"] != _fingerprint(self.slo):
            raise SnapshotError("the snapshot is of another objective, indicator, target or window; begin anew")
        if header["step"] != self.recording.step:
            raise SnapshotError(
                f"the snapshot has buckets of {duration_text(int(header['step']))}, and resolution is "
                f"{duration_text(self.recording.step)}; they must be the same"
            )
        self.recording.merge(Recorded(int(header["first"]), arrays["good"], arrays["bad"], arrays["observed"]))
        known = {state.name for state in self.policy.states}
        with self._lock:
            if header["rules"] == repr(self._judge.rules):
                first, before = header["judged"]
                self._judge.resume(int(first), int(before), arrays)
            elif header["state"] in known:
                now = self.recording.clock.now() // self._step
                self._judge = Judge(self.policy, self._step, now, header["state"])
            self._decision = None

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


def _instant(at: int) -> np.datetime64:
    return np.datetime64(at, "ns")


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


def _fingerprint(slo: SLO) -> Any:
    """Return what makes an objective the same one: all of it but the remarks for people."""
    bare = attrs.evolve(slo, description=None, owner=None, service=None)
    try:
        return to_dict(bare)
    except InvalidDefinition:
        # An indicator that holds code has no form as data; its name has to do.
        return repr(bare)
