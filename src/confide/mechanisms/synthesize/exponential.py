"""McSherry, Talwar: Mechanism Design via Differential Privacy (FOCS 2007), with its concentrated cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import PromiseError
from confide.mechanisms.noise.coins import below_power, rate_below
from confide.mechanisms.noise.source import Noise, words_of
from confide.mechanisms.noise.words import Words, below

if TYPE_CHECKING:
    from opendp.mod import Measurement

GRAIN = 1 << 10
"""Scores are whole numbers of this part of a row."""
LARGEST = 2.0**50
"""Scores, in rows: their steps and differences fit 64 bits."""
AT_ONCE = 256
"""Candidates that are drawn together."""


@dataclass(frozen=True, slots=True)
class Exponential:
    """Chooses a candidate with probability in proportion to exp(score / scale).

    *Statement.* Where one person moves every score by at most `move`, the choice is rho-zero-concentrated
    differentially private with rho = (move / scale)^2 / 2.

    *Proof.* The choice is epsilon-bounded-range with epsilon = 2 move / scale, which is epsilon^2 / 8 of rho
    (Cesar and Rogers 2021, lemma 3.2). Scores are rounded down to a grid, which moves the difference of two
    neighbours' scores by one step at most: the step is added to `move`.

    For a real release the noise is OpenDP's Gumbel noise (`make_noisy_max`); a rehearsal draws candidates
    evenly and keeps one with probability exp(-gap / scale), which has the same law.

    Args:
        move: how far one person moves a score, in rows.
        rho: what the choice may cost.

    Raises:
        PromiseError: if such noise cannot be drawn.

    >>> choose = Exponential(move=1.0, rho=50.0)
    >>> choose(np.array([0.0, 100.0, 3.0]), noise="rehearsal", rng=np.random.default_rng(0))
    1
    """

    move: float
    rho: float

    def __post_init__(self) -> None:
        if not 0 < self.move < 2**30:
            raise PromiseError(
                f"one person moves a score by {self.move:g}: give a number above 0, below 2^30."
            )
        if not 2.0**-40 < self.scale < 2.0**45:
            raise PromiseError(f"a choice at rho {self.rho:g} cannot be drawn: give a larger budget.")

    @property
    def steps(self) -> int:
        """How far one person moves a score at most, in steps of the grid."""
        return math.ceil(self.move * GRAIN) + 1

    @property
    def scale(self) -> float:
        """Of the noise, in steps of the grid."""
        return math.nextafter(self.steps / math.sqrt(2 * self.rho), math.inf) if self.rho > 0 else math.inf

    @property
    def cost(self) -> float:
        """The rho that is paid, by OpenDP's privacy map: rounded up."""
        return float(_measurement(self.scale).map(self.steps))

    def __call__(self, scores: Floats, *, noise: Noise, rng: Rng) -> int:
        """The position of the chosen score.

        Args:
            scores: float64[m], finite, in rows.
            noise: "secure" or "rehearsal".
            rng: of a rehearsal.
        """
        if not (np.abs(scores) < LARGEST).all():
            raise PromiseError("a score is no number, or too large: give smaller weights.")
        steps = np.floor(scores * GRAIN).astype(np.int64)
        if noise == "rehearsal":
            return _drawn(steps.max() - steps, self.scale, words_of(noise, rng))
        return int(_measurement(self.scale)(steps.tolist()))


def _drawn(gaps: Ints, scale: float, words: Words) -> int:
    rate = rate_below(1 / Fraction(scale))
    while True:
        one = below(len(gaps), AT_ONCE, words)
        kept = np.flatnonzero(below_power(AT_ONCE, rate, words) >= gaps[one])
        if len(kept):
            return int(one[kept[0]])


@lru_cache(maxsize=1024)
def _measurement(scale: float) -> Measurement:
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_noisy_max
    from opendp.measures import zero_concentrated_divergence
    from opendp.metrics import linf_distance
    from opendp.mod import enable_features

    enable_features("contrib")
    space = vector_domain(atom_domain(T="i64")), linf_distance(T="i64", monotonic=False)
    return make_noisy_max(*space, zero_concentrated_divergence(), scale=scale)
