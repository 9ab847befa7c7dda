"""The objective: a promise about an indicator, and what it makes of evidence.

``SLO.evaluate`` is the one way from evidence to verdicts, for a monitor inside a service as for years of history:
exclude, let late data settle, judge slices if the method has them, fill what is missing, and hand the sums over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from slokit._arrays import array_of
from slokit._display import clean, html_table
from slokit._kernels.sums import PrefixSums
from slokit.budgeting import Budgeting, Occurrences, RatioTimeslices, Timeslices, judged, slice_worth
from slokit.counts import Counts
from slokit.counts.axes import axis_index
from slokit.counts.parts import uniform
from slokit.errors import InvalidSLO, LabelWithoutCounts, MuchExcluded, WrongType, warn
from slokit.evaluation import Evaluation
from slokit.evaluation.sums import WindowedSums
from slokit.exclusions import Exclusion
from slokit.missing import Missing, MissingEvents, check_missing, filled
from slokit.rational import RationalLike, parse_target, percent_text
from slokit.rationale import Rationale
from slokit.sli import SLI
from slokit.texts import check_text
from slokit.timeline import DurationLike, parse_duration
from slokit.windows import CalendarWindow, RollingWindow, Window, parse_window

__all__ = ["SLO", "OwnTargets", "settled"]

_MUCH = Fraction(1, 20)
_MAX_REMARK = 1_000


def _own(targets: Iterable[tuple[str, RationalLike]]) -> tuple[tuple[str, Fraction], ...]:
    """Read pairs of a label and its target, sorted."""
    held = list(targets)
    for label, _ in held:
        if not isinstance(label, str):
            raise WrongType(f"a label of target must be text, got {type(label).__name__}: {label!r:.100}")
    return tuple(sorted((label, parse_target(value, f"target[{label!r:.100}]")) for label, value in held))


@attrs.frozen
class OwnTargets:
    """Targets that some series of an axis have for themselves; the others have the objective's.

    Parameters
    ----------
    axis
        The axis they are told apart by.
    targets
        Pairs of a label and its target; kept sorted.

    Raises
    ------
    InvalidTarget
        If a target is out of range.
    WrongType
        If a label is no text.

    Examples
    --------
    >>> OwnTargets("tenant", (("globex", "99%"), ("acme", "99.95%")))
    OwnTargets(axis='tenant', targets=(('acme', Fraction(1999, 2000)), ('globex', Fraction(99, 100))))
    """

    axis: str
    targets: tuple[tuple[str, Fraction], ...] = attrs.field(converter=_own)

    def __attrs_post_init__(self) -> None:
        check_text("axis", self.axis, InvalidSLO)


def _target(value: RationalLike) -> Fraction:
    return parse_target(value, "target")


def _window(value: DurationLike | Window) -> Window:
    return parse_window(value, "window")


def _reasons(value: Rationale | Iterable[Rationale]) -> tuple[Rationale, ...]:
    """Read one reason or several."""
    held = (value,) if isinstance(value, Rationale) else tuple(value) if isinstance(value, Iterable) else (value,)
    for i, reason in enumerate(held):
        if not isinstance(reason, Rationale):
            raise WrongType(f"rationale[{i}] must be a Rationale, got {type(reason).__name__}: {reason!r:.100}")
    return held


@attrs.frozen(repr=False)
class SLO:
    """A service level objective: at least ``target`` of the valid events good over ``window``.

    Parameters
    ----------
    name
        What people call it.
    sli
        The indicator that says which events are good.
    target
        ``"99.9%"``, ``0.999``, ``Decimal`` or ``Fraction``; at least 0 and below 1. Read as a decimal, kept exactly.
    window
        A duration for a rolling window, or a :class:`~slokit.CalendarWindow`.
    budgeting
        What counts as one event: :class:`~slokit.Occurrences`, :class:`~slokit.Timeslices` or
        :class:`~slokit.RatioTimeslices`.
    missing
        What unobserved buckets become, after exclusions: ``"ignore"``, ``"good"``, ``"bad"``, or ``"repeat"`` for the
        good and bad of the last bucket that was observed.
    missing_events
        With occurrences and ``"good"`` or ``"bad"``: how many events a missing bucket stands for, or ``"last"`` for as
        many as the last observed bucket had. A missing slice is one slice.
    service, owner, description
        Records for people.
    enforced
        False for an aspiration: judged like any other, and it freezes nothing.
    own_targets
        See :meth:`per`.
    rationale
        Why the target is what it is: a record for people, see :class:`~slokit.Rationale`.

    Raises
    ------
    InvalidTarget
        If the target is out of range; 99.9 is asked back as "99.9%" or 0.999.
    InvalidSLO
        If two fields contradict each other.
    WrongType
        If a field is of another type.

    Examples
    --------
    >>> slo = SLO("checkout", sli=SLI.ratio("availability"), target="99.9%", window="30d")
    >>> slo
    SLO('checkout': 99.9% of availability over 30d rolling)
    >>> slo.target, slo.error_budget_duration
    (Fraction(999, 1000), datetime.timedelta(seconds=2592))
    """

    name: str
    sli: SLI = attrs.field(kw_only=True)
    target: Fraction = attrs.field(kw_only=True, converter=_target)
    window: Window = attrs.field(kw_only=True, converter=_window)
    budgeting: Budgeting = attrs.field(kw_only=True, factory=Occurrences)
    missing: Missing = attrs.field(kw_only=True, default="ignore")
    missing_events: MissingEvents = attrs.field(kw_only=True, default=None)
    service: str | None = attrs.field(kw_only=True, default=None)
    owner: str | None = attrs.field(kw_only=True, default=None)
    description: str | None = attrs.field(kw_only=True, default=None)
    enforced: bool = attrs.field(kw_only=True, default=True)
    own_targets: OwnTargets | None = attrs.field(kw_only=True, default=None)
    rationale: tuple[Rationale, ...] = attrs.field(kw_only=True, default=(), converter=_reasons)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidSLO)
        for field in ("service", "owner", "description"):
            if (text := getattr(self, field)) is not None:
                check_text(field, text, InvalidSLO, least=0, most=_MAX_REMARK, lines=field == "description")
        if not isinstance(self.sli, SLI):
            raise WrongType(f"sli must be an SLI, such as SLI.ratio(…), got {type(self.sli).__name__}: {self.sli!r}")
        if not isinstance(self.budgeting, Budgeting):
            raise WrongType(
                f"budgeting must be Occurrences(), Timeslices(…) or RatioTimeslices(…), got {self.budgeting!r}"
            )
        if self.own_targets is not None and not isinstance(self.own_targets, OwnTargets):
            raise WrongType(f"own_targets must be OwnTargets, as per() makes them, got {self.own_targets!r:.100}")
        if not isinstance(self.enforced, bool):
            raise WrongType(f"enforced must be a bool, got {type(self.enforced).__name__}: {self.enforced!r}")
        check_missing(self.missing, self.missing_events, slices=slice_worth(self.budgeting) is not None)
        if isinstance(self.budgeting, Timeslices | RatioTimeslices) and isinstance(self.window, RollingWindow):
            self.window.buckets(self.budgeting.slice)

    @property
    def error_budget_duration(self) -> timedelta | None:
        """How long a full outage at average traffic takes to spend the budget, ``(1 - target)`` of the window.

        None for calendar windows, whose periods have no one length; ``window.period(when)`` has each.
        """
        if isinstance(self.window, CalendarWindow):
            return None
        return timedelta(microseconds=int((1 - self.target) * self.window.duration / 1000))

    def per(self, axis: str, *, target: Mapping[str, RationalLike]) -> SLO:
        """Return this objective with targets of their own for some labels along an axis.

        Parameters
        ----------
        axis
            Name of a leading axis of the counts that will be evaluated.
        target
            Targets by label; labels that are not named keep the objective's.

        Examples
        --------
        >>> slo = SLO("checkout", sli=SLI.ratio("availability"), target="99.9%", window="30d")
        >>> slo.per("tenant", target={"acme": "99.95%"}).own_targets
        OwnTargets(axis='tenant', targets=(('acme', Fraction(1999, 2000)),))
        """
        if not isinstance(target, Mapping):
            raise WrongType(f"target must map labels to targets, got {type(target).__name__}: {target!r}")
        if self.own_targets is not None and self.own_targets.axis != axis:
            raise InvalidSLO(
                f"targets of their own must lie along one axis, got {self.own_targets.axis!r} and {axis!r}; "
                "make one axis of both labels"
            )
        return attrs.evolve(self, own_targets=OwnTargets(axis, tuple(target.items())))

    def evaluate(
        self,
        counts: Counts,
        exclusions: Exclusion | Iterable[Exclusion] = (),
        *,
        settle: DurationLike = "0s",
        expected_total: int | npt.ArrayLike | None = None,
    ) -> Evaluation:
        """Hold the objective against evidence.

        Parameters
        ----------
        counts
            The evidence, with any leading axes.
        exclusions
            Spans whose events do not count; the same as evaluating ``counts.exclude(exclusions)``.
        settle
            Buckets that ended less than this before the end of the evidence are not judged yet: late data has its
            time.
        expected_total
            For calendar windows with occurrences: how many events the running period is expected to hold, one number
            or one a series. By default the total of the period before, where the evidence holds all of it.

        Raises
        ------
        InvalidWindow
            If the window is no whole number of buckets, or a period begins inside one; the message names a step.
        InvalidSLO
            If ``expected_total`` is given where nothing is expected.
        UnknownLabel
            If targets were given per label of an axis that the counts do not have.

        Warns
        -----
        MuchExcluded
            If more than 5% of a window was excluded.
        """
        if not isinstance(counts, Counts):
            raise WrongType(f"counts must be Counts, got {type(counts).__name__}; Counts.from_events(…) makes them")
        evidence = judged(settled(counts.exclude(exclusions), settle), self.budgeting)
        bad, total = filled(evidence, self.missing, self._missing_weight)
        seen = evidence.observed
        if uniform(seen) is not None:
            # One row says it for all series.
            seen = seen[(0,) * (seen.ndim - 1)]
        sums = WindowedSums(
            timeline=evidence.timeline,
            axes=evidence.axes,
            bad=PrefixSums.of(bad),
            total=PrefixSums.of(total),
            observed=PrefixSums.of(seen.astype(np.int64)),
            excluded=evidence.excluded,
            targets=self._targets(counts),
            grid=self.window.grid(evidence.timeline),
            nominal=self.window.nominal,
            slice_worth=slice_worth(self.budgeting),
            expected=self._expected(expected_total, evidence.shape[:-1]),
        )
        self._warn_if_much_excluded(sums)
        return Evaluation(self, self._unit, sums)

    @property
    def _unit(self) -> str:
        match self.budgeting:
            case Timeslices():
                return "slices"
            case RatioTimeslices():
                return "1e-9 slices"
            case _:
                return self.sli.counts_unit

    @property
    def _missing_weight(self) -> MissingEvents:
        return slice_worth(self.budgeting) or self.missing_events

    def _targets(self, counts: Counts) -> npt.NDArray[Any]:
        """Return one target for all series, or each series' own, as an object array of Fractions."""
        if self.own_targets is None:
            return np.array(self.target, dtype=object)
        at = axis_index(counts.axes, self.own_targets.axis)
        labels = counts.axes[at].labels
        own = dict(self.own_targets.targets)
        if absent := [label for label in own if label not in labels]:
            warn(
                f"targets were given to {', '.join(map(repr, absent[:5]))} of axis {self.own_targets.axis!r}, which "
                "the counts do not have; is a label misspelt?",
                LabelWithoutCounts,
            )
        row = np.empty(len(labels), dtype=object)
        row[:] = [own.get(label, self.target) for label in labels]
        lead = counts.shape[:-1]
        return np.array(np.broadcast_to(row.reshape((-1,) + (1,) * (len(lead) - at - 1)), lead))

    def _expected(self, expected: int | npt.ArrayLike | None, lead: tuple[int, ...]) -> npt.NDArray[Any] | None:
        """Read what the caller expects of a period, one number or one a series."""
        if expected is None:
            return None
        if not isinstance(self.window, CalendarWindow) or slice_worth(self.budgeting) is not None:
            raise InvalidSLO(
                "expected_total must be given for a calendar window with Occurrences only: a rolling window is always "
                "full, and a period's slices are known"
            )
        array = array_of(expected, "expected_total", "fill it with a number for each series", InvalidSLO)
        if array.dtype == object and all(type(total) is int for total in array.flat):
            raise InvalidSLO("expected_total must be below 2**63")
        if array.dtype.kind not in "iu" or array.shape not in ((), lead):
            raise WrongType(
                f"expected_total must be an integer, or one a series (shape {lead}), got dtype {array.dtype} and shape "
                f"{array.shape}"
            )
        if array.size and int(array.min()) < 0:
            raise InvalidSLO(f"expected_total must not be negative, got {int(array.min())}")
        return array.astype(object) if array.ndim else np.array(int(array), dtype=object)

    def _warn_if_much_excluded(self, sums: WindowedSums) -> None:
        if not sums.excluded.any():
            return
        taken = PrefixSums.of(sums.excluded.astype(np.int64)).window_ints(sums.window)
        held = sums.grid.held(np.arange(sums.timeline.size))
        if np.any(taken * _MUCH.denominator > held * _MUCH.numerator):
            warn(
                f"exclusions take {float((taken / held).max()):.1%} out of a window of {self.name!r}; above 5% say "
                "what the figures are with and without them",
                MuchExcluded,
            )

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "indicator", repr(self.sli)
        yield "target", percent_text(self.target)
        if self.own_targets is not None:
            for label, target in self.own_targets.targets:
                yield f"{self.own_targets.axis} {label}", percent_text(target)
        yield "window", str(self.window)
        if not isinstance(self.budgeting, Occurrences):
            yield "budgeting", repr(self.budgeting)
        if self.missing != "ignore":
            yield "missing", self.missing
        for field in ("service", "owner", "description"):
            if (value := getattr(self, field)) is not None:
                yield field, value
        if not self.enforced:
            yield "enforced", "no, an aspiration"
        for reason in self.rationale:
            yield "rationale", reason.text

    def __repr__(self) -> str:
        by = "" if isinstance(self.budgeting, Occurrences) else f", {self.budgeting!r}"
        indicator = clean(self.sli.name, 60)
        return f"SLO({clean(self.name, 60)!r}: {percent_text(self.target)} of {indicator} over {self.window}{by})"

    def _repr_html_(self) -> str:
        return html_table(self._facts(), caption=f"SLO {self.name}")

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from ((field, clean(text)) for field, text in self._facts())


def settled(counts: Counts, settle: DurationLike) -> Counts:
    """Cut the buckets whose late data may still be on its way, as :meth:`SLO.evaluate` does."""
    wait = parse_duration(settle, "settle", least=0)
    if not wait or not counts.timeline.size:
        return counts
    last = max(counts.timeline.floor(counts.timeline.end - wait), counts.timeline.start)
    return counts.between(end=np.datetime64(last, "ns"))
