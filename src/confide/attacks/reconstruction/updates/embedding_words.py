"""Melis, Song, De Cristofaro, Shmatikov: Exploiting Unintended Feature Leakage (S&P 2019), section V."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.views.shared_gradient import SharedGradient


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingWords:
    """Word recovery: names the words of a batch by the rows of an embedding that got a gradient.

    A row of an embedding takes part in the loss only if its word is in a record. So every row whose gradient
    is not zero is a word of the batch, and every other one is not: no model, no auxiliary record and no
    computing is needed. Rows below a share of the strongest count as rounding. Where noise was added to
    every row all words are claimed, which is right about controls too and so shows as no leak.

    Args:
        least: the share of the strongest row's length that a row must have.
    """

    name: ClassVar[str] = "embedding-words"
    title: ClassVar[str] = later("Which words of an embedding got a gradient?")
    paper: ClassVar[Paper] = Paper(
        authors="Luca Melis and Congzheng Song and Emiliano De Cristofaro and Vitaly Shmatikov",
        title="Exploiting Unintended Feature Leakage in Collaborative Learning",
        venue="IEEE Symposium on Security and Privacy",
        year=2019,
        url="https://arxiv.org/abs/1805.04049",
    )

    least: float = 1e-6

    def __call__(self, case: Case[SharedGradient, Any, Ints], *, rng: Rng) -> Guess:
        if case.view.layers[0].kind != "embedding":
            raise KnowledgeError(
                keep("{attack} reads an embedding, and the first layer is none.", attack=self.name)
            )
        length = np.linalg.norm(case.view.gradients[0][0], axis=1)
        words = length > self.least * length.max()
        remark = keep("{words:,} of {all:,} words got a gradient.", words=int(words.sum()), all=len(words))
        # The same words about everybody: a view, no copies.
        value = np.broadcast_to(words.astype(np.float64), (len(case.targets), len(words)))
        return Guess(value, np.zeros(len(case.targets)), Diagnostics((remark,)))
