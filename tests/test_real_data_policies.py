"""Policies and alerts over measured history: what they would have found, and how often they would have cried wolf."""

from __future__ import annotations

import csv
import json
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pytest

from slokit import SLI, SLO, BurnRateAlert, Counts, Evaluation, Policy, Rule, State, alerts
from slokit.errors import RoundedWindows
from slokit.interop.tables import BucketTable, read_table

# --- nab_latency: a latency every five minutes, three incidents labelled by others ------------------------------------

Spans = list[tuple[datetime, datetime]]


class Span(Protocol):
    """Anything that begins, and ends or goes on."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime | None: ...


@pytest.fixture(scope="module")
def latency(data_dir: Path) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.float64], Spans]:
    """The stamps, the values and the labelled incidents."""
    folder = data_dir / "nab_latency"
    with (folder / "ec2_request_latency_system_failure.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    times = np.array([row["timestamp"] for row in rows], dtype="datetime64[ns]")
    values = np.array([float(row["value"]) for row in rows])
    (windows,) = json.loads((folder / "windows.json").read_text(encoding="utf-8")).values()
    spans = [(_utc(first), _utc(last)) for first, last in windows]
    return times, values, spans


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def found(episodes: list[Span], incidents: Spans) -> tuple[set[int], int]:
    """Return which incidents some episode overlaps, and how many episodes overlap none."""
    hits = [
        {i for i, (first, last) in enumerate(incidents) if one.start <= last and (one.end is None or one.end >= first)}
        for one in episodes
    ]
    return set().union(*hits), sum(not hit for hit in hits)


def test_a_documented_policy_finds_all_three_incidents_without_a_false_alarm(
    latency: tuple[npt.NDArray[np.datetime64], npt.NDArray[np.float64], Spans],
) -> None:
    """Two slots outside 33 to 51 within an hour: three episodes, one an incident. Chosen in sample, and said to be."""
    times, values, incidents = latency
    counts = SLI.threshold("latency", between=(33, 51)).count(times, values, step="5m", max_gap="30m")
    twice = BurnRateAlert(long_window="1h", burn_rate=0, op="gte", min_bad=2)
    policy = Policy("two in an hour", states=[State("healthy"), State("trouble")], rules=[Rule("trouble", twice)])
    slo = SLO("latency", sli=SLI.threshold("latency", between=(33, 51)), target="99%", window="7d")
    history = policy.evaluate(slo.evaluate(counts))
    episodes = list(history.episodes("trouble"))
    assert len(episodes) == 3
    assert found([*episodes], incidents) == ({0, 1, 2}, 0)


@pytest.mark.parametrize(("target", "episodes", "false"), [("95%", 4, 2), ("97%", 2, 0)])
def test_the_default_policy_finds_all_three_and_its_false_alarms_are_counted(
    latency: tuple[npt.NDArray[np.datetime64], npt.NDArray[np.float64], Spans], target: str, episodes: int, false: int
) -> None:
    """At most 50 is good: nothing was tuned, and at 97% it warns most of the time."""
    times, values, incidents = latency
    sli = SLI.threshold("latency", lte=50)
    ev = SLO("latency", sli=sli, target=target, window="7d").evaluate(
        sli.count(times, values, step="5m", max_gap="30m")
    )
    history = Policy.default("7d").evaluate(ev)
    warned = [*history.episodes("warning"), *history.episodes("critical")]
    assert len(warned) == episodes
    assert found([*warned], incidents) == ({0, 1, 2}, false)


# --- probes_androidacy: an outage of 14.5 days ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def api(data_dir: Path) -> Evaluation:
    """The API's probes in buckets of half an hour, against 99% over 30 days."""
    table = read_table(data_dir / "probes_androidacy" / "probes.csv.gz", by=["service"])
    assert isinstance(table, BucketTable)
    counts: Counts = table.count(step="30m").sel(service="api")
    return SLO("api", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts)


OUTAGE = (datetime(2024, 6, 28, 13, 32, tzinfo=UTC), datetime(2024, 7, 13, 2, 0, tzinfo=UTC))


def test_an_outage_of_two_weeks_is_one_page(api: Evaluation) -> None:
    """Each night's pause in probing lets a fast alert flap; people are told once all the same."""
    google = [alert.fitted(api.timeline.step) for alert in alerts.google("30d", min_bad=5)]
    pages = [
        one
        for one in alerts.notifications(api, google)
        if one.severity == "page" and one.start < OUTAGE[1] and (one.end is None or one.end > OUTAGE[0])
    ]
    assert len(pages) == 1
    assert pages[0].start == datetime(2024, 6, 28, 14, 30, tzinfo=UTC)
    assert pages[0].end == datetime(2024, 7, 13, 2, 30, tzinfo=UTC)
    assert len(pages[0].alerts) == 2


def test_each_alert_alone_would_have_paged_for_it_fifteen_times(api: Evaluation) -> None:
    """The fast one does flap; that is what notifications are for."""
    fast = alerts.google("30d", min_bad=5)[0].fitted(api.timeline.step)
    during = [one for one in fast.episodes(api) if OUTAGE[0] < one.start < OUTAGE[1]]
    assert len(during) == 15


def test_the_default_policy_has_one_critical_episode_around_it(api: Evaluation) -> None:
    """Entered before the outage, left weeks later, when its failures had left the window."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RoundedWindows)
        history = Policy.default().evaluate(api)
    around = [
        one for one in history.episodes("critical") if one.start < OUTAGE[1] and (one.end or OUTAGE[1]) > OUTAGE[0]
    ]
    assert len(around) == 1
    assert around[0].start == datetime(2024, 6, 23, 11, 30, tzinfo=UTC)
    assert around[0].end == datetime(2024, 8, 11, 20, 30, tzinfo=UTC)
