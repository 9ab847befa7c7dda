"""The document of an objective and its error-budget policy, as Markdown: what people sign.

It is generated from the objects that decide, so that what was signed and what runs are the same; who owns it, why the
target is what it is, who agreed and when it is looked at again are in it, and what of that is missing is said at the
top. Whatever people typed is escaped: a name is a name, and no link, no markup and no HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar

from slokit._display import markdown_table, markdown_text
from slokit.alerts import Alert
from slokit.errors import WrongType
from slokit.policy import Policy
from slokit.protocols import Tabular
from slokit.rational import percent_text
from slokit.rationale import Rationale, parse_date
from slokit.report.approval import Approval
from slokit.sla import SLA
from slokit.slo import SLO
from slokit.timeline import duration_text

__all__ = ["Approval", "markdown"]

_MAX_TEXT = 1_000
_T = TypeVar("_T")


def markdown(
    slo: SLO,
    policy: Policy | None = None,
    *,
    alerts: Iterable[Alert] = (),
    slas: Iterable[SLA] = (),
    rationale: Iterable[Rationale] = (),
    approvals: Iterable[Approval] = (),
    review_by: str | date | None = None,
    advice: Tabular | None = None,
    stakeholders: Tabular | None = None,
) -> str:
    """Write the document of an objective.

    Parameters
    ----------
    slo
        The objective.
    policy
        What follows from its error budget.
    alerts
        What watches it.
    slas
        The agreements that it guards.
    rationale
        Why its target is what it is, besides what the objective itself says.
    approvals
        Who agreed.
    review_by
        When it is looked at again: a date.
    advice, stakeholders
        What history says of the target, and what it means to whom: as :mod:`slokit.analysis.targets` has them.

    Returns
    -------
    str
        Markdown with tables, as GitHub writes them; lines end with a newline.

    Raises
    ------
    WrongType
        If an argument is of another type.
    InvalidSLO
        If the date is none.

    Examples
    --------
    >>> from slokit import SLI
    >>> slo = SLO("checkout", sli=SLI.ratio("availability"), target="99.9%", window="30d", owner="payments")
    >>> print(markdown(slo, review_by="2027-01-01").partition("## Why")[0])
    # checkout
    <BLANKLINE>
    > Not ready to be signed: no reason for the target, no policy, no approval.
    <BLANKLINE>
    |  |  |
    |---|---|
    | objective | at least 99.9% of availability over 30d rolling |
    | good | counted as good |
    | error budget | 0.1%: 43m12s of a total outage at average traffic |
    | owner | payments |
    | review by | 2027-01-01 |
    <BLANKLINE>
    """
    _check("slo", slo, SLO)
    if policy is not None:
        _check("policy", policy, Policy)
    watching, promised = _several("alerts", alerts, Alert), _several("slas", slas, SLA)
    given, agreed = _several("rationale", rationale, Rationale), _several("approvals", approvals, Approval)
    reasons = tuple(dict.fromkeys((*slo.rationale, *given)))
    until = None if review_by is None else parse_date(review_by, "review_by")
    missing = [
        text
        for text, there in (
            ("no owner", slo.owner),
            ("no reason for the target", reasons),
            ("no policy", policy),
            ("no approval", agreed),
            ("no review date", until),
        )
        if not there
    ]
    sections = [
        *_opening(slo, missing, until),
        *_section("Why this target", _reasons(reasons)),
        *_section("What history says", _table(advice)),
        *_section("What it means to whom", _table(stakeholders)),
        *_section("Agreements that it guards", _promised(promised)),
        *_section("Alerts", [f"- {markdown_text(one.severity)}: {markdown_text(one.words)}" for one in watching]),
        *_section("Error budget policy", _policy(slo, policy)),
        *_section("Approvals", _approvals(agreed)),
    ]
    return "\n".join(sections).rstrip("\n") + "\n"


def _check(field: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise WrongType(f"{field} must be of {kind.__name__}, got {type(value).__name__}: {value!r:.100}")


def _several(field: str, values: Iterable[_T], kind: Any) -> tuple[_T, ...]:
    if isinstance(values, str | kind) or not isinstance(values, Iterable):
        raise WrongType(f"{field} must be several, got {type(values).__name__}: {values!r:.100}; write them in a list")
    held = tuple(values)
    for i, value in enumerate(held):
        _check(f"{field}[{i}]", value, kind)
    return held


def _opening(slo: SLO, missing: list[str], until: str | None) -> Iterator[str]:
    yield f"# {markdown_text(slo.name)}"
    yield ""
    if missing:
        yield f"> Not ready to be signed: {', '.join(missing)}."
        yield ""
    yield markdown_table(_facts(slo, until), ("", ""))
    yield ""
    for line in (slo.description or "").split("\n"):
        if line.strip():
            yield markdown_text(line.strip(), _MAX_TEXT)
            yield ""


def _facts(slo: SLO, until: str | None) -> Iterator[tuple[str, str]]:
    yield "objective", f"at least {percent_text(slo.target)} of {slo.sli.name} over {slo.window}"
    if slo.own_targets is not None:
        for label, target in slo.own_targets.targets:
            yield f"{slo.own_targets.axis} {label}", f"at least {percent_text(target)}"
    yield "good", slo.sli.rule.in_words()
    if repr(slo.budgeting) != "Occurrences()":
        yield "counted by", repr(slo.budgeting)
    yield "error budget", _budget(slo)
    if not slo.enforced:
        yield "enforced", "no: an aspiration, which is judged and freezes nothing"
    for field in ("service", "owner"):
        if value := getattr(slo, field):
            yield field, value
    if until is not None:
        yield "review by", until


def _budget(slo: SLO) -> str:
    share = percent_text(Fraction(1) - slo.target)
    length = slo.error_budget_duration
    if length is None:
        return f"{share} of each {slo.window}"
    whole = length.days * 86_400 + length.seconds
    return f"{share}: {duration_text(whole * 10**9)} of a total outage at average traffic" if whole else share


def _section(title: str, lines: Iterable[str]) -> list[str]:
    held = list(lines)
    return [f"## {title}", "", *held, ""] if held else []


def _reasons(reasons: tuple[Rationale, ...]) -> list[str]:
    if not reasons:
        return []
    rows = [(one.kind, one.value.replace("\n", " "), one.source, one.date or "") for one in reasons]
    return [markdown_table(rows, ("kind", "said", "source", "date"))]


def _table(table: Tabular | None) -> list[str]:
    if table is None:
        return []
    remarks = [f"- {markdown_text(remark, _MAX_TEXT)}" for remark in table.remarks()]
    return [markdown_text(table.title, _MAX_TEXT), "", markdown_table(table.cells(), table.head), "", *remarks]


def _promised(slas: tuple[SLA, ...]) -> Iterator[str]:
    for sla in slas:
        terms = (f"{word}: {text}" for word, text in sla.terms)
        owed = [] if sla.penalties else ["no credit is due"]
        yield f"- {markdown_text(sla.name)}: {markdown_text('; '.join((*terms, *owed)), _MAX_TEXT)}"


def _policy(slo: SLO, policy: Policy | None) -> Iterator[str]:
    if policy is None:
        return
    yield f"Policy: {markdown_text(policy.name)}."
    if not slo.enforced:
        yield "The objective is an aspiration: its states are told, and block nothing."
    yield ""
    yield markdown_table(policy.table(), ("state", "entered when", "left when", "means"))
    yield ""
    for state in (*policy.states, policy.unknown):
        blocked = [one for one in policy.activities if policy.blocks(state, one)]
        if blocked:
            but = f", but for {', '.join(state.exempt)}" if state.exempt else ""
            yield f"- {markdown_text(state.name)} blocks {markdown_text(', '.join(blocked) + but, _MAX_TEXT)}"
    for kind, when in policy.reviews.__rich_repr__():
        yield f"- {kind}: {markdown_text(when, _MAX_TEXT)}"


def _approvals(approvals: tuple[Approval, ...]) -> list[str]:
    if not approvals:
        return []
    return [markdown_table([(one.date, one.by, one.role) for one in approvals], ("date", "by", "for"))]
