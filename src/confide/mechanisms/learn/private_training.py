"""Training of a regression privately, in one of several ways or in none, as one mechanism to compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome, Release
from confide.mechanisms.learn.cross_entropy import minimum
from confide.mechanisms.learn.gradient_descent import GradientDescent
from confide.mechanisms.learn.objective_perturbation import ObjectivePerturbation
from confide.mechanisms.noise.source import Noise
from confide.models.linear import LinearModel
from confide.views.records import Records

Way: TypeAlias = Literal["none", "gradient", "objective"]
PENALTY = 1.0
"""Of half the squared weights against the sum of losses, where nothing is promised: scikit-learn's C of 1."""
PRECISE = 1e-6
"""Training without a promise ends where the gradient is this share of the longest one of a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateTraining:
    """Trains a logistic or softmax regression, in the way that is named, and publishes its weights.

    The promise is that of the way: see `GradientDescent` and `ObjectivePerturbation`. Without one the
    regression is trained to its minimum and promises nothing.

    Args:
        way: "gradient" for descent with noise in each step, "objective" for a random tilt, "none".
        budget: what is promised; None for "none".
        classes: how many there are; 0 until it is known.
        radius: the length of the longest record.
        noise: "secure" or "rehearsal".

    Raises:
        PromiseError: if a way that promises has no budget.

    >>> x = np.array([[1.0], [-1.0]] * 50)
    >>> records = Records(x, (x[:, 0] > 0).astype(np.int64))
    >>> trained = PrivateTraining(classes=2)(records, rng=np.random.default_rng(0))
    >>> trained.view.labels(x)[:2].tolist()
    [1, 0]
    """

    way: Way = "none"
    budget: Budget | None = None
    classes: int = 0
    radius: float = 1.0
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        if (self.way == "none") != (self.budget is None):
            raise PromiseError(
                f"training by {self.way!r} with the budget {self.budget}: give one of the other."
            )

    def __call__(self, data: Records, *, rng: Rng) -> Outcome[WhiteBox]:
        """Train once."""
        if self.budget is None:
            return Release(self._plain(data), None, "PrivateTraining")
        how = {"budget": self.budget, "classes": self.classes, "radius": self.radius, "noise": self.noise}
        made = GradientDescent(**how) if self.way == "gradient" else ObjectivePerturbation(**how)  # pyright: ignore[reportArgumentType]
        return made(data, rng=rng)

    def _plain(self, data: Records) -> LinearModel:
        x = np.column_stack([np.asarray(data.x, np.float64), np.ones(len(data))])
        rows = 1 if self.classes == 2 else self.classes
        weights = minimum(
            x,
            data.y,
            shape=(rows, x.shape[1]),
            penalty=PENALTY,
            within=PRECISE * (self.radius**2 + 1) ** 0.5,
        )
        return LinearModel(weights, radius=self.radius)
