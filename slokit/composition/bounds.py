"""Targets alone: what a system can promise when nobody knows how its parts fail together.

Targets say how often each part is up, and nothing of when. If parts fail at the same time, a chain of them loses less
than if they take turns; a pair of spares loses more. So targets alone give two ends, and every dependence lies between
them. The product of availabilities is one point in there, right if parts fail independently, which parts that share a
network, a zone or a release seldom do.

The ends are the Boole-Fréchet bounds, for any number needed of any number of parts: see :func:`most_likely`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple, TypeVar

import attrs

from slokit._display import Shown, clean, percent, percent_beyond
from slokit.composition.nodes import Group, Part
from slokit.composition.shares import Weighted
from slokit.composition.walks import Root, leaves, needed, repeated, unknown_part
from slokit.errors import InvalidSystem, InvalidTarget, WrongType
from slokit.rational import RationalLike, parse_rational

__all__ = ["Bounds", "best", "independent", "marginals", "most_likely", "reckoned", "worst"]

# Each repeated part doubles the states that independence is reckoned over.
_MAX_REPEATED = 10

# A Fraction, or what adds and compares like one.
N = TypeVar("N", bound=Any)


@attrs.frozen(kw_only=True, repr=False)
class Bounds(Shown):
    """How often a system is up, from the targets of its parts alone.

    Parameters
    ----------
    name
        The system.
    worst
        At least this, however the parts fail together: what can be promised.
    best
        At most this, however they fail together.
    independent
        What it is if all parts fail independently: an assumption, and no bound.
    repeated
        Parts that stand in several places. Without any, both ends are attained by some dependence; with them the ends
        hold, and may lie wider apart than need be.

    Examples
    --------
    >>> from slokit.composition import Part, all_of
    >>> all_of("page", Part("web", target="99.9%"), Part("db", target="99.5%")).bounds()
    page: 99.4% to 99.5%, by targets alone
    99.4005% if parts fail independently, which targets do not say
    """

    _caption = "By targets alone"

    name: str
    worst: Fraction
    best: Fraction
    independent: Fraction
    repeated: tuple[str, ...] = ()

    @property
    def sharp(self) -> bool:
        """Whether some way of failing together attains each end."""
        return not self.repeated

    def _texts(self) -> tuple[str, str, str]:
        worst, best = percent_beyond(self.worst, 4, up=False), percent_beyond(self.best, 4, up=True)
        return worst, best, percent(self.independent, 4)

    def __repr__(self) -> str:
        worst, best, independent = self._texts()
        lines = [
            f"{clean(self.name, 40)}: {worst} to {best}, by targets alone",
            f"{independent} if parts fail independently, which targets do not say",
        ]
        if self.repeated:
            names = ", ".join(clean(name, 40) for name in self.repeated[:5])
            lines.append(f"the ends hold, and may be wider than need be: several places depend on {names}")
        return "\n".join(lines)

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from zip(("worst", "best", "if independent"), self._texts(), strict=True)
        yield "ends", "attained" if self.sharp else "hold, may be wide"


def most_likely(least: int, chances: list[N], one: N) -> N:
    """Return the greatest probability that at least ``least`` of some events happen, over every dependence.

    With the chances sorted, ``min(1, min over j < least of (sum of all but the j greatest) / (least - j))``.

    It is a bound: where ``least`` events happen, ``least - j`` of those other than the j likeliest do, and by Markov's
    inequality that is no likelier than their sum over ``least - j``. It is attained: call it u and cut every chance to
    at most u. What is left sums to ``least * u`` or more, since the j chances that were cut give ``j * u`` and the
    bound for that j gives the rest. Lay the pieces end to end along ``least`` rows of length u, going on in the
    next row where one is full: no piece is longer than a row, so none overlaps itself, and every point of the rows is
    covered ``least`` times.

    Parameters
    ----------
    least
        From 1 to the number of events.
    chances
        The probability of each.
    one
        Certainty, of the type of the chances.

    Examples
    --------
    >>> most_likely(2, [Fraction(1, 10), Fraction(1, 10), Fraction(1, 2)], Fraction(1))
    Fraction(1, 5)

    References
    ----------
    Fréchet, "Généralisation du théorème des probabilités totales", Fundamenta Mathematicae 25 (1935). Rüger, "Das
    maximale Signifikanzniveau des Tests 'Lehne H0 ab, wenn k unter n gegebenen Tests zur Ablehnung führen'", Metrika 25
    (1978). The rows are McNaughton's schedule (1959).
    """
    rest: list[Any] = sorted(chances)
    total = one - one
    found: Any = one
    sums = [total := total + chance for chance in rest]
    for j in range(least):
        found = min(found, sums[len(rest) - 1 - j] / (least - j))
    bound: N = found
    return bound


def worst(node: Part | Group | Weighted, chance: Callable[[Part], N], one: N) -> N:
    """Return the least probability that a node is up, given the chance of each part."""
    if isinstance(node, Part):
        return chance(node)
    if isinstance(node, Weighted):
        return _mean(node, [worst(share.part, chance, one) for share in node.shares])
    down = [one - worst(part, chance, one) for part in node.needed]
    up: N = one - most_likely(len(down) - node.need + 1, down, one)
    return up


def best(node: Part | Group | Weighted, chance: Callable[[Part], N], one: N) -> N:
    """Return the greatest probability that a node is up, given the chance of each part."""
    if isinstance(node, Part):
        return chance(node)
    if isinstance(node, Weighted):
        return _mean(node, [best(share.part, chance, one) for share in node.shares])
    return most_likely(node.need, [best(part, chance, one) for part in node.needed], one)


def independent(node: Part | Group | Weighted, chances: Mapping[str, Fraction]) -> Fraction:
    """Return the probability that a node is up if all parts are independent; shared parts are the same part everywhere.

    A part in several places makes those places dependent. So each way in which such parts are up or down is reckoned
    by itself, and weighted with its probability.

    Raises
    ------
    InvalidSystem
        If more than ten parts stand in several places.
    """
    if isinstance(node, Weighted):
        return _mean(node, [independent(share.part, chances) for share in node.shares])
    shared = repeated(node)
    if len(shared) > _MAX_REPEATED:
        raise InvalidSystem(
            f"at most {_MAX_REPEATED} parts may stand in several places of what is reckoned as independent, "
            f"got {len(shared)}"
        )
    plan = _planned(node, frozenset(shared), chances)
    total = Fraction(0)
    for states in product((0, 1), repeat=len(shared)):
        likely = Fraction(1)
        for name, up in zip(shared, states, strict=True):
            likely *= chances[name] if up else 1 - chances[name]
        if likely:
            ups, whole = _settled(plan, dict(zip(shared, states, strict=True)))
            total += likely * Fraction(ups, whole)
    return total


class _Tally(NamedTuple):
    """A group whose parts that stand nowhere else are settled: ``ups[k] / whole`` that k of them are up.

    The last entry of ``ups`` holds as many as are needed, and more. All is kept in integers: fractions would be brought
    to lowest terms at every step, which takes most of the time.
    """

    ups: list[int]
    whole: int
    rest: list[_Plan]


# A tally, a probability as a pair of integers, or the name of a shared part.
_Plan = _Tally | tuple[int, int] | str


def _planned(node: Part | Group, shared: frozenset[str], chances: Mapping[str, Fraction]) -> _Plan:
    """Settle all of a node that does not hang on shared parts."""
    if isinstance(node, Part):
        return node.name if node.name in shared else chances[node.name].as_integer_ratio()
    tally = _Tally([1] + [0] * node.need, 1, [])
    for part in node.needed:
        plan = _planned(part, shared, chances)
        if isinstance(plan, _Tally | str):
            tally.rest.append(plan)
        else:
            tally = _with(tally, *plan)
    return tally if tally.rest else (tally.ups[-1], tally.whole)


def _settled(plan: _Plan, known: Mapping[str, int]) -> tuple[int, int]:
    """Return the probability of a plan where the shared parts are known to be up or down."""
    if isinstance(plan, str):
        return known[plan], 1
    if not isinstance(plan, _Tally):
        return plan
    tally = plan
    for below in plan.rest:
        tally = _with(tally, *_settled(below, known))
    return tally.ups[-1], tally.whole


def _with(tally: _Tally, up: int, whole: int) -> _Tally:
    """Count one more independent part, up in ``up`` of ``whole`` cases."""
    old, down = tally.ups, whole - up
    ups = [n * down + fewer * up for n, fewer in zip(old, [0, *old[:-1]], strict=True)]
    # Where enough are up already, one more changes nothing.
    ups[-1] += old[-1] * up
    return _Tally(ups, tally.whole * whole, tally.rest)


def _mean(node: Weighted, values: list[N]) -> N:
    total: N = values[0] * node.weights[0]
    for value, weight in zip(values[1:], node.weights[1:], strict=True):
        total += value * weight
    return total


def marginals(root: Root, targets: Mapping[str, RationalLike] | None, *, but: str | None = None) -> dict[str, Fraction]:
    """Return how often each part is up that bears on a system: what is given for it, or its target.

    Parameters
    ----------
    root
        The system.
    targets
        By name of a part, from 0 to 1: measured shares, say, which may be 1.
    but
        A part that is asked for, and need not have any.

    Raises
    ------
    InvalidSystem
        If a part has none.
    UnknownLabel
        If a name is no part.
    InvalidTarget
        If a share is out of range.
    """
    if targets is not None and not isinstance(targets, Mapping):
        raise WrongType(f"targets must map names of parts to shares, got {type(targets).__name__}: {targets!r:.100}")
    given = {} if targets is None else dict(targets)
    known = leaves(root)
    for name in given:
        if name not in known:
            raise unknown_part("targets", name, known)
    found: dict[str, Fraction] = {}
    for part in needed(root):
        if part.name in given:
            share = parse_rational(given[part.name], f"targets[{part.name!r:.64}]")
            if not 0 <= share <= 1:
                raise InvalidTarget(f"targets[{part.name!r:.64}] must be from 0 to 1, got {given[part.name]!r:.64}")
            found[part.name] = share
        elif part.target is not None:
            found[part.name] = part.target
        elif part.name != but:
            raise InvalidSystem(
                f"part {part.name!r:.64} has no target: write Part({part.name!r:.64}, target=…), or give targets="
            )
    return found


def reckoned(name: str, root: Root, targets: Mapping[str, RationalLike] | None) -> Bounds:
    """Reckon how often a system is up, from how often each part is."""
    chances = marginals(root, targets)

    def chance(part: Part) -> Fraction:
        return chances[part.name]

    one = Fraction(1)
    return Bounds(
        name=name,
        worst=worst(root, chance, one),
        best=best(root, chance, one),
        independent=independent(root, chances),
        repeated=repeated(root),
    )
