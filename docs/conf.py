"""How the documentation is built: ``sphinx-build -W docs docs/_build``.

Examples are not run here: tests/test_docs.py runs them, together with those of the README, with pytest's account
of what differs. So plain MyST is enough, and a page builds without executing anything.
"""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

# The tree's own slokit, not one that happens to be installed.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import slokit

project = "slokit"
author = "The slokit authors"
copyright = "2026, the slokit authors"
release = version = slokit.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "data"]  # docs/data says of itself what it is
nitpicky = False  # docstrings name types in words ("array of int64, shape (..., n)") that are no cross references

# Two rooms have an Incident: one that happened, and one that a simulation is told to make. A bare name in a signature
# is then ambiguous to Sphinx, and to no reader of the page that it stands on.
suppress_warnings = ["ref.python"]

html_theme = "furo"
html_title = f"slokit {release}"
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3  # [text](page.md#a-heading) works

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 100
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_attr_annotations = False  # the signature has the types; docstrings say dtypes, shapes and units in words


def _shorten(signature: str | None) -> str | None:
    """Write arrays as the source does, ``NDArray[int64]``, and a default that attrs makes as dots."""
    array = r"~?numpy\.ndarray\[~?(?:tuple\[~?typing\.Any, \.\.\.\]|typing\.Any), ~?numpy\.dtype\[([^][]*)\]\]"
    return signature and re.sub(array, r"NDArray[\1]", signature).replace("= NOTHING", "= ...")


def setup(app: Sphinx) -> None:
    """Have signatures shortened before they are written."""
    app.connect(
        "autodoc-process-signature",
        lambda *event: (_shorten(event[-2]), _shorten(event[-1])),  # the signature, and what it returns
    )
