"""The recent pace: what the last hour brought, which the model takes to go on."""

from __future__ import annotations

from datetime import timedelta

import attrs

from slokit._display import plural, short
from slokit.evaluation.sums import WindowedSums
from slokit.timeline import DurationLike, duration_text, parse_duration

__all__ = ["Pace", "Recent", "span_of"]


def span_of(nanoseconds: int) -> timedelta:
    """Return nanoseconds as a timedelta, cut to whole microseconds."""
    return timedelta(microseconds=nanoseconds // 1000)


@attrs.frozen
class Recent:
    """How far back the pace is taken from: the span that was asked for, rounded up to whole buckets.

    Parameters
    ----------
    asked
        The span asked for, nanoseconds.
    buckets
        How many buckets that is, at least one.
    step
        Length of a bucket, nanoseconds.
    """

    asked: int
    buckets: int
    step: int

    @classmethod
    def of(cls, recent: DurationLike, step: int) -> Recent:
        """Read a span and lay it over buckets."""
        asked = parse_duration(recent, "recent")
        return cls(asked, -(-asked // step), step)

    @property
    def text(self) -> str:
        """The span that is taken, as text."""
        return duration_text(self.buckets * self.step)


@attrs.frozen
class Pace:
    """What the recent buckets of one series held.

    Parameters
    ----------
    bad, total
        Their events, Python integers.
    buckets
        How many of them there are: fewer than asked for where the data begin later.
    recent
        What was asked for.
    """

    bad: int
    total: int
    buckets: int
    recent: Recent

    @classmethod
    def at(cls, sums: WindowedSums, bucket: int, recent: Recent) -> Pace:
        """Look back from the end of a bucket of the one series."""
        stop = bucket + 1
        held = min(recent.buckets, stop)
        good, bad = sums.events(stop - held, stop)
        return cls(bad, good + bad, held, recent)

    def text(self, unit: str) -> str:
        """Say in words what goes on."""
        recent, step = self.recent, self.recent.step
        if self.buckets == 1:
            told = f"every {duration_text(step)} goes as the last"
        else:
            told = f"every {duration_text(step)} goes as those of the last {duration_text(self.buckets * step)}"
            told += " did on average"
        held = f"{short(self.bad)} bad of {short(self.total)} {unit}" if self.total else f"no {unit}"
        notes = [f"{held} in {plural(self.buckets, 'bucket')}"]
        if self.buckets < recent.buckets:
            notes.append(f"the data do not reach back {recent.text}")
        elif recent.asked != recent.buckets * step:
            notes.append(f"{duration_text(recent.asked)}, rounded up to whole buckets")
        return f"{told} ({'; '.join(notes)})"
