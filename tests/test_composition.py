"""Systems of dependent services: figures by hand, what is refused and how it is said, and how things look."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from slokit import SLI, SLO, Counts, Exclusion, Status
from slokit.composition import (
    AllOf,
    AtLeast,
    Group,
    Measurement,
    Part,
    RequestBounds,
    System,
    all_of,
    any_of,
    at_least,
    journeys,
    optional,
    weighted,
)
from slokit.errors import (
    InvalidCounts,
    InvalidNumber,
    InvalidSystem,
    InvalidTarget,
    InvalidTimeline,
    SlokitError,
    UnknownLabel,
    WrongType,
)

BITE = "<script>\u202e</script>"


def buckets(*bad: int | None, total: int = 100, start: str = "2026-01-01T00:00Z", step: str = "1h") -> Counts:
    """Return counts of one series; None is a hole."""
    return Counts.from_buckets(
        start=start,
        step=step,
        bad=[lost or 0 for lost in bad],
        total=[0 if lost is None else total for lost in bad],
        observed=[lost is not None for lost in bad],
    )


def part(name: str, **fields: Any) -> Part:
    """Return a part that is up where 99% of its events are good."""
    return Part(name, slice_target="99%", **fields)


CHECKOUT = all_of(
    "checkout",
    part("web", target="99.95%"),
    any_of("payment", part("stripe", target="99.5%"), part("adyen", target="99%")),
    optional(part("hints", target="90%")),
)


# --- targets alone --------------------------------------------------------------------------------------------------


def test_bounds_by_hand() -> None:
    """A pair is at worst as good as its better part, and a chain loses at most what its parts lose together."""
    bounds = CHECKOUT.bounds()
    assert bounds.worst == Fraction("0.9945")
    assert bounds.best == Fraction("0.9995")
    assert bounds.independent == Fraction("0.9995") * (1 - Fraction("0.005") * Fraction("0.01"))
    assert bounds.sharp


def test_a_quorum_by_hand() -> None:
    """Two of three at 99% each: 1.5% may be lost, three losses of 1% going two by two, and not 3% or 1%."""
    quorum = at_least(2, "quorum", *(Part(name, target="99%") for name in "abc"))
    assert quorum.bounds().worst == Fraction("0.985")
    assert quorum.bounds().best == 1
    p = Fraction("0.99")
    assert quorum.bounds().independent == p**3 + 3 * p**2 * (1 - p)


def test_an_optional_part_costs_nothing() -> None:
    """It needs no target either."""
    system = all_of("page", Part("web", target="99%"), optional(Part("hints")))
    assert system.bounds().worst == system.bounds().best == Fraction("0.99")


def test_a_shared_part_is_one_part() -> None:
    """Two chains through one database are not two databases: independence is p, and the ends say they may be wide."""
    db = Part("db", target="99%")
    pair = any_of("pair", all_of("left", db), all_of("right", db))
    bounds = pair.bounds()
    assert bounds.independent == Fraction("0.99")
    assert [bounds.worst, bounds.best] == [Fraction("0.99"), Fraction(1)]
    assert not bounds.sharp
    assert "several places depend on db" in repr(bounds)


def test_shown_ends_hold_too() -> None:
    """The worst end is rounded down where it is shown, and the best one up; neither becomes 100%."""
    text = repr(any_of("x", Part("a", target="2/3"), Part("b", target="1/3")).bounds())
    assert "66.6666% to 100%" in text
    assert "0.0001% to 99.999999%" in repr(Bounded("1/1000000", "99.999999%"))


def Bounded(worst: str, best: str) -> object:  # noqa: N802
    """Return bounds with these ends."""
    from slokit.composition import Bounds

    ends = [Fraction(end.rstrip("%")) / (100 if "%" in end else 1) for end in (worst, best)]
    return Bounds(name="x", worst=ends[0], best=ends[1], independent=ends[0])


def test_what_a_part_must_reach_by_hand() -> None:
    """Web has to make good what payment may lose; spares together need no more than each other's lack."""
    required = CHECKOUT.required("web", target="99%")
    assert required.worst == Fraction("0.995")
    assert required.independent == Fraction("0.99") / (1 - Fraction("0.00005"))
    assert required.best == Fraction("0.99")
    spare = CHECKOUT.required("adyen", target="99.9%")
    assert spare.worst == Fraction("0.9995")
    assert CHECKOUT.required("hints", target="99%").worst == 0
    assert CHECKOUT.required("hints", target="99.99%") == CHECKOUT.required("hints", target=Fraction("0.9999"))
    assert "nothing is enough" in repr(CHECKOUT.required("stripe", target="99.99%"))


def test_a_requirement_beyond_the_first_straight_piece() -> None:
    """Two of three with others of 90% and 50%: at best x + 50% up to x = 40%, and from there half of x + 140%."""
    quorum = at_least(2, "quorum", Part("x"), Part("a", target="90%"), Part("b", target="50%"))
    assert quorum.required("x", target="85%").best == Fraction("0.35")
    assert quorum.required("x", target="95%").best == Fraction("0.5")
    # Two of the losses 10%, 50% and 1 - x meet in half of their sum at most, and in the sum of the smaller two.
    assert quorum.required("x", target="45%").worst == Fraction("0.5")
    assert quorum.required("x", target="65%").worst == Fraction("0.75")
    assert quorum.required("x", target="0%").best == 0
    assert quorum.required("x", target="90%").worst == 1
    assert quorum.required("x", target="90.1%").worst is None


def test_a_requirement_is_shown_rounded_up() -> None:
    """What is printed is enough."""
    page = all_of("page", Part("web"), Part("db", target="99.95%"))
    required = page.required("web", target="99.9%")
    shown = [Fraction(text.rstrip("%")) / 100 for text in required._texts()]
    assert required.worst is not None
    assert required.independent is not None
    assert shown[0] >= required.worst
    assert shown[1] >= required.independent


def test_measured_shares_may_stand_for_targets() -> None:
    """They may be 1, which no target is."""
    page = all_of("page", Part("web"), Part("db", target="99%"))
    assert page.bounds({"web": 1}).worst == Fraction("0.99")
    assert page.bounds({"web": 1, "db": Fraction(1, 3)}).best == Fraction(1, 3)


# --- joint evidence -------------------------------------------------------------------------------------------------


def test_a_common_cause_counts_once() -> None:
    """Three parts down in the same hour of a hundred are one bad hour: 99%, where the product says 97%."""
    down = buckets(*([0] * 99), 100)
    page = all_of("page", part("a"), part("b"), part("c"))
    measured = page.measure({"a": down, "b": down, "c": down})
    assert measured.sli == 0.99
    shares = dict.fromkeys("abc", Fraction(99, 100))
    assert page.bounds(shares).independent == Fraction(99, 100) ** 3
    assert page.bounds(shares).best == Fraction(99, 100)


def test_what_is_measured_can_be_evaluated() -> None:
    """The counts go into an objective like any others."""
    measured = CHECKOUT.measure(
        {"web": buckets(0, 0, 5, 0), "stripe": buckets(9, 9, 0, 0), "adyen": buckets(9, 0, 0, 0)}
    )
    status = SLO("end to end", sli=SLI.ratio("up"), target="75%", window="4h").evaluate(measured.counts).at()
    assert isinstance(status, Status)
    assert (status.good, status.total, status.met) == (2, 4, False)


def test_holes_matter_where_they_could_decide() -> None:
    """A pair needs one; of a chain one that is down is enough to know. What is left open is unobserved."""
    pair, chain = any_of("pair", part("a"), part("b")), all_of("chain", part("a"), part("b"))
    counts = {"a": buckets(0, 9, None, None), "b": buckets(None, None, 9, None)}
    measured = pair.measure(counts).counts
    assert measured.total.tolist() == [1, 0, 0, 0]
    assert measured.observed.tolist() == [True, False, False, False]
    assert chain.measure(counts).counts.total.tolist() == [0, 1, 1, 0]
    assert chain.measure(counts).counts.bad.tolist() == [0, 1, 1, 0]
    # One side of holes is visible, so the share of what is decided says nothing, and its ends say so.
    assert chain.measure(counts).sli == 0.0
    assert chain.measure(counts).sli_between == (0.0, 0.5)
    everything = chain.measure(counts, known="all")
    assert everything.sli is None
    assert everything.sli_between == (0.0, 1.0)
    assert "no data" in repr(everything)


def test_a_part_without_traffic_is_what_the_caller_says() -> None:
    """Unknown by default: the bucket is then without traffic, not unobserved; up or down on request."""
    page = all_of("page", part("a"), part("b"))
    quiet = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=[0, 0], total=[100, 0])
    counts = {"a": buckets(0, 0), "b": quiet}
    measured = page.measure(counts)
    assert measured.counts.total.tolist() == [1, 0]
    assert measured.counts.observed.all()
    assert page.measure(counts, quiet="up").counts.bad.tolist() == [0, 0]
    assert page.measure(counts, quiet="down").counts.bad.tolist() == [0, 1]


def test_an_exclusion_of_a_part_excludes_what_hangs_on_it() -> None:
    """Where the other parts do not decide, the system's bucket is excluded as well, and no part of the ends."""
    out = Exclusion("2026-01-01T00:00Z", "2026-01-01T02:00Z", reason="moved")
    page = all_of("page", part("a"), part("b"))
    measured = page.measure({"a": buckets(9, 9, 0).exclude(out), "b": buckets(0, 9, 0)})
    assert measured.counts.excluded.tolist() == [True, False, False]
    assert measured.counts.bad.tolist() == [0, 1, 0]
    assert (measured.decided, measured.undecided) == (2, 0)


def test_evidence_may_have_axes() -> None:
    """Every series is judged by itself."""
    pair = {"tenant": ["acme", "globex"]}
    two = Counts.from_buckets(start="2026-01-01Z", step="1h", total=[[9, 9], [9, 9]], bad=[[9, 0], [0, 9]], labels=pair)
    one = Counts.from_buckets(start="2026-01-01Z", step="1h", total=[[9, 9], [9, 9]], bad=[[0, 0], [0, 9]], labels=pair)
    page = all_of("page", part("a"), part("b"))
    measured = page.measure({"a": two, "b": one}).counts
    assert measured.labels == {"tenant": ("acme", "globex")}
    assert measured.bad.tolist() == [[1, 0], [0, 1]]
    assert page.attribute(two, {"a": two, "b": one}).together == ((("a", "b"), 9),)


def test_what_was_aligned_is_said() -> None:
    """Steps that were summed and ends that were cut stand by name of the part."""
    web = buckets(*[0] * 120, step="1m", start="2026-01-01T00:30Z")
    measured = all_of("page", part("web"), part("db")).measure({"web": web, "db": buckets(0, 0, 0, 0)})
    assert measured.alignment.changes == (("web", "buckets of 1m summed"), ("db", "1h cut behind"))
    assert "db: 1h cut behind" in repr(measured)


def test_wide_buckets_set_the_edges() -> None:
    """Minutes are summed into hours that begin at a quarter past, since those hours do."""
    minutes = Counts.from_buckets(start="2026-01-01T00:00Z", step="1m", bad=[1] * 15 + [0] * 105, total=[1] * 120)
    quarter = buckets(0, start="2026-01-01T00:15Z")
    measured = all_of("page", part("web"), part("db")).measure({"web": minutes, "db": quarter})
    assert measured.counts.bad.tolist() == [0]
    assert measured.counts.timeline == quarter.timeline


def test_a_step_may_be_asked_for() -> None:
    """Wider buckets than any part's own, where a longer outage should count as one."""
    page = all_of("page", part("web"), part("db"))
    measured = page.measure({"web": buckets(0, 9, 0, 0), "db": buckets(0, 0, 0, 0)}, step="2h")
    assert measured.counts.bad.tolist() == [1, 0]


def test_starts_that_only_wider_steps_have_in_common() -> None:
    """Buckets of two minutes at odd ones and of three at each third share an edge every six: at three past."""
    twos = buckets(1, 0, 0, 0, 0, 0, total=1, step="2m", start="2026-01-01T00:01Z")
    threes = buckets(0, 0, 0, 1, total=1, step="3m", start="2026-01-01T00:00Z")
    measured = all_of("page", part("web"), part("db")).measure({"web": twos, "db": threes}, step="6m")
    assert measured.counts.timeline.starts.astype("datetime64[m]").astype(str).tolist() == [
        "2025-12-31T23:57",
        "2026-01-01T00:03",
        "2026-01-01T00:09",
    ]
    assert measured.counts.bad.tolist() == [1, 0, 1]


def test_journeys_by_their_traffic() -> None:
    """A fifth of the traffic buys: an hour in which only buying is down is a fifth of a bad hour."""
    web, db = part("web"), part("db")
    shop = journeys("shop", ("20%", all_of("buy", web, db)), ("80%", all_of("browse", web)))
    measured = shop.measure({"web": buckets(0, 0, 9), "db": buckets(0, 9, 9)})
    assert measured.unit == 5
    assert measured.counts.bad.tolist() == [0, 1, 5]
    assert measured.sli == 0.6


# --- requests -------------------------------------------------------------------------------------------------------


def test_requests_that_a_part_did_not_see_may_have_failed() -> None:
    """Of 100 requests 10 went to the spare: 3 of 5 that failed first were served, or up to 3 were lost."""
    pair = any_of("payment", Part("stripe"), Part("adyen"))
    first, spare = buckets(5), buckets(2, total=10)
    found = pair.request_bounds({"stripe": first, "adyen": spare}, requests=buckets(0))
    assert (int(found.best.bad[0]), int(found.worst.bad[0])) == (0, 5)
    chain = all_of("x", Part("stripe"), Part("adyen"))
    found = chain.request_bounds({"stripe": first, "adyen": buckets(None)}, requests=buckets(0))
    assert (int(found.best.bad[0]), int(found.worst.bad[0])) == (5, 100)


def test_requests_nobody_knows_of_are_unobserved() -> None:
    """A bucket that is excluded, or a hole, at the front door has no answers."""
    page = all_of("page", Part("web"), Part("db"))
    out = Exclusion("2026-01-01T00:00Z", "2026-01-01T01:00Z", reason="moved")
    front = buckets(0, None, 0).exclude(out)
    found = page.request_bounds({"web": buckets(3, 3, 3), "db": buckets(5, 5, 5)}, requests=front)
    assert found.worst.bad.tolist() == [0, 0, 8]
    assert found.best.excluded.tolist() == [True, False, False]
    assert found.best.observed.tolist() == [True, False, True]
    alone = page.request_bounds({"web": buckets(3, None), "db": buckets(None, None)})
    assert (alone.worst.total.tolist(), alone.worst.observed.tolist()) == ([100, 0], [True, False])


# --- attribution ----------------------------------------------------------------------------------------------------


def test_burn_is_split_into_four_that_add_up() -> None:
    """Own, one part's, shared and unattributed, in events and in shares of the front's budget."""
    front = buckets(1, 10, 20, 30, 40)
    found = CHECKOUT.attribute(
        front,
        {
            "web": buckets(0, 9, 0, 9, 0),
            "stripe": buckets(0, 0, 0, 9, 0),
            "adyen": buckets(0, 0, 0, 0, None),
            "hints": buckets(0, 0, 9, 0, 0),
        },
        target="80%",
    )
    assert (found.own, found.alone("web"), found.alone("hints"), found.shared, found.unattributed) == (
        1,
        10,
        20,
        30,
        40,
    )
    assert found.together == ((("web", "stripe"), 30),)
    assert found.total_bad == int(front.bad.sum())
    assert found.share(found.own) == 1 / 101
    assert found.allowed == 100
    assert found.budget_share(found.unattributed) == 0.4
    assert "30% of the budget" in repr(found)


def test_by_group_a_spare_that_works_is_no_cause() -> None:
    """One provider of two down leaves payment up: by group the front door did it itself."""
    counts = {"web": buckets(0), "stripe": buckets(9), "adyen": buckets(0), "hints": buckets(0)}
    by_part, by_group = (CHECKOUT.attribute(buckets(7), counts, by=by) for by in ("part", "group"))
    assert by_part.alone("stripe") == 7
    assert by_group.own == 7
    assert [name for name, _ in by_group.upstream] == ["web", "payment", "hints"]


def test_the_front_doors_span_is_kept_whole() -> None:
    """Bad events before a part has data are unattributed, and not lost."""
    page = all_of("page", part("web"))
    late = buckets(9, start="2026-01-01T02:00Z")
    found = page.attribute(buckets(1, 2, 4, 8), {"web": late})
    assert (found.own, found.alone("web"), found.unattributed) == (0, 4, 11)
    nowhere = page.attribute(buckets(1, 2), {"web": buckets(9, start="2027-01-01T02:00Z")})
    assert nowhere.unattributed == 3
    assert dict(found.alignment.changes) == {"web": "does not cover all of it"}


def test_nothing_bad_is_nothing_to_split() -> None:
    """No share of nothing."""
    found = all_of("page", part("web")).attribute(buckets(0, 0), {"web": buckets(9, 9)})
    assert found.total_bad == 0
    assert found.share(0) is None
    assert found.budget_share(0) is None
    assert found.good == 200


def test_great_counts_add_up() -> None:
    """Sums beyond int64 are exact."""
    most = 2**63 - 1
    front = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=[most] * 3, total=[most] * 3)
    found = all_of("page", part("web")).attribute(front, {"web": buckets(9, 9, 0)})
    assert (found.own, found.alone("web")) == (most, 2 * most)


# --- OpenSLO's weights ----------------------------------------------------------------------------------------------


def status(bad: int, total: int) -> Status:
    """Return a status of one hour."""
    hour = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=[bad], total=[total])
    found = SLO("x", sli=SLI.ratio("x"), target="99%", window="1h").evaluate(hour).at()
    assert isinstance(found, Status)
    return found


def test_a_composite_is_a_mean_and_says_so() -> None:
    """Weights 1, 2, 1 of ratios .9, 1 and .5 are .85, however many events each has."""
    composite = weighted(
        "score", (1, Part("a", target="90%")), (2, Part("b", target="90%")), (1, Part("c", target="70%"))
    ).weigh({"a": status(1, 10), "b": status(0, 10**9), "c": status(1, 2)})
    assert composite.ratio == Fraction("0.85")
    assert composite.target == Fraction("0.85")
    assert composite.met is True
    assert composite.burn_rate == 1.0
    assert composite.remaining_ratio == 0.0
    assert "of a weighted mean, MET its 85%" in repr(composite)


def test_a_composite_without_one_of_its_data_has_none() -> None:
    """A mean over the others would be another one."""
    both = weighted("score", (1, Part("a", target="90%")), (2, Part("b", target="90%")))
    composite = both.weigh({"a": status(1, 10), "b": status(0, 0)})
    assert (composite.ratio, composite.sli, composite.met, composite.burn_rate) == (None, None, None, None)
    assert composite.remaining_ratio is None
    assert "no data of b" in repr(composite)


# --- what is refused ------------------------------------------------------------------------------------------------

WEB, DB = part("web"), part("db")
PAGE = all_of("page", WEB, DB)
HOUR = buckets(0, 0)
MANY = [Part(f"p{i}", target="99%") for i in range(201)]


def deep(levels: int) -> System:
    """Return a system nested so deep."""
    system = all_of("x", Part("a"))
    for _ in range(levels):
        system = all_of("x", system)
    return system


REFUSED: list[tuple[Callable[[], Any], type[SlokitError], str]] = [
    (lambda: Part(""), InvalidSystem, "name must be 1 to 200 characters"),
    (lambda: Part("a\0"), InvalidSystem, "control characters"),
    (lambda: Part(7), WrongType, "name must be text"),  # type: ignore[arg-type]
    (lambda: Part("a", target=1), InvalidTarget, "target must be at least 0 and below 1"),
    (lambda: Part("a", target=99.9), InvalidTarget, "did you mean"),
    (lambda: Part("a", slice_target=0), InvalidNumber, "slice_target must be above 0 and at most 1"),
    (lambda: all_of("x"), InvalidSystem, "parts must hold at least one part"),
    (lambda: all_of("x", optional(WEB)), InvalidSystem, "at least one that is not optional"),
    (lambda: any_of("x", WEB, optional(DB)), InvalidSystem, "must not be optional"),  # type: ignore[arg-type]
    (lambda: all_of("x", WEB, WEB), InvalidSystem, "different names, got 'web' twice"),
    (lambda: all_of("x", "web"), WrongType, "parts[0] must be a Part or a system, got str"),  # type: ignore[arg-type]
    (lambda: all_of("x", WEB, any_of("y", Part("web"))), InvalidSystem, "must be the same in each"),
    (lambda: all_of("x", weighted("y", (1, WEB))), WrongType, "must not be weighted"),
    (lambda: at_least(0, "x", WEB), InvalidSystem, "least must be 1 to 1"),
    (lambda: at_least(3, "x", WEB, DB), InvalidSystem, "least must be 1 to 2"),
    (lambda: at_least(True, "x", WEB), WrongType, "least must be an int"),
    (lambda: AllOf("x", "web"), WrongType, "parts must be a sequence, got str"),
    (lambda: System(Group("x", [WEB])), WrongType, "root must be a group such as AllOf"),
    (lambda: System(WEB), WrongType, "root must be a group"),  # type: ignore[arg-type]
    (lambda: all_of("x", *MANY), InvalidSystem, "at most 200 parts"),
    (lambda: deep(12), InvalidSystem, "at most 12 levels"),
    (lambda: journeys("x", ("20%", WEB), ("70%", DB)), InvalidSystem, "add up to 1, got 0.9"),
    (lambda: journeys("x"), InvalidSystem, "shares must hold at least one part"),
    (lambda: weighted("x", (0, WEB)), InvalidSystem, "weight must be above 0"),
    (lambda: weighted("x", WEB), WrongType, "shares[0] must be a pair"),  # type: ignore[arg-type]
    (lambda: weighted("x", (1, WEB), (1, WEB)), InvalidSystem, "different names"),
    (PAGE.bounds, InvalidSystem, "part 'web' has no target: write Part('web', target=…)"),
    (lambda: PAGE.bounds({"wbe": 1}), UnknownLabel, "targets names 'wbe', which is no part; did you mean 'web'?"),
    (lambda: PAGE.bounds({"web": 1.5, "db": 1}), InvalidTarget, "targets['web'] must be from 0 to 1"),
    (lambda: PAGE.bounds([1]), WrongType, "targets must map names"),  # type: ignore[arg-type]
    (lambda: PAGE.required("x", target="9%"), UnknownLabel, "part names 'x', which is no part"),
    (lambda: PAGE.required("web", target="90%"), InvalidSystem, "part 'db' has no target"),
    (lambda: PAGE.measure({"web": HOUR}), InvalidSystem, "counts['db'] is missing"),
    (lambda: PAGE.measure([HOUR]), WrongType, "counts must map names of parts"),  # type: ignore[arg-type]
    (lambda: PAGE.measure({"web": HOUR, "db": [1]}), WrongType, "counts['db'] must be Counts"),  # type: ignore[dict-item]
    (lambda: PAGE.measure({"web": HOUR, "d": HOUR}), UnknownLabel, "counts names 'd'"),
    (lambda: PAGE.measure({"web": HOUR, "db": HOUR}, known="some"), WrongType, "known must be one of enough, all"),  # type: ignore[arg-type]
    (lambda: PAGE.measure({"web": HOUR, "db": HOUR}, quiet="so"), WrongType, "quiet must be one of"),  # type: ignore[arg-type]
    (
        lambda: all_of("x", Part("web")).measure({"web": HOUR}),
        InvalidSystem,
        "part 'web' has no slice_target and no target",
    ),
    (
        lambda: PAGE.measure({"web": buckets(0, step="7m"), "db": buckets(0, step="3m")}),
        InvalidTimeline,
        "counts['db'] has buckets of 3m, which do not fit into 7m; step='21m' fits all parts",
    ),
    (
        lambda: PAGE.measure({"web": buckets(0), "db": buckets(0, start="2026-01-01T00:30Z")}),
        InvalidTimeline,
        "counts['db'] has buckets whose starts do not fit those before it: 2026-01-01T00:30:00Z and counts['web'] from",
    ),
    (
        lambda: PAGE.measure({"web": HOUR, "db": buckets(0, start="2026-02-01T00:00Z")}),
        InvalidTimeline,
        "counts must share a span of time: counts['web'] end at 2026-01-01T02:00:00Z",
    ),
    (
        lambda: PAGE.measure(
            {"web": HOUR, "db": Counts.from_buckets(start="2026-01-01Z", step="1h", bad=[[0]], total=[[1]])}
        ),
        InvalidCounts,
        "counts['db'] must have the axes and labels of counts['web']",
    ),
    (
        lambda: weighted("x", ("0.1234567891", WEB), ("0.1", DB)).measure({"web": HOUR, "db": HOUR}),
        InvalidSystem,
        "write them with fewer digits",
    ),
    (lambda: weighted("x", (1, WEB)).request_bounds({"web": HOUR}), InvalidSystem, "each share of a weighted system"),
    (lambda: weighted("x", (1, WEB)).attribute(HOUR, {"web": HOUR}), InvalidSystem, "one front door"),
    (
        lambda: PAGE.request_bounds({"web": HOUR, "db": buckets(0, 0, total=90)}),
        InvalidCounts,
        "counts['db'] saw 90 requests where another part saw 100, in bucket 0",
    ),
    (
        lambda: PAGE.request_bounds({"web": HOUR, "db": HOUR}, requests=buckets(0, 0, total=90)),
        InvalidCounts,
        "counts['web'] must not hold more events than there were requests, got 100 for 90",
    ),
    (
        lambda: PAGE.request_bounds({"web": HOUR, "db": HOUR}, requests=buckets(0, step="7m")),
        InvalidTimeline,
        "requests has buckets of 7m, which do not fit into 1h",
    ),
    (
        lambda: PAGE.attribute(buckets(0, start="2026-01-01T00:30Z"), {"web": HOUR, "db": HOUR}),
        InvalidTimeline,
        "front from 2026-01-01T00:30:00Z have no edge in common",
    ),
    (lambda: PAGE.required(["web"], target="9%"), WrongType, "part must be the name of a part, got list"),  # type: ignore[arg-type]
    (lambda: PAGE.request_bounds({"web": HOUR, "db": HOUR}, requests=7), WrongType, "requests must be Counts"),  # type: ignore[arg-type]
    (lambda: PAGE.attribute(7, {}), WrongType, "front must be Counts"),  # type: ignore[arg-type]
    (lambda: PAGE.attribute(HOUR, {"web": HOUR, "db": HOUR}, by="x"), WrongType, "by must be one of"),  # type: ignore[arg-type]
    (lambda: PAGE.attribute(HOUR, {"web": HOUR, "db": HOUR}, target=2), InvalidTarget, "target must be"),
    (lambda: PAGE.attribute(HOUR, {"web": HOUR, "db": HOUR}).alone("x"), UnknownLabel, "no part is called 'x'"),
    (lambda: PAGE.weigh({}), InvalidSystem, "only weighted single parts"),
    (lambda: weighted("x", (1, WEB)).weigh({}), InvalidSystem, "statuses['web'] is missing"),
    (lambda: weighted("x", (1, WEB)).weigh({"web": 1}), WrongType, "statuses['web'] must be a Status"),  # type: ignore[dict-item]
    (lambda: weighted("x", (1, WEB)).weigh({"web": status(0, 1)}), InvalidSystem, "part 'web' has no target"),
    (lambda: weighted("x", (1, WEB)).weigh({"w": status(0, 1)}), UnknownLabel, "statuses names 'w'"),
    (lambda: weighted("x", (1, WEB)).weigh(7), WrongType, "statuses must map names"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("ask", "error", "said"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_is_refused_by_name(ask: Callable[[], Any], error: type[SlokitError], said: str) -> None:
    """The message names the field, what was wrong and what was given."""
    with pytest.raises(error) as caught:
        ask()
    assert said in str(caught.value)


def test_too_many_shared_parts_are_refused() -> None:
    """Independence over eleven of them would take a state for each way they are up or down."""
    shared = [Part(f"p{i}", target="99%") for i in range(11)]
    system = any_of("x", all_of("one", *shared), all_of("other", *shared))
    with pytest.raises(InvalidSystem, match="at most 10 parts may stand in several places"):
        system.bounds()


# --- being values ---------------------------------------------------------------------------------------------------


def test_systems_are_values() -> None:
    """Equal by what they hold, hashable, copied and pickled; what holds arrays has no hash."""
    again = all_of("page", part("web"), part("db"))
    assert again == PAGE
    assert hash(again) == hash(PAGE)
    assert pickle.loads(pickle.dumps(CHECKOUT)) == CHECKOUT == copy.deepcopy(CHECKOUT)
    alike: list[Group] = [AllOf("x", (WEB,)), AtLeast("x", (WEB,), 1)]
    assert alike[0] != alike[1]
    measured = PAGE.measure({"web": HOUR, "db": HOUR})
    assert measured == PAGE.measure({"web": HOUR, "db": HOUR})
    assert measured != PAGE.measure({"web": HOUR, "db": buckets(0, 9)})
    assert measured != 1
    found = PAGE.request_bounds({"web": HOUR, "db": HOUR})
    assert found == PAGE.request_bounds({"web": HOUR, "db": HOUR})
    assert found != 1
    for value in (measured, found):
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)


def shown() -> list[Any]:
    """Return one object of each class, with names that bite."""
    one, other = part(BITE, target="99%"), part(BITE + "!", target="99%")
    system = all_of(BITE + "?", one, other, optional(part(BITE + "*", target="9%")))
    counts = {name.name: HOUR for name in system.parts}
    mean = weighted(BITE + "?", (1, one), (2, other))
    composite = mean.weigh({BITE: status(0, 1), BITE + "!": status(0, 0)})
    attribution = system.attribute(
        buckets(5, 5), {**counts, BITE: buckets(9, 9), BITE + "!": buckets(0, 9)}, target=0.9
    )
    shared = any_of(BITE, all_of("l", one), all_of("r", one))
    return [
        one,
        system,
        system.root,
        AtLeast(BITE, [one], 1),
        optional(one),
        mean,
        mean.root,
        mean.root.shares[0],  # type: ignore[union-attr]
        journeys(BITE, (1, one)).root,
        any_of(BITE, one).root,
        shared.bounds(),
        system.required(BITE, target="9%"),
        system.measure(counts),
        system.measure({**counts, BITE: buckets(0, step="30m")}),
        system.measure({**counts, BITE: buckets(None, None)}),
        system.measure({**counts, BITE: buckets(0, step="30m")}).alignment,
        system.request_bounds(counts),
        attribution,
        composite,
        composite.rows[0],
    ]


@pytest.mark.parametrize("value", shown(), ids=lambda value: type(value).__name__)
def test_names_do_not_bite(value: Any) -> None:
    """A prompt, a notebook and rich show each object, and no name gets to command them."""
    html = value._repr_html_()
    assert html.startswith("<table>")
    assert list(value.__rich_repr__())
    for text in (html, repr(value), *(str(fact) for fact in value.__rich_repr__())):
        assert "\u202e" not in text
    assert "<script" not in html
    assert "\n" not in html


def test_long_systems_are_cut_where_they_are_shown() -> None:
    """Two hundred parts do not fill the screen, and one line holds one part."""
    many = all_of("x", *MANY[:200])
    assert len(repr(many).splitlines()) < 50
    assert "and 195 more" in repr(many.root)
    counts = {one.name: HOUR for one in many.parts}
    lines = repr(many.attribute(buckets(9, 9), counts)).splitlines()
    assert len(lines) < 30


def test_measured_counts_are_read_only() -> None:
    """Like all counts."""
    measured = PAGE.measure({"web": HOUR, "db": HOUR})
    assert isinstance(measured, Measurement)
    with pytest.raises(ValueError, match="read-only"):
        measured.counts.bad[0] = 1
    found = PAGE.request_bounds({"web": HOUR, "db": HOUR})
    assert isinstance(found, RequestBounds)
    assert found.best.bad.dtype == np.int64
