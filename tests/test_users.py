from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, Counts, Evaluation, Timeslices
from slokit.analysis.users import minutes_lost, within
from slokit.errors import InvalidCounts, InvalidNumber, OutOfTimeline, UnknownLabel, WrongType
from tests.evaluations import START, evaluated
from tests.test_value_objects import BITE


def fleet(bad: Any, total: Any = 100, *, names: Any = ("acme", "globex"), **more: Any) -> Evaluation:
    """Return tenants by the minute."""
    return evaluated(bad, total, step="1m", labels={"tenant": list(names)}, **more)


def test_tenants_are_held_against_their_own_targets() -> None:
    """One in ten is within 90% and not within 95%."""
    counts = Counts.from_buckets(
        start=START, step="1m", bad=[[10], [10]], total=[[100], [100]], labels={"tenant": ["acme", "globex"]}
    )
    slo = SLO("x", sli=SLI.ratio("x"), target="90%", window="1m")
    assert within(slo.evaluate(counts)).share_at() == 1
    assert within(slo.per("tenant", target={"acme": "95%"}).evaluate(counts)).share_at() == Fraction(1, 2)


def test_tenants_without_data_are_not_judged() -> None:
    """Neither within nor without; and nobody at all is no share."""
    found = within(fleet([[0, 0], [5, 0]], [[100, 0], [100, 0]], target="99%", window="1m"))
    assert (found.met.tolist(), found.judged.tolist()) == ([1, 0], [2, 0])
    assert np.isnan(found.share).tolist() == [False, True]
    assert found.share_at() is None
    assert found.share_at("2026-01-01T00:01Z") == Fraction(1, 2)
    assert found.worst() == ()
    assert "no data" in repr(found)


def test_the_worst_tenants_come_first_with_their_labels() -> None:
    """By what is left of their budget, equals in the order of labels; at any instant."""
    found = within(fleet([[0, 9], [5, 0], [0, 9]], names="abc", target="90%", window="1m"))
    assert [status.labels for status in found.worst(2)] == [(("tenant", "a"),), (("tenant", "c"),)]
    assert [status.labels[0][1] for status in found.worst(1, "2026-01-01T00:01Z")] == ["b"]
    assert found.worst(0) == ()
    with pytest.raises(InvalidNumber, match="count"):
        found.worst(-1)
    with pytest.raises(WrongType, match="count"):
        found.worst("2")  # type: ignore[arg-type]


def test_an_axis_must_be_meant() -> None:
    """The only one, or the one that is named."""
    with pytest.raises(WrongType, match="got none"):
        within(evaluated([1, 2]))
    two = evaluated([[[1], [2]]], labels={"tenant": ["acme"], "region": ["eu", "us"]})
    with pytest.raises(WrongType, match="'tenant', 'region'; name one"):
        within(two)
    assert within(two, "region").met.shape == (1, 1)
    with pytest.raises(UnknownLabel, match="no axis"):
        within(two, "country")


def test_every_event_is_a_user_unless_users_are_given() -> None:
    """Then the user-minutes lost are bad events times the minutes of a bucket, whole numbers."""
    found = minutes_lost(evaluated([3, 0, 7], 100, step="5m", window="10m"))
    assert found.total == 35
    assert found.of == 1000
    assert minutes_lost(evaluated([3, 0, 7], 100, step="5m", window="10m"), everything=True).total == 50


def test_thirds_of_minutes_are_exact() -> None:
    """A third of the events, three times, is one minute, and not 0.9999."""
    found = minutes_lost(evaluated([1, 1, 1], 3, step="1m"), 1, everything=True)
    assert found.total == 1
    assert minutes_lost(evaluated([1], 3, step="1s"), 1).total == Fraction(1, 180)


def test_many_different_totals_are_added_exactly() -> None:
    """Two thousand denominators, against fractions added one by one."""
    draw = np.random.default_rng(0)
    total = draw.integers(1, 10_000, 2_000)
    bad, people = draw.binomial(total, 0.3), draw.integers(0, 500, 2_000)
    found = minutes_lost(evaluated(bad, total, step="1m"), people, everything=True)
    one_by_one = (Fraction(int(p) * int(b), int(n)) for p, b, n in zip(people, bad, total, strict=True))
    assert found.total == sum(one_by_one, Fraction(0))


def test_slices_are_lost_whole() -> None:
    """With timeslices both ways of weighing are the same: a slice is bad or it is not."""
    slo = SLO("x", sli=SLI.ratio("x"), target="90%", window="4m", budgeting=Timeslices("2m", target=0.95))
    ev = slo.evaluate(Counts.from_buckets(start=START, step="1m", bad=[9, 0, 2, 2], total=[100] * 4))
    assert minutes_lost(ev, 7).total == minutes_lost(ev, 7, weighing="bucket").total == 0
    ev = slo.evaluate(Counts.from_buckets(start=START, step="1m", bad=[9, 2, 2, 2], total=[100] * 4))
    assert minutes_lost(ev, 7).total == minutes_lost(ev, 7, weighing="bucket").total == 14


def test_on_the_objective_no_bucket_is_lost() -> None:
    """A bucket that burns at exactly 1 is within it."""
    ev = evaluated([10, 11], 100, target="90%", step="1m")
    assert minutes_lost(ev, 5, weighing="bucket").total == 5


def test_huge_numbers_of_users_do_not_wrap() -> None:
    """Sums are Python integers where int64 would not hold them."""
    ev = evaluated([2**62] * 4, 2**62, step="1m")
    assert minutes_lost(ev, 2**62).total == 2**64
    assert minutes_lost(ev, 2**62, weighing="bucket").of == 2**64


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (InvalidCounts, "integers, got dtype float64", {"users": 1.5}),
        (InvalidCounts, "integers, got dtype bool", {"users": True}),
        (InvalidCounts, "integers", {"users": {"acme": 1.5, "globex": 1}}),
        (InvalidCounts, "0 or more", {"users": -1}),
        (InvalidCounts, "0 or more", {"users": 2**63}),
        (InvalidCounts, "0 or more", {"users": {"acme": -1, "globex": 1}}),
        (InvalidCounts, "got none of 'globex'", {"users": {"acme": 1}}),
        (InvalidCounts, "broadcast", {"users": [1, 2, 3]}),
        (UnknownLabel, "no label 'initech'", {"users": {"acme": 1, "initech": 1}}),
        (WrongType, "weighing must be", {"weighing": "minutes"}),
        (OutOfTimeline, "when must be left out", {"when": "2026-01-01T00:01Z", "everything": True}),
        (WrongType, "must be an Evaluation", {"ev": 3}),
    ],
)
def test_what_are_no_users_is_refused(error: type[Exception], match: str, arguments: dict[str, Any]) -> None:
    """Each message names the field and what was given."""
    given: dict[str, Any] = {"ev": fleet([[1, 2], [3, 4]])} | arguments
    with pytest.raises(error, match=match):
        minutes_lost(given.pop("ev"), given.pop("users", None), **given)


@pytest.mark.parametrize("how", [{"users": 3}, {"users": {"a": 1, "b": 2}}, {"weighing": "bucket"}])
@pytest.mark.parametrize("everything", [False, True])
def test_several_series_without_a_bucket_lose_nothing(how: dict[str, Any], everything: bool) -> None:
    """A row for each, of no user-minutes, however users are given and buckets weighed."""
    slo = SLO("x", sli=SLI.ratio("x"), target="90%", window="4m")
    lost = minutes_lost(
        slo.evaluate(Counts.empty(step="1m", labels={"tenant": ["a", "b"]})), everything=everything, **how
    )
    assert [row.labels[0][1] for row in lost.rows] == ["a", "b"]
    assert all(row.user_minutes == row.of == 0 for row in lost.rows)


def test_labels_do_not_bite() -> None:
    """At a prompt, in a notebook, under rich; arrays are read-only; nothing at all is shown too."""
    ev = fleet([[1, 2], [3, 4]], names=(BITE, BITE + "2"))
    lost, found = minutes_lost(ev), within(ev)
    with pytest.raises(ValueError, match="read-only"):
        found.met[0] = 1
    assert lost.records()[0]["tenant"] == BITE + "2"
    assert hash(lost) == hash(minutes_lost(ev))
    assert found == within(ev)
    empty = SLO("x", sli=SLI.ratio("x"), target="90%", window="4m").evaluate(
        Counts.empty(step="1m", labels={"tenant": ["a"]})
    )
    values: list[Any] = [lost, *lost.rows, found, minutes_lost(empty), within(empty)]
    for one in values:
        html = one._repr_html_()
        assert html.startswith("<table>")
        assert "<script" not in html
        assert "\u202e" not in html + repr(one) + str(list(one.__rich_repr__()))
    assert "no data" in repr(minutes_lost(empty))
