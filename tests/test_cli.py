from __future__ import annotations

import errno
import gzip
import io
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slokit.__main__ import main
from tests.commands import Command
from tests.conftest import ROOT

SAMPLE = str(ROOT / "docs" / "data" / "checkout.csv")
GOOD = "2026-06-01T00:00:00Z,1\n"
BAD = "2026-06-01T00:00:30Z,0\n"


class Run(Command):
    """Runs ``slokit report``."""

    def __call__(self, *arguments: str, events: str | bytes | None = None) -> int:
        """Run ``slokit report``; with ``events``, on a file that holds them under a header ``time,good``."""
        head = []
        if events is not None:
            path = self.folder / "events.csv"
            path.write_bytes(events if isinstance(events, bytes) else b"time,good\n" + events.encode())
            head = [str(path)]
        return self.run("report", *head, *arguments)

    def report(self) -> Any:
        """Return the only report of JSON output."""
        (report,) = self.data()["reports"]
        return report


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a runner of commands, none of which is told how wide its output may be."""
    monkeypatch.delenv("COLUMNS", raising=False)
    return Run(capsys, tmp_path)


# --- the sample -----------------------------------------------------------------------------------------------------


def test_the_first_command_of_the_readme_works(run: Run) -> None:
    """The sample says how it fares: what was put into it is what is found."""
    assert run(SAMPLE, "--target", "99.9%", "--window", "30d") == 0
    assert "MET · 31% budget left" in run.out
    assert "2026-06-14 02:20 – 03:20" in run.out
    assert "2026-06-21 04:00 – 05:10 (1h10m)" in run.out
    assert not run.err


def test_the_sample_is_what_its_page_says(run: Run) -> None:
    """A month of five-minute buckets, of which fourteen are missing; small enough to be looked into."""
    assert Path(SAMPLE).stat().st_size < 300_000
    run(SAMPLE, "--target", "99.9%", "--json")
    data = run.report()
    assert data["window_start"] == "2026-06-01T00:00:00Z"
    assert data["holes"]["buckets"] == 14
    assert data["total"] == 1_707_692


def test_the_sample_can_be_made_again(tmp_path: Path) -> None:
    """The code on its page makes a file of the same rows; numbers may differ with numpy's release, and little."""
    page = (ROOT / "docs" / "data" / "README.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    made, kept = (
        np.loadtxt(path, delimiter=",", skiprows=1, usecols=(1, 2), dtype=int)
        for path in (tmp_path / "checkout.csv", SAMPLE)
    )
    assert made.shape == kept.shape
    assert made.sum() == pytest.approx(kept.sum(), rel=0.05)


def test_maintenance_can_be_left_out(run: Run) -> None:
    """Figures with and without, from one option."""
    assert run(SAMPLE, "--target", "99.9%", "--exclude", "2026-06-14T02:00Z/2026-06-14T03:30Z=maintenance") == 0
    assert "MET · 49% budget left" in run.out
    assert "2026-06-14 02:00 – 03:30 maintenance · 18 buckets, 312 bad of 1,056 events" in run.out
    assert "MET at 99.95%, 49% left; had they counted, MET at 99.93%, 31% left" in run.out


# --- exit statuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "events", "status"),
    [
        (("--target", "99%"), GOOD, 0),
        (("--target", "99%"), BAD, 0),
        (("--target", "99%", "--check"), GOOD, 0),
        (("--target", "99%", "--check"), GOOD + BAD, 1),
        (("--target", "50%", "--check"), GOOD + BAD, 0),
        (("--target", "99%", "--check", "--json"), BAD, 1),
        (("--target", "99%", "--check", "--end", "2026-08-01T00:00Z"), BAD, 3),
    ],
)
def test_check_makes_the_verdict_the_exit_status(run: Run, options: tuple[str, ...], events: str, status: int) -> None:
    """0 for met, 1 for missed, 3 for no data (silence is no success); without --check always 0."""
    assert run(*options, events=events) == status


def test_check_looks_at_every_series(run: Run) -> None:
    """One missed series is a miss, whatever the others; without one, a silent series is unknown."""
    rows = "2026-06-01T00:00Z,1,a\n2026-06-01T00:00Z,0,b\n"
    file = f"time,good,name\n{rows}".encode()
    assert run("--target", "50%", "--by", "name", "--check", events=file) == 1
    quiet = b"time,good,name,ok\n2026-06-01T00:00Z,1,a,1\n2026-06-01T00:00Z,1,b,0\n"
    assert run("--target", "50%", "--by", "name", "--valid", "ok", "--check", events=quiet) == 3
    assert "NO DATA" in run.out


# --- complaints -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "the objective is missing: --target 99.9%, or --slo FILE with definitions"),
        (("--target", "99.9"), 'target must be at least 0 and below 1, got 99.9; did you mean "99.9%" or 0.999?'),
        (("--target", "99%", "--window", "1M"), "--calendar month, quarter and year"),
        (("--target", "99%", "--window", "90s"), "window of 1m30s is no whole number of buckets of 1m"),
        (("--target", "99%", "--calendar", "fortnight"), "fortnight"),
        (("--target", "99%", "--tz", "Mars/Olympus"), "Mars/Olympus"),
        (("--target", "99%", "--at", "yesterday"), "argument --at: it must be ISO text"),
        (("--target", "99%", "--at", "2027-01-01T00:00Z"), "say so with --end"),
        (("--target", "99%", "--at", "2025-01-01T00:00Z"), "say so with --start"),
        (("--target", "99%", "--exclude", "2026-06-01"), "--exclude must be START/END or START/END=reason"),
        (("--target", "99%", "--exclude", "2026-06-02T00:00Z/2026-06-01T00:00Z"), "end must not be before start"),
        (
            ("--target", "99%", "--exclude", "2026-06-01/2026-06-02=x"),
            "--exclude 2026-06-01/2026-06-02=x: start must name",
        ),
        (
            ("--target", "99%", "--good", "ok"),
            "the good column 'ok' is not in the header; the columns are 'time', 'good'",
        ),
        (("--target", "99%", "--lt", "0.2"), "--lt compares a value: name its column with --value"),
        (("--target", "99%", "--value", "good"), "--value good needs what is good: --lt 0.2"),
        (("--target", "99%", "--value", "good", "--between", "1"), "must be LOW,HIGH"),
        (("--target", "99%", "--value", "good", "--lt", "fast"), "fast"),
        (("--target", "99%", "--timeslice", "1m"), "--timeslice-target 99%"),
        (("--target", "99%", "--missing", "perhaps"), "perhaps"),
        (("--target", "99%", "--missing", "bad"), "missing_events"),
        (
            ("--target", "99%", "--frobnicate"),
            "unrecognized arguments: --frobnicate; see python -m slokit --help",
        ),
        (("--target", "99%", "--by", "good, good"), "argument --by: names the column 'good' twice"),
        (("--target", "99%", "--tar"), "unrecognized arguments: --tar"),
        (("--target", "99%", "--only", "x", "--slo", "y.toml"), "--target and --slo both define the objective"),
    ],
)
def test_a_wrong_option_is_one_line(run: Run, options: tuple[str, ...], said: str) -> None:
    """What is wrong, what was given and how to mend it; exit status 2 and nothing on standard output."""
    assert run(*options, events=GOOD) == 2
    assert said in run.complaint()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "2026-06-01 00:00,1",
            "row 3, column 'time': '2026-06-01 00:00' names no time zone; write 2026-06-01 00:00Z, or",
        ),
        ("2026-06-01T00:00Z,maybe", "row 3, column 'good': 'maybe' is no flag; write 1 or 0, true or false"),
        ("2026-06-01T00:00Z", "row 3: it has 1 cells and the header 2"),
        ("2026-06-31T00:00Z,1", "row 3, column 'time': '2026-06-31T00:00Z' is no real date and time"),
        (
            "1780272000,1",
            "row 3, column 'time': '1780272000' is a bare number; say what it counts since 1970: --time-unit s",
        ),
        ("1700-01-01T00:00Z,1", "row 3"),
    ],
)
def test_a_bad_row_is_one_line(run: Run, row: str, said: str) -> None:
    """Which row of the file, which column, what it holds, and how to mend it."""
    assert run("--target", "99%", events=f"{GOOD}{row}\n{GOOD}") == 2
    assert said in run.complaint()
    assert "events.csv" in run.complaint()


def test_naive_times_can_be_given_a_zone(run: Run) -> None:
    """The complaint's own advice works."""
    assert run("--target", "99%", "--tz", "Europe/Berlin", "--json", events="2026-06-01 02:00,1\n") == 0
    assert run.report()["at"] == "2026-06-01T00:01:00Z"


def test_a_missing_file_is_one_line(run: Run) -> None:
    """And a folder too."""
    assert run("nothing.csv", "--target", "99%") == 2
    assert run.complaint() == "nothing.csv cannot be read: No such file or directory"
    assert run(str(ROOT), "--target", "99%") == 2
    assert run.complaint().endswith("cannot be read: Is a directory")


def test_no_command_is_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """A newcomer is pointed to --help, which names the command and its exit statuses."""
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("see python -m slokit --help\n")
    assert run("--help") == 0
    assert "exit status" in run.out
    assert run.out.isascii()


def test_warnings_are_notes(run: Run) -> None:
    """A warning of the library is one line on standard error, once, and the report is printed all the same."""
    rows = "".join(f"2026-06-01T00:00:{i % 60:02d}Z,{180 + i % 40}\n" for i in range(300))
    file = f"time,latency\n{rows}".encode()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run("--target", "99%", "--value", "latency", "--lt", "200ms", events=file) == 0
    assert run.err.startswith("slokit: note: events: ")
    assert len(run.err.splitlines()) == 1
    assert run.out.splitlines()[2].startswith("MISSED")


# --- what can be reported -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "good", "bad"),
    [
        (("--status", "code"), 3, 1),
        (("--status", "code", "--bad-status", ">=400"), 2, 2),
        (("--value", "ms", "--lt", "200ms", "--unit", "ms"), 2, 2),
        (("--value", "ms", "--lte", "200"), 3, 1),
        (("--value", "ms", "--gt", "100"), 3, 1),
        (("--value", "ms", "--gte", "300"), 1, 3),
        (("--value", "ms", "--between", "150,250"), 2, 2),
        (("--status", "code", "--valid", "real"), 2, 1),
        (("--status", "code", "--value", "ms", "--lte", "150"), 2, 2),
    ],
)
def test_events_are_judged_as_options_say(run: Run, options: tuple[str, ...], good: int, bad: int) -> None:
    """By status or by value, valid ones only if asked."""
    rows = ["time,code,ms,real", "{}00Z,200,100,1", "{}01Z,404,200,0", "{}02Z,503,300,1", "{}03Z,200,150,1"]
    file = "\n".join(rows).replace("{}", "2026-06-01T00:00:").encode()
    assert run("--target", "50%", "--json", *options, events=file) == 0
    assert (run.report()["good"], run.report()["bad"]) == (good, bad)


def test_counts_are_counted(run: Run) -> None:
    """Two columns of counts, in any naming."""
    file = b"when,errors,requests\n2026-06-01T00:00Z,1,10\n2026-06-01T00:01Z,2,20\n"
    assert (
        run("--time", "when", "--bad", "errors", "--total", "requests", "--target", "99%", "--json", events=file) == 0
    )
    assert (run.report()["bad"], run.report()["total"]) == (3, 30)


def test_standard_input_may_be_packed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash reads standard input, gzip or not."""
    for data in (GOOD.encode(), b""):
        packed = gzip.compress(b"time,good\n" + data)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(packed)))
        assert run("-", "--target", "99%", "--name", "piped") == (0 if data else 2)
    assert run.complaint() == "standard input holds a header and no rows"


def test_an_objective_has_its_options(run: Run) -> None:
    """Name, calendar window in a zone, slices, missing and expected totals reach the objective."""
    options = ("--target", "99%", "--json")
    assert (
        run(SAMPLE, *options, "--calendar", "month", "--calendar-tz", "Europe/Berlin", "--at", "2026-06-20T00:00Z") == 0
    )
    assert run.report()["period_end"] == "2026-06-30T22:00:00Z"
    assert run(SAMPLE, *options, "--calendar", "month", "--at", "2026-06-20T00:00Z", "--expected-total", "9000000") == 0
    assert run.report()["error_budget"]["allowed"] == 90_000
    assert run(SAMPLE, *options, "--timeslice", "1h", "--timeslice-target", "99.5%", "--name", "hours") == 0
    assert (run.report()["unit"], run.report()["slo"]["name"], run.report()["total"]) == ("slices", "hours", 719)
    assert run(SAMPLE, *options, "--missing", "bad", "--missing-events", "last") == 0
    assert run.report()["bad"] > 1_182
    assert run(SAMPLE, *options, "--missing", "good", "--missing-events", "1000") == 0
    assert run.report()["total"] == 1_707_692 + 14_000


def test_evidence_has_its_options(run: Run) -> None:
    """Step, start, end, longest gap, settling time and the instant reported."""
    options = ("--target", "99%", "--json", "--window", "1d")
    assert run(SAMPLE, *options, "--step", "1h", "--start", "2026-06-10T00:00Z", "--end", "2026-06-11T00:00Z") == 0
    assert (run.report()["window_start"], run.report()["holes"]["before_data"]) == ("2026-06-10T00:00:00Z", 0)
    assert run(SAMPLE, *options, "--at", "2026-06-21T12:00Z") == 0
    assert run.report()["holes"]["buckets"] == 14
    assert run(SAMPLE, *options, "--at", "2026-06-21T12:00Z", "--max-gap", "2h") == 0
    assert run.report()["holes"]["buckets"] == 0
    assert run(SAMPLE, *options, "--settle", "10m") == 0
    assert run.report()["at"] == "2026-06-30T23:50:00Z"


@pytest.mark.parametrize(
    "options",
    [
        ("--end", "2026-09-01T00:00Z"),
        ("--target", "0"),
        ("--target", "99.9999999999999999999999999%"),
        ("--exclude", "2026-05-01T00:00Z/2026-07-01T00:00Z"),
        ("--timeslice", "1m", "--timeslice-target", "99%", "--missing", "bad", "--end", "2026-06-01T06:00Z"),
        ("--missing", "bad", "--missing-events", "last", "--max-gap", "1m", "--end", "2026-06-01T06:00Z"),
        ("--calendar", "month", "--expected-total", "0"),
        ("--settle", "1h"),
        ("--by", "good"),
    ],
)
def test_json_has_no_figure_that_is_none(run: Run, options: tuple[str, ...]) -> None:
    """NaN and Infinity are no JSON: where there is no data, all of it excluded or nothing allowed there is null."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run("--target", "99%", *options, "--json", events=GOOD + BAD) == 0
    assert json.loads(run.out, parse_constant=refuse)["reports"]


def test_several_columns_make_series(run: Run) -> None:
    """By service and region: a row each."""
    file = b"time,good,service,region\n2026-06-01T00:00Z,1,api,eu\n2026-06-01T00:00Z,0,web,us\n"
    assert run("--target", "99%", "--by", "service,region", "--json", events=file) == 0
    labels = [one["labels"] for one in run.report()["series"] if one["total"]]
    assert labels == [{"service": "web", "region": "us"}, {"service": "api", "region": "eu"}]


# --- definitions ----------------------------------------------------------------------------------------------------

DEFINITIONS = """
slokit = 1

[[slo]]
name = "availability"
sli = { kind = "ratio", name = "up" }
target = "75%"
window = "1d"

[[slo]]
name = "latency"
sli = { kind = "threshold", name = "latency", lt = "200ms" }
target = "75%"
window = "1d"

[[exclusion]]
start = "2026-06-01T00:10Z"
end = "2026-06-01T00:20Z"
reason = "maintenance"
"""


def test_objectives_come_from_a_file(run: Run, tmp_path: Path) -> None:
    """Each objective takes the columns that its indicator needs, and exclusions apply to all; --only picks."""
    path = tmp_path / "slos.toml"
    path.write_text(DEFINITIONS, encoding="utf-8")
    rows = ["time,status,seconds", *(f"2026-06-01T00:{m:02d}Z,{s},0.{m}" for m, s in ((0, 200), (15, 500), (30, 200)))]
    file = "\n".join(rows).encode()
    columns = ("--status", "status", "--value", "seconds", "--slo", str(path))
    assert run(*columns, "--json", events=file) == 0
    reports = json.loads(run.out)["reports"]
    assert [(r["slo"]["name"], r["good"], r["bad"]) for r in reports] == [("availability", 2, 0), ("latency", 1, 1)]
    assert [r["exclusions"][0]["reason"] for r in reports] == ["maintenance"] * 2
    assert run(*columns, "--check", events=file) == 1
    assert run.out.count(" · 75% over 1d rolling") == 2
    assert run(*columns, "--check", "--only", "availability", events=file) == 0
    assert "latency" not in run.out
    assert run(*columns, "--only", "avail", events=file) == 2
    assert run.complaint() == f"--only 'avail' is not defined in {path}; there are 'availability', 'latency'"
    assert run("--status", "status", "--slo", str(path), events=file) == 2
    assert "'latency' is a threshold and needs a column of values: --value" in run.complaint()


def test_counts_cannot_be_judged_by_value(run: Run, tmp_path: Path) -> None:
    """A file of buckets answers a ratio; what judges single events is refused."""
    path = tmp_path / "slos.toml"
    path.write_text(DEFINITIONS, encoding="utf-8")
    assert run(SAMPLE, "--slo", str(path), "--only", "availability") == 0
    assert run(SAMPLE, "--slo", str(path)) == 2
    assert "'latency' is a threshold, which judges single events; the file holds counts" in run.complaint()


def test_wrong_definitions_are_a_line_each(run: Run, tmp_path: Path) -> None:
    """All that is wrong at once, each with its path in the file."""
    path = tmp_path / "slos.toml"
    path.write_text(DEFINITIONS.replace('"75%"', '"175%"').replace('"1d"', '"1M"'), encoding="utf-8")
    assert run(SAMPLE, "--slo", str(path)) == 2
    lines = run.err.splitlines()
    assert len(lines) == 4
    assert all(str(path) in line and "slo[" in line for line in lines)
    path.write_text("slokit = ", encoding="utf-8")
    assert run(SAMPLE, "--slo", str(path)) == 2
    assert "slos.toml" in run.complaint()


# --- a real process -------------------------------------------------------------------------------------------------


def process(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start ``python -m slokit``."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | options.pop("env", {})
    return subprocess.Popen(
        [sys.executable, "-m", "slokit", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_a_closed_pipe_is_no_error() -> None:
    """``| head`` has seen enough: no traceback, and not the status of a verdict."""
    rows = "".join(f"2026-06-01T00:00:{i % 60:02d}Z,1,{i}\n" for i in range(3_000))
    with process("report", "-", "--target", "99%", "--by", "name", "--json", stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        child.stdin.write(f"time,good,name\n{rows}".encode())
        child.stdin.close()
        assert child.stderr.read() == b""
        assert child.wait(30) == 141


def shell(command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run ``slokit report`` with redirections as a shell makes them, in the folder of the project."""
    run = f'"{sys.executable}" -m slokit report {command}'
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", run],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        **options,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("SAMPLE --target 1% --check >/dev/full", "the report cannot be written: No space left on device; make room"),
        ("SAMPLE --target 1% --json >/dev/full", "the report cannot be written: No space left on device; make room"),
        ("SAMPLE --target 1% --check >&-", "the report cannot be written: standard output is closed; send it to"),
        ("- --target 99% --check <&-", "standard input cannot be read: it is closed; pipe a file in"),
        ("nope.csv --target 99% --check 2>&-", ""),
        ("nope.csv --target 99% --check 2>/dev/full", ""),
        ("SAMPLE --frobnicate 2>&-", ""),
        ("SAMPLE --target 1% --check <&- >&- 2>&-", ""),
    ],
)
def test_what_cannot_be_written_or_read_is_no_missed_objective(command: str, said: str) -> None:
    """A full disk and a closed stream are one line where a line can be said, and always status 2."""
    done = shell(command.replace("SAMPLE", f'"{SAMPLE}"'))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"slokit: {said}" if said else "")
    assert len(done.stderr.splitlines()) == bool(said)


def test_a_verdict_needs_no_standard_error() -> None:
    """Without a place for notes and progress the report is printed, and the verdict is the exit status."""
    done = shell(f'"{SAMPLE}" --target 99.99% --check 2>&-')
    assert done.returncode == 1
    assert "MISSED" in done.stdout


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("oops"), 70), (MemoryError(), 2)])
def test_a_fault_is_no_missed_objective(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    """Whatever goes wrong inside, the exit status is none that --check gives a meaning."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("slokit.commands.evidence.read_table", fail)
    assert run(SAMPLE, "--target", "1%", "--check") == status
    assert ("Traceback" in run.err) == (status == 70)
    assert run.err.splitlines()[-1].startswith("slokit: ")


@pytest.mark.parametrize("columns", ["40", "72"])
def test_columns_are_kept_to_in_a_pipe(run: Run, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """Who sets COLUMNS means it, terminal or not; the strip is cut into as many stretches as there is room for."""
    monkeypatch.setenv("COLUMNS", columns)
    assert run(SAMPLE, "--target", "99.9%", "--exclude", f"2026-06-14T02:00Z/2026-06-14T03:30Z={'long ' * 12}") == 0
    lines = run.out.splitlines()
    assert int(columns) - 20 < max(map(len, lines)) <= int(columns)
    assert sum("▃▃" in line for line in lines) == 1


@pytest.mark.parametrize(("encoding", "bar"), [("utf-8", "█"), ("ascii", "#"), ("latin-1", "#")])
def test_output_suits_its_encoding(encoding: str, bar: str) -> None:
    """Blocks where they can be written, ASCII where not; help and complaints likewise; no colour in a pipe."""
    env = {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    with process("report", SAMPLE, "--target", "99.9%", "--name", "Prüfstand", env=env) as child:
        out, err = child.communicate(timeout=30)
        assert (child.returncode, err) == (0, b"")
    text = out.decode(encoding)
    assert bar in text
    assert "\x1b" not in text
    with process("report", "nö.csv", "--target", "99.9%", env=env) as child:
        out, err = child.communicate(timeout=30)
        assert child.returncode == 2
        assert len(err.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_is_coloured() -> None:
    """On a real terminal the report has colours and keeps to its width; standard error too is one line."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    environment |= {"PYTHONPATH": str(ROOT), "TERM": "xterm", "PYTHONIOENCODING": "utf-8", "COLUMNS": ""}
    with subprocess.Popen(
        [sys.executable, "-m", "slokit", "report", "docs/data/checkout.csv", "--target", "99.9%"],
        stdout=follower, stderr=follower, env=environment, cwd=ROOT,
    ) as child:  # fmt: skip
        os.close(follower)
        text = b""
        while True:
            try:
                piece = os.read(leader, 65_536)
            except OSError as error:
                if error.errno == errno.EIO:  # Linux ends a pseudo-terminal so
                    break
                raise
            if not piece:
                break
            text += piece
        assert child.wait(30) == 0
    os.close(leader)
    lines = text.decode().splitlines()
    assert lines[2].startswith("\x1b[32mMET\x1b[0m · 31% budget left")
    assert lines[3].startswith("  ")
