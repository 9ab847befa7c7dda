"""Alerts fire exactly where fractions say so, at any size of counts, and never without data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from slokit import (
    SLI,
    SLO,
    BudgetShareAlert,
    BurnRateAlert,
    CalendarWindow,
    Counts,
    Evaluation,
    RatioTimeslices,
    Timeslices,
    alerts,
)
from slokit._kernels import exceed
from tests import oracle
from tests.oracle import NANOSECONDS, RATIO_UNITS, Moment
from tests.oracle_policy import Gates, Setting, Spec, holds
from tests.property.agreement import same
from tests.property.evidence import LARGEST, Evidence, evidences, targets
from tests.property.test_evaluation import BUDGETS, calendars, objective, own_targets, per_label

pytestmark = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")

Op = Literal["gt", "gte"]
OPS: tuple[Op, ...] = ("gt", "gte")
USUAL = tuple(Fraction(text) for text in ("14.4", "6", "3", "1", "0.1", "16.8", "1.000000000000001", "7/30"))


def thresholds(evidence: Evidence, target: Fraction, widths: list[int]) -> st.SearchStrategy[Fraction]:
    """Draw thresholds: the usual ones, and the very burn rates of the evidence, or a hair to either side of one."""
    rates = {
        rate for row in evidence.rows for width in widths for rate in oracle.burn_rates(row, target, width) if rate
    }
    if not rates:
        return st.sampled_from(USUAL)
    hair = st.sampled_from((Fraction(0), Fraction(0), Fraction(1, 10**17), Fraction(-1, 10**17)))
    exact = st.builds(lambda rate, off: rate * (1 + off), st.sampled_from(sorted(rates)), hair)
    return st.sampled_from(USUAL) | exact | exact


def span(evidence: Evidence, width: int) -> timedelta:
    """Return the length of ``width`` buckets."""
    return timedelta(seconds=width * evidence.rows[0].step // NANOSECONDS)


def evaluation(evidence: Evidence, target: Fraction, width: int) -> Evaluation:
    """Hold the evidence against an objective over ``width`` buckets."""
    return SLO("alert", sli=SLI.ratio("alert"), target=target, window=span(evidence, width)).evaluate(evidence.counts())


@given(data=st.data(), target=targets(), widths=st.lists(st.integers(1, 20), min_size=1, max_size=3))
def test_burning_is_what_fractions_say(data: st.DataObject, target: Fraction, widths: list[int]) -> None:
    """All windows burn faster than the threshold: strictly for gt, at least as fast for gte."""
    evidence = data.draw(evidences(target))
    threshold = data.draw(thresholds(evidence, target, widths))
    op = data.draw(st.sampled_from(OPS))
    ev = evaluation(evidence, target, 5)

    given_mask = ev.burning(threshold, *(span(evidence, width) for width in widths), op=op)

    same("burning", given_mask, [oracle.burning(row, target, threshold, widths, op) for row in evidence.rows], "b")
    assert given_mask.shape == (*evidence.shape, len(evidence.rows[0]))


@given(data=st.data(), target=targets(), width=st.integers(1, 20))
def test_burning_without_windows_means_the_objectives_own(data: st.DataObject, target: Fraction, width: int) -> None:
    """Burning faster than 1 over the SLO's own window is the same as missing it."""
    evidence = data.draw(evidences(target))
    ev = evaluation(evidence, target, width)
    assert np.array_equal(ev.burning(1), ev.missed)
    assert np.array_equal(ev.burning(1, span(evidence, width)), ev.missed)


@given(data=st.data(), target=targets())
def test_an_alert_fires_where_both_windows_burn(data: st.DataObject, target: Fraction) -> None:
    """Many alerts in one call fire as each of them alone, and as fractions say."""
    evidence = data.draw(evidences(target))
    ev = evaluation(evidence, target, 5)
    rules, truths = [], []
    for _ in range(data.draw(st.integers(1, 3))):
        widths = data.draw(st.lists(st.integers(1, 20), min_size=1, max_size=2))
        threshold = data.draw(thresholds(evidence, target, widths))
        op = data.draw(st.sampled_from(OPS))
        short = span(evidence, widths[1]) if len(widths) == 2 else None
        rules.append(
            BurnRateAlert(long_window=span(evidence, widths[0]), short_window=short, burn_rate=threshold, op=op)
        )
        truths.append([oracle.burning(row, target, threshold, widths, op) for row in evidence.rows])

    together = alerts.fires(ev, rules)

    assert together.shape == (len(rules), *evidence.shape, len(evidence.rows[0]))
    for k, rule in enumerate(rules):
        same("fires", rule.fires(ev), truths[k], "b")
        same("fires", together[k], truths[k], "b")


@given(data=st.data(), target=targets(), op=st.sampled_from(OPS))
def test_targets_of_their_own_burn_on_their_own(data: st.DataObject, target: Fraction, op: Op) -> None:
    """Along an axis with own targets each row has its own budget, and so its own threshold on bad over total."""
    evidence = data.draw(evidences(target).filter(lambda found: found.axes))
    axis, names = evidence.axes[0]
    own = data.draw(st.dictionaries(st.sampled_from(names), targets(), min_size=1, max_size=2))
    goals = [own.get(labels[axis], target) for labels in evidence.labels]
    width = data.draw(st.integers(1, 20))
    threshold = data.draw(thresholds(evidence, goals[-1], [width]))
    slo = SLO("alert", sli=SLI.ratio("alert"), target=target, window=span(evidence, 5)).per(axis, target=dict(own))
    ev = slo.evaluate(evidence.counts())
    same(
        "burning",
        ev.burning(threshold, span(evidence, width), op=op),
        [oracle.burning(row, goal, threshold, [width], op) for row, goal in zip(evidence.rows, goals, strict=True)],
        "b",
    )


# --- evidence that alerts ask for -------------------------------------------------------------------------------------

LONG = (Fraction(10**18 - 1, 10**18), Fraction(1, 2**70), Fraction(1, 3), Fraction(1, 10**30))


@st.composite
def gates(draw: st.DrawFn, settings: list[Setting], window: int, covering: int) -> Gates:
    """Draw gates: none, or what some window of the evidence holds, exactly or a hair beside it."""
    row = draw(st.sampled_from(settings))
    t = draw(st.integers(0, len(row.row) - 1))
    bad, total, _ = row.events(t, window)
    seen = Fraction(row.events(t, covering)[2], covering)
    beside = st.sampled_from((-1, 0, 0, 1))

    def around(events: int) -> st.SearchStrategy[int]:
        return st.just(0) | st.just(0) | beside.map(lambda off: min(max(events + off, 0), LARGEST))

    coverages = st.sampled_from((Fraction(0), Fraction(0), Fraction(1), seen, *LONG))
    hairs = st.sampled_from((Fraction(0), Fraction(0), Fraction(1, 10**25), -Fraction(1, 10**25)))
    return Gates(
        op=draw(st.sampled_from(OPS)),
        pending=draw(st.sampled_from((0, 0, 1, row.row.step, row.row.step + 1, 3 * row.row.step, 30 * row.row.step))),
        min_bad=draw(around(bad)),
        min_total=draw(around(total)),
        min_coverage=min(max(draw(coverages) + draw(hairs), Fraction(0)), Fraction(1)),
    )


def shares(data: st.DataObject, settings: list[Setting], width: int | None) -> Fraction:
    """Draw a share of the budget: what some window of the evidence spent, or a hair beside it, or a usual one."""
    spent = {found for one in settings for t in range(len(one.row)) if (found := one.spent(t, width))}
    usual = st.sampled_from([Fraction(text) for text in ("0", "0.02", "0.05", "0.5", "1", "3/2")])
    hairs = st.sampled_from((Fraction(0), Fraction(0), Fraction(1, 10**17), Fraction(-1, 10**17)))
    exact = st.builds(lambda share, off: share * (1 + off), st.sampled_from(sorted(spent)), hairs) if spent else usual
    return data.draw(usual | exact | exact, label="share")


def an_alert(spec: Spec, step: int, severity: str = "page") -> alerts.Alert:
    """Return the alert that a spec of the oracle describes."""
    kind, asked, limit, widths = spec
    fields: dict[str, Any] = {
        "severity": severity,
        "op": asked.op,
        "pending": np.timedelta64(asked.pending, "ns"),
        "min_bad": asked.min_bad,
        "min_total": asked.min_total,
        "min_coverage": asked.min_coverage,
    }
    if kind == "share":
        return BudgetShareAlert(share=limit, window=np.timedelta64(widths * step, "ns"), **fields)
    long, *short = (np.timedelta64(width * step, "ns") for width in widths)
    return BurnRateAlert(long_window=long, short_window=short[0] if short else None, burn_rate=limit, **fields)


@given(data=st.data(), target=targets(), width=st.integers(1, 12))
def test_an_alert_asks_for_evidence_and_waits(data: st.DataObject, target: Fraction, width: int) -> None:
    """Bad events, events, coverage, and a time that it held: at any size of counts, for targets of their own."""
    evidence = data.draw(evidences(target))
    step = evidence.rows[0].step
    own, goals = own_targets(data, evidence, target)
    ev = per_label(objective(target, width * step), own).evaluate(evidence.counts())
    settings = [Setting(row, goal, width) for row, goal in zip(evidence.rows, goals, strict=True)]
    specs: list[Spec] = []
    for _ in range(data.draw(st.integers(1, 3), label="alerts")):
        if data.draw(st.booleans(), label="burns"):
            widths = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=2), label="widths")
            limit = data.draw(thresholds(evidence, goals[0], widths), label="threshold")
            specs.append(("burn", data.draw(gates(settings, widths[0], widths[0])), limit, widths))
        else:
            long = data.draw(st.integers(1, 12), label="window")
            specs.append(("share", data.draw(gates(settings, long, width)), shares(data, settings, long), long))
    several = [an_alert(spec, step) for spec in specs]

    together = alerts.fires(ev, several)

    assert together.shape == (len(specs), *evidence.shape, len(evidence.rows[0]))
    for found, alert, spec in zip(together, several, specs, strict=True):
        truths = [[holds(one, spec, t) for t in range(len(one.row))] for one in settings]
        same("fires", found, truths, "b")
        same("fires alone", alert.fires(ev), truths, "b")


@given(
    data=st.data(),
    goals=st.lists(
        st.sampled_from([Fraction(text) for text in ("0.5", "0.9", "0.999", "0.999999")]), min_size=1, max_size=3
    ),
    confidence=st.sampled_from([Fraction(text) for text in ("0.5", "0.9", "0.99", "0.9999")]),
    widths=st.lists(st.integers(1, 12), min_size=1, max_size=2),
)
def test_confidence_is_that_of_a_binomial_test(
    data: st.DataObject, goals: list[Fraction], confidence: Fraction, widths: list[int]
) -> None:
    """It fires where, besides, the long window's bad events or more would be rarer by chance than is left to doubt.

    Each series is tested against its own target.
    """
    size = data.draw(st.integers(1, 12))
    rows, names = [], [f"t{i}" for i in range(len(goals))]
    for _ in goals:
        totals = data.draw(st.lists(st.integers(0, 400), min_size=size, max_size=size))
        bads = [data.draw(st.integers(0, total) | st.integers(0, min(total, 5))) for total in totals]
        rows.append(oracle.series([n - b for n, b in zip(totals, bads, strict=True)], bads))
    evidence = Evidence((("tenant", tuple(names)),), tuple(rows))
    limit = data.draw(thresholds(evidence, goals[0], widths))
    own = ("tenant", dict(zip(names, goals, strict=True)))
    ev = per_label(objective(goals[0], 5 * rows[0].step), own).evaluate(evidence.counts())
    short = span(evidence, widths[1]) if len(widths) == 2 else None
    alert = BurnRateAlert(
        long_window=span(evidence, widths[0]), short_window=short, burn_rate=limit, confidence=confidence
    )
    truths = []
    for row, goal in zip(rows, goals, strict=True):
        truth = []
        for t, burns in enumerate(oracle.burning(row, goal, limit, widths)):
            bad, total, _ = Setting(row, goal, 5).events(t, widths[0])
            chance = stats.binom.sf(bad - 1, total, min(float(limit * (1 - goal)), 1.0))
            assume(abs(chance - float(1 - confidence)) > 1e-9)
            truth.append(burns and bool(chance < float(1 - confidence)))
        truths.append(truth)
    same("fires", alert.fires(ev), truths, "b")


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("bad_buckets", [[], [0], [23], [5, 6], [*range(0, 72, 3)], [*range(72)]])
def test_evidence_is_asked_for_where_few_cells_burn_and_where_many_do(bad_buckets: list[int], gaps: bool) -> None:
    """Picked cells and whole arrays, one row of coverage for all series or one each: all answer as loops do."""
    rows, size, target = [], 24, Fraction(9, 10)
    for i in range(3):
        bad = [50 if i * size + t in bad_buckets else 0 for t in range(size)]
        observed = [not gaps or (t + i) % 4 > 0 or t in {0, 5} for t in range(size)]
        rows.append(oracle.series([100 - b for b in bad], bad, observed))
    evidence = Evidence((("tenant", ("a", "b", "c")),), tuple(rows))
    ev = evaluation(evidence, target, 6)
    for asked in (
        Gates(min_coverage=Fraction(1, 2)),
        Gates(min_coverage=Fraction(3, 4), min_bad=50),
        Gates(min_total=200, pending=rows[0].step),
        Gates(min_bad=51),
    ):
        specs: list[Spec] = [("burn", asked, Fraction(1, 2), [2]), ("share", asked, Fraction(1, 5), 2)]
        for spec in specs:
            truths = [[holds(Setting(row, target, 6), spec, t) for t in range(size)] for row in rows]
            same("fires", an_alert(spec, rows[0].step).fires(ev), truths, "b")


def test_a_threshold_of_many_digits_can_be_tested() -> None:
    """A target and a threshold of 390 bits each make a share of bad events that no number is read by."""
    nearly, hardly = Fraction(2**390 + 1, 2**390), Fraction(2**390 - 1, 2**390)
    evidence = Evidence((), (oracle.series([800] * 3, [200] * 3),))
    alert = BurnRateAlert(long_window=span(evidence, 2), burn_rate=nearly, confidence="99%")
    assert alert.fires(evaluation(evidence, hardly, 3)).all()
    # At a share of 1 or above nothing can be proven, and at less than nothing's worth one bad event is.
    high = BurnRateAlert(long_window=span(evidence, 2), burn_rate=2**300, op="gte", confidence="99%")
    assert not high.fires(evaluation(evidence, Fraction(9, 10), 3)).any()


# --- what was spent of the whole budget -------------------------------------------------------------------------------


@given(data=st.data(), target=targets(), width=st.integers(1, 12), window=st.none() | st.integers(1, 15))
def test_spent_is_what_fractions_say(data: st.DataObject, target: Fraction, width: int, window: int | None) -> None:
    """A window's bad events against the budget of the objective's: counts of any size, targets of their own."""
    evidence = data.draw(evidences(target))
    step = evidence.rows[0].step
    own, goals = own_targets(data, evidence, target)
    ev = per_label(objective(target, width * step), own).evaluate(evidence.counts())
    settings = [Setting(row, goal, width) for row, goal in zip(evidence.rows, goals, strict=True)]
    share = shares(data, settings, window)
    for op in OPS:
        found = ev.spent(share, None if window is None else np.timedelta64(window * step, "ns"), op=op)
        assert found.shape == (*evidence.shape, len(evidence.rows[0]))
        truths = []
        for one in settings:
            spent = [one.spent(t, window) for t in range(len(one.row))]
            truths.append([s is not None and (s > share or (op == "gte" and s == share)) for s in spent])
        same("spent", found, truths, "b")


def check_spent_of_budgets(data: st.DataObject, ev: Evaluation, truths: list[list[Moment]]) -> None:
    """Check what was spent of periods' budgets, at shares that some moment spent exactly or nearly."""
    ratios = {m.bad / m.budget.allowed for row in truths for m in row if m.has_data}
    hairs = st.sampled_from((Fraction(0), Fraction(0), Fraction(1, 10**17), Fraction(-1, 10**17)))
    exact = st.builds(lambda ratio, off: ratio * (1 + off), st.sampled_from(sorted(ratios or {Fraction(1)})), hairs)
    share = data.draw(st.sampled_from((Fraction(0), Fraction(1, 50), Fraction(1))) | exact | exact, label="share")
    for op in OPS:
        wanted = [
            [
                m.has_data and (m.bad > share * m.budget.allowed or (op == "gte" and m.bad == share * m.budget.allowed))
                for m in row
            ]
            for row in truths
        ]
        same("spent", ev.spent(share, op=op), wanted, "b")


@given(data=st.data(), target=BUDGETS)
def test_spent_of_a_period_is_by_its_budget(data: st.DataObject, target: Fraction) -> None:
    """Over a calendar window the budget is the period's: expected, that of the period before, or what happened so far.

    In a rolling window alone it is held against the budget of a rolling window of the period's nominal length.
    """
    evidence, unit, zone = data.draw(calendars(target))
    own, goals = own_targets(data, evidence, target)
    expected = data.draw(st.none() | st.integers(1, 1000) | st.integers(1, 2**62), label="expected")
    window = CalendarWindow(unit, tz=zone)
    ev = per_label(objective(target, window), own).evaluate(evidence.counts(), expected_total=expected)
    rows = list(zip(evidence.rows, goals, strict=True))
    check_spent_of_budgets(
        data, ev, [oracle.calendar(row, goal, unit, ZoneInfo(zone), expected_total=expected) for row, goal in rows]
    )

    step = evidence.rows[0].step
    settings = [Setting(row, goal, window.nominal // step) for row, goal in rows]
    width = data.draw(st.integers(1, 30), label="window")
    share = shares(data, settings, width)
    found = ev.spent(share, np.timedelta64(width * step, "ns"))
    truths = [[(one.spent(t, width) or 0) > share for t in range(len(one.row))] for one in settings]
    same("spent", found, truths, "b")
    same("fires", BudgetShareAlert(share=share, window=np.timedelta64(width * step, "ns")).fires(ev), truths, "b")


@given(data=st.data(), target=BUDGETS, judged=targets() | st.none())
def test_spent_of_a_period_of_slices_is_by_all_its_slices(
    data: st.DataObject, target: Fraction, judged: Fraction | None
) -> None:
    """Slices to come are known to come, so that one bad slice on the first of a month is not the whole budget."""
    evidence, unit, zone = data.draw(calendars(target if judged is None else judged))
    step = evidence.rows[0].step
    length = np.timedelta64(step, "ns")
    budgeting = RatioTimeslices(length) if judged is None else Timeslices(length, target=judged)
    ev = objective(target, CalendarWindow(unit, tz=zone), budgeting=budgeting).evaluate(evidence.counts())
    worth = RATIO_UNITS if judged is None else 1
    rows = [oracle.sliced(row, step, judged) for row in evidence.rows]
    check_spent_of_budgets(
        data, ev, [oracle.calendar(row, target, unit, ZoneInfo(zone), slice_worth=worth) for row in rows]
    )


@pytest.mark.parametrize("labels", [None, {"tenant": ["a", "b"]}])
def test_where_there_is_no_bucket_nothing_fires(labels: dict[str, list[str]] | None) -> None:
    """An empty timeline: empty answers, no episode and no notification."""
    ev = SLO("x", sli=SLI.ratio("x"), target="99%", window="1h").evaluate(Counts.empty(step="1m", labels=labels))
    several = [*alerts.google("30d", min_bad=5), BudgetShareAlert(share="2%", window="1h", min_coverage="25%")]
    shape = (2, 0) if labels else (0,)
    assert alerts.fires(ev, several).shape == (4, *shape)
    assert ev.spent(1).shape == ev.spent(1, "5m").shape == shape
    assert several[0].episodes(ev) == alerts.episodes(ev, several) == ()
    assert alerts.notifications(ev, several) == ()


# --- the three ways in which a product can overflow ------------------------------------------------------------------

SIZE = 12


def constant(total: int, bad: int, at: int = -1, nudge: int = 0) -> Evidence:
    """Return twelve equal buckets, one of them with some bad events more or less."""
    bads = [bad] * SIZE
    if at >= 0:
        bads[at] += nudge
    return Evidence((), (oracle.series([total - b for b in bads], bads),))


# The threshold is burn 1 at 90%: bad / total > 1/10. With q = 10, a row of B bad events needs 10 * B < 2**63.
OVERFLOWS = {
    "nothing overflows": (10**6, 10**5),
    "the row overflows, a window does not": (10**18, 10**17),
    "even a window overflows": (9 * 10**18, 9 * 10**17),
}

PATHS = {
    "nothing overflows": "_by_views",
    "the row overflows, a window does not": "_by_differences",
    "even a window overflows": "_by_limbs",
}


def seen(path: str, taken: list[str]) -> Callable[..., None]:
    """Return a path of the kernel that notes when it is taken."""
    real = getattr(exceed, path)

    def noted(*given: object) -> None:
        taken.append(path)
        real(*given)

    return noted


@pytest.mark.parametrize("case", OVERFLOWS)
def test_each_case_takes_a_path_of_its_own(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three cases below are decided by the kernel's three ways: else two of them prove nothing."""
    taken: list[str] = []
    for path in PATHS.values():
        monkeypatch.setattr(exceed, path, seen(path, taken))
    evaluation(constant(*OVERFLOWS[case]), Fraction(9, 10), 2).burning(1)
    assert taken == [PATHS[case]]


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("width", [1, 2, 3, SIZE, 2 * SIZE])
@pytest.mark.parametrize("case", OVERFLOWS)
def test_one_event_decides_whatever_overflows(case: str, width: int, op: Op) -> None:
    """A row that sits exactly on the threshold does not burn; one bad event in it burns in exactly its windows."""
    total, bad = OVERFLOWS[case]
    target, window = Fraction(9, 10), timedelta(minutes=width)
    for at, nudge in ((-1, 0), (4, 1), (4, -1), (0, 1), (SIZE - 1, 1)):
        evidence = constant(total, bad, at, nudge)
        truth = oracle.burning(evidence.rows[0], target, Fraction(1), [width], op)
        assert evaluation(evidence, target, 3).burning(1, window, op=op).tolist() == truth
        missed = [moment.missed for moment in oracle.rolling(evidence.rows[0], target, width)]
        assert evaluation(evidence, target, width).missed.tolist() == missed
