"""What all alerts have in common: whom they tell, how long they wait, and how much evidence they want.

The question itself (a burn rate, a share of the budget) is exact and knows nothing of how many events it rests on: one
bad request among three is a burn of 333. The gates here ask for evidence besides, and only where the question was
answered with yes: they look at few cells.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from math import ceil

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import clean, plural
from slokit._kernels.runs import lasting
from slokit.alerts.episodes import Episode, episodes_of
from slokit.conditions import Leaf, answers
from slokit.errors import InvalidAlert
from slokit.evaluation import Comparison, Evaluation
from slokit.evaluation.sums import WindowedSums
from slokit.evaluation.thresholds import parse_comparison
from slokit.rational import RationalLike, parse_integer, parse_rational, percent_text
from slokit.texts import check_text
from slokit.timeline import DurationLike, duration_text, parse_length

__all__ = ["Alert", "Cells", "parse_optional_window", "parse_window_length", "rounded_up"]

BoolArray = npt.NDArray[np.bool_]
Cells = tuple[npt.NDArray[np.intp], ...]
"""Index arrays of some cells, as ``np.nonzero`` gives them."""


_MOST_EVENTS = 2**63 - 1


def parse_window_length(value: DurationLike | int) -> int:
    """Read a window as integer nanoseconds."""
    return parse_length(value, "window")


def parse_optional_window(value: DurationLike | int | None) -> int | None:
    """Read a window that need not be there."""
    return None if value is None else parse_window_length(value)


def rounded_up(length: int, step: int) -> int:
    """Return the shortest whole number of steps that is no shorter."""
    return -(-length // step) * step


def _pending(value: DurationLike | int) -> int:
    return parse_length(value, "pending", least=0)


def _events(value: int, field: str) -> int:
    return parse_integer(value, field, 0, _MOST_EVENTS, InvalidAlert)


def _min_bad(value: int) -> int:
    return _events(value, "min_bad")


def _min_total(value: int) -> int:
    return _events(value, "min_total")


def _coverage(value: RationalLike) -> Fraction:
    share = parse_rational(value, "min_coverage")
    if not 0 <= share <= 1:
        raise InvalidAlert(f"min_coverage must be from 0 to 1, got {value}")
    return share


@attrs.frozen(kw_only=True, repr=False)
class Alert(Leaf):
    """What a burn-rate alert and a budget-share alert have in common.

    Parameters
    ----------
    severity
        Who is told, such as ``"page"`` or ``"ticket"``: while a page fires, other episodes are marked inhibited by it.
    op
        ``"gt"`` for strictly more than the threshold, ``"gte"`` for at least as much.
    pending
        The condition must have held at every bucket end for so long before it fires.
    min_bad, min_total
        The long window must hold so many bad events, and events.
    min_coverage
        So large a share of the buckets that it should hold must have been observed: of the long window, or where a
        share of the budget is asked for, of the objective's window.
    """

    severity: str = "page"
    op: Comparison = attrs.field(default="gt", converter=parse_comparison)
    pending: int = attrs.field(default=0, converter=_pending)
    min_bad: int = attrs.field(default=0, converter=_min_bad)
    min_total: int = attrs.field(default=0, converter=_min_total)
    min_coverage: Fraction = attrs.field(default=Fraction(0), converter=_coverage)

    def __attrs_post_init__(self) -> None:
        check_text("severity", self.severity, InvalidAlert)

    @property
    @abstractmethod
    def threshold(self) -> Fraction:
        """What must be exceeded: a burn rate, or a share of the budget."""

    @property
    def confidence(self) -> Fraction | None:
        """How sure a test must be that it is no chance; None where no test is asked for."""
        return None

    @property
    @abstractmethod
    def windows(self) -> tuple[int, ...]:
        """The windows that the alert looks at, the longest first, in nanoseconds."""

    def fires(self, evaluation: Evaluation) -> BoolArray:
        """Say at the end of which buckets the alert fires: bool, shape ``(..., n)``, exact.

        Raises
        ------
        InvalidWindow
            If a window is no whole number of buckets.
        """
        return self.holds(evaluation)

    def episodes(self, evaluation: Evaluation) -> tuple[Episode, ...]:
        """Return the spans during which the alert fired, over all series, in the order of time."""
        return episodes_of(evaluation, self, answers(evaluation, [self])[self])

    @abstractmethod
    def _covering(self, sums: WindowedSums) -> int:
        """Return the window whose coverage counts, in buckets."""

    def _is_sure(self, sums: WindowedSums, cells: Cells) -> BoolArray:
        """Say which of some cells are no chance; where no confidence is asked for, all of them."""
        del sums, cells
        return np.ones((), dtype=np.bool_)

    @abstractmethod
    def peaks(self, evaluation: Evaluation, cells: Cells) -> npt.NDArray[np.float64]:
        """Return at some cells what the threshold is compared with: float64."""

    @abstractmethod
    def peak_text(self, peak: float) -> str:
        """Write such a value for people."""

    @property
    def _asks_for_evidence(self) -> bool:
        return bool(self.min_bad or self.min_total or self.min_coverage or self.confidence)

    def _sustained(self, evaluation: Evaluation, exceeded: BoolArray) -> BoolArray:
        """Of where the threshold is exceeded keep what rests on enough evidence, and has for so long."""
        if self._asks_for_evidence:
            exceeded = self._with_evidence(evaluation._sums, exceeded)
        # It has held for so long where so many bucket ends lie behind it: one more than the steps between them.
        waited = -(-self.pending // evaluation.timeline.step) + 1
        return lasting(exceeded, waited)

    def _with_evidence(self, sums: WindowedSums, exceeded: BoolArray) -> BoolArray:
        """Keep those cells that rest on enough."""
        # Picking a cell costs as much as looking at sixteen in a row.
        if np.count_nonzero(exceeded) * 16 > exceeded.size:
            exceeded = exceeded & self._enough(sums, None)
            if self.confidence is None:
                return exceeded
        cells = np.nonzero(exceeded)
        kept = np.zeros_like(exceeded)
        kept[cells] = self._enough(sums, cells) & self._is_sure(sums, cells)
        return kept

    def _enough(self, sums: WindowedSums, cells: Cells | None) -> BoolArray:
        """Say which of some cells, or of all, rest on as many events and as much coverage as is asked for."""
        width, enough = sums.buckets(self.windows[0]), np.ones((), dtype=np.bool_)
        if self.min_bad:
            enough = enough & (sums.bad.window_exact(width, cells) >= self.min_bad)
        if self.min_total:
            enough = enough & (sums.total.window_exact(width, cells) >= self.min_total)
        if self.min_coverage:
            span = self._covering(sums)
            # One row may say for all series what was observed.
            one = cells is not None and sums.observed.values.ndim == 1
            seen = sums.observed.window_exact(span, cells[-1:] if one and cells is not None else cells)
            # Whole buckets: a long decimal would not fit the integers that it is multiplied with.
            enough = enough & (seen >= ceil(self.min_coverage * span))
        return np.asarray(enough, dtype=np.bool_)

    def _gates(self) -> Iterator[tuple[str, str]]:
        """Yield what is asked for besides the threshold."""
        if self.pending:
            yield "pending", f"for {duration_text(self.pending)}"
        if self.min_bad:
            yield "min_bad", f"with {plural(self.min_bad, 'bad event')}"
        if self.min_total:
            yield "min_total", f"of {plural(self.min_total, 'event')}"
        if self.min_coverage:
            yield "min_coverage", f"at {percent_text(self.min_coverage)} coverage"

    @abstractmethod
    def _question(self) -> str:
        """Return the threshold and the windows in words."""

    @property
    def words(self) -> str:
        """The condition in words."""
        return self._question() + "".join(f" {text}" for _, text in self._gates())

    def __repr__(self) -> str:
        gates = "".join(f" {text}" for _, text in self._gates())
        return f"{type(self).__name__}({clean(self.severity, 40)}: {self._question()}{gates})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "severity", clean(self.severity, 40)
        yield "fires", self._question()
        yield from self._gates()
