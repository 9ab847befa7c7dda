"""Counts: good and bad events in equal buckets, for one series or a whole fleet.

Everything that slokit says about a service is computed from this one value object. It knows three things of each
bucket: how many events were bad, how many there were at all, and whether anybody was looking. A bucket that was
observed and had no traffic, one that nobody observed, and one that was agreed not to count are three different
things, and none of them is a ratio of zero or one.

The rooms beside this file do the work; here is the face.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
import numpy.typing as npt

from slokit.counts import buckets, counters, events, merging, showing
from slokit.counts.axes import Axis, Rows, axis_index, named_axes, picks_by_label, picks_by_position
from slokit.counts.parts import Mask, Numbers, Parts, everywhere, nowhere, uniform
from slokit.errors import WrongType
from slokit.timeline import DurationLike, InstantLike, Timeline, parse_duration, parse_instant

if TYPE_CHECKING:
    from slokit.exclusions import Exclusion

__all__ = ["Counts"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Counts:
    """Evidence: how many events each bucket held, how many of them were bad, and whether it was observed.

    Made by :meth:`from_buckets`, :meth:`from_events`, :meth:`from_counters` or an indicator's ``count``; changed never:
    every operation returns new counts. Two are equal when all they hold is equal. They hold arrays, so they have no
    hash.

    Parameters
    ----------
    timeline
        The buckets; time is the last dimension of every array.
    axes
        The leading dimensions.
    bad, total
        int64 arrays of shape ``(*axes, timeline.size)`` with ``0 <= bad <= total``.
    observed
        Booleans of that shape. An unobserved bucket is a hole in the measurement and holds no events.
    excluded
        Booleans of that shape. An excluded bucket holds no events and counts as observed.

    Raises
    ------
    InvalidCounts
        If the arrays contradict each other.

    Examples
    --------
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1m", good=[99, 100], bad=[1, 0])
    >>> counts
    Counts(2 buckets of 1m from 2026-01-01T00:00:00Z · 200 events, 0.5% bad · 100% observed)
    >>> counts.resample("2m").total
    array([200])
    """

    timeline: Timeline
    axes: tuple[Axis, ...]
    bad: Numbers
    total: Numbers
    observed: Mask
    excluded: Mask

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        buckets.check(self._parts)
        for name in ("bad", "total", "observed", "excluded"):
            array = getattr(self, name)
            if array.flags.writeable or not (array.flags.c_contiguous or uniform(array) is not None):
                array = np.array(array, order="C")
            object.__setattr__(self, name, _read_only(array))

    @classmethod
    def _trusted(
        cls,
        timeline: Timeline,
        axes: tuple[Axis, ...],
        bad: Numbers,
        total: Numbers,
        observed: Mask,
        excluded: Mask,
    ) -> Self:
        """Make counts of arrays that keep the invariants already and that nobody else writes to; nothing is copied."""
        counts = cls.__new__(cls)
        for name, value in (("timeline", timeline), ("axes", axes)):
            object.__setattr__(counts, name, value)
        for name, array in (("bad", bad), ("total", total), ("observed", observed), ("excluded", excluded)):
            object.__setattr__(counts, name, _read_only(array))
        return counts

    # --- making ---------------------------------------------------------------------------------

    # Each is written in the room that does its work, and documented there.
    from_buckets = classmethod(buckets.from_buckets)
    from_events = classmethod(events.from_events)
    from_counters = classmethod(counters.from_counters)

    @classmethod
    def empty(
        cls,
        *,
        step: DurationLike,
        start: InstantLike = "1970-01-01T00:00Z",
        labels: Mapping[str, Iterable[Any]] | None = None,
    ) -> Self:
        """Make counts without a bucket: what adding up starts from.

        Parameters
        ----------
        step
            Length of the buckets that will be added.
        start
            Any edge of them.
        labels
            The axes of what will be added.

        Examples
        --------
        >>> hour = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", good=[9], bad=[1])
        >>> Counts.empty(step="1h") + hour == hour
        True
        """
        axes = named_axes({} if labels is None else labels)
        shape = (*(len(axis.labels) for axis in axes), 0)
        none = np.zeros(shape, np.int64)
        return cls._trusted(Timeline.of(start, step, 0), axes, none, none.copy(), everywhere(shape), nowhere(shape))

    # --- looking --------------------------------------------------------------------------------

    @property
    def good(self) -> Numbers:
        """Good events, ``total - bad``: a new int64 array of shape ``(*axes, timeline.size)``."""
        return _read_only(self.total - self.bad)

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """The labels along each leading dimension, by its name, in order."""
        return {axis.name: axis.labels for axis in self.axes}

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes and, last, of the timeline."""
        return self.total.shape

    def sel(self, **labels: str | Iterable[str]) -> Self:
        """Pick series by label.

        Parameters
        ----------
        **labels
            For an axis one label, which drops the axis, or several, which keep it in the order given. A name that is no
            Python name goes in as ``sel(**{"vendor id": "7"})``.

        Raises
        ------
        UnknownLabel
            If there is no such axis or label.

        Examples
        --------
        >>> pair = {"tenant": ["acme", "globex"]}
        >>> two = Counts.from_buckets(start="2026-01-01Z", step="1h", total=[[10], [5]], bad=[[1], [0]], labels=pair)
        >>> two.sel(tenant="acme").total, two.sel(tenant=["globex"]).labels
        (array([10]), {'tenant': ('globex',)})
        """
        return self._picked(picks_by_label(self.axes, labels))

    def __getitem__(self, index: int | slice | tuple[int | slice, ...]) -> Self:
        """Pick rows of the first axis by position, or with a tuple of the first few."""
        if not self.axes:
            raise WrongType("counts of one series have no rows to pick; for a span of time use between(start, end)")
        return self._picked(picks_by_position(self.axes, index))

    def _picked(self, picks: Iterable[tuple[int, Rows]]) -> Self:
        parts = self._parts
        for axis, rows in picks:
            parts = merging.take(parts, axis, rows)
        return self._of(parts)

    def __iter__(self) -> Iterator[Self]:
        if not self.axes:
            raise WrongType("counts of one series have no rows; loop over zip(counts.good, counts.bad) for its buckets")
        return (self[row] for row in range(len(self.axes[0].labels)))

    # --- changing -------------------------------------------------------------------------------

    def __add__(self, other: Counts) -> Self:
        """Merge: the union of both timelines, unobserved where neither was looking.

        Raises
        ------
        InvalidTimeline
            If step or phase differ, or more than 2**27 buckets came of it, those of all series together.
        InvalidCounts
            If the axes differ, or a bucket would hold 2**63 events or more.
        """
        if not isinstance(other, Counts):
            return NotImplemented
        return self._of(merging.merge(self._parts, other._parts))

    def __radd__(self, other: object) -> Self:
        # sum(parts) starts from the integer 0.
        if isinstance(other, int) and not isinstance(other, bool) and other == 0:
            return self
        return NotImplemented

    def resample(self, step: DurationLike) -> Self:
        """Sum the buckets into wider ones.

        Edges lie at ``phase + k * step``, wherever the data start: so shards that start at different times still fit
        each other, and resampling in two steps is resampling in one. The first and last bucket hold what there is.

        Parameters
        ----------
        step
            A multiple of the present step.

        Raises
        ------
        InvalidTimeline
            If it is none; the message names one that fits.
        InvalidCounts
            If a bucket would hold 2**63 events or more.

        Examples
        --------
        >>> minutes = Counts.from_buckets(start="2026-01-01T00:03Z", step="1m", good=[1, 2, 3], bad=[0, 0, 0])
        >>> minutes.resample("5m").total
        array([3, 3])
        """
        return self._of(merging.resample(self._parts, parse_duration(step, "step")))

    def between(self, start: InstantLike | None = None, end: InstantLike | None = None) -> Self:
        """Keep the buckets of ``[start, end)`` that there are.

        Raises
        ------
        InvalidTimeline
            If an end lies inside a bucket, or before the start; the message names the nearest edges.

        Examples
        --------
        >>> day = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", good=range(24), bad=[0] * 24)
        >>> day.between("2026-01-01T22:00Z").good
        array([22, 23])
        """
        return self._of(
            merging.between(
                self._parts,
                None if start is None else parse_instant(start, "start"),
                None if end is None else parse_instant(end, "end"),
            )
        )

    def extend(self, *, since: InstantLike | None = None, until: InstantLike | None = None) -> Self:
        """Add unobserved buckets, as many whole ones as fit; never cut.

        Parameters
        ----------
        since
            Buckets are added before the first from the first edge at or after this instant.
        until
            Buckets are added behind the last up to the last edge at or before this instant.

        Raises
        ------
        InvalidTimeline
            If more than 2**27 buckets came of it, those of all series together.

        Examples
        --------
        >>> hour = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", good=[9], bad=[1])
        >>> hour.extend(until="2026-01-01T02:59Z").observed
        array([ True, False])
        """
        return self._of(
            merging.extend(
                self._parts,
                None if since is None else parse_instant(since, "since"),
                None if until is None else parse_instant(until, "until"),
            )
        )

    def exclude(self, exclusions: Exclusion | Iterable[Exclusion]) -> Self:
        """Take whole buckets out: each that an exclusion touches holds nothing and counts as observed.

        Exclude after merging. Where several series share a span, a merged bucket is out if it was out in one of them.

        Parameters
        ----------
        exclusions
            One or several; those that are only proposed change nothing.

        Raises
        ------
        InvalidExclusion
            If a scope names an axis that the counts do not have.

        Warns
        -----
        LabelWithoutCounts
            If a scope names a label that its axis does not have, and so excludes nothing of it.

        Examples
        --------
        >>> from slokit.exclusions import Exclusion
        >>> hours = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", good=[9, 9], bad=[1, 1])
        >>> hours.exclude(Exclusion("2026-01-01T01:30Z", "2026-01-01T01:40Z", reason="move")).total
        array([10,  0])
        """
        from slokit.exclusions import exclusion_mask, parse_exclusions, warn_of_unknown_labels

        held = parse_exclusions(exclusions)
        mask = exclusion_mask(held, self.timeline, self.axes)
        warn_of_unknown_labels(held, self.axes)
        return self._of(merging.exclude(self._parts, mask))

    def sum(self, *axes: str) -> Self:
        """Sum over axes, which disappear; without a name over all of them.

        A bucket of the sum is observed if it is in any series, and excluded if all that is observed of it is.

        Raises
        ------
        UnknownLabel
            If there is no such axis.
        InvalidCounts
            If a bucket would hold 2**63 events or more.

        Examples
        --------
        >>> pair = {"tenant": ["acme", "globex"]}
        >>> two = Counts.from_buckets(start="2026-01-01Z", step="1h", total=[[10], [5]], bad=[[1], [0]], labels=pair)
        >>> two.sum("tenant").total
        array([15])
        """
        parts = self._parts
        for name in axes or tuple(self.labels):
            parts = merging.sum_axis(parts, axis_index(parts.axes, name))
        return self._of(parts)

    # --- being a value --------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counts):
            return NotImplemented
        return self is other or (
            self.timeline == other.timeline
            and self.axes == other.axes
            and all(_same(mine, theirs) for mine, theirs in zip(self._parts[2:], other._parts[2:], strict=True))
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # numpy's own pickling forgets that an array is read-only and writes a uniform mask out in full.
        masks = [uniform(mask) if uniform(mask) is not None else mask for mask in (self.observed, self.excluded)]
        return _restored, (type(self), self.timeline, self.axes, self.bad, self.total, *masks)

    def __repr__(self) -> str:
        return showing.line(self._parts)

    def _repr_html_(self) -> str:
        return showing.html(self._parts)

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield from showing.facts(self._parts)

    @property
    def _parts(self) -> Parts:
        return Parts(self.timeline, self.axes, self.bad, self.total, self.observed, self.excluded)

    def _of(self, parts: Parts) -> Self:
        """Return counts of these parts, or these counts themselves where nothing changed."""
        if all(new is old for new, old in zip(parts, self._parts, strict=True)):
            return self
        return self._trusted(*parts)


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.setflags(write=False)
    return array


def _same(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    """Compare two arrays, without a look at two masks that are known to be alike."""
    if a is b or (a.dtype == np.bool_ and uniform(a) is not None and uniform(a) == uniform(b)):
        return a.shape == b.shape
    return np.array_equal(a, b)


def _restored(
    cls: type[Counts],
    timeline: Timeline,
    axes: tuple[Axis, ...],
    bad: Numbers,
    total: Numbers,
    observed: Mask | bool,
    excluded: Mask | bool,
) -> Counts:
    """Rebuild pickled counts."""
    masks = [
        np.broadcast_to(np.bool_(mask), bad.shape) if isinstance(mask, bool) else mask for mask in (observed, excluded)
    ]
    return cls._trusted(timeline, axes, bad, total, *masks)
