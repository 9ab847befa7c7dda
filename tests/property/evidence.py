"""Evidence as hypothesis draws it: rows for the oracle, and the same rows as Counts.

The sizes matter more than the shapes. Buckets are drawn at every power of two up to 2**62, so that the products
that a threshold needs fit int64 for the whole row, or for one window only, or not even for that; and rows are drawn
that sit exactly on the objective, or one event to either side of it, which is where floats give way.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
from hypothesis import strategies as st

from slokit import Counts
from tests import oracle
from tests.oracle import NANOSECONDS

LARGEST = 2**63 - 1
MINUTE = 60 * NANOSECONDS

NAMES = ("alpha", "beta", "gamma")


@dataclass(frozen=True)
class Evidence:
    """Rows of evidence in C order of their labels; no axes: one row."""

    axes: tuple[tuple[str, tuple[str, ...]], ...]
    rows: tuple[oracle.Series, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the leading shape."""
        return tuple(len(labels) for _, labels in self.axes)

    @property
    def labels(self) -> list[dict[str, str]]:
        """Return the labels of each row, by axis."""
        names = [name for name, _ in self.axes]
        return [dict(zip(names, values, strict=True)) for values in product(*(labels for _, labels in self.axes))]

    def indices(self) -> list[tuple[int, ...]]:
        """Return the index of each row."""
        return list(np.ndindex(*self.shape))

    def counts(self) -> Counts:
        """Return the same evidence as slokit holds it."""
        shape = (*self.shape, len(self.rows[0]))

        def stack(name: str, dtype: type) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
            return np.array([getattr(row, name) for row in self.rows], dtype=dtype).reshape(shape)

        return Counts.from_buckets(
            start=np.datetime64(self.rows[0].start, "ns"),
            step=np.timedelta64(self.rows[0].step, "ns"),
            good=stack("good", np.int64),
            bad=stack("bad", np.int64),
            observed=stack("observed", np.bool_),
            labels={name: list(labels) for name, labels in self.axes} or None,
        )


# --- counts ---------------------------------------------------------------------------------------------------------


@st.composite
def buckets(draw: st.DrawFn, size: int) -> tuple[list[int], list[int]]:
    """Draw good and bad of one row: quiet, ordinary or enormous, often with long runs of nothing bad."""
    scale = draw(st.sampled_from((2, 6, 20, 40, 53, 57, 58, 59, 60, 61, 62)))
    # One constant bucket all along is what makes prefix sums wrap to small numbers.
    if draw(st.integers(0, 4)) == 0:
        total = draw(st.integers(max(0, 2**scale - 2), min(2**scale + 2, LARGEST)))
        bad = draw(st.integers(0, total))
        return [total - bad] * size, [bad] * size
    good, bad_events = [], []
    for _ in range(size):
        total = draw(st.integers(0, 2**scale) | st.just(0) | st.integers(0, 3))
        kind = draw(st.sampled_from(("none", "one", "any", "all")))
        bad = {"none": 0, "one": min(1, total), "all": total}.get(kind, -1)
        if bad < 0:
            bad = draw(st.integers(0, total))
        good.append(total - bad)
        bad_events.append(bad)
    return good, bad_events


TARGETS = (
    "0",
    "0.5",
    "0.9",
    "99%",
    "99.9%",
    "0.9995",
    "99.99%",
    "0.999999",
    "0.999999999999999",
    "0.9999999999999999999",
    "0.123456789012345678901",
    "0.000000000000001",
)


def as_target(text: str) -> Fraction:
    """Read a target's text as the fraction it stands for."""
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


def targets() -> st.SearchStrategy[Fraction]:
    """Draw targets: the usual ones, long ones, and fractions that no decimal writes."""
    usual = st.sampled_from([as_target(text) for text in TARGETS])
    odd = st.builds(
        lambda p, q: Fraction(p % q, q),
        st.integers(0, 10**18),
        st.sampled_from((3, 7, 10, 997, 2**31 - 1, 10**9 + 7, 10**15, 2**61 - 1)),
    )
    return usual | usual | odd


@st.composite
def on_the_edge(draw: st.DrawFn, size: int, target: Fraction) -> tuple[list[int], list[int]]:
    """Draw a row whose buckets spend the budget exactly, or one event more or less."""
    budget = 1 - target
    good, bad_events = [], []
    most = LARGEST // budget.denominator
    scale = draw(st.sampled_from((1, 3, most, max(1, most // 7), max(1, most // 1000))))
    for _ in range(size):
        k = draw(st.sampled_from((0, 1, scale, scale)))
        total, bad = k * budget.denominator, k * budget.numerator
        nudge = draw(st.sampled_from((0, 0, 0, 0, -1, 1)))
        if total <= LARGEST and 0 <= bad + nudge <= total:
            bad += nudge
            good.append(total - bad)
            bad_events.append(bad)
        else:
            good.append(0)
            bad_events.append(0)
    return good, bad_events


@st.composite
def rows(draw: st.DrawFn, size: int, target: Fraction, start: int, step: int) -> oracle.Series:
    """Draw one row, with holes in the measurement or without."""
    source = on_the_edge(size, target) if target and draw(st.booleans()) else buckets(size)
    good, bad = draw(source)
    observed = draw(st.lists(st.sampled_from((True, True, True, False)), min_size=size, max_size=size) | st.none())
    return oracle.series(good, bad, observed, start=start, step=step)


@st.composite
def evidences(
    draw: st.DrawFn,
    target: Fraction,
    *,
    sizes: st.SearchStrategy[int] | None = None,
    starts: st.SearchStrategy[int] | None = None,
    steps: st.SearchStrategy[int] | None = None,
    most_axes: int = 2,
) -> Evidence:
    """Draw evidence with up to two leading axes, near a target."""
    size = draw(st.integers(1, 16) if sizes is None else sizes)
    step = draw(st.sampled_from((MINUTE, 5 * MINUTE)) if steps is None else steps)
    start = draw(st.sampled_from((0, 29_456_640 * MINUTE, -7 * MINUTE + 13)) if starts is None else starts)
    lengths = draw(st.lists(st.integers(1, 3), max_size=most_axes))
    axes = tuple((("tenant", "region")[i], NAMES[:length]) for i, length in enumerate(lengths))
    count = int(np.prod(lengths, dtype=int))
    return Evidence(axes, tuple(draw(rows(size, target, start, step)) for _ in range(count)))


# --- what happens to it ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outage:
    """A span to take out, for some labels of some axes or for all."""

    start: int
    end: int
    scope: tuple[tuple[str, tuple[str, ...]], ...] = ()
    proposed: bool = False

    def touches(self, labels: dict[str, str]) -> bool:
        """Say whether it is about the row with these labels."""
        return not self.proposed and all(labels[axis] in names for axis, names in self.scope)


@st.composite
def outages(draw: st.DrawFn, evidence: Evidence) -> list[Outage]:
    """Draw spans to exclude; their ends need not be bucket edges."""
    row = evidence.rows[0]
    length = len(row) * row.step
    found = []
    for _ in range(draw(st.sampled_from((0, 1, 1, 2)))):
        begin = draw(st.integers(-row.step, length))
        span = draw(st.sampled_from((0, 1, row.step, row.step // 2, 3 * row.step)))
        scope = []
        for axis, names in evidence.axes:
            chosen = draw(
                st.none()
                | st.none()
                | st.lists(st.sampled_from((*names, "nobody")), min_size=1, max_size=2, unique=True)
            )
            if chosen is not None:
                scope.append((axis, tuple(chosen)))
        proposed = draw(st.sampled_from((False, False, False, True)))
        found.append(Outage(row.start + begin, row.start + begin + span, tuple(scope), proposed))
    return found


def without(evidence: Evidence, spans: list[Outage]) -> list[oracle.Series]:
    """Return the rows with the spans taken out."""
    return [
        oracle.exclude(row, [(span.start, span.end) for span in spans if span.touches(labels)])
        for row, labels in zip(evidence.rows, evidence.labels, strict=True)
    ]


MISSING = st.sampled_from(
    (
        ("ignore", None),
        ("good", 10),
        ("good", "last"),
        ("bad", 1),
        ("bad", "last"),
        ("repeat", None),
    )
)
