"""The regularised incomplete beta function and its inverse, accurate in both tails and up to billions of events.

Exact intervals for a share are quantiles of beta distributions. The textbook form multiplies ``x**a`` by a quotient of
gamma functions: with a billion events both are e to the power of billions, and their logarithms cancel to the last
few digits. Here they never meet. All that is left after Stirling's formula is taken out of all three gamma functions
is a deviance: a sum of two terms that are never negative and depend on ``n * x - a``, which is computed without
rounding. The tail itself is a continued fraction; for large counts, which would take it thousands of steps near the
middle, it is an integral over a few standard deviations.

References
----------
DLMF 8.17; Abramowitz & Stegun 26.5.8 for continued fractions of this function. The one used is that of DiDonato and
Morris, "Algorithm 708", ACM TOMS 18 (1992), equation 9, whose terms stay positive; evaluated by Lentz' method as
modified by Thompson and Barnett (DLMF 3.10(iii)). Deviances: Loader, "Fast and accurate computation of binomial
probabilities" (2000).
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

__all__ = ["quantile", "tails"]

FloatArray = npt.NDArray[np.float64]

# Below this the fraction is done in some dozen steps, and above it the density is smooth enough for the integral.
_LARGE = 200.0
_STEPS = 2_000
# Halving the bracket alone takes 64 tries; Newton's steps take some six.
_TRIES = 100
_NODES, _WEIGHTS = ((1 + x) / 2 if i == 0 else x / 2 for i, x in enumerate(np.polynomial.legendre.leggauss(32)))
# Coefficients of Stirling's series in 1 / z, 1 / z**3 and so on: from 16 on they leave less than 2e-16.
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)


def tails(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``I_x(a, b)`` and ``1 - I_x(a, b)``.

    Parameters
    ----------
    a, b
        Greater than zero, of one shape ``(k,)``.
    x, y
        Between 0 and 1, ``y = 1 - x``. Of the two the smaller is taken as exact.

    Returns
    -------
    lower, upper : ndarray of float64
        The one below a half or so has the full relative accuracy, the other is what it leaves of 1.
    """
    excess = _excess(a, b, x, y)
    # Left of the mean the lower tail is the small one; right of it the same function with all sides swapped.
    left = excess <= 0
    a, b = np.where(left, a, b), np.where(left, b, a)
    x, y = np.where(left, x, y), np.where(left, y, x)
    short = -np.abs(excess)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        front = _front(a, b, x, y, short)
        small = np.zeros_like(front)
        large = np.minimum(a, b) > _LARGE
        for cells, way in ((large, _integral), (~large, _fraction)):
            held = cells & (front > 0)
            if held.any():
                small[held] = front[held] * way(a[held], b[held], x[held], y[held], short[held])
    small = np.minimum(small, 1.0)
    return np.where(left, small, 1 - small), np.where(left, 1 - small, small)


def quantile(a: FloatArray, b: FloatArray, probability: float, upper: bool) -> FloatArray:
    """Return the ``x`` that has ``I_x(a, b) = probability``, or for the upper tail ``1 - I_x(a, b) = probability``.

    Newton's method on the logarithms of both sides, where the tail of a beta distribution is concave, kept inside a
    bracket that every step narrows.

    Parameters
    ----------
    a, b
        Greater than zero, shape ``(k,)``.
    probability
        Greater than 0 and at most a half or so: the tail that is meant is the small one.
    """
    goal = math.log(probability)
    low, high = np.full(a.shape, -740.0), np.zeros(a.shape)
    # A start that is near: the log odds of a beta variable are roughly normal.
    far = (-1 if upper else 1) * NormalDist().inv_cdf(probability)
    odds = np.log(a / b) + far * np.sqrt(1 / a + 1 / b)
    at = np.clip(-np.logaddexp(0.0, -odds), -700.0, -1e-15)
    busy = np.arange(a.size)
    for _ in range(_TRIES):
        p, q, v = a[busy], b[busy], at[busy]
        x, y = np.exp(v), -np.expm1(v)
        below, above = tails(p, q, x, y)
        tail = above if upper else below
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            miss = np.log(tail) - goal
            # d log(tail) / d log(x) is the density times x over the tail.
            slope = _front(p, q, x, y, _excess(p, q, x, y)) / y / tail
            new = v + miss / (slope if upper else -slope)
        too_far = (miss < 0) == upper
        high[busy] = np.where(too_far, v, high[busy])
        low[busy] = np.where(too_far, low[busy], v)
        inside = (new > low[busy]) & (new < high[busy])
        # Newton squares what is missing, so this step is the last one that changes anything.
        done = np.abs(miss) <= 1e-8
        at[busy] = np.where(inside, new, np.where(done, v, (low[busy] + high[busy]) / 2))
        busy = busy[~done]
        if not busy.size:
            break
    return np.asarray(np.exp(at))


def _excess(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``n * x - a = b - n * y`` with ``n = a + b``, from the smaller of x and y and without cancellation."""
    n = a + b
    first = x <= y
    product, rest = _product(n, np.where(first, x, y))
    return np.where(first, (product - a) + rest, (b - product) - rest)


def _product(n: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a product and its rounding error, exactly: Dekker (1971)."""
    split = 134_217_729.0  # 2**27 + 1
    upper_n, upper_x = n * split, x * split
    high_n, high_x = upper_n - (upper_n - n), upper_x - (upper_x - x)
    low_n, low_x = n - high_n, x - high_x
    product = n * x
    return product, ((high_n * high_x - product) + high_n * low_x + low_n * high_x) + low_n * low_x


def _front(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray, excess: FloatArray) -> FloatArray:
    """Return ``x**a * y**b / B(a, b)``."""
    n = a + b
    deviance = a * _curve(excess / a, n * x / a) + b * _curve(-excess / b, n * y / b)
    stirling = _stirling(n) - _stirling(a) - _stirling(b)
    return np.asarray(np.sqrt(a * (b / n) / (2 * math.pi)) * np.exp(stirling - deviance))


def _curve(u: FloatArray, one_and_u: FloatArray) -> FloatArray:
    """Return ``u - log(1 + u)``, never negative and with all its digits near 0.

    With ``r = u / (2 + u)`` the logarithm is ``2 * atanh(r)``, whose first term leaves ``u * r`` of ``u``.
    """
    r = u / (2 + u)
    square = r * r
    series = np.zeros_like(u)
    for k in range(35, 1, -2):
        series = series * square + 1 / k
    near = r * (u - 2 * square * series)
    return np.where(np.abs(u) < 0.5, near, u - np.where(u < 0, np.log(one_and_u), np.log1p(u)))


def _stirling(z: FloatArray) -> FloatArray:
    """Return what Stirling's formula leaves of ``log(gamma(z))``: about ``1 / (12 * z)``."""
    total, z = np.zeros_like(z), z.copy()
    while (small := z < 16).any():
        total = np.where(small, total + (z + 0.5) * np.log1p(1 / z) - 1, total)
        z = np.where(small, z + 1, z)
    square, series = 1 / (z * z), np.zeros_like(z)
    for coefficient in reversed(_STIRLING):
        series = series * square + coefficient
    return np.asarray(total + series / z)


def _fraction(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray, excess: FloatArray) -> FloatArray:
    """Return the lower tail over the front, left of the mean, as a continued fraction."""
    tiny = 1e-300
    value = a / (a + 1) * (1 - excess)
    c, d = value.copy(), np.zeros_like(value)
    for m in range(1, _STEPS):
        numerator = (a + (m - 1)) * (a + b + (m - 1)) * m * (b - m) * (x / (a + (2 * m - 1))) ** 2
        denominator = m + m * (b - m) * x / (a + (2 * m - 1)) + (a + m) / (a + (2 * m + 1)) * (1 - excess + m * (1 + y))
        d = denominator + numerator * d
        d = 1 / np.where(d == 0, tiny, d)
        c = denominator + numerator / c
        c = np.where(c == 0, tiny, c)
        factor = c * d
        value = value * factor
        if np.abs(factor - 1).max() <= 1e-15:
            break
    return np.asarray(1 / value)


def _integral(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray, excess: FloatArray) -> FloatArray:
    """Return the lower tail over the front, left of the mean: the density from x down to where nothing is left.

    Gauss-Legendre over the distance ``s`` from x, of the density there over that at x, whose logarithm is
    ``-fall(s)``.
    """
    area = x * y
    slope = (-excess - 1 + 2 * x) / area

    def fall(s: FloatArray) -> FloatArray:
        down, up = -s / x, s / y
        return np.asarray(slope * s + (a - 1) * _curve(down, 1 + down) + (b - 1) * _curve(up, 1 + up))

    # Down to where a normal density has lost a factor of e**60, this one at least of e**40.
    steep, bend = np.maximum(slope, 0.0), (a + b) / area
    width = np.minimum(120 / (steep + np.sqrt(steep * steep + 120 * bend)), x)
    total = np.zeros_like(x)
    for node, weight in zip(_NODES.tolist(), _WEIGHTS.tolist(), strict=True):
        total += weight * np.exp(-fall(width * node))
    return np.asarray(total * width / area)
