"""What a benchmark says: bars held against timings, printed for a terminal or for a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.timing import Contender, Timings

__all__ = ["Bar", "Benchmark", "Line", "as_markdown", "as_text", "bytes_text", "lines"]


@dataclass(frozen=True)
class Bar:
    """A promise about two contenders of one run.

    Parameters
    ----------
    ours, other
        Their names.
    kind
        ``"at most"``: ours takes at most so many times as long, as against a floor. ``"at least"``: the other takes at
        least so many times as long, as against a peer. ``"plus"``: ours takes at most so many milliseconds more.
    limit
        The promise; None where the ratio is shown and nothing is promised.
    """

    ours: str
    other: str
    kind: Literal["at most", "at least", "plus"]
    limit: float | None = None

    def figure(self, timings: Timings) -> float:
        """Return what the limit speaks of: a ratio, or milliseconds."""
        match self.kind:
            case "at most":
                return timings.ratio(self.ours, self.other)
            case "at least":
                return timings.ratio(self.other, self.ours)
            case "plus":
                return timings.difference(self.ours, self.other) / 1e6

    def holds(self, figure: float) -> bool | None:
        """Say whether a figure keeps the promise; None where there is none."""
        if self.limit is None:
            return None
        return figure >= self.limit if self.kind == "at least" else figure <= self.limit

    def text(self, figure: float) -> str:
        """Write a figure as what it is."""
        if self.kind == "plus":
            return f"{figure:+.0f} ms"
        return f"{figure:.2f}x" if figure < 10 else f"{figure:.0f}x"

    @property
    def promise(self) -> str:
        """The limit as the table shows it."""
        if self.limit is None:
            return ""
        sign = ">=" if self.kind == "at least" else "<="
        return f"{sign} {self.limit:g}x" if self.kind != "plus" else f"{sign} {self.limit:+g} ms"


@dataclass(frozen=True)
class Benchmark:
    """One row of work: its contenders and the bars among them.

    Parameters
    ----------
    title
        The work and its size.
    unit
        What a time is per.
    contenders
        All that run, of which peers that are not installed are missing.
    bars
        What is compared; a bar whose contender is missing is left out.
    notes
        What a reader must know: what the floor is, which peer ran on fewer rows, who is wrong where.
    repeat
        Rounds of this row for each round of the others: short work needs more of them.
    sizes
        What was measured already, where it is no time: bytes by name.
    write
        How such a figure is written.
    """

    title: str
    unit: str
    contenders: Sequence[Contender]
    bars: Sequence[Bar]
    notes: Sequence[str] = ()
    repeat: int = 1
    sizes: Mapping[str, float] | None = None
    write: Callable[[float], str] | None = None


@dataclass(frozen=True)
class Line:
    """One comparison, ready to print."""

    ours: str
    our_time: float
    other: str
    other_time: float
    figure: str
    promise: str
    met: bool | None
    write: Callable[[float], str]


def lines(benchmark: Benchmark, timings: Timings) -> Iterator[Line]:
    """Hold the bars of a benchmark against what was measured."""
    for bar in benchmark.bars:
        if bar.ours not in timings.rounds or bar.other not in timings.rounds:
            continue
        figure = bar.figure(timings)
        yield Line(
            ours=bar.ours,
            our_time=timings.median(bar.ours),
            other=bar.other,
            other_time=timings.median(bar.other),
            figure=bar.text(figure),
            promise=bar.promise,
            met=bar.holds(figure),
            write=benchmark.write or _time,
        )


_HEAD = ("slokit", "time", "against", "time", "ratio", "bar", "met?")
_HEAD_OF_SIZES = tuple("size" if cell == "time" else cell for cell in _HEAD)


def _kind(benchmark: Benchmark) -> str:
    return "times" if benchmark.sizes is None else "sizes"


def _head(benchmark: Benchmark) -> tuple[str, ...]:
    return _HEAD if benchmark.sizes is None else _HEAD_OF_SIZES


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.ours,
        line.write(line.our_time),
        line.other,
        line.write(line.other_time),
        line.figure,
        line.promise,
        {True: "yes", False: "NO", None: ""}[line.met],
    )


def bytes_text(size: float) -> str:
    """Write a size in thousands of bytes."""
    return f"{size / 1000:.1f} KB"


def _time(nanoseconds: float) -> str:
    """Write a time with three digits."""
    for unit, length in (("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1.0)):
        if nanoseconds >= length or unit == "ns":
            value = nanoseconds / length
            return f"{value:.{max(0, 2 - (value >= 10) - (value >= 100))}f} {unit}"
    raise AssertionError


def as_text(benchmark: Benchmark, rows: Iterable[Line]) -> str:
    """Return a table for a terminal."""
    table = [_head(benchmark), *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    numbers = {1, 3, 4, 5}
    body = "\n".join(
        "  "
        + "  ".join(
            c.rjust(w) if i in numbers else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    )
    notes = "".join(f"\n  * {note}" for note in benchmark.notes)
    return f"{benchmark.title} ({_kind(benchmark)} per {benchmark.unit})\n{body}{notes}\n"


def as_markdown(benchmark: Benchmark, rows: Iterable[Line]) -> str:
    """Return a section of a page."""
    table = ["| " + " | ".join(_head(benchmark)) + " |", "|---|---:|---|---:|---:|---:|---|"]
    table += ["| " + " | ".join(_cells(row)) + " |" for row in rows]
    notes = "".join(f"\n- {note}" for note in benchmark.notes)
    return (
        f"## {benchmark.title}\n\n{_kind(benchmark).capitalize()} are per {benchmark.unit}.\n\n"
        + "\n".join(table)
        + ("\n" + notes if notes else "")
        + "\n"
    )
