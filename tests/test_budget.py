"""Error budgets as arrays: what each basis makes of the same events."""

from __future__ import annotations

from slokit import SLI, SLO, CalendarWindow, Counts


def test_each_bucket_says_what_its_own_basis_leaves() -> None:
    """A bad event more counts into a total that is still open, and not into one that is known.

    Half of the events must be good. Of ten so far with two bad, six more bad ones fit: eight of sixteen. Of a day of
    240 with 48 bad, 72 fit; of 240 expected with four bad, 116.
    """
    day = SLO("answers", sli=SLI.ratio("answers"), target="50%", window=CalendarWindow("day"))
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=[2] * 30, total=[10] * 30)
    ev = day.evaluate(counts)
    budget = ev.error_budget
    assert [str(budget.basis[t]) for t in (0, 23, 25)] == ["elapsed", "full", "expected"]
    assert budget.bad_events_left[[0, 23, 25]].tolist() == [6, 72, 116]
    for t in range(30):
        assert ev.at(counts.timeline.ends[t]).error_budget.bad_events_left == budget.bad_events_left[t]
