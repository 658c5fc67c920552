"""Cases: attacks that get texts out of a language model."""

from __future__ import annotations

from functools import partial

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Sitting, permuted_exposure, rng
from tests.contracts.made_up_text import SIGNS, Preferring

from confide.attacks.reconstruction.text import Extraction
from confide.games.reconstruction.text import TextExtraction
from confide.views.text import Continuations

TEXTS = Continuations(
    tuple(f"person {i} lives in " for i in range(60)),
    tuple(str(d) for d in rng(3).integers(0, 10, 60)),
)
"""One sign is to be foretold: by chance with probability 1 / 50, e times more or less by the noise."""
SAMPLES = 13
"""Of a text that is 2 nats likelier, it comes up among these; of another nearly never."""


def game(boost: float) -> TextExtraction:
    return TextExtraction(mechanism=Preferring(boost), texts=TEXTS, samples=SAMPLES)


assert 2 - 1 - np.log(SIGNS) > np.log(1 - 0.5 ** (1 / SAMPLES)) > -1 - np.log(SIGNS)

CASES = (
    AttackCase(
        attack=Extraction(),
        silent=Sitting(partial(game, 0.0), 6),
        naked=Sitting(partial(game, 2.0), 4),
        reaches=0.99,
        leaky=Sitting(partial(game, 1.5), 4),
        null=permuted_exposure,
        small=Sitting(partial(game, 1.5), 2),
        judge=ByScore(),
    ),
)
