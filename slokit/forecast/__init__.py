"""Forecasts: when the budget is gone if what happens now goes on, and what a canary may cost of it.

``window / burn`` answers neither. It forgets that a rolling window loses old errors while it gains new ones: a service
that had an outage 29 days ago gets most of its budget back tomorrow, whatever happens now. So the model here is the
window itself. From now on each bucket brings what the buckets of the last hour brought on average, and the buckets
that leave the window are those of the evidence. In a calendar period nothing leaves, and the budget starts anew at its
end.

The model is deterministic and exact: comparisons of integers, to the bucket. It says what follows from "this goes on",
not how likely that is; :mod:`slokit.analysis.projection` does that.
"""

from __future__ import annotations

from slokit.forecast.canary import CanaryCost, canary_cost
from slokit.forecast.exhaustion import Forecast, about, forecast
from slokit.forecast.horizon import exhausts_within

__all__ = ["CanaryCost", "Forecast", "about", "canary_cost", "exhausts_within", "forecast"]
