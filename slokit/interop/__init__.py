"""Where evidence and definitions come from, and where they go: one outside world a file.

Everything that reads a file, a table or a server lives here, so that the core needs none of it. The rooms know the
core; they know neither the reports nor the live monitor, and the core does not know them.
"""

from __future__ import annotations
