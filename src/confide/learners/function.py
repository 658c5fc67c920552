"""Learners that call the user's training function `train(X, y, *, rng) -> model`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from confide.core.access import BlackBox, Task
from confide.core.arrays import Rng
from confide.core.errors import ConfideError, ModelError
from confide.learners.estimator import can_keep
from confide.learners.recipe import recipe_text
from confide.models.guard import Guard, guarded_error, patience
from confide.models.kinds import Kind
from confide.models.loading import as_view, is_estimator, is_module
from confide.models.replies import Classes
from confide.views.records import Records

if TYPE_CHECKING:
    from torch import nn

    from confide.learners.torch.learner import TorchLearner
    from confide.models.sklearn.model import Estimator

Train = Callable[..., object]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallableLearner:
    """A learner that calls the user's `train(X, y, *, rng)` and builds a view on the result.

    All randomness must come from `rng`, a numpy Generator (in torch:
    `torch.manual_seed(int(rng.integers(2**31)))`); otherwise two runs differ. This class trains its models
    again in every run; `callable_learner` says when they are kept.

    Args:
        train: gets X as an array or polars frame and y as codes int64[n] (values float64[n] in a regression).
        task: classification or regression.
        classes: the number of classes, or the labels in the order of their codes.
        answers: the kind of answers of a model that is a function; by default decided from a few answers.
        timeout: seconds for one training.
    """

    train: Train
    task: Task = "classification"
    classes: Classes = None
    answers: Kind | None = None
    timeout: float | None = field(default_factory=patience)

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        """Train one model.

        Raises:
            ModelError: with the function's name and message, if it fails or returns no usable model.
        """
        name = f"{getattr(self.train, '__module__', '')}:{getattr(self.train, '__qualname__', self.train)}"
        x = records.x.copy() if isinstance(records.x, np.ndarray) else records.x
        try:
            # Copies: what a function does in place would change the audited records.
            model = Guard(name, self.timeout)(lambda: self.train(x, records.y.copy(), rng=rng))
        except ConfideError:
            raise
        except Exception as error:
            raise ModelError(
                f"{name} fails on {len(records)} records ({guarded_error(error)}): "
                "call it by hand on some of them."
            ) from error
        # A forgotten `return` is the commonest fault of a training function.
        if model is None:
            raise ModelError(f"{name} returns nothing: end it with `return model`.")
        return self._shown(model, records)

    def recipe(self) -> str:
        """The function's import path and a hash of the file that defines it and of own modules it imports."""
        return f"train {recipe_text(self.train)} task={self.task} classes={self.classes!r}"

    def _shown(self, model: object, records: Records | None = None) -> BlackBox:
        probe = None if records is None else records.x[:64]
        # An estimator trained on codes has codes as classes, and its training may lack some of them.
        if is_estimator(model):
            from confide.models.sklearn.inside import sklearn_view

            return sklearn_view(model, task=self.task, classes=self._codes(), partial=True)
        view = as_view(model, task=self.task, classes=self.classes, answers=self.answers, probe=probe)
        if not isinstance(view, BlackBox):
            raise ModelError(
                "reference models must answer with scores, not with labels: "
                "let `train` return a model with `predict_proba`, a torch module, or a function of scores."
            )
        return view

    def _codes(self) -> Classes:
        if self.task == "regression" or self.classes is None:
            return None
        return tuple(range(self.classes if isinstance(self.classes, int) else len(self.classes)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptCallableLearner(CallableLearner):
    """A `CallableLearner` that can keep its models: torch modules by safetensors, estimators by skops.

    Args:
        like: a model of the kind that `train` returns. It provides the architecture of modules, which
            safetensors does not store, and the types that an estimator's file may have.
    """

    like: object

    def save(self, models: Sequence[BlackBox], path: Path) -> None:
        """Write the models to one file.

        Raises:
            ModelError: if they are of another kind than `like`.
            NotKeptError: if one holds a type or an argument that is not read from files.
        """
        what = "module" if is_module(self.like) else "estimator"
        for model in models:
            kept = getattr(model, what, None)
            if type(kept) is not type(self.like):
                got = type(model if kept is None else kept).__name__
                raise ModelError(
                    f"`train` returned a {got}, which cannot be kept as a {type(self.like).__name__}: "
                    "give no cache, or return the kind of model that is under audit."
                )
        if what == "module":
            self._torch().save(models, path)
        else:
            from confide.learners.estimator import need_readable
            from confide.models.skops.reading import save_estimators

            save_estimators([(getattr(model, what), []) for model in models], path)
            need_readable(path, like=cast("Estimator", self.like))

    def load(self, path: Path) -> list[BlackBox]:
        """Read models that `save` wrote.

        Raises:
            ModelError: if the file is damaged, or holds another kind of model.
        """
        if is_module(self.like):
            return self._torch().load(path)
        from confide.models.skops.reading import load_estimators

        return [self._shown(estimator) for estimator, _ in load_estimators(path, like=self.like)]

    def _torch(self) -> TorchLearner:
        """A learner that only saves and loads weights; it never trains."""
        from confide.learners.torch.learner import TorchLearner

        like = cast("nn.Module", self.like)
        return TorchLearner(factory=partial(copy.deepcopy, like), epochs=1, task=self.task)


def callable_learner(
    train: Train,
    *,
    task: Task = "classification",
    classes: Classes = None,
    answers: Kind | None = None,
    like: object | None = None,
) -> CallableLearner:
    """Build the learner of a user's function.

    Its models are kept on disk if `like` (for example the model under audit) is a torch module (safetensors)
    or an estimator (skops, if installed) and `train` returns the same kind. Otherwise they are trained again
    in every run. They are trained again after a change in the file of `train`, or in a module that it imports
    and that is no installed package; the cache does not notice a change in a file that `train` only reads.
    """
    kept = (is_module(like) and find_spec("safetensors")) or (is_estimator(like) and can_keep(like))
    if kept:
        return KeptCallableLearner(train=train, task=task, classes=classes, answers=answers, like=like)
    return CallableLearner(train=train, task=task, classes=classes, answers=answers)
