"""MEZZANINE: models behind `BlackBox` and `WhiteBox`, and training many of them at once.

The names below are loaded at first use, so that nobody pays for torch who does not use it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confide.learners.callable_learner import callable_learner
    from confide.learners.loading import as_view, load_model
    from confide.learners.pool import fit_many, include_halves
    from confide.learners.sklearn_learner import sklearn_learner
    from confide.learners.torch_learner import TorchLearner
    from confide.learners.torch_model import TorchModel

_HOME = {
    "TorchLearner": "torch_learner",
    "TorchModel": "torch_model",
    "as_view": "loading",
    "callable_learner": "callable_learner",
    "fit_many": "pool",
    "include_halves": "pool",
    "load_model": "loading",
    "sklearn_learner": "sklearn_learner",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"confide.learners.{_HOME[name]}"), name)
    raise AttributeError(f"confide.learners has no {name!r}; it has {', '.join(_HOME)}.")


__all__ = [
    "TorchLearner",
    "TorchModel",
    "as_view",
    "callable_learner",
    "fit_many",
    "include_halves",
    "load_model",
    "sklearn_learner",
]
