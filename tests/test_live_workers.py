"""Transitions where several processes share a store: each of them judges the same whole and calls back once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from slokit import SLI, SLO, Policy, Rule, State
from slokit.conditions import BudgetBelow, Exhausted
from slokit.live import ManualClock, Monitor
from tests.conftest import ROOT

START = "2026-01-01T00:00Z"
SLO_ = SLO("checkout", sli=SLI.ratio("up"), target="90%", window="10m")
FREEZE = Policy(
    "freeze",
    states=[State("calm"), State("frozen", blocks=["deploy"])],
    rules=[Rule("frozen", Exhausted(), until=~BudgetBelow("50%"))],
)
# Good and bad events of each of four processes, minute by minute: no process alone sees what all of them do.
MINUTES = [
    [(90, 0), (90, 0), (90, 0), (90, 0)],
    [(90, 0), (90, 0), (90, 0), (0, 90)],
    [(10, 0), (10, 90), (10, 0), (10, 0)],
    [(10, 0), (10, 0), (10, 0), (10, 0)],
    *[[(900, 0), (0, 0), (0, 0), (0, 0)]] * 4,
    [(0, 0), (0, 9_000), (0, 0), (0, 0)],
    [(1, 0), (1, 0), (1, 0), (1, 0)],
    [(1, 0), (1, 0), (1, 0), (1, 0)],
]


def serve(place: str, number: int) -> None:
    """Be one process: do what each line of the input says, and tell of each transition that is called back."""
    clock = ManualClock(START)
    heard: list[str] = []
    with Monitor(SLO_, policy=FREEZE, clock=clock, store=place) as monitor:
        monitor.on_transition(lambda change: heard.append(f"{change.time:%H:%M} {change.before} {change.after}"))
        for line in sys.stdin:
            if line == "advance\n":
                clock.advance("1m")
            elif line == "flush\n":
                monitor.flush()
            elif line == "decide\n":
                monitor.decision()
            else:
                good, bad = MINUTES[int(line)][number]
                monitor.add(good=good, bad=bad)
            sys.stdout.write(f"{line.strip()}\n")
            sys.stdout.flush()
    sys.stdout.write(";".join(heard) + "\n")


def test_each_process_calls_back_once_of_each_transition(tmp_path: Path) -> None:
    """The same transitions in each, in the same order, although none saw the others' events itself."""
    command = [sys.executable, "-m", "tests.test_live_workers", str(tmp_path / "slo.db")]
    workers = [
        subprocess.Popen([*command, str(n)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(4)
    ]

    def everybody(line: str) -> None:
        for worker in workers:
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(f"{line}\n")
            worker.stdin.flush()
            assert worker.stdout.readline() == f"{line}\n"

    for minute in range(len(MINUTES)):
        for line in (str(minute), "flush", "advance", "decide", "decide"):
            everybody(line)
    everybody("advance")
    everybody("decide")
    said = [worker.communicate(timeout=30)[0].strip() for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4
    assert said == [said[0]] * 4
    # What one process that saw everything says.
    clock = ManualClock(START)
    heard: list[str] = []
    whole = Monitor(SLO_, policy=FREEZE, clock=clock)
    whole.on_transition(lambda change: heard.append(f"{change.time:%H:%M} {change.before} {change.after}"))
    for events in MINUTES:
        whole.add(good=sum(good for good, _ in events), bad=sum(bad for _, bad in events))
        clock.advance("1m")
        whole.decision()
    assert said[0].split(";") == heard
    assert [change.split()[2] for change in heard] == ["calm", "frozen", "calm", "frozen"]


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
