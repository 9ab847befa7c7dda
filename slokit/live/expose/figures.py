"""Figures: what a monitor knows, as records with a name, a value and labels.

All figures of a monitor come from one decision and one status, so that they agree with each other. What is not known
has no figure: a ratio of nothing is neither 0 nor 1 nor NaN, and an alert on a figure that is absent says so, where one
on NaN is silent. Names and labels are checked here, once, for every system they go to.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import attrs

from slokit._display import clean, html_table
from slokit.errors import InvalidDefinition, InvalidNumber, WrongType
from slokit.live.monitor import Monitor
from slokit.live.recording.drops import REASONS
from slokit.timeline import DurationLike, duration_text, parse_length

__all__ = ["FAMILIES", "WINDOWS", "Family", "Figure", "Kind", "Labels", "figures", "identity", "parse_windows"]

WINDOWS: tuple[str, ...] = ("5m", "1h", "6h")
"""Over which windows burn rates are exposed by default: those of the usual alerts."""

Kind = Literal["gauge", "counter"]
Labels = tuple[tuple[str, str], ...]
# Without the colon, which belongs to names that a recording rule makes. Asked with fullmatch: with match, "$" lets a
# name end in a line break.
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def _check_name(field: str, name: object) -> None:
    if not isinstance(name, str):
        raise WrongType(f"{field} must be text, got {type(name).__name__}: {name!r:.100}")
    if not _NAME.fullmatch(name) or name.startswith("__"):
        raise InvalidDefinition(
            [(field, f"must be letters, digits and _, no digit first and not __, got {name[:100]!r}; rename it")]
        )


def _labels(given: Mapping[str, str] | Iterable[tuple[str, str]]) -> Labels:
    return tuple(given.items() if isinstance(given, Mapping) else given)


@attrs.frozen
class Family:
    """What figures of one name have in common.

    Parameters
    ----------
    name
        Letters, digits and underscores; a counter's ends in ``_total``.
    kind
        ``"gauge"``, or ``"counter"`` for what only grows while the process lives, and is about that process alone.
    unit
        ``"events"``, ``"ratio"``, ``"callbacks"``, ``"readings"``; empty for what has none.
    help
        One line for people.

    Raises
    ------
    InvalidDefinition
        If the name is none.

    Examples
    --------
    >>> Family("slokit_burn_rate", "gauge", "", "How fast the budget burns.").name
    'slokit_burn_rate'
    """

    name: str
    kind: Kind
    unit: str
    help: str

    def __attrs_post_init__(self) -> None:
        _check_name("name", self.name)
        if (self.kind == "counter") != self.name.endswith("_total"):
            raise InvalidDefinition([("name", f"must end in _total for a counter, and for no gauge, got {self.name}")])


FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family("slokit_good_events", "gauge", "events", "Good events of the objective's window."),
        Family("slokit_bad_events", "gauge", "events", "Bad events of the objective's window."),
        Family("slokit_sli_ratio", "gauge", "ratio", "Share of good events of the window; absent without data."),
        Family("slokit_target_ratio", "gauge", "ratio", "Share of events that the objective asks to be good."),
        Family(
            "slokit_error_budget_remaining_ratio",
            "gauge",
            "ratio",
            "What is left of the error budget: 1 untouched, 0 gone, below 0 overspent; absent without data.",
        ),
        Family(
            "slokit_burn_rate",
            "gauge",
            "",
            "How fast the error budget burns over a window: 1 spends it over the objective's; absent without data.",
        ),
        Family("slokit_coverage_ratio", "gauge", "ratio", "Share of the window that was observed."),
        Family("slokit_state", "gauge", "", "1 for the state that was decided, 0 for the policy's other states."),
        Family("slokit_store_up", "gauge", "", "Whether the store answered this process when it was last asked."),
        Family("slokit_dropped_events_total", "counter", "events", "Events that this process could not count."),
        Family("slokit_failed_callbacks_total", "counter", "callbacks", "Callbacks on transitions that failed."),
    )
}
"""What there is to expose, by the names that other systems know it under."""
"""What :func:`figures` may tell, by name."""


@attrs.frozen(repr=False)
class Figure:
    r"""One value of one family, at the time it was asked for.

    Parameters
    ----------
    family
        What it is a figure of.
    value
        Never NaN or infinite; events are Python integers, whatever their size.
    labels
        Pairs of a name and its text, or a mapping.

    Raises
    ------
    InvalidNumber
        If the value is NaN or infinite.
    InvalidDefinition
        If a label's name is none, stands twice, or its text cannot be written as UTF-8.
    WrongType
        If a value is no number, or a label no text.

    Examples
    --------
    >>> figure = Figure(FAMILIES["slokit_burn_rate"], 14.4, {"slo": 'the "fast" one', "window": "1h"})
    >>> figure
    slokit_burn_rate{slo="the \"fast\" one",window="1h"} 14.4
    >>> figure.name, figure.kind, figure.unit
    ('slokit_burn_rate', 'gauge', '')
    """

    family: Family
    value: int | float
    labels: Labels = attrs.field(default=(), converter=_labels)

    def __attrs_post_init__(self) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise WrongType(f"value must be a number, got {type(self.value).__name__}: {self.value!r:.100}")
        if not math.isfinite(self.value):
            raise InvalidNumber(f"value of {self.name} must be finite, got {self.value}; leave out what is not known")
        for name, text in self.labels:
            _check_name("labels", name)
            if not isinstance(text, str):
                raise WrongType(f"labels[{name!r}] must be text, got {type(text).__name__}: {text!r:.100}")
            if any("\ud800" <= sign <= "\udfff" for sign in text):
                raise InvalidDefinition([(f"labels[{name!r}]", f"must not hold lone surrogates, got {text[:100]!r}")])
        if len(dict(self.labels)) < len(self.labels):
            raise InvalidDefinition([("labels", f"must not name one twice, got {[name for name, _ in self.labels]}")])

    @property
    def name(self) -> str:
        """The family's name."""
        return self.family.name

    @property
    def help(self) -> str:
        """What the family is about, in one line."""
        return self.family.help

    @property
    def kind(self) -> Kind:
        """``"gauge"`` or ``"counter"``."""
        return self.family.kind

    @property
    def unit(self) -> str:
        """The family's unit."""
        return self.family.unit

    def __repr__(self) -> str:
        texts = (
            (name, text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for name, text in self.labels
        )
        inside = ",".join(f'{name}="{clean(text)}"' for name, text in texts)
        return f"{self.name}{{{inside}}} {self.value}"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        yield "value", self.value
        yield from ((name, clean(text)) for name, text in self.labels)

    def _repr_html_(self) -> str:
        return html_table(self.__rich_repr__(), caption=self.name)


def identity(monitor: Monitor) -> Labels:
    """Return the labels that tell a monitor's figures from those of others: its objective, service and policy."""
    slo = monitor.slo
    service = (("service", slo.service),) if slo.service else ()
    return (("slo", slo.name), *service, ("policy", monitor.policy.name))


def parse_windows(windows: Iterable[DurationLike]) -> dict[str, int]:
    """Read several lengths, each once: nanoseconds by their text.

    Raises
    ------
    WrongType
        If they are one text, which would be taken for its letters.
    InvalidDuration
        If one cannot be read.

    Examples
    --------
    >>> parse_windows(["5m", "60m", "1h"])
    {'5m': 300000000000, '1h': 3600000000000}
    """
    if isinstance(windows, str) or not isinstance(windows, Iterable):
        raise WrongType(f'windows must be several lengths, such as ("5m", "1h"), got {windows!r:.100}')
    lengths = [parse_length(window, f"windows[{at}]") for at, window in enumerate(windows)]
    return {duration_text(length): length for length in lengths}


def figures(monitor: Monitor, windows: Iterable[DurationLike] = WINDOWS) -> tuple[Figure, ...]:
    """Return what a monitor knows now, from one decision and one status.

    Asking for the decision judges the buckets that are over since it was last asked for, tells callbacks of changes,
    and exchanges with the store, as :meth:`~slokit.live.Monitor.decision` always does.

    Parameters
    ----------
    monitor
        Whose.
    windows
        Over which windows burn rates are told. One that is longer than what the monitor remembers has no figure: it
        would be about less than it says; ``Monitor(…, retention=…)`` remembers more.

    Raises
    ------
    InvalidWindow
        If a window is no whole number of buckets.
    WrongType
        If it is no monitor.

    Examples
    --------
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Monitor
    >>> monitor = Monitor(SLO("checkout", sli=SLI.ratio("availability"), target="99%", window="30d"))
    >>> monitor.add(good=199, bad=1)
    >>> for figure in figures(monitor, windows=["1h"])[:6]:
    ...     print(figure)
    slokit_good_events{slo="checkout",policy="default"} 199
    slokit_bad_events{slo="checkout",policy="default"} 1
    slokit_target_ratio{slo="checkout",policy="default"} 0.99
    slokit_coverage_ratio{slo="checkout",policy="default"} 2.3148148148148147e-05
    slokit_sli_ratio{slo="checkout",policy="default"} 0.995
    slokit_error_budget_remaining_ratio{slo="checkout",policy="default"} 0.5
    """
    if not isinstance(monitor, Monitor):
        raise WrongType(f"monitor must be a Monitor, got {type(monitor).__name__}: {monitor!r:.100}")
    whose = identity(monitor)
    return tuple(
        Figure(FAMILIES[name], value, (*whose, *labels))
        for name, value, labels in (*_known(monitor, parse_windows(windows)), *_own(monitor))
        if value is not None
    )


_Told = tuple[str, int | float | None, Labels]


def _known(monitor: Monitor, windows: Mapping[str, int]) -> Iterator[_Told]:
    """Yield what follows from what was recorded."""
    # In this order: the decision reads the store, and the status is of what was read.
    decision = monitor.decision()
    status = monitor.status()
    # One family with events of one and slices of another would be added up; where it is not events, a label says so.
    unit: Labels = () if status.unit == "events" else (("unit", status.unit),)
    yield "slokit_good_events", status.good, unit
    yield "slokit_bad_events", status.bad, unit
    yield "slokit_target_ratio", float(status.target), ()
    yield "slokit_coverage_ratio", status.coverage, ()
    yield "slokit_sli_ratio", status.sli, ()
    yield "slokit_error_budget_remaining_ratio", status.error_budget.remaining_ratio, ()
    remembered = monitor.recording.size * monitor.recording.step
    for text, length in windows.items():
        rate = status.burn_rate(text)  # asked also where it is not told: a window that does not fit raises always
        yield "slokit_burn_rate", rate if length <= remembered else None, (("window", text),)
    for state in (*monitor.policy.states, monitor.policy.unknown):
        yield "slokit_state", int(state.name == decision.state), (("state", state.name),)


def _own(monitor: Monitor) -> Iterator[_Told]:
    """Yield what is about this process alone."""
    if monitor.has_store:
        yield "slokit_store_up", int(monitor.store_error is None), ()
    drops = monitor.drops
    # Those without any too: the first drop is then an increase, and not the beginning of a series.
    for reason in REASONS:
        yield "slokit_dropped_events_total", drops.get(reason, 0), (("reason", reason),)
    yield "slokit_failed_callbacks_total", monitor.failed_callbacks, ()
