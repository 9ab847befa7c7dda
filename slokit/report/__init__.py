"""What people are shown: terminal text, and data for other programs.

A report is made in two steps. :mod:`~slokit.report.summary` decides what there is to say about an objective and
its evidence, as plain values; the other rooms write that down, each for one kind of reader. None of them reads a file.
"""

from __future__ import annotations
