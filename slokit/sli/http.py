"""Requests: good where the status is not a bad one and, if that is asked for, the answer was quick.

A request is one event with two faces, a status and a length of time, and both must be good at once: a failure is bad
however quick it came, so the seconds of a bad status are not looked at, and may be anything. Statuses are whole numbers
from 100 to 999. What is no status (0 and -1 in the logs of proxies, an empty field) is refused and not called good for
being below 500: whether such requests count is ``valid=``'s business. So are seconds below zero.

The rule that says which statuses are bad stands here once, for history and for the middleware of running services.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, ClassVar, Literal

import attrs
import numpy as np
import numpy.typing as npt

from slokit._arrays import listed
from slokit._display import clean
from slokit.errors import InvalidEvents, InvalidSLI, WrongType
from slokit.rational import decimal_text
from slokit.sli.limits import BoolArray, is_single, numbers, plain_array, refuse
from slokit.sli.threshold import BoundLike, Threshold, read_bound
from slokit.timeline import duration_text

__all__ = ["STATUSES", "Http", "StatusRule", "latency_text", "status_span"]

STATUSES = range(100, 1000)
"""What a status may be."""

_MOST_TEXT = 1000
_NANOSECONDS = 10**9


def status_span(part: str) -> tuple[int | None, int | None] | None:
    """Return the first and the last of the numbers that ``">=500"``, ``"500-599"`` or ``"429"`` names.

    Either end may be open, which is None. What is no comparison, range or number gives None, and so does a range whose
    ends are reversed.

    Examples
    --------
    >>> [status_span(part) for part in (">=500", "500 - 599", "429", "599-500", "error")]
    [(500, None), (500, 599), (429, 429), None, None]
    """
    if comparison := re.fullmatch(r"(>=|>|<=|<)\s*([0-9]{1,9})", part):
        number = int(comparison[2])
        return {">=": (number, None), ">": (number + 1, None), "<=": (None, number), "<": (None, number - 1)}[
            comparison[1]
        ]
    span = re.fullmatch(r"([0-9]{1,9})(?:\s*-\s*([0-9]{1,9}))?", part)
    if span is None or int(span[1]) > int(span[2] or span[1]):
        return None
    return int(span[1]), int(span[2] or span[1])


def _one_text(text: object) -> str:
    """Write a rule in the one way that all rules with the same statuses are written."""
    if not isinstance(text, str):
        raise WrongType(f'bad must be text such as ">=500", got {type(text).__name__}: {text!r:.100}')
    parts = text.split(",") if len(text) <= _MOST_TEXT else []
    named: set[int] = set()
    for part in parts:
        span = status_span(part.strip())
        low, high = span or (1, 0)
        found = {status for status in STATUSES if (low is None or low <= status) and (high is None or status <= high)}
        if not found:
            named.clear()
            break
        named |= found
    if not named:
        raise InvalidSLI(
            f'bad must be like ">=500" or "500-599,429", with statuses from 100 to 999, got {clean(text, 64)!r}'
        )
    return ",".join(_span_text(first, last) for first, last in _runs(sorted(named)))


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return the first and the last of each run of neighbours."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


def _span_text(first: int, last: int) -> str:
    if last == STATUSES[-1]:
        return f">={first}"
    if first == STATUSES[0]:
        return f"<={last}"
    return str(first) if first == last else f"{first}-{last}"


@attrs.frozen(repr=False)
class StatusRule:
    """Which statuses are bad: ``">=500"``, or ``"500-599,429"``.

    Rules with the same statuses are equal, however they were written.

    Parameters
    ----------
    text
        Parts separated by commas, each a status, a range with both ends, or a comparison; a status is bad if any part
        says so. Kept in order and without overlaps.

    Raises
    ------
    WrongType
        If that is no text.
    InvalidSLI
        If a part cannot be read, a range is reversed, or a part names no status from 100 to 999.

    Examples
    --------
    >>> rule = StatusRule("500-599, 429")
    >>> rule, [status for status in (200, 404, 429, 503) if rule.is_bad(status)]
    (StatusRule('429,500-599'), [429, 503])
    >>> StatusRule(">499") == StatusRule(">=500")
    True
    """

    text: str = attrs.field(default=">=500", converter=_one_text)
    # One byte for each number up to 999.
    _table: bytes = attrs.field(init=False, eq=False)

    @_table.default
    def _marked(self) -> bytes:
        spans = [span for part in self.text.split(",") if (span := status_span(part)) is not None]
        most = STATUSES[-1]
        return bytes(any((low or 0) <= n <= (high or most) for low, high in spans) for n in range(most + 1))

    def is_bad(self, status: int) -> bool:
        """Say whether a status is bad.

        Raises
        ------
        WrongType
            If it is no integer.
        InvalidEvents
            If it is not from 100 to 999.
        """
        if type(status) is int and status in STATUSES:
            return self._table[status] == 1
        return bool(self.are_bad(status, "status"))

    def are_bad(self, statuses: Any, field: str, where: BoolArray | None = None) -> BoolArray:
        """Say which statuses are bad.

        Parameters
        ----------
        statuses
            Integers of any shape, or floats that are whole: what is left of them where a column has NaN too.
        field
            The name that an error message gives to them.
        where
            Which are to be judged, same shape; what is said of the others means nothing. None: all.

        Returns
        -------
        ndarray of bool
            A new array of the same shape.
        """
        array = plain_array(listed(statuses), field, where)
        if array.dtype.kind not in "iuf":
            hint = "; convert text to integers first" if array.dtype.kind in "OUS" else ""
            raise WrongType(f"{field} must be whole numbers such as 200, got dtype {array.dtype}{hint}")
        odd = np.asarray(~((array >= STATUSES[0]) & (array <= STATUSES[-1])))
        if array.dtype.kind == "f":
            odd |= array != np.trunc(array)
        if odd.any():
            refuse(odd, where, array, field, "must be a status, a whole number from 100 to 999")
            array = np.where(odd, STATUSES[0], array)
        table: npt.NDArray[np.bool_] = np.frombuffer(self._table, dtype=np.bool_)
        return np.asarray(table[array.astype(np.intp)])

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"StatusRule({self.text!r})"


@attrs.frozen(kw_only=True)
class Http:
    """Requests that are good where the status is not a bad one and, with a latency, the answer took less than that.

    Parameters
    ----------
    bad
        Which statuses are bad.
    latency
        The seconds below which an answer is good, exact; None where only the status counts. :meth:`of` reads them from
        what people write.

    Raises
    ------
    InvalidSLI
        If the latency is not above zero.
    """

    kind: ClassVar[str] = "http"
    counts_unit: ClassVar[Literal["events"]] = "events"

    bad: StatusRule = attrs.field(factory=StatusRule, validator=attrs.validators.instance_of(StatusRule))
    latency: Fraction | None = None
    _quick: Threshold | None = attrs.field(init=False, eq=False, repr=False)

    @_quick.default
    def _as_threshold(self) -> Threshold | None:
        if self.latency is None:
            return None
        quick = Threshold(lt=self.latency, unit="s")
        if self.latency <= 0:
            raise InvalidSLI(f"latency must be longer than 0, got {decimal_text(self.latency)} s")
        return quick

    @classmethod
    def of(cls, *, latency: BoundLike | None = None, bad: str | StatusRule = ">=500") -> Http:
        """Make the rule from what people write; see :meth:`slokit.sli.SLI.http`."""
        rule = bad if isinstance(bad, StatusRule) else StatusRule(bad)
        return cls(bad=rule, latency=None if latency is None else read_bound(latency, "latency", "s"))

    def judge(self, values: Any, where: BoolArray | None, field: str) -> bool | BoolArray:
        """Judge the status, and where that is good the seconds."""
        status, seconds = self._faces(values, field)
        if is_single(status):
            if self._quick is not None and not is_single(seconds):
                raise _shapes(status, seconds, field)
            good = self.admits(status, seconds)
            if good and self._quick is not None:
                _refuse_negative(seconds, None, "seconds")
            return good
        answered = ~self.bad.are_bad(status, _named(field, "status"), where)
        if where is not None:
            answered &= where
        if self._quick is None:
            return answered
        seconds = listed(seconds)
        if np.shape(seconds) != answered.shape:
            raise _shapes(status, seconds, field)
        quick = self._quick.judge(seconds, answered, _named(field, "seconds"))
        _refuse_negative(seconds, answered, _named(field, "seconds"))
        return quick

    def admits(self, status: int, seconds: Any) -> bool:
        """Say whether one request is good."""
        return not self.bad.is_bad(status) and self.is_quick(seconds)

    def is_quick(self, seconds: Any) -> bool:
        """Say whether an answer that took so long was quick enough; without a latency any is."""
        return self._quick is None or bool(self._quick.judge(seconds, None, "seconds"))

    def doubts(self, values: Any, where: BoolArray | None, field: str) -> Iterator[str]:
        """Doubt the unit of the seconds, of requests whose status is good."""
        if self._quick is not None:
            status, seconds = self._faces(values, field)
            answered = ~self.bad.are_bad(status, field, where)
            yield from self._quick.doubts(
                seconds, answered if where is None else answered & where, _named(field, "seconds")
            )

    def arguments(self) -> list[str]:
        """Return the latency and the statuses, as typed."""
        typed = [] if self.latency is None else [f"latency={latency_text(self.latency)!r}"]
        return [*typed, f"bad={self.bad.text!r}"]

    def in_words(self) -> str:
        """Say when a request is good: ``status not >=500 and below 0.2 s``."""
        return f"status not {self.bad}" + ("" if self._quick is None else f" and {self._quick.in_words()}")

    def _faces(self, values: Any, field: str) -> tuple[Any, Any]:
        """Return statuses and seconds; the seconds may be left away, or told in vain, where no latency is asked for."""
        if isinstance(values, Mapping):
            unknown = [name for name in values if name not in ("status", "seconds")]
            if "status" in values and not unknown and (self._quick is None or "seconds" in values):
                return values["status"], values.get("seconds")
            raise InvalidEvents(
                f"{field} must map 'status'{'' if self._quick is None else ' and ' + repr('seconds')} to values, "
                f"got {', '.join(map(repr, values)) or 'nothing'}"
            )
        if self._quick is None:
            return values, None
        raise WrongType(f"{field} must map 'status' and 'seconds' to values, got {type(values).__name__}")


def latency_text(seconds: Fraction) -> str:
    """Write a latency as it is read back exactly: ``"200ms"``, or seconds where that is no whole nanosecond."""
    nanoseconds = seconds * _NANOSECONDS
    if nanoseconds.denominator == 1 and nanoseconds < 2**63:
        return duration_text(int(nanoseconds))
    return decimal_text(seconds)


def _named(field: str, face: str) -> str:
    return f"{field}[{face!r}]"


def _refuse_negative(seconds: Any, where: BoolArray | None, field: str) -> None:
    """Refuse lengths below zero, which are below any limit: proxies log -1 where there was none."""
    lengths = numbers(seconds, field, where)
    below = (lengths.view(np.int64) if lengths.dtype.kind == "m" else lengths) < 0
    refuse(np.asarray(below), where, lengths, field, "must not be negative")


def _shapes(status: Any, seconds: Any, field: str) -> InvalidEvents:
    return InvalidEvents(
        f"{field} must be of one shape, got 'status': {np.shape(status)}, 'seconds': {np.shape(seconds)}"
    )
