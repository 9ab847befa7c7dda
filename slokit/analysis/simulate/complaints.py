"""Complaints from a latent hurt: what customers say of evidence that was simulated, and of what it did not see.

People who are hurt complain later, and not all of them. What they are hurt by is the bad events as far as those are
felt, and what the indicator does not see at all: incidents that are given here and were not given to the evidence.
Whether a study of customers' feedback finds the one and the other can then be tried, because the truth is known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from slokit.analysis.simulate.numbers import check_not_negative, check_several, check_share
from slokit.analysis.simulate.scenario import Incident
from slokit.analysis.simulate.streams import COMPLAINTS, stream
from slokit.counts import Counts
from slokit.errors import WrongType
from slokit.timeline import DurationLike, parse_duration

__all__ = ["complaints"]

Floats = npt.NDArray[np.float64]


def complaints(
    evidence: Counts,
    *,
    felt: float = 1.0,
    unseen: Sequence[Incident] = (),
    per_hurt: float = 0.02,
    usual: float = 0.0002,
    contacts: float = 0.002,
    delay: DurationLike = "2h",
    seed: int = 0,
) -> Counts:
    """Simulate what customers say, bucket by bucket: bad are complaints, total are all contacts.

    Parameters
    ----------
    evidence
        Of one series.
    felt
        How much of the share of bad events hurts: 1 all of it, 0 nothing, as where retries hide every failure.
    unseen
        Incidents that hurt, each by its ``error_share``, whatever the evidence says: what the indicator is blind to.
    per_hurt
        Complaints for each event that hurt.
    usual
        Complaints for each event that have nothing to do with the service's state.
    contacts
        Contacts for each event that are no complaints.
    delay
        Mean time from hurt to complaint; it is distributed exponentially. ``"0s"`` is within the bucket.
    seed
        A non-negative integer. Equal arguments give equal complaints.

    Raises
    ------
    WrongType
        If the evidence holds several series.
    InvalidNumber
        If a number is out of its range.

    Examples
    --------
    >>> from slokit.analysis.simulate import Incident, Traffic, counts
    >>> outage = Incident(start="2026-01-05T10:00Z", duration="2h", error_share=0.5)
    >>> evidence = counts(Traffic(), start="2026-01-05T00:00Z", duration="1d", step="1h", incidents=[outage])
    >>> said = complaints(evidence)
    >>> bool(said.bad[10:16].sum() > 10 * said.bad[4:10].sum())
    True
    """
    if not isinstance(evidence, Counts):
        raise WrongType(f"evidence must be Counts, got {type(evidence).__name__}: {evidence!r:.100}")
    if evidence.axes:
        raise WrongType("evidence must be of one series; pick one with sel() or an index, or sum it")
    for field, value in (("per_hurt", per_hurt), ("usual", usual), ("contacts", contacts)):
        # What nobody says more often than this of one event, numpy can draw.
        check_not_negative(field, value, 1_000)
    check_share("felt", felt)
    hidden = check_several("unseen", unseen, Incident)
    mean = parse_duration(delay, "delay", least=0)
    timeline, total = evidence.timeline, evidence.total.astype(np.float64)
    fine = 1 - felt * evidence.bad / np.maximum(total, 1)
    for incident in hidden:
        fine *= 1 - incident.error_share * incident.profile(timeline)
    hurt = _later((1 - fine) * total, mean / timeline.step)
    draw = stream(seed, None, COMPLAINTS)
    bad = draw.poisson(usual * total + per_hurt * hurt).astype(np.int64)
    others = draw.poisson(contacts * total).astype(np.int64)
    return Counts.from_buckets(timeline=timeline, bad=bad, total=bad + others)


def _later(hurt: Floats, mean: float) -> Floats:
    """Spread what each bucket holds over those after it, exponentially, with a mean in buckets."""
    if not mean or not hurt.size:
        return hurt
    # The integral of the distribution function: its second difference is the share that each later bucket has of what
    # was spread evenly over this one. Beyond twenty means it is below rounding of what people would notice.
    edges = np.arange(min(hurt.size, int(np.ceil(20 * mean)) + 1) + 1)
    area = edges + mean * np.expm1(-edges / mean)
    return np.convolve(hurt, np.diff(np.diff(area), prepend=0.0))[: hurt.size]
