"""What was known when something was decided: figures that late events and exclusions change no more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

import attrs

from slokit._display import Shown, clean, percent, short
from slokit.errors import InvalidPolicy, WrongType
from slokit.intervals import parse_edge
from slokit.status import burn_rate_of, burn_text
from slokit.texts import check_text
from slokit.timeline import DurationLike, InstantLike, duration_text, parse_length

__all__ = ["Evidence"]

_Burn = tuple[int, int, int]


def _since(value: InstantLike | int) -> int:
    return parse_edge(value, "since", InvalidPolicy)


def _burns(values: Iterable[Iterable[int]]) -> tuple[_Burn, ...]:
    found = []
    for value in values:
        window, good, bad = value
        found.append((window, good, bad))
    return tuple(found)


@attrs.frozen(kw_only=True, repr=False)
class Evidence(Shown):
    """The evidence that a decision rested on, as it was known then.

    Parameters
    ----------
    since
        Where what was known began: an instant, or integer nanoseconds, as it is kept.
    good, bad
        Events of the objective's window.
    unit
        What was counted: ``"events"`` or ``"slices"``.
    target
        The objective's.
    remaining_ratio
        The share of the budget that was left; None without data.
    coverage
        Observed buckets over the buckets that the window should hold.
    burns
        The windows that the policy's alerts look at, in nanoseconds, each with its good and its bad events.

    Examples
    --------
    >>> known = Evidence(
    ...     since="2026-01-01T00:00Z",
    ...     good=990,
    ...     bad=10,
    ...     target=Fraction("0.98"),
    ...     remaining_ratio=0.5,
    ...     coverage=1.0,
    ...     burns=[(3_600_000_000_000, 95, 5)],
    ... )
    >>> known, known.burn_rate("1h")
    (50% of the budget left, 10 of 1,000 bad, 1h burn 2.5x, coverage 100%, 2.5)
    """

    since: int = attrs.field(converter=_since)
    good: int
    bad: int
    unit: str = "events"
    target: Fraction
    remaining_ratio: float | None
    coverage: float
    burns: tuple[_Burn, ...] = attrs.field(default=(), converter=_burns)

    def __attrs_post_init__(self) -> None:
        figures = (self.good, self.bad, *(figure for burn in self.burns for figure in burn))
        for figure in figures:
            if isinstance(figure, bool) or not isinstance(figure, int) or figure < 0:
                raise InvalidPolicy(f"figures of evidence must be integers of at least 0, got {figure!r:.100}")
        if not isinstance(self.target, Fraction) or not 0 <= self.target < 1:
            raise InvalidPolicy(f"target must be a Fraction of at least 0 and below 1, got {self.target!r:.100}")
        for field, least in (("remaining_ratio", -math.inf), ("coverage", 0)):
            value = getattr(self, field)
            if value is None and field == "remaining_ratio":
                continue
            if isinstance(value, bool) or not isinstance(value, float | int):
                raise WrongType(f"{field} must be a number, got {type(value).__name__}: {value!r:.100}")
            if not least <= value <= 1 or math.isinf(value):
                raise InvalidPolicy(f"{field} must be a finite number of at most 1, got {value!r}")
        check_text("unit", self.unit, InvalidPolicy)

    @property
    def total(self) -> int:
        """Events of the objective's window."""
        return self.good + self.bad

    def burn_rate(self, window: DurationLike) -> float | None:
        """Return the burn rate over a window that an alert looks at; None without data in it, or if none does."""
        length = parse_length(window, "window")
        return next((burn_rate_of(b, g + b, self.target) for found, g, b in self.burns if found == length), None)

    def _facts(self) -> Iterator[tuple[str, str]]:
        left = "no data" if self.remaining_ratio is None else f"{percent(self.remaining_ratio, 1)} of the budget left"
        yield "budget", left
        unit = "" if self.unit == "events" else f" {clean(self.unit, 20)}"
        yield "bad", f"{short(self.bad)} of {short(self.total)}{unit} bad"
        for window, good, bad in self.burns:
            rate = burn_rate_of(bad, good + bad, self.target)
            if rate:
                text = duration_text(window)
                yield f"burn {text}", f"{text} burn {burn_text(rate)}"
        yield "coverage", f"coverage {percent(self.coverage, 1)}"

    def __repr__(self) -> str:
        return ", ".join(text for _, text in self._facts())
