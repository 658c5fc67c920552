"""Gap sampling in Markov chains: what is between two steps that were seen, from its exact law."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from confide.core.arrays import Floats, Ints, Rng


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """The runs of unseen steps of U sequences, each up to the next step that was seen.

    A step that was seen fixes its state. So gaps depend on nothing beyond their two ends, and are sampled
    side by side: as many rounds as the longest gap has steps, not as many as the sequences have.

    Args:
        seen: int64[U, T], states; below 0 where none was seen.
        whose: int64[G], the sequence of each gap; the longest gaps of a sequence come first.
        rank: int64[G], the place of each gap among those of its sequence.
        first: int64[G], the first step of each gap.
        length: int64[G], the number of its steps, in decreasing order for each sequence.
    """

    seen: Ints
    whose: Ints
    rank: Ints
    first: Ints
    length: Ints

    @classmethod
    def of(cls, seen: Ints) -> Gaps:
        """The gaps of these sequences; what follows the last step that was seen is no gap."""
        edge = np.zeros((len(seen), 1), np.bool_)
        unseen = np.concatenate([edge, seen < 0, edge], axis=1)
        change = np.diff(unseen.astype(np.int8), axis=1)
        whose, first = np.nonzero(change == 1)
        length = np.nonzero(change == -1)[1] - first
        closed = first + length < seen.shape[1]
        whose, first, length = whose[closed], first[closed], length[closed]
        order = np.lexsort((-length, whose))
        whose, first, length = whose[order], first[order], length[order]
        begin = np.searchsorted(whose, np.arange(len(seen)))
        return cls(seen, whose, np.arange(len(whose)) - begin[whose], first, length)

    def filled(self, start: Floats, transition: Floats, *, rng: Rng) -> Ints:
        """Draw all gaps given their ends: filter forward, sample backward.

        Args:
            start: float64[U, S], the distribution of the first state of each sequence.
            transition: float64[U, S, S], rows sum to 1.
            rng: draws one number for each step of each sequence.

        Returns:
            int64[U, T]: what was seen, and the gaps filled.
        """
        path = self.seen.copy()
        coins = rng.random(path.T.shape).T
        if not len(self.whose):
            return path
        ahead = self._forward(start, transition)
        into = transition.transpose(0, 2, 1).copy()  # one row is read for each state that is drawn
        for k, found in reversed(list(enumerate(ahead))):
            here = self.length > k
            whose, at = self.whose[here], self.first[here] + k
            weight = found[whose, self.rank[here]] * into[whose, path[whose, at + 1]]
            path[whose, at] = drawn(weight, coins[whose, at])
        return path

    def _forward(self, start: Floats, transition: Floats) -> list[Floats]:
        """P(state | the step before the gap), for the k-th step of each gap: float64[U, gaps above k, S]."""
        before = self.seen[self.whose, np.maximum(self.first - 1, 0)]
        width = np.array([self.rank[self.length > k].max() + 1 for k in range(self.length.max())])
        found = np.zeros((len(start), width[0], start.shape[1]))
        found[self.whose, self.rank] = np.where(
            (self.first > 0)[:, None], transition[self.whose, before], start[self.whose]
        )
        ahead = [found]
        for _, fewer in pairwise(width):
            ahead.append(ahead[-1][:, :fewer] @ transition)
        return ahead


def drawn(weight: Floats, coins: Floats) -> Ints:
    """An index of the last axis for each coin, in proportion to the weights."""
    up_to = np.cumsum(weight, axis=-1)
    # Inverse of the cumulated weights, for all rows at once: the first index above the coin.
    below = up_to <= (coins * up_to[..., -1])[..., None]
    below[..., -1] = False  # by rounding, a coin may reach the sum
    return below.argmin(axis=-1)
