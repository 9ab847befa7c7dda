"""Measuring what a block or a function does: how long it took, and whether it failed."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from functools import wraps
from threading import get_ident
from time import perf_counter
from types import TracebackType
from typing import Any, TypeVar

from slokit.errors import InvalidDefinition, WrongType

__all__ = ["Measure"]

_F = TypeVar("_F", bound=Callable[..., Any])
_Told = Callable[[float, bool], None]


class Measure:
    """A context manager and a decorator, synchronous or not: how long something took, and whether it ended well.

    An exception is bad, however quick it came. Cancellation is nobody's failure by default: a caller who hung up was
    neither served nor let down, so nothing is told; with ``cancelled="bad"`` it is.

    Parameters
    ----------
    tell
        Called with the seconds it took and whether no exception was raised.
    cancelled
        ``"ignore"`` or ``"bad"``.

    Raises
    ------
    InvalidDefinition
        If that is neither.
    """

    def __init__(self, tell: _Told, cancelled: str = "ignore") -> None:
        if cancelled not in ("ignore", "bad"):
            raise InvalidDefinition([("cancelled", f'must be "ignore" or "bad", got {cancelled!r:.100}')])
        self._tell = tell
        self._cancelled = cancelled
        # Threads and tasks that share one measure overlap: each has its own blocks, the innermost last.
        self._began: dict[tuple[int, int], list[float]] = {}

    def __enter__(self) -> None:
        self._began.setdefault(_whose(), []).append(perf_counter())

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        whose = _whose()
        if whose not in self._began:
            # Left by another than entered: the block of a generator that was abandoned.
            whose = next(iter(self._began))
        blocks = self._began[whose]
        began = blocks.pop()
        if not blocks:
            del self._began[whose]
        self._ended(began, kind)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _ended(self, began: float, kind: type[BaseException] | None) -> None:
        left = kind is not None and issubclass(kind, asyncio.CancelledError | GeneratorExit)
        if left and self._cancelled == "ignore":
            return
        self._tell(perf_counter() - began, kind is None)

    def __call__(self, function: _F) -> _F:
        """Measure each call of a function; of a generator from its first step to its end.

        Raises
        ------
        WrongType
            If it cannot be called.
        """
        if isinstance(function, staticmethod | classmethod):
            return type(function)(self(function.__func__))
        if not callable(function):
            raise WrongType(f"measure() decorates functions, got {type(function).__name__}: {function!r:.100}")
        return wraps(function)(self._measured(function))  # type: ignore[return-value]

    def _measured(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of the same kind that is measured."""
        wrapped: Any
        if _is(inspect.isasyncgenfunction, function):

            async def wrapped(*args: Any, **named: Any) -> AsyncGenerator[Any, Any]:
                with _Call(self):
                    inner = function(*args, **named)
                    step = inner.asend(None)
                    # What ``yield from`` does for plain generators: all that comes goes to the inner one.
                    while True:
                        try:
                            item = await step
                        except StopAsyncIteration:
                            return
                        try:
                            step = inner.asend((yield item))
                        except GeneratorExit:
                            await inner.aclose()
                            raise
                        except BaseException as error:  # noqa: BLE001 - handed on, not kept
                            step = inner.athrow(error)

        elif _is(inspect.iscoroutinefunction, function):

            async def wrapped(*args: Any, **named: Any) -> Any:
                with _Call(self):
                    return await function(*args, **named)

        elif _is(inspect.isgeneratorfunction, function):

            def wrapped(*args: Any, **named: Any) -> Generator[Any, Any, Any]:
                with _Call(self):
                    return (yield from function(*args, **named))

        else:

            def wrapped(*args: Any, **named: Any) -> Any:
                with _Call(self):
                    return function(*args, **named)

        return wrapped  # type: ignore[no-any-return]


class _Call:
    """One call of a function that is measured: calls of one function overlap."""

    __slots__ = ("_began", "_measure")

    def __init__(self, measure: Measure) -> None:
        self._measure = measure

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._measure._ended(self._began, kind)


def _is(is_such: Callable[[object], bool], function: Callable[..., Any]) -> bool:
    """Ask what kind of function it is; of an object that can be called its class says so."""
    return is_such(function) or is_such(type(function).__call__)


def _whose() -> tuple[int, int]:
    """Return the thread, and the task of asyncio if there is one, that runs this."""
    # Where no loop runs current_task() raises, which takes longer than all the rest.
    loop = asyncio._get_running_loop()
    return get_ident(), 0 if loop is None else id(asyncio.current_task(loop))
