"""What a system consists of: parts, and groups of them, as plain values.

A group says how many of what it needs must be up: all (``all_of``), one (``any_of``), or so many (``at_least``). Such
structures are monotone: a part that comes up never takes the system down. Everything that is reckoned from them rests
on that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import attrs

from slokit._display import Shown, clean, plural
from slokit.errors import InvalidNumber, InvalidSystem, WrongType
from slokit.rational import RationalLike, decimal_text, parse_rational, parse_target, percent_text
from slokit.texts import check_text

__all__ = ["AllOf", "AnyOf", "AtLeast", "Group", "Node", "OptionalPart", "Part", "as_tuple", "check_names", "listed"]


def _maybe_target(value: RationalLike | None) -> Fraction | None:
    return None if value is None else parse_target(value, "target")


def _maybe_slice_target(value: RationalLike | None) -> Fraction | None:
    if value is None:
        return None
    share = parse_rational(value, "slice_target")
    if not 0 < share <= 1:
        raise InvalidNumber(
            f"slice_target must be above 0 and at most 1, got {decimal_text(share)[:64]}; 1 allows no bad event"
        )
    return share


@attrs.frozen(repr=False)
class Part(Shown):
    """A service that others depend on; it may stand in several places of a system.

    Parameters
    ----------
    name
        What its evidence is found by: 1 to 200 characters.
    target
        The share of good events that it promises, ``0 <= target < 1``. Needed where targets alone are reckoned with.
    slice_target
        It counts as up in a bucket where at least this share of its events is good, above 0 and at most 1; by default
        its target. ``1`` means that one bad event takes it down for that bucket.

    Raises
    ------
    InvalidSystem
        If the name cannot be one.
    InvalidTarget, InvalidNumber
        If a share is out of range.

    Examples
    --------
    >>> Part("web", target="99.95%")
    Part('web', target='99.95%')
    """

    name: str
    target: Fraction | None = attrs.field(default=None, converter=_maybe_target, kw_only=True)
    slice_target: Fraction | None = attrs.field(default=None, converter=_maybe_slice_target, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidSystem)

    def __repr__(self) -> str:
        facts = "".join(f", {key}={percent_text(share)!r}" for key, share in self._shares())
        return f"Part({clean(self.name, 40)!r}{facts})"

    def _shares(self) -> Iterator[tuple[str, Fraction]]:
        for key in ("target", "slice_target"):
            if (share := getattr(self, key)) is not None:
                yield key, share

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from ((key, percent_text(share)) for key, share in self._shares())


@attrs.frozen(repr=False)
class OptionalPart(Shown):
    """A part, or a group, whose failure does not make what it belongs to fail; seen in attribution only.

    Parameters
    ----------
    part
        What may fail.

    Examples
    --------
    >>> OptionalPart(Part("recommendations"))
    OptionalPart(Part('recommendations'))
    """

    part: Part | Group = attrs.field()

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.part, Part | Group):
            raise WrongType(
                f"part must be a Part or a group of them, got {type(self.part).__name__}: {self.part!r:.100}"
            )

    @property
    def name(self) -> str:
        """The name of what is optional."""
        return self.part.name

    def __repr__(self) -> str:
        return f"OptionalPart({self.part!r})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "part", clean(repr(self.part))


def as_tuple(values: Any) -> tuple[Any, ...]:
    """Read a sequence, which text is not."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise WrongType(f"parts must be a sequence, got {type(values).__name__}: {values!r:.100}")
    return tuple(values)


@attrs.frozen(repr=False)
class Group(Shown):
    """Several parts that do one thing together; made as :class:`AllOf`, :class:`AnyOf` or :class:`AtLeast`.

    Parameters
    ----------
    name
        What it is called.
    parts
        Parts and groups with different names.

    Raises
    ------
    InvalidSystem
        If there are no parts, two share a name, or an optional one stands where only so many are needed anyway.
    WrongType
        If a part is none.
    """

    name: str
    parts: tuple[Node, ...] = attrs.field(converter=as_tuple)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidSystem)
        for i, part in enumerate(self.parts):
            if not isinstance(part, Part | Group | OptionalPart):
                raise WrongType(
                    f"parts[{i}] must be a Part or a group of them, got {type(part).__name__}: {part!r:.100}"
                )
        check_names([part.name for part in self.parts], "parts")
        if not self.needed:
            raise InvalidSystem(f"parts of {self.name!r:.64} must hold at least one that is not optional")
        if not isinstance(self, AllOf) and len(self.needed) < len(self.parts):
            raise InvalidSystem(f"parts of {self.name!r:.64} must not be optional: only some of them are needed anyway")

    @property
    def needed(self) -> tuple[Part | Group, ...]:
        """The parts that are not optional."""
        return tuple(part for part in self.parts if not isinstance(part, OptionalPart))

    @property
    def need(self) -> int:
        """How many of those must be up."""
        return len(self.needed)

    @property
    def _says(self) -> str:
        return "all of"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({clean(self.name, 40)}: {self._says} {listed([p.name for p in self.parts])})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield "needs", self._says
        yield from ((str(i), clean(repr(part))) for i, part in enumerate(self.parts))


@attrs.frozen(repr=False)
class AllOf(Group):
    """Up where all its parts are, optional ones excepted.

    Examples
    --------
    >>> AllOf("checkout", [Part("web"), Part("db")])
    AllOf(checkout: all of web, db)
    """


@attrs.frozen(repr=False)
class AnyOf(Group):
    """Up where at least one of its parts is.

    Examples
    --------
    >>> AnyOf("payment", [Part("stripe"), Part("adyen")])
    AnyOf(payment: any of stripe, adyen)
    """

    @property
    def need(self) -> int:
        """One."""
        return 1

    @property
    def _says(self) -> str:
        return "any of"


@attrs.frozen(repr=False)
class AtLeast(Group):
    """Up where at least so many of its parts are.

    Parameters
    ----------
    least
        How many, from 1 to the number of parts.

    Raises
    ------
    InvalidSystem
        If it is out of range.

    Examples
    --------
    >>> AtLeast("quorum", [Part("a"), Part("b"), Part("c")], 2)
    AtLeast(quorum: at least 2 of a, b, c)
    """

    least: int

    def __attrs_post_init__(self) -> None:
        if type(self.least) is not int:
            raise WrongType(f"least must be an int, got {type(self.least).__name__}: {self.least!r:.64}")
        Group.__attrs_post_init__(self)
        if not 1 <= self.least <= len(self.parts):
            raise InvalidSystem(f"least must be 1 to {len(self.parts)}, the number of parts, got {self.least}")

    @property
    def need(self) -> int:
        """How many."""
        return self.least

    @property
    def _says(self) -> str:
        return f"at least {self.least} of"


Node = Part | Group | OptionalPart
"""What a group may consist of."""


def check_names(names: list[str], field: str) -> None:
    """Refuse a list without names, or with one of them twice."""
    if not names:
        raise InvalidSystem(f"{field} must hold at least one part")
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise InvalidSystem(f"{field} must have different names, got {twice!r:.64} twice")


def listed(names: list[str]) -> str:
    """Write the first few names of a list."""
    rest = len(names) - 5
    return ", ".join(clean(name, 40) for name in names[:5]) + (
        f" and {plural(rest, 'more', 'more')}" if rest > 0 else ""
    )
