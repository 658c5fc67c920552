"""What a learner is: a recipe that turns records into a model that can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from confide.core.access import BlackBox, Task
from confide.core.arrays import Ints, Rng
from confide.views.records import Records


class Learner(Protocol):
    """A training recipe. Public by Kerckhoffs' rule: the adversary trains reference models with it."""

    @property
    def task(self) -> Task: ...

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        """Train one model; all its coins come from `rng`."""
        ...


@runtime_checkable
class GroupLearner(Protocol):
    """A learner that trains several models at once, faster than one after another."""

    @property
    def group(self) -> int:
        """How many models to train together."""
        ...

    def fit_group(self, records: Records, subsets: Sequence[Ints], *, rngs: Sequence[Rng]) -> list[BlackBox]:
        """One model for each subset (row numbers of `records`), equal to `fit` one by one."""
        ...


@runtime_checkable
class Keepable(Protocol):
    """A learner whose models can be kept on disk without pickling, and found again."""

    def recipe(self) -> str:
        """A text that changes whenever the recipe would train another model."""
        ...

    def save(self, models: Sequence[BlackBox], path: Path) -> None: ...

    def load(self, path: Path) -> list[BlackBox]: ...
