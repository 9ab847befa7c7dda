"""System: the structure of dependent services, and the questions that are put to it.

The rooms beside this file do the work; here is the face.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from slokit._display import Shown, clean
from slokit.composition.attributing import By, SystemAttribution, attribute
from slokit.composition.bounds import Bounds, reckoned
from slokit.composition.measuring import Known, Measurement, Quiet, measure
from slokit.composition.nodes import Group, Node, OptionalPart, Part
from slokit.composition.per_request import RequestBounds, request_bounds
from slokit.composition.requirement import Requirement, requirement
from slokit.composition.shares import Weighted
from slokit.composition.walks import Root, check_root, leaves
from slokit.composition.weighing import Composite, weigh
from slokit.counts import Counts
from slokit.rational import RationalLike, decimal_text, percent_text
from slokit.status import Status
from slokit.timeline import DurationLike

__all__ = ["System"]

_SHOWN = 40


@attrs.frozen(repr=False)
class System(Shown):
    """A system of dependent services; made by :func:`~slokit.composition.all_of` and its like, and nested as they are.

    Two kinds of questions are put to it. :meth:`bounds` and :meth:`required` know the targets of the parts alone, and
    answer with ends and with what independence would say. :meth:`measure`, :meth:`request_bounds` and :meth:`attribute`
    know the evidence of all parts over the same time.

    Parameters
    ----------
    root
        A group, or weighted shares.

    Raises
    ------
    InvalidSystem
        If it has more than 200 parts, or more than 12 levels, or a part stands in two places with different fields.
    WrongType
        If the root is neither.

    Examples
    --------
    >>> from slokit.composition import Part, all_of, any_of, optional
    >>> payment = any_of("payment", Part("stripe", target="99.5%"), Part("adyen", target="99.5%"))
    >>> checkout = all_of("checkout", Part("web", target="99.95%"), payment, optional(Part("hints", target="99%")))
    >>> checkout
    System(checkout: all of 3)
      web 99.95%
      payment: any of 2
        stripe 99.5%
        adyen 99.5%
      optional: hints 99%
    """

    root: Root

    def __attrs_post_init__(self) -> None:
        check_root(self.root)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.root.name

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every part once, optional ones too, in the order in which they stand."""
        return tuple(leaves(self.root).values())

    # --- targets alone --------------------------------------------------------------------------

    def bounds(self, targets: Mapping[str, RationalLike] | None = None) -> Bounds:
        """Say how often it is up by the targets of its parts alone: both ends, and what independence would say.

        Parameters
        ----------
        targets
            How often parts are up, by name and from 0 to 1, instead of their targets: measured shares, for instance.

        Raises
        ------
        InvalidSystem
            If a part that bears on it has no target, or more than ten stand in several places.
        UnknownLabel
            If a name is no part.
        InvalidTarget
            If a share is not from 0 to 1.

        Examples
        --------
        >>> from slokit.composition import Part, any_of
        >>> pair = any_of("payment", Part("stripe", target="99.5%"), Part("adyen", target="99%"))
        >>> pair.bounds()
        payment: 99.5% to 100%, by targets alone
        99.995% if parts fail independently, which targets do not say
        """
        return reckoned(self.name, self.root, targets)

    def required(
        self, part: str, *, target: RationalLike, targets: Mapping[str, RationalLike] | None = None
    ) -> Requirement:
        """Say what one part must reach for the system to reach a target, in each of the cases.

        Parameters
        ----------
        part
            The name of the part; what is given for it itself does not matter.
        target
            What the system is to reach.
        targets
            As for :meth:`bounds`.

        Raises
        ------
        UnknownLabel
            If there is no such part.
        InvalidTarget, InvalidSystem
            As for :meth:`bounds`.

        Examples
        --------
        >>> from slokit.composition import Part, all_of
        >>> page = all_of("page", Part("web"), Part("db", target="99.5%"))
        >>> page.required("web", target="99.9%")
        web, for 99.9% of page: nothing is enough, the other parts are too weak
        """
        return requirement(self.name, self.root, part, target, targets)

    # --- joint evidence -------------------------------------------------------------------------

    def measure(
        self,
        counts: Mapping[str, Counts],
        *,
        step: DurationLike | None = None,
        known: Known = "enough",
        quiet: Quiet = "unknown",
    ) -> Measurement:
        """Say in which buckets it was up: every part is judged in every bucket, and the structure decides.

        Parameters
        ----------
        counts
            The evidence of each part by its name; of optional ones it is not used. Brought to the widest step, and to
            the span that all of it covers.
        step
            Length of the buckets, if another one than the widest.
        known
            ``"enough"``: a bucket has a verdict where the known parts decide it. One part down decides an ``all_of``,
            and one part up does not: where holes are common that favours one side. ``"all"``: only where every needed
            part is known, which is fair to both if holes come at random.
        quiet
            What a bucket without traffic says of a part: nothing, or that it is ``"up"`` or ``"down"``.

        Raises
        ------
        InvalidSystem
            If evidence, or what a part is judged by, is missing.
        UnknownLabel
            If a name is no part.
        InvalidTimeline
            If steps or starts cannot be aligned, or nothing is covered by all.
        InvalidCounts
            If axes differ.

        Examples
        --------
        >>> from slokit.composition import Part, all_of
        >>> def hours(*bad):
        ...     return Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=bad, total=[100] * len(bad))
        >>> page = all_of("page", Part("web", slice_target="99%"), Part("db", slice_target="99%"))
        >>> measured = page.measure({"web": hours(0, 9, 0, 9), "db": hours(1, 9, 0, 0)})
        >>> measured
        page: up 50% of 4 buckets
        4 buckets of 1h from 2026-01-01T00:00:00Z
        >>> measured.counts.bad
        array([0, 1, 0, 1])
        """
        return measure(self.name, self.root, counts, step=step, known=known, quiet=quiet)

    def request_bounds(
        self, counts: Mapping[str, Counts], *, requests: Counts | None = None, step: DurationLike | None = None
    ) -> RequestBounds:
        """Say how few and how many requests can have failed end to end, bucket by bucket.

        Parameters
        ----------
        counts
            Requests of each part by its name: each goes to a part at most once, and is bad if it failed there.
        requests
            Counts of all requests, as at the front door; only totals are used. Without it every part must have seen all
            of them. What a part did not see may have failed there.
        step
            As for :meth:`measure`.

        Raises
        ------
        InvalidCounts
            If a part saw more requests than there were, or parts saw different numbers and ``requests`` is missing.
        InvalidSystem, UnknownLabel, InvalidTimeline
            As for :meth:`measure`; weighted shares have no requests in common.

        Examples
        --------
        >>> from slokit.composition import Part, all_of
        >>> def hour(bad):
        ...     return Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", bad=[bad], total=[100])
        >>> page = all_of("page", Part("web"), Part("db"))
        >>> page.request_bounds({"web": hour(3), "db": hour(5)})
        page: 92% to 95% good, 5 to 8 of 100 requests bad
        1 bucket of 1h from 2026-01-01T00:00:00Z
        """
        return request_bounds(self.name, self.root, counts, requests=requests, step=step)

    def attribute(
        self,
        front: Counts,
        counts: Mapping[str, Counts],
        *,
        target: RationalLike | None = None,
        by: By = "part",
        step: DurationLike | None = None,
        quiet: Quiet = "unknown",
    ) -> SystemAttribution:
        """Split bad events at the front door by what was down: nothing, one part, several, or not observed.

        Parameters
        ----------
        front
            What was measured end to end; its span is the one looked at.
        counts
            The evidence of every part by its name, optional ones too: one that breaks the front is seen here.
        target
            The front's target, to say what was spent of its budget.
        by
            ``"part"`` tells every part apart; ``"group"`` what stands directly below the system, a group of spares
            then being down only where the group is.
        step, quiet
            As for :meth:`measure`.

        Raises
        ------
        InvalidSystem, UnknownLabel, InvalidTimeline, InvalidCounts
            As for :meth:`measure`; weighted shares have no front door in common.
        """
        return attribute(self.name, self.root, front, counts, target=target, by=by, step=step, quiet=quiet)

    def weigh(self, statuses: Mapping[str, Status]) -> Composite:
        """Take the weighted mean of indicators, as OpenSLO's composites do; of a weighted system of single parts.

        Parameters
        ----------
        statuses
            The status of each part by its name.

        Raises
        ------
        InvalidSystem
            If the system is another one, or a status or a target is missing.
        UnknownLabel
            If a name is no part.
        """
        return weigh(self.name, self.root, statuses)

    # --- being a value --------------------------------------------------------------------------

    def __repr__(self) -> str:
        head, *rest = _lines(self.root, "")
        more = len(rest) - _SHOWN
        return "\n".join([f"System({head})", *rest[:_SHOWN], *([f"  … {more} more"] if more > 0 else [])])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from ((f"{i}", line.strip()) for i, line in enumerate([*_lines(self.root, "")][1 : _SHOWN + 1], 1))


def _lines(node: Node | Weighted, indent: str, mark: str = "") -> Iterator[str]:
    """Yield a structure, a line a part."""
    below = indent + "  "
    if isinstance(node, OptionalPart):
        yield from _lines(node.part, indent, f"{mark}optional: ")
    elif isinstance(node, Part):
        target = "" if node.target is None else f" {percent_text(node.target)}"
        yield f"{indent}{mark}{clean(node.name, 40)}{target}"
    elif isinstance(node, Group):
        yield f"{indent}{mark}{clean(node.name, 40)}: {node._says} {len(node.parts)}"
        for part in node.parts:
            yield from _lines(part, below)
    else:
        yield f"{indent}{mark}{clean(node.name, 40)}: mean of {len(node.shares)}"
        for weight, share in zip(node.weights, node.shares, strict=True):
            yield from _lines(share.part, below, f"{decimal_text(weight)} of ")
