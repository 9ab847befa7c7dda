"""The review of a quarter as a value, and as a page: for a prompt, a notebook, a document and a dataframe."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal

import attrs

from slokit._display import clean, html_table, html_text, markdown_table, markdown_text, plural
from slokit.analysis.planning.rows import CLASS_HEAD, GROUP_HEAD, OBJECTIVE_HEAD, ClassRow, GroupRow, ObjectiveRow
from slokit.errors import UnknownLabel
from slokit.findings import Finding
from slokit.periods import Period
from slokit.rational import percent_text
from slokit.timeline import instant_text

__all__ = ["PlanningReview"]

Table = Literal["classes", "objectives", "groups", "findings"]


@attrs.frozen(kw_only=True, repr=False)
class PlanningReview:
    """What a quarter says of the next one: what :func:`~slokit.analysis.planning.review` returns.

    Parameters
    ----------
    name
        What the quarter is called.
    period
        The quarter.
    classes
        Classes of incidents, the most urgent first.
    objectives
        How each objective fared, in the order given.
    groups
        By owner or service, those that need reliability first.
    findings
        What besides should be talked about.
    first, next
        Shares of a budget above which a class is of first and of next priority.
    """

    name: str
    period: Period
    classes: tuple[ClassRow, ...]
    objectives: tuple[ObjectiveRow, ...]
    groups: tuple[GroupRow, ...]
    findings: tuple[Finding, ...]
    first: Fraction
    next: Fraction

    @property
    def proposals(self) -> tuple[ClassRow, ...]:
        """The classes of first priority."""
        return tuple(row for row in self.classes if row.priority == "first")

    @property
    def gives_back(self) -> Fraction:
        """What all repairs together would give back: the shares of all objectives that count, every event once."""
        return sum((row.added for row in self.classes), Fraction(0))

    def records(self, table: Table = "classes") -> list[dict[str, Any]]:
        """Return a table as flat dicts, for a dataframe: text, numbers, booleans and None.

        Parameters
        ----------
        table
            ``"classes"``, ``"objectives"``, ``"groups"`` or ``"findings"``.

        Raises
        ------
        UnknownLabel
            If there is no such table.
        """
        if table == "findings":
            return [attrs.asdict(finding) for finding in self.findings]
        if table == "classes":
            return [row.record() for row in self.classes]
        if table == "objectives":
            return [row.record() for row in self.objectives]
        if table == "groups":
            return [row.record() for row in self.groups]
        raise UnknownLabel(f"table must be one of classes, objectives, groups, findings, got {table!r:.60}")

    def _tables(self) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
        """Yield title, head and rows of each table that has any."""
        first, later = percent_text(self.first), percent_text(self.next)
        marks = (self.first, self.next)
        title = f"Repairs, by what they would give back (first: over {first} of a budget, next: over {later})"
        yield title, CLASS_HEAD, [row.cells(*marks) for row in self.classes]
        yield "Teams", GROUP_HEAD, [row.cells() for row in self.groups]
        yield "Objectives", OBJECTIVE_HEAD, [row.cells() for row in self.objectives]
        head = ("about", "found", "what to do")
        yield "Findings", head, [(one.subject, one.message, one.mend) for one in self.findings]

    def _summary(self) -> str:
        missed = sum(row.met is False for row in self.objectives)
        return (
            f"{plural(len(self.objectives), 'objective')}, {missed:,} missed; "
            f"{plural(len(self.proposals), 'proposal')} of first priority"
        )

    def markdown(self) -> str:
        """Return the review as a page of Markdown; whatever people typed is escaped."""
        parts = [f"# Review of {markdown_text(self.name)}", f"{self._span()}: {self._summary()}."]
        for title, head, rows in self._tables():
            parts += [f"## {title}", markdown_table(rows, head) if rows else "None."]
        return "\n\n".join(parts) + "\n"

    def html(self) -> str:
        """Return the review as a piece of HTML: headings and tables, without a page around them."""
        parts = [
            f"<h1>Review of {html_text(self.name)}</h1>",
            f"<p>{html_text(f'{self._span()}: {self._summary()}.')}</p>",
        ]
        for title, head, rows in self._tables():
            parts += [f"<h2>{html_text(title)}</h2>", html_table(rows, head) if rows else "<p>None.</p>"]
        return "\n".join(parts) + "\n"

    def _span(self) -> str:
        return f"{instant_text(self.period.start)} to {instant_text(self.period.end)}"

    def __repr__(self) -> str:
        lines = [f"Review of {clean(self.name, 60)}: {self._summary()}"]
        lines += [repr(row) for row in self.classes if row.priority != "watch"]
        lines += [repr(row) for row in self.groups]
        lines += [repr(one) for one in self.findings]
        return "\n".join(lines)

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "quarter", f"{clean(self.name)} ({self._span()})"
        yield "summary", self._summary()
        for kind, rows in (("class", self.classes), ("group", self.groups), ("finding", self.findings)):
            yield from ((kind, repr(row)) for row in rows)

    def _repr_html_(self) -> str:
        tables = (html_table(rows, head, title) for title, head, rows in self._tables() if rows)
        return html_table([("quarter", self.name), ("summary", self._summary())], caption="Review") + "".join(tables)
