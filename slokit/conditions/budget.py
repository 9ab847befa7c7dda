"""Conditions on the error budget: what is left of it, what of it went, and how long it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Self

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import percent
from slokit.conditions.algebra import BurnLeaf, Leaf
from slokit.errors import InvalidPolicy
from slokit.evaluation import BurnThreshold, Evaluation
from slokit.evaluation.thresholds import parse_share
from slokit.forecast import exhausts_within, forecast
from slokit.rational import RationalLike, parse_rational, percent_text
from slokit.timeline import UNITS, DurationLike, duration_text, parse_length

__all__ = ["BudgetBelow", "Exhausted", "ExhaustsWithin", "Missed", "SpentAtLeast"]

BoolArray = npt.NDArray[np.bool_]


def _end(evaluation: Evaluation, bucket: int) -> np.datetime64:
    """Return the end of a bucket."""
    return np.datetime64(evaluation.timeline.end_of(bucket), "ns")


def _left(evaluation: Evaluation, bucket: int, marks: tuple[Fraction, ...] = ()) -> str:
    """Say what is left of the budget."""
    spent = evaluation.spent_share(bucket=bucket)
    return "no data" if spent is None else f"{percent(1 - spent, 1, against=marks)} of the budget left"


def _remaining(value: RationalLike) -> Fraction:
    remaining = parse_rational(value, "remaining")
    if remaining > 1:
        raise InvalidPolicy(f"remaining must be at most 1 (all of the budget), got {value}; did you mean a percentage?")
    return remaining


@attrs.frozen(repr=False)
class BudgetBelow(Leaf):
    """Less than a share of the budget is left; never without data.

    Parameters
    ----------
    remaining
        The share, at most 1; below 0 asks for an overspent budget.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[1000, 1000], bad=[0, 16])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts)
    >>> BudgetBelow("25%").holds(ev), BudgetBelow("25%").reasons(ev)
    (array([False,  True]), ('20% of the budget left, below 25%',))
    """

    remaining: Fraction = attrs.field(converter=_remaining)

    def answer(self, evaluation: Evaluation) -> BoolArray:
        """Ask whether more than the rest was spent."""
        return evaluation.spent(1 - self.remaining)

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say what is left."""
        left = _left(evaluation, bucket, (self.remaining,))
        return f"{left}, {'' if holds else 'not '}below {percent_text(self.remaining)}"

    @property
    def words(self) -> str:
        """The condition in words."""
        return f"less than {percent_text(self.remaining)} of the budget left"

    @property
    def opposite(self) -> str:
        """Its negation in words."""
        return f"at least {percent_text(self.remaining)} of the budget left"

    def __repr__(self) -> str:
        return f"BudgetBelow({percent_text(self.remaining)!r})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "remaining", percent_text(self.remaining)


@attrs.frozen(repr=False)
class Exhausted(Leaf):
    """Something was spent of the budget and nothing is left; at exactly zero the objective is still met.

    Examples
    --------
    >>> Exhausted()
    Exhausted()
    """

    def answer(self, evaluation: Evaluation) -> BoolArray:
        """Ask whether all of it was spent."""
        # With data the budget is above zero, so whoever spent all of it has spent something.
        return evaluation.spent(1, op="gte")

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say what is left."""
        left = _left(evaluation, bucket)
        return f"the budget is exhausted ({left})" if holds else f"the budget is not exhausted ({left})"

    @property
    def words(self) -> str:
        """The condition in words."""
        return "the budget is exhausted"

    @property
    def opposite(self) -> str:
        """Its negation in words."""
        return "some budget is left"

    def __repr__(self) -> str:
        return "Exhausted()"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "asks", "the budget is exhausted"


@attrs.frozen(repr=False)
class Missed(BurnLeaf):
    """The objective is missed by the evidence so far; never without data.

    Examples
    --------
    >>> Missed()
    Missed()
    """

    @property
    def burn_threshold(self) -> BurnThreshold:
        """A burn above 1 over the objective's window."""
        return BurnThreshold(1)

    def given(self, evaluation: Evaluation, burning: BoolArray) -> BoolArray:
        """Return where it burns."""
        del evaluation
        return burning

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say the share of good events."""
        status = evaluation.at(_end(evaluation, bucket))
        if not status.total:
            return "no data"
        share = percent(Fraction(status.good, status.total), against=[status.target])
        return f"{share} good, {'below' if holds else 'not below'} the target of {percent_text(status.target)}"

    @property
    def words(self) -> str:
        """The condition in words."""
        return "the objective is missed"

    @property
    def opposite(self) -> str:
        """Its negation in words."""
        return "the objective is not missed"

    def __repr__(self) -> str:
        return "Missed()"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "asks", "the objective is missed"


def _length(value: DurationLike | int) -> int:
    return parse_length(value, "window")


def _optional_length(value: DurationLike | int | None) -> int | None:
    return None if value is None else _length(value)


@attrs.frozen(repr=False)
class SpentAtLeast(Leaf):
    """At least a share of the whole budget was spent, in a window alone or in the objective's.

    Parameters
    ----------
    share
        Of the budget; may pass 1.
    window
        A rolling window, or None for the objective's own.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[1000, 1000], bad=[0, 4])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts)
    >>> SpentAtLeast("20%", "1h").holds(ev), SpentAtLeast("20%", "1h").reasons(ev)
    (array([False,  True]), ('20% of the budget spent in 1h, at least 20%',))
    """

    share: Fraction = attrs.field(converter=parse_share)
    window: int | None = attrs.field(default=None, converter=_optional_length)

    def answer(self, evaluation: Evaluation) -> BoolArray:
        """Compare what was spent."""
        return evaluation.spent(self.share, self._span, op="gte")

    @property
    def _span(self) -> np.timedelta64 | None:
        return None if self.window is None else np.timedelta64(self.window, "ns")

    def fitted(self, step: int) -> Self:
        """Return the same with its window lengthened to whole buckets."""
        return self if self.window is None else attrs.evolve(self, window=-(-self.window // step) * step)

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say what was spent."""
        spent = evaluation.spent_share(self._span, bucket)
        if spent is None:
            return "no data"
        where = "" if self.window is None else f" in {duration_text(self.window)}"
        word = "at least" if holds else "below"
        figure = percent(spent, 1, against=[self.share])
        return f"{figure} of the budget spent{where}, {word} {percent_text(self.share)}"

    @property
    def words(self) -> str:
        """The condition in words."""
        where = "" if self.window is None else f" in {duration_text(self.window)}"
        return f"at least {percent_text(self.share)} of the budget spent{where}"

    def __repr__(self) -> str:
        window = "" if self.window is None else f", {duration_text(self.window)!r}"
        return f"SpentAtLeast({percent_text(self.share)!r}{window})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "share", percent_text(self.share)
        if self.window is not None:
            yield "window", duration_text(self.window)


def _horizon(value: DurationLike | int) -> int:
    return parse_length(value, "horizon")


def _recent(value: DurationLike | int) -> int:
    return parse_length(value, "recent")


@attrs.frozen(repr=False)
class ExhaustsWithin(Leaf):
    """The budget is gone, or will be within so long if the recent past goes on; see :mod:`slokit.forecast`.

    Parameters
    ----------
    horizon
        How far to look ahead.
    recent
        What is taken to go on.

    Examples
    --------
    >>> ExhaustsWithin("4h")
    ExhaustsWithin('4h', recent='1h')
    """

    horizon: int = attrs.field(converter=_horizon)
    recent: int = attrs.field(default=UNITS["h"], converter=_recent)

    def answer(self, evaluation: Evaluation) -> BoolArray:
        """Look ahead from every bucket."""
        horizon, recent = (np.timedelta64(length, "ns") for length in (self.horizon, self.recent))
        return exhausts_within(evaluation, horizon, recent=recent)

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say when it will be gone."""
        found = forecast(evaluation, _end(evaluation, bucket), recent=np.timedelta64(self.recent, "ns"))
        return f"budget {found!r}; {'within' if holds else 'not within'} {duration_text(self.horizon)}"

    @property
    def words(self) -> str:
        """The condition in words."""
        return f"exhausted within {duration_text(self.horizon)} if the last {duration_text(self.recent)} goes on"

    def __repr__(self) -> str:
        return f"ExhaustsWithin({duration_text(self.horizon)!r}, recent={duration_text(self.recent)!r})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "horizon", duration_text(self.horizon)
        yield "recent", duration_text(self.recent)
