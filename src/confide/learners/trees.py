"""Checking decision trees that come from outside.

scikit-learn walks a tree's arrays without looking where they point, so a crafted file could make it read (or,
in gradient boosting, write) outside its memory. That is why skops trusts no tree; here trees are trusted
after their arrays were checked.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from confide.core.errors import ModelError

TREE = "sklearn.tree._tree.Tree"
_LEAVES = (str, bytes, int, float, type, type(None), ModuleType)


def check_trees(model: Any) -> None:
    """Refuse a model with a tree that points outside itself, or outside its records.

    Raises:
        ModelError: naming the estimator that holds it.
    """
    seen: set[int] = set()
    todo: list[Any] = [model]
    while todo:
        part: Any = todo.pop()
        if id(part) in seen or isinstance(part, _LEAVES):
            continue
        seen.add(id(part))
        sound = not _is_tree(part)  # one in its owner's keeping was seen with him; here it is loose
        if isinstance(part, dict):
            todo += part.values()
        elif isinstance(part, list | tuple | set) or (isinstance(part, np.ndarray) and part.dtype == object):
            todo += list(part.flat if isinstance(part, np.ndarray) else part)
        elif (behind := getattr(part, "__self__", None)) is not None:
            todo.append(behind)  # a method reaches its object
        elif hasattr(part, "__dict__"):
            sound = _is_sound(part)
            seen |= {id(value) for value in vars(part).values() if _is_tree(value)}
            todo += vars(part).values()
        if not sound:
            raise ModelError(
                f"a {type(part).__name__} in this file holds a tree that points outside its own arrays: "
                "the file is damaged or made to do harm. Ask its maker for an ONNX file."
            )


def _is_sound(owner: Any) -> bool:
    inside = vars(owner)
    trees = [value for value in inside.values() if _is_tree(value)]
    if trees and (len(trees) > 1 or "tree_" not in inside):
        return False  # a tree where scikit-learn keeps none
    if trees:
        return _points_inside(trees[0], inside.get("n_features_in_"))
    return _fits_its_trees(owner)


def _is_tree(value: Any) -> bool:
    return f"{type(value).__module__}.{type(value).__qualname__}" == TREE


def _points_inside(tree: Any, features: object) -> bool:
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    here = np.arange(tree.node_count)
    leaf = left == -1
    inner = ~leaf
    # Children come after their parent in every tree that scikit-learn grows: so no walk is endless either.
    down = (left > here) & (right > here) & (left < tree.node_count) & (right < tree.node_count)
    within = (feature >= 0) & (feature < tree.n_features)
    return bool(
        tree.node_count > 0
        and tree.n_features == features
        and (right[leaf] == -1).all()
        and (down & within)[inner].all()
    )


def _fits_its_trees(owner: Any) -> bool:
    """Ensembles hand their records to their trees unchecked: the widths and numbers must agree."""
    from sklearn.ensemble._forest import BaseForest
    from sklearn.ensemble._gb import BaseGradientBoosting

    if not isinstance(owner, BaseForest | BaseGradientBoosting) or not hasattr(owner, "estimators_"):
        return True
    members = np.asarray(owner.estimators_, dtype=object)
    if isinstance(owner, BaseGradientBoosting):
        width = getattr(owner, "n_trees_per_iteration_", None)
        if members.ndim != 2 or members.shape[1] != width:
            return False
    wide = {getattr(member, "n_features_in_", None) for member in members.flat}
    return wide == {getattr(owner, "n_features_in_", None)}
