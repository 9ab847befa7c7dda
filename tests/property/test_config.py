"""Definitions as data: what is written reads back equal, and what is spoiled is refused and nothing else.

The first law is drawn over all classes with all their fields; the second over data that were right until one place
of them was replaced, doubled, renamed or taken away, which is how files go wrong.
"""

from __future__ import annotations

import copy
import json
import pickle
import tomllib
from datetime import date, time
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast, get_args

import attrs
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from slokit import (
    SLA,
    SLI,
    SLO,
    BudgetShareAlert,
    BurnRateAlert,
    CalendarWindow,
    Exclusion,
    Policy,
    Rationale,
    RollingWindow,
    Rule,
    SLOHistory,
    State,
    from_dict,
    load,
    to_dict,
)
from slokit.alerts import Alert
from slokit.budgeting import Budgeting, Occurrences, RatioTimeslices, Timeslices
from slokit.composition import AllOf as NeedsAll
from slokit.composition import AnyOf as NeedsAny
from slokit.composition import AtLeast, Journeys, OptionalPart, Part, Share, System, Weighted
from slokit.conditions import (
    AllOf,
    AnyOf,
    BudgetBelow,
    Condition,
    DataSince,
    Exhausted,
    ExhaustsWithin,
    Missed,
    NoDataFor,
    Not,
    SpentAtLeast,
)
from slokit.config import Definition, Definitions
from slokit.errors import InvalidDefinition
from slokit.exclusions import Recurrence
from slokit.policy import Reviews
from slokit.rationale import RationaleKind
from slokit.sla import Downtime, Penalty
from slokit.windows import Window

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia", "America/New_York")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
remarks = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=12)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
zones = st.sampled_from(ZONES)
nanoseconds = st.integers(1, 400 * DAY)
microseconds = st.integers(1, 10**12).map(lambda us: us * 1000)
instants = st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(0, 2**61)


def td(length: int) -> np.timedelta64:
    """Return nanoseconds as every class takes them."""
    return np.timedelta64(length, "ns")


# Decimals, thirds, and fractions of 120 digits, which no text of 64 characters holds.
shares = st.builds(lambda a, b: Fraction(min(a, b), max(a, b) + 1), st.integers(0, 10**6), st.integers(0, 2**390))
targets = shares | st.sampled_from([Fraction("0.999"), Fraction(1, 3), Fraction(0)])
numbers = st.builds(
    lambda p, q, places: Fraction(p, q * 10**places),
    st.integers(-(2**60), 2**60),
    st.sampled_from((1, 1, 3, 2**61 - 1)),
    st.integers(0, 60),
)


# --- every definition -----------------------------------------------------------------------------------------------


@st.composite
def bounds(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the arguments of a threshold."""
    unit = draw(st.sampled_from((None, "s", "ms", "°C", "items", "5", "µs", "/s")))
    name = draw(st.sampled_from(("lt", "lte", "gt", "gte", "between")))
    one, other = draw(numbers), draw(numbers)
    value = (min(one, other), max(one, other) + 1) if name == "between" else one
    return {name: value, "unit": unit}


statuses = st.lists(st.sampled_from((">=500", "429", "500-599", "<200", "404")), min_size=1, max_size=3).map(",".join)
latencies = st.none() | microseconds.map(td) | numbers.map(lambda number: abs(number) + 1)

simple_slis = st.one_of(
    st.builds(SLI.ratio, names),
    st.builds(lambda name, given: SLI.threshold(name, **given), names, bounds()),
    st.builds(lambda name, latency, bad: SLI.http(name, latency=latency, bad=bad), names, latencies, statuses),
)


def all_of(parts: st.SearchStrategy[SLI]) -> st.SearchStrategy[SLI]:
    """Draw an all_of of parts with names of their own."""
    several = st.lists(parts, min_size=1, max_size=3, unique_by=lambda sli: sli.name)
    return st.builds(lambda name, held: SLI.all_of(name, *held), names, several)


weekdays = st.sets(st.sampled_from(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")), min_size=1).map(sorted)
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59), st.just(0) | st.integers(0, 59))

slis = st.one_of(
    st.recursive(simple_slis, all_of, max_leaves=5),
    st.builds(
        lambda name, given, stale: SLI.gauge(name, stale_after=td(stale), **given), names, bounds(), microseconds
    ),
    st.builds(lambda name, within: SLI.freshness(name, td(within)), names, microseconds),
    st.builds(
        lambda name, by, days, tz, lead: SLI.deadline(
            name, by=by, days=days, tz=tz, lead=None if lead is None else td(lead)
        ),
        names,
        clocks,
        weekdays,
        zones,
        st.none() | nanoseconds,
    ),
)


@st.composite
def calendars(draw: st.DrawFn) -> CalendarWindow:
    """Draw a calendar window, counted from a start or not."""
    unit, tz = draw(st.sampled_from(("day", "week", "month", "quarter", "year"))), draw(zones)
    if draw(st.booleans()):
        return CalendarWindow(unit, tz=tz)
    day, clock = draw(st.integers(1, 28)), draw(st.just(time()) | clocks)
    start = f"2026-02-{day:02}T{clock.isoformat()}"
    return CalendarWindow(unit, tz=tz, every=draw(st.integers(1, 1000)), start=start)


windows: st.SearchStrategy[Window] = st.builds(RollingWindow, nanoseconds) | calendars()
budgetings: st.SearchStrategy[Budgeting] = st.one_of(
    st.just(Occurrences()),
    st.builds(lambda length, target: Timeslices(length, target=target), nanoseconds, targets),
    st.builds(RatioTimeslices, nanoseconds),
)


reasons = st.builds(
    Rationale,
    kind=st.sampled_from(get_args(RationaleKind)),
    source=names,
    value=remarks.filter(str.strip),
    date=st.none() | st.dates().map(date.isoformat),
)


@st.composite
def slos(draw: st.DrawFn, indicators: st.SearchStrategy[SLI] = slis) -> SLO:
    """Draw an objective whose fields fit each other."""
    budgeting, window = draw(budgetings), draw(windows)
    if isinstance(budgeting, Timeslices | RatioTimeslices) and isinstance(window, RollingWindow):
        window = RollingWindow(draw(st.integers(1, 2**50 // budgeting.slice + 1)) * budgeting.slice)
    missing = cast("Any", draw(st.sampled_from(("ignore", "good", "bad", "repeat"))))
    events: int | Literal["last"] | None = None
    if isinstance(budgeting, Occurrences) and missing in {"good", "bad"}:
        events = draw(st.just("last") | st.integers(1, 2**62 - 1))  # type: ignore[arg-type]
    slo = SLO(
        draw(names),
        sli=draw(indicators),
        target=draw(targets),
        window=window,
        budgeting=budgeting,
        missing=missing,
        missing_events=events,
        service=draw(st.none() | names),
        owner=draw(st.none() | names),
        description=draw(st.none() | remarks),
        enforced=draw(st.booleans()),
        rationale=draw(st.lists(reasons, max_size=2)),
    )
    if draw(st.booleans()):
        slo = slo.per(draw(names), target=draw(st.dictionaries(texts, targets, max_size=3)))
    return slo


@st.composite
def exclusions(draw: st.DrawFn) -> Exclusion:
    """Draw a span or a recurrence, with all that may be said of it."""
    start: int | None
    end: int | None
    start, end = sorted((draw(instants), draw(instants)))
    recurrence = None
    if draw(st.booleans()):
        first, until = (None, None) if start == end else (draw(st.none() | st.just(start)), end)
        recurrence = Recurrence(
            days=draw(weekdays),
            at=draw(clocks),
            duration=draw(st.integers(1, 7 * DAY)),
            tz=draw(zones),
            first=first,
            until=draw(st.none() | st.just(until)),
        )
        start = end = None
    return Exclusion(
        start,
        end,
        draw(texts),
        approved_by=draw(st.none() | texts),
        proposed=draw(st.booleans()),
        scope=draw(st.dictionaries(texts, texts | st.lists(texts, min_size=1, max_size=3), max_size=2)),
        name=draw(st.none() | texts),
        recurrence=recurrence,
    )


# --- agreements, and objectives in time -------------------------------------------------------------------------------

downtimes = st.builds(
    Downtime,
    min_total=st.integers(1, 2**63 - 1),
    max_sli=targets,
    in_a_row=st.integers(1, 2**27),
    each=nanoseconds,
)


@st.composite
def slas(draw: st.DrawFn) -> SLA:
    """Draw an agreement whose tiers fall and rise."""
    first = draw(shares.filter(bool) | st.just(Fraction(1)))
    tiers = draw(st.integers(0, 3))
    downtime = draw(st.none() | downtimes)
    return SLA(
        draw(names),
        target=first,
        window=draw(calendars()),
        downtime=downtime,
        penalties=[Penalty(first / 2**i, Fraction(i + 1, 4)) for i in range(min(tiers, 4))],
        cap=draw(shares | st.just(Fraction(1))),
        exclusions=draw(st.lists(exclusions(), max_size=2)),
        missing=cast("Any", draw(st.sampled_from(("ignore", "good", "bad")))) if downtime else "ignore",
        customer=draw(st.none() | names),
        service=draw(st.none() | names),
        description=draw(st.none() | remarks),
    )


@st.composite
def slo_histories(draw: st.DrawFn) -> SLOHistory:
    """Draw an objective whose definition changed up to twice."""
    changes = sorted(draw(st.sets(instants, max_size=2)))
    held = [draw(slos()) for _ in range(len(changes) + 1)]
    versions = zip([None, *changes], held, strict=True)
    return SLOHistory([(since, attrs.evolve(slo, name=held[0].name)) for since, slo in versions], tz=draw(zones))


# --- alerts, conditions and policies ----------------------------------------------------------------------------------

pauses = (st.just(0) | nanoseconds).map(td)


@st.composite
def gates(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what all alerts have, each field at its default or not."""
    fields = {
        "severity": names,
        "op": st.sampled_from(("gt", "gte")),
        "pending": pauses,
        "min_bad": st.integers(0, 2**63 - 1),
        "min_total": st.integers(0, 2**63 - 1),
        "min_coverage": shares | st.just(Fraction(1)),
    }
    return {field: draw(values) for field, values in fields.items() if draw(st.booleans())}


burn_alerts = st.builds(
    lambda long, short, rate, confidence, given: BurnRateAlert(
        long_window=long, short_window=short, burn_rate=rate, confidence=confidence, **given
    ),
    nanoseconds,
    st.none() | nanoseconds,
    numbers.map(abs),
    st.none() | shares.filter(bool),
    gates(),
)
share_alerts = st.builds(
    lambda share, window, given: BudgetShareAlert(share=share, window=window, **given),
    numbers.map(abs),
    nanoseconds,
    gates(),
)
alerts: st.SearchStrategy[Alert] = burn_alerts | share_alerts

leaves: st.SearchStrategy[Condition] = st.one_of(
    alerts,
    st.builds(BudgetBelow, numbers.map(lambda number: 1 - abs(number))),
    st.just(Exhausted()),
    st.just(Missed()),
    st.builds(SpentAtLeast, numbers.map(abs), st.none() | nanoseconds),
    st.builds(ExhaustsWithin, nanoseconds) | st.builds(ExhaustsWithin, nanoseconds, nanoseconds),
    st.builds(NoDataFor, nanoseconds),
    st.builds(DataSince, shares | st.just(Fraction(1))),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(AnyOf, st.lists(parts, min_size=1, max_size=3)),
        st.builds(AllOf, st.lists(parts, min_size=1, max_size=3)),
        st.builds(Not, parts),
    ),
    max_leaves=4,
)


def some_of(known: list[str]) -> st.SearchStrategy[list[str]]:
    """Draw some of several names, none of them twice."""
    return st.lists(st.sampled_from(known), max_size=3, unique=True) if known else st.just([])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw a policy whose states, rules and reviews name what it has."""
    fields: dict[str, Any] = {}
    for field in ("activities", "changes"):
        if draw(st.booleans()):
            fields[field] = draw(st.lists(names, max_size=3, unique=True))
    usual = Policy.default()
    activities = fields.get("activities", list(usual.activities))
    changes = fields.get("changes", list(usual.changes))
    means = st.just("") | remarks.filter(lambda text: not set(text) & set("\n\t"))

    def state(name: str) -> State:
        return State(
            name,
            means=draw(means),
            actions=draw(st.lists(names, max_size=2)),
            blocks=draw(some_of(activities)),
            exempt=draw(some_of(changes)),
        )

    titles = draw(st.lists(names.filter(lambda name: name != "unknown"), min_size=1, max_size=3, unique=True))
    entered = titles[1:]
    rules = [
        Rule(
            draw(st.sampled_from(entered)),
            draw(conditions),
            **draw(st.fixed_dictionaries({"hold": pauses}) | st.fixed_dictionaries({"until": conditions})),
            warmup=draw(st.just(Fraction(0)) | shares | st.just(Fraction(1))),
        )
        for _ in range(draw(st.integers(0, 2)) if entered else 0)
    ]
    if draw(st.booleans()):
        fields |= {"unknown": state("unknown"), "stale_after": draw(nanoseconds)}
        fields |= {"on_unknown": draw(st.sampled_from(("allow", "block"))), "round_windows": draw(st.booleans())}
    if draw(st.booleans()):
        fields["reviews"] = Reviews(
            incident_review=draw(some_of(titles)),
            post_mortem_share=draw(numbers.map(abs)),
            post_mortem_within=draw(nanoseconds),
            planning_share=draw(numbers.map(abs)),
            planning_within=draw(nanoseconds),
        )
    return Policy(draw(names), states=[state(title) for title in titles], rules=rules, **fields)


# --- systems ----------------------------------------------------------------------------------------------------------


@st.composite
def groups(draw: st.DrawFn, level: int = 2) -> Any:
    """Draw a group whose parts all have names of their own, or a part."""

    def node(below: int) -> Any:
        if below and draw(st.booleans()):
            return group(below)
        # One name, one part: they may stand in several places, and must be the same in each.
        name = f"{draw(names)} {draw(st.integers(0, 10**9))}"
        return Part(name, target=draw(st.none() | targets), slice_target=draw(st.none() | shares.filter(bool)))

    def group(below: int) -> Any:
        inner = [node(below - 1) for _ in range(draw(st.integers(1, 3)))]
        inner = list({one.name: one for one in inner}.values())
        kind, name = draw(st.sampled_from(("all", "any", "least"))), draw(names)
        if kind == "any":
            return NeedsAny(name, inner)
        if kind == "least":
            return AtLeast(name, inner, draw(st.integers(1, len(inner))))
        spare = node(below - 1)
        if draw(st.booleans()) and spare.name not in {one.name for one in inner}:
            return NeedsAll(name, [*inner, OptionalPart(spare)])
        return NeedsAll(name, inner)

    return group(level)


@st.composite
def systems(draw: st.DrawFn) -> System:
    """Draw a system: a group, a mean, or journeys."""
    kind = draw(st.sampled_from(("group", "weighted", "journeys")))
    if kind == "group":
        return System(draw(groups()))
    held = list({one.name: one for one in (draw(groups(1)) for _ in range(draw(st.integers(1, 3))))}.values())
    weights = [draw(st.integers(1, 10**6)) for _ in held]
    if kind == "weighted":
        return System(Weighted(draw(names), [Share(n, one) for n, one in zip(weights, held, strict=True)]))
    by_traffic = [Share(Fraction(n, sum(weights)), one) for n, one in zip(weights, held, strict=True)]
    return System(Journeys(draw(names), by_traffic))


@st.composite
def documents(draw: st.DrawFn) -> Definitions:
    """Draw a document, some of whose objectives take indicators of the document."""
    own = draw(st.lists(slis, max_size=2, unique_by=lambda sli: sli.name))
    used = slis if not own else slis | st.sampled_from(own)
    return Definitions(
        draw(st.lists(slos(used), max_size=3, unique_by=lambda slo: slo.name)),
        exclusions=draw(st.lists(exclusions(), max_size=2)),
        alerts=draw(st.lists(alerts, max_size=2)),
        slis=own,
        policies=draw(st.lists(policies(), max_size=2, unique_by=lambda policy: policy.name)),
        systems=draw(st.lists(systems(), max_size=1)),
        slas=draw(st.lists(slas(), max_size=2, unique_by=lambda sla: sla.name)),
        slo_histories=draw(st.lists(slo_histories(), max_size=1)),
    )


alone: st.SearchStrategy[Definition] = st.one_of(
    slos(),
    slis,
    windows,
    budgetings,
    exclusions(),
    burn_alerts,
    share_alerts,
    policies(),
    slas(),
    slo_histories(),
    systems(),
)
definitions: st.SearchStrategy[Definition] = alone | documents()


# --- laws -----------------------------------------------------------------------------------------------------------


def is_plain(data: object) -> bool:
    """Say whether data are what TOML and JSON both hold, without a float."""
    if isinstance(data, dict):
        return all(type(key) is str and is_plain(value) for key, value in data.items())
    if isinstance(data, list):
        return all(map(is_plain, data))
    return type(data) in {str, int, bool}


@given(definition=definitions)
@settings(max_examples=200)
def test_what_is_written_reads_back_equal(definition: Definition) -> None:
    """Case 37: to data and back is the identity, and so is the way through JSON's text."""
    data = to_dict(definition)
    assert is_plain(data)
    again = from_dict(json.loads(json.dumps(data)))
    assert again == definition
    assert type(again) is type(definition)
    assert to_dict(again) == data


@given(definition=definitions)
def test_definitions_are_values(definition: Definition) -> None:
    """Case 37: copies and pickles are equal and of one hash."""
    for other in (copy.copy(definition), copy.deepcopy(definition), pickle.loads(pickle.dumps(definition))):
        assert other == definition
        assert hash(other) == hash(definition)


def toml(value: Any) -> str:
    """Write plain data as TOML's inline values."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(held)}" for key, held in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    # TOML's basic strings are JSON's, but for surrogate pairs and DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(document=documents())
@settings(max_examples=30)
def test_a_file_of_either_format_holds_the_document(document: Definitions) -> None:
    """The same definitions come out of JSON and of TOML."""
    data = to_dict(document)
    written = {"a.json": json.dumps(data), "a.toml": "".join(f"{key} = {toml(held)}\n" for key, held in data.items())}
    assert tomllib.loads(written["a.toml"]) == data
    with TemporaryDirectory() as folder:
        for name, text in written.items():
            Path(folder, name).write_text(text, encoding="utf-8", newline="")
            assert load(Path(folder, name)) == document


# --- spoiled data ---------------------------------------------------------------------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(("30d", "1M", "month", "99.9", "nan", "1/0", "2026-01-01", "2026-01-01T00:00Z", "Europe/Berlin")),
)
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def spots(data: Any) -> list[tuple[Any, Any]]:
    """Return each container of the data with each of its keys or indices."""
    found: list[tuple[Any, Any]] = []
    for key in list(data) if isinstance(data, dict) else range(len(data)):
        found.append((data, key))
        if isinstance(data[key], dict | list):
            found += spots(data[key])
    return found


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """Draw data that were right, and had one to three accidents."""
    data = copy.deepcopy(to_dict(draw(definitions)))
    for _ in range(draw(st.integers(1, 3))):
        held, key = draw(st.sampled_from(spots(data) or [(data, "x")]))
        accident = draw(st.sampled_from(("replace", "replace", "remove", "double", "rename")))
        if accident == "replace":
            held[key] = draw(junk)
        elif accident == "remove":
            held.pop(key, None) if isinstance(held, dict) else held.pop(key)
        elif accident == "double" and isinstance(held, list):
            held.append(copy.deepcopy(held[key]))
        elif isinstance(held, dict) and key in held:
            held[draw(st.text(max_size=6))] = held.pop(key)
    return data


def read(data: dict[str, Any]) -> tuple[Definition | None, tuple[tuple[str, str], ...]]:
    """Return what data define, and what is wrong with them; anything but InvalidDefinition gets out."""
    try:
        return from_dict(data), ()
    except InvalidDefinition as error:
        return None, error.problems


@given(data=spoiled())
@settings(max_examples=200)
def test_spoiled_data_are_refused_with_paths_or_mean_something(data: dict[str, Any]) -> None:
    """Nothing but InvalidDefinition comes out of wrong data, and what is accepted reads back equal."""
    before = repr(data)
    definition, problems = read(data)
    assert (definition is None) == bool(problems)
    for path, message in problems:
        assert path
        assert message
        assert (path + message).isprintable()
    if definition is not None:
        assert from_dict(to_dict(definition)) == definition
    assert repr(data) == before


@given(condition=conditions)
@settings(max_examples=200)
def test_every_condition_is_kept_with_what_it_asks(condition: Condition) -> None:
    """Inside a rule any condition is written and read, however nested, and each of its leaves is the same question."""
    policy = Policy("x", states=[State("calm"), State("busy")], rules=[Rule("busy", condition, until=~condition)])
    again = from_dict(json.loads(json.dumps(to_dict(policy))), Policy)
    assert again.rules[0].when == condition
    assert again.rules[0].until == ~condition
    assert list(again.rules[0].when.leaves()) == list(condition.leaves())
    assert repr(again.rules[0]) == repr(policy.rules[0])


TOP = ("slokit", "kind", "slo", "sli", "exclusion", "alert", "policy")


@given(data=st.dictionaries(st.sampled_from(TOP) | texts, junk))
def test_any_table_at_all_is_refused_or_read(data: dict[str, Any]) -> None:
    """Whatever a table holds, only InvalidDefinition is raised, with at least one problem."""
    definition, problems = read(data | {"slokit": 1})
    assert (definition is None) == bool(problems)


# Keys of an objective, each with something that is wrong by itself, and where that is.
WRONG: dict[str, tuple[object, str]] = {
    "name": ("", "name"),
    "sli": ({"kind": "ratio", "name": "\n"}, "sli.name"),
    "target": (99.9, "target"),
    "window": ("1M", "window"),
    "budgeting": ({"method": "timeslices", "slice": "1m", "target": 2}, "budgeting.target"),
    "missing": ("maybe", "missing"),
    "missing_events": (0, "missing_events"),
    "service": (5, "service"),
    "owner": (["a"], "owner"),
    "description": ("x" * 1001, "description"),
    "enforced": ("yes", "enforced"),
    "per": ({"axis": "", "target": {}}, "per.axis"),
    "taget": (1, "taget"),
}


@given(keys=st.sets(st.sampled_from(sorted(WRONG)), min_size=1), index=st.integers(0, 3))
def test_each_key_that_is_wrong_is_named_at_once(keys: set[str], index: int) -> None:
    """One reading names every key that is wrong by itself, and no other."""
    right: dict[str, object] = {"sli": {"kind": "ratio", "name": "up"}, "target": "0.9", "window": "30d"}
    tables: list[dict[str, object]] = [right | {"name": str(i)} for i in range(4)]
    tables[index] |= {key: WRONG[key][0] for key in keys}
    _, problems = read({"slokit": 1, "slo": tables})
    assert sorted(path for path, _ in problems) == sorted(f"slo[{index}].{WRONG[key][1]}" for key in keys)


# The same for an alert and for a policy, with what stands in it.
WRONG_ALERT: dict[str, tuple[object, str]] = {
    "long_window": ("1M", "long_window"),
    "short_window": ("0m", "short_window"),
    "burn_rate": (-1, "burn_rate"),
    "severity": ("", "severity"),
    "op": (">", "op"),
    "pending": ("soon", "pending"),
    "min_bad": (-1, "min_bad"),
    "min_total": ("5", "min_total"),
    "min_coverage": ("101%", "min_coverage"),
    "confidence": (1, "confidence"),
    "windw": ("1h", "windw"),
}
NESTED = {"kind": "any", "of": [{"kind": "exhausted"}, {"kind": "nt"}]}
WRONG_POLICY: dict[str, tuple[object, str]] = {
    "name": ("\n", "name"),
    "states": ([{"name": "calm"}, {"name": "busy", "actions": ["stop", 5]}], "states[1].actions"),
    "rules": ([{"state": "busy", "when": NESTED}], "rules[0].when.of[1].kind"),
    "unknown": ({"name": "unknown", "blocks": "deploy"}, "unknown.blocks"),
    "stale_after": ("0s", "stale_after"),
    "on_unknown": ("maybe", "on_unknown"),
    "activities": ([["deploy"]], "activities"),
    "changes": ("security", "changes"),
    "round_windows": (1, "round_windows"),
    "reviews": ({"planning_within": "1Q"}, "reviews.planning_within"),
    "polcy": (1, "polcy"),
}  # fmt: skip


@given(keys=st.sets(st.sampled_from(sorted(WRONG_ALERT)), min_size=1), index=st.integers(0, 2))
def test_each_key_of_an_alert_that_is_wrong_is_named_at_once(keys: set[str], index: int) -> None:
    """One reading names every key of an alert that is wrong by itself, and no other."""
    tables: list[dict[str, object]] = [{"long_window": "1h", "burn_rate": "14.4"} for _ in range(3)]
    tables[index] |= {key: WRONG_ALERT[key][0] for key in keys}
    _, problems = read({"slokit": 1, "alert": tables})
    assert sorted(path for path, _ in problems) == sorted(f"alert[{index}].{WRONG_ALERT[key][1]}" for key in keys)


@given(keys=st.sets(st.sampled_from(sorted(WRONG_POLICY)), min_size=1), index=st.integers(0, 2))
def test_each_key_of_a_policy_that_is_wrong_is_named_at_once(keys: set[str], index: int) -> None:
    """One reading names every key of a policy that is wrong by itself, states and conditions included."""
    right: dict[str, object] = {"states": [{"name": "calm"}, {"name": "busy"}], "rules": []}
    tables: list[dict[str, object]] = [right | {"name": str(i)} for i in range(3)]
    tables[index] |= {key: WRONG_POLICY[key][0] for key in keys}
    _, problems = read({"slokit": 1, "policy": tables})
    assert sorted(path for path, _ in problems) == sorted(f"policy[{index}].{WRONG_POLICY[key][1]}" for key in keys)
