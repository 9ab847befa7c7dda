"""What the usual traffic makes of an objective and its alerts.

A threshold is a ratio and knows nothing of how many events it rests on. At ten requests an hour one error burns 100
times as fast as 99.9% allows; of a budget of 3.6 probes one is more than a quarter. Both follow from the definitions
and from how many events a window holds, exactly, without a single failure having been seen.

Usual is the median over all windows that lie on the data and hold any event. Where the data are shorter than a window,
it is what the data hold, stretched to the window's length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import amount_text, clean, percent, plural, thousands
from slokit.alerts.alert import Alert
from slokit.alerts.budget_share import BudgetShareAlert
from slokit.alerts.burn_rate import BurnRateAlert, share_to_prove
from slokit.budgeting import slice_worth
from slokit.counts.axes import labels_of
from slokit.evaluation import Evaluation
from slokit.findings import Finding
from slokit.rational import decimal_text, percent_text
from slokit.slo import SLO
from slokit.statistics import surely_above
from slokit.timeline import UNITS, duration_text

__all__ = ["BY_TRAFFIC", "Usual", "WindowTotals", "too_few_events", "too_few_slices"]

# An objective carries a signal where so many failures fit its budget.
_ENOUGH = 10
# An alert that fires for one failure in fewer windows than this is left alone.
_RARELY = Fraction(1, 100)
# How many failures the mends ask for.
_EVIDENCE = 5
_TOP = 2**63 - 1
# What is counted, what one is called that comes at equal distances, and a bad one; slices have names of their own.
_NOUNS = {"events": ("request", "probe", "error"), "deadlines": ("deadline", "deadline", "miss")}
_SLICE = ("slice", "slice", "bad slice")
_WORDS = (("d", "day"), ("h", "hour"), ("m", "minute"), ("s", "second"))


@attrs.frozen(eq=False)
class WindowTotals:
    """How many events the windows of one length held, for one series.

    Parameters
    ----------
    index, who
        The series: its place along the leading axes, and its labels in words (empty for a single one).
    target
        Its target.
    totals
        Of the windows that hold any event, ascending: integers, shape ``(k,)``.
    is_estimate
        Whether the data are shorter than the window, and ``totals`` is one number, stretched.
    """

    index: tuple[int, ...]
    who: str
    target: Fraction
    totals: npt.NDArray[Any]
    is_estimate: bool

    @property
    def usual(self) -> int:
        """The lower median, which some window held."""
        return int(self.totals[(len(self.totals) - 1) // 2])

    def share(self, where: npt.NDArray[np.bool_]) -> Fraction:
        """Return the share of the windows for which something holds."""
        return Fraction(int(np.count_nonzero(where)), len(self.totals))


@attrs.frozen(eq=False)
class Usual:
    """An objective and the traffic that it usually has.

    Parameters
    ----------
    slo
        The objective.
    evaluation
        It, held against the counts.
    """

    slo: SLO
    evaluation: Evaluation

    @property
    def step(self) -> int:
        """Nanoseconds of a bucket or slice."""
        return self.evaluation.timeline.step

    @property
    def worth(self) -> int:
        """How much one event, or slice, counts."""
        return slice_worth(self.slo.budgeting) or 1

    @property
    def nouns(self) -> tuple[str, str, str]:
        """What is counted, in words."""
        return _NOUNS.get(self.evaluation.unit, _SLICE)

    def held(self, window: int) -> tuple[WindowTotals, ...]:
        """Return what windows of so many nanoseconds held, for each series with any event; none if they do not fit."""
        sums, size = self.evaluation._sums, self.evaluation.timeline.size
        width, odd = divmod(window, self.step)
        if odd or not size:
            return ()
        whole = sums.total.window_exact(width)[..., width - 1 :] if width <= size else None
        found = []
        for index in np.ndindex(*sums.lead):
            if whole is None:
                totals: npt.NDArray[Any] = np.empty(1, dtype=object)
                totals[0] = sums.total.one_window(index, 0, size) * width // size
            else:
                totals = np.sort(whole[index])
            totals = totals[totals > 0]
            if len(totals):
                who = ", ".join(f"{axis} {label}" for axis, label in labels_of(self.evaluation.axes, index))
                target = sums.target_of(index)
                found.append(WindowTotals(index, clean(who, 60), target, totals, is_estimate=whole is None))
        return tuple(found)

    def every(self, index: tuple[int, ...]) -> int | None:
        """Return at what distance single events follow each other in a series, in nanoseconds; None if they do not."""
        totals = np.diff(self.evaluation._sums.total.values[index])
        filled = np.flatnonzero(totals)
        # Probes are few, and come one by one: as many in every bucket, or one in every so many buckets.
        if len(filled) < 3 or np.any(totals[filled] != totals[filled[0]]):
            return None
        each = int(totals[filled[0]]) // self.worth
        if each and len(filled) == len(totals):
            return self.step // each if self.step % each == 0 else None
        gaps = np.diff(filled)
        gap = int(np.sort(gaps)[len(gaps) // 2])
        return gap * self.step if each == 1 and np.count_nonzero(gaps == gap) >= 0.9 * len(gaps) else None


# --- the objective ----------------------------------------------------------------------------------


def too_few_events(usual: Usual) -> Iterator[Finding]:
    """Find objectives of which a few failures are the whole budget."""
    window = usual.slo.window.nominal
    rows = usual.held(window)
    if not rows:
        silent = "the counts hold no events, so nothing can be said of its alerts"
        yield Finding("no-traffic", usual.slo.name, silent, "counts of a time with traffic", "advice")
        return
    # What is measured in time has no single failures.
    if usual.evaluation.unit == "us":
        return
    cadences = [usual.every(row.index) for row in rows]
    budgets = [
        (1 - row.target) * (Fraction(window, every) if every else Fraction(row.usual, usual.worth))
        for row, every in zip(rows, cadences, strict=True)
    ]
    short_of = [i for i, budget in enumerate(budgets) if budget < _ENOUGH]
    if not short_of:
        return
    i = min(short_of, key=lambda i: budgets[i])
    row, every = rows[i], cadences[i]
    many, steady, bad = usual.nouns
    if every is not None:
        told = _steady(every, steady, row.target, window, budgets[i])
    else:
        about = "about " if row.is_estimate else ""
        amount = f"{about}{thousands(row.usual // usual.worth)} {many}s {_rate(window)} at {percent_text(row.target)}"
        told = f"{amount}: one {bad} is {percent(1 / budgets[i], 0)} of the budget"
    yield _signal_finding(
        usual.slo, _of(row, len(short_of)) + told, budgets[i], row.target, many if every is None else steady
    )


def too_few_slices(slo: SLO, step: int) -> Iterator[Finding]:
    """Find objectives whose slices, all of which are known without any counts, are too few."""
    budget = (1 - slo.target) * Fraction(slo.window.nominal, step)
    if budget < _ENOUGH:
        told = _steady(step, "slice", slo.target, slo.window.nominal, budget)
        yield _signal_finding(slo, told, budget, slo.target, "slice")


def _steady(every: int, noun: str, target: Fraction, window: int, budget: Fraction) -> str:
    each = f"a {noun} every {_length(every)} at {percent_text(target)} over {_length(window)}"
    return f"{each} has a budget of {amount_text(budget)} {noun}s"


def _signal_finding(slo: SLO, told: str, budget: Fraction, target: Fraction, noun: str) -> Finding:
    needed = math.ceil(_ENOUGH / (1 - target))
    ways = {
        "slice": "a longer window, shorter slices or a lower target",
        "probe": "a longer window, more probes, or services pooled in one objective",
    }.get(noun, "a longer window, probes besides, or services pooled in one objective")
    return Finding(
        "too-few-events",
        slo.name,
        told,
        f"{ways}: with {thousands(needed)} {noun}s a window one failure is a tenth of it; and alerts with min_bad",
        "problem" if budget <= 1 else "advice",
    )


# --- its alerts -------------------------------------------------------------------------------------


def one_failure_fires(usual: Usual, alert: Alert) -> Iterator[Finding]:
    """Find alerts for which one failure is enough at the usual traffic, or in quiet hours."""
    waits = -(-alert.pending // usual.step) + 1
    if not alert.threshold or alert.min_bad > usual.worth or waits > min(alert.windows) // usual.step:
        return
    # A burn rate compares with the events of its long window, a share of the budget with the objective's.
    basis = alert.windows[0] if isinstance(alert, BurnRateAlert) else usual.slo.window.nominal
    own = {row.index: row.usual for row in usual.held(alert.windows[0])}
    found = []
    for row in usual.held(basis):
        if isinstance(alert, BudgetShareAlert) and own.get(row.index, 0) < alert.min_total:
            continue
        fires = row.totals <= min(_most(alert, row.target, usual.worth), _TOP)
        if isinstance(alert, BurnRateAlert):
            fires &= row.totals >= alert.min_total
            if alert.confidence is not None:
                limit = share_to_prove(alert.burn_rate, row.target)
                bad = np.minimum(row.totals, usual.worth)
                fires &= surely_above(bad, row.totals, limit, confidence=alert.confidence)
        if row.share(fires) >= _RARELY:
            found.append((row.share(fires), bool(fires[(len(fires) - 1) // 2]), row))
    if not found:
        return
    share, _, row = max(found, key=lambda one: (one[0], -one[2].usual))
    many, _, bad_one = usual.nouns
    is_burn, span = isinstance(alert, BurnRateAlert), duration_text(basis)
    measure = f"{decimal_text(alert.threshold)}x" if is_burn else f"{percent_text(alert.threshold)} of the budget"
    most = thousands(_most(alert, row.target, usual.worth) // usual.worth)
    where = "" if row.is_estimate else f" in {percent(share, 0)} of windows"
    usually = "holds about" if row.is_estimate else "usually holds"
    enough = min(_EVIDENCE, own.get(row.index, 0) // usual.worth)
    yield Finding(
        "one-failure-fires",
        repr(alert),
        f"{_of(row, len(found))}one {bad_one} fires it{where}: {span} {usually} {thousands(row.usual // usual.worth)} "
        f"{many}s, and one of {most} or fewer is {'over' if alert.op == 'gt' else 'at least'} {measure}",
        f"min_bad={enough * usual.worth} asks for evidence; pooled services or probes bring more of it"
        if enough > 1
        else "a longer window, pooled services, or probes",
        "problem" if any(median for _, median, _ in found) else "advice",
    )


def _most(alert: Alert, target: Fraction, worth: int) -> int:
    """Return the largest total of which one failure exceeds an alert's threshold."""
    most = worth / (alert.threshold * (1 - target))
    return math.ceil(most) - 1 if alert.op == "gt" else math.floor(most)


def evidence_out_of_reach(usual: Usual, alert: Alert) -> Iterator[Finding]:
    """Find gates that even a total outage does not pass at this traffic."""
    wanted = max(alert.min_bad, alert.min_total)
    if wanted < 2:
        return
    gate = "min_bad" if wanted == alert.min_bad else "min_total"
    rows = usual.held(alert.windows[0])
    failing = [row for row in rows if row.usual < wanted]
    if not failing:
        return
    row = min(failing, key=lambda one: (int(one.totals[-1]), one.usual))
    many, span, largest = usual.nouns[0], duration_text(alert.windows[0]), int(row.totals[-1])
    never = largest < wanted
    if row.is_estimate:
        told = f"a total outage stays below {gate}={wanted:,}: {span} holds about {thousands(row.usual)} {many}s"
    elif never:
        told = f"no total outage reaches {gate}={wanted:,}: the busiest {span} holds {thousands(largest)} {many}s"
    else:
        share = percent(row.share(row.totals < wanted), 0)
        told = (
            f"a total outage stays below {gate}={wanted:,} in {share} of windows: {span} usually holds "
            f"{thousands(row.usual)} {many}s"
        )
    yield Finding(
        "evidence-out-of-reach",
        repr(alert),
        _of(row, len(failing)) + told,
        f"a longer window, or a {gate} of {max(row.usual, 1):,} or less",
        "problem" if never else "advice",
    )


def window_beyond_data(usual: Usual, alert: Alert) -> Iterator[Finding]:
    """Find windows that reach before the data, wherever they end."""
    longest, span = max(alert.windows), usual.evaluation.timeline.size * usual.step
    if longest > span:
        yield Finding(
            "window-beyond-data",
            repr(alert),
            f"the data span {duration_text(span)}, and it looks back {duration_text(longest)}: until then it counts "
            "what is there",
            'more data, or min_coverage="100%" to keep it silent until then',
            "advice",
        )


BY_TRAFFIC: tuple[Callable[[Usual, Alert], Iterator[Finding]], ...] = (
    window_beyond_data,
    one_failure_fires,
    evidence_out_of_reach,
)
"""The rules for one alert at the usual traffic, in the order in which they are told."""


def _of(row: WindowTotals, count: int) -> str:
    """Say which series it is, and how many others there are."""
    if not row.who:
        return ""
    return f"{row.who} and {plural(count - 1, 'other series', 'other series')}: " if count > 1 else f"{row.who}: "


def _length(span: int) -> str:
    """Write a length of time in words, without the number where it is one: ``12 minutes``, ``hour``."""
    for unit, word in _WORDS:
        count, rest = divmod(span, UNITS[unit])
        if count and not rest:
            return word if count == 1 else plural(count, word)
    return duration_text(span)


def _rate(window: int) -> str:
    """Write a window as what an amount is a rate of: ``a week``, ``in 30 days``."""
    if window == UNITS["w"]:
        return "a week"
    words = _length(window)
    return f"in {words}" if words[0].isdigit() else f"{'an' if words == 'hour' else 'a'} {words}"
