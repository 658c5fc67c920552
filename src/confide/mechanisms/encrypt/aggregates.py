"""Encrypted aggregates: sums and means over many owners, where one key holder decrypts the total.

Ciphertexts of CKKS are added by somebody who has no secret key. **The key holder decrypts all that it is
sent**: an owner's own ciphertext as well as a total. Owners must trust the one who adds to send the total
alone, and a total of few owners still tells who is in it.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.encrypt.errors import DEVIATIONS
from confide.mechanisms.encrypt.messages import Message, read_message
from confide.mechanisms.encrypt.parameters import Parameters, tenseal

PARAMETERS = Parameters(8192, (60, 40, 60))
FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SumTerms:
    """What owners, adder and key holder agree on.

    Args:
        owners: how many vectors are added; at least two.
        words: numbers in each vector.
        bound: no number is above it in absolute value.

    Raises:
        PromiseError: if the total could leave the range of the parameters, or shows one owner's vector.
    """

    owners: int
    words: int
    bound: float

    def __post_init__(self) -> None:
        if self.owners < FEWEST:
            raise PromiseError(
                f"a sum over {self.owners} owners shows a vector as it is: take {FEWEST} or more."
            )
        if not 0 < self.words < PARAMETERS.slots:
            raise PromiseError(f"{self.words} numbers in a vector: 1 to {PARAMETERS.slots - 1} fit.")
        if not 0 < self.bound * self.owners < PARAMETERS.headroom:
            raise PromiseError(
                f"{self.owners} vectors up to {self.bound:g} may add up to {self.bound * self.owners:g}, and "
                f"{PARAMETERS.headroom:g} is the most: take a smaller unit."
            )

    @property
    def name(self) -> str:
        """The terms in one line, as each message carries them."""
        return f"sum of {self.owners} vectors of {self.words} numbers up to {self.bound!r}"

    @property
    def worst_error(self) -> float:
        """The promised error of a total, `DEVIATIONS` standard deviations."""
        return DEVIATIONS * math.sqrt(self.owners) * PARAMETERS.public_error()


class KeyHolder:
    """Makes the keys, and decrypts the total.

    >>> holder = KeyHolder(SumTerms(owners=2, words=2, bound=10.0))
    >>> sent = [encrypt_vector(holder.terms, holder.public(), holder.key, [v, 1.0]) for v in (3.0, 4.5)]
    >>> holder.total(add_encrypted(holder.terms, holder.public(), holder.key, sent)).round(3)
    array([7.5, 2. ])
    """

    def __init__(self, terms: SumTerms) -> None:
        self.terms = terms
        self.key = secrets.token_hex(16)
        self._context = PARAMETERS.context()

    def public(self) -> bytes:
        """The public key, for owners and adder."""
        return self._context.serialize(save_secret_key=False, save_relin_keys=False, save_galois_keys=False)

    def total(self, raw: bytes) -> Floats:
        """Decrypt the total, float[words]; divide it by the owners for the mean.

        Raises:
            DataError: if it is of other terms, of another key, or damaged.
        """
        terms = self.terms
        answer = read_message(raw, kind="scores", plan=terms.name, key=self.key, parts=1)
        try:
            slots = np.array(tenseal().ckks_vector_from(self._context, answer.parts[0]).decrypt())
        except (ValueError, RuntimeError) as error:
            raise DataError("a total cannot be read: ask for it again.") from error
        rest = slots[terms.words :]  # owners leave these slots zero
        largest = terms.bound * terms.owners + terms.worst_error
        whole = len(slots) == PARAMETERS.slots and (np.abs(rest) <= terms.worst_error).all()
        if not whole or not (np.abs(slots) <= largest).all():
            raise DataError(
                "a total was discarded: it is damaged, of another key, or leaves the agreed bound."
            )
        return slots[: terms.words]


def encrypt_vector(terms: SumTerms, public: bytes, key: str, vector: Floats | list[float]) -> bytes:
    """Encrypt an owner's vector float[words].

    Raises:
        DataError: if it has another length, or leaves the bound.
    """
    values = np.asarray(vector, float)
    if values.shape != (terms.words,) or not (np.abs(values) <= terms.bound).all():
        raise DataError(
            f"a vector must hold {terms.words} numbers, none above {terms.bound:g}: clip or fill it."
        )
    slots = np.zeros(PARAMETERS.slots)
    slots[: terms.words] = values
    part = tenseal().ckks_vector(_public(public), slots.tolist()).serialize()
    batch = secrets.token_hex(16)
    return Message(kind="rows", plan=terms.name, key=key, batch=batch, parts=(part,)).to_bytes()


def add_encrypted(terms: SumTerms, public: bytes, key: str, sent: list[bytes]) -> bytes:
    """Add the owners' ciphertexts, by somebody who holds no secret key.

    Raises:
        DataError: if one is missing, came twice, or is of other terms.
    """
    context = _public(public)
    asked = [read_message(raw, kind="rows", plan=terms.name, key=key, parts=1) for raw in sent]
    if len({message.batch for message in asked}) != len(asked) or len(asked) != terms.owners:
        raise DataError(
            f"{len(asked)} vectors, some twice or some missing: {terms.owners} owners send one each."
        )
    try:
        vectors = [tenseal().ckks_vector_from(context, message.parts[0]) for message in asked]
        total = vectors[0]
        for vector in vectors[1:]:
            total = total + vector
    except (ValueError, RuntimeError) as error:
        raise DataError("a vector cannot be read: ask its owner for it again.") from error
    batch = secrets.token_hex(16)
    made = Message(kind="scores", plan=terms.name, key=key, batch=batch, parts=(total.serialize(),))
    return made.to_bytes()


def _public(raw: bytes):
    try:
        context = tenseal().context_from(raw, n_threads=1)
    except (ValueError, RuntimeError) as error:
        raise DataError("this public key cannot be read: ask the key holder for it again.") from error
    if context.has_secret_key():
        raise PromiseError("this public key holds the secret key: tell the key holder, and use new keys.")
    if not PARAMETERS.are_of(context):
        raise PromiseError(
            "this public key has other parameters than agreed: ask the key holder for new keys."
        )
    return context
