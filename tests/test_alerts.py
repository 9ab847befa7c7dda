"""Burn-rate alerts as definitions and at a prompt; what they answer is in tests/property/test_alerts.py."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from slokit import SLI, SLO, BurnRateAlert, Counts, alerts
from slokit.errors import InvalidAlert, InvalidDuration, InvalidWindow, SlokitError, WrongType

COUNTS = Counts.from_buckets(start="2026-01-01T00:00Z", step="5m", total=[1000] * 4, bad=[0, 20, 20, 0])
EV = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d").evaluate(COUNTS)


def test_an_alert_is_a_value() -> None:
    """However it was written, and after copying and pickling (case 37)."""
    alert = BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4)
    again = BurnRateAlert(long_window=timedelta(hours=1), short_window="300s", burn_rate=Fraction(72, 5))
    assert alert == again == pickle.loads(pickle.dumps(alert)) == copy.deepcopy(alert)
    assert hash(alert) == hash(again)
    assert alert.burn_rate == Fraction(72, 5)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"long_window": "0m"}, InvalidDuration),
        ({"long_window": "1M"}, InvalidDuration),
        ({"short_window": 0}, InvalidDuration),
        ({"burn_rate": -1}, InvalidAlert),
        ({"burn_rate": True}, WrongType),
        ({"op": ">"}, InvalidAlert),
        ({"severity": ""}, InvalidAlert),
        ({"severity": "\x1b[31mX"}, InvalidAlert),
        ({"severity": 5}, WrongType),
    ],
)
def test_a_field_that_cannot_be_is_refused(fields: dict[str, Any], error: type[SlokitError]) -> None:
    """Each by itself, when the alert is made."""
    with pytest.raises(error):
        BurnRateAlert(**{"long_window": "1h", "burn_rate": 14.4, **fields})


def test_the_short_window_ends_the_alert() -> None:
    """Over the long window alone it goes on after the trouble; with the short one it stops with it."""
    assert BurnRateAlert(long_window="10m", burn_rate=9).fires(EV).tolist() == [False, True, True, True]
    both = BurnRateAlert(long_window="10m", short_window="5m", burn_rate=9)
    assert both.fires(EV).tolist() == [False, True, True, False]


def test_several_alerts_are_answered_in_one_call() -> None:
    """One row an alert, in their order, with threads or without."""
    several = [BurnRateAlert(long_window="10m", burn_rate=rate) for rate in (9, 10, 20)]
    fired = alerts.fires(EV, several, threads=2)
    assert fired.shape == (3, 4)
    assert [row.tolist() for row in fired] == [alert.fires(EV).tolist() for alert in several]
    assert alerts.fires(EV, []).shape == (0, 4)


def test_what_is_no_alert_or_no_evaluation_is_refused() -> None:
    """With its place among the others, and what to do instead."""
    alert = BurnRateAlert(long_window="10m", burn_rate=9)
    with pytest.raises(WrongType, match=r"alerts\[1\]"):
        alerts.fires(EV, [alert, "page"])  # type: ignore[list-item]
    with pytest.raises(WrongType, match="evaluate"):
        alert.fires(COUNTS)  # type: ignore[arg-type]
    with pytest.raises(InvalidWindow, match="7m"):
        BurnRateAlert(long_window="7m", burn_rate=9).fires(EV)


def test_an_alert_reads_like_what_it_does() -> None:
    """At a prompt, in a notebook and under rich; a severity may look odd and is shown harmless."""
    alert = BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4, severity="<b>\u202e", op="gte")
    assert repr(alert) == r"BurnRateAlert(<b>\u202e: at least 14.4x in 1h and 5m)"
    assert "<b>" not in alert._repr_html_()
    assert dict(alert.__rich_repr__())["fires"] == "at least 14.4x in 1h and 5m"
