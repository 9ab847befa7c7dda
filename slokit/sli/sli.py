"""SLI itself: a name, a rule, and one constructor a kind of rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import time, timedelta, tzinfo
from typing import Any, Literal, overload

import attrs
import numpy as np
import numpy.typing as npt

from slokit._arrays import listed, refuse_masked
from slokit._display import clean, html_table
from slokit.counts import Counts
from slokit.errors import InvalidEvents, InvalidSLI, OneSidedThreshold, UnknownLabel, WrongType, warn
from slokit.rational import RationalLike
from slokit.sli.http import Http, StatusRule
from slokit.sli.limits import BoolArray, flags
from slokit.sli.observed import AllOf, ObservedRule, Predicate, Ratio
from slokit.sli.streams import Stream
from slokit.sli.threshold import BoundLike, Threshold
from slokit.sli.timed import Deadline, Freshness, Gauge, TimedRule
from slokit.texts import check_text
from slokit.timeline import DurationLike, InstantLike, parse_duration, parse_instants

__all__ = ["SLI", "Rule"]

Rule = ObservedRule | TimedRule
"""What an indicator may judge by."""

_INSTEAD = {
    "weights": "which counts time or days, not events",
    "weight_unit": "which counts time or days, not events",
    "max_gap": "where stale_after, or the silence itself, says what was not seen",
}


@attrs.frozen(repr=False)
class SLI:
    """A service level indicator: a name, and a rule that says which observations are good.

    Made by the constructors below, one a kind. Indicators compare and hash by value (a predicate by
    its function), and are never changed.

    Parameters
    ----------
    name
        1 to 200 characters, none of them a control character.
    rule
        One of the rules of this package.

    Raises
    ------
    InvalidSLI
        If the name is empty, too long, or holds control characters.

    Examples
    --------
    >>> latency = SLI.threshold("checkout latency", lt="200ms")
    >>> latency
    SLI.threshold('checkout latency', lt=0.2, unit='s')
    >>> latency.is_good([0.12, 0.2, 1.7])
    array([ True, False, False])
    """

    name: str = attrs.field()
    rule: Rule = attrs.field()

    @name.validator
    def _check_name(self, _: object, value: object) -> None:
        check_text("name", value, InvalidSLI)

    @rule.validator
    def _check_rule(self, _: object, value: object) -> None:
        if not isinstance(value, Rule):
            raise WrongType(
                f"rule must be one of slokit.sli's rules, got {type(value).__name__}: {value!r}; "
                "use SLI.ratio(name), SLI.threshold(name, lt=…) and so on"
            )

    @classmethod
    def ratio(cls, name: str) -> SLI:
        """Make an indicator for observations that carry their verdict: booleans, or integers 0 and 1, nothing else.

        Examples
        --------
        >>> SLI.ratio("checkout availability").is_good([1, 1, 0])
        array([ True,  True, False])
        """
        return cls(name, Ratio())

    @classmethod
    def threshold(
        cls,
        name: str,
        *,
        lt: BoundLike | None = None,
        lte: BoundLike | None = None,
        gt: BoundLike | None = None,
        gte: BoundLike | None = None,
        between: tuple[BoundLike, BoundLike] | None = None,
        unit: str | None = None,
    ) -> SLI:
        """Make an indicator for numbers that are good on one side of a bound, or between two.

        This is also how percentiles are promised: "p99 below 200 ms in 99.9% of minutes" is this threshold at 200
        ms, ``Timeslices("1m", target=0.99)`` and a target of 99.9%. By nearest rank, the 99th percentile of a
        minute is within the bound exactly if 99% of its values are; no sketch is needed.

        Parameters
        ----------
        name
            What reports call it.
        lt, lte, gt, gte
            Exactly one comparison: good below, up to, above, from the bound. A number, its text, or a length of time
            such as ``"200ms"``. Kept as an exact decimal: see :mod:`slokit.sli.limits` for how values meet it.
        between
            ``(low, high)``: good from ``low`` to ``high``, both included.
        unit
            What the *values* count, such as ``"s"``, ``"ms"`` or ``"items"``; plain bounds count the same. Bounds that
            are lengths of time are brought into it. Where they are and no unit is given, values are seconds.

        Raises
        ------
        InvalidSLI
            If not exactly one comparison is given, ``between`` does not rise, or the units do not fit.
        InvalidNumber
            If a bound is no finite number.

        Examples
        --------
        >>> SLI.threshold("checkout latency", lt="200ms", unit="ms").is_good(187)
        True
        >>> SLI.threshold("room temperature", between=("19.5", 23), unit="°C").is_good([19.5, 23.1])
        array([ True, False])
        """
        return cls(name, Threshold.of(lt=lt, lte=lte, gt=gt, gte=gte, between=between, unit=unit))

    @classmethod
    def http(cls, name: str, *, latency: BoundLike | None = None, bad: str | StatusRule = ">=500") -> SLI:
        """Make an indicator for requests: good where the status is no bad one and, with ``latency``, it was quick.

        Values are a mapping with ``"status"`` and, with ``latency``, ``"seconds"``; where only the status counts they
        may be the statuses themselves. The seconds of a bad status may be anything, NaN included: a failure is bad
        however quick it came. The middleware of :mod:`slokit.live.web` tells such an indicator both.

        Parameters
        ----------
        name
            What reports call it.
        latency
            How long an answer may take and be good: below that. A number of seconds, or a length of time such as
            ``"200ms"``; None where only the status counts.
        bad
            Which statuses are bad: comparisons, ranges and single ones, such as ``">=500"`` or ``"500-599,429"``; see
            :class:`~slokit.sli.StatusRule`.

        Raises
        ------
        InvalidSLI
            If a part of ``bad`` cannot be read or names no status, or the latency is not above zero.

        Examples
        --------
        >>> usable = SLI.http("checkout", latency="200ms", bad=">=500")
        >>> usable.is_good({"status": [200, 404, 503, 200], "seconds": [0.12, 0.03, 0.01, 1.7]})
        array([ True,  True, False, False])
        >>> SLI.http("checkout availability", bad="500-599,429").is_good([200, 429])
        array([ True, False])
        """
        return cls(name, Http.of(latency=latency, bad=bad))

    @classmethod
    def all_of(cls, name: str, *parts: SLI) -> SLI:
        """Make an indicator for observations that are good only where each part finds them good.

        Values are a mapping from the part's name to its values. A request both answered and quick enough is one
        observation here; two objectives of their own would not say how often both held at once.

        Parameters
        ----------
        name
            What reports call it.
        parts
            Indicators that judge single observations, with different names; all_of may be nested.

        Raises
        ------
        InvalidSLI
            If there is no part, two share a name, or one lives in time.

        Examples
        --------
        >>> usable = SLI.all_of("usable", SLI.threshold("latency", lt="200ms"), SLI.ratio("ok"))
        >>> usable.is_good({"latency": [0.1, 0.1, 0.9], "ok": [True, False, True]})
        array([ True, False, False])
        """
        return cls(name, AllOf(parts))

    @classmethod
    def predicate(cls, name: str, function: Callable[[Any], Any]) -> SLI:
        """Make an indicator that asks a function.

        Parameters
        ----------
        name
            What reports call it.
        function
            Takes an array of values (or a mapping of arrays) and returns booleans, one a value, in one call. Being
            code, it cannot be written down as data: files of definitions refuse it.

        Examples
        --------
        >>> def answered(status):
        ...     return status < 500
        >>> SLI.predicate("answered", answered).is_good([200, 404, 503])
        array([ True,  True, False])
        """
        return cls(name, Predicate(function))

    @classmethod
    def gauge(
        cls,
        name: str,
        *,
        stale_after: DurationLike,
        lt: BoundLike | None = None,
        lte: BoundLike | None = None,
        gt: BoundLike | None = None,
        gte: BoundLike | None = None,
        between: tuple[BoundLike, BoundLike] | None = None,
        unit: str | None = None,
    ) -> SLI:
        """Make an indicator for a state that is sampled: it is good for as long as it is within its bounds.

        A sample stands until the next one, but not longer than ``stale_after``; time without a standing sample is in
        no count. So a burst of samples weighs no more than the time that it took.

        Parameters
        ----------
        name
            What reports call it.
        stale_after
            How long a sample may stand; whole microseconds.
        lt, lte, gt, gte, between, unit
            As for :meth:`threshold`.

        Examples
        --------
        >>> lag = SLI.gauge("queue lag", lte=1000, stale_after="2m")
        >>> counts = lag.count([0, 90], [40, 2500], step="1m", time_unit="s")
        >>> counts.good.tolist(), counts.bad.tolist()
        ([60000000, 30000000], [0, 30000000])
        """
        threshold = Threshold.of(lt=lt, lte=lte, gt=gt, gte=gte, between=between, unit=unit)
        return cls(name, Gauge(threshold, parse_duration(stale_after, "stale_after")))

    @classmethod
    def freshness(cls, name: str, within: DurationLike) -> SLI:
        """Make an indicator for what a job keeps fresh: good while the last success is at most ``within`` old.

        The age is a ramp: it grows until the next success, so a job that died turns bad, as long as
        :meth:`count` is told that time went on (``end=``). Before the first success nothing is counted.

        Parameters
        ----------
        name
            What reports call it.
        within
            The greatest good age; whole microseconds.

        Examples
        --------
        >>> fresh = SLI.freshness("orders mart", within="30m")
        >>> counts = fresh.count([0], step="1h", time_unit="s", end="1970-01-01T02:00Z")
        >>> counts.good.tolist(), counts.total.tolist()
        ([1800000000, 0], [3600000000, 3600000000])
        """
        return cls(name, Freshness(parse_duration(within, "within")))

    @classmethod
    def deadline(
        cls,
        name: str,
        *,
        by: str | time,
        days: str | Iterable[str] = "daily",
        tz: str | tzinfo,
        lead: DurationLike | None = None,
    ) -> SLI:
        """Make an indicator for a job that must have run by a wall-clock time; no run by then is bad.

        Each due day is one event, in the bucket that holds the deadline. A run counts from the day's local midnight
        (or from ``lead`` before the deadline) up to the deadline itself.

        Parameters
        ----------
        name
            What reports call it.
        by
            Local time of day, such as ``"07:00"``.
        days
            Days of the week, such as ``"Mon-Fri"`` or ``"Sat,Sun"``; ``"daily"`` is the default.
        tz
            Zone of ``by`` and ``days``, such as ``"Asia/Kolkata"``; daylight saving is kept right.
        lead
            How long before the deadline a run may happen; the default is since midnight.

        Examples
        --------
        >>> ready = SLI.deadline("finance mart", by="07:00", days="Mon-Fri", tz="Asia/Kolkata")
        >>> runs = ["2026-01-05T01:00Z", "2026-01-06T02:00Z"]  # 06:30 and 07:30 in Kolkata
        >>> counts = ready.count(runs, step="1d", start="2026-01-05T00:00Z", end="2026-01-08T00:00Z")
        >>> counts.good.tolist(), counts.total.tolist()
        ([1, 0, 0], [1, 1, 1])
        """
        return cls(name, Deadline(by, days, tz, None if lead is None else parse_duration(lead, "lead")))

    @property
    def kind(self) -> str:
        """The constructor's name: ``"ratio"``, ``"threshold"``, and so on."""
        return self.rule.kind

    @property
    def is_timed(self) -> bool:
        """Whether the rule lives in time (gauge, freshness, deadline) instead of judging single observations."""
        return isinstance(self.rule, TimedRule)

    @property
    def counts_unit(self) -> Literal["events", "us", "deadlines"]:
        """What one unit of good, bad and total is: an event, a microsecond or a deadline.

        Examples
        --------
        >>> SLI.ratio("up").counts_unit, SLI.freshness("orders mart", within="30m").counts_unit
        ('events', 'us')
        """
        return self.rule.counts_unit

    @property
    def parts(self) -> tuple[SLI, ...]:
        """The parts of an all_of; empty for any other kind."""
        return self.rule.parts if isinstance(self.rule, AllOf) else ()

    def part(self, name: str) -> SLI:
        """Return the part of an all_of that has a name.

        Raises
        ------
        UnknownLabel
            If there is none; the message lists the names.
        """
        if not isinstance(self.rule, AllOf):
            raise UnknownLabel(f"{self.name!r} has no parts: it is a {self.kind}")
        return self.rule.part(name)

    @overload
    def is_good(self, values: float | timedelta) -> bool: ...

    @overload
    def is_good(self, values: npt.NDArray[Any] | Sequence[Any]) -> BoolArray: ...

    @overload
    def is_good(self, values: Any) -> Any: ...

    def is_good(self, values: Any) -> Any:
        """Say which observations are good.

        Parameters
        ----------
        values
            One observation, or an array of them of any shape; for all_of and http a mapping to either. For a gauge
            the samples; freshness and deadline judge instants, and have nothing to say here.

        Returns
        -------
        bool or ndarray of bool
            A bool for one observation, else an array of the shape given.

        Raises
        ------
        InvalidEvents
            If a value is not finite, or values do not fit each other; the message gives the index.
        WrongType
            If values are of a kind that the rule cannot judge.

        Examples
        --------
        >>> SLI.threshold("latency", lt="200ms").is_good(0.12)
        True
        """
        return self.rule.judge(values, None, "values")

    def count(
        self,
        timestamps: Any,
        values: Any = None,
        *,
        step: DurationLike,
        time_unit: str | None = None,
        valid: npt.ArrayLike | None = None,
        by: Mapping[str, Any] | None = None,
        weights: npt.ArrayLike | None = None,
        weight_unit: RationalLike | None = None,
        start: InstantLike | None = None,
        end: InstantLike | None = None,
        max_gap: DurationLike | None = None,
        threads: int = 1,
    ) -> Counts:
        """Count observations into buckets.

        Parameters
        ----------
        timestamps
            When each observation was made, shape ``(k,)``, in any order: datetime64, aware datetimes, or integers
            with ``time_unit``.
        values
            What was observed, shape ``(k,)``; a mapping from part to values for all_of, and from ``"status"`` and
            ``"seconds"`` for http. Freshness and deadline need
            none; given, they say which runs were successes (booleans, or 0 and 1).
        step
            Length of a bucket.
        time_unit
            What integer timestamps count: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``. Not the unit of the values.
        valid
            Which observations count at all, booleans, shape ``(k,)``. The values of the others may be anything, NaN
            included. For the kinds that live in time they were never made.
        by
            What to tell series apart by, such as ``{"queue": names}``; one axis a key.
        weights, weight_unit
            What an event weighs, and the unit that weights are whole multiples of. Not for kinds that live in time.
        start, end
            Where the evidence starts and ends. Events: edges of buckets, as :meth:`slokit.counts.Counts.from_events`
            takes them. Kinds that live in time: ``start`` is the first edge, earlier observations say what state it
            began in; ``end`` may be any instant, normally now, and is what turns silence into evidence.
        max_gap
            A silence longer than this was not observed. Not for kinds that live in time: a gauge has
            ``stale_after``, and to the others silence is bad.
        threads
            How many share the counting of events; worth it from some millions.

        Returns
        -------
        Counts
            In units of :attr:`counts_unit`.

        Raises
        ------
        InvalidEvents, WrongType, InvalidInstant
            If observations cannot be counted; the message names the argument and the index.
        InvalidTimeline
            If ``start``, ``end`` and ``step`` do not fit.

        Warns
        -----
        OneSidedThreshold
            If a hundred values or more all lie suspiciously on one side of a threshold, as milliseconds do in an
            indicator in seconds.

        Examples
        --------
        >>> latency = SLI.threshold("checkout latency", lt="200ms")
        >>> latency.count([5, 65, 70], [0.1, 0.3, 0.1], step="1m", time_unit="s").bad.tolist()
        [0, 1]
        """
        rule = self.rule
        if isinstance(rule, TimedRule):
            for field, given in (("weights", weights), ("weight_unit", weight_unit), ("max_gap", max_gap)):
                if given is not None:
                    raise InvalidEvents(f"{field} does not apply to a {rule.kind}, {_INSTEAD[field]}")
        # An iterator gives its values once, and a rule looks at them twice.
        values = {name: listed(v) for name, v in values.items()} if isinstance(values, Mapping) else listed(values)
        where = None if valid is None else flags(valid, "valid")
        good = None if values is None and not isinstance(rule, Gauge) else rule.judge(values, where, "values")
        if isinstance(good, bool):
            raise WrongType("values must be one for each timestamp, got a single one")
        for doubt in rule.doubts(values, where, "values") if good is not None else ():
            warn(f"{self.name}: {doubt}", OneSidedThreshold)
        if isinstance(rule, TimedRule):
            refuse_masked(timestamps, "timestamps", "drop such rows first, as in timestamps[~mask]")
            # A column of a data frame is an array before it is a sequence of its library's own instants.
            column = np.asarray(timestamps) if hasattr(timestamps, "__array__") else timestamps
            instants = parse_instants(column, unit=time_unit)
            return rule.tally(Stream.of(instants, good, where, by, step=step, start=start, end=end))
        if good is None:
            raise WrongType(f"values must be given: a {rule.kind} judges them")
        return Counts.from_events(
            timestamps,
            good,
            step=step,
            unit=time_unit,
            valid=where,
            by=by,
            weights=weights,
            weight_unit=weight_unit,
            start=start,
            end=end,
            max_gap=max_gap,
            threads=threads,
        )

    def __str__(self) -> str:
        return f"{clean(self.name)}: {clean(self.rule.in_words(), 1000)}"

    def __repr__(self) -> str:
        return f"SLI.{self.kind}({', '.join([repr(self.name), *self.rule.arguments()])})"

    def __rich_repr__(self) -> Iterator[Any]:
        yield self.name
        yield "good", self.rule.in_words()
        yield "counts", self.counts_unit

    def _repr_html_(self) -> str:
        rows = [("kind", self.kind), ("good", clean(self.rule.in_words(), 1000)), ("counts", self.counts_unit)]
        return html_table(rows, caption=f"SLI {self.name}")
