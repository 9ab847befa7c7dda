"""Lint: what will not work in an objective and its alerts, or will disappoint, before it wakes anybody.

Thresholds that no outage reaches, factors of 30 days on an objective of seven, an error that pages because nine
requests came in an hour: all of it is legal, all of it answers exactly, and none of it was meant. Nothing here is an
error, and nothing is changed; each finding has a stable code, the figures, and a way out.

The rules stand in two tables: :mod:`slokit.alerts.lint.definitions` needs the definitions alone,
:mod:`slokit.alerts.lint.traffic` how many events a window usually holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slokit.alerts.alert import Alert
from slokit.alerts.firing import checked
from slokit.alerts.lint.definitions import ALONE, BESIDE, Case
from slokit.alerts.lint.traffic import BY_TRAFFIC, Usual, too_few_events, too_few_slices
from slokit.counts import Counts
from slokit.errors import InvalidTimeline, InvalidWindow, WrongType
from slokit.findings import Finding
from slokit.slo import SLO

__all__ = ["lint"]


def lint(slo: SLO, alerts: Iterable[Alert] = (), counts: Counts | None = None) -> tuple[Finding, ...]:
    """Say what will not work, or will disappoint, in an objective and its alerts.

    Parameters
    ----------
    slo
        The objective.
    alerts
        What watches it.
    counts
        Evidence of its usual traffic: a week or more, good or bad. Without it only the definitions are looked at.

    Returns
    -------
    tuple of Finding
        First of the objective, then of each alert in turn; empty where there is nothing to say.

    Raises
    ------
    WrongType
        If an argument is of another type. A definition that cannot work is no error.

    Notes
    -----
    A ``problem`` cannot work as defined; ``advice`` works, and will probably disappoint. The codes are stable; the last
    five need counts, all but ``too-few-events`` of slices, whose number is known.

    =============================  ==================================================================================
    code                           says
    =============================  ==================================================================================
    ``never-fires``                the threshold lies above what a total outage burns, or spends
    ``share-out-of-reach``         under flat traffic a total outage of that window does not spend the share
    ``fires-at-anything``          the threshold is 0
    ``short-not-shorter``          the short window is as long as the long one, or longer
    ``window-beyond-objective``    a window is longer than the objective's
    ``windows-do-not-fit``         a window is no whole number of the counts' buckets, or of the objective's slices
    ``pending-too-long``           it waits longer than it looks back
    ``unusual-share``              the threshold spends an unusual share of the budget, such as one of another window
    ``severity-unheard``           a severity is nearly ``page`` or ``ticket``, and neither
    ``duplicate-alert``            an alert stands twice
    ``redundant-alert``            it never fires without another one that tells the same people
    ``ticket-stricter-than-page``  what burns faster is a ticket, what burns slower pages
    ``too-few-events``             a few failures are the whole budget of the objective
    ``no-traffic``                 the counts hold no events
    ``window-beyond-data``         a window is longer than the data
    ``one-failure-fires``          one failure fires it at the usual traffic, or in quiet hours
    ``evidence-out-of-reach``      ``min_bad`` or ``min_total`` ask for more than a total outage brings
    =============================  ==================================================================================

    Examples
    --------
    >>> from slokit import SLI, SLO, BurnRateAlert, Counts
    >>> slo = SLO("checkout", sli=SLI.ratio("up"), target="95%", window="30d")
    >>> lint(slo, [BurnRateAlert(long_window="1h", short_window="5m", burn_rate=21)])[0]  # doctest: +ELLIPSIS
    BurnRateAlert(page: over 21x in 1h and 5m): it needs a burn rate above 21x, and a total outage burns 20x at 95%; ...

    Given counts, what a single failure would do at this traffic, here 2 requests an hour:

    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="30m", total=[1] * 1440, bad=[0] * 1440)
    >>> page = BurnRateAlert(long_window="6h", short_window="30m", burn_rate="1.5", severity="page")
    >>> lint(slo, [page], counts)[-1].message
    'one error fires it in 100% of windows: 6h usually holds 12 requests, and one of 13 or fewer is over 1.5x'
    """
    if not isinstance(slo, SLO):
        raise WrongType(f"slo must be an SLO, got {type(slo).__name__}: {slo!r:.100}")
    if isinstance(alerts, Alert) or not isinstance(alerts, Iterable):
        raise WrongType(f"alerts must be several alerts, got {type(alerts).__name__}; write them in a list")
    if counts is not None and not isinstance(counts, Counts):
        raise WrongType(f"counts must be Counts, got {type(counts).__name__}; Counts.from_events(…) makes them")
    return tuple(_findings(slo, tuple(checked(alerts)), counts))


def _findings(slo: SLO, alerts: tuple[Alert, ...], counts: Counts | None) -> Iterator[Finding]:
    slices: int | None = getattr(slo.budgeting, "slice", None)
    step = slices if slices is not None or counts is None else counts.timeline.step
    case = Case(slo, step)
    usual: Usual | None = None
    if counts is None:
        yield from () if slices is None else too_few_slices(slo, slices)
    else:
        try:
            usual = Usual(slo, slo.evaluate(counts))
        except (InvalidWindow, InvalidTimeline) as error:
            what, _, mend = str(error).partition("; ")
            yield Finding("windows-do-not-fit", slo.name, what, mend or "counts in buckets that fit")
        else:
            yield from too_few_events(usual)
    for before, alert in enumerate(alerts):
        for rule in ALONE:
            yield from rule(case, alert)
        for compare in BESIDE:
            yield from compare(case, alert, alerts, before)
        if usual is not None:
            for judge in BY_TRAFFIC:
                yield from judge(usual, alert)
