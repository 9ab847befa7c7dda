"""Peers: other libraries doing the same work, each as a person who knows it well would write it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Peer", "cores", "limit_cores"]

# polars reads this once, when it is first imported; the others are told when they are prepared.
_CORES = "POLARS_MAX_THREADS"

Answer = npt.NDArray[np.generic]


def limit_cores(number: int) -> None:
    """Let peers that start threads of their own use so many cores; to be called before one is prepared."""
    os.environ[_CORES] = str(number)


def cores() -> int | None:
    """Return how many cores a peer may use; None for as many as it likes."""
    return int(os.environ[_CORES]) if _CORES in os.environ else None


@dataclass(frozen=True)
class Peer:
    """One library's way to do a piece of work.

    Parameters
    ----------
    name
        What the table calls it.
    package
        What must be installed.
    prepare
        Takes the evidence and returns what is timed: bringing the input into the library's own containers is not.
    plain
        Takes what was timed's result and returns it as slokit's answer would be, to compare them.
    """

    name: str
    package: str
    prepare: Callable[[Any], Callable[[], Any]]
    plain: Callable[[Any], Answer]

    @property
    def installed(self) -> bool:
        """Whether it can be asked at all."""
        return find_spec(self.package) is not None

    @property
    def version(self) -> str:
        """Its name and version."""
        return f"{self.package} {version(self.package)}"

    def answer(self, evidence: object) -> Answer:
        """Do the work once and return it in slokit's form."""
        return self.plain(self.prepare(evidence)())
