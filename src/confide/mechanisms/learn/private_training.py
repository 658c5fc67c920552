"""Training of a model privately, in one of several ways or in none, as one mechanism to compare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Rng
from confide.core.budget import Budget
from confide.core.errors import ModelError, PromiseError
from confide.core.nouns import Outcome, Release
from confide.measure.tradeoff import Curve, GaussianCurve, PromiseCurve, gaussian_mu_for
from confide.mechanisms.learn.building import Build, built
from confide.mechanisms.learn.cross_entropy import minimum
from confide.mechanisms.learn.gradient_descent import GradientDescent
from confide.mechanisms.learn.objective_perturbation import ObjectivePerturbation
from confide.mechanisms.noise.source import Noise
from confide.models.linear import LinearModel
from confide.views.records import Records

Way: TypeAlias = Literal["none", "gradient", "objective", "sgd"]
PENALTY = 1.0
"""Of half the squared weights against the sum of losses, where nothing is promised: scikit-learn's C of 1."""
PRECISE = 1e-6
"""Training without a promise ends where the gradient is this share of the longest one of a record."""
SGD_CLIP = 1.0
"""The default of `DPSGD`, named here for the adversary, who knows how the model was trained."""
PLAIN_EPOCHS = 50
"""Passes of Adam, in batches of 128, that train a module where nothing is promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateTraining:
    """Trains a regression or a PyTorch module, in the way that is named, and publishes its weights.

    The promise is that of the way: see `GradientDescent`, `ObjectivePerturbation` and `DPSGD`. Without one
    the regression is trained to its minimum, a module by Adam, and nothing is promised.

    Args:
        way: "gradient" for descent with noise in each step, "objective" for a random tilt, "sgd" for noisy
            steps on samples, with a module; "none".
        budget: what is promised; None for "none".
        classes: how many there are; 0 until it is known.
        radius: the length of the longest record.
        noise: "secure" or "rehearsal".
        build: build(features, classes) gives the untrained module; None for a regression.

    Raises:
        PromiseError: if a way that promises has no budget, or does not fit what is trained.

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
    build: Build | None = None

    def __post_init__(self) -> None:
        if (self.way == "none") != (self.budget is None):
            raise PromiseError(
                f"training by {self.way!r} with the budget {self.budget}: give one of the other."
            )
        if self.build is not None and self.way in ("gradient", "objective"):
            raise PromiseError(f"a module is trained by 'sgd', not by {self.way!r}: say that, or no module.")

    def __call__(self, data: Records, *, rng: Rng) -> Outcome[WhiteBox]:
        """Train once.

        Raises:
            ModelError: if the module cannot be built or trained, or "sgd" has none.
        """
        if self.build is not None:
            return self._module(data, self.build, rng=rng)
        if self.way == "sgd":
            raise ModelError("'sgd' trains a PyTorch module: name one, or train by 'gradient'.")
        made = self._regression
        return Release(self._plain(data), None, "PrivateTraining") if made is None else made(data, rng=rng)

    @property
    def penalty(self) -> float:
        """Of half the squared weights against the sum of losses, as everybody may know."""
        made = self._regression
        if made is None:
            return PENALTY if self.way == "none" and self.build is None else 0.0
        return made.penalty_used if isinstance(made, ObjectivePerturbation) else made.penalty

    @property
    def clip(self) -> float | None:
        """The length that gradients of records are shortened to, as everybody may know; None where not."""
        if self.way == "sgd":
            return SGD_CLIP
        made = self._regression
        return made.longest if isinstance(made, GradientDescent) else None

    def curve(self, people: int) -> Curve | None:
        """What the training lets any adversary find at most; None where nothing is promised.

        Args:
            people: how many records are trained on, which decides the samples of "sgd".
        """
        promise = self.budget
        if promise is None:
            return None
        if self.way == "gradient":
            # Descent on all records is one Gaussian mechanism: its curve is known exactly.
            return GaussianCurve(gaussian_mu_for(promise.epsilon, promise.delta))
        if self.way == "objective":
            return PromiseCurve(promise.epsilon, promise.delta)
        from torch import nn  # late, because it takes seconds

        from confide.mechanisms.learn.dpsgd.accounting import curve_of_steps
        from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD

        plan = DPSGD(nn.Identity(), budget=promise).plan(people)
        return curve_of_steps(multiplier=plan.multiplier, rate=plan.rate, steps=plan.steps)

    @property
    def _regression(self) -> GradientDescent | ObjectivePerturbation | None:
        if self.budget is None or self.way == "sgd":
            return None
        how = {"budget": self.budget, "classes": self.classes, "radius": self.radius, "noise": self.noise}
        return GradientDescent(**how) if self.way == "gradient" else ObjectivePerturbation(**how)  # pyright: ignore[reportArgumentType]

    def _module(self, data: Records, build: Build, *, rng: Rng) -> Outcome[WhiteBox]:
        import torch  # late, because it takes seconds

        from confide.learners.torch.learner import TorchLearner
        from confide.learners.torch.training import seeded
        from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
        from confide.models.torch.model import TorchModel

        features = data.x.shape[1]
        if self.budget is None:
            learner = TorchLearner(factory=partial(build, features, self.classes), epochs=PLAIN_EPOCHS)
            view = learner.fit(data, rng=rng)
            assert isinstance(view, TorchModel)
            return Release(view, None, "PrivateTraining")
        with seeded(int(rng.integers(2**63)), torch.device("cpu")):  # other first weights for each model
            net = built(build, features=features, classes=self.classes)
        # A module is a white box; the types of outcomes do not say so.
        made: Any = DPSGD(net, budget=self.budget, clip=SGD_CLIP, noise=self.noise)(data, rng=rng)
        return made

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
