"""Snapshots as bytes: a header in JSON and plain arrays, under a length and a checksum.

Nothing that is read is run: no pickle, no code. What was cut short, changed by a single bit, or made by a newer version
is refused whole, before any of it is looked at, with one kind of error.

====================  =====================================================
bytes                 what
====================  =====================================================
8                     ``SLOKIT`` and two zeros
4                     version, little-endian, as all numbers are
8                     length of what follows the checksum
32                    SHA-256 of what stands before and behind it
4, then so many       length of the header, and the header
the rest              the arrays, one after another, as the header says
====================  =====================================================
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from slokit.errors import SnapshotError, WrongType

__all__ = ["MOST_BYTES", "VERSION", "decode", "encode"]

VERSION = 2
"""The newest version that is read: 2 may hold a ledger, which an older reader would lose without a word."""

MOST_BYTES = 2**30
"""The longest snapshot that is read."""

_MAGIC = b"SLOKIT\0\0"
_HEAD = struct.Struct("<8sIQ32s")
_LENGTH = struct.Struct("<I")
_DTYPES = {"<i8": np.int64, "|i1": np.int8, "|b1": np.bool_}


def encode(header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], *, version: int = 1) -> bytes:
    """Write a header and arrays of int64, int8 or bool as bytes, under the oldest version whose readers know all of it.

    Examples
    --------
    >>> blob = encode({"name": "checkout"}, {"good": np.array([1, 2])})
    >>> header, arrays = decode(blob)
    >>> header["name"], arrays["good"].tolist()
    ('checkout', [1, 2])
    """
    shapes = {name: [array.dtype.newbyteorder("<").str, list(array.shape)] for name, array in arrays.items()}
    text = json.dumps({**header, "arrays": shapes}, allow_nan=False).encode()
    parts = [_LENGTH.pack(len(text)), text]
    parts += [array.astype(np.dtype(str(shapes[name][0]))).tobytes() for name, array in arrays.items()]
    body = b"".join(parts)
    return _HEAD.pack(_MAGIC, version, len(body), _digest(version, body)) + body


def _digest(version: int, body: bytes) -> bytes:
    return hashlib.sha256(_HEAD.pack(_MAGIC, version, len(body), b"") + body).digest()


def decode(blob: bytes) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Read what :func:`encode` wrote.

    Raises
    ------
    SnapshotError
        If it is anything else, or was changed or cut since; nothing of it is used then.
    WrongType
        If it is no bytes.
    """
    if not isinstance(blob, bytes | bytearray | memoryview):
        raise WrongType(f"a snapshot must be bytes, got {type(blob).__name__}")
    data = bytes(blob)
    if len(data) > MOST_BYTES:
        raise SnapshotError(f"a snapshot must be at most {MOST_BYTES:,} bytes long, got {len(data):,}")
    if len(data) < _HEAD.size or not data.startswith(_MAGIC):
        raise SnapshotError("this is no snapshot of slokit, or it was cut short")
    _, version, length, digest = _HEAD.unpack_from(data)
    if version > VERSION:
        raise SnapshotError(f"the snapshot is of version {version}, newer than {VERSION}; a newer slokit reads it")
    body = data[_HEAD.size :]
    if len(body) != length or _digest(version, body) != digest:
        raise SnapshotError("the snapshot was cut short or changed since it was written; take the one before it")
    try:
        return _parts(body)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, struct.error) as error:
        raise SnapshotError(f"the snapshot cannot be read: {type(error).__name__}: {error!s:.200}") from None


def _parts(body: bytes) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    (length,) = _LENGTH.unpack_from(body)
    start = _LENGTH.size + length
    header = json.loads(body[_LENGTH.size : start], parse_constant=_no_constant)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, (code, shape) in header.pop("arrays").items():
        dtype = np.dtype(_DTYPES[code]).newbyteorder("<")
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(body, dtype, count, start).astype(_DTYPES[code]).reshape(shape)
        start += count * dtype.itemsize
    if start != len(body):
        raise ValueError("the arrays end elsewhere than the bytes do")
    return header, arrays


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
