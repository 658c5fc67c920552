"""Annamalai, Gadotti, Rocher: Linear Reconstruction for Attribute Inference (USENIX Security 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.attribute.synthetic._equations import Equations
from confide.core.arrays import Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Table
from confide.views.table_keys import packed

NOTHING = -1
"""As a claim: no value is claimed."""
WORK, LEAST = 20_000_000, 10
"""Cells looked at in each step, over all sets and values. Of more, fewer sets are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearReconstruction:
    """Linear reconstruction: shares of the secret for everybody whose sums agree with the counts of the file.

    The adversary has a register of the known columns of all people that the file may be about. It draws
    random sets of a few of these columns. The values in them divide the people into cells, and the file into
    the same ones. In a cell of n people, if a share p of the file's rows hold a value, then about n p of the
    people should: a linear equation in unknown bits, one for each person. All equations of all sets together
    are solved by least squares, with the bits in [0, 1]. Each square is divided by the people in the cell, as
    the variance of a count grows with them. So the file says something even of a person of whom no row is a
    copy.

    Of a secret with more than two values each gets bits of its own. The claim is the value with the largest
    share, and the score is that share.

    The paper scales counts in the file by its number of people over that of rows. The share within a cell
    says the same, and does not vary with how often the people in it were drawn.

    Args:
        columns: how many columns a set has.
        sets: the number of random sets; fewer for more than some hundred thousand people and rows.
        values: how many values of the secret it tells apart: the commonest ones.

    Source: Annamalai, Gadotti, Rocher 2024, section 4; with squares instead of distances.
    """

    name: ClassVar[str] = "linear-reconstruction"
    title: ClassVar[str] = later("Whose secrets would give the counts that the file gives?")
    paper: ClassVar[Paper] = Paper(
        authors="Meenatchi Sundaram Muthu Selva Annamalai and Andrea Gadotti and Luc Rocher",
        title="A Linear Reconstruction Approach for Attribute Inference Attacks against Synthetic Data",
        venue="USENIX Security Symposium",
        year=2024,
        url="https://www.usenix.org/conference/usenixsecurity24/presentation/annamalai-linear",
    )

    columns: int = 3
    sets: int = 100
    values: int = 16

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        view, people = case.view, self._people(case)
        names = [name for name in people.names if name in view.names]
        secret = view.low[:, view.at(case.known.secret)].astype(np.int64)
        common = _commonest(secret, self.values)
        two = len(common) == 2
        work = (len(people) + len(view)) * (1 if two else len(common))
        equations = Equations.of(
            people.only(names),
            view.only(names),
            columns=self.columns,
            sets=min(self.sets, max(LEAST, WORK // work)),
            rng=rng,
        )
        share, ended = equations.solved(secret, common[1:] if two else common)
        if two:  # one is the other's complement
            share = np.column_stack([1 - share, share])
        row = _rows_of(case.targets, people)
        best = share[row].argmax(axis=1)
        claim = np.where(row < 0, NOTHING, common[best])
        score = np.where(row < 0, 0.0, share[row, best])
        remark = keep(
            "{n:,} shares were compared, over {sets:d} sets of columns.",
            n=int(equations.number),
            sets=len(equations.cells),
        )
        return Guess(claim, score, Diagnostics((remark,), conclusive=ended))

    def _people(self, case: Case[Table, TableKnowledge, Table]) -> Table:
        """The register, if it and the file are such that something can be said."""
        view, people, secret = case.view, case.known.everybody, case.known.secret
        if people is None or not len(people):
            raise KnowledgeError(
                keep(
                    "{attack} needs a register of everybody behind the file: the known columns of each",
                    attack=self.name,
                )
            )
        if secret not in view.names or not set(people.names) & set(view.names) or not len(view):
            raise KnowledgeError(
                keep(
                    "nothing can be inferred about {secret} from {n:d} rows of the columns {columns}: "
                    "release it with some of {others}.",
                    secret=repr(secret),
                    n=len(view),
                    columns=", ".join(view.names),
                    others=", ".join(people.names),
                )
            )
        if not view.precise:
            raise KnowledgeError(
                keep("{attack} needs a file of exact values: cells hold several.", attack=self.name)
            )
        return people


def _commonest(secret: Ints, most: int) -> Ints:
    """The codes that occur, the commonest if there are too many, int64[v], rising."""
    values, count = np.unique(secret, return_counts=True)
    return np.sort(values[np.argsort(-count, kind="stable")[:most]])


def _rows_of(targets: Table, people: Table) -> Ints:
    """The row of the register with the facts about each target, int64[t]; -1 where there is none.

    People with the same facts have the same equations, and so the same solution: any of their rows will do.
    """
    facts = targets.only(people.names).low
    word = packed(np.concatenate([people.low, facts]), people.sizes)
    keys, first = np.unique(word[: len(people)], return_index=True)
    at = np.minimum(np.searchsorted(keys, word[len(people) :]), len(keys) - 1)
    return np.where(keys[at] == word[len(people) :], first[at], -1).astype(np.int64)
