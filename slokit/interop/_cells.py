"""What a column of cells says: flags, whole numbers, decimals, statuses, labels.

Nearly all cells of a column are plain digits, which are read for all rows at once with integer arithmetic; a cell that
looks otherwise is read alone. Neither guesses: what cannot be read is refused with its row.
"""

from __future__ import annotations

import re
from typing import Literal

import attrs
import numpy as np
import numpy.typing as npt

from slokit.errors import InvalidDefinition
from slokit.interop._rows import Cells
from slokit.sli.http import status_span

__all__ = ["BadStatus", "LabelTable", "decimals", "flags", "integers", "numbers"]

_Bools = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]

_SHORT_LABEL = 40
# What is no range to a rule of statuses although it looks like one is a mistake, and no text to be equalled.
_REVERSED = re.compile(r"[0-9]{1,9}\s*-\s*[0-9]{1,9}")
_FLAGS = {
    b"1": True, b"true": True, b"t": True, b"yes": True, b"y": True,
    b"0": False, b"false": False, b"f": False, b"no": False, b"n": False,
}  # fmt: skip


def decimals(cells: Cells) -> tuple[_Ints, _Ints, _Bools]:
    """Read plain decimals as ``value / 10**places``, exactly; the last array says which cells are such.

    Plain are an optional minus and one to 19 digits that fit 64 bits, with at most one point among or after them.
    """
    matrix = cells.matrix()
    value = np.zeros(len(cells), dtype=np.int64)
    digits, places = np.zeros_like(value), np.zeros_like(value)
    pointed = np.zeros(len(cells), dtype=bool)
    odd = cells.lengths == 0
    minus = matrix[:, 0] == ord("-") if matrix.shape[1] else odd
    for column in range(min(matrix.shape[1], 21)):
        here = matrix[:, column]
        digit = here - np.uint8(48)
        is_digit = digit <= 9
        odd |= is_digit & (digits >= 18) & (value >= (2**63 - 1) // 10)
        value = np.where(is_digit & ~odd, value * 10 + digit, value)
        digits += is_digit
        places += is_digit & pointed
        is_point = (here == ord(".")) & ~pointed & (digits > 0)
        pointed |= is_point
        odd |= ~(is_digit | is_point | (here == 0))
        if column == 0:
            odd &= ~minus
    odd |= (digits == 0) | (cells.lengths > 21)
    return np.where(minus, -value, value), places, ~odd


def integers(cells: Cells, least: int | None = None) -> _Ints:
    """Read whole numbers; ``22.0`` is one, ``22.5`` and nothing are not."""
    value, places, plain = decimals(cells)
    scale = 10**places
    whole = value // scale
    good = plain & (whole * scale == value)
    for row in np.flatnonzero(~good).tolist():
        whole[row] = _integer(cells, row)
    if least is not None and len(whole) and int(whole.min()) < least:
        cells.fail(int(whole.argmin()), f"is below {least}", "counts are not negative")
    return np.asarray(whole)


def _integer(cells: Cells, row: int) -> int:
    """Read one cell that is no plain integer: padded, signed, or past eighteen digits."""
    text = cells.text(row).strip()
    match = re.fullmatch(r"([+-]?[0-9]+)(?:\.0*)?", text)
    if match is None:
        mend = "fill it, or leave the row out" if not text else "write digits only"
        cells.fail(row, "is not a whole number" if text else "is empty", mend)
    number = int(match[1])
    if not -(2**63) <= number < 2**63:
        what = "is too large" if number > 0 else "is too far below zero"
        cells.fail(row, what, "whole numbers must be below 2**63; is this the right column?")
    return number


def numbers(cells: Cells, empty: Literal["refuse", "nan"] = "refuse") -> npt.NDArray[np.float64]:
    """Read decimals as the doubles nearest to them; without a value a cell is refused, or NaN."""
    value, places, plain = decimals(cells)
    # Both are exact doubles, so their quotient is the correctly rounded decimal (the fast path of Clinger, 1990).
    plain &= (np.abs(value) < 2**53) & (places <= 22)
    result = value / 10.0 ** np.minimum(places, 22)
    for row in np.flatnonzero(~plain).tolist():
        text = cells.text(row).strip()
        if empty == "nan" and text.lower() in ("", "nan"):
            result[row] = np.nan
            continue
        try:
            result[row] = float(text) if "_" not in text else np.nan
        except ValueError:
            result[row] = np.nan
        if not np.isfinite(result[row]):
            mend = "fill it, or leave the row out" if not text else "write a decimal such as 0.25, without a unit"
            cells.fail(row, "is not a finite number" if text else "is empty", mend)
    return np.asarray(result)


def flags(cells: Cells) -> _Bools:
    """Read flags: 1 or 0, true or false, yes or no, t or f, y or n, in any case."""
    if len(cells) and int(cells.lengths.min()) == 1 == int(cells.lengths.max()):
        letters = cells.matrix()[:, 0]
        good = letters == ord("1")
        if (good | (letters == ord("0"))).all():
            return np.asarray(good)
    known: dict[bytes, bool] = {}
    result = np.empty(len(cells), dtype=bool)
    for row, text in enumerate(cells.texts()):
        flag = known.get(text)
        if flag is None:
            flag = _FLAGS.get(text.strip().lower())
            if flag is None:
                mend = "fill it, or leave the row out" if not text else "write 1 or 0, true or false"
                cells.fail(row, "is no flag" if text else "is empty", mend)
            known[text] = flag
        result[row] = flag
    return result


@attrs.frozen
class BadStatus:
    """Which statuses are bad: ``">=500"``, ``"500-599,429"``, ``"error,timeout"``.

    Parts are separated by commas, and a status is bad if any part says so: a comparison with an integer, a range of
    integers with both ends, an integer, or a text to be equalled.

    Examples
    --------
    >>> BadStatus.parse(">=500, 429").spans
    ((500, None), (429, 429))
    """

    spans: tuple[tuple[int | None, int | None], ...]
    texts: frozenset[bytes]

    @classmethod
    def parse(cls, text: str) -> BadStatus:
        """Read the rule.

        Raises
        ------
        InvalidDefinition
            If a part is empty or a range is reversed.
        """
        spans: list[tuple[int | None, int | None]] = []
        texts = []
        for part in (p.strip() for p in text.split(",")):
            span = status_span(part)
            if span is not None:
                spans.append(span)
            elif part:
                texts.append(part.encode())
            if span is None and (not part or part[0] in "<>=" or _REVERSED.fullmatch(part)):
                raise InvalidDefinition(
                    [("bad status", f'must be like ">=500", "500-599,429" or "error", got {text!r}')]
                )
        return cls(tuple(spans), frozenset(texts))

    def is_bad(self, cells: Cells) -> _Bools:
        """Judge a column of texts and integers."""
        column = cells.texts()
        known: dict[bytes, bool] = {}
        for row, text in enumerate(column):
            if text not in known:
                known[text] = self._one(cells, row, text)
        return np.fromiter((known[text] for text in column), dtype=bool, count=len(column))

    def _one(self, cells: Cells, row: int, text: bytes) -> bool:
        if not text:
            cells.fail(row, "is empty", "fill it, or leave the row out")
        if text in self.texts:
            return True
        is_number = re.fullmatch(rb"-?[0-9]{1,18}", text) is not None
        return is_number and bool(self.in_spans(np.array([int(text)]))[0])

    def in_spans(self, status: _Ints) -> _Bools:
        """Judge integers."""
        bad = np.zeros(len(status), dtype=bool)
        for low, high in self.spans:
            bad |= (status >= (low if low is not None else -(2**63))) & (
                status <= (high if high is not None else 2**63 - 1)
            )
        return bad


class LabelTable:
    """Codes for the labels of one column, across blocks."""

    def __init__(self) -> None:
        self._codes: dict[bytes, int] = {}

    def codes(self, cells: Cells) -> npt.NDArray[np.int32]:
        """Return the code of each cell, in order of first appearance.

        Short labels are told apart by a hash of their bytes, for all rows at once; each cell is then compared with the
        one that stands for its hash, so that a collision costs time and never a wrong label.
        """
        if len(cells) and int(cells.lengths.max()) <= _SHORT_LABEL:
            matrix = cells.matrix()
            words = np.zeros((len(cells), -(-max(matrix.shape[1], 1) // 8) * 8), dtype=np.uint8)
            words[:, : matrix.shape[1]] = matrix
            hashed = np.zeros(len(cells), dtype=np.uint64)
            for word in words.view(np.uint64).T:
                hashed = (hashed ^ word) * np.uint64(0x9E3779B97F4A7C15)
                hashed ^= hashed >> np.uint64(29)
            _, first, which = np.unique(hashed, return_index=True, return_inverse=True)
            if (matrix == matrix[first][which]).all():
                return self._codes_of(
                    [
                        cells.block[s : s + n]
                        for s, n in zip(cells.starts[first].tolist(), cells.lengths[first].tolist(), strict=True)
                    ],
                    first,
                    cells,
                )[which]
        return self._codes_of(cells.texts(), np.arange(len(cells)), cells)

    def _codes_of(self, texts: list[bytes], rows: npt.NDArray[np.intp], cells: Cells) -> npt.NDArray[np.int32]:
        """Return the codes of labels, giving new ones to those not seen before."""
        table = self._codes
        for row, text in enumerate(texts):
            if text not in table:
                try:
                    text.decode()
                except UnicodeDecodeError:
                    cells.fail(int(rows[row]), "is not UTF-8", "save the file as UTF-8")
                table[text] = len(table)
        return np.fromiter(map(table.__getitem__, texts), dtype=np.int32, count=len(texts))

    def labels(self) -> tuple[str, ...]:
        """Return the labels by code."""
        return tuple(text.decode() for text in self._codes)
