"""Shamir's secret sharing against the theorem, and Lagrange's formula in fractions of another form."""

from __future__ import annotations

import secrets
from contextlib import suppress
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import chisquare

from confide.core.errors import PromiseError
from confide.mechanisms.share.secret_shares import PRIME, SHARE_BYTES, secret_from, shares_of

ALPHA = 1e-6
"""Each statistical test alarms falsely once in a million runs."""


def is_probably_prime(n: int) -> bool:
    """Miller and Rabin with 64 random bases: a composite number passes with probability below 2^-128."""
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(64):
        x = pow(secrets.randbelow(n - 3) + 2, odd, n)
        if x not in (1, n - 1) and not any((x := x * x % n) == n - 1 for _ in range(twos - 1)):
            return False
    return True


def test_the_field_is_one():
    assert is_probably_prime(PRIME)
    assert not is_probably_prime(PRIME + 2)
    assert 2**256 < PRIME < 2 ** (8 * SHARE_BYTES)


def test_any_threshold_of_shares_gives_the_secret():
    """All 20 triples of 6 shares; a pair gives another value."""
    secret = secrets.token_bytes(32)
    points = [1, 2, 5, 7, 100, 2**32]
    parts = dict(zip(points, shares_of(secret, threshold=3, points=points), strict=True))
    for chosen in combinations(points, 3):
        assert secret_from({x: parts[x] for x in chosen}) == secret
    for chosen in combinations(points, 2):
        with suppress(PromiseError):  # a value above 2^256, which is no secret
            assert secret_from({x: parts[x] for x in chosen}) != secret


@pytest.mark.parametrize("secret", [bytes(32), b"\xff" * 32], ids=["zeros", "ones"])
def test_shares_below_the_threshold_do_not_depend_on_the_secret(secret: bytes):
    """The lowest 4 bits of one share of two are uniform, for the two most different secrets."""
    low = [shares_of(secret, threshold=2, points=[1, 2])[0][-1] % 16 for _ in range(8_000)]
    assert chisquare(np.bincount(low, minlength=16)).pvalue > ALPHA
    alone = [shares_of(secret, threshold=1, points=[1, 2])[0][-1] % 16 for _ in range(100)]
    assert chisquare(np.bincount(alone, minlength=16)).pvalue < ALPHA, "this test could not have failed"


def test_extreme_secrets_survive():
    for secret in (bytes(32), b"\xff" * 32, bytes(31) + b"\x01"):
        parts = shares_of(secret, threshold=2, points=[3, 9])
        assert secret_from({3: parts[0], 9: parts[1]}) == secret


@pytest.mark.parametrize(
    ("secret", "threshold", "points", "says"),
    [
        (bytes(31), 2, [1, 2], "31 bytes"),
        (bytes(32), 0, [1, 2], "threshold is 0"),
        (bytes(32), 3, [1, 2], "threshold is 3 for 2"),
        (bytes(32), 2, [1, 1], "different"),
        (bytes(32), 2, [0, 1], "from 1"),  # the share at 0 is the secret
    ],
)
def test_what_cannot_be_shared_is_refused(secret: bytes, threshold: int, points: list[int], says: str):
    with pytest.raises(PromiseError, match=says):
        shares_of(secret, threshold=threshold, points=points)


def test_what_is_no_share_is_refused():
    for wrong in ({}, {1: bytes(32)}, {1: b"\xff" * 33}):
        with pytest.raises(PromiseError, match="no share"):
            secret_from(wrong)
