"""Dwork, McSherry, Talwar: The Price of Privacy and the Limits of LP Decoding (STOC 2007)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.reconstruction.answers._claims import claims, prior
from confide.core.arrays import Floats, Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.answers import AnswersKnowledge
from confide.views.answers import Answers

MOST = 300
"""The largest number of people: a program for them takes seconds, and its time grows with the cube."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearProgram:
    """Linear-programming reconstruction: bits in [0, 1] whose sums differ least from the answers, added up.

    Distances instead of their squares: an answer that is far off counts no more than many that are a little
    off. If fewer than some 24 % of the answers are wrong and the others exact, the bits come out exactly. On
    normal noise squares do better. The program has an optimum that its dual proves; so it certifies what the
    faster iterations reach.

    The score is how far the solution is above one half, in units of the noise that is left. It is no
    probability.
    """

    name: ClassVar[str] = "linear-program"
    title: ClassVar[str] = later("Do the answers give away secrets if the distances to them are added up?")
    paper: ClassVar[Paper] = Paper(
        authors="Cynthia Dwork and Frank McSherry and Kunal Talwar",
        title="The Price of Privacy and the Limits of LP Decoding",
        venue="ACM Symposium on Theory of Computing (STOC)",
        year=2007,
        url="https://doi.org/10.1145/1250790.1250804",
    )

    def __call__(self, case: Case[Answers, AnswersKnowledge, Ints], *, rng: Rng) -> Guess:
        view = case.view
        if view.people > MOST:
            raise KnowledgeError(
                keep(
                    "{attack} solves a program for at most {most} people, and there are {people:,}: use "
                    "robust-reconstruction.",
                    attack=self.name,
                    most=MOST,
                    people=view.people,
                )
            )
        x, off = least_distance(view)
        remark = keep("By distances the answers are off by {off:.3g} each.", off=off / len(view))
        odds = (x - 0.5) / max(off / len(view), 0.01)
        # Where the program leaves a bit in the middle, the population decides.
        said = np.where(np.abs(odds) < 1e-9, 1e-9 * np.sign(prior(view, case.known)), odds)
        return claims(said, case.targets, Diagnostics((remark,)))


def least_distance(view: Answers) -> tuple[Floats, float]:
    """The bits in [0, 1] with the least sum of distances to the answers, and that sum.

    Written with what is above and what is below: minimise sum(u + v) with Q x + u - v = a and u, v >= 0.

    Raises:
        KnowledgeError: if the solver does not end.
    """
    from scipy.optimize import linprog  # pyright: ignore[reportMissingTypeStubs]
    from scipy.sparse import csr_array, eye_array, hstack

    m, n = len(view), view.people
    queries = csr_array(view.subsets.members(0, m).T.astype(np.float64))
    found = linprog(
        np.concatenate([np.zeros(n), np.ones(2 * m)]),
        A_eq=hstack([queries, eye_array(m), -eye_array(m)], format="csr"),
        b_eq=view.answers,
        bounds=[(0, 1)] * n + [(0, None)] * (2 * m),
        method="highs",
    )
    if found.x is None:
        raise KnowledgeError(keep("the linear program has no solution: {why}", why=found.message))
    return np.asarray(found.x)[:n], float(found.fun)
