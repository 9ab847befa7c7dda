"""Thresholds: how fast is good, by what each threshold would have counted and by what users then did.

A latency objective has two numbers, and the target is the easier one. For the threshold, history can say what share
would have been good at each, and how high a target that carries. Whether users mind is another question, which takes an
outcome: for each observation, whether they complained, gave up or tried again. Where that stays level up to some
latency and rises from there on, it bends, and a threshold there is one that users feel.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, html_table, percent, short, text_table
from slokit.analysis.targets.reach import Achievable, achievable
from slokit.errors import InvalidEvents, InvalidNumber, InvalidWindow, OneSidedThreshold, WrongType
from slokit.rational import RationalLike, percent_text
from slokit.sli import SLI
from slokit.sli.threshold import Threshold
from slokit.statistics import Interval, difference_interval
from slokit.statistics.intervals import parse_probability
from slokit.timeline import DurationLike
from slokit.windows import Window

__all__ = ["ThresholdRow", "ThresholdTable", "thresholds"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_MOST = 100


@attrs.frozen(kw_only=True, repr=False)
class ThresholdRow(Shown):
    """What one threshold would have counted.

    Parameters
    ----------
    sli
        The indicator with this threshold: good is at most that much.
    good, total
        Observations, exact.
    achievable
        The highest target that drawn windows keep at this threshold; None where the evidence is too short to draw from.
    outcomes_within, outcomes_beyond
        Of the good and of the other observations: how many had the outcome. None without one.
    worse
        An interval for how much more often the outcome came beyond than within, under its assumption; None without an
        outcome, or where there is nothing on one side.
    """

    _caption = "Threshold"

    sli: SLI
    good: int
    total: int
    achievable: Achievable | None
    outcomes_within: int | None
    outcomes_beyond: int | None
    worse: Interval | None

    @property
    def share_good(self) -> Fraction:
        """The share that is good, exact."""
        return Fraction(self.good, self.total)

    @property
    def text(self) -> str:
        """The threshold in words."""
        return clean(self.sli.rule.in_words(), 60)

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table as texts."""
        best = self.achievable
        target = "" if best is None else "none" if best.target is None else percent_text(best.target)
        within = _rate(self.outcomes_within, self.good)
        return (
            self.text,
            percent(self.share_good),
            target,
            within,
            _rate(self.outcomes_beyond, self.total - self.good),
        )

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield from ((field, text) for field, text in zip(HEAD, self.cells(), strict=True) if text)
        if self.worse is not None:
            yield "worse beyond by", repr(self.worse)

    def __repr__(self) -> str:
        return f"ThresholdRow({', '.join(f'{field} {text}' for field, text in self._facts())})"


HEAD = ("threshold", "good", "achievable", "outcome within", "outcome beyond")
"""The names of the columns."""


@attrs.frozen(kw_only=True, repr=False)
class ThresholdTable:
    """What each threshold would have counted, and where an outcome bends.

    Parameters
    ----------
    name
        Of the indicator.
    rows
        One a threshold, the strictest first.
    bend
        The row whose threshold the outcome bends at; None without an outcome, or where it surely rises beyond none.
    assumptions
        What the figures rest on, in words.
    """

    name: str
    rows: tuple[ThresholdRow, ...]
    bend: ThresholdRow | None
    assumptions: tuple[str, ...]

    def __iter__(self) -> Iterator[ThresholdRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def title(self) -> str:
        """What the table is about."""
        return f"Thresholds for {clean(self.name, 60)}: {short(self.rows[0].total)} observations"

    @property
    def head(self) -> tuple[str, ...]:
        """The names of the columns."""
        return HEAD if self._has_outcome else HEAD[:3]

    @property
    def _has_outcome(self) -> bool:
        return self.rows[0].outcomes_within is not None

    def cells(self) -> tuple[tuple[str, ...], ...]:
        """Return the table as texts, a row a threshold."""
        return tuple(row.cells()[: len(self.head)] for row in self.rows)

    def remarks(self) -> Iterator[str]:
        """Yield what stands below the table: where the outcome bends, and what the figures rest on."""
        if self.bend is not None:
            yield f"the outcome bends where good is {self.bend.text}: worse beyond by {self.bend.worse!r}"
        elif self._has_outcome:
            yield "the outcome surely rises beyond none of the thresholds"
        yield from self.assumptions

    def __repr__(self) -> str:
        below = list(self.remarks())[: int(self._has_outcome)]
        return "\n".join([self.title, text_table(self.cells(), self.head), *below])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "indicator", clean(self.name)
        for row in self.rows:
            yield row.text, repr(row)
        for remark in self.remarks():
            yield "remark", remark

    def _repr_html_(self) -> str:
        return html_table(self.cells(), self.head, self.title) + html_table([("", text) for text in self.remarks()])


def thresholds(
    name: str,
    timestamps: Any,
    values: Any,
    *,
    candidates: Iterable[Any],
    unit: str | None = None,
    time_unit: str | None = None,
    outcome: npt.ArrayLike | None = None,
    step: DurationLike = "1h",
    window: DurationLike | Window = "30d",
    confidence: RationalLike = "95%",
    block: DurationLike = "7d",
    paths: int = 2000,
    seed: int = 0,
) -> ThresholdTable:
    """Say what each threshold would have counted as good, what target that carries, and where an outcome bends.

    Parameters
    ----------
    name
        Of the indicator, such as ``"latency"``.
    timestamps, values, time_unit
        The observations, shape ``(k,)``, as :meth:`slokit.SLI.count` takes them. More is worse.
    candidates
        Thresholds as :meth:`slokit.SLI.threshold` takes them for ``lte``, such as ``["100ms", "200ms"]``.
    unit
        What plain numbers count, such as ``"s"``.
    outcome
        For each observation, whether what nobody wants followed (a complaint, a retry, an order not made): booleans.
    step, window, confidence, block, paths, seed
        How a target is found that is achievable: see :func:`achievable`.

    Raises
    ------
    InvalidEvents
        If there is no observation, or outcomes are not one an observation.
    InvalidNumber
        If there is no candidate, or more than 100.
    WrongType
        If outcomes are no booleans.

    Notes
    -----
    The bend is where a broken line fits the outcome best, by least squares over the observations: level up to the
    threshold, rising with the logarithm of the value from there on (with the value itself where some are not positive).
    It counts only where the outcome surely comes more often beyond the threshold than within: the interval for the
    difference lies above 0. That is an association: what makes answers slow may also make users complain.

    Examples
    --------
    >>> values = [0.05, 0.1, 0.15, 0.3, 0.6, 1.2] * 50
    >>> gave_up = [False, False, False, False, True, True] * 50
    >>> times = np.arange(300) * 3600
    >>> table = thresholds(
    ...     "latency",
    ...     times,
    ...     values,
    ...     candidates=["100ms", "300ms", "1s"],
    ...     unit="s",
    ...     time_unit="s",
    ...     outcome=gave_up,
    ...     window="1d",
    ...     block="1d",
    ... )
    >>> table  # doctest: +ELLIPSIS
    Thresholds for latency: 300 observations
    threshold        good  achievable  outcome within  outcome beyond
    at most 0.1 s  33.33%         33%              0%             50%
    at most 0.3 s  66.67%         66%              0%            100%
    at most 1 s    83.33%         83%             20%            100%
    the outcome bends where good is at most 0.3 s: worse beyond by 0.9585 – 1 (95% newcombe; assumes ...)
    """
    sure = parse_probability(confidence, "confidence")
    if isinstance(candidates, str) or not isinstance(candidates, Iterable):
        raise WrongType(f'candidates must be several thresholds, such as ["100ms", "200ms"], got {candidates!r:.100}')
    slis = [SLI.threshold(name, lte=bound, unit=unit) for bound in candidates]
    if not 1 <= len(slis) <= _MOST:
        raise InvalidNumber(f"candidates must be 1 to {_MOST}, got {len(slis)}")
    held = np.asarray(values)
    if held.ndim != 1 or not held.size:
        raise InvalidEvents(f"values must be observations in one dimension, at least one, got shape {held.shape}")
    happened = _outcome(outcome, held.size)
    masks = [np.asarray(sli.is_good(held)) for sli in slis]
    rows, remarks = [], []
    # By the bounds: two that no observation lies between admit as many, and one of them is stricter all the same.
    order = sorted(range(len(slis)), key=lambda i: _bound(slis[i]))
    for i in order:
        with warnings.catch_warnings():
            # All on one side of a threshold that is only tried is an answer, and no doubt about its unit.
            warnings.simplefilter("ignore", OneSidedThreshold)
            counts = slis[i].count(timestamps, values, step=step, time_unit=time_unit)
        try:
            best = achievable(counts, window=window, confidence=sure, block=block, paths=paths, seed=seed)
        except InvalidWindow as error:
            best = None
            remarks.append(f"no achievable target: {error}")
        rows.append(_row(slis[i], masks[i], best, happened))
    bend = None if happened is None else _bend([masks[i] for i in order], rows, held, happened)
    remarks += [row.achievable.assumption for row in rows if row.achievable is not None]
    if happened is not None:
        remarks.append("the bend is fitted by least squares, among the thresholds tried; it is an association")
    return ThresholdTable(name=name, rows=tuple(rows), bend=bend, assumptions=tuple(dict.fromkeys(remarks)))


def _bound(sli: SLI) -> Fraction:
    """Return the threshold that a value must not exceed, in the indicators' common unit."""
    rule = sli.rule
    assert isinstance(rule, Threshold)  # noqa: S101 - it was made here of one bound
    assert rule.lte is not None  # noqa: S101
    return rule.lte


def _outcome(outcome: npt.ArrayLike | None, size: int) -> Bools | None:
    if outcome is None:
        return None
    array = np.asarray(outcome)
    if array.dtype != np.bool_:
        raise WrongType(f"outcome must be booleans, one an observation, got dtype {array.dtype}")
    if array.shape != (size,):
        raise InvalidEvents(f"outcome must have one entry an observation, {size:,}, got shape {array.shape}")
    return array


def _row(sli: SLI, good: Bools, best: Achievable | None, happened: Bools | None) -> ThresholdRow:
    total, fine = len(good), int(good.sum())
    within = beyond = None
    worse = None
    if happened is not None:
        within, beyond = int((happened & good).sum()), int((happened & ~good).sum())
        worse = difference_interval(beyond, total - fine, within, fine)
    return ThresholdRow(
        sli=sli,
        good=fine,
        total=total,
        achievable=best,
        outcomes_within=within,
        outcomes_beyond=beyond,
        worse=worse,
    )


def _bend(
    masks: list[Bools], rows: list[ThresholdRow], values: npt.NDArray[Any], happened: Bools
) -> ThresholdRow | None:
    """Return the row at which the broken line fits best, among those beyond which the outcome is surely worse."""
    plain = (
        values.astype("timedelta64[ns]").astype(np.float64) if values.dtype.kind == "m" else values.astype(np.float64)
    )
    line: Floats = np.log(plain) if (plain > 0).all() else plain
    came = happened - happened.mean()
    best, found = 0.0, None
    for good, row in zip(masks, rows, strict=True):
        if row.worse is None or row.worse.low <= 0:
            continue
        # The largest good value stands for the threshold: nothing lies between the two.
        rise = np.maximum(line - line[good].max(), 0)
        rise -= rise.mean()
        slope, spread = float(rise @ came), float(rise @ rise)
        if slope > 0 and slope * slope / spread > best:
            best, found = slope * slope / spread, row
    return found


def _rate(count: int | None, total: int) -> str:
    return "" if count is None else "none" if not total else percent(Fraction(count, total))
