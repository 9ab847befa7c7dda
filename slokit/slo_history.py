"""Definitions in time: an objective whose target or window changed, and evidence judged by what was in force.

A target that is raised in May does not rewrite April. Each bucket is judged by the definition that was in force while
it ran (at its end, where the change falls inside it), and that definition judges the whole window that ends there, also
where the window reaches back over the change. So a verdict once given stays: nothing that is defined later touches
it. The price is that a rolling window just behind a change looks at evidence of the time before it with new eyes; the
other choice, a window judged partly by each definition, has no target that it could be held against.

A bucket that ends just as a definition comes in belongs to the one before: the last minute of April is April's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, tzinfo
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, html_table, plural
from slokit.calendars import local_instants, local_text, zone, zone_name
from slokit.counts import Axis, Counts
from slokit.errors import InvalidSLO, OutOfTimeline, WrongType
from slokit.evaluation import Evaluation
from slokit.exclusions import Exclusion
from slokit.intervals import parse_edge
from slokit.rational import percent_text
from slokit.slo import SLO, settled
from slokit.status import Status, StatusTable
from slokit.timeline import DurationLike, InstantLike, Timeline, instant_text, parse_instant

__all__ = ["EvaluationHistory", "Piece", "SLOHistory"]

Since = InstantLike | date | int | None
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]


def _tz(value: str | tzinfo) -> str:
    return zone_name(value)


def _since(value: Since, tz: str, index: int) -> int | None:
    """Read when a definition comes in: an instant, or the first instant of a local date."""
    field = f"versions[{index}]"
    if value is None:
        return None
    if isinstance(value, str) and len(text := value.strip()) == len("2026-05-01"):
        try:
            value = date.fromisoformat(text)
        except ValueError:
            raise InvalidSLO(f"{field} must come in on a real date or at an instant, got {text!r}") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return int(local_instants(np.array([value], dtype="datetime64[D]"), time(), zone(tz))[0])
    return parse_edge(value, field, InvalidSLO)


def _pairs(value: Iterable[tuple[Since, SLO]]) -> tuple[tuple[Any, SLO], ...]:
    """Read pairs, without a look at what they hold."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise WrongType(f"versions must be pairs (since, slo), got {type(value).__name__}: {value!r:.100}")
    found: list[Any] = []
    for i, pair in enumerate(value):
        if isinstance(pair, str) or not isinstance(pair, Iterable) or len(held := tuple(pair)) != 2:
            raise WrongType(f"versions[{i}] must be a pair (since, slo), got {pair!r:.100}")
        found.append(held)
    return tuple(found)


@attrs.frozen(repr=False)
class SLOHistory:
    """The definitions of one objective, each in force until the next comes in.

    Parameters
    ----------
    versions
        Pairs of when a definition comes in, and the definition, in the order of time; the first comes in at None: it
        was always so. When is a local date such as ``"2026-05-01"``, its first instant in ``tz``, or an instant; kept
        as nanoseconds since the epoch.
    tz
        The zone that dates are read in.

    Raises
    ------
    InvalidSLO
        If there is no definition, they are out of order or have different names, or the first does not come in at None.
    WrongType
        If one is no :class:`~slokit.SLO`.

    Examples
    --------
    >>> from slokit import SLI
    >>> loose = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d")
    >>> tight = attrs.evolve(loose, target="99.9%")
    >>> history = SLOHistory([(None, loose), ("2026-05-01", tight)])
    >>> history
    SLOHistory('checkout': 99%, from 2026-05-01 00:00+00:00 99.9%)
    >>> percent_text(history.at("2026-04-30T23:59Z").target), percent_text(history.at("2026-05-01T00:00Z").target)
    ('99%', '99.9%')
    """

    versions: tuple[tuple[int | None, SLO], ...] = attrs.field(converter=_pairs)
    tz: str = attrs.field(default="UTC", converter=_tz, kw_only=True)

    def __attrs_post_init__(self) -> None:
        held = tuple((_since(when, self.tz, i), slo) for i, (when, slo) in enumerate(self.versions))
        object.__setattr__(self, "versions", held)
        if not held:
            raise InvalidSLO("versions must hold a definition, such as [(None, slo)]")
        if held[0][0] is not None:
            raise InvalidSLO(
                f"versions[0] must come in at None, got {instant_text(held[0][0])}: some definition must judge what "
                "was before; cut the evidence with counts.between(start) where nothing should"
            )
        for i, (when, slo) in enumerate(held):
            if not isinstance(slo, SLO):
                raise WrongType(f"versions[{i}] must hold an SLO, got {type(slo).__name__}: {slo!r:.100}")
            if slo.name != held[0][1].name:
                raise InvalidSLO(
                    f"versions[{i}] must have the name of the first, {held[0][1].name!r:.100}, got {slo.name!r:.100}"
                )
            before = held[i - 1][0] if i else None
            if i and (when is None or (before is not None and when <= before)):
                raise InvalidSLO(f"versions[{i}] must come in after the one before it; list them in the order of time")

    @property
    def name(self) -> str:
        """What people call the objective."""
        return self.versions[0][1].name

    @property
    def current(self) -> SLO:
        """The definition that came in last."""
        return self.versions[-1][1]

    def at(self, when: InstantLike) -> SLO:
        """Return the definition that is in force at an instant: from the instant on at which it comes in."""
        instant = parse_instant(when, "when")
        return next(slo for since, slo in reversed(self.versions) if since is None or since <= instant)

    def evaluate(
        self, counts: Counts, exclusions: Exclusion | Iterable[Exclusion] = (), *, settle: DurationLike = "0s"
    ) -> EvaluationHistory:
        """Hold each definition against the evidence of its time.

        Parameters
        ----------
        counts, exclusions, settle
            As for :meth:`slokit.SLO.evaluate`; each definition sees all evidence before the end of its time.

        Raises
        ------
        SlokitError
            As for :meth:`slokit.SLO.evaluate`.

        Examples
        --------
        >>> from slokit import SLI
        >>> loose = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="1h")
        >>> history = SLOHistory([(None, loose), ("2026-05-01", attrs.evolve(loose, target="99%"))])
        >>> counts = Counts.from_buckets(start="2026-04-30T22:00Z", step="1h", good=[95] * 4, bad=[5] * 4)
        >>> history.evaluate(counts).met
        array([ True,  True, False, False])
        """
        if not isinstance(counts, Counts):
            raise WrongType(f"counts must be Counts, got {type(counts).__name__}; Counts.from_events(…) makes them")
        evidence = settled(counts.exclude(exclusions), settle)
        pieces = []
        for (since, slo), (until, _) in zip(self.versions, (*self.versions[1:], (None, None)), strict=True):
            timeline = evidence.timeline
            if timeline.size and (
                (since is not None and since >= timeline.end) or (until is not None and until <= timeline.start)
            ):
                # It judges none of this evidence, which need not fit it.
                continue
            seen = evidence
            if until is not None and until < timeline.end:
                # The bucket that a change falls inside is judged by what is in force at its end.
                seen = evidence.between(end=np.datetime64(max(timeline.floor(until), timeline.start), "ns"))
            evaluation = slo.evaluate(seen)
            first = 0 if since is None else max(evaluation.timeline.edge_index(since), 0)
            stop = evaluation.timeline.size
            if until is not None and stop:
                # A slice may reach beyond the change: then the next definition judges that time.
                stop = min(stop, max(evaluation.timeline.edge_index(until), 0))
            if first < stop:
                pieces.append(Piece(slo, evaluation, first, stop))
        if not pieces:
            # Nothing to judge, and something that says so.
            pieces.append(Piece(self.current, self.current.evaluate(evidence), 0, 0))
        return EvaluationHistory(self, tuple(pieces))

    def _facts(self) -> Iterator[tuple[str, str]]:
        for since, slo in self.versions:
            when = "at first" if since is None else f"from {local_text(since, zone(self.tz))}"
            yield when, f"{percent_text(slo.target)} over {slo.window}"

    def __repr__(self) -> str:
        shown = [percent_text(self.versions[0][1].target)]
        shown += [
            f"from {local_text(since, zone(self.tz))} {percent_text(slo.target)}"
            for since, slo in self.versions[1:4]
            if since is not None
        ]
        more = [f"… {plural(len(self.versions), 'definition')}"] * (len(self.versions) > 4)
        return f"SLOHistory({clean(self.name, 60)!r}: {', '.join([*shown, *more])})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from self._facts()

    def _repr_html_(self) -> str:
        return html_table(self._facts(), caption=f"SLO {self.name} in time")


@attrs.frozen(eq=False)
class Piece(Shown):
    """What one definition judges.

    Parameters
    ----------
    slo
        The definition.
    evaluation
        It, held against all evidence up to the end of its time; its last status is its last word.
    first, stop
        The buckets of ``evaluation.timeline`` that are its to judge.
    """

    slo: SLO
    evaluation: Evaluation
    first: int
    stop: int

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Piece):
            return NotImplemented
        return (self.first, self.stop, self.evaluation) == (other.first, other.stop, other.evaluation)

    @property
    def timeline(self) -> Timeline:
        """The buckets that it judges."""
        return self.evaluation.timeline.cut(self.first, self.stop)

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "slo", repr(self.slo)
        yield "timeline", repr(self.timeline)

    def __repr__(self) -> str:
        return f"Piece({self.slo!r} on {self.timeline!r})"


@attrs.frozen(eq=False, repr=False)
class EvaluationHistory:
    """Evidence judged piece by piece: what :meth:`SLOHistory.evaluate` returns.

    Parameters
    ----------
    history
        The definitions.
    pieces
        What each that meets the evidence judges, in the order of time.
    """

    history: SLOHistory
    pieces: tuple[Piece, ...]

    __hash__: ClassVar[None]  # type: ignore[assignment]

    @property
    def timeline(self) -> Timeline:
        """The buckets of all pieces.

        Raises
        ------
        InvalidSLO
            If they do not follow each other on one grid, such as slices behind events; :attr:`pieces` has each.
        """
        whole = self.pieces[0].timeline
        for piece in self.pieces[1:]:
            own = piece.timeline
            if (own.step, own.start) != (whole.step, whole.end):
                raise InvalidSLO(
                    f"the pieces of {self.history.name!r:.100} must follow each other on one grid to be joined, got "
                    f"{whole!r} and {own!r}; look at pieces one by one"
                )
            whole = Timeline(whole.start, whole.step, whole.size + own.size)
        return whole

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The leading axes."""
        return self.pieces[0].evaluation.axes

    def joined(self, ask: Callable[[Evaluation], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Ask every piece for an array over time, and join the parts that are theirs.

        Parameters
        ----------
        ask
            From an evaluation to an array of shape ``(..., n)``, such as ``lambda ev: ev.burn_rate("1h")``.

        Raises
        ------
        InvalidSLO
            If the pieces have no common timeline.
        """
        self.timeline  # noqa: B018  refuses what cannot be joined
        return np.concatenate([ask(p.evaluation)[..., p.first : p.stop] for p in self.pieces], axis=-1)

    @property
    def sli(self) -> FloatArray:
        """Share of good events in the window, float64, shape ``(..., n)``; NaN without data."""
        return self.joined(lambda ev: ev.sli)

    @property
    def met(self) -> BoolArray:
        """Where the target in force was reached, bool."""
        return self.joined(lambda ev: ev.met)

    @property
    def missed(self) -> BoolArray:
        """Where it was missed, bool."""
        return self.joined(lambda ev: ev.missed)

    @property
    def has_data(self) -> BoolArray:
        """Where the window holds any event, bool."""
        return self.joined(lambda ev: ev.has_data)

    @property
    def remaining_ratio(self) -> FloatArray:
        """What is left of the error budget of the definition in force, float64; NaN without data."""
        return self.joined(lambda ev: ev.error_budget.remaining_ratio)

    def at(self, when: InstantLike | None = None) -> Status | Any:
        """Return the status at an instant, by the definition that was in force; over leading axes a table.

        It is typed as :meth:`slokit.Evaluation.at` is.

        Parameters
        ----------
        when
            As for :meth:`slokit.Evaluation.at`; by default the last bucket of all.

        Raises
        ------
        OutOfTimeline
            If no bucket is over yet, or the last was over a full step before.
        """
        piece, bucket = self._judge(when)
        return piece.evaluation.at(bucket)

    def statuses(self, when: InstantLike | None = None) -> StatusTable:
        """Return the statuses of all series, as :meth:`at` does; one series makes a table of one."""
        piece, bucket = self._judge(when)
        return piece.evaluation.statuses(bucket)

    def _judge(self, when: InstantLike | None) -> tuple[Piece, InstantLike | None]:
        """Return the piece whose bucket was the last to be over at an instant, and an instant to ask it about."""
        last = self.pieces[-1]
        if when is None:
            return last, None
        instant = parse_instant(when, "when")
        for piece in reversed(self.pieces):
            own = piece.timeline
            if own.size and own.start + own.step <= instant:
                # Before the next piece's first bucket is over, the last one of this piece is what is known.
                return piece, when if piece is last else np.datetime64(
                    own.start + own.step * min(own.edge_index(instant), own.size), "ns"
                )
        if not last.evaluation.timeline.size:
            return last, when
        raise OutOfTimeline(
            f"when must not be before the end of the first bucket, got {instant_text(instant)}; if nothing was "
            "measured before, say so with counts.extend(since=)"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EvaluationHistory):
            return NotImplemented
        return (self.history, self.pieces) == (other.history, other.pieces)

    def _facts(self) -> Iterator[tuple[str, str]]:
        for piece in self.pieces:
            target = percent_text(piece.slo.target)
            yield instant_text(piece.timeline.start), f"{plural(piece.timeline.size, 'bucket')} judged by {target}"

    def __repr__(self) -> str:
        facts = ", ".join(f"{when}: {text}" for when, text in self._facts())
        return f"EvaluationHistory of {clean(self.history.name, 60)!r}: {facts}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.history.name)
        yield from self._facts()

    def _repr_html_(self) -> str:
        return html_table(self._facts(), caption=f"Evaluation of {self.history.name} in time")
