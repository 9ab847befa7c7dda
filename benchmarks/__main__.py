"""The command: ``python -m benchmarks`` measures every row and prints the table."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from benchmarks import counting, growth, masks, policies, recording, startup, sweeps, windows
from benchmarks import fleet as fleets
from benchmarks.evidence import events, fleet
from benchmarks.peers import Peer, limit_cores
from benchmarks.table import Benchmark, Line, as_markdown, as_text, lines
from benchmarks.timing import Timings, interleave

Evidence = TypeVar("Evidence")


def _rows(quick: bool, threads: int) -> dict[str, Sequence[Callable[[], Benchmark]]]:
    """Return how each row is set up: one at a time, so that only its own evidence is in memory."""
    rows, many = (20, 1_000_000) if quick else (200, 10_000_000)
    return {
        "windows": [lambda: windows.benchmark(rows, threads=threads)],
        "masks": [lambda: masks.benchmark(rows, threads=threads)],
        "events": [lambda: counting.in_order(many, threads), lambda: counting.in_any_order(many, threads)],
        "import": [startup.benchmark],
        "policies": [lambda: policies.benchmark(max(2, rows // 10))],
        "sweeps": [lambda: sweeps.benchmark(129_600 if not quick else 12_960)],
        "recording": [recording.benchmark],
        "fleet": [lambda: fleets.benchmark(rows * 50), fleets.memory],
        "growth": [lambda: growth.benchmark(rows, many=many)],
    }


def _machine() -> str:
    peers: dict[str, Peer] = {
        peer.package: peer
        for peer in (*windows.PEERS, *masks.PEERS, *counting.IN_ORDER, *counting.IN_ANY_ORDER)
        if peer.package != "numpy" and peer.installed
    }
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return ", ".join(
        [
            f"{cores} cores ({platform.machine()}, {platform.system()})",
            f"Python {platform.python_version()}",
            f"numpy {np.__version__}",
            *(peers[name].version for name in sorted(peers)),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 if a bar is missed."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--only", metavar="ROW", action="append", choices=list(_rows(True, 1)), help="of %(choices)s")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work; the bars are meant for all of it")
    parser.add_argument("--rounds", type=int, default=9, help="how often each contender runs (default %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of slokit and of the peers (default %(default)s)")
    parser.add_argument("--markdown", action="store_true", help="print sections of the page")
    asked = parser.parse_args(arguments)
    limit_cores(asked.threads)
    print(f"{_machine()}; each on {asked.threads}, medians of {asked.rounds} interleaved rounds\n", flush=True)
    _check()
    rows = _rows(asked.quick, asked.threads)
    missed = 0
    for name in asked.only or rows:
        for setup in rows[name]:
            missed += _report(setup(), asked.rounds, as_markdown if asked.markdown else as_text)
    print(f"{missed} bars missed" if missed else "all bars met")
    return int(missed > 0)


def _check() -> None:
    """Compare the answers of all peers with slokit's, on less evidence than is timed.

    Raises
    ------
    AssertionError
        If one differs: what does something else is no peer.
    """
    some, few = fleet(4, 20_000), events(100_000, days=2)
    wrong = [
        f"{peer.name}: {n:,} burn rates" for peer in windows.PEERS if (n := _asked(windows.differences, peer, some))
    ]
    wrong += [f"{peer.name}: {n:,} verdicts" for peer in masks.PEERS if (n := _asked(masks.differences, peer, some))]
    for peers, stream in ((counting.IN_ORDER, few), (counting.IN_ANY_ORDER, few.shuffled())):
        wrong += [f"{peer.name}: {n:,} counts" for peer in peers if (n := _asked(counting.differences, peer, stream))]
    short = sweeps.work(12_960)
    wrong += [f"{peer.name}: {n:,} settings" for peer in sweeps.PEERS if (n := _asked(sweeps.differences, peer, short))]
    assert not wrong, f"answers differ from slokit's: {'; '.join(wrong)}"


def _asked(differences: Callable[[Peer, Evidence], int], peer: Peer, evidence: Evidence) -> int:
    return differences(peer, evidence) if peer.installed else 0


def _report(benchmark: Benchmark, rounds: int, write: Callable[[Benchmark, Sequence[Line]], str]) -> int:
    """Measure and print one row; return how many bars it misses."""
    if benchmark.sizes is None:
        measured = interleave(benchmark.contenders, rounds * benchmark.repeat)
    else:
        measured = Timings({name: [size] for name, size in benchmark.sizes.items()})
    table = list(lines(benchmark, measured))
    print(write(benchmark, table), flush=True)
    return sum(line.met is False for line in table)


if __name__ == "__main__":
    sys.exit(main())
