"""The objective: what it refuses, what it records, and what evaluate() does before anything is judged."""

from __future__ import annotations

import copy
import pickle
import warnings
from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, CalendarWindow, Counts, RatioTimeslices, Timeslices
from slokit.errors import (
    InvalidCounts,
    InvalidSLO,
    InvalidTarget,
    InvalidWindow,
    LabelWithoutCounts,
    SlokitError,
    SuspiciousTarget,
    UnknownLabel,
    WrongType,
)
from slokit.slo import OwnTargets

UP = SLI.ratio("up")
HOURS = Counts.from_buckets(
    start="2026-01-01T00:00Z",
    step="1h",
    total=[[10, 10, 10], [20, 20, 20]],
    bad=[[0, 1, 0], [4, 4, 4]],
    labels={"tenant": ["acme", "globex"]},
)


def slo(**fields: Any) -> SLO:
    """Return an objective with some fields changed."""
    return SLO(**{"name": "checkout", "sli": UP, "target": "90%", "window": "2h", **fields})


@pytest.mark.parametrize(
    ("fields", "error", "says"),
    [
        ({"name": ""}, InvalidSLO, "name"),
        ({"name": "a\x1b[31m"}, InvalidSLO, "name"),
        ({"name": 5}, WrongType, "name"),
        ({"sli": "up"}, WrongType, "sli"),
        ({"target": 99.9}, InvalidTarget, "99.9%"),
        ({"target": 1}, InvalidTarget, "no error budget"),
        ({"budgeting": "timeslices"}, WrongType, "budgeting"),
        ({"budgeting": Timeslices("7m", target=0.9)}, InvalidWindow, "window"),
        ({"missing": "worst"}, InvalidSLO, "missing"),
        ({"missing": "bad"}, InvalidSLO, "missing_events"),
        ({"missing": "ignore", "missing_events": 3}, InvalidSLO, "missing_events"),
        ({"missing": "repeat", "missing_events": 3}, InvalidSLO, "missing_events"),
        ({"missing": "bad", "missing_events": 0}, InvalidSLO, "missing_events"),
        ({"missing": "bad", "missing_events": True}, WrongType, "missing_events"),
        ({"missing": "bad", "missing_events": 1, "budgeting": RatioTimeslices("1h")}, InvalidSLO, "slice"),
        ({"owner": "x" * 1001}, InvalidSLO, "owner"),
        ({"enforced": 1}, WrongType, "enforced"),
        ({"own_targets": {"a": 1}}, WrongType, "own_targets"),
    ],
)
def test_a_field_that_cannot_be_is_refused_by_name(fields: dict[str, Any], error: type[SlokitError], says: str) -> None:
    """Each contradiction is found when the objective is made, not when it is held against evidence."""
    with pytest.raises(error, match=says):
        slo(**fields)


def test_an_objective_is_a_value() -> None:
    """Equal however its target was written, hashable, and the same after copying and pickling (case 37)."""
    a, b = slo(target="99.9%"), slo(target=0.999)
    assert a == b
    assert hash(a) == hash(b)
    assert pickle.loads(pickle.dumps(a)) == copy.deepcopy(a) == a


def test_a_full_outage_spends_the_budget_of_thirty_days_in_43_minutes() -> None:
    """99.9% of 30 days leaves 43 min 12 s; a calendar window has no one length."""
    assert slo(target="99.9%", window="30d").error_budget_duration == timedelta(minutes=43, seconds=12)
    assert slo(window=CalendarWindow("month")).error_budget_duration is None


# --- targets of their own -------------------------------------------------------------------------------------------


def test_labels_have_targets_of_their_own() -> None:
    """The named label is held to its own target, the others to the objective's."""
    ev = slo().per("tenant", target={"globex": "75%"}).evaluate(HOURS)
    assert [s.target for s in ev.statuses()] == [Fraction(9, 10), Fraction(3, 4)]
    assert [s.met for s in ev.statuses()] == [True, True]
    assert slo().evaluate(HOURS).sel(tenant="globex").at().met is False
    with pytest.raises(WrongType, match="pick one series"):
        _ = ev.target


def test_a_label_without_counts_is_warned_of_and_an_axis_is_refused() -> None:
    """A misspelt label would silently be judged by the wrong target."""
    with pytest.warns(LabelWithoutCounts, match="glbex"):
        slo().per("tenant", target={"glbex": "75%"}).evaluate(HOURS)
    with pytest.raises(UnknownLabel, match="region"):
        slo().per("region", target={"eu": "75%"}).evaluate(HOURS)


def test_own_targets_lie_along_one_axis_and_are_checked() -> None:
    """A second axis would drop the first without a word."""
    own = slo().per("tenant", target={"globex": "75%", "acme": 0.5})
    assert own.own_targets == OwnTargets("tenant", (("acme", Fraction(1, 2)), ("globex", Fraction(3, 4))))
    with pytest.raises(InvalidSLO, match="one axis"):
        own.per("region", target={"eu": "75%"})
    assert own.per("tenant", target={}).own_targets == OwnTargets("tenant", ())
    with pytest.raises(InvalidTarget):
        slo().per("tenant", target={"acme": 2})
    with pytest.raises(WrongType, match="label"):
        slo().per("tenant", target={5: "75%"})  # type: ignore[dict-item]
    with pytest.raises(WrongType, match="map labels"):
        slo().per("tenant", target="75%")  # type: ignore[arg-type]


# --- evaluate -------------------------------------------------------------------------------------------------------


def test_settling_judges_only_buckets_that_late_data_can_no_longer_change() -> None:
    """Two hours and a bit of settling cut three hours to none; zero cuts nothing, however it is written."""
    for none in ("0s", "0m", timedelta(0)):
        assert slo().evaluate(HOURS, settle=none).timeline.size == 3
    assert slo().evaluate(HOURS, settle="30m").timeline.size == 2
    assert slo().evaluate(HOURS, settle="2h").timeline.size == 1
    assert slo().evaluate(HOURS, settle="9h").timeline.size == 0
    with pytest.raises(SlokitError, match="settle"):
        slo().evaluate(HOURS, settle="-1h")


@pytest.mark.parametrize(
    ("window", "expected", "error"),
    [
        ("2h", 10, InvalidSLO),
        (CalendarWindow("day"), -1, InvalidSLO),
        (CalendarWindow("day"), 2**70, InvalidSLO),
        (CalendarWindow("day"), 1.5, WrongType),
        (CalendarWindow("day"), [1, 2, 3], WrongType),
        (CalendarWindow("day"), [[1, 2], [3]], InvalidSLO),
        (CalendarWindow("day"), np.ma.array([1, 2], mask=[False, True]), WrongType),
    ],
)
def test_an_expected_total_must_be_one_or_one_a_series(window: Any, expected: Any, error: type[SlokitError]) -> None:
    """Where nothing is expected, or as something else than counts, it is refused."""
    with pytest.raises(error, match="expected_total"):
        slo(window=window).evaluate(HOURS, expected_total=expected)


def test_each_series_may_expect_its_own_total() -> None:
    """One number a series, in the shape of the leading axes."""
    ev = slo(window=CalendarWindow("day")).evaluate(HOURS, expected_total=[240, 1000])
    assert [s.error_budget.basis_total for s in ev.statuses()] == [240, 1000]
    assert [ev.sel(tenant=name).at().error_budget.basis_total for name in ("acme", "globex")] == [240, 1000]


def test_what_is_no_evidence_is_refused() -> None:
    """A list of numbers says neither when nor which of them are good."""
    with pytest.raises(WrongType, match="counts must be Counts"):
        slo().evaluate([1, 2, 3])  # type: ignore[arg-type]


def test_a_slice_too_full_to_count_is_refused() -> None:
    """A slice holds at most 2**63 - 1 events, as any bucket."""
    full = Counts.from_buckets(start="2026-01-01T00:00Z", step="30m", good=[2**62] * 4, bad=[0] * 4)
    with pytest.raises(InvalidCounts):
        slo(budgeting=Timeslices("1h", target=0.9)).evaluate(full)


def test_a_suspicious_target_is_reported_where_it_was_written() -> None:
    """The warning points at this file, not into slokit or what attrs generated."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        slo(target="0.9%")
        slo().per("tenant", target={"acme": "0.9%"})
    assert [w.category for w in caught] == [SuspiciousTarget] * 2
    assert [w.filename for w in caught] == [__file__] * 2


def test_missing_buckets_never_count_as_observed() -> None:
    """They may be counted bad, and coverage goes on saying that nobody saw them."""
    holes = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[10, 0], bad=[0, 0], observed=[True, False])
    status = slo(missing="bad", missing_events="last").evaluate(holes).at()
    assert (status.good, status.bad, status.coverage) == (10, 10, 0.5)
    assert np.isclose(slo().evaluate(holes).coverage[-1], 0.5)
