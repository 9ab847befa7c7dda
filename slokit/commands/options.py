"""Options that commands share, a group at a time, and the parser that reads them.

A command takes the groups it needs: whoever calls :func:`add_columns`, :func:`add_objective` and :func:`add_evidence`
can hand the options to each function of :mod:`slokit.commands.evidence`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from slokit.commands.exits import Exit
from slokit.commands.streams import say
from slokit.errors import SlokitError
from slokit.timeline import parse_duration, parse_instant

__all__ = ["COMPARISONS", "NOW", "Commands", "Parser", "add_columns", "add_command", "add_evidence", "add_objective"]

COMPARISONS = ("lt", "lte", "gt", "gte", "between")
"""The options that say which values are good."""

NOW = "now"
"""What ``--end`` may be besides an instant: the clock's, rounded down to a bucket."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as everything else here does."""

    def error(self, message: str) -> NoReturn:
        """Say it, and end with the status for wrong options."""
        say(f"{message}; see {self.prog} --help")
        raise SystemExit(Exit.USAGE)


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"
"""Where commands are added: what ``add_subparsers`` returns."""


def add_command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    summary: str,
    description: str,
    usage: str,
    epilog: str,
) -> Parser:
    """Add a command, so far without options.

    Parameters
    ----------
    commands
        What the parser of the command line holds its commands in.
    name
        What it is called by.
    run
        Takes the options, prints, and returns the exit status.
    summary, description, usage, epilog
        Its help: a line in the list of commands, and what its own help shows.
    """
    command = commands.add_parser(
        name,
        help=summary,
        description=description,
        usage=usage,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.set_defaults(run=run)
    return command


def add_columns(parser: Parser) -> None:
    """Add the file, and which of its columns say what."""
    parser.add_argument("file", metavar="FILE", help="CSV, plain or packed (gzip, bzip2, xz); - for standard input")

    columns = parser.add_argument_group("columns (guessed from the header where not named)")
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
    for field, words in zip(COMPARISONS[:4], ("below", "at most", "above", "at least"), strict=True):
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


def add_objective(parser: Parser) -> None:
    """Add what defines an objective, and ``--slo``, which names a file of them."""
    goal = parser.add_argument_group("objective")
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


def add_evidence(parser: Parser) -> None:
    """Add what is taken of the evidence: the buckets, their span, and what is not to count."""
    evidence = parser.add_argument_group("evidence")
    evidence.add_argument(
        "--step", metavar="DURATION", type=_duration, help="length of a bucket (default 1m, or the spacing of the rows)"
    )
    evidence.add_argument("--start", metavar="INSTANT", type=_instant, help="leave out what is before")
    evidence.add_argument(
        "--end",
        metavar="INSTANT",
        type=_end,
        help="leave out what is later; silence until then counts; now for the clock's",
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


def _instant(text: str) -> str:
    """Refuse what is no instant where argparse can say of which option; each command reads it for itself."""
    try:
        parse_instant(text, "it")
    except SlokitError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _end(text: str) -> str:
    """Take an instant, or ``now``."""
    return NOW if text.strip().lower() == NOW else _instant(text)


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
