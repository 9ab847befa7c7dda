"""Presets: the alerts that others recommend, scaled to the window of an objective as each of them does.

Two ways of scaling are in use. Most keep the windows and ask for a share of the budget, so that the threshold grows
with the objective's window: ``share * window / long_window``. Pyrra keeps the thresholds and stretches the windows.
Both are exact here; where a source prints a rounded threshold, the one that was rounded is used.

Who is told is ``"page"`` or ``"ticket"``, whatever the source calls its levels; and like all alerts here these fire on
strictly more than their threshold. None of the sources asks how many events a ratio rests on, so at low traffic one
error pages: the gates are for that, and :func:`slokit.alerts.lint` says where they are needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import attrs

from slokit.alerts.burn_rate import BurnRateAlert
from slokit.rational import RationalLike, parse_rational
from slokit.timeline import UNITS, DurationLike, parse_length
from slokit.windows import Window, parse_window

__all__ = ["datadog", "elastic", "google", "nearest", "pyrra", "slo_generator", "sloth", "usual_share"]


def _length(value: str | int) -> int:
    return parse_length(value)


def _pending(value: str | int) -> int:
    return parse_length(value) if value else 0


@attrs.frozen
class _Rule:
    """One alert of a table, in the figures of its source: windows in nanoseconds, no short one for a single window.

    Of a table of shares ``amount`` is the share of the budget that goes before the alert fires, else the burn rate.
    """

    amount: Fraction = attrs.field(converter=parse_rational)
    long_window: int = attrs.field(converter=_length)
    short_window: int | None = attrs.field(converter=attrs.converters.optional(_length))
    severity: str
    pending: int = attrs.field(default=0, converter=_pending)


_GOOGLE = (
    _Rule("2%", "1h", "5m", "page"),
    _Rule("5%", "6h", "30m", "page"),
    _Rule("10%", "3d", "6h", "ticket"),
)
_SLOTH = (
    _Rule("2%", "1h", "5m", "page"),
    _Rule("5%", "6h", "30m", "page"),
    _Rule("10%", "1d", "2h", "ticket"),
    _Rule("10%", "3d", "6h", "ticket"),
)
_DATADOG = {
    7 * UNITS["d"]: (
        _Rule("10%", "1h", "5m", "page"),
        _Rule("20%", "6h", "30m", "page"),
        _Rule("40%", "1d", "2h", "ticket"),
    ),
    30 * UNITS["d"]: (
        _Rule("2%", "1h", "5m", "page"),
        _Rule("5%", "6h", "30m", "page"),
        _Rule("10%", "1d", "2h", "ticket"),
    ),
    90 * UNITS["d"]: (
        _Rule("1%", "1h", "5m", "page"),
        _Rule("3%", "6h", "30m", "page"),
        _Rule("5%", "1d", "2h", "ticket"),
    ),
}
_PYRRA_WINDOW = 28 * UNITS["d"]
_PYRRA = (
    _Rule(14, "1h", "5m", "page", "2m"),
    _Rule(7, "6h", "30m", "page", "15m"),
    _Rule(2, "1d", "2h", "ticket", "1h"),
    _Rule(1, "4d", "6h", "ticket", "3h"),
)
_SLO_GENERATOR = (
    _Rule(9, "1h", None, "page"),
    _Rule(3, "12h", None, "page"),
    _Rule("1.5", "7d", None, "ticket"),
    _Rule(1, "28d", None, "ticket"),
)


def google(
    window: DurationLike | Window, *, min_bad: int = 0, min_total: int = 0, confidence: RationalLike | None = None
) -> tuple[BurnRateAlert, ...]:
    """Return the alerts of Google's workbook: 2% of the budget in 1 h or 5% in 6 h page, 10% in 3 d is a ticket.

    Parameters
    ----------
    window
        The objective's window, such as ``slo.window``; a calendar window counts at its nominal length.
    min_bad, min_total, confidence
        Gates for each of the alerts: see :class:`~slokit.BurnRateAlert`.

    Raises
    ------
    InvalidDuration
        If the window cannot be read or is not positive.

    Examples
    --------
    >>> for alert in google("30d", min_bad=5):
    ...     print(alert)
    BurnRateAlert(page: over 14.4x in 1h and 5m with 5 bad events)
    BurnRateAlert(page: over 6x in 6h and 30m with 5 bad events)
    BurnRateAlert(ticket: over 1x in 3d and 6h with 5 bad events)
    >>> [str(alert.burn_rate) for alert in google("7d")]
    ['84/25', '7/5', '7/30']

    References
    ----------
    *The Site Reliability Workbook*, chapter 5, table "Recommended parameters for an SLO-based alerting configuration":
    shares and windows; the thresholds 14.4, 6 and 1 there are those of 30 days.
    """
    return _spending(_GOOGLE, window, min_bad, min_total, confidence)


def sloth(
    window: DurationLike | Window, *, min_bad: int = 0, min_total: int = 0, confidence: RationalLike | None = None
) -> tuple[BurnRateAlert, ...]:
    """Return Sloth's alerts: Google's, and a ticket for 10% of the budget in 1 d.

    Parameters
    ----------
    window
        The objective's window; a calendar window counts at its nominal length. Sloth itself knows 28 and 30 days.
    min_bad, min_total, confidence
        Gates for each of the alerts: see :class:`~slokit.BurnRateAlert`.

    Examples
    --------
    >>> [str(alert.burn_rate) for alert in sloth("30d")], [str(alert.burn_rate) for alert in sloth("28d")]
    (['72/5', '6', '3', '1'], ['336/25', '28/5', '14/5', '14/15'])

    References
    ----------
    Sloth, ``internal/alert/windows/google-30d.yaml`` (percentages and windows, quick and slow) and
    ``internal/alert/window.go`` (the factor is the percentage of the period over the long window).
    """
    return _spending(_SLOTH, window, min_bad, min_total, confidence)


def elastic(
    window: DurationLike | Window, *, min_bad: int = 0, min_total: int = 0, confidence: RationalLike | None = None
) -> tuple[BurnRateAlert, ...]:
    """Return Elastic's defaults: critical and high page, medium and low are tickets.

    They are the shares and windows of :func:`sloth`. Over 7 days the last threshold is 7/30, which Elastic rounds
    to 0.234.

    Parameters
    ----------
    window
        The objective's window; a calendar window counts at its nominal length. Elastic itself knows 7, 30 and 90 days.
    min_bad, min_total, confidence
        Gates for each of the alerts: see :class:`~slokit.BurnRateAlert`.

    Examples
    --------
    >>> [str(alert.burn_rate) for alert in elastic("7d")], [str(alert.burn_rate) for alert in elastic("90d")]
    (['84/25', '7/5', '7/10', '7/30'], ['216/5', '18', '9', '3'])

    References
    ----------
    Kibana's SLO plugin, ``BURN_RATE_DEFAULTS``: one table each for weekly, monthly and quarterly objectives.
    """
    return _spending(_SLOTH, window, min_bad, min_total, confidence)


def datadog(
    window: DurationLike | Window, *, min_bad: int = 0, min_total: int = 0, confidence: RationalLike | None = None
) -> tuple[BurnRateAlert, ...]:
    """Return what Datadog recommends: the shorter the objective, the larger the share that an hour may cost.

    An hour, six and a day may cost 10%, 20% and 40% of the budget of 7 days, 2%, 5% and 10% of 30, and 1%, 3% and 5% of
    90. Other windows take the shares of whichever of the three is nearest in ratio. Datadog names no severities; the
    day is a ticket here.

    Parameters
    ----------
    window
        The objective's window; a calendar window counts at its nominal length.
    min_bad, min_total, confidence
        Gates for each of the alerts: see :class:`~slokit.BurnRateAlert`.

    Examples
    --------
    >>> [float(alert.burn_rate) for days in (7, 30, 90) for alert in datadog(f"{days}d")]
    [16.8, 5.6, 2.8, 14.4, 6.0, 3.0, 21.6, 10.8, 4.5]

    References
    ----------
    Datadog's documentation, "Burn Rate Alerts", section "Examples": three tables with the theoretical consumption; the
    short window is a twelfth of the long one.
    """
    length = _nominal(window)
    return _spending(_DATADOG[nearest(_DATADOG, length)], window, min_bad, min_total, confidence)


def pyrra(
    window: DurationLike | Window, *, min_bad: int = 0, min_total: int = 0, confidence: RationalLike | None = None
) -> tuple[BurnRateAlert, ...]:
    """Return Pyrra's alerts: the thresholds stay 14, 7, 2 and 1, and the windows stretch with the objective's.

    Windows and waiting times are those of 28 days, scaled, and rounded to whole minutes as Pyrra does; none is shorter
    than one minute here, where Pyrra makes a window of 0 s for an objective of 12 h.

    Parameters
    ----------
    window
        The objective's window; a calendar window counts at its nominal length.
    min_bad, min_total, confidence
        Gates for each of the alerts: see :class:`~slokit.BurnRateAlert`.

    Examples
    --------
    >>> for alert in pyrra("14d"):
    ...     print(alert)
    BurnRateAlert(page: over 14x in 30m and 3m for 1m)
    BurnRateAlert(page: over 7x in 3h and 15m for 8m)
    BurnRateAlert(ticket: over 2x in 12h and 1h for 30m)
    BurnRateAlert(ticket: over 1x in 2d and 3h for 1h30m)

    References
    ----------
    Pyrra, ``slo/rules.go``, function ``Windows``; its critical is a page, its warning a ticket.
    """
    length = _nominal(window)
    rules = (
        attrs.evolve(
            rule,
            long_window=_stretched(rule.long_window, length),
            short_window=None if rule.short_window is None else _stretched(rule.short_window, length),
            pending=_stretched(rule.pending, length),
        )
        for rule in _PYRRA
    )
    return tuple(_alert(rule, rule.amount, min_bad, min_total, confidence) for rule in rules)


def slo_generator(
    window: DurationLike | Window, *, min_bad: int = 0, min_total: int = 0, confidence: RationalLike | None = None
) -> tuple[BurnRateAlert, ...]:
    """Return the steps of slo-generator's default policy: single windows, the same for every objective.

    9 over 1 h and 3 over 12 h page; 1.5 over 7 d and 1 over 28 d are tickets. Nothing is scaled, so for an objective of
    a week the last looks back four times as far; :func:`slokit.alerts.lint` says so.

    Parameters
    ----------
    window
        The objective's window, which changes nothing.
    min_bad, min_total, confidence
        Gates for each of the alerts: see :class:`~slokit.BurnRateAlert`.

    Examples
    --------
    >>> for alert in slo_generator("28d"):
    ...     print(alert)
    BurnRateAlert(page: over 9x in 1h)
    BurnRateAlert(page: over 3x in 12h)
    BurnRateAlert(ticket: over 1.5x in 7d)
    BurnRateAlert(ticket: over 1x in 28d)

    References
    ----------
    slo-generator, ``samples/config.yaml``, ``error_budget_policies.default``: steps with ``alert: true`` page.
    """
    _nominal(window)
    return tuple(_alert(rule, rule.amount, min_bad, min_total, confidence) for rule in _SLO_GENERATOR)


def usual_share(long_window: int) -> Fraction:
    """Return the share of the budget that presets let a long window of so many nanoseconds spend.

    Of the windows that :func:`sloth` looks at the one nearest in ratio says it.

    Examples
    --------
    >>> usual_share(2 * UNITS["h"])
    Fraction(1, 50)
    """
    shares = {rule.long_window: rule.amount for rule in _SLOTH}
    return shares[nearest(shares, long_window)]


def nearest(lengths: Iterable[int], length: int) -> int:
    """Return which of some lengths is nearest in ratio.

    Examples
    --------
    >>> nearest([7, 30, 90], 14), nearest([7, 30, 90], 15)
    (7, 30)
    """
    return min(lengths, key=lambda one: max(Fraction(one, length), Fraction(length, one)))


def _nominal(window: DurationLike | Window) -> int:
    return parse_window(window).nominal


def _spending(
    rules: Iterable[_Rule],
    window: DurationLike | Window,
    min_bad: int,
    min_total: int,
    confidence: RationalLike | None,
) -> tuple[BurnRateAlert, ...]:
    """Return alerts that each fire after a share of the budget went under flat traffic."""
    length = _nominal(window)
    return tuple(
        _alert(rule, rule.amount * length / rule.long_window, min_bad, min_total, confidence) for rule in rules
    )


def _alert(
    rule: _Rule, burn_rate: Fraction, min_bad: int, min_total: int, confidence: RationalLike | None
) -> BurnRateAlert:
    return BurnRateAlert(
        long_window=rule.long_window,
        short_window=rule.short_window,
        burn_rate=burn_rate,
        severity=rule.severity,
        pending=rule.pending,
        min_bad=min_bad,
        min_total=min_total,
        confidence=confidence,
    )


def _stretched(length: int, window: int) -> int:
    """Scale a length from Pyrra's 28 days to a window: whole minutes, halves up, and at least one."""
    minutes = Fraction(length * window, _PYRRA_WINDOW * UNITS["m"])
    return max(int(minutes + Fraction(1, 2)), 1) * UNITS["m"]
