"""Cormode, Procopiuc, Srivastava, Shen, Yu: Private Spatial Decompositions (ICDE 2012), on words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.counts import count_view, people
from confide.mechanisms.statistics.noisy_sums import NoisySums, noisy_people
from confide.mechanisms.statistics.promise import Promise
from confide.views.statistics import PersonRows, Statistics

END = ""
"""What ends a word that is shorter than `length`: no sign is added to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeavyHitters(Promise):
    """Finds the words that many people have, among all words of an alphabet, and counts them.

    *Statement.* The release keeps (epsilon, delta) for one person more or less, with all their rows.

    *Proof.* Words grow by one sign at a time. At each length the beginnings that were kept before get each
    sign of the alphabet, or none; people are counted who have a word that begins so, and beginnings with a
    noisy count below the bound are dropped. Which beginnings are counted follows from earlier releases and
    the alphabet. The person has at most K words after the cut, and so moves at most K counts of a length by
    1. There are `length` such releases, and one more that counts again the words that are left; each gets the
    same part of the budget, and budgets add up though each is chosen after the release before.

    *Conditions.* Alphabet, length, bound and `at_most` are public. Unlike `PrivateKeys` it needs no delta,
    because the set of words is public, however large it is.

    The last counts have noise of their own, so that the intervals hold for each word found.

    Args:
        alphabet: of the words; words with another sign are left out.
        length: of the longest word; longer ones are left out.
        bound: people that a beginning must have, after noise. A bound of few deviations of the noise keeps
            beginnings that nobody has.
        most_kept: beginnings that are kept at each length, the largest first: it limits work alone.

    >>> words = PersonRows.of(group=np.repeat(["ab", "b", "aa"], [600, 400, 3]))
    >>> mechanism = HeavyHitters(epsilon=2.0, alphabet="ab", length=2, bound=100, noise="rehearsal")
    >>> mechanism(words, rng=np.random.default_rng(0)).view.keys
    ('ab', 'b')
    """

    alphabet: str
    length: int
    bound: int
    most_kept: int = 1_000

    def __post_init__(self) -> None:
        Promise.__post_init__(self)
        if not self.alphabet or len(set(self.alphabet)) < len(self.alphabet):
            raise PromiseError(f"the alphabet is {self.alphabet!r}: give each sign once.")
        for name, value in (("length", self.length), ("bound", self.bound), ("most_kept", self.most_kept)):
            if value < 1:
                raise PromiseError(f"{name} is {value}: give 1 or more.")

    def __call__(self, data: PersonRows, *, rng: Rng) -> Outcome[Statistics]:
        """Find, count and publish; the keys of `data` are not shown otherwise.

        Raises:
            DataError: if a key is no text.
        """
        if not all(isinstance(key, str) for key in data.keys):
            raise DataError("words are text: give rows whose keys are words.")
        choosing, *noising = rng.spawn(self.length + 2)
        kept = self.cut(data, choosing)
        words = [str(key) for key in data.keys]
        words = [w if len(w) <= self.length and set(w) <= set(self.alphabet) else None for w in words]
        begins = [END]
        for size in range(1, self.length + 1):
            grown = [b + sign for b in begins if len(b) == size - 1 for sign in self.alphabet]
            grown += begins  # ended words, and beginnings that are words themselves
            begins = self._kept(grown, self._counts(kept, words, grown, size, noising[size - 1]))
        found = self._counts(kept, words, begins, self.length, noising[-1])
        return outcome(self.noise, count_view(tuple(begins), found, 1), self.budget, "HeavyHitters")

    def _kept(self, grown: list[str], found: NoisySums) -> list[str]:
        ranked = sorted(zip(found.whole, grown, strict=True), key=lambda pair: (-pair[0], pair[1]))
        return sorted(word for noisy, word in ranked[: self.most_kept] if noisy >= self.bound)

    def _counts(
        self, data: PersonRows, words: list[str | None], grown: list[str], size: int, rng: Rng
    ) -> NoisySums:
        """Noisy counts of people with a word that begins so, or that is the whole of it if it is shorter."""
        place = {begin: i for i, begin in enumerate(grown)}
        number: Ints = np.array([-1 if w is None else place.get(w[:size], -1) for w in words], np.int64)
        group = number[data.codes] if len(words) else data.codes
        exact = people(PersonRows(rows=data.rows, person=data.person, group=group, keys=tuple(grown)))
        return noisy_people(self, exact, entries=self.most, parts=self.length + 1, rng=rng)
