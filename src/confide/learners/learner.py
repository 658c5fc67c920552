"""The protocols of learners: recipes that train models on records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from confide.core.access import BlackBox, Task
from confide.core.arrays import Ints, Rng
from confide.core.errors import ModelError
from confide.views.records import Records


class NotKeptError(ModelError):
    """Models that the rules for files from anybody do not let back in; they are trained each time."""


class Learner(Protocol):
    """A training recipe. By Kerckhoffs' rule it is public: the adversary trains reference models with it."""

    @property
    def task(self) -> Task: ...

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        """Train one model; all its randomness comes from `rng`."""
        ...


@runtime_checkable
class GroupLearner(Protocol):
    """A learner that trains several models at once, faster than one after another."""

    @property
    def group(self) -> int:
        """The number of models to train together."""
        ...

    def fit_group(self, records: Records, subsets: Sequence[Ints], *, rngs: Sequence[Rng]) -> list[BlackBox]:
        """Train one model for each subset (row numbers of `records`), with the same result as `fit`."""
        ...


@runtime_checkable
class Keepable(Protocol):
    """A learner whose models can be kept on disk without pickles and found again."""

    def recipe(self) -> str:
        """A text that changes whenever the recipe would train another model."""
        ...

    def save(self, models: Sequence[BlackBox], path: Path) -> None:
        """Write the models to one file.

        Raises:
            NotKeptError: if `load` would not read the file.
        """
        ...

    def load(self, path: Path) -> list[BlackBox]: ...


class KeptLearner(Learner, Keepable, Protocol):
    """A learner that can keep its models."""


class KeptGroupLearner(KeptLearner, GroupLearner, Protocol):
    """A learner that trains several models at once and can keep them."""
