"""``slokit gate``: the exit status a pipeline goes by, and what it prints for whoever reads the log afterwards."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slokit import Policy
from slokit.report._signs import cells
from tests.commands import Command
from tests.conftest import ROOT

SAMPLE = str(ROOT / "docs" / "data" / "checkout.csv")
START = datetime(2026, 6, 1, tzinfo=UTC).timestamp()

SLO_TOML = """
slokit = 1

[[slo]]
name = "{name}"
sli = {{ kind = "ratio", name = "up" }}
target = "99%"
window = "{window}"
{more}
"""

POLICY_TOML = """
[[policy]]
name = "{name}"
states = [
    {{ name = "calm" }},
    {{ name = "frozen", means = "stop", actions = ["mend it"], blocks = ["deploy"], exempt = ["security"] }},
]
rules = [{{ state = "frozen", when = {{ kind = "missed" }} }}]
{more}
"""


def slo(name: str = "checkout", window: str = "15m", more: str = "") -> str:
    """Write an objective of 99%."""
    return SLO_TOML.format(name=name, window=window, more=more)


def policy(name: str = "freeze", more: str = "") -> str:
    """Write a policy that freezes deployments, but for security, while the objective is missed."""
    return POLICY_TOML.format(name=name, more=more)


def rows(*bad: int | None, tenant: str | None = None, total: int = 100, step: int = 300) -> list[str]:
    """Write buckets of five minutes from the first of June; None is one without traffic."""
    found = []
    for i, lost in enumerate(bad):
        when = datetime.fromtimestamp(START + i * step, UTC).isoformat().replace("+00:00", "Z")
        cells_ = [when, str(lost or 0), str(0 if lost is None else total)]
        found.append(",".join([*cells_, f'"{tenant}"'] if tenant is not None else cells_))
    return found


class Run(Command):
    """Runs ``slokit gate``."""

    def __call__(self, *arguments: str, buckets: list[str] | None = None, slos: str | None = None) -> int:
        """Run it; on a file of buckets, and with a file of definitions, if given."""
        head: list[str] = []
        if buckets is not None:
            path = self.folder / "requests.csv"
            by = ",tenant" if buckets[0].count(",") == 3 else ""
            path.write_text(f"time,bad,total{by}\n" + "\n".join(buckets) + "\n", encoding="utf-8")
            head = [str(path), "--bad", "bad", "--total", "total", *(["--by", "tenant"] if by else [])]
        if slos is not None:
            path = self.folder / "slos.toml"
            # Of several objectives and policies the version is said once.
            path.write_text("slokit = 1\n" + slos.replace("slokit = 1\n", ""), encoding="utf-8")
            head += ["--slo", str(path)]
        return self.run("gate", *head, *arguments)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a runner of commands, none of which is told how wide its output may be."""
    monkeypatch.delenv("COLUMNS", raising=False)
    return Run(capsys, tmp_path)


CALM, LOST, MIDDLING = rows(0, 0, 0), rows(0, 0, 60), rows(0, 0, 0, 0)
SILENT = rows(None, None, None)
# A silence of an hour and a quarter after the last data.
STALE = rows(0, *[None] * 15)


# --- exit statuses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("buckets", "options", "status", "word"),
    [
        (CALM, (), 0, "ALLOWED deploy"),
        (LOST, (), 1, "BLOCKED deploy"),
        (LOST, ("--change", "security"), 0, "ALLOWED deploy (security)"),
        (LOST, ("--change", "normal"), 1, "BLOCKED deploy (normal)"),
        (LOST, ("--activity", "experiment"), 0, "ALLOWED experiment"),
        (LOST, ("--override", "rollback", "--who", "ann"), 0, "ALLOWED deploy"),
        (SILENT, (), 3, "UNKNOWN deploy"),
        (STALE, (), 3, "UNKNOWN deploy"),
        (STALE, ("--on-unknown", "allow"), 0, "ALLOWED deploy"),
        (STALE, ("--on-unknown", "block"), 1, "BLOCKED deploy"),
        (STALE, ("--on-unknown", "block", "--change", "security"), 0, "ALLOWED deploy (security)"),
        (STALE, ("--change", "security"), 0, "ALLOWED deploy (security)"),
        (STALE, ("--change", "normal"), 3, "UNKNOWN deploy (normal)"),
        (STALE, ("--activity", "experiment"), 0, "ALLOWED experiment"),
        (STALE, ("--override", "rollback", "--who", "ann"), 0, "ALLOWED deploy"),
        (STALE, ("--at", "2026-06-01T00:30Z"), 0, "ALLOWED deploy"),
        (LOST, ("--at", "2026-06-01T00:10Z"), 0, "ALLOWED deploy"),
    ],
)
def test_the_exit_status_is_the_answer(
    run: Run, buckets: list[str], options: tuple[str, ...], status: int, word: str
) -> None:
    """0 allowed, 1 blocked, 3 nobody can tell; the first line and JSON say the same."""
    assert run(*options, buckets=buckets, slos=slo() + policy()) == status
    assert run.out.splitlines()[0].startswith(f"{word} · ")
    assert not run.err
    assert run("--json", *options, buckets=buckets, slos=slo() + policy()) == status
    assert run.data()["allowed"] is {0: True, 1: False, 3: None}[status]


@pytest.mark.parametrize(
    ("tenants", "status"),
    [
        ({"a": (0, 0), "b": (0, 0)}, 0),
        ({"a": (0, 0), "b": (0, 60)}, 1),
        ({"a": (0, 0), "b": (None, None)}, 3),
        ({"a": (60, 60), "b": (None, None), "c": (0, 0)}, 1),
    ],
)
def test_every_series_is_asked(run: Run, tenants: dict[str, tuple[int | None, ...]], status: int) -> None:
    """Blocked where any is, else unknown where any is; each has its own word, the worst first."""
    buckets = [row for tenant, bad in tenants.items() for row in rows(*bad, tenant=tenant)]
    assert run(buckets=buckets, slos=slo() + policy()) == status
    words = re.findall(r"^(BLOCKED|UNKNOWN|ALLOWED) checkout, (\w): ", run.out, re.MULTILINE)
    assert [word for word, _ in words] == sorted(
        (word for word, _ in words), key=("BLOCKED", "UNKNOWN", "ALLOWED").index
    )
    expected: dict[tuple[int | None, ...], str] = {
        (60, 60): "BLOCKED",
        (0, 60): "BLOCKED",
        (0, 0): "ALLOWED",
        (None, None): "UNKNOWN",
    }
    assert {tenant: word for word, tenant in words} == {tenant: expected[bad] for tenant, bad in tenants.items()}
    count = sum(word == words[0][0] for word, _ in words)
    assert run.out.startswith(f"{words[0][0]} deploy · {count} of {len(tenants)} decisions · ")
    run("--json", buckets=buckets, slos=slo() + policy())
    found = {one["labels"]["tenant"]: one["allowed"] for one in run.data()["decisions"]}
    meaning = {"BLOCKED": False, "ALLOWED": True, "UNKNOWN": None}
    assert found == {tenant: meaning[word] for word, tenant in words}


def test_every_objective_is_asked(run: Run) -> None:
    """Blocked where any objective blocks; --only picks."""
    slos = slo("fast", "5m") + slo("slow", "1d") + policy()
    buckets = rows(*[0] * 200, 60)
    assert run("--json", buckets=buckets, slos=slos) == 1
    assert [(one["name"], one["allowed"]) for one in run.data()["decisions"]] == [("fast", False), ("slow", True)]
    assert run("--only", "slow", buckets=buckets, slos=slos) == 0
    assert "fast" not in run.out


def test_an_unknown_state_may_be_any(run: Run) -> None:
    """Exempt from the gravest state is not exempt from a milder one, nor from what unknown itself blocks."""
    states = """
[[policy]]
name = "odd"
states = [{ name = "calm" }, { name = "busy", blocks = ["migration"] }, { name = "bad", blocks = ["deploy"] }]
rules = []
unknown = { name = "unknown", blocks = ["experiment"] }
"""
    for activity, status in (("deploy", 3), ("migration", 3), ("experiment", 3), ("maintenance", 0)):
        assert run("--activity", activity, buckets=STALE, slos=slo() + states) == status
        assert run("--activity", activity, buckets=CALM, slos=slo() + states) == 0


def test_an_aspiration_blocks_nothing(run: Run) -> None:
    """It is judged and said to be one, whatever its state, and also where nobody can tell."""
    aspiration = slo(more="enforced = false") + policy()
    for buckets, state in ((LOST, "FROZEN"), (STALE, "UNKNOWN")):
        assert run(buckets=buckets, slos=aspiration) == 0
        assert f"checkout: {state}" in run.out
        assert "an aspiration: judged, and blocks nothing" in run.out
        run("--json", buckets=buckets, slos=aspiration)
        (decision,) = run.data()["decisions"]
        assert (decision["enforced"], decision["allowed"], decision["blocked"]) == (False, True, [])
    both = slo("must") + slo("may", more="enforced = false") + policy()
    assert run(buckets=LOST, slos=both) == 1


def test_an_override_is_on_record(run: Run) -> None:
    """With its reason and who it was, in text and in JSON; without either it is none."""
    override = ("--override", "rollback of 4711", "--who", "ann")
    assert run(*override, buckets=LOST, slos=slo() + policy()) == 0
    assert "FROZEN" in run.out
    assert "OVERRIDE deploy allowed by ann: rollback of 4711" in " ".join(run.out.split())
    assert run("--json", *override, buckets=LOST, slos=slo() + policy()) == 0
    (decision,) = run.data()["decisions"]
    assert decision["override"] == {
        "allow": True,
        "reason": "rollback of 4711",
        "by": "ann",
        "activities": ["deploy"],
        "until": None,
    }
    assert (decision["state"], decision["allowed"]) == ("frozen", True)
    for half in (("--override", "why"), ("--who", "ann")):
        assert run(*half, buckets=LOST, slos=slo() + policy()) == 2
        assert run.complaint() == "--override and --who belong together: why, and who"
    for blank in (("--override", " ", "--who", "ann"), ("--override", "why", "--who", "")):
        assert run(*blank, buckets=LOST, slos=slo() + policy()) == 2
        assert "characters and not blank" in run.complaint()


# --- which policy decides ---------------------------------------------------------------------------------------------


def test_a_policy_is_named_or_the_only_one(run: Run) -> None:
    """The only one of the file, or the one that is named; of several none is guessed."""
    lax = policy("lax").replace('blocks = ["deploy"]', 'blocks = ["migration"]')
    two = slo() + policy("strict") + lax
    assert run("--json", buckets=LOST, slos=slo() + policy("strict")) == 1
    assert run.data()["decisions"][0]["policy"] == "strict"
    assert run("--policy", "strict", buckets=LOST, slos=two) == 1
    assert run("--policy", "lax", buckets=LOST, slos=two) == 0
    assert run(buckets=LOST, slos=two) == 2
    assert run.complaint() == "--policy must say which policy decides: 'strict', 'lax'"
    assert run("--policy", "lux", buckets=LOST, slos=two) == 2
    assert run.complaint() == "--policy 'lux' is not defined in the --slo file; there are 'strict', 'lax'"
    for objective in ({"slos": slo()}, {}):
        options = ("--policy", "lax", *(() if objective else ("--target", "99%")))
        assert run(*options, buckets=LOST, **objective) == 2
        assert "'lax' is not defined in the --slo file; there are none" in run.complaint()


def test_without_a_policy_the_default_decides(run: Run) -> None:
    """On the sample: allowed at a target that is met, blocked where the budget is exhausted, exempt for security."""
    assert run(SAMPLE, "--target", "99.9%") == 0
    assert run(SAMPLE, "--target", "99.95%") == 1
    assert run(SAMPLE, "--target", "99.95%", "--change", "security") == 0
    assert run(SAMPLE, "--target", "99.95%", "--json") == 1
    (decision,) = run.data()["decisions"]
    assert (decision["state"], decision["policy"]) == ("critical", "default")
    assert decision["exempt"] == ["reliability", "security", "p0"]
    assert not run.err


def test_the_default_policy_is_scaled_to_each_objective(run: Run) -> None:
    """Five times too fast for an hour is a page over a week, and none over a month, side by side as alone."""
    buckets = rows(*[0] * 276, *[50] * 12, total=1000)
    objectives = slo("week", "7d") + slo("month", "30d")
    assert run("--json", buckets=buckets, slos=objectives) == 0
    assert [(one["name"], one["state"]) for one in run.data()["decisions"]] == [
        ("week", "warning"),
        ("month", "healthy"),
    ]
    for name, state in (("week", "warning"), ("month", "healthy")):
        run("--json", "--only", name, buckets=buckets, slos=objectives)
        assert run.data()["decisions"][0]["state"] == state


def test_windows_that_were_lengthened_are_a_note(run: Run) -> None:
    """The default policy takes hourly buckets; what that did to its windows is said on standard error, and once."""
    hourly = rows(*[0] * 24, step=3600)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run("--target", "99%", buckets=hourly) == 0
    (line,) = run.err.splitlines()
    assert line.startswith("slokit: note: windows lengthened to whole buckets of 1h: ")
    assert run("--target", "99%", "--json", buckets=hourly) == 0
    assert run.data()["decisions"][0]["notes"][0] in run.err
    own = 'rules = [{ state = "frozen", when = { kind = "burn_rate_alert", long_window = "5m", burn_rate = 1 } }]'
    strict = re.sub(r"rules = .*", own, policy())
    assert run(buckets=hourly, slos=slo(window="1h") + strict) == 2
    assert "no whole number of buckets" in run.complaint()


# --- evidence that is old ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "status"), [(0, 0), (15, 0), (70, 0), (75, 3), (60 * 24 * 30, 3)])
def test_evidence_that_ended_long_ago_is_unknown_now(
    run: Run, monkeypatch: pytest.MonkeyPatch, minutes: int, status: int
) -> None:
    """Judged at its end a calm file is calm for ever; with --end now, an hour after its last data nobody can tell."""

    class Clock(datetime):
        """A clock that stands still, and may be slow."""

        @classmethod
        def now(cls, tz: Any = None) -> Clock:
            """Return the instant that the test is about."""
            return cls.fromtimestamp(START + minutes * 60 + 299, tz)

    monkeypatch.setattr("slokit.commands.evidence.datetime", Clock)
    assert run(buckets=CALM, slos=slo() + policy()) == 0
    assert run("--end", "now", buckets=CALM, slos=slo() + policy()) == status
    if status:
        assert "nothing measured for" in run.out
        assert run("--end", "now", "--on-unknown", "block", buckets=CALM, slos=slo() + policy()) == 1
    # What went wrong last stays wrong until it is stale.
    assert run("--end", "now", buckets=LOST, slos=slo(window="7d") + policy()) == (status or 1)


def test_options_of_the_evidence_reach_the_policy(run: Run) -> None:
    """What is excluded or has not settled is not judged, and an expected total is what the budget is reckoned from."""
    assert run("--settle", "5m", buckets=LOST, slos=slo() + policy()) == 0
    assert run("--settle", "0s", buckets=LOST, slos=slo() + policy()) == 1
    outage = "2026-06-01T00:10Z/2026-06-01T00:15Z=outage"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert run("--exclude", outage, buckets=LOST, slos=slo() + policy()) == 0
        span = '[[exclusion]]\nstart = "2026-06-01T00:10Z"\nend = "2026-06-01T00:15Z"\nreason = "outage"\n'
        assert run(buckets=LOST, slos=slo() + policy() + span) == 0
    monthly = slo().replace('window = "15m"', 'window = { calendar = "month" }')
    low = monthly + policy().replace('kind = "missed"', 'kind = "budget_below", remaining = "25%"')
    for expected, status in (("600000", 0), ("6000", 1)):
        assert run("--expected-total", expected, buckets=LOST, slos=low) == status


# --- complaints -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--activity", "depoly"), "activity must be one of deploy, config change, experiment, maintenance, migration"),
        (("--change", "securty"), "change must be one of normal, reliability, security, p0, got 'securty'; did you"),
        (("--on-unknown", "ignore"), "invalid choice: 'ignore'"),
        (("--override", "why"), "--override and --who belong together"),
    ],
)
def test_a_misspelt_option_is_one_line_before_anything_is_read(run: Run, options: tuple[str, ...], said: str) -> None:
    """Whatever the state, and though the file is not even there: a typo is no answer."""
    assert run("nothing.csv", "--target", "99%", *options) == 2
    assert said in run.complaint()
    assert "nothing.csv" not in run.err


def test_what_cannot_be_read_is_no_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file, an instant outside it and a wrong definition are status 2, a fault is 70: never 0, 1 or 3."""
    assert run("nothing.csv", "--target", "99%") == 2
    assert "cannot be read" in run.complaint()
    assert run("--target", "99%", "--at", "2027-01-01T00:00Z", buckets=CALM) == 2
    assert "say so with --end" in run.complaint()
    assert run(buckets=CALM, slos=slo() + policy(more='on_unknown = "perhaps"\nstale_after = "x"')) == 2
    assert [line.split(": ")[2] for line in run.err.splitlines()] == ["policy[0].stale_after", "policy[0].on_unknown"]

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr("slokit.commands.evidence.read_table", fail)
    assert run(SAMPLE, "--target", "99%") == 70
    assert not run.out


def test_help_names_the_exit_statuses(run: Run) -> None:
    """In ASCII, for every terminal."""
    assert run("--help") == 0
    assert "0 allowed, 1 blocked, 2 if options or file are wrong, 3 if nobody can tell" in run.out
    assert run.out.isascii()


# --- what is printed --------------------------------------------------------------------------------------------------


def test_a_decision_is_printed_with_all_there_is_to_say(run: Run) -> None:
    """State, since when, why, what to do, what is blocked, what is due: in this order."""
    assert run(buckets=LOST, slos=slo() + policy(more='reviews = { incident_review = ["frozen"] }')) == 1
    path = str(run.folder / "requests.csv")
    assert run.out == (
        f"BLOCKED deploy · {path[:59] + '…' if len(path) > 60 else path}\n"
        "\n"
        "checkout: FROZEN · -1,900% budget left (0 bad events) · exhausted · SLI 80% of 300 · coverage 100%\n"
        "  As of     2026-06-01 00:15 UTC, frozen since 2026-06-01 00:15\n"
        "  Because   80% good, below the target of 99%\n"
        "  Means     stop\n"
        "  Do        mend it\n"
        "  Blocked   deploy (but for security)\n"
        "  Due       incident review: frozen since 2026-06-01 00:15 UTC\n"
        "            post-mortem: 2026-06-01 00:10 to 2026-06-01 00:15 UTC spent 2,000% of the budget, more\n"
        "              than 20%\n"
        "  Severity  sev1\n"
    )
    run("--json", buckets=LOST, slos=slo() + policy(more='reviews = { incident_review = ["frozen"] }'))
    (decision,) = run.data()["decisions"]
    due = decision.pop("due")
    assert [item["kind"] for item in due] == ["incident review", "post-mortem"]
    assert [item["reason"] for item in due] == [
        "frozen since 2026-06-01 00:15 UTC",
        "2026-06-01 00:10 to 2026-06-01 00:15 UTC spent 2,000% of the budget, more than 20%",
    ]
    status = decision.pop("status")
    assert (status["bad"], status["total"], status["verdict"]) == (60, 300, "missed")
    assert decision == {
        "name": "checkout",
        "labels": {},
        "activity": "deploy",
        "change": None,
        "allowed": False,
        "state": "frozen",
        "at": "2026-06-01T00:15:00Z",
        "since": "2026-06-01T00:15:00Z",
        "policy": "freeze",
        "enforced": True,
        "reasons": ["80% good, below the target of 99%"],
        "actions": ["mend it"],
        "blocked": ["deploy"],
        "exempt": ["security"],
        "severity": "sev1",
        "lasts_until": decision["lasts_until"],
        "notes": [],
        "override": None,
    }


def flat(text: str) -> str:
    """Return a text without blanks, to find in it what may have been broken over lines."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("columns", ["40", "80", "120"])
@pytest.mark.parametrize("target", ["99.9%", "99.95%", "99.99%"])
def test_json_has_what_the_text_says(run: Run, monkeypatch: pytest.MonkeyPatch, target: str, columns: str) -> None:
    """Reasons, actions, what is blocked and due: in both, and each line of text keeps to its width."""
    monkeypatch.setenv("COLUMNS", columns)
    status = run(SAMPLE, "--target", target)
    text = run.out
    assert max(cells(line) for line in text.splitlines()) <= int(columns)
    assert run(SAMPLE, "--target", target, "--json") == status
    data = run.data()
    assert data["version"] == 1
    (decision,) = data["decisions"]
    assert decision["allowed"] is data["allowed"] is (status == 0)
    assert decision["state"].upper() in text
    said = [*decision["reasons"], *decision["actions"], *(item["reason"] for item in decision["due"])]
    for words in (*said, *(item["kind"] for item in decision["due"]), ", ".join(decision["blocked"])):
        assert flat(words) in flat(text)
    assert decision["since"][:10] in text
    assert decision["status"]["met"] is (target == "99.9%")


def test_long_lists_are_cut_in_text_and_whole_in_json(run: Run) -> None:
    """Of many actions the first six; JSON has all."""
    actions = [f"step {i}" for i in range(9)]
    many = policy().replace('["mend it"]', json.dumps(actions))
    run(buckets=LOST, slos=slo() + many)
    assert [f"step {i}" in run.out for i in range(9)] == [True] * 6 + [False] * 3
    assert "\n            … 3 more\n" in run.out
    run("--json", buckets=LOST, slos=slo() + many)
    assert run.data()["decisions"][0]["actions"] == actions


def test_of_many_series_the_first_are_listed(run: Run) -> None:
    """The blocked ones first, those that are calm a line each, and how many there are besides."""
    buckets = [row for i in range(30) for row in rows(0, 60 if i == 17 else 0, tenant=f"t{i:02}")]
    assert run(buckets=buckets, slos=slo() + policy()) == 1
    lines = run.out.splitlines()
    assert lines[0].startswith("BLOCKED deploy · 1 of 30 decisions · ")
    assert lines[2].startswith("BLOCKED checkout, t17: FROZEN · ")
    assert sum(line.startswith("ALLOWED checkout, t") for line in lines) == 19
    assert lines[-1] == "… 10 more, 10 ALLOWED"
    run("--json", buckets=buckets, slos=slo() + policy())
    assert len(run.data()["decisions"]) == 30


def test_of_equal_answers_the_gravest_state_comes_first(run: Run) -> None:
    """Whatever the order of the series; those that are calm come last, in a line."""
    states = """
[[policy]]
name = "watch"
states = [{ name = "calm" }, { name = "busy" }, { name = "bad" }]
rules = [
    { state = "busy", when = { kind = "budget_below", remaining = "50%" } },
    { state = "bad", when = { kind = "missed" } },
]
"""
    lost = {"a": (0, 0), "b": (1, 1), "c": (0, 60), "d": (1, 1)}
    buckets = [row for tenant, bad in lost.items() for row in rows(*bad, tenant=tenant)]
    assert run(buckets=buckets, slos=slo() + states) == 0
    assert re.findall(r"^ALLOWED checkout, (\w): (\w+)", run.out, re.MULTILINE) == [
        ("c", "BAD"),
        ("b", "BUSY"),
        ("d", "BUSY"),
        ("a", "CALM"),
    ]


@pytest.mark.parametrize(
    ("buckets", "options"),
    [
        (rows(None), ("--target", "99%", "--step", "5m")),
        (rows(None, None), ("--target", "0")),
        (rows(100), ("--target", "0", "--step", "5m")),
        (rows(100), ("--target", "99.9999999999999999999999999%", "--step", "5m")),
        (CALM, ("--target", "99%", "--exclude", "2026-05-01T00:00Z/2026-07-01T00:00Z")),
        (CALM, ("--target", "99%", "--calendar", "month")),
        (LOST, ("--target", "99%", "--calendar", "month", "--expected-total", "0")),
        (LOST, ("--target", "99%", "--timeslice", "5m", "--timeslice-target", "99%")),
        (LOST, ("--target", "99%", "--end", "2026-06-01T06:00Z", "--missing", "bad", "--missing-events", "last")),
    ],
)
def test_json_has_no_figure_that_is_none(run: Run, buckets: list[str], options: tuple[str, ...]) -> None:
    """NaN and Infinity are no JSON: where there is no data, or nothing allowed, there is null; and the text stands."""
    status = run(*options, "--json", buckets=buckets)
    assert run.data()["allowed"] is {0: True, 1: False, 3: None}[status]
    assert run(*options, buckets=buckets) == status
    assert not re.search(r"\b(nan|inf)", run.out)


BITE = "\u202eevil\x1b[31m\u2066<b>"


@pytest.mark.parametrize("columns", ["40", "100"])
def test_hostile_text_does_not_bite(run: Run, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """Names of tenants, states and actions as an enemy would have them: escaped in text, and plain data in JSON."""
    monkeypatch.setenv("COLUMNS", columns)
    odd = "\u202eevil\u2066<b>"
    hostile = slo(odd) + policy(odd).replace("mend it", odd).replace('"frozen"', f'"{odd}"').replace(
        '"stop"', f'"{odd}"'
    )
    buckets = rows(0, 60, tenant=BITE)
    override = ("--override", "why" + BITE.replace("\x1b", ""), "--who", odd)
    for options in ((), override):
        run(*options, buckets=buckets, slos=hostile)
        assert all(line.isprintable() for line in run.out.splitlines())
        assert r"\u202e" in run.out
        assert max(map(cells, run.out.splitlines())) <= int(columns)
        run(*options, "--json", buckets=buckets, slos=hostile)
        assert run.out.isascii()
        (decision,) = run.data()["decisions"]
        assert (decision["labels"], decision["state"], decision["actions"]) == ({"tenant": BITE}, odd, [odd])


@pytest.mark.parametrize(
    ("encoding", "columns"), [("ascii", "40"), ("ascii", "80"), ("latin-1", "80"), ("utf-8", "40")]
)
def test_the_text_suits_the_terminal(encoding: str, columns: str) -> None:
    """In ASCII where nothing else can be written, within its width; colour only where it is asked for."""
    for color in ("auto", "always"):
        done = subprocess.run(
            [sys.executable, "-m", "slokit", "gate", SAMPLE, "--target", "99.95%", "--color", color],
            env={"PYTHONIOENCODING": encoding, "LC_ALL": "C", "COLUMNS": columns, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (1, b"")
        text = done.stdout.decode(encoding)
        assert ("·" in text) is (encoding == "utf-8")
        assert ("\x1b" in text) is (color == "always")
        bare = re.sub(r"\x1b\[[\d;]*m", "", text)
        assert bare.split()[:2] == ["BLOCKED", "deploy"]
        assert max(cells(line) for line in bare.splitlines()) <= int(columns)


def test_the_default_policy_can_be_kept_in_the_file(run: Run) -> None:
    """Written down it decides as it did: a team starts from it and changes what it wants."""
    from slokit import to_dict

    path = run.folder / "slos.json"
    objective = {"name": "checkout", "sli": {"kind": "ratio", "name": "up"}, "target": "99.95%", "window": "30d"}
    path.write_text(json.dumps({"slokit": 1, "slo": [objective], "policy": [to_dict(Policy.default())]}))
    assert run(SAMPLE, "--slo", str(path)) == 1
    kept = run.out
    assert run(SAMPLE, "--target", "99.95%", "--name", "checkout") == 1
    assert run.out == kept
