"""Learners that train any scikit-learn estimator again and keep the models without pickles."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from confide.core.access import BlackBox, Task
from confide.core.arrays import Array, Rng
from confide.core.errors import ModelError
from confide.learners.learner import NotKeptError
from confide.learners.recipe import recipe_text
from confide.models.guard import Guard, patience
from confide.models.replies import Classes
from confide.models.sklearn.abilities import takes_texts
from confide.models.sklearn.inside import sklearn_view
from confide.models.sklearn.model import Estimator, SklearnModel, ask, name_of, task_of
from confide.models.skops.reading import is_listed, load_estimators, save_estimators
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SklearnLearner:
    """A learner that clones an estimator, draws new random states, and fits it.

    Each parameter named `random_state` at any depth is drawn from `rng`; all other parameters stay. Classes
    that a subset of the records lacks get probability 0, so that all models have the same C columns. If skops
    is installed, `sklearn_learner` makes a learner that can also keep its models.

    Args:
        estimator: fitted or not; it is cloned and never changed.
        classes: the labels in the order of their codes, or their number. By default those that a fitted
            estimator knows, else 0 to the largest code among the records.
        task: classification or regression; by default the estimator's own.
        timeout: seconds for one training.
    """

    estimator: Estimator
    classes: Classes = None
    task: Task = None  # pyright: ignore[reportAssignmentType] - filled below
    timeout: float | None = field(default_factory=patience)

    def __post_init__(self) -> None:
        if self.task is None:
            object.__setattr__(self, "task", task_of(self.estimator))
        known = getattr(self.estimator, "classes_", None)
        if self.classes is None and self.task == "classification" and known is not None:
            object.__setattr__(self, "classes", tuple(np.asarray(known).tolist()))

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        """Train one model; all its randomness comes from `rng`.

        Raises:
            ModelError: with the estimator's own message, if it cannot be fitted.
        """
        from sklearn.base import clone
        from sklearn.exceptions import ConvergenceWarning

        estimator: Estimator = clone(self.estimator)
        # Two references differ in their random states too, as two runs of the target would.
        estimator.set_params(**_random_states(estimator, rng))
        labels = self._labels(records)
        # The estimator is trained on labels as the target was, not on codes.
        y: Array = np.asarray(labels)[records.y] if labels else records.y
        with warnings.catch_warnings():
            # The recipe is the target's own; if it stops early, this belongs to it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            x = records.x
            # A vectoriser iterates over its records, and a frame would give it columns.
            shown = x.to_series().to_list() if takes_texts(estimator) and isinstance(x, pl.DataFrame) else x
            name = f"fitting {name_of(estimator)}"
            ask(lambda x: estimator.fit(x, y), shown, name=name, guard=Guard(name, self.timeout))
        return self._shown(estimator, labels)

    def recipe(self) -> str:
        """The class, the parameters and the version of the estimator, and the labels."""
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

    def _shown(self, estimator: Estimator, labels: Sequence[object]) -> SklearnModel:
        return sklearn_view(estimator, task=self.task, classes=tuple(labels) or None, partial=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptSklearnLearner(SklearnLearner):
    """A `SklearnLearner` that can keep its models on disk as skops files, never as pickles."""

    def save(self, models: Sequence[BlackBox], path: Path) -> None:
        """Write the models to one file.

        Raises:
            ModelError: if one holds a type that skops cannot write.
            NotKeptError: if one holds a type or an argument that is not read from files.
        """
        shown = [model for model in models if isinstance(model, SklearnModel)]
        save_estimators([(m.estimator, list(_listed(m.classes))) for m in shown], path)
        need_readable(path, like=self.estimator)

    def load(self, path: Path) -> list[BlackBox]:
        """Read models that `save` wrote.

        Raises:
            ModelError: if the file is damaged, or holds types of packages that the estimator does not use.
        """
        return [self._shown(*fitted) for fitted in load_estimators(path, like=self.estimator)]


def sklearn_learner(
    estimator: Estimator, *, classes: Classes = None, task: Task | None = None
) -> SklearnLearner:
    """Build the learner of an estimator; it can keep its models on disk if skops is installed and can do so.

    >>> from sklearn.linear_model import LogisticRegression
    >>> model = sklearn_learner(LogisticRegression(), classes=3).fit(
    ...     Records(np.array([[0.0], [1.0]]), np.array([0, 2])), rng=np.random.default_rng(7))
    >>> np.exp(model.predict(np.array([[0.5]]))).round(2)
    array([[0.5, 0. , 0.5]])
    """
    # Two classes, because a pool asks by `isinstance` whether a learner can keep its models.
    kind = KeptSklearnLearner if can_keep(estimator) else SklearnLearner
    return kind(estimator=estimator, classes=classes, task=task)  # pyright: ignore[reportArgumentType]


def need_readable(path: Path, *, like: Estimator) -> None:
    """Read a file that was just written, where it may hold more than what is listed.

    Raises:
        NotKeptError: if it cannot be read by the rules for files from anybody.
    """
    if is_listed(like):
        return
    try:
        load_estimators(path, like=like)
    except ModelError as error:
        raise NotKeptError(str(error)) from error


def can_keep(estimator: Estimator) -> bool:
    """Whether skops can write models like this one and read them again; not with a lambda in a pipeline."""
    if not find_spec("skops"):
        return False
    with TemporaryDirectory() as folder:
        file = Path(folder) / "one.skops"
        try:
            save_estimators([(estimator, [])], file)
            load_estimators(file, like=estimator)
        except ModelError:
            return False
    return True


def prefit_part(estimator: Estimator) -> str:
    """The name of a part that keeps what it learnt when its estimator is fitted again; empty if none does."""
    for name, value in estimator.get_params(deep=True).items():
        step = name.rpartition("__")[2]
        frozen = type(value).__name__ == "FrozenEstimator"
        # `SelectFromModel(prefit=True)` and `cv="prefit"` use a part that was fitted before.
        if frozen or (step == "prefit" and value is True) or (step == "cv" and str(value) == "prefit"):
            return name
    return ""


def _random_states(estimator: Estimator, rng: Rng) -> dict[str, int]:
    # Sorted, so that each name gets the same number in every run.
    names = sorted(n for n in estimator.get_params(deep=True) if n.rpartition("__")[2] == "random_state")
    return {name: int(rng.integers(2**31 - 1)) for name in names}


def _listed(classes: Classes) -> Sequence[object]:
    return () if classes is None or isinstance(classes, int) else classes
