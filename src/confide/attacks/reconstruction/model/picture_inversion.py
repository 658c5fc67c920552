"""Fredrikson, Jha, Ristenpart: Model Inversion Attacks that Exploit Confidence Information (CCS 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import minimize

from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.pictures import PictureKnowledge, cosines, from_cosines
from confide.models.input_gradient import HasInputGradient

# Rounds the corner of the total variation at 0, in squared steps of the range: its gradient needs a value.
CORNER = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInversion:
    """Picture inversion: makes for each class the picture that the model takes for it most surely.

    Where a class is a person, the picture shows what the model learnt of their face. The adversary starts at
    the mean of public pictures and climbs: it minimises

        -log p_y(x) + statistics/2 * sum over frequencies of |c(x - mean)|^2 / power + variation * TV(x)

    within the range of the inputs, by L-BFGS. The first term is the paper's. The others are priors from
    public, nameless pictures: the mean picture, how strong each cosine frequency is in pictures of the kind
    (feature statistics), and total variation, which prefers smooth areas between edges. Without them the
    model's own pixel noise drowns the face.

    What comes out is a picture of the class, and no training record. Whether it shows the person is judged
    by others: evaluators that never saw what trained the model, beside a model whose labels were permuted.

    Args:
        statistics: the weight of the frequency statistics; 0 leaves them out.
        variation: the weight of the total variation, of pictures in the range 0 to 1.
        steps: of the optimiser, at most.
    """

    name: ClassVar[str] = "picture-inversion"
    title: ClassVar[str] = later("Which face does the model take most surely for this person's?")
    paper: ClassVar[Paper] = Paper(
        authors="Matt Fredrikson and Somesh Jha and Thomas Ristenpart",
        title="Model Inversion Attacks that Exploit Confidence Information and Basic Countermeasures",
        venue="ACM Conference on Computer and Communications Security (CCS)",
        year=2015,
        url="https://doi.org/10.1145/2810103.2813677",
    )

    statistics: float = 0.01
    variation: float = 0.001
    steps: int = 200

    def __call__(self, case: Case[WhiteBox, PictureKnowledge, Ints], *, rng: Rng) -> Guess:
        view = case.view
        if not isinstance(view, HasInputGradient):
            raise KnowledgeError(
                keep(
                    "{attack} climbs the gradient of the loss in the picture, which this model does not "
                    "show: give a linear model or a PyTorch module.",
                    attack=self.name,
                )
            )
        prior = _Prior.of(case.known, statistics=self.statistics, variation=self.variation)
        made = [self._picture(view, prior, int(c)) for c in case.targets]
        pictures = np.stack([picture for picture, _ in made])
        loss = np.array([value for _, value in made])
        remark = keep(
            "The model is sure of the pictures: half of them have a loss below {loss:.2g}.",
            loss=float(np.median(loss)),
        )
        return Guess(pictures.reshape(len(made), -1), -loss, Diagnostics((remark,)))

    def _picture(self, view: HasInputGradient, prior: _Prior, label: int) -> tuple[Floats, float]:
        """The picture of one class, float64[h, w], and the model's loss on it."""
        known, y = prior.known, np.array([label])

        def objective(flat: Floats) -> tuple[float, Floats]:
            x = flat.reshape(known.shape)
            loss, slope = view.input_gradient(x[None], y)
            cost, pull = prior(x)
            return float(loss[0]) + cost, (slope.reshape(known.shape) + pull).ravel()

        start = np.clip(known.mean, known.low, known.high).ravel()
        found: Any = minimize(
            objective, start, jac=True, method="L-BFGS-B", bounds=[(known.low, known.high)] * len(start),
            options={"maxiter": self.steps},
        )  # fmt: skip
        picture: Floats = found.x.reshape(known.shape)
        return picture, float(view.input_gradient(picture[None], y)[0][0])


@dataclass(frozen=True, slots=True, eq=False)
class _Prior:
    """What pictures of the kind look like, as a cost and its gradient."""

    known: PictureKnowledge
    mean: Floats
    power: Floats
    statistics: float
    variation: float

    @classmethod
    def of(cls, known: PictureKnowledge, *, statistics: float, variation: float) -> _Prior:
        return cls(known, known.mean, known.power, statistics, variation)

    def __call__(self, x: Floats) -> tuple[float, Floats]:
        waves = cosines(x - self.mean)
        bent = waves / self.power
        cost = self.statistics / 2 * float((waves * bent).sum())
        pull = self.statistics * from_cosines(bent)
        total, slope = _variation(x, corner=CORNER * (self.known.high - self.known.low) ** 2)
        return cost + self.variation * total, pull + self.variation * slope


def _variation(x: Floats, *, corner: float) -> tuple[float, Floats]:
    """The total variation of a picture with its corner rounded, and its gradient."""
    down, right = np.zeros_like(x), np.zeros_like(x)
    down[:-1], right[:, :-1] = x[1:] - x[:-1], x[:, 1:] - x[:, :-1]
    length = np.sqrt(down**2 + right**2 + corner)
    slope = -(down + right) / length
    slope[1:] += (down / length)[:-1]
    slope[:, 1:] += (right / length)[:, :-1]
    return float(length.sum()), slope
