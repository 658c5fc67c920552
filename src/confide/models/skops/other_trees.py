"""Checks of the trees of histogram boosting and nearest neighbours in files from other people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import ModelError
from confide.models.sklearn.model import Estimator

PREDICTOR = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
SEARCH_TREES = ("sklearn.neighbors._kd_tree.KDTree", "sklearn.neighbors._ball_tree.BallTree")
# They occur only in search trees; a tree that is built again gets a new one.
DISTANCES = tuple(
    f"sklearn.metrics._dist_metrics.{kind}Distance64"
    for kind in ("Euclidean", "Manhattan", "Chebyshev", "Minkowski")
)


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


def rebuild_search_tree(owner: object) -> bool:
    """Build the tree of a nearest-neighbour model again from its points; False if that is not possible.

    It is the same tree, because it depends only on the points, the leaf size and the metric.
    """
    from sklearn.neighbors._base import NeighborsBase

    metric = getattr(owner, "effective_metric_", None)
    if not isinstance(owner, NeighborsBase) or "_tree" not in vars(owner) or not isinstance(metric, str):
        return False
    kept = cast(Estimator, owner)
    points, build = np.asarray(kept._fit_X), type(kept._tree)
    # The model indexes labels and neighbours by the number of points that it was fitted on.
    if points.dtype.kind not in "biuf" or len(points) != kept.n_samples_fit_:
        return False
    try:
        kept._tree = build(points, kept.leaf_size, metric=metric, **kept.effective_metric_params_)
    except (TypeError, ValueError):
        return False
    return True


def predictors_of(owner: object) -> list[object]:
    """The trees that a histogram booster holds; none for other objects."""
    rounds = vars(owner).get("_predictors") if _is_booster(owner) else None
    if not isinstance(rounds, list) or not all(isinstance(trees, list) for trees in rounds):
        return []
    return [tree for trees in rounds for tree in trees]


def secure_histogram_trees(owner: object) -> bool:
    """Check all trees of a histogram booster and guard the width of its preprocessor; True for others."""
    if not _is_booster(owner) or "_predictors" not in vars(owner):
        return True
    from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper

    bins = vars(owner).get("_bin_mapper")
    categorical = getattr(bins, "is_categorical_", None)
    if type(bins) is not _BinMapper or not isinstance(categorical, np.ndarray) or categorical.ndim != 1:
        return False
    if vars(owner).get("n_features_in_") != len(categorical):
        return False
    trees = predictors_of(owner)
    if not trees or not all(_points_inside(tree, categorical != 0) for tree in trees):
        return False
    booster = cast(Estimator, owner)
    if booster._preprocessor is not None:
        booster._preprocessor = GuardedWidth(booster._preprocessor, len(categorical))
    return True


def _is_booster(owner: object) -> bool:
    from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting

    return isinstance(owner, BaseHistGradientBoosting)


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
