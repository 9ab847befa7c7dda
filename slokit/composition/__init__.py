"""Systems of dependent services: what they can promise, what they kept, and what was down when they did not.

A system is built of parts: ``all_of`` them are needed, ``any_of`` them is enough, ``at_least`` so many are, some are
``optional``. Two kinds of knowledge answer questions about it, and are never mixed:

* **Targets alone** say how often each part is up and nothing of when. So an answer is two ends, which hold however the
  parts fail together, and beside them what independence would say, called an assumption.
* **Joint evidence** has every part measured over the same time. What failed together is counted once, whatever the
  cause, and nothing is assumed.

Multiplying availabilities is neither: see the explanation of dependencies.
"""

from __future__ import annotations

from slokit.composition.aligning import Alignment
from slokit.composition.attributing import SystemAttribution
from slokit.composition.bounds import Bounds
from slokit.composition.building import all_of, any_of, at_least, journeys, optional, weighted
from slokit.composition.measuring import Measurement
from slokit.composition.nodes import AllOf, AnyOf, AtLeast, Group, OptionalPart, Part
from slokit.composition.per_request import RequestBounds
from slokit.composition.requirement import Requirement
from slokit.composition.shares import Journeys, Share, Weighted
from slokit.composition.system import System
from slokit.composition.weighing import Composite, CompositeRow

__all__ = [
    "Alignment",
    "AllOf",
    "AnyOf",
    "AtLeast",
    "Bounds",
    "Composite",
    "CompositeRow",
    "Group",
    "Journeys",
    "Measurement",
    "OptionalPart",
    "Part",
    "RequestBounds",
    "Requirement",
    "Share",
    "System",
    "SystemAttribution",
    "Weighted",
    "all_of",
    "any_of",
    "at_least",
    "journeys",
    "optional",
    "weighted",
]
