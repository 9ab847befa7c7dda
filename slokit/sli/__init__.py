"""SLI: what is observed, and which of it is good.

An indicator is a name and a rule. The name is what reports say; the rule turns observations into
:class:`~slokit.counts.Counts`, and everything after that (objectives, budgets, alerts) sees counts only. So there
is one class, made by one constructor a kind, and no tree of subclasses: what differs is the rule inside.

==================  ==================================================  =============================================
constructor         one observation is                                  good
==================  ==================================================  =============================================
``SLI.ratio``       a boolean, or 0 or 1                                where it is 1
``SLI.threshold``   a number                                            below, above or between bounds
``SLI.http``        a status, and the seconds it took                   where the status is not bad, and it was quick
``SLI.all_of``      a value for each part                               where each part is good
``SLI.predicate``   anything                                            where the function says so
``SLI.gauge``       a sample of a state                                 while the state is within its bounds
``SLI.freshness``   a success of a job                                  while the last one is young enough
``SLI.deadline``    a run of a job                                      if one happened by the wall-clock time
==================  ==================================================  =============================================

The first five judge each observation by itself and count events. The last three live in time: the first two of them
count microseconds and the third deadlines, which :attr:`SLI.counts_unit` says.
"""

from __future__ import annotations

from slokit.sli.http import Http, StatusRule
from slokit.sli.observed import AllOf, Predicate, Ratio
from slokit.sli.sli import SLI, Rule
from slokit.sli.threshold import BoundLike, Threshold
from slokit.sli.timed import Deadline, Freshness, Gauge

__all__ = [
    "SLI",
    "AllOf",
    "BoundLike",
    "Deadline",
    "Freshness",
    "Gauge",
    "Http",
    "Predicate",
    "Ratio",
    "Rule",
    "StatusRule",
    "Threshold",
]
