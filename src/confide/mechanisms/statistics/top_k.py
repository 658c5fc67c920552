"""Durfee, Rogers: Practical Differentially Private Top-k Selection (NeurIPS 2019)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from confide.core.arrays import Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.counts import count_view, people
from confide.mechanisms.statistics.noisy_sums import noisy_people
from confide.mechanisms.statistics.permute_and_flip import Selection
from confide.mechanisms.statistics.promise import Promise
from confide.views.statistics import Key, PersonRows, Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateTopK(Promise):
    """Names the k public keys that most people have, and counts them again.

    *Statement.* The release keeps epsilon for one person more or less, with all their rows.

    *Proof.* Half of epsilon names the keys (`Selection`): one more person raises each count of people by at
    most 1 and lowers none. Half of it counts the people of the named keys, of which the person has at most
    min(K, k). Epsilons add up, and the second release may depend on the first.

    *Conditions.* Keys and `at_most` are public, and delta is 0.

    The counts have noise of their own, so that the intervals hold for each named key. The counts that
    choose have not: of these the largest noise wins.

    Args:
        k: how many keys are named.

    >>> import numpy as np
    >>> words = PersonRows.of(group=np.repeat(["a", "b", "c"], [500, 900, 20]), keys=("a", "b", "c"))
    >>> PrivateTopK(epsilon=2.0, k=2, noise="rehearsal")(words, rng=np.random.default_rng(0)).view.keys
    ('b', 'a')
    """

    k: int

    def __post_init__(self) -> None:
        Promise.__post_init__(self)
        if self.delta:
            raise PromiseError(f"delta is {self.delta}: this selection needs none, give 0.")
        if self.k < 1:
            raise PromiseError(f"k is {self.k}: name 1 key or more.")

    def __call__(self, data: PersonRows, *, rng: Rng) -> Outcome[Statistics]:
        """Choose, count and publish."""
        choosing, naming, noising = rng.spawn(3)
        return self._named(people(self.cut(data, choosing)), data.keys, naming, noising)

    def of_counts(self, exact: Sequence[int], keys: tuple[Key, ...], *, rng: Rng) -> Outcome[Statistics]:
        """Choose, count and publish, where a database has cut the rows and counted the people.

        Args:
            exact: m whole numbers, the people of each key, at least one key; of each person at most `at_most`
                rows count.
            keys: m public keys.
            rng: of a rehearsal.
        """
        naming, noising = rng.spawn(2)
        return self._named(exact, keys, naming, noising)

    def _named(
        self, exact: Sequence[int], keys: tuple[Key, ...], naming: Rng, noising: Rng
    ) -> Outcome[Statistics]:
        k = min(self.k, len(keys))
        named = self.selection(k).names(exact, self.noise, naming)
        counted = [exact[i] for i in named]
        found = noisy_people(self, counted, entries=min(self.most, k), parts=2, rng=noising)
        view = count_view(tuple(keys[i] for i in named), found, 1)
        return outcome(self.noise, view, self.budget, "PrivateTopK")

    def selection(self, k: int) -> Selection:
        """What names k keys with half of epsilon.

        Raises:
            PromiseError: if such noise cannot be drawn.
        """
        return Selection.for_epsilon(Fraction(self.epsilon) / 2, move=1, k=k, monotone=True)

    def missed(self, keys: int, level: float) -> int:
        """How many people more than a named key one that is left out can have, at this level.

        The chance that an exponential law goes beyond its scale times t is exp(-t). Each of k names is the
        largest of at most `keys` counts with such noise, so with beta = 1 - level all k names are within
        scale * ln(k * keys / beta) of the largest count that is left.

        Args:
            keys: how many there are.
            level: such as 0.95.
        """
        k = min(self.k, keys)
        return math.ceil(self.selection(k).scale * math.log(k * keys / (1 - level)))
