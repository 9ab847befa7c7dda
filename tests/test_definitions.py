"""Files of definitions: TOML and JSON as people write them, and as an enemy would."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from time import process_time

import pytest

import slokit
from slokit import SLI, SLO, BurnRateAlert, CalendarWindow, Exclusion, Timeslices, load
from slokit.config import Definitions
from slokit.errors import InvalidDefinition, InvalidFile
from slokit.interop.definitions import MAX_BYTES

TOML = """
slokit = 1

[[sli]]
kind = "ratio"
name = "checkout availability"

[[slo]]
name = "checkout latency"
sli = { kind = "threshold", name = "checkout latency", lt = "0.2", unit = "s" }
target = "99.9%"
window = "30d"
budgeting = { method = "timeslices", slice = "1m", target = "99%" }
service = "checkout"

[[slo]]
name = "checkout availability"
sli = "checkout availability"
target = 0.999  # a float is what it prints as
window = { calendar = "month", tz = "Europe/Berlin" }
[slo.per]
axis = "tenant"
target = { acme = "99.95%" }

[[exclusion]]
start = 2026-01-05T10:00:00Z
end = 2026-01-05T13:00:00+01:00
reason = "cloud outage"
approved_by = "sre"

[[exclusion]]
recurring = { days = "Sun", at = 02:00:00, duration = "2h", tz = "Europe/Berlin", first = 2026-01-01 }

[[alert]]
long_window = "1h"
short_window = "5m"
burn_rate = 14.4
"""

SLO_TOML = 'slokit = 1\n[[slo]]\nname = "a"\nsli = { kind = "ratio", name = "up" }\ntarget = %s\nwindow = "30d"\n'

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file and says where it is."""

    def write_(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_


def refusal(path: Path) -> str:
    """Return why a file is refused, less the folder it lies in."""
    with pytest.raises(InvalidFile) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}{os.sep}", "")


# --- as people write them -------------------------------------------------------------------------------------------


def test_a_toml_file_is_read_as_it_is_meant(write: Write) -> None:
    """Percent and floats, native times, shared indicators, targets of tenants: all of a file at once."""
    found = load(write("slos.toml", TOML))
    up = SLI.ratio("checkout availability")
    assert found == Definitions(
        [
            SLO(
                "checkout latency",
                sli=SLI.threshold("checkout latency", lt="200ms"),
                target="99.9%",
                window="30d",
                budgeting=Timeslices("1m", target="99%"),
                service="checkout",
            ),
            SLO(
                "checkout availability",
                sli=up,
                target="99.9%",
                window=CalendarWindow("month", tz="Europe/Berlin"),
            ).per("tenant", target={"acme": "99.95%"}),
        ],
        exclusions=[
            Exclusion("2026-01-05T10:00Z", "2026-01-05T12:00Z", "cloud outage", approved_by="sre"),
            Exclusion.recurring(days="Sun", at="02:00", duration="2h", tz="Europe/Berlin", first="2026-01-01"),
        ],
        alerts=[BurnRateAlert(long_window="1h", short_window="5m", burn_rate="14.4")],
        slis=[up],
    )
    assert found["checkout availability"].sli == up


def test_json_written_by_to_dict_is_read(write: Write) -> None:
    """A program may write the file that people review."""
    found = load(write("slos.toml", TOML))
    assert load(write("slos.json", json.dumps(slokit.to_dict(found)))) == found


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (slo := SLO("a", sli=SLI.ratio("up"), target=0.9, window="7d"), Definitions([slo])),
        (SLI.ratio("up"), Definitions(slis=[SLI.ratio("up")])),
        (gone := Exclusion("2026-01-05T10:00Z", "2026-01-05T12:00Z"), Definitions(exclusions=[gone])),
        (page := BurnRateAlert(long_window="1h", burn_rate=2), Definitions(alerts=[page])),
    ],
)
def test_a_file_may_hold_one_definition_alone(write: Write, definition: SLO, expected: Definitions) -> None:
    """What to_dict writes of one definition is a file too."""
    assert load(write("one.json", json.dumps(slokit.to_dict(definition)))) == expected


def test_a_window_alone_is_no_file_of_definitions(write: Write) -> None:
    """It is a part, and nothing could be done with it."""
    assert "is a part of an objective" in refusal(write("w.json", json.dumps(slokit.to_dict(CalendarWindow("month")))))


def test_decimals_are_kept_as_they_are_written(write: Write) -> None:
    """Case 39: 0.99900000000000000001 is not 0.999, which a double would make of it, in either format."""
    text = "0.99900000000000000001"
    (toml,) = load(write("a.toml", SLO_TOML % text))
    document = slokit.to_dict(load(write("a.toml", SLO_TOML % "0.5")))
    (from_json,) = load(write("a.json", json.dumps(document).replace('"0.5"', text)))
    assert toml.target == from_json.target == Fraction(text) != Fraction(999, 1000)


def test_the_format_may_be_said(write: Write) -> None:
    """A file of another name says its format through the caller, and the case of an ending does not matter."""
    assert len(load(write("slos.conf", TOML), format="toml")) == 2
    assert len(load(write("SLOS.TOML", TOML))) == 2
    assert refusal(write("slos.yaml", TOML)) == (
        'slos.yaml must end in .toml or .json, or its format be given: format="toml"'
    )


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(write: Write) -> None:
    """Files from Windows read alike."""
    data = b"\xef\xbb\xbf" + TOML.replace("\n", "\r\n").encode()
    assert load(write("a.toml", data)) == load(write("b.toml", TOML))


# --- what is wrong with the definitions -----------------------------------------------------------------------------


def test_all_problems_of_a_file_come_at_once_and_name_it(write: Write) -> None:
    """A person mends a file in one go: the message names the file, the problems keep plain paths."""
    path = write("slos.toml", TOML.replace('"99.9%"', "99.9").replace('"1h"', '"1 hour"').replace("tz =", "zone =", 1))
    with pytest.raises(InvalidDefinition) as caught:
        load(path)
    assert [where for where, _ in caught.value.problems] == [
        "slo[0].target",
        "slo[1].window.zone",
        "alert[0].long_window",
    ]
    assert str(caught.value).startswith(
        f"{path}: slo[0].target: must be at least 0 and below 1, got 99.9; did you mean"
    )
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


@pytest.mark.parametrize("target", ["nan", "inf", "-inf", "1e999", "true", "[]", "2026-01-01", "1e-4000", '"1/0"'])
def test_what_is_no_target_is_refused_at_its_path(write: Write, target: str) -> None:
    """Cases 10, 13, 36, 39 and 47: TOML has ways to write numbers that are none."""
    with pytest.raises(InvalidDefinition) as caught:
        load(write("a.toml", SLO_TOML % target))
    assert [path for path, _ in caught.value.problems] == ["slo[0].target"]


@pytest.mark.parametrize("target", ["NaN", "Infinity", "-Infinity", "1e999", "-1e-999", "null", "9" * 1999, "{}"])
def test_json_numbers_that_are_none_are_refused_at_their_path(write: Write, target: str) -> None:
    """Case 36: Python's parser takes NaN, and makes infinity of 1e999."""
    slo = SLO("a", sli=SLI.ratio("up"), target="0.5", window="7d")
    text = json.dumps({"slokit": 1, "slo": [slokit.to_dict(slo)]}).replace('"0.5"', target)
    with pytest.raises(InvalidDefinition) as caught:
        load(write("a.json", text))
    assert [path for path, _ in caught.value.problems] == ["slo[0].target"]


# --- what is wrong with the file ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.toml", "slokit = 1\nslo = [\n", "a.toml is no TOML: "),
        ("a.toml", "slokit = 1\nslokit = 1\n", "a.toml is no TOML: Cannot overwrite a value (at line 2"),
        ("a.toml", "a = 1__0\n", "a.toml is no TOML: "),
        ("a.json", '{"slokit": 1,}', "a.json is no JSON: "),
        ("a.json", "", "a.json is no JSON: Expecting value"),
        ("a.json", "[1]", 'a.json must hold a table (in JSON an object) such as {"slokit": 1'),
        ("a.json", "NaN", "a.json must hold a table"),
        (
            "a.json",
            '{"slokit": 1, "slo": [{"name": "x", "target": "1%", "target": "99%"}]}',
            "a.json has keys that stand twice in one object: 'target' of 'x'",
        ),
        ("a.json", '{"slokit": 1, "slokit": 1, "a": {"b": 1, "b": 1}}', "twice in one object: 'b', 'slokit'"),
        ("a.json", '{"name": "\\ud800"}', "half of a surrogate pair, which is no character: '\\ud800'"),
        ("a.json", '{"a": 1e99999999999999999999}', "a number whose exponent is out of all bounds: 1e9999"),
        ("a.toml", f"a = 1\nb = {'7' * 5000}\n", "a.toml, line 2: a number must have fewer than 2,000 digits"),
        ("a.toml", f"a = {'1_' * 4000}1\n", "a.toml, line 1: a number must have fewer than 2,000 digits"),
        ("a.json", f'{{"a": {"7" * 5000}}}', "a.json, line 1: a number must have fewer than 2,000 digits"),
        ("a.json", "[" * 100_000, "a.json is nested too deeply for definitions"),
        ("a.json", '{"a":' * 100_000, "a.json is nested too deeply for definitions"),
        ("a.toml", "a = " + "[" * 100_000, "a.toml is nested too deeply for definitions"),
        ("a.toml", "a = " + "{a = " * 100_000, "a.toml is nested too deeply for definitions"),
        ("a.toml", b"slokit = 1\nname = \"\xff\"\n", "a.toml, line 2: must be UTF-8, got the byte 0xff"),
        ("a.toml", TOML.encode("utf-16"), "a.toml, line 1: must be UTF-8, got the byte 0xff"),
        ("a.toml", "#" * (MAX_BYTES + 1), "a.toml must be at most 1,048,576 bytes, and is larger"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_parsed_is_refused(write: Write, name: str, content: str | bytes, message: str) -> None:
    """Cases 33, 36 and 38: one typed error that names the file, never a RecursionError."""
    assert message in refusal(write(name, content))


@pytest.mark.parametrize(
    "line",
    [
        "a." * 300_000 + "a = 1",
        "[" + "a." * 300_000 + "a]",
        "[[ 'a' . " + "'a' . " * 100_000 + "a]]",
        '"a\\"" . ' * 60_000 + "a = 1",
    ],
)
def test_a_dotted_key_of_thousands_of_parts_is_refused_at_once(write: Write, line: str) -> None:
    """Case 45: the parser takes the square of the parts; half a megabyte of them would be minutes."""
    assert refusal(write("a.toml", "slokit = 1\n" + line)) == "a.toml, line 2: a key must have fewer than 100 dots"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 500_000,
        "a-" * 250_000 + "=",
        '"' * 500_000,
        "'\n" * 250_000,
        '"\\' * 200_000,
        " " * 500_000,
        "[" * 500_000,
    ],
)
def test_looking_for_such_keys_takes_linear_time(write: Write, text: str) -> None:
    """Case 45: a guard whose pattern backtracked would be the hole it closes; half a megabyte passes in no time."""
    path, started = write("a.toml", text), process_time()
    with pytest.raises((InvalidFile, InvalidDefinition)):
        load(path)
    assert process_time() - started < 5


def test_prose_with_many_dots_is_no_key(write: Write) -> None:
    """The guard looks at keys only: descriptions and lists of hosts pass."""
    hosts = ", ".join(f'"{i}.a.example.com"' for i in range(200))
    text = SLO_TOML % "0.9" + f'description = """\n{"so... " * 120}\n{"." * 150} = 1\n"""\n'
    scope = f"[[exclusion]]\nstart = 2026-01-05T10:00:00Z\nend = 2026-01-05T11:00:00Z\nscope.host = [\n{hosts}\n]\n"
    assert len(load(write("a.toml", text + scope)).exclusions[0].scope[0][1]) == 200


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """Missing, a folder, or no name at all: one error that says which."""
    assert refusal(tmp_path / "slos.toml") == "slos.toml does not exist"
    (tmp_path / "folder.toml").mkdir()
    assert refusal(tmp_path / "folder.toml") == "folder.toml cannot be read: Is a directory"
    assert "cannot be read" in refusal(tmp_path / "a\0.toml")


def test_a_file_that_may_not_be_read_is_refused(write: Write) -> None:
    """Case 35: permissions are an answer, not a traceback."""
    path = write("a.toml", TOML)
    path.chmod(0)
    if os.access(path, os.R_OK):  # the superuser may read everything
        assert len(load(path)) == 2
    else:
        assert refusal(path) == "a.toml cannot be read: Permission denied"
