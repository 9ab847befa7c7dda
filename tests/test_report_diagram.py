"""The picture of a policy is made of the policy, and the one in the documentation is that of the default policy."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from slokit import Policy, Rule, State
from slokit.conditions import Exhausted
from slokit.report.diagram import state_diagram
from tests.conftest import ROOT


def test_the_picture_in_the_documentation_is_that_of_the_default_policy() -> None:
    """Byte for byte: whoever changes the policy draws it anew with slokit.report.diagram."""
    assert (ROOT / "docs" / "explanation" / "policy-states.svg").read_text(encoding="utf-8") == state_diagram(
        Policy.default()
    )


def test_every_rule_of_a_policy_is_in_its_picture() -> None:
    """Each way in and out, what is blocked and what is exempt."""
    # A phrase may be broken over lines, each of which is a text of its own.
    text = " ".join(" ".join(ET.fromstring(state_diagram(Policy.default())).itertext()).split())
    for rule in Policy.default().rules:
        for phrase in (*rule.entering, rule.leaving):
            assert phrase in text
    assert "but for reliability, security," in text


def test_names_cannot_bite() -> None:
    """A state's name is text of the picture, whatever it holds."""
    policy = Policy("<script>", states=[State("a&b"), State("<i>")], rules=[Rule("<i>", Exhausted())])
    drawn = state_diagram(policy)
    assert "<script>" not in drawn
    assert ET.fromstring(drawn) is not None
