"""A CSV as bytes: opened, unpacked, cut into blocks of rows, and the rows into cells.

The csv module makes a Python string of every cell, at about a microsecond a row and column; most files of events
never need that. So a block of a few megabytes is searched for delimiters with numpy, and a column is nothing but the
block with the start and length of each cell. Two things need care, and take the slow road instead:

* a block with a quote may hold delimiters that are none, and from the first quote on the csv module reads the rest
  (where a quoted field ends is known only from where it began);
* a block in which some row has more or fewer cells than the header is read line by line, to say which.

Both roads give the same cells; ``tests/test_csv.py`` compares them. Memory is bounded by the block whatever the
file: what a reader keeps of a row is its own business.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from errno import EAGAIN
from pathlib import Path
from typing import IO, BinaryIO, NoReturn, Self, cast

import attrs
import numpy as np
import numpy.typing as npt

from slokit.errors import InvalidFile, WrongType

__all__ = ["Cells", "Progress", "Rows", "Source", "open_rows"]

Source = str | Path | BinaryIO
"""A path, ``"-"`` for standard input, or an open binary file."""

Progress = Callable[[int, int | None], None]
"""Called after each block with the bytes read so far and in all (None where the end is not known)."""

_BLOCK = 4 << 20
_LONGEST_LINE = 1 << 20
_LONGEST_CELL = 200
_SHOWN = 60
_NEWLINE, _RETURN, _QUOTE = 10, 13, b'"'
_DELIMITERS = (",", "\t", ";", "|")
_RETURNS = r"it holds a carriage return (\r) where no line ends; lines must end in \n or \r\n: save the file anew"


@attrs.frozen(eq=False)
class Cells:
    """One column of a block: where in ``block`` the cell of each row lies.

    Parameters
    ----------
    source, column
        Names for messages.
    block
        The bytes that hold the cells.
    starts, lengths
        int64, shape ``(rows,)``: byte offsets into ``block``.
    lines
        int64, shape ``(rows,)``: the line of the file, counted from 1, that each row begins on.
    """

    source: str
    column: str
    block: bytes
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def texts(self) -> list[bytes]:
        """Return the cells one by one."""
        block, ends = self.block, (self.starts + self.lengths).tolist()
        return [block[a:b] for a, b in zip(self.starts.tolist(), ends, strict=True)]

    def matrix(self) -> npt.NDArray[np.uint8]:
        """Return the cells as bytes, shape ``(rows, longest cell)``, filled up with zeros.

        Raises
        ------
        InvalidFile
            If a cell is far longer than anything that is read as numbers: it would widen every row.
        """
        width = int(self.lengths.max(initial=0))
        if width > _LONGEST_CELL:
            self.fail(int(self.lengths.argmax()), f"is {width:,} bytes long", "is this the right column?")
        if width == 0:
            return np.zeros((len(self), 0), dtype=np.uint8)
        # Overlapping fixed-width records, one beginning at each byte: taking rows from them is a single gather.
        padded = self.block + bytes(width)
        windows = np.ndarray((len(self.block) + 1,), dtype=f"V{width}", buffer=padded, strides=(1,))
        cells = windows[self.starts].view(np.uint8).reshape(len(self), width)
        if int(self.lengths.min()) < width:
            cells[np.arange(width) >= self.lengths[:, None]] = 0
        return cells

    def text(self, row: int) -> str:
        """Return one cell as text, for a message or for the slow but exact reading of an unusual one."""
        start = int(self.starts[row])
        return self.block[start : start + int(self.lengths[row])].decode("utf-8", "backslashreplace")

    def fail(self, row: int, what: str, mend: str) -> NoReturn:
        """Raise for one cell: the file, its row and column, what is wrong, what it holds, and how to mend it."""
        text = self.text(row)
        # repr() writes terminal escapes and line breaks as escapes: a message stays one harmless line.
        given = f"{_shown(text)} " if text else "the cell "
        raise InvalidFile(f"{self.source}, row {self.lines[row]}, column {self.column!r}: {given}{what}; {mend}")


class Rows:
    """An open CSV: its header has been read, its rows are still to come.

    Use :func:`open_rows`, in a ``with``. The rows can be read once.
    """

    def __init__(
        self, source: str, stream: IO[bytes], position: Callable[[], int], size: int | None, owned: BinaryIO | None
    ) -> None:
        self.source = source
        self._owned = owned
        self._stream = stream
        self._position = position
        self._size = size
        self._line = 1
        self.header: tuple[str, ...] = ()
        self._delimiter = ","
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file if it was opened here; a stream that was handed in stays the caller's."""
        if self._owned is not None:
            self._owned.close()

    def read_header(self, delimiter: str | None) -> None:
        """Read the first row that is not blank; without a delimiter take the likeliest one it holds."""
        data = self._read()
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InvalidFile(f"{self.source} is UTF-16; save it as UTF-8")
        data = data.removeprefix(b"\xef\xbb\xbf")
        line = b""
        while not line.strip():
            while b"\n" not in data and len(data) <= _LONGEST_LINE and (more := self._read()):
                data += more
            if not data:
                raise InvalidFile(f"{self.source} is empty; the first row must name the columns")
            line, _, data = data.partition(b"\n")
            self._line += 1
            if b"\r" in line.rstrip(b"\r") and b"\0" not in line:
                raise InvalidFile(f"{self.source}, row {self._line - 1}: {_RETURNS}")
        if len(line) > _LONGEST_LINE:
            raise InvalidFile(f"{self.source}: the first line is longer than {_LONGEST_LINE:,} bytes; is this a CSV?")
        self._rest = data
        if b"\0" in line:
            raise InvalidFile(
                f"{self.source} holds binary data; a CSV, plain or packed with gzip, bzip2 or xz, is read"
            )
        text = line.decode("utf-8", "backslashreplace").strip("\r")
        self._delimiter = delimiter or max(_DELIMITERS, key=text.count)
        try:
            self.header = tuple(name.strip() for name in next(csv.reader([text], delimiter=self._delimiter)))
        except csv.Error as error:
            raise InvalidFile(f"{self.source}, row {self._line - 1}: {_quoting(error)}") from None

    def column(self, name: str, option: str) -> int:
        """Return the index of a column, or raise naming those there are."""
        found = [i for i, known in enumerate(self.header) if known == name]
        if len(found) == 1:
            return found[0]
        near = [known for known in self.header if known.lower() == name.lower()]
        hint = f"; did you mean {near[0]!r}?" if near and not found else _known(self.header)
        many = "is named twice in" if found else "is not in"
        raise InvalidFile(f"{self.source}: the {option} column {_shown(name)} {many} the header{hint}")

    def blocks(self, wanted: Sequence[int], progress: Progress | None = None) -> Iterator[list[Cells]]:
        """Yield the wanted columns, a block of rows at a time.

        Raises
        ------
        InvalidFile
            If a row has not as many cells as the header, a quote is never closed, or the packed file is damaged.
        """
        while data := self._next_block():
            if _QUOTE in data:
                yield from self._quoted(data, wanted, progress)
                return
            yield self._split(data, wanted)
            if progress:
                progress(self._position(), self._size)

    def _read(self) -> bytes:
        """Read the next bytes, saying which file is damaged where it is."""
        try:
            return self._stream.read(_BLOCK)
        except (OSError, EOFError, ValueError) as error:
            raise _unreadable(self.source, error) from None
        except Exception as error:
            # zlib.error and lzma.LZMAError have no common base, and importing both modules costs every reader.
            if type(error).__name__ in ("error", "LZMAError"):
                raise _unreadable(self.source, error) from None
            raise

    def _next_block(self) -> bytes:
        """Return whole lines, ending in a newline; nothing at the end of the file."""
        data = self._rest
        while True:
            more = self._read()
            if not more:
                self._rest = b""
                return data + b"\n" if data and not data.endswith(b"\n") else data
            cut = more.rfind(b"\n") + 1
            if cut:
                self._rest = more[cut:]
                return data + more[:cut]
            data += more
            if len(data) > _LONGEST_LINE:
                raise InvalidFile(
                    f"{self.source}, row {self._line}: the line is longer than {_LONGEST_LINE:,} bytes; is this a CSV?"
                )

    def _split(self, data: bytes, wanted: Sequence[int]) -> list[Cells]:
        """Cut a block without quotes into cells."""
        count = len(self.header)
        buffer = np.frombuffer(data, dtype=np.uint8)
        is_newline = buffer == _NEWLINE
        breaks = np.flatnonzero(is_newline | (buffer == ord(self._delimiter)))
        rows = int(np.count_nonzero(is_newline))
        if len(breaks) != rows * count or not is_newline[breaks[count - 1 :: count]].all() or b"\0" in data:
            return self._by_line(data, wanted)
        ends = breaks.reshape(rows, count)
        lines = np.arange(self._line, self._line + rows)
        self._line += rows
        columns = []
        for index in wanted:
            stop = ends[:, index]
            start = (ends[:, index - 1] if index else np.concatenate(([-1], ends[:-1, -1]))) + 1
            if index == count - 1:
                # A cell that is empty has no byte of its own before the newline, hence the second condition.
                stop = stop - ((buffer[stop - 1] == _RETURN) & (stop > start))
            columns.append(Cells(self.source, self.header[index], data, start, stop - start, lines))
        if count == 1 and columns and not columns[0].lengths.all():
            self._line -= rows
            return self._by_line(data, wanted)
        return columns

    def _by_line(self, data: bytes, wanted: Sequence[int]) -> list[Cells]:
        """Cut a block in which something is odd: blank lines are passed over, ragged rows refused."""
        delimiter, lines, rows = self._delimiter.encode(), [], []
        for number, line in enumerate(data.split(b"\n")[:-1], self._line):
            body = line.removesuffix(b"\r")
            if body:
                rows.append(body.split(delimiter))
                lines.append(number)
                self._check(rows[-1], number, b"\0" in body)
        self._line += data.count(b"\n")
        return self._gather(rows, lines, wanted)

    def _quoted(self, data: bytes, wanted: Sequence[int], progress: Progress | None) -> Iterator[list[Cells]]:
        """Read the rest of the file with the csv module."""

        def texts() -> Iterator[str]:
            block = data
            while block:
                # Surrogates carry bytes that are not UTF-8 through to whoever asks for that column.
                yield from io.StringIO(block.decode("utf-8", "surrogateescape"), newline="\n")
                if progress:
                    progress(self._position(), self._size)
                block = self._next_block()

        reader = csv.reader(texts(), delimiter=self._delimiter, strict=True)
        first, rows, lines = self._line, [], []
        begin = 0
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise InvalidFile(f"{self.source}, row {first + begin}: {_quoting(error)}") from None
            if row is not None and row:
                cells = [cell.encode("utf-8", "surrogateescape") for cell in row]
                self._check(cells, first + begin, any(b"\0" in cell for cell in cells))
                rows.append(cells)
                lines.append(first + begin)
            begin = reader.line_num
            if rows and (row is None or len(rows) >= 1 << 15):
                yield self._gather(rows, lines, wanted)
                rows, lines = [], []
            if row is None:
                return

    def _check(self, row: list[bytes], line: int, binary: bool) -> None:
        """Refuse a row that cannot be laid under the header."""
        if len(row) != len(self.header):
            if any(b"\r" in cell for cell in row):
                raise InvalidFile(f"{self.source}, row {line}: {_RETURNS}")
            raise InvalidFile(
                f"{self.source}, row {line}: it has {len(row)} cells and the header {len(self.header)}; "
                "quote cells that hold the delimiter, or mend the row"
            )
        if binary:
            raise InvalidFile(f"{self.source}, row {line}: it holds a zero byte; is this a CSV?")

    def _gather(self, rows: list[list[bytes]], lines: list[int], wanted: Sequence[int]) -> list[Cells]:
        """Lay the wanted cells of rows end to end, as if they had been cut from a block."""
        numbers, columns = np.array(lines, dtype=np.int64), []
        for index in wanted:
            cells = [row[index] for row in rows]
            lengths = np.fromiter(map(len, cells), dtype=np.int64, count=len(cells))
            starts = np.cumsum(lengths) - lengths
            columns.append(Cells(self.source, self.header[index], b"".join(cells), starts, lengths, numbers))
        return columns


def open_rows(source: Source, delimiter: str | None = None) -> Rows:
    """Open a CSV, unpacking gzip, bzip2 and xz by what the first bytes say, and read its header.

    Parameters
    ----------
    source
        A path, ``"-"`` for standard input, or an open binary file, which the caller closes.
    delimiter
        One ASCII character; None takes comma, tab, semicolon or bar, whichever the header holds most of.

    Raises
    ------
    InvalidFile
        If it cannot be opened, is empty or is not text.
    """
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'):
        raise InvalidFile(f"delimiter must be one ASCII character, got {delimiter!r}")
    name, raw, owned = _open(source)
    size = None
    try:
        if raw.seekable():
            here = raw.tell()
            size = raw.seek(0, io.SEEK_END) - here
            raw.seek(here)
    except OSError:
        size = None
    counted = _Counted(raw)
    try:
        stream = _unpacked(io.BufferedReader(counted, 1 << 18))
        rows = Rows(name, stream, lambda: counted.count, size, raw if owned else None)
        rows.read_header(delimiter)
    except BaseException as error:
        if owned:
            raw.close()
        if isinstance(error, OSError):
            raise _unreadable(name, error) from None
        raise
    return rows


class _Counted(io.RawIOBase):
    """A raw stream that counts what was read, so that progress is of the packed file."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data: bytes | None = self._raw.read(len(buffer))
        if data is None:
            raise BlockingIOError(EAGAIN, "it is in non-blocking mode and has nothing yet")
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)


def _open(source: Source) -> tuple[str, BinaryIO, bool]:
    """Return a name for messages, the raw bytes, and whether they were opened here."""
    if isinstance(source, str | Path):
        if str(source) == "-":
            # Closed by the shell (<&-) there is none; an interpreter in a window has one without bytes.
            if (stream := getattr(sys.stdin, "buffer", None)) is None:
                raise InvalidFile("standard input cannot be read: it is closed; pipe a file in, or name one")
            return "standard input", stream, False
        try:
            return str(source), Path(source).open("rb", buffering=0), True
        except (OSError, ValueError) as error:
            raise _unreadable(str(source), error) from None
    if not hasattr(source, "read") or isinstance(source, io.TextIOBase):
        raise WrongType(
            f'source must be a path, "-" or a file opened in binary mode ("rb"), got {type(source).__name__}'
        )
    return str(getattr(source, "name", "the file")), source, False


def _unpacked(buffered: io.BufferedReader[_Counted]) -> IO[bytes]:
    """Return the stream of plain bytes."""
    magic = buffered.peek(6)[:6]
    if magic.startswith(b"\x1f\x8b"):
        import gzip

        return cast("IO[bytes]", gzip.GzipFile(fileobj=buffered))
    if magic.startswith(b"BZh"):
        import bz2

        return bz2.BZ2File(buffered)
    if magic.startswith(b"\xfd7zXZ\0"):
        import lzma

        return lzma.LZMAFile(buffered)
    return buffered


def _quoting(error: csv.Error) -> str:
    """Return what the csv module found wrong, in words that are about the file and not about Python."""
    text = str(error)
    if "new-line character" in text:
        return _RETURNS
    if "unexpected end" in text:
        return "a quote that begins here is never closed; close it, or double a quote that belongs to the text"
    if "field larger" in text:
        return "a cell is longer than 131,072 characters; is a quote never closed?"
    if "expected after" in text:
        return "a quoted cell goes on after its closing quote; double a quote that belongs to the text"
    return f"{text}; mend the quotes of this row"


def _unreadable(source: str, error: Exception) -> InvalidFile:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return InvalidFile(f"{source} cannot be read: {reason}")


def _known(names: Sequence[str]) -> str:
    return f"; the columns are {', '.join(map(_shown, names[:20]))}{', …' if len(names) > 20 else ''}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
