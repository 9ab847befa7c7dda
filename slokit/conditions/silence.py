"""Silence: for how long nothing was measured, and whether there is enough history to judge by.

A bucket has data if it holds events, filled ones included: with ``missing="bad"`` an unobserved bucket is no silence
but an outage. Buckets that exclusions took out say nothing either way, so the time in them is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import attrs
import numpy as np
import numpy.typing as npt

from slokit._kernels.runs import last_true
from slokit.conditions.algebra import Leaf
from slokit.errors import InvalidPolicy
from slokit.evaluation import Evaluation
from slokit.rational import RationalLike, parse_rational, percent_text
from slokit.timeline import DurationLike, duration_text, parse_length

__all__ = ["BudgetSettled", "DataSince", "NoDataFor", "silent_buckets"]

BoolArray = npt.NDArray[np.bool_]


def silent_buckets(
    has_data: BoolArray, excluded: BoolArray, *, before: npt.NDArray[np.int64] | int = 0
) -> npt.NDArray[np.int64]:
    """Count the buckets since the last data, excluded ones left out: int64, shape ``(..., n)``; 0 in one with data.

    ``before`` is how many there were before the first one, for all series or, shape ``(..., 1)``, for each.
    """
    counted = np.cumsum(~excluded, axis=-1)
    last = last_true(has_data)
    at_last = np.where(last < 0, -np.asarray(before), np.take_along_axis(counted, np.maximum(last, 0), axis=-1))
    return np.asarray(counted - at_last)


def _length(value: DurationLike | int) -> int:
    return parse_length(value, "duration")


@attrs.frozen(repr=False)
class NoDataFor(Leaf):
    """Nothing was measured for at least so long; time that exclusions took out does not count.

    Parameters
    ----------
    duration
        How long.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="5m", total=[9, 0, 0], bad=[0, 0, 0])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="1h").evaluate(counts)
    >>> NoDataFor("10m").holds(ev)
    array([False, False,  True])
    """

    duration: int = attrs.field(converter=_length)

    def answer(self, evaluation: Evaluation) -> BoolArray:
        """Count the buckets since the last data."""
        return np.asarray(self._silent(evaluation) >= -(-self.duration // evaluation.timeline.step))

    @staticmethod
    def _silent(evaluation: Evaluation) -> npt.NDArray[np.int64]:
        return silent_buckets(evaluation.bucket_has_data, evaluation.excluded)

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say for how long it has been silent."""
        buckets = int(self._silent(evaluation)[bucket])
        if not buckets:
            return "data in the last bucket"
        since = duration_text(buckets * evaluation.timeline.step)
        word = "at least" if holds else "less than"
        return f"nothing measured for {since}, {word} {duration_text(self.duration)}"

    @property
    def words(self) -> str:
        """The condition in words."""
        return f"nothing measured for {duration_text(self.duration)}"

    @property
    def opposite(self) -> str:
        """Its negation in words."""
        return f"something measured in the last {duration_text(self.duration)}"

    def __repr__(self) -> str:
        return f"NoDataFor({duration_text(self.duration)!r})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "duration", duration_text(self.duration)


def _share(value: RationalLike) -> Fraction:
    share = parse_rational(value, "share")
    if not 0 <= share <= 1:
        raise InvalidPolicy(f"share must be from 0 to 1, got {value}")
    return share


@attrs.frozen(repr=False)
class DataSince(Leaf):
    """A share of the objective's window has passed since the first data: what is younger says little of a window.

    Parameters
    ----------
    share
        Of the window, a calendar's at its nominal length.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[0, 9, 9], bad=[0, 0, 0])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="4h").evaluate(counts)
    >>> DataSince("50%").holds(ev)
    array([False, False,  True])
    """

    share: Fraction = attrs.field(converter=_share)

    def answer(self, evaluation: Evaluation) -> BoolArray:
        """Count the buckets since the first with data."""
        passed = self._passed(evaluation)
        return np.asarray((passed > 0) & (passed >= self._wanted(evaluation)))

    def _passed(self, evaluation: Evaluation) -> npt.NDArray[np.int64]:
        """Count the buckets since the first with data, that one included."""
        # An argmax would fail where there is no bucket at all.
        return np.cumsum(np.logical_or.accumulate(evaluation.bucket_has_data, axis=-1), axis=-1)

    def _wanted(self, evaluation: Evaluation) -> int:
        length = self.share * evaluation.slo.window.nominal
        return -int(-length // evaluation.timeline.step)

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say how much of the window has passed."""
        if not evaluation.bucket_has_data[: bucket % evaluation.timeline.size + 1].any():
            return "no data yet"
        wanted = duration_text(self._wanted(evaluation) * evaluation.timeline.step)
        return f"first data {'at least' if holds else 'less than'} {wanted} ago"

    @property
    def words(self) -> str:
        """The condition in words."""
        return f"{percent_text(self.share)} of the window passed since the first data"

    def __repr__(self) -> str:
        return f"DataSince({percent_text(self.share)!r})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "share", percent_text(self.share)


@attrs.frozen(repr=False)
class BudgetSettled(DataSince):
    """The budget rests on at least a share of the objective's window: what rests on less may still turn out otherwise.

    Over a rolling window, and in a calendar period whose total is known or expected, that is :class:`DataSince`. Where
    a period's budget is a share of what happened so far, that share of the period must have passed too: a bad minute
    at 00:10 on the first of the month would spend thousands of percent.

    Parameters
    ----------
    share
        Of the window, a calendar's at its nominal length.

    Examples
    --------
    >>> from slokit import SLI, SLO, CalendarWindow, Counts
    >>> counts = Counts.from_buckets(start="2026-01-31T00:00Z", step="12h", total=[9] * 24, bad=[0] * 24)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window=CalendarWindow("month")).evaluate(counts)
    >>> int(DataSince("25%").holds(ev).argmax()), int(BudgetSettled("25%").holds(ev).argmax())
    (14, 16)
    """

    def _passed(self, evaluation: Evaluation) -> npt.NDArray[np.int64]:
        passed, sums = super()._passed(evaluation), evaluation._sums
        so_far = sums.grid.held(np.arange(sums.timeline.size))
        return np.where(sums.rests_on_elapsed(), np.minimum(passed, so_far), passed)

    def say(self, evaluation: Evaluation, bucket: int, *, holds: bool) -> str:
        """Say how much of the window the budget rests on."""
        del bucket
        wanted = duration_text(self._wanted(evaluation) * evaluation.timeline.step)
        return f"the budget rests on {'at least' if holds else 'less than'} {wanted}"

    @property
    def words(self) -> str:
        """The condition in words."""
        return f"the budget rests on {percent_text(self.share)} of the window"

    def __repr__(self) -> str:
        return f"BudgetSettled({percent_text(self.share)!r})"
