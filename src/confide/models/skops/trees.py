"""Checks of the trees in model files from other people.

scikit-learn follows the indices in the arrays of a tree without a check. A crafted file could therefore make
it read (or, in gradient boosting, write) outside its memory. For this reason skops trusts no tree. Here a
tree is built after a check of its sizes, and kept after one of its arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from confide.models.sklearn.model import Estimator
from confide.models.skops.refusal import harmful

_MOST = 10_000  # classes, outputs


def built_tree(args: Any, state: Any) -> Any:
    """Build a tree from what a file says of it.

    Raises:
        ModelError: if a size is not that of the array it speaks of: the constructor copies by sizes alone.
    """
    from sklearn.tree._tree import Tree

    try:
        features, classes, outputs = args
        nodes, values = state["nodes"], state["values"]
        sound = (
            all(type(size) is int and size > 0 for size in (features, outputs))
            and outputs <= _MOST
            and isinstance(classes, np.ndarray)
            and classes.dtype == np.intp
            and classes.shape == (outputs,)
            and bool((classes > 0).all() and (classes <= _MOST).all())
            and nodes.ndim == 1
            and type(state["node_count"]) is int
            and 0 < state["node_count"] == len(nodes)
            and values.shape == (len(nodes), outputs, classes.max())
        )
    except (TypeError, ValueError, LookupError, AttributeError):
        raise harmful("Tree", "other things than sizes and arrays") from None
    if not sound:
        raise harmful("Tree", "sizes that are not those of its arrays")
    tree = Tree(features, classes, outputs)
    tree.__setstate__({**state, "max_depth": int(state["max_depth"])})
    return tree


def secure_tree(owner: Estimator) -> bool:
    """Whether a tree points to later nodes and to features that its records have."""
    from sklearn.tree._tree import Tree

    tree = owner.tree_
    if type(tree) is not Tree or type(owner.n_features_in_) is not int:
        return False
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    here = np.arange(tree.node_count)
    leaf = left == -1
    inner = ~leaf
    # In every tree that scikit-learn grows children come after their parent. The check of this order also
    # excludes endless walks.
    down = (left > here) & (right > here) & (left < tree.node_count) & (right < tree.node_count)
    within = (feature >= 0) & (feature < tree.n_features)
    return bool(
        tree.n_features == owner.n_features_in_ and (right[leaf] == -1).all() and (down & within)[inner].all()
    )


def secure_forest(owner: Estimator) -> bool:
    """Whether all trees have the width of the forest; it passes records on to them without a check."""
    return _of_one_width(owner, owner.estimators_)


def secure_boosting(owner: Estimator) -> bool:
    """Whether the trees add their answers to a table that is as wide as they are many."""
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.tree import DecisionTreeRegressor

    members, start = owner.estimators_, owner.init_
    if not isinstance(members, np.ndarray) or members.ndim != 2 or members.size == 0:
        return False
    if not all(type(member) is DecisionTreeRegressor for member in members.flat):
        return False
    if type(start) not in (DummyClassifier, DummyRegressor) and not (
        isinstance(start, str) and start == "zero"
    ):
        return False
    if members.shape[1] != owner.n_trees_per_iteration_ or not _of_one_width(owner, members.flat):
        return False
    # The start gives each record the same answer, so two records show the shape of the table for any number.
    table = owner._raw_predict_init(np.zeros((2, owner.n_features_in_), np.float32))
    return (
        isinstance(table, np.ndarray)
        and table.dtype == np.float64
        and table.shape == (2, members.shape[1])
        and table.flags.c_contiguous
    )


def _of_one_width(owner: Estimator, members: Any) -> bool:
    widths = {member.n_features_in_ for member in members}
    return type(owner.n_features_in_) is int and widths == {owner.n_features_in_}
