"""Nearest neighbours from a file, fitted again on their own points.

A fitted model holds its points, their labels, and a search tree or a table that native code follows without a
check. All but the points and labels follows from these, so it is computed again here.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from confide.core.arrays import Array
from confide.models.sklearn.model import Estimator


def fitted_again(estimator: Estimator) -> bool:
    """Fit a model of neighbours again on its points; False if it is not the one that the file holds."""
    from sklearn.base import clone

    points, labels = estimator._fit_X, _labels(estimator)
    if labels is None or len(labels) != points.shape[0] or not _are_numbers(points):
        return False
    again: Estimator = clone(estimator)
    fresh: Estimator = again.fit(points, labels)
    if points.shape != (estimator.n_samples_fit_, estimator.n_features_in_):
        return False
    names = vars(estimator).get("feature_names_in_")
    if names is not None:
        if not isinstance(names, np.ndarray) or names.shape != (points.shape[1],):
            return False
        fresh.feature_names_in_ = names
    if hasattr(estimator, "classes_") and not np.array_equal(fresh.classes_, estimator.classes_):
        return False
    vars(estimator).clear()
    vars(estimator).update(vars(fresh))
    return True


def _labels(estimator: Estimator) -> Array | None:
    """What the points are labelled with; None where the codes of labels name none."""
    kept = np.asarray(estimator._y)
    if not hasattr(estimator, "classes_"):
        return kept if kept.dtype.kind in "biuf" else None
    classes = np.asarray(estimator.classes_)
    # Several outputs, each with classes of its own, are not audited.
    if kept.ndim != 1 or kept.dtype.kind not in "iu" or classes.ndim != 1 or not len(kept):
        return None
    inside = kept.min() >= 0 and kept.max() < len(classes)
    return classes[kept] if inside else None


def _are_numbers(points: object) -> bool:
    return (sp.issparse(points) or isinstance(points, np.ndarray)) and points.dtype.kind in "biuf"  # pyright: ignore[reportAttributeAccessIssue]
