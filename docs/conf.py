"""How the documentation is built: ``sphinx-build -W docs docs/_build``.

Examples are not run here: tests/test_docs.py runs them, together with those of the README, with pytest's account
of what differs. So plain MyST is enough, and a page builds without executing anything.
"""

import sys
from pathlib import Path

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

html_theme = "furo"
html_title = f"slokit {release}"
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3  # [text](page.md#a-heading) works

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_preprocess_types = False
