"""How far an objective stays inside an agreement: its headroom.

Two things make an objective the tighter one. Its target must be above the promise, that is seen at a glance. And its
window must not let through what the agreement's period cannot take, which is not: an objective of 99.95% over a
quarter may be met while one month of it, with the whole quarter's budget in it, breaks a promise of 99.9%.
So both are held against each other over the agreement's period: what the agreement allows of it to be bad, and the
most that the objective lets into it while it is met.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import attrs
import numpy as np

from slokit._display import clean, html_table
from slokit.budgeting import Timeslices
from slokit.errors import WrongType
from slokit.findings import Finding
from slokit.periods import CalendarWindow
from slokit.rational import percent_text
from slokit.slo import SLO
from slokit.timeline import duration_text
from slokit.windows import RollingWindow, Window

if TYPE_CHECKING:
    from slokit.sla.agreement import SLA

__all__ = ["Headroom", "headroom"]

# Periods of one calendar and zone that lie wholly inside each other.
_NESTED = ("day", "month", "quarter", "year")
_SECOND = 1_000_000_000
# From 2001 to 2029: months, leap years and days on which clocks are set come in all their lengths.
_YEARS = 978_307_200_000_000_000, 1_861_920_000_000_000_000


@attrs.frozen(kw_only=True, repr=False)
class Headroom:
    """How much tighter an objective is than an agreement.

    Parameters
    ----------
    sla, slo
        Their names.
    promise, target
        The agreement's target and the objective's: its loosest, where series have their own.
    period
        The agreement's period at its nominal length, nanoseconds: what both are converted to.
    window
        The objective's window, in words.
    allowed
        How much of a period the agreement allows to be bad, nanoseconds at even traffic.
    let_through
        The most of a period that can be bad while the objective is met all along, nanoseconds at even traffic.
    conversion
        How the objective's window became the agreement's period, in words.
    findings
        What stands in the way of its being the tighter one; empty where nothing does.

    Examples
    --------
    >>> from slokit import SLA, SLI, SLO, CalendarWindow
    >>> sla = SLA("enterprise", target="99.9%", window=CalendarWindow("month"))
    >>> sla.headroom(SLO("api", sli=SLI.ratio("up"), target="99.95%", window="30d"))
    Headroom(tighter · 99.95% over 30d rolling, promised 99.9% · lets through 21m36s of 43m12s allowed in 30d)
    """

    sla: str
    slo: str
    promise: Fraction
    target: Fraction
    period: int
    window: str
    allowed: Fraction
    let_through: Fraction
    conversion: str
    findings: tuple[Finding, ...] = ()

    @property
    def margin(self) -> Fraction:
        """How far the objective's target lies above the promise; not positive where it does not."""
        return self.target - self.promise

    @property
    def spare(self) -> Fraction:
        """What the agreement allows beyond what the objective lets through, nanoseconds of a period."""
        return self.allowed - self.let_through

    @property
    def is_tighter(self) -> bool:
        """Whether the promise is kept wherever the objective is met, at even traffic, in a period of nominal length.

        Months have 28 to 31 days: where a real one lets a breach through, ``slo-tighter-on-average`` says so.
        """
        return self.margin > 0 and self.spare >= 0

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "tighter", "tighter" if self.is_tighter else "NOT TIGHTER"
        yield "targets", f"{percent_text(self.target)} over {self.window}, promised {percent_text(self.promise)}"
        through, allowed, period = (_text(time) for time in (self.let_through, self.allowed, self.period))
        yield "time", f"lets through {through} of {allowed} allowed in {period}"

    def __repr__(self) -> str:
        return f"Headroom({' · '.join(text for _, text in self._facts())})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "objective", clean(self.slo)
        yield "agreement", clean(self.sla)
        yield from self._facts()
        yield "conversion", self.conversion
        for finding in self.findings:
            yield finding.code, repr(finding)

    def _repr_html_(self) -> str:
        return html_table(self.__rich_repr__(), caption=f"Headroom of {self.slo}")


def _text(time: Fraction | int) -> str:
    """Write a length of time: whole seconds from a minute on, which are cut and not rounded up."""
    whole = int(time)
    return duration_text(whole - whole % _SECOND if whole >= 60 * _SECOND else whole)


def headroom(sla: SLA, slo: SLO) -> Headroom:
    """Hold an objective against an agreement; :meth:`slokit.SLA.headroom` documents it."""
    if not isinstance(slo, SLO):
        raise WrongType(f"slo must be an SLO, got {type(slo).__name__}: {slo!r:.100}")
    own = () if slo.own_targets is None else tuple(target for _, target in slo.own_targets.targets)
    target = min((slo.target, *own))
    period = sla.window.nominal
    allowed = (1 - sla.target) * period
    reach, conversion = _reach(slo.window, sla.window)
    bare = Headroom(
        sla=sla.name,
        slo=slo.name,
        promise=sla.target,
        target=target,
        period=period,
        window=str(slo.window),
        allowed=allowed,
        let_through=min((1 - target) * reach, Fraction(period)),
        conversion=conversion,
    )
    return attrs.evolve(bare, findings=tuple(_findings(bare, sla, slo, reach)))


def _lengths(window: CalendarWindow) -> tuple[int, ...]:
    """Return the lengths that its periods really have, nanoseconds, the shortest first."""
    edges = window.edges(*_YEARS)
    return tuple(np.unique(np.diff(edges)).tolist())


def _real_reach(own: Window, window: CalendarWindow, period: int) -> int:
    """Return the length of all windows whose budgets can fall into a period of some real length, nanoseconds."""
    if isinstance(own, RollingWindow):
        return -(-period // own.nominal) * own.nominal
    if own == window or _nests(own, window):
        return period
    lengths = _lengths(own)
    return lengths[-1] * (1 if _nests(window, own) else -(-period // lengths[0]) + 1)


def _reach(own: Window, window: CalendarWindow) -> tuple[int, str]:
    """Return the length of all windows whose budgets can fall into one period, nanoseconds, and why."""
    period, length = window.nominal, own.nominal
    asked = duration_text(period)
    if isinstance(own, RollingWindow):
        # Windows laid end to end over the period: each of them may be bad to the limit.
        windows = -(-period // length)
        if windows == 1:
            return length, f"one window of {own} can lie over all that was bad in {asked}"
        return windows * length, f"{windows} windows of {own} cover {asked}, each may spend its budget"
    if own == window:
        return period, f"both are settled by the same {own}"
    if _nests(own, window):
        return period, f"{asked} is whole periods of {own}, each may spend its budget"
    if _nests(window, own):
        return length, f"one {own} may spend its whole budget within {asked}"
    windows = -(-period // length) + 1
    return windows * length, f"up to {windows} periods of {own} meet {asked}, each may spend its budget within it"


def _nests(inner: CalendarWindow, outer: CalendarWindow) -> bool:
    """Say whether each period of one lies wholly inside one of the other."""
    plain = all(one.every == 1 and one.start is None and one.unit in _NESTED for one in (inner, outer))
    return plain and inner.tz == outer.tz and _NESTED.index(inner.unit) <= _NESTED.index(outer.unit)


def _findings(found: Headroom, sla: SLA, slo: SLO, reach: int) -> Iterator[Finding]:
    subject = f"{clean(slo.name, 60)} under {clean(sla.name, 60)}"
    if found.margin <= 0:
        yield Finding(
            "slo-not-tighter",
            subject,
            f"the objective's target of {percent_text(found.target)} is not above the promise of "
            f"{percent_text(found.promise)}: it warns when the promise is broken, or later",
            f"an objective above {percent_text(found.promise)}"
            if found.promise < 1
            else "a promise below 100%: no objective is tighter than that",
        )
    elif found.spare < 0:
        yield Finding(
            "slo-lets-breach-through",
            subject,
            f"met over {found.window} it can let {_text(found.let_through)} of {_text(found.period)} be bad, and the "
            f"agreement allows {_text(found.allowed)} ({found.conversion})",
            f"a window of {duration_text(found.period)} or less, or a target of "
            f"{percent_text(_tight_enough(found.allowed, reach))} or more",
        )
    else:
        yield from _on_average(found, sla, slo, subject)
    if sla.counts_time and not isinstance(slo.budgeting, Timeslices):
        yield Finding(
            "slo-counts-otherwise",
            subject,
            "the agreement counts minutes and the objective events: their shares are equal only at even traffic",
            'Timeslices as budgeting, such as Timeslices("1m", target=…), or an objective over sla.evidence(counts)',
            "advice",
        )


def _on_average(found: Headroom, sla: SLA, slo: SLO, subject: str) -> Iterator[Finding]:
    """Find a real period that takes less than one of nominal length does, or into which more can fall."""
    budget, share = 1 - found.target, 1 - sla.target
    # By how much of all windows that meet a period the agreement allows of it, the hardest first.
    most, period, reach = min(
        (share * period / reach, period, reach)
        for period in _lengths(sla.window)
        for reach in [_real_reach(slo.window, sla.window, period)]
    )
    if budget > most:
        yield Finding(
            "slo-tighter-on-average",
            subject,
            f"it is the tighter one over {_text(found.period)}; but of a period of {_text(period)} it can let "
            f"{_text(min(budget * reach, Fraction(period)))} be bad, met over {found.window}, and the agreement allows "
            f"{_text(share * period)}",
            f"a target of {percent_text(_tight_enough(share * period, reach))} or more",
            "advice",
        )


def _tight_enough(allowed: Fraction, reach: int) -> Fraction:
    """Return a short target, in thousandths of a percent or finer, that lets through no more than is allowed."""
    share, scale = allowed / reach, 100_000
    while share * scale < 1:
        scale *= 10
    return 1 - Fraction(share * scale // 1, scale)
