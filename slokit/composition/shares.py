"""Means of systems: weights, by traffic or by any other measure.

Weights are no structure: a mean is neither up nor down, so it stands at the top of a system only.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import attrs

from slokit._display import Shown, clean
from slokit.composition.nodes import Group, Part, as_tuple, check_names, listed
from slokit.errors import InvalidSystem, WrongType
from slokit.rational import RationalLike, decimal_text, parse_rational
from slokit.texts import check_text

__all__ = ["Journeys", "Share", "Weighted"]


def _weight(value: RationalLike) -> Fraction:
    weight = parse_rational(value, "weight")
    if weight <= 0:
        raise InvalidSystem(f"weight must be above 0, got {decimal_text(weight)[:64]}")
    return weight


@attrs.frozen(repr=False)
class Share(Shown):
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


@attrs.frozen(repr=False)
class Weighted(Shown):
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
    shares: tuple[Share, ...] = attrs.field(converter=as_tuple)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidSystem)
        for i, share in enumerate(self.shares):
            if not isinstance(share, Share):
                raise WrongType(f"shares[{i}] must be a Share, got {type(share).__name__}: {share!r:.100}")
        check_names([share.part.name for share in self.shares], "shares")

    @property
    def weights(self) -> tuple[Fraction, ...]:
        """The weights, brought to a sum of 1."""
        whole = sum(share.weight for share in self.shares)
        return tuple(share.weight / whole for share in self.shares)

    def __repr__(self) -> str:
        said = [
            f"{decimal_text(weight)} {share.part.name}" for weight, share in zip(self.weights, self.shares, strict=True)
        ]
        return f"{type(self).__name__}({clean(self.name, 40)}: {listed(said)})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from ((decimal_text(w), clean(repr(s.part))) for w, s in zip(self.weights, self.shares, strict=True))


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
