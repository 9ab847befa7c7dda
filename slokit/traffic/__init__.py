"""What traffic is usual by weekday and hour, and where it is suspiciously low.

A service that has died serves no bad requests, and neither does one whose instrument has: by its share of good events
it is as healthy as can be. Whoever knows how much traffic a Monday at 14:00 brings can tell. Two questions are asked of
the hour that has just passed, and both must be answered before anything is called suspicious:

* Is it lower than hours of this service ever are, or nearly ever? Each hour of the history is held against the median
  of the same weekday and hour in the *other* weeks; a chosen share of the ratios so found lies below the **line**.
* Is it more than the chance of small numbers? Where three events are expected, none is no news. Poisson's law bounds
  what chance alone does, and what it does often enough is not called.

Without a single event an hour needs no line: there the second question alone decides, and if one hour is too little to
answer it, the silence is followed back to the last event. So a service of three requests an hour is missed after three
hours, and one of a thousand after one.

The rate of false alarms is part of the answer, as the history supports it: 840 hours cannot tell what happens once in
a thousand, and then the object says which rate it really has.
"""

from __future__ import annotations

from slokit.traffic.spells import QuietSpell
from slokit.traffic.usual import UsualTraffic

__all__ = ["QuietSpell", "UsualTraffic"]
