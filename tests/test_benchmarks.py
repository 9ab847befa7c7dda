"""The benchmarks measure what they say, with no peer but numpy; ``pytest benchmarks`` asks the others.

Nothing here judges a time: that is what the table is for.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import counting, masks, startup, sweeps, windows
from benchmarks import fleet as fleets
from benchmarks.__main__ import main
from benchmarks.evidence import Events, Fleet, events, fleet
from benchmarks.table import Bar, Benchmark, Line, as_markdown, as_text, lines
from benchmarks.timing import Contender, Timings, interleave


def test_contenders_take_turns() -> None:
    """In every round each contender runs twice in succession, and its second run is what counts."""
    ran: list[str] = []
    timings = interleave([Contender(name, lambda name=name: ran.append(name)) for name in "abc"], rounds=4)  # type: ignore[misc]
    assert {name: len(times) for name, times in timings.rounds.items()} == {"a": 4, "b": 4, "c": 4}
    turns = list(zip(ran[::2], ran[1::2], strict=True))
    assert all(first == second for first, second in turns)
    assert all({name for name, _ in turns[at : at + 3]} == {"a", "b", "c"} for at in range(0, 12, 3))


def test_the_order_of_turns_changes() -> None:
    """Nobody always runs after the same neighbour."""
    ran: list[str] = []
    interleave([Contender(name, lambda name=name: ran.append(name)) for name in "abc"], rounds=6)  # type: ignore[misc]
    assert len({tuple(ran[at : at + 6 : 2]) for at in range(0, 36, 6)}) >= 3


def test_ratios_are_formed_within_rounds() -> None:
    """A round in which everything is slow does not move the ratio."""
    timings = Timings({"ours": [1.0, 10.0, 1.0], "theirs": [3.0, 30.0, 3.0]})
    assert timings.ratio("theirs", "ours") == 3
    assert timings.difference("theirs", "ours") == 2


def test_times_are_per_unit() -> None:
    """A contender that does twice the work in the same time shows half of it."""
    timings = interleave([Contender("one", list, 1.0), Contender("many", list, 1e9)], rounds=3)
    assert 0 < timings.median("many") < timings.median("one")


@pytest.mark.parametrize(
    ("bar", "figure", "text", "met"),
    [
        (Bar("us", "it", "at most", 2.0), 0.5, "0.50x", True),
        (Bar("us", "it", "at most", 0.4), 0.5, "0.50x", False),
        (Bar("us", "it", "at least", 2.0), 2.0, "2.00x", True),
        (Bar("us", "it", "at least", 3.0), 2.0, "2.00x", False),
        (Bar("us", "it", "at least"), 2.0, "2.00x", None),
        (Bar("us", "it", "plus", 45.0), -10.0, "-10 ms", True),
        (Bar("it", "us", "plus", 5.0), 10.0, "+10 ms", False),
    ],
)
def test_a_bar_is_kept_or_missed(bar: Bar, figure: float, text: str, met: bool | None) -> None:
    """Each kind of promise reads its figure the right way round."""
    timings = Timings({"us": [10e6], "it": [20e6]})
    assert bar.figure(timings) == figure
    assert bar.text(figure) == text
    assert bar.holds(figure) is met


def _two_lines() -> tuple[Benchmark, list[Line]]:
    benchmark = Benchmark(
        title="Adding up",
        unit="event",
        contenders=[],
        bars=[Bar("us", "floor", "at most", 1.5), Bar("us", "peer", "at least", 4.0), Bar("us", "absent", "at least")],
        notes=["Floor: nothing."],
    )
    return benchmark, list(lines(benchmark, Timings({"us": [2.0], "floor": [1.0], "peer": [12_345.0]})))


def test_the_table_shows_bars_and_whether_they_are_met() -> None:
    """A missed bar cannot be overlooked, and a peer that is not installed has no line."""
    benchmark, found = _two_lines()
    assert [line.met for line in found] == [False, True]
    text = as_text(benchmark, found)
    assert "Adding up (times per event)" in text
    assert "us      2.00 ns  floor    1.00 ns  2.00x  <= 1.5x  NO" in text
    assert "us      2.00 ns  peer     12.3 µs  6172x    >= 4x  yes" in text
    assert "Floor: nothing." in text
    assert "absent" not in text


def test_the_page_has_the_same_table() -> None:
    """What is kept in the documentation is what was printed."""
    benchmark, found = _two_lines()
    page = as_markdown(benchmark, found)
    assert page.startswith("## Adding up\n")
    assert "| us | 2.00 ns | floor | 1.00 ns | 2.00x | <= 1.5x | NO |" in page


@pytest.fixture(scope="module")
def some() -> Fleet:
    """Return a small fleet with a silence."""
    made = fleet(4, 10_000)
    for counts in (made.bad, made.total):
        counts[:2, 3_000:3_700] = 0
    return made


def test_evidence_comes_from_a_seed(some: Fleet) -> None:
    """Two runs measure the same work, and it is evidence: bad events are among all events."""
    assert (fleet(3, 500).bad == fleet(3, 500).bad).all()
    assert (events(1_000).times == events(1_000).times).all()
    assert ((some.bad >= 0) & (some.bad <= some.total)).all()


def test_the_masks_are_exact_at_boundaries(some: Fleet) -> None:
    """The evidence meets thresholds exactly, and there slokit answers as integers do."""
    assert (masks.ours(some) == masks.exact(some)).all()
    long_after_the_silence = masks.at_boundary(some)[..., 5_000:]
    assert long_after_the_silence.any()


@pytest.mark.parametrize(
    ("rows", "differences"),
    [(windows.PEERS, windows.differences), (masks.PEERS, masks.differences)],
    ids=["windows", "masks"],
)
def test_numpy_gives_the_same_answers(rows, differences, some: Fleet) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """The one peer that is always there does the same work."""
    (peer,) = (peer for peer in rows if peer.package == "numpy")
    assert differences(peer, some) == 0
    assert np.any(peer.answer(some) > 0)


def test_numpy_gives_the_same_answers_to_a_sweep() -> None:
    """One setting after another, it counts the same alarms and finds the same incidents at the same minute."""
    some = sweeps.work(12_960)
    (peer,) = (peer for peer in sweeps.PEERS if peer.package == "numpy")
    assert sweeps.differences(peer, some) == 0
    episodes, false, minutes = zip(*peer.prepare((some, some.sample(40)))(), strict=True)
    assert 0 < sum(false) < sum(episodes)
    assert len({minute for row in minutes for minute in row}) > 10


@pytest.mark.parametrize("stream", [events(3_000, days=3), events(3_000, days=3).shuffled()], ids=["sorted", "not"])
def test_counts_are_what_a_loop_counts(stream: Events) -> None:
    """What the events benchmark compares peers with is right."""
    found: dict[int, list[int]] = {}
    for time, good in zip(stream.times.view(np.int64).tolist(), stream.good.tolist(), strict=True):
        cell = found.setdefault(time // 60_000_000_000, [0, 0])
        cell[0] += not good
        cell[1] += 1
    assert counting.ours(stream).tolist() == [[minute, *found[minute]] for minute in sorted(found)]


def test_peers_of_a_tick_judge_the_same() -> None:
    """What the fleet's tick is compared with does the same work, and something fires."""
    work = fleets.Work(60)
    found = work.fleet.tick().firing
    assert found.any()
    assert not found.all(axis=1).any()
    assert fleets.plainly(work.bad, work.total).tolist() == found.tolist()


def test_what_makes_work_is_not_timed() -> None:
    """It is done before each run, and once for each."""
    done: list[str] = []
    interleave([Contender("x", lambda: done.append("run"), before=lambda: done.append("before"))], rounds=2)
    assert done == ["before", "run"] * 4


def test_memory_is_a_row_of_sizes() -> None:
    """A size stands in the table as one, and is held against its bar."""
    benchmark = fleets.memory(200)
    assert benchmark.sizes is not None
    found = list(lines(benchmark, Timings({name: [size] for name, size in benchmark.sizes.items()})))
    assert [line.met for line in found] == [True, None]
    assert "(sizes per SLO)" in as_text(benchmark, found)
    assert "40.0 KB" in as_text(benchmark, found)
    assert "| size |" in as_markdown(benchmark, found)


def test_importing_slokit_loads_nothing_but_its_dependencies() -> None:
    """No extra is imported before it is used, also not one that happens to be installed."""
    assert startup.foreign_modules() <= {"slokit", "numpy", "attr", "attrs", "typing_extensions"}


def test_the_profile_of_the_import_names_modules() -> None:
    """When the import row misses its bar, the note beside it says which module to look at."""
    named = dict(startup.slowest(200))
    assert {"attr._make", "slokit.slo"} <= named.keys()
    assert "numpy" not in named
    assert all(taken >= 0 for taken in named.values())


def test_the_command_prints_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One command measures and prints; its exit status says whether a bar was missed."""
    monkeypatch.setenv("POLARS_MAX_THREADS", "1")  # so that what the command sets is undone
    status = main(["--only", "import", "--rounds", "1"])
    printed = capsys.readouterr().out
    assert "import slokit; slokit.SLO; slokit.Counts" in printed
    assert "<= +45 ms" in printed
    assert status == ("all bars met" not in printed)
