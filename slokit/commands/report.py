"""``slokit report``: hold objectives against a file and say how they fare."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from slokit.commands.evidence import asked, count, read, source
from slokit.commands.exits import Exit
from slokit.commands.options import Commands, add_columns, add_command, add_evidence, add_objective
from slokit.commands.streams import print_json
from slokit.report.data import to_dict
from slokit.report.summary import Summary, summarise
from slokit.report.terminal import style_for
from slokit.report.text import Style, render, strip_width

__all__ = ["add_report"]

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


def add_report(commands: Commands) -> None:
    """Add the command ``report``."""
    report = add_command(
        commands,
        "report",
        _report,
        summary="hold an objective against a CSV of events or buckets",
        description="Hold an objective against a CSV of events or buckets, and say how it fares.",
        usage="%(prog)s FILE (--target SHARE | --slo FILE) [options]",
        epilog=_EXAMPLES,
    )
    add_columns(report)
    add_objective(report)
    add_evidence(report)
    output = report.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="print data instead of text")
    output.add_argument("--check", action="store_true", help="exit with 1 if missed, 3 without data")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="(default auto)")


def _report(options: argparse.Namespace) -> int:
    """Read, evaluate and print."""
    wanted = asked(options)
    style = style_for(sys.stdout, options.color)
    table = read(options)
    summaries = [
        summarise(
            slo,
            count(table, slo, options),
            exclusions=wanted.exclusions,
            at=options.at,
            settle=options.settle,
            expected_total=options.expected_total,
            source=source(options),
            columns=strip_width(style),
        )
        for slo in wanted.slos
    ]
    _print(summaries, style, options)
    if options.check and any(summary.missed for summary in summaries):
        return Exit.MISSED
    return Exit.UNKNOWN if options.check and any(summary.unknown for summary in summaries) else Exit.DONE


def _print(summaries: Sequence[Summary], style: Style, options: argparse.Namespace) -> None:
    if options.json:
        print_json({"reports": [to_dict(summary) for summary in summaries]})
        return
    print("\n".join(render(summary, style) for summary in summaries), end="")
