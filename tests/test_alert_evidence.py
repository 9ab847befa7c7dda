"""At low traffic: one error never pages where evidence is asked for, and a total outage always does, and soon."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb, floor

import numpy as np
import pytest

from slokit import SLI, SLO, BudgetShareAlert, BurnRateAlert, Counts, alerts
from tests.conftest import ROOT

MINUTE = 60 * 10**9
DAYS, OUTAGE = 8, 6 * 1440
TRAFFIC = (6, 60, 600, 6000)
SHARE = Fraction(1, 1000)
PAGE = ROOT / "docs" / "howto" / "low-traffic.md"
Preset = Callable[..., tuple[BurnRateAlert, ...]]
PRESETS: list[Preset] = [
    alerts.google,
    alerts.sloth,
    alerts.pyrra,
    alerts.datadog,
    alerts.elastic,
    alerts.slo_generator,
]


def objective() -> SLO:
    """Return 99.9% over 30 days."""
    return SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d")


def even(an_hour: int) -> list[int]:
    """Return traffic at an even pace, minute by minute."""
    return [(i + 1) * an_hour // 60 - i * an_hour // 60 for i in range(DAYS * 1440)]


def held(total: list[int], bad: list[int], alert: BurnRateAlert | BudgetShareAlert) -> list[bool]:
    """Return where an alert fires, as slokit says."""
    counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1m", total=total, bad=bad)
    return [bool(fires) for fires in alert.fires(objective().evaluate(counts))]


def first_by_hand(alert: BurnRateAlert, total: list[int]) -> int:
    """Return how many minutes after a total outage began an alert fires, by a loop over plain sums."""
    widths, waited, true_for = [w // MINUTE for w in alert.windows], alert.pending // MINUTE + 1, 0
    for end in range(OUTAGE + 1, len(total) + 1):
        sums = [(sum(total[max(OUTAGE, end - w) : end]), sum(total[end - w : end])) for w in widths]
        burns = all(n and Fraction(b, n) > alert.burn_rate * SHARE for b, n in sums)
        true_for = true_for + 1 if burns and sums[0][0] >= alert.min_bad else 0
        if true_for >= waited:
            return end - OUTAGE
    raise AssertionError("it never fires")


def pages(preset: Preset, **gates: object) -> list[BurnRateAlert]:
    """Return the pages of a preset over 30 days."""
    return [alert for alert in preset("30d", **gates) if alert.severity == "page"]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("an_hour", TRAFFIC)
def test_a_total_outage_pages_within_few_failures(preset: Preset, an_hour: int) -> None:
    """After as many as the gate or the threshold asks for, and those of the bucket and of the time it waits."""
    total = even(an_hour)
    bad = [0] * OUTAGE + total[OUTAGE:]
    for alert in pages(preset, min_bad=5):
        minutes = held(total, bad, alert).index(True) + 1 - OUTAGE
        failed = sum(bad[: OUTAGE + minutes])
        in_long = an_hour * alert.long_window // (60 * MINUTE)
        needed = max(5, floor(alert.burn_rate * SHARE * in_long) + 1)
        slack = -(-an_hour * (alert.pending // MINUTE + 1) // 60)
        assert needed <= failed <= needed + slack
        assert minutes == first_by_hand(alert, total)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_page_states_these_numbers(preset: Preset) -> None:
    """The table of the page is what a loop over plain sums says."""
    cells = []
    for an_hour in TRAFFIC:
        total = even(an_hour)
        minutes = min(first_by_hand(alert, total) for alert in pages(preset, min_bad=5))
        cells.append(f"{sum(total[OUTAGE : OUTAGE + minutes])} in {minutes} min")
    row = f"{preset.__name__:16}" + "".join(f"{cell:>15}" for cell in cells)
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("an_hour", [6, 60])
def test_one_error_in_a_quiet_hour_pages_only_without_a_gate(preset: Preset, an_hour: int) -> None:
    """Without it every preset does; asking for more than one it never does."""
    total = even(an_hour)
    at = next(i for i in range(OUTAGE, len(total)) if total[i])
    bad = [int(i == at) for i in range(len(total))]
    assert any(any(held(total, bad, alert)) for alert in pages(preset))
    for gate in ({"min_bad": 2}, {"min_bad": 5}):
        assert not any(any(held(total, bad, alert)) for alert in pages(preset, **gate))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("an_hour", [6, 60])
def test_one_error_is_never_sure_evidence(preset: Preset, an_hour: int) -> None:
    """With a confidence an outage pages and one error does not; and each alert says what that takes for granted."""
    total = even(an_hour)
    at = next(i for i in range(OUTAGE, len(total)) if total[i])
    for alert in pages(preset, confidence="99%"):
        assert repr(alert).endswith("with 99% confidence if events are independent)")
        assert dict(alert.__rich_repr__())["confidence"] == "with 99% confidence if events are independent"
        assert not any(held(total, [int(i == at) for i in range(len(total))], alert))
        assert any(held(total, [0] * OUTAGE + total[OUTAGE:], alert))


def test_a_confidence_takes_as_many_failures_as_chance_would_not_bring() -> None:
    """Of 60 requests at 1.44% four bad ones or more come once in 90 times, five once in 571: five are asked for."""
    (fast, *_) = pages(alerts.google, confidence="99%")
    below = np.cumsum([comb(60, k) * 0.0144**k * 0.9856 ** (60 - k) for k in range(5)])
    assert np.round(1 / (1 - below[3:])).tolist() == [90, 571]
    for bad in (4, 5):
        assert any(held([1] * 120, [0] * (120 - bad) + [1] * bad, fast)) == (bad == 5)


def test_a_share_of_the_budget_is_gated_alike() -> None:
    """On a budget of 4.3 errors a month one is 23%; five of them page."""
    total = even(6)
    where = [i for i in range(OUTAGE, len(total)) if total[i]]
    for share in (BudgetShareAlert(share="2%", window="1h"), BudgetShareAlert(share="2%", window="1h", min_bad=5)):
        one, five = ([int(i in where[:many]) for i in range(len(total))] for many in (1, 5))
        assert any(held(total, one, share)) == (share.min_bad == 0)
        assert any(held(total, five, share))
