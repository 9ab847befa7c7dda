"""Brute force for agreements: where each minute of a period goes, by plain loops over Python integers.

Nothing here imports slokit; :mod:`tests.oracle` says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from tests.oracle import Series


@dataclass
class Sums:
    """Minutes of a period by where they go, and its events."""

    up: int = 0
    down: int = 0
    excluded: int = 0
    ignored: int = 0
    unobserved: int = 0
    good: int = 0
    bad: int = 0
    kinds: dict[int, str] = field(default_factory=dict)
    """What a line says of each minute that was down or had bad events, by its start."""


def touched(row: Series, i: int, spans: list[tuple[int, int]]) -> bool:
    """Say whether any half-open span touches a bucket."""
    first, last = row.end(i) - row.step, row.end(i)
    return any(begin < finish and begin < last and finish > first for begin, finish in spans)


def padded(row: Series, start: int) -> Series:
    """Put unobserved buckets before a row, from an instant on."""
    more = max((row.start - start) // row.step, 0)
    none = (0,) * more
    return Series(
        row.start - more * row.step,
        row.step,
        none + row.good,
        none + row.bad,
        (False,) * more + row.observed,
        (False,) * more + row.excluded,
    )


def runs(flags: list[bool]) -> list[int]:
    """Return for each flag how long the run of true ones is that it stands in, 0 where it is false."""
    lengths = [0] * len(flags)
    for i, flag in enumerate(flags):
        if flag and (i == 0 or not flags[i - 1]):
            j = i
            while j < len(flags) and flags[j]:
                j += 1
            lengths[i:j] = [j - i] * (j - i)
    return lengths


def statement(
    row: Series,
    period: tuple[int, int],
    first: int,
    exclusions: list[tuple[int, int]],
    *,
    rule: tuple[int, Fraction, int] | None,
    missing: str,
) -> Sums:
    """Account for a period.

    ``first`` is where the period begins that the row begins in; ``rule`` is the least number of events, the largest
    share of good ones, and how many minutes in a row.
    """
    held = padded(row, first)
    flags = []
    for i in range(len(held)):
        total = held.total(i)
        if rule is None:
            flags.append(held.bad[i] > 0)
        elif not held.observed[i]:
            flags.append(missing == "bad")
        else:
            flags.append(total >= rule[0] and Fraction(held.good[i], total) <= rule[1])
    lengths = runs(flags)
    sums = Sums()
    for i in range(len(held)):
        start = held.end(i) - held.step
        if not period[0] <= start < period[1]:
            continue
        out = held.excluded[i] or touched(held, i, exclusions)
        long = flags[i] and (rule is None or lengths[i] >= rule[2])
        unseen = not held.observed[i]
        if flags[i]:
            seen = "bad events" if rule is None else "unobserved" if unseen else "down"
            sums.kinds[start] = "excluded" if out else seen if long else "too short"
        if out:
            sums.excluded += 1
            continue
        sums.good += held.good[i]
        sums.bad += held.bad[i]
        sums.unobserved += unseen
        if unseen and missing == "ignore":
            sums.ignored += 1
        elif long and rule is not None:
            sums.down += 1
        else:
            sums.up += 1
    return sums
