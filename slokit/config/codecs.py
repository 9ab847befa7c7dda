"""How a definition becomes a table of plain data, and back: the machinery, which knows no definition.

Four small things, each made of the one before. A :class:`Form` is how one value is written and read (a duration, a
target, an indicator); a :class:`Field` is a key, its form and its default; a :class:`Codec` is the fields of a class
and the function that makes it; a :class:`Family` is the codecs among which a table chooses, such as all kinds of
indicator. What a field may hold is not said again here: reading hands it to the class that knows, and turns what
that raises into a problem with a path.

:mod:`slokit.config.kinds` holds the tables that are filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import attrs

from slokit.config.places import MAX_DEPTH, WRONG, Place, closest, kind_of_data
from slokit.errors import SlokitError

__all__ = ["FORMAT", "REQUIRED", "Codec", "Family", "Field", "Form", "check_format", "never_brief"]

FORMAT = 1
"""The version that is written, and the newest that is read."""

REQUIRED: Any = object()
"""The default of a field that has none."""


def _as_it_is(value: Any, _: Place) -> Any:
    return value


@attrs.frozen
class Form:
    """How one value is read from data and written as data.

    Parameters
    ----------
    read
        From data, and the place it stands at, to what the class takes; may raise any error of slokit, or note what
        is wrong and return :data:`~slokit.config.places.WRONG`.
    write
        From the attribute to data.
    """

    read: Callable[[Any, Place], Any]
    write: Callable[[Any, Place], Any] = _as_it_is


@attrs.frozen
class Field:
    """A key of a table.

    Parameters
    ----------
    key
        The key.
    form
        How its value is read and written.
    default
        What is not written, and stands for a key that is not there.
    attribute
        Where the object keeps it, dotted; the key if not given.
    argument
        What the class calls it where it is made; the key if not given.
    """

    key: str
    form: Form
    default: Any = REQUIRED
    attribute: str = attrs.field(default=attrs.Factory(lambda self: self.key, takes_self=True), kw_only=True)
    argument: str = attrs.field(default=attrs.Factory(lambda self: self.key, takes_self=True), kw_only=True)


@attrs.frozen
class Codec:
    """The fields of a class, and how it is made of them.

    Parameters
    ----------
    kind
        What the class is called in data.
    cls
        The class; for an indicator, that of its rule.
    make
        Takes the fields that are there by keyword, and may raise any error of slokit.
    fields
        The fields, in the order in which they are written.
    """

    kind: str
    cls: type
    make: Callable[..., Any]
    fields: tuple[Field, ...]

    def write(self, value: Any, place: Place) -> dict[str, Any]:
        """Write the fields that differ from their defaults."""
        held = {field.key: (field, attrgetter(field.attribute)(value)) for field in self.fields}
        return {
            key: field.form.write(found, place.at(key))
            for key, (field, found) in held.items()
            if field.default is REQUIRED or found != field.default
        }

    def read(self, table: Mapping[Any, Any], place: Place, marks: frozenset[str]) -> Any:
        """Make the object, or note all that is in the way.

        Parameters
        ----------
        table
            Plain data.
        place
            Where it stands.
        marks
            Keys that say what the table is, and are no fields.
        """
        before = len(place.problems)
        self._check_keys(table, place, marks)
        values = {}
        for field in self.fields:
            # null is how JSON writers leave a key out.
            if field.key in table and not (table[field.key] is None and field.default is None):
                values[field.argument] = self._read_field(field, table, place)
        if len(place.problems) > before or any(value is WRONG for value in values.values()):
            return WRONG
        return place.ask(self.make, names=self._names, **values)

    def _read_field(self, field: Field, table: Mapping[Any, Any], place: Place) -> Any:
        here = place.at(field.key, table)
        try:
            return field.form.read(table[field.key], here)
        except SlokitError as error:
            # What a field may be can hang on a neighbour, such as a bound on its unit: that is then to blame.
            return place.blame(error, self._names, otherwise=here)

    @property
    def _names(self) -> dict[str, str]:
        """What errors call the fields, and the keys they come from."""
        return {field.key: field.key for field in self.fields} | {field.argument: field.key for field in self.fields}

    def _check_keys(self, table: Mapping[Any, Any], place: Place, marks: frozenset[str]) -> None:
        """Note keys that are not known, and those that are missing unless one of the former was meant for it."""
        known = [field.key for field in self.fields]
        absent = [key for key in known if key not in table]
        meant = ""
        for key in table:
            if key not in known and key not in marks:
                hint = closest(key, absent)
                meant += hint
                listed = "" if hint else f"; its keys are {', '.join(known)}" if known else "; it has no keys"
                place.at(key).refuse(f"is no key of {self.kind}{hint or listed}")
        for field in self.fields:
            if field.default is REQUIRED and field.key in absent and f'"{field.key}"' not in meant:
                place.at(field.key).refuse("is missing")


def _not_brief(value: Any, place: Place) -> Any:
    return place.refuse(f"must be a table, got {kind_of_data(value)}")


def never_brief(_: Any, __: Place) -> None:
    """Write no short form: the value needs a table."""


@attrs.frozen
class Family:
    """The codecs that a table in one place may be read by.

    Parameters
    ----------
    name
        What the place asks for: ``"sli"``, ``"window"``.
    codecs
        The codecs by kind.
    tag
        The key that names the kind; None where there is one codec only, or where keys tell the codecs apart.
    usual
        The kind of a table without the tag; None: the tag must be there.
    refused
        Kinds that exist in Python and cannot be data, and why.
    brief
        How a value that is no table is read, and written: it writes None where the value needs a table.
    """

    name: str
    codecs: Mapping[str, Codec]
    tag: str | None = None
    usual: str | None = None
    refused: Mapping[str, str] = attrs.field(factory=dict)
    brief: Form = Form(_not_brief, never_brief)

    def write(self, value: Any, place: Place) -> Any:
        """Write a value as it stands inside another: as short as it can be."""
        short = self.brief.write(value, place)
        return self.write_table(value, place) if short is None else short

    def write_table(self, value: Any, place: Place) -> Any:
        """Write a value as a table."""
        if place.depth > MAX_DEPTH:
            return place.refuse(f"is nested deeper than {MAX_DEPTH} levels")
        subject = type(getattr(value, "rule", value))
        codecs = [codec for codec in self.codecs.values() if codec.cls is subject]
        # One class may have several kinds, which it knows itself.
        codec = codecs[0] if len(codecs) == 1 else next((c for c in codecs if c.kind == value.kind), None)
        if codec is None:
            why = self.refused.get(getattr(value, "kind", ""))
            return place.refuse(why or f"is a {subject.__name__}, which has no form as data")
        return ({} if self.tag is None else {self.tag: codec.kind}) | codec.write(value, place)

    def read(self, value: Any, place: Place) -> Any:
        """Read a table, or what may stand for one here."""
        if place.depth > MAX_DEPTH:
            return place.refuse(f"is nested deeper than {MAX_DEPTH} levels")
        if not isinstance(value, Mapping):
            return self.brief.read(value, place)
        if "slokit" in value and not check_format(value, place):
            return WRONG
        if self.tag != "kind" and value.get("kind", self.name) != self.name:
            return place.at("kind").refuse(f'must be "{self.name}" here, got {value["kind"]!r}')
        codec = self._codec_of(value, place)
        marks = frozenset({"slokit", "kind", self.tag or "kind"})
        return WRONG if codec is None else codec.read(value, place, marks)

    def _codec_of(self, table: Mapping[Any, Any], place: Place) -> Codec | None:
        if len(self.codecs) == 1 and self.tag is None:
            return next(iter(self.codecs.values()))
        if self.tag is None:
            kinds = [kind for kind in self.codecs if kind in table]
            if len(kinds) != 1:
                listed = " or ".join(self.codecs)
                place.refuse(f"must have exactly one of the keys {listed}, got {', '.join(map(str, table)) or 'none'}")
                return None
            return self.codecs[kinds[0]]
        kind = table.get(self.tag, self.usual)
        if kind is None:
            place.at(self.tag).refuse(f"is missing: one of {', '.join(self.codecs)}")
        elif isinstance(kind, str) and kind in self.refused:
            place.refuse(self.refused[kind])
        elif place.at(self.tag).choose(kind, self.codecs) is not WRONG:
            return self.codecs[kind]
        return None


def check_format(table: Mapping[Any, Any], place: Place) -> bool:
    """Say whether a table is of a version that can be read, and note it where not."""
    version, here = table.get("slokit"), place.at("slokit")
    # true is an int to Python, and 1.0 equals 1.
    if type(version) is int and version == FORMAT:
        return True
    if version is None:
        here.refuse(f"is missing: write slokit = {FORMAT}, the version of the format, at the top")
    elif type(version) is int and version > FORMAT:
        here.refuse(f"is {version}, from a newer slokit; this one reads {FORMAT}: pip install -U slokit")
    else:
        here.refuse(f"must be {FORMAT}, the version of the format, got {version!r}")
    return False
