"""What a store takes: names, values and figures that any database can hold, or an error before it is asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from slokit.errors import InvalidCounts, WrongType
from slokit.protocols import StoredCounts
from slokit.rational import parse_integer
from slokit.texts import check_text

__all__ = ["LEAST", "name_in", "names", "names_of", "rows", "value", "whole"]

LEAST = -(2**63)
"""The least integer that a database holds."""

_MAX_VALUE = 2**26


def whole(number: int, field: str, least: int = 0) -> int:
    """Return an integer that fits 64 bits."""
    return parse_integer(number, field, least, 2**63 - 1)


def names(**names: str) -> dict[str, Any]:
    """Refuse names that some database cannot hold; return them."""
    for field, name in names.items():
        check_text(field, name, InvalidCounts)
    return dict(names)


def value(value: object, field: str) -> bytes:
    """Refuse what is no value to keep; return it."""
    if not isinstance(value, bytes):
        raise WrongType(f"{field} must be bytes, got {type(value).__name__}")
    if len(value) > _MAX_VALUE:
        raise InvalidCounts(f"{field} must be at most {_MAX_VALUE:,} bytes, got {len(value):,}")
    return value


def name_in(log: str, key: str) -> str:
    """Return under which name an entry of a log is kept."""
    names(log=log, key=key)
    name = f"{log}/{key}"
    check_text("log and key", name, InvalidCounts)
    return name


def names_of(log: str) -> dict[str, str]:
    """Return between which names the entries of a log lie."""
    names(log=log)
    if "/" in log:
        raise InvalidCounts(f"log must be a name without a slash, got {log[:64]!r}")
    return {"low": f"{log}/", "high": f"{log}0"}


def rows(counts: StoredCounts) -> list[dict[str, Any]]:
    """Return counts as rows, in the order of their key."""
    starts, good, bad = (_column(field, getattr(counts, field, None)) for field in ("starts", "good", "bad"))
    if not len(starts) == len(good) == len(bad):
        raise InvalidCounts(
            f"starts, good and bad must have one entry a bucket, got {len(starts)}, {len(good)} and {len(bad)}"
        )
    falls = np.flatnonzero(starts[1:] <= starts[:-1])
    if falls.size:
        at = int(falls[0]) + 1
        raise InvalidCounts(f"starts must rise, got starts[{at - 1}] = {starts[at - 1]}, starts[{at}] = {starts[at]}")
    for field, figures in (("good", good), ("bad", bad)):
        if figures.size and figures.min() < 0:
            at = int(np.argmax(figures < 0))
            raise InvalidCounts(f"{field} must not be negative, got {field}[{at}] = {figures[at]}")
    columns = zip(starts.tolist(), good.tolist(), bad.tolist(), strict=True)
    return [{"start": start, "good": fine, "bad": poor} for start, fine, poor in columns]


def _column(field: str, values: object) -> npt.NDArray[np.int64]:
    """Return one column of counts as int64, or say what it is instead."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise WrongType(f"{field} must be a row of integers, got {array.ndim} dimensions of {array.dtype}")
    if array.size and array.dtype.kind == "u" and array.max() >= 2**63:
        at = int(np.argmax(array >= 2**63))
        raise InvalidCounts(f"{field} must be below 2**63, got {field}[{at}] = {array[at]}")
    return array.astype(np.int64)
