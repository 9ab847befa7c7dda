"""Names and remarks: what text a definition may hold.

Whatever merely looks odd is escaped where it is written (:mod:`slokit._display`). Control characters are refused where
text is read: they are nobody's name, and one that got into a file or a log speaks to whatever shows it.
"""

from __future__ import annotations

from slokit.errors import SlokitError, WrongType

__all__ = ["check_text"]


def check_text(
    field: str,
    value: object,
    error: type[SlokitError],
    *,
    least: int = 1,
    most: int = 200,
    lines: bool = False,
) -> None:
    """Refuse what is no text, empty or blank, long, or holds what no file or terminal should be handed.

    Parameters
    ----------
    field
        The name that an error message gives to the text.
    value
        The text.
    error
        What to raise for a text that cannot be.
    least, most
        Its least and greatest length in characters.
    lines
        Whether it may have line breaks and tabs.

    Raises
    ------
    WrongType
        If it is no text.

    Examples
    --------
    >>> from slokit.errors import InvalidSLO
    >>> check_text("name", "", InvalidSLO)
    Traceback (most recent call last):
    ...
    slokit.errors.InvalidSLO: name must be 1 to 200 characters and not blank, got 0: ''
    """
    if not isinstance(value, str):
        raise WrongType(f"{field} must be text, got {type(value).__name__}: {value!r:.100}")
    allowed = "\n\t" if lines else ""
    if not least <= len(value) <= most or (least and not value.strip()):
        raise error(f"{field} must be {least} to {most:,} characters and not blank, got {len(value):,}: {value[:64]!r}")
    for at, sign in enumerate(value):
        if _bites(sign) and sign not in allowed:
            raise error(f"{field} must not hold control characters or lone surrogates, got {sign!r} at {at}")


def _bites(sign: str) -> bool:
    """Say whether a character is a control character, or half of one that no encoding writes."""
    return sign < " " or "\x7f" <= sign < "\xa0" or "\ud800" <= sign <= "\udfff"
