"""One setting of a sweep: the alert, how it did where it was chosen, and how it does where it was not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import attrs

from slokit._display import Shown, plural
from slokit.alerts import Alert
from slokit.analysis.backtest.figures import FIGURES, figure_text
from slokit.analysis.backtest.requirements import Requirement
from slokit.analysis.backtest.score import Score

__all__ = ["Choice"]


@attrs.frozen(kw_only=True, repr=False)
class Choice(Shown):
    """A setting of a sweep, and why it was chosen.

    Parameters
    ----------
    alert
        The alert, ready to use.
    score
        How it did in the history that it was chosen by.
    held_out
        How it does in the part that was held out; None if none was.
    split
        Where that begins, in UTC.
    unmet
        The requirements that it does not meet; empty for a setting that is chosen.
    settings, meeting, equals
        How many settings there were, how many of them met all requirements, and how many of those have the same figures
        in all that decided.
    requirements, prefer
        What was required, and by which figures was chosen.
    """

    _caption = "Choice of a sweep"

    alert: Alert
    score: Score
    held_out: Score | None
    split: datetime | None
    unmet: tuple[Requirement, ...]
    settings: int
    meeting: int
    equals: int
    requirements: tuple[Requirement, ...]
    prefer: tuple[str, ...]

    def explain(self) -> str:
        """Say why this setting, and how far to trust it."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield repr(self.alert)
        asked = " and ".join(map(str, self.requirements))
        of = plural(self.settings, "setting")
        if self.unmet:
            yield f"No one of {of} meets {asked}; this is the nearest, and it does not keep:"
            for one in self.unmet:
                yield f"  {one}: {figure_text(one.figure, getattr(self.score, one.figure))}"
        else:
            meet = f"{self.meeting:,} of {of} meet {asked}" if self.requirements else f"There were {of}"
            order = ", then ".join(f"{'most' if FIGURES[x].more_is_better else 'least'} {x}" for x in self.prefer)
            others = f"; {plural(self.equals - 1, 'other')} did as well" if self.equals > 1 else ""
            yield f"{meet}; chosen for {order}{others}."
        yield f"Where it was chosen: {self.score.summary}."
        if self.held_out is None:
            yield "Nothing was held out, so nothing says how it does elsewhere: sweep(…, holdout=0.3) would."
            return
        since = f"{self.split:%Y-%m-%d %H:%M} UTC"
        yield f"Held out, from {since}: {self.held_out.summary}."
        if not self.held_out.incidents:
            yield "No incident was held out, so whether it finds any elsewhere is not known."
        elif self.held_out.incidents < 5:
            yield "So few held-out incidents say little: one more or less found would change the picture."

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "alert", repr(self.alert)
        for one in self.requirements:
            verdict = "not met" if one in self.unmet else "met"
            yield str(one), f"{verdict}: {figure_text(one.figure, getattr(self.score, one.figure))}"
        yield "where chosen", self.score.summary
        if self.held_out is not None:
            yield "held out", self.held_out.summary

    def __repr__(self) -> str:
        held = "" if self.held_out is None else f"; held out: {self.held_out.summary}"
        return f"Choice({self.alert!r}: {self.score.summary}{held})"
