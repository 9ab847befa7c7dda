"""Measuring what a block or a function does: how long it took, and whether it failed."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Generator
from functools import wraps
from time import perf_counter
from types import TracebackType
from typing import Any, TypeVar

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
    """

    def __init__(self, tell: _Told, cancelled: str = "ignore") -> None:
        self._tell = tell
        self._cancelled = cancelled
        self._began: list[float] = []

    def __enter__(self) -> None:
        self._began.append(perf_counter())

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._ended(self._began.pop(), kind)

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
        """Measure each call of a function; of a generator from its first step to its end."""
        wrapped: Any
        # Each call has a measure of its own: calls of one function overlap.
        if inspect.isasyncgenfunction(function):

            @wraps(function)
            async def wrapped(*args: Any, **named: Any) -> AsyncIterator[Any]:
                with Measure(self._tell, self._cancelled):
                    async for item in function(*args, **named):
                        yield item

        elif inspect.iscoroutinefunction(function):

            @wraps(function)
            async def wrapped(*args: Any, **named: Any) -> Any:
                with Measure(self._tell, self._cancelled):
                    return await function(*args, **named)

        elif inspect.isgeneratorfunction(function):

            @wraps(function)
            def wrapped(*args: Any, **named: Any) -> Generator[Any, Any, Any]:
                with Measure(self._tell, self._cancelled):
                    return (yield from function(*args, **named))

        else:

            @wraps(function)
            def wrapped(*args: Any, **named: Any) -> Any:
                with Measure(self._tell, self._cancelled):
                    return function(*args, **named)

        return wrapped  # type: ignore[no-any-return]
