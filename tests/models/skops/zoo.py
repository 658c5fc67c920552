"""Fitted estimators of every listed class, in the ways that people use them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from confide.models.skops.trusted import ESTIMATORS

ROWS = 40
WORDS = np.array(["a cat sat", "the dog ran", "a cow stood still", "the cat ran off"])


def numbers() -> Any:
    """Positive numbers, the third column whole ones of few values."""
    rng = np.random.default_rng(7)
    return np.column_stack([rng.uniform(0.1, 2, (ROWS, 2)), rng.integers(4, size=ROWS)])


def labels() -> Any:
    return np.arange(ROWS) % 3


@dataclass(frozen=True)
class Entry:
    """A fitted estimator and what it is asked: probabilities, values, or a transform."""

    name: str
    model: Any
    x: Any

    def ask(self, model: Any) -> Any:
        for method in ("predict_proba", "decision_function", "predict", "transform"):
            if hasattr(model, method):
                answer = getattr(model, method)(self.x)
                # Made full, because this is where scipy follows what was built.
                return answer.toarray() if hasattr(answer, "toarray") else answer
        return None


def _settings() -> dict[str, dict[str, Any]]:
    """What these classes need to be made, or to be fitted quickly."""
    logistic = LogisticRegression()
    inside: dict[str, Any] = {"estimator": logistic}
    wrapped = (
        *("CalibratedClassifierCV", "FixedThresholdClassifier", "MultiOutputClassifier"),
        *("ClassifierChain", "OneVsOneClassifier", "OneVsRestClassifier", "OutputCodeClassifier", "RFE"),
        *("RFECV", "SelectFromModel", "SelfTrainingClassifier", "SequentialFeatureSelector"),
    )
    forests = ("ExtraTrees", "RandomForest", "GradientBoosting", "Bagging", "AdaBoost")
    few = {f"{n}{k}": {"n_estimators": 3} for n in forests for k in ("Classifier", "Regressor")}
    return {
        **few,
        **dict.fromkeys(wrapped, inside),
        **{
            f"HistGradientBoosting{k}": {"max_iter": 2, "min_samples_leaf": 3}
            for k in ("Classifier", "Regressor")
        },
        **{f"MLP{k}": {"hidden_layer_sizes": (4,), "max_iter": 3} for k in ("Classifier", "Regressor")},
        **{
            f"Voting{k}": {"estimators": [("a", m)]}
            for k, m in (("Classifier", logistic), ("Regressor", Ridge()))
        },
        **{
            f"Stacking{k}": {"estimators": [("a", m)], "cv": 2}
            for k, m in (("Classifier", logistic), ("Regressor", Ridge()))
        },
        **{f"{name}RandomProjection": {"n_components": 2} for name in ("Gaussian", "Sparse")},
        **{name: {"n_components": 1} for name in ("CCA", "PLSCanonical", "PLSRegression")},
        "SelectKBest": {"k": 2},
        "FrozenEstimator": {"estimator": LogisticRegression().fit(numbers(), labels())},
        "ColumnTransformer": {
            "transformers": [("a", StandardScaler(), [0]), ("b", OneHotEncoder(), slice(2, 3))]
        },
        "FeatureUnion": {"transformer_list": [("a", StandardScaler()), ("b", FunctionTransformer(np.log1p))]},
        "Pipeline": {"steps": [("a", StandardScaler()), ("b", logistic)]},
        "GridSearchCV": {**inside, "param_grid": {"C": [0.1, 1]}, "cv": 2},
        "RandomizedSearchCV": {**inside, "param_distributions": {"C": [0.1, 1]}, "n_iter": 2, "cv": 2},
        "MultiOutputRegressor": {"estimator": Ridge()},
        "RegressorChain": {"estimator": Ridge()},
        "HashingVectorizer": {"n_features": 16},
        "FeatureHasher": {"n_features": 16, "input_type": "string"},
        "RadiusNeighborsClassifier": {"radius": 9.0},
        "QuantileTransformer": {"n_quantiles": 10},
        "TransformedTargetRegressor": {"regressor": Ridge(), "func": np.log1p, "inverse_func": np.expm1},
        "SelectPercentile": {"percentile": 60},
        "PolynomialCountSketch": {"n_components": 8},
    }


def _data(name: str) -> tuple[Any, Any]:
    x, y = numbers(), labels()
    if name in ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer"):
        return WORDS[np.arange(ROWS) % 4], y
    if name == "FeatureHasher":
        return [["cat", "dog"], ["cow"]] * 3, None
    if name in ("LabelEncoder", "LabelBinarizer"):
        return y, None
    if name == "IsotonicRegression":
        return x[:, 0], x[:, 1]
    if name == "KernelCenterer":
        return x @ x.T, None
    if name in ("ClassifierChain", "MultiOutputClassifier"):
        return x, np.column_stack([y > 0, y > 1]).astype(int)
    if name in (
        "MultiOutputRegressor",
        "RegressorChain",
        "PLSCanonical",
        "CCA",
        "PLSRegression",
    ) or name.startswith("MultiTask"):
        return x, np.column_stack([y + 0.5, y * x[:, 0]])
    if name == "FixedThresholdClassifier":
        return x, (y > 0).astype(int)
    if name == "SelfTrainingClassifier":
        return x, np.where(np.arange(ROWS) % 5, y, -1)
    return x, y


def each_listed_class() -> Iterator[Entry]:
    """One fitted estimator of each listed class that people fit themselves."""
    settings = _settings()
    for full in sorted(ESTIMATORS):
        home, _, name = full.rpartition(".")
        if name.startswith("_"):
            continue  # a part of another one
        x, y = _data(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = getattr(import_module(home), name)(**settings.get(name, {}))
            if is_regressor(made) and np.ndim(y) == 1:
                y = y + 0.5
            yield Entry(name, made.fit(x) if y is None else made.fit(x, y), x)


def others() -> Iterator[Entry]:
    """Settings of which the fitted state has another form."""
    from scipy import sparse
    from sklearn.ensemble import AdaBoostClassifier, GradientBoostingClassifier, GradientBoostingRegressor
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsClassifier
    from sklearn.preprocessing import KBinsDiscretizer
    from sklearn.svm import SVR, NuSVC

    x, y = numbers(), labels()
    rare = OneHotEncoder(min_frequency=12, handle_unknown="infrequent_if_exist", drop="first")
    models = {
        "one-hot, rare and dropped": make_pipeline(rare, LogisticRegression()),
        "one-hot, dense": make_pipeline(
            OneHotEncoder(sparse_output=False, handle_unknown="ignore"), GaussianNB()
        ),
        "boosting, two classes": GradientBoostingClassifier(n_estimators=2),
        "boosting from zero": GradientBoostingRegressor(n_estimators=2, init="zero"),
        "neighbours, brute": KNeighborsClassifier(algorithm="brute", metric="manhattan"),
        "neighbours, radius, brute": RadiusNeighborsClassifier(9.0, algorithm="brute"),
        "neighbours, ball tree": KNeighborsRegressor(algorithm="ball_tree", p=3, leaf_size=4),
        "machine, three classes": SVC(decision_function_shape="ovo"),
        "machine, nu": NuSVC(nu=0.1),
        "machine, regression": SVR(kernel="poly"),
        "bins": make_pipeline(
            KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), LogisticRegression()
        ),
        "a deep pipeline": make_pipeline(
            ColumnTransformer(
                [("n", Pipeline([("s", StandardScaler())]), [0, 1]), ("c", OneHotEncoder(), [2])]
            ),
            SelectFromModel(LogisticRegression()),
            BaggingClassifier(DecisionTreeClassifier(max_depth=2), 2),
        ),
        "boosted trees": AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=2),
        "a union": make_pipeline(FeatureUnion([("a", StandardScaler())]), RandomForestClassifier(2)),
        "a target of another scale": TransformedTargetRegressor(
            LinearRegression(), transformer=StandardScaler()
        ),
    }
    for name, model in models.items():
        target = (y > 0).astype(int) if name == "boosting, two classes" else y
        yield Entry(name, model.fit(x, target + 0.5 if is_regressor(model) else target), x)
    texts = WORDS[np.arange(ROWS) % 4]
    yield Entry("words", make_pipeline(TfidfVectorizer(), SVC(kernel="linear")).fit(texts, y), texts)
    wide = sparse.csr_matrix(np.round(x))
    for model in (KNeighborsClassifier(), SVC(), RandomForestClassifier(2)):
        assert is_classifier(model)
        yield Entry(f"sparse {type(model).__name__}", model.fit(wide, y), wide)
    thin = LogisticRegression().fit(wide, y).sparsify()
    yield Entry("sparse coefficients", thin, wide)
