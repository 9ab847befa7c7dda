"""Rank correlation at several lags, and how large it gets by chance: block permutations.

Two series that wander look alike now and then, and two that follow the clock always do. Shuffling single buckets
destroys both and so answers another question: it finds associations in noise, most of the time (the page on customers'
feedback has the figures). Here whole blocks are shuffled. What happens inside a block stays as it was, so neighbours
stay alike; and blocks of whole days keep every hour at its hour, so that what both have in common by the clock is in
the shuffled series too, and proves nothing.

The largest correlation over all lags is compared with the largest over all lags of each shuffled series: looking at 25
lags is paid for.

The correlation of a shuffled series needs sums of products only, and these are sums over pairs of blocks. So the
products of all pairs of blocks are taken once for each lag, and a permutation is a few look-ups.

References
----------
Künsch, "The jackknife and the bootstrap for general stationary observations", *Annals of Statistics* 17, 1989 (blocks);
Westfall and Young, *Resampling-Based Multiple Testing*, 1993 (the largest statistic).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["correlations", "midranks", "permutations"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LEAST_PAIRS = 3


def midranks(values: Floats) -> Floats:
    """Rank values, equal ones all by the mean of their ranks, NaN left out; the ranks have mean 0 and are below 1.

    Examples
    --------
    >>> midranks(np.array([3.0, 1.0, np.nan, 1.0])).tolist()
    [0.5, -0.25, nan, -0.25]
    """
    out = np.full(values.shape, np.nan)
    known = ~np.isnan(values)
    count = int(known.sum())
    if count:
        _, which, often = np.unique(values[known], return_inverse=True, return_counts=True)
        middle = np.cumsum(often) - (often + 1) / 2
        out[known] = (middle[which] - (count - 1) / 2) / max(count - 1, 1)
    return out


def permutations(draw: np.random.Generator, blocks: int, count: int) -> Ints:
    """Return the order of blocks as it is, and then shuffled: int64, shape ``(count + 1, blocks)``."""
    as_it_is = np.arange(blocks)
    return np.vstack([as_it_is, draw.permuted(np.tile(as_it_is, (count, 1)), axis=1)])


def correlations(x: Floats, y: Floats, lags: Ints, block: int, orders: Ints) -> Floats:
    """Return the correlation of ``x[t]`` with ``y[t + lag]``, the blocks of ``y`` in each of some orders.

    Parameters
    ----------
    x, y
        Shape ``(n,)``, NaN where nothing is known; ``n`` is a whole number of blocks. Means are taken over the pairs
        that are known.
    lags
        In buckets, at least 0 and below ``n``.
    block
        Buckets a block.
    orders
        Shape ``(k, n // block)``.

    Returns
    -------
    ndarray of float64
        Shape ``(k, len(lags))``; NaN where fewer than three pairs are known, or one side does not vary.
    """
    blocks = len(y) // block
    at = np.arange(blocks) * blocks + orders
    theirs = _powers(y)
    out = np.empty((len(orders), len(lags)))
    for column, lag in enumerate(lags.tolist()):
        moved = np.full_like(x, np.nan)
        moved[lag:] = x[: len(x) - lag]
        mine = _powers(moved)
        pairs = ((0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (1, 1))
        n, sx, sxx, sy, syy, sxy = (_moment(mine[i], theirs[j], blocks, at) for i, j in pairs)
        with np.errstate(invalid="ignore", divide="ignore"):
            vx, vy = sxx - sx * sx / n, syy - sy * sy / n
            found = (sxy - sx * sy / n) / np.sqrt(vx * vy)
        # Ranks are multiples of 1 / (2 n), so a variance that is not 0 is far above rounding.
        flat = (vx <= 1e-12) | (vy <= 1e-12) | (n < _LEAST_PAIRS)
        out[:, column] = np.where(flat, np.nan, found)
    return out


def _powers(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return where values are known (as 0 and 1), the values and their squares, 0 where not."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    return known.astype(np.float64), filled, filled * filled


def _moment(mine: Floats, theirs: Floats, blocks: int, at: Ints) -> Floats:
    """Sum the products of two series, the blocks of one in each of some orders: shape ``(k,)``."""
    if theirs.all() and theirs.max() == 1 == theirs.min():
        return np.full(len(at), mine.sum())
    if mine.all() and mine.max() == 1 == mine.min():
        return np.full(len(at), theirs.sum())
    products = mine.reshape(blocks, -1) @ theirs.reshape(blocks, -1).T
    return np.asarray(products.ravel()[at].sum(axis=1))
