"""Agrawal, Srikant: Privacy-Preserving Data Mining (SIGMOD 2000), the secret behind a changed value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array

from confide.attacks.linkage.table._cells import Cells
from confide.attacks.linkage.table.transparency import PRESENT, rows_by_channel
from confide.core.arrays import Floats, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.knowledge.table_channel import channels
from confide.views.table import Table

WIDEST = 256
"""Values of the secret up to which what is behind each is worked out; else it is taken as it is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelySecret:
    """Bayes inference through a known mechanism: the likeliest secret behind all rows that may be a person's.

    The adversary knows how values were changed, and rehearses it as in `Transparency`. A row that may be the
    person's with chance w says, with its shown secret r, that the true one is s with chance
    P(s | r) = P(s) T(r | s) / P(r). P(s) is the law under which the release is likeliest. With chance one
    half the person has no row, and then the secret has the law of everybody.

    The claim is the value of the largest sum, of those that are not excluded. Score: its posterior. A secret
    of more than 256 values is taken as it is shown.
    """

    name: ClassVar[str] = "likely-secret"
    title: ClassVar[str] = later("Given how values were changed, which secret is the likeliest?")
    paper: ClassVar[Paper] = Paper(
        authors="Rakesh Agrawal and Ramakrishnan Srikant",
        title="Privacy-Preserving Data Mining",
        venue="ACM SIGMOD International Conference on Management of Data",
        year=2000,
        url="https://doi.org/10.1145/342009.335438",
    )

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        known, telling = rng.spawn(2)
        cells, law, votes = self._told(case, rng=telling)
        sums = rows_by_channel(case, cells, rng=known)
        claim, score = np.empty(len(case.targets), np.int64), np.empty(len(case.targets))
        for i, fact in enumerate(case.targets.low):
            log_ratio = sums.of(fact)
            top = max(float(log_ratio.max()), 0.0)
            each = np.exp(log_ratio - top) * (PRESENT / cells.people)
            sure = each @ votes + (1 - PRESENT) * np.exp(-top) * law
            if case.known.excluded is not None:
                sure = np.where(case.known.excluded[i], 0.0, sure)
            claim[i] = int(sure.argmax())
            score[i] = sure[claim[i]] / sure.sum()
        return Guess(claim, score)

    def _told(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> tuple[Cells, Floats, Floats]:
        """The distinct rows, the law of the secret, and what the rows of each say of it, float64[q, m]."""
        view, secret = case.view, case.known.secret
        if secret not in view.names or not len(view) or not view.only([secret]).precise:
            raise KnowledgeError(
                keep("the release does not show {secret} in exact cells", secret=repr(secret))
            )
        cells, codes = Cells.of(view.only(case.targets.names)), view.low[:, view.at(secret)].astype(np.int64)
        m = len(view.domains[view.at(secret)])
        counts = csr_array((np.ones(len(view)), (cells.row, codes)), shape=(len(cells.count), m)).toarray()
        if m > WIDEST:
            return cells, counts.sum(axis=0) / len(view), counts
        law, behind = channels(view, case.known.mechanism, [secret], rng=rng)[secret].behind()
        return cells, law, counts @ behind
