"""The document: what people sign is what the objects say, and nothing that people typed is markup."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from slokit import SLA, SLI, SLO, CalendarWindow, Counts, Exclusion, Policy, Rationale, Rule, State, alerts
from slokit._display import markdown_table, markdown_text
from slokit.analysis import targets
from slokit.conditions import Exhausted
from slokit.errors import InvalidSLO, WrongType
from slokit.report import document
from slokit.report.document import Approval
from slokit.sla import Penalty

BITE = "<script>a|b</script> [x](http://x) `y` *z* # \u202e www.x.org"


def objective(**options: Any) -> SLO:
    """Return an objective."""
    return SLO("checkout", sli=SLI.ratio("availability"), target="99.9%", window="30d", **options)


def rendered(text: str) -> str:
    """Render as GitHub does, raw HTML included; bare links apart."""
    return str(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))


def full() -> str:
    """Return a document in which everything that people type bites."""
    slo = SLO(
        BITE[:30], sli=SLI.ratio(BITE), target="99.9%", window="30d", owner=BITE, service=BITE,
        description=f"{BITE}\n- {BITE}\n---\n    code",
    )  # fmt: skip
    policy = Policy(
        BITE,
        states=[State("calm"), State(BITE, means=BITE, actions=[BITE], blocks=[BITE], exempt=[BITE])],
        rules=[Rule(BITE, Exhausted())],
        activities=[BITE],
        changes=[BITE],
    )
    evidence = Counts.from_buckets(start="2026-01-01T00:00Z", step="1d", total=[10_000] * 60, bad=[7] * 60)
    said = [Rationale("survey", BITE, BITE), Rationale("survey", BITE, "99.8%")]
    table = targets.stakeholders(slo, evidence, ["99%", "99.9%"], rationale=said, limits={"windows_met": 1}, paths=9)
    return document.markdown(
        slo,
        policy,
        alerts=alerts.google("30d"),
        slas=[SLA(BITE, target="99%", window=CalendarWindow("month"), penalties=[Penalty("99%", "10%")])],
        rationale=said,
        approvals=[Approval(BITE, BITE, "2026-05-01")],
        review_by=date(2027, 1, 1),
        advice=table.advice,
        stakeholders=table,
    )


def test_reasons_of_the_objective_itself_are_in_its_document() -> None:
    """A document is generated from the objects that decide: what they hold is not missing from it."""
    said = Rationale("survey", "customer panel", "99.2%")
    slo = SLO("checkout", sli=SLI.ratio("up"), target="99.9%", window="30d", owner="payments", rationale=[said])
    text = document.markdown(slo)
    assert "no reason for the target" not in text
    assert text.count("customer panel") == 1
    assert document.markdown(slo, rationale=[said]) == text


def test_nothing_that_people_typed_is_markup() -> None:
    """No script, no link, no code, no emphasis, no list of one's own; rows keep their columns."""
    text = full()
    assert "\u202e" not in text
    html = rendered(text)
    for tag in ("<script", "<a ", "<code", "<em", "<hr", "<pre", "<h3"):
        assert tag not in html
    assert html.count("<h1") == 1
    for table in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        columns = table.partition("</thead>")[0].count("<th>")
        for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL):
            assert row.count("<th>") + row.count("<td>") == columns


def test_every_section_is_there() -> None:
    """In the order in which somebody who signs asks."""
    titles = re.findall(r"^## (.*)$", full(), re.MULTILINE)
    assert titles == [
        "Why this target",
        "What history says",
        "What it means to whom",
        "Agreements that it guards",
        "Alerts",
        "Error budget policy",
        "Approvals",
    ]
    assert "Not ready" not in full()


def test_what_is_missing_is_said_at_the_top() -> None:
    """A document without owner, reasons, policy, approvals and review date is not ready to be signed."""
    text = document.markdown(objective())
    assert (
        "> Not ready to be signed: no owner, no reason for the target, no policy, no approval, no review date." in text
    )
    assert "##" not in text


def test_an_aspiration_says_that_it_freezes_nothing() -> None:
    """Beside the objective and beside its policy."""
    text = document.markdown(objective(enforced=False), Policy.default())
    assert "| enforced | no: an aspiration, which is judged and freezes nothing |" in text
    assert "its states are told, and block nothing" in text


def test_the_policy_in_the_document_is_the_policy() -> None:
    """Each state with its rules, and what it blocks but for what."""
    text = document.markdown(objective(), Policy.default(on_unknown="block"))
    blocked = "deploy, config change, experiment, maintenance, migration"
    assert f"- critical blocks {blocked}, but for reliability, security, p0" in text
    assert f"- unknown blocks {blocked}" in text
    assert "| critical | the budget is exhausted" in text


def test_a_calendar_budget_has_no_one_length() -> None:
    """Months differ."""
    slo = SLO("x", sli=SLI.ratio("x"), target="99.9%", window=CalendarWindow("month"))
    assert "| error budget | 0.1% of each calendar month (UTC) |" in document.markdown(slo)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"policy": "default"}, WrongType, "policy must be of Policy"),
        ({"alerts": alerts.google("30d")[0]}, WrongType, "alerts must be several"),
        ({"rationale": ["99%"]}, WrongType, r"rationale\[0\] must be of Rationale"),
        ({"approvals": "me"}, WrongType, "approvals must be several"),
        ({"review_by": "2027-02-30"}, InvalidSLO, "review_by must be a real date"),
        ({"review_by": 2027}, WrongType, "review_by must be a date"),
    ],
)
def test_what_cannot_be_written_is_refused(options: dict[str, Any], error: type[Exception], said: str) -> None:
    """Each error names the field."""
    with pytest.raises(error, match=said):
        document.markdown(objective(), **options)


def test_approvals_are_records() -> None:
    """With a name, a role and a real date."""
    one = Approval("A", "product", date(2026, 5, 1))
    assert one == Approval("A", "product", "2026-05-01")
    assert BITE[8:10] in Approval(BITE, BITE, "2026-05-01")._repr_html_()
    assert "<script" not in Approval(BITE, BITE, "2026-05-01")._repr_html_()
    with pytest.raises(InvalidSLO, match="by must be 1 to 200"):
        Approval("", "product", "2026-05-01")


@given(text=st.text(alphabet=st.sampled_from("ab1<>&|\\`*_[]()#~!+-.:=$@/ {}w"), min_size=1, max_size=12))
def test_any_text_is_plain_in_a_cell_and_in_an_item(text: str) -> None:
    """What is rendered has the one paragraph, item or cell, and in it the text itself."""
    inside = re.sub(r"\s+", " ", text).strip()
    item = rendered(f"- x {markdown_text(text)}")
    assert re.fullmatch(r"<ul>\n<li>.*</li>\n</ul>\n", item, re.DOTALL)
    assert item.count("<") == 4
    assert item.count("<li>") == 1
    row = rendered(markdown_table([("a", text)], ("x", "y")))
    assert row.count("<td>") == 2
    shown = row.rpartition("<td>")[2].partition("</td>")[0]
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        shown = shown.replace(entity, sign)
    assert re.sub(r"\s+", " ", shown).strip() == inside


@given(text=st.text(alphabet=st.sampled_from("ab1<>|*_[]#~+-.:= "), min_size=1, max_size=8))
def test_any_text_at_the_start_of_a_line_is_a_paragraph(text: str) -> None:
    """No list, no heading, no rule, no quotation; and no code, however many spaces stand in front."""
    if text.strip():
        assert rendered(f"- {markdown_text('    ' + text)}") == rendered(f"- {markdown_text(text)}")
        line = text
        assert re.fullmatch(r"<p>.*</p>\n", rendered(markdown_text(line)), re.DOTALL)


def test_an_agreement_is_there_with_all_its_terms() -> None:
    """What caps a credit and what does not count is part of what was promised."""
    move = Exclusion("2026-05-01T00:00Z", "2026-05-02T00:00Z", reason="the move")
    sla = SLA(
        "acme",
        target="99%",
        window=CalendarWindow("month"),
        penalties=[Penalty("99%", "10%")],
        cap="50%",
        exclusions=[move],
    )
    page = document.markdown(SLO("x", sli=SLI.ratio("x"), target="99.9%", window="30d"), slas=[sla])
    (line,) = (line for line in page.splitlines() if line.startswith("- acme"))
    for said in ("50% of the fee", "the move", "below 99%: 10% of the fee"):
        assert said in line
