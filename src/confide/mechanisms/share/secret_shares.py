"""Shamir: How to Share a Secret (Communications of the ACM 1979), over a prime field of 257 bits."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache

from confide.core.errors import PromiseError

PRIME = 2**256 + 297
"""The smallest prime above 2^256, so that each secret of 32 bytes is an element of the field."""
SECRET_BYTES = 32
SHARE_BYTES = 33


def shares_of(secret: bytes, *, threshold: int, points: Sequence[int]) -> list[bytes]:
    """Shamir's secret sharing: the values of a random polynomial whose value at 0 is the secret.

    *Statement.* Any `threshold` shares give the secret; fewer are independent of it.

    *Proof.* Of the polynomials of degree below t, exactly one goes through given values at t different
    points. So for t - 1 shares, each secret belongs to exactly one polynomial, and all polynomials with the
    same secret have the same chance.

    Args:
        secret: 32 bytes.
        threshold: t, at least 1 and at most the number of points.
        points: where the polynomial is evaluated: different, from 1 to 2^32.

    Returns:
        a share of 33 bytes for each point.

    Raises:
        PromiseError: if threshold or points cannot be used.

    >>> parts = shares_of(bytes(31) + b"x", threshold=2, points=[1, 2, 3])
    >>> secret_from({1: parts[0], 3: parts[2]})[-1:]
    b'x'
    """
    if len(secret) != SECRET_BYTES:
        raise PromiseError(f"a secret of {len(secret)} bytes cannot be shared: give {SECRET_BYTES}.")
    if not 1 <= threshold <= len(points):
        raise PromiseError(f"the threshold is {threshold} for {len(points)} shares: give 1 to {len(points)}.")
    if len(set(points)) != len(points) or not all(1 <= x <= 2**32 for x in points):
        raise PromiseError("the points of the shares must be different, from 1 to 2^32.")
    # Highest power first, as Horner's rule takes them.
    factors = [secrets.randbelow(PRIME) for _ in range(threshold - 1)]
    factors.append(int.from_bytes(secret, "big"))
    return [_value(factors, x).to_bytes(SHARE_BYTES, "big") for x in points]


def secret_from(shares: Mapping[int, bytes]) -> bytes:
    """Lagrange interpolation at 0: the secret from shares by their points.

    All shares that are given are used, so give exactly the threshold: fewer give another value, which nothing
    here can tell from the secret.

    Raises:
        PromiseError: if a share is none, or what they give is no secret of 32 bytes.
    """
    points = tuple(sorted(shares))
    values = [int.from_bytes(shares[x], "big") for x in points]
    if not points or max(values) >= PRIME or any(len(share) != SHARE_BYTES for share in shares.values()):
        raise PromiseError("what was handed in is no share of a secret.")
    total = sum(weight * value for weight, value in zip(_weights(points), values, strict=True)) % PRIME
    if total >> (8 * SECRET_BYTES):
        raise PromiseError("the shares do not belong together: they give no secret of 32 bytes.")
    return total.to_bytes(SECRET_BYTES, "big")


def _value(factors: Sequence[int], x: int) -> int:
    """The polynomial at x. Points are small, so it is reduced once at the end: about four times as fast."""
    total = 0
    for factor in factors:
        total = total * x + factor
    return total % PRIME


@lru_cache(maxsize=1024)
def _weights(points: tuple[int, ...]) -> tuple[int, ...]:
    """Lagrange's weights for the value at 0; the same holders answer for many clients."""
    found = []
    for x in points:
        above, below = 1, 1
        for other in points:
            if other != x:
                above = above * other % PRIME
                below = below * (other - x) % PRIME
        found.append(above * pow(below, -1, PRIME) % PRIME)
    return tuple(found)
