"""The four corners of alarm and hurt, with the spells that people should look at.

==============  =============================  ===========================================
                customers are hurt             nobody is hurt
==============  =============================  ===========================================
alarm           seen: it works                 unfelt: it is too strict, or too nervous
no alarm        unseen: it misses something    quiet: it works
==============  =============================  ===========================================

People complain after they were hurt, and so an alarm belongs to the complaints that follow it for a while, and
complaints to the alarms before them. Hurt is a rate of complaints above a threshold that the answer states, decided in
integers. What to make of it is left to people unless three things come together: an association that was tested and
found, enough spells, and a share of them that is surely above one half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal, get_args

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import Shown, clean, html_table, percent, plural, short
from slokit._kernels.runs import held, joined_runs
from slokit.alerts import Alert, fires
from slokit.analysis.feedback.association import Association
from slokit.analysis.feedback.pairing import Exact, Mask, Pair, Per, pair
from slokit.counts import Counts
from slokit.errors import InvalidAlert, InvalidNumber, WrongType
from slokit.evaluation import Evaluation
from slokit.rational import RationalLike, parse_integer, parse_rational, percent_text
from slokit.statistics import surely_above
from slokit.status import burn_text
from slokit.timeline import DurationLike, Timeline, duration_text, parse_duration, to_datetime

__all__ = ["Corner", "CornerSpell", "Corners", "corners"]

Corner = Literal["seen", "unseen", "unfelt", "quiet", "unknown"]
"""Hurt with an alarm, hurt without one, an alarm without hurt, neither; and where nobody could tell."""

_MEANS: dict[Corner, str] = {
    "seen": "customers are hurt, and the objective sees it",
    "unseen": "customers are hurt, and the objective is silent: it misses something",
    "unfelt": "the objective alarms, and nobody is hurt: it is too strict",
    "quiet": "neither",
    "unknown": "nobody could tell: the service or its customers were not observed",
}
_SILENT = "the evidence does not carry a recommendation"
_SHOWN = 20


@attrs.frozen(kw_only=True, repr=False)
class CornerSpell(Shown):
    """A stretch of buckets in one corner.

    Parameters
    ----------
    corner
        Which one.
    start, end
        Its edges, in UTC: the half-open span of its buckets.
    complaints, contacts
        What customers said in it; contacts as ``per`` counts them.
    bad, total
        The service's events in it.
    burn_rate
        How fast the budget burned over all of it; None without traffic.
    """

    _caption = "Spell of a corner"

    corner: Corner
    start: datetime
    end: datetime
    complaints: int
    contacts: int
    bad: int
    total: int
    burn_rate: float | None

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "corner", self.corner
        yield "when", f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"
        yield "complaints", plural(self.complaints, "complaint")
        yield "burn", "no traffic" if self.burn_rate is None else f"burn {burn_text(self.burn_rate)}"

    def __repr__(self) -> str:
        corner, when, *rest = (text for _, text in self._facts())
        return f"CornerSpell({corner}: {when}, {', '.join(rest)})"


@attrs.frozen(kw_only=True, repr=False)
class Corners:
    """Where alarms and hurt go together, and where one is alone; the array is read-only.

    Parameters
    ----------
    name
        The objective's name.
    timeline
        The common buckets.
    codes
        The corner of each bucket, as its place in ``("seen", "unseen", "unfelt", "quiet", "unknown")``: int8, shape
        ``(n,)``.
    spells
        Those of the first three corners, in the order of time.
    thresholds
        What counted as an alarm, as hurt, and as together, in words.
    association
        What was brought along, if anything.
    recommendation
        In words; see :attr:`carried`.
    carried
        Whether the evidence carries a recommendation at all.
    """

    name: str
    timeline: Timeline
    codes: npt.NDArray[np.int8] = attrs.field(eq=attrs.cmp_using(eq=np.array_equal))
    spells: tuple[CornerSpell, ...]
    thresholds: tuple[str, ...]
    association: Association | None
    recommendation: str
    carried: bool

    __hash__ = None  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        self.codes.setflags(write=False)

    def of(self, corner: Corner) -> tuple[CornerSpell, ...]:
        """Return the spells of one corner, in the order of time."""
        if corner not in _MEANS:
            raise InvalidNumber(f"corner must be one of {', '.join(_MEANS)}, got {corner!r:.60}")
        return tuple(spell for spell in self.spells if spell.corner == corner)

    def table(self) -> list[tuple[str, int, int, int]]:
        """Return a row for each corner: its name, buckets, nanoseconds, and spells (0 for those that have none)."""
        counted = np.bincount(self.codes, minlength=len(_MEANS)).tolist()
        return [
            (corner, buckets, buckets * self.timeline.step, len(self.of(corner)))
            for corner, buckets in zip(_MEANS, counted, strict=True)
        ]

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        for corner, buckets, time, number in self.table():
            if buckets or corner != "unknown":
                spells = "" if corner in ("quiet", "unknown") else plural(number, "spell")
                yield corner, duration_text(time) if time else "never", spells, _MEANS[corner]  # type: ignore[index]

    def __repr__(self) -> str:
        lines = [f"feedback on {clean(self.name, 60)}: {'; '.join(self.thresholds)}"]
        rows = list(self._rows())
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines += ["  ".join(text.ljust(width) for text, width in zip(row, (*widths, 0), strict=True)) for row in rows]
        return "\n".join([*lines, self.recommendation])

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "objective", clean(self.name)
        yield "thresholds", "; ".join(self.thresholds)
        for corner, time, spells, _ in self._rows():
            yield corner, f"{time}{', ' if spells else ''}{spells}"
        yield "recommendation", self.recommendation

    def _repr_html_(self) -> str:
        shown = [[text for _, text in spell._facts()] for spell in self.spells[:_SHOWN]]
        if len(self.spells) > _SHOWN:
            shown.append([f"… {plural(len(self.spells) - _SHOWN, 'more spell')}", "", "", ""])
        rows = [*self._rows(), ("recommendation", "", "", self.recommendation)]
        return html_table(rows, ("corner", "time", "spells", "means"), f"Feedback on {self.name}") + html_table(
            shown, ("corner", "when", "complaints", "burn"), "; ".join(self.thresholds)
        )


def corners(
    ev: Evaluation,
    complaints: Counts,
    *,
    alerts: Iterable[Alert] | None = None,
    burn_rate: RationalLike = 1,
    hurt: RationalLike | None = None,
    min_complaints: int = 3,
    within: DurationLike = "24h",
    step: DurationLike | None = None,
    per: Per = "contact",
    association: Association | None = None,
    min_spells: int = 5,
    confidence: RationalLike = "95%",
) -> Corners:
    """Name the corner of every bucket, and list the spells.

    Parameters
    ----------
    ev, complaints, step, per
        As for :func:`~slokit.analysis.feedback.associate`.
    alerts
        A bucket has an alarm if any of them fires at the end of any evaluated bucket in it.
    burn_rate
        Without alerts: a common bucket has an alarm if its own budget burns strictly faster than this.
    hurt
        Customers are hurt where the rate of complaints is strictly above this. By default twice the rate of all of
        the time together; the answer says which that is.
    min_complaints
        And where there are so many at least: one complaint at night is no hurt.
    within
        How much later complaints may come and still belong to an alarm.
    association
        What :func:`~slokit.analysis.feedback.associate` found. Without one nothing is recommended.
    min_spells, confidence
        Of hurt, or of alarms, there must be so many spells, and the share of them in one corner must surely be above
        one half (an exact binomial test), for anything to be recommended.

    Raises
    ------
    WrongType
        If an argument is of another type.
    InvalidNumber
        If a number is out of its range.
    InvalidAlert
        If ``burn_rate`` is negative.
    InvalidTimeline, OutOfTimeline, InvalidCounts
        If evaluation and complaints do not fit each other.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> bad = [0, 9, 0, 0, 0, 0, 0, 8, 0, 0]
    >>> said = [0, 0, 7, 0, 9, 0, 0, 0, 0, 0]
    >>> start = "2026-01-01T00:00Z"
    >>> service = Counts.from_buckets(start=start, step="1h", total=[100] * 10, bad=bad)
    >>> heard = Counts.from_buckets(start=start, step="1h", total=[20] * 10, bad=said)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="95%", window="1d").evaluate(service)
    >>> found = corners(ev, heard, within="1h")
    >>> found
    feedback on checkout: alarm: burn above 1x in a bucket of 1h; hurt: above 16% complaints a contact, and at least \
3; together within 1h
    seen    2h  1 spell  customers are hurt, and the objective sees it
    unseen  1h  1 spell  customers are hurt, and the objective is silent: it misses something
    unfelt  1h  1 spell  the objective alarms, and nobody is hurt: it is too strict
    quiet   6h           neither
    the evidence does not carry a recommendation: no association was tested
    >>> found.of("unseen")
    (CornerSpell(unseen: 2026-01-01 04:00 to 2026-01-01 05:00 UTC, 9 complaints, burn 0x),)
    """
    parse_integer(min_complaints, "min_complaints", 1)
    parse_integer(min_spells, "min_spells", 1)
    if association is not None and not isinstance(association, Association):
        raise WrongType(f"association must be what associate() returns, got {association!r:.100}")
    both = pair(ev, complaints, step, per)
    lag = parse_duration(within, "within", least=0) // both.timeline.step
    alarm, alarm_text = _alarms(ev, both, alerts, burn_rate)
    limit = _usual(both) * 2 if hurt is None else parse_rational(hurt, "hurt")
    if limit < 0:
        raise InvalidNumber(f"hurt must not be negative, got {hurt}")
    hurting = _above(both.complaints, both.contacts, limit) & both.heard
    hurting &= np.asarray(both.complaints >= min_complaints, dtype=np.bool_)
    codes = _codes(alarm, hurting, both, lag)
    spells = _spells(codes, both, lag, 1 - ev.target)
    carried, text = _recommendation(spells, association, int(min_spells), confidence)
    return Corners(
        name=ev.slo.name,
        timeline=both.timeline,
        codes=codes,
        spells=spells,
        thresholds=(
            alarm_text,
            f"hurt: above {_rate_text(limit, per)}, and at least {min_complaints}",
            f"together within {duration_text(lag * both.timeline.step) if lag else 'a bucket'}",
        ),
        association=association,
        recommendation=text,
        carried=carried,
    )


def _rate_text(limit: Fraction, per: Per) -> str:
    if per == "bucket":
        return f"{float(limit):.3g} complaints a bucket"
    return f"{percent(limit)} complaints a{'n' if per == 'event' else ''} {per}"


def _usual(both: Pair) -> Fraction:
    """Return the rate of complaints of all of the time that customers were heard."""
    said, whole = (sum(held[both.heard].tolist()) for held in (both.complaints, both.contacts))
    return Fraction(said, whole) if whole else Fraction(0)


def _above(part: Exact, whole: Exact, share: Fraction) -> Mask:
    """Say where a part is strictly more than a share of the whole, in Python integers."""
    return np.asarray(part.astype(object) * share.denominator > whole.astype(object) * share.numerator, dtype=np.bool_)


def _alarms(ev: Evaluation, both: Pair, alerts: Iterable[Alert] | None, burn_rate: RationalLike) -> tuple[Mask, str]:
    """Return where there is an alarm, and what that means."""
    line = both.timeline
    if alerts is None:
        rate = parse_rational(burn_rate, "burn_rate")
        if rate < 0:
            raise InvalidAlert(f"burn_rate must not be negative, got {burn_rate}")
        what = f"alarm: burn above {burn_text(float(rate))} in a bucket of {duration_text(line.step)}"
        return _above(both.bad, both.total, rate * (1 - ev.target)), what
    if isinstance(alerts, str) or not isinstance(alerts, Iterable):
        raise WrongType(f"alerts must be several, got {type(alerts).__name__}: {alerts!r:.100}; write them in a list")
    held_alerts = tuple(alerts)
    firing = np.asarray(fires(ev, held_alerts).any(axis=0))
    first, width = ev.timeline.edge_index(line.start), line.step // ev.timeline.step
    alarm = firing[first : first + width * line.size].reshape(line.size, width).any(axis=1)
    return np.asarray(alarm), f"alarm: any of {plural(len(held_alerts), 'alert')} fires"


def _codes(alarm: Mask, hurting: Mask, both: Pair, lag: int) -> npt.NDArray[np.int8]:
    """Return the corner of each bucket."""
    alarmed_before = held(alarm, lag + 1)
    hurt_after = held(hurting[::-1], lag + 1)[::-1]
    seen = (hurting & alarmed_before) | (alarm & hurt_after)
    codes = np.select([seen, hurting, alarm, both.seen & both.heard], [0, 1, 2, 3], 4)
    return codes.astype(np.int8)


def _spells(codes: npt.NDArray[np.int8], both: Pair, lag: int, share: Fraction) -> tuple[CornerSpell, ...]:
    """Return the stretches of the first three corners; what one corner has in so short a time is one."""
    found = []
    for code, corner in enumerate(get_args(Corner)[:3]):
        stretches = joined_runs(codes == code, lag)
        for start, stop in zip(stretches.starts.tolist(), stretches.stops.tolist(), strict=True):
            # Lulls between buckets of one corner belong to the spell, what another corner has in them does not.
            inside = np.flatnonzero(codes[start:stop] == code) + start
            said, contacts, bad, total = (
                sum(held_in[inside].tolist()) for held_in in (both.complaints, both.contacts, both.bad, both.total)
            )
            found.append(
                CornerSpell(
                    corner=corner,
                    start=to_datetime(both.timeline.start + start * both.timeline.step),
                    end=to_datetime(both.timeline.start + stop * both.timeline.step),
                    complaints=said,
                    contacts=contacts,
                    bad=bad,
                    total=total,
                    burn_rate=float(Fraction(bad, total) / share) if total else None,
                )
            )
    return tuple(sorted(found, key=lambda spell: (spell.start, spell.corner)))


def _recommendation(
    spells: tuple[CornerSpell, ...], association: Association | None, least: int, confidence: RationalLike
) -> tuple[bool, str]:
    """Return whether there is something to recommend, and what; or why not."""
    number: dict[Any, int] = {corner: sum(one.corner == corner for one in spells) for corner in _MEANS}
    hurts, alarms = number["seen"] + number["unseen"], number["seen"] + number["unfelt"]
    misses, strict, sees, right = surely_above(
        [number["unseen"], number["unfelt"], number["seen"], number["seen"]],
        [hurts, alarms, hurts, alarms],
        Fraction(1, 2),
        confidence=confidence,
    ).tolist()
    if association is None:
        return False, f"{_SILENT}: no association was tested"
    if not association.found:
        p, level = float(association.p_value), percent_text(association.level)
        return False, f"{_SILENT}: complaints do not go together with bad events (p = {p:.2g}, level {level})"
    advice = []
    if hurts >= least and misses:
        advice.append(
            f"the objective misses what hurts ({number['unseen']} of {plural(hurts, 'spell')} of hurt without an "
            "alarm): look at those spells, and bring into the indicator what they have in common"
        )
    if alarms >= least and strict:
        advice.append(
            f"the alarm is too strict ({number['unfelt']} of {plural(alarms, 'spell')} of alarm without hurt): look at "
            "those spells, and lower the target or raise the threshold"
        )
    if not advice and hurts >= least and alarms >= least and sees and right:
        advice.append(
            f"keep the objective: {short(number['seen'])} of {plural(hurts, 'spell')} of hurt and of "
            f"{plural(alarms, 'spell')} of alarm go together"
        )
    if advice:
        return True, "; ".join(advice)
    few = (
        f"{number['unseen']} of {plural(hurts, 'spell')} of hurt are unseen and {number['unfelt']} of "
        f"{plural(alarms, 'spell')} of alarm unfelt, which is not surely most of either, nor surely few"
    )
    return False, f"{_SILENT}: {few}"
