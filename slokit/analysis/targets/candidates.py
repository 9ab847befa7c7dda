"""Candidates: the targets that somebody thinks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise

import attrs

from slokit._display import Shown
from slokit.errors import InvalidNumber, WrongType
from slokit.rational import RationalLike, parse_target, percent_text
from slokit.slo import SLO

__all__ = ["USUAL", "Candidate", "CandidateLike", "parse_candidates"]

USUAL = ("90%", "95%", "99%", "99.5%", "99.9%", "99.95%", "99.99%")
"""What is looked at, besides the objective's own target, where nobody names candidates."""

_MOST = 100


def _target(value: RationalLike) -> Fraction:
    return parse_target(value, "candidate")


@attrs.frozen(repr=False)
class Candidate(Shown):
    """A target that somebody thinks of.

    Parameters
    ----------
    target
        As an objective's: at least 0 and below 1, read as a decimal.
    enforced
        False for an aspiration: judged like any other, it freezes nothing and is not recommended.

    Raises
    ------
    InvalidTarget
        If the target is out of range.

    Examples
    --------
    >>> Candidate("99.9%"), Candidate("99.99%", enforced=False)
    (Candidate(99.9%), Candidate(99.99%, an aspiration))
    """

    target: Fraction = attrs.field(converter=_target)
    enforced: bool = attrs.field(default=True, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.enforced, bool):
            raise WrongType(f"enforced must be a bool, got {type(self.enforced).__name__}: {self.enforced!r:.100}")

    def objective(self, slo: SLO) -> SLO:
        """Return an objective with this target; targets that series have for themselves are left out."""
        return attrs.evolve(slo, target=self.target, own_targets=None, enforced=self.enforced and slo.enforced)

    def __repr__(self) -> str:
        return f"Candidate({percent_text(self.target)}{'' if self.enforced else ', an aspiration'})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "target", percent_text(self.target)
        if not self.enforced:
            yield "enforced", "no, an aspiration"


CandidateLike = Candidate | RationalLike
"""A candidate, or its target as it is written."""


def parse_candidates(values: Iterable[CandidateLike] | None, slo: SLO) -> tuple[Candidate, ...]:
    """Read candidates, lowest first, each target once; by default the usual ones and the objective's own.

    Raises
    ------
    InvalidNumber
        If there is none, more than 100, or a target stands twice.
    InvalidTarget
        If a target is out of range.
    WrongType
        If they are not several.
    """
    if values is None:
        return tuple(Candidate(target) for target in sorted({*map(_target, USUAL), slo.target}))
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise WrongType(f'candidates must be several targets, such as ["99%", "99.9%"], got {values!r:.100}')
    found = [one if isinstance(one, Candidate) else Candidate(one) for one in values]
    if not 1 <= len(found) <= _MOST:
        raise InvalidNumber(f"candidates must be 1 to {_MOST}, got {len(found)}")
    found.sort(key=lambda one: one.target)
    for one, other in pairwise(found):
        if one.target == other.target:
            raise InvalidNumber(f"candidates must differ, got {percent_text(one.target)} twice")
    return tuple(found)
