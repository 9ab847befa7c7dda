"""Import: what a program pays for ``import slokit`` before it has used anything."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from benchmarks.table import Bar, Benchmark
from benchmarks.timing import Contender

__all__ = ["SLOKIT", "benchmark", "foreign_modules", "slowest"]

ROOT = Path(__file__).resolve().parent.parent
NUMPY = "import numpy"
SLOKIT = "import slokit; slokit.SLO; slokit.Counts"


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a new interpreter that finds the slokit beside this package, with bytecode as an installed program has it."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(_bytecode())}
    return subprocess.run(
        [sys.executable, *arguments], check=True, text=True, capture_output=True, cwd=ROOT, env=environment
    )


@cache
def _bytecode() -> Path:
    """Return a folder for bytecode that is removed at the end, so that a checkout without any times the same."""
    folder = Path(tempfile.mkdtemp(prefix="slokit-benchmarks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def foreign_modules(code: str = SLOKIT) -> set[str]:
    """Return the packages that some code loads beyond the standard library and what Python had loaded by itself."""
    listing = f"import sys; before = set(sys.modules); {code}; print(*(set(sys.modules) - before))"
    loaded = {name.partition(".")[0] for name in _python("-c", listing).stdout.split()}
    return {name for name in loaded if name not in sys.stdlib_module_names}


def slowest(many: int = 8) -> list[tuple[str, float]]:
    """Return the modules outside numpy whose own code takes longest to load, with milliseconds."""
    # Python times import statements, but not what slokit loads when a name is touched; these are the same modules.
    code = "import numpy, slokit.slo, slokit.counts"
    _python("-c", code)  # compiles, so that the profile is of loading alone
    times: dict[str, float] = {}
    for line in _python("-X", "importtime", "-c", code).stderr.splitlines()[1:]:
        own, _, name = line.removeprefix("import time:").split("|")
        times[name.strip()] = int(own) / 1000
    # What numpy needs is loaded below it, and listed before it.
    rest = list(times.items())[list(times).index("numpy") + 1 :]
    return sorted(rest, key=lambda item: -item[1])[:many]


def benchmark(repeat: int = 3) -> Benchmark:
    """Set up the work: whole interpreters, so that both start from nothing."""

    def start(code: str) -> Callable[[], object]:
        return lambda: _python("-c", code)

    extras = foreign_modules() - {"slokit", "numpy", "attr", "attrs", "typing_extensions"}
    profile = ", ".join(f"{name} {taken:.1f}" for name, taken in slowest())
    return Benchmark(
        title="Import: `import slokit; slokit.SLO; slokit.Counts` in a new interpreter",
        unit="interpreter, start to end",
        contenders=[Contender(SLOKIT, start(SLOKIT)), Contender(NUMPY, start(NUMPY)), Contender("pass", start("pass"))],
        bars=[Bar(SLOKIT, NUMPY, "plus", 45.0), Bar(SLOKIT, "pass", "plus")],
        notes=(
            f"Packages loaded beyond the core's three dependencies: {', '.join(sorted(extras)) or 'none'}.",
            f"The slowest modules after numpy, milliseconds of their own (-X importtime, one run): {profile}.",
        ),
        repeat=repeat,
    )
