"""Joint evidence: whether the system was up, bucket by bucket.

Each part is judged in each bucket by its slice target, and the structure says what follows for the system. What fails
together is bad together, once: no assumption about dependence is made, because dependence was measured.

A part may be unknown in a bucket. Structures are monotone, so asking them twice, with the unknown taken for down and
for up, says exactly where the unknown matters. Where it does not, the bucket has its verdict; where it does, it has
none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import lcm
from typing import Any, ClassVar, Literal, NamedTuple, get_args

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, percent, plural
from slokit._kernels.halves import exact_sum
from slokit.budgeting import slices_missed
from slokit.composition.aligning import Alignment, align, check_evidence
from slokit.composition.nodes import Group, Part
from slokit.composition.shares import Weighted
from slokit.composition.walks import Root, leaves, needed
from slokit.counts import Counts
from slokit.errors import InvalidSystem, WrongType
from slokit.rational import decimal_text
from slokit.timeline import DurationLike

__all__ = ["Known", "Measurement", "Quiet", "State", "check_word", "measure", "state_of", "verdict"]

Mask = npt.NDArray[np.bool_]

Known = Literal["enough", "all"]
"""Where a bucket has a verdict: where what is known decides it, or only where every part that is needed is known."""

Quiet = Literal["unknown", "up", "down"]
"""What an observed bucket without traffic says of a part."""

# Weights become whole numbers of events; 2**31 buckets of that many still fit.
_MAX_UNITS = 2**31


class State(NamedTuple):
    """Where a part is known to be up, and where down: nowhere both, and unknown where neither."""

    up: Mask
    down: Mask


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Measurement(Shown):
    """How often a system was up, measured on all its parts at once.

    Parameters
    ----------
    name
        The system.
    counts
        One event a bucket that has a verdict, bad where the system was down; for weighted shares so many events as
        bring the weights to whole numbers. A bucket that is not decided holds nothing: it is unobserved if a needed
        part was, excluded if one was, else without traffic. Ready for :meth:`slokit.SLO.evaluate`.
    alignment
        What was done to the evidence.
    known
        Where a bucket has a verdict.
    unit
        Events that one bucket counts.
    """

    name: str
    counts: Counts
    alignment: Alignment
    known: Known
    unit: int = 1

    __hash__: ClassVar[None]  # type: ignore[assignment]

    @property
    def decided(self) -> int:
        """Buckets with a verdict, of all series together."""
        return int(np.count_nonzero(self.counts.total))

    @property
    def undecided(self) -> int:
        """Buckets without a verdict, excluded ones not among them."""
        return self.counts.total.size - self.decided - int(np.count_nonzero(self.counts.excluded))

    @property
    def sli(self) -> float | None:
        """Share of the decided buckets in which the system was up; None without any."""
        return _float(self._share(Fraction(0), Fraction(0)))

    @property
    def sli_between(self) -> tuple[float, float] | None:
        """The share had it been down, and had it been up, in every bucket that is not decided; None without any."""
        ends = self._ends()
        return None if ends is None else (float(ends[0]), float(ends[1]))

    def _share(self, good: Fraction, more: Fraction) -> Fraction | None:
        bad, total = (int(exact_sum(array)) for array in (self.counts.bad, self.counts.total))
        return (total - bad + good) / (total + more) if total + more else None

    def _ends(self) -> tuple[Fraction, Fraction] | None:
        more = Fraction(self.undecided * self.unit)
        low, high = self._share(Fraction(0), more), self._share(more, more)
        return None if low is None or high is None else (low, high)

    def _texts(self) -> list[tuple[str, str]]:
        share, ends = self._share(Fraction(0), Fraction(0)), self._ends()
        said = [("up", "no data" if share is None else f"{percent(share)} of {plural(self.decided, 'bucket')}")]
        if self.undecided and ends is not None:
            said.append(("not decided", f"{self.undecided:,}, with them {percent(ends[0])} to {percent(ends[1])}"))
        return said

    def __repr__(self) -> str:
        said = [f"{clean(self.name, 40)}: {' · '.join(f'{key} {text}' for key, text in self._texts())}"]
        return "\n".join([*said, repr(self.alignment)])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from self._texts()
        yield from self.alignment.__rich_repr__()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Measurement):
            return NotImplemented
        return all(getattr(self, field.name) == getattr(other, field.name) for field in attrs.fields(Measurement))


def _float(share: Fraction | None) -> float | None:
    return None if share is None else float(share)


def check_word(field: str, value: object, words: Any) -> None:
    """Refuse a word that is none of a Literal's."""
    if value not in get_args(words):
        raise WrongType(f"{field} must be one of {', '.join(get_args(words))}, got {value!r:.64}")


def state_of(part: Part, counts: Counts, quiet: Quiet) -> State:
    """Judge a part in every bucket by its slice target.

    Raises
    ------
    InvalidSystem
        If it has neither a slice target nor a target.
    """
    target = part.target if part.slice_target is None else part.slice_target
    if target is None:
        raise InvalidSystem(
            f"part {part.name!r:.64} has no slice_target and no target: say which share of a bucket's events must be "
            f"good for it to be up, such as Part({part.name!r:.64}, slice_target=1)"
        )
    busy, down = counts.total > 0, slices_missed(counts, target)
    up = busy & ~down
    silent = counts.observed & ~counts.excluded & ~busy
    return State(up | silent if quiet == "up" else up, down | silent if quiet == "down" else down)


def verdict(node: Part | Group, states: Mapping[str, State]) -> State:
    """Say where a node is up whatever the unknown parts do, and where it is down."""
    if isinstance(node, Part):
        return states[node.name]
    inner = [verdict(part, states) for part in node.needed]
    ups, downs = (np.sum([getattr(state, side) for state in inner], axis=0) for side in ("up", "down"))
    return State(np.asarray(ups >= node.need), np.asarray(downs > len(inner) - node.need))


def measure(
    name: str, root: Root, counts: Mapping[str, Counts], *, step: DurationLike | None, known: Known, quiet: Quiet
) -> Measurement:
    """Judge a system bucket by bucket."""
    check_word("known", known, Known)
    check_word("quiet", quiet, Quiet)
    parts = {part.name: part for part in needed(root)}
    given = check_evidence(counts, leaves(root), parts)
    fitted, alignment = align({name: given[name] for name in parts}, step=step, covering=parts)
    states = {name: state_of(part, fitted[name], quiet) for name, part in parts.items()}
    if isinstance(root, Weighted):
        weights, shares = _units(root), [share.part for share in root.shares]
    else:
        weights, shares = [1], [root]
    results = [verdict(part, states) for part in shares]
    decided = np.logical_and.reduce([state.up | state.down for state in results])
    if known == "all":
        decided &= np.logical_and.reduce([state.up | state.down for state in states.values()])
    unit = sum(weights)
    bad = sum(weight * (state.down & decided).astype(np.int64) for weight, state in zip(weights, results, strict=True))
    excluded = ~decided & np.logical_or.reduce([fitted[name].excluded for name in parts])
    hole = np.logical_or.reduce([~fitted[name].observed for name in parts])
    first = next(iter(fitted.values()))
    measured = Counts(
        timeline=alignment.timeline,
        axes=first.axes,
        bad=np.asarray(bad, np.int64),
        total=unit * decided.astype(np.int64),
        observed=decided | excluded | ~hole,
        excluded=excluded,
    )
    return Measurement(name=name, counts=measured, alignment=alignment, known=known, unit=unit)


def _units(root: Weighted) -> list[int]:
    """Return the weights as whole numbers, as small as they can be."""
    weights = root.weights
    unit = lcm(*(weight.denominator for weight in weights))
    if unit > _MAX_UNITS:
        raise InvalidSystem(
            f"weights of {root.name!r:.64} must be multiples of a common 1/{_MAX_UNITS} or more to be counted in, got "
            f"{', '.join(decimal_text(weight) for weight in weights)[:200]}; write them with fewer digits"
        )
    return [int(weight * unit) for weight in weights]
