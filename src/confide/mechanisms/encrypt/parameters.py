"""Encryption parameters, taken from the table of the homomorphic encryption standard (128 bits).

Albrecht et al.: Homomorphic Encryption Security Standard (2018), table for ternary secrets and classical
attackers. A larger modulus allows deeper computations and weakens the encryption: the table says how large it
may be at each polynomial degree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from confide.core.errors import DataError, PromiseError

LARGEST_MODULUS = {1024: 27, 2048: 54, 4096: 109, 8192: 218, 16384: 438, 32768: 881}
"""Bits of the whole modulus, special prime included, that keep 128 bits of security at each degree."""
LARGEST_PRIME = 60
SMALLEST_PRIME = 20  # SEAL finds too few primes below this at the larger degrees
DEVIATION = math.sqrt(21 / 2)  # of SEAL's errors, centred binomial; the standard asks for 3.2


@dataclass(frozen=True, slots=True)
class Parameters:
    """CKKS parameters: polynomial degree, and the bits of each prime of the modulus.

    Args:
        degree: of the polynomials; half of it is the number of slots.
        bits: the first prime, one for each level of multiplication (all of the same size), the special prime.

    Raises:
        PromiseError: if the table does not have them, or SEAL would refuse them.

    >>> Parameters(8192, (60, 40, 60)).levels
    1
    """

    degree: int
    bits: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.degree not in LARGEST_MODULUS:
            raise PromiseError(f"degree {self.degree} is not in the standard's table: {[*LARGEST_MODULUS]}.")
        total, most = sum(self.bits), LARGEST_MODULUS[self.degree]
        if total > most:
            raise PromiseError(
                f"{total} bits of modulus at degree {self.degree} give less than 128 bits of security: "
                f"at most {most}. The table allows 109 at 4096, 218 at 8192 and 438 at 16384: take a larger "
                "degree, or a model of fewer layers."
            )
        if len(self.bits) < 3 or len(set(self.bits[1:-1])) != 1:
            raise PromiseError(f"{self.bits} is no chain of primes: a first, equal levels, a special one.")
        if not all(SMALLEST_PRIME <= b <= LARGEST_PRIME for b in self.bits) or self.bits[-1] < max(self.bits):
            raise PromiseError(
                f"primes of {self.bits} bits: each takes {SMALLEST_PRIME} to {LARGEST_PRIME}, and the last "
                "is the largest."
            )

    @property
    def slots(self) -> int:
        """Numbers that one ciphertext holds."""
        return self.degree // 2

    @property
    def levels(self) -> int:
        """Multiplications after each other that the modulus allows."""
        return len(self.bits) - 2

    @property
    def scale(self) -> float:
        """The fixed point: a number x is held as the integer nearest to x * scale."""
        return 2.0 ** self.bits[1]

    @property
    def headroom(self) -> float:
        """The absolute value that the last level still holds; beyond it, numbers wrap around in silence."""
        return 2.0 ** (self.bits[0] - 1 - self.bits[1])

    def primes(self) -> list[int]:
        """The primes that SEAL takes for these bits."""
        created = import_module("tenseal.sealapi").CoeffModulus.Create(self.degree, list(self.bits))
        return [prime.value() for prime in created]

    def are_of(self, context: Any) -> bool:
        """Whether a context has these parameters."""
        primes = self.primes()  # loads the types of SEAL, which the next line returns
        held = context.seal_context().data.key_context_data().parms()
        modulus = [prime.value() for prime in held.coeff_modulus()]
        return held.poly_modulus_degree() == self.degree and modulus == primes

    def context(self) -> Any:
        """A new TenSEAL context, with a new secret key."""
        made = tenseal().context(
            tenseal().SCHEME_TYPE.CKKS, self.degree, coeff_mod_bit_sizes=list(self.bits), n_threads=1
        )
        made.global_scale = self.scale
        return made

    def fresh_error(self) -> float:
        """Standard deviation of a slot's error after encryption with the secret key."""
        return self._of_slot(math.hypot(DEVIATION, math.sqrt(1 / 12)))

    def public_error(self) -> float:
        """The same with the public key: SEAL encrypts with the special prime and drops it, which rounds."""
        before = DEVIATION * math.sqrt(4 * self.degree / 3 + 1) / 2.0 ** (self.bits[-1] - 1)
        return math.hypot(self.rescaling_error(), self._of_slot(before))

    def rescaling_error(self) -> float:
        """Standard deviation of what rounding after one multiplication adds to a slot."""
        return self._of_slot(math.sqrt((1 + 2 * self.degree / 3) / 12))

    def coding_error(self) -> float:
        """Standard deviation of what rounding the coefficients of a plaintext adds to a slot."""
        return self._of_slot(math.sqrt(1 / 12))

    def rotation_error(self, level: int) -> float:
        """Standard deviation of what turning the slots adds to the worst one, with `level` levels left.

        The ciphertext is cut into its remainders by each prime q; each is multiplied with a key whose error
        is divided by the special prime. SEAL takes remainders from 0 to q, so that their mean is a polynomial
        q / 2 (1 + x + x^2 + ...), which is q degree / pi in the first slot and small in most others.
        """
        digits = math.sqrt(sum(4.0**b for b in self.bits[: level + 1])) / 2.0 ** self.bits[-1]
        switched = DEVIATION * self.degree / math.pi * digits
        return math.hypot(self.rescaling_error(), self._of_slot(switched))

    def _of_slot(self, in_coefficients: float) -> float:
        return in_coefficients * math.sqrt(self.degree / 2) / self.scale


def tenseal() -> Any:
    """The module of TenSEAL, which has no types.

    Raises:
        DataError: if it is not installed.
    """
    if find_spec("tenseal") is None:
        raise DataError("encrypted computation needs TenSEAL: pip install 'confide[encrypt]'.")
    return import_module("tenseal")
