"""The settings of a sweep: families of alerts that differ in their threshold alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import accumulate, product
from math import gcd, lcm
from typing import Any

import attrs
import numpy as np

from slokit._kernels import levels
from slokit._kernels.levels import Levels, Question, Thresholds, lasting_levels
from slokit.alerts import Alert, BudgetShareAlert, BurnRateAlert
from slokit.errors import InvalidAlert, InvalidNumber, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.spending import budget_window
from slokit.evaluation.sums import WindowedSums, objects
from slokit.evaluation.thresholds import parse_burn_rate, parse_share
from slokit.rational import RationalLike, ceil_fraction, floor_fraction
from slokit.timeline import DurationLike

__all__ = ["MOST_SETTINGS", "Family", "Grid", "WindowsLike", "grid_of", "levels_of"]

WindowsLike = DurationLike | tuple[DurationLike, DurationLike | None]
"""One window, or a long and a short one."""

MOST_SETTINGS = 2**20
"""How many settings a sweep takes."""

_INT64 = 2**63


@attrs.frozen(kw_only=True)
class Family:
    """Alerts that differ in their threshold alone.

    Parameters
    ----------
    base
        One of them, with whatever threshold.
    thresholds
        In ascending order: burn rates, or shares of the budget.
    """

    base: BurnRateAlert | BudgetShareAlert
    thresholds: tuple[Fraction, ...]

    def alert(self, at: int) -> Alert:
        """Return the alert with one of the thresholds."""
        if isinstance(self.base, BurnRateAlert):
            return attrs.evolve(self.base, burn_rate=self.thresholds[at])
        return attrs.evolve(self.base, share=self.thresholds[at])


@attrs.frozen
class Grid:
    """All settings, family by family.

    Parameters
    ----------
    families
        In the order given.
    """

    families: tuple[Family, ...]
    _stops: tuple[int, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        stops = tuple(accumulate(len(family.thresholds) for family in self.families))
        object.__setattr__(self, "_stops", stops)

    def __len__(self) -> int:
        return self._stops[-1] if self._stops else 0

    def alert(self, row: int) -> Alert:
        """Return the alert of one setting."""
        at = bisect_right(self._stops, row)
        return self.families[at].alert(row - (self._stops[at - 1] if at else 0))


def grid_of(
    *,
    windows: Iterable[WindowsLike],
    burn_rates: Iterable[RationalLike],
    shares: Iterable[RationalLike],
    pendings: Iterable[DurationLike | int],
    min_bads: Iterable[int],
    min_totals: Iterable[int],
    fixed: dict[str, Any],
) -> Grid:
    """Read the settings of a sweep; ``fixed`` are fields of all alerts.

    Raises
    ------
    WrongType
        If something is not several.
    InvalidAlert
        If there is nothing to sweep over.
    InvalidNumber
        If there are too many settings.
    """
    pairs = [_pair(one, at) for at, one in enumerate(_several(windows, "windows"))]
    rates_given, shares_given = _several(burn_rates, "burn_rates"), _several(shares, "shares")
    gates = list(
        product(_several(min_bads, "min_bads"), _several(min_totals, "min_totals"), _several(pendings, "pendings"))
    )
    if not pairs or not gates or not (rates_given or shares_given):
        raise InvalidAlert(
            "a sweep must have at least one window, one burn rate or share, and one of each gate; got "
            f"{len(pairs)} windows, {len(rates_given)} burn rates, {len(shares_given)} shares and {len(gates)} gates"
        )
    # Before any of them is read: reading millions takes minutes.
    many = len(pairs) * len(gates) * (len(rates_given) + len(shares_given))
    if many > MOST_SETTINGS:
        raise InvalidNumber(f"a sweep takes at most {MOST_SETTINGS:,} settings, got {many:,}; leave some out")
    rates = _ascending(map(parse_burn_rate, rates_given))
    portions = _ascending(map(parse_share, shares_given))
    asked = [{"min_bad": bad, "min_total": total, "pending": pending, **fixed} for bad, total, pending in gates]
    families: dict[BurnRateAlert | BudgetShareAlert, tuple[Fraction, ...]] = {}
    # Alerts that differ in their gates alone come one after another, so that their levels are found once.
    for (long, short), more in product(pairs if rates else [], asked):
        families[BurnRateAlert(long_window=long, short_window=short, burn_rate=rates[0], **more)] = rates
    # A share of the budget has no short window, so that some pairs say the same twice.
    for (long, _), more in product(pairs if portions else [], asked):
        families[BudgetShareAlert(share=portions[0], window=long, **more)] = portions
    return Grid(tuple(Family(base=base, thresholds=held) for base, held in families.items()))


def _several(values: Iterable[Any], field: str) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise WrongType(f"{field} must be several, got {values!r:.60}; write them in a list")
    return list(values)


def _pair(value: WindowsLike, at: int) -> tuple[DurationLike, DurationLike | None]:
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise WrongType(f"windows[{at}] must be a window or a pair (long, short), got {value!r:.60}")
        return value[0], value[1]
    return value, None


def _ascending(values: Iterable[Fraction]) -> tuple[Fraction, ...]:
    """Sort thresholds and drop what stands twice."""
    found = list(values)
    over = lcm(*(one.denominator for one in found))
    # Over one denominator they are integers, which Python compares and hashes twenty times as fast.
    kept = {one.numerator * (over // one.denominator): one for one in found}
    return tuple(kept[at] for at in sorted(kept))


# --- levels -----------------------------------------------------------------------------------------------------------


def levels_of(ev: Evaluation, grid: Grid) -> Iterator[Levels]:
    """Yield for each family how many of its thresholds fire at the end of each bucket."""
    sums = ev._sums
    # Alerts that differ in their gates alone stand together, and ask one question.
    bare = [(type(one.base), one.base.windows, one.base.op, id(one.thresholds)) for one in grid.families]
    heads = [at for at in range(len(bare)) if at == 0 or bare[at] != bare[at - 1]]
    asked = levels.levels_of(sums.bad, sums.total, list(_questions(sums, [grid.families[at] for at in heads])))
    plain = dict(zip(heads, asked, strict=True))
    exceeded = found = np.zeros(0, dtype=np.int32)
    gates: tuple[Any, ...] = ()
    for at, family in enumerate(grid.families):
        base = family.base
        if at in plain:
            exceeded, gates = plain.pop(at), ()
        if gates != (now := (base.min_bad, base.min_total, base.min_coverage)):
            found, gates = _with_evidence(sums, base, exceeded), now
        yield lasting_levels(found, -(-base.pending // ev.timeline.step) + 1)


def _questions(sums: WindowedSums, families: Iterable[Family]) -> Iterator[Question]:
    """Put families to the kernel: what is asked of a bucket before evidence and waiting."""
    read: dict[tuple[bool, int], Thresholds] = {}
    for family in families:
        # Families share their thresholds, and telling so by value would hash them all each time.
        key = isinstance(family.base, BurnRateAlert), id(family.thresholds)
        if key not in read:
            read[key] = _thresholds(sums, family)
        pairs, thresholds = _windows(sums, family.base), read[key]
        if not _fits(sums, thresholds):
            thresholds = _reduced(thresholds, max(sums.total.bound(many) for _, many in pairs))
        yield Question(pairs, thresholds)


def _windows(sums: WindowedSums, base: Alert) -> tuple[tuple[int, int], ...]:
    """Return whose bad events an alert holds against whose events, in buckets."""
    widths = [sums.buckets(window) for window in base.windows]
    if isinstance(base, BudgetShareAlert):
        return ((widths[0], budget_window(sums)),)
    return tuple((width, width) for width in widths)


def _thresholds(sums: WindowedSums, family: Family) -> Thresholds:
    """Return the thresholds as shares of bad events."""
    budget = 1 - sums.target_of(())
    u, v = budget.numerator, budget.denominator
    shares = [(one.numerator * u, one.denominator * v) for one in family.thresholds]
    if isinstance(family.base, BurnRateAlert):
        # A share above 1 is never reached, however far above: 2 says that in small numbers.
        shares = [(2, 1) if p > 2 * q else (p, q) for p, q in shares]
    return _as_thresholds(shares, strict=family.base.op == "gt")


def _as_thresholds(shares: list[tuple[int, int]], *, strict: bool) -> Thresholds:
    lowest = [(p // (by := gcd(p, q)), q // by) for p, q in shares]
    p, q = ([one[side] for one in lowest] for side in (0, 1))
    floats = np.array([a / b for a, b in lowest])
    return Thresholds(floats, objects(p, (len(p),)), objects(q, (len(q),)), strict)


def _fits(sums: WindowedSums, held: Thresholds) -> bool:
    """Say whether 64 bits hold all products of thresholds and counts."""
    p, q = max(held.p), max(held.q)
    return bool(max(q * sums.bad.row_bound, p * sums.total.row_bound, p, q) < _INT64)


def _reduced(held: Thresholds, most: int) -> Thresholds:
    """Return thresholds of fewer digits that ask the same of all counts up to so many."""
    nearest = floor_fraction if held.strict else ceil_fraction
    limits = [nearest(Fraction(p, q), max(most, 1)) for p, q in zip(held.p, held.q, strict=True)]
    found = _as_thresholds([(one.numerator, one.denominator) for one in limits], strict=held.strict)
    # Floats keep to the thresholds as given: the neighbours may lie far from them where counts are few.
    return Thresholds(held.floats, found.p, found.q, held.strict)


def _with_evidence(sums: WindowedSums, base: Alert, found: Levels) -> Levels:
    """Keep the levels of buckets that rest on as much evidence as the alert asks for."""
    if not base._asks_for_evidence:
        return found
    cells = np.flatnonzero(found > 0)
    enough = np.broadcast_to(base._enough(sums, (cells,)), cells.shape)
    kept = np.zeros_like(found)
    kept[cells[enough]] = found[cells[enough]]
    return kept
