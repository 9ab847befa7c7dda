"""Runs the commands of slokit in this process, and keeps what they said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from slokit.__main__ import main


class Command:
    """What a run of any command leaves to be looked at: the exit status, and both outputs."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys = capsys
        self.folder = folder
        self.out = self.err = ""

    def run(self, *arguments: str) -> int:
        """Run a command by its arguments, the first of which is its name."""
        try:
            status = main(arguments)
        except SystemExit as exit_:
            status = int(str(exit_.code))
        self.out, self.err = self._capsys.readouterr()
        return status

    def data(self) -> Any:
        """Return JSON output, which must be JSON: no NaN, no Infinity."""

        def refuse(constant: str) -> None:
            raise AssertionError(constant)

        return json.loads(self.out, parse_constant=refuse)

    def complaint(self) -> str:
        """Return the one line on standard error of a command that failed, and printed nothing else."""
        assert not self.out
        (line,) = self.err.splitlines()
        assert line.isprintable()
        return line.removeprefix("slokit: ")
