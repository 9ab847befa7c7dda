"""Evidence that does not exist yet: traffic with its cycles, bursts, incidents and silences, from a seed.

An objective, an alert or a policy should be tried before it pages anybody, and a new service has no history
to try it on. What is simulated here is deliberately plain, so that a reader can say what it assumes:

* **Expected traffic** is a mean rate times a daily cosine (in UTC), times one factor for weekdays and one for
  weekends. Both cycles average to 1, so the mean rate is the mean rate of a whole week.
* **Bursts** multiply it by a log-normal factor of mean 1 whose logarithm is a stationary first-order
  autoregression: traffic wanders, and forgets over ``burst_memory``. Counts are Poisson around the product, so
  that they are overdispersed as real traffic is.
* **Errors** are binomial with the background share (which wanders likewise: errors come in clusters) and, on top
  and independent of it, the share of each incident that runs.
* **Services** are correlated in two ways, as in reality: through incidents that hit several of them, each with its
  own sensitivity, and through a part of the wandering that they have in common.

The same seed gives the same evidence. Each service draws from a stream of its own, named after it: adding a
service changes none of the others. numpy may change its distributions between releases, and then the draws
change with them; evidence to be kept is written down, as ``docs/data`` does.

A :class:`Catalogue` says which kinds of incidents there are, and draws years of them; :func:`complaints` says what
customers make of it; :func:`try_policy` holds a policy against many such years, before there is a real one.
"""

from __future__ import annotations

from slokit.analysis.simulate.catalogue import Catalogue, IncidentClass, catalogue
from slokit.analysis.simulate.complaints import complaints
from slokit.analysis.simulate.evidence import Events, counts, draw_incidents, events
from slokit.analysis.simulate.scenario import Incident, Latency, Silence, Traffic
from slokit.analysis.simulate.trial import PolicyTrial, try_policy

__all__ = [
    "Catalogue",
    "Events",
    "Incident",
    "IncidentClass",
    "Latency",
    "PolicyTrial",
    "Silence",
    "Traffic",
    "catalogue",
    "complaints",
    "counts",
    "draw_incidents",
    "events",
    "try_policy",
]
