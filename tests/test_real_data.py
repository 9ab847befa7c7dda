"""The figures of the real data, each found by slokit's own reading and counting.

The data are measurements of running systems that others published; they lie outside the project and are never copied
into it (see the fixture ``data_dir``). A figure here was reckoned independently when the data were collected.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from slokit import SLI, SLO, CalendarWindow, Counts, IntervalSet, Status, Timeline
from slokit.interop.tables import BucketTable, EventTable, read_columns, read_table
from slokit.timeline import instant_text, parse_instant

# --- probes_androidacy: three services probed every twelve minutes --------------------------------------------------


@pytest.fixture(scope="module")
def probes(data_dir: Path) -> BucketTable:
    """The probe log as read."""
    table = read_table(data_dir / "probes_androidacy" / "probes.csv.gz", by=["service"])
    assert isinstance(table, BucketTable)
    return table


def test_probes_are_what_the_log_says(probes: BucketTable) -> None:
    """212,813 probes from May 2024 to May 2026; the API failed 2,631 of them."""
    assert len(probes) == 212_813
    assert instant_text(int(probes.timestamps.min()))[:10] == "2024-05-18"
    assert instant_text(int(probes.timestamps.max()))[:10] == "2026-05-06"
    counts = probes.count(step="10m")
    assert int(counts.sel(service="api").bad.sum()) == 2_631
    assert int(counts.total.sum()) == 212_813


@pytest.mark.parametrize(
    ("service", "availability"), [("api", 0.96345), ("vaultwarden", 0.96617), ("website", 0.96839)]
)
def test_each_service_has_its_availability(probes: BucketTable, service: str, availability: float) -> None:
    """The status over the whole log is the measured availability, and agrees with the table published beside it."""
    counts = probes.count(step="1h").sel(service=service)
    status = SLO(service, sli=SLI.ratio("up"), target="99%", window="900d").evaluate(counts).at()
    assert isinstance(status, Status)
    # The figures are published to five places, of which the last is not always rounded to nearest (2,436 of 71,991).
    assert status.sli == pytest.approx(availability, abs=1e-5)
    assert status.met is False


def test_each_service_failed_as_often_as_the_published_table_says(probes: BucketTable, data_dir: Path) -> None:
    """Probes and failures by service, as integers."""
    counts = probes.count(step="10m")
    with (data_dir / "probes_androidacy" / "services.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            one = counts.sel(service=row["service"])
            assert (int(one.total.sum()), int(one.bad.sum())) == (int(row["probes"]), int(row["failed"]))


def test_services_that_share_a_cause_fail_together(probes: BucketTable) -> None:
    """In 10-minute buckets where all three were probed, all were up .962 of the time; independence would say .901."""
    counts = probes.count(step="10m")
    together = counts.observed.all(axis=0)
    all_up = (counts.bad == 0).all(axis=0)
    assert all_up[together].mean() == pytest.approx(0.962, abs=5e-4)
    apart = np.prod(counts.good.sum(axis=1) / counts.total.sum(axis=1))
    assert apart == pytest.approx(0.901, abs=5e-4)


def test_the_long_outages_are_there(probes: BucketTable) -> None:
    """14.5 days from 2024-06-28 13:32 and 27 hours from 2025-03-23 00:11: not one good probe of any service."""
    counts = probes.count(step="1m").sum("service")
    for start, end in (("2024-06-28T13:34Z", "2024-07-13T01:50Z"), ("2025-03-23T00:13Z", "2025-03-24T03:00Z")):
        outage = counts.between(start, end)
        assert int(outage.bad.sum()) > 100
        assert not outage.good.any()


def test_probes_come_at_odd_moments(probes: BucketTable) -> None:
    """The median step is 12 minutes, irregular: a step has to be said, and gaps are missing data."""
    assert probes.spacing is None
    one = np.unique(probes.timestamps[probes.by["service"][0] == 0])
    assert np.median(np.diff(one)) == 12 * 60 * 10**9


# --- http_apache: a request log -------------------------------------------------------------------------------------


def test_a_request_log_is_judged_by_its_status(data_dir: Path) -> None:
    """10,000 requests in four days; 3 failed for the server's sake, and 2.2% for any."""
    path = data_dir / "http_apache" / "requests.csv.gz"
    strict, lenient = read_table(path), read_table(path, bad_status=">=400")
    assert isinstance(strict, EventTable)
    counts = strict.count(step="1h")
    assert (int(counts.total.sum()), int(counts.bad.sum())) == (10_000, 3)
    assert instant_text(int(strict.timestamps.min())) == "2015-05-17T10:05:00Z"
    assert instant_text(int(strict.timestamps.max())) == "2015-05-20T21:05:59Z"
    assert isinstance(lenient, EventTable)
    share = lenient.count(step="1h").bad.sum() / 10_000
    assert share == pytest.approx(0.022, abs=5e-4)


def test_a_bursty_log_fills_one_minute_of_each_hour(data_dir: Path) -> None:
    """Every row lies in minute :05, so 59 of 60 buckets have no traffic and are no outage."""
    table = read_table(data_dir / "http_apache" / "requests.csv.gz")
    assert isinstance(table, EventTable)
    counts = table.count(step="1m")
    busy = np.flatnonzero(counts.total)
    assert set((counts.timeline.starts[busy].astype("datetime64[m]").astype(int) % 60).tolist()) == {5}
    evaluation = SLO("site", sli=SLI.ratio("site"), target="99.9%", window="1m").evaluate(counts)
    assert not evaluation.missed[counts.total == 0].any()
    assert not evaluation.has_data[counts.total == 0].any()


# --- nab_latency: a latency every five minutes ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def latency(data_dir: Path) -> EventTable:
    """The latency series as read; its times name no zone and are UTC."""
    path = data_dir / "nab_latency" / "ec2_request_latency_system_failure.csv"
    table = read_table(path, value="value", tz="UTC")
    assert isinstance(table, EventTable)
    return table


def test_a_latency_series_has_fifty_bad_slots(latency: EventTable) -> None:
    """4,032 points, of which 50 exceed 50."""
    counts = latency.count(SLI.threshold("latency", lte=50), step="5m")
    assert (int(counts.total.sum()), int(counts.bad.sum())) == (4_032, 50)
    assert instant_text(int(latency.timestamps.min())) == "2014-03-07T03:41:00Z"
    assert instant_text(int(latency.timestamps.max())) == "2014-03-21T03:41:00Z"


def test_repeated_stamps_count_and_a_gap_is_a_hole(latency: EventTable) -> None:
    """11 stamps come twice, and one gap lasts 64 minutes: with max_gap it is unobserved, not quiet."""
    assert len(latency) - len(np.unique(latency.timestamps)) == 11
    assert np.diff(np.sort(latency.timestamps)).max() == 64 * 60 * 10**9
    counts = latency.count(SLI.threshold("latency", lte=50), step="5m", max_gap="30m")
    assert int((~counts.observed).sum()) == 12
    assert not counts.total[~counts.observed].any()


def test_two_of_three_incidents_are_slow_and_one_is_a_dip(latency: EventTable, data_dir: Path) -> None:
    """An upper bound sees the second and third labelled incident; the first is a dip that only between= sees."""
    with (data_dir / "nab_latency" / "windows.json").open(encoding="utf-8") as file:
        (windows,) = json.load(file).values()
    seen = []
    for sli in (SLI.threshold("latency", lte=50), SLI.threshold("latency", between=(33, 51))):
        counts = latency.count(sli, step="1m")
        spans = [[parse_instant(edge.replace(" ", "T") + "Z") for edge in window] for window in windows]
        starts = counts.timeline.starts.astype(np.int64)
        seen.append([int(counts.bad[(starts >= first) & (starts <= last)].sum()) > 1 for first, last in spans])
    assert seen[1] == [True, True, True]
    assert seen[0][1:] == [True, True]


# --- petshop_high_traffic: requests and availability in percent -----------------------------------------------------


def test_a_table_of_percentages_is_reckoned_before_it_is_counted(data_dir: Path) -> None:
    """Good is requests x availability / 100; 3,552 rows lack one of the two and are holes."""
    kinds = {
        "unix_timestamp": "time",
        "window": "label",
        "node": "label",
        "requests": "number",
        "availability": "number",
    }
    columns = read_columns(data_dir / "petshop_high_traffic" / "metrics.csv.gz", kinds, time_unit="s")  # type: ignore[arg-type]
    lacking = np.isnan(columns["requests"]) | np.isnan(columns["availability"])
    assert int(lacking.sum()) == 3_552
    clean = (columns["window"] == "noissue") & ~lacking
    times = columns["unix_timestamp"][columns["window"] == "noissue"]
    assert str(times.min()) == "2023-09-05T14:00:00.000000000"
    assert (times.max() - times.min()) / np.timedelta64(1, "h") == pytest.approx(49, abs=0.2)
    total = columns["requests"][clean]
    good = total * columns["availability"][clean] / 100
    assert (total == np.rint(total)).all()
    assert (good <= total).all()


# --- github_statuses: windows of incidents --------------------------------------------------------------------------


@pytest.mark.parametrize(("component", "availability"), [("Actions", 0.9884), ("API Requests", 0.9963)])
def test_overlapping_incidents_count_once(data_dir: Path, component: str, availability: float) -> None:
    """Bad minutes are the union of a component's windows without maintenance, over the span of the record."""
    kinds = {"start": "time", "end": "time", "impact": "label", "component": "label"}
    rows = read_columns(data_dir / "github_statuses" / "incident_windows.csv", kinds)  # type: ignore[arg-type]
    assert len(rows["start"]) == 1_250
    assert int((rows["component"] == "").sum()) == 158
    mine = (rows["component"] == component) & (rows["impact"] != "maintenance")
    down = IntervalSet.of(zip(rows["start"][mine], rows["end"][mine], strict=True))
    first, last = rows["start"].min(), rows["end"].max()
    assert (str(first)[:10], str(last)[:10]) == ("2022-03-24", "2026-08-21")
    minutes = int((last - first) / np.timedelta64(1, "m"))
    timeline = Timeline.of(first, "1m", minutes)
    counts = Counts.from_buckets(
        timeline=timeline, bad=down.bucket_mask(timeline).astype(int), total=np.ones(minutes, int)
    )
    assert counts.good.sum() / minutes == pytest.approx(availability, abs=5e-5)
    twice = sum(
        int((b - a) / np.timedelta64(1, "m")) for a, b in zip(rows["start"][mine], rows["end"][mine], strict=True)
    )
    assert int(counts.bad.sum()) < twice


# --- flights_nyc2013: departures ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flights(data_dir: Path) -> EventTable:
    """The departures as read: good is on time within 15 minutes and not cancelled."""
    path = data_dir / "flights_nyc2013" / "flights.csv.gz"
    table = read_table(path, time="scheduled_departure_utc", good="good_dep_15", by=["carrier", "origin"])
    assert isinstance(table, EventTable)
    return table


def test_departures_are_what_the_year_was(flights: EventTable) -> None:
    """336,776 departures, .7653 of them on time; carriers and origins add up to them."""
    counts = flights.count(step="1h")
    assert int(counts.total.sum()) == 336_776
    assert instant_text(int(flights.timestamps.min())) == "2013-01-01T10:15:00Z"
    assert instant_text(int(flights.timestamps.max())) == "2014-01-01T04:59:00Z"
    whole = counts.sum("carrier").sum("origin")
    assert int(whole.total.sum()) == 336_776
    assert whole.good.sum() / whole.total.sum() == pytest.approx(0.7653, abs=5e-5)
    assert set(counts.labels["origin"]) == {"EWR", "JFK", "LGA"}


@pytest.mark.parametrize(("zone", "figures"), [("America/New_York", (0.36, 0.30)), ("UTC", (0.48, 0.20))])
def test_the_blizzard_falls_on_the_days_of_its_zone(
    flights: EventTable, zone: str, figures: tuple[float, float]
) -> None:
    """8 and 9 February 2013 read differently by the calendar of New York and by that of UTC."""
    counts = flights.count(step="1h").sum("carrier").sum("origin")
    slo = SLO("on time", sli=SLI.ratio("departures"), target="75%", window=CalendarWindow("day", tz=zone))
    evaluation = slo.evaluate(counts)
    for day, figure in zip((8, 9), figures, strict=True):
        period = CalendarWindow("day", tz=zone).period(f"2013-02-{day:02d}T12:00Z")
        status = evaluation.at(np.datetime64(period.end, "ns"))
        assert isinstance(status, Status)
        assert status.sli == pytest.approx(figure, abs=5e-3)
        assert status.verdict == "missed"


def test_a_delay_is_a_threshold(data_dir: Path) -> None:
    """Departed within 15 minutes, among departures that have a delay, is what the flag says of those not cancelled."""
    path = data_dir / "flights_nyc2013" / "flights.csv.gz"
    kinds = {"scheduled_departure_utc": "time", "dep_delay_min": "number", "cancelled": "flag", "good_dep_15": "flag"}
    columns = read_columns(path, kinds)  # type: ignore[arg-type]
    flown = ~np.isnan(columns["dep_delay_min"])
    delay = SLI.threshold("delay", lte=15, unit="min")
    counts = delay.count(columns["scheduled_departure_utc"], columns["dep_delay_min"], step="1d", valid=flown)
    assert int(counts.total.sum()) == int(flown.sum())
    assert int(counts.good.sum()) == int(columns["good_dep_15"][flown & ~columns["cancelled"]].sum())


# --- feedback_reviews: customers' ratings ---------------------------------------------------------------------------


def test_ratings_are_events(data_dir: Path) -> None:
    """578,805 ratings, of which .9606 are 3 or better."""
    table = read_table(data_dir / "feedback_reviews" / "reviews.csv.bz2", time="date", value="rating", tz="UTC")
    assert isinstance(table, EventTable)
    counts = table.count(SLI.threshold("content", gte=3), step="1d")
    assert int(counts.total.sum()) == 578_805
    assert counts.good.sum() / counts.total.sum() == pytest.approx(0.9606, abs=5e-5)
    first, last = int(table.timestamps.min()), int(table.timestamps.max())
    assert (instant_text(first)[:10], instant_text(last)[:10]) == ("2003-05-07", "2008-02-23")
