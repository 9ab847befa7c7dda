"""States and rules: what a policy's states mean, and when one is entered and left.

A state says what to do and what not to do while it lasts; a rule says when. They are apart because one state may be
entered for several reasons, each of which ends in its own way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import attrs

from slokit._display import Shown, clean
from slokit.conditions import AnyOf, BudgetSettled, Condition, DataSince, Leaf
from slokit.errors import InvalidPolicy, WrongType
from slokit.rational import RationalLike, parse_rational, percent_text
from slokit.texts import check_text
from slokit.timeline import DurationLike, duration_text, parse_length

__all__ = ["UNKNOWN", "Rule", "State", "names_of"]

UNKNOWN = "unknown"
"""The name of the state in which nobody can tell."""

_MAX_REMARK = 1_000


def names_of(values: Iterable[str], field: str) -> tuple[str, ...]:
    """Read several names; one text would be taken for its letters."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise WrongType(f"{field} must be several names, got {values!r:.100}; write them in a list")
    found = tuple(values)
    for name in found:
        check_text(field, name, InvalidPolicy, most=_MAX_REMARK)
    return tuple(dict.fromkeys(found))


def _actions(values: Iterable[str]) -> tuple[str, ...]:
    return names_of(values, "actions")


def _blocks(values: Iterable[str]) -> tuple[str, ...]:
    return names_of(values, "blocks")


def _exempt(values: Iterable[str]) -> tuple[str, ...]:
    return names_of(values, "exempt")


@attrs.frozen(repr=False)
class State(Shown):
    """A state of a policy: what it means, what is to be done, and what is not.

    Parameters
    ----------
    name
        What people call it.
    means
        What it says about the service, for people.
    actions
        What is to be done while it lasts.
    blocks
        Activities that are not to be begun while it lasts.
    exempt
        Classes of changes that it does not block.

    Raises
    ------
    InvalidPolicy
        If a text is empty, too long or holds control characters.

    Examples
    --------
    >>> State("critical", actions=["all hands on reliability"], blocks=["deploy"], exempt=["security"])
    State('critical', blocks deploy but for security)
    """

    name: str
    means: str = attrs.field(default="", kw_only=True)
    actions: tuple[str, ...] = attrs.field(default=(), converter=_actions, kw_only=True)
    blocks: tuple[str, ...] = attrs.field(default=(), converter=_blocks, kw_only=True)
    exempt: tuple[str, ...] = attrs.field(default=(), converter=_exempt, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidPolicy)
        check_text("means", self.means, InvalidPolicy, least=0, most=_MAX_REMARK)

    def __repr__(self) -> str:
        blocks = f", blocks {', '.join(clean(name, 40) for name in self.blocks)}" if self.blocks else ""
        but = f" but for {', '.join(clean(name, 40) for name in self.exempt)}" if self.blocks and self.exempt else ""
        return f"State({clean(self.name, 40)!r}{blocks}{but})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        if self.means:
            yield "means", clean(self.means, _MAX_REMARK)
        for field in ("actions", "blocks", "exempt"):
            if held := getattr(self, field):
                yield field, ", ".join(clean(text) for text in held)


def _hold(value: DurationLike | int) -> int:
    return parse_length(value, "hold", least=0)


def _warmup(value: RationalLike) -> Fraction:
    share = parse_rational(value, "warmup")
    if not 0 <= share <= 1:
        raise InvalidPolicy(f"warmup must be a share of the window from 0 to 1, got {value}")
    return share


@attrs.frozen(repr=False)
class Rule(Shown):
    """When a state is entered, and when it is left.

    The state is entered at once. It lasts while the condition held at any bucket end in the last ``hold``; with
    ``until`` it lasts from then on until that other condition holds and the first does not.

    Parameters
    ----------
    state
        Name of the state.
    when
        The condition that enters it: an alert, one of :mod:`slokit.conditions`, or several composed.
    hold
        How long it must be clear before the state is left.
    until
        What leaves it instead.
    warmup
        A share of the objective's window that the budget must rest on before the rule can be entered (see
        :class:`~slokit.conditions.BudgetSettled`), and the evidence before it can be left by ``until``: after a restart
        that lost its memory nothing thaws at once.

    Raises
    ------
    WrongType
        If a condition is none.
    InvalidPolicy
        If the warm-up is no share, or both ``hold`` and ``until`` are given.

    Examples
    --------
    >>> from slokit.conditions import BudgetBelow, Exhausted
    >>> Rule("critical", Exhausted(), until=~BudgetBelow("5%"), warmup="25%")
    Rule('critical': Exhausted() until ~BudgetBelow('5%'), once 25% of the window has passed)
    >>> Rule("warning", BudgetBelow("25%"), hold="6h")
    Rule('warning': BudgetBelow('25%') until clear for 6h)
    """

    state: str
    when: Condition
    hold: int = attrs.field(default=0, converter=_hold, kw_only=True)
    until: Condition | None = attrs.field(default=None, kw_only=True)
    warmup: Fraction = attrs.field(default=Fraction(0), converter=_warmup, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_text("state", self.state, InvalidPolicy)
        for field in ("when", "until"):
            value = getattr(self, field)
            if not isinstance(value, Condition) and not (field == "until" and value is None):
                raise WrongType(
                    f"{field} must be a condition, such as BudgetBelow(…) or an alert, got {type(value).__name__}: "
                    f"{value!r:.100}"
                )

        if self.hold and self.until is not None:
            raise InvalidPolicy(
                f"hold must not be given beside until, which says when the state {self.state!r:.60} is left; write two "
                "rules if it is to be left late in either case"
            )

    @property
    def condition(self) -> Condition:
        """The condition that enters the state, warm-up included."""
        return self.when & BudgetSettled(self.warmup) if self.warmup else self.when

    @property
    def ending(self) -> Condition | None:
        """The condition that leaves it instead of a hold, warm-up included."""
        return self.until & DataSince(self.warmup) if self.until is not None and self.warmup else self.until

    def leaves(self) -> Iterator[Leaf]:
        """Yield all that the rule asks."""
        for condition in (self.condition, self.ending):
            if condition is not None:
                yield from condition.leaves()

    def fitted(self, step: int) -> Rule:
        """Return the rule with alert windows lengthened to whole buckets of ``step`` nanoseconds."""
        until = None if self.until is None else self.until.fitted(step)
        return attrs.evolve(self, when=self.when.fitted(step), until=until)

    @property
    def leaving(self) -> str:
        """When the state is left, in words."""
        if self.until is not None:
            return self.until.words
        return f"clear for {duration_text(self.hold)}" if self.hold else "as soon as it is clear"

    @property
    def entering(self) -> tuple[str, ...]:
        """When the state is entered, in words: conditions any of which is enough."""
        parts = self.when.parts if isinstance(self.when, AnyOf) else (self.when,)
        warmup = f", once the budget rests on {percent_text(self.warmup)} of the window" if self.warmup else ""
        return tuple(f"{part.words}{warmup}" for part in parts)

    def __repr__(self) -> str:
        ending = self.leaving if self.until is None else repr(self.until)
        until = f" until {ending}" if self.until is not None or self.hold else ""
        warmup = f", once {percent_text(self.warmup)} of the window has passed" if self.warmup else ""
        return f"Rule({clean(self.state, 40)!r}: {self.when!r}{until}{warmup})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "state", clean(self.state)
        yield "when", self.when.words
        yield "left", self.leaving
        if self.warmup:
            yield "warmup", percent_text(self.warmup)
