"""Primitives of encrypted computation, measured on this machine, and how many of them an evaluation takes.

Evaluation is written on `Operations`. A `Tally` has the same operations on empty ciphertexts and adds up the
measured seconds of each, so that a forecast counts what is done and not what somebody thought is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from statistics import median
from typing import Any

import numpy as np

from confide.core.arrays import Floats
from confide.mechanisms.encrypt.parameters import Parameters
from confide.mechanisms.encrypt.seal import Seal, rotation_keys, saved

SECONDS = 2.0
ROUNDS = 25  # more do not change a median
CIPHERTEXTS = 24  # of degree 8192, in turn: one alone would stay in the nearest cache, as a model's do not


@dataclass(frozen=True, slots=True, kw_only=True)
class Primitives:
    """Processor seconds of operations, and sizes in bytes.

    Args:
        parameters: that they were measured with.
        encrypt, read, save, decrypt: one ciphertext, with its coding as bytes.
        seconds: of an operation of `Operations` at a level, by both.
        fresh_bytes, score_bytes: of a ciphertext as it is sent, and after the last level.
        context_bytes, rotation_bytes: of the kit without rotation keys, and of one of these.
        secret_bytes: of the client's secret and public key.
    """

    parameters: Parameters
    encrypt: float
    read: float
    save: float
    decrypt: float
    seconds: dict[tuple[str, int], float]
    fresh_bytes: int
    score_bytes: int
    context_bytes: int
    rotation_bytes: int
    secret_bytes: int


@dataclass(slots=True)
class Blank:
    """An empty ciphertext: level and scale alone."""

    level: int
    scale: float


class Tally:
    """Adds up the seconds of the operations that an evaluation calls.

    Args:
        primitives: measured.
    """

    def __init__(self, primitives: Primitives) -> None:
        self._seconds = primitives.seconds
        self._primes = primitives.parameters.primes()
        self.total = 0.0

    def level(self, one: Blank) -> int:
        return one.level

    def scale(self, one: Blank) -> float:
        return one.scale

    def prime(self, one: Blank) -> int:
        return self._primes[one.level]

    def coded(self, values: Floats | float, one: Blank, scale: float) -> bool | None:
        self._spend("number" if np.ndim(values) == 0 else "row", one.level)
        return True if np.abs(values).max() * scale >= 0.5 else None

    def times(self, one: Blank, plain: bool) -> Blank:
        self._spend("times", one.level)
        return Blank(one.level, one.scale)

    def plus(self, one: Blank, values: Floats | float) -> Blank:
        self._spend("number" if np.ndim(values) == 0 else "row", one.level)
        return one

    def add_to(self, one: Blank, other: Blank) -> Blank:
        self._spend("add", one.level)
        return one

    def rounded(self, one: Blank, scale: float) -> Blank:
        self._spend("round", one.level)
        return Blank(one.level - 1, scale)

    def product(self, one: Blank, other: Blank) -> Blank:
        low = min(one.level, other.level)
        self._spend("product", low)
        return Blank(low, one.scale)

    def lowered(self, one: Blank, level: int) -> Blank:
        return Blank(level, one.scale)  # copies, which is quick

    def rotated(self, one: Blank, step: int) -> Blank:
        self._spend("rotate", one.level)
        return Blank(one.level, one.scale)

    def _spend(self, name: str, level: int) -> None:
        self.total += self._seconds[name, level]


@lru_cache(maxsize=32)
def measured(
    parameters: Parameters, *, squares: bool, rotations: bool = False, seconds: float = SECONDS
) -> Primitives:
    """Measure the primitives for at most about `seconds`, under a key that is thrown away.

    Once in a process. All operations take turns, so that a busy spell of the machine falls on each.
    """
    context = parameters.context()
    steps = rotation_keys(context, parameters, (1,)) if rotations else None
    seal = Seal(context, parameters, rotations=steps)
    values = np.linspace(0.1, 0.9, parameters.slots)
    fresh = seal.encrypted(values)
    timed = dict[tuple[str, int], Callable[[], object]]()
    ones = [seal.read(fresh) for _ in range(max(4, CIPHERTEXTS * 8192 // parameters.degree))]
    for level in range(parameters.levels, -1, -1):
        ones = [seal.lowered(one, level) for one in ones]
        for name, call in _calls(seal, [*ones], values, rotations=rotations, squares=squares).items():
            timed[name, level] = call
    last = saved(ones[0])
    timed |= {
        ("encrypt", -1): lambda: seal.encrypted(values),
        ("read", -1): lambda: seal.read(fresh),
        ("save", -1): lambda: saved(ones[0]),
        ("decrypt", -1): lambda: seal.decrypted(seal.read(last)),
    }
    took = _seconds(timed, seconds)
    return Primitives(
        parameters=parameters,
        encrypt=took.pop(("encrypt", -1)),
        read=took.pop(("read", -1)),
        save=took.pop(("save", -1)),
        decrypt=took.pop(("decrypt", -1)),
        seconds=took,
        fresh_bytes=len(fresh),
        score_bytes=len(last),
        context_bytes=len(public_part(context, squares=squares)),
        rotation_bytes=0 if steps is None else len(steps),
        secret_bytes=len(
            context.serialize(save_secret_key=True, save_galois_keys=False, save_relin_keys=False)
        ),
    )


def public_part(context: Any, *, squares: bool) -> bytes:
    """What an evaluator needs of a context: no secret key, and keys for squares only where they occur."""
    return context.serialize(
        save_public_key=False,
        save_secret_key=False,
        save_galois_keys=False,
        save_relin_keys=squares,
    )


def _calls(
    seal: Seal, ones: list[Any], values: Floats, *, rotations: bool, squares: bool
) -> dict[str, Callable[[], object]]:
    """One call of each operation on ciphertexts of one level."""
    first, scale = ones[0], seal.scale(ones[0])
    found: dict[str, Callable[[], object]] = {
        "number": lambda: seal.coded(0.75, first, scale),
        "row": lambda: seal.coded(values, first, scale),
    }
    total = seal.plus(ones.pop(), 0.5)  # a ciphertext of its own, since adding changes it
    turn = cycle(ones)
    found["add"] = lambda: seal.add_to(total, first)
    if seal.level(first):
        plain = seal.coded(0.75, first, scale)
        found |= {
            "times": lambda: seal.times(next(turn), plain),
            "round": lambda: seal.rounded(seal.times(first, plain), scale),
        }
        if squares:
            found["product"] = lambda: seal.product(first, first)
        if rotations:
            found["rotate"] = lambda: seal.rotated(first, 1)
    return found


def _seconds(
    timed: dict[tuple[str, int], Callable[[], object]], budget: float
) -> dict[tuple[str, int], float]:
    """The median of the processor seconds of each operation."""
    taken = {key: list[float]() for key in timed}
    end = time.process_time() + budget
    for _ in range(ROUNDS):
        for key, call in timed.items():
            start = time.process_time()
            call()
            taken[key].append(time.process_time() - start)
        if time.process_time() > end:  # at the largest degrees one round takes longer
            break
    found = {key: median(times) for key, times in taken.items()}
    for name, level in found:  # its call makes what it rounds
        if name == "round":
            found[name, level] = max(0.0, found[name, level] - found["times", level])
    return found
