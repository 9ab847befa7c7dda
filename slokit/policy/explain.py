"""Why a state is there: the rules that hold it, in words and with figures.

States are found over whole arrays and their reasons one at a time, when somebody asks: the answers of all leaves are
worked out again for the one series, which takes milliseconds, rather than kept for every series and bucket.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from slokit.conditions import Condition, Leaf, NoDataFor, answers
from slokit.evaluation import Evaluation
from slokit.forecast import Forecast, forecast
from slokit.incidents import Spell, spells
from slokit.policy.state import Rule
from slokit.policy.transitions import UNKNOWN_CODE, RuleTrace, traces
from slokit.status import Status
from slokit.timeline import duration_text, instant_text, to_datetime

if TYPE_CHECKING:
    from slokit.policy.history import PolicyHistory

__all__ = ["Explanation"]


class Explanation:
    """What can be said of one series of a history, and of one bucket of it; each worked out once, when asked.

    Parameters
    ----------
    history
        Of one series.
    bucket
        The bucket that the properties are about.
    """

    def __init__(self, history: PolicyHistory, bucket: int = -1) -> None:
        self.history = history
        self.bucket = bucket % max(history.timeline.size, 1)

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation of the series."""
        return self.history.evaluation

    @cached_property
    def _answered(self) -> dict[Leaf, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
        return answers(self.evaluation, [leaf for rule in self.history.rules for leaf in rule.leaves()])

    @cached_property
    def _traces(self) -> list[RuleTrace]:
        history = self.history
        rules = history.policy.coded(history.rules)
        return traces(rules, self._answered, history.timeline.step, history.initial)

    @cached_property
    def _has_data(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return self.evaluation.bucket_has_data

    # --- reasons ------------------------------------------------------------------------------------------

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the state at the bucket is what it is."""
        return self.of_state(self.bucket, int(self.history.codes[self.bucket]))

    @cached_property
    def grounds(self) -> tuple[str, ...]:
        """What the reasons at the bucket rest on, without figures: the conditions that hold, or what held last."""
        code = int(self.history.codes[self.bucket])
        # The mildest state and the unknown one have no rules.
        if code <= 0:
            return ()
        holding = [one for one in self._traces if one.code == code and one.active[self.bucket]]
        return tuple(dict.fromkeys(text for one in holding for text in self._ground(one)))

    def _ground(self, one: RuleTrace) -> Iterator[str]:
        if not one.condition[self.bucket]:
            yield f"was entered: {one.rule!r}"
            return
        for leaf in one.rule.when.leaves():
            yield f"{leaf!r} {'holds' if self._answered[leaf][self.bucket] else 'does not hold'}"

    @property
    def burns(self) -> tuple[tuple[int, int, int], ...]:
        """Every window that an alert of the rules looks at, in nanoseconds, with its good and bad events."""
        leaves = [leaf for rule in self.history.rules for leaf in rule.leaves()]
        windows = dict.fromkeys(window for leaf in leaves for window in getattr(leaf, "windows", ()))
        found = []
        for window in sorted(windows):
            good, bad = self.evaluation.events_within(np.timedelta64(window, "ns"), self.bucket)
            found.append((window, good, bad))
        return tuple(found)

    def of_state(self, bucket: int, code: int) -> tuple[str, ...]:
        """Say why the state of a code is there at the end of a bucket."""
        return tuple(dict.fromkeys(self._of_unknown(bucket) if code == UNKNOWN_CODE else self._of_known(bucket, code)))

    def of_transition(self, bucket: int, before: int, after: int) -> tuple[str, ...]:
        """Say why the state changed at the end of a bucket."""
        if before == UNKNOWN_CODE:
            return (self._known_again(bucket), *self.of_state(bucket, after))
        if after == UNKNOWN_CODE or after > before:
            return self.of_state(bucket, after)
        left = [reason for one in self._traces if one.code == before for reason in self._left(one, bucket)]
        # A rule may have ended in a silence, through which its state was held.
        ended = left or ["data again, and nothing holds the state any more"]
        return tuple(dict.fromkeys((*ended, *self.of_state(bucket, after))))

    def _known_again(self, bucket: int) -> str:
        """Say why a state that was unknown is known."""
        if not self._has_data[:bucket].any() and not self.history.initial.known:
            return "first data"
        doubted = self.history.suspicious is not None and bucket > 0 and self.history.suspicious[bucket - 1]
        return "as much traffic as usual again" if doubted and self._has_data[bucket - 1] else "data again"

    def _of_unknown(self, bucket: int) -> Iterator[str]:
        stale = NoDataFor(self.history.policy.stale_after)
        suspicious = self.history.suspicious
        if not self._has_data[: bucket + 1].any() and not self.history.initial.known:
            yield "no data yet"
        elif suspicious is not None and suspicious[bucket] and not stale.holds(self.evaluation)[bucket]:
            yield "far less traffic than usual, so nothing bad is no good sign"
        else:
            yield stale.say(self.evaluation, bucket, holds=True)

    def _of_known(self, bucket: int, code: int) -> Iterator[str]:
        if code == 0:
            return
        holding = [one for one in self._traces if one.code == code and one.active[bucket]]
        for one in holding:
            yield from self._holding(one, bucket)
        if not holding:
            silence = NoDataFor(self.history.policy.stale_after).say(self.evaluation, bucket, holds=False)
            excluded = "the bucket was excluded" if self.evaluation.excluded[bucket] else silence
            yield f"{excluded}: the last state is held"

    def _holding(self, one: RuleTrace, bucket: int) -> Iterator[str]:
        """Say what holds a state that a rule entered."""
        if one.condition[bucket]:
            yield from one.rule.when.reasons_of(self.evaluation, bucket, self._answered)
            return
        past = np.flatnonzero(one.condition[: bucket + 1])
        if not past.size:
            now = "" if one.rule.until is None else f"; now {self._not_left(one, one.rule.until, bucket)}"
            yield f"it was there when the evidence began, and lasts until {one.rule.leaving}{now}"
        elif one.rule.until is None:
            last = int(past[-1])
            then = "; ".join(one.rule.when.reasons_of(self.evaluation, last, self._answered))
            clear = duration_text((bucket - last) * self.evaluation.timeline.step)
            yield f"clear for {clear} of {duration_text(one.rule.hold)}; at {self._time(last)} {then}"
        else:
            yield from self._latched(one, one.rule.until, bucket)

    def _latched(self, one: RuleTrace, until: Condition, bucket: int) -> Iterator[str]:
        """Say since when a rule has been entered, and why it is not left."""
        entered = self._entered(one, bucket)
        then = "; ".join(one.rule.when.reasons_of(self.evaluation, entered, self._answered))
        yield f"since {self._time(entered)}: {then}; now {self._not_left(one, until, bucket)}"

    def _not_left(self, one: RuleTrace, until: Condition, bucket: int) -> str:
        """Say why a rule does not end: its ending is not there, or rests on too little evidence."""
        ending = one.rule.ending
        waits = until if ending is None or not until.combined(self._answered)[bucket] else ending
        return "; ".join(waits.reasons_of(self.evaluation, bucket, self._answered))

    @staticmethod
    def _entered(one: RuleTrace, bucket: int) -> int:
        """Return the bucket at which a rule was entered that still holds."""
        off = np.flatnonzero(~one.active[: bucket + 1])
        return int(off[-1]) + 1 if off.size else 0

    def _left(self, one: RuleTrace, bucket: int) -> Iterator[str]:
        """Say what ended a rule's hold at a bucket."""
        rule: Rule = one.rule
        if one.active[bucket] or (bucket > 0 and not one.active[bucket - 1]):
            return
        if rule.until is not None:
            yield from rule.until.reasons_of(self.evaluation, bucket, self._answered)
        elif rule.hold:
            yield f"clear for {duration_text(rule.hold)}"
        else:
            yield from rule.condition.reasons_of(self.evaluation, bucket, self._answered)

    def _time(self, bucket: int) -> str:
        return instant_text(self.evaluation.timeline.end_of(bucket))

    # --- what goes with them -------------------------------------------------------------------------------

    @property
    def time(self) -> datetime:
        """The end of the bucket, in UTC."""
        return to_datetime(self.evaluation.timeline.end_of(self.bucket))

    @property
    def when(self) -> np.datetime64:
        """The end of the bucket."""
        return np.datetime64(self.evaluation.timeline.end_of(self.bucket), "ns")

    @cached_property
    def status(self) -> Status:
        """The status at the end of the bucket."""
        status: Status = self.evaluation.at(self.when)
        return status

    @cached_property
    def forecast(self) -> Forecast:
        """When the budget will be gone, if the last hour goes on."""
        return forecast(self.evaluation, self.when)

    @cached_property
    def last_data(self) -> datetime:
        """The end of the last bucket with data up to this one, in UTC; that of this one where there is none."""
        past = np.flatnonzero(self._has_data[: self.bucket + 1])
        return to_datetime(self.evaluation.timeline.end_of(int(past[-1]) if past.size else self.bucket))

    @cached_property
    def spells(self) -> tuple[Spell, ...]:
        """What consumed the budget, the most expensive first."""
        return spells(self.evaluation, self.when)
