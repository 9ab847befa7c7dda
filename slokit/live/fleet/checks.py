"""What a fleet holds, and what it refuses with a word on what to use instead."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from slokit.budgeting import Occurrences
from slokit.errors import InvalidCounts, InvalidSLI, InvalidSLO, WrongType
from slokit.live.fleet.generation import MOST_ROWS
from slokit.live.fleet.labels import wrong_label
from slokit.rational import parse_integer
from slokit.slo import SLO
from slokit.windows import RollingWindow

__all__ = ["checked_limit", "checked_window", "own_targets"]


def checked_limit(limit: Any) -> int:
    """Read how many labels get a row of their own."""
    return parse_integer(limit, "limit", 1, MOST_ROWS - 1, InvalidCounts)


def checked_window(slo: SLO) -> RollingWindow:
    """Return the window of an objective; refuse what needs more of the past than running sums at some edges."""
    if not isinstance(slo, SLO):
        raise WrongType(f"slo must be an SLO, got {type(slo).__name__}: {slo!r:.100}")
    if slo.sli.is_timed:
        raise InvalidSLI(
            f"{slo.sli.name!r} is a {slo.sli.kind}, which judges time and not events; sli.count(…) counts it"
        )
    instead = "make a Monitor for each label, or evaluate Counts with an axis"
    if not isinstance(slo.window, RollingWindow):
        raise InvalidSLO(f"window of a Fleet must be rolling, got {slo.window!r}; {instead}")
    if not isinstance(slo.budgeting, Occurrences):
        raise InvalidSLO(f"budgeting of a Fleet must be Occurrences(), got {slo.budgeting!r}; {instead}")
    if slo.missing != "ignore":
        raise InvalidSLO(f'missing of a Fleet must be "ignore", got {slo.missing!r}; {instead}')
    return slo.window


def own_targets(slo: SLO, axis: str, limit: int) -> dict[str, Fraction]:
    """Return the targets that labels have of their own."""
    if slo.own_targets is None:
        return {}
    if slo.own_targets.axis != axis:
        raise InvalidSLO(
            f"targets of their own must lie along {axis!r}, got {slo.own_targets.axis!r}; "
            f"write Fleet(…, axis={slo.own_targets.axis!r})"
        )
    own = dict(slo.own_targets.targets)
    for label in own:
        if (wrong := wrong_label(label)) is not None:
            raise wrong
    if len(own) > limit:
        raise InvalidCounts(f"limit must have room for {len(own):,} labels with own targets, got {limit:,}")
    return own
