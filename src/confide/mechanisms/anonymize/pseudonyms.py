"""Bellare, Canetti, Krawczyk: Keying Hash Functions for Message Authentication (CRYPTO 1996)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

import numpy as np

from confide.core.arrays import Rng
from confide.core.claims import Claim
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Release
from confide.mechanisms.randomize.columns import codes_of, replaced
from confide.views.table import Domain, Table

KEY_BYTES = 32
FEWEST_DIFFERENT = 16
"""32 random bytes have fewer than 16 different values once in 10^17 times: they are a pattern then."""
SHORTEST = 16
"""Hexadecimal digits of a pseudonym: 64 bits tell a million people apart but once in 10^7 tables."""


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key of 32 random bytes, which is never shown.

    Raises:
        PromiseError: if it is shorter, or rather a text or a pattern than random.

    >>> SecretKey.new()
    SecretKey()
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        advice = "make a file of them with head -c 32 /dev/urandom > key, and keep it apart from the data"
        if len(self.secret) < KEY_BYTES:
            raise PromiseError(
                f"the key has {len(self.secret)} bytes, and a short key can be guessed: give {KEY_BYTES} "
                f"random bytes; {advice}."
            )
        if self.secret.isascii() and self.secret.decode("ascii").isprintable():
            raise PromiseError(f"the key is a text, which can be guessed: give random bytes; {advice}.")
        if len(set(self.secret)) < FEWEST_DIFFERENT:
            raise PromiseError(f"the key repeats few bytes, and can be guessed: give random bytes; {advice}.")

    @classmethod
    def new(cls) -> SecretKey:
        """A key from the operating system's cryptographic source."""
        # One in 10^14 looks like a text.
        while (drawn := secrets.token_bytes(KEY_BYTES)).isascii():
            pass
        return cls(drawn)

    @property
    def mark(self) -> str:
        """A digest of the key: it tells keys apart, in a sidecar for example, and gives nothing away."""
        return hmac.digest(self.secret, b"confide: which key is this?", "sha256").hex()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pseudonyms:
    """Replaces the values of a column by keyed pseudonyms: HMAC-SHA256 of the column's name and the value.

    Equal values get equal pseudonyms, in every table that is treated with this key and column name. Without
    the key nobody can compute them, unlike a plain digest, which is reversed by trying all values. A missing
    value stays missing.

    There is no promise: anyone who holds the key reverses it by trying all values, and other columns point
    at the person as before. How often a pseudonym occurs is how often the value does.

    Args:
        column: its name.
        key: of 32 random bytes; keep it apart from the data.
        digits: of a pseudonym, hexadecimal.

    Raises:
        PromiseError: if there are fewer than 16 digits, or more than 64.
    """

    column: str
    key: SecretKey
    digits: int = 32

    def __post_init__(self) -> None:
        if not SHORTEST <= self.digits <= 64:
            raise PromiseError(f"a pseudonym of {self.digits} digits: give {SHORTEST} to 64.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Release[Table]:
        """Release the table with pseudonyms in this column.

        Raises:
            DataError: if there is no such column, it holds ranges, or two values get one pseudonym.
        """
        domain, codes = data.domains[data.at(self.column)], codes_of(data, self.column)
        real = len(domain) - domain.missing
        made = [self.pseudonym(label) for label in domain.labels[:real]]
        if len(set(made)) < len(set(domain.labels[:real])):
            raise DataError(f"two values of {self.column!r} get one pseudonym: give more digits.")
        # Sorted by pseudonym: the order of the values would say more than the pseudonyms do.
        order = np.argsort(np.array(made, np.str_)) if made else np.zeros(0, np.int64)
        new = np.arange(len(domain))
        new[order] = np.arange(real)
        labels = (*(made[i] for i in order), *domain.labels[real:])
        column = (Domain(self.column, labels, missing=domain.missing), new[codes])
        return Release(replaced(data, self.column, [column]), None, "Pseudonyms")

    def pseudonym(self, value: str) -> str:
        """Of one value, as text."""
        # The length keeps the name and the value apart.
        message = f"{len(self.column)}:{self.column}{value}".encode()
        return hmac.digest(self.key.secret, message, hashlib.sha256).hex()[: self.digits]

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """Every value that is there has the form of a pseudonym."""
        domain = view.domains[view.at(self.column)]
        seen = {domain.labels[i] for i in np.unique(codes_of(view, self.column)) if not self._none(domain, i)}
        holds = all(len(v) == self.digits and not set(v) - set("0123456789abcdef") for v in seen)
        return (Claim(f"every value of {self.column!r} is a pseudonym of {self.digits} digits", holds),)

    @staticmethod
    def _none(domain: Domain, code: int) -> bool:
        return domain.missing and code == len(domain) - 1
