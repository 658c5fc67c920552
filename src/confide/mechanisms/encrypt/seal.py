"""Operations of CKKS by Microsoft SEAL (in TenSEAL), with the scale of every ciphertext kept exact.

TenSEAL's own vectors take each prime for the scale itself, round after every product, and rotate with a full
set of keys. Here a weight is coded at the scale that makes the result exact, a sum is rounded once, and the
rotation keys are those that a plan names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np

from confide.core.arrays import Floats
from confide.mechanisms.encrypt.parameters import Parameters

GENERATOR = 3  # SEAL turns slots by `step` with the automorphism x -> x^(3^step)


class Operations(Protocol):
    """What evaluation needs of ciphertexts: SEAL's on real ones, a tally's on empty ones.

    An operation may change its first ciphertext where its name says so (`add_to`).
    """

    def level(self, one: Any) -> int:
        """Multiplications that are left."""
        ...

    def scale(self, one: Any) -> float:
        """The fixed point."""
        ...

    def prime(self, one: Any) -> int:
        """The prime that the next rounding divides by."""
        ...

    def coded(self, values: Floats | float, one: Any, scale: float) -> Any:
        """Numbers as a plaintext that can be multiplied with a ciphertext; None where they round to zero."""
        ...

    def times(self, one: Any, plain: Any) -> Any:
        """A ciphertext times a plaintext, not yet rounded."""
        ...

    def plus(self, one: Any, values: Floats | float) -> Any:
        """A ciphertext plus numbers."""
        ...

    def add_to(self, one: Any, other: Any) -> Any:
        """Add the other to the first."""
        ...

    def rounded(self, one: Any, scale: float) -> Any:
        """Divide by the next prime; the scale is then as said."""
        ...

    def product(self, one: Any, other: Any) -> Any:
        """A product of ciphertexts, at the lower level of both, not yet rounded."""
        ...

    def lowered(self, one: Any, level: int) -> Any:
        """The same numbers at a lower level."""
        ...

    def rotated(self, one: Any, step: int) -> Any:
        """Slots turned to the left."""
        ...


class Seal:
    """SEAL's operations under one context.

    Args:
        context: of TenSEAL; what needs a key that it lacks cannot be called.
        parameters: of the context.
        rotations: keys of `rotation_keys`; None where nothing is rotated.
    """

    def __init__(self, context: Any, parameters: Parameters, *, rotations: bytes | None = None) -> None:
        api = import_module("tenseal.sealapi")
        self._api, self._parameters = api, parameters
        self._seal = context.seal_context().data
        self._primes = parameters.primes()
        self._evaluator, self._encoder = api.Evaluator(self._seal), api.CKKSEncoder(self._seal)
        self._squares = context.relin_keys().data if context.has_relin_keys() else None
        self._rotations = None if rotations is None else self._opened(api.GaloisKeys(), rotations)
        self._fresh = self._seal.first_parms_id()
        secret = context.secret_key().data if context.has_secret_key() else None
        if secret is not None:
            self._decryptor = api.Decryptor(self._seal, secret)
            self._encryptor = api.Encryptor(self._seal, secret)

    def turns(self, steps: tuple[int, ...]) -> bool:
        """Whether there is a key for each of these steps."""
        elements = (pow(GENERATOR, step, 2 * self._parameters.degree) for step in steps)
        return all(self._rotations is not None and self._rotations.has_key(one) for one in elements)

    def encrypted(self, values: Floats) -> bytes:
        """Encrypt the slots with the secret key; the random half of the ciphertext is sent as its seed."""
        plain = self._api.Plaintext()
        self._encoder.encode(values.tolist(), self._fresh, self._parameters.scale, plain)
        return saved(self._encryptor.encrypt_symmetric(plain))

    def decrypted(self, one: Any) -> Floats:
        """The slots of a ciphertext."""
        plain = self._api.Plaintext()
        self._decryptor.decrypt(one, plain)
        return np.array(self._encoder.decode_double(plain))

    def read(self, raw: bytes) -> Any:
        """A ciphertext from bytes.

        Raises:
            ValueError, RuntimeError: by SEAL, if it is none of these parameters.
        """
        return self._opened(self._api.Ciphertext(), raw)

    def level(self, one: Any) -> int:
        return one.coeff_modulus_size() - 1

    def scale(self, one: Any) -> float:
        return one.scale

    def prime(self, one: Any) -> int:
        return self._primes[one.coeff_modulus_size() - 1]

    def coded(self, values: Floats | float, one: Any, scale: float) -> Any:
        plain = self._api.Plaintext()
        numbers = float(values) if np.ndim(values) == 0 else np.asarray(values).tolist()
        self._encoder.encode(numbers, one.parms_id(), scale, plain)
        return None if plain.is_zero() else plain

    def times(self, one: Any, plain: Any) -> Any:
        made = self._api.Ciphertext(self._seal)
        self._evaluator.multiply_plain(one, plain, made)
        return made

    def plus(self, one: Any, values: Floats | float) -> Any:
        plain = self.coded(values, one, one.scale)
        if plain is not None:
            self._evaluator.add_plain_inplace(one, plain)
        return one

    def add_to(self, one: Any, other: Any) -> Any:
        self._evaluator.add_inplace(one, other)
        return one

    def rounded(self, one: Any, scale: float) -> Any:
        self._evaluator.rescale_to_next_inplace(one)
        one.scale = scale
        return one

    def product(self, one: Any, other: Any) -> Any:
        made = self._api.Ciphertext(self._seal)
        if one is other:
            self._evaluator.square(one, made)
        else:
            low = min(self.level(one), self.level(other))
            self._evaluator.multiply(self.lowered(one, low), self.lowered(other, low), made)
        self._evaluator.relinearize_inplace(made, self._squares)
        return made

    def lowered(self, one: Any, level: int) -> Any:
        while self.level(one) > level:
            made = self._api.Ciphertext(self._seal)
            self._evaluator.mod_switch_to_next(one, made)
            one = made
        return one

    def rotated(self, one: Any, step: int) -> Any:
        made = self._api.Ciphertext(self._seal)
        self._evaluator.rotate_vector(one, step, self._rotations, made)
        return made

    def _opened(self, empty: Any, raw: bytes) -> Any:
        with _file() as path:
            path.write_bytes(raw)
            empty.load(self._seal, str(path))
        return empty


def rotation_keys(context: Any, parameters: Parameters, steps: tuple[int, ...]) -> bytes:
    """Keys that turn slots by these steps to the left and by no other; half of each is sent as its seed."""
    api = import_module("tenseal.sealapi")
    maker = api.KeyGenerator(context.seal_context().data, context.secret_key().data)
    elements = [pow(GENERATOR, step, 2 * parameters.degree) for step in steps]
    return saved(maker.create_galois_keys(elements))


def saved(thing: Any) -> bytes:
    """What SEAL writes of a ciphertext or of keys."""
    with _file() as path:
        thing.save(str(path))
        return path.read_bytes()


@contextmanager
def _file() -> Iterator[Path]:
    """A file for SEAL, which reads and writes nothing else; in memory where the system can."""
    if hasattr(os, "memfd_create"):
        held = os.memfd_create("seal")
        try:
            yield Path(f"/proc/self/fd/{held}")
        finally:
            os.close(held)
    else:
        with TemporaryDirectory() as folder:
            yield Path(folder) / "seal"
