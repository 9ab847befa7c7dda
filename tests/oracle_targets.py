"""Brute force for targets: windows one by one, in plain Python; only the random draws are the same as slokit's."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np

Window = tuple[int, int]
"""Bad events and events."""


def rolling(bad: list[int], total: list[int], width: int) -> list[Window]:
    """Return every window that lies wholly on the data and holds events."""
    found = []
    for last in range(width - 1, len(bad)):
        held = range(last - width + 1, last + 1)
        found.append((sum(bad[i] for i in held), sum(total[i] for i in held)))
    return [window for window in found if window[1]]


def days(bad: list[int], total: list[int], first_hour: int) -> list[Window]:
    """Return every calendar day, of buckets of an hour, that is all there and holds events."""
    by_day: dict[int, list[int]] = {}
    for i in range(len(bad)):
        by_day.setdefault((first_hour + i) // 24, []).append(i)
    whole = [held for held in by_day.values() if len(held) == 24]
    found = [(sum(bad[i] for i in held), sum(total[i] for i in held)) for held in whole]
    return [window for window in found if window[1]]


def met(windows: list[Window], target: Fraction) -> int:
    """Return how many windows have at least the target good."""
    return sum(Fraction(total - bad, total) >= target for bad, total in windows)


def worst_left(windows: list[Window], target: Fraction) -> Fraction | None:
    """Return what is left of the budget in the window that leaves least of it."""
    return min((1 - Fraction(bad, total) / (1 - target) for bad, total in windows), default=None)


def drawn(bad: list[int], total: list[int], *, width: int, block: int, day: int, paths: int, seed: int) -> list[Window]:
    """Return the windows that are drawn, bucket by bucket around the circle of the last whole days."""
    history = len(bad) - len(bad) % day
    circle = list(zip(bad, total, strict=True))[len(bad) - history :]
    draw = np.random.default_rng(seed)
    pieces = ceil(width / block)
    on = draw.integers(0, history // day, size=(paths, pieces)).tolist()
    phases = draw.integers(0, day, size=(paths, 1)).tolist()
    windows = []
    for begins, (phase,) in zip(on, phases, strict=True):
        chosen = []
        for begin in begins:
            chosen += [circle[(begin * day + phase + i) % history] for i in range(block)]
        chosen = chosen[:width]
        windows.append((sum(b for b, _ in chosen), sum(n for _, n in chosen)))
    return [window for window in windows if window[1]]


def keeping(windows: list[Window], target: Fraction, margin: Fraction) -> Fraction:
    """Return the share of windows that leave the margin of the budget."""
    kept = sum(1 - Fraction(bad, total) / (1 - target) >= margin for bad, total in windows)
    return Fraction(kept, len(windows))


def credit(
    windows: list[Window], promised: Fraction, tiers: list[tuple[Fraction, Fraction]], cap: Fraction
) -> Fraction:
    """Return the mean credit if a target were promised: tiers of (below, credit), the first from the promise on."""
    due = Fraction(0)
    for bad, total in windows:
        uptime = Fraction(total - bad, total)
        if uptime < promised:
            due += min(max(share for i, (below, share) in enumerate(tiers) if i == 0 or uptime < below), cap)
    return due / len(windows)
