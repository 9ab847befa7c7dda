"""Overrides: what somebody decided against a policy, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import attrs

from slokit._display import Shown, clean
from slokit.errors import InvalidPolicy, WrongType
from slokit.policy.state import names_of
from slokit.texts import check_text
from slokit.timeline import InstantLike, parse_instant, to_datetime

__all__ = ["MAX_REMARK", "Override"]

MAX_REMARK = 1_000
"""The longest reason, in characters."""


def _activities(values: Iterable[str]) -> tuple[str, ...]:
    return names_of(values, "activities")


def _until(value: InstantLike | None) -> datetime | None:
    return None if value is None else to_datetime(parse_instant(value, "until"))


@attrs.frozen(repr=False)
class Override(Shown):
    """What somebody decided against the policy, and why.

    Parameters
    ----------
    allow
        Whether activities are allowed after all, or blocked after all.
    reason
        Why; it is what a review will read.
    by
        Who.
    activities
        Which activities; all where none is named.
    until
        When it ends, in UTC; None where that was not said. A decision is of one instant and does not look at it: who
        keeps overrides applies those that have not ended, as a monitor does.

    Examples
    --------
    >>> Override(True, "rollback of 4711", "ana", ["deploy"], until="2026-03-02T12:00Z")
    deploy allowed by ana until 2026-03-02 12:00 UTC: rollback of 4711
    """

    allow: bool
    reason: str
    by: str
    activities: tuple[str, ...] = attrs.field(default=(), converter=_activities)
    until: datetime | None = attrs.field(default=None, converter=_until, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.allow, bool):
            raise WrongType(f"allow must be a bool, got {type(self.allow).__name__}: {self.allow!r:.100}")
        check_text("reason", self.reason, InvalidPolicy, most=MAX_REMARK)
        check_text("by", self.by, InvalidPolicy)

    def is_about(self, activity: str) -> bool:
        """Say whether it decides about an activity."""
        return not self.activities or activity in self.activities

    def __repr__(self) -> str:
        word = "allowed" if self.allow else "blocked"
        what = ", ".join(clean(name, 40) for name in self.activities) or "all activities"
        end = "" if self.until is None else f" until {self.until:%Y-%m-%d %H:%M} UTC"
        return f"{what} {word} by {clean(self.by, 40)}{end}: {clean(self.reason, MAX_REMARK)}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "override", repr(self)
