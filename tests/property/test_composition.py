"""Systems of services against plain enumeration: every joint state of the parts, every request, every bucket.

Structures are drawn as nested tuples, which the oracle walks by itself; parts are letters, and may stand in several
places where a test says so. Dependence is drawn too: any joint distribution, common causes among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog

from slokit import Counts
from slokit.composition import Part, System, all_of, any_of, at_least, journeys, optional, weighted
from slokit.composition.bounds import most_likely

LETTERS = "abcde"

# ("part", letter), ("optional", node), or (how many are needed, [nodes]); 0 needed means all of them.
Shape = tuple[Any, Any]


@st.composite
def shapes(draw: st.DrawFn, letters: str = LETTERS, *, again: bool = False, depth: int = 3) -> Shape:
    """Draw a group over some letters, each in one place or, with ``again``, in several."""
    left = list(letters)

    def part() -> Shape:
        letter = draw(st.sampled_from(left))
        if not again:
            left.remove(letter)
        return ("part", letter)

    def group(level: int) -> Shape:
        held: list[Shape] = []
        for _ in range(draw(st.integers(1, 3))):
            if not left:
                break
            held.append(group(level - 1) if level > 1 and draw(st.booleans()) else part())
        held = [node for node in held if node[1]]
        # Parts of one group have different names.
        held = [node for i, node in enumerate(held) if node not in held[:i]]
        if draw(st.booleans()):
            return (0, [*held, ("optional", part())] if left and held and draw(st.booleans()) and not again else held)
        return (draw(st.integers(1, max(len(held), 1))), held)

    shape = group(depth)
    assume(shape[1])
    return shape


def built(shape: Shape, name: str = "top", **fields: Any) -> Any:
    """Build what a shape says; groups are named by their place."""
    kind, below = shape
    if kind == "part":
        return Part(below, **fields)
    if kind == "optional":
        return optional(built(below, name + "?", **fields))
    inner = [built(node, f"{name}{i}", **fields) for i, node in enumerate(below)]
    if kind == 0:
        return all_of(name, *inner)
    return any_of(name, *inner) if kind == 1 else at_least(kind, name, *inner)


def is_up(shape: Shape, states: Mapping[str, bool]) -> bool:
    """Say whether a shape is up where its parts are in these states."""
    kind, below = shape
    if kind == "part":
        return states[below]
    needed = [node for node in below if node[0] != "optional"]
    return sum(is_up(node, states) for node in needed) >= (kind or len(needed))


def letters_of(shape: Shape) -> list[str]:
    """Return the letters that bear on a shape, as often as they stand in it."""
    kind, below = shape
    if kind == "part":
        return [below]
    return [letter for node in below if node[0] != "optional" for letter in letters_of(node)]


def joint_states(letters: list[str]) -> list[dict[str, bool]]:
    """Return every way in which parts are up and down."""
    return [dict(zip(letters, ups, strict=True)) for ups in product((False, True), repeat=len(letters))]


def likely(joint: list[tuple[dict[str, bool], Fraction]], shape: Shape) -> Fraction:
    """Return how often a shape is up."""
    return sum((p for states, p in joint if is_up(shape, states)), Fraction(0))


@st.composite
def joints(draw: st.DrawFn, letters: list[str]) -> list[tuple[dict[str, bool], Fraction]]:
    """Draw a joint distribution: weights on states, most of them none, and often much on all being down at once."""
    states = joint_states(letters)
    weights = [draw(st.sampled_from((0, 0, 1, 3, 40))) for _ in states]
    weights[0] += draw(st.sampled_from((0, 50)))
    weights[-1] += draw(st.integers(1, 100))
    return [(state, Fraction(weight, sum(weights))) for state, weight in zip(states, weights, strict=True)]


def shares_of(joint: list[tuple[dict[str, bool], Fraction]], letters: list[str]) -> dict[str, Fraction]:
    """Return how often each part is up."""
    return {letter: likely(joint, ("part", letter)) for letter in letters}


fractions = st.sampled_from((0, 1, 2, 5, 9, 12, 19, 20)).map(lambda n: Fraction(n, 20))


# --- targets alone --------------------------------------------------------------------------------------------------


@given(st.data(), st.booleans())
def test_bounds_hold_the_truth_whatever_the_dependence(data: st.DataObject, again: bool) -> None:
    """Under any joint distribution the system is up no less often than the worst end, and no more than the best."""
    shape = data.draw(shapes(again=again))
    letters = sorted(set(letters_of(shape)))
    joint = data.draw(joints(letters))
    bounds = built(shape).bounds(shares_of(joint, letters))
    assert bounds.worst <= likely(joint, shape) <= bounds.best
    assert bounds.worst <= bounds.independent <= bounds.best
    assert bounds.sharp is (len(letters) == len(letters_of(shape)))


@given(st.data(), st.booleans())
def test_bounds_are_what_a_linear_program_finds(data: st.DataObject, again: bool) -> None:
    """With parts in one place each, both ends are the optimum over all joint distributions; else they enclose it."""
    shape = data.draw(shapes(LETTERS[:4], again=again))
    letters = sorted(set(letters_of(shape)))
    shares = {letter: data.draw(fractions) for letter in letters}
    bounds = built(shape).bounds(shares)
    states = joint_states(letters)
    gain = np.array([float(is_up(shape, state)) for state in states])
    equal = np.array([[float(state[letter]) for state in states] for letter in letters] + [[1.0] * len(states)])
    sums = [float(shares[letter]) for letter in letters] + [1.0]
    low, high = (float(linprog(sign * gain, A_eq=equal, b_eq=sums).fun or 0) * sign for sign in (1, -1))
    if bounds.sharp:
        np.testing.assert_allclose([float(bounds.worst), float(bounds.best)], [low, high], atol=1e-9)
    else:
        assert float(bounds.worst) <= low + 1e-9
        assert float(bounds.best) >= high - 1e-9


@given(st.lists(fractions, min_size=1, max_size=6), st.data())
def test_the_threshold_bound_is_attained_by_rows(chances: list[Fraction], data: st.DataObject) -> None:
    """Events laid end to end along rows, as the proof says, cover a stretch of that length as often as asked."""
    least = data.draw(st.integers(1, len(chances)))
    length = most_likely(least, chances, Fraction(1))
    assert 0 <= length <= 1
    pieces, at = [], Fraction(0)
    for chance in chances:
        piece = min(chance, length)
        pieces.append((at, at + piece))
        at += piece
    assert at >= least * length
    if length:
        edges = sorted({edge % length for piece in pieces for edge in piece} | {Fraction(0)})
        for start, end in zip(edges, [*edges[1:], length], strict=True):
            middle = (start + end) / 2
            rows = [middle + row * length for row in range(least)]
            assert sum(any(a <= spot < b for spot in rows) for a, b in pieces) >= least


@given(st.data(), st.booleans())
def test_independence_is_the_sum_over_all_states(data: st.DataObject, again: bool) -> None:
    """The figure under independence is the product measure of the states that are up; shared parts are one part."""
    shape = data.draw(shapes(again=again))
    letters = sorted(set(letters_of(shape)))
    shares = {letter: data.draw(fractions) for letter in letters}
    total = Fraction(0)
    for states in joint_states(letters):
        p = Fraction(1)
        for letter, up in states.items():
            p *= shares[letter] if up else 1 - shares[letter]
        total += p * is_up(shape, states)
    assert built(shape).bounds(shares).independent == total


@given(st.data())
def test_the_bounds_of_a_mean_hold_the_mean(data: st.DataObject) -> None:
    """Weighted journeys lie between the means of their ends, whether or not they share parts."""
    one, other = data.draw(shapes(again=True, depth=2)), data.draw(shapes(again=True, depth=2))
    letters = sorted({*letters_of(one), *letters_of(other)})
    joint = data.draw(joints(letters))
    weights = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    share = Fraction(weights[0], sum(weights))
    shares = shares_of(joint, letters)
    truth = share * likely(joint, one) + (1 - share) * likely(joint, other)
    by_weights = weighted("x", (weights[0], built(one, "one")), (weights[1], built(other, "other"))).bounds(shares)
    by_shares = journeys("x", (share, built(one, "one")), (1 - share, built(other, "other"))).bounds(shares)
    assert by_weights == by_shares
    assert by_weights.worst <= truth <= by_weights.best


@given(st.data(), st.booleans())
def test_what_a_part_must_reach_is_enough_and_less_is_not(data: st.DataObject, again: bool) -> None:
    """In each case the share suffices, any less does not, and None is said exactly where nothing does."""
    shape = data.draw(shapes(again=again))
    letters = sorted(set(letters_of(shape)))
    shares = {letter: data.draw(fractions) for letter in letters}
    part, target = data.draw(st.sampled_from(letters)), data.draw(fractions.filter(lambda share: share < 1))
    system = built(shape)
    required = system.required(part, target=target, targets=shares)

    def reached(case: str, share: Fraction) -> bool:
        return bool(getattr(system.bounds(shares | {part: share}), case) >= target)

    for case in ("worst", "independent", "best"):
        share = getattr(required, case)
        assert (share is None) is not reached(case, Fraction(1))
        if share is not None:
            assert reached(case, share)
            # The pieces of these functions are far longer than this.
            assert share == 0 or not reached(case, share - Fraction(1, 10**12))


# --- joint evidence -------------------------------------------------------------------------------------------------


@st.composite
def evidence(draw: st.DrawFn, letters: list[str], *, holes: bool) -> dict[str, Counts]:
    """Draw buckets of each part, in which a common cause often takes several down at once."""
    size = draw(st.integers(1, 6))
    cause = [draw(st.sampled_from((False, False, True))) for _ in range(size)]
    found = {}
    for letter in letters:
        bad = [10 if hit and draw(st.booleans()) else draw(st.sampled_from((0, 0, 1, 2))) for hit in cause]
        kinds = [draw(st.sampled_from(("seen", "seen", "quiet", "hole"))) if holes else "seen" for _ in cause]
        seen = [kind == "seen" for kind in kinds]
        found[letter] = Counts.from_buckets(
            start="2026-01-01T00:00Z",
            step="1m",
            bad=np.where(seen, bad, 0),
            total=np.where(seen, 10, 0),
            observed=[kind != "hole" for kind in kinds],
        )
    return found


def known_state(counts: Counts, bucket: int) -> bool | None:
    """Say whether a part was up in a bucket, at nine in ten; None where nobody knows."""
    total, bad = int(counts.total[bucket]), int(counts.bad[bucket])
    return None if not total else 10 * (total - bad) >= 9 * total


@given(st.data(), st.booleans(), st.sampled_from(("enough", "all")))
def test_a_bucket_has_the_verdict_that_every_completion_agrees_on(data: st.DataObject, again: bool, known: Any) -> None:
    """Unknown parts are tried up and down: a verdict stands where all agree, and nowhere else."""
    shape = data.draw(shapes(again=again))
    letters = sorted(set(letters_of(shape)))
    counts = data.draw(evidence(letters, holes=True))
    system = built(shape, slice_target="0.9")
    extra = {part.name: counts[letters[0]] for part in system.parts if part.name not in counts}
    measured = system.measure(counts | extra, known=known)
    bad, undecided = 0, 0
    for bucket in range(measured.counts.timeline.size):
        states = {letter: known_state(counts[letter], bucket) for letter in letters}
        open_ = [letter for letter, state in states.items() if state is None]
        ends = {is_up(shape, {**states, **filled}) for filled in joint_states(open_)}  # type: ignore[dict-item]
        decided = len(ends) == 1 and not (known == "all" and open_)
        assert int(measured.counts.total[bucket]) == decided
        assert int(measured.counts.bad[bucket]) == (decided and ends == {False})
        hole = any(not counts[letter].observed[bucket] for letter in letters)
        assert bool(measured.counts.observed[bucket]) is (decided or not hole)
        bad, undecided = bad + (decided and ends == {False}), undecided + (not decided)
    size = measured.counts.timeline.size
    assert (measured.undecided, measured.decided) == (undecided, size - undecided)
    assert measured.sli_between == (
        float(Fraction(size - undecided - bad, size)),
        float(Fraction(size - bad, size)),
    )


@given(st.data(), st.booleans())
def test_what_is_measured_lies_between_the_ends_of_what_the_parts_measured(data: st.DataObject, again: bool) -> None:
    """With the parts' own measured shares for targets, the ends hold what was measured together."""
    shape = data.draw(shapes(again=again))
    letters = sorted(set(letters_of(shape)))
    counts = data.draw(evidence(letters, holes=False))
    system = built(shape, slice_target="0.9")
    measured = system.measure(counts).counts
    size = measured.timeline.size
    ups = {letter: sum(bool(known_state(counts[letter], i)) for i in range(size)) for letter in letters}
    bounds = system.bounds({letter: Fraction(n, size) for letter, n in ups.items()})
    assert bounds.worst <= Fraction(int(measured.good.sum()), size) <= bounds.best


@given(st.data(), st.integers(1, 3))
def test_a_mean_counts_every_journey_by_its_weight(data: st.DataObject, first: int) -> None:
    """A bucket of a mean holds its weights, bad for those journeys that were down."""
    one, other = data.draw(shapes(again=True, depth=2)), data.draw(shapes(again=True, depth=2))
    letters = sorted({*letters_of(one), *letters_of(other)})
    counts = data.draw(evidence(letters, holes=False))
    mean = weighted(
        "x", (first, built(one, "one", slice_target="0.9")), (5, built(other, "other", slice_target="0.9"))
    ).measure(counts)
    for bucket in range(mean.counts.timeline.size):
        states = {letter: bool(known_state(counts[letter], bucket)) for letter in letters}
        lost = first * (not is_up(one, states)) + 5 * (not is_up(other, states))
        assert Fraction(int(mean.counts.bad[bucket]), int(mean.counts.total[bucket])) == Fraction(lost, first + 5)


# --- requests within a bucket ---------------------------------------------------------------------------------------


def one_bucket(total: int, bad: int) -> Counts:
    """Return counts of one bucket."""
    return Counts.from_buckets(start="2026-01-01T00:00Z", step="1m", total=[total], bad=[bad])


def failures(system: System, counts: dict[str, Counts], requests: Counts | None) -> tuple[int, int]:
    """Return how few and how many requests can have failed in the one bucket."""
    found = system.request_bounds(counts, requests=requests)
    return int(found.best.bad[0]), int(found.worst.bad[0])


@given(st.data(), st.booleans())
def test_requests_fail_between_the_two_answers(data: st.DataObject, again: bool) -> None:
    """Each request fails, passes or does not go to each part; however they fall, the truth is inside."""
    shape = data.draw(shapes(again=again))
    letters = sorted(set(letters_of(shape)))
    number = data.draw(st.integers(0, 8))
    # What a request would find at a part, and whether it was seen there.
    found = [{letter: data.draw(st.booleans()) for letter in letters} for _ in range(number)]
    seen = [{letter: data.draw(st.sampled_from((True, True, False))) for letter in letters} for _ in range(number)]
    counts = {
        letter: one_bucket(
            sum(one[letter] for one in seen),
            sum(one[letter] and not up[letter] for one, up in zip(seen, found, strict=True)),
        )
        for letter in letters
    }
    few, many = failures(built(shape), counts, one_bucket(number, 0))
    assert few <= sum(not is_up(shape, up) for up in found) <= many


@given(st.data())
def test_both_answers_can_have_happened(data: st.DataObject) -> None:
    """Among all ways in which so many requests can have failed at each part are some that give either answer."""
    shape = data.draw(shapes(LETTERS[:3]))
    letters = sorted(set(letters_of(shape)))
    number = data.draw(st.integers(1, 4))
    bad = {letter: data.draw(st.integers(0, number)) for letter in letters}
    few, many = failures(built(shape), {letter: one_bucket(number, bad[letter]) for letter in letters}, None)
    # Which requests failed at each part; one bit a request.
    ways = [[mask for mask in range(2**number) if mask.bit_count() == bad[letter]] for letter in letters]
    outcomes = set()
    for way in product(*ways):
        masks = dict(zip(letters, way, strict=True))
        outcomes.add(
            sum(
                not is_up(shape, {letter: not masks[letter] >> request & 1 for letter in letters})
                for request in range(number)
            )
        )
    assert (min(outcomes), max(outcomes)) == (few, many)


@given(st.data())
def test_great_numbers_of_requests_are_exact(data: st.DataObject) -> None:
    """Where sums over parts leave int64, the two answers are those of Python integers."""
    most = 2**63 - 1
    bad = [data.draw(st.integers(0, 9) | st.integers(most - 9, most) | st.integers(0, most)) for _ in range(3)]
    counts = {letter: one_bucket(most, n) for letter, n in zip("abc", bad, strict=True)}
    parts = [Part(letter) for letter in "abc"]
    assert failures(all_of("x", *parts), counts, None) == (max(bad), min(most, sum(bad)))
    assert failures(any_of("x", *parts), counts, None) == (max(0, sum(bad) - 2 * most), min(bad))


# --- attribution ----------------------------------------------------------------------------------------------------


@given(st.data(), st.booleans())
def test_bad_events_fall_into_four_that_add_up(data: st.DataObject, by_group: bool) -> None:
    """Every bad event at the front is counted once: own, alone, together or unattributed, as loops over buckets say."""
    shape = data.draw(shapes())
    system = built(shape, slice_target="0.9")
    letters = sorted(part.name for part in system.parts)
    counts = data.draw(evidence(letters, holes=True))
    size = next(iter(counts.values())).timeline.size
    bad = [data.draw(st.integers(0, 10)) for _ in range(size)]
    front = Counts.from_buckets(start="2026-01-01T00:00Z", step="1m", bad=bad, total=[10] * size)
    found = system.attribute(front, counts, by="group" if by_group else "part")
    expected: dict[Any, int] = {}
    for bucket in range(size):
        states = {letter: known_state(counts[letter], bucket) for letter in letters}
        things: dict[str, set[bool]] = {}
        for i, node in enumerate(shape[1]):
            inner = node[1] if node[0] == "optional" else node
            of = sorted(set(letters_of(inner)))
            open_ = [letter for letter in of if states[letter] is None]
            name = inner[1] if inner[0] == "part" else f"top{i}"
            things[name] = {is_up(inner, {**states, **filled}) for filled in joint_states(open_)}  # type: ignore[dict-item]
        if not by_group:
            things = {letter: {True, False} if up is None else {up} for letter, up in states.items()}
        down = tuple(sorted(name for name, ends in things.items() if ends == {False}))
        doubt = any(len(ends) == 2 for ends in things.values())
        key: Any = down if len(down) > 1 else "?" if doubt else down
        expected[key] = expected.get(key, 0) + bad[bucket]
    assert found.total_bad == sum(bad)
    assert found.own == expected.get((), 0)
    assert found.unattributed == expected.get("?", 0)
    assert {(name,): lost for name, lost in found.upstream if lost} == {
        key: lost for key, lost in expected.items() if len(key) == 1 and key != "?" and lost
    }
    assert {tuple(sorted(names)): lost for names, lost in found.together if lost} == {
        key: lost for key, lost in expected.items() if len(key) > 1 and lost
    }


# --- alignment ------------------------------------------------------------------------------------------------------


@given(st.data())
def test_parts_of_other_steps_are_summed_into_the_widest_and_cut_to_what_all_cover(data: st.DataObject) -> None:
    """Bucket by bucket the system is what sums over minutes of each part say, on the edges of the widest buckets."""
    minute = 60 * 10**9
    phase, widths = data.draw(st.integers(0, 5)), (1, 2, 6)
    raw: dict[str, dict[int, int]] = {}
    counts: dict[str, Counts] = {}
    for letter, width in zip("abc", widths, strict=True):
        start = phase + width * data.draw(st.integers(-3, 3)) * (6 if width == 6 else 1)
        size = data.draw(st.integers(1, 20))
        bad = [data.draw(st.sampled_from((0, 0, 0, 1))) for _ in range(size)]
        raw[letter] = {start + width * i: lost for i, lost in enumerate(bad)}
        counts[letter] = Counts.from_buckets(
            start=np.datetime64(start * minute, "ns"), step=f"{width}m", bad=bad, total=[1] * size
        )

    def edge(at: int) -> int:
        return at - (at - phase) % 6

    starts = [edge(min(buckets)) for buckets in raw.values()]
    ends = [edge(max(buckets)) + 6 for buckets in raw.values()]
    assume(max(starts) < min(ends))
    measured = all_of("x", *(Part(letter, slice_target=1) for letter in "abc")).measure(counts)
    assert measured.counts.timeline.start == max(starts) * minute
    assert measured.counts.timeline.size == (min(ends) - max(starts)) // 6
    for bucket in range(measured.counts.timeline.size):
        first = max(starts) + 6 * bucket
        lost = sum(bad for buckets in raw.values() for at, bad in buckets.items() if edge(at) == first)
        assert int(measured.counts.bad[bucket]) == (lost > 0)
    whole = measured.alignment.timeline
    said = dict(measured.alignment.changes)
    for letter, width in zip("abc", widths, strict=True):
        assert ("summed" in said.get(letter, "")) is (width < 6)
        assert ("cut before" in said.get(letter, "")) is (min(raw[letter]) * minute < whole.start)
        assert ("cut behind" in said.get(letter, "")) is ((max(raw[letter]) + width) * minute > whole.end)
