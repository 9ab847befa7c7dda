"""Named leading dimensions, so that a row of a fleet is asked for by label and never by position.

Time is always the last dimension and has no name here: what it holds is the timeline's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from slokit._display import Shown
from slokit.errors import InvalidCounts, UnknownLabel, WrongType

__all__ = [
    "MAX_LABEL",
    "Axis",
    "Rows",
    "axes_of",
    "axis_index",
    "is_label",
    "kept",
    "label_index",
    "labels_of",
    "labels_text",
    "named_axes",
    "picks_by_label",
    "picks_by_position",
    "series_position",
    "texts",
]

# A name becomes a keyword of sel(), a column and a metric label; a label is anybody's text and is escaped where it is
# written, so only its length is bounded.
_NAME = re.compile(r"[^\W_](?:[\w .:/-]{0,98}\w)?|_(?!_)[\w .:/-]{0,98}\w")
MAX_LABEL = 1024
"""Most characters of a label."""


@attrs.frozen
class Axis(Shown):
    """A named dimension and the labels along it.

    Parameters
    ----------
    name
        1 to 100 letters, digits, blanks and ``_ . : / -``; not ``time``, and without a leading ``__``.
    labels
        One text for each row, all different; up to 1,024 characters each, whatever they are.

    Raises
    ------
    InvalidCounts
        If the name cannot be one, or a label occurs twice.
    WrongType
        If name or labels are no text.

    Examples
    --------
    >>> Axis("tenant", ("acme", "globex"))
    Axis(name='tenant', labels=('acme', 'globex'))
    """

    name: str
    labels: tuple[str, ...]

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise WrongType(f"the name of an axis must be text, got {type(self.name).__name__}: {self.name!r}")
        if self.name == "time" or _NAME.fullmatch(self.name) is None:
            raise InvalidCounts(
                "the name of an axis must be 1 to 100 letters, digits, blanks or _ . : / -, "
                f'must not start with "__" and must not be "time", got {self.name[:100]!r}'
            )
        if not isinstance(self.labels, tuple) or not all(type(label) is str for label in self.labels):
            raise WrongType(f"labels[{self.name!r}] must be a tuple of texts, got {self.labels!r:.200}")
        if len(set(self.labels)) < len(self.labels):
            twice = next(label for i, label in enumerate(self.labels) if label in self.labels[:i])
            raise InvalidCounts(
                f"labels[{self.name!r}] must be different, got {twice!r:.200} twice; merge such rows first"
            )
        for index, label in enumerate(self.labels):
            if len(label) > MAX_LABEL:
                raise InvalidCounts(
                    f"labels[{self.name!r}][{index}] must be at most {MAX_LABEL:,} characters, got {len(label):,}"
                )

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", self.name
        yield "labels", labels_text(self.labels)


def labels_of(axes: Iterable[Axis], index: Iterable[int]) -> tuple[tuple[str, str], ...]:
    """Return which series one is, as pairs of an axis and its label, given its place along each axis.

    Examples
    --------
    >>> labels_of([Axis("tenant", ("acme", "globex")), Axis("region", ("eu",))], (1, 0))
    (('tenant', 'globex'), ('region', 'eu'))
    """
    return tuple((axis.name, axis.labels[i]) for axis, i in zip(axes, index, strict=True))


def labels_text(labels: tuple[str, ...]) -> str:
    """Say how many labels there are and which come first."""
    return f"{len(labels):,}: {', '.join(labels[:5])}{', …' if len(labels) > 5 else ''}"


def axes_of(labels: Mapping[str, Iterable[Any]] | None, shape: Sequence[int]) -> tuple[Axis, ...]:
    """Make the axes of an array from what the caller called its leading dimensions.

    Parameters
    ----------
    labels
        One entry a leading dimension, in their order; None names them ``axis0``, ``axis1`` and so on.
    shape
        Lengths of the leading dimensions, without time.

    Raises
    ------
    InvalidCounts
        If there are more or fewer entries than dimensions, or an entry is longer or shorter than its dimension.
    """
    if labels is None:
        return tuple(Axis(f"axis{i}", tuple(map(str, range(length)))) for i, length in enumerate(shape))
    if isinstance(labels, Mapping) and len(labels) != len(shape):
        raise InvalidCounts(
            f"labels must have one entry for each leading dimension (time, the last, has none): "
            f"got {len(labels)} entries for {len(shape)}"
        )
    axes = named_axes(labels)
    for axis, length in zip(axes, shape, strict=True):
        if len(axis.labels) != length:
            raise InvalidCounts(f"labels[{axis.name!r}] must have {length} labels, one a row, got {len(axis.labels)}")
    return axes


def named_axes(labels: Mapping[str, Iterable[Any]]) -> tuple[Axis, ...]:
    """Make axes of names and labels, however many."""
    if not isinstance(labels, Mapping):
        raise WrongType(f'labels must map names to labels, such as {{"tenant": names}}, got {type(labels).__name__}')
    return tuple(Axis(name, texts(values, f"labels[{name!r}]")) for name, values in labels.items())


def is_label(kind: type) -> bool:
    """Say whether objects of a type can be labels: texts and integers; True and a timedelta64 only claim to be one."""
    return issubclass(kind, str | int | np.integer) and not issubclass(kind, bool | np.timedelta64)


def texts(values: Iterable[Any], field: str) -> tuple[str, ...]:
    """Turn labels into plain texts; integers such as status codes are written in decimal."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise WrongType(f"{field} must be a sequence of labels, got {type(values).__name__}: {values!r:.100}")
    items = list(values)
    for index, item in enumerate(items):
        if not is_label(type(item)):
            raise WrongType(f"{field}[{index}] must be text or an integer, got {type(item).__name__}: {item!r:.100}")
    return tuple(str(item) for item in items)


def axis_index(axes: tuple[Axis, ...], name: str) -> int:
    """Return which leading dimension has a name.

    Raises
    ------
    UnknownLabel
        If none has.
    """
    names = [axis.name for axis in axes]
    if name not in names:
        known = f"there are {', '.join(map(repr, names))}" if names else "the counts have no axes"
        raise UnknownLabel(f"no axis is called {name!r:.100}; {known}")
    return names.index(name)


def label_index(axis: Axis, label: str) -> int:
    """Return which row of an axis has a label.

    Raises
    ------
    UnknownLabel
        If none has; the message proposes what was perhaps meant.
    """
    if not isinstance(label, str):
        raise WrongType(f"the label of {axis.name!r} must be text, got {type(label).__name__}: {label!r:.100}")
    try:
        return axis.labels.index(label)
    except ValueError:
        from difflib import get_close_matches

        near = get_close_matches(label[:100], axis.labels, 3) or list(axis.labels[:5])
        raise UnknownLabel(
            f"axis {axis.name!r} has no label {label!r:.100}; did you mean {', '.join(map(repr, near))} "
            f"(of {len(axis.labels):,})?"
        ) from None


Rows = int | list[int] | slice
"""Rows of one axis: one of them drops the axis, the others keep it."""


def kept(axis: Axis, rows: Rows) -> tuple[Axis, ...]:
    """Return what is left of an axis when some of its rows are picked: nothing, or a shorter axis."""
    if isinstance(rows, int):
        return ()
    labels = axis.labels[rows] if isinstance(rows, slice) else tuple(axis.labels[row] for row in rows)
    return (Axis(axis.name, labels),)


def picks_by_label(axes: tuple[Axis, ...], labels: Mapping[str, str | Iterable[str]]) -> Iterator[tuple[int, Rows]]:
    """Turn labels into picks that are to be made one after another, each an axis by its place then and its rows.

    Raises
    ------
    UnknownLabel
        If there is no such axis or label.
    WrongType
        If what is wanted of an axis is neither a label nor several.
    """
    for name, wanted in labels.items():
        at = axis_index(axes, name)
        rows: Rows
        if isinstance(wanted, str):
            rows = label_index(axes[at], wanted)
        elif isinstance(wanted, Iterable):
            rows = [label_index(axes[at], label) for label in wanted]
        else:
            raise WrongType(f"{name} must be a label or several, got {type(wanted).__name__}: {wanted!r:.100}")
        yield at, rows
        axes = (*axes[:at], *kept(axes[at], rows), *axes[at + 1 :])


def picks_by_position(axes: tuple[Axis, ...], index: object) -> Iterator[tuple[int, Rows]]:
    """Turn an index into picks, as :func:`picks_by_label` does: an integer, a slice, or a tuple for the first few axes.

    Raises
    ------
    UnknownLabel
        If an axis has no such row.
    WrongType
        If there are more positions than axes, or one is neither an integer nor a slice.
    """
    wanted = index if isinstance(index, tuple) else (index,)
    if len(wanted) > len(axes):
        raise WrongType(f"there are {len(axes)} leading axes, got {len(wanted)} positions; time is not one of them")
    at = 0
    for axis, row in zip(axes, wanted, strict=False):
        if isinstance(row, slice):
            yield at, row
            at += 1
            continue
        if isinstance(row, bool) or not isinstance(row, int | np.integer):
            raise WrongType(f"a row must be an integer or a slice, got {type(row).__name__}; labels go to sel()")
        length = len(axis.labels)
        if not -length <= row < length:
            raise UnknownLabel(f"axis {axis.name!r} has {length:,} rows, got row {row}")
        yield at, int(row)


def series_position(axes: tuple[Axis, ...], labels: Mapping[str, str]) -> int:
    """Return where a series stands, named by a label for every axis, among all of them, the last axis fastest.

    Raises
    ------
    UnknownLabel
        If an axis is missing, or has no such label.
    """
    for name in labels:
        axis_index(axes, name)
    at = 0
    for axis in axes:
        if axis.name not in labels:
            raise UnknownLabel(f"a label for axis {axis.name!r} is missing; name one of every axis")
        at = at * len(axis.labels) + label_index(axis, labels[axis.name])
    return at
