"""Definitions as plain data, and back.

A program keeps its objectives where people review them: in a file beside the code. :func:`to_dict` writes a
definition as tables, lists and text, which JSON and TOML hold alike; :func:`from_dict` reads it back, equal to what it
was. Files are :func:`slokit.load`'s business; this room does no input or output.

Numbers are text (``"0.999"``, ``"1/3"``), since a float would be another number; lengths of time are text (``"30d"``),
and so are instants (``"2026-01-01T00:00:00Z"``). Reading takes whatever the classes take: ``target = 0.999`` and
``target = "99.9%"`` are fine in a file. A key that has its default is not written, and one that nobody knows is
refused: a misspelt key that did nothing would be the worst of answers. So is a predicate, which holds code.

A document begins with ``slokit = 1``, the version of the format, and holds lists of tables:

===================  ==================================================================================================
list                 keys of each table
===================  ==================================================================================================
``[[slo]]``          ``name``, ``sli``, ``target``, ``window``, ``budgeting``, ``missing``, ``missing_events``,
                     ``service``, ``owner``, ``description``, ``enforced``; ``per`` with ``axis`` and ``target``, a
                     table of labels; ``rationale``, tables of ``kind``, ``source``, ``value`` and ``date``
``[[sli]]``          those of an indicator, which objectives then take by its name: ``sli = "checkout latency"``
``[[exclusion]]``    ``start`` and ``end``, or ``recurring`` with ``days``, ``at``, ``duration``, ``tz``, ``first``,
                     ``until``; ``reason``, ``approved_by``, ``proposed``, ``scope``, ``name``
``[[alert]]``        ``long_window``, ``short_window``, ``burn_rate``, ``severity``, ``op``, ``pending``, ``min_bad``,
                     ``min_total``, ``min_coverage``, ``confidence``; with ``kind = "budget_share_alert"`` ``share`` and
                     ``window`` instead of the first three
``[[policy]]``       ``name``, ``states``, ``rules``, ``unknown``, ``stale_after``, ``on_unknown``, ``activities``,
                     ``changes``, ``round_windows``, ``reviews``
``[[sla]]``          ``name``, ``target``, ``window`` (a calendar's), ``downtime`` with ``min_total``, ``max_sli``,
                     ``in_a_row`` and ``each``; ``penalties``, tables of ``below`` and ``credit``; ``cap``,
                     ``exclusions``, ``missing``, ``customer``, ``service``, ``description``
``[[slo_history]]``  ``versions``, tables of ``since`` (none in the first) and ``slo``; ``tz``
``[[system]]``       ``structure`` (``all_of``, ``any_of``, ``at_least``, ``weighted``, ``journeys``), ``name``, and
                     ``parts``, with ``least`` for ``at_least``, or ``shares``
===================  ==================================================================================================

An indicator has a ``kind`` (``ratio``, ``threshold``, ``http``, ``all_of``, ``gauge``, ``freshness``, ``deadline``), a
``name``, and what its constructor takes. A window is a duration, or ``{ calendar = "month", tz = "Europe/Berlin" }``
with ``every`` and ``start`` if need be. Budgeting is ``{ method = "timeslices", slice = "1m", target = "99%" }``.

A state of a policy has ``name``, ``means``, ``actions``, ``blocks`` and ``exempt``; a rule has ``state``, ``when``,
``hold``, ``until`` and ``warmup``. A condition says its ``kind``: an alert's, ``budget_below`` (``remaining``),
``exhausted``, ``missed``, ``spent_at_least`` (``share``, ``window``), ``exhausts_within`` (``horizon``, ``recent``),
``no_data_for`` (``duration``), ``data_since`` and ``budget_settled`` (``share``), or ``any``, ``all`` and ``not`` with
other conditions in ``of``.

A part of a system has ``name``, ``target`` and ``slice_target``, and no ``structure``; one that says ``all_of``,
``any_of`` or ``at_least`` is a group in its turn, and ``optional`` has a ``part``. A share has ``weight`` and ``part``.

A definition that stands alone is a table that says its ``kind``: ``slo``, ``window``, ``budgeting``, ``exclusion``,
``burn_rate_alert``, ``budget_share_alert``, ``policy``, ``sla``, ``slo_history``, ``system``, or that of an indicator.

All that is wrong is found in one reading, each with its path, and nothing is made of half a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, overload

from slokit.alerts import Alert
from slokit.budgeting import Budgeting
from slokit.composition import System
from slokit.config.codecs import FORMAT, check_format
from slokit.config.definitions import Definitions, read_document, write_document
from slokit.config.families import FAMILY_OF, FAMILY_OF_KIND
from slokit.config.places import WRONG, Place, check_extent, collected, kind_of_data
from slokit.errors import WrongType
from slokit.exclusions import Exclusion
from slokit.policy import Policy
from slokit.sla import SLA
from slokit.sli import SLI
from slokit.slo import SLO
from slokit.slo_history import SLOHistory
from slokit.windows import Window

__all__ = ["Definition", "Definitions", "from_dict", "to_dict"]

Definition = SLO | SLI | Window | Budgeting | Exclusion | Alert | Policy | SLA | SLOHistory | System | Definitions
"""What can be written as data."""

_D = TypeVar("_D")


def to_dict(definition: Definition) -> dict[str, Any]:
    """Write a definition as plain data: dicts, lists, text, integers and booleans.

    Raises
    ------
    InvalidDefinition
        If a part of it holds code, or it is nested too deeply; the problem has its path.
    WrongType
        If it is no definition.

    Examples
    --------
    >>> slo = SLO("checkout", sli=SLI.threshold("latency", lt="200ms"), target="99.9%", window="30d")
    >>> to_dict(slo)["sli"]
    {'kind': 'threshold', 'name': 'latency', 'lt': '0.2', 'unit': 's'}
    >>> from_dict(to_dict(slo)) == slo
    True
    """
    if isinstance(definition, Definitions):
        lists: dict[str, Any] = collected(write_document, definition, place=Place(""))
        return {"slokit": FORMAT} | lists
    family = FAMILY_OF.get(type(definition))
    if family is None:
        known = ", ".join(cls.__name__ for cls in FAMILY_OF)
        raise WrongType(f"to_dict writes Definitions, {known}, got {type(definition).__name__}: {definition!r}")
    table: dict[str, Any] = collected(family.write_table, definition, place=Place(family.name))
    return {"slokit": FORMAT, "kind": family.name} | table


@overload
def from_dict(data: Mapping[str, Any]) -> Definition: ...


@overload
def from_dict(data: Mapping[str, Any], cls: type[_D]) -> _D: ...


def from_dict(data: Mapping[str, Any], cls: type[Any] = object) -> Any:
    """Make a definition of plain data.

    Parameters
    ----------
    data
        What :func:`to_dict` writes, or a person: with ``kind`` one definition, without it a document.
    cls
        What it must be, such as ``SLO``; also for type checkers.

    Raises
    ------
    InvalidDefinition
        With all that is wrong: ``problems`` holds pairs of a path and a message.
    WrongType
        If ``data`` is no mapping, or the definition is of another class.

    Examples
    --------
    >>> data = {"slokit": 1, "kind": "slo", "name": "checkout", "sli": {"kind": "ratio", "name": "up"}}
    >>> from_dict(data | {"target": 0.999, "window": "30d"}, SLO)
    SLO('checkout': 99.9% of up over 30d rolling)
    >>> from slokit.errors import InvalidDefinition
    >>> try:
    ...     from_dict(data | {"target": 99.9, "windw": "30d"})
    ... except InvalidDefinition as error:
    ...     for path, message in error.problems:
    ...         print(path, message)
    slo.windw is no key of slo; did you mean "window"?
    slo.target must be at least 0 and below 1, got 99.9; did you mean "99.9%" or 0.999?
    """
    if not isinstance(data, Mapping):
        raise WrongType(f"from_dict reads a table, got {kind_of_data(data)[:200]}")
    found = collected(_read, data, place=Place(""))
    if not isinstance(found, cls):
        raise WrongType(f"data must define a {cls.__name__}, got a {type(found).__name__}")
    return found


def _read(data: Mapping[str, Any], place: Place) -> Any:
    # Extent first: a message may show any value. The version next: what a newer one means is not known here.
    if not check_extent(data, place) or not check_format(data, place):
        return WRONG
    if "kind" not in data:
        return read_document(data, place)
    kind = place.at("kind").choose(data["kind"], FAMILY_OF_KIND)
    if kind is WRONG:
        return WRONG
    family = FAMILY_OF_KIND[kind]
    # Depth counts from the root of the definition, as it does when it is written.
    return family.read(data, Place(family.name, place.problems))
