from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slokit import SLI, SLO, CalendarWindow, Counts, Exclusion, RatioTimeslices, Timeslices
from slokit.errors import MuchExcluded
from slokit.report._signs import cells
from slokit.report.data import to_dict
from slokit.report.summary import Summary, summarise
from slokit.report.terminal import Progress, style_for
from slokit.report.text import Style, render

MONDAY = "2026-06-01T00:00Z"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
UP = SLI.ratio("up")


def month(**bad: int) -> Counts:
    """Return 30 days of hours with 100 events each, some of them bad: ``h12=5`` is five in hour 12."""
    row = np.zeros(720, dtype=np.int64)
    for hour, number in bad.items():
        row[int(hour[1:])] = number
    return Counts.from_buckets(start=MONDAY, step="1h", bad=row, total=np.full(720, 100))


def slo(target: str = "99.9%", window: Any = "30d", **options: Any) -> SLO:
    """Return an objective to report on."""
    return SLO("checkout", sli=UP, target=target, window=window, **options)


def shown(summary: Summary, **style: Any) -> str:
    """Return a report without colours."""
    return ESCAPES.sub("", render(summary, Style(**style)))


def section(text: str, title: str) -> list[str]:
    """Return the lines under a title."""
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(f"  {title}"))
    rest = [first + 1 + i for i, line in enumerate(lines[first + 1 :]) if line[:16].strip()]
    stop = rest[0] if rest else len(lines)
    return [line[16:] for line in lines[first:stop] if line.strip()]


# --- text -----------------------------------------------------------------------------------------------------------


def test_the_report_begins_with_the_objective_and_the_status() -> None:
    """The first line says what was promised, the third how it stands, in the words of the status."""
    summary = summarise(slo(), month(h12=20, h700=16), source="requests.csv")
    lines = render(summary).splitlines()
    assert lines[0] == "checkout · 99.9% over 30d rolling · requests.csv"
    assert lines[2] == summary.status.line()
    assert lines[2].startswith("MET · 50% budget left (36 bad events)")


@pytest.mark.parametrize(
    ("bad", "word", "filled"),
    [({}, "MET", 30), ({"h5": 36}, "MET", 15), ({"h5": 72}, "MET", 0), ({"h5": 73}, "MISSED", 0)],
)
def test_the_bar_shows_what_is_left(bad: dict[str, int], word: str, filled: int) -> None:
    """Full when nothing is spent, half at half, empty when it is gone."""
    text = shown(summarise(slo(), month(**bad)))
    assert text.splitlines()[2].startswith(word)
    assert section(text, "Error budget")[0].count("█") == filled
    assert section(text, "Error budget")[0].count("░") == 30 - filled


def test_an_overspent_budget_is_said_in_words() -> None:
    """How much too much, and that no bad event fits any more."""
    lines = section(shown(summarise(slo(), month(h5=100, h6=8))), "Error budget")
    assert lines[0].endswith("overspent by 50%")
    assert lines[1] == "108 of 72 allowed spent, no more fits"


def test_burn_rates_are_those_of_the_status() -> None:
    """The usual windows that the buckets allow, and the objective's own last."""
    summary = summarise(slo(), month(h5=36, h719=2))
    assert [window for window, _ in summary.burns] == ["1h", "6h", "1d", "3d", "30d"]
    assert [rate for _, rate in summary.burns] == [summary.status.burn_rate(w) for w in ("1h", "6h", "1d", "3d", "30d")]
    assert section(shown(summary), "Burn rate")[0].startswith("1h ▇ 20x   6h ▆ 3.33x")


def test_windows_longer_than_the_objectives_are_left_out() -> None:
    """A day's objective has no use for three days."""
    assert [window for window, _ in summarise(slo(window="1d"), month()).burns] == ["1h", "6h", "1d"]


@pytest.mark.parametrize(
    ("bad", "sign"), [(0, "▁"), (1, "▂"), (3, "▃"), (10, "▄"), (30, "▅"), (100, "▆"), (300, "▇"), (301, "█")]
)
def test_signs_rise_with_the_burn_rate(bad: int, sign: str) -> None:
    """One sign higher for three times the rate; a rate of exactly a bound is still below it."""
    counts = Counts.from_buckets(start=MONDAY, step="1h", bad=[bad], total=[10_000])
    assert section(shown(summarise(slo(window="1h"), counts)), "Burn rate")[0].split()[1] == sign


def test_the_strip_shows_where_it_burned() -> None:
    """A sign a stretch of round length, over the dates; what was excluded, quiet or unobserved has signs of its own."""
    bad, total, observed = np.zeros(720, int), np.full(720, 100), np.ones(720, bool)
    bad[13] = 50
    total[24:36] = 0
    total[48:60], observed[48:60] = 0, False
    counts = Counts.from_buckets(start=MONDAY, step="1h", bad=bad, total=total, observed=observed)
    summary = summarise(slo(), counts, exclusions=Exclusion("2026-06-04T00:00Z", "2026-06-04T12:00Z"))
    drawn, dates, legend = section(shown(summary, width=120), "Each 12h")
    assert drawn == "▁█◦▁ ▁×" + "▁" * 53
    assert dates == "2026-06-01" + " " * 40 + "2026-07-01"
    assert legend.endswith("◦ no traffic   blank not observed   × excluded")


@settings(max_examples=30)
@given(
    size=st.integers(1, 300), minutes=st.sampled_from([1, 5, 7, 60, 1440]), start=st.integers(0, 10_000), data=st.data()
)
def test_columns_of_the_strip_add_up_to_the_window(size: int, minutes: int, start: int, data: st.DataObject) -> None:
    """Whatever the buckets, columns follow each other, are at most sixty, and hold each event of the window once."""
    bad = np.array(data.draw(st.lists(st.integers(0, 9), min_size=size, max_size=size)))
    counts = Counts.from_buckets(
        start=np.datetime64(start * minutes, "m"), step=np.timedelta64(minutes, "m"), bad=bad, total=bad + 1
    )
    window = data.draw(st.integers(1, 2 * size))
    summary = summarise(slo(window=np.timedelta64(window * minutes, "m")), counts)
    (columns,) = summary.strips
    assert len(columns) <= 61
    assert all(a.end == b.start for a, b in pairwise(columns))
    assert sum(c.bad for c in columns) == summary.status.bad
    assert sum(c.good for c in columns) == summary.status.good


def test_the_worst_windows_lie_inside_the_window() -> None:
    """Exactly where they are, by integers; a worse one before the window is another report's business."""
    summary = summarise(slo(window="10d"), month(h5=90, h600=7, h605=7, h690=9))
    assert [(w.window, w.bad) for w in summary.worst] == [("1h", 9), ("6h", 14), ("1d", 14), ("3d", 14)]
    assert section(shown(summary), "Worst")[0] == "1h  █ 90x    2026-06-29 18:00 – 19:00             9 of 100 bad"
    assert summary.worst[0].start == datetime(2026, 6, 29, 18, tzinfo=UTC)


@settings(max_examples=30)
@given(data=st.data(), size=st.integers(1, 60))
def test_worst_windows_are_what_a_loop_finds(data: st.DataObject, size: int) -> None:
    """The highest burn of all windows that lie wholly inside, by fractions."""
    totals = data.draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
    bads = [data.draw(st.integers(0, total)) for total in totals]
    counts = Counts.from_buckets(start=MONDAY, step="1h", bad=bads, total=totals)
    for worst in summarise(slo(window="3d"), counts).worst:
        width = {"1h": 1, "6h": 6, "1d": 24}[worst.window]
        shares = [
            Fraction(sum(bads[i : i + width]), sum(totals[i : i + width]))
            for i in range(size - width + 1)
            if sum(totals[i : i + width])
        ]
        assert worst.burn_rate == float(max(shares) * 1000)


def test_holes_are_named() -> None:
    """How much was not observed, where the longest hole lies, and how far the window reaches back before the data."""
    observed = np.ones(720, bool)
    observed[[5, 100, 101, 102]] = False
    counts = Counts.from_buckets(start=MONDAY, step="1h", bad=np.zeros(720, int), total=observed * 9, observed=observed)
    assert section(shown(summarise(slo(window="31d"), counts)), "Holes") == [
        "4 buckets not observed in 2 holes, the longest 2026-06-05 04:00 – 07:00 (3h)",
        "the window begins 1d before the data",
    ]
    assert "Holes" not in shown(summarise(slo(), month()))


def test_exclusions_are_listed_with_what_they_took() -> None:
    """When, why and on whose word; what was in it; and the figures with and without."""
    exclusions = [
        Exclusion("2026-06-02T00:00Z", "2026-06-02T02:00Z", "maintenance", approved_by="sre"),
        Exclusion("2026-06-03T00:00Z", "2026-06-03T02:00Z", "proposed only", proposed=True),
        Exclusion("2025-01-01T00:00Z", "2025-01-02T00:00Z", "long ago"),
        Exclusion.recurring(days="Sun", at="02:00", duration="1h", tz="UTC", reason="patching"),
    ]
    lines = section(shown(summarise(slo(), month(h24=60, h26=20), exclusions=exclusions), width=120), "Excluded")
    assert lines[0] == "2026-06-02 00:00 – 02:00 maintenance, agreed by sre · 2 buckets, 60 bad of 200 events"
    assert lines[1] == "2026-06-03 00:00 – 02:00 proposed only · proposed only, and counted"
    assert lines[2] == "2025-01-01 00:00 – 2025-01-02 00:00 long ago · not in this window"
    assert lines[3] == "Sun 02:00 for 1h, UTC patching · 4 buckets, 4 times, 0 bad of 400 events"
    assert lines[4] == "MET at 99.97%, 72% left; had they counted, MISSED at 99.89%, -11% left"


def test_without_exclusions_nothing_is_said_of_them() -> None:
    """A proposed exclusion changes no figure, so there is nothing to compare."""
    proposed = Exclusion("2026-06-02T00:00Z", "2026-06-02T02:00Z", proposed=True)
    text = shown(summarise(slo(), month(), exclusions=proposed))
    assert "had they counted" not in text
    assert "Excluded" not in shown(summarise(slo(), month()))


def test_a_calendar_period_says_how_far_it_is() -> None:
    """The period, the share that has passed, and what its budget was reckoned from."""
    goal = slo(window=CalendarWindow("week"))
    text = shown(summarise(goal, month(h400=5), at="2026-06-18T12:00Z"), width=120)
    assert "so far" in text.splitlines()[2]
    assert section(text, "Window") == [
        "2026-06-15 00:00 – 2026-06-18 12:00 UTC, 50% of the period to 2026-06-22 00:00, in buckets of 1h"
    ]
    assert section(text, "Error budget")[2] == "reckoned from the 16.8 k events expected of the whole period"
    first = shown(summarise(goal, month(h4=1), at="2026-06-03T12:00Z"))
    assert section(first, "Error budget")[2] == "reckoned from the period so far: nothing says how much is to come"
    assert "week so far" in first


@pytest.mark.parametrize("at", ["2026-06-08T00:00Z", "2026-06-22T00:00Z"])
def test_the_end_of_a_period_belongs_to_it(at: str) -> None:
    """At midnight between two weeks the report is about the week that ended, and final."""
    text = shown(summarise(slo(window=CalendarWindow("week")), month(), at=at))
    assert text.splitlines()[2].startswith("MET · ")
    assert "of the period" not in text


def test_slices_are_called_slices() -> None:
    """What is counted is said where it is not events."""
    counts = month(h5=30, h6=60)
    text = shown(summarise(slo("99%", budgeting=Timeslices("1h", target=0.9)), counts))
    assert "Timeslices('1h', target='90%')" in text.splitlines()[0]
    assert section(text, "Error budget")[1].startswith("2 of 7.2 allowed spent")
    ratios = shown(summarise(slo("99%", budgeting=RatioTimeslices("1h")), counts))
    assert section(ratios, "Error budget")[1].startswith("0.900 of 7.200 allowed spent")


def test_time_is_written_as_time() -> None:
    """An indicator that counts microseconds is reported in hours and minutes."""
    lag = SLI.gauge("lag", lte=10, stale_after="1h")
    stamps = np.arange(48) * 3600
    counts = lag.count(stamps, np.where(stamps == 7200, 99, 1), step="1h", time_unit="s")
    lines = section(shown(summarise(SLO("lag", sli=lag, target="90%", window="2d"), counts)), "Error budget")
    assert lines[1] == "1h of 4h48m allowed spent, 4h13m20s more fit"


def test_no_data_is_said_and_not_drawn() -> None:
    """No traffic is no verdict: neither budget nor strip pretend to know."""
    quiet = Counts.from_buckets(start=MONDAY, step="1h", good=[0, 0], bad=[0, 0])
    text = shown(summarise(slo(), quiet))
    assert text.splitlines()[2].startswith("NO DATA")
    assert "Error budget" not in text
    summary = summarise(slo(), Counts.empty(step="1h"))
    assert summary.unknown
    assert shown(summary).splitlines()[2].startswith("NO DATA")


def fleet() -> Counts:
    """Return three series: one met, one missed, one silent."""
    return Counts.from_buckets(
        start=MONDAY,
        step="1h",
        bad=[[0, 1], [50, 0], [0, 0]],
        total=[[5000, 5000], [500, 500], [0, 0]],
        labels={"service": ["api", "web\x1b[2J", "日本"]},
    )


def test_several_series_are_a_table_worst_first() -> None:
    """One row a series, least budget first, with how many stand how; labels cannot command the terminal."""
    summary = summarise(slo(window="2h"), fleet())
    text = shown(summary)
    assert text.splitlines()[2] == "1 MISSED, 1 MET, 1 NO DATA of 3 series, least budget first"
    rows = text.splitlines()[5:8]
    assert [row.split()[:2] for row in rows] == [["web\\x1b[2J", "MISSED"], ["api", "MET"], ["日本", "NO"]]
    assert "\x1b" not in text
    assert summary.missed
    assert summary.unknown
    assert section(text, "Worst")[0].endswith("web\\x1b[2J")


def test_a_long_table_is_cut() -> None:
    """The first rows are the ones that need looking at."""
    ones = np.ones((50, 2), int)
    counts = Counts.from_buckets(start=MONDAY, step="1h", bad=ones * 0, total=ones, labels={"n": range(50)})
    text = shown(summarise(slo(window="2h"), counts), most_series=5)
    assert "… 45 more" in text


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("98%", "1 of 0.02 allowed spent, no more fits"),
        ("99.99%", "1 of 0.0001 allowed spent, no more fits"),
        ("1%", "1 of 0.99 allowed spent, no more fits"),
        ("0", "1 of 1 allowed spent, any number more fits"),
    ],
)
def test_a_small_allowance_is_not_nothing(target: str, said: str) -> None:
    """One event allows less than one bad event: the part is written, and never rounded up to what was spent."""
    counts = Counts.from_buckets(start=MONDAY, step="1h", good=[0], bad=[1])
    assert section(shown(summarise(slo(target, window="1h"), counts)), "Error budget")[1] == said


@pytest.mark.parametrize(
    ("step", "size", "window", "under"),
    [
        ("1m", 50, "50m", "00:00" + " " * 40 + "00:50"),
        ("5m", 4, "20m", "00:00 – 00:20"),
        ("10s", 12, "2m", "00:00 – 00:02"),
        ("30s", 3, "90s", "00:00:00 – 00:01:30"),
        ("1h", 24, "24h", "2026-06-01" + " " * 4 + "2026-06-02"),
        ("1d", 3, "3d", "2026-06-01 – 2026-06-04"),
        ("1d", 30, "30d", "2026-06-01" + " " * 10 + "2026-07-01"),
        ("12h", 3, "36h", "2026-06-01 – 2026-06-02"),
    ],
)
def test_the_ends_of_a_strip_can_be_told_apart(step: str, size: int, window: str, under: str) -> None:
    """Dates under a strip of days, times of day under a shorter one, and never one run into the other."""
    counts = Counts.from_buckets(start=MONDAY, step=step, good=np.full(size, 9), bad=np.zeros(size, int))
    assert section(shown(summarise(slo(window=window), counts)), "Each")[1] == under


def test_a_window_of_seconds_has_a_length() -> None:
    """An end that is no full minute is written to the second."""
    counts = Counts.from_buckets(start=MONDAY, step="1s", good=[1, 1], bad=[0, 0])
    (line,) = section(shown(summarise(slo(window="2s"), counts)), "Window")
    assert line == "2026-06-01 00:00 – 2026-06-01 00:00:02 UTC, in buckets of 1s"


def test_a_report_of_forty_columns() -> None:
    """Facts are broken between them, the bar is shorter, and the strip goes on in the next line."""
    lines = shown(summarise(slo(), month(h12=20, h700=16), source="requests.csv"), width=40).splitlines()
    assert lines[:6] == [
        "checkout · 99.9% over 30d rolling",
        "  requests.csv",
        "",
        "MET · 50% budget left (36 bad events)",
        "  1h burn 0x · SLI 99.95% of 72 k",
        "  coverage 100%",
    ]
    assert lines[7] == "  Error budget  ███████░░░░░░░  50% left"
    strip = next(i for i, line in enumerate(lines) if line.startswith("  Each 12h"))
    assert [len(line) for line in lines[strip : strip + 3]] == [40, 40, 28]
    assert lines[strip + 3] == " " * 16 + "2026-06-01 – 2026-07-01"


def test_a_narrow_table_keeps_what_matters() -> None:
    """Names, verdicts, what is left and the indicator, of rows that fit; names are cut last."""
    labels = ["a" * 40, "日本" * 10, "short"]
    counts = Counts.from_buckets(
        start=MONDAY, step="1h", bad=[[5], [1], [0]], total=[[10], [10], [10]], labels={"n": labels}
    )
    lines = shown(summarise(slo(window="1h"), counts), width=40).splitlines()
    rows = [line for line in lines if "MISSED  " in line or "MET  " in line]
    assert [row.split()[1:] for row in rows] == [
        ["MISSED", "-49,900%", "50%"], ["MISSED", "-9,900%", "90%"], ["MET", "100%", "100%"],
    ]  # fmt: skip
    assert rows[0].startswith("aaaa")
    assert "…" in rows[0]
    wide = shown(summarise(slo(window="1h"), counts), width=120).splitlines()
    assert any(line.startswith("a" * 40 + "  MISSED") for line in wide)


@settings(max_examples=50)
@given(
    width=st.integers(40, 120),
    words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=4),
    number=st.integers(0, 2**50),
)
def test_no_line_is_wider_than_the_terminal(width: int, words: list[str], number: int) -> None:
    """Whatever the names and numbers; colours change nothing but colours, and end with the line."""
    counts = Counts.from_buckets(start=MONDAY, step="1h", bad=[number] * 5, total=[number + 9] * 5)
    hours = Exclusion("2026-06-01T00:00Z", "2026-06-01T02:00Z", " ".join(words), approved_by="日本" * len(words))
    with pytest.warns(MuchExcluded):
        summary = summarise(slo(window="5h"), counts, exclusions=hours, source="".join(words))
    lines = render(summary, Style(width=width, color=True)).splitlines()
    assert all(cells(ESCAPES.sub("", line)) <= width for line in lines)
    assert all(line.count("\x1b[") == 2 * line.count("\x1b[0m") for line in lines)
    assert "\n".join(ESCAPES.sub("", line) for line in lines) + "\n" == render(summary, Style(width=width))


@pytest.mark.parametrize("counts", [month(h5=100, h30=3), fleet()])
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_text_fits_and_ascii_is_ascii(counts: Counts, width: int) -> None:
    """Main lines keep to the width; without Unicode there is none; colours change nothing but colours."""
    summary = summarise(slo(), counts, exclusions=Exclusion("2026-06-02T00:00Z", "2026-06-02T02:00Z", "geprüft"))
    plain = render(summary, Style(width=width))
    assert all(len(line) <= width for line in plain.splitlines())
    assert ESCAPES.sub("", render(summary, Style(width=width, color=True))) == plain
    assert render(summary, Style(width=width, ascii_only=True)).isascii()


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    """Names, sources and reasons with escapes, line breaks and overrides stay one harmless line each."""
    evil = "x\x1b]0;pwned\x07\r\n\u202e"
    bidi = "x\u202ey"  # no control character, so a name may have it
    goal = SLO(bidi, sli=UP, target="99%", window="1h", service=bidi)
    exclusion = Exclusion(MONDAY, "2026-06-01T01:00Z", evil, approved_by=evil, name=evil)
    with pytest.warns(MuchExcluded):
        text = render(summarise(goal, month(), exclusions=exclusion, source=evil))
    assert all(line.isprintable() for line in text.split("\n"))


# --- data -----------------------------------------------------------------------------------------------------------


def test_data_is_json_without_nan() -> None:
    """Everything is plain data, exact where it is text, None where there is no figure."""
    for counts in (month(h5=36), fleet(), Counts.empty(step="1h")):
        data = to_dict(summarise(slo(), counts, exclusions=Exclusion(MONDAY, "2026-06-01T02:00Z", "why")))
        again = json.loads(json.dumps(data, allow_nan=False))
        assert again == data
        assert data["version"] == 1


def test_data_agrees_with_the_status() -> None:
    """The figures are those of the status, not of the text."""
    summary = summarise(slo(), month(h5=36))
    data = to_dict(summary)
    assert (data["good"], data["bad"], data["verdict"], data["met"]) == (71_964, 36, "met", True)
    assert data["slo"]["target"] == "0.999"
    assert data["error_budget"]["remaining_ratio"] == summary.status.error_budget.remaining_ratio == 0.5
    assert data["burn_rates"]["30d"] == 0.5
    assert data["window_start"] == "2026-06-01T00:00:00Z"


def test_data_of_several_series_lists_them() -> None:
    """Each series with its labels, and whether any was missed or unknown."""
    data = to_dict(summarise(slo(window="2h"), fleet()))
    assert [one["labels"]["service"] for one in data["series"]] == ["web\x1b[2J", "api", "日本"]
    assert [one["met"] for one in data["series"]] == [False, True, None]
    assert data["missed"] is True
    assert data["series"][2]["sli"] is None


# --- the terminal ---------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not where NO_COLOR is set or the terminal is dumb, unless it is asked for."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert style_for(Terminal()).color
    assert not style_for(io.StringIO()).color
    assert not style_for(Terminal(), "never").color
    assert style_for(io.StringIO(), "always").color
    monkeypatch.setenv("NO_COLOR", "")
    assert style_for(Terminal()).color
    monkeypatch.setenv("NO_COLOR", "1")
    assert not style_for(Terminal()).color
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not style_for(Terminal()).color


def test_the_width_is_what_columns_says_or_the_terminal_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS first, pipe or not; where it says nothing sensible a stream that is no terminal gets a hundred."""
    for said, width in (("40", 40), ("250", 250), ("0", 100), ("wide", 100), ("-5", 100), ("²", 100), ("", 100)):
        monkeypatch.setenv("COLUMNS", said)
        assert style_for(io.StringIO()).width == width
        assert style_for(Terminal()).width == width
    monkeypatch.delenv("COLUMNS")
    assert style_for(io.StringIO()).width == 100


@pytest.mark.parametrize(
    ("encoding", "ascii_only"), [("utf-8", False), ("ascii", True), ("latin-1", True), ("cp437", True)]
)
def test_signs_need_an_encoding_that_has_them(encoding: str, ascii_only: bool) -> None:
    """Where one sign cannot be written none is."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert style_for(stream).ascii_only is ascii_only


def test_progress_is_silent_at_first_and_cleans_up() -> None:
    """A short read says nothing; a long one says how far it is, and leaves no trace."""
    now = [0.0]
    stream = Terminal()
    with Progress(stream, "big\x1b.csv", clock=lambda: now[0]) as progress:
        progress(1_000_000, 100_000_000)
        assert not stream.getvalue()
        now[0] = 1.0
        progress(25_000_000, 100_000_000)
        assert stream.getvalue() == "\rreading big\\x1b.csv: 25 MB of 100, 25%, 3 s left"
        now[0] = 1.01
        progress(26_000_000, 100_000_000)
        now[0] = 2.0
        progress(30_000_000, None)
    assert stream.getvalue().count("reading") == 2
    assert stream.getvalue().endswith("\r")


def test_progress_is_for_terminals() -> None:
    """A pipe or a log is not filled with it."""
    stream = io.StringIO()
    now = iter(range(100))
    with Progress(None, "big.csv", clock=lambda: float(next(now))) as progress:
        progress(1, 2)
    with Progress(stream, "big.csv", clock=lambda: float(next(now))) as progress:
        progress(1, 2)
    assert not stream.getvalue()
