"""Statements of an agreement for those who read them: a terminal, a page, a ticket, a spreadsheet.

A :class:`~slokit.sla.Statement` is exact and knows its lines; here they are written down. Names and reasons are what
somebody typed, so each form escapes them as its reader needs: what a terminal would obey, what Markdown or HTML would
mark up, and what a spreadsheet would take for a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from slokit._display import clean, html_table, html_text, markdown_table, markdown_text
from slokit.errors import InvalidNumber, WrongType
from slokit.rational import percent_text
from slokit.sla import Line, Statement
from slokit.timeline import duration_text

__all__ = ["COLUMNS", "to_csv", "to_html", "to_markdown", "to_text"]

COLUMNS = (
    "sla", "period", "customer", "start", "end", "start_utc", "end_utc", "seconds", "kind", "counted", "reasons",
    "run_start", "run_end", "bad", "total",
)  # fmt: skip
"""The columns of :func:`to_csv`."""

# What spreadsheets take for the beginning of a formula, some of them in its full width too, and what some skip before.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SKIPPED = " \u200c\u200d"
_MOST_TEXT = 300


def to_text(statement: Statement, *, most_lines: int = 200) -> str:
    """Write a statement for a terminal; lines end with a newline.

    Parameters
    ----------
    statement
        The statement.
    most_lines
        How many spans are listed.

    Examples
    --------
    >>> from slokit import SLA, CalendarWindow
    >>> from slokit.sla import Downtime, Penalty
    >>> sla = SLA("api", target="99.9%", window=CalendarWindow("month"), downtime=Downtime(in_a_row=5))
    >>> spans = [("2026-05-03T10:00Z", "2026-05-03T10:03Z"), ("2026-05-09T22:00Z", "2026-05-09T23:00Z")]
    >>> print(to_text(sla.statement_of(spans, "2026-05")))
    MISSED 99.9% · uptime 99.866% · down 1h of 31d · credit 0% · api, 2026-05-01 to 2026-06-01
    <BLANKLINE>
      period           2026-05-01 00:00+00:00 to 2026-06-01 00:00+00:00 (UTC)
      counted          minutes down: each 1m with any event and at most 0% good, 5 or more in a row
      time             31d = 30d23h up + 1h down + 0s excluded + 0s left out
    <BLANKLINE>
      2026-05-03 10:00+00:00  2026-05-03 10:03+00:00  3m  too short, not counted
      2026-05-09 22:00+00:00  2026-05-09 23:00+00:00  1h  down
    <BLANKLINE>
    """
    _check(statement, most_lines)
    parts = [repr(statement), ""]
    parts += [f"  {name:<17}{clean(text, _MOST_TEXT)}" for name, text in _head(statement)]
    if statement.lines:
        rows = [_row(statement, line) for line in statement.lines[:most_lines]]
        width = max((len(row[2]) for row in rows), default=0)
        parts += [""]
        parts += [f"  {a}  {b}  {length:<{width}}  {clean(what, _MOST_TEXT)}" for a, b, length, what in rows]
    if len(statement.lines) > most_lines:
        parts += [f"  … {len(statement.lines) - most_lines:,} more"]
    return "\n".join(parts) + "\n"


def to_markdown(statement: Statement, *, most_lines: int = 200) -> str:
    """Write a statement as Markdown, as GitHub has it; every text of others is escaped."""
    _check(statement, most_lines)
    title, answer = (markdown_text(text, 1000) for text in (f"Statement of {statement.sla.name}", repr(statement)))
    parts = [f"# {title}", "", f"**{answer}**", "", markdown_table(_head(statement), ("", ""))]
    if statement.lines:
        rows = [_row(statement, line) for line in statement.lines[:most_lines]]
        parts += ["", markdown_table(rows, ("start", "end", "length", "what"))]
    if len(statement.lines) > most_lines:
        parts += ["", f"… {len(statement.lines) - most_lines:,} more"]
    if statement.excluded:
        out = [
            (statement.local(o.start), statement.local(o.end), duration_text(o.length), "; ".join(o.reasons))
            for o in statement.excluded[:most_lines]
        ]
        parts += ["", markdown_table(out, ("excluded from", "to", "length", "why"))]
    if len(statement.excluded) > most_lines:
        parts += ["", f"… {len(statement.excluded) - most_lines:,} more"]
    return "\n".join(parts) + "\n"


def to_html(statement: Statement, *, most_lines: int = 200) -> str:
    """Write a statement as a fragment of HTML: an article of tables, without style or script."""
    _check(statement, most_lines)
    rows = [_row(statement, line) for line in statement.lines[:most_lines]]
    out = [
        (statement.local(o.start), statement.local(o.end), duration_text(o.length), "; ".join(o.reasons))
        for o in statement.excluded[:most_lines]
    ]
    more, more_out = (len(spans) - most_lines for spans in (statement.lines, statement.excluded))
    parts = [
        f"<h2>{html_text(f'Statement of {statement.sla.name}')}</h2>",
        f"<p><strong>{html_text(repr(statement), 1000)}</strong></p>",
        html_table(_head(statement)),
        html_table(rows, ("start", "end", "length", "what"), "Lines") if rows else "",
        f"<p>… {more:,} more</p>" if more > 0 else "",
        html_table(out, ("excluded from", "to", "length", "why"), "Exclusions") if out else "",
        f"<p>… {more_out:,} more</p>" if more_out > 0 else "",
    ]
    return f"<article>{''.join(parts)}</article>"


def to_csv(statements: Statement | Iterable[Statement]) -> str:
    """Write the lines of one statement or several as CSV (RFC 4180), with the columns :data:`COLUMNS`.

    A text that a spreadsheet would take for a formula is written behind an apostrophe.
    """
    held = (statements,) if isinstance(statements, Statement) else statements
    if isinstance(held, str) or not isinstance(held, Iterable):
        raise WrongType(f"statements must be one Statement or several, got {type(held).__name__}: {held!r:.100}")
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for statement in held:
        _check(statement)
        head = {"sla": statement.sla.name, "period": statement.local(statement.period.start)[:10]}
        for row in statement.rows():
            writer.writerow([_cell((head | row)[column]) for column in COLUMNS])
    return out.getvalue()


def _check(statement: Statement, most_lines: int = 0) -> None:
    if not isinstance(statement, Statement):
        raise WrongType(f"statement must be a Statement, got {type(statement).__name__}: {statement!r:.100}")
    if isinstance(most_lines, bool) or not isinstance(most_lines, int):
        raise WrongType(f"most_lines must be an integer, got {type(most_lines).__name__}: {most_lines!r:.100}")
    if most_lines < 0:
        raise InvalidNumber(f"most_lines must be 0 or more, got {most_lines}")


def _head(statement: Statement) -> list[tuple[str, str]]:
    """Return what stands above the lines: the terms, and sums that can be added up."""
    return list(_terms(statement))


def _terms(statement: Statement) -> Iterator[tuple[str, str]]:
    sla, period = statement.sla, statement.period
    yield "period", f"{statement.local(period.start)} to {statement.local(period.end)} ({sla.window.tz})"
    yield "counted", sla.rule_text
    if sla.counts_time:
        parts = zip(
            (statement.good, statement.bad, statement.excluded_time, statement.ignored_time),
            ("up", "down", "excluded", "left out"),
            strict=True,
        )
        summed = " + ".join(f"{duration_text(time)} {word}" for time, word in parts)
        yield "time", f"{duration_text(statement.total_time)} = {summed}"
    else:
        yield "requests", f"{statement.good + statement.bad:,} = {statement.good:,} good + {statement.bad:,} bad"
    for tier in sla.penalties:
        yield "penalty", tier.text
    if sla.penalties:
        yield "cap", f"{percent_text(sla.cap)} of the fee"
    if statement.money is not None:
        yield "fee", statement.money.text
    for text in statement.proposed:
        yield "proposed only", text


def _row(statement: Statement, line: Line) -> tuple[str, str, str, str]:
    """Return what a line says: from, to, how long, and what it was."""
    what = line.kind if line.counted else f"{line.kind}, not counted"
    if line.reasons:
        what += f": {'; '.join(line.reasons)}"
    if line.bad is not None:
        what += f", {line.bad:,} of {line.total or 0:,} requests"
    if line.run != (line.start, line.end):
        what += f" (of {statement.local(line.run[0])} to {statement.local(line.run[1])})"
    return statement.local(line.start), statement.local(line.end), duration_text(line.length), what


def _cell(value: Any) -> str:
    text = "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)
    shown = clean(text, 10_000)
    return f"'{shown}" if shown.lstrip(_SKIPPED).startswith(_FORMULA) else shown
