"""How counts look at a prompt, in a notebook and under rich: what they span, what they hold, how much was seen."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import numpy as np

from slokit._display import html_table, percent, plural, thousands
from slokit._kernels.halves import exact_sum
from slokit.counts.axes import labels_text
from slokit.counts.parts import Mask, Parts, uniform
from slokit.timeline import duration_text, instant_text

__all__ = ["facts", "html", "line"]


def line(parts: Parts) -> str:
    """Return the one line of ``repr``."""
    words = dict(facts(parts))
    span = " × ".join(words[key] for key in ("series", "buckets") if key in words)
    seen = [f"{words[key]} {key}" for key in ("observed", "excluded") if key in words]
    return f"Counts({' · '.join([span, words['events'], *seen])})"


def html(parts: Parts) -> str:
    """Return a table for a notebook; labels are escaped there."""
    rows = [(name, text) for name, text in facts(parts) if name != "series"]
    axes = [(axis.name, labels_text(axis.labels)) for axis in parts.axes]
    return html_table([*axes, *rows], caption="Counts")


def facts(parts: Parts) -> list[tuple[str, str]]:
    """Return what there is to say, in words, by its name."""
    timeline, size = parts.timeline, parts.total.size
    said = []
    if parts.axes:
        said.append(("series", plural(prod(parts.total.shape[:-1]), "series", "series")))
    where = f" from {instant_text(timeline.start)}" if timeline.size else ""
    said.append(("buckets", f"{plural(timeline.size, 'bucket')} of {duration_text(timeline.step)}{where}"))
    bad, total = int(exact_sum(parts.bad)), int(exact_sum(parts.total))
    share = f", {percent(Fraction(bad, total))} bad" if total else ""
    said.append(("events", f"{thousands(total) if total else 'no'} event{'' if total == 1 else 's'}{share}"))
    if size:
        said.append(("observed", percent(Fraction(_count(parts.observed), size), 1)))
        if excluded := _count(parts.excluded):
            said.append(("excluded", percent(Fraction(excluded, size), 1)))
    return said


def _count(mask: Mask) -> int:
    known = uniform(mask)
    return int(np.count_nonzero(mask)) if known is None else mask.size * known
