"""Dwork, Yekhanin: New Efficient Attacks on Statistical Disclosure Control Mechanisms (CRYPTO 2008)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.reconstruction.answers._claims import claims_of
from confide.attacks.reconstruction.answers._fit import plain_fit
from confide.core.arrays import Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.answers import AnswersKnowledge
from confide.views.answers import Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastSquares:
    """Least-squares reconstruction: solves the answers as linear equations, and rounds.

    The simplest adversary forgets that bits are bits. It solves the normal equations for any numbers, and
    takes those above one half for 1. Its errors have a closed form, and it needs more answers than people.
    Where the box helps little, with many answers, it is as good as any.

    Dwork and Yekhanin choose the queries so that a Fourier transform solves them; here the queries are given.
    """

    name: ClassVar[str] = "least-squares"
    title: ClassVar[str] = later(
        "Do the answers, solved as linear equations, give away each person's secret?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Cynthia Dwork and Sergey Yekhanin",
        title="New Efficient Attacks on Statistical Disclosure Control Mechanisms",
        venue="Advances in Cryptology (CRYPTO)",
        year=2008,
        url="https://doi.org/10.1007/978-3-540-85174-5_26",
    )

    def __call__(self, case: Case[Answers, AnswersKnowledge, Ints], *, rng: Rng) -> Guess:
        n, m = case.view.people, len(case.view)
        if m <= n:
            raise KnowledgeError(
                keep(
                    "{attack} needs more answers than people, and has {answers:,} about {people:,} people: "
                    "use box-reconstruction.",
                    attack=self.name,
                    answers=m,
                    people=n,
                )
            )
        return claims_of(plain_fit(case.view), case)
