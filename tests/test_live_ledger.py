"""The ledger keeps what was decided on what was known, whoever restarts, overrides, or hears of it late."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, SLO, CalendarWindow, Counts, Exclusion, Policy, Rule, State, Timeslices
from slokit.conditions import BudgetBelow, Exhausted, Missed
from slokit.errors import InvalidDuration, InvalidPolicy, SnapshotError, StoreError, UnknownActivity, WrongType
from slokit.live import DecisionLedger, Evidence, LedgerEntry, ManualClock, Monitor
from slokit.live.ledger import book
from slokit.live.ledger.revisions import settled_from
from slokit.live.restarts import fingerprint, unpacked
from slokit.live.snapshot import decode, encode
from slokit.live.stores import SqliteStore
from slokit.policy import Override
from slokit.report.decisions import Answer, answer_dict
from slokit.timeline import parse_instant
from tests.conftest import ROOT

START = "2026-01-01T00:00Z"
MINUTE = 60 * 10**9
BITE = "<script>alert('\u202e')</script>"
FREEZE = Policy(
    "freeze",
    states=[State("calm"), State("frozen", blocks=["deploy"], exempt=["security"])],
    rules=[Rule("frozen", Exhausted(), until=~BudgetBelow("50%"))],
    stale_after="30m",
)

# What Monitor.snapshot() wrote before there was a ledger: three good minutes' worth of checkout, and a freeze.
OLD_SNAPSHOT = """
U0xPS0lUAAABAAAAdQIAAAAAAAB6eD2WnOvCI9RpI9ni0OrrwYproMeFvIckoIJk7Iv++ykCAAB7InNsbyI6IHsic2xva2l0Ijog
MSwgImtpbmQiOiAic2xvIiwgIm5hbWUiOiAiY2hlY2tvdXQiLCAic2xpIjogeyJraW5kIjogInJhdGlvIiwgIm5hbWUiOiAidXAi
fSwgInRhcmdldCI6ICIwLjkiLCAid2luZG93IjogIjFoIn0sICJydWxlcyI6ICIoUnVsZSgnZnJvemVuJzogRXhoYXVzdGVkKCkg
dW50aWwgfkJ1ZGdldEJlbG93KCc1MCUnKSksKSIsICJzdGVwIjogNjAwMDAwMDAwMDAsICJmaXJzdCI6IDI5NDUzNzYwLCAianVk
Z2VkIjogWzI5NDUzNzYwLCAtMV0sICJzdGF0ZSI6ICJmcm96ZW4iLCAid3JpdGVyIjogIjVkYWMtMTg4NjcyNTFlZGZhMDAwMC1h
MmRjZmFkMTBiNjk1OTU3IiwgImFycmF5cyI6IHsiZ29vZCI6IFsiPGk4IiwgWzNdXSwgImJhZCI6IFsiPGk4IiwgWzNdXSwgIm9i
c2VydmVkIjogWyJ8YjEiLCBbM11dLCAiY29kZXMiOiBbInxpMSIsIFsyXV0sICJ3b3JzdCI6IFsifGkxIiwgW11dLCAia25vd24i
OiBbInxiMSIsIFtdXSwgInNpbGVudCI6IFsiPGk4IiwgW11dLCAiYWdvIjogWyI8aTgiLCBbMV1dLCAibGF0Y2hlZCI6IFsifGIx
IiwgWzFdXX19WgAAAAAAAAAKAAAAAAAAAAAAAAAAAAAAAwAAAAAAAAAeAAAAAAAAAAAAAAAAAAAAAQEBAAEBAQAAAAAAAAAAAQAA
AAAAAAAB
"""

OPEN = contextlib.ExitStack()


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test has opened."""
    with OPEN:
        yield


def objective(**given: Any) -> SLO:
    """Return an objective over an hour."""
    fields: dict[str, Any] = {"sli": SLI.ratio("up"), "target": "90%", "window": "1h"} | given
    return SLO("checkout", **fields)


def monitor(clock: ManualClock, **given: Any) -> Monitor:
    """Return a monitor that is closed after the test."""
    options: dict[str, Any] = {"policy": FREEZE, "clock": clock} | given
    return OPEN.enter_context(Monitor(options.pop("slo", objective()), **options))


def minute(one: Monitor, clock: ManualClock, good: int = 0, bad: int = 0) -> None:
    """Let a minute pass with some events, and decide."""
    one.add(good=good, bad=bad)
    clock.advance("1m")
    one.decision()


def told(ledger: DecisionLedger) -> list[tuple[str, str, int, int]]:
    """Return when, what, and on how many good and bad events."""
    return [(f"{e.time:%H:%M}", e.state, e.evidence.good, e.evidence.bad) for e in ledger]


# --- decisions --------------------------------------------------------------------------------------------------------


def test_an_entry_is_made_where_the_decision_changes() -> None:
    """And holds the figures of that moment; minutes in which nothing changes make none."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=2)
    minute(one, clock, good=10)
    minute(one, clock, bad=30)
    minute(one, clock, good=1)
    minute(one, clock, good=2000)
    minute(one, clock, good=1)
    ledger = one.ledger
    assert told(ledger) == [
        ("00:01", "calm", 90, 2),
        ("00:03", "frozen", 100, 32),
        ("00:05", "calm", 2101, 32),
    ]
    entry = ledger[1]
    assert (entry.blocked, entry.policy, entry.override) == (("deploy",), "freeze", None)
    assert "deploy" not in entry.allowed
    assert entry.reasons == ("the budget is exhausted (-142.4% of the budget left)",)
    assert entry.evidence.remaining_ratio == float(1 - Fraction(32) / (Fraction(132) / 10))
    assert entry.evidence.coverage == 3 / 60
    assert entry.severity == "sev1"
    assert entry.decided_at == entry.time
    assert [e.time for e in ledger] == sorted(e.time for e in ledger)


def test_reasons_that_change_make_an_entry_and_figures_that_move_do_not() -> None:
    """Frozen because the budget is gone, and then because too little is back, are two reasons."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    minute(one, clock, good=5)
    minute(one, clock, good=5)
    minute(one, clock, good=300)
    minute(one, clock, good=5)
    assert [(e.state, e.evidence.total) for e in one.ledger] == [("frozen", 120), ("frozen", 430)]
    assert one.ledger[1].reasons[0].startswith("since 2026-01-01T00:01:00Z: the budget is exhausted")


def test_changes_that_nobody_asked_about_are_written_down_once_somebody_does() -> None:
    """With the clock of that moment, and on what was known by then."""
    clock = ManualClock(START)
    one = monitor(clock)
    for good, bad in ((90, 0), (0, 30), (2000, 0), (1, 0)):
        one.add(good=good, bad=bad)
        clock.advance("1m")
    ledger = one.ledger
    assert told(ledger) == [("00:01", "calm", 90, 0), ("00:02", "frozen", 90, 30), ("00:03", "calm", 2090, 30)]
    assert {e.decided_at.minute for e in ledger} == {4}
    assert ledger.at("2026-01-01T00:03:30Z") is None
    standing = ledger.at("2026-01-01T00:04Z")
    assert standing is not None
    assert standing.state == "calm"


def test_a_monitor_that_nobody_asked_for_longer_than_it_remembers() -> None:
    """It writes down what it finds, on the buckets that it still knows."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90)
    for at in range(180):
        one.add(good=100, bad=900 if at == 150 else 0)
        clock.advance("1m")
    ledger = one.ledger
    assert [(e.time.hour, e.time.minute, e.state) for e in ledger] == [(0, 1, "calm"), (2, 32, "frozen")]
    assert [r.is_known for r in one.revisions()] == [False, False]


@pytest.mark.parametrize(
    "slo",
    [
        objective(budgeting=Timeslices("2m", target=0.9)),
        objective(window=CalendarWindow("day"), target="99%"),
    ],
    ids=["slices", "calendar"],
)
def test_slices_and_calendar_windows_have_ledgers_too(slo: SLO) -> None:
    """In their own units; nothing late, so nothing differs."""
    clock = ManualClock(START)
    one = monitor(clock, slo=slo)
    for at in range(8):
        minute(one, clock, good=100, bad=300 if at == 3 else 0)
    ledger = one.ledger
    assert "frozen" in {e.state for e in ledger}
    assert {e.evidence.unit for e in ledger} == {one.status().unit}
    assert [r.differs for r in one.revisions()] == [False] * len(ledger)
    assert all(r.is_known for r in one.revisions() if r.entry.evidence.total)
    one.add(bad=10**6, at=START)
    assert [r.entry for r in one.revisions()] == list(ledger)
    assert any(r.differs for r in one.revisions())


def test_burn_rates_that_alerts_look_at_are_kept() -> None:
    """Exactly: their events, and the rate that follows."""
    clock = ManualClock(START)
    one = monitor(clock, slo=objective(target="99%", window="30d"), policy=None)
    minute(one, clock, good=980, bad=20)
    known = one.ledger[-1].evidence
    assert known.burn_rate("1h") == 2.0
    first = one.ledger[0].evidence
    assert first.burn_rate("5m") == first.burn_rate("3d") == 2.0
    assert first.burn_rate("7m") is None
    assert {window // MINUTE for window, _, _ in first.burns} == {5, 30, 60, 360, 4320}


def test_a_ledger_is_asked_for_a_span_and_an_instant() -> None:
    """Spans are half-open; before the first entry nothing stood."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=2)
    minute(one, clock, bad=30)
    minute(one, clock, good=2000)
    ledger = one.ledger
    assert told(ledger.between("2026-01-01T00:02Z", "2026-01-01T00:03Z")) == [("00:02", "frozen", 90, 32)]
    assert len(ledger.between()) == len(ledger.between(START)) == 3
    assert len(ledger.between(end="2026-01-01T00:02Z")) == 1
    assert ledger.at("2026-01-01T00:00:59Z") is None
    assert [getattr(ledger.at(f"2026-01-01T00:0{m}:59Z"), "state", None) for m in range(4)] == [
        None,
        "calm",
        "frozen",
        "calm",
    ]
    assert ledger[1:] == DecisionLedger(reversed(ledger.entries[1:]))
    with pytest.raises(WrongType, match="entries must be LedgerEntry objects"):
        DecisionLedger(["frozen"])  # type: ignore[list-item]


def test_rows_are_plain() -> None:
    """One a decision, ready for a data frame."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    one.override("deploy", reason="fix of 4711", by="ana", until="2h")
    first, second = one.ledger.rows()
    assert (first["state"], first["good"], first["bad"], first["blocked"]) == ("frozen", 90, 30, "deploy")
    assert (second["override"], second["by"], second["reason"], second["blocked"]) == (
        "allow",
        "ana",
        "fix of 4711",
        "",
    )
    assert first.keys() == second.keys()
    assert first["until"] is None
    assert f"{second['until']:%H:%M}" == "02:01"


# --- overrides --------------------------------------------------------------------------------------------------------


def test_an_override_lets_through_until_it_ends() -> None:
    """At once and for that activity alone; the decision names it, the ledger has it, and so it has its end."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    assert not one.allows("deploy")
    clock.advance("10s")
    decision = one.override("deploy", reason="rollback of 4711", by="ana", until="2h")
    assert decision.allows("deploy")
    assert one.allows("deploy")
    assert decision == one.decision()
    assert "OVERRIDE deploy allowed by ana until 2026-01-01 02:01 UTC: rollback of 4711" in repr(decision)
    (entry,) = one.ledger.overrides
    assert entry.override == Override(True, "rollback of 4711", "ana", ("deploy",), until="2026-01-01T02:01:10Z")
    assert (entry.state, entry.blocked) == ("frozen", ())


def test_an_override_ends_in_the_middle_of_a_bucket() -> None:
    """And the ledger says when and why deploys are blocked again, although nothing was judged anew."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    one.override("deploy", reason="one fix", by="ana", until="20s")
    clock.advance("19s")
    assert one.allows("deploy")
    clock.advance("1s")
    assert not one.allows("deploy")
    states = [(e.blocked, e.lapsed is not None) for e in one.ledger]
    assert states == [(("deploy",), False), ((), False), (("deploy",), True)]
    assert one.ledger[-1].lapsed == parse_instant("2026-01-01T00:01:20Z")
    again = one.override("deploy", reason="once more", by="ana", until="2026-01-01T00:01:40Z")
    assert again.allows("deploy")
    clock.advance("30s")
    assert not one.allows("deploy")
    assert len(one.ledger) == 5
    assert one.ledger[-1].lapsed == parse_instant("2026-01-01T00:01:40Z")


def test_of_several_overrides_the_last_counts() -> None:
    """For its activities; those before still decide about others, and again once the last has ended."""
    policy = attrs.evolve(
        FREEZE, activities=["deploy", "migrate"], states=[State("calm"), State("frozen", blocks=["deploy", "migrate"])]
    )
    clock = ManualClock(START)
    one = monitor(clock, policy=policy)
    minute(one, clock, good=90, bad=30)
    one.override(reason="all clear", by="ana", until="3m")
    one.override("migrate", reason="not that", by="bob", until="1m", allow=False)
    assert (one.allows("deploy"), one.allows("migrate")) == (True, False)
    clock.advance("61s")
    assert (one.allows("deploy"), one.allows("migrate")) == (True, True)
    clock.advance("2m")
    assert (one.allows("deploy"), one.allows("migrate")) == (False, False)


def test_an_override_is_refused_where_it_is_none() -> None:
    """Without a reason or a name, for an unknown activity, or with an end that has passed; nothing is half-done."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    given: dict[str, Any] = {"reason": "because", "by": "ana", "until": "1h"}
    for changed, error, message in (
        ({"reason": ""}, InvalidPolicy, "reason must be 1 to 1,000 characters"),
        ({"reason": " "}, InvalidPolicy, "reason must be"),
        ({"reason": "x" * 1_001}, InvalidPolicy, "reason must be"),
        ({"reason": "a\x1b[31m"}, InvalidPolicy, "control characters"),
        ({"by": ""}, InvalidPolicy, "by must be"),
        ({"until": "2025-12-31T00:00Z"}, InvalidPolicy, "until must lie ahead of the clock"),
        ({"until": "soon"}, InvalidDuration, "until"),
        ({"allow": "yes"}, WrongType, "allow must be a bool"),
    ):
        with pytest.raises(error, match=message):
            one.override("deploy", **(given | changed))
    with pytest.raises(UnknownActivity, match='did you mean "deploy"'):
        one.override("depoly", **given)
    with pytest.raises(TypeError, match="reason"):
        one.override("deploy", by="ana", until="1h")  # type: ignore[call-arg]
    assert not one.allows("deploy")
    assert len(one.ledger) == 1


def test_the_end_of_an_override_is_data_too() -> None:
    """What a pipeline keeps of a decision can be written as JSON, its end included."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    decision = one.override("deploy", reason="fix", by="ana", until="2h")
    data = answer_dict(Answer(decision=decision, activity="deploy", change=None, allowed=True))
    assert json.loads(json.dumps(data))["override"]["until"] == "2026-01-01T02:01:00Z"


# --- what is known by now ---------------------------------------------------------------------------------------------


def test_late_events_and_exclusions_are_seen_beside_the_ledger() -> None:
    """The entries stay what they were; the same policy says another thing of the same minute by now."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=100)
    minute(one, clock, good=100, bad=40)
    minute(one, clock, good=3000)
    before = one.ledger
    assert [r.differs for r in one.revisions()] == [False, False, False]
    one.add(bad=50, at="2026-01-01T00:00:30Z")
    one.exclude(Exclusion("2026-01-01T00:01Z", "2026-01-01T00:02Z", "the load balancer was replaced"))
    first, second, third = one.revisions()
    assert one.ledger == before
    assert (first.entry.state, first.state, first.bad, first.state_differs) == ("calm", "frozen", 50, True)
    assert (second.entry.state, second.state, second.good, second.bad) == ("frozen", "frozen", 100, 50)
    assert second.differs
    assert not second.state_differs
    assert (third.state, third.good, third.bad, third.differs) == ("calm", 3100, 50, True)
    assert "now calm on 50 of 3,150 bad" in repr(third)
    assert [t.entry for t in (first, second, third)] == list(before)


def test_what_was_forgotten_is_not_compared() -> None:
    """A window that is not remembered whole would differ for that alone; a longer memory keeps it."""
    for retention, known in ((None, 0), ("2h30m", 1)):
        clock = ManualClock(START)
        one = monitor(clock, retention=retention)
        for at in range(240):
            minute(one, clock, good=100, bad=900 if at == 200 else 0)
        revisions = one.revisions()
        assert [r.entry.time.hour for r in revisions] == [0, 3]
        assert [r.is_known for r in revisions] == [False, bool(known)]
        assert not any(r.differs for r in revisions)
        assert "not known: " in repr(revisions[0])
        assert revisions[-1].state == ("frozen" if known else None)


@pytest.mark.parametrize("start", ["2026-01-31T23:59Z", "2026-02-01T00:00Z", "2026-02-17T10:00Z"])
def test_a_calendar_window_looks_back_to_the_start_of_the_period_before(start: str) -> None:
    """It says how much to expect of the period that runs."""
    settled = settled_from(CalendarWindow("month"), FREEZE, parse_instant(start))
    expected = "2026-04-01T00:00Z" if "02-17" in start else "2026-03-01T00:00Z"
    assert settled == parse_instant(expected)


def test_a_ledger_is_held_against_any_history() -> None:
    """Without a monitor: a policy over counts from somewhere else; other rules, and other buckets, are not compared."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=100)
    minute(one, clock, bad=50)
    counts = Counts.from_buckets(start=START, step="1m", good=[100, 0], bad=[0, 5])
    found = one.ledger.revised(FREEZE.evaluate(one.slo.evaluate(counts)))
    assert [(r.state, r.bad, r.state_differs) for r in found] == [("calm", 0, False), ("calm", 5, True)]
    other = Policy("freeze", states=[State("calm"), State("frozen")], rules=[Rule("frozen", Missed())])
    found = one.ledger.revised(other.evaluate(one.slo.evaluate(counts)))
    assert {r.why_not for r in found} == {"it was decided by other rules"}
    short = one.ledger.revised(FREEZE.evaluate(one.slo.evaluate(counts.between(START, "2026-01-01T00:01Z"))))
    assert [r.is_known for r in short] == [True, False]
    assert one.ledger[:0].revised(FREEZE.evaluate(one.slo.evaluate(counts))) == ()
    with pytest.raises(WrongType, match="history must be the PolicyHistory of one series"):
        one.ledger.revised(counts)  # type: ignore[arg-type]


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 30),  # good
        st.integers(0, 6),  # bad
        st.integers(0, 20),  # late bad
        st.integers(0, 12),  # how many minutes back those belong
    ),
    min_size=1,
    max_size=12,
)


def decided(minutes: list[tuple[int, int]], before: bool) -> tuple[bool, bool]:
    """Say whether it is frozen after some minutes, and whether the budget is exhausted there: FREEZE in fractions."""
    bad, total = sum(b for _, b in minutes), sum(g + b for g, b in minutes)
    allowed = Fraction(total, 10)
    gone = bad > 0 and bad >= allowed
    return gone or (before and (allowed - bad) / allowed < Fraction(1, 2)), gone


@given(events=EVENTS)
def test_the_ledger_is_what_was_known_then_and_revisions_what_is_known_now(
    events: list[tuple[int, int, int, int]],
) -> None:
    """Against plain loops over fractions, with late events between the decisions."""
    clock = ManualClock(START)
    one = Monitor(objective(), policy=FREEZE, clock=clock)
    known: list[tuple[int, int]] = []
    frozen = False
    expected: list[tuple[int, tuple[bool, bool], int, int]] = []
    for good, bad, late, back in events:
        one.add(good=good, bad=bad)
        known.append((good, bad))
        clock.advance("1m")
        one.decision()
        frozen, gone = decided(known, frozen)
        what = (frozen, gone and frozen)
        if not expected or expected[-1][1] != what:
            expected.append((len(known), what, sum(g for g, _ in known), sum(b for _, b in known)))
        place = max(len(known) - 1 - back, 0)
        if late:
            one.add(bad=late, at=f"2026-01-01T00:{place:02}:30Z")
            known[place] = (known[place][0], known[place][1] + late)
    found = [
        (e.time.minute, (e.state == "frozen", e.reasons[:1] != () and e.reasons[0].startswith("the budget is exh")))
        for e in one.ledger
    ]
    assert found == [(end, what) for end, what, _, _ in expected]
    assert [(e.evidence.good, e.evidence.bad) for e in one.ledger] == [(g, b) for *_, g, b in expected]
    now, frozen = {}, False
    for end in range(1, len(known) + 1):
        frozen, _ = decided(known[:end], frozen)
        now[end] = ("frozen" if frozen else "calm", sum(g for g, _ in known[:end]), sum(b for _, b in known[:end]))
    for revision in one.revisions():
        assert (revision.state, revision.good, revision.bad) == now[revision.entry.time.minute]
        then = revision.entry
        assert revision.differs == ((then.state, then.evidence.good, then.evidence.bad) != now[then.time.minute])


@given(st.lists(st.integers(0, 7), max_size=20), st.lists(st.integers(0, 7), max_size=20))
def test_ledgers_are_put_together_in_any_order(one: list[int], two: list[int]) -> None:
    """A union: nothing is lost, nothing is there twice, and the first entry of a kind stays."""
    pool = [
        made(end=end, decided=end + 5 * late, state=state) for end in (60, 120) for late in (0, 1) for state in "ab"
    ]
    left, right = (DecisionLedger(pool[i] for i in part) for part in (one, two))
    both = left.plus(*right)
    assert both == right.plus(*left) == both.plus(*both) == DecisionLedger(pool[i] for i in {*one, *two})
    for entry in both:
        rivals = [pool[i] for i in {*one, *two} if pool[i].key == entry.key]
        assert entry.decided == min(rival.decided for rival in rivals)


def test_no_number_of_decisions_pushes_an_override_out_of_the_store(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The log keeps its newest entries; an override that is in force is known after a restart all the same."""
    monkeypatch.setattr(book, "MOST_ENTRIES", 4)
    clock = ManualClock(START)
    one = monitor(clock, store=tmp_path / "slo.db")
    one.override("deploy", reason="moving house", by="ana", until="30d", allow=False)
    one.override(reason="a while ago", by="bob", until="20m")
    for _ in range(5):
        one.add(good=50, bad=50)
        clock.advance("2m")
        assert one.decision().state == "frozen"
        clock.advance("62m")
        one.add(good=100)
        clock.advance("2m")
        assert one.decision().state == "calm"
    assert not one.allows("deploy")
    one.close()
    again = monitor(clock, store=tmp_path / "slo.db")
    assert not again.allows("deploy")
    assert [entry.override.by for entry in again.ledger.overrides if entry.override] == ["ana"]


def made(**given: Any) -> LedgerEntry:
    """Return an entry."""
    known = Evidence(since=0, good=9, bad=1, target=Fraction("0.9"), remaining_ratio=0.0, coverage=1.0)
    fields: dict[str, Any] = {"end": 60, "decided": 60, "policy": "p", "state": "a", "evidence": known}
    return LedgerEntry(**(fields | given))


# --- restarts ---------------------------------------------------------------------------------------------------------


def test_a_snapshot_carries_the_ledger_and_what_was_overridden() -> None:
    """Restored twice it is there once; the override goes on until its end."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    one.override("deploy", reason=BITE, by="ana", until="10m")
    blob = one.snapshot()
    clock.advance("5m")
    again = OPEN.enter_context(Monitor.restore(blob, one.slo, policy=FREEZE, clock=clock))
    assert again.allows("deploy")
    assert again.ledger == one.ledger
    again._resume(unpacked(blob))
    assert again.ledger == one.ledger
    held = one.ledger
    clock.advance("6m")
    assert not again.allows("deploy")
    assert again.ledger[:2] == held


def test_a_snapshot_from_before_there_were_ledgers_is_restored() -> None:
    """With its counts and its freeze, and a ledger that begins now."""
    blob = base64.b64decode(OLD_SNAPSHOT)
    assert blob[8] == 1
    clock = ManualClock("2026-01-01T00:02Z")
    one = OPEN.enter_context(Monitor.restore(blob, objective(), policy=FREEZE, clock=clock))
    assert (one.status().good, one.status().bad) == (100, 33)
    assert not one.allows("deploy")
    assert told(one.ledger) == [("00:02", "frozen", 100, 33)]
    assert one.snapshot()[8] == 2


def test_a_ledger_in_a_snapshot_that_means_nothing_is_refused() -> None:
    """As one error; a checksum says that nobody changed it, and not that it makes sense."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    header, arrays = decode(one.snapshot())
    entry = json.loads(header["ledger"])["entries"][0]
    nested = "[" * 100_000
    for ledger in (
        7,
        None,
        "",
        nested,
        '{"version": 2, "entries": []}',
        '{"version": 1}',
        '{"version": 1, "entries": [{}]}',
        *(json.dumps({"version": 1, "entries": [entry | changed]}) for changed in spoilt(entry)),
    ):
        with pytest.raises(SnapshotError):
            Monitor.restore(encode(header | {"ledger": ledger}, arrays, version=2), one.slo, policy=FREEZE, clock=clock)


def spoilt(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Return changes of an entry that leave none."""
    known = entry["evidence"]
    over = {"allow": True, "reason": "x", "by": "y", "activities": [], "until": None}
    return [
        {"end": "now"},
        {"end": 2**70},
        {"end": True},
        {"state": ""},
        {"state": "a\nb"},
        {"severity": "sev0"},
        {"blocked": "deploy"},
        {"evidence": known | {"good": -1}},
        {"evidence": known | {"bad": 1.5}},
        {"evidence": known | {"target": "1e-99999999"}},
        {"evidence": known | {"target": "1/0"}},
        {"evidence": known | {"coverage": float("nan")}},
        {"evidence": known | {"remaining_ratio": float("-inf")}},
        {"evidence": known | {"burns": [[1, 2]]}},
        {"override": over | {"reason": ""}},
        {"override": over | {"until": "soon"}},
        {"override": 7},
    ]


def test_a_ledger_is_text_and_back() -> None:
    """ASCII alone, the same value, whatever was typed."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    one.override(reason=BITE + "größe ✓", by=BITE, until="10m")
    text = one.ledger.to_json()
    assert text.isascii()
    assert DecisionLedger.from_json(text) == one.ledger
    assert DecisionLedger.from_json(text.encode()) == one.ledger
    with pytest.raises(InvalidPolicy, match="this is no ledger"):
        DecisionLedger.from_json("[]")


def test_text_does_not_bite() -> None:
    """Reasons and names are escaped for browsers and terminals."""
    clock = ManualClock(START)
    policy = attrs.evolve(FREEZE, name=BITE)
    one = monitor(clock, policy=policy)
    minute(one, clock, good=90, bad=30)
    one.override("deploy", reason=BITE, by=BITE, until="10m")
    one.add(bad=1, at="2026-01-01T00:00:30Z")
    for held in (one.ledger, *one.ledger, *(e.evidence for e in one.ledger), *one.revisions()):
        html = held._repr_html_()
        assert html.startswith("<table>")
        assert "<script" not in html
        assert list(held.__rich_repr__())
        for shown in (html, repr(held)):
            assert "\u202e" not in shown
    assert BITE in one.ledger.to_json().encode().decode("unicode_escape")


def test_entries_are_bounded() -> None:
    """Reasons are cut, the oldest entries go, and an override that is in force stays however old it is."""
    entry = made(reasons=["x" * 10_000] * 50)
    assert (len(entry.reasons), len(entry.reasons[0])) == (13, 400)
    assert entry.reasons[-1] == "… 38 more"
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    one.override("deploy", reason="long", by="ana", until="9d")
    base = parse_instant(START)
    many = [made(end=base + MINUTE * (2 + i), decided=base + MINUTE * (2 + i)) for i in range(book.MOST_ENTRIES + 10)]
    one._decider._book.load(many)
    held = one._decider._book.ledger
    assert len(held) == book.MOST_ENTRIES
    assert held[0].override is not None
    assert held[-1] == many[-1]
    one._decider._book.load([attrs.evolve(many[-1], state="s" * 200, end=many[-1].end + i) for i in range(1, 9)])
    assert len(one._decider._book.ledger) == book.MOST_ENTRIES
    assert len(one._decider._book._sizes) == book.MOST_ENTRIES
    assert one.allows("deploy")


def test_entries_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy with very long names cannot make the ledger grow beyond its bound."""
    monkeypatch.setattr(book, "MOST_BYTES", 20_000)
    one = monitor(ManualClock(START))
    one._decider._book.load([made(end=i, decided=i, allowed=["a" * 1_000]) for i in range(1, 100)])
    assert 10 < len(one._decider._book.ledger) < 20
    assert one._decider._book.ledger[-1].end == 99
    assert sum(one._decider._book._sizes.values()) <= 20_000


# --- stores -----------------------------------------------------------------------------------------------------------


def test_processes_that_share_a_store_share_the_ledger(tmp_path: Path) -> None:
    """Each decides the same and it is there once; an override of one lets through in all; a later one knows it all."""
    clock = ManualClock(START)
    one, two = (monitor(clock, store=tmp_path / "slo.db") for _ in range(2))
    one.add(good=90, bad=30)
    one.flush()
    clock.advance("2m")
    assert {worker.decision().state for worker in (one, two)} == {"frozen"}
    assert one.ledger == two.ledger
    assert [e.state for e in one.ledger] == ["frozen"]
    two.override("deploy", reason="fix of 4711", by="ana", until="10m")
    assert two.allows("deploy")
    clock.advance("1m")
    assert one.allows("deploy")
    assert one.ledger == two.ledger
    assert [e.override is not None for e in one.ledger] == [False, True]
    three = monitor(clock, store=tmp_path / "slo.db")
    assert three.allows("deploy")
    assert three.ledger == one.ledger
    clock.advance("11m")
    assert [w.allows("deploy") for w in (one, two, three)] == [False] * 3
    assert one.ledger == two.ledger == three.ledger


def test_a_ledger_of_another_objective_or_policy_is_another(tmp_path: Path) -> None:
    """The rules of a policy may change and its ledger goes on; an override of one policy is none of another."""
    clock = ManualClock(START)
    one = monitor(clock, store=tmp_path / "slo.db")
    one.add(good=90, bad=30)
    clock.advance("2m")
    one.override("deploy", reason="fix", by="ana", until="30m")
    other = monitor(clock, store=tmp_path / "slo.db", policy=attrs.evolve(FREEZE, name="another"))
    assert not other.allows("deploy")
    assert not other.ledger.overrides
    tweaked = attrs.evolve(FREEZE, rules=[Rule("frozen", Exhausted(), until=~BudgetBelow("40%"))])
    later = monitor(clock, store=tmp_path / "slo.db", policy=tweaked)
    clock.advance("1m")
    assert later.allows("deploy")
    assert len(later.ledger) == 3
    assert len({e.rules for e in later.ledger}) == 2
    assert [r.why_not for r in later.revisions()][:2] == ["it was decided by other rules"] * 2


class Away:
    """A store that is away while it is told to be."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.away = False

    def __getattr__(self, name: str) -> Any:
        if self.away and name != "close":
            raise StoreError("the database is down")
        return getattr(self.store, name)

    def write(self, *given: Any) -> Any:
        """Write, or fail."""
        return self.__getattr__("write")(*given)

    def read(self, *given: Any, **named: Any) -> Any:
        """Read, or fail."""
        return self.__getattr__("read")(*given, **named)


def test_what_a_store_did_not_get_is_written_later(tmp_path: Path) -> None:
    """An override holds here while the store is away, and everywhere once it is back."""
    clock = ManualClock(START)
    away = Away(OPEN.enter_context(SqliteStore(tmp_path / "slo.db")))
    one, two = monitor(clock, store=away), monitor(clock, store=tmp_path / "slo.db")
    one.add(good=90, bad=30)
    clock.advance("2m")
    assert not one.allows("deploy")
    assert not two.allows("deploy")
    away.away = True
    assert one.override("deploy", reason="fix", by="ana", until="30m").allows("deploy")
    assert one.store_error is not None
    clock.advance("1m")
    assert one.allows("deploy")
    assert not two.allows("deploy")
    away.away = False
    clock.advance("1m")
    assert one.allows("deploy")
    assert two.allows("deploy")
    assert one.store_error is None
    assert one.ledger == two.ledger


def test_entries_that_cannot_be_read_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of a newer slokit, or damaged: told of once, and the others are known."""
    clock = ManualClock(START)
    store = OPEN.enter_context(SqliteStore(tmp_path / "slo.db"))
    log = book.log_name(FREEZE, fingerprint(objective()))
    store.append("checkout", log, {"0": b"\xff", "1": b"{}", "2": b"[" * 100_000}, most=100)
    one = monitor(clock, store=tmp_path / "slo.db")
    one.add(good=90, bad=30)
    for _ in range(3):
        clock.advance("2m")
        assert one.decision().state == "frozen"
    assert len(one.ledger) >= 1
    assert sum("cannot be read" in record.message for record in caplog.records) == 3
    assert len(store.entries("checkout", log)) == 3 + len(one.ledger)


def test_threads_that_override_at_once_are_all_heard(tmp_path: Path) -> None:
    """None of them is lost, in this process or in the store."""
    clock = ManualClock(START)
    workers = [monitor(clock, store=tmp_path / "slo.db") for _ in range(2)]
    workers[0].add(good=90, bad=30)
    clock.advance("2m")

    def work(worker: Monitor, name: str) -> None:
        for i in range(5):
            worker.override("deploy", reason=f"fix {i}", by=name, until="30m")

    threads = [threading.Thread(target=work, args=(workers[i % 2], f"ana {i}")) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.advance("2m")
    for worker in workers:
        worker.decision()
    expected = {(f"ana {i}", f"fix {j}") for i in range(4) for j in range(5)}
    for worker in workers:
        held = [e.override for e in worker.ledger.overrides]
        assert {(o.by, o.reason) for o in held if o is not None} == expected
        assert len(held) == 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are a matter of POSIX")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_knows_what_was_overridden() -> None:
    """The workers of a pre-forking server let through what their parent did, while another thread held its lock."""
    clock = ManualClock(START)
    one = monitor(clock)
    minute(one, clock, good=90, bad=30)
    one.override("deploy", reason="fix", by="ana", until="30m")
    one._decider._lock.acquire()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        answer = (one.allows("deploy"), len(one.ledger.overrides))
        os.write(writing, repr(answer).encode())
        os._exit(0)
    one._decider._lock.release()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read().decode()
    assert os.waitpid(child, 0)[1] == 0
    assert found == "(True, 1)"


SERVICE = """
    import sys
    from slokit.live import ManualClock, Monitor
    from tests.test_live_ledger import FREEZE, objective

    clock = ManualClock("2026-01-15T10:00Z")
    monitor = Monitor(objective(window="30d"), policy=FREEZE, clock=clock, store=sys.argv[1])
    monitor.add(good=900, bad=300)
    clock.advance("2m")
    monitor.decision()
    monitor.override("deploy", reason="fix of 4711", by="ana", until="10m")
    monitor.flush()
    print("ready", flush=True)
    while True:
        monitor.record(True)
"""


def test_a_service_that_was_killed_knows_its_budget_its_freeze_and_its_ledger(tmp_path: Path) -> None:
    """Killed with -9 in the middle of the month; what followed what it had flushed is all that is lost."""
    command = [sys.executable, "-c", textwrap.dedent(SERVICE), str(tmp_path / "slo.db")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "ready\n"
        service.send_signal(signal.SIGKILL)
    assert service.returncode == -signal.SIGKILL
    clock = ManualClock("2026-01-15T10:06Z")
    again = monitor(clock, slo=objective(window="30d"), store=tmp_path / "slo.db")
    assert (again.status().good, again.status().bad) == (900, 300)
    assert again.decision().state == "frozen"
    assert again.allows("deploy")
    (entry,) = again.ledger.overrides
    assert entry.override == Override(True, "fix of 4711", "ana", ("deploy",), until="2026-01-15T10:12Z")
    assert again.ledger[0].evidence.bad == 300
    clock.advance("7m")
    assert not again.allows("deploy")
    assert [r.differs for r in again.revisions()] == [False] * len(again.ledger)
