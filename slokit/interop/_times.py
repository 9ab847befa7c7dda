"""Instants from text: the times of a CSV as nanoseconds since the epoch.

The times of a column look alike (so many digits, the same signs between them), so each look is read for all its rows
at once: positions of digits are summed as integers, and a date becomes days by a table of months. That takes some 30 ns
a time; one by one takes 2,000. Nothing is guessed: a time that names no zone is refused until somebody says
which zone is meant, and so is one that the clocks of that zone skip or show twice.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from slokit.errors import InvalidInstant
from slokit.interop._cells import decimals
from slokit.interop._rows import Cells
from slokit.timeline import parse_instant

__all__ = ["times"]

_Bools = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]

_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d"
    r"(?:(?P<sep>[T ])\d\d:\d\d(?P<second>:\d\d(?P<fraction>[.,]\d{1,9})?)?)?"
    r"(?: ?(?P<zone>Z|[+-]\d\d(?P<colon>:?)\d\d))?",
    re.ASCII,
)
# A column rarely mixes more looks than two signs of an offset, with and without fraction; beyond, rows are read singly.
_MOST_LOOKS = 12
_QUARTER = 900
_YEAR_1972 = 63_072_000


def times(cells: Cells, tz: tzinfo | None, unit: str | None) -> _Ints:
    """Read instants as nanoseconds since the epoch.

    Parameters
    ----------
    cells
        ISO 8601 times, or with ``unit`` numbers since the epoch; decimals of them are read exactly.
    tz
        The zone of times that state none; None refuses them.
    unit
        ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``; None for ISO text.
    """
    if unit is not None:
        return _epochs(cells, unit)
    matrix = cells.matrix()
    instants = np.empty(len(cells), dtype=np.int64)
    left = np.arange(len(cells))
    for _ in range(_MOST_LOOKS):
        if not left.size:
            return instants
        alike = _same_look(cells, matrix, left)
        rows = left[alike]
        instants[rows] = _iso(cells, rows, matrix, tz)
        left = left[~alike]
    for row in left.tolist():
        one = np.array([row])
        instants[row] = _iso(cells, one, matrix, tz)[0]
    return instants


def _same_look(cells: Cells, matrix: npt.NDArray[np.uint8], rows: _Ints) -> _Bools:
    """Say which rows look as the first of them: digits where it has digits, all else alike."""
    first = matrix[rows[0]]
    digit = (first >= 48) & (first <= 57)
    sub = matrix if len(rows) == len(matrix) else matrix[rows]
    same = cells.lengths[rows] == cells.lengths[rows[0]]
    for column in range(matrix.shape[1]):
        # uint8 wraps below zero, so that one comparison finds digits.
        same &= sub[:, column] - np.uint8(48) <= 9 if digit[column] else sub[:, column] == first[column]
    return np.asarray(same)


def _iso(cells: Cells, rows: _Ints, matrix: npt.NDArray[np.uint8], tz: tzinfo | None) -> _Ints:
    """Read the rows, which all look like the first, as ISO times."""
    text = cells.text(int(rows[0]))
    look = _ISO.fullmatch(text)
    if look is None:
        _not_a_time(cells, int(rows[0]), text)
    digits = (matrix if len(rows) == len(matrix) else matrix[rows]) - np.uint8(48)

    def number(start: int, stop: int) -> _Ints:
        value = digits[:, start].astype(np.int64)
        for column in range(start + 1, stop):
            value = value * 10 + digits[:, column]
        return value

    zero = np.zeros(len(rows), dtype=np.int64)
    timed, has_second, has_fraction = look["sep"] is not None, look["second"] is not None, look["fraction"] is not None
    hour, minute = (number(11, 13), number(14, 16)) if timed else (zero, zero)
    second = number(17, 19) if has_second else zero
    fraction = zero
    if has_fraction:
        begin, end = look.span("fraction")
        fraction = number(begin + 1, end) * 10 ** (10 - (end - begin))
    day, real = _days(number(0, 4), number(5, 7), number(8, 10))
    real &= (hour < 24) & (minute < 60) & (second < 60)
    zone = look["zone"]
    offset = zero
    if zone is not None and zone != "Z":
        begin, middle = look.start("zone"), len(look["colon"])
        ahead, past = number(begin + 1, begin + 3), number(begin + 3 + middle, begin + 5 + middle)
        real &= (ahead < 24) & (past < 60)
        offset = (ahead * 60 + past) * (60 if zone[0] == "+" else -60)
    if not real.all():
        row = int(rows[int(real.argmin())])
        _not_a_time(cells, row, cells.text(row))
    seconds = ((day * 24 + hour) * 60 + minute) * 60 + second
    if zone is None:
        offset = _offsets(cells, rows, seconds, tz)
    return (seconds - offset) * 10**9 + fraction


def _days(year: _Ints, month: _Ints, day: _Ints) -> tuple[_Ints, _Bools]:
    """Return days since the epoch, and which dates exist and fit nanoseconds."""
    real = (year >= 1678) & (year <= 2261) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(real, (year - 1970) * 12 + month - 1, 0)
    first = int(months.min())
    table = np.arange(first, int(months.max()) + 2).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    start = table[months - first]
    return start + day - 1, real & (start + day <= table[months - first + 1])


def _offsets(cells: Cells, rows: _Ints, seconds: _Ints, tz: tzinfo | None) -> _Ints:
    """Return seconds east of UTC of civil times in a zone, refusing those that it skips or shows twice."""
    if tz is None:
        row = int(rows[0])
        text = cells.text(row)
        mend = f"write {text}Z" if len(text) > 10 else f"write {text}T00:00Z"
        cells.fail(
            row, "names no time zone", f'{mend}, or say what zone such times are in: --tz UTC (in Python tz="UTC")'
        )
    # Since 1972 all zones move their clocks on quarters of an hour: one look-up serves all rows of a quarter.
    slot = _QUARTER if int(seconds.min()) >= _YEAR_1972 else 1
    slots, where = np.unique(seconds // slot, return_inverse=True)
    offsets = np.empty(len(slots), dtype=np.int64)
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001  (civil time: the zone is put on below)
    for i, quarter in enumerate(slots.tolist()):
        civil = (epoch + timedelta(seconds=quarter * slot)).replace(tzinfo=tz)
        earlier, later = civil.utcoffset(), civil.replace(fold=1).utcoffset()
        if earlier is None or later is None or earlier != later:
            why = "is skipped by" if earlier is None or later is None or earlier < later else "is shown twice by"
            row = int(rows[int((where == i).argmax())])
            cells.fail(row, f"{why} the clocks of {tz}", "write times with their offset, or in UTC")
        offsets[i] = earlier // timedelta(seconds=1)
    return offsets[where]


def _not_a_time(cells: Cells, row: int, text: str) -> NoReturn:
    """Raise for a cell that is no ISO time, saying what it looks like instead."""
    if re.fullmatch(r"-?\d+(\.\d*)?", text):
        cells.fail(row, "is a bare number", "say what it counts since 1970: --time-unit s, ms, us or ns (time_unit=)")
    try:
        parse_instant(text)
    except InvalidInstant as error:
        reason = str(error).partition("got ")[2].partition(": ")[2]
        if "leap second" in str(error):
            cells.fail(row, "is a leap second, which POSIX time has not", "use the second after it")
        if "must lie" in str(error):
            cells.fail(row, "lies outside the years 1678 to 2261", "mend the year")
        what = f"is no real date and time ({reason})" if reason else "is not a time that can be read"
        cells.fail(row, what if text else "is empty", "write ISO 8601, such as 2026-01-05T10:00:00Z")
    cells.fail(row, "lies outside the years 1678 to 2261", "mend the year")


def _epochs(cells: Cells, unit: str) -> _Ints:
    """Read numbers since the epoch; a decimal of more than nine places of a second is cut."""
    scale = _UNITS[unit]
    value, places, plain = decimals(cells)
    limit = (2**63 - 1) // scale
    if not plain.all():
        row = int(plain.argmin())
        if re.fullmatch(r"-?\d{19,}(\.\d*)?", cells.text(row), re.ASCII):
            _too_late(cells, row, unit)
        cells.fail(
            row,
            "is not a number since 1970" if cells.lengths[row] else "is empty",
            "leave out --time-unit for ISO times",
        )
    whole, part = np.divmod(value, 10**places)
    if (np.abs(whole) >= limit).any():
        _too_late(cells, int((np.abs(whole) >= limit).argmax()), unit)
    # part < 10**places, and scale / 10**places is a power of ten either way: multiply first where that fits.
    fine = np.where(places <= 9, part * 10 ** np.maximum(9 - places, 0), part // 10 ** np.maximum(places - 9, 0))
    return np.asarray(whole * scale + fine * scale // 10**9)


def _too_late(cells: Cells, row: int, unit: str) -> NoReturn:
    """Raise for a number that is no instant of the years that nanoseconds reach."""
    cells.fail(row, "is beyond the year 2262 in this unit", f"it was read as --time-unit {unit}; is it ms, us or ns?")
