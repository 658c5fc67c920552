"""Learners: recipes that train models, and pools of many models trained at once.

The names below are loaded at their first use, so that torch is imported only where it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confide.learners.estimator import sklearn_learner
    from confide.learners.function import callable_learner
    from confide.learners.pool import fit_many, include_halves
    from confide.learners.torch.learner import TorchLearner

_HOME = {
    "TorchLearner": "torch.learner",
    "callable_learner": "function",
    "fit_many": "pool",
    "include_halves": "pool",
    "sklearn_learner": "estimator",
}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"confide.learners.{_HOME[name]}"), name)
    raise AttributeError(f"confide.learners has no {name!r}; it has {', '.join(_HOME)}.")


__all__ = [
    "TorchLearner",
    "callable_learner",
    "fit_many",
    "include_halves",
    "sklearn_learner",
]
