"""What import contracts cannot see, read off the syntax trees.

import-linter knows who imports whom. A clock read needs no import that could be forbidden
(``datetime`` is needed for its types), ``open`` and ``print`` need none at all, and circles inside a
room are nobody's layer. Each check below is a small function from source text to findings, and each is
tried on bad snippets first: a check that cannot fail checks nothing.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "slokit"
EDGES = {"analysis", "live", "interop", "report", "commands", "__main__"}
Check = Callable[[ast.Module], list[str]]


# --- the code under test ----------------------------------------------------------------------------


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8"), str(path)) for name, path in MODULES.items()}
CORE = [name for name in TREES if name != "slokit" and name.split(".")[1] not in EDGES]
PUBLIC = [name for name in TREES if not any(part.startswith("_") for part in name.split("."))]
KERNELS = [name for name in TREES if name.split(".")[1:2] == ["_kernels"]]


# --- names, seen through their imports --------------------------------------------------------------


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name stands for: ``{"np": "numpy", "dt": "datetime.datetime"}``."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                names[item.asname or item.name.split(".")[0]] = item.name if item.asname else item.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module not in {None, "__future__"}:
            for item in node.names:
                names[item.asname or item.name] = f"{node.module}.{item.name}"
    return names


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    """Return the full dotted name of an expression, ``?`` standing for what is no name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return "?"


def _root(node: ast.expr) -> str:
    """Return the name that a dotted expression starts with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else "?"


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and _dotted(node.test, {}).split(".")[-1] == "TYPE_CHECKING"


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk the tree but for what stands under ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and _is_type_checking(child):
            for other in child.orelse:
                yield other
                yield from _running(other)
            continue
        yield child
        yield from _running(child)


# --- the checks -------------------------------------------------------------------------------------


CLOCK_METHODS = {"now", "utcnow", "today"}


def clock_reads(tree: ast.Module) -> list[str]:
    """Find reads of the clock: the ``time`` module, ``now()`` and ``today()`` on anything, ``datetime64("now")``."""
    names = _aliases(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            dotted = _dotted(node, names)
            # A parameter may be called `time`; only what an import brought is the module.
            first = dotted.split(".")[0] if _root(node) in names else "?"
            if first == "time" or (first == "datetime" and dotted.split(".")[-1] in CLOCK_METHODS):
                found.append(f"line {node.lineno}: {dotted}")
        if isinstance(node, ast.Call):
            last = _dotted(node.func, names).split(".")[-1]
            text = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            if isinstance(node.func, ast.Attribute) and last in CLOCK_METHODS:
                found.append(f"line {node.lineno}: a call of .{last}()")
            if last == "datetime64" and text in {"now", "today"}:
                found.append(f'line {node.lineno}: datetime64("{text}")')
    return found


OUTSIDE_BUILTINS = {"open", "input", "print", "breakpoint", "exec", "eval", "__import__"}
OUTSIDE_MODULES = ("builtins.", "importlib.", "numpy.random.")
OUTSIDE_METHODS = {"read_text", "write_text", "read_bytes", "write_bytes", "tofile"}
OUTSIDE_NUMPY = {"fromfile", "memmap", "load", "save", "savez", "savetxt", "loadtxt", "genfromtxt"}


def outside_calls(tree: ast.Module) -> list[str]:
    """Find input and output: files, the terminal, random numbers, and imports of names made at run time."""
    names = _aliases(tree)
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        dotted = _dotted(node, names)
        first, _, last = dotted.rpartition(".")
        reached = last in OUTSIDE_METHODS or (first == "numpy" and last in OUTSIDE_NUMPY)
        if (
            (dotted in OUTSIDE_BUILTINS)
            if isinstance(node, ast.Name)
            else (reached or dotted.startswith(OUTSIDE_MODULES))
        ):
            found.append(f"line {node.lineno}: {dotted}")
    return found


CONTAINER_MAKERS = {"list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque"}
CHANGING_METHODS = {"add", "append", "clear", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"}


def _is_empty_container(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return _dotted(value.func, {}).split(".")[-1] in CONTAINER_MAKERS
    return (isinstance(value, ast.Dict) and not value.keys) or (isinstance(value, ast.List) and not value.elts)


def hidden_state(tree: ast.Module) -> list[str]:
    """Find module-level containers that start empty or are changed by the module's own code, and ``global``.

    A table of rules, full from the start and only read, is no state.
    """
    found = []
    tables: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            tables |= {target.id for target in targets if isinstance(target, ast.Name)}
            if _is_empty_container(statement.value):
                found.append(f"line {statement.lineno}: {ast.unparse(targets[0])} starts empty")
    for node in ast.walk(tree):
        changed = None
        if isinstance(node, ast.Global):
            found.append(f"line {node.lineno}: global {', '.join(node.names)}")
        elif (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del)) or (
            isinstance(node, ast.Attribute) and node.attr in CHANGING_METHODS
        ):
            changed = node.value
        if isinstance(changed, ast.Name) and changed.id in tables:
            found.append(f"line {changed.lineno}: {changed.id} is changed")
    return found


def missing_all(tree: ast.Module) -> list[str]:
    """Find a public module without ``__all__``, or one that lists what it does not define (ruff keeps it sorted)."""
    listed: list[str] | None = None
    defined: set[str] = set()
    for node in _running(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined |= {target.id for target in targets if isinstance(target, ast.Name)}
            if _dotted(targets[0], {}) == "__all__" and isinstance(node.value, ast.List | ast.Tuple):
                listed = [
                    item.value
                    for item in node.value.elts
                    if isinstance(item, ast.Constant) and isinstance(item.value, str)
                ]
    if listed is None:
        # a package that only says what its modules are for offers nothing itself
        return ["no __all__ that lists its names"] if defined or _aliases(tree) else []
    defined |= set(_aliases(tree))
    if "__getattr__" in defined:  # it makes its names when they are asked for
        return []
    return [f"__all__ lists {name}, which is not defined" for name in listed if name not in defined]


KERNEL_IMPORTS = {"__future__", "collections", "concurrent", "dataclasses", "math", "numpy", "slokit", "typing"}


def foreign_imports(tree: ast.Module) -> list[str]:
    """Find what a kernel imports besides numpy; the import contracts can forbid a name, but not every name."""
    found = []
    for node in _running(tree):
        modules = [item.name for item in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        found += [module for module in modules if module.split(".")[0] not in KERNEL_IMPORTS]
    return found


def imports_of(tree: ast.Module, known: set[str]) -> set[str]:
    """Return the slokit modules that a module imports at run time, at its top or inside its functions."""
    found: set[str] = set()
    for node in _running(tree):
        if isinstance(node, ast.Import):
            found |= {item.name for item in node.names if item.name.split(".")[0] == "slokit"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "slokit":
            for item in node.names:
                inner = f"{node.module}.{item.name}"
                found.add(inner if inner in known else str(node.module))
    return found


def cycles(graph: dict[str, set[str]]) -> list[str]:
    """Return one finding for each import that closes a circle, by depth-first search."""
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            found.append(" -> ".join([*trail[trail.index(name) :], name]))
            return
        if name not in done:
            for other in sorted(graph.get(name, ())):
                visit(other, [*trail, name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return found


# --- the checks can fail ----------------------------------------------------------------------------

BAD: list[tuple[Check, str]] = [
    (clock_reads, "import time\ndef f(): return time.time()"),
    (clock_reads, "from time import monotonic as m\nx = m()"),
    (clock_reads, "from datetime import datetime as dt\nread = dt.now"),
    (clock_reads, "import datetime\nx = datetime.datetime.utcnow()"),
    (clock_reads, "from datetime import date\nx = date.today()"),
    (clock_reads, "def f(x): return type(x).now()"),
    (clock_reads, 'import numpy as np\nx = np.datetime64("now")'),
    (clock_reads, 'from numpy import datetime64\nx = datetime64("today", "D")'),
    (outside_calls, "def f(p): return open(p)"),
    (outside_calls, "f = print"),
    (outside_calls, "x = input()"),
    (outside_calls, "import builtins\nbuiltins.open('x')"),
    (outside_calls, "def f(p): return p.read_text()"),
    (outside_calls, "import numpy as np\nx = np.load('x.npy')"),
    (outside_calls, "import numpy as np\nx = np.random.default_rng()"),
    (outside_calls, "import importlib\nimportlib.import_module('os')"),
    (hidden_state, "CACHE = {}"),
    (hidden_state, "CACHE: dict[str, int] = dict()"),
    (hidden_state, "from collections import defaultdict\nSEEN = defaultdict(list)"),
    (hidden_state, "SEEN = {'a': 1}\ndef f(key): SEEN[key] = 1"),
    (hidden_state, "SEEN = ['a']\ndef f(name): SEEN.append(name)"),
    (hidden_state, "N = 0\ndef f():\n    global N\n    N = 1"),
    (missing_all, "def f(): ..."),
    (missing_all, "__all__ = ['g']\ndef f(): ..."),
    (foreign_imports, "import attrs"),
    (foreign_imports, "def f():\n    from decimal import Decimal"),
]

GOOD: list[tuple[Check, str]] = [
    (clock_reads, "from datetime import datetime, UTC\nx = datetime(2026, 1, 1, tzinfo=UTC)"),
    (clock_reads, 'import numpy as np\nx = np.datetime64("2026-01-01")'),
    (clock_reads, "def f(status): return status.time.hour"),
    (outside_calls, "def f(interval): return interval.open"),
    (hidden_state, "UNITS = {'s': 1}\ndef f(x): return UNITS[x]"),
    (hidden_state, "def f():\n    seen = {}\n    seen['a'] = 1"),
    (missing_all, "__all__ = ['f']\ndef f(): ..."),
    (missing_all, '"""A package of two modules."""'),
    (foreign_imports, "import numpy as np\nfrom slokit._kernels import windows"),
    (foreign_imports, "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import attrs"),
]


@pytest.mark.parametrize(("check", "source"), BAD)
def test_a_bad_snippet_is_found(check: Check, source: str) -> None:
    """Each check finds the mistake that it is there for."""
    assert check(ast.parse(source))


@pytest.mark.parametrize(("check", "source"), GOOD)
def test_a_good_snippet_is_left_alone(check: Check, source: str) -> None:
    """No check cries wolf over what the core does every day."""
    assert check(ast.parse(source)) == []


def test_a_circle_through_a_function_is_found() -> None:
    """An import inside a function closes a circle as well as one at the top; one for types alone does not."""
    known = {"slokit.a", "slokit.b"}
    a = imports_of(ast.parse("def f():\n    from slokit import b"), known)
    b = imports_of(ast.parse("from slokit.a import f"), known)
    typed = imports_of(
        ast.parse("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from slokit.a import f"), known
    )
    assert cycles({"slokit.a": a, "slokit.b": b}) == ["slokit.a -> slokit.b -> slokit.a"]
    assert cycles({"slokit.a": a, "slokit.b": typed}) == []


# --- the house --------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", CORE)
@pytest.mark.parametrize("check", [clock_reads, outside_calls, hidden_state])
def test_the_core_is_pure(check: Check, module: str) -> None:
    """The core reads no clock, touches nothing outside, and keeps no state of its own."""
    assert check(TREES[module]) == []


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_module_lists_its_names(module: str) -> None:
    """What a module offers is written down in its ``__all__``."""
    assert missing_all(TREES[module]) == []


@pytest.mark.parametrize("module", KERNELS)
def test_a_kernel_knows_numpy_and_nothing_else(module: str) -> None:
    """A kernel takes arrays and integers, so that it can be read, timed and replaced alone."""
    assert foreign_imports(TREES[module]) == []


def test_no_imports_go_in_circles() -> None:
    """Not even inside a room, and not through imports that wait inside functions."""
    assert cycles({name: imports_of(tree, set(TREES)) for name, tree in TREES.items()}) == []


@pytest.mark.parametrize("module", [name for name in TREES if name not in {"slokit", "slokit.__main__"}])
def test_no_room_goes_through_the_front_door(module: str) -> None:
    """The package's face is for users: a room that imported it would import every room above."""
    assert "slokit" not in imports_of(TREES[module], set(TREES))


def test_the_contracts_name_every_room_of_the_core() -> None:
    """The pure-core contract lists exactly the rooms below the edges that exist."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["id"]: contract for contract in config["tool"]["importlinter"]["contracts"]}
    rooms = {
        f"slokit.{name}"
        for layer in contracts["layers"]["layers"]
        for name in re.findall(r"\w+", layer)
        if name not in EDGES
    }
    assert set(contracts["pure-core"]["source_modules"]) == rooms & set(TREES)


LAZY = """
import sys
import attrs, numpy, typing_extensions, datetime, decimal, fractions
before = set(sys.modules)
import slokit
slokit.SLO, slokit.Counts
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""


def test_importing_slokit_brings_only_what_it_needs() -> None:
    """Nothing optional, and nothing slow of the standard library, is imported before it is used."""
    done = subprocess.run([sys.executable, "-c", LAZY], cwd=ROOT, capture_output=True, text=True, check=True)
    unwanted = {
        "asyncio",
        "concurrent",
        "csv",
        "hypothesis",
        "json",
        "logging",
        "pandas",
        "polars",
        "rich",
        "tomllib",
        "zoneinfo",
    }
    assert "slokit" in done.stdout.split()
    assert not unwanted & set(done.stdout.split())
