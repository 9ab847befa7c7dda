from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest

from slokit import SLI, SLO, CalendarWindow, Counts, Evaluation, Timeslices
from slokit.analysis.projection import Projection, project
from slokit.analysis.simulate import Traffic, counts
from slokit.errors import InvalidCounts, InvalidNumber, InvalidWindow, OutOfTimeline, WrongType

START = "2026-01-01T00:00Z"
DAY = CalendarWindow("day")


def evidence(size: int, seed: int = 3, most: int = 60, step: str = "1h") -> Counts:
    """Draw counts whose bad events come in runs, with quiet buckets."""
    draw = np.random.default_rng(seed)
    total = draw.integers(0, most, size) * (draw.random(size) < 0.9)
    share = np.repeat(draw.choice([0.0, 0.0, 0.05, 0.4], size // 3 + 1), 3)[:size]
    return Counts.from_buckets(start=START, step=step, total=total, bad=draw.binomial(total, share))


def evaluation(
    found: Counts, window: str | CalendarWindow, target: str = "90%", expected_total: int | None = None, **options: Any
) -> Evaluation:
    """Hold an objective against counts."""
    slo = SLO("checkout", sli=SLI.ratio("up"), target=target, window=window, **options)
    return slo.evaluate(found, expected_total=expected_total)


def bursty() -> Evaluation:
    """Return sixty days of simulated hours with bursts of errors."""
    traffic = Traffic(per_minute=100, error_share=0.0008, error_bursts=1.0, burst_memory="6h")
    return evaluation(counts(traffic, start=START, duration="60d", step="1h", seed=1), "30d", "99.9%")


# --- the same paths, bucket by bucket in Python ---------------------------------------------------------------------


def drawn_buckets(
    found: Counts, *, ahead: int, many: int, block: int, history: int, paths: int, seed: int
) -> list[list[tuple[int, int]]]:
    """Return the buckets that each path is made of, with the draws that the projection makes."""
    past = list(zip(found.bad.tolist(), found.total.tolist(), strict=True))[-history * many :]
    blocks = -(-ahead // (many * block))
    futures = []
    for begins in np.random.default_rng(seed).integers(0, history, size=(paths, blocks)).tolist():
        buckets = []
        for begin in begins:
            for offset in range(block):
                at = (begin + offset) % history * many
                buckets += past[at : at + many]
        futures.append(buckets[:ahead])
    return futures


Moment = tuple[Fraction | None, bool, bool]


def judged(bad: int, total: int, whole: int, target: Fraction) -> Moment:
    """Return what is left of a budget, whether it is missed, and whether exhausted."""
    if total == 0:
        return None, False, False
    allowed = (1 - target) * whole
    return (allowed - bad) / allowed, bad > (1 - target) * total, bad > 0 and bad >= allowed


def hold(found: Projection, truth: list[list[Moment]], *, at_end: bool) -> None:
    """Hold a projection against paths that were reckoned one by one."""
    assert found.remaining_ratio.shape == (len(truth), len(truth[0]))
    for ratios, path in zip(found.remaining_ratio.tolist(), truth, strict=True):
        for ratio, (left, _, _) in zip(ratios, path, strict=True):
            assert np.isnan(ratio) if left is None else ratio == pytest.approx(float(left), rel=1e-14, abs=1e-14)
    missed = [[miss for _, miss, _ in path] for path in truth]
    assert found.chance_missed.tolist() == np.mean(missed, axis=0).tolist()
    assert found.chance_of_missing == np.mean([path[-1] if at_end else any(path) for path in missed])
    assert found.chance_exhausted == np.mean([any(gone for _, _, gone in path) for path in truth])


@pytest.mark.parametrize("window", ["4h", "12h", "20h", "40h"])
@pytest.mark.parametrize("history", [None, "18h"])
def test_a_rolling_projection_is_its_paths_one_by_one(window: str, history: str | None) -> None:
    """Old buckets leave, then those of the path; windows shorter and longer than horizon and evidence alike."""
    found, target, many = evidence(31), Fraction(9, 10), 2
    told = project(evaluation(found, window), horizon="24h", block="6h", step="2h", paths=40, seed=5, history=history)
    steps = 15 if history is None else 9
    width = int(window[:-1])
    truth = []
    for future in drawn_buckets(found, ahead=24, many=many, block=3, history=steps, paths=40, seed=5):
        buckets = [*zip(found.bad.tolist(), found.total.tolist(), strict=True), *future]
        path = []
        for end in range(31 + many, 31 + 24 + 1, many):
            held = buckets[max(end - width, 0) : end]
            bad, total = sum(b for b, _ in held), sum(n for _, n in held)
            path.append(judged(bad, total, total, target))
        truth.append(path)
    hold(told, truth, at_end=False)
    assert told.times[0] == np.datetime64("2026-01-02T09:00", "ns")
    assert told.times[-1] == np.datetime64("2026-01-03T07:00", "ns")
    assert 0 < told.chance_of_missing


@pytest.mark.parametrize("size", [30, 48, 53])
@pytest.mark.parametrize("basis", ["expected", "given", "elapsed", "slices"])
def test_a_calendar_projection_is_its_paths_one_by_one(size: int, basis: str) -> None:
    """To the end of the running day, or of the next where one has just ended; the last step may be cut short."""
    found, target, many = evidence(size), Fraction(9, 10), 4
    if basis == "slices":
        options: dict[str, Any] = {"budgeting": Timeslices("1h", target="80%")}
    else:
        options = {"expected_total": 1_000} if basis == "given" else {}
    if basis == "elapsed":
        # The data begin inside a day: they hold no whole one before the running one.
        found = found.between("2026-01-01T05:00Z")
        if size == 30:
            found = found.between("2026-01-01T05:00Z", "2026-01-01T23:00Z")
    ev = evaluation(found, DAY, "90%", **options)
    buckets = [
        (int(b), int(n)) for b, n in zip(np.diff(ev._sums.bad.values), np.diff(ev._sums.total.values), strict=True)
    ]
    hour = int((found.timeline.end - np.datetime64("2026-01-01", "ns").astype(np.int64)) // 3_600_000_000_000)
    begun = max(len(buckets) - hour % 24, 0)
    so_far, before = buckets[begun:], buckets[:begun][-24:]
    ahead = 24 - hour % 24
    told = project(ev, block="8h", step="4h", paths=40, seed=2)

    judged_counts = Counts.from_buckets(
        start=START, step="1h", bad=[b for b, _ in buckets], total=[n for _, n in buckets]
    )
    history = len(buckets) // many
    truth = []
    for future in drawn_buckets(judged_counts, ahead=ahead, many=many, block=2, history=history, paths=40, seed=2):
        path = []
        for end in [*range(many, ahead, many), ahead]:
            held = so_far + future[:end]
            bad, total = sum(b for b, _ in held), sum(n for _, n in held)
            whole = total
            if end < ahead:
                if basis == "slices":
                    whole = total + ahead - end
                elif basis == "given":
                    whole = max(total, 1_000)
                elif len(before) == 24:
                    whole = max(total, sum(n for _, n in before))
            path.append(judged(bad, total, whole, target))
        truth.append(path)
    hold(told, truth, at_end=True)
    assert told.calendar
    assert told.times[-1].astype("datetime64[h]").astype(int) % 24 == 0
    assert told.times[-1] > found.timeline.ends[-1]


# --- what it must be ------------------------------------------------------------------------------------------------


def test_a_seed_decides_everything() -> None:
    """Equal arguments give equal projections, another seed another."""
    ev = bursty()
    assert project(ev, paths=50) == project(ev, paths=50)
    assert project(ev, paths=50) != project(ev, paths=50, seed=1)


def test_constant_evidence_projects_to_itself() -> None:
    """What never changes has one future: every path, at every instant, has what is left today."""
    steady = Counts.from_buckets(start=START, step="1h", total=[1000] * 720, bad=[1, 2, 0] * 240)
    found = project(evaluation(steady, "30d", "99.8%"), paths=30, block="3h", step="3h")
    assert (found.remaining_ratio == 0.5).all()
    assert (found.chance_of_missing, found.chance_exhausted) == (0.0, 0.0)
    assert repr(found) == (
        "0% chance of missing by 2026-03-02; budget left 50% [5%: 50%, 95%: 50%]; "
        "blocks of 3h of the last 30d, 30 paths"
    )


def test_exactly_on_the_target_is_exhausted_and_not_missed() -> None:
    """The boundary is judged in integers."""
    steady = Counts.from_buckets(start=START, step="1h", total=[1000] * 72, bad=[1] * 72)
    found = project(evaluation(steady, "24h", "99.9%"), horizon="2d", paths=10)
    assert (found.chance_of_missing, found.chance_exhausted) == (0.0, 1.0)
    assert not found.remaining_ratio.any()


def test_quantiles_are_ordered_and_of_the_paths() -> None:
    """A higher quantile is nowhere lower; the lowest and the highest are the extreme paths."""
    found = project(bursty(), paths=200)
    levels = found.quantiles([0, 0.05, 0.5, 0.95, 1])
    assert levels.shape == (5, len(found.times)) == (5, 720)
    assert levels.dtype == np.float64
    assert (np.diff(levels, axis=0) >= 0).all()
    assert (levels[0] == found.remaining_ratio.min(axis=0)).all()
    assert (levels[-1] == found.remaining_ratio.max(axis=0)).all()
    assert (found.at_end == found.remaining_ratio[:, -1]).all()


def test_blocks_spread_wider_than_hours_drawn_one_by_one() -> None:
    """Errors that come in bursts make bad days, which single hours never do."""
    ev = bursty()
    wide, narrow = (
        float(np.diff(project(ev, block=block, paths=500).quantiles([0.05, 0.95])[:, -1], axis=0)[0])
        for block in ("1d", "1h")
    )
    assert wide > 1.3 * narrow


def test_a_step_is_an_hour_where_that_fits() -> None:
    """Buckets that divide an hour are added up to one; others, and windows that do not fit, stay as they are."""
    minutes = evidence(600, step="10m")
    assert project(evaluation(minutes, "2d"), horizon="1d", block="2h", paths=2).step == 3_600 * 10**9
    assert project(evaluation(minutes, "90m"), horizon="1d", block="2h", paths=2).step == 600 * 10**9
    assert project(evaluation(evidence(90, step="7m"), "70m"), horizon="7h", block="70m", paths=2).step == 420 * 10**9


def test_paths_without_data_say_so() -> None:
    """A window in which nothing came has no ratio, and is neither missed nor exhausted."""
    quiet = Counts.from_buckets(start=START, step="1h", total=[0] * 48, bad=[0] * 48)
    found = project(evaluation(quiet, "6h"), horizon="1d", paths=5)
    assert np.isnan(found.quantiles([0.5])).all()
    assert (found.chance_of_missing, found.chance_exhausted) == (0.0, 0.0)
    assert "; no data; " in repr(found)


def test_a_projection_is_a_value_with_arrays() -> None:
    """Read-only, frozen, without a hash, and shown in one line, a table and facts."""
    found = project(bursty(), paths=20)
    for array in (found.times, found.remaining_ratio, found.chance_missed, found.at_end):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[-1]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        found.step = 1  # type: ignore[misc]
    with pytest.raises(TypeError, match="unhashable"):
        hash(found)
    assert "\n" not in repr(found)
    assert "<table>" in found._repr_html_()
    assert dict(found.__rich_repr__())["assumption"] == found.assumption
    assert found.paths == 20


# --- what it refuses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"block": "90m"}, InvalidWindow, "block of 1h30m is no whole number of buckets of 1h"),
        ({"block": "31d"}, InvalidWindow, "history must hold at least 2 blocks of 31d, got 60d"),
        ({"history": "1d"}, InvalidWindow, "history must hold at least 2 blocks of 1d, got 1d; bring more"),
        ({"history": "61d"}, OutOfTimeline, "history must lie inside the evidence, which holds 60d, got 61d"),
        ({"step": "7h"}, InvalidWindow, "window of 30d is no whole number of buckets of 7h"),
        ({"horizon": "100m"}, InvalidWindow, "horizon of 1h40m is no whole number"),
        ({"paths": 0}, InvalidNumber, "paths must be 1 or more, got 0"),
        ({"paths": 2.5}, WrongType, "paths must be an integer, got float"),
        ({"seed": -1}, InvalidNumber, "seed must be 0 or more, got -1"),
        ({"paths": 10**6}, InvalidNumber, "paths must be at most 93,206 of 720 steps"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    """Each error names the field, what was given and how to mend it."""
    with pytest.raises(error, match=message):
        project(bursty(), **options)


def test_a_calendar_window_has_its_own_horizon() -> None:
    """A horizon for it is an error, as it would be ignored or wrong."""
    with pytest.raises(InvalidWindow, match=r"horizon must be left out for a calendar day \(UTC\)"):
        project(evaluation(evidence(60), DAY), horizon="7d")


def test_one_series_at_a_time() -> None:
    """Several series are picked from, and no bucket at all is no evidence."""
    pair = Counts.from_buckets(start=START, step="1h", total=[[1], [1]], bad=[[0], [0]], labels={"tenant": ["a", "b"]})
    with pytest.raises(WrongType, match=r"pick one with sel\(\)"):
        project(evaluation(pair, "1h"))
    with pytest.raises(OutOfTimeline, match="no bucket"):
        project(evaluation(evidence(0), "1h"))


def test_what_might_not_fit_is_refused() -> None:
    """Neither wrapped nor rounded: the bound is reckoned before anything is summed."""
    huge = Counts.from_buckets(start=START, step="1h", total=[2**55] * 48, bad=[1] * 48)
    with pytest.raises(InvalidCounts, match="must fit 64 bits"):
        project(evaluation(huge, "1d"), horizon="30d")
    with pytest.raises(InvalidCounts, match="denominator of the target"):
        project(evaluation(evidence(48), "1d", "0.9999999999999999"), horizon="30d")


@pytest.mark.parametrize("q", [[1.5], [-0.1], [float("nan")], 0.5])
def test_a_quantile_is_between_nothing_and_all(q: Any) -> None:
    """Percentages and single numbers are asked back."""
    with pytest.raises(InvalidNumber, match="q must be several numbers from 0 to 1"):
        project(bursty(), paths=2).quantiles(q)
