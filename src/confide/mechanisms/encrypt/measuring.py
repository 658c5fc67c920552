"""Primitives of encrypted computation, measured on this machine for about two seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from confide.mechanisms.encrypt.parameters import Parameters, tenseal

REPEATS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Primitives:
    """Processor seconds of one operation, by level where that matters, and sizes in bytes.

    Args:
        encrypt, decrypt: one ciphertext, with its coding as bytes.
        multiply: a ciphertext with a number, rounded and added to a sum; before each level is used.
        square: a ciphertext with itself; empty where the model has no squares.
        fresh_bytes, score_bytes: of a ciphertext before the first and after the last level.
        kit_bytes: of the keys for the evaluator.
    """

    encrypt: float
    decrypt: float
    multiply: tuple[float, ...]
    square: tuple[float, ...]
    fresh_bytes: int
    score_bytes: int
    kit_bytes: int


def measured(parameters: Parameters, *, squares: bool) -> Primitives:
    """Measure the primitives under a key that is thrown away."""
    context, ts = parameters.context(), tenseal()
    values = [0.5] * parameters.slots
    vector = ts.ckks_vector(context, values)
    encrypt = _seconds(lambda: ts.ckks_vector(context, values).serialize())
    fresh, multiply, square = len(vector.serialize()), list[float](), list[float]()
    for _ in range(parameters.levels):
        total = vector * 0.75
        multiply.append(_seconds(lambda v=vector, t=total: t + v * 0.75))
        if squares:
            square.append(_seconds(lambda v=vector: v.square()))
        vector = total
    raw = vector.serialize()
    return Primitives(
        encrypt=encrypt,
        decrypt=_seconds(lambda: ts.ckks_vector_from(context, raw).decrypt()),
        multiply=tuple(multiply),
        square=tuple(square),
        fresh_bytes=fresh,
        score_bytes=len(raw),
        kit_bytes=len(public_part(context, squares=squares)),
    )


def public_part(context: Any, *, squares: bool) -> bytes:
    """What an evaluator needs of a context: no secret key, and keys for squares only where they occur."""
    return context.serialize(
        save_public_key=False,
        save_secret_key=False,
        save_galois_keys=False,
        save_relin_keys=squares,
    )


def _seconds(operation: Callable[[], object]) -> float:
    """The median of the processor seconds of an operation."""
    taken = list[float]()
    for _ in range(REPEATS):
        start = time.process_time()
        operation()
        taken.append(time.process_time() - start)
    return median(taken)
