"""Events that did not count, by reason: exact from any thread, and without a lock."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from itertools import count

__all__ = ["REASONS", "Drops"]

REASONS = {
    "not a bool": "what was recorded was neither true nor false",
    "not a label": "the label was no text, or too long",
    "not judged": "the indicator could not judge what was observed",
    "late": "older than what is remembered",
    "future": "too far ahead of the clock",
    "ancient": "before 2000: a mix-up of units, most likely",
    "too many": "a bucket would have had 2**63 events or more",
    "overloaded": "too many events waited for a bucket to open",
    "closed": "the monitor was closed",
    "exemplar": "what should lead to a bad event was no short text, or too many waited; the event itself counts",
    "broken": "the clock or the recorder itself failed",
}
"""Why an event may be dropped, and what that means."""

_MANY = 10_000


class Drops:
    """A tally of reasons."""

    def __init__(self) -> None:
        self._ones = {reason: count() for reason in REASONS}
        self._reads: Counter[str] = Counter()
        self._several: deque[tuple[str, int]] = deque()
        self._folded: Counter[str] = Counter()

    def note(self, reason: str, events: int = 1) -> None:
        """Count events that were dropped; may interrupt anything, itself included."""
        if events == 1:
            next(self._ones[reason])
        else:
            self._several.append((reason, events))
            if len(self._several) > _MANY:
                self._fold()

    def _fold(self) -> None:
        """Add up what lies there; each entry is popped by one thread alone, and kept in one of few entries."""
        sums: Counter[str] = Counter()
        for _ in range(len(self._several)):
            try:
                reason, events = self._several.popleft()
            except IndexError:
                break
            sums[reason] += events
        self._several.extend(sums.items())

    def tally(self) -> Mapping[str, int]:
        """Return how many events were dropped, by reason, those without any left out; for one reader at a time."""
        self._fold()
        found: Counter[str] = Counter()
        for reason, ones in self._ones.items():
            found[reason] = next(ones) - self._reads[reason]
            self._reads[reason] += 1
        for reason, events in list(self._several):
            found[reason] += events
        return {reason: events for reason, events in found.items() if events}
