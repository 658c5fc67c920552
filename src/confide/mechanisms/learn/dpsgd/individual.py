"""Individual epsilons: who spent how much, from the norms that clipping computes (Feldman, Zrnic 2021).

A person whose gradient is shorter than the clip moves the sum by less, and the noise hides them better. For
each step the bound on a person's norm is rounded up to one of 16 shares of the clip. A step without them
counts with the norm that they had last, and with the whole clip before there was one (after Yu et al. 2022).

*These numbers are about people in the data, and are computed from their data without noise*: for the owner of
the data alone, never to be published. A norm between two samples may have grown, so they are estimates; no
one is above the promise, which holds for everybody.
"""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.mechanisms.learn.dpsgd.renyi import at_delta, renyi_of_step

SHARES = 16


class Spending:
    """Counts for each person the steps that they took part in with each share of the clip.

    Args:
        people: their number.
        clip: C.
    """

    def __init__(self, people: int, clip: float) -> None:
        self._clip = clip
        self.counts: Ints = np.zeros((people, SHARES), np.int64)
        self.last: Ints = np.full(people, SHARES - 1)

    def note(self, sample: Ints, norms: Floats) -> None:
        """Note one step: who was in it, with which norms (NaN for a gradient that was clipped to zero)."""
        share = np.ceil(np.minimum(np.nan_to_num(norms, nan=0.0) / self._clip, 1) * SHARES).astype(np.int64)
        self.last[sample] = np.maximum(share, 1) - 1
        self.counts[np.arange(len(self.last)), self.last] += 1

    def epsilons(self, *, multiplier: float, rate: float, delta: float, promised: float) -> Floats:
        """Each person's epsilon, float64[people]; never above the one that is promised.

        Args:
            multiplier: the noise's, for a gradient as long as the clip.
            rate: of the samples.
            delta: at which epsilons are stated.
            promised: to everybody.
        """
        one = np.array([renyi_of_step(multiplier * SHARES / share, rate) for share in range(1, SHARES + 1)])
        different, back = np.unique(self.counts, axis=0, return_inverse=True)
        moments = different.astype(np.float64) @ one
        spent = np.maximum((moments + at_delta(delta)).min(axis=1), 0)
        # For a person who is clipped in every step, moments give more than the promise, by the finer account.
        return np.minimum(spent, promised)[back.reshape(-1)]
