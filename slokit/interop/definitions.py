"""Files of definitions: TOML and JSON.

What the tables mean is said in :mod:`slokit.config`; here is what a file may do before it means anything. It is read as
text in UTF-8 of at most 1 MiB, decimals are kept as they are written (``0.1`` is one tenth, not the double nearest to
it), and what would make a parser crawl, overflow or recurse is refused before or while it does. JSON is taken at its
word: a key that stands twice in an object is an error, although Python's parser would silently keep the last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from slokit._display import clean
from slokit.alerts import Alert
from slokit.config import Definitions, from_dict
from slokit.errors import InvalidDefinition, InvalidFile
from slokit.exclusions import Exclusion
from slokit.policy import Policy
from slokit.sla import SLA
from slokit.sli import SLI
from slokit.slo import SLO
from slokit.slo_history import SLOHistory

__all__ = ["MAX_BYTES", "load"]

MAX_BYTES = 1 << 20
"""The largest file that is read."""

Format = Literal["toml", "json"]

# Python refuses to read integers of more than 4,300 digits, unless somebody switched that off; no definition has text
# this long either.
_LONG_NUMBER = re.compile(r"[0-9_]{2000}")
# tomllib takes time with the square of the parts of a dotted key: 20,000 of them six seconds. Possessive, and only
# where a key can begin, so that looking takes linear time.
_LONG_KEY = re.compile(
    r"""^[ \t]*+\[{0,2}+[ \t]*+(?:(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}""",
    re.MULTILINE,
)


def load(path: str | PathLike[str], *, format: Format | None = None) -> Definitions:  # noqa: A002
    """Read the definitions of a TOML or JSON file.

    Parameters
    ----------
    path
        The file.
    format
        ``"toml"`` or ``"json"``; by default what the file's name ends in.

    Returns
    -------
    Definitions
        The objectives as a sequence, by position or by name; and ``exclusions``, ``alerts``, ``slis``,
        ``policies``, ``slas`` and ``slo_histories``. A file that holds one definition alone, as :func:`slokit.to_dict`
        writes it, gives just that.

    Raises
    ------
    InvalidFile
        If it cannot be read, or is no TOML or JSON; the message says where.
    InvalidDefinition
        With all that is wrong with the definitions: ``problems`` holds pairs of a path, such as ``slo[0].target``,
        and a message.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> text = '''
    ... slokit = 1
    ... [[slo]]
    ... name = "checkout latency"
    ... sli = { kind = "threshold", name = "latency", lt = "200ms" }
    ... target = "99.9%"
    ... window = "30d"
    ... '''
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "slos.toml")
    ...     _ = file.write_text(text)
    ...     load(file)["checkout latency"]
    SLO('checkout latency': 99.9% of latency over 30d rolling)
    """
    file = Path(path)
    name = clean(str(path))
    parse = _parser(file, name, format)
    text = _text(file, name)
    if found := _LONG_NUMBER.search(text):
        raise InvalidFile(f"{name}, line {_line(text, found)}: a number must have fewer than 2,000 digits")
    try:
        data = parse(text)
    except RecursionError:
        raise InvalidFile(f"{name} is nested too deeply for definitions") from None
    except ValueError as error:
        raise InvalidFile(f"{name}{clean(str(error), 400)}") from None
    if not isinstance(data, Mapping):
        raise InvalidFile(f'{name} must hold a table (in JSON an object) such as {{"slokit": 1, "slo": […]}}')
    try:
        return _as_document(from_dict(data), name)
    except InvalidDefinition as error:
        raise InvalidDefinition(error.problems, name) from None


def _as_document(found: Any, name: str) -> Definitions:
    """Return what a file defines as a document, also where it is one definition alone."""
    match found:
        case Definitions():
            return found
        case SLO():
            return Definitions([found])
        case Exclusion():
            return Definitions(exclusions=[found])
        case Alert():
            return Definitions(alerts=[found])
        case Policy():
            return Definitions(policies=[found])
        case SLA():
            return Definitions(slas=[found])
        case SLOHistory():
            return Definitions(slo_histories=[found])
        case SLI():
            return Definitions(slis=[found])
        case _:
            raise InvalidFile(f"{name} defines {found!r} alone, which is a part of an objective; write it inside one")


def _parser(file: Path, name: str, format: Format | None) -> Callable[[str], Any]:  # noqa: A002
    chosen = file.suffix.lower().removeprefix(".") if format is None else format
    if chosen not in _PARSERS:
        raise InvalidFile(f'{name} must end in .toml or .json, or its format be given: format="toml"')
    return _PARSERS[chosen]


def _text(file: Path, name: str) -> str:
    try:
        with file.open("rb") as stream:
            held = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InvalidFile(f"{name} does not exist") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise InvalidFile(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(held) > MAX_BYTES:
        raise InvalidFile(f"{name} must be at most {MAX_BYTES:,} bytes, and is larger")
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = held.count(b"\n", 0, error.start) + 1
        raise InvalidFile(f"{name}, line {line}: must be UTF-8, got the byte {held[error.start]:#04x}") from None


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f" holds a number whose exponent is out of all bounds: {text[:64]}") from None


def _toml(text: str) -> Any:
    import tomllib

    if found := _LONG_KEY.search(text):
        raise ValueError(f", line {_line(text, found)}: a key must have fewer than 100 dots")
    try:
        return tomllib.loads(text, parse_float=_decimal)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f" is no TOML: {error}") from None


def _json(text: str) -> Any:
    import json

    twice: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            keys = [key for key, _ in pairs]
            whose = f" of {table['name']!r}" if isinstance(table.get("name"), str) else ""
            twice.extend(f"{key!r}{whose}" for key in table if keys.count(key) > 1)
        return table

    try:
        # NaN and Infinity become decimals, which every field refuses at its path.
        data = json.loads(text, parse_float=_decimal, parse_constant=Decimal, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise ValueError(f" is no JSON: {error}") from None
    try:
        json.dumps(data, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        # JSON can escape it, but it is no text: whoever prints or stores it later would fail.
        raise ValueError(
            f" holds half of a surrogate pair, which is no character: {error.object[error.start]!r}"
        ) from None
    if twice:
        raise ValueError(f" has keys that stand twice in one object: {', '.join(twice)}")
    return data


_PARSERS: dict[str, Callable[[str], Any]] = {"toml": _toml, "json": _json}
