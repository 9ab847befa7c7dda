"""Which state follows which: the rules of transition, over whole arrays.

=================  =====================================================================================================
to                 when, at the end of a bucket
=================  =====================================================================================================
a state            one of its rules holds: its condition held at any bucket end in the last ``hold``, or with ``until``
                   it held once and ``until`` has not held since; of several states the most severe
the mildest state  no rule of any other holds
no milder state    this bucket has no data: while nothing is measured, a state can only get worse
unknown            nothing was measured for ``stale_after``, or never yet; or the mildest state where traffic is
                   suspiciously low
a state again      the next bucket with data, judged by the rules as above
=================  =====================================================================================================

All that one bucket hands on to the next is a :class:`Carry`: how long ago each rule's condition held, which rules with
``until`` are entered, and in silence the worst state since the last data. History begins with an empty one; a running
service goes on from the one that it has, bucket by bucket, with the same function.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from slokit._kernels.blocks import row_blocks
from slokit._kernels.runs import NEVER, held, last_true, latched, not_below_since
from slokit.conditions import Leaf, answers
from slokit.conditions.silence import silent_buckets
from slokit.evaluation import Evaluation
from slokit.policy.state import Rule

__all__ = ["UNKNOWN_CODE", "Carry", "RuleTrace", "rank", "step", "traces"]

BoolArray = npt.NDArray[np.bool_]
CodeArray = npt.NDArray[np.int8]
Coded = Sequence[tuple[Rule, int]]
"""Rules with the codes of their states."""

_CELLS = 2**17

UNKNOWN_CODE = -1
"""The code of the unknown state."""


def rank(codes: npt.ArrayLike) -> CodeArray:
    """Order codes by how bad they are: unknown comes after the mildest state, and before all others.

    Examples
    --------
    >>> rank([-1, 0, 1, 2]).tolist()
    [1, 0, 2, 3]
    """
    array = np.asarray(codes, dtype=np.int8)
    return np.asarray(np.where(array == UNKNOWN_CODE, 1, np.where(array > 0, array + 1, 0)), dtype=np.int8)


@attrs.frozen(eq=False)
class Carry:
    """What one bucket hands on to the next, for every series.

    Parameters
    ----------
    worst
        Code of the worst state since the last data: int8, shape of the leading axes.
    known
        Whether there ever was data, or a state that was known: bool, likewise.
    silent
        Buckets since the last data, excluded ones left out: int64, likewise.
    ago
        For each rule, how many buckets before the next one its condition held last: int64, shape ``(rules, ...)``.
    latched
        For each rule with ``until``, whether it is entered: bool, shape ``(rules, ...)``.
    """

    worst: CodeArray = attrs.field(converter=np.asarray)
    known: BoolArray = attrs.field(converter=np.asarray)
    silent: npt.NDArray[np.int64] = attrs.field(converter=np.asarray)
    ago: npt.NDArray[np.int64] = attrs.field(converter=np.asarray)
    latched: BoolArray = attrs.field(converter=np.asarray)

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        for array in attrs.astuple(self, recurse=False):
            array.setflags(write=False)

    @classmethod
    def of(cls, rules: Coded, initial: CodeArray) -> Carry:
        """Return what is handed on where only the state is known: its rules held in the bucket before."""
        ours = np.array([initial == code for _, code in rules], dtype=np.bool_).reshape(len(rules), *initial.shape)
        stays = np.array([rule.until is not None for rule, _ in rules], dtype=np.bool_)
        stays = stays.reshape(len(rules), *(1,) * initial.ndim)
        return cls(
            worst=np.maximum(initial, np.int8(0)),
            known=np.asarray(initial != UNKNOWN_CODE),
            silent=np.zeros(initial.shape, dtype=np.int64),
            ago=np.where(ours & ~stays, 1, NEVER).astype(np.int64),
            latched=ours & stays,
        )

    def picked(self, index: Any) -> Carry:
        """Return that of some series; of one, or of a slice of them."""
        inner = (slice(None), *(index if isinstance(index, tuple) else (index,)))
        return Carry(
            worst=np.asarray(self.worst[index]),
            known=np.asarray(self.known[index]),
            silent=np.asarray(self.silent[index]),
            ago=np.asarray(self.ago[inner]),
            latched=np.asarray(self.latched[inner]),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Carry):
            return NotImplemented
        pairs = zip(attrs.astuple(self, recurse=False), attrs.astuple(other, recurse=False), strict=True)
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


@attrs.frozen(eq=False)
class RuleTrace:
    """Where a rule's condition holds, and where the rule does: bool, shape ``(..., n)``; and what it hands on."""

    rule: Rule
    code: int
    condition: BoolArray
    active: BoolArray
    ago: npt.NDArray[np.int64]
    latched: BoolArray


def traces(
    rules: Coded, answered: Mapping[Leaf, BoolArray], length: int, carry: Carry, first: int = 0
) -> list[RuleTrace]:
    """Say where each rule holds, from a bucket on.

    Parameters
    ----------
    rules
        Pairs of a rule and the code of its state.
    answered
        The answers of all leaves, over all buckets.
    length
        Of a bucket, in nanoseconds.
    carry
        What the bucket before ``first`` hands on.
    first
        The first bucket that is judged.
    """
    found = []
    for at, (rule, code) in enumerate(rules):
        condition = rule.condition.combined(answered)[..., first:]
        ago, on_before = carry.ago[at][..., np.newaxis], carry.latched[at][..., np.newaxis]
        # A bucket end lies less than ``hold`` back where it is one of so many.
        recently = held(condition, max(1, -(-rule.hold // length)), ago=ago)
        ending = rule.ending
        if ending is None:
            on = recently
        else:
            on = latched(condition, ending.combined(answered)[..., first:], before=on_before)
        size = condition.shape[-1]
        last = last_true(condition)[..., -1:] if size else np.full(ago.shape, -1)
        since = np.where(last >= 0, size - last, np.minimum(ago + size, NEVER))[..., 0]
        found.append(RuleTrace(rule, code, condition, on, since, on[..., -1] if size else on_before[..., 0]))
    return found


def step(
    evaluation: Evaluation,
    rules: Coded,
    stale_after: int,
    carry: Carry,
    *,
    suspicious: BoolArray | None = None,
    first: int = 0,
) -> tuple[CodeArray, Carry]:
    """Return the code of the state at the end of every bucket from one on, and what the last of them hands on.

    Parameters
    ----------
    evaluation
        What the rules are held against; it has to reach back as far as their windows do.
    rules
        Pairs of a rule and the code of its state.
    stale_after
        After so many nanoseconds without data nobody can tell.
    carry
        What the bucket before ``first`` hands on.
    suspicious
        Where traffic is suspiciously low: bool, shape ``(..., n)``.
    first
        The first bucket that is judged; those before it are evidence alone.

    Returns
    -------
    codes
        int8, shape ``(..., n - first)``.
    carry
        What the last bucket hands on.
    """
    shape = evaluation.excluded.shape
    if len(shape) == 1:
        return _step(evaluation, rules, stale_after, carry, suspicious, first)
    # A dozen masks are made of every cell: some series after others, so that the masks stay in the cache.
    codes = np.empty((*shape[:-1], shape[-1] - first), dtype=np.int8)
    carries: list[Carry] = []
    for block in row_blocks(slice(0, shape[0]), codes[:1].size, _CELLS):
        doubts = None if suspicious is None else suspicious[block]
        codes[block], after = _step(evaluation[block], rules, stale_after, carry.picked(block), doubts, first)
        carries.append(after)
    if not carries:
        return codes, carry
    # Series lie along the first axis, but behind that of the rules where there is one.
    return codes, Carry(
        worst=np.concatenate([one.worst for one in carries]),
        known=np.concatenate([one.known for one in carries]),
        silent=np.concatenate([one.silent for one in carries]),
        ago=np.concatenate([one.ago for one in carries], axis=1),
        latched=np.concatenate([one.latched for one in carries], axis=1),
    )


def _step(
    evaluation: Evaluation,
    rules: Coded,
    stale_after: int,
    carry: Carry,
    suspicious: BoolArray | None,
    first: int,
) -> tuple[CodeArray, Carry]:
    answered = answers(evaluation, [leaf for rule, _ in rules for leaf in rule.leaves()])
    found = traces(rules, answered, evaluation.timeline.step, carry, first)
    has_data = evaluation.bucket_has_data[..., first:]
    codes: CodeArray = np.zeros(has_data.shape, dtype=np.int8)
    for trace in found:
        np.maximum(codes, trace.active * np.int8(trace.code), out=codes)
    known = np.asarray(carry.known | has_data.any(axis=-1))
    silence = np.zeros(known.shape, dtype=np.int64)
    unknown = np.zeros(codes.shape, dtype=np.bool_)
    # A service that is always busy has no silence to judge: that is most of them, and a third of the time.
    if not has_data.all():
        codes = not_below_since(codes, has_data, carry.worst[..., np.newaxis])
        silent = silent_buckets(has_data, evaluation.excluded[..., first:], before=carry.silent[..., np.newaxis])
        silence = silent[..., -1]
        unknown |= silent >= -(-stale_after // evaluation.timeline.step)
        unknown |= ~(carry.known[..., np.newaxis] | np.logical_or.accumulate(has_data, axis=-1))
    handed_on = Carry(
        worst=codes[..., -1].copy() if codes.shape[-1] else carry.worst,
        known=known,
        silent=silence if codes.shape[-1] else carry.silent,
        ago=np.array([trace.ago for trace in found], dtype=np.int64).reshape(carry.ago.shape),
        latched=np.array([trace.latched for trace in found], dtype=np.bool_).reshape(carry.latched.shape),
    )
    if suspicious is not None:
        unknown |= suspicious[..., first:] & (codes == 0)
    codes[unknown] = UNKNOWN_CODE
    return codes, handed_on
