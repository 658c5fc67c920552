"""Types that skops does not know, but that a file from outside may hold, for each was looked at.

A skops file builds what is trusted by `cls.__new__` and its attributes, or at worst by a call with what the
file says; so nothing is here whose construction does anything but hold or compute numbers. A trusted
function can be called when the model is asked; so only functions that compute numbers are here.
What a type holds is never trusted with it: everything inside is judged by itself.
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
    # What a search or a threshold was tuned by: a function of the above, and which way is better.
    "_scorer._PassthroughScorer",
    "_scorer._Scorer",
)
_KERNELS = (
    *("ConstantKernel", "Product", "Sum", "Exponentiation", "RBF", "Matern"),
    *("WhiteKernel", "RationalQuadratic", "DotProduct", "ExpSineSquared"),
)
_PLAIN = (
    "numpy.dtype",  # skops reads it off an empty array, with no pickle
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
"""What may be in a file beside the types that skops knows, if `check_trees` looks at the model afterwards."""
