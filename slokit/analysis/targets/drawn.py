"""Windows as they might have been: whole days of the evidence, drawn anew in blocks.

What a history shows of a window of 30 days is few windows, and neighbours share all but one bucket. So windows are
drawn: each begins at some time of day and is made of blocks of the evidence, every block at that same time of day and
whole days long (the last is cut where the window ends), from a circle of whole days whose end is joined to its
beginning. Daily cycles stay what they are, bad and total events are drawn together, and a burst stays whole inside a
block. What is longer than a block is torn apart, and then windows come out more alike than they are.

Sums are Python integers, so that whether a drawn window keeps a target is as exact as of a real one.

References
----------
Politis and Romano, "A Circular Block-Resampling Procedure for Stationary Data", in *Exploring the Limits of Bootstrap*,
1992.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._kernels.sums import PrefixSums
from slokit.errors import InvalidNumber, InvalidWindow, OutOfTimeline
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.rational import parse_integer
from slokit.timeline import UNITS, DurationLike, duration_text
from slokit.windows import RollingWindow

__all__ = ["Drawing", "DrawnWindows", "draw_windows"]

_DAY = UNITS["d"]
_INT64 = 2**63
_MAX_CELLS = 2**26


@attrs.frozen(eq=False)
class DrawnWindows:
    """Windows that were drawn from the evidence of one series; those without any event are left out.

    Parameters
    ----------
    bad, total
        Python integers in object arrays, shape ``(k,)``; every total is positive.
    paths
        How many were drawn, those without events included.
    window, block, history
        Lengths in nanoseconds: of a window, of a block, and of the evidence that blocks are drawn from.
    """

    bad: npt.NDArray[Any]
    total: npt.NDArray[Any]
    paths: int
    window: int
    block: int
    history: int

    @property
    def assumption(self) -> str:
        """What a window is made of, in words."""
        return (
            f"{self.paths:,} windows of {duration_text(self.window)} made of blocks of {duration_text(self.block)} "
            f"drawn from the last {duration_text(self.history)}; what never happened there does not happen, and what "
            "lasts longer than a block is torn apart"
        )

    def keeping(self, target: Fraction, margin: Fraction = Fraction(0)) -> Fraction:
        """Return the share of windows that leave at least ``margin`` of the budget of a target, exact."""
        limit = (1 - target) * (1 - margin)
        kept = limit.denominator * self.bad <= limit.numerator * self.total
        return Fraction(int(np.count_nonzero(kept)), len(self.bad))

    def bad_share(self, confidence: Fraction) -> Fraction:
        """Return the least share of bad events that at least ``confidence`` of the windows do not exceed, exact."""
        needed = -(-len(self.bad) * confidence.numerator // confidence.denominator)
        return self._shares[needed - 1]

    @cached_property
    def _shares(self) -> list[Fraction]:
        return sorted(map(Fraction, self.bad.tolist(), self.total.tolist()))

    @property
    def usual_total(self) -> int:
        """The lower median of the windows' events, which some window held."""
        return int(sorted(self.total.tolist())[(len(self.total) - 1) // 2])


def _block(value: DurationLike) -> int:
    return RollingWindow.of(value).duration


@attrs.frozen(kw_only=True)
class Drawing:
    """How windows are drawn.

    Parameters
    ----------
    block
        Length of a block: whole days, and longer than bursts last.
    paths
        How many windows.
    seed
        A non-negative integer. Equal arguments give equal windows; numpy may change its draws between releases.

    Raises
    ------
    InvalidNumber
        If a number is out of range.
    WrongType
        If one is no integer.
    """

    block: int = attrs.field(converter=_block)
    paths: int
    seed: int

    def __attrs_post_init__(self) -> None:
        parse_integer(self.paths, "paths", 1)
        parse_integer(self.seed, "seed")


def draw_windows(ev: Evaluation, drawing: Drawing, window: int | None = None) -> DrawnWindows:
    """Draw windows from the evidence of one evaluation.

    Parameters
    ----------
    ev
        Of one series. Buckets without events, unobserved and excluded ones are drawn like any other, as what they
        count.
    drawing
        How.
    window
        Their length in nanoseconds; by default the objective's own, a calendar window's at its nominal length.

    Raises
    ------
    InvalidWindow
        If days are no whole number of buckets (nor buckets of days), the window no whole number of buckets, or the
        evidence does not hold two blocks.
    InvalidNumber
        If there would be more than 2**26 blocks.
    OutOfTimeline
        If no window that was drawn holds any event.
    """
    sums = one_series(ev)._sums
    step, size = sums.timeline.step, sums.timeline.size
    unit = _day_in_buckets(step)
    length = sums.nominal if window is None else window
    width = RollingWindow(length).buckets(step)
    block = RollingWindow(drawing.block).buckets(unit * step, "block") * unit
    history = size - size % unit
    if history < 2 * block:
        raise InvalidWindow(
            f"the evidence must hold at least 2 blocks of {duration_text(block * step)} to draw windows from, got "
            f"{duration_text(size * step)}; bring more of it, or a shorter block"
        )
    pieces = -(-width // block)
    if drawing.paths * pieces > _MAX_CELLS:
        raise InvalidNumber(
            f"paths must be at most {_MAX_CELLS // pieces:,} windows of {pieces:,} blocks, got {drawing.paths:,}; or "
            "take a longer block"
        )
    draw = np.random.default_rng(drawing.seed)
    at = draw.integers(0, history // unit, size=(drawing.paths, pieces)) * unit
    begin = at + draw.integers(0, unit, size=(drawing.paths, 1))
    lengths = np.full(pieces, block)
    lengths[-1] = width - (pieces - 1) * block
    bad, total = (_sums(running, history, begin, begin + lengths, width) for running in (sums.bad, sums.total))
    held = total > 0
    if not held.any():
        raise OutOfTimeline("the evidence must hold events to draw windows from, and it has none; is it the right one?")
    return DrawnWindows(bad[held], total[held], drawing.paths, length, block * step, history * step)


def _day_in_buckets(step: int) -> int:
    """Return how many buckets a day holds; 1 where a bucket is itself whole days."""
    if step % _DAY == 0:
        return 1
    if _DAY % step:
        raise InvalidWindow(
            f"buckets must fit whole days, which windows are drawn in, got {duration_text(step)}; resample the counts"
        )
    return _DAY // step


def _sums(
    running: PrefixSums, history: int, begin: npt.NDArray[np.int64], stop: npt.NDArray[np.int64], width: int
) -> npt.NDArray[Any]:
    """Return what each row of pieces of the circle sums to, Python integers, shape ``(paths,)``."""
    buckets = np.diff(running.values[-history - 1 :])
    # A piece may be drawn many times, so that a window can hold more than the whole evidence.
    safe = running.largest * max(width, 2 * history) < _INT64
    circle = np.concatenate([buckets, buckets]) if safe else np.concatenate([buckets, buckets]).astype(object)
    upto = np.concatenate([circle[:1] * 0, np.cumsum(circle)])
    return np.asarray((upto[stop] - upto[begin]).sum(axis=1)).astype(object)
