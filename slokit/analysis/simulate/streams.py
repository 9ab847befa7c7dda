"""Streams of random numbers: one for each service and purpose, so that another of either shifts none of them."""

from __future__ import annotations

import zlib

import numpy as np

from slokit.rational import parse_integer

__all__ = ["CATALOGUE", "COMMON", "COMPLAINTS", "ERRORS", "INSTANTS", "TRAFFIC", "WANDERING", "stream"]

# What is drawn; a number once given stays, or all that was drawn for it would be another.
TRAFFIC = 0
ERRORS = 1
WANDERING = 2
COMMON = 3
INSTANTS = 4
CATALOGUE = 5
COMPLAINTS = 6


def stream(seed: int, name: str | None, purpose: int) -> np.random.Generator:
    """Return the random stream of one service (or class of incidents) and purpose.

    Raises
    ------
    InvalidNumber
        If the seed is negative.
    WrongType
        If it is no integer.
    """
    # hash() of a str differs from run to run; crc32 does not.
    key = 0 if name is None else 1 + zlib.crc32(name.encode(errors="surrogatepass"))
    return np.random.default_rng([parse_integer(seed, "seed"), key, purpose])
