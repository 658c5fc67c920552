"""Training the reference models of an audit, and saying whether they behave as the target does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confide.audits.prepare import Subject
from confide.core.arrays import Array, Bools, Rng
from confide.core.play import Map
from confide.core.records import Records
from confide.core.views import BlackBox
from confide.learners.callable_learner import CallableLearner
from confide.learners.learner import Learner
from confide.learners.loading import load_train
from confide.learners.matching import compare_accuracy, reference_learner
from confide.learners.pool import fit_many, include_halves
from confide.learners.references import Answers, References

Progress = Callable[[int, int], None]

OFFLINE_UP_TO = 2
"""Up to this many references train on the population rather than on the targets: with so few, a target
is rarely both in and out of some reference (measured in benchmarks/results/common_task.md)."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Reference models with the words and warnings that go with them into the report."""

    references: References | None
    learner: Learner | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def train_references(
    subject: Subject,
    *,
    count: int,
    train: Any,
    rng: Rng,
    cache: Path | None,
    map: Map,  # noqa: A002 - the design's word
    progress: Progress | None,
) -> Pool:
    """Train `count` reference models by the target's recipe, or say why there are none.

    Raises:
        ModelError: if the recipe fails.
    """
    if count <= 0:
        return Pool(None, None, ("No reference models were asked for.",), ())
    learner, words = _recipe(subject, train)
    sides = subject.sides
    targets = Records.concat([sides.members, sides.nonmembers])
    pool, included = _who_trains_what(targets, sides.population, count, rng=rng)
    models = fit_many(learner, pool, included, rng=rng, cache=cache, map=map, progress=progress)
    n = len(targets)
    population = sides.population
    references = References(
        on_targets=Answers(models, targets),
        on_population=None if population is None else Answers(models, population),
        included=included[:, :n],
        which=tuple(range(count)),
        population_included=included[:, n:] if included.shape[1] > n else None,
    )
    warnings: list[str] = []
    if isinstance(subject.view, BlackBox):
        found = compare_accuracy(subject.view, models, sides=sides, targets=targets, included=references.included)
        warnings += [found.warning] if found.warning else []
    where = "random halves of the population" if included.shape[1] > n else "random halves of the audited records"
    return Pool(references, learner, (f"{count} reference models were trained on {where}: {words}",), tuple(warnings))


def _recipe(subject: Subject, train: Any) -> tuple[Learner, str]:
    if train is not None:
        function = load_train(train) if isinstance(train, str) else train
        name = getattr(function, "__qualname__", str(train))
        task = "regression" if subject.classes is None else "classification"
        return CallableLearner(function, task=task, classes=subject.class_count), f"by {name}, as given."
    return reference_learner(subject.model, members=subject.sides.members, classes=subject.class_count)


def _who_trains_what(
    targets: Records, population: Records | None, count: int, *, rng: Rng
) -> tuple[Records, Bools]:
    """The records to draw training sets from, and bool[count, rows]: which of them trains which model."""
    n = len(targets)
    if count > OFFLINE_UP_TO or population is None or len(population) < n // 2:
        return targets, include_halves(n, count, rng=rng)
    halves = include_halves(len(population), count, rng=rng)
    return Records.concat([targets, population]), np.hstack([np.zeros((count, n), np.bool_), halves])


__all__ = ["Array", "Pool", "Progress", "train_references"]
