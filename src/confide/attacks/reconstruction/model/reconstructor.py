"""Balle, Cherubin, Hayes: Reconstructing Training Data with Informed Adversaries (S&P 2022), section V."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.shadows import ShadowKnowledge
from confide.views.models import ModelEach

NETWORKS = 3
"""Reconstructors that are averaged; where they differ they know little."""
FEWEST = 20
"""From fewer shadow models a reconstructor learns noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconstructorNetwork:
    """Reconstructor network: learns from shadow models how the last record shows in a network's weights.

    Of a network nothing can be solved for, since its optimum is not unique and training ends before it. But
    the adversary knows all records but one, and the recipe with its first weights and batches. So it trains
    shadow models on the known records and one public record each, and a second network that makes the public
    record from the shadow's weights. That network is then asked about the released weights.

    Weights are brought to their principal components first. Three networks with one hidden layer are trained
    with noise on the components, and averaged. Score: minus the distance between them.

    Args:
        shadows: how many shadow models are trained, at most as many as there are public records.
        kept: how many principal components of the weights are used.
        hidden: the width of the reconstructors' hidden layer.
        epochs: of their training.
        noise: on their inputs in training, in deviations.
    """

    name: ClassVar[str] = "reconstructor"
    title: ClassVar[str] = later(
        "Can a network learn to read the last record from another network's weights?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Borja Balle and Giovanni Cherubin and Jamie Hayes",
        title="Reconstructing Training Data with Informed Adversaries",
        venue="IEEE Symposium on Security and Privacy",
        year=2022,
        url="https://arxiv.org/abs/2201.04845",
    )

    shadows: int = 1_000
    kept: int = 60
    hidden: int = 300
    epochs: int = 60
    noise: float = 0.1

    def __call__(self, case: Case[ModelEach, ShadowKnowledge, Ints], *, rng: Rng) -> Guess:
        # Here and not above: torch takes seconds to import, and a list of attacks needs none.
        from confide.attacks.reconstruction.model._reconstructor import components, reconstructed

        known, count = case.known, min(self.shadows, len(case.known.public))
        if count < FEWEST:
            raise KnowledgeError(
                keep(
                    "{attack} trains shadow models on public records, and has {n:d}: give {fewest:d} or "
                    "more.",
                    attack=self.name,
                    n=count,
                    fewest=FEWEST,
                )
            )
        chosen = np.sort(rng.permutation(len(known.public))[:count])
        weights = weights_of(known.trained_with(known.public, chosen))
        given, asked = components(weights, weights_of(case.view.models), most=self.kept)
        x = np.asarray(known.public.x, np.float64).reshape(len(known.public), -1)[chosen]
        labels = np.asarray(known.public.y, np.float64)[chosen]
        # The label as numbers of 0 and 1, in the size of the features: its largest one is the claim.
        truth = (labels[:, None] == np.unique(labels)) * float(max(x.std(), 1e-12))
        wanted = np.column_stack([x, truth])
        centre = wanted.mean(axis=0)
        made = np.stack(
            [
                centre
                + reconstructed(
                    given, wanted - centre, asked, hidden=self.hidden, epochs=self.epochs, noise=self.noise,
                    seed=int(seed),
                )
                for seed in rng.integers(2**31, size=NETWORKS)
            ]
        )  # fmt: skip
        record, features = made.mean(axis=0), x.shape[1]
        label = np.unique(labels)[record[:, features:].argmax(axis=1)]
        apart = np.sqrt(((made - record)[:, :, :features] ** 2).sum(axis=2).mean(axis=0))
        return Guess(np.column_stack([record[:, :features], label]), -apart)


def weights_of(models: list[WhiteBox] | tuple[WhiteBox, ...]) -> Floats:
    """All parameters of each model in a row, float64[n, p]; a model that stands there often is read once."""
    read = {id(model): np.concatenate(model.weights()) for model in models}
    return np.stack([read[id(model)] for model in models])
