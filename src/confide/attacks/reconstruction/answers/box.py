"""Dinur, Nissim: Revealing Information while Preserving Privacy (PODS 2003), by least squares in the box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.reconstruction.answers._claims import best_fit, claims_of
from confide.core.arrays import Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.answers import AnswersKnowledge
from confide.views.answers import Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxReconstruction:
    """Box-constrained reconstruction: fits everybody's bit to all answers at once, and rounds.

    Each answer is a sum of unknown bits plus noise. The adversary looks for numbers between 0 and 1, one for
    each person, whose sums are nearest to the answers in the sum of squares. Dinur and Nissim ask only that
    all sums are within the noise; the squares are the better measure of normal noise, and the box says more
    than it seems to: with it, fewer answers than people can be enough.

    The log-odds of each claim come from the fit: what the answers say about this bit when all others that are
    not at 0 or 1 are fitted too, and how likely the value was beforehand. So the score stands for a
    probability that can be checked. Above 5,000 people it takes the law of random subsets for what the
    answers say. Of queries that do not look like random halves, such as conditions on a few columns, the
    box's errors follow no such law; there it takes the best linear estimate, for bits with the population's
    mean and variance.

    Source: Dinur, Nissim 2003; Beck, Teboulle 2009 for the method; Thrampoulidis, Xu, Hassibi 2018 for the
    law of the errors.
    """

    name: ClassVar[str] = "box-reconstruction"
    title: ClassVar[str] = later(
        "Do the answers, solved for everybody at once, give away each person's secret?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Irit Dinur and Kobbi Nissim",
        title="Revealing Information while Preserving Privacy",
        venue="ACM Symposium on Principles of Database Systems (PODS)",
        year=2003,
        url="https://doi.org/10.1145/773153.773173",
    )

    def __call__(self, case: Case[Answers, AnswersKnowledge, Ints], *, rng: Rng) -> Guess:
        return claims_of(best_fit(case.view, case.known), case)
