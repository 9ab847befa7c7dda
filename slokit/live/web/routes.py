"""Routes: which of a program's own templates answered a request, and never what a client wrote.

A route such as ``/users/{id}`` is one of as many as the program has; a path is another for each user, and any number of
them for whoever scans. So a template is taken from what a framework matched, and where it keeps none there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

__all__ = ["asgi_path", "asgi_route", "wsgi_path", "wsgi_route"]

_DEEPEST = 20


def _told(place: Mapping[str, Any]) -> str | None:
    """Return the route that the application itself put under ``slokit.route``, if it did."""
    told = place.get("slokit.route")
    return told if isinstance(told, str) else None


# --- ASGI -------------------------------------------------------------------------------------------------------------


def asgi_path(scope: Mapping[str, Any]) -> str:
    """Return the path within the application; servers differ in whether they take away where it is mounted."""
    return _below(scope.get("path", ""), (scope.get("root_path") or "").rstrip("/"))


def _below(path: str, root: str) -> str:
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def asgi_route(scope: MutableMapping[str, Any]) -> str | None:
    """Return the route that answered, as Starlette and FastAPI leave it in the scope, with what it is mounted below.

    Where they leave none, it is the name of the endpoint.
    """
    told = _told(scope)
    if told is not None:
        return told
    route, endpoint = scope.get("route"), scope.get("endpoint")
    path = _with_prefix(scope, route)
    if isinstance(path, str):
        # A mount stands there if nothing below it matched, or if what is below knows no routes, such as static files.
        below = getattr(route, "routes", None)
        return f"{_mounted(scope)}{path}" if below is None else None if below else _mounted(scope) or path
    if endpoint is None or hasattr(endpoint, "routes"):
        return None
    if (found := _by_endpoint(scope, endpoint)) is not None:
        return found
    named = endpoint if hasattr(endpoint, "__qualname__") else type(endpoint)
    return f"{named.__module__}.{named.__qualname__}"


def _with_prefix(scope: Mapping[str, Any], route: object) -> object:
    """Return the template of a route; recent FastAPI keeps the prefixes of included routers beside it."""
    kept = scope.get("fastapi")
    context = kept.get("effective_route_context") if isinstance(kept, dict) else None
    whole = getattr(context, "path", None) if getattr(context, "original_route", None) is route else None
    return whole or getattr(route, "path", None)


def _mounted(scope: Mapping[str, Any]) -> str:
    """Return the templates of what the route is mounted below; empty where they cannot be found."""
    return _found(scope, lambda _routes, _path: "") or ""


def _by_endpoint(scope: Mapping[str, Any], endpoint: object) -> str | None:
    """Find the template by what answered: older Starlette keeps that, and not the route that led there."""

    def leaf(routes: Any, path: str) -> str | None:
        for route in routes:
            template, regex = getattr(route, "path", None), getattr(route, "path_regex", None)
            below = getattr(route, "routes", None)
            if template == "" and below:
                if (found := leaf(below, path)) is not None:
                    return found
            elif getattr(route, "endpoint", None) is endpoint and regex is not None and regex.match(path):
                return str(template)
        # A mount of something that knows no routes, such as static files, is the whole template.
        return None if len(routes) else ""

    return _found(scope, leaf) or None


_Leaf = Callable[[Any, str], str | None]


def _found(scope: Mapping[str, Any], leaf: _Leaf) -> str | None:
    """Return the templates by which a path was mounted, with what is found where that ends."""
    whole = scope.get("root_path") or ""
    root = scope.get("app_root_path", whole)
    if not isinstance(root, str) or not isinstance(whole, str) or not whole.startswith(root):
        return None
    router: Any = scope.get("router")
    routes = getattr(router, "routes", ())
    return _templates(routes, _below(scope.get("path", ""), root.rstrip("/")), whole[len(root) :], leaf, _DEEPEST)


def _templates(routes: Any, path: str, mounted: str, leaf: _Leaf, deepest: int) -> str | None:
    """Find the mounts by which a path came to be mounted as it is, in the order in which they are tried."""
    if not mounted:
        return leaf(routes, path)
    for route in routes if deepest else ():
        template, below = getattr(route, "path", None), getattr(route, "routes", None)
        match = route.path_regex.match(path) if below is not None and hasattr(route, "path_regex") else None
        if match is None or "path" not in match.groupdict() or not isinstance(template, str):
            continue
        rest = f"/{match['path']}"
        taken = path[: len(path) - len(rest)]
        if mounted.startswith(taken):
            found = _templates(below, rest, mounted[len(taken) :], leaf, deepest - 1)
            if found is not None:
                return f"{template}{found}"
    return None


# --- WSGI -------------------------------------------------------------------------------------------------------------


def wsgi_path(environ: Mapping[str, Any]) -> str:
    """Return the path within the application; WSGI hands over bytes, dressed as latin-1."""
    path: str = environ.get("PATH_INFO", "") or "/"
    return path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")


def wsgi_route(environ: Mapping[str, Any]) -> str | None:
    """Return the route that the application told, else the rule that Flask matched."""
    rule = getattr(getattr(environ.get("werkzeug.request"), "url_rule", None), "rule", None)
    return _told(environ) or (rule if isinstance(rule, str) else None)
