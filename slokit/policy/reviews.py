"""Reviews: what an incident owes afterwards, and how grave it is while it lasts.

The state of the budget says how a team should go on; what a single incident calls for follows from what it spent. So
the severity here hangs on the share that the incident took, how soon it would take the rest, and who is hurt by it,
and not on the name of a state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Literal, get_args

import attrs

from slokit._display import Shown, clean
from slokit.errors import InvalidPolicy
from slokit.policy.state import names_of
from slokit.rational import RationalLike, parse_rational, percent_text
from slokit.timeline import UNITS, DurationLike, duration_text, parse_length

__all__ = ["SEVERITIES", "Due", "DueKind", "Hurt", "Reviews", "Severity", "severity"]

DueKind = Literal["incident review", "post-mortem", "planning item"]
"""What may be due."""

Severity = Literal["sev1", "sev2", "sev3", "sev4"]
"""How grave an incident is: ``sev1`` is the worst."""

Hurt = Literal["everyone", "some", "internal"]
"""Who is hurt: every customer, some of them, or nobody outside."""

SEVERITIES: tuple[tuple[Severity, Fraction, timedelta], ...] = (
    ("sev1", Fraction(1, 2), timedelta(hours=6)),
    ("sev2", Fraction(1, 5), timedelta(days=1)),
    ("sev3", Fraction(1, 20), timedelta(days=3)),
)
"""From which share of the budget, or how soon before it is gone, an incident is so grave; below all of them
``sev4``."""


def severity(spent: Fraction, exhausts_in: timedelta | None, hurt: Hurt = "some") -> Severity:
    """Return how grave an incident is.

    Parameters
    ----------
    spent
        The share of the budget that it spent so far.
    exhausts_in
        How soon the rest will be gone at this rate; None if it will not be, or is gone already.
    hurt
        Where every customer is hurt it is one step graver, where nobody outside is one step milder.

    Raises
    ------
    InvalidPolicy
        If ``hurt`` is another word.

    Examples
    --------
    >>> severity(Fraction(1, 4), None), severity(Fraction(1, 100), timedelta(hours=4))
    ('sev2', 'sev1')
    >>> severity(Fraction(1, 4), None, "internal")
    'sev3'
    """
    if hurt not in get_args(Hurt):
        raise InvalidPolicy(f"hurt must be one of {', '.join(get_args(Hurt))}, got {hurt!r}")
    order = get_args(Severity)
    grade = next(
        (
            i
            for i, (_, share, within) in enumerate(SEVERITIES)
            if spent >= share or (exhausts_in is not None and exhausts_in <= within)
        ),
        len(SEVERITIES),
    )
    step = {"everyone": -1, "some": 0, "internal": 1}[hurt]
    found: Severity = order[min(max(grade + step, 0), len(order) - 1)]
    return found


def _share(value: RationalLike) -> Fraction:
    share = parse_rational(value, "share")
    if share < 0:
        raise InvalidPolicy(f"share must not be negative, got {value}")
    return share


def _within(value: DurationLike | int) -> int:
    return parse_length(value, "within")


def _names(values: Iterable[str]) -> tuple[str, ...]:
    return names_of(values, "incident_review")


@attrs.frozen(kw_only=True, repr=False)
class Reviews(Shown):
    """When a review is due.

    Parameters
    ----------
    incident_review
        States of which each new episode calls for an incident review.
    post_mortem_share, post_mortem_within
        One incident that spent more than this share of the budget in so long calls for a post-mortem.
    planning_share, planning_within
        One class of incidents that spent more than this share of the budget in so long calls for a planning item.

    Examples
    --------
    >>> Reviews(incident_review=["critical"])
    Reviews(post-mortem over 20% in 28d, planning item over 20% in 91d, incident review at critical)
    """

    incident_review: tuple[str, ...] = attrs.field(default=(), converter=_names)
    post_mortem_share: Fraction = attrs.field(default=Fraction(1, 5), converter=_share)
    post_mortem_within: int = attrs.field(default=28 * UNITS["d"], converter=_within)
    planning_share: Fraction = attrs.field(default=Fraction(1, 5), converter=_share)
    planning_within: int = attrs.field(default=91 * UNITS["d"], converter=_within)

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "post-mortem", f"over {percent_text(self.post_mortem_share)} in {duration_text(self.post_mortem_within)}"
        yield "planning item", f"over {percent_text(self.planning_share)} in {duration_text(self.planning_within)}"
        if self.incident_review:
            yield "incident review", f"at {', '.join(clean(name, 40) for name in self.incident_review)}"

    def __repr__(self) -> str:
        return f"Reviews({', '.join(f'{name} {text}' for name, text in self.__rich_repr__())})"


@attrs.frozen(repr=False)
class Due(Shown):
    """A review that is due, and why.

    Examples
    --------
    >>> Due("post-mortem", "2026-01-04 14:00 to 15:10 UTC spent 34% of the budget")
    post-mortem: 2026-01-04 14:00 to 15:10 UTC spent 34% of the budget
    """

    kind: DueKind
    reason: str

    def __repr__(self) -> str:
        return f"{self.kind}: {clean(self.reason, 400)}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "kind", self.kind
        yield "reason", clean(self.reason, 400)
