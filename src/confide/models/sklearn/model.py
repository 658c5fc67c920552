"""Fitted scikit-learn estimators, and objects with the same methods, as black boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from confide.core.access import Task
from confide.core.arrays import Array, Batch, Floats, Ints
from confide.core.errors import ConfideError, ModelError
from confide.core.foreign import in_one_line
from confide.models.guard import Guard
from confide.models.replies import Classes, as_numbers, codes_of, columns_of, outputs_of
from confide.models.signals import TINY
from confide.models.sklearn.abilities import takes_texts
from confide.models.tree_categories import categories_of, coded

Estimator: TypeAlias = Any
"""An estimator of scikit-learn, or an object with the same methods; scikit-learn has no types."""


@dataclass(frozen=True, slots=True, eq=False)
class SklearnModel:
    """A fitted estimator that is queried for class probabilities, or for values in a regression.

    Column i of `predict` is the class with code i, for any order of the estimator's `classes_`. An estimator
    without `predict_proba` (`LinearSVC`) is queried for its `decision_function`; its margins are used as
    logits.

    Args:
        estimator: fitted; it gets arrays or polars frames as they are, or pandas frames if it refuses those
            and pandas is installed.
        task: classification or regression; by default the estimator's own.
        classes: the labels in the order of their codes, or how many classes the labels need; by default
            `classes_`.
        partial: classes that were not in the estimator's training get probability 0 instead of an error.

    Raises:
        ModelError: if it is not fitted, is neither a classifier nor a regressor, or lacks classes.

    >>> from sklearn.dummy import DummyClassifier
    >>> fitted = DummyClassifier().fit([[0.0]] * 4, ["no", "no", "no", "yes"])
    >>> np.exp(SklearnModel(fitted, classes=["yes", "no"]).predict(np.zeros((1, 1)))).round(2)
    array([[0.25, 0.75]])
    """

    estimator: Estimator
    task: Task = None  # pyright: ignore[reportAssignmentType] - filled below
    classes: Classes = None
    partial: bool = False
    _own: list[object] = field(init=False, repr=False)
    _codes: Ints = field(init=False, repr=False)
    _guard: Guard = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_guard", Guard(self.name))
        if self.task is None:
            object.__setattr__(self, "task", task_of(self.estimator))
        _need_fitted(self.estimator, self.name)
        own = _own_classes(self.estimator, self.name) if self.task == "classification" else []
        object.__setattr__(self, "_own", own)  # the record is frozen, and these follow from its fields
        classes = self.classes if own else None
        object.__setattr__(self, "_codes", columns_of(own, classes, name=self.name, partial=self.partial))

    @property
    def name(self) -> str:
        """The model's name in messages."""
        return f"the model ({name_of(self.estimator)})"

    @property
    def known(self) -> tuple[object, ...] | None:
        """The model's classes in the order of their codes; None in a regression."""
        return tuple(self._own[place] for place in np.argsort(self._codes)) or None

    def predict(self, x: Batch) -> Floats:
        """The logits float64[n, C] in the order of the class codes, or values float64[n, 1].

        Raises:
            ModelError: if the estimator fails, or its answers are not finite or not probabilities.
        """
        if self.task == "regression":
            return outputs_of(self._ask("predict", x), "values", name=self.name)
        if hasattr(self.estimator, "predict_proba"):
            own = outputs_of(self._ask("predict_proba", x), "probabilities", name=self.name)
        else:
            own = outputs_of(self._ask("decision_function", x), "logits", name=self.name)
        if own.shape[1] != len(self._own):
            raise ModelError(
                f"{self.name} gives {own.shape[1]} columns for its {len(self._own)} classes: "
                'make it give one score for each class (an SVC needs decision_function_shape="ovr").'
            )
        # Classes that the estimator does not know keep the logit of probability 0.
        width = len(self._own) if self.classes is None else _count(self.classes)
        ordered = np.full((len(own), max(width, len(self._own))), np.log(TINY))
        ordered[:, self._codes] = own
        return ordered

    def labels(self, x: Batch) -> Array:
        """The answers of the estimator's own `predict`: class codes int64[n], or values float64[n]."""
        answer = self._ask("predict", x)
        if self.task == "regression":
            return as_numbers(answer, name=self.name).reshape(-1)
        codes = dict(zip(self._own, self._codes.tolist(), strict=True))
        return codes_of(answer, codes, name=self.name)

    def _ask(self, method: str, x: Batch) -> Array:
        shown = presented(x, self.estimator, self.name)
        return ask(getattr(self.estimator, method), shown, name=self.name, guard=self._guard)

    @property
    def noticed(self) -> set[str]:
        """What the estimator did besides answering, in a few words each."""
        return self._guard.noticed


@dataclass(frozen=True, slots=True, eq=False)
class SklearnLabels:
    """A fitted classifier without scores, such as one that counts votes; it has no `predict`."""

    model: SklearnModel

    def labels(self, x: Batch) -> Array:
        """The class codes int64[n]."""
        return self.model.labels(x)

    @property
    def noticed(self) -> set[str]:
        """What the estimator did besides answering, in a few words each."""
        return self.model.noticed


def task_of(estimator: Estimator) -> Task:
    """The task of an estimator: classification or regression.

    Raises:
        ModelError: if it has neither.
    """
    from sklearn.base import is_classifier, is_regressor

    if _is_estimator(estimator):
        if is_classifier(estimator):
            return "classification"
        if is_regressor(estimator):
            return "regression"
    elif hasattr(estimator, "predict_proba"):
        return "classification"
    raise ModelError(
        f"{name_of(estimator)} is neither a classifier nor a regressor: "
        "give a model that predicts labels or values, or say its task."
    )


def ask(question: Callable[[Any], Any], x: Any, *, name: str, guard: Guard | None = None) -> Any:
    """Call `question` with a copy of the records; if it refuses a polars frame, again with a pandas frame.

    The second call needs pandas. If the two frames differ in content (categories, and missing values in
    text), pandas comes first: an estimator that was fitted on pandas could accept polars' values and give
    wrong answers.

    Raises:
        ModelError: with the last message, if both calls fail.
    """
    # Made only when it is their turn: a frame in pandas takes as much memory again.
    # A copy, since transforms may work in place (`StandardScaler(copy=False)`).
    ways: list[Callable[[], object]] = [lambda: x.copy() if isinstance(x, np.ndarray) else x]
    if isinstance(x, pl.DataFrame):
        ways = [partial(as_pandas, x), *ways] if _differs_in_pandas(x) else [*ways, partial(as_pandas, x)]
    failure: Exception | None = None
    for way in ways:
        if (shown := way()) is None:
            continue
        try:
            return (guard or Guard(name))(partial(question, shown))
        except ConfideError:
            raise
        except Exception as error:
            failure = error
    raise ModelError(
        f"{name} cannot deal with these records ({type(failure).__name__}: {in_one_line(failure)}): "
        "give them in the form that the model was trained on."
    ) from failure


def presented(x: Batch, estimator: Estimator, name: str) -> Any:
    """The records as the estimator needs them: its own columns in its order, named if it knows names.

    Raises:
        ModelError: if the frame lacks columns that the estimator was fitted on.
    """
    if isinstance(x, pl.DataFrame) and takes_texts(estimator):
        return x.to_series().to_list()
    _refuse_hidden_categories(estimator, name)
    expected = getattr(estimator, "feature_names_in_", None)
    if isinstance(x, pl.DataFrame):
        if expected is not None:
            missing = [column for column in expected if column not in x.columns]
            if missing:
                raise ModelError(
                    f"{name} was fitted on the columns {', '.join(expected)}; the records have no "
                    f"{', '.join(missing)}: give the same columns."
                )
            return _with_categories(x.select(list(expected)), estimator, name)
        return _as_array(x) if hasattr(estimator, "n_features_in_") else x
    if expected is not None and x.ndim == 2 and x.shape[1] == len(expected):
        # An estimator that was fitted with names warns about every array.
        return pl.DataFrame(np.ascontiguousarray(x), schema=list(expected))
    return x


def _refuse_hidden_categories(estimator: Estimator, name: str) -> None:
    """Refuse LightGBM with columns of categories behind other steps, which make its columns.

    Raises:
        ModelError: with what to give instead.
    """
    inside = [step for _, step in getattr(estimator, "steps", None) or []]
    inside += [best] if (best := getattr(estimator, "best_estimator_", None)) is not None else []
    if any(getattr(getattr(part, "booster_", None), "pandas_categorical", None) for part in inside):
        raise ModelError(
            f"{name} holds a LightGBM model that was trained on columns of categories, whose codes are those "
            "of its training frame: give a function predict(X) that makes that frame."
        )


def _with_categories(x: pl.DataFrame, estimator: Estimator, name: str) -> pl.DataFrame:
    """The frame; where LightGBM was trained on columns of categories, with the codes of these."""
    booster = getattr(estimator, "booster_", None)
    categories = {} if booster is None else categories_of(booster)
    return pl.DataFrame(coded(x, categories, name=name), schema=x.columns) if categories else x


def as_pandas(frame: pl.DataFrame) -> Any | None:
    """Convert a frame for estimators that only accept pandas; None if pandas is not installed.

    An Enum keeps its categories in their order; those of a Categorical are sorted. Missing values are NaN.
    """
    try:
        import pandas as pd
    except ImportError:
        return None
    columns: dict[str, object] = {}
    for series in frame:
        if isinstance(series.dtype, pl.Categorical | pl.Enum):
            text = series.cast(pl.String)
            known = (
                series.dtype.categories
                if isinstance(series.dtype, pl.Enum)
                else text.unique().drop_nulls().sort()
            )
            columns[series.name] = pd.Categorical(text.to_list(), categories=known.to_list())
        else:
            columns[series.name] = _with_nan(series.to_numpy())
    return pd.DataFrame(columns)


def _differs_in_pandas(frame: pl.DataFrame) -> bool:
    # Categories lose their order, and a missing text is None instead of NaN.
    odd = (
        isinstance(s.dtype, pl.Categorical | pl.Enum) or (s.dtype == pl.String and s.has_nulls())
        for s in frame
    )
    return any(odd)


def _as_array(frame: pl.DataFrame) -> Array:
    return _with_nan(frame.to_numpy())


def _with_nan(values: Array) -> Array:
    """Replace None, which only arrays of objects hold, by NaN, which scikit-learn's imputers look for."""
    if values.dtype != object:
        return values
    return np.where(np.equal(values, None), np.nan, values)  # pyright: ignore[reportCallIssue, reportArgumentType]


def name_of(estimator: Estimator) -> str:
    """The class name of an estimator, with that of the last step for a pipeline."""
    steps = getattr(estimator, "steps", None)
    last = f"({type(steps[-1][1]).__name__})" if steps else ""
    return type(estimator).__name__ + last


def _is_estimator(model: object) -> bool:
    from sklearn.base import BaseEstimator

    return isinstance(model, BaseEstimator)


def _need_fitted(estimator: Estimator, name: str) -> None:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if not _is_estimator(estimator):
        return
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise ModelError(f"{name} is not fitted: fit it before the audit.") from error


def _own_classes(estimator: Estimator, name: str) -> list[object]:
    own = getattr(estimator, "classes_", None)
    if own is None or (len(own) and np.ndim(own[0])):
        raise ModelError(f"{name} has no `classes_`, or several outputs: audit one output at a time.")
    return np.asarray(own).tolist()


def _count(classes: int | Sequence[object]) -> int:
    return classes if isinstance(classes, int) else len(classes)
