"""Annamalai, Ganev, De Cristofaro: What Do You Want from Theory Alone? (USENIX Security 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.synthetic import AllButOne
from confide.views.margins import NoisedMargins
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisedMarginsLR:
    """Likelihood-ratio test on everything that a synthesiser measured, by an adversary who knows all others.

    Synthetic rows are drawn from a few margins that were counted with noise: this is all that they know of
    people. A person is one more in one cell of each margin. The adversary takes the counts of everybody else
    away: what is left is noise, or noise and one in the target's cells. The likelihood ratio of the two is
    the strongest test there is, and reaches what the measurements' privacy allows: with rho spent on them the
    AUC is Phi(sqrt(rho)), as 1 / sigma^2 summed over the margins is 2 rho.

    Which margins were chosen is not used: each choice depends on one person by far less than a count does.

    With y the noised and c the others' count in the target's cell of a margin, the score is the sum over all
    margins of (y - c - 1/2) / sigma^2.
    """

    name: ClassVar[str] = "noised-margins-lr"
    title: ClassVar[str] = later("Do the measured margins have one person more in this person's cells?")
    paper: ClassVar[Paper] = Paper(
        authors="Meenatchi Sundaram Muthu Selva Annamalai and Georgi Ganev and Emiliano De Cristofaro",
        title="What Do You Want from Theory Alone? Experimenting with Tight Auditing of Differentially "
        "Private Synthetic Data Generation",
        venue="USENIX Security Symposium",
        year=2024,
        url="https://www.usenix.org/conference/usenixsecurity24/presentation/annamalai-what",
    )

    def __call__(self, case: Case[NoisedMargins, AllButOne, Table], *, rng: Rng) -> Guess:
        rest, targets = case.known.rest, case.targets
        score = np.zeros(len(targets))
        for margin in case.view.margins:
            others = np.bincount(margin.cells_of(rest), minlength=margin.counts.size)
            there = (margin.counts.reshape(-1) - others)[margin.cells_of(targets)]
            score += (there - 0.5) / margin.sigma**2
        return Guess(None, score)
