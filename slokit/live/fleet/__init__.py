"""Fleets: one objective for each of thousands of labels, live.

A :class:`Fleet` holds in arrays what a :class:`~slokit.live.Monitor` holds for one, in a twentieth of the memory, and
judges all of them at once.
"""

from __future__ import annotations

from slokit.live.fleet.fleet import Fleet
from slokit.live.fleet.labels import OVERFLOW
from slokit.live.fleet.table import FleetStatus, FleetTable, FleetVerdict
from slokit.live.fleet.tick import FleetTick
from slokit.live.fleet.tiers import Tier, Tiers

__all__ = ["OVERFLOW", "Fleet", "FleetStatus", "FleetTable", "FleetTick", "FleetVerdict", "Tier", "Tiers"]
