"""Flushing now and then, for a monitor that nobody asks: a thread, for those who want one.

A worker of a server records and is asked nothing, so nobody would write what it counted, nor find that a state changed.
The thread does both. It begins with the first event, or decision, of its process, and not before: the master of a
forking server, which serves nobody, has no thread and calls nobody back, and a forked child begins one of its own.

Whoever records may be a signal handler or a finalizer. So the thread is begun without a lock of :mod:`threading`, and
told to end through a queue that may be put to at any moment. It holds no reference to the monitor, and ends with it.
"""

from __future__ import annotations

import _thread
import atexit
import logging
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from itertools import count
from queue import Empty, SimpleQueue
from typing import Protocol

from slokit.live.forks import begins_anew
from slokit.timeline import DurationLike, parse_length

__all__ = ["Flusher", "within"]

_log = logging.getLogger("slokit")

_LEAST = 100_000_000
_PATIENCE = 5.0
"""Seconds that a thread may take to end, when its monitor is closed and, for all together, when the process ends."""


class _Monitor(Protocol):
    def _keep_up(self) -> None:
        """Flush, and find whether the state changed."""
        ...


class Flusher:
    """Flushes a monitor and asks it for a decision, every so often, from a thread of its own.

    Parameters
    ----------
    monitor
        Not kept alive by it.
    every
        How often; at least 100 ms.

    Raises
    ------
    InvalidDuration
        If that is shorter.
    """

    def __init__(self, monitor: _Monitor, every: DurationLike) -> None:
        self.every = parse_length(every, "flush_every", least=_LEAST) / 10**9
        self._closed = False
        self._renew()
        # A finalizer may run anywhere, also in the middle of a put() or get(): this queue allows for that.
        self._monitor = weakref.ref(monitor, lambda _: self._mailbox.put("end"))
        begins_anew(self)

    def _renew(self) -> None:
        """Be as if nothing had begun."""
        self._mailbox: SimpleQueue[str] = SimpleQueue()
        self._ended = _thread.allocate_lock()
        self._turns = count()
        self._thread: int | None = None
        self._failing = False

    def _after_fork(self) -> None:
        self._renew()

    @property
    def is_running(self) -> bool:
        """Whether there is a thread."""
        return self._ended.locked()

    def begin(self) -> None:
        """Begin the thread, unless that was done in this process; waits for nobody and raises nothing."""
        # Of several threads that come at once, one has the first turn.
        if self._closed or self._thread is not None or next(self._turns):
            return
        self._ended.acquire()
        _begun.add(self)
        _follow_multiprocessing()
        try:
            self._thread = _thread.start_new_thread(self._run, (self._mailbox, self._ended))
        except RuntimeError as error:
            # There are too many, or the interpreter is about to end.
            self._ended.release()
            _log.warning("no thread for flush_every, decisions flush all the same: %s", error)

    def close(self) -> None:
        """End the thread, and wait for that a few seconds at most."""
        self._closed = True
        self._mailbox.put("end")
        self.wait(_PATIENCE)

    def finish(self) -> None:
        """Have the thread flush once more, and end."""
        self._mailbox.put("flush and end")

    def wait(self, seconds: float) -> None:
        """Wait until the thread has ended, unless that is the one that asks."""
        if self._thread is not None and self._thread != _thread.get_ident():
            if self._ended.acquire(timeout=max(seconds, 0)):
                self._ended.release()
            else:
                _log.warning("a flush goes on after %s s; the process does not wait for it", _PATIENCE)

    def _run(self, mailbox: SimpleQueue[str], ended: _thread.LockType) -> None:
        try:
            said = ""
            while said != "end" and self._monitor() is not None:
                try:
                    said = mailbox.get(timeout=self.every)
                except Empty:
                    said = ""
                if said != "end":
                    self._flush()
                if said:
                    return
        finally:
            ended.release()

    def _flush(self) -> None:
        monitor = self._monitor()
        if monitor is None:
            return
        try:
            monitor._keep_up()
            self._failing = False
        except BaseException:  # noqa: BLE001 - a callback may even exit; the next flush is to come all the same
            if not self._failing:
                _log.exception("a flush failed; further failures in a row are not logged")
            self._failing = True


def within(works: Iterable[Callable[[], object]], seconds: float = _PATIENCE) -> bool:
    """Do works one after the other, and go on without them after some seconds; say whether they are done."""
    work = list(works)

    def run() -> None:
        for one in work:
            try:
                one()
            except Exception:  # noqa: BLE001 - the process is about to end, with or without it
                _log.exception("a flush failed")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


_begun: weakref.WeakSet[Flusher] = weakref.WeakSet()


@atexit.register
def _at_exit() -> None:
    """Flush what nobody closed; a store that does not answer keeps no process from ending."""
    waiting = [flusher for flusher in _begun if flusher.is_running]
    until = time.monotonic() + _PATIENCE
    for flusher in waiting:
        flusher.finish()
    for flusher in waiting:
        flusher.wait(until - time.monotonic())


_followed: set[int] = set()
"""The process whose end multiprocessing was asked to tell of, if it was."""


def _follow_multiprocessing() -> None:
    """Have a child of multiprocessing flush at its end: one that was forked calls no handler of atexit."""
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is None or util is None or process.parent_process() is None or os.getpid() in _followed:
        return
    _followed.clear()
    _followed.add(os.getpid())
    # After all else that is to be done then, such as to wait for children and queues.
    util.Finalize(None, _at_exit, exitpriority=-100)
