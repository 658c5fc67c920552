"""McPherson, Shokri, Shmatikov: Defeating Image Obfuscation with Deep Learning (2016): the network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from confide.attacks.linkage.images._classifiers import Scores, Seen
from confide.attacks.linkage.images.recogniser import MCPHERSON, Recogniser
from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.images import Gallery
from confide.views.images import Pictures
from confide.views.records import Records

if TYPE_CHECKING:
    from torch import nn

PICTURES_SEEN = 16_000
"""The network trains until it has seen so many pictures, however few they are: some 20 seconds of a core."""
EPOCHS = (4, 60)
"""But no fewer and no more passes than these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallCNN:
    """Does a small convolutional network, trained on pictures obscured the same way, recognise people?

    As `Recogniser`, with a network of three convolutions and two layers on top: with many pictures of a
    person it learns what other models cannot. With ten of each these are as good, and cheaper.

    Args:
        copies: as of `Recogniser`; a network wants more.
        shift: as of `Recogniser`.
        mirror: as of `Recogniser`.

    Source: McPherson, Shokri, Shmatikov (2016), section 5: their network for small grey faces, narrower.
    """

    name: ClassVar[str] = "small-cnn"
    title: ClassVar[str] = "Does a small neural network recognise people in obscured pictures?"
    paper: ClassVar[Paper] = MCPHERSON

    copies: int = 8
    shift: float = 0.04
    mirror: bool = True

    def __call__(self, case: Case[Pictures, Gallery, Ints], *, rng: Rng) -> Guess:
        return self._recogniser()(case, rng=rng)

    def scores(self, case: Case[Pictures, Gallery, Ints], *, rng: Rng) -> Floats:
        """For each target a score for every person in the gallery, float64[n, people]."""
        return self._recogniser().scores(case, rng=rng)

    def _recogniser(self) -> Recogniser:
        return Recogniser(model="cnn", copies=self.copies, shift=self.shift, mirror=self.mirror)


def network(examples: Seen, people: Ints, *, rng: Rng) -> Scores:
    """A trained network; scores are log-probabilities, up to a term that is the same for all people.

    Raises:
        KnowledgeError: if torch is missing.
    """
    if find_spec("torch") is None:
        raise KnowledgeError("a convolutional network needs PyTorch: pip install 'confide[torch]'.")
    from confide.learners.torch.learner import TorchLearner

    middle, width = examples.mean(axis=0), max(float(examples.std()), 1e-6)

    def centred(pictures: Seen) -> Seen:
        return (pictures - middle) / np.float32(width)

    fewest, most = EPOCHS
    learner = TorchLearner(
        factory=partial(_module, examples.shape[1:], int(people.max()) + 1),
        epochs=int(np.clip(PICTURES_SEEN // len(examples), fewest, most)),
        batch_size=32,
    )
    model = learner.fit(Records(centred(examples), people), rng=rng)
    return lambda asked: np.asarray(model.predict(centred(asked)), np.float64)


def _module(shape: tuple[int, int, int], people: int) -> nn.Module:
    from torch import nn

    c, h, w = shape
    layers: list[nn.Module] = []
    for wide in (16, 32, 64):
        pooled = min(h, w) >= 8  # tiny pictures keep their cells
        layers += [nn.Conv2d(c, wide, 3, padding=1), nn.ReLU()]
        if pooled:
            layers.append(nn.MaxPool2d(2))
            h, w = h // 2, w // 2
        c = wide
    top = [nn.Flatten(), nn.Dropout(0.3), nn.Linear(c * h * w, 128), nn.ReLU(), nn.Linear(128, people)]
    return nn.Sequential(*layers, *top)
