"""A small convolutional network for pictures of people, trained by `TorchLearner`."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from confide.attacks.linkage.images._classifiers import Scores, Seen
from confide.core.arrays import Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.views.records import Records

if TYPE_CHECKING:
    from torch import nn

# Training ends after this many pictures, counted with repetition: about 20 seconds of one core. A fixed
# number of epochs would leave small galleries undertrained.
PICTURES_SEEN = 16_000
# The fewest and the most epochs: one pass teaches too little, and after 60 a small gallery is known by heart.
EPOCHS = (4, 60)


def network(examples: Seen, people: Ints, *, rng: Rng) -> Scores:
    """Train a network; its scores are log-probabilities, up to a term that is the same for all people.

    Raises:
        KnowledgeError: if torch is missing.
    """
    if find_spec("torch") is None:
        raise KnowledgeError(keep("a convolutional network needs PyTorch: pip install 'confide[torch]'."))
    # PyTorch is an extra, and slow to import: only this model pays for it.
    from confide.learners.torch.learner import TorchLearner

    # Centred by the mean picture: what all pictures share tells nobody apart.
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
        pooled = min(h, w) >= 8  # pooling tiny pictures would leave too few cells to tell people apart
        layers += [nn.Conv2d(c, wide, 3, padding=1), nn.ReLU()]
        if pooled:
            layers.append(nn.MaxPool2d(2))
            h, w = h // 2, w // 2
        c = wide
    top = [nn.Flatten(), nn.Dropout(0.3), nn.Linear(c * h * w, 128), nn.ReLU(), nn.Linear(128, people)]
    return nn.Sequential(*layers, *top)
