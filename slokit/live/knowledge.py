"""Knowledge: what a monitor knows of its events, with the exclusions and the store's part, ready to be evaluated."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from slokit.budgeting import Occurrences
from slokit.counts import Counts
from slokit.counts.merging import exclude
from slokit.errors import InvalidDefinition
from slokit.evaluation import Evaluation
from slokit.exclusions import Exclusion
from slokit.live.keeping import Keeper
from slokit.live.recording import Recording, counts_of
from slokit.live.recording.recorder import Recorded
from slokit.live.recording.ring import Coarse, Laying
from slokit.live.recording.tiered import SHAPE
from slokit.slo import SLO
from slokit.windows import RollingWindow

__all__ = ["Knowledge", "check_tiers", "judged_every"]

Mask = npt.NDArray[np.bool_]


def judged_every(slo: SLO, recording: Recording) -> int:
    """Return the length in nanoseconds of what is judged: of a bucket, or for the timeslice methods of a slice."""
    return getattr(slo.budgeting, "slice", None) or recording.step


class Knowledge:
    """What was recorded, here and with a store by all processes.

    Parameters
    ----------
    slo
        The objective that it is evaluated by.
    recording
        What was recorded here.
    keeper
        What the store has; None without one.
    exclusions
        Spans whose events do not count.
    """

    def __init__(
        self, slo: SLO, recording: Recording, keeper: Keeper | None, exclusions: tuple[Exclusion, ...] = ()
    ) -> None:
        self._slo = slo
        self._recording = recording
        self._keeper = keeper
        self.exclusions = exclusions
        self.step = judged_every(slo, recording)

    @property
    def fine(self) -> int:
        """How many of the newest buckets tiers always know one by one."""
        (_, fine), (factor, _), *_ = SHAPE
        assert fine is not None  # noqa: S101 - the finest tier has a size
        return fine - factor + 1

    @property
    def delay(self) -> int:
        """So long after its end a bucket is judged: other processes write what they know of it when it is over."""
        return 0 if self._keeper is None else self.step

    def exclude(self, exclusions: Iterable[Exclusion]) -> None:
        """Add spans whose events do not count."""
        self.exclusions = (*self.exclusions, *exclusions)

    def counts(self, laying: Laying = "last", *, raw: bool = False) -> Counts:
        """Return all that is known, the running bucket included."""
        recorded = self._recorded(laying)
        counts = counts_of(recorded, self._recording.step)
        return counts if raw else self._without_excluded(counts, recorded.coarse, laying)

    def _recorded(self, laying: Laying = "last") -> Recorded:
        recorded = self._recording.read(laying)
        return recorded if self._keeper is None else self._keeper.whole(recorded)

    def evaluation(self, laying: Laying = "last") -> Evaluation:
        """Return the evaluation of all that is known, the running bucket included."""
        return self._slo.evaluate(self.counts(laying))

    def over(self) -> tuple[Evaluation, int]:
        """Return the evaluation of what is over, and the number of its first bucket or slice."""
        recorded = self._recorded().whole()
        counts = counts_of(recorded, self._recording.step)
        end = counts.timeline.end // self.step * self.step - self.delay
        if counts.timeline.start < end < counts.timeline.end:
            counts = counts.between(np.datetime64(counts.timeline.start, "ns"), np.datetime64(end, "ns"))
        elif end <= counts.timeline.start:
            counts = counts_of(Recorded.nothing(end // self._recording.step - 1), self._recording.step)
        evaluation = self._slo.evaluate(self._without_excluded(counts, recorded.coarse))
        return evaluation, evaluation.timeline.start // self.step

    def _without_excluded(self, counts: Counts, coarse: tuple[Coarse, ...], laying: Laying = "last") -> Counts:
        """Take exclusions out; what is remembered in coarse buckets is taken out in whole ones, rounded outward."""
        without = counts.exclude(self.exclusions)
        if not coarse or not without.excluded.any():
            return without
        first = counts.timeline.start // counts.timeline.step
        out = without.excluded.copy()
        halves = np.zeros(out.shape, dtype=np.bool_)
        for span in coarse:
            here = slice(max(span.start, first) - first, span.stop - first)
            partly = _by_bucket(np.logical_or, out[here], span.factor)
            halves[here] = partly & ~_by_bucket(np.logical_and, out[here], span.factor)
            out[here] = partly
        if laying == "last":
            return counts._of(exclude(counts._parts, out))
        # Nobody knows whether the events of a bucket that is partly out lay in that part: at worst only its good ones
        # did, at best only its bad ones.
        none: npt.NDArray[np.int64] = np.zeros(1, dtype=np.int64)
        good = np.where(halves & (laying == "worst"), none, counts.good)
        bad = np.where(halves & (laying == "best"), none, counts.bad)
        kept = counts._of(counts._parts._replace(bad=bad, total=good + bad))
        return kept._of(exclude(kept._parts, out & ~halves))


def _by_bucket(combine: np.ufunc, mask: Mask, factor: int) -> Mask:
    """Combine a mask over coarse buckets, of which the first may be cut short; return it for each step."""
    starts = np.arange(len(mask) % factor or factor, len(mask), factor)
    starts = np.concatenate([[0], starts]) if len(mask) else starts
    combined: Mask = combine.reduceat(mask, starts) if len(mask) else mask
    return np.repeat(combined, np.diff([*starts, len(mask)]))


def check_tiers(slo: SLO, *, has_store: bool) -> None:
    """Refuse what coarse buckets cannot answer.

    Raises
    ------
    InvalidDefinition
        If the objective needs every bucket, or a store keeps them anyway.
    """
    needs_all = None
    if has_store:
        needs_all = "a store, which keeps every bucket"
    elif not isinstance(slo.budgeting, Occurrences):
        needs_all = f"{type(slo.budgeting).__name__}, which judges slice by slice"
    elif not isinstance(slo.window, RollingWindow):
        needs_all = "a calendar window, whose periods begin anywhere"
    elif slo.missing != "ignore":
        needs_all = f'missing="{slo.missing}", which fills each bucket by itself'
    if needs_all is not None:
        raise InvalidDefinition([("memory", f'must be "exact" for {needs_all}; tiers keep sums over an hour')])
