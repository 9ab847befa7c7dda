"""How a request ended, and whether that was good: the three ends that a server knows.

It was answered to the last byte: then its status says whether it was good. It failed: an exception, or an answer that
broke off, which is bad although the status that went ahead may have been 200. Or the client hung up before the answer
was whole: then nobody was served and nobody let down, and it does not count, unless one asks for that. An answer that
was already a failure when the client left is one all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import attrs

from slokit._display import Shown, clean
from slokit.sli import Http
from slokit.sli.http import STATUSES

__all__ = ["Cancelled", "Ending", "RequestRecord", "status_of"]

Cancelled = Literal["ignore", "bad"]
"""What becomes of a request whose client hung up before the answer was whole."""


def status_of(said: object) -> int | None:
    """Return a status that an application gave, None where that is none."""
    return int(said) if isinstance(said, int) and said in STATUSES else None


class Ending(NamedTuple):
    """How a request ended."""

    end: Literal["answered", "failed", "left"]
    status: int | None
    """What went ahead, if anything did."""
    seconds: float

    def judged(self, rule: Http, cancelled: Cancelled) -> bool | None:
        """Say whether it was good; None where it is in no count."""
        if self.end == "answered":
            return self.status is not None and rule.admits(self.status, self.seconds)
        if self.end == "failed" or cancelled == "bad":
            return False
        return False if self.status is not None and rule.bad.is_bad(self.status) else None


@attrs.frozen(repr=False)
class RequestRecord(Shown):
    """One request as it ended, without anything that only one client could have sent.

    Parameters
    ----------
    method
        Such as ``"GET"``; ``"other"`` where it is none that HTTP knows, as clients may make up any number of them.
    route
        The route that answered, as the program wrote it: ``"/users/{id}"``, or the name of a function where a framework
        knows no more. Never the path that was asked for, which names users and orders and is different each time. None
        where no route is known.
    status
        Of the answer; 500 where there was none because the application failed, None where the client hung up before.
    seconds
        From the call of the application to the end of the answer.
    ok
        Whether it ended well, with a status that is not bad; how long it took is beside it.

    Examples
    --------
    >>> RequestRecord("GET", "/users/{id}", 503, 0.0312, ok=False)
    GET /users/{id}: 503 in 0.0312 s, bad
    """

    method: str
    route: str | None
    status: int | None
    seconds: float
    ok: bool

    def __repr__(self) -> str:
        route = "(no route)" if self.route is None else clean(self.route)
        status = "no answer" if self.status is None else self.status
        judged = "good" if self.ok else "bad"
        return f"{clean(self.method, 20)} {route}: {status} in {self.seconds:.3g} s, {judged}"

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "method", self.method
        yield "route", "(no route)" if self.route is None else self.route
        yield "status", "no answer" if self.status is None else str(self.status)
        yield "seconds", f"{self.seconds:.3g}"
        yield "judged", "good" if self.ok else "bad"
