"""Expose: what monitors know, for the systems that draw and alert.

:func:`figures` says it as plain records. Two ways out stand on it and add no figure but one of their own, how often
a monitor could not be read: :class:`PrometheusCollector` for whoever scrapes (``pip install "slokit[prometheus]"``),
:func:`observe_with` for OpenTelemetry (``pip install "slokit[otel]"``). Neither library is imported before it is used.
"""

from __future__ import annotations

from slokit.live.expose.figures import FAMILIES, Family, Figure, figures
from slokit.live.expose.otel import observe_with
from slokit.live.expose.prometheus import PrometheusCollector

__all__ = ["FAMILIES", "Family", "Figure", "PrometheusCollector", "figures", "observe_with"]
