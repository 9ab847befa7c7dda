"""For Prometheus: a collector that works figures out when it is scraped.

Nothing is kept between scrapes, so there is nothing to forget: no gauge that still shows the state of an hour ago. The
client's multiprocess mode cannot carry that, as it adds up numbers from files that each worker wrote; a store can.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from slokit.errors import MissingExtra, StoreError
from slokit.live.expose.figures import WINDOWS, Family, Figure
from slokit.live.expose.readings import Reader, all_families
from slokit.live.monitor import Monitor
from slokit.timeline import DurationLike

__all__ = ["PrometheusCollector"]

# The client still knows the lower case of its first years.
_MULTIPROCESS = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")


class PrometheusCollector:
    """Tells a ``prometheus_client`` registry what monitors know, worked out at each scrape from one status each.

    A monitor that fails is logged and counted in ``slokit_failed_readings_total``; the others are told of all the same.

    Where the client runs in multiprocess mode every monitor must have a store: the figures are then about all workers,
    whichever of them answers. Counters are about one process alone and are left out there, as scrapes that reach now
    this worker and now that one would make increases of what is none.

    Parameters
    ----------
    monitors
        One, or several that differ in objective, service or policy.
    windows
        Over which windows burn rates are told; see :func:`~slokit.live.expose.figures`.

    Raises
    ------
    MissingExtra
        If ``prometheus_client`` is not installed.
    StoreError
        If the client runs in multiprocess mode and a monitor has no store.
    InvalidSLO
        If two monitors could not be told apart by their labels.
    InvalidWindow
        If a window is no whole number of a monitor's buckets.
    WrongType
        If one is no monitor.

    Examples
    --------
    >>> from prometheus_client import CollectorRegistry
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Monitor
    >>> monitor = Monitor(SLO("checkout", sli=SLI.ratio("availability"), target="99%", window="30d"))
    >>> monitor.add(good=199, bad=1)
    >>> registry = CollectorRegistry()
    >>> registry.register(PrometheusCollector(monitor))
    >>> registry.get_sample_value("slokit_bad_events", {"slo": "checkout", "policy": "default"})
    1.0
    """

    def __init__(self, monitors: Monitor | Iterable[Monitor], *, windows: Iterable[DurationLike] = WINDOWS) -> None:
        try:
            from prometheus_client import core
        except ImportError as error:
            raise MissingExtra(
                'exposing to Prometheus needs prometheus-client: pip install "slokit[prometheus]"'
            ) from error
        self._core: Any = core
        self._reader = Reader(monitors, windows)
        mode = next((name for name in _MULTIPROCESS if name in os.environ), None)
        self._is_shared = mode is not None
        if mode is not None:
            _refuse_without_store(self._reader.monitors, mode)

    def describe(self) -> Iterator[Any]:
        """Yield the families without samples: what a registry asks when the collector is registered."""
        return (self._family(family) for family in all_families() if self._tells(family))

    def collect(self) -> Iterator[Any]:
        """Yield the families with the figures of now; those that have none are left out."""
        held: dict[str, list[Figure]] = {}
        for figure in self._reader.read():
            held.setdefault(figure.name, []).append(figure)
        for family in all_families():
            if self._tells(family) and family.name in held:
                yield self._family(family, held[family.name])

    def _tells(self, family: Family) -> bool:
        return not (self._is_shared and family.kind == "counter")

    def _family(self, family: Family, figures: Iterable[Figure] = ()) -> Any:
        make = self._core.CounterMetricFamily if family.kind == "counter" else self._core.GaugeMetricFamily
        made = make(family.name, family.help, unit=family.unit)
        for figure in figures:
            # The family's own add_metric takes the same labels for all, and a service is only where one is set.
            made.add_sample(figure.name, dict(figure.labels), float(figure.value))
        return made


def _refuse_without_store(monitors: Iterable[Monitor], mode: str) -> None:
    """Refuse monitors that know one worker alone, where there are several."""
    alone = [monitor.slo.name for monitor in monitors if not monitor.has_store]
    if alone:
        named = ", ".join(repr(name) for name in alone[:5])
        raise StoreError(
            f"{mode} is set: of several workers each knows what it recorded itself, and so would a scrape of "
            f"{named}; make the monitors with store=, which knows all, and expose them from any worker"
        )
