"""Which candidate to take: what is expected if that is achievable, else the most that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import attrs

from slokit._display import Shown, clean, percent
from slokit.analysis.targets.expectations import Expectation, ceiling, floor
from slokit.analysis.targets.reach import Achievable
from slokit.analysis.targets.rows import CandidateRow
from slokit.rational import percent_text
from slokit.timeline import duration_text

__all__ = ["Recommendation", "recommend"]


@attrs.frozen(repr=False)
class Recommendation(Shown):
    """A target to take, and why.

    Parameters
    ----------
    target
        The target; None where nothing is achievable at all.
    is_candidate
        Whether it is one of the candidates, or what is achievable instead.
    reasons
        In words, what decided first.
    """

    target: Fraction | None
    is_candidate: bool
    reasons: tuple[str, ...]

    def __repr__(self) -> str:
        word = "nothing" if self.target is None else percent_text(self.target)
        return f"recommended: {word}: {'; '.join(clean(reason, 400) for reason in self.reasons)}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "target", "none" if self.target is None else percent_text(self.target)
        for reason in self.reasons:
            yield "reason", clean(reason, 400)


def recommend(rows: Sequence[CandidateRow], found: Achievable, asked: Sequence[Expectation]) -> Recommendation:
    """Choose among the enforced candidates that are achievable."""
    within = [row for row in rows if row.achievable and row.enforced]
    if not within:
        return _instead(rows, found)
    # Budgets are meant to be spent: more reliability than anybody asks for is paid for with changes not made.
    most = ceiling(asked)
    allowed = [row for row in within if most is None or most.fits(row.target)]
    enough = [row for row in allowed if all(one.fits(row.target) for one in asked)]
    wanted = floor(asked)
    if wanted is not None and enough:
        chosen = enough[0]
        why = [f"the lowest candidate that does what is expected: {wanted.text}"]
    elif allowed:
        chosen = allowed[-1]
        why = ["the highest candidate that is achievable"]
        if most is not None and allowed[-1] is not within[-1]:
            why = [f"the highest achievable candidate within {most.text}"]
        if wanted is not None:
            why.append(f"it falls short of {wanted.text}")
    else:
        chosen, why = within[0], [f"the lowest achievable candidate; it exceeds {most.text if most else ''}"]
    return Recommendation(chosen.target, is_candidate=True, reasons=(*why, _kept(chosen.kept, found)))


def _instead(rows: Sequence[CandidateRow], found: Achievable) -> Recommendation:
    tried = "no candidate" if any(row.enforced for row in rows) else "no enforced candidate"
    if found.target is None:
        why = f"{tried} is achievable, and no other target either: {percent(found.bad_share)} of events are bad"
        return Recommendation(None, is_candidate=False, reasons=(why,))
    kept = Fraction(0) if found.kept is None else found.kept
    return Recommendation(
        found.target,
        is_candidate=False,
        reasons=(f"{tried} is achievable; this is the highest target that is", _kept(kept, found)),
    )


def _kept(kept: Fraction, found: Achievable) -> str:
    left = f" with {percent_text(found.margin)} of the budget left" if found.margin else ""
    return (
        f"kept{left} in {percent(kept, 1, against=[found.confidence])} of {found.windows:,} windows of "
        f"{duration_text(found.window)} drawn anew, at least {percent_text(found.confidence)} wanted"
    )
