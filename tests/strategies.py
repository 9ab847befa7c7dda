"""What hypothesis draws for tests of counts: timelines, and counts with holes, exclusions and leading axes.

Small on purpose: a handful of buckets around a few instants, so that shards overlap, touch, miss each other by a bucket
and leave holes, and so that what fails can be read.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from slokit import Counts
from slokit.counts import Axis
from slokit.timeline import Timeline

SECOND = 1_000_000_000
MINUTE = 60 * SECOND

TENANT = Axis("tenant", ("acme", "globex", "initech"))
REGION = Axis("region", ("eu", "us"))


def steps() -> st.SearchStrategy[int]:
    """Draw the length of a bucket, in nanoseconds."""
    return st.sampled_from((1, 7, SECOND, MINUTE, 7 * MINUTE))


@st.composite
def timelines(draw: st.DrawFn, step: int | None = None, phase: int | None = None, max_size: int = 8) -> Timeline:
    """Draw a short timeline, before the epoch or after it, on the grid of ``step`` and ``phase``."""
    length = draw(steps()) if step is None else step
    offset = draw(st.sampled_from((0, length // 3, length - 1))) if phase is None else phase
    first = draw(st.integers(-6, 6))
    return Timeline(first * length + offset % length, length, draw(st.integers(0, max_size)))


def axes() -> st.SearchStrategy[tuple[Axis, ...]]:
    """Draw no leading axis, one, or two."""
    return st.sampled_from(((), (TENANT,), (TENANT, REGION)))


@st.composite
def counts(
    draw: st.DrawFn,
    timeline: Timeline | None = None,
    leading: tuple[Axis, ...] | None = None,
    *,
    largest: int = 9,
    holes: bool = True,
    excluded: bool = False,
) -> Counts:
    """Draw counts: each bucket unobserved, excluded, observed without traffic, or with good and bad events.

    Parameters
    ----------
    timeline, leading
        Where they lie and which axes they have; drawn by default.
    largest
        Most events a bucket holds.
    holes, excluded
        Whether some buckets may be unobserved, or excluded.
    """
    span = draw(timelines()) if timeline is None else timeline
    named = draw(axes()) if leading is None else leading
    shape = (*(len(axis.labels) for axis in named), span.size)
    cells = int(np.prod(shape))
    kinds = ["quiet", "busy", "busy", "busy"] + ["hole"] * holes + ["excluded"] * excluded
    states = draw(st.lists(st.sampled_from(kinds), min_size=cells, max_size=cells))
    total, bad = [], []
    for state in states:
        total.append(draw(st.integers(0, largest)) if state == "busy" else 0)
        bad.append(draw(st.integers(0, total[-1])))
    return Counts(
        timeline=span,
        axes=named,
        bad=np.array(bad, np.int64).reshape(shape),
        total=np.array(total, np.int64).reshape(shape),
        observed=np.array([state != "hole" for state in states], np.bool_).reshape(shape),
        excluded=np.array([state == "excluded" for state in states], np.bool_).reshape(shape),
    )


@st.composite
def shards(
    draw: st.DrawFn, number: int, *, largest: int = 9, holes: bool = True, excluded: bool = False
) -> list[Counts]:
    """Draw counts that can be added: one step, phase and axes, each over a span of its own."""
    step, leading = draw(steps()), draw(axes())
    phase = draw(st.sampled_from((0, step // 3)))
    spans = [draw(timelines(step, phase, max_size=5)) for _ in range(number)]
    return [draw(counts(span, leading, largest=largest, holes=holes, excluded=excluded)) for span in spans]
