"""What a command says: its answer to standard output, remarks and complaints to standard error.

Either stream may be closed, full, or of an encoding that knows no umlaut; none of that may pass for an answer.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from slokit._display import clean

__all__ = ["let_go", "print_json", "say"]


def say(text: str) -> None:
    """Write one line to standard error, if there is one, with nothing that a terminal would obey."""
    if sys.stderr is None:
        return
    encoding = sys.stderr.encoding or "ascii"
    line = f"slokit: {clean(text, 2000)}".encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:  # a full disk or a closed pipe: the exit status has to say it alone
        let_go(sys.stderr)


def let_go(stream: TextIO) -> None:
    """Send what a stream still holds to nowhere, or Python complains of it once more in the end, with a status."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def print_json(data: dict[str, Any]) -> None:
    """Print data for another program."""
    import json

    # ASCII, so that no terminal and no pipe can garble it; NaN is no JSON, and there is none.
    print(json.dumps(data, indent=2, allow_nan=False))
