from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import attrs
import numpy as np
import pytest

from slokit import SLI, SLO, CalendarWindow, Counts, RatioTimeslices, Timeslices
from slokit.errors import InvalidDuration, InvalidNumber, InvalidSLO, OutOfTimeline, WrongType
from slokit.forecast import Forecast, about, canary_cost, exhausts_within, forecast
from tests.evaluations import START, evaluated

END_OF_JANUARY = datetime(2026, 1, 31, tzinfo=UTC)

evaluation = partial(evaluated, target="99.9%", step="1h")

# An outage in the second day's first ten hours; then little, and lately one bad event every other hour.
OLD_OUTAGE = [0] * 24 + [60] * 10 + [0] * 674 + [1, 0] * 6


def test_an_outage_that_leaves_tomorrow_gives_its_budget_back() -> None:
    """What is left over the burn says nine days; the window says that the old outage is gone by then."""
    ev = evaluation(OLD_OUTAGE)
    status = ev.at()
    left, burn = status.error_budget.remaining_ratio, status.burn_rate("2h")
    assert left is not None
    assert burn == 0.5
    assert timedelta(days=30) * left / burn < timedelta(days=10)
    found = forecast(ev, recent="2h")
    assert found.lasts
    assert repr(found) == "lasts, if the last 2h goes on"


def test_a_steady_burn_ends_where_the_sum_says() -> None:
    """20 bad an hour after 700 quiet hours: 40 of 720 are spent, and the 720th is spent 34 hours later."""
    found = forecast(evaluation([0] * 718 + [20, 20]))
    assert found.exhausts_in == timedelta(hours=34)
    assert found.exhausts_at == END_OF_JANUARY + timedelta(hours=34)
    assert (found.burn_rate, found.recovers_at, found.exhausted) == (20.0, None, False)
    assert repr(found) == "gone in ~34h (at 2026-02-01 10:00 UTC), if the last 1h goes on"


def test_a_budget_that_ends_exactly_on_the_line_is_gone() -> None:
    """At exactly nothing left it is exhausted, and not a bucket later."""
    # 20 of 40,000 are allowed; at 5 an hour a window of four hours comes to just that when it holds nothing else.
    found = forecast(evaluation([0, 0, 0, 5], 10_000, window="4h", target="99.95%"))
    assert found.exhausts_in == timedelta(hours=3)
    assert forecast(evaluation([0, 0, 0, 5], 10_001, window="4h", target="99.95%")).lasts


def test_a_budget_that_is_gone_says_when_it_is_back() -> None:
    """The outage of ten hours leaves the window hour by hour, from 29 days after its first."""
    bad = [0] * 24 + [100] * 10 + [0] * 686
    found = forecast(evaluation(bad))
    assert found.exhausted
    assert found.exhausts_at == found.time == END_OF_JANUARY
    # 1,000 bad against 720 allowed: after 24 hours the first leaves, and the third brings it to 700.
    assert found.recovers_in == timedelta(hours=27)
    assert repr(found) == "exhausted; back in ~27h if the last 1h goes on"


def test_a_budget_that_burns_for_ever_is_not_back() -> None:
    """At a burn above one the window never gets below its budget again."""
    found = forecast(evaluation([0] * 24 + [100] * 10 + [2] * 686))
    assert found.recovers_at is None
    assert repr(found) == "exhausted; not back if the last 1h goes on"


def test_quiet_after_trouble_can_exhaust_the_budget() -> None:
    """If nothing comes any more, good events leave the window before the bad ones do, and the share rises."""
    ev = evaluation([0] * 10 + [11, 0], [1000] * 11 + [0], window="12h", target="99%")
    found = forecast(ev)
    assert found.burn_rate is None
    assert found.exhausts_in == timedelta(hours=10)
    assert "no events in 1 bucket" in found.assumption


def test_without_data_nothing_is_foretold() -> None:
    """No bucket, or no event in the window, is no data: neither gone nor lasting."""
    for ev in (evaluation([]), evaluation([0, 0], 0)):
        found = forecast(ev)
        assert (found.has_data, found.exhausts_at, found.lasts, found.exhausted) == (False, None, False, False)
        assert repr(found) == "no data"
        assert not exhausts_within(ev, "30d").any()
        assert exhausts_within(ev, "30d").shape == (ev.timeline.size,)


def test_when_picks_the_bucket_as_at_does() -> None:
    """The last bucket that is over then, and an instant beyond the data is an error."""
    ev = evaluation([0] * 718 + [20, 20])
    assert forecast(ev, "2026-01-30T23:30Z").time == datetime(2026, 1, 30, 23, tzinfo=UTC)
    with pytest.raises(OutOfTimeline, match="when"):
        forecast(ev, "2026-03-01T00:00Z")


def test_several_series_are_asked_one_by_one() -> None:
    """A forecast is of one series; the error names the axis and the way to pick."""
    counts = Counts.from_buckets(
        start=START, step="1h", total=[[10], [10]], bad=[[0], [9]], labels={"tenant": ["acme", "globex"]}
    )
    ev = SLO("checkout", sli=SLI.ratio("up"), target="50%", window="1h").evaluate(counts)
    for ask in (forecast, lambda ev: canary_cost(ev, share=1, failure=1, recover="1h")):
        with pytest.raises(WrongType, match=r"'tenant'; pick one with sel\(\)"):
            ask(ev)
    assert forecast(ev.sel(tenant="globex")).exhausted
    assert exhausts_within(ev, "1h").tolist() == [[False], [True]]
    with pytest.raises(WrongType, match="ev must be an Evaluation"):
        forecast(counts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("step", "recent", "taken", "said"),
    [
        ("7m", "1h", "1h3m", "1h, rounded up to whole buckets"),
        ("1d", "1h", "1d", "1h, rounded up to whole buckets"),
        ("30m", "1h", "1h", "the last 1h did on average"),
    ],
)
def test_the_recent_span_is_rounded_up_and_says_so(step: str, recent: str, taken: str, said: str) -> None:
    """Buckets that do not fit an hour are taken whole."""
    ev = evaluation([1] * 20, 100, window="140d", step=step, target="90%")
    found = forecast(ev, recent=recent)
    assert found.recent == taken
    assert said in found.assumption


def test_young_data_give_the_rate_of_what_there_is() -> None:
    """Two buckets of an hour's four: their average goes on, and the assumption says that the data are short."""
    ev = evaluation([1, 3], 1000, step="15m", window="5h", target="99%")
    found = forecast(ev)
    # 4 of 2,000 bad at 2 of 1,000 a bucket: a fifth of the budget, for ever.
    assert found.lasts
    assert found.burn_rate == 0.2
    assert "the data do not reach back 1h" in found.assumption


# --- calendar windows ------------------------------------------------------------------------------------------

MONTH = CalendarWindow("month")


def test_a_month_against_an_expected_total() -> None:
    """744,000 events are expected, 744 may be bad: 10 a day reach that after the month, 30 a day within it."""
    for each, gone in ((10, None), (30, 744 - 300)):
        found = forecast(evaluation([0] * 10 + [each] * 10, 24_000, step="1d", window=MONTH, expected_total=744_000))
        days = None if gone is None else -(-gone // each)
        assert found.exhausts_in == (None if days is None or days > 11 else timedelta(days=days))
        assert found.renews_at == datetime(2026, 2, 1, tzinfo=UTC)
        assert found.horizon == timedelta(days=11)
    slow = forecast(evaluation([10] * 20, 24_000, step="1d", window=MONTH, expected_total=744_000))
    assert repr(slow) == "lasts to the end of the period, if the last 1d goes on"


def test_a_month_by_what_happened_so_far_can_recover() -> None:
    """On the basis "elapsed" more events raise the budget: 100 bad of 50,000 are within it once 100,000 came."""
    found = forecast(evaluation([50, 50, 0, 0], 12_500, step="1d", window=MONTH))
    assert found.exhausted
    assert found.recovers_in == timedelta(days=5)


def test_a_month_that_spends_just_what_it_earns_lasts() -> None:
    """At a burn of exactly one what is left stays as it is, whatever comes."""
    found = forecast(evaluation([0, 0, 0, 1], 1000, window=MONTH))
    assert found.burn_rate == 1.0
    assert (found.exhausts_in, found.exhausted) == (None, False)


def test_a_month_that_is_lost_starts_anew() -> None:
    """Nothing brings back a budget of known size but the next period."""
    ev = evaluation([1] * 10, 1, step="1d", window=MONTH, target="90%", budgeting=Timeslices("1d", target="50%"))
    found = forecast(ev)
    assert found.exhausted
    assert found.recovers_at is None
    assert repr(found) == "exhausted; the budget starts anew in ~21d"


def test_at_the_end_of_a_period_there_is_nothing_to_foresee() -> None:
    """The horizon is empty, whatever the pace, because the budget starts anew."""
    found = forecast(evaluation([0] * 30 + [20], 1000, step="1d", window=MONTH))
    assert (found.horizon, found.exhausts_at) == (timedelta(0), None)
    assert found.renews_at == found.time


# --- over time ------------------------------------------------------------------------------------------


def test_a_horizon_of_nothing_is_what_is_exhausted() -> None:
    """Looking ahead no time at all is the budget's own verdict, in every bucket."""
    ev = evaluation([0, 1, 2, 0, 0, 5, 0, 0, 0, 0], 1000, window="4h")
    assert exhausts_within(ev, "0s").tolist() == ev.error_budget.exhausted.tolist()


def test_a_horizon_is_rounded_up_to_whole_buckets() -> None:
    """A minute ahead is a bucket ahead."""
    ev = evaluation([0] * 718 + [20, 20] + [20] * 34)
    assert exhausts_within(ev, "1m").tolist() == exhausts_within(ev, "1h").tolist()
    assert np.flatnonzero(exhausts_within(ev, "1h"))[0] == 718 + 2 + 34 - 2


def test_a_budget_that_is_gone_for_one_hour_only_is_seen() -> None:
    """100 of 10,000 are allowed: spent exactly 14 hours ahead, and an hour later 60 old ones leave."""
    bad = [0] * 14 + [60] + [0] * 35 + [10] + [0] * 48 + [2]
    ev = evaluation(bad, 100, target="99%", window="100h")
    assert forecast(ev).exhausts_in == timedelta(hours=14)
    told = {ahead: bool(exhausts_within(ev, f"{ahead}h")[-1]) for ahead in (13, 14, 15, 30, 38)}
    assert told == {13: False, 14: True, 15: True, 30: True, 38: True}
    assert not exhausts_within(evaluation([b - (b == 10) for b in bad], 100, target="99%", window="100h"), "30h")[-1]


def test_counts_beyond_int64_are_answered_the_same() -> None:
    """A million million times the events at the same shares: the same forecast, although no sum fits."""
    bad = [0, 0, 3, 0, 1, 1, 0, 2, 3, 3]
    scale = 2**52
    small, large = (evaluation([b * k for b in bad], 500 * k, window="8h", target="99.5%") for k in (1, scale))
    assert forecast(small, recent="2h").exhausts_in == forecast(large, recent="2h").exhausts_in == timedelta(hours=4)
    assert exhausts_within(small, "5h", recent="2h").tolist() == exhausts_within(large, "5h", recent="2h").tolist()


def test_a_week_of_minutes_agrees_with_single_forecasts() -> None:
    """Daily bursts over minutes, three days ahead; each sampled bucket agrees with its own forecast."""
    bad = np.zeros(10_000, dtype=np.int64)
    bad[::1440] = 2_000
    bad[5_000:5_100] += 30
    counts = Counts.from_buckets(start=START, step="1m", total=np.full(10_000, 20_000), bad=bad)
    ev = SLO("checkout", sli=SLI.ratio("up"), target="99.99%", window="5d").evaluate(counts)
    told = exhausts_within(ev, "3d")
    assert 0.1 < told.mean() < 0.9
    for t in range(0, 10_000, 397):
        found = forecast(ev, ev.timeline.ends[t])
        assert told[t] == (found.exhausts_in is not None and found.exhausts_in <= timedelta(days=3))


# --- how it is said ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "~0s"),
        (timedelta(milliseconds=3), "<1s"),
        (timedelta(seconds=119), "~119s"),
        (timedelta(seconds=120), "~2m"),
        (timedelta(minutes=119, seconds=59), "~120m"),
        (timedelta(hours=2), "~2h"),
        (timedelta(hours=47), "~47h"),
        (timedelta(days=2), "~2d"),
        (timedelta(days=2_000), "~2,000d"),
    ],
)
def test_about_is_one_number_and_one_unit(span: timedelta, text: str) -> None:
    """Each unit from twice its length on."""
    assert about(span) == text


def test_about_refuses_what_is_no_length() -> None:
    """Time that runs backwards, and numbers without a unit."""
    with pytest.raises(InvalidDuration, match="must not be negative"):
        about(timedelta(seconds=-1))
    with pytest.raises(WrongType, match="must be a timedelta"):
        about(3)  # type: ignore[arg-type]


def test_a_forecast_is_a_value() -> None:
    """Equal evidence gives equal forecasts, which hash alike, cannot be changed and show themselves everywhere."""
    one, two = (forecast(evaluation(OLD_OUTAGE), recent="2h") for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one.recent = "3h"  # type: ignore[misc]
    assert isinstance(one, Forecast)
    assert "<table>" in one._repr_html_()
    assert ("outlook", repr(one)) in list(one.__rich_repr__())


# --- canaries ------------------------------------------------------------------------------------------


def test_a_canary_costs_share_times_rate_times_time() -> None:
    """1,000 an hour: 5% for 90 minutes are 75 bad at worst; with a chance of a fiftieth 1.5 are to be expected."""
    cost = canary_cost(evaluation([0] * 718 + [20, 20]), share="5%", failure="2%", recover="90m")
    assert (cost.worst_bad, cost.expected_bad) == (75, 1.5)
    assert (cost.share, cost.failure) == (Fraction(1, 20), Fraction(1, 50))
    assert cost.expected_ratio == float(Fraction(3, 2) / 680)
    assert cost.affordable is True


def test_the_worst_of_a_canary_is_rounded_up() -> None:
    """A third of an event is an event, where the budget is concerned."""
    cost = canary_cost(evaluation([0] * 720, 1000), share="1/3", failure="100%", recover="1h")
    assert cost.worst_bad == 334
    assert cost.expected_bad == float(Fraction(1000, 3))


def test_a_canary_is_affordable_to_the_last_event() -> None:
    """720 allowed and 680 spent: with each bad event counted into the total, 40 fit and 41 do not."""
    ev = evaluation([0] * 719 + [680], 1000)
    fits, breaks = (canary_cost(ev, share=share, failure=1, recover="1h") for share in ("4%", "4.1%"))
    assert (fits.worst_bad, fits.affordable) == (40, True)
    assert (breaks.worst_bad, breaks.affordable) == (41, False)
    spent = canary_cost(evaluation([0] * 719 + [720], 1000), share="4%", failure=1, recover="1h")
    assert (spent.affordable, spent.expected_ratio) == (False, None)
    assert repr(spent) == "CanaryCost(not affordable: 40 bad events at worst, 40 expected)"


def test_a_canary_without_traffic_to_go_by_is_no_data() -> None:
    """An hour without events says nothing about the rate: affordable is neither yes nor no."""
    cost = canary_cost(evaluation([0] * 10, [1000] * 9 + [0]), share="5%", failure="2%", recover="1h")
    assert cost.affordable is None
    assert repr(cost) == "CanaryCost(no data)"
    assert canary_cost(evaluation([]), share="5%", failure="2%", recover="1h").affordable is None


def test_a_canary_is_reckoned_in_events() -> None:
    """A slice that lost a share of its events is bad or not as a whole; shares of slices can be added up."""
    whole, parts = (
        evaluation([1] * 24, 1000, target="90%", window="1d", budgeting=budgeting)
        for budgeting in (Timeslices("1h", target="50%"), RatioTimeslices("1h"))
    )
    with pytest.raises(InvalidSLO, match=r"evaluate the same counts with Occurrences\(\)"):
        canary_cost(whole, share="5%", failure="2%", recover="1h")
    assert canary_cost(parts, share="5%", failure="2%", recover="1h").worst_bad == 50_000_000


@pytest.mark.parametrize("field", ["share", "failure"])
def test_a_share_is_between_nothing_and_all(field: str) -> None:
    """5 is asked back as 5%."""
    given: dict[str, Any] = {"share": "5%", "failure": "2%"} | {field: 5}
    with pytest.raises(InvalidNumber, match=f'{field} must be between 0 and 1, got 5; did you mean .* "5%"'):
        canary_cost(evaluation([0]), recover="1h", **given)
