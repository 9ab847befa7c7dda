"""What every test may rely on: hypothesis profiles, and the real data where it is present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

# No deadlines: machines are shared, and a slow example is a matter for the benchmarks. Generating counts with axes
# is slow work, so the health check that times it says nothing. CI draws the same examples every time (a red run is
# then about the change at hand); at home they differ from run to run, and what fails is kept in .hypothesis.
# "quick" serves the further interpreters of CI, "thorough" a night or a new kernel.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("dev", max_examples=50, **_COMMON)  # type: ignore[arg-type]
settings.register_profile("ci", max_examples=100, derandomize=True, print_blob=True, **_COMMON)  # type: ignore[arg-type]
settings.register_profile("quick", max_examples=10, derandomize=True, **_COMMON)  # type: ignore[arg-type]
settings.register_profile("thorough", max_examples=2_000, **_COMMON)  # type: ignore[arg-type]
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "dev"))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real data: ``$SLOKIT_DATA``, by default ``../shared/data`` beside the project.

    Skips where there is none. Under ``CI=true`` that is a failure instead: a test that CI skips proves nothing.
    """
    chosen = os.environ.get("SLOKIT_DATA")
    folder = Path(chosen) if chosen else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        reason = f"no real data at {folder}: set SLOKIT_DATA to the folder that holds it"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
