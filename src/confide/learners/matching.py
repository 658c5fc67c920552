"""Default recipes for reference models, where the user gave none, each stated in words for the report."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from confide.core.access import BlackBox, LabelOnly, Task
from confide.core.arrays import Bools, Rng
from confide.core.errors import DataError
from confide.learners.encoded import encoded_learner
from confide.learners.encoding import fit_encoding
from confide.learners.estimator import sklearn_learner
from confide.learners.learner import Learner
from confide.learners.target_fit import WATCHED, TargetFit
from confide.models.loading import is_module
from confide.models.sklearn.model import SklearnModel, name_of
from confide.views.records import Records

MOST_EPOCHS = 200
HIDDEN = 256


def reference_learner(
    target: LabelOnly, records: Records, *, member: Bools, classes: int | None = None, rng: Rng
) -> tuple[Learner, str]:
    """A recipe for models like the target, and the sentence about it for the report.

    A scikit-learn target is cloned. A torch module is re-initialised and trained by Adam. For any other model
    a network with one hidden layer is trained on encoded records. Networks are trained as many epochs
    as a model on a random half of `records` needs until it is as accurate on that half as the target is on
    its members (within half a point), at most 200. A module of the target's own architecture must become as
    confident as the target instead (median logit), with an accuracy within 5 points: confidence tells
    epochs apart where accuracy has long come to rest.

    Args:
        target: the model under audit.
        records: the audit's pool, members and non-members.
        member: bool[n], who is a member of the target; only its accuracy on them is used.
        classes: how many classes there are; from the target and the labels by default.
        rng: for the random half, and the model that is grown.

    Raises:
        ModelError: if a module cannot be re-initialised.
        DataError: if there are no members.
    """
    if isinstance(target, SklearnModel):
        learner = sklearn_learner(target.estimator, classes=target.known, task=target.task)
        return learner, f"the target's estimator ({name_of(target.estimator)}), cloned and fitted anew."
    if not member.any():
        raise DataError("no record is a member: the target's train accuracy is needed to match it.")
    halver, grower = rng.spawn(2)
    half = records.take(halver.permutation(len(records))[: max(1, len(records) // 2)])
    task: Task = target.task if isinstance(target, BlackBox) else "classification"
    members = records.take(halver.permutation(np.flatnonzero(member))[:WATCHED])
    module: Any = getattr(target, "module", None)
    goal = TargetFit.of(target, members, task=task, same=is_module(module))
    if is_module(module):
        return _reborn(target, half, goal, rng=grower)
    outputs = 1 if task == "regression" else _classes(target, records, classes)
    return _foreign(records, half, goal, outputs, rng=grower)


def _reborn(target: Any, half: Records, goal: TargetFit, *, rng: Rng) -> tuple[Learner, str]:
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
    what = f"the target's architecture ({type(target.module).__name__}) with new weights"
    return learner, _in_words(what, learner.batch_size, learner.epochs, match)


def _foreign(
    records: Records, half: Records, goal: TargetFit, outputs: int, *, rng: Rng
) -> tuple[Learner, str]:
    encoder = fit_encoding(records.x)
    by_torch = find_spec("torch") is not None
    mlp = _torch_mlp if by_torch else _sklearn_mlp
    bare = mlp(goal.task, encoder(half.x[:1]).shape[1], outputs, half)
    start = encoded_learner(bare, encoder, records)
    encoded = start.encoded(half)
    if by_torch:
        from confide.learners.torch.reinitialise import epochs_to_match

        inner, match = epochs_to_match(bare, encoded, goal, rng=rng)
        epochs = inner.epochs
    else:
        inner, epochs, match = _grown_by_sklearn(bare, encoded, goal, rng=rng)
    what = (
        f"a network with one hidden layer of {HIDDEN} (the target's own kind is unknown), on records with "
        "numbers standardised and categories one-hot"
    )
    return replace(start, inner=inner), _in_words(what, _batch(half), epochs, match)


def _torch_mlp(task: Task, features: int, outputs: int, half: Records) -> Any:
    from confide.learners.torch.learner import TorchLearner
    from confide.learners.torch.reinitialise import Mlp

    factory = Mlp(features, HIDDEN, outputs)
    return TorchLearner(factory=factory, epochs=MOST_EPOCHS, batch_size=_batch(half), task=task)


def _sklearn_mlp(task: Task, features: int, outputs: int, half: Records) -> Any:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind: Any = MLPRegressor if task == "regression" else MLPClassifier
    network = kind(hidden_layer_sizes=(HIDDEN,), batch_size=_batch(half), alpha=0.0, tol=0.0)
    return sklearn_learner(network, classes=None if task == "regression" else outputs)


def _grown_by_sklearn(learner: Any, records: Records, goal: TargetFit, *, rng: Rng) -> tuple[Any, int, str]:
    """As `reborn.epochs_to_match`, by scikit-learn's `partial_fit`, which is one epoch."""
    from sklearn.base import clone

    growing: Any = clone(learner.estimator)
    growing.set_params(random_state=int(rng.integers(2**31)))
    codes = {} if goal.task == "regression" else {"classes": np.arange(learner.classes)}
    sample = records.take(range(min(len(records), WATCHED)))
    score, reached, epochs = 0.0, False, 0
    while epochs < MOST_EPOCHS and not reached:
        growing.partial_fit(records.x, records.y, **codes)
        epochs += 1
        view = SklearnModel(growing)
        score = goal.score_of(view, sample)
        reached = goal.reached(view, sample, score)
    # As many epochs for each reference, and never fewer because its loss stands still.
    final: Any = clone(learner.estimator)
    final.set_params(max_iter=epochs, n_iter_no_change=epochs)
    epochs_to_match = sklearn_learner(final, classes=learner.classes, task=goal.task)
    return epochs_to_match, epochs, goal.in_words(score, reached)


def _in_words(what: str, batch: int, epochs: int, match: str) -> str:
    return f"{what}, trained by Adam (0.001) in batches of {batch} for {epochs} epochs, {match}."


def _batch(half: Records) -> int:
    return 64 if len(half) < 10_000 else 128


def _classes(target: LabelOnly, records: Records, classes: int | None) -> int:
    seen = int(records.y.max()) + 1
    width = target.predict(records.x[:1]).shape[1] if isinstance(target, BlackBox) else seen
    return max(classes or 0, seen, width)
