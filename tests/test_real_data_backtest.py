"""Alerts held against incidents that others labelled: the tables of docs/explanation/alerts-on-real-data.md."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from slokit import SLI, SLO, BurnRateAlert, Counts, Evaluation, Policy, alerts
from slokit.analysis.backtest import Choice, Score, score, sweep
from slokit.analysis.backtest.figures import figure_text
from slokit.errors import RoundedWindows
from slokit.interop.tables import read_columns

PAGE = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "alerts-on-real-data.md"
PRESETS: tuple[Callable[..., tuple[BurnRateAlert, ...]], ...] = (
    alerts.google,
    alerts.sloth,
    alerts.elastic,
    alerts.datadog,
    alerts.pyrra,
    alerts.slo_generator,
)
Spans = list[tuple[Any, Any]]


def cells(one: Score) -> str:
    """Write the figures of a score as the page has them."""
    already = f" ({one.already_firing} already)" if one.already_firing else ""
    soon = figure_text("detect_p90", one.detect_p90)
    return f"{one.detected} of {one.incidents}{already} | {soon} | {one.false_alarms} of {one.notifications}"


def table(ev: Evaluation, incidents: Spans, chosen: Choice, calm: Evaluation | None = None) -> Iterator[str]:
    """Yield a row of the page for each preset, the default policy and the alert that a sweep chose."""
    subjects: list[tuple[str, Any]] = [
        (f"`{preset.__name__}`", [one.fitted(ev.timeline.step) for one in preset("7d")]) for preset in PRESETS
    ]
    subjects += [("`Policy.default`", Policy.default("7d")), ("chosen by the sweep", chosen.alert)]
    for name, subject in subjects:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RoundedWindows)
            row = [cells(score(ev, subject, incidents, end=chosen.split))]
            row.append(cells(score(ev, subject, incidents, start=chosen.split)))
            if calm is not None:
                row.append(str(score(calm, subject, []).notifications))
        yield f"| {name} | {' | '.join(row)} |"


def of_the_page(heading: str) -> list[str]:
    """Return the rows of the table under a heading."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


# --- nab_latency: a latency every five minutes, three incidents labelled by others ------------------------------------


@pytest.fixture(scope="module")
def latency(data_dir: Path) -> tuple[Evaluation, Spans]:
    """Latencies outside 33 to 51 are bad; 99% over 7 days."""
    folder = data_dir / "nab_latency"
    with (folder / "ec2_request_latency_system_failure.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    times = np.array([row["timestamp"] for row in rows], dtype="datetime64[ns]")
    values = np.array([float(row["value"]) for row in rows])
    (windows,) = json.loads((folder / "windows.json").read_text(encoding="utf-8")).values()
    spans = [tuple(np.datetime64(edge.replace(" ", "T"), "ns") for edge in window) for window in windows]
    sli = SLI.threshold("latency", between=(33, 51))
    counts = sli.count(times, values, step="5m", max_gap="30m")
    return SLO("latency", sli=sli, target="99%", window="7d").evaluate(counts), spans  # type: ignore[return-value]


@pytest.fixture(scope="module")
def latency_choice(latency: tuple[Evaluation, Spans]) -> Choice:
    """The best of 1,230 settings on the first ten days."""
    ev, incidents = latency
    found = sweep(
        ev,
        incidents,
        windows=["30m", "1h", "2h", ("1h", "5m"), ("6h", "30m")],
        burn_rates=[Fraction(k, 2) for k in range(41)],
        min_bads=[0, 2, 3],
        pendings=["0s", "5m"],
        require={"recall": ">=100%", "false_alarms": "<=0"},
        holdout=0.3,
    )
    assert len(found) == 1_230
    return found.best


def test_latency_is_as_the_page_says(latency: tuple[Evaluation, Spans], latency_choice: Choice) -> None:
    """Each preset, the default policy and the chosen alert, where it was chosen and on two held-out incidents."""
    assert latency_choice.alert == BurnRateAlert(long_window="1h", burn_rate=9, min_bad=2)
    assert (latency_choice.score.incidents, latency_choice.held_out and latency_choice.held_out.incidents) == (1, 2)
    assert list(table(*latency, latency_choice)) == of_the_page("A latency with three incidents")


def test_reset_times_are_known_only_where_history_goes_on(latency_choice: Choice) -> None:
    """The third incident ends with the data, so that nobody knows when the alert would have been over."""
    held = latency_choice.held_out
    assert held is not None
    assert [one.reset_time is None for one in held.outcomes] == [False, True]
    assert held.reset_unknown == 1


# --- petshop_high_traffic: requests and availability every five minutes, twelve injected failures ---------------------


@pytest.fixture(scope="module")
def front(data_dir: Path) -> tuple[Evaluation, Evaluation, Spans]:
    """The front's requests around injected failures, in 49 hours without, and the failures; 99.9% over 7 days."""
    folder = data_dir / "petshop_high_traffic"
    kinds = dict.fromkeys(("requests", "availability"), "number") | dict.fromkeys(("window", "node"), "label")
    kinds["unix_timestamp"] = "time"
    columns = read_columns(folder / "metrics.csv.gz", kinds, time_unit="s")  # type: ignore[arg-type]
    with (folder / "issues.csv").open(encoding="utf-8") as file:
        issues = [row for row in csv.DictReader(file) if row["target_metric"] == "availability"]
    is_front, is_calm = columns["node"] == "PetSite", columns["window"] == "noissue"
    slo = SLO("front", sli=SLI.ratio("availability"), target="99.9%", window="7d")
    held = [slo.evaluate(_counted(columns, is_front & mask)) for mask in (~is_calm, is_calm)]
    # The label is an instant; rows were kept for five buckets around it, and the last of them ends the incident.
    spans = [
        (np.datetime64(int(row["timestamp"]), "s"), np.datetime64(int(row["last_row"]) + 300, "s")) for row in issues
    ]
    return held[0], held[1], spans


def _counted(columns: dict[str, npt.NDArray[Any]], rows: npt.NDArray[np.bool_]) -> Counts:
    """Count rows of five minutes; what lies between was not observed."""
    times = columns["unix_timestamp"][rows]
    at = ((times - times.min()) / np.timedelta64(5, "m")).astype(np.int64)
    total, good = np.zeros((2, int(at.max()) + 1), np.int64)
    total[at] = columns["requests"][rows]
    good[at] = np.rint(columns["requests"][rows] * columns["availability"][rows] / 100)
    return Counts.from_buckets(start=times.min(), step="5m", total=total, good=good, observed=total > 0)


@pytest.fixture(scope="module")
def front_choice(front: tuple[Evaluation, Evaluation, Spans]) -> Choice:
    """The best of 840 settings on the first six failures."""
    ev, _, incidents = front
    found = sweep(
        ev,
        incidents,
        windows=["5m", "10m", "15m", ("10m", "5m"), ("15m", "5m"), ("30m", "5m"), ("1h", "5m")],
        burn_rates=range(1, 61),
        pendings=["0s", "5m"],
        require={"detect_p90": "<=12m", "already_firing": "<=0", "false_alarms": "<=0"},
        holdout=0.5,
    )
    assert len(found) == 840
    return found.best


def test_the_front_is_as_the_page_says(front: tuple[Evaluation, Evaluation, Spans], front_choice: Choice) -> None:
    """Each preset, the default policy and the chosen alert, on six failures, six held out, and two calm days."""
    ev, calm, incidents = front
    assert front_choice.alert == BurnRateAlert(long_window="1h", short_window="5m", burn_rate=3)
    assert (front_choice.score.incidents, front_choice.held_out and front_choice.held_out.incidents) == (6, 6)
    assert list(table(ev, incidents, front_choice, calm)) == of_the_page("A front with twelve injected failures")


def test_what_fires_always_finds_everything(front: tuple[Evaluation, Evaluation, Spans], front_choice: Choice) -> None:
    """As the page says: how much of the time some fire, and how fast the calm days burn."""
    ev, calm, incidents = front
    shares = []
    for subject in (alerts.google("7d"), alerts.slo_generator("7d"), Policy.default("7d")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RoundedWindows)
            found = score(ev, subject, incidents, end=front_choice.split)
        shares.append(round(found.firing_share or 0, 2))
    assert shares == [0.42, 0.98, 0.98]
    assert calm.burn_rate("2d1h")[-1] == pytest.approx(0.9, abs=0.01)


def test_no_reset_time_is_made_up_where_rows_end(
    front: tuple[Evaluation, Evaluation, Spans], front_choice: Choice
) -> None:
    """Rows end with each failure, so that what falls silent there is no recovery."""
    assert front_choice.held_out is not None
    assert front_choice.score.reset_unknown + front_choice.held_out.reset_unknown == 12
    assert front_choice.score.reset_median is None


def test_without_a_bound_on_firing_already_the_choice_fires_on(front: tuple[Evaluation, Evaluation, Spans]) -> None:
    """As the page says: what never stops firing needs no time to find the next failure."""
    ev, calm, incidents = front
    found = sweep(
        ev,
        incidents,
        windows=["5m", "10m", "15m", "30m", ("30m", "5m"), ("1h", "5m"), ("1h", "10m")],
        burn_rates=[Fraction(k, 2) for k in range(1, 81)],
        min_bads=[0, 10],
        pendings=["0s", "5m"],
        require={"detect_p90": "<=10m", "false_alarms": "<=0"},
        holdout=0.5,
    )
    best = found.best
    assert len(found) == 2_240
    assert best.alert == BurnRateAlert(long_window="1h", short_window="10m", burn_rate=1, min_bad=10)
    assert (best.score.detected, best.score.already_firing, best.score.false_alarms) == (6, 2, 0)
    assert best.held_out is not None
    assert (best.held_out.detected, best.held_out.false_alarms, best.held_out.notifications) == (6, 4, 9)
    assert score(calm, best.alert, []).notifications == 25
