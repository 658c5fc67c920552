"""Models that are trained under differential privacy: `confide.learn.PrivateLogisticRegression` and others.

>>> from confide.learn import PrivateLinearRegression
>>> PrivateLinearRegression(epsilon=0.5).get_params()["epsilon"]
0.5
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confide.learners.tap import SILENT, Tap, TrainingPlan
    from confide.mechanisms.learn.classifier import PrivateLogisticRegression
    from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
    from confide.mechanisms.learn.dpsgd.run import Trained
    from confide.mechanisms.learn.gradient_histograms import GradientHistograms
    from confide.mechanisms.learn.public_columns import Categories, Number
    from confide.mechanisms.learn.regressor import PrivateLinearRegression
    from confide.mechanisms.learn.tuning import Tuned, tune
    from confide.releases.training.run import Written, train
    from confide.releases.training.saved import SavedModel, load
    from confide.releases.training.settings import TrainSettings

_HOME = {
    "DPSGD": "confide.mechanisms.learn.dpsgd.dpsgd",
    "SILENT": "confide.learners.tap",
    "Categories": "confide.mechanisms.learn.public_columns",
    "GradientHistograms": "confide.mechanisms.learn.gradient_histograms",
    "Number": "confide.mechanisms.learn.public_columns",
    "PrivateLinearRegression": "confide.mechanisms.learn.regressor",
    "PrivateLogisticRegression": "confide.mechanisms.learn.classifier",
    "SavedModel": "confide.releases.training.saved",
    "Tap": "confide.learners.tap",
    "TrainSettings": "confide.releases.training.settings",
    "Trained": "confide.mechanisms.learn.dpsgd.run",
    "TrainingPlan": "confide.learners.tap",
    "Tuned": "confide.mechanisms.learn.tuning",
    "Written": "confide.releases.training.run",
    "load": "confide.releases.training.saved",
    "train": "confide.releases.training.run",
    "tune": "confide.mechanisms.learn.tuning",
}
"""Loaded at first use: some need scikit-learn, some torch."""

__all__ = [
    "DPSGD",
    "SILENT",
    "Categories",
    "GradientHistograms",
    "Number",
    "PrivateLinearRegression",
    "PrivateLogisticRegression",
    "SavedModel",
    "Tap",
    "TrainSettings",
    "Trained",
    "TrainingPlan",
    "Tuned",
    "Written",
    "load",
    "train",
    "tune",
]


def __getattr__(name: str) -> object:
    """An estimator or what belongs to one, imported when it is asked for."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"confide.learn has no {name!r}; it has {', '.join(__all__)}.")
