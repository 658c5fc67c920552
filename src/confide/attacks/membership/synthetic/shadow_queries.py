"""Houssiau et al.: TAPAS, a Toolbox for Adversarial Privacy Auditing of Synthetic Data (2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np

from confide.attacks.membership.synthetic._shadow_worlds import ShadowWorlds, shadow_worlds
from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.synthetic import SyntheticKnowledge
from confide.views.table import Table

ROW = 0.5
"""The least deviation of a count, in rows: a count that never varied in the adversary's worlds can still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowQueries:
    """Query-based shadow attack: do counts on the file look as they do when this person is given in?

    The adversary has the generator, and rows of other people. It makes worlds of its own: in each a coin
    decides for every target whether they are given to the generator, so that one set of worlds serves all
    targets. On each synthetic file it counts the rows that agree with a target in some columns, for random
    sets of columns, and learns what the counts look like with the target and without. The counts are
    compared with those of the worlds in which the same target was out, so that one forest learns from all.

    Args:
        worlds: that the adversary makes.
        queries: random sets of two columns or more, beside all single ones.
        trees: of the forest.

    Raises:
        DataError: if one of them is too small.
    """

    name: ClassVar[str] = "synthetic-shadow-queries"
    title: ClassVar[str] = later("Do counts on the file look as they do when this person is given in?")
    paper: ClassVar[Paper] = Paper(
        authors="Florimond Houssiau and James Jordon and Samuel N. Cohen and Owen Daniel and Andrew Elliott "
        "and James Geddes and Callum Mole and Camila Rangel-Smith and Lukasz Szpruch",
        title="TAPAS: a Toolbox for Adversarial Privacy Auditing of Synthetic Data",
        venue="NeurIPS Workshop on Synthetic Data for Empowering ML Research",
        year=2022,
        url="https://arxiv.org/abs/2211.06550",
    )

    worlds: int = 150
    queries: int = 60
    trees: int = 100

    def __post_init__(self) -> None:
        for name, least in (("worlds", 10), ("queries", 0), ("trees", 1)):
            if getattr(self, name) < least:
                raise DataError(f"{name} is {getattr(self, name)}: give {least} or more.")

    def __call__(self, case: Case[Table, SyntheticKnowledge, Table], *, rng: Rng) -> Guess:
        generator, given = case.known.need_generator(self.name)
        reference = case.known.need_reference(self.name, least=max(given - len(case.targets) // 2, 2))
        seen = shadow_worlds(
            case.targets, reference, generator, rows=given, worlds=self.worlds, queries=self.queries
        )
        learned = _LEARNED.get(seen)
        if learned is None or learned.trees != self.trees:
            learned = _LEARNED[seen] = _Learned.of(seen, given, trees=self.trees)
        return Guess(None, learned(seen.queries.counts(case.targets, case.view)))


@dataclass(frozen=True, slots=True, eq=False)
class _Learned:
    """A forest that tells worlds with a target from worlds without, by counts on the target's own scale."""

    trees: int
    centre: Floats
    spread: Floats
    forest: Any

    @classmethod
    def of(cls, seen: ShadowWorlds, given: int, *, trees: int) -> _Learned:
        from sklearn.ensemble import RandomForestClassifier

        centre, spread = _without(seen, given)
        x = ((seen.counts - centre) / spread).reshape(-1, seen.counts.shape[2])
        # The worlds follow from the targets, and so does what is learned from them: any seed will do.
        forest = RandomForestClassifier(trees, min_samples_leaf=20, max_features="sqrt", random_state=0)
        forest.fit(x.astype(np.float32), seen.member.reshape(-1))
        return cls(trees, centre, spread, forest)

    def __call__(self, counts: Floats) -> Floats:
        x = ((counts - self.centre) / self.spread).astype(np.float32)
        return self.forest.predict_proba(x)[:, -1]


_LEARNED: WeakKeyDictionary[ShadowWorlds, _Learned] = WeakKeyDictionary()


def _without(seen: ShadowWorlds, given: int) -> tuple[Floats, Floats]:
    """Mean and deviation of each target's counts in the worlds that they were not in, float64[t, queries]."""
    out = ~seen.member[:, :, None]
    n = np.maximum(out.sum(axis=0), 1)
    mean = (seen.counts * out).sum(axis=0) / n
    variance = ((seen.counts - mean) ** 2 * out).sum(axis=0) / n
    return mean, np.sqrt(variance) + ROW / max(given, 1)
