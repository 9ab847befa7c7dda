"""Recording: from an event to its bucket, from any thread, without a lock and without losing one.

:class:`~slokit.live.recording.recording.Recording` is what programs hold; beneath it the recorder has open cells, which
are folded into a ring of exact buckets, or into tiers that take less memory.
"""

from __future__ import annotations

from slokit.live.recording.exemplars import Exemplar
from slokit.live.recording.recording import Memory, Recording, counts_of

__all__ = ["Exemplar", "Memory", "Recording", "counts_of"]
