"""Whether complaints go together with bad events, at some lag, beyond what the clock and chance make of it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, plural
from slokit.analysis.feedback.pairing import Per, pair
from slokit.analysis.feedback.permutation import correlations, midranks, permutations
from slokit.counts import Counts
from slokit.errors import InvalidNumber, InvalidWindow, WrongType
from slokit.evaluation import Evaluation
from slokit.rational import RationalLike, parse_integer, parse_rational, percent_text
from slokit.timeline import UNITS, DurationLike, Timeline, duration_text, instant_text, parse_duration
from slokit.windows import RollingWindow

__all__ = ["Association", "associate"]

_LEAST_BLOCKS = 8
_MOST_LAGS = 200
_MOST_PERMUTATIONS = 100_000
_MOST_BLOCKS = 2_000
# Equal shuffles need not sum in the same order; what is equal but for that counts as equal.
_ROUNDING = 1e-12


@attrs.frozen(kw_only=True, repr=False)
class Association(Shown):
    """How complaints go together with the bad events of an objective.

    Parameters
    ----------
    name
        The objective's name.
    correlation
        The largest rank correlation (Spearman's) over the lags; None where one of the two never varies.
    lag
        How much later complaints come there, nanoseconds; None without a correlation.
    p_value
        How often shuffled blocks give a largest correlation at least as large: ``(1 + times) / (1 + permutations)``,
        exact. Small is unlikely by chance.
    level
        Up to which ``p_value`` an association is said to be found.
    by_lag
        Pairs of a lag in nanoseconds and the correlation there, None where there is none.
    start, end
        What was looked at, nanoseconds since the epoch.
    step, block
        Length of the common buckets, and of the blocks that were shuffled: nanoseconds.
    pairs
        How many buckets both sides say something about, at lag 0.
    per
        What complaints were counted against.
    permutations, seed
        Of the shuffling.
    """

    _caption = "Complaints and bad events"

    name: str
    correlation: float | None
    lag: int | None
    p_value: Fraction
    level: Fraction
    by_lag: tuple[tuple[int, float | None], ...]
    start: int
    end: int
    step: int
    block: int
    pairs: int
    per: Per
    permutations: int
    seed: int

    @property
    def found(self) -> bool:
        """Whether chance rarely does as much: ``p_value <= level``."""
        return self.p_value <= self.level

    @property
    def assumption(self) -> str:
        """What the p-value rests on, in words."""
        return (
            f"blocks of {duration_text(self.block)} are alike and independent of each other, whatever happens inside "
            "them; trends and longer memory make it too small"
        )

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "found", "an association was found" if self.found else "no association was found"
        if self.correlation is None or self.lag is None:
            yield "correlation", "one of the two never varies"
        else:
            when = f"{duration_text(self.lag)} later" if self.lag else "at once"
            yield "correlation", f"rank correlation {self.correlation:.2f}, complaints {when}"
        yield "p", f"p = {_p_text(self.p_value)} at a level of {percent_text(self.level)}"
        steps = f"{plural(self.pairs, 'bucket')} of {duration_text(self.step)}"
        yield "drawn", f"{self.permutations:,} permutations of blocks of {duration_text(self.block)}, {steps}"

    def __repr__(self) -> str:
        return f"Association({clean(self.name, 60)}: {'; '.join(text for _, text in self._facts())})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "objective", clean(self.name)
        yield from self._facts()
        yield "span", f"{instant_text(self.start)} to {instant_text(self.end)}"
        yield "assumption", self.assumption


def _p_text(p: Fraction) -> str:
    return f"{float(p):.2g}"


def associate(
    ev: Evaluation,
    complaints: Counts,
    *,
    lags: tuple[DurationLike, DurationLike] | DurationLike = ("0h", "24h"),
    step: DurationLike | None = None,
    per: Per = "contact",
    block: DurationLike | None = None,
    permutations: int = 999,
    level: RationalLike = "5%",
    seed: int = 0,
) -> Association:
    """Ask whether complaints go up where more events are bad, at once or later.

    Both are laid over common buckets; the share of bad events of one bucket is held against the rate of complaints of
    a later one by ranks, so that a few extreme hours do not decide. Only a positive association counts.

    Parameters
    ----------
    ev
        One series.
    complaints
        Counts of one series: bad are complaints (or bad ratings, or tickets), total are all contacts.
    lags
        How much later complaints come at least and at most: all multiples of the step between are looked at, and paid
        for. One duration is that lag alone.
    step
        The common buckets; by default the longer of the two steps, or an hour where that is longer and fits.
    per
        What complaints are counted against: ``"contact"``, ``"event"`` of the service, or ``"bucket"`` for nothing.
    block
        How long the blocks are that are shuffled: whole days where things follow the clock, longer than trouble lasts.
        By default a week where there are eight of them, else a day. What makes no whole block is left out at the start.
    permutations
        How often they are shuffled: with 999 no p-value is below 0.001.
    level
        At which p-value an association is found: of unrelated series so many are found all the same.
    seed
        A non-negative integer. Equal arguments give equal answers.

    Raises
    ------
    WrongType
        If one of them holds several series, or an argument is of another type.
    InvalidTimeline, OutOfTimeline, InvalidCounts
        If they do not fit each other: see ``step`` and ``per``.
    InvalidWindow
        If the block is no whole number of steps, or there are fewer than eight.
    InvalidNumber
        If a number is out of its range.

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.analysis.simulate import Traffic, complaints, counts
    >>> evidence = counts(Traffic(error_share=0.002, error_bursts=1.0), start="2026-01-01Z", duration="60d", step="1h")
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.5%", window="30d").evaluate(evidence)
    >>> associate(ev, complaints(evidence, per_hurt=0.2, delay="1h")).found
    True
    >>> associate(ev, complaints(evidence, felt=0, seed=1)).found
    False
    """
    certain = parse_rational(level, "level")
    if not 0 < certain < 1:
        raise InvalidNumber(f"level must be above 0 and below 1, got {level}")
    parse_integer(permutations, "permutations", 1, _MOST_PERMUTATIONS)
    parse_integer(seed, "seed")
    both = pair(ev, complaints, step, per)
    width = _block(both.timeline, block)
    blocks = both.timeline.size // width
    kept = slice(both.timeline.size - blocks * width, None)
    line = both.timeline.cut(both.timeline.size - blocks * width, both.timeline.size)
    delays = _lags(lags, line)
    x, y = midranks(both.bad_share[kept]), midranks(both.complaint_rate[kept])
    orders = _orders(blocks, permutations, seed)
    found = correlations(x, y, delays, width, orders)
    largest = np.where(np.isnan(found), -np.inf, found).max(axis=1)
    best = int(np.where(np.isnan(found[0]), -np.inf, found[0]).argmax())
    known = bool(np.isfinite(largest[0]))
    as_large = int(np.count_nonzero(largest[1:] >= largest[0] - _ROUNDING)) if known else permutations
    return Association(
        name=ev.slo.name,
        correlation=float(found[0, best]) if known else None,
        lag=int(delays[best]) * line.step if known else None,
        p_value=Fraction(1 + as_large, 1 + permutations),
        level=certain,
        by_lag=tuple(
            (lag * line.step, None if np.isnan(rho) else rho)
            for lag, rho in zip(delays.tolist(), found[0].tolist(), strict=True)
        ),
        start=line.start,
        end=line.end,
        step=line.step,
        block=width * line.step,
        pairs=int(np.count_nonzero(~np.isnan(x) & ~np.isnan(y))),
        per=per,
        permutations=int(permutations),
        seed=int(seed),
    )


def _orders(blocks: int, count: int, seed: int) -> npt.NDArray[np.int64]:
    return permutations(np.random.default_rng(seed), blocks, count)


def _block(line: Timeline, block: DurationLike | None) -> int:
    """Return how many buckets a block has."""
    if block is None:
        fits = [UNITS["d"] * days for days in (7, 1) if UNITS["d"] * days % line.step == 0]
        enough = [length for length in fits if line.size * line.step >= _LEAST_BLOCKS * length]
        width = (enough or fits or [line.step])[0 if enough else -1] // line.step
    else:
        width = RollingWindow.of(block).buckets(line.step, "block")
    blocks = line.size // width
    if not _LEAST_BLOCKS <= blocks <= _MOST_BLOCKS:
        mend = "bring more evidence, or shorter blocks" if blocks < _LEAST_BLOCKS else "take longer blocks"
        raise InvalidWindow(
            f"the time that both share must hold {_LEAST_BLOCKS} to {_MOST_BLOCKS:,} blocks of "
            f"{duration_text(width * line.step)}, got {duration_text(line.size * line.step)}; {mend}"
        )
    return width


def _lags(lags: tuple[DurationLike, DurationLike] | DurationLike, line: Timeline) -> npt.NDArray[np.int64]:
    """Return the lags between two, in buckets."""
    ends = lags if isinstance(lags, tuple | list) else (lags, lags)
    if len(ends) != 2:
        raise WrongType(f'lags must be one duration or two, such as ("0h", "24h"), got {lags!r:.100}')
    least, most = (parse_duration(end, "lags", least=0) for end in ends)
    if most < least:
        raise InvalidNumber(f"lags must not end before they begin, got {duration_text(least)}, {duration_text(most)}")
    first, last = -(-least // line.step), most // line.step
    if last < first:
        raise InvalidNumber(
            f"lags must hold a multiple of the step of {duration_text(line.step)}, got {duration_text(least)} to "
            f"{duration_text(most)}"
        )
    if last - first >= _MOST_LAGS:
        raise InvalidNumber(
            f"lags must be at most {_MOST_LAGS} multiples of the step of {duration_text(line.step)}, got "
            f"{last - first + 1:,}; take a longer step"
        )
    if last >= line.size:
        raise InvalidNumber(
            f"lags must be shorter than the time that both share, {duration_text(line.size * line.step)}, got "
            f"{duration_text(most)}"
        )
    return np.arange(first, last + 1)
