"""How likely a promise will be broken in the running period, and what that would cost.

The same futures as :mod:`slokit.analysis.projection` draws, of what the agreement itself counts: minutes by its own
rule for what is down, with its own exclusions, or requests. All thresholds are asked of the same futures, so that a
deeper tier is never likelier than one above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction

import attrs
import numpy as np

from slokit._display import Shown, clean, html_table, percent
from slokit._kernels.sums import PrefixSums
from slokit.analysis.projection import Projection, project
from slokit.counts import Counts
from slokit.errors import OutOfTimeline, WrongType
from slokit.exclusions import Exclusion
from slokit.rational import percent_text
from slokit.sla import SLA
from slokit.sli import SLI
from slokit.slo import SLO
from slokit.timeline import DurationLike, to_datetime

__all__ = ["Breach", "TierChance", "breach"]


@attrs.frozen
class TierChance(Shown):
    """How likely one tier of penalties is reached.

    Parameters
    ----------
    below
        The tier's threshold.
    credit
        What it owes, the cap applied.
    chance
        The share of futures that end the period below the threshold.
    """

    below: Fraction
    credit: Fraction
    chance: float

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "below", percent_text(self.below)
        yield "credit", percent_text(self.credit)
        yield "chance", percent(self.chance, 1)


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Breach:
    """The chances of one agreement at the end of one period.

    Parameters
    ----------
    name, target
        The agreement's.
    end
        The end of the period, in UTC.
    chance
        The share of futures in which the promise is broken.
    tiers
        How likely each tier of penalties is reached.
    projection
        The futures, as spending of what the promise allows.

    Examples
    --------
    >>> from slokit import CalendarWindow
    >>> from slokit.sla import Downtime, Penalty
    >>> sla = SLA(
    ...     "api",
    ...     target="99.9%",
    ...     window=CalendarWindow("month"),
    ...     downtime=Downtime(),
    ...     penalties=[Penalty("99.9%", "10%")],
    ... )
    >>> bad = np.zeros(40 * 1440, dtype=int)
    >>> bad[[1000, 1001, 30_000, 50_000]] = 1
    >>> counts = Counts.from_buckets(start="2026-05-01T00:00Z", step="1m", total=np.ones_like(bad), bad=bad)
    >>> breach(sla, counts)
    0% chance of breaking 99.9% by 2026-07-01; expected credit 0% of the fee
    """

    name: str
    target: Fraction
    end: datetime
    chance: float
    tiers: tuple[TierChance, ...]
    projection: Projection

    __hash__ = None  # type: ignore[assignment]

    @property
    def expected_credit(self) -> float:
        """The mean share of the fee that is due, over all futures."""
        before, mean = Fraction(0), 0.0
        for tier in self.tiers:
            mean += float(tier.credit - before) * tier.chance
            before = tier.credit
        return mean

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Breach):
            return NotImplemented
        mine, theirs = ((b.name, b.target, b.end, b.chance, b.tiers, b.projection) for b in (self, other))
        return mine == theirs

    def _facts(self) -> Iterator[tuple[str, str]]:
        by = f"{self.end:%Y-%m-%d %H:%M} UTC".replace(" 00:00 UTC", "")
        yield "chance", f"{percent(self.chance, 0)} chance of breaking {percent_text(self.target)} by {by}"
        if self.tiers:
            yield "credit", f"expected credit {percent(self.expected_credit, 1)} of the fee"

    def __repr__(self) -> str:
        return "; ".join(text for _, text in self._facts())

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from self._facts()
        for tier in self.tiers:
            yield f"below {percent_text(tier.below)}", f"{percent(tier.chance, 0)}: {percent_text(tier.credit)}"
        yield "assumption", self.projection.assumption

    def _repr_html_(self) -> str:
        return html_table(self.__rich_repr__(), caption=f"Chance of a breach of {self.name}")


def breach(
    sla: SLA,
    counts: Counts,
    *,
    exclusions: Exclusion | Iterable[Exclusion] = (),
    block: DurationLike = "1d",
    step: DurationLike | None = None,
    paths: int = 2000,
    seed: int = 0,
    history: DurationLike | None = None,
) -> Breach:
    """Say how likely a promise will be broken by the end of the running period.

    Parameters
    ----------
    sla
        The agreement.
    counts
        The evidence of one series; the futures begin where it ends. Where that is the end of a period, the next one is
        looked at. What lies before the evidence is not in the reckoning.
    exclusions
        Besides the agreement's own.
    block, step, paths, seed, history
        As for :func:`~slokit.analysis.projection.project`.

    Raises
    ------
    WrongType
        If there are several series.
    SlokitError
        As for :func:`~slokit.analysis.projection.project`.
    """
    if not isinstance(sla, SLA):
        raise WrongType(f"sla must be an SLA, got {type(sla).__name__}: {sla!r:.100}")
    evidence = sla.evidence(counts, exclusions)
    if evidence.axes:
        names = ", ".join(repr(axis.name) for axis in evidence.axes)
        raise WrongType(f"counts must be of one series, got the axes {names}; pick one with sel()")
    if not evidence.timeline.size:
        raise OutOfTimeline("counts must hold evidence to draw from, and they have no bucket")
    thresholds = dict.fromkeys([sla.target, *(tier.below for tier in sla.penalties)])
    found = {}
    for threshold in thresholds:
        target = threshold if threshold < 1 else _just_below_one(sla, evidence)
        slo = SLO(sla.name, sli=SLI.ratio(sla.name), target=target, window=sla.window)
        evaluation = slo.evaluate(evidence)
        found[threshold] = project(evaluation, block=block, step=step, paths=paths, seed=seed, history=history)
    promised = found[sla.target]
    return Breach(
        name=sla.name,
        target=sla.target,
        end=to_datetime(int(promised.times[-1].astype(np.int64))),
        chance=promised.chance_of_missing,
        tiers=tuple(
            TierChance(tier.below, min(tier.credit, sla.cap), found[tier.below].chance_of_missing)
            for tier in sla.penalties
        ),
        projection=promised,
    )


def _just_below_one(sla: SLA, evidence: Counts) -> Fraction:
    """Return a target below 1 that one bad event of a period misses, whatever the period may come to hold.

    An objective has no target of 1; with at most ``n`` events one bad one is a share of at least ``1 / n``.
    """
    total, timeline = PrefixSums.of(evidence.total), evidence.timeline
    # The longest period is a year of 366 days, at every= as many.
    buckets = 2 * sla.window.nominal // timeline.step + timeline.size
    return 1 - Fraction(1, total.largest * buckets + 1)
