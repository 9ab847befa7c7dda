"""Requests judged by status and seconds at once, by one rule in history, in data and in services."""

from __future__ import annotations

import copy
import io
import pickle
from datetime import timedelta
from fractions import Fraction
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slokit import SLI, from_dict, load, to_dict
from slokit.errors import InvalidDefinition, InvalidEvents, InvalidFile, InvalidSLI, OneSidedThreshold, WrongType
from slokit.interop.tables import EventTable, read_columns, read_table
from slokit.live import Recording
from slokit.sli import Http, StatusRule

USABLE = SLI.http("checkout", latency="200ms", bad="500-599,429")
UP = SLI.http("up")
LONG = Fraction(2**190, 3**130)

# --- which statuses are bad -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "bad", "text"),
    [
        (">=500", [500, 503, 599, 999], ">=500"),
        (" 500-599 , 429 ", [429, 500, 503, 599], "429,500-599"),
        ("<200, >503", [101, 599, 999], "<=199,>=504"),
        ("<=200,404", [101, 200, 404], "<=200,404"),
        ("500 - 503", [500, 503], "500-503"),
        ("500,501,502,0-100", [500], "<=100,500-502"),
        (">=0", [101, 200, 404, 429, 500, 503, 599, 999], ">=100"),
    ],
)
def test_a_rule_says_which_statuses_are_bad(rule: str, bad: list[int], text: str) -> None:
    """Comparisons, ranges with both ends and single statuses, in any mixture; written in one way."""
    statuses = [101, 200, 404, 429, 500, 503, 599, 999]
    assert [status for status in statuses if StatusRule(rule).is_bad(status)] == bad
    assert StatusRule(rule).text == str(StatusRule(rule)) == text


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "500,",
        "599-500",
        "=500",
        ">=",
        "5xx",
        "-1",
        "500-",
        "\u0665\u0660\u0660",
        "50-59",
        ">=5000",
        "<100",
        "5" * 2000,
    ],
)
def test_a_rule_that_cannot_be_read_or_names_no_status_is_refused(rule: str) -> None:
    """When the application starts, and not at the first failure."""
    with pytest.raises(InvalidSLI, match='bad must be like ">=500"'):
        SLI.http("x", bad=rule)


def test_a_long_rule_is_refused_before_it_is_read() -> None:
    """However valid its parts are."""
    for long in (",".join(["500"] * 1_000), "5" * 2_000):
        with pytest.raises(InvalidSLI, match="bad must be like"):
            StatusRule(long)


def test_rules_with_the_same_statuses_are_equal() -> None:
    """However they were written; so are indicators and their hashes."""
    assert StatusRule(">499") == StatusRule(">=500") == StatusRule("500-700,600-99999999")
    assert StatusRule("429,500-599") != StatusRule("500-599")
    one, other = SLI.http("x", bad="500-599,429", latency=0.2), SLI.http("x", bad="429, 500-599", latency="200ms")
    assert one == other
    assert hash(one) == hash(other)
    assert eval(repr(one)) == one
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one
    assert one != SLI.http("x", bad="429,500-599")
    assert one.rule == Http(bad=StatusRule("429,500-599"), latency=Fraction(1, 5))


def test_a_status_is_a_number_from_100_to_999() -> None:
    """What proxies log where there was no answer is refused, not called good for being below 500."""
    for wrong in (0, -1, 99, 1000):
        with pytest.raises(InvalidEvents, match=f"must be a status, a whole number from 100 to 999, got {wrong}"):
            StatusRule().is_bad(wrong)
    assert StatusRule().is_bad(HTTPStatus.BAD_GATEWAY)
    assert not StatusRule().is_bad(np.int16(200))  # type: ignore[arg-type]
    for odd in (True, "503", None, 2**70):
        with pytest.raises(WrongType, match="must be whole numbers such as 200"):
            StatusRule().is_bad(odd)  # type: ignore[arg-type]


# --- judging ----------------------------------------------------------------------------------------------------------


def test_a_request_is_good_where_both_are() -> None:
    """A failure is bad however quick, and a slow answer whatever its status."""
    values = {"status": [200, 404, 429, 503, 200, 200], "seconds": [0.1, 0.1, 0.1, 0.1, 0.2, 7]}
    assert USABLE.is_good(values).tolist() == [True, True, False, False, False, False]
    each = [USABLE.is_good({"status": s, "seconds": t}) for s, t in zip(*values.values(), strict=True)]
    assert each == [True, True, False, False, False, False]
    assert all(type(one) is bool for one in each)


def test_shapes_and_kinds_of_columns() -> None:
    """Any shape, floats that are whole, lengths of time, single ones of numpy."""
    status = np.array([[200, 503], [429, 204]], dtype=np.uint16)
    seconds = np.array([[199, 1], [1, 200]], dtype="timedelta64[ms]")
    assert USABLE.is_good({"status": status, "seconds": seconds}).tolist() == [[True, False], [False, False]]
    assert UP.is_good(np.array([200.0, 500.0])).tolist() == [True, False]
    assert UP.is_good(503) is UP.is_good(np.int64(503)) is UP.is_good({"status": 503.0}) is False
    assert USABLE.is_good({"status": 200, "seconds": timedelta(milliseconds=199)}) is True
    assert UP.is_good([]).tolist() == []


def test_the_seconds_of_a_failure_may_be_anything() -> None:
    """A log has none where nothing was answered; of a good status they must be a number."""
    nan = float("nan")
    assert USABLE.is_good({"status": [503, 200], "seconds": [nan, 0.1]}).tolist() == [False, True]
    assert USABLE.is_good({"status": 503, "seconds": None}) is False
    with pytest.raises(InvalidEvents, match=r"values\['seconds'\]\[1\] must be a finite number"):
        USABLE.is_good({"status": [503, 200], "seconds": [nan, nan]})


@pytest.mark.parametrize("wrong", [-1, -0.001, np.timedelta64(-1, "ms"), np.float32(-1)])
def test_no_answer_took_less_than_no_time(wrong: Any) -> None:
    """The -1 of a proxy is no quick answer; of a failure it may be, and of what does not count."""
    with pytest.raises(InvalidEvents, match="seconds must not be negative, got -"):
        USABLE.is_good({"status": 200, "seconds": wrong})
    seconds = np.array([wrong, wrong])
    with pytest.raises(InvalidEvents, match=r"values\['seconds'\]\[1\] must not be negative, got -.*valid="):
        USABLE.is_good({"status": [503, 200], "seconds": seconds})
    assert USABLE.is_good({"status": 503, "seconds": wrong}) is False
    counts = USABLE.count(
        [0, 1], {"status": [503, 200], "seconds": seconds}, step="1m", time_unit="s", valid=[True, False]
    )
    assert (int(counts.good.sum()), int(counts.bad.sum())) == (0, 1)


def test_what_does_not_count_may_be_anything() -> None:
    """By ``valid=``: no status, no seconds."""
    nan = float("nan")
    values = {"status": [200.0, nan, 503.0, 0.0], "seconds": [0.1, nan, nan, 0.1]}
    counts = USABLE.count([0, 1, 2, 3], values, step="1m", time_unit="s", valid=[True, False, True, False])
    assert (counts.good.tolist(), counts.bad.tolist()) == ([1], [1])
    with pytest.raises(InvalidEvents, match=r"values\['status'\]\[1\] must be a status.*got nan \(and 1 more\); say"):
        USABLE.count([0, 1, 2, 3], values, step="1m", time_unit="s")


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([200, 200], WrongType, "must map 'status' and 'seconds' to values, got list"),
        ({"status": [200]}, InvalidEvents, "must map 'status' and 'seconds' to values, got 'status'"),
        ({"status": [200], "seconds": [1], "ok": [1]}, InvalidEvents, "got 'status', 'seconds', 'ok'"),
        ({"status": [200], "seconds": [1, 2]}, InvalidEvents, r"one shape, got 'status': \(1,\), 'seconds': \(2,\)"),
        ({"status": 200, "seconds": [1, 2]}, InvalidEvents, "one shape"),
        ({"status": [200], "seconds": 1}, InvalidEvents, "one shape"),
        ({"status": ["200"], "seconds": [1]}, WrongType, "convert text to integers first"),
        ({"status": [True], "seconds": [1]}, WrongType, "dtype bool"),
        ({"status": [200.5], "seconds": [1]}, InvalidEvents, "must be a status"),
    ],
)
def test_values_that_are_no_requests_are_refused(values: Any, error: type[Exception], message: str) -> None:
    """Named, with what was given."""
    with pytest.raises(error, match=message):
        USABLE.is_good(values)


def test_seconds_in_vain() -> None:
    """Whoever tells both to an indicator of statuses alone is not refused, so that all may be told the same."""
    assert UP.is_good({"status": [200], "seconds": [float("nan")]}).tolist() == [True]
    assert UP.is_good({"status": [500]}).tolist() == [False]
    with pytest.raises(InvalidEvents, match="must map 'status' to values, got nothing"):
        UP.is_good({})


@pytest.mark.parametrize("latency", [0, "0s", -1, "-200ms"])
def test_a_latency_is_above_zero(latency: Any) -> None:
    """Nothing is answered in less than no time."""
    with pytest.raises(InvalidSLI, match="latency must be longer than 0"):
        SLI.http("x", latency=latency)


def test_milliseconds_are_doubted() -> None:
    """Judged by an indicator in seconds, of requests whose status is good; the bad ones say nothing."""
    with pytest.warns(OneSidedThreshold, match=r"\['seconds'\] lie between 120 and 120, none of them below 0.2 s"):
        USABLE.count(range(200), {"status": [200] * 200, "seconds": [120] * 200}, step="1h", time_unit="s")
    USABLE.count(range(200), {"status": [503] * 200, "seconds": [120] * 200}, step="1h", time_unit="s")


def test_in_words() -> None:
    """What is good, for people."""
    assert str(USABLE) == "checkout: status not 429,500-599 and below 0.2 s"
    assert repr(UP) == "SLI.http('up', bad='>=500')"
    assert repr(USABLE) == "SLI.http('checkout', latency='200ms', bad='429,500-599')"
    assert (USABLE.kind, USABLE.counts_unit, USABLE.is_timed, USABLE.parts) == ("http", "events", False, ())


def test_a_part_of_an_all_of() -> None:
    """Beside what a request has too, such as whether its answer was the right one."""
    whole = SLI.all_of("right", USABLE, SLI.ratio("checked"))
    values = {"checkout": {"status": [200, 503], "seconds": [0.1, 0.1]}, "checked": [True, True]}
    assert whole.is_good(values).tolist() == [True, False]


# --- in data ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sli", "data"),
    [
        (UP, {"kind": "http", "name": "up"}),
        (USABLE, {"kind": "http", "name": "checkout", "latency": "200ms", "bad": "429,500-599"}),
        (SLI.http("x", latency=90), {"kind": "http", "name": "x", "latency": "1m30s"}),
        (SLI.http("x", latency=Fraction(1, 3)), {"kind": "http", "name": "x", "latency": "1/3"}),
        (
            SLI.http("x", latency=Fraction(2**190, 3**130)),
            {"kind": "http", "name": "x", "latency": f"{2**190}/{3**130}"},
        ),
    ],
)
def test_it_is_written_as_data_and_back(sli: SLI, data: dict[str, Any]) -> None:
    """With what differs from the defaults, exactly."""
    assert to_dict(sli) == {"slokit": 1, **data}
    assert from_dict(to_dict(sli)) == sli


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"bad": "500-"}, r'\.bad: must be like ">=500"'),
        ({"bad": 500}, r"\.bad: must be text such as"),
        ({"latency": "5q"}, r"\.latency: must be"),
        ({"latency": 0}, r"\.latency: must be longer than 0"),
        ({"lt": 1}, r"\.lt: is no key of http"),
    ],
)
def test_data_that_is_wrong_is_told_with_its_path(keys: dict[str, Any], message: str) -> None:
    """By the class itself."""
    with pytest.raises(InvalidDefinition, match=message):
        from_dict({"slokit": 1, "sli": [{"kind": "http", "name": "x", **keys}]})


def test_a_file_holds_it(tmp_path: Path) -> None:
    """As TOML, where people review it."""
    file = tmp_path / "slos.toml"
    file.write_text(
        'slokit = 1\n[[slo]]\nname = "checkout"\ntarget = "99%"\nwindow = "30d"\n'
        'sli = { kind = "http", name = "checkout", latency = "200ms", bad = "500-599,429" }\n'
    )
    assert load(file)["checkout"].sli == USABLE


LOG = b"time,status,took\n2026-01-05T10:00:02Z,200,0.1\n2026-01-05T10:00:03Z,429,0.1\n2026-01-05T10:00:31Z,200,3\n"


def test_a_table_of_requests_is_judged_by_the_rule_of_the_indicator() -> None:
    """And not by what the table was told of statuses."""
    table = read_table(io.BytesIO(LOG), status="status", value="took", bad_status=">=500")
    assert isinstance(table, EventTable)
    assert table.count(USABLE).bad.tolist() == [2]
    assert table.count(SLI.http("up", bad="429")).bad.tolist() == [1]
    assert table.count(UP).bad.tolist() == [0]


def test_a_table_without_what_is_needed_is_refused() -> None:
    """No seconds, or statuses that are texts."""
    for options in ({"status": "status"}, {"status": "status", "value": "took", "bad_status": "error"}):
        table = read_table(io.BytesIO(LOG), **options)  # type: ignore[arg-type]
        assert isinstance(table, EventTable)
        with pytest.raises(InvalidFile, match="'checkout' is an http indicator and needs a column of statuses"):
            table.count(USABLE)


# --- live -------------------------------------------------------------------------------------------------------------


def test_a_recording_is_told_both() -> None:
    """What cannot be judged is a drop, and raised by none."""
    recording = Recording(USABLE, retention="1h")
    recording.observe(status=200, seconds=0.1)
    recording.observe(status=503, seconds=0.1)
    recording.observe(status=200, seconds=0.1, ok=False)
    recording.observe(status=0, seconds=0.1)
    recording.observe(0.1)
    assert (int(recording.counts().good.sum()), int(recording.counts().bad.sum())) == (1, 2)
    assert recording.drops() == {"not judged": 2}


def test_what_is_measured_has_no_status() -> None:
    """An exception is bad, and else the seconds judge, where there is a latency."""
    recording, any_will_do = Recording(SLI.http("x", latency="10s"), retention="1h"), Recording(UP, retention="1h")
    slow = Recording(SLI.http("x", latency=Fraction(1, 10**12)), retention="1h")
    for one in (recording, any_will_do, slow):
        with one.measure():
            pass
        with pytest.raises(KeyError), one.measure():
            raise KeyError
    told = [(int(one.counts().good.sum()), int(one.counts().bad.sum())) for one in (recording, any_will_do, slow)]
    assert told == [(1, 1), (1, 1), (0, 2)]


# --- real data --------------------------------------------------------------------------------------------------------


def test_a_real_log_of_requests(data_dir: Path) -> None:
    """10,000 requests of which 3 failed for the server's sake, and 220 by any status from 400 on; each by hand too."""
    path = data_dir / "http_apache" / "requests.csv.gz"
    columns = read_columns(path, {"timestamp": "time", "status": "integer"})
    stamps, status = columns["timestamp"], columns["status"]
    for bad, expected in ((">=500", 3), (">=400", 220), ("404", status.tolist().count(404))):
        counts = SLI.http("site", bad=bad).count(stamps, status, step="1h")
        assert (int(counts.total.sum()), int(counts.bad.sum())) == (10_000, expected)
    slow = np.where(np.arange(10_000) % 10 == 0, 0.5, 0.1)
    counts = SLI.http("site", latency="0.3s").count(stamps, {"status": status, "seconds": slow}, step="1h")
    pairs = zip(status.tolist(), slow.tolist(), strict=True)
    assert int(counts.bad.sum()) == sum(code >= 500 or seconds >= 0.3 for code, seconds in pairs)
    table = read_table(path)
    assert isinstance(table, EventTable)
    assert (table.count(UP, step="1h").bad == SLI.http("site").count(stamps, status, step="1h").bad).all()
