"""Events and counters against brute force: plain loops over Python integers, written from the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slokit import Counts
from slokit.counts import tally
from slokit.errors import InvalidCounts

UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True)
class Stream:
    """Events as a caller brings them, and what was asked for; lengths in nanoseconds."""

    unit: str
    stamps: list[int]
    good: list[bool]
    valid: list[bool] | None
    by: list[str] | None
    weights: list[int] | None
    step: int
    start: int | None
    end: int | None
    max_gap: int | None

    @property
    def instants(self) -> list[int]:
        """Return the timestamps in nanoseconds."""
        return [stamp * UNITS[self.unit] for stamp in self.stamps]

    @property
    def span(self) -> tuple[int, int]:
        """Return the edges that the timeline must have."""
        phase = 0 if self.start is None else self.start % self.step
        low = min(self.instants, default=0 if self.end is None else self.end)
        start = (low - phase) // self.step * self.step + phase if self.start is None else self.start
        if self.end is not None:
            return start, self.end
        high = max(self.instants, default=start - 1)
        return start, start + ((high - start) // self.step + 1) * self.step

    def count(self, threads: int, *, as_dates: bool) -> Counts:
        """Return what the library makes of it."""
        stamps = np.array(self.stamps, np.int64)
        return Counts.from_events(
            stamps.view(f"M8[{self.unit}]") if as_dates else stamps,
            np.array(self.good, np.bool_ if as_dates else np.int8),
            step=length(self.step),
            unit=None if as_dates else self.unit,
            valid=self.valid,
            by=None if self.by is None else {"tenant": self.by},
            weights=self.weights,
            start=None if self.start is None else np.datetime64(self.start, "ns"),
            end=None if self.end is None else np.datetime64(self.end, "ns"),
            max_gap=None if self.max_gap is None else length(self.max_gap),
            threads=threads,
        )


def length(nanoseconds: int) -> np.timedelta64:
    """Return a duration as the library takes it."""
    return np.timedelta64(nanoseconds, "ns")


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Draw events in order or not, early or late, dense or with silences."""
    unit = draw(st.sampled_from(sorted(UNITS)))
    tick = UNITS[unit]
    # 1.5 ticks: edges that lie between two ticks of the column.
    step = draw(st.sampled_from((tick, 7 * tick, 60 * tick, 500 * tick, max(3 * tick // 2, 1))))
    number = draw(st.sampled_from((0, 1, 2, 8, 40)))
    base = draw(st.sampled_from((0, -1000, 10**6)))
    width = draw(st.sampled_from((3, 100, 2000)))
    stamps = [base + n for n in draw(st.lists(st.integers(0, width), min_size=number, max_size=number))]
    if draw(st.booleans()):
        stamps.sort()

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=number, max_size=number))

    start = end = None
    if draw(st.booleans()):
        start = min(stamps, default=0) * tick - draw(st.integers(0, 3)) * tick
    if draw(st.booleans()):
        phase = 0 if start is None else start % step
        first = max(stamps, default=0) * tick + 1
        end = first + (phase - first) % step + draw(st.integers(0, 3)) * step
        end = max(end, end if start is None else start)
    return Stream(
        unit,
        stamps,
        column(st.booleans()),
        column(st.booleans()) if draw(st.booleans()) else None,
        column(st.sampled_from("abc")) if draw(st.booleans()) else None,
        column(st.integers(0, 5)) if draw(st.booleans()) else None,
        step,
        start,
        end,
        draw(st.none() | st.sampled_from((1, tick, 5 * tick, 60 * tick, 1000 * tick))),
    )


def by_hand(stream: Stream, mine: list[int]) -> tuple[list[int], list[int], list[bool]]:
    """Count the events of one series: bad, total, observed."""
    start, end = stream.span
    size = (end - start) // stream.step
    bad, total = [0] * size, [0] * size
    for i in mine:
        bucket = (stream.instants[i] - start) // stream.step
        if stream.valid is None or stream.valid[i]:
            weight = 1 if stream.weights is None else stream.weights[i]
            total[bucket] += weight
            bad[bucket] += 0 if stream.good[i] else weight
    observed = [True] * size
    if stream.max_gap is not None:
        heard = sorted(stream.instants[i] for i in mine)
        for k in range(size):
            first, stop = start + k * stream.step, start + (k + 1) * stream.step
            before = max((t for t in heard if t < first), default=start)
            behind = min((t for t in heard if t >= stop), default=end)
            alone = not any(first <= t < stop for t in heard)
            observed[k] = not (alone and behind - before > stream.max_gap)
    return bad, total, observed


@settings(max_examples=200)
@given(streams(), st.integers(1, 3), st.booleans())
def test_events_are_counted_as_by_hand(stream: Stream, threads: int, as_dates: bool) -> None:
    """Whatever the order, the unit, the series, the weights and the silences: bucket by bucket the same."""
    counts = stream.count(threads, as_dates=as_dates)
    assert (counts.timeline.start, counts.timeline.end) == stream.span
    names: list[str | None] = [None] if stream.by is None else [*sorted(set(stream.by))]
    assert counts.labels == ({} if stream.by is None else {"tenant": tuple(names)})
    for name in names:
        mine = [i for i in range(len(stream.stamps)) if stream.by is None or stream.by[i] == name]
        row = counts if name is None else counts.sel(tenant=name)
        assert (row.bad.tolist(), row.total.tolist(), row.observed.tolist()) == by_hand(stream, mine)


@given(st.data(), st.booleans(), st.integers(1, 3))
def test_both_ways_of_counting_agree(data: st.DataObject, masked: bool, threads: int) -> None:
    """Bisection with bit counts, histograms and add.at are one function, in chunks and threads of any size."""
    size = data.draw(st.sampled_from((64, 65, 200, 1000)))
    buckets = data.draw(st.sampled_from((1, 2, 7, 30)))
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    grid = tally.Grid(int(rng.integers(-100, 100)), int(rng.integers(1, 9)), buckets)
    # Squeezed to the left, so that many buckets stay empty and some hold nearly all.
    spread = rng.random(size) ** data.draw(st.sampled_from((1, 5)))
    ticks = grid.start + np.sort((spread * grid.step * buckets).astype(np.int64))
    good, valid = rng.random(size) < 0.8, (rng.random(size) < 0.7) if masked else None
    expected = [[0] * buckets, [0] * buckets]
    for tick, flag, counts in zip(
        ticks.tolist(), good.tolist(), [True] * size if valid is None else valid, strict=True
    ):
        if counts:
            expected[1][(tick - grid.start) // grid.step] += 1
            expected[0][(tick - grid.start) // grid.step] += not flag
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "CHUNK", data.draw(st.sampled_from((16, 48, 4096))))
        patch.setattr(tally, "PIECE", data.draw(st.sampled_from((16, 33, 2**20))))
        patch.setattr(tally, "SAMPLE", data.draw(st.sampled_from((32, 128, 512))))
        patch.setattr(tally, "EVENTS_AN_EDGE", data.draw(st.sampled_from((0, 10**9))))
        assert tally.extent(ticks, threads) == (ticks.min(), ticks.max(), True)
        shuffled = rng.permutation(size)
        assert tally.extent(ticks[shuffled], threads)[:2] == (ticks.min(), ticks.max())
        for order, ordered in ((slice(None), True), (slice(None), False), (shuffled, False)):
            seen = None if valid is None else valid[order]
            bad, total = tally.tally(ticks[order], grid, good[order], valid=seen, ordered=ordered, threads=threads)
            assert [bad[0].tolist(), total[0].tolist()] == expected


@given(streams(), st.integers(0, 40))
def test_shards_of_a_stream_add_up_to_the_whole(stream: Stream, cut: int) -> None:
    """Counting two parts of the events and adding is counting all of them, given one timeline and one set of labels."""
    start, end = (np.datetime64(instant, "ns") for instant in stream.span)
    stamps = np.array(stream.stamps, np.int64)

    def part(piece: slice) -> Counts:
        codes = None if stream.by is None else np.array(["abc".index(label) for label in stream.by], np.int64)[piece]
        return Counts.from_events(
            stamps[piece],
            np.array(stream.good, np.bool_)[piece],
            unit=stream.unit,
            step=length(stream.step),
            by=None if codes is None else {"tenant": (codes, ["a", "b", "c"])},
            start=start,
            end=end,
        )

    assert part(slice(0, cut)) + part(slice(cut, None)) == part(slice(None))


# --- counters -------------------------------------------------------------------------------------------------------


@st.composite
def scrapes(draw: st.DrawFn) -> tuple[list[int], list[float], list[float]]:
    """Draw samples of errors and requests: rising, restarting, missing, and sometimes read in the wrong order."""
    number = draw(st.integers(0, 12))
    stamps = draw(st.lists(st.integers(-200, 200), min_size=number, max_size=number, unique=True))
    bad, total = [], []
    errors = requests = 0
    for _ in range(number):
        if draw(st.integers(0, 4)) == 0:
            errors = requests = 0
        grown = draw(st.integers(0, 5))
        requests += grown
        errors += draw(st.integers(0, grown + (draw(st.integers(0, 9)) == 0)))
        missing = draw(st.sampled_from(("no",) * 6 + ("bad", "total", "both")))
        bad.append(np.nan if missing in ("bad", "both") else float(errors))
        total.append(np.nan if missing in ("total", "both") else float(requests))
    # Samples belong to their instants, whatever order they are brought in.
    order = sorted(range(number), key=lambda i: stamps[i])
    stamps = [stamps[i] for i in order]
    shuffled = draw(st.permutations(range(number)))
    return [stamps[i] for i in shuffled], [bad[i] for i in shuffled], [total[i] for i in shuffled]


def increases_by_hand(
    stamps: list[int], bad: list[float], total: list[float], carry: bool
) -> list[tuple[int, int, int]] | None:
    """Return (instant, bad, total) of each increase, or None where the pair conflicts and nothing may be carried."""
    found, before, waiting = [], None, 0
    for at, b, t in sorted(zip(stamps, bad, total, strict=True)):
        if np.isnan(b) or np.isnan(t):
            continue
        if before is not None:
            restarted = b < before[0] or t < before[1]
            more_bad = int(b if restarted else b - before[0])
            more = int(t if restarted else t - before[1])
            if more_bad > more and not carry:
                return None
            counted = min(more_bad + waiting, more)
            waiting = more_bad + waiting - counted
            found.append((at, counted, more))
        before = (b, t)
    return found


@settings(max_examples=200)
@given(scrapes(), st.sampled_from((1, 7, 60)), st.booleans())
def test_counters_are_read_as_by_hand(
    samples: tuple[list[int], list[float], list[float]], step: int, carry: bool
) -> None:
    """Baselines, restarts of either, missing samples, any order; conflicts refused, or carried."""
    stamps, bad, total = samples
    increases = increases_by_hand(stamps, bad, total, carry)

    def read() -> Counts:
        return Counts.from_counters(
            np.array(stamps, np.int64),
            bad=bad,
            total=total,
            unit="s",
            step=f"{step}s",
            on_conflict="carry" if carry else "raise",
        )

    if increases is None:
        with pytest.raises(InvalidCounts, match="must not rise by more than total"):
            read()
        return
    counts = read()
    if stamps:
        assert counts.timeline.start == min(stamps) // step * step * 10**9
        assert counts.timeline.size == max(stamps) // step - min(stamps) // step + 1
    expected = [[0, 0] for _ in range(counts.timeline.size)]
    for at, more_bad, more in increases:
        bucket = at // step - min(stamps) // step
        expected[bucket][0] += more_bad
        expected[bucket][1] += more
    assert [list(pair) for pair in zip(counts.bad.tolist(), counts.total.tolist(), strict=True)] == expected
    assert counts.observed.all()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_good_and_bad_counters_need_no_total(rises: list[tuple[int, int]]) -> None:
    """Good with bad, good with total and bad with total are three ways to say the same."""
    rises = [(0, 0), *rises]
    good, bad = np.cumsum([g for g, _ in rises]), np.cumsum([b for _, b in rises])
    stamps = np.arange(len(rises)) * 15
    ways = [
        Counts.from_counters(stamps, unit="s", step="1m", **pair)
        for pair in ({"good": good, "bad": bad}, {"good": good, "total": good + bad}, {"bad": bad, "total": good + bad})
    ]
    assert ways[0] == ways[1] == ways[2]
    assert int(ways[0].total.sum()) == int((good + bad)[-1])
