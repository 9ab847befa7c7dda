"""Routes below mounts and in routers that are included: templates of the program, whole, and never a client's text."""

from __future__ import annotations

import importlib
from collections import Counter
from typing import Any

import pytest

from slokit.live.web import AsgiMonitor
from slokit.live.web.routes import asgi_route
from tests.conftest import IN_CI

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient` is deprecated")


def framework(name: str) -> Any:
    """Return an installed framework; skip without it, but not in CI, where a test that is skipped proves nothing."""
    return importlib.import_module(name) if IN_CI else pytest.importorskip(name)


class Labels(Counter[str]):
    """What counts by label."""

    def record(self, label: str, ok: bool) -> None:
        """Count one event."""
        self[label] += 1


def labels_of(app: Any, paths: list[str], *, outside: bool = True, root: str = "") -> list[str]:
    """Return under which label each path is counted, by middleware around an application or inside it."""
    framework("httpx")
    labels = Labels()
    if outside:
        app = AsgiMonitor(app, by_route=labels)
    else:
        app.add_middleware(AsgiMonitor, by_route=labels)
    found = []
    client_of = framework("starlette.testclient").TestClient
    with client_of(app, raise_server_exceptions=False, root_path=root) as client:
        for path in paths:
            client.get(f"{root}{path}")
            found += list(labels.elements())
            labels.clear()
    return found


def answer(*_: Any) -> Any:
    """Answer."""
    return framework("starlette.responses").PlainTextResponse("x")


def starlette_shop() -> Any:
    """Return routes below mounts, some of which take what a client wrote."""
    routing, apps = framework("starlette.routing"), framework("starlette.applications")
    static = framework("starlette.staticfiles").StaticFiles(directory=".")
    route, mount = routing.Route, routing.Mount
    other = apps.Starlette(routes=[route("/u/{name}", answer), mount("/deep/{n:int}", routes=[route("/", answer)])])
    return apps.Starlette(
        routes=[
            route("/u/{name}", answer),
            mount("/t/{tenant}", routes=[route("/u/{name}", answer), mount("/deep", routes=[route("/z", answer)])]),
            mount("/files/{rest:path}", routes=[route("/end", answer)]),
            mount("/app", app=other),
            mount("/static", app=static),
            mount("", routes=[route("/below/{nothing}", answer)]),
        ]
    )


@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize("root", ["", "/api"])
def test_starlette_tells_routes_below_mounts(outside: bool, root: str) -> None:
    """Whole, at any depth, wherever the middleware is, and wherever a proxy has put it all."""
    expected = {
        "/u/ada": "/u/{name}",
        "/t/acme/u/ada": "/t/{tenant}/u/{name}",
        "/t/u/u/u": "/t/{tenant}/u/{name}",
        "/t/%7Btenant%7D/u/%F0%9F%92%A9": "/t/{tenant}/u/{name}",
        "/t/acme/deep/z": "/t/{tenant}/deep/z",
        "/t/acme/nothing": "(none)",
        "/app/u/ada": "/app/u/{name}",
        "/app/deep/007/": "/app/deep/{n:int}/",
        "/app/nothing": "(none)",
        "/static/none.png": "/static",
        "/below/x": "/below/{nothing}",
        "/nowhere/%2e%2e/x": "(none)",
    }
    found = labels_of(starlette_shop(), list(expected), outside=outside, root=root)
    assert found == list(expected.values())


def test_mounts_that_take_whole_paths_tell_no_path() -> None:
    """Whatever a client wrote there, the label is one of the program's."""
    paths = [f"/files/{'/'.join('ab' for _ in range(n))}/end" for n in range(1, 20)]
    found = set(labels_of(starlette_shop(), paths))
    assert found <= {"/files/{rest:path}/end", "/end", "(none)"}


@pytest.mark.parametrize("outside", [True, False])
def test_fastapi_tells_the_prefix_of_a_router(outside: bool) -> None:
    """Of routers in routers, of applications that are mounted, and of both at once."""
    fastapi = framework("fastapi")
    inner, outer = fastapi.APIRouter(prefix="/orders"), fastapi.APIRouter(prefix="/v1/{tenant}")
    below = fastapi.FastAPI()
    inner.add_api_route("/{x}", lambda x: x)
    outer.include_router(inner, prefix="/shop")
    app = fastapi.FastAPI()
    app.include_router(outer, prefix="/api")
    app.add_api_route("/top/{x}", lambda x: x)
    below.include_router(inner)
    below.add_api_route("/items/{i}", lambda i: i)
    app.mount("/sub/{who}", below)
    app.mount("/old", starlette_shop())
    expected = {
        "/api/v1/acme/shop/orders/7": "/api/v1/{tenant}/shop/orders/{x}",
        "/top/3": "/top/{x}",
        "/sub/ada/items/4": "/sub/{who}/items/{i}",
        "/sub/ada/orders/4": "/sub/{who}/orders/{x}",
        "/sub/ada/nothing": "(none)",
        "/old/t/acme/u/ada": "/old/t/{tenant}/u/{name}",
        "/nothing": "(none)",
    }
    assert labels_of(app, list(expected), outside=outside) == list(expected.values())


def test_a_scope_that_says_odd_things_is_no_trouble() -> None:
    """Nothing of it is relied on: what is not as expected is no route."""

    class Odd:
        path = 7
        path_regex = None

    odd: list[dict[str, Any]] = [
        {},
        {"route": object()},
        {"route": Odd(), "endpoint": None},
        {"fastapi": {"effective_route_context": object()}},
        {"fastapi": 3, "route": None},
    ]
    assert [asgi_route(scope) for scope in odd] == [None] * 5
    route = type("Route", (), {"path": "/x"})()
    router = type("R", (), {"routes": [object(), route]})()
    unmounted: list[dict[str, Any]] = [
        {"app_root_path": "", "root_path": None},
        {"app_root_path": 3, "root_path": "/m"},
        {"app_root_path": "/other", "root_path": "/m"},
        {"app_root_path": "", "root_path": "/m", "router": None, "path": "/m/x"},
        {"app_root_path": "", "root_path": "/m", "router": router, "path": "/m"},
    ]
    assert [asgi_route({"route": route, **scope}) for scope in unmounted] == ["/x"] * 5
