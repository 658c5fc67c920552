"""Boosters of LightGBM and XGBoost: asked for the sums of their trees, as an estimator of scikit-learn.

The classes of these packages for scikit-learn (`LGBMClassifier`, `XGBClassifier`) are estimators already. A
booster, which `train` returns and which files hold, has other methods. It is asked for the raw sums: they are
logits, which no rounding of probabilities hides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from confide.core.arrays import Array
from confide.core.errors import ModelError
from confide.core.foreign import in_one_line
from confide.models.signals import log_of
from confide.models.tree_categories import Categories, categories_of, coded

LIGHTGBM = {"binary": 2, "multiclass": 0, "regression": 1, "regression_l1": 1, "huber": 1, "fair": 1}
"""LightGBM's objectives whose sums are logits (2 or 0, for as many as its settings say) or values (1)."""
XGBOOST = {
    "binary:logistic": 2,
    "binary:logitraw": 2,
    "multi:softprob": 0,
    "multi:softmax": 0,
    "reg:squarederror": 1,
    "reg:absoluteerror": 1,
    "reg:pseudohubererror": 1,
}
"""The same of XGBoost."""


class _Boosted(BaseEstimator):
    """What both kinds of boosters share.

    Args:
        margins: records -> the sums of the trees, float64[n] or [n, C].
        columns: the names of the records' columns; None where the booster knows none.
        width: how many columns the records have.
        classes: how many classes the sums are of; 0 for values.
    """

    cannot_fit: ClassVar[str] = (
        "a booster does not keep what it was trained with. Give the estimator (LGBMClassifier, "
        "XGBClassifier) instead, or a training function with --train."
    )

    def __init__(
        self, margins: Callable[[Array], Array], columns: list[str] | None, width: int, classes: int = 0
    ) -> None:
        self.margins, self.columns, self.width, self.classes = margins, columns, width, classes
        self.n_features_in_ = width
        if columns is not None:
            self.feature_names_in_ = np.array(columns, object)

    def fit(self, x: Any, y: Any) -> Any:
        """Refuse to be trained again: a booster does not keep what it was trained with.

        Raises:
            ModelError: always.
        """
        raise ModelError(self.cannot_fit)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _sums(self, x: Any) -> Array:
        return np.asarray(self.margins(x), np.float64)


class BoostedClassifier(ClassifierMixin, _Boosted):
    """A booster whose sums are logits of classes 0, 1, ..., as it was trained on them."""

    @property
    def classes_(self) -> Array:
        """The class codes."""
        return np.arange(self.classes)

    def decision_function(self, x: Any) -> Array:
        """The logits: float64[n] of the second of two classes, else [n, C]."""
        return self._sums(x)

    def predict(self, x: Any) -> Array:
        """The class codes int64[n]."""
        sums = self._sums(x)
        return (sums > 0).astype(np.int64) if sums.ndim == 1 else sums.argmax(1)


class BoostedRegressor(RegressorMixin, _Boosted):
    """A booster whose sums are values."""

    def predict(self, x: Any) -> Array:
        """The values float64[n]."""
        return self._sums(x)


def boosted(model: Any) -> BoostedClassifier | BoostedRegressor:
    """A booster as an estimator.

    Raises:
        ModelError: if its objective's sums are neither logits nor values.
    """
    ours = type(model).__module__.partition(".")[0]
    return _of_lightgbm(model) if ours == "lightgbm" else _of_xgboost(model)


def load_booster(path: Path) -> BoostedClassifier | BoostedRegressor:
    """Read a booster from LightGBM's text (.txt), or from XGBoost's JSON (.json, .ubj).

    Raises:
        ModelError: if the package is not installed, or the file is none of these.
    """
    name = "lightgbm" if path.suffix.lower() == ".txt" else "xgboost"
    try:
        package: Any = __import__(name)
    except ImportError as error:
        raise ModelError(f"{path} is read by {name}, which is not installed: pip install {name}.") from error
    try:
        if name == "lightgbm":
            text = path.read_text(encoding="utf-8")
            # LightGBM ends the process over some texts that are no model.
            if not text.startswith("tree\n") or "\nend of trees" not in text:
                raise ValueError("it does not begin as LightGBM's text does, or was cut short")
            return _of_lightgbm(package.Booster(model_str=text))
        return _of_xgboost(package.Booster(model_file=str(path)))
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"{path} is no model of {name} ({in_one_line(error):.120}): write it with `booster.save_model`."
        ) from error


def with_lightgbm_names(model: Any, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with its columns named as LightGBM has them, which writes a blank as an underscore.

    A frame on any other model is left as it is.
    """
    of_it = type(model).__module__.partition(".")[0] == "lightgbm"
    read = isinstance(model, _Boosted) and getattr(model.margins, "func", None) is _lightgbm_sums
    if not (of_it or read):
        return frame
    own = getattr(model, "feature_name", lambda: getattr(model, "feature_names_in_", None))()
    known, given = set(() if own is None else own), set(frame.columns)
    clean = {name: name.replace(" ", "_") for name in given - known}
    return frame.rename({name: new for name, new in clean.items() if new in known - given})


def _of_lightgbm(model: Any) -> BoostedClassifier | BoostedRegressor:
    # A dump of all trees would take long: the header of the text says it.
    header = model.model_to_string(num_iteration=1)
    said = re.search(r"^objective=(.*)$", header, flags=re.MULTILINE)
    objective, *settings = said[1].split() if said else ["custom"]
    given = dict(one.split(":", 1) for one in settings if ":" in one)
    slope, answers = float(given.get("sigmoid", 1.0)), LIGHTGBM.get(objective)
    # The raw score of a random forest is the sum of its trees and not their mean, and that of a value may be
    # a function of it.
    raw = answers != 1 and "\naverage_output\n" not in header
    names = list(model.feature_name())
    own = None if names == [f"Column_{i}" for i in range(len(names))] else names
    asked = partial(_lightgbm_sums, model, slope if raw else None, answers == 1, categories_of(model))
    return _made(
        answers, asked, own, model.num_feature(), classes=int(given.get("num_class", 0)), objective=objective
    )


def _lightgbm_sums(model: Any, slope: float | None, values: bool, categories: Categories, x: Any) -> Array:
    if categories:
        if not isinstance(x, pl.DataFrame):
            raise ModelError(
                "the booster was trained on columns of categories: give records as a table, with their names."
            )
        x = coded(x, categories, name="the booster")
    x = np.asarray(x, np.float64)
    if slope is not None:
        # Of two classes the probability is 1 / (1 + exp(-slope * sum)).
        return slope * model.predict(x, raw_score=True)
    said = np.asarray(model.predict(x), np.float64)
    if values:
        return said
    return log_of(said) - log_of(1 - said) if said.ndim == 1 else log_of(said)


def _of_xgboost(model: Any) -> BoostedClassifier | BoostedRegressor:
    learner = json.loads(model.save_config())["learner"]
    objective = learner["objective"]["name"]
    if "c" in (model.feature_types or []):
        raise ModelError(
            "the booster was trained on columns of categories, whose codes are those of its training frame: "
            "give a function predict(X) that makes that frame."
        )
    kept = model.attributes()
    # An XGBClassifier that stopped early answers by its best rounds; a booster by itself by all of them.
    best = kept.get("best_iteration") if "scikit_learn" in kept else None
    rounds = 0 if best is None else int(best) + 1
    return _made(
        XGBOOST.get(objective),
        partial(_xgboost_sums, model, rounds),
        model.feature_names,
        model.num_features(),
        classes=int(learner["learner_model_param"]["num_class"]),
        objective=objective,
    )


def _xgboost_sums(model: Any, rounds: int, x: Any) -> Array:
    import xgboost  # pyright: ignore[reportMissingImports]

    asked = np.asarray(x, np.float64)
    records = xgboost.DMatrix(asked, feature_names=model.feature_names, feature_types=model.feature_types)
    return model.predict(records, output_margin=True, iteration_range=(0, rounds))


def _made(
    answers: int | None,
    margins: Callable[[Array], Array],
    columns: list[str] | None,
    width: int,
    *,
    classes: int,
    objective: str,
) -> BoostedClassifier | BoostedRegressor:
    if answers is None:
        raise ModelError(
            f"the booster's objective is {objective:.40}, whose sums are neither logits nor values: give a "
            "function predict(X) that returns its probabilities."
        )
    if answers == 1:
        return BoostedRegressor(margins, columns, width)
    return BoostedClassifier(margins, columns, width, answers or classes)
