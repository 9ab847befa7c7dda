"""What becomes possible once evidence and objectives are values: trying things out before they matter.

The rooms here answer questions about objectives rather than about the service: :mod:`~slokit.analysis.simulate`
makes evidence that does not exist yet, :mod:`~slokit.analysis.projection` plays evidence forward, and
:mod:`~slokit.analysis.backtest` asks what alerts and policies would have said about incidents of the past. None of
them knows of files, reports or the live monitor.
"""

from __future__ import annotations
