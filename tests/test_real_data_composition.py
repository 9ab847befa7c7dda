"""Three services on shared infrastructure, probed for two years: what multiplication says of them, and what was."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from slokit import SLI, SLO, Counts, Status
from slokit.composition import Part, System, all_of, any_of
from slokit.interop.tables import BucketTable, EventTable, read_table
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "explanation" / "dependencies.md"
SERVICES = ("api", "vaultwarden", "website")


@pytest.fixture(scope="module")
def probes(data_dir: Path) -> dict[str, Counts]:
    """The probes of each service in buckets of ten minutes."""
    table = read_table(data_dir / "probes_androidacy" / "probes.csv.gz", by=["service"])
    assert isinstance(table, BucketTable | EventTable)
    counts = table.count(step="10m")
    return {service: counts.sel(service=service) for service in SERVICES}


@pytest.fixture(scope="module")
def shares(probes: dict[str, Counts]) -> dict[str, Fraction]:
    """The availability of each service, over all its probes."""
    return {name: Fraction(int(one.good.sum()), int(one.total.sum())) for name, one in probes.items()}


def system() -> System:
    """All three, each down for a bucket by one bad probe."""
    return all_of("site", *(Part(service, slice_target=1) for service in SERVICES))


def test_all_three_were_up_oftener_than_the_product_says(
    probes: dict[str, Counts], shares: dict[str, Fraction]
) -> None:
    """.962 of the buckets in which all were probed, and .901 by multiplication, which the bounds hold both."""
    measured = system().measure(probes, known="all")
    together = np.logical_and.reduce([one.observed for one in probes.values()])
    up = np.logical_and.reduce([one.bad == 0 for one in probes.values()])
    assert (measured.decided, int(measured.counts.good.sum())) == (68_637, 66_050)
    assert (int(together.sum()), int((together & up).sum())) == (68_637, 66_050)
    assert round(measured.sli or 0, 3) == 0.962
    bounds = system().bounds(shares)
    assert round(float(bounds.independent), 3) == 0.901
    assert bounds.worst <= Fraction(66_050, 68_637) <= bounds.best


def test_holes_favour_the_side_that_one_part_decides(probes: dict[str, Counts]) -> None:
    """Where one part that is down is enough to know, 89 more buckets are bad and none more is good."""
    enough, everything = system().measure(probes), system().measure(probes, known="all")
    assert int(enough.counts.good.sum()) == int(everything.counts.good.sum())
    assert enough.decided - everything.decided == 89
    assert int(enough.counts.bad.sum()) - int(everything.counts.bad.sum()) == 89
    for measured in (enough, everything):
        low, high = measured.sli_between or (1.0, 0.0)
        assert low <= 0.961 <= measured.sli <= high  # type: ignore[operator]


def test_spares_that_share_a_cause_are_no_spares(probes: dict[str, Counts], shares: dict[str, Fraction]) -> None:
    """Any of the three: by multiplication all are down once in 26,000 buckets; they were in one of thirty."""
    spare = any_of("spare", *(Part(service, slice_target=1) for service in SERVICES))
    measured = spare.measure(probes, known="all")
    lost = 1 - (measured.sli or 0)
    by_product = 1 - float(spare.bounds(shares).independent)
    assert 1 / by_product == pytest.approx(26_000, rel=0.05)
    assert 1 / lost == pytest.approx(31, abs=1.5)
    assert spare.bounds(shares).worst <= Fraction(int(measured.counts.good.sum()), measured.decided)


def test_what_was_measured_can_be_held_against_an_objective(probes: dict[str, Counts]) -> None:
    """Ninety days at a time: the outage of June 2024 breaks the objective, end to end and once."""
    measured = system().measure(probes, known="all")
    evaluation = SLO("site", sli=SLI.ratio("up"), target="99%", window="90d").evaluate(measured.counts)
    found = evaluation.at("2024-08-01T00:00Z")
    assert isinstance(found, Status)
    assert found.met is False
    assert evaluation.worst(["1d"])[0].bad == evaluation.worst(["1d"])[0].total


def test_the_front_doors_failures_were_mostly_those_of_all(probes: dict[str, Counts]) -> None:
    """Of the website's 2,176 failed probes nearly all fell while api and vaultwarden were down both."""
    behind = all_of("website", *(Part(service, slice_target=1) for service in ("api", "vaultwarden")))
    found = behind.attribute(probes["website"], {name: probes[name] for name in ("api", "vaultwarden")})
    assert found.total_bad == 2_176
    assert found.shared > 0.9 * found.total_bad
    assert found.own + found.alone("api") + found.alone("vaultwarden") + found.shared + found.unattributed == 2_176


def test_the_page_states_the_measured_figures(probes: dict[str, Counts], shares: dict[str, Fraction]) -> None:
    """Every figure that the explanation quotes of these services is the one that comes out."""
    page = PAGE.read_text(encoding="utf-8")
    measured, bounds = system().measure(probes, known="all"), system().bounds(shares)
    spare = any_of("spare", *(Part(service, slice_target=1) for service in SERVICES)).measure(probes, known="all")
    behind = all_of("website", *(Part(service, slice_target=1) for service in ("api", "vaultwarden")))
    found = behind.attribute(probes["website"], {name: probes[name] for name in ("api", "vaultwarden")})
    for figure in (
        f"| measured | {measured.sli:.3f} |",
        f"| product | {float(bounds.independent):.3f} |",
        f"| worst end | {float(bounds.worst):.3f} |",
        f"| best end | {float(bounds.best):.3f} |",
        f"{measured.decided:,} buckets",
        f"one in {1 / (1 - (spare.sli or 0)):.0f}",
        f"{found.shared:,} of {found.total_bad:,}",
    ):
        assert figure in page, figure


def test_the_log_is_the_one_that_was_described(data_dir: Path, probes: dict[str, Counts]) -> None:
    """Probes and failures are those of the table beside it."""
    with (data_dir / "probes_androidacy" / "services.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            one = probes[row["service"]]
            assert (int(one.total.sum()), int(one.bad.sum())) == (int(row["probes"]), int(row["failed"]))
