from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slokit import SLI
from slokit.errors import InvalidDefinition, InvalidFile, UnknownTimeZone, WrongType
from slokit.interop import _rows
from slokit.interop.tables import BucketTable, EventTable, read_table
from slokit.timeline import instant_text, parse_instant

HEAD = "time,good"


def file(*lines: str, end: str = "\n") -> io.BytesIO:
    """Return lines as a binary file."""
    return io.BytesIO("".join(line + end for line in lines).encode())


def events(*lines: str, **options: Any) -> EventTable:
    """Read lines as events."""
    table = read_table(file(*lines), **options)
    assert isinstance(table, EventTable)
    return table


def buckets(*lines: str, **options: Any) -> BucketTable:
    """Read lines as buckets."""
    table = read_table(file(*lines), **options)
    assert isinstance(table, BucketTable)
    return table


def complaint(*lines: str, **options: Any) -> str:
    """Return what is said about a file: one line, with nothing that a terminal would obey."""
    with pytest.raises(InvalidFile) as caught:
        read_table(file(*lines), **options)
    text = str(caught.value)
    assert text.isprintable()
    return text.removeprefix("the file, ").removeprefix("the file: ")


# --- times ----------------------------------------------------------------------------------------------------------


@given(
    instants=st.lists(st.integers(-9_000_000_000_000_000_000, 9_000_000_000_000_000_000), min_size=1, max_size=20),
    data=st.data(),
)
def test_times_are_what_the_core_reads(instants: list[int], data: st.DataObject) -> None:
    """Whatever looks a column mixes, each time is the instant that parse_instant reads, to the nanosecond."""
    texts = []
    for instant in instants:
        digits = data.draw(st.integers(0, 9))
        cut = instant - instant % 10 ** (9 - digits)
        offset = data.draw(st.sampled_from(["Z", "+00:00", "+0530", "-03:30", "+14:00", "-1200"]))
        shift = timedelta()
        if offset != "Z":
            hours, minutes = int(offset[1:3]), int(offset[-2:])
            shift = timedelta(hours=hours, minutes=minutes) * (1 if offset[0] == "+" else -1)
        body = instant_text(cut + int(shift.total_seconds()) * 10**9)[:-1]
        if digits:
            body = body.partition(".")[0] + "." + f"{cut % 10**9:09d}"[:digits]
        separator, space = data.draw(st.sampled_from(["T", " "])), data.draw(st.sampled_from(["", " "]))
        texts.append(body.replace("T", separator) + space + offset)
    table = events(HEAD, *(f"{text},1" for text in texts))
    assert table.timestamps.tolist() == [parse_instant(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05T10:00Z", "2026-01-05T10:00:00Z"),
        ("2024-02-29 23:59:59,5+01:00", "2024-02-29T22:59:59.5Z"),
        ("2026-01-05T10:00:00.000000001Z", "2026-01-05T10:00:00.000000001Z"),
        ("1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59.25Z"),
        ("2026-01-05 Z", "2026-01-05T00:00:00Z"),
    ],
)
def test_the_usual_looks_of_times(text: str, expected: str) -> None:
    """ISO 8601 as programs write it: with and without seconds, fractions, blanks and offsets."""
    assert events("time;good", f"{text};1").timestamps.tolist() == [parse_instant(expected)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("2026-01-05 10:00", "'2026-01-05 10:00' names no time zone; write 2026-01-05 10:00Z, or say what zone"),
        ("2026-02-29T10:00Z", "'2026-02-29T10:00Z' is no real date and time"),
        ("2026-01-05T24:00Z", "is no real date and time"),
        ("2026-01-05T10:60Z", "is no real date and time"),
        ("2016-12-31T23:59:60Z", "is a leap second, which POSIX time has not; use the second after it"),
        ("0001-01-01T00:00Z", "lies outside the years 1678 to 2261"),
        ("", "the cell is empty; write ISO 8601"),
        ("NaT", "is not a time that can be read"),
        ("now", "is not a time that can be read"),
        ("1767607200", "is a bare number; say what it counts since 1970: --time-unit s"),
        ("2026-01-05T10:00:00.1234567890Z", "is not a time that can be read"),
        ("05/01/2026 10:00", "is not a time that can be read; write ISO 8601, such as"),
        ("2026-01-05T10:00:00+25:00", "is no real date and time"),
        ("\x1b[31mred", r"'\x1b[31mred' is not a time"),
        ("2026-01-05T10:00Z" + " " * 300, "is 317 bytes long; is this the right column?"),
    ],
)
def test_a_bad_time_is_named_with_its_row(text: str, what: str) -> None:
    """One line says which row of the file, which column, what it holds, and how to mend it."""
    said = complaint("good,time", "1,2026-01-05T10:00:00Z", f"1,{text}", "1,2026-01-05T10:00:00Z")
    assert said.startswith("row 3, column 'time': ")
    assert what in said


def test_naive_times_are_read_in_the_zone_that_is_said() -> None:
    """tz= is for times that name no zone; those that do keep theirs."""
    table = events(HEAD, "2026-07-01 12:00,1", "2026-01-01 12:00:00.5,1", "2026-07-01T12:00Z,1", tz="Europe/Berlin")
    expected = ["2026-07-01T10:00Z", "2026-01-01T11:00:00.5Z", "2026-07-01T12:00Z"]
    assert table.timestamps.tolist() == [parse_instant(text) for text in expected]
    assert events(HEAD, "2026-07-01,1", tz="UTC").timestamps.tolist() == [parse_instant("2026-07-01T00:00Z")]


@pytest.mark.parametrize(
    ("zone", "text", "why"),
    [
        ("America/New_York", "2026-11-01 01:30", "is shown twice by the clocks of America/New_York"),
        ("America/New_York", "2026-03-08 02:30", "is skipped by the clocks of America/New_York"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "is shown twice"),
        ("Pacific/Apia", "2011-12-30 12:00", "is skipped"),
    ],
)
def test_a_naive_time_that_the_clocks_skip_or_repeat_is_refused(zone: str, text: str, why: str) -> None:
    """Which of the two instants was meant cannot be known, so it is not guessed."""
    said = complaint(HEAD, "2026-06-01 00:00,1", f"{text},1", tz=zone)
    assert said.startswith("row 3, column 'time': ")
    assert why in said


@given(
    zone=st.sampled_from(
        ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Monrovia"]
    ),
    moments=st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)), min_size=1, max_size=10),
)
def test_civil_times_are_what_zoneinfo_says(zone: str, moments: list[datetime]) -> None:
    """Every civil time that exists once is the instant that zoneinfo finds, before 1972 too."""
    from zoneinfo import ZoneInfo

    tz = ZoneInfo(zone)
    # A moment may be drawn with fold=1, so both are said.
    once = [m for m in moments if len({m.replace(tzinfo=tz, fold=fold).utcoffset() for fold in (0, 1)}) == 1]
    if once:
        table = events(HEAD, *(f"{m.isoformat(' ', 'microseconds')},1" for m in once), tz=zone)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        expected = [(m.replace(tzinfo=tz).astimezone(UTC) - epoch) // timedelta(microseconds=1) * 1000 for m in once]
        assert table.timestamps.tolist() == expected


@given(
    unit=st.sampled_from([("s", 9), ("ms", 6), ("us", 3), ("ns", 0)]),
    instants=st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=20),
    places=st.integers(0, 9),
)
def test_numbers_since_the_epoch_are_exact(unit: tuple[str, int], instants: list[int], places: int) -> None:
    """Decimals of a unit keep their nanoseconds, which no double could."""
    name, power = unit
    places = min(places, power)
    texts = []
    for instant in instants:
        scaled = instant // 10 ** (power - places)
        digits = str(abs(scaled)).rjust(places + 1, "0")
        texts.append(("-" if scaled < 0 else "") + (f"{digits[:-places]}.{digits[-places:]}" if places else digits))
    table = events(HEAD, *(f"{text},1" for text in texts), time_unit=name)
    assert table.timestamps.tolist() == [int(Fraction(text) * 10**power) for text in texts]


def test_a_wrong_unit_is_suspected() -> None:
    """Milliseconds read as seconds lie beyond any calendar, and the message asks."""
    said = complaint(HEAD, "1700000000,1", "1700000000000,1", time_unit="s")
    assert said.startswith("row 3, column 'time': '1700000000000' is beyond the year 2262")
    assert "is it ms, us or ns?" in said
    assert "is not a number since 1970" in complaint(HEAD, "2026-01-05T10:00Z,1", time_unit="s")


# --- other cells ----------------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.decimals(-(10**6), 10**6, places=3)), min_size=1
    )
)
def test_numbers_are_the_nearest_doubles(values: list[Any]) -> None:
    """However a number is written, it is read as Python reads it."""
    texts = [str(value) for value in values]
    table = events("time,latency", *(f"2026-01-01T00:00Z,{text}" for text in texts), value="latency")
    assert table.values is not None
    assert table.values.tolist() == [float(text) for text in texts]


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_000", "0.2s", "0x10", "--1", "1.2.3"])
def test_a_value_that_is_no_number_is_refused(text: str) -> None:
    """NaN is refused too: it would be neither good nor bad."""
    said = complaint("time,latency", "2026-01-01T00:00Z,0.1", f"2026-01-01T00:00Z,{text}", value="latency")
    assert said.startswith("row 3, column 'latency': ")


@pytest.mark.parametrize(
    ("text", "flag"),
    [("1", True), ("0", False), ("true", True), ("FALSE", False), ("Yes", True), ("n", False), (" t ", True)],
)
def test_flags_have_several_names(text: str, flag: bool) -> None:
    """What programs write for yes and no is read; alone and among others."""
    for lines in ([text], ["1", text, "0"]):
        good = events(HEAD, *(f"2026-01-01T00:00Z,{line}" for line in lines)).good
        assert good is not None
        assert bool(good[len(lines) // 2]) is flag


@pytest.mark.parametrize("text", ["", "2", "ok", "1.0", "-1"])
def test_what_is_no_flag_is_refused(text: str) -> None:
    """No truthiness: 2 is not good."""
    assert complaint(HEAD, "2026-01-01T00:00Z,1", f"2026-01-01T00:00Z,{text}").startswith("row 3, column 'good': ")


@pytest.mark.parametrize(
    ("rule", "good"),
    [
        (">=500", [1, 1, 1, 0, 0]),
        (">=400", [1, 1, 0, 0, 0]),
        ("500-502,404", [1, 1, 0, 0, 1]),
        ("> 404", [1, 1, 1, 0, 0]),
        ("<300", [0, 1, 1, 1, 1]),
        ("<=301, 503", [0, 0, 1, 1, 0]),
        ("200,301,error", [0, 0, 1, 1, 1]),
    ],
)
def test_bad_statuses_are_said_in_a_rule(rule: str, good: list[int]) -> None:
    """Comparisons, ranges, single statuses and texts, any of which makes a status bad."""
    statuses = (200, 301, 404, 500, 503)
    table = events("time,status", *(f"2026-01-01T00:00Z,{status}" for status in statuses), bad_status=rule)
    assert table.good is not None
    assert table.good.astype(int).tolist() == good


def test_statuses_may_be_words() -> None:
    """With a word among the rules other words are good; with numbers only they are refused."""
    lines = ["time,status", "2026-01-01T00:00Z,ok", "2026-01-01T00:00Z,timeout", "2026-01-01T00:00Z,504"]
    good = events(*lines, bad_status="timeout,error,>=500").good
    assert good is not None
    assert good.tolist() == [True, False, False]
    assert complaint(*lines).startswith("row 2, column 'status': 'ok' is not a whole number")


@pytest.mark.parametrize("rule", ["", "500,", "599-500", "=>500", ">=x"])
def test_a_bad_rule_is_refused(rule: str) -> None:
    """The rule is an option, not a row."""
    with pytest.raises(InvalidDefinition, match='must be like ">=500"'):
        read_table(file("time,status"), bad_status=rule)


@given(st.lists(st.tuples(st.integers(0, 2**62 - 1), st.integers(0, 2**62 - 1)), min_size=1, max_size=30), st.data())
def test_any_two_of_three_counts_say_the_same(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    """Good and bad, good and total, bad and total, and all three, in any order of columns."""
    names = data.draw(st.permutations(["good", "bad", "total"]))
    names = names[: data.draw(st.integers(2, 3))]
    lines = []
    for good, bad in rows:
        held = {"good": good, "bad": bad, "total": good + bad}
        lines.append(",".join(["2026-01-01T00:00Z", *(str(held[name]) for name in names)]))
    table = buckets(",".join(["time", *names]), *lines)
    assert table.bad.tolist() == [bad for _, bad in rows]
    assert table.total.tolist() == [good + bad for good, bad in rows]


@pytest.mark.parametrize(
    ("head", "row", "what"),
    [
        ("good,bad", "5,-1", "column 'bad': '-1' is below 0"),
        ("good,bad", "5,1.5", "column 'bad': '1.5' is not a whole number"),
        ("good,bad", "5,", "column 'bad': the cell is empty; fill it, or leave the row out"),
        (
            "good,bad",
            "9223372036854775808,1",
            "column 'good': '9223372036854775808' is too large; whole numbers must be below 2**63",
        ),
        ("good,bad", "9223372036854775807,1", "are too many for 64 bits"),
        ("good,total", "12,10", "column 'good': '12' is more than the total of 10"),
        ("bad,total", "12,10", "column 'bad': '12' is more than the total of 10"),
        ("good,bad,total", "7,2,10", "column 'good': '7' is not the total less the bad, 8"),
    ],
)
def test_counts_that_cannot_be_are_refused(head: str, row: str, what: str) -> None:
    """Each with its row; nothing is clamped."""
    count = head.count(",") + 1
    said = complaint(f"time,{head}", f"2026-01-01T00:00Z,{','.join('0' * count)}", f"2026-01-01T00:01Z,{row}")
    assert said.startswith("row 3, ")
    assert what in said


def test_whole_numbers_may_be_written_as_decimals() -> None:
    """A data frame with holes writes 22 as 22.0; spaces and a plus are no harm."""
    table = buckets("time,bad,total", "2026-01-01T00:00Z,0.0,22.0", "2026-01-01T00:01Z, 1 ,+9223372036854775807")
    assert table.total.tolist() == [22, 2**63 - 1]


# --- files ----------------------------------------------------------------------------------------------------------

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=50)


@given(
    labels=st.lists(CELL, min_size=1, max_size=40),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    data=st.data(),
)
def test_both_roads_give_the_same_cells(labels: list[str], quoting: Literal[0, 1], data: st.DataObject) -> None:
    """Quoted or plain, in one block or in blocks of a few bytes, the cells are those that were written."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator=data.draw(st.sampled_from(["\n", "\r\n"])))
    writer.writerow(["time", "label", "good"])
    for number, label in enumerate(labels):
        writer.writerow([f"2026-01-01T00:00:{number:02d}Z", label, number % 2])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rows, "_BLOCK", data.draw(st.sampled_from([7, 64, 1 << 20])))
        table = read_table(io.BytesIO(text.getvalue().encode()), by=["label"])
    assert isinstance(table, EventTable)
    codes, names = table.by["label"]
    assert [names[code] for code in codes] == labels
    assert list(names) == sorted(set(labels))
    assert table.good is not None
    assert table.good.tolist() == [number % 2 == 1 for number in range(len(labels))]


def test_labels_that_hash_alike_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long, short and empty labels, and more than one block of them, are told apart by their bytes."""
    monkeypatch.setattr(_rows, "_BLOCK", 4096)
    names = [f"{'x' * (i % 60)}{i % 7}" for i in range(2000)] + ["", "é", "e\u0301"]
    table = events("time,good,name", *(f"2026-01-01T00:00Z,1,{name}" for name in names), by=["name"])
    codes, labels = table.by["name"]
    assert [labels[code] for code in codes] == names


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_do_not_matter(end: str, last: bool) -> None:
    """Neither carriage returns, nor a missing last newline, nor blank lines, nor a byte order mark."""
    body = end.join(["", "time,good", "", "2026-01-01T00:00Z,1", "", "2026-01-01T00:01Z,0"]) + (end if last else "")
    table = read_table(io.BytesIO(b"\xef\xbb\xbf" + body.encode()))
    assert isinstance(table, EventTable)
    assert table.good is not None
    assert table.good.tolist() == [True, False]


@pytest.mark.parametrize("before", [[], [""], ['"2026-01-01T00:00Z",1'], ['"2026-01-01T00:00Z","1"', "", ""]])
def test_rows_are_lines_of_the_file(before: list[str]) -> None:
    """The row in a message is the line an editor shows, blank lines and quotes before it or not."""
    said = complaint(HEAD, *before, "2026-01-01T00:00Z,1", "2026-01-01T00:00Z,maybe")
    assert said.startswith(f"row {len(before) + 3}, column 'good': 'maybe' is no flag")


def test_a_quoted_line_break_counts_as_a_line() -> None:
    """A row begins on the line that its first cell begins on."""
    lines = ["time,note,good", '2026-01-01T00:00Z,"two\nlines",1', '2026-01-01T00:00Z,"x",maybe']
    assert complaint(*lines).startswith("row 4, column 'good'")


@pytest.mark.parametrize("extra", ["", ',"q"'])
def test_a_ragged_row_is_refused(extra: str) -> None:
    """A row with a cell too few or too many would shift its columns."""
    for row in ("2026-01-01T00:00Z", "2026-01-01T00:00Z,1,2,3"):
        head = "time,good" + (",note" if extra else "")
        said = complaint(head, f"2026-01-01T00:00Z,1{extra}", row)
        assert said.startswith(f"row 3: it has {row.count(',') + 1} cells and the header {head.count(',') + 1}")


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, lambda data: gzip.compress(data[:30]) + gzip.compress(data[30:])],
)
def test_packed_files_are_known_by_their_first_bytes(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Whatever the name says; gzip files laid end to end too, as log rotation leaves them."""
    path = tmp_path / "events.csv"
    path.write_bytes(pack(file(HEAD, *["2026-01-01T00:00Z,1"] * 1000).getvalue()))
    assert len(read_table(path)) == 1000
    assert len(read_table(str(path))) == 1000


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_damaged_file_says_so(pack: Callable[[bytes], bytes]) -> None:
    """Cut or garbled, it is never read as a shorter one."""
    data = pack(file(HEAD, *(f"2026-01-01T00:00:{i % 60:02d}Z,{i % 2}" for i in range(1000))).getvalue())
    for broken in (data[:-10], data[: len(data) // 2], data[:40] + bytes(40) + data[80:]):
        with pytest.raises(InvalidFile, match=r"^the file cannot be read: "):
            read_table(io.BytesIO(broken))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty; the first row must name the columns"),
        (b"\n\n", "is empty"),
        (b"time,good\n", "holds a header and no rows"),
        ("time,good\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"PK\x03\x04\0\0\0", "holds binary data"),
        (b"time,good\n2026-01-01T00:00Z,\0\n", "row 2: it holds a zero byte"),
        (b'time,good\n2026-01-01T00:00Z,"1\n' * 3, "row 2: "),
        (b"time,good\n" + b"x" * 10_000_000, "row 2: the line is longer than 1,048,576 bytes"),
        (b"time,good\r2026-01-01T00:00Z,1\r", "row 1: it holds a carriage return"),
        (b"time,good\r" * 10**6, "row 1: it holds a carriage return"),
        (b"time,good\n2026-01-01T00:00Z,1\r2026-01-01T00:00Z,1\r", "row 2: it holds a carriage return"),
        (b'time,good\n"2026-01-01T00:00Z",1\r2026-01-01T00:00Z,1\r', "row 2: it holds a carriage return"),
        (b'time,good\n"2026-01-01T00:00Z"x,1\n', "row 2: a quoted cell goes on after its closing quote"),
        (b'time,good\n2026-01-01T00:00Z,"1\n', "row 2: a quote that begins here is never closed"),
        (
            b'time,good\n2026-01-01T00:00Z,"' + b"x" * 200_000 + b'"\n',
            "row 2: a cell is longer than 131,072",
        ),
        (b"x" * 6_000_000, "the first line is longer than 1,048,576 bytes"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, what: str) -> None:
    """One line says what is wrong; nothing is read half."""
    with pytest.raises(InvalidFile) as caught:
        read_table(io.BytesIO(data))
    assert what in str(caught.value)
    assert not re.search("new-line|universal|field|unexpected", str(caught.value))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path and the system's reason, as InvalidFile."""
    with pytest.raises(InvalidFile, match=r"nothing\.csv cannot be read: No such file or directory"):
        read_table(tmp_path / "nothing.csv")
    with pytest.raises(InvalidFile, match="cannot be read: Is a directory"):
        read_table(tmp_path)


def test_labels_that_are_not_utf8_are_refused() -> None:
    """A label cannot be shown if nobody knows its letters; other columns may hold anything."""
    data = b"time,good,name,note\n2026-01-01T00:00Z,1,caf\xe9,x\xff\n"
    assert len(read_table(io.BytesIO(data))) == 1
    for body in (data, data.replace(b"x\xff", b'"x\xff"')):
        with pytest.raises(InvalidFile, match=r"row 2, column 'name': 'caf.*' is not UTF-8"):
            read_table(io.BytesIO(body), by=["name"])


def test_progress_is_told_block_by_block(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Bytes of the packed file, ending at its size; None where the end is not known."""
    monkeypatch.setattr(_rows, "_BLOCK", 10_000)
    data = gzip.compress(file(HEAD, *["2026-01-01T00:00Z,1"] * 50_000).getvalue(), 1)
    path = tmp_path / "events.csv.gz"
    path.write_bytes(data)
    calls: list[tuple[int, int | None]] = []
    read_table(path, progress=lambda done, size: calls.append((done, size)))
    assert len(calls) > 10
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1] == (len(data), len(data))


# --- columns --------------------------------------------------------------------------------------------------------


def test_columns_are_guessed_from_the_header() -> None:
    """The usual names, in any case; counts before a flag, a flag before a status."""
    assert events("Timestamp,OK", "2026-01-01T00:00Z,1").columns == {"time": "Timestamp", "good": "OK"}
    assert events("ts,url,status", "2026-01-01T00:00Z,/,500").columns == {"time": "ts", "status": "status"}
    table = buckets("time,status,total,good", "2026-01-01T00:00Z,1,2,1")
    assert table.columns == {"time": "time", "good": "good", "total": "total"}


@pytest.mark.parametrize(
    ("head", "options", "what"),
    [
        ("when,good", {}, "no column looks like the time; name it with --time (time=); the columns are 'when', 'good'"),
        ("time,outcome", {}, "no column tells good from bad; name a flag with --good"),
        ("2026-01-01T00:00Z,1", {}, "the first row must name the columns"),
        (HEAD, {"good": "Good"}, "the good column 'Good' is not in the header; did you mean 'good'?"),
        (HEAD, {"by": ["service"]}, "the by column 'service' is not in the header; the columns are 'time', 'good'"),
        ("time,good,good", {}, "the good column 'good' is named twice in the header"),
        ("time,errors", {"bad": "errors"}, "bad alone says nothing"),
        (HEAD, {"good": "good", "status": "good"}, "--good and --status both say which events are good; choose one"),
        (HEAD, {"good": "good", "bad": "good", "value": "good"}, "choose one"),
        (HEAD, {"time": "clock"}, "the time column 'clock' is not in the header"),
        (HEAD, {"time_unit": "minutes"}, 'time_unit must be "s", "ms", "us" or "ns"'),
        (HEAD, {"delimiter": "::"}, "delimiter must be one ASCII character"),
    ],
)
def test_a_wrong_column_is_named(head: str, options: dict[str, Any], what: str) -> None:
    """The message lists what there is, and guesses what was meant."""
    assert what in complaint(head, "2026-01-01T00:00Z,1", **options)


def test_an_unknown_zone_is_refused() -> None:
    """A zone is a name, never a path."""
    with pytest.raises(UnknownTimeZone):
        read_table(file(HEAD, "2026-01-01 00:00,1"), tz="../../etc/passwd")


# --- counting -------------------------------------------------------------------------------------------------------


def test_events_become_counts() -> None:
    """By bucket and label, with holes where a silence was too long, and without what is not valid."""
    table = events(
        "time,ok,real,service",
        "2026-01-01T00:00:00Z,1,1,web",
        "2026-01-01T00:00:59Z,0,1,api",
        "2026-01-01T00:01:00Z,0,0,api",
        "2026-01-01T00:09:00Z,0,1,web",
        by=["service"],
        valid="real",
    )
    counts = table.count(step="1m", max_gap="5m")
    assert counts.labels == {"service": ("api", "web")}
    assert counts.total.sum(axis=0).tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert counts.sel(service="api").bad.sum() == 1
    assert not counts.sel(service="web").observed[1:9].any()


def test_values_are_judged_by_an_indicator() -> None:
    """A value column is what thresholds want; a ratio asks for verdicts."""
    table = events("time,latency", "2026-01-01T00:00Z,0.2", "2026-01-01T00:00Z,0.1999", value="latency")
    assert table.count(SLI.threshold("quick", lt="200ms")).good.tolist() == [1]
    with pytest.raises(InvalidFile, match=r"'up' is a ratio and needs a column of verdicts: --good or --status"):
        table.count(SLI.ratio("up"))


def test_verdicts_and_values_make_an_all_of() -> None:
    """A request that was answered and quick is one observation; nested parts find their columns too."""
    lines = ["time,status,latency", *(f"2026-01-01T00:00Z,{s},{v}" for s in (200, 500) for v in (0.1, 0.9))]
    table = events(*lines, status="status", value="latency")
    usable = SLI.all_of("usable", SLI.ratio("up"), SLI.all_of("inner", SLI.threshold("quick", lt=0.2)))
    assert (table.count(usable).good.tolist(), table.count(usable).total.tolist()) == ([1], [4])
    assert table.count(SLI.ratio("up")).good.tolist() == [2]


def test_what_is_no_binary_file_is_refused() -> None:
    """Text was decoded already, by who knows which rules."""
    for source in (io.StringIO("time,good"), 5, None):
        with pytest.raises(WrongType, match="a file opened in binary mode"):
            read_table(source)  # type: ignore[arg-type]


def test_successes_are_what_freshness_wants() -> None:
    """Rows without a verdict are successes; with one, the good ones are."""
    fresh = SLI.freshness("mart", within="10m")
    lines = ["time,ok", "2026-01-01T00:00Z,1", "2026-01-01T00:20Z,0"]
    counts = events(*lines).count(fresh, step="10m", end="2026-01-01T00:30Z")
    assert (counts.good // 60_000_000).tolist() == [10, 0, 0]


def test_rows_outside_start_and_end_are_left_out() -> None:
    """The evidence begins and ends where it is said to, traffic or not."""
    lines = [HEAD, *(f"2026-01-01T00:0{i}:30Z,{i % 2}" for i in range(6))]
    counts = events(*lines).count(step="1m", start="2026-01-01T00:02Z", end="2026-01-01T00:08Z")
    assert counts.total.tolist() == [1, 1, 1, 1, 0, 0]


def test_a_table_of_buckets_says_itself_what_was_observed() -> None:
    """The spacing is the step, a missing row is a hole, and rows of one bucket add up."""
    table = buckets(
        "time,good,bad",
        "2026-01-01T00:02Z,5,0",
        "2026-01-01T00:07Z,6,1",
        "2026-01-01T00:07Z,1,1",
        "2026-01-01T00:22Z,0,0",
    )
    assert table.spacing == 300 * 10**9
    counts = table.count()
    assert counts.total.tolist() == [5, 9, 0, 0, 0]
    assert counts.bad.tolist() == [0, 2, 0, 0, 0]
    assert counts.observed.tolist() == [True, True, False, False, True]
    assert table.count(max_gap="15m").observed.all()


@pytest.mark.parametrize(("step", "totals"), [(None, [1, 2, 3, 4]), ("5m", [1, 2, 3, 4]), ("10m", [3, 7])])
def test_buckets_that_begin_at_odd_minutes_keep_a_grid_of_their_own(step: str | None, totals: list[int]) -> None:
    """Five minutes from :02 on are that bucket, and no part of the one from :00 on."""
    lines = [f"2026-01-01T00:{2 + 5 * i:02d}Z,{i + 1},0" for i in range(4)]
    counts = buckets("time,good,bad", *lines).count(step=step)
    assert counts.timeline.start == parse_instant("2026-01-01T00:02Z")
    assert counts.total.tolist() == totals
    assert counts.observed.all()


def test_a_late_first_row_leaves_the_grid_as_it_is() -> None:
    """Where only rows from :07 on are kept, buckets of ten minutes still begin at :02."""
    lines = [f"2026-01-01T00:{2 + 5 * i:02d}Z,{i + 1},0" for i in range(1, 5)]
    counts = buckets("time,good,bad", *lines).count(step="10m")
    assert counts.timeline.start == parse_instant("2026-01-01T00:02Z")
    assert counts.total.tolist() == [2, 7, 5]


def test_buckets_are_observed_series_by_series() -> None:
    """A series without a row has a hole, whatever the others have."""
    table = buckets(
        "time,service,good,bad",
        "2026-01-01T00:00Z,b,1,0",
        "2026-01-01T00:01Z,b,2,0",
        "2026-01-01T00:01Z,a,3,1",
        by=["service"],
    )
    counts = table.count()
    assert counts.labels == {"service": ("a", "b")}
    assert counts.total.tolist() == [[0, 4], [1, 2]]
    assert counts.observed.tolist() == [[False, True], [True, True]]


def test_two_labels_make_two_axes() -> None:
    """Axes are in the order asked for."""
    table = buckets(
        "time,region,service,good,bad",
        "2026-01-01T00:00Z,eu,api,1,0",
        "2026-01-01T00:00Z,us,web,2,1",
        by=["service", "region"],
    )
    counts = table.count(step="1m")
    assert counts.labels == {"service": ("api", "web"), "region": ("eu", "us")}
    assert counts.total[..., 0].tolist() == [[1, 0], [0, 3]]


def test_buckets_cannot_be_cut() -> None:
    """A step that would cut a row is refused, naming one that fits; rows at odd moments need a step."""
    regular = buckets("time,good,bad", *(f"2026-01-01T00:{m:02d}Z,1,0" for m in range(0, 30, 5)))
    with pytest.raises(InvalidFile, match=r"rows stand for 5m each .* use a multiple: --step 5m"):
        regular.count(step="1m")
    assert regular.count(step="10m").total.tolist() == [2, 2, 2]
    odd = buckets("time,good,bad", "2026-01-01T00:00:01Z,1,0", "2026-01-01T03:17:46Z,1,0", "2026-01-01T09:00:00Z,1,0")
    with pytest.raises(InvalidFile, match="the rows come at odd moments; say how long a bucket is: --step 5m"):
        odd.count()
    assert odd.count(step="1h").total.sum() == 3


def test_rows_of_one_time_have_no_step() -> None:
    """One row, or one a series, is not said to come at odd moments: it cannot say how long its bucket is."""
    one = buckets("time,good,bad", "2026-01-01T00:00Z,1,0")
    with pytest.raises(InvalidFile, match="one row does not say how long a bucket is: --step 5m"):
        one.count()
    assert one.count(step="5m").total.tolist() == [1]
    two = buckets("time,name,good,bad", "2026-01-01T00:00Z,a,1,0", "2026-01-01T00:00Z,b,1,0", by="name")
    with pytest.raises(InvalidFile, match="rows of one time do not say how long a bucket is: --step 5m"):
        two.count()


@pytest.mark.parametrize(
    ("number", "what"),
    [
        ("9" * 32, "is too large; whole numbers must be below 2**63"),
        ("+" + "9" * 32 + ".0", "is too large"),
        ("-" + "9" * 32, "is too far below zero"),
        ("1e5", "is not a whole number; write digits only"),
    ],
)
def test_large_numbers_are_said_to_be_large(number: str, what: str) -> None:
    """A number of 32 digits is whole; that it does not fit is another thing."""
    assert what in complaint("time,good,bad", f"2026-01-01T00:00Z,1,{number}")


def test_a_time_of_many_digits_is_late() -> None:
    """A number since 1970 that no unit brings into reach is no reason to leave out the unit."""
    assert "is beyond the year 2262 in this unit" in complaint(HEAD, f"{'9' * 32},1", time_unit="ns")


def test_by_names_columns_once() -> None:
    """One axis a column; a single column may go by its bare name."""
    lines = ("time,good,name", "2026-01-01T00:00Z,1,a")
    assert events(*lines, by="name").count().labels == {"name": ("a",)}
    assert "by names the column 'name' twice" in complaint(*lines, by=["name", "good", "name"])


def test_streams_that_fail_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed standard input, one that has nothing yet, and a device that fails are files that cannot be read."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InvalidFile, match="standard input cannot be read: it is closed; pipe a file in, or name one"):
        read_table("-")

    class Failing(io.RawIOBase):
        """Says what it was given to say."""

        def __init__(self, said: OSError | None) -> None:
            self.said = said

        def read(self, size: int = -1) -> bytes | None:
            """Fail, or have nothing."""
            if self.said is not None:
                raise self.said
            return None

    for said, words in ((OSError(5, "Input/output error"), "Input/output error"), (None, "has nothing yet")):
        with pytest.raises(InvalidFile, match=f"^the file cannot be read: .*{words}"):
            read_table(Failing(said))  # type: ignore[arg-type]


def test_sums_of_rows_are_exact_or_refused() -> None:
    """Large counts add up as integers, and beyond 64 bits not at all."""
    rows = [f"2026-01-01T00:0{i // 2}Z,{2**61},{2**60 + i}" for i in range(4)]
    counts = buckets("time,good,bad", *rows).count()
    assert counts.bad.tolist() == [2**61 + 1, 2**61 + 5]
    with pytest.raises(
        InvalidFile,
        match=r"the file: adding up rows must leave at most 2\*\*63 - 1 events in a bucket; too many in bucket 0",
    ):
        buckets("time,good,bad", *rows).count(step="2m")


@pytest.mark.parametrize("labels", [[], ["service"]])
def test_the_largest_sum_is_counted_and_one_more_is_not(labels: list[str]) -> None:
    """The bound is that of a bucket, to the last event, and in each series."""
    rows = ["2026-01-01T00:00Z,a,0,0", f"2026-01-01T00:01Z,b,{2**62},{2**62 - 2}", "2026-01-01T00:02Z,b,0,1"]
    counts = buckets("time,service,good,bad", *rows, by=labels).count(step="1h")
    assert counts.total.max() == 2**63 - 1
    with pytest.raises(InvalidFile, match="bucket 0"):
        buckets("time,service,good,bad", *rows, "2026-01-01T00:03Z,b,1,0", by=labels).count(step="1h")


def test_the_spacing_of_rows_centuries_apart_is_exact() -> None:
    """Gaps beyond 292 years do not fit signed 64 bits of nanoseconds."""
    table = buckets("time,good,bad", "1700-01-01T00:00Z,1,0", "2200-01-01T00:00Z,1,0")
    assert table.spacing == parse_instant("2200-01-01T00:00Z") - parse_instant("1700-01-01T00:00Z")


def test_complaints_of_the_core_name_the_row() -> None:
    """An index into arrays means nothing to whoever owns the file: it becomes the row."""
    table = events(HEAD, "2026-01-01T00:00Z,1", "", "1700-01-01T00:00Z,1", "2026-01-01T00:00Z,1")
    with pytest.raises(InvalidFile, match="row 4"):
        table.count(step="1s")
