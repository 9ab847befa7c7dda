"""Tables of evidence: a CSV of events, or of buckets somebody counted already, plain or packed.

A row of events is one thing that happened: when, and whether it was good (a flag, a status, or a value that an
indicator judges). A row of buckets stands for many: when, and two of good, bad and total. Which of the two a file
holds is said by the columns asked for, and guessed from the header only where nobody said.

Reading streams: a block of a few megabytes at a time, of which only the columns asked for are kept, as numbers.
What cannot be read is refused with the file, the row (the line of the file, counted from 1), the column, what it
holds and how to mend it. Times need a zone; ``tz`` says which one for times that name none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from slokit.calendars import zone
from slokit.errors import InvalidFile
from slokit.interop._cells import BadStatus, LabelTable, flags, integers, numbers
from slokit.interop._rows import Cells, Progress, Rows, Source, open_rows
from slokit.interop._tables import BucketTable, EventTable, Labels
from slokit.interop._times import times

__all__ = ["BucketTable", "EventTable", "Kind", "read_columns", "read_table"]

Kind = Literal["time", "number", "integer", "flag", "label"]
"""What :func:`read_columns` may read a column as."""

_Ints = npt.NDArray[np.int64]
_Column = npt.NDArray[Any]

# What columns are usually called, in the order of trust.
_TIMES = ("time", "timestamp", "@timestamp", "ts", "datetime", "date", "start", "unix_timestamp")
_FLAGS = ("good", "ok", "success")
_STATUSES = ("status", "status_code", "http_status")
_COUNTS = ("good", "bad", "total")


def read_table(
    source: Source,
    *,
    time: str | None = None,
    good: str | None = None,
    bad: str | None = None,
    total: str | None = None,
    status: str | None = None,
    bad_status: str = ">=500",
    value: str | None = None,
    valid: str | None = None,
    by: str | Sequence[str] = (),
    tz: str | None = None,
    time_unit: str | None = None,
    delimiter: str | None = None,
    progress: Progress | None = None,
) -> EventTable | BucketTable:
    r"""Read a CSV of events or of buckets.

    Parameters
    ----------
    source
        A path, ``"-"`` for standard input, or an open binary file; gzip, bzip2 and xz are known by their first bytes.
    time
        The column of times: ISO 8601, or numbers since 1970 with ``time_unit``. By default the first of ``time``,
        ``timestamp``, ``ts``, ``datetime``, ``date`` and a few more that the header has.
    good, bad, total
        Two of them name columns of counts: the rows are buckets. ``good`` alone is a flag: the rows are events.
    status
        A column of statuses, of which ``bad_status`` says which are bad, such as ``">=500"``, ``"500-599,429"`` or
        ``"error,timeout"``.
    value
        A column of numbers, for an indicator to judge; beside a flag or a status too, for an all_of or an http
        indicator, to which they are seconds.
    valid
        A column of flags: events without it count neither as good nor as bad.
    by
        Columns whose labels tell series apart, or one by its name; each becomes an axis.
    tz
        The zone of times that name none, such as ``"UTC"`` or ``"Europe/Berlin"``; without it they are refused.
    time_unit
        What numbers in the time column count: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``.
    delimiter
        One character; by default comma, tab, semicolon or bar, whichever the header holds most of.
    progress
        Called after each block with the bytes read and the bytes there are (None where nobody knows).

    Raises
    ------
    InvalidFile
        If a column is missing or a cell cannot be read; names the row and says how to mend it.
    UnknownTimeZone
        If ``tz`` is no zone.

    Examples
    --------
    >>> import io
    >>> table = read_table(io.BytesIO(b"time,status\n2026-01-05T10:00:02Z,200\n2026-01-05T10:00:31Z,503\n"))
    >>> table.count(step="1m")
    Counts(1 bucket of 1m from 2026-01-05T10:00:00Z · 2 events, 50% bad · 100% observed)
    """
    if time_unit not in (None, "s", "ms", "us", "ns"):
        raise InvalidFile(f'time_unit must be "s", "ms", "us" or "ns", got {time_unit!r}')
    where = None if tz is None else zone(tz, "tz")
    rule = BadStatus.parse(bad_status)
    by = (by,) if isinstance(by, str) else by
    if twice := next((name for name in by if by.count(name) > 1), None):
        raise InvalidFile(f"by names the column {twice[:60]!r} twice; each column makes one axis")
    chosen = {"good": good, "bad": bad, "total": total, "status": status, "value": value}
    with open_rows(source, delimiter) as rows:
        roles = _roles(rows, time, {role: name for role, name in chosen.items() if name is not None})
        if valid is not None:
            roles["valid"] = valid
        is_buckets = sum(role in roles for role in _COUNTS) >= 2
        wanted = [rows.column(name, role) for role, name in roles.items()] + [rows.column(name, "by") for name in by]
        tables = {name: LabelTable() for name in by}
        held: dict[str, list[_Column]] = defaultdict(list)
        lines: list[_Ints | range] = []
        for columns in rows.blocks(wanted, progress):
            cells = dict(zip(roles, columns, strict=False))
            lines.append(_lines(columns[0]))
            held["time"].append(times(cells["time"], where, time_unit))
            for role, column in (_counts(cells) if is_buckets else _events(cells, rule)).items():
                held[role].append(column)
            for name, labels in zip(by, columns[len(roles) :], strict=True):
                held[f"by {name}"].append(tables[name].codes(labels))
        source_name = rows.source
    if not lines:
        raise InvalidFile(f"{source_name} holds a header and no rows")
    whole = {role: np.concatenate(held.pop(role)) for role in list(held)}
    series = {name: _sorted(whole[f"by {name}"], table.labels()) for name, table in tables.items()}
    if is_buckets:
        return BucketTable(
            source=source_name,
            columns=roles,
            timestamps=whole["time"],
            bad=whole["bad"],
            total=whole["total"],
            by=series,
            lines=tuple(lines),
        )
    return EventTable(
        source=source_name,
        columns=roles,
        timestamps=whole["time"],
        good=whole.get("good"),
        values=whole.get("value"),
        statuses=whole.get("status"),
        valid=whole.get("valid"),
        by=series,
        lines=tuple(lines),
    )


def read_columns(
    source: Source,
    kinds: Mapping[str, Kind],
    *,
    tz: str | None = None,
    time_unit: str | None = None,
    delimiter: str | None = None,
    progress: Progress | None = None,
) -> dict[str, npt.NDArray[Any]]:
    r"""Read some columns of a CSV as arrays, for evidence that takes reckoning before it can be counted.

    Parameters
    ----------
    source, tz, time_unit, delimiter, progress
        As for :func:`read_table`.
    kinds
        What to read each column as: ``"time"`` (datetime64[ns]), ``"number"`` (float64, NaN where the cell is empty),
        ``"integer"`` (int64), ``"flag"`` (bool) or ``"label"`` (objects: text).

    Returns
    -------
    dict
        An array a column, of one length.

    Raises
    ------
    InvalidFile
        If a column is missing or a cell cannot be read; names the row.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO(b"time,requests,availability\n2026-01-05T10:00Z,200,99.5\n2026-01-05T10:05Z,180,\n")
    >>> read_columns(file, {"requests": "number", "availability": "number"})["availability"]
    array([99.5,  nan])
    """
    where = None if tz is None else zone(tz, "tz")
    tables = {name: LabelTable() for name, kind in kinds.items() if kind == "label"}
    read: dict[str, Callable[[str, Cells], _Column]] = {
        "time": lambda _, cells: times(cells, where, time_unit).view("datetime64[ns]"),
        "number": lambda _, cells: numbers(cells, empty="nan"),
        "integer": lambda _, cells: integers(cells),
        "flag": lambda _, cells: flags(cells),
        "label": lambda name, cells: tables[name].codes(cells),
    }
    for name, kind in kinds.items():
        if kind not in read:
            raise InvalidFile(f"{name!r} must be read as one of {', '.join(read)}, got {kind!r}")
    held: dict[str, list[_Column]] = {name: [] for name in kinds}
    with open_rows(source, delimiter) as rows:
        for columns in rows.blocks([rows.column(name, "requested") for name in kinds], progress):
            for (name, kind), cells in zip(kinds.items(), columns, strict=True):
                held[name].append(read[kind](name, cells))
        if not all(held.values()):
            raise InvalidFile(f"{rows.source} holds a header and no rows")
    whole = {name: np.concatenate(parts) for name, parts in held.items()}
    return whole | {name: np.array(table.labels(), dtype=object)[whole[name]] for name, table in tables.items()}


def _roles(rows: Rows, time: str | None, chosen: dict[str, str]) -> dict[str, str]:
    """Decide which column is read as what."""
    if time is None:
        time = _first(rows.header, _TIMES)
        if time is None:
            raise InvalidFile(
                f"{rows.source}: no column looks like the time; name it with --time (time=); {_columns(rows)}"
            )
    if not chosen:
        counts = {role: name for role in _COUNTS if (name := _first(rows.header, (role,)))}
        flag, status = _first(rows.header, _FLAGS), _first(rows.header, _STATUSES)
        if len(counts) >= 2:
            chosen = counts
        elif flag is not None or status is not None:
            chosen = {"good": flag} if flag is not None else {"status": str(status)}
        else:
            raise InvalidFile(
                f"{rows.source}: no column tells good from bad; name a flag with --good, a status with --status, "
                f"a number with --value, or two counts with --good, --bad, --total; {_columns(rows)}"
            )
    kinds = [kind for kind in ("status", "value") if kind in chosen]
    counted = [role for role in _COUNTS if role in chosen]
    if counted in (["bad"], ["total"]):
        raise InvalidFile(f"{rows.source}: {counted[0]} alone says nothing; name a second column: good, bad or total")
    if len(counted) >= 2 and kinds:
        raise InvalidFile(
            f"{rows.source}: --{kinds[0]} is for events, and {' and '.join(counted)} for buckets; choose one"
        )
    if "good" in chosen and "status" in chosen:
        raise InvalidFile(f"{rows.source}: --good and --status both say which events are good; choose one")
    return {"time": time, **chosen}


def _events(cells: Mapping[str, Cells], rule: BadStatus) -> dict[str, _Column]:
    """Read what was asked of each event: its verdict, its value, whether it counts."""
    found: dict[str, _Column] = {role: flags(cells[role]) for role in ("good", "valid") if role in cells}
    if "status" in cells:
        if rule.texts:
            found["good"] = ~rule.is_bad(cells["status"])
        else:
            statuses = integers(cells["status"])
            found["good"] = ~rule.in_spans(statuses)
            found["status"] = np.clip(statuses, -1, 1000).astype(np.int16)
    if "value" in cells:
        found["value"] = numbers(cells["value"])
    return found


def _counts(cells: Mapping[str, Cells]) -> dict[str, _Column]:
    """Read two or three of good, bad and total into bad and total."""
    read = {role: integers(cells[role], least=0) for role in _COUNTS if role in cells}
    if "total" not in read:
        total = read["good"] + read["bad"]
        if (total < 0).any():
            cells["bad"].fail(int((total < 0).argmax()), "and good are too many for 64 bits", "are these the columns?")
        return {"bad": read["bad"], "total": total}
    total = read["total"]
    part = "bad" if "bad" in read else "good"
    if (read[part] > total).any():
        row = int((read[part] > total).argmax())
        cells[part].fail(row, f"is more than the total of {total[row]:,}", "mend one of the two")
    bad = read["bad"] if "bad" in read else total - read["good"]
    if "good" in read and (read["good"] != total - bad).any():
        row = int((read["good"] != total - bad).argmax())
        cells["good"].fail(row, f"is not the total less the bad, {total[row] - bad[row]:,}", "mend one of the three")
    return {"bad": bad, "total": total}


def _first(header: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the first column that is called one of the names, in any case."""
    known = {name.lower(): name for name in reversed(header)}
    return next((known[name] for name in names if name in known), None)


def _columns(rows: Rows) -> str:
    names = ", ".join(repr(name[:60]) for name in rows.header[:20])
    if any(re.match(r"\d{4}-\d\d-\d\d|\d{10}", name) for name in rows.header):
        return f"the first row must name the columns, and is {names}"
    return f"the columns are {names}{', …' if len(rows.header) > 20 else ''}"


def _lines(cells: Cells) -> _Ints | range:
    """Return the lines of a block's rows, as a range where nothing was passed over."""
    first, last = int(cells.lines[0]), int(cells.lines[-1])
    return range(first, last + 1) if last - first + 1 == len(cells) else cells.lines


def _sorted(codes: _Column, labels: tuple[str, ...]) -> Labels:
    """Put labels in order and rename the codes to match."""
    order = sorted(range(len(labels)), key=labels.__getitem__)
    place = np.empty(len(labels), dtype=np.int32)
    place[order] = np.arange(len(labels), dtype=np.int32)
    return place[codes], tuple(labels[i] for i in order)
