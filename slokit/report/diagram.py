"""A policy drawn as its states and what leads from one to another: SVG without scripts, styles or fonts of its own.

Boxes stand in the order of severity. An arrow to the right is taken at once, whatever lies between; one to the left
when the reason is over. The unknown state stands below, outside that order. What is drawn is what the policy's rules
say, so that the picture cannot differ from the policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from slokit._display import clean, html_text
from slokit.policy import Policy
from slokit.timeline import duration_text

__all__ = ["state_diagram"]

_WIDE, _GAP, _LEFT, _TOP = 250, 70, 20, 46
_BOX, _LINE, _COLUMNS = 44, 17, 38
# Lightness tells the states apart without colour; text on all of them is black or white at more than 4.5 to 1.
_FILLS = (("#d8ecd8", "#000"), ("#f5d78e", "#000"), ("#b5482f", "#fff"))
_UNKNOWN = ("#e3e3e8", "#000")


def state_diagram(policy: Policy) -> str:
    """Draw a policy's states as SVG text.

    Examples
    --------
    >>> drawn = state_diagram(Policy.default())
    >>> drawn.startswith("<svg ") and "critical" in drawn
    True
    """
    columns = [_notes(policy, code) for code in range(len(policy.states))]
    deepest = max(len(lines) for lines in columns)
    below = _TOP + _BOX + 40 + deepest * _LINE
    width = 2 * _LEFT + len(columns) * _WIDE + (len(columns) - 1) * _GAP
    height = below + _BOX + 44
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="sans-serif" font-size="13" role="img">'
        ),
        f"<title>{html_text(f'States of the policy {policy.name}')}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        (
            '<defs><marker id="tip" markerWidth="9" markerHeight="9" refX="8" refY="4" orient="auto">'
            '<path d="M0,0 L8,4 L0,8 z" fill="#333"/></marker></defs>'
        ),
    ]
    for code, lines in enumerate(columns):
        x = _LEFT + code * (_WIDE + _GAP)
        parts += _box(policy.states[code].name, x, _TOP, _fill(code, len(columns)))
        parts += _texts(lines, x, _TOP + _BOX + 24)
        if code:
            parts += _arrows(x)
    parts += _unknown(policy, width, below)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _fill(code: int, count: int) -> tuple[str, str]:
    """Return the colours of a state: the mildest and the gravest have their own, all between share one."""
    return _FILLS[0] if code == 0 else _FILLS[2] if code == count - 1 else _FILLS[1]


def _box(name: str, x: int, y: int, fill: tuple[str, str]) -> Iterator[str]:
    yield f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_BOX}" rx="8" fill="{fill[0]}" stroke="#333"/>'
    yield (
        f'<text x="{x + _WIDE // 2}" y="{y + _BOX // 2 + 6}" text-anchor="middle" font-size="17" font-weight="bold" '
        f'fill="{fill[1]}">{html_text(name, 24)}</text>'
    )


def _notes(policy: Policy, code: int) -> list[str]:
    """Return what stands below a box, broken into lines."""
    state = policy.states[code]
    rules = [rule for rule in policy.rules if rule.state == state.name]
    lines: list[str] = []
    if code == 0:
        lines += ["there when no other state is"]
    for text in dict.fromkeys(text for rule in rules for text in rule.entering):
        lines += _bullet(f"in: {text}")
    for text in dict.fromkeys(rule.leaving for rule in rules):
        lines += _bullet(f"out: {text}")
    if state.blocks:
        exempt = f" (but for {', '.join(state.exempt)})" if state.exempt else ""
        lines += _bullet(f"blocks: {', '.join(state.blocks)}{exempt}")
    return lines


def _bullet(text: str) -> list[str]:
    return wrap(clean(text, 400), _COLUMNS, subsequent_indent="    ")


def _texts(lines: list[str], x: int, y: int) -> Iterator[str]:
    for row, text in enumerate(lines):
        indent = len(text) - len(text.lstrip())
        yield f'<text x="{x + 6 * indent}" y="{y + row * _LINE}" fill="#222">{html_text(text.strip(), 400)}</text>'


def _arrows(x: int) -> Iterator[str]:
    """Draw the arrows between a box at ``x`` and the one before it."""
    for y, start, end, word in ((_TOP + 13, x - _GAP, x - 2, "at once"), (_TOP + 31, x, x - _GAP + 2, "when over")):
        yield f'<line x1="{start}" y1="{y}" x2="{end}" y2="{y}" stroke="#333" marker-end="url(#tip)"/>'
        middle, above = x - _GAP // 2, y - 5 if start < end else y + 15
        yield f'<text x="{middle}" y="{above}" text-anchor="middle" font-size="11" fill="#333">{word}</text>'


def _unknown(policy: Policy, width: int, y: int) -> Iterator[str]:
    """Draw the state in which nobody can tell, below the others."""
    x = _LEFT
    yield f'<line x1="{_LEFT}" y1="{y - 22}" x2="{width - _LEFT}" y2="{y - 22}" stroke="#bbb" stroke-dasharray="4 4"/>'
    yield from _box(policy.unknown.name, x, y, _UNKNOWN)
    silence = duration_text(policy.stale_after)
    blocked = [activity for activity in policy.activities if policy.blocks(policy.unknown, activity)]
    texts = [
        f"in, from any state: nothing measured for {silence}, or never yet; until then the last state is held",
        "out: data again, judged by the rules as any other bucket",
        f"blocks meanwhile: {', '.join(blocked) or 'nothing'}",
    ]
    yield from _texts(texts, x + _WIDE + 20, y + 10)
