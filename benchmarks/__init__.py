"""Benchmarks: slokit against the tools that people would otherwise use, as ratios of one run.

``python -m benchmarks`` prints the table. Each row is a module here: what is timed, the peers that do the same work,
the floor (what must at least be read, written or copied), and the bars that the project has set itself.

Peers get the best form that a knowledgeable user would write, the input already in their own containers, and their
own default number of threads. Their answers are compared with slokit's before anything is timed.
"""
