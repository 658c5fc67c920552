"""Sparse-vector upload: which parameters changed by more than a threshold, and by how much, with noise.

The mechanism of Shokri, Shmatikov (CCS 2015), which is NumericSparse of Dwork, Roth: The Algorithmic
Foundations of Differential Privacy (2014), algorithm 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import PromiseError
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.lattice import off_grid, on_grid, step_for
from confide.mechanisms.noise.words import Words

LEAST = 1e-4
"""With a smaller epsilon a parameter, rounding to the noise's grid would count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseUpload:
    """The sparse vector technique with answers: c changes above a threshold are uploaded, with noise.

    *Statement.* An upload of at most c changes is (c epsilon)-differentially private, whatever the records
    of the participant are.

    *Proof.* Let E = c epsilon and D = 2 clip: no change that is clipped moves by more. Up to each upload the
    threshold has Laplace noise of scale 2 c D / E1 and each change one of 4 c D / E1, E1 = 8/9 E. By the
    sparse vector theorem this costs D E1 / (2 c D) + 2 D E1 / (4 c D) = E1 / c; the threshold's noise is
    drawn again after each, and there are c. The value gets noise of its own, of scale 2 c D / E2, E2 = 2/9 E:
    c times E2 / (2 c). Together E1 + E2 / 2 = E. The order in which changes are looked at is random, and
    values are clipped again, which uses no record.

    *Conditions.* Noise is drawn exactly, in whole numbers, on a grid on which changes are rounded; D is
    larger by one step for that. The epsilon of one parameter bounds nothing that anybody sees: an upload has
    c of them, and a run one upload a round.

    Args:
        epsilon: of one parameter in one round, as the paper states it.
        clip: the largest change that is uploaded, the paper's gamma.
        threshold: no smaller change is to be uploaded, the paper's tau.

    Raises:
        PromiseError: if a setting is out of range.
    """

    epsilon: float
    clip: float
    threshold: float

    def __post_init__(self) -> None:
        if not LEAST <= self.epsilon < math.inf:
            raise PromiseError(
                f"epsilon a parameter is {self.epsilon}: give a finite number from {LEAST:g} on."
            )
        if not 0 < self.clip < math.inf:
            raise PromiseError(f"clip is {self.clip}: give a finite number above 0.")
        if not 0 <= self.threshold <= self.clip:
            raise PromiseError(
                f"threshold is {self.threshold}: give a number from 0 to the clip, {self.clip}."
            )

    def cost(self, most: int) -> float:
        """The epsilon of an upload of at most this many changes."""
        return self.epsilon * most

    @property
    def scales(self) -> tuple[float, float, float]:
        """Of the noise on the threshold, on each change that is compared, and on each that is uploaded.

        The number c cancels out: 2 c D / E1 = 9 D / (4 epsilon).

        >>> [round(s, 3) for s in SparseUpload(epsilon=1.0, clip=0.5, threshold=0.0).scales]
        [2.25, 4.5, 9.0]
        """
        return self._scale(9 / 4), self._scale(9 / 2), self._scale(9)

    def __call__(self, change: Floats, *, most: int, words: Words, rng: Rng) -> tuple[Ints, Floats]:
        """What is uploaded of a change.

        Args:
            change: float64[p].
            most: c, how many parameters are uploaded at most.
            words: the source of noise.
            rng: the order in which parameters are looked at, which no promise rests on.

        Returns:
            positions int64[k] in order, and values float64[k] from -clip to clip; k is at most c.
        """
        order = rng.permutation(len(change))
        values = np.clip(change[order], -self.clip, self.clip)
        found = self._above(np.abs(values), most, words)
        noisy = self._noised(values[found], self.scales[2], words)
        positions = order[found]
        by_place = np.argsort(positions)
        return positions[by_place].astype(np.int64), np.clip(noisy, -self.clip, self.clip)[by_place]

    def _above(self, sizes: Floats, most: int, words: Words) -> Ints:
        """Where the first `most` sizes stand that are above the threshold, both with noise."""
        of_threshold, of_size, _ = self.scales
        # One grid for both, the finer one, so that they are compared as whole numbers.
        step = step_for(of_threshold)
        noise = discrete_laplace(len(sizes), rate=_rate(of_size, step), words=words)
        noisy = on_grid(sizes, step) + noise
        line = int(on_grid(np.array(self.threshold), step))
        moved = line + discrete_laplace(most, rate=_rate(of_threshold, step), words=words)
        found: list[int] = []
        at = 0
        for threshold in moved:
            ahead = np.flatnonzero(noisy[at:] >= threshold)[:1]
            if not len(ahead):
                break
            at += int(ahead[0]) + 1
            found.append(at - 1)
        return np.array(found, np.int64)

    def _noised(self, values: Floats, scale: float, words: Words) -> Floats:
        step = step_for(scale)
        noise = discrete_laplace(len(values), rate=_rate(scale, step), words=words)
        return off_grid(on_grid(values, step) + noise, step)

    def _scale(self, over: float) -> float:
        """A scale of `over / epsilon` times D, with D larger by one step of the noise's grid."""
        times = over / self.epsilon
        return times * 2 * self.clip / (1 - times * 2.0**-20)


def _rate(scale: float, step: float) -> Fraction:
    """The rate of discrete Laplace noise of at least this scale, in steps."""
    return Fraction(1, math.ceil(scale / step))
