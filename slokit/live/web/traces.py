"""The trace that a request belongs to, as its headers say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["trace_id"]

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_NONE = "0" * 32


def trace_id(place: Mapping[str, Any]) -> str | None:
    """Return the trace id of a request from its ``traceparent`` header; None where there is none.

    Parameters
    ----------
    place
        The scope of an ASGI application, or the environ of a WSGI one.

    Examples
    --------
    >>> trace_id({"HTTP_TRACEPARENT": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
    '4bf92f3577b34da6a3ce929d0e0e4736'
    >>> trace_id({"type": "http", "headers": [(b"traceparent", b"made up")]})

    References
    ----------
    W3C, *Trace Context*, 3.2: the header ``traceparent``.
    """
    told = place.get("HTTP_TRACEPARENT")
    if told is None:
        found = [value for name, value in place.get("headers") or () if name.lower() == b"traceparent"]
        told = found[0].decode("latin-1") if len(found) == 1 else None
    match = _TRACEPARENT.fullmatch(told) if isinstance(told, str) and len(told) <= 512 else None
    return match[1] if match is not None and match[1] != _NONE else None
