"""``python -m slokit``: the command line.

Which command was called, and what its errors look like from outside; what commands do is in :mod:`slokit.commands`.
Files are read in :mod:`slokit.interop`, objectives held against evidence by the core, and what is shown is written in
:mod:`slokit.report`, none of which knows of the others.

What a pipeline may rely on:

======  ==========================================================================================================
status  meaning
======  ==========================================================================================================
0       ``report``: it was printed; with ``--check``, every objective is met. ``gate``: allowed
1       ``report --check``: an objective is missed. ``gate``: blocked
2       something is wrong with the options, the file, or where the report was to go; one line on standard error says
        what, and how to mend it
3       ``report --check``: none is missed, but for some there is no data, and silence is not success. ``gate``: nobody
        can tell
70      a fault of slokit itself: Python's traceback says where
======  ==========================================================================================================

So 1 is never a failure of another kind. A pipe that is closed early ends the program with 141 and an interrupt with
130, as a shell has it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

from slokit import __version__
from slokit.commands import add_gate, add_report
from slokit.commands.exits import Exit
from slokit.commands.options import Parser
from slokit.commands.streams import let_go, say
from slokit.errors import InvalidDefinition, OutOfTimeline, SlokitError

__all__ = ["main"]


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
            say(line)
        return Exit.USAGE
    except BrokenPipeError:  # "| head" has seen enough
        let_go(sys.stdout)
        return Exit.PIPE
    except OSError as error:
        # Files that cannot be read are errors of slokit by now: what is left is the writing.
        let_go(sys.stdout)
        say(f"the report cannot be written: {error.strerror or error}; make room, or send it elsewhere")
        return Exit.USAGE
    except MemoryError:
        say("there is not enough memory; take a longer --step, or less at once with --start and --end")
        return Exit.USAGE
    except KeyboardInterrupt:
        return Exit.INTERRUPT
    except Exception:  # noqa: BLE001 - Python's own status for it is 1, which would read as a missed objective
        sys.excepthook(*sys.exc_info())
        say("this is a fault of slokit, not of your options; please report it with the lines above")
        return Exit.FAULT


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
        say("the report cannot be written: standard output is closed; send it to a file, or to /dev/null")
        return Exit.USAGE
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        status: int = options.run(options)
    for note in dict.fromkeys(str(w.message) for w in notes):
        say(f"note: {note}")
    sys.stdout.flush()
    return status


def _parser() -> Parser:
    parser = Parser(prog="python -m slokit", description="SLO logic on the command line.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"slokit {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=Parser)
    add_report(commands)
    add_gate(commands)
    return parser


def _in_options(error: SlokitError) -> list[str]:
    """Return the message of an error with what Python's arguments are called here; of definitions a line a problem."""
    text = str(error)
    if isinstance(error, InvalidDefinition) and len(error.problems) > 1:
        problems = [f"{path}: {message}" for path, message in error.problems]
        return [text.removesuffix("; ".join(problems)) + problem for problem in problems]
    if isinstance(error, OutOfTimeline):
        text = text.replace("counts.extend(until=)", "--end").replace("counts.extend(since=)", "--start")
    return [text]


if __name__ == "__main__":
    sys.exit(main())
