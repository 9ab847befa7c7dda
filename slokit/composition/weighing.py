"""Weighted means of indicators, as OpenSLO's composites ask for them.

An objective of OpenSLO may have several parts, each with an indicator, a target and a ``compositeWeight`` (above 0, by
default 1). The specification names the weight and no formula. What others do with it, and what is done here, is
the weighted mean: of the shares of good events, of the targets, and so of the budgets.

Such a mean says how things are on the whole. It is no share of anything that happened: a user who needs all parts is
not served by their average, and a part that is down all day may not be seen in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import attrs

from slokit._display import Shown, clean, html_table, percent
from slokit.composition.nodes import Part
from slokit.composition.shares import Weighted
from slokit.composition.walks import Root, leaves, unknown_part
from slokit.errors import InvalidSystem, WrongType
from slokit.rational import decimal_text
from slokit.status import Status

__all__ = ["Composite", "CompositeRow", "weigh"]


@attrs.frozen(kw_only=True, repr=False)
class CompositeRow(Shown):
    """What one part adds to a weighted mean.

    Parameters
    ----------
    name
        The part.
    weight
        Its weight, of a sum of 1.
    good, total
        Its events.
    target
        Its target.
    """

    _caption = "Composite"

    name: str
    weight: Fraction
    good: int
    total: int
    target: Fraction

    @property
    def ratio(self) -> Fraction | None:
        """Its share of good events, exactly; None without data."""
        return Fraction(self.good, self.total) if self.total else None

    def _texts(self) -> tuple[str, str, str]:
        ratio = self.ratio
        sli = "no data" if ratio is None else percent(ratio, against=[self.target])
        return decimal_text(self.weight), sli, percent(self.target)

    def __repr__(self) -> str:
        weight, sli, target = self._texts()
        return f"CompositeRow({clean(self.name, 40)}: weight {weight}, SLI {sli}, target {target})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from zip(("weight", "SLI", "target"), self._texts(), strict=True)


@attrs.frozen(kw_only=True, repr=False)
class Composite:
    """A weighted mean of several indicators, held against the mean of their targets.

    Parameters
    ----------
    name
        What it is called.
    rows
        One a part.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> from slokit.composition import Part, weighted
    >>> both = weighted("checkout", (2, Part("availability", target="99.9%")), (1, Part("latency", target="99%")))
    >>> def status(bad):
    ...     hour = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=[bad], total=[1000])
    ...     return SLO("x", sli=SLI.ratio("x"), target="99%", window="1h").evaluate(hour).at()
    >>> mean = both.weigh({"availability": status(0), "latency": status(30)})
    >>> mean
    checkout: 99% of a weighted mean, MISSED its 99.6%, burn 2.5x
    >>> mean.ratio, mean.target
    (Fraction(99, 100), Fraction(249, 250))
    """

    name: str
    rows: tuple[CompositeRow, ...]

    @property
    def target(self) -> Fraction:
        """The weighted mean of the targets."""
        return sum((row.weight * row.target for row in self.rows), Fraction(0))

    @property
    def ratio(self) -> Fraction | None:
        """The weighted mean of the shares of good events, exactly; None if one of them has no data."""
        total = Fraction(0)
        for row in self.rows:
            if row.ratio is None:
                return None
            total += row.weight * row.ratio
        return total

    @property
    def sli(self) -> float | None:
        """The same as a float."""
        return None if self.ratio is None else float(self.ratio)

    @property
    def met(self) -> bool | None:
        """Whether the mean reaches the mean target; None without data."""
        return None if self.ratio is None else self.ratio >= self.target

    @property
    def burn_rate(self) -> float | None:
        """``(1 - ratio) / (1 - target)``; None without data."""
        return None if self.ratio is None else float((1 - self.ratio) / (1 - self.target))

    @property
    def remaining_ratio(self) -> float | None:
        """The share of the mean budget that is left, below 0 if overspent; None without data."""
        return None if self.ratio is None else float(1 - (1 - self.ratio) / (1 - self.target))

    def _text(self) -> str:
        if self.ratio is None:
            return "no data of " + ", ".join(clean(row.name, 40) for row in self.rows if not row.total)
        said = "MET" if self.met else "MISSED"
        mean = percent(self.ratio, against=[self.target])
        return f"{mean} of a weighted mean, {said} its {percent(self.target)}, burn {self.burn_rate:.3g}x"

    def __repr__(self) -> str:
        return f"{clean(self.name, 40)}: {self._text()}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield "mean", self._text()
        yield from ((clean(row.name), ", ".join(row._texts())) for row in self.rows)

    def _repr_html_(self) -> str:
        rows = [(row.name, *row._texts()) for row in self.rows]
        return html_table(rows, ("part", "weight", "SLI", "target"), repr(self))


def weigh(name: str, root: Root, statuses: Mapping[str, Status]) -> Composite:
    """Take the weighted mean of statuses."""
    if not isinstance(root, Weighted) or not all(isinstance(share.part, Part) for share in root.shares):
        raise InvalidSystem("only weighted single parts have a mean of their indicators; measure() takes any structure")
    if not isinstance(statuses, Mapping):
        raise WrongType(f"statuses must map names of parts to their statuses, got {type(statuses).__name__}")
    known = leaves(root)
    for given in statuses:
        if given not in known:
            raise unknown_part("statuses", given, known)
    rows = []
    for weight, part in zip(root.weights, known.values(), strict=True):
        if part.name not in statuses:
            raise InvalidSystem(f"statuses[{part.name!r:.64}] is missing; a mean without it would be another one")
        status = statuses[part.name]
        if not isinstance(status, Status):
            raise WrongType(f"statuses[{part.name!r:.64}] must be a Status, got {type(status).__name__}")
        if part.target is None:
            raise InvalidSystem(f"part {part.name!r:.64} has no target: write Part({part.name!r:.64}, target=…)")
        rows.append(
            CompositeRow(name=part.name, weight=weight, good=status.good, total=status.total, target=part.target)
        )
    return Composite(name=name, rows=tuple(rows))
