"""Replay an alert, several or a policy over history, and hold what they would have said against labelled incidents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from slokit._kernels.runs import bridged, runs
from slokit._kernels.sweeps import tally
from slokit.alerts import Alert, told
from slokit.alerts.episodes import PAGE
from slokit.analysis.backtest.labels import IncidentLike, Part, part_of, read_incidents
from slokit.analysis.backtest.replay import Replay, replay
from slokit.analysis.backtest.score import Outcome, Score
from slokit.conditions import Condition
from slokit.errors import InvalidAlert, InvalidPolicy, WrongType
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import one_series
from slokit.policy import Policy, PolicyHistory
from slokit.policy.state import UNKNOWN, names_of
from slokit.policy.transitions import UNKNOWN_CODE
from slokit.timeline import DurationLike, InstantLike, parse_length, to_datetime

__all__ = ["Replayable", "score", "score_of"]

BoolArray = npt.NDArray[np.bool_]

Replayable = Condition | Iterable[Alert] | Policy | PolicyHistory
"""What can be replayed: an alert or another condition, several alerts, a policy, or a policy's history."""

_DEPLOY = "deploy"


def score(
    ev: Evaluation,
    alerts_or_policy: Replayable,
    incidents: Iterable[IncidentLike],
    *,
    grace: DurationLike = "0s",
    severity: str | None = PAGE,
    states: Iterable[str] | None = None,
    start: InstantLike | None = None,
    end: InstantLike | None = None,
) -> Score:
    """Score an alert, several or a policy as if it had been there all along.

    Parameters
    ----------
    ev
        One series.
    alerts_or_policy
        One alert or another condition, several alerts, a policy, or the history of one over ``ev``.
    incidents
        What should have been found: :class:`~slokit.incidents.Incident` or pairs ``(start, end)``, in any order. Those
        that begin in the span scored count. Each is made of the buckets that it touches, rounded outward, and found if
        it fires at the end of one of them or fired already at its start.
    grace
        How long before an incident's start a firing may be about it already: people label late.
    severity
        Of several alerts: whom to follow. Pages are told of once, whichever fires, and other severities where no page
        fires, as in :func:`slokit.alerts.notifications`; None follows all alerts together. One alert alone is followed
        whatever its severity.
    states
        Of a policy: in which states it fires; by default all but the first, and unknown.
    start, end
        Score only whole buckets in ``[start, end)``: what fires at the first of them begins there, and what fires at
        the last goes on. Windows look back before it.

    Raises
    ------
    WrongType
        If there are several series, or something is of another kind than it should be.
    InvalidAlert
        If no alert has the severity.
    InvalidPolicy
        If the policy has no such state, or the history is of another evaluation.
    InvalidWindow
        If a window is no whole number of buckets.
    OutOfTimeline
        If there is no bucket to score.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts, alerts
    >>> bad = [0] * 100 + [300] * 12 + [0] * 176
    >>> counts = Counts.from_buckets(start="2026-01-05T00:00Z", step="5m", total=[1000] * 288, bad=bad)
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="30d").evaluate(counts)
    >>> score(ev, alerts.google("30d"), [("2026-01-05T08:20Z", "2026-01-05T09:20Z")])
    Score(1 of 1 incident found, nine in ten within 30m; 1 notification, 0 of them false (30 a month))

    References
    ----------
    *The Site Reliability Workbook*, chapter 5, "Alerting Considerations": precision, recall, detection and reset time.
    """
    length = parse_length(grace, "grace", least=0)
    part = part_of(one_series(ev), read_incidents(incidents), length, start, end)
    firing, words, frozen = _fired(ev, alerts_or_policy, severity, states)
    return score_of(ev, firing, part, words, frozen)


def score_of(ev: Evaluation, firing: BoolArray, part: Part, words: str, frozen: BoolArray | None = None) -> Score:
    """Score what fires where, in a part of history."""
    mask = firing[part.first : part.stop]
    found = replay(ev, part, [tally(mask.astype(np.int32), 1, part.spans)])
    return Score(
        **found.columns.row(0),
        subject=words,
        outcomes=tuple(_outcome(ev, part, mask, found, row) for row in range(len(part.incidents))),
        frozen=None
        if frozen is None
        else timedelta(microseconds=int(np.count_nonzero(frozen[part.first : part.stop])) * ev.timeline.step / 1_000),
    )


def _outcome(ev: Evaluation, part: Part, mask: BoolArray, found: Replay, row: int) -> Outcome:
    bucket, detect, reset = (int(x[row, 0]) for x in (found.found, found.detect, found.reset))
    spent = float(found.spent[row, 0])
    already = 0 <= bucket < part.begins[row]
    if already:
        # Told when the firing began, which may be long before.
        spells = runs(mask)
        at = int(np.searchsorted(spells.starts, bucket - part.first, side="right")) - 1
        bucket = int(spells.starts[at]) + part.first
    return Outcome(
        incident=part.incidents[row],
        notified_at=None if bucket < 0 else to_datetime(ev.timeline.end_of(bucket)),
        already_firing=already,
        detection_time=None if detect < 0 else timedelta(microseconds=detect / 1_000),
        reset_time=None if reset < 0 else timedelta(microseconds=reset / 1_000),
        spent=None if np.isnan(spent) else spent,
    )


def _fired(
    ev: Evaluation, subject: Replayable, severity: str | None, states: Iterable[str] | None
) -> tuple[BoolArray, str, BoolArray | None]:
    """Return where something fires, what it is in words, and of a policy where it blocks deployments."""
    if isinstance(subject, Policy | PolicyHistory):
        history = subject.evaluate(ev) if isinstance(subject, Policy) else subject
        if history.evaluation != ev:
            raise InvalidPolicy("the history must be of the evaluation given; score(ev, policy, …) evaluates it anew")
        return _in_states(history, states)
    if states is not None:
        raise WrongType(f"states are those of a policy, got {states!r:.100} with {type(subject).__name__}")
    if isinstance(subject, Condition):
        words = repr(subject) if isinstance(subject, Alert) else subject.words
        return subject.holds(ev), words, None
    heard = told(ev, subject)
    if severity is None:
        return np.logical_or.reduce([*heard.values(), np.zeros(ev.timeline.size, np.bool_)]), "all alerts", None
    if not isinstance(severity, str) or severity not in heard:
        have = ", ".join(repr(name) for name in heard) or "none"
        raise InvalidAlert(f"severity must be that of an alert, got {severity!r:.60}; there are {have}")
    return heard[severity], f"alerts of severity {severity}", None


def _in_states(history: PolicyHistory, states: Iterable[str] | None) -> tuple[BoolArray, str, BoolArray | None]:
    policy = history.policy
    chosen = policy_states(policy) if states is None else names_of(states, "states")
    for name in chosen:
        if name not in history.names:
            raise InvalidPolicy(f"states must be among {', '.join(history.names)}, got {name!r:.100}")
    codes = [UNKNOWN_CODE if name == UNKNOWN else history.names.index(name) for name in chosen]
    # As with episodes of a state: a silence, after which it is as before, ends nothing.
    held = history.codes if UNKNOWN_CODE in codes else bridged(history.codes, UNKNOWN_CODE)
    frozen = None
    if _DEPLOY in policy.activities:
        blocking = [code for code in range(-1, len(policy.states)) if policy.blocks(policy.state(code), _DEPLOY)]
        frozen = np.isin(history.codes, blocking)
    return np.isin(held, codes), f"policy {policy.name}: {', '.join(chosen)}", frozen


def policy_states(policy: Policy) -> tuple[str, ...]:
    """Return the states in which a policy calls for something: all but the first."""
    return tuple(state.name for state in policy.states[1:])
