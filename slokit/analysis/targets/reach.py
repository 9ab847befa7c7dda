"""What is achievable: the highest target that windows like those of the past keep, with a given confidence."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import attrs

from slokit._display import Shown, percent
from slokit.analysis.targets.drawn import Drawing, DrawnWindows, draw_windows
from slokit.counts import Counts
from slokit.errors import InvalidNumber, WrongType
from slokit.evaluation import Evaluation
from slokit.rational import RationalLike, parse_rational, percent_text
from slokit.sli import SLI
from slokit.slo import SLO
from slokit.statistics.intervals import parse_probability
from slokit.timeline import DurationLike, duration_text
from slokit.windows import RollingWindow, Window, parse_window

__all__ = ["Achievable", "achievable", "budget_with_few_digits", "parse_margin", "reach"]


@attrs.frozen(kw_only=True, repr=False)
class Achievable(Shown):
    """The highest target that drawn windows keep.

    Parameters
    ----------
    target
        Its error budget has two significant digits, rounded up, so that the target is never too high. None where no
        target leaves such a margin.
    bad_share
        The share of bad events that ``confidence`` of the windows did not exceed, exact.
    confidence, margin
        The share of windows, and the share of the budget that was to be left in each.
    kept
        The share of windows that keep ``target`` with that margin, exact: at least ``confidence``; None without target.
    by_traffic
        Whether so many windows held nothing bad at all: then ``target`` is the one of whose budget one bad event of a
        usual window is the whole, since more cannot be told from 100%.
    window, block, history, windows
        What was drawn: lengths in nanoseconds, and how many windows held events.
    assumption
        What that rests on, in words.
    """

    _caption = "Achievable target"

    target: Fraction | None
    bad_share: Fraction
    confidence: Fraction
    margin: Fraction
    kept: Fraction | None
    by_traffic: bool
    window: int
    block: int
    history: int
    windows: int
    assumption: str

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "target", "no target" if self.target is None else percent_text(self.target)
        of = f"{percent_text(self.confidence)} of windows of {duration_text(self.window)}"
        left = f" with {percent_text(self.margin)} of the budget left" if self.margin else ""
        yield "kept", f"kept in {of}{left}"
        if self.by_traffic:
            yield "limit", "they hold nothing bad, and one bad event more would be the whole budget"
        drawn = f"blocks of {duration_text(self.block)} of the last {duration_text(self.history)}"
        yield "drawn", f"{drawn}, {self.windows:,} windows"

    def __repr__(self) -> str:
        target, kept, *others = (text for _, text in self._facts())
        return "; ".join([f"{target} {kept}", *others])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self._facts()
        yield "bad share", percent(self.bad_share, 4)
        yield "assumption", self.assumption


def achievable(
    evidence: Evaluation | Counts,
    *,
    window: DurationLike | Window | None = None,
    confidence: RationalLike = "95%",
    margin: RationalLike = 0,
    block: DurationLike = "7d",
    paths: int = 2000,
    seed: int = 0,
) -> Achievable:
    """Find the highest target that windows drawn from the evidence keep.

    Parameters
    ----------
    evidence
        An evaluation of one series, or the counts of one.
    window
        Over which window; by default the objective's own. Counts need one. A calendar window is drawn at its nominal
        length.
    confidence
        The share of windows that must keep the target; above 0 and below 1.
    margin
        The share of the budget that must be left in each of them; at least 0 and below 1.
    block, paths, seed
        How windows are drawn: blocks are whole days, and should be longer than bursts last.

    Raises
    ------
    WrongType
        If the evidence is of another type or holds several series, or counts are given without a window.
    InvalidWindow
        If the evidence is shorter than two blocks, or its buckets do not fit days or the window.
    InvalidNumber
        If a number is out of range.
    OutOfTimeline
        If the evidence holds no event.

    Notes
    -----
    It says what the past would have kept if its blocks were drawn anew, and no more: no trend, no new kind of failure.
    The page on choosing a target has how often the promise held on simulated and real services.

    Examples
    --------
    >>> steady = Counts.from_buckets(start="2026-01-01T00:00Z", step="1d", total=[10_000] * 60, bad=[7] * 60)
    >>> achievable(steady, window="30d")
    99.93% kept in 95% of windows of 30d; blocks of 7d of the last 60d, 2,000 windows
    >>> achievable(steady, window="30d", margin="20%").target
    Fraction(12489, 12500)
    """
    length = None if window is None else parse_window(window).nominal
    drawn = draw_windows(_evaluated(evidence, length), Drawing(block=block, paths=paths, seed=seed), length)
    return reach(drawn, parse_probability(confidence, "confidence"), parse_margin(margin))


def reach(drawn: DrawnWindows, confidence: Fraction, margin: Fraction = Fraction(0)) -> Achievable:
    """Return the highest target that windows keep which were drawn already."""
    share = drawn.bad_share(confidence)
    needed = share / (1 - margin)
    by_traffic = not share
    if by_traffic:
        needed = Fraction(1, drawn.usual_total)
    budget = budget_with_few_digits(needed)
    target = None if needed > 1 else 1 - min(budget, Fraction(1))
    return Achievable(
        target=target,
        bad_share=share,
        confidence=confidence,
        margin=margin,
        kept=None if target is None else drawn.keeping(target, margin),
        by_traffic=by_traffic,
        window=drawn.window,
        block=drawn.block,
        history=drawn.history,
        windows=len(drawn.bad),
        assumption=drawn.assumption,
    )


def budget_with_few_digits(share: Fraction) -> Fraction:
    """Round a positive share up to two significant decimal digits.

    Examples
    --------
    >>> [str(budget_with_few_digits(Fraction(text))) for text in ("0.001266", "0.0012", "0.996", "1/3")]
    ['13/10000', '3/2500', '1', '17/50']
    """
    unit = Fraction(1)
    while share / unit < 10:
        unit /= 10
    return -(-share // unit) * unit


def parse_margin(value: RationalLike) -> Fraction:
    """Read the share of a budget that is to be left: at least 0 and below 1."""
    margin = parse_rational(value, "margin")
    if not 0 <= margin < 1:
        raise InvalidNumber(f'margin must be a share of the budget, at least 0 and below 1, such as "20%", got {value}')
    return margin


def _evaluated(evidence: Evaluation | Counts, length: int | None) -> Evaluation:
    if isinstance(evidence, Counts):
        if length is None:
            raise WrongType('window must be given with counts, such as window="30d": a target is kept over a window')
        return SLO("evidence", sli=SLI.ratio("good"), target=0, window=RollingWindow(length)).evaluate(evidence)
    if not isinstance(evidence, Evaluation):
        raise WrongType(f"evidence must be an Evaluation or Counts, got {type(evidence).__name__}: {evidence!r:.100}")
    return evidence
