"""Training any scikit-learn estimator again, and keeping the models without pickling."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.access import BlackBox, Task
from confide.core.arrays import Array, Rng
from confide.core.errors import ModelError
from confide.learners.recipe import recipe_text
from confide.models.replies import Classes
from confide.models.sklearn.inside import sklearn_view
from confide.models.sklearn.model import SklearnModel, ask, name_of, task_of
from confide.models.skops.reading import load_estimators, save_estimators
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SklearnLearner:
    """Clones an estimator, gives it fresh coins, and fits it.

    Every parameter called `random_state`, however deep, is drawn from `rng`; all others stay. Classes that
    a subset of the records lacks get probability 0, so that all models have the same C columns.
    `sklearn_learner` makes one that can also keep its models, where skops is installed.

    Args:
        estimator: fitted or not; it is cloned, never changed.
        classes: the labels in the order of their codes, or how many there are. By default those that a
            fitted estimator knows, else 0 to the largest code among the records.
        task: told by the estimator, by default.
    """

    estimator: Any
    classes: Classes = None
    task: Task = None  # pyright: ignore[reportAssignmentType] - filled below

    def __post_init__(self) -> None:
        if self.task is None:
            object.__setattr__(self, "task", task_of(self.estimator))
        known = getattr(self.estimator, "classes_", None)
        if self.classes is None and self.task == "classification" and known is not None:
            object.__setattr__(self, "classes", tuple(np.asarray(known).tolist()))

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        """Train one model; all its coins come from `rng`.

        Raises:
            ModelError: with the estimator's own message, if it cannot be fitted.
        """
        from sklearn.base import clone
        from sklearn.exceptions import ConvergenceWarning

        estimator: Any = clone(self.estimator)
        estimator.set_params(**_coins(estimator, rng))
        labels = self._labels(records)
        y: Array = np.asarray(labels)[records.y] if labels else records.y
        with warnings.catch_warnings():
            # The recipe is the target's own; that it stops early is known and part of it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            ask(lambda x: estimator.fit(x, y), records.x, name=f"fitting {name_of(estimator)}")
        return self._shown(estimator, labels)

    def recipe(self) -> str:
        """Class, parameters and version of the estimator; and which labels."""
        import sklearn

        return f"scikit-learn {sklearn.__version__} {recipe_text(self.estimator)} classes={self.classes!r}"

    def _labels(self, records: Records) -> tuple[object, ...]:
        if self.task == "regression":
            return ()
        if self.classes is None:
            return tuple(range(int(records.y.max()) + 1))
        labels = range(self.classes) if isinstance(self.classes, int) else self.classes
        if records.y.max() >= len(labels):
            raise ModelError(
                f"the records have class code {records.y.max()}, but there are only {len(labels)} classes: "
                "give `classes`, all labels in the order of their codes."
            )
        return tuple(labels)

    def _shown(self, estimator: Any, labels: Sequence[object]) -> SklearnModel:
        return sklearn_view(estimator, task=self.task, classes=tuple(labels) or None, partial=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptSklearnLearner(SklearnLearner):
    """A `SklearnLearner` whose models are kept on disk as skops files (never pickles)."""

    def save(self, models: Sequence[BlackBox], path: Path) -> None:
        """Write the models to one file.

        Raises:
            ModelError: if one holds a type that skops cannot write.
        """
        shown = [model for model in models if isinstance(model, SklearnModel)]
        save_estimators([(m.estimator, list(_listed(m.classes))) for m in shown], path)

    def load(self, path: Path) -> list[BlackBox]:
        """Read models that `save` wrote.

        Raises:
            ModelError: if the file is damaged, or holds types of packages foreign to the estimator.
        """
        return [self._shown(*fitted) for fitted in load_estimators(path, like=self.estimator)]


def sklearn_learner(estimator: Any, *, classes: Classes = None, task: Task | None = None) -> SklearnLearner:
    """The learner of an estimator; its models can be kept on disk if skops is installed.

    >>> from sklearn.linear_model import LogisticRegression
    >>> model = sklearn_learner(LogisticRegression(), classes=3).fit(
    ...     Records(np.array([[0.0], [1.0]]), np.array([0, 2])), rng=np.random.default_rng(7))
    >>> np.exp(model.predict(np.array([[0.5]]))).round(2)
    array([[0.5, 0. , 0.5]])
    """
    kind = KeptSklearnLearner if find_spec("skops") else SklearnLearner
    return kind(estimator=estimator, classes=classes, task=task)  # pyright: ignore[reportArgumentType]


def _coins(estimator: Any, rng: Rng) -> dict[str, int]:
    names = sorted(n for n in estimator.get_params(deep=True) if n.rpartition("__")[2] == "random_state")
    return {name: int(rng.integers(2**31 - 1)) for name in names}


def _listed(classes: Classes) -> Sequence[object]:
    return () if classes is None or isinstance(classes, int) else classes
