"""What each command of the command line does: its options, what it reads, what it prints, how it ends.

A command is a module with a function that adds it to a parser. :mod:`slokit.__main__` calls these, and turns what they
raise into one line and an exit status. What several commands need is written once, in the rooms beside them:
``options`` (groups of options), ``evidence`` (what those options name, read), ``streams`` (what goes to a terminal)
and ``exits`` (what a pipeline may rely on).
"""

from __future__ import annotations

from slokit.commands.gate import add_gate
from slokit.commands.report import add_report

__all__ = ["add_gate", "add_report"]
