"""Interleaved timing: in every round each contender runs once, in an order that is drawn anew.

On a machine that others use too, speed drifts by half within seconds. A benchmark that finishes one contender before it
starts the next (as pytest-benchmark does) charges the drift to whoever is running; here all contenders of a round share
it. Ratios are therefore formed within each round, and their median over the rounds is what is judged.

A turn runs twice and times the second. Memory that a process gives back may be taken away by the system, or by the host
of a virtual machine, and cost ten times as much to get again: whoever ran after a pause would pay for it.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Contender", "Timings", "interleave"]


@dataclass(frozen=True)
class Contender:
    """Something to be timed.

    Parameters
    ----------
    name
        What the table calls it.
    run
        Does the work once and returns its result, which is thrown away outside the timing.
    units
        How many units of work one run does (buckets, events): times are given per unit, so that a slow peer may run on
        fewer rows.
    before
        Done before each run, outside the timing: what makes new work for it.
    """

    name: str
    run: Callable[[], object]
    units: float = 1.0
    before: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Timings:
    """Nanoseconds per unit of every contender in every round."""

    rounds: dict[str, list[float]]

    def median(self, name: str) -> float:
        """Return the median time of a contender, in nanoseconds per unit."""
        return statistics.median(self.rounds[name])

    def ratio(self, name: str, to: str) -> float:
        """Return how many times as long ``name`` takes as ``to``: the median of the rounds' ratios."""
        return statistics.median(a / b for a, b in zip(self.rounds[name], self.rounds[to], strict=True))

    def difference(self, name: str, to: str) -> float:
        """Return how many nanoseconds longer ``name`` takes than ``to``: the median of the rounds' differences."""
        return statistics.median(a - b for a, b in zip(self.rounds[name], self.rounds[to], strict=True))


def interleave(contenders: Sequence[Contender], rounds: int, seed: int = 1) -> Timings:
    """Time contenders in turn."""
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    order = list(contenders)
    taken: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    if len(taken) != len(order):
        raise ValueError("contenders must have different names")
    shuffle = random.Random(seed).shuffle
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle(order)
            for contender in order:
                contender.before()
                contender.run()
                contender.before()
                began = time.perf_counter_ns()
                result = contender.run()
                elapsed = time.perf_counter_ns() - began
                del result
                taken[contender.name].append(elapsed / contender.units)
            gc.collect()
    finally:
        if collecting:
            gc.enable()
    return Timings(taken)
