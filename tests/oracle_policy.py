"""Brute force for alerts, conditions and policies: a state machine that walks from bucket to bucket.

Nothing here imports slokit. A condition is a plain tuple whose first entry says what it asks; its truth at a bucket is
found by loops over the buckets of its windows, and a policy is a loop that remembers what it must.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from tests import oracle
from tests.oracle import Series

Spec = tuple[Any, ...]
"""A condition: ``("burn", Gates, threshold, widths)``, ``("share", Gates, share, width)``, ``("below", remaining)``,
``("exhausted",)``, ``("missed",)``, ``("spent", share, width or None)``, ``("silent", nanoseconds)``,
``("since", share)``, ``("any" | "all", parts)``, ``("not", part)``."""


@dataclass(frozen=True)
class Gates:
    """What an alert asks for besides its threshold; ``pending`` in nanoseconds."""

    op: str = "gt"
    pending: int = 0
    min_bad: int = 0
    min_total: int = 0
    min_coverage: Fraction = Fraction(0)


@dataclass(frozen=True)
class Setting:
    """One row of evidence, and the objective it is held against: ``width`` buckets, rolling."""

    row: Series
    target: Fraction
    width: int

    def events(self, t: int, width: int) -> tuple[int, int, int]:
        """Return bad, total and observed buckets of the ``width`` buckets that end with bucket ``t``."""
        bad = total = seen = 0
        for i in range(max(t - width + 1, 0), t + 1):
            bad += self.row.bad[i]
            total += self.row.total(i)
            seen += self.row.observed[i]
        return bad, total, seen

    def spent(self, t: int, width: int | None = None) -> Fraction | None:
        """Return the share of the objective's budget that a window spent; None without data."""
        bad = self.events(t, self.width if width is None else width)[0]
        whole = self.events(t, self.width)[1]
        return None if whole == 0 else Fraction(bad) / ((1 - self.target) * whole)

    def silence(self, t: int) -> int:
        """Return how many buckets that were not excluded lie after the last data, up to bucket ``t``."""
        count = 0
        for i in range(t, -1, -1):
            if self.row.total(i):
                return count
            count += not self.row.excluded[i]
        return count


def _over(value: Fraction | None, limit: Fraction, op: str) -> bool:
    return value is not None and (value >= limit if op == "gte" else value > limit)


def _exceeds(setting: Setting, spec: Spec, t: int) -> bool:
    """Say whether an alert's threshold is exceeded on enough evidence, whatever came before."""
    kind, gates, limit, windows = spec
    if kind == "burn":
        long = windows[0]
        rates = [oracle.burn_rates(setting.row, setting.target, width)[t] for width in windows]
        exceeded = all(_over(rate, limit, gates.op) for rate in rates)
        covering = long
    else:
        long, covering = windows, setting.width
        exceeded = _over(setting.spent(t, long), limit, gates.op)
    bad, total, _ = setting.events(t, long)
    covered = Fraction(setting.events(t, covering)[2], covering)
    return bool(exceeded and bad >= gates.min_bad and total >= gates.min_total and covered >= gates.min_coverage)


def holds(setting: Setting, spec: Spec, t: int) -> bool:
    """Say whether a condition holds at the end of bucket ``t``."""
    match spec:
        case ("burn" | "share", gates, _, _):
            steps = ceil(Fraction(gates.pending, setting.row.step))
            return t >= steps and all(_exceeds(setting, spec, i) for i in range(t - steps, t + 1))
        case ("below", remaining):
            spent = setting.spent(t)
            return spent is not None and 1 - spent < remaining
        case ("exhausted",):
            spent = setting.spent(t)
            return spent is not None and setting.events(t, setting.width)[0] > 0 and spent >= 1
        case ("missed",):
            return _over(setting.spent(t), Fraction(1), "gt")
        case ("spent", share, width):
            return _over(setting.spent(t, width), share, "gte")
        case ("silent", length):
            return bool(setting.silence(t) * setting.row.step >= length)
        case ("since", share):
            first = next((i for i in range(t + 1) if setting.row.total(i)), None)
            return first is not None and bool(t + 1 - first >= share * setting.width)
        case ("any", parts):
            return any(holds(setting, part, t) for part in parts)
        case ("all", parts):
            return all(holds(setting, part, t) for part in parts)
        case ("not", part):
            return not holds(setting, part, t)
    raise AssertionError(spec)


@dataclass(frozen=True)
class RuleSpec:
    """A rule: the code of its state, its conditions, and ``hold`` in nanoseconds."""

    code: int
    when: Spec
    hold: int = 0
    until: Spec | None = None


@dataclass
class _Memory:
    """What a rule remembers: how long ago its condition last held, and whether the rule does."""

    since_true: int | None
    on: bool


def states(
    setting: Setting,
    rules: Sequence[RuleSpec],
    stale_after: int,
    initial: int = -1,
    suspicious: Sequence[bool] | None = None,
) -> list[int]:
    """Walk through the buckets and return the code of the state at the end of each; -1 is unknown."""
    row, found = setting.row, []
    # Where the state before the first bucket is known, a rule without "until" may have held there at the latest.
    memories = [_Memory(0 if initial == r.code and r.until is None else None, initial == r.code) for r in rules]
    worst, ever = max(initial, 0), initial != -1
    for t in range(len(row)):
        now = 0
        for rule, memory in zip(rules, memories, strict=True):
            if holds(setting, rule.when, t):
                memory.since_true = 0
            elif memory.since_true is not None:
                memory.since_true += row.step
            recently = memory.since_true is not None and (memory.since_true == 0 or memory.since_true < rule.hold)
            stays = rule.until is not None and memory.on and not holds(setting, rule.until, t)
            memory.on = recently or stays
            if memory.on:
                now = max(now, rule.code)
        if row.total(t):
            worst, ever = now, True
        else:
            worst = max(worst, now)
        unknown = not ever or setting.silence(t) * row.step >= stale_after
        doubted = suspicious is not None and suspicious[t] and worst == 0
        found.append(-1 if unknown or doubted else worst)
    return found
