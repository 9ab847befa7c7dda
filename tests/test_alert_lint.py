"""Lint points at what will not work, or will disappoint, with figures and a way out; and never raises for it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest

from slokit import (
    SLI,
    SLO,
    BudgetShareAlert,
    BurnRateAlert,
    CalendarWindow,
    Counts,
    RatioTimeslices,
    Timeslices,
    alerts,
)
from slokit.alerts import Alert, lint
from slokit.errors import InvalidDuration, InvalidTimeline, InvalidWindow, WrongType
from slokit.findings import Finding

START = "2026-01-01T00:00Z"
MONTH = 30 * 1440
TOO_FEW = "too-few-events"


def objective(target: str = "99.9%", window: Any = "30d", **options: Any) -> SLO:
    """Return an objective on a ratio."""
    return SLO("checkout", sli=SLI.ratio("up"), target=target, window=window, **options)


def burn(burn_rate: object, long: str = "1h", short: str | None = "5m", **fields: Any) -> BurnRateAlert:
    """Return an alert on a burn rate."""
    return BurnRateAlert(long_window=long, short_window=short, burn_rate=burn_rate, **fields)  # type: ignore[arg-type]


def steady(per_step: int, *, step: str = "1m", size: int = MONTH) -> Counts:
    """Return counts with the same traffic in every bucket, and nothing bad."""
    return Counts.from_buckets(start=START, step=step, total=[per_step] * size, bad=[0] * size)


def spaced(every: int, size: int = MONTH) -> Counts:
    """Return one event in every so many minutes."""
    total = np.zeros(size, dtype=np.int64)
    total[::every] = 1
    return Counts.from_buckets(start=START, step="1m", total=total, bad=np.zeros(size, dtype=np.int64))


def codes(found: Sequence[Finding]) -> list[str]:
    """Return the kinds of findings, in order."""
    return [finding.code for finding in found]


def only(found: Sequence[Finding], code: str) -> Finding:
    """Return the one finding of a kind."""
    (one,) = (finding for finding in found if finding.code == code)
    return one


# --- nothing to say ---------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", [alerts.google, alerts.sloth, alerts.pyrra, alerts.datadog, alerts.elastic])
@pytest.mark.parametrize("window", ["7d", "28d", "30d", "90d"])
def test_a_preset_on_an_objective_with_enough_traffic_has_no_findings(preset: Any, window: str) -> None:
    """Definitions that others recommend, scaled to the window, say nothing; with a month of counts neither."""
    slo = objective(window=window)
    assert lint(slo, preset(slo.window)) == ()
    if window != "90d":
        assert lint(slo, preset(slo.window), steady(200)) == ()


def test_an_objective_alone_can_be_looked_at() -> None:
    """Without alerts, and without counts."""
    assert lint(objective()) == ()
    assert lint(objective(), counts=steady(200)) == ()


# --- definitions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "op", "found"), [("19.999", "gt", False), (20, "gt", True), (20, "gte", False), ("20.001", "gte", True)]
)
def test_a_threshold_that_no_outage_reaches_is_found(rate: object, op: Any, found: bool) -> None:
    """At 95% a total outage burns 20 times as fast, exactly: at least 20 fires, more than 20 never does."""
    alert = burn(rate, op=op)
    evidence = steady(100, step="5m", size=24)
    outage = Counts.from_buckets(start=START, step="5m", total=evidence.total, bad=evidence.total)
    assert alert.fires(objective("95%").evaluate(outage)).any() != found
    assert ("never-fires" in codes(lint(objective("95%"), [alert]))) == found


def test_an_unreachable_threshold_is_told_with_both_figures() -> None:
    """What it needs, what there can be, and what to do."""
    finding = only(lint(objective("95%"), [burn(21)]), "never-fires")
    assert finding.weight == "problem"
    assert finding.message == "it needs a burn rate above 21x, and a total outage burns 20x at 95%"
    assert finding.mend == "lower the threshold below 20x"


def test_targets_of_their_own_are_looked_at_too() -> None:
    """The loosest is the first that cannot fire, and the others are counted."""
    slo = objective("99.9%").per("tenant", target={"acme": "90%", "globex": "92%", "initech": "99.99%"})
    finding = only(lint(slo, [burn("14.4")]), "never-fires")
    assert "for tenant acme it needs" in finding.message
    assert "10x at 90% (and so with 1 other target)" in finding.message


def test_a_share_above_all_that_can_be_spent_never_fires() -> None:
    """At 50% nobody can spend more than twice the budget, in any window."""
    assert "never-fires" in codes(lint(objective("50%"), [BudgetShareAlert(share=2, window="1h")]))
    assert "never-fires" not in codes(lint(objective("50%"), [BudgetShareAlert(share="1.9", window="1h")]))


def test_a_share_that_flat_traffic_does_not_reach_is_advice() -> None:
    """Five minutes of outage spend 1.2% of 30 days at 99%; at noon it may be more, so it is no problem."""
    finding = only(lint(objective("99%"), [BudgetShareAlert(share="2%", window="5m")]), "share-out-of-reach")
    assert finding.weight == "advice"
    assert "a total outage of 5m spends 1.2% of the budget at 99%" in finding.message
    assert lint(objective("99%"), [BudgetShareAlert(share="2%", window="10m")]) == ()


def test_a_threshold_of_zero_is_found() -> None:
    """At least nothing is always; more than nothing is any failure, unless more of them are asked for."""
    assert "fires-at-anything" in codes(lint(objective(), [burn(0, op="gte", min_bad=9)]))
    assert "fires-at-anything" in codes(lint(objective(), [BudgetShareAlert(share=0, window="1h")]))
    assert "fires-at-anything" not in codes(lint(objective(), [burn(0, min_bad=2)]))


@pytest.mark.parametrize(("short", "found"), [("59m", False), ("1h", True), ("2h", True), (None, False)])
def test_a_short_window_that_is_not_short_is_found(short: str | None, found: bool) -> None:
    """It is there to end the alert sooner."""
    assert ("short-not-shorter" in codes(lint(objective(), [burn("14.4", short=short)]))) == found


def test_a_window_beyond_the_objectives_is_found() -> None:
    """Three days are more than the objective of one looks at; a calendar's window has its nominal length."""
    finding = only(lint(objective(window="1d"), alerts.google("1d")), "window-beyond-objective")
    assert "looks back 3d, and the objective 1d" in finding.message
    assert lint(objective(window=CalendarWindow("week")), alerts.google(CalendarWindow("week"))) == ()


def test_windows_that_do_not_fit_the_slices_are_found_with_what_fits() -> None:
    """Slices of ten minutes hold no window of five: slices of five would, and so would longer windows."""
    slo = objective(budgeting=Timeslices("10m", target="99%"))
    finding = only(lint(slo, [burn("14.4")]), "windows-do-not-fit")
    assert "5m is no whole number of slices of 10m" in finding.message
    assert finding.mend == "slices of 5m, or 1h and 10m, as fitted() makes it"


def test_windows_that_do_not_fit_the_counts_are_found_with_what_fits() -> None:
    """The counts' step is known only where there are counts; the rules of traffic say nothing of such an alert."""
    odd = burn("14.4", "1h10m", "7m")
    assert lint(objective(), [odd]) == ()
    finding = only(lint(objective(), [odd], steady(9999, step="10m", size=4320)), "windows-do-not-fit")
    assert "7m is no whole number of buckets of 10m" in finding.message
    assert "buckets of 1m" in finding.mend


@pytest.mark.parametrize(
    ("slo", "counts"),
    [
        (objective(window="30d"), steady(1, step="7m", size=100)),
        (objective(window=CalendarWindow("day", tz="Asia/Kolkata")), steady(1, step="1h", size=48)),
        (objective(budgeting=Timeslices("1m", target="99%")), steady(1, step="5m", size=48)),
    ],
)
def test_an_objective_that_does_not_fit_the_counts_is_a_finding(slo: SLO, counts: Counts) -> None:
    """To evaluate it is an error, which the finding tells, with its way out."""
    with pytest.raises((InvalidTimeline, InvalidWindow)) as refused:
        slo.evaluate(counts)
    (finding,) = lint(slo, (), counts)
    assert (finding.code, finding.subject, finding.weight) == ("windows-do-not-fit", "checkout", "problem")
    assert f"{finding.message}; {finding.mend}" == str(refused.value)
    # Its alerts are looked at all the same, as far as definitions go.
    assert "never-fires" in codes(lint(slo, [burn(9999)], counts))


def test_waiting_longer_than_looking_back_is_found() -> None:
    """As long is still well."""
    finding = only(lint(objective(), [burn("14.4", pending="61m")]), "pending-too-long")
    assert "waits 1h1m after its window of 1h" in finding.message
    assert lint(objective(), [burn("14.4", pending="1h")]) == ()


def test_a_factor_of_thirty_days_on_seven_is_found() -> None:
    """14.4 over an hour is 2% of 30 days and 8.6% of a week; scaled it is 3.36."""
    finding = only(lint(objective(window="7d"), [burn("14.4")]), "unusual-share")
    assert "14.4x over 1h spends 8.6% of the budget of 7d under flat traffic" in finding.message
    assert finding.mend.startswith("3.36x spends 2%")
    assert finding.weight == "advice"


def test_a_factor_that_is_far_too_low_is_found() -> None:
    """Twice the budget's pace over an hour pages for 0.3% of it; a ticket may cost more, and a page may not."""
    assert "spends 0.3%" in only(lint(objective(), [burn(2)]), "unusual-share").message
    assert lint(objective(), [burn(2, "2d", "4h", severity="ticket")]) == ()
    assert codes(lint(objective(), [burn(2, "2d", "4h", severity="page")])) == ["unusual-share"]


def test_an_alert_that_stands_twice_is_found_once() -> None:
    """The second is the one to drop."""
    assert codes(lint(objective(), [burn("14.4"), burn("14.40")])) == ["duplicate-alert"]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (burn(15), burn(14), True),
        (burn(14), burn(14, op="gte"), True),
        (burn(14, op="gte"), burn(14), False),
        (burn(14), burn(14, short=None), True),
        (burn(14, short=None), burn(14), False),
        (burn(15, severity="ticket"), burn(14), True),
        (burn(15), burn(14, severity="ticket"), False),
        (burn(15), burn(14, pending="5m"), False),
        (burn(15), burn(14, min_bad=5), False),
        (burn(15, min_bad=6), burn(14, min_bad=5), True),
        (burn(15), burn(14, confidence="99%"), False),
        (burn(15, confidence="99%"), burn(14, confidence="95%"), True),
        (burn(15), burn(14, min_coverage="50%"), False),
        (BudgetShareAlert(share="3%", window="1h"), BudgetShareAlert(share="2%", window="2h"), True),
        (BudgetShareAlert(share="3%", window="2h"), BudgetShareAlert(share="2%", window="1h"), False),
        (BudgetShareAlert(share="3%", window="1h"), burn("14.4"), False),
    ],
)
def test_an_alert_that_never_fires_without_another_is_found(one: Alert, other: Alert, found: bool) -> None:
    """Only where it is certain: on chance evidence every such pair fires so, and one that is not found does not."""
    assert ("redundant-alert" in codes([f for f in lint(objective(), [one, other]) if f.subject == repr(one)])) == found
    if not found:
        return
    rng = np.random.default_rng(3)
    total = rng.integers(0, 400, 3000)
    bad = rng.binomial(total, np.repeat(rng.choice([0, 0.01, 0.02, 0.5], 100), 30))
    evaluation = objective().evaluate(Counts.from_buckets(start=START, step="1m", total=total, bad=bad))
    first, second = alerts.fires(evaluation, [one, other])
    assert first.any()
    assert not (first & ~second).any()


def test_a_ticket_for_what_burns_faster_than_a_page_is_found() -> None:
    """Severities or thresholds were swapped; a share of the budget is as fast as it amounts to."""
    fast, slow = burn("14.4", severity="ticket"), burn(6, "6h", "30m", severity="page")
    finding = only(lint(objective(), [fast, slow]), "ticket-stricter-than-page")
    assert "14.4x is a ticket, while 6x pages" in finding.message
    assert "ticket-stricter-than-page" in codes(lint(objective(), [burn(6, "6h", "1h", severity="ticket"), slow]))
    share = BudgetShareAlert(share="2%", window="1h", severity="ticket")
    assert codes(lint(objective(), [share, slow])) == ["ticket-stricter-than-page"]
    assert lint(objective(), [slow, BudgetShareAlert(share="5%", window="1d", severity="ticket")]) == ()


# --- traffic ----------------------------------------------------------------------------------------


def test_an_objective_that_cannot_carry_a_signal_is_found() -> None:
    """424 requests a week at 99% have a budget of 4.24 errors."""
    total = np.random.default_rng(7).multinomial(424, [1 / 168] * 168)
    counts = Counts.from_buckets(start=START, step="1h", total=total, bad=[0] * 168)
    finding = only(lint(objective("99%", "7d"), counts=counts), TOO_FEW)
    assert finding.message == "424 requests a week at 99%: one error is 24% of the budget"
    assert "with 1,000 requests a window one failure is a tenth of it" in finding.mend
    assert finding.weight == "advice"
    assert lint(objective("99%", "7d"), counts=steady(1, step="10m", size=1008)) == ()


@pytest.mark.parametrize(
    "counts", [spaced(12), spaced(12, size=7 * 1440), steady(1, step="12m", size=3600), steady(5, step="1h", size=720)]
)
def test_probes_that_are_too_few_are_found(counts: Counts) -> None:
    """They come at equal distances, which tells them from requests, in buckets of any length, over any span."""
    finding = only(lint(objective(), counts=counts), TOO_FEW)
    assert finding.message == "a probe every 12 minutes at 99.9% over 30 days has a budget of 3.6 probes"
    assert "more probes" in finding.mend
    assert "with 10,000 probes a window" in finding.mend


def test_probes_that_were_lost_are_still_probes() -> None:
    """A probe now and then does not come; the pace is what was meant."""
    total = spaced(12).total.copy()
    total[120::1200] = 0
    finding = only(
        lint(objective(), counts=Counts.from_buckets(start=START, step="1m", total=total, bad=total * 0)), TOO_FEW
    )
    assert finding.message == "a probe every 12 minutes at 99.9% over 30 days has a budget of 3.6 probes"


def test_an_objective_that_one_failure_breaks_is_a_problem() -> None:
    """A budget of one or less: the first error spends all of it."""
    assert only(lint(objective("99.9%", "1d"), counts=steady(1, step="10m", size=288)), TOO_FEW).weight == "problem"


def test_slices_are_known_without_counts() -> None:
    """A month has 720 hours."""
    finding = only(lint(objective(budgeting=Timeslices("1h", target="99%"))), TOO_FEW)
    assert finding.message == "a slice every hour at 99.9% over 30 days has a budget of 0.72 slices"
    assert lint(objective("99%", budgeting=Timeslices("1m", target="99%"))) == ()


@pytest.mark.parametrize("budgeting", [Timeslices("1h", target="99%"), RatioTimeslices("1h")])
def test_slices_are_counted_as_slices(budgeting: Any) -> None:
    """Also where one is worth 10**9 units."""
    finding = only(lint(objective(budgeting=budgeting), counts=steady(50, step="1h", size=720)), TOO_FEW)
    assert finding.message == "a slice every hour at 99.9% over 30 days has a budget of 0.72 slices"


def test_time_has_no_single_failures() -> None:
    """An indicator that counts microseconds is not asked how many of them a window holds."""
    slo = SLO("orders", sli=SLI.freshness("orders mart", within="30m"), target="99%", window="1h")
    counts = Counts.from_buckets(start=START, step="1h", total=[60] * 48, bad=[0] * 48)
    assert lint(slo, counts=counts) == ()


def test_counts_without_events_are_found() -> None:
    """Nothing else can be said."""
    assert codes(lint(objective(), alerts.google("30d"), steady(0))) == ["no-traffic"]
    assert codes(lint(objective(), counts=Counts.empty(step="1m"))) == ["no-traffic"]


def test_one_error_that_pages_is_found() -> None:
    """Of ten requests an hour; five bad ones at least are another matter."""
    slo, counts = objective(), steady(10, step="1h", size=720)
    page = burn("14.4", "3h", "1h")
    finding = only(lint(slo, [page], counts), "one-failure-fires")
    assert finding.message == (
        "one error fires it in 100% of windows: 3h usually holds 30 requests, and one of 69 or fewer is over 14.4x"
    )
    assert finding.weight == "problem"
    assert finding.mend.startswith("min_bad=5 ")
    assert "one-failure-fires" not in codes(lint(slo, [burn("14.4", "3h", "1h", min_bad=2)], counts))


@pytest.mark.parametrize(("total", "op", "found"), [(69, "gt", True), (70, "gt", False), (99, "gt", False)])
@pytest.mark.parametrize("field", ["burn", "share"])
def test_whether_one_error_fires_is_decided_exactly(total: int, op: Any, found: bool, field: str) -> None:
    """1 of 69 is over 1.44%, 1 of 70 is not: as the alert itself says of one bad event."""
    slo = objective("99.9%", "1h")
    alert: Alert = (
        burn("14.4", op=op, short=None) if field == "burn" else BudgetShareAlert(share="14.4", window="1h", op=op)
    )
    counts = steady(total, step="1h", size=48)
    one = Counts.from_buckets(start=START, step="1h", total=[total] * 3, bad=[0, 1, 0])
    assert bool(alert.fires(slo.evaluate(one)).any()) == found
    assert ("one-failure-fires" in codes(lint(slo, [alert], counts))) == found


@pytest.mark.parametrize(("op", "found"), [("gt", False), ("gte", True)])
def test_at_the_boundary_the_comparison_decides(op: Any, found: bool) -> None:
    """1 of 100 is exactly ten times 0.1%."""
    alert, slo = burn(10, op=op, short=None), objective("99.9%", "1h")
    assert ("one-failure-fires" in codes(lint(slo, [alert], steady(100, step="1h", size=48)))) == found


def test_quiet_hours_are_advice() -> None:
    """By day it takes many; at night, a third of the windows, one error pages."""
    day = np.repeat([200, 200, 4], 480)
    counts = Counts.from_buckets(start=START, step="1m", total=np.tile(day, 30), bad=np.zeros(MONTH, dtype=np.int64))
    finding = only(lint(objective(), [burn("14.4", "15m", "5m")], counts), "one-failure-fires")
    assert finding.weight == "advice"
    assert "in 32% of windows: 15m usually holds 3,000 requests" in finding.message


def test_gates_that_ask_for_more_than_one_error_are_believed() -> None:
    """A wait longer than the short window holds it, a confidence that one error does not give, a minimum of events."""
    slo, counts = objective(), steady(1, step="5m", size=8640)
    gates: list[dict[str, Any]] = [{"pending": "10m"}, {"confidence": "99%"}, {"min_total": 13}, {"min_bad": 2}]
    assert "one-failure-fires" in codes(lint(slo, [burn("14.4")], counts))
    for gate in gates:
        assert "one-failure-fires" not in codes(lint(slo, [burn("14.4", **gate)], counts)), gate


def test_one_error_may_be_a_share_of_the_budget() -> None:
    """A share is held against the objective's window, of which a week of data is an estimate."""
    share = BudgetShareAlert(share="2%", window="1h")
    finding = only(lint(objective(), [share], spaced(3, size=7 * 1440)), "one-failure-fires")
    assert "30d holds about 14,400 requests, and one of 49,999 or fewer is over 2% of the budget" in finding.message
    assert lint(objective(), [share], steady(2, size=7 * 1440)) == ()


def test_evidence_that_no_outage_brings_is_found() -> None:
    """Four requests an hour are never five bad ones; at night fewer is what was asked for."""
    counts = steady(1, step="15m", size=2880)
    gated = burn("14.4", "1h", "15m", min_bad=5)
    finding = only(lint(objective("90%"), [gated], counts), "evidence-out-of-reach")
    assert finding.message == "no total outage reaches min_bad=5: the busiest 1h holds 4 requests"
    assert finding.weight == "problem"
    reached = burn("14.4", "1h", "15m", min_bad=4)
    assert "evidence-out-of-reach" not in codes(lint(objective("90%"), [reached], counts))


def test_evidence_that_most_outages_do_not_bring_is_advice() -> None:
    """Two in three windows hold less."""
    total = np.tile(np.repeat([3, 3, 90], 8), 30)
    counts = Counts.from_buckets(start=START, step="1h", total=total, bad=[0] * 720)
    finding = only(lint(objective("99%"), [burn(6, "1h", None, min_total=20)], counts), "evidence-out-of-reach")
    assert finding.message == ("a total outage stays below min_total=20 in 67% of windows: 1h usually holds 3 requests")
    assert finding.weight == "advice"


def test_a_window_longer_than_the_data_is_found() -> None:
    """What it holds is then what there is."""
    finding = only(lint(objective(), alerts.google("30d"), steady(200, size=1440)), "window-beyond-data")
    assert "the data span 1d, and it looks back 3d" in finding.message


def test_of_many_series_the_worst_is_named() -> None:
    """And how many others there are."""
    total = np.array([[1] * 720, [2] * 720, [9000] * 720])
    names = {"tenant": ["acme", "globex", "initech"]}
    counts = Counts.from_buckets(start=START, step="1h", total=total, bad=total * 0, labels=names)
    found = lint(objective(), [burn("14.4", "1h", None)], counts)
    few = only(found, TOO_FEW)
    assert few.message.startswith("tenant acme and 1 other series: a probe every hour at 99.9%")
    assert only(found, "one-failure-fires").message.startswith("tenant acme and 1 other series: one error fires it")


def test_sums_beyond_int64_are_still_counted() -> None:
    """A window of 2**65 events has more than enough of them."""
    counts = Counts.from_buckets(start=START, step="1h", total=[2**62] * 720, bad=[0] * 720)
    assert lint(objective(), [burn("14.4", "8h", "1h")], counts)[1:] == ()


# --- what others get wrong, and what is an error ------------------------------------------------------


def test_the_mistakes_of_the_field_are_found_or_cannot_be_made() -> None:
    """Unreachable thresholds, unscaled factors and one error at low traffic are found; 0 s and 1M are refused."""
    assert "never-fires" in codes(lint(objective("90%"), [burn("14.4")]))
    assert "unusual-share" in codes(lint(objective(window="7d"), alerts.google("30d")))
    assert "unusual-share" in codes(lint(objective(window="7d"), alerts.slo_generator("7d")))
    assert "one-failure-fires" in codes(lint(objective(), alerts.google("30d"), spaced(10)))
    for window in ("0s", "1M"):
        with pytest.raises(InvalidDuration):
            burn("14.4", short=window)


def test_findings_say_what_they_are_about_and_stay_harmless() -> None:
    """A severity may hold what means something to HTML."""
    (finding,) = lint(objective("90%"), [burn("10.5", severity="a<b>")])
    assert finding.subject == "BurnRateAlert(a<b>: over 10.5x in 1h and 5m)"
    assert "<b>" not in finding._repr_html_()


@pytest.mark.parametrize(
    "arguments",
    [
        ("slo",),
        (objective(), "page"),
        (objective(), burn("14.4")),
        (objective(), 5),
        (objective(), [burn("14.4"), "page"]),
        (objective(), (), [1, 2]),
    ],
)
def test_wrong_types_are_errors(arguments: tuple[Any, ...]) -> None:
    """What is no objective, no alert or no counts is refused; what is merely ill-defined never is."""
    with pytest.raises(WrongType):
        lint(*arguments)


def test_figures_are_exact_fractions_until_they_are_shown() -> None:
    """A third is written as one."""
    finding = only(lint(objective("1/3"), [burn(Fraction(5, 2))]), "never-fires")
    assert "burns 1.5x at 100/3%" in finding.message


def test_a_severity_that_nobody_hears_is_named() -> None:
    """Nearly a page is none; an own word is an own word."""
    slo = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d")
    codes = {
        severity: [finding.code for finding in lint(slo, [attrs.evolve(alerts.google("30d")[0], severity=severity)])]
        for severity in ("page", "Page", "tickets", "sms")
    }
    assert codes == {"page": [], "Page": ["severity-unheard"], "tickets": ["severity-unheard"], "sms": []}
