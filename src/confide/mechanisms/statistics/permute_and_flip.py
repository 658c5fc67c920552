"""McKenna, Sheldon: Permute-and-Flip: A New Mechanism for Differentially Private Selection (NeurIPS 2020)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.errors import PromiseError
from confide.mechanisms.noise.coins import below_power, rate_below
from confide.mechanisms.noise.source import Noise, words_of
from confide.mechanisms.noise.words import Words, below

if TYPE_CHECKING:
    from opendp.mod import Measurement


@dataclass(frozen=True, slots=True)
class Selection:
    """Names the candidates of the largest scores, one after the other, with noise.

    *Statement.* The k names, in their order, are epsilon-differentially private.

    *Proof.* One person moves every score by at most s. A candidate is drawn at random and taken with
    probability exp(-gap / scale), where gap is how far its score is below the largest; otherwise the next is
    drawn. That is the law of the largest score plus exponential noise (Ding et al. 2021), and it keeps 2 s /
    scale, or s / scale where one more person never lowers a score (McKenna and Sheldon, theorem 1). The next
    name is drawn in the same way among the others. So k names keep k times as much.

    For a real release the noise is OpenDP's (`make_noisy_max`, `make_noisy_top_k`), which asks for the scale
    and says what it costs.

    Args:
        scale: of the noise, in units of the score.
        k: how many names.
        monotone: one more person never lowers a score, as with counts.
        smallest: name the smallest scores in place of the largest.
    """

    scale: float
    k: int = 1
    monotone: bool = False
    smallest: bool = False

    @classmethod
    def for_epsilon(
        cls, epsilon: Fraction, *, move: int, k: int = 1, monotone: bool = False, smallest: bool = False
    ) -> Selection:
        """The smallest noise whose privacy map, rounded up, is within epsilon.

        Args:
            epsilon: in nats.
            move: s, by how much one person changes a score at most.
            k, monotone, smallest: as in the class.

        Raises:
            PromiseError: if such noise cannot be drawn.
        """
        scale = float((1 if monotone else 2) * k * move / epsilon)
        if not 2.0**-20 < scale < 2.0**40:
            raise PromiseError(f"noise of scale {scale:g} cannot be drawn: give another epsilon.")
        made = cls(scale, k, monotone, smallest)
        while Fraction(made.epsilon(move)) > epsilon:
            made = cls(math.nextafter(made.scale, math.inf), k, monotone, smallest)
        return made

    def epsilon(self, move: int) -> float:
        """What it costs where one person changes a score by at most this: by OpenDP's map, rounded up."""
        return float(_measurement(self).map(move))

    def names(self, scores: Sequence[int] | Ints, noise: Noise, rng: Rng) -> Ints:
        """The positions of the k chosen scores, in their order: int64[min(k, m)].

        Args:
            scores: m whole numbers, at least one.
            noise: "secure" or "rehearsal".
            rng: of a rehearsal.
        """
        plain = [int(score) for score in scores]
        if noise == "rehearsal":
            return self._rehearsed(plain, words_of(noise, rng))
        chosen = _measurement(self if self.k <= len(plain) else self._fewer(len(plain)))(plain)
        return np.atleast_1d(np.asarray(chosen, np.int64))

    def _fewer(self, m: int) -> Selection:
        return Selection(self.scale, m, self.monotone, self.smallest)

    def _rehearsed(self, scores: list[int], words: Words) -> Ints:
        left = np.arange(len(scores))
        numbers = np.array(scores, np.int64) * (-1 if self.smallest else 1)
        rate, chosen = rate_below(1 / Fraction(self.scale)), []
        while len(left) and len(chosen) < self.k:
            gap = numbers[left].max() - numbers[left]
            # All coins are tossed, and one that fell heads is drawn: the first of a random order is any of
            # them with the same chance.
            heads = np.flatnonzero(below_power(len(left), rate, words) >= gap)
            one = heads[int(below(len(heads), 1, words)[0])]
            chosen.append(int(left[one]))
            left = np.delete(left, one)
        return np.array(chosen, np.int64)


@lru_cache(maxsize=1024)
def _measurement(selection: Selection) -> Measurement:
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_noisy_max, make_noisy_top_k
    from opendp.measures import max_divergence
    from opendp.metrics import linf_distance
    from opendp.mod import enable_features

    enable_features("contrib")
    space = vector_domain(atom_domain(T="i64")), linf_distance(T="i64", monotonic=selection.monotone)
    asked = {"scale": selection.scale, "negate": selection.smallest}
    if selection.k == 1:
        return make_noisy_max(*space, max_divergence(), **asked)
    return make_noisy_top_k(*space, max_divergence(), k=selection.k, **asked)
