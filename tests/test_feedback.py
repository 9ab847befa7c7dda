from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from slokit import SLI, SLO, BurnRateAlert, Counts, Evaluation
from slokit.analysis.feedback import Association, associate, corners
from slokit.analysis.feedback.pairing import pair
from slokit.analysis.feedback.permutation import correlations, midranks, permutations
from slokit.analysis.simulate import Incident, Traffic, complaints, counts
from slokit.errors import (
    InvalidAlert,
    InvalidCounts,
    InvalidNumber,
    InvalidTimeline,
    InvalidWindow,
    OutOfTimeline,
    WrongType,
)
from slokit.interop.tables import EventTable, read_table
from tests.evaluations import evaluated
from tests.test_value_objects import BITE

MONDAY = "2026-01-05T00:00Z"
SLO_995 = SLO("checkout", sli=SLI.ratio("up"), target="99.5%", window="28d")
# Errors that come in clusters of hours, traffic that follows the clock and the week: what fools a naive test.
CLUSTERED = Traffic(error_share=0.002, error_bursts=1.0, burst_memory="6h", daily=0.6)


def said(bad: Any, total: Any = 100, *, start: str = MONDAY, step: str = "1h", **more: Any) -> Counts:
    """Return complaints by bucket, of so many contacts each."""
    lost = np.asarray(bad)
    return Counts.from_buckets(
        start=start, step=step, bad=lost, total=np.broadcast_to(np.asarray(total), lost.shape), **more
    )


# --- the statistic ----------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from([float("nan"), 0.0, 0.0, 0.25, 0.5, 1.0, 7.0]), min_size=1, max_size=30))
def test_ranks_are_those_of_scipy(values: list[float]) -> None:
    """Equal values share the mean of their ranks; what is not known has none."""
    array = np.array(values)
    known = ~np.isnan(array)
    ranks = midranks(array)
    assert np.isnan(ranks).tolist() == (~known).tolist()
    n = int(known.sum())
    expected = (rankdata(array[known]) - (n + 1) / 2) / max(n - 1, 1)
    assert ranks[known] == pytest.approx(expected)


@given(data=st.data(), block=st.integers(1, 4), blocks=st.integers(2, 5))
def test_shuffled_correlations_are_those_of_shuffled_series(data: st.DataObject, block: int, blocks: int) -> None:
    """The look-ups give what shuffling the blocks and correlating the pairs that are known gives, at every lag."""
    n = block * blocks
    value = st.sampled_from([float("nan"), 0.0, 0.25, 0.25, 0.75, 1.0])
    x, y = (midranks(np.array(data.draw(st.lists(value, min_size=n, max_size=n)))) for _ in range(2))
    lags = np.arange(data.draw(st.integers(1, n)))
    orders = permutations(np.random.default_rng(data.draw(st.integers(0, 9))), blocks, 3)
    found = correlations(x, y, lags, block, orders)
    assert orders[0].tolist() == list(range(blocks))
    for row, order in enumerate(orders):
        shuffled = np.concatenate([y[i * block : (i + 1) * block] for i in order])
        for lag in lags.tolist():
            pairs = [(x[t], shuffled[t + lag]) for t in range(n - lag)]
            pairs = [(a, b) for a, b in pairs if not np.isnan(a) and not np.isnan(b)]
            mine, theirs = (np.array([p[i] for p in pairs]) for i in (0, 1))
            if len(pairs) < 3 or np.ptp(mine) == 0 or np.ptp(theirs) == 0:
                assert np.isnan(found[row, lag])
            else:
                assert found[row, lag] == pytest.approx(np.corrcoef(mine, theirs)[0, 1], abs=1e-9)


def test_the_correlation_is_spearmans() -> None:
    """At lag 0 with all known, it is what scipy says of the shares."""
    draw = np.random.default_rng(3)
    bad, heard = draw.integers(0, 50, 24 * 10), draw.integers(0, 20, 24 * 10)
    found = associate(evaluated(bad, start=MONDAY, step="1h"), said(heard), lags="0h", permutations=9)
    assert found.correlation == pytest.approx(spearmanr(bad, heard).statistic)
    assert found.by_lag == ((0, found.correlation),)


def test_the_p_value_counts_what_is_at_least_as_large() -> None:
    """Of all the orders of eight days only those that match as well count; the observed one always does."""
    bad = np.repeat([1, 2, 3, 4, 5, 6, 7, 8], 24)
    found = associate(evaluated(bad, start=MONDAY, step="1h"), said(bad), lags="0h", permutations=499, block="1d")
    assert found.p_value == Fraction(1, 500)
    assert found.correlation == pytest.approx(1)
    opposite = associate(
        evaluated(bad, start=MONDAY, step="1h"), said(bad[::-1]), lags="0h", permutations=499, block="1d"
    )
    assert opposite.p_value == 1
    assert not opposite.found


# --- found where it is, and not where it is not -----------------------------------------------------------------------


def trial(seed: int) -> tuple[Evaluation, Counts, Counts]:
    """Return eight weeks of a service, complaints about it, and complaints about another week's like."""
    mine, other = (
        counts(CLUSTERED, start=MONDAY, duration="56d", step="2h", seed=seed + shift) for shift in (0, 100_000)
    )
    about_it, about_another = (complaints(one, per_hurt=0.05, delay="4h", seed=seed) for one in (mine, other))
    return SLO_995.evaluate(mine), about_it, about_another


@pytest.fixture(scope="module")
def trials() -> list[tuple[Evaluation, Counts, Counts]]:
    """Return 200 of them; each side wanders, follows the clock and the week."""
    return [trial(seed) for seed in range(200)]


def rate(trials: list[tuple[Evaluation, Counts, Counts]], which: int, **options: Any) -> float:
    """Return in which share of trials an association is found."""
    found = [
        associate(one[0], one[which], lags=("0h", "12h"), permutations=199, seed=seed, **options).found  # type: ignore[arg-type]
        for seed, one in enumerate(trials)
    ]
    return sum(found) / len(found)


def test_a_real_association_is_found(trials: list[tuple[Evaluation, Counts, Counts]]) -> None:
    """In at least 95 of 100 trials."""
    assert rate(trials, 1) >= 0.95


@pytest.mark.parametrize("options", [{}, {"per": "bucket"}, {"block": "2d", "per": "event"}], ids=str)
def test_an_absent_association_is_found_as_rarely_as_the_level_says(
    trials: list[tuple[Evaluation, Counts, Counts]], options: dict[str, Any]
) -> None:
    """At 5%, in at most 19 of 200 trials (more would happen once in 300 times at a true 5%), though both wander."""
    assert rate(trials, 2, **options) <= 19 / 200


def test_shuffling_single_buckets_finds_what_is_not_there(trials: list[tuple[Evaluation, Counts, Counts]]) -> None:
    """Which is why blocks are shuffled: the naive way is wrong about five times as often as its level of 5% says."""
    assert rate(trials[:40], 2, block="2h", per="bucket") > 6 / 40


def test_shuffled_days_of_real_complaints_are_no_association(trials: list[tuple[Evaluation, Counts, Counts]]) -> None:
    """The complaints themselves, their weeks in another order: what they had to do with the service is gone."""
    found = 0
    for seed, (ev, heard, _) in enumerate(trials[:100]):
        weeks = np.roll(np.arange(8), 1 + seed % 7)
        bad, total = (held.reshape(8, -1)[weeks].ravel() for held in (heard.bad, heard.total))
        moved = Counts.from_buckets(timeline=heard.timeline, bad=bad, total=total)
        found += associate(ev, moved, lags=("0h", "12h"), permutations=199, seed=seed).found
    assert found <= 12


def test_equal_arguments_give_equal_answers(trials: list[tuple[Evaluation, Counts, Counts]]) -> None:
    """And another seed shuffles otherwise."""
    ev, heard, _ = trials[0]
    first = associate(ev, heard, permutations=99, seed=4)
    assert first == associate(ev, heard, permutations=99, seed=4)
    assert hash(first) == hash(associate(ev, heard, permutations=99, seed=4))
    assert first.correlation == associate(ev, heard, permutations=99, seed=5).correlation


def test_the_lag_is_found() -> None:
    """Complaints that come six hours later are found six hours later."""
    draw = np.random.default_rng(1)
    bad = draw.poisson(np.exp(draw.standard_normal(24 * 70)))
    later = np.concatenate([np.zeros(6, dtype=int), bad[:-6]])
    found = associate(evaluated(bad, start=MONDAY, step="1h"), said(later), permutations=99)
    assert found.lag == 6 * 3_600_000_000_000
    assert found.correlation == pytest.approx(1, abs=0.01)


def test_what_never_varies_goes_with_nothing() -> None:
    """No complaint at all, or no bad event at all: no correlation, and a p-value of 1."""
    for bad, heard in ((np.zeros(24 * 10, int), np.arange(240) % 7), (np.arange(240) % 7, np.zeros(240, int))):
        found = associate(evaluated(bad, start=MONDAY, step="1h"), said(heard), permutations=9)
        assert found.correlation is found.lag is None
        assert found.p_value == 1
        assert not found.found
        assert "never varies" in repr(found)


# --- alignment --------------------------------------------------------------------------------------------------------


def test_both_are_added_up_over_whole_common_buckets() -> None:
    """Edges are the coarser's; what a common bucket would hold only in part is left out."""
    ev = evaluated(np.arange(60), start="2026-01-01T00:30Z", step="10m")
    heard = said([1, 2, 3, 4, 5, 6, 7, 8], start="2026-01-01T00:00Z")
    both = pair(ev, heard, None, "contact")
    assert str(both.timeline.starts[0]).startswith("2026-01-01T01:00")
    assert both.timeline.size == 7
    assert both.bad.tolist() == [sum(range(3 + 6 * i, 9 + 6 * i)) for i in range(7)]
    assert both.complaints.tolist() == [2, 3, 4, 5, 6, 7, 8]
    wide = pair(ev, heard, "2h", "event")
    assert wide.complaints.tolist() == [3 + 4, 5 + 6, 7 + 8]
    assert wide.contacts.tolist() == [12_000] * 3


def test_huge_counts_are_added_up_exactly() -> None:
    """Where int64 would wrap, Python integers do not."""
    ev = evaluated([2**62] * 4, 2**62, start=MONDAY, step="30m")
    both = pair(ev, said([1, 1], 2**62), "2h", "contact")
    assert both.bad.tolist() == [2**64]
    assert both.contacts.tolist() == [2**63]
    assert both.bad_share.tolist() == [1.0]


def test_silence_on_either_side_is_not_a_zero() -> None:
    """Buckets that nobody observed, or without contacts, pair with nothing."""
    ev = evaluated([1, 0, 3, 4], [10, 0, 10, 10], start=MONDAY, step="1h", observed=[True, False, True, True])
    both = pair(ev, said([1, 1, 0, 1], [5, 5, 0, 5], observed=[True, True, True, True]), None, "contact")
    assert np.isnan(both.bad_share).tolist() == [False, True, False, False]
    assert np.isnan(both.complaint_rate).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (WrongType, "must be an Evaluation", {"ev": 1}),
        (WrongType, "complaints must be Counts", {"complaints": [1, 2]}),
        (WrongType, "per must be", {"per": "user"}),
        (WrongType, "lags must be one", {"lags": ("0h", "1h", "2h")}),
        (WrongType, "permutations must be an integer", {"permutations": True}),
        (WrongType, "seed must be an integer", {"seed": "x"}),
        (InvalidNumber, "permutations must be from 1 to", {"permutations": 0}),
        (InvalidNumber, "seed must be 0 or more", {"seed": -1}),
        (InvalidNumber, "level must be above 0", {"level": 0}),
        (InvalidNumber, "must not end before", {"lags": ("2h", "1h")}),
        (InvalidNumber, "a multiple of the step", {"lags": ("10m", "20m")}),
        (InvalidNumber, "at most 200", {"lags": ("0h", "230h")}),
        (InvalidNumber, "shorter than the time", {"lags": "300h"}),
        (InvalidTimeline, "step must be a multiple", {"step": "90m"}),
        (InvalidWindow, "8 to 2,000 blocks", {"block": "2d"}),
        (InvalidWindow, "no whole number of buckets", {"block": "90m"}),
    ],
)
def test_what_does_not_fit_is_refused(error: type[Exception], match: str, arguments: dict[str, Any]) -> None:
    """Each message names the field and what was given."""
    given: dict[str, Any] = {
        "ev": evaluated(np.arange(240) % 5, start=MONDAY, step="1h"),
        "complaints": said(np.arange(240) % 7),
    }
    given |= arguments
    ev, heard = given.pop("ev"), given.pop("complaints")
    with pytest.raises(error, match=match):
        associate(ev, heard, **given)


def test_complaints_alone_need_something_to_be_counted_against() -> None:
    """Where every contact is a complaint their share says nothing, and the message says what does."""
    ev = evaluated(np.arange(240) % 5, start=MONDAY, step="1h")
    alone = said(np.arange(240) % 7, np.arange(240) % 7)
    with pytest.raises(InvalidCounts, match='per="event"'):
        associate(ev, alone)
    assert associate(ev, alone, per="event", permutations=9).per == "event"


def test_series_that_do_not_meet_are_refused() -> None:
    """No time in common, edges that never meet, and several series."""
    ev = evaluated(np.arange(240) % 5, start=MONDAY, step="1h")
    with pytest.raises(OutOfTimeline, match="share a whole bucket"):
        associate(ev, said([1, 2], start="2027-01-01T00:00Z"))
    with pytest.raises(InvalidTimeline, match="begin where one"):
        associate(ev, said([1, 2], start="2026-01-05T00:10Z", step="1d"))
    with pytest.raises(WrongType, match="one series"):
        associate(ev, said([[1, 2]]))


# --- corners ----------------------------------------------------------------------------------------------------------


def test_every_bucket_is_in_the_corner_that_a_walk_finds() -> None:
    """Alarm by burn, hurt by rate and number, together within a while; against loops over random series."""
    for seed in range(30):
        draw = np.random.default_rng(seed)
        bad, heard = draw.integers(0, 4, 40) * 20, draw.integers(0, 12, 40)
        contacts = draw.integers(0, 3, 40) * 20
        heard = np.minimum(heard, contacts)
        within = int(draw.integers(0, 4))
        ev = evaluated(bad, target="97%", start=MONDAY, step="1h")
        found = corners(ev, said(heard, contacts), hurt="20%", min_complaints=5, within=f"{within}h")
        alarm = [Fraction(int(b), 1000) > Fraction(3, 100) for b in bad]
        hurts = [c >= 5 and Fraction(int(c), int(n)) > Fraction(1, 5) for c, n in zip(heard, contacts, strict=True)]
        for i in range(40):
            before = any(alarm[max(i - within, 0) : i + 1])
            after = any(hurts[i : i + within + 1])
            if (hurts[i] and before) or (alarm[i] and after):
                expected = "seen"
            else:
                expected = "unseen" if hurts[i] else "unfelt" if alarm[i] else "quiet"
            assert ("seen", "unseen", "unfelt", "quiet", "unknown")[found.codes[i]] == expected
        for corner in ("seen", "unseen", "unfelt"):
            inside = [i for i in range(40) if found.codes[i] == ("seen", "unseen", "unfelt").index(corner)]
            assert sum(one.complaints for one in found.of(corner)) == sum(heard[inside])
            assert sum(one.bad for one in found.of(corner)) == sum(bad[inside])
        assert sum(buckets for _, buckets, _, _ in found.table()) == 40


def test_at_the_threshold_nobody_is_hurt() -> None:
    """Strictly above, decided in integers: three of ten is not above 30%, as floats would have 0.3."""
    ev = evaluated([0] * 3, start=MONDAY, step="1h")
    found = corners(ev, said([3, 31, 30], [10, 100, 100]), hurt="30%")
    assert found.codes.tolist() == [3, 1, 3]


def test_alerts_may_be_the_alarm() -> None:
    """A bucket has an alarm where any alert fires at the end of any evaluated bucket in it."""
    bad = [0] * 12 + [100] + [0] * 47
    ev = evaluated(bad, target="99%", start=MONDAY, step="5m")
    alert = BurnRateAlert(long_window="5m", burn_rate=5)
    found = corners(ev, said([0, 0, 9, 0, 0], 10), alerts=[alert], within="0h")
    assert found.codes.tolist() == [3, 2, 1, 3, 3]
    assert "1 alert fires" in found.thresholds[0]


def test_what_nobody_observed_is_unknown() -> None:
    """Neither quiet nor anything else."""
    ev = evaluated([0, 0, 0], [10, 0, 10], start=MONDAY, step="1h", observed=[True, False, True])
    found = corners(ev, said([0, 0, 0], [5, 5, 0], observed=[True, True, False]))
    assert found.codes.tolist() == [3, 4, 4]
    assert "nobody could tell" in repr(found)


def associated(p: Fraction) -> Association:
    """Return an association with this p-value."""
    ev = evaluated(np.arange(240) % 5, start=MONDAY, step="1h")
    found = associate(ev, said(np.arange(240) % 7), permutations=9)
    return attrs.evolve(found, p_value=p)


def spells_of(seen: int, unseen: int, unfelt: int) -> tuple[Evaluation, Counts]:
    """Return as many spells of each corner, a day apart."""
    number = seen + unseen + unfelt
    bad, heard = np.zeros(24 * number, int), np.zeros(24 * number, int)
    hours = np.arange(number) * 24 + 6
    bad[hours[: seen + unfelt]] = 500
    heard[hours[:seen]] = heard[hours[seen + unfelt :]] = 50
    return evaluated(bad, start=MONDAY, step="1h"), said(heard)


@pytest.mark.parametrize(
    ("spells", "p", "carried", "words"),
    [
        ((2, 9, 1), Fraction(1, 100), True, "misses what hurts (9 of 11 spells"),
        ((2, 0, 9), Fraction(1, 100), True, "too strict (9 of 11 spells"),
        ((9, 1, 1), Fraction(1, 100), True, "keep the objective"),
        ((2, 9, 1), Fraction(1, 2), False, "do not go together"),
        ((0, 4, 0), Fraction(1, 100), False, "not surely most"),
        ((5, 6, 5), Fraction(1, 100), False, "not surely most"),
    ],
)
def test_a_recommendation_is_made_only_where_the_evidence_carries_it(
    spells: tuple[int, int, int], p: Fraction, carried: bool, words: str
) -> None:
    """An association that was found, enough spells, and a share of them that is surely more than half."""
    ev, heard = spells_of(*spells)
    found = corners(ev, heard, within="2h", association=associated(p))
    assert tuple(len(found.of(corner)) for corner in ("seen", "unseen", "unfelt")) == spells
    assert found.carried is carried
    assert words in found.recommendation
    assert carried or found.recommendation.startswith("the evidence does not carry a recommendation")
    silent = corners(ev, heard, within="2h")
    assert not silent.carried
    assert "no association was tested" in silent.recommendation


def test_a_blind_spot_is_found_in_its_corner() -> None:
    """Incidents that hurt and that the indicator does not see end up unseen, those that it sees do not."""
    hour = 3_600_000_000_000
    start = 1_767_571_200_000_000_000
    known = [Incident(start=start + (5 + 7 * i) * 24 * hour, duration=4 * hour, error_share=0.2) for i in range(6)]
    blind = [Incident(start=start + (8 + 7 * i) * 24 * hour, duration=4 * hour, error_share=0.2) for i in range(6)]
    evidence = counts(Traffic(), start=MONDAY, duration="56d", step="1h", incidents=known, seed=2)
    heard = complaints(evidence, unseen=blind, per_hurt=0.05, delay="1h", seed=2)
    found = corners(SLO_995.evaluate(evidence), heard, within="12h")
    for corner, those in (("seen", known), ("unseen", blind)):
        days = {spell.start.date() for spell in found.of(corner)}  # type: ignore[arg-type]
        assert days == {np.datetime64(one.start, "ns").astype("datetime64[D]").item() for one in those}


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (WrongType, "min_complaints must be an integer", {"min_complaints": "3"}),
        (InvalidNumber, "min_spells must be 1 or more", {"min_spells": 0}),
        (WrongType, "association must be", {"association": 0.01}),
        (InvalidNumber, "hurt must not be negative", {"hurt": -1}),
        (InvalidAlert, "burn_rate must not be negative", {"burn_rate": -1}),
        (WrongType, "must be a BurnRateAlert", {"alerts": ["page"]}),
        (WrongType, "alerts must be several", {"alerts": 3}),
    ],
)
def test_corners_refuse_what_they_cannot_use(error: type[Exception], match: str, arguments: dict[str, Any]) -> None:
    """Each message names the field."""
    with pytest.raises(error, match=match):
        corners(evaluated([0] * 3, start=MONDAY, step="1h"), said([0] * 3), **arguments)
    with pytest.raises(InvalidNumber, match="corner must be one of"):
        corners(evaluated([0] * 3, start=MONDAY, step="1h"), said([0] * 3)).of("loud")  # type: ignore[arg-type]


def test_names_do_not_bite() -> None:
    """In a prompt, a notebook and under rich; and the arrays are read-only."""
    ev, heard = spells_of(2, 3, 1)
    ev = SLO(BITE, sli=SLI.ratio(BITE), target="99%", window="1d").evaluate(
        Counts.from_buckets(timeline=ev.timeline, bad=ev._sums.bad.buckets(), total=ev._sums.total.buckets())
    )
    where = corners(ev, heard)
    found = associate(ev, heard, permutations=9, block="12h")
    with pytest.raises(ValueError, match="read-only"):
        where.codes[0] = 1
    values: list[Any] = [found, where, *where.spells]
    for value in values:
        shown = (repr(value), value._repr_html_(), str(list(value.__rich_repr__())))
        assert shown[1].startswith("<table>")
        assert not any("\u202e" in text for text in shown)
        assert "<script" not in shown[1]


# --- complaints that are simulated, and ratings that are not ----------------------------------------------------------


def test_complaints_follow_what_hurt() -> None:
    """As many as were hurt times what they say of it, later by the mean delay; none of them gets lost."""
    start = 1_767_571_200_000_000_000
    flat = Traffic(per_minute=6000, daily=0.0, weekend=1.0, bursts=0.0, error_share=0.0, error_bursts=0.0)
    outage = Incident(start=start + 3_600_000_000_000, duration="1h", error_share=0.5)
    evidence = counts(flat, start=MONDAY, duration="3d", step="1h", incidents=[outage], seed=1)
    heard = complaints(evidence, per_hurt=0.1, usual=0, contacts=0, delay="3h", seed=1)
    assert np.array_equal(heard.bad, heard.total)
    assert heard.bad.sum() == pytest.approx(0.1 * evidence.bad.sum(), rel=0.03)
    middle = (heard.bad * (np.arange(72) + 0.5)).sum() / heard.bad.sum()
    assert middle == pytest.approx(1.5 + 3, abs=0.1)
    assert heard == complaints(evidence, per_hurt=0.1, usual=0, contacts=0, delay="3h", seed=1)
    assert complaints(evidence, per_hurt=0.1, usual=0, contacts=0, delay="0s").bad.nonzero()[0].tolist() == [1]
    assert not complaints(evidence, felt=0, usual=0).bad.any()
    seen = complaints(evidence, felt=0, unseen=[outage], usual=0, contacts=0, delay="0s", per_hurt=0.1)
    assert seen.bad[1] == pytest.approx(0.1 * evidence.bad[1], rel=0.05)


@pytest.mark.parametrize(
    ("error", "arguments"),
    [(InvalidNumber, {"felt": 2}), (InvalidNumber, {"per_hurt": -1}), (InvalidNumber, {"usual": float("inf")})],
)
def test_complaints_refuse_what_cannot_be(error: type[Exception], arguments: dict[str, Any]) -> None:
    """Shares beyond one, rates below nothing."""
    with pytest.raises(error):
        complaints(said([1, 2]), **arguments)
    with pytest.raises(WrongType):
        complaints(said([[1, 2]]))


def test_real_ratings_go_together_with_themselves_and_not_with_shuffled_weeks(data_dir: Path) -> None:
    """Two years by the day. No indicator came with them: the ratings of every other vendor stand in for one."""
    table = read_table(
        data_dir / "feedback_reviews" / "reviews.csv.bz2", time="date", value="rating", by=["vendorId"], tz="UTC"
    )
    assert isinstance(table, EventTable)
    every = table.count(SLI.threshold("content", gte=3), step="1d").between("2005-01-03Z", "2007-01-01Z")
    names = every.labels["vendorId"]
    one, other = (every.sel(vendorId=[name for name in names if int(name) % 2 == odd]).sum() for odd in (0, 1))
    ev = SLO("content", sli=SLI.threshold("content", gte=3), target="95%", window="28d").evaluate(one)
    found = associate(ev, other, lags="0d", permutations=499)
    draw, false = np.random.default_rng(0), 0
    for seed in range(40):
        weeks = draw.permutation(104)
        bad, total = (held[: 104 * 7].reshape(104, 7)[weeks].ravel() for held in (other.bad, other.total))
        moved = Counts.from_buckets(timeline=other.timeline.cut(0, 728), bad=bad, total=total)
        false += associate(ev, moved, lags="0d", permutations=199, seed=seed).found
    assert (found.found, false <= 6) == (True, True)
