"""A look at all that a skops file has become: each object in its usual place, each estimator sound."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import numpy as np

from confide.models.sklearn.model import Estimator
from confide.models.skops.arguments import check_arguments, leaves
from confide.models.skops.building import UNREAD
from confide.models.skops.forms import sound
from confide.models.skops.refusal import harmful
from confide.models.skops.trusted import ESTIMATORS, PARTS, TREE

_MOST = 200_000
_PREDICTOR = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
# Where scikit-learn keeps what other code may not meet: the check of the owner looks at them.
_PLACES = {"tree_": (TREE,), "_tree": ("confide.models.skops.building.Unread",), "_predictors": (_PREDICTOR,)}
_CALLED = ("_score_func",)  # attributes of a scorer


def check(model: object, *, also: Collection[str] = ()) -> None:
    """Refuse a model in which native code would leave its arrays, and reset arguments that change no result.

    Args:
        also: functions that arguments may be besides the listed ones, by full name.

    Raises:
        ModelError: with the type of the object at fault.
    """
    _Walk(also).visit(model)


@dataclass(slots=True, eq=False)
class _Walk:
    """One look; it keeps each object alive, because a freed one could pass its id on to another."""

    also: Collection[str]
    seen: dict[int, object] = field(default_factory=dict)
    estimators: int = 0

    def visit(self, value: object) -> None:
        """Look at what a value holds, and then at the value: a check may ask the parts that were checked."""
        for part in leaves(value):
            if id(part) in self.seen:
                continue
            self.seen[id(part)] = part
            name = _name_of(type(part))
            if name in (TREE, _PREDICTOR) or part is UNREAD or isinstance(part, partial):
                raise harmful(name, "its own place in nothing that scikit-learn keeps it in")
            if isinstance(part, np.ndarray) and part.dtype.kind == "V":
                raise harmful("array", "records in a place where scikit-learn keeps none")
            if name in ESTIMATORS:
                self._estimator(part)
            elif name in PARTS or name.partition(".")[0] not in ("builtins", "numpy", "scipy"):
                self._part(part, own=name in PARTS)

    def _estimator(self, estimator: Estimator) -> None:
        self.estimators += 1
        if self.estimators > _MOST:
            raise harmful(estimator, f"more than {_MOST:,} estimators")
        check_arguments(estimator, also=self.also)
        arguments = set(type(estimator)._get_param_names())
        for name, value in _attributes(estimator):
            if name == "f_" and type(estimator).__name__ == "IsotonicRegression":
                continue  # made by its class from its thresholds, whatever the file says
            if name not in arguments:
                _need_data(estimator, name, value)
            if isinstance(value, partial):
                continue  # as an argument: `check_arguments` has looked at it
            self.visit(value)
        if not sound(estimator):
            raise harmful(estimator, "a part that points outside its own arrays, or does not fit the others")

    def _part(self, part: object, *, own: bool) -> None:
        for name, value in list(getattr(part, "__dict__", {}).items()):
            if own and name not in _CALLED:
                _need_data(part, name, value)
            self.visit(value)


def _attributes(estimator: Estimator) -> Iterator[tuple[str, Any]]:
    """The attributes of an estimator without those that only the check of their owner may look at."""
    for name, value in list(vars(estimator).items()):
        kinds = {_name_of(type(part)) for part in leaves(value)}
        if not (name in _PLACES and kinds and kinds <= set(_PLACES[name]) and _has_form(estimator, name)):
            yield name, value


def _has_form(estimator: Estimator, place: str) -> bool:
    """Whether the check of this estimator looks at the place."""
    kind = type(estimator).__name__
    word = {"tree_": "Tree", "_tree": "Neighbors", "_predictors": "HistGradientBoosting"}[place]
    return word in kind


def _need_data(owner: object, name: str, value: object) -> None:
    """Refuse a type or a function among the attributes: scikit-learn keeps none that was not an argument."""
    for part in leaves(value):
        called = callable(part) and not hasattr(part, "get_params")
        if called and _name_of(type(part)) not in PARTS:
            raise harmful(owner, f"a function as its attribute {name!r}")


def _name_of(kind: type) -> str:
    return f"{cast(Any, kind).__module__}.{kind.__qualname__}"
