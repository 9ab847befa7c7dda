"""Where in a document something stands, and what is wrong there.

Whoever writes definitions wants to mend them in one go. So reading does not stop at the first problem: each
:class:`Place` knows its path (``slo[0].sli.lt``) and notes what is wrong there, what could not be read is
:data:`WRONG` and makes nothing larger, and the list is raised as one error at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from slokit._display import clean
from slokit.errors import InvalidDefinition, SlokitError

__all__ = ["MAX_DEPTH", "WRONG", "Place", "check_extent", "closest", "collected", "kind_of_data"]


class _Wrong:
    def __repr__(self) -> str:
        return "WRONG"


WRONG: Any = _Wrong()
"""What stands for a value that could not be read."""

MAX_DEPTH = 32
"""How many keys and indices a path may have: all-of in all-of, for the most part."""

# Data with more than this are no definitions. Deeper ones could not even be shown in a message: repr() recurses.
_MAX_LEVELS, _MAX_VALUES = 64, 200_000
_MAX_PROBLEMS, _MAX_MESSAGE, _MAX_KEY = 100, 400, 64
_BARE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FIELD = re.compile(r"(\w+)((?:\[[0-9]+\])?) ")


@attrs.frozen(eq=False)
class Place:
    """A place in a document, with what is known and what is wrong around it.

    Parameters
    ----------
    path
        Such as ``slo[0].sli.lt``; empty for a whole document.
    problems
        The list that all places of one document share.
    indicators
        Indicators of the document that may be referred to by name; :data:`WRONG` for one that could not be read.
    table
        The table that a key stands in: what a value means may hang on its neighbours.
    key
        The key itself.
    depth
        Length of the path.
    """

    path: str
    problems: list[tuple[str, str]] = attrs.field(factory=list)
    indicators: dict[str, Any] = attrs.field(factory=dict)
    table: Mapping[Any, Any] = attrs.field(factory=dict)
    key: str = ""
    depth: int = 0

    def at(self, key: object, table: Mapping[Any, Any] | None = None) -> Place:
        """Return the place of a key below this one.

        Examples
        --------
        >>> Place("slo[0]").at("target").path, Place("").at("slo").item(3).at("a.b").path
        ('slo[0].target', "slo[3]['a.b']")
        """
        name = clean(str(key), _MAX_KEY)
        step = f"[{name!r}]" if not _BARE.fullmatch(name) else f".{name}" if self.path else name
        return attrs.evolve(self, path=self.path + step, table=table or {}, key=name, depth=self.depth + 1)

    def item(self, index: int) -> Place:
        """Return the place of an element below this one."""
        return attrs.evolve(self, path=f"{self.path}[{index}]", key=f"[{index}]", depth=self.depth + 1)

    def refuse(self, message: str) -> Any:
        """Note what is wrong here, and return :data:`WRONG`."""
        problem = (self.path or "document", clean(message, _MAX_MESSAGE))
        if problem not in self.problems:
            if len(self.problems) == _MAX_PROBLEMS:
                raise _EnoughError
            self.problems.append(problem)
        return WRONG

    def ask(
        self, function: Callable[..., Any], *args: Any, names: Mapping[str, str] | None = None, **named: Any
    ) -> Any:
        """Call a function of the classes themselves, and note what it complains about; see :meth:`blame`.

        Examples
        --------
        >>> from slokit.rational import parse_target
        >>> place = Place("slo[0].target")
        >>> place.ask(parse_target, 1.5, "target", names={"target": ""})
        WRONG
        >>> place.problems
        [('slo[0].target', 'must be at least 0 and below 1, got 1.5; did you mean "1.5%" or 0.015?')]
        """
        try:
            return function(*args, **named)
        except SlokitError as error:
            return self.blame(error, names or {})

    def blame(self, error: SlokitError, names: Mapping[str, str], otherwise: Place | None = None) -> Any:
        """Note an error where it belongs, and return :data:`WRONG`.

        Parameters
        ----------
        error
            What a class raised; its message begins with the name of a field, mostly.
        names
            Fields, and the keys below this place that they were read from; an empty key is this place itself.
        otherwise
            Where an error belongs that names none of them; by default here.
        """
        message = str(error)
        field = _FIELD.match(message)
        if field is None or field[1] not in names:
            return (otherwise or self).refuse(message)
        key, rest = names[field[1]], message[field.end() :]
        place = self.at(key) if key else self
        return attrs.evolve(place, path=place.path + field[2]).refuse(rest if rest.startswith("must ") else message)

    def choose(self, given: object, known: Iterable[str]) -> Any:
        """Return the text if it is one of those known; else note which ones are.

        Examples
        --------
        >>> place = Place("sli.kind")
        >>> place.choose("treshold", ["ratio", "threshold"])
        WRONG
        >>> print(place.problems[0][1])
        must be one of "ratio", "threshold", got 'treshold'; did you mean "threshold"?
        """
        names = list(known)
        if isinstance(given, str) and given in names:
            return given
        listed = ", ".join(f'"{name}"' for name in names)
        return self.refuse(f"must be one of {listed}, got {given!r}{closest(given, names)}")


class _EnoughError(Exception):
    """So much is wrong that there is no point in going on."""


def collected(function: Callable[..., Any], *args: Any, place: Place) -> Any:
    """Call a function that notes problems at a place, its last argument, and raise what it noted.

    Raises
    ------
    InvalidDefinition
        With all problems. After the first hundred nothing more is looked at: some complaints take milliseconds.
    """
    found = WRONG
    try:
        found = function(*args, place)
    except _EnoughError:
        place.problems.append(("document", f"has more problems; these are the first {_MAX_PROBLEMS}"))
    if place.problems:
        raise InvalidDefinition(place.problems)
    return found


def closest(given: object, known: Iterable[str]) -> str:
    """Return a hint at the name that was probably meant, or nothing.

    Examples
    --------
    >>> closest("tagret", ["name", "target"])
    '; did you mean "target"?'
    """
    from difflib import get_close_matches

    # Case and the style of joining words are what people get wrong most.
    plain = {re.sub(r"[-_ ]", "", name).lower(): name for name in known}
    close = get_close_matches(re.sub(r"[-_ ]", "", str(given)[:_MAX_KEY]).lower(), plain, n=1, cutoff=0.7)
    return f'; did you mean "{plain[close[0]]}"?' if close else ""


def kind_of_data(value: object) -> str:
    """Say what a value is in the words of TOML and JSON.

    Examples
    --------
    >>> kind_of_data({}), kind_of_data(None), kind_of_data(3)
    ('a table', 'null', 'int: 3')
    """
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list | tuple) else f"{type(value).__name__}: {value!r}"


def check_extent(data: object, place: Place) -> bool:
    """Say whether data are shallow and few enough to be definitions; loops by reference are infinitely deep.

    Depth first, so that a loop is found by its depth, and without recursion, so that depth cannot hurt.
    """
    waiting: list[tuple[object, int]] = [(data, 1)]
    seen = 0
    while waiting:
        value, level = waiting.pop()
        if not isinstance(value, Mapping | list | tuple):
            continue
        seen += len(value)
        if level > _MAX_LEVELS or seen > _MAX_VALUES:
            place.refuse(f"must be at most {_MAX_LEVELS} levels deep and hold at most {_MAX_VALUES:,} values")
            return False
        waiting += [(v, level + 1) for v in (value.values() if isinstance(value, Mapping) else value)]
    return True
