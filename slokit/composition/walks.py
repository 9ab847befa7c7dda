"""Walks over a system: which parts it has, how often each stands in it, and whether it is one at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from slokit.composition.nodes import Group, Node, OptionalPart, Part
from slokit.composition.shares import Weighted
from slokit.errors import InvalidSystem, UnknownLabel, WrongType

__all__ = ["Root", "check_root", "leaves", "needed", "repeated", "unknown_part"]

_MAX_LEAVES, _MAX_LEVELS = 200, 12

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


def unknown_part(field: str, name: object, known: Mapping[str, Part]) -> UnknownLabel:
    """Return the error for a name that is no part's, with what was perhaps meant."""
    from difflib import get_close_matches

    near = get_close_matches(str(name)[:100], known, 3) or list(known)[:5]
    return UnknownLabel(f"{field} names {name!r:.100}, which is no part; did you mean {', '.join(map(repr, near))}?")
