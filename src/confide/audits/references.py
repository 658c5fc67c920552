"""Training the reference models of an audit, and saying whether they behave as the target does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confide.audits.prepare import Subject
from confide.core.arrays import Bools, Rng
from confide.core.play import Map
from confide.core.records import Records
from confide.games.asked import asked_once
from confide.learners.callable_learner import callable_learner
from confide.learners.comparing import compare_accuracy
from confide.learners.learner import Learner
from confide.learners.loading import load_train
from confide.learners.matching import reference_learner
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
    words: str
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
    """Train `count` reference models by the target's recipe, and hold them against it.

    Args:
        subject: the target with its people.
        count: how many; 0 for none.
        train: a learner, `train(X, y, *, rng)`, its import path, or None for the default recipe.
        rng: all coins of the pool; the same ones give the same pool.
        cache: where finished models are kept.
        map: how the training is spread.
        progress: called with (done, total).

    Raises:
        ModelError: if the recipe fails.
    """
    if count <= 0:
        return Pool(None, None, "He trained no reference models.", ())
    learner, recipe = _recipe(subject, train, rng=rng)
    people, included = _who_trains_what(subject.targets, subject.population, count, rng=rng)
    models = fit_many(learner, people, included, rng=rng, cache=cache, map=map, progress=progress)
    n, population = len(subject.targets), subject.population
    offline = included.shape[1] > n
    references = References(
        on_targets=Answers(models, subject.targets),
        on_population=None if population is None else Answers(models, population),
        included=included[:, :n],
        which=tuple(range(count)),
        population_included=included[:, n:] if offline else None,
    )
    where = "the population" if offline else "the audited records"
    words = f"He trained {count} reference models on random halves of {where}: {recipe}"
    return Pool(references, learner, words, _mismatch(subject, references, people, included))


def _recipe(subject: Subject, train: Any, *, rng: Rng) -> tuple[Learner, str]:
    if hasattr(train, "fit"):
        return train, f"by the {type(train).__name__} that was given."
    if train is not None:
        function = load_train(train) if isinstance(train, str) else train
        learner = callable_learner(
            function, task=subject.task, classes=subject.class_count, like=subject.model
        )
        return learner, f"by {getattr(function, '__qualname__', 'the given function')}, as given."
    return reference_learner(
        subject.view, subject.targets, member=subject.member, classes=subject.class_count, rng=rng
    )


def _who_trains_what(
    targets: Records, population: Records | None, count: int, *, rng: Rng
) -> tuple[Records, Bools]:
    """The records to draw training sets from, and bool[count, rows]: which of them trains which model."""
    n = len(targets)
    if count > OFFLINE_UP_TO or population is None or len(population) < n // 2:
        return targets, include_halves(n, count, rng=rng)
    halves = include_halves(len(population), count, rng=rng)
    return Records.concat([targets, population]), np.hstack([np.zeros((count, n), np.bool_), halves])


def _mismatch(subject: Subject, references: References, people: Records, included: Bools) -> tuple[str, ...]:
    """Said before anything is scored: references that do not fit their records as the target fits its own."""
    asked, member = references.on_targets, subject.member
    views: list[Any] = [asked_once(model, (asked, j)) for j, model in enumerate(asked.models)]
    if len(people) > len(subject.targets):  # trained on the population, which the target never saw
        member = np.concatenate([member, np.zeros(len(people) - len(member), np.bool_)])
    found = compare_accuracy(subject.view, views, people, member=member, included=included, task=subject.task)
    return (found.warning,) if found.warning else ()
