"""Holes in the measurement: what an objective makes of buckets that nobody observed.

Ignoring them is right where the measurement failed and the service did not; counting them as bad is right where the
service reports on itself and silence may be its death. What is filled in has a weight, and never counts as observed:
coverage goes on saying how much of a window was seen.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from slokit.counts import Counts
from slokit.errors import InvalidSLO, WrongType

__all__ = ["Missing", "MissingEvents", "check_missing", "filled"]

Missing = Literal["ignore", "good", "bad", "repeat"]
"""What unobserved buckets become."""

MissingEvents = int | Literal["last"] | None
"""How many events one of them becomes: a number, or as many as the last bucket that was observed and not excluded."""

_MODES = ("ignore", "good", "bad", "repeat")


def check_missing(missing: Missing, events: MissingEvents, *, slices: bool) -> None:
    """Refuse combinations that say two things, or not enough.

    Raises
    ------
    InvalidSLO
        If the mode is unknown; if a weight is given where nothing is filled or the mode has its own, or is missing.
    WrongType
        If the weight is neither an integer nor ``"last"``.
    """
    if missing not in _MODES:
        raise InvalidSLO(f"missing must be one of {', '.join(map(repr, _MODES))}, got {missing!r}")
    if events is not None and events != "last" and (isinstance(events, bool) or not isinstance(events, int)):
        raise WrongType(f'missing_events must be an integer or "last", got {type(events).__name__}: {events!r}')
    if isinstance(events, int) and not 1 <= events < 2**62:
        raise InvalidSLO(f"missing_events must be at least 1 and below 2**62, got {events}")
    if events is not None and (slices or missing == "ignore"):
        why = "a missing slice weighs one slice" if slices else 'missing="ignore" fills nothing'
        raise InvalidSLO(f"missing_events must not be given, because {why}; got {events!r}")
    if missing == "repeat" and isinstance(events, int):
        raise InvalidSLO(f'missing="repeat" takes the last bucket\'s own good and bad, so not missing_events={events}')
    if missing in ("good", "bad") and events is None and not slices:
        raise InvalidSLO(
            f'missing={missing!r} must say how many events a missing bucket stands for: missing_events=10, or "last" '
            "for as many as the last observed bucket"
        )


def filled(
    counts: Counts, missing: Missing, events: MissingEvents
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return bad and total with unobserved buckets filled, int64, shape ``(..., n)``.

    Where the weight or the mode looks back, buckets before the first that was observed and not excluded stay empty.
    """
    holes = ~counts.observed
    if missing == "ignore" or not holes.any():
        return counts.bad, counts.total
    bad, total = counts.bad.copy(), counts.total.copy()
    if isinstance(events, int) and missing != "repeat":
        total[holes] = events
        bad[holes] = events if missing == "bad" else 0
        return bad, total
    measured = counts.observed & ~counts.excluded
    # The index of the latest measured bucket so far, -1 before the first.
    at = np.where(measured, np.arange(counts.timeline.size), -1)
    latest = np.maximum.accumulate(at, axis=-1)
    known = holes & (latest >= 0)
    last = np.maximum(latest, 0)
    total[known] = np.take_along_axis(counts.total, last, axis=-1)[known]
    if missing == "repeat":
        bad[known] = np.take_along_axis(counts.bad, last, axis=-1)[known]
    else:
        bad[known] = total[known] if missing == "bad" else 0
    return bad, total
