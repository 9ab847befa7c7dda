"""Decisions for a terminal, and as plain data: what a deployment pipeline prints and keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import attrs

from slokit._display import clean
from slokit.policy import Decision
from slokit.policy.transitions import rank
from slokit.report._signs import Style, bounded, finished, flow, fold
from slokit.report.data import status_dict

__all__ = ["Answer", "answer_dict", "render_answers"]

# The worst first.
_WORDS = ("BLOCKED", "UNKNOWN", "ALLOWED")
_INDENT = 12
_MOST_TEXTS = 6


@attrs.frozen(kw_only=True)
class Answer:
    """What a decision says of an activity that somebody is about to begin.

    Parameters
    ----------
    decision
        The decision.
    activity, change
        What was asked about.
    allowed
        Whether it may begin; None where nobody can tell.
    """

    decision: Decision
    activity: str
    change: str | None
    allowed: bool | None

    @property
    def word(self) -> str:
        """The answer in a word."""
        return "UNKNOWN" if self.allowed is None else "ALLOWED" if self.allowed else "BLOCKED"


def render_answers(answers: Sequence[Answer], source: str, style: Style | None = None) -> str:
    """Write answers as text: the worst word first, then each decision with its reasons; lines end with a newline.

    Of several decisions the worst come first; those that allow the activity in the mildest state are a line each, and
    of very many only the first are listed.
    """
    look = bounded(style or Style())
    return finished(_lines(sorted(answers, key=_rank), source, look), look)


def _rank(answer: Answer) -> tuple[int, int]:
    """Return what answers are sorted by: the word, then the gravest state."""
    return _WORDS.index(answer.word), -int(rank(answer.decision.code))


def _lines(answers: Sequence[Answer], source: str, look: Style) -> Iterator[str]:
    worst = answers[0]
    change = f" ({clean(worst.change, 40)})" if worst.change else ""
    facts = [f"{_word(worst, look)} {clean(worst.activity, 40)}{change}"]
    if len(answers) > 1:
        count = sum(answer.word == worst.word for answer in answers)
        facts.append(f"{count:,} of {len(answers):,} decisions")
    yield from flow([*facts, look.paint("dim", clean(source, 60))], look)
    shown = answers[: look.most_series]
    brief = [answer for answer in shown if len(answers) > 1 and answer.allowed and not answer.decision.code]
    for answer in shown:
        if answer not in brief:
            yield ""
            yield from _decision(answer, look, several=len(answers) > 1)
    if brief:
        yield ""
    for answer in brief:
        yield from _head(answer, look, several=True)
    if hidden := answers[len(shown) :]:
        yield ""
        yield f"… {len(hidden):,} more, {', '.join(_counted(hidden))}"


def _counted(answers: Sequence[Answer]) -> Iterator[str]:
    for word in _WORDS:
        if count := sum(answer.word == word for answer in answers):
            yield f"{count:,} {word}"


def _word(answer: Answer, look: Style) -> str:
    return look.paint({"ALLOWED": "good", "UNKNOWN": "warn", "BLOCKED": "bad"}[answer.word], answer.word)


def _head(answer: Answer, look: Style, *, several: bool) -> Iterator[str]:
    """Write which decision it is and what it says; of several with the word of each."""
    decision = answer.decision
    named = "".join(f", {clean(label, 40)}" for _, label in decision.labels)
    word = f"{_word(answer, look)} " if several else ""
    first, *facts = decision.line().split(" · ")
    yield from flow([f"{word}{look.paint('bold', clean(decision.status.name, 60) + named)}: {first}", *facts], look)


def _decision(answer: Answer, look: Style, *, several: bool) -> Iterator[str]:
    decision = answer.decision
    yield from _head(answer, look, several=several)
    since = f", {clean(decision.state, 40)} since {decision.since:%Y-%m-%d %H:%M}" if decision.since is not None else ""
    rows = (
        ("As of", (f"{decision.time:%Y-%m-%d %H:%M} UTC{since}",)),
        ("Because", decision.reasons),
        ("Means", (decision.means,) if decision.means else ()),
        ("Do", decision.actions),
        ("Blocked", _blocked(decision)),
        ("Due", tuple(map(repr, decision.due))),
        ("Severity", (decision.severity,) if decision.severity else ()),
        ("Note", decision.notes),
        ("Note", () if decision.enforced else ("an aspiration: judged, and blocks nothing",)),
    )
    for title, texts in rows:
        more = len(texts) - _MOST_TEXTS
        shown = [clean(text, 1000) for text in texts[:_MOST_TEXTS]] + [f"… {more:,} more"] * (more > 0)
        for i, text in enumerate(shown):
            # A text that goes on is indented further than the next one.
            yield from fold(f"  {title if i == 0 else '':<{_INDENT - 2}}{text}", look.width, _INDENT + 2)


def _blocked(decision: Decision) -> tuple[str, ...]:
    if not decision.blocked:
        return ()
    exempt = f" (but for {', '.join(decision.exempt)})" if decision.exempt else ""
    return (f"{', '.join(decision.blocked)}{exempt}",)


def answer_dict(answer: Answer) -> dict[str, Any]:
    """Return an answer as plain data, ready for JSON; what is not known is None."""
    decision = answer.decision
    override = decision.override
    return {
        "name": decision.status.name,
        "labels": dict(decision.labels),
        "activity": answer.activity,
        "change": answer.change,
        "allowed": answer.allowed,
        "state": decision.state,
        "at": _text(decision.time),
        "since": _text(decision.since),
        "policy": decision.policy.name,
        "enforced": decision.enforced,
        "reasons": list(decision.reasons),
        "actions": list(decision.actions),
        "blocked": list(decision.blocked),
        "exempt": list(decision.exempt),
        "due": [{"kind": item.kind, "reason": item.reason} for item in decision.due],
        "severity": decision.severity,
        "lasts_until": _text(decision.lasts_until),
        "notes": list(decision.notes),
        "override": None if override is None else attrs.asdict(override) | {"until": _text(override.until)},
        "status": status_dict(decision.status),
    }


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")
