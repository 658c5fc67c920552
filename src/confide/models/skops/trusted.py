"""Vetted types: types unknown to skops that a file from other people may hold, because each was reviewed.

skops builds an object of a trusted type by `cls.__new__` and its attributes, or at worst by a call with
arguments from the file. This list therefore has only types whose construction stores or computes numbers. A
trusted function can be called when the model is queried, so only functions that compute numbers are listed.
The content of an object is never trusted with its type: each part is judged by itself.
"""

from __future__ import annotations

from confide.models.skops.trees import CHECKED

_METRICS = (
    *(
        f"_classification.{name}_score"
        for name in ("accuracy", "balanced_accuracy", "f1", "precision", "recall")
    ),
    "_classification.log_loss",
    "_ranking.roc_auc_score",
    "_ranking.average_precision_score",
    "_regression.r2_score",
    "_regression.mean_squared_error",
    "_regression.mean_absolute_error",
    "_regression.root_mean_squared_error",
    # Scorers that tune a search or a threshold: one of the functions above, and which direction is better.
    "_scorer._PassthroughScorer",
    "_scorer._Scorer",
)
_KERNELS = (
    *("ConstantKernel", "Product", "Sum", "Exponentiation", "RBF", "Matern"),
    *("WhiteKernel", "RationalQuadratic", "DotProduct", "ExpSineSquared"),
)
_PLAIN = (
    "numpy.dtype",  # skops takes it from an empty array, with no pickle
    "sklearn.utils._bunch.Bunch",  # a dictionary
    "sklearn._loss.loss.HalfTweedieLoss",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.impute._iterative.IterativeImputer",
    "sklearn.impute._iterative._ImputerTriplet",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.multiclass._ConstantPredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    *(f"sklearn.gaussian_process.kernels.{kind}" for kind in _KERNELS),
)
_FUNCTIONS = (
    "sklearn.feature_selection._mutual_info.mutual_info_classif",
    "sklearn.feature_selection._mutual_info.mutual_info_regression",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.utils.validation.check_array",
    *(f"sklearn.metrics.{name}" for name in _METRICS),
)

VETTED = frozenset((*_PLAIN, *_FUNCTIONS, *CHECKED))
"""Types that a file may hold besides those that skops knows, if `check_trees` checks the model afterwards."""
