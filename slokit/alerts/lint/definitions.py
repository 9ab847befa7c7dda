"""What can be wrong with alerts as they are defined, whatever the traffic.

Each rule looks at one alert of one objective, or at two alerts, and says what it found. None of it is an error: an
alert that cannot fire answers its question exactly, and the answer is always no.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from fractions import Fraction

import attrs

from slokit._display import clean, percent, plural
from slokit.alerts.alert import Alert
from slokit.alerts.budget_share import BudgetShareAlert
from slokit.alerts.burn_rate import BurnRateAlert
from slokit.alerts.episodes import PAGE
from slokit.alerts.presets import datadog, elastic, google, pyrra, sloth, usual_share
from slokit.findings import Finding
from slokit.rational import decimal_text, percent_text
from slokit.slo import SLO
from slokit.timeline import duration_text

__all__ = ["ALONE", "BESIDE", "Case"]

_SCALED = (google, sloth, elastic, datadog, pyrra)
# What presets let an alert spend before it fires, and the shares outside of which that was probably not meant.
_USUAL = {
    PAGE: ("1% to 6%", Fraction("0.005"), Fraction("0.08")),
    "ticket": ("5% to 40%", Fraction("0.025"), Fraction("0.5")),
}
_ANY = ("1% to 40%", Fraction("0.005"), Fraction("0.5"))


@attrs.frozen
class Case:
    """An objective under review.

    Parameters
    ----------
    slo
        The objective.
    step
        Nanoseconds of the buckets or slices that alerts will be held against; None where that is not known.
    """

    slo: SLO
    step: int | None

    @property
    def window(self) -> int:
        """The objective's window in nanoseconds, a calendar's at its nominal length."""
        return self.slo.window.nominal

    @property
    def targets(self) -> tuple[tuple[str, Fraction], ...]:
        """Whose targets there are, the objective's own under no name, the loosest first."""
        own = self.slo.own_targets
        named = () if own is None else tuple((f"{own.axis} {label}", target) for label, target in own.targets)
        return tuple(sorted((("", self.slo.target), *named), key=lambda pair: pair[1]))


def _reached(alert: Alert, most: Fraction) -> bool:
    """Say whether the largest value that there can be fires an alert."""
    return most > alert.threshold or (alert.op == "gte" and most == alert.threshold)


# --- one alert alone --------------------------------------------------------------------------------


def never_fires(case: Case, alert: Alert) -> Iterator[Finding]:
    """Find thresholds that a total outage does not reach."""
    if isinstance(alert, BudgetShareAlert) and alert.window > case.window:
        return
    unreached = [(who, target) for who, target in case.targets if not _reached(alert, 1 / (1 - target))]
    if not unreached:
        return
    who, target = unreached[0]
    most, wanted = 1 / (1 - target), alert.threshold
    more = len(unreached) - 1
    others = f" (and so with {plural(more, 'other target')})" if more else ""
    named = f"for {clean(who, 60)} " if who else ""
    if isinstance(alert, BurnRateAlert):
        needs = f"a burn rate {'above' if alert.op == 'gt' else 'of'} {decimal_text(wanted)}x"
        outage = f"burns {decimal_text(most)}x at {percent_text(target)}"
        below = f"{decimal_text(most)}x"
    else:
        needs = f"{'more than ' if alert.op == 'gt' else ''}{percent_text(wanted)} of the budget"
        outage = f"spends at most {percent_text(most)} at {percent_text(target)}"
        below = percent_text(most)
    yield Finding(
        "never-fires",
        repr(alert),
        f"{named}it needs {needs}, and a total outage {outage}{others}",
        f"lower the threshold {'below' if alert.op == 'gt' else 'to'} {below}",
    )


def share_out_of_reach(case: Case, alert: Alert) -> Iterator[Finding]:
    """Find shares of the budget that a total outage spends only where traffic is above average."""
    if not isinstance(alert, BudgetShareAlert):
        return
    target = case.targets[-1][1]
    most = Fraction(alert.window, case.window) / (1 - target)
    if _reached(alert, most) or not _reached(alert, 1 / (1 - target)):
        return
    window = duration_text(alert.window)
    yield Finding(
        "share-out-of-reach",
        repr(alert),
        f"under flat traffic a total outage of {window} spends {percent(most, 1, against=[alert.share])} of the budget "
        f"at {percent_text(target)}",
        f"a window longer than {window}, or a smaller share, unless it is meant for busy hours only",
        "advice",
    )


def fires_at_anything(case: Case, alert: Alert) -> Iterator[Finding]:
    """Find thresholds of zero."""
    del case
    if alert.threshold == 0 and (alert.op == "gte" or alert.min_bad < 2):
        always = "always fires where there is data" if alert.op == "gte" else "fires at any bad event"
        yield Finding("fires-at-anything", repr(alert), f"with a threshold of 0 it {always}", "raise the threshold")


def short_not_shorter(case: Case, alert: Alert) -> Iterator[Finding]:
    """Find short windows that are not short."""
    del case
    if isinstance(alert, BurnRateAlert) and alert.short_window is not None and alert.short_window >= alert.long_window:
        long, short = duration_text(alert.long_window), duration_text(alert.short_window)
        yield Finding(
            "short-not-shorter",
            repr(alert),
            f"the short window of {short} is no shorter than the long one of {long}: it does not end the alert sooner",
            f"a short window of about a twelfth of {long}, or none",
        )


def window_beyond_objective(case: Case, alert: Alert) -> Iterator[Finding]:
    """Find alerts that look further back than their objective."""
    longest = max(alert.windows)
    if longest > case.window:
        yield Finding(
            "window-beyond-objective",
            repr(alert),
            f"it looks back {duration_text(longest)}, and the objective {duration_text(case.window)}: it fires about "
            "what the objective has forgotten",
            f"a window of {duration_text(case.window)} or less",
            "advice",
        )


def windows_do_not_fit(case: Case, alert: Alert) -> Iterator[Finding]:
    """Find windows that are no whole number of buckets or slices."""
    if case.step is None:
        return
    needed = (*alert.windows, case.window) if isinstance(alert, BudgetShareAlert) else alert.windows
    odd = [duration_text(window) for window in needed if window % case.step]
    if odd:
        kind = "buckets" if getattr(case.slo.budgeting, "slice", None) is None else "slices"
        lengths = " and ".join(duration_text(window) for window in alert.fitted(case.step).windows)
        yield Finding(
            "windows-do-not-fit",
            repr(alert),
            f"{' and '.join(odd)} {'is' if len(odd) == 1 else 'are'} no whole number of {kind} of "
            f"{duration_text(case.step)}: held against them it is an error",
            f"{kind} of {duration_text(math.gcd(case.step, *needed))}, or {lengths}, as fitted() makes it",
        )


def pending_too_long(case: Case, alert: Alert) -> Iterator[Finding]:
    """Find alerts that wait longer than they look back."""
    del case
    if alert.pending > alert.windows[0]:
        wait, long = duration_text(alert.pending), duration_text(alert.windows[0])
        yield Finding(
            "pending-too-long",
            repr(alert),
            f"it waits {wait} after its window of {long} is over the threshold: what is mended before is never told",
            f"a pending of {long} or less; a longer window asks for more trouble without waiting",
            "advice",
        )


def unusual_share(case: Case, alert: Alert) -> Iterator[Finding]:
    """Find burn rates that spend far more or less than is usual before they fire, such as those of another window."""
    if not isinstance(alert, BurnRateAlert) or alert.long_window >= case.window or not alert.burn_rate:
        return
    usual, least, most = _USUAL.get(alert.severity, _ANY)
    share = alert.burn_rate * alert.long_window / case.window
    presets = {(one.long_window, one.burn_rate) for preset in _SCALED for one in preset(case.slo.window)}
    if least <= share <= most or (alert.long_window, alert.burn_rate) in presets:
        return
    wanted = usual_share(alert.long_window)
    rate = wanted * case.window / alert.long_window
    kind = f"{clean(alert.severity, 40)}s" if alert.severity in _USUAL else "alerts"
    yield Finding(
        "unusual-share",
        repr(alert),
        f"{decimal_text(alert.burn_rate)}x over {duration_text(alert.long_window)} spends {percent(share, 1)} of the "
        f"budget of {duration_text(case.window)} under flat traffic; {kind} usually take {usual}",
        f"{decimal_text(rate)}x spends {percent_text(wanted)}; thresholds scale with the objective's window, as "
        "the presets do",
        "advice",
    )


def severity_unheard(case: Case, alert: Alert) -> Iterator[Finding]:
    """Find severities that look like a page or a ticket and are neither."""
    del case
    close = get_close_matches(alert.severity.strip().lower(), (PAGE, "ticket"), n=1, cutoff=0.75)
    if close and alert.severity != close[0]:
        yield Finding(
            "severity-unheard",
            repr(alert),
            f"its severity {alert.severity!r} is not {close[0]!r}: it inhibits nothing, and nobody who listens for "
            f"{close[0]!r} hears it",
            f"write {close[0]!r}",
        )


ALONE: tuple[Callable[[Case, Alert], Iterator[Finding]], ...] = (
    never_fires,
    share_out_of_reach,
    fires_at_anything,
    short_not_shorter,
    window_beyond_objective,
    windows_do_not_fit,
    pending_too_long,
    unusual_share,
    severity_unheard,
)
"""The rules for one alert, in the order in which they are told."""


# --- an alert beside the others ---------------------------------------------------------------------


def duplicate(case: Case, alert: Alert, others: Sequence[Alert], before: int) -> Iterator[Finding]:
    """Find alerts that stand twice."""
    del case
    if alert in others[:before]:
        yield Finding("duplicate-alert", repr(alert), "it stands twice, and is told twice", "drop one", "advice")


def redundant(case: Case, alert: Alert, others: Sequence[Alert], before: int) -> Iterator[Finding]:
    """Find alerts that never fire unless another does that tells the same people, or wakes them."""
    del case, before
    for other in others:
        if other != alert and other.severity in (alert.severity, PAGE) and _implies(alert, other):
            yield Finding(
                "redundant-alert",
                repr(alert),
                f"it never fires without {other!r}, which asks for less",
                "drop it, or lower its threshold",
                "advice",
            )
            return


def ticket_stricter_than_page(case: Case, alert: Alert, others: Sequence[Alert], before: int) -> Iterator[Finding]:
    """Find tickets for what burns faster than what pages."""
    del before
    if alert.severity != "ticket":
        return
    for page in others:
        if page.severity == PAGE and _pace(case, alert) >= _pace(case, page):
            fast, slow = (decimal_text(_pace(case, one)) for one in (alert, page))
            yield Finding(
                "ticket-stricter-than-page",
                repr(alert),
                f"a burn rate of {fast}x is a ticket, while {slow}x pages ({page!r})",
                "swap the severities, or the thresholds",
                "advice",
            )
            return


BESIDE: tuple[Callable[[Case, Alert, Sequence[Alert], int], Iterator[Finding]], ...] = (
    duplicate,
    redundant,
    ticket_stricter_than_page,
)
"""The rules for an alert among all others, of which so many stand before it."""


def _pace(case: Case, alert: Alert) -> Fraction:
    """Return the burn rate that an alert amounts to under flat traffic."""
    if isinstance(alert, BudgetShareAlert):
        return alert.share * case.window / alert.window
    return alert.threshold


def _implies(one: Alert, other: Alert) -> bool:
    """Say whether the other alert provably fires wherever the one does."""
    if type(one) is not type(other):
        return False
    stricter = one.threshold > other.threshold or (one.threshold == other.threshold and one.op in ("gt", other.op))
    if isinstance(one, BurnRateAlert):
        covers = set(other.windows) <= set(one.windows)
    else:
        # What a shorter window spent, the longer one spent too.
        covers = other.windows[0] >= one.windows[0]
    return stricter and covers and one.pending >= other.pending and _asks_for_more(one, other)


def _asks_for_more(one: Alert, other: Alert) -> bool:
    """Say whether where one alert has enough evidence the other does too."""
    if one.windows[0] > other.windows[0] and (other.min_bad or other.min_total):
        return False
    same = one.windows[0] == other.windows[0]
    sure, asked = one.confidence, other.confidence
    return (
        one.min_bad >= other.min_bad
        and one.min_total >= other.min_total
        and (not other.min_coverage or (same and one.min_coverage >= other.min_coverage))
        and (asked is None or (same and sure is not None and sure >= asked))
    )
