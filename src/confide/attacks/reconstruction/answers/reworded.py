"""Cohen, Nissim: Linear Program Reconstruction in Practice (Journal of Privacy and Confidentiality 2020)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from confide.attacks.reconstruction.answers._claims import best_fit, claims_of
from confide.core.arrays import Floats, Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.answers import AnswersKnowledge
from confide.views.answers import Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class RewordedQueries:
    """Reconstruction from reworded queries: averages away noise that is the same for the same text only.

    Some systems draw the noise from the text of a query, so that asking again gives the same answer and
    nothing can be averaged (sticky noise, as in Diffix). The adversary asks in other words: `age >= 30`,
    `age > 29`, `not age < 30`. The people who are counted stay the same, and the noise does not. From the
    data that it knows, the adversary sees which queries count the same people. It takes one answer for each
    text, as an answer that was repeated says nothing new, and the mean of the answers to different texts.
    Then it solves for everybody's bit.

    Without sticky noise it does the same as box-reconstruction.
    """

    name: ClassVar[str] = "reworded-queries"
    title: ClassVar[str] = later("Do the same questions in other words average the noise away?")
    paper: ClassVar[Paper] = Paper(
        authors="Aloni Cohen and Kobbi Nissim",
        title="Linear Program Reconstruction in Practice",
        venue="Journal of Privacy and Confidentiality 10(1)",
        year=2020,
        url="https://doi.org/10.29012/jpc.711",
    )

    def __call__(self, case: Case[Answers, AnswersKnowledge, Ints], *, rng: Rng) -> Guess:
        view, weights = averaged(case.view)
        return claims_of(best_fit(view, case.known, weights=weights), case)


def averaged(view: Answers) -> tuple[Answers, Floats]:
    """One answer for each set of people, the mean over its texts, and how many texts that are, float64[k].

    Without sticky noise nothing is averaged beforehand: least squares does that.
    """
    if view.wording is None:
        return view, np.ones(len(view))
    _, first = np.unique(view.wording, return_index=True)
    once = view.take(np.sort(first))
    # Each subset's bits as one value, so that equal ones are found by sorting.
    rows = np.ascontiguousarray(once.subsets.packed.T)
    keys = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, where, group = np.unique(keys, return_index=True, return_inverse=True)
    texts = np.bincount(group).astype(np.float64)
    mean = np.bincount(group, weights=once.answers) / texts
    return replace(once.take(where), answers=mean, wording=None), texts
