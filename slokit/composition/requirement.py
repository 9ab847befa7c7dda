"""What one part must reach, so that the system reaches a target.

Under independence the system's availability is a straight line in that of one part. Its ends by targets alone are made
of straight pieces. The best end is the optimum of a linear program and so concave in what the parts reach; the worst
end is one minus such an optimum of what they lose, and convex. So Newton's method finds the smallest share that
suffices, exactly and in no more steps than there are pieces: from below for the best end, from above for the worst.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

import attrs

from slokit._display import Shown, clean, percent_beyond
from slokit.composition.bounds import best, independent, marginals, worst
from slokit.composition.nodes import Part
from slokit.composition.walks import Root, leaves, unknown_part
from slokit.errors import WrongType
from slokit.rational import RationalLike, parse_target, percent_text

__all__ = ["Requirement", "requirement"]


@attrs.frozen(order=True)
class _Near:
    """A number a little off: ``value + slope * e`` for an e smaller than any number; compared in that order."""

    value: Fraction
    slope: Fraction

    def __add__(self, other: _Near) -> _Near:
        return _Near(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: _Near) -> _Near:
        return _Near(self.value - other.value, self.slope - other.slope)

    def __mul__(self, factor: Fraction) -> _Near:
        return _Near(self.value * factor, self.slope * factor)

    def __truediv__(self, divisor: int) -> _Near:
        return _Near(self.value / divisor, self.slope / divisor)


_ONE = _Near(Fraction(1), Fraction(0))


@attrs.frozen(kw_only=True, repr=False)
class Requirement(Shown):
    """What a part must reach for a system to reach a target, the other parts being what they are.

    Parameters
    ----------
    part
        The part.
    system
        The system.
    target
        What the system is to reach.
    worst
        Enough however parts fail together. None: no share is.
    independent
        Enough if all parts fail independently. None: no share is.
    best
        With less the system cannot reach it, however parts fail together. None: it cannot in any case.

    Examples
    --------
    >>> from slokit.composition import Part, all_of
    >>> page = all_of("page", Part("web", target="99.9%"), Part("db", target="99.95%"))
    >>> page.required("web", target="99.9%")
    web, for 99.9% of page: 99.95% is enough in any case
    99.94998% if parts fail independently, and at least 99.9% in any case
    """

    part: str
    system: str
    target: Fraction
    worst: Fraction | None
    independent: Fraction | None
    best: Fraction | None

    def _texts(self) -> list[str]:
        # Rounded down they would not be enough.
        return [
            "nothing" if share is None else percent_beyond(share, 5, up=True)
            for share in (self.worst, self.independent, self.best)
        ]

    def __repr__(self) -> str:
        enough, independent, least = self._texts()
        head = f"{clean(self.part, 40)}, for {percent_text(self.target)} of {clean(self.system, 40)}:"
        if self.best is None:
            return f"{head} nothing is enough, the other parts are too weak"
        return (
            f"{head} {enough} is enough in any case\n"
            f"{independent} if parts fail independently, and at least {least} in any case"
        )

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "part", clean(self.part)
        yield f"for {percent_text(self.target)} of", clean(self.system)
        yield from zip(("enough in any case", "if independent", "at least"), self._texts(), strict=True)


def requirement(
    name: str, root: Root, part: str, target: RationalLike, targets: Mapping[str, RationalLike] | None
) -> Requirement:
    """Reckon what a part must reach."""
    known = leaves(root)
    if not isinstance(part, str):
        raise WrongType(f"part must be the name of a part, got {type(part).__name__}: {part!r:.100}")
    if part not in known:
        raise unknown_part("part", part, known)
    wanted = parse_target(target, "target")
    others = marginals(root, targets, but=part)

    def line(end: Callable[..., _Near]) -> Callable[[Fraction, int], _Near]:
        def at(share: Fraction, towards: int) -> _Near:
            def chance(one: Part) -> _Near:
                if one.name == part:
                    return _Near(share, Fraction(towards))
                return _Near(others[one.name], Fraction(0))

            return end(root, chance, _ONE)

        return at

    none, full = (independent(root, others | {part: Fraction(x)}) for x in (0, 1))
    straight = None
    if full >= wanted:
        straight = Fraction(0) if none >= wanted else (wanted - none) / (full - none)
    return Requirement(
        part=part,
        system=name,
        target=wanted,
        worst=_smallest(line(worst), wanted, -1),
        independent=straight,
        best=_smallest(line(best), wanted, 1),
    )


def _smallest(at: Callable[[Fraction, int], _Near], wanted: Fraction, towards: int) -> Fraction | None:
    """Return the smallest share from 0 to 1 at which a rising function made of straight pieces reaches a value.

    Parameters
    ----------
    at
        The function at a share, a little off in a direction.
    wanted
        The value.
    towards
        1 for a concave function, whose tangents go from below and never too far; -1 for a convex one, from above.
    """
    share = Fraction(0 if towards > 0 else 1)
    if at(Fraction(1), 0).value < wanted:
        return None
    if at(Fraction(0), 0).value >= wanted:
        return Fraction(0)
    while (here := at(share, towards)).value != wanted:
        # Between this share and the root the function is not level, being below the value at 0 and not so at 1.
        share += towards * (wanted - here.value) / here.slope
    return share
