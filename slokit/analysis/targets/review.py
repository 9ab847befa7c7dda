"""What is wrong with candidates, or with the evidence that they are judged by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import attrs

from slokit._display import percent, plural
from slokit.alerts import Alert, lint
from slokit.alerts.episodes import PAGE
from slokit.alerts.lint.traffic import Usual, too_few_events
from slokit.analysis.targets.expectations import Expectation, ceiling, floor
from slokit.analysis.targets.past import PastWindows
from slokit.analysis.targets.reach import Achievable
from slokit.analysis.targets.rows import CandidateRow
from slokit.evaluation import Evaluation
from slokit.findings import Finding
from slokit.rational import percent_text
from slokit.slo import SLO
from slokit.status import burn_text

__all__ = ["review"]

_ENOUGH_WINDOWS = 3
# Of a budget that even the worst window spent less than half of, nobody hears anything.
_MUCH_LEFT = Fraction(1, 2)


def review(
    rows: Sequence[CandidateRow],
    held: Sequence[Evaluation],
    past: PastWindows,
    found: Achievable,
    asked: Sequence[Expectation],
    alerts: Sequence[Alert],
) -> Iterator[Finding]:
    """Find what a person should know: of the evidence first, then of each candidate, then of what is expected."""
    yield from _history(past)
    for row, ev in zip(rows, held, strict=True):
        yield from _of_row(row)
        yield from _traffic(row, ev)
        yield from _pages(row, ev, alerts)
    yield from _reach(rows, found)
    yield from _expected(found, asked)


def _history(past: PastWindows) -> Iterator[Finding]:
    if past.end_to_end >= _ENOUGH_WINDOWS:
        return
    windows = f"{float(past.end_to_end):.3g} windows end to end"
    none = "" if len(past.at) else ", and no full one with events"
    yield Finding(
        "short-history",
        past.ev.slo.name,
        f"the evidence holds {windows}{none}: the share of windows met says little",
        "more evidence, or a shorter window",
        "advice",
    )


def _of_row(row: CandidateRow) -> Iterator[Finding]:
    if row.windows_met is None or row.worst_left is None:
        return
    windows = plural(row.windows, "full window")
    worst = percent(row.worst_left, 0 if abs(row.worst_left) >= 1 else 1)
    if row.windows_met == 0:
        yield Finding(
            "always-missed",
            percent_text(row.target),
            f"none of {windows} met it, and the worst left {worst} of its budget: whoever is told so all the time "
            "stops listening",
            "a target that good weeks reach, or an aspiration (enforced=False) beside one",
            "problem" if row.enforced else "advice",
        )
    elif row.windows_met == 1 and row.worst_left > _MUCH_LEFT:
        yield Finding(
            "never-missed",
            percent_text(row.target),
            f"all of {windows} met it, and the worst left {worst} of its budget: it gave no signal, and is "
            "perhaps more reliability than anybody needs",
            "ask whether users need it: a higher target if they do, more changes if they do not",
            "advice",
        )


def _traffic(row: CandidateRow, ev: Evaluation) -> Iterator[Finding]:
    for finding in too_few_events(Usual(_slo_of(ev), ev)):
        yield attrs.evolve(finding, subject=percent_text(row.target))


def _pages(row: CandidateRow, ev: Evaluation, alerts: Sequence[Alert]) -> Iterator[Finding]:
    paging = [alert for alert in alerts if alert.severity == PAGE]
    found = lint(_slo_of(ev), paging)
    never = {finding.subject for finding in found if finding.code in ("never-fires", "share-out-of-reach")}
    if paging and all(repr(alert) in never for alert in paging):
        yield Finding(
            "never-pages",
            percent_text(row.target),
            f"no alert can page: a total outage burns {burn_text(1 / (1 - row.target))}, so {row.pages} pages are no "
            "sign of calm",
            "alerts whose thresholds this target can reach",
        )


def _slo_of(ev: Evaluation) -> SLO:
    assert isinstance(ev.slo, SLO)  # noqa: S101 - it was made here of one
    return ev.slo


def _reach(rows: Sequence[CandidateRow], found: Achievable) -> Iterator[Finding]:
    enforced = [row for row in rows if row.enforced]
    if not enforced or any(row.achievable for row in enforced):
        return
    best = "no target" if found.target is None else percent_text(found.target)
    yield Finding(
        "out-of-reach",
        f"{percent_text(enforced[0].target)} and above",
        f"kept in {percent(enforced[0].kept, 1, against=[found.confidence])} of drawn windows, and "
        f"{percent_text(found.confidence)} are wanted",
        f"{best} is achievable; or work on reliability first",
    )


def _expected(found: Achievable, asked: Sequence[Expectation]) -> Iterator[Finding]:
    wanted, most = floor(asked), ceiling(asked)
    if wanted is not None and (found.target is None or not wanted.fits(found.target)):
        best = "no target" if found.target is None else f"{percent_text(found.target)} at most"
        yield Finding(
            "expectation-out-of-reach",
            wanted.text,
            f"{best} is achievable in {percent_text(found.confidence)} of windows",
            "work on reliability, or on what is expected; meanwhile an aspiration (enforced=False)",
        )
    if wanted is not None and most is not None and not most.fits(wanted.share):
        yield Finding(
            "expectations-disagree",
            wanted.text,
            f"it asks for more than {most.text} allows",
            "the dependency must become better, or be depended on less",
        )
