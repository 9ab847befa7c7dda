"""What a monitor hands on to the one that follows it: in a snapshot, or beside the counts in a store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
import numpy.typing as npt

from slokit.config import to_dict
from slokit.errors import InvalidDefinition, SnapshotError
from slokit.live.judge import Judge
from slokit.live.ledger import DecisionLedger
from slokit.live.recording import Recording
from slokit.live.recording.recorder import Recorded
from slokit.live.snapshot import decode, encode
from slokit.slo import SLO
from slokit.timeline import duration_text

__all__ = ["Kept", "fingerprint", "judgement", "judgement_key", "packed", "resume_judgement", "unpacked"]

Arrays = Mapping[str, npt.NDArray[Any]]


# What stands in an objective for people alone, as it is without: a snapshot goes on when a remark changes.
_REMARKS: Mapping[str, Any] = MappingProxyType({"description": None, "owner": None, "service": None, "rationale": ()})


def fingerprint(slo: SLO) -> Any:
    """Return what makes an objective the same one: all of it but the remarks for people."""
    bare = attrs.evolve(slo, **_REMARKS)
    try:
        return to_dict(bare)
    except InvalidDefinition:
        # An indicator that holds code has no form as data; its name has to do.
        return repr(bare)


@attrs.frozen(eq=False)
class Kept:
    """What a snapshot holds.

    Parameters
    ----------
    slo
        What makes the objective the same one.
    step
        Length of a bucket, in nanoseconds.
    memory
        Whether every bucket was remembered.
    recorded
        What was recorded.
    rules, state
        By which rules was judged, and the state that was decided last.
    first, before, arrays
        What the judge goes on from.
    ledger
        What was decided; empty in a snapshot of a version that had none.
    """

    slo: Any
    step: int
    memory: str
    recorded: Recorded
    rules: str
    state: str
    first: int
    before: int
    arrays: Arrays
    ledger: DecisionLedger = attrs.field(factory=DecisionLedger)

    def check(self, slo: SLO, recording: Recording) -> None:
        """Refuse what is of another objective or resolution.

        Raises
        ------
        SnapshotError
            If it is.
        """
        if self.slo != fingerprint(slo):
            raise SnapshotError("the snapshot is of another objective, indicator, target or window; begin anew")
        if self.step != recording.step:
            raise SnapshotError(
                f"the snapshot has buckets of {duration_text(self.step)}, and resolution is "
                f"{duration_text(recording.step)}; they must be the same"
            )

        if self.memory == "tiers" and not recording.tiered:
            raise SnapshotError('the snapshot holds coarse buckets, as memory is "tiers"; restore it with the same')

    def resume(self, judge: Judge) -> None:
        """Have a judge of the same rules go on."""
        judge.resume(self.first, self.before, self.arrays)


def packed(slo: SLO, recording: Recording, recorded: Recorded, judge: Judge, ledger: DecisionLedger) -> bytes:
    """Write what a monitor knows as a snapshot."""
    header = {
        "slo": fingerprint(slo),
        "rules": repr(judge.rules),
        "step": recording.step,
        "memory": recording.memory,
        "first": recorded.first,
        "judged": [judge.first, judge.before],
        "state": judge.state,
        "writer": recording.identity,
        "ledger": ledger.to_json(),
    }
    counts = {"good": recorded.good, "bad": recorded.bad, "observed": recorded.observed}
    return encode(header, counts | judge.arrays(), version=2)


def unpacked(blob: bytes) -> Kept:
    """Read a snapshot.

    Raises
    ------
    SnapshotError
        If it is damaged, of a newer version, or lacks what a monitor needs.
    """
    header, arrays = decode(blob)
    try:
        first, before = header["judged"]
        sizes = {len(arrays[name]) for name in ("good", "bad", "observed")}
        if len(sizes) != 1:
            raise SnapshotError("the snapshot has counts of different lengths")
        return Kept(
            slo=header["slo"],
            step=int(header["step"]),
            # Before there were tiers every bucket was.
            memory=str(header.get("memory", "exact")),
            recorded=Recorded(int(header["first"]), arrays["good"], arrays["bad"], arrays["observed"]),
            rules=str(header["rules"]),
            state=str(header["state"]),
            first=int(first),
            before=int(before),
            arrays=_judged(arrays),
            ledger=DecisionLedger.from_json(header["ledger"]) if "ledger" in header else DecisionLedger(),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, SnapshotError):
            raise
        raise SnapshotError(f"the snapshot lacks what a monitor needs: {error!s:.200}") from None


def _judged(arrays: Arrays) -> Arrays:
    return {name: arrays[name] for name in ("codes", "worst", "known", "silent", "ago", "latched")}


def judgement(judge: Judge) -> bytes:
    """Write what a judge goes on from, to keep beside the counts."""
    return encode({"judged": [judge.first, judge.before]}, judge.arrays())


def resume_judgement(judge: Judge, blob: bytes) -> None:
    """Have a judge go on from what another kept by the same rules.

    Raises
    ------
    SnapshotError
        If it is damaged or of a newer version.
    """
    header, arrays = decode(blob)
    first, before = header["judged"]
    judge.resume(int(first), int(before), _judged(arrays))


def judgement_key(slo: SLO, judge: Judge, step: int) -> str:
    """Return under which key a judgement is kept: that of the objective and of the rules as they stand."""
    text = json.dumps([repr(judge.rules), step, str(fingerprint(slo))])
    return f"judge-{hashlib.sha256(text.encode()).hexdigest()[:32]}"
