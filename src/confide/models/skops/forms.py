"""Fitted states of estimators whose native code trusts them: checked, or computed again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import scipy.sparse as sp

from confide.core.arrays import Array
from confide.models.sklearn.model import Estimator
from confide.models.skops.neighbours import fitted_again
from confide.models.skops.other_trees import secure_histogram_trees
from confide.models.skops.trees import secure_boosting, secure_forest, secure_tree


def sound(estimator: Estimator) -> bool:
    """Whether all that native code will read of a fitted estimator is inside its arrays.

    Where the state follows from other parts of it, it is computed again, and what the file says of it is not
    used. Estimators without an entry only compute with numpy and scipy, which check shapes themselves.
    """
    check = _FORMS.get(type(estimator).__name__)
    if check is None or not any(name.endswith("_") or name.startswith("_") for name in vars(estimator)):
        return True  # not fitted: it has arguments only
    try:
        return check(estimator)
    # An attribute that is missing or of another type is as bad as a wrong one.
    except (AttributeError, TypeError, ValueError, LookupError, ArithmeticError):
        return False


def _one_hot(encoder: Estimator) -> bool:
    """Whether each code of a category is a column that exists; scipy writes to it unchecked."""
    categories, features = encoder.categories_, encoder.n_features_in_
    if not isinstance(features, int) or len(categories) != features:
        return False
    if not all(_is_ordered(cats) for cats in categories):
        return False
    columns = [len(cats) for cats in categories]
    if encoder._infrequent_enabled:
        grouped = zip(
            categories, encoder._infrequent_indices, encoder._default_to_infrequent_mappings, strict=True
        )
        columns = [_grouped(cats, rare, codes) for cats, rare, codes in grouped]
    if encoder._drop_idx_after_grouping is not None:
        drops = np.asarray(encoder._drop_idx_after_grouping, dtype=object)
        if drops.shape != (features,):
            return False
        if not all(d is None or (_is_whole(d) and 0 <= d < n) for d, n in zip(drops, columns, strict=True)):
            return False
    encoder._n_features_outs = encoder._compute_n_features_outs()
    return all(width >= 0 for width in encoder._n_features_outs)


def _is_ordered(categories: object) -> bool:
    """Whether a number is found at its own place among these; texts are looked up and need no order."""
    if not isinstance(categories, np.ndarray) or categories.ndim != 1 or not len(categories):
        return False
    if categories.dtype.kind in "OUS":
        return True
    numbers = cast("Array", categories[:-1] if np.isnan(categories[-1:].astype(float)).any() else categories)
    return categories.dtype.kind in "biuf" and bool((numbers[1:] > numbers[:-1]).all())


def _grouped(categories: Array, rare: Array | None, codes: Array | None) -> int:
    """How many columns a feature has after its rare categories became one.

    Raises:
        ValueError: if a category is mapped to a column that does not exist.
    """
    if rare is None or codes is None:
        if rare is not codes:
            raise ValueError
        return len(categories)
    width = len(categories) - len(rare) + 1
    if codes.dtype.kind not in "iu" or codes.shape != (len(categories),) or rare.ndim != 1:
        raise ValueError
    if not len(rare) or codes.min() < 0 or codes.max() >= width or len(np.unique(rare)) != len(rare):
        raise ValueError
    if rare.dtype.kind not in "iu" or rare.min() < 0 or rare.max() >= len(categories):
        raise ValueError
    return width


def _words(vectoriser: Estimator) -> bool:
    """Whether the columns of a vocabulary are 0 to its length; scipy writes to them unchecked."""
    vocabulary = vars(vectoriser).get("vocabulary_")
    if vocabulary is None:
        return "fixed_vocabulary_" not in vars(vectoriser)
    columns = list(vocabulary.values())
    return all(_is_whole(column) for column in columns) and sorted(columns) == list(range(len(columns)))


def _means(clusters: Estimator) -> bool:
    """Whether the centres have the width that records are checked against."""
    centres, width = clusters.cluster_centers_, clusters.n_features_in_
    clusters._n_threads = 1  # taken from the file it says how many buffers to make
    clusters.cluster_centers_ = np.ascontiguousarray(centres)
    return (
        isinstance(width, int)
        and centres.dtype in (np.float32, np.float64)
        and (centres.ndim == 2 and centres.shape[1] == width and len(centres) > 0)
    )


def _vectors(machine: Estimator) -> bool:
    """Whether the arrays of a support vector machine have the sizes that libsvm takes for granted."""
    support, counts, width = machine.support_vectors_, machine._n_support, machine.n_features_in_
    classifies = machine._impl in ("c_svc", "nu_svc")
    classes = len(machine.classes_) if classifies else 2
    pairs = classes * (classes - 1) // 2 if classifies else 1
    many = len(machine.support_)
    rows = classes - 1 if classifies else 1
    if machine.kernel == "precomputed" or classes < 2 or not isinstance(width, int):
        return False
    return (
        _is(machine.support_, np.int32, (many,))
        and support.dtype == np.float64
        and support.shape == (many, width)
        and _counts_up(counts, classes if classifies else None, many)
        and _coefficients(machine, rows, many)
        and _is(machine._intercept_, np.float64, (pairs,))
        and any(
            _is(machine._probA, np.float64, (n,)) and _is(machine._probB, np.float64, (n,))
            for n in _platt(machine, pairs)
        )
        and isinstance(machine._gamma, float)
        and np.isfinite(machine._gamma)
    )


def _platt(machine: Estimator, pairs: int) -> tuple[int, ...]:
    """How long the arrays for probabilities may be: none without `probability`."""
    # Since 1.9 another attribute than the argument tells libsvm to read them.
    told = (getattr(machine, name, False) for name in ("probability", "_effective_probability"))
    return (0, pairs) if all(said is False or said == "deprecated" for said in told) else (pairs,)


def _counts_up(counts: object, classes: int | None, many: int) -> bool:
    """Whether these are the numbers of support vectors of each class: none below 0, all together `many`."""
    if not isinstance(counts, np.ndarray) or counts.dtype != np.int32 or counts.ndim != 1:
        return False
    wide = counts.astype(np.int64)
    if classes is None:
        return len(counts) == 2 and bool((wide >= 0).all() and (wide[0] == many))
    return len(counts) == classes and bool((wide >= 0).all() and wide.sum() == many)


def _coefficients(machine: Estimator, rows: int, many: int) -> bool:
    dual, support = machine._dual_coef_, machine.support_vectors_
    if machine._sparse is False:
        return _is(dual, np.float64, (rows, many)) and _is(support, np.float64, support.shape)
    if machine._sparse is not True or not sp.issparse(dual) or not sp.issparse(support):
        return False
    # libsvm reads them as a full table, whatever their indices say.
    return (
        dual.shape == (rows, many)
        and dual.nnz == rows * many
        and dual.dtype == np.float64
        and dual.format == "csr"
    )


def _is(array: object, kind: type, shape: tuple[int, ...]) -> bool:
    return (
        isinstance(array, np.ndarray)
        and array.dtype == kind
        and array.shape == shape
        and array.flags.c_contiguous
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


_FORMS: Mapping[str, Callable[[Estimator], bool]] = {
    "OneHotEncoder": _one_hot,
    **dict.fromkeys(("CountVectorizer", "TfidfVectorizer"), _words),
    "KMeans": _means,
    **dict.fromkeys(("SVC", "NuSVC", "SVR", "NuSVR"), _vectors),
    **dict.fromkeys(
        (
            "KNeighborsClassifier",
            "KNeighborsRegressor",
            "RadiusNeighborsClassifier",
            "RadiusNeighborsRegressor",
        ),
        fitted_again,
    ),
    **dict.fromkeys(
        ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"),
        secure_tree,
    ),
    **dict.fromkeys(
        ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"),
        secure_forest,
    ),
    **dict.fromkeys(("GradientBoostingClassifier", "GradientBoostingRegressor"), secure_boosting),
    **dict.fromkeys(
        ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"), secure_histogram_trees
    ),
}
