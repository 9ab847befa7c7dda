"""Whose fault was it: bad events at the front door, split by what was down behind it at the time.

Every bad event at the front falls into one of four: the front's own, where all it depends on was up; one part's, where
that part alone was down; shared, where several were; and unattributed, where a part was not observed and could have
been. All four together are the front's bad events, to the last one. Leave one out, and the rest adds up to a lie.

That two things happened in one bucket does not make one the cause of the other. Narrow buckets make it likelier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Literal

import attrs
import numpy as np

from slokit._display import clean, html_table, percent, plural, short
from slokit._kernels.halves import exact_sum
from slokit.composition.aligning import FRONT, Alignment, align, check_evidence
from slokit.composition.measuring import Quiet, State, check_word, state_of, verdict
from slokit.composition.nodes import Group, OptionalPart
from slokit.composition.shares import Weighted
from slokit.composition.walks import Root, leaves
from slokit.counts import Counts
from slokit.errors import InvalidSystem, UnknownLabel, WrongType
from slokit.rational import RationalLike, parse_target
from slokit.timeline import DurationLike

__all__ = ["By", "SystemAttribution", "attribute"]

By = Literal["part", "group"]
"""What is told apart: every part, or what stands directly below the system, each group as one."""

_SHOWN = 20


@attrs.frozen(kw_only=True, repr=False)
class SystemAttribution:
    """What was down while events were bad at the front door; the four add up to all of them.

    Parameters
    ----------
    name
        The system.
    own
        Bad events while all it depends on was up.
    upstream
        Pairs of a name and the bad events while that alone was down, the most first; one for each, also where 0.
    together
        Pairs of names and the bad events while these were down at once, the most first.
    unattributed
        Bad events while a part was not observed that could have been the only one, or one of several.
    good
        Good events at the front door.
    alignment
        What was done to the evidence.
    allowed
        The bad events that the front door may have, if a target was given.

    Examples
    --------
    >>> from slokit import Counts
    >>> from slokit.composition import Part, all_of
    >>> page = all_of("page", Part("db", slice_target="99%"), Part("cache", slice_target="99%"))
    >>> def hours(*bad):
    ...     return Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=bad, total=[100] * len(bad))
    >>> front, db, cache = hours(3, 40, 2, 60), hours(0, 50, 0, 70), hours(0, 0, 0, 5)
    >>> page.attribute(front, {"db": db, "cache": cache})
    105 bad events of page
    own            5   4.76%
    db            40   38.1%  alone
    cache          0      0%  alone
    shared        60  57.14%
      db, cache   60  57.14%
    unattributed   0      0%
    """

    name: str
    own: int
    upstream: tuple[tuple[str, int], ...]
    together: tuple[tuple[tuple[str, ...], int], ...]
    unattributed: int
    good: int
    alignment: Alignment
    allowed: Fraction | None = None

    @property
    def shared(self) -> int:
        """Bad events while several were down at once."""
        return sum(bad for _, bad in self.together)

    @property
    def total_bad(self) -> int:
        """Bad events at the front door."""
        return self.own + sum(bad for _, bad in self.upstream) + self.shared + self.unattributed

    def alone(self, name: str) -> int:
        """Return the bad events while one part alone was down.

        Raises
        ------
        UnknownLabel
            If there is none of that name.
        """
        for part, bad in self.upstream:
            if part == name:
                return bad
        raise UnknownLabel(f"no part is called {name!r:.100}; there are {len(self.upstream)}")

    def share(self, bad: int) -> float | None:
        """Return what part of the bad events some of them are; None where there are none."""
        return bad / self.total_bad if self.total_bad else None

    def budget_share(self, bad: int) -> float | None:
        """Return what some bad events spent of the front door's budget; None without a target or data."""
        return float(bad / self.allowed) if self.allowed else None

    def _rows(self) -> list[tuple[str, int, str]]:
        shown = [("own", self.own, "")]
        shown += [(clean(name, 40), bad, "alone") for name, bad in self.upstream[:_SHOWN]]
        shown.append(("shared", self.shared, ""))
        shown += [("  " + ", ".join(clean(n, 40) for n in names), bad, "") for names, bad in self.together[:_SHOWN]]
        return [*shown, ("unattributed", self.unattributed, "")]

    def _texts(self, bad: int) -> list[str]:
        said = [short(bad), percent(Fraction(bad, self.total_bad)) if self.total_bad else "–"]
        return said + ([f"{percent(bad / self.allowed, 1)} of the budget"] if self.allowed else [])

    def _head(self) -> str:
        return f"{plural(self.total_bad, 'bad event')} of {clean(self.name, 40)}"

    def __repr__(self) -> str:
        lines = [[name, *self._texts(bad), note] for name, bad, note in self._rows()]
        wide = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        shown = [
            "  ".join(
                [
                    line[0].ljust(wide[0]),
                    *(cell.rjust(w) for cell, w in zip(line[1:-1], wide[1:-1], strict=True)),
                    line[-1],
                ]
            )
            for line in lines
        ]
        return "\n".join([self._head(), *(line.rstrip() for line in shown)])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        for name, bad, note in self._rows():
            yield name.strip(), ", ".join([*self._texts(bad), *([note] if note else [])])

    def _repr_html_(self) -> str:
        rows = [(name.strip(), *self._texts(bad), note) for name, bad, note in self._rows()]
        return html_table(
            rows, ("down meanwhile", "bad", "share", *(["budget"] if self.allowed else []), ""), self._head()
        )


def attribute(
    name: str,
    root: Root,
    front: Counts,
    counts: Mapping[str, Counts],
    *,
    target: RationalLike | None,
    by: By,
    step: DurationLike | None,
    quiet: Quiet,
) -> SystemAttribution:
    """Split the bad events of the front door by what was down."""
    check_word("by", by, By)
    check_word("quiet", quiet, Quiet)
    if not isinstance(front, Counts):
        raise WrongType(f"front must be Counts, got {type(front).__name__}: {front!r:.100}")
    if isinstance(root, Weighted):
        raise InvalidSystem("one front door has one structure behind it; ask each share of a weighted system by itself")
    known = leaves(root)
    allowed = None if target is None else 1 - parse_target(target, "target")
    given = check_evidence(counts, known, known)
    fitted, alignment = align({FRONT: front, **given}, step=step, covering=[FRONT])
    door = fitted.pop(FRONT)
    bad, total = (int(exact_sum(array)) for array in (door.bad, door.total))
    states = {part: state_of(known[part], fitted[part], quiet) for part in known}
    if by == "group":
        states = {node.name: verdict(_inner(node), states) for node in root.parts}
    own, alone, together, unattributed = _split(door, states)
    return SystemAttribution(
        name=name,
        own=own,
        upstream=tuple(sorted(alone.items(), key=lambda row: -row[1])),
        together=tuple(sorted(together.items(), key=lambda row: -row[1])),
        unattributed=unattributed,
        good=total - bad,
        alignment=alignment,
        allowed=None if allowed is None else allowed * total,
    )


def _inner(node: object) -> Group:
    return node.part if isinstance(node, OptionalPart) else node  # type: ignore[return-value]


def _split(door: Counts, states: Mapping[str, State]) -> tuple[int, dict[str, int], dict[tuple[str, ...], int], int]:
    """Return bad events while nothing, one, several, and nobody knows what was down."""
    names = list(states)
    own, unattributed = 0, 0
    alone, together = dict.fromkeys(names, 0), dict[tuple[str, ...], int]()
    # Only buckets with bad events matter, and of these only how they differ.
    at = np.nonzero(door.bad)
    down = np.stack([np.broadcast_to(states[name].down, door.shape)[at] for name in names])
    unknown = np.stack([~(states[name].down | states[name].up)[at] for name in names]).any(axis=0)
    columns, which = np.unique(np.vstack([down, unknown]).T, axis=0, return_inverse=True)
    for k, column in enumerate(columns):
        bad = int(exact_sum(door.bad[at][which.ravel() == k]))
        found = tuple(name for name, is_down in zip(names, column, strict=False) if is_down)
        if len(found) > 1:
            together[found] = together.get(found, 0) + bad
        elif column[-1]:
            unattributed += bad
        elif found:
            alone[found[0]] += bad
        else:
            own += bad
    return own, alone, together, unattributed
