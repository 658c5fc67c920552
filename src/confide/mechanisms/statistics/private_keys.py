"""Korolova, Kenthapadi, Mishra, Ntoulas: Releasing Search Queries and Clicks Privately (WWW 2009)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from confide.core.arrays import Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.counts import count_view, people
from confide.mechanisms.statistics.noisy_integers import LaplaceIntegers
from confide.mechanisms.statistics.noisy_sums import NoisySums
from confide.mechanisms.statistics.promise import Promise
from confide.mechanisms.statistics.shown_groups import ShownGroups
from confide.views.statistics import Key, PersonRows, Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKeys(Promise):
    """Counts the people of each key that the data have, and shows the keys whose noisy count is large enough.

    *Statement.* The release keeps (epsilon, delta) for one person more or less, with all their rows.

    *Proof.* After the cut the person has at most K keys, and counts once in each. So it is `ShownGroups` of K
    groups, whose statement this is.

    *Conditions.* `at_most` is public.

    Keys are shown in their own order. The interval of noise is that of a key named before: of shown keys
    near the threshold the noise is more often upwards.

    >>> import numpy as np
    >>> words = PersonRows.of(group=np.repeat(["a", "b", "z"], [500, 900, 1]))
    >>> PrivateKeys(epsilon=1.0, delta=1e-6, noise="rehearsal")(words, rng=np.random.default_rng(0)).view.keys
    ('a', 'b')
    """

    def __post_init__(self) -> None:
        Promise.__post_init__(self)
        if self.delta == 0:
            raise PromiseError("delta is 0: no threshold hides a key for certain, give a delta above 0.")

    @property
    def shown(self) -> ShownGroups:
        """What shows a key: the noise of its count, and a threshold that delta pays for."""
        return ShownGroups.for_cost(
            groups=self.most, epsilon=Fraction(self.epsilon), delta=Fraction(self.delta)
        )

    @property
    def law_of_counts(self) -> LaplaceIntegers:
        """The noise of a count: Laplace, although there is a delta."""
        return self.shown.noise

    @property
    def threshold(self) -> int:
        """The smallest noisy count that is shown."""
        return self.shown.threshold

    def __call__(self, data: PersonRows, *, rng: Rng) -> Outcome[Statistics]:
        """Count and publish; the keys of `data` are not shown otherwise."""
        choosing, noising = rng.spawn(2)
        return self.of_counts(people(self.cut(data, choosing)), data.keys, rng=noising)

    def of_counts(self, exact: Sequence[int], keys: tuple[Key, ...], *, rng: Rng) -> Outcome[Statistics]:
        """Count and publish, where a database has cut the rows and counted the people.

        Args:
            exact: m whole numbers, the people of each key; of each person at most `at_most` rows count.
            keys: m keys that the data have; they are not shown otherwise.
            rng: of a rehearsal.
        """
        # A key that nobody has is none of the data's.
        there = [i for i, n in enumerate(exact) if n > 0]
        drawn = self.drawn(self.law_of_counts, len(there), rng)
        kept = self.shown.of_noisy([exact[i] + int(k) for i, k in zip(there, drawn, strict=True)])
        found = NoisySums(tuple(kept.values()), self.law_of_counts)
        view = count_view(tuple(keys[there[i]] for i in kept), found, 1)
        return outcome(self.noise, view, self.budget, "PrivateKeys")
