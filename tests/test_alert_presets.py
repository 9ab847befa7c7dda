"""The recommended alerts are what their sources print, exactly, and scale as their sources scale."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from slokit import BurnRateAlert, CalendarWindow, alerts
from slokit.alerts.presets import nearest
from slokit.errors import InvalidAlert, InvalidDuration, WrongType
from slokit.timeline import UNITS, duration_text

Preset = Callable[..., tuple[BurnRateAlert, ...]]
PRESETS: list[Preset] = [
    alerts.google,
    alerts.sloth,
    alerts.pyrra,
    alerts.datadog,
    alerts.elastic,
    alerts.slo_generator,
]

# What the sources print: threshold, windows, who is told, and for how long it must hold.
PRINTED: list[tuple[Preset, str, list[str]]] = [
    (alerts.google, "30d", ["14.4 1h/5m page", "6 6h/30m page", "1 3d/6h ticket"]),
    (alerts.sloth, "30d", ["14.4 1h/5m page", "6 6h/30m page", "3 1d/2h ticket", "1 3d/6h ticket"]),
    (alerts.sloth, "28d", ["13.44 1h/5m page", "5.6 6h/30m page", "2.8 1d/2h ticket", "14/15 3d/6h ticket"]),
    (alerts.elastic, "30d", ["14.4 1h/5m page", "6 6h/30m page", "3 1d/2h ticket", "1 3d/6h ticket"]),
    (alerts.elastic, "7d", ["3.36 1h/5m page", "1.4 6h/30m page", "0.7 1d/2h ticket", "7/30 3d/6h ticket"]),
    (alerts.elastic, "90d", ["43.2 1h/5m page", "18 6h/30m page", "9 1d/2h ticket", "3 3d/6h ticket"]),
    (alerts.datadog, "7d", ["16.8 1h/5m page", "5.6 6h/30m page", "2.8 1d/2h ticket"]),
    (alerts.datadog, "30d", ["14.4 1h/5m page", "6 6h/30m page", "3 1d/2h ticket"]),
    (alerts.datadog, "90d", ["21.6 1h/5m page", "10.8 6h/30m page", "4.5 1d/2h ticket"]),
    (
        alerts.pyrra,
        "28d",
        ["14 1h/5m page 2m", "7 6h/30m page 15m", "2 1d/2h ticket 1h", "1 4d/6h ticket 3h"],
    ),
    (
        alerts.pyrra,
        "30d",
        ["14 1h4m/5m page 2m", "7 6h26m/32m page 16m", "2 1d1h43m/2h9m ticket 1h4m", "1 4d6h51m/6h26m ticket 3h13m"],
    ),
    (
        alerts.pyrra,
        "7d",
        ["14 15m/1m page 1m", "7 1h30m/8m page 4m", "2 6h/30m ticket 15m", "1 1d/1h30m ticket 45m"],
    ),
    (alerts.slo_generator, "28d", ["9 1h page", "3 12h page", "1.5 7d ticket", "1 28d ticket"]),
    (alerts.slo_generator, "7d", ["9 1h page", "3 12h page", "1.5 7d ticket", "1 28d ticket"]),
]


def printed(alert: BurnRateAlert) -> tuple[Fraction, str]:
    """Return an alert's threshold, and the rest of it as the table writes it."""
    windows = "/".join(duration_text(window) for window in alert.windows)
    pending = f" {duration_text(alert.pending)}" if alert.pending else ""
    return alert.burn_rate, f"{windows} {alert.severity}{pending}"


@pytest.mark.parametrize(("preset", "window", "rows"), PRINTED, ids=[f"{p.__name__}-{w}" for p, w, _ in PRINTED])
def test_a_preset_is_what_its_source_prints(preset: Preset, window: str, rows: list[str]) -> None:
    """Thresholds are exact fractions; 0.234 was 7/30 before it was rounded."""
    expected = [(Fraction(rate), rest) for rate, _, rest in (row.partition(" ") for row in rows)]
    assert [printed(alert) for alert in preset(window)] == expected


@pytest.mark.parametrize("preset", PRESETS)
def test_gates_are_passed_to_every_alert(preset: Preset) -> None:
    """And nothing is gated where nothing was asked for, as in the sources."""
    for alert in preset("30d", min_bad=5, min_total=20, confidence="99%"):
        assert (alert.min_bad, alert.min_total, alert.confidence) == (5, 20, Fraction(99, 100))
    for alert in preset("30d"):
        assert (alert.min_bad, alert.min_total, alert.confidence, alert.op) == (0, 0, None, "gt")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_calendar_window_counts_at_its_nominal_length(preset: Preset) -> None:
    """A month is 30 days, whatever the month."""
    assert preset(CalendarWindow("month", tz="Europe/Berlin")) == preset("30d")


@pytest.mark.parametrize("preset", [alerts.google, alerts.sloth, alerts.elastic])
@pytest.mark.parametrize("window", ["1d", "7d", "28d", "30d", "90d", "365d"])
def test_what_an_alert_may_cost_stays_the_same_share_of_the_budget(preset: Preset, window: str) -> None:
    """Under flat traffic, so that no threshold is that of another window."""
    length = int(window.removesuffix("d")) * UNITS["d"]
    spent = {duration_text(a.long_window): a.burn_rate * a.long_window / length for a in preset(window)}
    shares = {"1h": Fraction(2, 100), "6h": Fraction(5, 100), "1d": Fraction(10, 100), "3d": Fraction(10, 100)}
    assert spent == {long: shares[long] for long in spent}


@pytest.mark.parametrize(
    ("window", "same_as"), [("1d", 7), ("14d", 7), ("15d", 30), ("28d", 30), ("51d", 30), ("52d", 90), ("365d", 90)]
)
def test_datadog_takes_the_shares_of_the_nearest_window(window: str, same_as: int) -> None:
    """Nearest in ratio: 14 days are twice 7 and less than half of 30."""
    length = int(window.removesuffix("d"))
    scaled = [alert.burn_rate * Fraction(length, same_as) for alert in alerts.datadog(f"{same_as}d")]
    assert [alert.burn_rate for alert in alerts.datadog(window)] == scaled
    assert nearest([7, 30, 90], length) == same_as


@pytest.mark.parametrize("window", ["1m", "30m", "12h", "1d"])
def test_no_window_is_ever_zero(window: str) -> None:
    """An objective of 12 hours has short windows of a minute, where its source makes 0 s of them."""
    for alert in alerts.pyrra(window):
        assert min(*alert.windows, alert.pending) >= UNITS["m"]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_window_that_cannot_be_is_refused(preset: Preset) -> None:
    """A month as text has no length, a bare number no unit; gates are refused by the alert."""
    with pytest.raises(InvalidDuration, match="1M"):
        preset("1M")
    with pytest.raises(WrongType):
        preset(30)
    with pytest.raises(InvalidAlert, match="min_bad"):
        preset("30d", min_bad=-1)


@pytest.mark.parametrize("preset", PRESETS)
def test_there_are_pages_and_tickets_and_nothing_else(preset: Preset) -> None:
    """Every source has names of its own for the two."""
    assert {alert.severity for alert in preset("30d")} == {"page", "ticket"}
