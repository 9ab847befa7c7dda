from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slokit.analysis.simulate import Incident, Latency, Silence, Traffic, complaints, counts, draw_incidents, events
from slokit.counts import Counts
from slokit.errors import InvalidNumber, InvalidTimeline, UnknownLabel, WrongType
from slokit.timeline import Timeline

MONDAY = "2026-06-01T00:00Z"
HOUR = 3_600_000_000_000
FLAT = Traffic(daily=0.0, weekend=1.0, bursts=0.0, error_share=0.0, error_bursts=0.0)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**63), rate=st.floats(0.01, 10_000), depth=st.floats(0, 1))
def test_a_seed_decides_everything(seed: int, rate: float, depth: float) -> None:
    """Equal arguments give equal counts, and another seed gives others."""
    traffic = Traffic(per_minute=rate, daily=depth)
    first, again = (counts(traffic, start=MONDAY, duration="2h", seed=seed) for _ in range(2))
    assert first == again
    assert not first.total.any() or first != counts(traffic, start=MONDAY, duration="2h", seed=seed + 1)


def test_a_service_more_changes_none_of_the_others() -> None:
    """Each service draws from a stream named after it, so a fleet can grow without becoming another fleet."""
    one = counts({"api": Traffic()}, start=MONDAY, duration="1d", seed=3)
    two = counts({"web": Traffic(), "api": Traffic()}, start=MONDAY, duration="1d", seed=3)
    assert two.sel(service="api") == one.sel(service="api")
    assert two.sel(service="web") != one.sel(service="api")
    assert two.labels == {"service": ("web", "api")}


def test_the_mean_rate_is_the_mean_of_whole_weeks() -> None:
    """Neither cycles nor bursts change how much traffic there is in all."""
    traffic = Traffic(per_minute=300, daily=0.9, weekend=0.3, bursts=0.3)
    evidence = counts(traffic, start=MONDAY, duration="28d", step="5m", seed=5)
    assert evidence.total.sum() / (28 * 1440) == pytest.approx(300, rel=0.03)


@pytest.mark.parametrize("step", ["1m", "7m", "1h", "1d", "4d"])
def test_cycles_do_not_depend_on_the_step(step: str) -> None:
    """A longer bucket holds the traffic of the shorter ones in it."""
    traffic = Traffic(per_minute=1e6, daily=0.8, weekend=0.4, bursts=0.0, error_share=0.0)
    total = counts(traffic, start=MONDAY, duration="28d", step=step, seed=1).total
    fine = counts(traffic, start=MONDAY, duration="28d", step="1m", seed=2).total
    assert total == pytest.approx(fine.reshape(len(total), -1).sum(axis=1), rel=0.02)


def test_days_and_weeks_show() -> None:
    """Traffic peaks at the hour it is told to, and weekends are as quiet as they are told to be."""
    traffic = Traffic(daily=0.7, peak_hour=9.0, weekend=0.25, bursts=0.0)
    total = counts(traffic, start=MONDAY, duration="28d", step="1h", seed=2).total.reshape(28, 24)
    assert total.sum(axis=0).argmax() in (8, 9)
    assert total.sum(axis=0).argmin() in (20, 21)
    weekday = np.arange(28) % 7
    assert total[weekday >= 5].mean() / total[weekday < 5].mean() == pytest.approx(0.25, rel=0.02)


def test_bursts_are_more_than_poisson_and_last() -> None:
    """The variance exceeds the mean by what bursts says, and neighbours are alike as long as burst_memory says."""
    traffic = Traffic(per_minute=10_000, daily=0.0, weekend=1.0, bursts=0.2, burst_memory="30m")
    x = np.log(counts(traffic, start=MONDAY, duration="60d", seed=4).total.astype(float))
    assert x.std() == pytest.approx(0.2, rel=0.1)
    assert np.corrcoef(x[30:], x[:-30])[0, 1] == pytest.approx(np.exp(-1), abs=0.06)
    poisson = counts(FLAT, start=MONDAY, duration="60d", seed=4).total
    assert poisson.var() == pytest.approx(poisson.mean(), rel=0.05)


def test_errors_have_their_share_and_come_in_clusters() -> None:
    """The background share is the mean share; clustering shows as more variance than a binomial has."""
    traffic = Traffic(per_minute=60_000, error_share=0.01, error_bursts=1.0, burst_memory="30m")
    evidence = counts(traffic, start=MONDAY, duration="60d", step="10m", seed=6)
    share = evidence.bad / evidence.total
    assert evidence.bad.sum() / evidence.total.sum() == pytest.approx(0.01, rel=0.15)
    assert share.var() > 20 * 0.01 * 0.99 / evidence.total.mean()


@pytest.mark.parametrize(
    ("shape", "halves"),
    [("step", (0.4, 0.4)), ("ramp", (0.2, 0.6)), ("spike", (0.4 * 0.8647 / 2, 0.4 * 0.1170 / 2))],
)
def test_an_incident_has_its_shape(shape: str, halves: tuple[float, float]) -> None:
    """Half an incident spoils the mean height of that half; a ramp of height 0.8 averages 0.2 and then 0.6."""
    height = 0.8 if shape == "ramp" else 0.4
    incident = Incident(start="2026-06-01T10:00Z", duration="2h", error_share=height, shape=shape)  # type: ignore[arg-type]
    busy = attrs.evolve(FLAT, per_minute=60_000)
    evidence = counts(busy, start=MONDAY, duration="1d", step="1h", seed=8, incidents=[incident])
    share = evidence.bad / evidence.total
    assert share[10:12] == pytest.approx(halves, rel=0.02)
    assert not np.delete(share, [10, 11]).any()


@given(
    start=st.integers(-2 * HOUR, 26 * HOUR),
    duration=st.integers(1, 30 * HOUR),
    shape=st.sampled_from(["step", "ramp", "spike"]),
    minutes=st.sampled_from([1, 7, 60, 720]),
)
def test_a_profile_is_what_its_shape_holds(start: int, duration: int, shape: str, minutes: int) -> None:
    """However the buckets lie, heights are 0 to 1, and nothing but buckets that the span touches has any."""
    timeline = Timeline(0, minutes * HOUR // 60, 24 * 60 // minutes)
    incident = Incident(start=start, duration=duration, shape=shape)  # type: ignore[arg-type]
    profile = incident.profile(timeline)
    assert ((profile >= 0) & (profile <= 1 + 1e-9)).all()
    starts = timeline.starts.astype(np.int64)
    touched = (starts < start + duration) & (starts + timeline.step > start)
    assert not profile[~touched].any()
    if start >= 0 and incident.end <= timeline.end:
        area = {"step": 1.0, "ramp": 0.5, "spike": (1 - np.exp(-4)) / 4}[shape] * duration
        assert profile.sum() * timeline.step == pytest.approx(area, rel=1e-6)


def test_a_partial_incident_leaves_most_events_alone() -> None:
    """Causes add up as independent: of the good events that one spared, another takes its share."""
    both = [Incident(start=MONDAY, duration="1d", error_share=share) for share in (0.5, 0.2)]
    evidence = counts(FLAT, start=MONDAY, duration="1d", seed=9, incidents=both)
    assert evidence.bad.sum() / evidence.total.sum() == pytest.approx(1 - 0.5 * 0.8, rel=0.01)


def test_an_incident_may_drive_callers_away() -> None:
    """Traffic follows the factor of the incident while it runs."""
    away = Incident(start="2026-06-01T06:00Z", duration="6h", error_share=0.0, traffic=0.25)
    total = counts(FLAT, start=MONDAY, duration="12h", step="6h", seed=1, incidents=[away]).total
    assert total[1] / total[0] == pytest.approx(0.25, rel=0.02)


def test_services_share_what_hits_them() -> None:
    """A common cause hits each service by its sensitivity, and one that is not named not at all."""
    traffic = dict.fromkeys(("api", "web", "mail"), FLAT)
    outage = Incident(start="2026-06-01T10:00Z", duration="1h", hits={"api": 1.0, "web": 0.3})
    evidence = counts(traffic, start=MONDAY, duration="1d", step="1h", seed=2, incidents=[outage])
    share = evidence.bad[:, 10] / evidence.total[:, 10]
    assert share == pytest.approx([1.0, 0.3, 0.0], abs=0.01)


def test_common_wandering_correlates_services() -> None:
    """Correlation is the common share of the variance: none at 0, all at 1."""
    traffic = {name: Traffic(per_minute=50_000, daily=0, weekend=1, bursts=0.3) for name in ("a", "b")}
    found = []
    for common in (0.0, 0.6, 1.0):
        total = counts(traffic, start=MONDAY, duration="60d", step="10m", seed=3, common=common).total
        found.append(float(np.corrcoef(np.log(total))[0, 1]))
    assert found == pytest.approx([0.0, 0.6, 1.0], abs=0.07)


def test_silences_are_silent() -> None:
    """A hole is unobserved wherever it touches; a measured zero is observed and holds what lies outside it."""
    silences = [
        Silence(start="2026-06-01T02:30Z", duration="1h"),
        Silence(start="2026-06-01T06:00Z", duration="90m", observed=True),
    ]
    evidence = counts(FLAT, start=MONDAY, duration="12h", step="1h", seed=2, silences=silences)
    assert np.flatnonzero(~evidence.observed).tolist() == [2, 3]
    assert np.flatnonzero(evidence.total == 0).tolist() == [2, 3, 6]
    assert evidence.total[7] / evidence.total[8] == pytest.approx(0.5, rel=0.05)


def test_a_silence_may_be_of_one_service() -> None:
    """Only the named series falls silent."""
    hole = Silence(start="2026-06-01T02:00Z", duration="1h", hits=["api"])
    evidence = counts({"api": FLAT, "web": FLAT}, start=MONDAY, duration="4h", step="1h", silences=[hole])
    assert evidence.observed.tolist() == [[True, True, False, True], [True] * 4]


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), services=st.booleans())
def test_events_are_the_counts_spread_out(seed: int, services: bool) -> None:
    """Counting the stream gives what counts() gives with the same arguments."""
    traffic = {"api": Traffic(per_minute=40), "web": Traffic(per_minute=5)} if services else Traffic(per_minute=40)
    given_ = {
        "start": MONDAY,
        "duration": "3h",
        "seed": seed,
        "incidents": [Incident(start="2026-06-01T01:00Z", duration="20m", error_share=0.4)],
    }
    evidence = counts(traffic, **given_)  # type: ignore[arg-type]
    stream = events(traffic, **given_)  # type: ignore[arg-type]
    bucket = (stream.timestamps - evidence.timeline.start) // evidence.timeline.step
    total, bad = (np.zeros((2 if services else 1, evidence.timeline.size), dtype=int) for _ in range(2))
    np.add.at(total, (stream.service, bucket), 1)
    np.add.at(bad, (stream.service, bucket), ~stream.good)
    assert (total == evidence.total.reshape(total.shape)).all()
    assert (bad == evidence.bad.reshape(bad.shape)).all()
    assert (np.diff(stream.timestamps) >= 0).all()
    assert len(stream) == total.sum()
    assert stream.services == (("api", "web") if services else ())


def test_events_are_a_value() -> None:
    """Streams are equal by what they hold, cannot be written to, and have no hash."""
    stream, again = (events(Traffic(per_minute=9), start=MONDAY, duration="1h", seed=1) for _ in range(2))
    assert stream == again
    assert not stream.latency.flags.writeable
    with pytest.raises(TypeError, match="unhashable"):
        hash(stream)


def test_latencies_have_their_quantiles_and_slow_down() -> None:
    """Median and 99% quantile are those asked for, times the slowdown of an incident while it runs."""
    slow = Incident(start="2026-06-01T12:00Z", duration="12h", error_share=0.0, slowdown=3.0)
    shape = Latency(median="100ms", p99="500ms")
    stream = events(FLAT, start=MONDAY, duration="1d", seed=4, incidents=[slow], latency=shape)
    late = stream.timestamps >= Timeline.of("2026-06-01T12:00Z", "1m", 1).start
    for part, factor in ((~late, 1.0), (late, 3.0)):
        assert np.quantile(stream.latency[part], [0.5, 0.99]) == pytest.approx([0.1 * factor, 0.5 * factor], rel=0.03)


def test_a_catalogue_of_incidents_is_drawn() -> None:
    """The number and the share of common causes are near what was asked for, and a seed decides them."""
    names = ["api", "web"]
    drawn = draw_incidents(start=MONDAY, duration="3650d", per_month=6, seed=1, services=names, shared=0.25)
    assert len(drawn) == pytest.approx(6 * 3650 / 30, rel=0.1)
    assert sum(len(i.hits or ()) == 2 for i in drawn) / len(drawn) == pytest.approx(0.25, abs=0.06)
    assert drawn == draw_incidents(start=MONDAY, duration="3650d", per_month=6, seed=1, services=names, shared=0.25)
    lengths = np.array([i.duration for i in drawn]) / 6e10
    assert np.median(lengths) == pytest.approx(20, rel=0.15)
    assert np.quantile(lengths, 0.95) == pytest.approx(140, rel=0.25)


def test_without_names_incidents_hit_whatever_there_is() -> None:
    """A catalogue for one unnamed service can be used as it is."""
    drawn = draw_incidents(start=MONDAY, duration="30d", seed=2)
    assert all(i.hits is None for i in drawn)
    assert isinstance(counts(Traffic(), start=MONDAY, duration="1d", incidents=drawn), Counts)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Traffic(daily=1.5), "daily must be between 0 and 1, got 1.5"),
        (lambda: Traffic(per_minute=float("nan")), "per_minute must be 0 or more"),
        (lambda: Incident(start=MONDAY, duration="1h", shape="cliff"), 'shape must be "step", "ramp" or "spike"'),  # type: ignore[arg-type]
        (lambda: Incident(start=MONDAY, duration="1h", hits={"api": 2.0}), r"hits\['api'\] must be between 0 and 1"),
        (lambda: Latency(median="1s", p99="1ms"), "p99 must not be below median"),
        (lambda: counts(FLAT, start=MONDAY, duration="1d", seed=-1), "seed must be 0 or more"),
        (lambda: counts(FLAT, start=MONDAY, duration="1d", common=2.0), "common must be between 0 and 1"),
        (lambda: events(Traffic(per_minute=1e6), start=MONDAY, duration="1d"), "use counts"),
    ],
)
def test_numbers_out_of_range_are_refused(make: object, message: str) -> None:
    """Each mistake is named with the field and what was given."""
    with pytest.raises(InvalidNumber, match=message):
        make()  # type: ignore[operator]


def test_a_name_that_nobody_simulates_is_refused() -> None:
    """An incident of a service that does not exist would silently not happen."""
    stray = Incident(start=MONDAY, duration="1h", hits={"apl": 1.0})
    with pytest.raises(UnknownLabel, match="'apl', which is not simulated; simulated are api"):
        counts({"api": FLAT}, start=MONDAY, duration="1d", incidents=[stray])
    with pytest.raises(UnknownLabel, match="give traffic as"):
        counts(FLAT, start=MONDAY, duration="1d", incidents=[stray])


def test_a_cut_bucket_is_refused() -> None:
    """The last bucket is whole or is not there."""
    with pytest.raises(InvalidTimeline, match="whole number of steps, got 1h in steps of 7m"):
        counts(FLAT, start=MONDAY, duration="1h", step="7m")


@pytest.mark.parametrize(
    "wrong", [None, "", "x", True, [], np.array([1, 2]), np.datetime64("NaT", "ns"), float("nan"), -1, 2.0**80]
)
def test_what_is_no_number_is_refused_by_name(wrong: Any) -> None:
    """Whatever stands in a number's place is an error of slokit's that says whose place it was."""
    evidence = counts(FLAT, start=MONDAY, duration="1h")
    span: dict[str, Any] = {"start": MONDAY, "duration": "1h"}
    asked: dict[str, Callable[[], object]] = {
        "error_share": lambda: Traffic(error_share=wrong),
        "common": lambda: counts(FLAT, **span, common=wrong),
        "per_hurt": lambda: complaints(evidence, per_hurt=wrong),
        "felt": lambda: complaints(evidence, felt=wrong),
        "per_month": lambda: draw_incidents(**span, per_month=wrong),
        "shared": lambda: draw_incidents(**span, shared=wrong),
    }
    for field, ask in asked.items():
        with pytest.raises((WrongType, InvalidNumber), match=f"^{field} must"):
            ask()


@pytest.mark.parametrize("wrong", [None, 0, "x", [1], {}])
def test_what_happens_is_given_as_several_of_its_kind(wrong: Any) -> None:
    """Incidents, silences and services are checked one by one before anything is drawn."""
    span: dict[str, Any] = {"start": MONDAY, "duration": "1h"}
    with pytest.raises(WrongType, match=r"^traffic must"):
        counts(wrong, **span)
    if wrong != {}:
        with pytest.raises(WrongType, match=r"^incidents"):
            counts(FLAT, **span, incidents=wrong)
        with pytest.raises(WrongType, match=r"^silences"):
            counts(FLAT, **span, silences=wrong)
        with pytest.raises(WrongType, match=r"^services"):
            draw_incidents(**span, services=wrong)
