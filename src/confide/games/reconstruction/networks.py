"""Reconstruction from networks: what is the one unknown record, where nothing can be solved for?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.nouns import Case, World
from confide.games.reconstruction.models import Rebuilding, TrueRecords
from confide.knowledge.shadows import ShadowKnowledge
from confide.measure.rebuilding import nearest
from confide.views.models import ModelEach
from confide.views.records import Records

NetworkWorld: TypeAlias = World[ModelEach, ShadowKnowledge, Ints, TrueRecords]


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkRebuilding(Rebuilding):
    """For each target a model on the known records and, if a fair coin says so, on the target.

    The claim "this is the record" is right if it is nearer to the true one than every record that the
    adversary holds, known and public: it then says something that nobody could have picked from them.

    Args:
        known: what the adversary knows; the same for all targets.
        records: the targets, numbers [n, d], none of them among the known or the public ones.
        targets: how many are asked about in a world, drawn each time; all of them by default.

    Raises:
        DataError: if there are fewer records than targets.
    """

    known: ShadowKnowledge
    records: Records
    targets: int | None = None

    def __post_init__(self) -> None:
        if self.targets is not None and not 1 <= self.targets <= len(self.records):
            raise DataError(f"{self.targets} targets of {len(self.records)} records: give 1 to all of them.")

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each target."""
        return True

    def deal(self, world: int, *, rng: Rng) -> NetworkWorld:
        """Toss a coin for each target, and train its model with it or without it."""
        choosing, coins = rng.spawn(2)
        n = len(self.records)
        asked = np.sort(choosing.permutation(n)[: n if self.targets is None else self.targets])
        inside = coins.random(len(asked)) < 0.5
        # Without their record all models are the same one, which is trained once.
        rows = [*asked[inside].tolist(), *[-1] * bool((~inside).any())]
        trained = self.known.trained_with(self.records, rows)
        own = iter(trained)
        models = tuple(next(own) if one else trained[-1] for one in inside)
        x = _numbers(self.records.take(asked))
        held = np.concatenate([_numbers(self.known.base), _numbers(self.known.public)])
        secrets = TrueRecords(
            np.column_stack([x, np.asarray(self.records.y[asked], np.float64)]), nearest(x, held)
        )
        return World(Case(ModelEach(models), self.known, np.arange(len(asked))), secrets, inside, asked)


def _numbers(records: Records) -> Floats:
    return np.asarray(records.x, np.float64).reshape(len(records), -1)
