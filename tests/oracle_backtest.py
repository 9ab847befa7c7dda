"""Brute force for backtests: loops over buckets and incidents that know nothing of levels, sums or slokit.

An alert's verdict at the end of a bucket is in force until the end of the next. An incident may be told of by every
verdict that is in force at its start or in the grace before, and by the verdict of every bucket that it touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.oracle_policy import Setting

Span = tuple[int, int]
MONTH = 30 * 86_400 * 10**9


@dataclass(frozen=True)
class History:
    """One row of evidence, the incidents in it, and the part ``[first, stop)`` of its buckets that is scored."""

    setting: Setting
    incidents: Sequence[Span]
    grace: int
    first: int
    stop: int

    @property
    def step(self) -> int:
        """Return the length of a bucket."""
        return self.setting.row.step

    def end(self, t: int) -> int:
        """Return the end of a bucket."""
        return self.setting.row.start + (t + 1) * self.step

    def tells(self, t: int, incident: Span) -> bool:
        """Say whether the verdict at the end of a bucket may be about an incident."""
        start, end = incident
        in_force = self.end(t) <= start and self.end(t) + self.step > start - self.grace
        begin = self.end(t) - self.step
        touched = begin <= start < self.end(t) or (begin < end and self.end(t) > start)
        return in_force or touched

    @property
    def scored(self) -> list[Span]:
        """Return the incidents that begin in the part, in the order of time."""
        low, high = self.end(self.first) - self.step, self.end(self.stop - 1)
        return sorted(span for span in self.incidents if low <= span[0] < high)


def runs(firing: Sequence[bool], first: int, stop: int) -> list[list[int]]:
    """Return the runs of firing buckets in a part."""
    found: list[list[int]] = []
    for t in range(first, stop):
        if firing[t]:
            if t > first and firing[t - 1]:
                found[-1].append(t)
            else:
                found.append([t])
    return found


def outcome(history: History, firing: Sequence[bool], incident: Span) -> dict[str, Any]:
    """Return what becomes of one incident; times in nanoseconds."""
    start, end = incident
    told = [t for t in range(history.first, history.stop) if firing[t] and history.tells(t, incident)]
    if not told:
        return {"detect": None, "already": False, "reset": None, "spent": None}
    first = told[0]
    over = next((t for t in range(told[-1], history.stop) if not firing[t]), None)
    behind = [t for t in range(history.first, history.stop) if history.end(t) - history.step >= max(end, start + 1)]
    reset = None
    if over is not None and behind:
        seen = history.setting.row.observed
        if all(seen[t] for t in behind if t <= max(over, behind[0])):
            reset = max(0, history.end(over) - end)
    return {
        "detect": max(0, history.end(first) - start),
        "already": history.end(first) <= start,
        "reset": reset,
        "spent": spent(history, start, first),
    }


def spent(history: History, start: int, told: int) -> float | None:
    """Return the share of the objective's budget that went in the buckets from the incident's start to the page."""
    setting = history.setting
    bad = sum(setting.row.bad[t] for t in range(told + 1) if history.end(t) > start)
    total = setting.events(told, setting.width)[1]
    return float(Fraction(bad) / ((1 - setting.target) * total)) if total else None


def ranked(values: Sequence[Any], share: Fraction) -> Any:
    """Return the smallest of some values that so large a share of them does not exceed."""
    return next((v for v in sorted(values) if sum(w <= v for w in values) >= share * len(values)), None)


def figures(history: History, firing: Sequence[bool]) -> dict[str, Any]:
    """Return all figures by name; times in nanoseconds."""
    outcomes = [outcome(history, firing, span) for span in history.scored]
    detect = [one["detect"] for one in outcomes if one["detect"] is not None]
    reset = [one["reset"] for one in outcomes if one["reset"] is not None]
    shares = [one["spent"] for one in outcomes if one["spent"] is not None]
    alarms = runs(firing, history.first, history.stop)
    true = sum(any(history.tells(t, span) for t in alarm for span in history.incidents) for alarm in alarms)
    observed = sum(history.setting.row.observed[history.first : history.stop]) * history.step
    buckets = range(history.first, history.stop)

    def share(top: int, bottom: int) -> float | None:
        return float(Fraction(top, bottom)) if bottom else None

    return {
        "incidents": len(outcomes),
        "detected": len(detect),
        "missed": len(outcomes) - len(detect),
        "already_firing": sum(one["already"] for one in outcomes),
        "notifications": len(alarms),
        "true_alarms": true,
        "false_alarms": len(alarms) - true,
        "precision": share(true, len(alarms)),
        "recall": share(len(detect), len(outcomes)),
        "pages_per_month": share(len(alarms) * MONTH, observed),
        "false_alarms_per_month": share((len(alarms) - true) * MONTH, observed),
        "detect_median": ranked(detect, Fraction(1, 2)),
        "detect_p90": ranked(detect, Fraction(9, 10)),
        "reset_median": ranked(reset, Fraction(1, 2)),
        "reset_p90": ranked(reset, Fraction(9, 10)),
        "reset_unknown": len(detect) - len(reset),
        "spent_median": ranked(shares, Fraction(1, 2)),
        "spent_worst": max(shares, default=None),
        "firing_share": share(sum(bool(firing[t]) for t in buckets), len(buckets)),
    }
