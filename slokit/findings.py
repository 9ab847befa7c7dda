"""Findings: what a review of definitions, or of evidence, points at.

An error stops a program because an answer would be wrong; a finding lets it go on and tells a person. A threshold that
can never fire, an objective that its traffic cannot carry, a budget that nobody spends: each is legal, and each is
probably not what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import attrs

from slokit._display import Shown, clean
from slokit.errors import InvalidDefinition

__all__ = ["Finding", "Weight"]

Weight = Literal["problem", "advice"]
"""A ``problem`` means that something cannot work as defined; ``advice`` that it will work, and disappoint."""


@attrs.frozen(repr=False)
class Finding(Shown):
    """One thing that a review points at.

    Parameters
    ----------
    code
        What kind of thing, in words joined by hyphens: stable, so that a program can act on it.
    subject
        What it is about, such as an alert as it is printed.
    message
        What was found, with its figures.
    mend
        The way out.
    weight
        See :data:`Weight`.

    Examples
    --------
    >>> Finding("never-fires", "page", "needs a burn rate of 21, and a total outage burns 20x", "lower it below 20")
    page: needs a burn rate of 21, and a total outage burns 20x; lower it below 20 [never-fires]
    """

    code: str
    subject: str
    message: str
    mend: str
    weight: Weight = "problem"

    def __attrs_post_init__(self) -> None:
        if self.weight not in get_args(Weight):
            raise InvalidDefinition([("weight", f"must be one of {', '.join(get_args(Weight))}, got {self.weight!r}")])

    def __repr__(self) -> str:
        return f"{clean(self.subject)}: {clean(self.message, 400)}; {clean(self.mend, 400)} [{clean(self.code, 40)}]"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        for field in ("subject", "message", "mend", "code", "weight"):
            yield field, clean(getattr(self, field), 400)
