"""From what fired where to figures: times, alarms and budget, of one alert and of thousands of settings alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._kernels.sweeps import Tally
from slokit.analysis.backtest.figures import Columns
from slokit.analysis.backtest.labels import Part
from slokit.evaluation import Evaluation
from slokit.evaluation.spending import budget_window, share_of_budget

__all__ = ["Replay", "replay"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_NEVER = 2**63 - 1
_EXACT_FLOAT = 2**53


@attrs.frozen(kw_only=True, eq=False)
class Replay:
    """What ``n`` settings would have done in one part of history.

    Parameters
    ----------
    columns
        The figures.
    found
        The bucket, counted from the first of the timeline, at whose end each setting tells of each incident; -1 where
        it does not: shape ``(i, n)``.
    detect, reset
        Times in nanoseconds, -1 where there is none or nobody knows, shape ``(i, n)``.
    spent
        Share of the budget from an incident's start until then, NaN where there is none, shape ``(i, n)``.
    """

    columns: Columns
    found: Ints
    detect: Ints
    reset: Ints
    spent: Floats


def replay(ev: Evaluation, part: Part, tallies: Sequence[Tally]) -> Replay:
    """Work out the figures of all thresholds of some tallies, one after another."""
    timeline, spans = ev.timeline, part.spans

    def joined(name: str) -> Any:
        return np.concatenate([getattr(one, name) for one in tallies], axis=-1)

    here, over, stop = joined("found"), joined("over"), spans.stop[:, np.newaxis]
    is_found, found = here >= 0, here + part.first
    # One that ends long behind the evidence is told of nowhere but in it.
    starts, ends = (
        np.array([timeline.start - min(getattr(one, side), timeline.end) for one in part.incidents], dtype=np.int64)
        for side in ("start", "end")
    )
    detect = np.where(is_found, np.maximum(starts[:, np.newaxis] + (found + 1) * timeline.step, 0), -1)
    # The firing was over, and history went on until then, in the buckets behind the incident and all up to that one.
    known = is_found & (np.maximum(over, stop) < part.known_until[:, np.newaxis])
    reset = np.where(known, np.maximum(ends[:, np.newaxis] + (over + part.first + 1) * timeline.step, 0), -1)
    spent = _spent(ev, part, np.where(is_found, found, -1))
    arrays: dict[str, npt.NDArray[Any]] = {
        "detected": np.count_nonzero(is_found, axis=0),
        "already_firing": np.count_nonzero(is_found & (found < part.begins[:, np.newaxis]), axis=0),
        "notifications": joined("episodes"),
        "true_alarms": joined("true"),
        "firing": joined("firing") * timeline.step,
        "reset_unknown": np.count_nonzero(is_found & ~known, axis=0),
    }
    for name, times in (("detect", detect), ("reset", reset)):
        arrays[f"{name}_median"], arrays[f"{name}_p90"] = _ranked(times, (5, 9))
    arrays["spent_median"], arrays["spent_worst"] = _ranked(spent, (5, 10))
    columns = Columns(
        incidents=len(part.incidents),
        observed=part.observed * timeline.step,
        span=(part.stop - part.first) * timeline.step,
        arrays=arrays,
    )
    return Replay(columns=columns, found=np.where(is_found, found, -1), detect=detect, reset=reset, spent=spent)


def _ranked(values: npt.NDArray[Any], tenths: tuple[int, ...]) -> list[npt.NDArray[Any]]:
    """Return of each column the smallest value that so many tenths do not exceed, of those that are there.

    Missing ones are -1 or NaN, and so is the answer where all are.
    """
    is_float = values.dtype.kind == "f"
    missing = np.isnan(values) if is_float else values < 0
    none: Any = np.nan if is_float else -1
    if not len(values):
        return [np.full(values.shape[1], none, dtype=values.dtype) for _ in tenths]
    # One setting a row, so that each is sorted where it lies.
    rows = np.sort(np.where(missing, np.inf if is_float else _NEVER, values).T, axis=-1)
    count = len(values) - np.count_nonzero(missing, axis=0)
    ranks = [np.maximum(-(-tenth * count // 10) - 1, 0) for tenth in tenths]
    at = np.arange(len(rows))
    return [np.where(count > 0, rows[at, rank], none) for rank in ranks]


def _spent(ev: Evaluation, part: Part, found: Ints) -> Floats:
    """Return the share of the budget that went from each incident's start until it was told of, correctly rounded."""
    out = np.full(found.shape, np.nan)
    row, column = np.nonzero(found >= 0)
    if not row.size:
        return out
    sums, told = ev._sums, found[row, column]
    # Told before it began: nothing of it was spent yet.
    begins = np.minimum(part.begins[row], told + 1)
    share = 1 - sums.target_of(())
    window = budget_window(sums)
    if max(sums.bad.row_bound * share.denominator, sums.total.row_bound * share.numerator) < _EXACT_FLOAT:
        bad = sums.bad.values[told + 1] - sums.bad.values[begins]
        whole = sums.total.values[told + 1] - sums.total.values[np.maximum(told + 1 - window, 0)]
        # Both products are exact, so that the quotient is rounded once.
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (bad * share.denominator) / (whole * share.numerator)
        shares[whole == 0] = np.nan
        out[row, column] = shares
        return out
    pairs, which = np.unique(np.stack([begins, told]), axis=1, return_inverse=True)
    exact = [share_of_budget(sums, sums.events(begin, last + 1)[1], last + 1) for begin, last in pairs.T.tolist()]
    out[row, column] = np.array([np.nan if one is None else float(one) for one in exact])[which.ravel()]
    return out
