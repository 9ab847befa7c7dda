"""Alerts fire exactly where fractions say so, at any size of counts, and never without data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI, SLO, BurnRateAlert, Evaluation, alerts
from slokit._kernels import exceed
from tests import oracle
from tests.oracle import NANOSECONDS
from tests.property.agreement import same
from tests.property.evidence import Evidence, evidences, targets

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
