"""The stakeholders' table: each candidate as those who must agree to it see it.

A target is agreed on by people who look at different figures of it. Engineering asks whether it is reached, operations
who is woken by it, product how long changes stand still, business what it costs when it is broken, sales what may be
promised. One row a candidate puts the figures side by side, and says who objects to which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import attrs

from slokit._display import Shown, clean, html_table, percent, text_table
from slokit.alerts import Alert
from slokit.analysis.targets.advice import Advice, advised
from slokit.analysis.targets.candidates import CandidateLike
from slokit.analysis.targets.drawn import Drawing, DrawnWindows, draw_windows
from slokit.analysis.targets.limits import Limits, LimitsLike, Objection
from slokit.analysis.targets.reach import Achievable, reach
from slokit.analysis.targets.rows import CandidateRow, rate_text
from slokit.counts import Counts
from slokit.errors import WrongType
from slokit.exclusions import Exclusion
from slokit.policy import Policy
from slokit.rational import RationalLike, percent_text
from slokit.rationale import Rationale
from slokit.sla import SLA
from slokit.sla.penalties import credit_for
from slokit.sli import SLI
from slokit.slo import SLO
from slokit.statistics.intervals import parse_probability
from slokit.timeline import DurationLike
from slokit.windows import RollingWindow

__all__ = ["StakeholderRow", "StakeholderTable", "stakeholders"]


@attrs.frozen(kw_only=True, repr=False)
class StakeholderRow(Shown):
    """One candidate as each stakeholder sees it.

    Parameters
    ----------
    candidate
        What history says of it.
    expected_credit
        Business: the share of the fee to be expected as credit if it were promised, an estimate; None without an
        agreement.
    promise
        Sales: the highest promise that may be made beside it and is kept with the confidence; None where there is none.
    objections
        Who objects, and why.
    """

    _caption = "Candidate"

    candidate: CandidateRow
    expected_credit: Fraction | None
    promise: Fraction | None
    objections: tuple[Objection, ...]

    @property
    def target(self) -> Fraction:
        """The candidate's target."""
        return self.candidate.target

    @property
    def windows_met(self) -> Fraction | None:
        """Engineering: the share of full windows that met it, exact; None where there is none."""
        return self.candidate.windows_met

    @property
    def pages_per_month(self) -> Fraction:
        """Operations: pages in 30 days, exact."""
        return self.candidate.pages_per_month

    @property
    def freeze_days_per_quarter(self) -> Fraction:
        """Product: days in 91 in which something was blocked, exact."""
        return self.candidate.freeze_days_per_quarter

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table as texts."""
        who = ", ".join(one.who for one in self.objections)
        return (
            self.candidate.name,
            "none full" if self.windows_met is None else percent(self.windows_met, 1),
            rate_text(self.pages_per_month),
            rate_text(self.freeze_days_per_quarter),
            "" if self.expected_credit is None else percent(self.expected_credit, 1),
            "none" if self.promise is None else percent_text(self.promise),
            who or "nobody",
        )

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield from zip(HEAD, self.cells(), strict=True)
        for one in self.objections:
            yield "objection", one.text

    def __repr__(self) -> str:
        return f"StakeholderRow({', '.join(f'{field} {text}' for field, text in self._facts() if text)})"


HEAD = (
    "target",
    "engineering: windows met",
    "operations: pages a month",
    "product: freeze days a quarter",
    "business: expected credit",
    "sales: promise",
    "objects",
)
"""The names of the columns."""


@attrs.frozen(kw_only=True, repr=False)
class StakeholderTable:
    """Candidates as those who must agree to one see them.

    Parameters
    ----------
    advice
        What history says, with its assumptions.
    limits
        What the stakeholders can live with.
    rows
        One a candidate, the lowest target first.
    promise
        The highest target that windows of the agreement's length keep with the confidence, without margin.
    credit_now
        The share of the fee to be expected as credit under the agreement as it is; None without one.
    assumptions
        What the figures rest on, in words.
    """

    advice: Advice
    limits: Limits
    rows: tuple[StakeholderRow, ...]
    promise: Achievable
    credit_now: Fraction | None
    assumptions: tuple[str, ...]

    def __iter__(self) -> Iterator[StakeholderRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def accepted(self) -> tuple[StakeholderRow, ...]:
        """The rows that nobody objects to."""
        return tuple(row for row in self.rows if not row.objections)

    @property
    def title(self) -> str:
        """What the table is about."""
        return f"{clean(self.advice.slo.name, 60)} over {self.advice.slo.window}: what each candidate means to whom"

    @property
    def head(self) -> tuple[str, ...]:
        """The names of the columns."""
        return HEAD

    def cells(self) -> tuple[tuple[str, ...], ...]:
        """Return the table as texts, a row a candidate."""
        return tuple(row.cells() for row in self.rows)

    def remarks(self) -> Iterator[str]:
        """Yield what stands below the table: the objections, and what all of it rests on."""
        for row in self.rows:
            for one in row.objections:
                yield f"{percent_text(row.target)}: {one.text}"
        yield from self.assumptions

    def __repr__(self) -> str:
        return "\n".join([self.title, text_table(self.cells(), self.head)])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "objective", clean(self.advice.slo.name)
        for row in self.rows:
            yield row.candidate.name, repr(row)
        yield "promise", repr(self.promise)

    def _repr_html_(self) -> str:
        return html_table(self.cells(), self.head, self.title) + html_table([("", text) for text in self.remarks()])


def stakeholders(
    slo: SLO,
    counts: Counts,
    candidates: Iterable[CandidateLike] | None = None,
    *,
    sla: SLA | None = None,
    limits: LimitsLike | None = None,
    confidence: RationalLike = "95%",
    margin: RationalLike = "20%",
    policy: Policy | None = None,
    alerts: Iterable[Alert] | None = None,
    rationale: Rationale | Iterable[Rationale] = (),
    exclusions: Exclusion | Iterable[Exclusion] = (),
    block: DurationLike = "7d",
    paths: int = 2000,
    seed: int = 0,
) -> StakeholderTable:
    """Show candidates as those who must agree to one see them.

    Parameters
    ----------
    slo, counts, candidates, margin, policy, alerts, rationale, exclusions, block, paths, seed
        As for :func:`advise`.
    sla
        The agreement whose tiers of credit would apply. Its own rule of what is down and its own exclusions hold.
    limits
        What each can live with: :class:`Limits`, or a mapping such as ``{"pages_per_month": 4}``.
    confidence
        With which a promise must be kept; of :func:`advise` too.

    Raises
    ------
    InvalidNumber
        If a limit is unknown or out of range, or another number is.
    WrongType
        If an argument is of another type, or there are several series.
    InvalidWindow, InvalidSLA, OutOfTimeline
        If the evidence does not fit the objective, or the agreement.

    Notes
    -----
    ``expected_credit`` is an estimate: the mean credit of periods of the agreement's nominal length, drawn as windows
    are, if the candidate were what is promised. The agreement's tiers hold then, the first of them from the candidate
    on: whoever misses what was promised owes something. ``promise`` is never above the candidate, since an objective is
    tighter than what it guards.

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.analysis.simulate import Traffic, counts
    >>> history = counts(Traffic(error_share=0.0008), start="2026-01-01T00:00Z", duration="120d", step="1h", seed=1)
    >>> slo = SLO("checkout", sli=SLI.ratio("availability"), target="99.5%", window="30d")
    >>> table = stakeholders(slo, history, ["99.5%", "99.95%"], limits={"freeze_days_per_quarter": 5})
    >>> [[one.who for one in row.objections] for row in table]
    [[], ['product']]
    """
    if sla is not None and not isinstance(sla, SLA):
        raise WrongType(f"sla must be an SLA, got {type(sla).__name__}: {sla!r:.100}")
    allowed = Limits.of(limits)
    drawing = Drawing(block=block, paths=paths, seed=seed)
    advice, drawn = advised(
        slo,
        counts,
        candidates,
        confidence=confidence,
        margin=margin,
        policy=policy,
        alerts=alerts,
        rationale=rationale,
        exclusions=exclusions,
        drawing=drawing,
    )
    if sla is not None:
        drawn = _periods(sla, counts, drawing)
    best = reach(drawn, parse_probability(confidence, "confidence"))
    rows = []
    for candidate in advice.rows:
        promise = None if best.target is None else min(best.target, candidate.target)
        credit = None if sla is None else expected_credit(drawn, sla, candidate.target)
        figures = {
            "windows_met": candidate.windows_met,
            "pages_per_month": candidate.pages_per_month,
            "freeze_days_per_quarter": candidate.freeze_days_per_quarter,
            "expected_credit": credit,
            # Where nothing can be promised, not even the least limit is reached.
            "promise": Fraction(0) if promise is None else promise,
        }
        objections = tuple(allowed.objections(figures))
        rows.append(StakeholderRow(candidate=candidate, expected_credit=credit, promise=promise, objections=objections))
    return StakeholderTable(
        advice=advice,
        limits=allowed,
        rows=tuple(rows),
        promise=best,
        credit_now=None if sla is None else expected_credit(drawn, sla, sla.target),
        assumptions=(*_assumptions(sla, best), *advice.assumptions),
    )


def expected_credit(drawn: DrawnWindows, sla: SLA, promised: Fraction) -> Fraction:
    """Return the mean credit over drawn periods if a target were promised, as an exact share of the fee.

    The agreement's tiers hold, and the first of them begins at the target.
    """
    if not sla.penalties:
        return Fraction(0)
    first = min(sla.penalties[0].credit, sla.cap)
    due = Fraction(0)
    for bad, total in zip(drawn.bad.tolist(), drawn.total.tolist(), strict=True):
        uptime = Fraction(total - bad, total)
        if uptime < promised:
            due += max(first, credit_for(uptime, sla.penalties, sla.cap))
    return due / len(drawn.bad)


def _periods(sla: SLA, counts: Counts, drawing: Drawing) -> DrawnWindows:
    """Draw periods of what the agreement counts."""
    plain = SLO(sla.name, sli=SLI.ratio("good"), target=0, window=RollingWindow(sla.window.nominal))
    return draw_windows(plain.evaluate(sla.evidence(counts)), drawing)


def _assumptions(sla: SLA | None, best: Achievable) -> Iterator[str]:
    yield (f"promise: at most the candidate, and kept in {percent_text(best.confidence)} of windows; {best.assumption}")
    if sla is not None:
        yield (
            f"expected credit is an estimate, the mean over periods drawn likewise, of what {clean(sla.name, 60)} "
            f"would owe had the candidate been promised and its first tier begun there; {sla.rule_text}"
        )
