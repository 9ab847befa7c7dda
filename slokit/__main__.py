"""``python -m slokit``: the command line.

Argument parsing only: files are read in :mod:`slokit.interop`, objectives held against evidence by the core, and
what is shown is written in :mod:`slokit.report`, none of which knows of the others.

What a pipeline may rely on:

======  ==========================================================================================================
status  meaning
======  ==========================================================================================================
0       the report was printed; with ``--check``, every objective is met
1       with ``--check``: an objective is missed
2       something is wrong with the options, the file, or where the report was to go; one line on standard error says
        what, and how to mend it
3       with ``--check``: none is missed, but for some there is no data, and silence is not success
70      a fault of slokit itself: Python's traceback says where
======  ==========================================================================================================

So 1 is never a failure of another kind. A pipe that is closed early ends the program with 141 and an interrupt with
130, as a shell has it.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO

import attrs

from slokit import SLI, SLO, CalendarWindow, Counts, Exclusion, Occurrences, Timeslices, __version__
from slokit._display import clean
from slokit.errors import InvalidDefinition, InvalidExclusion, InvalidSLI, InvalidSLO, OutOfTimeline, SlokitError
from slokit.interop.tables import BucketTable, EventTable, read_table
from slokit.report.data import to_dict
from slokit.report.summary import Summary, summarise
from slokit.report.terminal import Progress, style_for
from slokit.report.text import Style, render, strip_width
from slokit.timeline import parse_duration, parse_instant

__all__ = ["main"]

_MISSED, _USAGE, _UNKNOWN = 1, 2, 3
# What a shell reports of a program that a closed pipe or an interrupt ended.
_PIPE, _INTERRUPT = 141, 130
# EX_SOFTWARE of BSD's sysexits.
_FAULT = 70
_EXAMPLES = """\
examples:
  python -m slokit report docs/data/checkout.csv --target 99.9%
  python -m slokit report access.csv.gz --status code --target 99.5% --window 7d --by service
  python -m slokit report requests.csv --value latency --lt 200ms --unit ms --target 99% --calendar month
  zcat *.gz | python -m slokit report - --good ok --target 99.9% --check --json

exit status:
  0, or with --check 1 if an objective is missed, else 3 if there is no data to tell; 2 if options or file are wrong;
  70 for a fault of slokit itself
"""
_COMPARISONS = ("lt", "lte", "gt", "gte", "between")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    Parameters
    ----------
    arguments
        By default those that the program was called with.
    """
    try:
        return _run(arguments)
    except SlokitError as error:
        for line in _in_options(error):
            _say(line)
        return _USAGE
    except BrokenPipeError:  # "| head" has seen enough
        _let_go(sys.stdout)
        return _PIPE
    except OSError as error:
        # Files that cannot be read are errors of slokit by now: what is left is the writing.
        _let_go(sys.stdout)
        _say(f"the report cannot be written: {error.strerror or error}; make room, or send it elsewhere")
        return _USAGE
    except MemoryError:
        _say("there is not enough memory; take a longer --step, or less at once with --start and --end")
        return _USAGE
    except KeyboardInterrupt:
        return _INTERRUPT
    except Exception:  # noqa: BLE001 - Python's own status for it is 1, which would read as a missed objective
        sys.excepthook(*sys.exc_info())
        _say("this is a fault of slokit, not of your options; please report it with the lines above")
        return _FAULT


def _run(arguments: Sequence[str] | None) -> int:
    """Run a command; whatever it raises is for main to tell."""
    try:
        options = _parser().parse_args(arguments)
    except SystemExit:
        # Help is written like a report, and can fail like one.
        if sys.stdout is not None:
            sys.stdout.flush()
        raise
    if sys.stdout is None:
        _say("the report cannot be written: standard output is closed; send it to a file, or to /dev/null")
        return _USAGE
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        status: int = options.run(options)
    for note in dict.fromkeys(str(w.message) for w in notes):
        _say(f"note: {note}")
    sys.stdout.flush()
    return status


# --- slokit report ---------------------------------------------------------------------------------------------------


def _report(options: argparse.Namespace) -> int:
    """Read, evaluate and print."""
    slos, exclusions = _objectives(options)
    style = style_for(sys.stdout, options.color)
    name = "standard input" if options.file == "-" else options.file
    with Progress(sys.stderr, name) as progress:
        table = read_table(
            options.file,
            time=options.time,
            good=options.good,
            bad=options.bad,
            total=options.total,
            status=options.status,
            bad_status=options.bad_status,
            value=options.value,
            valid=options.valid,
            by=options.by,
            tz=options.tz,
            time_unit=options.time_unit,
            delimiter=options.delimiter,
            progress=progress,
        )
    summaries = [
        summarise(
            slo,
            _count(table, slo, options),
            exclusions=exclusions,
            at=options.at,
            settle=options.settle,
            expected_total=options.expected_total,
            source=name,
            columns=strip_width(style),
        )
        for slo in slos
    ]
    _print(summaries, style, options)
    if options.check and any(summary.missed for summary in summaries):
        return _MISSED
    return _UNKNOWN if options.check and any(summary.unknown for summary in summaries) else 0


def _objectives(options: argparse.Namespace) -> tuple[list[SLO], list[Exclusion]]:
    """Return the objectives and exclusions that options and files define."""
    given = [_exclusion(text) for text in options.exclude]
    if options.slo is None:
        return [_objective(options)], given
    if options.target is not None:
        raise InvalidSLO("--target and --slo both define the objective; choose one")
    # Reading definitions costs imports that a report without them need not pay.
    from slokit.interop.definitions import load

    definitions = load(options.slo)
    slos = [slo for slo in definitions.slos if not options.only or slo.name in options.only]
    if unknown := [name for name in options.only if name not in {slo.name for slo in definitions.slos}]:
        known = ", ".join(repr(slo.name) for slo in definitions.slos)
        raise InvalidSLO(f"--only {unknown[0]!r} is not defined in {options.slo}; there are {known}")
    if not slos:
        raise InvalidSLO(f"{options.slo} defines no objective; write one as [[slo]]")
    return slos, [*definitions.exclusions, *given]


def _objective(options: argparse.Namespace) -> SLO:
    """Make the objective that options describe."""
    if options.target is None:
        raise InvalidSLO("the objective is missing: --target 99.9%, or --slo FILE with definitions")
    name = options.name or ("events" if options.file == "-" else Path(options.file).name.split(".")[0] or "events")
    window = (
        CalendarWindow(options.calendar, tz=options.calendar_tz or options.tz or "UTC")
        if options.calendar
        else options.window
    )
    slices = options.timeslice
    if slices is not None and options.timeslice_target is None:
        raise InvalidSLO("--timeslice needs the share of good events that makes a slice good: --timeslice-target 99%")
    return SLO(
        name,
        sli=_indicator(name, options),
        target=options.target,
        window=window,
        budgeting=Occurrences() if slices is None else Timeslices(slices, target=options.timeslice_target),
        missing=options.missing,
        missing_events=options.missing_events,
    )


def _indicator(name: str, options: argparse.Namespace) -> SLI:
    """Make the indicator that options describe: verdicts as they are, a threshold on values, or both at once."""
    bounds = {field: getattr(options, field) for field in _COMPARISONS if getattr(options, field) is not None}
    if options.value is None:
        if bounds:
            raise InvalidSLI(f"--{next(iter(bounds))} compares a value: name its column with --value")
        return SLI.ratio(name)
    if not bounds:
        raise InvalidSLI(
            f"--value {options.value} needs what is good: --lt 0.2, --lte, --gt, --gte or --between 0.1,0.5"
        )
    threshold = SLI.threshold(options.value, unit=options.unit, **bounds)
    verdict = options.status or options.good
    if verdict is None:
        return attrs.evolve(threshold, name=name)
    return SLI.all_of(name, SLI.ratio(verdict), threshold)


def _count(table: EventTable | BucketTable, slo: SLO, options: argparse.Namespace) -> Counts:
    """Turn what was read into the counts that an objective wants."""
    common: dict[str, Any] = {"start": options.start, "end": options.end}
    if isinstance(table, BucketTable):
        if slo.sli.is_timed or slo.sli.kind != "ratio":
            raise InvalidSLI(f"{slo.sli.name!r} is a {slo.sli.kind}, which judges single events; the file holds counts")
        return table.count(step=options.step, max_gap=options.max_gap, **common)
    return table.count(slo.sli, step=options.step or "1m", max_gap=options.max_gap, **common)


def _print(summaries: Sequence[Summary], style: Style, options: argparse.Namespace) -> None:
    if options.json:
        import json

        # ASCII, so that no terminal and no pipe can garble it; NaN is no JSON, and there is none.
        data = {"reports": [to_dict(summary) for summary in summaries]}
        print(json.dumps(data, indent=2, allow_nan=False))
        return
    print("\n".join(render(summary, style) for summary in summaries), end="")


# --- options ---------------------------------------------------------------------------------------------------------


def _exclusion(text: str) -> Exclusion:
    """Read ``START/END`` or ``START/END=reason``."""
    span, _, reason = text.partition("=")
    start, slash, end = span.partition("/")
    if not slash:
        raise InvalidExclusion(
            f"--exclude must be START/END or START/END=reason, such as "
            f"2026-06-14T02:00Z/2026-06-14T03:30Z=maintenance, got {text!r}"
        )
    try:
        return Exclusion(start.strip(), end.strip(), reason.strip())
    except SlokitError as error:
        raise InvalidExclusion(f"--exclude {text}: {error}") from None


def _instant(text: str) -> str:
    """Refuse what is no instant where argparse can say of which option; each command reads it for itself."""
    try:
        parse_instant(text, "it")
    except SlokitError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _duration(text: str) -> str:
    """Refuse what is no duration, likewise."""
    try:
        parse_duration(text, "it")
    except SlokitError as error:
        calendar = 'CalendarWindow("month"), "quarter" and "year"'
        raise argparse.ArgumentTypeError(str(error).replace(calendar, "--calendar month, quarter and year")) from None
    return text


def _between(text: str) -> tuple[str, str]:
    low, comma, high = text.partition(",")
    if not comma:
        raise argparse.ArgumentTypeError(f"must be LOW,HIGH such as 0.1,0.5, got {text!r}")
    return low.strip(), high.strip()


def _columns(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise argparse.ArgumentTypeError(f"names the column {twice!r} twice; each column makes one axis")
    return names


def _missing_events(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m slokit", description="SLO logic on the command line.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"slokit {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=_Parser)
    report = commands.add_parser(
        "report",
        help="hold an objective against a CSV of events or buckets",
        description="Hold an objective against a CSV of events or buckets, and say how it fares.",
        usage="%(prog)s FILE (--target SHARE | --slo FILE) [options]",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    report.set_defaults(run=_report)
    report.add_argument("file", metavar="FILE", help="CSV, plain or packed (gzip, bzip2, xz); - for standard input")

    columns = report.add_argument_group("columns (guessed from the header where not named)")
    columns.add_argument("--time", metavar="COLUMN", help="when: ISO 8601, or numbers with --time-unit")
    columns.add_argument("--good", metavar="COLUMN", help="a flag, or with --bad or --total a number of good events")
    columns.add_argument("--bad", metavar="COLUMN", help="a number of bad events: rows are buckets")
    columns.add_argument("--total", metavar="COLUMN", help="a number of events: rows are buckets")
    columns.add_argument("--status", metavar="COLUMN", help="a status, such as that of HTTP")
    columns.add_argument(
        "--bad-status", metavar="RULE", default=">=500", help='which are bad: ">=500" (default), "500-599,429", "error"'
    )
    columns.add_argument(
        "--value",
        metavar="COLUMN",
        help="a number, good where the next options say so; with --good or --status, both must be",
    )
    for field, words in zip(_COMPARISONS[:4], ("below", "at most", "above", "at least"), strict=True):
        columns.add_argument(f"--{field}", metavar="NUMBER", help=f"good {words}; 200ms too")
    columns.add_argument("--between", metavar="LOW,HIGH", type=_between, help="good between, both included")
    columns.add_argument("--unit", help="unit of the values, such as ms")
    columns.add_argument("--valid", metavar="COLUMN", help="a flag: events without it do not count")
    columns.add_argument("--by", metavar="COLUMN,...", type=_columns, default=[], help="series by label")
    columns.add_argument(
        "--time-unit", metavar="UNIT", help="numbers in the time column count s, ms, us or ns since 1970"
    )
    columns.add_argument("--tz", metavar="ZONE", help="zone of times that name none, such as UTC or Europe/Berlin")
    columns.add_argument("--delimiter", metavar="CHARACTER", help="by default what the header holds most of")

    goal = report.add_argument_group("objective")
    goal.add_argument("--target", metavar="SHARE", help="share of good events promised, such as 99.9%% or 0.999")
    goal.add_argument(
        "--window", metavar="DURATION", type=_duration, default="30d", help="rolling window (default 30d)"
    )
    goal.add_argument("--calendar", metavar="UNIT", help="calendar window: day, week, month, quarter or year")
    goal.add_argument("--calendar-tz", metavar="ZONE", help="its zone (default: --tz, or UTC)")
    goal.add_argument(
        "--timeslice", metavar="DURATION", type=_duration, help="judge slices of time, and count good slices"
    )
    goal.add_argument("--timeslice-target", metavar="SHARE", help="share of good events that makes a slice good")
    goal.add_argument(
        "--missing", metavar="MODE", default="ignore", help="unobserved buckets: ignore, good, bad or repeat"
    )
    goal.add_argument("--missing-events", metavar="N", type=_missing_events, help="events one stands for, or last")
    goal.add_argument("--expected-total", metavar="N", type=int, help="events expected of the running calendar period")
    goal.add_argument("--name", help="what to call it (default: the file's name)")
    goal.add_argument("--slo", metavar="FILE", help="objectives and exclusions from a TOML or JSON file instead")
    goal.add_argument(
        "--only", metavar="NAME", action="append", default=[], help="of these objectives; may be repeated"
    )

    evidence = report.add_argument_group("evidence")
    evidence.add_argument(
        "--step", metavar="DURATION", type=_duration, help="length of a bucket (default 1m, or the spacing of the rows)"
    )
    evidence.add_argument("--start", metavar="INSTANT", type=_instant, help="leave out what is before")
    evidence.add_argument(
        "--end", metavar="INSTANT", type=_instant, help="leave out what is later; silence until then counts"
    )
    evidence.add_argument("--max-gap", metavar="DURATION", type=_duration, help="a longer silence was not observed")
    evidence.add_argument("--settle", metavar="DURATION", default="0s", help="do not judge the last buckets yet")
    evidence.add_argument("--at", metavar="INSTANT", type=_instant, help="report this instant (default: the end)")
    evidence.add_argument(
        "--exclude",
        metavar="START/END[=REASON]",
        action="append",
        default=[],
        help="a span not to count; may be repeated",
    )

    output = report.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="print data instead of text")
    output.add_argument("--check", action="store_true", help="exit with 1 if missed, 3 without data")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="(default auto)")
    return parser


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as everything else here does."""

    def error(self, message: str) -> NoReturn:
        _say(f"{message}; see {self.prog} --help")
        raise SystemExit(_USAGE)


def _in_options(error: SlokitError) -> list[str]:
    """Return the message of an error with what Python's arguments are called here; of definitions a line a problem."""
    text = str(error)
    if isinstance(error, InvalidDefinition) and len(error.problems) > 1:
        problems = [f"{path}: {message}" for path, message in error.problems]
        return [text.removesuffix("; ".join(problems)) + problem for problem in problems]
    if isinstance(error, OutOfTimeline):
        text = text.replace("counts.extend(until=)", "--end").replace("counts.extend(since=)", "--start")
    return [text]


def _say(text: str) -> None:
    """Write one line to standard error, if there is one, with nothing that a terminal would obey."""
    if sys.stderr is None:
        return
    encoding = sys.stderr.encoding or "ascii"
    line = f"slokit: {clean(text, 2000)}".encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:  # a full disk or a closed pipe: the exit status has to say it alone
        _let_go(sys.stderr)


def _let_go(stream: TextIO) -> None:
    """Send what a stream still holds to nowhere, or Python complains of it once more in the end, with a status."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
