"""Systems of dependent services, as the keys that they have in data.

A table says its ``structure``; one that says none is a part. Only what a system may be stands at the top: a part alone
is none, and a mean stands nowhere else.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs

from slokit.composition import AllOf, AnyOf, AtLeast, Journeys, OptionalPart, Part, Share, System, Weighted
from slokit.config.codecs import Codec, Family, Field, Form
from slokit.config.forms import NUMBER, TARGET, Judge, family_of, inside, judged, listed, same
from slokit.config.places import WRONG, Place

__all__ = ["SYSTEM"]

_a_part: Judge = partial(Part, name="x")
_a_share: Judge = partial(Share, part=Part("x"))


def _read_parts(value: Any, place: Place) -> Any:
    return listed(NODE).read(value, place)


def _write_parts(parts: tuple[Any, ...], place: Place) -> Any:
    return listed(NODE).write(parts, place)


_NAME = Field("name", judged(_a_part, "name"))
_PARTS = Field("parts", Form(_read_parts, _write_parts))

_GROUPS = (
    Codec("all_of", AllOf, AllOf, (_NAME, _PARTS)),
    Codec("any_of", AnyOf, AnyOf, (_NAME, _PARTS)),
    Codec("at_least", AtLeast, AtLeast, (_NAME, Field("least", Form(same)), _PARTS)),
)

INNER = family_of(
    "part",
    Codec(
        "part",
        Part,
        Part,
        (
            _NAME,
            Field("target", TARGET, None),
            Field("slice_target", judged(_a_part, "slice_target", NUMBER), None),
        ),
    ),
    *_GROUPS,
    tag="structure",
    usual="part",
)

NODE = family_of(
    "part",
    *INNER.codecs.values(),
    Codec("optional", OptionalPart, OptionalPart, (Field("part", inside(INNER)),)),
    tag="structure",
    usual="part",
)

_SHARES = Field(
    "shares",
    listed(
        family_of(
            "share",
            Codec(
                "share",
                Share,
                Share,
                (Field("weight", judged(_a_share, "weight", NUMBER)), Field("part", inside(INNER))),
            ),
        )
    ),
)


@attrs.frozen
class _Systems(Family):
    """A family of roots, read and written as the systems that have them."""

    def write_table(self, value: Any, place: Place) -> Any:
        """Write a system as its root."""
        return Family.write_table(self, value.root, place)

    def read(self, value: Any, place: Place) -> Any:
        """Read a root, and make a system of it."""
        root = Family.read(self, value, place)
        return WRONG if root is WRONG else place.ask(System, root)


SYSTEM = _Systems(
    "system",
    {
        codec.kind: codec
        for codec in (
            *_GROUPS,
            Codec("weighted", Weighted, Weighted, (_NAME, _SHARES)),
            Codec("journeys", Journeys, Journeys, (_NAME, _SHARES)),
        )
    },
    tag="structure",
)
