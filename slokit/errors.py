"""What slokit raises and warns: one tree, so that a caller can catch as much or as little as it likes.

Each error names the field, says what was wrong, what was given and how to mend it. Each is also a
``ValueError``, a ``TypeError`` or an ``ImportError``, so that code that knows nothing of slokit still
catches what it expects to catch.

>>> issubclass(InvalidTarget, ValueError)
True
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from types import FrameType

__all__ = [
    "InvalidAlert",
    "InvalidCounts",
    "InvalidDefinition",
    "InvalidDuration",
    "InvalidEvents",
    "InvalidExclusion",
    "InvalidFile",
    "InvalidInstant",
    "InvalidInterval",
    "InvalidNumber",
    "InvalidPolicy",
    "InvalidSLA",
    "InvalidSLI",
    "InvalidSLO",
    "InvalidSystem",
    "InvalidTarget",
    "InvalidTimeline",
    "InvalidWindow",
    "LabelWithoutCounts",
    "MissingExtra",
    "MuchExcluded",
    "NothingFits",
    "OneSidedThreshold",
    "OutOfTimeline",
    "RoundedWindows",
    "SlokitError",
    "SlokitWarning",
    "SnapshotError",
    "StoreError",
    "SuspiciousTarget",
    "UnknownActivity",
    "UnknownLabel",
    "UnknownTimeZone",
    "WrongType",
    "warn",
]


class SlokitError(Exception):
    """Base of every exception that slokit raises on purpose."""


class WrongType(SlokitError, TypeError):
    """A value of a kind that the field cannot take at all."""


class InvalidNumber(SlokitError, ValueError):
    """A number that cannot be read exactly, or lies outside its range."""


class InvalidTarget(InvalidNumber):
    """A target that is not at least 0 and below 1."""


class InvalidDuration(SlokitError, ValueError):
    """A duration that cannot be read, or is not a positive length of time."""


class InvalidInstant(SlokitError, ValueError):
    """A point in time that cannot be read, or that no zone pins down."""


class InvalidTimeline(SlokitError, ValueError):
    """A run of buckets that cannot exist, or two that do not fit each other."""


class InvalidInterval(SlokitError, ValueError):
    """A span of time that ends before it starts."""


class InvalidWindow(SlokitError, ValueError):
    """A window that cannot be, or does not fit the buckets it is laid over."""


class UnknownTimeZone(InvalidWindow):
    """A time zone that is not a known name, or that no installed database describes."""


class InvalidExclusion(SlokitError, ValueError):
    """An exclusion that cannot be, or does not fit the counts it is applied to."""


class InvalidCounts(SlokitError, ValueError):
    """Counts that cannot be, such as more good events than events."""


class InvalidEvents(SlokitError, ValueError):
    """Observations that cannot be counted, such as a latency that is not a number."""


class InvalidSLI(SlokitError, ValueError):
    """An indicator whose definition contradicts itself."""


class InvalidSLO(SlokitError, ValueError):
    """An objective whose definition contradicts itself, or does not fit the evidence."""


class InvalidSLA(SlokitError, ValueError):
    """An agreement whose terms contradict each other, or that does not fit the evidence it is held against."""


class InvalidAlert(SlokitError, ValueError):
    """An alert whose definition contradicts itself."""


class InvalidPolicy(SlokitError, ValueError):
    """A policy whose definition contradicts itself, or a decision that was asked something it does not know."""


class UnknownActivity(InvalidPolicy):
    """An activity or a class of changes that the policy does not know; the message lists those it does."""


class InvalidSystem(SlokitError, ValueError):
    """A system of services whose definition contradicts itself, or does not fit the evidence of its parts."""


class InvalidDefinition(SlokitError, ValueError):
    """Definitions read as data that are wrong in one place or several.

    Parameters
    ----------
    problems
        One ``(path, message)`` for each thing wrong, such as ``("slo[0].target", "…")``.
    source
        The file that they were read from, if any.

    Examples
    --------
    >>> error = InvalidDefinition([("slo[0].target", "is missing"), ("slo[1].window", "is missing")], "slos.toml")
    >>> print(error)
    slos.toml: slo[0].target: is missing; slo[1].window: is missing
    """

    def __init__(self, problems: Iterable[tuple[str, str]], source: str | None = None) -> None:
        self.problems = tuple(problems)
        self.source = source
        said = "; ".join(f"{path}: {message}" for path, message in self.problems)
        super().__init__(f"{source}: {said}" if source else said)

    def __reduce__(self) -> tuple[type[InvalidDefinition], tuple[tuple[tuple[str, str], ...], str | None]]:
        # BaseException pickles its args, which here are the joined text and not the problems.
        return (type(self), (self.problems, self.source))


class InvalidFile(SlokitError, ValueError):
    """A file that does not hold what was asked of it; the message names row and column."""


class SnapshotError(SlokitError, ValueError):
    """A snapshot that is torn, tampered with, of a newer version, or of another objective; nothing of it was used."""


class StoreError(SlokitError, OSError):
    """A store that cannot be read or written now; what was to be written is held back and written later."""


class OutOfTimeline(SlokitError, ValueError):
    """An instant that the evidence does not reach."""


class NothingFits(SlokitError, ValueError):
    """No setting of a sweep meets what was required of it; the message has the nearest."""


class UnknownLabel(SlokitError, ValueError):
    """An axis or a label that the counts do not have."""


class MissingExtra(SlokitError, ImportError):
    """An optional library that is needed here and not installed; the message names the extra."""


class SlokitWarning(UserWarning):
    """Base of every warning that slokit gives."""


class SuspiciousTarget(SlokitWarning):
    """A target that is legal and probably not what was meant, such as ``"0.999%"``."""


class OneSidedThreshold(SlokitWarning):
    """Every value falls far on one side of a threshold: often a mix-up of units."""


class MuchExcluded(SlokitWarning):
    """More than a twentieth of a window was taken out by exclusions."""


class RoundedWindows(SlokitWarning):
    """Alert windows were lengthened to whole buckets, because the policy allows it."""


class LabelWithoutCounts(SlokitWarning):
    """A target of its own, or an exclusion, was given to a label that the counts do not have."""


def warn(message: str, category: type[SlokitWarning]) -> None:
    """Warn at the line outside slokit that led here, however many rooms lie between.

    A fixed ``stacklevel`` is right for one way in: a target is read in a constructor that attrs wrote, from a file, on
    the command line.

    Parameters
    ----------
    message
        What is suspicious, and what to do about it.
    category
        A warning of this file.
    """
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and _is_ours(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _is_ours(frame: FrameType) -> bool:
    # A constructor that attrs wrote may have no module, but its file name says who wrote it.
    module = frame.f_globals.get("__name__", "")
    return module.partition(".")[0] == "slokit" or frame.f_code.co_filename.startswith("<attrs generated")
