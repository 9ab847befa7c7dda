"""What a system consists of: parts, groups of them, and shares of traffic, as plain values.

A group says how many of what it needs must be up: all (``all_of``), one (``any_of``), or so many (``at_least``). Such
structures are monotone: a part that comes up never takes the system down. Everything that is reckoned from them rests
on that. Weights are no structure: a mean of systems is neither up nor down, so it stands at the top only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import attrs

from slokit._display import clean, html_table, plural
from slokit.errors import InvalidNumber, InvalidSystem, WrongType
from slokit.rational import RationalLike, decimal_text, parse_rational, parse_target, percent_text
from slokit.texts import check_text

__all__ = [
    "AllOf",
    "AnyOf",
    "AtLeast",
    "Group",
    "Journeys",
    "Node",
    "OptionalPart",
    "Part",
    "Root",
    "Share",
    "Weighted",
    "check_root",
    "leaves",
    "needed",
    "repeated",
]

_MAX_LEAVES, _MAX_LEVELS = 200, 12


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
class Part:
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

    def _repr_html_(self) -> str:
        return html_table(self.__rich_repr__(), caption="Part")


@attrs.frozen(repr=False)
class OptionalPart:
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

    def _repr_html_(self) -> str:
        return html_table(self.__rich_repr__(), caption="OptionalPart")


def _tuple(values: Any) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise WrongType(f"parts must be a sequence, got {type(values).__name__}: {values!r:.100}")
    return tuple(values)


@attrs.frozen(repr=False)
class Group:
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
    parts: tuple[Node, ...] = attrs.field(converter=_tuple)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidSystem)
        for i, part in enumerate(self.parts):
            if not isinstance(part, Part | Group | OptionalPart):
                raise WrongType(
                    f"parts[{i}] must be a Part or a group of them, got {type(part).__name__}: {part!r:.100}"
                )
        _check_names([part.name for part in self.parts], "parts")
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
        return f"{type(self).__name__}({clean(self.name, 40)}: {self._says} {_listed([p.name for p in self.parts])})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield "needs", self._says
        yield from ((str(i), clean(repr(part))) for i, part in enumerate(self.parts))

    def _repr_html_(self) -> str:
        return html_table(self.__rich_repr__(), caption=type(self).__name__)


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


def _weight(value: RationalLike) -> Fraction:
    weight = parse_rational(value, "weight")
    if weight <= 0:
        raise InvalidSystem(f"weight must be above 0, got {decimal_text(weight)[:64]}")
    return weight


@attrs.frozen(repr=False)
class Share:
    """What has a weight in a mean.

    Parameters
    ----------
    weight
        Above 0, read as a decimal.
    part
        A part or a group.

    Examples
    --------
    >>> Share("0.2", Part("buy"))
    Share(0.2, Part('buy'))
    """

    weight: Fraction = attrs.field(converter=_weight)
    part: Part | Group

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.part, Part | Group):
            raise WrongType(
                f"part must be a Part or a group of them, got {type(self.part).__name__}: {self.part!r:.100}"
            )

    def __repr__(self) -> str:
        return f"Share({decimal_text(self.weight)}, {self.part!r})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "weight", decimal_text(self.weight)
        yield "part", clean(repr(self.part))

    def _repr_html_(self) -> str:
        return html_table(self.__rich_repr__(), caption="Share")


@attrs.frozen(repr=False)
class Weighted:
    """A weighted mean, as OpenSLO's ``compositeWeight`` asks for: weights need not add up to anything.

    Parameters
    ----------
    name
        What it is called.
    shares
        Parts or groups with different names, each with its weight.

    Raises
    ------
    InvalidSystem
        If there are none, or two share a name.

    Examples
    --------
    >>> Weighted("checkout", [Share(2, Part("availability")), Share(1, Part("latency"))])
    Weighted(checkout: 2/3 availability, 1/3 latency)
    """

    name: str
    shares: tuple[Share, ...] = attrs.field(converter=_tuple)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidSystem)
        for i, share in enumerate(self.shares):
            if not isinstance(share, Share):
                raise WrongType(f"shares[{i}] must be a Share, got {type(share).__name__}: {share!r:.100}")
        _check_names([share.part.name for share in self.shares], "shares")

    @property
    def weights(self) -> tuple[Fraction, ...]:
        """The weights, brought to a sum of 1."""
        whole = sum(share.weight for share in self.shares)
        return tuple(share.weight / whole for share in self.shares)

    def __repr__(self) -> str:
        said = [
            f"{decimal_text(weight)} {share.part.name}" for weight, share in zip(self.weights, self.shares, strict=True)
        ]
        return f"{type(self).__name__}({clean(self.name, 40)}: {_listed(said)})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from ((decimal_text(w), clean(repr(s.part))) for w, s in zip(self.weights, self.shares, strict=True))

    def _repr_html_(self) -> str:
        return html_table(self.__rich_repr__(), caption=type(self).__name__)


@attrs.frozen(repr=False)
class Journeys(Weighted):
    """What people do with a system, each weighted by its share of the traffic; the shares add up to 1.

    Examples
    --------
    >>> Journeys("shop", [Share("0.2", Part("buy")), Share("0.8", Part("browse"))])
    Journeys(shop: 0.2 buy, 0.8 browse)
    """

    def __attrs_post_init__(self) -> None:
        Weighted.__attrs_post_init__(self)
        whole = sum(share.weight for share in self.shares)
        if whole != 1:
            raise InvalidSystem(
                f"shares must add up to 1, got {decimal_text(Fraction(whole))}; weighted() takes any weights"
            )


Node = Part | Group | OptionalPart
"""What a group may consist of."""

Root = Group | Weighted
"""What a system may be."""


def needed(node: Part | Group | Weighted) -> Iterator[Part]:
    """Yield the parts that bear on the system, as often as they stand in it."""
    if isinstance(node, Part):
        yield node
    else:
        below = node.needed if isinstance(node, Group) else [share.part for share in node.shares]
        for part in below:
            yield from needed(part)


def leaves(node: Node | Weighted) -> dict[str, Part]:
    """Return every part by its name, optional ones too, in the order in which they stand.

    Raises
    ------
    InvalidSystem
        If a part stands there twice, and not with the same fields.
    """
    found: dict[str, Part] = {}
    for part, _ in _walk(node, 1):
        if found.setdefault(part.name, part) != part:
            raise InvalidSystem(
                f"a part that stands in several places must be the same in each, got {found[part.name]!r} and {part!r}"
            )
    return found


def _walk(node: Node | Weighted, level: int) -> Iterator[tuple[Part, int]]:
    """Yield every part with its depth."""
    if isinstance(node, Part):
        yield node, level
        return
    if level > _MAX_LEVELS:
        raise InvalidSystem(f"groups must be nested at most {_MAX_LEVELS} levels deep")
    below: Sequence[Node]
    if isinstance(node, OptionalPart):
        below = [node.part]
    else:
        below = node.parts if isinstance(node, Group) else [share.part for share in node.shares]
    for part in below:
        yield from _walk(part, level + 1)


def repeated(node: Part | Group | Weighted) -> tuple[str, ...]:
    """Return the names of the parts that bear on a system in several places."""
    seen: dict[str, int] = {}
    for part in needed(node):
        seen[part.name] = seen.get(part.name, 0) + 1
    return tuple(name for name, times in seen.items() if times > 1)


def check_root(root: Root) -> None:
    """Refuse what is no system, or larger than anybody could read.

    Raises
    ------
    WrongType
        If it is neither a group nor a mean.
    InvalidSystem
        If it is too large or too deep, or a part contradicts itself.
    """
    if not isinstance(root, Group | Weighted) or type(root) is Group:
        raise WrongType(
            f"root must be a group such as AllOf(…), or weighted shares, got {type(root).__name__}: {root!r:.100}"
        )
    for number, _ in enumerate(_walk(root, 1)):
        if number == _MAX_LEAVES:
            raise InvalidSystem(f"a system must have at most {_MAX_LEAVES} parts, counted where they stand")
    leaves(root)


def _check_names(names: list[str], field: str) -> None:
    if not names:
        raise InvalidSystem(f"{field} must hold at least one part")
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise InvalidSystem(f"{field} must have different names, got {twice!r:.64} twice")


def _listed(names: list[str]) -> str:
    rest = len(names) - 5
    return ", ".join(clean(name, 40) for name in names[:5]) + (
        f" and {plural(rest, 'more', 'more')}" if rest > 0 else ""
    )
