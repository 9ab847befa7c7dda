"""A summary as plain data, for other programs: what ``--json`` prints.

The shape has a version and only ever grows within it. Nothing is rounded: floats are those of a Status, and what must
be exact is text.
"""

from __future__ import annotations

from typing import Any

from slokit.evaluation import WorstWindow
from slokit.rational import decimal_text
from slokit.report.summary import Summary, Taken
from slokit.status import Status
from slokit.timeline import instant_text

__all__ = ["status_dict", "to_dict"]


def to_dict(summary: Summary) -> dict[str, Any]:
    """Return a summary as plain data: text, numbers, lists and None, ready for JSON.

    Rationals are decimal text, instants ISO text in UTC, durations text such as ``"5m"``. Figures that do not exist
    are None, never NaN.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> from slokit.report.summary import summarise
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", good=[990], bad=[10])
    >>> to_dict(summarise(SLO("up", sli=SLI.ratio("up"), target="99%", window="1h"), counts))["error_budget"][
    ...     "exhausted"
    ... ]
    True
    """
    slo = summary.slo
    several = len(summary.statuses) > 1 or bool(summary.status.labels)
    return {
        "version": 1,
        "slo": {
            "name": slo.name,
            "service": slo.service,
            "owner": slo.owner,
            "indicator": slo.sli.name,
            "target": decimal_text(slo.target),
            "window": str(slo.window),
            "budgeting": repr(slo.budgeting),
            "missing": slo.missing,
            "enforced": slo.enforced,
        },
        "source": summary.source,
        "window_start": instant_text(summary.start),
        "window_end": instant_text(summary.end),
        "period_end": None if summary.period_end is None else instant_text(summary.period_end),
        **({"missed": summary.missed, "unknown": summary.unknown} if several else status_dict(summary.status)),
        **({"series": [status_dict(s) for s in summary.statuses]} if several else {}),
        "burn_rates": dict(summary.burns) if not several else None,
        "worst": [_worst_dict(w) for w in summary.worst],
        "holes": {
            "buckets": summary.hole.buckets,
            "before_data": summary.hole.before,
            "longest": [instant_text(summary.hole.start), instant_text(summary.hole.end)] if summary.hole.end else None,
        },
        "exclusions": [_taken_dict(taken) for taken in summary.taken],
        "without_exclusions": [status_dict(s) for s in summary.without],
    }


def status_dict(status: Status) -> dict[str, Any]:
    """Return a status as plain data."""
    budget = status.error_budget
    return {
        **({"labels": dict(status.labels)} if status.labels else {}),
        "at": None if status.time is None else status.time.isoformat().replace("+00:00", "Z"),
        "verdict": status.verdict,
        "met": status.met,
        "target": decimal_text(status.target),
        "good": status.good,
        "bad": status.bad,
        "total": status.total,
        "unit": status.unit,
        "sli": status.sli,
        "coverage": status.coverage,
        "excluded": status.excluded_share,
        "burn_rate": status.burn_rate(),
        "error_budget": {
            "allowed": budget.allowed,
            "consumed": budget.consumed,
            "remaining": budget.remaining,
            "remaining_ratio": budget.remaining_ratio,
            "bad_events_left": budget.bad_events_left,
            "exhausted": budget.exhausted,
            "basis": budget.basis,
            "is_estimate": budget.is_estimate,
        },
    }


def _worst_dict(worst: WorstWindow) -> dict[str, Any]:
    return {
        **({"labels": dict(worst.labels)} if worst.labels else {}),
        "window": worst.window,
        "start": None if worst.start is None else worst.start.isoformat().replace("+00:00", "Z"),
        "end": None if worst.end is None else worst.end.isoformat().replace("+00:00", "Z"),
        "good": worst.good,
        "bad": worst.bad,
        "burn_rate": worst.burn_rate,
    }


def _taken_dict(taken: Taken) -> dict[str, Any]:
    exclusion = taken.exclusion
    return {
        "start": None if exclusion.start is None else instant_text(exclusion.start),
        "end": None if exclusion.end is None else instant_text(exclusion.end),
        "recurrence": None if exclusion.recurrence is None else exclusion.recurrence.text,
        "reason": exclusion.reason,
        "approved_by": exclusion.approved_by,
        "proposed": exclusion.proposed,
        "scope": {axis: list(labels) for axis, labels in exclusion.scope},
        "times": taken.times,
        "buckets": taken.buckets,
        "good": taken.good,
        "bad": taken.bad,
    }
