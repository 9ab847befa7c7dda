"""Counts from arrays that hold one number a bucket already, and the invariants that all counts keep.

What arrives is anybody's: unsigned integers whose differences wrap, floats with a NaN that would poison each later
window, booleans where numbers were meant. It becomes int64 here, once, or is refused with its index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from slokit._arrays import array_of, refuse_masked
from slokit.counts.axes import axes_of
from slokit.counts.parts import LARGEST, Mask, Numbers, Parts, everywhere, nowhere, place, uniform
from slokit.errors import InvalidCounts, WrongType
from slokit.timeline import DurationLike, InstantLike, Timeline

if TYPE_CHECKING:
    from slokit.counts.evidence import Counts

__all__ = ["check", "from_buckets", "subscript"]


def from_buckets(
    cls: type[Counts],
    *,
    start: InstantLike | None = None,
    step: DurationLike | None = None,
    timeline: Timeline | None = None,
    good: npt.ArrayLike | None = None,
    bad: npt.ArrayLike | None = None,
    total: npt.ArrayLike | None = None,
    observed: npt.ArrayLike | None = None,
    labels: Mapping[str, Iterable[Any]] | None = None,
) -> Counts:
    """Make counts of numbers that stand for whole buckets already.

    Parameters
    ----------
    start, step
        First edge and length of a bucket; or ``timeline``, which holds both.
    good, bad, total
        Two of them, of one shape: whole numbers, time last, any number of leading dimensions. They are copied.
    observed
        Booleans of that shape or, for all series alike, of one row; everything is observed by default. An
        unobserved bucket is a hole in the measurement and must hold zeros.
    labels
        One entry for each leading dimension, in order; by default ``axis0`` with labels ``"0"``, ``"1"`` and so on.

    Raises
    ------
    InvalidCounts
        If a number is negative, fractional, missing or above the total, if good + bad of a bucket reaches 2**63,
        or if shapes or labels do not fit; the message names the index.
    WrongType
        If not exactly two were given, or one of them holds no numbers.

    Examples
    --------
    >>> from slokit.counts import Counts
    >>> Counts.from_buckets(
    ...     start="2026-01-01T00:00Z",
    ...     step="1h",
    ...     total=[[10, 20], [5, 5]],
    ...     bad=[[0, 1], [5, 0]],
    ...     labels={"tenant": ["acme", "globex"]},
    ... ).sel(tenant="globex").good
    array([0, 5])
    """
    given = {name: value for name, value in (("good", good), ("bad", bad), ("total", total)) if value is not None}
    if len(given) != 2:
        raise WrongType(f"give two of good, bad and total, the third follows; got {', '.join(given) or 'none'}")
    arrays = {name: _whole_numbers(value, name) for name, value in given.items()}
    (one, first), (other, second) = arrays.items()
    if first.shape != second.shape:
        raise InvalidCounts(f"{one} and {other} must have one shape, got {first.shape} and {second.shape}")
    # Sums and differences are new arrays; what is kept as given is copied, so that the caller may go on using it.
    if "total" not in arrays:
        _refuse_sums_beyond_int64(first, second)
        bads, totals = second.copy(), first + second
    else:
        part = first
        _refuse_parts_above_total(part, second, one)
        bads, totals = (part.copy() if one == "bad" else second - part), second.copy()
    span = _timeline(start, step, timeline, bads.shape[-1])
    axes = axes_of(labels, bads.shape[:-1])
    parts = Parts(span, axes, bads, totals, _mask(observed, bads.shape), nowhere(bads.shape))
    _refuse_unobserved_events(parts)
    return cls._trusted(*parts)


def check(parts: Parts) -> None:
    """Refuse parts that break an invariant of counts.

    Raises
    ------
    WrongType
        If a field is of another type, or an array of another dtype.
    InvalidCounts
        If shapes differ, or not ``0 <= bad <= total``, or an unobserved or excluded bucket holds events, or an excluded
        one is called unobserved.
    """
    shape = (*(len(axis.labels) for axis in parts.axes), parts.timeline.size)
    names = [axis.name for axis in parts.axes]
    if len(set(names)) < len(names):
        raise InvalidCounts(f"axes must have different names, got {', '.join(names)}")
    for name, dtype in (("bad", np.int64), ("total", np.int64), ("observed", np.bool_), ("excluded", np.bool_)):
        array = getattr(parts, name)
        refuse_masked(array, name, "Counts.from_buckets() says how to mend it")
        if not isinstance(array, np.ndarray) or array.dtype != dtype:
            raise WrongType(f"{name} must be an array of {dtype.__name__}, got {getattr(array, 'dtype', type(array))}")
        if array.shape != shape:
            raise InvalidCounts(f"{name} must have the shape {shape} of axes and timeline, got {array.shape}")
    _refuse_negative(parts.bad, "bad")
    _refuse_parts_above_total(parts.bad, parts.total, "bad")
    _refuse_unobserved_events(parts)
    if uniform(parts.excluded) is not False:
        for wrong, what in (
            (parts.excluded & (parts.total > 0), "an excluded bucket must hold no events"),
            (parts.excluded & ~parts.observed, "an excluded bucket counts as observed"),
        ):
            if wrong.any():
                raise InvalidCounts(f"{what}: look at {_where(wrong, parts)}")


def subscript(name: str, index: tuple[Any, ...]) -> str:
    """Write an index behind the name of an array: ``good[17]``, ``good[2, 17]``."""
    return f"{name}[{', '.join(str(int(i)) for i in index)}]"


def _whole_numbers(values: npt.ArrayLike, field: str) -> Numbers:
    """Read an array of counts; may be a view of the caller's."""
    array = array_of(values, field, f"fill it with 0 and pass observed=~{field}.mask", InvalidCounts)
    if array.ndim == 0:
        raise WrongType(f"{field} must have at least one dimension (time is the last), got {values!r:.100}")
    if array.dtype.kind == "f":
        # NaN fails each comparison, so it is among the wrong ones too.
        _refuse(
            ~((array == np.floor(array)) & (np.abs(array) < 2.0**63)),
            array,
            field,
            "must be a whole number below 2**63",
        )
    elif array.dtype.kind == "u":
        _refuse(array > LARGEST, array, field, "must be below 2**63")
    elif array.dtype.kind != "i" and array.size:
        raise WrongType(f"{field} must be integers, got dtype {array.dtype}: {values!r:.100}")
    numbers = np.ascontiguousarray(array, dtype=np.int64)
    _refuse_negative(numbers, field)
    return numbers


def _refuse_negative(numbers: Numbers, field: str) -> None:
    # The least element answers for all in a third of the time of a mask.
    if numbers.size and numbers.min() < 0:
        _refuse(numbers < 0, numbers, field, "must not be negative")


def _refuse(wrong: Mask, array: npt.NDArray[Any], field: str, what: str) -> None:
    """Raise if any element is wrong, naming the first."""
    if wrong.any():
        index = np.unravel_index(int(wrong.argmax()), wrong.shape)
        hint = "; an unobserved bucket holds 0 and observed= says so" if array[index] != array[index] else ""
        raise InvalidCounts(f"{field} {what}: {subscript(field, index)} = {array[index]}{_more(wrong)}{hint}")


def _refuse_sums_beyond_int64(good: Numbers, bad: Numbers) -> None:
    if good.size and int(good.max()) + int(bad.max()) > LARGEST:
        wrong = good > LARGEST - bad
        if wrong.any():
            index = np.unravel_index(int(wrong.argmax()), wrong.shape)
            raise InvalidCounts(
                f"good + bad must be below 2**63: {subscript('good', index)} = {good[index]}, "
                f"{subscript('bad', index)} = {bad[index]}{_more(wrong)}"
            )


def _refuse_parts_above_total(part: Numbers, total: Numbers, name: str) -> None:
    wrong = part > total
    if wrong.any():
        index = np.unravel_index(int(wrong.argmax()), wrong.shape)
        raise InvalidCounts(
            f"{name} must not exceed total: {subscript(name, index)} = {part[index]}, "
            f"{subscript('total', index)} = {total[index]}{_more(wrong)}"
        )


def _refuse_unobserved_events(parts: Parts) -> None:
    if uniform(parts.observed) is True:
        return
    wrong = ~parts.observed & (parts.total > 0)
    if wrong.any():
        raise InvalidCounts(f"an unobserved bucket must hold no events: look at {_where(wrong, parts)}")


def _where(wrong: Mask, parts: Parts) -> str:
    index = np.unravel_index(int(wrong.argmax()), wrong.shape)
    held = f"total {int(parts.total[index]):,}"
    return f"{place(parts.timeline, parts.axes, index)}, {held}{_more(wrong)}"


def _more(wrong: Mask) -> str:
    more = int(wrong.sum()) - 1
    return f" (and {more:,} more bucket{'s' if more > 1 else ''})" if more else ""


def _timeline(start: InstantLike | None, step: DurationLike | None, timeline: Timeline | None, size: int) -> Timeline:
    """Make the timeline from either way of giving it."""
    if timeline is None:
        if start is None or step is None:
            raise WrongType("give start= and step=, or timeline=")
        return Timeline.of(start, step, size)
    if start is not None or step is not None:
        raise WrongType("give start= and step=, or timeline=, not both")
    if not isinstance(timeline, Timeline):
        raise WrongType(f"timeline must be a Timeline, got {type(timeline).__name__}")
    if timeline.size != size:
        raise InvalidCounts(f"the last dimension must be the timeline's {timeline.size:,} buckets, got {size:,}")
    return timeline


def _mask(observed: npt.ArrayLike | None, shape: tuple[int, ...]) -> Mask:
    """Read ``observed``; one row may stand for all series."""
    if observed is None:
        return everywhere(shape)
    mask = array_of(observed, "observed", "fill it with False", InvalidCounts)
    if mask.dtype != np.bool_ and mask.size:
        raise WrongType(f"observed must be booleans, got dtype {mask.dtype}")
    if mask.shape not in (shape, shape[-1:]):
        raise InvalidCounts(f"observed must have the shape {shape} of the counts, got {mask.shape}")
    mask = np.broadcast_to(mask, shape).astype(np.bool_)
    return everywhere(shape) if mask.all() else np.ascontiguousarray(mask)
