"""Training the reference models of an audit, and saying whether they behave as the target does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from confide.audits.settings import Settings
from confide.core.access import BlackBox
from confide.core.arrays import Bools, Ints, Rng
from confide.core.language import t
from confide.inputs.model_data import ModelData
from confide.inputs.records import are_texts
from confide.knowledge.models import References
from confide.learners.comparing import compare_accuracy
from confide.learners.estimator import prefit_part
from confide.learners.function import callable_learner
from confide.learners.learner import Learner
from confide.learners.matching import reference_learner
from confide.learners.pool import fit_many, include_all_but_one
from confide.models.answers import Answers
from confide.models.guard import patient
from confide.models.loading import load_train
from confide.models.memo import asked_once
from confide.models.sklearn.model import SklearnModel

MOST_PARTS = 4
"""References that leave out less than a quarter would leave each record out too rarely."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Reference models with the words and warnings that go with them into the report."""

    references: References | None = None
    learner: Learner | None = None
    words: str = ""
    warnings: tuple[str, ...] = ()


def train_references(data: ModelData, *, settings: Settings) -> Pool:
    """Train reference models by the target's recipe, and compare them with it.

    They train on random halves of the audited records, in complementary pairs (on larger shares where the
    target was trained on most of them): even a single one is stronger so than one trained on a
    population (measured in benchmarks/results/common_task.md).

    Args:
        data: the target with its people; `data.held` says how many references there are, and the recipe.
        settings: the seed, where finished models are kept, how training is spread, who hears of progress.

    Raises:
        ModelError: if the recipe fails.
    """
    count, rng = data.held.references, settings.rng("references")
    if not count:
        return Pool(words=t("The adversary trained no reference models."))
    # References are compared by scores.
    if not isinstance(data.view, BlackBox):
        return Pool(
            words=t("The adversary trained no reference models: against labels alone none would help.")
        )
    if data.held.train is None and (why := _cannot_train(data)):
        weaker = t("Attacks without reference models are weaker; {why}", why=why)
        return Pool(words=t("The adversary trained no reference models: {why}", why=why), warnings=(weaker,))
    settings.at("references", f"({count})")
    with patient(data.held.timeout):
        learner, recipe = _recipe(data, data.held.train, rng=rng)
    parts = parts_for(data.member, count)
    # Each record is in some references and out of others: the same record is compared with and without
    # training on it.
    included = include_all_but_one(len(data.targets), count, parts=parts, rng=rng)
    models = fit_many(
        learner,
        data.targets,
        included,
        rng=rng,
        cache=settings.folder,
        map=settings.map,
        progress=lambda done, every: settings.at("references", f"({every})", part=done / every),
        tell=settings.say,
    )
    population = data.population
    references = References(
        on_targets=Answers(models, data.targets),
        on_population=None if population is None else Answers(models, population),
        included=included,
        which=tuple(range(count)),
    )
    return Pool(references, learner, _in_words(count, parts, recipe), _mismatch(data, references))


def _in_words(count: int, parts: int, recipe: str) -> str:
    """How the references were trained, in a sentence."""
    if parts == 2:
        return t(
            "The adversary trained {n} reference models, each on a random half of the audited records: "
            "{recipe}",
            n=count,
            recipe=recipe,
        )
    return t(
        "The adversary trained {n} reference models, each on a random {some} in {all} of the audited "
        "records: {recipe}",
        n=count,
        some=parts - 1,
        all=parts,
        recipe=recipe,
    )


def trial_learner(data: ModelData, few: Ints, *, settings: Settings) -> Learner | None:
    """The recipe of the references as a few of the records would give it, to see how long training takes.

    Args:
        data: the target with its people.
        few: the positions of these records.
        settings: of the audit.

    Returns:
        None where no references would be trained.

    Raises:
        ModelError: if the recipe fails on so few.
    """
    if not data.held.references or not isinstance(data.view, BlackBox):
        return None
    if data.held.train is None and _cannot_train(data):
        return None
    small = replace(data, targets=data.targets.take(few), member=data.member[few])
    with patient(data.held.timeout):
        return _recipe(small, data.held.train, rng=settings.rng("foretelling"))[0]


def parts_for(member: Bools, count: int) -> int:
    """Number of parts into which the records are cut; each reference leaves one part out.

    Two, unless references on halves would overfit more than the target did, because it was trained on far
    more than half of the records. Then up to `MOST_PARTS`, if every record is still left out by two
    references.

    >>> import numpy as np
    >>> member = np.arange(100) < 80
    >>> parts_for(member, 16), parts_for(member, 4)
    (4, 2)
    """
    # The part that is left out is to be as large as the non-members' share.
    wanted = round(len(member) / max(int((~member).sum()), 1))
    # With `count // 2` parts every part is left out by two references.
    return max(2, min(wanted, MOST_PARTS, count // 2))


def _cannot_train(data: ModelData) -> str:
    """Why no reference can be trained without the user's own function; empty if one can."""
    if isinstance(data.asked, SklearnModel):
        if why := getattr(data.asked.estimator, "cannot_fit", ""):
            return why
        part = prefit_part(data.asked.estimator)
        if part:
            return t(
                "the part {part} of the model was fitted before and would keep what it learnt of the "
                "members, so references could not forget anybody. Give a training function with --train.",
                part=part,
            )
    elif are_texts(data.targets.x):
        return t(
            "each record is one text, and how the model reads it is unknown: give its training with --train."
        )
    return ""


def _recipe(data: ModelData, train: Any, *, rng: Rng) -> tuple[Learner, str]:
    # A learner of confide, as Python can give it.
    if hasattr(train, "fit"):
        return train, t("by the {learner} that was given.", learner=type(train).__name__)
    if train is not None:
        function = load_train(train) if isinstance(train, str) else train
        learner = callable_learner(
            function, task=data.task, classes=data.class_count, like=getattr(data.asked, "module", data.model)
        )
        name = getattr(function, "__qualname__", t("the given function"))
        return learner, t("by {function}, as given.", function=name)
    return reference_learner(data.asked, data.targets, member=data.member, classes=data.class_count, rng=rng)


def _mismatch(data: ModelData, references: References) -> tuple[str, ...]:
    """Said before anything is scored: references that do not fit their records as the target fits its own."""
    asked = references.on_targets
    # Their answers to the targets are there already.
    views: list[Any] = [asked_once(model, (asked, j)) for j, model in enumerate(asked.models)]
    found = compare_accuracy(
        data.view,
        views,
        data.targets,
        member=data.member,
        included=references.included,
        task=data.task,
    )
    return (found.warning,) if found.warning else ()
