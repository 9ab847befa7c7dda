"""How systems are written down: functions that read as what they say, and nest.

A system may stand where a part does; what is nested is its structure, not its name for itself.
"""

from __future__ import annotations

from typing import Any

from slokit.composition.nodes import AllOf, AnyOf, AtLeast, Group, OptionalPart, Part
from slokit.composition.shares import Journeys, Share, Weighted
from slokit.composition.system import System
from slokit.errors import WrongType
from slokit.rational import RationalLike

__all__ = ["all_of", "any_of", "at_least", "journeys", "optional", "weighted"]


def _node(value: Any, field: str) -> Any:
    """Return the node of what a caller nests: a part, a system of a group, or something optional."""
    if isinstance(value, System):
        value = value.root
    if isinstance(value, Weighted):
        raise WrongType(f"{field} must not be weighted: a mean is neither up nor down, so it stands at the top only")
    if not isinstance(value, Part | Group | OptionalPart):
        raise WrongType(f"{field} must be a Part or a system, got {type(value).__name__}: {value!r:.100}")
    return value


def _nodes(parts: tuple[Any, ...]) -> list[Any]:
    return [_node(part, f"parts[{i}]") for i, part in enumerate(parts)]


def all_of(name: str, *parts: Part | System | OptionalPart) -> System:
    """Make a system that is up where all its parts are, optional ones excepted.

    Raises
    ------
    InvalidSystem
        If there is no part that is needed, or two share a name.

    Examples
    --------
    >>> all_of("page", Part("web"), Part("db"))
    System(page: all of 2)
      web
      db
    """
    return System(AllOf(name, _nodes(parts)))


def any_of(name: str, *parts: Part | System) -> System:
    """Make a system that is up where at least one of its parts is: spares, of which one is enough.

    Raises
    ------
    InvalidSystem
        If there is no part, two share a name, or one is optional.

    Examples
    --------
    >>> any_of("payment", Part("stripe"), Part("adyen"))
    System(payment: any of 2)
      stripe
      adyen
    """
    return System(AnyOf(name, _nodes(parts)))


def at_least(least: int, name: str, *parts: Part | System) -> System:
    """Make a system that is up where at least so many of its parts are: a quorum.

    Raises
    ------
    InvalidSystem
        If there are fewer parts, two share a name, or one is optional.

    Examples
    --------
    >>> at_least(2, "quorum", Part("a"), Part("b"), Part("c"))
    System(quorum: at least 2 of 3)
      a
      b
      c
    """
    return System(AtLeast(name, _nodes(parts), least))


def optional(part: Part | System) -> OptionalPart:
    """Mark a part whose failure does not make the system fail; it is seen in attribution only.

    Examples
    --------
    >>> optional(Part("recommendations"))
    OptionalPart(Part('recommendations'))
    """
    return OptionalPart(_node(part, "part"))


def journeys(name: str, *shares: tuple[RationalLike, Part | System]) -> System:
    """Make the mean of what people do with a system, each weighted by its share of the traffic.

    Parameters
    ----------
    name
        What it is called.
    *shares
        Pairs of a share and a part or system; the shares add up to 1.

    Raises
    ------
    InvalidSystem
        If they do not, or two share a name.

    Examples
    --------
    >>> web, db = Part("web", target="99.9%"), Part("db", target="99.5%")
    >>> shop = journeys("shop", ("20%", all_of("buy", web, db)), ("80%", all_of("browse", web)))
    >>> shop.bounds()
    shop: 99.8% to 99.82%, by targets alone
    99.8001% if parts fail independently, which targets do not say
    the ends hold, and may be wider than need be: several places depend on web
    """
    return System(Journeys(name, _shares(shares)))


def weighted(name: str, *shares: tuple[RationalLike, Part | System]) -> System:
    """Make a weighted mean, as OpenSLO's ``compositeWeight`` asks for: the weights need not add up to anything.

    Parameters
    ----------
    name
        What it is called.
    *shares
        Pairs of a weight above 0 and a part or system.

    Raises
    ------
    InvalidSystem
        If a weight is not above 0, or two share a name.

    Examples
    --------
    >>> weighted("checkout", (2, Part("availability", target="99.9%")), (1, Part("latency", target="99%")))
    System(checkout: mean of 2)
      2/3 of availability 99.9%
      1/3 of latency 99%
    """
    return System(Weighted(name, _shares(shares)))


def _shares(shares: tuple[Any, ...]) -> list[Share]:
    found = []
    for i, share in enumerate(shares):
        if not isinstance(share, tuple | list) or len(share) != 2:
            raise WrongType(f"shares[{i}] must be a pair of a weight and a part, got {share!r:.100}")
        found.append(Share(share[0], _node(share[1], f"shares[{i}]")))
    return found
