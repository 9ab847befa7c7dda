"""The account of a period: every instant of it in exactly one place, so that the sums are sums and not estimates.

Outages, holes in the measurement and exclusions overlap as they like. Their edges cut a period into segments in which
nothing changes; each segment goes to one line, and whoever audits a statement can add the lines up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Literal

import attrs

from slokit._display import Shown, clean
from slokit.intervals import span_text
from slokit.sla.measured import Measured, Missing, Span

__all__ = ["Account", "Excluded", "Line", "LineKind", "account", "segments"]

LineKind = Literal["down", "unobserved", "too short", "excluded", "bad events"]
"""What a line says of its span: ``down`` and ``unobserved`` (where what nobody saw counts as down) are counted as
downtime; ``too short`` and ``excluded`` were down and are not counted; ``bad events`` are counted where the agreement
counts requests."""


@attrs.frozen(kw_only=True, repr=False)
class Line(Shown):
    """One line of a statement: a span in which the service was down, or had bad events.

    Parameters
    ----------
    start, end
        The span, within the period: nanoseconds since the epoch.
    kind
        See :data:`LineKind`.
    run
        The whole run of downtime that it is part of, which may reach beyond the period or into exclusions.
    reasons
        The exclusions that it lies in.
    bad, total
        Events of the span as they were measured, where the agreement counts requests.
    """

    start: int
    end: int
    kind: LineKind
    run: Span
    reasons: tuple[str, ...] = ()
    bad: int | None = None
    total: int | None = None

    @property
    def length(self) -> int:
        """Its length, nanoseconds."""
        return self.end - self.start

    @property
    def counted(self) -> bool:
        """Whether it counts against the promise."""
        return self.kind in ("down", "unobserved", "bad events")

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "span", span_text(self.start, self.end)
        yield "kind", self.kind if self.counted else f"{self.kind}, not counted"
        if self.bad is not None:
            yield "events", f"{self.bad:,} of {self.total or 0:,} bad"
        yield from (("reason", clean(reason)) for reason in self.reasons)

    def __repr__(self) -> str:
        return f"Line({', '.join(text for _, text in self._facts())})"


@attrs.frozen(kw_only=True, repr=False)
class Excluded(Shown):
    """A span that was taken out of the account.

    Parameters
    ----------
    start, end
        The span, within the period: nanoseconds since the epoch.
    reasons
        Every exclusion that covers it, in words: what several share is out once.
    """

    start: int
    end: int
    reasons: tuple[str, ...]

    @property
    def length(self) -> int:
        """Its length, nanoseconds."""
        return self.end - self.start

    def __repr__(self) -> str:
        return f"Excluded({span_text(self.start, self.end)}, {'; '.join(map(clean, self.reasons))})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "span", span_text(self.start, self.end)
        yield from (("reason", clean(reason)) for reason in self.reasons)


@attrs.frozen(kw_only=True)
class Account:
    """Where the time of a period went, nanoseconds: ``total = up + down + excluded + ignored``.

    Parameters
    ----------
    total
        All of the time.
    down
        Counted as down.
    excluded
        Taken out by exclusions.
    ignored
        Taken out because nobody looked.
    unobserved
        What nobody saw outside exclusions, whatever it counts as.
    lines, excluded_spans
        The spans, in order.
    """

    total: int
    down: int
    excluded: int
    ignored: int
    unobserved: int
    lines: tuple[Line, ...]
    excluded_spans: tuple[Excluded, ...]


_DOWN, _SHORT, _UNSEEN, _OUT = range(4)


def segments(layers: Sequence[Iterable[Span]]) -> Iterator[tuple[int, int, frozenset[int]]]:
    """Cut time into segments, in order: each with the layers that cover it, at least one.

    Parameters
    ----------
    layers
        Spans that do not overlap within a layer.

    Examples
    --------
    >>> [(a, b, sorted(on)) for a, b, on in segments([[(0, 4)], [(2, 6)]])]
    [(0, 2, [0]), (2, 4, [0, 1]), (4, 6, [1])]
    """
    # An end sorts before a start at the same instant, so that a layer whose spans touch stays on.
    edges = sorted(
        edge for k, spans in enumerate(layers) for start, end in spans for edge in ((start, 1, k), (end, 0, k))
    )
    on: set[int] = set()
    since = 0
    for at, turns in groupby(edges, key=itemgetter(0)):
        if on:
            yield since, at, frozenset(on)
        for _, begins, k in turns:
            if begins:
                on.add(k)
            else:
                on.discard(k)
        since = at


def account(
    held: Measured, exclusions: Sequence[tuple[str, Iterable[Span]]], start: int, end: int, missing: Missing
) -> Account:
    """Account for ``[start, end)``.

    Parameters
    ----------
    held
        What was measured.
    exclusions
        Those that apply, in words and as spans.
    start, end
        The period, or as much of it as is over.
    missing
        What unobserved time is.
    """
    names = ["excluded in the evidence", *(name for name, _ in exclusions)]
    layers = [held.down.within(start, end), held.short.within(start, end), held.unobserved.within(start, end)]
    layers.append(held.out.within(start, end))
    layers += [held.outward(spans) for _, spans in exclusions]
    sums = dict.fromkeys(("down", "excluded", "ignored", "unobserved"), 0)
    lines: list[Line] = []
    out: list[Excluded] = []
    for first, stop, on in segments(layers):
        reasons = tuple(dict.fromkeys(names[k - _OUT] for k in sorted(on) if k >= _OUT))
        if reasons:
            sums["excluded"] += stop - first
            out.append(Excluded(start=first, end=stop, reasons=reasons))
        elif _UNSEEN in on:
            sums["unobserved"] += stop - first
            if missing == "ignore":
                sums["ignored"] += stop - first
        if on & {_DOWN, _SHORT}:
            kind: LineKind = "excluded" if reasons else "too short" if _SHORT in on else "down"
            if kind == "down":
                sums["down"] += stop - first
                kind = "unobserved" if _UNSEEN in on else "down"
            lines.append(Line(start=first, end=stop, kind=kind, run=held.run_of(first), reasons=reasons))
    return Account(total=end - start, lines=tuple(lines), excluded_spans=tuple(out), **sums)
