"""Events to Counts: ten million timestamps with a flag into buckets of a minute, in order of time and not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.evidence import Events, events
from benchmarks.peers import Peer, cores
from benchmarks.table import Bar, Benchmark
from benchmarks.timing import Contender
from slokit import Counts

__all__ = ["IN_ANY_ORDER", "IN_ORDER", "differences", "in_any_order", "in_order", "ours"]

Ints = npt.NDArray[np.int64]

_MINUTE = 60 * 10**9


def ours(evidence: Events) -> Ints:
    """Return slokit's answer without its quiet buckets: the bucket, its bad and its total, shape ``(k, 3)``."""
    counts = Counts.from_events(evidence.times, evidence.good, step="1m")
    return _table(counts.timeline.starts.view(np.int64) // _MINUTE, counts.good, counts.total)


def _table(bucket: Any, good: Any, total: Any) -> Ints:
    table = np.stack([np.asarray(column).astype(np.int64) for column in (bucket, total - good, total)], axis=1)
    table = table[table[:, 2] > 0]
    return table[np.argsort(table[:, 0])]


def _minutes(times: Any) -> Ints:
    return np.asarray(times).astype("datetime64[m]").astype(np.int64)


# --- in order: what each library has for it ---------------------------------------------------------


def _resampled(evidence: Events) -> Callable[[], Any]:
    import pandas as pd

    series = pd.Series(evidence.good, index=pd.DatetimeIndex(evidence.times))
    return lambda: series.resample("1min").agg(["sum", "count"])


def _dynamic(evidence: Events) -> Callable[[], Any]:
    import polars as pl

    # Not set_sorted(): like slokit, polars is told nothing and looks whether the column is in order.
    frame = pl.DataFrame({"time": evidence.times, "good": evidence.good})
    return lambda: frame.group_by_dynamic("time", every="1m").agg(pl.col("good").sum(), pl.len())


# --- in any order -----------------------------------------------------------------------------------


def _grouped(evidence: Events) -> Callable[[], Any]:
    import pandas as pd

    frame = pd.DataFrame({"minute": evidence.times.view(np.int64), "good": evidence.good})
    # Flooring the timestamps takes a third longer than dividing them as integers.
    return lambda: frame["good"].groupby(frame["minute"] // _MINUTE).agg(["sum", "count"])


def _streamed(evidence: Events) -> Callable[[], Any]:
    import polars as pl

    frame = pl.DataFrame({"time": evidence.times.view(np.int64), "good": evidence.good})
    query = frame.lazy().group_by(pl.col("time") // _MINUTE).agg(pl.col("good").sum(), pl.len())
    # Its eager engine, and truncating timestamps instead of dividing integers, take longer.
    return lambda: query.collect(engine="streaming")


def _aggregated(evidence: Events) -> Callable[[], Any]:
    import duckdb

    connection = duckdb.connect(config={} if cores() is None else {"threads": cores()})
    connection.register("arrays", {"time": evidence.times.view(np.int64), "good": evidence.good})
    connection.execute("create table events as select time, good from arrays")
    # date_trunc and time_bucket take longer, on both of its types of timestamp.
    columns = f"time // {_MINUTE} as minute, count(*) filter (good) as good, count(*) as total"
    return lambda: connection.execute(f"select {columns} from events group by all").fetchnumpy()


_DUCKDB = Peer("duckdb", "duckdb", _aggregated, lambda found: _table(found["minute"], found["good"], found["total"]))
IN_ORDER = (
    Peer("pandas", "pandas", _resampled, lambda frame: _table(_minutes(frame.index), frame["sum"], frame["count"])),
    Peer("polars", "polars", _dynamic, lambda frame: _table(_minutes(frame["time"]), frame["good"], frame["len"])),
    _DUCKDB,
)
IN_ANY_ORDER = (
    Peer("pandas", "pandas", _grouped, lambda frame: _table(frame.index, frame["sum"], frame["count"])),
    Peer("polars", "polars", _streamed, lambda frame: _table(frame["time"], frame["good"], frame["len"])),
    _DUCKDB,
)


def differences(peer: Peer, evidence: Events) -> int:
    """Return how many buckets a peer and slokit do not have in common, or count differently."""
    mine, theirs = ({tuple(row) for row in table.tolist()} for table in (ours(evidence), peer.answer(evidence)))
    return len(mine ^ theirs)


def in_order(many: int = 10_000_000, threads: int = 1) -> Benchmark:
    """Set up the work on events in order of time; peers are compared with slokit on so many threads."""
    return _benchmark("in order of time", events(many), IN_ORDER, 8.0, threads)


def in_any_order(many: int = 10_000_000, threads: int = 1) -> Benchmark:
    """Set up the work on the same events in no order."""
    return _benchmark("in no order", events(many).shuffled(), IN_ANY_ORDER, 3.0, threads)


def _benchmark(how: str, evidence: Events, peers: tuple[Peer, ...], limit: float, threads: int) -> Benchmark:
    many = evidence.size
    times, good = evidence.times, evidence.good
    one, two, least = "from_events", f"from_events, threads={max(2, threads)}", "floor: read"

    def floor() -> None:
        times.view(np.int64).max()
        good.view(np.uint8).max()

    contenders = [
        Contender(one, lambda: Counts.from_events(times, good, step="1m"), many),
        Contender(two, lambda: Counts.from_events(times, good, step="1m", threads=max(2, threads)), many),
        Contender(least, floor, many),
    ]
    bars = [Bar(one, least, "at most"), Bar(two, least, "at most")]
    for peer in peers:
        if peer.installed:
            contenders.append(Contender(peer.name, peer.prepare(evidence), many))
            bars.append(Bar(one if threads == 1 else two, peer.name, "at least", limit))
    return Benchmark(
        title=f"Events to Counts: {many:,} events {how}, buckets of a minute over 30 days",
        unit="event",
        contenders=contenders,
        bars=bars,
        notes=(
            "Floor: the largest timestamp and the largest flag, which reads the input once.",
            "Nobody is told whether the events are in order.",
        ),
    )
