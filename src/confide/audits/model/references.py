"""Training the reference models of an audit, and saying whether they behave as the target does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confide.audits.model.subject import Subject
from confide.core.access import BlackBox
from confide.core.arrays import Bools, Rng
from confide.core.play import Map
from confide.knowledge.models import References
from confide.learners.comparing import compare_accuracy
from confide.learners.function import callable_learner
from confide.learners.learner import Learner
from confide.learners.matching import reference_learner
from confide.learners.pool import fit_many, include_all_but_one
from confide.models.answers import Answers
from confide.models.loading import load_train
from confide.models.memo import asked_once

MOST_PARTS = 4
"""References that leave out less than a quarter would leave each record out too rarely."""

Progress = Callable[[int, int], None]


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

    They train on random halves of the audited records, in complementary pairs (on larger shares where the
    target was trained on most of them): even a single one is stronger so than one trained on a
    population (measured in benchmarks/results/common_task.md).

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
    if not isinstance(subject.view, BlackBox):
        return Pool(None, None, "He trained no reference models: against labels alone none would help.", ())
    learner, recipe = _recipe(subject, train, rng=rng)
    parts = parts_for(subject.member, count)
    included = include_all_but_one(len(subject.targets), count, parts=parts, rng=rng)
    models = fit_many(learner, subject.targets, included, rng=rng, cache=cache, map=map, progress=progress)
    population = subject.population
    references = References(
        on_targets=Answers(models, subject.targets),
        on_population=None if population is None else Answers(models, population),
        included=included,
        which=tuple(range(count)),
    )
    share = "half" if parts == 2 else f"{parts - 1} in {parts}"
    words = f"He trained {count} reference models, each on a random {share} of the audited records: {recipe}"
    return Pool(references, learner, words, _mismatch(subject, references))


def parts_for(member: Bools, count: int) -> int:
    """Into how many parts the records are cut, of which each reference leaves one out.

    Two, unless the target was trained on so many more that references on halves would overfit more than it
    did; then up to `MOST_PARTS`, if every record is still left out by two references.

    >>> import numpy as np
    >>> member = np.arange(100) < 80
    >>> parts_for(member, 16), parts_for(member, 4)
    (4, 2)
    """
    wanted = round(len(member) / max(int((~member).sum()), 1))
    return max(2, min(wanted, MOST_PARTS, count // 2))


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
        subject.asked, subject.targets, member=subject.member, classes=subject.class_count, rng=rng
    )


def _mismatch(subject: Subject, references: References) -> tuple[str, ...]:
    """Said before anything is scored: references that do not fit their records as the target fits its own."""
    asked = references.on_targets
    views: list[Any] = [asked_once(model, (asked, j)) for j, model in enumerate(asked.models)]
    found = compare_accuracy(
        subject.view,
        views,
        subject.targets,
        member=subject.member,
        included=references.included,
        task=subject.task,
    )
    return (found.warning,) if found.warning else ()
