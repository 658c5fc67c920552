"""The types that are built from a skops file: an explicit list, the same for all files.

A class is listed if its construction only stores numbers, texts and other listed objects, and if whatever
its native code reads is checked afterwards (see `forms`) or checked by numpy. A function can be called when
the model is queried, so only functions that compute numbers are listed, each for its own arguments.
Nothing is trusted by its package: `sklearn.utils._testing.check_output`, for example, starts any program.
"""

from __future__ import annotations

from collections.abc import Mapping

_ESTIMATORS: Mapping[str, str] = {
    "calibration": "CalibratedClassifierCV",
    "cluster._kmeans": "KMeans",
    "compose._column_transformer": "ColumnTransformer",
    "compose._target": "TransformedTargetRegressor",
    "cross_decomposition._pls": "CCA PLSCanonical PLSRegression",
    "decomposition._factor_analysis": "FactorAnalysis",
    "decomposition._fastica": "FastICA",
    "decomposition._incremental_pca": "IncrementalPCA",
    "decomposition._kernel_pca": "KernelPCA",
    "decomposition._pca": "PCA",
    "decomposition._truncated_svd": "TruncatedSVD",
    "discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "dummy": "DummyClassifier DummyRegressor",
    "ensemble._bagging": "BaggingClassifier BaggingRegressor",
    "ensemble._forest": "ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier "
    "RandomForestRegressor",
    "ensemble._gb": "GradientBoostingClassifier GradientBoostingRegressor",
    "ensemble._hist_gradient_boosting.binning": "_BinMapper",
    "ensemble._hist_gradient_boosting.gradient_boosting": "HistGradientBoostingClassifier "
    "HistGradientBoostingRegressor",
    "ensemble._stacking": "StackingClassifier StackingRegressor",
    "ensemble._voting": "VotingClassifier VotingRegressor",
    "ensemble._weight_boosting": "AdaBoostClassifier AdaBoostRegressor",
    "feature_extraction._hash": "FeatureHasher",
    "feature_extraction.text": "CountVectorizer HashingVectorizer TfidfTransformer TfidfVectorizer",
    "feature_selection._from_model": "SelectFromModel",
    "feature_selection._rfe": "RFE RFECV",
    "feature_selection._sequential": "SequentialFeatureSelector",
    "feature_selection._univariate_selection": "GenericUnivariateSelect SelectFdr SelectFpr SelectFwe "
    "SelectKBest SelectPercentile",
    "feature_selection._variance_threshold": "VarianceThreshold",
    "frozen._frozen": "FrozenEstimator",
    "gaussian_process._gpc": "GaussianProcessClassifier _BinaryGaussianProcessClassifierLaplace",
    "gaussian_process._gpr": "GaussianProcessRegressor",
    "impute._base": "MissingIndicator SimpleImputer",
    "impute._iterative": "IterativeImputer",
    "impute._knn": "KNNImputer",
    "isotonic": "IsotonicRegression",
    "kernel_approximation": "AdditiveChi2Sampler Nystroem PolynomialCountSketch RBFSampler SkewedChi2Sampler",
    "kernel_ridge": "KernelRidge",
    "linear_model._base": "LinearRegression",
    "linear_model._bayes": "ARDRegression BayesianRidge",
    "linear_model._coordinate_descent": "ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet "
    "MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV",
    "linear_model._glm.glm": "GammaRegressor PoissonRegressor TweedieRegressor",
    "linear_model._huber": "HuberRegressor",
    "linear_model._least_angle": "Lars LarsCV LassoLars LassoLarsCV LassoLarsIC",
    "linear_model._logistic": "LogisticRegression LogisticRegressionCV",
    "linear_model._omp": "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV",
    "linear_model._passive_aggressive": "PassiveAggressiveClassifier PassiveAggressiveRegressor",
    "linear_model._perceptron": "Perceptron",
    "linear_model._quantile": "QuantileRegressor",
    "linear_model._ransac": "RANSACRegressor",
    "linear_model._ridge": "Ridge RidgeCV RidgeClassifier RidgeClassifierCV",
    "linear_model._stochastic_gradient": "SGDClassifier SGDRegressor",
    "linear_model._theil_sen": "TheilSenRegressor",
    "model_selection._classification_threshold": "FixedThresholdClassifier",
    "model_selection._search": "GridSearchCV RandomizedSearchCV",
    "multiclass": "OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier _ConstantPredictor",
    "multioutput": "ClassifierChain MultiOutputClassifier MultiOutputRegressor RegressorChain",
    "naive_bayes": "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
    "neighbors._classification": "KNeighborsClassifier RadiusNeighborsClassifier",
    "neighbors._nearest_centroid": "NearestCentroid",
    "neighbors._regression": "KNeighborsRegressor RadiusNeighborsRegressor",
    "neural_network._multilayer_perceptron": "MLPClassifier MLPRegressor",
    "neural_network._rbm": "BernoulliRBM",
    "pipeline": "FeatureUnion Pipeline",
    "preprocessing._data": "Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer PowerTransformer "
    "QuantileTransformer RobustScaler StandardScaler",
    "preprocessing._discretization": "KBinsDiscretizer",
    "preprocessing._encoders": "OneHotEncoder OrdinalEncoder",
    "preprocessing._function_transformer": "FunctionTransformer",
    "preprocessing._label": "LabelBinarizer LabelEncoder",
    "preprocessing._polynomial": "PolynomialFeatures",
    "preprocessing._target_encoder": "TargetEncoder",
    "random_projection": "GaussianRandomProjection SparseRandomProjection",
    "semi_supervised._self_training": "SelfTrainingClassifier",
    "svm._classes": "LinearSVC LinearSVR NuSVC NuSVR SVC SVR",
    "tree._classes": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
}
_PARTS: Mapping[str, str] = {
    "_loss.link": "HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit",
    "_loss.loss": "AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss "
    "HalfPoissonLoss HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss PinballLoss",
    "calibration": "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling",
    "compose._column_transformer": "make_column_selector",
    "ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "gaussian_process.kernels": "ConstantKernel DotProduct ExpSineSquared Exponentiation Matern Product RBF "
    "RationalQuadratic Sum WhiteKernel",
    "metrics._scorer": "_PassthroughScorer _Scorer",
    "model_selection._split": "KFold StratifiedKFold",
    "neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
}
_SCORES = (
    *(f"_classification.{n}_score" for n in ("accuracy", "balanced_accuracy", "f1", "precision", "recall")),
    *("_classification.log_loss", "_ranking.roc_auc_score", "_ranking.average_precision_score"),
    *("_regression.r2_score", "_regression.mean_squared_error", "_regression.mean_absolute_error"),
    "_regression.root_mean_squared_error",
)
_SELECTING = (
    *("_mutual_info.mutual_info_classif", "_mutual_info.mutual_info_regression"),
    *(f"_univariate_selection.{name}" for name in ("chi2", "f_classif", "f_regression")),
)
# One array in, one of the same shape out.
_ELEMENTWISE = (
    *("abs", "absolute", "arcsinh", "arctan", "cbrt", "cos", "exp", "exp2", "expm1", "log", "log10", "log1p"),
    *("log2", "negative", "reciprocal", "rint", "sign", "sin", "sqrt", "square", "tanh"),
)


def _full(listed: Mapping[str, str]) -> frozenset[str]:
    return frozenset(f"sklearn.{home}.{name}" for home, names in listed.items() for name in names.split())


ESTIMATORS = _full(_ESTIMATORS)
"""Estimators: their arguments are checked one by one."""

PARTS = _full(_PARTS)
"""What fitted estimators hold besides arrays and other estimators."""

SEARCH_TREES = frozenset(
    (
        *("sklearn.neighbors._kd_tree.KDTree", "sklearn.neighbors._ball_tree.BallTree"),
        *(
            f"sklearn.metrics._dist_metrics.{kind}Distance{bits}"
            for kind in ("Euclidean", "SEuclidean", "Manhattan", "Chebyshev", "Minkowski", "Hamming")
            for bits in (64, 32)
        ),
    )
)
"""Search trees and their distances: they are not read, because each can be built again from its points."""

LOSSES = frozenset(
    (
        *(
            f"sklearn._loss._loss.Cy{kind}"
            for kind in (
                *("AbsoluteError", "ExponentialLoss", "HalfBinomialLoss", "HalfGammaLoss", "HuberLoss"),
                *("HalfMultinomialLoss", "HalfPoissonLoss", "HalfSquaredError", "HalfTweedieLoss"),
                *("HalfTweedieLossIdentity", "PinballLoss"),
            )
        ),
        *(
            f"sklearn.linear_model._sgd_fast.{kind}"
            for kind in (
                *("EpsilonInsensitive", "Hinge", "ModifiedHuber"),
                *("SquaredEpsilonInsensitive", "SquaredHinge", "Huber", "Log", "SquaredLoss"),
            )
        ),
    )
)
"""Losses in native code, which hold at most two numbers."""

TREE = "sklearn.tree._tree.Tree"
TUPLES = frozenset(("builtins.tuple", "sklearn.impute._iterative._ImputerTriplet"))
DICTIONARIES = frozenset(("builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"))
ARRAYS = frozenset(
    (
        *("numpy.ndarray", "numpy.bool", "numpy.bool_", "numpy.str_", "numpy.bytes_"),
        *(f"numpy.{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
        *("numpy.float16", "numpy.float32", "numpy.float64", "numpy.longdouble"),
        *("numpy.datetime64", "numpy.timedelta64"),
    )
)
SPARSE = frozenset(
    f"scipy.sparse._{kind}.{kind}_{name}" for kind in ("csr", "csc", "coo") for name in ("matrix", "array")
)
NUMBERS = frozenset((*(f"builtins.{kind}" for kind in ("bool", "float", "int", "str")), *ARRAYS)) - {
    "numpy.ndarray"
}
"""Types that a file may name as such, for example as the `dtype` of an encoder."""

FUNCTIONS: Mapping[str, frozenset[str]] = {
    "score_func": frozenset(f"sklearn.feature_selection.{name}" for name in _SELECTING),
    "func": frozenset(f"numpy.{name}" for name in _ELEMENTWISE),
    "inverse_func": frozenset(f"numpy.{name}" for name in _ELEMENTWISE),
    # A scorer is only called in a search or for a threshold.
    "_score_func": frozenset(f"sklearn.metrics.{name}" for name in _SCORES),
    "scoring": frozenset(),
    # In histogram boosting `FunctionTransformer(partial(check_array, ...))`, and no other partial.
    "partial": frozenset(("sklearn.utils.validation.check_array",)),
}
"""For each argument that takes a function, those that it takes."""

ALL_FUNCTIONS = frozenset().union(*FUNCTIONS.values())
