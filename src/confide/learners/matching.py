"""Default recipes for reference models, each with a sentence for the report."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

import numpy as np

from confide.core.access import BlackBox, LabelOnly, Task
from confide.core.arrays import Bools, Rng
from confide.core.errors import DataError
from confide.core.language import t
from confide.learners.encoded import encoded_learner
from confide.learners.encoding import fit_encoding
from confide.learners.estimator import SklearnLearner, sklearn_learner
from confide.learners.learner import Keepable, Learner
from confide.learners.target_fit import WATCHED, TargetFit
from confide.models.loading import is_module
from confide.models.sklearn.model import Estimator, SklearnModel, name_of
from confide.views.records import Records

if TYPE_CHECKING:
    from confide.learners.torch.learner import TorchLearner
    from confide.models.torch.model import TorchModel

MOST_EPOCHS = 200  # a limit on the time of a search that may never match the target
HIDDEN = 256  # wide enough to fit the training records of a usual table


def reference_learner(
    target: LabelOnly, records: Records, *, member: Bools, classes: int | None = None, rng: Rng
) -> tuple[Learner, str]:
    """Choose a recipe for models like the target, and describe it in a sentence for the report.

    A scikit-learn target is cloned. A torch module is re-initialised and trained by Adam. For any other model
    a network with one hidden layer is trained on encoded records.

    The number of epochs of a network is found by a trial model on a random half of `records`. It is trained
    until it is as accurate on that half as the target is on its members (within half a point), for at most
    200 epochs. A module of the target's own architecture must instead reach the target's confidence (median
    logit), with an accuracy within 5 points. Confidence still changes when accuracy no longer does.

    Args:
        target: the model under audit.
        records: the audit's pool, members and non-members.
        member: bool[n], whether each record is a member of the target; only its accuracy on members is used.
        classes: the number of classes; by default from the target and the labels.
        rng: for the random half and the trial model.

    Raises:
        ModelError: if a module cannot be re-initialised.
        DataError: if there are no members.
    """
    if isinstance(target, SklearnModel):
        learner = sklearn_learner(target.estimator, classes=target.known, task=target.task)
        name = name_of(target.estimator)
        words = t("the target's estimator ({name}), cloned and fitted again.", name=name)
        if isinstance(learner, Keepable):
            return learner, words
        return learner, f"{words} {t('They cannot be kept on disk, so every audit trains them again.')}"
    if not member.any():
        raise DataError(
            "no record is a member, but the references must match the target's accuracy on members: "
            "give some members."
        )
    halver, trainer = rng.spawn(2)
    half = records.take(halver.permutation(len(records))[: max(1, len(records) // 2)])
    task: Task = target.task if isinstance(target, BlackBox) else "classification"
    members = records.take(halver.permutation(np.flatnonzero(member))[:WATCHED])
    own = is_module(getattr(target, "module", None))
    goal = TargetFit.of(target, members, task=task, same=own)
    if own:
        # The adversary knows the architecture: it comes with the weights, or by Kerckhoffs' rule.
        return _reinitialised(cast("TorchModel", target), half, goal, rng=trainer)
    outputs = 1 if task == "regression" else _classes(target, records, classes)
    return _other_network(records, half, goal, outputs, rng=trainer)


def _reinitialised(target: TorchModel, half: Records, goal: TargetFit, *, rng: Rng) -> tuple[Learner, str]:
    """The target's own architecture with new weights."""
    from confide.learners.torch.learner import TorchLearner
    from confide.learners.torch.reinitialise import Reinitialise, epochs_to_match

    start = TorchLearner(
        factory=Reinitialise(target.module),
        epochs=MOST_EPOCHS,
        batch_size=_batch(half),
        loss=target.loss_function,
        task=goal.task,
        device=target.device,
    )
    learner, match = epochs_to_match(start, half, goal, rng=rng)
    what = t("the target's architecture ({name}) with new weights", name=type(target.module).__name__)
    return learner, _in_words(what, learner.batch_size, learner.epochs, match)


def _other_network(
    records: Records, half: Records, goal: TargetFit, outputs: int, *, rng: Rng
) -> tuple[Learner, str]:
    """A network on encoded records, for a target whose kind is unknown."""
    encoder = fit_encoding(records.x)
    inner: Learner
    if find_spec("torch") is not None:
        from confide.learners.torch.reinitialise import epochs_to_match

        bare = _torch_mlp(goal.task, encoder(half.x[:1]).shape[1], outputs, half)
        start = encoded_learner(bare, encoder, records)
        inner, match = epochs_to_match(bare, start.encoded(half), goal, rng=rng)
        epochs = inner.epochs
    else:
        plain = _sklearn_mlp(goal.task, outputs, half)
        start = encoded_learner(plain, encoder, records)
        inner, epochs, match = _epochs_by_sklearn(plain, start.encoded(half), goal, rng=rng)
    what = t(
        "a network with one hidden layer of {n} (the target's own kind is unknown), on records with numbers "
        "standardised and categories one-hot",
        n=f"{HIDDEN}",
    )
    return replace(start, inner=inner), _in_words(what, _batch(half), epochs, match)


def _torch_mlp(task: Task, features: int, outputs: int, half: Records) -> TorchLearner:
    from confide.learners.torch.learner import TorchLearner
    from confide.learners.torch.reinitialise import Mlp

    factory = Mlp(features, HIDDEN, outputs)
    return TorchLearner(factory=factory, epochs=MOST_EPOCHS, batch_size=_batch(half), task=task)


def _sklearn_mlp(task: Task, outputs: int, half: Records) -> SklearnLearner:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind: Estimator = MLPRegressor if task == "regression" else MLPClassifier
    network = kind(hidden_layer_sizes=(HIDDEN,), batch_size=_batch(half), alpha=0.0, tol=0.0)
    return sklearn_learner(network, classes=None if task == "regression" else outputs)


def _epochs_by_sklearn(
    learner: SklearnLearner, records: Records, goal: TargetFit, *, rng: Rng
) -> tuple[SklearnLearner, int, str]:
    """Like `torch.reinitialise.epochs_to_match`, by scikit-learn's `partial_fit`, which is one epoch."""
    from sklearn.base import clone

    trial: Estimator = clone(learner.estimator)
    trial.set_params(random_state=int(rng.integers(2**31)))
    width = learner.classes if isinstance(learner.classes, int) else 0
    codes = {} if goal.task == "regression" else {"classes": np.arange(width)}
    # The half was drawn at random, so its first records are a sample.
    sample = records.take(range(min(len(records), WATCHED)))
    score, reached, epochs = 0.0, False, 0
    while epochs < MOST_EPOCHS and not reached:
        trial.partial_fit(records.x, records.y, **codes)
        epochs += 1
        view = SklearnModel(trial)
        score = goal.score_of(view, sample)
        reached = goal.reached(view, sample, score)
    # The same number of epochs for each reference; without the second setting a constant loss ends training.
    final: Estimator = clone(learner.estimator)
    final.set_params(max_iter=epochs, n_iter_no_change=epochs)
    matched = sklearn_learner(final, classes=learner.classes, task=goal.task)
    return matched, epochs, goal.in_words(score, reached)


def _in_words(what: str, batch: int, epochs: int, match: str) -> str:
    return t(
        "{what}, trained by Adam ({rate:.3f}) in batches of {batch} for {epochs} epochs, {match}.",
        what=what,
        rate=0.001,
        batch=batch,
        epochs=epochs,
        match=match,
    )


def _batch(half: Records) -> int:
    # Larger batches on more records, so that an epoch stays fast and still has enough steps.
    return 64 if len(half) < 10_000 else 128


def _classes(target: LabelOnly, records: Records, classes: int | None) -> int:
    seen = int(records.y.max()) + 1
    width = target.predict(records.x[:1]).shape[1] if isinstance(target, BlackBox) else seen
    # A sample of records may lack classes that the target knows.
    return max(classes or 0, seen, width)
