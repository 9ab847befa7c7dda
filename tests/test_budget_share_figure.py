"""The figure of a page is what the code beside it draws, of what slokit really says."""

from __future__ import annotations

import contextlib
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.conftest import ROOT
from tests.test_docs import Session, blocks

PAGE = ROOT / "docs" / "explanation" / "burn-rate-and-budget-share.md"
FIGURE = PAGE.with_suffix(".svg")


def test_the_page_draws_its_figure_byte_for_byte(tmp_path: Path) -> None:
    """Run from the top in an empty folder it writes the file that stands in the documentation."""
    session = Session(PAGE.name, tmp_path)
    with contextlib.chdir(tmp_path):
        assert [wrong for wrong in map(session.run, blocks(PAGE.read_text(encoding="utf-8"))) if wrong] == []
    assert (tmp_path / FIGURE.name).read_bytes() == FIGURE.read_bytes()


def test_the_figure_can_be_read_without_its_colours() -> None:
    """It is well-formed, and axes, thresholds, peaks and what pages are written out."""
    words = [node.text for node in ET.parse(FIGURE).iter() if node.text and node.text.strip()]
    for expected in ("Requests per minute", "Burn rate over 1 h", "Share of the month's budget spent in 1 h"):
        assert expected in words
    assert {"threshold 14.4x", "threshold 2%", "18.5x", "10.8x", "0.28%", "2.82%"} <= set(words)
    assert "time of day on 30 June (UTC)" in words
    assert words.count("pages") == 2
