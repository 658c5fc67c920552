"""The trees of histogram boosting and of nearest neighbours, made safe to ask when they come from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.core.errors import ModelError

PREDICTOR = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
SEARCH_TREES = ("sklearn.neighbors._kd_tree.KDTree", "sklearn.neighbors._ball_tree.BallTree")
DISTANCES = tuple(
    f"sklearn.metrics._dist_metrics.{kind}Distance64"
    for kind in ("Euclidean", "Manhattan", "Chebyshev", "Minkowski")
)
"""Found in search trees, and nowhere else: a tree that is built anew gets a new one."""


@dataclass(frozen=True, slots=True)
class GuardedWidth:
    """A preprocessor whose answers must have `width` columns, since trees trust them."""

    inner: Any
    width: int

    def transform(self, x: Any) -> Any:
        """As the preprocessor inside.

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


def rebuild_search_tree(owner: Any) -> bool:
    """Build the tree of a `KNeighborsClassifier`, say, anew from its points; False if that cannot be.

    It is the same tree, for it depends on the points, the leaf size and the metric alone.
    """
    from sklearn.neighbors._base import NeighborsBase

    metric = getattr(owner, "effective_metric_", None)
    if not isinstance(owner, NeighborsBase) or "_tree" not in vars(owner) or not isinstance(metric, str):
        return False
    kept: Any = owner
    points, build = np.asarray(kept._fit_X), type(kept._tree)
    if points.dtype.kind not in "biuf" or len(points) != kept.n_samples_fit_:
        return False
    try:
        kept._tree = build(points, kept.leaf_size, metric=metric, **kept.effective_metric_params_)
    except (TypeError, ValueError):
        return False
    return True


def predictors_of(owner: Any) -> list[Any]:
    """The trees in the keeping of a histogram booster."""
    rounds = vars(owner).get("_predictors") if _is_booster(owner) else None
    if not isinstance(rounds, list) or not all(isinstance(trees, list) for trees in rounds):
        return []
    return [tree for trees in rounds for tree in trees]


def secure_histogram_trees(owner: Any) -> bool:
    """Check all trees of a histogram booster, and hold its preprocessor to their width; True for others."""
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
    if owner._preprocessor is not None:
        owner._preprocessor = GuardedWidth(owner._preprocessor, len(categorical))
    return True


def _is_booster(owner: Any) -> bool:
    from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting

    return isinstance(owner, BaseHistGradientBoosting)


def _points_inside(tree: Any, categorical: np.ndarray) -> bool:
    """Do all nodes name children that come later, features that exist, and sets of categories that exist?"""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    nodes, sets = getattr(tree, "nodes", None), getattr(tree, "raw_left_cat_bitsets", None)
    if not isinstance(nodes, np.ndarray) or nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1:
        return False
    if not isinstance(sets, np.ndarray) or sets.ndim != 2 or sets.shape[1] != 8:
        return False
    here = np.flatnonzero(nodes["is_leaf"] == 0)
    inner = nodes[here]
    left, right, feature = inner["left"], inner["right"], inner["feature_idx"]
    down = (left > here) & (right > here) & (left < len(nodes)) & (right < len(nodes))
    if not len(nodes) or not (down & (feature >= 0) & (feature < len(categorical))).all():
        return False
    by_set = inner[inner["is_categorical"] != 0]
    return bool(categorical[by_set["feature_idx"]].all() and (by_set["bitset_idx"] < len(sets)).all())
