"""Every peer gives slokit's answers, or the table would compare different work.

Not among ``tests/``: the peers are large, and the tests of the library must run without them. Here a peer that is not
installed is a failure.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import counting, masks, recording, sweeps, windows
from benchmarks import fleet as fleets
from benchmarks.evidence import Fleet, events, fleet
from benchmarks.peers import Peer


@pytest.fixture(scope="module")
def some() -> Fleet:
    """Return a small fleet with a silence that is longer than the short windows."""
    made = fleet(4, 10_000)
    for counts in (made.bad, made.total):
        counts[:2, 3_000:3_700] = 0
        counts[2, :100] = 0
    return made


@pytest.mark.parametrize("peer", windows.PEERS, ids=lambda peer: peer.name)
def test_burn_rates(peer: Peer, some: Fleet) -> None:
    """The peer's burn rates are slokit's, also where a window holds nothing."""
    answer = peer.answer(some)
    assert answer.shape == (len(windows.WINDOWS), *some.bad.shape)
    assert np.isnan(answer[0]).any()
    assert windows.differences(peer, some) == 0


@pytest.mark.parametrize("peer", masks.PEERS, ids=lambda peer: peer.name)
def test_masks(peer: Peer, some: Fleet) -> None:
    """The peer's masks are slokit's, but for boundaries, which floats do not see."""
    assert peer.answer(some).any()
    assert masks.differences(peer, some) == 0


@pytest.mark.parametrize("peer", counting.IN_ORDER, ids=lambda peer: peer.name)
def test_counts_in_order(peer: Peer) -> None:
    """The peer counts a stream into the same buckets, quiet ones aside."""
    assert counting.differences(peer, events(5_000, days=4)) == 0


@pytest.mark.parametrize("peer", counting.IN_ANY_ORDER, ids=lambda peer: peer.name)
def test_counts_in_any_order(peer: Peer) -> None:
    """The peer counts what comes in any order into the same buckets."""
    assert counting.differences(peer, events(5_000, days=4).shuffled()) == 0


@pytest.mark.parametrize("peer", sweeps.PEERS, ids=lambda peer: peer.name)
def test_sweeps(peer: Peer) -> None:
    """The peer counts the same alarms, and finds the same incidents at the same minute."""
    assert sweeps.differences(peer, sweeps.work(12_960)) == 0


def test_recording_counts_every_event() -> None:
    """Each counts as many events as it was told of; a faster one that loses some is no peer."""
    counted = recording.counted()
    assert set(counted.values()) == {recording.MANY}
    assert len(counted) == 2


def test_ticks() -> None:
    """The peers of a tick judge as it does."""
    work = fleets.Work(60)
    assert fleets.frames(work.bad, work.total)().tolist() == work.fleet.tick().firing.tolist()


def test_a_peer_that_is_wrong_is_found(some: Fleet) -> None:
    """Comparing answers can fail: one bucket off is seen in every row of the table."""
    late = Peer("late", "numpy", lambda _: lambda: np.roll(windows.ours(some), 1, axis=-1), np.asarray)
    assert windows.differences(late, some) > 1_000
    late = Peer("late", "numpy", lambda _: lambda: np.roll(masks.ours(some), 1, axis=-1), np.asarray)
    assert masks.differences(late, some) > 10
    stream = events(5_000, days=4)
    late = Peer("late", "numpy", lambda _: lambda: counting.ours(stream) + np.array([1, 0, 0]), np.asarray)
    assert counting.differences(late, stream) > 1_000
