"""How conditions compose: any of, all of, not.

A composite asks nothing itself. Its leaves are answered together, so that the burn rates among them share one pass
over the running sums, and each leaf once, however often it stands in the composite.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Self

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown
from slokit.errors import WrongType
from slokit.evaluation import BurnThreshold, Evaluation
from slokit.evaluation.checks import check_evaluation, one_series

__all__ = ["AllOf", "AnyOf", "BurnLeaf", "Condition", "Leaf", "Not", "answers"]

BoolArray = npt.NDArray[np.bool_]


class Condition(Shown, ABC):
    """A question with the answer yes or no at the end of every bucket.

    Compose conditions with ``|``, ``&`` and ``~``; ``or``, ``and`` and ``not`` would ask for a truth that a condition
    has only over evidence, and raise.
    """

    __slots__ = ()

    @abstractmethod
    def leaves(self) -> Iterator[Leaf]:
        """Yield the conditions that this one is made of, itself if of nothing else."""

    @abstractmethod
    def combined(self, answered: Mapping[Leaf, BoolArray]) -> BoolArray:
        """Return the answer, given those of the leaves."""

    @abstractmethod
    def fitted(self, step: int) -> Condition:
        """Return the same with alert windows lengthened to whole buckets of ``step`` nanoseconds."""

    @property
    @abstractmethod
    def words(self) -> str:
        """The condition in words."""

    @property
    def opposite(self) -> str:
        """Its negation in words."""
        return f"not: {self.words}"

    @abstractmethod
    def _why(self, evaluation: Evaluation, bucket: int, answered: Mapping[Leaf, BoolArray]) -> Iterator[str]:
        """Yield why the condition holds at the end of a bucket, or why it does not."""

    def holds(self, evaluation: Evaluation) -> BoolArray:
        """Say at the end of which buckets the condition holds: bool, shape ``(..., n)``.

        Examples
        --------
        >>> from slokit import SLI, SLO, Counts
        >>> from slokit.conditions import BudgetBelow, Exhausted
        >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100] * 3, bad=[0, 1, 2])
        >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="1h").evaluate(counts)
        >>> (BudgetBelow("25%") & ~Exhausted()).holds(ev), (BudgetBelow("25%") | Exhausted()).holds(ev)
        (array([False, False, False]), array([False,  True,  True]))
        """
        return self.combined(answers(evaluation, self.leaves()))

    def reasons(self, evaluation: Evaluation, bucket: int = -1) -> tuple[str, ...]:
        """Return in words why the condition holds at the end of a bucket of one series, or why it does not.

        Raises
        ------
        WrongType
            If there are several series; pick one first.
        OutOfTimeline
            If there is no such bucket.
        """
        return self.reasons_of(evaluation, bucket, answers(evaluation, self.leaves()))

    def reasons_of(self, evaluation: Evaluation, bucket: int, answered: Mapping[Leaf, BoolArray]) -> tuple[str, ...]:
        """Return the same as :meth:`reasons`, given the answers of the leaves."""
        position = one_series(evaluation, "evaluation").timeline.position(bucket)
        return tuple(dict.fromkeys(self._why(evaluation, position, answered)))

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "condition", self.words

    def __or__(self, other: object) -> AnyOf:
        return AnyOf((self, other)) if isinstance(other, Condition) else NotImplemented

    def __and__(self, other: object) -> AllOf:
        return AllOf((self, other)) if isinstance(other, Condition) else NotImplemented

    def __invert__(self) -> Condition:
        return Not(self)

    def __bool__(self) -> bool:
        raise WrongType("a condition is true or false only over evidence; compose conditions with |, & and ~")


class Leaf(Condition):
    """A condition that is made of no other: what is asked of the evaluation itself."""

    __slots__ = ()

    def leaves(self) -> Iterator[Leaf]:
        """Yield this condition."""
        yield self

    def combined(self, answered: Mapping[Leaf, BoolArray]) -> BoolArray:
        """Return its own answer."""
        return answered[self]

    def fitted(self, step: int) -> Self:
        """Return the condition itself, where it has no window of an alert."""
        del step
        return self

    @abstractmethod
    def answer(self, evaluation: Evaluation) -> BoolArray:
        """Answer over all buckets."""

    @abstractmethod
    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say in words what was found at the end of a bucket of one series."""

    def _why(self, evaluation: Evaluation, bucket: int, answered: Mapping[Leaf, BoolArray]) -> Iterator[str]:
        yield self.say(evaluation, bucket, holds=bool(answered[self][bucket]))


class BurnLeaf(Leaf):
    """A condition that begins with a burn rate, so that many are asked in one pass."""

    __slots__ = ()

    @property
    @abstractmethod
    def burn_threshold(self) -> BurnThreshold:
        """The burn rate that must be exceeded to begin with."""

    @abstractmethod
    def given(self, evaluation: Evaluation, burning: BoolArray) -> BoolArray:
        """Answer over all buckets, given where :attr:`burn_threshold` is exceeded."""

    def answer(self, evaluation: Evaluation) -> BoolArray:
        """Ask where it burns, and answer."""
        return self.given(evaluation, evaluation.burning_each([self.burn_threshold])[0])


def answers(evaluation: Evaluation, leaves: Iterable[Leaf], *, threads: int = 1) -> dict[Leaf, BoolArray]:
    """Answer several leaves, each once, all burn rates in one pass: bool arrays of shape ``(..., n)``.

    Raises
    ------
    WrongType
        If the evaluation is none.
    InvalidWindow
        If a window is no whole number of buckets.
    """
    check_evaluation(evaluation, "evaluation")
    asked = dict.fromkeys(leaves)
    burns = [leaf.burn_threshold for leaf in asked if isinstance(leaf, BurnLeaf)]
    burning = iter(evaluation.burning_each(burns, threads=threads) if burns else ())
    return {
        leaf: leaf.given(evaluation, next(burning)) if isinstance(leaf, BurnLeaf) else leaf.answer(evaluation)
        for leaf in asked
    }


def _several(parts: Iterable[Condition]) -> Iterable[Condition]:
    """Refuse what is one condition or none."""
    if not isinstance(parts, Iterable):
        raise WrongType(f"parts must be several conditions, got {type(parts).__name__}: {parts!r:.100}")
    return parts


def _checked(parts: Iterable[Condition]) -> tuple[Condition, ...]:
    """Read the parts of a composite; of one that stands twice the first is kept."""
    found = tuple(parts)
    for part in found:
        if not isinstance(part, Condition):
            raise WrongType(f"parts must be conditions, got {type(part).__name__}: {part!r:.100}")
    if not found:
        raise WrongType("parts must be at least one condition, got none")
    return tuple(dict.fromkeys(found))


def _any_parts(parts: Iterable[Condition]) -> tuple[Condition, ...]:
    """Take composites of the same kind apart: ``(a | b) | c`` is ``a | b | c``."""
    return _checked(one for part in _several(parts) for one in (part.parts if isinstance(part, AnyOf) else (part,)))


def _all_parts(parts: Iterable[Condition]) -> tuple[Condition, ...]:
    return _checked(one for part in _several(parts) for one in (part.parts if isinstance(part, AllOf) else (part,)))


@attrs.frozen(repr=False)
class _Several(Condition):
    """What any of and all of have in common."""

    parts: tuple[Condition, ...]

    def leaves(self) -> Iterator[Leaf]:
        """Yield the leaves of all parts."""
        for part in self.parts:
            yield from part.leaves()

    def fitted(self, step: int) -> Self:
        """Return the same of fitted parts."""
        return attrs.evolve(self, parts=tuple(part.fitted(step) for part in self.parts))

    def _those(
        self, evaluation: Evaluation, bucket: int, answered: Mapping[Leaf, BoolArray], *, deciding: bool
    ) -> Iterator[str]:
        """Yield the reasons of the parts that decide: one of them is enough, or all of them are needed."""
        truths = [bool(part.combined(answered)[bucket]) for part in self.parts]
        for part, truth in zip(self.parts, truths, strict=True):
            if truth is deciding or deciding not in truths:
                yield from part._why(evaluation, bucket, answered)

    def _joined(self, word: str) -> str:
        return f" {word} ".join(f"({part.words})" if isinstance(part, _Several) else part.words for part in self.parts)

    def _text(self, sign: str) -> str:
        return sign.join(
            f"({part!r})" if isinstance(part, _Several) and type(part) is not type(self) else repr(part)
            for part in self.parts
        )

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        for i, part in enumerate(self.parts):
            yield f"part {i + 1}", repr(part)


@attrs.frozen(repr=False)
class AnyOf(_Several):
    """Holds where any of its parts does; ``a | b`` makes it.

    Parameters
    ----------
    parts
        Conditions; of one that stands twice the first is kept.
    """

    parts: tuple[Condition, ...] = attrs.field(converter=_any_parts)

    def combined(self, answered: Mapping[Leaf, BoolArray]) -> BoolArray:
        """Return where any part holds."""
        return reduce(np.logical_or, (part.combined(answered) for part in self.parts))

    def _why(self, evaluation: Evaluation, bucket: int, answered: Mapping[Leaf, BoolArray]) -> Iterator[str]:
        yield from self._those(evaluation, bucket, answered, deciding=True)

    @property
    def words(self) -> str:
        """The parts in words, one of which is enough."""
        return self._joined("or")

    def __repr__(self) -> str:
        return self._text(" | ")


@attrs.frozen(repr=False)
class AllOf(_Several):
    """Holds where all of its parts do; ``a & b`` makes it.

    Parameters
    ----------
    parts
        Conditions; of one that stands twice the first is kept.
    """

    parts: tuple[Condition, ...] = attrs.field(converter=_all_parts)

    def combined(self, answered: Mapping[Leaf, BoolArray]) -> BoolArray:
        """Return where all parts hold."""
        return reduce(np.logical_and, (part.combined(answered) for part in self.parts))

    def _why(self, evaluation: Evaluation, bucket: int, answered: Mapping[Leaf, BoolArray]) -> Iterator[str]:
        yield from self._those(evaluation, bucket, answered, deciding=False)

    @property
    def words(self) -> str:
        """The parts in words, all of which are needed."""
        return self._joined("and")

    def __repr__(self) -> str:
        return self._text(" & ")


@attrs.frozen(repr=False)
class Not(Condition):
    """Holds where its part does not; ``~a`` makes it, and ``~~a`` is ``a``.

    Without data most conditions do not hold, so their negations do: compose with another that asks for data.

    Parameters
    ----------
    part
        A condition.
    """

    part: Condition

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.part, Condition):
            raise WrongType(f"part must be a condition, got {type(self.part).__name__}: {self.part!r:.100}")

    def leaves(self) -> Iterator[Leaf]:
        """Yield the leaves of the part."""
        yield from self.part.leaves()

    def combined(self, answered: Mapping[Leaf, BoolArray]) -> BoolArray:
        """Return where the part does not hold."""
        return np.asarray(~self.part.combined(answered))

    def fitted(self, step: int) -> Not:
        """Return the same of the fitted part."""
        return Not(self.part.fitted(step))

    def _why(self, evaluation: Evaluation, bucket: int, answered: Mapping[Leaf, BoolArray]) -> Iterator[str]:
        # The words of a leaf say how it turned out, so that its negation needs no other.
        yield from self.part._why(evaluation, bucket, answered)

    def __invert__(self) -> Condition:
        return self.part

    @property
    def words(self) -> str:
        """The opposite of the part, in words."""
        return self.part.opposite

    @property
    def opposite(self) -> str:
        """The part in words."""
        return self.part.words

    def __repr__(self) -> str:
        return f"~({self.part!r})" if isinstance(self.part, _Several) else f"~{self.part!r}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "not", repr(self.part)
