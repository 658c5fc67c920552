"""Checks of the trees of histogram boosting in files from other people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import ModelError
from confide.models.sklearn.model import Estimator


class Preprocessor(Protocol):
    """A transformer of scikit-learn."""

    def transform(self, x: object) -> Array: ...


@dataclass(frozen=True, slots=True)
class GuardedWidth:
    """A preprocessor whose answers must have `width` columns, because the trees do not check them."""

    inner: Preprocessor
    width: int

    def transform(self, x: object) -> Array:
        """Transform by the inner preprocessor and check the width.

        Raises:
            ModelError: if it answers with another number of columns.
        """
        made = self.inner.transform(x)
        if np.shape(made)[1:] != (self.width,):
            raise ModelError(
                f"the preprocessor in this file makes records of shape {np.shape(made)[1:]} for trees of "
                f"{self.width} features: the file is damaged or made to do harm."
            )
        return made


def secure_histogram_trees(booster: Estimator) -> bool:
    """Check all trees of a histogram booster and guard the width of its preprocessor."""
    from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper

    bins, rounds = booster._bin_mapper, booster._predictors
    categorical = getattr(bins, "is_categorical_", None)
    if type(bins) is not _BinMapper or not isinstance(categorical, np.ndarray) or categorical.ndim != 1:
        return False
    if booster.n_features_in_ != len(categorical) or not isinstance(rounds, list) or not rounds:
        return False
    trees = [tree for trees in rounds for tree in trees]
    if not trees or not all(_points_inside(tree, categorical != 0) for tree in trees):
        return False
    if booster._preprocessor is not None:
        booster._preprocessor = GuardedWidth(booster._preprocessor, len(categorical))
    return True


def _points_inside(tree: object, categorical: np.ndarray) -> bool:
    """Whether all nodes name later nodes as children, existing features and existing sets of categories."""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    nodes, sets = getattr(tree, "nodes", None), getattr(tree, "raw_left_cat_bitsets", None)
    if not isinstance(nodes, np.ndarray) or nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1:
        return False
    if not isinstance(sets, np.ndarray) or sets.ndim != 2 or sets.shape[1] != 8:
        return False
    here = np.flatnonzero(nodes["is_leaf"] == 0)  # only inner nodes have children and features
    inner = nodes[here]
    left, right, feature = inner["left"], inner["right"], inner["feature_idx"]
    down = (left > here) & (right > here) & (left < len(nodes)) & (right < len(nodes))
    if not len(nodes) or not (down & (feature >= 0) & (feature < len(categorical))).all():
        return False
    by_set = inner[inner["is_categorical"] != 0]
    return bool(categorical[by_set["feature_idx"]].all() and (by_set["bitset_idx"] < len(sets)).all())
