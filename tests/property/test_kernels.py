"""The kernels against Python integers: no array, no wrapping, no cleverness on the other side.

A question is asked with ``p`` and ``q`` multiplied by a common factor, which changes no answer and decides how long the
products get: so one and the same evidence, windows on the very threshold included, is put through each of the three
paths, and the plan is asked which one it took.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isnan
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from slokit._kernels import exceed, wide
from slokit._kernels.blocks import row_blocks
from slokit._kernels.exceed import Question, exceeds, has_events
from slokit._kernels.ratios import window_ratios
from slokit._kernels.spare import Spare
from slokit._kernels.sums import PrefixSums, Window
from slokit.rational import ceil_fraction, floor_fraction

INT64 = 2**63
LARGEST = INT64 - 1

Rows = list[list[int]]
Path = Literal["views", "differences", "limbs"]
PATHS = {"views": exceed._by_views, "differences": exceed._by_differences, "limbs": exceed._by_limbs}


# --- the other side: lists and loops --------------------------------------------------------------------------------


def starts(window: Window, size: int) -> list[int]:
    """Return the first bucket of each bucket's window."""
    return [max(0, t + 1 - window) for t in range(size)] if isinstance(window, int) else [int(k) for k in window]


def sums(row: Sequence[int], window: Window) -> list[int]:
    """Add up each bucket's window."""
    return [sum(row[first : t + 1]) for t, first in enumerate(starts(window, len(row)))]


def burning(
    bad: Rows, total: Rows, p: list[int], q: list[int], windows: Sequence[Window], strict: bool
) -> list[list[bool]]:
    """Compare every window's ``q * bad`` with its ``p * total``."""
    answer = []
    for r in range(len(bad)):
        cells = [True] * len(bad[r])
        for window in windows:
            for t, (b, n) in enumerate(zip(sums(bad[r], window), sums(total[r], window), strict=True)):
                above = q[r] * b > p[r] * n if strict else q[r] * b >= p[r] * n
                cells[t] = cells[t] and above and n > 0
        answer.append(cells)
    return answer


# --- evidence -------------------------------------------------------------------------------------------------------


def objects(values: Sequence[int] | int) -> npt.NDArray[Any]:
    """Return Python integers as numpy holds them without touching them."""
    array = np.empty(() if isinstance(values, int) else len(values), dtype=object)
    array[...] = values
    return array


def prefix(rows: Rows) -> PrefixSums:
    """Sum rows as the kernels do."""
    return PrefixSums.of(np.array(rows, dtype=np.int64))


@st.composite
def windows_of(draw: st.DrawFn, size: int, most: int | None = None) -> Window:
    """Draw a rolling window, longer than the data at times, or the starts of calendar periods."""
    if most is None and draw(st.integers(0, 3)) == 0:
        edges = sorted({0, *draw(st.lists(st.integers(0, size - 1), max_size=4))})
        return np.array([max(edge for edge in edges if edge <= t) for t in range(size)], dtype=np.int64)
    return draw(st.integers(1, size + 3 if most is None else most))


@dataclass(frozen=True)
class Case:
    """Rows of evidence and thresholds ``p / q``, one for all rows or one each."""

    bad: Rows
    total: Rows
    p: list[int]
    q: list[int]
    windows: tuple[Window, ...]
    strict: bool

    @property
    def size(self) -> int:
        """Buckets a row."""
        return len(self.bad[0])

    def question(self, factor: int = 1) -> Question:
        """Return it as the kernel is asked, with p and q multiplied alike."""
        p, q = [x * factor for x in self.p], [x * factor for x in self.q]
        if len(set(zip(p, q, strict=True))) == 1:
            return Question(objects(p[0]), objects(q[0]), self.windows, self.strict)
        return Question(objects(p), objects(q), self.windows, self.strict)

    def truth(self) -> list[list[bool]]:
        """Return the answer by plain loops."""
        return burning(self.bad, self.total, self.p, self.q, self.windows, self.strict)

    def products(self, width: int) -> int:
        """Return the largest product that the kernel cannot rule out in windows of a width, with a factor of 1."""
        most_bad = min(max(map(max, self.bad)) * width, max(map(sum, self.bad)))
        most_total = min(max(map(max, self.total)) * width, max(map(sum, self.total)))
        return max(max(self.q) * most_bad, max(self.p) * most_total, *self.p, *self.q)

    @property
    def width(self) -> int:
        """Return the most buckets that a window may hold."""
        return max(self.size if isinstance(w, np.ndarray) else min(w, self.size) for w in self.windows)


@st.composite
def cases(draw: st.DrawFn, *, long: bool = False, largest: int = LARGEST) -> Case:
    """Draw evidence that sits on its thresholds, one event beside them, or anywhere.

    ``long`` rows are at least three times as long as their windows and hold something all along, so that a row's sum
    is well above any window's.
    """
    size = draw(st.integers(9, 16) if long else st.integers(1, 12))
    count = draw(st.integers(1, 3))
    alike = draw(st.booleans())
    p: list[int] = []
    q: list[int] = []
    bad: Rows = []
    total: Rows = []
    for r in range(count):
        below = q[0] if r and alike else draw(st.sampled_from((1, 2, 3, 7, 10, 1000, 9_973)))
        above = p[0] if r and alike else draw(st.integers(0 if not long else 1, 2 * below))
        p.append(above)
        q.append(below)
        # Steps of the counts so large that one event more or less is a difference of 1 in 10**16.
        most = largest // max(below, above, 1)
        step = draw(st.sampled_from((1, 2, 1_000, max(1, most // 4), max(1, most))))
        row_bad, row_total = [], []
        for _ in range(size):
            k = step if long else draw(st.sampled_from((0, step, step, step // 2)))
            n = k * below
            b = k * min(above, below) + draw(st.sampled_from((0, 0, 0, -1, 1)))
            if draw(st.integers(0, 5)) == 0:
                b = draw(st.integers(0, n))
            row_bad.append(min(max(b, 0), n))
            row_total.append(n)
        bad.append(row_bad)
        total.append(row_total)
    most_width = 3 if long else None
    windows = tuple(draw(st.lists(windows_of(size, most_width), min_size=1, max_size=3)))
    return Case(bad, total, p, q, windows, draw(st.booleans()))


def factor_for(case: Case, path: Path) -> range:
    """Return which common factors of p and q put a case on a path."""
    row, window = case.products(case.size), case.products(case.width)
    first_beyond_row, first_beyond_window = LARGEST // row + 1, LARGEST // window + 1
    return {
        "views": range(1, first_beyond_row),
        "differences": range(first_beyond_row, first_beyond_window),
        "limbs": range(first_beyond_window, first_beyond_window * 2**120),
    }[path]


# --- does a window burn faster than a threshold? --------------------------------------------------------------------


@pytest.mark.parametrize("path", ["views", "differences", "limbs"])
@given(data=st.data())
def test_every_path_says_what_integers_say(path: Path, data: st.DataObject) -> None:
    """Each path is really taken, and on it every cell of every row is the brute-force comparison."""
    largest = {"views": 2**40, "differences": 2**57, "limbs": LARGEST}[path]
    case = data.draw(cases(long=path == "differences", largest=largest))
    factors = factor_for(case, path)
    assume(factors.start < factors.stop)
    factor = data.draw(
        st.sampled_from((factors.start, factors.stop - 1)) | st.integers(factors.start, factors.stop - 1)
    )
    question = case.question(factor)
    bad, total = prefix(case.bad), prefix(case.total)
    assert exceed._plan(question, bad, total, None).path is PATHS[path]
    assert exceeds(bad, total, [question])[0].tolist() == case.truth()


@pytest.mark.parametrize("path", ["views", "differences", "limbs"])
def test_every_path_stands_on_the_boundary(path: Path) -> None:
    """Nine windows on the threshold, one event above and one below, with the smallest factor of each path."""
    step = 10**15
    bad = [[step, step + 1, step - 1] * 3]
    total = [[1_000 * step] * 9]
    for strict in (True, False):
        case = Case(bad, total, [1], [1_000], (1,), strict)
        question = case.question(factor_for(case, path).start)
        sums_of = prefix(bad), prefix(total)
        assert exceed._plan(question, *sums_of, None).path is PATHS[path]
        assert exceeds(*sums_of, [question])[0].tolist() == [[not strict, True, False] * 3]


def test_a_wrapped_sum_takes_the_path_that_survives_it() -> None:
    """Eight buckets of 2**62 sum to zero in int64: the bounds know better, and nothing fires without bad events."""
    bad, total = prefix([[0] * 8]), prefix([[2**62] * 8])
    assert total.values[0, -1] == 0
    question = Question(objects(1), objects(1000), (8,))
    assert exceed._plan(question, bad, total, None).path is exceed._by_limbs
    assert not exceeds(bad, total, [question]).any()


@pytest.mark.parametrize(
    ("windows", "path"), [((1,), "differences"), ((1, 7), "differences"), ((8, 1), "limbs"), ((1, 99), "limbs")]
)
def test_the_widest_window_chooses_the_path(windows: tuple[int, ...], path: Path) -> None:
    """Seven buckets of 2**60 fit int64 and eight do not, wherever the window stands in the question."""
    bad, total = prefix([[2**59] * 12]), prefix([[2**60] * 12])
    question = Question(objects(1), objects(1), windows)
    assert exceed._plan(question, bad, total, None).path is PATHS[path]


@given(p=st.integers(2**60, 2**80), q=st.integers(2**80, 2**100), window=st.integers(1, 4), seed=st.integers(0, 2**32))
def test_the_filter_leaves_no_cell_to_floats_that_they_cannot_tell(p: int, q: int, window: int, seed: int) -> None:
    """Thousands of windows within an event of an awkward threshold: float64 sees no difference, limbs decide."""
    rng = np.random.default_rng(seed)
    total = [int(n) for n in rng.integers(2**58, 2**63 // 4 - 1, 500)]
    bad = [n * p // q + int(more) for n, more in zip(total, rng.integers(0, 2, 500), strict=True)]
    bad, total = ([x // window for x in row] for row in (bad, total))
    for strict in (True, False):
        question = Question(objects(p), objects(q), (window,), strict)
        assert exceeds(prefix([bad]), prefix([total]), [question])[0].tolist() == burning(
            [bad], [total], [p], [q], [window], strict
        )


def test_a_question_of_limbs_leaves_no_product_for_the_next() -> None:
    """Equal denominators share ``q * B`` only where the question before has made it."""
    bad, total = prefix([[1, 0, 2]]), prefix([[1_000] * 3])
    questions = [Question(objects(p), objects(1_000), (1,)) for p in (2**62, 1, 2**62, 2)]
    expected = [[False] * 3, [False, False, True], [False] * 3, [False] * 3]
    assert exceeds(bad, total, questions)[:, 0].tolist() == expected


@given(
    several=st.lists(cases(), min_size=2, max_size=4),
    factors=st.lists(st.sampled_from((1, 2**40, 2**70)), min_size=4, max_size=4),
)
def test_questions_in_one_call_do_not_disturb_each_other(several: list[Case], factors: list[int]) -> None:
    """Questions share scratch and a denominator: together they are answered as each one alone, in any order."""
    case = several[0]
    bad, total = prefix(case.bad), prefix(case.total)
    questions, truths = [], []
    for other, factor in zip(several, factors, strict=False):
        fits = len(other.p) == len(case.p)
        windows = tuple(min(w, case.size) if isinstance(w, int) else 1 for w in other.windows)
        p, q = (other.p, other.q) if fits else ([other.p[0]] * len(case.p), [other.q[0]] * len(case.q))
        asked = Case(case.bad, case.total, p, q, windows, other.strict)
        questions.append(asked.question(factor))
        truths.append(asked.truth())
    together = exceeds(bad, total, questions)
    assert together.tolist() == truths
    assert exceeds(bad, total, questions[::-1])[::-1].tolist() == truths


def test_questions_get_one_denominator_where_the_products_allow_it() -> None:
    """14.4, 6 and 1 times a budget of 1/1000 have three denominators, and one product ``q * B`` serves them all."""
    bad, total = prefix([[1, 2, 3]]), prefix([[1_000] * 3])
    limits = [Fraction(72, 5000), Fraction(6, 1000), Fraction(1, 1000)]
    questions = [Question(objects(x.numerator), objects(x.denominator), (1,)) for x in limits]
    shared = exceed._with_one_denominator(questions, bad, total)
    assert {int(x.q) for x in shared} == {5_000}
    assert [Fraction(int(x.p), int(x.q)) for x in shared] == limits
    plans = [exceed._plan(shared[0], bad, total, None)]
    plans.append(exceed._plan(shared[1], bad, total, plans[0]))
    assert [plan.shares_q for plan in plans] == [False, True]
    vast = [Question(objects(1), objects(q), (1,)) for q in (2**61 - 1, 2**59 - 55)]
    assert exceed._with_one_denominator(vast, bad, total) is vast


@given(case=cases(), shape=st.sampled_from([(1,), (2, 1), (1, 3), (2, 3)]), threads=st.integers(1, 3))
def test_leading_axes_are_rows(case: Case, shape: tuple[int, ...], threads: int) -> None:
    """Any leading shape and any number of threads give the rows' own answers, with a threshold a row."""
    count = int(np.prod(shape))
    pick = [r % len(case.bad) for r in range(count)]
    tiled = Case(
        [case.bad[r] for r in pick],
        [case.total[r] for r in pick],
        [case.p[r] for r in pick],
        [case.q[r] for r in pick],
        case.windows,
        case.strict,
    )
    bad, total = (
        PrefixSums.of(np.array(rows, dtype=np.int64).reshape(*shape, case.size)) for rows in (tiled.bad, tiled.total)
    )
    question = Question(objects(tiled.p).reshape(shape), objects(tiled.q).reshape(shape), tiled.windows, tiled.strict)
    answer = exceeds(bad, total, [question], threads)
    assert answer.shape == (1, *shape, case.size)
    assert answer.reshape(count, -1).tolist() == tiled.truth()


@pytest.mark.parametrize("shape", [(300, 1_000), (3, 70_000), (70_000, 2), (1, 200_000)])
def test_blocks_and_chunks_meet_without_a_seam(shape: tuple[int, int]) -> None:
    """Arrays of several blocks, with threads too, equal numpy's own arithmetic on the whole."""
    rng = np.random.default_rng(20260101)
    total_counts = rng.integers(0, 1_000, shape)
    bad_counts = rng.binomial(total_counts, 0.01)
    assert len(list(row_blocks(slice(0, shape[0]), shape[1]))) > 1 or shape[0] == 1
    bad, total = PrefixSums.of(bad_counts), PrefixSums.of(total_counts)
    window = min(37, shape[1])
    b, n = bad.window_ints(window), total.window_ints(window)
    question = Question(objects(1), objects(100), (window,))
    for threads in (1, 2):
        np.testing.assert_array_equal(exceeds(bad, total, [question, question], threads)[1], 100 * b > n)
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(window_ratios(bad, total, [1, window], threads=threads)[1], b / n)


def test_no_buckets_and_no_rows_are_no_work() -> None:
    """Empty evidence gives empty answers of the right shape."""
    for shape in ((0,), (3, 0), (0, 4)):
        empty = PrefixSums.of(np.zeros(shape, dtype=np.int64))
        question = Question(objects(1), objects(2), (1,))
        assert exceeds(empty, empty, [question]).shape == (1, *shape)
        assert window_ratios(empty, empty, [1, 2]).shape == (2, *shape)
        assert has_events(empty, 2).shape == shape


@given(rows=st.lists(st.sampled_from((0, 0, 0, 1, 2**61, 2**62, LARGEST)), min_size=1, max_size=12), data=st.data())
@example(rows=[2**62] * 4, data=None)
def test_a_window_holds_events_or_none(rows: list[int], data: st.DataObject | None) -> None:
    """Also where four buckets of 2**62 make the difference of the running sums exactly zero."""
    window = 4 if data is None else data.draw(windows_of(len(rows)))
    total = prefix([rows])
    assert has_events(total, window).tolist() == [[s > 0 for s in sums(rows, window)]]


# --- ratios ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["floats", "integers"])
@given(data=st.data())
def test_ratios_are_fractions_to_the_last_digits(path: Literal["floats", "integers"], data: st.DataObject) -> None:
    """Within 1e-14 of the exact ratio, exactly 0 where it is 0, NaN without events; on both ways of summing."""
    case = data.draw(cases(largest=2**40 if path == "floats" else LARGEST))
    bad, total = prefix(case.bad), prefix(case.total)
    assume((bad.fits_floats() and total.fits_floats()) == (path == "floats"))
    # Short shares go into the running sums, long ones behind the division.
    share = data.draw(st.none() | st.fractions(0, 1, max_denominator=10**20).filter(bool))
    given_share = None if share is None else (objects(share.numerator), objects(share.denominator))
    result = window_ratios(bad, total, case.windows, given_share)
    factor = 1 / share if share else Fraction(1)
    for k, window in enumerate(case.windows):
        for r in range(len(case.bad)):
            for t, (b, n) in enumerate(zip(sums(case.bad[r], window), sums(case.total[r], window), strict=True)):
                cell = float(result[k, r, t])
                if n == 0:
                    assert isnan(cell)
                else:
                    truth = Fraction(b, n) * factor
                    assert abs(Fraction(cell) - truth) <= truth / 10**14


@pytest.mark.parametrize("long", [1, 10**15])
def test_each_row_may_have_its_own_share(long: int) -> None:
    """A burn rate divides by each series' own budget, also where that has too many digits for exact floats."""
    bad, total = prefix([[1, 1], [1, 1]]), prefix([[10, 10], [10, 10]])
    share = np.array([1, 1 * long], dtype=object), np.array([1, 10 * long], dtype=object)
    assert window_ratios(bad, total, [1], share).tolist() == [[[0.1, 0.1], [1.0, 1.0]]]


def test_windows_run_on_from_one_piece_of_time_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few cells give what one piece gives, for rolling and calendar windows, early and late."""
    rng = np.random.default_rng(4)
    total = rng.integers(0, 9, (3, 50))
    bad = rng.integers(0, 9, (3, 50)) % (total + 1)
    few, many = prefix(bad.tolist()), prefix(total.tolist())
    windows: list[Window] = [1, 3, 7, 49, 50, 90, np.repeat(np.arange(0, 50, 5), 5)]
    ask = [
        Question(objects(1), objects(3), (a, b), strict) for a in windows for b in windows for strict in (True, False)
    ]
    ratios_at_once, verdicts_at_once = window_ratios(few, many, windows), exceeds(few, many, ask)
    for cells in (1, 6, 64):
        monkeypatch.setattr("slokit._kernels.ratios._CELLS", cells)
        monkeypatch.setattr("slokit._kernels.exceed._PIECE", cells)
        np.testing.assert_array_equal(window_ratios(few, many, windows), ratios_at_once)
        np.testing.assert_array_equal(exceeds(few, many, ask), verdicts_at_once)


# --- running sums ---------------------------------------------------------------------------------------------------


@st.composite
def counts(draw: st.DrawFn) -> Rows:
    """Draw rows of counts of any size; many wrap."""
    size = draw(st.integers(1, 10))
    scale = draw(st.sampled_from((3, 2**20, 2**53, 2**60, 2**62, LARGEST)))
    cell = st.integers(0, scale) | st.sampled_from((0, scale))
    return draw(st.lists(st.lists(cell, min_size=size, max_size=size), min_size=1, max_size=3))


@given(rows=counts())
def test_bounds_are_never_wrapped(rows: Rows) -> None:
    """The largest bucket and the largest row are the true ones, whatever the running sums have become."""
    running = prefix(rows)
    assert running.largest == max(map(max, rows))
    assert running.row_bound == max(map(sum, rows))
    assert running.size == len(rows[0])
    assert running.buckets().tolist() == rows
    assert running.fits_floats() == (max(map(sum, rows)) < 2**53)
    assert not running.values.flags.writeable


@given(rows=counts(), data=st.data())
def test_window_sums_are_exact_at_any_size(rows: Rows, data: st.DataObject) -> None:
    """As limbs, as Python integers, as floats, at chosen cells and as int64 where the bound allows it."""
    running, size = prefix(rows), len(rows[0])
    window = data.draw(windows_of(size))
    truth = [sums(row, window) for row in rows]
    assert max(map(max, truth)) <= running.bound(window)
    assert wide.to_objects(running.window_wide(window)).tolist() == truth
    assert running.window_exact(window).tolist() == truth
    if running.bound(window) < INT64:
        assert running.window_ints(window).tolist() == truth
    for row, exact in zip(running.window_floats(window).tolist(), truth, strict=True):
        for cell, value in zip(row, exact, strict=True):
            assert abs(Fraction(cell) - value) <= Fraction(value, 2**50)
            assert cell == value or value >= 2**53
    picked = np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=4)))
    assert running.window_exact(window, (picked,)).tolist() == [[row[t] for t in picked] for row in truth]
    lines = np.array([k % len(rows) for k in range(len(picked))])
    assert wide.to_objects(running.window_wide(window, (lines, picked))).tolist() == [
        truth[r][t] for r, t in zip(lines, picked, strict=True)
    ]


@given(rows=counts(), first=st.integers(0, 10), stop=st.integers(0, 10))
@example(rows=[[2**62] * 3], first=1, stop=2)
def test_one_window_is_a_python_integer(rows: Rows, first: int, stop: int) -> None:
    """The scalar answer of a status: any run of buckets of any row, without an array."""
    size = len(rows[0])
    first, stop = sorted((min(first, size), min(stop, size)))
    for r, row in enumerate(rows):
        answer = prefix(rows).one_window((r,), first, stop)
        assert type(answer) is int
        assert answer == sum(row[first:stop])


@given(rows=counts(), data=st.data())
def test_the_difference_of_running_sums_is_the_running_sum_of_differences(rows: Rows, data: st.DataObject) -> None:
    """Good is total minus bad, through any number of wraps; its bounds stay bounds."""
    parts = [[data.draw(st.integers(0, cell)) for cell in row] for row in rows]
    rest = [[cell - part for cell, part in zip(a, b, strict=True)] for a, b in zip(rows, parts, strict=True)]
    difference = prefix(rows).minus(prefix(parts))
    assert difference.buckets().tolist() == rest
    assert difference.values.tolist() == prefix(rest).values.tolist()
    assert difference.largest >= max(map(max, rest))
    assert difference.row_bound >= max(map(sum, rest))


# --- integers longer than 64 bits -----------------------------------------------------------------------------------

int64s = st.integers(-INT64, LARGEST) | st.sampled_from((-INT64, -1, 0, 1, 2**30, -(2**30), 2**60, LARGEST))
naturals = st.integers(0, 2**200) | st.integers(0, 100) | st.integers(0, 400).map(lambda k: 2**k)


@given(values=st.lists(int64s, min_size=1, max_size=6))
def test_int64_survives_being_split_into_limbs(values: list[int]) -> None:
    """Both signs, both ends."""
    limbs = wide.from_ints(np.array(values, dtype=np.int64))
    assert wide.to_objects(limbs).tolist() == values
    assert wide.signs(limbs).tolist() == [(v > 0) - (v < 0) for v in values]


@given(values=st.lists(naturals, min_size=1, max_size=6))
def test_integers_of_any_length_survive_being_split_into_limbs(values: list[int]) -> None:
    """As long as the longest of them needs; every limb but the last within its range."""
    limbs = wide.from_objects(objects(values))
    assert wide.to_objects(limbs).tolist() == values
    assert all(((limb >= 0) & (limb < 2**30)).all() for limb in limbs[:-1])
    assert wide.to_objects(wide.take(limbs, slice(1, None))).tolist() == values[1:]


@given(limbs=st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=5))
def test_carrying_changes_no_value(limbs: list[int]) -> None:
    """Limbs of any size and sign come back into range, and stand for the same number."""
    done = wide.carry(tuple(np.array([limb], dtype=np.int64) for limb in limbs))
    value = sum(limb * 2 ** (30 * k) for k, limb in enumerate(limbs))
    assert wide.to_objects(done).tolist() == [value]
    assert all(0 <= int(limb[0]) < 2**30 for limb in done[:-1])


@given(
    a=st.lists(st.integers(0, LARGEST) | st.integers(0, 2**89), min_size=1, max_size=4),
    b=st.integers(0, LARGEST),
    x=naturals,
    y=naturals,
)
def test_a_difference_of_products_is_exact(a: list[int], b: int, x: int, y: int) -> None:
    """Window sums times numerators of any length; value, sign and float of the difference."""
    limbs = wide.product_difference(
        wide.from_objects(objects(a)),
        wide.from_objects(objects(x)),
        wide.from_ints(np.array(b)),
        wide.from_objects(objects(y)),
    )
    truth = [v * x - b * y for v in a]
    assert wide.to_objects(limbs).tolist() == truth
    assert wide.signs(limbs).tolist() == [(v > 0) - (v < 0) for v in truth]
    for cell, value in zip(wide.to_floats(limbs).tolist(), truth, strict=True):
        assert abs(Fraction(cell) - value) <= Fraction(abs(value), 2**49)
        assert (cell == 0) == (value == 0)


@given(v=naturals, nudge=st.integers(-1, 1), k=st.integers(1, 2**62))
def test_a_difference_of_one_has_its_sign(v: int, nudge: int, k: int) -> None:
    """Products of 260 bits that differ in the last one."""
    factors = wide.from_ints(np.array([k])), wide.from_objects(objects([v]))
    one = wide.from_objects(objects([1]))
    product = wide.from_objects(objects([max(k * v + nudge, 0)]))
    difference = wide.product_difference(*factors, one, product)
    truth = k * v - max(k * v + nudge, 0)
    assert wide.signs(difference).tolist() == [(truth > 0) - (truth < 0)]
    assert wide.to_floats(difference).tolist() == [truth]


@given(
    value=naturals,
    divisor=naturals.map(lambda x: x + 1),
    quotient=st.integers(0, LARGEST) | st.integers(0, 2**80),
    nudge=st.integers(-2, 2),
)
@example(value=0, divisor=1, quotient=2**62, nudge=-1)
@example(value=0, divisor=3**100, quotient=2**62, nudge=-1)
@example(value=0, divisor=2**199 + 1, quotient=LARGEST, nudge=0)
@example(value=0, divisor=7, quotient=INT64, nudge=-1)
def test_floor_division_is_pythons(value: int, divisor: int, quotient: int, nudge: int) -> None:
    """At and beside every multiple; what int64 cannot hold is its largest."""
    values = [value, max(quotient * divisor + nudge, 0), quotient]
    answer = wide.floor_divide(wide.from_objects(objects(values)), wide.from_objects(objects(divisor)))
    assert answer.dtype == np.int64
    assert answer.tolist() == [min(v // divisor, LARGEST) for v in values]
    each = [divisor, 1, divisor + 1]
    answer = wide.floor_divide(wide.from_objects(objects(values)), wide.from_objects(objects(each)))
    assert answer.tolist() == [min(v // d, LARGEST) for v, d in zip(values, each, strict=True)]


# --- what is left of a budget ---------------------------------------------------------------------------------------


@given(
    cells=st.lists(
        st.tuples(st.integers(0, 2**80) | st.integers(0, 1_000), st.integers(0, 1_000)), min_size=1, max_size=6
    ),
    u=st.integers(1, 10**6) | st.just(1),
    v=st.sampled_from((1, 10, 1_000, 10**15, 10**20, 3)),
    divisor=st.integers(1, 10**6) | st.just(10**20 - 1),
)
def test_what_is_left_is_exact(cells: list[tuple[int, int]], u: int, v: int, divisor: int) -> None:
    """``u * total - v * bad`` as a float, as a verdict and as how often a divisor fits, however long."""
    # The bad events are put where the spare is about zero: that is where it is asked about.
    total = [n for n, _ in cells]
    bad = [max(0, n * u // v + b - 500) for n, b in cells]
    truth = [u * n - v * b for n, b in zip(total, bad, strict=True)]
    spare = Spare(objects(total), objects(bad), objects(u), objects(v))
    for cell, value in zip(spare.floats().tolist(), truth, strict=True):
        assert abs(Fraction(cell) - value) <= Fraction(abs(value), 2**49)
        assert (cell == 0) == (value == 0)
    assert spare.is_gone().tolist() == [value <= 0 for value in truth]
    assert spare.floor_divide(objects(divisor)).tolist() == [min(max(value, 0) // divisor, LARGEST) for value in truth]


@given(rows=counts(), data=st.data())
def test_each_row_has_a_budget_of_its_own(rows: Rows, data: st.DataObject) -> None:
    """Shares and divisors of their own along the leading axes, int64 counts; short and long products alike."""
    bad = [[data.draw(st.integers(0, cell)) for cell in row] for row in rows]
    u = [data.draw(st.sampled_from((1, 3, 10**15))) for _ in rows]
    v = [data.draw(st.sampled_from((1, 1_000, 10**18))) for _ in rows]
    truth = [[u[r] * n - v[r] * b for n, b in zip(rows[r], bad[r], strict=True)] for r in range(len(rows))]
    spare = Spare(np.array(rows, dtype=np.int64), np.array(bad, dtype=np.int64), objects(u), objects(v))
    assert spare.is_gone().tolist() == [[value <= 0 for value in row] for row in truth]
    assert spare.floor_divide(objects(v)).tolist() == [
        [min(max(value, 0) // v[r], LARGEST) for value in truth[r]] for r in range(len(rows))
    ]


@pytest.mark.parametrize("shape", [(3, 20_000), (20_000, 3), (2, 3, 4_000), (1,), (0, 5)])
@pytest.mark.parametrize("v", [1_000, 10**20])
def test_what_is_left_of_many_cells_is_worked_out_in_blocks(shape: tuple[int, ...], v: int) -> None:
    """Several blocks of rows or of buckets, on the short and on the long way, equal Python integers."""
    rng = np.random.default_rng(20260102)
    total, bad = rng.integers(0, 10**9, shape), rng.integers(0, 10**6, shape)
    u, lead = v // 1_000, shape[:-1]
    truth = total.astype(object) * u - bad.astype(object) * v
    shares = [np.full(lead, x, dtype=object) if lead else objects(x) for x in (u, v)]
    for spare in (Spare(total, bad, *shares), Spare(total, bad, objects(u), objects(v))):
        np.testing.assert_array_equal(spare.is_gone(), (truth <= 0).astype(bool))
        np.testing.assert_allclose(spare.floats(), truth.astype(np.float64), rtol=1e-14)
        left = np.maximum(truth, 0) // v if truth.size else truth
        np.testing.assert_array_equal(spare.floor_divide(shares[1]), left.astype(np.int64))


@pytest.mark.parametrize("shape", [(0,), (3, 0), (2, 3, 0)])
def test_nothing_is_left_of_no_buckets(shape: tuple[int, ...]) -> None:
    """Empty evidence has an empty budget, not an error."""
    none = np.zeros(shape, dtype=np.int64)
    spare = Spare(none, none, objects(1), objects(1_000))
    assert spare.floats().shape == spare.is_gone().shape == spare.floor_divide(objects(3)).shape == shape


# --- the reduction to a denominator ---------------------------------------------------------------------------------


@given(x=st.fractions(0, 3, max_denominator=10**6) | st.fractions(0, 1, max_denominator=50), limit=st.integers(1, 60))
def test_neighbours_are_the_best_of_all_fractions_with_small_denominators(x: Fraction, limit: int) -> None:
    """Brute force over every denominator up to the limit, from below and from above."""
    below = max(Fraction(x.numerator * q // x.denominator, q) for q in range(1, limit + 1))
    above = min(Fraction(-(-x.numerator * q // x.denominator), q) for q in range(1, limit + 1))
    assert floor_fraction(x, limit) == below
    assert ceil_fraction(x, limit) == above


@given(x=st.fractions(0, 2, max_denominator=10**4), most=st.integers(1, 24))
def test_the_reduction_changes_no_verdict_about_small_totals(x: Fraction, most: int) -> None:
    """All ratios of counts up to a total, compared with the threshold and with its stand-in."""
    low, high = floor_fraction(x, most), ceil_fraction(x, most)
    for total in range(1, most + 1):
        for bad in range(total + 1):
            ratio = Fraction(bad, total)
            assert (ratio > x) == (ratio > low)
            assert (ratio >= x) == (ratio >= high)


@given(
    x=st.fractions(0, 1, max_denominator=10**30),
    most=st.integers(1, 10**20),
    share=st.fractions(0, 1, max_denominator=1_000),
    nudge=st.integers(-3, 3),
)
def test_the_reduction_changes_no_verdict_about_large_totals(
    x: Fraction, most: int, share: Fraction, nudge: int
) -> None:
    """Ratios as near to the threshold as their totals allow."""
    low, high = floor_fraction(x, most), ceil_fraction(x, most)
    assert low <= x <= high
    assert max(low.denominator, high.denominator) <= most
    total = max(1, int(most * share))
    ratio = Fraction(min(max(int(x * total) + nudge, 0), total), total)
    assert (ratio > x) == (ratio > low)
    assert (ratio >= x) == (ratio >= high)


@given(x=st.fractions(0, 1, max_denominator=10**25), most=st.integers(1, 10**12))
def test_the_two_neighbours_are_next_to_each_other(x: Fraction, most: int) -> None:
    """Farey neighbours a/b < c/d have b*c - a*d = 1: that is why nothing with a small denominator lies between."""
    low, high = floor_fraction(x, most), ceil_fraction(x, most)
    if x.denominator <= most:
        assert low == high == x
    else:
        assert low.denominator * high.numerator - low.numerator * high.denominator == 1
        assert low.denominator + high.denominator > most


def test_fifteen_nines_fit_after_the_reduction() -> None:
    """A threshold of 72/5 of 1e-15 needs 53 bits; against a billion events it is a question about one in 2**30."""
    limit = Fraction("14.4") * (1 - Fraction("0.999999999999999"))
    assert limit.denominator.bit_length() > 45
    assert floor_fraction(limit, 10**9) == 0
    assert ceil_fraction(limit, 10**9) == Fraction(1, 10**9)
