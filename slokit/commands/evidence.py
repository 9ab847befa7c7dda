"""What the shared options name, read: objectives and exclusions, the file, and the counts an objective wants of it.

Each function takes the options as argparse leaves them, from the groups of :mod:`slokit.commands.options`.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from slokit.budgeting import Occurrences, Timeslices
from slokit.commands.options import COMPARISONS, NOW
from slokit.counts import Counts
from slokit.errors import InvalidExclusion, InvalidSLI, InvalidSLO, SlokitError
from slokit.exclusions import Exclusion
from slokit.interop.tables import BucketTable, EventTable, read_table
from slokit.report.terminal import Progress
from slokit.sli import SLI
from slokit.slo import SLO
from slokit.timeline import parse_instant
from slokit.windows import CalendarWindow

if TYPE_CHECKING:
    from slokit.config import Definitions

__all__ = ["Asked", "asked", "count", "read", "source"]


@attrs.frozen
class Asked:
    """What is to be held against the evidence.

    Parameters
    ----------
    slos
        The objectives, at least one.
    exclusions
        Those of the file and of the options.
    definitions
        All that the file of ``--slo`` defines, such as alerts; None where options define the objective.
    """

    slos: tuple[SLO, ...]
    exclusions: tuple[Exclusion, ...]
    definitions: Definitions | None = None


def source(options: argparse.Namespace) -> str:
    """Return what to call the evidence."""
    return "standard input" if options.file == "-" else str(options.file)


def asked(options: argparse.Namespace) -> Asked:
    """Return the objectives and exclusions that options and files define.

    Raises
    ------
    SlokitError
        If they contradict each other, or define none.
    """
    given = tuple(_exclusion(text) for text in options.exclude)
    if options.slo is None:
        return Asked((_objective(options),), given)
    if options.target is not None:
        raise InvalidSLO("--target and --slo both define the objective; choose one")
    # Reading definitions costs imports that a report without them need not pay.
    from slokit.interop.definitions import load

    definitions = load(options.slo)
    slos = tuple(slo for slo in definitions.slos if not options.only or slo.name in options.only)
    if unknown := [name for name in options.only if name not in {slo.name for slo in definitions.slos}]:
        known = ", ".join(repr(slo.name) for slo in definitions.slos)
        raise InvalidSLO(f"--only {unknown[0]!r} is not defined in {options.slo}; there are {known}")
    if not slos:
        raise InvalidSLO(f"{options.slo} defines no objective; write one as [[slo]]")
    return Asked(slos, (*definitions.exclusions, *given), definitions)


def read(options: argparse.Namespace) -> EventTable | BucketTable:
    """Read the file, with its progress on standard error.

    Raises
    ------
    SlokitError
        If it cannot be read; the message says in which row.
    """
    with Progress(sys.stderr, source(options)) as progress:
        return read_table(
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


def count(table: EventTable | BucketTable, slo: SLO, options: argparse.Namespace) -> Counts:
    """Turn what was read into the counts that an objective wants."""
    to_now = options.end == NOW
    span: dict[str, Any] = {"start": options.start, "end": None if to_now else options.end, "max_gap": options.max_gap}
    if not isinstance(table, BucketTable):
        counts = table.count(slo.sli, step=options.step or "1m", **span)
    elif slo.sli.is_timed or slo.sli.kind != "ratio":
        raise InvalidSLI(f"{slo.sli.name!r} is a {slo.sli.kind}, which judges single events; the file holds counts")
    else:
        counts = table.count(step=options.step, **span)
    return _until_now(counts) if to_now else counts


def _until_now(counts: Counts) -> Counts:
    """Extend counts to the last bucket that is over by the clock: nothing was observed since they ended."""
    timeline = counts.timeline
    now = timeline.floor(parse_instant(datetime.now(UTC), "now"))
    return counts.extend(until=np.datetime64(now, "ns")) if now > timeline.end else counts


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
    bounds = {field: getattr(options, field) for field in COMPARISONS if getattr(options, field) is not None}
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
