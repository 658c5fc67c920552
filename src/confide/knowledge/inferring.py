"""Background knowledge of an adversary that infers one feature of a record from a model trained on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Batch, Ints
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class InferringKnowledge:
    """What is public beside the model: which feature is the secret, its values, and other people.

    Args:
        secret: the column of the features, by name in a frame, by number in an array.
        values: what the secret can be, in order.
        population: people whose secret is known, none of whom trained the model; None if there are none.
    """

    secret: str | int
    values: tuple[float | str, ...]
    population: Records | None = None

    def with_value(self, x: Batch, value: float | str) -> Batch:
        """The same features with this secret for everybody.

        >>> InferringKnowledge(1, (0.0, 1.0)).with_value(np.array([[5.0, 0.0]]), 1.0).tolist()
        [[5.0, 1.0]]
        """
        if isinstance(x, pl.DataFrame):
            name = str(self.secret)
            return x.with_columns(pl.lit(value, dtype=x.schema[name]).alias(name))
        made = x.copy()
        made[:, int(self.secret)] = value
        return made

    def codes(self, x: Batch) -> Ints:
        """The secret of each record as its place among the values, int64[n].

        Raises:
            KnowledgeError: for a value that is not among them.
        """
        held = (
            x[str(self.secret)].to_list() if isinstance(x, pl.DataFrame) else x[:, int(self.secret)].tolist()
        )
        place = {value: i for i, value in enumerate(self.values)}
        lost = next((one for one in held if one not in place), None)
        if lost is not None:
            raise KnowledgeError(f"{lost!r} is no value of the secret: give all of its values.")
        return np.array([place[one] for one in held], np.int64)

    def need_population(self, attack: str) -> Records:
        """The population, or an error that asks for one.

        Raises:
            KnowledgeError: if there is none.
        """
        if self.population is None or not len(self.population):
            raise KnowledgeError(
                keep("{attack} needs a population: give records like the targets.", attack=attack)
            )
        return self.population
