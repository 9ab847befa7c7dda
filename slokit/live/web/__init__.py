"""Middleware: every request of a web service told to its monitors, for any framework that speaks ASGI or WSGI.

========================  =====================================================================
:class:`AsgiMonitor`      Starlette, FastAPI, Litestar, Quart, Django under ASGI, plain callables
:class:`WsgiMonitor`      Flask, Django under WSGI, Pyramid, Bottle, plain callables
========================  =====================================================================

Both take the same options and keep the same rules, those of :class:`HttpEvents`, and need none of these frameworks to
be installed. What a request costs is two readings of the clock and what recording costs: nothing is judged, written or
waited for, and nothing that goes wrong here is raised into the application.
"""

from __future__ import annotations

from slokit.live.web.asgi import AsgiMonitor
from slokit.live.web.ending import RequestRecord
from slokit.live.web.http import HttpEvents
from slokit.live.web.listeners import LabelRecorder
from slokit.live.web.traces import trace_id
from slokit.live.web.wsgi import WsgiMonitor

__all__ = ["AsgiMonitor", "HttpEvents", "LabelRecorder", "RequestRecord", "WsgiMonitor", "trace_id"]
