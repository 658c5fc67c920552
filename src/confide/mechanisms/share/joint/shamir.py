"""Shamir: How to Share a Secret (CACM 1979), for arrays of whole numbers modulo a prime.

*Statement.* Any `threshold` shares of a number are uniform and independent of it, up to 2^-64 a number; any
`threshold` + 1 give it back. Sums of shares are shares of sums. Products of shares are shares, at twice the
degree, of products (Ben-Or, Goldwasser, Wigderson 1988).

*Proof.* The shares are values at 1, 2, ... of a polynomial of degree `threshold` with the number at 0 and
uniform coefficients: for any `threshold` of these values and any number there is exactly one.
A coefficient is 64 bits longer than the prime before it is reduced, so it is 2^-64 from uniform.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np

from confide.core.arrays import Array

SPARE_BYTES = 8


def split(values: Array, *, modulus: int, threshold: int, parties: int) -> list[Array]:
    """Shares of whole numbers, one array for each party.

    Args:
        values: object[n], whole numbers modulo the prime.
        modulus: a prime above the number of parties.
        threshold: how many shares together say nothing.
        parties: how many shares there are.

    >>> shares = split(np.array([5, 7], object), modulus=101, threshold=1, parties=3)
    >>> recombined({2: shares[1], 3: shares[2]}, modulus=101)
    array([5, 7], dtype=object)
    """
    coefficients = [uniform(len(values), modulus=modulus) for _ in range(threshold)]
    found: list[Array] = []
    for place in range(1, parties + 1):
        total = np.zeros(len(values), object)
        for coefficient in coefficients:
            total = (total + coefficient) * place
        found.append((total + values) % modulus)
    return found


def recombined(shares: dict[int, Array], *, modulus: int) -> Array:
    """The numbers that shares are of, by Lagrange's interpolation at 0.

    Args:
        shares: by place, from 1; one more than their degree at least.
        modulus: the prime.
    """
    total = np.zeros(len(next(iter(shares.values()))), object)
    for place, share in shares.items():
        total = total + share * at_zero(place, tuple(shares), modulus=modulus)
    return total % modulus


def at_zero(place: int, places: Sequence[int], *, modulus: int) -> int:
    """The weight of one share.

    >>> at_zero(1, (1, 2), modulus=101), at_zero(2, (1, 2), modulus=101)
    (2, 100)
    """
    top = bottom = 1
    for other in places:
        if other != place:
            top, bottom = top * other % modulus, bottom * (other - place) % modulus
    return top * pow(bottom, -1, modulus) % modulus


def uniform(count: int, *, modulus: int) -> Array:
    """Whole numbers below the modulus from the cryptographic source: object[count]."""
    width = (modulus.bit_length() + 7) // 8 + SPARE_BYTES
    return unpacked(secrets.token_bytes(width * count), width=width) % modulus


def packed(values: Array, *, width: int) -> bytes:
    """Numbers as bytes of this width each."""
    return b"".join([int(value).to_bytes(width, "little") for value in values])


def unpacked(data: bytes, *, width: int) -> Array:
    """Numbers from bytes: object[n]."""
    count, read = len(data) // width, int.from_bytes
    found = np.empty(count, object)
    found[:] = [read(data[i * width : (i + 1) * width], "little") for i in range(count)]
    return found


def centred(values: Array, *, modulus: int) -> Array:
    """Numbers modulo the prime as the nearest to 0."""
    return np.where(values > modulus // 2, values - modulus, values)
