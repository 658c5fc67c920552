"""Dwork, McSherry, Nissim, Smith: Calibrating Noise to Sensitivity in Private Data Analysis (TCC 2006)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.mechanisms.statistics.laws import Term
from confide.mechanisms.statistics.noisy_integers import IntegerNoise
from confide.mechanisms.statistics.promise import Promise, rho_of

COARSE = 30
"""Noise is at least 2^30 steps before sums are made coarser: what is cut off is far below it."""


@dataclass(frozen=True, slots=True)
class NoisySums:
    """Sums of whole numbers with noise, one for each group, and the law of the noise.

    Args:
        whole: the noisy sums, in Python's whole numbers.
        law: of the noise of each, in units of `unit`.
        unit: a power of two: what a step of the noise is worth.
    """

    whole: tuple[int, ...]
    law: IntegerNoise
    unit: int = 1

    @property
    def numbers(self) -> Floats:
        """The sums as float64[m]."""
        return np.array([float(w) for w in self.whole])

    def half_width(self, level: float) -> int:
        """How far each may be from the exact sum at this level: by its noise, and by half a coarse step."""
        return self.unit * self.law.half_width(level) + self.unit // 2

    def term(self, weight: Floats | float = 1.0) -> Term:
        """The noise of each, in a sum in which it has this weight."""
        return self.law, self.unit * weight


def noisy_sums(
    promise: Promise, exact: Sequence[int], *, move: int, entries: int, parts: int = 1, rng: Rng
) -> NoisySums:
    """Sums that one person moves by at most `move`, all of them together; each with noise.

    *Statement.* The release keeps 1 / parts of the promise.

    *Proof.* A person is in at most K = `promise.most` rows, and so in at most `entries` sums; they move the
    vector of sums by at most `move` in the L1 norm, and no further in the L2 norm. Where the noise would be
    more than 2^30 steps, sums are cut to multiples of c = 2^s, rounding down, and half of one is added: a sum
    that moves by d then moves by at most d / c + 1 of the new steps, and all together by at most move / c +
    entries. Which c it is follows from the promise and `move` alone. The noise is that of `Promise.law` for
    this norm.

    Args:
        promise: whose noise is added.
        exact: m whole numbers of any size.
        move: at most, in the L1 norm.
        entries: sums that one person can move.
        parts: into which the budget is divided.
        rng: of a rehearsal.
    """
    if promise.delta == 0:
        size = move * parts / promise.epsilon
    else:
        size = move * math.sqrt(parts / (2 * rho_of(promise.epsilon, promise.delta)))
    shift = max(math.frexp(size)[1] - 1 - COARSE, 0)
    l1 = move if shift == 0 else (move >> shift) + entries
    law = promise.law(l1=l1, l2_squared=l1**2, parts=parts)
    drawn = promise.drawn(law, len(exact), rng)
    middle = 1 << shift >> 1
    noisy = tuple((((e >> shift) + int(k)) << shift) + middle for e, k in zip(exact, drawn, strict=True))
    return NoisySums(noisy, law, 1 << shift)


def noisy_people(
    promise: Promise, exact: Sequence[int], *, entries: int, parts: int = 1, rng: Rng
) -> NoisySums:
    """Counts that one person moves by at most 1 each, in at most `entries` of them: each with noise.

    *Proof.* The L1 norm of the move is at most `entries`, and so is the square of its L2 norm.
    """
    law = promise.law(l1=entries, l2_squared=entries, parts=parts)
    drawn = promise.drawn(law, len(exact), rng)
    return NoisySums(tuple(e + int(k) for e, k in zip(exact, drawn, strict=True)), law)
