"""Uniform numbers that nobody can predict, for the noise of a real release."""

from __future__ import annotations

import math
import secrets

import numpy as np

from confide.core.arrays import Floats


def secure_uniform(shape: int | tuple[int, ...]) -> Floats:
    """Uniform numbers in [0, 1): 53-bit fractions from the operating system's cryptographic source."""
    size = shape if isinstance(shape, int) else math.prod(shape)
    words = np.frombuffer(secrets.token_bytes(8 * size), np.uint64)
    return ((words >> np.uint64(11)).astype(np.float64) / 2**53).reshape(shape)
