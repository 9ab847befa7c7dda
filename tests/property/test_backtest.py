"""Backtests are what loops over buckets and incidents say, of one alert and of every setting of a sweep alike."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, SLO, BudgetShareAlert, BurnRateAlert, Counts, Evaluation
from slokit.analysis.backtest import FIGURES, Figures, score, sweep
from slokit.errors import InvalidNumber
from tests import oracle_backtest
from tests.oracle_backtest import History, Span
from tests.oracle_policy import Gates, Setting, Spec, holds
from tests.property.evidence import Evidence, evidences, targets
from tests.property.test_alerts import OPS, Op, thresholds
from tests.property.test_evaluation import objective

pytestmark = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")

SIZES = st.integers(1, 24)


@st.composite
def spans(draw: st.DrawFn, evidence: Evidence) -> list[Span]:
    """Draw incidents, inside and around the evidence, on edges and off them, overlapping and empty ones too."""
    row = evidence.rows[0]
    found = []
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(-2, len(row))) * row.step + draw(st.sampled_from((0, 0, 0, 1, row.step - 1)))
        length = draw(st.sampled_from((0, 1, row.step, row.step + 1, 2 * row.step, 3 * row.step, 9 * row.step)))
        found.append((row.start + begin, row.start + begin + length))
    return found


def plain(figures: Figures) -> dict[str, Any]:
    """Return figures as the oracle has them; steps are whole minutes, so that nothing is cut off."""
    values = {name: getattr(figures, name) for name in FIGURES}
    return {
        name: round(value / timedelta(microseconds=1)) * 1_000 if isinstance(value, timedelta) else value
        for name, value in values.items()
    }


def rounded(figures: dict[str, Any]) -> dict[str, Any]:
    """Cut the oracle's times to whole microseconds, as a timedelta does."""
    return {
        name: round(timedelta(microseconds=value / 1_000) / timedelta(microseconds=1)) * 1_000
        if value is not None and FIGURES[name].kind == "time"
        else value
        for name, value in figures.items()
    }


def spec_of(alert: BurnRateAlert | BudgetShareAlert, step: int) -> Spec:
    """Return what the oracle calls an alert."""
    gates = Gates(alert.op, alert.pending, alert.min_bad, alert.min_total, alert.min_coverage)
    if isinstance(alert, BurnRateAlert):
        return "burn", gates, alert.burn_rate, [window // step for window in alert.windows]
    return "share", gates, alert.share, alert.window // step


@given(data=st.data(), target=targets(), width=st.integers(1, 12))
def test_a_score_is_what_loops_say(data: st.DataObject, target: Fraction, width: int) -> None:
    """Any alert, any incidents, any grace, in any part of history: all figures, and what became of each incident."""
    evidence = data.draw(evidences(target, most_axes=0, sizes=SIZES))
    row, step = evidence.rows[0], evidence.rows[0].step
    ev = objective(target, width * step).evaluate(evidence.counts())
    incidents = data.draw(spans(evidence), label="incidents")
    grace = data.draw(st.sampled_from((0, 1, step, 2 * step + 1)), label="grace")
    first = data.draw(st.integers(0, len(row) - 1), label="first")
    stop = data.draw(st.integers(first + 1, len(row)), label="stop")
    alert = BurnRateAlert(
        long_window=np.timedelta64(data.draw(st.integers(1, 6)) * step, "ns"),
        burn_rate=data.draw(thresholds(evidence, target, [1, 2])),
        pending=data.draw(st.sampled_from((0, step))),
    )
    history = History(Setting(row, target, width), incidents, grace, first, stop)
    firing = [holds(history.setting, spec_of(alert, step), t) for t in range(len(row))]

    found = score(
        ev,
        alert,
        incidents,
        grace=timedelta(microseconds=grace / 1_000) if grace % 1_000 == 0 else np.timedelta64(grace, "ns"),
        start=np.datetime64(row.start + first * step, "ns"),
        end=np.datetime64(row.start + stop * step, "ns"),
    )

    assert plain(found) == rounded(oracle_backtest.figures(history, firing))
    assert [(one.incident.start, one.incident.end) for one in found.outcomes] == history.scored
    for one in found.outcomes:
        truth = oracle_backtest.outcome(history, firing, (one.incident.start, one.incident.end))
        assert (one.already_firing, one.is_detected) == (truth["already"], truth["detect"] is not None)
        assert one.spent == truth["spent"]


@given(data=st.data(), target=targets(), width=st.integers(1, 12), op=st.sampled_from(OPS))
def test_a_sweep_is_every_setting_alone(data: st.DataObject, target: Fraction, width: int, op: Op) -> None:
    """With gates, pending times and ties: each row is what loops say of it, in both parts of history."""
    evidence = data.draw(evidences(target, most_axes=0, sizes=SIZES))
    row, step = evidence.rows[0], evidence.rows[0].step
    ev = objective(target, width * step).evaluate(evidence.counts())
    incidents = data.draw(spans(evidence), label="incidents")
    grace = data.draw(st.sampled_from((0, 1, step)), label="grace")
    widths = data.draw(
        st.lists(st.tuples(st.integers(1, 8), st.none() | st.integers(1, 3)), min_size=1, max_size=2), label="widths"
    )
    limits = thresholds(evidence, target, [length for pair in widths for length in pair if length])
    rates = data.draw(st.lists(limits, max_size=5), label="burn rates")
    setting = Setting(row, target, width)
    spent = [one for t in range(len(row)) if (one := setting.spent(t, widths[0][0])) is not None]
    shares = data.draw(st.lists(st.sampled_from([*spent, Fraction(1, 50)]), max_size=3), label="shares")
    if not rates and not shares:
        rates = [Fraction(1)]
    some = [setting.events(t, widths[0][0]) for t in range(len(row))]
    min_bads = data.draw(st.lists(st.sampled_from([0, *(one[0] for one in some)]), min_size=1, max_size=2))
    min_totals = data.draw(st.lists(st.sampled_from([0, *(one[1] for one in some)]), min_size=1, max_size=2))
    most = 2**63 - 1
    holdout = data.draw(st.none() | st.sampled_from((Fraction(1, 3), Fraction(1, 2), Fraction(9, 10))))
    asked: dict[str, Any] = {
        "windows": [
            (np.timedelta64(a * step, "ns"), None if b is None else np.timedelta64(b * step, "ns")) for a, b in widths
        ],
        "burn_rates": rates,
        "shares": shares,
        "pendings": data.draw(st.lists(st.sampled_from((0, 1, step, 3 * step)), min_size=1, max_size=2)),
        "min_bads": [min(one, most) for one in min_bads],
        "min_totals": [min(one, most) for one in min_totals],
        "min_coverage": data.draw(st.sampled_from((0, 0, Fraction(1, 2), 1))),
        "op": op,
        "grace": np.timedelta64(grace, "ns"),
    }
    try:
        found = sweep(ev, incidents, holdout=holdout, **asked)
    except InvalidNumber:
        # An incident reaches from the start to behind the split.
        assert holdout is not None
        return

    assert len(found) > 0
    parts = [found.chosen_by] if found.held_out is None else [found.chosen_by, found.held_out]
    for part in parts[1:]:
        assert part.stop - part.first >= (holdout or 0) * len(row)
        whole = History(setting, incidents, grace, 0, len(row))
        for span in incidents:
            assert len({t < part.first for t in range(len(row)) if whole.tells(t, span)}) <= 1
    for at in range(len(found)):
        alert = found.alert(at)
        assert isinstance(alert, BurnRateAlert | BudgetShareAlert)
        firing = [holds(setting, spec_of(alert, step), t) for t in range(len(row))]
        for k, part in enumerate(parts):
            truth = rounded(oracle_backtest.figures(History(setting, incidents, grace, part.first, part.stop), firing))
            figures = found.held_out_figures(at) if k else found.figures(at)
            assert figures is not None
            assert plain(figures) == truth, (alert, k)


def long_history(seed: int, size: int = 3_000) -> tuple[Evaluation, list[Span]]:
    """Draw a history of minutes with incidents whose burn rates meet thresholds exactly, and holes."""
    draw = np.random.default_rng(seed)
    total = draw.choice([0, 50, 100, 500, 500, 1000], size)
    share = np.full(size, 0.002)
    incidents = []
    for begin in draw.integers(0, size, 12).tolist():
        length = int(draw.integers(1, 90))
        share[begin : begin + length] = draw.choice([0.02, 0.05, 0.1, 0.5])
        incidents.append((begin * 60 * 10**9 + int(draw.integers(-90, 90)) * 10**9, (begin + length) * 60 * 10**9))
    bad = np.minimum(draw.binomial(total, share) // 5 * 5, total)
    counts = Counts.from_buckets(
        start="1970-01-01T00:00Z", step="1m", total=total, bad=bad, observed=(total > 0) | (draw.random(size) < 0.9)
    )
    return SLO("long", sli=SLI.ratio("long"), target="99%", window="1d").evaluate(counts), incidents


@pytest.mark.parametrize("seed", range(3))
def test_a_sweep_of_hundreds_is_every_score_alone(seed: int) -> None:
    """On a long history with thresholds that are met exactly, a sweep says of each setting what a score says."""
    ev, incidents = long_history(seed)
    found = sweep(
        ev,
        incidents,
        windows=[("1h", "5m"), ("30m", "10m"), "20m"],
        burn_rates=[Fraction(k, 2) for k in range(25)],
        shares=["1%", "2%", "5%"],
        pendings=["0s", "3m"],
        min_bads=[0, 20],
        holdout=0.3,
        grace="2m",
    )
    assert len(found) == 336
    split = np.datetime64(found.held_out.first * 60 * 10**9, "ns") if found.held_out else None
    told = set()
    for at in range(0, len(found), 5):
        alert = found.alert(at)
        for figures, start, end in ((found.figures(at), None, split), (found.held_out_figures(at), split, None)):
            alone = score(ev, alert, incidents, grace="2m", start=start, end=end)
            assert figures is not None
            assert plain(figures) == plain(alone)
            told.add((alone.detected, alone.false_alarms))
    assert len(told) > 10


def test_ties_at_thresholds_are_met() -> None:
    """The long histories do meet thresholds exactly, so that the test above can fail where floats decide."""
    ev, _ = long_history(0)
    exact = sum(
        int((ev.burning(rate, window, op="gte") & ~ev.burning(rate, window)).sum())
        for rate in (Fraction(k, 2) for k in range(1, 25))
        for window in ("5m", "10m", "20m", "30m", "1h")
    )
    assert exact > 50
