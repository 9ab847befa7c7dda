"""Catalogues of incidents: what kinds of things go wrong, how often, for how long, how badly, and to whom.

Before there is a history there are opinions about it: a bad release every other week, a dependency that is gone for an
hour twice a year. A catalogue writes them down as numbers, and draws years from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

import attrs
import numpy as np

from slokit._display import Shown, clean, html_table, percent, plural
from slokit.analysis.simulate.numbers import check_share, not_negative
from slokit.analysis.simulate.scenario import Incident, Shape
from slokit.analysis.simulate.streams import CATALOGUE, stream
from slokit.errors import InvalidNumber, WrongType
from slokit.texts import check_text
from slokit.timeline import DurationLike, InstantLike, duration_text, parse_duration, parse_instant, parse_length

__all__ = ["Catalogue", "IncidentClass", "catalogue"]

_SECOND = 1_000_000_000
_MONTH = 30 * 86_400 * _SECOND
_MOST_INCIDENTS = 100_000


def _length(value: DurationLike | int) -> int:
    return parse_length(value, "duration")


def _severity(value: float | Iterable[float]) -> tuple[float, float]:
    ends = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value, value)
    if len(ends) != 2 or not all(
        isinstance(end, int | float | np.integer | np.floating) and not isinstance(end, bool) for end in ends
    ):
        raise WrongType(f"severity must be a share of errors or a pair of them, got {value!r:.100}")
    low, high = (float(end) for end in ends)
    if not 0 < low <= high <= 1:
        raise InvalidNumber(f"severity must be above 0 and at most 1, the smaller first, got {value!r:.100}")
    return low, high


def _services(
    value: Mapping[str, float] | Iterable[str] | Iterable[tuple[str, float]] | None,
) -> tuple[tuple[str, float], ...] | None:
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise WrongType(f"services must be names, or map names to sensitivities, got {value!r:.100}")
    pairs: dict[str, float] = {}
    for at, one in enumerate(value.items() if isinstance(value, Mapping) else value):
        pair = (one, 1.0) if isinstance(one, str) else one
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise WrongType(f"services[{at}] must be a name, or a pair of a name and a sensitivity, got {one!r:.100}")
        name, sensitivity = pair
        if not isinstance(name, str):
            raise WrongType(f"the name of a service must be text, got {type(name).__name__}: {name!r:.100}")
        check_share(f"services[{name!r:.60}]", sensitivity)
        pairs[name] = sensitivity
    if not pairs:
        raise InvalidNumber("services must be one or more, or None for all of them")
    return tuple(sorted((name, float(sensitivity)) for name, sensitivity in pairs.items()))


@attrs.frozen(repr=False)
class IncidentClass:
    """Incidents of one kind: how often they come, and what they do.

    Parameters
    ----------
    name
        What people call the kind.
    per_month
        Expected number in 30 days; how many come is Poisson, and when is uniform.
    duration
        The median length.
    spread
        Standard deviation of the logarithm of lengths: 0 makes all of them equally long; at 1, the default, one in
        twenty lasts longer than five times the median.
    severity
        Share of events that fail at its height; or a pair, and each incident draws log-uniformly between the two.
    services
        Whom it hits: names, hit fully, or sensitivities by name. Several are hit at once, which is how services that
        have nothing else in common fail together. None hits every service fully.
    shape, traffic, slowdown
        As for :class:`~slokit.analysis.simulate.Incident`.

    Raises
    ------
    InvalidNumber
        If a number is out of its range.
    WrongType
        If a field is of another type.

    Examples
    --------
    >>> IncidentClass("release", per_month=2, duration="20m", severity=(0.02, 0.3), shape="spike")
    IncidentClass(release: 2 a month, about 20m, 2% to 30% of events)
    """

    name: str
    per_month: float = attrs.field(kw_only=True, validator=not_negative)
    duration: int = attrs.field(kw_only=True, converter=_length)
    spread: float = attrs.field(kw_only=True, default=1.0, validator=not_negative)
    severity: tuple[float, float] = attrs.field(kw_only=True, default=(1.0, 1.0), converter=_severity)
    services: tuple[tuple[str, float], ...] | None = attrs.field(kw_only=True, default=None, converter=_services)
    shape: Shape = attrs.field(kw_only=True, default="step")
    traffic: float = attrs.field(kw_only=True, default=1.0, validator=not_negative)
    slowdown: float = attrs.field(kw_only=True, default=1.0, validator=not_negative)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidNumber, most=100)
        if self.shape not in get_args(Shape):
            raise InvalidNumber(f"shape must be one of {', '.join(get_args(Shape))}, got {self.shape!r:.60}")

    def draw(self, start: int, span: int, seed: int) -> list[Incident]:
        """Return the incidents that start in ``[start, start + span)``, nanoseconds, in the order of time."""
        expected = self.per_month * span / _MONTH
        if expected > _MOST_INCIDENTS:
            raise InvalidNumber(
                f"per_month of {self.name!r:.60} must give at most {_MOST_INCIDENTS:,} incidents, got "
                f"{self.per_month} for {duration_text(span)}"
            )
        random = stream(seed, self.name, CATALOGUE)
        number = int(random.poisson(expected))
        longest = span // _SECOND
        # Whole seconds: nanoseconds would make the catalogue unreadable.
        begins = np.sort(random.integers(0, max(1, longest), number))
        # A log-normal has no end: beyond the span itself a length says no more, and a float may not hold it.
        with np.errstate(over="ignore"):
            spread = np.exp(self.spread * random.standard_normal(number))
            lengths = np.minimum(spread * (self.duration / _SECOND), longest)
        low, high = self.severity
        shares = low * (high / low) ** random.random(number)
        return [
            Incident(
                start=start + begin * _SECOND,
                duration=max(1, round(length)) * _SECOND,
                error_share=min(share, high),
                shape=self.shape,
                hits=None if self.services is None else dict(self.services),
                traffic=self.traffic,
                slowdown=self.slowdown,
                name=f"{self.name} {at + 1}",
                kind=self.name,
            )
            for at, (begin, length, share) in enumerate(
                zip(begins.tolist(), lengths.tolist(), shares.tolist(), strict=True)
            )
        ]

    def _facts(self) -> Iterator[tuple[str, str]]:
        low, high = self.severity
        yield "rate", f"{self.per_month:g} a month"
        yield "length", f"{'about ' if self.spread else ''}{duration_text(self.duration)}"
        yield "severity", f"{percent(low, 1)}{f' to {percent(high, 1)}' if high > low else ''} of events"
        if self.services is not None:
            yield "services", f"hits {', '.join(clean(name, 40) for name, _ in self.services)}"

    def __repr__(self) -> str:
        return f"IncidentClass({clean(self.name, 60)}: {', '.join(text for _, text in self._facts())})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from self._facts()

    def _repr_html_(self) -> str:
        return html_table([("name", self.name), *self._facts()], caption="Class of incidents")


def _classes(value: Iterable[IncidentClass]) -> tuple[IncidentClass, ...]:
    if not isinstance(value, Iterable):
        raise WrongType(f"classes must be several, got {type(value).__name__}; write them in a list")
    held = tuple(value)
    for at, one in enumerate(held):
        if not isinstance(one, IncidentClass):
            raise WrongType(f"classes[{at}] must be an IncidentClass, got {type(one).__name__}: {one!r:.100}")
    names = [one.name for one in held]
    if len(set(names)) < len(names):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise InvalidNumber(f"classes must have names of their own, got {twice!r:.60} twice")
    return held


@attrs.frozen(repr=False)
class Catalogue(Shown):
    """Classes of incidents to draw from; each has a stream of its own, so another class changes none of the others.

    Examples
    --------
    >>> year = Catalogue([IncidentClass("dependency", per_month=0.5, duration="40m", severity=0.6)])
    >>> drawn = year.draw(start="2026-01-01T00:00Z", duration="360d", seed=3)
    >>> drawn == year.draw(start="2026-01-01T00:00Z", duration="360d", seed=3)
    True
    >>> {incident.kind for incident in drawn}
    {'dependency'}
    """

    _caption = "Catalogue of incidents"

    classes: tuple[IncidentClass, ...] = attrs.field(converter=_classes)

    def draw(self, *, start: InstantLike, duration: DurationLike, seed: int = 0) -> tuple[Incident, ...]:
        """Draw the incidents that start in a span, in the order of time.

        Parameters
        ----------
        start, duration
            The span.
        seed
            A non-negative integer. Equal arguments give equal incidents.

        Raises
        ------
        InvalidNumber
            If the seed is negative, or a class would bring more than 100,000 incidents.
        """
        first, span = parse_instant(start, "start"), parse_duration(duration, "duration")
        drawn = [incident for one in self.classes for incident in one.draw(first, span, seed)]
        return tuple(sorted(drawn, key=lambda incident: (incident.start, incident.name)))

    def __repr__(self) -> str:
        if not self.classes:
            return "Catalogue(nothing goes wrong)"
        rate = sum(one.per_month for one in self.classes)
        called = ", ".join(clean(one.name, 40) for one in self.classes)
        return f"Catalogue({plural(len(self.classes), 'class', 'classes')}, {rate:g} incidents a month: {called})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "classes", f"{len(self.classes):,}"
        yield from ((clean(one.name), ", ".join(text for _, text in one._facts())) for one in self.classes)


def catalogue(classes: Iterable[IncidentClass]) -> Catalogue:
    """Make a catalogue of classes of incidents; the same as :class:`Catalogue`.

    Examples
    --------
    >>> catalogue(
    ...     [IncidentClass("release", per_month=2, duration="20m"), IncidentClass("host", per_month=1, duration="5m")]
    ... )
    Catalogue(2 classes, 3 incidents a month: release, host)
    """
    return Catalogue(classes)
