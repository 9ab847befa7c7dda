"""What trying a new version on a share of the traffic may cost of the error budget."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from math import ceil

import attrs

from slokit._display import Shown, amount_text, percent, short
from slokit.errors import InvalidNumber, InvalidSLO
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.forecast.pace import Pace, Recent
from slokit.rational import RationalLike, parse_rational
from slokit.timeline import DurationLike, InstantLike, duration_text, parse_duration

__all__ = ["CanaryCost", "canary_cost"]


@attrs.frozen(kw_only=True, repr=False)
class CanaryCost(Shown):
    """The bad events that a canary may bring, held against what is left of the budget.

    Parameters
    ----------
    time
        The end of the bucket from which the rate was taken, in UTC; None for evidence without a bucket.
    share, failure
        Share of the traffic that the new version gets, and the chance that it fails altogether.
    recover
        How long until a failure is rolled back, nanoseconds.
    expected_bad
        Bad events to be expected: ``share * failure * rate * recover``.
    worst_bad
        Bad events if it does fail: ``share * rate * recover``, rounded up.
    expected_ratio
        The expected bad events over what remains of the budget; None where nothing remains.
    affordable
        Whether the objective still holds after the worst; None where the recent buckets hold no event, and so nobody
        knows the rate.
    unit
        What is counted.
    assumption
        Where the rate comes from, in words.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[60_000] * 720, bad=[30] * 720)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(counts)
    >>> canary_cost(ev, share="5%", failure="2%", recover="10m")
    CanaryCost(affordable: 500 bad events at worst, 10 expected (0.0463% of what is left))
    """

    _caption = "Canary"

    time: datetime | None
    share: Fraction
    failure: Fraction
    recover: int
    expected_bad: float
    worst_bad: int
    expected_ratio: float | None
    affordable: bool | None
    unit: str = "events"
    assumption: str

    def _facts(self) -> Iterator[tuple[str, str]]:
        if self.affordable is None:
            yield "verdict", "no data"
        else:
            yield "verdict", "affordable" if self.affordable else "not affordable"
            yield "worst", f"{short(self.worst_bad)} bad {self.unit} at worst"
            part = "" if self.expected_ratio is None else f" ({_share_text(self.expected_ratio)} of what is left)"
            yield "expected", f"{amount_text(Fraction(self.expected_bad))} expected{part}"

    def __repr__(self) -> str:
        verdict, *rest = (text for _, text in self._facts())
        return f"CanaryCost({verdict}{': ' if rest else ''}{', '.join(rest)})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from self._facts()
        yield "canary", f"{percent(self.share)} of the traffic, failing with {percent(self.failure)}"
        yield "rolled back", f"after {duration_text(self.recover)}"
        yield "rate", self.assumption


def canary_cost(
    ev: Evaluation,
    *,
    share: RationalLike,
    failure: RationalLike,
    recover: DurationLike,
    when: InstantLike | None = None,
    recent: DurationLike = "1h",
) -> CanaryCost:
    """Say what a canary may cost of the error budget of one series.

    A ``share`` of the traffic goes to a new version, which fails altogether with chance ``failure``; a failure is
    rolled back after ``recover``. Traffic is taken to come at the average rate of the recent buckets. Reckoned in
    fractions, rounded once at the end.

    Parameters
    ----------
    ev
        An evaluation of one series, in events: a slice that lost a share of its events is bad or not as a whole.
    share, failure
        0 to 1, read as decimals.
    recover
        How long a failure lasts.
    when
        As for ``ev.at(when)``.
    recent
        Where the rate is taken from, rounded up to whole buckets. Where the data begin later, what there is.

    Raises
    ------
    WrongType
        If ``ev`` holds several series.
    InvalidSLO
        If it counts slices.
    InvalidNumber
        If ``share`` or ``failure`` is not between 0 and 1.
    OutOfTimeline
        As for ``ev.at(when)``.

    References
    ----------
    *The Site Reliability Workbook*, chapter 16, "Canarying Releases", on canaries and the error budget.
    """
    sums = one_series(ev)._sums
    if sums.slice_worth == 1:
        raise InvalidSLO(
            "ev must count events: a slice that lost a share of its events is good or bad as a whole; evaluate the "
            "same counts with Occurrences()"
        )
    part, chance = _part(share, "share"), _part(failure, "failure")
    length = parse_duration(recover, "recover")
    status = ev.at(when)
    span = Recent.of(recent, sums.timeline.step)
    bucket = sums.bucket_at(when)
    budget = status.error_budget
    left = sums.allowed(bucket).item() - budget.bad
    worst, told, known = Fraction(0), "no data", False
    if bucket >= 0:
        pace = Pace.at(sums, bucket, span)
        worst = part * pace.total * Fraction(length, pace.buckets * sums.timeline.step)
        told, known = pace.text(ev.unit), pace.total > 0
    worst_bad = ceil(worst)
    return CanaryCost(
        time=status.time,
        share=part,
        failure=chance,
        recover=length,
        expected_bad=float(chance * worst),
        worst_bad=worst_bad,
        expected_ratio=float(chance * worst / left) if left > 0 else None,
        affordable=budget.affords(bad=worst_bad) if known else None,
        unit=ev.unit,
        assumption=told,
    )


def _part(value: RationalLike, field: str) -> Fraction:
    """Read a rational of 0 to 1."""
    part = parse_rational(value, field)
    if not 0 <= part <= 1:
        raise InvalidNumber(f'{field} must be between 0 and 1, got {value}; did you mean a percentage, such as "5%"?')
    return part


def _share_text(share: float) -> str:
    """Write a share to three digits, however small."""
    return f"{share * 100:.3g}%" if share < 10 else f"{short(round(share))}x"
