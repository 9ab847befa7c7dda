"""A document of definitions: objectives, with the indicators, exclusions, alerts, policies and so on beside them.

What a file holds is plain data to this room; :mod:`slokit.interop.definitions` reads the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

import attrs

from slokit._display import clean, html_table, plural
from slokit.alerts import Alert
from slokit.composition import System
from slokit.config.agreements import SLA_, SLO_HISTORY
from slokit.config.codecs import Family
from slokit.config.kinds import EXCLUSION, SLI_, SLO_
from slokit.config.places import WRONG, Place, closest, collected, kind_of_data
from slokit.config.policies import ALERT, POLICY
from slokit.config.systems import SYSTEM
from slokit.errors import UnknownLabel, WrongType
from slokit.exclusions import Exclusion
from slokit.policy import Policy
from slokit.rational import percent_text
from slokit.sla import SLA
from slokit.sli import SLI
from slokit.slo import SLO
from slokit.slo_history import SLOHistory

__all__ = ["Definitions", "read_document", "write_document"]

# In the order in which they are read: an objective may refer to an indicator.
_PARTS: dict[str, tuple[Family, str, type]] = {
    "sli": (SLI_, "slis", SLI),
    "slo": (SLO_, "slos", SLO),
    "exclusion": (EXCLUSION, "exclusions", Exclusion),
    "alert": (ALERT, "alerts", Alert),
    "policy": (POLICY, "policies", Policy),
    "sla": (SLA_, "slas", SLA),
    "slo_history": (SLO_HISTORY, "slo_histories", SLOHistory),
    "system": (SYSTEM, "systems", System),
}
_NAMED = ("sli", "slo", "policy", "sla", "slo_history", "system")


def _tuple(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(values)


@attrs.frozen(repr=False)
class Definitions(Sequence[SLO]):
    """The definitions of a document; as a sequence, its objectives, which names index too.

    Parameters
    ----------
    slos
        Objectives, each with a name of its own.
    exclusions
        Exclusions that all of them share.
    alerts
        Alerts to hold against each of them.
    slis
        Indicators that stand by themselves, each with a name of its own; those of the objectives need not be here.
    policies
        Policies, each with a name of its own.
    slas
        Agreements, each with a name of its own.
    slo_histories
        Objectives whose definition changed, each with a name of its own. They are not among the ``slos``.
    systems
        Systems of dependent services, each with a name of its own.

    Raises
    ------
    InvalidDefinition
        If two objectives, or two of another kind that has names, share one.

    Examples
    --------
    >>> slo = SLO("checkout", sli=SLI.ratio("availability"), target="99.9%", window="30d")
    >>> definitions = Definitions([slo])
    >>> definitions
    Definitions(1 SLO: checkout)
    >>> definitions["checkout"] is definitions[0], "checkout" in definitions, slo in definitions
    (True, True, True)
    """

    slos: tuple[SLO, ...] = attrs.field(default=(), converter=_tuple)
    exclusions: tuple[Exclusion, ...] = attrs.field(default=(), converter=_tuple, kw_only=True)
    alerts: tuple[Alert, ...] = attrs.field(default=(), converter=_tuple, kw_only=True)
    slis: tuple[SLI, ...] = attrs.field(default=(), converter=_tuple, kw_only=True)
    policies: tuple[Policy, ...] = attrs.field(default=(), converter=_tuple, kw_only=True)
    slas: tuple[SLA, ...] = attrs.field(default=(), converter=_tuple, kw_only=True)
    slo_histories: tuple[SLOHistory, ...] = attrs.field(default=(), converter=_tuple, kw_only=True)
    systems: tuple[System, ...] = attrs.field(default=(), converter=_tuple, kw_only=True)

    def __attrs_post_init__(self) -> None:
        for key, (_, attribute, cls) in _PARTS.items():
            for i, value in enumerate(getattr(self, attribute)):
                if not isinstance(value, cls):
                    raise WrongType(
                        f"{attribute}[{i}] must be an {cls.__name__}, got {type(value).__name__}: {value!r}"
                    )
            if key in _NAMED:
                collected(_check_names, [value.name for value in getattr(self, attribute)], place=Place("").at(key))

    @overload
    def __getitem__(self, index: int | str) -> SLO: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[SLO, ...]: ...

    def __getitem__(self, index: int | str | slice) -> SLO | tuple[SLO, ...]:
        if not isinstance(index, str):
            return self.slos[index]
        for slo in self.slos:
            if slo.name == index:
                return slo
        names = [slo.name for slo in self.slos]
        known = f"the SLOs are {', '.join(map(repr, names))}" if names else "there are no SLOs"
        raise UnknownLabel(f"no SLO is called {index!r}; {closest(index, names).removeprefix('; ') or known}")

    def __contains__(self, item: object) -> bool:
        # Where a name is an index, a name is a member; else "checkout" would be in no definitions that have it.
        return any(slo.name == item for slo in self.slos) if isinstance(item, str) else item in self.slos

    def __len__(self) -> int:
        return len(self.slos)

    def __repr__(self) -> str:
        parts = [
            plural(len(held), word, many)
            for held, word, many in (
                (self.slos, "SLO", None),
                (self.slis, "SLI", None),
                (self.exclusions, "exclusion", None),
                (self.alerts, "alert", None),
                (self.policies, "policy", "policies"),
                (self.slas, "SLA", None),
                (self.slo_histories, "SLO history", "SLO histories"),
                (self.systems, "system", None),
            )
            if held or word == "SLO"
        ]
        names = [slo.name for slo in self.slos]
        listed = ", ".join(clean(name, 40) for name in names[:5]) + (", …" if len(names) > 5 else "")
        return f"Definitions({', '.join(parts)}{': ' if names else ''}{listed})"

    def _repr_html_(self) -> str:
        rows = [
            (slo.name, percent_text(slo.target), str(slo.window), repr(slo.sli), slo.owner or "") for slo in self.slos
        ]
        tables = [html_table(rows, ("objective", "target", "window", "indicator", "owner"), "Objectives")]
        others = (
            (self.slis, "Indicators"),
            (self.exclusions, "Exclusions"),
            (self.alerts, "Alerts"),
            (self.policies, "Policies"),
            (self.slas, "Agreements"),
            (self.slo_histories, "Objectives in time"),
            (self.systems, "Systems"),
        )
        for held, caption in others:
            if held:
                tables.append(html_table([(i, repr(value)) for i, value in enumerate(held)], caption=caption))
        return "".join(tables)

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        for _, attribute, _ in _PARTS.values():
            if held := getattr(self, attribute):
                yield attribute, list(held)


def _check_names(names: Sequence[object], place: Place) -> None:
    """Note each name that an earlier one had."""
    first: dict[object, int] = {}
    for i, name in enumerate(names):
        if not isinstance(name, str):
            continue
        if name in first:
            place.item(i).at("name").refuse(
                f"must be a name of its own, got {name!r}, which {place.path}[{first[name]}] has"
            )
        first.setdefault(name, i)


def read_document(data: Mapping[Any, Any], place: Place) -> Any:
    """Make the definitions of a document, or note all that is in the way.

    Parameters
    ----------
    data
        Lists of tables under ``sli``, ``slo``, ``exclusion``, ``alert``, ``policy``, ``sla``, ``slo_history`` and
        ``system``.
    place
        The root.
    """
    for key in data:
        if key not in _PARTS and key != "slokit":
            place.at(key).refuse(
                f"is no part of a document{closest(key, _PARTS) or '; its parts are ' + ', '.join(_PARTS)}"
            )
    if not any(key in data for key in _PARTS):
        place.refuse(
            "defines nothing: write an objective as [[slo]], or say the kind of a definition that stands alone"
        )
    held: dict[str, tuple[Any, ...]] = {}
    for key, (family, attribute, _) in _PARTS.items():
        here, tables = place.at(key), data.get(key, [])
        if not isinstance(tables, list | tuple):
            here.refuse(f"must be a list of tables, written as [[{key}]], got {kind_of_data(tables)}")
            continue
        found = []
        for i, table in enumerate(tables):
            found.append(family.read(table, here.item(i)))
            if key == "sli" and isinstance(table, Mapping) and isinstance(name := table.get("name"), str):
                # One that is wrong is known all the same: who refers to it has made no mistake.
                place.indicators.setdefault(name, found[-1])
        if key in _NAMED:
            _check_names([table.get("name") if isinstance(table, Mapping) else None for table in tables], here)
        held[attribute] = tuple(found)
    return WRONG if place.problems else Definitions(**held)


def write_document(definitions: Definitions, place: Place) -> dict[str, Any]:
    """Write a document; objectives refer by name to indicators that it holds."""
    data: dict[str, Any] = {}
    for key, (family, attribute, _) in _PARTS.items():
        held = getattr(definitions, attribute)
        if held or key == "slo":
            data[key] = [family.write_table(value, place.at(key).item(i)) for i, value in enumerate(held)]
        if key == "sli":
            # Only now: an indicator does not refer to itself.
            place.indicators.update({sli.name: sli for sli in held})
    return data
