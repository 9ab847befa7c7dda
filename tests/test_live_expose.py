"""Figures for other systems: true, valid, absent where nothing is known, whatever names people give."""

from __future__ import annotations

import logging
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse
from prometheus_client.registry import Collector

from slokit import SLI, SLO, Policy, Rule, State
from slokit.budgeting import Timeslices
from slokit.conditions import BudgetBelow, Exhausted
from slokit.errors import (
    InvalidDefinition,
    InvalidNumber,
    InvalidSLO,
    InvalidWindow,
    MissingExtra,
    StoreError,
    WrongType,
)
from slokit.live import ManualClock, Monitor, open_store
from slokit.live.expose import FAMILIES, Family, Figure, PrometheusCollector, figures, observe_with
from slokit.live.expose.otel import _Rounds
from slokit.live.expose.readings import Reader
from slokit.live.recording.drops import REASONS
from tests.conftest import IN_CI

START = "2026-01-01T00:00Z"
FREEZE = Policy(
    "freeze",
    states=[State("calm"), State("frozen", blocks=["deploy"])],
    rules=[Rule("frozen", Exhausted(), until=~BudgetBelow("50%"))],
    stale_after="30m",
)
# What a name may hold: quotes, a backslash before one, a label that closes early, a template, a line separator, an
# override, a sign outside the first plane.
HOSTILE = 'a"b\\"} 1 # \\n {{ $x }} \u2028 \u202e \U0001f600 ,le="0"'

Key = tuple[str, tuple[tuple[str, str], ...]]


def monitor(name: str = "checkout", **options: Any) -> Monitor:
    """Return a monitor of 90% over an hour, on a clock that stands unless one is given."""
    service = options.pop("service", None)
    slo = SLO(name, sli=SLI.ratio("up"), target="90%", window="1h", service=service)
    defaults: dict[str, Any] = {"policy": FREEZE, "clock": ManualClock(START), "retention": "6h"}
    return Monitor(slo, **(defaults | options))


def told(found: Any) -> dict[Key, float]:
    """Return figures by name and labels."""
    return {(one.name, tuple(sorted(one.labels))): one.value for one in found}


def key(name: str, **labels: str) -> Key:
    """Return the key of a figure of the plain monitor."""
    return name, tuple(sorted({"slo": "checkout", "policy": "freeze", **labels}.items()))


def registry_of(collector: Any) -> CollectorRegistry:
    """Return a registry that holds one collector."""
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


def scraped(registry: Collector) -> dict[Key, float]:
    """Return what a scrape says, read by the client's own parser; each series stands once."""
    samples = [sample for family in parse(generate_latest(registry).decode()) for sample in family.samples]
    found = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
    assert len(found) == len(samples)
    return found


def collected(reader: InMemoryMetricReader) -> dict[Key, float]:
    """Return what an OpenTelemetry reader collects."""
    data = reader.get_metrics_data()
    if data is None:
        return {}
    return {
        (metric.name, tuple(sorted(point.attributes.items()))): point.value
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    }


@pytest.fixture
def no_multiprocess(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the client's multiprocess mode, should the caller's environment be in it."""
    for name in ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def promtool() -> str:
    """Return Prometheus' own tool; under CI=true it must be there."""
    found = shutil.which("promtool")
    if found is None:
        reason = "no promtool: it is part of Prometheus (Debian: apt-get install prometheus)"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    return found


pytestmark = pytest.mark.usefixtures("no_multiprocess")


# --- figures --------------------------------------------------------------------------------------------------


def test_figures_are_what_status_and_decision_say() -> None:
    """Each value is the status' or the decision's, with the labels that tell whose it is."""
    clock = ManualClock(START)
    one = monitor(clock=clock, service="shop")
    one.add(good=95, bad=5)
    clock.advance("1m")
    status, found = one.status(), told(figures(one))

    def value(name: str, **labels: str) -> float:
        return found[key(name, service="shop", **labels)]

    assert (value("slokit_good_events"), value("slokit_bad_events")) == (95, 5)
    assert (value("slokit_sli_ratio"), value("slokit_target_ratio")) == (0.95, 0.9)
    assert value("slokit_error_budget_remaining_ratio") == 0.5
    assert value("slokit_coverage_ratio") == status.coverage
    for window in ("5m", "1h", "6h"):
        assert value("slokit_burn_rate", window=window) == status.burn_rate(window) == 0.5
    states = {state: value("slokit_state", state=state) for state in ("calm", "frozen", "unknown")}
    assert states == {"calm": 1, "frozen": 0, "unknown": 0}
    assert {name for name, _ in found} == set(FAMILIES) - {"slokit_store_up"}


def test_what_is_not_known_has_no_figure() -> None:
    """Without data no ratio, no budget, no burn rate; the counts are 0 and the state is unknown."""
    found = told(figures(monitor()))
    names = {name for name, _ in found}
    assert not names & {"slokit_sli_ratio", "slokit_error_budget_remaining_ratio", "slokit_burn_rate"}
    assert found[key("slokit_good_events")] == found[key("slokit_bad_events")] == 0
    assert found[key("slokit_state", state="unknown")] == 1
    assert found[key("slokit_state", state="calm")] == found[key("slokit_state", state="frozen")] == 0


def test_a_short_window_without_data_has_no_burn_rate_while_a_long_one_has() -> None:
    """Ten quiet minutes are no burn rate of 0 over five minutes."""
    clock = ManualClock(START)
    one = monitor(clock=clock)
    one.add(good=9, bad=1)
    clock.advance("10m")
    rates = {labels: value for (name, labels), value in told(figures(one)).items() if name == "slokit_burn_rate"}
    assert [dict(labels)["window"] for labels in rates] == ["1h", "6h"]


def test_a_window_beyond_what_is_remembered_has_no_figure() -> None:
    """A burn rate over the hour that is remembered is none over six."""
    one = monitor(retention="1h")
    one.add(bad=1)
    windows = [dict(one.labels)["window"] for one in figures(one) if one.name == "slokit_burn_rate"]
    assert windows == ["5m", "1h"]


def test_drops_are_told_by_reason_those_without_any_too() -> None:
    """So the first drop is an increase."""
    one = monitor()
    one.record("yes")  # type: ignore[arg-type]
    one.observe("slow")
    one.observe("slow")
    found = told(figures(one))
    drops = {dict(labels)["reason"]: value for (name, labels), value in found.items() if "dropped" in name}
    assert drops == dict.fromkeys(REASONS, 0) | dict(one.drops)
    assert sum(drops.values()) == 3


def test_callbacks_that_fail_are_counted() -> None:
    """The figure is read after the decision told of the change."""
    clock = ManualClock(START)
    one = monitor(clock=clock)

    def fails(_: object) -> None:
        raise RuntimeError

    one.on_transition(fails)
    one.add(good=1)
    clock.advance("1m")
    assert told(figures(one))[key("slokit_failed_callbacks_total")] == 1


def test_slices_are_not_added_to_events() -> None:
    """What is no event says what it is, in a label of its own."""
    slo = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="1h", budgeting=Timeslices("1m", target="50%"))
    one = Monitor(slo, policy=FREEZE, clock=ManualClock(START))
    one.add(good=100, bad=1)
    assert told(figures(one))[key("slokit_good_events", unit="slices")] == 1


def test_windows_are_named_alike_however_they_are_written() -> None:
    """One length is one series; a text alone is not taken for its letters."""
    one = monitor()
    one.add(good=1)
    rates = [figure for figure in figures(one, ["60m", "1h", "90m"]) if figure.name == "slokit_burn_rate"]
    assert [dict(rate.labels)["window"] for rate in rates] == ["1h", "1h30m"]
    with pytest.raises(WrongType, match="several lengths"):
        figures(one, "5m")
    with pytest.raises(InvalidWindow, match="no whole number"):
        figures(one, ["90s"])
    with pytest.raises(WrongType, match="Monitor"):
        figures("checkout")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "1up", "a-b", "up\n", "a:b", "__name__", "é", "a b"])
def test_names_that_are_none_are_refused(name: str) -> None:
    """A line break at the end included, which a match up to "$" lets through."""
    with pytest.raises(InvalidDefinition):
        Family(name, "gauge", "", "x")
    with pytest.raises(InvalidDefinition):
        Figure(FAMILIES["slokit_state"], 1, {name: "x"})


def test_values_and_labels_that_cannot_be_told_are_refused() -> None:
    """NaN, infinity, half a sign, the same label twice, what is no text or no number."""
    state = FAMILIES["slokit_state"]
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(InvalidNumber, match="finite"):
            Figure(state, value)
    with pytest.raises(InvalidDefinition, match="surrogates"):
        Figure(state, 1, {"slo": "\ud83d"})
    with pytest.raises(InvalidDefinition, match="twice"):
        Figure(state, 1, (("slo", "a"), ("slo", "b")))
    wrong: list[tuple[Any, Any]] = [("1", {}), (True, {}), (Fraction(1), {}), (1, {"slo": 1}), (1, {7: "x"})]
    for number, labels in wrong:
        with pytest.raises(WrongType):
            Figure(state, number, labels)
    for name, kind in (("slokit_x_total", "gauge"), ("slokit_x", "counter")):
        with pytest.raises(InvalidDefinition, match="_total"):
            Family(name, kind, "", "x")  # type: ignore[arg-type]


def test_a_figure_shows_itself_safely() -> None:
    """Escaped as the exposition is, and for HTML as HTML is."""
    figure = Figure(FAMILIES["slokit_state"], 1, {"slo": 'a"\\\n\x1b<b>'})
    assert repr(figure) == 'slokit_state{slo="a\\"\\\\\\n\\x1b<b>"} 1'
    assert "<b>" not in figure._repr_html_()
    assert dict(figure.__rich_repr__())["value"] == 1
    assert (figure.help, figure.kind, figure.unit) == (FAMILIES["slokit_state"].help, "gauge", "")
    assert hash(figure) == hash(Figure(FAMILIES["slokit_state"], 1, {"slo": 'a"\\\n\x1b<b>'}))


# --- Prometheus -----------------------------------------------------------------------------------------------


def test_a_scrape_says_what_the_figures_say() -> None:
    """All of them, of all monitors, and nothing else but how often each could not be read."""
    monitors = [monitor("checkout", service="shop"), monitor("search"), monitor("empty")]
    monitors[0].add(good=90, bad=5)
    monitors[1].add(good=3)
    expected = {name: value for one in monitors for name, value in told(figures(one)).items()}
    found = scraped(registry_of(PrometheusCollector(monitors)))
    failed = {name: value for name, value in found.items() if name[0] == "slokit_failed_readings_total"}
    assert found == expected | failed
    assert list(failed.values()) == [0, 0, 0]


def test_hostile_names_survive_the_exposition(promtool: str) -> None:
    """Objective, service, policy and state come back as they were, from both formats; promtool has no complaint."""
    policy = Policy(HOSTILE, states=[State("calm"), State(HOSTILE)], rules=[Rule(HOSTILE, Exhausted())])
    one = monitor(HOSTILE, service=HOSTILE, policy=policy)
    one.add(good=95, bad=5)
    registry = registry_of(PrometheusCollector([one, monitor("plain")]))
    labels = {"slo": HOSTILE, "service": HOSTILE, "policy": HOSTILE}
    state = ("slokit_state", tuple(sorted({**labels, "state": HOSTILE}.items())))
    assert scraped(registry)[state] == 0
    assert scraped(registry)["slokit_bad_events", tuple(sorted(labels.items()))] == 5
    open_ = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse_openmetrics(generate_openmetrics(registry).decode())
        for sample in family.samples
    }
    assert open_ == scraped(registry)
    text = generate_latest(registry)
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(str.strip))
def test_any_name_survives_the_exposition(name: str) -> None:
    """Whatever an objective may be called."""
    found = scraped(registry_of(PrometheusCollector(monitor(name, service=name))))
    labels = {"slo": name, "service": name, "policy": "freeze"}
    assert found["slokit_target_ratio", tuple(sorted(labels.items()))] == 0.9


def test_promtool_knows_a_bad_exposition(promtool: str) -> None:
    """Else its silence about ours would say nothing."""
    bad = b'# TYPE x counter\nx{slo="a\nb"} 1\n'
    assert subprocess.run([promtool, "check", "metrics"], input=bad, capture_output=True, check=False).returncode


def test_registering_evaluates_nothing_and_claims_all_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry asks for descriptions; a second collector of the same names is refused by it."""
    one = monitor()
    monkeypatch.setattr(one, "status", lambda: 1 / 0)
    collector = PrometheusCollector(one)
    registry = registry_of(collector)
    assert [family.samples for family in collector.describe()] == [[]] * (len(FAMILIES) + 1)
    with pytest.raises(ValueError, match="Duplicated"):
        registry.register(PrometheusCollector(monitor("other")))
    registry.unregister(collector)
    registry.register(collector)


def test_a_scrape_takes_one_status_a_monitor_and_restricts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A status evaluates the whole window; ?name[]= asks for some families alone."""
    one = monitor()
    one.add(good=1)
    asked, status = [], one.status
    monkeypatch.setattr(one, "status", lambda: asked.append(1) or status())  # type: ignore[func-returns-value]
    registry = registry_of(PrometheusCollector(one, windows=["5m", "10m", "15m"]))
    assert {name for name, _ in scraped(registry.restricted_registry(["slokit_state"]))} == {"slokit_state"}
    assert len(asked) == 1


def test_a_monitor_that_fails_hides_no_other(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """It is counted each time and logged once, until it is well and fails again."""
    good, bad = monitor("good"), monitor("bad")
    registry = registry_of(PrometheusCollector([bad, good]))
    failed = ("slokit_failed_readings_total", (("policy", "freeze"), ("slo", "bad")))
    with caplog.at_level(logging.ERROR, logger="slokit"):
        for times in (1, 2):
            with monkeypatch.context() as broken:
                broken.setattr(bad, "status", lambda: 1 / 0)
                found = [scraped(registry) for _ in range(3)][-1]
            assert {dict(labels)["slo"] for name, labels in found if name == "slokit_state"} == {"good"}
            assert found[failed] == 3 * times
            assert len(caplog.records) == times
            assert {dict(labels)["slo"] for name, labels in scraped(registry) if name == "slokit_state"} == {
                "good",
                "bad",
            }
    assert "ZeroDivisionError" in caplog.text


def test_scrapes_from_several_threads_are_whole() -> None:
    """While events are recorded each scrape has every series."""
    one = monitor()
    one.add(good=1)
    registry = registry_of(PrometheusCollector(one))
    series = len(scraped(registry))

    def scrape(_: int) -> int:
        one.record(True)
        return len(scraped(registry))

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(scrape, range(40))) == {series}
    assert scraped(registry)[key("slokit_good_events")] == 41


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_counts_failures_from_zero() -> None:
    """What the parent could not read is the parent's, and a lock that it held stays behind."""
    program = """
import logging, os
from slokit import SLI, SLO
from slokit.live import Monitor
from slokit.live.expose.readings import Reader
logging.disable()
monitor = Monitor(SLO("x", sli=SLI.ratio("up"), target="90%", window="1h"))
monitor.status = lambda: 1 / 0
reader = Reader(monitor, ["1h"])
assert [figure.value for figure in (*reader.read(), *reader.read())] == [1, 2]
reader._lock.acquire()
child = os.fork()
if not child:
    os._exit(reader.read()[-1].value)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_client_s_own_multiprocess_collector_lives_beside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The registry of a scrape may hold both."""
    # A folder of its own: the client takes every *.db in it for its own.
    (folder := tmp_path / "metrics").mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    kept = monitor(store=tmp_path / "slo.db")
    registry = registry_of(PrometheusCollector(kept))
    MultiProcessCollector(registry)
    assert scraped(registry)[key("slokit_store_up")] == 1
    kept.close()


@pytest.mark.parametrize("variable", ["PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"])
def test_multiprocess_mode_asks_for_a_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str) -> None:
    """A worker that knows itself alone is refused; with a store it tells of all, but counters of itself to nobody."""
    monkeypatch.setenv(variable, str(tmp_path))
    kept = monitor("kept", store=tmp_path / "slo.db")
    with pytest.raises(StoreError, match=r"'alone'.*store=.*any worker"):
        PrometheusCollector([kept, monitor("alone")])
    kept.add(bad=1)
    found = scraped(registry_of(PrometheusCollector(kept)))
    assert not [name for name, _ in found if name.endswith("_total")]
    assert found["slokit_bad_events", (("policy", "freeze"), ("slo", "kept"))] == 1
    kept.close()


def test_two_processes_on_one_store_expose_the_whole(tmp_path: Path) -> None:
    """After a flush either of them tells the sum, and that its store is up."""
    clock = ManualClock(START)
    one, other = (monitor(clock=clock, store=tmp_path / "slo.db") for _ in range(2))
    one.add(good=60, bad=2)
    other.add(good=38)
    for each in (one, other, one):
        each.flush()
    for each in (one, other):
        reader = InMemoryMetricReader()
        observe_with(MeterProvider([reader]).get_meter("slokit"), each)
        for found in (scraped(registry_of(PrometheusCollector(each))), collected(reader)):
            assert (found[key("slokit_good_events")], found[key("slokit_bad_events")]) == (98, 2)
            assert found[key("slokit_store_up")] == 1
    one.close()
    other.close()


def test_a_store_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The figures go on, of what is known; without a store the question does not arise."""
    clock = ManualClock(START)
    store = open_store(tmp_path / "slo.db")
    one = monitor(clock=clock, store=store)

    def away(*_: object) -> None:
        raise StoreError("the database is down")

    monkeypatch.setattr(store, "write", away)
    one.add(good=5)
    clock.advance("3m")
    found = told(figures(one))
    assert (found[key("slokit_store_up")], found[key("slokit_good_events")]) == (0, 5)
    assert key("slokit_store_up") not in told(figures(monitor()))
    monkeypatch.undo()
    one.close()


# --- OpenTelemetry --------------------------------------------------------------------------------------------


def test_a_meter_observes_what_the_figures_say() -> None:
    """Under the same names, counters without their ending, hostile names and all."""
    monitors = [monitor("checkout", service=HOSTILE), monitor(HOSTILE), monitor("empty")]
    monitors[0].add(good=90, bad=5)
    monitors[1].observe("slow")
    reader = InMemoryMetricReader()
    observe_with(MeterProvider([reader]).get_meter("slokit"), monitors)
    expected = {
        (name.removesuffix("_total"), labels): value
        for one in monitors
        for (name, labels), value in told(figures(one)).items()
    }
    found = collected(reader)
    failed = {name: value for name, value in found.items() if name[0] == "slokit_failed_readings"}
    assert found == expected | failed
    assert list(failed.values()) == [0, 0, 0]


def test_instruments_have_kinds_units_and_descriptions() -> None:
    """Counters are monotonic sums; ratios are 1, events are annotated, burn rates have no unit."""
    one, reader = monitor(), InMemoryMetricReader()
    one.add(good=1)
    observe_with(MeterProvider([reader]).get_meter("slokit"), one)
    data = reader.get_metrics_data()
    assert data is not None
    metrics = {metric.name: metric for metric in data.resource_metrics[0].scope_metrics[0].metrics}
    units = {name: metric.unit for name, metric in metrics.items()}
    assert units["slokit_sli_ratio"] == "1"
    assert units["slokit_good_events"] == units["slokit_dropped_events"] == "{event}"
    assert units["slokit_burn_rate"] == units["slokit_state"] == ""
    assert metrics["slokit_dropped_events"].data.is_monotonic
    assert not hasattr(metrics["slokit_good_events"].data, "is_monotonic")
    assert metrics["slokit_sli_ratio"].description == FAMILIES["slokit_sli_ratio"].help


def test_a_round_of_all_instruments_takes_one_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each collection a new one, at once and by every reader, and all of its figures of the same."""
    one = monitor()
    one.add(good=1)
    asked, status = [], one.status
    monkeypatch.setattr(one, "status", lambda: asked.append(1) or status())  # type: ignore[func-returns-value]
    readers = [InMemoryMetricReader(), InMemoryMetricReader()]
    observe_with(MeterProvider(readers).get_meter("slokit"), one)
    for rounds in range(1, 5):
        one.record(True)
        assert collected(readers[rounds % 2])[key("slokit_good_events")] == 1 + rounds
        assert len(asked) == rounds


def test_a_round_that_was_broken_off_is_not_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instrument that was not asked then does not hand out what was true then."""
    now = [100.0]
    monkeypatch.setattr("slokit.live.expose.otel.time.monotonic", lambda: now[0])
    one = monitor()
    rounds = _Rounds(Reader(one, ["1h"]))
    one.record(True)
    assert [figure.value for figure in rounds.figures("slokit_good_events")] == [1]
    one.record(False)
    assert [figure.value for figure in rounds.figures("slokit_bad_events")] == [0]
    now[0] += 60
    assert [figure.value for figure in rounds.figures("slokit_sli_ratio")] == [0.5]


def test_a_monitor_that_fails_hides_no_other_from_a_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is absent, and counted once a round."""
    good, bad, reader = monitor("good"), monitor("bad"), InMemoryMetricReader()
    observe_with(MeterProvider([reader]).get_meter("slokit"), [bad, good])
    monkeypatch.setattr(bad, "status", lambda: 1 / 0)
    collected(reader)
    found = collected(reader)
    assert {dict(labels)["slo"] for name, labels in found if name == "slokit_state"} == {"good"}
    assert found["slokit_failed_readings", (("policy", "freeze"), ("slo", "bad"))] == 2


# --- what is refused ------------------------------------------------------------------------------------------


def ways(monitors: Any, **options: Any) -> Iterator[Any]:
    """Yield both ways out, not yet taken."""
    yield lambda: PrometheusCollector(monitors, **options)
    yield lambda: observe_with(MeterProvider([]).get_meter("slokit"), monitors, **options)


def test_monitors_that_look_alike_are_refused() -> None:
    """Their figures would be one series; a service that is empty is none."""
    for way in ways([monitor(), monitor(service="")]):
        with pytest.raises(InvalidSLO, match="would be one series"):
            way()
    for way in ways([monitor(), monitor(service="shop"), monitor(policy=Policy.default("1h"))]):
        way()


def test_what_does_not_fit_is_refused_before_the_first_scrape() -> None:
    """Windows that are no whole buckets, and what is no monitor."""
    for way in ways(monitor(), windows=["90s"]):
        with pytest.raises(InvalidWindow, match=r"'checkout'.*no whole number"):
            way()
    for wrong in (["checkout"], "checkout", 7):
        for way in ways(wrong):
            with pytest.raises(WrongType, match="monitors"):
                way()
    with pytest.raises(WrongType, match="meter"):
        observe_with("meter", monitor())


def test_without_the_extra_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each names its own."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
    with pytest.raises(MissingExtra, match=r"slokit\[prometheus\]"):
        PrometheusCollector(monitor())
    with pytest.raises(MissingExtra, match=r"slokit\[otel\]"):
        observe_with(None, monitor())


def test_neither_library_is_loaded_early_and_never_the_sdk() -> None:
    """Importing loads none; observing with the API's own meter loads the API alone."""
    program = """
import sys
import slokit.live.expose as expose
assert not {"prometheus_client", "opentelemetry"} & set(sys.modules)
from opentelemetry.metrics import get_meter
from slokit import SLI, SLO
from slokit.live import Monitor
expose.observe_with(get_meter("x"), Monitor(SLO("x", sli=SLI.ratio("up"), target="90%", window="1h")))
assert "opentelemetry.sdk" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
