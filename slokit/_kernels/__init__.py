"""The kernels: exact questions about windows, asked of whole arrays; numpy and nothing else.

Time is the last axis everywhere. Good, bad and total counts come as :class:`~slokit._kernels.sums.PrefixSums`;
a window is either a number of buckets (rolling) or an index array saying where the window of each bucket starts
(calendar). Counts and thresholds are trusted here: whoever calls has validated them.
"""
