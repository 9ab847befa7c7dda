"""slokit: SLO logic to embed in other programs.

Hand it evidence (good and total events over time) and get exact answers: is the objective met, how
much error budget is left, how fast does it burn.
"""

from __future__ import annotations

__version__ = "0.1.0.dev0"
