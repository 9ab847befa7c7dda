"""Requests within a bucket: how many can have failed end to end, from how many failed at each part.

Counts of a bucket say that of 100 requests 3 failed at one part and 5 at another. Whether these were 5 requests or 8
nobody counted, so there are two answers, and the truth lies between them. They are the bounds of
:mod:`slokit.composition.bounds` in whole requests, and both can have happened.

A request goes to each part at most once. Those that a part did not see (a fallback that was not needed, a hole in its
measurement) may have failed there or not, for all that is known: that makes the answers lie further apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, percent, short
from slokit._kernels.halves import exact_sum
from slokit.composition.aligning import REQUESTS, Alignment, align, check_evidence
from slokit.composition.nodes import Group, Part
from slokit.composition.shares import Weighted
from slokit.composition.walks import Root, leaves, needed
from slokit.counts import Counts
from slokit.counts.parts import place
from slokit.errors import InvalidCounts, InvalidSystem, WrongType
from slokit.timeline import DurationLike

__all__ = ["RequestBounds", "request_bounds"]

Array = npt.NDArray[Any]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class RequestBounds(Shown):
    """End-to-end requests between two answers, in every bucket.

    Parameters
    ----------
    name
        The system.
    best
        Counts with as few bad requests as can be.
    worst
        Counts with as many. Either is ready for :meth:`slokit.SLO.evaluate`.
    alignment
        What was done to the evidence.
    """

    _caption = "Requests"

    name: str
    best: Counts
    worst: Counts
    alignment: Alignment

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def _texts(self) -> tuple[str, str, str]:
        total = int(exact_sum(self.best.total))
        few, many = (int(exact_sum(counts.bad)) for counts in (self.best, self.worst))
        share = f"{percent(1 - Fraction(many, total))} to {percent(1 - Fraction(few, total))}" if total else "no data"
        return share, f"{short(few)} to {short(many)}", short(total)

    def __repr__(self) -> str:
        share, bad, total = self._texts()
        return f"{clean(self.name, 40)}: {share} good, {bad} of {total} requests bad\n{self.alignment!r}"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        yield from zip(("good", "bad", "requests"), self._texts(), strict=True)
        yield from self.alignment.__rich_repr__()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RequestBounds):
            return NotImplemented
        return all(getattr(self, field.name) == getattr(other, field.name) for field in attrs.fields(RequestBounds))


def request_bounds(
    name: str, root: Root, counts: Mapping[str, Counts], *, requests: Counts | None, step: DurationLike | None
) -> RequestBounds:
    """Say how few and how many requests can have failed end to end, bucket by bucket."""
    if isinstance(root, Weighted):
        raise InvalidSystem("requests go through one structure; ask it of each share of a weighted system by itself")
    if requests is not None and not isinstance(requests, Counts):
        raise WrongType(f"requests must be Counts, got {type(requests).__name__}: {requests!r:.100}")
    parts = [part.name for part in dict.fromkeys(needed(root))]
    given = check_evidence(counts, leaves(root), parts)
    held = {part: given[part] for part in parts} | ({} if requests is None else {REQUESTS: requests})
    fitted, alignment = align(held, step=step, covering=held)
    whole = fitted.pop(REQUESTS, None)
    if whole is None:
        whole = _same_requests(fitted)
    for part, seen in fitted.items():
        _refuse_more(part, seen, whole)
    # Sums over parts may leave int64; object arrays of integers do not.
    wide = int(whole.total.max(initial=0)) * len(list(needed(root))) >= 2**63
    number: Array = whole.total.astype(object) if wide else whole.total
    # What parts saw where requests are excluded, or unknown, is of no request that counts.
    bad = {part: np.where(whole.total > 0, seen.bad, number * 0) for part, seen in fitted.items()}
    good = {part: np.where(whole.total > 0, seen.good, number * 0) for part, seen in fitted.items()}
    few = number - _most(root, lambda part: number - bad[part], number, up=True)
    many = _most(root, lambda part: number - good[part], number, up=False)
    best, worst = (
        Counts(
            timeline=whole.timeline,
            axes=whole.axes,
            bad=np.asarray(some, np.int64),
            total=whole.total,
            observed=whole.observed,
            excluded=whole.excluded,
        )
        for some in (few, many)
    )
    return RequestBounds(name=name, best=best, worst=worst, alignment=alignment)


def _most(node: Part | Group, number: Callable[[str], Array], whole: Array, *, up: bool) -> Array:
    """Return how many requests can find a node up, or down, where so many can at each part."""
    if isinstance(node, Part):
        return number(node.name)
    # `most_likely` of the bounds, in whole requests and on arrays, parts first. Rows are as long as whole requests
    # allow, and cut pieces stay whole: so rounding down is attained as well.
    inner = np.sort(np.stack([_most(part, number, whole, up=up) for part in node.needed]), axis=0)
    least = node.need if up else len(inner) - node.need + 1
    sums, found = np.cumsum(inner, axis=0), whole
    for j in range(least):
        found = np.minimum(found, sums[len(inner) - 1 - j] // (least - j))
    return found


def _same_requests(fitted: Mapping[str, Counts]) -> Counts:
    """Return counts of the requests that all parts saw, where each saw all of them."""
    seen = {name: counts.observed & ~counts.excluded for name, counts in fitted.items()}
    number = np.maximum.reduce([counts.total for counts in fitted.values()])
    first = next(iter(fitted.values()))
    for name, counts in fitted.items():
        differs = seen[name] & (counts.total != number)
        if differs.any():
            at = np.unravel_index(int(differs.argmax()), differs.shape)
            raise InvalidCounts(
                f"counts[{name!r:.64}] saw {counts.total[at]} requests where another part saw {number[at]}, in "
                f"{place(counts.timeline, counts.axes, at)}; give requests=, the counts at the front door"
            )
    looked = np.logical_or.reduce(list(seen.values()))
    observed = np.logical_or.reduce([counts.observed for counts in fitted.values()])
    return Counts(
        timeline=first.timeline,
        axes=first.axes,
        bad=np.zeros_like(number),
        total=number,
        observed=np.asarray(observed),
        excluded=np.asarray(observed & ~looked),
    )


def _refuse_more(name: str, seen: Counts, whole: Counts) -> None:
    """Refuse a part that saw more requests than there were; where requests are excluded or unknown nothing is asked."""
    asked = whole.observed & ~whole.excluded
    more = asked & (seen.total > whole.total)
    if more.any():
        at = np.unravel_index(int(more.argmax()), more.shape)
        raise InvalidCounts(
            f"counts[{name!r:.64}] must not hold more events than there were requests, got {seen.total[at]} for "
            f"{whole.total[at]} in {place(seen.timeline, seen.axes, at)}: a request may go to a part once at most; "
            "count requests that failed there, not calls"
        )
