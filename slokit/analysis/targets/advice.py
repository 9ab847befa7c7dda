"""Advice: what each candidate would have meant, what is achievable, and which to take, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import attrs

from slokit._display import clean, html_table, plural, text_table
from slokit.alerts import Alert
from slokit.analysis.targets.candidates import CandidateLike, parse_candidates
from slokit.analysis.targets.drawn import Drawing, DrawnWindows, draw_windows
from slokit.analysis.targets.expectations import Expectation, expectations, parse_rationale
from slokit.analysis.targets.past import DAY, MONTH, QUARTER, PastWindows, pages, state_times, with_target
from slokit.analysis.targets.reach import Achievable, parse_margin, reach
from slokit.analysis.targets.recommending import Recommendation, recommend
from slokit.analysis.targets.review import review
from slokit.analysis.targets.rows import CandidateRow, rate_text
from slokit.analysis.targets.watch import Watch
from slokit.counts import Counts
from slokit.errors import InvalidNumber, WrongType
from slokit.evaluation import Evaluation
from slokit.exclusions import Exclusion
from slokit.findings import Finding
from slokit.policy import Policy
from slokit.rational import RationalLike, parse_target, percent_text
from slokit.rationale import Rationale
from slokit.slo import SLO
from slokit.statistics.intervals import parse_probability
from slokit.timeline import DurationLike, duration_text

__all__ = ["Advice", "advise", "advised"]


@attrs.frozen(kw_only=True, repr=False)
class Advice:
    """What history says of the targets of one objective.

    Parameters
    ----------
    slo
        The objective.
    rows
        One a candidate, the lowest target first.
    achievable
        The highest target that drawn windows keep with the margin, among all targets.
    recommended
        Which to take, and why.
    findings
        What is wrong with candidates or with the evidence.
    rationale
        What was said for a target.
    end_to_end
        How many windows the history holds beside each other, exact: what the share of windows met really rests on.
    history
        How long the evidence is, nanoseconds.
    assumptions
        What the figures rest on, in words.
    """

    slo: SLO
    rows: tuple[CandidateRow, ...]
    achievable: Achievable
    recommended: Recommendation
    findings: tuple[Finding, ...]
    rationale: tuple[Rationale, ...]
    end_to_end: Fraction
    history: int
    assumptions: tuple[str, ...]

    def __iter__(self) -> Iterator[CandidateRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, target: RationalLike) -> CandidateRow:
        """Return the row of a candidate.

        Raises
        ------
        InvalidNumber
            If it was none.
        """
        wanted = parse_target(target)
        for row in self.rows:
            if row.target == wanted:
                return row
        known = ", ".join(percent_text(row.target) for row in self.rows)
        raise InvalidNumber(f"target must be one of the candidates, {known}, got {target}")

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """The reasons that the candidates are held against."""
        return expectations(self.rationale)

    # --- as a table --------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What the table is about."""
        history = f"{duration_text(self.history)} of evidence, {rate_text(self.end_to_end)} windows end to end"
        return f"Targets for {clean(self.slo.name, 60)} over {self.slo.window}: {history}"

    @property
    def head(self) -> tuple[str, ...]:
        """The names of the columns."""
        states = tuple(f"days {clean(state, 40)}" for state, _ in self.rows[0].days)
        kept = "kept" if not self.achievable.margin else f"kept with {percent_text(self.achievable.margin)} left"
        asked = tuple(clean(one.text, 80) for one in self.expectations)
        return ("target", "windows met", "worst left", "pages a month", *states, kept, "achievable", *asked)

    def cells(self) -> tuple[tuple[str, ...], ...]:
        """Return the table as texts, a row a candidate."""
        asked = self.expectations
        return tuple(
            (*row.cells(), *(("yes" if one.fits(row.target) else "no") if one.rule else "" for one in asked))
            for row in self.rows
        )

    def remarks(self) -> Iterator[str]:
        """Yield what stands below the table: the recommendation, findings, and what all of it rests on."""
        yield repr(self.recommended)
        for one in self.rationale:
            yield one.text
        for finding in self.findings:
            yield repr(finding)
        yield from self.assumptions

    def __repr__(self) -> str:
        table = text_table(self.cells(), self.head)
        below = [repr(self.recommended)]
        if self.findings:
            below.append(f"{plural(len(self.findings), 'finding')}: .findings")
        return "\n".join([self.title, table, *below])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "objective", clean(self.slo.name)
        for row in self.rows:
            yield row.name, repr(row)
        yield "achievable", repr(self.achievable)
        yield "recommended", repr(self.recommended)
        for finding in self.findings:
            yield finding.code, repr(finding)

    def _repr_html_(self) -> str:
        below = [("", text) for text in self.remarks()]
        return html_table(self.cells(), self.head, self.title) + html_table(below)


def advise(
    slo: SLO,
    counts: Counts,
    candidates: Iterable[CandidateLike] | None = None,
    *,
    confidence: RationalLike = "95%",
    margin: RationalLike = "20%",
    policy: Policy | None = None,
    alerts: Iterable[Alert] | None = None,
    rationale: Rationale | Iterable[Rationale] = (),
    exclusions: Exclusion | Iterable[Exclusion] = (),
    block: DurationLike = "7d",
    paths: int = 2000,
    seed: int = 0,
) -> Advice:
    """Say what each candidate would have meant, what is achievable, and which target to take.

    Parameters
    ----------
    slo
        The objective; its indicator, window and budgeting are every candidate's. Not enforced, all are aspirations.
    counts
        The history of one series.
    candidates
        Targets, such as ``["99%", "99.9%"]``, or :class:`Candidate`; by default the usual ones and the objective's own.
    confidence
        The share of drawn windows that must keep a target for it to be achievable.
    margin
        The share of the budget that must be left in each of them.
    policy, alerts
        What would have watched each candidate; by default :meth:`slokit.Policy.default` and Google's alerts with
        ``min_bad=5``, their windows lengthened to whole buckets.
    rationale
        What was said for a target, besides what the objective itself says. Where a value is a share and nothing else,
        such as ``"99.5%"``, candidates are held against it: survey, feedback, competitor and business are to be
        reached, a contract to be passed (an objective is tighter), a dependency not to be passed.
    exclusions
        As for :meth:`slokit.SLO.evaluate`.
    block, paths, seed
        How windows are drawn: see :func:`achievable`.

    Raises
    ------
    WrongType
        If an argument is of another type, or there are several series.
    InvalidTarget
        If a candidate is out of range.
    InvalidNumber
        If a number is out of range.
    InvalidWindow
        If the evidence is shorter than two blocks, or windows do not fit its buckets.
    OutOfTimeline
        If the evidence holds no event.

    Notes
    -----
    Of the candidates that are achievable, the lowest that does all that is expected is recommended; without
    expectations, or where none of them does it, the highest. Findings have these codes:

    ============================  ================================================================================
    code                          says
    ============================  ================================================================================
    ``always-missed``             no full window met it: whoever is told so all the time stops listening
    ``never-missed``              every full window met it and left over half of the budget: no signal
    ``too-few-events``            a few failures are its whole budget
    ``never-pages``               no alert that pages can fire at it, whatever happens
    ``out-of-reach``              no candidate is achievable
    ``expectation-out-of-reach``  what is expected is more than what is achievable
    ``expectations-disagree``     a dependency allows less than what is expected
    ``short-history``             the evidence holds fewer than three windows end to end
    ============================  ================================================================================

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.analysis.simulate import Traffic, counts
    >>> history = counts(Traffic(error_share=0.0008), start="2026-01-01T00:00Z", duration="120d", step="1h", seed=1)
    >>> slo = SLO("checkout", sli=SLI.ratio("availability"), target="99.5%", window="30d")
    >>> advice = advise(slo, history, ["99%", "99.5%", "99.9%", "99.95%"])
    >>> advice.recommended.target, advice.achievable.target
    (Fraction(199, 200), Fraction(9989, 10000))
    """
    return advised(
        slo,
        counts,
        candidates,
        confidence=confidence,
        margin=margin,
        policy=policy,
        alerts=alerts,
        rationale=rationale,
        exclusions=exclusions,
        drawing=Drawing(block=block, paths=paths, seed=seed),
    )[0]


def advised(
    slo: SLO,
    counts: Counts,
    candidates: Iterable[CandidateLike] | None,
    *,
    confidence: RationalLike,
    margin: RationalLike,
    policy: Policy | None,
    alerts: Iterable[Alert] | None,
    rationale: Rationale | Iterable[Rationale],
    exclusions: Exclusion | Iterable[Exclusion],
    drawing: Drawing,
) -> tuple[Advice, DrawnWindows]:
    """Return advice, as :func:`advise` documents it, and the windows that were drawn for it."""
    if not isinstance(slo, SLO):
        raise WrongType(f"slo must be an SLO, got {type(slo).__name__}: {slo!r:.100}")
    said = tuple(dict.fromkeys((*slo.rationale, *parse_rationale(rationale))))
    sure, spare = parse_probability(confidence, "confidence"), parse_margin(margin)
    chosen = parse_candidates(candidates, slo)
    ev = attrs.evolve(slo, own_targets=None).evaluate(counts, exclusions)
    ev._sums.check_single("counts")
    drawn = draw_windows(ev, drawing)
    past = PastWindows.of(ev)
    watch = Watch.of(slo, ev.timeline.step, policy, alerts)
    length = ev.timeline.size * ev.timeline.step
    worst = past.worst
    rows, held = [], []
    for candidate, met in zip(chosen, past.met(chosen), strict=True):
        objective = candidate.objective(slo)
        under: Evaluation = with_target(ev, objective)
        held.append(under)
        paged = pages(under, watch.alerts)
        lasted, frozen = state_times(under, watch.policy, enforced=objective.enforced)
        kept = drawn.keeping(candidate.target, spare)
        rows.append(
            CandidateRow(
                target=candidate.target,
                enforced=objective.enforced,
                is_current=candidate.target == slo.target,
                windows=len(past.at),
                windows_met=Fraction(met, len(past.at)) if len(past.at) else None,
                worst_left=None if worst is None else worst.left(candidate.target),
                pages=paged,
                pages_per_month=Fraction(paged * MONTH, length),
                days=tuple((state, Fraction(time, DAY)) for state, time in lasted),
                freeze_days_per_quarter=Fraction(frozen * QUARTER, length * DAY),
                kept=kept,
                achievable=kept >= sure,
            )
        )
    found = reach(drawn, sure, spare)
    asked = expectations(said)
    advice = Advice(
        slo=slo,
        rows=tuple(rows),
        achievable=found,
        recommended=recommend(rows, found, asked),
        findings=tuple(review(rows, held, past, found, asked, watch.alerts)),
        rationale=said,
        end_to_end=past.end_to_end,
        history=length,
        assumptions=(
            "the share of windows met is of full windows with events, which overlap but for a calendar's",
            f"kept and achievable: {drawn.assumption}",
            *watch.notes,
        ),
    )
    return advice, drawn
