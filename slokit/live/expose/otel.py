"""For OpenTelemetry: observable instruments whose callbacks tell what monitors know.

An instrument is asked by itself, and nothing says when a round begins. So that a round costs one status a monitor and
its figures agree, a reading serves each instrument once: whoever asks a second time has begun another round.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from slokit.errors import MissingExtra, WrongType
from slokit.live.expose.figures import WINDOWS, Family, Figure
from slokit.live.expose.readings import Reader, all_families
from slokit.live.monitor import Monitor
from slokit.timeline import DurationLike

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation

__all__ = ["observe_with"]

# Annotated counts, as the conventions write them; without a unit an exporter adds no suffix to the name.
_UNITS = {"events": "{event}", "callbacks": "{callback}", "readings": "{reading}", "ratio": "1", "": ""}
# A round that was broken off leaves a reading that some instruments have not had. Seconds.
_STALE = 1.0


class _Round:
    """Figures of one moment, by family, and who has had them."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self.held: dict[str, list[Figure]] = {}
        for figure in figures:
            self.held.setdefault(figure.name, []).append(figure)
        self.had: set[str] = set()
        self.ends = time.monotonic() + _STALE


class _Rounds:
    """Hands a reading to each instrument once. Takes no lock: two that ask at once make one reading too many."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._round = _Round(())
        self._round.ends = 0.0

    def figures(self, name: str) -> list[Figure]:
        """Return what there is of one family in this round."""
        current = self._round
        if name in current.had or time.monotonic() >= current.ends:
            current = self._round = _Round(self._reader.read())
        current.had.add(name)
        return current.held.get(name, [])


def observe_with(
    meter: Meter, monitors: Monitor | Iterable[Monitor], *, windows: Iterable[DurationLike] = WINDOWS
) -> None:
    """Have a meter observe what monitors know, each time its readers collect.

    The instruments are those of :data:`~slokit.live.expose.FAMILIES` under the same names; of counters the name has no
    ``_total``, which exporters add. Needs ``opentelemetry-api`` alone; where no SDK is set up nothing is ever asked.

    Parameters
    ----------
    meter
        As ``opentelemetry.metrics.get_meter(…)`` gives.
    monitors
        One, or several that differ in objective, service or policy. The meter holds them as long as it lives.
    windows
        Over which windows burn rates are told; see :func:`~slokit.live.expose.figures`.

    Raises
    ------
    MissingExtra
        If ``opentelemetry-api`` is not installed.
    InvalidSLO
        If two monitors could not be told apart by their labels.
    InvalidWindow
        If a window is no whole number of a monitor's buckets.
    WrongType
        If it is no meter, or one is no monitor.

    Examples
    --------
    >>> from opentelemetry.metrics import get_meter
    >>> from slokit import SLI, SLO
    >>> from slokit.live import Monitor
    >>> monitor = Monitor(SLO("checkout", sli=SLI.ratio("availability"), target="99%", window="30d"))
    >>> observe_with(get_meter("checkout"), monitor)
    """
    try:
        from opentelemetry.metrics import Meter, Observation
    except ImportError as error:
        raise MissingExtra(
            'observing with OpenTelemetry needs opentelemetry-api: pip install "slokit[otel]"'
        ) from error
    if not isinstance(meter, Meter):
        raise WrongType(
            f"meter must be a Meter, as opentelemetry.metrics.get_meter(…) gives, got {type(meter).__name__}"
        )
    rounds = _Rounds(Reader(monitors, windows))
    for family in all_families():
        if family.kind == "counter":
            make: Callable[..., Any] = meter.create_observable_counter
        else:
            make = meter.create_observable_gauge
        make(
            family.name.removesuffix("_total"),
            callbacks=[_callback(rounds, family, Observation)],
            unit=_UNITS[family.unit],
            description=family.help,
        )


def _callback(
    rounds: _Rounds, family: Family, observation: type[Observation]
) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def observe(_: CallbackOptions) -> Iterator[Observation]:
        for figure in rounds.figures(family.name):
            # As a float: the wire's integers end at 2**63, and sums of a window may lie beyond.
            yield observation(float(figure.value), dict(figure.labels))

    return observe
