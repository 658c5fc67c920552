"""Checks of the trees in model files from other people.

scikit-learn follows the indices in the arrays of a tree without a check. A crafted file could therefore make
it read (or, in gradient boosting, write) outside its memory. For this reason skops trusts no tree. Here
trees are trusted after a check of their arrays, and the search trees of neighbours after they were built
again.
"""

from __future__ import annotations

from functools import partial
from types import ModuleType

import numpy as np

from confide.core.errors import ModelError
from confide.models.sklearn.model import Estimator
from confide.models.skops.other_trees import (
    DISTANCES,
    PREDICTOR,
    SEARCH_TREES,
    predictors_of,
    rebuild_search_tree,
    secure_histogram_trees,
)

TREE = "sklearn.tree._tree.Tree"
_WATCHED = {TREE, PREDICTOR, *SEARCH_TREES, *DISTANCES}
_LEAVES = (str, bytes, int, float, type, type(None), ModuleType)

CHECKED = (*sorted(_WATCHED), "functools.partial")
"""Types that are safe only in a model that passed `check_trees`."""


def check_trees(model: object) -> None:
    """Refuse a model with a tree whose indices point outside its arrays or its records.

    Search trees are replaced by new ones of the same points. Histogram trees get a guard of their width.

    Raises:
        ModelError: with the type of the estimator that holds the tree.
    """
    seen: dict[int, object] = {}  # it keeps each object alive: a freed one could pass its id on to another
    todo: list[object] = [model]
    while todo:
        part = todo.pop()
        if id(part) in seen or isinstance(part, _LEAVES):
            continue
        seen[id(part)] = part
        sound = not _is_watched(
            part
        )  # a tree that its owner holds was seen with the owner; this one is loose
        if isinstance(part, dict):
            todo += part.values()
        elif isinstance(part, list | tuple | set) or (isinstance(part, np.ndarray) and part.dtype == object):
            todo += list(part.flat if isinstance(part, np.ndarray) else part)
        elif isinstance(part, partial):
            sound = _only_checks(part)
            todo += [*part.args, part.keywords]
        elif (behind := getattr(part, "__self__", None)) is not None:
            todo.append(behind)  # a bound method gives access to its object
        elif sound and hasattr(part, "__dict__"):
            todo += vars(part).values()  # the values of the file, before any of them is replaced
            seen |= {id(value): value for value in _kept_by(part)}
            sound = _is_sound(part)
        if not sound:
            raise ModelError(
                f"a {type(part).__name__} in this file holds a tree that points outside its own arrays, or "
                "an object in a place where scikit-learn keeps none: the file is damaged or made to do harm. "
                "Ask its maker for an ONNX file."
            )


def _kept_by(owner: object) -> list[object]:
    """The watched objects that this owner holds in its usual places."""
    values = [*vars(owner).values(), *predictors_of(owner)]
    return [value for value in values if _is_watched(value)]


def _is_sound(owner: object) -> bool:
    inside = vars(owner)
    trees = [value for value in inside.values() if _is_watched(value)]
    if not trees:
        return _fits_its_trees(owner) and secure_histogram_trees(owner)
    if len(trees) > 1:
        return False
    if _kind_of(trees[0]) in SEARCH_TREES:
        return rebuild_search_tree(owner)
    if "tree_" not in inside or _kind_of(trees[0]) != TREE:
        return False  # a tree where scikit-learn keeps none
    return _points_inside(trees[0], inside.get("n_features_in_"))


def _kind_of(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _is_watched(value: object) -> bool:
    return _kind_of(value) in _WATCHED


def _only_checks(part: partial[object]) -> bool:
    """Whether a partial is `partial(check_array, ...)` of histogram boosting; a file needs no other one."""
    from sklearn.utils import check_array

    return part.func is check_array and not part.args


def _points_inside(tree: Estimator, features: object) -> bool:
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    here = np.arange(tree.node_count)
    leaf = left == -1
    inner = ~leaf
    # In every tree that scikit-learn grows children come after their parent. The check of this order also
    # excludes endless walks.
    down = (left > here) & (right > here) & (left < tree.node_count) & (right < tree.node_count)
    within = (feature >= 0) & (feature < tree.n_features)
    return bool(
        tree.node_count > 0
        and tree.n_features == features
        and (right[leaf] == -1).all()
        and (down & within)[inner].all()
    )


def _fits_its_trees(owner: object) -> bool:
    """Whether the widths and numbers of an ensemble's trees agree; it passes records on without a check."""
    from sklearn.ensemble._forest import BaseForest
    from sklearn.ensemble._gb import BaseGradientBoosting

    if not isinstance(owner, BaseForest | BaseGradientBoosting) or not hasattr(owner, "estimators_"):
        return True
    members = np.asarray(owner.estimators_, dtype=object)
    if isinstance(owner, BaseGradientBoosting):
        width = getattr(owner, "n_trees_per_iteration_", None)
        if members.ndim != 2 or members.shape[1] != width:
            return False
    # One common width, that of the ensemble, which is the one that its records are checked against.
    wide = {getattr(member, "n_features_in_", None) for member in members.flat}
    return wide == {getattr(owner, "n_features_in_", None)}
