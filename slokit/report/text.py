"""A report for a terminal: one screen that answers from the top down.

The first line is the status and can be read alone. Below it each question has a few lines, and what does not apply is
not there. A figure is drawn where it can be seen faster than read: the budget as a bar, and burn as signs whose
height is the burn rate, on one scale for all of a report:

    ▁ nothing burned   ▂ up to 0.1x   ▃ 0.3x   ▄ 1x   ▅ 3x   ▆ 10x   ▇ 30x   █ more

so that everything above half height spends the budget faster than the window lasts. Colour says the same again and is
never alone; without Unicode the signs become ASCII of the same width. Names and labels are cleaned of what a
terminal would obey.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from slokit._display import bar, clean, percent, plural
from slokit.rational import percent_text
from slokit.report._signs import (
    HELD,
    INDENT,
    LEVELS,
    NO_DATA,
    OUT,
    Style,
    amount,
    bounded,
    cells,
    cut,
    ends,
    finished,
    flow,
    heat,
    instant,
    kind,
    level,
    line,
    noun,
    pad,
    span,
    strip,
)
from slokit.report.summary import Summary, Taken
from slokit.status import Status, burn_text
from slokit.timeline import duration_text, to_datetime

__all__ = ["Style", "render", "strip_width"]

# What a table can do without, first to last, where the terminal is narrow: see the heads in _table.
_SPARE = (3, 7, 6, 4)
_LEAST_NAME = 8


def render(summary: Summary, style: Style | None = None) -> str:
    """Write a summary as text; lines end with a newline.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> from slokit.report.summary import summarise
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", good=[990, 999], bad=[10, 1])
    >>> slo = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="2h")
    >>> print(render(summarise(slo, counts)).splitlines()[2])
    MET · 45% budget left (9 bad events) · 1h burn 0.1x · SLI 99.45% of 2,000 · coverage 100%
    """
    look = style or Style()
    look = bounded(look)
    several = len(summary.statuses) > 1 or bool(summary.status.labels)
    parts = [_heading(summary, look), _table(summary, look) if several else _single(summary, look)]
    parts += [_worst(summary, look), _seen(summary, look), _excluded(summary, look)]
    return finished((line for part in parts for line in part), look)


def strip_width(style: Style) -> int:
    """Return how many columns :func:`~slokit.report.summary.summarise` should cut the window into for a style.

    Examples
    --------
    >>> strip_width(Style()), strip_width(Style(width=40))
    (60, 24)
    """
    return min(bounded(style).width - INDENT, 60)


# --- parts ----------------------------------------------------------------------------------------------------------


def _heading(summary: Summary, look: Style) -> Iterator[str]:
    slo = summary.slo
    name = (
        clean(slo.name, 60)
        if slo.service in (None, slo.name)
        else f"{clean(slo.service or '', 40)}: {clean(slo.name, 60)}"
    )
    facts = [look.paint("bold", name), f"{percent_text(slo.target)} over {slo.window}"]
    if repr(slo.budgeting) != "Occurrences()":
        facts.append(repr(slo.budgeting))
    if not slo.enforced:
        facts.append("an aspiration")
    if summary.source:
        facts.append(look.paint("dim", clean(summary.source, 60)))
    yield from flow(facts, look)
    yield ""


def _single(summary: Summary, look: Style) -> Iterator[str]:
    """Write what there is to say of one series."""
    status = summary.status
    yield from _status_line(status, look)
    yield ""
    if status.total:
        yield from _budget(status, look)
        yield line("Burn rate", "   ".join(_burn(window, rate, look) for window, rate in summary.burns))
        yield from _strip(summary, look)
    yield line("Window", _window(summary))


def _status_line(status: Status, look: Style) -> Iterator[str]:
    first, *facts = status.line().split(" · ")
    yield from flow([look.paint(_role(status), first), *facts], look)


def _role(status: Status) -> str:
    if status.met is None:
        return "warn"
    if not status.met:
        return "bad"
    return "warn" if status.error_budget.exhausted or status.verdict == "at_risk" else "good"


def _budget(status: Status, look: Style) -> Iterator[str]:
    budget = status.error_budget
    ratio = budget.remaining_ratio or 0.0
    left = f"{percent(ratio, 1)} left" if ratio >= 0 else f"overspent by {percent(-ratio, 1)}"
    # Beside the figure if that leaves enough of a bar, else above it.
    room = look.width - INDENT
    beside = room - 2 - len(left)
    drawn = bar(ratio, min(beside if beside >= 10 else room, 30))
    drawn = look.paint("bad" if ratio <= 0 else "warn" if ratio < 0.25 else "good", drawn)
    yield line("Error budget", f"{drawn}  {left.replace(' ', HELD)}")
    unit = status.unit
    allowed = Fraction(1 - status.target) * budget.basis_total
    spent = f"{amount(status.bad, unit)} of {amount(allowed, unit)} allowed spent"
    more = budget.bad_events_left
    fit = "any number more fits" if more is None else f"{amount(more, unit)} more fit" if more else "no more fits"
    basis = {
        "expected": f"reckoned from the {amount(budget.basis_total, unit)} {noun(unit)} expected of the whole period",
        "elapsed": "reckoned from the period so far: nothing says how much is to come",
    }.get(budget.basis if budget.is_estimate or budget.basis == "elapsed" else "")
    yield line("", f"{spent}, {fit.replace(' ', HELD)}")
    if basis:
        yield line("", look.paint("dim", basis))


def _burn(window: str, rate: float | None, look: Style) -> str:
    sign = NO_DATA if rate is None else LEVELS[level(rate)]
    text = "no data" if rate is None else burn_text(rate)
    return f"{look.paint('dim', window)} {look.paint(heat(rate), f'{sign} {text}')}".replace(" ", HELD)


def _strip(summary: Summary, look: Style) -> Iterator[str]:
    """Draw the window: a sign a stretch, and dates under its ends."""
    columns = summary.strips[0] if summary.strips else ()
    if len(columns) < 2:
        return
    room = look.width - INDENT
    each = max(column.end - column.start for column in columns)
    for first in range(0, len(columns), room):
        yield line("" if first else f"Each {duration_text(each)}", strip(columns[first : first + room], look))
    yield line("", look.paint("dim", ends(columns, room)))
    used = {kind(column) for column in columns}
    legend = [("▁", "none burned"), ("▄", "up to 1x"), ("▆", "10x"), ("█", "over 30x")]
    extra = {"no data": (NO_DATA, "no traffic"), "unseen": ("blank", "not observed"), "out": (OUT, "excluded")}
    legend += [sign for kind, sign in extra.items() if kind in used]
    yield line("", look.paint("dim", "   ".join(f"{sign} {text}".replace(" ", HELD) for sign, text in legend)))


def _window(summary: Summary) -> str:
    text = f"{instant(summary.start)} – {instant(summary.end)} UTC"
    if summary.period_end is not None and summary.period_end > summary.end:
        share = Fraction(summary.end - summary.start, summary.period_end - summary.start)
        text += f", {percent(share, 0)} of the period to {instant(summary.period_end)}"
    return f"{text}, in buckets of {duration_text(summary.timeline.step)}"


def _table(summary: Summary, look: Style) -> Iterator[str]:
    """List the series, least budget first."""
    shown = summary.statuses[: look.most_series]
    counts = [sum(s.met is value for s in summary.statuses) for value in (False, True, None)]
    words = [f"{n:,} {word}" for n, word in zip(counts, ("MISSED", "MET", "NO DATA"), strict=True) if n]
    role = "bad" if counts[0] else "warn" if counts[2] else "good"
    series = plural(len(summary.statuses), "series", "series")
    yield from flow([f"{look.paint(role, ', '.join(words))} of {series}, least budget first"], look)
    yield ""
    names = [clean(", ".join(label for _, label in status.labels) or "-", 40) for status in shown]
    strips = dict(enumerate(summary.strips))
    head = ("", "", "left", "budget", "burn", "SLI", "of", "seen")
    rows = [head]
    for name, status in zip(names, shown, strict=True):
        ratio = status.error_budget.remaining_ratio
        rate = status.burn_rate()
        rows.append((
            name,
            "NO DATA" if status.met is None else "MET" if status.met else "MISSED",
            "" if ratio is None else percent(ratio, 0 if abs(ratio) >= 0.1 else 1),
            "" if ratio is None else bar(ratio, 10),
            "" if rate is None else burn_text(rate),
            "" if status.sli is None else percent(Fraction(status.good, status.total), against=[status.target]),
            amount(status.total, status.unit),
            percent(status.coverage, 1),
        ))  # fmt: skip
    widths = [max(cells(row[i]) for row in rows) for i in range(len(head))]
    kept = list(range(len(head)))
    for spare in _SPARE:
        if sum(widths[i] + 2 for i in kept) - 2 > look.width:
            kept.remove(spare)
    room = look.width - sum(widths[i] + 2 for i in kept)
    widths[0] = max(widths[0] + min(room + 2, 0), _LEAST_NAME)
    for number, row in enumerate(rows):
        padded = [pad(cut(row[0], widths[0]), widths[0])]
        padded += [
            pad(cell, width, right=i not in (1, 3))
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            if i
        ]
        if number == 0:
            yield look.paint("dim", "  ".join(padded[i] for i in kept).rstrip())
            continue
        status, columns = shown[number - 1], strips.get(number - 1, ())
        ratio = status.error_budget.remaining_ratio
        padded[1] = look.paint(_role(status), padded[1])
        padded[3] = look.paint("bad" if (ratio or 0) <= 0 else "warn" if (ratio or 0) < 0.25 else "good", padded[3])
        drawn = strip(columns, look) if len(columns) <= room else ""
        yield "  ".join([*(padded[i] for i in kept), drawn]).rstrip()
    if len(summary.statuses) > len(shown):
        yield look.paint("dim", f"… {len(summary.statuses) - len(shown):,} more")
    yield ""
    yield line("Window", _window(summary))


def _worst(summary: Summary, look: Style) -> Iterator[str]:
    found = [w for w in summary.worst if w.burn_rate and w.start is not None and w.end is not None]
    if not found:
        return
    rows = []
    for w in found:
        series = clean(", ".join(label for _, label in w.labels), 40)
        when = span(w.start, w.end) if w.start is not None and w.end is not None else ""
        unit = summary.status.unit
        share = f"{amount(w.bad, unit)} of {amount(w.total, unit)} bad".replace(" ", HELD)
        rows.append((w.window, f"{LEVELS[level(w.burn_rate or 0)]} {burn_text(w.burn_rate or 0)}", when, share, series))
    widths = [max(cells(row[i]) for row in rows) for i in range(5)]
    if INDENT + sum(widths) + 2 * (len(widths) - (not widths[4]) - 1) > look.width:
        # How long a window is stands in front of it: on a narrow terminal its start is enough.
        rows = [(*row[:2], row[2].partition(f"{HELD}–")[0], *row[3:]) for row in rows]
        widths[2] = max(cells(row[2]) for row in rows)
    for number, (row, w) in enumerate(zip(rows, found, strict=True)):
        window, rate, *rest = (pad(cell, width) for cell, width in zip(row, widths, strict=True))
        text = "  ".join([look.paint("dim", window), look.paint(heat(w.burn_rate), rate), *rest])
        yield line("Worst" if number == 0 else "", text.rstrip())


def _seen(summary: Summary, look: Style) -> Iterator[str]:
    """Write what was not observed, if anything was not."""
    hole, step, title = summary.hole, summary.timeline.step, "Holes"
    if hole.buckets:
        what = plural(hole.buckets, "bucket") + " not observed"
        if hole.count:
            length = duration_text(hole.end - hole.start)
            where = f"{span(to_datetime(hole.start), to_datetime(hole.end))} ({length})"
            what += f": {where}" if hole.count == 1 else f" in {hole.count:,} holes, the longest {where}"
        if summary.slo.missing != "ignore":
            what += f"; filled in: {summary.slo.missing}"
        yield line(title, look.paint("warn", what))
        title = ""
    if hole.before:
        yield line(title, f"the window begins {duration_text(hole.before * step)} before the data")


def _excluded(summary: Summary, look: Style) -> Iterator[str]:
    """List the exclusions, and the figures with and without them."""
    for number, taken in enumerate(summary.taken[:20]):
        yield line("Excluded" if number == 0 else "", _taken(taken, summary))
    if len(summary.taken) > 20:
        yield line("", f"… {len(summary.taken) - 20:,} more")
    if summary.without:
        pairs = zip(summary.statuses, summary.without, strict=True)
        for status, other in list(pairs)[: look.most_series]:
            name = clean(", ".join(label for _, label in status.labels), 40)
            yield line("", f"{name + ': ' if name else ''}{_brief(status)}; had they counted, {_brief(other)}")


def _taken(taken: Taken, summary: Summary) -> str:
    exclusion = taken.exclusion
    if taken.exclusion.proposed:
        effect = "proposed only, and counted"
    elif not taken.buckets:
        effect = "not in this window"
    else:
        unit = summary.status.unit
        out = f"{amount(taken.bad, unit)} bad of {amount(taken.good + taken.bad, unit)} {noun(unit)}"
        times = f", {taken.times} times" if taken.times > 1 else ""
        effect = f"{plural(taken.buckets, 'bucket')}{times}, {out}"
    if exclusion.start is not None and exclusion.end is not None:
        when = span(to_datetime(exclusion.start), to_datetime(exclusion.end))
        notes = [
            exclusion.name or "",
            exclusion.reason,
            f"agreed by {exclusion.approved_by}" if exclusion.approved_by else "",
        ]
        scope = "; ".join(f"{axis}: {', '.join(labels)}" for axis, labels in exclusion.scope)
        why = clean(", ".join(filter(None, [*notes, scope])), 80)
        return f"{when}{' ' + why if why else ''} · {effect}"
    return f"{clean(exclusion.text, 100)} · {effect}"


def _brief(status: Status) -> str:
    if not status.total:
        return "NO DATA"
    ratio = status.error_budget.remaining_ratio or 0.0
    share = percent(Fraction(status.good, status.total), against=[status.target])
    return f"{'MET' if status.met else 'MISSED'} at {share}, {percent(ratio, 0 if abs(ratio) >= 0.1 else 1)} left"
