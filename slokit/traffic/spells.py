"""Quiet spells: stretches of time in which far less came than usual, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

import attrs

from slokit._display import Shown, amount_text, clean, percent, thousands
from slokit.timeline import duration_text, timedelta_ns

__all__ = ["QuietSpell", "shortfall"]


def shortfall(observed: int, expected: float, where: str = "", coverage: float = 1.0) -> str:
    """Say how many events came of those expected, and how much of the time anybody looked.

    Examples
    --------
    >>> print(shortfall(12, 1200.0, "on Mondays at 14:00", 1.0))
    12 of about 1,200 events expected on Mondays at 14:00
    >>> print(shortfall(0, 7.48, "on Mondays at 14:00", 0.25))
    none of about 7.5 events expected on Mondays at 14:00, 25% of the time observed
    """
    about = amount_text(Fraction(str(round(expected, 1))))
    seen = "nothing observed" if not coverage else f"{percent(coverage, 0)} of the time observed"
    came = thousands(observed) if observed else "none"
    place = f" {where}" if where else ""
    return f"{came} of about {about} events expected{place}{'' if coverage == 1 else f', {seen}'}"


@attrs.frozen(kw_only=True, repr=False)
class QuietSpell(Shown):
    """What was quiet in a stretch of hours that were called suspicious.

    Parameters
    ----------
    start, end
        From the first to the last of its buckets that brought less than the line's share of their usual traffic; in
        UTC. A spell that ends with the counts may still go on.
    observed
        Events between the two.
    expected
        Events usual between the two, without what exclusions took out.
    coverage
        Share of the time between the two that was observed, 0 to 1: at 0 nobody looked, and what is silent may be the
        instrument.
    labels
        Which series, as pairs of an axis and its label.

    Examples
    --------
    >>> from datetime import UTC
    >>> start, end = (datetime(2026, 1, 5, hour, tzinfo=UTC) for hour in (14, 16))
    >>> QuietSpell(start=start, end=end, observed=12, expected=2400.0)
    QuietSpell(2026-01-05 14:00 UTC for 2h: 12 of about 2,400 events expected)
    """

    start: datetime
    end: datetime
    observed: int
    expected: float
    coverage: float = 1.0
    labels: tuple[tuple[str, str], ...] = ()

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield from self.labels
        yield "from", f"{self.start:%Y-%m-%d %H:%M} UTC"
        yield "for", duration_text(timedelta_ns(self.end - self.start))
        yield "events", shortfall(self.observed, self.expected, coverage=self.coverage)

    def __repr__(self) -> str:
        named = "".join(f"{clean(label, 40)}, " for _, label in self.labels)
        words = [text for _, text in self._facts()][len(self.labels) :]
        return f"QuietSpell({named}{words[0]} for {words[1]}: {words[2]})"
