"""Episodes and notifications are what a walk along the masks finds: when, how bad, what it cost, and who was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import BudgetShareAlert, BurnRateAlert, Evaluation, alerts
from slokit.alerts import Alert, Episode
from tests import oracle
from tests.oracle_policy import Gates, Setting, Spec, holds
from tests.property.agreement import TOLERANCE
from tests.property.evidence import Evidence, evidences, targets
from tests.property.test_alerts import an_alert
from tests.property.test_evaluation import objective, own_targets, per_label

pytestmark = pytest.mark.filterwarnings("ignore::slokit.errors.SlokitWarning")

SEVERITIES = ("page", "ticket", "note")


@dataclass(frozen=True)
class Rule:
    """An alert, as slokit holds it and as the oracle does."""

    alert: Alert
    spec: Spec
    severity: str


@dataclass(frozen=True)
class Situation:
    """Rules held against rows of evidence."""

    evidence: Evidence
    ev: Evaluation
    settings: list[Setting]
    rules: list[Rule]

    def fires(self, rule: Rule) -> list[list[bool]]:
        """Return where a rule fires, a list a row."""
        return [[holds(one, rule.spec, t) for t in range(len(one.row))] for one in self.settings]

    def end(self, t: int) -> datetime:
        """Return the end of a bucket."""
        at = self.evidence.rows[0].end(t)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at // 1000)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Draw evidence with targets of its own, and up to four different rules of three severities."""
    target = draw(targets())
    evidence = draw(evidences(target))
    step, width = evidence.rows[0].step, draw(st.integers(1, 12))
    data = draw(st.data())
    own, goals = own_targets(data, evidence, target)
    ev = per_label(objective(target, width * step), own).evaluate(evidence.counts())
    rules: list[Rule] = []
    for _ in range(draw(st.integers(1, 4))):
        gates = Gates(
            op=draw(st.sampled_from(("gt", "gte"))),
            pending=draw(st.sampled_from((0, 0, step))),
            min_bad=draw(st.sampled_from((0, 0, 2))),
        )
        limit = draw(st.sampled_from([Fraction(text) for text in ("0", "0.1", "0.5", "1", "3")]))
        widths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=2))
        burns = draw(st.booleans())
        spec: Spec = ("burn", gates, limit, widths) if burns else ("share", gates, limit / 5, widths[0])
        severity = draw(st.sampled_from(SEVERITIES))
        alert = an_alert(spec, step, severity=severity)
        if alert not in [rule.alert for rule in rules]:
            rules.append(Rule(alert, spec, severity))
    settings = [Setting(row, goal, width) for row, goal in zip(evidence.rows, goals, strict=True)]
    return Situation(evidence, ev, settings, rules)


def walks(mask: list[bool]) -> list[tuple[int, int]]:
    """Return the first cell of each run of true cells, and the one behind its last."""
    found, start = [], None
    for t, cell in enumerate([*mask, False]):
        if cell and start is None:
            start = t
        elif not cell and start is not None:
            found.append((start, t))
            start = None
    return found


def compared(setting: Setting, spec: Spec, t: int) -> Fraction:
    """Return what an alert compares with its threshold: the calmer window's burn rate, or the share of the budget."""
    kind, _, _, windows = spec
    if kind == "share":
        spent = setting.spent(t, windows)
        assert spent is not None
        return spent
    rates = [oracle.burn_rates(setting.row, setting.target, width)[t] for width in windows]
    assert None not in rates
    return min(rate for rate in rates if rate is not None)


def close(given: float, truth: Fraction) -> bool:
    """Say whether a float is within 1e-12 of the truth, relative to it, and exactly zero where it is."""
    return given == 0 if truth == 0 else abs(Fraction(given) - truth) <= TOLERANCE * abs(truth)


def key(episode: Episode) -> Any:
    """Return what is said exactly of an episode."""
    facts = (episode.alert, episode.labels, episode.start, episode.end, episode.bad)
    return (*facts, frozenset(episode.inhibited_by), len(episode.inhibited_by), episode.notified_at)


@given(situation=situations())
def test_episodes_are_those_of_a_walk(situation: Situation) -> None:
    """Over all rows and rules: start, end, peak, bad events, the share they are, and the pages that fired meanwhile."""
    walked: dict[Any, tuple[Fraction, Fraction]] = {}
    masks = {rule.alert: situation.fires(rule) for rule in situation.rules}
    pages = [rule.alert for rule in situation.rules if rule.severity == "page"]
    for rule in situation.rules:
        for i, (setting, labels) in enumerate(zip(situation.settings, situation.evidence.labels, strict=True)):
            for start, stop in walks(masks[rule.alert][i]):
                bad = sum(setting.row.bad[start:stop])
                whole = setting.events(stop - 1, setting.width)[1]
                by = [page for page in pages if rule.severity != "page" and any(masks[page][i][start:stop])]
                told = [t for t in range(start, stop) if not any(masks[page][i][t] for page in by)]
                facts = (
                    rule.alert,
                    tuple(labels.items()),
                    situation.end(start),
                    situation.end(stop) if stop < len(setting.row) else None,
                    bad,
                    frozenset(by),
                    len(by),
                    situation.end(told[0]) if told else None,
                )
                # The episode may have cost more than the objective's window holds, where it is longer than that.
                walked[facts] = (
                    max(compared(setting, rule.spec, t) for t in range(start, stop)),
                    Fraction(bad) / ((1 - setting.target) * whole) if whole else Fraction(0),
                )

    found = alerts.episodes(situation.ev, [rule.alert for rule in situation.rules])

    assert len(found) == len(walked)
    assert {key(episode) for episode in found} == set(walked)
    for episode in found:
        peak, spent = walked[key(episode)]
        assert close(episode.peak, peak)
        assert close(episode.spent, spent)
        assert episode.is_firing is (episode.end is None)
    order = [(episode.start, episode.alert.severity, episode.labels) for episode in found]
    assert order == sorted(order)
    for rule in situation.rules:
        alone = rule.alert.episodes(situation.ev)
        assert [key(e)[:5] for e in alone] == [key(e)[:5] for e in found if e.alert == rule.alert]
        assert all(e.notified_at == e.start and not e.inhibited_by for e in alone)


@given(situation=situations())
def test_people_are_told_what_a_walk_would_tell_them(situation: Situation) -> None:
    """Of a span in which any page fires once; of other severities, each by itself, where no page does."""
    masks = {rule.alert: situation.fires(rule) for rule in situation.rules}
    walked = []
    for severity in SEVERITIES:
        members = [rule.alert for rule in situation.rules if rule.severity == severity]
        for i, labels in enumerate(situation.evidence.labels):
            size = len(situation.settings[i].row)
            paged = [
                any(masks[rule.alert][i][t] for rule in situation.rules if rule.severity == "page") for t in range(size)
            ]
            told = [
                any(masks[alert][i][t] for alert in members) and (severity == "page" or not paged[t])
                for t in range(size)
            ]
            walked += [
                (
                    severity,
                    tuple(labels.items()),
                    situation.end(start),
                    situation.end(stop) if stop < size else None,
                    tuple(alert for alert in members if any(masks[alert][i][start:stop])),
                )
                for start, stop in walks(told)
            ]

    found = alerts.notifications(situation.ev, [rule.alert for rule in situation.rules])

    facts = [(one.severity, one.labels, one.start, one.end, one.alerts) for one in found]
    assert sorted(facts, key=lambda fact: fact[:3]) == sorted(walked, key=lambda fact: fact[:3])
    order = [(one.start, one.severity, one.labels) for one in found]
    assert order == sorted(order)


@given(situation=situations())
def test_an_alert_that_is_named_twice_is_told_once(situation: Situation) -> None:
    """Of episodes and of notifications; where it fires is still said as often as it was asked."""
    several = [rule.alert for rule in situation.rules]
    assert alerts.episodes(situation.ev, several * 2) == alerts.episodes(situation.ev, several)
    assert alerts.notifications(situation.ev, several * 2) == alerts.notifications(situation.ev, several)
    twice = alerts.fires(situation.ev, several * 2)
    assert np.array_equal(twice[: len(several)], twice[len(several) :])


def test_what_a_peak_is_called() -> None:
    """A burn rate is so many times, a share a percentage of the budget."""
    assert BurnRateAlert(long_window="1h", burn_rate=1).peak_text(16.25) == "16.2x"
    assert BudgetShareAlert(share="2%", window="1h").peak_text(0.0525) == "5.2% of the budget"
