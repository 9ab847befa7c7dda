"""Definitions as data: what is written, what may be read, and every complaint with its path."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from time import process_time
from typing import Any

import pytest

from slokit import (
    SLI,
    SLO,
    BurnRateAlert,
    CalendarWindow,
    Exclusion,
    Occurrences,
    RatioTimeslices,
    RollingWindow,
    Timeslices,
    from_dict,
    to_dict,
)
from slokit.config import Definitions
from slokit.errors import InvalidDefinition, SuspiciousTarget, UnknownLabel, WrongType

RATIO = {"kind": "ratio", "name": "up"}
SLO_ = {"name": "checkout", "sli": RATIO, "target": "99.9%", "window": "30d"}


def problems(data: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong with data, by path."""
    with pytest.raises(InvalidDefinition) as caught:
        from_dict(data)
    assert len(set(caught.value.problems)) == len(caught.value.problems)  # nothing is said twice
    return dict(caught.value.problems)


def problems_of_slo(**changes: Any) -> dict[str, str]:
    """Return what is wrong with an objective, some of whose keys were changed."""
    return problems({"slokit": 1, "kind": "slo", **SLO_, **changes})


def an_slo(**changes: Any) -> SLO:
    """Make an objective of data, some of whose keys were changed."""
    return from_dict({"slokit": 1, "kind": "slo", **SLO_, **changes}, SLO)


# --- what is written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "data"),
    [
        (SLI.ratio("up"), {"kind": "ratio", "name": "up"}),
        (
            SLI.threshold("latency", lt="200ms"),
            {"kind": "threshold", "name": "latency", "lt": "0.2", "unit": "s"},
        ),
        (
            SLI.threshold("room", between=("19.5", 23)),
            {"kind": "threshold", "name": "room", "between": ["19.5", "23"]},
        ),
        (
            SLI.all_of("usable", SLI.ratio("ok"), SLI.threshold("x", gte=Fraction(1, 3))),
            {
                "kind": "all_of",
                "name": "usable",
                "parts": [{"kind": "ratio", "name": "ok"}, {"kind": "threshold", "name": "x", "gte": "1/3"}],
            },
        ),
        (
            SLI.gauge("lag", lte=1000, stale_after="2m"),
            {"kind": "gauge", "name": "lag", "lte": "1000", "stale_after": "2m"},
        ),
        (SLI.freshness("mart", within="30m"), {"kind": "freshness", "name": "mart", "within": "30m"}),
        (
            SLI.deadline("mart", by="07:00", days="Mon-Fri", tz="Asia/Kolkata", lead="1h30m"),
            {
                "kind": "deadline",
                "name": "mart",
                "by": "07:00",
                "days": "Mon-Fri",
                "tz": "Asia/Kolkata",
                "lead": "1h30m",
            },
        ),
        (
            SLI.deadline("mart", by="07:00:30", tz="UTC"),
            {"kind": "deadline", "name": "mart", "by": "07:00:30", "tz": "UTC"},
        ),
        (RollingWindow("30d"), {"kind": "window", "rolling": "30d"}),
        (
            CalendarWindow("week", tz="Europe/Berlin", every=2, start="2026-01-05"),
            {"kind": "window", "calendar": "week", "tz": "Europe/Berlin", "every": 2, "start": "2026-01-05"},
        ),
        (Occurrences(), {"kind": "budgeting", "method": "occurrences"}),
        (
            Timeslices("1m", target="99%"),
            {"kind": "budgeting", "method": "timeslices", "slice": "1m", "target": "0.99"},
        ),
        (RatioTimeslices("5m"), {"kind": "budgeting", "method": "ratio_timeslices", "slice": "5m"}),
        (
            Exclusion("2026-01-05T10:00Z", "2026-01-05T12:00Z", "outage", scope={"region": ["us", "eu"], "az": "1"}),
            {
                "kind": "exclusion",
                "start": "2026-01-05T10:00:00Z",
                "end": "2026-01-05T12:00:00Z",
                "reason": "outage",
                "scope": {"az": "1", "region": ["eu", "us"]},
            },
        ),
        (
            Exclusion.recurring(days="Sun", at="02:00", duration="2h", tz="Europe/Berlin", proposed=True),
            {
                "kind": "exclusion",
                "recurring": {"days": "Sun", "at": "02:00", "duration": "2h", "tz": "Europe/Berlin"},
                "proposed": True,
            },
        ),
        (
            BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4),
            {"kind": "burn_rate_alert", "long_window": "1h", "short_window": "5m", "burn_rate": "14.4"},
        ),
    ],
)
def test_each_definition_is_written_as_people_would(definition: Any, data: dict[str, Any]) -> None:
    """Exact numbers, durations and instants are text, defaults are left out, and all of it reads back equal."""
    assert to_dict(definition) == {"slokit": 1, **data}
    assert from_dict({"slokit": 1, **data}) == definition


def test_an_objective_is_written_with_what_it_is_made_of() -> None:
    """Inside an objective a window is a duration, and nothing says again what its place says."""
    slo = SLO(
        "checkout",
        sli=SLI.ratio("up"),
        target="99.9%",
        window="30d",
        budgeting=Timeslices("1m", target="99%"),
        enforced=False,
    ).per("tenant", target={"acme": "99.95%"})
    assert to_dict(slo) == {
        "slokit": 1,
        "kind": "slo",
        "name": "checkout",
        "sli": RATIO,
        "target": "0.999",
        "window": "30d",
        "budgeting": {"method": "timeslices", "slice": "1m", "target": "0.99"},
        "enforced": False,
        "per": {"axis": "tenant", "target": {"acme": "0.9995"}},
    }


def test_a_fraction_too_long_for_text_of_a_number_is_kept() -> None:
    """A target made in Python of 400 bits is written as p/q, and reads back exactly."""
    slo = SLO("x", sli=SLI.ratio("up"), target=Fraction(2**390 - 1, 2**390), window="30d")
    assert from_dict(to_dict(slo)) == slo


def test_a_predicate_is_refused_with_its_path() -> None:
    """Code is no data, wherever it hides."""
    usable = SLI.all_of("usable", SLI.ratio("ok"), SLI.predicate("odd", lambda x: x % 2 == 1))
    with pytest.raises(
        InvalidDefinition, match=r"^slo\.sli\.parts\[1\]: holds code, which is no data: make it in Python"
    ):
        to_dict(SLO("x", sli=usable, target=0.9, window="30d"))
    found = problems_of_slo(sli={"kind": "predicate", "name": "odd"})
    assert found["slo.sli"].startswith("holds code")


def test_what_is_no_definition_is_refused() -> None:
    """Rules and numbers are parts, not definitions."""
    with pytest.raises(WrongType, match=r"to_dict writes Definitions, SLO, SLI, .* got Ratio"):
        to_dict(SLI.ratio("up").rule)  # type: ignore[arg-type]


# --- what may be read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["99.9%", "0.999", 0.999, Decimal("0.999"), Fraction(999, 1000), "999/1000"])
def test_a_target_may_be_written_as_the_class_takes_it(target: Any) -> None:
    """Cases 3 and 37: all of them are the same decimal."""
    assert an_slo(target=target).target == Fraction(999, 1000)


def test_native_times_are_read() -> None:
    """TOML has dates and times of its own; a date means its first instant in the zone."""
    span = {"start": datetime(2026, 1, 5, 10, tzinfo=UTC), "end": "2026-01-05T13:00+01:00"}
    assert from_dict({"slokit": 1, "kind": "exclusion", **span}) == Exclusion("2026-01-05T10:00Z", "2026-01-05T12:00Z")
    habit = {"days": ["Sat", "Sun"], "at": time(2), "duration": timedelta(hours=2), "tz": "Europe/Berlin"}
    found = from_dict({"slokit": 1, "kind": "exclusion", "recurring": habit | {"first": date(2026, 1, 1)}}, Exclusion)
    assert found.recurrence is not None
    assert found.recurrence.first == 1_767_222_000 * 10**9  # 2025-12-31T23:00Z
    assert an_slo(window={"calendar": "month", "start": date(2026, 1, 15)}).window == CalendarWindow(
        "month", start="2026-01-15"
    )


def test_bounds_may_have_a_unit_of_their_own() -> None:
    """A threshold is read as its constructor reads it."""
    data = {"slokit": 1, "kind": "threshold", "name": "latency", "lt": "200ms", "unit": "ms"}
    assert from_dict(data) == SLI.threshold("latency", lt=200, unit="ms")


def test_short_forms_of_budgeting_and_windows() -> None:
    """A method without settings is a word; a rolling window may be a table too."""
    slo = an_slo(budgeting="occurrences", window={"rolling": "7d"})
    assert slo.budgeting == Occurrences()
    assert slo.window == RollingWindow("7d")


def test_null_is_a_key_left_out_where_it_may_be() -> None:
    """JSON writers say null for what is not there; a key that must be there may not be null."""
    assert an_slo(owner=None, missing_events=None) == an_slo()
    assert problems_of_slo(target=None) == {"slo.target": "must be a number or its text, got NoneType: None"}


def test_a_definition_written_alone_can_be_put_inside_another() -> None:
    """Its version and its kind are in place there too, and are checked."""
    written = to_dict(SLI.freshness("mart", within="30m"))
    assert an_slo(sli=written, budgeting=to_dict(Timeslices("1m", target=0.9))).sli == SLI.freshness("mart", "30m")
    assert problems_of_slo(sli=written | {"slokit": 2}) == {
        "slo.sli.slokit": "is 2, from a newer slokit; this one reads 1: pip install -U slokit"
    }
    assert problems_of_slo(budgeting={"kind": "window", "method": "occurrences"}) == {
        "slo.budgeting.kind": "must be \"budgeting\" here, got 'window'"
    }


def test_the_class_wanted_can_be_said() -> None:
    """A caller who needs an objective is told when the data are an indicator."""
    with pytest.raises(WrongType, match="data must define a SLO, got a SLI"):
        from_dict({"slokit": 1, **RATIO}, SLO)


def test_a_suspicious_target_warns_in_data_too() -> None:
    """Case 13: percent below one in a hundred was probably a fraction."""
    with pytest.warns(SuspiciousTarget):
        an_slo(target="0.999%")


# --- complaints -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"target": 99.9}, "slo.target", 'must be at least 0 and below 1, got 99.9; did you mean "99.9%" or 0.999?'),
        ({"target": float("nan")}, "slo.target", "must be finite, got nan"),
        ({"target": True}, "slo.target", "must be a number, got True"),
        ({"target": Decimal("1e-999")}, "slo.target", "must have an exponent of at most 40 either way"),
        ({"window": "1M"}, "slo.window", "the calendar's own periods are a table: { calendar = \"month\""),
        ({"window": "quarter"}, "slo.window", "the calendar's own periods are a table: { calendar = \"quarter\""),
        ({"window": 30}, "slo.window", 'must be text with a unit such as "5m"'),
        ({"window": {"calendar": "mont"}}, "slo.window.calendar", "must be one of day, week, month"),
        ({"window": {"calendar": "day", "rolling": "1d"}}, "slo.window", "must have exactly one of the keys"),
        ({"window": {"calendar": "day", "tz": "../../etc/passwd"}}, "slo.window.tz", "must be an IANA zone"),
        ({"window": {"calendar": "day", "tz": "Europe/Berln"}}, "slo.window.tz", "did you mean 'Europe/Berlin'?"),
        ({"window": {"calendar": "week", "every": 2}}, "slo.window", "every=2 needs start="),
        ({"window": {"calendar": "month", "start": "2026-01-30"}}, "slo.window.start", "start of a month must be"),
        ({"window": {"calendar": "month", "every": True}}, "slo.window.every", "must be an int, got bool"),
        ({"budgeting": {"method": "slices"}}, "slo.budgeting.method", 'did you mean "timeslices"?'),
        ({"budgeting": {"slice": "1m"}}, "slo.budgeting.method", "is missing: one of occurrences, timeslices"),
        ({"budgeting": 7}, "slo.budgeting", 'must be a table such as { method = "timeslices"'),
        ({"budgeting": "ratio_timeslices"}, "slo.budgeting.slice", "is missing"),
        ({"budgeting": {"method": "ratio_timeslices", "slice": "7m"}}, "slo.window", "window of 30d is no whole"),
        ({"missing": "good"}, "slo", "missing='good' must say how many events a missing bucket stands for"),
        ({"missing_events": 10}, "slo.missing_events", "must not be given, because missing=\"ignore\" fills nothing"),
        ({"missing": "Good"}, "slo.missing", 'did you mean "good"?'),
        ({"enforced": "no"}, "slo.enforced", "must be a bool, got str: 'no'"),
        ({"name": ""}, "slo.name", "and not blank"),
        ({"sli": None}, "slo.sli", "must be a table, or the name of an indicator of the document, got null"),
        ({"sli": "up"}, "slo.sli", "must be a table, or the name of an indicator written above as [[sli]], got 'up'"),
        ({"sli": {"name": "x"}}, "slo.sli.kind", "is missing: one of ratio, threshold"),
        ({"sli": {"kind": ["ratio"], "name": "x"}}, "slo.sli.kind", 'must be one of "ratio"'),
        ({"sli": RATIO | {"lt": 1}}, "slo.sli.lt", "is no key of ratio; its keys are name"),
        ({"sli": {"kind": "all_of", "name": "x", "parts": []}}, "slo.sli", "all_of must have at least one part"),
        ({"sli": {"kind": "all_of", "name": "x", "parts": {}}}, "slo.sli.parts", "must be a list of indicators"),
        (
            {"sli": {"kind": "all_of", "name": "x", "parts": [RATIO, RATIO]}},
            "slo.sli.parts",
            "must have names of their own, got 'up' twice",
        ),
        ({"sli": {"kind": "threshold", "name": "x"}}, "slo.sli", "a threshold must have exactly one of lt, lte"),
        ({"sli": {"kind": "threshold", "name": "x", "lt": "5q"}}, "slo.sli.lt", "must be numbers with the units"),
        (
            {"sli": {"kind": "threshold", "name": "x", "between": [2, 1]}},
            "slo.sli.between",
            "must be two rising bounds, got 2 and 1; swap them",
        ),
        ({"sli": {"kind": "threshold", "name": "x", "between": [None, 1]}}, "slo.sli.between", "must be two bounds"),
        ({"sli": {"kind": "threshold", "name": "x", "lt": "1s", "unit": "items"}}, "slo.sli.lt", "is a length of time"),
        ({"sli": {"kind": "threshold", "name": "x", "lt": 1, "unit": " "}}, "slo.sli.unit", "must be 1 to 32"),
        ({"sli": {"kind": "gauge", "name": "x", "lt": 1, "stale_after": "1ns"}}, "slo.sli.stale_after", "whole"),
        ({"sli": {"kind": "deadline", "name": "x", "by": "25:00", "tz": "UTC"}}, "slo.sli.by", "must be a time of day"),
        ({"per": {"axis": "tenant", "target": {"a.b": 2}}}, "slo.per.target['a.b']", "must be at least 0 and below 1"),
        ({"per": {"axis": "tenant", "target": [1]}}, "slo.per.target", "must be a table of labels and their targets"),
        ({"per": {"axis": "tenant", "target": {1: 0.9}}}, "slo.per.target", "must have labels that are text"),
        ({"\x1b[31m": 1}, r"slo['\\x1b[31m']", "is no key of slo"),
        ({"kind": "slos"}, "kind", 'did you mean "slo"?'),
        ({"kind": 1}, "kind", 'must be one of "slo", "ratio"'),
    ],
)  # fmt: skip
def test_a_complaint_has_a_path_and_a_way_out(changes: dict[str, Any], path: str, message: str) -> None:
    """Cases 3, 10, 13, 40 and 45: what is wrong is named where it stands, in the words of the class itself."""
    found = problems_of_slo(**changes)
    assert list(found) == [path]
    assert message in found[path]


def test_keys_that_must_be_there_are_missed() -> None:
    """Each of them by its path."""
    found = problems({"slokit": 1, "kind": "slo"})
    assert found == {f"slo.{key}": "is missing" for key in ("name", "sli", "target", "window")}


def test_a_misspelt_key_is_not_missed_as_well() -> None:
    """The hint says which key was meant; that this is not there is no second mistake."""
    data = {key: value for key, value in SLO_.items() if key != "target"}
    found = problems({"slokit": 1, "kind": "slo", **data, "Tar-get": "99.9%"})
    assert found == {"slo.Tar-get": 'is no key of slo; did you mean "target"?'}


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (None, "is missing: write slokit = 1, the version of the format, at the top"),
        (2, "is 2, from a newer slokit; this one reads 1: pip install -U slokit"),
        (0, "must be 1, the version of the format, got 0"),
        (True, "must be 1, the version of the format, got True"),
        (1.0, "must be 1, the version of the format, got 1.0"),
        ("1", "must be 1, the version of the format, got '1'"),
    ],
)
def test_a_version_that_is_not_known_is_refused_alone(version: Any, message: str) -> None:
    """Case 34: what another version means by the rest is not known, so nothing else is said about it."""
    data = {"slo": [{"tragte": 1}]} if version is None else {"slokit": version, "slo": [{"tragte": 1}]}
    assert problems(data) == {"slokit": message}


def test_what_is_no_table_is_refused() -> None:
    """The outermost thing is the caller's own, and so the error a WrongType."""
    with pytest.raises(WrongType, match="from_dict reads a table, got a list"):
        from_dict([1])  # type: ignore[call-overload]


def test_a_hundred_problems_are_enough() -> None:
    """A file of something else does not fill a screen for each of its lines, nor time with looking for hints."""
    with pytest.raises(InvalidDefinition) as caught:
        from_dict({"slokit": 1, "slo": [1] * 250})
    assert len(caught.value.problems) == 101
    assert caught.value.problems[-1] == ("document", "has more problems; these are the first 100")


def test_messages_are_one_short_line() -> None:
    """Case 44: what people typed is cleaned, and cut where it is endless."""
    (message,) = problems_of_slo(enforced="\x1b[2J" + "x" * 100_000).values()
    assert message.isprintable()
    assert len(message) <= 400


@pytest.mark.parametrize(
    "tables",
    [
        [{f"k{i}": 1 for i in range(100_000)}],
        [SLO_ | {"name": str(i), "window": {"calendar": "day", "tz": f"Europe/Berln{i}"}} for i in range(20_000)],
        [SLO_] * 20_000,
    ],
)
def test_much_that_is_wrong_is_refused_soon(tables: list[dict[str, Any]]) -> None:
    """Case 45: a complaint with a hint takes milliseconds; a file of nothing but mistakes takes no minutes."""
    started = process_time()
    assert len(problems({"slokit": 1, "slo": tables})) >= 100
    assert process_time() - started < 10


# --- extent ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: {"parts": x}, lambda x: {"sli": [x]}])
def test_data_nested_too_deeply_are_refused(wrap: Any) -> None:
    """Case 38: depth never becomes a RecursionError, also where the data only have to be shown."""
    deep: Any = "x"
    for _ in range(5_000):
        deep = wrap(deep)
    assert "64 levels" in problems({"slokit": 1, "kind": "slo", **SLO_, "name": deep})["document"]


def test_data_that_hold_themselves_are_refused() -> None:
    """Case 38: a loop by reference is infinitely deep."""
    loop: dict[str, Any] = {"slokit": 1, "kind": "all_of", "name": "x"}
    loop["parts"] = [loop]
    assert "64 levels" in problems(loop)["document"]


def test_a_bomb_of_references_is_refused() -> None:
    """Case 38: nine lists of nine times the one before would be 387 million values."""
    bomb: list[Any] = ["x"] * 9
    for _ in range(9):
        bomb = [bomb] * 9
    assert "200,000 values" in problems({"slokit": 1, "slo": bomb})["document"]


def test_an_indicator_of_too_many_layers_is_refused_both_ways() -> None:
    """What is written can be read, so both stop at one depth, with the path."""
    sli = SLI.ratio("x")
    for _ in range(14):
        sli = SLI.all_of("x", sli)
    assert from_dict(to_dict(sli)) == sli
    deeper = SLI.all_of("x", SLI.all_of("x", SLI.all_of("x", sli)))
    with pytest.raises(InvalidDefinition, match=r"^sli(\.parts\[0\]){17}: is nested deeper than 32 levels$"):
        to_dict(deeper)
    table = to_dict(sli)
    for _ in range(3):
        table = {"slokit": 1, "kind": "all_of", "name": "x", "parts": [table]}
    assert "is nested deeper than 32 levels" in next(iter(problems(table).values()))


# --- documents ------------------------------------------------------------------------------------------------------

DOCUMENT: dict[str, Any] = {
    "slokit": 1,
    "sli": [{"kind": "ratio", "name": "up"}],
    "slo": [SLO_ | {"sli": "up"}, SLO_ | {"name": "monthly", "sli": "up", "window": {"calendar": "month"}}],
    "exclusion": [{"start": "2026-01-05T10:00Z", "end": "2026-01-05T12:00Z", "reason": "outage"}],
    "alert": [{"long_window": "1h", "short_window": "5m", "burn_rate": "14.4"}],
}


def test_a_document_is_a_sequence_of_its_objectives() -> None:
    """By position and by name, and with what goes with them."""
    found = from_dict(DOCUMENT, Definitions)
    assert [slo.name for slo in found] == ["checkout", "monthly"]
    assert len(found) == 2
    assert found["monthly"] is found[1] is found.slos[-1]
    assert found[:1] == found.slos[:1]
    assert found[0] in found
    assert found.index(found[1]) == 1
    assert found.exclusions == (Exclusion("2026-01-05T10:00Z", "2026-01-05T12:00Z", "outage"),)
    assert found.alerts == (BurnRateAlert(long_window="1h", short_window="5m", burn_rate=14.4),)
    assert found.slis == (SLI.ratio("up"),)
    assert hash(found) == hash(from_dict(to_dict(found)))
    with pytest.raises(UnknownLabel, match="no SLO is called 'montly'; did you mean \"monthly\""):
        found["montly"]
    with pytest.raises(UnknownLabel, match="the SLOs are 'checkout', 'monthly'"):
        found["x"]
    with pytest.raises(IndexError):
        found[2]


def test_what_is_found_by_name_is_in_a_document() -> None:
    """A name, an objective, and nothing else: neither another of that name, nor an indicator's name, nor a position."""
    found = from_dict(DOCUMENT, Definitions)
    for one in ("checkout", "monthly", found["monthly"], an_slo()):
        assert one in found
    for other in ("montly", "", "up", 0, None, found.slis[0], an_slo(target="99%"), found.slos):
        assert other not in found


def test_a_document_written_refers_to_its_indicators() -> None:
    """What two objectives share is written once."""
    found = from_dict(DOCUMENT, Definitions)
    assert [slo["sli"] for slo in to_dict(found)["slo"]] == ["up", "up"]
    other = Definitions(found.slos, slis=[SLI.threshold("up", lt=1)])  # of the same name, and not the same
    assert [slo["sli"] for slo in to_dict(other)["slo"]] == [RATIO, RATIO]


def test_an_indicator_may_be_made_of_those_above() -> None:
    """Parts are named as objectives name indicators; only what stands above is there, so nothing can go in circles."""
    usable = {"kind": "all_of", "name": "usable", "parts": ["up"]}
    data = {"slokit": 1, "sli": [RATIO, usable], "slo": [SLO_ | {"sli": "usable"}]}
    assert from_dict(data, Definitions)[0].sli == SLI.all_of("usable", SLI.ratio("up"))
    assert list(problems(data | {"sli": [usable, RATIO]})) == ["sli[0].parts[0]"]


def test_problems_of_a_whole_document_come_at_once() -> None:
    """Each where it stands; who refers to an indicator that is wrong has made no mistake of their own."""
    found = problems({
        "slokit": 1,
        "sli": [{"kind": "rato", "name": "up"}, {"kind": "ratio", "name": "up"}],
        "slo": [SLO_ | {"sli": "up"}, SLO_ | {"target": 2, "sli": "upp"}, "x"],
        "exclusion": {"start": "2026-01-05T10:00Z"},
        "alert": [{"long_window": "1h", "burn_rate": -1, "op": "ge"}],
        "alerts": [],
    })  # fmt: skip
    assert list(found) == [
        "alerts",
        "sli[0].kind",
        "sli[1].name",
        "slo[1].sli",
        "slo[1].target",
        "slo[2]",
        "slo[1].name",
        "exclusion",
        "alert[0].burn_rate",
        "alert[0].op",
    ]
    assert found["alerts"] == 'is no part of a document; did you mean "alert"?'
    assert found["slo[1].name"] == "must be a name of its own, got 'checkout', which slo[0] has"
    assert found["exclusion"] == "must be a list of tables, written as [[exclusion]], got a table"


@pytest.mark.parametrize("data", [{}, {"name": "x"}])
def test_a_document_of_nothing_is_refused(data: dict[str, Any]) -> None:
    """No objectives at all is never what a file was written for; an empty list says it on purpose."""
    assert "defines nothing" in problems({"slokit": 1} | data)["document"]
    assert from_dict({"slokit": 1, "slo": []}) == Definitions()


def test_definitions_made_by_hand_are_checked() -> None:
    """Two of one name could not be told apart, and an SLO is no exclusion."""
    slo = an_slo()
    with pytest.raises(InvalidDefinition, match=r"slo\[1\]\.name: must be a name of its own, got 'checkout'"):
        Definitions([slo, slo])
    with pytest.raises(WrongType, match=r"exclusions\[0\] must be an Exclusion, got SLO"):
        Definitions(exclusions=[slo])


def test_definitions_show_themselves() -> None:
    """Case 44: in a line, in a notebook with everything escaped, and to rich."""
    slo = an_slo(name="<b>checkout</b>", owner="<i>")
    found = Definitions([slo], alerts=[BurnRateAlert(long_window="1h", burn_rate=2)])
    assert repr(found) == "Definitions(1 SLO, 1 alert: <b>checkout</b>)"
    assert repr(Definitions([an_slo(name=str(i)) for i in range(7)])) == "Definitions(7 SLOs: 0, 1, 2, 3, 4, …)"
    assert "&lt;b&gt;checkout" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    assert "<i>" not in found._repr_html_()
    assert dict(found.__rich_repr__()) == {"slos": [slo], "alerts": list(found.alerts)}
