"""Expectations: how what users, rivals and contracts ask for stands to each candidate.

A reason for a target is text. Where its value is a share and nothing else, such as ``"99.5%"``, it is held against
the candidates; all other text is shown beside them and held against nothing, since a number inside a sentence may mean
anything.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from fractions import Fraction

import attrs

from slokit._display import clean
from slokit.errors import InvalidNumber, SuspiciousTarget, WrongType
from slokit.rational import parse_target, percent_text
from slokit.rationale import Rationale

__all__ = ["Expectation", "ceiling", "expectations", "floor", "parse_rationale"]

# A target must be reached (an objective that guards a contract: passed), or not be passed; the rest decides nothing.
_RULES = {
    "survey": "reach",
    "feedback": "reach",
    "competitor": "reach",
    "business": "reach",
    "contract": "pass",
    "dependency": "stay within",
}


@attrs.frozen
class Expectation:
    """A reason whose value is a share.

    Parameters
    ----------
    rationale
        The reason.
    share
        Its value.
    """

    rationale: Rationale
    share: Fraction

    @property
    def rule(self) -> str | None:
        """What a target should do with it: ``"reach"``, ``"pass"`` or ``"stay within"``; None if it decides nothing."""
        return _RULES.get(self.rationale.kind)

    def fits(self, target: Fraction) -> bool:
        """Say whether a target does that."""
        match self.rule:
            case "reach":
                return target >= self.share
            case "pass":
                return target > self.share
            case "stay within":
                return target <= self.share
            case _:
                return True

    @property
    def text(self) -> str:
        """What is asked, in words."""
        return f"{self.rationale.kind} {percent_text(self.share)} ({clean(self.rationale.source, 60)})"


def parse_rationale(values: Rationale | Iterable[Rationale]) -> tuple[Rationale, ...]:
    """Read reasons.

    Raises
    ------
    WrongType
        If one is none.
    """
    if isinstance(values, Rationale):
        return (values,)
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise WrongType(f"rationale must be several Rationale, got {values!r:.100}")
    held = tuple(values)
    for i, one in enumerate(held):
        if not isinstance(one, Rationale):
            raise WrongType(f"rationale[{i}] must be a Rationale, got {type(one).__name__}: {one!r:.100}")
    return held


def expectations(rationale: Iterable[Rationale]) -> tuple[Expectation, ...]:
    """Return the reasons whose value is a share that a target can be.

    Examples
    --------
    >>> said = Rationale("survey", source="survey 2026", value="99.5%")
    >>> [one.text for one in expectations([said, Rationale("survey", source="a", value="9 of 10 are content")])]
    ['survey 99.5% (survey 2026)']
    """
    found = []
    for one in rationale:
        try:
            with warnings.catch_warnings():
                # It is asked whether this is a target at all.
                warnings.simplefilter("ignore", SuspiciousTarget)
                share = parse_target(one.value)
        except InvalidNumber:
            continue
        found.append(Expectation(one, share))
    return tuple(found)


def floor(asked: Iterable[Expectation]) -> Expectation | None:
    """Return what asks for most."""
    return max((one for one in asked if one.rule in ("reach", "pass")), key=_by_share, default=None)


def ceiling(asked: Iterable[Expectation]) -> Expectation | None:
    """Return what allows least."""
    return min((one for one in asked if one.rule == "stay within"), key=_by_share, default=None)


def _by_share(one: Expectation) -> tuple[Fraction, bool]:
    # Of equals the contract asks for more: it must be passed.
    return one.share, one.rule == "pass"
