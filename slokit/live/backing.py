"""Backing: the store behind a monitor, and going on without it where it cannot be reached."""

from __future__ import annotations

import logging
import weakref

from slokit.errors import StoreError
from slokit.live.judge import Judge
from slokit.live.keeping import Keeper
from slokit.live.ledger.book import Book, log_name
from slokit.live.recording import Recording
from slokit.live.restarts import fingerprint, judgement, judgement_key, resume_judgement
from slokit.protocols import Store
from slokit.slo import SLO

__all__ = ["Backing"]

_log = logging.getLogger("slokit")


class Backing:
    """Keeps counts and what was decided in a store.

    Parameters
    ----------
    store
        Where.
    series
        Under which name.
    slo, step
        What is judged, and how often.
    recording
        What was recorded here.
    """

    def __init__(self, store: Store, series: str, slo: SLO, step: int, recording: Recording) -> None:
        self._store = store
        self._slo, self._step = slo, step
        self.keeper = Keeper(store, series, recording)
        self.error: StoreError | None = None
        self._closed = False
        _open.add(self)

    def flush(self) -> None:
        """Write what the store does not have, and read what the others wrote.

        Raises
        ------
        StoreError
            If the store cannot be reached; nothing is lost by that.
        """
        self.keeper.flush()
        self.error = None

    def exchange(self) -> None:
        """Flush, and go on without the store where it cannot be reached, or was let go of."""
        if self._closed:
            return
        try:
            self.flush()
        except StoreError as error:
            if self.error is None:
                _log.warning("the store cannot be reached, recording goes on: %s", error)
            self.error = error

    def keep(self, judge: Judge) -> None:
        """Keep what was decided beside the counts, for a process that begins later."""
        if self._closed or self.error is not None:
            return
        try:
            self._store.put(self.keeper.series, self._key(judge), judgement(judge))
        except StoreError as error:
            self.error = error

    def resume(self, judge: Judge) -> None:
        """Have a judge go on from what another process decided by the same rules, if it is there."""
        if self.error is not None:
            return
        try:
            blob = self._store.get(self.keeper.series, self._key(judge))
            if blob is not None:
                resume_judgement(judge, blob)
        except StoreError as error:
            self.error = error

    def share(self, book: Book) -> None:
        """Read what others wrote down of decisions, and write what the store does not have."""
        if self._closed or self.error is not None:
            return
        place = self._store, self.keeper.series, log_name(book.policy, fingerprint(self._slo))
        try:
            book.fetch(*place)
            book.send(*place)
        except StoreError as error:
            self.error = error

    def _key(self, judge: Judge) -> str:
        return judgement_key(self._slo, judge, self._step)

    def close(self, book: Book | None) -> None:
        """Flush, and let go of the store; the second time there is nothing to do.

        A store that was handed to several monitors is closed by the last of them.
        """
        self.exchange()
        if book is not None:
            self.share(book)
        self._closed = True
        _open.discard(self)
        if all(other._store is not self._store for other in list(_open)):
            self._store.close()


_open: weakref.WeakSet[Backing] = weakref.WeakSet()
